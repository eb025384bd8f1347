//! What holds for every list and every stream of bytes; and the fuzz target over its corpus.

#![allow(clippy::unwrap_used)]

use outlet_protocols::label_scale::fuzz::any_bytes;
use outlet_protocols::label_scale::{
    Carrier, Command, Frames, Incoming, ItemList, Kept, Limits, Password, RECORD,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

const LIMITS: Limits =
    Limits { items: None, messages: None, message_lines: Some(8), tare_g: None, decimals: 2 };

proptest! {
    #[test]
    fn any_bytes_are_read_the_same_however_they_are_cut(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(any_bytes(&bytes), Ok(()));
    }

    #[test]
    fn messages_over_tcp_are_found_however_they_are_cut(
        bodies in vec(vec(any::<u8>(), 2..400), 1..6),
        size in 1usize..50,
    ) {
        // Written here as the document says: the length in front, STX, the length of the rest or FF.
        let mut bytes = Vec::new();
        for body in &bodies {
            bytes.extend(u32::try_from(body.len() + 2).unwrap().to_le_bytes());
            bytes.extend([2, u8::try_from(body.len()).unwrap_or(0xFF)]);
            bytes.extend(body);
        }
        let (mut frames, mut seen) = (Frames::default(), Vec::new());
        for piece in bytes.chunks(size) {
            frames.push(piece);
            while let Some(message) = frames.next_message().unwrap() {
                seen.push(message);
            }
        }
        prop_assert_eq!(seen, bodies.into_iter().map(Incoming::Answer).collect::<Vec<_>>());
        prop_assert_eq!(frames.left(), 0);
    }

    #[test]
    fn every_item_that_is_taken_has_a_record_of_its_length_that_says_the_same(
        plu in 1u16..,
        code in 1u32..=999_999,
        name in "[ -~а-яА-Я]{1,80}",
        cents in 0u32..=999_999,
        grams in 0u16..,
        piece in any::<bool>(),
    ) {
        prop_assume!(!name.trim().is_empty());
        let document = json!({"mode": "changes", "items": [{
            "plu": plu, "code": code, "name": name, "price": format!("{}.{:02}", cents / 100, cents % 100),
            "tare": format!("{}.{:03}", grams / 1000, grams % 1000), "unit": if piece { "piece" } else { "kg" },
        }]});
        let prepared = ItemList::parse(&document).unwrap().prepare(&LIMITS).unwrap().remove(0);
        let kept = Kept::read(&prepared.record.bytes()[2..]).unwrap();
        prop_assert_eq!((kept.code, kept.price, kept.tare_g, kept.piece), (code, cents, grams, piece));
        prop_assert_eq!(prepared.record.plu(), plu);
        let words = |text: &str| text.split_whitespace().collect::<String>();
        if prepared.remarks.cut {
            prop_assert!(words(&name).starts_with(&words(&kept.name.join(" "))));
        } else {
            prop_assert_eq!(words(&kept.name.join(" ")), words(&name));
        }
        let password = Password::new("0030").unwrap();
        let sent = Command::write_item(password, &prepared.record).message(Carrier::Tcp);
        prop_assert_eq!(sent.len(), 4 + 2 + 1 + 4 + RECORD);
    }
}

#[test]
fn every_file_of_the_corpus_is_read_without_a_panic_or_a_change() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/label_scale");
    let mut files = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let read = any_bytes(&std::fs::read(&path).unwrap());
        assert_eq!(read, Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 15, "the corpus has {files} files");
}
