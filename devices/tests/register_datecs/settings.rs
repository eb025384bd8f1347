//! Options, and what is refused at intake.

use outlet_devices::driver::{DeviceStatus, Report, Settings, SettingsError};
use outlet_devices::registry;
use outlet_simulators::register::Register;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::bed::*;

fn build(model: &str, link: &str, options: Value) -> Result<(), SettingsError> {
    let settings = Settings {
        id: "till".into(),
        model: Some(model.into()),
        link: link.into(),
        options,
        codes: Default::default(),
    };
    let sink = watch::channel(DeviceStatus::default()).0;
    registry::find("datecs").unwrap().build(&settings, Report::of_status(sink)).map(drop)
}

#[test]
fn a_wrong_setting_is_named_with_its_key() {
    for (options, key) in [
        (json!({"colour": 1}), "options.colour"),
        (json!({"tax": {"vat20": "K"}}), "options.tax"),
        (json!({"tax": {"vat99": "A"}}), "options.tax"),
        (json!({"payments": {"cash": "cheque"}}), "options.payments"),
        (json!({"operator": {"number": 99, "password": "1"}}), "options.operator"),
        (json!({"operator": {"number": 1, "password": "1", "name": "x"}}), "options.operator"),
        (json!({"operators": {"Ana": {"number": 2, "password": "abc"}}}), "options.operators"),
        (json!({"till": 0}), "options.operator"),
        (json!({"silence_ms": 5}), "options.silence_ms"),
        (json!({"columns": 5}), "options.columns"),
        (json!({"poll_ms": 1}), "options.poll_ms"),
        (json!({"repeats": "many"}), "options.repeats"),
        (json!([]), "options"),
    ] {
        let error = build("datecs-x", "tcp://10.0.0.20:4999", options.clone()).unwrap_err();
        assert_eq!(error.key, key, "{options}: {error}");
    }
    assert_eq!(build("fp-9999", "tcp://10.0.0.20:4999", Value::Null).unwrap_err().key, "model");
    assert_eq!(build("datecs-x", "usb://04b8:0e28/1", Value::Null).unwrap_err().key, "link");
    for model in ["datecs-x", "datecs-ro", "datecs-p", "datecs-c", "datecs-dp-150"] {
        build(model, "serial:///dev/ttyUSB0?baud=115200", Value::Null).unwrap();
    }
}

#[tokio::test]
async fn the_device_document_says_what_the_register_can_do() {
    let has = |set: Set, what: &str| {
        let register = Register::open(set.spec()).unwrap();
        let bed = Bed::with_link(set, register, "tcp://127.0.0.1:4999".into(), Value::Null);
        assert_eq!(bed.description.kind, "register");
        assert!(bed.description.limits["max_name"].as_u64() >= Some(44), "{}", bed.description.limits);
        bed.description.capabilities.iter().any(|capability| capability == what)
    };
    for set in Set::ALL {
        assert!(has(set, "fiscal") && has(set, "drawer") && has(set, "sell") && has(set, "cashIn"));
        assert_eq!(has(set, "sellReturn"), set != Set::Ro, "{set:?}");
        assert!(!has(set, "buy") && !has(set, "openShift"));
    }
}

#[tokio::test]
async fn bad_tasks_are_refused_by_field_before_anything_is_sent() {
    let mut bed = Bed::open(Set::C).await;
    let with = |pointer: &str, value: Value| {
        let mut task = Set::C.coffee();
        *task.pointer_mut(pointer).unwrap() = value;
        task
    };
    let moments = bed.register.moments();
    for (task, field, kind) in [
        (with("/items/0/name", json!("咖啡")), "items[0]", ErrorKind::Rejected),
        (with("/items/0/name", json!("x".repeat(45))), "items[0].name", ErrorKind::Unsupported),
        (with("/items/0/tax/type", json!("vat7")), "items[0].tax.type", ErrorKind::Unsupported),
        (with("/items/0/quantity", json!("1.0001")), "items[0]", ErrorKind::Unsupported),
        (with("/payments/0/type", json!("prepaid")), "payments[0].type", ErrorKind::Unsupported),
        (with("/type", json!("buy")), "type", ErrorKind::Unsupported),
        (json!({"type": "openShift"}), "type", ErrorKind::Unsupported),
    ] {
        let error = bed.check.check(&command(task).work).unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert!(error.message.contains(field), "{field}: {error:?}");
    }
    assert_eq!(bed.register.moments(), moments);
    bed.done(Set::C.coffee()).await;
}

#[tokio::test]
async fn a_named_operator_sells_under_a_number_of_their_own() {
    let mut options = quick();
    options["operators"] = json!({"Maria": {"number": 7, "password": "0000"}});
    let mut bed = Bed::unconnected(Set::X, options).await;
    bed.driver.connect().await.unwrap();
    let mut task = Set::X.coffee();
    task["operator"] = json!({"name": "Maria"});
    bed.done(task).await;
    assert!(bed.paper().contains("ОПЕРАТОР 7"), "{}", bed.paper());
}
