//! The driver of receipt printers against simulated ones.

#![allow(clippy::unwrap_used)]

mod bed;
mod content;
mod diagnosis;
mod doubt;
mod proof;
mod session;
mod settings;
mod waiting;
