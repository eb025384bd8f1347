//! The drivers, a line each.

use crate::driver::DriverFactory;
use crate::drivers::escpos;

/// All drivers.
pub static DRIVERS: &[&dyn DriverFactory] = &[&escpos::Factory];

/// A driver by the word of the configuration.
pub fn find(name: &str) -> Option<&'static dyn DriverFactory> {
    DRIVERS.iter().copied().find(|factory| factory.name() == name)
}
