//! The picture of a label becomes bytes of a printer's language.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Drawn, Label, LabelError, draw, epl, tspl, zpl};
use crate::raster::Bitmap;

/// Command language of a label printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// TSC's TSPL and TSPL2, and their many relatives.
    Tspl,
    /// Zebra's ZPL II.
    Zpl,
    /// Zebra's (Eltron's) EPL2, page mode.
    Epl,
}

/// What must be known of a printer to print labels on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printer {
    /// Its language.
    pub language: Language,
    /// Dots an inch, 203, 300 or 600.
    pub dpi: u16,
    /// Dots of its head, so the widest label.
    pub dots: u16,
    /// Whether labels come out on their heads otherwise.
    pub turned: bool,
}

impl Printer {
    /// Dots a millimetre. Heads of 203 dpi have 8 (TSC, *TSPL/TSPL2 Programming Language*, document
    /// conventions), those of 300 dpi 11.81.
    pub fn dots_per_mm(&self) -> f64 {
        match self.dpi {
            203 => 8.0,
            dpi => f64::from(dpi) / 25.4,
        }
    }

    /// The nearest whole number of dots.
    pub fn dots_of(&self, mm: f64) -> u16 {
        (mm * self.dots_per_mm()).round().clamp(0.0, f64::from(u16::MAX)) as u16
    }
}

/// A label ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// One job: all copies of the label.
    pub bytes: Vec<u8>,
    /// The very picture that the bytes hold, and what became of its texts.
    pub drawn: Drawn,
}

/// Draws a label and encodes it for a printer.
///
/// The bytes hold numbers and dots alone: nothing of the label's texts and data can become a command.
///
/// # Errors
/// As [`draw`].
pub fn encode(label: &Label, printer: &Printer) -> Result<Encoded, LabelError> {
    let drawn = draw(label, printer)?;
    let bytes = match printer.language {
        Language::Tspl => tspl::encode(label, &drawn.picture, printer),
        Language::Zpl => zpl::encode(label, &drawn.picture, printer),
        Language::Epl => epl::encode(label, &drawn.picture, printer),
    };
    Ok(Encoded { bytes, drawn })
}

/// A part of a picture, a whole number of bytes wide.
pub(super) struct Band {
    /// Dots from the left, a multiple of 8.
    pub x: u16,
    /// Dots from the top.
    pub y: u16,
    /// Bytes of a row.
    pub stride: u16,
    pub rows: u16,
    /// All rows; a set bit is black.
    pub data: Vec<u8>,
}

/// White rows that are worth a command of their own.
const WORTHWHILE: u16 = 8;

/// What is black of a picture, from top to bottom, each part of at most `most` bytes, without the white
/// around it.
pub(super) fn bands(picture: &Bitmap, most: usize) -> Vec<Band> {
    let highest = u16::try_from(most / picture.stride().max(1)).unwrap_or(u16::MAX).max(1);
    let mut spans: Vec<(u16, u16)> = Vec::new();
    for y in (0..picture.height()).filter(|&y| picture.row(y).iter().any(|&byte| byte != 0)) {
        match spans.last_mut() {
            Some((top, end)) if y - *end < WORTHWHILE && y - *top < highest => *end = y + 1,
            _ => spans.push((y, y + 1)),
        }
    }
    spans.into_iter().filter_map(|(top, end)| cropped(picture, top, end)).collect()
}

fn cropped(picture: &Bitmap, top: u16, end: u16) -> Option<Band> {
    let rows = || (top..end).map(|y| picture.row(y));
    let left = rows().filter_map(|row| row.iter().position(|&byte| byte != 0)).min()?;
    let right = rows().filter_map(|row| row.iter().rposition(|&byte| byte != 0)).max()? + 1;
    let data = rows().flat_map(|row| row.get(left..right).unwrap_or_default()).copied().collect();
    Some(Band {
        x: u16::try_from(left * 8).ok()?,
        y: top,
        stride: u16::try_from(right - left).ok()?,
        rows: end - top,
        data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_around_and_between_is_not_sent() {
        let mut picture = Bitmap::new(64, 100);
        picture.fill(17, 10, 2, 3);
        picture.fill(40, 60, 20, 1);
        let found: Vec<_> =
            bands(&picture, 10_000).into_iter().map(|b| (b.x, b.y, b.stride, b.rows, b.data)).collect();
        assert_eq!(found, [(16, 10, 1, 3, vec![0b0110_0000; 3]), (40, 60, 3, 1, vec![0xFF, 0xFF, 0xF0])]);
    }

    #[test]
    fn a_picture_too_large_for_one_command_is_cut_without_a_gap() {
        let mut picture = Bitmap::new(80, 50);
        picture.fill(0, 0, 80, 50);
        let found: Vec<_> = bands(&picture, 200).iter().map(|band| (band.y, band.rows)).collect();
        assert_eq!(found, [(0, 20), (20, 20), (40, 10)]);
    }
}
