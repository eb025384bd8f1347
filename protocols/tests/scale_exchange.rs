//! What holds for the conversations of all protocols, and for the list of them.

#![allow(clippy::unwrap_used)]

mod scale_support;

use std::collections::BTreeSet;

use outlet_protocols::scale::{Answer, Ask, Failure, Mode, Parity, Then, by_name, protocols};
use rust_decimal::Decimal;
use scale_support::*;
use serde_json::json;

const POLLED: [&str; 11] = [
    "massa-k-100",
    "massa-k-1c",
    "shtrih-pos2",
    "cas",
    "dibal",
    "mt-sics",
    "nci",
    "toledo-8217",
    "dialog-04",
    "massa-k-j",
    "adam",
];

#[test]
fn a_late_answer_is_waited_out_before_the_next_question() {
    let mut scale = protocol("toledo-8217");
    let end = play(&mut *scale, &Ask::Weight, &[(b"W", b""), (b"W", b""), (b"W", b"")]);
    assert_eq!(end.then, Then::Failed(Failure::Silent { asked: 3 }));
    let step = scale.start(&Ask::Weight);
    assert!(step.send.is_empty(), "first the line must be quiet");
    let step = scale.received(b"\x0209.999\r");
    assert_eq!((step.readings.len(), step.ignored), (0, 8), "the answer to the question before");
    assert!(matches!(step.then, Then::ListenFor(_)));
    assert_eq!(scale.timed_out().send, b"W");
    let step = scale.received(b"\x0201.550\r");
    assert_eq!(step.readings[0].weight.unwrap().to_string(), "1.550 kg");
    assert_eq!(scale.start(&Ask::Weight).send, b"W", "after an answer nothing is late");
}

#[test]
fn the_second_answer_to_a_question_that_was_repeated_is_not_the_answer_to_the_next() {
    let mut scale = protocol("toledo-8217");
    let end = play(&mut *scale, &Ask::Weight, &[(b"W", b""), (b"W", b"\x0201.550\r")]);
    assert_eq!(end.shown(), "1.550 kg");
    let step = scale.start(&Ask::Weight);
    assert!(step.send.is_empty(), "the scale may have answered both");
    assert_eq!(scale.received(b"\x0201.550\r").readings.len(), 0);
    assert_eq!(scale.timed_out().send, b"W");
    assert_eq!(scale.received(b"\x0202.000\r").readings[0].weight.unwrap().to_string(), "2.000 kg");
}

#[test]
fn a_line_that_is_never_quiet_does_not_hold_a_question_back_for_ever() {
    let mut scale = protocol("nci");
    scale.start(&Ask::Weight);
    scale.start(&Ask::Weight);
    let quiet = (0..100).find(|_| scale.received(&[0x55; 100]).then == Then::Listen);
    assert!(quiet.is_some(), "the deadline in force stays in force");
    assert_eq!(scale.timed_out().send, b"W\r");
}

#[test]
fn a_question_given_up_for_another_is_not_answered() {
    let mut scale = protocol("mt-sics");
    scale.start(&Ask::Weight);
    scale.received(b"S S 9.99");
    scale.start(&Ask::Weight);
    scale.received(b"9 kg\r\n");
    assert_eq!(scale.timed_out().send, b"SI\r\n");
    assert_eq!(scale.received(b"S S 1.550 kg\r\n").readings[0].weight.unwrap().to_string(), "1.550 kg");
}

#[test]
fn silence_and_babble_are_told_apart() {
    for name in POLLED.into_iter().filter(|name| *name != "adam") {
        let silent = play(&mut *protocol(name), &Ask::Identify, &[]);
        assert!(matches!(silent.then, Then::Failed(Failure::Silent { .. })), "{name}: {silent:?}");
        let mut scale = protocol(name);
        let mut then = scale.start(&Ask::Weight).then;
        for _ in 0..200 {
            if matches!(then, Then::Done(_) | Then::Failed(_)) {
                break;
            }
            then = scale.received(&[0x7e; 100]).then;
        }
        assert!(matches!(then, Then::Failed(Failure::Garbled { .. })), "{name}: {then:?}");
    }
}

#[test]
fn only_a_harmless_question_is_repeated_for_silence() {
    for name in POLLED {
        for ask in [Ask::Zero, Ask::Tare] {
            let mut scale = protocol(name);
            let step = scale.start(&ask);
            if matches!(step.then, Then::Failed(_)) {
                continue;
            }
            let step = scale.timed_out();
            assert!(step.send.is_empty() || name == "massa-k-100" && ask == Ask::Tare, "{name}, {ask:?}");
            assert!(matches!(step.then, Then::Failed(_) | Then::Done(Answer::Sent)), "{name}, {ask:?}");
        }
    }
}

#[test]
fn bytes_without_a_question_are_ignored_and_counted() {
    for name in POLLED {
        let weights = b"\x0201.550\r\nS S 1.550 kg\r\n";
        let step = protocol(name).received(weights);
        assert_eq!((step.readings.len(), step.send.len(), step.ignored), (0, 0, weights.len()), "{name}");
    }
}

#[test]
fn an_echo_of_the_question_changes_nothing() {
    assert_eq!(weigh("toledo-8217", b"W", b"W\x0201.550\r").shown(), "1.550 kg");
    assert_eq!(weigh("nci", b"W\r", b"W\r\n01.550KG\r\n00\r\x03").shown(), "1.550 kg");
    assert_eq!(weigh("mt-sics", b"SI\r\n", b"SI\r\nS S 1.550 kg\r\n").shown(), "1.550 kg");
    assert_eq!(weigh("adam", b"P\r\n", b"P\r\n  1.550kg\r\n").shown(), "1.550 kg");
    let question = hex("F855CE0100232300");
    let answer = [question.clone(), hex("f855ce0d00240e0600000101000000000000b077")].concat();
    assert_eq!(weigh("massa-k-100", &question, &answer).shown(), "1.550 kg");
}

#[test]
fn the_list_has_each_name_once_and_in_words_of_the_configuration() {
    let names: BTreeSet<&str> = protocols().iter().map(|info| info.name).collect();
    assert_eq!(names.len(), protocols().len());
    assert!(
        names
            .iter()
            .all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
    );
    let expected = POLLED.into_iter().chain(["cas-stream"]).collect();
    assert_eq!(names, expected);
    assert!(by_name("dialog-06").is_none());
}

#[test]
fn line_settings_are_possible_and_none_is_listed_twice() {
    for info in protocols() {
        let mut seen = BTreeSet::new();
        for line in [info.line].iter().chain(info.other_lines) {
            assert!(matches!((line.data_bits, line.stop_bits), (7 | 8, 1 | 2)), "{}", info.name);
            assert!(seen.insert(format!("{line:?}")), "{}: {line:?} twice", info.name);
        }
        assert!(info.timing.quiet_ms < info.timing.answer_ms, "{}", info.name);
    }
    // The settings of the facts sheet.
    let line = |name| by_name(name).unwrap().line;
    assert_eq!((line("massa-k-100").baud, line("massa-k-100").parity), (4800, Parity::Even));
    assert_eq!((line("toledo-8217").data_bits, line("toledo-8217").parity), (7, Parity::Even));
    assert_eq!((line("dialog-04").data_bits, line("dialog-04").parity), (7, Parity::Odd));
    assert_eq!((line("shtrih-pos2").baud, line("shtrih-pos2").parity), (9600, Parity::None));
}

#[test]
fn the_list_tells_which_commands_a_protocol_has() {
    for info in protocols() {
        let can = |ask: Ask| {
            let then = protocol(info.name).start(&ask).then;
            !matches!(then, Then::Failed(Failure::Unsupported { .. }))
        };
        assert_eq!(can(Ask::Zero), info.commands.zero, "{}", info.name);
        assert_eq!(can(Ask::Tare), info.commands.tare, "{}", info.name);
        assert_eq!(can(Ask::PresetTare(Decimal::new(1, 1))), info.commands.preset_tare, "{}", info.name);
        assert!(can(Ask::Weight) && can(Ask::Identify), "{}", info.name);
        let asks = !protocol(info.name).start(&Ask::Weight).send.is_empty();
        assert_eq!(asks, info.mode == Mode::Polled, "{}", info.name);
    }
}

#[test]
fn options_are_strict_and_errors_name_the_field() {
    for info in protocols() {
        let error = (info.build)(json!({"adress": 1})).err().unwrap();
        assert_eq!(error.protocol, info.name);
        assert!(error.to_string().contains("adress"), "{error}");
        assert!((info.build)(json!(null)).is_ok(), "{} without options", info.name);
    }
    for (name, options, field) in [
        ("shtrih-pos2", json!({"password": "30"}), "password"),
        ("shtrih-pos2", json!({"power": 9}), "power"),
        ("cas", json!({"request": "price"}), "request"),
        ("cas-stream", json!({"id": 300}), "id"),
        ("toledo-8217", json!({"unit": "stone"}), "unit"),
        ("dialog-04", json!({"price": 0}), "price"),
        ("dibal", json!({"price": 100_000}), "price"),
        ("mt-sics", json!({"tare_unit": 1}), "tare_unit"),
        ("adam", json!({"assume_stable": "yes"}), "assume_stable"),
    ] {
        let error = (by_name(name).unwrap().build)(options).err().unwrap();
        assert_eq!(error.field, field, "{error}");
    }
}
