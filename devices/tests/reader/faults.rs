//! What goes wrong on the line.

use std::collections::HashMap;
use std::time::Duration;

use outlet_devices::driver::Request;
use outlet_simulators::reader::{Fault, Suffix};
use serde_json::json;

use super::bed::{over_pty, over_tcp};
use super::codes::scanner;

const WEIGHT: &str = "2012345015500";

#[tokio::test]
async fn a_code_in_two_pieces_is_one_code() {
    let scanner = scanner(Suffix::CrLf, false);
    let mut bed = over_pty("scanner", scanner.line(), json!({})).await;
    for at in [1, 8, 13, 14] {
        scanner.line().inject(Fault::Torn { at, pause: Duration::from_millis(20) });
        scanner.scan(WEIGHT);
        assert_eq!(bed.next().await["text"], WEIGHT);
    }
}

#[tokio::test]
async fn listening_that_is_dropped_again_and_again_loses_no_half_of_a_code() {
    for (suffix, option) in [(Suffix::CrLf, "any"), (Suffix::None, "none")] {
        let scanner = scanner(suffix, false);
        let mut bed =
            over_tcp("scanner", scanner.line(), json!({"suffix": option, "silence_ms": 1000})).await;
        for at in 1..WEIGHT.len() {
            scanner.line().inject(Fault::Torn { at, pause: Duration::from_millis(3) });
            scanner.scan(WEIGHT);
            // Without a suffix the next one may only come when this one has ended.
            assert_eq!(bed.next_interrupted().await["text"], WEIGHT);
            if suffix == Suffix::None && at == 2 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn codes_in_one_piece_are_several_codes() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    scanner.line().inject(Fault::Joined(3));
    let codes = ["2012345015500", "2000001015506", "2100042000032"];
    codes.iter().for_each(|code| scanner.scan(code));
    for code in codes {
        assert_eq!(bed.next().await["text"], code);
    }
}

#[tokio::test]
async fn a_code_that_stops_in_the_middle_is_told_and_the_next_one_is_not_added_to_it() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({"silence_ms": 50})).await;
    scanner.line().inject(Fault::SilentAfter(8));
    scanner.scan(WEIGHT);
    let told = bed.next().await;
    assert_eq!((&told["type"], &told["code"]), (&json!("unusable"), &json!("unreadable")));
    assert!(told["message"].as_str().unwrap().contains("suffix = \"none\""), "{told}");
    scanner.scan("2000001015506");
    assert_eq!(bed.next().await["text"], "2000001015506");
}

#[tokio::test]
async fn a_scanner_that_never_sends_the_suffix_is_found_by_the_test() {
    let scanner = scanner(Suffix::None, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({"silence_ms": 30})).await;
    for _ in 0..3 {
        scanner.scan(WEIGHT);
        assert_eq!(bed.next().await["code"], "unreadable");
    }
    let test = bed.ask(Request::Test).await;
    assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("suffix")));
    assert_eq!(test["received"]["noise_bytes"], 3 * 13);
}

#[tokio::test]
async fn noise_in_front_of_a_weight_never_makes_another_weight() {
    let scanner = scanner(Suffix::CrLf, false);
    let mut bed = over_pty("scanner", scanner.line(), json!({})).await;
    for noise in [vec![0x00], vec![0xff, 0xfe], vec![0x80, 0x1b], vec![0x7f; 40]] {
        scanner.line().inject(Fault::Noise(noise.clone()));
        scanner.scan(WEIGHT);
        let told = bed.next().await;
        assert_eq!(told["code"], "unreadable", "{noise:x?}: {told}");
        assert!(told["message"].as_str().unwrap().contains("baud rate"), "{told}");
    }
    // Noise that ends like a code, and digits in front of the code's.
    scanner.line().inject(Fault::Noise(b"\x00\r".to_vec()));
    scanner.scan(WEIGHT);
    assert_eq!(bed.next().await["code"], "unreadable");
    assert_eq!(bed.next().await["text"], WEIGHT);
    scanner.line().inject(Fault::Noise(b"7".to_vec()));
    scanner.scan(WEIGHT);
    assert_eq!(bed.next().await["meaning"].get("quantity"), None);
    scanner.scan(WEIGHT);
    assert_eq!(bed.next().await["meaning"]["quantity"]["value"], "1.550");
}

#[tokio::test]
async fn three_kilobytes_are_too_long_where_codes_are_shorter_and_the_next_code_is_read() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({"max_bytes": 512})).await;
    scanner.scan("x".repeat(3000));
    let told = bed.next().await;
    assert_eq!((&told["type"], &told["code"]), (&json!("unusable"), &json!("too-long")));
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("at least 3000 bytes") && message.contains("`max_bytes`"), "{message}");
    scanner.scan(WEIGHT);
    assert_eq!(bed.next().await["text"], WEIGHT);
}

#[tokio::test]
async fn of_a_flood_of_ten_thousand_codes_none_is_wrong_and_the_lost_ones_are_told() {
    let scanner = scanner(Suffix::CrLf, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    let codes: Vec<String> = (0..10_000).map(weight_code).collect();
    scanner.flood(&codes, 10_000);
    bed.until_counted("read", 10_000).await;
    let kept = bed.readings.len();
    let place: HashMap<&str, usize> =
        codes.iter().enumerate().map(|(at, code)| (code.as_str(), at)).collect();
    let mut last = None;
    for _ in 0..kept {
        let told = bed.next().await;
        let at = place.get(told["text"].as_str().unwrap()).copied();
        assert!(at > last, "{told} is none of the codes, or out of order");
        let weight = told["meaning"]["quantity"]["value"].as_str().unwrap();
        assert_eq!(weight.replace('.', "").parse().ok(), at.map(|at| at + 1));
        last = at;
    }
    assert!(kept <= 256, "{kept} readings wait");
    let told = bed.next().await;
    assert_eq!(told["code"], "readings-lost", "told also where nothing follows");
    assert!(told["message"].as_str().unwrap().starts_with(&format!("{} ", 10_000 - kept)), "{told}");
    scanner.scan("4607013340012");
    assert_eq!(bed.next().await["text"], "4607013340012");
}

/// Item 12345, so many thousandths of a kilogram and one more. The check digit by the GS1 General
/// Specifications, 7.9.1: weights 1 and 3 in turn from the left of thirteen digits.
fn weight_code(number: usize) -> String {
    let front = format!("2012345{:05}", number + 1);
    let digits = front.bytes().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits.enumerate().map(|(at, digit)| if at % 2 == 0 { digit } else { 3 * digit }).sum();
    format!("{front}{}", (10 - sum % 10) % 10)
}
