//! Pictures: `ESC GS S` inside line mode, or raster mode for printers without fonts.

use crate::document::Align;
use crate::model::{ImageCommand, Model};
use crate::raster::Bitmap;

/// Rows of one `ESC GS S`.
const STRIP: u16 = 128;

/// Appends a picture, placed by white dots to its left: alignment does not reach raster mode.
pub(super) fn picture(model: &Model, picture: &Bitmap, align: Align, out: &mut Vec<u8>) {
    let free = model.dots.saturating_sub(picture.width());
    let left = match align {
        Align::Left => 0,
        Align::Center => free / 2,
        Align::Right => free,
    };
    let placed;
    let picture = if left == 0 {
        picture
    } else {
        let mut wide = Bitmap::new(left + picture.width(), picture.height());
        wide.draw(picture, left, 0, (1, 1));
        placed = wide;
        &placed
    };
    if model.image == ImageCommand::StarRaster {
        rows(picture, out);
    } else {
        strips(picture, out);
    }
}

/// Empty lines of normal height for a printer without fonts.
pub(super) fn feed(model: &Model, lines: u8, out: &mut Vec<u8>) {
    rows(&Bitmap::new(8, u16::from(lines) * model.line_spacing), out);
}

/// `ESC GS S m xL xH yL yH n` and the rows (*Star Line Mode Command Specifications*, `ESC GS S`).
fn strips(picture: &Bitmap, out: &mut Vec<u8>) {
    let [width_low, width_high] = (picture.stride() as u16).to_le_bytes();
    let mut y = 0;
    while y < picture.height() {
        let rows = STRIP.min(picture.height() - y);
        let [rows_low, rows_high] = rows.to_le_bytes();
        out.extend_from_slice(&[0x1b, 0x1d, b'S', 1, width_low, width_high, rows_low, rows_high, 0]);
        (y..y + rows).for_each(|row| out.extend_from_slice(picture.row(row)));
        y += rows;
    }
}

/// Raster mode: `ESC * r A`, page length continuous (`P 0`), no cut at its end (`E 1`), each row by
/// `b nL nH`, `ESC * r B`.
fn rows(picture: &Bitmap, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\x1b*rA\x1b*rP0\0\x1b*rE1\0");
    for y in 0..picture.height() {
        let row = picture.row(y);
        let used = row.iter().rposition(|&byte| byte != 0).map_or(1, |at| at + 1);
        let [low, high] = (used as u16).to_le_bytes();
        out.extend_from_slice(&[b'b', low, high]);
        out.extend_from_slice(row.get(..used).unwrap_or_default());
    }
    out.extend_from_slice(b"\x1b*rB");
}
