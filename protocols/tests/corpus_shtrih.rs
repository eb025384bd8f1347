//! The fuzz target of Shtrih-M's codec, over its corpus.

#![allow(clippy::unwrap_used)]

#[test]
fn every_file_of_the_corpus_is_read_without_a_panic_or_a_change() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/shtrih");
    let mut files = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let read = outlet_protocols::shtrih::fuzz::bytes(&std::fs::read(&path).unwrap());
        assert_eq!(read, Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 20, "the corpus has {files} files");
}
