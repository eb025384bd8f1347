//! Customer displays: a document becomes frames of a display's size, and a frame becomes bytes.
//!
//! Three command sets: CD5220, ESC/POS, and Epson's DM-D behind a printer. A line is always written in full
//! width: what a line before left behind is never seen.

pub mod document;
pub mod encoder;
pub mod fuzz;
pub mod layout;
pub mod model;

pub use document::{Align, DisplayDocument, DisplayError, Overflow};
pub use encoder::Encoder;
pub use layout::{Frame, Layout, Report};
pub use model::{CommandSet, DisplayModel};
