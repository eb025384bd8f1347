//! A finished piece of paper: its text, what was on it, and its picture.

use std::sync::Arc;
use std::time::Instant;

use super::bitmap::Bitmap;
use super::draw;
use super::symbols::{BarcodeKind, Bars};

/// How a piece of paper came off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperEnd {
    /// Full cut.
    FullCut,
    /// Partial cut: one point is left uncut.
    PartialCut,
    /// A printer without a cutter was told to cut, or the piece was taken with
    /// [`Printer::flush_paper`](super::Printer::flush_paper).
    Torn,
    /// The roll ended and was replaced; the text goes on, on the next piece.
    RollEnded,
}

/// Something on the paper that isn't plain text, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker {
    /// A QR code and its content.
    Qr {
        /// What a scanner reads.
        data: Vec<u8>,
        /// Error correction level, `L`, `M`, `Q` or `H`.
        level: char,
        /// Dots per module.
        module: u32,
    },
    /// A PDF417 symbol and its content.
    Pdf417 {
        /// What a scanner reads.
        data: Vec<u8>,
    },
    /// A one-dimensional barcode.
    Barcode {
        /// Its kind.
        kind: BarcodeKind,
        /// What a scanner reads, check digit included for EAN and UPC.
        data: String,
    },
    /// A picture; strips that follow each other without text count as one.
    Image {
        /// Width in dots.
        width: u32,
        /// Height in dots.
        height: u32,
    },
    /// The cut that ended the piece.
    Cut {
        /// Full, not partial.
        full: bool,
    },
}

/// One piece of paper.
#[derive(Debug)]
pub struct Paper {
    /// What can be read on it, laid out in columns of font A, lines ended by `\n`. What isn't
    /// text stands in brackets: `[QR https://...]`, `[CODE128 12345]`, `[PDF417 ...]`,
    /// `[IMAGE 384x160]`, and at the end `[CUT]`, `[PARTIAL CUT]`, `[TORN]` or `[ROLL ENDED]`.
    pub text: String,
    /// What isn't text, in order.
    pub markers: Vec<Marker>,
    /// What the printer was told that its language doesn't allow, while this piece was printed.
    pub violations: Vec<String>,
    /// How it came off.
    pub end: PaperEnd,
    /// Printable width in dots.
    pub width: u32,
    /// When the first byte of the document arrived: of its `ESC @`, or else of its first content.
    /// Exact when the printer interprets what it receives at once.
    pub first_byte: Instant,
    /// When it came off.
    pub finished: Instant,
    rows: Vec<Row>,
    fonts: draw::Cells,
}

impl Paper {
    /// Its picture, one bit per dot.
    pub fn bitmap(&self) -> Bitmap {
        draw::rows(&self.rows, self.width, self.fonts)
    }

    /// Its picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        self.bitmap().png()
    }

    /// The text with its styles: `<b>`, `<u>`, `<inv>`, `<font-b>`, `<180>`, `<90>` and sizes such as
    /// `<2x1>` (width x height) around the runs that have them.
    pub fn styled_text(&self) -> String {
        lay_out(&self.rows, self.fonts, true) + closing(self.end)
    }

    /// Whether a text stands on it, whatever the columns between its words.
    pub fn says(&self, text: &str) -> bool {
        let squeeze = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        squeeze(&self.text).contains(&squeeze(text))
    }
}

/// How characters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub font_b: bool,
    pub bold: bool,
    pub underline: u8,
    pub inverse: bool,
    pub rotated: bool,
    pub width: u8,
    pub height: u8,
    pub spacing: u32,
}

/// One line or one block of dots on the paper, of a known height.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub items: Vec<Item>,
    /// Paper moved by this row, in dots.
    pub feed: u32,
    /// Height of what is printed on it; it sits at the top.
    pub height: u32,
    pub upside_down: bool,
    /// Only the upper half came onto this piece.
    pub half: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// From the left edge of the printable width, in dots.
    pub x: u32,
    pub ink: Ink,
}

#[derive(Debug, Clone)]
pub(crate) enum Ink {
    Text(String, Look),
    Image {
        bits: Arc<Bitmap>,
        scale_x: u32,
        scale_y: u32,
    },
    Barcode {
        kind: BarcodeKind,
        bars: Arc<Bars>,
        module: u32,
        height: u32,
        hri: u8,
        hri_b: bool,
    },
    Qr {
        data: Arc<[u8]>,
        level: u8,
        module: u32,
    },
    /// Width and height in dots.
    Pdf417 {
        data: Arc<[u8]>,
        width: u32,
        height: u32,
    },
}

/// The piece of paper being printed.
#[derive(Debug)]
pub(crate) struct Piece {
    rows: Vec<Row>,
    pub violations: Vec<String>,
    pub first_byte: Option<Instant>,
}

impl Piece {
    pub fn new() -> Self {
        Self { rows: Vec::new(), violations: Vec::new(), first_byte: None }
    }

    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Nothing has been printed or fed.
    pub fn is_blank(&self) -> bool {
        self.rows.iter().all(|row| row.items.is_empty())
    }

    pub fn finish(self, end: PaperEnd, width: u32, fonts: draw::Cells) -> Paper {
        let mut markers = markers(&self.rows);
        match end {
            PaperEnd::FullCut => markers.push(Marker::Cut { full: true }),
            PaperEnd::PartialCut => markers.push(Marker::Cut { full: false }),
            PaperEnd::Torn | PaperEnd::RollEnded => {}
        }
        let finished = Instant::now();
        Paper {
            text: lay_out(&self.rows, fonts, false) + closing(end),
            markers,
            violations: self.violations,
            end,
            width,
            first_byte: self.first_byte.unwrap_or(finished),
            finished,
            rows: self.rows,
            fonts,
        }
    }

    /// What stands on it so far.
    pub fn text(&self, fonts: draw::Cells) -> String {
        lay_out(&self.rows, fonts, false)
    }
}

fn closing(end: PaperEnd) -> &'static str {
    match end {
        PaperEnd::FullCut => "[CUT]\n",
        PaperEnd::PartialCut => "[PARTIAL CUT]\n",
        PaperEnd::Torn => "[TORN]\n",
        PaperEnd::RollEnded => "[ROLL ENDED]\n",
    }
}

fn markers(rows: &[Row]) -> Vec<Marker> {
    let mut out: Vec<Marker> = Vec::new();
    let mut strip = false;
    for row in rows {
        let only_image = matches!(row.items.as_slice(), [Item { ink: Ink::Image { .. }, .. }]);
        for item in &row.items {
            let marker = match &item.ink {
                Ink::Text(..) => continue,
                Ink::Image { bits, scale_x, scale_y } => {
                    let (w, h) = (bits.width() * scale_x, bits.height() * scale_y);
                    if strip
                        && only_image
                        && let Some(Marker::Image { width, height }) = out.last_mut()
                        && *width == w
                    {
                        *height += h;
                        continue;
                    }
                    Marker::Image { width: w, height: h }
                }
                Ink::Barcode { kind, bars, .. } => Marker::Barcode { kind: *kind, data: bars.text.clone() },
                Ink::Qr { data, level, module } => Marker::Qr {
                    data: data.to_vec(),
                    level: ['L', 'M', 'Q', 'H'][usize::from(*level).min(3)],
                    module: *module,
                },
                Ink::Pdf417 { data, .. } => Marker::Pdf417 { data: data.to_vec() },
            };
            out.push(marker);
        }
        strip = only_image && row.feed <= row.height;
    }
    out
}

/// Rows as text: each run begins at its column of font A, or right after the run before it.
fn lay_out(rows: &[Row], fonts: draw::Cells, styled: bool) -> String {
    let mut out = String::new();
    let mut rows = rows.iter().peekable();
    while let Some(row) = rows.next() {
        let mut line = String::new();
        if row.half {
            line.push_str("[HALF] ");
        }
        let mut columns = 0usize;
        let mut row_height = row.height;
        for item in &row.items {
            let column = ((item.x + fonts.a.width / 2) / fonts.a.width) as usize;
            while columns < column {
                line.push(' ');
                columns += 1;
            }
            let before = line.len();
            match &item.ink {
                Ink::Text(text, look) if styled => line.push_str(&tagged(text, *look)),
                Ink::Text(text, _) => line.push_str(text),
                Ink::Image { bits, scale_x, scale_y } => {
                    let width = bits.width() * scale_x;
                    let mut height = bits.height() * scale_y;
                    while row.items.len() == 1
                        && row.feed <= row.height
                        && let Some(next) = rows.next_if(|next| continues(next, item.x, width))
                    {
                        height += next.height;
                        row_height = height;
                    }
                    line.push_str(&format!("[IMAGE {width}x{height}]"));
                }
                Ink::Barcode { kind, bars, .. } => {
                    line.push_str(&format!("[{kind} {}]", bars.text.escape_debug()));
                }
                Ink::Qr { data, .. } => line.push_str(&format!("[QR {}]", String::from_utf8_lossy(data))),
                Ink::Pdf417 { data, .. } => {
                    line.push_str(&format!("[PDF417 {}]", String::from_utf8_lossy(data)));
                }
            }
            columns += line[before..].chars().count();
        }
        let printed = !row.items.is_empty();
        if printed {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        let line_height = fonts.a.height + 6;
        let used = if printed { row_height.max(line_height) } else { 0 };
        let blank = (row.feed.max(row.height).saturating_sub(used) + line_height / 2) / line_height;
        for _ in 0..blank {
            out.push('\n');
        }
    }
    out
}

/// Whether a row carries on the picture of the row above.
fn continues(row: &Row, x: u32, width: u32) -> bool {
    matches!(row.items.as_slice(), [Item { x: at, ink: Ink::Image { bits, scale_x, .. } }]
        if *at == x && bits.width() * scale_x == width)
}

fn tagged(text: &str, look: Look) -> String {
    let mut tags: Vec<String> = Vec::new();
    if look.width > 1 || look.height > 1 {
        tags.push(format!("{}x{}", look.width, look.height));
    }
    for (on, tag) in [
        (look.bold, "b"),
        (look.underline > 0, "u"),
        (look.inverse, "inv"),
        (look.font_b, "font-b"),
        (look.rotated, "90"),
    ] {
        if on {
            tags.push(tag.to_owned());
        }
    }
    let open: String = tags.iter().map(|t| format!("<{t}>")).collect();
    let close: String = tags.iter().rev().map(|t| format!("</{t}>")).collect();
    format!("{open}{text}{close}")
}
