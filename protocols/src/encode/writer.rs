//! A [`Paper`] that writes the bytes of a command language.

use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cache::{Cache, Key};
use super::text::{Slot, Texts};
use super::{Dialect, EncodeError, EncodeReport, Placed};
use crate::barcode;
use crate::codepage::Page;
use crate::document::{
    Align, Barcode, BarcodeText, Beep, Correction, Cut, Dither, Drawer, Image, ImageData, Qr, Raw, Symbology,
};
use crate::model::{Buzzer, Cutter, DrawerPort, Model};
use crate::paper::{Font, Line, Paper, Style};
use crate::raster::{self, PictureError};

/// Bytes of finished pictures an encoder keeps.
const PICTURES: usize = 6 << 20;
/// Bytes of finished lines and symbols an encoder keeps.
const LINES: usize = 2 << 20;

/// Pages that printers of every maker print right, the most usual of each alphabet first. Where several pages
/// have a character, such a page is taken before a rare one.
const USUAL: [Page; 12] = [
    Page::Cp437,
    Page::Cp866,
    Page::Cp850,
    Page::Cp852,
    Page::Cp858,
    Page::Cp1251,
    Page::Cp1252,
    Page::Cp1250,
    Page::Cp737,
    Page::Cp857,
    Page::Cp1253,
    Page::Cp1254,
];

/// What an encoder keeps from document to document.
pub(super) struct Core {
    pub(super) model: Model,
    /// The model's pages, the preferred one first.
    pub(super) slots: Vec<Slot>,
    pictures: Cache<PictureKey>,
    /// Lines and symbols drawn as pictures, by a text that describes them.
    pub(super) drawn: Cache<Box<str>>,
    /// A buffer for such texts.
    pub(super) scratch: String,
}

#[derive(PartialEq, Eq, Hash, Clone)]
struct PictureKey {
    data: ImageData,
    width: Option<u16>,
    dither: Dither,
    align: Align,
}

impl Key for PictureKey {
    fn held(&self) -> usize {
        self.data.as_str().len()
    }
}

impl Core {
    pub(super) fn new(model: &Model, preferred: Option<Page>) -> Result<Self, EncodeError> {
        let first = preferred.unwrap_or(model.default_page);
        if !model.pages.contains_key(&first) {
            let known: Vec<_> = model.pages.keys().map(|p| p.name()).collect();
            return Err(EncodeError::NoSuchPage {
                model: model.id.clone(),
                page: first.name(),
                known: known.join(", "),
            });
        }
        let mut slots: Vec<Slot> =
            model.pages.iter().map(|(&page, &number)| Slot { page, number, table: page.table() }).collect();
        let rank = |page: Page| USUAL.iter().position(|usual| *usual == page).unwrap_or(USUAL.len());
        slots.sort_by_key(|slot| (slot.page != first, slot.page != model.default_page, rank(slot.page)));
        Ok(Self {
            model: model.clone(),
            slots,
            pictures: Cache::new(PICTURES),
            drawn: Cache::new(LINES),
            scratch: String::new(),
        })
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }
}

/// Writes one document.
pub(super) struct Writer<'a, D> {
    pub(super) core: &'a mut Core,
    pub(super) out: &'a mut Vec<u8>,
    pub(super) text: Texts,
    pub(super) report: EncodeReport,
    pictures: raster::Budget,
    dialect: PhantomData<D>,
}

impl<'a, D: Dialect> Writer<'a, D> {
    pub(super) fn start(core: &'a mut Core, status: bool, out: &'a mut Vec<u8>) -> Self {
        D::start(&core.model, status, out);
        let text = Texts { page: 0, style: Style::default() };
        if let Some(slot) = core.slots.first() {
            D::page(slot.number, out);
        }
        Self {
            core,
            out,
            text,
            report: EncodeReport::default(),
            pictures: raster::Budget::default(),
            dialect: PhantomData,
        }
    }

    /// Takes finished bytes of a drawn symbol from the cache, or draws and keeps them. `scratch`
    /// describes the symbol.
    fn drawn(
        &mut self,
        describe: impl FnOnce(&mut String) -> std::fmt::Result,
        align: Align,
        draw: impl FnOnce(&Model) -> Result<raster::Bitmap, EncodeError>,
    ) -> Result<(), EncodeError> {
        let Core { model, drawn, scratch, .. } = &mut *self.core;
        scratch.clear();
        let described = describe(scratch).is_ok();
        if let Some((bytes, _)) = drawn.get(scratch.as_str()).filter(|_| described) {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let start = self.out.len();
        D::picture(model, draw(model)?, align, self.out);
        drawn.put(scratch.as_str().into(), &self.out[start..], 0);
        Ok(())
    }

    fn left_out(&mut self, what: &'static str) {
        if !self.report.left_out.contains(&what) {
            self.report.left_out.push(what);
        }
    }

    fn unsupported(&self, what: &'static str) -> EncodeError {
        EncodeError::Unsupported { model: self.core.model.id.clone(), what }
    }
}

impl<D: Dialect> Paper for Writer<'_, D> {
    type Error = EncodeError;

    fn line(&mut self, line: &Line<'_>) -> Result<(), EncodeError> {
        self.put_line(line);
        Ok(())
    }

    fn qr(&mut self, qr: &Qr) -> Result<(), EncodeError> {
        let size = super::size::qr(&self.core.model, qr)?;
        if size.native {
            let start = self.out.len();
            let placed = Placed { data: &qr.data, module: size.module, align: qr.align };
            if D::qr(&placed, qr.correction, self.out) {
                return Ok(());
            }
            self.out.truncate(start);
        }
        let module = u16::from(size.module);
        self.drawn(
            |key| {
                use std::fmt::Write;
                write!(key, "qr {module} {} {:?} {}", level(qr.correction), qr.align, qr.data)
            },
            qr.align,
            |model| {
                raster::qr(&qr.data, qr.correction, (module, model.rows(module))).ok_or(
                    EncodeError::SymbolFull {
                        symbology: "QR code",
                        bytes: qr.data.len(),
                        limit: super::size::QR_BYTES[usize::from(level(qr.correction))],
                    },
                )
            },
        )
    }

    fn barcode(&mut self, barcode: &Barcode) -> Result<(), EncodeError> {
        let data = barcode::normalise(barcode.symbology, &barcode.data)?;
        let native = self.core.model.draws(barcode.symbology);
        if barcode.symbology == Symbology::Pdf417 && !native {
            return Err(self.unsupported("PDF417"));
        }
        let module = super::size::barcode(&self.core.model, barcode, &data)?;
        if native {
            let start = self.out.len();
            if D::barcode(barcode, &Placed { data: &data, module, align: barcode.align }, self.out) {
                return Ok(());
            }
            self.out.truncate(start);
            if barcode.symbology == Symbology::Pdf417 {
                return Err(self.unsupported("way to print this PDF417 safely"));
            }
        }
        self.drawn(
            |key| {
                use std::fmt::Write;
                let Barcode { symbology, height, text, align, .. } = barcode;
                write!(key, "bar {module} {symbology:?} {height} {text:?} {align:?} {data}")
            },
            barcode.align,
            |model| {
                let bars = barcode::bars(barcode.symbology, &data).unwrap_or_default();
                let height = model.rows(barcode.height.into());
                Ok(raster::barcode(&bars, &data, barcode.text, (u16::from(module), height), model.metrics()))
            },
        )
    }

    fn image(&mut self, image: &Image) -> Result<(), EncodeError> {
        let key = PictureKey {
            data: image.data.clone(),
            width: image.width,
            dither: image.dither,
            align: image.align,
        };
        if let Some((bytes, pixels)) = self.core.pictures.get(&key) {
            self.pictures.take(pixels)?;
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let file = STANDARD.decode(image.data.as_str()).map_err(|e| PictureError::Base64(e.to_string()))?;
        let pixels = self.pictures.take_file(&file)?;
        let Model { dots, dpi, dpi_y, .. } = self.core.model;
        let picture = raster::picture(&file, image.width, dots, (dpi, dpi_y.unwrap_or(dpi)), image.dither)?;
        // A small file can be a large picture on paper.
        let dots = u64::from(picture.width()) * u64::from(picture.height());
        self.pictures.take(dots.saturating_sub(pixels))?;
        let start = self.out.len();
        D::picture(&self.core.model, picture, image.align, self.out);
        self.core.pictures.put(key, &self.out[start..], pixels.max(dots));
        Ok(())
    }

    fn feed(&mut self, lines: u8) -> Result<(), EncodeError> {
        if lines > 0 {
            D::feed(&self.core.model, lines, self.out);
        }
        Ok(())
    }

    fn cut(&mut self, cut: &Cut) -> Result<(), EncodeError> {
        if self.core.model.cutter == Cutter::None {
            self.left_out("cutter");
        }
        D::cut(&self.core.model, cut, self.out);
        Ok(())
    }

    fn drawer(&mut self, drawer: &Drawer) -> Result<(), EncodeError> {
        match (self.core.model.drawer, drawer.pin) {
            (DrawerPort::None, _) => return Err(self.unsupported("cash drawer connector")),
            (DrawerPort::One, 5) => return Err(self.unsupported("drawer on pin 5: use pin 2")),
            _ => D::drawer(drawer, self.out),
        }
        Ok(())
    }

    fn beep(&mut self, beep: &Beep) -> Result<(), EncodeError> {
        if self.core.model.buzzer == Buzzer::None {
            self.left_out("buzzer");
        } else {
            D::beep(&self.core.model, beep, self.out);
        }
        Ok(())
    }

    fn raw(&mut self, raw: &Raw) -> Result<(), EncodeError> {
        let bytes = STANDARD.decode(&raw.data).map_err(|e| EncodeError::Raw(e.to_string()))?;
        self.out.extend_from_slice(&bytes);
        // Whatever they changed must not reach the text that follows; a reset would lose an
        // unfinished line.
        let all = Style { font: Font::B, bold: true, underline: true, invert: true, width: 2, height: 2 };
        D::style(&self.core.model, all, Style::default(), self.out);
        self.text = Texts { page: 0, style: Style::default() };
        if let Some(slot) = self.core.slots.first() {
            D::page(slot.number, self.out);
        }
        Ok(())
    }
}

/// Level of error correction, 0 to 3.
pub(crate) fn level(correction: Correction) -> u8 {
    match correction {
        Correction::L => 0,
        Correction::M => 1,
        Correction::Q => 2,
        Correction::H => 3,
    }
}

/// Where digits stand: 0 nowhere, 1 above, 2 below, 3 both.
pub(crate) fn digits(text: BarcodeText) -> u8 {
    match text {
        BarcodeText::None => 0,
        BarcodeText::Above => 1,
        BarcodeText::Below => 2,
        BarcodeText::Both => 3,
    }
}
