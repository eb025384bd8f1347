use super::*;
use crate::escpos::command::{process_id, process_number};

fn events(bytes: &[u8]) -> Vec<Event> {
    Parser::default().events(bytes)
}

// Epson, ESC/POS Command Reference, DLE EOT: 12 means nothing to report.
#[test]
fn a_real_time_answer_is_read_by_what_was_asked() {
    let mut parser = Parser::default();
    let mut status = Status::default();
    for (what, byte) in [
        (RealTime::Printer, 0x1a),
        (RealTime::Offline, 0x16),
        (RealTime::Error, 0x1a),
        (RealTime::Paper, 0x1e),
    ] {
        parser.asked(what);
        for event in parser.events(&[byte]) {
            assert_eq!(event, Event::RealTime { what: Some(what), byte });
            status.apply(&event);
        }
    }
    assert_eq!(
        status,
        Status {
            offline: true,
            cover_open: true,
            cutter_error: true,
            paper: PaperState::NearEnd,
            ..Status::default()
        }
    );
    assert!(status.blocked());
    for what in [RealTime::Printer, RealTime::Offline, RealTime::Error, RealTime::Paper] {
        status.apply(&Event::RealTime { what: Some(what), byte: 0x12 });
    }
    assert_eq!(status, Status::default());
}

#[test]
fn an_answer_nobody_asked_for_is_kept_apart() {
    assert_eq!(events(&[0x12]), [Event::RealTime { what: None, byte: 0x12 }]);
}

// Epson, ESC/POS Command Reference, GS a: the bits of the four bytes.
#[test]
fn automatic_status_has_the_whole_state() {
    let read = |bytes: &[u8; 4]| match events(bytes).as_slice() {
        [Event::Asb(status)] => *status,
        other => panic!("{other:?}"),
    };
    assert_eq!(read(&[0x10, 0, 0, 0]), Status::default());
    assert_eq!(
        read(&[0x38, 0, 0x0f, 0x0f]),
        Status { offline: true, cover_open: true, paper: PaperState::Out, ..Status::default() }
    );
    assert_eq!(read(&[0x14, 0x08, 0x03, 0]).paper, PaperState::NearEnd);
    assert!(read(&[0x14, 0x08, 0x03, 0]).cutter_error && read(&[0x14, 0x08, 0x03, 0]).drawer_high);
    assert!(read(&[0x10, 0x20, 0, 0]).unrecoverable && read(&[0x10, 0x40, 0, 0]).auto_recoverable);
    assert!(read(&[0x50, 0, 0, 0]).feed_button);
}

// Epson, ESC/POS Command Reference, GS ( H function 48, GS I, DLE DC4 8; power-on notice.
#[test]
fn blocks_are_told_apart_by_their_first_byte() {
    assert_eq!(events(b"\x37\x22AB12\0"), [Event::ProcessId(*b"AB12")]);
    assert_eq!(events(b"\x37\x25\0"), [Event::BuffersCleared]);
    assert_eq!(events(b"\x3b1\0"), [Event::PowerOn]);
    assert_eq!(events(b"\x3b0\0"), [Event::PowerOff]);
    assert_eq!(events(b"_TM-T88V\0"), [Event::Info("TM-T88V".into())]);
    assert_eq!(events(b"\x35x\0"), [Event::Block(0x35, b"x".to_vec())]);
}

#[test]
fn other_replies_may_arrive_inside_a_block_or_an_automatic_status() {
    let mut parser = Parser::default();
    parser.asked(RealTime::Printer);
    assert_eq!(
        parser.events(b"\x37\x22A\x12B12\x13\0"),
        [
            Event::RealTime { what: Some(RealTime::Printer), byte: 0x12 },
            Event::Xoff,
            Event::ProcessId(*b"AB12")
        ]
    );
    assert_eq!(events(&[0x10, 0, 0x11, 0, 0]), [Event::Xon, Event::Asb(Status::default())]);
}

#[test]
fn a_lost_byte_costs_one_status_and_not_the_next() {
    assert_eq!(
        events(&[0x10, 0, 0x10, 0, 0, 0]),
        [Event::Unknown(0x10), Event::Unknown(0), Event::Asb(Status::default())]
    );
}

#[test]
fn a_power_on_notice_forgets_what_was_known() {
    let mut status = Status { paper: PaperState::Out, offline: true, ..Status::default() };
    assert!(status.apply(&Event::PowerOn));
    assert_eq!(status, Status::default());
    assert!(!status.apply(&Event::Xon));
}

#[test]
fn the_paper_sensor_answer_is_in_the_low_bits() {
    let paper = |bytes: &[u8]| match events(bytes).as_slice() {
        [Event::Byte(byte)] => paper_sensor(*byte),
        other => panic!("{other:?}"),
    };
    assert_eq!(paper(&[0x00]), PaperState::Ok);
    assert_eq!(paper(&[0x03]), PaperState::NearEnd);
    assert_eq!(paper(&[0x0c]), PaperState::Out);
}

#[test]
fn process_ids_are_printable_and_sort_like_their_numbers() {
    let mut last = process_id(0);
    for number in (1..94u32.pow(4)).step_by(104_729) {
        let id = process_id(number);
        assert!(id > last && id.iter().all(|b| (0x21..=0x7e).contains(b)), "{number}");
        assert_eq!(process_number(id), Some(number));
        last = id;
    }
    assert_eq!(process_id(94u32.pow(4)), process_id(0), "and wrap");
    assert_eq!(process_number(*b"A B!"), None);
}
