//! Why a command is not carried out, with the vendor's codes.
//!
//! Source: Datecs, *Programmer's Manual FMP-350X ... WP-25X*, version 2.08, "Error codes" and
//! "Status bits". Where the manual doesn't say which of several codes a command gives, the choice is
//! marked [?].

use super::status::Bits;

/// A command that is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    UnknownCommand,
    /// The form of a parameter, counted from 1.
    Syntax(u8),
    /// The value of a parameter, counted from 1.
    Value(u8),
    NotPermitted,
    /// The vendor's document has it, the simulator doesn't.
    NotSimulated,
    NoPaper,
    CoverOpen,
    ClockNotSet,
    ClockBehind,
    DayOver,
    JournalFull,
    MemoryFull,
    WrongPassword,
    ReceiptOpen,
    FiscalReceiptOpen,
    PlainReceiptOpen,
    ReceiptClosed,
    NoItems,
    TooManyItems,
    TaxDisabled,
    NoPrice,
    ProductTooBig,
    ProductZero,
    NegativeTurnover,
    PaymentStarted,
    PaymentNotStarted,
    PaidTooLittle,
    PaidAlready,
    PaymentTooBig,
    PaymentZero,
    PaymentForbidden,
    ForeignDisabled,
    ChangeInStorno,
    ReceiptTooBig,
    NoInvoice,
    BuyerGiven,
    BuyerMissing,
    NoCash,
    NotFound,
    EndOfData,
    NothingToPrint,
}

impl Refusal {
    /// The number in the answer of a wide-frame device.
    pub fn code(self) -> i32 {
        match self {
            Refusal::UnknownCommand => -112_000,
            Refusal::Syntax(parameter) => -112_100 - i32::from(parameter),
            Refusal::Value(parameter) => -112_200 - i32::from(parameter),
            Refusal::NotPermitted | Refusal::NotSimulated => -112_002,
            Refusal::NoPaper => -112_006,
            Refusal::CoverOpen => -112_007,
            Refusal::ClockNotSet => -112_004,
            Refusal::ClockBehind => -111_077,
            Refusal::DayOver => -111_024,
            Refusal::JournalFull => -105_010,
            Refusal::MemoryFull => -100_114,
            Refusal::WrongPassword => -102_002,
            Refusal::ReceiptOpen => -111_015,
            Refusal::FiscalReceiptOpen => -111_047,
            Refusal::PlainReceiptOpen => -111_046,
            Refusal::ReceiptClosed => -111_016,
            Refusal::NoItems => -111_020,
            Refusal::TooManyItems => -111_019,
            Refusal::TaxDisabled => -111_005,
            Refusal::NoPrice => -111_007,
            Refusal::ProductTooBig => -111_006,
            Refusal::ProductZero => -111_030,
            Refusal::NegativeTurnover => -111_021,
            Refusal::PaymentStarted => -111_018,
            Refusal::PaymentNotStarted => -111_050,
            Refusal::PaidTooLittle => -111_064,
            Refusal::PaidAlready => -111_003,
            Refusal::PaymentTooBig => -111_054,
            Refusal::PaymentZero => -111_068,
            Refusal::PaymentForbidden => -111_061,
            Refusal::ForeignDisabled => -111_057,
            Refusal::ChangeInStorno => -111_094,
            Refusal::ReceiptTooBig => -111_014,
            Refusal::NoInvoice => -111_051,
            Refusal::BuyerGiven => -111_048,
            Refusal::BuyerMissing => -111_049,
            Refusal::NoCash => -111_017,
            Refusal::NotFound => -100_004,
            Refusal::EndOfData => -100_003,
            Refusal::NothingToPrint => -100_009,
        }
    }

    /// What it raises in the status bytes of its own answer. A wide-frame device tells the rest by
    /// its code alone: a DP-25X refused a payment without receipt with no bit raised
    /// (erpnet/ErpNet.FP, issue 135). A one-byte device has 1.1 for all of it.
    pub fn bits(self, wide: bool) -> Bits {
        let own = match self {
            Refusal::UnknownCommand => Bits::UNKNOWN_COMMAND,
            Refusal::Syntax(_) => Bits::SYNTAX,
            Refusal::NoPaper => Bits::NO_PAPER,
            Refusal::CoverOpen => Bits::COVER_OPEN,
            Refusal::ClockNotSet => Bits::CLOCK_NOT_SET,
            Refusal::NotPermitted | Refusal::NotSimulated => Bits::NOT_PERMITTED,
            Refusal::ProductTooBig | Refusal::ReceiptTooBig => Bits::OVERFLOW.and(Bits::NOT_PERMITTED),
            _ => Bits::NONE,
        };
        match self {
            Refusal::UnknownCommand | Refusal::Syntax(_) | Refusal::NoPaper => own,
            _ if wide => own,
            _ => own.and(Bits::NOT_PERMITTED),
        }
    }

    /// A host that keeps to the vendor's document never gets it.
    pub fn is_violation(self) -> bool {
        matches!(
            self,
            Refusal::UnknownCommand | Refusal::Syntax(_) | Refusal::Value(_) | Refusal::NotSimulated
        )
    }

    /// The answer to command 100.
    pub fn name_of(code: i64) -> Option<&'static str> {
        Some(match code {
            -100_003 => "ERR_END_OF_DATA",
            -100_004 => "ERR_NOTFOUND",
            -100_009 => "ERR_NOTHING_TO_PRINT",
            -100_114 => "ERR_FM_FULL",
            -102_002 => "ERR_OPER_WRONG_PASSWORD",
            -105_010 => "ERR_EJ_FULL",
            -111_003 => "ERR_R_NPOSSIBLE",
            -111_005 => "ERR_R_PLU_VAT_DISABLE",
            -111_006 => "ERR_R_PLU_QTY_PRC",
            -111_007 => "ERR_R_PLU_NO_PRC",
            -111_014 => "ERR_R_BILL_TL_OVR",
            -111_015 => "ERR_R_OPEN_BON",
            -111_016 => "ERR_R_CLOSED_BON",
            -111_017 => "ERR_R_PAY_NOCASH",
            -111_018 => "ERR_R_PAY_STARTED",
            -111_019 => "ERR_R_OVF_TRZ_BUFF",
            -111_020 => "ERR_R_NO_TRANSACTIONS",
            -111_021 => "ERR_R_NEGATIVE_SUMVAT",
            -111_024 => "ERR_R_END_OF_24_HOUR_PERIOD",
            -111_030 => "ERR_R_PLU_QTY_PRC_TOO_LOW",
            -111_046 => "ERR_R_OPEN_NONFISCALBON",
            -111_047 => "ERR_R_OPEN_FISCALBON",
            -111_048 => "ERR_R_BUYERS_TIN_IS_ENTERED",
            -111_049 => "ERR_R_BUYERS_TIN_IS_NOT_ENTERED",
            -111_050 => "ERR_R_PAY_NOT_STARTED",
            -111_051 => "ERR_R_BON_TYPE_MISMATCH",
            -111_054 => "ERR_R_PAY_BIG_AMOUNT",
            -111_057 => "ERR_R_PAY_FOREIGN_DISABLED",
            -111_061 => "ERR_R_PAY_FORBIDDEN",
            -111_064 => "ERR_R_AMOUNT_SMALLER_BILLAMOUNT",
            -111_068 => "ERR_R_PAY_ZERO_AMOUNT",
            -111_077 => "ERR_R_WRONG_DATE_FM",
            -111_094 => "ERR_R_PAY_STORNO_RESTO",
            -112_000 => "ERR_FP_INVALID_COMMAND",
            -112_002 => "ERR_FP_COMMAND_NOT_PERMITTED",
            -112_004 => "ERR_FP_WRONG_DATE_TIME",
            -112_006 => "ERR_FP_NO_PAPER",
            -112_007 => "ERR_FP_COVER_IS_OPEN",
            -112_116..=-112_101 => "ERR_FP_SYNTAX_PARAM",
            -112_216..=-112_201 => "ERR_FP_BAD_PARAM",
            _ => return None,
        })
    }
}
