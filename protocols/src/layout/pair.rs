//! Sets a text at the left and one at the right of the same line.

use super::lines::{Kept, Lines};
use super::measure::{Simple, simple};
use super::paragraph::{Piece, Setting, cell, fitting};
use super::{Region, Setter, repeated};
use crate::document::{Content, Fit, Pair, TextAlign, Wrap};
use crate::paper::{Line, Paper, Run, Style};

/// Cells below which the text beside a price gets lines of its own.
const NARROWEST: u16 = 8;

impl Setter {
    /// A pair of one line in one style, which is what most are. False: not one.
    pub(super) fn plain_pair<P: Paper>(&mut self, pair: &Pair, paper: &mut P) -> Result<bool, P::Error> {
        let (Content::Plain(left), Content::Plain(right)) = (&pair.left, &pair.right) else {
            return Ok(false);
        };
        let Some(Simple { cells: left_cells, breaks: false }) = simple(left) else { return Ok(false) };
        let Some(Simple { cells: right_cells, breaks: false }) = simple(right) else { return Ok(false) };
        let edge = self.metrics.dots;
        let style = fitting(pair.style, &self.metrics, edge, 1);
        let cell = cell(style, &self.metrics);
        let cells = left_cells.saturating_add(right_cells).saturating_add(1);
        if cells.saturating_mul(u32::from(cell)) > u32::from(edge) || left_cells == 0 || right_cells == 0 {
            return Ok(false);
        }
        let left = Run { x: 0, width: left_cells as u16 * cell, text: left, style };
        let width = right_cells as u16 * cell;
        let right = Run { x: edge - width, width, text: right, style };
        match leader(pair, left.width, right.x, cell, style) {
            Some(leader) => paper.line(&Line { runs: &[left, leader, right] })?,
            None => paper.line(&Line { runs: &[left, right] })?,
        }
        Ok(true)
    }

    pub(super) fn pair<'t, L: Lines<'t>>(
        &mut self,
        pair: &'t Pair,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let (kept, other) = match pair.fit {
            Fit::Left => (&pair.left, &pair.right),
            Fit::Right => (&pair.right, &pair.left),
        };
        let Some((pieces, kept_dots)) = self.on_one_line(kept, pair.style, region) else {
            return self.one_below_the_other(pair, region, runs, lines);
        };
        let style = fitting(pair.style, &self.metrics, region.width, 1);
        let cell = cell(style, &self.metrics);
        let gap = if kept.is_empty() { 0 } else { cell };
        let free = region.width.saturating_sub(kept_dots).saturating_sub(gap);
        let fits = self.natural(other, pair.style, region.width) <= u32::from(free);
        if !fits && free < cell.saturating_mul(NARROWEST) {
            return self.one_below_the_other(pair, region, runs, lines);
        }
        let (kept_x, other_x, align) = match pair.fit {
            Fit::Right => (region.edge() - kept_dots, region.x, TextAlign::Left),
            Fit::Left => (region.x, region.edge() - free, TextAlign::Right),
        };
        let beside = Region { x: other_x, width: free };
        let setting = Setting { region: beside, align, wrap: Wrap::Word, preserve: false };
        let mut wrapped = Kept::<L::Error>::new();
        self.content(other, pair.style, setting, runs, &mut wrapped)?;
        let with_kept = match pair.fit {
            Fit::Left => 0,
            Fit::Right => wrapped.count().saturating_sub(1),
        };
        for index in 0..wrapped.count() {
            runs.clear();
            let left_over = wrapped.runs(index);
            if index != with_kept {
                runs.extend_from_slice(left_over);
                lines.line(runs)?;
                continue;
            }
            match pair.fit {
                Fit::Left => {
                    place(&pieces, kept_x, runs);
                    connect(pair, left_over, cell, style, runs);
                    runs.extend(left_over.iter().filter(|run| !run.text.is_empty()));
                }
                Fit::Right => {
                    runs.extend(left_over.iter().filter(|run| !run.text.is_empty()));
                    let mut right = Vec::with_capacity(pieces.len());
                    place(&pieces, kept_x, &mut right);
                    connect(pair, &right, cell, style, runs);
                    runs.append(&mut right);
                }
            }
            if runs.is_empty() {
                runs.extend_from_slice(left_over);
            }
            lines.line(runs)?;
        }
        Ok(())
    }

    /// The pieces of a side in styles narrow enough for one line; `None` when there are none.
    fn on_one_line<'t>(
        &self,
        content: &'t Content,
        style: Style,
        region: Region,
    ) -> Option<(Vec<Piece<'t>>, u16)> {
        let spans: Vec<(&str, Style)> = match content {
            Content::Plain(text) => vec![(text, style)],
            Content::Spans(spans) => {
                spans.iter().map(|span| (span.text.as_str(), span.style.unwrap_or(style))).collect()
            }
        };
        (1..=8).rev().find_map(|widest| {
            let narrowed = |style: Style| Style { width: style.width.min(widest), ..style };
            let piece = |(text, style): &(&'t str, Style)| {
                Piece::new(text, narrowed(*style), &self.metrics, region.width)
            };
            let pieces: Vec<_> = spans.iter().map(piece).collect();
            let dots = pieces.iter().fold(0u32, |sum, piece| sum.saturating_add(piece.dots()));
            (dots <= u32::from(region.width)).then_some((pieces, dots as u16))
        })
    }

    fn one_below_the_other<'t, L: Lines<'t>>(
        &mut self,
        pair: &'t Pair,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let setting = |align| Setting { region, align, wrap: Wrap::Word, preserve: false };
        if !pair.left.is_empty() {
            self.content(&pair.left, pair.style, setting(TextAlign::Left), runs, lines)?;
        }
        match self.on_one_line(&pair.right, pair.style, region) {
            Some((pieces, dots)) if pair.fit == Fit::Right => {
                runs.clear();
                place(&pieces, region.edge() - dots, runs);
                lines.line(runs)
            }
            _ => self.content(&pair.right, pair.style, setting(TextAlign::Right), runs, lines),
        }
    }
}

fn place<'t>(pieces: &[Piece<'t>], mut x: u16, runs: &mut Vec<Run<'t>>) {
    for piece in pieces.iter().filter(|piece| !piece.text.is_empty()) {
        let width = piece.dots() as u16;
        runs.push(Run { x, width, text: piece.text, style: piece.style });
        x += width;
    }
}

/// Adds the leader between what stands in `runs` and what follows.
fn connect<'t>(pair: &'t Pair, next: &[Run<'t>], cell: u16, style: Style, runs: &mut Vec<Run<'t>>) {
    let ends = runs.last().map(|run| run.x + run.width);
    let starts = next.iter().find(|run| !run.text.is_empty()).map(|run| run.x);
    if let Some((end, start)) = ends.zip(starts) {
        runs.extend(leader(pair, end, start, cell, style));
    }
}

/// The leader between two texts, a cell away from both; `None` where there is no room or no need.
fn leader(pair: &Pair, from: u16, to: u16, cell: u16, style: Style) -> Option<Run<'_>> {
    let fill = pair.fill.as_ref().filter(|fill| fill.character() != ' ')?;
    let cells = (to.saturating_sub(from) / cell).checked_sub(2).filter(|cells| *cells > 0)?;
    let (text, cells) = repeated(fill.repeated(), cells);
    let width = cells * cell;
    Some(Run { x: to - cell - width, width, text, style })
}
