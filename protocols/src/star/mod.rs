//! Star Line Mode: the command language of Star's receipt printers.
//!
//! Names, codes and sections follow Star's *Line Mode Command Specifications*. [`command`] has what
//! a driver sends beside documents, [`status`] what comes back; documents go through
//! [`crate::encode::Encoder`].

pub mod command;
mod graphics;
pub mod status;
mod symbol;

use crate::document::{Align, Barcode, Beep, Correction, Cut, CutMode, Drawer};
use crate::encode::{Dialect, Placed};
use crate::model::{Cutter, ImageCommand, Model};
use crate::paper::{Font, Style};
use crate::raster::Bitmap;

/// The dialect of Star Line Mode documents.
pub(crate) struct StarLine;

impl Dialect for StarLine {
    fn start(model: &Model, status: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(command::INITIALISE);
        if status && model.status.asb {
            out.extend_from_slice(command::ASB_ON);
        }
        // ESC R 0: American letters, whatever the switches say.
        out.extend_from_slice(&[0x1b, b'R', 0]);
    }

    fn page(number: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0x1b, 0x1d, b't', number]);
    }

    fn style(_: &Model, from: Style, to: Style, out: &mut Vec<u8>) {
        if from.font != to.font {
            out.extend_from_slice(&[0x1b, 0x1e, b'F', u8::from(to.font == Font::B)]);
        }
        if (from.width, from.height) != (to.width, to.height) {
            let times = |n: u8| n.clamp(1, 6) - 1;
            out.extend_from_slice(&[0x1b, b'i', times(to.height), times(to.width)]);
        }
        if from.bold != to.bold {
            out.extend_from_slice(&[0x1b, if to.bold { b'E' } else { b'F' }]);
        }
        if from.underline != to.underline {
            out.extend_from_slice(&[0x1b, b'-', u8::from(to.underline)]);
        }
        if from.invert != to.invert {
            out.extend_from_slice(&[0x1b, if to.invert { b'4' } else { b'5' }]);
        }
    }

    fn position(x: u16, out: &mut Vec<u8>) {
        let [low, high] = x.to_le_bytes();
        out.extend_from_slice(&[0x1b, 0x1d, b'A', low, high]);
    }

    fn kanji(bytes: &[u8], out: &mut Vec<u8>) {
        // Star's Chinese firmware takes the pairs as they are.
        out.extend_from_slice(bytes);
    }

    fn feed(model: &Model, lines: u8, out: &mut Vec<u8>) {
        if model.device_fonts {
            out.extend_from_slice(&[0x1b, b'a', lines]);
        } else {
            graphics::feed(model, lines, out);
        }
    }

    fn qr(qr: &Placed<'_>, correction: Correction, out: &mut Vec<u8>) -> bool {
        aligned(qr.align, out, |out| symbol::qr(qr, correction, out))
    }

    fn barcode(barcode: &Barcode, data: &Placed<'_>, out: &mut Vec<u8>) -> bool {
        aligned(data.align, out, |out| symbol::barcode(barcode, data, out))
    }

    fn picture(model: &Model, picture: Bitmap, align: Align, out: &mut Vec<u8>) {
        graphics::picture(model, &picture, align, out);
    }

    fn cut(model: &Model, cut: &Cut, out: &mut Vec<u8>) {
        if model.feed_before_cut > 0 {
            Self::feed(model, model.feed_before_cut, out);
        }
        let mode = match model.cutter {
            Cutter::None => return,
            Cutter::Partial => CutMode::Partial,
            Cutter::Full => CutMode::Full,
            Cutter::Both => cut.mode,
        };
        if model.image == ImageCommand::StarRaster {
            out.extend_from_slice(command::cut_raster(mode));
        } else {
            out.extend_from_slice(&command::cut(mode));
        }
    }

    fn drawer(drawer: &Drawer, out: &mut Vec<u8>) {
        command::drawer(drawer.pin, drawer.pulse_ms, out);
    }

    fn beep(_: &Model, beep: &Beep, out: &mut Vec<u8>) {
        out.extend_from_slice(&command::beep(beep.times, beep.duration_ms));
    }
}

/// `ESC GS a` around what `put` writes.
fn aligned<T>(align: Align, out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let n = match align {
        Align::Left => return put(out),
        Align::Center => 1,
        Align::Right => 2,
    };
    out.extend_from_slice(&[0x1b, 0x1d, b'a', n]);
    let done = put(out);
    out.extend_from_slice(&[0x1b, 0x1d, b'a', 0]);
    done
}
