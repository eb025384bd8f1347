//! What reaches an ESC/POS printer for a document.

#![allow(clippy::unwrap_used)]

mod escpos_support;

use escpos_support::{Op, document, encode, encoder, model, ops};
use outlet_protocols::codepage::Page;
use outlet_protocols::encode::{EncodeError, EncoderOptions, ErrorKind, Transliterated};

const T20: &str = "epson-tm-t20iii";

fn text(text: &str) -> String {
    serde_json::json!({"type": "text", "text": text}).to_string()
}

#[test]
fn a_document_begins_with_a_reset_that_leaves_nothing_to_switches() {
    let mut out = Vec::new();
    encoder(T20, "cp866").encode(&document(""), &mut out).unwrap();
    assert_eq!(out, b"\x1b@\x1bR\0\x1bt\x11");
}

// Chinese firmware prints code page 866 as hanzi until FS . ends the multibyte mode.
#[test]
fn chinese_firmware_leaves_multibyte_mode_before_text() {
    let mut out = Vec::new();
    encoder("rongta-rp326", "").encode(&document(&text("Чек")), &mut out).unwrap();
    assert_eq!(out, b"\x1b@\x1c.\x1bR\0\x1bt\x07\x97\xa5\xaa\n");
}

#[test]
fn automatic_status_is_switched_on_after_the_reset_that_ends_it() {
    let mut out = Vec::new();
    let mut encoder = model(T20).encoder(EncoderOptions { codepage: None, status: true }).unwrap();
    encoder.encode(&document(""), &mut out).unwrap();
    assert!(out.starts_with(b"\x1b@\x1da\xff"));
    let mut out = Vec::new();
    let mut clone = model("generic-80").encoder(EncoderOptions { codepage: None, status: true }).unwrap();
    clone.encode(&document(""), &mut out).unwrap();
    assert!(!out.windows(2).any(|w| w == b"\x1da"), "a printer without it is not asked");
}

#[test]
fn styles_are_sent_where_they_change_and_taken_back() {
    let blocks = r#"{"type":"text","text":"A","style":{"bold":true,"width":2,"height":3}},
        {"type":"text","text":"B","style":{"bold":true,"underline":true}},
        {"type":"text","text":"C","style":{"font":"b","invert":true}},
        {"type":"text","text":"D"}"#;
    let (bytes, _) = encode(T20, "cp437", blocks).unwrap();
    assert_eq!(
        bytes,
        [
            b"\x1d!\x12\x1bE\x01A\n".as_slice(),
            b"\x1d!\x00\x1b-\x01B\n",
            b"\x1bM\x01\x1bE\x00\x1b-\x00\x1dB\x01C\n",
            b"\x1bM\x00\x1dB\x00D\n",
        ]
        .concat()
    );
}

#[test]
fn a_price_stands_at_the_right_edge() {
    let ops = ops(T20, "cp866", r#"{"type":"pair","left":"Борщ","right":"350,00"}"#);
    let at = ops.iter().position(|op| matches!(op, Op::Position(_))).expect("a position");
    assert_eq!(ops[at], Op::Position(576 - 6 * 12));
    assert_eq!(ops[at + 1], Op::Text(b"350,00".to_vec()));
}

#[test]
fn each_run_finds_a_page_of_the_printer() {
    // Cyrillic on 866 (17), Romanian on 852 (18): Epson has both.
    let (bytes, report) = encode(T20, "cp866", &text("Суп ţară 5")).unwrap();
    assert_eq!(bytes, b"\x91\xe3\xaf \x1bt\x12\xee\x61r\xc7 5\n");
    assert_eq!(report.rasterised, []);
    // The next line goes back to the page it needs.
    let (bytes, _) = encode(T20, "cp866", &[text("ţ"), text("Щ")].join(",")).unwrap();
    assert_eq!(bytes, b"\x1bt\x12\xee\n\x1bt\x11\x99\n");
}

#[test]
fn kazakh_letters_use_page_53_of_epson() {
    let (bytes, report) = encode(T20, "cp866", &text("Қазақстан")).unwrap();
    assert_eq!(&bytes[..4], b"\x1bt\x35\x8d");
    assert_eq!(report.rasterised, []);
}

#[test]
fn typography_without_a_page_is_written_plainly_and_reported() {
    let (bytes, report) = encode("generic-58", "cp866", &text("“Щи” – a…")).unwrap();
    // 1252 has all of these signs, and this printer has 1252.
    assert!(report.transliterated.is_empty(), "{report:?}");
    assert!(bytes.windows(3).any(|w| w == b"\x1bt\x10"));
    let mut only_866 = model("generic-58");
    only_866.pages.retain(|&page, _| page == Page::Cp866);
    only_866.default_page = Page::Cp866;
    let mut out = Vec::new();
    let report = only_866
        .encoder(EncoderOptions::default())
        .unwrap()
        .encode(&document(&text("“Щи” – a…")), &mut out)
        .unwrap();
    assert!(out.ends_with(b"\"\x99\xa8\" - a...\n"), "{out:02x?}");
    assert!(report.transliterated.contains(&Transliterated { from: '…', to: "..." }));
}

#[test]
fn a_longer_stand_in_that_would_push_a_price_is_drawn_instead() {
    let mut only_866 = model("generic-58");
    only_866.pages.retain(|&page, _| page == Page::Cp866);
    only_866.default_page = Page::Cp866;
    let mut encoder = only_866.encoder(EncoderOptions::default()).unwrap();
    let mut out = Vec::new();
    let report =
        encoder.encode(&document(r#"{"type":"pair","left":"Tea","right":"3,50 €"}"#), &mut out).unwrap();
    assert_eq!(report.rasterised.len(), 1, "no room for EUR at the right edge");
    assert_eq!(report.rasterised[0].because_of, Some('€'));
}

#[test]
fn what_follows_a_longer_stand_in_still_stands_at_its_dot() {
    let mut only_866 = model("generic-58");
    only_866.pages.retain(|&page, _| page == Page::Cp866);
    only_866.default_page = Page::Cp866;
    let mut out = Vec::new();
    let mut encoder = only_866.encoder(EncoderOptions::default()).unwrap();
    let block = r#"{"type":"pair","left":"Tea… a b c d e f g h i","right":"350,00"}"#;
    let report = encoder.encode(&document(block), &mut out).unwrap();
    assert!(report.rasterised.is_empty());
    // 32 columns: the stand-in takes two of the four between the sides.
    assert!(out.ends_with(b"Tea... a b c d e f g h i  350,00\n"), "{}", String::from_utf8_lossy(&out));
    let block = r#"{"type":"pair","left":"Tea… a b c d e f g h i j","right":"350,00"}"#;
    let report = encoder.encode(&document(block), &mut out).unwrap();
    assert_eq!(report.rasterised.len(), 1, "the sides would touch");
}

#[test]
fn georgian_is_drawn_as_a_line_of_dots_at_its_place() {
    let (bytes, report) = encode(T20, "cp866", &[text("a"), text("გამარჯობა"), text("b")].join(",")).unwrap();
    assert_eq!(report.rasterised[0].text, "გამარჯობა");
    assert_eq!(report.boxed, [], "the font has Georgian");
    let ops = escpos_support::read(&bytes).unwrap();
    let [Op::Text(_), Op::LineFeed, Op::Raster(576, 30, dots), Op::Text(_), Op::LineFeed] = ops.as_slice()
    else {
        panic!("{ops:?}");
    };
    let ink: u32 = dots.iter().map(|b| b.count_ones()).sum();
    assert!((300..4000).contains(&ink), "{ink} dots");
    let right_half = dots.chunks(72).flat_map(|row| &row[20..]).any(|&b| b != 0);
    assert!(!right_half, "nine letters end at dot 108");
}

#[test]
fn a_character_no_font_has_is_printed_as_its_code() {
    let (_, report) = encode(T20, "cp866", &text("ok 😀")).unwrap();
    assert_eq!(report.boxed, ['😀']);
    assert_eq!(report.rasterised.len(), 1);
}

#[test]
fn chinese_goes_as_gbk_where_the_printer_has_it_and_as_dots_elsewhere() {
    // GB 2312: 你好 = C4E3 BAC3.
    let (bytes, report) = encode("xprinter-xp-n160ii", "cp437", &text("Tea 你好 x")).unwrap();
    assert_eq!(bytes, b"Tea \x1c&\xc4\xe3\xba\xc3\x1c. x\n");
    assert_eq!(report.rasterised, []);
    assert_eq!(encode(T20, "cp437", &text("你好")).unwrap().1.rasterised.len(), 1);
}

#[test]
fn hebrew_and_arabic_are_shaped_and_drawn_never_sent_backwards() {
    for line in ["שלום", "مرحبا"] {
        assert_eq!(encode(T20, "cp866", &text(line)).unwrap().1.rasterised.len(), 1, "{line}");
    }
}

// Epson, ESC/POS Command Reference, GS ( k, functions 165, 167, 169, 180, 181.
#[test]
fn a_qr_code_is_the_vendors_five_functions() {
    let (bytes, _) = encode(T20, "cp866", r#"{"type":"qr","data":"Чек","size":4,"correction":"q"}"#).unwrap();
    let expected = [
        b"\x1ba\x01".as_slice(),
        b"\x1d(k\x04\x001A2\x00",
        b"\x1d(k\x03\x001C\x04",
        b"\x1d(k\x03\x001E\x32",
        b"\x1d(k\x09\x001P0\xd0\xa7\xd0\xb5\xd0\xba",
        b"\x1d(k\x03\x001Q0",
        b"\x1ba\x00",
    ]
    .concat();
    assert_eq!(bytes, expected);
}

#[test]
fn a_qr_code_gets_the_largest_modules_that_fit() {
    let module = |id: &str, data: &str| {
        ops(id, "cp437", &serde_json::json!({"type": "qr", "data": data}).to_string()).into_iter().find_map(
            |op| match op {
                Op::Symbol(0x31, 0x43, n) => Some(n[0]),
                _ => None,
            },
        )
    };
    assert_eq!(module(T20, "short"), Some(6));
    // 1000 bytes at level M: version 26, 121 modules; 576 / 121 = 4.
    assert_eq!(module(T20, &"z".repeat(1000)), Some(4));
    assert_eq!(module("epson-tm-p20", &"z".repeat(1000)), Some(3));
}

#[test]
fn a_printer_without_qr_codes_gets_a_picture_of_one() {
    let ops = ops("generic-80", "cp437", r#"{"type":"qr","data":"HELLO","size":5,"align":"left"}"#);
    let [Op::Raster(112, 105, dots)] = ops.as_slice() else { panic!("{ops:?}") };
    // Version 1 has 21 modules; the finder's corner is 7 dark modules, 1 light.
    assert_eq!(&dots[..5], [0xff, 0xff, 0xff, 0xff, 0xe0]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_kind_before_anything_is_sent() {
    let refused = |id: &str, blocks: String| encode(id, "cp437", &blocks).unwrap_err();
    let qr = |data: &str| serde_json::json!({"type": "qr", "data": data}).to_string();
    let bar = |symbology: &str, data: &str| {
        serde_json::json!({"type": "barcode", "symbology": symbology, "data": data}).to_string()
    };
    let error = refused(T20, qr(&"z".repeat(2332)));
    assert_eq!(error, EncodeError::SymbolFull { symbology: "QR code", bytes: 2332, limit: 2331 });
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let error = refused(T20, bar("code128", &"A".repeat(40)));
    assert_eq!(error, EncodeError::BarcodeTooWide { symbology: "CODE128", dots: 950, available: 576 });
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(refused(T20, bar("ean13", "12345")).kind(), ErrorKind::Invalid);
    assert_eq!(refused("generic-80", bar("pdf417", "x")).kind(), ErrorKind::Unsupported);
    assert_eq!(refused(T20, r#"{"type":"raw","data":"%%%"}"#.into()).kind(), ErrorKind::Invalid);
    assert_eq!(refused("epson-tm-p20", r#"{"type":"drawer"}"#.into()).kind(), ErrorKind::Unsupported);
}

#[test]
fn a_long_barcode_gets_narrower_bars() {
    let width = |data: &str| {
        ops(
            T20,
            "cp437",
            &serde_json::json!({"type": "barcode", "symbology": "code128", "data": data}).to_string(),
        )
        .into_iter()
        .find_map(|op| match op {
            Op::BarcodeSetting(b'w', n) => Some(n),
            _ => None,
        })
    };
    assert_eq!(width("ABCDEF"), Some(3));
    assert_eq!(width(&"ABCDEF".repeat(3)), Some(2));
}

// Epson, ESC/POS Command Reference, GS k, CODE128: {A, {B, {C; {S; {{ for a brace. The example of
// "No." and 123456 is the vendors' own: 7B 42 4E 6F 2E 7B 43 0C 22 38 (also Toshiba B-EP series, 8-67).
#[test]
fn code128_is_written_in_the_vendors_notation() {
    let body = |data: &str| {
        ops(
            T20,
            "cp437",
            &serde_json::json!({"type": "barcode", "symbology": "code128", "data": data}).to_string(),
        )
        .into_iter()
        .find_map(|op| match op {
            Op::Barcode(73, body) => Some(body),
            _ => None,
        })
    };
    assert_eq!(body("No.123456").as_deref(), Some(b"{BNo.{C\x0c\x22\x38".as_slice()));
    assert_eq!(body("a{b").as_deref(), Some(b"{Ba{{b".as_slice()));
    assert_eq!(body("ab\tc").as_deref(), Some(b"{Bab{S\tc".as_slice()));
}

#[test]
fn digits_that_would_read_as_a_status_request_are_sent_one_by_one() {
    // In set C, 16 04 would be the bytes 10 04: DLE EOT, executed even inside data.
    let (bytes, _) =
        encode(T20, "cp437", r#"{"type":"barcode","symbology":"code128","data":"16041604"}"#).unwrap();
    assert!(!escpos_support::has_real_time_command(&bytes));
    assert!(bytes.windows(10).any(|w| w == b"{B16041604"), "{bytes:02x?}");
    // A QR code can't be written otherwise, so it is drawn.
    let (bytes, _) = encode(T20, "cp437", "{\"type\":\"qr\",\"data\":\"a\\u0010\\u0004\"}").unwrap();
    assert!(!escpos_support::has_real_time_command(&bytes));
    assert!(escpos_support::read(&bytes).unwrap().iter().any(|op| matches!(op, Op::Raster(..))));
}

// Epson, ESC/POS Command Reference, GS ( k, PDF417: functions 065-070, 080, 081; function 069 has
// four bytes of parameters.
#[test]
fn pdf417_declares_the_lengths_it_has() {
    let ops = ops(T20, "cp437", r#"{"type":"barcode","symbology":"pdf417","data":"PDF"}"#);
    let symbols: Vec<_> = ops.iter().filter(|op| matches!(op, Op::Symbol(0x30, ..))).collect();
    assert_eq!(symbols.len(), 8);
    assert!(symbols.contains(&&Op::Symbol(0x30, 69, vec![0x31, 1])));
    assert!(symbols.contains(&&Op::Symbol(0x30, 80, b"0PDF".to_vec())));
}

#[test]
fn cut_drawer_and_buzzer_have_all_their_parameters() {
    let one = |id: &str, block: &str| encode(id, "cp437", block).unwrap().0;
    assert_eq!(
        one(T20, r#"{"type":"cut","mode":"full"}"#),
        b"\x1dVB\0",
        "this model leaves a point whatever is asked"
    );
    assert_eq!(one(T20, r#"{"type":"drawer","pin":5,"pulse_ms":120}"#), b"\x1bp\x01\x3c\xff");
    assert_eq!(one("xprinter-xp-n160ii", r#"{"type":"beep","times":3,"duration_ms":200}"#), b"\x1bB\x03\x04");
    assert_eq!(one("generic-58", r#"{"type":"cut"}"#), b"\x1bd\x03", "a tear bar needs the paper out");
    assert_eq!(encode(T20, "cp437", r#"{"type":"beep"}"#).unwrap().1.left_out, ["buzzer"]);
}

#[test]
fn raw_bytes_go_as_they_are_and_leave_no_style_behind() {
    let blocks = [text("a"), r#"{"type":"raw","data":"G0UBWA=="}"#.into(), text("b")].join(",");
    let (bytes, _) = encode(T20, "cp437", &blocks).unwrap();
    let after = bytes.strip_prefix(b"a\n\x1bE\x01X".as_slice()).expect("the raw bytes");
    assert!(after.windows(3).any(|w| w == b"\x1bE\0") && after.ends_with(b"b\n"), "{after:02x?}");
}

#[test]
fn an_impact_printer_gets_styles_by_esc_bang_and_pictures_by_columns() {
    let (bytes, _) =
        encode("epson-tm-u220", "cp866", r#"{"type":"text","text":"Щи","style":{"bold":true,"width":2}}"#)
            .unwrap();
    assert_eq!(bytes, b"\x1b!\x28\x99\xa8\n");
    let picture = ops("epson-tm-u220", "cp866", r#"{"type":"qr","data":"x"}"#);
    assert!(picture.iter().any(|op| matches!(op, Op::Columns(1, ..))), "{picture:?}");
    assert!(!picture.iter().any(|op| matches!(op, Op::Raster(..))));
}

#[test]
fn an_unknown_page_is_refused_with_those_there_are() {
    let options = EncoderOptions { codepage: Some(Page::Cp1251), status: false };
    let error = model("generic-58").encoder(options).err().expect("refused");
    assert!(error.to_string().contains("cp866"), "{error}");
}

#[test]
fn an_encoder_can_move_to_the_thread_of_its_device() {
    let mut encoder = encoder(T20, "cp866");
    let bytes = std::thread::spawn(move || {
        let mut out = Vec::new();
        encoder.encode(&document(&text("Чек")), &mut out).map(|_| out)
    });
    assert!(bytes.join().unwrap().unwrap().ends_with(b"\x97\xa5\xaa\n"));
}

/// A white PNG of a megapixel, which is a kilobyte of file.
fn megapixel() -> String {
    use base64::Engine as _;
    let picture = image::GrayImage::from_pixel(1024, 1024, image::Luma([255]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    base64::engine::general_purpose::STANDARD.encode(file.into_inner())
}

#[test]
fn small_files_that_are_large_pictures_are_counted_together_also_those_known_already() {
    let picture = serde_json::json!({"type": "image", "data": megapixel()}).to_string();
    let pictures = |count: usize| document(&vec![picture.clone(); count].join(","));
    let mut encoder = encoder(T20, "");
    for _ in 0..2 {
        encoder.encode(&pictures(32), &mut Vec::new()).unwrap();
        let error = encoder.encode(&pictures(33), &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(error.to_string().contains("32 megapixels together"), "{error}");
    }
}
