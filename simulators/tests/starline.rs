//! The Star printer, against the Star Line Mode command specifications.

mod common;

use std::sync::Arc;

use common::{hex, however_split};
use outlet_simulators::printer::{BarcodeKind, Event, Fault, Marker, Paper, PaperEnd, Printer, PrinterSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn star() -> Printer {
    Printer::new(PrinterSpec::star_line_80mm())
}

fn clean(document: &[u8]) -> Arc<Paper> {
    let printer = star();
    printer.feed(document);
    printer.feed(b"\x1bd\x00");
    assert_eq!(printer.violations(), [] as [String; 0]);
    printer.papers()[0].clone()
}

#[test]
fn automatic_status_is_nine_bytes_when_enabled_and_at_each_change() {
    let printer = star();
    assert_eq!(printer.feed(&hex("1B 1E 61 01")), hex("23 06 00 00 00 00 00 00 00"));
    printer.inject(Fault::PaperNearEnd);
    assert_eq!(printer.feed(&[]), hex("23 06 00 00 00 04 00 00 00"));
    printer.inject(Fault::PaperOut);
    assert_eq!(printer.feed(&[]), hex("23 06 08 00 00 0C 00 00 00"));
    printer.inject(Fault::NewRoll);
    assert_eq!(printer.feed(&[]), hex("23 06 00 00 00 00 00 00 00"));
    printer.inject(Fault::CoverOpen);
    assert_eq!(printer.feed(&[]), hex("23 06 28 00 00 00 00 00 00"));
    assert_eq!(printer.feed(&hex("1B 1E 61 00")), [0u8; 0]);
}

#[test]
fn the_status_question_is_answered_at_once_while_offline() {
    let printer = star();
    printer.inject(Fault::CoverOpen);
    printer.feed(b"waits\n");
    assert_eq!(printer.feed(&hex("1B 06 01")), hex("23 06 28 00 00 00 00 00 00"));
    assert_eq!(printer.unfinished(), "");
}

#[test]
fn etb_counts_when_everything_before_it_is_printed() {
    let script = [hex("1B 1E 61 01"), b"Soup\n".to_vec(), hex("17 17")].concat();
    let answers = however_split(&PrinterSpec::star_line_80mm(), &script);
    let expected = "23 06 00 00 00 00 00 00 00 23 06 02 00 00 00 00 02 00 23 06 02 00 00 00 00 04 00";
    assert_eq!(answers, hex(expected));

    let printer = star();
    printer.feed(&hex("1B 1E 61 01"));
    printer.inject(Fault::PaperOut);
    printer.feed(&[]);
    assert_eq!(printer.feed(b"Soup\n\x17"), [0u8; 0]);
    printer.inject(Fault::NewRoll);
    assert_eq!(
        printer.feed(&[]),
        hex("23 06 00 00 00 00 00 00 00 23 06 02 00 00 00 00 02 00"),
        "the new roll is reported, then what waited is printed and counted"
    );
}

#[test]
fn the_etb_counter_has_five_bits_and_is_reset_by_esc_rs_e_and_can() {
    let printer = star();
    let mut events = printer.events();
    printer.feed(&[0x17; 33]);
    printer.feed(&hex("1B 1E 45 00 17 17 18 17"));
    let counts: Vec<u8> = std::iter::from_fn(|| events.try_recv().ok())
        .filter_map(|e| match e {
            Event::EtbCounter(n) => Some(n),
            _ => None,
        })
        .collect();
    assert_eq!(counts[30..], [31, 0, 1, 1, 2, 1]);
    assert_eq!(printer.feed(&hex("1B 06 01"))[7], 0x02);
}

#[tokio::test]
async fn over_a_network_the_status_carries_its_length_bytes() {
    let printer = star();
    let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = tokio::net::TcpStream::connect(address).await.unwrap();
    host.write_all(&hex("1B 06 01")).await.unwrap();
    let mut status = [0; 11];
    host.read_exact(&mut status).await.unwrap();
    assert_eq!(status[..], hex("23 86 00 00 00 00 00 00 00 00 00"));
}

#[test]
fn text_with_code_page_styles_and_alignment() {
    let document = b"\x1b@\x1b\x1dt\x0a\x1b\x1da\x01\x8a\xa0\xe4\xa5\n\x1b\x1da\x00\x1bEbold\x1bF \x1b-\x01under\x1b-\x00 \x1b4inv\x1b5 \x1bi\x01\x01big\x1bi\x00\x00\n";
    let paper = clean(document);
    assert!(paper.says("Кафе"));
    for run in ["<b>bold</b>", "<u>under</u>", "<inv>inv</inv>", "<2x2>big</2x2>"] {
        assert!(paper.styled_text().contains(run), "{}", paper.styled_text());
    }
}

#[test]
fn codes_are_marked_with_their_content() {
    let mut document = b"\x1bb\x06\x02\x02\x40BILL-7\x1e\x1bb\x03\x01\x01\x50201234501550\x1e".to_vec();
    document.extend(b"\x1b\x1dyS0\x02\x1b\x1dyS1\x01\x1b\x1dyS2\x05\x1b\x1dyD1\x00\x03\x00abc\x1b\x1dyP");
    document.extend(b"\x1b\x1dxS1\x02\x1b\x1dxD\x02\x00hi\x1b\x1dxP");
    let paper = clean(&document);
    assert_eq!(
        paper.markers,
        [
            Marker::Barcode { kind: BarcodeKind::Code128, data: "BILL-7".into() },
            Marker::Barcode { kind: BarcodeKind::Ean13, data: "2012345015500".into() },
            Marker::Qr { data: b"abc".to_vec(), level: 'M', module: 5 },
            Marker::Pdf417 { data: b"hi".to_vec() },
            Marker::Cut { full: true },
        ]
    );
}

#[test]
fn raster_mode_prints_rows_and_cuts_at_its_end() {
    let printer = star();
    let mut document = b"\x1b*rR\x1b*rA\x1b*rP0\0\x1b*rE13\0".to_vec();
    for _ in 0..16 {
        document.extend(b"b\x02\x00\xff\x00");
    }
    document.extend(b"\x1b*rY8\0b\x02\x00\x00\xff\x1b*rB");
    printer.feed(&document);
    assert_eq!(printer.violations(), [] as [String; 0]);
    let paper = &printer.papers()[0];
    assert_eq!(paper.end, PaperEnd::PartialCut);
    assert_eq!(paper.bitmap().black(), 17 * 8);
    assert!(paper.bitmap().get(8, 24));
    printer.feed(b"text again\n\x1bd\x03");
    assert!(printer.papers()[1].says("text again"));
}

#[test]
fn images_are_drawn_dot_for_dot() {
    let image = clean(&hex("1B 1D 53 01 02 00 02 00 00 80 01 00 FF"));
    assert!(image.bitmap().get(15, 0) && image.bitmap().get(8, 1));
    assert_eq!(image.bitmap().black(), 10);
    let fine = clean(&[hex("1B 58 02 00 80 00 00 00 00 01"), b"\n".to_vec()].concat());
    assert!(fine.bitmap().get(0, 0) && fine.bitmap().get(1, 23));
    let strip = clean(&[hex("1B 6B 01 00"), vec![0x81; 24]].concat());
    assert_eq!(strip.bitmap().black(), 48);
}

#[test]
fn the_drawer_pulse_has_the_length_that_esc_bel_set() {
    let printer = star();
    let mut events = printer.events();
    printer.feed(&hex("07 1B 07 0A 14 07 1A"));
    let pulses: Vec<(u8, u32, u32)> = std::iter::from_fn(|| events.try_recv().ok())
        .filter_map(|e| match e {
            Event::DrawerPulse { pin, on_ms, off_ms, .. } => Some((pin, on_ms, off_ms)),
            _ => None,
        })
        .collect();
    assert_eq!(pulses, [(2, 200, 200), (2, 100, 200), (5, 100, 200)]);
}

#[test]
fn the_four_cuts() {
    for (n, end) in [
        (0, PaperEnd::FullCut),
        (1, PaperEnd::PartialCut),
        (50, PaperEnd::FullCut),
        (51, PaperEnd::PartialCut),
    ] {
        let printer = star();
        printer.feed(&[b'x', 0x1B, b'd', n]);
        assert_eq!(printer.papers()[0].end, end);
        assert!(printer.papers()[0].says("x"), "what is in the line buffer is printed first");
    }
}

#[test]
fn what_the_specification_does_not_have_is_refused_and_named() {
    for (command, reason) in [
        ("1D 56 00", "control byte 1D"),
        ("1B 21 00", "unknown command 1B 21"),
        ("1B 64 09", "ESC d"),
        ("1B 1D 79 53 31 09", "ESC GS y S"),
        ("1B 62 06 02 02 00 41 1E", "ESC b"),
    ] {
        let printer = star();
        printer.feed(&hex(command));
        assert!(printer.violations()[0].contains(reason), "{command}: {:?}", printer.violations());
    }
}

#[test]
fn a_cutter_jam_ends_when_it_is_cleared() {
    let printer = star();
    printer.inject(Fault::CutterJam);
    printer.feed(b"Bill\n\x1bd\x02");
    assert_eq!(printer.feed(&hex("1B 06 01")), hex("23 06 08 08 00 00 00 00 00"));
    printer.inject(Fault::CutterClear);
    assert_eq!(printer.papers().len(), 1);
}
