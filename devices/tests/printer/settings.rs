//! What is refused before anything is sent: settings at start, documents at intake.

use outlet_devices::driver::{DeviceStatus, Report, Settings, SettingsError};
use outlet_devices::registry;
use outlet_simulators::printer::PrinterSpec;
use serde_json::{Value, json};

use crate::bed::*;

fn refused(link: &str, model: &str, options: Value) -> SettingsError {
    let settings = Settings {
        id: "bar".into(),
        model: Some(model.into()),
        link: link.into(),
        options,
        codes: Default::default(),
    };
    let (sink, _) = tokio::sync::watch::channel(DeviceStatus::default());
    registry::find("escpos").unwrap().build(&settings, Report::of_status(sink)).err().expect("refused")
}

#[test]
fn a_wrong_setting_names_its_key_and_the_remedy() {
    let link = "tcp://10.0.0.20";
    let cases = [
        (refused("10.0.0.20", "epson-tm-t20iii", json!({})), "link", "tcp://10.0.0.20:9100"),
        (refused(link, "epson-t20iii", json!({})), "model", "epson-tm-t20iii"),
        (refused(link, "epson-tm-t20iii", json!({ "codepage": "cp1234" })), "options.codepage", "cp866"),
        (refused(link, "epson-tm-t20iii", json!({ "codepgae": "cp866" })), "options", "codepgae"),
        (refused(link, "epson-tm-t20iii", json!({ "proof": "etb" })), "options.proof", "process-id"),
        (refused(link, "star-tsp650ii", json!({ "proof": "gs-r" })), "options.proof", "etb"),
        (refused(link, "epson-tm-t20iii", json!({ "answer_ms": 0 })), "options.answer_ms", "milliseconds"),
        (
            refused(link, "epson-tm-t20iii", json!({ "pace": { "bytes": 0, "pause_ms": 1 } })),
            "options.pace.bytes",
            "at least 1",
        ),
    ];
    for (error, key, remedy) in cases {
        assert_eq!(error.key, key);
        assert!(error.message.contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn the_description_has_the_canonical_link_and_the_limits_of_the_model() {
    let bed = Bed::epson().await;
    let description = &bed.description;
    assert_eq!((description.kind.as_str(), description.driver.as_str()), ("printer", "escpos"));
    assert!(description.link.starts_with("tcp://127.0.0.1:"));
    assert_eq!((&description.limits["dots"], &description.limits["columns"]), (&json!(576), &json!(48)));
    for ability in ["print", "cut", "drawer", "qr", "status"] {
        assert!(description.capabilities.iter().any(|c| c == ability), "{ability}");
    }
}

#[tokio::test]
async fn intake_refuses_what_the_printer_could_never_print() {
    let bed = Bed::epson().await;
    let judge = |blocks: Value| {
        let command = document(json!({ "blocks": blocks }));
        bed.check.check(&command.work).map_err(|e| (e.kind, e.code))
    };
    let long = "9".repeat(8000);
    assert_eq!(judge(json!([{ "type": "text", "text": "Tea" }])), Ok(()));
    assert_eq!(
        judge(json!([{ "type": "barcode", "symbology": "ean13", "data": "12x4" }])),
        Err((ErrorKind::Rejected, "invalid-request"))
    );
    assert_eq!(judge(json!([{ "type": "qr", "data": long }])), Err((ErrorKind::Rejected, "too-large")));
    assert_eq!(
        judge(json!([{ "type": "raw", "data": "no base64!" }])),
        Err((ErrorKind::Rejected, "invalid-request"))
    );
    assert_eq!(bed.printer.paper_count(), 0);
}

#[tokio::test]
async fn what_a_model_has_not_is_unsupported() {
    let bed = Bed::unconnected(PrinterSpec::epson_58mm(), "epson-tm-p20", quick()).await;
    let command = document(json!({ "blocks": [{ "type": "drawer" }] }));
    let answer = bed.check.check(&command.work).map_err(|e| (e.kind, e.code));
    assert_eq!(answer, Err((ErrorKind::Unsupported, "unsupported")));
}
