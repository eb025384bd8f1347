//! Star Line Mode: what is sent, and what comes back.
//!
//! Sections are those of Star's *Line Mode Command Specifications*.

#![allow(clippy::unwrap_used)]

mod escpos_support;

use escpos_support::{document, encode, encoder, model};
use outlet_protocols::document::CutMode;
use outlet_protocols::encode::EncoderOptions;
use outlet_protocols::escpos::status::{PaperState, Status};
use outlet_protocols::star::command;
use outlet_protocols::star::status::Parser;

const TSP650: &str = "star-tsp650ii";

fn sent(id: &str, blocks: &str) -> Vec<u8> {
    encode(id, "", blocks).unwrap().0
}

#[test]
fn a_document_begins_with_a_reset_and_the_page_by_stars_number() {
    let mut out = Vec::new();
    encoder(TSP650, "cp866").encode(&document(""), &mut out).unwrap();
    assert_eq!(out, b"\x1b@\x1bR\0\x1b\x1dt\x0a");
    let mut out = Vec::new();
    let options = EncoderOptions { status: true, ..EncoderOptions::default() };
    model(TSP650).encoder(options).unwrap().encode(&document(""), &mut out).unwrap();
    assert!(out.starts_with(b"\x1b@\x1b\x1ea\x01"), "ESC RS a 1");
}

// ESC E, ESC F; ESC -; ESC 4, ESC 5; ESC i n1 n2 (height first); ESC RS F.
#[test]
fn styles_are_stars_commands() {
    let blocks = r#"{"type":"text","text":"A","style":{"bold":true,"width":2,"height":3}},
        {"type":"text","text":"B","style":{"font":"b","underline":true,"invert":true}},
        {"type":"text","text":"C"}"#;
    assert_eq!(
        sent(TSP650, blocks),
        [
            b"\x1bi\x02\x01\x1bEA\n".as_slice(),
            b"\x1b\x1eF\x01\x1bi\0\0\x1bF\x1b-\x01\x1b4B\n",
            b"\x1b\x1eF\0\x1b-\0\x1b5C\n"
        ]
        .concat()
    );
}

// ESC GS y S 0, S 1, S 2, D 1, P.
#[test]
fn a_qr_code_is_stars_five_commands() {
    let bytes = sent(TSP650, r#"{"type":"qr","data":"abc","size":5,"correction":"h","align":"left"}"#);
    assert_eq!(bytes, b"\x1b\x1dyS0\x02\x1b\x1dyS1\x03\x1b\x1dyS2\x05\x1b\x1dyD1\0\x03\0abc\x1b\x1dyP\n");
}

// ESC b n1 n2 n3 n4 d1...dk RS: n1 = 6 CODE128, n2 = 2 with digits, n3 = 2 three dots, n4 height.
#[test]
fn a_barcode_ends_with_rs_and_its_data_can_not_end_it_earlier() {
    let bar = |data: &str| {
        serde_json::json!({"type": "barcode", "symbology": "code128", "data": data, "align": "left", "height": 60})
            .to_string()
    };
    assert_eq!(sent(TSP650, &bar("AB12")), b"\x1bb622\x3cAB12\x1e");
    let drawn = sent(TSP650, &bar("A\u{1e}\u{7}B"));
    assert!(drawn.starts_with(b"\x1b\x1dS\x01"), "control characters are drawn: {:02x?}", &drawn[..8]);
    assert!(sent(TSP650, &bar("50%")).starts_with(b"\x1b\x1dS\x01"), "so is the sign that begins codes");
}

// ESC GS S m xL xH yL yH n d1...dk.
#[test]
fn a_line_no_page_has_is_a_raster_inside_line_mode() {
    let bytes = sent(TSP650, r#"{"type":"text","text":"გამარჯობა"}"#);
    assert!(bytes.starts_with(&[0x1b, 0x1d, b'S', 1, 72, 0, 30, 0, 0]));
    assert_eq!(bytes.len(), 9 + 72 * 30);
}

// ESC * r A, ESC * r P 0, ESC * r E 1 (no cut), b nL nH, ESC * r B; cut by EOT mode 13 and ESC FF EOT.
#[test]
fn a_printer_without_fonts_gets_rows_in_raster_mode_only() {
    let (bytes, report) = encode("star-tsp100", "", r#"{"type":"text","text":"Hi"},{"type":"cut"}"#).unwrap();
    let rest = bytes.strip_prefix(b"\x1b*rA\x1b*rP0\0\x1b*rE1\0".as_slice()).expect("raster mode");
    let mut at = 0;
    let mut rows = 0;
    while rest[at] == b'b' {
        at += 3 + usize::from(u16::from_le_bytes([rest[at + 1], rest[at + 2]]));
        rows += 1;
    }
    assert_eq!(rows, 30, "a line of 24 dots and the gap to the next");
    assert_eq!(&rest[at..], b"\x1b*rB\x1b*rA\x1b*rE13\0\x1b\x0c\x04\x1b*rB");
    assert!(report.rasterised.is_empty(), "it is its way of printing, not an exception");
}

#[test]
fn cut_and_drawers_are_stars() {
    assert_eq!(sent(TSP650, r#"{"type":"cut"}"#), b"\x1bd\x03");
    assert_eq!(command::cut(CutMode::Full), *b"\x1bd\x02");
    // ESC BEL n1 n2 in 10 ms, BEL; SUB for the second drawer.
    assert_eq!(sent(TSP650, r#"{"type":"drawer","pin":2,"pulse_ms":200}"#), b"\x1b\x07\x14\x14\x07");
    assert_eq!(sent(TSP650, r#"{"type":"drawer","pin":5}"#), b"\x1a");
}

// Chapter 5, automatic status: nine bytes 23 86 ...; the eighth is the ETB counter.
fn status(third: u8, fourth: u8, sixth: u8, counter: u8) -> [u8; 9] {
    [0x23, 0x06, third, fourth, 0, sixth, 0, (counter & 0x18) << 2 | (counter & 0x07) << 1, 0]
}

#[test]
fn automatic_status_is_read_in_pieces_of_any_size() {
    let bytes = status(0x28, 0x08, 0x08, 21);
    for cut in 0..=bytes.len() {
        let mut parser = Parser::default();
        let mut events = parser.events(&bytes[..cut]);
        events.extend(parser.events(&bytes[cut..]));
        let [event] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.etb, Some(21));
        assert_eq!(
            event.status,
            Status {
                cover_open: true,
                offline: true,
                cutter_error: true,
                paper: PaperState::Out,
                ..Status::default()
            }
        );
        assert_eq!(event.bytes, bytes);
    }
}

#[test]
fn the_counter_goes_from_0_to_31_and_the_third_byte_says_that_an_etb_was_executed() {
    for counter in 0..32 {
        let events = Parser::default().events(&status(0x02, 0, 0x04, counter));
        assert_eq!(events[0].etb, Some(counter));
        assert!(events[0].etb_executed);
        assert_eq!(events[0].status.paper, PaperState::NearEnd);
    }
}

#[test]
fn a_status_that_was_cut_off_does_not_spoil_the_next() {
    let whole = status(0, 0, 0, 3);
    let events = Parser::default().events(&[&whole[..5], &whole, b"\x11\x13"].concat());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].etb, Some(3));
}
