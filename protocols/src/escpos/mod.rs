//! ESC/POS: the command language of Epson's receipt printers and their many relatives.
//!
//! [`command`] has what a driver sends beside documents, [`status`] what comes back. Documents go
//! through [`crate::encode::Encoder`].

pub mod command;
pub mod fuzz;
mod graphics;
pub mod status;
mod symbol;

use crate::document::{Align, Barcode, Beep, Correction, Cut, CutMode, Drawer};
use crate::encode::{Dialect, Placed};
use crate::model::{Buzzer, Cutter, Model, Scaling};
use crate::paper::{Font, Style};
use crate::raster::Bitmap;

/// The dialect of ESC/POS documents.
pub(crate) struct EscPos;

impl Dialect for EscPos {
    fn start(model: &Model, status: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(command::INITIALISE);
        if model.kanji.on_by_default {
            out.extend_from_slice(command::KANJI_OFF);
        }
        if status && model.status.asb {
            out.extend_from_slice(command::ASB_ON);
        }
        // ESC R 0: a switch of the printer may have put national letters in the place of ASCII.
        out.extend_from_slice(&[0x1b, b'R', 0]);
        if model.scaling == Scaling::Double {
            // Impact printers begin in font B.
            out.extend_from_slice(&[0x1b, b'!', 0]);
        }
    }

    fn page(number: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&command::code_page(number));
    }

    fn style(model: &Model, from: Style, to: Style, out: &mut Vec<u8>) {
        if model.scaling == Scaling::Double {
            out.extend_from_slice(&[0x1b, b'!', print_mode(to)]);
            return;
        }
        if from.font != to.font {
            out.extend_from_slice(&[0x1b, b'M', u8::from(to.font == Font::B)]);
        }
        if (from.width, from.height) != (to.width, to.height) {
            let times = |n: u8| n.clamp(1, 8) - 1;
            out.extend_from_slice(&[0x1d, b'!', times(to.width) << 4 | times(to.height)]);
        }
        if from.bold != to.bold {
            out.extend_from_slice(&[0x1b, b'E', u8::from(to.bold)]);
        }
        if from.underline != to.underline {
            out.extend_from_slice(&[0x1b, b'-', u8::from(to.underline)]);
        }
        if from.invert != to.invert {
            out.extend_from_slice(&[0x1d, b'B', u8::from(to.invert)]);
        }
    }

    fn position(x: u16, out: &mut Vec<u8>) {
        out.extend_from_slice(&command::position(x));
    }

    fn kanji(bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(command::KANJI_ON);
        out.extend_from_slice(bytes);
        out.extend_from_slice(command::KANJI_OFF);
    }

    fn feed(_: &Model, lines: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&command::feed(lines));
    }

    fn qr(qr: &Placed<'_>, correction: Correction, out: &mut Vec<u8>) -> bool {
        aligned(qr.align, out, |out| symbol::qr(qr, correction, out))
    }

    fn barcode(barcode: &Barcode, data: &Placed<'_>, out: &mut Vec<u8>) -> bool {
        aligned(data.align, out, |out| symbol::barcode(barcode, data, out))
    }

    fn picture(model: &Model, picture: Bitmap, align: Align, out: &mut Vec<u8>) {
        aligned(align, out, |out| graphics::picture(model, &picture, out));
    }

    fn cut(model: &Model, cut: &Cut, out: &mut Vec<u8>) {
        if model.feed_before_cut > 0 {
            out.extend_from_slice(&command::feed(model.feed_before_cut));
        }
        match model.cutter {
            Cutter::None => {}
            Cutter::Partial => out.extend_from_slice(&command::cut(CutMode::Partial)),
            Cutter::Full => out.extend_from_slice(&command::cut(CutMode::Full)),
            Cutter::Both => out.extend_from_slice(&command::cut(cut.mode)),
        }
    }

    fn drawer(drawer: &Drawer, out: &mut Vec<u8>) {
        out.extend_from_slice(&command::drawer(drawer.pin, drawer.pulse_ms));
    }

    fn beep(model: &Model, beep: &Beep, out: &mut Vec<u8>) {
        match model.buzzer {
            Buzzer::EscB => out.extend_from_slice(&command::beep_esc_b(beep.times, beep.duration_ms)),
            Buzzer::EscParenA => out.extend_from_slice(&command::beep_paren_a(beep.times)),
            Buzzer::None | Buzzer::Star => {}
        }
    }
}

/// `ESC a` around what `put` writes; the lines themselves always begin at the left.
fn aligned<T>(align: Align, out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let n = match align {
        Align::Left => return put(out),
        Align::Center => 1,
        Align::Right => 2,
    };
    out.extend_from_slice(&[0x1b, b'a', n]);
    let done = put(out);
    out.extend_from_slice(&[0x1b, b'a', 0]);
    done
}

/// `ESC !`: everything impact printers know of style in one byte.
fn print_mode(style: Style) -> u8 {
    u8::from(style.font == Font::B)
        | u8::from(style.bold) << 3
        | u8::from(style.height > 1) << 4
        | u8::from(style.width > 1) << 5
        | u8::from(style.underline) << 7
}
