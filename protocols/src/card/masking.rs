//! Card numbers in raw bytes: for byte traces and texts that reach a log.

use super::pan::{Pan, mask};
use super::track;

/// Bytes without card numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The bytes, as many as before.
    pub bytes: Vec<u8>,
    /// How many numbers were masked.
    pub found: usize,
}

/// Masks the numbers of bank cards. Digits between the first 6 and the last 4 become `*`; behind a number on
/// a track, everything up to the end sentinel or the line's end does.
///
/// A run of digits is taken for such a number
/// - behind `;` (track 3: and two digits of format code), or `%` and a letter, or in front of `=` or `^`:
///   with 13 to 19 digits, where the check digit is right, or expiry and service code follow;
/// - anywhere else: with 15 to 19 digits, the right check digit, and first digits of a payment system.
///   Shorter ones are EAN and GTIN more often than cards.
///
/// A number that is split over two calls is not found: give whole lines.
pub fn mask_text(bytes: &[u8]) -> Masked {
    let mut masked = Masked { bytes: bytes.to_vec(), found: 0 };
    let mut at = 0;
    while let Some(start) = find(bytes, at, |byte| byte.is_ascii_digit()) {
        let end = find(bytes, start, |byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
        at = end;
        let (before, behind) = (bytes.get(..start).unwrap_or_default(), bytes.get(end..).unwrap_or_default());
        let Some(number) = number(before, bytes.get(start..end).unwrap_or_default(), behind) else {
            continue;
        };
        let start = end - number.len();
        let stars = mask(&number);
        for (byte, star) in masked.bytes.iter_mut().skip(start).zip(stars.bytes()) {
            *byte = star;
        }
        if matches!(behind.first(), Some(b'=' | b'^')) {
            let ends = |byte: &u8| matches!(byte, b'?' | b'\r' | b'\n' | 0);
            let rest = behind.iter().skip(1).position(ends).unwrap_or(behind.len() - 1);
            masked
                .bytes
                .iter_mut()
                .skip(end + 1)
                .take(rest)
                .filter(|byte| **byte != b'^')
                .for_each(|byte| *byte = b'*');
            at = end + 1 + rest;
        }
        masked.found += 1;
    }
    masked
}

/// The card number that a run of digits is or ends with.
fn number(before: &[u8], run: &[u8], behind: &[u8]) -> Option<String> {
    let run = std::str::from_utf8(run).ok()?;
    let behind_start = match before {
        [.., b';' | b'+' | b'!' | b'#'] => true,
        [.., b'%', letter] => letter.is_ascii_alphabetic(),
        _ => false,
    };
    let track = behind_start || matches!(behind.first(), Some(b'=' | b'^'));
    let bank_form = match behind.split_first() {
        Some((b'=', rest)) => track::expiry_and_service(rest),
        // On track 1 the name stands between.
        Some((b'^', rest)) => {
            let dates = rest.splitn(2, |byte| *byte == b'^').nth(1);
            dates.is_some_and(track::expiry_and_service)
        }
        _ => false,
    };
    let is_card = |digits: &str| {
        Pan::new(digits).is_some_and(|pan| match track {
            true => pan.passes_luhn() || bank_form,
            false => digits.len() >= 15 && pan.passes_luhn() && pan.system().is_some(),
        })
    };
    if is_card(run) {
        return Some(run.to_owned());
    }
    // Behind the format code of track 3, or behind digits that came without a line end before them.
    let inside = run.get(2..).filter(|_| track).into_iter();
    inside
        .chain((13..=19).rev().filter(|_| run.len() > 19).filter_map(|length| run.get(run.len() - length..)))
        .find(|digits| is_card(digits))
        .map(str::to_owned)
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(&u8) -> bool) -> Option<usize> {
    bytes.get(from..)?.iter().position(wanted).map(|at| from + at)
}
