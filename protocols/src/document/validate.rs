//! The values of a document: ranges and limits.

use std::fmt::Display;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{
    Barcode, Beep, Block, Column, Columns, Content, Document, DocumentError, Drawer, Feed, Flow, Image, Pair,
    Qr, Raw, Row, Rule, Table, TableCell, Text,
};
use crate::barcode;
use crate::paper::Style;

/// What a document may hold at most.
pub mod limits {
    /// Blocks of a document, those in columns and cells included.
    pub const BLOCKS: usize = 2_000;
    /// Bytes of UTF-8 text in one block.
    pub const TEXT: usize = 64 * 1024;
    /// Columns or tables in columns or tables.
    pub const NESTING: usize = 4;
    /// Columns side by side.
    pub const COLUMNS: usize = 16;
    /// Rows of a table.
    pub const ROWS: usize = 2_000;
    /// Bytes in a QR code: version 40 with correction L (ISO/IEC 18004, table 7).
    pub const QR: usize = 2_953;
    /// Bytes in a barcode.
    pub const BARCODE: usize = 1_024;
    /// Characters of base64 of a picture.
    pub const IMAGE: usize = 700 * 1024;
    /// Characters of base64 of raw bytes.
    pub const RAW: usize = 256 * 1024;
}

type Checked = Result<(), DocumentError>;

pub(super) fn document(document: &Document) -> Checked {
    let mut checker = Checker { blocks: 0 };
    document.blocks.iter().enumerate().try_for_each(|(index, block)| checker.block(block, &At::Block(index)))
}

struct Checker {
    blocks: usize,
}

impl Checker {
    fn block(&mut self, block: &Block, at: &At) -> Checked {
        match block {
            Block::Text(text) => self.text(text, at),
            Block::Columns(columns) => self.columns(columns, at, 1),
            Block::Pair(pair) => self.pair(pair, at),
            Block::Table(table) => self.table(table, at, 1),
            Block::Rule(rule) => self.rule(rule, at),
            Block::Qr(block) => self.count(at).and_then(|()| qr(block, at)),
            Block::Barcode(block) => self.count(at).and_then(|()| barcode(block, at)),
            Block::Image(block) => self.count(at).and_then(|()| image(block, at)),
            Block::Feed(Feed { lines }) => self.count(at).and_then(|()| range(at, "lines", *lines, 1..=255)),
            Block::Cut(_) => self.count(at),
            Block::Drawer(block) => self.count(at).and_then(|()| drawer(block, at)),
            Block::Beep(block) => self.count(at).and_then(|()| beep(block, at)),
            Block::Raw(block) => self.count(at).and_then(|()| raw(block, at)),
        }
    }

    fn flows(&mut self, blocks: &[Flow], at: &At, depth: usize) -> Checked {
        blocks.iter().enumerate().try_for_each(|(index, flow)| {
            let at = &At::Item(at, "blocks", index);
            match flow {
                Flow::Text(text) => self.text(text, at),
                Flow::Columns(columns) => self.columns(columns, at, depth + 1),
                Flow::Pair(pair) => self.pair(pair, at),
                Flow::Table(table) => self.table(table, at, depth + 1),
                Flow::Rule(rule) => self.rule(rule, at),
            }
        })
    }

    fn count(&mut self, at: &At) -> Checked {
        self.blocks += 1;
        if self.blocks > limits::BLOCKS {
            return Err(DocumentError::too_large(at.path(), format!("more than {} blocks", limits::BLOCKS)));
        }
        Ok(())
    }

    fn text(&mut self, text: &Text, at: &At) -> Checked {
        self.count(at)?;
        content(&text.text, at, "text")?;
        style(&text.style, at)
    }

    fn pair(&mut self, pair: &Pair, at: &At) -> Checked {
        self.count(at)?;
        content(&pair.left, at, "left")?;
        content(&pair.right, at, "right")?;
        style(&pair.style, at)
    }

    fn rule(&mut self, rule: &Rule, at: &At) -> Checked {
        self.count(at)?;
        style(&rule.style, at)
    }

    fn columns(&mut self, block: &Columns, at: &At, depth: usize) -> Checked {
        self.count(at)?;
        nesting(at, depth)?;
        style(&block.style, at)?;
        count_columns(at, block.columns.len())?;
        block.columns.iter().enumerate().try_for_each(|(index, column)| {
            let at = &At::Item(at, "columns", index);
            let Column { width: _, align: _, style: own, text, blocks } = column;
            content(text, at, "text")?;
            own.iter().try_for_each(|own| style(own, at))?;
            self.flows(blocks, at, depth)
        })
    }

    fn table(&mut self, table: &Table, at: &At, depth: usize) -> Checked {
        self.count(at)?;
        nesting(at, depth)?;
        style(&table.style, at)?;
        count_columns(at, table.columns.len())?;
        if table.rows.len() > limits::ROWS {
            return Err(DocumentError::too_large(at.path(), format!("more than {} rows", limits::ROWS)));
        }
        if let Some(cells) = &table.header {
            self.cells(cells, &At::Field(at, "header"), table.columns.len(), depth)?;
        }
        table.rows.iter().enumerate().try_for_each(|(index, row)| match row {
            Row::Cells(cells) => self.cells(cells, &At::Item(at, "rows", index), table.columns.len(), depth),
            Row::Rule(_) => Ok(()),
        })
    }

    fn cells(&mut self, cells: &[TableCell], at: &At, columns: usize, depth: usize) -> Checked {
        let mut used = 0;
        for (index, cell) in cells.iter().enumerate() {
            let at = &At::Index(at, index);
            range(at, "colspan", cell.colspan, 1..=limits::COLUMNS as u8)?;
            used += usize::from(cell.colspan);
            if used > columns {
                let problem = format!("a cell too many: the table has {columns} columns");
                return Err(DocumentError::invalid(at.path(), problem));
            }
            content(&cell.text, at, "text")?;
            cell.style.iter().try_for_each(|own| style(own, at))?;
            self.flows(&cell.blocks, at, depth)?;
        }
        Ok(())
    }
}

fn content(content: &Content, at: &At, field: &'static str) -> Checked {
    let bytes = content.len();
    if bytes > limits::TEXT {
        let problem = format!("{bytes} bytes of text; at most {}", limits::TEXT);
        return Err(DocumentError::too_large(At::Field(at, field).path(), problem));
    }
    let Content::Spans(spans) = content else { return Ok(()) };
    if spans.len() > limits::BLOCKS {
        let problem = format!("more than {} spans", limits::BLOCKS);
        return Err(DocumentError::too_large(At::Field(at, field).path(), problem));
    }
    spans.iter().enumerate().try_for_each(|(index, span)| {
        span.style.iter().try_for_each(|own| style(own, &At::Item(at, field, index)))
    })
}

fn style(style: &Style, at: &At) -> Checked {
    let at = &At::Field(at, "style");
    range(at, "width", style.width, 1..=8)?;
    range(at, "height", style.height, 1..=8)
}

fn qr(qr: &Qr, at: &At) -> Checked {
    length(at, qr.data.len(), limits::QR)?;
    qr.size.map_or(Ok(()), |size| range(at, "size", size, 1..=16))
}

fn barcode(block: &Barcode, at: &At) -> Checked {
    length(at, block.data.len(), limits::BARCODE)?;
    range(at, "height", block.height, 1..=255)?;
    block.width.map_or(Ok(()), |width| range(at, "width", width, 2..=6))?;
    barcode::normalise(block.symbology, &block.data)
        .map(drop)
        .map_err(|error| DocumentError::invalid(At::Field(at, "data").path(), error.to_string()))
}

fn image(image: &Image, at: &At) -> Checked {
    base64(at, image.data.as_str(), limits::IMAGE)?;
    image.width.map_or(Ok(()), |width| range(at, "width", width, 1..=4_096))
}

fn drawer(drawer: &Drawer, at: &At) -> Checked {
    if !matches!(drawer.pin, 2 | 5) {
        let problem = format!("{}; a drawer is at pin 2 or 5", drawer.pin);
        return Err(DocumentError::invalid(At::Field(at, "pin").path(), problem));
    }
    range(at, "pulse_ms", drawer.pulse_ms, 2..=510)
}

fn beep(beep: &Beep, at: &At) -> Checked {
    range(at, "times", beep.times, 1..=9)?;
    range(at, "duration_ms", beep.duration_ms, 50..=450)
}

fn raw(raw: &Raw, at: &At) -> Checked {
    base64(at, &raw.data, limits::RAW)
}

fn base64(at: &At, data: &str, most: usize) -> Checked {
    length(at, data.len(), most)?;
    BASE64_STANDARD
        .decode(data)
        .map(drop)
        .map_err(|error| DocumentError::invalid(At::Field(at, "data").path(), format!("not base64: {error}")))
}

fn length(at: &At, bytes: usize, most: usize) -> Checked {
    let at = At::Field(at, "data");
    match bytes {
        0 => Err(DocumentError::invalid(at.path(), "empty")),
        _ if bytes > most => {
            Err(DocumentError::too_large(at.path(), format!("{bytes} bytes; at most {most}")))
        }
        _ => Ok(()),
    }
}

fn range<T: PartialOrd + Display>(
    at: &At,
    field: &'static str,
    value: T,
    allowed: RangeInclusive<T>,
) -> Checked {
    if allowed.contains(&value) {
        return Ok(());
    }
    let problem = format!("{value}; allowed are {} to {}", allowed.start(), allowed.end());
    Err(DocumentError::invalid(At::Field(at, field).path(), problem))
}

fn nesting(at: &At, depth: usize) -> Checked {
    if depth <= limits::NESTING {
        return Ok(());
    }
    let problem = format!("columns and tables nested more than {} deep", limits::NESTING);
    Err(DocumentError::too_large(at.path(), problem))
}

fn count_columns(at: &At, columns: usize) -> Checked {
    if (1..=limits::COLUMNS).contains(&columns) {
        return Ok(());
    }
    let problem = format!("{columns} columns; allowed are 1 to {}", limits::COLUMNS);
    Err(DocumentError::invalid(At::Field(at, "columns").path(), problem))
}

/// A path that is only written out when something is wrong there.
enum At<'a> {
    Block(usize),
    Field(&'a At<'a>, &'static str),
    Item(&'a At<'a>, &'static str, usize),
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    fn path(&self) -> String {
        match self {
            Self::Block(index) => format!("blocks[{index}]"),
            Self::Field(parent, field) => format!("{}.{field}", parent.path()),
            Self::Item(parent, field, index) => format!("{}.{field}[{index}]", parent.path()),
            Self::Index(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }
}
