//! The list of items of a job.

use serde_json::Value;
use thiserror::Error;

/// Items to be loaded into a label scale.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemList {
    items: Vec<Value>,
}

/// Why a value is no list of items.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ListError(String);

impl ItemList {
    /// Reads the document of an `items` job.
    ///
    /// # Errors
    /// [`ListError`] with the place of what is wrong.
    pub fn parse(value: &Value) -> Result<Self, ListError> {
        let items = value.get("items").and_then(Value::as_array).cloned();
        items.map(|items| Self { items }).ok_or_else(|| ListError("items: they are missing".to_owned()))
    }
}
