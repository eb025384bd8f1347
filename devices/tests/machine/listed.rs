//! What is said to be plugged in.

use outlet_devices::detect::{Found, detect};
use outlet_simulators::hid::{HidDevice, HidSpec};
use serde_json::json;

use crate::bed::connected;

/// HID devices and devices that type.
fn listed() -> Vec<Found> {
    let is_one = |found: &Found| found.link.starts_with("hid://") || found.link.starts_with("evdev://");
    detect().into_iter().filter(is_one).collect()
}

fn links(found: &[Found]) -> Vec<(&str, &str)> {
    let mut links: Vec<_> = found.iter().map(|found| (found.driver, found.link.as_str())).collect();
    links.sort_unstable();
    links
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn each_device_is_listed_with_a_driver_and_a_link_that_open_it() {
    assert_eq!(links(&listed()), []);
    let mut devices = Vec::new();
    for spec in [
        HidSpec::scale(),
        HidSpec::scanner().serial("S 1/2"),
        HidSpec::stripe_reader(),
        HidSpec::wedge().serial("W1"),
        HidSpec::keyboard(),
    ] {
        devices.push(HidDevice::plug_in(&spec).await.unwrap());
    }
    let found = listed();
    assert_eq!(
        links(&found),
        [
            ("card-reader", "hid://0801:0002"),
            ("scale", "hid://0922:8003"),
            ("scanner", "evdev://046d:c31c"),
            ("scanner", "evdev://05e0:1200/W1"),
            ("scanner", "hid://0c2e:0b67/S%201%2F2"),
        ]
    );
    for found in &found {
        assert_eq!(found.problem, None, "{found:?}");
        connected(found.driver, found.model.as_deref(), &found.link, json!({})).await;
    }
    drop(devices);
    assert_eq!(links(&listed()), []);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn devices_that_nothing_tells_apart_are_listed_as_a_problem() {
    let _left = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let _right = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let found = listed();
    assert!(!found.is_empty() && found.iter().all(|found| found.problem.is_some()), "{found:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn devices_are_listed_without_being_opened() {
    let wedge = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let scanner = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    let opened = wedge.state().opened;
    assert_eq!(listed().len(), 2);
    assert_eq!((wedge.state().opened, scanner.state().opened), (opened, 0));
    assert!(scanner.state().received.is_empty());
}
