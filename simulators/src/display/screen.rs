//! What a display shows, and how characters and cursor move on it.

use super::COLUMNS;
use crate::characters;
use crate::printer::draw::{self, Cells, PLAIN};
use crate::printer::paper::{Ink, Item, Row};
use crate::printer::{Bitmap, FontCell};

/// Violations that are kept.
const MOST_VIOLATIONS: usize = 1000;
/// Dots of a character in the picture, and of the edge around all.
const CELL: FontCell = FontCell { width: 18, height: 32 };
const EDGE: u32 = 12;

/// What happens when a character comes to the last column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The cursor goes on at the beginning of the other line.
    Overwrite,
    /// The lower line moves up.
    Vertical,
    /// The line moves to the left.
    Horizontal,
}

pub(super) struct Screen {
    cells: [[char; COLUMNS]; 2],
    column: usize,
    line: usize,
    /// Vertical and horizontal mode: the last column is written, and the next character moves.
    full: bool,
    pub mode: Mode,
    pub cursor_shown: bool,
    pub brightness: u8,
    pub blink: u8,
    /// Data is for the display; else for a printer behind it.
    pub selected: bool,
    pub scrolling: Option<String>,
    pub violations: Vec<String>,
    page: String,
}

impl Screen {
    pub fn new(page: &str) -> Self {
        let mut screen = Self {
            cells: [[' '; COLUMNS]; 2],
            column: 0,
            line: 0,
            full: false,
            mode: Mode::Overwrite,
            cursor_shown: true,
            brightness: 4,
            blink: 0,
            selected: true,
            scrolling: None,
            violations: Vec::new(),
            page: String::new(),
        };
        screen.set_page(page);
        screen
    }

    pub fn violation(&mut self, what: impl Into<String>) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(what.into());
        }
    }

    // Characters

    pub fn set_page(&mut self, page: &str) {
        if !characters::is_known(page) {
            self.violation(format!("page {page} isn't known here"));
        }
        page.clone_into(&mut self.page);
    }

    pub fn page_name(&self) -> &str {
        &self.page
    }

    /// What a byte from 20h shows.
    pub fn character(&mut self, byte: u8) -> char {
        let shown = characters::character(&self.page, byte);
        if shown.is_none() {
            self.violation(format!("byte {byte:02X} isn't in page {}", self.page));
        }
        shown.unwrap_or('\u{FFFD}')
    }

    /// Shows a character where the cursor is, and moves on.
    pub fn write(&mut self, character: char) {
        self.end_scrolling();
        if self.full {
            self.full = false;
            match self.mode {
                Mode::Overwrite => {}
                Mode::Vertical if self.line == 0 => (self.line, self.column) = (1, 0),
                Mode::Vertical => self.scroll_up(),
                Mode::Horizontal => {
                    if let Some(row) = self.cells.get_mut(self.line) {
                        row.rotate_left(1);
                    }
                }
            }
        }
        if let Some(cell) = self.cells.get_mut(self.line).and_then(|row| row.get_mut(self.column)) {
            *cell = character;
        }
        if self.column + 1 < COLUMNS {
            self.column += 1;
        } else if self.mode == Mode::Overwrite {
            (self.column, self.line) = (0, 1 - self.line);
        } else {
            self.full = true;
        }
    }

    /// Replaces a whole line; what is missing is blank.
    pub fn set_line(&mut self, line: usize, text: &[char]) {
        if let Some(row) = self.cells.get_mut(line) {
            *row = std::array::from_fn(|column| text.get(column).copied().unwrap_or(' '));
        }
    }

    /// A text begins to scroll through the upper line.
    pub fn scroll(&mut self, text: &[char]) {
        self.set_line(0, text);
        self.scrolling = Some(text.iter().collect());
    }

    /// Any command ends it: the upper line is cleared, and the cursor goes to its beginning.
    pub fn end_scrolling(&mut self) {
        if self.scrolling.take().is_some() {
            self.set_line(0, &[]);
            self.home();
        }
    }

    pub fn clear(&mut self) {
        self.scrolling = None;
        self.cells = [[' '; COLUMNS]; 2];
        self.home();
    }

    /// Clears the cursor's line; the cursor goes to its beginning.
    pub fn clear_line(&mut self) {
        self.set_line(self.line, &[]);
        self.left_end();
    }

    fn scroll_up(&mut self) {
        self.cells.rotate_left(1);
        self.set_line(1, &[]);
        self.column = 0;
    }

    // The cursor

    /// Column and line, both from 1.
    pub fn cursor(&self) -> (u8, u8) {
        (self.column as u8 + 1, self.line as u8 + 1)
    }

    /// Moves the cursor; both count from 1. Gives whether that is on the screen.
    pub fn move_to(&mut self, column: u8, line: u8) -> bool {
        let on = (1..=COLUMNS as u8).contains(&column) && (1..=2).contains(&line);
        if on {
            (self.column, self.line) = (usize::from(column) - 1, usize::from(line) - 1);
            self.full = false;
        }
        on
    }

    pub fn home(&mut self) {
        self.move_to(1, 1);
    }

    pub fn bottom(&mut self) {
        self.move_to(COLUMNS as u8, 2);
    }

    pub fn left_end(&mut self) {
        self.column = 0;
        self.full = false;
    }

    pub fn right_end(&mut self) {
        self.column = COLUMNS - 1;
        self.full = false;
    }

    pub fn left(&mut self) {
        self.full = false;
        match (self.column, self.mode) {
            (0, Mode::Horizontal) => {}
            (0, _) => (self.column, self.line) = (COLUMNS - 1, 1 - self.line),
            _ => self.column -= 1,
        }
    }

    pub fn right(&mut self) {
        self.full = false;
        if self.column + 1 < COLUMNS {
            self.column += 1;
        } else if self.mode == Mode::Vertical && self.line == 1 {
            self.scroll_up();
        } else if self.mode != Mode::Horizontal {
            (self.column, self.line) = (0, 1 - self.line);
        }
    }

    pub fn up(&mut self) {
        self.full = false;
        if self.line == 0 && self.mode == Mode::Vertical {
            self.cells.rotate_left(1);
            self.set_line(0, &[]);
        } else {
            self.line = 1 - self.line;
        }
    }

    pub fn down(&mut self) {
        self.full = false;
        if self.line == 1 && self.mode == Mode::Vertical {
            let column = self.column;
            self.scroll_up();
            self.column = column;
        } else {
            self.line = 1 - self.line;
        }
    }

    pub fn lines(&self) -> [String; 2] {
        self.cells.map(|row| row.iter().collect())
    }
}

/// The two lines as dots, bright on dark.
pub(super) fn picture(lines: &[String; 2]) -> Bitmap {
    let row = |text: &String| Row {
        items: vec![Item { x: EDGE, ink: Ink::Text(text.clone(), PLAIN) }],
        feed: CELL.height,
        height: CELL.height,
        upside_down: false,
        half: false,
    };
    let space = |height| Row { items: Vec::new(), feed: height, height, upside_down: false, half: false };
    let [upper, lower] = lines;
    let rows = [space(EDGE), row(upper), space(EDGE), row(lower), space(EDGE)];
    let width = CELL.width * COLUMNS as u32 + 2 * EDGE;
    let mut picture = draw::rows(&rows, width, Cells { a: CELL, b: CELL });
    picture.invert(0, 0, picture.width(), picture.height());
    picture
}
