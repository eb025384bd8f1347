//! The status bytes that come with every answer.

use std::fmt;

/// The status bytes of an answer: eight in the wide frame, six in the narrow one. Bit 7 of each is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status {
    bytes: [u8; 8],
    length: u8,
}

impl Status {
    /// Takes six or eight bytes of 80 to FF; `None` for anything else.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if !matches!(bytes.len(), 6 | 8) || bytes.iter().any(|byte| *byte < 0x80) {
            return None;
        }
        let mut status = Self { bytes: [0x80; 8], length: bytes.len() as u8 };
        status.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Some(status)
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// A bit by the numbers of the manuals: `bit(2, 0)` is "2.0". Unknown ones are not set.
    pub fn bit(&self, byte: usize, bit: u8) -> bool {
        bit < 8 && self.bytes().get(byte).is_some_and(|byte| byte & (1 << bit) != 0)
    }

    /// What the bits mean in a dialect.
    pub fn conditions(&self, meanings: &[Bit]) -> Vec<Condition> {
        meanings.iter().filter(|bit| self.bit(bit.byte, bit.bit)).map(|bit| bit.means).collect()
    }

    /// Whether a dialect's bit for this condition is set.
    pub fn has(&self, meanings: &[Bit], condition: Condition) -> bool {
        meanings.iter().any(|bit| bit.means == condition && self.bit(bit.byte, bit.bit))
    }
}

impl fmt::Display for Status {
    /// The bytes in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.bytes().iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// One bit of the status bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bit {
    /// The byte, from 0.
    pub byte: usize,
    /// The bit, from 0.
    pub bit: u8,
    /// What it means when set.
    pub means: Condition,
}

macro_rules! conditions {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal;)*) => {
        /// What a status bit says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Condition { $($(#[doc = $doc])+ $name,)* }

        impl fmt::Display for Condition {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Condition::$name => $text,)* })
            }
        }
    };
}

conditions! {
    /// The command's data could not be read.
    SyntaxError "the data of the command could not be read";
    /// There is no such command.
    UnknownCommand "the register does not know the command";
    /// A sum would not fit the registers; nothing was changed.
    Overflow "a sum is too large for the register";
    /// The command is not allowed now.
    NotPermitted "the command is not permitted now";
    /// The clock was never set, or lost its time.
    ClockNotSet "the clock is not set";
    /// No customer display.
    NoDisplay "no customer display is connected";
    /// The printing mechanism is out of order.
    PrinterFault "the printing mechanism is out of order";
    /// The sum of all errors that the manuals mark with #.
    GeneralError "general error";
    /// The cover is open.
    CoverOpen "the cover is open";
    /// The shift is older than 24 hours.
    ShiftExpired "the shift is older than 24 hours";
    /// The working memory was cleared.
    MemoryCleared "the working memory was cleared";
    /// The clock's battery is low.
    LowBattery "the battery of the clock is low";
    /// A storno receipt is open.
    StornoOpen "a storno receipt is open";
    /// A non-fiscal receipt with rotated text is open.
    RotatedOpen "a non-fiscal receipt with rotated text is open";
    /// Documents have waited too long for the tax server.
    Unsent "documents have waited too long for the tax server";
    /// The built-in tax terminal does not answer.
    TerminalSilent "the built-in tax terminal does not answer";
    /// No paper. A printing command was refused and changed nothing (*P manual*, bit 2.0).
    PaperOut "out of paper";
    /// The roll ends soon.
    PaperNearEnd "little paper is left";
    /// The electronic journal is full.
    JournalFull "the electronic journal is full";
    /// A fiscal receipt is open.
    FiscalOpen "a fiscal receipt is open";
    /// The electronic journal is nearly full.
    JournalNearFull "the electronic journal is nearly full";
    /// A non-fiscal receipt is open.
    NonFiscalOpen "a non-fiscal receipt is open";
    /// The electronic journal is so full that only some receipts are allowed.
    JournalAlmostFull "the electronic journal has room for certain receipts only";
    /// The fiscal memory failed.
    MemoryFault "the fiscal memory failed";
    /// The tax number is set.
    TaxNumberSet "the tax number is set";
    /// Serial and fiscal memory numbers are set.
    NumbersSet "the serial number and the number of the fiscal memory are set";
    /// Room for a few Z reports only: below 60, or 50 in P and C.
    MemoryNearFull "the fiscal memory has room for a few reports only";
    /// The fiscal memory is full.
    MemoryFull "the fiscal memory is full";
    /// The sum of all errors of the fiscal memory.
    MemoryError "error of the fiscal memory";
    /// No fiscal memory, or a damaged one.
    MemoryMissing "the fiscal memory is missing or damaged";
    /// The print head is too hot.
    HeadOverheated "the print head is too hot";
    /// The fiscal memory takes no more records.
    MemoryReadOnly "the fiscal memory is locked";
    /// The fiscal memory is formatted.
    MemoryFormatted "the fiscal memory is formatted";
    /// The last record in the fiscal memory failed.
    LastRecordFailed "the last record in the fiscal memory failed";
    /// The register is in fiscal mode.
    Fiscalised "the register is in fiscal mode";
    /// Tax rates were set at least once.
    TaxRatesSet "the tax rates are set";
    /// The fiscal memory can't be read.
    MemoryUnreadable "the fiscal memory can't be read";
}

impl Condition {
    /// Whether it says how things normally are, rather than something to do.
    pub fn is_normal(self) -> bool {
        use Condition::*;
        matches!(
            self,
            NoDisplay
                | FiscalOpen
                | StornoOpen
                | NonFiscalOpen
                | RotatedOpen
                | TaxNumberSet
                | NumbersSet
                | MemoryFormatted
                | Fiscalised
                | TaxRatesSet
        )
    }

    /// Whether it says that the command just answered was refused, whatever the dialect.
    pub fn refuses(self) -> bool {
        use Condition::*;
        matches!(self, SyntaxError | UnknownCommand | Overflow | NotPermitted)
    }
}
