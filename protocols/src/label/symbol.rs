//! Codes as dots, with their quiet zones.

use super::{datamatrix, text};
use crate::barcode::{self, BarcodeError};
use crate::document::{Correction, Symbology};
use crate::paper::{Cell, Line, Metrics, Run, Style};
use crate::raster::{self, Bitmap};

/// Why a code can't be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SymbolError {
    /// Data that the symbology doesn't take.
    #[error(transparent)]
    Data(#[from] BarcodeError),
    /// More data than any code holds.
    #[error("{0}")]
    TooLong(&'static str),
    /// The line of text is longer than the bars.
    #[error("{0:?} is too long to stand below the bars as text; switch `text` off, or make the module wider")]
    Text(String),
}

/// Millimetres of the digits below bars: close to the 2.75 mm of GS1's nominal size.
const DIGITS_MM: f64 = 2.6;

/// How a barcode is drawn.
pub(super) struct Bars {
    /// Dots of the narrow bar.
    pub module: u16,
    /// Dots of the bars from top to bottom.
    pub height: u16,
    /// Dots a millimetre.
    pub scale: f64,
    /// Whether the data stand below.
    pub text: bool,
}

/// A barcode with quiet zones on both sides and its digits.
///
/// Quiet zones: EAN-13 11 and 7 modules, EAN-8 7 (GS1 General Specifications, section 5.2.3.4), the others
/// 10 (ISO/IEC 15417, 16388, 16390).
pub(super) fn barcode(symbology: Symbology, data: &str, how: &Bars) -> Result<Bitmap, SymbolError> {
    let data = barcode::normalise(symbology, data)?;
    let bars = barcode::bars(symbology, &data)
        .ok_or(SymbolError::TooLong("pdf417 is not drawn on labels; use qr or data-matrix"))?;
    let (before, after) = match symbology {
        Symbology::Ean13 => (11, 7),
        Symbology::Ean8 => (7, 7),
        _ => (10, 10),
    };
    let modules: u32 = bars.iter().map(|&bar| u32::from(bar)).sum();
    let width = (modules + before + after).saturating_mul(u32::from(how.module));
    let too_long = SymbolError::TooLong("the data are longer than any label is wide");
    let width = u16::try_from(width).map_err(|_| too_long)?;
    let left = before as u16 * how.module;
    let right = after as u16 * how.module;
    let shown: String = data.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let groups = match (how.text, symbology) {
        (false, _) => Vec::new(),
        (true, Symbology::Ean13 | Symbology::Ean8) => ean_digits(&shown, left, how),
        (true, _) => vec![centred(&shown, left, width - left - right, how)?],
    };
    let cell = groups.iter().map(|group| group.cell).max_by_key(|cell| cell.height);
    let below = cell.map_or(0, |cell| cell.height + 1);
    let mut picture = Bitmap::new(width, how.height + below);
    let is_ean = matches!(symbology, Symbology::Ean13 | Symbology::Ean8);
    let guard = if how.text && is_ean { (5 * how.module).min(below) } else { 0 };
    let mut x = left;
    let bars_before_the_end = bars.len().saturating_sub(3);
    for (index, &bar) in bars.iter().enumerate() {
        let dots = u16::from(bar) * how.module;
        if index % 2 == 0 {
            let middle = (bars.len() - 5) / 2;
            let is_guard = index < 3 || index >= bars_before_the_end || (middle..middle + 5).contains(&index);
            picture.fill(x, 0, dots, how.height + if is_guard { guard } else { 0 });
        }
        x += dots;
    }
    for group in &groups {
        let runs = [Run { x: 0, width: group.width, text: &group.text, style: Style::default() }];
        let metrics = Metrics { dots: group.width, font_a: group.cell, font_b: group.cell };
        let (digits, _) = raster::line(&Line { runs: &runs }, metrics, 0);
        picture.draw(&digits, group.x, how.height + 1, (1, 1));
    }
    Ok(picture)
}

/// Characters that stand together below bars.
struct Group {
    x: u16,
    width: u16,
    text: String,
    cell: Cell,
}

/// Each digit below its own seven modules; the first of EAN-13 in the quiet zone.
fn ean_digits(data: &str, left: u16, how: &Bars) -> Vec<Group> {
    let module = how.module;
    let wanted = text::cell(DIGITS_MM * how.scale);
    let cell = text::cell_of_width(wanted.width.min(7 * module - 1).max(4));
    let (first, half) = if data.len() == 13 { (1, 6) } else { (0, 4) };
    let group = |text: &str, x: u16| Group { x, width: cell.width, text: text.to_owned(), cell };
    let inside = (7 * module).saturating_sub(cell.width) / 2;
    data.char_indices()
        .map(|(at, _)| {
            let text = &data[at..=at];
            if at < first {
                return group(text, left.saturating_sub(cell.width + 2 * module));
            }
            let number = (at - first) as u16;
            let guards = if number < half { 3 } else { 8 };
            group(text, left + (guards + 7 * number) * module + inside)
        })
        .collect()
}

/// All in one line below the bars, smaller where it would be wider than they are.
fn centred(data: &str, left: u16, width: u16, how: &Bars) -> Result<Group, SymbolError> {
    let count = u16::try_from(data.chars().count()).unwrap_or(u16::MAX).max(1);
    let cell = text::cell_of_width(text::cell(DIGITS_MM * how.scale).width.min(width / count).max(1));
    if cell.width < 6 {
        return Err(SymbolError::Text(data.to_owned()));
    }
    let dots = cell.width * count;
    Ok(Group { x: left + (width - dots) / 2, width: dots, text: data.to_owned(), cell })
}

/// A QR code with the quiet zone of four modules (ISO/IEC 18004, 6.3.8).
pub(super) fn qr(data: &str, correction: Correction, module: u16) -> Result<Bitmap, SymbolError> {
    let code = raster::qr(data, correction, (1, 1))
        .ok_or(SymbolError::TooLong("more data than a QR code of this correction holds"))?;
    magnify(&code, module, 4)
}

/// A Data Matrix code with the quiet zone of one module (ISO/IEC 16022, 7.2).
pub(super) fn data_matrix(data: &str, gs1: bool, module: u16) -> Result<Bitmap, SymbolError> {
    let code = datamatrix::encode(data, gs1)
        .ok_or(SymbolError::TooLong("more data than a Data Matrix code of 104 x 104 modules holds"))?;
    magnify(&code, module, 1)
}

fn magnify(code: &Bitmap, module: u16, quiet: u16) -> Result<Bitmap, SymbolError> {
    let side = u32::from(code.width() + 2 * quiet) * u32::from(module);
    let side = u16::try_from(side).map_err(|_| SymbolError::TooLong("wider than any label"))?;
    let mut picture = Bitmap::new(side, side);
    picture.draw(code, quiet * module, quiet * module, (module, module));
    Ok(picture)
}
