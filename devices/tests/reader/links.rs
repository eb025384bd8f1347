//! Links that go and come.

use outlet_devices::driver::Request;
use outlet_simulators::reader::{Fault, Line, RfidCard, RfidReader, StripeFormat, StripeReader, Suffix};
use serde_json::{Value, json};

use super::bed::{Bed, over_pty, over_tcp};
use super::cards::bank_card;
use super::codes::scanner;

/// Pulls the cable, sees what the driver says, plugs it in again, and reads once more.
async fn unplugged(mut bed: Bed, line: &Line, read: impl Fn()) -> [Value; 2] {
    read();
    let before = bed.next().await;
    line.inject(Fault::Unplug);
    let lost = bed.until_lost().await;
    assert!(lost.contains("was lost") && lost.contains("cable"), "{lost}");
    {
        let status = bed.status.borrow();
        assert!(!status.online && status.problem.as_deref() == Some(lost.as_str()), "{status:?}");
    }
    let refused = bed.built.driver.connect().await.unwrap_err();
    assert_eq!(refused.code, "device-offline");
    line.inject(Fault::Replug);
    bed.connect().await;
    line.wait_state(|state| state.connected).await;
    assert!(bed.status.borrow().online);
    read();
    let after = bed.next().await;
    assert_eq!(bed.ask(Request::Status).await["received"]["links_lost"], 1);
    [before, after]
}

#[tokio::test]
async fn a_scanner_that_is_unplugged_and_plugged_in_again_goes_on() {
    let serial = scanner(Suffix::CrLf, false);
    let bed = over_pty("scanner", serial.line(), json!({})).await;
    let [before, after] = unplugged(bed, serial.line(), || serial.scan("2012345015500")).await;
    assert_eq!((&before, &after["meaning"]["quantity"]["value"]), (&after, &json!("1.550")));
    let network = scanner(Suffix::CrLf, false);
    let bed = over_tcp("scanner", network.line(), json!({})).await;
    let [before, after] = unplugged(bed, network.line(), || network.scan("2012345015500")).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_card_reader_that_is_unplugged_and_plugged_in_again_goes_on() {
    let serial = StripeReader::new(StripeFormat::Plain { lrc: true });
    let bed = over_pty("card-reader", serial.line(), json!({"lrc": true})).await;
    let [before, after] = unplugged(bed, serial.line(), || serial.swipe(&bank_card())).await;
    assert_eq!((&before, &after["masked"]), (&after, &json!("411111******1111")));
    let network = StripeReader::new(StripeFormat::Plain { lrc: true });
    let bed = over_tcp("card-reader", network.line(), json!({"lrc": true})).await;
    let [before, after] = unplugged(bed, network.line(), || network.swipe(&bank_card())).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn an_rfid_reader_that_is_unplugged_tells_a_card_that_is_still_there_again() {
    let card = RfidCard::EmMarine([0x55, 0x00, 0x7E, 0xE4, 0x24]);
    let serial = RfidReader::new();
    let bed = over_pty("rfid-reader", serial.line(), json!({})).await;
    let [before, after] = unplugged(bed, serial.line(), || serial.present(card)).await;
    assert_eq!((&before, &after["uid"]), (&after, &json!("55007EE424")));
    let network = RfidReader::new();
    let bed = over_tcp("rfid-reader", network.line(), json!({})).await;
    let [before, after] = unplugged(bed, network.line(), || network.present(card)).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn half_a_code_before_the_link_is_lost_and_half_a_code_after_are_no_code() {
    for (suffix, option) in [(Suffix::CrLf, "any"), (Suffix::None, "none")] {
        let scanner = scanner(suffix, false);
        let options = json!({"suffix": option, "silence_ms": 5000});
        let mut bed = over_tcp("scanner", scanner.line(), options).await;
        scanner.line().inject(Fault::SilentAfter(7));
        scanner.scan("2012345015500");
        bed.until_counted("bytes", 7).await;
        scanner.line().inject(Fault::CutLink);
        let told = bed.next().await;
        assert_eq!(told["code"], "unreadable");
        assert!(told["message"].as_str().unwrap().contains("link was lost"), "{told}");
        bed.connect().await;
        scanner.line().wait_state(|state| state.connected).await;
        scanner.line().say("015500\r\n2012345015500\r\n");
        if suffix == Suffix::CrLf {
            assert_eq!(bed.next().await["meaning"], json!({"type": "text", "text": "015500"}));
            assert_eq!(bed.next().await["text"], "2012345015500");
        }
    }
}

#[tokio::test]
async fn the_worker_goes_on_by_itself_when_the_link_is_cut_between_codes() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_pty("scanner", scanner.line(), json!({})).await;
    for _ in 0..3 {
        scanner.scan("2012345015500");
        assert_eq!(bed.next().await["text"], "2012345015500");
        scanner.line().inject(Fault::CutLink);
        bed.until_lost().await;
        bed.connect().await;
    }
}
