//! Single-byte code pages of receipt printers, by their canonical names.
//!
//! The number that selects a page differs by printer and stands in the model; what a page contains
//! does not, and stands here.

mod names;
mod table;
mod transliterate;

pub use names::Page;
pub use table::Table;
pub use transliterate::transliterate;

#[cfg(test)]
mod tests;
