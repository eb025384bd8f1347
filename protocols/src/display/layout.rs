//! A document in the size and the code page of a display, and how it moves.

use super::document::{Align, DisplayDocument, DisplayError, Overflow, wrong};
use super::model::DisplayModel;
use crate::codepage::{Page, Table, transliterate};

/// A document laid out: what stands still, and what moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    columns: usize,
    rows: Vec<Row>,
    brightness: Option<u8>,
}

/// What is on the display at one moment: every row as many bytes as it has columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// From top to bottom, in the display's code page.
    pub rows: Vec<Vec<u8>>,
}

/// What could not be shown as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Characters that the code page lacks, each once: `?` stands for them.
    pub replaced: Vec<char>,
    /// Numbers of lines, from 0, whose end was left out.
    pub cut: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// What moves: one round with the gap behind it; empty where nothing does.
    round: Vec<u8>,
    /// Columns in which it moves.
    window: usize,
    /// What stands still, in full width; of a row that moves only what is right of the window.
    still: Vec<u8>,
}

impl Layout {
    /// Lays a document out for a display in one of its code pages.
    ///
    /// # Errors
    /// More lines than the display has, or a brightness that it can't change.
    pub fn new(
        document: &DisplayDocument,
        model: &DisplayModel,
        page: Page,
    ) -> Result<(Self, Report), DisplayError> {
        let (columns, rows) = (usize::from(model.columns), usize::from(model.rows));
        if document.lines.len() > rows {
            let problem = format!("{} lines; {} has {rows}", document.lines.len(), model.name);
            return Err(wrong("lines", problem));
        }
        if document.brightness.is_some() && !model.brightness {
            return Err(wrong("brightness", format!("{} has no command for it; leave it out", model.name)));
        }
        let mut report = Report::default();
        let mut laid: Vec<Row> = Vec::with_capacity(rows);
        for (index, line) in document.lines.iter().enumerate() {
            let (row, cut) = row(line, document, columns, page.table(), &mut report.replaced);
            laid.push(row);
            if cut {
                report.cut.push(index);
            }
        }
        laid.resize_with(rows, || Row { round: Vec::new(), window: 0, still: vec![b' '; columns] });
        Ok((Self { columns, rows: laid, brightness: document.brightness }, report))
    }

    /// What to show at a step of a display that moves by one column a step, from 0 on. Where nothing moves
    /// every step is the same.
    pub fn frame_at(&self, step: u64) -> Frame {
        let row = |row: &Row| -> Vec<u8> {
            let length = u64::try_from(row.round.len()).unwrap_or(u64::MAX);
            let from = step.checked_rem(length).and_then(|from| usize::try_from(from).ok()).unwrap_or(0);
            let moving = row.round.iter().cycle().skip(from).take(row.window);
            let mut bytes: Vec<u8> = moving.chain(&row.still).copied().collect();
            bytes.resize(self.columns, b' ');
            bytes
        };
        Frame { rows: self.rows.iter().map(row).collect() }
    }

    /// Whether anything moves: whether the display needs more than one frame.
    pub fn moves(&self) -> bool {
        self.rows.iter().any(|row| !row.round.is_empty())
    }

    /// The brightness that was asked for.
    pub fn brightness(&self) -> Option<u8> {
        self.brightness
    }
}

/// Blanks between the end of a line that moves and its beginning.
const GAP: usize = 4;

fn row(
    line: &str,
    document: &DisplayDocument,
    columns: usize,
    table: &Table,
    replaced: &mut Vec<char>,
) -> (Row, bool) {
    let (left, right) = line.split_once('\t').unwrap_or((line, ""));
    let (mut left, mut right) = (encoded(left, table, replaced), encoded(right, table, replaced));
    let still = |still| Row { round: Vec::new(), window: 0, still };
    if right.is_empty() && left.len() <= columns {
        return (still(aligned(&left, columns, document.align)), false);
    }
    // A blank stands between what is left and what is right.
    let fits = !right.is_empty() && left.len() + right.len() < columns;
    let room = columns.saturating_sub(right.len() + usize::from(!right.is_empty()));
    if fits {
        left.resize(columns - right.len(), b' ');
        return (still([left, right].concat()), false);
    }
    if document.overflow == Overflow::Scroll && room > 0 && left.len() > room {
        left.resize(left.len() + GAP, b' ');
        if !right.is_empty() {
            right.insert(0, b' ');
        }
        return (Row { round: left, window: room, still: right }, false);
    }
    left.resize(room, b' ');
    let gap = usize::from(!right.is_empty() && room > 0);
    let mut bytes = [left, vec![b' '; gap], right].concat();
    bytes.truncate(columns);
    (still(bytes), true)
}

fn aligned(text: &[u8], columns: usize, align: Align) -> Vec<u8> {
    let free = columns.saturating_sub(text.len());
    let before = match align {
        Align::Left => 0,
        Align::Center => free / 2,
        Align::Right => free,
    };
    let mut row = vec![b' '; before];
    row.extend_from_slice(text);
    row.resize(columns, b' ');
    row
}

fn encoded(text: &str, table: &Table, replaced: &mut Vec<char>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (table.byte(c), transliterate(c)) {
            (Some(byte), _) => bytes.push(byte),
            (None, Some(stand_in)) => bytes.extend_from_slice(stand_in.as_bytes()),
            (None, None) => {
                bytes.push(b'?');
                if !replaced.contains(&c) {
                    replaced.push(c);
                }
            }
        }
    }
    bytes
}
