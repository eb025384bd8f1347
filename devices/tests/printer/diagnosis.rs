//! The technician's requests.

use outlet_devices::driver::Request;
use outlet_simulators::printer::{Fault, Identity, Printer, PrinterSpec};
use serde_json::{Value, json};

use crate::bed::*;

fn suspects(report: &Value) -> Vec<(String, String)> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    report["verdict"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (word(&s["suspect"]), word(&s["likelihood"])))
        .collect()
}

fn pair(suspect: &str, likelihood: &str) -> (String, String) {
    (suspect.to_owned(), likelihood.to_owned())
}

#[tokio::test]
async fn identify_asks_maker_model_firmware_and_serial_number() {
    let mut bed = Bed::epson().await;
    let answer = bed.driver.request(&Request::Identify).await.unwrap();
    assert_eq!(
        answer["identity"],
        json!({ "maker": "EPSON", "model": "TM-T20III", "firmware": "15.02 ESC/POS", "serial": "SIM0000001",
                "multibyte": false })
    );
    bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
}

#[tokio::test]
async fn the_test_of_a_healthy_printer_prints_its_page_and_suspects_nothing() {
    let mut bed = Bed::epson().await;
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!((&report["printed"], &report["confidence"]), (&json!(true), &json!("printed")));
    assert_eq!(suspects(&report), []);
    assert!(report["page_checks"].as_array().unwrap().len() >= 6, "{report:#}");
    let paper = bed.printer.wait_paper(1).await;
    for text in
        ["12345678901234567890", "Large 2 x 2", "Code page", "Cyrillic: Съешь ещё", "Latin: The quick"]
    {
        assert!(paper.says(text), "{text} in:\n{}", paper.text);
    }
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_table_shows_the_code_page_as_the_printer_has_it() {
    let mut options = quick();
    options["codepage"] = json!("cp866");
    let mut bed = Bed::tcp(PrinterSpec::epson_80mm(), "epson-tm-t20iii", options).await;
    bed.driver.request(&Request::Test).await.unwrap();
    let paper = bed.printer.wait_paper(1).await;
    assert!(paper.says("8  А Б В Г Д Е Ж З И Й К Л М Н О П"), "{}", paper.text);
    assert!(paper.says("E  р с т у ф х ц ч ш щ ъ ы ь э ю я"), "{}", paper.text);
}

#[tokio::test]
async fn the_test_of_a_printer_without_paper_says_so_and_prints_nothing() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PaperOut);
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!((&report["ok"], &report["printed"]), (&json!(false), &json!(false)));
    assert_eq!(suspects(&report), [pair("paper", "certain")]);
    assert_eq!(report["verdict"][0]["rank"], 1);
}

#[tokio::test]
async fn the_test_works_without_a_connection_and_ranks_what_may_be_wrong() {
    let mut bed = Bed::unconnected(PrinterSpec::epson_80mm(), "epson-tm-t20iii", quick()).await;
    bed.printer.inject(Fault::RefuseConnections);
    let report = loop {
        let report = bed.driver.request(&Request::Test).await.unwrap();
        if report["printed"] == false && report["verdict"][0]["suspect"] == "address" {
            break report;
        }
    };
    assert_eq!(suspects(&report), [pair("address", "likely"), pair("other-program", "possible")]);
    assert!(report["verdict"][0]["remedy"].as_str().unwrap().contains("9100"));
}

#[tokio::test]
async fn the_test_connects_by_itself_where_nobody_has() {
    let mut bed = Bed::unconnected(PrinterSpec::epson_80mm(), "epson-tm-t20iii", quick()).await;
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(report["ok"], true, "{report:#}");
}

#[tokio::test]
async fn the_test_tells_another_model_from_the_configured_one() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.identity = Identity { model: "TM-T88V".into(), ..spec.identity };
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", quick()).await;
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(suspects(&report), [pair("firmware", "likely")]);
    assert_eq!(report["printed"], true);
}

#[tokio::test]
async fn the_test_of_a_silent_serial_line_tries_other_baud_rates_and_names_power_and_cable() {
    let mut bed = Bed::pty("baud", PrinterSpec::one_way(), "rongta-rp80", quick());
    let report = bed.driver.request(&Request::Test).await.unwrap();
    let names: Vec<_> = suspects(&report).into_iter().map(|(suspect, _)| suspect).collect();
    assert_eq!(names, ["power", "cable", "baud-rate"], "{report:#}");
    assert!(!bed.status.borrow().online);
}

#[tokio::test]
async fn the_test_of_a_missing_device_names_its_cable() {
    let printer = Printer::new(PrinterSpec::epson_80mm());
    let mut bed = Bed::with_link(printer, "serial:///dev/no-such-tty", "epson-tm-t20iii", quick());
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(suspects(&report).first(), Some(&pair("cable", "likely")));
}

#[tokio::test]
async fn a_one_way_printer_is_tested_by_the_eye() {
    let mut bed = Bed::tcp(PrinterSpec::one_way(), "generic-80", quick()).await;
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!((&report["printed"], &report["confidence"]), (&json!(true), &json!("sent")));
    assert!(!report["page_checks"].as_array().unwrap().is_empty());
}
