//! Symbols Star printers draw by themselves.

use crate::document::{Barcode, BarcodeText, Correction, Symbology};
use crate::encode::{Placed, level};

/// A QR code of model 2: `ESC GS y S 0` model, `S 1` correction, `S 2` cell, `D 1` data, `P` print.
/// `false` for more data than the length field holds.
pub(super) fn qr(qr: &Placed<'_>, correction: Correction, out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(qr.data.len()) else { return false };
    let [low, high] = length.to_le_bytes();
    out.extend_from_slice(&[0x1b, 0x1d, b'y', b'S', b'0', 2]);
    out.extend_from_slice(&[0x1b, 0x1d, b'y', b'S', b'1', level(correction)]);
    out.extend_from_slice(&[0x1b, 0x1d, b'y', b'S', b'2', qr.module.clamp(1, 8)]);
    out.extend_from_slice(&[0x1b, 0x1d, b'y', b'D', b'1', 0, low, high]);
    out.extend_from_slice(qr.data.as_bytes());
    out.extend_from_slice(&[0x1b, 0x1d, b'y', b'P', b'\n']);
    true
}

/// A barcode by `ESC b n1 n2 n3 n4 d1...dk RS`, or PDF417. `false` where the command can't carry the
/// data or the place of the digits.
pub(super) fn barcode(barcode: &Barcode, placed: &Placed<'_>, out: &mut Vec<u8>) -> bool {
    // The data end at RS, and other control bytes are commands.
    if placed.data.bytes().any(|b| b < 0x20 || b == 0x7f) && barcode.symbology != Symbology::Pdf417 {
        return false;
    }
    let kind = match barcode.symbology {
        Symbology::Ean8 => b'2',
        Symbology::Ean13 => b'3',
        Symbology::Code39 => b'4',
        Symbology::Itf => b'5',
        // In CODE128 data a % begins a code of its own.
        Symbology::Code128 if placed.data.contains('%') => return false,
        Symbology::Code128 => b'6',
        Symbology::Pdf417 => return pdf417(placed, out),
    };
    let digits = match barcode.text {
        BarcodeText::None => b'1',
        BarcodeText::Below => b'2',
        BarcodeText::Above | BarcodeText::Both => return false,
    };
    // Modes 1 to 3: a narrow bar of 2, 3 or 4 dots.
    let mode = b'0' + placed.module.clamp(2, 4) - 1;
    out.extend_from_slice(&[0x1b, b'b', kind, digits, mode, barcode.height.max(1)]);
    out.extend_from_slice(placed.data.as_bytes());
    out.push(0x1e);
    true
}

/// PDF417: `ESC GS x S 0` size by ratio, `S 1` correction, `S 2` module, `S 3` aspect, `D` data, `P`.
fn pdf417(placed: &Placed<'_>, out: &mut Vec<u8>) -> bool {
    let Ok(length) = u16::try_from(placed.data.len()) else { return false };
    let [low, high] = length.to_le_bytes();
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'S', b'0', 0, 1, 2]);
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'S', b'1', 1]);
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'S', b'2', placed.module.clamp(1, 10)]);
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'S', b'3', 3]);
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'D', low, high]);
    out.extend_from_slice(placed.data.as_bytes());
    out.extend_from_slice(&[0x1b, 0x1d, b'x', b'P', b'\n']);
    true
}
