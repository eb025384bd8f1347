//! The record of an item: 82 bytes of commands 57h and 58h.

use super::list::{Item, Unit};
use crate::codepage::Page;

/// Bytes of a record with its number in front.
pub const RECORD: usize = 82;
/// Bytes of each line of the name.
pub(super) const NAME: usize = 28;

/// An item as command 57h ("Записать ПЛУ расширенного формата") sends it. Numbers have their lowest byte first.
///
/// | offset | bytes | what |
/// |---|---|---|
/// | 0 | 2 | number (PLU) |
/// | 2 | 4 | code, 1 to 999999 |
/// | 6 | 28, 28 | two lines of the name |
/// | 62 | 4 | price in the smallest unit, 0 to 999999 |
/// | 66 | 2 | shelf life in days, 0 to 9999 |
/// | 68 | 2 | tare in grams |
/// | 70 | 2 | group, 0 to 9999 |
/// | 72 | 2 | message; 0: none |
/// | 74 | 1 | bits 0 to 6 the picture, bit 7 set for pieces |
/// | 75 | 4 | code of the certifying body, ASCII |
/// | 79 | 3 | day, month and year of the date of sale; 0 0 0: none |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record([u8; RECORD]);

/// What a scale says of an item it keeps (answer to 58h), as far as it is compared or shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its code; 0: the place is empty.
    pub code: u32,
    /// Both lines of its name.
    pub name: [String; 2],
    /// Its price in the smallest unit.
    pub price: u32,
    /// Shelf life in days.
    pub shelf_life_days: u16,
    /// Tare in grams.
    pub tare_g: u16,
    /// Sold by the piece.
    pub piece: bool,
}

impl Record {
    pub(super) fn new(item: &Item, name: [&[u8]; 2], price: u32, tare_g: u16) -> Self {
        let mut bytes = Vec::with_capacity(RECORD);
        bytes.extend(item.plu.to_le_bytes());
        bytes.extend(item.code.to_le_bytes());
        for line in name {
            bytes.extend(line.iter().copied().chain(std::iter::repeat(b' ')).take(NAME));
        }
        bytes.extend(price.to_le_bytes());
        bytes.extend(item.shelf_life_days.to_le_bytes());
        bytes.extend(tare_g.to_le_bytes());
        bytes.extend(item.group.to_le_bytes());
        bytes.extend(item.message_number().to_le_bytes());
        bytes.push((item.picture & 0x7F) | if item.unit == Unit::Piece { 0x80 } else { 0 });
        let certificate = item.certificate.as_deref().unwrap_or_default();
        bytes.extend(certificate.bytes().chain(std::iter::repeat(b' ')).take(4));
        match item.sell_by {
            Some(day) => bytes.extend([day.day(), day.month(), day.short_year()]),
            None => bytes.extend([0; 3]),
        }
        let mut record = [0; RECORD];
        record.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Self(record)
    }

    /// The item's number.
    pub fn plu(&self) -> u16 {
        u16::from_le_bytes([self.0[0], self.0[1]])
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; RECORD] {
        &self.0
    }

    /// Whether a scale keeps it. Names are left out: scales fill them up differently.
    pub fn is(&self, kept: &Kept) -> bool {
        Kept::read(self.0.get(2..).unwrap_or_default())
            .is_some_and(|own| Kept { name: kept.name.clone(), ..own } == *kept)
    }
}

impl Kept {
    /// Reads the data of an answer to 58h: 80 bytes, a record without its number. `None` where it has another length.
    pub fn read(data: &[u8]) -> Option<Self> {
        if data.len() != RECORD - 2 {
            return None;
        }
        let two = |at: usize| Some(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?));
        let four = |at: usize| Some(u32::from_le_bytes(data.get(at..at + 4)?.try_into().ok()?));
        let text = |at: usize| Some(decoded(data.get(at..at + NAME)?));
        Some(Self {
            code: four(0)?,
            name: [text(4)?, text(4 + NAME)?],
            price: four(60)? & 0x00FF_FFFF,
            shelf_life_days: two(64)?,
            tare_g: two(66)?,
            piece: data.get(72)? & 0x80 != 0,
        })
    }
}

/// Windows-1251 without the blanks and zeros at its end; what means nothing becomes `?`.
pub(super) fn decoded(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
    let shown = bytes.iter().take(end).map(|byte| Page::Cp1251.decode(*byte).unwrap_or('?'));
    shown.collect()
}
