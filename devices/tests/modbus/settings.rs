//! The configuration of Modbus devices.

use outlet_devices::driver::Place;
use outlet_devices::registry;
use outlet_protocols::modbus::relay::RelayProfile;
use outlet_protocols::modbus::sensor::SensorProfile;
use outlet_protocols::scale::indicator::IndicatorProfile;
use serde_json::{Value, json};

use crate::bed::{refused, settings};

const RELAY: Option<&str> = Some("waveshare-modbus-rtu-relay");
const SERIAL: &str = "serial:///dev/ttyUSB0";

fn place(driver: &str, model: &str, link: &str, options: Value) -> Option<Place> {
    registry::find(driver).unwrap().place(&settings(Some(model), link, options))
}

#[test]
fn every_profile_that_is_built_in_makes_a_device() {
    let decimals = json!({"decimals": 3, "unit": "kg"});
    for profile in IndicatorProfile::built_in() {
        assert!(place("scale", &profile.id, SERIAL, decimals.clone()).is_some(), "{}", profile.id);
    }
    for profile in RelayProfile::built_in() {
        assert!(place("relay", &profile.id, SERIAL, json!({})).is_some(), "{}", profile.id);
    }
    for profile in SensorProfile::built_in() {
        assert!(place("sensor", &profile.id, SERIAL, json!({})).is_some(), "{}", profile.id);
    }
}

#[test]
fn devices_on_the_same_link_with_the_same_framing_are_on_one_line() {
    let at = |link: &str, options| place("sensor", "xy-md02", link, options).unwrap();
    let first = at("tcp://gateway:4001", json!({"framing": "rtu", "unit_id": 2}));
    assert_eq!(first.unit, 2);
    assert_eq!(first.line, at("tcp://gateway:4001", json!({"framing": "rtu"})).line);
    assert_ne!(first.line, at("tcp://gateway:4001", json!({})).line);
    assert_ne!(at(SERIAL, json!({})).line, at("serial:///dev/ttyUSB0?baud=19200", json!({})).line);
    let relay = place("relay", "lctech-relay", SERIAL, json!({})).unwrap();
    assert_eq!((relay.unit, relay.line), (255, at(SERIAL, json!({})).line));
}

#[test]
fn a_scale_with_a_protocol_of_its_own_shares_its_line_with_nobody() {
    assert_eq!(place("scale", "cas", SERIAL, json!({})), None);
}

#[test]
fn modbus_tcp_has_a_port_of_its_own_and_a_converter_has_none() {
    let own = place("sensor", "xy-md02", "tcp://gateway", json!({})).unwrap();
    assert!(own.line.starts_with("tcp://gateway:502"), "{}", own.line);
    let error = refused("sensor", Some("xy-md02"), "tcp://gateway", json!({"framing": "rtu"}));
    assert_eq!(error.key, "link");
}

#[test]
fn a_device_without_a_profile_is_told_which_there_are() {
    for (driver, model) in [("relay", "lctech-relay"), ("sensor", "xy-md02"), ("scale", "tuna-id551")] {
        for given in [None, Some("unknown")] {
            let error = refused(driver, given, SERIAL, json!({}));
            assert_eq!(error.key, "model");
            assert!(error.message.contains(model) && error.message.contains("options.profile"), "{error}");
        }
    }
}

#[test]
fn options_are_strict_and_name_their_key() {
    let outputs = |given: Value| json!({"outputs": given});
    for (options, key, words) in [
        (json!({"unit_id": 300}), "options.unit_id", "u8"),
        (json!({"unit_id": 0}), "options.unit_id", "all units"),
        (json!({"framing": "ascii"}), "options.framing", "rtu"),
        (json!({"framing": "tcp"}), "options.framing", "serial line"),
        (json!({"timeout_ms": 5}), "options.timeout_ms", "50 to 10000"),
        (json!({"poll_ms": 5}), "options.poll_ms", "100 to 60000"),
        (json!({"speed": 5}), "options", "unknown field `speed`"),
        (outputs(json!({"bell": {"channel": 9}})), "options.outputs.bell.channel", "relays 1 to 8"),
        (outputs(json!({"Bell": {"channel": 1}})), "options.outputs.Bell", "a-z"),
        (
            outputs(json!({"a": {"channel": 1}, "b": {"channel": 1}})),
            "options.outputs.b.channel",
            "already \"a\"",
        ),
        (outputs(json!({"a": {"channel": 1, "pulse_ms": 1}})), "options.outputs.a.pulse_ms", "50 to 60000"),
        (
            outputs(json!({"a": {"channel": 1, "pulse_ms": 100, "rest": "on"}})),
            "options.outputs.a.pulse_ms",
            "ends with off",
        ),
    ] {
        let error = refused("relay", RELAY, SERIAL, options.clone());
        assert!(error.key == key && error.message.contains(words), "{options}: {error}");
    }
    let value = |given: Value| json!({"values": {"temperature": given}});
    for (options, key, words) in [
        (json!({"values": {"pressure": {}}}), "options.values.pressure", "temperature, humidity"),
        (value(json!({"step": -1})), "options.values.temperature.step", "0 or more"),
        (value(json!({"min": 5, "max": 5})), "options.values.temperature.max", "above `min`"),
        (value(json!({"max": 2e7})), "options.values.temperature.max", "1000000"),
        (value(json!({"delay_s": 100_000})), "options.values.temperature.delay_s", "86400"),
        (json!({"every_min": 2000}), "options.every_min", "1440"),
    ] {
        let error = refused("sensor", Some("xy-md02"), SERIAL, options.clone());
        assert!(error.key == key && error.message.contains(words), "{options}: {error}");
    }
    let error = refused("scale", Some("cas-ci-600d"), SERIAL, json!({}));
    assert_eq!(error.key, "options.decimals");
}

#[test]
fn a_profile_of_ones_own_is_strict_too() {
    let profile = json!({
        "id": "own", "source": "its manual", "unit_id": 1, "channels": 0, "write": "coil", "address": 0,
        "on": 1, "off": 0,
    });
    let error = refused("relay", None, SERIAL, json!({"profile": profile}));
    assert_eq!(error.key, "options.profile.channels");
    let error = refused("relay", RELAY, SERIAL, json!({"profile": profile}));
    assert!(error.message.contains("leave it out"), "{error}");
}

#[test]
fn other_links_are_refused() {
    for link in ["usb://04b8:0e28", "usblp:///dev/usb/lp0", "nonsense"] {
        assert_eq!(refused("relay", RELAY, link, json!({})).key, "link");
    }
}
