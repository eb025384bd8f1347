//! Lays out what the interpreter hands over into rows: styles, positions, wrapping, codes.

mod codes;

use std::sync::Arc;

use super::bitmap::Bitmap;
use super::codepage::{self, Upper};
use super::command::{Align, StyleChange};
use super::draw::{self, Cells, PLAIN};
use super::paper::{Ink, Item, Look, Row};
use super::spec::{Language, PrinterSpec};

/// The line being composed and all settings that `ESC @` returns to their defaults.
#[derive(Debug)]
pub(crate) struct Form {
    settings: Settings,
    defaults: Settings,
    pages: Vec<(u8, Option<Arc<Upper>>, String)>,
    cells: Cells,
    width: u32,
    has_kanji: bool,
    items: Vec<Item>,
    /// Print position from the left margin.
    x: u32,
    /// Where the last run of text ends.
    run_end: u32,
    /// The furthest position reached: what alignment centres.
    reached: u32,
    line_height: u32,
}

#[derive(Debug, Clone)]
struct Settings {
    look: Look,
    double_strike: bool,
    emphasized: bool,
    align: Align,
    spacing: u32,
    left: u32,
    area: u32,
    tabs: Vec<u32>,
    page: Option<Arc<Upper>>,
    page_name: String,
    international: u8,
    kanji: bool,
    upside_down: bool,
    barcode_height: u32,
    barcode_module: u32,
    hri: u8,
    hri_b: bool,
    qr_module: u32,
    qr_level: u8,
    qr_data: Arc<[u8]>,
    pdf_module: u32,
    pdf_row: u32,
    pdf_columns: u8,
    pdf_rows: u8,
    pdf_level: u8,
    pdf_data: Arc<[u8]>,
    graphics: Option<(Arc<Bitmap>, u32, u32)>,
}

/// What came of a command: rows for the print head, and complaints.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub rows: Vec<Row>,
    pub violations: Vec<String>,
}

impl Output {
    pub fn complain(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }
}

impl Form {
    pub fn new(spec: &PrinterSpec) -> Self {
        let pages: Vec<_> = spec
            .codepages
            .iter()
            .map(|(n, name)| (*n, codepage::upper(name).map(Arc::new), name.clone()))
            .collect();
        let (page, page_name) = pages
            .iter()
            .find(|(n, ..)| *n == 0)
            .map_or((None, "none".to_owned()), |(_, page, name)| (page.clone(), name.clone()));
        let star = spec.language == Language::StarLine;
        let defaults = Settings {
            look: PLAIN,
            double_strike: false,
            emphasized: false,
            align: Align::Left,
            spacing: spec.line_spacing,
            left: 0,
            area: spec.width,
            tabs: (1..=32).map(|n| n * 8 * spec.font_a.width).collect(),
            page,
            page_name,
            international: 0,
            kanji: spec.kanji_on,
            upside_down: false,
            barcode_height: 162,
            barcode_module: 3,
            hri: 0,
            hri_b: false,
            qr_module: 3,
            qr_level: 0,
            qr_data: Arc::new([]),
            pdf_module: if star { 2 } else { 3 },
            pdf_row: 3,
            pdf_columns: 0,
            pdf_rows: 0,
            pdf_level: 1,
            pdf_data: Arc::new([]),
            graphics: None,
        };
        Self {
            settings: defaults.clone(),
            defaults,
            pages,
            cells: Cells { a: spec.font_a, b: spec.font_b },
            width: spec.width,
            has_kanji: spec.has_kanji,
            items: Vec::new(),
            x: 0,
            run_end: 0,
            reached: 0,
            line_height: 0,
        }
    }

    /// `ESC @`: the line buffer is dropped and settings return to their defaults; so does stored
    /// symbol data (reference, `GS ( k` function 180: kept until `ESC @`).
    pub fn reset(&mut self) {
        self.settings = self.defaults.clone();
        self.clear_line();
    }

    pub fn clear_line(&mut self) {
        self.items.clear();
        self.x = 0;
        self.reached = 0;
        self.line_height = 0;
    }

    pub fn kanji(&self) -> bool {
        self.settings.kanji
    }

    /// Nothing has been put on the line.
    pub fn at_line_start(&self) -> bool {
        self.items.is_empty()
    }

    // Text

    pub fn text(&mut self, bytes: &[u8], out: &mut Output) {
        let mut unknown: Vec<u8> = Vec::new();
        for &b in bytes {
            let c = if b < 0x80 {
                codepage::international(self.settings.international, b)
            } else {
                self.settings
                    .page
                    .as_ref()
                    .and_then(|page| page.get(usize::from(b - 0x80)).copied().flatten())
            };
            if c.is_none() && !unknown.contains(&b) {
                unknown.push(b);
            }
            self.character(c.unwrap_or('\u{FFFD}'), out);
        }
        if !unknown.is_empty() {
            out.complain(format!(
                "code page {} has no character for {}",
                self.settings.page_name,
                super::command::hex(&unknown)
            ));
        }
    }

    pub fn double_byte(&mut self, lead: u8, trail: u8, out: &mut Output) {
        match codepage::double_byte(lead, trail) {
            Some(c) => self.character(c, out),
            None => {
                out.complain(format!("no double-byte character {lead:02X} {trail:02X}"));
                self.character('\u{FFFD}', out);
            }
        }
    }

    fn character(&mut self, c: char, out: &mut Output) {
        let look = self.settings.look;
        let (cell_w, cell_h) = draw::cell(c, look, self.cells);
        let w = (cell_w + look.spacing) * u32::from(look.width);
        if self.x + w > self.settings.area && self.x > 0 {
            self.line_feed(out);
        }
        let x = self.x;
        match self.items.last_mut() {
            Some(Item { ink: Ink::Text(text, same), .. }) if *same == look && self.run_end == x => {
                text.push(c);
            }
            _ => self.items.push(Item { x, ink: Ink::Text(c.to_string(), look) }),
        }
        self.run_end = x + w;
        self.advance(w, cell_h * u32::from(look.height));
    }

    fn advance(&mut self, w: u32, h: u32) {
        self.x += w;
        self.reached = self.reached.max(self.x);
        self.line_height = self.line_height.max(h);
    }

    pub fn tab(&mut self, out: &mut Output) {
        match self.settings.tabs.iter().find(|&&t| t > self.x) {
            Some(&next) if next < self.settings.area => self.x = next,
            _ => out.complain("HT: no tab stop to the right"),
        }
    }

    pub fn set_tabs(&mut self, columns: &[u8], out: &mut Output) {
        if columns.windows(2).any(|w| w[0] >= w[1]) {
            return out.complain("ESC D: tab positions must ascend");
        }
        let cell = self.cells.a.width + self.settings.look.spacing;
        self.settings.tabs = columns.iter().map(|&n| u32::from(n) * cell).collect();
    }

    pub fn position(&mut self, x: u32, out: &mut Output) {
        if x > self.settings.area {
            return out.complain(format!("position {x} is outside the area of {}", self.settings.area));
        }
        self.x = x;
        self.reached = self.reached.max(x);
    }

    pub fn shift(&mut self, by: i32, out: &mut Output) {
        match self.x.checked_add_signed(by) {
            Some(x) => self.position(x, out),
            None => out.complain("relative position left of the margin"),
        }
    }

    // Settings

    pub fn style(&mut self, change: StyleChange, out: &mut Output) {
        use StyleChange as S;
        let at_start = self.at_line_start();
        let s = &mut self.settings;
        match change {
            S::Mode(n) => {
                s.look.font_b = n & 0x01 != 0;
                s.emphasized = n & 0x08 != 0;
                s.look.height = if n & 0x10 != 0 { 2 } else { 1 };
                s.look.width = if n & 0x20 != 0 { 2 } else { 1 };
                s.look.underline = u8::from(n & 0x80 != 0);
            }
            S::FontB(on) => s.look.font_b = on,
            S::Bold(on) => s.emphasized = on,
            S::DoubleStrike(on) => s.double_strike = on,
            S::Underline(n) => s.look.underline = n,
            S::Inverse(on) => s.look.inverse = on,
            S::Rotated(on) => s.look.rotated = on,
            S::Width(n) => s.look.width = n,
            S::Height(n) => s.look.height = n,
            S::Size(w, h) => (s.look.width, s.look.height) = (w, h),
            S::UpsideDown(on) if at_start => s.upside_down = on,
            S::UpsideDown(_) => out.complain("upside-down mode changed inside a line"),
        }
        s.look.bold = s.emphasized || s.double_strike;
    }

    pub fn align(&mut self, align: Align, out: &mut Output) {
        if self.at_line_start() {
            self.settings.align = align;
        } else if self.settings.align != align {
            out.complain("alignment changed inside a line: ignored");
        }
    }

    pub fn line_spacing(&mut self, dots: Option<u32>) {
        self.settings.spacing = dots.unwrap_or(self.defaults.spacing);
    }

    pub fn char_spacing(&mut self, dots: u32) {
        self.settings.look.spacing = dots;
    }

    pub fn left_margin(&mut self, dots: u32, out: &mut Output) {
        if !self.at_line_start() {
            return out.complain("left margin changed inside a line: ignored");
        }
        self.settings.left = dots.min(self.width);
        self.settings.area = self.settings.area.min(self.width - self.settings.left);
    }

    pub fn area_width(&mut self, dots: u32, out: &mut Output) {
        if !self.at_line_start() {
            return out.complain("print area changed inside a line: ignored");
        }
        self.settings.area = dots.min(self.width - self.settings.left);
    }

    pub fn code_page(&mut self, n: u8, out: &mut Output) {
        match self.pages.iter().find(|(number, ..)| *number == n) {
            Some((_, page, name)) => {
                self.settings.page = page.clone();
                self.settings.page_name = name.clone();
            }
            None => out.complain(format!("this printer has no code page {n}")),
        }
    }

    pub fn international(&mut self, n: u8, out: &mut Output) {
        if codepage::international(n, b'#').is_some() {
            self.settings.international = n;
        } else {
            out.complain(format!("no international character set {n}"));
        }
    }

    /// `FS .` is harmless everywhere; `FS &` needs a double-byte font.
    pub fn set_kanji(&mut self, on: bool, out: &mut Output) {
        if on && !self.has_kanji {
            return out.complain("FS &: this printer has no double-byte font");
        }
        self.settings.kanji = on;
    }

    // Feeding

    pub fn line_feed(&mut self, out: &mut Output) {
        let feed = self.settings.spacing;
        self.finish(feed, out);
    }

    pub fn feed_dots(&mut self, dots: u32, out: &mut Output) {
        self.finish(dots, out);
    }

    pub fn feed_lines(&mut self, lines: u32, out: &mut Output) {
        if lines > 0 || !self.at_line_start() {
            self.finish(self.settings.spacing * lines, out);
        }
    }

    /// Prints the line and moves the paper by at least its height.
    fn finish(&mut self, feed: u32, out: &mut Output) {
        let mut items = std::mem::take(&mut self.items);
        let slack = self.settings.area.saturating_sub(self.reached);
        let shift = self.settings.left
            + match self.settings.align {
                Align::Left => 0,
                Align::Center => slack / 2,
                Align::Right => slack,
            };
        for item in &mut items {
            item.x += shift;
        }
        let height = self.line_height;
        out.rows.push(Row {
            feed: feed.max(height),
            height,
            items,
            upside_down: self.settings.upside_down,
            half: false,
        });
        self.clear_line();
    }
}
