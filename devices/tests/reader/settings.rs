//! What the configuration may say, and what the drivers say of themselves.

use outlet_devices::driver::{Request, Work};
use outlet_protocols::document::Document;
use outlet_simulators::reader::Suffix;
use serde_json::{Value, json};

use super::bed::{build, over_tcp, path, settings};
use super::codes::scanner;

fn fault(driver: &str, options: Value) -> (String, String) {
    let error = build(driver, &settings("serial:///dev/ttyACM0", options)).err().unwrap();
    (error.key, error.message)
}

#[test]
fn a_wrong_option_is_named_with_its_key_and_what_would_be_right() {
    for (driver, options, key, hint) in [
        ("scanner", json!({"sufix": "cr"}), "options.sufix", "suffix"),
        ("scanner", json!({"suffix": "tab"}), "options.suffix", "stx-etx"),
        ("scanner", json!({"aim": "yes"}), "options.aim", "\"auto\""),
        ("scanner", json!({"max_bytes": 4}), "options.max_bytes", "8 to 65536"),
        ("scanner", json!({"silence_ms": 5}), "options.silence_ms", "20 to 10000"),
        ("scanner", json!([]), "options", "table"),
        ("card-reader", json!({"framing": "magtek"}), "options.framing", "secure-mag"),
        ("card-reader", json!({"lrc": true, "sentinels": false}), "options.lrc", "sentinels = true"),
        ("card-reader", json!({"hash_key_file": "/nowhere/key"}), "options.hash_key_file", "/nowhere/key"),
        ("rfid-reader", json!({"suffix": "cr"}), "options.suffix", "silence_ms"),
    ] {
        let (found, message) = fault(driver, options);
        assert_eq!(found, key);
        assert!(message.contains(hint), "{message}");
    }
}

#[test]
fn a_hash_key_of_a_few_bytes_is_refused_and_not_shown() {
    let file = path();
    std::fs::write(&file, "hunter2\n").unwrap();
    let (key, message) = fault("card-reader", json!({"hash_key_file": file}));
    std::fs::remove_file(file).unwrap();
    assert_eq!(key, "options.hash_key_file");
    assert!(message.contains("7 bytes") && !message.contains("hunter2"), "{message}");
}

#[test]
fn readers_are_reached_by_serial_and_tcp_links_and_have_no_models() {
    for driver in ["scanner", "card-reader", "rfid-reader"] {
        let error = build(driver, &settings("usb://04b8:0e28", Value::Null)).err().unwrap();
        assert!(error.key == "link" && error.message.contains("serial://"), "{error}");
        let mut with_model = settings("tcp://10.0.0.5:4001", Value::Null);
        with_model.model = Some("ds2208".into());
        assert_eq!(build(driver, &with_model).err().unwrap().key, "model");
    }
}

#[test]
fn a_reader_says_its_kind_and_what_it_reads() {
    for (driver, word) in [("scanner", "codes"), ("card-reader", "cards"), ("rfid-reader", "tags")] {
        let description =
            build(driver, &settings("tcp://10.0.0.5:4001", Value::Null)).unwrap().built.description;
        assert_eq!((description.kind.as_str(), description.driver.as_str()), (driver, driver));
        assert_eq!(description.capabilities, [word]);
    }
}

#[tokio::test]
async fn a_reader_takes_no_jobs_and_answers_what_it_can() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({"suffix": "cr"})).await;
    let document: Document = serde_json::from_value(json!({"blocks": []})).unwrap();
    let refused = bed.built.check.check(&Work::Print(document.into())).unwrap_err();
    assert_eq!(refused.code, "unsupported");
    assert_eq!(bed.ask(Request::Status).await["online"], true);
    let identity = bed.ask(Request::Identify).await;
    assert_eq!(identity["options"], json!({"suffix": "cr"}));
    let error = bed.built.driver.request(&Request::Zero).await.unwrap_err();
    assert!(error.to_string().contains("a scanner"), "{error}");
    let test = bed.ask(Request::Test).await;
    assert_eq!(
        (&test["ok"], &test["verdict"][0]["why"]),
        (&json!(false), &json!("nothing has come since the start"))
    );
    assert!(test["try"].as_str().unwrap().contains("scan a code"), "{test}");
    scanner.scan("2012345015500");
    bed.next().await;
    let test = bed.ask(Request::Test).await;
    assert_eq!((&test["ok"], &test["received"]["read"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn a_reader_that_is_not_there_is_tested_as_such() {
    let mut bed = build("scanner", &settings("serial:///dev/outlet-none", Value::Null)).unwrap();
    let test = bed.ask(Request::Test).await;
    assert_eq!(
        (&test["ok"], &test["status"]["online"], &test["verdict"][0]["suspect"]),
        (&json!(false), &json!(false), &json!("cable"))
    );
    let idle = bed.until_lost().await;
    assert!(idle.contains("not open"), "{idle}");
}
