//! The configuration of a scale, and what it says it can do.

use std::sync::Arc;

use outlet_devices::driver::{Report, Settings, Work};
use outlet_devices::error::ErrorKind;
use outlet_devices::registry;
use outlet_protocols::document::Document;
use outlet_protocols::scale;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::bed::{build, protocols};

fn report() -> Report {
    Report::of_status(watch::channel(Default::default()).0)
}

fn problem(model: Option<&str>, link: &str, options: Value) -> (String, String) {
    let error = build(model, link, options, report()).err().expect("it should have been refused");
    (error.key, error.message)
}

#[test]
fn every_protocol_of_the_list_is_tested_here() {
    let listed: Vec<&str> = scale::protocols().iter().map(|info| info.name).collect();
    assert_eq!(protocols().iter().map(|(name, _)| *name).collect::<Vec<_>>(), listed);
}

#[test]
fn a_scale_without_a_protocol_or_with_an_unknown_one_is_told_which_there_are() {
    for model in [None, Some("toledo")] {
        let (key, message) = problem(model, "serial:///dev/ttyUSB0", Value::Null);
        assert_eq!(key, "model");
        for info in scale::protocols() {
            assert!(message.contains(info.name), "{message}");
        }
    }
}

#[test]
fn options_are_strict_and_name_their_key() {
    for (options, key) in [
        (json!({"pol_ms": 5}), "options"),
        (json!({"poll_ms": "often"}), "options.poll_ms"),
        (json!({"poll_ms": 1}), "options.poll_ms"),
        (json!({"live_max_s": 4000}), "options.live_max_s"),
        (json!({"confirm": 0}), "options.confirm"),
        (json!({"request": "price"}), "options.request"),
        (json!([]), "options"),
    ] {
        let (at, message) = problem(Some("cas"), "tcp://scale:4001", options.clone());
        assert!(at.starts_with(key), "{options}: {at}: {message}");
    }
    let all = json!({"poll_ms": 500, "publish": false, "live_max_s": 60, "confirm": 2, "request": "prices"});
    assert!(build(Some("cas"), "tcp://scale:4001", all, report()).is_ok());
}

#[test]
fn a_link_of_another_kind_is_refused() {
    let (key, message) = problem(Some("cas"), "usblp:///dev/usb/lp0", Value::Null);
    assert_eq!(key, "link");
    assert!(message.contains("serial://"), "{message}");
}

#[test]
fn a_scale_says_what_it_can_do() {
    let (_, cas) = build(Some("cas"), "tcp://scale:4001", Value::Null, report()).unwrap();
    assert_eq!((cas.kind.as_str(), cas.driver.as_str()), ("scale", "scale"));
    assert_eq!(cas.capabilities, ["weigh", "count", "live"]);
    let (_, massa) = build(Some("massa-k-100"), "tcp://scale", Value::Null, report()).unwrap();
    assert_eq!(massa.capabilities, ["weigh", "count", "live", "zero", "tare", "preset-tare"]);
    assert_eq!(massa.link, "tcp://scale:5001");
    assert_eq!(massa.limits["poll_ms"], 200);
}

#[test]
fn a_scale_takes_no_jobs() {
    let settings = Settings {
        id: "counter".into(),
        model: Some("cas".into()),
        link: "tcp://scale:4001".into(),
        options: Value::Null,
        codes: Default::default(),
    };
    let built = registry::find("scale").unwrap().build(&settings, report()).unwrap();
    let document: Document = serde_json::from_value(json!({"blocks": []})).unwrap();
    let error = built.check.check(&Work::Print(Arc::new(document))).unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"));
}
