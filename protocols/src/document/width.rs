//! The width of a column.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The width of a column: `12`, `"auto"`, `"fill"` or `"1/3"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// So many cells.
    Cells(u16),
    /// As wide as what it holds.
    #[default]
    Auto,
    /// An equal share of what the others leave.
    Fill,
    /// A part of the whole width.
    Fraction {
        /// Above the line, at least 1.
        part: u8,
        /// Below the line, at least `part`.
        of: u8,
    },
}

impl Serialize for Width {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Cells(cells) => serializer.serialize_u16(*cells),
            Self::Auto => serializer.serialize_str("auto"),
            Self::Fill => serializer.serialize_str("fill"),
            Self::Fraction { part, of } => serializer.collect_str(&format_args!("{part}/{of}")),
        }
    }
}

impl<'de> Deserialize<'de> for Width {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WidthVisitor)
    }
}

struct WidthVisitor;

impl Visitor<'_> for WidthVisitor {
    type Value = Width;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number of cells from 1 to 255, \"auto\", \"fill\" or a fraction such as \"1/3\"")
    }

    fn visit_u64<E: Error>(self, cells: u64) -> Result<Width, E> {
        match u16::try_from(cells) {
            Ok(cells @ 1..=255) => Ok(Width::Cells(cells)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Unsigned(cells), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Width, E> {
        match text {
            "auto" => return Ok(Width::Auto),
            "fill" => return Ok(Width::Fill),
            _ => {}
        }
        let fraction =
            text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match fraction {
            Some((part, of)) if 0 < part && part <= of => Ok(Width::Fraction { part, of }),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for Width {
    fn schema_name() -> Cow<'static, str> {
        "Width".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The width of a column: cells, \"auto\", \"fill\" or a fraction such as \"1/3\".",
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": 255},
                {"type": "string", "pattern": "^(auto|fill|[1-9][0-9]{0,2}/[1-9][0-9]{0,2})$"}
            ]
        })
    }
}
