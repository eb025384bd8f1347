//! Fuzz targets of what devices send to drivers and transports, over their corpora, as ordinary tests.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../../tests/support/corpus.rs"]
mod corpus;

use corpus::holds;
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
