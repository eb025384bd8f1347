//! USB scales of the HID class, usage page 8D: one input report is one reading.
//!
//! Behind the report's number, where reports are numbered: status, unit, power of ten (signed), weight (two bytes, the
//! low one first, without sign). Status: 1 fault, 2 at zero, 3 in motion, 4 stable, 5 under zero, 6 over the limit,
//! 7 to be calibrated, 8 to be zeroed. Units: 1 mg, 2 g, 3 kg, 4 carat, 8 tonne, 10 troy ounce, 11 ounce, 12 pound.
//!
//! Source: USB-IF, *HID Usage Tables*, page 8D (Scales): its selectors of status and unit, counted from 1.

use rust_decimal::Decimal;
use thiserror::Error;

use super::reading::{Reading, Unit, Weight};

/// The usage page of scales.
pub const USAGE_PAGE: u16 = 0x8d;
/// The number most scales give to the report with the weight.
pub const DATA_REPORT: u8 = 3;

/// Whether the reports of a device begin with their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// They do, and those with this number are weights.
    Numbered(u8),
    /// They don't.
    Plain,
}

/// Why a report is no reading.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HidError {
    /// Another report of the same device; to be passed over.
    #[error("report {heard} is not the one with the weight, {expected}")]
    OtherReport {
        /// Its number.
        heard: u8,
        /// The number of reports with a weight.
        expected: u8,
    },
    /// Too short.
    #[error("a report of {length} bytes was cut short: a weight takes {needed}; check the cable and the hub")]
    Short {
        /// How many bytes came.
        length: usize,
        /// How many there must be.
        needed: usize,
    },
    /// More bytes than a weight has, and not only zeros.
    #[error("a report of {length} bytes is not the report of a weight")]
    Long {
        /// How many bytes came.
        length: usize,
    },
    /// A status that the class does not have.
    #[error("unknown status {0}")]
    Status(u8),
    /// A power of ten no scale has.
    #[error("power of ten {0} is out of range")]
    Power(i8),
}

/// Reads one input report.
///
/// A unit that is not in the table above is a fault of the reading: the weight can't be told.
///
/// # Errors
/// [`HidError`]: the report is not the one of a weight, or was cut short.
pub fn report(bytes: &[u8], numbering: Numbering) -> Result<Reading, HidError> {
    let body = match numbering {
        Numbering::Plain => bytes,
        Numbering::Numbered(expected) => match bytes.split_first() {
            Some((heard, body)) if *heard == expected => body,
            Some((heard, _)) => return Err(HidError::OtherReport { heard: *heard, expected }),
            None => return Err(HidError::Short { length: 0, needed: 6 }),
        },
    };
    let Some((&[status, unit, power, low, high], padding)) = body.split_first_chunk::<5>() else {
        let number = bytes.len() - body.len();
        return Err(HidError::Short { length: bytes.len(), needed: 5 + number });
    };
    if padding.iter().any(|byte| *byte != 0) {
        return Err(HidError::Long { length: bytes.len() });
    }
    let power = power.cast_signed();
    match status {
        1 => return Ok(Reading::faulty("the scale reports a fault", bytes)),
        2..=4 => {}
        5 => return Ok(Reading::underloaded(bytes)),
        6 => return Ok(Reading::overloaded(bytes)),
        7 => return Ok(Reading::faulty("the scale must be calibrated", bytes)),
        8 => return Ok(Reading::faulty("the scale must be set to zero", bytes)),
        status => return Err(HidError::Status(status)),
    }
    let Some(unit) = unit_of(unit) else {
        return Ok(Reading::faulty(format!("the scale weighs in unit {unit}, which is not known"), bytes));
    };
    let value = scaled(u16::from_le_bytes([low, high]), power).ok_or(HidError::Power(power))?;
    let mut reading = Reading::weighed(Weight::new(value, unit), status != 3, bytes);
    reading.zero = status == 2;
    Ok(reading)
}

fn unit_of(code: u8) -> Option<Unit> {
    Some(match code {
        1 => Unit::Mg,
        2 => Unit::G,
        3 => Unit::Kg,
        4 => Unit::Ct,
        8 => Unit::T,
        10 => Unit::Ozt,
        11 => Unit::Oz,
        12 => Unit::Lb,
        _ => return None,
    })
}

fn scaled(count: u16, power: i8) -> Option<Decimal> {
    match power {
        -12..=0 => Some(Decimal::new(count.into(), power.unsigned_abs().into())),
        1..=6 => Some(Decimal::from(count) * Decimal::from(10i64.pow(power.unsigned_abs().into()))),
        _ => None,
    }
}
