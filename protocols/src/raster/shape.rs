//! Text as glyphs of the embedded font, for papers that are drawn elsewhere.

use std::ops::Range;
use std::sync::PoisonError;

use cosmic_text::{Align, Attrs, Buffer, Family, Metrics, Shaping, Weight, Wrap};
use unicode_width::UnicodeWidthChar;

use super::text::{FAMILY, FONTS};

/// A glyph and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    /// Number in the font's file.
    pub id: u16,
    /// Of the bold font, or of the regular one.
    pub bold: bool,
    /// From the start of the text, in sizes of the font.
    pub x: f32,
    /// Up from the base line, in sizes of the font.
    pub y: f32,
    /// The bytes of [`Shaped::text`] it stands for.
    pub bytes: Range<usize>,
}

/// A line of text as glyphs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shaped {
    /// The text, with spaces for what the font lacks.
    pub text: String,
    /// From left to right.
    pub glyphs: Vec<Glyph>,
    /// What the font lacks: the character, its first cell, and how many cells it takes.
    pub missing: Vec<(char, u16, u16)>,
}

/// Finds the glyphs of a line of text, each in its cell.
pub(crate) fn shape(text: &str, bold: bool) -> Shaped {
    let mut fonts = FONTS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut shaped =
        Shaped { text: String::with_capacity(text.len()), glyphs: Vec::new(), missing: Vec::new() };
    let mut column = 0u16;
    for character in text.chars() {
        let cells = character.width().unwrap_or(0) as u16;
        if cells == 0 || fonts.has(character) {
            shaped.text.push(character);
        } else {
            shaped.missing.push((character, column, cells));
            shaped.text.extend(std::iter::repeat_n(' ', usize::from(cells)));
        }
        column = column.saturating_add(cells);
    }
    let weight = if bold { Weight::BOLD } else { Weight::NORMAL };
    let attributes = Attrs::new().family(Family::Name(FAMILY)).weight(weight);
    let mut buffer = Buffer::new(&mut fonts.system, Metrics::new(SIZE, SIZE));
    buffer.set_wrap(Wrap::None);
    buffer.set_text(&shaped.text, &attributes, Shaping::Advanced, Some(Align::Left));
    buffer.shape_until_scroll(&mut fonts.system, false);
    for run in buffer.layout_runs() {
        for glyph in run.glyphs {
            let face = fonts.system.db().face(glyph.font_id);
            shaped.glyphs.push(Glyph {
                id: glyph.glyph_id,
                bold: face.is_some_and(|face| face.weight == Weight::BOLD),
                x: glyph.x / SIZE + glyph.x_offset,
                y: glyph.y_offset - glyph.y / SIZE,
                bytes: glyph.start..glyph.end,
            });
        }
    }
    shaped
}

/// The size that is shaped at: the font's own units.
const SIZE: f32 = 2048.0;
