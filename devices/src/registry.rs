//! The drivers, a line each.

use crate::driver::DriverFactory;
use crate::drivers::{
    atol, datecs, display, escpos, ipp, label_printer, label_scale, modbus, reader, scale, shtrih,
};

/// All drivers.
pub static DRIVERS: &[&dyn DriverFactory] = &[
    &escpos::Factory,
    &ipp::Factory,
    &atol::Factory,
    &shtrih::Factory,
    &datecs::Factory,
    &scale::Factory,
    &display::Factory,
    &label_printer::Factory,
    &label_scale::Factory,
    &reader::Scanner,
    &reader::CardReader,
    &reader::RfidReader,
    &modbus::Relay,
    &modbus::Sensor,
];

/// A driver by the word of the configuration.
pub fn find(name: &str) -> Option<&'static dyn DriverFactory> {
    DRIVERS.iter().copied().find(|factory| factory.name() == name)
}
