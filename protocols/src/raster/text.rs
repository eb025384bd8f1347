//! Lines of text as dots, in the embedded DejaVu Sans Mono.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use cosmic_text::{
    Attrs, Buffer, Color, Family, FontSystem, Metrics as TextMetrics, Shaping, SwashCache, Weight, Wrap,
    fontdb,
};
use unicode_width::UnicodeWidthChar;

use super::{Bitmap, glyphs};
use crate::paper::{Cell, Line, Metrics, Run};

/// The embedded font.
pub(crate) const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansMono.ttf");
/// The embedded font, bold.
pub(crate) const BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSansMono-Bold.ttf");
pub(super) const FAMILY: &str = "DejaVu Sans Mono";

/// Advance of every glyph of the font, in 1/2048 of its size (its `hmtx` table).
pub(crate) const ADVANCE: f32 = 1233.0 / 2048.0;

/// Height of the font from its highest to its lowest stroke, in sizes (`hhea`: 1901 and 483 of 2048).
pub(crate) const HEIGHT: f32 = 2384.0 / 2048.0;

/// The part of that above the base line.
pub(crate) const ASCENT: f32 = 1901.0 / 2048.0;

/// Coverage from which a dot is black, of 255.
const INK: u32 = 112;

/// Characters the font lacks, in the order they were met.
pub type MissingGlyphs = Vec<char>;

/// Draws a line at the full width of the paper, its runs at their places, aligned at the bottom.
///
/// The picture is as high as the highest run, and at least `min_height` dots, so that lines keep
/// their distance. A character the font lacks is drawn as a box with its code, and returned.
pub fn line(line: &Line<'_>, metrics: Metrics, min_height: u16) -> (Bitmap, MissingGlyphs) {
    let height_of =
        |run: &Run<'_>| metrics.cell(run.style.font).height * u16::from(run.style.height.clamp(1, 8));
    let text_height = line.runs.iter().map(height_of).max().unwrap_or(0);
    let mut bitmap = Bitmap::new(metrics.dots, text_height.max(min_height));
    let mut missing = Vec::new();
    let mut fonts = FONTS.lock().unwrap_or_else(PoisonError::into_inner);
    for run in line.runs {
        let style = run.style;
        let scale = (u16::from(style.width.clamp(1, 8)), u16::from(style.height.clamp(1, 8)));
        let cell = metrics.cell(style.font);
        let top = text_height - height_of(run);
        let cells = run.width.div_ceil(scale.0).max(1);
        let mut text = Bitmap::new(cells, cell.height);
        fonts.draw(&mut text, run.text, cell, style.bold, &mut missing);
        bitmap.draw(&text, run.x, top, scale);
        if style.underline {
            bitmap.fill(run.x, top + height_of(run) - 1, run.width, 1);
        }
        if style.invert {
            bitmap.invert(run.x, top, run.width, height_of(run));
        }
    }
    (bitmap, missing)
}

/// The fonts cost about 2 MiB once used; a daemon that never draws text never pays.
pub(super) static FONTS: LazyLock<Mutex<Fonts>> = LazyLock::new(|| Mutex::new(Fonts::new()));

pub(super) struct Fonts {
    pub(super) system: FontSystem,
    glyphs: SwashCache,
    /// Characters of the regular font; the bold one has the same scripts.
    covered: HashSet<char>,
}

impl Fonts {
    fn new() -> Self {
        let mut db = fontdb::Database::new();
        for data in [REGULAR, BOLD] {
            db.load_font_source(fontdb::Source::Binary(Arc::new(data)));
        }
        db.set_monospace_family(FAMILY);
        let system = FontSystem::new_with_locale_and_db("en-US".into(), db);
        Self { system, glyphs: SwashCache::new(), covered: HashSet::new() }
    }

    /// Draws text at its natural size, beginning at the left.
    fn draw(&mut self, bitmap: &mut Bitmap, text: &str, cell: Cell, bold: bool, missing: &mut MissingGlyphs) {
        // Characters without a glyph are shaped as spaces of the same width and drawn after.
        let mut shaped = String::with_capacity(text.len());
        let mut boxes = Vec::new();
        let mut column = 0u16;
        for c in text.chars() {
            let width = c.width().unwrap_or(0) as u16;
            if width == 0 || self.has(c) {
                shaped.push(c);
            } else {
                boxes.push((c, column * cell.width, width * cell.width));
                shaped.extend(std::iter::repeat_n(' ', usize::from(width)));
                if !missing.contains(&c) {
                    missing.push(c);
                }
            }
            column += width;
        }
        let size = f32::from(cell.width) / ADVANCE;
        let weight = if bold { Weight::BOLD } else { Weight::NORMAL };
        let attrs = Attrs::new().family(Family::Name(FAMILY)).weight(weight);
        let mut buffer = Buffer::new(&mut self.system, TextMetrics::new(size, f32::from(cell.height)));
        buffer.set_wrap(Wrap::None);
        buffer.set_text(&shaped, &attrs, Shaping::Advanced, Some(cosmic_text::Align::Left));
        // Impact printers have pins wider apart than dots: what is too high for the cell is drawn in
        // full and pressed together.
        let natural = (size * HEIGHT).floor() as u16;
        let full = if natural > cell.height + cell.height / 8 { natural } else { cell.height };
        let (columns, rows) = (usize::from(bitmap.width()), usize::from(cell.height));
        let mut ink = vec![0u32; columns * rows];
        buffer.set_metrics(TextMetrics::new(size, f32::from(full)));
        buffer.draw(&mut self.system, &mut self.glyphs, Color::rgb(0, 0, 0), |x, y, w, h, color| {
            let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
            for y in y..(y + h as usize).min(usize::from(full)) {
                for x in x..(x + w as usize).min(columns) {
                    if let Some(ink) = ink.get_mut(y * rows / usize::from(full) * columns + x) {
                        *ink += u32::from(color.a());
                    }
                }
            }
        });
        for (i, _) in ink.iter().enumerate().filter(|&(_, &ink)| ink >= INK) {
            bitmap.set((i % columns) as u16, (i / columns) as u16, true);
        }
        for (c, x, width) in boxes {
            glyphs::code_box(bitmap, c, x, width, cell.height);
        }
        if self.glyphs.image_cache.len() > 2000 {
            self.glyphs = SwashCache::new();
        }
    }

    /// Whether the font has a glyph.
    pub(super) fn has(&mut self, c: char) -> bool {
        if self.covered.is_empty() {
            let id = self.system.db().faces().next().map(|face| face.id);
            let font = id.and_then(|id| self.system.get_font(id, fontdb::Weight::NORMAL));
            if let Some(font) = font {
                let all = (0x20..0x2_0000).filter_map(char::from_u32);
                let charmap = font.as_swash().charmap();
                self.covered = all.filter(|&c| charmap.map(c) != 0).collect();
            }
        }
        self.covered.contains(&c)
    }
}
