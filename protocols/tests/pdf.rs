//! Documents on A4 pages.

#![allow(missing_docs)]

mod pdf_support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::document::Document;
use outlet_protocols::encode::{EncodeError, ErrorKind};
use outlet_protocols::pdf::{MAX_PAGES, METRICS, Pdf, Setting, pdf, pdf_for_both_sides};
use pdf_support::invoice;
use serde_json::{Value, json};

fn document(blocks: Value) -> Document {
    Document::from_value(json!({ "blocks": blocks })).expect("a document")
}

fn made(document: &Document) -> Pdf {
    pdf(document, Setting::default()).expect("it can be printed")
}

fn refusal(blocks: Value) -> EncodeError {
    pdf(&document(blocks), Setting::default()).expect_err("it can't be printed")
}

/// How often a name of the file's structure occurs.
fn count(pdf: &Pdf, name: &str) -> usize {
    let text = String::from_utf8_lossy(&pdf.bytes);
    text.match_indices(name)
        .filter(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        .count()
}

#[test]
fn an_invoice_of_forty_dishes_takes_two_pages_and_a_short_one_takes_one() {
    let (short, long) = (made(&invoice(3)), made(&invoice(40)));
    assert_eq!((short.pages, count(&short, "/Type /Page")), (1, 1));
    assert_eq!((long.pages, count(&long, "/Type /Page")), (2, 2));
    assert!(short.bytes.starts_with(b"%PDF-1.4\n"));
}

#[test]
fn the_page_is_a4() {
    // 210 x 297 mm in points of 1/72 inch.
    let text = String::from_utf8_lossy(&made(&invoice(1)).bytes).into_owned();
    let at = text.find("/MediaBox").expect("every page has one");
    let sides: Vec<f32> = text[at + 9..]
        .trim_start_matches(['[', ' '])
        .split([' ', ']'])
        .take(4)
        .map(|side| side.parse().expect("a number"))
        .collect();
    assert!((sides[2] - 595.276).abs() < 0.01 && (sides[3] - 841.89).abs() < 0.01, "{sides:?}");
}

#[test]
fn the_text_is_text_in_subsets_of_embedded_fonts() {
    let pdf = made(&invoice(40));
    assert_eq!(count(&pdf, "/FontFile2"), 2, "regular and bold");
    assert_eq!(count(&pdf, "/ToUnicode"), 2, "so that it can be searched");
    assert!(pdf.bytes.len() < 60_000, "{} bytes", pdf.bytes.len());
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    assert_eq!(made(&invoice(40)), made(&invoice(40)));
}

#[test]
fn copies_repeat_the_pages_in_the_file() {
    let three = pdf(&invoice(40), Setting { copies: 3, ..Setting::default() }).expect("it can be printed");
    assert_eq!((three.pages, count(&three, "/Type /Page")), (2, 6));
}

#[test]
fn no_sheet_of_a_printer_of_both_sides_holds_two_copies() {
    let pages = |dishes, copies| {
        let setting = Setting { copies, ..Setting::default() };
        let made = pdf_for_both_sides(&invoice(dishes), setting).expect("it can be printed");
        (made.pages, count(&made, "/Type /Page"))
    };
    assert_eq!(pages(3, 3), (1, 5), "front, empty back, front, empty back, front");
    assert_eq!(pages(40, 3), (2, 6), "each copy ends on a back already");
    assert_eq!(pages(3, 1), (1, 1));
}

#[test]
fn ninety_six_characters_fit_on_a_line() {
    use outlet_protocols::paper::Font;
    assert_eq!((METRICS.columns(Font::A), METRICS.columns(Font::B)), (96, 120));
}

#[test]
fn a_page_has_no_drawer_no_raw_bytes_and_no_pdf417() {
    for block in [
        json!({"type": "drawer"}),
        json!({"type": "raw", "data": "G0A="}),
        json!({"type": "barcode", "symbology": "pdf417", "data": "x"}),
    ] {
        let error = refusal(json!([block]));
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().starts_with("an A4 page has no "), "{error}");
    }
}

#[test]
fn a_buzzer_is_left_out_and_that_is_said() {
    let pdf = made(&document(json!([{"type": "text", "text": "x"}, {"type": "beep"}, {"type": "beep"}])));
    assert_eq!(pdf.report.left_out, ["buzzer"]);
}

#[test]
fn characters_the_font_lacks_are_named() {
    let pdf = made(&document(json!([{"type": "text", "text": "漢 Ж ș 漢"}])));
    assert_eq!(pdf.report.boxed, ['漢']);
}

#[test]
fn a_document_longer_than_the_most_pages_is_refused() {
    let page = [json!({"type": "text", "text": "a page"}), json!({"type": "cut"})];
    let pages = |count: usize| Value::Array(page.iter().cycle().take(2 * count).cloned().collect());
    assert_eq!(usize::from(made(&document(pages(MAX_PAGES))).pages), MAX_PAGES);
    let error = refusal(pages(MAX_PAGES + 1));
    assert_eq!(error, EncodeError::TooManyPages { limit: MAX_PAGES });
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_document_without_blocks_is_an_empty_page() {
    let pdf = made(&document(json!([])));
    assert_eq!((pdf.pages, count(&pdf, "/Type /Page")), (1, 1));
}

/// A PNG of one red pixel, made by hand from the PNG specification (ISO/IEC 15948).
const RED: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

#[test]
fn a_picture_keeps_its_colours() {
    let pdf = made(&document(json!([{"type": "image", "data": RED, "width": 80}])));
    assert_eq!(count(&pdf, "/DeviceRGB"), 1);
}

#[test]
fn a_picture_that_is_none_or_too_wide_is_refused() {
    let text = BASE64_STANDARD.encode("no picture");
    assert_eq!(refusal(json!([{"type": "image", "data": text}])).kind(), ErrorKind::Invalid);
    let wide = refusal(json!([{"type": "image", "data": RED, "width": 1441}]));
    assert_eq!(wide.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_picture_higher_than_a_page_is_made_smaller() {
    let pdf = made(&document(
        json!([{"type": "image", "data": RED, "width": 1440}, {"type": "text", "text": "x"}]),
    ));
    assert_eq!(pdf.pages, 1, "a square of 180 mm leaves room");
}

#[test]
fn a_code_that_no_page_is_wide_enough_for_is_refused() {
    let bars = json!([{"type": "barcode", "symbology": "code128", "data": "aB1-".repeat(30)}]);
    assert!(matches!(refusal(bars), EncodeError::BarcodeTooWide { available: 1440, .. }));
    let full = json!([{"type": "qr", "data": "z".repeat(2000), "correction": "h"}]);
    assert!(matches!(refusal(full), EncodeError::SymbolFull { .. }));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", bold: bool, width in 1u8..=8, height in 1u8..=8) {
        let style = json!({"bold": bold, "width": width, "height": height, "invert": bold});
        let blocks = json!([{"type": "text", "text": text, "style": style}]);
        let pdf = made(&document(blocks));
        proptest::prop_assert!(pdf.bytes.ends_with(b"%%EOF"));
    }
}
