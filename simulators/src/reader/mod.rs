//! Simulated readers that speak by themselves: barcode scanners, RFID and magnetic stripe readers.
//!
//! [`BarcodeScanner`], [`RfidReader`] and [`StripeReader`] are devices on a serial line (or its USB
//! CDC form): each formats what it reads and says it over its [`Line`], which takes the faults.
//! [`hid`] makes the reports of readers on USB HID, and [`keyboard`] the events of those that type
//! like a keyboard: both for tests that write them into a fake device node.
//!
//! Sources are named where the bytes are made.

mod fault;
pub mod hid;
pub mod keyboard;
mod line;
mod rfid;
mod scanner;
mod stripe;

pub use fault::{Event, Fault};
pub use line::{Line, LineState};
pub use rfid::{RfidCard, RfidReader};
pub use scanner::{BarcodeScanner, ScannerFormat, Suffix};
pub use stripe::{StripeFormat, StripeReader, Tracks, lrc};
