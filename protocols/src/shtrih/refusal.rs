//! What the error code of an answer means, and what a driver can do about it.
//!
//! Codes are those of *Протокол работы ККТ* v2.0, "Коды ошибок". In a register with a fiscal storage,
//! codes below 20 (hex) and A0 to B2 come from the storage (vendor's source,
//! `shtrih-m/javapos_shtrih`, `SMFiscalPrinterImpl.getDriverErrorText`); older registers have their
//! fiscal memory and journal there.

use thiserror::Error;

/// A register's refusal: the command was not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[error("the register refused command {command:02X} with error {code:02X}: {text}")]
pub struct Refusal {
    /// The code of the command.
    pub command: u16,
    /// The error code.
    pub code: u8,
    /// What it means.
    pub text: &'static str,
    /// What can be done about it.
    pub class: Class,
}

/// What can be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A state, not a failure: it prints. Ask for the status until it doesn't.
    Printing,
    /// A state, not a failure: it waits for `B0`.
    ContinuePrint,
    /// No paper, or the printer is open: a person helps, then it goes on.
    Paper,
    /// The printer is broken, too hot or without power.
    Printer,
    /// The shift has lasted more than 24 hours: close it first.
    ShiftExpired,
    /// No shift is open.
    ShiftClosed,
    /// A shift is open.
    ShiftOpen,
    /// A receipt or another document is open: finish or cancel it first.
    DocumentOpen,
    /// No receipt is open.
    DocumentClosed,
    /// Not in this mode or submode, nor in this state of the storage.
    State,
    /// Date and time: wrong, to be confirmed, or too far from the storage's clock.
    Clock,
    /// The password is wrong.
    Password,
    /// The register doesn't know the command.
    Unsupported,
    /// A parameter is wrong for this register or its settings.
    Parameters,
    /// Sums: paid too little, not enough cash, below zero, zero.
    Sums,
    /// A counter of the register is full: usually the shift must be closed.
    Overflow,
    /// The fiscal storage is ended, full, broken or unreachable: service.
    Storage,
    /// The exchange with the operator of fiscal data is too far behind or was refused.
    Operator,
    /// The marking code, or the state of work with marking codes.
    Marking,
    /// What was asked for isn't there.
    NoData,
    /// The register itself is broken or not ready for work: service.
    Device,
    /// None of these, or a code that no document has.
    Other,
}

/// What stands behind codes below 20 (hex) and A0 to B2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Memory {
    /// A fiscal storage (ФН), since 2016.
    #[default]
    Storage,
    /// Fiscal memory and electronic journal (ФП, ЭКЛЗ).
    Older,
}

impl Refusal {
    /// The refusal of a command by a register with a fiscal storage.
    pub fn new(command: u16, code: u8) -> Self {
        Self::with_memory(command, code, Memory::Storage)
    }

    /// The refusal of a command by a register with such a memory.
    pub fn with_memory(command: u16, code: u8, memory: Memory) -> Self {
        let (text, class) = match (memory, code) {
            (Memory::Storage, 0x00..=0x1f | 0xa0..=0xb2) => storage(code),
            (Memory::Older, 0x00..=0x1f | 0xa0..=0xb2) => older(code),
            _ => register(code),
        };
        Self { command, code, text, class }
    }
}

/// Codes of the fiscal storage; from A0 on, those that the storage itself has from 32 (hex) on
/// (*Доработка драйвера под ФФД 1.2*).
fn storage(code: u8) -> (&'static str, Class) {
    match code {
        0x01 => ("the storage does not know the command or its form", Class::Unsupported),
        0x02 => ("the storage is in another state", Class::State),
        0x03 => ("the storage has failed", Class::Storage),
        0x04 => ("the cryptographic processor of the storage has failed", Class::Storage),
        0x05 => ("the term of the storage has ended: replace it", Class::Storage),
        0x06 => ("the archive of the storage is full: replace it", Class::Storage),
        0x07 => ("date or time do not follow the last document: check the register's clock", Class::Clock),
        0x08 => ("the storage has no such data", Class::NoData),
        0x09 => ("the storage refuses the value of a parameter", Class::Parameters),
        0x0a => ("the command is wrong for the format of fiscal data", Class::Parameters),
        0x0b => ("a requisite is wrong", Class::Parameters),
        0x0c => ("a requisite comes twice", Class::Parameters),
        0x0d => ("a requisite that the document needs is missing", Class::Parameters),
        0x0e => ("more items than a receipt may have", Class::Parameters),
        0x10 => ("the tags are too long", Class::Parameters),
        0x11 => ("no connection with the operator of fiscal data", Class::Operator),
        0x12 => ("the cryptographic processor is used up: close the fiscal mode", Class::Storage),
        0x14 => {
            ("no room for documents that the operator has not taken: connect the register", Class::Operator)
        }
        0x15 => {
            ("documents wait for the operator for more than 30 days: connect the register", Class::Operator)
        }
        0x16 => ("the shift has lasted more than 24 hours: close it", Class::ShiftExpired),
        0x17 => ("the clock differs by more than 5 minutes from the storage's: set it", Class::Clock),
        0x18 => ("a requisite of the item is wrong", Class::Parameters),
        0x19 => ("a requisite contradicts the registration", Class::Parameters),
        0xa0 => ("work with marking codes is off", Class::Marking),
        0xa1 => ("marking commands came in the wrong order", Class::Marking),
        0xa2 => ("work with marking codes is blocked for now", Class::Marking),
        0xa3 => ("no room for more checked marking codes", Class::Marking),
        0xaa => ("tags that the marking code needs are missing", Class::Marking),
        0xac => ("the marking code has been checked already", Class::Marking),
        0xa4..=0xb2 => ("the storage refuses the marking code", Class::Marking),
        _ => UNKNOWN,
    }
}

/// Codes of fiscal memory and electronic journal.
fn older(code: u8) -> (&'static str, Class) {
    match code {
        0x01 => ("fiscal memory or clock is broken", Class::Storage),
        0x02 | 0x03 => ("fiscal memory is missing", Class::Storage),
        0x04 | 0x07 | 0x09 | 0x0a => ("fiscal memory refuses a parameter", Class::Parameters),
        0x05 | 0x19 => ("fiscal memory has no such data", Class::NoData),
        0x06 => ("fiscal memory is giving out data", Class::State),
        0x08 => ("fiscal memory does not know the command", Class::Unsupported),
        0x0b | 0x1c | 0x1d | 0x1f => ("fiscal memory is damaged", Class::Storage),
        0x0c | 0x0d | 0x14 | 0x1a | 0x1e => ("fiscal memory is full", Class::Storage),
        0x11 => ("no licence was entered", Class::Device),
        0x12 => ("the factory number was entered already", Class::Device),
        0x13 => ("the date is before the last record", Class::Clock),
        0x15 => ("a shift is open", Class::ShiftOpen),
        0x16 => ("no shift is open", Class::ShiftClosed),
        0x17 | 0x18 => ("the first of a range is behind its last", Class::Parameters),
        0x1b => ("no factory number was entered", Class::Device),
        0xa0 => ("no connection with the electronic journal", Class::Storage),
        0xa1 => ("the electronic journal is missing", Class::Storage),
        0xa2 => ("the electronic journal refuses a parameter", Class::Parameters),
        0xa3 => ("the electronic journal is in another state", Class::State),
        0xa4 | 0xa5 => ("the electronic journal has failed", Class::Storage),
        0xa6 | 0xa7 => ("the electronic journal is used up: replace it", Class::Storage),
        0xa8 => ("date or time are wrong for the electronic journal", Class::Clock),
        0xa9 => ("the electronic journal has no such data", Class::NoData),
        0xaa => ("the document is below zero", Class::Sums),
        0xaf => ("the electronic journal gave wrong data", Class::Storage),
        0xb0 => ("the quantity is too great for the electronic journal", Class::Parameters),
        0xb1 => ("the sum is too great for the electronic journal", Class::Parameters),
        0xb2 => ("the electronic journal is activated already", Class::State),
        _ => UNKNOWN,
    }
}

/// Codes of the register itself.
fn register(code: u8) -> (&'static str, Class) {
    match code {
        0x20 => ("the operator's message was refused by the storage", Class::Operator),
        0x23 | 0x24 => ("the server that updates the keys gave no good answer", Class::Marking),
        0x26 | 0x27 => ("records of the fiscal memory are damaged", Class::Storage),
        0x2b => ("the last command can not be cancelled", Class::State),
        0x2c => ("no shift is open, or it was closed already", Class::ShiftClosed),
        0x2d => ("less was sold in the department than is taken off", Class::Sums),
        0x2e | 0x46 => ("not enough cash in the drawer", Class::Sums),
        0x2f => ("the storage did not answer in time", Class::Storage),
        0x30 => ("the storage refused the command, or keys must be updated", Class::Storage),
        0x31 | 0x32 => ("the link between register and storage is disturbed", Class::Storage),
        0x33 => ("a parameter of the command is wrong", Class::Parameters),
        0x34 => ("the register has no such data", Class::NoData),
        0x35 => ("a parameter contradicts the settings of the register", Class::Parameters),
        0x36 => ("a parameter is wrong for this model", Class::Parameters),
        0x37 => ("this model does not know the command", Class::Unsupported),
        0x38 | 0x39 | 0x74 => ("the register's memory or firmware has failed", Class::Device),
        0x3c => ("a shift is open", Class::ShiftOpen),
        0x3d => ("no shift is open", Class::ShiftClosed),
        0x3a | 0x3b | 0x3e | 0x3f | 0x47 | 0x4c | 0x51..=0x54 | 0x6f | 0x84..=0x89 => {
            ("a counter of the shift is full: close the shift", Class::Overflow)
        }
        0x40..=0x44 | 0x48 | 0x4b | 0x5b | 0x60..=0x63 | 0x7f | 0x8a | 0x8b => {
            ("a number is too great for the receipt", Class::Parameters)
        }
        0x45 => ("less was paid than the receipt comes to", Class::Sums),
        0x49 => ("not possible in a receipt of this kind", Class::DocumentOpen),
        0x4a => ("a receipt is open", Class::DocumentOpen),
        0x4d => ("more was paid without cash than the receipt comes to", Class::Sums),
        0x4e => ("the shift has lasted more than 24 hours: close it", Class::ShiftExpired),
        0x4f => ("the password is wrong", Class::Password),
        0x50 => ("the last command is still being printed", Class::Printing),
        0x55 => ("no receipt is open", Class::DocumentClosed),
        0x56 => ("there is no document to repeat", Class::NoData),
        0x58 => ("it waits for the command to go on printing", Class::ContinuePrint),
        0x59 => ("another operator has opened the document", Class::DocumentOpen),
        0x5a | 0x5f | 0x8c | 0x8d => ("the receipt or a part of it would be below zero", Class::Sums),
        0x5c | 0x6a | 0x75 | 0xc2 => ("the power supply is wrong", Class::Printer),
        0x5d => ("there is no such table", Class::Parameters),
        0x5e | 0x9b => ("the operation is wrong here", Class::State),
        0x64 => ("the fiscal storage is missing", Class::Storage),
        0x65 | 0x68 | 0x6d => ("a counter holds less than is taken off", Class::Sums),
        0x66 | 0x69 | 0x6e => {
            ("a counter of the department or tax is full: close the shift", Class::Overflow)
        }
        0x67 | 0x80..=0x83 => ("no connection with the fiscal storage", Class::Storage),
        0x6b => ("no receipt paper", Class::Paper),
        0x6c => ("no journal paper", Class::Paper),
        0x70 => ("the fiscal memory is full", Class::Storage),
        0x71 => ("the cutter is jammed", Class::Printer),
        0x72 => ("not possible in this submode", Class::State),
        0x73 => ("not possible in this mode", Class::State),
        0x76 | 0x77 | 0xc8 => ("the printing mechanism gives no signal", Class::Printer),
        0x78 | 0x79 => ("firmware or fiscal memory was replaced: service", Class::Device),
        0x7a | 0xc7 => ("the field can not be changed now", Class::State),
        0x7b => ("the hardware has failed", Class::Device),
        0x7c => ("the date is not the one that was set", Class::Clock),
        0x7d => ("the date is no date", Class::Clock),
        0x7e => ("the length of the command is wrong", Class::Parameters),
        0x8e => ("the receipt comes to zero", Class::Sums),
        0x8f => ("the register is not registered", Class::Device),
        0x90..=0x92 => ("the text does not fit", Class::Parameters),
        0x93 => ("the memory was restored after a failure", Class::Device),
        0x94 => ("no more items fit into the receipt", Class::Parameters),
        0x96 => ("the shift must be closed first", Class::ShiftOpen),
        0x9c => ("the code of the item was not found", Class::Marking),
        0x9d | 0x9e => ("the data of the item are wrong", Class::Marking),
        0xc0 => ("date and time must be confirmed", Class::Clock),
        0xc3 | 0xcb => ("the totals of receipt and memory differ", Class::Sums),
        0xc4 => ("the numbers of the shift differ", Class::State),
        0xc9 => ("the print head is too hot", Class::Printer),
        0xca => ("too hot or too cold to work", Class::Printer),
        0xce => ("the register's memory is full", Class::Device),
        0xcf => ("the date is wrong: set it", Class::Clock),
        0xd1 => ("there is no document in the buffer", Class::NoData),
        0xd3 => ("the marking code was not given out, or is out of circulation", Class::Marking),
        0xd4 => ("the marking code is wrong", Class::Marking),
        _ => UNKNOWN,
    }
}

const UNKNOWN: (&str, Class) = ("the register's documentation has no such error", Class::Other);
