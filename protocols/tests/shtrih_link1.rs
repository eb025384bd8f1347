//! Shtrih-M, link of level 1: the host's side, against a register played by the test.

#![allow(clippy::unwrap_used)]

mod shtrih_support;

use outlet_protocols::shtrih::link1::*;
use shtrih_support::{SECOND, frame1, hex};

const STATUS: [u8; 5] = [0x10, 0x1e, 0, 0, 0];
const SALE: [u8; 6] = [0x8d, 0x1e, 0, 0, 0, 0];
const ANSWER: [u8; 3] = [0x8d, 0, 0x1e];

fn link() -> Link1 {
    Link1::new(Timing::default())
}

fn sending(command: &[u8], repeatable: bool) -> Link1 {
    let mut link = link();
    link.send(Exchange { command, answer_within: 30 * SECOND, repeatable }).unwrap();
    link
}

/// What the link does until it waits or rests.
fn actions(link: &mut Link1) -> Vec<Action> {
    let mut actions = Vec::new();
    loop {
        match link.action() {
            Action::Wait(_) | Action::Idle => return actions,
            action => actions.push(action),
        }
    }
}

fn write(bytes: &[u8]) -> Action {
    Action::Write(bytes.to_vec())
}

fn held(answer: &[u8], repeated: bool) -> Action {
    Action::Held { answer: answer.to_vec(), repeated }
}

fn failed(reason: Reason, executed: Executed) -> Action {
    Action::Failed(Failure { reason, executed })
}

/// A link whose frame with the sale was written.
fn frame_written(repeatable: bool) -> Link1 {
    let mut link = sending(&SALE, repeatable);
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&frame1(&SALE))]);
    link
}

/// A link that waits for the answer to the sale.
fn acknowledged(repeatable: bool) -> Link1 {
    let mut link = frame_written(repeatable);
    link.received(&[ACK]);
    link
}

// fr_drv_ng issue 130, with the FF that its network link sent before the ACK.
#[test]
fn a_query_goes_as_in_the_vendors_trace() {
    let mut link = sending(&STATUS, true);
    assert_eq!(link.action(), write(&[ENQ]));
    link.received(&hex("FF 15"));
    assert_eq!(link.action(), write(&hex("02 05 10 1E 00 00 00 0B")));
    link.received(&hex("FF 06"));
    assert_eq!(link.action(), Action::Wait(30 * SECOND));
    link.received(&hex("02 10 10 00 1E 92 02 02 00 00 A1 DE 01 C0 00 1D 08 00 27"));
    assert_eq!(link.action(), write(&[ACK]));
    let answer = hex("10 00 1E 92 02 02 00 00 A1 DE 01 C0 00 1D 08 00");
    assert_eq!(link.action(), Action::Answer(answer));
    assert_eq!(link.action(), Action::Idle);
}

#[test]
fn an_answer_that_the_register_held_comes_first_and_is_acknowledged() {
    let mut link = sending(&SALE, false);
    actions(&mut link);
    link.received(&[ACK]);
    link.received(&frame1(&[0x41, 0, 0x1e]));
    assert_eq!(actions(&mut link), [write(&[ACK]), held(&[0x41, 0, 0x1e], false), write(&[ENQ])]);
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&frame1(&SALE))]);
}

#[test]
fn after_a_held_answer_the_command_can_still_be_kept_back() {
    let mut link = sending(&SALE, false);
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(link.action(), write(&[ENQ]));
    assert_eq!(link.action(), write(&[ACK]));
    assert_eq!(link.action(), held(&ANSWER, false));
    link.stop();
    assert_eq!(link.action(), Action::Idle);
}

#[test]
fn after_a_reconnect_held_answers_are_fetched_without_sending_anything() {
    let mut link = link();
    link.fetch().unwrap();
    assert_eq!(actions(&mut link), [write(&[ENQ])]);
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ACK]), held(&ANSWER, false), write(&[ENQ])]);
    link.received(&[NAK]);
    assert_eq!(link.action(), Action::Idle);
}

#[test]
fn an_answer_whose_ack_was_lost_is_told_to_be_a_repetition() {
    let mut link = acknowledged(false);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ACK]), Action::Answer(ANSWER.to_vec())]);
    link.send(Exchange { command: &STATUS, answer_within: SECOND, repeatable: true }).unwrap();
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&[ACK]), held(&ANSWER, true), write(&[ENQ])]);
}

#[test]
fn a_register_that_never_lets_go_of_an_answer_is_given_up() {
    let mut link = sending(&STATUS, true);
    let mut last = Vec::new();
    for _ in 0..=Timing::default().held_answers {
        link.received(&[ACK]);
        link.received(&frame1(&ANSWER));
        last = actions(&mut link);
    }
    assert_eq!(last.last(), Some(&failed(Reason::Stuck, Executed::No)));
}

#[test]
fn silence_is_asked_ten_times_and_the_command_is_certainly_not_executed() {
    let mut link = sending(&SALE, false);
    for _ in 0..10 {
        assert_eq!(actions(&mut link), [write(&[ENQ])]);
        link.timeout();
    }
    assert_eq!(actions(&mut link), [failed(Reason::Silent, Executed::No)]);
}

#[test]
fn answers_to_earlier_enqs_are_not_taken_for_answers_to_the_frame() {
    let mut link = sending(&SALE, false);
    link.timeout();
    link.timeout();
    assert_eq!(actions(&mut link), vec![write(&[ENQ]); 3]);
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), []);
    link.received(&[NAK, NAK]);
    assert_eq!(actions(&mut link), [write(&frame1(&SALE))]);

    let mut link = sending(&SALE, false);
    link.timeout();
    link.received(&[NAK]);
    link.timeout();
    assert_eq!(actions(&mut link).last(), Some(&write(&frame1(&SALE))), "the other NAK never came");
}

#[test]
fn a_new_connection_owes_no_answers() {
    let mut link = sending(&SALE, false);
    (0..Timing::default().enquiries).for_each(|_| link.timeout());
    assert_eq!(actions(&mut link).last(), Some(&failed(Reason::Silent, Executed::No)));
    link.reconnected();
    link.send(Exchange { command: &SALE, answer_within: SECOND, repeatable: false }).unwrap();
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&frame1(&SALE))]);
}

#[test]
fn a_rejected_frame_is_sent_again_when_the_register_is_ready_for_it() {
    let mut link = frame_written(false);
    for _ in 1..Timing::default().frames {
        link.received(&[NAK]);
        assert_eq!(actions(&mut link), [write(&[ENQ])]);
        link.received(&[NAK]);
        assert_eq!(actions(&mut link), [write(&frame1(&SALE))]);
    }
    link.received(&[NAK, NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), failed(Reason::Rejected, Executed::No)]);
}

#[test]
fn a_frame_that_only_seemed_rejected_is_not_sent_a_second_time() {
    let mut link = frame_written(false);
    link.received(&[NAK]);
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&[ACK]), Action::Answer(ANSWER.to_vec())]);
}

#[test]
fn a_command_without_acknowledgement_is_not_sent_again_unless_it_changes_nothing() {
    let mut link = frame_written(false);
    link.timeout();
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), failed(Reason::NotAcknowledged, Executed::Unknown)]);

    let mut link = frame_written(true);
    link.timeout();
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&frame1(&SALE))]);
}

#[test]
fn an_answer_after_a_lost_acknowledgement_is_the_commands_own() {
    let mut link = frame_written(false);
    link.timeout();
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ENQ]), write(&[ACK]), Action::Answer(ANSWER.to_vec())]);
}

#[test]
fn a_damaged_answer_is_asked_for_again_when_the_line_is_quiet() {
    let mut link = acknowledged(false);
    let mut damaged = frame1(&ANSWER);
    damaged[3] ^= 0x40;
    link.received(&damaged);
    // What a wrong length would leave on the line.
    link.received(&[NAK, ACK, STX, 0x33]);
    assert_eq!(actions(&mut link), []);
    assert_eq!(link.action(), Action::Wait(Timing::default().quiet));
    link.timeout();
    assert_eq!(actions(&mut link), [write(&[NAK]), write(&[ENQ])]);
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ACK]), Action::Answer(ANSWER.to_vec())]);
}

#[test]
fn an_answer_that_stops_in_its_middle_is_asked_for_again() {
    let mut link = acknowledged(false);
    link.received(&[STX, 3, 0x8d]);
    assert_eq!(link.action(), Action::Wait(Timing::default().byte));
    link.timeout();
    link.received(&[ACK]);
    link.received(&frame1(&ANSWER));
    let expected = [write(&[NAK]), write(&[ENQ]), write(&[ACK]), Action::Answer(ANSWER.to_vec())];
    assert_eq!(actions(&mut link), expected);
}

#[test]
fn an_answer_that_is_always_damaged_leaves_the_outcome_open() {
    let mut link = acknowledged(false);
    let mut last = Vec::new();
    for _ in 0..Timing::default().answers {
        link.received(&[STX, 1, 0x8d, 0]);
        link.timeout();
        last = actions(&mut link);
        link.received(&[ACK]);
    }
    assert_eq!(last, [write(&[NAK]), failed(Reason::Damaged, Executed::Unknown)]);
}

#[test]
fn an_answer_that_the_register_has_forgotten_leaves_the_outcome_open() {
    let mut link = acknowledged(false);
    link.timeout();
    link.received(&[NAK]);
    assert_eq!(actions(&mut link), [write(&[ENQ]), failed(Reason::Forgotten, Executed::Unknown)]);
}

#[test]
fn a_register_that_is_still_working_is_waited_for_and_then_left_with_an_open_outcome() {
    let mut link = acknowledged(false);
    let mut last = Vec::new();
    for _ in 0..Timing::default().answers {
        assert_eq!(link.action(), Action::Wait(30 * SECOND));
        link.timeout();
        last = actions(&mut link);
        link.received(&[ACK]);
    }
    assert_eq!(last, [failed(Reason::NoAnswer, Executed::Unknown)]);
}

#[test]
fn a_link_that_dies_after_the_frame_leaves_the_outcome_open() {
    let mut link = frame_written(false);
    (0..=Timing::default().enquiries).for_each(|_| link.timeout());
    assert_eq!(actions(&mut link).last(), Some(&failed(Reason::Silent, Executed::Unknown)));
}

#[test]
fn a_late_answer_to_another_command_is_handed_out_and_the_own_one_is_waited_for() {
    let mut link = acknowledged(false);
    link.received(&frame1(&[0x1e, 0]));
    assert_eq!(actions(&mut link), [write(&[ACK]), held(&[0x1e, 0], false)]);
    link.received(&frame1(&ANSWER));
    assert_eq!(actions(&mut link), [write(&[ACK]), Action::Answer(ANSWER.to_vec())]);
}

#[test]
fn one_command_at_a_time_and_none_that_does_not_fit() {
    let mut link = sending(&STATUS, true);
    let other = Exchange { command: &SALE, answer_within: SECOND, repeatable: false };
    assert_eq!(link.send(other), Err(StartError::Busy));
    assert_eq!(link.fetch(), Err(StartError::Busy));
    link.stop();
    assert_eq!(link.send(Exchange { command: &[], ..other }), Err(StartError::Empty));
    assert_eq!(link.send(Exchange { command: &[0x17; 256], ..other }), Err(StartError::TooLong(256)));
    assert_eq!(link.send(Exchange { command: &[0x17; 255], ..other }), Ok(()));
}
