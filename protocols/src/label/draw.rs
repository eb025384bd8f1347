//! A label becomes a picture.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::symbol::{self, Bars};
use super::text::{self, Frame};
use super::{Element, Label, LabelError, Printer, Rotation};
use crate::raster::{self, Bitmap, MissingGlyphs};

/// A label in the dots of one printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The whole label as it is read.
    pub picture: Bitmap,
    /// Texts that end with `…`.
    pub shortened: Vec<Shortened>,
    /// Characters the font lacks, each drawn as a box with its code.
    pub boxed: Vec<char>,
}

/// A text whose end was left away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened {
    /// Path of the field, such as `elements[2].text`, or `composition` of an item.
    pub at: String,
    /// What is not on the label.
    pub lost: String,
}

/// Draws a label for a printer.
///
/// # Errors
/// [`LabelError::Invalid`] as [`Label::validate`], and for a picture that can't be read;
/// [`LabelError::DoesNotFit`] for what would be cut off at the edge, and for text with no room;
/// [`LabelError::Unsupported`] for a label wider than the printer's head.
pub fn draw(label: &Label, printer: &Printer) -> Result<Drawn, LabelError> {
    label.validate()?;
    let (width, height) = (printer.dots_of(label.width), printer.dots_of(label.height));
    if width > printer.dots {
        let most = f64::from(printer.dots) / printer.dots_per_mm();
        let problem = format!(
            "{} mm is wider than this printer's {most:.1} mm: use a narrower label or another printer",
            label.width
        );
        return Err(LabelError::unsupported("width", problem));
    }
    let drawn = Drawn { picture: Bitmap::new(width, height), shortened: Vec::new(), boxed: Vec::new() };
    let mut board = Board { printer, drawn, pictures: raster::Budget::default() };
    for (index, element) in label.elements.iter().enumerate() {
        board.element(element, &format!("elements[{index}]"))?;
    }
    Ok(board.drawn)
}

struct Board<'p> {
    printer: &'p Printer,
    drawn: Drawn,
    pictures: raster::Budget,
}

impl Board<'_> {
    fn element(&mut self, element: &Element, at: &str) -> Result<(), LabelError> {
        let wrong_data =
            |error: symbol::SymbolError| LabelError::invalid(format!("{at}.data"), error.to_string());
        match element {
            Element::Text(own) => self.text(own, at),
            Element::Barcode(own) => {
                let how = Bars {
                    module: self.at_least_one_dot(own.module),
                    height: self.dots(own.height),
                    scale: self.printer.dots_per_mm(),
                    text: own.text,
                };
                let code = symbol::barcode(own.symbology, &own.data, &how).map_err(wrong_data)?;
                self.put(&turned(code, own.rotate), own.x, own.y, at)
            }
            Element::Qr(own) => {
                let module = self.at_least_one_dot(own.module);
                let code = symbol::qr(&own.data, own.correction, module).map_err(wrong_data)?;
                self.put(&code, own.x, own.y, at)
            }
            Element::DataMatrix(own) => {
                let module = self.at_least_one_dot(own.module);
                let code = symbol::data_matrix(&own.data, own.gs1, module).map_err(wrong_data)?;
                self.put(&code, own.x, own.y, at)
            }
            Element::Line(own) => {
                let (length, thickness) =
                    (self.at_least_one_dot(own.length), self.at_least_one_dot(own.thickness));
                let (width, height) = if own.vertical { (thickness, length) } else { (length, thickness) };
                let (left, top) = self.place(width, height, own.x, own.y, at)?;
                self.drawn.picture.fill(left, top, width, height);
                Ok(())
            }
            Element::Box(own) => {
                let (width, height) = (self.at_least_one_dot(own.width), self.at_least_one_dot(own.height));
                let (left, top) = self.place(width, height, own.x, own.y, at)?;
                let edge = self.at_least_one_dot(own.thickness);
                let picture = &mut self.drawn.picture;
                if own.fill || width <= 2 * edge || height <= 2 * edge {
                    picture.fill(left, top, width, height);
                    return Ok(());
                }
                picture.fill(left, top, width, edge);
                picture.fill(left, top + height - edge, width, edge);
                picture.fill(left, top, edge, height);
                picture.fill(left + width - edge, top, edge, height);
                Ok(())
            }
            Element::Image(own) => {
                let wrong = |problem: String| LabelError::invalid(format!("{at}.data"), problem);
                let file = BASE64_STANDARD
                    .decode(own.data.as_str())
                    .map_err(|error| wrong(format!("not base64: {error}")))?;
                let width = self.at_least_one_dot(own.width);
                let label = &self.drawn.picture;
                let most = if own.rotate.is_sideways() { label.height() } else { label.width() };
                if width > most {
                    let problem = format!("{} mm are more than the label has", own.width);
                    return Err(LabelError::does_not_fit(format!("{at}.width"), problem));
                }
                let dpi = (self.printer.dpi, self.printer.dpi);
                self.pictures.take_file(&file).map_err(|error| wrong(error.to_string()))?;
                let picture = raster::picture(&file, Some(width), u16::MAX, dpi, own.dither)
                    .map_err(|error| wrong(error.to_string()))?;
                self.put(&turned(picture, own.rotate), own.x, own.y, at)
            }
        }
    }

    fn text(&mut self, own: &super::Text, at: &str) -> Result<(), LabelError> {
        let (x, y) = (self.dots(own.x), self.dots(own.y));
        let right = self.drawn.picture.width().saturating_sub(x);
        let below = self.drawn.picture.height().saturating_sub(y);
        let (along, across) = if own.rotate.is_sideways() { (below, right) } else { (right, below) };
        let width = own.width.map_or(along, |width| self.dots(width));
        if width > along {
            let problem = format!(
                "its {} mm reach over the label's edge; there are {:.1} mm",
                own.width.unwrap_or_default(),
                f64::from(along) / self.printer.dots_per_mm()
            );
            return Err(LabelError::does_not_fit(format!("{at}.width"), problem));
        }
        let scale = self.printer.dots_per_mm();
        let cell = text::cell(own.size.mm() * scale);
        let frame = Frame {
            width,
            height: across,
            lines: own.lines.unwrap_or(u16::MAX),
            cell,
            least: own.min_size.map_or(cell, |least| text::cell(least.mm() * scale)).width,
            overflow: own.overflow,
        };
        let Some(block) = text::set(&text::clean(&own.text), frame) else {
            let problem = format!(
                "{:?} needs more room than there is: make it shorter, its font smaller, or allow more lines",
                own.text
            );
            return Err(LabelError::does_not_fit(format!("{at}.text"), problem));
        };
        if let Some(lost) = block.lost {
            self.drawn.shortened.push(Shortened { at: format!("{at}.text"), lost });
        }
        let mut missing = MissingGlyphs::new();
        let picture = text::draw(&block.lines, block.cell, own.bold, own.align, width, &mut missing);
        for character in missing {
            if !self.drawn.boxed.contains(&character) {
                self.drawn.boxed.push(character);
            }
        }
        self.put(&turned(picture, own.rotate), own.x, own.y, at)
    }

    /// Puts a picture with its upper left corner at a place.
    fn put(&mut self, picture: &Bitmap, x: f64, y: f64, at: &str) -> Result<(), LabelError> {
        let (left, top) = self.place(picture.width(), picture.height(), x, y, at)?;
        self.drawn.picture.draw(picture, left, top, (1, 1));
        Ok(())
    }

    /// The left and top dots of something of this size; all of it must lie on the label.
    fn place(&self, width: u16, height: u16, x: f64, y: f64, at: &str) -> Result<(u16, u16), LabelError> {
        let (left, top) = (self.dots(x), self.dots(y));
        let label = &self.drawn.picture;
        let over =
            |from: u16, size: u16, edge: u16| (u32::from(from) + u32::from(size)).saturating_sub(edge.into());
        let right = over(left, width, label.width());
        let below = over(top, height, label.height());
        if right == 0 && below == 0 {
            return Ok((left, top));
        }
        let mm = |dots: u32| f64::from(dots) / self.printer.dots_per_mm();
        let (edge, over) = if right > 0 { ("right", right) } else { ("lower", below) };
        let problem = format!(
            "it is {:.1} x {:.1} mm and reaches {:.1} mm over the {edge} edge of the label",
            mm(width.into()),
            mm(height.into()),
            mm(over),
        );
        Err(LabelError::does_not_fit(at, problem))
    }

    fn dots(&self, mm: f64) -> u16 {
        self.printer.dots_of(mm)
    }

    fn at_least_one_dot(&self, mm: f64) -> u16 {
        self.dots(mm).max(1)
    }
}

/// A picture turned clockwise.
fn turned(picture: Bitmap, rotation: Rotation) -> Bitmap {
    if rotation == Rotation::None {
        return picture;
    }
    let (width, height) = (picture.width(), picture.height());
    let (across, down) = if rotation.is_sideways() { (height, width) } else { (width, height) };
    let mut result = Bitmap::new(across, down);
    for y in 0..height {
        for x in (0..width).filter(|&x| picture.get(x, y)) {
            let (column, row) = match rotation {
                Rotation::None => (x, y),
                Rotation::Right => (height - 1 - y, x),
                Rotation::Half => (width - 1 - x, height - 1 - y),
                Rotation::Left => (y, width - 1 - x),
            };
            result.set(column, row, true);
        }
    }
    result
}
