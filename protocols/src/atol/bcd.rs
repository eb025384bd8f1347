//! Binary-coded decimals: two digits a byte, the first digits first.

use thiserror::Error;

/// Why an amount has no place on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BcdError {
    /// The wire has no sign.
    #[error("{0} is negative, and the register takes no sign: give the amount, and choose the document")]
    Negative(i64),
    /// More digits than the field has.
    #[error("{value} has more than the {digits} digits of its field: split the document")]
    TooLarge {
        /// What was asked for.
        value: i64,
        /// How many digits fit.
        digits: usize,
    },
    /// A quantity with more than three decimals.
    #[error("{0} millionths can't be told in thousandths: round the quantity to three decimals")]
    Inexact(i64),
}

/// Appends `value` in `size` bytes.
///
/// # Errors
/// [`BcdError`] when it is negative or has more than `2 * size` digits; nothing is appended then.
pub fn put(value: i64, size: usize, out: &mut Vec<u8>) -> Result<(), BcdError> {
    let mut rest = u64::try_from(value).map_err(|_| BcdError::Negative(value))?;
    let start = out.len();
    out.resize(start + size, 0);
    for byte in out.iter_mut().skip(start).rev() {
        let pair = (rest % 100) as u8;
        *byte = ((pair / 10) << 4) | (pair % 10);
        rest /= 100;
    }
    if rest != 0 {
        out.truncate(start);
        return Err(BcdError::TooLarge { value, digits: 2 * size });
    }
    Ok(())
}

/// The number in these bytes; `None` where a digit is not one, or for more than an `i64` holds.
pub fn get(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |number, &byte| {
        let (high, low) = (byte >> 4, byte & 0x0f);
        if high > 9 || low > 9 {
            return None;
        }
        number.checked_mul(100)?.checked_add(i64::from(high * 10 + low))
    })
}

/// A quantity of millionths in the thousandths of the wire.
///
/// # Errors
/// [`BcdError::Inexact`] when it has more than three decimals.
pub fn thousandths(micro: i64) -> Result<i64, BcdError> {
    if micro % 1000 == 0 { Ok(micro / 1000) } else { Err(BcdError::Inexact(micro)) }
}
