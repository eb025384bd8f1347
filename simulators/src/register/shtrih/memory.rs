//! What this family keeps beside the common ledger, and what it only has in memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::device::Device;
use super::super::ledger::Item;
use super::super::paper::Line;
use super::tables;

/// Tags with their values, in order.
pub(super) type Tags = Vec<(u16, Vec<u8>)>;

/// What survives a power failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The open receipt.
    pub receipt: Option<Receipt>,
    /// The document that was sent to the paper last, to print it again from its beginning.
    pub printing: Vec<Line>,
    /// The last closed receipt, for a copy of it.
    pub last_receipt: Vec<Line>,
    /// The date that was set and not yet confirmed: day, month, year of the century.
    pub unconfirmed: Option<[u8; 3]>,
    /// Money registers of the shift, by number.
    pub money: BTreeMap<u8, i64>,
    /// Operation registers, by number.
    pub operations: BTreeMap<u8, u16>,
    /// Fields of tables that differ from the defaults: `table.row.field`.
    pub tables: BTreeMap<String, Vec<u8>>,
}

/// An open receipt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub kind: Kind,
    /// It corrects an earlier one.
    #[serde(default)]
    pub correction: bool,
    /// Number of the operator who opened it.
    pub operator: u8,
    pub items: Vec<Item>,
    /// Tags of the document, in order.
    pub tags: Tags,
    /// Its paper so far: positions and free text.
    pub lines: Vec<Line>,
    /// Free text alone.
    pub texts: Vec<String>,
}

impl Receipt {
    /// What is to be paid, in kopecks.
    pub fn total(&self) -> i64 {
        self.items.iter().map(|item| item.amount).sum()
    }
}

/// Types of receipts, numbered as in `8D` and in the mode byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    #[default]
    Sale = 0,
    Buy = 1,
    SaleReturn = 2,
    BuyReturn = 3,
}

impl Kind {
    pub fn of(number: u8) -> Option<Self> {
        [Self::Sale, Self::Buy, Self::SaleReturn, Self::BuyReturn].get(usize::from(number)).copied()
    }

    /// As `FF46`, `FF4A` and tag 1054 number them: 1 sale, 2 its return, 3 purchase, 4 its return.
    pub fn of_operation(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Sale),
            2 => Some(Self::SaleReturn),
            3 => Some(Self::Buy),
            4 => Some(Self::BuyReturn),
            _ => None,
        }
    }

    pub fn operation(self) -> u8 {
        match self {
            Self::Sale => 1,
            Self::SaleReturn => 2,
            Self::Buy => 3,
            Self::BuyReturn => 4,
        }
    }

    /// Whether the money goes to the client.
    pub fn pays_out(self) -> bool {
        matches!(self, Self::SaleReturn | Self::Buy)
    }
}

/// What is lost when power fails.
#[derive(Debug, Default)]
pub(super) struct Ram {
    /// A document that was begun in the storage with `FF41`, `FF42` or `FF35`, and its tags.
    pub begun: Option<(Begun, Tags)>,
    /// Structures that `FF3B` has still to give.
    pub reading: Vec<Vec<u8>>,
    /// The marking code that `FF61` checked and `FF69` hasn't decided.
    pub checked: Option<Vec<u8>>,
    /// The device starts anew when the answer is sent.
    pub reboots: bool,
    /// Marking codes that were accepted.
    pub accepted: Vec<Vec<u8>>,
    /// Data of a two-dimensional symbol.
    pub symbol: Vec<u8>,
}

/// Documents that are begun first and get tags before they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    ShiftOpening,
    ShiftClosing,
    Correction,
}

impl Memory {
    /// Reads what [`to_json`](Self::to_json) wrote; a new register has the defaults.
    pub fn from_json(device: &mut Device) -> Self {
        let json = device.ledger.own.clone();
        if json.is_null() {
            return Self::default();
        }
        serde_json::from_value(json).unwrap_or_else(|error| {
            device.violation(format!("the state of the register can't be read: {error}"));
            Self::default()
        })
    }

    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A field of a table; defaults where nothing was written.
    pub fn field(&self, table: u8, row: u16, field: u8) -> Vec<u8> {
        match self.tables.get(&format!("{table}.{row}.{field}")) {
            Some(value) => value.clone(),
            None => tables::default(table, row, field),
        }
    }

    /// Adds to a money register of the shift.
    pub fn add(&mut self, register: u8, sum: i64) {
        *self.money.entry(register).or_default() += sum;
    }

    /// Adds one to an operation register; after 9999 it begins anew.
    pub fn count(&mut self, register: u8) -> u16 {
        let value = self.operations.entry(register).or_default();
        *value = (*value + 1) % 10_000;
        *value
    }
}
