//! Frames of version 2, and the talk around them.

use core::time::Duration;

use outlet_protocols::atol::wire2::{BadFrame, Failure, Host, Output, Receiver, TooLong, encode};

use crate::hex;

/// The facts sheet on ATOL registers, "Wire, protocol v2"; the same in kurbatov/atol4j
/// `TransportProtocolV2Test`.
const GOLDEN: (&str, &str) = ("1F 00 FF 10 02 03 1A", "02 1F 00 FF 10 10 02 10 03 1A 03 E8");

const WORKS: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(500);
const FIRST_BYTE: Duration = Duration::from_secs(2);

fn transmit(bytes: &str) -> Output {
    Output::Transmit(hex(bytes))
}

/// A host whose frame has been acknowledged.
fn working() -> Host {
    let mut host = Host::default();
    host.send(&hex("00 00 3F"), WORKS).unwrap();
    host.received(&hex("06"));
    assert_eq!(host.received(&hex("06")), [transmit("04"), Output::Wait(WORKS)]);
    host
}

#[test]
fn the_golden_frame_is_written_and_read() {
    let (data, frame) = (hex(GOLDEN.0), hex(GOLDEN.1));
    assert_eq!(encode(&data), Ok(frame.clone()));
    let mut receiver = Receiver::default();
    let (last, first) = frame.split_last().unwrap();
    assert!(first.iter().all(|byte| receiver.received(&[*byte]).is_none()));
    assert_eq!(receiver.received(&[*last]), Some(Ok(data)));
}

// kurbatov/atol4j `TransportProtocolV2Test.checkTest` has this one as wrong.
#[test]
fn a_frame_with_another_crc_is_bad() {
    let frame = hex("02 1F 00 FF 10 10 02 10 03 1A 03 E7");
    assert_eq!(Receiver::default().received(&frame), Some(Err(BadFrame)));
}

#[test]
fn a_frame_has_no_more_than_4096_bytes() {
    assert_eq!(encode(&[0; 4097]), Err(TooLong(4097)));
    let endless = [&[0x02][..], &[0x41; 5000]].concat();
    assert_eq!(Receiver::default().received(&endless), Some(Err(BadFrame)));
}

#[test]
fn an_exchange_goes_enq_frame_eot_and_back() {
    let mut host = Host::default();
    assert_eq!(host.send(&hex("00 00 3F"), WORKS), Ok(vec![transmit("05"), Output::Wait(SHORT)]));
    assert!(host.busy());
    assert_eq!(host.received(&hex("06")), [transmit("02 00 00 3F 03 3C"), Output::Wait(SHORT)]);
    assert_eq!(host.received(&hex("06")), [transmit("04"), Output::Wait(WORKS)]);
    assert_eq!(host.received(&hex("05")), [transmit("06"), Output::Wait(FIRST_BYTE)]);
    assert_eq!(host.received(&hex("02 55 00 03")), [Output::Wait(SHORT)]);
    assert_eq!(host.received(&hex("56")), [transmit("06"), Output::Wait(SHORT)]);
    assert_eq!(host.received(&hex("04")), [Output::Answer(hex("55 00"))]);
    assert!(!host.busy());
}

#[test]
fn an_answer_whose_eot_is_lost_is_an_answer() {
    let mut host = working();
    host.received(&hex("05 02 55 00 03 56"));
    assert_eq!(host.elapsed(), [Output::Answer(hex("55 00"))]);
    assert_eq!(host.elapsed(), [], "and nothing is left to do");
}

#[test]
fn a_register_that_is_not_there_is_asked_five_times() {
    let mut host = Host::default();
    host.send(&[0x3f], WORKS).unwrap();
    for _ in 0..4 {
        assert_eq!(host.elapsed(), [transmit("05"), Output::Wait(SHORT)]);
    }
    assert_eq!(host.elapsed(), [transmit("04"), Output::Failed(Failure::NotReady)]);
    assert!(!Failure::NotReady.may_have_effect());
}

#[test]
fn a_busy_register_is_given_time() {
    let mut host = Host::default();
    host.send(&[0x3f], WORKS).unwrap();
    assert_eq!(host.received(&hex("15")), [Output::Wait(SHORT)]);
    assert_eq!(host.received(&hex("15 05")), [], "while standing back nothing counts");
    assert_eq!(host.elapsed(), [transmit("05"), Output::Wait(SHORT)]);
}

#[test]
fn where_both_want_to_speak_the_host_stands_back_but_not_for_ever() {
    let mut host = Host::default();
    host.send(&[0x3f], WORKS).unwrap();
    for _ in 0..100 {
        assert_eq!(host.received(&hex("05")), [Output::Wait(SHORT)]);
        assert_eq!(host.elapsed(), [transmit("05"), Output::Wait(SHORT)]);
    }
    assert_eq!(host.received(&hex("05")), [transmit("04"), Output::Failed(Failure::NotReady)]);
}

#[test]
fn a_frame_is_sent_ten_times_before_nobody_knows() {
    let mut host = Host::default();
    host.send(&hex("00 00 3F"), WORKS).unwrap();
    host.received(&hex("06"));
    for attempt in 0..9 {
        let again = if attempt % 2 == 0 { host.received(&hex("15")) } else { host.elapsed() };
        assert_eq!(again, [transmit("02 00 00 3F 03 3C"), Output::Wait(SHORT)]);
    }
    assert_eq!(host.elapsed(), [transmit("04"), Output::Failed(Failure::NotAcknowledged)]);
    assert!(Failure::NotAcknowledged.may_have_effect());
}

#[test]
fn a_lost_ack_is_found_out_by_the_registers_enq() {
    let mut host = Host::default();
    host.send(&[0x3f], WORKS).unwrap();
    host.received(&hex("06"));
    assert_eq!(host.received(&hex("05")), [], "an old answer can't be ours before the second try");
    host.elapsed();
    assert_eq!(host.received(&hex("05")), [transmit("06"), Output::Wait(FIRST_BYTE)]);
    host.received(&hex("02 55 00 03 56"));
    assert_eq!(host.received(&hex("04")), [Output::Answer(hex("55 00"))]);
}

#[test]
fn a_register_that_never_answers_may_have_done_it() {
    let mut host = working();
    assert_eq!(host.received(&hex("00 FF 15")), []);
    assert_eq!(host.elapsed(), [Output::Failed(Failure::NoAnswer)]);
    assert!(Failure::NoAnswer.may_have_effect());
}

#[test]
fn a_damaged_answer_is_asked_for_ten_times() {
    let mut host = working();
    host.received(&hex("05"));
    for _ in 0..10 {
        let asks = [transmit("15"), Output::Wait(FIRST_BYTE)];
        assert_eq!(host.received(&hex("02 55 00 03 57")), asks);
    }
    assert_eq!(host.received(&hex("02 55 00 03 57")), [Output::Failed(Failure::NoAnswer)]);
}

#[test]
fn an_answer_that_stops_in_the_middle_is_asked_for_again() {
    let mut host = working();
    host.received(&hex("05 02 55"));
    assert_eq!(host.elapsed(), [transmit("15"), Output::Wait(FIRST_BYTE)]);
    host.received(&hex("02 55 00 03 56"));
    assert_eq!(host.received(&hex("04")), [Output::Answer(hex("55 00"))]);
}

#[test]
fn an_enq_inside_an_answer_is_data_and_before_it_a_question() {
    let mut host = working();
    host.received(&hex("05"));
    assert_eq!(host.received(&hex("05")), [transmit("06"), Output::Wait(FIRST_BYTE)]);
    host.received(&hex("02 05 04 03 02"));
    assert_eq!(host.received(&hex("04")), [Output::Answer(hex("05 04"))]);
}

#[test]
fn a_register_that_did_not_hear_our_ack_sends_again_and_we_keep_what_we_have() {
    let mut host = working();
    host.received(&hex("05 02 55 00 03 56"));
    assert_eq!(host.received(&hex("02 55 00 03 56")), [transmit("06"), Output::Wait(SHORT)]);
    host.received(&hex("02 55 00"));
    let outcome = (0..11).flat_map(|_| host.elapsed()).last();
    assert_eq!(outcome, Some(Output::Answer(hex("55 00"))));
    assert!(!host.busy());
}

#[test]
fn bytes_that_nobody_asked_for_are_ignored() {
    let mut host = Host::default();
    assert_eq!(host.received(&hex("05 02 55 00 03 56 04")), []);
    assert_eq!(host.elapsed(), []);
}
