//! Scanners: what arrives on a serial line, in HID reports, or as keys, and where one code ends.
//!
//! What a code means is in [`crate::code`]. The same ways bring cards, so what is read is never formatted
//! with a card number in it.

use std::fmt;

use crate::card::mask_text;

pub mod fuzz;
pub mod hid_pos;
pub mod keys;
pub mod line;
pub mod wedge;

pub use hid_pos::{HidPosError, Scan};
pub use line::{LineEnd, LineOptions};
pub use wedge::{KeyEvent, Wedge, WedgeOptions};

/// The bytes of a code or card, unchanged. Formatted for a log, card numbers in them are masked.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Data(pub Vec<u8>);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", mask_text(&self.0).bytes.escape_ascii())
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}
