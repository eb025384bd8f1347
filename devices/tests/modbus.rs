//! Relays, sensors and indicators on Modbus against a simulated line, over Modbus TCP, pseudo terminals and converters.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "modbus/bed.rs"]
mod bed;
#[path = "modbus/indicator.rs"]
mod indicator;
#[path = "modbus/line.rs"]
mod line;
#[path = "modbus/relay.rs"]
mod relay;
#[path = "modbus/sensor.rs"]
mod sensor;
#[path = "modbus/settings.rs"]
mod settings;
