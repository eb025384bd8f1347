//! outletd: the hardware agent of a restaurant outlet.
//!
//! The daemon's parts; [`daemon`] wires them and ARCHITECTURE.md shows how they hang together.

mod attempts;
pub mod audit;
pub mod backup;
pub mod board;
pub mod broker;
pub mod bus;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod intake;
pub mod journal;
pub mod journald;
pub mod kitchen;
pub mod limits;
mod lobby;
pub mod pulse;
pub mod queue;
pub mod readings;
pub mod requests;
pub mod rights;
pub mod screens;
pub mod sequence;
pub mod supervisor;
pub mod systemd;
pub mod tidying;
pub mod tls;
pub mod web;
