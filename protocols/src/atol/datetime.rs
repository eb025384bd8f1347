//! The register's dates and times, in the forms of its answers and attributes.

use super::bcd;
use crate::fiscal::{Date, DateTime};

/// 2000-01-01 in seconds since 1970.
const CENTURY: i64 = 946_684_800;

/// Year, month, day and then as much of the time as there is, in BCD.
pub(super) fn from_bcd(bytes: &[u8]) -> Option<DateTime> {
    from_numbers(bytes, |byte| bcd::get(&[byte]).and_then(|number| u8::try_from(number).ok()))
}

/// The same in plain numbers, as the fiscal storage has it.
pub(super) fn from_binary(bytes: &[u8]) -> Option<DateTime> {
    from_numbers(bytes, Some)
}

/// The type "unixtime" of fiscal documents: seconds since 1970 as if the register's clock were UTC.
pub(super) fn to_unix(at: DateTime) -> u32 {
    u32::try_from(at.seconds() + CENTURY).unwrap_or(u32::MAX)
}

/// `None` before 2000 and after 2099.
pub(super) fn from_unix(seconds: u32) -> Option<DateTime> {
    let century = DateTime::new(Date::new(2000, 1, 1)?, 0, 0, 0)?;
    century.plus_seconds(i64::from(seconds) - CENTURY)
}

fn from_numbers(bytes: &[u8], number: impl Fn(u8) -> Option<u8>) -> Option<DateTime> {
    let mut numbers = bytes.iter().map(|&byte| number(byte));
    let mut next = || numbers.next().unwrap_or(Some(0));
    let date = Date::new(2000 + u16::from(next()?), next()?, next()?)?;
    DateTime::new(date, next()?, next()?, next()?)
}
