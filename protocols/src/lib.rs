//! Codecs of restaurant devices: bytes in, values out, and back.
//!
//! Nothing here does I/O, looks at a clock or a file, or waits. No input makes it panic.

pub mod atol;
pub mod barcode;
pub mod card;
pub mod code;
pub mod codepage;
pub mod datecs;
pub mod display;
pub mod document;
pub mod encode;
pub mod escpos;
pub mod fiscal;
pub mod label;
pub mod label_scale;
pub mod layout;
pub mod modbus;
pub mod model;
pub mod paper;
pub mod pdf;
pub mod raster;
pub mod scale;
pub mod scanner;
pub mod shtrih;
pub mod star;
pub mod ticket;
