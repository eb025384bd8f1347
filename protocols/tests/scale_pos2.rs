//! Shtrih-M POS2. Frames are those of the facts sheet, built to *Протокол весового модуля*, version 1.2.

#![allow(clippy::unwrap_used)]

mod scale_support;

use outlet_protocols::scale::{Answer, Ask, Failure, Kind, NotForSale, Protocol, Then};
use rust_decimal::Decimal;
use scale_support::*;
use serde_json::json;

/// The question for the weight, password "0030".
const GET: &str = "02053a303033303c";
/// 1550 counts: held, channel on, stable.
const WEIGHT: &str = "020b3a0015000e0600000000002c";
const BAD_PASSWORD: &str = "02023a7a42";

fn frame(body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap();
    let check = body.iter().fold(length, |xor, byte| xor ^ byte);
    [&[2, length], body, &[check]].concat()
}

/// A scale whose counts are known to be grams, so that the channel is not asked.
fn grams() -> Box<dyn Protocol> {
    with("shtrih-pos2", json!({"power": -3}))
}

fn answer(frame: &[u8]) -> Vec<u8> {
    [&[6], frame].concat()
}

fn ask_weight(reply: &[u8]) -> End {
    play(&mut *grams(), &Ask::Weight, &[(&[5], &[0x15]), (&hex(GET), &answer(reply))])
}

#[test]
fn a_weight_is_read_and_confirmed() {
    let end = ask_weight(&hex(WEIGHT));
    assert_eq!(end.shown(), "1.550 kg");
    assert_eq!(end.sent, [6], "every message is confirmed");
    let reading = end.reading();
    assert_eq!((reading.stable, reading.zero, reading.kind), (true, false, Some(Kind::Gross)));
    assert_eq!(reading.tare.unwrap().to_string(), "0.000 kg");
}

#[test]
fn the_power_is_asked_once_of_the_channel() {
    // Flags 0, point 2, power -2 ...: 24 bytes as its fields are, 25 as its length column says.
    let fields =
        [0xe8, 0, 0, 0, 2, 0xfe, 0x98, 0x3a, 0x28, 0, 0x70, 0x17, 0, 0, 0, 0, 0, 0, 2, 5, 0, 0, 2, 0];
    for channel in [fields.to_vec(), [&fields[..], &[0]].concat()] {
        let mut scale = protocol("shtrih-pos2");
        let first = [
            (&[5][..], &[0x15][..]),
            (&frame(&[0xe8, 0]), &answer(&frame(&channel))),
            (&[6, 5], &[0x15]),
            (&hex(GET), &answer(&hex(WEIGHT))),
        ];
        assert_eq!(play(&mut *scale, &Ask::Weight, &first).shown(), "15.50 kg");
        let next = [(&[5][..], &[0x15][..]), (&hex(GET), &answer(&hex(WEIGHT)))];
        assert_eq!(play(&mut *scale, &Ask::Weight, &next).shown(), "15.50 kg");
    }
}

#[test]
fn the_echo_of_a_command_is_no_answer_to_it() {
    let fields =
        [0xe8, 0, 0, 0, 2, 0xfe, 0x98, 0x3a, 0x28, 0, 0x70, 0x17, 0, 0, 0, 0, 0, 0, 2, 5, 0, 0, 2, 0];
    let channel = frame(&[0xe8, 0]);
    let script = [
        (&[5][..], &[5, 0x15][..]),
        (&channel, &[&channel[..], &answer(&frame(&fields))].concat()),
        (&[6, 5], &[0x15]),
        (&hex(GET), &[&hex(GET)[..], &answer(&hex(WEIGHT))].concat()),
    ];
    assert_eq!(play(&mut *protocol("shtrih-pos2"), &Ask::Weight, &script).shown(), "15.50 kg");
}

#[test]
fn a_scale_that_does_not_know_its_channel_counts_grams() {
    let script = [
        (&[5][..], &[0x15][..]),
        (&frame(&[0xe8, 0]), &answer(&frame(&[0xe8, 120]))),
        (&[6, 5], &[0x15]),
        (&hex(GET), &answer(&hex(WEIGHT))),
    ];
    assert_eq!(play(&mut *protocol("shtrih-pos2"), &Ask::Weight, &script).shown(), "1.550 kg");
}

#[test]
fn an_answer_that_waits_is_read_first() {
    let end = play(
        &mut *grams(),
        &Ask::Weight,
        &[
            (&[5], &answer(&frame(&[0x3a, 0, 0x15, 0, 0xff, 0xff, 0, 0, 0, 0, 0]))),
            (&[6, 5], &[0x15]),
            (&hex(GET), &answer(&hex(WEIGHT))),
        ],
    );
    assert_eq!(end.shown(), "1.550 kg");
}

#[test]
fn a_wrong_password_is_refused_and_not_tried_again() {
    let end = ask_weight(&hex(BAD_PASSWORD));
    let Then::Failed(Failure::Refused(reason)) = &end.then else { panic!("{end:?}") };
    assert!(reason.contains("password") && reason.contains("122"), "{reason}");
    assert_eq!(end.sent, [6], "nothing but the confirmation: the scale counts wrong passwords");
}

#[test]
fn each_bit_of_the_state_has_its_meaning() {
    let read = |state: u16| {
        let [low, high] = state.to_le_bytes();
        let end = ask_weight(&frame(&[0x3a, 0, low, high, 0x0e, 6, 0, 0, 0x64, 0, 0]));
        end.reading().clone()
    };
    assert!(!read(0x0004).stable);
    assert!(read(0x0016).zero);
    assert_eq!(read(0x001c).kind, Some(Kind::Net));
    assert_eq!(read(0x001c).tare.unwrap().to_string(), "0.100 kg");
    for (state, why) in [
        (0x0054, NotForSale::Overload),
        (0x0114, NotForSale::Underload),
        (
            0x0034,
            NotForSale::Fault(
                "zero failed when the scale was switched on: empty it and switch it on again".into(),
            ),
        ),
        (0x0094, NotForSale::Fault("measuring failed".into())),
        (0x0214, NotForSale::Fault("the ADC does not answer: call the service".into())),
        (0x0010, NotForSale::Fault("the weighing channel is off".into())),
    ] {
        assert_eq!(read(state).for_sale(), Err(why), "{state:04x}");
        assert_eq!(read(state).weight, None, "{state:04x}");
    }
}

#[test]
fn a_negative_weight_is_read() {
    let end = ask_weight(&frame(&[0x3a, 0, 0x15, 0, 0xfb, 0xff, 0xff, 0xff, 0, 0, 0]));
    assert_eq!(end.shown(), "-0.005 kg");
}

#[test]
fn a_broken_answer_is_asked_for_again_by_nak() {
    let mut broken = hex(WEIGHT);
    broken[6] ^= 1;
    let script = [(&[5][..], &[0x15][..]), (&hex(GET), &answer(&broken)), (&[0x15], &hex(WEIGHT))];
    let end = play(&mut *grams(), &Ask::Weight, &script);
    assert_eq!((end.shown(), end.sent.as_slice()), ("1.550 kg".into(), &[6][..]));
}

#[test]
fn a_command_that_was_not_understood_is_sent_again() {
    let script = [(&[5][..], &[0x15][..]), (&hex(GET), &[0x15]), (&hex(GET), &answer(&hex(WEIGHT)))];
    assert_eq!(play(&mut *grams(), &Ask::Weight, &script).shown(), "1.550 kg");
}

#[test]
fn the_answer_to_another_command_is_confirmed_and_passed_over() {
    let late = [answer(&frame(&[0x30, 0])), hex(WEIGHT)].concat();
    let script = [(&[5][..], &[0x15][..]), (&hex(GET), &late[..])];
    let end = play(&mut *grams(), &Ask::Weight, &script);
    assert_eq!((end.shown(), end.sent.as_slice()), ("1.550 kg".into(), &[6, 6][..]));
}

#[test]
fn zero_tare_and_preset_tare_carry_the_password() {
    let run = |ask: &Ask, body: &[u8], code: u8| {
        let reply = answer(&frame(&[body[0], code]));
        play(&mut *grams(), ask, &[(&[5], &[0x15]), (&frame(body), &reply)]).then
    };
    let preset = Ask::PresetTare(Decimal::new(250, 3));
    assert_eq!(run(&Ask::Zero, b"\x300030", 0), Then::Done(Answer::Obeyed));
    assert_eq!(run(&Ask::Tare, b"\x310030", 0), Then::Done(Answer::Obeyed));
    assert_eq!(run(&preset, b"\x320030\xfa\x00", 0), Then::Done(Answer::Obeyed));
    assert!(matches!(run(&Ask::Zero, b"\x300030", 150), Then::Failed(Failure::NotNow(_))));
    assert!(matches!(run(&preset, b"\x320030\xfa\x00", 17), Then::Failed(Failure::Refused(_))));
    let heavy = grams().start(&Ask::PresetTare(Decimal::from(66))).then;
    assert!(matches!(heavy, Then::Failed(Failure::Refused(_))), "65535 steps at most");
}

#[test]
fn a_command_without_an_answer_is_not_sent_twice() {
    let end = play(&mut *grams(), &Ask::Tare, &[(&[5], &[0x15]), (&frame(b"\x310030"), &[6])]);
    assert!(matches!(end.then, Then::Failed(_)), "{end:?}");
    assert_eq!(end.sent, b"");
}

#[test]
fn the_device_says_its_name_without_a_password() {
    let mut body = vec![0xfc, 0, 1, 3, 1, 2, 0, 0];
    body.extend([0xd8, 0xf2, 0xf0, 0xe8, 0xf5, b' ', b'M', b'5']);
    let script = [(&[5][..], &[0x15][..]), (&hex("0201fcfd"), &answer(&frame(&body)))];
    let end = play(&mut *protocol("shtrih-pos2"), &Ask::Identify, &script);
    assert_eq!(end.then, Then::Done(Answer::Identity("Штрих M5, protocol 1.2".into())));
}
