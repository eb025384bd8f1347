//! The function of the fuzz target, over the corpus kept with it and over damaged copies of it.

mod datecs_support;

use std::fs;
use std::path::Path;

use datecs_support::*;
use outlet_protocols::datecs::fuzz::any_bytes;
use outlet_protocols::datecs::{Frame, Framing};

/// The inputs of the corpus: a byte that chooses frame and pieces, then what is shown in hexadecimal there.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/datecs");
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("the corpus of the fuzz target")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(path).expect("a file"),
            )
        })
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn the_corpus_has_every_frame_of_the_documents() {
    let inputs = corpus();
    for shown in [WIDE_STATUS, RO_OPEN, NARROW_STATUS, X_TEXT, X_TEXT_ANSWER] {
        let frame = hex(shown);
        assert!(inputs.iter().any(|(_, input)| input.get(1..) == Some(&frame[..])), "{shown}");
    }
}

#[test]
fn nothing_in_the_corpus_breaks_the_codec() {
    for (name, input) in corpus() {
        println!("{name}");
        any_bytes(&input);
        for cut in 0..input.len() {
            any_bytes(&input[..cut]);
        }
        for at in 0..input.len() {
            for bit in 0..8 {
                let mut damaged = input.clone();
                damaged[at] ^= 1 << bit;
                any_bytes(&damaged);
            }
        }
    }
}

#[test]
fn frames_of_the_corpus_are_those_the_codec_builds() {
    let found =
        corpus().iter().filter(|(_, input)| Frame::restore(Framing::Wide, &input[1..]).is_ok()).count();
    assert_eq!(found, 3, "frames of a host in the wide frame");
}
