//! Card numbers in raw bytes: for byte traces and texts that reach a log.

use std::ops::Range;

use super::pan::{Pan, PaymentSystem, mask};
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
/// A number may also stand inside a longer run, with digits in front that came without a line end, or with its
/// expiry behind where a reader's `=` was lost. With the right check digit and first digits of a payment system it
/// is found there
/// - anywhere: with 16 digits, as almost all cards have, or with the 15 of American Express;
/// - at the end: with 17 to 19 digits; of a track with 13 to 19.
///
/// About one of 30 such windows of a run that is no card passes by chance: of codes with 17 digits one of 10 is
/// masked, and most of those with more than 40. So codes whose own structure proves what they are (GS1 elements,
/// marking codes) have to be told from others before they are masked.
///
/// A number that is split over two calls is not found: give whole lines.
pub fn mask_text(bytes: &[u8]) -> Masked {
    let mut masked = mask_once(bytes, true);
    // What is left of a run may be one by itself.
    loop {
        let again = mask_once(&masked.bytes, true);
        if again.found == 0 {
            return masked;
        }
        masked = Masked { bytes: again.bytes, found: masked.found + again.found };
    }
}

/// Whether the number of a bank card stands on a track that was read from a card. There it stands alone: a number that
/// only has one inside is another card's.
pub(super) fn is_on_track(data: &[u8]) -> bool {
    mask_once(data, false).found > 0
}

/// `inside`: whether numbers are looked for inside of longer runs.
fn mask_once(bytes: &[u8], inside: bool) -> Masked {
    let mut masked = Masked { bytes: bytes.to_vec(), found: 0 };
    let mut at = 0;
    while let Some(start) = find(bytes, at, |byte| byte.is_ascii_digit()) {
        let end = find(bytes, start, |byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
        at = end;
        let (before, behind) = (bytes.get(..start).unwrap_or_default(), bytes.get(end..).unwrap_or_default());
        let run = std::str::from_utf8(bytes.get(start..end).unwrap_or_default()).unwrap_or_default();
        let numbers = numbers(before, run, behind, inside);
        if numbers.is_empty() {
            continue;
        }
        for number in numbers {
            // Where two overlap, what either hides is hidden.
            let stars = mask(run.get(number.clone()).unwrap_or_default());
            let digits = masked.bytes.iter_mut().skip(start + number.start);
            digits.zip(stars.bytes()).filter(|(_, star)| *star == b'*').for_each(|(byte, star)| *byte = star);
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

/// Where the card numbers are in a run of digits: the one that it is, or those that it has inside.
fn numbers(before: &[u8], run: &str, behind: &[u8], inside: bool) -> Vec<Range<usize>> {
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
        return std::iter::once(0..run.len()).collect();
    }
    let at_end = |length: usize| run.len().checked_sub(length).map(|start| start..run.len());
    // Behind the format code of track 3, or behind digits that came without a line end before them.
    let format_code = (track && run.len() > 2).then_some(2..run.len()).into_iter();
    let long = (13..=19).rev().filter(|_| run.len() > 19).filter_map(at_end);
    let ends = format_code.chain(long).find(|end| run.get(end.clone()).is_some_and(is_card));
    let mut found: Vec<Range<usize>> = ends.into_iter().collect();
    if inside {
        let issued = |digits: &str| Pan::new(digits).filter(Pan::passes_luhn).and_then(|pan| pan.system());
        let shortest = if track { 13 } else { 17 };
        let ends = (shortest..=19).filter_map(at_end);
        found.extend(ends.filter(|end| run.get(end.clone()).and_then(issued).is_some()));
        let windows =
            |length: usize| (0..=run.len().saturating_sub(length)).map(move |start| start..start + length);
        let amex = |digits: &str| issued(digits) == Some(PaymentSystem::AmericanExpress);
        found.extend(windows(16).filter(|at| run.get(at.clone()).and_then(issued).is_some()));
        found.extend(windows(15).filter(|at| run.get(at.clone()).is_some_and(amex)));
    }
    found
}

fn find(bytes: &[u8], from: usize, wanted: impl Fn(&u8) -> bool) -> Option<usize> {
    bytes.get(from..)?.iter().position(wanted).map(|at| from + at)
}
