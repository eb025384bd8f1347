//! Models, as data: what they have beside the printer.
//!
//! The protocol is one for all of the platform of 2016 and later (models with an F in their name). What a
//! table can't know, the register says itself: columns (register 18), format of fiscal data (register 36).

use outlet_protocols::fiscal::VatType;

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The word of the configuration.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// It has a port for a cash drawer.
    pub drawer: bool,
    /// It cuts the paper by itself; else a person tears it off.
    pub cutter: bool,
}

/// The model of a register that names none.
pub const DEFAULT: &str = "atol";

/// All models. Drawer and cutter are those of the maker's data sheets; the portable ones have neither.
pub const MODELS: &[Model] = &[
    Model { id: DEFAULT, name: "ATOL", drawer: true, cutter: true },
    Model { id: "atol-15f", name: "ATOL 15F", drawer: false, cutter: false },
    Model { id: "atol-20f", name: "ATOL 20F", drawer: true, cutter: true },
    Model { id: "atol-22ptk", name: "ATOL FPrint-22PTK", drawer: true, cutter: true },
    Model { id: "atol-25f", name: "ATOL 25F", drawer: true, cutter: true },
    Model { id: "atol-30f", name: "ATOL 30F", drawer: true, cutter: false },
    Model { id: "atol-50f", name: "ATOL 50F", drawer: true, cutter: true },
    Model { id: "atol-55f", name: "ATOL 55F", drawer: true, cutter: true },
    Model { id: "atol-77f", name: "ATOL 77F", drawer: true, cutter: true },
    Model { id: "atol-90f", name: "ATOL 90F", drawer: false, cutter: false },
    Model { id: "atol-91f", name: "ATOL 91F", drawer: false, cutter: false },
    Model { id: "atol-92f", name: "ATOL 92F", drawer: false, cutter: false },
];

/// A model by its word.
pub fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

/// The number of a rate in the register's table of taxes, where the configuration gives no other: that of
/// tag 1199. Firmware older than a rate has no row for it and refuses it.
pub fn vat(kind: VatType) -> Option<u8> {
    kind.tag_1199()
}
