//! What a job does to an order: items that are new or otherwise, voids, items of other orders.

use std::collections::{BTreeMap, BTreeSet};

use outlet_protocols::ticket::{self, Cancel, VoidItem};

use super::order::{Item, ItemState, Order, Part, Showing, Unseen, Void, Was};
use crate::clock::Timestamp;

/// Jobs of an order that are remembered as applied.
const APPLIED: usize = 100;

/// Where an item goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The station.
    pub station: String,
    /// How long it takes there.
    pub cooking_s: u32,
}

/// A job, with what the kitchen had to look up for it.
pub struct Placing<'a> {
    /// Its id.
    pub job: &'a str,
    /// What it asks for.
    pub ask: &'a ticket::Order,
    /// Where an item goes.
    pub route: &'a mut dyn FnMut(&ticket::Item) -> Vec<Route>,
    /// Items that were taken out of other orders.
    pub taken: Vec<Item>,
    /// It comes past its deadline.
    pub delayed: bool,
    /// Now.
    pub now: Timestamp,
}

impl Order {
    /// Does what a job asks for. Returns what came too late.
    pub fn place(&mut self, placing: Placing<'_>) -> Vec<String> {
        let Placing { job, ask, route, taken, delayed, now } = placing;
        self.remember(job);
        self.head(ask, delayed);
        let mut too_late = Vec::new();
        let begins = self.items.is_empty();
        let mut added: BTreeSet<String> = taken.iter().map(|item| item.ask.id.clone()).collect();
        self.items.extend(taken);
        let mut new = Vec::new();
        for wanted in &ask.items {
            self.want(wanted, None, &mut new, &mut too_late);
            let separate: Vec<ticket::Item> = wanted.separate_items().collect();
            for separate in &separate {
                self.want(separate, Some(&wanted.id), &mut new, &mut too_late);
            }
            let left_out = |item: &&Item| {
                item.of.as_deref() == Some(&wanted.id) && !separate.iter().any(|one| one.id == item.id())
            };
            let left_out: Vec<String> =
                self.items.iter().filter(left_out).map(|item| item.ask.id.clone()).collect();
            for id in left_out {
                self.strike(&id, None, None, &mut too_late, now);
            }
        }
        if !new.is_empty() || !added.is_empty() {
            self.rounds += 1;
        }
        if begins {
            self.fired_course = new.iter().map(|(item, _)| item.course).min().unwrap_or_default();
        }
        for (item, of) in new {
            added.insert(item.id.clone());
            let parts = route(&item).into_iter().map(|route| waiting_part(route, now)).collect();
            self.items.push(Item { ask: item, of, round: self.rounds, parts, void: None, was: None });
        }
        self.start(&added, now);
        for void in &ask.voids {
            self.void(void, &mut too_late, now);
        }
        if let Some(Cancel { reason, by }) = &ask.cancel {
            for id in self.items.iter().map(|item| item.ask.id.clone()).collect::<Vec<_>>() {
                self.strike(&id, reason.clone(), by.clone(), &mut too_late, now);
            }
        }
        for course in &ask.fire {
            let which = super::moves::Which::Course(*course);
            drop(self.fire(super::moves::Scope::Whole, which, now));
            self.fired_course = self.fired_course.max(*course);
        }
        too_late
    }

    /// Notes where a job has to be shown. Returns whether there is anything to show.
    pub fn expect_shown(&mut self, job: &str, before: &Self, too_late: Vec<String>, now: Timestamp) -> bool {
        let mut stations: BTreeMap<String, Showing> = BTreeMap::new();
        let mut added = Vec::new();
        let showing = || Showing { ver: self.ver, since: now, shown: None, printed: None };
        for item in &self.items {
            let known = before.item(item.id());
            // What came from another order was not brought by this job: it is never taken back.
            if known.is_none() && item.parts.iter().all(Part::is_fresh) {
                added.push(item.ask.id.clone());
            }
            let reworded = known.is_some_and(|known| known.ask != item.ask);
            let differs =
                |part: &&Part| reworded || known.and_then(|known| known.part(&part.station)) != Some(*part);
            for part in item.parts.iter().filter(|part| !part.is_gone()).filter(differs) {
                stations.entry(part.station.clone()).or_insert_with(showing);
            }
        }
        if self.reads_otherwise(before) {
            for part in self.items.iter().flat_map(|item| &item.parts).filter(|part| !part.is_gone()) {
                stations.entry(part.station.clone()).or_insert_with(showing);
            }
        }
        let any = !stations.is_empty();
        if any {
            self.unseen.push(Unseen { job: job.to_owned(), stations, added, too_late });
        }
        any
    }

    /// Takes back what a job brought and nobody has seen; what somebody has seen is voided. Returns whether the
    /// order is empty now.
    pub fn withdraw(&mut self, job: &str, reason: &str, now: Timestamp) -> bool {
        let Some(index) = self.unseen.iter().position(|unseen| unseen.job == job) else { return false };
        let unseen = self.unseen.remove(index);
        let seen =
            unseen.stations.values().any(|showing| showing.shown.is_some() || showing.printed.is_some());
        if seen {
            for id in &unseen.added {
                self.strike(id, Some(reason.to_owned()), None, &mut Vec::new(), now);
            }
        } else {
            self.items.retain(|item| !unseen.added.contains(&item.ask.id));
            self.applied.retain(|applied| applied != job);
        }
        self.items.is_empty()
    }

    /// Takes an item out, as it stands, with its separate modifiers. What is voided stays.
    pub fn give_away(&mut self, id: &str) -> Vec<Item> {
        let wanted = |item: &Item| item.void.is_none() && (item.id() == id || item.of.as_deref() == Some(id));
        self.items.extract_if(.., |item| wanted(item)).collect()
    }

    /// Whether the head of its tickets says something else.
    fn reads_otherwise(&self, before: &Self) -> bool {
        let head = |order: &Self| {
            let texts = [&order.table, &order.waiter, &order.guest, &order.note].map(Clone::clone);
            (order.number.clone(), order.kind, texts, order.guests, order.rush, order.due)
        };
        !before.items.is_empty() && head(self) != head(before)
    }

    fn remember(&mut self, job: &str) {
        self.applied.push(job.to_owned());
        let surplus = self.applied.len().saturating_sub(APPLIED);
        self.applied.drain(..surplus);
    }

    fn head(&mut self, ask: &ticket::Order, delayed: bool) {
        fn set<T: Clone>(field: &mut T, given: &Option<T>) {
            if let Some(given) = given {
                *field = given.clone();
            }
        }
        set(&mut self.number, &ask.number);
        set(&mut self.kind, &ask.kind);
        set(&mut self.rush, &ask.rush);
        set(&mut self.together, &ask.together);
        let texts = [
            (&mut self.table, &ask.table),
            (&mut self.waiter, &ask.waiter),
            (&mut self.guest, &ask.guest),
            (&mut self.note, &ask.note),
        ];
        for (field, given) in texts {
            if given.is_some() {
                field.clone_from(given);
            }
        }
        self.guests = ask.guests.or(self.guests);
        if let Some(due) = moment(ask.due.as_deref()) {
            self.due = Some(due);
            self.told.overdue = false;
        }
        self.delayed |= delayed;
    }

    /// An item as it is wanted now: new, the same, or otherwise.
    fn want(
        &mut self,
        wanted: &ticket::Item,
        of: Option<&str>,
        new: &mut Vec<(ticket::Item, Option<String>)>,
        too_late: &mut Vec<String>,
    ) {
        let Some(item) = self.item_mut(&wanted.id) else {
            new.push((wanted.clone(), of.map(str::to_owned)));
            return;
        };
        if reads_the_same(&item.ask, wanted) {
            return;
        }
        if item.void.is_some() || matches!(item.state(), ItemState::Ready | ItemState::Served) {
            too_late.push(wanted.id.clone());
            return;
        }
        let mut was = item.was.take().unwrap_or_default();
        if item.ask.shown_name() != wanted.shown_name() || item.ask.size != wanted.size {
            was.name.get_or_insert(name_with_size(&item.ask));
        }
        if item.ask.quantity != wanted.quantity {
            was.quantity.get_or_insert(item.ask.quantity);
        }
        if !same_modifiers(&item.ask.modifiers, &wanted.modifiers) || item.ask.halves != wanted.halves {
            was.modifiers.get_or_insert_with(|| item.modifiers());
        }
        if item.ask.note != wanted.note {
            was.note.get_or_insert(item.ask.note.clone().unwrap_or_default());
        }
        // Where it is cooked and in which course is not changed by a new wording.
        let known = item.ask.clone();
        item.ask = ticket::Item {
            place: known.place,
            stations: known.stations,
            course: known.course,
            cooking_s: known.cooking_s,
            fire_at: known.fire_at,
            hold: known.hold,
            ..wanted.clone()
        };
        item.change(was);
    }

    fn void(&mut self, void: &VoidItem, too_late: &mut Vec<String>, now: Timestamp) {
        let Some(item) = self.item_mut(&void.item) else {
            too_late.push(void.item.clone());
            return;
        };
        let left = void.quantity.and_then(|quantity| item.ask.quantity.less(quantity));
        let Some(left) = left else {
            self.strike(&void.item, void.reason.clone(), void.by.clone(), too_late, now);
            return;
        };
        if item.void.is_some() || item.state() == ItemState::Served {
            too_late.push(void.item.clone());
            return;
        }
        let mut was = item.was.take().unwrap_or_default();
        was.quantity.get_or_insert(item.ask.quantity);
        was.reason = void.reason.clone().or(was.reason);
        item.ask.quantity = left;
        item.change(was);
    }

    /// Strikes an item and its separate modifiers through.
    fn strike(
        &mut self,
        id: &str,
        reason: Option<String>,
        by: Option<String>,
        too_late: &mut Vec<String>,
        now: Timestamp,
    ) {
        let unseen: Vec<(String, String)> = self.never_shown();
        for item in self.items.iter_mut().filter(|item| item.id() == id || item.of.as_deref() == Some(id)) {
            if item.void.is_some() {
                continue;
            }
            if item.state() == ItemState::Served {
                too_late.push(item.ask.id.clone());
                continue;
            }
            let was_ready = item.parts.iter().any(|part| part.state >= ItemState::Cooking);
            for part in &mut item.parts {
                let nobody_saw = part.state <= ItemState::Queued
                    && unseen.contains(&(item.ask.id.clone(), part.station.clone()));
                // What has left a station can't be acknowledged there any more.
                part.acknowledged = nobody_saw || part.is_gone();
                part.changed = false;
                part.enter(ItemState::Voided, now);
                (part.due_at, part.fire_at) = (None, None);
            }
            item.was = None;
            let all_unseen = item.parts.iter().all(|part| part.acknowledged) && !was_ready;
            item.void = Some(Void { at: now, reason: reason.clone(), by: by.clone(), expedited: all_unseen });
        }
    }

    /// Items and stations of which no screen has shown anything yet.
    fn never_shown(&self) -> Vec<(String, String)> {
        let waits = |showing: &Showing| showing.shown.is_none() && showing.printed.is_none();
        self.unseen
            .iter()
            .flat_map(|unseen| {
                unseen.stations.iter().filter(|(_, showing)| waits(showing)).flat_map(|(station, _)| {
                    unseen.added.iter().map(move |item| (item.clone(), station.clone()))
                })
            })
            .collect()
    }

    /// Queues what is new, or holds it for its course or time.
    fn start(&mut self, added: &BTreeSet<String>, now: Timestamp) {
        let (fired, together) = (self.fired_course, self.together);
        let fresh = |item: &Item| added.contains(item.id()) && item.parts.iter().any(Part::is_fresh);
        let at_once = |item: &Item| !item.ask.hold && item.ask.fire_at.is_none() && item.ask.course <= fired;
        let starting = self.items.iter().filter(|item| fresh(item) && at_once(item));
        let longest = starting.flat_map(|item| &item.parts).map(|part| part.cooking_s).max().unwrap_or(0);
        for item in self.items.iter_mut().filter(|item| fresh(item)) {
            let (by_time, at_once) = (moment(item.ask.fire_at.as_deref()), at_once(item));
            for part in item.parts.iter_mut().filter(|part| part.is_fresh()) {
                if at_once {
                    let wait_s = if together { longest.saturating_sub(part.cooking_s) } else { 0 };
                    part.queue_in(wait_s, now);
                } else {
                    part.fire_at = by_time.filter(|_| !item.ask.hold);
                }
            }
        }
    }
}

impl Item {
    /// Marks it as changed where it is still to be cooked.
    fn change(&mut self, was: Was) {
        for part in self.parts.iter_mut().filter(|part| !part.is_gone()) {
            part.changed = true;
        }
        self.was = Some(was);
    }
}

impl Part {
    /// Whether it was placed just now.
    fn is_fresh(&self) -> bool {
        self.ver == 0
    }
}

fn waiting_part(route: Route, now: Timestamp) -> Part {
    Part {
        station: route.station,
        state: ItemState::Held,
        since: now,
        due_at: None,
        fire_at: None,
        cooking_s: route.cooking_s,
        changed: false,
        acknowledged: false,
        ver: 0,
    }
}

/// Whether a cook would read the same.
fn reads_the_same(known: &ticket::Item, wanted: &ticket::Item) -> bool {
    known.shown_name() == wanted.shown_name()
        && known.size == wanted.size
        && known.quantity == wanted.quantity
        && known.unit == wanted.unit
        && same_modifiers(&known.modifiers, &wanted.modifiers)
        && known.halves == wanted.halves
        && known.allergens == wanted.allergens
        && known.note == wanted.note
}

/// Whether the dish's line names the same modifiers.
fn same_modifiers(known: &[ticket::Modifier], wanted: &[ticket::Modifier]) -> bool {
    let shown = |all: &[ticket::Modifier]| -> Vec<_> {
        let shown = all.iter().filter(|modifier| modifier.is_shown());
        shown.map(|modifier| (modifier.shown_name(), modifier.quantity)).collect()
    };
    shown(known) == shown(wanted)
}

fn name_with_size(item: &ticket::Item) -> String {
    match &item.size {
        Some(size) => format!("{} {}", item.shown_name(), size.shown_name()),
        None => item.shown_name(),
    }
}

/// A moment that the check at intake has found to be one.
pub fn moment(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}
