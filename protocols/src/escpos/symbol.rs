//! Symbols the printer draws by itself: `GS ( k` and `GS k`, function B.

use crate::barcode::{Code128, CodeSet, code128};
use crate::document::{Barcode, Correction, Symbology};
use crate::encode::{Placed, digits, level, realtime_pair};

/// A QR code of model 2 (*ESC/POS Command Reference*, `GS ( k`, functions 165, 167, 169, 180, 181).
/// `false` when its data would be taken for a real-time command.
pub(super) fn qr(qr: &Placed<'_>, correction: Correction, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let Ok(length) = u16::try_from(qr.data.len() + 3) else { return false };
    let [low, high] = length.to_le_bytes();
    out.extend_from_slice(&[0x1d, b'(', b'k', 4, 0, 0x31, 0x41, 0x32, 0]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x31, 0x43, qr.module.clamp(1, 16)]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x31, 0x45, 0x30 + level(correction)]);
    out.extend_from_slice(&[0x1d, b'(', b'k', low, high, 0x31, 0x50, 0x30]);
    out.extend_from_slice(qr.data.as_bytes());
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x31, 0x51, 0x30]);
    realtime_pair(&out[start..]).is_none()
}

/// A barcode. `false` when it would be taken for a real-time command, or is too long.
pub(super) fn barcode(barcode: &Barcode, placed: &Placed<'_>, out: &mut Vec<u8>) -> bool {
    if barcode.symbology == Symbology::Pdf417 {
        return pdf417(placed, out);
    }
    let start = out.len();
    out.extend_from_slice(&[0x1d, b'w', placed.module]);
    out.extend_from_slice(&[0x1d, b'h', barcode.height.max(1)]);
    out.extend_from_slice(&[0x1d, b'H', digits(barcode.text)]);
    out.extend_from_slice(&[0x1d, b'f', 0]);
    let at = out.len();
    let (kind, body) = match barcode.symbology {
        Symbology::Ean13 => (67, placed.data.as_bytes().to_vec()),
        Symbology::Ean8 => (68, placed.data.as_bytes().to_vec()),
        Symbology::Code39 => (69, placed.data.as_bytes().to_vec()),
        Symbology::Itf => (70, placed.data.as_bytes().to_vec()),
        Symbology::Code128 | Symbology::Pdf417 => (73, code128_bytes(&code128(placed.data, true))),
    };
    if !put(kind, &body, out) {
        return false;
    }
    if realtime_pair(&out[start..]).is_none() {
        return true;
    }
    // The pair 16, 04 of set C reads as DLE EOT: the digits apart don't.
    out.truncate(at);
    barcode.symbology == Symbology::Code128
        && put(73, &code128_bytes(&code128(placed.data, false)), out)
        && realtime_pair(&out[start..]).is_none()
}

/// `GS k m n d1...dn`.
fn put(kind: u8, body: &[u8], out: &mut Vec<u8>) -> bool {
    let Ok(length) = u8::try_from(body.len()) else { return false };
    out.extend_from_slice(&[0x1d, b'k', kind, length]);
    out.extend_from_slice(body);
    true
}

/// CODE128 in Epson's notation: `{A`, `{B`, `{C` select sets, `{S` shifts, `{{` is a brace; pairs of
/// digits are bytes 0 to 99 (*ESC/POS Command Reference*, `GS k`, CODE128).
pub(super) fn code128_bytes(symbols: &[Code128]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(symbols.len() + 8);
    for symbol in symbols {
        match *symbol {
            Code128::Set(CodeSet::A) => bytes.extend_from_slice(b"{A"),
            Code128::Set(CodeSet::B) => bytes.extend_from_slice(b"{B"),
            Code128::Set(CodeSet::C) => bytes.extend_from_slice(b"{C"),
            Code128::Shift => bytes.extend_from_slice(b"{S"),
            Code128::Char(b'{') => bytes.extend_from_slice(b"{{"),
            Code128::Char(byte) | Code128::Pair(byte) => bytes.push(byte),
        }
    }
    bytes
}

/// PDF417 (*ESC/POS Command Reference*, `GS ( k`, functions 065 to 070, 080, 081): columns and rows
/// by the printer, rows three modules high, 10 % of the data again as correction.
fn pdf417(placed: &Placed<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let Ok(length) = u16::try_from(placed.data.len() + 3) else { return false };
    let [low, high] = length.to_le_bytes();
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x41, 0]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x42, 0]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x43, placed.module.clamp(2, 8)]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x44, 3]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 4, 0, 0x30, 0x45, 0x31, 1]);
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x46, 0]);
    out.extend_from_slice(&[0x1d, b'(', b'k', low, high, 0x30, 0x50, 0x30]);
    out.extend_from_slice(placed.data.as_bytes());
    out.extend_from_slice(&[0x1d, b'(', b'k', 3, 0, 0x30, 0x51, 0x30]);
    realtime_pair(&out[start..]).is_none()
}
