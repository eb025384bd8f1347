//! The Datecs driver against simulated registers of its four command sets.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "register_datecs/bed.rs"]
mod bed;
#[path = "register_datecs/lost.rs"]
mod lost;
#[path = "register_datecs/settings.rs"]
mod settings;
#[path = "register_datecs/sweep.rs"]
mod sweep;
#[path = "register_datecs/tasks.rs"]
mod tasks;
#[path = "register_datecs/trouble.rs"]
mod trouble;
