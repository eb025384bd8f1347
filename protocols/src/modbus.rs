//! Registers of Modbus devices: from what a document says of them to values. No frames: a library does those.
//!
//! [`Field`] says where a value is and how it is written. Profiles of devices are data made of fields: indicators
//! of scales in [`crate::scale::indicator`], thermometers in [`sensor`], relays in [`relay`].

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub mod fuzz;
pub mod relay;
pub mod sensor;

/// The most registers one request may read (*Modbus Application Protocol* 1.1b3, section 6.3).
pub const MOST_REGISTERS: u16 = 125;

/// A table of 16-bit registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Read by function 3.
    Holding,
    /// Read by function 4.
    Input,
}

/// How a document numbers registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Numbering {
    /// As on the wire: the first one is 0.
    #[default]
    FromZero,
    /// The first one is 1.
    FromOne,
    /// The first holding register is 40001, the first input register 30001.
    Reference,
}

impl Numbering {
    /// The address on the wire.
    ///
    /// # Errors
    /// The number is not one of this area.
    pub fn address(self, area: Area, register: u32) -> Result<u16, ProfileError> {
        let first = match (self, area) {
            (Numbering::FromZero, _) => 0,
            (Numbering::FromOne, _) => 1,
            (Numbering::Reference, Area::Holding) => 40_001,
            (Numbering::Reference, Area::Input) => 30_001,
        };
        let offset = register.checked_sub(first).and_then(|offset| u16::try_from(offset).ok());
        match (self, offset) {
            (Numbering::Reference, Some(offset)) if offset <= 9_998 => Ok(offset),
            (Numbering::FromZero | Numbering::FromOne, Some(offset)) => Ok(offset),
            _ => Err(ProfileError::new("register", format!("{register} is no {area:?} register, {self:?}"))),
        }
    }
}

/// Which of two registers has the higher half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WordOrder {
    /// The first one.
    #[default]
    HighFirst,
    /// The second one.
    LowFirst,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// One register without sign.
    U16,
    /// One register, two's complement.
    I16,
    /// Two registers without sign.
    U32,
    /// Two registers, two's complement.
    I32,
    /// Two registers, IEEE 754.
    F32,
    /// One register of four decimal digits.
    Bcd16,
    /// Two registers of eight decimal digits.
    Bcd32,
    /// One register; 10000 and more is negative: the magnitude is what exceeds 10000.
    Above10000Negative,
}

impl Encoding {
    /// How many registers it takes.
    pub fn registers(self) -> u16 {
        match self {
            Encoding::U16 | Encoding::I16 | Encoding::Bcd16 | Encoding::Above10000Negative => 1,
            Encoding::U32 | Encoding::I32 | Encoding::F32 | Encoding::Bcd32 => 2,
        }
    }

    /// The number in the registers, which counts units of 10^-`places`; an [`Encoding::F32`] is the number itself
    /// and is rounded to so many places.
    ///
    /// # Errors
    /// Too few registers, a digit above 9, a number that is not finite, or one too large for its places.
    pub fn decode(self, registers: &[u16], order: WordOrder, places: u32) -> Result<Decimal, ValueError> {
        let one = || registers.first().copied().ok_or(ValueError::Missing);
        let two = || match (registers, order) {
            ([high, low, ..], WordOrder::HighFirst) | ([low, high, ..], WordOrder::LowFirst) => {
                Ok(u32::from(*high) << 16 | u32::from(*low))
            }
            _ => Err(ValueError::Missing),
        };
        let count = match self {
            Encoding::U16 => i64::from(one()?),
            Encoding::I16 => i64::from(one()?.cast_signed()),
            Encoding::U32 => i64::from(two()?),
            Encoding::I32 => i64::from(two()?.cast_signed()),
            Encoding::Bcd16 => bcd(one()?.into())?,
            Encoding::Bcd32 => bcd(two()?)?,
            Encoding::Above10000Negative => match i64::from(one()?) {
                value if value >= 10_000 => 10_000 - value,
                value => value,
            },
            Encoding::F32 => return float(f32::from_bits(two()?), places),
        };
        Decimal::try_new(count, places).map_err(|_| ValueError::Places(places))
    }
}

fn bcd(digits: u32) -> Result<i64, ValueError> {
    (0..8).rev().try_fold(0, |value, place| match digits >> (4 * place) & 0xf {
        digit @ 0..=9 => Ok(value * 10 + i64::from(digit)),
        digit => Err(ValueError::Digit(digit)),
    })
}

fn float(value: f32, places: u32) -> Result<Decimal, ValueError> {
    if places > Decimal::MAX_SCALE {
        return Err(ValueError::Places(places));
    }
    let decimal = Decimal::from_f32(value).ok_or(ValueError::NotFinite)?;
    let mut rounded = decimal.round_dp(places);
    rounded.rescale(places);
    // A number keeps 96 bits: one that is too large for its places is left with fewer.
    if rounded.scale() == places { Ok(rounded) } else { Err(ValueError::TooLarge(places)) }
}

/// Why registers are no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Registers of the value were not read.
    #[error("the registers were not read")]
    Missing,
    /// A decimal digit above 9.
    #[error("digit {0:X} is not decimal: check the encoding in the profile")]
    Digit(u32),
    /// A floating point number that is none.
    #[error("the value is not a number: check the word order in the profile")]
    NotFinite,
    /// A floating point number that is too large for its decimal places.
    #[error("the value is too large for {0} decimal places: check the word order in the profile")]
    TooLarge(u32),
    /// More decimal places than a number can have.
    #[error("{0} decimal places are too many: check where the profile says they are")]
    Places(u32),
}

/// Where a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The register as the document numbers it; the first one of two.
    pub register: u32,
    /// How the value is written.
    pub encoding: Encoding,
    /// Which of two registers has the higher half.
    #[serde(default)]
    pub order: WordOrder,
}

/// Registers next to each other, to be read by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Their table.
    pub area: Area,
    /// The address of the first one on the wire.
    pub address: u16,
    /// How many.
    pub count: u16,
}

/// A span that was read.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The address of the first register on the wire.
    pub address: u16,
    /// What they hold.
    pub registers: &'a [u16],
}

/// So many registers from this address on, out of what was read.
///
/// # Errors
/// [`ValueError::Missing`]: no block has all of them.
pub fn find<'a>(blocks: &[Block<'a>], address: u16, count: u16) -> Result<&'a [u16], ValueError> {
    let within = |block: &Block<'a>| {
        let start = usize::from(address.checked_sub(block.address)?);
        block.registers.get(start..start + usize::from(count))
    };
    blocks.iter().find_map(within).ok_or(ValueError::Missing)
}

/// The fewest spans that cover these, with at most `gap` registers between them that nobody asked for.
pub fn spans(area: Area, wanted: &[(u16, u16)], gap: u16) -> Vec<Span> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for (start, end) in wanted.iter().map(|(at, count)| (u32::from(*at), u32::from(*at) + u32::from(*count)))
    {
        match spans.last_mut() {
            Some((first, last))
                if start <= *last + u32::from(gap)
                    && end.max(*last) - *first <= u32::from(MOST_REGISTERS) =>
            {
                *last = end.max(*last);
            }
            _ => spans.push((start, end)),
        }
    }
    let span = |(start, end): (u32, u32)| {
        Some(Span { area, address: u16::try_from(start).ok()?, count: u16::try_from(end - start).ok()? })
    };
    spans.into_iter().filter_map(span).collect()
}

/// A profile that can't be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct ProfileError {
    /// The field, or `profile` where the text can't be read.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl ProfileError {
    pub(crate) fn new(field: &str, problem: impl Into<String>) -> Self {
        Self { field: field.to_owned(), problem: problem.into() }
    }

    /// The field is inside this one.
    pub(crate) fn within(mut self, outer: &str) -> Self {
        self.field = format!("{outer}.{}", self.field);
        self
    }
}

/// Reads a profile strictly.
pub(crate) fn read_toml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ProfileError> {
    toml::from_str(text).map_err(|error| ProfileError::new("profile", error.to_string()))
}
