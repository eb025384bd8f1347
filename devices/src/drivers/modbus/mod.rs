//! Modbus equipment by profile: relays ([`Relay`]) and sensors ([`Sensor`]), on serial lines and TCP. Indicators of
//! scales are driven by [`super::scale`] with the `Unit` of this module.
//!
//! `model` names a profile that is built in; another device is described in the table `profile` of its options, in
//! the same form. `unit_id` is its number on the line, and several devices may have the same link with different numbers.
//!
//! A device that answers with a Modbus exception is there. One of which nothing is heard three times in a row, or at
//! the first question, is lost and connected anew.

mod bus;
mod device;
mod diagnose;
pub(in crate::drivers) mod fault;
pub mod fuzz;
mod limits;
mod outputs;
pub(in crate::drivers) mod profile;
mod relay;
mod sensor;
pub(in crate::drivers) mod unit;
mod values;
mod wire;

pub use relay::Factory as Relay;
pub use sensor::Factory as Sensor;

use crate::driver::{Check, Work};
use crate::error::DeviceError;

/// Relays and sensors take requests and no jobs: with what to say instead.
struct NoJobs(&'static str);

impl Check for NoJobs {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Err(device::no_jobs(self.0))
    }
}
