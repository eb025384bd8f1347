//! The size of a font.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The size of a font, from line to line without extra space: millimetres (`3.2`), or points (`"9pt"`).
///
/// A capital letter is 0.73 of it high, an `x` 0.55 (the embedded font's own proportions).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct FontSize {
    mm: f64,
}

impl FontSize {
    /// In millimetres.
    pub const fn from_mm(mm: f64) -> Self {
        Self { mm }
    }

    /// In points of 1/72 inch.
    pub const fn from_points(points: f64) -> Self {
        Self { mm: points * 25.4 / 72.0 }
    }

    /// Millimetres.
    pub fn mm(self) -> f64 {
        self.mm
    }
}

impl Serialize for FontSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.mm)
    }
}

impl<'de> Deserialize<'de> for FontSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }
}

struct SizeVisitor;

impl Visitor<'_> for SizeVisitor {
    type Value = FontSize;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("millimetres such as 3.2, or points such as \"9pt\"")
    }

    fn visit_f64<E: Error>(self, mm: f64) -> Result<FontSize, E> {
        Ok(FontSize::from_mm(mm))
    }

    fn visit_u64<E: Error>(self, mm: u64) -> Result<FontSize, E> {
        Ok(FontSize::from_mm(mm as f64))
    }

    fn visit_i64<E: Error>(self, mm: i64) -> Result<FontSize, E> {
        Ok(FontSize::from_mm(mm as f64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<FontSize, E> {
        let points = text.strip_suffix("pt").and_then(|points| points.trim_end().parse::<f64>().ok());
        let points = points.filter(|points| points.is_finite());
        points.map(FontSize::from_points).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl JsonSchema for FontSize {
    fn schema_name() -> Cow<'static, str> {
        "FontSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The size of a font: millimetres such as 3.2, or points such as \"9pt\".",
            "oneOf": [
                {"type": "number", "minimum": 1, "maximum": 60},
                {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?pt$"}
            ]
        })
    }
}
