#![no_main]

use outlet_devices::drivers::modbus::fuzz::any_bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_bytes(input) {
    panic!("{broken}");
});
