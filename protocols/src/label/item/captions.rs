//! The words on item labels: data, read from TOML.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The words of one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captions {
    /// Its name in configurations, such as `ro`.
    pub language: String,
    /// Between whole numbers and decimals.
    pub decimal: String,
    /// Unit of weight.
    pub kg: String,
    /// Unit of pieces.
    pub piece: String,
    /// Unit of nutrients.
    pub gram: String,
    /// Unit of energy.
    pub kcal: String,
    /// Above the price of a kilogram.
    pub price_kg: String,
    /// Above the price of a piece.
    pub price_piece: String,
    /// Above the weight.
    pub weight: String,
    /// Above the number of pieces.
    pub pieces: String,
    /// Above the sum.
    pub total: String,
    /// Before the code.
    pub code: String,
    /// Before the time of packing.
    pub packed: String,
    /// Before the end of the shelf life.
    pub expires: String,
    /// Before the composition.
    pub composition: String,
    /// Before the allergens.
    pub allergens: String,
    /// Before how to store it.
    pub storage: String,
    /// Before the nutrition.
    pub nutrition: String,
    /// Before grams of proteins.
    pub proteins: String,
    /// Before grams of fats.
    pub fats: String,
    /// Before grams of carbohydrates.
    pub carbohydrates: String,
}

impl Captions {
    /// Reads the words of a language from TOML text.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}

/// The words of a language: `en`, `ro` or `ru`.
pub fn captions(language: &str) -> Option<&'static Captions> {
    languages().iter().find(|captions| captions.language == language)
}

/// All languages.
pub fn languages() -> &'static [Captions] {
    &LANGUAGES
}

static LANGUAGES: LazyLock<Vec<Captions>> = LazyLock::new(|| {
    let files = [
        include_str!("../captions/en.toml"),
        include_str!("../captions/ro.toml"),
        include_str!("../captions/ru.toml"),
    ];
    files.iter().filter_map(|text| Captions::from_toml(text).ok()).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_can_be_read() {
        let names: Vec<&str> = languages().iter().map(|own| own.language.as_str()).collect();
        assert_eq!(names, ["en", "ro", "ru"]);
    }
}
