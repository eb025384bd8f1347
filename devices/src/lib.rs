//! Transports and drivers: how the agent reaches a restaurant's devices.
//!
//! A driver knows its device and nothing of MQTT or the journal. What it needs from the agent, above all
//! that an attempt is on disk before its first byte leaves, it gets through [`driver::JobContext`].

pub mod detect;
pub mod driver;
pub mod drivers;
pub mod error;
pub mod exchange;
pub mod link;
pub mod models;
pub mod reading;
pub mod register;
pub mod registry;
pub mod transport;

pub use driver::{
    Built, Check, Command, Confidence, Direction, Driver, DriverFactory, JobContext, Outcome, Work,
};
pub use error::{DeviceError, ErrorKind};
pub use link::Link;
