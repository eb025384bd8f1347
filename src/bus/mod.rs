//! The agent on the bus: what it says and hears over MQTT.

pub mod client;
pub mod contract;
pub mod fuzz;
pub mod message;
mod wire;

pub use client::Bus;
