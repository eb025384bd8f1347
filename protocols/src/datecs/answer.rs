//! What the answers of the register say.
//!
//! Each method takes the answer to the command it is named after. In the wide frame an answer begins with an
//! error code, 0 for none; after a syntax error it may also be empty (*X manual*, "Wrapped messages"). In the
//! narrow frame the status bytes say what was refused.

use thiserror::Error;

use super::command::Reason;
use super::errors::{Class, ErrorCode};
use super::number::Moment;
use super::status::{Condition, Status};

mod fields;
mod read;

/// Why an answer brings nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// The register refused the command.
    #[error("the register refused command {number}: {refusal}")]
    Refused {
        /// The command.
        number: u16,
        /// What it said.
        refusal: Refusal,
        /// The status bytes.
        status: Status,
    },
    /// The answer is not of the form of its command.
    #[error("the answer to command {number} has no readable {field}: {data:?}; check the dialect")]
    Unreadable {
        /// The command.
        number: u16,
        /// What was looked for.
        field: &'static str,
        /// The answer.
        data: String,
    },
}

/// How the register said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Refusal {
    /// By an error code.
    #[error("{0}")]
    Code(ErrorCode),
    /// By a status bit.
    #[error("{0}")]
    Status(Condition),
    /// By a letter in place of an answer: `F`, and for payments `E` and `I`.
    #[error("answered {0:?}")]
    Letter(char),
}

impl Refusal {
    /// Whether the command certainly changed nothing: the register judged it before doing it. Where this is
    /// `false` nothing is known, and 76 has to be asked.
    pub fn unchanged(self) -> bool {
        use Class::*;
        match self {
            Refusal::Code(code) => matches!(
                code.class(),
                Paper
                    | BadCommand
                    | Password
                    | ShiftExpired
                    | ReceiptOpen
                    | ReceiptClosed
                    | ReceiptPhase
                    | Amount
                    | NoCash
                    | Payment
                    | Clock
                    | NotFound
                    | NotPermitted
            ),
            Refusal::Status(condition) => condition.refuses() || condition == Condition::PaperOut,
            Refusal::Letter(_) => true,
        }
    }
}

/// The numbers of a receipt that was opened or closed; which ones there are depends on the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// The global number of the document (X, RO).
    pub slip: Option<u32>,
    /// The number of the Z report it will be in (RO).
    pub z: Option<u32>,
    /// The number of the fiscal receipt within that Z (RO).
    pub fiscal: Option<u32>,
    /// Receipts of all kinds since the last Z (P, C).
    pub since_z: Option<u32>,
    /// Fiscal receipts, or storno receipts after opening one, since the last Z (P, C).
    pub fiscal_since_z: Option<u32>,
}

/// The sum so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtotal {
    /// The global number of the document (X).
    pub slip: Option<u32>,
    /// In hundredths.
    pub total: i64,
    /// By tax group, from A on, in hundredths.
    pub by_tax: Vec<i64>,
}

/// What a payment left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// So much is still due; 0 when all is paid.
    Due(i64),
    /// So much is given back.
    Change(i64),
}

/// The receipt that is open, or the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// What is open.
    pub open: Open,
    /// Its global number (X, RO); the narrow frame tells it by 113.
    pub number: Option<u32>,
    /// The number of its Z report (RO).
    pub z: Option<u32>,
    /// The number of the fiscal receipt within that Z (RO).
    pub fiscal: Option<u32>,
    /// Sales.
    pub items: u32,
    /// The sum in hundredths.
    pub amount: i64,
    /// What is paid, in hundredths.
    pub paid: i64,
}

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Open {
    /// Nothing.
    Nothing,
    /// A sale.
    Sale,
    /// A storno receipt; why, where the register says so.
    Storno(Option<Reason>),
    /// A non-fiscal receipt.
    Free,
    /// Something that this number stands for.
    Unknown(u32),
}

/// The last document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastDocument {
    /// The global number of the last document of any kind (P, C).
    pub document: Option<u32>,
    /// The number of the last sales receipt within its Z report (X, RO).
    pub fiscal: Option<u32>,
    /// When it was printed (X, RO).
    pub at: Option<Moment>,
    /// The number of the last Z report (X, RO).
    pub z: Option<u32>,
    /// When that was printed (X, RO).
    pub z_at: Option<Moment>,
}

/// Documents found in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The global number of the first; of Z reports, the number of the report.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// A document of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its global number.
    pub document: Option<u32>,
    /// When it was printed.
    pub at: Option<Moment>,
    /// Its kind, by the number of the dialect (125 of the *X manual* and the *C manual* differ).
    pub kind: Option<u32>,
    /// The number of its Z report.
    pub z: Option<u32>,
    /// Its first line, where the register begins with it (P).
    pub line: Option<String>,
}

/// Cash, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cash {
    /// In the drawer.
    pub drawer: i64,
    /// Put in since the last Z.
    pub paid_in: i64,
    /// Taken out since the last Z.
    pub paid_out: i64,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportDone {
    /// The number of the Z report.
    pub z: u32,
    /// The sums after the number, in hundredths and in the order of the manual: by tax group from A on, and on X
    /// the same of storno receipts; on P and C the total comes first.
    pub sums: Vec<i64>,
}

/// The register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its model.
    pub name: String,
    /// Version and date of the firmware.
    pub firmware: String,
    /// Its serial number, such as `DT735762`.
    pub serial: String,
    /// The number of its fiscal memory.
    pub memory: String,
}
