//! RFID cards and tags.

use std::time::Duration;

use outlet_devices::driver::Request;
use outlet_simulators::reader::{Fault, RfidCard, RfidReader};
use serde_json::{Value, json};

use super::bed::{over_pty, over_tcp};

// Facts sheet: `Em-Marine[5500] 126,58404` is 55007EE424, W26 2FDC848.
const EM_MARINE: RfidCard = RfidCard::EmMarine([0x55, 0x00, 0x7E, 0xE4, 0x24]);
const MIFARE: RfidCard = RfidCard::Mifare1k([0x24, 0x54, 0x8A, 0xAC]);

fn in_short(told: &Value) -> (bool, Option<&str>) {
    assert_eq!(told["type"], "tag", "{told}");
    (told["present"].as_bool().unwrap(), told["uid"].as_str())
}

#[tokio::test]
async fn a_card_is_told_when_it_comes_and_when_it_goes() {
    let reader = RfidReader::new();
    let mut bed = over_pty("rfid-reader", reader.line(), json!({})).await;
    reader.present(EM_MARINE);
    let came = bed.next().await;
    assert_eq!(
        (in_short(&came), &came["technology"], &came["notations"]["w26"]),
        ((true, Some("55007EE424")), &json!("Em-Marine"), &json!("2FDC848"))
    );
    assert_eq!(came["notations"]["facility_number"], "126,58404");
    reader.remove();
    let went = bed.next().await;
    assert_eq!((in_short(&went), &went["technology"]), ((false, Some("55007EE424")), &json!("Em-Marine")));
    reader.present(MIFARE);
    let came = bed.next().await;
    assert_eq!((in_short(&came), &came["technology"]), ((true, Some("24548AAC")), &json!("Mifare")));
}

#[tokio::test]
async fn a_card_that_stays_is_told_once_although_the_reader_repeats_its_line() {
    let reader = RfidReader::new();
    let mut bed = over_tcp("rfid-reader", reader.line(), json!({})).await;
    (0..5).for_each(|_| reader.present(EM_MARINE));
    reader.remove();
    reader.remove();
    reader.present(EM_MARINE);
    let told = [bed.next().await, bed.next().await, bed.next().await];
    assert_eq!(told.each_ref().map(in_short).map(|(present, _)| present), [true, false, true]);
}

#[tokio::test]
async fn a_card_in_the_place_of_another_takes_that_one_away() {
    let reader = RfidReader::new();
    let mut bed = over_tcp("rfid-reader", reader.line(), json!({})).await;
    reader.present(EM_MARINE);
    reader.present(MIFARE);
    let told = [bed.next().await, bed.next().await, bed.next().await];
    assert_eq!(
        told.each_ref().map(in_short),
        [(true, Some("55007EE424")), (false, Some("55007EE424")), (true, Some("24548AAC"))]
    );
}

#[tokio::test]
async fn a_card_that_lay_there_before_the_link_was_is_taken_away_without_a_number() {
    let reader = RfidReader::new();
    let mut bed = over_tcp("rfid-reader", reader.line(), json!({})).await;
    reader.remove();
    assert_eq!(bed.next().await, json!({"type": "tag", "present": false}));
}

#[tokio::test]
async fn damaged_lines_are_told_and_make_no_card() {
    let reader = RfidReader::new();
    let mut bed = over_pty("rfid-reader", reader.line(), json!({"silence_ms": 500})).await;
    reader.line().inject(Fault::Torn { at: 7, pause: Duration::from_millis(10) });
    reader.present(EM_MARINE);
    assert_eq!(in_short(&bed.next().await), (true, Some("55007EE424")));
    reader.line().inject(Fault::SilentAfter(20));
    reader.present(MIFARE);
    assert_eq!(bed.next().await["code"], "unreadable");
    reader.line().inject(Fault::Noise(vec![0xff, 0x00]));
    reader.present(MIFARE);
    assert_eq!(bed.next().await["code"], "unreadable");
    // Brackets and decimals of two cards.
    reader.line().say("Em-Marine[5500] 126,58404\r\nMifare[24548AAC] 1K (0004,08) 126,58404\r\n");
    assert_eq!(bed.next().await["code"], "unreadable");
    reader.line().say("x".repeat(3000) + "\r\n");
    assert_eq!(bed.next().await["code"], "too-long");
    reader.line().inject(Fault::Joined(2));
    reader.remove();
    reader.present(MIFARE);
    assert_eq!(in_short(&bed.next().await), (false, Some("55007EE424")));
    assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
    let test = bed.ask(Request::Test).await;
    assert_eq!((&test["received"]["unreadable"], &test["received"]["too_long"]), (&json!(3), &json!(1)));
    assert_eq!(test["ok"], false);
}
