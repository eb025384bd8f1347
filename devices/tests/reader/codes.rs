//! What becomes of codes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_simulators::reader::{BarcodeScanner, ScannerFormat, Suffix};
use serde_json::{Value, json};

use super::bed::{Bed, over_pty, over_tcp};

/// A marking code of water (operator's description of structures, 1.2; `protocols/tests/code_marking.rs`).
const WATER: &str = "0104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP";

pub fn scanner(suffix: Suffix, aim: bool) -> BarcodeScanner {
    BarcodeScanner::new(ScannerFormat { suffix, aim, framed: false })
}

async fn bed(scanner: &BarcodeScanner, options: Value) -> Bed {
    over_tcp("scanner", scanner.line(), options).await
}

// Facts sheet on bar codes: item 12345, 1.550 kg.
#[tokio::test]
async fn a_weight_code_is_told_with_its_item_and_weight() {
    let scanner = scanner(Suffix::CrLf, false);
    let mut bed = over_pty("scanner", scanner.line(), json!({})).await;
    scanner.scan("2012345015500");
    assert_eq!(
        bed.next().await,
        json!({
            "type": "code", "symbology": "ean-13", "guessed": true, "text": "2012345015500",
            "base64": "MjAxMjM0NTAxNTUwMA==",
            "meaning": {"type": "item", "pattern": "weight-20", "code": "12345", "key": "2012345000001",
                        "barcode": "2012345015500",
                        "quantity": {"kind": "weight", "value": "1.550", "unit": "kg"}},
        })
    );
}

#[tokio::test]
async fn a_weight_code_with_a_wrong_check_digit_is_wrong_and_no_weight() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = bed(&scanner, json!({})).await;
    scanner.scan("2012345015507");
    let told = bed.next().await;
    assert_eq!(told["meaning"]["type"], "wrong");
    assert_eq!(told["meaning"]["what"], "check-digit");
    assert_eq!(told["meaning"].get("quantity"), None);
    assert_eq!(bed.ask(outlet_devices::driver::Request::Test).await["received"]["wrong"], 1);
}

#[tokio::test]
async fn with_aim_marks_the_symbology_is_the_scanners_word_and_no_part_of_the_code() {
    for aim in [json!(true), json!("auto")] {
        let scanner = scanner(Suffix::CrLf, true);
        let mut bed = bed(&scanner, json!({"aim": aim})).await;
        scanner.scan_as("]E0", "2012345015500");
        let told = bed.next().await;
        assert_eq!(
            (&told["symbology"], told.get("guessed"), &told["text"]),
            (&json!("ean-13"), None, &json!("2012345015500"))
        );
        // In Code 128 the same digits are no weight.
        scanner.scan_as("]C0", "2012345015507");
        let told = bed.next().await;
        assert_eq!((&told["symbology"], &told["meaning"]["type"]), (&json!("code-128"), &json!("text")));
    }
}

#[tokio::test]
async fn a_scanner_said_to_send_marks_never_gives_a_code_without_one() {
    let scanner = scanner(Suffix::CrLf, true);
    let mut bed = bed(&scanner, json!({"aim": true})).await;
    scanner.scan_as("", "2012345015500");
    let told = bed.next().await;
    assert_eq!((&told["type"], &told["code"]), (&json!("unusable"), &json!("unreadable")));
    assert!(told["message"].as_str().unwrap().contains("aim = false"), "{told}");
}

#[tokio::test]
async fn a_scanner_said_to_send_no_marks_sends_what_looks_like_one_as_data() {
    let scanner = scanner(Suffix::CrLf, false);
    let mut bed = bed(&scanner, json!({"aim": false})).await;
    scanner.scan("]E02012345015500");
    let told = bed.next().await;
    assert_eq!(told["text"], "]E02012345015500");
    assert_eq!(told["meaning"], json!({"type": "text", "text": "]E02012345015500"}));
}

// Facts sheet on bar codes: GTIN 90012345678908, 1.550 kg.
#[tokio::test]
async fn gs1_elements_are_told_apart() {
    let scanner = scanner(Suffix::Lf, true);
    let mut bed = bed(&scanner, json!({"suffix": "lf"})).await;
    scanner.scan_as("]e0", "01900123456789083103001550");
    let told = bed.next().await;
    assert_eq!((&told["symbology"], &told["meaning"]["type"]), (&json!("gs1-databar"), &json!("gs1")));
    let meaning = told["meaning"].to_string();
    assert!(meaning.contains("90012345678908") && meaning.contains("1.550"), "{meaning}");
}

#[tokio::test]
async fn a_row_of_gs1_digits_that_passes_for_a_card_number_stays_a_weight() {
    let scanner = scanner(Suffix::Cr, true);
    let mut bed = bed(&scanner, json!({})).await;
    // Some of these end in digits that are a payment system's and pass Luhn's check.
    let mut alike = 0;
    for grams in 0..200 {
        let code = format!("01900123456789083103{grams:06}");
        alike += outlet_protocols::card::mask_text(code.as_bytes()).found;
        scanner.scan_as("]C1", &code);
        let told = bed.next().await;
        assert_eq!((&told["text"], &told["meaning"]["type"]), (&json!(code), &json!("gs1")));
    }
    assert!(alike > 0);
}

#[tokio::test]
async fn a_marking_code_arrives_byte_for_byte() {
    for (suffix, option) in [(Suffix::CrLf, "crlf"), (Suffix::None, "none")] {
        let scanner = scanner(suffix, true);
        let mut bed = over_pty("scanner", scanner.line(), json!({"suffix": option, "silence_ms": 50})).await;
        for code in [WATER.to_owned(), format!("\u{1d}{WATER}")] {
            scanner.scan_as("]d2", &code);
            let told = bed.next().await;
            let bytes = BASE64_STANDARD.decode(told["base64"].as_str().unwrap()).unwrap();
            assert_eq!(bytes, code.as_bytes());
            assert_eq!(told["symbology"], "gs1-data-matrix");
            assert_eq!(
                (&told["meaning"]["type"], &told["meaning"]["separators"]),
                (&json!("marking"), &json!("kept"))
            );
        }
    }
}

#[tokio::test]
async fn a_marking_code_that_lost_its_separators_is_told_with_the_remedy() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = bed(&scanner, json!({})).await;
    scanner.scan(WATER.replace('\u{1d}', ""));
    let told = bed.next().await;
    assert_eq!(
        (&told["meaning"]["type"], &told["meaning"]["separators"]),
        (&json!("marking"), &json!("lost"))
    );
    let remedy = told["meaning"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("HID POS") && remedy.contains("serial"), "{remedy}");
    let test = bed.ask(outlet_devices::driver::Request::Test).await;
    assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("separators")));
}

#[tokio::test]
async fn every_suffix_ends_a_code_where_the_scanner_does() {
    let framed = |suffix| BarcodeScanner::new(ScannerFormat { suffix, aim: false, framed: true });
    for (scanner, option) in [
        (scanner(Suffix::Cr, false), "any"),
        (scanner(Suffix::Lf, false), "any"),
        (scanner(Suffix::CrLf, false), "any"),
        (scanner(Suffix::Cr, false), "cr"),
        (scanner(Suffix::CrLf, false), "cr"),
        (scanner(Suffix::Lf, false), "lf"),
        (scanner(Suffix::CrLf, false), "lf"),
        (scanner(Suffix::CrLf, false), "crlf"),
        (framed(Suffix::None), "stx-etx"),
        (framed(Suffix::CrLf), "stx-etx"),
        (scanner(Suffix::None, false), "none"),
        (scanner(Suffix::CrLf, false), "none"),
    ] {
        let mut bed = bed(&scanner, json!({"suffix": option, "silence_ms": 50})).await;
        for code in ["4607013340012", "ABC-abc 123", "2100042000032"] {
            scanner.scan(code);
            assert_eq!(bed.next().await["text"], code, "{option}");
        }
    }
}

#[tokio::test]
async fn a_code_without_the_prefix_that_each_code_has_is_told_as_cut() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = bed(&scanner, json!({"prefix": "#1"})).await;
    scanner.scan("#12012345015500");
    assert_eq!(bed.next().await["text"], "2012345015500");
    scanner.scan("2012345015500");
    let told = bed.next().await;
    assert_eq!(told["code"], "unreadable");
    assert!(told["message"].as_str().unwrap().contains("`prefix`"), "{told}");
}
