//! Pictures: `GS v 0`, `GS ( L` and `ESC *`, safe against real-time commands inside the data.

use crate::encode::realtime_pair;
use crate::model::{ImageCommand, Model};
use crate::raster::Bitmap;

/// Rows sent at once: printers with small buffers begin to print before the picture ends.
const STRIP: u16 = 128;

/// Appends a picture in strips.
pub(super) fn picture(model: &Model, picture: &Bitmap, out: &mut Vec<u8>) {
    match model.image {
        ImageCommand::GsParenL => strips(picture, out, gs_paren_l),
        ImageCommand::EscStar24 => columns(picture, 3, 33, 24, out),
        ImageCommand::EscStar8 => columns(picture, 1, 1, 16, out),
        ImageCommand::GsV0 | ImageCommand::StarGsS | ImageCommand::StarRaster => strips(picture, out, gs_v_0),
    }
}

/// Makes the bytes from `start` on safe: in a pair that reads as a real-time command, a dot of the
/// second byte is turned. The result, 0C, 0D or 1C, can't begin or end another.
pub(crate) fn defuse(out: &mut [u8], start: usize) {
    let mut from = start;
    while let Some(at) = out.get(from..).and_then(realtime_pair) {
        if let Some(byte) = out.get_mut(from + at + 1) {
            *byte ^= 0x08;
        }
        from += at + 1;
    }
}

/// Cuts a picture into strips of rows, each written by `put` and then made safe.
fn strips(picture: &Bitmap, out: &mut Vec<u8>, put: fn(&Bitmap, u16, u16, &mut Vec<u8>) -> usize) {
    let mut y = 0;
    while y < picture.height() {
        let rows = STRIP.min(picture.height() - y);
        let start = out.len();
        let mut data = put(picture, y, rows, out);
        let mut rows = rows;
        // Lengths can't be turned: a row less gives others.
        while rows > 1 && realtime_pair(&out[start..data]).is_some() {
            rows -= 1;
            out.truncate(start);
            data = put(picture, y, rows, out);
        }
        defuse(out, data);
        y += rows;
    }
}

/// `GS v 0 m xL xH yL yH d1...dk` with m = 0; where the data begin.
fn gs_v_0(picture: &Bitmap, y: u16, rows: u16, out: &mut Vec<u8>) -> usize {
    let [width_low, width_high] = (picture.stride() as u16).to_le_bytes();
    let [rows_low, rows_high] = rows.to_le_bytes();
    out.extend_from_slice(&[0x1d, b'v', b'0', 0, width_low, width_high, rows_low, rows_high]);
    let data = out.len();
    (y..y + rows).for_each(|row| out.extend_from_slice(picture.row(row)));
    data
}

/// `GS ( L`, function 112 (store, one tone, 1 x 1, colour 1), then function 50 (print); where the
/// data begin.
fn gs_paren_l(picture: &Bitmap, y: u16, rows: u16, out: &mut Vec<u8>) -> usize {
    let [low, high] = ((picture.stride() * usize::from(rows) + 10) as u16).to_le_bytes();
    let [width_low, width_high] = picture.width().to_le_bytes();
    let [rows_low, rows_high] = rows.to_le_bytes();
    out.extend_from_slice(&[0x1d, b'(', b'L', low, high, 0x30, 0x70, 0x30, 1, 1, 0x31]);
    out.extend_from_slice(&[width_low, width_high, rows_low, rows_high]);
    let data = out.len();
    (y..y + rows).for_each(|row| out.extend_from_slice(picture.row(row)));
    out.extend_from_slice(&[0x1d, b'(', b'L', 2, 0, 0x30, 0x32]);
    data
}

/// `ESC * m nL nH d1...dk` for bands of 8 or 24 rows, with the line spacing (`ESC 3`) of a band and
/// the usual one (`ESC 2`) after.
fn columns(picture: &Bitmap, bytes: u16, mode: u8, spacing: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x1b, b'3', spacing]);
    let [low, high] = picture.width().to_le_bytes();
    for band in 0..picture.height().div_ceil(8 * bytes) {
        out.extend_from_slice(&[0x1b, b'*', mode, low, high]);
        let data = out.len();
        for x in 0..picture.width() {
            for byte in 0..bytes {
                let top = (band * bytes + byte) * 8;
                let dots = (0..8).fold(0u8, |dots, bit| dots << 1 | u8::from(picture.get(x, top + bit)));
                out.push(dots);
            }
        }
        defuse(out, data);
        out.push(b'\n');
    }
    out.extend_from_slice(b"\x1b2");
}
