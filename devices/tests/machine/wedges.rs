//! Scanners and card readers that type, persons who do, and who gets which keys.

use std::time::Duration;

use outlet_simulators::hid::{HidDevice, HidSpec};
use outlet_simulators::reader::keyboard::{GroupSeparator, Speed, type_text};
use serde_json::{Value, json};

use crate::bed::{Bed, Desktop, build, connected, keys, soon, strokes};

const LINK: &str = "evdev://05e0:1200";
// Facts sheet on bar codes: item 12345, 1.550 kg.
const WEIGHT: &str = "2012345015500";

/// Behind emulated time and a busy host a burst may have pauses: the longest gap that the option takes.
fn patient() -> Value {
    json!({"gap_ms": 500})
}

async fn scanner(link: &str) -> Bed {
    connected("scanner", None, link, patient()).await
}

async fn wedge() -> HidDevice {
    HidDevice::plug_in(&HidSpec::wedge()).await.unwrap()
}

fn node(device: &HidDevice) -> &std::path::Path {
    device.event_node().unwrap()
}

async fn scan(device: &HidDevice, code: &str) {
    device.press(&keys(&format!("{code}\n"))).await.unwrap();
}

/// Types a code while the driver listens, and gives what it tells.
async fn read(bed: &mut Bed, device: &HidDevice, code: &str) -> Value {
    bed.run_until(scan(device, code)).await;
    bed.next().await
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_code_that_a_wedge_types_is_told_and_no_other_reader_of_its_node_gets_a_key() {
    let wedge = wedge().await;
    let mut desktop = Desktop::open(node(&wedge));
    let mut bed = scanner(LINK).await;
    for code in [WEIGHT, "Tea-12/b", "ABC123"] {
        assert_eq!(read(&mut bed, &wedge, code).await["text"], code);
    }
    assert_eq!(desktop.got(), []);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_wedge_that_the_driver_lets_go_types_for_others_again() {
    let wedge = wedge().await;
    let mut desktop = Desktop::open(node(&wedge));
    let mut bed = scanner(LINK).await;
    assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
    drop(bed);
    let typed = keys("42\n");
    wedge.press(&typed).await.unwrap();
    assert_eq!(desktop.got(), strokes(&typed));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_persons_keyboard_beside_the_wedge_is_not_grabbed_and_its_keys_are_told_to_nobody() {
    let (wedge, keyboard) = (wedge().await, HidDevice::plug_in(&HidSpec::keyboard()).await.unwrap());
    let mut bed = scanner(LINK).await;
    let mut desktop = Desktop::open(node(&keyboard));
    let typed = keys("12345678\n");
    bed.run_until(keyboard.press(&typed)).await.unwrap();
    assert_eq!(desktop.got(), strokes(&typed));
    assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
    assert_eq!(bed.told(), [json!(null); 0]);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn of_two_devices_of_one_kind_only_the_one_with_the_links_serial_number_is_grabbed() {
    let named = HidDevice::plug_in(&HidSpec::wedge().serial("S1")).await.unwrap();
    let other = HidDevice::plug_in(&HidSpec::wedge().serial("S2")).await.unwrap();
    let mut desktop = Desktop::open(node(&other));
    let ambiguous = build("scanner", None, LINK, patient()).refused().await.to_string();
    assert!(ambiguous.contains("S1") && ambiguous.contains("S2"), "{ambiguous}");
    let mut bed = scanner("evdev://05e0:1200/S1").await;
    let typed = keys("12345678\n");
    bed.run_until(other.press(&typed)).await.unwrap();
    assert_eq!(desktop.got(), strokes(&typed));
    assert_eq!(read(&mut bed, &named, WEIGHT).await["text"], WEIGHT);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_wedge_that_another_program_holds_is_busy_until_that_lets_it_go() {
    let wedge = wedge().await;
    let mut holder = evdev::Device::open(node(&wedge)).unwrap();
    holder.grab().unwrap();
    let mut bed = build("scanner", None, LINK, patient());
    let busy = bed.refused().await.to_string();
    assert!(busy.contains("end the program that holds it"), "{busy}");
    drop(holder);
    bed.connect().await;
    assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_wedge_is_not_grabbed_while_a_key_of_it_is_down() {
    let wedge = wedge().await;
    let mut desktop = Desktop::open(node(&wedge));
    // The usage of A on page 07 is 04, and its code in Linux 30.
    wedge.send(&[0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(desktop.got(), [(30, 1)]);
    let mut bed = build("scanner", None, LINK, patient());
    let held = bed.refused().await.to_string();
    assert!(held.contains("held down"), "{held}");
    // The kernel repeats it.
    desktop.got();
    wedge.send(&[0; 8]).unwrap();
    assert_eq!(desktop.got().last(), Some(&(30, 0)));
    bed.connect().await;
    assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
    assert_eq!(desktop.got(), []);
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_wedge_that_is_plugged_in_again_reads_on_whatever_node_it_gets_and_is_grabbed_anew() {
    let mut wedge = wedge().await;
    let mut bed = scanner(LINK).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
        let before = node(&wedge).to_owned();
        wedge.unplug();
        let lost = bed.lost().await;
        assert!(lost.contains("unplugged") && lost.contains(LINK), "{lost}");
        assert_eq!(bed.refused().await.code, "device-offline");

        // A keyboard takes the node that it had.
        others.push(HidDevice::plug_in(&HidSpec::keyboard()).await.unwrap());
        wedge = self::wedge().await;
        assert_ne!(node(&wedge), before);
        bed.connect().await;
        let mut desktop = Desktop::open(node(&wedge));
        assert_eq!(read(&mut bed, &wedge, WEIGHT).await["text"], WEIGHT);
        assert_eq!(desktop.got(), []);
    }
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn half_a_code_before_an_unplug_and_half_a_code_after_it_are_not_put_together() {
    let wedge = wedge().await;
    let mut bed = scanner(LINK).await;
    bed.run_until(wedge.press(&keys("2012345"))).await.unwrap();
    wedge.unplug();
    bed.lost().await;
    let wedge = self::wedge().await;
    bed.connect().await;
    bed.run_until(scan(&wedge, "015500")).await;
    bed.run_until(scan(&wedge, "Tea-12")).await;
    let told = bed.until(|told| told["text"] == "Tea-12").await;
    assert!(told.iter().all(|told| told["text"] != WEIGHT), "{told:?}");
    assert_eq!(told[0]["code"], "unreadable", "{told:?}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn of_keys_that_the_kernel_drops_in_part_nothing_is_told_as_a_code() {
    let wedge = wedge().await;
    let mut bed = scanner(LINK).await;
    for length in 180..185 {
        // All at once, and nobody reads: more than an event node keeps.
        let code = &"0123456789".repeat(20)[..length];
        let typed =
            type_text(&format!("{code}\n"), Speed::Each(Duration::ZERO), GroupSeparator::Dropped).unwrap();
        soon("the keyboard", wedge.press(&typed)).await.unwrap();
        // Only a pause tells where the next code begins.
        bed.run_until(tokio::time::sleep(Duration::from_millis(600))).await;
        bed.run_until(scan(&wedge, WEIGHT)).await;
        let told = bed.until(|told| told["text"] == WEIGHT).await;
        let (_, before) = told.split_last().unwrap();
        assert!(
            !before.is_empty() && before.iter().all(|told| told["type"] == "unusable"),
            "{length}: {told:?}"
        );
    }
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_card_that_a_reader_types_is_told_masked() {
    let wedge = wedge().await;
    let mut bed = connected("card-reader", None, LINK, patient()).await;
    // Facts sheet on cards.
    let told = read(&mut bed, &wedge, ";4111111111111111=25121010000000000000?").await;
    assert_eq!((&told["kind"], &told["masked"]), (&json!("bank"), &json!("411111******1111")), "{told}");
    assert!(!told.to_string().contains("4111111111111111"), "{told}");
}
