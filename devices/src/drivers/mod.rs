//! The drivers: a file or folder per family.

pub mod atol;
pub mod datecs;
pub mod display;
pub mod escpos;
pub mod reader;
pub mod scale;
pub mod shtrih;
