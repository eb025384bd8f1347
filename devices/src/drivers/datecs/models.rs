//! Register models: which command set they speak, and how wide their paper is.

use outlet_protocols::datecs::dialect::Name;

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The word of the configuration.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// Its command set.
    pub dialect: Name,
    /// Characters of a line of free text in a receipt: the columns less the two `#` at the edges.
    pub columns: usize,
}

/// The model of a device that names none.
pub const DEFAULT: &str = "datecs-x";

/// A model by its id.
pub fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

const fn model(id: &'static str, name: &'static str, dialect: Name, columns: usize) -> Model {
    Model { id, name, dialect, columns }
}

/// Command sets are those that the maker's manuals name for each model (see
/// [`outlet_protocols::datecs`]). Where the columns are a setting of the register, the narrowest stands here.
pub const MODELS: &[Model] = &[
    model("datecs-x", "Datecs, X series (Bulgaria)", Name::X, 40),
    model("datecs-ro", "Datecs, Romanian firmware", Name::Ro, 40),
    model("datecs-p", "Datecs, P series (Bulgaria)", Name::P, 40),
    model("datecs-c", "Datecs, C series (Bulgaria)", Name::C, 36),
    model("datecs-fp-700x", "Datecs FP-700X", Name::X, 40),
    model("datecs-fmp-350x", "Datecs FMP-350X", Name::X, 40),
    model("datecs-fmp-55x", "Datecs FMP-55X", Name::X, 30),
    model("datecs-fp-800", "Datecs FP-800", Name::P, 40),
    model("datecs-fp-2000", "Datecs FP-2000", Name::P, 40),
    model("datecs-fp-650", "Datecs FP-650", Name::P, 40),
    model("datecs-dp-25", "Datecs DP-25", Name::C, 36),
    model("datecs-dp-150", "Datecs DP-150", Name::C, 36),
    model("datecs-wp-50", "Datecs WP-50", Name::C, 36),
];
