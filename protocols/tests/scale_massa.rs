//! Massa-K, protocols 100, 1C and J. Frames are those of the facts sheet, unless a test names another source.

#![allow(clippy::unwrap_used)]

mod scale_support;

use outlet_protocols::scale::{Answer, Ask, Failure, Kind, NotForSale, Then};
use rust_decimal::Decimal;
use scale_support::*;

const GET: &str = "F855CE0100232300";
/// 1550 g, stable.
const WEIGHT: &str = "f855ce0d00240e0600000101000000000000b077";
/// 0 at 1 g, stable, at zero: recorded by `VladStandard/WeightService`, `Crc16MassaEntityTests`.
const RECORDED_ZERO: &str = "F855CE0D0024000000000101000100000000FC23";
/// 419 at 10 g, stable: recorded in `ScaleApiService.php` of a public web shop.
const RECORDED_419: &str = "f855ce0d0024a30100000201000000000000f95d";
/// The checksums recorded for a registration number and for another body.
const RECORDED_BODIES: [(&str, &str); 2] = [("9201000000000000", "B5EF"), ("55072C010000", "441F")];

fn weigh_100(answer: &str) -> End {
    weigh("massa-k-100", &hex(GET), &hex(answer))
}

/// The checksum by its definition: long division of the body followed by nothing.
fn checksum(body: &[u8]) -> [u8; 2] {
    let mut crc = 0u32;
    for bit in body.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1))) {
        crc = crc << 1 | bit;
        if crc & 0x1_0000 != 0 {
            crc ^= 0x1_1021;
        }
    }
    u16::try_from(crc).unwrap().to_le_bytes()
}

fn frame(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_le_bytes();
    [&hex("F855CE")[..], &length, body, &checksum(body)].concat()
}

#[test]
fn the_checksum_of_these_tests_is_the_recorded_one() {
    for (body, wire) in RECORDED_BODIES {
        assert_eq!(checksum(&hex(body))[..], hex(wire));
    }
}

#[test]
fn a_stable_weight_is_read() {
    let end = weigh_100(WEIGHT);
    assert_eq!(end.shown(), "1.550 kg");
    let reading = end.reading();
    assert_eq!((reading.stable, reading.kind, reading.zero), (true, Some(Kind::Gross), false));
    assert_eq!(reading.tare.unwrap().to_string(), "0.000 kg");
}

#[test]
fn recorded_answers_are_read() {
    let zero = weigh_100(RECORDED_ZERO);
    assert_eq!((zero.shown(), zero.reading().zero), ("0.000 kg".into(), true));
    assert_eq!(zero.reading().for_sale(), Err(NotForSale::Empty));
    assert_eq!(weigh_100(RECORDED_419).shown(), "4.19 kg");
}

#[test]
fn the_division_says_where_the_point_is() {
    for (division, shown) in
        [(0, "0.1550 kg"), (1, "1.550 kg"), (2, "15.50 kg"), (3, "155.0 kg"), (4, "1550 kg")]
    {
        let body = [0x24, 0x0e, 0x06, 0, 0, division, 1, 0, 0, 0, 0, 0, 0];
        let end = weigh("massa-k-100", &hex(GET), &frame(&body));
        assert_eq!(end.shown(), shown);
    }
    let end = weigh("massa-k-100", &hex(GET), &frame(&[0x24, 0x0e, 0x06, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0]));
    assert!(end.readings.is_empty(), "division 5 is not known: {end:?}");
}

#[test]
fn negative_net_and_tare_are_read() {
    let body = [0x24, 0x9c, 0xff, 0xff, 0xff, 1, 1, 1, 0, 0x64, 0, 0, 0];
    let end = weigh("massa-k-100", &hex(GET), &frame(&body));
    assert_eq!(end.shown(), "-0.100 kg");
    assert_eq!(end.reading().kind, Some(Kind::Net));
    assert_eq!(end.reading().tare.unwrap().to_string(), "0.100 kg");
    assert_eq!(end.reading().for_sale(), Err(NotForSale::Negative));
}

#[test]
fn overload_is_a_reading_without_a_weight() {
    let end = weigh_100("f855ce020028080828");
    assert_eq!((end.reading().overload, end.reading().weight), (true, None));
}

#[test]
fn faults_of_the_scale_are_told() {
    for code in [0x17, 0x18, 0x19] {
        let end = weigh("massa-k-100", &hex(GET), &frame(&[0x28, code]));
        assert!(matches!(end.reading().for_sale(), Err(NotForSale::Fault(_))), "{code:02x}");
    }
    let mode = weigh("massa-k-100", &hex(GET), &frame(&[0x28, 0x09]));
    assert!(matches!(mode.then, Then::Failed(Failure::NotNow(_))));
}

#[test]
fn the_checksum_is_not_xmodem() {
    // XMODEM of body 24 ... is another one; with it the frame is no answer.
    let mut xmodem = hex(WEIGHT);
    let at = xmodem.len() - 2;
    let body = [&xmodem[5..at], &[0, 0]].concat();
    xmodem[at..].copy_from_slice(&checksum(&body));
    let end = weigh("massa-k-100", &hex(GET), &xmodem);
    assert!(end.readings.is_empty(), "{end:?}");
}

#[test]
fn every_damaged_bit_leaves_no_weight() {
    for at in 0..20 {
        for bit in 0..8 {
            let mut damaged = hex(WEIGHT);
            damaged[at] ^= 1 << bit;
            assert!(weigh("massa-k-100", &hex(GET), &damaged).readings.is_empty(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn a_header_within_a_broken_frame_begins_the_frame_behind_it() {
    let broken = [&hex("F855CE1000")[..], &hex(WEIGHT)].concat();
    assert_eq!(weigh("massa-k-100", &hex(GET), &broken).shown(), "1.550 kg");
}

#[test]
fn zero_is_set_and_refused() {
    let zero = |answer: &[u8]| {
        play(&mut *protocol("massa-k-100"), &Ask::Zero, &[(&hex("F855CE0100727200"), answer)]).then
    };
    assert_eq!(zero(&frame(&[0x27])), Then::Done(Answer::Obeyed));
    assert!(matches!(zero(&frame(&[0x28, 0x15])), Then::Failed(Failure::NotNow(_))));
    assert!(matches!(zero(&frame(&[0xf0])), Then::Failed(Failure::Unsupported { .. })));
}

#[test]
fn a_tare_is_counted_in_the_divisions_that_the_scale_shows() {
    let tare = |ask: &Ask, weight: &[u8], sent: &[u8], answer: &[u8]| {
        play(&mut *protocol("massa-k-100"), ask, &[(&hex(GET), weight), (&frame(sent), &frame(answer))]).then
    };
    let preset = Ask::PresetTare(Decimal::new(25, 2));
    let sent = [0xa3, 0xfa, 0, 0, 0];
    assert_eq!(tare(&preset, &hex(WEIGHT), &sent, &[0x12]), Then::Done(Answer::Obeyed));
    assert!(matches!(tare(&preset, &hex(WEIGHT), &sent, &[0x15]), Then::Failed(Failure::NotNow(_))));
    // The load of 1550 g, and of 100 g net over a tare of 100 g.
    assert_eq!(
        tare(&Ask::Tare, &hex(WEIGHT), &[0xa3, 0x0e, 0x06, 0, 0], &[0x12]),
        Then::Done(Answer::Obeyed)
    );
    let net = frame(&[0x24, 0x64, 0, 0, 0, 1, 1, 1, 0, 0x64, 0, 0, 0]);
    assert_eq!(tare(&Ask::Tare, &net, &[0xa3, 0xc8, 0, 0, 0], &[0x12]), Then::Done(Answer::Obeyed));
}

#[test]
fn a_tare_is_not_set_while_the_load_moves_nor_finer_than_the_scale_counts() {
    let mut moving = hex(WEIGHT)[5..18].to_vec();
    moving[6] = 0;
    let end = play(&mut *protocol("massa-k-100"), &Ask::Tare, &[(&hex(GET), &frame(&moving))]);
    assert!(matches!(end.then, Then::Failed(Failure::NotNow(_))));
    let fine = Ask::PresetTare(Decimal::new(12345, 5));
    let end = play(&mut *protocol("massa-k-100"), &fine, &[(&hex(GET), &hex(WEIGHT))]);
    assert!(matches!(end.then, Then::Failed(Failure::Refused(_))));
}

#[test]
fn the_answer_of_another_question_is_not_taken() {
    let late = [frame(&[0x27]), frame(&[0x12]), hex(WEIGHT)].concat();
    assert_eq!(weigh("massa-k-100", &hex(GET), &late).shown(), "1.550 kg");
    let end = play(
        &mut *protocol("massa-k-100"),
        &Ask::Zero,
        &[(&frame(&[0x72]), &[hex(WEIGHT), frame(&[0x27])].concat())],
    );
    assert_eq!(end.then, Then::Done(Answer::Obeyed));
}

#[test]
fn protocol_1c_is_read() {
    let end = weigh("massa-k-1c", &frame(&[0xa0]), &hex("f855ce0700100e0600000101a115"));
    assert_eq!((end.shown(), end.reading().stable, end.reading().kind), ("1.550 kg".into(), true, None));
    let zero = play(&mut *protocol("massa-k-1c"), &Ask::Zero, &[(&frame(&[0x72]), &frame(&[0x27]))]);
    assert_eq!(zero.then, Then::Done(Answer::Obeyed));
}

#[test]
fn protocol_j_is_read() {
    // Status 80 stable; divisions 1, 0, 4 and 5; 1550 is 0E 06 00; the sign is bit 7 of the last byte.
    for (answer, shown, stable) in [
        ("80000E0600", "1.550 kg", true),
        ("80010E0600", "0.1550 kg", true),
        ("80040E0600", "15.50 kg", true),
        ("80050E0600", "155.0 kg", true),
        ("00000E0680", "-1.550 kg", false),
        ("C0000E0600", "1.550 kg", true),
    ] {
        let end = weigh("massa-k-j", &[0x4a], &hex(answer));
        assert_eq!((end.shown().as_str(), end.reading().stable), (shown, stable), "{answer}");
    }
}

#[test]
fn protocol_j_has_no_checksum_so_only_five_bytes_alone_count() {
    for stale in ["00", "0600", "80000E0600"] {
        let answer = hex(&format!("{stale}80000E0600"));
        let end = weigh("massa-k-j", &[0x4a], &answer);
        assert!(end.readings.is_empty(), "{stale}: {end:?}");
    }
    let end = play(
        &mut *protocol("massa-k-j"),
        &Ask::Weight,
        &[(&[0x4a], &hex("0680000E0600")), (&[0x4a], &hex("80000E0600"))],
    );
    assert_eq!(end.shown(), "1.550 kg", "asked again");
}
