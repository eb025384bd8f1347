//! Breaks a paragraph into lines.

use unicode_segmentation::UnicodeSegmentation;

use super::lines::Lines;
use super::measure::{Kind, character_cells, cluster_cells, measure};
use super::{Region, Report};
use crate::document::{TextAlign, Wrap};
use crate::paper::{Metrics, Run, Style};

/// Text of one style within a line of the source: no line breaks, nothing to clean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'t> {
    pub text: &'t str,
    pub style: Style,
    /// Dots of a cell.
    pub cell: u16,
    pub kind: Kind,
}

impl<'t> Piece<'t> {
    /// A piece in a style made narrow enough for one wide character to fit.
    pub fn new(text: &'t str, style: Style, metrics: &Metrics, width: u16) -> Self {
        let measure = measure(text);
        let need = if measure.kind == Kind::Simple { 1 } else { 3 };
        let style = fitting(style, metrics, width, need);
        Self { text, style, cell: cell(style, metrics), kind: measure.kind }
    }

    /// Dots, were it on one line.
    pub fn dots(&self) -> u32 {
        measure(self.text).cells.saturating_mul(u32::from(self.cell))
    }
}

/// Dots of a cell of a style.
pub(super) fn cell(style: Style, metrics: &Metrics) -> u16 {
    metrics.cell(style.font).width.max(1).saturating_mul(u16::from(style.width.clamp(1, 8)))
}

/// The style, less wide where `cells` cells of it don't fit.
pub(super) fn fitting(mut style: Style, metrics: &Metrics, width: u16, cells: u32) -> Style {
    style.width = style.width.clamp(1, 8);
    style.height = style.height.clamp(1, 8);
    while style.width > 1 && u32::from(cell(style, metrics)).saturating_mul(cells) > u32::from(width) {
        style.width -= 1;
    }
    style
}

/// How a paragraph is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub region: Region,
    pub align: TextAlign,
    pub wrap: Wrap,
    pub preserve: bool,
}

/// What a line breaker works on, kept between paragraphs.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    atoms: Vec<Atom>,
}

/// A cluster of characters that is never split.
#[derive(Debug, Clone, Copy)]
struct Atom {
    piece: usize,
    start: usize,
    end: usize,
    dots: u32,
    space: bool,
    /// A line may end after it.
    joint: bool,
}

impl Breaker {
    /// Sets one line of the source.
    pub fn set<'t, L: Lines<'t>>(
        &mut self,
        pieces: &[Piece<'t>],
        setting: Setting,
        runs: &mut Vec<Run<'t>>,
        report: &mut Report,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        self.collect(pieces, setting.region.width);
        let width = u32::from(setting.region.width);
        let mut at = 0;
        loop {
            let first = at == 0;
            let drop_leading = !setting.preserve
                && (!first
                    || matches!(setting.align, TextAlign::Center | TextAlign::Right)
                    || self.indent(at) > width);
            if drop_leading {
                at = self.skip_spaces(at);
            }
            let (end, next, cut) = match setting.wrap {
                Wrap::Cut => self.crop(at, width, pieces),
                Wrap::Char => self.by_edge(at, width, setting.preserve),
                Wrap::Word => self.by_word(at, width, setting.preserve),
            };
            let last = next >= self.atoms.len();
            runs.clear();
            let justify = setting.align == TextAlign::Justify && !last;
            let align = if cut { TextAlign::Left } else { setting.align };
            self.emit(at..end, pieces, Setting { align, ..setting }, justify, runs);
            if cut {
                report.cropped += 1;
                mark_crop(runs, pieces, setting.region);
            }
            if runs.is_empty() {
                runs.push(empty(pieces, setting.region));
            }
            lines.line(runs)?;
            if last {
                return Ok(());
            }
            at = next;
        }
    }

    fn collect(&mut self, pieces: &[Piece<'_>], width: u16) {
        self.atoms.clear();
        for (index, piece) in pieces.iter().enumerate() {
            let atoms = &mut self.atoms;
            let mut push = |start: usize, len: usize, first: char, cells: u32| {
                let dots = cells.saturating_mul(u32::from(piece.cell));
                let alone = len == first.len_utf8();
                let (space, joint) = (alone && is_space(first), is_joint(first, cells));
                atoms.push(Atom { piece: index, start, end: start + len, dots, space, joint });
            };
            if piece.kind == Kind::Simple {
                for (start, character) in piece.text.char_indices() {
                    push(start, character.len_utf8(), character, 1);
                }
                continue;
            }
            for (start, cluster) in piece.text.grapheme_indices(true) {
                let cells = cluster_cells(cluster);
                if cells.saturating_mul(u32::from(piece.cell)) <= u32::from(width) {
                    push(start, cluster.len(), cluster.chars().next().unwrap_or_default(), cells);
                    continue;
                }
                for (offset, character) in cluster.char_indices() {
                    push(start + offset, character.len_utf8(), character, character_cells(character));
                }
            }
        }
    }

    fn atom(&self, at: usize) -> Option<&Atom> {
        self.atoms.get(at)
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.atom(at).is_some_and(|atom| atom.space) {
            at += 1;
        }
        at
    }

    /// Dots of the spaces from here on, up to and with the first atom that isn't one.
    fn indent(&self, at: usize) -> u32 {
        let end = self.skip_spaces(at) + 1;
        self.atoms.get(at..end.min(self.atoms.len())).unwrap_or_default().iter().map(|atom| atom.dots).sum()
    }

    /// Without the spaces at its end.
    fn trimmed(&self, start: usize, mut end: usize) -> usize {
        while end > start && self.atom(end - 1).is_some_and(|atom| atom.space) {
            end -= 1;
        }
        end
    }

    /// The end of the line that starts here, the start of the next one, and whether text was cropped.
    fn by_word(&self, start: usize, width: u32, preserve: bool) -> (usize, usize, bool) {
        let mut used = 0u32;
        let mut best = None;
        let mut content = false;
        for (at, atom) in self.atoms.iter().enumerate().skip(start) {
            if atom.space && !preserve {
                if content {
                    let end = self.trimmed(start, at);
                    best = Some((end, at + 1));
                }
                used = used.saturating_add(atom.dots);
                continue;
            }
            let over = used.saturating_add(atom.dots) > width;
            if over && at > start {
                if atom.space {
                    return (at, at, false);
                }
                let (end, next) = best.unwrap_or((at, at));
                let next = if preserve { next } else { self.skip_spaces(next) };
                return (end, next, false);
            }
            used = used.saturating_add(atom.dots);
            content |= !atom.space;
            if atom.joint || (atom.space && preserve) {
                best = Some((at + 1, at + 1));
            }
        }
        let end = self.atoms.len();
        (if preserve { end } else { self.trimmed(start, end) }, end, false)
    }

    fn by_edge(&self, start: usize, width: u32, preserve: bool) -> (usize, usize, bool) {
        let mut used = 0u32;
        for (at, atom) in self.atoms.iter().enumerate().skip(start) {
            used = used.saturating_add(atom.dots);
            if used > width && at > start {
                if preserve {
                    return (at, at, false);
                }
                let next = self.skip_spaces(at);
                return (self.trimmed(start, at), next, false);
            }
        }
        let end = self.atoms.len();
        (if preserve { end } else { self.trimmed(start, end) }, end, false)
    }

    fn crop(&self, start: usize, width: u32, pieces: &[Piece<'_>]) -> (usize, usize, bool) {
        let len = self.atoms.len();
        let end = self.trimmed(start, len);
        let line = self.atoms.get(start..end).unwrap_or_default();
        if line.iter().fold(0u32, |sum, atom| sum.saturating_add(atom.dots)) <= width {
            return (end, len, false);
        }
        let mut used = 0u32;
        for (offset, atom) in line.iter().enumerate() {
            used = used.saturating_add(atom.dots);
            let mark = pieces.get(atom.piece).map_or(0, |piece| u32::from(piece.cell));
            if used.saturating_add(mark) > width {
                return (self.trimmed(start, start + offset), len, true);
            }
        }
        (end, len, false)
    }

    fn emit<'t>(
        &self,
        range: std::ops::Range<usize>,
        pieces: &[Piece<'t>],
        setting: Setting,
        justify: bool,
        runs: &mut Vec<Run<'t>>,
    ) {
        let line = self.atoms.get(range).unwrap_or_default();
        let dots: u32 = line.iter().map(|atom| atom.dots).sum();
        let width = u32::from(setting.region.width);
        let free = width.saturating_sub(dots);
        let start = match setting.align {
            TextAlign::Left | TextAlign::Justify => 0,
            TextAlign::Center => free / 2,
            TextAlign::Right => free,
        };
        let mut gaps = Gaps::new(line, if justify { free } else { 0 }, pieces);
        let mut x = u32::from(setting.region.x) + start;
        let edge = u32::from(setting.region.x) + width;
        let mut open: Option<(usize, usize, usize, u32, u32)> = None;
        for (index, atom) in line.iter().enumerate() {
            let extra = gaps.before(index);
            match &mut open {
                Some((piece, _, end, _, dots))
                    if *piece == atom.piece && *end == atom.start && extra == 0 =>
                {
                    *end = atom.end;
                    *dots += atom.dots;
                }
                _ => {
                    push(&mut open, pieces, edge, runs);
                    x += extra;
                    open = Some((atom.piece, atom.start, atom.end, x, atom.dots));
                }
            }
            x += atom.dots;
        }
        push(&mut open, pieces, edge, runs);
    }
}

fn push<'t>(
    open: &mut Option<(usize, usize, usize, u32, u32)>,
    pieces: &[Piece<'t>],
    edge: u32,
    runs: &mut Vec<Run<'t>>,
) {
    let Some((piece, start, end, x, dots)) = open.take() else { return };
    let Some(piece) = pieces.get(piece) else { return };
    let text = piece.text.get(start..end).unwrap_or_default();
    let x = x.min(edge);
    let width = dots.min(edge - x);
    runs.push(Run { x: x as u16, width: width as u16, text, style: piece.style });
}

/// The free dots of a justified line, shared out among its spaces in whole cells.
struct Gaps<'a> {
    line: &'a [Atom],
    left: u32,
    spaces: u32,
    cell: u32,
}

impl<'a> Gaps<'a> {
    fn new(line: &'a [Atom], free: u32, pieces: &[Piece<'_>]) -> Self {
        if free == 0 {
            return Self { line, left: 0, spaces: 0, cell: 1 };
        }
        let spaces = (1..line.len()).filter(|index| starts_word(line, *index)).count() as u32;
        let cell =
            line.first().and_then(|atom| pieces.get(atom.piece)).map_or(1, |piece| u32::from(piece.cell));
        Self { line, left: free, spaces, cell }
    }

    /// Dots to leave free before an atom.
    fn before(&mut self, index: usize) -> u32 {
        if self.left < self.cell || self.spaces == 0 || index == 0 || !starts_word(self.line, index) {
            return 0;
        }
        let cells = (self.left / self.cell).div_ceil(self.spaces);
        self.spaces -= 1;
        self.left -= cells * self.cell;
        cells * self.cell
    }
}

fn starts_word(line: &[Atom], index: usize) -> bool {
    let space = |index: usize| line.get(index).is_some_and(|atom| atom.space);
    index > 0 && space(index - 1) && !space(index)
}

/// The mark of a cropped line, right after what is left of it.
fn mark_crop<'t>(runs: &mut Vec<Run<'t>>, pieces: &[Piece<'t>], region: Region) {
    let Some(piece) = pieces.first() else { return };
    let (x, style) = runs.last().map_or((region.x, piece.style), |last| (last.x + last.width, last.style));
    let cell = pieces.iter().find(|piece| piece.style == style).map_or(piece.cell, |piece| piece.cell);
    let width = cell.min((region.x + region.width).saturating_sub(x));
    runs.push(Run { x, width, text: "~", style });
}

/// An empty line is as high as its text would be.
pub(super) fn empty<'t>(pieces: &[Piece<'t>], region: Region) -> Run<'t> {
    let style = pieces.first().map_or_else(Style::default, |piece| piece.style);
    Run { x: region.x, width: 0, text: "", style }
}

fn is_space(character: char) -> bool {
    matches!(character,
        ' ' | '\u{3000}' | '\u{205F}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200A}')
}

/// After hyphens and dashes, and between wide characters, which have no spaces.
fn is_joint(character: char, cells: u32) -> bool {
    cells > 1 || matches!(character, '-' | '\u{2010}' | '\u{2013}' | '\u{2014}')
}
