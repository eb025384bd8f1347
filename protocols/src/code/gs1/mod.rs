//! GS1 element strings: identifiers and values one behind the other, as GS1-128, GS1 DataBar, GS1 DataMatrix
//! and GS1 QR Code hold them.
//!
//! GS1 General Specifications: section 3 on the identifiers, 7.8 on how elements are put together: FNC1
//! arrives as GS (1Dh) behind every element but those of predefined length and the last. Of the crates for
//! this, `gs1` is under the LGPL, and `qrcode-parse` knows a choice of the identifiers only.

mod table;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use self::table::{Kind, Part, Row};
use super::digits;
use super::item::Quantity;
use crate::fiscal::Date;

/// What the elements of a code say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gs1 {
    /// The number of the item, or of the items inside: 01 or 02.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// How much of it: its net weight (310n, 320n), or else a count (30, 37).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// All of them, in the order of the code.
    pub elements: Vec<Element>,
}

/// An identifier and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Element {
    /// The application identifier, such as `01` or `3103`.
    pub ai: String,
    /// GS1's title of it; absent for identifiers that are newer than this table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'static str>,
    /// The value, unchanged.
    pub value: String,
    /// The value as a number, with the point where the identifier says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Decimal>,
    /// The unit of the number; the currency, ISO 4217 by its number, of 391n and 393n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The day; where the code has the day 00, the last one of the month. Two digits of a year are read as
    /// 2000 to 2076: by GS1's window (7.12) the others are of the last century, and have no day here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

impl Gs1 {
    /// The first element of that identifier.
    pub fn find(&self, ai: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.ai == ai)
    }
}

/// Reads element strings: the data of a symbol without the mark of the symbology. A GS in front, which some
/// scanners make of the first FNC1, is passed over.
///
/// # Errors
/// [`Gs1Error`] with the first place that is wrong. A code with one is not read by halves.
pub fn parse(data: &[u8]) -> Result<Gs1, Gs1Error> {
    let data = data.strip_prefix(&[GS]).unwrap_or(data);
    let text = std::str::from_utf8(data).ok().filter(|text| text.is_ascii()).ok_or(Gs1Error::NotAscii)?;
    if text.is_empty() {
        return Err(Gs1Error::Empty);
    }
    let mut elements: Vec<Element> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (element, behind) = element(rest, text.len() - rest.len())?;
        if elements.iter().any(|other| other.ai == element.ai && other.value != element.value) {
            return Err(Gs1Error::Twice { ai: element.ai });
        }
        elements.push(element);
        rest = behind;
    }
    Ok(Gs1 { gtin: gtin(&elements), quantity: quantity(&elements), elements })
}

/// Why data are no element strings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Gs1Error {
    /// Nothing behind the mark of the symbology.
    #[error("the code is empty; scan it again")]
    Empty,
    /// Bytes that no GS1 code has.
    #[error("the code has bytes that are not ASCII; set the scanner to send data unchanged")]
    NotAscii,
    /// No identifier where one must be.
    #[error(
        "at place {at} stands {found:?}, which begins no application identifier; a separator (GS) may \
         be missing in front: let the scanner pass GS on"
    )]
    Unknown {
        /// The place, counted from 1.
        at: usize,
        /// Up to four characters that stand there.
        found: String,
    },
    /// The code ends inside a value.
    #[error("({ai}) has {found} characters instead of {wanted}; scan it again")]
    Short {
        /// The identifier.
        ai: String,
        /// How many characters there are.
        found: usize,
        /// How many there must be, at least.
        wanted: usize,
    },
    /// A value longer than its identifier allows.
    #[error(
        "({ai}) has {found} characters, at most {most}; a separator (GS) is missing: let the scanner \
         pass GS on"
    )]
    Long {
        /// The identifier.
        ai: String,
        /// How many characters there are.
        found: usize,
        /// The most there may be.
        most: usize,
    },
    /// A character that the identifier doesn't allow.
    #[error("({ai}) has {found:?}, which can't stand there; scan it again")]
    Character {
        /// The identifier.
        ai: String,
        /// The character.
        found: char,
    },
    /// A number whose check digit is wrong.
    #[error("({ai}) {value} has a wrong check digit, it should be {expected}; scan it again")]
    CheckDigit {
        /// The identifier.
        ai: String,
        /// The number.
        value: String,
        /// The right check digit.
        expected: u8,
    },
    /// A day that no calendar has.
    #[error("({ai}) {value} is no day YYMMDD; scan it again")]
    NoDay {
        /// The identifier.
        ai: String,
        /// The six digits.
        value: String,
    },
    /// One identifier with two values.
    #[error("({ai}) stands there twice with different values; two codes may have been read as one")]
    Twice {
        /// The identifier.
        ai: String,
    },
}

const GS: u8 = 0x1d;
const SEPARATOR: char = '\u{1d}';

/// The element at the beginning, and what is behind it and its separator. `at`: how much stands in front.
fn element(rest: &str, at: usize) -> Result<(Element, &str), Gs1Error> {
    let unknown = || Gs1Error::Unknown { at: at + 1, found: rest.chars().take(4).collect() };
    let first_two: u8 = rest
        .get(..2)
        .filter(|two| digits::all_digits(two))
        .and_then(|two| two.parse().ok())
        .ok_or_else(unknown)?;
    let predefined = table::predefined_length(first_two);
    let length_of_ai = match (table::digits_of(first_two), predefined) {
        (Some(digits), _) => digits,
        (None, Some(_)) => 2,
        (None, None) => return Err(unknown()),
    };
    let ai = rest.get(..length_of_ai).filter(|ai| digits::all_digits(ai)).ok_or_else(unknown)?;
    let row = table::row(ai);
    if row.is_none() && predefined.is_none() {
        return Err(unknown());
    }
    let end = rest.find(SEPARATOR).unwrap_or(rest.len());
    let (value, behind) = match predefined {
        Some(length) if length < end => rest.split_at_checked(length).unwrap_or((rest, "")),
        Some(length) if length > end => {
            let (found, wanted) = (end.saturating_sub(ai.len()), length - ai.len());
            return Err(Gs1Error::Short { ai: ai.into(), found, wanted });
        }
        _ => rest.split_at_checked(end).unwrap_or((rest, "")),
    };
    let value = value.get(ai.len()..).unwrap_or_default();
    let element = read(ai, value, row)?;
    // What has a predefined length needs no separator, and may have one all the same.
    Ok((element, behind.strip_prefix(SEPARATOR).unwrap_or(behind)))
}

fn read(ai: &str, value: &str, row: Option<&'static Row>) -> Result<Element, Gs1Error> {
    let mut element =
        Element { ai: ai.into(), title: None, value: value.into(), number: None, unit: None, date: None };
    let Some(row) = row else {
        return match value.chars().find(|found| !found.is_ascii_digit()) {
            Some(found) => Err(Gs1Error::Character { ai: ai.into(), found }),
            None => Ok(element),
        };
    };
    element.title = row.title;
    element.unit = row.unit.map(str::to_owned);
    let most: usize = row.parts.iter().map(|part| part.length).sum();
    if value.len() > most {
        return Err(Gs1Error::Long { ai: ai.into(), found: value.len(), most });
    }
    let mut rest = value;
    for part in &row.parts {
        if rest.is_empty() && part.optional {
            break;
        }
        let least = if part.fixed { part.length } else { 1 };
        let (text, behind) = rest.split_at_checked(part.length).unwrap_or((rest, ""));
        if text.len() < least {
            let wanted = value.len() - rest.len() + least;
            return Err(Gs1Error::Short { ai: ai.into(), found: value.len(), wanted });
        }
        take(&mut element, part, text)?;
        if rest.len() < value.len() && part.kind == Kind::Number {
            // In front of an amount stands its currency.
            element.unit = value.get(..value.len() - rest.len()).map(str::to_owned);
        }
        rest = behind;
    }
    Ok(element)
}

fn take(element: &mut Element, part: &Part, text: &str) -> Result<(), Gs1Error> {
    let ai = || element.ai.clone();
    if let Some(byte) = text.bytes().find(|byte| !part.set.has(*byte)) {
        return Err(Gs1Error::Character { ai: ai(), found: char::from(byte) });
    }
    match part.kind {
        Kind::Plain => {}
        Kind::Checked if digits::is_checked(text) => {}
        Kind::Checked => {
            let front = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
            let expected = digits::check_digit(front).unwrap_or_default();
            return Err(Gs1Error::CheckDigit { ai: ai(), value: text.into(), expected });
        }
        Kind::Date => {
            element.date = date(text).ok_or_else(|| Gs1Error::NoDay { ai: ai(), value: text.into() })?
        }
        Kind::Number => element.number = number(&element.ai, text),
    }
    Ok(())
}

/// The number of a value whose point the last digit of a four-digit identifier places.
fn number(ai: &str, digits: &str) -> Option<Decimal> {
    let decimals = match ai.len() {
        4 => ai.bytes().last().map_or(0, |digit| u32::from(digit.wrapping_sub(b'0'))),
        _ => 0,
    };
    Decimal::try_from_i128_with_scale(digits.parse().ok()?, decimals).ok()
}

/// The day of YYMMDD; `Some(None)` where the year is of the last century, `None` where there is no such day.
fn date(digits: &str) -> Option<Option<Date>> {
    let part = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u8>().ok());
    let (year, month, day) = (u16::from(part(0..2)?), part(2..4)?, part(4..6)?);
    let new = |day| Date::new(2000 + year, month, day);
    let date = if day == 0 { (28..=31).rev().find_map(new) } else { new(day) }?;
    Some((year <= 76).then_some(date))
}

fn gtin(elements: &[Element]) -> Option<String> {
    ["01", "02"]
        .iter()
        .find_map(|ai| elements.iter().find(|element| element.ai == *ai).map(|element| element.value.clone()))
}

fn quantity(elements: &[Element]) -> Option<Quantity> {
    let by = |prefix: &str| elements.iter().find(|element| element.ai.starts_with(prefix));
    let of = |ai: &str| elements.iter().find(|element| element.ai == ai);
    let weight = ["310", "320"].iter().find_map(|prefix| by(prefix));
    if let Some(element) = weight {
        let unit = element.unit.clone().unwrap_or_default();
        return element.number.map(|value| Quantity::Weight { value, unit });
    }
    let count = of("30").or_else(|| of("37"))?;
    count.number.map(|value| Quantity::Pieces { value })
}
