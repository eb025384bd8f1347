//! The dots of a label while it is being formatted, and what is on it.

use super::label::{Field, FieldKind};
use crate::printer::draw::{self, Cells, PLAIN};
use crate::printer::paper::{Ink, Item, Row};
use crate::printer::symbols::{self, Bars};
use crate::printer::{BarcodeKind, Bitmap, FontCell};

/// The largest label, in dots: 300 mm wide and 1000 mm long at 203 dpi.
pub(super) const WIDEST: u32 = 2400;
pub(super) const LONGEST: u32 = 8000;

/// A quarter turn clockwise, so many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Turn(pub u8);

impl Turn {
    fn apply(self, bits: Bitmap) -> Bitmap {
        match self.0 % 4 {
            0 => bits,
            1 => bits.clockwise(),
            2 => bits.upside_down(),
            _ => bits.upside_down().clockwise(),
        }
    }
}

/// A code of a symbology that a label printer draws by itself.
pub(super) struct Symbol<'a> {
    /// The language's name of the symbology.
    pub name: &'a str,
    /// As drawn, when it can be drawn here.
    pub kind: Option<BarcodeKind>,
    /// The kind's own notation of the data: for CODE128 Epson's, else plain.
    pub data: Vec<u8>,
    /// The data as a person reads it.
    pub content: String,
    /// CODE128: the data is plain ASCII.
    pub plain: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Canvas {
    pub bits: Bitmap,
    pub fields: Vec<Field>,
    pub violations: Vec<String>,
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        let bits = Bitmap::new(width.clamp(1, WIDEST), height.clamp(1, LONGEST));
        Self { bits, fields: Vec::new(), violations: Vec::new() }
    }

    pub fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// Text of a built-in font in cells of so many dots. `cyrillic`: the font has those letters.
    pub fn text(&mut self, at: (u32, u32), text: &str, cell: (u32, u32), turn: Turn, cyrillic: bool) {
        let has = |c: char| c == ' ' || cyrillic || !('\u{400}'..='\u{52F}').contains(&c);
        if let Some(missing) = text.chars().find(|c| !has(*c)) {
            self.violation(format!("the built-in font has no {missing:?}"));
        }
        // What the font lacks is a box.
        let shown: String = text.chars().map(|c| if has(c) { c } else { '\u{FFFF}' }).collect();
        let cell = FontCell { width: cell.0.clamp(1, 400), height: cell.1.clamp(1, 400) };
        let width = cell.width.saturating_mul(text.chars().count() as u32).min(LONGEST);
        let strip = draw::rows(&[text_row(shown, cell)], width.max(1), Cells { a: cell, b: cell });
        self.stamp(at, &turn.apply(strip), "text");
        self.fields.push(Field { x: at.0, y: at.1, kind: FieldKind::Text(text.to_owned()) });
    }

    /// Bars of `module` dots and so high, with the content under them when `readable`.
    pub fn barcode(
        &mut self,
        at: (u32, u32),
        symbol: Symbol<'_>,
        (module, height): (u32, u32),
        readable: bool,
        turn: Turn,
    ) {
        let (module, height) = (module.clamp(1, 50), height.clamp(1, LONGEST));
        match symbol.kind.map(|kind| symbols::bars(kind, &symbol.data, symbol.plain)) {
            Some(Ok(bars)) => {
                let content = bars.text.clone();
                self.stamp(at, &turn.apply(bar_picture(&bars, module, height, readable)), "barcode");
                self.code(at, symbol.name, content);
            }
            Some(Err(error)) => self.violation(error),
            None => {
                let width = (symbol.content.chars().count() as u32 * 11 + 35) * module;
                self.frame(at, (width, height), &format!("{} {}", symbol.name, symbol.content), turn);
                self.code(at, symbol.name, symbol.content);
            }
        }
    }

    /// A QR code of `module` dots; level 0 to 3 is L, M, Q, H.
    pub fn qr(&mut self, at: (u32, u32), data: &[u8], level: u8, module: u32, turn: Turn) {
        match symbols::qr(data, level) {
            Ok(code) => {
                let module = module.clamp(1, 50);
                let mut scaled = Bitmap::new(code.width() * module, code.height() * module);
                scaled.stamp(&code, 0, 0, module, module);
                self.stamp(at, &turn.apply(scaled), "QR code");
                self.code(at, "QR", String::from_utf8_lossy(data).into_owned());
            }
            Err(error) => self.violation(error),
        }
    }

    /// A Data Matrix code: its place with the content in it.
    pub fn data_matrix(&mut self, at: (u32, u32), data: &[u8], module: u32, turn: Turn) {
        // ECC 200 of that many bytes is about so many modules wide (ISO/IEC 16022, table 7).
        let side =
            ((data.len() as f64 * 2.0 * 8.0).sqrt() as u32 / 2 * 2 + 8).clamp(10, 144) * module.clamp(1, 50);
        let content = String::from_utf8_lossy(data).into_owned();
        self.frame(at, (side, side), &format!("DataMatrix {content}"), turn);
        self.code(at, "DataMatrix", content);
    }

    /// Dots as they came; 1 is black.
    pub fn graphic(&mut self, (x, y): (u32, u32), bits: &Bitmap) {
        self.stamp((x, y), bits, "graphic");
        self.fields.push(Field {
            x,
            y,
            kind: FieldKind::Graphic { width: bits.width(), height: bits.height() },
        });
    }

    /// A filled rectangle.
    pub fn bar(&mut self, (x, y): (u32, u32), (width, height): (u32, u32)) {
        if self.inside((x, y), (width, height), "line") {
            self.bits.fill(x, y, width, height);
        }
        self.fields.push(Field { x, y, kind: FieldKind::Line { width, height } });
    }

    /// The edge of a rectangle; as thick as it is wide or high, it is filled.
    pub fn frame_line(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), thick: u32) {
        if self.inside((x, y), (width, height), "box") {
            let (thick_x, thick_y) = (thick.min(width), thick.min(height));
            self.bits.fill(x, y, width, thick_y);
            self.bits.fill(x, y + height - thick_y, width, thick_y);
            self.bits.fill(x, y, thick_x, height);
            self.bits.fill(x + width - thick_x, y, thick_x, height);
        }
        self.fields.push(Field { x, y, kind: FieldKind::Frame { width, height } });
    }

    /// Black and white change places.
    pub fn invert(&mut self, (x, y): (u32, u32), (width, height): (u32, u32)) {
        if self.inside((x, y), (width, height), "reversed area") {
            self.bits.invert(x, y, width, height);
        }
    }

    /// Whitens a rectangle.
    pub fn erase(&mut self, (x, y): (u32, u32), (width, height): (u32, u32)) {
        let (right, bottom) = (x.saturating_add(width), y.saturating_add(height));
        let mut kept = Bitmap::new(self.bits.width(), self.bits.height());
        for row in 0..self.bits.height() {
            for column in 0..self.bits.width() {
                let erased = (x..right).contains(&column) && (y..bottom).contains(&row);
                if !erased && self.bits.get(column, row) {
                    kept.set(column, row);
                }
            }
        }
        self.bits = kept;
    }

    /// A frame with as much of the text in it as there is place.
    fn frame(&mut self, at: (u32, u32), (width, height): (u32, u32), text: &str, turn: Turn) {
        let (width, height) = (width.clamp(8, LONGEST), height.clamp(8, LONGEST));
        let mut picture = Bitmap::new(width, height);
        for (x, y, w, h) in
            [(0, 0, width, 2), (0, height - 2, width, 2), (0, 0, 2, height), (width - 2, 0, 2, height)]
        {
            picture.fill(x, y, w, h);
        }
        let cell = FontCell { width: 9, height: 17 };
        let visible: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
        let columns = (width.saturating_sub(8) / cell.width).max(1) as usize;
        let rows = height.saturating_sub(8) / cell.height;
        for (row, part) in (0..rows).zip(visible.chunks(columns)) {
            let line =
                draw::rows(&[text_row(part.iter().collect(), cell)], width - 8, Cells { a: cell, b: cell });
            picture.stamp(&line, 4, 4 + row * cell.height, 1, 1);
        }
        self.stamp(at, &turn.apply(picture), "code");
    }

    fn code(&mut self, (x, y): (u32, u32), symbology: &str, content: String) {
        let kind = FieldKind::Code { symbology: symbology.to_owned(), content };
        self.fields.push(Field { x, y, kind });
    }

    fn stamp(&mut self, (x, y): (u32, u32), bits: &Bitmap, what: &str) {
        if self.inside((x, y), (bits.width(), bits.height()), what) {
            self.bits.stamp(bits, x, y, 1, 1);
        }
    }

    /// Whether anything of it is on the label; what sticks out is a violation.
    fn inside(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), what: &str) -> bool {
        let (right, bottom) = (x.saturating_add(width), y.saturating_add(height));
        if right > self.bits.width() || bottom > self.bits.height() {
            let (label_width, label_height) = (self.bits.width(), self.bits.height());
            self.violation(format!(
                "{what} of {width} x {height} at {x}, {y} sticks out of a label of {label_width} x {label_height}"
            ));
        }
        x < self.bits.width() && y < self.bits.height() && width <= LONGEST && height <= LONGEST
    }
}

fn bar_picture(bars: &Bars, module: u32, height: u32, readable: bool) -> Bitmap {
    let width = bars.modules() * module;
    let cell = FontCell { width: 12, height: 24 };
    let below = if readable { cell.height + 2 } else { 0 };
    let mut picture = Bitmap::new(width, height + below);
    let mut at = 0;
    for (index, modules) in bars.widths.iter().enumerate() {
        let bar = u32::from(*modules) * module;
        if index % 2 == 0 {
            picture.fill(at, 0, bar, height);
        }
        at += bar;
    }
    if readable {
        let text: String = bars.text.chars().filter(|c| !c.is_control()).collect();
        let line = draw::rows(&[text_row(text, cell)], width, Cells { a: cell, b: cell });
        picture.stamp(&line, 0, height + 2, 1, 1);
    }
    picture
}

fn text_row(text: String, cell: FontCell) -> Row {
    Row {
        items: vec![Item { x: 0, ink: Ink::Text(text, PLAIN) }],
        feed: cell.height,
        height: cell.height,
        upside_down: false,
        half: false,
    }
}
