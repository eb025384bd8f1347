//! ATOL registers: packets, frames, the task buffer, tasks and answers.
//!
//! Frames that are called golden come from the documents named beside them; bytes of tasks and answers
//! are written out by hand from their layouts.

#![allow(clippy::unwrap_used)]

mod answers;
mod attributes;
mod buffer;
mod properties;
mod tasks;
mod wire2;
mod wire3;

/// Bytes of their hexadecimal digits.
fn hex(digits: &str) -> Vec<u8> {
    digits.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}
