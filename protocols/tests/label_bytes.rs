//! The bytes that are sent: skeletons of the vendors' documents, and the picture that comes out of them.

#![allow(clippy::unwrap_used)]

mod label_support;

use label_support::printers::print;
use label_support::{LANGUAGES, label, printer};
use outlet_protocols::label::{Label, Language, Printer, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

fn bytes(language: Language, label: &Label) -> Vec<u8> {
    encode(label, &printer(language)).unwrap().bytes
}

/// A label of 10 x 5 mm with a box of 8 x 2 dots, 8 dots from the left and 16 from the top.
fn small(media: Value, copies: u16) -> Label {
    Label::from_value(json!({"width": 10, "height": 5, "media": media, "copies": copies, "elements": [
        {"type": "box", "x": 1, "y": 2, "width": 1, "height": 0.25, "fill": true}
    ]}))
    .unwrap()
}

#[test]
fn tspl_follows_its_skeleton() {
    let head = "\r\nSIZE 10 mm,5 mm\r\nGAP 2.5 mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n";
    let expected = [head.as_bytes(), b"BITMAP 8,16,1,2,0,\x00\x00\r\nPRINT 1,3\r\n"].concat();
    assert_eq!(bytes(Language::Tspl, &small(json!({"type": "gap", "mm": 2.5}), 3)), expected);
}

#[test]
fn zpl_follows_its_skeleton() {
    let expected =
        "^XA\r\n^PW80^LL40^LH0,0^LS0^MNY^PON^PMN^LRN\r\n^FO8,16^GFA,2,2,1,!:^FS\r\n^PQ3,0,1,N\r\n^XZ\r\n";
    let found = bytes(Language::Zpl, &small(json!({"type": "gap", "mm": 2.5}), 3));
    assert_eq!(String::from_utf8(found).unwrap(), expected);
}

#[test]
fn epl_follows_its_skeleton() {
    let expected = [b"\nN\nq80\nQ40,20\nR0,0\nZT\nN\nGW8,16,1,2,".as_slice(), b"\x00\x00\nP3\n"].concat();
    assert_eq!(bytes(Language::Epl, &small(json!({"type": "gap", "mm": 2.5}), 3)), expected);
}

#[test]
fn each_language_says_how_the_next_label_is_found() {
    let setting = |language, media: Value, name: &str| {
        let label = small(media, 1);
        print(language, &bytes(language, &label), (80, 40)).unwrap().settings.get(name).cloned()
    };
    let mark = json!({"type": "black-mark", "mm": 3});
    let endless = json!({"type": "continuous"});
    assert_eq!(setting(Language::Tspl, mark.clone(), "BLINE").as_deref(), Some("3 mm,0 mm"));
    assert_eq!(setting(Language::Tspl, endless.clone(), "GAP").as_deref(), Some("0 mm,0 mm"));
    assert_eq!(setting(Language::Zpl, mark.clone(), "MN").as_deref(), Some("M"));
    assert_eq!(setting(Language::Zpl, endless.clone(), "MN").as_deref(), Some("N"));
    assert_eq!(setting(Language::Epl, mark, "Q").as_deref(), Some("B24+0"));
    assert_eq!(setting(Language::Epl, endless, "Q").as_deref(), Some("0"));
    // 16 dots are the least gap of the guide.
    assert_eq!(setting(Language::Epl, json!({"type": "gap", "mm": 1}), "Q").as_deref(), Some("16"));
}

#[test]
fn a_turned_printer_prints_from_the_other_end() {
    for (language, name, usual, turned) in [
        (Language::Tspl, "DIRECTION", "1", "0"),
        (Language::Zpl, "PO", "N", "I"),
        (Language::Epl, "Z", "T", "B"),
    ] {
        let setting = |turned| {
            let printer = Printer { turned, ..printer(language) };
            let bytes = encode(&small(json!({"type": "continuous"}), 1), &printer).unwrap().bytes;
            print(language, &bytes, (80, 40)).unwrap().settings.get(name).cloned()
        };
        assert_eq!((setting(false).as_deref(), setting(true).as_deref()), (Some(usual), Some(turned)));
    }
}

#[test]
fn what_every_printer_prints_is_the_picture_of_the_preview() {
    for text in [
        include_str!("../../examples/labels/sticker.json"),
        include_str!("../../examples/labels/marking.json"),
    ] {
        let label = Label::parse(text.as_bytes()).unwrap();
        for language in LANGUAGES {
            let encoded = encode(&label, &printer(language)).unwrap();
            let picture = &encoded.drawn.picture;
            let printed = print(language, &encoded.bytes, (picture.width(), picture.height())).unwrap();
            assert!(printed.picture == *picture, "{language:?}");
            assert_eq!(printed.copies, u32::from(label.copies));
        }
    }
}

#[test]
fn a_large_label_is_sent_in_pieces_that_every_language_takes() {
    let label = Label::from_value(json!({"width": 104, "height": 300, "elements": [
        {"type": "box", "x": 0, "y": 0, "width": 104, "height": 300, "fill": true}
    ]}))
    .unwrap();
    for language in LANGUAGES {
        let encoded = encode(&label, &printer(language)).unwrap();
        let printed = print(language, &encoded.bytes, (832, 2400)).unwrap();
        assert!(printed.picture == encoded.drawn.picture, "{language:?}");
    }
}

#[test]
fn an_empty_label_is_fed_all_the_same() {
    for language in LANGUAGES {
        let printed = print(language, &bytes(language, &label(json!([]))), (464, 320)).unwrap();
        assert_eq!(printed.copies, 1);
    }
}

/// Dots and places without the data: what is left could be a command.
fn commands(language: Language, bytes: &[u8]) -> String {
    let printed = print(language, bytes, (464, 320)).unwrap();
    format!("{:?} {}", printed.settings, printed.copies)
}

/// TSC, *TSPL/TSPL2 Programming Language*: `ESC ! R` resets the printer, at any time.
#[test]
fn no_dots_become_an_immediate_command_of_tspl() {
    // White dots are sent as 1: where ESC, ! and R have a 0, there is black.
    let dots = |byte: u8| (0..8).filter(move |bit| byte >> (7 - bit) & 1 == 0);
    let mut elements = Vec::new();
    for (row, bytes) in [b"\x1b!R\x1b", b"!R\x1b!", b"?\x1b!\x1b", b"!!!!"].iter().enumerate() {
        for (column, &byte) in bytes.iter().enumerate() {
            for bit in dots(byte) {
                let (x, y) = ((column * 8 + bit) as f64 / 8.0, row as f64 / 8.0);
                elements.push(
                    json!({"type": "box", "x": x, "y": y, "width": 0.1, "height": 0.1, "thickness": 0.1}),
                );
            }
        }
    }
    let label = Label::from_value(json!({"width": 10, "height": 5, "elements": elements})).unwrap();
    let encoded = encode(&label, &printer(Language::Tspl)).unwrap();
    assert!(!encoded.bytes.windows(2).any(|pair| pair == b"\x1b!"), "{:x?}", encoded.bytes);
    assert!(encoded.bytes.contains(&0x1b));
    let printed = print(Language::Tspl, &encoded.bytes, (80, 40)).unwrap();
    assert!(printed.picture == encoded.drawn.picture);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_a_command(
        text in prop_oneof![
            Just("^XA^FDx^FS^PQ99^XZ~HS~JR\u{1b}!?".to_owned()),
            Just("\"\r\nPRINT 1,99\r\nFORMAT\r\nN\nP99\n".to_owned()),
            "[\\x00-\\x7f]{0,60}",
            "\\PC{0,40}",
        ],
        code in "[\\x00-\\x7f]{1,12}",
    ) {
        let plain = label(json!([]));
        let label = label(json!([
            {"type": "text", "x": 1, "y": 1, "text": text, "size": 2, "overflow": "shorten"},
            {"type": "barcode", "x": 0, "y": 20, "symbology": "code128", "data": code, "height": 5, "module": 0.15, "text": false},
            {"type": "qr", "x": 40, "y": 20, "data": text.clone() + "x", "module": 0.125 * 1.2},
        ]));
        for language in LANGUAGES {
            let Ok(encoded) = encode(&label, &printer(language)) else { continue };
            prop_assert_eq!(commands(language, &encoded.bytes), commands(language, &bytes(language, &plain)));
            let printed = print(language, &encoded.bytes, (464, 320)).unwrap();
            prop_assert!(printed.picture == encoded.drawn.picture);
        }
    }

    #[test]
    fn any_dots_come_out_as_they_went_in(
        boxes in proptest::collection::vec((0u16..400, 0u16..300, 1u16..60, 1u16..20), 0..12),
    ) {
        let element = |(x, y, width, height): &(u16, u16, u16, u16)| {
            let mm = |dots: u16| f64::from(dots) / 8.0;
            json!({"type": "box", "x": mm(*x), "y": mm(*y), "width": mm(*width), "height": mm(*height), "thickness": 0.125})
        };
        let label = label(boxes.iter().map(element).collect());
        for language in LANGUAGES {
            let encoded = encode(&label, &printer(language)).unwrap();
            let printed = print(language, &encoded.bytes, (464, 320)).unwrap();
            prop_assert!(printed.picture == encoded.drawn.picture, "{:?}", language);
        }
    }
}
