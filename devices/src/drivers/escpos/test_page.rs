//! The technician's page, and what to look for on it.

use outlet_protocols::codepage::Page;
use outlet_protocols::document::{
    Align, Barcode, BarcodeText, Block, Content, Correction, Cut, CutMode, Document, Drawer, Feed, Qr,
    Symbology, Text,
};
use outlet_protocols::encode::{EncodeError, Encoder};
use outlet_protocols::escpos::command;
use outlet_protocols::model::{Cutter, DrawerPort, Language, Model};
use outlet_protocols::paper::{Font, Style};

/// What the QR code of the page says.
const QR_TEXT: &str = "https://example.com/outletd-test";
/// What the barcode of the page says.
const BARCODE_TEXT: &str = "OUTLETD-128";

/// The bytes of the page: everything goes the way of ordinary documents, but the table of the code page,
/// which shows what the printer itself makes of the bytes 80 to FF.
pub fn bytes(encoder: &mut Encoder, page: Page, title: &str) -> Result<Vec<u8>, EncodeError> {
    let model = encoder.model().clone();
    let mut out = Vec::with_capacity(8192);
    encoder.encode(&head(&model, page, title), &mut out)?;
    if model.device_fonts {
        table(&model, page, &mut out);
    }
    encoder.encode(&tail(&model), &mut out)?;
    Ok(out)
}

/// What to look for, in the order of the page.
pub fn questions(model: &Model, page: Page) -> Vec<String> {
    let columns = model.metrics().columns(Font::A);
    let mut list = vec![
        format!(
            "Does the first ruler fill the paper, {columns} characters in one line, with nothing wrapped or cut \
             off? If not: the model (its width) is wrong."
        ),
        "Are all lines evenly dark, without white stripes? If not: clean the print head.".to_owned(),
        "Is the small font smaller, and the large line twice as wide and high?".to_owned(),
    ];
    if model.device_fonts {
        let sample: String = (0xE0..=0xE7_u8).filter_map(|byte| page.decode(byte)).collect();
        list.push(format!(
            "Does the row E of the table begin with {sample}? If not: the number of the code page {} differs on this \
             printer; Chinese characters there mean that chinese = true belongs into its options.",
            page.name()
        ));
    }
    list.push("Are the sample lines in all four scripts readable?".to_owned());
    list.push(format!(
        "Does a telephone read the QR code as {QR_TEXT}, and a scanner the barcode as {BARCODE_TEXT}?"
    ));
    if model.cutter != Cutter::None {
        list.push("Was the paper cut, below the last line?".to_owned());
    }
    if model.drawer != DrawerPort::None {
        list.push("Did the cash drawer open, if one is connected?".to_owned());
    }
    list
}

fn head(model: &Model, page: Page, title: &str) -> Document {
    let metrics = model.metrics();
    let small = Style { font: Font::B, ..Style::default() };
    let large = Style { width: 2, height: 2, ..Style::default() };
    Document {
        blocks: vec![
            line(title, Style { bold: true, ..Style::default() }),
            line(&format!("{} {} ({})", model.vendor, model.name, model.id), Style::default()),
            line(&ruler(metrics.columns(Font::A)), Style::default()),
            line(&ruler(metrics.columns(Font::B)), small),
            line("Large 2 x 2", large),
            line("Inverse", Style { invert: true, ..Style::default() }),
            line("Underlined", Style { underline: true, ..Style::default() }),
            line(&format!("Code page {}, number {}", page.name(), number(model, page)), Style::default()),
        ],
    }
}

fn tail(model: &Model) -> Document {
    let mut blocks = vec![
        line("Latin: The quick brown fox, 12.50", Style::default()),
        line("Cyrillic: Съешь ещё этих мягких булок", Style::default()),
        line("Romanian: Şi țigănci, ăîâ ȘȚ", Style::default()),
        line("Georgian: საქართველო ლარი", Style::default()),
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
        Block::Feed(Feed { lines: 1 }),
        line("End of the test page", Style::default()),
        Block::Cut(Cut { mode: CutMode::Partial }),
    ];
    if model.drawer != DrawerPort::None {
        blocks.push(Block::Drawer(Drawer { pin: 2, pulse_ms: 100 }));
    }
    Document { blocks }
}

/// Rows 8 to F of the code page, as raw bytes.
fn table(model: &Model, page: Page, out: &mut Vec<u8>) {
    let number = number(model, page);
    match model.language {
        Language::Escpos => {
            if model.kanji.on_by_default {
                out.extend_from_slice(command::KANJI_OFF);
            }
            out.extend_from_slice(&command::code_page(number));
        }
        Language::StarLine => out.extend_from_slice(&[0x1B, 0x1D, b't', number]),
    }
    for row in 0x8..=0xF_u8 {
        out.extend_from_slice(format!("{row:X} ").as_bytes());
        for column in 0..=0xF_u8 {
            out.extend_from_slice(&[b' ', row << 4 | column]);
        }
        out.push(b'\n');
    }
}

fn number(model: &Model, page: Page) -> u8 {
    model.pages.get(&page).copied().unwrap_or(0)
}

/// `1234567890...`, as wide as the paper, ending in a bar.
fn ruler(columns: u16) -> String {
    let digits = (1..columns).map(|n| char::from(b'0' + u8::try_from(n % 10).unwrap_or(0)));
    digits.chain(std::iter::once('|')).collect()
}

fn line(text: &str, style: Style) -> Block {
    Block::Text(Text { text: Content::Plain(text.to_owned()), style, ..Text::default() })
}
