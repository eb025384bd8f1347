//! A register's side of the frames, written from the manuals and used by the tests only, and the frames that
//! documents show.

#![allow(dead_code)] // not every test uses all of it

use outlet_protocols::datecs::{Framing, Reply, Status};

/// Status query of the wide frame, SEQ 20 (facts sheet).
pub const WIDE_STATUS: &str = "01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03";
/// Opening a receipt on Romanian firmware, SEQ 21 (facts sheet).
pub const RO_OPEN: &str =
    "01 30 30 33 36 21 30 30 33 30 31 09 30 30 30 31 09 31 09 09 09 09 05 30 33 30 3B 03";
/// Status query of the narrow frame, SEQ 20 (facts sheet).
pub const NARROW_STATUS: &str = "01 24 20 4A 05 30 30 39 33 03";
/// The host's example in the X manual, "Wrapped messages": text `Test`, SEQ 24.
pub const X_TEXT: &str = "01 30 30 32 3F 24 30 30 32 3A 54 65 73 74 09 05 30 33 36 3F 03";
/// Its answer there.
pub const X_TEXT_ANSWER: &str =
    "01 30 30 33 35 24 30 30 32 3A 30 09 04 80 80 A0 80 86 9A 80 80 05 30 36 33 3A 03";

/// Status bytes of the X manual's example: a non-fiscal receipt is open, numbers and rates are set.
pub const WIDE_QUIET: [u8; 8] = [0x80, 0x80, 0xa0, 0x80, 0x86, 0x9a, 0x80, 0x80];
/// A narrow register in fiscal mode with nothing open.
pub const NARROW_QUIET: [u8; 6] = [0x80, 0x80, 0x80, 0x80, 0x86, 0x9a];

/// The bytes of a line of hexadecimal.
pub fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal")).collect()
}

/// What a register sends back.
pub fn answer(framing: Framing, seq: u8, number: u16, data: &[u8], status: &[u8]) -> Vec<u8> {
    let four =
        |n: usize| -> Vec<u8> { format!("{n:04X}").bytes().map(|c| from_hex_digit(c) + 0x30).collect() };
    let mut inner = Vec::new();
    inner.push(seq);
    match framing {
        Framing::Wide => inner.extend(four(number.into())),
        Framing::Narrow => inner.push(number as u8),
    }
    inner.extend_from_slice(data);
    inner.push(0x04);
    inner.extend_from_slice(status);
    inner.push(0x05);
    let mut counted = match framing {
        Framing::Wide => four(inner.len() + 4 + 0x20),
        Framing::Narrow => vec![(inner.len() + 1 + 0x20) as u8],
    };
    counted.append(&mut inner);
    let sum: usize = counted.iter().map(|b| usize::from(*b)).sum();
    let mut frame = vec![0x01];
    frame.extend(counted);
    frame.extend(four(sum));
    frame.push(0x03);
    frame
}

fn from_hex_digit(digit: u8) -> u8 {
    (digit as char).to_digit(16).expect("hexadecimal") as u8
}

/// An answer as the reader gives it, with quiet status bytes.
pub fn reply(framing: Framing, number: u16, data: &[u8]) -> Reply {
    let quiet: &[u8] = match framing {
        Framing::Wide => &WIDE_QUIET,
        Framing::Narrow => &NARROW_QUIET,
    };
    reply_with(number, data, quiet)
}

/// An answer as the reader gives it.
pub fn reply_with(number: u16, data: &[u8], status: &[u8]) -> Reply {
    Reply { seq: 0x20, number, data: data.to_vec(), status: Status::new(status).expect("status bytes") }
}
