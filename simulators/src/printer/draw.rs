//! Puts rows on a picture, dot by dot.

use std::collections::HashMap;
use std::sync::OnceLock;

use fontdue::{Font, FontSettings};

use super::bitmap::Bitmap;
use super::paper::{Ink, Look, Row};
use super::spec::FontCell;
use super::symbols::{self, Bars};

/// The cells of both fonts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    pub a: FontCell,
    pub b: FontCell,
}

/// Draws all rows under each other.
pub(crate) fn rows(rows: &[Row], width: u32, cells: Cells) -> Bitmap {
    let height: u32 = rows.iter().map(|row| row.feed.max(row.height)).sum();
    let mut sheet = Bitmap::new(width, height);
    let mut pen = Pen { cells, glyphs: HashMap::new() };
    let mut y = 0;
    for row in rows {
        if row.upside_down {
            let mut strip = Bitmap::new(width, row.height);
            pen.row(&mut strip, row, 0);
            sheet.stamp(&strip.upside_down(), 0, y, 1, 1);
        } else {
            pen.row(&mut sheet, row, y);
        }
        y += row.feed.max(row.height);
    }
    sheet
}

/// Height in dots of a code and the text under or over it.
pub(crate) fn barcode_height(height: u32, hri: u8, hri_b: bool, cells: Cells) -> u32 {
    let line = if hri_b { cells.b.height } else { cells.a.height } + 2;
    height + line * u32::from(hri & 1) + line * u32::from(hri >> 1 & 1)
}

struct Pen {
    cells: Cells,
    glyphs: HashMap<(char, bool, bool), Bitmap>,
}

impl Pen {
    fn row(&mut self, sheet: &mut Bitmap, row: &Row, y: u32) {
        for item in &row.items {
            match &item.ink {
                Ink::Text(text, look) => self.text(sheet, text, *look, item.x, y, row.height),
                Ink::Image { bits, scale_x, scale_y } => {
                    let top = y + row.height.saturating_sub(bits.height() * scale_y);
                    sheet.stamp(bits, item.x, top, *scale_x, *scale_y);
                }
                Ink::Barcode { bars, module, height, hri, hri_b, .. } => {
                    self.barcode(sheet, bars, *module, *height, (*hri, *hri_b), (item.x, y));
                }
                Ink::Qr { data, level, module } => {
                    if let Ok(code) = symbols::qr(data, *level) {
                        sheet.stamp(&code, item.x, y, *module, *module);
                    }
                }
                Ink::Pdf417 { data, width, height } => {
                    let text = format!("PDF417 {}", String::from_utf8_lossy(data));
                    self.frame(sheet, &text, item.x, y, *width, *height);
                }
            }
        }
    }

    /// Characters of different heights on one line stand on the same base.
    fn text(&mut self, sheet: &mut Bitmap, text: &str, look: Look, x: u32, y: u32, height: u32) {
        let (sx, sy) = (u32::from(look.width), u32::from(look.height));
        let mut x = x;
        for c in text.chars() {
            let (cell_w, cell_h) = cell(c, look, self.cells);
            let (w, h) = (cell_w * sx + look.spacing * sx, cell_h * sy);
            let top = y + height.saturating_sub(h);
            let glyph = self.glyph(c, look);
            sheet.stamp(&glyph, x, top, sx, sy);
            if look.underline > 0 && !look.rotated {
                let thick = u32::from(look.underline);
                sheet.fill(x, top + h.saturating_sub(thick), w, thick);
            }
            if look.inverse {
                sheet.invert(x, top, w, h);
            }
            x += w;
        }
    }

    fn barcode(
        &mut self,
        sheet: &mut Bitmap,
        bars: &Bars,
        module: u32,
        height: u32,
        (hri, hri_b): (u8, bool),
        (x, y): (u32, u32),
    ) {
        let cell = if hri_b { self.cells.b } else { self.cells.a };
        let look = Look { font_b: hri_b, ..PLAIN };
        let total = bars.modules() * module;
        let label: String = bars.text.chars().filter(|c| !c.is_control()).collect();
        let label_width = label.chars().count() as u32 * cell.width;
        let label_x = (x + total / 2).saturating_sub(label_width / 2);
        let mut top = y;
        if hri & 1 == 1 {
            self.text(sheet, &label, look, label_x, top, cell.height);
            top += cell.height + 2;
        }
        let mut at = x;
        for (i, &w) in bars.widths.iter().enumerate() {
            let w = u32::from(w) * module;
            if i % 2 == 0 {
                sheet.fill(at, top, w, height);
            }
            at += w;
        }
        if hri & 2 == 2 {
            self.text(sheet, &label, look, label_x, top + height + 2, cell.height);
        }
    }

    /// A frame with as much of the text in it as there is place.
    fn frame(&mut self, sheet: &mut Bitmap, text: &str, x: u32, y: u32, width: u32, height: u32) {
        for inset in 0..2 {
            let (w, h) = (width.saturating_sub(2 * inset), height.saturating_sub(2 * inset));
            sheet.fill(x + inset, y + inset, w, 1);
            sheet.fill(x + inset, (y + inset + h).saturating_sub(1), w, 1);
            sheet.fill(x + inset, y + inset, 1, h);
            sheet.fill((x + inset + w).saturating_sub(1), y + inset, 1, h);
        }
        let cell = self.cells.b;
        let fits = (width.saturating_sub(8) / cell.width) as usize;
        let look = Look { font_b: true, ..PLAIN };
        let visible: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
        let lines = height.saturating_sub(8) / cell.height;
        for (line, part) in (0..lines).zip(visible.chunks(fits.max(1))) {
            let part: String = part.iter().collect();
            self.text(sheet, &part, look, x + 4, y + 4 + line * cell.height, cell.height);
        }
    }

    fn glyph(&mut self, c: char, look: Look) -> Bitmap {
        let cells = self.cells;
        let glyph = self.glyphs.entry((c, look.font_b, look.bold)).or_insert_with(|| shape(c, look, cells));
        if look.rotated { glyph.clockwise() } else { glyph.clone() }
    }
}

/// A character's cell before enlarging.
pub(crate) fn cell(c: char, look: Look, cells: Cells) -> (u32, u32) {
    let cell = if look.font_b { cells.b } else { cells.a };
    let (w, h) = if is_double(c) { (cells.a.height, cells.a.height) } else { (cell.width, cell.height) };
    if look.rotated { (h, w) } else { (w, h) }
}

/// Characters of the double-byte font.
pub(crate) fn is_double(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}')
}

/// A look without any style.
pub(crate) const PLAIN: Look = Look {
    font_b: false,
    bold: false,
    underline: 0,
    inverse: false,
    rotated: false,
    width: 1,
    height: 1,
    spacing: 0,
};

/// The dots of a character in its cell. What the typeface lacks is a box, never a blank.
fn shape(c: char, look: Look, cells: Cells) -> Bitmap {
    let upright = Look { rotated: false, ..look };
    let (w, h) = cell(c, upright, cells);
    let mut bitmap = Bitmap::new(w, h);
    let Some(font) = typeface(look.bold) else {
        return bitmap;
    };
    if font.lookup_glyph_index(c) == 0 {
        let (x, y) = (2, h.saturating_sub(w.min(h)) / 2 + 2);
        let (bw, bh) = (w.saturating_sub(4), w.min(h).saturating_sub(4));
        bitmap.fill(x, y, bw, 1);
        bitmap.fill(x, y + bh.saturating_sub(1), bw, 1);
        bitmap.fill(x, y, 1, bh);
        bitmap.fill(x + bw.saturating_sub(1), y, 1, bh);
        return bitmap;
    }
    // DejaVu Sans Mono advances 0.602 em and spans 1.164 em from ascent to descent.
    let px = (w as f32 / 0.602).min(h as f32 / 1.12);
    let baseline = (h as f32 - px * 0.236).round() as i32;
    let (metrics, coverage) = font.rasterize(c, px);
    let slack = (w as f32 - px * 0.602) / 2.0;
    for row in 0..metrics.height {
        for column in 0..metrics.width {
            if coverage.get(row * metrics.width + column).is_some_and(|&v| v > 110) {
                let x = column as i32 + metrics.xmin + slack.round() as i32;
                let y = baseline - metrics.height as i32 - metrics.ymin + row as i32;
                if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) {
                    bitmap.set(x, y);
                }
            }
        }
    }
    bitmap
}

fn typeface(bold: bool) -> Option<&'static Font> {
    static PLAIN_FACE: OnceLock<Option<Font>> = OnceLock::new();
    static BOLD_FACE: OnceLock<Option<Font>> = OnceLock::new();
    let load = |bytes: &[u8]| {
        let settings = FontSettings { scale: 24.0, ..FontSettings::default() };
        Font::from_bytes(bytes, settings).ok()
    };
    if bold {
        BOLD_FACE.get_or_init(|| load(include_bytes!("../../../assets/fonts/DejaVuSansMono-Bold.ttf")))
    } else {
        PLAIN_FACE.get_or_init(|| load(include_bytes!("../../../assets/fonts/DejaVuSansMono.ttf")))
    }
    .as_ref()
}
