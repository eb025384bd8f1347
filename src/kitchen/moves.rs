//! What screens do to an order: begin, end, serve, acknowledge, hold, fire, recall, undo.

use super::order::{Effects, Item, ItemState, Order, Part};
use crate::clock::Timestamp;

/// Whose parts of an order a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those of a station that cooks.
    Station(&'a str),
    /// All: an expediter's.
    Whole,
}

/// Why a command changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is so already.
    Noop,
    /// It is otherwise by now: why, in words.
    Conflict(String),
    /// It could never be done.
    Invalid(String),
}

/// What a command is about: some items, a course, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// These.
    Items(&'a [String]),
    /// All of a course.
    Course(u8),
    /// All that fit.
    All,
}

impl Which<'_> {
    fn wants(self, item: &Item) -> bool {
        match self {
            Self::Items(items) => items.iter().any(|id| id == item.id()),
            Self::Course(course) => item.ask.course == course,
            Self::All => true,
        }
    }
}

impl Scope<'_> {
    fn covers(self, part: &Part) -> bool {
        match self {
            Self::Station(station) => part.station == station,
            Self::Whole => true,
        }
    }

    /// Where an item stands here; `None` where it is nothing of this scope.
    fn state(self, item: &Item) -> Option<ItemState> {
        match self {
            Self::Station(station) => item.part(station).map(|part| part.state),
            Self::Whole => Some(item.state()),
        }
    }
}

impl Order {
    /// Moves lines from one state to another. Either all that were named move, or none.
    pub fn move_items(
        &mut self,
        scope: Scope<'_>,
        items: Option<&[String]>,
        from: &[ItemState],
        to: ItemState,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if matches!(to, ItemState::Held | ItemState::Voided) || from.contains(&ItemState::Voided) {
            let text =
                "lines move between queued, cooking, ready and served; others are held or acknowledged";
            return Err(Refusal::Invalid(text.into()));
        }
        if from.contains(&ItemState::Held) {
            return Err(Refusal::Invalid("a held line is fired, not moved".into()));
        }
        let mut moving = Vec::new();
        match items {
            Some(items) => {
                for id in items {
                    match self.item(id).and_then(|item| scope.state(item)) {
                        Some(state) if state == to => {}
                        Some(state) if from.contains(&state) => moving.push(id.clone()),
                        Some(state) => {
                            return Err(Refusal::Conflict(format!("item {id} is {} by now", word(state))));
                        }
                        None => {
                            return Err(Refusal::Conflict(format!("item {id} is not here any more")));
                        }
                    }
                }
            }
            None => {
                let states = self.items.iter().filter_map(|item| Some((item, scope.state(item)?)));
                let (fits, others): (Vec<_>, Vec<_>) = states.partition(|(_, state)| from.contains(state));
                let none = fits.is_empty() && others.is_empty();
                let elsewhere = |(_, state): &(&Item, ItemState)| *state != to && *state != ItemState::Voided;
                if none || fits.is_empty() && others.iter().any(elsewhere) {
                    return Err(Refusal::Conflict("no line is in that state any more".into()));
                }
                moving = fits.iter().map(|(item, _)| item.id().to_owned()).collect();
            }
        }
        if moving.is_empty() {
            return Err(Refusal::Noop);
        }
        for item in self.items.iter_mut().filter(|item| moving.iter().any(|id| id == item.id())) {
            let forward = scope.state(item).is_some_and(|state| state < to);
            // Of an item that goes on as a whole, a part that is further already stays there.
            let moves = |part: &Part| scope.covers(part) && part.state != to && !(forward && part.state > to);
            for part in item.parts.iter_mut().filter(|part| moves(part)) {
                match to {
                    ItemState::Queued => part.queue(now),
                    to => part.enter(to, now),
                }
                part.fire_at = None;
                // Whoever moves a line has seen what it says.
                part.changed = false;
            }
        }
        Ok(())
    }

    /// Voids and changes were seen.
    pub fn acknowledge(&mut self, scope: Scope<'_>, items: Option<&[String]>) -> Result<(), Refusal> {
        if let Some(missing) = items.into_iter().flatten().find(|id| self.item(id).is_none()) {
            return Err(Refusal::Conflict(format!("item {missing} is not here any more")));
        }
        let mut any = false;
        for item in self.items.iter_mut() {
            if items.is_some_and(|items| !items.iter().any(|id| id == item.id())) {
                continue;
            }
            match scope {
                Scope::Whole => {
                    if let Some(void) = item.void.as_mut().filter(|void| !void.expedited) {
                        void.expedited = true;
                        any = true;
                    }
                }
                Scope::Station(station) => {
                    for part in item.parts.iter_mut().filter(|part| part.station == station) {
                        let voided = part.state == ItemState::Voided && !part.acknowledged;
                        any |= voided || part.changed;
                        part.acknowledged |= voided;
                        part.changed = false;
                    }
                }
            }
        }
        if any { Ok(()) } else { Err(Refusal::Noop) }
    }

    /// Takes lines that nobody has begun out of the queue, until they are fired by hand.
    pub fn hold(&mut self, scope: Scope<'_>, which: Which<'_>, now: Timestamp) -> Result<(), Refusal> {
        self.switch(scope, which, "begun", |part| match part.state {
            ItemState::Queued => {
                part.enter(ItemState::Held, now);
                (part.due_at, part.fire_at) = (None, None);
                Some(true)
            }
            ItemState::Held => {
                let by_time = part.fire_at.take().is_some();
                Some(by_time)
            }
            _ => None,
        })
    }

    /// Fires held lines now.
    pub fn fire(&mut self, scope: Scope<'_>, which: Which<'_>, now: Timestamp) -> Result<(), Refusal> {
        let held = |part: &Part| scope.covers(part) && part.state == ItemState::Held;
        let course = match which {
            Which::Course(course) => course,
            Which::Items(_) | Which::All => self.fired_course,
        };
        // Of a course that is ready together the longest begins first; a single line that is fired begins now.
        let together = self.together && matches!(which, Which::Course(_));
        let wanted = || self.items.iter().filter(|item| which.wants(item));
        let longest = wanted().flat_map(|item| &item.parts).filter(|part| held(part));
        let Some(longest) = longest.map(|part| part.cooking_s).max() else {
            return Err(Refusal::Noop);
        };
        self.fired_course = self.fired_course.max(course);
        for item in self.items.iter_mut().filter(|item| which.wants(item)) {
            for part in item.parts.iter_mut().filter(|part| held(part)) {
                let wait_s = if together { longest.saturating_sub(part.cooking_s) } else { 0 };
                part.queue_in(wait_s, now);
            }
        }
        Ok(())
    }

    /// Fires what has come to its time.
    pub fn fire_due(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        for part in self.items.iter_mut().flat_map(|item| &mut item.parts) {
            if part.state == ItemState::Held && part.fire_at.is_some_and(|at| at <= now) {
                part.queue(now);
                any = true;
            }
        }
        any
    }

    /// Back to the station, with its time anew; at an expediter, from the guest back to the pass.
    pub fn recall(&mut self, scope: Scope<'_>, now: Timestamp) -> Result<(), Refusal> {
        let mut any = false;
        for item in self.items.iter_mut().filter(|item| item.void.is_none()) {
            for part in item.parts.iter_mut().filter(|part| scope.covers(part)) {
                match (scope, part.state) {
                    (Scope::Station(_), ItemState::Ready | ItemState::Served) => part.queue(now),
                    (Scope::Whole, ItemState::Served) => part.enter(ItemState::Ready, now),
                    _ => continue,
                }
                any = true;
            }
        }
        if let (true, Scope::Station(station)) = (any, scope)
            && let Some(stand) = self.stands.get_mut(station)
        {
            stand.since = now;
        }
        if any { Ok(()) } else { Err(Refusal::Noop) }
    }

    /// First in the queue, or not any more.
    pub fn set_rush(&mut self, on: bool) -> Result<(), Refusal> {
        if self.rush == on {
            return Err(Refusal::Noop);
        }
        self.rush = on;
        Ok(())
    }

    /// Puts back what a command changed in version `ver`, if nothing else has happened to it.
    pub fn undo(&mut self, effects: &Effects, ver: u64) -> Result<(), Refusal> {
        let later = || Refusal::Conflict("somebody has gone on with it since".into());
        if *effects == Effects::default() {
            return Err(Refusal::Conflict("this can't be undone".into()));
        }
        for (id, part) in &effects.parts {
            let now = self.item(id).and_then(|item| item.part(&part.station)).ok_or_else(later)?;
            if now.ver != ver {
                return Err(later());
            }
        }
        let seen =
            |id: &String| self.item(id).and_then(|item| item.void.as_ref()).is_some_and(|v| v.expedited);
        if !effects.expedited.iter().all(seen) || effects.rush == Some(self.rush) {
            return Err(later());
        }
        for (id, part) in &effects.parts {
            let known = self
                .item_mut(id)
                .and_then(|item| item.parts.iter_mut().find(|known| known.station == part.station));
            if let Some(known) = known {
                *known = part.clone();
            }
        }
        for id in &effects.expedited {
            if let Some(void) = self.item_mut(id).and_then(|item| item.void.as_mut()) {
                void.expedited = false;
            }
        }
        for (id, was) in &effects.was {
            if let Some(item) = self.item_mut(id) {
                item.was.get_or_insert_with(|| was.clone());
            }
        }
        self.rush = effects.rush.unwrap_or(self.rush);
        self.fired_course = effects.fired_course.unwrap_or(self.fired_course);
        for (station, since) in &effects.stands {
            if let Some(stand) = self.stands.get_mut(station) {
                (stand.since, stand.left_at) = (*since, None);
            }
        }
        // What had left comes back as if it had never gone.
        let back: Vec<&String> = effects.parts.iter().map(|(_, part)| &part.station).collect();
        for (_, stand) in self.stands.iter_mut().filter(|(station, _)| back.contains(station)) {
            stand.left_at = None;
        }
        Ok(())
    }

    /// Hands the open work of one station over to another. Returns whether there was any.
    pub fn hand_over(&mut self, from: &str, to: &str) -> bool {
        let mut any = false;
        for item in &mut self.items {
            let there = item.part(to).is_some();
            for part in item.parts.iter_mut().filter(|part| part.station == from && !part.is_gone()) {
                if !there {
                    part.station = to.to_owned();
                    any = true;
                }
            }
        }
        any
    }

    fn switch(
        &mut self,
        scope: Scope<'_>,
        which: Which<'_>,
        other: &str,
        mut change: impl FnMut(&mut Part) -> Option<bool>,
    ) -> Result<(), Refusal> {
        let mut any = false;
        let mut fits = false;
        for item in &mut self.items {
            if !which.wants(item) || item.void.is_some() {
                continue;
            }
            let id = item.ask.id.clone();
            for part in item.parts.iter_mut().filter(|part| scope.covers(part)) {
                match change(part) {
                    Some(changed) => (fits, any) = (true, any || changed),
                    None if matches!(which, Which::Items(_)) => {
                        return Err(Refusal::Conflict(format!("item {id} is {other} already")));
                    }
                    None => {}
                }
            }
        }
        match (any, fits) {
            (true, _) => Ok(()),
            (false, true) => Err(Refusal::Noop),
            (false, false) => Err(Refusal::Conflict(format!("all of it is {other} or gone"))),
        }
    }
}

/// A state in a word.
pub fn word(state: ItemState) -> &'static str {
    match state {
        ItemState::Held => "held",
        ItemState::Queued => "queued",
        ItemState::Cooking => "cooking",
        ItemState::Ready => "ready",
        ItemState::Served => "served",
        ItemState::Voided => "voided",
    }
}
