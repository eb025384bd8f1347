//! Settings that can't work are refused with their key.

use outlet_devices::driver::{DeviceStatus, Report};
use outlet_devices::registry;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::bed::*;

fn refused(model: &str, link: &str, options: Value) -> (String, String) {
    let error = build(model, link, options).err().expect("it can't work");
    (error.key, error.message)
}

#[test]
fn a_model_is_one_of_the_two_and_has_its_link() {
    for (model, link, key, word) in [
        (None, "udp://10.0.0.40", "model", "shtrih-print, mertech"),
        (Some("mertech"), "tcp://10.0.0.40", "options.password", "as it is set in the scale"),
    ] {
        let (sink, _) = watch::channel(DeviceStatus::default());
        let settings = settings(model, link, json!({"decimals": 2}));
        let built = registry::find("label-scale").unwrap().build(&settings, Report::of_status(sink));
        let error = built.err().unwrap();
        assert_eq!(error.key, key);
        assert!(error.message.contains(word), "{error}");
    }
    for (model, link, key) in [
        ("dibal", "udp://10.0.0.40", "model"),
        ("shtrih-print", "tcp://10.0.0.40", "link"),
        ("mertech", "udp://10.0.0.40", "link"),
        ("mertech", "serial:///dev/ttyUSB0", "link"),
        ("shtrih-print", "10.0.0.40", "link"),
    ] {
        assert_eq!(refused(model, link, Value::Null).0, key, "{model} {link}");
    }
}

#[test]
fn a_family_that_does_not_say_its_decimals_needs_them_in_the_options() {
    let (sink, _) = watch::channel(DeviceStatus::default());
    let settings = settings(Some("mertech"), "tcp://10.0.0.40", json!({"password": "1234"}));
    let error =
        registry::find("label-scale").unwrap().build(&settings, Report::of_status(sink)).err().unwrap();
    assert_eq!(error.key, "options.decimals");
    assert!(error.message.contains("write how many decimals"), "{error}");
}

#[test]
fn the_port_may_be_left_out_when_it_is_1111() {
    let link = |model: &str, link: &str| build(model, link, Value::Null).unwrap().0.description.link;
    assert_eq!(link("shtrih-print", "udp://10.0.0.40"), "udp://10.0.0.40:1111");
    assert_eq!(link("mertech", "tcp://10.0.0.40"), "tcp://10.0.0.40:1111");
    assert_eq!(link("mertech", "tcp://10.0.0.40:9100"), "tcp://10.0.0.40:9100");
    assert_eq!(link("mertech", "tcp://[fe80::1]"), "tcp://[fe80::1]:1111");
}

#[test]
fn options_are_strict_and_bounded() {
    for (options, key, word) in [
        (json!({"passwort": "0030"}), "options", "passwort"),
        (json!({"password": "30"}), "options.password", "four digits"),
        (json!({"password": 30}), "options.password", "in quotes"),
        (json!({"decimals": 3}), "options.decimals", "0 to 2"),
        (json!({"highest": 0}), "options.highest", "1 to 65535"),
        (json!({"whole": "burn"}), "options", "sweep"),
        (json!({"answer_ms": 5}), "options.answer_ms", "20 to 60000"),
        (json!({"repeats": 21}), "options.repeats", "0 to 20"),
        (json!({"patience_s": 3601}), "options.patience_s", "0 to 3600"),
        (json!({"watch_s": 0}), "options.watch_s", "1 to 3600"),
        (json!({"password_file": "/nowhere/at/all"}), "options.password_file", "the agent may read"),
        (json!({"password": "0030", "password_file": "x"}), "options.password_file", "leave one"),
    ] {
        let (at, message) = refused("shtrih-print", "udp://10.0.0.40", options);
        assert_eq!(at, key, "{message}");
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn a_password_may_stand_in_a_file_and_is_in_no_error() {
    let path = std::env::temp_dir().join(format!("outlet-label-scale-{}", std::process::id()));
    std::fs::write(&path, "7391\n").unwrap();
    assert!(build("shtrih-print", "udp://10.0.0.40", json!({"password_file": path})).is_ok());
    for wrong in ["8k4x5\n", "8k4x", "8k 4x and a whole novel behind it"] {
        std::fs::write(&path, wrong).unwrap();
        let (key, message) = refused("shtrih-print", "udp://10.0.0.40", json!({"password_file": path}));
        assert_eq!(key, "options.password_file");
        assert!(!message.contains("8k"), "{message}");
    }
    std::fs::remove_file(&path).unwrap();
    for options in [json!({"password": "73915"}), json!({"password": 73915}), json!({"password": ["73915"]})]
    {
        assert!(!refused("shtrih-print", "udp://10.0.0.40", options).1.contains("739"));
    }
}

#[test]
fn a_label_scale_is_described_by_what_it_can_be_sent() {
    let description = build("mertech", "tcp://10.0.0.40", Value::Null).unwrap().0.description;
    assert_eq!((description.kind.as_str(), description.driver.as_str()), ("label-scale", "label-scale"));
    assert_eq!(
        (description.model.as_deref(), description.capabilities),
        (Some("mertech"), vec!["items".to_owned()])
    );
    assert_eq!(description.limits["items"], 10_000);
}
