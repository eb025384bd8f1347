//! Scanners: what holds for any bytes and keys, and the corpus of the fuzz target.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::fs;
use std::path::Path;

use outlet_protocols::scanner::fuzz::any_bytes;
use outlet_protocols::scanner::line::{Event, Receiver};
use outlet_protocols::scanner::{Data, LineOptions};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn the_corpus_shows_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/scanner");
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(any_bytes(&fs::read(&path).unwrap()), Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 6, "the vectors are in {}", folder.display());
}

proptest! {
    #[test]
    fn any_bytes_are_taken_without_a_panic(data in vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(any_bytes(&data), Ok(()));
    }

    #[test]
    fn any_keys_are_taken_without_a_panic(keys in vec((0_u8..110, 0_u8..3, 0_u8..60), 0..150)) {
        let data: Vec<u8> = keys.iter().flat_map(|(code, value, pause)| [*code, *value, *pause]).collect();
        prop_assert_eq!(any_bytes(&data), Ok(()));
    }

    #[test]
    fn codes_come_whole_however_their_bytes_are_cut(
        codes in vec("[ -~\u{1d}]{1,40}", 1..8), pieces in vec(1_usize..9, 1..60)
    ) {
        let stream = codes.iter().map(|code| format!("{code}\r\n")).collect::<String>().into_bytes();
        let mut receiver = Receiver::new(LineOptions::default());
        let (mut rest, mut found) = (stream.as_slice(), Vec::new());
        for length in pieces.iter().cycle() {
            let (piece, behind) = rest.split_at(rest.len().min(*length));
            found.extend(receiver.received(piece));
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        let wanted: Vec<Event> = codes.iter().map(|code| Event::Line(Data(code.clone().into_bytes()))).collect();
        prop_assert_eq!(found, wanted);
    }
}
