//! The values of a label: ranges and limits.

use std::ops::RangeInclusive;

use super::{Element, FontSize, Label, LabelError, Media, Text};
use crate::barcode;
use crate::document::Symbology;

/// What a label may hold at most.
pub mod limits {
    /// Elements.
    pub const ELEMENTS: usize = 200;
    /// Bytes of UTF-8 in one text.
    pub const TEXT: usize = 8 * 1024;
    /// Bytes of data in a barcode.
    pub const BARCODE: usize = 128;
    /// Bytes in a QR code: version 40 with correction L (ISO/IEC 18004, table 7).
    pub const QR: usize = 2_953;
    /// Bytes of a picture in base64.
    pub const IMAGE: usize = 4 << 20;
    /// Width in mm.
    pub const WIDTH: std::ops::RangeInclusive<f64> = 10.0..=220.0;
    /// Height in mm.
    pub const HEIGHT: std::ops::RangeInclusive<f64> = 5.0..=300.0;
    /// Copies.
    pub const COPIES: std::ops::RangeInclusive<u16> = 1..=999;
    /// Size of a font in mm.
    pub const FONT: std::ops::RangeInclusive<f64> = 1.0..=60.0;
}

type Checked = Result<(), LabelError>;

pub(super) fn label(label: &Label) -> Checked {
    range("width", "mm", label.width, limits::WIDTH)?;
    range("height", "mm", label.height, limits::HEIGHT)?;
    if let Media::Gap { mm } | Media::BlackMark { mm } = label.media {
        range("media.mm", "mm", mm, 1.0..=25.0)?;
    }
    if !limits::COPIES.contains(&label.copies) {
        let (least, most) = limits::COPIES.into_inner();
        return Err(LabelError::invalid(
            "copies",
            format!("{}; allowed are {least} to {most}", label.copies),
        ));
    }
    if label.elements.len() > limits::ELEMENTS {
        let problem = format!("{} elements; at most {}", label.elements.len(), limits::ELEMENTS);
        return Err(LabelError::invalid("elements", problem));
    }
    label.elements.iter().enumerate().try_for_each(|(index, one)| element(one, &format!("elements[{index}]")))
}

fn element(element: &Element, at: &str) -> Checked {
    let field = |name: &str| format!("{at}.{name}");
    let place = |x: f64, y: f64| {
        range(&field("x"), "mm", x, 0.0..=*limits::WIDTH.end())?;
        range(&field("y"), "mm", y, 0.0..=*limits::HEIGHT.end())
    };
    match element {
        Element::Text(own) => {
            place(own.x, own.y)?;
            text(own, at)
        }
        Element::Barcode(own) => {
            place(own.x, own.y)?;
            length(&field("data"), own.data.len(), limits::BARCODE)?;
            range(&field("height"), "mm", own.height, 2.0..=100.0)?;
            range(&field("module"), "mm", own.module, 0.15..=2.0)?;
            if own.symbology == Symbology::Pdf417 {
                let problem = "pdf417 is not drawn on labels; use qr or data-matrix";
                return Err(LabelError::invalid(field("symbology"), problem));
            }
            barcode::normalise(own.symbology, &own.data)
                .map(drop)
                .map_err(|error| LabelError::invalid(field("data"), error.to_string()))
        }
        Element::Qr(own) => {
            place(own.x, own.y)?;
            length(&field("data"), own.data.len(), limits::QR)?;
            range(&field("module"), "mm", own.module, 0.15..=5.0)
        }
        Element::DataMatrix(own) => {
            place(own.x, own.y)?;
            length(&field("data"), own.data.len(), super::datamatrix::MOST * 2)?;
            if let Some(other) = own.data.chars().find(|c| !c.is_ascii()) {
                let problem = format!("{other:?} is not ASCII: a Data Matrix code here takes ASCII alone");
                return Err(LabelError::invalid(field("data"), problem));
            }
            range(&field("module"), "mm", own.module, 0.15..=5.0)
        }
        Element::Line(own) => {
            place(own.x, own.y)?;
            range(&field("length"), "mm", own.length, 0.1..=*limits::HEIGHT.end())?;
            range(&field("thickness"), "mm", own.thickness, 0.1..=10.0)
        }
        Element::Box(own) => {
            place(own.x, own.y)?;
            range(&field("width"), "mm", own.width, 0.1..=*limits::WIDTH.end())?;
            range(&field("height"), "mm", own.height, 0.1..=*limits::HEIGHT.end())?;
            range(&field("thickness"), "mm", own.thickness, 0.1..=10.0)
        }
        Element::Image(own) => {
            place(own.x, own.y)?;
            length(&field("data"), own.data.as_str().len(), limits::IMAGE)?;
            range(&field("width"), "mm", own.width, 1.0..=*limits::HEIGHT.end())
        }
    }
}

fn text(text: &Text, at: &str) -> Checked {
    let field = |name: &str| format!("{at}.{name}");
    if text.text.len() > limits::TEXT {
        let problem = format!("{} bytes of text; at most {}", text.text.len(), limits::TEXT);
        return Err(LabelError::invalid(field("text"), problem));
    }
    range(&field("size"), "mm", text.size.mm(), limits::FONT)?;
    if let Some(least) = text.min_size.map(FontSize::mm) {
        range(&field("min_size"), "mm", least, limits::FONT)?;
        if least > text.size.mm() {
            return Err(LabelError::invalid(field("min_size"), "larger than `size`"));
        }
    }
    text.width.map_or(Ok(()), |width| range(&field("width"), "mm", width, 1.0..=*limits::HEIGHT.end()))?;
    match text.lines {
        Some(lines) if !(1..=100).contains(&lines) => {
            Err(LabelError::invalid(field("lines"), format!("{lines}; allowed are 1 to 100")))
        }
        _ => Ok(()),
    }
}

fn length(at: &str, bytes: usize, most: usize) -> Checked {
    match bytes {
        0 => Err(LabelError::invalid(at, "empty")),
        _ if bytes > most => Err(LabelError::invalid(at, format!("{bytes} bytes; at most {most}"))),
        _ => Ok(()),
    }
}

/// Also refuses what is no number.
fn range(at: &str, unit: &str, value: f64, allowed: RangeInclusive<f64>) -> Checked {
    if allowed.contains(&value) {
        return Ok(());
    }
    let problem = format!("{value} {unit}; allowed are {} to {}", allowed.start(), allowed.end());
    Err(LabelError::invalid(at, problem))
}
