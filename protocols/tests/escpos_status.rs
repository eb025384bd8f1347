//! The printer's byte stream, whatever it contains and however it is cut.

#![allow(clippy::unwrap_used)]

use outlet_protocols::escpos::command::RealTime;
use outlet_protocols::escpos::status::{Event, Parser, Status};
use outlet_protocols::star;
use proptest::collection::vec;
use proptest::prelude::*;

fn reply() -> impl Strategy<Value = (Vec<u8>, Event)> {
    let asb = (any::<[u8; 4]>()).prop_map(|b| {
        let bytes = [b[0] & 0x6c | 0x10, b[1] & 0x6f, b[2] & 0x6f, b[3] & 0x6f];
        (bytes.to_vec(), Event::Asb(Status::from_asb(bytes)))
    });
    let id = vec(0x20u8..0x7f, 4).prop_map(|id| {
        let bytes = [b"\x37\x22".as_slice(), &id, b"\0"].concat();
        (bytes, Event::ProcessId([id[0], id[1], id[2], id[3]]))
    });
    let real_time = any::<u8>().prop_map(|b| {
        let byte = b & 0x6c | 0x12;
        (vec![byte], Event::RealTime { what: Some(RealTime::Paper), byte })
    });
    prop_oneof![
        asb,
        id,
        real_time,
        Just((b"\x3b1\0".to_vec(), Event::PowerOn)),
        Just((b"\x37\x25\0".to_vec(), Event::BuffersCleared)),
        Just((vec![0x11], Event::Xon)),
        Just((b"_SN 12\0".to_vec(), Event::Info("SN 12".into()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replies_are_found_however_the_stream_is_cut(
        replies in vec(reply(), 0..30),
        cuts in vec(1usize..7, 0..200),
    ) {
        let bytes: Vec<u8> = replies.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let mut parser = Parser::default();
        replies.iter().for_each(|_| parser.asked(RealTime::Paper));
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts {
            let (piece, more) = rest.split_at(cut.min(rest.len()));
            found.extend(parser.events(piece));
            rest = more;
        }
        found.extend(parser.events(rest));
        let expected: Vec<Event> = replies.into_iter().map(|(_, event)| event).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_survived_and_a_block_after_silence_is_still_read(bytes in vec(any::<u8>(), 0..2000)) {
        let mut parser = Parser::default();
        let mut status = Status::default();
        for event in parser.events(&bytes) {
            status.apply(&event);
        }
        parser.reset();
        prop_assert_eq!(parser.events(b"\x37\x22!!!#\0"), vec![Event::ProcessId(*b"!!!#")]);
        star::status::Parser::default().events(&bytes);
    }
}
