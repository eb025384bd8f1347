//! A Datecs register of each command set.

use std::ops::{Deref, DerefMut};

use outlet_devices::driver::{Outcome, Resolution};
use outlet_simulators::register::{FiscalDocument, Register, RegisterSpec};
use serde_json::{Value, json};

#[path = "../support/register.rs"]
mod support;

pub use support::{ErrorKind, NUMBERS, Notes, command};

/// The command sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    X,
    Ro,
    P,
    C,
}

impl Set {
    pub const ALL: [Set; 4] = [Set::X, Set::Ro, Set::P, Set::C];
    /// Those that have storno receipts.
    pub const BULGARIAN: [Set; 3] = [Set::X, Set::P, Set::C];

    /// A register whose clock stands at half past ten.
    pub fn spec(self) -> RegisterSpec {
        let spec = match self {
            Set::X => RegisterSpec::datecs_x(),
            Set::Ro => RegisterSpec::datecs_ro(),
            Set::P => RegisterSpec::datecs_p(),
            Set::C => RegisterSpec::datecs_c(),
        };
        spec.at("2026-11-22T10:30:00".parse().unwrap())
    }

    pub fn model(self) -> &'static str {
        match self {
            Set::X => "datecs-x",
            Set::Ro => "datecs-ro",
            Set::P => "datecs-p",
            Set::C => "datecs-c",
        }
    }

    pub fn vat(self) -> &'static str {
        if self == Set::Ro { "vat21" } else { "vat20" }
    }

    /// Three items, one with a discount and one by weight, a line of text, two payments and change:
    /// 2 * 12.40 + (18.00 - 1.80) + 0.125 * 52.00 = 47.50, paid with 20.00 by card and 30.00 in cash.
    pub fn dinner(self) -> Value {
        let tax = json!({"type": self.vat()});
        json!({
            "type": "sell",
            "items": [
                {"type": "position", "name": "Supa", "price": "12.40", "quantity": 2, "amount": "24.80",
                 "tax": tax},
                {"type": "position", "name": "Salata", "price": "18.00", "quantity": 1,
                 "infoDiscountAmount": "1.80", "amount": "16.20", "tax": tax},
                {"type": "text", "text": "fara ceapa", "alignment": "center"},
                {"type": "position", "name": "Branza", "price": "52.00", "quantity": "0.125",
                 "measurementUnit": "kilogram", "amount": "6.50", "tax": tax},
            ],
            "payments": [{"type": "cash", "sum": "30.00"}, {"type": "electronically", "sum": "20.00"}],
            "total": "47.50",
        })
    }

    /// One item, paid exactly in cash.
    pub fn coffee(self) -> Value {
        json!({
            "type": "sell",
            "items": [{"type": "position", "name": "Cafea", "price": "3.20", "quantity": 1,
                       "amount": "3.20", "tax": {"type": self.vat()}}],
            "payments": [{"type": "cash", "sum": "3.20"}],
            "total": "3.20",
        })
    }
}

pub struct Bed {
    pub set: Set,
    bed: support::Bed,
}

impl Deref for Bed {
    type Target = support::Bed;

    fn deref(&self) -> &support::Bed {
        &self.bed
    }
}

impl DerefMut for Bed {
    fn deref_mut(&mut self) -> &mut support::Bed {
        &mut self.bed
    }
}

impl Bed {
    /// A register on a TCP port and a driver that is not connected yet.
    pub async fn unconnected(set: Set, options: Value) -> Self {
        let (register, link) = support::on_tcp(set.spec()).await;
        Self::with_link(set, register, link, options)
    }

    /// A register on a pseudo terminal and a driver that is not connected yet.
    pub fn pty(set: Set, name: &str, options: Value) -> Self {
        let (register, link) = support::on_pty(set.spec(), &format!("datecs-{name}"));
        Self::with_link(set, register, link, options)
    }

    pub fn with_link(set: Set, register: Register, link: String, options: Value) -> Self {
        Self { set, bed: support::Bed::new("datecs", register, link, Some(set.model()), options) }
    }

    /// A connected register with 100.00 in the drawer.
    pub async fn open(set: Set) -> Self {
        let mut bed = Self::unconnected(set, quick()).await;
        bed.driver.connect().await.expect("the register is there");
        bed.done(json!({"type": "cashIn", "cashSum": "100.00"})).await;
        bed
    }

    pub async fn done(&mut self, task: Value) -> Outcome {
        let set = self.set;
        self.attempt(task).await.unwrap_or_else(|error| panic!("{set:?}: {error:?}"))
    }

    /// Asks what became of an attempt that was begun.
    pub async fn resolve(&mut self, task: Value, notes: &Notes) -> Resolution {
        assert!(notes.begun());
        self.bed.resolve(task, notes).await
    }

    /// Documents that bear the mark of an attempt, in a line of text.
    pub fn marked(&self, notes: &Notes) -> Vec<FiscalDocument> {
        let tag = notes.tag();
        let bears = |document: &FiscalDocument| document.texts.iter().any(|text| tag.is_in(text));
        self.register.documents().into_iter().filter(bears).collect()
    }
}

/// Options that make a test wait no longer than it must. What must not happen is long.
pub fn quick() -> Value {
    json!({"silence_ms": 150, "repeats": 3, "poll_ms": 100, "doubt_after_s": 30})
}

/// Whether the numbers of a receipt are there. P doesn't tell its shift.
pub fn assert_complete(set: Set, result: &Value) {
    for field in NUMBERS {
        let known = !result["fiscalParams"][field].is_null();
        assert_eq!(known, !(set == Set::P && field == "shiftNumber"), "{set:?}: {field} of {result}");
    }
}

/// Whether a document of the storage is the dinner, and nothing else.
pub fn assert_dinner(set: Set, document: &FiscalDocument) {
    let paid: Vec<i64> = document.payments.iter().map(|(_, sum)| *sum).collect();
    let sums: Vec<i64> = document.items.iter().map(|item| item.amount).collect();
    let found = (document.total, paid.as_slice(), document.change, sums.as_slice());
    assert_eq!(found, (4750, &[2000, 3000][..], 250, &[2480, 1620, 650][..]), "{set:?}: {document:?}");
}
