//! Datecs fiscal devices of Bulgaria and Romania.
//!
//! [`Dialect`] says as data what differs between the four command sets. It builds a [`Command`], which a
//! [`Frame`] carries under a sequence number (SEQ). [`link::Link`] is one side of the conversation: what to
//! send, when to repeat it, what came of it. The register's [`Reply`] is read by the methods of [`Dialect`]
//! in [`answer`].
//!
//! Sources, named in the texts below by these words:
//!
//! - *X manual*: Datecs, *FMP-350X, FMP-55X, FP-700X, ... Programmer's Manual*, version 2.08, 2019;
//! - *P manual*: Datecs, *FP-800, FP-2000, FP-650, SK1-21F, SK1-31F, FMP-10, FP-550: fiscal printer programming
//!   interface*, version 1.00BG;
//! - *C manual*: Datecs, *DP-05, DP-25, DP-35, WP-50, DP-150: FP protocol*, version 2.04 (Bulgaria);
//! - *RO manual*: Datecs, protocol of the Romanian firmware, 2017.
//!
//! The *P manual* and the *C manual* were read as the open source fpgate quotes them, the *RO manual* as far as its
//! commands are summed up elsewhere: what it leaves open is taken from the *X manual*.
//!
//! The SEQ is the idempotency of the family: a frame under the SEQ of the one before is not executed, the last
//! answer is sent once more (*X manual*, "Wrapped messages"). That memory does not survive a power cycle.

pub mod answer;
pub mod command;
pub mod dialect;
pub mod errors;
pub mod frame;
pub mod fuzz;
pub mod link;
mod narrow;
mod number;
mod shown;
pub mod status;
mod text;
mod wide;

pub use answer::{AnswerError, Refusal};
pub use command::{Command, CommandError, Effect};
pub use dialect::{Dialect, Payment};
pub use errors::ErrorCode;
pub use frame::{Frame, FrameError, Framing, Reply};
pub use link::{Action, Failure, Link, Timing};
pub use number::{Moment, Whole};
pub use shown::shown;
pub use status::{Condition, Status};
