//! Tags of fiscal data: number, length, value.
//!
//! Number and length have two bytes each, the least first; texts are cp866 (*Форматы фискальных
//! данных*, order of the tax service ЕД-7-20/662@). A structure is a tag whose value is tags again.

use thiserror::Error;

use super::fields::{decode, little_endian};
use crate::codepage::{Page, transliterate};
use crate::fiscal::{Date, DateTime, Tag};

/// Bytes before a value.
pub const HEADER: usize = 4;

/// From 1970-01-01 to 2000-01-01.
const SECONDS_BEFORE_2000: i64 = 946_684_800;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tlv {
    /// Number.
    pub number: u16,
    /// Value, at most 65535 bytes.
    pub value: Vec<u8>,
}

/// Numbers of tags, by what they mean.
pub mod number {
    /// Phone or e-mail of the buyer.
    pub const BUYER_CONTACT: u16 = 1008;
    /// Total of the document.
    pub const TOTAL: u16 = 1020;
    /// Cashier.
    pub const CASHIER: u16 = 1021;
    /// Quantity: a decimal number.
    pub const QUANTITY: u16 = 1023;
    /// What the receipt registers: 1 sale, 2 its return, 3 purchase, 4 its return.
    pub const OPERATION: u16 = 1054;
    /// Taxation, as bits.
    pub const TAXATION: u16 = 1055;
    /// Additional requisite of the user: a structure of name and value.
    pub const USER_ATTRIBUTE: u16 = 1084;
    /// Its name, at most 64 characters.
    pub const USER_ATTRIBUTE_NAME: u16 = 1085;
    /// Its value, at most 256 characters.
    pub const USER_ATTRIBUTE_VALUE: u16 = 1086;
    /// Marking code in formats 1.05 and 1.1.
    pub const PRODUCT_CODE: u16 = 1162;
    /// Marking code in format 1.2: a structure that the register makes.
    pub const MARKING_CODE: u16 = 1163;
    /// Correction by oneself (0) or by order (1).
    pub const CORRECTION_KIND: u16 = 1173;
    /// What a correction rests on: a structure of day and number, in format 1.05 also of a description.
    pub const CORRECTION_BASE: u16 = 1174;
    /// Description of the correction, format 1.05.
    pub const CORRECTION_DESCRIPTION: u16 = 1177;
    /// Day of what is corrected.
    pub const CORRECTION_DATE: u16 = 1178;
    /// Number of the order.
    pub const CORRECTION_NUMBER: u16 = 1179;
    /// Additional requisite of an item, at most 64 characters.
    pub const ITEM_ATTRIBUTE: u16 = 1191;
    /// Additional requisite of the receipt, at most 16 characters.
    pub const RECEIPT_ATTRIBUTE: u16 = 1192;
    /// INN of the cashier, 12 characters.
    pub const CASHIER_INN: u16 = 1203;
    /// Name of the buyer.
    pub const BUYER_NAME: u16 = 1227;
    /// INN of the buyer, 12 characters.
    pub const BUYER_INN: u16 = 1228;
    /// Measure of a quantity, 0 for pieces.
    pub const MEASURE: u16 = 2108;
}

/// What can't be a tag.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TlvError {
    /// A text longer than its tag allows.
    #[error("the text of tag {number} has {length} characters, {limit} are allowed: shorten it")]
    TooLong {
        /// The tag.
        number: u16,
        /// Characters there are.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character that cp866 doesn't have.
    #[error("the text of tag {number} has the character {character:?}, which cp866 does not have")]
    Character {
        /// The tag.
        number: u16,
        /// The character.
        character: char,
    },
    /// Bytes that end inside a tag.
    #[error("the tags end inside tag {number} at byte {at}")]
    Truncated {
        /// The tag that is cut; 0 where even its number is.
        number: u16,
        /// Where it begins.
        at: usize,
    },
}

impl Tlv {
    /// A tag of bytes.
    pub fn bytes(number: u16, value: impl Into<Vec<u8>>) -> Self {
        Self { number, value: value.into() }
    }

    /// A tag of text, exactly as given: for what is compared or written to, like an address.
    ///
    /// # Errors
    /// More than `limit` characters, or a character that cp866 doesn't have.
    pub fn text(number: u16, text: &str, limit: usize) -> Result<Self, TlvError> {
        let length = text.chars().count();
        if length > limit {
            return Err(TlvError::TooLong { number, length, limit });
        }
        let table = Page::Cp866.table();
        let value = text.chars().map(|c| table.byte(c).ok_or(TlvError::Character { number, character: c }));
        Ok(Self { number, value: value.collect::<Result<_, _>>()? })
    }

    /// A tag of text for people to read: what cp866 lacks gets a stand-in or a question mark, and what
    /// is behind `limit` characters is left out.
    pub fn readable(number: u16, text: &str, limit: usize) -> Self {
        let table = Page::Cp866.table();
        let mut value = Vec::with_capacity(text.len());
        for c in text.chars() {
            match table.byte(c) {
                Some(byte) => value.push(byte),
                None if c.is_control() => value.push(b' '),
                None => value.extend_from_slice(transliterate(c).unwrap_or("?").as_bytes()),
            }
        }
        value.truncate(limit);
        Self { number, value }
    }

    /// A tag of a number in `size` bytes, the least first.
    pub fn number(number: u16, value: u64, size: usize) -> Self {
        Self { number, value: value.to_le_bytes().into_iter().take(size).collect() }
    }

    /// A tag of a number in as few bytes as hold it (VLN), at least one.
    pub fn short_number(number: u16, value: u64) -> Self {
        let bytes = (64 - value.leading_zeros()).div_ceil(8).max(1);
        Self::number(number, value, bytes as usize)
    }

    /// A tag of a decimal number (FVLN): how many digits stand behind the point, then the number without
    /// the point.
    pub fn decimal(number: u16, digits: u8, value: u64) -> Self {
        let mut tag = Self::short_number(number, value);
        tag.value.insert(0, digits);
        tag
    }

    /// A tag of a quantity in micro units, without zeros at the end.
    pub fn quantity(number: u16, micros: u64) -> Self {
        let (mut digits, mut value) = (6, micros);
        while digits > 0 && value.is_multiple_of(10) {
            (digits, value) = (digits - 1, value / 10);
        }
        Self::decimal(number, digits, value)
    }

    /// A tag of a day: seconds since 1970, at midnight of the register's clock.
    pub fn date(number: u16, date: Date) -> Self {
        let seconds = DateTime::new(date, 0, 0, 0).map_or(0, DateTime::seconds);
        Self::number(number, (SECONDS_BEFORE_2000 + seconds).unsigned_abs(), 4)
    }

    /// A structure.
    pub fn structure(number: u16, tags: &[Tlv]) -> Self {
        let mut value = Vec::new();
        tags.iter().for_each(|tag| tag.encode(&mut value));
        Self { number, value }
    }

    /// Appends the tag. A value of more than 65535 bytes is cut there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let length = u16::try_from(self.value.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend(self.value.iter().take(usize::from(length)));
    }

    /// The value as text.
    pub fn as_text(&self) -> String {
        decode(Page::Cp866, &self.value)
    }

    /// The value as a number of at most 8 bytes; `None` for none or more of them, or more than an `i64`
    /// holds.
    pub fn as_number(&self) -> Option<i64> {
        let number = little_endian(&self.value);
        (1..=8).contains(&self.value.len()).then_some(number).filter(|&number| number >= 0)
    }

    /// The value as a structure.
    ///
    /// # Errors
    /// Bytes that are no tags.
    pub fn as_structure(&self) -> Result<Vec<Tlv>, TlvError> {
        parse(&self.value)
    }
}

/// The mark by which a receipt is known to be ours, as additional requisite of the receipt (1192).
pub fn identity(tag: Tag) -> Tlv {
    Tlv::bytes(number::RECEIPT_ATTRIBUTE, tag.as_str())
}

/// Whether a document has that mark.
pub fn has_identity(document: &[Tlv], tag: Tag) -> bool {
    find(document, number::RECEIPT_ATTRIBUTE).is_some_and(|found| tag.is_in(&found.as_text()))
}

/// Additional requisite of the user (1084): name and value.
///
/// # Errors
/// More than 64 and 256 characters, or one that cp866 doesn't have.
pub fn user_attribute(name: &str, value: &str) -> Result<Tlv, TlvError> {
    let name = Tlv::text(number::USER_ATTRIBUTE_NAME, name, 64)?;
    let value = Tlv::text(number::USER_ATTRIBUTE_VALUE, value, 256)?;
    Ok(Tlv::structure(number::USER_ATTRIBUTE, &[name, value]))
}

/// What a correction rests on (1174): day of what is corrected, and number of the order.
///
/// # Errors
/// A number of more than 32 characters, or with one that cp866 doesn't have.
pub fn correction_base(date: Date, order: &str) -> Result<Tlv, TlvError> {
    let order = Tlv::text(number::CORRECTION_NUMBER, order, 32)?;
    Ok(Tlv::structure(number::CORRECTION_BASE, &[Tlv::date(number::CORRECTION_DATE, date), order]))
}

/// Reads tags that stand one after the other. Structures stay as they are: [`Tlv::as_structure`].
///
/// # Errors
/// The tag inside of which the bytes end.
pub fn parse(bytes: &[u8]) -> Result<Vec<Tlv>, TlvError> {
    let mut tags = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let Some((&[n0, n1, l0, l1], behind)) = rest.split_first_chunk() else {
            return Err(TlvError::Truncated { number: 0, at });
        };
        let number = u16::from_le_bytes([n0, n1]);
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        let (value, behind) = behind.split_at_checked(length).ok_or(TlvError::Truncated { number, at })?;
        tags.push(Tlv::bytes(number, value));
        rest = behind;
    }
    Ok(tags)
}

/// The first tag of a number, in the order of the document, also inside structures.
pub fn find(tags: &[Tlv], number: u16) -> Option<Tlv> {
    search(tags, number, 3)
}

fn search(tags: &[Tlv], number: u16, depth: u8) -> Option<Tlv> {
    tags.iter().find_map(|tag| {
        if tag.number == number {
            return Some(tag.clone());
        }
        let inner = (depth > 0 && is_structure(tag.number)).then(|| tag.as_structure().ok()).flatten()?;
        search(&inner, number, depth - 1)
    })
}

/// Tags of fiscal data that are structures.
fn is_structure(number: u16) -> bool {
    // A document itself (1 to 41), item, requisite, correction base, product code, buyer, marking code,
    // agents and industry requisites.
    matches!(number, 1..=41 | 1059 | 1084 | 1163 | 1174 | 1223 | 1224 | 1256 | 1260 | 1261 | 1270 | 1291)
}
