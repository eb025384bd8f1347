//! Commands for the register, built for a dialect.
//!
//! Money is in hundredths, quantities in thousandths. Every parameter is checked against [`Dialect::limits`](super::Dialect::limits)
//! before anything is built.

use std::fmt;

use thiserror::Error;

use super::dialect::Name;
use super::frame::{Frame, FrameError, Framing};
use super::number::Moment;

mod parameter;
mod receipt;
mod register;

/// A command and its data, to be put into a [`Frame`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its number.
    pub number: u16,
    /// What stands between CMD and 05.
    pub data: Vec<u8>,
    /// What it does.
    pub effect: Effect,
}

impl Command {
    /// Its frame under a sequence number.
    pub fn frame(&self, framing: Framing, seq: u8) -> Result<Frame, FrameError> {
        Frame::new(framing, seq, self.number, &self.data)
    }
}

/// What a command does, and so what may happen if it is done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// Only asks.
    Query,
    /// Acts on the drawer or the clock.
    Device,
    /// Prints, and touches no money.
    Paper,
    /// Changes a receipt, sums, or the fiscal memory.
    Fiscal,
}

impl Effect {
    /// Whether it needs paper, so that without paper it is refused and changes nothing.
    pub fn needs_paper(self) -> bool {
        matches!(self, Effect::Paper | Effect::Fiscal)
    }
}

/// Why a command can't be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// The dialect has no such thing.
    #[error("registers of dialect {dialect} can't {what}")]
    Unsupported {
        /// The dialect.
        dialect: Name,
        /// What was asked for: "refund", "cut".
        what: &'static str,
    },
    /// A text is too long.
    #[error("{field} has {length} characters, at most {limit} fit; shorten it")]
    TooLong {
        /// The parameter.
        field: &'static str,
        /// Its length in characters of the register's page.
        length: usize,
        /// The most there may be.
        limit: usize,
    },
    /// A text is empty that must not be.
    #[error("{field} is empty")]
    Empty {
        /// The parameter.
        field: &'static str,
    },
    /// A text has a control character, such as TAB or a line feed.
    #[error("{field} has the control character U+{code:04X} at {position}; remove it")]
    ControlCharacter {
        /// The parameter.
        field: &'static str,
        /// Which character, from 0.
        position: usize,
        /// Its code point.
        code: u32,
    },
    /// A character does not exist on the register's page.
    #[error("{field} has {character:?} at {position}, which page {page} lacks; write it otherwise")]
    NoSuchCharacter {
        /// The parameter.
        field: &'static str,
        /// Which character, from 0.
        position: usize,
        /// The character.
        character: char,
        /// The page.
        page: &'static str,
    },
    /// A number is out of its range.
    #[error("{field} is {value}, it must be {expected}")]
    OutOfRange {
        /// The parameter.
        field: &'static str,
        /// The value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// A text is not of the form the register asks for.
    #[error("{field} must be {expected}")]
    Malformed {
        /// The parameter.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

/// Who sells, and where. Its `Debug` leaves the password out; the data of 48 and 43 (46) has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// From 1.
    pub number: u8,
    /// Digits.
    pub password: String,
    /// The till, 1 to 99999.
    pub till: u32,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("number", &self.number)
            .field("till", &self.till)
            .finish_non_exhaustive()
    }
}

/// A receipt to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening<'a> {
    /// Who sells.
    pub operator: &'a Operator,
    /// The unique number of the sale (Bulgaria), such as `DT000600-0001-0001000`; without it the register goes on
    /// counting.
    pub sale: Option<&'a str>,
    /// An invoice, where the register prints one.
    pub invoice: bool,
    /// The tax number of the buyer (CIF, Romania).
    pub client: Option<&'a str>,
}

/// Why something is taken back (Bulgaria).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The operator erred.
    OperatorError,
    /// Goods were returned, or replaced.
    Refund,
    /// The tax base is reduced.
    TaxBase,
}

/// A storno receipt to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storno<'a> {
    /// Who takes back.
    pub operator: &'a Operator,
    /// Why.
    pub reason: Reason,
    /// The global number of the original document, 1 to 9999999.
    pub document: u32,
    /// When the original was printed.
    pub at: Moment,
    /// The fiscal memory number of the register that printed it, eight digits.
    pub memory: &'a str,
    /// The unique number of the original sale. P asks for it; C and X need it where the original had one.
    pub original_sale: Option<&'a str>,
    /// The unique number of this sale; P only.
    pub sale: Option<&'a str>,
    /// The invoice that is taken back, and why in words.
    pub invoice: Option<(u64, &'a str)>,
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'a> {
    /// What is sold.
    pub name: &'a str,
    /// The tax group, `A` to `H`. In Romania F is for other taxes and G for what is exempt.
    pub tax: char,
    /// The price of one, in hundredths, not negative.
    pub price: i64,
    /// How many, in thousandths, more than 0.
    pub quantity: i64,
    /// Whether it takes back an item of the same receipt.
    pub void: bool,
    /// What comes off or on top of this item.
    pub discount: Option<Discount>,
    /// The department, 0 for none.
    pub department: u32,
    /// The unit of measure; empty for none.
    pub unit: &'a str,
}

/// A discount when negative, a surcharge when positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// In hundredths of a percent: -500 is 5 % off. At most 99.99 %.
    Percent(i64),
    /// In hundredths.
    Sum(i64),
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Bold; where the dialect can.
    pub bold: bool,
    /// Double height; where the dialect can.
    pub tall: bool,
}

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// Without closing.
    X,
    /// Closes the shift and writes the fiscal memory.
    Z,
}

/// Documents of the journal, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Search {
    /// All.
    All,
    /// Sales.
    Fiscal,
    /// Z reports.
    Z,
}

/// Which sums of the shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Daily {
    /// By kind of payment, of sales.
    Payments,
    /// By kind of payment, of storno receipts.
    StornoPayments,
    /// Number and sum of sales.
    Sales,
}
