//! Parameters of a task, taken one after the other.

use super::number::from_bcd;
use super::refusal::Refusal;

/// What is left of a task's bytes.
pub(super) struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Params<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Refusal> {
        let (byte, rest) = self.rest.split_first().ok_or(Refusal::LENGTH)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// So many bytes.
    pub fn take(&mut self, bytes: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Refusal::LENGTH)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A decimal of so many bytes.
    pub fn bcd(&mut self, bytes: usize) -> Result<u64, Refusal> {
        from_bcd(self.take(bytes)?).ok_or(Refusal::FORMAT)
    }

    /// Money of so many bytes, in kopecks.
    pub fn money(&mut self, bytes: usize) -> Result<i64, Refusal> {
        i64::try_from(self.bcd(bytes)?).map_err(|_| Refusal::FORMAT)
    }

    /// Two bytes, the lower first.
    pub fn u16_le(&mut self) -> Result<u16, Refusal> {
        let bytes = self.take(2)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u16::from(*byte)))
    }

    /// Two bytes, the higher first.
    pub fn u16_be(&mut self) -> Result<u16, Refusal> {
        let bytes = self.take(2)?;
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u16::from(*byte)))
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() { Ok(()) } else { Err(Refusal::LENGTH) }
    }
}
