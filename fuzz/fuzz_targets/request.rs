#![no_main]

use outletd::intake::fuzz::any_request;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_request(input) {
    panic!("{broken}");
});
