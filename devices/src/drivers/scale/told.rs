//! Which readings are told, and which answers are believed.

use std::collections::BTreeSet;

use outlet_protocols::scale::{Kind, Reading, Unit};
use rust_decimal::Decimal;
use tokio::time::Instant;

use crate::reading::{self, ReadingSink, Weighed};

/// What a scale at rest shows: what makes one reading another one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Weight(Decimal, Unit, Option<Kind>, Option<Decimal>),
    NoWeight,
    Overload,
    Underload,
    Fault(String),
}

impl Shown {
    /// `None`: the load is in motion.
    fn of(reading: &Reading) -> Option<Self> {
        if let Some(fault) = &reading.fault {
            return Some(Self::Fault(fault.clone()));
        }
        if reading.overload {
            return Some(Self::Overload);
        }
        if reading.underload {
            return Some(Self::Underload);
        }
        reading.stable.then(|| match reading.weight {
            Some(weight) => {
                Self::Weight(weight.value, weight.unit, reading.kind, reading.tare.map(|tare| tare.value))
            }
            None => Self::NoWeight,
        })
    }
}

/// Believes an answer after so many in a row that say the same.
#[derive(Debug)]
pub(super) struct Belief {
    needed: u8,
    shown: Option<Shown>,
    count: u8,
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// In motion: no weight to go by.
    Moving,
    /// The next answer has to say the same.
    Unsure,
    /// Believed.
    Sure,
}

impl Belief {
    pub fn new(needed: u8) -> Self {
        Self { needed, shown: None, count: 0 }
    }

    pub fn judge(&mut self, reading: &Reading) -> Worth {
        let shown = Shown::of(reading);
        if shown.is_none() {
            self.forget();
            return Worth::Moving;
        }
        if self.shown == shown {
            self.count = self.count.saturating_add(1);
        } else {
            (self.shown, self.count) = (shown, 1);
        }
        if self.count >= self.needed { Worth::Sure } else { Worth::Unsure }
    }

    /// An answer was lost: what comes next is no answer in a row.
    pub fn forget(&mut self) {
        (self.shown, self.count) = (None, 0);
    }
}

/// What was told, and what somebody wants told.
pub(super) struct Teller {
    sink: ReadingSink,
    publish: bool,
    last: Option<Shown>,
    live_until: Option<Instant>,
}

impl Teller {
    pub fn new(sink: ReadingSink, publish: bool) -> Self {
        Self { sink, publish, last: None, live_until: None }
    }

    /// Tells all readings until then.
    pub fn watch(&mut self, until: Option<Instant>) {
        self.live_until = until;
    }

    /// Until when all readings are told.
    pub fn watched(&self, now: Instant) -> Option<Instant> {
        self.live_until.filter(|until| *until > now)
    }

    /// Takes a reading of this worth, and tells it if it is a change or somebody watches.
    pub fn take(&mut self, reading: &Reading, worth: Worth, now: Instant) {
        if worth == Worth::Unsure {
            return;
        }
        let shown = Shown::of(reading);
        let changed = shown.is_some() && shown != self.last;
        if changed {
            self.last = shown;
        }
        let live = self.watched(now).is_some();
        if live || (changed && self.publish) {
            let live = !(changed && self.publish);
            self.sink.tell(reading::Reading::Weight(Weighed { reading: reading.clone(), live }));
        }
    }

    /// The scale is silent until there is a new weight: the next one is new even when it is the same.
    pub fn expect_new(&mut self) {
        self.last = None;
    }

    /// Tells that something of no use was heard.
    pub fn unusable(&self, code: &str, message: String) {
        self.sink.tell(reading::Reading::unusable(code, message));
    }
}

/// Codes of what is the matter with a scale.
pub(super) fn conditions(reading: &Reading) -> BTreeSet<String> {
    [
        (reading.overload, "overload"),
        (reading.underload, "underload"),
        (reading.fault.is_some(), "scale-fault"),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, code)| code.to_owned())
    .collect()
}
