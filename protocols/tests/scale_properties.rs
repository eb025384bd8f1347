//! What holds for every stream of bytes, and for every way it may be cut; and the fuzz target over its corpus.

#![allow(clippy::unwrap_used)]

mod scale_support;

use std::path::Path;

use outlet_protocols::scale::fuzz::any_bytes;
use outlet_protocols::scale::{Ask, protocols};
use proptest::collection::vec;
use proptest::prelude::*;
use scale_support::*;
use serde_json::json;

/// A protocol with a checksum: its script with the answer to be replaced, and the weight of the answer. The
/// answers are those of the facts sheet.
struct Checked {
    name: &'static str,
    options: serde_json::Value,
    before: Vec<(Vec<u8>, Vec<u8>)>,
    asked: Vec<u8>,
    answer: Vec<u8>,
    shown: &'static str,
}

fn checked() -> Vec<Checked> {
    let plain = |name, asked: &str, answer: &str| Checked {
        name,
        options: json!({}),
        before: vec![],
        asked: hex(asked),
        answer: hex(answer),
        shown: "1.550 kg",
    };
    vec![
        plain("massa-k-100", "F855CE0100232300", "f855ce0d00240e0600000101000000000000b077"),
        plain("massa-k-1c", "F855CE0100A0A000", "f855ce0700100e0600000101a115"),
        Checked { before: vec![(vec![5], vec![6])], ..plain("cas", "11", "0102532020312e3535306b67700304") },
        Checked {
            options: json!({"power": -3}),
            before: vec![(vec![5], vec![0x15])],
            ..plain("shtrih-pos2", "02053a303033303c", "06020b3a0015000e0600000000002c")
        },
        Checked {
            answer: b"9900031600000004\r\n".to_vec(),
            shown: "0.316 kg",
            ..plain("dibal", "39383030303030310d0a", "")
        },
    ]
}

/// Protocols in text, with one question and its answer.
const TEXT: [(&str, &[u8], &[u8], &str); 4] = [
    ("toledo-8217", b"W", b"\x0201.550\r", "1.550 kg"),
    ("nci", b"W\r", b"\n01.550KG\r\nS00\r\x03", "1.550 kg"),
    ("mt-sics", b"SI\r\n", b"S S      1.550 kg\r\n", "1.550 kg"),
    ("adam", b"P\r\n", b"  1.550kg\r\n", "1.550 kg"),
];

fn run(case: &Checked, answer: &[u8], piece: usize) -> End {
    let mut script: Vec<(&[u8], &[u8])> = case.before.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    script.push((&case.asked, answer));
    // What may follow: an acknowledgement, a repeat; the scale is silent then.
    let mut protocol = with(case.name, case.options.clone());
    let mut left = script.into_iter();
    converse(&mut *protocol, &mut left, piece)
}

/// As `play_in_pieces`, but what follows the script may be anything.
fn converse<'a>(
    protocol: &mut dyn outlet_protocols::scale::Protocol,
    script: &mut dyn Iterator<Item = (&'a [u8], &'a [u8])>,
    piece: usize,
) -> End {
    use outlet_protocols::scale::{Step, Then};
    let mut incoming: Vec<u8> = Vec::new();
    let mut end = End { readings: vec![], ignored: 0, then: Then::Listen, sent: vec![] };
    let mut step = protocol.start(&Ask::Weight);
    for _ in 0..5000 {
        let Step { readings, ignored, send, then } = step;
        end.readings.extend(readings);
        end.ignored += ignored;
        if matches!(then, Then::Done(_) | Then::Failed(_)) {
            end.then = then;
            return end;
        }
        if !send.is_empty()
            && let Some((_, answer)) = script.next()
        {
            incoming.extend(answer);
        }
        let count = piece.min(incoming.len());
        let next: Vec<u8> = incoming.drain(..count).collect();
        step = if next.is_empty() { protocol.timed_out() } else { protocol.received(&next) };
    }
    panic!("does not end");
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn an_answer_among_garbage_in_any_pieces_is_the_same_reading(
        garbage in vec(0xa0u8..0xf0, 0..40),
        piece in 1usize..30,
    ) {
        for case in checked() {
            let answer = [&garbage[..], &case.answer].concat();
            // The acknowledgement of POS2 comes first; garbage before it is passed over, too.
            let end = run(&case, &answer, piece);
            prop_assert_eq!(end.shown(), case.shown, "{}", case.name);
            let whole = run(&case, &answer, usize::MAX >> 1);
            prop_assert_eq!(end.reading(), whole.reading(), "{}", case.name);
        }
    }

    #[test]
    fn a_damaged_answer_is_never_another_weight(at in 0usize..64, bits in 1u8.., piece in 1usize..30) {
        for case in checked() {
            let mut damaged = case.answer.clone();
            let at = at % damaged.len();
            damaged[at] ^= bits;
            let end = run(&case, &damaged, piece);
            for reading in &end.readings {
                // CAS's eighth bit carries nothing: such damage leaves the very same weight.
                let shown = reading.weight.map(|weight| weight.to_string());
                prop_assert_eq!(shown.as_deref(), Some(case.shown), "{}, byte {}, bits {:02x}", case.name, at, bits);
            }
        }
    }

    #[test]
    fn text_after_garbage_in_any_pieces_is_the_same_reading(
        garbage in vec("[A-Za-z?*#]{0,12}", 0..4),
        piece in 1usize..30,
    ) {
        for (name, asked, answer, shown) in TEXT {
            let mut bytes: Vec<u8> = garbage.iter().flat_map(|line| [line.as_bytes(), b"\r\n"].concat()).collect();
            bytes.extend(answer);
            let end = play_in_pieces(&mut *protocol(name), &Ask::Weight, &[(asked, &bytes)], piece);
            prop_assert_eq!(end.shown(), shown, "{}", name);
        }
    }

    #[test]
    fn dialog_04_in_any_pieces_is_the_same_reading(noise in vec(0x20u8..0x7f, 0..20), grams in 0u32..100_000, piece in 1usize..30) {
        let amount = grams / 10;
        let record = format!("\x0202\x1b3\x1b{grams:05}\x1b000100\x1b{amount:06}\x03");
        let (ready, result) = ([&noise[..], b"\x06"].concat(), [&noise[..], record.as_bytes()].concat());
        let script: [(&[u8], &[u8]); 2] = [(b"\x04\x0201\x1b000100\x1b\x03", &ready), (b"\x04\x05", &result)];
        let end = play_in_pieces(&mut *protocol("dialog-04"), &Ask::Weight, &script, piece);
        prop_assert_eq!(end.shown(), format!("{}.{:03} kg", grams / 1000, grams % 1000));
    }

    #[test]
    fn massa_k_j_tells_a_weight_only_of_five_bytes_alone(bytes in vec(any::<u8>(), 0..12), piece in 1usize..12) {
        let end = play_in_pieces(&mut *protocol("massa-k-j"), &Ask::Weight, &[(b"J", &bytes), (b"J", b""), (b"J", b"")], piece);
        prop_assert!(end.readings.is_empty() || bytes.len() == 5, "{:?}", end);
    }

    #[test]
    fn a_stream_with_garbage_between_its_frames_tells_all_of_them_in_any_pieces(
        garbage in vec(vec(0x80u8.., 0..10), 1..6),
        first in 0usize..22,
        piece in 1usize..50,
    ) {
        let frame = b"ST,GS,1\xc4,000013.5 kg\r\n";
        let mut bytes = frame[first..].to_vec();
        for noise in &garbage {
            bytes.extend(noise);
            bytes.extend(frame);
        }
        let mut stream = protocol("cas-stream");
        let readings: Vec<_> = bytes.chunks(piece).flat_map(|piece| stream.received(piece).readings).collect();
        prop_assert_eq!(readings.len(), garbage.len() + usize::from(first == 0));
        prop_assert!(readings.iter().all(|r| r.weight.unwrap().to_string() == "13.5 kg"));
    }

    #[test]
    fn anything_at_all_is_survived_and_every_question_ends(choice in any::<u8>(), size in any::<u8>(), bytes in vec(any::<u8>(), 0..600)) {
        let input = [&[choice, size], &bytes[..]].concat();
        prop_assert_eq!(any_bytes(&input), Ok(()));
    }

    #[test]
    fn pieces_of_frames_in_any_order_are_survived(choice in any::<u8>(), size in any::<u8>(), picks in vec((0usize..9, 0usize..22, 0usize..22), 0..30)) {
        let mut frames: Vec<Vec<u8>> = checked().into_iter().map(|case| case.answer).collect();
        frames.extend(TEXT.iter().map(|(_, _, answer, _)| answer.to_vec()));
        let mut input = vec![choice, size];
        for (frame, from, to) in picks {
            let frame = &frames[frame % frames.len()];
            let (from, to) = (from.min(frame.len()), to.min(frame.len()));
            input.extend(&frame[from.min(to)..to.max(from)]);
        }
        prop_assert_eq!(any_bytes(&input), Ok(()));
    }
}

#[test]
fn the_corpus_shows_nothing_and_has_an_input_for_every_protocol() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/scale");
    let mut chosen = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        assert_eq!(any_bytes(&input), Ok(()), "{}", path.display());
        for cut in 0..input.len() {
            assert_eq!(any_bytes(&input[..cut]), Ok(()), "{}, cut at {cut}", path.display());
        }
        chosen.insert(usize::from(input[0]) % protocols().len());
    }
    assert_eq!(chosen.len(), protocols().len());
}
