//! Scanners that speak in HID reports.

use outlet_simulators::hid::{HidDevice, HidReport, HidSpec, ReportKind};
use outlet_simulators::reader::hid::{MoreFlag, scanner};
use serde_json::json;

use crate::bed::{Bed, build, connected};

const LINK: &str = "hid://0c2e:0b67";

async fn bed() -> (HidDevice, Bed) {
    let device = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    (device, connected("scanner", None, LINK, json!({})).await)
}

fn scan(device: &HidDevice, aim: &str, code: &[u8]) {
    for report in scanner(aim, code, MoreFlag::Byte63) {
        device.send(&report).unwrap();
    }
}

// Facts sheet on bar codes: item 12345, 1.550 kg.
const WEIGHT: &str = "2012345015500";

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scanned_code_is_told_with_the_symbology_that_the_scanner_says() {
    let (device, mut bed) = bed().await;
    scan(&device, "]E0", WEIGHT.as_bytes());
    let told = bed.next().await;
    assert_eq!((&told["symbology"], &told["text"]), (&json!("ean-13"), &json!(WEIGHT)));
    assert_eq!(told["meaning"]["quantity"], json!({"kind": "weight", "value": "1.550", "unit": "kg"}));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scanner_that_has_the_feature_is_told_to_report_codes_each_time_it_is_plugged_in() {
    let (device, mut bed) = bed().await;
    let enabled = [HidReport { kind: ReportKind::Feature, bytes: vec![0xFE, 0x01] }];
    assert_eq!(device.state().received, enabled);
    device.unplug();
    bed.lost().await;
    let device = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    bed.connect().await;
    assert_eq!(device.state().received, enabled);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_code_that_takes_several_reports_is_told_as_one() {
    let (device, mut bed) = bed().await;
    let code = "0123456789".repeat(20);
    scan(&device, "]Q1", code.as_bytes());
    assert_eq!(bed.next().await["text"], code);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scanner_that_is_plugged_in_again_reads_on_whatever_node_it_gets() {
    let (mut device, mut bed) = bed().await;
    let mut others = Vec::new();
    for _ in 0..3 {
        scan(&device, "]E0", WEIGHT.as_bytes());
        assert_eq!(bed.next().await["text"], WEIGHT);
        let node = device.hidraw().to_owned();
        device.unplug();
        let lost = bed.lost().await;
        assert!(lost.contains("unplugged") && lost.contains(LINK), "{lost}");
        let missing = bed.refused().await;
        assert_eq!(missing.code, "device-offline");
        assert!(missing.to_string().contains("0c2e:0b67"), "{missing}");

        // Something else takes the node that it had.
        others.push(HidDevice::plug_in(&HidSpec::scale()).await.unwrap());
        device = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
        assert_ne!(device.hidraw(), node);
        bed.connect().await;
        assert!(bed.status.borrow().online);
    }
}

// Debian's kernel 6.1.192 drops reports that are cut short and says so in its log; older ones hand them on.
#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_report_cut_short_is_no_code_and_the_next_one_is() {
    let (device, mut bed) = bed().await;
    let report = scanner("]E0", WEIGHT.as_bytes(), MoreFlag::Byte63).remove(0);
    for length in [1, 2, 4, 9, 17, 63] {
        device.send(&report[..length]).unwrap();
    }
    device.send(&report).unwrap();
    let told = bed.until(|told| told["type"] == "code").await;
    assert_eq!(told.last().unwrap()["text"], WEIGHT);
    assert!(told.iter().rev().skip(1).all(|told| told["code"] == "unreadable"), "{told:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn the_first_half_of_a_code_before_an_unplug_and_the_second_after_it_are_no_code() {
    let (device, mut bed) = bed().await;
    let code = "0123456789".repeat(8);
    let [first, second] = scanner("]Q1", code.as_bytes(), MoreFlag::Byte63).try_into().unwrap();
    device.send(&first).unwrap();
    device.unplug();
    bed.lost().await;
    let device = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    bed.connect().await;
    device.send(&second).unwrap();
    scan(&device, "]E0", WEIGHT.as_bytes());
    let told = bed.until(|told| told["text"] == WEIGHT).await;
    assert!(told.iter().all(|told| told["text"] != code.as_str()), "{told:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn codes_that_the_kernel_drops_from_a_flood_make_no_wrong_ones() {
    let (device, mut bed) = bed().await;
    // hidraw keeps 64 reports for a reader that is late.
    let codes: Vec<String> = (0..300).map(|number| format!("CODE-{number:04}")).collect();
    for code in &codes {
        scan(&device, "]C0", code.as_bytes());
    }
    let mut told = Vec::new();
    while told.len() < 10 {
        let reading = bed.next().await;
        let text = reading["text"].as_str().unwrap_or_else(|| panic!("{reading}")).to_owned();
        assert!(codes.contains(&text), "{text}");
        told.push(text);
    }
    assert!(told.is_sorted(), "{told:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn of_two_scanners_the_one_with_the_links_serial_number_is_read() {
    let [left, right] = ["L1", "R2"].map(|serial| HidSpec::scanner().serial(serial));
    let left = HidDevice::plug_in(&left).await.unwrap();
    let right = HidDevice::plug_in(&right).await.unwrap();
    let mut bed = connected("scanner", None, "hid://0c2e:0b67/R2", json!({})).await;
    right.wait_state(|state| state.open).await;
    assert!(!left.state().open);
    scan(&left, "]E0", b"4606224110059");
    scan(&right, "]E0", WEIGHT.as_bytes());
    assert_eq!(bed.next().await["text"], WEIGHT);
    assert_eq!(bed.told(), [json!(null); 0]);

    let ambiguous = build("scanner", None, LINK, json!({})).refused().await.to_string();
    assert!(["L1", "R2", "serial number"].iter().all(|word| ambiguous.contains(word)), "{ambiguous}");
    let other = build("scanner", None, "hid://0c2e:0b67/X3", json!({})).refused().await.to_string();
    assert!(other.contains("L1") && other.contains("R2"), "{other}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_link_to_another_kind_of_device_is_refused_with_a_remedy() {
    let _wedge = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    let refused = build("scanner", None, "hid://05e0:1200", json!({})).refused().await.to_string();
    assert!(refused.contains("HID POS") && refused.contains("evdev://"), "{refused}");
}
