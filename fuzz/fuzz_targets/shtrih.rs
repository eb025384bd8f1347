#![no_main]

use outlet_protocols::shtrih::fuzz::bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(error) = bytes(input) {
    panic!("{error}");
});
