//! Cards: what holds for any of them, and the corpus of the fuzz target.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::fs;
use std::path::Path;

use outlet_protocols::card::fuzz::any_bytes;
use outlet_protocols::card::pan::luhn;
use outlet_protocols::card::{CardKind, CardReading, Swipe, mask_text};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn the_corpus_shows_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/card");
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(any_bytes(&fs::read(&path).unwrap()), Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 6, "the vectors are in {}", folder.display());
}

/// Numbers of Visa and Mir with the right check digit.
fn bank_number() -> impl Strategy<Value = String> {
    "(4[0-9]{14}|2200[0-9]{11})".prop_map(|front| {
        let check = ('0'..='9').find(|check| luhn(&format!("{front}{check}"))).unwrap();
        format!("{front}{check}")
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(data in vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(any_bytes(&data), Ok(()));
    }

    #[test]
    fn anything_like_tracks_is_read_without_a_panic(data in "([%;+!#][B0-9=^*? A-Z]{0,45}[?]?[\r\n]?){0,4}") {
        prop_assert_eq!(any_bytes(data.as_bytes()), Ok(()));
    }

    #[test]
    fn anything_like_a_line_of_an_rfid_reader_is_read_without_a_panic(
        data in "(Em-Marine|Mifare)\\[[0-9A-F]{0,16}\\] ?(1K \\(0004,08\\) )?[0-9]{1,4},[0-9]{1,6}"
    ) {
        prop_assert_eq!(any_bytes(data.as_bytes()), Ok(()));
    }

    #[test]
    fn the_middle_of_a_bank_number_is_in_nothing_that_is_published(
        number in bank_number(), name in "[A-Z]{2,10}", cut in 0_usize..120, lrc in any::<bool>()
    ) {
        let text = format!("%B{number}^{name}/X^2912101000000?;{number}=2912101000000?+01{number}=72400?\r");
        let middle = &number[6..number.len() - 4];
        let text = &text[..text.len() - cut.min(text.len())];
        let swipe = Swipe::parse(text.as_bytes(), lrc);
        let reading = CardReading::new(&swipe, None);
        let number_is_whole = text.matches(&number).count() > 0;
        let published = format!("{swipe:?} {reading:?} {} {}", reading.raw(), serde_json::to_string(&reading).unwrap());
        prop_assert!(!number_is_whole || !published.contains(&number), "{}", published);
        prop_assert!(!lrc || !published.contains(middle));
        if cut == 0 && !lrc {
            prop_assert_eq!(reading.kind, CardKind::Bank);
        }
        let log = String::from_utf8(mask_text(text.as_bytes()).bytes).unwrap();
        prop_assert!(!log.contains(&number), "{}", log);
    }

    #[test]
    fn a_bank_number_is_masked_wherever_it_stands(
        number in bank_number(), before in "[a-z ;=\r]{0,9}[a-z ;]", behind in "([ a-z^=?\r][a-z 0-9]{0,9})?"
    ) {
        let log = String::from_utf8(mask_text(format!("{before}{number}{behind}").as_bytes()).bytes).unwrap();
        prop_assert!(!log.contains(&number), "{}", log);
        prop_assert!(log.contains(&number[..6]));
    }
}
