//! Codecs of restaurant devices: bytes in, values out, and back.
//!
//! Nothing here does I/O, looks at a clock or a file, or waits. No input makes it panic.

pub mod barcode;
pub mod codepage;
pub mod document;
pub mod encode;
pub mod escpos;
pub mod layout;
pub mod model;
pub mod paper;
pub mod raster;
pub mod star;
