//! Fuzz targets of what devices send to drivers and transports, over their corpora, as ordinary tests.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::path::Path;

use outlet_devices::drivers::{ipp, modbus};
use outlet_devices::transport::{evdev, hid};

#[test]
fn answers_of_office_printers() {
    holds("fuzz/corpus/ipp", ipp::fuzz::any_bytes);
}

#[test]
fn lines_on_which_what_is_sent_comes_back() {
    holds("fuzz/corpus/modbus_line", modbus::fuzz::any_bytes);
}

#[test]
fn report_descriptors() {
    holds("fuzz/corpus/hid_descriptor", hid::fuzz::any_bytes);
}

#[test]
fn events_of_input_nodes() {
    holds("fuzz/corpus/input_events", evdev::fuzz::any_bytes);
}

/// Each file of a corpus, and each beginning of it.
fn holds(corpus: &str, body: impl Fn(&[u8]) -> Result<(), String>) {
    let mut files = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(corpus)).unwrap() {
        let path = entry.unwrap().path();
        let input = fs::read(&path).unwrap();
        for end in 0..=input.len() {
            assert_eq!(body(&input[..end]), Ok(()), "{}, {end} bytes of it", path.display());
        }
        files += 1;
    }
    assert!(files >= 4, "{files} files in {corpus}");
}
