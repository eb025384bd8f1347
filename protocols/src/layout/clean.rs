//! Takes out of a block what must not reach a printer.
//!
//! Hardly any block needs it; one that does is copied.

use super::measure::{Cleaned, Kind, clean, measure};
use super::{Part, Report};
use crate::document::{Columns, Content, Fit, Flow, Pair, Row, Table, TableCell, Text};

/// A cleaned copy of a block.
pub(super) struct Clean(Flow);

impl Clean {
    /// A copy of a block that needs cleaning; `None` when it doesn't.
    pub fn of(part: Part<'_>, report: &mut Report) -> Option<Self> {
        let mut flow = match part {
            Part::Rule(_) => return None,
            Part::Text(text) if is_clean(&text.text) => return None,
            Part::Pair(pair) if is_clean_pair(pair) => return None,
            Part::Columns(columns) if is_clean_columns(columns) => return None,
            Part::Table(table) if is_clean_table(table) => return None,
            Part::Text(text) => Flow::Text(text.clone()),
            Part::Pair(pair) => Flow::Pair(pair.clone()),
            Part::Columns(columns) => Flow::Columns(columns.clone()),
            Part::Table(table) => Flow::Table(table.clone()),
        };
        let mut count = Cleaned::default();
        clean_flow(&mut flow, &mut count);
        report.shown += count.shown;
        report.omitted += count.omitted;
        Some(Self(flow))
    }

    pub fn part(&self) -> Part<'_> {
        Part::from(&self.0)
    }
}

fn is_clean(content: &Content) -> bool {
    let clean = |text: &str| measure(text).kind != Kind::Dirty;
    match content {
        Content::Plain(text) => clean(text),
        Content::Spans(spans) => spans.iter().all(|span| clean(&span.text)),
    }
}

fn is_clean_pair(pair: &Pair) -> bool {
    is_clean(&pair.left) && is_clean(&pair.right) && !has_break(kept(pair))
}

fn is_clean_columns(columns: &Columns) -> bool {
    columns.columns.iter().all(|column| is_clean(&column.text) && column.blocks.iter().all(is_clean_flow))
}

fn is_clean_table(table: &Table) -> bool {
    let cell = |cell: &TableCell| is_clean(&cell.text) && cell.blocks.iter().all(is_clean_flow);
    table.header.iter().flatten().all(cell)
        && table.rows.iter().all(|row| match row {
            Row::Cells(cells) => cells.iter().all(cell),
            Row::Rule(_) => true,
        })
}

fn is_clean_flow(flow: &Flow) -> bool {
    match flow {
        Flow::Text(Text { text, .. }) => is_clean(text),
        Flow::Columns(columns) => is_clean_columns(columns),
        Flow::Pair(pair) => is_clean_pair(pair),
        Flow::Table(table) => is_clean_table(table),
        Flow::Rule(_) => true,
    }
}

/// The side of a pair that has to stay on one line.
fn kept(pair: &Pair) -> &Content {
    match pair.fit {
        Fit::Left => &pair.left,
        Fit::Right => &pair.right,
    }
}

fn has_break(content: &Content) -> bool {
    match content {
        Content::Plain(text) => text.contains('\n'),
        Content::Spans(spans) => spans.iter().any(|span| span.text.contains('\n')),
    }
}

fn clean_flow(flow: &mut Flow, count: &mut Cleaned) {
    match flow {
        Flow::Text(text) => clean_content(&mut text.text, false, count),
        Flow::Columns(columns) => {
            for column in &mut columns.columns {
                clean_content(&mut column.text, false, count);
                column.blocks.iter_mut().for_each(|flow| clean_flow(flow, count));
            }
        }
        Flow::Pair(pair) => {
            clean_content(&mut pair.left, pair.fit == Fit::Left, count);
            clean_content(&mut pair.right, pair.fit == Fit::Right, count);
        }
        Flow::Table(table) => {
            let rows = table.rows.iter_mut().filter_map(|row| match row {
                Row::Cells(cells) => Some(cells),
                Row::Rule(_) => None,
            });
            for cell in table.header.iter_mut().chain(rows).flatten() {
                clean_content(&mut cell.text, false, count);
                cell.blocks.iter_mut().for_each(|flow| clean_flow(flow, count));
            }
        }
        Flow::Rule(_) => {}
    }
}

fn clean_content(content: &mut Content, one_line: bool, count: &mut Cleaned) {
    match content {
        Content::Plain(text) => *text = clean(text, one_line, count),
        Content::Spans(spans) => {
            spans.iter_mut().for_each(|span| span.text = clean(&span.text, one_line, count));
        }
    }
}
