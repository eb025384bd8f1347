//! What the agent must know of a printer model: data, read from TOML.
//!
//! One file of `devices/models` is one [`Model`]. Nothing here opens files: the text is given.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::codepage::Page;
use crate::document::Symbology;
use crate::paper::{Cell, Metrics};

/// A printer model: its command language, its geometry and its abilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name in configurations: `[a-z0-9-]{1,64}`, the file's name without `.toml`.
    pub id: String,
    /// The vendor's name of the model.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Where the figures are from: documents with section, or `escpos-printer-db, CC BY 4.0`.
    pub source: String,
    /// Command language.
    pub language: Language,
    /// Printable width in dots.
    pub dots: u16,
    /// Dots an inch, from left to right.
    pub dpi: u16,
    /// Dots an inch, from top to bottom, where that differs: impact printers.
    #[serde(default)]
    pub dpi_y: Option<u16>,
    /// Cell of the normal font in dots.
    pub font_a: Cell,
    /// Cell of the small font in dots.
    pub font_b: Cell,
    /// Dots from one line of normal text to the next, at least.
    #[serde(default = "line_spacing")]
    pub line_spacing: u16,
    /// Whether it has fonts of its own; every line is sent as a picture where it has none.
    #[serde(default = "yes")]
    pub device_fonts: bool,
    /// How characters are enlarged.
    #[serde(default)]
    pub scaling: Scaling,
    /// Whether ESC $ counts in dots of this model; otherwise runs are placed by spaces.
    #[serde(default = "yes")]
    pub absolute_position: bool,
    /// Code pages and the number that selects each (ESC t n, Star: ESC GS t n).
    pub pages: BTreeMap<Page, u8>,
    /// The page tried first.
    pub default_page: Page,
    /// Chinese characters of the printer, if it has them.
    #[serde(default)]
    pub kanji: Kanji,
    /// How pictures are sent.
    pub image: ImageCommand,
    /// What it answers.
    #[serde(default)]
    pub status: StatusFeatures,
    /// What symbols it draws by itself; the others are sent as pictures.
    #[serde(default)]
    pub native: Native,
    /// Cutter.
    pub cutter: Cutter,
    /// Lines of normal height to feed before a cut or to a tear bar; 0 where the cut command feeds.
    #[serde(default)]
    pub feed_before_cut: u8,
    /// Cash drawer connector.
    #[serde(default)]
    pub drawer: DrawerPort,
    /// Buzzer.
    #[serde(default)]
    pub buzzer: Buzzer,
    /// Bytes that may be outstanding before the printer has confirmed any.
    #[serde(default = "safe_buffer")]
    pub safe_buffer: u32,
}

/// Command language of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Epson's ESC/POS and its many relatives.
    Escpos,
    /// Star Line Mode.
    StarLine,
}

/// How characters are enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Up to eight times by `GS !` (Star: up to six times by `ESC i`).
    #[default]
    Free,
    /// Doubled by `ESC !` only: impact printers.
    Double,
}

/// Multibyte characters of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kanji {
    /// Whether `FS &` selects GBK, the two-byte part of GB18030.
    pub gbk: bool,
    /// Whether it is on after `ESC @`, so that `FS .` must come first.
    pub on_by_default: bool,
}

/// Command a picture is sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImageCommand {
    /// `GS v 0`.
    #[serde(rename = "gs-v-0")]
    GsV0,
    /// `GS ( L`, functions 112 and 50.
    #[serde(rename = "gs-paren-l")]
    GsParenL,
    /// `ESC *` with 24 dots a column.
    #[serde(rename = "esc-star-24")]
    EscStar24,
    /// `ESC *` with 8 dots a column: impact printers.
    #[serde(rename = "esc-star-8")]
    EscStar8,
    /// Star's `ESC GS S`, inside line mode.
    #[serde(rename = "star-gs-s")]
    StarGsS,
    /// Star's raster mode, `ESC * r A` to `ESC * r B`.
    #[serde(rename = "star-raster")]
    StarRaster,
}

/// What a printer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusFeatures {
    /// Automatic status back: `GS a` (Star: `ESC RS a`).
    pub asb: bool,
    /// `DLE EOT`.
    pub dle_eot: bool,
    /// `GS r`.
    pub gs_r: bool,
    /// Process id response, `GS ( H` (Star: the ETB counter).
    pub process_id: bool,
}

/// Symbols a printer draws by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Native {
    /// QR codes.
    pub qr: bool,
    /// The most bytes of data its QR command takes; 0: as many as a QR code holds.
    pub max_qr: u16,
    /// Barcode symbologies, PDF417 among them.
    pub barcodes: Vec<Symbology>,
}

/// Cutter of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cutter {
    /// A tear bar.
    None,
    /// Leaves a point.
    Partial,
    /// Cuts through.
    Full,
    /// Either.
    Both,
}

/// Cash drawer connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawerPort {
    /// None.
    None,
    /// Pin 2 only.
    One,
    /// Pins 2 and 5.
    #[default]
    Two,
}

/// Buzzer of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Buzzer {
    /// None.
    #[default]
    None,
    /// Epson's `ESC ( A`, function 97.
    EscParenA,
    /// `ESC B n t`, common among Chinese printers.
    EscB,
    /// Star's `ESC GS EM DC1`.
    Star,
}

/// Why a text is no model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelError {
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("the model file can't be read: {0}")]
    Syntax(String),
    /// A value that can't be right.
    #[error("model {model:?}: {field} {problem}")]
    Value {
        /// The model's id, as written.
        model: String,
        /// The key.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

impl Model {
    /// Reads a model from TOML text and checks that its values agree with each other.
    ///
    /// # Errors
    /// [`ModelError::Syntax`] with line and column, or [`ModelError::Value`] with the key.
    pub fn from_toml(text: &str) -> Result<Self, ModelError> {
        let model: Model = toml::from_str(text).map_err(|e| ModelError::Syntax(e.to_string()))?;
        model.check()?;
        Ok(model)
    }

    /// What the layout must know.
    pub fn metrics(&self) -> Metrics {
        Metrics { dots: self.dots, font_a: self.font_a, font_b: self.font_b }
    }

    /// Rows as high as `dots` columns are wide, at least one.
    pub fn rows(&self, dots: u16) -> u16 {
        let rows = u32::from(dots) * u32::from(self.dpi_y.unwrap_or(self.dpi)) / u32::from(self.dpi.max(1));
        u16::try_from(rows).unwrap_or(u16::MAX).max(1)
    }

    /// Whether the printer draws this symbology by itself.
    pub fn draws(&self, symbology: Symbology) -> bool {
        self.native.barcodes.contains(&symbology)
    }

    fn check(&self) -> Result<(), ModelError> {
        let bad = |field, problem: &str| {
            Err(ModelError::Value { model: self.id.clone(), field, problem: problem.into() })
        };
        let id_ok = (1..=64).contains(&self.id.len())
            && self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !id_ok {
            return bad("id", "must be 1 to 64 of a-z, 0-9 and -");
        }
        if self.source.trim().is_empty() {
            return bad("source", "must name the document the figures are from");
        }
        if !(64..=1032).contains(&self.dots) {
            return bad("dots", "must be 64 to 1032");
        }
        if !(60..=600).contains(&self.dpi) {
            return bad("dpi", "must be 60 to 600");
        }
        if self.dpi_y.is_some_and(|dpi| !(60..=600).contains(&dpi)) {
            return bad("dpi_y", "must be 60 to 600");
        }
        for (field, cell) in [("font_a", self.font_a), ("font_b", self.font_b)] {
            if !(4..=48).contains(&cell.width) || !(7..=64).contains(&cell.height) {
                return bad(field, "must be 4 to 48 dots wide and 7 to 64 high");
            }
            if self.dots / cell.width < 16 {
                return bad(field, "leaves fewer than 16 columns");
            }
        }
        if !(7..=255).contains(&self.line_spacing) {
            return bad("line_spacing", "must be 7 to 255 dots");
        }
        if !self.pages.contains_key(&self.default_page) {
            return bad("default_page", "is not among the pages");
        }
        let star_image = matches!(self.image, ImageCommand::StarGsS | ImageCommand::StarRaster);
        if star_image != (self.language == Language::StarLine) {
            return bad("image", "is not a command of this language");
        }
        if self.image == ImageCommand::StarRaster && self.device_fonts {
            return bad("image", "star-raster is for printers without device_fonts; use star-gs-s");
        }
        if (self.buzzer == Buzzer::Star) && self.language != Language::StarLine {
            return bad("buzzer", "star is not an ESC/POS buzzer");
        }
        if matches!(self.buzzer, Buzzer::EscParenA | Buzzer::EscB) && self.language != Language::Escpos {
            return bad("buzzer", "must be star or none for Star Line Mode");
        }
        if self.safe_buffer < 256 {
            return bad("safe_buffer", "must be at least 256 bytes");
        }
        Ok(())
    }
}

fn yes() -> bool {
    true
}
fn line_spacing() -> u16 {
    30
}
fn safe_buffer() -> u32 {
    4096
}
