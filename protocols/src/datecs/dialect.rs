//! What differs between the four command sets, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::frame::Framing;
use super::number::Whole;
use super::status::{Bit, Condition};
use crate::codepage::Page;

/// A command set. A copy may be changed where a register is configured differently: page, widths.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialect {
    /// Which one.
    pub name: Name,
    /// Its frame.
    pub framing: Framing,
    /// The page of its texts.
    pub page: Page,
    /// The TCP port of the maker, where it is known.
    pub port: Option<u16>,
    /// What a sum without a decimal point counts.
    pub whole: Whole,
    /// The numbers of its commands.
    pub commands: Commands,
    /// Its tax groups, from A on, as item commands name them.
    pub taxes: &'static [u8],
    /// Its kinds of payment.
    pub payments: &'static [(Payment, u8)],
    /// Lengths and ranges.
    pub limits: Limits,
    /// Its status bits.
    pub status: &'static [Bit],
}

/// The names of the command sets, as in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    /// Wide frame, Bulgaria: FP-700X, FMP-350X, FMP-55X, WP-500X, WP-50X, DP-25X, DP-150X, DP-05C, WP-25X.
    X,
    /// Wide frame, Romania.
    Ro,
    /// Narrow frame, Bulgaria: FP-800, FP-2000, FP-650, FMP-10, SK1-21F, SK1-31F.
    P,
    /// Narrow frame, Bulgaria: DP-05, DP-25, DP-35, WP-50, DP-150.
    C,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Name::X => "X",
            Name::Ro => "RO",
            Name::P => "P",
            Name::C => "C",
        })
    }
}

/// Numbers of commands that differ or that a dialect may lack. Those that all have alike are fixed: 38, 39, 42,
/// 44, 48, 49, 51, 53, 54, 56, 60, 61, 62, 69, 70, 74, 76, 90, 106.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commands {
    /// Opens a storno receipt. Romanian firmware of 2017 has none: there 43 programs header lines, and 46 cuts.
    pub storno: Option<u16>,
    /// Cuts the paper.
    pub cut: Option<u16>,
    /// Tells the last document.
    pub last_document: u16,
    /// Finds documents of a period in the journal.
    pub find_documents: Option<u16>,
    /// Reads a document of the journal, line by line.
    pub read_document: u16,
    /// Prints a copy of the last receipt.
    pub copy: Option<u16>,
    /// Explains an error code.
    pub explain: Option<u16>,
    /// Reads a variable of the register.
    pub variable: Option<u16>,
    /// Sums of the shift.
    pub daily: Option<u16>,
}

/// Lengths in characters and ranges of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A line of an item's name.
    pub name: usize,
    /// Lines of an item's name.
    pub name_lines: usize,
    /// A line of text in a fiscal receipt. Depends on the columns that are set: see the constants.
    pub fiscal_text: usize,
    /// A line of text in a non-fiscal receipt.
    pub free_text: usize,
    /// A unit of measure; 0 where there is none.
    pub unit: usize,
    /// The highest operator number.
    pub operators: u8,
    /// Digits of an operator's password.
    pub password: (usize, usize),
    /// The highest department; 0 means none.
    pub departments: u32,
    /// The highest price, sum of an item, and payment, in hundredths.
    pub money: i64,
    /// The highest quantity, in thousandths.
    pub quantity: i64,
    /// Sales in one receipt, where the maker says so.
    pub sales: Option<usize>,
    /// The longest drawer pulse in milliseconds.
    pub pulse_ms: u16,
}

/// A kind of payment. Which ones exist, and their codes, stands in [`Dialect::payments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Payment {
    /// Cash.
    Cash,
    /// Bank card.
    Card,
    /// Debit card, on X through the register's own payment terminal.
    DebitCard,
    /// On credit.
    Credit,
    /// Cheque.
    Cheque,
    /// Health insurance (Bulgaria).
    HealthInsurance,
    /// Voucher.
    Voucher,
    /// Coupon.
    Coupon,
    /// Meal tickets.
    MealTicket,
    /// Value tickets.
    ValueTicket,
    /// Tickets of others.
    ForeignTicket,
    /// "Modern" means of payment (Romania).
    Modern,
    /// Card with a cash advance (Romania).
    CardWithAdvance,
    /// Bank transfer.
    BankTransfer,
    /// Packaging taken back.
    Packaging,
    /// For internal use.
    Internal,
    /// Damages.
    Damages,
    /// Foreign currency.
    Currency,
    /// Other.
    Other,
    /// The first kind that is named in the register's settings.
    Custom1,
    /// The second.
    Custom2,
    /// The third.
    Custom3,
    /// The fourth.
    Custom4,
}

impl Dialect {
    /// The command set of a name.
    pub fn of(name: Name) -> &'static Dialect {
        match name {
            Name::X => &X,
            Name::Ro => &RO,
            Name::P => &P,
            Name::C => &C,
        }
    }

    /// All of them.
    pub const ALL: [&'static Dialect; 4] = [&X, &RO, &P, &C];

    /// The code of a kind of payment, where the dialect has it.
    pub fn payment_code(&self, payment: Payment) -> Option<u8> {
        self.payments.iter().find(|(known, _)| *known == payment).map(|(_, code)| *code)
    }

    /// The code of a tax group, `A` to `H`.
    pub fn tax_code(&self, group: char) -> Option<u8> {
        let at = (group as u32).checked_sub('A' as u32)?;
        self.taxes.get(at as usize).copied()
    }

    /// Whether goods can be taken back: a storno receipt.
    pub fn can_refund(&self) -> bool {
        self.commands.storno.is_some()
    }

    /// Whether parameters are separated by TAB.
    pub(super) fn is_tabbed(&self) -> bool {
        self.framing == Framing::Wide
    }
}

/// Bulgaria, wide frame (*X manual*).
pub static X: Dialect = Dialect {
    name: Name::X,
    framing: Framing::Wide,
    page: Page::Cp1251,
    // The default of LANport_fpCommands, command 255.
    port: Some(4999),
    whole: Whole::Units,
    commands: Commands {
        storno: Some(43),
        cut: Some(46),
        last_document: 123,
        find_documents: Some(124),
        read_document: 125,
        copy: Some(109),
        explain: Some(100),
        variable: Some(255),
        daily: Some(110),
    },
    taxes: b"12345678",
    payments: &[
        (Payment::Cash, b'0'),
        (Payment::Card, b'1'),
        (Payment::DebitCard, b'2'),
        (Payment::Custom1, b'3'),
        (Payment::Custom2, b'4'),
        (Payment::Custom3, b'5'),
        (Payment::Currency, b'6'),
    ],
    limits: Limits {
        name: 72,
        name_lines: 1,
        // 42 columns less two; FP-700X and FMP-350X may be set to 48 or 64, FMP-55X has 32.
        fiscal_text: 40,
        free_text: 40,
        unit: 6,
        operators: 30,
        password: (1, 8),
        departments: 99,
        money: 999_999_999,
        quantity: 999_999_999,
        sales: None,
        pulse_ms: u16::MAX,
    },
    status: WIDE_STATUS,
};

/// Romania, wide frame (*RO manual*). The page of its texts is in no document seen: it is to be set where a
/// register shows other letters.
pub static RO: Dialect = Dialect {
    name: Name::Ro,
    framing: Framing::Wide,
    page: Page::Cp1250,
    port: Some(3999),
    whole: Whole::Units,
    commands: Commands {
        storno: None,
        cut: Some(46),
        last_document: 123,
        find_documents: Some(124),
        read_document: 125,
        copy: None,
        explain: None,
        variable: None,
        daily: None,
    },
    // 1 to 5 are A to E, 6 is for other taxes, 7 for what is exempt.
    taxes: b"1234567",
    payments: &[
        (Payment::Cash, b'0'),
        (Payment::Card, b'1'),
        (Payment::Credit, b'2'),
        (Payment::MealTicket, b'3'),
        (Payment::ValueTicket, b'4'),
        (Payment::Voucher, b'5'),
        (Payment::Modern, b'6'),
        (Payment::CardWithAdvance, b'7'),
        (Payment::Other, b'8'),
        (Payment::Currency, b'9'),
    ],
    limits: X.limits,
    status: RO_STATUS,
};

/// Bulgaria, narrow frame, fiscal printers (*P manual*).
pub static P: Dialect = Dialect {
    name: Name::P,
    framing: Framing::Narrow,
    page: Page::Cp1251,
    port: None,
    whole: Whole::Hundredths,
    commands: Commands {
        storno: Some(46),
        // *FP-2000 user's manual*, version 3.10, command 45.
        cut: Some(45),
        last_document: 113,
        find_documents: None,
        read_document: 119,
        copy: Some(109),
        explain: None,
        variable: None,
        daily: None,
    },
    taxes: CYRILLIC_TAXES,
    payments: &[
        (Payment::Cash, b'P'),
        (Payment::Credit, b'N'),
        (Payment::Cheque, b'C'),
        (Payment::Card, b'D'),
        (Payment::Custom1, b'i'),
        (Payment::Custom2, b'j'),
        (Payment::Custom3, b'k'),
        (Payment::Custom4, b'l'),
        (Payment::ValueTicket, b'm'),
        (Payment::ForeignTicket, b'n'),
        (Payment::Packaging, b'o'),
        (Payment::Internal, b'p'),
        (Payment::Damages, b'q'),
        (Payment::BankTransfer, b'r'),
    ],
    limits: Limits {
        name: 42,
        name_lines: 2,
        // The printer takes any length and silently prints what fits.
        fiscal_text: 42,
        free_text: 42,
        unit: 8,
        operators: 16,
        password: (4, 8),
        departments: 60,
        money: 99_999_999,
        quantity: 99_999_999,
        sales: Some(512),
        pulse_ms: 100,
    },
    status: P_STATUS,
};

/// Bulgaria, narrow frame, cash registers (*C manual*).
pub static C: Dialect = Dialect {
    name: Name::C,
    framing: Framing::Narrow,
    page: Page::Cp1251,
    port: None,
    whole: Whole::Hundredths,
    commands: Commands {
        storno: Some(46),
        cut: None,
        last_document: 113,
        find_documents: None,
        read_document: 125,
        copy: Some(109),
        explain: None,
        variable: None,
        daily: None,
    },
    taxes: CYRILLIC_TAXES,
    payments: &[
        (Payment::Cash, b'P'),
        (Payment::Credit, b'N'),
        (Payment::Card, b'C'),
        (Payment::HealthInsurance, b'D'),
        (Payment::Voucher, b'I'),
        (Payment::Coupon, b'J'),
    ],
    limits: Limits {
        name: 22,
        name_lines: 2,
        fiscal_text: 36,
        free_text: 40,
        unit: 0,
        operators: 30,
        password: (1, 8),
        departments: 9,
        money: 99_999_999,
        quantity: 99_999_999,
        sales: Some(120),
        pulse_ms: 100,
    },
    status: C_STATUS,
};

/// А, Б, В, Г, Д, Е, Ж, З in cp1251 (command 49 of the *P manual* and the *C manual*).
const CYRILLIC_TAXES: &[u8] = &[0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];

const fn bit(byte: usize, bit: u8, means: Condition) -> Bit {
    Bit { byte, bit, means }
}

/// *X manual*, "Status bits".
const WIDE_STATUS: &[Bit] = &[
    bit(0, 0, Condition::SyntaxError),
    bit(0, 1, Condition::UnknownCommand),
    bit(0, 2, Condition::ClockNotSet),
    bit(0, 4, Condition::PrinterFault),
    bit(0, 5, Condition::GeneralError),
    bit(0, 6, Condition::CoverOpen),
    bit(1, 0, Condition::Overflow),
    bit(1, 1, Condition::NotPermitted),
    bit(2, 0, Condition::PaperOut),
    bit(2, 1, Condition::PaperNearEnd),
    bit(2, 2, Condition::JournalFull),
    bit(2, 3, Condition::FiscalOpen),
    bit(2, 4, Condition::JournalNearFull),
    bit(2, 5, Condition::NonFiscalOpen),
    bit(4, 0, Condition::MemoryFault),
    bit(4, 1, Condition::TaxNumberSet),
    bit(4, 2, Condition::NumbersSet),
    bit(4, 3, Condition::MemoryNearFull),
    bit(4, 4, Condition::MemoryFull),
    bit(4, 5, Condition::MemoryError),
    bit(4, 6, Condition::MemoryMissing),
    bit(5, 1, Condition::MemoryFormatted),
    bit(5, 3, Condition::Fiscalised),
    bit(5, 4, Condition::TaxRatesSet),
];

/// The same, and 1.2 (*RO manual*).
const RO_STATUS: &[Bit] = &{
    let mut bits = [bit(1, 2, Condition::ShiftExpired); WIDE_STATUS.len() + 1];
    let mut at = 0;
    while at < WIDE_STATUS.len() {
        bits[at] = WIDE_STATUS[at];
        at += 1;
    }
    bits
};

/// *P manual*, status bytes.
const P_STATUS: &[Bit] = &[
    bit(0, 0, Condition::SyntaxError),
    bit(0, 1, Condition::UnknownCommand),
    bit(0, 2, Condition::ClockNotSet),
    bit(0, 3, Condition::NoDisplay),
    bit(0, 4, Condition::PrinterFault),
    bit(0, 5, Condition::GeneralError),
    bit(0, 6, Condition::CoverOpen),
    bit(1, 0, Condition::Overflow),
    bit(1, 1, Condition::NotPermitted),
    bit(1, 2, Condition::MemoryCleared),
    bit(1, 3, Condition::LowBattery),
    bit(1, 4, Condition::StornoOpen),
    bit(1, 5, Condition::RotatedOpen),
    bit(1, 6, Condition::TerminalSilent),
    bit(2, 0, Condition::PaperOut),
    bit(2, 1, Condition::PaperNearEnd),
    bit(2, 2, Condition::JournalFull),
    bit(2, 3, Condition::FiscalOpen),
    bit(2, 4, Condition::JournalNearFull),
    bit(2, 5, Condition::NonFiscalOpen),
    bit(2, 6, Condition::JournalAlmostFull),
    bit(4, 0, Condition::MemoryFault),
    bit(4, 1, Condition::TaxNumberSet),
    bit(4, 2, Condition::NumbersSet),
    bit(4, 3, Condition::MemoryNearFull),
    bit(4, 4, Condition::MemoryFull),
    bit(4, 5, Condition::MemoryError),
    bit(4, 6, Condition::HeadOverheated),
    bit(5, 0, Condition::MemoryReadOnly),
    bit(5, 1, Condition::MemoryFormatted),
    bit(5, 2, Condition::LastRecordFailed),
    bit(5, 3, Condition::Fiscalised),
    bit(5, 4, Condition::TaxRatesSet),
    bit(5, 5, Condition::MemoryUnreadable),
];

/// *C manual*, status bytes.
const C_STATUS: &[Bit] = &[
    bit(0, 0, Condition::SyntaxError),
    bit(0, 1, Condition::UnknownCommand),
    bit(0, 2, Condition::ClockNotSet),
    bit(0, 3, Condition::NoDisplay),
    bit(0, 5, Condition::GeneralError),
    bit(1, 0, Condition::Overflow),
    bit(1, 1, Condition::NotPermitted),
    bit(1, 5, Condition::Unsent),
    bit(1, 6, Condition::TerminalSilent),
    bit(2, 0, Condition::PaperOut),
    bit(2, 2, Condition::JournalFull),
    bit(2, 3, Condition::FiscalOpen),
    bit(2, 4, Condition::JournalNearFull),
    bit(2, 5, Condition::NonFiscalOpen),
    bit(4, 0, Condition::MemoryFault),
    bit(4, 1, Condition::TaxNumberSet),
    bit(4, 2, Condition::NumbersSet),
    bit(4, 3, Condition::MemoryNearFull),
    bit(4, 4, Condition::MemoryFull),
    bit(4, 5, Condition::MemoryError),
    bit(5, 1, Condition::MemoryFormatted),
    bit(5, 3, Condition::Fiscalised),
    bit(5, 4, Condition::TaxRatesSet),
];
