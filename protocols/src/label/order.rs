//! What a label job asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::item::Item;
use super::{Label, LabelError, read};

/// What a label job asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LabelOrder {
    /// A label given element by element.
    Label(Label),
    /// The label of an item, laid out by a template.
    Item(Box<Item>),
}

impl LabelOrder {
    /// Reads and validates the document of a label job.
    ///
    /// # Errors
    /// [`LabelError::Invalid`] with the place of what is wrong.
    pub fn from_value(value: Value) -> Result<Self, LabelError> {
        let order: Self = read(value)?;
        if let Self::Label(label) = &order {
            label.validate()?;
        }
        Ok(order)
    }
}
