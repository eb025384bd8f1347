#![no_main]

use outletd::intake::fuzz::any_job;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_job(input) {
    panic!("{broken}");
});
