//! The drivers: a file or folder per family.

pub mod atol;
pub mod datecs;
pub mod display;
pub mod escpos;
pub mod ipp;
pub mod label_printer;
pub mod label_scale;
pub mod modbus;
pub mod reader;
pub mod scale;
pub mod shtrih;
