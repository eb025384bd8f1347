//! Pictures and codes on the form.

use std::sync::Arc;

use super::{Form, Output};
use crate::printer::bitmap::Bitmap;
use crate::printer::command::{BarcodeOrder, Columns, Raster, SymbolOrder};
use crate::printer::draw;
use crate::printer::paper::{Ink, Item, Row};
use crate::printer::symbols;

impl Form {
    // Pictures

    pub fn columns(&mut self, order: &Columns<'_>, out: &mut Output) {
        let mut bits = Bitmap::new(order.columns, order.bytes * 8);
        for (column, bytes) in order.data.chunks_exact(order.bytes as usize).enumerate() {
            for (index, byte) in bytes.iter().enumerate() {
                for bit in 0..8 {
                    if byte & (0x80 >> bit) != 0 {
                        bits.set(column as u32, index as u32 * 8 + bit);
                    }
                }
            }
        }
        let (w, h) = (order.columns * order.scale_x, order.bytes * 8 * order.scale_y);
        if self.x + w > self.settings.area {
            out.complain(format!("a bit image of {w} dots doesn't fit the line"));
        }
        let ink = Ink::Image { bits: Arc::new(bits), scale_x: order.scale_x, scale_y: order.scale_y };
        self.items.push(Item { x: self.x, ink });
        self.advance(w, h);
    }

    pub fn raster(&mut self, order: &Raster<'_>, out: &mut Output) {
        if !self.at_line_start() {
            return out.complain(format!("{} while the line buffer holds data: ignored", order.name));
        }
        let bits = Arc::new(Bitmap::from_rows(order.width, order.height, order.data));
        self.picture(order.name, bits, order.scale_x, order.scale_y, out);
    }

    pub fn store_graphics(&mut self, order: &Raster<'_>) {
        let bits = Arc::new(Bitmap::from_rows(order.width, order.height, order.data));
        self.settings.graphics = Some((bits, order.scale_x, order.scale_y));
    }

    pub fn print_graphics(&mut self, out: &mut Output) {
        if !self.at_line_start() {
            return out.complain("GS ( L 50 while the line buffer holds data: ignored");
        }
        match self.settings.graphics.take() {
            Some((bits, sx, sy)) => self.picture("GS ( L", bits, sx, sy, out),
            None => out.complain("GS ( L 50: no graphics are stored"),
        }
    }

    fn picture(&mut self, name: &str, bits: Arc<Bitmap>, scale_x: u32, scale_y: u32, out: &mut Output) {
        let (w, h) = (bits.width() * scale_x, bits.height() * scale_y);
        // Raster data comes in whole bytes: up to seven dots may be padding.
        if w >= self.settings.area + 8 * scale_x {
            out.complain(format!("{name}: {w} dots are wider than the area of {}", self.settings.area));
        }
        self.block(Ink::Image { bits, scale_x, scale_y }, w.min(self.settings.area), h, out);
    }

    /// One dot row of Star's raster mode, from the left edge.
    /// Without `down` the paper stays, and the next row is printed over it.
    pub fn raster_row(&mut self, data: &[u8], down: bool, out: &mut Output) {
        let width = data.len() as u32 * 8;
        if width >= self.width + 8 {
            out.complain(format!("raster row of {width} dots is wider than {}", self.width));
        }
        let bits = Arc::new(Bitmap::from_rows(width, 1, data));
        let ink = Ink::Image { bits, scale_x: 1, scale_y: 1 };
        let (feed, height) = (u32::from(down), u32::from(down));
        out.rows.push(Row { items: vec![Item { x: 0, ink }], feed, height, upside_down: false, half: false });
    }

    fn block(&mut self, ink: Ink, w: u32, h: u32, out: &mut Output) {
        self.items.push(Item { x: 0, ink });
        self.x = w;
        self.reached = w;
        self.line_height = h;
        self.finish(h, out);
    }

    // Codes

    pub fn barcode_height(&mut self, dots: u32) {
        self.settings.barcode_height = dots;
    }

    pub fn barcode_module(&mut self, dots: u32) {
        self.settings.barcode_module = dots;
    }

    pub fn hri(&mut self, place: u8) {
        self.settings.hri = place;
    }

    pub fn hri_font(&mut self, b: bool) {
        self.settings.hri_b = b;
    }

    pub fn barcode(&mut self, order: &BarcodeOrder<'_>, out: &mut Output) {
        if !self.at_line_start() {
            return out.complain("barcode while the line buffer holds data: ignored");
        }
        let bars = match symbols::bars(order.kind, order.data, order.plain128) {
            Ok(bars) => bars,
            Err(why) => return out.complain(format!("barcode not printed: {why}")),
        };
        let module = order.module.unwrap_or(self.settings.barcode_module);
        let height = order.height.unwrap_or(self.settings.barcode_height);
        let hri = order.hri.map_or(self.settings.hri, |below| if below { 2 } else { 0 });
        let hri_b = self.settings.hri_b;
        let w = bars.modules() * module;
        if w > self.settings.area {
            return out.complain(format!(
                "barcode not printed: {} of {w} dots is wider than the area of {}",
                order.kind, self.settings.area
            ));
        }
        let h = draw::barcode_height(height, hri, hri_b, self.cells);
        let ink = Ink::Barcode { kind: order.kind, bars: Arc::new(bars), module, height, hri, hri_b };
        if order.feed {
            self.block(ink, w, h, out);
        } else {
            self.items.push(Item { x: self.x, ink });
            self.advance(w, h);
        }
    }

    pub fn qr(&mut self, order: &SymbolOrder<'_>, out: &mut Output) {
        use SymbolOrder as O;
        match order {
            O::Model(2) => {}
            O::Model(n) => out.complain(format!("QR code model {n} isn't simulated")),
            O::Module(n) => self.settings.qr_module = *n,
            O::Correction(n) => self.settings.qr_level = *n,
            O::Store(data) => self.settings.qr_data = Arc::from(*data),
            O::Print => self.print_qr(out),
            O::RowHeight(_) | O::Columns(_) | O::Rows(_) | O::Size => {
                out.complain("QR code: this function isn't simulated");
            }
        }
    }

    fn print_qr(&mut self, out: &mut Output) {
        let (data, level, module) =
            (self.settings.qr_data.clone(), self.settings.qr_level, self.settings.qr_module);
        if data.is_empty() {
            return out.complain("QR code not printed: no data is stored");
        }
        if !self.at_line_start() {
            return out.complain("QR code while the line buffer holds data: ignored");
        }
        match symbols::qr_side(&data, level) {
            Ok(side) if side * module <= self.settings.area => {
                let side = side * module;
                self.block(Ink::Qr { data, level, module }, side, side, out);
            }
            Ok(side) => out.complain(format!(
                "QR code not printed: {} dots are wider than the area of {}",
                side * module,
                self.settings.area
            )),
            Err(why) => out.complain(format!("QR code not printed: {why}")),
        }
    }

    pub fn pdf417(&mut self, order: &SymbolOrder<'_>, out: &mut Output) {
        use SymbolOrder as O;
        let s = &mut self.settings;
        match order {
            O::Module(n) => s.pdf_module = *n,
            O::RowHeight(n) => s.pdf_row = *n,
            O::Columns(n) => s.pdf_columns = *n,
            O::Rows(n) => s.pdf_rows = *n,
            O::Correction(n) => s.pdf_level = *n,
            O::Store(data) => s.pdf_data = Arc::from(*data),
            O::Print => self.print_pdf417(out),
            O::Model(_) | O::Size => out.complain("PDF417: this function isn't simulated"),
        }
    }

    fn print_pdf417(&mut self, out: &mut Output) {
        let s = &self.settings;
        let (data, module, row) = (s.pdf_data.clone(), s.pdf_module, s.pdf_row);
        if data.is_empty() {
            return out.complain("PDF417 not printed: no data is stored");
        }
        if !self.at_line_start() {
            return out.complain("PDF417 while the line buffer holds data: ignored");
        }
        match symbols::pdf417_size(&data, s.pdf_columns, s.pdf_rows, s.pdf_level) {
            Ok((modules, rows)) if modules * module <= s.area => {
                let (width, height) = (modules * module, rows * module * row);
                self.block(Ink::Pdf417 { data, width, height }, width, height, out);
            }
            Ok((modules, _)) => out.complain(format!(
                "PDF417 not printed: {} dots are wider than the area of {}",
                modules * module,
                s.area
            )),
            Err(why) => out.complain(format!("PDF417 not printed: {why}")),
        }
    }
}
