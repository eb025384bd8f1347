//! Readers of magnetic stripes that speak in HID reports.

use outlet_devices::driver::Request;
use outlet_simulators::hid::{HidDevice, HidSpec};
use outlet_simulators::reader::Tracks;
use outlet_simulators::reader::hid::{magtek, magtek_misread};
use serde_json::json;

use crate::bed::{Bed, connected};

const LINK: &str = "hid://0801:0002";
// Facts sheet on cards.
const NUMBER: &str = "4111111111111111";

fn bank_card() -> Tracks {
    Tracks::new(
        "%B4111111111111111^IVANOVA/ANNA^25121010000000000000?",
        ";4111111111111111=25121010000000000000?",
        "",
    )
}

async fn bed() -> (HidDevice, Bed) {
    let device = HidDevice::plug_in(&HidSpec::stripe_reader()).await.unwrap();
    (device, connected("card-reader", None, LINK, json!({})).await)
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_bank_card_is_told_masked_and_a_staff_card_whole() {
    let (device, mut bed) = bed().await;
    device.send(&magtek(&bank_card())).unwrap();
    let told = bed.next().await;
    assert_eq!((&told["kind"], &told["masked"]), (&json!("bank"), &json!("411111******1111")), "{told}");
    assert!(!told.to_string().contains(NUMBER), "{told}");
    device.send(&magtek(&Tracks::new("", ";0012345=001?", ""))).unwrap();
    let told = bed.next().await;
    assert_eq!((&told["kind"], &told["number"]), (&json!("member"), &json!("0012345")), "{told}");
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_card_that_was_misread_is_told_as_unreadable() {
    let (device, mut bed) = bed().await;
    device.send(&magtek_misread(&bank_card(), &[1, 2])).unwrap();
    let told = bed.next().await;
    assert_eq!(told["kind"], "unreadable", "{told}");
}

// Debian's kernel 6.1.192 drops reports that are cut short and says so in its log; older ones hand them on.
#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_swipe_cut_short_is_no_card_and_shows_no_number() {
    let (device, mut bed) = bed().await;
    let swipe = magtek(&bank_card());
    for length in [1, 7, 40, 128, 336] {
        device.send(&swipe[..length]).unwrap();
    }
    device.send(&swipe).unwrap();
    let told = bed.until(|told| told["type"] == "card").await;
    assert_eq!(told.last().unwrap()["masked"], "411111******1111");
    assert!(told.iter().rev().skip(1).all(|told| told["code"] == "unreadable"), "{told:?}");
    let status = bed.ask(Request::Status).await;
    assert!(!format!("{told:?} {status}").contains(NUMBER));
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_card_reader_that_is_plugged_in_again_reads_on() {
    let (mut device, mut bed) = bed().await;
    for _ in 0..3 {
        device.send(&magtek(&bank_card())).unwrap();
        assert_eq!(bed.next().await["masked"], "411111******1111");
        device.unplug();
        assert!(bed.lost().await.contains("unplugged"));
        assert_eq!(bed.refused().await.code, "device-offline");
        device = HidDevice::plug_in(&HidSpec::stripe_reader()).await.unwrap();
        bed.connect().await;
    }
}
