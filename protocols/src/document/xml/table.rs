//! Tables.

use roxmltree::Node;

use super::builder::{Builder, Look, align, font, wrap};
use super::{ALIGNS, Attributes, Inside, WRAPS, XmlError, children, empty, symbols, unknown_tag};
use crate::document::{Flow, Row, RuleRow, Table, TableCell, TableColumn, TextAlign, Width, Wrap};

pub(super) fn read(node: Node<'_, '_>, look: Look) -> Result<Table, XmlError> {
    let attributes = Attributes::of(node, &["cellspacing"])?;
    let gap = match attributes.get("cellspacing").map(str::parse) {
        None => 1,
        Some(Ok(gap)) => gap,
        Some(Err(_)) => return Err(attributes.value("cellspacing", "a number of characters from 0 to 255")),
    };
    let mut columns = Vec::new();
    let mut rows = Vec::new();
    for part in elements(node)? {
        match part.tag_name().name() {
            "columns" => columns = read_columns(part, look)?,
            "cells" if columns.is_empty() => return Err(unknown_tag(part, "stands after <columns>")),
            "cells" => read_cells(part, look, &columns, &mut rows)?,
            _ => return Err(unknown_tag(part, "a table holds <columns>, then <cells>")),
        }
    }
    if columns.is_empty() {
        return Err(unknown_tag(node, "needs <columns> with a <column/> each"));
    }
    Ok(Table { columns, header: None, rows, gap, style: look.style })
}

fn read_columns(node: Node<'_, '_>, look: Look) -> Result<Vec<TableColumn>, XmlError> {
    Attributes::of(node, &[])?;
    let column = |node: Node<'_, '_>| {
        if node.tag_name().name() != "column" {
            return Err(unknown_tag(node, "<columns> holds <column/> only"));
        }
        let attributes = empty(node, &["width", "autowidth", "minwidth", "align", "formatter"])?;
        let width = match (attributes.get("width"), attributes.get("autowidth")) {
            (Some(_), Some(_)) => return Err(attributes.value("width", "either this or autowidth")),
            (None, Some(_)) => Width::Auto,
            (None, None) => Width::Fill,
            (Some(width), None) => match width.parse() {
                Ok(cells @ 1..=255) => Width::Cells(cells),
                _ => return Err(attributes.value("width", "a number of characters from 1 to 255")),
            },
        };
        let min = match attributes.get("minwidth").map(str::parse) {
            None => 0,
            Some(Ok(min)) => min,
            Some(Err(_)) => return Err(attributes.value("minwidth", "a number of characters from 0 to 255")),
        };
        let own = match attributes.get("align") {
            None => look.align.unwrap_or_default(),
            Some(name) => align(name).ok_or_else(|| attributes.value("align", ALIGNS))?,
        };
        let wrap = match attributes.get("formatter") {
            None => look.wrap,
            Some(name) => wrap(name).ok_or_else(|| attributes.value("formatter", WRAPS))?,
        };
        // A column as wide as its content at the right holds numbers.
        let nowrap = width == Width::Auto && own == TextAlign::Right && wrap != Wrap::Cut;
        Ok(TableColumn { width, min, align: own, wrap, nowrap })
    };
    elements(node)?.into_iter().map(column).collect()
}

fn read_cells(
    node: Node<'_, '_>,
    look: Look,
    columns: &[TableColumn],
    rows: &mut Vec<Row>,
) -> Result<(), XmlError> {
    Attributes::of(node, &[])?;
    let mut row: Vec<TableCell> = Vec::new();
    let mut used = 0;
    for cell in elements(node)? {
        match cell.tag_name().name() {
            "linecell" => {
                let rule = symbols(&empty(cell, &["symbols"])?)?.unwrap_or_default();
                if !row.is_empty() {
                    rows.push(Row::Cells(std::mem::take(&mut row)));
                    used = 0;
                }
                rows.push(Row::Rule(RuleRow { rule }));
            }
            "c" | "ct" => {
                let left = columns.len() - used;
                let read = read_cell(cell, look, columns.get(used), left)?;
                used += usize::from(read.colspan);
                row.push(read);
                if used == columns.len() {
                    rows.push(Row::Cells(std::mem::take(&mut row)));
                    used = 0;
                }
            }
            _ => return Err(unknown_tag(cell, "<cells> holds <c>, <ct> and <linecell/> only")),
        }
    }
    if !row.is_empty() {
        rows.push(Row::Cells(row));
    }
    Ok(())
}

fn read_cell(
    node: Node<'_, '_>,
    look: Look,
    column: Option<&TableColumn>,
    left: usize,
) -> Result<TableCell, XmlError> {
    let attributes = Attributes::of(node, &["colspan", "font"])?;
    let colspan = match attributes.get("colspan").map(str::parse::<u8>) {
        None => 1,
        Some(Ok(0)) => left as u8,
        Some(Ok(span)) if usize::from(span) <= left => span,
        Some(_) => {
            return Err(
                attributes.value("colspan", &format!("0 for the rest of the row, or 1 to {left} here"))
            );
        }
    };
    let style = match attributes.get("font") {
        None => look.style,
        Some(name) => font(name, look.style).ok_or_else(|| attributes.value("font", "f0, f1 or f2"))?,
    };
    let own = column.map_or_else(TextAlign::default, |column| column.align);
    let wrap = column.map_or(look.wrap, |column| column.wrap);
    let mut builder = Builder::new(Inside::Cell);
    children(node, Look { style, align: Some(own), wrap, preserve: look.preserve }, &mut builder)?;
    let mut flows = builder.finish_flows();
    let mut cell = TableCell { colspan, ..TableCell::default() };
    if let [Flow::Text(text)] = flows.as_mut_slice()
        && !text.preserve
    {
        cell.text = std::mem::take(&mut text.text);
        cell.style = Some(text.style).filter(|own| *own != look.style);
        cell.align = Some(text.align).filter(|align| *align != own);
    } else {
        cell.blocks = flows;
    }
    Ok(cell)
}

/// The elements in an element that holds no text of its own.
fn elements<'a, 'i>(node: Node<'a, 'i>) -> Result<Vec<Node<'a, 'i>>, XmlError> {
    let text = |child: &Node<'_, '_>| child.is_text() && !child.text().unwrap_or_default().trim().is_empty();
    if node.children().any(|child| text(&child)) {
        return Err(unknown_tag(node, "holds tags only: text stands in <c> or <ct>"));
    }
    Ok(node.children().filter(Node::is_element).collect())
}
