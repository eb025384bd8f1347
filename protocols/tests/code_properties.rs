//! Codes: what holds for any of them, and the corpus of the fuzz target.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::fs;
use std::path::Path;

use outlet_protocols::code::fuzz::any_bytes;
use outlet_protocols::code::pattern::Field;
use outlet_protocols::code::{Fault, Meaning, Patterns, Quantity, make, meaning};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;

#[test]
fn the_corpus_shows_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/code");
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(any_bytes(&fs::read(&path).unwrap()), Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 8, "the vectors are in {}", folder.display());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(data in vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(any_bytes(&data), Ok(()));
    }

    #[test]
    fn anything_like_elements_is_read_without_a_panic(
        data in "(\\]C1|\\]d2)?((01|02)[0-9]{13,14}|(17|15)[0-9]{6}|310[0-9]{7}|(10|21)[A-Za-z0-9]{1,22}|\u{1d}|93.{4}){1,6}"
    ) {
        prop_assert_eq!(any_bytes(data.as_bytes()), Ok(()));
    }

    #[test]
    fn anything_like_a_pattern_is_judged_without_a_panic(data in "[0-9CWNPVK]{0,20}") {
        prop_assert_eq!(any_bytes(data.as_bytes()), Ok(()));
    }

    #[test]
    fn a_weight_that_was_made_is_the_weight_that_is_read(item in 0_u32..100_000, grams in 1_i64..100_000) {
        let patterns = Patterns::default();
        let weight = Decimal::new(grams, 3);
        let code = make(patterns.first_of(Field::Weight).unwrap(), &item.to_string(), weight).unwrap();
        let Meaning::Item(read) = meaning(code.as_bytes(), None, &patterns) else { panic!("{code}") };
        prop_assert_eq!(read.code, format!("{item:05}"));
        prop_assert_eq!(read.quantity, Some(Quantity::Weight { value: weight, unit: "kg".into() }));
    }

    #[test]
    fn a_weight_code_with_one_digit_misread_is_never_an_item(
        item in 0_u32..100_000, grams in 1_i64..100_000, at in 2_usize..13, by in 1_u8..10
    ) {
        let patterns = Patterns::default();
        let mut code =
            make(patterns.first_of(Field::Weight).unwrap(), &item.to_string(), Decimal::new(grams, 3)).unwrap().into_bytes();
        code[at] = b'0' + (code[at] - b'0' + by) % 10;
        let Meaning::Wrong(wrong) = meaning(&code, None, &patterns) else { panic!("{code:?}") };
        prop_assert_eq!(wrong.what, Fault::CheckDigit);
    }
}
