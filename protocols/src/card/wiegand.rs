//! Numbers of RFID cards as controllers of doors write them: Wiegand 26 and 34.
//!
//! 26 bits: even parity of the first 12 bits of the number, facility 8 bits, number 16 bits, odd parity of
//! the last 12 (Security Industry Association, *Wiegand Reader Interface Standard*, AC-01). 34 bits: the same
//! around 32 bits.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The 24 bits of a card in Wiegand 26. Formatted and read as `126,58404`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wiegand26 {
    /// The series of the card.
    pub facility: u8,
    /// Its number in the series.
    pub number: u16,
}

/// The 32 bits of a card in Wiegand 34.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wiegand34(pub u32);

impl Wiegand26 {
    /// From facility and number in one, such as 8315940 for 126,58404; `None` above 24 bits.
    pub fn from_decimal(number: u32) -> Option<Self> {
        let [zero, facility, high, low] = number.to_be_bytes();
        (zero == 0).then_some(Self { facility, number: u16::from_be_bytes([high, low]) })
    }

    /// Facility and number in one.
    pub fn decimal(self) -> u32 {
        (u32::from(self.facility) << 16) | u32::from(self.number)
    }

    /// The 26 bits with both parity bits.
    pub fn bits(self) -> u32 {
        let value = self.decimal();
        let (first, last) = ((value >> 12).count_ones() % 2, ((value & 0xfff).count_ones() + 1) % 2);
        (first << 25) | (value << 1) | last
    }

    /// From the 26 bits.
    ///
    /// # Errors
    /// More than 26 bits, or a wrong parity bit.
    pub fn from_bits(bits: u32) -> Result<Self, WiegandError> {
        let card = Self::from_decimal((bits >> 1) & 0xff_ffff).ok_or(WiegandError::Bits { most: 26 })?;
        match bits {
            _ if bits >> 26 != 0 => Err(WiegandError::Bits { most: 26 }),
            _ if card.bits() != bits => Err(WiegandError::Parity),
            _ => Ok(card),
        }
    }
}

impl Wiegand34 {
    /// The 34 bits with both parity bits.
    pub fn bits(self) -> u64 {
        let value = self.0;
        let (first, last) = ((value >> 16).count_ones() % 2, ((value & 0xffff).count_ones() + 1) % 2);
        (u64::from(first) << 33) | (u64::from(value) << 1) | u64::from(last)
    }

    /// From the 34 bits.
    ///
    /// # Errors
    /// More than 34 bits, or a wrong parity bit.
    pub fn from_bits(bits: u64) -> Result<Self, WiegandError> {
        let card = Self(u32::try_from((bits >> 1) & 0xffff_ffff).unwrap_or_default());
        match bits {
            _ if bits >> 34 != 0 => Err(WiegandError::Bits { most: 34 }),
            _ if card.bits() != bits => Err(WiegandError::Parity),
            _ => Ok(card),
        }
    }
}

impl fmt::Display for Wiegand26 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03},{:05}", self.facility, self.number)
    }
}

impl FromStr for Wiegand26 {
    type Err = WiegandError;

    fn from_str(text: &str) -> Result<Self, WiegandError> {
        let (facility, number) = text.split_once(',').ok_or(WiegandError::Form)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(facility) || !digits(number) {
            return Err(WiegandError::Form);
        }
        let facility = facility.parse().map_err(|_| WiegandError::Form)?;
        Ok(Self { facility, number: number.parse().map_err(|_| WiegandError::Form)? })
    }
}

/// Why something is no Wiegand number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WiegandError {
    /// More bits than there are.
    #[error("more than {most} bits")]
    Bits {
        /// How many there are at most.
        most: u8,
    },
    /// A parity bit is wrong.
    #[error("a parity bit is wrong; read the card again")]
    Parity,
    /// Not facility, comma, number.
    #[error("not a facility of 0 to 255, a comma and a number of 0 to 65535, such as 126,58404")]
    Form,
}
