//! Why a task is refused.
//!
//! Codes and their meaning: the table of errors in the vendor's protocol manual (version 3.x), as
//! `AtolOnlineFRConstants.h` of AlexObukhoff/TerminalClient and `Errors` of kurbatov/atol4j have
//! it.

/// A code, and the code of register 55 when it is [`Refusal::EXTENDED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: u8,
    pub extended: u16,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl Refusal {
            $($(#[$doc])* pub const $name: Self = Self { code: $code, extended: 0 };)*
        }
    };
}

codes! {
    /// Wrong price or sum.
    PRICE = 0x08;
    /// Wrong quantity.
    QUANTITY = 0x0A;
    /// Wrong format, a half byte that is no digit for instance.
    FORMAT = 0x13;
    /// Wrong length.
    LENGTH = 0x14;
    /// A date is to be confirmed by giving it again.
    CONFIRM_DATE = 0x16;
    /// The date and time are to be checked.
    CHECK_CLOCK = 0x1F;
    /// The clock is before the storage's last document.
    CLOCK_BEFORE_STORAGE = 0x20;
    /// The buffer of the receipt is full.
    RECEIPT_FULL = 0x3F;
    /// Not in this mode.
    MODE = 0x66;
    /// No paper.
    PAPER = 0x67;
    /// Wrong kind of receipt.
    RECEIPT_KIND = 0x6A;
    /// There is no such register.
    REGISTER = 0x6C;
    /// More paid without cash than the receipt comes to.
    NON_CASH_OVER = 0x71;
    /// The operation before is not finished.
    UNFINISHED = 0x76;
    /// This model can't.
    UNSUPPORTED = 0x7A;
    /// Wrong department.
    DEPARTMENT = 0x7D;
    /// Wrong kind of payment.
    PAYMENT = 0x7E;
    /// The product is too large.
    OVERFLOW = 0x7F;
    /// Less paid than the receipt comes to.
    PAID_LESS = 0x86;
    /// The shift is older than 24 hours.
    SHIFT_OLD = 0x88;
    /// Wrong password.
    PASSWORD = 0x8C;
    /// There is nothing to close: the shift is closed already.
    NOTHING_TO_CLOSE = 0x8F;
    /// There is no such table.
    TABLE = 0x91;
    /// There is no such row.
    ROW = 0x92;
    /// There is no such field, or no such attribute.
    FIELD = 0x93;
    /// No such date.
    DATE = 0x94;
    /// No such time.
    TIME = 0x95;
    /// Not so much cash in the drawer.
    NO_CASH = 0x98;
    /// No receipt is open.
    RECEIPT_CLOSED = 0x9A;
    /// A receipt is open.
    RECEIPT_OPEN = 0x9B;
    /// The shift is open.
    SHIFT_OPEN = 0x9C;
    /// There is no such report.
    REPORT = 0xA3;
    /// There is nothing to print again.
    NO_REPORT = 0xAA;
    /// The archive of the storage is full.
    STORAGE_FULL = 0xD8;
    /// The storage has no such data.
    NO_DATA = 0xDA;
    /// An attribute is larger than the storage takes.
    TLV = 0xE8;
}

impl Refusal {
    /// The code that says: ask register 55.
    const EXTENDED: u8 = 0xEE;

    /// More than one position in a correction.
    pub const ONE_POSITION: Self = Self { code: Self::EXTENDED, extended: 0x0101 };
    /// There is no such tax rate.
    pub const TAX: Self = Self { code: Self::EXTENDED, extended: 0x0104 };
    /// There is no such payment method or object.
    pub const PAYMENT_METHOD: Self = Self { code: Self::EXTENDED, extended: 0x0105 };
    /// The attribute is there already.
    pub const TAG_TWICE: Self = Self { code: Self::EXTENDED, extended: 0x0201 };
    /// An attribute that the operation needs is missing.
    pub const TAG_MISSING: Self = Self { code: Self::EXTENDED, extended: 0x0206 };
    /// An attribute of a position outside a position.
    pub const NO_POSITION: Self = Self { code: Self::EXTENDED, extended: 0x0207 };
    /// An attribute of the receipt inside a position.
    pub const IN_POSITION: Self = Self { code: Self::EXTENDED, extended: 0x0208 };
    /// No room for more attributes.
    pub const TAGS_FULL: Self = Self { code: Self::EXTENDED, extended: 0x020A };
}
