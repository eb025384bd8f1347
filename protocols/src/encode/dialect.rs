//! What a command language must be able to say.

use crate::document::{Align, Barcode, Beep, Correction, Cut, Drawer};
use crate::model::Model;
use crate::paper::Style;
use crate::raster::Bitmap;

/// A command language, for a model. Each function appends bytes.
pub(crate) trait Dialect {
    /// Resets the printer and makes the settings a document relies on.
    fn start(model: &Model, status: bool, out: &mut Vec<u8>);
    /// Selects a code page by the printer's number.
    fn page(number: u8, out: &mut Vec<u8>);
    /// Changes from one style to another.
    fn style(model: &Model, from: Style, to: Style, out: &mut Vec<u8>);
    /// Puts the next character at a dot of the line.
    fn position(x: u16, out: &mut Vec<u8>);
    /// Text in GBK; `bytes` are pairs.
    fn kanji(bytes: &[u8], out: &mut Vec<u8>);
    /// Prints the line and goes to the next.
    fn newline(out: &mut Vec<u8>) {
        out.push(b'\n');
    }
    /// Feeds empty lines.
    fn feed(model: &Model, lines: u8, out: &mut Vec<u8>);
    /// A QR code by the printer's own command; `false` when it can't be sent safely.
    fn qr(qr: &Placed<'_>, correction: Correction, out: &mut Vec<u8>) -> bool;
    /// A barcode by the printer's own command; `false` when it can't be sent safely.
    fn barcode(barcode: &Barcode, data: &Placed<'_>, out: &mut Vec<u8>) -> bool;
    /// A picture, placed.
    fn picture(model: &Model, picture: Bitmap, align: Align, out: &mut Vec<u8>);
    /// A cut, with the feed before it.
    fn cut(model: &Model, cut: &Cut, out: &mut Vec<u8>);
    /// The drawer.
    fn drawer(drawer: &Drawer, out: &mut Vec<u8>);
    /// The buzzer.
    fn beep(model: &Model, beep: &Beep, out: &mut Vec<u8>);
}

/// A symbol of known size.
pub(crate) struct Placed<'a> {
    /// Its data, checked and complete.
    pub data: &'a str,
    /// Dots a module.
    pub module: u8,
    /// Where it stands.
    pub align: Align,
}

/// Where a printer would see a real-time command (`DLE EOT`, `DLE ENQ`, `DLE DC4`), whatever the
/// bytes are part of: they are executed even inside the data of a picture (Epson, *ESC/POS Command
/// Reference*, `DLE EOT`, notes).
pub(crate) fn realtime_pair(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|&b| b == 0x10) {
        let at = from + at;
        if matches!(bytes.get(at + 1), Some(0x04 | 0x05 | 0x14)) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
