//! Aligned columns.

use unicode_width::UnicodeWidthStr;

use super::screen::{Paint, Tone, clean};

/// A cell: its text and how it is coloured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// A cell in a tone. Control characters of its text are shown, not obeyed.
pub(crate) fn cell(tone: Tone, text: impl AsRef<str>) -> Cell {
    Cell { text: clean(text.as_ref()), tone }
}

/// A cell without a colour.
pub(crate) fn plain(text: impl AsRef<str>) -> Cell {
    cell(Tone::Plain, text)
}

/// Rows below a header, each column as wide as its widest cell, two spaces apart.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with a header in capitals.
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|title| cell(Tone::Faint, title.to_uppercase())).collect()] }
    }

    /// A table without a header.
    pub(crate) fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The lines of the table, each preceded by `indent` spaces.
    pub(crate) fn render(&self, paint: Paint, indent: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(at))
                    .map(|cell| cell.text.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in &self.rows {
            out.push_str(&" ".repeat(indent));
            let last = row.iter().rposition(|cell| !cell.text.is_empty());
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if last.is_none_or(|last| at > last) {
                    break;
                }
                out.push_str(&paint.tone(cell.tone, &cell.text));
                if last != Some(at) {
                    out.push_str(&" ".repeat(width - cell.text.width() + 2));
                }
            }
            out.push('\n');
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_no_line_ends_in_spaces() {
        let mut table = Table::new(&["id", "state"]);
        table.row([plain("kitchen"), plain("ready")]);
        table.row([plain("bar"), plain("")]);
        assert_eq!(table.render(Paint::OFF, 0), "ID       STATE\nkitchen  ready\nbar\n");
    }

    #[test]
    fn width_counts_what_is_seen_not_bytes_or_colours() {
        let mut table = Table::bare();
        table.row([cell(Tone::Bad, "Кухня"), plain("x")]);
        table.row([plain("厨房"), plain("y")]);
        let text = table.render(Paint::ON, 2);
        let bare: String = text.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
        assert_eq!(bare, "  Кухня  x\n  厨房   y\n");
        assert!(text.contains("\u{1b}[31mКухня\u{1b}[0m"));
    }

    #[test]
    fn a_name_with_an_escape_sequence_does_not_reach_the_terminal() {
        let mut table = Table::bare();
        table.row([plain("a\u{1b}[2Jb\u{9b}c\nd")]);
        assert_eq!(table.render(Paint::OFF, 0), "a\u{241b}[2Jb\u{fffd}c d\n");
    }
}
