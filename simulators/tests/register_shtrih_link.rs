//! The simulated Shtrih-M register, driven with raw bytes: its link levels and status.
//!
//! Frames marked *sheet* are golden frames of the project's fact sheet; those marked *field* are
//! traces of real devices (github.com/shtrih-m/fr_drv_ng, issues named there).

mod common;
mod shtrih;

use common::hex;
use outlet_simulators::register::Fault;
use outlet_simulators::register::shtrih::ShtrihSpec;
use shtrih::{ADMIN, CASHIER, HostV2, frame_v1, money, open, v1, v2, with};

#[test]
fn an_idle_register_answers_an_enquiry_with_nak() {
    assert_eq!(v1().register.feed(&hex("05")), hex("15"));
}

#[test]
fn a_command_is_acknowledged_then_answered() {
    // Sheet: the frame of FC. Field, issue 236: the answer's form.
    let answer = v1().register.feed(&hex("02 01 FC FD"));
    assert_eq!(answer[..2], hex("06 02"));
    assert_eq!(answer[3..6], hex("FC 00 00"));
    assert_eq!(usize::from(answer[2]), answer.len() - 4, "the length counts neither itself nor the ends");
    assert_eq!(answer[1..].iter().skip(1).fold(0, |sum, byte| sum ^ byte), 0, "the check byte fits");
}

#[test]
fn a_garbled_frame_is_refused_and_not_executed() {
    let host = v1();
    assert_eq!(host.register.feed(&hex("02 05 10 1E 00 00 00 0C")), hex("15"));
    assert_eq!(host.register.feed(&hex("05")), hex("15"), "no answer is held");
}

#[test]
fn an_answer_is_held_until_it_is_acknowledged() {
    let host = v1();
    // Sheet: the frame of 10 with password 30.
    let first = host.register.feed(&hex("02 05 10 1E 00 00 00 0B"));
    assert_eq!(host.register.feed(&hex("15")), hex(""), "after NAK it waits for an enquiry");
    assert_eq!(host.register.feed(&hex("05")), first, "ACK and the same answer");
    assert_eq!(host.register.feed(&hex("05")), first);
    assert_eq!(host.register.feed(&hex("06 05")), hex("15"));
}

#[test]
fn on_some_links_a_stray_byte_follows_the_acknowledgement() {
    let host = with(ShtrihSpec { stray_byte: true, ..ShtrihSpec::default() });
    host.register.feed(&hex("02 01 FC FD"));
    assert_eq!(host.register.feed(&hex("06")), hex("FF"));
    assert_eq!(host.register.feed(&hex("05")), hex("15"));
}

#[test]
fn a_frame_that_stops_half_way_is_dropped_when_the_next_byte_comes_late() {
    let host = v1();
    host.register.feed(&hex("02 05 10"));
    host.register.inject(Fault::CutLink);
    assert_eq!(host.register.feed(&hex("05")), hex("15"), "a new connection begins anew");
}

#[test]
fn the_held_answer_is_lost_with_power_but_not_what_was_done() {
    let host = v1();
    host.register.feed(&frame_v1(&[&[0x50], &ADMIN[..], &money(500)[..]].concat()));
    host.register.power_off();
    assert_eq!(host.register.feed(&hex("05")), hex(""), "nobody answers without power");
    host.register.power_on();
    assert_eq!(host.register.feed(&hex("05")), hex("15"));
    assert_eq!(host.register.drawer_sum(), 500);
}

// Link level 2.0

#[test]
fn after_power_on_there_is_no_last_answer() {
    // Sheet: the sync frame; its answer has the number alone.
    let answer = v2().feed(&hex("8F 00 00 0F 1D"));
    assert_eq!(answer[..5], hex("8F 02 00 00 00"));
    assert_eq!(answer.len(), 7);
}

#[test]
fn the_next_number_executes_and_the_same_number_is_answered_from_memory() {
    let register = v2();
    // Sheet: status with number 1 and password 30.
    let status = hex("8F 07 00 01 00 10 1E 00 00 00 1F AC");
    let first = register.feed(&status);
    assert_eq!(first[3..7], hex("01 00 10 00"));
    register.inject(Fault::PaperOut);
    assert_eq!(register.feed(&status), first, "not executed again: the paper is still in");
    assert_eq!(register.feed(&hex("8F 00 00 0F 1D")), first, "and so answers the sync frame");
}

#[test]
fn a_table_is_read_in_the_very_frames_of_a_real_device() {
    let register = v2();
    let mut host = HostV2::new(register.clone());
    for _ in 0..0x2C {
        host.ask(&[&[0x10], &ADMIN[..]].concat());
    }
    // Field, issue 72: format of documents in table 10, field 29.
    let question = hex("8F 0B 00 2D 00 1F 1E 00 00 00 0A 01 00 1D 01 99");
    assert_eq!(register.feed(&question), hex("8F 05 00 2D 00 1F 00 02 B7 EE"));
}

#[test]
fn a_garbled_frame_is_not_answered_and_may_come_again() {
    let register = v2();
    assert_eq!(register.feed(&hex("8F 07 00 01 00 10 1E 00 00 00 1F AD")), hex(""));
    register.inject(Fault::Nak { times: 1 });
    let status = hex("8F 07 00 01 00 10 1E 00 00 00 1F AC");
    assert_eq!(register.feed(&status), hex(""));
    assert_eq!(register.feed(&status)[3..7], hex("01 00 10 00"));
}

#[test]
fn a_number_out_of_order_executes_nothing() {
    let register = v2();
    let mut host = HostV2::new(register.clone());
    host.ask(&[&[0x50], &ADMIN[..], &money(500)[..]].concat());
    host.number += 5;
    let answer = host.send(&[&[0x50], &ADMIN[..], &money(700)[..]].concat());
    assert_eq!(answer.0, 1, "the last answer comes again");
    assert_eq!(register.drawer_sum(), 500);
}

#[test]
fn the_numbers_begin_anew_after_a_power_failure() {
    let register = v2();
    let mut host = HostV2::new(register.clone());
    host.ask(&[&[0x10], &ADMIN[..]].concat());
    register.power_off();
    register.power_on();
    assert_eq!(register.feed(&hex("8F 00 00 0F 1D"))[..5], hex("8F 02 00 00 00"));
}

#[test]
fn a_reboot_is_answered_and_forgets_the_numbers() {
    let register = v2();
    let mut host = HostV2::new(register.clone());
    assert_eq!(host.ask(&hex("FE F3 00 00 00 00")), hex("FE 00"));
    assert_eq!(register.feed(&hex("8F 00 00 0F 1D"))[..5], hex("8F 02 00 00 00"));
}

#[test]
fn start_and_escape_bytes_are_stuffed_both_ways() {
    let register = v2();
    let mut host = HostV2::new(register.clone());
    host.ask(&[&[0x50], &ADMIN[..], &money(0x8F9F)[..]].concat());
    assert_eq!(register.drawer_sum(), 0x8F9F);
    let (_, answer) = host.send(&[&[0x1A], &ADMIN[..], &[0xF1]].concat());
    assert_eq!(answer, hex("1A 00 1E 9F 8F 00 00 00 00"));
}

#[test]
fn the_first_byte_chooses_the_level_until_power_fails() {
    let register = v2();
    assert_eq!(register.feed(&hex("05")), hex("15"));
    assert_eq!(register.feed(&hex("8F 00 00 0F 1D")), hex(""));
    register.power_off();
    register.power_on();
    assert_ne!(register.feed(&hex("8F 00 00 0F 1D")), hex(""));
}

// Status

#[test]
fn the_short_status_has_sixteen_bytes_like_a_real_device() {
    // Field: Shtrih-Mini-01F with paper in and shift open answers 10 00 1E B2 02 02 00 00 9F F8.
    let host = v1();
    host.ok(&[&[0xE0], &ADMIN[..]].concat());
    let status = host.ask(&[&[0x10], &ADMIN[..]].concat());
    assert_eq!(status.len(), 16);
    assert_eq!(status[..10], hex("10 00 1E B2 02 02 00 00 9F F8"));
}

#[test]
fn the_long_status_has_forty_eight_bytes() {
    let host = v1();
    let status = host.ask(&[&[0x11], &ADMIN[..]].concat());
    assert_eq!(status.len(), 48);
    assert_eq!(status[15], 4, "the shift is closed");
    assert_eq!(status[25..31], [22, 11, 26, 10, 30, 0], "date and time");
    assert_eq!(status[32..36], 1_012_345_u32.to_le_bytes(), "serial number");
}

#[test]
fn the_mode_says_what_the_register_is_doing() {
    let host = v1();
    assert_eq!(host.mode(), 4);
    host.ok(&[&[0xE0], &CASHIER[..]].concat());
    assert_eq!(host.mode(), 2);
    host.ok(&open(2));
    assert_eq!(host.mode(), 0x28, "an open receipt, sale return");
    host.ok(&[&[0x88], &CASHIER[..]].concat());
    host.register.inject(Fault::ShiftOld);
    assert_eq!(host.mode(), 3);
}

#[test]
fn unknown_commands_and_passwords_are_refused() {
    let host = v1();
    assert_eq!(host.ask(&[&[0x66], &ADMIN[..]].concat()), hex("66 37"));
    assert_eq!(host.ask(&hex("10 E7 03 00 00")), hex("10 4F"), "999 is nobody's password");
    assert_eq!(host.ask(&[&[0x41], &CASHIER[..]].concat()), hex("41 4F"), "not a cashier's report");
    assert_eq!(host.register.violations().len(), 1);
}
