//! Tasks: the commands of the register.
//!
//! A task is `password2 | command | parameters`. Numbers are BCD, texts in [`super::text`]'s
//! character set, money in kopecks. Layouts: kurbatov/atol4j (`command`), AlexObukhoff/TerminalClient
//! (`AtolFRBase`, `AtolOnlineFRBase`), the Delphi unit `dant_AtolFRDevice`; where they disagree the
//! item says so.

use core::time::Duration;

use thiserror::Error;

use super::bcd::{self, BcdError};
use super::text::{self, NoSuchCharacter};
use super::tlv::{Tlv, TlvError};
use crate::fiscal::DateTime;

/// A command of the register. Modes are those it is allowed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// 3F: the whole state; see [`super::answer::Status`].
    Status,
    /// 45: mode and printer; see [`super::answer::ShortStatus`].
    ShortStatus,
    /// A5: what it is; see [`super::answer::DeviceInfo`].
    DeviceInfo,
    /// 56: enter a mode. The password is a number of up to 8 digits (30 is the system administrator).
    EnterMode(Mode, u32),
    /// 48: leave the mode.
    LeaveMode,
    /// 9A: open the shift (mode 1); the text is printed, empty for none.
    OpenShift(String),
    /// 92: open a receipt (mode 1).
    OpenReceipt {
        /// What it does.
        kind: ReceiptKind,
        /// Whether it goes on paper. That bit 2 of the flags keeps it off paper is
        /// TerminalClient's reading; atol4j has bit 1.
        print: bool,
    },
    /// EA: begin an item. Attributes set from here on are the item's.
    BeginItem,
    /// EB: the item.
    EndItem(Item),
    /// 99: a payment in kopecks; see [`super::answer::Paid`].
    Payment(PaymentKind, i64),
    /// 4A: close the receipt. A sum of 0 pays what is left.
    CloseReceipt(PaymentKind, i64),
    /// 59: cancel the open receipt.
    CancelReceipt,
    /// 5A: close the shift (mode 3).
    CloseShift,
    /// 67: a report that changes nothing (mode 2).
    Report(Report),
    /// 49: cash into the drawer, kopecks (mode 1).
    CashIn(i64),
    /// 4F: cash out of the drawer, kopecks (mode 1).
    CashOut(i64),
    /// 4D: the cash in the drawer; see [`super::answer::drawer_cash`].
    DrawerCash,
    /// 91: a register, with its two parameters; see [`register`].
    ReadRegister(u8, u8, u8),
    /// A4 10: the storage's shift; see [`super::storage::Shift`].
    StorageShift,
    /// A4 20: exchange with the operator of fiscal data; see [`super::storage::Exchange`].
    StorageExchange,
    /// A4 30: state of the storage; see [`super::storage::StorageStatus`].
    StorageStatus,
    /// A4 31: number of the storage; see [`super::storage::number`].
    StorageNumber,
    /// A4 32: end of the storage's life; see [`super::storage::Validity`].
    StorageValidity,
    /// A4 45: begin to read the document of this number; see [`super::document::Reader`].
    BeginDocument(u32, ByteOrder),
    /// A4 46: read on in the document.
    ReadDocument,
    /// E8: an attribute of the receipt, or of the item after [`Task::BeginItem`].
    SetAttribute {
        /// Whether it is printed too.
        print: bool,
        /// The attribute.
        attribute: Tlv,
    },
    /// E9: an attribute as set; the tag, and the block of a long one.
    GetAttribute(u16, u8),
    /// 4C: a line of text.
    Text(String),
    /// C1: a QR code of UTF-8, in the middle (atol4j `PrintBarcodeCommand`).
    Qr(String),
    /// 6C: the header's lines: the end of a non-fiscal document.
    Cliche,
    /// 75: cut; the layout of atol4j and the Delphi unit, 0 for a full cut, 1 for a partial one.
    Cut {
        /// Leave no bridge.
        full: bool,
    },
    /// 80: open the drawer.
    OpenDrawer,
    /// 95: the last document once more.
    CopyOfLast,
    /// 55: print what is in the storage but not on paper (atol4j `RetryReportCommand`).
    ContinuePrint,
    /// ED: set the clock, shift closed. A date ahead of the register's may have to be sent twice
    /// ([`super::errors::Class::Clock`], code 16).
    SetClock(DateTime),
}

/// Registers of [`Task::ReadRegister`]; those that are one number are read by
/// [`super::answer::register`].
pub mod register {
    /// Payments of the shift by receipt kind and payment kind; 6 bytes, kopecks.
    pub const PAYMENTS: u8 = 0x03;
    /// Number of receipts of the shift by receipt kind; 2 bytes.
    pub const RECEIPTS: u8 = 0x06;
    /// Cash in the drawer; 7 bytes, kopecks.
    pub const DRAWER_CASH: u8 = 0x0a;
    /// The shift: state, and a date and time; see [`super::super::answer::ShiftInfo`].
    pub const SHIFT: u8 = 0x12;
    /// Serial number of the register; 7 bytes, 14 digits with the zeros in front.
    pub const SERIAL: u8 = 0x16;
    /// The sum that is never cleared, by receipt kind; 7 bytes, kopecks.
    pub const GRAND_TOTAL: u8 = 0x28;
    /// Documents not yet sent to the operator of fiscal data; 3 bytes.
    pub const UNSENT: u8 = 0x2c;
    /// The last receipt; see [`super::super::answer::LastReceipt`].
    pub const LAST_RECEIPT: u8 = 0x33;
    /// Versions of the fiscal data format; see [`super::super::answer::Formats`].
    pub const FORMATS: u8 = 0x36;
    /// The reason of the last error; see [`super::super::answer::LastError`].
    pub const LAST_ERROR: u8 = 0x37;
}

/// A mode of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// 0: none.
    Choice,
    /// 1: receipts.
    Registration,
    /// 2: reports that clear nothing.
    Reports,
    /// 3: closing the shift.
    Closing,
    /// 4: settings.
    Programming,
    /// 5: serial number, inspection.
    Inspection,
    /// 6: the fiscal storage.
    Storage,
    /// 7: an extra command is being done.
    Extra,
}

impl Mode {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The mode of a number.
    pub fn from_code(code: u8) -> Option<Self> {
        use Mode::*;
        [Choice, Registration, Reports, Closing, Programming, Inspection, Storage, Extra]
            .get(usize::from(code))
            .copied()
    }
}

/// What a receipt does. The codes of corrections are the constants `LIBFPTR_RT_*` of the vendor's
/// driver 10, whose other receipt types are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptKind {
    /// 1
    Sell = 1,
    /// 2
    SellReturn = 2,
    /// 4
    Buy = 4,
    /// 5
    BuyReturn = 5,
    /// 7
    SellCorrection = 7,
    /// 8
    SellReturnCorrection = 8,
    /// 9
    BuyCorrection = 9,
    /// 10
    BuyReturnCorrection = 10,
}

impl ReceiptKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Sell,
        Self::SellReturn,
        Self::Buy,
        Self::BuyReturn,
        Self::SellCorrection,
        Self::SellReturnCorrection,
        Self::BuyCorrection,
        Self::BuyReturnCorrection,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a number; `None` for 0, no receipt.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How a receipt is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentKind {
    /// 1: cash.
    Cash = 1,
    /// 2: by card or the like.
    Electronic = 2,
    /// 3: with an advance.
    Prepaid = 3,
    /// 4: later.
    Credit = 4,
    /// 5: in kind.
    Other = 5,
}

impl PaymentKind {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A report of [`Task::Report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Report {
    /// 1: the X report.
    X = 1,
    /// 9: state of the settlements, a fiscal document.
    Settlements = 9,
}

/// The order of the four bytes of a document number in A4 45.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// First the high byte.
    #[default]
    Big,
    /// First the low byte, as the fiscal storage itself has it (TerminalClient `getFiscalFields`).
    Little,
}

/// An item of a receipt: `flags | price7 | quantity5 | cost7 | tax1 | taxsum7 | department1 | subject1 |
/// method1 | sign1 | discount7 | 2 reserved | name`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Name, up to 128 characters.
    pub name: String,
    /// Price of a unit in kopecks.
    pub price: i64,
    /// Quantity in millionths; the wire has thousandths.
    pub quantity: i64,
    /// Price times quantity after discount, kopecks.
    pub cost: i64,
    /// The VAT: its number in the register, which for rates of 10, 18/20 % and none is that of tag 1199.
    pub vat: u8,
    /// The sum of the VAT in kopecks; 0 lets the register count.
    pub vat_sum: i64,
    /// The department; 0 is the first.
    pub department: u8,
    /// What it is, tag 1212, up to 99; on the wire in BCD.
    pub subject: u8,
    /// How it is paid, tag 1214; on the wire in BCD.
    pub method: u8,
    /// A discount that is only printed, kopecks; below zero a surcharge.
    pub discount: i64,
}

/// Why a task can't be told to the register.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TaskError {
    /// A number that has no place.
    #[error("{field}: {source}")]
    Number {
        /// Which.
        field: &'static str,
        /// Why.
        source: BcdError,
    },
    /// A text with a character that the register has not.
    #[error("{field}: {source}")]
    Text {
        /// Which.
        field: &'static str,
        /// The character.
        source: NoSuchCharacter,
    },
    /// A text that is too long.
    #[error("{field} has {length} characters; {most} are the most")]
    TooLong {
        /// Which.
        field: &'static str,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// An attribute that can't be told.
    #[error(transparent)]
    Attribute(#[from] TlvError),
}

impl Task {
    /// [`Task::ReadRegister`] without parameters.
    pub fn register(number: u8) -> Self {
        Self::ReadRegister(number, 0, 0)
    }

    /// The first byte of the command: what its answer is read by, and what a trace is told by.
    pub fn command(&self) -> u8 {
        self.head().first().copied().unwrap_or_default()
    }

    /// How long the register may work on it (atol4j `Timeout.T5`, the greater of these and the times of
    /// TerminalClient).
    pub fn answer_within(&self) -> Duration {
        Duration::from_secs(match self.command() {
            0x4a | 0x59 => 20,
            0x5a | 0x67 => 120,
            0x91 => 45,
            0xea | 0xeb => 50,
            _ => 10,
        })
    }

    /// Whether it only asks: such a task may be repeated at any time.
    pub fn only_asks(&self) -> bool {
        matches!(
            self,
            Self::Status
                | Self::ShortStatus
                | Self::DeviceInfo
                | Self::DrawerCash
                | Self::ReadRegister(..)
                | Self::StorageShift
                | Self::StorageExchange
                | Self::StorageStatus
                | Self::StorageNumber
                | Self::StorageValidity
                | Self::GetAttribute(..)
        )
    }

    /// The task with the password of the register's access (0 where none is set).
    ///
    /// # Errors
    /// [`TaskError`], naming the field.
    pub fn encode(&self, password: u16) -> Result<Vec<u8>, TaskError> {
        let mut out = Vec::with_capacity(64);
        put(&mut out, "password", i64::from(password), 2)?;
        out.extend_from_slice(self.head());
        self.parameters(&mut out)?;
        Ok(out)
    }

    fn head(&self) -> &'static [u8] {
        match self {
            Self::Status => &[0x3f],
            Self::ShortStatus => &[0x45],
            Self::DeviceInfo => &[0xa5],
            Self::EnterMode(..) => &[0x56],
            Self::LeaveMode => &[0x48],
            Self::OpenShift(_) => &[0x9a],
            Self::OpenReceipt { .. } => &[0x92],
            Self::BeginItem => &[0xea],
            Self::EndItem(_) => &[0xeb],
            Self::Payment(..) => &[0x99],
            Self::CloseReceipt(..) => &[0x4a],
            Self::CancelReceipt => &[0x59],
            Self::CloseShift => &[0x5a],
            Self::Report(_) => &[0x67],
            Self::CashIn(_) => &[0x49],
            Self::CashOut(_) => &[0x4f],
            Self::DrawerCash => &[0x4d],
            Self::ReadRegister(..) => &[0x91],
            Self::StorageShift => &[0xa4, 0x10],
            Self::StorageExchange => &[0xa4, 0x20],
            Self::StorageStatus => &[0xa4, 0x30],
            Self::StorageNumber => &[0xa4, 0x31],
            Self::StorageValidity => &[0xa4, 0x32],
            Self::BeginDocument(..) => &[0xa4, 0x45],
            Self::ReadDocument => &[0xa4, 0x46],
            Self::SetAttribute { .. } => &[0xe8],
            Self::GetAttribute(..) => &[0xe9],
            Self::Text(_) => &[0x4c],
            Self::Qr(_) => &[0xc1],
            Self::Cliche => &[0x6c],
            Self::Cut { .. } => &[0x75],
            Self::OpenDrawer => &[0x80],
            Self::CopyOfLast => &[0x95],
            Self::ContinuePrint => &[0x55],
            Self::SetClock(_) => &[0xed],
        }
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        match self {
            Self::EnterMode(mode, password) => {
                out.push(mode.code());
                put(out, "password of the mode", i64::from(*password), 4)?;
            }
            Self::OpenShift(line) => {
                out.push(EXECUTE);
                put_text(out, "text of the shift", line, 255)?;
            }
            Self::OpenReceipt { kind, print } => {
                out.extend_from_slice(&[if *print { EXECUTE } else { OFF_PAPER }, kind.code()]);
            }
            Self::BeginItem => out.extend_from_slice(&[EXECUTE, 0x01, 0x00]),
            Self::EndItem(item) => item.put(out)?,
            Self::Payment(kind, sum) | Self::CloseReceipt(kind, sum) => {
                out.extend_from_slice(&[EXECUTE, kind.code()]);
                put(out, "payment", *sum, 5)?;
            }
            Self::Report(report) => out.push(*report as u8),
            Self::CashIn(sum) | Self::CashOut(sum) => {
                out.push(EXECUTE);
                put(out, "cash", *sum, 5)?;
            }
            Self::ReadRegister(number, first, second) => out.extend_from_slice(&[*number, *first, *second]),
            Self::BeginDocument(number, order) => out.extend_from_slice(&match order {
                ByteOrder::Big => number.to_be_bytes(),
                ByteOrder::Little => number.to_le_bytes(),
            }),
            Self::SetAttribute { print, attribute } => {
                // One block of one, the first.
                out.extend_from_slice(&[u8::from(*print), 1, 0]);
                attribute.encode(out)?;
            }
            Self::GetAttribute(tag, block) => {
                out.extend_from_slice(&tag.to_le_bytes());
                out.push(*block);
            }
            Self::Text(line) => put_text(out, "text", line, 255)?,
            Self::Qr(data) => {
                // QR, centred, scale 1, version and correction as it likes, UTF-8.
                out.extend_from_slice(&[0, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
                out.extend_from_slice(data.as_bytes());
            }
            Self::Cut { full } => out.push(u8::from(!full)),
            Self::SetClock(clock) => {
                let date = clock.date();
                let numbers = [
                    date.day(),
                    date.month(),
                    date.short_year(),
                    clock.hour(),
                    clock.minute(),
                    clock.second(),
                ];
                for number in numbers {
                    put(out, "clock", i64::from(number), 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Flags: do it, don't only check it.
const EXECUTE: u8 = 0;
const OFF_PAPER: u8 = 4;

impl Item {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let quantity = bcd::thousandths(self.quantity);
        let quantity = quantity.map_err(|source| TaskError::Number { field: "quantity", source })?;
        out.push(EXECUTE);
        put(out, "price", self.price, 7)?;
        put(out, "quantity", quantity, 5)?;
        put(out, "cost", self.cost, 7)?;
        out.push(self.vat);
        put(out, "vat sum", self.vat_sum, 7)?;
        out.push(self.department);
        put(out, "subject", i64::from(self.subject), 1)?;
        put(out, "method", i64::from(self.method), 1)?;
        out.push(u8::from(self.discount < 0));
        put(out, "discount", self.discount.checked_abs().unwrap_or(i64::MAX), 7)?;
        out.extend_from_slice(&[0, 0]);
        put_text(out, "name", &self.name, 128)
    }
}

fn put(out: &mut Vec<u8>, field: &'static str, value: i64, size: usize) -> Result<(), TaskError> {
    bcd::put(value, size, out).map_err(|source| TaskError::Number { field, source })
}

fn put_text(out: &mut Vec<u8>, field: &'static str, value: &str, most: usize) -> Result<(), TaskError> {
    let bytes = text::encode(value).map_err(|source| TaskError::Text { field, source })?;
    if bytes.len() > most {
        return Err(TaskError::TooLong { field, length: bytes.len(), most });
    }
    out.extend_from_slice(&bytes);
    Ok(())
}
