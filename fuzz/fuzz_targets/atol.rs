#![no_main]

use outlet_protocols::atol::fuzz::any_bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| any_bytes(input).expect("what was read can be written again"));
