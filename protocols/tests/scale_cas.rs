//! CAS, asked and streaming. Frames are those of the facts sheet, built to *AP-1 transmission protocol*, unless a test
//! names another document.

#![allow(clippy::unwrap_used)]

mod scale_support;

use outlet_protocols::scale::{Answer, Ask, Failure, Kind, NotForSale, Then};
use scale_support::*;
use serde_json::json;

/// 1.550 kg, stable.
const STABLE: &str = "0102532020312e3535306b67700304";
/// -0.005 kg, unstable.
const UNSTABLE: &str = "0102552d20302e3030356b677f0304";
/// 13.5 kg, gross, stable, indicator 1: *CI-600D Series* manual, section 10-1 (its eight characters of weight).
const STREAM: &[u8] = b"ST,GS,1\xc4,000013.5 kg\r\n";

fn ask_cas(block: &[u8]) -> End {
    play(&mut *protocol("cas"), &Ask::Weight, &[(b"\x05", b"\x06"), (b"\x11", block)])
}

/// A block of the document around ten or eleven characters.
fn message(characters: &[u8]) -> Vec<u8> {
    let bcc = characters.iter().fold(0, |xor, byte| xor ^ byte);
    [b"\x01\x02", characters, &[bcc], b"\x03\x04"].concat()
}

#[test]
fn a_stable_weight_is_read_with_its_places() {
    let end = ask_cas(&hex(STABLE));
    assert_eq!(end.shown(), "1.550 kg");
    assert_eq!(end.reading().raw, hex(STABLE));
    assert_eq!(end.reading().for_sale().unwrap().to_string(), "1.550");
    assert_eq!(end.ignored, 0);
}

#[test]
fn a_negative_weight_in_motion_is_read_and_not_sold() {
    let end = ask_cas(&hex(UNSTABLE));
    assert_eq!(end.shown(), "-0.005 kg");
    assert_eq!(end.reading().for_sale(), Err(NotForSale::InMotion));
}

#[test]
fn the_helper_of_these_tests_builds_the_frames_of_the_sheet() {
    assert_eq!(message(b"S  1.550kg"), hex(STABLE));
}

#[test]
fn an_overflow_is_an_overload_without_a_weight() {
    // The AP-1 document puts F in the place of the sign; Dibal's manual, 4.17, F in every place of the number.
    for characters in [b"UF 0.000kg", b"SFFFFFFFkg"] {
        let end = ask_cas(&message(characters));
        assert_eq!((end.reading().overload, end.reading().weight), (true, None));
    }
}

#[test]
fn an_unstable_weight_of_blanks_is_a_status_and_not_0() {
    let end = ask_cas(&message(b"U        kg"));
    assert_eq!((end.reading().stable, end.reading().weight, end.reading().zero), (false, None, false));
}

#[test]
fn a_leaking_parity_bit_changes_nothing() {
    // With even parity 01, 02 and 04 have the eighth bit set, 03 has not: Dibal's manual, page 41, shows 81 and 82.
    let even = |byte: u8| if byte.count_ones() % 2 == 1 { byte | 0x80 } else { byte };
    let leaking: Vec<u8> = hex(STABLE).into_iter().map(even).collect();
    assert_eq!(leaking[..2], [0x81, 0x82]);
    assert_eq!(ask_cas(&leaking).shown(), "1.550 kg");
    let mut only_first = hex(STABLE);
    only_first[0] = 0x81;
    assert_eq!(ask_cas(&only_first).shown(), "1.550 kg");
}

#[test]
fn seven_characters_with_grams_are_read() {
    assert_eq!(ask_cas(&message(b"S 0001550g")).shown(), "1550 g");
    assert_eq!(ask_cas(&message(b"S 001.550kg")).shown(), "1.550 kg");
}

#[test]
fn prices_are_passed_over_and_the_weight_among_them_is_read() {
    let block = |characters: &[u8]| message(characters)[1..].strip_suffix(b"\x04").unwrap().to_vec();
    let (price, weight, amount) = (block(b"00012.00"), block(b"S  1.550kg"), block(b"00018.60"));
    let orders = [[&weight, &amount, &price], [&price, &weight, &amount]]; // AP-1; Dibal 4.17
    for order in orders {
        let order: Vec<u8> = order.into_iter().flatten().copied().collect();
        let answer = [b"\x01", &order[..], b"\x04"].concat();
        let mut cas = with("cas", json!({"request": "prices"}));
        let end = play(&mut *cas, &Ask::Weight, &[(b"\x05", b"\x06"), (b"\x12", &answer)]);
        assert_eq!(end.shown(), "1.550 kg");
        assert_eq!(end.reading().raw, answer);
    }
}

#[test]
fn a_scale_that_is_not_ready_is_asked_again_and_in_the_end_not_now() {
    let again = [(&b"\x05"[..], &b"\x15"[..]), (b"\x05", b"\x06"), (b"\x11", &hex(STABLE))];
    assert_eq!(play(&mut *protocol("cas"), &Ask::Weight, &again).shown(), "1.550 kg");
    let never = [(&b"\x05"[..], &b"\x15"[..]); 3];
    let end = play(&mut *protocol("cas"), &Ask::Weight, &never);
    assert!(matches!(end.then, Then::Failed(Failure::NotNow(_))), "{end:?}");
    assert_eq!(end.sent, b"", "asked three times and no more");
}

#[test]
fn every_damaged_bit_of_a_message_leaves_no_weight_but_the_eighth_one() {
    for at in 0..15 {
        for bit in 0..7 {
            let mut damaged = hex(STABLE);
            damaged[at] ^= 1 << bit;
            let end = ask_cas(&damaged);
            assert!(end.readings.is_empty(), "byte {at}, bit {bit}: {end:?}");
        }
    }
}

#[test]
fn the_end_of_an_older_message_before_the_acknowledgement_is_not_the_answer() {
    let old = message(b"S  9.999kg");
    let answer = [&old[4..], &old[..], b"\x06"].concat();
    let end = play(&mut *protocol("cas"), &Ask::Weight, &[(b"\x05", &answer), (b"\x11", &hex(STABLE))]);
    assert_eq!(end.shown(), "1.550 kg");
}

#[test]
fn a_stream_tells_readings_without_being_asked() {
    let mut stream = protocol("cas-stream");
    let step = stream.received(&[STREAM, STREAM].concat());
    assert_eq!(step.then, Then::Listen);
    let reading = &step.readings[1];
    assert_eq!(step.readings.len(), 2);
    assert_eq!(reading.weight.unwrap().to_string(), "13.5 kg");
    assert_eq!((reading.stable, reading.kind, reading.zero), (true, Some(Kind::Gross), false));
}

#[test]
fn the_lamps_have_a_bit_that_differs_by_model_and_one_that_is_always_set() {
    // Bit 5 is 1 in the CI-400 and 0 in the CI-600D manual; bit 7 is 1 in both.
    for (lamps, readings) in [(0xe4, 1), (0xc4, 1), (0x44, 0)] {
        let mut frame = STREAM.to_vec();
        frame[7] = lamps;
        assert_eq!(protocol("cas-stream").received(&frame).readings.len(), readings, "{lamps:02x}");
    }
}

#[test]
fn word_and_lamp_must_agree_for_a_load_to_rest() {
    let mut frame = STREAM.to_vec();
    frame[7] = 0x84;
    assert!(!protocol("cas-stream").received(&frame).readings[0].stable);
    let moving = [b"US", &STREAM[2..]].concat();
    assert!(!protocol("cas-stream").received(&moving).readings[0].stable);
}

#[test]
fn the_stream_tells_overload_net_negative_and_zero() {
    let over = protocol("cas-stream").received(b"OL,GS,1\x84,-------- kg\r\n").readings;
    assert_eq!((over[0].overload, over[0].weight), (true, None));
    let net = protocol("cas-stream").received(b"ST,NT,1\xc2,- 0.005  kg\r\n").readings;
    assert_eq!((net[0].kind, net[0].weight.unwrap().to_string()), (Some(Kind::Net), "-0.005 kg".into()));
    let zero = protocol("cas-stream").received(b"ST,GS,1\xc5,00000.00  t\r\n").readings;
    assert_eq!((zero[0].zero, zero[0].weight.unwrap().to_string()), (true, "0.00 t".into()));
}

#[test]
fn an_indicator_of_another_number_is_refused_and_named() {
    let mut stream = with("cas-stream", json!({"id": 50}));
    stream.start(&Ask::Weight);
    assert_eq!(stream.received(STREAM).readings, []);
    let then = stream.timed_out().then;
    assert_eq!(then, Then::Failed(Failure::OtherScale { expected: 50, heard: 49 }));
    let ours = [b"ST,GS,2", &STREAM[7..]].concat();
    assert_eq!(stream.received(&ours).readings.len(), 1);
}

#[test]
fn a_stream_joined_in_the_middle_of_a_frame_is_found_at_the_next() {
    for cut in 1..STREAM.len() {
        let mut stream = protocol("cas-stream");
        let step = stream.received(&[&STREAM[cut..], STREAM].concat());
        assert_eq!(step.readings.len(), 1, "cut at {cut}");
        assert_eq!(step.readings[0].weight.unwrap().to_string(), "13.5 kg");
        assert_eq!(step.ignored, STREAM.len() - cut);
    }
}

#[test]
fn a_question_to_a_stream_is_answered_by_the_next_frame() {
    let mut stream = protocol("cas-stream");
    stream.received(&STREAM[..10]);
    assert!(stream.start(&Ask::Weight).send.is_empty(), "nothing is sent to it");
    let step = stream.received(&STREAM[10..]);
    assert_eq!((step.readings.len(), step.then), (0, Then::Listen), "its half is stale");
    let step = stream.received(STREAM);
    assert_eq!((step.readings.len(), step.then), (1, Then::Done(Answer::Weighed)));
    assert!(matches!(stream.start(&Ask::Zero).then, Then::Failed(Failure::Unsupported { .. })));
}
