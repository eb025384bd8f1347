//! QR codes and barcodes as dots, for printers that don't draw them.

use qrcode::{Color, EcLevel, QrCode};

use super::{Bitmap, text};
use crate::document::{BarcodeText, Correction};
use crate::paper::{Line, Metrics, Run, Style};

/// A QR code with modules of `module` (wide, high) dots, without the quiet zone; `None` when the data
/// are too many.
pub fn qr(data: &str, correction: Correction, module: (u16, u16)) -> Option<Bitmap> {
    let level = match correction {
        Correction::L => EcLevel::L,
        Correction::M => EcLevel::M,
        Correction::Q => EcLevel::Q,
        Correction::H => EcLevel::H,
    };
    let code = QrCode::with_error_correction_level(data, level).ok()?;
    let side = u16::try_from(code.width()).ok()?;
    let mut bitmap = Bitmap::new(side * module.0, side * module.1);
    for (i, _) in code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark) {
        let (x, y) = (i as u16 % side, i as u16 / side);
        bitmap.fill(x * module.0, y * module.1, module.0, module.1);
    }
    Some(bitmap)
}

/// Bars as wide as `bars` says, in modules of `size.0` dots and `size.1` dots high, with the data
/// above or below as text.
pub fn barcode(bars: &[u8], data: &str, place: BarcodeText, size: (u16, u16), metrics: Metrics) -> Bitmap {
    let (module, bars_height) = size;
    let width: u16 = bars.iter().map(|&w| u16::from(w) * module).sum();
    let cell = metrics.font_a;
    let digits = data.chars().count() as u16 * cell.width;
    let above = matches!(place, BarcodeText::Above | BarcodeText::Both);
    let below = matches!(place, BarcodeText::Below | BarcodeText::Both);
    let bars_top = if above { cell.height } else { 0 };
    let height = bars_top + bars_height + if below { cell.height } else { 0 };
    let full = if above || below { width.max(digits.min(metrics.dots)) } else { width };
    let mut bitmap = Bitmap::new(full, height);
    let mut x = (full - width) / 2;
    for (i, &w) in bars.iter().enumerate() {
        let w = u16::from(w) * module;
        if i % 2 == 0 {
            bitmap.fill(x, bars_top, w, bars_height);
        }
        x += w;
    }
    if above || below {
        let printable: String = data.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let run = Run {
            x: full.saturating_sub(digits) / 2,
            width: digits,
            text: &printable,
            style: Style::default(),
        };
        let (text, _) = text::line(&Line { runs: &[run] }, Metrics { dots: full, ..metrics }, 0);
        if above {
            bitmap.draw(&text, 0, 0, (1, 1));
        }
        if below {
            bitmap.draw(&text, 0, height - cell.height, (1, 1));
        }
    }
    bitmap
}
