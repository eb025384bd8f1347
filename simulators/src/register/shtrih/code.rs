//! Error codes (protocol, table of error codes; vendor's driver, `messages_ru.txt`).
//!
//! In answers to commands FFxx the codes up to 20 are those of the fiscal storage.

/// An error byte.
pub(super) type Code = u8;

/// Storage: it isn't in the state that the command needs.
pub(super) const FN_STATE: Code = 0x02;
/// Storage: wrong date or time.
pub(super) const FN_DATE: Code = 0x07;
/// Storage: no such data.
pub(super) const FN_NO_DATA: Code = 0x08;
/// Storage: a parameter is wrong.
pub(super) const FN_PARAMETERS: Code = 0x09;
/// Storage: too much TLV data.
pub(super) const FN_TLV_SIZE: Code = 0x10;
/// Storage: no room for documents.
pub(super) const FN_FULL: Code = 0x14;
/// Storage: the shift is older than 24 hours.
pub(super) const FN_SHIFT_OLD: Code = 0x16;
/// Storage: commands on marking codes in the wrong order.
pub(super) const FN_MARK_ORDER: Code = 0xA1;
/// Storage: this marking code wasn't checked.
pub(super) const FN_MARK_UNKNOWN: Code = 0xAC;
/// Parameters are wrong.
pub(super) const PARAMETERS: Code = 0x33;
/// This device doesn't know the command.
pub(super) const UNSUPPORTED: Code = 0x37;
/// The shift isn't open.
pub(super) const SHIFT_CLOSED: Code = 0x3D;
/// The discount is out of range.
pub(super) const DISCOUNT_RANGE: Code = 0x40;
/// Paid less than the total.
pub(super) const PAID_LESS: Code = 0x45;
/// Not enough cash in the drawer.
pub(super) const NO_CASH: Code = 0x46;
/// The total is out of range.
pub(super) const TOTAL: Code = 0x48;
/// Not possible in an open receipt of this type.
pub(super) const RECEIPT_TYPE: Code = 0x49;
/// A receipt is open.
pub(super) const RECEIPT_OPEN: Code = 0x4A;
/// Paid more than the total without cash.
pub(super) const CASHLESS_OVER: Code = 0x4D;
/// The shift is older than 24 hours.
pub(super) const SHIFT_OLD: Code = 0x4E;
/// Wrong password.
pub(super) const PASSWORD: Code = 0x4F;
/// The previous command is still being printed.
pub(super) const PRINTING: Code = 0x50;
/// No receipt is open.
pub(super) const RECEIPT_CLOSED: Code = 0x55;
/// No document to repeat.
pub(super) const NOTHING_TO_REPEAT: Code = 0x56;
/// Waits for the command to go on printing.
pub(super) const CONTINUE: Code = 0x58;
/// The receipt was opened by another operator.
pub(super) const OTHER_OPERATOR: Code = 0x59;
/// The discount is more than the receipt.
pub(super) const DISCOUNT: Code = 0x5A;
/// No such table, row or field.
pub(super) const TABLE: Code = 0x5D;
/// Price times quantity is out of range.
pub(super) const PRODUCT: Code = 0x60;
/// The quantity is out of range.
pub(super) const QUANTITY: Code = 0x62;
/// The department is out of range.
pub(super) const DEPARTMENT: Code = 0x63;
/// No paper.
pub(super) const PAPER: Code = 0x6B;
/// Not in this submode.
pub(super) const SUBMODE: Code = 0x72;
/// Not in this mode.
pub(super) const MODE: Code = 0x73;
/// This field can't be written.
pub(super) const READ_ONLY: Code = 0x7A;
/// The date isn't the one that was set.
pub(super) const DATE_DIFFERS: Code = 0x7C;
/// No such date or time.
pub(super) const DATE_FORMAT: Code = 0x7D;
/// A length is wrong.
pub(super) const LENGTH: Code = 0x7E;
/// The total is zero.
pub(super) const TOTAL_ZERO: Code = 0x8E;
/// The date must be confirmed.
pub(super) const CONFIRM_DATE: Code = 0xC0;
/// The clock was reset: set the date.
pub(super) const CLOCK_RESET: Code = 0xCF;
