//! The paper that a document is laid out on: it keeps everything for the pages.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::METRICS;
use super::page::{Group, HEIGHT, Letters, Piece, WIDTH};
use super::picture::Picture;
use crate::barcode;
use crate::document::{Align, Barcode, BarcodeText, Beep, Cut, Drawer, Image, Qr, Raw, Symbology};
use crate::encode::{EncodeError, EncodeReport};
use crate::paper::{Line, Paper, Run, Style, TablePart};
use crate::raster::{self, PictureError};

/// Dots of a QR code's module, where the document names none and there is room.
const MODULE: u16 = 6;
/// Dots of a barcode's narrow bar, likewise.
const NARROW: u16 = 3;
/// Modules that stay empty above and below a symbol, so that a reader finds its edge.
const QUIET: u16 = 2;
/// Bytes a QR code holds at most with correction L (ISO/IEC 18004, table 7).
const QR_BYTES: usize = 2_953;

/// Keeps what is laid out, in groups that belong together.
pub(super) struct Collect<'r> {
    groups: Vec<Group>,
    /// The place of the header of the table that is being laid out.
    header: Option<usize>,
    /// Lines belong to the last group.
    joined: bool,
    /// A cut came: the next group begins a page.
    cut: bool,
    report: &'r mut EncodeReport,
    pictures: raster::Budget,
}

impl<'r> Collect<'r> {
    pub fn new(report: &'r mut EncodeReport) -> Self {
        Self {
            groups: Vec::new(),
            header: None,
            joined: false,
            cut: false,
            report,
            pictures: raster::Budget::default(),
        }
    }

    pub fn finish(self) -> Vec<Group> {
        self.groups
    }

    fn add(&mut self, pieces: Vec<(Piece, u16)>) {
        match self.groups.last_mut().filter(|_| self.joined) {
            Some(group) => group.pieces.extend(pieces),
            None => {
                let breaks = std::mem::take(&mut self.cut);
                self.groups.push(Group { pieces, breaks, ..Group::default() });
            }
        }
    }
}

impl Paper for Collect<'_> {
    type Error = EncodeError;

    fn line(&mut self, line: &Line<'_>) -> Result<(), EncodeError> {
        let letters = |run: &Run<'_>| Letters {
            x: run.x,
            width: run.width,
            text: run.text.to_owned(),
            style: run.style,
        };
        let height = line.runs.iter().map(|run| height(run.style)).max().unwrap_or(METRICS.font_a.height);
        let seen = line.runs.iter().filter(|run| !run.text.is_empty());
        self.add(vec![(Piece::Text(seen.map(letters).collect()), height)]);
        Ok(())
    }

    fn qr(&mut self, qr: &Qr) -> Result<(), EncodeError> {
        if qr.data.is_empty() {
            return Err(EncodeError::Empty("QR code"));
        }
        let full = EncodeError::SymbolFull { symbology: "QR code", bytes: qr.data.len(), limit: QR_BYTES };
        let code = raster::qr(&qr.data, qr.correction, (1, 1)).ok_or(full)?;
        let module = qr.size.map_or(MODULE, u16::from).clamp(1, WIDTH / code.width().max(1));
        let width = code.width() * module;
        let x = placed(qr.align, width);
        let quiet = (Piece::Space, QUIET * module);
        let code = (Piece::Picture { x, width, picture: Picture::of_bitmap(&code) }, width);
        self.add(vec![quiet.clone(), code, quiet]);
        Ok(())
    }

    fn barcode(&mut self, block: &Barcode) -> Result<(), EncodeError> {
        let data = barcode::normalise(block.symbology, &block.data)?;
        if block.symbology == Symbology::Pdf417 {
            return Err(unsupported("PDF417"));
        }
        let bars = barcode::bars(block.symbology, &data).unwrap_or_default();
        let modules: u32 = bars.iter().map(|&width| u32::from(width)).sum();
        let most = block.width.map_or(NARROW, u16::from).max(2);
        let too_wide = EncodeError::BarcodeTooWide {
            symbology: barcode::name(block.symbology),
            dots: modules * 2,
            available: WIDTH,
        };
        let fits = |module: &u16| modules * u32::from(*module) <= u32::from(WIDTH);
        let module = (2..=most).rev().find(fits).ok_or(too_wide)?;
        let width = modules as u16 * module;
        let x = placed(block.align, width);
        let text = self.digits(&data, x, width);
        let above = matches!(block.text, BarcodeText::Above | BarcodeText::Both).then(|| text.clone());
        let below = matches!(block.text, BarcodeText::Below | BarcodeText::Both).then_some(text);
        let bars = bars.iter().map(|&width| u16::from(width) * module).collect();
        let bars = (Piece::Bars { x, bars }, u16::from(block.height));
        let space = || Some((Piece::Space, QUIET * module));
        self.add([space(), above, Some(bars), below, space()].into_iter().flatten().collect());
        Ok(())
    }

    fn image(&mut self, image: &Image) -> Result<(), EncodeError> {
        let wrong = |error: base64::DecodeError| PictureError::Base64(error.to_string());
        let file = BASE64_STANDARD.decode(image.data.as_str()).map_err(wrong)?;
        self.pictures.take_file(&file)?;
        let (picture, width, height) = Picture::of_file(&file, image.width, (WIDTH, HEIGHT))?;
        let x = placed(image.align, width);
        self.add(vec![(Piece::Picture { x, width, picture }, height)]);
        Ok(())
    }

    fn feed(&mut self, lines: u8) -> Result<(), EncodeError> {
        for _ in 0..lines {
            self.add(vec![(Piece::Space, METRICS.font_a.height)]);
        }
        Ok(())
    }

    fn cut(&mut self, _: &Cut) -> Result<(), EncodeError> {
        self.cut = true;
        Ok(())
    }

    fn drawer(&mut self, _: &Drawer) -> Result<(), EncodeError> {
        Err(unsupported("cash drawer connector"))
    }

    fn beep(&mut self, _: &Beep) -> Result<(), EncodeError> {
        if !self.report.left_out.contains(&"buzzer") {
            self.report.left_out.push("buzzer");
        }
        Ok(())
    }

    fn raw(&mut self, _: &Raw) -> Result<(), EncodeError> {
        Err(unsupported("language for raw bytes"))
    }

    fn table(&mut self, part: TablePart) {
        self.joined = part != TablePart::End;
        match part {
            TablePart::End => self.header = None,
            TablePart::Header | TablePart::Row => {
                let leads = part == TablePart::Header;
                let breaks = std::mem::take(&mut self.cut);
                if leads {
                    self.header = Some(self.groups.len());
                }
                let header = self.header.filter(|_| !leads);
                self.groups.push(Group { header, leads, breaks, ..Group::default() });
            }
        }
    }
}

impl Collect<'_> {
    /// The data of a barcode as a line of text, in the middle above or below its bars.
    fn digits(&self, data: &str, x: u16, width: u16) -> (Piece, u16) {
        let text: String = data.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let cells = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        let long = cells.saturating_mul(METRICS.font_a.width).min(WIDTH);
        let left = (x + width / 2).saturating_sub(long / 2).min(WIDTH - long);
        let letters = Letters { x: left, width: long, text, style: Style::default() };
        (Piece::Text(vec![letters]), METRICS.font_a.height)
    }
}

/// Dots from the top to the bottom of text of a style.
pub(super) fn height(style: Style) -> u16 {
    METRICS.cell(style.font).height * u16::from(style.height.clamp(1, 8))
}

fn placed(align: Align, width: u16) -> u16 {
    let free = WIDTH.saturating_sub(width);
    match align {
        Align::Left => 0,
        Align::Center => free / 2,
        Align::Right => free,
    }
}

fn unsupported(what: &'static str) -> EncodeError {
    EncodeError::Unsupported { model: "an A4 page".to_owned(), what }
}
