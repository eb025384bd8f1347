//! The iiko-style tags: templates of iikoFront and Syrve printed as they are.
//!
//! Sources: Syrve, "Мова опису розмітки" (the markup language of printed documents: `doc`, its
//! attributes, the minimum of 16 columns, the cut after a document), and public templates made for
//! iikoFront (tables, `linecell`, `colspan="0"`, `formatter`, `minwidth`, sizes of QR codes). Where
//! neither is explicit, the reading taken is marked "reading" below.
//!
//! | tag | what becomes of it |
//! |---|---|
//! | `doc` `font` `formatter` `align` `bell` | the document; `bell` beeps; a partial cut at its end |
//! | `left` `center` `right` `justify` | a paragraph of its own |
//! | `f0` `f1` `f2`, or `font="f1"` of `doc` `c` `ct` | normal, double height, double height and width (reading) |
//! | `b` `u` `inv` | bold, underlined, white on black (an addition) |
//! | `split` `wrap` `cut`, or `formatter="split"` of `doc` `column` | breaks words; breaks at the edge; crops (reading) |
//! | `np` | ends the line, or is an empty one where nothing was begun (reading) |
//! | `line` `symbols` | a rule |
//! | `whitespace-preserve` | keeps spaces and line breaks |
//! | `pair` `left` `right` `fit` `symbols` | a pair; `fit` names the side that is never broken, `right` when absent |
//! | `table` `cellspacing`, `columns`, `column` `width` `autowidth` `minwidth` `align` `formatter`, `cells` | a table; a column without a width takes what is left |
//! | `c` `colspan` `font`, `ct` | cells; `c` may hold paragraphs, rules, pairs and tables; `colspan="0"` goes to the row's end |
//! | `linecell` `symbols` | a rule across the table |
//! | `qrcode` `size` `correction` `align` | tiny, small, normal, large, extralarge: 3, 4, up to 6, 8, 10 dots a module (reading); low, medium, high, ultra: L, M, Q, H |
//! | `barcode` `align` `heightRatio` `hri` | EAN-13 or EAN-8 where the check digit is right, else CODE128 (reading); `heightRatio` times 80 dots |
//! | `image` `align` `resizeMode` | a picture in base64, never wider than the paper |
//! | `pagecut` `pulse` `bell` | cut, drawer, beep |
//!
//! Whitespace collapses as in HTML. A tag or attribute that isn't in the table is an error, and so is
//! `logo`: a picture in the printer's own memory is different from printer to printer.

mod builder;
mod guard;
mod media;
mod table;

use roxmltree::{Node, ParsingOptions, TextPos};
use thiserror::Error;

use super::{Beep, Block, Cut, CutMode, Document, DocumentError, Drawer, Fault, Fill, Fit, Flow, Pair, Rule};
use crate::paper::Style;
use builder::{Builder, Look, font};

/// Elements that may stand in each other.
pub const DEPTH: usize = 64;
/// Bytes of XML.
pub const BYTES: usize = 1024 * 1024;

/// Reads a `<doc>` element. The document is not validated.
///
/// # Errors
/// [`XmlError`], with line and column, both counted from 1.
pub fn parse(xml: &str) -> Result<Document, XmlError> {
    guard::check(xml)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 200_000, ..ParsingOptions::default() };
    let tree = roxmltree::Document::parse_with_options(xml, options)
        .map_err(|error| XmlError::Malformed { at: error.pos().into(), problem: error.to_string() })?;
    let root = tree.root_element();
    if root.tag_name().name() != "doc" {
        return Err(unknown_tag(root, "the outermost tag is `doc`"));
    }
    let attributes = Attributes::of(root, &["font", "bell", "align", "formatter"])?;
    let mut look = Look::default();
    if let Some(name) = attributes.get("font") {
        look.style = font(name, look.style).ok_or_else(|| attributes.value("font", "f0, f1 or f2"))?;
    }
    if let Some(align) = attributes.get("align") {
        look.align = Some(builder::align(align).ok_or_else(|| attributes.value("align", ALIGNS))?);
    }
    if let Some(formatter) = attributes.get("formatter") {
        look.wrap = builder::wrap(formatter).ok_or_else(|| attributes.value("formatter", WRAPS))?;
    }
    let mut builder = Builder::new(Inside::Document);
    if attributes.get("bell").is_some() {
        builder.device(Block::Beep(one_beep()));
    }
    children(root, look, &mut builder)?;
    let mut blocks = builder.finish();
    if !matches!(blocks.last(), Some(Block::Cut(_))) {
        blocks.push(Block::Cut(Cut { mode: CutMode::Partial }));
    }
    Ok(Document { blocks })
}

/// Why a text isn't a document of these tags.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum XmlError {
    /// Not XML, or with a document type.
    #[error("{at}: {problem}")]
    Malformed {
        /// Where.
        at: Position,
        /// What the parser says.
        problem: String,
    },
    /// A tag nobody knows, or one that can't stand there.
    #[error("{at}: <{tag}>: {remedy}")]
    Tag {
        /// Where.
        at: Position,
        /// The tag.
        tag: String,
        /// What to write instead.
        remedy: String,
    },
    /// An attribute nobody knows, one that is missing, or a value that isn't one.
    #[error("{at}: {attribute} of <{tag}>: {remedy}")]
    Attribute {
        /// Where.
        at: Position,
        /// The tag.
        tag: String,
        /// The attribute.
        attribute: String,
        /// What to write instead.
        remedy: String,
    },
    /// Nested more than [`DEPTH`] deep.
    #[error("{at}: tags nested more than {DEPTH} deep")]
    TooDeep {
        /// Where.
        at: Position,
    },
    /// More than [`BYTES`].
    #[error("{bytes} bytes of XML; at most {BYTES}")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Understood, but not to be had here.
    #[error("{at}: <{tag}>: {remedy}")]
    Unsupported {
        /// Where.
        at: Position,
        /// The tag.
        tag: String,
        /// What to write instead.
        remedy: String,
    },
}

/// A place in a text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl From<TextPos> for Position {
    fn from(at: TextPos) -> Self {
        Self { line: at.row, column: at.col }
    }
}

impl From<XmlError> for DocumentError {
    fn from(error: XmlError) -> Self {
        let fault = Fault { at: "xml".to_owned(), problem: error.to_string() };
        match error {
            XmlError::TooDeep { .. } | XmlError::TooLong { .. } => Self::TooLarge(fault),
            XmlError::Unsupported { .. } => Self::Unsupported(fault),
            _ => Self::Invalid(fault),
        }
    }
}

/// Where tags stand: a cell holds text only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Document,
    Cell,
}

const ALIGNS: &str = "left, center, right or justify";
const WRAPS: &str = "split, wrap or cut";

fn children(parent: Node<'_, '_>, look: Look, builder: &mut Builder) -> Result<(), XmlError> {
    for node in parent.children() {
        if node.is_text() {
            builder.text(node.text().unwrap_or_default(), look);
        } else if node.is_element() {
            element(node, look, builder)?;
        }
    }
    Ok(())
}

fn element(node: Node<'_, '_>, look: Look, builder: &mut Builder) -> Result<(), XmlError> {
    let name = node.tag_name().name();
    match name {
        "left" | "center" | "right" | "justify" => {
            Attributes::of(node, &[])?;
            builder.end_paragraph();
            children(node, Look { align: builder::align(name), ..look }, builder)?;
            builder.end_paragraph();
            Ok(())
        }
        "split" | "wrap" | "cut" => {
            Attributes::of(node, &[])?;
            children(node, Look { wrap: builder::wrap(name).unwrap_or_default(), ..look }, builder)
        }
        "f0" | "f1" | "f2" => {
            Attributes::of(node, &[])?;
            let style = font(name, look.style).unwrap_or(look.style);
            children(node, Look { style, ..look }, builder)
        }
        "b" => styled(node, look, builder, |style| style.bold = true),
        "u" => styled(node, look, builder, |style| style.underline = true),
        "inv" => styled(node, look, builder, |style| style.invert = true),
        "whitespace-preserve" => {
            Attributes::of(node, &[])?;
            children(node, Look { preserve: true, ..look }, builder)
        }
        "np" => {
            empty(node, &[])?;
            builder.new_line(look);
            Ok(())
        }
        "line" => {
            let character = symbols(&empty(node, &["symbols"])?)?.unwrap_or_default();
            builder.flow(Flow::Rule(Rule { character, style: look.style }));
            Ok(())
        }
        "pair" => {
            let pair = pair(node, look)?;
            builder.flow(Flow::Pair(pair));
            Ok(())
        }
        "table" => {
            let table = table::read(node, look)?;
            builder.flow(Flow::Table(table));
            Ok(())
        }
        "qrcode" | "barcode" | "image" | "pagecut" | "pulse" | "bell" if builder.inside() == Inside::Cell => {
            Err(unknown_tag(node, "can't stand in a cell: put it before or after the table"))
        }
        "qrcode" => media::qrcode(node, look).map(|block| builder.device(block)),
        "barcode" => media::barcode(node, look).map(|block| builder.device(block)),
        "image" => media::image(node, look).map(|block| builder.device(block)),
        "pagecut" => empty(node, &[]).map(|_| builder.device(Block::Cut(Cut { mode: CutMode::Partial }))),
        "pulse" => empty(node, &[]).map(|_| builder.device(Block::Drawer(Drawer { pin: 2, pulse_ms: 100 }))),
        "bell" => empty(node, &[]).map(|_| builder.device(Block::Beep(one_beep()))),
        "logo" => Err(XmlError::Unsupported {
            at: position(node),
            tag: name.to_owned(),
            remedy: "logos in the memory of a printer aren't printed: send the picture in <image>".to_owned(),
        }),
        "columns" | "column" | "cells" | "c" | "ct" | "linecell" => {
            Err(unknown_tag(node, "stands in <table> only"))
        }
        "doc" => Err(unknown_tag(node, "stands outermost only")),
        _ => Err(unknown_tag(node, "there is no such tag; the documentation of the XML form lists them")),
    }
}

fn styled(
    node: Node<'_, '_>,
    mut look: Look,
    builder: &mut Builder,
    change: impl FnOnce(&mut Style),
) -> Result<(), XmlError> {
    Attributes::of(node, &[])?;
    change(&mut look.style);
    children(node, look, builder)
}

fn pair(node: Node<'_, '_>, look: Look) -> Result<Pair, XmlError> {
    let attributes = empty(node, &["fit", "left", "right", "symbols"])?;
    let fit = match attributes.get("fit") {
        None | Some("right") => Fit::Right,
        Some("left") => Fit::Left,
        Some(_) => return Err(attributes.value("fit", "left or right")),
    };
    let side = |attributes: &Attributes<'_, '_>, name| {
        attributes.get(name).map(builder::collapsed).ok_or_else(|| attributes.value(name, "missing"))
    };
    let left = side(&attributes, "left")?;
    let right = side(&attributes, "right")?;
    Ok(Pair { left, right, style: look.style, fit, fill: symbols(&attributes)? })
}

/// The attribute `symbols`: the character of a rule or a leader.
fn symbols(attributes: &Attributes<'_, '_>) -> Result<Option<Fill>, XmlError> {
    let Some(text) = attributes.get("symbols") else { return Ok(None) };
    let mut characters = text.chars();
    match (characters.next().and_then(Fill::new), characters.next()) {
        (Some(fill), None) => Ok(Some(fill)),
        _ => Err(attributes.value("symbols", "one printable character")),
    }
}

fn one_beep() -> Beep {
    Beep { times: 1, duration_ms: 100 }
}

/// The attributes of an element, all of them known.
struct Attributes<'a, 'i> {
    node: Node<'a, 'i>,
}

impl<'a, 'i> Attributes<'a, 'i> {
    fn of(node: Node<'a, 'i>, known: &[&str]) -> Result<Self, XmlError> {
        let attributes = Self { node };
        match node.attributes().find(|attribute| !known.contains(&attribute.name())) {
            None => Ok(attributes),
            Some(unknown) if known.is_empty() => {
                Err(attributes.value(unknown.name(), "unknown: this tag has no attributes"))
            }
            Some(unknown) => {
                Err(attributes.value(unknown.name(), &format!("unknown; allowed are {}", known.join(", "))))
            }
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// An error about an attribute: what is allowed.
    fn value(&self, attribute: &str, remedy: &str) -> XmlError {
        let found = self.node.attribute(attribute);
        let remedy = match found {
            Some(found) if !remedy.starts_with("unknown") => format!("{found:?}; allowed: {remedy}"),
            _ => remedy.to_owned(),
        };
        let tag = self.node.tag_name().name().to_owned();
        XmlError::Attribute { at: position(self.node), tag, attribute: attribute.to_owned(), remedy }
    }
}

/// The attributes of an element that holds nothing.
fn empty<'a, 'i>(node: Node<'a, 'i>, known: &[&str]) -> Result<Attributes<'a, 'i>, XmlError> {
    let blank =
        |child: Node<'_, '_>| child.is_comment() || child.text().is_some_and(|text| text.trim().is_empty());
    if !node.children().all(blank) {
        return Err(unknown_tag(node, "holds nothing: close it at once"));
    }
    Attributes::of(node, known)
}

fn unknown_tag(node: Node<'_, '_>, remedy: &str) -> XmlError {
    XmlError::Tag { at: position(node), tag: node.tag_name().name().to_owned(), remedy: remedy.to_owned() }
}

fn position(node: Node<'_, '_>) -> Position {
    node.document().text_pos_at(node.range().start).into()
}
