//! Answers of the register, each by its command.
//!
//! Most begin `55 | error`. Others have a first byte of their own, and 55 then means that the task
//! failed: 44 for the status, 4D for the cash in the drawer, the error code itself for what the device
//! is. Layouts: AlexObukhoff/TerminalClient (`AtolFRBase`, `AtolOnlineFRBase`), kurbatov/atol4j
//! (`command/common/request`), the Delphi unit `dant_AtolFRDevice`.

use thiserror::Error;

use super::bcd;
use super::datetime;
use super::errors::Code;
use super::task::{Mode, ReceiptKind};
use super::text;
use super::tlv::{self, Tlv, TlvError};
use crate::fiscal::DateTime;

/// Why an answer says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// The register did not do it.
    #[error("the register refuses: {0}")]
    Refused(Code),
    /// The answer ends too early.
    #[error("the answer has {length} bytes; {what} needs {least}")]
    Short {
        /// Of what.
        what: &'static str,
        /// How long it is.
        length: usize,
        /// How long it must be.
        least: usize,
    },
    /// A field that can't be what it says.
    #[error("the answer's {0} can't be read")]
    Field(&'static str),
    /// An attribute that can't be read.
    #[error(transparent)]
    Attribute(#[from] TlvError),
}

impl AnswerError {
    /// The register's code, where it refused.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(code) => Some(*code),
            _ => None,
        }
    }
}

const ANSWER: u8 = 0x55;

/// What follows `55 00` of a usual answer.
///
/// # Errors
/// [`AnswerError::Refused`] for any other code but 01, [`AnswerError::Short`], and
/// [`AnswerError::Field`] for a first byte that is not 55.
pub fn accept(answer: &[u8]) -> Result<&[u8], AnswerError> {
    match answer {
        [ANSWER, 0 | 1, rest @ ..] => Ok(rest),
        &[ANSWER, code, ..] => Err(AnswerError::Refused(Code(code))),
        &[first, ..] if first != ANSWER => Err(AnswerError::Field("first byte")),
        _ => Err(short("an answer", answer, 2)),
    }
}

/// The whole state: the answer to [`super::task::Task::Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Number of the cashier.
    pub cashier: u8,
    /// The register's clock.
    pub clock: Option<DateTime>,
    /// Bit 0: it is registered with the tax service.
    pub registered: bool,
    /// Bit 1: a shift is open.
    pub shift_open: bool,
    /// Bit 2: the drawer is open.
    pub drawer_open: bool,
    /// Bit 3: there is paper (atol4j's reading; [`ShortStatus::paper_out`] is sure).
    pub paper: bool,
    /// Bit 5: the cover is open.
    pub cover_open: bool,
    /// Bit 6: the fiscal storage is active.
    pub storage_active: bool,
    /// Bit 7: the battery is low.
    pub battery_low: bool,
    /// Serial number, its last 8 digits.
    pub serial: i64,
    /// Number of the model.
    pub model: u8,
    /// The mode; `None` for a number that is none.
    pub mode: Option<Mode>,
    /// What goes on in the mode; 0 is nothing.
    pub submode: u8,
    /// Number of the receipt.
    pub receipt_number: i64,
    /// Number of the last closed shift.
    pub closed_shift: i64,
    /// What receipt is open: its code, 0 for none.
    pub receipt_state: u8,
    /// Sum of the receipt in kopecks.
    pub receipt_sum: i64,
}

impl Status {
    /// Reads `44 | cashier1 | place1 | date3 | time3 | flags1 | serial4 | model1 | version2 | mode1 |
    /// receipt2 | shift2 | receipt state1 | sum5 | point1 | port1`; the last two may be missing. The
    /// first byte may be anything but 55.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::own("the status", answer, 28)?;
        let cashier = fields.bcd("cashier", 1)? as u8;
        fields.take(1);
        let clock = datetime::from_bcd(fields.take(6));
        let flags = fields.byte();
        let serial = fields.bcd("serial number", 4)?;
        let model = fields.byte();
        fields.take(2);
        let mode = fields.byte();
        let on = |bit: u8| flags & bit != 0;
        Ok(Self {
            cashier,
            clock,
            registered: on(0x01),
            shift_open: on(0x02),
            drawer_open: on(0x04),
            paper: on(0x08),
            cover_open: on(0x20),
            storage_active: on(0x40),
            battery_low: on(0x80),
            serial,
            model,
            mode: Mode::from_code(mode & 0x0f),
            submode: mode >> 4,
            receipt_number: fields.bcd("receipt number", 2)?,
            closed_shift: fields.bcd("shift number", 2)?,
            receipt_state: fields.byte(),
            receipt_sum: fields.bcd("receipt sum", 5)?,
        })
    }

    /// The receipt that is open; `None` when there is none or its kind is unknown.
    pub fn open_receipt(&self) -> Option<ReceiptKind> {
        ReceiptKind::from_code(self.receipt_state)
    }

    /// Whether any receipt is open.
    pub fn receipt_open(&self) -> bool {
        self.receipt_state != 0
    }
}

/// Mode and printer: the answer to [`super::task::Task::ShortStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortStatus {
    /// The mode; `None` for a number that is none.
    pub mode: Option<Mode>,
    /// What goes on in the mode; 0 is nothing.
    pub submode: u8,
    /// Bit 0: no paper.
    pub paper_out: bool,
    /// Bit 1: no link with the printer.
    pub printer_lost: bool,
    /// Bit 2: mechanical error of the printer.
    pub printer_error: bool,
    /// Bit 3: the cutter is jammed.
    pub cutter_error: bool,
    /// Bit 4: the head is too hot.
    pub overheated: bool,
    /// Bit 6: another error of the printer.
    pub other_error: bool,
    /// Bit 7: the roll is near its end.
    pub paper_low: bool,
}

impl ShortStatus {
    /// Reads `55 | mode1 | flags1`: there is no error code.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        match *answer {
            [_, mode, flags, ..] => {
                let on = |bit: u8| flags & bit != 0;
                Ok(Self {
                    mode: Mode::from_code(mode & 0x0f),
                    submode: mode >> 4,
                    paper_out: on(0x01),
                    printer_lost: on(0x02),
                    printer_error: on(0x04),
                    cutter_error: on(0x08),
                    overheated: on(0x10),
                    other_error: on(0x40),
                    paper_low: on(0x80),
                })
            }
            [ANSWER, code] => Err(AnswerError::Refused(Code(code))),
            _ => Err(short("the short status", answer, 3)),
        }
    }
}

/// What the device is: the answer to [`super::task::Task::DeviceInfo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Version of the protocol.
    pub protocol: u8,
    /// Kind of device; 1 is a register.
    pub kind: u8,
    /// Number of the model.
    pub model: u8,
    /// Version and build of the firmware, as sent.
    pub version: [u8; 5],
    /// Its name.
    pub name: String,
}

impl DeviceInfo {
    /// Reads `error1 | protocol1 | kind1 | model1 | mode2 | version5 | name`, also behind a 55.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let rest = match answer {
            [ANSWER, ..] => accept(answer)?,
            [0, rest @ ..] => rest,
            &[code, ..] => return Err(AnswerError::Refused(Code(code))),
            [] => return Err(short("the device's description", answer, 11)),
        };
        let mut fields = Fields::new("the device's description", rest, 10)?;
        let [protocol, kind, model] = [fields.byte(), fields.byte(), fields.byte()];
        fields.take(2);
        let mut version = [0; 5];
        version.copy_from_slice(fields.take(5));
        Ok(Self { protocol, kind, model, version, name: text::decode(fields.rest()).trim().to_owned() })
    }
}

/// What is left to pay: the answer to [`super::task::Task::Payment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// Still to be paid, kopecks.
    pub left: i64,
    /// Change, kopecks.
    pub change: i64,
}

impl Paid {
    /// Reads `55 | error | 00 | left5 | change5`; the 00 may be missing. `Ok(None)` when the register
    /// only says that it is done.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Option<Self>, AnswerError> {
        let sums = match accept(answer)? {
            [0, sums @ ..] if sums.len() == 10 => sums,
            sums if sums.len() == 10 => sums,
            _ => return Ok(None),
        };
        let mut fields = Fields::new("a payment", sums, 10)?;
        Ok(Some(Self { left: fields.bcd("rest", 5)?, change: fields.bcd("change", 5)? }))
    }
}

/// The cash in the drawer in kopecks: the answer to [`super::task::Task::DrawerCash`], `4D | sum7`.
///
/// # Errors
/// [`AnswerError`].
pub fn drawer_cash(answer: &[u8]) -> Result<i64, AnswerError> {
    Fields::own("the cash in the drawer", answer, 8)?.bcd("sum", 7)
}

/// A register that is one BCD number: [`super::task::register`].
///
/// # Errors
/// [`AnswerError`].
pub fn register(answer: &[u8]) -> Result<i64, AnswerError> {
    let digits = accept(answer)?;
    if digits.is_empty() {
        return Err(short("a register", answer, 3));
    }
    bcd::get(digits).ok_or(AnswerError::Field("number"))
}

/// The last receipt: register 33.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReceipt {
    /// Its number as a fiscal document.
    pub document: u32,
    /// What it did: a code of [`ReceiptKind`].
    pub kind: u8,
    /// Its total in kopecks.
    pub total: i64,
    /// When, to the minute.
    pub at: Option<DateTime>,
    /// Its fiscal sign.
    pub sign: u32,
}

impl LastReceipt {
    /// Reads `55 | 00 | document BCD5 | kind1 | total BCD7 | date and time BCD5 | sign BCD5`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the last receipt", accept(answer)?, 23)?;
        let number = |number: i64, field| u32::try_from(number).map_err(|_| AnswerError::Field(field));
        Ok(Self {
            document: number(fields.bcd("document number", 5)?, "document number")?,
            kind: fields.byte(),
            total: fields.bcd("total", 7)?,
            at: datetime::from_bcd(fields.take(5)),
            sign: number(fields.bcd("fiscal sign", 5)?, "fiscal sign")?,
        })
    }
}

/// The shift: register 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftInfo {
    /// 0 closed, 1 open, 2 open for more than 24 hours.
    pub state: u8,
    /// While it is open, when it expires (the vendor's driver 10 says so of its query of the shift;
    /// TerminalClient reads it once so and once as the opening).
    pub at: Option<DateTime>,
}

impl ShiftInfo {
    /// Reads `55 | 00 | state1 | day, month, year, hour, minute, second in BCD`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        let mut fields = Fields::new("the shift", accept(answer)?, 7)?;
        let state = fields.byte();
        let &[day, month, year, hour, minute, second] = fields.take(6) else {
            return Err(AnswerError::Field("date"));
        };
        Ok(Self { state, at: datetime::from_bcd(&[year, month, day, hour, minute, second]) })
    }
}

/// Versions of the fiscal data format: register 36. 1 is 1.0, 2 is 1.05, 3 is 1.1, 4 is 1.2 (tag 1209).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats {
    /// That of the register.
    pub register: u8,
    /// That of the fiscal storage.
    pub storage: u8,
}

impl Formats {
    /// Reads `55 | 00 | register1 | storage1 | ...`.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        match *accept(answer)? {
            [register, storage, ..] => Ok(Self { register, storage }),
            _ => Err(short("the formats", answer, 4)),
        }
    }
}

/// Why the last task failed: register 37.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastError {
    /// The command that failed.
    pub command: u16,
    /// Why; see [`super::errors::extended_text`].
    pub reason: u16,
}

impl LastError {
    /// Reads `55 | 00 | command2 | reason2 | ...`, high bytes first.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn parse(answer: &[u8]) -> Result<Self, AnswerError> {
        match *accept(answer)? {
            [high, low, reason_high, reason_low, ..] => Ok(Self {
                command: u16::from_be_bytes([high, low]),
                reason: u16::from_be_bytes([reason_high, reason_low]),
            }),
            _ => Err(short("the last error", answer, 6)),
        }
    }
}

/// An attribute as set: the answer to [`super::task::Task::GetAttribute`] for the first block, with how
/// many blocks there are.
///
/// # Errors
/// [`AnswerError`]; [`AnswerError::Attribute`] also where the attribute goes on in another block.
pub fn attribute(answer: &[u8]) -> Result<(u8, Tlv), AnswerError> {
    let mut fields = Fields::new("an attribute", accept(answer)?, 5)?;
    let blocks = fields.byte();
    let attribute = tlv::list(fields.rest())?.into_iter().next();
    Ok((blocks, attribute.ok_or(AnswerError::Field("attribute"))?))
}

/// A cursor over an answer whose length has been checked.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// `bytes` with at least `least` of them.
    pub(super) fn new(what: &'static str, bytes: &'a [u8], least: usize) -> Result<Self, AnswerError> {
        if bytes.len() < least { Err(short(what, bytes, least)) } else { Ok(Self { bytes }) }
    }

    /// An answer of at least `least` bytes that begins with a byte of its own, which is skipped.
    fn own(what: &'static str, answer: &'a [u8], least: usize) -> Result<Self, AnswerError> {
        match answer {
            &[ANSWER, code, ..] => Err(AnswerError::Refused(Code(code))),
            [_, rest @ ..] if answer.len() >= least => Ok(Self { bytes: rest }),
            _ => Err(short(what, answer, least)),
        }
    }

    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    pub(super) fn little_endian(&mut self, count: usize) -> u32 {
        self.take(count).iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.bytes
    }

    fn bcd(&mut self, field: &'static str, count: usize) -> Result<i64, AnswerError> {
        bcd::get(self.take(count)).ok_or(AnswerError::Field(field))
    }
}

fn short(what: &'static str, bytes: &[u8], least: usize) -> AnswerError {
    AnswerError::Short { what, length: bytes.len(), least }
}
