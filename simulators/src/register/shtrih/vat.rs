//! VAT bytes of `FF46` and what stands in tag 1199 (vendor's driver, `VatTable.txt`; sheet).

use super::VatBytes;

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    /// The byte of `FF46`.
    pub byte: u8,
    /// Tag 1199.
    pub tag: u8,
    /// On paper.
    pub name: &'static str,
    /// The tax in a sum is sum * part / whole.
    pub part: i64,
    pub whole: i64,
}

const fn rate(byte: u8, tag: u8, name: &'static str, part: i64, whole: i64) -> Rate {
    Rate { byte, tag, name, part, whole }
}

const COMMON: [Rate; 9] = [
    rate(0x01, 1, "НДС 20%", 20, 120),
    rate(0x02, 2, "НДС 10%", 10, 110),
    rate(0x04, 5, "НДС 0%", 0, 100),
    rate(0x08, 6, "БЕЗ НДС", 0, 100),
    rate(0x10, 3, "НДС 20/120", 20, 120),
    rate(0x20, 4, "НДС 10/110", 10, 110),
    rate(0x81, 7, "НДС 5%", 5, 105),
    rate(0x82, 8, "НДС 7%", 7, 107),
    rate(0x84, 9, "НДС 5/105", 5, 105),
];

const CURRENT: [Rate; 3] = [
    rate(0x90, 10, "НДС 7/107", 7, 107),
    rate(0xCB, 11, "НДС 22%", 22, 122),
    rate(0xCC, 12, "НДС 22/122", 22, 122),
];

const OTHER: [Rate; 3] = [
    rate(0x88, 10, "НДС 7/107", 7, 107),
    rate(0x90, 11, "НДС 22%", 22, 122),
    rate(0xA0, 12, "НДС 22/122", 22, 122),
];

/// The rate of a byte; 0 stands for "none", as in the old commands.
pub(super) fn of_byte(bytes: VatBytes, byte: u8) -> Option<Rate> {
    let own = match bytes {
        VatBytes::Current => &CURRENT,
        VatBytes::Other => &OTHER,
    };
    let byte = if byte == 0 { 0x08 } else { byte };
    COMMON.iter().chain(own).find(|rate| rate.byte == byte).copied()
}

/// The rate of a tax group of the old commands, 1 to 4 (vendor's driver: group n is byte
/// 2 to the n - 1).
pub(super) fn of_group(group: u8) -> Option<Rate> {
    match group {
        0 => of_byte(VatBytes::Current, 0x08),
        1..=6 => of_byte(VatBytes::Current, 1 << (group - 1)),
        _ => None,
    }
}

/// The tax in a sum, kopecks, rounded to the nearest.
pub(super) fn tax(rate: Rate, sum: i64) -> i64 {
    (sum * rate.part * 2 + rate.whole) / (rate.whole * 2)
}
