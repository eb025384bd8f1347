//! The seam between layout and encoders: what a laid-out document is put on.
//!
//! The layout breaks a document into lines whose runs already stand at their dot, for the [`Metrics`]
//! of one printer. A [`Paper`] turns them into the bytes of a command language.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::{Barcode, Beep, Cut, Drawer, Image, Qr, Raw};

/// Receives a laid-out document from top to bottom.
pub trait Paper {
    /// Why a block can't be put on this paper.
    type Error;

    /// Prints one line of text, whose height is that of its tallest run.
    fn line(&mut self, line: &Line<'_>) -> Result<(), Self::Error>;
    /// Prints a QR code.
    fn qr(&mut self, qr: &Qr) -> Result<(), Self::Error>;
    /// Prints a one-dimensional barcode or PDF417.
    fn barcode(&mut self, barcode: &Barcode) -> Result<(), Self::Error>;
    /// Prints a picture.
    fn image(&mut self, image: &Image) -> Result<(), Self::Error>;
    /// Feeds empty lines of the normal height.
    fn feed(&mut self, lines: u8) -> Result<(), Self::Error>;
    /// Cuts the paper.
    fn cut(&mut self, cut: &Cut) -> Result<(), Self::Error>;
    /// Opens the cash drawer.
    fn drawer(&mut self, drawer: &Drawer) -> Result<(), Self::Error>;
    /// Sounds the buzzer.
    fn beep(&mut self, beep: &Beep) -> Result<(), Self::Error>;
    /// Sends bytes as they are (a right of its own).
    fn raw(&mut self, raw: &Raw) -> Result<(), Self::Error>;
    /// Says what the next lines are in a table. Only paper with pages has to know.
    fn table(&mut self, _part: TablePart) {}
}

/// What the lines that follow are in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TablePart {
    /// Its header, and a rule right below it.
    Header,
    /// One of its rows, and the rules right below it.
    Row,
    /// No longer part of it.
    End,
}

/// One line of text: runs from left to right that don't overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Runs ordered by `x`.
    pub runs: &'a [Run<'a>],
}

/// Text of one style at a fixed place of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'a> {
    /// Left edge in dots from the left edge of the printable area.
    pub x: u16,
    /// Width in dots: cells times the cell width of the style.
    pub width: u16,
    /// Printable characters only: no control characters, no line breaks.
    pub text: &'a str,
    /// How it looks.
    pub style: Style,
}

/// How text looks. Sizes multiply the cell of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// Built-in font of the printer.
    pub font: Font,
    /// Emphasised.
    pub bold: bool,
    /// Underlined.
    pub underline: bool,
    /// White on black.
    pub invert: bool,
    /// Times the normal width, 1 to 8.
    pub width: u8,
    /// Times the normal height, 1 to 8.
    pub height: u8,
}

impl Default for Style {
    fn default() -> Self {
        Self { font: Font::A, bold: false, underline: false, invert: false, width: 1, height: 1 }
    }
}

/// A built-in font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Font {
    /// The normal font (12 x 24 dots on most printers).
    #[default]
    A,
    /// The small font (9 x 17 or 9 x 24 dots on most printers).
    B,
}

/// What the layout must know of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Printable width in dots.
    pub dots: u16,
    /// Cell of font A in dots.
    pub font_a: Cell,
    /// Cell of font B in dots.
    pub font_b: Cell,
}

impl Metrics {
    /// The cell of a font, unscaled.
    pub fn cell(&self, font: Font) -> Cell {
        match font {
            Font::A => self.font_a,
            Font::B => self.font_b,
        }
    }

    /// How many normal cells of a font fit on a line.
    pub fn columns(&self, font: Font) -> u16 {
        self.dots / self.cell(font).width.max(1)
    }
}

/// The size of a character cell in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Dots from one character to the next.
    pub width: u16,
    /// Dots from top to bottom.
    pub height: u16,
}
