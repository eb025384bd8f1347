//! Label printer models: data, read from TOML.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Language, Printer};

/// A label printer model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelModel {
    /// Name in configurations: `[a-z0-9-]{1,64}`.
    pub id: String,
    /// The vendor's name of the model.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Where the figures are from.
    pub source: String,
    /// Command language.
    pub language: Language,
    /// Dots an inch: 203, 300 or 600.
    pub dpi: u16,
    /// Dots of its head.
    pub dots: u16,
    /// Whether TSPL's `ESC ! S` is answered.
    #[serde(default)]
    pub details: bool,
}

impl LabelModel {
    /// Reads a model from TOML text and checks its values.
    ///
    /// # Errors
    /// What is wrong, with line and column or the key.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let model: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let id_ok = (1..=64).contains(&model.id.len())
            && model.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_ok {
            return Err(format!("{:?}: id must be 1 to 64 of a-z, 0-9 and -", model.id));
        }
        if model.source.trim().is_empty() {
            return Err(format!("{}: source must name the document the figures are from", model.id));
        }
        if !matches!(model.dpi, 203 | 300 | 600) {
            return Err(format!("{}: dpi is {}; there are 203, 300 and 600", model.id, model.dpi));
        }
        if !(160..=5_200).contains(&model.dots) {
            return Err(format!("{}: dots must be 160 to 5200", model.id));
        }
        Ok(model)
    }

    /// What the encoder must know; labels come out the usual way round.
    pub fn printer(&self) -> Printer {
        Printer { language: self.language, dpi: self.dpi, dots: self.dots, turned: false }
    }
}

/// All models, in the order of their names.
pub fn all() -> &'static [LabelModel] {
    &MODELS
}

/// The model of this name.
pub fn find(id: &str) -> Option<&'static LabelModel> {
    all().iter().find(|model| model.id == id)
}

static MODELS: LazyLock<Vec<LabelModel>> = LazyLock::new(|| {
    let files = [
        include_str!("models/generic-epl.toml"),
        include_str!("models/generic-tspl.toml"),
        include_str!("models/generic-tspl-58.toml"),
        include_str!("models/generic-zpl.toml"),
        include_str!("models/tsc-te200.toml"),
        include_str!("models/tsc-te300.toml"),
        include_str!("models/zebra-gk420d.toml"),
        include_str!("models/zebra-lp-2824-plus.toml"),
        include_str!("models/zebra-zd220.toml"),
    ];
    files.iter().filter_map(|text| LabelModel::from_toml(text).ok()).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_model_and_they_are_in_order() {
        let ids: Vec<&str> = all().iter().map(|model| model.id.as_str()).collect();
        assert_eq!(ids.len(), 9, "{ids:?}");
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
