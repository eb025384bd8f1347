//! What is printed and isn't fiscal: texts and barcodes.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::strict;
use super::words::BarcodeType;

/// One line of a document that isn't fiscal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Line {
    /// Text.
    Text(TextLine),
    /// A barcode.
    Barcode(BarcodeLine),
}

/// Text, broken into lines at line feeds and as `wrap` says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TextLine {
    /// The text, 4,000 characters at most; an empty line when absent.
    #[schemars(length(max = 4000))]
    pub text: String,
    /// Where it stands.
    pub alignment: Alignment,
    /// How a line too long is broken.
    pub wrap: Wrap,
    /// Number of the register's font; its ordinary one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub font: Option<u8>,
    /// Letters twice as wide.
    pub double_width: bool,
    /// Letters twice as high.
    pub double_height: bool,
}

/// A barcode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BarcodeLine {
    /// The data as text, 1 to 1,024 bytes of UTF-8.
    #[schemars(length(min = 1, max = 1024))]
    pub barcode: String,
    /// The symbology.
    pub barcode_type: BarcodeType,
    /// Where it stands.
    #[serde(default)]
    pub alignment: Alignment,
    /// Times the narrowest width, 1 to 10; the register's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub scale: Option<u8>,
    /// Height in dots, 1 to 255; the register's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 255))]
    pub height: Option<u8>,
    /// Its digits below.
    #[serde(default)]
    pub print_text: bool,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Alignment {
    /// At the left margin.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right margin.
    Right,
}

/// How a line too long for the paper is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Wrap {
    /// Not at all: the rest is cut off.
    None,
    /// After any character.
    Chars,
    /// Between words.
    #[default]
    Words,
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let body = Map::<String, Value>::deserialize(deserializer)?;
        Ok(match strict::type_of(&body, "text")? {
            "text" => Self::Text(strict::fields(&body)?),
            "barcode" => Self::Barcode(strict::fields(&body)?),
            other => return Err(strict::unknown_type("item", other, "text and barcode")),
        })
    }
}
