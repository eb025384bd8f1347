//! The driver `scanner`, and codes on our labels, against programs of others: zint draws codes, zxing-cpp reads
//! them from pictures as a scanner does, and says what a scanner would send.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_devices::driver::{DeviceStatus, Driver, Report, Settings};
use outlet_devices::reading::{ReadingSink, Readings};
use outlet_devices::registry;
use outlet_protocols::code::Patterns;
use outlet_protocols::label::item::Item;
use outlet_protocols::label::{Label, LabelOrder, LabelSetup, Language, Printer, draw, png};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::tools::{program, python};

/// A code of water on sale, with the weak check of four characters; `protocols/tests/code_marking.rs`.
const WATER: &str = "0104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP";

/// Clothing, as in the examples that ATOL ships with its driver 10.
const CLOTHING: &str =
    "014494550435306821QXYXSALGLMYQQ\u{1d}91EE06\u{1d}92YWCXbmK6SN8vvwoxZFk7WAY8WoJNMGGr6Cgtiuja04c=";

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn weight_codes_drawn_by_zint_are_read_as_item_and_quantity() {
    // The facts sheet on bar codes; zint makes the check digits itself.
    let kg = |code, value| {
        json!({"type": "item", "pattern": "weight-20", "code": code,
               "quantity": {"kind": "weight", "value": value, "unit": "kg"}})
    };
    let pieces = json!({"type": "item", "code": "00042", "quantity": {"value": "3"}});
    for (digits, data, meaning) in [
        ("201234501550", "2012345015500", kg("12345", "1.550")),
        ("200000101550", "2000001015506", kg("00001", "1.550")),
        ("210004200003", "2100042000032", pieces),
        // A weight in Sweden, and in this outlet nobody's.
        ("230214821086", "2302148210869", json!({"type": "product", "in_store": true})),
    ] {
        let told = scanned(&[zint("EANX", &[], digits)]).await.remove(0);
        assert_eq!((&told["symbology"], &told["text"]), (&json!("ean-13"), &json!(data)));
        assert_has(&told["meaning"], &meaning);
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn numbers_of_products_are_read_from_each_of_their_symbologies() {
    // GS1 General Specifications: UPC-A and UPC-E are EAN-13 to a scanner (5.1.3), and all are GTINs of 14 digits.
    for (barcode, digits, symbology, gtin) in [
        ("EANX", "460393400079", "ean-13", "04603934000793"),
        ("EANX", "9638507", "ean-8", "00000096385074"),
        ("UPCA", "03600029145", "ean-13", "00036000291452"),
        ("UPCE", "0123456", "ean-13", "00012345000065"),
        ("ITF14", "1540014128876", "interleaved-2-of-5", "15400141288763"),
    ] {
        let told = scanned(&[zint(barcode, &[], digits)]).await.remove(0);
        assert_eq!(told["symbology"], symbology, "{barcode}");
        assert_has(&told["meaning"], &json!({"type": "product", "gtin": gtin}));
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn gs1_elements_are_read_with_their_weight() {
    // The facts sheet on bar codes: GTIN 90012345678908, 1.550 kg.
    let elements = "[01]90012345678908[3103]001550";
    let meaning = json!({
        "type": "gs1", "gtin": "90012345678908",
        "quantity": {"kind": "weight", "value": "1.550", "unit": "kg"},
    });
    for (barcode, symbology) in
        [("GS1_128", "gs1-128"), ("DBAR_EXP", "gs1-databar"), ("DBAR_EXPSTK", "gs1-databar")]
    {
        let told = scanned(&[zint(barcode, &[], elements)]).await.remove(0);
        let (text, expected) = (json!("01900123456789083103001550"), json!(symbology));
        assert_eq!((&told["symbology"], &told["text"]), (&expected, &text), "{barcode}");
        assert_has(&told["meaning"], &meaning);
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn a_separator_between_gs1_elements_stays_a_separator() {
    let elements = "[01]90012345678908[10]A-7[21]42";
    for (barcode, more, symbology) in [
        ("GS1_128", &[][..], "gs1-128"),
        ("QRCODE", &["--gs1"][..], "gs1-qr"),
        ("DATAMATRIX", &["--gs1"][..], "gs1-data-matrix"),
    ] {
        let told = scanned(&[zint(barcode, more, elements)]).await.remove(0);
        assert_eq!(told["symbology"], symbology, "{barcode}");
        assert_eq!(told["text"], "019001234567890810A-7\u{1d}2142", "{barcode}");
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn marking_codes_arrive_byte_for_byte() {
    for (elements, code, gtin) in [
        ("[01]04603934000793[21]5?ZjQDTZ4NBNy[93]zFAP", WATER, "04603934000793"),
        (
            "[01]44945504353068[21]QXYXSALGLMYQQ[91]EE06[92]YWCXbmK6SN8vvwoxZFk7WAY8WoJNMGGr6Cgtiuja04c=",
            CLOTHING,
            "44945504353068",
        ),
    ] {
        let told = scanned(&[zint("DATAMATRIX", &["--gs1"], elements)]).await.remove(0);
        let whole = json!(BASE64_STANDARD.encode(code));
        assert_eq!((&told["symbology"], &told["base64"]), (&json!("gs1-data-matrix"), &whole));
        let meaning = json!({"type": "marking", "gtin": gtin, "imc": whole, "separators": "kept"});
        assert_has(&told["meaning"], &meaning);
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn text_stays_text() {
    for (barcode, text, symbology) in [
        ("CODE128", "Table 7/a", "code-128"),
        // The digits of a weight, in a symbology of no weights, with a wrong check digit.
        ("CODE128", "2012345015507", "code-128"),
        ("QRCODE", "https://example.com/menu?table=7", "qr"),
        ("DATAMATRIX", "Lot 42, shelf B", "data-matrix"),
    ] {
        let told = scanned(&[zint(barcode, &[], text)]).await.remove(0);
        assert_eq!((&told["symbology"], &told["text"]), (&json!(symbology), &json!(text)));
        assert_has(&told["meaning"], &json!({"type": "text", "text": text}));
    }
}

#[tokio::test]
#[ignore = "needs zint and zxing-cpp"]
async fn codes_one_after_the_other_on_one_line_are_told_in_their_order() {
    let told = scanned(&[
        zint("EANX", &[], "201234501550"),
        zint("DATAMATRIX", &["--gs1"], "[01]04603934000793[21]5?ZjQDTZ4NBNy[93]zFAP"),
        zint("CODE128", &[], "Table 7/a"),
    ])
    .await;
    let texts: Vec<&Value> = told.iter().map(|told| &told["text"]).collect();
    assert_eq!(texts, ["2012345015500", WATER, "Table 7/a"]);
}

#[tokio::test]
#[ignore = "needs zxing-cpp"]
async fn codes_on_drawn_labels_are_read_at_every_resolution() {
    for dpi in [203, 300, 600] {
        for (element, symbology, text) in [
            (
                json!({"type": "barcode", "symbology": "ean13", "data": "2012345015500", "height": 10}),
                "ean-13",
                "2012345015500",
            ),
            (
                json!({"type": "barcode", "symbology": "ean8", "data": "96385074", "height": 10}),
                "ean-8",
                "96385074",
            ),
            (
                json!({"type": "barcode", "symbology": "code128", "data": "Lot 42/A-7", "height": 10}),
                "code-128",
                "Lot 42/A-7",
            ),
            (
                json!({"type": "barcode", "symbology": "code39", "data": "ABC-123", "height": 10}),
                "code-39",
                "ABC-123",
            ),
            (
                json!({"type": "barcode", "symbology": "itf", "data": "15400141288763", "height": 10}),
                "interleaved-2-of-5",
                "15400141288763",
            ),
            (json!({"type": "qr", "data": "https://example.com/menu"}), "qr", "https://example.com/menu"),
            (json!({"type": "data-matrix", "data": WATER, "gs1": true}), "gs1-data-matrix", WATER),
            (json!({"type": "data-matrix", "data": CLOTHING, "gs1": true}), "gs1-data-matrix", CLOTHING),
            (json!({"type": "data-matrix", "data": "Lot 42"}), "data-matrix", "Lot 42"),
        ] {
            let told = scanned(&[Picture::of(&on_a_label(element), dpi)]).await.remove(0);
            assert_eq!((&told["symbology"], &told["text"]), (&json!(symbology), &json!(text)), "{dpi} dpi");
        }
    }
}

#[tokio::test]
#[ignore = "needs zxing-cpp"]
async fn the_label_of_a_weighed_dish_gives_its_item_and_weight_back() {
    // The facts sheet on bar codes: item 12345, 1.550 kg is 2012345015500.
    let item: Value =
        serde_json::from_str(include_str!("../../../examples/labels/item-weighed.json")).unwrap();
    let mut order = json!({"item": item, "template": "58x60", "language": "ru", "weigh": {"scale": "scale"}});
    for given in ["quantity", "barcode", "total"] {
        order["item"].as_object_mut().unwrap().remove(given);
    }
    let LabelOrder::Item(order) = LabelOrder::from_value(order).unwrap() else { panic!() };
    let now = "2026-11-22T14:05:00".parse().unwrap();
    let weighed = Some("1.5499".parse().unwrap());
    let item: Item = order.complete(weighed, now, &Patterns::default()).unwrap();
    for dpi in [203, 300] {
        let prepared = order.prepare(&item, &LabelSetup::default(), &printer(dpi), 1, &[]).unwrap();
        let [label] = prepared.labels.as_slice() else { panic!("{prepared:?}") };
        let told = scanned(&[Picture::of(label, dpi)]).await.remove(0);
        assert_eq!((&told["symbology"], &told["text"]), (&json!("ean-13"), &json!("2012345015500")));
        let weight = json!({"kind": "weight", "value": "1.550", "unit": "kg"});
        assert_has(&told["meaning"], &json!({"type": "item", "code": "12345", "quantity": weight}));
    }
}

/// Whether all that is expected is there, whatever else is.
fn assert_has(told: &Value, expected: &Value) {
    fn has(told: &Value, expected: &Value) -> bool {
        match expected {
            Value::Object(fields) => fields.iter().all(|(key, value)| has(&told[key], value)),
            other => told == other,
        }
    }
    assert!(has(told, expected), "{told} has not all of {expected}");
}

/// A picture with one code on it, as a file for as long as it is needed.
struct Picture(PathBuf);

impl Picture {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("outlet-code-{}-{number}.png", std::process::id())))
    }

    /// As it is printed.
    fn of(label: &Label, dpi: u16) -> Self {
        let picture = Self::new();
        fs::write(&picture.0, png(&draw(label, &printer(dpi)).unwrap().picture)).unwrap();
        picture
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn printer(dpi: u16) -> Printer {
    Printer { language: Language::Zpl, dpi, dots: 2_600, turned: false }
}

fn on_a_label(mut element: Value) -> Label {
    element["x"] = json!(3);
    element["y"] = json!(3);
    Label::from_value(json!({"width": 100, "height": 40, "elements": [element]})).unwrap()
}

/// A code drawn by zint. `data` with GS1's identifiers in brackets where it is a GS1 code.
fn zint(barcode: &str, more: &[&str], data: &str) -> Picture {
    let picture = Picture::new();
    let drawn = Command::new(program("zint"))
        .args(["--barcode", barcode, "--scale", "2", "--quietzones", "--data", data, "--output"])
        .arg(&picture.0)
        .args(more)
        .output()
        .unwrap();
    assert!(drawn.status.success() && drawn.stderr.is_empty(), "{barcode}: {drawn:?}");
    picture
}

/// What our driver tells of these pictures, scanned one after the other.
async fn scanned(pictures: &[Picture]) -> Vec<Value> {
    let mut scanner = Scanner::plugged_in().await;
    let mut told = Vec::new();
    for line in read(pictures) {
        told.push(scanner.scan(&line).await);
    }
    told
}

/// What a scanner with AIM's marks sends for these pictures: mark, data and CR.
fn read(pictures: &[Picture]) -> Vec<Vec<u8>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/read_codes.py");
    let said =
        Command::new(python()).arg(script).args(pictures.iter().map(|picture| &picture.0)).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let lines = said.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let lines = lines.map(|line| {
        let picture: Value = serde_json::from_slice(line).unwrap();
        let [code] = picture["codes"].as_array().unwrap().as_slice() else { panic!("{picture}") };
        let data = BASE64_STANDARD.decode(code["data"].as_str().unwrap()).unwrap();
        [code["mark"].as_str().unwrap().as_bytes(), &data, b"\r"].concat()
    });
    let lines: Vec<Vec<u8>> = lines.collect();
    assert_eq!(lines.len(), pictures.len());
    lines
}

/// A scanner on a line, and the driver of it.
struct Scanner {
    line: TcpStream,
    driver: Box<dyn Driver>,
    readings: Readings,
}

impl Scanner {
    async fn plugged_in() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = Settings {
            id: "scanner".into(),
            model: None,
            link: format!("tcp://{}", listener.local_addr().unwrap()),
            options: json!({"aim": true, "suffix": "cr"}),
            codes: Default::default(),
        };
        let (sink, readings) = ReadingSink::new();
        let report = Report { status: watch::Sender::new(DeviceStatus::default()), readings: sink };
        let mut driver = registry::find("scanner").unwrap().build(&settings, report).unwrap().driver;
        let (connected, accepted) = tokio::join!(driver.connect(), listener.accept());
        connected.unwrap();
        Self { line: accepted.unwrap().0, driver, readings }
    }

    async fn scan(&mut self, line: &[u8]) -> Value {
        self.line.write_all(line).await.unwrap();
        let reading = tokio::select! {
            biased;
            reading = self.readings.recv() => reading.unwrap(),
            lost = self.driver.idle() => panic!("{lost}"),
        };
        let told = serde_json::to_value(reading).unwrap();
        assert_eq!(told["type"], "code", "{told}");
        assert_eq!(told.get("guessed"), None, "{told}");
        told
    }
}
