//! What ESC/POS commands put on paper, and what is refused.

mod common;

use common::{epson, gs_paren_k, hex, however_split};
use outlet_simulators::printer::{BarcodeKind, Marker, Paper, PaperEnd, Printer, PrinterSpec};
use std::sync::Arc;

/// Prints a document and cuts it off.
fn print_on(spec: PrinterSpec, document: &[u8]) -> (Arc<Paper>, Vec<String>) {
    let printer = Printer::new(spec);
    printer.feed(document);
    printer.feed(b"\x1dV\x00");
    (printer.papers().first().cloned().expect("a paper"), printer.violations())
}

fn print(document: &[u8]) -> (Arc<Paper>, Vec<String>) {
    print_on(PrinterSpec::epson_80mm(), document)
}

fn clean(document: &[u8]) -> Arc<Paper> {
    let (paper, violations) = print(document);
    assert_eq!(violations, [] as [String; 0]);
    paper
}

fn refused(document: &[u8]) -> String {
    let (_, violations) = print(document);
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations[0].clone()
}

#[test]
fn text_stands_in_its_columns() {
    let paper = clean(b"left\n\x1ba\x01center\n\x1ba\x02right\n");
    let lines: Vec<&str> = paper.text.lines().collect();
    assert_eq!(lines[0], "left");
    assert_eq!(lines[1].find("center"), Some(21));
    assert_eq!(lines[2].find("right"), Some(43));
}

#[test]
fn a_line_that_is_too_long_goes_on_on_the_next() {
    let paper = clean(&[&[b'x'; 50][..], b"\n"].concat());
    let lengths: Vec<usize> = paper.text.lines().take(2).map(str::len).collect();
    assert_eq!(lengths, [48, 2]);
    let (paper, _) = print_on(PrinterSpec::epson_58mm(), &[&[b'x'; 50][..], b"\n"].concat());
    let lengths: Vec<usize> = paper.text.lines().take(2).map(str::len).collect();
    assert_eq!(lengths, [32, 18]);
}

#[test]
fn esc_t_chooses_the_printers_code_page() {
    assert!(clean(b"\x1bt\x11\x8f\xe0\xa8\xa2\xa5\xe2\n").says("Привет"));
    assert!(clean(b"\x1bt\x12\xd8\n").says("ě"), "page 18 is 852");
    assert!(clean(b"\x1bt\x35\xa3\n").says("Ә"), "page 53 is KZ-1048");
    let spec = PrinterSpec::epson_80mm().with_codepage(7, "CP866");
    assert!(print_on(spec, b"\x1bt\x07\x8f\n").0.says("П"));
    assert!(refused(b"\x1bt\xc8x\n").contains("code page 200"));
}

#[test]
fn a_byte_without_a_character_is_shown_and_reported() {
    let (paper, violations) = print(b"\x1bt\x10a\x81b\n");
    assert!(paper.says("a\u{FFFD}b"));
    assert_eq!(violations.len(), 1);
    assert_eq!(paper.violations, violations);
}

#[test]
fn chinese_firmware_prints_cyrillic_as_hanzi_until_fs_dot() {
    let spec = PrinterSpec::chinese_80mm();
    let word = b"\x8f\xe0\xa8\xa2\n";
    let (paper, _) = print_on(spec.clone(), &[b"\x1bt\x11", &word[..]].concat());
    assert!(!paper.says("Прив"));
    assert_eq!(paper.text.chars().take_while(|c| *c != '\n').count(), 2);
    let (paper, violations) = print_on(spec.clone(), &[b"\x1c.\x1bt\x11", &word[..]].concat());
    assert!(paper.says("Прив"));
    assert_eq!(violations, [] as [String; 0]);
    let (paper, _) = print_on(spec, b"\x1c&\xd6\xd0\xb9\xfa\n");
    assert!(paper.says("中国"));
}

#[test]
fn esc_at_turns_double_byte_mode_on_again_on_chinese_firmware() {
    let (paper, _) = print_on(PrinterSpec::chinese_80mm(), b"\x1c.\x1b@\xd6\xd0\n");
    assert!(paper.says("中"));
}

#[test]
fn styles_are_seen_in_the_styled_text() {
    let document = b"\x1bE\x01bold\x1bE\x00 \x1b-\x01under\x1b-\x00 \x1dB\x01inv\x1dB\x00 \x1d!\x11big\x1d!\x00 \x1bM\x01small\x1bM\x00\n";
    let styled = clean(document).styled_text();
    for run in ["<b>bold</b>", "<u>under</u>", "<inv>inv</inv>", "<2x2>big</2x2>", "<font-b>small</font-b>"] {
        assert!(styled.contains(run), "{run} in {styled}");
    }
    let mode = clean(b"\x1b!\xb9all\x1b!\x00off\n").styled_text();
    assert!(mode.contains("<2x2><b><u><font-b>all</font-b></u></b></2x2>off"), "{mode}");
}

#[test]
fn enlarged_characters_take_as_many_columns_as_they_are_wide() {
    let paper = clean(&[b"\x1d!\x10", &[b'w'; 30][..], b"\n"].concat());
    let lengths: Vec<usize> = paper.text.lines().take(2).map(str::len).collect();
    assert_eq!(lengths, [24, 6]);
}

#[test]
fn positions_and_tabs_move_to_their_dots() {
    assert!(clean(b"a\tb\n").text.starts_with("a       b\n"));
    let position = clean(b"a\x1b$\x78\x00b\n");
    assert!(position.text.starts_with("a         b\n"), "120 dots are 10 columns: {}", position.text);
    assert!(clean(b"a\x1b\\\x18\x00b\n").text.starts_with("a  b\n"), "24 dots are 2 columns");
    assert!(clean(b"\x1bD\x05\x00\ta\n").text.starts_with("     a\n"));
}

#[test]
fn margins_narrow_the_line() {
    let mut document = hex("1D 4C 78 00 1D 57 78 00");
    document.extend(b"abcdefghijklmn\n");
    let paper = clean(&document);
    assert!(paper.text.starts_with("          abcdefghij\n          klmn\n"), "{}", paper.text);
}

#[test]
fn feeds_move_the_paper_by_dots_and_lines() {
    let height = |document: &[u8]| clean(document).bitmap().height();
    assert_eq!(height(b"a\n"), 30);
    assert_eq!(height(b"a\x1bJ\x64"), 100);
    assert_eq!(height(b"a\x1bd\x03"), 90);
    assert_eq!(height(b"\x1b3\x40a\n"), 64);
    assert_eq!(height(b"\x1b3\x10a\n"), 24, "a line is never lower than its characters");
    assert_eq!(height(b"\x1d!\x01a\n"), 48);
}

#[test]
fn all_forms_of_the_cut_end_the_paper() {
    let cases: [(&[u8], PaperEnd); 8] = [
        (b"\x1dV\x00", PaperEnd::FullCut),
        (b"\x1dV1", PaperEnd::PartialCut),
        (b"\x1dVA\x10", PaperEnd::FullCut),
        (b"\x1dVB\x00", PaperEnd::PartialCut),
        (b"\x1dVa\x00", PaperEnd::FullCut),
        (b"\x1dVh\x00", PaperEnd::PartialCut),
        (b"\x1bi", PaperEnd::PartialCut),
        (b"\x1bm", PaperEnd::PartialCut),
    ];
    for (cut, end) in cases {
        let printer = epson();
        printer.feed(&[b"x\n", cut].concat());
        let ends: Vec<PaperEnd> = printer.papers().iter().map(|p| p.end).collect();
        assert_eq!(ends, [end], "{cut:02X?}");
    }
    assert!(refused(b"open line\x1dV\x00\n").contains("cut while the line buffer holds data"));
}

#[test]
fn codes_are_marked_with_their_content() {
    let document = [
        gs_paren_k(&[49, 65, 50, 0]),
        gs_paren_k(&[49, 67, 4]),
        gs_paren_k(&[49, 69, 49]),
        gs_paren_k(b"1P0https://example.com/7"),
        gs_paren_k(b"1Q0"),
        b"\x1dk\x04CODE-39\0".to_vec(),
        b"\x1dk\x43\x0c201234501550".to_vec(),
        b"\x1dk\x49\x08{B20\x7b\x41ab".to_vec(),
    ];
    let (paper, violations) = print(&document.concat());
    assert_eq!(violations.len(), 1, "set A has no lower case: {violations:?}");
    assert_eq!(
        paper.markers[..3],
        [
            Marker::Qr { data: b"https://example.com/7".to_vec(), level: 'M', module: 4 },
            Marker::Barcode { kind: BarcodeKind::Code39, data: "CODE-39".into() },
            Marker::Barcode { kind: BarcodeKind::Ean13, data: "2012345015500".into() },
        ]
    );
    assert!(paper.says("[QR https://example.com/7]"));
    assert!(paper.says("[EAN13 2012345015500]"));
}

#[test]
fn images_are_drawn_dot_for_dot() {
    let raster = clean(&hex("1D 76 30 00 02 00 02 00 80 01 00 FF"));
    assert!(raster.bitmap().get(0, 0) && raster.bitmap().get(15, 0) && raster.bitmap().get(8, 1));
    assert_eq!(raster.bitmap().black(), 10);
    assert_eq!(raster.markers[0], Marker::Image { width: 16, height: 2 });

    let doubled = clean(&hex("1D 76 30 03 01 00 01 00 80"));
    assert_eq!(doubled.bitmap().black(), 4);

    let stored = clean(&hex("1D 28 4C 0C 00 30 70 30 01 01 31 08 00 02 00 FF 81 1D 28 4C 02 00 30 32"));
    assert_eq!(stored.bitmap().black(), 10);

    let large = clean(&hex("1D 38 4C 0C 00 00 00 30 70 30 01 01 31 08 00 02 00 FF 81 1D 28 4C 02 00 30 32"));
    assert_eq!(large.bitmap(), stored.bitmap());

    let columns = clean(&hex("1B 2A 21 02 00 80 00 00 00 00 01 0A"));
    assert!(columns.bitmap().get(0, 0) && columns.bitmap().get(1, 23));
    assert_eq!(columns.bitmap().black(), 2);
}

#[test]
fn strips_of_one_picture_count_as_one_image() {
    let strip = [hex("1B 2A 21 10 00"), vec![0xFF; 48], b"\n".to_vec()].concat();
    let document = [hex("1B 33 18"), strip.clone(), strip.clone(), strip].concat();
    let paper = clean(&document);
    assert_eq!(paper.markers[0], Marker::Image { width: 16, height: 72 });
    assert_eq!(paper.text, "[IMAGE 16x72]\n[CUT]\n");
}

#[test]
fn what_the_reference_does_not_allow_is_refused_and_named() {
    let cases: [(&str, &str); 12] = [
        ("1B 61 07", "ESC a"),
        ("1D 68 00", "GS h"),
        ("1D 77 09", "GS w"),
        ("1B 7F", "unknown command 1B 7F"),
        ("1D 28 6B 03 00 30 45 31", "GS ( k"),
        ("1D 28 6B 03 00 31 51 30", "no data is stored"),
        ("1D 6B 43 02 31 32", "EAN13"),
        ("1D 6B 43 0D 32 30 31 32 33 34 35 30 31 35 35 30 31", "check digit"),
        ("1D 28 4C 0B 00 30 70 30 01 01 31 08 00 02 00 FF", "GS ( L"),
        ("1B 4C", "page mode"),
        ("01", "control byte 01"),
        ("1C 26", "no double-byte font"),
    ];
    for (command, reason) in cases {
        let violation = refused(&hex(command));
        assert!(violation.contains(reason), "{command}: {violation}");
    }
}

#[test]
fn a_drawer_command_without_its_times_swallows_what_follows() {
    let printer = epson();
    printer.feed(b"\x1bp\x00AB\n");
    assert!(!printer.unfinished().contains('A'));
}

#[test]
fn a_whole_receipt_is_the_same_however_it_arrives() {
    let receipt = [
        b"\x1b@\x1c.\x1bt\x11\x1ba\x01\x1d!\x11\x8a\xa0\xe4\xa5\n\x1d!\x00\x1ba\x00".to_vec(),
        b"Tea\x1b$\x90\x01 1.50\n".to_vec(),
        gs_paren_k(b"1P0abc"),
        gs_paren_k(b"1Q0"),
        hex("1D 76 30 00 01 00 02 00 1B 40"),
        b"\x1dk\x02201234501550\0\x1dVB\x00".to_vec(),
        hex("1D 28 48 06 00 30 30 30 30 30 31 10 04 04"),
    ]
    .concat();
    let answers = however_split(&PrinterSpec::epson_80mm(), &receipt);
    assert_eq!(answers, hex("37 22 30 30 30 31 00 12"));
}

#[test]
fn a_flood_of_nuls_ends_an_aborted_image_without_a_trace() {
    let printer = epson();
    printer.feed(&hex("1D 76 30 00 48 00 20 00 FF FF"));
    printer.feed(&[0; 8192]);
    printer.feed(b"\x1b@after\n\x1dV\x00");
    assert!(printer.papers()[0].says("after"));
    assert_eq!(printer.violations(), [] as [String; 0]);
}
