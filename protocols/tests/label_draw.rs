//! The picture of a label: codes that a scanner reads, text that stays where it belongs.

#![allow(clippy::unwrap_used)]

mod label_support;

use label_support::{black_box, is_white, label, picture, printer, printer_of, scan};
use outlet_protocols::label::{Label, LabelError, Language, draw, png};
use outlet_protocols::raster::Bitmap;
use proptest::prelude::*;
use rxing::BarcodeFormat;
use serde_json::{Value, json};

/// A label that is as large as needed, with one element at its corner.
fn alone(mut element: Value) -> Label {
    element["x"] = json!(0);
    element["y"] = json!(0);
    Label::from_value(json!({"width": 100, "height": 100, "elements": [element]})).unwrap()
}

#[test]
fn weight_barcodes_of_the_sheet_are_read_as_they_were_given_at_every_resolution() {
    for data in ["2012345015500", "2000001015506", "2100042000032", "2112345015002", "2302148210869"] {
        for dpi in [203, 300, 600] {
            let label = alone(json!({"type": "barcode", "symbology": "ean13", "data": data, "height": 10}));
            let picture = draw(&label, &printer_of(dpi)).unwrap().picture;
            assert_eq!(scan(&picture, BarcodeFormat::EAN_13).as_deref(), Some(data), "{dpi} dpi");
        }
    }
}

#[test]
fn bars_of_two_dots_are_read_too() {
    let barcode = json!({"type": "barcode", "symbology": "ean13", "data": "2012345015500", "height": 6, "module": 0.25});
    let picture = picture(&alone(barcode));
    assert_eq!(scan(&picture, BarcodeFormat::EAN_13).as_deref(), Some("2012345015500"));
    let (left, _, right, _) = black_box(&picture).unwrap();
    assert!(right - left >= 95 * 2, "{left} to {right}");
}

#[test]
fn all_linear_symbologies_are_read() {
    for (symbology, data, format) in [
        ("ean8", "96385074", BarcodeFormat::EAN_8),
        ("code128", "Lot 42/A-7", BarcodeFormat::CODE_128),
        ("code128", "12345678901234", BarcodeFormat::CODE_128),
        ("code39", "ABC-123", BarcodeFormat::CODE_39),
        ("itf", "00012345678905", BarcodeFormat::ITF),
    ] {
        for rotate in [0, 90, 180, 270] {
            let barcode = json!({"type": "barcode", "symbology": symbology, "data": data, "height": 12, "rotate": rotate});
            let mut picture = picture(&alone(barcode));
            // A scanner holds a label as it finds it; this library reads bars upright.
            for _ in 0..(360 - rotate) / 90 % 4 {
                picture = quarter(&picture);
            }
            assert_eq!(scan(&picture, format).as_deref(), Some(data), "{symbology} {rotate}");
        }
    }
}

/// A quarter turn clockwise.
fn quarter(picture: &Bitmap) -> Bitmap {
    let mut turned = Bitmap::new(picture.height(), picture.width());
    for y in 0..picture.height() {
        for x in 0..picture.width() {
            turned.set(picture.height() - 1 - y, x, picture.get(x, y));
        }
    }
    turned
}

#[test]
fn a_quiet_zone_is_part_of_a_barcode() {
    let barcode = json!({"type": "barcode", "symbology": "ean13", "data": "2012345015500", "height": 10,
                         "module": 0.25, "text": false});
    let picture = picture(&alone(barcode));
    assert_eq!(black_box(&picture), Some((11 * 2, 0, (11 + 95) * 2, 80)));
}

#[test]
fn qr_codes_hold_any_text() {
    for data in ["https://example.com/4840001", "Салат «Цезарь», 0,350 кг", "^XA^FD~HS\"\r\nPRINT 1,99"]
    {
        let picture = picture(&alone(json!({"type": "qr", "data": data, "correction": "q"})));
        assert_eq!(scan(&picture, BarcodeFormat::QR_CODE).as_deref(), Some(data));
    }
}

/// ISO/IEC 16022, table 7: how many codewords each square symbol holds; a letter is one.
#[test]
fn data_matrix_codes_of_every_size_are_read() {
    for (side, codewords) in [
        (10, 3),
        (12, 5),
        (14, 8),
        (16, 12),
        (18, 18),
        (20, 22),
        (22, 30),
        (24, 36),
        (26, 44),
        (32, 62),
        (36, 86),
        (40, 114),
        (44, 144),
        (48, 174),
        (52, 204),
        (64, 280),
        (72, 368),
        (80, 456),
        (88, 576),
        (96, 696),
        (104, 816),
    ] {
        // Full, and with two codewords of padding.
        for length in [codewords, codewords - 2] {
            let data: String = (0..length).map(|i| char::from(b'A' + (i * 7 % 26) as u8)).collect();
            let picture = picture(&alone(json!({"type": "data-matrix", "data": data, "module": 0.375})));
            let (left, top, right, bottom) = black_box(&picture).unwrap();
            assert_eq!((left, top), (3, 3), "the quiet zone of one module");
            if length == codewords {
                assert_eq!((right - left, bottom - top), (side * 3, side * 3), "{length} characters");
            }
            let code = part(&picture, (left, top, right, bottom));
            assert_eq!(scan(&code, BarcodeFormat::DATA_MATRIX), Some(data), "{length} characters");
        }
    }
}

#[test]
fn more_data_than_the_largest_data_matrix_holds_are_refused() {
    let label = alone(json!({"type": "data-matrix", "data": "A".repeat(817)}));
    let error = draw(&label, &printer(Language::Zpl)).unwrap_err();
    assert_eq!(error.fault().at, "elements[0].data");
    let digits = alone(json!({"type": "data-matrix", "data": "7".repeat(1_632), "module": 0.375}));
    assert!(draw(&digits, &printer(Language::Zpl)).is_ok());
}

fn part(picture: &Bitmap, (left, top, right, bottom): (u16, u16, u16, u16)) -> Bitmap {
    let mut part = Bitmap::new(right - left, bottom - top);
    for y in top..bottom {
        for x in left..right {
            part.set(x - left, y - top, picture.get(x, y));
        }
    }
    part
}

/// The marking code's fields are parted by GS, for which a GS1 code has FNC1.
#[test]
fn a_marking_code_is_read_with_its_separators() {
    let label = Label::parse(include_bytes!("../../examples/labels/marking.json")).unwrap();
    let read = scan(&picture(&label), BarcodeFormat::DATA_MATRIX).unwrap();
    let data =
        "0104607015201015215Qbaf2KQnIlxP\u{1d}91EE06\u{1d}92tHnkkoI1R0u6nq5KrDSf3CuWPdFyTDOyC9zVCLvS5vg=";
    assert_eq!(read.trim_start_matches('\u{1d}'), data);
}

#[test]
fn what_would_be_cut_off_is_refused_with_how_much() {
    for (element, place, part) in [
        (
            json!({"type": "barcode", "x": 20, "y": 2, "symbology": "ean13", "data": "2012345015500", "height": 9}),
            "elements[0]",
            "right edge",
        ),
        (
            json!({"type": "barcode", "x": 0, "y": 30, "symbology": "ean13", "data": "2012345015500", "height": 9}),
            "elements[0]",
            "lower edge",
        ),
        (json!({"type": "line", "x": 50, "y": 1, "length": 9}), "elements[0]", "1.0 mm over the right edge"),
        (
            json!({"type": "box", "x": 0, "y": 0, "width": 58, "height": 41}),
            "elements[0]",
            "1.0 mm over the lower edge",
        ),
        (json!({"type": "qr", "x": 50, "y": 1, "data": "https://example.com"}), "elements[0]", "right edge"),
        (
            json!({"type": "text", "x": 50, "y": 1, "text": "a", "size": 3, "width": 20}),
            "elements[0].width",
            "there are 8.0 mm",
        ),
        (json!({"type": "text", "x": 1, "y": 38, "text": "a", "size": 3}), "elements[0].text", "more room"),
        (
            json!({"type": "text", "x": 1, "y": 1, "text": "one two three", "size": 9, "lines": 1}),
            "elements[0].text",
            "more room",
        ),
    ] {
        let label = label(json!([element]));
        match draw(&label, &printer(Language::Tspl)) {
            Err(LabelError::DoesNotFit(fault)) => {
                assert_eq!(fault.at, place);
                assert!(fault.problem.contains(part), "{}", fault.problem);
            }
            other => panic!("{element}: {other:?}"),
        }
    }
}

#[test]
fn a_label_wider_than_the_head_is_not_for_this_printer() {
    let label = Label::from_value(json!({"width": 110, "height": 40, "elements": []})).unwrap();
    let error = draw(&label, &printer(Language::Tspl)).unwrap_err();
    assert!(matches!(error, LabelError::Unsupported(_)), "{error:?}");
    assert!(error.to_string().contains("104.0 mm"), "{error}");
}

#[test]
fn shortened_text_is_reported_and_characters_without_a_glyph_are_too() {
    let label = label(json!([
        {"type": "text", "x": 0, "y": 0, "text": "one two three four five six seven", "size": 5, "lines": 1, "overflow": "shorten"},
        {"type": "text", "x": 0, "y": 20, "text": "米 rice", "size": 5}
    ]));
    let drawn = draw(&label, &printer(Language::Zpl)).unwrap();
    assert_eq!(drawn.shortened.len(), 1);
    assert_eq!(drawn.shortened[0].at, "elements[0].text");
    assert!("one two three four five six seven".ends_with(&drawn.shortened[0].lost), "{:?}", drawn.shortened);
    assert_eq!(drawn.boxed, ['米']);
}

#[test]
fn turned_text_is_the_same_picture_turned() {
    let text = |rotate: u16| {
        let text = json!({"type": "text", "x": 0, "y": 0, "text": "Ужин 7", "size": 5, "width": 30, "rotate": rotate});
        let picture = picture(&label(json!([text])));
        part(&picture, black_box(&picture).unwrap())
    };
    let upright = text(0);
    assert_eq!(text(90), quarter(&upright));
    assert_eq!(text(180), quarter(&quarter(&upright)));
    assert_eq!(text(270), quarter(&quarter(&quarter(&upright))));
}

#[test]
fn text_stands_where_it_is_aligned() {
    let span = |align: &str| {
        let text =
            json!({"type": "text", "x": 10, "y": 5, "text": "MM", "size": 4, "width": 30, "align": align});
        let (left, _, right, _) = black_box(&picture(&label(json!([text])))).unwrap();
        (left, right)
    };
    let (left, centre, right) = (span("left"), span("center"), span("right"));
    assert!((80..84).contains(&left.0), "{left:?}");
    assert!((316..=320).contains(&right.1), "{right:?}");
    assert!((centre.0 + centre.1).abs_diff(2 * 200) <= 3, "{centre:?}");
}

#[test]
fn a_picture_keeps_its_proportions_and_a_broken_one_is_refused() {
    let mut square = Bitmap::new(40, 20);
    square.fill(0, 0, 40, 20);
    let file = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, png(&square));
    let image = |data: &str| json!([{"type": "image", "x": 10, "y": 10, "width": 20, "data": data}]);
    assert_eq!(black_box(&picture(&label(image(&file)))), Some((80, 80, 240, 160)));
    for broken in ["AAAA", "???", &file[..40]] {
        let error = draw(&label(image(broken)), &printer(Language::Zpl)).unwrap_err();
        assert_eq!(error.fault().at, "elements[0].data", "{error}");
    }
}

#[test]
fn boxes_and_lines_are_as_thick_as_they_are_told() {
    let frame =
        picture(&label(json!([{"type": "box", "x": 1, "y": 1, "width": 10, "height": 5, "thickness": 0.5}])));
    assert_eq!(black_box(&frame), Some((8, 8, 88, 48)));
    assert!(frame.get(11, 11) && !frame.get(12, 12) && !frame.get(83, 43) && frame.get(84, 44));
    let line = picture(&label(
        json!([{"type": "line", "x": 3, "y": 2, "length": 10, "vertical": true, "thickness": 0.1}]),
    ));
    assert_eq!(black_box(&line), Some((24, 16, 25, 96)));
    assert!(is_white(&picture(&label(json!([])))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn text_keeps_to_its_width_and_below_its_place(
        text in "[A-ZА-Яăîșț]{1,12}( [a-zа-я]{1,14}){0,8}",
        x in 0u16..20, y in 0u16..10, width in 20u16..38, size in 2u16..6,
    ) {
        let element = json!({"type": "text", "x": x, "y": y, "text": text, "size": size, "min_size": 1.65,
                             "width": width, "overflow": "shorten"});
        let drawn = draw(&label(json!([element])), &printer(Language::Epl)).unwrap();
        if let Some((left, top, right, bottom)) = black_box(&drawn.picture) {
            prop_assert!(left >= x * 8 && right <= (x + width) * 8, "{left} to {right}");
            prop_assert!(top >= y * 8 && bottom <= 320);
        }
    }

    #[test]
    fn digits_survive_at_any_place(data in "[0-9]{12}", x in 0u16..10, y in 0u16..15, height in 6u16..12) {
        let element = json!({"type": "barcode", "x": x, "y": y, "symbology": "ean13", "data": data, "height": height});
        let read = scan(&picture(&label(json!([element]))), BarcodeFormat::EAN_13).unwrap();
        prop_assert_eq!(&read[..12], data);
    }
}
