//! Breaks a document into lines for the width and the fonts of one printer.
//!
//! Every run is placed to the dot. Nothing but spaces at line ends is ever lost, save what an author
//! crops by `wrap: cut`; see [`Report`]. Widths follow UAX 11 by grapheme cluster (UAX 29): a
//! Chinese character takes two cells, a combining mark none, and a cluster is never split.
//!
//! The narrowest paper is 16 cells. What an author makes too wide for the paper (letters eight times
//! as wide in a narrow column) is set narrower, never beside the paper.

mod clean;
mod grid;
mod lines;
mod measure;
mod pair;
mod paragraph;
mod table;
mod text;

use crate::document::{Block, Columns, Content, Document, Flow, Pair, Rule, Table, Text, TextAlign};
use crate::paper::{Line, Metrics, Paper, Run, Style};

use clean::Clean;
use lines::{Lines, ToPaper};
use measure::{Kind, Simple, measure, simple};
use paragraph::{Breaker, Piece, Setting, cell, fitting};

pub use text::{TextPaper, text};

/// Lays out a document once. For many of them, keep a [`Layout`].
///
/// # Errors
/// What the paper can't take.
pub fn lay_out<P: Paper>(document: &Document, metrics: &Metrics, paper: &mut P) -> Result<Report, P::Error> {
    Layout::new(*metrics).run(document, paper)
}

/// What a layout had to change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Control characters that were replaced by their pictures.
    pub shown: u32,
    /// Invisible format characters that were left out.
    pub omitted: u32,
    /// Lines cropped by `wrap: cut`.
    pub cropped: u32,
    /// Tables and columns that were too wide, so that their cells stand one below the other.
    pub stacked: u32,
}

/// Lays out documents for one printer; its working memory is kept from one to the next.
#[derive(Debug)]
pub struct Layout {
    setter: Setter,
}

impl Layout {
    /// A layout for a printer.
    pub fn new(metrics: Metrics) -> Self {
        Self { setter: Setter { metrics, breaker: Breaker::default(), report: Report::default() } }
    }

    /// Lays out a document.
    ///
    /// # Errors
    /// What the paper can't take; the document is printed up to there.
    pub fn run<P: Paper>(&mut self, document: &Document, paper: &mut P) -> Result<Report, P::Error> {
        self.setter.report = Report::default();
        let mut runs = Vec::new();
        for block in &document.blocks {
            match block {
                Block::Text(text) => {
                    if !self.setter.plain_text(text, paper)? {
                        self.flow(Part::Text(text), &mut runs, paper)?;
                    }
                }
                Block::Pair(pair) => {
                    if !self.setter.plain_pair(pair, paper)? {
                        self.flow(Part::Pair(pair), &mut runs, paper)?;
                    }
                }
                Block::Columns(columns) => self.flow(Part::Columns(columns), &mut runs, paper)?,
                Block::Table(table) => self.flow(Part::Table(table), &mut runs, paper)?,
                Block::Rule(rule) => self.flow(Part::Rule(rule), &mut runs, paper)?,
                Block::Qr(qr) => paper.qr(qr)?,
                Block::Barcode(barcode) => paper.barcode(barcode)?,
                Block::Image(image) => paper.image(image)?,
                Block::Feed(feed) => paper.feed(feed.lines)?,
                Block::Cut(cut) => paper.cut(cut)?,
                Block::Drawer(drawer) => paper.drawer(drawer)?,
                Block::Beep(beep) => paper.beep(beep)?,
                Block::Raw(raw) => paper.raw(raw)?,
            }
        }
        Ok(self.setter.report)
    }

    fn flow<'t, P: Paper>(
        &mut self,
        part: Part<'t>,
        runs: &mut Vec<Run<'t>>,
        paper: &mut P,
    ) -> Result<(), P::Error> {
        let region = Region { x: 0, width: self.setter.metrics.dots };
        let Some(cleaned) = Clean::of(part, &mut self.setter.report) else {
            return self.setter.part(part, region, runs, &mut ToPaper(paper));
        };
        self.setter.part(cleaned.part(), region, &mut Vec::new(), &mut ToPaper(paper))
    }
}

/// A part of the paper's width, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    x: u16,
    width: u16,
}

impl Region {
    fn edge(self) -> u16 {
        self.x.saturating_add(self.width)
    }
}

/// A block of text, of a document or within columns.
#[derive(Debug, Clone, Copy)]
enum Part<'t> {
    Text(&'t Text),
    Columns(&'t Columns),
    Pair(&'t Pair),
    Table(&'t Table),
    Rule(&'t Rule),
}

impl<'t> From<&'t Flow> for Part<'t> {
    fn from(flow: &'t Flow) -> Self {
        match flow {
            Flow::Text(text) => Self::Text(text),
            Flow::Columns(columns) => Self::Columns(columns),
            Flow::Pair(pair) => Self::Pair(pair),
            Flow::Table(table) => Self::Table(table),
            Flow::Rule(rule) => Self::Rule(rule),
        }
    }
}

/// Sets parts into regions.
#[derive(Debug)]
struct Setter {
    metrics: Metrics,
    breaker: Breaker,
    report: Report,
}

impl Setter {
    /// A text of one line in one style that fits, which is what most lines are. False: not one.
    fn plain_text<P: Paper>(&mut self, text: &Text, paper: &mut P) -> Result<bool, P::Error> {
        let Content::Plain(content) = &text.text else { return Ok(false) };
        let Some(Simple { cells, breaks: false }) = simple(content) else { return Ok(false) };
        let style = fitting(text.style, &self.metrics, self.metrics.dots, 1);
        let dots = cells.saturating_mul(u32::from(cell(style, &self.metrics)));
        if dots > u32::from(self.metrics.dots)
            || text.indent > 0
            || content.starts_with(' ')
            || content.ends_with(' ')
        {
            return Ok(false);
        }
        let width = dots as u16;
        let x = aligned(text.align, self.metrics.dots - width);
        paper.line(&Line { runs: &[Run { x, width, text: content, style }] })?;
        Ok(true)
    }

    fn part<'t, L: Lines<'t>>(
        &mut self,
        part: Part<'t>,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        match part {
            Part::Text(text) => self.text(text, region, runs, lines),
            Part::Columns(columns) => self.columns(columns, region, runs, lines),
            Part::Pair(pair) => self.pair(pair, region, runs, lines),
            Part::Table(table) => self.table(table, region, runs, lines),
            Part::Rule(rule) => self.rule(rule, region, runs, lines),
        }
    }

    fn text<'t, L: Lines<'t>>(
        &mut self,
        text: &'t Text,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let style = fitting(text.style, &self.metrics, region.width, 1);
        let indent = u16::from(text.indent).saturating_mul(cell(style, &self.metrics)).min(region.width / 2);
        let region = Region { x: region.x + indent, width: region.width - indent };
        let setting = Setting { region, align: text.align, wrap: text.wrap, preserve: text.preserve };
        self.content(&text.text, text.style, setting, runs, lines)
    }

    fn rule<'t, L: Lines<'t>>(
        &mut self,
        rule: &'t Rule,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let style = fitting(rule.style, &self.metrics, region.width, 1);
        let cell = cell(style, &self.metrics);
        runs.clear();
        repeat(rule.character.repeated(), region.x, region.width / cell, cell, style, runs);
        lines.line(runs)
    }

    /// Sets the lines of a text's source one after the other.
    fn content<'t, L: Lines<'t>>(
        &mut self,
        content: &'t Content,
        style: Style,
        setting: Setting,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let metrics = self.metrics;
        let piece = |text, style| Piece::new(text, style, &metrics, setting.region.width);
        match content {
            Content::Plain(text) => text
                .split('\n')
                .try_for_each(|line| self.source_line(&[piece(line, style)], setting, runs, lines)),
            Content::Spans(spans) => {
                let mut pieces = Vec::with_capacity(spans.len());
                for span in spans {
                    for (index, line) in span.text.split('\n').enumerate() {
                        if index > 0 {
                            self.source_line(&pieces, setting, runs, lines)?;
                            pieces.clear();
                        }
                        pieces.push(piece(line, span.style.unwrap_or(style)));
                    }
                }
                self.source_line(&pieces, setting, runs, lines)
            }
        }
    }

    fn source_line<'t, L: Lines<'t>>(
        &mut self,
        pieces: &[Piece<'t>],
        setting: Setting,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        if let [piece] = pieces
            && piece.kind == Kind::Simple
        {
            let text = trimmed(piece.text, setting);
            let dots = measure(text).cells.saturating_mul(u32::from(piece.cell));
            if dots <= u32::from(setting.region.width) {
                let width = dots as u16;
                let x = setting.region.x + aligned(setting.align, setting.region.width - width);
                return lines.line(&[Run { x, width, text, style: piece.style }]);
            }
        }
        self.breaker.set(pieces, setting, runs, &mut self.report, lines)
    }
}

/// Without the spaces that would move it out of place.
fn trimmed(text: &str, setting: Setting) -> &str {
    match setting.align {
        _ if setting.preserve => text,
        TextAlign::Left | TextAlign::Justify => text.trim_end_matches(' '),
        TextAlign::Center | TextAlign::Right => text.trim_matches(' '),
    }
}

/// Where something starts, so many dots being free.
fn aligned(align: TextAlign, free: u16) -> u16 {
    match align {
        TextAlign::Left | TextAlign::Justify => 0,
        TextAlign::Center => free / 2,
        TextAlign::Right => free,
    }
}

/// Runs of a repeated character over so many cells.
fn repeat<'t>(text: &'t str, mut x: u16, mut cells: u16, cell: u16, style: Style, runs: &mut Vec<Run<'t>>) {
    while cells > 0 {
        let (text, count) = repeated(text, cells);
        let width = count.saturating_mul(cell);
        runs.push(Run { x, width, text, style });
        x = x.saturating_add(width);
        cells -= count;
    }
}

/// As much of a [`crate::document::Fill`] as so many cells take, at most all of it, and its cells.
fn repeated(text: &str, cells: u16) -> (&str, u16) {
    let character = text.chars().next().map_or(1, char::len_utf8);
    let count = (text.len() / character).clamp(1, usize::from(cells.max(1)));
    (text.get(..count * character).unwrap_or(text), count as u16)
}
