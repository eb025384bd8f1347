//! What a code with a quantity says.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// An item, and mostly how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    /// The name of the pattern that it was read by.
    pub pattern: String,
    /// The item code, with its zeros in front.
    pub code: String,
    /// What the item is looked up by: the code with zeros for the quantity and with the check digit for them.
    pub key: String,
    /// The digits that were read, in the length of the pattern.
    pub barcode: String,
    /// How much; absent where the code has zeros there, as on a price tag at the shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
}

/// How much of an item. Values are decimals in strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Quantity {
    /// By weight.
    Weight {
        /// As many digits behind the point as the code has.
        value: Decimal,
        /// `kg`, `g`, `lb` or `oz`.
        unit: String,
    },
    /// In pieces.
    Pieces {
        /// A whole number.
        value: Decimal,
    },
    /// What it costs, from which the quantity follows.
    Price {
        /// As many digits behind the point as the code has.
        value: Decimal,
        /// ISO 4217, where it is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
    },
}
