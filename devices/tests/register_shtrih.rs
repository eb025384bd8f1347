//! The driver of Shtrih-M against the simulated register: every task, and every way to lose an answer.

#![allow(clippy::unwrap_used)]

#[path = "register_shtrih/bed.rs"]
mod bed;
#[path = "register_shtrih/lost.rs"]
mod lost;
#[path = "register_shtrih/standing.rs"]
mod standing;
#[path = "register_shtrih/sweep.rs"]
mod sweep;
#[path = "register_shtrih/tasks.rs"]
mod tasks;
