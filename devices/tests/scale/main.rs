//! The driver of scales against simulated scales of every protocol.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod bed;
mod detect;
mod faults;
mod requests;
mod settings;
mod weights;
