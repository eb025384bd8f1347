//! Parameters of commands and fields of answers: little-endian numbers, windows-1251 text.

use jiff::civil::{Date, DateTime, Time};

use super::code::{self, Code};
use super::text;

/// Reads the parameters of a command from front to back.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next bytes; too few of them is the error for wrong parameters.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Code> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(code::PARAMETERS)?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Code> {
        Ok(self.bytes(1)?.first().copied().unwrap_or_default())
    }

    /// A number of up to 6 bytes.
    pub fn number(&mut self, count: usize) -> Result<i64, Code> {
        Ok(self.bytes(count)?.iter().rev().fold(0, |number, &byte| number << 8 | i64::from(byte)))
    }

    /// Text of a fixed length, without the blanks and zeros at its end.
    pub fn text(&mut self, count: usize) -> Result<String, Code> {
        Ok(text::decode(self.bytes(count)?))
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// DD MM YY.
    pub fn date(&mut self) -> Result<Date, Code> {
        let &[day, month, year] = self.bytes(3)? else { return Err(code::DATE_FORMAT) };
        let part = |n: u8| i8::try_from(n).map_err(|_| code::DATE_FORMAT);
        Date::new(2000 + i16::from(year), part(month)?, part(day)?).map_err(|_| code::DATE_FORMAT)
    }

    /// HH MM SS.
    pub fn time(&mut self) -> Result<Time, Code> {
        let &[hour, minute, second] = self.bytes(3)? else { return Err(code::DATE_FORMAT) };
        let part = |n: u8| i8::try_from(n).map_err(|_| code::DATE_FORMAT);
        Time::new(part(hour)?, part(minute)?, part(second)?, 0).map_err(|_| code::DATE_FORMAT)
    }
}

/// Appends a number in `count` bytes; what doesn't fit is cut off.
pub(super) fn put(out: &mut Vec<u8>, number: i64, count: usize) {
    out.extend(number.to_le_bytes().iter().take(count));
}

/// A number in `count` bytes.
pub(super) fn number(number: i64, count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count);
    put(&mut out, number, count);
    out
}

/// Date and time as the fiscal storage writes them: YY MM DD hh mm.
pub(super) fn storage_time(at: DateTime) -> [u8; 5] {
    [year(at), part(at.month()), part(at.day()), part(at.hour()), part(at.minute())]
}

/// DD MM YY.
pub(super) fn date_bytes(at: DateTime) -> [u8; 3] {
    [part(at.day()), part(at.month()), year(at)]
}

/// HH MM SS.
pub(super) fn time_bytes(at: DateTime) -> [u8; 3] {
    [part(at.hour()), part(at.minute()), part(at.second())]
}

fn year(at: DateTime) -> u8 {
    part((at.year() % 100) as i8)
}

fn part(number: i8) -> u8 {
    number.unsigned_abs()
}
