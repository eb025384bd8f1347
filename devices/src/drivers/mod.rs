//! The drivers: a file or folder per family.

pub mod escpos;
