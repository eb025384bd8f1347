//! Sets cells side by side.

use super::grid::{Breaks, Demand, Need, Track, widths};
use super::lines::{Kept, Lines};
use super::measure::{Kind, measure};
use super::paragraph::{Setting, cell, fitting};
use super::{Part, Region, Setter, aligned, repeat};
use crate::document::{Columns, Content, Flow, Row, Table, TableCell, TextAlign, Width, Wrap};
use crate::paper::{Run, Style, TablePart};

/// A cell and how it is set.
#[derive(Debug, Clone, Copy)]
struct Item<'t> {
    text: &'t Content,
    blocks: &'t [Flow],
    style: Style,
    align: TextAlign,
    wrap: Wrap,
    region: Region,
}

impl Item<'_> {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.blocks.is_empty()
    }
}

/// Where the rows of a table stand.
struct Place<'t> {
    table: &'t Table,
    shape: Shape,
    region: Region,
}

impl Setter {
    pub(super) fn columns<'t, L: Lines<'t>>(
        &mut self,
        block: &'t Columns,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let unit = self.unit(block.style, region);
        let tracks = |need| self.column_tracks(block, need, unit, region.width);
        let shape = Shape::new(tracks, u16::from(block.gap), unit, region);
        self.report.stacked += u32::from(!matches!(shape, Shape::Grid(_)));
        let items = block.columns.iter().enumerate().map(|(index, column)| Item {
            text: &column.text,
            blocks: &column.blocks,
            style: column.style.unwrap_or(block.style),
            align: column.align,
            wrap: Wrap::Word,
            region: shape.region(index, 1, region),
        });
        match shape {
            Shape::Grid(_) => self.side_by_side(items, runs, lines),
            _ => self.stacked(items, runs, lines),
        }
    }

    pub(super) fn table<'t, L: Lines<'t>>(
        &mut self,
        table: &'t Table,
        region: Region,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let unit = self.unit(table.style, region);
        let tracks = |need| self.table_tracks(table, need, unit, region.width);
        let shape = Shape::new(tracks, u16::from(table.gap), unit, region);
        self.report.stacked += u32::from(!matches!(shape, Shape::Grid(_)));
        let place = Place { table, shape, region };
        if let Some(header) = &table.header {
            lines.table(TablePart::Header);
            self.row(header, Style { bold: true, ..table.style }, &place, runs, lines)?;
        }
        for row in &table.rows {
            match row {
                Row::Cells(cells) => {
                    lines.table(TablePart::Row);
                    self.row(cells, table.style, &place, runs, lines)?;
                }
                Row::Rule(row) => {
                    let style = fitting(table.style, &self.metrics, region.width, 1);
                    let cell = cell(style, &self.metrics);
                    runs.clear();
                    repeat(row.rule.repeated(), region.x, region.width / cell, cell, style, runs);
                    lines.line(runs)?;
                }
            }
        }
        lines.table(TablePart::End);
        Ok(())
    }

    fn row<'t, L: Lines<'t>>(
        &mut self,
        cells: &'t [TableCell],
        style: Style,
        place: &Place<'_>,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let mut items = cells.iter().scan(0, |at, cell| {
            let span = usize::from(cell.colspan.max(1));
            let column = place.table.columns.get(*at);
            let item = Item {
                text: &cell.text,
                blocks: &cell.blocks,
                style: cell.style.unwrap_or(style),
                align: cell.align.or(column.map(|column| column.align)).unwrap_or_default(),
                wrap: column.map(|column| column.wrap).unwrap_or_default(),
                region: place.shape.region(*at, span, place.region),
            };
            *at += span;
            Some(item)
        });
        match place.shape {
            Shape::Grid(_) => self.side_by_side(items, runs, lines),
            Shape::Below(_) => {
                self.stacked(items.next(), runs, lines)?;
                if items.clone().any(|item| !item.is_empty()) {
                    self.side_by_side(items, runs, lines)?;
                }
                Ok(())
            }
            Shape::Stacked => self.stacked(items, runs, lines),
        }
    }

    /// The cells of a row beside each other, all from the same line on.
    fn side_by_side<'t, L: Lines<'t>>(
        &mut self,
        items: impl Iterator<Item = Item<'t>> + Clone,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        runs.clear();
        if items.clone().all(|item| self.one_line(&item, runs)) {
            return emit(runs, lines);
        }
        let mut columns = Vec::new();
        for item in items {
            let mut column = Kept::<L::Error>::new();
            self.cell(&item, runs, &mut column)?;
            columns.push(column);
        }
        let height = columns.iter().map(Kept::count).max().unwrap_or(0);
        for line in 0..height {
            runs.clear();
            runs.extend(columns.iter().flat_map(|column| column.runs(line)).copied());
            emit(runs, lines)?;
        }
        Ok(())
    }

    /// The cells of a row one below the other.
    fn stacked<'t, L: Lines<'t>>(
        &mut self,
        items: impl IntoIterator<Item = Item<'t>>,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        items.into_iter().filter(|item| !item.is_empty()).try_for_each(|item| {
            let wrap = if item.wrap == Wrap::Cut { Wrap::Cut } else { Wrap::Word };
            self.cell(&Item { wrap, ..item }, runs, lines)
        })
    }

    fn cell<'t, L: Lines<'t>>(
        &mut self,
        item: &Item<'t>,
        runs: &mut Vec<Run<'t>>,
        lines: &mut L,
    ) -> Result<(), L::Error> {
        let setting = Setting { region: item.region, align: item.align, wrap: item.wrap, preserve: false };
        if !item.text.is_empty() {
            self.content(item.text, item.style, setting, runs, lines)?;
        }
        item.blocks.iter().try_for_each(|flow| self.part(Part::from(flow), item.region, runs, lines))
    }

    /// Adds the run of a cell that is one line of simple text; false when it isn't.
    fn one_line<'t>(&self, item: &Item<'t>, runs: &mut Vec<Run<'t>>) -> bool {
        let Content::Plain(text) = item.text else { return false };
        if !item.blocks.is_empty() || text.contains('\n') || text.starts_with(' ') || text.ends_with(' ') {
            return false;
        }
        let measure = measure(text);
        let style = fitting(item.style, &self.metrics, item.region.width, 1);
        let dots = measure.cells.saturating_mul(u32::from(cell(style, &self.metrics)));
        if measure.kind != Kind::Simple || dots > u32::from(item.region.width) {
            return false;
        }
        let width = dots as u16;
        let x = item.region.x + aligned(item.align, item.region.width - width);
        runs.push(Run { x, width, text, style });
        true
    }

    pub(super) fn column_tracks(&self, block: &Columns, need: Need, unit: u16, width: u16) -> Vec<Track> {
        let track = |column: &crate::document::Column| {
            let style = column.style.unwrap_or(block.style);
            let rule = breaks(need, column.width, Breaks::Allowed(Wrap::Word));
            let text = self.demand(&column.text, style, rule, unit, width);
            let demand = self.with_blocks(text, &column.blocks, unit, width);
            Track { width: column.width, align: column.align, wrap: Wrap::Word, nowrap: false, demand }
        };
        block.columns.iter().map(track).collect()
    }

    pub(super) fn table_tracks(&self, table: &Table, need: Need, unit: u16, width: u16) -> Vec<Track> {
        let mut tracks: Vec<Track> = table
            .columns
            .iter()
            .map(|column| Track {
                width: column.width,
                align: column.align,
                wrap: column.wrap,
                nowrap: column.nowrap,
                demand: Demand::default().with_min(u16::from(column.min)),
            })
            .collect();
        let rows = table.rows.iter().filter_map(|row| match row {
            Row::Cells(cells) => Some(cells),
            Row::Rule(_) => None,
        });
        for cells in table.header.iter().chain(rows) {
            let mut at = 0;
            for cell in cells {
                let span = usize::from(cell.colspan.max(1));
                let style = cell.style.unwrap_or(table.style);
                if let Some(covered) = tracks.get(at..(at + span).min(tracks.len())) {
                    let rule = match covered {
                        [track] if track.nowrap => Breaks::Never,
                        [track] => breaks(need, track.width, Breaks::Allowed(track.wrap)),
                        _ => Breaks::Allowed(Wrap::Word),
                    };
                    let text = self.demand(&cell.text, style, rule, unit, width);
                    let demand = self.with_blocks(text, &cell.blocks, unit, width);
                    spread(&mut tracks, at, span, demand, u16::from(table.gap));
                }
                at += span;
            }
        }
        tracks
    }

    fn with_blocks(&self, text: Demand, blocks: &[Flow], unit: u16, width: u16) -> Demand {
        blocks
            .iter()
            .fold(text, |demand, flow| demand.at_least(self.demand_of(Part::from(flow), unit, width)))
    }

    /// Dots of a cell of a table.
    fn unit(&self, style: Style, region: Region) -> u16 {
        cell(fitting(style, &self.metrics, region.width, 1), &self.metrics)
    }
}

/// Adds what a cell needs to the columns it covers: what they lack goes to one that may grow.
fn spread(tracks: &mut [Track], at: usize, span: usize, demand: Demand, gap: u16) {
    let end = (at + span).min(tracks.len());
    let Some(covered) = tracks.get_mut(at..end) else { return };
    let gaps = gap.saturating_mul(u16::try_from(covered.len().saturating_sub(1)).unwrap_or(u16::MAX));
    let lacking = |need: u16, of: fn(&Demand) -> u16| {
        let have = covered.iter().fold(gaps, |sum, track| sum.saturating_add(of(&track.demand)));
        need.saturating_sub(have)
    };
    let natural = lacking(demand.natural, |d| d.natural);
    let word = lacking(demand.word, |d| d.word);
    let floor = lacking(demand.floor, |d| d.floor);
    let index =
        covered.iter().position(|track| matches!(track.width, Width::Fill | Width::Auto) && !track.nowrap);
    if let Some(track) = covered.get_mut(index.unwrap_or(0)) {
        track.demand.natural = track.demand.natural.saturating_add(natural);
        track.demand.word = track.demand.word.saturating_add(word);
        track.demand.floor = track.demand.floor.saturating_add(floor);
    }
}

/// What has to be found out of a column: only one that fills needs to know its words in any case.
fn breaks(need: Need, width: Width, rule: Breaks) -> Breaks {
    if need == Need::Natural && width != Width::Fill { Breaks::Never } else { rule }
}

/// How the cells of a row stand.
enum Shape {
    /// Side by side.
    Grid(Grid),
    /// The first on lines of its own, the others side by side below it, at the right margin.
    Below(Grid),
    /// Each on lines of its own.
    Stacked,
}

impl Shape {
    fn new(tracks: impl Fn(Need) -> Vec<Track>, gap: u16, unit: u16, region: Region) -> Self {
        if let Some(grid) = Grid::new(&tracks(Need::Natural), Need::Natural, gap, unit, region) {
            return Self::Grid(grid);
        }
        let tracks = tracks(Need::All);
        if let Some(grid) = Grid::new(&tracks, Need::All, gap, unit, region) {
            return Self::Grid(grid);
        }
        match tracks.split_first() {
            Some((_, others)) if others.len() > 1 => match Grid::new(others, Need::All, gap, unit, region) {
                Some(grid) => Self::Below(grid.moved_right(region)),
                None => Self::Stacked,
            },
            _ => Self::Stacked,
        }
    }

    /// The place of a cell.
    fn region(&self, at: usize, span: usize, whole: Region) -> Region {
        match self {
            Self::Grid(grid) => grid.region(at, span),
            Self::Below(grid) if at > 0 => grid.region(at - 1, span),
            _ => whole,
        }
    }
}

/// Where the columns stand.
struct Grid {
    columns: Vec<Region>,
}

impl Grid {
    /// `None` when they don't fit.
    fn new(tracks: &[Track], need: Need, gap: u16, unit: u16, region: Region) -> Option<Self> {
        let total = region.width / unit;
        let cells = widths(tracks, need, total, gap)?;
        let gaps = gap * (cells.len() as u16).saturating_sub(1);
        let full = cells.iter().sum::<u16>() + gaps == total;
        let mut x = region.x;
        let mut columns: Vec<Region> = Vec::with_capacity(cells.len());
        for cells in cells {
            columns.push(Region { x, width: cells * unit });
            x += (cells + gap) * unit;
        }
        if let Some(last) = columns.last_mut().filter(|_| full) {
            last.width = region.edge() - last.x;
        }
        Some(Self { columns })
    }

    /// The same columns at the right margin.
    fn moved_right(mut self, region: Region) -> Self {
        let free = self.columns.last().map_or(0, |last| region.edge().saturating_sub(last.edge()));
        self.columns.iter_mut().for_each(|column| column.x += free);
        self
    }

    /// The place of a cell that covers `span` columns.
    fn region(&self, at: usize, span: usize) -> Region {
        let Some(last) = self.columns.last().copied() else { return Region { x: 0, width: 0 } };
        let first = self.columns.get(at).copied().unwrap_or(last);
        let end = self.columns.get(at + span.max(1) - 1).copied().unwrap_or(last);
        Region { x: first.x, width: end.edge().saturating_sub(first.x) }
    }
}

/// Prints a line, without the runs that are there for its height only where others are.
fn emit<'t, L: Lines<'t>>(runs: &mut Vec<Run<'t>>, lines: &mut L) -> Result<(), L::Error> {
    let height = runs.first().copied();
    runs.retain(|run| !run.text.is_empty());
    if runs.is_empty() {
        runs.extend(height.or(Some(Run { x: 0, width: 0, text: "", style: Style::default() })));
    }
    lines.line(runs)
}
