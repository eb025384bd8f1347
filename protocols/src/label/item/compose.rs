//! An item becomes a label.

use super::template::LEAST;
use super::values::{Value, value};
use super::{Captions, Field, Item, Row, Template};
use crate::document::{Align, Symbology};
use crate::label::symbol::{self, Bars};
use crate::label::text::{self, Block, Frame};
use crate::label::{self, Element, FontSize, Label, LabelError, Overflow, Printer, Rotation, Shortened};
use crate::paper::Cell;

/// An item on a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOut {
    /// One copy.
    pub label: Label,
    /// Texts that end with `…`, by the item's fields.
    pub shortened: Vec<Shortened>,
    /// Fields the item has and the template doesn't show.
    pub left_out: Vec<&'static str>,
}

/// Lays out an item for a printer.
///
/// # Errors
/// [`LabelError::Invalid`] as [`Item::validate`], and for a barcode that can't be drawn;
/// [`LabelError::DoesNotFit`] with the field for which there is no room.
pub fn lay_out(
    item: &Item,
    template: &Template,
    words: &Captions,
    printer: &Printer,
) -> Result<LaidOut, LabelError> {
    item.validate()?;
    let sheet = Sheet::new(template, printer);
    let mut rows = Vec::new();
    for row in &template.rows {
        rows.extend(sheet.row(row, item, words)?);
    }
    sheet.squeeze(&mut rows)?;
    let mut shortened = Vec::new();
    let mut elements = Vec::new();
    let mut top = sheet.margin;
    for placed in rows.iter().filter(|placed| !placed.row.bottom) {
        sheet.elements(placed, top, &mut elements, &mut shortened);
        top += placed.height() + sheet.spacing;
    }
    let foot = rows.iter().filter(|placed| placed.row.bottom).map(|placed| placed.height() + sheet.spacing);
    let foot = foot.sum::<u32>().saturating_sub(sheet.spacing);
    let mut top = sheet.height.saturating_sub(sheet.margin + foot);
    for placed in rows.iter().filter(|placed| placed.row.bottom) {
        sheet.elements(placed, top, &mut elements, &mut shortened);
        top += placed.height() + sheet.spacing;
    }
    let shown: Vec<Field> = template.fields().collect();
    let has = |field: Field| match field {
        Field::Barcode => item.barcode.is_some(),
        field => value(item, field, words).is_some(),
    };
    let left_out = Field::ALL.into_iter().filter(|field| !shown.contains(field) && has(*field));
    let (width, height) = (template.width, template.height);
    Ok(LaidOut {
        label: Label { width, height, media: template.media, copies: 1, elements },
        shortened,
        left_out: left_out.map(Field::name).collect(),
    })
}

/// The label in dots.
struct Sheet<'t> {
    template: &'t Template,
    printer: &'t Printer,
    scale: f64,
    margin: u32,
    spacing: u32,
    height: u32,
    /// Between the margins.
    width: u16,
}

/// A row with what stands in it.
struct Placed<'t> {
    row: &'t Row,
    body: Body,
}

enum Body {
    Paragraph { field: Field, text: String, block: Block, lines: u16 },
    Columns { cells: Vec<(Field, Value)>, caption: Option<Cell>, value: Cell, widest: u16 },
    Barcode { symbology: Symbology, data: String, module: f64, width: u16, height: u16 },
    Rule { height: u16 },
}

/// Dots between columns.
const GUTTER: u16 = 8;

/// Millimetres of a rule.
const RULE: f64 = 0.25;

impl<'t> Sheet<'t> {
    fn new(template: &'t Template, printer: &'t Printer) -> Self {
        let dots = |mm: f64| printer.dots_of(mm);
        let margin = dots(template.margin);
        Self {
            template,
            printer,
            scale: printer.dots_per_mm(),
            margin: margin.into(),
            spacing: dots(template.spacing).into(),
            height: dots(template.height).into(),
            width: dots(template.width).saturating_sub(2 * margin),
        }
    }

    /// A row at its full size; `None` when it has nothing to show.
    fn row(&self, row: &'t Row, item: &Item, words: &Captions) -> Result<Option<Placed<'t>>, LabelError> {
        let body = match row.show[..] {
            [Field::Rule] => Some(Body::Rule { height: self.printer.dots_of(RULE).max(1) }),
            [Field::Barcode] => self.barcode(row, item)?,
            [field] => match value(item, field, words) {
                Some(value) => Some(self.paragraph(row, field, value)?),
                None => None,
            },
            _ => self.columns(row, item, words)?,
        };
        Ok(body.map(|body| Placed { row, body }))
    }

    fn paragraph(&self, row: &Row, field: Field, value: Value) -> Result<Body, LabelError> {
        let text = match row.caption && !value.caption.is_empty() {
            true => format!("{}: {}", value.caption, value.text),
            false => value.text,
        };
        let text = text::clean(text.trim());
        let lines = row.lines.unwrap_or(u16::MAX);
        let block = text::set(&text, self.frame(row, self.cell(row.size), lines));
        let Some(block) = block else {
            let most = row.lines.unwrap_or(1);
            return Err(self.no_room(
                field,
                &format!("more than the {most} lines that {} has for it", self.template.id),
            ));
        };
        Ok(Body::Paragraph { field, text, block, lines })
    }

    fn columns(&self, row: &Row, item: &Item, words: &Captions) -> Result<Option<Body>, LabelError> {
        let line = |text: String| text::clean(text.trim()).replace('\n', " ");
        let one_line = |value: Value| Value { text: line(value.text), ..value };
        let filled = row.show.iter().filter_map(|&field| Some((field, one_line(value(item, field, words)?))));
        let cells: Vec<(Field, Value)> = filled.collect();
        if cells.is_empty() {
            return Ok(None);
        }
        let width = self.column(cells.len());
        let least = self.cell(row.min_size).width;
        let caption = row.caption.then(|| self.cell(LEAST));
        let mut widest = self.cell(row.size).width;
        for (field, value) in &cells {
            // A cell stays free, so that a value can be told from the next.
            widest = widest.min(width / text::width(&value.text).saturating_add(1));
            let reaches_over =
                |cell: Cell| u32::from(cell.width) * u32::from(text::width(&value.caption)) > width.into();
            if widest < least || caption.is_some_and(reaches_over) {
                return Err(self.no_room(*field, &format!("wider than its column of {}", self.template.id)));
            }
        }
        let value = text::cell_of_width(widest);
        Ok(Some(Body::Columns { cells, caption, value, widest }))
    }

    fn barcode(&self, row: &Row, item: &Item) -> Result<Option<Body>, LabelError> {
        let Some(data) = &item.barcode else { return Ok(None) };
        let digits = data.bytes().all(|byte| byte.is_ascii_digit());
        let symbology = match data.len() {
            13 if digits => Symbology::Ean13,
            8 if digits => Symbology::Ean8,
            _ => Symbology::Code128,
        };
        let widest = self.printer.dots_of(row.module).max(1);
        let narrowest = self.printer.dots_of(0.25).max(1).min(widest);
        let height = self.printer.dots_of(row.height);
        for module in (narrowest..=widest).rev() {
            let how = Bars { module, height, scale: self.scale, text: true };
            let drawn = symbol::barcode(symbology, data, &how)
                .map_err(|error| LabelError::invalid("barcode", error.to_string()))?;
            if drawn.width() <= self.width {
                let module = f64::from(module) / self.scale;
                let (width, height) = (drawn.width(), drawn.height());
                return Ok(Some(Body::Barcode { symbology, data: data.clone(), module, width, height }));
            }
        }
        Err(self.no_room(
            Field::Barcode,
            "its bars are wider than the label: use a shorter code or a wider label",
        ))
    }

    /// Makes texts smaller, the highest first, and then shortens from the end, until all have room; what room
    /// is left then is given back.
    fn squeeze(&self, rows: &mut [Placed<'_>]) -> Result<(), LabelError> {
        while !self.has_room(rows) {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|&index| std::cmp::Reverse(rows.get(index).map(Placed::height)));
            let smaller = order.iter().any(|&index| rows.get_mut(index).is_some_and(|row| self.shrink(row)));
            if smaller || rows.iter_mut().rev().any(|row| self.shorten(row)) {
                continue;
            }
            let field = order.iter().find_map(|&index| match rows.get(index)?.body {
                Body::Paragraph { field, .. } => Some(field),
                _ => None,
            });
            let problem =
                format!("more than {} holds: use a larger label, or shorter texts", self.template.id);
            return Err(self.no_room(field.unwrap_or(Field::Name), &problem));
        }
        while (0..rows.len()).any(|index| self.give_back(rows, index)) {}
        Ok(())
    }

    fn has_room(&self, rows: &[Placed<'_>]) -> bool {
        let spaces = self.spacing * u32::try_from(rows.len().saturating_sub(1)).unwrap_or(0);
        let room = self.height.saturating_sub(2 * self.margin);
        rows.iter().map(Placed::height).fold(spaces, u32::saturating_add) <= room
    }

    /// One line more of a shortened row, or one step larger; `false` where there is no room for it.
    fn give_back(&self, rows: &mut [Placed<'_>], index: usize) -> bool {
        let Some(placed) = rows.get_mut(index) else { return false };
        let Some(larger) = self.larger(placed) else { return false };
        let before = std::mem::replace(&mut placed.body, larger);
        if self.has_room(rows) {
            return true;
        }
        if let Some(placed) = rows.get_mut(index) {
            placed.body = before;
        }
        false
    }

    fn larger(&self, placed: &Placed<'_>) -> Option<Body> {
        let row = placed.row;
        match &placed.body {
            Body::Paragraph { field, text, block, lines } => {
                let most = row.lines.unwrap_or(u16::MAX);
                let set = |cell: Cell, lines: u16| {
                    let block = text::set(text, self.frame(row, cell, lines))?;
                    Some(Body::Paragraph { field: *field, text: text.clone(), block, lines })
                };
                if block.lost.is_some() {
                    return (*lines < most).then(|| set(block.cell, *lines + 1)).flatten();
                }
                if block.cell.width >= self.cell(row.size).width {
                    return None;
                }
                let cell = text::cell_of_width(block.cell.width + 1);
                let larger = set(cell, most)?;
                matches!(&larger, Body::Paragraph { block, .. } if block.cell == cell).then_some(larger)
            }
            Body::Columns { cells, caption, value, widest } if value.width < *widest => {
                let value = text::cell_of_width(value.width + 1);
                Some(Body::Columns { cells: cells.clone(), caption: *caption, value, widest: *widest })
            }
            _ => None,
        }
    }

    /// One step smaller; `false` at the smallest.
    fn shrink(&self, placed: &mut Placed<'_>) -> bool {
        let least = self.cell(placed.row.min_size).width;
        match &mut placed.body {
            Body::Paragraph { text, block, lines, .. } if block.cell.width > least => {
                let cell = text::cell_of_width(block.cell.width - 1);
                let smaller = text::set(text, self.frame(placed.row, cell, *lines));
                smaller.map(|smaller| *block = smaller).is_some()
            }
            Body::Columns { value, .. } if value.width > least => {
                *value = text::cell_of_width(value.width - 1);
                true
            }
            _ => false,
        }
    }

    /// One line less; `false` where that is not allowed, or where only one is left.
    fn shorten(&self, placed: &mut Placed<'_>) -> bool {
        if placed.row.overflow != Overflow::Shorten {
            return false;
        }
        let Body::Paragraph { text, block, lines, .. } = &mut placed.body else { return false };
        let less = match u16::try_from(block.lines.len()) {
            Ok(now @ 2..) => now - 1,
            _ => return false,
        };
        match text::set(text, self.frame(placed.row, block.cell, less)) {
            Some(shorter) => {
                (*block, *lines) = (shorter, less);
                true
            }
            None => false,
        }
    }

    fn elements(
        &self,
        placed: &Placed<'_>,
        top: u32,
        elements: &mut Vec<Element>,
        shortened: &mut Vec<Shortened>,
    ) {
        let row = placed.row;
        let mm = |dots: u32| f64::from(dots) / self.scale;
        let words = |text: String, x: u32, y: u32, cell: Cell, width: u16, bold: bool, align: Align| {
            Element::Text(label::Text {
                x: mm(x),
                y: mm(y),
                text,
                size: FontSize::from_mm(text::size_of(cell) / self.scale),
                min_size: None,
                bold,
                align,
                width: Some(mm(width.into())),
                lines: None,
                overflow: Overflow::Refuse,
                rotate: Rotation::None,
            })
        };
        match &placed.body {
            Body::Paragraph { field, block, .. } => {
                let text = block.lines.join("\n");
                elements.push(words(text, self.margin, top, block.cell, self.width, row.bold, row.align));
                if let Some(lost) = &block.lost {
                    shortened.push(Shortened { at: field.name().to_owned(), lost: lost.clone() });
                }
            }
            Body::Columns { cells, caption, value, .. } => {
                let width = self.column(cells.len());
                for (index, (_, own)) in (0u32..).zip(cells) {
                    let x = self.margin + index * u32::from(width + GUTTER);
                    let align = match index {
                        0 => Align::Left,
                        last if last as usize + 1 == cells.len() => Align::Right,
                        _ => Align::Center,
                    };
                    let mut y = top;
                    if let Some(cell) = caption {
                        elements.push(words(own.caption.clone(), x, y, *cell, width, false, align));
                        y += u32::from(cell.height);
                    }
                    elements.push(words(own.text.clone(), x, y, *value, width, row.bold, align));
                }
            }
            Body::Barcode { symbology, data, module, width, .. } => {
                elements.push(Element::Barcode(label::Barcode {
                    x: mm(self.margin + u32::from((self.width - width) / 2)),
                    y: mm(top),
                    symbology: *symbology,
                    data: data.clone(),
                    height: row.height,
                    module: *module,
                    text: true,
                    rotate: Rotation::None,
                }));
            }
            Body::Rule { .. } => elements.push(Element::Line(label::Line {
                x: mm(self.margin),
                y: mm(top),
                length: mm(self.width.into()),
                vertical: false,
                thickness: RULE,
            })),
        }
    }

    fn frame(&self, row: &Row, cell: Cell, lines: u16) -> Frame {
        let least = self.cell(row.min_size).width;
        Frame { width: self.width, height: u16::MAX, lines, cell, least, overflow: row.overflow }
    }

    fn cell(&self, size: FontSize) -> Cell {
        text::cell(size.mm() * self.scale)
    }

    fn column(&self, columns: usize) -> u16 {
        let columns = u16::try_from(columns).unwrap_or(1).max(1);
        self.width.saturating_sub(GUTTER * (columns - 1)) / columns
    }

    fn no_room(&self, field: Field, problem: &str) -> LabelError {
        LabelError::does_not_fit(field.name(), problem)
    }
}

impl Placed<'_> {
    /// Dots from top to bottom.
    fn height(&self) -> u32 {
        match &self.body {
            Body::Paragraph { block, .. } => {
                u32::try_from(block.lines.len()).unwrap_or(u32::MAX).saturating_mul(block.cell.height.into())
            }
            Body::Columns { caption, value, .. } => {
                caption.map_or(0, |cell| u32::from(cell.height)) + u32::from(value.height)
            }
            Body::Barcode { height, .. } | Body::Rule { height } => (*height).into(),
        }
    }
}
