//! Draws pages into a PDF file.

use std::sync::LazyLock;

use krilla::Document;
use krilla::color::luma;
use krilla::configure::{Configuration, PdfVersion};
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, SerializeSettings};

use super::METRICS;
use super::collect::height;
use super::page::{FOOT, LEFT, Letters, Page, Piece, SHEET, TOP, WIDTH};
use crate::encode::{EncodeError, EncodeReport};
use crate::paper::{self, Style};
use crate::raster::{ADVANCE, ASCENT, BOLD, Glyph, HEIGHT, REGULAR, Shaped, shape};

/// Points (1/72 inch) of a dot (1/8 mm).
const DOT: f32 = 72.0 / 25.4 / super::DOTS_PER_MM as f32;

/// The regular and the bold font.
static FONTS: LazyLock<Option<[Font; 2]>> =
    LazyLock::new(|| Some([Font::new(Data::from(REGULAR), 0)?, Font::new(Data::from(BOLD), 0)?]));

/// The file with so many copies of the pages; `fills` puts an empty page between two of them.
pub(super) fn draw(
    pages: &[Page<'_>],
    copies: u8,
    fills: bool,
    report: &mut EncodeReport,
) -> Result<Vec<u8>, EncodeError> {
    let wrong = |problem: &str| EncodeError::Pdf(problem.to_owned());
    let fonts = FONTS.as_ref().ok_or_else(|| wrong("the embedded fonts can't be read"))?;
    let mut document = Document::new_with(SerializeSettings {
        // Printers read 1.4 since they read PDF at all; nothing here needs more.
        configuration: Configuration::new_with_version(PdfVersion::Pdf14),
        xmp_metadata: false,
        enable_tagging: false,
        ..SerializeSettings::default()
    });
    document.set_metadata(Metadata::new().producer("outletd".to_owned()));
    let sheet = (f32::from(SHEET.0) * DOT, f32::from(SHEET.1) * DOT);
    let settings = PageSettings::from_wh(sheet.0, sheet.1).ok_or_else(|| wrong("the page has no size"))?;
    for copy in 0..copies {
        if fills && copy > 0 {
            document.start_page_with(settings.clone()).finish();
        }
        for (page, number) in pages.iter().zip(1..) {
            let mut sheet = document.start_page_with(settings.clone());
            let mut canvas = Canvas { surface: sheet.surface(), fonts, report: &mut *report };
            for (piece, height, y) in &page.pieces {
                canvas.piece(piece, *height, TOP + y);
            }
            if pages.len() > 1 {
                canvas.number(&format!("{number}/{}", pages.len()));
            }
        }
    }
    document.finish().map_err(|error| wrong(&format!("{error:?}")))
}

struct Canvas<'d, 'r> {
    surface: Surface<'d>,
    fonts: &'r [Font; 2],
    report: &'r mut EncodeReport,
}

impl Canvas<'_, '_> {
    /// Draws a piece whose upper edge is so many dots below that of the sheet.
    fn piece(&mut self, piece: &Piece, high: u16, y: u16) {
        match piece {
            Piece::Space => {}
            Piece::Text(runs) => {
                for run in runs {
                    self.letters(run, y + high.saturating_sub(height(run.style)));
                }
            }
            Piece::Picture { x, width, picture } => {
                let Some(size) = Size::from_wh(f32::from(*width) * DOT, f32::from(high) * DOT) else {
                    return;
                };
                // A custom image is refused only for its colour profile, and there is none.
                let Ok(image) = Image::from_custom(picture.clone(), false) else { return };
                let place = Transform::from_translate(f32::from(LEFT + x) * DOT, f32::from(y) * DOT);
                self.surface.push_transform(&place);
                self.surface.draw_image(image, size);
                self.surface.pop();
            }
            Piece::Bars { x, bars } => {
                let mut left = f32::from(LEFT + x);
                for (index, width) in bars.iter().enumerate() {
                    if index % 2 == 0 {
                        self.fill(left, f32::from(y), f32::from(*width), f32::from(high));
                    }
                    left += f32::from(*width);
                }
            }
        }
    }

    /// The page's number, at the right of its foot.
    fn number(&mut self, text: &str) {
        let style = Style { font: paper::Font::B, ..Style::default() };
        let width = METRICS.font_b.width * text.len() as u16;
        self.letters(&Letters { x: WIDTH.saturating_sub(width), width, text: text.to_owned(), style }, FOOT);
    }

    /// Draws text whose cells begin so many dots below the upper edge of the sheet.
    fn letters(&mut self, run: &Letters, y: u16) {
        let style = run.style;
        let cell = METRICS.cell(style.font);
        let (wide, high) = (f32::from(style.width.clamp(1, 8)), f32::from(style.height.clamp(1, 8)));
        let (left, top) = (f32::from(LEFT + run.x), f32::from(y));
        let tall = f32::from(cell.height) * high;
        if style.invert {
            self.fill(left, top, f32::from(run.width), tall);
        }
        let ink = if style.invert { luma::Color::white() } else { luma::Color::black() };
        self.surface.set_fill(Some(Fill { paint: ink.into(), ..Fill::default() }));
        let shaped = shape(&run.text, style.bold);
        let size = f32::from(cell.width) / ADVANCE;
        let base = (f32::from(cell.height) - size * HEIGHT) / 2.0 + size * ASCENT;
        let place = Transform::from_row(wide, 0.0, 0.0, high, left * DOT, (top + base * high) * DOT);
        self.surface.push_transform(&place);
        self.glyphs(&shaped, size * DOT);
        for (character, column, cells) in &shaped.missing {
            self.code_box(*character, f32::from(column * cell.width), f32::from(cells * cell.width), size);
        }
        self.surface.pop();
        if style.underline {
            let thick = f32::from(cell.height) * high / 20.0;
            self.fill(left, top + (base + size * 0.12) * high, f32::from(run.width), thick);
        }
        self.surface.set_fill(None);
    }

    /// Draws glyphs from the origin on; `size` in points.
    fn glyphs(&mut self, shaped: &Shaped, size: f32) {
        let mut rest = shaped.glyphs.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|glyph| glyph.bold == first.bold).count();
            let (now, later) = rest.split_at(same);
            let end = later.first().map(|glyph| glyph.x);
            let font = &self.fonts[usize::from(first.bold)];
            let glyphs = placed(now, end);
            let start = Point::from_xy(first.x * size, 0.0);
            self.surface.draw_glyphs(start, &glyphs, font.clone(), &shaped.text, size, false);
            rest = later;
        }
    }

    /// A box with the code of a character that the font lacks, as on receipts; in dots from the origin.
    fn code_box(&mut self, character: char, x: f32, width: f32, size: f32) {
        if !self.report.boxed.contains(&character) {
            self.report.boxed.push(character);
        }
        let (top, tall, line) = (-size * 0.75, size * 0.9, 1.0);
        let (x, width) = (x + 1.0, width - 2.0);
        for (left, upper, wide, high) in [
            (x, top, width, line),
            (x, top + tall - line, width, line),
            (x, top, line, tall),
            (x + width - line, top, line, tall),
        ] {
            self.rectangle(left, upper, wide, high);
        }
        let code = format!("{:04X}", u32::from(character));
        let (upper, lower) = code.split_at(code.len() / 2);
        let small = ((width - 4.0) / (ADVANCE * lower.len() as f32)).min(tall * 0.5);
        for (digits, base) in [(upper, top + tall * 0.46), (lower, top + tall * 0.88)] {
            self.surface.push_transform(&Transform::from_translate((x + 2.0) * DOT, base * DOT));
            self.glyphs(&shape(digits, false), small * DOT);
            self.surface.pop();
        }
    }

    /// A black rectangle, in dots from the upper left corner of the sheet.
    fn fill(&mut self, x: f32, y: f32, width: f32, height: f32) {
        self.surface.set_fill(Some(Fill::default()));
        self.rectangle(x, y, width, height);
    }

    fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let mut path = PathBuilder::new();
        if let Some(area) = Rect::from_xywh(x * DOT, y * DOT, width * DOT, height * DOT) {
            path.push_rect(area);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

/// Glyphs as the library wants them: each with its way to the next one, in sizes. `end`: where the text goes on.
fn placed(glyphs: &[Glyph], end: Option<f32>) -> Vec<KrillaGlyph> {
    let nexts = glyphs.iter().skip(1).map(|glyph| Some(glyph.x)).chain(std::iter::once(end));
    let with_way = glyphs.iter().zip(nexts);
    with_way
        .map(|(glyph, next)| {
            let way = next.map_or(ADVANCE, |next| next - glyph.x);
            KrillaGlyph::new(GlyphId::new(glyph.id.into()), way, 0.0, glyph.y, 0.0, glyph.bytes.clone(), None)
        })
        .collect()
}
