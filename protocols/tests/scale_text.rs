//! Scales that speak in text: Toledo 8217, NCI, MT-SICS, Dialog 04, Adam and Dibal. Frames are those of the facts
//! sheet, unless a test names another document.

#![allow(clippy::unwrap_used)]

mod scale_support;

use outlet_protocols::scale::{Answer, Ask, Failure, Kind, NotForSale, Reading, Then};
use rust_decimal::Decimal;
use scale_support::*;
use serde_json::json;

fn toledo(answer: &[u8]) -> End {
    weigh("toledo-8217", b"W", answer)
}

#[test]
fn toledo_a_weight_is_at_rest_and_says_when_it_is_net() {
    let end = toledo(b"\x0201.550\r");
    assert_eq!((end.shown(), end.reading().stable, end.reading().kind), ("1.550 kg".into(), true, None));
    assert_eq!(toledo(b"\x0201.550N\r").reading().kind, Some(Kind::Net));
    let pounds =
        play(&mut *with("toledo-8217", json!({"unit": "lb"})), &Ask::Weight, &[(b"W", b"\x02003.42\r")]);
    assert_eq!(pounds.shown(), "3.42 lb");
}

#[test]
fn toledo_a_status_is_no_weight_and_bit_5_says_nothing_of_net() {
    let status = |status: u8| toledo(&[2, b'?', status, 13]).reading().clone();
    for bits in [0x40, 0x60] {
        let reading = status(bits | 0x10);
        assert_eq!((reading.weight, reading.kind, reading.zero), (None, None, true));
        assert_eq!(reading.for_sale(), Err(NotForSale::NoWeight));
        assert_eq!(status(bits | 0x01).for_sale(), Err(NotForSale::InMotion));
        assert_eq!(status(bits | 0x02).for_sale(), Err(NotForSale::Overload));
        assert_eq!(status(bits | 0x04).for_sale(), Err(NotForSale::Underload));
    }
}

#[test]
fn toledo_zero_and_tare_are_obeyed_unless_the_status_says_why_not() {
    let run = |ask, sent: &[u8], status| {
        play(&mut *protocol("toledo-8217"), &ask, &[(sent, &[2, b'?', status, 13])]).then
    };
    assert_eq!(run(Ask::Zero, b"Z", 0x50), Then::Done(Answer::Obeyed));
    assert!(matches!(run(Ask::Zero, b"Z", 0x41), Then::Failed(Failure::NotNow(_))));
    assert!(matches!(run(Ask::Zero, b"Z", 0x48), Then::Failed(Failure::NotNow(_))));
    assert_eq!(run(Ask::Tare, b"T", 0x48), Then::Done(Answer::Obeyed), "a tare is outside the range of zero");
}

#[test]
fn toledo_is_known_by_its_echo_which_is_ended() {
    let end = play(&mut *protocol("toledo-8217"), &Ask::Identify, &[(b"Ehello", b"\x02E\rhello")]);
    assert!(matches!(end.then, Then::Done(Answer::Identity(_))));
    assert_eq!(end.sent, b"F");
    let echo = play(
        &mut *protocol("toledo-8217"),
        &Ask::Identify,
        &[(b"Ehello", b"Ehello"), (b"Ehello", b""), (b"Ehello", b"")],
    );
    assert!(matches!(echo.then, Then::Failed(Failure::Garbled { .. })), "a line that echoes is no scale");
}

#[test]
fn toledo_an_echo_and_half_a_frame_are_passed_over() {
    assert_eq!(toledo(b"W\x0209.\x0201.550\r").shown(), "1.550 kg");
    assert!(toledo(b"01.550\r").readings.is_empty());
}

fn nci(answer: &[u8]) -> End {
    weigh("nci", b"W\r", answer)
}

#[test]
fn nci_a_weight_with_and_without_the_letter_s() {
    let with = nci(b"\n01.550KG\r\nS00\r\x03");
    assert_eq!((with.shown(), with.reading().stable, with.reading().zero), ("1.550 kg".into(), true, false));
    assert_eq!(nci(b"\n01.550kg\r\n00\r\x03").shown(), "1.550 kg");
    // DIVA service manual, page 35: four status bytes. CI-100A manual, page 38: bit 6 of the second and third is 1.
    assert_eq!(nci(b"\n01.550KG\r\nS0pp0\r\x03").shown(), "1.550 kg");
}

#[test]
fn nci_status_bytes_are_read() {
    let read = |answer: &[u8]| nci(answer).reading().clone();
    assert_eq!(read(b"\n00\r\x03").for_sale(), Err(NotForSale::NoWeight));
    assert_eq!(read(b"\n10\r\x03").for_sale(), Err(NotForSale::InMotion));
    assert!(read(b"\n00.000KG\r\n20\r\x03").zero);
    assert!(!read(b"\n00.000KG\r\n00\r\x03").zero, "the scale has a sign for zero, and it is not set");
    assert_eq!(read(b"\n01\r\x03").for_sale(), Err(NotForSale::Underload));
    assert_eq!(read(b"\n02\r\x03").for_sale(), Err(NotForSale::Overload));
    assert!(matches!(read(b"\n40\r\x03").for_sale(), Err(NotForSale::Fault(_))), "RAM");
    assert!(matches!(read(b"\n01.550KG\r\n08\r\x03").for_sale(), Err(NotForSale::Fault(_))), "calibration");
    // Adam, MDW manual, table 1: bit 2 of the third byte is net.
    assert_eq!(read(b"\n01.550KG\r\n0p4\r\x03").kind, Some(Kind::Net));
    assert_eq!(read(b"\n01.550KG\r\n0p0\r\x03").kind, Some(Kind::Gross));
    assert!(matches!(read(b"\n01.550KG\r\n0p8\r\x03").for_sale(), Err(NotForSale::Fault(_))), "initial zero");
}

#[test]
fn nci_bars_on_the_display_are_over_under_and_a_failed_zero() {
    // NCI 6702 manual, page 14.
    let read = |shown: &str| nci(format!("\n{shown}KG\r\n00\r\x03").as_bytes()).reading().clone();
    assert_eq!((read("^^^^^^").overload, read("^^^^^^").weight), (true, None));
    assert_eq!((read("______").underload, read("______").weight), (true, None));
    assert!(read("------").fault.is_some());
}

#[test]
fn nci_pounds_and_ounces_become_ounces() {
    // DIVA service manual, page 35: xLB<SP>xx.xxOZ.
    assert_eq!(nci(b"\n2LB 03.25OZ\r\nS00\r\x03").shown(), "35.25 oz");
}

#[test]
fn nci_commands_are_obeyed_or_not_now() {
    let run = |ask, sent: &[u8], answer: &[u8]| play(&mut *protocol("nci"), &ask, &[(sent, answer)]).then;
    assert_eq!(run(Ask::Zero, b"Z\r", b"\n20\r\x03"), Then::Done(Answer::Obeyed));
    assert!(matches!(run(Ask::Zero, b"Z\r", b"\n00\r\x03"), Then::Failed(Failure::NotNow(_))), "not at zero");
    assert_eq!(run(Ask::Tare, b"T\r", b"\n00\r\x03"), Then::Done(Answer::Obeyed));
    assert!(matches!(run(Ask::Tare, b"T\r", b"\n?\r\x03"), Then::Failed(Failure::Unsupported { .. })));
    // A weight is the late answer to W, and not the status after a zero.
    assert_eq!(run(Ask::Zero, b"Z\r", b"\n01.550KG\r\n00\r\x03\n20\r\x03"), Then::Done(Answer::Obeyed));
}

fn sics(answer: &[u8]) -> End {
    weigh("mt-sics", b"SI\r\n", answer)
}

#[test]
fn mt_sics_weights_of_all_spellings() {
    // AL-IC operating instructions, page 72: S S 100.00 g.
    for (answer, shown, stable) in [
        (&b"S S      1.550 kg\r\n"[..], "1.550 kg", true),
        (b"S D      1.550 kg\r\n", "1.550 kg", false),
        (b"S S     100.00 g\r\n", "100.00 g", true),
        (b"SI S     1.550 kg\r\n", "1.550 kg", true),
        (b"S S 1.550 Kg\r\n", "1.550 kg", true),
        (b"S S 1.550Kg\r\n", "1.550 kg", true),
        (b"S S     -0.005 kg\r\n", "-0.005 kg", true),
    ] {
        let end = sics(answer);
        assert_eq!((end.shown().as_str(), end.reading().stable), (shown, stable), "{answer:?}");
    }
}

#[test]
fn mt_sics_answers_without_a_weight() {
    assert_eq!(sics(b"S +\r\n").reading().for_sale(), Err(NotForSale::Overload));
    assert_eq!(sics(b"S -\r\n").reading().for_sale(), Err(NotForSale::Underload));
    assert!(matches!(sics(b"S I\r\n").then, Then::Failed(Failure::NotNow(_))));
    assert!(matches!(sics(b"ES\r\n").then, Then::Failed(Failure::Unsupported { .. })));
    assert!(matches!(sics(b"EL\r\n").then, Then::Failed(Failure::Refused(_))));
    let again = [(&b"SI\r\n"[..], &b"ET\r\n"[..]), (b"SI\r\n", b"S S 1.550 kg\r\n")];
    assert_eq!(play(&mut *protocol("mt-sics"), &Ask::Weight, &again).shown(), "1.550 kg");
    assert!(matches!(sics(b"S S Error 10b\r\n").reading().for_sale(), Err(NotForSale::Fault(_))));
}

#[test]
fn mt_sics_commands() {
    let run =
        |ask: Ask, sent: &[u8], answer: &[u8]| play(&mut *protocol("mt-sics"), &ask, &[(sent, answer)]).then;
    let tare = |kg| Ask::PresetTare(Decimal::new(kg, 3));
    assert_eq!(run(Ask::Zero, b"Z\r\n", b"Z A\r\n"), Then::Done(Answer::Obeyed));
    assert_eq!(run(Ask::Zero, b"Z\r\n", b"ZI S\r\n"), Then::Done(Answer::Obeyed));
    assert!(matches!(run(Ask::Zero, b"Z\r\n", b"Z I\r\n"), Then::Failed(Failure::NotNow(_))));
    assert!(matches!(run(Ask::Zero, b"Z\r\n", b"Z +\r\n"), Then::Failed(Failure::NotNow(_))));
    assert_eq!(run(Ask::Tare, b"T\r\n", b"T S      0.100 kg\r\n"), Then::Done(Answer::Obeyed));
    assert_eq!(run(tare(100), b"TA 0.100 kg\r\n", b"TA A      0.100 kg\r\n"), Then::Done(Answer::Obeyed));
    assert!(matches!(run(tare(100), b"TA 0.100 kg\r\n", b"TA L\r\n"), Then::Failed(Failure::Refused(_))));
    assert_eq!(run(tare(0), b"TAC\r\n", b"TAC A\r\n"), Then::Done(Answer::Obeyed));
    let end = play(&mut *protocol("mt-sics"), &Ask::Identify, &[(b"I2\r\n", b"I2 A \"ICS425 15 kg\"\r\n")]);
    assert_eq!(end.then, Then::Done(Answer::Identity("MT-SICS: ICS425 15 kg".into())));
}

#[test]
fn mt_sics_the_answer_of_another_question_is_not_taken() {
    let end = play(
        &mut *protocol("mt-sics"),
        &Ask::Zero,
        &[(b"Z\r\n", b"S S 9.999 kg\r\nT S 9.999 kg\r\nZ A\r\n")],
    );
    assert_eq!((end.then, end.readings), (Then::Done(Answer::Obeyed), Vec::<Reading>::new()));
    assert_eq!(sics(b"I4 A \"B021002593\"\r\nS 9.999 kg\r\nS S 1.550 kg\r\n").shown(), "1.550 kg");
}

const PRICE: &[u8] = b"\x04\x0201\x1b000100\x1b\x03";
const REASON: &[u8] = b"\x04\x0208\x03";

fn dialog(options: serde_json::Value, result: &[u8]) -> End {
    play(&mut *with("dialog-04", options), &Ask::Weight, &[(PRICE, b"\x06"), (b"\x04\x05", result)])
}

fn dialog_nak(reason: &str) -> End {
    let answer = format!("\x0209\x1b{reason}\x03");
    let script = [(PRICE, &b"\x15"[..]), (REASON, answer.as_bytes()), (PRICE, b""), (PRICE, b"")];
    play(&mut *protocol("dialog-04"), &Ask::Weight, &script)
}

#[test]
fn dialog_a_weight_in_kilograms() {
    let end = dialog(json!({}), b"\x0202\x1b3\x1b01550\x1b000100\x1b000155\x03");
    assert_eq!((end.shown(), end.reading().stable), ("1.550 kg".into(), true));
    assert_eq!(end.sent, [4], "every answer is followed by EOT");
}

#[test]
fn dialog_pounds_are_never_taken_for_kilograms() {
    for status in ['0', '1', '2'] {
        let answer = format!("\x0202\x1b{status}\x1b01550\x1b000100\x1b000155\x03");
        let end = dialog(json!({}), answer.as_bytes());
        assert!(matches!(end.reading().for_sale(), Err(NotForSale::Fault(_))));
        let end = dialog(json!({"pound_decimals": 2}), answer.as_bytes());
        assert_eq!(end.shown(), "15.50 lb");
    }
}

#[test]
fn dialog_reasons_of_a_nak() {
    // Dibal, DPOS400 Series, test and adjustments manual, section 4.37.
    assert_eq!(dialog_nak("20").reading().for_sale(), Err(NotForSale::InMotion));
    assert_eq!(dialog_nak("22").reading().for_sale(), Err(NotForSale::InMotion));
    assert_eq!(dialog_nak("30").reading().for_sale(), Err(NotForSale::NoWeight), "an empty pan is no fault");
    assert_eq!(dialog_nak("30").reading().fault, None);
    assert_eq!(dialog_nak("31").reading().for_sale(), Err(NotForSale::Underload));
    assert_eq!(dialog_nak("32").reading().for_sale(), Err(NotForSale::Overload));
    assert!(matches!(dialog_nak("01").reading().for_sale(), Err(NotForSale::Fault(_))));
    for reason in ["10", "11", "12", "13"] {
        assert!(matches!(dialog_nak(reason).then, Then::Failed(Failure::Refused(_))), "{reason}");
    }
    assert!(matches!(dialog_nak("21").then, Then::Failed(Failure::NotNow(_))));
}

#[test]
fn dialog_a_result_under_another_price_is_not_the_answer() {
    let end = dialog(json!({}), b"\x0202\x1b3\x1b01550\x1b000200\x1b000310\x03");
    assert!(end.readings.is_empty(), "{end:?}");
}

#[test]
fn dialog_06_is_told_apart() {
    let end = play(&mut *protocol("dialog-04"), &Ask::Weight, &[(PRICE, b"\x0211\x1b2A7\x03")]);
    let Then::Failed(Failure::Refused(reason)) = end.then else { panic!("{end:?}") };
    assert!(reason.contains("Dialog 06"));
}

/// The question and the answer of SBZ Systems' page: 316 g.
const DIBAL: (&[u8], &[u8]) = (b"98000001\r\n", b"9900031600000004\r\n");

#[test]
fn dibal_question_and_answer_of_the_document() {
    let end = weigh("dibal", DIBAL.0, DIBAL.1);
    assert_eq!((end.shown(), end.reading().stable), ("0.316 kg".into(), true));
}

#[test]
fn dibal_the_price_is_sent_under_its_checksum() {
    // 39 ^ 38 ^ 30 ^ 31 ^ 32 ^ 35 ^ 30 is 37, the digit 7.
    let step = with("dibal", json!({"price": 1250})).start(&Ask::Weight);
    assert_eq!(step.send, b"98012507\r\n");
}

#[test]
fn dibal_an_error_is_no_weight_and_damage_no_answer() {
    // With status 1 the checksum is 5.
    let end = weigh("dibal", DIBAL.0, b"9910031600000005\r\n");
    assert_eq!(end.reading().for_sale(), Err(NotForSale::InMotion));
    for at in 0..16 {
        for bit in 0..8 {
            let mut damaged = DIBAL.1.to_vec();
            damaged[at] ^= 1 << bit;
            assert!(weigh("dibal", DIBAL.0, &damaged).readings.is_empty(), "byte {at}, bit {bit}");
        }
    }
}

fn adam(print: &[u8]) -> End {
    weigh("adam", b"P\r\n", print)
}

#[test]
fn adam_prints_of_several_models() {
    for (print, shown, kind) in [
        (&b"  1.550kg\r\n"[..], "1.550 kg", None), // AZextra, label format 3
        (
            b"GROSS   123.45 g \r\nNo.         01 \r\nTotal   123.45 g \r\n\r\n\r\n",
            "123.45 g",
            Some(Kind::Gross),
        ),
        (b"NET      23.45 g \r\n", "23.45 g", Some(Kind::Net)), // Highland manual, page 27
        (b"-       123.45 g \r\n", "-123.45 g", None),          // Highland manual, page 29
        (
            b"Date 12/09/2006\r\nTime 14:56:27\r\nGross Wt 1.234 Kg\r\nUnit Wt. 123 g\r\nPCS 10 pcs\r\n",
            "1.234 kg",
            Some(Kind::Gross),
        ), // CBC manual, page 18
        (b"G/W + 2.00 kg\r\n", "2.00 kg", Some(Kind::Gross)),   // CPWplus manual, page 16
    ] {
        let end = adam(print);
        assert_eq!((end.shown().as_str(), end.reading().kind), (shown, kind));
    }
}

#[test]
fn adam_lines_that_are_no_weight_are_passed_over() {
    assert!(adam(b"Unit Wt. 123 g\r\nTotal 123.45 g\r\n        125PCS\r\n.550kg\r\n").readings.is_empty());
}

#[test]
fn adam_silence_is_neither_a_weight_of_0_nor_a_broken_cable() {
    assert_eq!(adam(b"").then, Then::Failed(Failure::NothingNew));
    let identify = play(&mut *protocol("adam"), &Ask::Identify, &[(b"P\r\n", b"")]);
    assert_eq!(identify.then, Then::Failed(Failure::Silent { asked: 1 }));
}

#[test]
fn adam_commands_are_sent_without_an_answer_and_rest_can_be_left_open() {
    assert_eq!(play(&mut *protocol("adam"), &Ask::Zero, &[(b"Z\r\n", b"")]).then, Then::Done(Answer::Sent));
    assert_eq!(play(&mut *protocol("adam"), &Ask::Tare, &[(b"T\r\n", b"")]).then, Then::Done(Answer::Sent));
    let mut unsure = with("adam", json!({"assume_stable": false}));
    let end = play(&mut *unsure, &Ask::Weight, &[(b"P\r\n", b"  1.550kg\r\n")]);
    assert_eq!(end.reading().for_sale(), Err(NotForSale::InMotion));
}
