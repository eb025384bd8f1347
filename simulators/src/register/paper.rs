//! The register's paper: lines that wait, the piece that hangs out, and finished pieces.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::printer::draw::{Cells, PLAIN};
use crate::printer::paper::{Ink, Item, Look, Paper, PaperEnd, Piece, Row};
use crate::printer::spec::FontCell;
use crate::printer::symbols;

/// Stands on top of every piece.
pub(crate) const LABEL: &str = "TEST TOOL, NOT A FISCAL DEVICE";

/// A finished piece of a register's paper.
#[derive(Debug, Clone)]
pub struct RegisterPaper {
    paper: Arc<Paper>,
}

impl RegisterPaper {
    /// What can be read on it, lines ended by `\n`; codes stand in brackets, and at the end how
    /// it came off: `[CUT]`, `[TORN]` or `[ROLL ENDED]`.
    pub fn text(&self) -> &str {
        &self.paper.text
    }

    /// Whether a text stands on it, whatever the columns between its words.
    pub fn says(&self, text: &str) -> bool {
        self.paper.says(text)
    }

    /// Its picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        self.paper.png()
    }
}

/// Something to print: a line of text, a code, a feed or a cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Line {
    /// One line of text; what doesn't fit goes on the next.
    Text { text: String, bold: bool, wide: bool, tall: bool },
    /// A QR code.
    Qr(Vec<u8>),
    /// An EAN-13 of 12 digits, the check digit is computed.
    Ean13(String),
    /// Blank lines.
    Feed(u32),
    /// The piece ends here.
    Cut,
}

impl Line {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), bold: false, wide: false, tall: false }
    }

    /// Bold text.
    pub fn bold(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), bold: true, wide: false, tall: false }
    }

    /// Text of double width and height: half as many characters on a line.
    pub fn large(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), bold: true, wide: true, tall: true }
    }

    /// Text in the middle of a line of `width` columns.
    pub fn centred(text: &str, width: usize) -> Self {
        let left = width.saturating_sub(text.chars().count()) / 2;
        Self::text(format!("{}{text}", " ".repeat(left)))
    }

    /// One text at the left edge and one at the right.
    pub fn pair(left: &str, right: &str, width: usize) -> Self {
        Self::text(pair(left, right, width))
    }
}

/// One text at the left edge and one at the right of `width` columns, at least a blank between.
pub(crate) fn pair(left: &str, right: &str, width: usize) -> String {
    let room = width.saturating_sub(right.chars().count() + 1);
    let left: String = left.chars().take(room).collect();
    let gap = width.saturating_sub(left.chars().count() + right.chars().count());
    format!("{left}{}{right}", " ".repeat(gap))
}

/// The roll and the mechanism.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Roll {
    /// There is no paper.
    pub out: bool,
    /// The cover is open.
    pub cover_open: bool,
    /// Lines left on the roll, when it is to end.
    pub left: Option<u32>,
    /// Paper ended while lines were waiting: they wait for [`Roll::resume`].
    pub interrupted: bool,
    waiting: Vec<Line>,
    hanging: Vec<Line>,
}

impl Roll {
    /// Puts lines in the queue and prints as many as there is paper for.
    pub fn print(&mut self, lines: impl IntoIterator<Item = Line>) -> Vec<Torn> {
        self.waiting.extend(lines);
        self.run()
    }

    /// Whether it can print at all: paper in, cover closed.
    pub fn ready(&self) -> bool {
        !self.out && !self.cover_open
    }

    /// Whether lines wait for paper or for [`Roll::resume`].
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Forgets the lines that wait.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.interrupted = false;
    }

    /// Goes on with the lines that wait.
    pub fn resume(&mut self) -> Vec<Torn> {
        self.interrupted = false;
        self.run()
    }

    /// A new roll. The piece that hung out is torn off.
    pub fn load(&mut self) -> Vec<Torn> {
        self.out = false;
        self.left = None;
        if self.hanging.is_empty() { Vec::new() } else { vec![self.tear(PaperEnd::RollEnded)] }
    }

    /// Tears off what hangs out.
    pub fn tear_off(&mut self) -> Option<Torn> {
        (!self.hanging.is_empty()).then(|| self.tear(PaperEnd::Torn))
    }

    fn run(&mut self) -> Vec<Torn> {
        let mut torn = Vec::new();
        let mut done = 0;
        while done < self.waiting.len() {
            if !self.ready() {
                self.interrupted = true;
            }
            if self.interrupted {
                break;
            }
            match self.waiting.get(done) {
                Some(Line::Cut) if !self.hanging.is_empty() => torn.push(self.tear(PaperEnd::FullCut)),
                Some(Line::Cut) | None => {}
                Some(line) => self.hanging.push(line.clone()),
            }
            let cut = self.waiting.get(done) == Some(&Line::Cut);
            done += 1;
            if let Some(left) = self.left.as_mut().filter(|_| !cut) {
                *left = left.saturating_sub(1);
                self.out |= *left == 0;
            }
        }
        self.waiting.drain(..done);
        torn
    }

    fn tear(&mut self, end: PaperEnd) -> Torn {
        Torn { lines: std::mem::take(&mut self.hanging), end }
    }
}

/// Lines of a piece that came off.
#[derive(Debug)]
pub(crate) struct Torn {
    lines: Vec<Line>,
    end: PaperEnd,
}

const CELL: FontCell = FontCell { width: 12, height: 24 };
const LINE_HEIGHT: u32 = 30;
const MODULE: u32 = 4;
/// Blank dots around the text. Less than half a character, so that columns stay what they are.
const MARGIN: u32 = 5;

impl Torn {
    /// Sets the lines on paper of `width` columns.
    pub fn onto_paper(self, width: usize) -> RegisterPaper {
        let dots = width as u32 * CELL.width + 2 * MARGIN;
        let mut piece = Piece::new();
        let lines = [Line::centred(LABEL, width)].into_iter().chain(self.lines);
        piece.push(row(Vec::new(), 0, MARGIN));
        for mut row in lines.flat_map(|line| rows_of(line, width)) {
            for item in &mut row.items {
                item.x += MARGIN;
            }
            piece.push(row);
        }
        piece.push(row(Vec::new(), 0, MARGIN));
        let cells = Cells { a: CELL, b: FontCell { width: 9, height: 17 } };
        RegisterPaper { paper: Arc::new(piece.finish(self.end, dots, cells)) }
    }
}

fn rows_of(line: Line, width: usize) -> Vec<Row> {
    let dots = width as u32 * CELL.width;
    match line {
        Line::Text { text, bold, wide, tall } => {
            let look = Look { bold, width: 1 + u8::from(wide), height: 1 + u8::from(tall), ..PLAIN };
            let columns = (width / usize::from(look.width)).max(1);
            let chars: Vec<char> = text.chars().collect();
            let mut parts: Vec<String> = chars.chunks(columns).map(|part| part.iter().collect()).collect();
            if parts.is_empty() {
                parts.push(String::new());
            }
            let height = CELL.height * u32::from(look.height);
            let feed = height + LINE_HEIGHT - CELL.height;
            parts
                .into_iter()
                .map(|part| match part.is_empty() {
                    true => row(Vec::new(), 0, feed),
                    false => row(vec![Item { x: 0, ink: Ink::Text(part, look) }], height, feed),
                })
                .collect()
        }
        Line::Qr(data) => {
            let side = symbols::qr_side(&data, 1).unwrap_or(0) * MODULE;
            let ink = Ink::Qr { data: data.into(), level: 1, module: MODULE };
            vec![row(vec![Item { x: dots.saturating_sub(side) / 2, ink }], side, side + 12)]
        }
        Line::Ean13(digits) => {
            let kind = symbols::BarcodeKind::Ean13;
            let Ok(bars) = symbols::bars(kind, digits.as_bytes(), true) else {
                return rows_of(Line::text(digits), width);
            };
            let x = dots.saturating_sub(bars.modules() * 3) / 2;
            let ink =
                Ink::Barcode { kind, bars: Arc::new(bars), module: 3, height: 80, hri: 2, hri_b: false };
            vec![row(vec![Item { x, ink }], 80 + CELL.height + 2, 80 + LINE_HEIGHT + 6)]
        }
        Line::Feed(lines) => vec![row(Vec::new(), 0, lines * LINE_HEIGHT)],
        Line::Cut => Vec::new(),
    }
}

fn row(items: Vec<Item>, height: u32, feed: u32) -> Row {
    Row { items, feed, height, upside_down: false, half: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<Line> {
        (1..=count).map(|n| Line::text(format!("line {n}"))).collect()
    }

    fn text(torn: Torn) -> String {
        torn.onto_paper(42).text().to_owned()
    }

    #[test]
    fn a_piece_is_labelled_and_ends_with_its_cut() {
        let mut roll = Roll::default();
        let torn = roll.print([Line::pair("TOTAL", "1.50", 42), Line::Cut]);
        assert_eq!(torn.len(), 1);
        for torn in torn {
            let text = text(torn);
            assert!(text.trim_start().starts_with(LABEL), "{text}");
            assert!(text.contains(&format!("TOTAL{}1.50\n", " ".repeat(33))), "{text}");
            assert!(text.ends_with("[CUT]\n"));
        }
    }

    #[test]
    fn lines_that_find_no_paper_wait_until_they_are_asked_for() {
        let mut roll = Roll { left: Some(2), ..Roll::default() };
        assert!(roll.print(lines(3)).is_empty());
        assert!(roll.out && roll.interrupted && roll.has_waiting());
        let torn: Vec<String> = roll.load().into_iter().map(text).collect();
        assert!(torn.concat().contains("line 2") && !torn.concat().contains("line 3"));
        assert!(roll.print([Line::Cut]).is_empty(), "still interrupted");
        let torn: Vec<String> = roll.resume().into_iter().map(text).collect();
        assert!(torn.concat().contains("line 3") && !torn.concat().contains("line 2"));
    }

    #[test]
    fn a_cut_needs_no_paper() {
        let mut roll = Roll { left: Some(2), ..Roll::default() };
        assert!(roll.print([Line::text("a"), Line::Cut]).len() == 1 && !roll.out);
        assert!(roll.print([Line::text("b"), Line::Cut]).is_empty() && roll.has_waiting());
    }

    #[test]
    fn a_pair_keeps_the_sum_and_shortens_the_name() {
        assert_eq!(pair("a long name", "=10.00", 12), "a lon =10.00");
    }
}
