//! The kitchen: orders at stations, and the screens that show them.
//!
//! Tills send `ticket` jobs to stations, screens send commands; one task, the [`engine`], does both, one round
//! after the other. A round changes orders in memory, puts all of it on disk in one commit, and only then tells
//! it: the retained documents of stations, the answers to screens, the feed. Nobody else writes any of it.
//!
//! - [`stations`]: what the configuration says; [`setup`]: where items go.
//! - [`order`]: an order and its items; [`change`]: what jobs do to it; [`moves`]: what screens do to it.
//! - [`engine`]: rounds; `placing`: its jobs, from their arrival to the screen that shows them; [`commands`]
//!   and `asked`: what screens ask for and who may; `batch`: what a round writes.
//! - [`documents`]: what is published; [`paper`]: a ticket that no screen has shown.

mod asked;
mod batch;
pub mod change;
pub mod commands;
pub mod documents;
pub mod engine;
pub mod fuzz;
pub mod moves;
pub mod order;
pub mod paper;
mod placing;
pub mod setup;
pub mod stations;
