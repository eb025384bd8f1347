//! The print document: what is to stand on paper, without a word about the printer.
//!
//! ```json
//! {"blocks": [
//!   {"type": "text", "text": "Bill 118", "align": "center", "style": {"bold": true, "height": 2}},
//!   {"type": "pair", "left": "Caesar salad", "right": "450.00", "fill": "."},
//!   {"type": "cut"}
//! ]}
//! ```
//!
//! Or `{"xml": "<doc>...</doc>"}` with the tags of [`xml`]: templates of other systems go the same way.
//! Both are strict: a field or tag nobody knows is an error that names it and its place.

mod blocks;
mod error;
mod fill;
mod flow;
pub mod fuzz;
mod image_data;
pub(crate) mod strict;
mod validate;
mod width;
pub mod xml;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

pub use blocks::*;
pub use error::{DocumentError, DocumentErrorKind, Fault};
pub use fill::Fill;
pub use flow::*;
pub use image_data::ImageData;
pub use validate::limits;
pub use width::Width;

/// A print document: blocks from top to bottom.
///
/// Reading one by serde checks its form; [`validate`](Self::validate) checks its values.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Document {
    /// What is printed, from top to bottom.
    pub blocks: Vec<Block>,
}

impl Document {
    /// Reads and validates a document from JSON (UTF-8).
    ///
    /// # Errors
    /// [`DocumentError`] with the place of what is wrong: JSON that is broken or nested more than 128
    /// deep, unknown fields, values out of range, more than the [`limits`].
    pub fn parse(json: &[u8]) -> Result<Self, DocumentError> {
        let value =
            serde_json::from_slice(json).map_err(|error| DocumentError::invalid("", error.to_string()))?;
        Self::from_value(value)
    }

    /// Reads and validates a document from a JSON value.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_value(value: Value) -> Result<Self, DocumentError> {
        let document = Self::read(value)?;
        document.validate()?;
        Ok(document)
    }

    /// Checks every value and limit; each reason to refuse a document that isn't a printer's.
    ///
    /// # Errors
    /// The first value out of range, with its path.
    pub fn validate(&self) -> Result<(), DocumentError> {
        validate::document(self)
    }

    /// Whether it sends bytes of its own to the printer, which is a right of its own.
    pub fn needs_raw(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Raw(_)))
    }

    /// Whether it opens a cash drawer, which is a right of its own.
    pub fn opens_drawer(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Drawer(_)))
    }

    fn read(value: Value) -> Result<Self, DocumentError> {
        let Value::Object(mut fields) = value else {
            return Err(DocumentError::invalid("", "a document is an object with `blocks` or `xml`"));
        };
        let blocks = fields.remove("blocks");
        let xml = fields.remove("xml");
        if let Some(unknown) = fields.keys().next() {
            let problem = format!("unknown field `{unknown}`, expected `blocks` or `xml`");
            return Err(DocumentError::invalid(unknown.as_str(), problem));
        }
        match (blocks, xml) {
            (Some(blocks), None) => {
                let blocks = strict::fields::<_, serde_json::Error>(blocks);
                let blocks = blocks.map_err(|error| {
                    DocumentError::from_message(&strict::place("blocks", &error.to_string()))
                })?;
                Ok(Self { blocks })
            }
            (None, Some(Value::String(text))) => xml::parse(&text).map_err(DocumentError::from),
            (None, Some(_)) => Err(DocumentError::invalid("xml", "not a string")),
            (None, None) => Err(DocumentError::invalid("", "a document needs `blocks` or `xml`")),
            (Some(_), Some(_)) => {
                Err(DocumentError::invalid("xml", "a document has `blocks` or `xml`, not both"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(value).map_err(|error| {
            let Fault { at, problem } = error.fault();
            serde::de::Error::custom(strict::place(at, problem))
        })
    }
}

#[derive(JsonSchema)]
#[serde(untagged, deny_unknown_fields, rename = "Document")]
#[expect(dead_code, reason = "only its schema is used")]
enum Form {
    /// Blocks from top to bottom.
    Blocks {
        /// What is printed, from top to bottom.
        blocks: Vec<Block>,
    },
    /// Tags.
    Xml {
        /// A `<doc>` element.
        xml: String,
    },
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Form::json_schema(generator)
    }
}
