//! What the tests of labels share: printers that are read from the vendors' documents, and a scanner.

#![allow(dead_code, clippy::unwrap_used)]

pub mod printers;

use outlet_protocols::label::{Label, Language, Printer, draw};
use outlet_protocols::raster::Bitmap;
use rxing::BarcodeFormat;
use serde_json::{Value, json};

pub const LANGUAGES: [Language; 3] = [Language::Tspl, Language::Zpl, Language::Epl];

pub fn printer(language: Language) -> Printer {
    Printer { language, dpi: 203, dots: 832, turned: false }
}

pub fn printer_of(dpi: u16) -> Printer {
    Printer { language: Language::Zpl, dpi, dots: 2_600, turned: false }
}

/// A label of 58 x 40 mm with these elements.
pub fn label(elements: Value) -> Label {
    Label::from_value(json!({"width": 58, "height": 40, "elements": elements})).unwrap()
}

/// The picture of a label at 203 dpi.
pub fn picture(label: &Label) -> Bitmap {
    draw(label, &printer(Language::Zpl)).unwrap().picture
}

pub fn is_white(picture: &Bitmap) -> bool {
    picture.data().iter().all(|&byte| byte == 0)
}

/// What a scanner reads on a picture.
pub fn scan(picture: &Bitmap, format: BarcodeFormat) -> Option<String> {
    // As much white as there is around a label on a counter.
    let border = 24;
    let (width, height) = (u32::from(picture.width()) + 2 * border, u32::from(picture.height()) + 2 * border);
    let dot = |at: u32| at.checked_sub(border).and_then(|at| u16::try_from(at).ok());
    let black = |x, y| dot(x).zip(dot(y)).is_some_and(|(x, y)| picture.get(x, y));
    let luma = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if black(x, y) { 0 } else { 255 })
        .collect();
    let result = rxing::helpers::detect_in_luma(luma, width, height, Some(format)).ok()?;
    Some(result.getText().to_owned())
}

/// The rectangle of what is black: left, top, right, bottom; the last two outside.
pub fn black_box(picture: &Bitmap) -> Option<(u16, u16, u16, u16)> {
    let dots = || (0..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
    let black = || dots().filter(|&(x, y)| picture.get(x, y));
    Some((
        black().map(|(x, _)| x).min()?,
        black().map(|(_, y)| y).min()?,
        black().map(|(x, _)| x).max()? + 1,
        black().map(|(_, y)| y).max()? + 1,
    ))
}
