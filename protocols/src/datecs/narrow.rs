//! The one-byte frame: `01 | LEN | SEQ | CMD | DATA | [04 | STATUS6] | 05 | BCC4 | 03` (*P manual*, low-level
//! protocol). LEN counts what stands after 01 up to 05, both itself and 05, and 20h more.
//!
//! Data is bytes 20 to FF, and TAB and LF as they are. Some texts of the maker send a byte below 20h as 10h and
//! the byte plus 40h; the commands built here never need it.

use super::frame::{FrameError, POSTAMBLE, PREAMBLE, Parts, Scan, TERMINATOR, digits, scan_tail, sum};

/// LEN, SEQ, CMD and 05.
const FIXED: usize = 1 + 1 + 1 + 1;
const OFFSET: usize = 0x20;

/// The bytes of a frame of the host. `data` was checked.
pub(super) fn encode(seq: u8, number: u16, data: &[u8]) -> Result<Vec<u8>, FrameError> {
    let command = u8::try_from(number).ok().filter(|command| *command >= 0x20);
    let command = command.ok_or(FrameError::Number { number, last: 0xff })?;
    let limit = 0xff - OFFSET - FIXED;
    let length = u8::try_from(OFFSET + FIXED + data.len())
        .map_err(|_| FrameError::TooLong { length: data.len(), limit })?;
    let mut bytes = Vec::with_capacity(1 + FIXED + data.len() + 5);
    bytes.extend([PREAMBLE, length, seq, command]);
    bytes.extend_from_slice(data);
    bytes.push(POSTAMBLE);
    bytes.extend(digits(sum(&bytes[1..])));
    bytes.push(TERMINATOR);
    Ok(bytes)
}

/// Looks for a frame in bytes that begin with 01.
pub(super) fn scan(bytes: &[u8]) -> Scan<'_> {
    let header = bytes.get(1..bytes.len().min(4)).unwrap_or_default();
    if header.iter().any(|byte| *byte < 0x20) {
        return Scan::Broken;
    }
    let &[length, ..] = header else { return Scan::More };
    let Some(until_postamble) = usize::from(length).checked_sub(OFFSET).filter(|n| *n >= FIXED) else {
        return Scan::Broken;
    };
    match (scan_tail(bytes, until_postamble, 4), header) {
        (Scan::Whole { parts, length }, &[_, seq, command]) => {
            Scan::Whole { parts: Parts { seq, number: u16::from(command), ..parts }, length }
        }
        (Scan::Broken, _) => Scan::Broken,
        _ => Scan::More,
    }
}
