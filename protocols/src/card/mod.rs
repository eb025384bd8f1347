//! Cards: magnetic stripes by serial line, keyboard or HID report, RFID lines, PC/SC answers.
//!
//! What is made here of a bank card holds the first 6 and last 4 digits of its number, and a keyed hash where
//! a key is given; nothing else of it can be shown, written or formatted. Memory is not wiped.

pub mod fuzz;
pub mod hid_report;
pub mod masking;
pub mod pan;
pub mod pcsc;
pub mod reading;
pub mod rfid;
pub mod secure_mag;
pub mod track;
pub mod wiegand;

pub use masking::mask_text;
pub use pan::{HashKey, Pan};
pub use reading::{CardKind, CardReading, TrackReading};
pub use rfid::{RfidEvent, Uid};
pub use track::{Damage, Swipe, TrackData};
