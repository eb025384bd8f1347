//! Labels: one document for every label printer.
//!
//! ```json
//! {"width": 58, "height": 40, "media": {"type": "gap", "mm": 2}, "copies": 2, "elements": [
//!   {"type": "text", "x": 2, "y": 2, "text": "Салат Цезарь", "size": "12pt", "bold": true},
//!   {"type": "barcode", "x": 6, "y": 20, "symbology": "ean13", "data": "2012345015500", "height": 10}
//! ]}
//! ```
//!
//! Places are in mm from the label's upper left corner, as it is read. [`draw`] makes the picture of a
//! label for the dots of one printer, and [`encode`] wraps this very picture into TSPL, ZPL or EPL.
//!
//! **All elements are sent as dots**, text, bars and boxes alike. The printers' own fonts lack Cyrillic and
//! Romanian, and their barcode commands differ in widths, quiet zones and digits from make to make. Dots look
//! the same everywhere and are what the preview shows; a module is a whole number of dots, so bars are as
//! crisp as the printer's own; and no text from outside ever stands among commands. The price is bytes: a
//! full label of 58 x 40 mm takes about 15 KiB, half of it in ZPL.
//!
//! [`item`] lays out the label of a dish or a product by a template.

mod datamatrix;
mod draw;
mod element;
mod encode;
mod epl;
mod error;
pub mod fuzz;
mod heading;
pub mod item;
pub mod model;
mod order;
mod preview;
mod size;
pub mod status;
mod symbol;
mod text;
mod tspl;
mod validate;
mod zpl;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use draw::{Drawn, Shortened, draw};
pub use element::*;
pub use encode::{Encoded, Language, Printer, encode};
pub use error::LabelError;
pub use order::{DrawnOrder, ItemOrder, LabelOrder, LabelSetup, Prepared, TemplateChoice, Weigh};
pub use preview::png;
pub use size::FontSize;
pub use validate::limits;

use crate::document::strict::place;

/// A label: its size, its material and what stands on it.
///
/// Reading one by serde checks its form; [`validate`](Self::validate) checks its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Millimetres across the material, 10 to 220.
    pub width: f64,
    /// Millimetres along the material, 5 to 300.
    pub height: f64,
    /// How the printer finds the next label.
    #[serde(default)]
    pub media: Media,
    /// How many of it, 1 to 999.
    #[serde(default = "one")]
    pub copies: u16,
    /// What stands on it; later elements are drawn over earlier ones.
    pub elements: Vec<Element>,
}

/// How a printer finds where a label begins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Media {
    /// Labels on a liner.
    Gap {
        /// Millimetres between two labels, 1 to 25.
        mm: f64,
    },
    /// Black marks on the back.
    BlackMark {
        /// Millimetres of a mark along the material, 1 to 25.
        mm: f64,
    },
    /// A roll without labels: each label is fed by its own height.
    Continuous,
}

impl Default for Media {
    /// The usual gap of 2 mm.
    fn default() -> Self {
        Self::Gap { mm: 2.0 }
    }
}

impl Label {
    /// Reads and validates a label from JSON (UTF-8).
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with the place of what is wrong: JSON that is broken, unknown fields, values
    /// out of range, more than the [`limits`].
    pub fn parse(json: &[u8]) -> Result<Self, LabelError> {
        let value =
            serde_json::from_slice(json).map_err(|error| LabelError::invalid("", error.to_string()))?;
        Self::from_value(value)
    }

    /// Reads and validates a label from a JSON value.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_value(value: Value) -> Result<Self, LabelError> {
        let label: Self = read(value)?;
        label.validate()?;
        Ok(label)
    }

    /// Checks every value and limit that doesn't depend on the printer.
    ///
    /// # Errors
    /// [`LabelError::Invalid`]: the first value out of range, with its path.
    pub fn validate(&self) -> Result<(), LabelError> {
        validate::label(self)
    }
}

/// Reads a value whose errors name the path.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, LabelError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        LabelError::from_message(&place(&path, &error.into_inner().to_string()))
    })
}

fn one() -> u16 {
    1
}
