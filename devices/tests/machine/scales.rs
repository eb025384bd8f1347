//! Scales that speak in HID reports.

use outlet_devices::driver::Request;
use outlet_simulators::hid::{HidDevice, HidSpec};
use outlet_simulators::scale::{HidStatus, HidUnit, hid_report};
use serde_json::{Value, json};

use crate::bed::{Bed, connected};

pub const MODEL: &str = "hid";
const LINK: &str = "hid://0922:8003";

async fn bed() -> (HidDevice, Bed) {
    let device = HidDevice::plug_in(&HidSpec::scale()).await.unwrap();
    (device, connected("scale", Some(MODEL), LINK, json!({})).await)
}

fn show(device: &HidDevice, status: HidStatus, grams: u16) {
    device.send(&hid_report(status, HidUnit::Gram, 0, grams)).unwrap();
}

/// Weight and unit of a reading at rest without any fault.
pub fn sale(told: &Value) -> (String, String) {
    assert_eq!((&told["type"], &told["stable"]), (&json!("weight"), &json!(true)), "{told}");
    assert!(["overload", "underload", "zero"].iter().all(|sign| told[sign] == false), "{told}");
    let text = |key: &str| told["weight"][key].as_str().unwrap().to_owned();
    (text("value"), text("unit"))
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_weight_at_rest_is_told_once_and_a_weight_in_motion_is_not() {
    let (device, mut bed) = bed().await;
    for grams in [1550, 2345] {
        show(&device, HidStatus::Motion, 700);
        for _ in 0..3 {
            show(&device, HidStatus::Stable, grams);
        }
        assert_eq!(sale(&bed.next().await), (grams.to_string(), "g".to_owned()));
        show(&device, HidStatus::Zero, 0);
        let empty = bed.next().await;
        assert_eq!((&empty["zero"], &empty["weight"]["value"]), (&json!(true), &json!("0")), "{empty}");
    }
    assert_eq!(bed.told(), [json!(null); 0]);
}

// Facts sheet on scales: 645.2 oz.
#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_weight_in_ounces_has_its_decimals() {
    let (device, mut bed) = bed().await;
    device.send(&[3, 4, 0x0B, 0xFF, 0x34, 0x19]).unwrap();
    assert_eq!(sale(&bed.next().await), ("645.2".to_owned(), "oz".to_owned()));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn an_overloaded_scale_and_one_below_zero_show_no_weight() {
    let (device, mut bed) = bed().await;
    for (status, sign) in [(HidStatus::OverLimit, "overload"), (HidStatus::UnderZero, "underload")] {
        show(&device, status, 5000);
        let told = bed.next().await;
        assert_eq!((&told[sign], told.get("weight")), (&json!(true), None), "{told}");
    }
    show(&device, HidStatus::Fault, 5000);
    let told = bed.next().await;
    assert!(told["fault"].is_string() && told.get("weight").is_none(), "{told}");
}

// Debian's kernel 6.1.192 drops reports that are cut short and says so in its log; older ones hand them on.
#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_report_cut_short_is_no_weight() {
    let (device, mut bed) = bed().await;
    let report = hid_report(HidStatus::Stable, HidUnit::Gram, 0, 1550);
    for length in 1..report.len() {
        device.send(&report[..length]).unwrap();
    }
    show(&device, HidStatus::Stable, 750);
    let told = bed.until(|told| told.get("fault").is_none()).await;
    assert_eq!(sale(told.last().unwrap()), ("750".to_owned(), "g".to_owned()));
    assert!(told.iter().rev().skip(1).all(|told| told.get("weight").is_none()), "{told:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scale_that_reports_changes_only_is_asked_for_the_weight_that_lies_on_it() {
    let (device, mut bed) = bed().await;
    device.hold(3, &hid_report(HidStatus::Stable, HidUnit::Gram, 0, 1550));
    let answer = bed.ask(Request::Weigh { timeout_ms: None }).await;
    assert_eq!(answer["reading"]["weight"], json!({"value": "1550", "unit": "g"}), "{answer}");
    assert!(device.state().asked > 0);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scale_that_is_plugged_in_again_weighs_on() {
    let (mut device, mut bed) = bed().await;
    for grams in [1550, 750, 1550] {
        show(&device, HidStatus::Stable, grams);
        assert_eq!(sale(&bed.next().await), (grams.to_string(), "g".to_owned()));
        device.unplug();
        assert!(bed.lost().await.contains("unplugged"));
        assert_eq!(bed.refused().await.code, "device-offline");
        device = HidDevice::plug_in(&HidSpec::scale()).await.unwrap();
        bed.connect().await;
    }
}
