//! Words above a label, such as `COPY` or `DELAYED 14:02`: on the label where there is room, else on one of
//! their own in front of it.

use super::item::{Captions, Item, LEAST, LaidOut, Template, lay_out};
use super::text::{self, Frame};
use super::{Element, FontSize, Label, Media, Overflow, Printer, Rotation, Text};
use crate::document::Align;

/// Size of the words above an item.
const SIZE: FontSize = FontSize::from_mm(3.2);
/// Size of the words on a label of their own.
const LARGE: FontSize = FontSize::from_mm(8.0);
/// From line to line, in sizes.
const LINE: f64 = 1.2;

/// The item below the words. `None` where they need a label of their own, since the item would lose something.
pub(super) fn above(
    template: &Template,
    item: &Item,
    captions: &Captions,
    printer: &Printer,
    words: &[String],
) -> Option<LaidOut> {
    if words.is_empty() {
        return None;
    }
    let text = words.join(" · ");
    let width = template.width - 2.0 * template.margin;
    let cell = |size: FontSize| text::cell(size.mm() * printer.dots_per_mm());
    let frame = Frame {
        width: printer.dots_of(width),
        height: u16::MAX,
        lines: 1,
        cell: cell(SIZE),
        least: cell(LEAST).width,
        overflow: Overflow::Refuse,
    };
    text::set(&text::clean(&text), frame)?;
    let taken = SIZE.mm() * LINE;
    let lower = Template { height: template.height - taken, ..template.clone() };
    let mut laid = lay_out(item, &lower, captions, printer).ok()?;
    let whole = lay_out(item, template, captions, printer).ok()?;
    if laid.shortened != whole.shortened {
        return None;
    }
    laid.label.height = template.height;
    laid.label.elements.iter_mut().for_each(|element| lower_by(element, taken));
    let head = Text {
        x: template.margin,
        y: template.margin,
        text,
        size: SIZE,
        min_size: Some(LEAST),
        bold: true,
        align: Align::Center,
        width: Some(width),
        lines: Some(1),
        overflow: Overflow::Refuse,
        rotate: Rotation::None,
    };
    laid.label.elements.insert(0, Element::Text(head));
    Some(laid)
}

/// A label with nothing but the words.
pub(super) fn alone(width: f64, height: f64, media: Media, words: &[String]) -> Label {
    let margin = (width.min(height) / 10.0).min(2.0);
    let text = Text {
        x: margin,
        y: margin,
        text: words.join("\n"),
        size: LARGE,
        min_size: Some(LEAST),
        bold: true,
        align: Align::Center,
        width: Some(width - 2.0 * margin),
        lines: None,
        overflow: Overflow::Shorten,
        rotate: Rotation::None,
    };
    Label { width, height, media, copies: 1, elements: vec![Element::Text(text)] }
}

fn lower_by(element: &mut Element, mm: f64) {
    let y = match element {
        Element::Text(own) => &mut own.y,
        Element::Barcode(own) => &mut own.y,
        Element::Qr(own) => &mut own.y,
        Element::DataMatrix(own) => &mut own.y,
        Element::Line(own) => &mut own.y,
        Element::Box(own) => &mut own.y,
        Element::Image(own) => &mut own.y,
    };
    *y += mm;
}
