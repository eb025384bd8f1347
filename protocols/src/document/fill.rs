//! A character repeated over a width.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_width::UnicodeWidthChar;

/// The character of a rule or a leader: one that takes one cell and isn't a control character.
///
/// Holds it repeated [`Fill::REPEATED`] times, so that a line of it can be borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill(Cow<'static, str>);

impl Fill {
    /// How often the character stands in [`repeated`](Self::repeated).
    pub const REPEATED: usize = 128;

    /// A fill of this character; `None` unless it is visible or a space and takes one cell.
    pub fn new(character: char) -> Option<Self> {
        if character.is_control() || character.width() != Some(1) {
            return None;
        }
        Some(Self(match character {
            '-' => Cow::Borrowed(HYPHENS),
            '=' => Cow::Borrowed(EQUALS),
            '.' => Cow::Borrowed(DOTS),
            '_' => Cow::Borrowed(UNDERSCORES),
            ' ' => Cow::Borrowed(SPACES),
            other => Cow::Owned(String::from(other).repeat(Self::REPEATED)),
        }))
    }

    /// The character.
    pub fn character(&self) -> char {
        self.0.chars().next().unwrap_or('-')
    }

    /// The character, [`Fill::REPEATED`] times.
    pub fn repeated(&self) -> &str {
        &self.0
    }
}

const HYPHENS: &str = ascii(&[b'-'; Fill::REPEATED]);
const EQUALS: &str = ascii(&[b'='; Fill::REPEATED]);
const DOTS: &str = ascii(&[b'.'; Fill::REPEATED]);
const UNDERSCORES: &str = ascii(&[b'_'; Fill::REPEATED]);
const SPACES: &str = ascii(&[b' '; Fill::REPEATED]);

const fn ascii(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

impl Default for Fill {
    fn default() -> Self {
        Self(Cow::Borrowed(HYPHENS))
    }
}

impl Serialize for Fill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.character())
    }
}

impl<'de> Deserialize<'de> for Fill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Self::new(character),
            _ => None,
        }
        .ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text:?} isn't one printable character of one cell, such as \"-\""
            ))
        })
    }
}

impl JsonSchema for Fill {
    fn schema_name() -> Cow<'static, str> {
        "Fill".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": 1, "description": "One printable character of one cell."})
    }
}
