//! Numbers and units as scales write them.

use rust_decimal::Decimal;

use super::reading::{Unit, Weight};

/// Digits beyond these are no weight of any scale.
const MOST_DIGITS: usize = 12;

/// A number such as `1.550`, `  -0.005`, `+ 2.00`, `01550` or `1,5`, with blanks around it and after its sign.
///
/// `None` for anything else, an empty text among it.
pub(super) fn decimal(text: &[u8]) -> Option<Decimal> {
    let text = text.trim_ascii();
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest.trim_ascii_start()),
        (b'+', rest) => (false, rest.trim_ascii_start()),
        _ => (false, text),
    };
    let mut mantissa: i64 = 0;
    let (mut count, mut places): (usize, Option<u32>) = (0, None);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                count += 1;
                places = places.map(|n| n + 1);
            }
            b'.' | b',' if places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    if count == 0 || count > MOST_DIGITS {
        return None;
    }
    let mantissa = if negative { -mantissa } else { mantissa };
    Some(Decimal::new(mantissa, places.unwrap_or(0)))
}

/// Digits only, as an integer with so many decimal places behind the point.
pub(super) fn fixed(digits: &[u8], places: u32) -> Option<Decimal> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    let mut value = plain.then(|| decimal(digits)).flatten()?;
    value.set_scale(places).ok()?;
    Some(value)
}

/// A number with its unit behind it, with or without blanks between: `1.550 kg`, `01.550KG`, `645.2oz`.
pub(super) fn weight(text: &[u8]) -> Option<Weight> {
    let (number, unit) = number_and_unit(text);
    Some(Weight::new(decimal(number)?, Unit::from_ascii(unit)?))
}

/// The number and what stands behind it, both without blanks around them.
pub(super) fn number_and_unit(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii();
    let end = text.iter().rposition(|byte| byte.is_ascii_digit() || *byte == b'.').map_or(0, |at| at + 1);
    let (number, unit) = text.split_at(end);
    (number, unit.trim_ascii())
}

/// Bytes as a person may read them: what is not printable ASCII is left out.
pub(super) fn readable(bytes: &[u8]) -> String {
    bytes.iter().filter(|b| (0x20..0x7f).contains(*b)).map(|b| char::from(*b)).collect::<String>()
}
