//! The blocks of a print document: what text can't say.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Columns, Flow, ImageData, Pair, Rule, Table, Text, strict};

/// One block of a document.
///
/// In JSON the field `type` names it. The blocks of text can also stand side by side, see [`Flow`].
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Block {
    /// A paragraph.
    Text(Text),
    /// Texts side by side.
    Columns(Columns),
    /// A text at the left and one at the right, such as a dish and its price.
    Pair(Pair),
    /// Rows of cells.
    Table(Table),
    /// A line of one character across the paper.
    Rule(Rule),
    /// A QR code.
    Qr(Qr),
    /// A barcode.
    Barcode(Barcode),
    /// A picture.
    Image(Image),
    /// Empty lines.
    Feed(Feed),
    /// A cut.
    Cut(Cut),
    /// The cash drawer.
    Drawer(Drawer),
    /// The buzzer.
    Beep(Beep),
    /// Bytes as they are.
    Raw(Raw),
}

impl From<Flow> for Block {
    fn from(flow: Flow) -> Self {
        match flow {
            Flow::Text(text) => Self::Text(text),
            Flow::Columns(columns) => Self::Columns(columns),
            Flow::Pair(pair) => Self::Pair(pair),
            Flow::Table(table) => Self::Table(table),
            Flow::Rule(rule) => Self::Rule(rule),
        }
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, body) = strict::tagged(deserializer)?;
        Ok(match name.as_str() {
            "text" => Self::Text(strict::fields(body)?),
            "columns" => Self::Columns(strict::fields(body)?),
            "pair" => Self::Pair(strict::fields(body)?),
            "table" => Self::Table(strict::fields(body)?),
            "rule" => Self::Rule(strict::fields(body)?),
            "qr" => Self::Qr(strict::fields(body)?),
            "barcode" => Self::Barcode(strict::fields(body)?),
            "image" => Self::Image(strict::fields(body)?),
            "feed" => Self::Feed(strict::fields(body)?),
            "cut" => Self::Cut(strict::fields(body)?),
            "drawer" => Self::Drawer(strict::fields(body)?),
            "beep" => Self::Beep(strict::fields(body)?),
            "raw" => Self::Raw(strict::fields(body)?),
            other => {
                return Err(strict::unknown_type(
                    other,
                    "text, columns, pair, table, rule, qr, barcode, image, feed, cut, drawer, beep or raw",
                ));
            }
        })
    }
}

/// Where something stands between the margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// At the left margin.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right margin.
    Right,
}

/// A QR code (model 2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Qr {
    /// UTF-8 data of the code.
    pub data: String,
    /// Dots a module, 1 to 16; the largest up to 6 that fits when absent.
    #[serde(default)]
    pub size: Option<u8>,
    /// Error correction.
    #[serde(default)]
    pub correction: Correction,
    /// Where it stands.
    #[serde(default = "center")]
    pub align: Align,
}

/// QR error correction level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Correction {
    /// 7 %.
    L,
    /// 15 %.
    #[default]
    M,
    /// 25 %.
    Q,
    /// 30 %.
    H,
}

/// A one-dimensional barcode, or PDF417.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Barcode {
    /// Symbology.
    pub symbology: Symbology,
    /// The data, as a person would read it; a missing EAN check digit is added, a wrong one refused.
    pub data: String,
    /// Height in dots, 1 to 255.
    #[serde(default = "barcode_height")]
    pub height: u8,
    /// Dots of the narrow bar, 2 to 6; the widest up to 3 that fits when absent.
    #[serde(default)]
    pub width: Option<u8>,
    /// Where the digits stand.
    #[serde(default)]
    pub text: BarcodeText,
    /// Where the bars stand.
    #[serde(default = "center")]
    pub align: Align,
}

/// Barcode symbologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    /// 12 digits and a check digit.
    Ean13,
    /// 7 digits and a check digit.
    Ean8,
    /// ASCII 0-127.
    Code128,
    /// Capitals, digits, space and `-.$/+%`.
    Code39,
    /// Interleaved 2 of 5: pairs of digits.
    Itf,
    /// Stacked; any bytes.
    Pdf417,
}

/// Where a barcode's human-readable text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BarcodeText {
    /// Not printed.
    None,
    /// Above the bars.
    Above,
    /// Below the bars.
    #[default]
    Below,
    /// Above and below.
    Both,
}

/// A picture: PNG, JPEG or BMP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The file, in base64; [`ImageData::key`] finds it in a cache of dithered pictures.
    pub data: ImageData,
    /// Width on paper in dots; the picture's own, at most the paper's, when absent.
    #[serde(default)]
    pub width: Option<u16>,
    /// How grey becomes dots.
    #[serde(default)]
    pub dither: Dither,
    /// Where it stands.
    #[serde(default = "center")]
    pub align: Align,
}

/// How grey becomes black and white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dither {
    /// Error diffusion by Floyd and Steinberg: photographs.
    #[default]
    FloydSteinberg,
    /// An ordered 8x8 matrix: even tints.
    Ordered,
    /// A threshold at half grey: logos and line art.
    Threshold,
}

/// Empty lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Lines of normal height.
    #[serde(default = "one")]
    pub lines: u8,
}

/// A cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Kind of cut; a printer with only one kind makes that.
    #[serde(default)]
    pub mode: CutMode,
}

/// Kind of cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CutMode {
    /// One point stays uncut.
    #[default]
    Partial,
    /// Cut through.
    Full,
}

/// Opens the cash drawer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawer {
    /// Connector pin, 2 or 5.
    #[serde(default = "two")]
    pub pin: u8,
    /// Pulse in milliseconds, 2 to 510.
    #[serde(default = "pulse")]
    pub pulse_ms: u16,
}

/// Sounds the buzzer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Beep {
    /// How often, 1 to 9.
    #[serde(default = "one")]
    pub times: u8,
    /// How long each, in milliseconds, 50 to 450.
    #[serde(default = "beep_ms")]
    pub duration_ms: u16,
}

/// Bytes sent as they are; a right of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    /// The bytes, in base64.
    pub data: String,
}

fn center() -> Align {
    Align::Center
}
fn one() -> u8 {
    1
}
fn two() -> u8 {
    2
}
fn pulse() -> u16 {
    100
}
fn beep_ms() -> u16 {
    100
}
fn barcode_height() -> u8 {
    80
}
