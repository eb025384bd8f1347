#![no_main]

use outletd::screens::fuzz::any_packets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_packets(input) {
    panic!("{broken}");
});
