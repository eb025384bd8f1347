//! What the device keeps through a power failure besides the common ledger: the open receipt, the
//! day's registers, its numbers, and the electronic journal.
//!
//! An open receipt and all accumulated sums survive (*FP-2000 User's Manual* 3.10, "Power supply
//! cut-off": the fiscal memory and the sums in the operational memory stay valid, and the host asks
//! with 76 and 103 where it stands).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::register::ledger::{Item, Ledger};

/// Tax groups at most.
pub(super) const GROUPS: usize = 8;

/// Sums by tax group, in the smallest unit.
pub(super) type Groups = [i64; GROUPS];

/// Everything but the journal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Number of the newest document, open or finished.
    pub slip: u32,
    /// Number of the last Z report, and when it was made (ISO); empty before the first.
    pub z: u32,
    pub z_at: String,
    /// Of the day: documents of all kinds, fiscal receipts, storno receipts.
    pub documents: u32,
    pub receipts: u32,
    pub stornos: u32,
    pub day: Day,
    pub open: Option<Open>,
    /// Of the current or the last fiscal receipt.
    pub last: Transaction,
    /// The last finished fiscal receipt.
    pub last_receipt: LastReceipt,
    /// Counters of the journal's kinds, by kind.
    pub kinds: BTreeMap<Kind, u32>,
    /// When the newest document was made (ISO).
    pub last_at: String,
    /// The last fiscal receipt was printed a second time.
    pub duplicated: bool,
}

/// The daily registers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Day {
    pub sold: Groups,
    pub returned: Groups,
    /// By the code of command 53.
    pub paid: BTreeMap<char, i64>,
    pub paid_back: BTreeMap<char, i64>,
    pub discounts: Counted,
    pub surcharges: Counted,
    pub voids: Counted,
    pub cancelled: Counted,
    pub cash_in: Counted,
    pub cash_out: Counted,
}

/// How often, and how much in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counted {
    pub times: u32,
    pub sum: i64,
}

impl Counted {
    pub fn add(&mut self, sum: i64) {
        self.times += 1;
        self.sum += sum;
    }
}

/// What command 76 tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Transaction {
    pub number: u32,
    pub z: u32,
    pub receipt: u32,
    pub items: u32,
    pub total: i64,
    pub paid: i64,
}

/// What 123 and 74 tell of the last finished fiscal receipt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LastReceipt {
    pub slip: u32,
    pub receipt: u32,
    pub at: String,
    pub total: i64,
    pub code: String,
}

/// What is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Open {
    /// A non-fiscal document, with the lines printed so far.
    Plain {
        lines: Vec<String>,
    },
    Fiscal(Box<Receipt>),
}

/// A fiscal receipt, from its opening to its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub slip: u32,
    /// Number in the day; a storno receipt counts on its own.
    pub number: u32,
    pub opened_at: String,
    pub operator: u32,
    pub till: u32,
    /// Unique sale number.
    pub sale: String,
    /// Invoice (Bulgaria), or the buyer's tax number (Romania).
    pub invoice: bool,
    pub buyer: String,
    pub storno: Option<Storno>,
    pub items: Vec<Item>,
    pub groups: Groups,
    /// Payments in order, by the code of command 53; a foreign or empty code never comes here.
    pub payments: Vec<(char, i64)>,
    pub change: i64,
    /// Free texts (command 54).
    pub texts: Vec<String>,
    /// Discounts (negative), surcharges and voids, each as it was made.
    pub adjustments: Vec<i64>,
    pub voids: Vec<i64>,
    /// All lines printed so far.
    pub lines: Vec<String>,
}

/// What a storno receipt takes back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Storno {
    /// 0 operator's error, 1 return of goods, 2 reduction of the tax base.
    pub reason: usize,
    pub document: u32,
    pub at: String,
    pub memory: String,
    pub sale: String,
    pub invoice: String,
    pub note: String,
}

impl Receipt {
    pub fn total(&self) -> i64 {
        self.groups.iter().sum()
    }

    pub fn paid(&self) -> i64 {
        self.payments.iter().map(|(_, sum)| sum).sum()
    }

    /// Sum still to be paid; 0 when change was given.
    pub fn due(&self) -> i64 {
        (self.total() - self.paid()).max(0)
    }

    pub fn payment_started(&self) -> bool {
        !self.payments.is_empty()
    }

    pub fn kind(&self) -> Kind {
        match (self.storno.is_some(), self.invoice) {
            (false, false) => Kind::Receipt,
            (false, true) => Kind::Invoice,
            (true, false) => Kind::Storno,
            (true, true) => Kind::InvoiceStorno,
        }
    }
}

impl Memory {
    /// Number of the Z report that the current documents will be part of.
    pub fn current_z(&self) -> u32 {
        self.z + 1
    }

    pub fn receipt(&self) -> Option<&Receipt> {
        match &self.open {
            Some(Open::Fiscal(receipt)) => Some(receipt),
            _ => None,
        }
    }

    pub fn receipt_mut(&mut self) -> Option<&mut Receipt> {
        match &mut self.open {
            Some(Open::Fiscal(receipt)) => Some(receipt),
            _ => None,
        }
    }

    /// Adds printed lines to the open document.
    pub fn note_lines(&mut self, new: Vec<String>) {
        match &mut self.open {
            Some(Open::Plain { lines }) => lines.extend(new),
            Some(Open::Fiscal(receipt)) => receipt.lines.extend(new),
            None => {}
        }
    }

    /// What 76 tells, of the open receipt or the last one.
    pub fn transaction(&self) -> Transaction {
        match self.receipt() {
            Some(receipt) => Transaction {
                number: receipt.slip,
                z: self.current_z(),
                receipt: receipt.number,
                items: u32::try_from(receipt.items.len()).unwrap_or(u32::MAX),
                total: receipt.total(),
                paid: receipt.paid(),
            },
            None => Transaction { number: self.slip, ..self.last },
        }
    }
}

/// Kinds of documents in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Kind {
    Receipt,
    Invoice,
    Storno,
    InvoiceStorno,
    Cancelled,
    Plain,
    CashIn,
    CashOut,
    Z,
    X,
}

/// A finished document in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Global number.
    pub slip: u32,
    /// Number among the documents of its kind; of a Z report, its own number.
    pub number: u32,
    pub at: String,
    pub kind: Kind,
    /// Number of the Z report it is part of.
    pub z: u32,
    pub lines: Vec<String>,
}

/// The journal stands in the ledger's settings, a document a key, so that a new one costs the same
/// however many there are.
const JOURNAL: &str = "journal ";

pub(super) fn write_entry(ledger: &mut Ledger, entry: &Entry) {
    if let Ok(text) = serde_json::to_string(entry) {
        ledger.settings.insert(format!("{JOURNAL}{:07}", entry.slip), text);
    }
}

/// The documents of the journal, oldest first.
pub(super) fn entries(ledger: &Ledger) -> impl DoubleEndedIterator<Item = Entry> {
    let from_journal = ledger.settings.range(JOURNAL.to_owned()..);
    from_journal
        .take_while(|(key, _)| key.starts_with(JOURNAL))
        .filter_map(|(_, text)| serde_json::from_str(text).ok())
        .collect::<Vec<Entry>>()
        .into_iter()
}

pub(super) fn entry(ledger: &Ledger, slip: u32) -> Option<Entry> {
    let text = ledger.settings.get(&format!("{JOURNAL}{slip:07}"))?;
    serde_json::from_str(text).ok()
}
