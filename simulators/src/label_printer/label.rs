//! A label that came out of the printer.

use crate::printer::Bitmap;

/// A printed label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Number since the printer was made, from 1.
    pub number: usize,
    /// What is on it, in the order of the commands.
    pub fields: Vec<Field>,
    /// Its dots, in the direction of reading; 1 is black.
    pub raster: Bitmap,
    /// False: labels, ribbon or power ended in the middle of it, and only its upper half is printed.
    pub complete: bool,
    /// What the language doesn't allow and this label was made with all the same.
    pub violations: Vec<String>,
}

/// Something on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Dots from the left edge.
    pub x: u32,
    /// Dots from the upper edge.
    pub y: u32,
    /// What it is.
    pub kind: FieldKind,
}

/// What is on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// Text of a built-in font.
    Text(String),
    /// A code that the printer made by itself.
    Code {
        /// The language's name of the symbology, or "QR" or "DataMatrix".
        symbology: String,
        /// What a scanner reads.
        content: String,
    },
    /// Dots that came as dots.
    Graphic {
        /// In dots.
        width: u32,
        /// In dots.
        height: u32,
    },
    /// A filled rectangle.
    Line {
        /// In dots.
        width: u32,
        /// In dots.
        height: u32,
    },
    /// The edge of a rectangle.
    Frame {
        /// In dots.
        width: u32,
        /// In dots.
        height: u32,
    },
}

impl Label {
    /// Width and height in dots.
    pub fn size(&self) -> (u32, u32) {
        (self.raster.width(), self.raster.height())
    }

    /// Whether a text of a built-in font contains this.
    pub fn says(&self, what: &str) -> bool {
        self.texts().iter().any(|text| text.contains(what))
    }

    /// The texts of built-in fonts.
    pub fn texts(&self) -> Vec<&str> {
        self.fields
            .iter()
            .filter_map(
                |field| if let FieldKind::Text(text) = &field.kind { Some(text.as_str()) } else { None },
            )
            .collect()
    }

    /// The codes that the printer made by itself: symbology and content.
    pub fn codes(&self) -> Vec<(&str, &str)> {
        self.fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Code { symbology, content } => Some((symbology.as_str(), content.as_str())),
                _ => None,
            })
            .collect()
    }

    /// Its picture as a PNG file of one bit per dot.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        self.raster.png()
    }
}
