//! What stands on a label.
//!
//! `x` and `y` are the upper left corner of an element as it lies on the label, after it was turned, in mm
//! from the label's upper left corner.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::FontSize;
use crate::document::strict::place;
use crate::document::{Align, Correction, Dither, ImageData, Symbology};

/// One element of a label.
///
/// In JSON the field `type` names it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Element {
    /// Text.
    Text(Text),
    /// A one-dimensional barcode.
    Barcode(Barcode),
    /// A QR code.
    Qr(Qr),
    /// A Data Matrix code.
    DataMatrix(DataMatrix),
    /// A straight line.
    Line(Line),
    /// A rectangle.
    Box(Box),
    /// A picture.
    Image(Image),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let wrong_type = |problem: &str| serde::de::Error::custom(format_args!(".type: {problem}"));
        let name = match fields.remove("type") {
            Some(Value::String(name)) => name,
            Some(_) => return Err(wrong_type("not a string")),
            None => return Err(wrong_type("missing: each element needs a `type` such as \"text\"")),
        };
        let body = Value::Object(fields);
        Ok(match name.as_str() {
            "text" => Self::Text(fields_of(body)?),
            "barcode" => Self::Barcode(fields_of(body)?),
            "qr" => Self::Qr(fields_of(body)?),
            "data-matrix" => Self::DataMatrix(fields_of(body)?),
            "line" => Self::Line(fields_of(body)?),
            "box" => Self::Box(fields_of(body)?),
            "image" => Self::Image(fields_of(body)?),
            other => {
                return Err(wrong_type(&format!(
                    "there is no element {other:?}; there are text, barcode, qr, data-matrix, line, box and image"
                )));
            }
        })
    }
}

fn fields_of<T: DeserializeOwned, E: serde::de::Error>(body: Value) -> Result<T, E> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        E::custom(place(&path, &error.into_inner().to_string()))
    })
}

/// Text in the embedded font, wrapped between words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Millimetres from the left.
    pub x: f64,
    /// Millimetres from the top.
    pub y: f64,
    /// UTF-8; `\n` begins a new line.
    pub text: String,
    /// Size of the font.
    pub size: FontSize,
    /// Down to which size it is made smaller before it is wrapped too often; `size` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_size: Option<FontSize>,
    /// Bold.
    #[serde(default)]
    pub bold: bool,
    /// Where lines stand in the width.
    #[serde(default)]
    pub align: Align,
    /// Millimetres of a line; up to the label's edge when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// The most lines, 1 to 100; as many as there is room for when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<u16>,
    /// What becomes of text that doesn't fit.
    #[serde(default)]
    pub overflow: Overflow,
    /// How it is turned.
    #[serde(default)]
    pub rotate: Rotation,
}

/// What becomes of text that doesn't fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// The label is refused.
    #[default]
    Refuse,
    /// It ends with `…`, and what is lost is reported.
    Shorten,
}

/// Clockwise degrees: `0`, `90`, `180` or `270`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Rotation {
    /// Upright.
    #[default]
    None,
    /// Reads from top to bottom.
    Right,
    /// On its head.
    Half,
    /// Reads from bottom to top.
    Left,
}

impl Rotation {
    /// Whether width and height change places.
    pub fn is_sideways(self) -> bool {
        matches!(self, Self::Right | Self::Left)
    }
}

impl TryFrom<u16> for Rotation {
    type Error = String;

    fn try_from(degrees: u16) -> Result<Self, String> {
        match degrees {
            0 => Ok(Self::None),
            90 => Ok(Self::Right),
            180 => Ok(Self::Half),
            270 => Ok(Self::Left),
            _ => Err(format!("{degrees} degrees; allowed are 0, 90, 180 and 270")),
        }
    }
}

impl From<Rotation> for u16 {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::None => 0,
            Rotation::Right => 90,
            Rotation::Half => 180,
            Rotation::Left => 270,
        }
    }
}

impl JsonSchema for Rotation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rotation".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"description": "Clockwise degrees.", "enum": [0, 90, 180, 270]})
    }
}

/// A one-dimensional barcode. Its quiet zones are part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Barcode {
    /// Millimetres from the left to the quiet zone.
    pub x: f64,
    /// Millimetres from the top.
    pub y: f64,
    /// Symbology; all but PDF417.
    pub symbology: Symbology,
    /// The data, as a person would read it; a missing EAN check digit is added, a wrong one refused.
    pub data: String,
    /// Millimetres of the bars, 2 to 100, the line of text not counted.
    pub height: f64,
    /// Millimetres of the narrow bar, 0.15 to 2, rounded to whole dots. GS1 asks for 0.264 to 0.66 on goods.
    #[serde(default = "bar")]
    pub module: f64,
    /// Whether the data stand below as text.
    #[serde(default = "yes")]
    pub text: bool,
    /// How it is turned.
    #[serde(default)]
    pub rotate: Rotation,
}

/// A QR code (model 2). Its quiet zone of four modules is part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qr {
    /// Millimetres from the left to the quiet zone.
    pub x: f64,
    /// Millimetres from the top to the quiet zone.
    pub y: f64,
    /// UTF-8 data of the code.
    pub data: String,
    /// Millimetres of a module, 0.15 to 5, rounded to whole dots.
    #[serde(default = "module")]
    pub module: f64,
    /// Error correction.
    #[serde(default)]
    pub correction: Correction,
}

/// A Data Matrix code (ECC 200, square). Its quiet zone of one module is part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataMatrix {
    /// Millimetres from the left to the quiet zone.
    pub x: f64,
    /// Millimetres from the top to the quiet zone.
    pub y: f64,
    /// ASCII data; U+001D separates the fields of a GS1 code.
    pub data: String,
    /// Whether it is a GS1 code: FNC1 comes first and stands for each U+001D. Marking codes are.
    #[serde(default)]
    pub gs1: bool,
    /// Millimetres of a module, 0.15 to 5, rounded to whole dots.
    #[serde(default = "module")]
    pub module: f64,
}

/// A straight line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Millimetres from the left.
    pub x: f64,
    /// Millimetres from the top.
    pub y: f64,
    /// Millimetres from end to end.
    pub length: f64,
    /// From top to bottom instead of from left to right.
    #[serde(default)]
    pub vertical: bool,
    /// Millimetres, 0.1 to 10; at least one dot.
    #[serde(default = "thickness")]
    pub thickness: f64,
}

/// A rectangle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Box {
    /// Millimetres from the left.
    pub x: f64,
    /// Millimetres from the top.
    pub y: f64,
    /// Millimetres from left to right.
    pub width: f64,
    /// Millimetres from top to bottom.
    pub height: f64,
    /// Millimetres of its lines, 0.1 to 10; at least one dot.
    #[serde(default = "thickness")]
    pub thickness: f64,
    /// Black inside.
    #[serde(default)]
    pub fill: bool,
}

/// A picture: PNG, JPEG or BMP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Millimetres from the left.
    pub x: f64,
    /// Millimetres from the top.
    pub y: f64,
    /// The file, in base64.
    pub data: ImageData,
    /// Millimetres from left to right before it is turned; the height follows.
    pub width: f64,
    /// How grey becomes dots.
    #[serde(default)]
    pub dither: Dither,
    /// How it is turned.
    #[serde(default)]
    pub rotate: Rotation,
}

fn yes() -> bool {
    true
}
fn bar() -> f64 {
    0.33
}
fn module() -> f64 {
    0.5
}
fn thickness() -> f64 {
    0.25
}
