//! The number of a bank card is nowhere.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use outlet_devices::driver::Request;
use outlet_simulators::reader::{Fault, Line, StripeFormat, StripeReader, Suffix};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

use super::bed::{over_tcp, path};
use super::cards::{NUMBER, TRACK_1, TRACK_2, secure_mag_frame};
use super::codes::scanner;

/// Keeps all that is traced, at every level.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<String>>);

impl Visit for &Traced {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Traced {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut &*self);
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Whole swipes, and swipes with each thing wrong that can be.
fn swipes() -> Vec<Vec<u8>> {
    let texts = [
        format!("{TRACK_1}{TRACK_2}\r"),
        format!("{TRACK_1}\r{TRACK_2}\r"),
        format!("{TRACK_2}8\r"),
        format!("{TRACK_2}{TRACK_2}{TRACK_2}\r"),
        format!("x{TRACK_2}\r\n"),
        format!(";{NUMBER}=2512101\r"),
        format!("%B{NUMBER}^IVANOVA\r"),
        format!("{NUMBER}\r{NUMBER}=25121010000000000000\r"),
        format!("\u{0}{NUMBER}\r"),
        format!("]C0{NUMBER}\r]Q1card {NUMBER}\r"),
        format!("{}{NUMBER}\r", "0".repeat(3000)),
        format!("{NUMBER}\u{1d}10ABC\r"),
    ];
    texts.into_iter().map(String::into_bytes).chain([secure_mag_frame()]).collect()
}

/// All that a driver says of these swipes in any way.
async fn said(driver: &str, line: &Line, options: Value) -> String {
    let mut bed = over_tcp(driver, line, options).await;
    let mut said = String::new();
    for (number, swipe) in swipes().into_iter().enumerate() {
        if number % 3 == 1 {
            line.inject(Fault::Noise(b"\xff;".to_vec()));
        }
        let before = bed.ask(Request::Status).await["received"]["bytes"].as_u64().unwrap();
        let length = swipe.len() as u64;
        line.say(swipe);
        bed.until_counted("bytes", before + length).await;
        // What is still open ends with silence.
        line.say("\r");
        while let Some(reading) = bed.readings.try_recv() {
            write!(said, "{} {reading:?} ", serde_json::to_string(&reading).unwrap()).unwrap();
        }
    }
    line.say(TRACK_2);
    let before = bed.ask(Request::Status).await["received"]["bytes"].as_u64().unwrap();
    bed.until_counted("bytes", before + TRACK_2.len() as u64 - 1).await;
    line.inject(Fault::CutLink);
    let lost = bed.built.driver.idle().await;
    while let Some(reading) = bed.readings.try_recv() {
        write!(said, "{} {reading:?} ", serde_json::to_string(&reading).unwrap()).unwrap();
    }
    write!(said, "{lost} {lost:?} {:?} {:?} ", bed.status.borrow(), bed.built.description).unwrap();
    for request in [Request::Status, Request::Identify, Request::Test, Request::Tare] {
        write!(said, "{:?} ", bed.built.driver.request(&request).await).unwrap();
    }
    said
}

#[tokio::test]
async fn the_number_of_a_bank_card_is_in_no_reading_error_status_answer_or_trace() {
    let traced = Traced::default();
    let _guard = tracing::subscriber::set_default(traced.clone());
    let key = path();
    std::fs::write(&key, "the key of this outlet").unwrap();
    let mut all = String::new();
    for options in [
        json!({}),
        json!({"lrc": true}),
        json!({"lines": "track", "silence_ms": 20}),
        json!({"sentinels": false}),
        json!({"framing": "secure-mag", "silence_ms": 20}),
        json!({"hash_key_file": key}),
    ] {
        let reader = StripeReader::new(StripeFormat::Plain { lrc: false });
        all += &said("card-reader", reader.line(), options).await;
    }
    std::fs::remove_file(key).unwrap();
    for options in [
        json!({}),
        json!({"aim": true}),
        json!({"aim": false}),
        json!({"suffix": "none", "silence_ms": 20}),
        json!({"suffix": "stx-etx", "silence_ms": 20}),
        json!({"prefix": "x"}),
    ] {
        let scanner = scanner(Suffix::Cr, false);
        all += &said("scanner", scanner.line(), options).await;
    }
    tracing::info!(canary = "the subscriber hears");
    let traced = traced.0.lock().unwrap().clone();
    assert!(traced.contains("the subscriber hears"));
    assert!(all.contains("411111******1111"), "no card was read at all");
    for (name, text) in [("what was told", &all), ("the trace", &traced)] {
        for secret in [NUMBER, "NDExMTExMTExMTExMTEx", "the key of this outlet", "=2512101", "IVANOVA"] {
            let found = text.find(secret).map(|at| &text[at.saturating_sub(200)..(at + 60).min(text.len())]);
            assert_eq!(found, None, "{secret} is in {name}");
        }
    }
}

/// A byte of seven bits and parity, as a line of eight bits receives it.
fn with_parity(byte: u8, parity: &str) -> u8 {
    let ones = byte.count_ones() % 2;
    match parity {
        "even" => byte | (ones as u8) << 7,
        "odd" => byte | (1 - ones as u8) << 7,
        _ => byte | 0x80,
    }
}

#[tokio::test]
async fn a_card_that_comes_with_parity_on_a_line_without_is_noise_and_none_of_its_bytes_are_told() {
    // A number for tests of Mastercard; in each parity some of its digits have bit 7.
    let number = "5413330089604111";
    let texts = [
        format!(";{number}=25121010000000000000?"),
        format!("%B{number}^IVANOVA/ANNA^25121010000000000000?;{number}=25121010000000000000?"),
        format!("%B{number}^IVANOVA"),
        format!("{number}=25121010000000000000"),
        number.to_owned(),
        format!("]C0{number}"),
        // Not the right check digit: only the form shows what it is.
        ";5413330089604112=2512101?".to_owned(),
        ";541333008".to_owned(),
    ];
    for parity in ["even", "odd", "mark"] {
        for (end, suffix) in [("\r", "any"), ("\n", "any"), ("\r\n", "any"), ("", "none"), ("\r\n", "none")] {
            for text in &texts {
                let scanner = scanner(Suffix::None, false);
                let options = json!({"suffix": suffix, "silence_ms": 20});
                let mut bed = over_tcp("scanner", scanner.line(), options).await;
                let sent = format!("{text}{end}");
                scanner.line().say(sent.bytes().map(|byte| with_parity(byte, parity)).collect::<Vec<_>>());
                let told = bed.next().await;
                let case = format!("{parity} {end:?} {suffix} {text}: {told}");
                assert_eq!(
                    (&told["type"], &told["code"]),
                    (&json!("unusable"), &json!("unreadable")),
                    "{case}"
                );
                assert_eq!(told.get("base64"), None, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_code_in_letters_of_another_alphabet_is_no_card_below_bit_7() {
    let scanner = scanner(Suffix::Cr, false);
    let mut bed = over_tcp("scanner", scanner.line(), json!({})).await;
    // The second byte of this letter is a question mark and bit 7.
    for text in ["+7 900 пицца", ";п", "пицца 4006381333931", "№ 40702810"] {
        scanner.scan(text);
        assert_eq!(bed.next().await["text"], text);
    }
    // Windows-1251: its number is masked as in any code.
    scanner.line().say(b"\xf7\xe5\xea 5555555555554444\r".to_vec());
    let told = bed.next().await;
    assert_eq!((&told["type"], told.get("base64")), (&json!("code"), None), "{told}");
    assert!(told["text"].as_str().unwrap().ends_with(" 555555******4444"), "{told}");
}
