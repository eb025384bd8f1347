//! Barcodes and two-dimensional codes: what the printer's own generators draw.
//!
//! Patterns: EAN/UPC from the GS1 General Specifications 5.2, CODE39 ISO/IEC 16388, ITF ISO/IEC
//! 16390, CODABAR EN 798, CODE93 AIM BC5, CODE128 ISO/IEC 15417. Which characters and lengths a
//! printer takes: Epson ESC/POS command reference, `GS k`.

use super::bitmap::Bitmap;
use super::code128;
use super::linear;

/// Kinds of one-dimensional barcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarcodeKind {
    /// UPC-A, 11 or 12 digits.
    UpcA,
    /// UPC-E, 6 to 8 digits, or 11 or 12 of a UPC-A that can be shortened.
    UpcE,
    /// EAN-13 (JAN-13).
    Ean13,
    /// EAN-8 (JAN-8).
    Ean8,
    /// CODE39.
    Code39,
    /// Interleaved 2 of 5.
    Itf,
    /// CODABAR (NW-7).
    Codabar,
    /// CODE93.
    Code93,
    /// CODE128.
    Code128,
}

impl std::fmt::Display for BarcodeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UpcA => "UPC-A",
            Self::UpcE => "UPC-E",
            Self::Ean13 => "EAN13",
            Self::Ean8 => "EAN8",
            Self::Code39 => "CODE39",
            Self::Itf => "ITF",
            Self::Codabar => "CODABAR",
            Self::Code93 => "CODE93",
            Self::Code128 => "CODE128",
        })
    }
}

/// A barcode ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bars {
    /// Widths in modules, a bar first, then a space, and so on.
    pub widths: Vec<u8>,
    /// The characters as a scanner reports them; control characters as they are.
    pub text: String,
}

impl Bars {
    pub fn modules(&self) -> u32 {
        self.widths.iter().map(|&w| u32::from(w)).sum()
    }
}

/// Makes a barcode of `data`; the error says why a printer wouldn't.
/// `plain128`: CODE128 data is plain ASCII instead of Epson's `{A` `{B` `{C` notation.
pub(crate) fn bars(kind: BarcodeKind, data: &[u8], plain128: bool) -> Result<Bars, String> {
    match kind {
        BarcodeKind::UpcA => linear::upc_a(data),
        BarcodeKind::UpcE => linear::upc_e(data),
        BarcodeKind::Ean13 => linear::ean13(data),
        BarcodeKind::Ean8 => linear::ean8(data),
        BarcodeKind::Code39 => linear::code39(data),
        BarcodeKind::Itf => linear::itf(data),
        BarcodeKind::Codabar => linear::codabar(data),
        BarcodeKind::Code93 => linear::code93(data),
        BarcodeKind::Code128 if plain128 => code128::plain(data),
        BarcodeKind::Code128 => code128::epson(data),
    }
}

/// A QR code, one dot per module, without the quiet zone. `level` 0 to 3 is L, M, Q, H.
pub(crate) fn qr(data: &[u8], level: u8) -> Result<Bitmap, String> {
    let level = qr_level(level);
    let code = qrcode::QrCode::with_error_correction_level(data, level)
        .map_err(|e| format!("QR code of {} bytes: {e}", data.len()))?;
    let width = code.width() as u32;
    let mut bitmap = Bitmap::new(width, width);
    for (i, color) in code.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            bitmap.set(i as u32 % width, i as u32 / width);
        }
    }
    Ok(bitmap)
}

/// The side of that QR code in modules, without drawing it.
pub(crate) fn qr_side(data: &[u8], level: u8) -> Result<u32, String> {
    qrcode::bits::encode_auto(data, qr_level(level))
        .map(|bits| bits.version().width() as u32)
        .map_err(|e| format!("QR code of {} bytes: {e}", data.len()))
}

fn qr_level(level: u8) -> qrcode::EcLevel {
    match level {
        0 => qrcode::EcLevel::L,
        1 => qrcode::EcLevel::M,
        2 => qrcode::EcLevel::Q,
        _ => qrcode::EcLevel::H,
    }
}

/// The place a PDF417 symbol takes: modules wide and rows high. `columns` and `rows` 0 are
/// automatic; `level` is the error correction level, 0 to 8.
///
/// Only its size is known here (ISO/IEC 15438: byte compaction, 6 bytes in 5 code words, plus the
/// length and the mode; start, stop and row indicators are 69 modules): no library for the
/// symbol itself builds on stable Rust, so the paper shows a frame with the data in it.
pub(crate) fn pdf417_size(data: &[u8], columns: u8, rows: u8, level: u8) -> Result<(u32, u32), String> {
    let words = data.len() / 6 * 5 + data.len() % 6 + 2;
    let needed = words + (2usize << level.min(8));
    if needed > 928 {
        return Err(format!("PDF417 of {} bytes at level {level} is too large", data.len()));
    }
    let (columns, rows) = shape(needed, usize::from(columns), usize::from(rows))
        .ok_or_else(|| format!("PDF417: {needed} code words don't fit {columns} x {rows}"))?;
    Ok((columns as u32 * 17 + 69, rows as u32))
}

/// Columns and rows of a PDF417 symbol (1 to 30, 3 to 90), near three times as wide as high.
fn shape(needed: usize, columns: usize, rows: usize) -> Option<(usize, usize)> {
    let fits = |c: usize, r: usize| c * r >= needed && c * r <= 928 && (3..=90).contains(&r);
    match (columns, rows) {
        (0, 0) => (1..=30)
            .map(|c| (c, needed.div_ceil(c).max(3)))
            .filter(|&(c, r)| fits(c, r))
            .min_by_key(|&(c, r)| (c * 17 + 69).abs_diff(r * 9)),
        (0, r) => (1..=30).map(|c| (c, r)).find(|&(c, r)| fits(c, r)),
        (c, 0) => Some((c, needed.div_ceil(c).max(3))).filter(|&(c, r)| fits(c, r)),
        (c, r) => Some((c, r)).filter(|&(c, r)| fits(c, r)),
    }
}
