//! The `escpos` crate beside our encoder: equal where the crate is right, and where it is not, the
//! difference and the vendor's section that decides it.

#![allow(clippy::unwrap_used)]

mod escpos_support;

use std::cell::RefCell;
use std::rc::Rc;

use escpos::driver::Driver;
use escpos::printer::Printer;
use escpos::printer_options::PrinterOptions;
use escpos::utils::{
    BarcodeFont, BarcodeHeight, BarcodeOption, BarcodePosition, BarcodeWidth, CashDrawer, DebugMode, Font,
    JustifyMode, PageCode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption, RealTimeStatusRequest,
    UnderlineMode,
};
use escpos_support::{Op, document, encode, encoder, read};
use outlet_protocols::document::CutMode;
use outlet_protocols::escpos::command;

const T20: &str = "epson-tm-t20iii";

#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".into()
    }
    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }
    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }
    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

/// What the crate sends.
fn theirs(page: PageCode, print: impl FnOnce(&mut Printer<Memory>) -> escpos::errors::Result<()>) -> Vec<u8> {
    let memory = Memory::default();
    let options = PrinterOptions::new(Some(page), None::<DebugMode>, 48);
    let mut printer = Printer::new(memory.clone(), Protocol::default(), Some(options));
    print(&mut printer).unwrap();
    printer.print().unwrap();
    memory.0.take()
}

/// What the crate sends for a line. It ends lines by `ESC d 1`, we by `LF`: both print the line and
/// feed one (*ESC/POS Command Reference*, `ESC d`, `LF`).
fn their_line(
    page: PageCode,
    print: impl FnOnce(&mut Printer<Memory>) -> escpos::errors::Result<()>,
) -> Vec<u8> {
    let mut bytes = theirs(page, print);
    assert!(bytes.ends_with(b"\x1bd\x01"), "{bytes:02x?}");
    bytes.truncate(bytes.len() - 3);
    bytes.push(b'\n');
    bytes
}

/// What we send for text, without the start.
fn ours(page: &str, text: &str) -> Vec<u8> {
    encode(T20, page, &serde_json::json!({"type": "text", "text": text}).to_string()).unwrap().0
}

#[test]
fn text_on_437_852_and_866_is_equal() {
    for (page, code, text) in [
        ("cp437", PageCode::PC437, "Crème brûlée 12.50 £ ½"),
        ("cp852", PageCode::PC852, "Příliš žluťoučký kůň: 99.90"),
        ("cp866", PageCode::PC866, "Съешь ещё этих булок, 350.00 №5"),
    ] {
        assert_eq!(ours(page, text), their_line(code, |p| p.writeln(text).map(|_| ())), "{page}");
    }
}

#[test]
fn pages_have_the_numbers_the_crate_knows_for_epson() {
    for (page, code) in [
        ("cp437", PageCode::PC437),
        ("cp850", PageCode::PC850),
        ("cp852", PageCode::PC852),
        ("cp858", PageCode::PC858),
        ("cp866", PageCode::PC866),
        ("cp1251", PageCode::WPC1251),
        ("kz1048", PageCode::KZ1048),
    ] {
        let mut start = Vec::new();
        encoder(T20, page).encode(&document(""), &mut start).unwrap();
        let select = theirs(code, |p| p.page_code(code).map(|_| ()));
        assert_eq!(start[start.len() - 3..], select, "{page}");
    }
}

#[test]
fn bold_underline_reverse_font_and_size_are_equal() {
    let styled = |style: &str| {
        let block = format!(r#"{{"type":"text","text":"x","style":{style}}}"#);
        encode(T20, "cp437", &block).unwrap().0
    };
    let page = PageCode::PC437;
    assert_eq!(styled(r#"{"bold":true}"#), their_line(page, |p| p.bold(true)?.writeln("x").map(|_| ())));
    let underlined = their_line(page, |p| p.underline(UnderlineMode::Single)?.writeln("x").map(|_| ()));
    assert_eq!(styled(r#"{"underline":true}"#), underlined);
    assert_eq!(styled(r#"{"invert":true}"#), their_line(page, |p| p.reverse(true)?.writeln("x").map(|_| ())));
    assert_eq!(styled(r#"{"font":"b"}"#), their_line(page, |p| p.font(Font::B)?.writeln("x").map(|_| ())));
    let large = their_line(page, |p| p.size(2, 3)?.writeln("x").map(|_| ()));
    assert_eq!(styled(r#"{"width":2,"height":3}"#), large);
}

#[test]
fn feed_and_full_cut_are_equal() {
    let page = PageCode::PC437;
    assert_eq!(command::feed(3).as_slice(), theirs(page, |p| p.feeds(3).map(|_| ())));
    assert_eq!(command::cut(CutMode::Full).as_slice(), theirs(page, |p| p.cut().map(|_| ())));
}

#[test]
fn qr_codes_are_equal() {
    let option = QRCodeOption::new(QRCodeModel::Model2, 5, QRCodeCorrectionLevel::M);
    let expected = theirs(PageCode::PC437, |p| {
        p.justify(JustifyMode::CENTER)?.qrcode_option("https://example.org/r/1", option)?;
        p.justify(JustifyMode::LEFT).map(|_| ())
    });
    let block = r#"{"type":"qr","data":"https://example.org/r/1","size":5,"correction":"m"}"#;
    assert_eq!(encode(T20, "cp437", block).unwrap().0, expected);
}

/// The crate writes barcodes in function A (`GS k m d1...dk NUL`), we in function B (`GS k m n
/// d1...dn`), which newer symbologies need; Epson lists both with the same meaning (*ESC/POS Command
/// Reference*, `GS k`). Settings come in another order. Settings and data are compared.
#[test]
fn ean_code39_and_itf_have_equal_settings_and_data() {
    for (symbology, data) in
        [("ean13", "4006381333931"), ("ean8", "96385074"), ("code39", "AB-12"), ("itf", "123456")]
    {
        let option =
            BarcodeOption::new(BarcodeWidth::M, BarcodeHeight::S, BarcodeFont::A, BarcodePosition::Below);
        let bytes = theirs(PageCode::PC437, |p| {
            match symbology {
                "ean13" => p.ean13_option(data, option)?,
                "ean8" => p.ean8_option(data, option)?,
                "code39" => p.code39_option(data, option)?,
                _ => p.itf_option(data, option)?,
            };
            Ok(())
        });
        let at = bytes.windows(2).position(|w| w == b"\x1dk").expect("GS k");
        let (mut settings, function_a) = (read(&bytes[..at]).unwrap(), &bytes[at..]);
        let (kind, body) = (function_a[2] + 65, &function_a[3..function_a.len() - 1]);
        let block = serde_json::json!({
            "type": "barcode", "symbology": symbology, "data": data, "height": 102, "width": 3, "align": "left"
        });
        let mut mine = read(&encode(T20, "cp437", &block.to_string()).unwrap().0).unwrap();
        assert_eq!(mine.pop(), Some(Op::Barcode(kind, body.to_vec())), "{symbology}");
        let key = |op: &Op| format!("{op:?}");
        settings.sort_by_key(key);
        mine.sort_by_key(key);
        assert_eq!(mine, settings, "{symbology}");
    }
}

// ESC/POS Command Reference, ESC p: m t1 t2.
#[test]
fn the_crate_leaves_out_the_times_of_the_drawer_pulse() {
    assert_eq!(theirs(PageCode::PC437, |p| p.cash_drawer(CashDrawer::Pin2).map(|_| ())), b"\x1bp\x00");
    assert_eq!(command::drawer(2, 100), [0x1b, b'p', 0, 50, 255]);
}

// ESC/POS Command Reference, GS V, function B: m = 65 cuts through, 66 leaves a point.
#[test]
fn the_crate_cuts_through_when_asked_for_a_partial_cut() {
    assert_eq!(theirs(PageCode::PC437, |p| p.partial_cut().map(|_| ())), b"\x1dVA\x01");
    assert_eq!(command::cut(CutMode::Partial), [0x1d, b'V', 66, 0]);
}

// ESC/POS Command Reference, DLE EOT n: three bytes for n = 1 to 4.
#[test]
fn the_crate_sends_a_nul_too_many_with_a_status_request() {
    let request = theirs(PageCode::PC437, |p| {
        p.real_time_status(RealTimeStatusRequest::Printer)?.send_status().map(|_| ())
    });
    assert_eq!(request, b"\x10\x04\x01\x00");
    assert_eq!(command::real_time_status(command::RealTime::Printer), *b"\x10\x04\x01");
}

// ESC/POS Command Reference, GS ( k, function 069: pL = 4.
#[test]
fn the_crate_declares_a_byte_too_few_for_the_pdf417_level() {
    let bytes = theirs(PageCode::PC437, |p| p.pdf417("x").map(|_| ()));
    assert!(bytes.windows(8).any(|w| w == b"\x1d(k\x03\x000E1"), "{bytes:02x?}");
    let ours = encode(T20, "cp437", r#"{"type":"barcode","symbology":"pdf417","data":"x"}"#).unwrap().0;
    assert!(ours.windows(9).any(|w| w == b"\x1d(k\x04\x000E1\x01"));
}

// ESC/POS Command Reference, character code tables: 20-7E are ASCII on each of these pages.
#[test]
fn the_crate_turns_hyphens_into_other_signs_on_many_pages() {
    for (page, code, wrong) in [
        ("cp1251", PageCode::WPC1251, 0xad),
        ("cp1250", PageCode::WPC1250, 0xad),
        ("kz1048", PageCode::KZ1048, 0xad),
        ("cp850", PageCode::PC850, 0xf0),
        ("cp858", PageCode::PC858, 0xf0),
        ("cp855", PageCode::PC855, 0xf0),
    ] {
        assert_eq!(theirs(code, |p| p.write("1-2").map(|_| ())), [b'1', wrong, b'2'], "{page}");
        assert_eq!(ours(page, "1-2"), b"1-2\n", "{page}");
    }
    assert_eq!(theirs(PageCode::PC857, |p| p.write("9.90").map(|_| ())), [b'9', 0xe7, b'9', b'0']);
    assert_eq!(ours("cp857", "9.90"), b"9.90\n");
}

// Page 17 (PC866) has no euro; the crate sends its UTF-8.
#[test]
fn the_crate_sends_garbage_for_a_euro_on_866() {
    assert_eq!(theirs(PageCode::PC866, |p| p.write("€").map(|_| ())), "€".as_bytes());
    assert_eq!(ours("cp866", "€"), b"\x1bt\x13\xd5\n", "another page of the printer has it");
}

#[test]
fn the_crate_lets_data_become_commands() {
    let injected = "\u{1b}p\0\u{19}\u{fa}";
    assert!(theirs(PageCode::PC437, |p| p.write(injected).map(|_| ())).starts_with(b"\x1bp\0"));
    let drawer = |bytes: &[u8]| read(bytes).unwrap().iter().any(|op| matches!(op, Op::Drawer(..)));
    assert!(!drawer(&ours("cp437", injected)));
}
