//! The driver of label printers against simulated printers of the three languages.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod bed;
mod doubt;
mod prints;
mod requests;
mod settings;
mod waiting;
mod weighs;
