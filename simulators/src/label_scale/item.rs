//! An item (PLU) in the memory of a label-printing scale.
//!
//! Source: "Протокол обмена весов Штрих-Принт", version 1.3, document 1.10 (Shtrih-M, 2010): commands
//! 50h, 57h, appendix 5 (error codes). The names' code page: WIN1251 (appendix 1 and command FCh).

use encoding_rs::WINDOWS_1251;

use super::fields::Fields;

/// Bytes of an item in command 57h, its number included.
pub(super) const RECORD: usize = 82;

/// An item in the scale's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleItem {
    /// Number in the table, from 1.
    pub plu: u16,
    /// Code of the goods, 1 to 999999: what the barcode carries.
    pub code: u32,
    /// Both lines of the name, without the blanks at their ends.
    pub name: [String; 2],
    /// For a kilogram or a piece, in the smallest unit of the currency; at most 999999.
    pub price: u32,
    /// Preferred label format (low four bits) and barcode structure; protocol 1.6 only, else 0.
    pub formats: u8,
    /// Shelf life in days, at most 9999; 0 is none.
    pub shelf_days: u16,
    /// Tare in grams.
    pub tare: u16,
    /// Group code, at most 9999.
    pub group: u16,
    /// Number of the message printed with it; 0 is none.
    pub message: u16,
    /// Number of the picture printed with it; 0 is none.
    pub image: u8,
    /// Sold by the piece.
    pub piece: bool,
    /// Four characters of the certification body.
    pub certificate: String,
    /// Day, month and year of the century until which it may be sold.
    pub sell_by: Option<[u8; 3]>,
}

/// What the scale allows, by its size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub items: u16,
    pub messages: u16,
    /// Highest tare in grams.
    pub tare: u16,
    /// Price of three bytes and a byte of formats (1.6), not of four bytes.
    pub formats: bool,
}

impl ScaleItem {
    /// Reads 82 bytes, or gives the code of the first field that is wrong.
    pub(super) fn read(bytes: &[u8], limits: Limits) -> Result<Self, u8> {
        let mut fields = Fields::new(bytes);
        let plu = checked(fields.u16(), 1..=limits.items, 128)?;
        let code = checked(fields.u32(), 1..=999_999, 130)?;
        let name = [fields.bytes(28), fields.bytes(28)].map(text);
        let price = fields.u32();
        let (price, formats) =
            if limits.formats { (price & 0x00FF_FFFF, (price >> 24) as u8) } else { (price, 0) };
        let price = checked(price, 0..=999_999, 131)?;
        let shelf_days = checked(fields.u16(), 0..=9999, 132)?;
        let tare = checked(fields.u16(), 0..=limits.tare, 133)?;
        let group = checked(fields.u16(), 0..=9999, 134)?;
        let message = checked(fields.u16(), 0..=limits.messages, 135)?;
        let kind = fields.u8();
        let image = checked(kind & 0x7F, 0..=if limits.formats { 0x7F } else { 2 }, 136)?;
        let certificate = text(fields.bytes(4));
        let sell_by = match fields.bytes(3) {
            [0, 0, 0] => None,
            &[day, month, year] if is_date(day, month, year) => Some([day, month, year]),
            _ => return Err(142),
        };
        Ok(Self {
            plu,
            code,
            name,
            price,
            formats,
            shelf_days,
            tare,
            group,
            message,
            image,
            piece: kind & 0x80 != 0,
            certificate,
            sell_by,
        })
    }

    /// Everything but the number, as command 58h answers it.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut out = self.code.to_le_bytes().to_vec();
        for line in &self.name {
            padded(&mut out, line, 28);
        }
        out.extend((self.price | u32::from(self.formats) << 24).to_le_bytes());
        for field in [self.shelf_days, self.tare, self.group, self.message] {
            out.extend(field.to_le_bytes());
        }
        out.push(self.image | u8::from(self.piece) << 7);
        padded(&mut out, &self.certificate, 4);
        out.extend(self.sell_by.unwrap_or_default());
        out
    }

    /// The same without what command 51h has no place for: kind and date.
    pub(super) fn written_short(&self) -> Vec<u8> {
        let mut out = self.written();
        out.truncate(out.len().saturating_sub(3));
        let kind = out.len().saturating_sub(5);
        if let Some(kind) = out.get_mut(kind) {
            *kind &= 0x7F;
        }
        out
    }
}

/// A field of text: CP1251, without the blanks and zeros that fill it.
pub(super) fn text(bytes: &[u8]) -> String {
    let (text, _) = WINDOWS_1251.decode_without_bom_handling(bytes);
    text.trim_end_matches([' ', '\0']).to_owned()
}

/// A text in its field, filled with blanks.
pub(super) fn padded(out: &mut Vec<u8>, text: &str, width: usize) {
    let (bytes, _, _) = WINDOWS_1251.encode(text);
    let mut field = bytes.into_owned();
    field.resize(width, b' ');
    out.append(&mut field);
}

fn checked<T: PartialOrd>(value: T, allowed: std::ops::RangeInclusive<T>, error: u8) -> Result<T, u8> {
    if allowed.contains(&value) { Ok(value) } else { Err(error) }
}

fn is_date(day: u8, month: u8, year: u8) -> bool {
    year <= 99
        && i8::try_from(month).is_ok_and(|month| {
            i8::try_from(day)
                .is_ok_and(|day| jiff::civil::Date::new(2000 + i16::from(year), month, day).is_ok())
        })
}
