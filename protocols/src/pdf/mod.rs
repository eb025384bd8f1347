//! A print document on A4 pages, as a PDF file.
//!
//! A page is a paper of [`DOTS_PER_MM`] dots a millimetre, as fine as a receipt printer's: what is so many dots wide
//! on a receipt is as wide here. Between the margins (20 mm at the left, where it is filed, 10 mm at the right)
//! there are 180 mm: 96 cells of the normal font, 120 of the small one. The text is text, in the embedded DejaVu
//! Sans Mono, of which the file holds the letters used; it can be searched and copied.
//!
//! | block | on A4 |
//! |---|---|
//! | text, pair, columns, table, rule | as on a receipt; a row is never divided between two pages, and a table's header stands again on each |
//! | image | with its colours, never dithered |
//! | qr, barcode | as on a receipt; there is no PDF417 |
//! | feed | empty lines, but not at the top of a page that follows another |
//! | cut | what follows begins a new page |
//! | beep | left out, see [`EncodeReport::left_out`] |
//! | drawer, raw | refused |
//!
//! Where there is more than one page, each has its number at the foot: `2/3`. The heading stands on all of them.
//!
//! The same document gives the same bytes: there is no time and no random number in them.

mod collect;
mod draw;
mod page;
mod picture;
#[cfg(test)]
mod tests;

use crate::document::{Block, Content, Document, Text, TextAlign};
use crate::encode::{EncodeError, EncodeReport};
use crate::layout::lay_out;
use crate::paper::{Cell, Metrics, Style};
use collect::Collect;
use page::Group;

pub use page::{DOTS_PER_MM, MAX_PAGES};

/// What the layout must know of an A4 page.
pub const METRICS: Metrics = Metrics {
    dots: page::WIDTH,
    font_a: Cell { width: 15, height: 32 },
    font_b: Cell { width: 12, height: 26 },
};

/// How a document is put on pages.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Lines that stand large above the text of every page: `COPY`, `DELAYED 14:02`.
    pub heading: &'a [String],
    /// How often the pages are repeated in the file, at least once; each copy counts its own pages.
    pub copies: u8,
}

impl Default for Setting<'_> {
    fn default() -> Self {
        Self { heading: &[], copies: 1 }
    }
}

/// A document as a PDF file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// The file: PDF 1.4.
    pub bytes: Vec<u8>,
    /// Pages of one copy.
    pub pages: u16,
    /// What was changed so that it could be printed.
    pub report: EncodeReport,
}

/// Puts a document on A4 pages.
///
/// # Errors
/// [`EncodeError`]: data no symbol takes, a picture that can't be read, a drawer or raw bytes, more than
/// [`MAX_PAGES`] pages.
pub fn pdf(document: &Document, setting: Setting<'_>) -> Result<Pdf, EncodeError> {
    made(document, setting, false)
}

/// As [`pdf`], for a printer that may print on both sides: behind a copy of an odd number of pages comes an empty one,
/// so that no sheet holds parts of two copies. The last copy has none behind it.
///
/// # Errors
/// Those of [`pdf`].
pub fn pdf_for_both_sides(document: &Document, setting: Setting<'_>) -> Result<Pdf, EncodeError> {
    made(document, setting, true)
}

fn made(document: &Document, setting: Setting<'_>, both_sides: bool) -> Result<Pdf, EncodeError> {
    let mut report = EncodeReport::default();
    let heading = groups(&heading(setting.heading), &mut report)?;
    let body = groups(document, &mut report)?;
    let pages = page::paginate(&heading, &body)?;
    let fills = both_sides && pages.len() % 2 == 1;
    let bytes = draw::draw(&pages, setting.copies.max(1), fills, &mut report)?;
    Ok(Pdf { bytes, pages: u16::try_from(pages.len()).unwrap_or(u16::MAX), report })
}

fn groups(document: &Document, report: &mut EncodeReport) -> Result<Vec<Group>, EncodeError> {
    let mut collect = Collect::new(report);
    let layout = lay_out(document, &METRICS, &mut collect)?;
    let groups = collect.finish();
    report.layout.shown += layout.shown;
    report.layout.omitted += layout.omitted;
    report.layout.cropped += layout.cropped;
    report.layout.stacked += layout.stacked;
    Ok(groups)
}

fn heading(lines: &[String]) -> Document {
    let style = Style { bold: true, width: 2, height: 2, ..Style::default() };
    let line = |text: &String| {
        let text = Content::Plain(text.clone());
        Block::Text(Text { text, style, align: TextAlign::Center, ..Text::default() })
    };
    Document { blocks: lines.iter().map(line).collect() }
}
