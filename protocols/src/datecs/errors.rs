//! The error codes of the wide frame.

use std::fmt;

/// The first parameter of an answer in the wide frame when it is not 0 (*X manual*, "Error codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i32);

/// What can be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Put in paper.
    Paper,
    /// Close the cover.
    Cover,
    /// The printer or its cutter, power or head.
    Printer,
    /// The command or a parameter is wrong.
    BadCommand,
    /// The operator's number or password is wrong.
    Password,
    /// A Z report has to be printed first: the shift is older than 24 hours, or the change asks for it.
    ShiftExpired,
    /// A receipt is open that should not be.
    ReceiptOpen,
    /// No receipt is open.
    ReceiptClosed,
    /// The receipt is in another phase: payment has begun, or has not.
    ReceiptPhase,
    /// A sum or quantity is not possible.
    Amount,
    /// Not enough cash in the drawer.
    NoCash,
    /// The kind of payment is not allowed.
    Payment,
    /// The clock.
    Clock,
    /// The fiscal memory.
    FiscalMemory,
    /// The electronic journal or its card.
    Journal,
    /// What was asked for does not exist: no more lines, no such document.
    NotFound,
    /// The tax server has not been reached for too long, or blocked the register.
    TaxServer,
    /// The payment terminal of the register.
    PinPad,
    /// Busy, or not ready yet.
    NotReady,
    /// Not allowed, or not now.
    NotPermitted,
    /// Everything else.
    Other,
}

impl ErrorCode {
    /// What can be done about it.
    pub fn class(self) -> Class {
        match self.0.wrapping_neg() {
            100_403 | 111_548 => Class::Paper,
            100_404 => Class::Cover,
            100_400..=100_499 | 102_006 => Class::Printer,
            101_004 | 101_010..=101_012 | 101_015 | 102_016 | 110_300 | 110_301 | 111_000..=111_002 => {
                Class::BadCommand
            }
            111_004..=111_005 | 111_008..=111_010 | 111_023 | 111_069 | 111_074 | 111_083..=111_085 => {
                Class::BadCommand
            }
            102_002 | 111_076 | 110_111 => Class::Password,
            104_000 | 110_811 | 111_024 => Class::ShiftExpired,
            111_015 | 111_046 | 111_047 | 111_067 => Class::ReceiptOpen,
            111_016 | 111_020 => Class::ReceiptClosed,
            111_018 | 111_050 | 111_051 | 111_066 | 111_081 => Class::ReceiptPhase,
            111_017 | 110_814 => Class::NoCash,
            111_022 | 111_057 | 111_058 | 111_061 => Class::Payment,
            111_006 | 111_007 | 111_011..=111_014 | 111_019 | 111_021 | 111_030..=111_034 => Class::Amount,
            111_052..=111_056 | 111_059 | 111_063..=111_065 | 111_068 | 111_071 | 111_079 => Class::Amount,
            111_089 | 111_090 | 111_092..=111_094 => Class::Amount,
            100_508 | 101_008 | 102_019 | 111_077 => Class::Clock,
            100_100..=100_254 | 100_505 | 102_012 => Class::FiscalMemory,
            100_503 | 100_510 | 102_007 | 102_008 | 105_001..=105_999 => Class::Journal,
            100_003..=100_005 | 105_000 => Class::NotFound,
            110_200..=110_299 => Class::TaxServer,
            111_026..=111_029 | 111_073 | 111_086 | 111_500..=111_799 => Class::PinPad,
            100_008 | 101_007 => Class::NotReady,
            100_007 | 101_003 | 101_006 | 101_014 | 101_017 | 104_003 | 111_003 => Class::NotPermitted,
            _ => Class::Other,
        }
    }

    /// Whether the register only says that there is nothing more to read.
    pub fn is_end_of_data(self) -> bool {
        self.0 == -100_003
    }

    /// What happened, in plain words; `None` for codes that are only of interest to a workshop.
    pub fn meaning(self) -> Option<&'static str> {
        let code = self.0.wrapping_neg();
        MEANINGS
            .binary_search_by_key(&code, |(known, _)| *known)
            .ok()
            .and_then(|at| MEANINGS.get(at))
            .map(|m| m.1)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(f, "error {}: {meaning}", self.0),
            None => write!(f, "error {} ({:?})", self.0, self.class()),
        }
    }
}

/// In the order of the codes.
const MEANINGS: &[(i32, &str)] = &[
    (100_003, "there is no more data"),
    (100_004, "there is no such element"),
    (100_005, "there are no records"),
    (100_007, "the register is in another mode, such as training"),
    (100_008, "the register is not ready"),
    (100_100, "the fiscal memory is busy"),
    (100_101, "the fiscal memory can't be read or written"),
    (100_105, "the fiscal memory is not connected"),
    (100_114, "the fiscal memory is full"),
    (100_116, "the fiscal memory is blocked"),
    (100_400, "the printer's power supply failed"),
    (100_401, "the printer's power supply failed"),
    (100_402, "the print head is too hot"),
    (100_403, "out of paper"),
    (100_404, "the cover is open"),
    (100_405, "the paper ends soon"),
    (100_407, "the cutter failed"),
    (100_503, "the memory card of the journal failed"),
    (100_505, "the fiscal memory can't be read or written"),
    (100_508, "the clock failed"),
    (101_003, "the operation is rejected"),
    (101_004, "a parameter is wrong"),
    (101_006, "the operation is not possible"),
    (101_007, "the operation took too long"),
    (101_008, "the time is not possible"),
    (101_011, "the data is not possible"),
    (101_017, "no permission"),
    (102_000, "the battery is low"),
    (102_002, "the operator's password is wrong"),
    (102_006, "the printer is not connected"),
    (102_007, "there is no memory card for the journal"),
    (102_009, "the tax rates are not set"),
    (102_012, "the number of the fiscal memory is not set"),
    (102_017, "the tax number is not set"),
    (102_019, "the time is before the last Z report"),
    (102_020, "the register asks for its software password"),
    (104_000, "a Z report has to be printed first"),
    (104_003, "the operation is forbidden"),
    (104_004, "a service technician is needed"),
    (105_000, "the journal has no such records"),
    (105_001, "the journal can't be written"),
    (105_008, "the journal is of another register"),
    (105_009, "the journal is nearly full"),
    (105_010, "the journal is full"),
    (105_012, "the journal is not ready"),
    (110_104, "the register is not fiscalised"),
    (110_108, "the shift is open"),
    (110_109, "the shift is closed"),
    (110_202, "documents are not sent to the tax server yet"),
    (110_209, "the register is not registered with the tax server"),
    (110_210, "blocked: the tax server was not reached for too long"),
    (110_217, "blocked: too many Z reports are not sent"),
    (110_219, "the tax server blocked the register"),
    (110_225, "blocked: sales were not sent to the tax server"),
    (110_226, "blocked: no receipt was sent to the tax server for 24 hours"),
    (110_811, "the shift is older than 24 hours"),
    (110_814, "not enough cash in the drawer"),
    (111_002, "a parameter is wrong"),
    (111_003, "the operation is not possible now"),
    (111_005, "the tax group is not in use"),
    (111_006, "price times quantity is too large"),
    (111_008, "no such item group"),
    (111_009, "no such department"),
    (111_011, "the turnover of the item is too large"),
    (111_013, "the sums of the day are too large"),
    (111_014, "the sum of the receipt is too large"),
    (111_015, "a receipt is open"),
    (111_016, "no receipt is open"),
    (111_017, "not enough cash in the drawer"),
    (111_018, "payment has begun"),
    (111_019, "the receipt has as many sales as it can take"),
    (111_020, "the receipt has no sales"),
    (111_021, "a turnover would be negative"),
    (111_024, "the shift is older than 24 hours"),
    (111_025, "the range of invoice numbers is used up"),
    (111_030, "price times quantity is zero"),
    (111_031, "a value is too large"),
    (111_032, "a value is wrong"),
    (111_033, "the price is too large"),
    (111_034, "the price is wrong"),
    (111_046, "a non-fiscal receipt is open"),
    (111_047, "a fiscal receipt is open"),
    (111_050, "payment has not begun"),
    (111_051, "the receipt is of another kind"),
    (111_052, "the sum of the receipt is at its limit"),
    (111_053, "the sum is no multiple of the smallest coin"),
    (111_054, "the payment is more than what is due"),
    (111_061, "this kind of payment is forbidden"),
    (111_063, "the sum is more than the receipt"),
    (111_064, "the sum is less than the receipt"),
    (111_065, "the sum of the receipt is zero"),
    (111_067, "a storno receipt is open"),
    (111_068, "no sum was given"),
    (111_072, "the receipt has more than one tax group"),
    (111_073, "the payment terminal failed"),
    (111_075, "taxation is switched off"),
    (111_076, "no operator is logged in"),
    (111_077, "the clock is before the last record of the fiscal memory"),
    (111_079, "the quantity must be whole"),
    (111_081, "a subtotal has to come before the payment"),
    (111_092, "a voucher gives no change"),
    (111_094, "a storno receipt gives no change"),
    (111_555, "the payment terminal is not connected"),
    (111_558, "the payment terminal was cut off, or the same payment came twice"),
    (111_560, "it is not known whether the payment terminal took the money"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_stand_in_the_order_of_their_codes() {
        assert!(MEANINGS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
