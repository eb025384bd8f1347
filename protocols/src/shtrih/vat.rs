//! The VAT byte of an item, which differs by model and firmware.
//!
//! Registers that were updated for 2026 may put 22% for 20% by themselves: field 71 of table 17 is 1 for
//! that, 2 for taking the rate as it is sent (vendor's answer in `shtrih-m/fr_drv_ng` issue 328). A driver
//! that sends 22% reads that field first.

use std::collections::BTreeMap;

use crate::fiscal::VatType;

/// Registers before the rates of 2025: tax groups 1 to 6 as bits.
pub const GROUPS: [(VatType, u8); 6] = [
    (VatType::Vat20, 0x01),
    (VatType::Vat10, 0x02),
    (VatType::Vat0, 0x04),
    (VatType::None, 0x08),
    (VatType::Vat120, 0x10),
    (VatType::Vat110, 0x20),
];

/// What registers with the rates of 2025 and 2026 have beside [`GROUPS`]. The vendor's
/// `Doc/VatTable.txt` gives 90 (hex) for 7/107, and one model has 90 and A0 for 22% and 22/122.
pub const SINCE_2025: [(VatType, u8); 6] = [
    (VatType::Vat5, 0x81),
    (VatType::Vat7, 0x82),
    (VatType::Vat105, 0x84),
    (VatType::Vat107, 0x88),
    (VatType::Vat22, 0xcb),
    (VatType::Vat122, 0xcc),
];

/// What byte of [`super::command::Item`] stands for which rate on a model: data of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VatBytes(pub BTreeMap<VatType, u8>);

impl Default for VatBytes {
    /// [`GROUPS`] and [`SINCE_2025`].
    fn default() -> Self {
        Self(GROUPS.into_iter().chain(SINCE_2025).collect())
    }
}

impl VatBytes {
    /// The byte for a rate; `None` where the model doesn't have it.
    pub fn byte(&self, vat: VatType) -> Option<u8> {
        self.0.get(&vat).copied()
    }

    /// The tax group 1 to 4 of commands `80` to `87` for a rate: the first four bits.
    pub fn group(&self, vat: VatType) -> Option<u8> {
        match self.byte(vat)? {
            0x01 => Some(1),
            0x02 => Some(2),
            0x04 => Some(3),
            0x08 => Some(4),
            _ => None,
        }
    }
}
