//! Answers of the fiscal storage, behind `55 00`.
//!
//! Numbers are plain and little-endian, as in the storage's own protocol; layouts by
//! AlexObukhoff/TerminalClient (`AtolOnlineFRBase`) and kurbatov/atol4j (`request/fiscal`).

use super::answer::{AnswerError, Fields, accept};
use super::{datetime, text};
use crate::fiscal::{Date, DateTime};

/// The storage's shift: A4 10. atol4j reads the numbers as BCD, high byte last; they are the same up
/// to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Whether one is open.
    pub open: bool,
    /// Its number, or that of the last one.
    pub number: u16,
    /// How many receipts it has.
    pub receipts: u16,
}

impl Shift {
    /// Reads `state1 | shift2 | receipts2`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the storage's shift", accept(answer)?, 5)?;
        Ok(Self {
            open: fields.byte() != 0,
            number: fields.little_endian(2) as u16,
            receipts: fields.little_endian(2) as u16,
        })
    }
}

/// Exchange with the operator of fiscal data: A4 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// Bit 0: connected.
    pub connected: bool,
    /// Bit 1: there is something to send.
    pub to_send: bool,
    /// Bit 2: an answer is awaited.
    pub awaits_answer: bool,
    /// How many documents wait.
    pub unsent: u16,
    /// The first of them; 0 for none.
    pub first_document: u32,
    /// When it was made.
    pub first_at: Option<DateTime>,
}

impl Exchange {
    /// Reads `state1 | reading1 | count2 | first document4 | date and time5`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the exchange", accept(answer)?, 13)?;
        let state = fields.byte();
        fields.take(1);
        let unsent = fields.little_endian(2) as u16;
        let first_document = fields.little_endian(4);
        let first_at = (first_document != 0).then(|| datetime::from_binary(fields.take(5))).flatten();
        let on = |bit: u8| state & bit != 0;
        Ok(Self {
            connected: on(0x01),
            to_send: on(0x02),
            awaits_answer: on(0x04),
            unsent,
            first_document,
            first_at,
        })
    }
}

/// State of the storage: A4 30.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageStatus {
    /// Phase of its life: 1 ready, 3 in use, 7 archive closed, 15 read only.
    pub phase: u8,
    /// The document being made; 0 for none.
    pub current_document: u8,
    /// Whether its data are in the storage.
    pub document_data: bool,
    /// Whether a shift is open.
    pub shift_open: bool,
    /// Bits: 1 to be replaced within 3 days, 2 within 30, 4 nine tenths full, 8 the operator's
    /// answers are overdue, 80 critical.
    pub warnings: u8,
    /// When the last document was made, to the minute.
    pub last_at: Option<DateTime>,
    /// Its number, 16 digits.
    pub number: String,
    /// Number of the last document.
    pub last_document: u32,
}

impl StorageStatus {
    /// Reads `phase1 | document1 | data1 | shift1 | warnings1 | date and time5 | number16 | last
    /// document4`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the storage's state", accept(answer)?, 30)?;
        Ok(Self {
            phase: fields.byte(),
            current_document: fields.byte(),
            document_data: fields.byte() != 0,
            shift_open: fields.byte() != 0,
            warnings: fields.byte(),
            last_at: datetime::from_binary(fields.take(5)),
            number: text::decode_866(fields.take(16)).trim().to_owned(),
            last_document: fields.little_endian(4),
        })
    }
}

/// Number of the storage: A4 31, 16 digits.
///
/// # Errors
/// [`AnswerError`].
pub fn number(answer: &[u8]) -> Result<String, AnswerError> {
    let mut fields = Fields::new("the storage's number", accept(answer)?, 16)?;
    Ok(text::decode_866(fields.take(16)).trim().to_owned())
}

/// End of the storage's life: A4 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its last day.
    pub until: Option<Date>,
    /// Registrations left.
    pub registrations_left: u8,
    /// Registrations made.
    pub registrations_made: u8,
}

impl Validity {
    /// Reads `year, month, day | left1 | made1`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the storage's life", accept(answer)?, 5)?;
        Ok(Self {
            until: datetime::from_binary(fields.take(3)).map(DateTime::date),
            registrations_left: fields.byte(),
            registrations_made: fields.byte(),
        })
    }
}
