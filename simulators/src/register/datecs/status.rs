//! The status bytes at the end of each answer.
//!
//! Sources: *Programmer's Manual FMP-350X ... WP-25X*, version 2.08, "Status bits"; *Fiscal printer
//! programming interface* FP-800 ... FP-700, version 1.00BG, description of status bytes 0 to 5.

/// Bits of the first six status bytes, each as `1 << (8 * byte + bit)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits(u64);

impl Bits {
    pub const NONE: Bits = Bits(0);
    pub const SYNTAX: Bits = Bits::at(0, 0);
    pub const UNKNOWN_COMMAND: Bits = Bits::at(0, 1);
    pub const CLOCK_NOT_SET: Bits = Bits::at(0, 2);
    pub const GENERAL_ERROR: Bits = Bits::at(0, 5);
    pub const COVER_OPEN: Bits = Bits::at(0, 6);
    pub const OVERFLOW: Bits = Bits::at(1, 0);
    pub const NOT_PERMITTED: Bits = Bits::at(1, 1);
    /// More than 24 hours since the day's first receipt: Romanian firmware only.
    pub const DAY_OVER: Bits = Bits::at(1, 2);
    /// A storno receipt is open: models P only.
    pub const STORNO_OPEN: Bits = Bits::at(1, 4);
    pub const NO_PAPER: Bits = Bits::at(2, 0);
    pub const NEAR_END: Bits = Bits::at(2, 1);
    pub const JOURNAL_FULL: Bits = Bits::at(2, 2);
    pub const FISCAL_OPEN: Bits = Bits::at(2, 3);
    pub const PLAIN_OPEN: Bits = Bits::at(2, 5);
    pub const TAX_NUMBER_SET: Bits = Bits::at(4, 1);
    pub const NUMBERS_SET: Bits = Bits::at(4, 2);
    pub const MEMORY_FULL: Bits = Bits::at(4, 4);
    pub const MEMORY_ERROR: Bits = Bits::at(4, 5);
    pub const FORMATTED: Bits = Bits::at(5, 1);
    pub const FISCAL_MODE: Bits = Bits::at(5, 3);
    pub const RATES_SET: Bits = Bits::at(5, 4);

    /// Marked `#` in the manuals: any of them raises 0.5.
    const ERRORS: Bits = Bits::SYNTAX.and(Bits::UNKNOWN_COMMAND).and(Bits::NOT_PERMITTED).and(Bits::NO_PAPER);

    const fn at(byte: u32, bit: u32) -> Bits {
        Bits(1 << (8 * byte + bit))
    }

    /// Both.
    pub const fn and(self, other: Bits) -> Bits {
        Bits(self.0 | other.0)
    }

    /// These, if a condition holds.
    pub const fn when(self, condition: bool) -> Bits {
        if condition { self } else { Bits::NONE }
    }

    /// As status bytes: bit 7 of each is always 1; 0.5 and 4.5 are raised by those they sum up.
    pub fn bytes(self, count: usize) -> Vec<u8> {
        let errors = Bits::GENERAL_ERROR.when(self.0 & Bits::ERRORS.0 != 0);
        let memory = Bits::MEMORY_ERROR.when(self.0 & Bits::MEMORY_FULL.0 != 0);
        let all = self.and(errors).and(memory).0.to_le_bytes();
        all.into_iter().take(count).map(|byte| byte | 0x80).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Bits = Bits::TAX_NUMBER_SET
        .and(Bits::NUMBERS_SET)
        .and(Bits::FORMATTED)
        .and(Bits::FISCAL_MODE)
        .and(Bits::RATES_SET);

    #[test]
    fn a_fiscalised_device_with_an_open_plain_receipt_has_the_bytes_of_the_manual() {
        // X 2.08, "Wrapped messages", the example of an answer.
        let bytes = READY.and(Bits::PLAIN_OPEN).bytes(8);
        assert_eq!(bytes, [0x80, 0x80, 0xA0, 0x80, 0x86, 0x9A, 0x80, 0x80]);
    }

    #[test]
    fn no_paper_is_a_general_error_and_an_open_receipt_is_not() {
        assert_eq!(Bits::NO_PAPER.bytes(6), [0xA0, 0x80, 0x81, 0x80, 0x80, 0x80]);
        assert_eq!(Bits::FISCAL_OPEN.bytes(6), [0x80, 0x80, 0x88, 0x80, 0x80, 0x80]);
        assert_eq!(Bits::MEMORY_FULL.bytes(6)[4], 0xB0);
    }
}
