//! What is refused before start and at intake.

use std::sync::Arc;

use outlet_devices::driver::{DeviceStatus, Report, Work};
use outlet_devices::error::{DeviceError, ErrorKind};
use outlet_protocols::display::DisplayDocument;
use outlet_simulators::label_printer::PrinterSpec;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::bed::*;

fn refused(model: &str, link: &str, options: Value) -> (String, String) {
    let report = Report::of_status(watch::channel(DeviceStatus::default()).0);
    let error = build(model, link, options, report).err().unwrap();
    (error.key, error.message)
}

#[test]
fn a_wrong_setting_is_named_with_what_would_be_right() {
    let tcp = "tcp://10.0.0.20";
    for (model, link, options, key, remedy) in [
        ("no-such", tcp, json!(null), "model", "generic-zpl"),
        ("generic-zpl", "hid://05e0:1200", json!(null), "link", "tcp://"),
        ("generic-zpl", tcp, json!({"templates": "58x40"}), "options", "templates"),
        ("generic-zpl", tcp, json!({"template": "60x60"}), "options.template", "58x60"),
        ("generic-zpl", tcp, json!({"language": "fr"}), "options.language", "ro"),
        ("generic-zpl", tcp, json!({"poll_ms": 1}), "options.poll_ms", "20"),
        ("generic-zpl", tcp, json!({"media": {"type": "gap", "mm": 99}}), "options.media", "25"),
        ("generic-zpl", tcp, json!({"dots": 1}), "options.dots", "160"),
    ] {
        let (named, message) = refused(model, link, options);
        assert_eq!(named, key, "{message}");
        assert!(message.contains(remedy), "{message}");
    }
}

#[tokio::test]
async fn the_description_has_the_word_for_label_jobs() {
    let bed = Bed::unconnected("generic-tspl-58", PrinterSpec::tspl(), Over::Tcp, quick()).await;
    assert_eq!(bed.description.capabilities, ["label"]);
    assert_eq!(bed.description.limits["width_mm"], 58.0);
}

async fn judged(model: &str, document: Value) -> Result<(), DeviceError> {
    let bed = Bed::unconnected(model, PrinterSpec::tspl(), Over::Tcp, quick()).await;
    bed.check.check(&job(document).work)
}

#[tokio::test]
async fn what_can_never_be_printed_is_refused_at_intake() {
    let wide = json!({"label": {"width": 100, "height": 40, "elements": []}});
    let error = judged("generic-tspl-58", wide.clone()).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"), "{error}");
    assert_eq!(judged("generic-tspl", wide).await, Ok(()));
    let mut long = weighed();
    long["item"]["name"] = json!("слово ".repeat(80));
    let error = judged("generic-tspl", long).await.unwrap_err();
    assert_eq!(error.code, "invalid-request");
    assert!(error.message.starts_with("document: item.name: "), "{error}");
    let mut code = weighed();
    code["item"]["code"] = json!("1234567");
    let error = judged("generic-tspl", code).await.unwrap_err();
    assert!(error.message.contains("item.code"), "{error}");
    let mut own = weighed();
    own["weigh"]["scale"] = json!("labels");
    let error = judged("generic-tspl", own).await.unwrap_err();
    assert!(error.message.contains("weigh.scale"), "{error}");
    assert_eq!(judged("generic-tspl", weighed()).await, Ok(()));
}

#[tokio::test]
async fn jobs_of_other_kinds_are_refused() {
    let bed = Bed::unconnected("generic-zpl", PrinterSpec::zpl(), Over::Tcp, quick()).await;
    let display = DisplayDocument::parse(&json!({"lines": ["1"]})).unwrap();
    let error = bed.check.check(&Work::Display(Arc::new(display))).unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"));
}
