//! GS1 element strings.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::code::gs1::{self, Gs1, Gs1Error};
use outlet_protocols::code::{Fault, Meaning, Patterns, Quantity, meaning};
use serde_json::json;

fn parse(data: &str) -> Gs1 {
    gs1::parse(data.as_bytes()).unwrap_or_else(|error| panic!("{data:?}: {error}"))
}

fn refused(data: &str) -> Gs1Error {
    gs1::parse(data.as_bytes()).expect_err(data)
}

fn pairs(gs1: &Gs1) -> Vec<(&str, &str)> {
    gs1.elements.iter().map(|element| (element.ai.as_str(), element.value.as_str())).collect()
}

// The vector of the sheet; the code is the example of GS1 DataBar Expanded in the GS1 General Specifications.
#[test]
fn a_weight_is_read_from_a_databar() {
    let read = meaning(b"]e001900123456789083103001550", None, &Patterns::default());
    let Meaning::Gs1(gs1) = &read else { panic!("{read:?}") };
    assert_eq!(gs1.gtin.as_deref(), Some("90012345678908"));
    assert_eq!(gs1.quantity, Some(Quantity::Weight { value: "1.550".parse().unwrap(), unit: "kg".into() }));
    assert_eq!(
        serde_json::to_value(&read).unwrap(),
        json!({"type": "gs1", "gtin": "90012345678908",
               "quantity": {"kind": "weight", "value": "1.550", "unit": "kg"},
               "elements": [{"ai": "01", "title": "GTIN", "value": "90012345678908"},
                            {"ai": "3103", "title": "NET WEIGHT (kg)", "value": "001550", "number": "1.550",
                             "unit": "kg"}]})
    );
}

#[test]
fn the_last_digit_of_the_identifier_places_the_point() {
    for (ai, number) in [("3100", "1550"), ("3101", "155.0"), ("3103", "1.550"), ("3105", "0.01550")] {
        let read = parse(&format!("{ai}001550"));
        assert_eq!(read.elements[0].number.unwrap().to_string(), number, "{ai}");
    }
}

#[test]
fn elements_of_variable_length_end_with_a_separator_and_fixed_ones_by_themselves() {
    let read = parse("011234567890123117251130102A\u{1d}21SN-1\u{1d}3712");
    assert_eq!(
        pairs(&read),
        [("01", "12345678901231"), ("17", "251130"), ("10", "2A"), ("21", "SN-1"), ("37", "12")]
    );
    assert_eq!(read.find("37").unwrap().number, Some(12.into()));
    assert_eq!(read.quantity, Some(Quantity::Pieces { value: 12.into() }));
}

#[test]
fn a_separator_behind_a_fixed_element_or_in_front_of_all_does_no_harm() {
    let plain = parse("0112345678901231172511301012");
    assert_eq!(parse("0112345678901231\u{1d}17251130\u{1d}1012"), plain);
    assert_eq!(parse("\u{1d}0112345678901231172511301012"), plain);
    assert_eq!(parse("0112345678901231172511301012\u{1d}"), plain);
}

#[test]
fn values_are_neither_trimmed_nor_changed_in_case() {
    assert_eq!(
        pairs(&parse("10aBc-00_7\u{1d}21 x".replace(' ', "=").as_str())),
        [("10", "aBc-00_7"), ("21", "=x")]
    );
}

#[test]
fn day_00_is_the_last_one_of_the_month() {
    for (value, day) in [
        ("260200", "2026-02-28"),
        ("280200", "2028-02-29"),
        ("261100", "2026-11-30"),
        ("260715", "2026-07-15"),
    ] {
        let read = parse(&format!("17{value}"));
        assert_eq!(serde_json::to_value(read.elements[0].date).unwrap(), json!(day));
    }
    assert_eq!(refused("17260230"), Gs1Error::NoDay { ai: "17".into(), value: "260230".into() });
    assert_eq!(refused("17261300"), Gs1Error::NoDay { ai: "17".into(), value: "261300".into() });
    // By GS1's window 850101 is of the last century.
    assert_eq!(parse("17850101").elements[0].date, None);
}

#[test]
fn an_amount_comes_with_its_currency() {
    let read = parse("3932643000012550");
    assert_eq!(
        (read.elements[0].number, read.elements[0].unit.as_deref()),
        ("125.50".parse().ok(), Some("643"))
    );
    let read = parse("392212550");
    assert_eq!((read.elements[0].number, read.elements[0].unit.as_deref()), ("125.50".parse().ok(), None));
}

#[test]
fn parts_that_may_be_left_out_may_be_left_out() {
    parse("7007260101");
    parse("7007260101260131");
    parse("2534006381333931");
    parse("2534006381333931SERIAL");
    assert!(matches!(refused("70072601012601"), Gs1Error::Short { .. }));
}

#[test]
fn a_wrong_check_digit_makes_the_whole_code_wrong() {
    assert_eq!(
        refused("01900123456789073103001550"),
        Gs1Error::CheckDigit { ai: "01".into(), value: "90012345678907".into(), expected: 8 }
    );
    let read = meaning(b"]e001900123456789073103001550", None, &Patterns::default());
    assert!(matches!(&read, Meaning::Wrong(wrong) if wrong.what == Fault::CheckDigit), "{read:?}");
}

#[test]
fn a_lost_separator_is_named_with_the_remedy() {
    let error = refused("10LOT-WITH-A-LONG-NAME-21SERIAL");
    assert_eq!(error, Gs1Error::Long { ai: "10".into(), found: 29, most: 20 });
    assert!(error.to_string().ends_with("let the scanner pass GS on"));
    let read = meaning(b"]C110LOT-WITH-A-LONG-NAME-21SERIAL", None, &Patterns::default());
    assert!(matches!(&read, Meaning::Wrong(wrong) if wrong.what == Fault::Gs1), "{read:?}");
}

#[test]
fn what_is_cut_or_foreign_is_refused_with_its_place() {
    assert_eq!(refused("31030015"), Gs1Error::Short { ai: "3103".into(), found: 4, wanted: 6 });
    assert_eq!(refused("3103\u{1d}001550"), Gs1Error::Short { ai: "3103".into(), found: 0, wanted: 6 });
    assert_eq!(refused("01123456789012318899"), Gs1Error::Unknown { at: 17, found: "8899".into() });
    assert_eq!(refused("AB"), Gs1Error::Unknown { at: 1, found: "AB".into() });
    assert_eq!(refused("3103OO1550"), Gs1Error::Character { ai: "3103".into(), found: 'O' });
    assert_eq!(refused("10a b"), Gs1Error::Character { ai: "10".into(), found: ' ' });
    assert_eq!(refused(""), Gs1Error::Empty);
    assert_eq!(refused("10Ж"), Gs1Error::NotAscii);
    assert_eq!(refused("10"), Gs1Error::Short { ai: "10".into(), found: 0, wanted: 1 });
}

#[test]
fn two_weights_are_not_a_weight() {
    assert_eq!(refused("31030015503103001551"), Gs1Error::Twice { ai: "3103".into() });
    parse("31030015503103001550");
}

// 7.8.5: the length of what begins with 11 to 19 will not change, so an element that is not known can be
// passed over.
#[test]
fn an_identifier_of_the_future_with_a_predefined_length_is_kept_without_a_title() {
    let read = parse("182601010112345678901231");
    assert_eq!(pairs(&read), [("18", "260101"), ("01", "12345678901231")]);
    assert_eq!(read.elements[0].title, None);
}

#[test]
fn gs1_is_only_looked_for_where_the_symbology_or_a_separator_says_so() {
    let read = |code: &str| meaning(code.as_bytes(), None, &Patterns::default());
    for code in ["]C110ABC", "]e010ABC", "]d210ABC", "]Q310ABC", "\u{1d}10ABC", "10ABC\u{1d}"] {
        assert!(matches!(read(code), Meaning::Gs1(_)), "{code:?}: {:?}", read(code));
    }
    for code in ["]C010ABC", "]d110ABC", "]Q110ABC", "10ABC", "no\u{1d}elements"] {
        assert!(matches!(read(code), Meaning::Text { .. }), "{code:?}: {:?}", read(code));
    }
}
