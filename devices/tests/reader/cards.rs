//! Magnetic cards.

use std::time::Duration;

use outlet_simulators::reader::{Fault, StripeFormat, StripeReader, Suffix, Tracks};
use serde_json::{Value, json};

use super::bed::{over_pty, over_tcp, path};
use super::codes::scanner;

/// The card of the facts sheet.
pub const TRACK_1: &str = "%B4111111111111111^IVANOVA/ANNA^25121010000000000000?";
pub const TRACK_2: &str = ";4111111111111111=25121010000000000000?";
pub const NUMBER: &str = "4111111111111111";

pub fn bank_card() -> Tracks {
    Tracks::new(TRACK_1, TRACK_2, "")
}

fn plain(lrc: bool) -> StripeReader {
    StripeReader::new(StripeFormat::Plain { lrc })
}

/// The frame of its swipe.
pub fn secure_mag_frame() -> Vec<u8> {
    StripeFormat::SecureMag.wrap(&bank_card())
}

fn is_masked_bank_card(told: &Value) {
    assert_eq!(
        (&told["type"], &told["kind"], &told["masked"], &told["system"]),
        (&json!("card"), &json!("bank"), &json!("411111******1111"), &json!("visa")),
        "{told}"
    );
    assert!(told["tracks"].as_array().unwrap().iter().all(|track| track.get("data").is_none()), "{told}");
}

#[tokio::test]
async fn a_bank_card_is_told_masked_with_and_without_lrc() {
    for lrc in [false, true] {
        let reader = plain(lrc);
        let mut bed = over_pty("card-reader", reader.line(), json!({"lrc": lrc})).await;
        reader.swipe(&bank_card());
        is_masked_bank_card(&bed.next().await);
    }
}

#[tokio::test]
async fn a_swipe_with_a_wrong_lrc_is_unreadable_and_says_what_to_do() {
    let reader = plain(false);
    let mut bed = over_tcp("card-reader", reader.line(), json!({"lrc": true})).await;
    // The facts sheet: the LRC of this track is 8.
    reader.line().say(format!("{TRACK_2}9\r"));
    let told = bed.next().await;
    assert_eq!((&told["kind"], &told["tracks"][1]["state"]), (&json!("unreadable"), &json!("damaged")));
    assert!(told["remedy"].as_str().unwrap().contains("LRC"), "{told}");
    reader.line().say(format!("{TRACK_2}8\r"));
    is_masked_bank_card(&bed.next().await);
}

#[tokio::test]
async fn a_card_of_staff_is_told_whole() {
    let reader = plain(false);
    let mut bed = over_tcp("card-reader", reader.line(), json!({})).await;
    reader.swipe(&Tracks::new("%STAFF 17?", ";0017=3?", ""));
    let told = bed.next().await;
    assert_eq!((&told["kind"], &told["number"]), (&json!("member"), &json!("0017")));
    assert_eq!(told["tracks"][0], json!({"track": 1, "state": "read", "data": "STAFF 17"}));
}

#[tokio::test]
async fn frames_of_secure_mag_are_read_torn_joined_and_behind_noise() {
    let reader = StripeReader::new(StripeFormat::SecureMag);
    let mut bed = over_pty("card-reader", reader.line(), json!({"framing": "secure-mag"})).await;
    for at in [1, 3, 40, 97] {
        reader.line().inject(Fault::Torn { at, pause: Duration::from_millis(10) });
        reader.line().say(secure_mag_frame());
        is_masked_bank_card(&bed.next().await);
    }
    reader.line().inject(Fault::Joined(2));
    reader.line().say(secure_mag_frame());
    reader.line().say(secure_mag_frame());
    is_masked_bank_card(&bed.next().await);
    is_masked_bank_card(&bed.next().await);
    reader.line().inject(Fault::Noise(b"\x00noise".to_vec()));
    reader.line().say(secure_mag_frame());
    is_masked_bank_card(&bed.next().await);
    reader.line().inject(Fault::SilentAfter(30));
    reader.line().say(secure_mag_frame());
    assert_eq!(bed.next().await["code"], "unreadable");
    reader.line().say(format!("{TRACK_1}{TRACK_2}\r"));
    let told = bed.next().await;
    assert!(told["message"].as_str().unwrap().contains("framing = \"plain\""), "{told}");
}

#[tokio::test]
async fn tracks_on_lines_of_their_own_are_one_card() {
    let reader = plain(false);
    let options = json!({"lines": "track", "silence_ms": 60});
    let mut bed = over_tcp("card-reader", reader.line(), options).await;
    for _ in 0..2 {
        reader.line().say(format!("{TRACK_1}\r\n{TRACK_2}\r\n"));
        let told = bed.next().await;
        is_masked_bank_card(&told);
        assert_eq!(
            (&told["tracks"][0]["state"], &told["tracks"][1]["state"]),
            (&json!("read"), &json!("read"))
        );
    }
    reader.line().say(format!("{TRACK_1}\r{TRACK_2}\r%STAFF 17?\r;0017=3?\r"));
    is_masked_bank_card(&bed.next().await);
    assert_eq!(bed.next().await["number"], "0017");
}

#[tokio::test]
async fn a_swipe_that_stops_or_lacks_its_beginning_shows_nothing_of_the_card() {
    let reader = plain(false);
    let mut bed = over_tcp("card-reader", reader.line(), json!({"silence_ms": 50})).await;
    reader.line().inject(Fault::SilentAfter(12));
    reader.swipe(&bank_card());
    let told = bed.next().await;
    assert_eq!(told["code"], "unreadable");
    reader.line().say("11111111=25121010000000000000?\r");
    let tail = bed.next().await;
    assert_eq!(tail["code"], "unreadable");
    assert!(!tail.to_string().contains("1111"), "{tail}");
    reader.swipe(&bank_card());
    is_masked_bank_card(&bed.next().await);
}

#[tokio::test]
async fn a_card_of_three_kilobytes_is_too_long() {
    let reader = plain(false);
    let mut bed = over_pty("card-reader", reader.line(), json!({})).await;
    reader.swipe(&Tracks::new("", &format!(";{}?", "1".repeat(3000)), ""));
    assert_eq!(bed.next().await["code"], "too-long");
    reader.swipe(&bank_card());
    is_masked_bank_card(&bed.next().await);
}

// HMAC-SHA-256 of the number under this key, by Python's `hmac`.
#[tokio::test]
async fn with_a_key_a_bank_card_gets_a_hash() {
    let file = path();
    std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
    let reader = plain(false);
    let mut bed = over_tcp("card-reader", reader.line(), json!({"hash_key_file": file})).await;
    std::fs::remove_file(file).unwrap();
    reader.swipe(&bank_card());
    let told = bed.next().await;
    is_masked_bank_card(&told);
    assert_eq!(told["hash"], "7b7e6cb2715c7b1c37110f035123abd3fe93c04fa302da2946c4bd9342d2fd2c");
}

#[tokio::test]
async fn a_card_swiped_on_a_scanners_line_is_a_card() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    scanner.scan(format!("{TRACK_1}{TRACK_2}"));
    is_masked_bank_card(&bed.next().await);
    scanner.scan(TRACK_2);
    is_masked_bank_card(&bed.next().await);
    scanner.scan(";0017=3?");
    assert_eq!(bed.next().await["number"], "0017");
    for part in [";41111111", "11111111=25121010000000000000?", "%B41111111", "1111^IVANOVA/ANNA^2512101000?"]
    {
        scanner.scan(part);
        let told = bed.next().await;
        assert_eq!(told["code"], "unreadable", "{part}");
        assert!(!told.to_string().contains("1111"), "{told}");
    }
}

#[tokio::test]
async fn a_card_number_inside_a_code_is_masked_and_its_bytes_are_left_out() {
    let scanner = scanner(Suffix::Cr, true);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    for aim in ["", "]Q1"] {
        scanner.scan_as(aim, format!("https://pay.example/{NUMBER}/ok"));
        let told = bed.next().await;
        assert_eq!(told["text"], "https://pay.example/411111******1111/ok");
        assert_eq!(
            told["meaning"],
            json!({"type": "text", "text": "https://pay.example/411111******1111/ok"})
        );
        assert_eq!(told.get("base64"), None);
    }
    scanner.scan_as("]C0", NUMBER);
    assert_eq!(bed.next().await["text"], "411111******1111");
    scanner.scan_as("", NUMBER);
    is_masked_bank_card(&bed.next().await);
}

#[tokio::test]
async fn a_card_number_typed_at_a_scanner_with_stray_digits_is_masked_and_goods_with_such_digits_are_not() {
    let scanner = scanner(Suffix::Cr, true);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    for stray in ["0", "07", "007"] {
        for text in [format!("{stray}{NUMBER}"), format!("{NUMBER}{stray}"), format!("{stray}{NUMBER}=25")] {
            scanner.scan_as("", &text);
            let told = bed.next().await;
            assert!(!told.to_string().contains("1111111"), "{text}: {told}");
            assert_eq!(told.get("base64"), None);
        }
    }
    // A pallet of GS1 whose number passes for a card's, and a count.
    for code in ["00041111111111111115", "01900123456789083704111111"] {
        scanner.scan_as("]C1", code);
        let told = bed.next().await;
        assert_eq!((&told["text"], &told["meaning"]["type"]), (&json!(code), &json!("gs1")), "{told}");
    }
}

#[tokio::test]
async fn a_card_swiped_at_a_scanner_gets_a_hash_too() {
    let file = path();
    std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({"hash_key_file": file})).await;
    std::fs::remove_file(file).unwrap();
    scanner.scan(TRACK_2);
    // As of the card reader above.
    assert_eq!(bed.next().await["hash"], "7b7e6cb2715c7b1c37110f035123abd3fe93c04fa302da2946c4bd9342d2fd2c");
}

#[tokio::test]
async fn tracks_without_sentinels_are_cards_where_the_reader_sends_none() {
    let reader = plain(false);
    let mut bed = over_tcp("card-reader", reader.line(), json!({"sentinels": false})).await;
    reader.line().say("4111111111111111=25121010000000000000\r");
    is_masked_bank_card(&bed.next().await);
    reader.line().say("0017=3\r");
    assert_eq!(bed.next().await["number"], "0017");
    reader.line().say("garbage\r");
    assert_eq!(bed.next().await["code"], "unreadable");
}
