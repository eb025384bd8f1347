//! The driver of label scales against the simulated scale, over UDP and TCP, and against peers that misbehave.

#![allow(clippy::unwrap_used)]

mod bed;
mod faults;
mod goes_on;
mod loads;
mod requests;
mod settings;
