//! Attributes of fiscal documents: tag, length, value.
//!
//! `tag2 | length2 | value`, little-endian; a value may hold attributes itself. Types, numbers and
//! meanings of the tags are those of the fiscal data format (orders of the Federal Tax Service
//! MMV-7-20/229 and ED-7-20/662, tables of attributes): numbers little-endian, `VLN` a number without
//! its leading zeros, `FVLN` the same after a byte that counts its decimals, texts in code page 866.

use thiserror::Error;

use super::datetime;
use super::text::{self, NoSuchCharacter};
use crate::fiscal::{Date, DateTime};

/// Numbers of attributes.
pub mod tag {
    /// The buyer's telephone or address of mail; text, 64.
    pub const BUYER_CONTACT: u16 = 1008;
    /// Date and time of the document; unixtime.
    pub const DATE_TIME: u16 = 1012;
    /// Total of the document in kopecks; VLN.
    pub const TOTAL: u16 = 1020;
    /// The cashier; text, 64.
    pub const CASHIER: u16 = 1021;
    /// Quantity of an item; FVLN.
    pub const QUANTITY: u16 = 1023;
    /// Name of an item; text, 128.
    pub const ITEM_NAME: u16 = 1030;
    /// Paid in cash, kopecks; VLN.
    pub const CASH: u16 = 1031;
    /// Number of the shift; 4 bytes.
    pub const SHIFT: u16 = 1038;
    /// Number of the fiscal document; 4 bytes.
    pub const DOCUMENT: u16 = 1040;
    /// Number of the fiscal storage; text, 16.
    pub const STORAGE: u16 = 1041;
    /// Number of the receipt in its shift; 4 bytes.
    pub const RECEIPT: u16 = 1042;
    /// Sum of an item in kopecks; VLN.
    pub const ITEM_SUM: u16 = 1043;
    /// What the receipt does: 1 sale, 2 its return, 3 buy, 4 its return; a byte.
    pub const OPERATION: u16 = 1054;
    /// The system of taxation of the receipt: one bit of 1, 2, 4, 8, 16, 32; a byte.
    pub const TAXATION: u16 = 1055;
    /// An item; attributes.
    pub const ITEM: u16 = 1059;
    /// The fiscal sign; 6 bytes, of which the last 4 are the number on paper.
    pub const SIGN: u16 = 1077;
    /// Price of an item in kopecks; VLN.
    pub const PRICE: u16 = 1079;
    /// Paid electronically, kopecks; VLN.
    pub const ELECTRONIC: u16 = 1081;
    /// Code of a marked product (format 1.05); bytes, see [`super::product_code`].
    pub const PRODUCT_CODE: u16 = 1162;
    /// Code of a product (format 1.2); attributes.
    pub const PRODUCT: u16 = 1163;
    /// Kind of a correction: 0 by oneself, 1 as ordered; a byte.
    pub const CORRECTION_KIND: u16 = 1173;
    /// Basis of a correction; attributes.
    pub const CORRECTION_BASIS: u16 = 1174;
    /// Description of a correction; text, 256.
    pub const CORRECTION_TEXT: u16 = 1177;
    /// Day of what is corrected; unixtime.
    pub const CORRECTION_DATE: u16 = 1178;
    /// Number of the order to correct; text, 32.
    pub const CORRECTION_NUMBER: u16 = 1179;
    /// An attribute of the seller's own on the receipt: the identity of a job; text, 16.
    pub const OWN: u16 = 1192;
    /// VAT of an item; a byte.
    pub const VAT: u16 = 1199;
    /// The cashier's taxpayer number; text, 12.
    pub const CASHIER_INN: u16 = 1203;
    /// What an item is; a byte.
    pub const SUBJECT: u16 = 1212;
    /// How an item is paid; a byte.
    pub const METHOD: u16 = 1214;
    /// Paid with an advance, kopecks; VLN.
    pub const PREPAID: u16 = 1215;
    /// Paid later, kopecks; VLN.
    pub const CREDIT: u16 = 1216;
    /// Paid in kind, kopecks; VLN.
    pub const OTHER: u16 = 1217;
    /// The buyer; text, 256.
    pub const BUYER: u16 = 1227;
    /// The buyer's taxpayer number; text, 12.
    pub const BUYER_INN: u16 = 1228;
    /// Unit of a quantity (format 1.2); a byte.
    pub const UNIT: u16 = 2108;
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tlv {
    /// Its number.
    pub tag: u16,
    /// Its value, as stored.
    pub value: Vec<u8>,
}

/// What can't be an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlvError {
    /// The bytes end inside an attribute.
    #[error("attribute {tag} breaks off at byte {at}")]
    BrokenOff {
        /// The attribute, or 0 where its number is cut.
        tag: u16,
        /// Where it begins.
        at: usize,
    },
    /// A text with a character that the register has not.
    #[error("attribute {tag}: {source}")]
    Text {
        /// The attribute.
        tag: u16,
        /// The character.
        source: NoSuchCharacter,
    },
    /// A value longer than its attribute.
    #[error("attribute {tag} has {length} bytes; {most} are the most")]
    TooLong {
        /// The attribute.
        tag: u16,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// A product code whose number is not of 14 digits.
    #[error("{0} is no product number: it has more than 14 digits")]
    Product(u64),
}

impl Tlv {
    /// A text in the register's character set, of at most as many characters as the format has for
    /// this tag (1008 and 1021: 64; 1192: 16; 1179: 32; 1203 and 1228: 12; 1177 and 1227: 256; others:
    /// 128). Taxpayer numbers are padded to 12 with spaces.
    ///
    /// # Errors
    /// [`TlvError::Text`], [`TlvError::TooLong`].
    pub fn text(tag: u16, text: &str) -> Result<Self, TlvError> {
        let mut value = text::encode(text).map_err(|source| TlvError::Text { tag, source })?;
        let most = match tag {
            tag::BUYER_CONTACT | tag::CASHIER => 64,
            tag::OWN => 16,
            tag::CORRECTION_NUMBER => 32,
            tag::CASHIER_INN | tag::BUYER_INN => 12,
            tag::CORRECTION_TEXT | tag::BUYER => 256,
            _ => 128,
        };
        if value.len() > most {
            return Err(TlvError::TooLong { tag, length: value.len(), most });
        }
        if matches!(tag, tag::CASHIER_INN | tag::BUYER_INN) {
            value.resize(12, b' ');
        }
        Ok(Self { tag, value })
    }

    /// A number of one byte.
    pub fn byte(tag: u16, value: u8) -> Self {
        Self { tag, value: vec![value] }
    }

    /// A number of four bytes.
    pub fn number(tag: u16, value: u32) -> Self {
        Self { tag, value: value.to_le_bytes().to_vec() }
    }

    /// A number without its leading zeros; 0 is one byte.
    pub fn vln(tag: u16, value: u64) -> Self {
        let length = (8 - value.leading_zeros() as usize / 8).max(1);
        Self { tag, value: value.to_le_bytes().into_iter().take(length).collect() }
    }

    /// Attributes in an attribute.
    ///
    /// # Errors
    /// [`TlvError::TooLong`].
    pub fn nested(tag: u16, children: &[Self]) -> Result<Self, TlvError> {
        let mut value = Vec::new();
        children.iter().try_for_each(|child| child.encode(&mut value))?;
        Ok(Self { tag, value })
    }

    /// Appends the attribute.
    ///
    /// # Errors
    /// [`TlvError::TooLong`] above 65535 bytes.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), TlvError> {
        let length = u16::try_from(self.value.len()).map_err(|_| TlvError::TooLong {
            tag: self.tag,
            length: self.value.len(),
            most: usize::from(u16::MAX),
        })?;
        out.extend_from_slice(&self.tag.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.value);
        Ok(())
    }

    /// The value as a number of up to eight bytes.
    pub fn as_number(&self) -> Option<u64> {
        little_endian(&self.value)
    }

    /// The value as a number with decimals, in millionths. `None` where it has more decimals than six
    /// that are not zero, or doesn't fit.
    pub fn as_micro(&self) -> Option<i64> {
        let (&decimals, digits) = self.value.split_first()?;
        let number = i64::try_from(little_endian(digits)?).ok()?;
        match u32::from(decimals) {
            below @ 0..=6 => number.checked_mul(10i64.pow(6 - below)),
            above @ 7..=18 => {
                let divisor = 10i64.pow(above - 6);
                (number % divisor == 0).then_some(number / divisor)
            }
            _ => None,
        }
    }

    /// The value as a text of the fiscal storage, without the spaces at its end.
    pub fn as_text(&self) -> String {
        text::decode_866(&self.value).trim_end().to_owned()
    }

    /// The value as date and time.
    pub fn as_date_time(&self) -> Option<DateTime> {
        let seconds: [u8; 4] = self.value.as_slice().try_into().ok()?;
        datetime::from_unix(u32::from_le_bytes(seconds))
    }

    /// The attributes in the value.
    ///
    /// # Errors
    /// [`TlvError::BrokenOff`].
    pub fn children(&self) -> Result<Vec<Self>, TlvError> {
        list(&self.value)
    }
}

/// Attributes one after the other.
///
/// # Errors
/// [`TlvError::BrokenOff`] when the bytes end inside one.
pub fn list(bytes: &[u8]) -> Result<Vec<Tlv>, TlvError> {
    let mut attributes = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let Some((&[tag_low, tag_high, low, high], value)) = rest.split_first_chunk() else {
            return Err(TlvError::BrokenOff { tag: 0, at });
        };
        let tag = u16::from_le_bytes([tag_low, tag_high]);
        let length = usize::from(u16::from_le_bytes([low, high]));
        let (value, after) = value.split_at_checked(length).ok_or(TlvError::BrokenOff { tag, at })?;
        attributes.push(Tlv { tag, value: value.to_vec() });
        rest = after;
    }
    Ok(attributes)
}

/// The basis of a correction: the day of what is corrected, and the number of the order, if there is
/// one.
///
/// # Errors
/// As [`Tlv::text`].
pub fn correction_basis(day: Date, number: &str) -> Result<Tlv, TlvError> {
    let midnight = DateTime::new(day, 0, 0, 0).map(datetime::to_unix);
    let mut parts = vec![Tlv::number(tag::CORRECTION_DATE, midnight.unwrap_or_default())];
    if !number.is_empty() {
        parts.push(Tlv::text(tag::CORRECTION_NUMBER, number)?);
    }
    Tlv::nested(tag::CORRECTION_BASIS, &parts)
}

/// The code of a marked product in format 1.05: two bytes of its kind (`44 4D` for most), the product
/// number of 14 digits in six bytes, first byte first, and the serial number. At most 32 bytes.
///
/// # Errors
/// [`TlvError::Product`], [`TlvError::TooLong`].
pub fn product_code(kind: [u8; 2], gtin: u64, serial: &[u8]) -> Result<Tlv, TlvError> {
    if gtin > 99_999_999_999_999 {
        return Err(TlvError::Product(gtin));
    }
    let value = [&kind, gtin.to_be_bytes().get(2..).unwrap_or_default(), serial].concat();
    if value.len() > 32 {
        return Err(TlvError::TooLong { tag: tag::PRODUCT_CODE, length: value.len(), most: 32 });
    }
    Ok(Tlv { tag: tag::PRODUCT_CODE, value })
}

fn little_endian(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 8 {
        return None;
    }
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
