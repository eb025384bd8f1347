//! The answers of label printers, whatever they contain and however they are cut.

#![allow(clippy::unwrap_used)]

use outlet_protocols::label::status::{Answer, Question, Reader, State};
use proptest::prelude::*;

fn states(question: Question, bytes: &[u8]) -> Vec<State> {
    let answers = Reader::new(question).push(bytes);
    answers
        .into_iter()
        .map(|answer| match answer {
            Answer::State(state) => state,
            Answer::Unreadable(bytes) => panic!("{bytes:x?}"),
        })
        .collect()
}

fn one(question: Question, bytes: &[u8]) -> State {
    let mut all = states(question, bytes);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// TSC, *TSPL/TSPL2 Programming Language*, `ESC ! ?`: the table of answers.
#[test]
fn the_tspl_byte_says_what_its_table_says() {
    let names = |byte: u8| {
        let state = one(Question::TsplByte, &[byte]);
        let flags = [
            (state.head_open, "head"),
            (state.jammed, "jam"),
            (state.paper_out, "paper"),
            (state.ribbon_out, "ribbon"),
            (state.paused, "pause"),
            (state.busy, "printing"),
            (!state.others.is_empty(), "other"),
        ];
        flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    };
    for (byte, expected) in [
        (0x00, ""),
        (0x01, "head"),
        (0x02, "jam"),
        (0x03, "head jam"),
        (0x04, "paper"),
        (0x05, "head paper"),
        (0x08, "ribbon"),
        (0x09, "head ribbon"),
        (0x0A, "jam ribbon"),
        (0x0B, "head jam ribbon"),
        (0x0C, "paper ribbon"),
        (0x0D, "head paper ribbon"),
        (0x10, "pause"),
        (0x20, "printing"),
        (0x80, "other"),
    ] {
        assert_eq!(names(byte), expected, "{byte:02X}");
    }
}

/// The same document, `ESC ! S`: four bytes between STX and ETX CR LF.
#[test]
fn the_tspl_details_say_what_their_tables_say() {
    let state = |bytes: &[u8; 4]| one(Question::TsplDetails, &[b"\x02", &bytes[..], b"\x03\r\n"].concat());
    assert_eq!(state(b"@@@@"), State::default());
    assert!(state(b"`@@@").paused);
    assert!(state(b"P@@@").busy && !state(b"P@@@").done() && !state(b"P@@@").blocked());
    assert!(state(b"W@@@").busy);
    assert!(state(b"L@@@").waits_for_person);
    assert!(state(b"@H@@").buffer_full);
    assert!(state(b"E@A@").too_hot && state(b"E@A@").others.is_empty());
    for error in [b"E@A@", b"E@P@", b"E@@@", b"E@@A"] {
        assert!(!state(error).done() && !state(error).at_work() && state(error).blocked(), "{error:?}");
    }
    assert_eq!((state(b"E@P@").others, state(b"E@@@").others), (vec![0x10], vec![b'E']));
    assert!(state(b"E@H@").cutter_jammed);
    assert!(state(b"E@@A").paper_out && state(b"E@@A").blocked());
    assert!(state(b"E@@B").jammed);
    assert!(state(b"E@@D").ribbon_out);
    assert!(state(b"E@@`").head_open);
    let both = state(b"E@@\x61");
    assert!(both.head_open && both.paper_out);
}

/// Zebra, *ZPL II Programming Guide*, ~HS: the fields of the three strings in their order.
#[test]
fn the_host_status_of_zpl_is_read_from_its_three_strings() {
    let ready = "\x02030,0,0,0320,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";
    let state = one(Question::ZplHostStatus, ready.as_bytes());
    assert_eq!(state, State { labels_left: Some(0), jobs_waiting: Some(0), ..State::default() });
    assert!(state.done() && !state.blocked());
    let trouble = "\x02030,1,1,0320,002,1,0,1,000,1,1,1\x03\r\n\x02000,0,1,1,1,2,4,1,00000005,1,000\x03\r\n\x021234,0\x03\r\n";
    let state = one(Question::ZplHostStatus, trouble.as_bytes());
    let expected = State {
        paper_out: true,
        paused: true,
        jobs_waiting: Some(2),
        buffer_full: true,
        settings_lost: true,
        too_cold: true,
        too_hot: true,
        head_open: true,
        ribbon_out: true,
        waits_for_person: true,
        labels_left: Some(5),
        busy: true,
        ..State::default()
    };
    assert_eq!(state, expected);
    assert!(!state.done() && state.blocked());
}

/// Intermec, *ESim*, ^ee and eR; Zebra, *EPL Programming Guide*, eR: 11 is an open head.
#[test]
fn the_codes_of_epl_are_read() {
    assert!(one(Question::EplErrors, b"00\r\n").done());
    assert!(one(Question::EplErrors, b"07\r\n").paper_out);
    assert!(one(Question::EplErrors, b"11\r\n").head_open);
    let both = one(Question::EplErrors, b"11,07P003\r\n");
    assert!(both.head_open && both.paper_out && !both.done());
    assert_eq!(both.labels_left, Some(3));
    assert!(one(Question::EplErrors, b"07R012\r\n").ribbon_out);
    assert!(one(Question::EplErrors, b"81\r\n").cutter_jammed);
    assert!(one(Question::EplErrors, b"92\r\n").paused);
    assert_eq!(one(Question::EplErrors, b"02,01\r\n").others, [2, 1]);
    assert!(one(Question::EplErrors, b"\x13\x11\x15\r\n00\r\n").done());
}

#[test]
fn what_is_no_answer_is_given_back_and_the_next_answer_is_read() {
    for (question, junk, good) in [
        (Question::TsplDetails, &b"x"[..], &b"\x02@@@@\x03\r\n"[..]),
        (Question::TsplDetails, b"\x02@@@@@", b"\x02@@@@\x03\r\n"),
        (Question::EplErrors, b"hello\r\n", b"00\r\n"),
        (
            Question::ZplHostStatus,
            b"\x021,2,3\x03\r\nZD220\r\n",
            b"\x02030,0,0,0320,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n",
        ),
    ] {
        let mut reader = Reader::new(question);
        let wrong = reader.push(junk);
        assert!(!wrong.is_empty() && wrong.iter().all(|own| matches!(own, Answer::Unreadable(_))), "{wrong:?}");
        assert!(matches!(reader.push(good)[..], [Answer::State(_)]), "{question:?}");
    }
}

const QUESTIONS: [Question; 4] =
    [Question::TsplByte, Question::TsplDetails, Question::ZplHostStatus, Question::EplErrors];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_all_the_same_how_an_answer_is_cut(
        bytes in proptest::collection::vec(prop_oneof![Just(2u8), Just(3), Just(13), Just(10), b'0'..=b'9', Just(b','), any::<u8>()], 0..400),
        cut in 1usize..9,
    ) {
        for question in QUESTIONS {
            let whole = Reader::new(question).push(&bytes);
            let mut reader = Reader::new(question);
            let pieces: Vec<Answer> = bytes.chunks(cut).flat_map(|piece| reader.push(piece)).collect();
            prop_assert_eq!(&whole, &pieces);
        }
    }

    #[test]
    fn endless_junk_takes_no_memory(byte in any::<u8>()) {
        for question in QUESTIONS {
            let answers = Reader::new(question).push(&vec![byte; 5_000]);
            let longest = answers.iter().map(|answer| match answer {
                Answer::Unreadable(bytes) => bytes.len(),
                Answer::State(_) => 0,
            });
            prop_assert!(longest.max().unwrap_or(0) <= 256);
        }
    }
}
