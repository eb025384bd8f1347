//! What stands for a character no font has: a box with its code.

use super::Bitmap;

/// Hexadecimal digits of 3 x 5 dots; three bits a row, the left dot highest.
const DIGITS: [[u8; 5]; 16] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 3, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 2, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [7, 5, 7, 5, 5],
    [6, 5, 6, 5, 6],
    [7, 4, 4, 4, 7],
    [6, 5, 5, 5, 6],
    [7, 4, 6, 4, 7],
    [7, 4, 6, 4, 4],
];

/// Draws a box with the code of `c` into a cell, as large as fits; where two rows of digits don't
/// fit, the box alone.
pub(super) fn code_box(bitmap: &mut Bitmap, c: char, x: u16, width: u16, height: u16) {
    let code = c as u32;
    let count: u16 = if code > 0xffff { 6 } else { 4 };
    let columns = count / 2;
    // A frame of one unit around two rows of digits, a unit between them.
    let (units_wide, units_high) = (columns * 4 + 1, 13);
    let scale = (width / units_wide).min(height / units_high);
    let unit = scale.max(1);
    let (left, right) = (x, x + width.saturating_sub(1));
    let (top, bottom) =
        if scale == 0 { (0, height.saturating_sub(1)) } else { centred(height, units_high * unit) };
    bitmap.fill(left, top, width, 1);
    bitmap.fill(left, bottom, width, 1);
    bitmap.fill(left, top, 1, bottom - top + 1);
    bitmap.fill(right, top, 1, bottom - top + 1);
    // One unit of the frame's side may be lost where the digits would not fit otherwise.
    let inner = (columns * 4 - 1) * unit;
    if inner > width.saturating_sub(2) || 11 * unit > (bottom - top + 1).saturating_sub(2) {
        return;
    }
    let from = x + (width - inner) / 2;
    for i in 0..count {
        let digit = (code >> (4 * (count - 1 - i))) as usize & 15;
        let (column, row) = (i % columns, i / columns);
        let (dx, dy) = (from + column * 4 * unit, top + unit + row * 6 * unit);
        for (r, bits) in (0u16..).zip(DIGITS[digit]) {
            for bit in (0u16..3).filter(|b| bits >> (2 - b) & 1 == 1) {
                bitmap.fill(dx + bit * unit, dy + r * unit, unit, unit);
            }
        }
    }
}

fn centred(height: u16, inner: u16) -> (u16, u16) {
    let top = height.saturating_sub(inner) / 2;
    (top, top + inner - 1)
}
