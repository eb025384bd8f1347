//! What the host asks for, and what it is told, whatever the syntax.

use jiff::civil::DateTime;

use super::memory::{Day, Entry, Groups, Kind, LastReceipt, Storno, Transaction};

/// A command, its parameters checked for form and range.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Open(Opening),
    Sell(Sale),
    Subtotal {
        print: bool,
        adjust: Option<Adjust>,
    },
    Pay {
        code: char,
        /// All that is due where it is left out.
        sum: Option<i64>,
        texts: Vec<String>,
    },
    FiscalText(Text),
    Buyer(Buyer),
    Close,
    Cancel,
    OpenPlain,
    PlainText(Text),
    ClosePlain,
    Feed(u32),
    Cut,
    Drawer,
    SetClock(DateTime),
    Clock,
    /// Money in, or out where negative; 0 only asks.
    Cash(i64),
    Report {
        reset: bool,
    },
    Duplicate,
    Status,
    ReceiptStatus,
    Code,
    Device {
        /// The host of a wide frame left the TAB out: the answer has commas.
        commas: bool,
    },
    Transaction {
        with_paid: bool,
    },
    LastDocument,
    LastReceipt,
    Identity,
    CurrentReceipt,
    Rates,
    TaxNumber,
    ReportsLeft,
    ErrorName(i64),
    /// Display, sound, mode: accepted, and nothing to see of it here.
    Nothing,
    /// The day's turnover by tax group, or the tax in it.
    Turnover {
        storno: bool,
        tax: bool,
    },
    /// The day's registers, by the number of X's command 110.
    Daily(u32),
    Find {
        from: Option<DateTime>,
        to: Option<DateTime>,
        kinds: Kinds,
    },
    /// Tells of one document, whose lines follow one by one.
    Prepare(Wanted),
    /// The first line of the documents; the others follow one by one.
    Read(Wanted),
    Line,
    PrintDocument(Wanted),
    JournalInfo,
}

impl Request {
    /// Rejected without paper (status 2.0: a printing command is rejected and has changed nothing).
    pub fn prints(&self) -> bool {
        match self {
            Request::Open(_)
            | Request::Sell(_)
            | Request::Pay { .. }
            | Request::FiscalText(_)
            | Request::Buyer(_)
            | Request::Close
            | Request::Cancel
            | Request::OpenPlain
            | Request::PlainText(_)
            | Request::ClosePlain
            | Request::Feed(_)
            | Request::Cut
            | Request::Report { .. }
            | Request::Duplicate
            | Request::PrintDocument(_) => true,
            Request::Subtotal { print, adjust } => *print || adjust.is_some(),
            Request::Cash(sum) => *sum != 0,
            _ => false,
        }
    }
}

/// Opening of a fiscal receipt.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Opening {
    pub operator: u32,
    pub password: String,
    pub till: u32,
    pub sale: String,
    pub invoice: bool,
    pub buyer: String,
    pub storno: Option<Storno>,
}

/// An item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sale {
    pub name: Vec<String>,
    /// Place among the dialect's tax groups.
    pub group: usize,
    /// Smallest unit; negative takes an item back.
    pub price: i64,
    /// Thousandths.
    pub quantity: i64,
    pub unit: String,
    pub department: u32,
    pub adjust: Option<Adjust>,
}

/// A discount (negative) or surcharge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adjust {
    /// Hundredths of a percent.
    Percent(i64),
    /// Smallest unit.
    Sum(i64),
}

/// A line of free text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub text: String,
    pub bold: bool,
    pub tall: bool,
}

/// The buyer of an invoice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Buyer {
    /// Tax number.
    pub number: String,
    /// Names, addresses and the VAT number, as given.
    pub lines: Vec<String>,
}

/// Which kinds of documents.
pub(super) type Kinds = Vec<Kind>;

/// Documents of the journal to be read or printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// From this number to that.
    Numbers {
        from: u32,
        to: u32,
        kinds: Kinds,
    },
    /// Those of a Z report, the report included.
    Report {
        z: u32,
        kinds: Kinds,
    },
    Times {
        from: DateTime,
        to: DateTime,
        kinds: Kinds,
    },
}

/// What a command that was carried out answers.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    Done,
    /// Of a fiscal receipt being opened or closed.
    Receipt(Numbers),
    /// An item: the number of the open receipt.
    Sold {
        slip: u32,
    },
    /// Of a non-fiscal document: its number, and the day's count of documents.
    Document {
        slip: u32,
        documents: u32,
    },
    Subtotal {
        slip: u32,
        groups: Groups,
    },
    Paid(Paid),
    Clock(DateTime),
    Cash {
        in_drawer: i64,
        put_in: i64,
        taken_out: i64,
    },
    Report {
        z: u32,
        sold: Groups,
        returned: Groups,
    },
    Status,
    ReceiptStatus {
        open: u8,
        slip: u32,
        last: LastReceipt,
    },
    Code(String),
    Device {
        commas: bool,
    },
    Transaction {
        open: u8,
        transaction: Transaction,
        with_paid: bool,
    },
    LastDocument(u32),
    LastReceipt {
        last: LastReceipt,
        z: u32,
        z_at: String,
    },
    Identity,
    CurrentReceipt {
        groups: Groups,
        invoice: bool,
        /// 0 for a sale, 1 and the reason for a storno receipt.
        storno: usize,
        may_void: bool,
    },
    Rates {
        z: u32,
    },
    Turnover {
        z: u32,
        groups: Groups,
    },
    Daily {
        which: u32,
        day: Day,
        receipts: u32,
    },
    TaxNumber,
    ReportsLeft(u32),
    ErrorName {
        code: i64,
        name: &'static str,
    },
    Found {
        from: DateTime,
        to: DateTime,
        first: u32,
        last: u32,
    },
    Prepared(Entry),
    Line(String),
    Printed {
        entry: Entry,
        count: u32,
    },
    JournalInfo {
        first_z: u32,
        last_z: u32,
        first: u32,
        last: u32,
    },
}

/// The numbers of a fiscal receipt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub slip: u32,
    /// Of the Z report it will be part of.
    pub z: u32,
    /// In the day, among sales or storno receipts.
    pub receipt: u32,
    /// The day's documents of all kinds.
    pub documents: u32,
}

/// What a payment came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paid {
    /// So much is still to be paid; 0 when the sum was exact.
    Rest(i64),
    Change(i64),
}
