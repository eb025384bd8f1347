//! An order as the kitchen knows it: its items, and the state of each at each of its stations.
//!
//! Everything here is without clock, disk and network. [`change`](super::change) is what a job does to an order,
//! [`moves`](super::moves) what a screen does to it; both work on a copy that [`Order::seal`] then compares with
//! what was, so that versions, the feed and undo can't disagree with what was done.

use std::collections::BTreeMap;

use outlet_protocols::ticket::{self, OrderType, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::documents::{self, ModifierLine};
use crate::clock::Timestamp;

/// Where an item stands at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ItemState {
    /// Not to be begun yet.
    Held,
    /// To be cooked.
    Queued,
    /// Begun.
    Cooking,
    /// Done.
    Ready,
    /// At the guest.
    Served,
    /// Not wanted any more.
    Voided,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub order: String,
    /// As people call it.
    pub number: String,
    /// How the guest gets it.
    pub kind: OrderType,
    /// The table.
    pub table: Option<String>,
    /// Who serves.
    pub waiter: Option<String>,
    /// Whose order it is.
    pub guest: Option<String>,
    /// How many guests.
    pub guests: Option<u16>,
    /// A note on the whole order.
    pub note: Option<String>,
    /// First in the queue.
    pub rush: bool,
    /// When it has to be ready.
    pub due: Option<Timestamp>,
    /// A course is fired so that all of it is ready at once.
    pub together: bool,
    /// It came past its deadline.
    pub delayed: bool,
    /// Grows with each change.
    pub ver: u64,
    /// How many jobs have brought items.
    pub rounds: u32,
    /// The highest course that was fired.
    pub fired_course: u8,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When there was nothing left to do.
    pub closed_at: Option<Timestamp>,
    /// In the order they came.
    pub items: Vec<Item>,
    /// What is known of it at each station.
    pub stands: BTreeMap<String, Stand>,
    /// Jobs that have not been shown everywhere yet.
    pub unseen: Vec<Unseen>,
    /// The last jobs that were applied: none is applied twice.
    pub applied: Vec<String>,
    /// Notices that were given.
    pub told: Told,
}

/// An order at one station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// When it came, or was recalled.
    pub since: Timestamp,
    /// When it left.
    pub left_at: Option<Timestamp>,
    /// Paper of it may lie there too.
    pub printed: bool,
}

/// Notices of an order: each is given once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The first item was begun.
    pub cooking: bool,
    /// All is ready.
    pub ready: bool,
    /// It is past its time.
    pub overdue: bool,
}

/// An item of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What was asked for, as it is now.
    pub ask: ticket::Item,
    /// The item that this is a separate modifier of.
    pub of: Option<String>,
    /// Which job brought it, counted from 1.
    pub round: u32,
    /// One for each station.
    pub parts: Vec<Part>,
    /// Why it is not wanted any more.
    pub void: Option<Void>,
    /// What it was before the change that is not acknowledged yet.
    pub was: Option<Was>,
}

/// An item at one station.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The station.
    pub station: String,
    /// Where it stands.
    pub state: ItemState,
    /// Since when.
    pub since: Timestamp,
    /// When it should be ready.
    pub due_at: Option<Timestamp>,
    /// When it is fired, if it is held and not by hand.
    pub fire_at: Option<Timestamp>,
    /// How long it takes.
    pub cooking_s: u32,
    /// It was changed, and no cook has acknowledged that.
    pub changed: bool,
    /// A void that a cook has acknowledged, or that no cook needs to.
    pub acknowledged: bool,
    /// The order's version when this last changed.
    pub ver: u64,
}

/// Why an item is not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Who says so.
    pub by: Option<String>,
    /// The expediter has seen it.
    pub expedited: bool,
}

/// What an item was before it was changed; only what differs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Was {
    /// Another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// The modifiers it had, those of its halves among them; empty: it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<ModifierLine>>,
    /// Another note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why there are fewer now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A job that has not been shown everywhere yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// Its id.
    pub job: String,
    /// The stations where it brought something.
    pub stations: BTreeMap<String, Showing>,
    /// The items that it brought.
    pub added: Vec<String>,
    /// What came too late to be changed or voided.
    pub too_late: Vec<String>,
}

/// Whether a station has seen what a job brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    /// The version that has to be shown.
    pub ver: u64,
    /// Since when it is to be shown.
    pub since: Timestamp,
    /// When a screen showed it, and which.
    pub shown: Option<(Timestamp, String)>,
    /// The job that prints it.
    pub printed: Option<String>,
}

/// What has become of an item at a station, for the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The item.
    pub item: String,
    /// The station.
    pub station: String,
    /// Its name, as the kitchen reads it.
    pub name: String,
    /// How many.
    pub quantity: Quantity,
    /// What it was; `None`: not there.
    pub from: Option<ItemState>,
    /// What it is; `None`: not there.
    pub to: Option<ItemState>,
    /// Why it is not wanted any more.
    pub reason: Option<String>,
}

/// What has to be put back to undo a command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Effects {
    /// Parts as they were, by item.
    pub parts: Vec<(String, Part)>,
    /// Voids that the expediter had not seen.
    pub expedited: Vec<String>,
    /// Changes that were not acknowledged.
    pub was: Vec<(String, Was)>,
    /// Whether it was first in the queue, if that changed.
    pub rush: Option<bool>,
    /// The highest course fired, if that changed.
    pub fired_course: Option<u8>,
    /// Since when it stood at stations, where that changed.
    pub stands: Vec<(String, Timestamp)>,
}

impl Part {
    /// Whether there is nothing left to do at its station.
    pub fn is_gone(&self) -> bool {
        match self.state {
            ItemState::Ready | ItemState::Served => true,
            ItemState::Voided => self.acknowledged,
            ItemState::Held | ItemState::Queued | ItemState::Cooking => false,
        }
    }

    /// Puts it into the queue.
    pub fn queue(&mut self, now: Timestamp) {
        self.enter(ItemState::Queued, now);
        self.due_at = Some(now.plus_ms(i64::from(self.cooking_s) * 1000));
        self.fire_at = None;
    }

    /// Puts it into the queue after some seconds, at once after none.
    pub fn queue_in(&mut self, wait_s: u32, now: Timestamp) {
        if wait_s == 0 {
            self.queue(now);
        } else {
            self.enter(ItemState::Held, now);
            self.fire_at = Some(now.plus_ms(i64::from(wait_s) * 1000));
        }
    }

    /// Changes its state.
    pub fn enter(&mut self, state: ItemState, now: Timestamp) {
        self.state = state;
        self.since = now;
    }
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.ask.id
    }

    /// Its modifiers and those of its halves, as the kitchen reads them.
    pub fn modifiers(&self) -> Vec<ModifierLine> {
        let halves = self.ask.halves.iter().flat_map(|half| &half.modifiers);
        documents::modifiers(self.ask.modifiers.iter().chain(halves))
    }

    /// Its part at a station.
    pub fn part(&self, station: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.station == station)
    }

    /// Where it stands as a whole.
    pub fn state(&self) -> ItemState {
        if self.void.is_some() {
            return ItemState::Voided;
        }
        let states = || self.parts.iter().map(|part| part.state);
        let all = |known: &[ItemState]| states().all(|state| known.contains(&state));
        use ItemState::{Cooking, Held, Queued, Ready, Served};
        if all(&[Served]) {
            Served
        } else if all(&[Ready, Served]) {
            Ready
        } else if all(&[Held]) {
            Held
        } else if states().any(|state| matches!(state, Cooking | Ready | Served)) {
            Cooking
        } else {
            Queued
        }
    }

    /// Whether nobody has anything to do with it any more.
    pub fn is_over(&self, expedited: bool) -> bool {
        match (&self.void, expedited) {
            (Some(void), true) => void.expedited && self.parts.iter().all(Part::is_gone),
            (None, true) => self.state() == ItemState::Served,
            (_, false) => self.parts.iter().all(Part::is_gone),
        }
    }
}

impl Order {
    /// An order without items.
    pub fn new(order: &str, now: Timestamp) -> Self {
        let letters: Vec<char> = order.chars().collect();
        Self {
            order: order.to_owned(),
            number: letters.iter().skip(letters.len().saturating_sub(6)).collect(),
            kind: OrderType::default(),
            table: None,
            waiter: None,
            guest: None,
            guests: None,
            note: None,
            rush: false,
            due: None,
            together: false,
            delayed: false,
            ver: 0,
            rounds: 0,
            fired_course: 0,
            placed_at: now,
            closed_at: None,
            items: Vec::new(),
            stands: BTreeMap::new(),
            unseen: Vec::new(),
            applied: Vec::new(),
            told: Told::default(),
        }
    }

    /// One of its items.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id() == id)
    }

    /// One of its items.
    pub fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id() == id)
    }

    /// The stations that have, or had, something to do with it.
    pub fn stations(&self) -> impl Iterator<Item = &str> {
        self.stands.keys().map(String::as_str)
    }

    /// Whether it stands at a station that cooks.
    pub fn is_at(&self, station: &str) -> bool {
        self.parts_at(station).any(|(_, part)| !part.is_gone())
    }

    /// Its parts at a station.
    pub fn parts_at(&self, station: &str) -> impl Iterator<Item = (&Item, &Part)> {
        self.items.iter().filter_map(move |item| item.part(station).map(|part| (item, part)))
    }

    /// Whether something is still to be done with it.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether it is past its time and not ready.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due.is_some_and(|due| due <= now) && self.state() < ItemState::Ready
    }

    /// Where it stands as a whole; `served` where everything was voided.
    pub fn state(&self) -> ItemState {
        state_of(self.items.iter().map(Item::state))
    }

    /// Where it stands at a station that cooks.
    pub fn state_at(&self, station: &str) -> ItemState {
        state_of(self.parts_at(station).map(|(_, part)| part.state))
    }

    /// Brings what follows from the items up to date, and gives what differs from `before` the next version.
    /// Returns what changed, and what would undo it.
    pub fn seal(&mut self, before: &Self, now: Timestamp, expedited: bool) -> (Vec<Change>, Effects) {
        self.settle(now, expedited);
        let mut effects = Effects::default();
        let mut changes = Vec::new();
        let ver = before.ver + 1;
        for item in &mut self.items {
            let known = before.item(&item.ask.id);
            for part in &mut item.parts {
                let was = known.and_then(|known| known.part(&part.station));
                let reworded = known.is_some_and(|known| known.ask != item.ask || known.was != item.was);
                if was == Some(&*part) {
                    if reworded && !part.is_gone() {
                        part.ver = ver;
                    }
                    continue;
                }
                part.ver = ver;
                if let Some(was) = was {
                    effects.parts.push((item.ask.id.clone(), was.clone()));
                }
                if was.map(|was| was.state) != Some(part.state) {
                    changes.push(Change {
                        item: item.ask.id.clone(),
                        station: part.station.clone(),
                        name: item.ask.shown_name(),
                        quantity: item.ask.quantity,
                        from: was.map(|was| was.state),
                        to: Some(part.state),
                        reason: item.void.as_ref().and_then(|void| void.reason.clone()),
                    });
                }
            }
            let Some(known) = known else { continue };
            let seen = |item: &Item| item.void.as_ref().is_some_and(|void| void.expedited);
            if seen(item) && known.void.is_some() && !seen(known) {
                effects.expedited.push(item.ask.id.clone());
            }
            if let (None, Some(was)) = (&item.was, &known.was) {
                effects.was.push((item.ask.id.clone(), was.clone()));
            }
        }
        changes.extend(before.items.iter().flat_map(|known| {
            let now_there = self.item(&known.ask.id);
            known.parts.iter().filter_map(move |part| {
                let gone = now_there.is_none_or(|item| item.part(&part.station).is_none());
                gone.then(|| Change {
                    item: known.ask.id.clone(),
                    station: part.station.clone(),
                    name: known.ask.shown_name(),
                    quantity: known.ask.quantity,
                    from: Some(part.state),
                    to: None,
                    reason: None,
                })
            })
        }));
        effects.rush = (self.rush != before.rush).then_some(before.rush);
        effects.fired_course = (self.fired_course != before.fired_course).then_some(before.fired_course);
        effects.stands = before
            .stands
            .iter()
            .filter(|(station, stand)| self.stands.get(*station).is_some_and(|now| now.since != stand.since))
            .map(|(station, stand)| (station.clone(), stand.since))
            .collect();
        if self != before {
            self.ver = ver;
        }
        (changes, effects)
    }

    fn settle(&mut self, now: Timestamp, expedited: bool) {
        let mut open: BTreeMap<&str, bool> = BTreeMap::new();
        for part in self.items.iter().flat_map(|item| &item.parts) {
            *open.entry(&part.station).or_default() |= !part.is_gone();
        }
        let open: Vec<(String, bool)> =
            open.into_iter().map(|(station, open)| (station.to_owned(), open)).collect();
        self.stands.retain(|station, _| open.iter().any(|(known, _)| known == station));
        for (station, open) in open {
            let stand =
                self.stands.entry(station).or_insert(Stand { since: now, left_at: None, printed: false });
            if open {
                // What comes back after it had left counts its time anew; an undo puts the old one back.
                if stand.left_at.take().is_some() {
                    stand.since = now;
                }
            } else if stand.left_at.is_none() {
                stand.left_at = Some(now);
            }
        }
        for item in &mut self.items {
            if item.parts.iter().all(|part| !part.changed) {
                item.was = None;
            }
        }
        let over = self.items.iter().all(|item| item.is_over(expedited));
        match (over, self.closed_at) {
            (true, None) => self.closed_at = Some(now),
            (false, Some(_)) => self.closed_at = None,
            _ => {}
        }
    }
}

/// The state of a whole by those of its parts; voided ones don't count.
fn state_of(states: impl Iterator<Item = ItemState>) -> ItemState {
    use ItemState::{Cooking, Held, Queued, Ready, Served, Voided};
    let states: Vec<ItemState> = states.filter(|state| *state != Voided).collect();
    let all = |known: &[ItemState]| states.iter().all(|state| known.contains(state));
    if all(&[Served]) {
        Served
    } else if all(&[Ready, Served]) {
        Ready
    } else if all(&[Held]) {
        Held
    } else if states.iter().any(|state| matches!(state, Cooking | Ready | Served)) {
        Cooking
    } else {
        Queued
    }
}
