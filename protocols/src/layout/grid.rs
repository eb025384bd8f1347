//! How wide the columns of a table become.

use unicode_segmentation::UnicodeSegmentation;

use super::measure::{Kind, cluster_cells, measure};
use super::paragraph::{cell, fitting};
use super::{Part, Setter};
use crate::document::{Content, TextAlign, Width, Wrap};
use crate::paper::{Metrics, Style};

/// A column of text is no narrower than this or half of the paper, unless its words are shorter.
const READABLE: u16 = 6;

/// What is asked of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Track {
    pub width: Width,
    pub align: TextAlign,
    pub wrap: Wrap,
    pub nowrap: bool,
    pub demand: Demand,
}

/// Whether a text may be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaks {
    Never,
    Allowed(Wrap),
}

/// How much of a [`Demand`] is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// What it takes to wrap nothing, which is enough for most tables.
    Natural,
    /// Everything.
    All,
}

/// What the content of a column needs, in cells of the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Demand {
    /// Nothing wrapped.
    pub natural: u16,
    /// No word broken.
    pub word: u16,
    /// The least that can be read.
    pub floor: u16,
}

impl Demand {
    pub fn at_least(self, other: Self) -> Self {
        Self {
            natural: self.natural.max(other.natural),
            word: self.word.max(other.word),
            floor: self.floor.max(other.floor),
        }
    }

    /// At least so many cells, whatever the content.
    pub fn with_min(self, min: u16) -> Self {
        self.at_least(Self { natural: min, word: min, floor: min })
    }
}

/// The cells of each column, `total` with the gaps; `None` when they don't fit.
///
/// [`Need::Natural`] gives no column less than it asks for.
pub(super) fn widths(tracks: &[Track], need: Need, total: u16, gap: u16) -> Option<Vec<u16>> {
    let gaps = gap.checked_mul(u16::try_from(tracks.len().checked_sub(1)?).ok()?)?;
    let total = total.checked_sub(gaps)?;
    let mut widths: Vec<u16> = tracks
        .iter()
        .map(|track| match track.width {
            Width::Cells(cells) if track.nowrap => cells.max(track.demand.natural),
            Width::Cells(cells) => cells,
            Width::Auto => track.demand.natural,
            Width::Fill => track.demand.word,
            Width::Fraction { part, of } => {
                (u32::from(total) * u32::from(part) / u32::from(of.max(1))).min(u32::from(total)) as u16
            }
        })
        .map(|cells| cells.max(1))
        .collect();
    if need == Need::Natural && widths.iter().map(|cells| u32::from(*cells)).sum::<u32>() > u32::from(total) {
        return None;
    }
    let floor = |track: &Track| if track.nowrap { track.demand.natural } else { track.demand.floor }.max(1);
    shrink(&mut widths, total, |index| {
        tracks
            .get(index)
            .filter(|track| track.width == Width::Auto)
            .map(|track| track.demand.word.max(floor(track)))
    });
    shrink(&mut widths, total, |index| {
        tracks.get(index).filter(|track| matches!(track.width, Width::Auto | Width::Fill)).map(floor)
    });
    shrink(&mut widths, total, |index| tracks.get(index).map(floor));
    let used: u32 = widths.iter().map(|cells| u32::from(*cells)).sum();
    let free = u32::from(total).checked_sub(used)? as u16;
    grow(&mut widths, tracks, free);
    Some(widths)
}

/// Takes cells from the widest column until all fit or each is at its limit; none: not this one.
fn shrink(widths: &mut [u16], total: u16, limit: impl Fn(usize) -> Option<u16>) {
    let mut over = widths.iter().map(|cells| u32::from(*cells)).sum::<u32>().saturating_sub(u32::from(total));
    while over > 0 {
        let can_give =
            |(index, cells): &(usize, &mut u16)| limit(*index).is_some_and(|limit| **cells > limit);
        let Some((_, widest)) =
            widths.iter_mut().enumerate().filter(can_give).max_by_key(|(_, cells)| **cells)
        else {
            return;
        };
        *widest -= 1;
        over -= 1;
    }
}

/// Gives free cells to the columns with `fill`, else to the first at the left margin that may wrap.
fn grow(widths: &mut [u16], tracks: &[Track], free: u16) {
    let filling = tracks.iter().filter(|track| track.width == Width::Fill).count() as u16;
    if filling == 0 {
        let takes = |track: &Track| {
            track.width == Width::Auto
                && !track.nowrap
                && matches!(track.align, TextAlign::Left | TextAlign::Justify)
        };
        if let Some((_, cells)) = tracks.iter().zip(widths).find(|(track, _)| takes(track)) {
            *cells += free;
        }
        return;
    }
    // Equal shares of the whole rather than of the rest, as far as the content of each allows.
    for _ in 0..free {
        let fills = tracks.iter().zip(widths.iter_mut()).filter(|(track, _)| track.width == Width::Fill);
        if let Some((_, narrowest)) = fills.min_by_key(|(_, cells)| **cells) {
            *narrowest += 1;
        }
    }
}

impl Setter {
    /// Dots of the longest line of a text, nothing wrapped.
    pub(super) fn natural(&self, content: &Content, style: Style, width: u16) -> u32 {
        let mut longest = 0;
        let mut line = 0u32;
        each_span(content, style, |text, style| {
            for (index, part) in text.split('\n').enumerate() {
                if index > 0 {
                    line = 0;
                }
                line = line.saturating_add(dots(part, style, &self.metrics, width));
                longest = longest.max(line);
            }
        });
        longest
    }

    /// What a text needs, in units of so many dots.
    pub(super) fn demand(
        &self,
        content: &Content,
        style: Style,
        rule: Breaks,
        unit: u16,
        width: u16,
    ) -> Demand {
        let natural = units(self.natural(content, style, width), unit);
        let Breaks::Allowed(wrap) = rule else {
            return Demand { natural, word: natural, floor: natural };
        };
        let mut word = 0;
        let mut least = 1;
        each_span(content, style, |text, style| {
            let cell = u32::from(cell(fitting(style, &self.metrics, width, 1), &self.metrics));
            if measure(text).kind == Kind::Simple {
                let longest =
                    text.split([' ', '\n']).map(|word| word.chars().count() as u32).max().unwrap_or(0);
                word = word.max(longest.saturating_mul(cell));
                return;
            }
            least = least.max(units(cell.saturating_mul(2), unit));
            for part in text.split([' ', '\n']) {
                let cells: u32 = part.graphemes(true).map(cluster_cells).sum();
                word = word.max(cells.saturating_mul(cell));
            }
        });
        let word = units(word, unit).max(least);
        let readable = READABLE.max(width / unit.max(1) / 2);
        match wrap {
            Wrap::Word => Demand { natural, word, floor: word.min(readable).max(least) },
            Wrap::Char | Wrap::Cut => {
                Demand { natural, word: natural.min(READABLE), floor: least.max(natural.min(3)) }
            }
        }
    }

    /// What a block needs that stands in a cell.
    pub(super) fn demand_of(&self, part: Part<'_>, unit: u16, width: u16) -> Demand {
        match part {
            Part::Text(text) => {
                let indent = u16::from(text.indent);
                let demand = self.demand(&text.text, text.style, Breaks::Allowed(text.wrap), unit, width);
                Demand {
                    natural: demand.natural.saturating_add(indent),
                    word: demand.word.saturating_add(indent),
                    floor: demand.floor,
                }
            }
            Part::Rule(_) => Demand { natural: 1, word: 1, floor: 1 },
            Part::Pair(pair) => {
                let left = self.demand(&pair.left, pair.style, Breaks::Allowed(Wrap::Word), unit, width);
                let right = self.demand(&pair.right, pair.style, Breaks::Allowed(Wrap::Word), unit, width);
                let natural = left.natural.saturating_add(right.natural).saturating_add(1);
                let word = left.word.max(right.natural);
                Demand { natural, word, floor: word.min(READABLE.max(right.natural)) }
            }
            Part::Columns(columns) => {
                let tracks = self.column_tracks(columns, Need::All, unit, width);
                sum(&tracks, u16::from(columns.gap))
            }
            Part::Table(table) => {
                let tracks = self.table_tracks(table, Need::All, unit, width);
                sum(&tracks, u16::from(table.gap))
            }
        }
    }
}

fn sum(tracks: &[Track], gap: u16) -> Demand {
    let add = |of: fn(&Demand) -> u16| {
        tracks.iter().fold(0u16, |sum, track| {
            let own = match track.width {
                Width::Cells(cells) => cells.max(of(&track.demand)),
                _ => of(&track.demand),
            };
            sum.saturating_add(own.max(1)).saturating_add(gap)
        })
    };
    let (natural, word, floor) = (add(|d| d.natural), add(|d| d.word), add(|d| d.floor));
    Demand {
        natural: natural.saturating_sub(gap),
        word: word.saturating_sub(gap),
        floor: floor.saturating_sub(gap),
    }
}

fn each_span(content: &Content, style: Style, mut visit: impl FnMut(&str, Style)) {
    match content {
        Content::Plain(text) => visit(text, style),
        Content::Spans(spans) => {
            spans.iter().for_each(|span| visit(&span.text, span.style.unwrap_or(style)));
        }
    }
}

fn dots(text: &str, style: Style, metrics: &Metrics, width: u16) -> u32 {
    let measure = measure(text);
    let need = if measure.kind == Kind::Simple { 1 } else { 3 };
    measure.cells.saturating_mul(u32::from(cell(fitting(style, metrics, width, need), metrics)))
}

/// Cells of so many dots, rounded up.
pub(super) fn units(dots: u32, unit: u16) -> u16 {
    dots.div_ceil(u32::from(unit.max(1))).min(u32::from(u16::MAX)) as u16
}
