//! Each scripted fault does what it says.

mod common;

use common::{epson, hex};
use outlet_simulators::printer::{Event, Fault, PaperEnd, Printer, PrinterSpec};

const ID: &str = "1D 28 48 06 00 30 30 41 30 30 31";
const ECHO: &str = "37 22 41 30 30 31 00";

#[test]
fn paper_ends_after_so_many_lines_and_printing_goes_on_by_itself_on_the_new_roll() {
    let printer = epson();
    printer.inject(Fault::PaperOutAfterLines(2));
    let mut job = b"one\ntwo\nthree\n\x1dV\x00".to_vec();
    job.extend(hex(ID));
    assert_eq!(printer.feed(&job), [0u8; 0]);
    assert_eq!(printer.unfinished(), "one\ntwo\n");
    assert!(printer.state().paper_out);

    printer.inject(Fault::NewRoll);
    assert_eq!(printer.feed(&[]), hex(ECHO));
    let papers = printer.papers();
    assert_eq!(papers[0].end, PaperEnd::RollEnded);
    assert_eq!(papers[0].text, "one\ntwo\n[ROLL ENDED]\n");
    assert_eq!(papers[1].text, "three\n[CUT]\n");
}

#[test]
fn a_line_cut_short_by_the_end_of_the_roll_is_printed_again_whole() {
    let printer = epson();
    printer.inject(Fault::PaperOutMidLine(1));
    printer.feed(b"one\ntwo\n\x1dV\x00");
    printer.inject(Fault::NewRoll);
    let papers = printer.papers();
    assert_eq!(papers[0].text, "one\n[HALF] two\n[ROLL ENDED]\n");
    assert_eq!(papers[0].bitmap().height(), 30 + 12);
    assert_eq!(papers[1].text, "two\n[CUT]\n");
}

#[test]
fn power_loss_drops_the_buffer_and_the_notice_comes_first_after_power_on() {
    let printer = epson();
    printer.inject(Fault::CoverOpen);
    printer.feed(b"lost\n\x1dV\x00");
    printer.inject(Fault::PowerOff);
    printer.inject(Fault::CoverClose);
    assert_eq!(printer.feed(&hex("10 04 01")), [0u8; 0], "nobody answers without power");
    printer.inject(Fault::PowerOn);
    assert_eq!(printer.feed(&hex("10 04 01")), hex("3B 31 00 12"));
    assert!(printer.papers().is_empty());
}

#[test]
fn power_fails_after_exactly_so_many_bytes() {
    let printer = epson();
    printer.inject(Fault::PowerOffAfter(4));
    printer.feed(b"one\ntwo\n\x1dV\x00");
    assert_eq!(printer.unfinished(), "one\n");
    assert_eq!(printer.received(), b"one\n");
    assert!(!printer.state().power);
}

#[test]
fn the_link_is_cut_after_exactly_so_many_bytes_and_they_are_printed() {
    let printer = epson();
    let mut events = printer.events();
    printer.inject(Fault::CutLinkAfter(4));
    printer.feed(b"one\ntwo\n");
    assert_eq!(printer.unfinished(), "one\n");
    assert!(!printer.state().connected);
    let seen: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    assert!(seen.iter().any(|e| matches!(e, Event::Disconnected { .. })));
}

#[test]
fn only_the_latest_process_id_survives_without_a_host() {
    let printer = epson();
    printer.inject(Fault::CoverOpen);
    let mut job = b"first\n".to_vec();
    job.extend(hex("1D 28 48 06 00 30 30 41 30 30 31"));
    job.extend(b"second\n");
    job.extend(hex("1D 28 48 06 00 30 30 41 30 30 32"));
    printer.feed(&job);
    printer.inject(Fault::CutLink);
    printer.feed(&[]);
    assert!(!printer.state().connected);
    printer.inject(Fault::CoverClose);
    assert_eq!(printer.unfinished(), "first\nsecond\n");
    assert_eq!(printer.feed(&[]), hex("37 22 41 30 30 32 00"));
}

#[test]
fn lost_replies_are_counted_and_status_is_not_among_them() {
    let printer = epson();
    printer.inject(Fault::LoseReplies(1));
    assert_eq!(printer.feed(&hex("10 04 01")), hex("12"));
    assert_eq!(printer.feed(&hex(ID)), [0u8; 0]);
    assert_eq!(printer.feed(&hex(ID)), hex(ECHO));
    printer.inject(Fault::LoseAllReplies);
    assert_eq!(printer.feed(&[hex(ID), hex("1D 72 01")].concat()), [0u8; 0]);
    printer.inject(Fault::KeepReplies);
    assert_eq!(printer.feed(&hex("1D 72 01")), hex("00"));
}

#[test]
fn a_silent_printer_prints_and_answers_nothing() {
    let printer = epson();
    printer.inject(Fault::Silence);
    let job = [hex("10 04 01 1D 61 FF"), b"Soup\n\x1dV\x00".to_vec(), hex(ID)].concat();
    assert_eq!(printer.feed(&job), [0u8; 0]);
    assert!(printer.papers()[0].says("Soup"));
    printer.inject(Fault::Speak);
    assert_eq!(printer.feed(&hex("10 04 01")), hex("12"));
}

#[test]
fn a_garbled_status_can_be_no_status() {
    let printer = epson();
    printer.inject(Fault::GarbleStatus(1));
    let answer = printer.feed(&hex("10 04 01 10 04 01"));
    assert_ne!(answer[0] & 0x93, 0x12);
    assert_eq!(answer[1], 0x12);
}

#[test]
fn a_held_printer_keeps_what_arrives_and_still_answers_in_real_time() {
    let printer = epson();
    printer.hold();
    assert_eq!(printer.feed(b"later\n\x10\x04\x01"), hex("12"));
    assert_eq!(printer.unfinished(), "");
    assert_eq!(printer.state().waiting, 9);
    printer.release();
    assert_eq!(printer.unfinished(), "later\n");
}

#[test]
fn a_full_buffer_takes_no_more() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.buffer = 8;
    let printer = Printer::new(spec);
    printer.hold();
    printer.feed(b"12345678901234");
    assert_eq!(printer.received(), b"12345678");
}

#[test]
fn an_image_larger_than_the_buffer_passes_through_it() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.buffer = 64;
    let printer = Printer::new(spec);
    let mut job = hex("1D 76 30 00 48 00 00 01");
    job.extend(vec![0xAA; 72 * 256]);
    job.extend(b"\x1dV\x00");
    printer.feed(&job);
    assert_eq!(printer.papers()[0].text, "[IMAGE 576x256]\n[CUT]\n");
}

#[test]
fn events_tell_of_drawer_beep_cut_and_status() {
    let printer = epson();
    let mut events = printer.events();
    printer.feed(b"\x1bp\x01\x32\xfa\x1bB\x03\x02x\n\x1dV\x01");
    printer.inject(Fault::CoverOpen);
    let seen: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
    for expected in [
        Event::DrawerPulse { pin: 5, on_ms: 100, off_ms: 500, real_time: false },
        Event::Beep { times: 3, ms: 100 },
        Event::Paper(1),
        Event::Cut { full: false },
        Event::Online(false),
    ] {
        assert!(seen.contains(&expected), "{expected:?} in {seen:?}");
    }
}

#[test]
fn only_the_papers_asked_for_are_kept() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.keep.papers = 2;
    spec.keep.received = 10;
    let printer = Printer::new(spec);
    for n in 0..5 {
        printer.feed(format!("paper {n}\n\x1dV\x00").as_bytes());
    }
    assert_eq!(printer.paper_count(), 5);
    let kept: Vec<bool> = printer.papers().iter().map(|p| p.says("paper 3") || p.says("paper 4")).collect();
    assert_eq!(kept, [true, true]);
    assert_eq!(printer.received().len(), 10);
}
