//! Label printers: the three languages, their status, their faults.

use std::time::Duration;

use outlet_simulators::label_printer::{Event, Fault, FieldKind, LabelPrinter, PrinterSpec, Question};
use outlet_simulators::printer::Bitmap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn tspl() -> LabelPrinter {
    LabelPrinter::new(PrinterSpec::tspl())
}

fn zpl() -> LabelPrinter {
    LabelPrinter::new(PrinterSpec::zpl())
}

fn epl() -> LabelPrinter {
    LabelPrinter::new(PrinterSpec::epl())
}

/// A label with one word, so many times.
fn words(printer: &LabelPrinter) -> Vec<(String, bool)> {
    let word = |text: Vec<&str>| text.first().copied().unwrap_or_default().to_owned();
    printer.labels().iter().map(|label| (word(label.texts()), label.complete)).collect()
}

fn zpl_word(word: &str, copies: u32) -> Vec<u8> {
    format!("^XA^PW200^LL100^FO10,10^A0N,30,20^FD{word}^FS^PQ{copies}^XZ").into_bytes()
}

/// Reads the only barcode of a picture, as a scanner would.
fn scanned(bits: &Bitmap) -> Vec<String> {
    let (edge, scale) = (40, 2);
    let (width, height) = (bits.width() * scale + 2 * edge, bits.height() * scale + 2 * edge);
    let mut luma = vec![255u8; (width * height) as usize];
    for y in 0..bits.height() * scale {
        for x in 0..bits.width() * scale {
            if bits.get(x / scale, y / scale) {
                luma[((y + edge) * width + x + edge) as usize] = 0;
            }
        }
    }
    let found = rxing::helpers::detect_multiple_in_luma(luma, width, height).unwrap_or_default();
    found.iter().map(|code| code.getText().to_owned()).collect()
}

// TSPL

#[test]
fn a_tspl_label_has_its_size_in_dots_and_what_is_on_it() {
    let printer = tspl();
    printer.feed(
        b"SIZE 58 mm,40 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nCLS\r\n\
          TEXT 20,10,\"3\",0,1,1,\"Cheese \\[\"]Gouda\\[\"]\"\r\n\
          BARCODE 20,50,\"EAN13\",80,1,0,2,2,\"201234501550\"\r\n\
          QRCODE 300,10,M,4,A,0,\"hello\"\r\nBAR 0,300,464,4\r\nBOX 2,2,460,318,2\r\nPRINT 1,2\r\n",
    );
    assert_eq!(printer.violations(), [""; 0]);
    let labels = printer.labels();
    assert_eq!(labels.len(), 2);
    assert_eq!(labels[0].size(), (464, 320));
    assert!(labels[0].says("Cheese \"Gouda\""));
    // The check digit is the printer's: facts sheet on barcodes, 2012345015500.
    assert_eq!(labels[0].codes(), [("EAN13", "2012345015500"), ("QR", "hello")]);
    assert_eq!(labels[0].raster, labels[1].raster);
}

#[test]
fn what_a_tspl_printer_draws_can_be_scanned() {
    let printer = tspl();
    printer.feed(
        b"SIZE 50 mm,25 mm\r\nCLS\r\nBARCODE 40,20,\"EAN13\",80,0,0,2,2,\"2012345015500\"\r\nPRINT 1\r\n",
    );
    assert_eq!(scanned(&printer.labels()[0].raster), ["2012345015500"]);
    printer.feed(b"CLS\r\nBARCODE 40,20,\"128\",80,0,0,2,2,\"LOT-42\"\r\nPRINT 1\r\n");
    assert_eq!(scanned(&printer.labels()[1].raster), ["LOT-42"]);
    printer.feed(b"CLS\r\nQRCODE 40,20,M,5,A,0,\"https://example.org/1\"\r\nPRINT 1\r\n");
    assert_eq!(scanned(&printer.labels()[2].raster), ["https://example.org/1"]);
}

#[test]
fn in_a_tspl_bitmap_zero_is_black_and_any_byte_may_come() {
    let printer = tspl();
    printer.feed(b"SIZE 16 dot,4 dot\r\nCLS\r\nBITMAP 0,0,2,2,0,");
    printer.feed(&[0x0D, 0x0A, 0xFF, 0x7F]);
    printer.feed(b"\r\nPRINT 1\r\n");
    let label = &printer.labels()[0];
    let row = |y| (0..16).map(|x| if label.raster.get(x, y) { '#' } else { '.' }).collect::<String>();
    assert_eq!([row(0), row(1), row(2)], ["####..#.####.#.#", "........#.......", "................"]);
    assert_eq!(label.fields[0].kind, FieldKind::Graphic { width: 16, height: 2 });
    assert!(printer.violations().is_empty());
}

#[test]
fn cyrillic_in_a_built_in_font_is_a_violation_and_the_page_is_obeyed() {
    let printer = tspl();
    printer.feed(
        b"SIZE 58 mm,40 mm\r\nCODEPAGE 1251\r\nCLS\r\nTEXT 10,10,\"3\",0,1,1,\"\xd7\xe0\xe9\"\r\nPRINT 1\r\n",
    );
    assert!(printer.labels()[0].says("Чай"));
    assert_eq!(printer.violations(), ["the built-in font has no 'Ч'"]);
    let printer = LabelPrinter::new(PrinterSpec { cyrillic: true, ..PrinterSpec::tspl() });
    printer.feed("CODEPAGE UTF-8\r\nCLS\r\nTEXT 10,10,\"3\",0,1,1,\"Чай\"\r\nPRINT 1\r\n".as_bytes());
    assert!(printer.labels()[0].says("Чай"));
    assert!(printer.violations().is_empty());
}

#[test]
fn tspl_mistakes_are_violations() {
    let printer = tspl();
    printer.feed(b"SIZE 20 mm,10 mm\r\nTEXT 10,10,\"3\",0,1,1,\"a\"\r\nFROB 1\r\nCLS\r\n");
    printer.feed(b"TEXT 10,10,\"3\",45,1,1,\"a\"\r\nTEXT 150,10,\"5\",0,1,1,\"abc\"\r\nBARCODE 0,0,\"EAN13\",40,0,0,1,1,\"12\"\r\nPRINT 1\r\n");
    let violations = printer.violations().join("\n");
    for part in [
        "FROB 1: unknown command",
        "no such rotation",
        "sticks out of a label of 160 x 80",
        "EAN13: 2 digits",
    ] {
        assert!(violations.contains(part), "{violations}");
    }
}

#[test]
fn tspl_status_is_the_byte_of_the_manual() {
    let printer = tspl();
    assert_eq!(printer.feed(b"\x1b!?"), [0x00]);
    printer.inject(Fault::HeadOpen);
    assert_eq!(printer.feed(b"\x1b!?"), [0x01]);
    printer.inject(Fault::LabelsOut);
    assert_eq!(printer.feed(b"\x1b!?"), [0x05]);
    printer.inject(Fault::HeadClosed);
    printer.inject(Fault::RibbonOut);
    assert_eq!(printer.feed(b"\x1b!?"), [0x0C]);
    printer.inject(Fault::NewRibbon);
    printer.inject(Fault::NewLabels);
    printer.feed(b"\x1b!P");
    assert_eq!(printer.feed(b"\x1b!?"), [0x10]);
    assert_eq!(printer.feed(b"\x1b!S"), b"\x02`@@@\x03\r\n");
    printer.feed(b"\x1b!O");
    assert_eq!(printer.feed(b"\x1b!S"), b"\x02@@@@\x03\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_printer_at_work_says_so_in_all_languages() {
    let slow = |spec: PrinterSpec| LabelPrinter::new(spec.with_label_time(Duration::from_secs(1)));
    let printer = slow(PrinterSpec::tspl());
    assert_eq!(printer.feed(b"CLS\r\nBAR 0,0,10,10\r\nPRINT 3\r\n\x1b!?"), [0x20]);
    let printer = slow(PrinterSpec::epl());
    assert_eq!(printer.feed(b"N\nLO0,0,10,10\nP3\n^ee\r\n"), b"50\r\n");
    let printer = slow(PrinterSpec::zpl());
    let said = printer.feed(&[zpl_word("Tea", 3), zpl_word("Jam", 1), b"~HS".to_vec()].concat());
    assert_eq!(
        String::from_utf8(said).unwrap(),
        "\x02030,0,0,0100,001,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,1,2,4,0,00000003,1,000\x03\r\n\x021234,0\x03\r\n"
    );
}

#[test]
fn a_silent_printer_prints_and_answers_nothing() {
    let printer = tspl();
    printer.inject(Fault::Silence);
    assert_eq!(printer.feed(b"CLS\r\nBAR 0,0,10,10\r\nPRINT 1\r\n\x1b!?"), b"");
    assert_eq!(printer.labels().len(), 1);
    printer.inject(Fault::Speak);
    assert_eq!(printer.feed(b"\x1b!?"), [0]);
}

// ZPL

#[test]
fn a_zpl_label_has_its_fields() {
    let printer = zpl();
    printer.feed(
        "^XA\n^CI28\n^PW464\n^LL320\n^LH10,10\n^FO20,10^A0N,40,30^FDCafé^FS\n^FO20,60^BY2^BEN,80,Y,N^FD201234501550^FS\n\
         ^FO300,60^BQN,2,4^FDMA,hello^FS\n^FO0,200^GB400,3,3^FS^FO20,220^A0N,30,20^FH^FD_41_42^FS^PQ2\n^XZ"
            .as_bytes(),
    );
    assert_eq!(printer.violations(), [""; 0]);
    let labels = printer.labels();
    assert_eq!(labels.len(), 2);
    assert_eq!(labels[0].size(), (464, 320));
    assert_eq!(labels[0].texts(), ["Café", "AB"]);
    assert_eq!(labels[0].codes(), [("EAN13", "2012345015500"), ("QR", "hello")]);
    assert_eq!((labels[0].fields[0].x, labels[0].fields[0].y), (30, 20));
}

#[test]
fn what_a_zpl_printer_draws_can_be_scanned() {
    let printer = zpl();
    printer.feed(b"^XA^PW500^LL200^FO40,20^BY2^BCN,80,N,N,N^FD>;123456>6LOT^FS^XZ");
    assert_eq!(printer.labels()[0].codes(), [("CODE128", "123456LOT")]);
    assert_eq!(scanned(&printer.labels()[0].raster), ["123456LOT"]);
}

#[test]
fn gf_reads_hexadecimal_and_zebras_run_lengths() {
    let rows = |data: &str| {
        let printer = zpl();
        printer.feed(format!("^XA^PW16^LL4^FO0,0^GFA,8,8,2,{data}^FS^XZ").as_bytes());
        assert_eq!(printer.violations(), [""; 0], "{data}");
        let raster = printer.labels()[0].raster.clone();
        (0..4u32)
            .map(|y| (0..16).map(|x| if raster.get(x, y) { '#' } else { '.' }).collect())
            .collect::<Vec<String>>()
    };
    let plain = rows("FFFF8001\n8001FFFF");
    assert_eq!(plain, ["################", "#..............#", "#..............#", "################"]);
    // J is four digits; : repeats the row; ! and , fill it with ones and zeros.
    assert_eq!(rows("JF8001:!"), plain);
    assert_eq!(rows("!80H0:,")[2], "#...............");
    assert_eq!(rows("!800,:,")[3], "................");
    // M is seven digits, over the end of a row.
    assert_eq!(rows("M06,:")[1..3], [".............##.", "................"]);
}

#[test]
fn a_graphic_that_is_too_short_or_compressed_is_a_violation() {
    let printer = zpl();
    printer.feed(b"^XA^FO0,0^GFA,8,8,2,FFFF^FS^FO0,0^GFA,8,8,2,:Z64:eJz:1234^FS^FO0,0^GFA,8,8,2,Q?^FS^XZ");
    assert_eq!(printer.violations().len(), 3, "{:?}", printer.violations());
    assert!(printer.labels().is_empty(), "nothing is on it");
}

#[test]
fn binary_graphics_may_hold_carets() {
    let printer = zpl();
    printer.feed(b"^XA^PW16^LL4^FO0,0^GFB,4,4,2,^~\x00\xff^FS^XZ");
    assert_eq!(printer.violations(), [""; 0]);
    assert_eq!(printer.labels()[0].raster.black(), 5 + 6 + 8);
}

#[test]
fn zpl_outside_a_format_and_unknown_commands_are_violations() {
    let printer = zpl();
    printer.feed(b"hello^FO1,1^XA^QQ1^FO0,0^A0N,20^FDx^FS^XZ");
    let violations = printer.violations().join("\n");
    assert!(violations.contains("5 bytes outside any command"), "{violations}");
    assert!(violations.contains("^FO1,1: outside a format"), "{violations}");
    assert!(violations.contains("^QQ1: not simulated"), "{violations}");
}

#[test]
fn out_of_labels_a_zebra_pauses_and_prints_the_spoilt_label_again_after_the_key() {
    let printer = zpl();
    printer.inject(Fault::LabelsOutAfter(2));
    printer.feed(&zpl_word("Tea", 4));
    let tea = |complete| ("Tea".to_owned(), complete);
    assert_eq!(words(&printer), [tea(true), tea(true), tea(false)]);
    let status = String::from_utf8(printer.feed(b"~HS")).unwrap();
    assert!(status.starts_with("\x02030,1,1,"), "{status:?}");
    assert!(status.contains(",00000002,1,"), "{status:?}");
    printer.inject(Fault::NewLabels);
    assert_eq!(printer.labels().len(), 3, "it waits for its key");
    assert!(printer.state().paused);
    printer.inject(Fault::Resume);
    assert_eq!(words(&printer)[3..], [tea(true), tea(true)]);
    assert_eq!(printer.labels()[2].raster.height(), 50, "the upper half");
}

#[test]
fn with_jzn_a_spoilt_label_stays_spoilt() {
    let printer = zpl();
    printer.feed(b"^XA^JZN^XZ");
    printer.inject(Fault::RibbonOutAfter(0));
    printer.feed(&zpl_word("Tea", 2));
    assert!(printer.state().ribbon_out);
    printer.inject(Fault::NewRibbon);
    printer.feed(b"~PS");
    let complete: Vec<bool> = printer.labels().iter().map(|label| label.complete).collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn a_tspl_printer_goes_on_by_itself_after_a_new_roll() {
    let printer = tspl();
    printer.inject(Fault::LabelsOutAfter(1));
    printer.feed(b"CLS\r\nBAR 0,0,10,10\r\nPRINT 3\r\n");
    assert_eq!(printer.feed(b"\x1b!?"), [0x04]);
    assert_eq!(printer.state().remaining, 2);
    printer.inject(Fault::NewLabels);
    let complete: Vec<bool> = printer.labels().iter().map(|label| label.complete).collect();
    assert_eq!(complete, [true, false, true, true]);
}

#[test]
fn ja_forgets_what_waits() {
    let printer = zpl();
    printer.inject(Fault::Pause);
    printer.feed(&zpl_word("Tea", 4));
    assert_eq!(printer.state().remaining, 4);
    printer.feed(b"~JA~PS");
    assert_eq!((printer.state().remaining, printer.labels().len()), (0, 0));
}

#[test]
fn power_that_fails_in_a_label_leaves_half_of_it_and_nothing_else() {
    let printer = zpl();
    printer.inject(Fault::PowerOffAfter(1));
    printer.feed(&zpl_word("Tea", 5));
    assert_eq!(printer.labels().iter().map(|label| label.complete).collect::<Vec<_>>(), [true, false]);
    assert!(!printer.state().power);
    printer.inject(Fault::PowerOn);
    printer.feed(&zpl_word("Jam", 1));
    assert_eq!(words(&printer)[2..], [("Jam".to_owned(), true)]);
}

// EPL

#[test]
fn an_epl_label_has_its_fields() {
    let printer = epl();
    printer.feed(
        b"\nN\nq464\nQ320,24\nN\nI8,A,001\nA20,10,0,3,1,1,N,\"Say \\\"Cheese\\\"\"\nB20,60,0,E30,2,4,80,B,\"2012345015500\"\n\
          b300,60,Q,m2,s4,eM,\"hello\"\nLO0,300,464,4\nX2,2,2,460,318\nP2\n",
    );
    assert_eq!(printer.violations(), [""; 0]);
    let labels = printer.labels();
    assert_eq!((labels.len(), labels[0].size()), (2, (464, 320)));
    assert!(labels[0].says("Say \"Cheese\""));
    assert_eq!(labels[0].codes(), [("E30", "2012345015500"), ("QR", "hello")]);
}

#[test]
fn gw_draws_the_box_of_zebras_support_page() {
    // "Details related to the GW EPL Command": a box of 16 x 16 dots at 100, 100.
    let mut script = b"N\r\nGW100,100,2,16,".to_vec();
    script.extend([0x00, 0x00]);
    script.extend([0x7F, 0xFE].repeat(14));
    script.extend([0x00, 0x00]);
    script.extend(b"P1\r\n");
    let printer = epl();
    printer.feed(&script);
    assert_eq!(printer.violations(), [""; 0]);
    let raster = &printer.labels()[0].raster;
    assert_eq!(raster.black(), 60);
    assert!(raster.get(100, 100) && raster.get(115, 115) && !raster.get(101, 101) && !raster.get(99, 100));
}

#[test]
fn the_dots_of_gw_may_begin_on_a_new_line() {
    let printer = epl();
    printer.feed(b"N\nGW0,0,1,2\r\n\x00\xFFP1\n");
    assert_eq!(printer.violations(), [""; 0]);
    assert_eq!(printer.labels()[0].raster.black(), 8);
}

#[test]
fn epl_tells_its_errors_by_number() {
    let printer = epl();
    let mut events = printer.events();
    assert_eq!(printer.feed(b"^ee\r\n"), b"00\r\n");
    assert!(
        std::iter::from_fn(|| events.try_recv().ok()).any(|event| event == Event::Asked(Question::EplStatus))
    );
    printer.inject(Fault::LabelsOut);
    assert_eq!(printer.feed(b"^ee\r\n"), b"07\r\n");
    printer.inject(Fault::HeadOpen);
    assert_eq!(printer.feed(b"^ee\r\n"), b"07,11\r\n");
}

// Links

#[test]
fn a_script_may_come_in_any_number_of_pieces() {
    let scripts: [(PrinterSpec, &[u8]); 3] = [
        (
            PrinterSpec::tspl(),
            b"SIZE 16 dot,8 dot\r\nCLS\r\nBITMAP 0,0,1,2,0,\x0A\x22\r\nBAR 0,4,8,2\r\nPRINT 1\r\n\x1b!?",
        ),
        (PrinterSpec::zpl(), b"^XA^PW16^LL8^FO0,0^GFB,2,2,1,^~^FS^FO0,4^GB8,2,2^FS^XZ~HS"),
        (PrinterSpec::epl(), b"q16\nQ8,0\nN\nGW0,0,1,2,\x0A\x22\nLO0,4,8,2\nP1\n^ee\n"),
    ];
    for (spec, script) in scripts {
        let run = |parts: &[&[u8]]| {
            let printer = LabelPrinter::new(spec.clone());
            let answers: Vec<u8> = parts.iter().flat_map(|part| printer.feed(part)).collect();
            (answers, printer.labels(), printer.violations())
        };
        let whole = run(&[script]);
        assert_eq!((whole.1.len(), whole.2.len()), (1, 0), "{:?}", whole.2);
        for cut in 1..script.len() {
            let (head, tail) = script.split_at(cut);
            assert_eq!(run(&[head, tail]), whole, "{:?} cut at byte {cut}", spec.language);
        }
    }
}

#[tokio::test]
async fn over_tcp_a_label_is_printed_and_the_status_comes_back() {
    let printer = zpl();
    let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(&[zpl_word("Tea", 1), b"~HS".to_vec()].concat()).await.unwrap();
    let mut answer = [0; 82];
    host.read_exact(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"\x021234,0\x03\r\n"), "{:?}", String::from_utf8_lossy(&answer));
    assert!(printer.wait_label(1).await.says("Tea"));
}

#[tokio::test]
async fn power_that_fails_over_tcp_closes_the_connection() {
    let printer = tspl();
    let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    printer.inject(Fault::PowerOffAfter(0));
    host.write_all(b"CLS\r\nBAR 0,0,10,10\r\nPRINT 1\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = host.read_to_end(&mut rest).await;
    printer.wait_state(|state| !state.connected && !state.power).await;
    printer.inject(Fault::PowerOn);
    let mut host = loop {
        if let Ok(host) = TcpStream::connect(address).await {
            break host;
        }
        tokio::task::yield_now().await;
    };
    host.write_all(b"\x1b!?").await.unwrap();
    let mut status = [0xFF];
    host.read_exact(&mut status).await.unwrap();
    assert_eq!(status, [0]);
}

#[tokio::test]
async fn the_link_may_be_cut_in_the_middle_of_a_label() {
    let printer = zpl();
    let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = TcpStream::connect(address).await.unwrap();
    printer.inject(Fault::CutLinkAfter(20));
    host.write_all(&zpl_word("Tea", 1)).await.unwrap();
    let mut rest = Vec::new();
    let _ = host.read_to_end(&mut rest).await;
    printer.wait_state(|state| !state.connected).await;
    assert_eq!((printer.state().received, printer.labels().len()), (20, 0));
}

#[tokio::test]
async fn on_a_pty_it_can_be_unplugged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels");
    let printer = epl();
    printer.serve_pty(&path).unwrap();
    let mut host = open(&path).await;
    host.write_all(b"N\nLO0,0,10,10\nP1\n").await.unwrap();
    host.flush().await.unwrap();
    printer.wait_label(1).await;
    printer.inject(Fault::Unplug);
    printer.wait_state(|state| !state.connected).await;
    assert!(!path.exists());
    printer.inject(Fault::Replug);
    printer.wait_state(|state| state.connected).await;
    let mut host = open(&path).await;
    host.write_all(b"N\nLO0,0,10,10\nP1\n").await.unwrap();
    host.flush().await.unwrap();
    printer.wait_label(2).await;
}

async fn open(path: &std::path::Path) -> tokio::fs::File {
    tokio::fs::OpenOptions::new().read(true).write(true).open(path).await.expect("a device behind the path")
}

#[test]
fn garbage_never_stops_it() {
    for seed in 0..40u32 {
        let mut value = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut random = || {
            value ^= value << 13;
            value ^= value >> 17;
            value ^= value << 5;
            value
        };
        let pieces: [&[u8]; 14] = [
            b"^XA",
            b"^XZ",
            b"^FO",
            b"^FD",
            b"^GFA,",
            b"^BCN,",
            b"BITMAP ",
            b"TEXT 1,1,\"3\",0,",
            b"\r\n",
            b"GW1,1,",
            b"\"",
            b"PRINT 9",
            b",",
            b"\x1b!",
        ];
        let mut bytes = Vec::new();
        for _ in 0..300 {
            let piece = pieces[random() as usize % pieces.len()];
            bytes.extend(piece);
            bytes.extend(random().to_string().bytes().take(3));
            bytes.push(random() as u8);
        }
        for printer in [tspl(), zpl(), epl()] {
            printer.feed(&bytes);
            assert!(printer.state().received > 0);
        }
    }
}
