//! The blocks of text: what can stand alone or side by side.

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Fill, Width, strict};
use crate::paper::Style;

/// A block that may stand in a column or a cell: text, and nothing a printer can't put beside text.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Flow {
    /// A paragraph.
    Text(Text),
    /// Texts side by side.
    Columns(Columns),
    /// A text at the left and one at the right.
    Pair(Pair),
    /// Rows of cells.
    Table(Table),
    /// A line of one character.
    Rule(Rule),
}

/// A paragraph of text.
///
/// A line break starts a new line, a tab is a space. Other control characters never reach a printer:
/// they are printed as their pictures (U+2400 and following), C1 controls as U+FFFD. Bidirectional
/// overrides and invisible format characters are left out. A sequence of a letter and its combining
/// marks is never split.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// What it says.
    pub text: Content,
    /// How it looks.
    #[serde(default)]
    pub style: Style,
    /// Where its lines stand.
    #[serde(default)]
    pub align: TextAlign,
    /// What happens to a line that is too long.
    #[serde(default)]
    pub wrap: Wrap,
    /// Keeps every space. Without it, spaces at the end of a line and where a line was broken are
    /// dropped, and in centred and right-aligned text those at its start.
    #[serde(default)]
    pub preserve: bool,
    /// Cells of its style that every line is moved to the right; at most half of the width is used.
    #[serde(default)]
    pub indent: u8,
}

/// A string, or spans of different styles that follow each other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Content {
    /// Text of one style.
    Plain(String),
    /// Text of several styles.
    Spans(Vec<Span>),
}

/// A part of a paragraph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// How it looks; as the paragraph when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
}

/// Where the lines of a text stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextAlign {
    /// At the left margin.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right margin.
    Right,
    /// At both margins, the last line at the left.
    Justify,
}

/// What happens to a line that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wrap {
    /// Broken between words; a word longer than the line is broken at its edge.
    #[default]
    Word,
    /// Broken at the edge.
    Char,
    /// Cropped, with `~` in the last cell: the only way to lose text, by the author's own wish.
    Cut,
}

/// Texts side by side. All widths count cells of the base style.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// From left to right, 1 to 16.
    pub columns: Vec<Column>,
    /// Empty cells between two columns.
    #[serde(default = "one")]
    pub gap: u8,
    /// The style whose cells are counted, and that texts without one have.
    #[serde(default)]
    pub style: Style,
}

/// One of several columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// How wide it is; an equal share of what the others leave when absent.
    #[serde(default = "fill")]
    pub width: Width,
    /// Where `text` stands.
    #[serde(default)]
    pub align: TextAlign,
    /// How `text` looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// What it says.
    #[serde(default)]
    pub text: Content,
    /// More, below `text`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Flow>,
}

/// A text at the left and one at the right of the same line.
///
/// The side that `fit` names is never broken. The other one is wrapped in the width that is left, and
/// the right text stands on the last line of the left one. When less than 8 cells would be left for
/// it, the right text gets a line of its own, at the right margin.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The text at the left.
    pub left: Content,
    /// The text at the right, such as a price.
    pub right: Content,
    /// How both look.
    #[serde(default)]
    pub style: Style,
    /// The side that is never broken.
    #[serde(default)]
    pub fit: Fit,
    /// The character between both; a space when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
}

/// The side of a pair that is never broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// The left text.
    Left,
    /// The right text.
    #[default]
    Right,
}

/// Rows of cells. All widths count cells of the base style.
///
/// A column whose `width` is `auto` is as wide as its content, and the widest one gives way first
/// when the paper is too narrow; free cells go to the columns with `fill`, else to the first `auto`
/// column at the left margin that may wrap. Where even the narrowest form doesn't fit, the cells of a
/// row are printed one below the other: nothing is lost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// From left to right, 1 to 16.
    pub columns: Vec<TableColumn>,
    /// Cells of the first row, bold where they have no style of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<TableCell>>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// Empty cells between two columns.
    #[serde(default = "one")]
    pub gap: u8,
    /// The style whose cells are counted, and that cells without one have.
    #[serde(default)]
    pub style: Style,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TableColumn {
    /// How wide it is.
    pub width: Width,
    /// At least so many cells.
    pub min: u8,
    /// Where its text stands.
    pub align: TextAlign,
    /// What happens to a line that is too long.
    pub wrap: Wrap,
    /// Its text is never broken: prices, quantities.
    pub nowrap: bool,
}

/// A row of a table: an array of cells, or `{"rule": "-"}` for a line across the table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Row {
    /// Cells from left to right; missing ones are empty.
    Cells(Vec<TableCell>),
    /// A line of one character.
    Rule(RuleRow),
}

/// A line of one character across a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleRow {
    /// The character.
    pub rule: Fill,
}

/// A cell of a table: a string, or an object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[schemars(with = "CellForm")]
pub struct TableCell {
    /// What it says.
    pub text: Content,
    /// More, below `text`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Flow>,
    /// How many columns it covers.
    pub colspan: u8,
    /// Where its text stands; as the column says when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub align: Option<TextAlign>,
    /// How it looks; as the table when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
}

/// A line of one character from margin to margin.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The character.
    pub character: Fill,
    /// How it looks.
    pub style: Style,
}

impl Default for Content {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl Content {
    /// Bytes of text.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Spans(spans) => spans.iter().map(|span| span.text.len()).sum(),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Content> for TableCell {
    fn from(text: Content) -> Self {
        Self { text, colspan: 1, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Flow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, body) = strict::tagged(deserializer)?;
        Ok(match name.as_str() {
            "text" => Self::Text(strict::fields(body)?),
            "columns" => Self::Columns(strict::fields(body)?),
            "pair" => Self::Pair(strict::fields(body)?),
            "table" => Self::Table(strict::fields(body)?),
            "rule" => Self::Rule(strict::fields(body)?),
            other @ ("qr" | "barcode" | "image" | "feed" | "cut" | "drawer" | "beep" | "raw") => {
                return Err(strict::at_type(&format!(
                    "a `{other}` block can't stand in a column or a cell: put it in `blocks` of the document"
                )));
            }
            other => return Err(strict::unknown_type(other, "text, columns, pair, table or rule")),
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrSpans;
        impl<'de> Visitor<'de> for StringOrSpans {
            type Value = Content;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a list of spans")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Content, E> {
                Ok(text.into())
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Content, E> {
                Ok(Content::Plain(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Content, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Content::Spans)
            }
        }
        deserializer.deserialize_any(StringOrSpans)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CellsOrRule;
        impl<'de> Visitor<'de> for CellsOrRule {
            type Value = Row;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of cells or {\"rule\": \"-\"}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Row, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Row::Cells)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Row, A::Error> {
                RuleRow::deserialize(MapAccessDeserializer::new(map)).map(Row::Rule)
            }
        }
        deserializer.deserialize_any(CellsOrRule)
    }
}

impl<'de> Deserialize<'de> for TableCell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrCell;
        impl<'de> Visitor<'de> for StringOrCell {
            type Value = TableCell;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or a cell")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TableCell, E> {
                Ok(Content::from(text).into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TableCell, A::Error> {
                let body = CellBody::deserialize(MapAccessDeserializer::new(map))?;
                let CellBody { text, blocks, colspan, align, style } = body;
                Ok(TableCell { text, blocks, colspan, align, style })
            }
        }
        deserializer.deserialize_any(StringOrCell)
    }
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum CellForm {
    Text(String),
    Cell(CellBody),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename = "TableCell", deny_unknown_fields)]
struct CellBody {
    /// What it says.
    #[serde(default)]
    text: Content,
    /// More, below `text`.
    #[serde(default)]
    blocks: Vec<Flow>,
    /// How many columns it covers.
    #[serde(default = "one")]
    colspan: u8,
    /// Where its text stands; as the column says when absent.
    #[serde(default)]
    align: Option<TextAlign>,
    /// How it looks; as the table when absent.
    #[serde(default)]
    style: Option<Style>,
}

fn one() -> u8 {
    1
}

fn fill() -> Width {
    Width::Fill
}
