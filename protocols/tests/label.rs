//! The label document: what is read, and what is refused with its place.

#![allow(clippy::unwrap_used)]

use outlet_protocols::label::{FontSize, Label, LabelError, Media};
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(elements: Value) -> Value {
    json!({"width": 58, "height": 40, "elements": elements})
}

fn refusal(value: Value) -> String {
    match Label::from_value(value.clone()) {
        Err(LabelError::Invalid(fault)) => fault.to_string(),
        other => panic!("{value}: {other:?}"),
    }
}

#[test]
fn every_field_of_the_example_is_kept() {
    let text = include_str!("../../examples/labels/sticker.json");
    let label = Label::parse(text.as_bytes()).unwrap();
    assert_eq!((label.width, label.height, label.copies), (58.0, 40.0, 2));
    assert_eq!(label.media, Media::Gap { mm: 2.0 });
    assert_eq!(label.elements.len(), 8);
    let again = Label::from_value(serde_json::to_value(&label).unwrap()).unwrap();
    assert_eq!(again, label);
}

#[test]
fn sizes_of_fonts_are_millimetres_or_points() {
    let size =
        |value: Value| serde_json::from_value::<FontSize>(value).map(|size| (size.mm() * 100.0).round());
    assert_eq!(size(json!(3.2)).unwrap(), 320.0);
    assert_eq!(size(json!(3)).unwrap(), 300.0);
    assert_eq!(size(json!("72pt")).unwrap(), 2540.0);
    assert_eq!(size(json!("9.5 pt")).unwrap(), 335.0);
    for wrong in [json!("9"), json!("9mm"), json!("infpt"), json!("NaNpt"), json!(null), json!([])] {
        let error = size(wrong.clone()).unwrap_err().to_string();
        assert!(error.contains("9pt"), "{wrong}: {error}");
    }
}

#[test]
fn an_error_names_the_place_and_the_remedy() {
    let text = json!({"type": "text", "x": 1, "y": 1, "text": "a", "size": 3});
    let changed = |field: &str, value: Value| {
        let mut element = text.clone();
        element[field] = value;
        with(json!([text, element]))
    };
    for (value, place, part) in [
        (changed("size", json!("big")), "elements[1].size", "9pt"),
        (changed("size", json!(0.5)), "elements[1].size", "1 to 60"),
        (changed("min_size", json!(4)), "elements[1].min_size", "larger than `size`"),
        (changed("lines", json!(0)), "elements[1].lines", "1 to 100"),
        (changed("rotate", json!(45)), "elements[1].rotate", "0, 90, 180 and 270"),
        (changed("colour", json!("red")), "elements[1].colour", "unknown field"),
        (changed("type", json!("circle")), "elements[1].type", "data-matrix"),
        (changed("type", json!(7)), "elements[1].type", "not a string"),
        (changed("x", json!(-1)), "elements[1].x", "0 to 220"),
        (with(json!([{"x": 1}])), "elements[0].type", "missing"),
        (json!({"width": 5, "height": 40, "elements": []}), "width", "10 to 220"),
        (json!({"width": 58, "height": 40, "copies": 0, "elements": []}), "copies", "1 to 999"),
        (
            json!({"width": 58, "height": 40, "media": {"type": "gap", "mm": 90}, "elements": []}),
            "media.mm",
            "1 to 25",
        ),
        (
            json!({"width": 58, "height": 40, "media": {"type": "tape"}, "elements": []}),
            "media.type",
            "black-mark",
        ),
        (json!({"width": 58, "elements": []}), "", "height"),
    ] {
        let error = refusal(value);
        let at = if place.is_empty() { "" } else { &format!("{place}: ") };
        assert!(error.starts_with(at) && error.contains(part), "{place}, {part}: {error}");
    }
}

#[test]
fn data_that_no_code_takes_are_refused() {
    let barcode = |symbology: &str, data: &str| {
        with(json!([{"type": "barcode", "x": 0, "y": 0, "height": 9, "symbology": symbology, "data": data}]))
    };
    for (value, place, part) in [
        (barcode("ean13", "2012345015501"), "elements[0].data", "should be 0"),
        (barcode("ean13", "123"), "elements[0].data", "13 with the check digit"),
        (barcode("code128", "цена"), "elements[0].data", "ASCII"),
        (barcode("pdf417", "1"), "elements[0].symbology", "data-matrix"),
        (barcode("ean13", ""), "elements[0].data", "empty"),
        (with(json!([{"type": "data-matrix", "x": 0, "y": 0, "data": "я"}])), "elements[0].data", "ASCII"),
        (with(json!([{"type": "qr", "x": 0, "y": 0, "data": ""}])), "elements[0].data", "empty"),
    ] {
        let error = refusal(value);
        assert!(error.starts_with(&format!("{place}: ")) && error.contains(part), "{part}: {error}");
    }
}

#[test]
fn broken_json_is_refused_with_its_line() {
    let error = Label::parse(b"{\"width\": 58,\n \"height\" 40}").unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn the_schema_knows_every_element() {
    let schema = serde_json::to_string(&schemars::schema_for!(Label)).unwrap();
    for name in ["text", "barcode", "qr", "data-matrix", "line", "box", "image", "black-mark", "rotate"] {
        assert!(schema.contains(&format!("\"{name}\"")), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Label::parse(&bytes);
    }
}
