#![no_main]

use outlet_protocols::card::fuzz::any_bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| any_bytes(input).expect("what is read holds"));
