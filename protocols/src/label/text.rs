//! Text as dots: how large it is, where its lines end, and its picture.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Overflow;
use crate::document::Align;
use crate::paper::{Cell, Line, Metrics, Run, Style};
use crate::raster::{self, Bitmap, MissingGlyphs};

/// Advance of every glyph of the embedded font, in sizes (its `hmtx` table: 1233 of 2048).
const ADVANCE: f64 = 1233.0 / 2048.0;

/// From the highest to the lowest stroke, in sizes (`hhea`: 1901 and 483 of 2048).
const HEIGHT: f64 = 2384.0 / 2048.0;

/// Dots of the narrowest cell in which letters can be told apart.
const NARROWEST: u16 = 5;

/// The cell of a font whose size is given in dots.
pub(super) fn cell(size: f64) -> Cell {
    cell_of_width((size * ADVANCE).round().clamp(f64::from(NARROWEST), 2_000.0) as u16)
}

/// The cell of the font that advances by so many dots.
pub(super) fn cell_of_width(width: u16) -> Cell {
    Cell { width, height: (f64::from(width) / ADVANCE * HEIGHT).floor() as u16 + 1 }
}

/// The size in dots of the font with this cell.
pub(super) fn size_of(cell: Cell) -> f64 {
    f64::from(cell.width) / ADVANCE
}

/// What text is set into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Dots of a line.
    pub width: u16,
    /// Dots from the first line to the last.
    pub height: u16,
    /// The most lines.
    pub lines: u16,
    /// The cell wanted.
    pub cell: Cell,
    /// Dots of the narrowest cell it may shrink to.
    pub least: u16,
    /// What becomes of what doesn't fit.
    pub overflow: Overflow,
}

/// Text in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub cell: Cell,
    pub lines: Vec<String>,
    /// What was left away at the end.
    pub lost: Option<String>,
}

/// Sets cleaned text into a frame: first smaller, then, at the smallest, with broken words, then
/// shortened where that is allowed. `None` when it doesn't fit.
pub(super) fn set(text: &str, frame: Frame) -> Option<Block> {
    let most = |cell: Cell| frame.lines.min(frame.height / cell.height);
    for width in (frame.least.min(frame.cell.width)..=frame.cell.width).rev() {
        let cell = cell_of_width(width);
        let wrapped = wrap(text, usize::from(frame.width / width));
        let smallest = width <= frame.least;
        if wrapped.lines.len() <= usize::from(most(cell)) && (!wrapped.broken || smallest) && wrapped.fits {
            return Some(Block { cell, lines: wrapped.lines, lost: None });
        }
    }
    let cell = cell_of_width(frame.least.min(frame.cell.width));
    match frame.overflow {
        Overflow::Refuse => None,
        Overflow::Shorten => shorten(text, cell, usize::from(frame.width / cell.width), most(cell)),
    }
}

fn shorten(text: &str, cell: Cell, columns: usize, most: u16) -> Option<Block> {
    let mut lines = wrap(text, columns).lines;
    let rest = lines.split_off(usize::from(most).min(lines.len()));
    let last = lines.last_mut()?;
    let mut lost: String = rest.iter().flat_map(|line| [" ", line]).collect();
    while last.width() + 1 > columns || last.ends_with([' ', ',', ';', ':', '(']) {
        let cut = last.graphemes(true).next_back()?.len();
        lost.insert_str(0, &last.split_off(last.len() - cut));
    }
    last.push('…');
    Some(Block { cell, lines, lost: Some(lost.trim().to_owned()) })
}

/// Lines of at most so many cells.
pub(super) struct Wrapped {
    pub lines: Vec<String>,
    /// A word was broken because it is longer than a line.
    pub broken: bool,
    /// Not even one wide character is too wide for a line.
    pub fits: bool,
}

/// Breaks text after spaces and hyphens, and words that are longer than a line anywhere.
pub(super) fn wrap(text: &str, columns: usize) -> Wrapped {
    let mut wrapped = Wrapped { lines: Vec::new(), broken: false, fits: true };
    for paragraph in text.split('\n') {
        let (mut line, mut used) = (String::new(), 0);
        for word in words(paragraph) {
            let (bare, whole) = (word.trim_end_matches(' ').width(), word.width());
            if used + bare > columns && !line.is_empty() {
                wrapped.lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if used + bare <= columns {
                line.push_str(word);
                used += whole;
                continue;
            }
            wrapped.broken = true;
            for cluster in word.graphemes(true) {
                let cells = cluster.width();
                wrapped.fits &= cells <= columns;
                if used + cells > columns && !line.is_empty() {
                    wrapped.lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                if !(line.is_empty() && cluster == " ") {
                    line.push_str(cluster);
                    used += cells;
                }
            }
        }
        wrapped.lines.push(line);
    }
    wrapped.lines.iter_mut().for_each(|line| line.truncate(line.trim_end_matches(' ').len()));
    wrapped
}

/// Pieces after each of which a line may end; spaces stand at their ends.
fn words(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut rest = paragraph;
    std::iter::from_fn(move || {
        let mut ended = false;
        let mut hyphen = false;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            if (ended && c != ' ') || (hyphen && c.is_alphabetic()) {
                end = at;
                break;
            }
            hyphen = c == '-' && at > 0;
            ended = c == ' ';
        }
        let (word, after) = rest.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// Cells of a line.
pub(super) fn width(line: &str) -> u16 {
    u16::try_from(line.width()).unwrap_or(u16::MAX)
}

/// Text without what can't be printed: every line end becomes `\n`, a tab or another control character a
/// space; what is invisible or reorders text is left out.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}' => {}
            '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}' => {}
            c if c.is_control() => clean.push(' '),
            c => clean.push(c),
        }
    }
    clean
}

/// The picture of lines, as wide as `width` and as high as the lines.
pub(super) fn draw(
    lines: &[String],
    cell: Cell,
    bold: bool,
    align: Align,
    width: u16,
    missing: &mut MissingGlyphs,
) -> Bitmap {
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_mul(cell.height);
    let mut picture = Bitmap::new(width, height);
    let style = Style { bold, ..Style::default() };
    let metrics = Metrics { dots: width, font_a: cell, font_b: cell };
    let mut top = 0;
    for text in lines {
        let dots = self::width(text).saturating_mul(cell.width);
        let free = width.saturating_sub(dots);
        let x = match align {
            Align::Left => 0,
            Align::Center => free / 2,
            Align::Right => free,
        };
        if dots > 0 {
            let runs = [Run { x, width: dots, text, style }];
            let (line, boxed) = raster::line(&Line { runs: &runs }, metrics, 0);
            picture.draw(&line, 0, top, (1, 1));
            missing.extend(boxed.into_iter().filter(|c| !missing.contains(c)).collect::<Vec<_>>());
        }
        top += cell.height;
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_after_spaces_and_hyphens() {
        let lines = |text, columns| wrap(text, columns).lines;
        assert_eq!(lines("Coca-Cola light 0.5 l", 10), ["Coca-Cola", "light 0.5", "l"]);
        assert_eq!(lines("Coca-Cola", 6), ["Coca-", "Cola"]);
        assert_eq!(lines("a\n\nb", 6), ["a", "", "b"]);
        assert_eq!(lines("-5 °C", 3), ["-5", "°C"]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_and_nothing_of_it_is_lost() {
        let wrapped = wrap("Достопримечательность дня", 8);
        assert!(wrapped.broken);
        assert_eq!(wrapped.lines, ["Достопри", "мечатель", "ность", "дня"]);
    }

    #[test]
    fn text_becomes_smaller_before_a_word_is_broken() {
        let frame = Frame {
            width: 120,
            height: 100,
            lines: 3,
            cell: cell_of_width(16),
            least: 8,
            overflow: Overflow::Refuse,
        };
        let block = set("Голубцы домашние", frame).unwrap();
        assert_eq!(block.lines, ["Голубцы", "домашние"]);
        assert_eq!(block.cell.width, 15);
    }

    #[test]
    fn shortened_text_ends_with_an_ellipsis_and_the_rest_is_told() {
        let frame = Frame {
            width: 80,
            height: 16,
            lines: 1,
            cell: cell_of_width(8),
            least: 8,
            overflow: Overflow::Shorten,
        };
        let block = set("salt, pepper, water", frame).unwrap();
        assert_eq!(block.lines, ["salt…"]);
        assert_eq!(block.lost.as_deref(), Some(", pepper, water"));
    }
}
