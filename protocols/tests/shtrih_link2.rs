//! Shtrih-M, link of level 2.0: numbered frames. Vectors are from the facts sheet and traces of the
//! vendor's driver.

#![allow(clippy::unwrap_used)]

mod shtrih_support;

use outlet_protocols::shtrih::link1::{Executed, Failure, Reason};
use outlet_protocols::shtrih::link2::*;
use shtrih_support::{SECOND, frame2, hex};

const QUERY: [u8; 5] = [0x10, 0x1e, 0, 0, 0];
const SALE: [u8; 6] = [0x8d, 0x1e, 0, 0, 0, 0];
const ANSWER: [u8; 3] = [0x8d, 0, 0x1e];

fn exchange(number: u16, command: &[u8], query: bool) -> Exchange<'_> {
    Exchange { number, command, answer_within: 30 * SECOND, query }
}

fn sending(number: u16) -> Link2 {
    let mut link = Link2::new(Timing::default());
    link.send(exchange(number, &SALE, false)).unwrap();
    assert_eq!(link.action(), Action::Write(frame2(number, &SALE)));
    assert_eq!(link.action(), Action::Wait(30 * SECOND));
    link
}

fn received(bytes: &[u8]) -> Vec<Received> {
    Parser::default().frames(bytes)
}

// Facts sheet; fr_drv_ng issues 98, 141, 102 and 50; PrinterProtocol_2Test of javapos_shtrih.
#[test]
fn frames_are_those_of_the_vendor() {
    assert_eq!(SYNC.to_vec(), hex("8F 00 00 0F 1D"));
    for (number, data, bytes) in [
        (1, "10 1E 00 00 00", "8F 07 00 01 00 10 1E 00 00 00 1F AC"),
        (3, "FF 01 1E 00 00 00", "8F 08 00 03 00 FF 01 1E 00 00 00 14 24"),
        (4, "FF 35 1E 00 00 00", "8F 08 00 04 00 FF 35 1E 00 00 00 E4 66"),
        (15, "FF 4D 01 00 00 00 C6 04 01 00 40", "8F 0D 00 0F 00 FF 4D 01 00 00 00 C6 04 01 00 40 AB 7E"),
        (24, "11 1E 00 00 00", "8F 07 00 18 00 11 1E 00 00 00 F9 1A"),
        (6, "FC", "8F 03 00 06 00 FC ED 63"),
    ] {
        assert_eq!(frame(number, &hex(data)).unwrap(), hex(bytes));
        assert_eq!(received(&hex(bytes)), [Received::Answer { number, data: hex(data) }]);
    }
}

// fr_drv_ng_examples issue 38.
#[test]
fn a_register_that_was_just_switched_on_has_nothing_to_repeat() {
    assert_eq!(received(&hex("8F 02 00 01 00 99 5A")), [Received::Nothing { number: 1 }]);
    let mut link = Link2::new(Timing::default());
    link.sync().unwrap();
    assert_eq!(link.action(), Action::Write(SYNC.to_vec()));
    link.received(&hex("8F 02 00 01 00 99 5A"));
    let last = Last { number: 1, answer: None };
    assert_eq!(link.action(), Action::Synced(last.clone()));
    assert_eq!(link.action(), Action::Idle);
    assert_eq!(last.verdict(900, &SALE), Verdict::Restarted);
}

#[test]
fn bytes_that_mean_something_are_stuffed_everywhere_but_at_the_start() {
    let bytes = frame(0x9f8f, &[0x8f, 0x9f, 0x81, 0x83]).unwrap();
    assert_eq!(bytes[..13], hex("8F 06 00 9F 81 9F 83 9F 81 9F 83 81 83"));
    assert_eq!(bytes, frame2(0x9f8f, &[0x8f, 0x9f, 0x81, 0x83]));
    let data = vec![0x8f, 0x9f, 0x81, 0x83];
    assert_eq!(received(&bytes), [Received::Answer { number: 0x9f8f, data }]);
}

#[test]
fn damaged_frames_are_told_from_sound_ones() {
    let sound = frame2(7, &ANSWER);
    let mut damaged = sound.clone();
    damaged[6] ^= 1;
    assert_eq!(received(&damaged), [Received::Damaged]);
    // A frame that was cut off, and the next one behind it.
    let cut = [&sound[..5], &sound].concat();
    let answer = Received::Answer { number: 7, data: ANSWER.to_vec() };
    assert_eq!(received(&cut), [Received::Damaged, answer.clone()]);
    // ESC with what no stuffing makes; then noise, then a sound frame.
    let noise = [&hex("8F 06 9F 00 05 06 15")[..], &sound].concat();
    assert_eq!(received(&noise), [Received::Damaged, answer]);
    // A length of 1 is not allowed.
    assert_eq!(received(&hex("8F 01 00 00 00 00")), [Received::Damaged]);
}

#[test]
fn a_command_is_answered_under_its_number() {
    let mut link = sending(41);
    link.received(&frame2(41, &ANSWER));
    assert_eq!(link.action(), Action::Answer(ANSWER.to_vec()));
    assert_eq!(link.action(), Action::Idle);
}

#[test]
fn a_lost_command_is_sent_again_under_the_same_number_and_no_other() {
    let mut link = sending(41);
    for _ in 1..Timing::default().tries {
        link.timeout();
        assert_eq!(link.action(), Action::Write(frame2(41, &SALE)));
    }
    link.timeout();
    let failure = Failure { reason: Reason::Silent, executed: Executed::Unknown };
    assert_eq!(link.action(), Action::Failed(failure));
    assert_eq!(link.action(), Action::Idle);
}

#[test]
fn a_second_copy_of_the_answer_before_is_skipped() {
    let mut link = sending(41);
    link.received(&frame2(40, &[0x88, 0, 1]));
    assert_eq!(link.action(), Action::Wait(30 * SECOND));
    link.received(&frame2(41, &ANSWER));
    assert_eq!(link.action(), Action::Answer(ANSWER.to_vec()));
}

#[test]
fn another_number_is_out_of_step_and_its_answer_is_not_ours() {
    let mut link = sending(41);
    link.received(&frame2(12, &ANSWER));
    let last = Last { number: 12, answer: Some(ANSWER.to_vec()) };
    assert_eq!(link.action(), Action::OutOfStep(last.clone()));
    assert_eq!(last.verdict(41, &SALE), Verdict::OutOfStep);
}

// fr_drv_ng issue 50: a status under number 0018 was answered with 1E 00.
#[test]
fn our_number_with_the_answer_to_another_command_is_not_our_answer() {
    let mut link = Link2::new(Timing::default());
    link.send(exchange(0x18, &[0x11, 0x1e, 0, 0, 0], true)).unwrap();
    link.action();
    link.received(&hex("8F 04 00 18 00 1E 00 A9 B6"));
    let last = Last { number: 0x18, answer: Some(vec![0x1e, 0]) };
    assert_eq!(link.action(), Action::OutOfStep(last.clone()));
    assert_eq!(last.verdict(0x18, &[0x11, 0x1e, 0, 0, 0]), Verdict::OutOfStep);
}

#[test]
fn a_register_that_restarted_during_a_command_says_so() {
    let mut link = sending(41);
    link.received(&hex("8F 02 00 01 00 99 5A"));
    assert_eq!(link.action(), Action::OutOfStep(Last { number: 1, answer: None }));
}

#[test]
fn after_a_reconnect_the_last_answer_tells_what_became_of_a_lost_command() {
    let mut link = Link2::new(Timing::default());
    link.sync().unwrap();
    link.action();
    link.received(&frame2(41, &ANSWER));
    let Action::Synced(last) = link.action() else { panic!("no answer to the synchronisation") };
    assert_eq!(last.verdict(41, &SALE), Verdict::Answer(ANSWER.to_vec()));
    assert_eq!(last.verdict(42, &SALE), Verdict::NotExecuted);
    assert_eq!(last.verdict(40, &SALE), Verdict::OutOfStep);
    let wrapped = Last { number: 65_535, answer: Some(ANSWER.to_vec()) };
    assert_eq!(wrapped.verdict(0, &SALE), Verdict::NotExecuted);
    assert_eq!((next(65_535), next(41)), (0, 42));
}

#[test]
fn nothing_with_an_effect_goes_under_a_number_that_a_restarted_register_takes() {
    let mut link = Link2::new(Timing::default());
    for number in [1, 2] {
        assert_eq!(link.send(exchange(number, &SALE, false)), Err(StartError::FirstNumber(number)));
    }
    assert_eq!(link.send(exchange(2, &QUERY, true)), Ok(()));
    assert_eq!(link.send(exchange(3, &SALE, false)), Err(StartError::Busy));
    assert_eq!(link.sync(), Err(StartError::Busy));
    link.stop();
    assert_eq!(link.send(exchange(3, &[], false)), Err(StartError::Empty));
    assert_eq!(link.send(exchange(3, &vec![0; 65_534], false)), Err(StartError::TooLong(65_534)));
    assert_eq!(link.send(exchange(0, &SALE, false)), Ok(()));
}

#[test]
fn a_synchronisation_without_an_answer_has_executed_nothing() {
    let mut link = Link2::new(Timing::default());
    link.sync().unwrap();
    for _ in 0..Timing::default().tries {
        assert_eq!(link.action(), Action::Write(SYNC.to_vec()));
        link.timeout();
    }
    let failure = Failure { reason: Reason::Silent, executed: Executed::No };
    assert_eq!(link.action(), Action::Failed(failure));
}
