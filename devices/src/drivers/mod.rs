//! The drivers: a file or folder per family.

pub mod atol;
pub mod datecs;
pub mod escpos;
pub mod shtrih;
