//! Reading and writing the fields of commands and answers: little-endian numbers, cp1251 text, dates.

use thiserror::Error;

use crate::codepage::{Page, transliterate};
use crate::fiscal::{Date, DateTime};

/// What can't be put into a command: nothing has been sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A text or a block of bytes that is longer than its field.
    #[error("{field} has {length} bytes, the register takes {limit}: shorten it")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Bytes there are, in the register's code page.
        length: usize,
        /// Bytes the field holds.
        limit: usize,
    },
    /// A number outside of what the field holds.
    #[error("{field} is {value}, the register takes {least} to {most}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// The value given.
        value: i64,
        /// The least value.
        least: i64,
        /// The greatest value.
        most: i64,
    },
    /// More digits after the point than the field keeps.
    #[error("{field} is {value} micro units, the register counts in steps of {step}: round it")]
    TooFine {
        /// The field.
        field: &'static str,
        /// The value given, in micro units.
        value: i64,
        /// The register's step, in micro units.
        step: i64,
    },
    /// A character that the code page of the field doesn't have, where a stand-in would be a lie.
    #[error("{field} has the character {character:?}, which {page} does not have")]
    Character {
        /// The field.
        field: &'static str,
        /// The character.
        character: char,
        /// The code page.
        page: &'static str,
    },
    /// A field without anything in it that must have something.
    #[error("{field} is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
}

/// An answer that ended before one of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer ends before its field {field}")]
pub struct Truncated {
    /// The field.
    pub field: &'static str,
}

/// The fields of an answer, read one after the other.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(super) fn bytes(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], Truncated> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Truncated { field })?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self, field: &'static str) -> Result<u8, Truncated> {
        let (&byte, rest) = self.rest.split_first().ok_or(Truncated { field })?;
        self.rest = rest;
        Ok(byte)
    }

    /// A number of up to 7 bytes, the least byte first.
    pub(super) fn number(&mut self, bytes: usize, field: &'static str) -> Result<i64, Truncated> {
        Ok(little_endian(self.bytes(bytes.min(7), field)?))
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, Truncated> {
        Ok(self.number(2, field)? as u16)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, Truncated> {
        Ok(self.number(4, field)? as u32)
    }

    /// Money of 5 bytes, in kopecks.
    pub(super) fn money(&mut self, field: &'static str) -> Result<i64, Truncated> {
        self.number(5, field)
    }

    /// DD MM YY; `None` inside for bytes that are no date.
    pub(super) fn day_month_year(&mut self, field: &'static str) -> Result<Option<Date>, Truncated> {
        let (day, month, year) = (self.byte(field)?, self.byte(field)?, self.byte(field)?);
        Ok(Date::new(2000 + u16::from(year), month, day))
    }

    /// YY MM DD of the fiscal storage.
    pub(super) fn year_month_day(&mut self, field: &'static str) -> Result<Option<Date>, Truncated> {
        let (year, month, day) = (self.byte(field)?, self.byte(field)?, self.byte(field)?);
        Ok(Date::new(2000 + u16::from(year), month, day))
    }

    /// YY MM DD hh mm of the fiscal storage.
    pub(super) fn storage_time(&mut self, field: &'static str) -> Result<Option<DateTime>, Truncated> {
        let date = self.year_month_day(field)?;
        let (hour, minute) = (self.byte(field)?, self.byte(field)?);
        Ok(date.and_then(|date| DateTime::new(date, hour, minute, 0)))
    }
}

/// A number of at most 8 bytes, the least byte first.
pub(super) fn little_endian(bytes: &[u8]) -> i64 {
    bytes.iter().take(8).rev().fold(0, |number, &byte| number << 8 | i64::from(byte))
}

/// Text of the register, up to its first 00; cp1251, and a space for what has no meaning there.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    decode(Page::Cp1251, bytes.get(..end).unwrap_or_default()).trim_end().to_owned()
}

pub(super) fn decode(page: Page, bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| page.decode(byte).unwrap_or(' ')).collect()
}

/// Appends `count` bytes of a number, the least first.
pub(super) fn put(number: i64, count: usize, out: &mut Vec<u8>) {
    out.extend(number.to_le_bytes().into_iter().take(count));
}

/// The greatest sum of a field of 5 bytes, in kopecks (*Протокол работы ККТ* v2.0, command 80H).
pub const MAX_SUM: i64 = 9_999_999_999;

/// Appends money of 5 bytes.
pub(super) fn put_sum(field: &'static str, kopecks: i64, out: &mut Vec<u8>) -> Result<(), ParameterError> {
    within(field, kopecks, 0, MAX_SUM)?;
    put(kopecks, 5, out);
    Ok(())
}

pub(super) fn within(field: &'static str, value: i64, least: i64, most: i64) -> Result<(), ParameterError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(ParameterError::OutOfRange { field, value, least, most })
    }
}

/// Text for paper in cp1251: typography gets its plain stand-in, control characters become spaces
/// (the register takes 00 for the end and 01 to 0A for fonts and lines), the rest a question mark.
pub(super) fn printable(text: &str) -> Vec<u8> {
    let table = Page::Cp1251.table();
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Some(byte) = table.byte(c) {
            out.push(byte);
        } else if c.is_control() {
            out.push(b' ');
        } else {
            out.extend_from_slice(transliterate(c).unwrap_or("?").as_bytes());
        }
    }
    out
}

/// Appends printable text of at most `limit` bytes.
pub(super) fn put_text(
    field: &'static str,
    text: &str,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), ParameterError> {
    let bytes = printable(text);
    if bytes.len() > limit {
        return Err(ParameterError::TooLong { field, length: bytes.len(), limit });
    }
    out.extend_from_slice(&bytes);
    Ok(())
}

/// Appends printable text of exactly `size` bytes, filled up with 00.
pub(super) fn put_padded(
    field: &'static str,
    text: &str,
    size: usize,
    out: &mut Vec<u8>,
) -> Result<(), ParameterError> {
    let end = out.len() + size;
    put_text(field, text, size, out)?;
    out.resize(end, 0);
    Ok(())
}
