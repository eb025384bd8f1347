//! The simulated Shtrih-M register, driven with raw bytes: paper, faults, moments.
//!
//! Frames marked *sheet* are golden frames of the project's fact sheet; those marked *field* are
//! traces of real devices (github.com/shtrih-m/fr_drv_ng, issues named there).

mod common;
mod shtrih;

use std::sync::{Arc, Mutex};

use common::hex;
use outlet_simulators::register::shtrih::ShtrihSpec;
use outlet_simulators::register::{DocumentKind, Fault, Moment, Register, RegisterSpec, What};
use shtrih::{ADMIN, CASHIER, Host, close, frame_v1, item, kinds, money, open, spec, v1, with};

#[test]
fn the_receipt_is_printed_whole_and_labelled_a_test() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Борщ", 1_500_000, 15_000, 0x01));
    host.ok(&[&[0x17], &CASHIER[..], &[2], &shtrih::text("Стол 5", 40)].concat());
    assert_eq!(host.register.papers().len(), 1, "the shift's; the receipt comes at the close");
    host.ok(&close(&[(1, 30_000)]));
    let papers = host.register.papers();
    let paper = papers.last().unwrap();
    for line in [
        "TEST TOOL, NOT A FISCAL DEVICE",
        "КАССОВЫЙ ЧЕК",
        "1.500 x 150.00 =225.00",
        "Стол 5",
        "ИТОГ =225.00",
        "НАЛИЧНЫМИ =300.00",
        "СДАЧА =75.00",
        "СУММА НДС 20% =37.50",
        "ФН 9999078900001234",
        "[QR t=20261122T1030&s=225.00&fn=9999078900001234&i=3",
        "[CUT]",
    ] {
        assert!(paper.says(line), "{line} isn't on\n{}", paper.text());
    }
    host.ok(&[&[0x8C], &CASHIER[..]].concat());
    assert!(host.register.papers().last().unwrap().says("ПОВТОР ДОКУМЕНТА"));
    assert_eq!(kinds(&host.register).len(), 3, "a copy is no document");
}

#[test]
fn paper_that_ends_in_the_middle_leaves_a_closed_document_and_prints_it_again() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.inject(Fault::PaperOutAtLine { lines: 5 });
    host.ok(&close(&[(1, 100)]));
    assert_eq!(kinds(&host.register).last(), Some(&DocumentKind::Sale));
    assert_eq!(host.submode(), 2);
    assert_eq!(host.ask(&open(0)), hex("8D 6B"));
    assert_eq!(host.ask(&[&[0xB0], &ADMIN[..]].concat()), hex("B0 6B"));
    host.register.inject(Fault::NewPaper);
    assert_eq!(host.submode(), 3);
    assert_eq!(host.ask(&open(0)), hex("8D 58"));
    host.ok(&[&[0xB0], &ADMIN[..]].concat());
    assert_eq!(host.submode(), 0);
    let papers = host.register.papers();
    let ends: Vec<bool> = papers.iter().map(|paper| paper.says("ИТОГ")).collect();
    assert_eq!(ends, [false, false, false, true], "shift, torn piece, notice, the whole receipt");
    assert!(papers[2].says("ОБРЫВ БУМАГИ, ДОК. НЕ ЗАВЕРШЕН"));
    assert_eq!(kinds(&host.register).len(), 3, "one document");
}

#[test]
fn without_paper_nothing_is_closed() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.inject(Fault::PaperOut);
    assert_eq!(host.submode(), 1);
    assert_eq!(host.ask(&close(&[(1, 100)])), hex("FF 45 6B"));
    host.register.inject(Fault::NewPaper);
    host.ok(&close(&[(1, 100)]));
}

#[test]
fn what_waits_for_paper_waits_through_a_power_failure() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.inject(Fault::PaperOutAtLine { lines: 3 });
    host.ok(&close(&[(1, 100)]));
    host.register.power_off();
    host.register.inject(Fault::NewPaper);
    host.register.power_on();
    assert_eq!(host.submode(), 3);
    host.ok(&[&[0xB0], &ADMIN[..]].concat());
    assert!(host.register.papers().last().unwrap().says("ИТОГ"));
}

// Faults

#[test]
fn a_lost_answer_is_still_held_and_the_document_is_made() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.inject(Fault::LoseAnswer);
    let heard = host.register.feed(&frame_v1(&close(&[(1, 100)])));
    assert_eq!(heard, hex("06"), "the acknowledgement alone");
    assert_eq!(kinds(&host.register).last(), Some(&DocumentKind::Sale));
    let again = host.register.feed(&hex("05"));
    assert_eq!(again[..2], hex("06 02"));
    assert_eq!(again[3..6], hex("FF 45 00"));
}

#[test]
fn half_an_answer_and_a_garbled_one_are_sent_whole_when_asked_again() {
    for fault in [Fault::HalfFrame, Fault::GarbleAnswer] {
        let host = v1();
        host.register.inject(fault);
        let broken = host.register.feed(&hex("02 01 FC FD"));
        let whole = host.register.feed(&hex("05"));
        assert_ne!(broken, whole);
        assert_eq!(whole[1..].iter().skip(1).fold(0, |sum, byte| sum ^ byte), 0);
    }
}

#[test]
fn a_storm_of_naks_executes_nothing() {
    let host = v1();
    host.register.inject(Fault::Nak { times: 3 });
    let command = frame_v1(&[&[0x50], &ADMIN[..], &money(100)[..]].concat());
    for _ in 0..3 {
        assert_eq!(host.register.feed(&command), hex("15"));
    }
    assert_eq!(host.register.drawer_sum(), 0);
    host.register.feed(&command);
    assert_eq!(host.register.drawer_sum(), 100);
}

#[test]
fn a_busy_register_says_that_it_prints() {
    let host = v1();
    host.register.inject(Fault::Busy { answers: 2 });
    assert_eq!(host.ask(&open(0)), hex("8D 50"));
    assert_eq!(host.submode(), 5);
    host.ok(&open(0));
}

#[test]
fn a_silent_register_does_what_it_is_told() {
    let host = v1();
    host.register.inject(Fault::Silence);
    assert_eq!(host.register.feed(&frame_v1(&[&[0x50], &ADMIN[..], &money(100)[..]].concat())), hex(""));
    assert_eq!(host.register.drawer_sum(), 100);
    host.register.inject(Fault::Speak);
    assert_eq!(host.register.feed(&hex("05"))[..2], hex("06 02"), "the answer is held");
}

#[test]
fn an_open_cover_stops_printing() {
    let host = v1();
    host.register.inject(Fault::CoverOpen);
    assert_eq!(host.submode(), 1);
    let status = host.ok(&[&[0x10], &ADMIN[..]].concat());
    assert_eq!(status[1..3], hex("B2 06"), "bit 10 of the flags");
    assert_eq!(host.ask(&open(0)), hex("8D 6B"));
    host.register.inject(Fault::CoverClose);
    host.ok(&open(0));
}

#[test]
fn the_drawer_opens_without_a_document() {
    let host = v1();
    host.ok(&[&[0x28], &CASHIER[..], &[0]].concat());
    assert_eq!(host.register.drawer_openings(), 1);
    assert_eq!(kinds(&host.register).len(), 1);
}

#[test]
fn power_that_fails_before_the_execution_leaves_the_receipt_open() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    let before = Moment::Of { frame: "FF45".into(), what: What::Received };
    host.register.plan(before, Fault::PowerOff { back_after: None });
    assert_eq!(host.register.feed(&frame_v1(&close(&[(1, 100)]))), hex(""));
    host.register.power_on();
    assert_eq!(host.mode(), 8);
    host.ok(&close(&[(1, 100)]));
    assert_eq!(kinds(&host.register).len(), 3);
}

#[test]
fn power_that_fails_after_the_execution_leaves_the_document() {
    let host = v1();
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    let after = Moment::Of { frame: "FF45".into(), what: What::Executed };
    host.register.plan(after, Fault::PowerOff { back_after: None });
    assert_eq!(host.register.feed(&frame_v1(&close(&[(1, 100)]))), hex("06"));
    host.register.power_on();
    assert_eq!(host.mode(), 2);
    assert_eq!(kinds(&host.register).last(), Some(&DocumentKind::Sale));
}

#[test]
fn some_models_cancel_an_open_receipt_at_power_on() {
    let host = with(ShtrihSpec { cancels_at_power_off: true, ..ShtrihSpec::default() });
    host.ok(&open(0));
    host.ok(&item(1, "Tea", 1_000_000, 100, 1));
    host.register.power_off();
    host.register.power_on();
    assert_eq!(host.mode(), 2);
    assert!(host.register.papers().last().unwrap().says("ЧЕК АННУЛИРОВАН"));
}

#[test]
fn moments_are_counted_in_order_and_told_before_the_register_goes_on() {
    let host = v1();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (register, log) = (host.register.clone(), seen.clone());
    host.register.on_moment(Box::new(move |event| {
        let drawer = register.drawer_sum();
        log.lock().unwrap().push((event.index, event.what, event.frame.clone(), drawer));
    }));
    host.ask(&[&[0x50], &ADMIN[..], &money(100)[..]].concat());
    let seen = seen.lock().unwrap().clone();
    let expected = [
        (1, What::Received, "ENQ", 0),
        (2, What::Sent, "NAK", 0),
        (3, What::Received, "50", 0),
        (4, What::Sent, "ACK", 0),
        (5, What::Executed, "50", 100),
        (6, What::Sent, "50", 100),
        (7, What::Received, "ACK", 100),
    ];
    let expected = expected.map(|(index, what, frame, drawer)| (index, what, frame.to_owned(), drawer));
    assert_eq!(seen, expected);
    assert_eq!(host.register.moments(), 7);
}

#[test]
fn power_may_fail_between_any_two_bytes_and_no_document_is_ever_doubled() {
    // A sale of seven exchanges, power cut after every single byte received and sent; the
    // register then has the receipt open, closed, or not begun, and its books agree.
    let whole = Host::new(spec(ShtrihSpec::default()));
    let script = |host: &Host| {
        for command in [open(0), item(1, "Tea", 1_000_000, 100, 1), close(&[(1, 100)])] {
            host.register.feed(&hex("05"));
            host.register.feed(&frame_v1(&command));
            host.register.feed(&hex("06"));
        }
    };
    let received = 3 * 2
        + [open(0), item(1, "Tea", 1_000_000, 100, 1), close(&[(1, 100)])]
            .iter()
            .map(|command| frame_v1(command).len())
            .sum::<usize>();
    script(&whole);
    for byte in 1..=received as u64 {
        let host = Host::new(spec(ShtrihSpec::default()));
        host.register.plan(Moment::Byte { received: byte }, Fault::PowerOff { back_after: None });
        script(&host);
        host.register.power_on();
        let sales = kinds(&host.register).iter().filter(|kind| **kind == DocumentKind::Sale).count();
        let closed = byte > (received - 1) as u64;
        assert_eq!(sales, usize::from(closed), "power off after byte {byte}");
        assert_eq!(host.register.drawer_sum(), 100 * sales as i64);
        assert_eq!(host.mode() & 0x0F == 8, !closed && host.register.shift().open, "byte {byte}");
    }
}

#[test]
fn the_state_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("register.json");
    let spec = || spec(ShtrihSpec::default()).kept_in(&file);
    {
        let host = Host::new(spec());
        host.ok(&open(0));
        host.ok(&item(1, "Борщ", 1_000_000, 100, 1));
        host.ok(&close(&[(1, 100)]));
        host.ok(&open(0));
        host.ok(&item(1, "Чай", 1_000_000, 200, 1));
    }
    let host = Host::new(spec());
    assert_eq!(host.mode(), 8);
    host.ok(&close(&[(1, 200)]));
    let sales: Vec<i64> = host.register.documents().iter().skip(2).map(|d| d.total).collect();
    assert_eq!(sales, [100, 200]);
    assert_eq!(host.register.drawer_sum(), 300);
    let other = RegisterSpec { serial: "77".into(), ..spec() };
    assert!(Register::open(other).is_err(), "another register's file");
}
