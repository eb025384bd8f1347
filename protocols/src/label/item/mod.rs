//! The label of an item: a weighed dish, a pack, or the price on a shelf.
//!
//! An [`Item`] says what is known, a [`Template`] where it stands, [`Captions`] in which language.
//! [`lay_out`] makes a [`Label`](super::Label) of the three for the dots of one printer. Nothing overlaps and
//! nothing is lost without a word: text becomes smaller, then wraps more often, then ends with `…` where the
//! template allows that, and what is lost is told; allergens are never shortened.

mod captions;
mod compose;
mod shelf_life;
mod template;
mod values;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use captions::{Captions, captions, languages};
pub use compose::{LaidOut, lay_out};
pub use shelf_life::{NoShelfLife, ShelfLife};
pub use template::{Field, LEAST, Row, Template, TemplateError, template, templates};

use super::LabelError;
use crate::fiscal::DateTime;

/// What a label says of an item. All texts are UTF-8; sums and quantities are decimals, best sent as strings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Item {
    /// Its name; needed.
    pub name: String,
    /// Its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The outlet's name, with its address if wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlet: Option<String>,
    /// What it is, for price labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Price of a unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// What stands after sums, such as `lei` or `₽`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What it is sold by.
    pub unit: Unit,
    /// Net weight in kg, to the gram, or pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Decimal>,
    /// What it costs; price times quantity, rounded half up to two decimals, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Decimal>,
    /// Its barcode: 13 digits are EAN-13, 8 are EAN-8, with their check digits; anything else is CODE128.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    /// When it was packed, by the outlet's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed: Option<DateTime>,
    /// How long it keeps from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shelf_life: Option<ShelfLife>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub composition: Option<String>,
    /// Allergens it contains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allergens: Vec<String>,
    /// Nutrition of 100 g.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nutrition: Option<Nutrition>,
    /// How to store it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}

/// What an item is sold by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// By weight.
    #[default]
    Kg,
    /// By piece.
    Piece,
}

/// Nutrition of 100 g.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nutrition {
    /// Kilocalories.
    pub kcal: Decimal,
    /// Grams of proteins.
    pub proteins: Decimal,
    /// Grams of fats.
    pub fats: Decimal,
    /// Grams of carbohydrates.
    pub carbohydrates: Decimal,
}

impl Item {
    /// Reads and validates an item from a JSON value.
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with the field: unknown, of the wrong kind, or as [`validate`](Self::validate).
    pub fn from_value(value: Value) -> Result<Self, LabelError> {
        let item: Self = super::read(value)?;
        item.validate()?;
        Ok(item)
    }

    /// Checks what the fields say.
    ///
    /// # Errors
    /// [`LabelError::Invalid`]: no name, a negative number, more than grams, a shelf life without the time of
    /// packing or past the year 2099, an empty allergen.
    pub fn validate(&self) -> Result<(), LabelError> {
        let wrong = |at: &str, problem: &str| Err(LabelError::invalid(at, problem));
        if self.name.trim().is_empty() {
            return wrong("name", "missing: a label needs the item's name");
        }
        let nutrition = self.nutrition.as_ref();
        let numbers = [
            ("price", self.price),
            ("total", self.total),
            ("quantity", self.quantity),
            ("nutrition.kcal", nutrition.map(|own| own.kcal)),
            ("nutrition.proteins", nutrition.map(|own| own.proteins)),
            ("nutrition.fats", nutrition.map(|own| own.fats)),
            ("nutrition.carbohydrates", nutrition.map(|own| own.carbohydrates)),
        ];
        for (at, number) in numbers {
            if number.is_some_and(|number| number.is_sign_negative() && !number.is_zero()) {
                return wrong(at, "less than nothing");
            }
        }
        if let Some(quantity) = self.quantity {
            let decimals = if self.unit == Unit::Kg { 3 } else { 0 };
            if quantity.is_zero() {
                return wrong("quantity", "nothing: there is nothing to label");
            }
            if quantity != quantity.round_dp(decimals) {
                let problem = if decimals == 3 {
                    "finer than a gram: round it"
                } else {
                    "not a whole number of pieces"
                };
                return wrong("quantity", problem);
            }
        }
        if self.allergens.iter().any(|allergen| allergen.trim().is_empty()) {
            return wrong("allergens", "one of them is empty");
        }
        match (self.shelf_life, self.packed) {
            (Some(_), None) => wrong("packed", "missing: a shelf life counts from the time of packing"),
            (Some(life), Some(packed)) if life.after(packed).is_none() => {
                wrong("shelf_life", "ends after the year 2099")
            }
            _ => Ok(()),
        }
    }

    /// What it costs: as given, or price times quantity.
    pub fn cost(&self) -> Option<Decimal> {
        self.total.or_else(|| self.price?.checked_mul(self.quantity?))
    }

    /// Until when it keeps.
    pub fn expires(&self) -> Option<DateTime> {
        self.shelf_life?.after(self.packed?)
    }
}
