#![no_main]

use outletd::bus::fuzz::any_bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_bytes(input) {
    panic!("{broken}");
});
