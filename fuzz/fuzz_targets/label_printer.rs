#![no_main]

use outlet_protocols::label::fuzz::any_answer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_answer(input) {
    panic!("{broken}");
});
