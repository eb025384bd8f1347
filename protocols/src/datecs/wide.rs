//! The wide frame: `01 | LEN4 | SEQ | CMD4 | DATA | [04 | STATUS8] | 05 | BCC4 | 03` (*X manual*, "Wrapped
//! messages"). LEN counts what stands after 01 up to 05, both its own digits and 05, and 20h more.

use super::frame::{
    MOST_BODY, POSTAMBLE, PREAMBLE, Parts, Scan, TERMINATOR, digits, scan_tail, sum, undigits,
};

/// LEN, SEQ, CMD and 05.
const FIXED: usize = 4 + 1 + 4 + 1;
const OFFSET: usize = 0x20;

/// The bytes of a frame of the host. `data` was checked.
pub(super) fn encode(seq: u8, number: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + FIXED + data.len() + 5);
    bytes.push(PREAMBLE);
    bytes.extend(digits((OFFSET + FIXED + data.len()) as u16));
    bytes.push(seq);
    bytes.extend(digits(number));
    bytes.extend_from_slice(data);
    bytes.push(POSTAMBLE);
    bytes.extend(digits(sum(&bytes[1..])));
    bytes.push(TERMINATOR);
    bytes
}

/// Looks for a frame in bytes that begin with 01.
pub(super) fn scan(bytes: &[u8]) -> Scan<'_> {
    let header = bytes.get(1..bytes.len().min(10)).unwrap_or_default();
    let plausible = header.iter().enumerate().all(|(at, byte)| match at {
        4 => *byte >= 0x20,
        _ => (0x30..=0x3f).contains(byte),
    });
    if !plausible {
        return Scan::Broken;
    }
    let Some(length) = bytes.get(1..5).and_then(undigits) else { return Scan::More };
    let length = usize::from(length);
    if !(OFFSET + FIXED..=OFFSET + FIXED + MOST_BODY).contains(&length) {
        return Scan::Broken;
    }
    match (scan_tail(bytes, length - OFFSET, 10), bytes.get(5), bytes.get(6..10).and_then(undigits)) {
        (Scan::Whole { parts, length }, Some(&seq), Some(number)) => {
            Scan::Whole { parts: Parts { seq, number, ..parts }, length }
        }
        (Scan::Broken, ..) => Scan::Broken,
        _ => Scan::More,
    }
}
