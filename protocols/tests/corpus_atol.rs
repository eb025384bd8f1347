//! The fuzz target over its own corpus, as an ordinary test.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use outlet_protocols::atol::fuzz::any_bytes;

#[test]
fn the_corpus_shows_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/atol");
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(any_bytes(&fs::read(&path).unwrap()), Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 8, "the golden frames are in {}", folder.display());
}
