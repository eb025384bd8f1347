//! What scanned codes mean.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::code::{Fault, Meaning, Patterns, Quantity, Symbology, identify, meaning};
use serde_json::{Value, json};

fn read(code: &str) -> Meaning {
    meaning(code.as_bytes(), None, &Patterns::default())
}

fn shown(code: &str) -> Value {
    serde_json::to_value(read(code)).unwrap()
}

fn fault(meaning: &Meaning) -> Option<Fault> {
    match meaning {
        Meaning::Wrong(wrong) => Some(wrong.what),
        _ => None,
    }
}

// The vectors of rules R1 to R3 of the restaurant.
#[test]
fn a_code_of_prefix_20_is_an_item_by_weight_in_thousandths_of_a_kilogram() {
    assert_eq!(
        shown("2012345015500"),
        json!({"type": "item", "pattern": "weight-20", "code": "12345", "key": "2012345000001",
               "barcode": "2012345015500", "quantity": {"kind": "weight", "value": "1.550", "unit": "kg"}})
    );
    let Meaning::Item(item) = read("2000001015506") else { panic!() };
    assert_eq!(item.code, "00001");
    assert_eq!(item.quantity, Some(Quantity::Weight { value: "1.550".parse().unwrap(), unit: "kg".into() }));
}

#[test]
fn a_code_of_prefix_21_is_an_item_in_pieces() {
    let Meaning::Item(item) = read("2100042000032") else { panic!() };
    assert_eq!((item.code.as_str(), item.quantity), ("00042", Some(Quantity::Pieces { value: 3.into() })));
}

#[test]
fn a_weight_code_with_a_wrong_check_digit_is_never_a_weight() {
    for wrong in '0'..='9' {
        let code = format!("201234501550{wrong}");
        match read(&code) {
            Meaning::Item(item) => assert_eq!((wrong, item.code.as_str()), ('0', "12345")),
            other => {
                assert_eq!(fault(&other), Some(Fault::CheckDigit), "{code}: {other:?}");
                assert_ne!(wrong, '0');
            }
        }
    }
    assert_eq!(
        shown("2012345015507"),
        json!({"type": "wrong", "what": "check-digit", "pattern": "weight-20",
               "message": "the check digit of 2012345015507 should be 0; scan it again, or key in the item"})
    );
}

#[test]
fn the_lookup_key_scanned_by_itself_names_the_item_without_a_quantity() {
    let Meaning::Item(item) = read("2012345000001") else { panic!() };
    assert_eq!((item.key.as_str(), item.quantity), ("2012345000001", None));
}

#[test]
fn a_weight_code_is_one_in_any_symbology_that_the_scanner_names() {
    for code in ["]E02012345015500", "]C02012345015500"] {
        assert!(matches!(read(code), Meaning::Item(_)), "{code}");
    }
    let by_hid = meaning(b"2012345015500", Some(Symbology::Ean13), &Patterns::default());
    assert!(matches!(by_hid, Meaning::Item(_)));
}

// The number of a guest's card on Code 128 has no check digit of EAN.
#[test]
fn digits_of_another_symbology_are_text_where_the_check_digit_is_not_that_of_an_ean() {
    assert_eq!(shown("]C02012345015507"), json!({"type": "text", "text": "2012345015507"}));
    assert_eq!(shown("]A02012345"), json!({"type": "text", "text": "2012345"}));
}

#[test]
fn products_are_known_by_14_digits_whatever_the_length_of_their_code() {
    // GS1 General Specifications and the public examples of them.
    for (code, gtin) in [
        ("4006381333931", "04006381333931"),
        ("]E04006381333931", "04006381333931"),
        ("]E496385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("]I100012345678905", "00012345678905"),
    ] {
        let Meaning::Product(product) = read(code) else { panic!("{code}: {:?}", read(code)) };
        assert_eq!((product.gtin.as_str(), product.in_store), (gtin, false), "{code}");
    }
}

// The example of UPC-E in Wikipedia's article on the Universal Product Code: 654321 is 065100004327.
#[test]
fn a_upc_e_gets_its_zeros_back() {
    let upc_e = meaning(b"06543217", Some(Symbology::UpcE), &Patterns::default());
    let Meaning::Product(product) = upc_e else { panic!("{upc_e:?}") };
    assert_eq!((product.code.as_str(), product.gtin.as_str()), ("06543217", "00065100004327"));
    let wrong = meaning(b"06543218", Some(Symbology::UpcE), &Patterns::default());
    assert_eq!(fault(&wrong), Some(Fault::CheckDigit));
}

#[test]
fn a_number_that_only_a_store_gives_a_meaning_says_so() {
    let Meaning::Product(product) = read("]E02912345678906") else { panic!() };
    assert!(product.in_store);
}

#[test]
fn a_wrong_ean_is_wrong_where_the_scanner_says_ean_and_text_where_nobody_does() {
    assert_eq!(fault(&read("]E04006381333932")), Some(Fault::CheckDigit));
    assert_eq!(shown("4006381333932"), json!({"type": "text", "text": "4006381333932"}));
}

#[test]
fn digits_beside_an_ean_are_apart() {
    let Meaning::Product(product) = read("]E3978020137962452495") else { panic!() };
    assert_eq!((product.code.as_str(), product.add_on.as_deref()), ("9780201379624", Some("52495")));
    assert_eq!(shown("]E252495"), json!({"type": "text", "text": "52495"}));
}

#[test]
fn text_is_neither_trimmed_nor_changed() {
    assert_eq!(shown("  Гость 42 "), json!({"type": "text", "text": "  Гость 42 "}));
    assert_eq!(
        shown("]Q0https://example.com/Menu?T=7"),
        json!({"type": "text", "text": "https://example.com/Menu?T=7"})
    );
    assert_eq!(shown(""), json!({"type": "text", "text": ""}));
}

// The list of the sheet, GS1 General Specifications 5.1.3, and the tables in manuals of Zebra and Opticon.
#[test]
fn the_mark_of_the_symbology_names_it() {
    for (mark, symbology, gs1) in [
        ("]E0", Symbology::Ean13, false),
        ("]E4", Symbology::Ean8, false),
        ("]E3", Symbology::Ean13AddOn, false),
        ("]C0", Symbology::Code128, false),
        ("]C1", Symbology::Gs1128, true),
        ("]e0", Symbology::Gs1DataBar, true),
        ("]d1", Symbology::DataMatrix, false),
        ("]d2", Symbology::Gs1DataMatrix, true),
        ("]d5", Symbology::Gs1DataMatrix, true),
        ("]Q1", Symbology::Qr, false),
        ("]Q3", Symbology::Gs1Qr, true),
        ("]J1", Symbology::Gs1DotCode, true),
        ("]I1", Symbology::Interleaved2Of5, false),
        ("]A7", Symbology::Code39, false),
        ("]F0", Symbology::Codabar, false),
        ("]L2", Symbology::Pdf417, false),
        ("]z0", Symbology::Aztec, false),
        ("]zC", Symbology::Aztec, false),
        ("]X0", Symbology::Other, false),
    ] {
        let found = identify(format!("{mark}1").as_bytes()).unwrap();
        assert_eq!(
            (found.symbology, found.guess, found.symbology.carries_gs1()),
            (symbology, false, gs1),
            "{mark}"
        );
    }
}

#[test]
fn without_a_mark_the_symbology_is_a_guess_or_unknown() {
    for (data, symbology) in [
        ("4006381333931", Symbology::Ean13),
        ("96385074", Symbology::Ean8),
        ("036000291452", Symbology::UpcA),
        ("06543217", Symbology::UpcE),
        ("0104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP", Symbology::Gs1DataMatrix),
    ] {
        let found = identify(data.as_bytes()).unwrap();
        assert_eq!((found.symbology, found.guess), (symbology, true), "{data}");
    }
    for data in ["4006381333932", "GUEST", "", "]", "]E", "]é0"] {
        assert_eq!(identify(data.as_bytes()), None, "{data}");
    }
}

#[test]
fn meanings_have_a_schema() {
    let schema = serde_json::to_string(&schemars::schema_for!(Meaning)).unwrap();
    for word in ["item", "gs1", "marking", "product", "text", "wrong", "price-verifier", "tobacco-block"] {
        assert!(schema.contains(&format!("\"{word}\"")), "{word} in {schema}");
    }
}
