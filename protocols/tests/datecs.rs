//! Frames of the Datecs registers, against the frames that documents show.

mod datecs_support;

use datecs_support::*;
use outlet_protocols::datecs::frame::{Event, MOST_DATA, Reader};
use outlet_protocols::datecs::{Condition, Dialect, Frame, FrameError, Framing, dialect};

fn events(framing: Framing, bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    Reader::new(framing).feed(bytes, |event| events.push(event));
    events
}

#[test]
fn frames_of_the_host_are_those_of_the_documents() {
    let cases: [(&str, Framing, u8, u16, &[u8]); 4] = [
        (WIDE_STATUS, Framing::Wide, 0x20, 74, b""),
        (RO_OPEN, Framing::Wide, 0x21, 48, b"1\t0001\t1\t\t\t\t"),
        (NARROW_STATUS, Framing::Narrow, 0x20, 74, b""),
        (X_TEXT, Framing::Wide, 0x24, 42, b"Test\t"),
    ];
    for (shown, framing, seq, number, data) in cases {
        let frame = Frame::new(framing, seq, number, data).expect("a frame");
        assert_eq!(frame.bytes(), hex(shown), "{shown}");
    }
}

#[test]
fn a_kept_frame_is_restored_and_a_damaged_one_is_not() {
    for (shown, framing) in
        [(WIDE_STATUS, Framing::Wide), (RO_OPEN, Framing::Wide), (NARROW_STATUS, Framing::Narrow)]
    {
        let bytes = hex(shown);
        let frame = Frame::restore(framing, &bytes).expect("a frame");
        assert_eq!(frame.bytes(), bytes);
        assert_eq!(frame.seq(), if shown == RO_OPEN { 0x21 } else { 0x20 });
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x01;
            assert_eq!(
                Frame::restore(framing, &damaged),
                Err(FrameError::NotAFrame { framing }),
                "byte {at}"
            );
            assert!(Frame::restore(framing, &bytes[..at]).is_err(), "cut at {at}");
        }
        let other = if framing == Framing::Wide { Framing::Narrow } else { Framing::Wide };
        assert!(Frame::restore(other, &bytes).is_err());
    }
}

#[test]
fn the_answer_of_the_manual_is_read_whatever_the_pieces() {
    let bytes = hex(X_TEXT_ANSWER);
    for cut in 0..=bytes.len() {
        let mut reader = Reader::new(Framing::Wide);
        let mut found = Vec::new();
        reader.feed(&bytes[..cut], |event| found.push(event));
        assert!(found.is_empty() || cut == bytes.len());
        reader.feed(&bytes[cut..], |event| found.push(event));
        let [Event::Reply(reply)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((reply.seq, reply.number, reply.data.as_slice()), (0x24, 42, &b"0\t"[..]));
        assert_eq!(reply.status.bytes(), WIDE_QUIET);
        assert!(!reader.in_frame());
    }
}

#[test]
fn status_bytes_mean_what_the_manual_says() {
    let [Event::Reply(reply)] = &events(Framing::Wide, &hex(X_TEXT_ANSWER))[..] else { panic!("one answer") };
    let x = Dialect::of(dialect::Name::X);
    assert_eq!(
        reply.status.conditions(x.status),
        [
            Condition::NonFiscalOpen,
            Condition::TaxNumberSet,
            Condition::NumbersSet,
            Condition::MemoryFormatted,
            Condition::Fiscalised,
            Condition::TaxRatesSet,
        ]
    );
    assert!(reply.status.has(x.status, Condition::NonFiscalOpen));
    assert!(!reply.status.has(x.status, Condition::PaperOut));
    assert_eq!(reply.status.to_string(), "80 80 A0 80 86 9A 80 80");
    assert!(reply.status.bit(5, 3) && !reply.status.bit(5, 2) && !reply.status.bit(9, 0));
}

#[test]
fn the_same_bit_means_another_thing_in_another_dialect() {
    let status = reply_with(74, b"", &[0x80, 0x84, 0x80, 0x80, 0xc0, 0x80, 0x80, 0x80]).status;
    assert_eq!(status.conditions(dialect::X.status), [Condition::MemoryMissing]);
    assert_eq!(status.conditions(dialect::RO.status), [Condition::MemoryMissing, Condition::ShiftExpired]);
    let status = reply_with(74, b"", &[0x80, 0x84, 0x80, 0x80, 0xc0, 0x80]).status;
    assert_eq!(status.conditions(dialect::P.status), [Condition::MemoryCleared, Condition::HeadOverheated]);
    assert_eq!(status.conditions(dialect::C.status), []);
}

#[test]
fn waiting_and_refusing_bytes_are_told_from_frames() {
    let mut bytes = vec![0x16, 0x16, 0x15, 0x00];
    bytes.extend(answer(Framing::Narrow, 0x21, 74, b"", &NARROW_QUIET));
    bytes.push(0x16);
    let found = events(Framing::Narrow, &bytes);
    assert!(matches!(
        &found[..],
        [Event::Busy, Event::Busy, Event::Nak, Event::Noise(0), Event::Reply(reply), Event::Busy]
            if reply.seq == 0x21 && reply.data.is_empty()
    ));
}

#[test]
fn a_frame_after_half_a_frame_is_still_read() {
    for framing in [Framing::Wide, Framing::Narrow] {
        let quiet = if framing == Framing::Wide { &WIDE_QUIET[..] } else { &NARROW_QUIET[..] };
        let whole = answer(framing, 0x33, 70, b"0\t1.00\t2.00\t3.00\t", quiet);
        for cut in 1..whole.len() {
            let mut bytes = whole[..cut].to_vec();
            bytes.extend_from_slice(&whole);
            let found = events(framing, &bytes);
            let replies: Vec<_> = found.iter().filter(|e| matches!(e, Event::Reply(_))).collect();
            assert_eq!(replies.len(), 1, "{framing:?} cut at {cut}: {found:?}");
            assert!(matches!(found.last(), Some(Event::Reply(_))));
        }
    }
}

#[test]
fn a_damaged_answer_is_never_taken_for_an_answer() {
    for (framing, quiet) in [(Framing::Wide, &WIDE_QUIET[..]), (Framing::Narrow, &NARROW_QUIET[..])] {
        let whole = answer(framing, 0x33, 76, b"1,2,3", quiet);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                let found = events(framing, &damaged);
                assert!(!found.iter().any(|e| matches!(e, Event::Reply(_))), "byte {at} bit {bit}");
            }
        }
    }
}

#[test]
fn a_frame_of_the_host_that_comes_back_is_no_answer() {
    // A serial adapter may echo.
    let found = events(Framing::Wide, &hex(X_TEXT));
    assert!(found.iter().all(|event| matches!(event, Event::Noise(_))), "{found:?}");
}

#[test]
fn sequence_numbers_stay_in_their_range() {
    assert_eq!(Framing::Wide.next_seq(0x20), 0x21);
    assert_eq!(Framing::Wide.next_seq(0xff), 0x20);
    assert_eq!(Framing::Narrow.next_seq(0x7e), 0x7f);
    assert_eq!(Framing::Narrow.next_seq(0x7f), 0x20);
    assert_eq!(Framing::Narrow.next_seq(0xf0), 0x20);
    assert_eq!(Framing::Wide.next_seq(0), 0x20);
    assert_eq!(Frame::new(Framing::Narrow, 0x80, 74, b""), Err(FrameError::Seq { seq: 0x80, last: 0x7f }));
    assert_eq!(Frame::new(Framing::Wide, 0x1f, 74, b""), Err(FrameError::Seq { seq: 0x1f, last: 0xff }));
}

#[test]
fn data_that_would_break_a_frame_is_refused() {
    let framing = Framing::Narrow;
    assert_eq!(Frame::new(framing, 0x20, 42, b"a\x05b"), Err(FrameError::Byte { byte: 5, position: 1 }));
    assert!(Frame::new(framing, 0x20, 49, b"tea\ngreen\t\xc01.00").is_ok(), "TAB and LF go as they are");
    let long = vec![b'x'; MOST_DATA + 1];
    assert_eq!(
        Frame::new(Framing::Wide, 0x20, 42, &long),
        Err(FrameError::TooLong { length: 214, limit: 213 })
    );
    assert!(Frame::new(framing, 0x20, 42, &long[..MOST_DATA]).is_ok());
    assert_eq!(Frame::new(framing, 0x20, 300, b""), Err(FrameError::Number { number: 300, last: 255 }));
}
