//! The technician's page, and what to look for on it.

use outlet_protocols::document::{
    Align, Barcode, BarcodeText, Block, Content, Correction, Document, Feed, Qr, Row, Symbology, Table,
    TableCell, TableColumn, Text, TextAlign, Width,
};
use outlet_protocols::paper::{Font, Style};
use outlet_protocols::pdf::METRICS;

/// What the QR code of the page says.
const QR_TEXT: &str = "https://example.com/outletd-test";
/// What the barcode of the page says.
const BARCODE_TEXT: &str = "OUTLETD-128";

/// The page. `title` names the device and the time, `about` the printer.
pub fn document(title: &str, about: &str) -> Document {
    let plain = Style::default();
    let small = Style { font: Font::B, ..plain };
    let blocks = vec![
        line(title, Style { bold: true, ..plain }),
        line(about, plain),
        line(&ruler(METRICS.columns(Font::A)), plain),
        line(&ruler(METRICS.columns(Font::B)), small),
        line("Large 2 x 2", Style { width: 2, height: 2, ..plain }),
        line("Inverse", Style { invert: true, ..plain }),
        line("Underlined", Style { underline: true, ..plain }),
        Block::Feed(Feed { lines: 1 }),
        line("Latin: The quick brown fox, 12.50", plain),
        line("Cyrillic: Съешь ещё этих мягких булок", plain),
        line("Romanian: Şi țigănci, ăîâ ȘȚ", plain),
        line("Georgian: საქართველო ლარი", plain),
        Block::Feed(Feed { lines: 1 }),
        Block::Table(table()),
        Block::Feed(Feed { lines: 1 }),
        Block::Qr(Qr {
            data: QR_TEXT.to_owned(),
            size: None,
            correction: Correction::M,
            align: Align::Center,
        }),
        Block::Barcode(Barcode {
            symbology: Symbology::Code128,
            data: BARCODE_TEXT.to_owned(),
            height: 60,
            width: None,
            text: BarcodeText::Below,
            align: Align::Center,
        }),
        line("End of the test page", plain),
    ];
    Document { blocks }
}

/// What to look for, in the order of the page.
pub fn questions() -> Vec<String> {
    let columns = METRICS.columns(Font::A);
    [
        format!(
            "Does the first ruler, {columns} characters in one line, begin with a bar about 20 mm from the left edge of the \
             paper and end with one about 10 mm from the right edge? If not: the printer scales; set it to actual size \
             and A4."
        ),
        "Is the small font smaller, and the large line twice as wide and high?".to_owned(),
        "Are the sample lines in all four scripts readable, and evenly dark?".to_owned(),
        "Do the sums of the table end at the right bar?".to_owned(),
        format!("Does a telephone read the QR code as {QR_TEXT}, and a scanner the barcode as {BARCODE_TEXT}?"),
        "Did one sheet come out?".to_owned(),
    ]
    .to_vec()
}

fn table() -> Table {
    let right = || TableColumn { align: TextAlign::Right, nowrap: true, ..TableColumn::default() };
    let row = |cells: [&str; 4]| {
        cells.iter().map(|&text| TableCell::from(Content::from(text))).collect::<Vec<TableCell>>()
    };
    Table {
        columns: vec![
            right(),
            TableColumn { width: Width::Fill, ..TableColumn::default() },
            right(),
            right(),
        ],
        header: Some(row(["No", "Item", "Quantity", "Sum"])),
        rows: vec![
            Row::Cells(row(["1", "Caesar salad", "2", "900.00"])),
            Row::Cells(row(["2", "Борщ со сметаной", "1", "350.00"])),
        ],
        gap: 2,
        style: Style::default(),
    }
}

/// A bar, `234567890...`, and a bar: as wide as the text of a page.
fn ruler(columns: u16) -> String {
    let digits = (2..columns).map(|n| char::from(b'0' + u8::try_from(n % 10).unwrap_or(0)));
    std::iter::once('|').chain(digits).chain(std::iter::once('|')).collect()
}

fn line(text: &str, style: Style) -> Block {
    Block::Text(Text { text: Content::Plain(text.to_owned()), style, ..Text::default() })
}
