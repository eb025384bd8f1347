//! One-dimensional barcodes: what data they take, their check digits, and their bars.
//!
//! Bars are for printers that don't draw a symbology by themselves. Patterns follow ISO/IEC 15420
//! (EAN), 15417 (CODE128), 16388 (CODE39) and 16390 (interleaved 2 of 5).

use thiserror::Error;

use crate::document::Symbology;

/// Checks the data of a barcode and completes it: EAN check digits are added when they are missing.
///
/// PDF417 takes any data and is returned as it is.
///
/// # Errors
/// [`BarcodeError`]: the data can't be written in this symbology.
pub fn normalise(symbology: Symbology, data: &str) -> Result<String, BarcodeError> {
    if data.is_empty() {
        return Err(BarcodeError::Empty { symbology: name(symbology) });
    }
    match symbology {
        Symbology::Ean13 => ean(data, 12),
        Symbology::Ean8 => ean(data, 7),
        Symbology::Code128 => only(symbology, data, "ASCII", |c| c.is_ascii()),
        Symbology::Code39 => only(symbology, data, "0-9, A-Z, space and -.$/+%", |c| CODE39.contains(c)),
        Symbology::Itf => {
            only(symbology, data, "digits", |c| c.is_ascii_digit())?;
            if data.len() % 2 == 1 {
                return Err(BarcodeError::Length {
                    symbology: "ITF",
                    found: data.len(),
                    wanted: "an even number of digits: put a 0 in front",
                });
            }
            Ok(data.to_owned())
        }
        Symbology::Pdf417 => Ok(data.to_owned()),
    }
}

/// Widths of bars and spaces in turn, beginning with a bar, in modules. Quiet zones are not part.
///
/// `data` is what [`normalise`] returned. `None` for PDF417, which has no single row of bars.
pub fn bars(symbology: Symbology, data: &str) -> Option<Vec<u8>> {
    match symbology {
        Symbology::Ean13 => Some(ean13_bars(data)),
        Symbology::Ean8 => Some(ean8_bars(data)),
        Symbology::Code128 => Some(code128_bars(&code128(data, true))),
        Symbology::Code39 => Some(code39_bars(data)),
        Symbology::Itf => Some(itf_bars(data)),
        Symbology::Pdf417 => None,
    }
}

/// Why data can't become a barcode.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BarcodeError {
    /// No data.
    #[error("a {symbology} barcode needs data")]
    Empty {
        /// Symbology.
        symbology: &'static str,
    },
    /// A character the symbology has no code for.
    #[error("{symbology} has no code for {found:?}; it takes {allowed}")]
    Character {
        /// Symbology.
        symbology: &'static str,
        /// The first such character.
        found: char,
        /// What it takes.
        allowed: &'static str,
    },
    /// Too short or too long.
    #[error("{symbology} got {found} characters; it takes {wanted}")]
    Length {
        /// Symbology.
        symbology: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        wanted: &'static str,
    },
    /// The last digit is not the check digit of the others.
    #[error("the check digit of {data} should be {expected}; leave it out to have it added")]
    CheckDigit {
        /// The data as given.
        data: String,
        /// The right digit.
        expected: char,
    },
}

/// A step of a CODE128 symbol between its start and its check character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code128 {
    /// Start in, or change to, a code set.
    Set(CodeSet),
    /// The next character alone is of the other one of A and B.
    Shift,
    /// An ASCII character of set A or B.
    Char(u8),
    /// Two digits of set C, 0 to 99.
    Pair(u8),
}

/// CODE128 code sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSet {
    /// Control characters, digits, capitals.
    A,
    /// Printable ASCII and DEL.
    B,
    /// Pairs of digits.
    C,
}

/// The shortest CODE128 form of ASCII data; without set C where `pairs` is false.
pub fn code128(data: &str, pairs: bool) -> Vec<Code128> {
    const SETS: [CodeSet; 3] = [CodeSet::A, CodeSet::B, CodeSet::C];
    let bytes = data.as_bytes();
    let direct = |set: CodeSet, at: usize| match set {
        CodeSet::A => bytes[at] < 0x60,
        CodeSet::B => (0x20..0x80).contains(&bytes[at]),
        CodeSet::C => pairs && bytes[at..].len() >= 2 && bytes[at..at + 2].iter().all(u8::is_ascii_digit),
    };
    // cost[at][set]: symbols needed from `at` on when `set` is active there; and whether that is by
    // changing to another set first, or by a shift.
    #[derive(Clone, Copy)]
    enum Step {
        Take(usize),
        Shift,
        Change(usize),
        End,
    }
    let unreachable = (usize::MAX / 2, Step::End);
    let mut plan = vec![[unreachable; 3]; bytes.len() + 1];
    plan[bytes.len()] = [(0, Step::End); 3];
    for at in (0..bytes.len()).rev() {
        let mut best = [unreachable; 3];
        for (i, &set) in SETS.iter().enumerate() {
            let width = if set == CodeSet::C { 2 } else { 1 };
            if direct(set, at) {
                best[i] = (1 + plan[at + width][i].0, Step::Take(width));
            } else if set != CodeSet::C {
                best[i] = (2 + plan[at + 1][i].0, Step::Shift);
            }
        }
        for i in 0..3 {
            for j in (0..3).filter(|&j| j != i) {
                if direct(SETS[j], at) && best[j].0 + 1 < best[i].0 {
                    best[i] = (best[j].0 + 1, Step::Change(j));
                }
            }
        }
        plan[at] = best;
    }
    // Set B first: among equals it is what people expect to read in a dump.
    let mut set = [1, 2, 0].into_iter().min_by_key(|&i| plan[0][i].0).unwrap_or(1);
    let mut symbols = vec![Code128::Set(SETS[set])];
    let mut at = 0;
    while at < bytes.len() {
        match plan[at][set].1 {
            Step::Take(2) => {
                symbols.push(Code128::Pair((bytes[at] - b'0') * 10 + bytes[at + 1] - b'0'));
                at += 2;
            }
            Step::Take(_) => {
                symbols.push(Code128::Char(bytes[at]));
                at += 1;
            }
            Step::Shift => {
                symbols.extend([Code128::Shift, Code128::Char(bytes[at])]);
                at += 1;
            }
            Step::Change(to) => {
                set = to;
                symbols.push(Code128::Set(SETS[to]));
            }
            Step::End => break,
        }
    }
    symbols
}

/// The symbology's name as people write it.
pub fn name(symbology: Symbology) -> &'static str {
    match symbology {
        Symbology::Ean13 => "EAN-13",
        Symbology::Ean8 => "EAN-8",
        Symbology::Code128 => "CODE128",
        Symbology::Code39 => "CODE39",
        Symbology::Itf => "ITF",
        Symbology::Pdf417 => "PDF417",
    }
}

fn only(
    symbology: Symbology,
    data: &str,
    allowed: &'static str,
    ok: impl Fn(char) -> bool,
) -> Result<String, BarcodeError> {
    match data.chars().find(|&c| !ok(c)) {
        Some(found) => Err(BarcodeError::Character { symbology: name(symbology), found, allowed }),
        None => Ok(data.to_owned()),
    }
}

fn ean(data: &str, digits: usize) -> Result<String, BarcodeError> {
    let (symbology, wanted) = if digits == 12 {
        (Symbology::Ean13, "12 digits, or 13 with the check digit")
    } else {
        (Symbology::Ean8, "7 digits, or 8 with the check digit")
    };
    only(symbology, data, "digits", |c| c.is_ascii_digit())?;
    if data.len() != digits && data.len() != digits + 1 {
        return Err(BarcodeError::Length { symbology: name(symbology), found: data.len(), wanted });
    }
    let sum: u32 = data[..digits]
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 3 } else { 1 })
        .sum();
    let expected = (b'0' + ((10 - sum % 10) % 10) as u8) as char;
    match data[digits..].chars().next() {
        Some(given) if given != expected => Err(BarcodeError::CheckDigit { data: data.to_owned(), expected }),
        _ => Ok(format!("{}{expected}", &data[..digits])),
    }
}

/// Widths of the four elements of EAN digits in the odd-parity left set, beginning with a space.
const EAN: [[u8; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];

/// Which left digits of EAN-13 are of even parity, by its first digit; the leftmost is bit 5.
const EAN13_PARITY: [u8; 10] = [0x00, 0x0b, 0x0d, 0x0e, 0x13, 0x19, 0x1c, 0x15, 0x16, 0x1a];

fn ean13_bars(data: &str) -> Vec<u8> {
    let digits: Vec<usize> = data.bytes().map(|b| usize::from(b.wrapping_sub(b'0')) % 10).collect();
    let parity = EAN13_PARITY[digits.first().copied().unwrap_or(0)];
    let left = digits.get(1..7).unwrap_or_default();
    let even = |i: usize| parity >> (5 - i) & 1 == 1;
    ean_bars(left, digits.get(7..).unwrap_or_default(), even)
}

fn ean8_bars(data: &str) -> Vec<u8> {
    let digits: Vec<usize> = data.bytes().map(|b| usize::from(b.wrapping_sub(b'0')) % 10).collect();
    ean_bars(digits.get(..4).unwrap_or_default(), digits.get(4..).unwrap_or_default(), |_| false)
}

fn ean_bars(left: &[usize], right: &[usize], even: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut bars = vec![1, 1, 1];
    for (i, &digit) in left.iter().enumerate() {
        if even(i) {
            bars.extend(EAN[digit].iter().rev());
        } else {
            bars.extend(EAN[digit]);
        }
    }
    bars.extend([1, 1, 1, 1, 1]);
    bars.extend(right.iter().flat_map(|&digit| EAN[digit]));
    bars.extend([1, 1, 1]);
    bars
}

const CODE39: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// Which of the nine elements are wide, in the order of [`CODE39`], the start/stop sign last.
const CODE39_WIDE: [u16; 44] = [
    0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064, 0x109, 0x049, 0x148, 0x019, 0x118,
    0x058, 0x00d, 0x10c, 0x04c, 0x01c, 0x103, 0x043, 0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016,
    0x181, 0x0c1, 0x1c0, 0x091, 0x190, 0x0d0, 0x085, 0x184, 0x0c4, 0x0a8, 0x0a2, 0x08a, 0x02a, 0x094,
];

fn code39_bars(data: &str) -> Vec<u8> {
    let stop = CODE39_WIDE.len() - 1;
    let signs = data.chars().filter_map(|c| CODE39.find(c));
    let mut bars = Vec::new();
    for sign in std::iter::once(stop).chain(signs).chain(std::iter::once(stop)) {
        if !bars.is_empty() {
            bars.push(1);
        }
        bars.extend((0..9).rev().map(|bit| if CODE39_WIDE[sign] >> bit & 1 == 1 { 3 } else { 1 }));
    }
    bars
}

/// Which of the five elements of an interleaved 2 of 5 digit are wide.
const ITF_WIDE: [u8; 10] = [0x06, 0x11, 0x09, 0x18, 0x05, 0x14, 0x0c, 0x03, 0x12, 0x0a];

fn itf_bars(data: &str) -> Vec<u8> {
    let mut bars = vec![1, 1, 1, 1];
    let width = |digit: u8, bit: u8| {
        if ITF_WIDE[usize::from(digit.wrapping_sub(b'0')) % 10] >> bit & 1 == 1 { 3 } else { 1 }
    };
    for pair in data.as_bytes().chunks_exact(2) {
        for bit in (0..5).rev() {
            bars.extend([width(pair[0], bit), width(pair[1], bit)]);
        }
    }
    bars.extend([3, 1, 1]);
    bars
}

/// The six widths of each CODE128 character as digits; the stop sign, of seven, follows apart.
const CODE128: [u32; 106] = [
    212222, 222122, 222221, 121223, 121322, 131222, 122213, 122312, 132212, 221213, 221312, 231212, 112232,
    122132, 122231, 113222, 123122, 123221, 223211, 221132, 221231, 213212, 223112, 312131, 311222, 321122,
    321221, 312212, 322112, 322211, 212123, 212321, 232121, 111323, 131123, 131321, 112313, 132113, 132311,
    211313, 231113, 231311, 112133, 112331, 132131, 113123, 113321, 133121, 313121, 211331, 231131, 213113,
    213311, 213131, 311123, 311321, 331121, 312113, 312311, 332111, 314111, 221411, 431111, 111224, 111422,
    121124, 121421, 141122, 141221, 112214, 112412, 122114, 122411, 142112, 142211, 241211, 221114, 413111,
    241112, 134111, 111242, 121142, 121241, 114212, 124112, 124211, 411212, 421112, 421211, 212141, 214121,
    412121, 111143, 111341, 131141, 114113, 114311, 411113, 411311, 113141, 114131, 311141, 411131, 211412,
    211214, 211232,
];

fn code128_bars(symbols: &[Code128]) -> Vec<u8> {
    let values = code128_values(symbols);
    let mut bars = Vec::with_capacity(values.len() * 6 + 7);
    for value in values {
        let mut widths = CODE128.get(usize::from(value)).copied().unwrap_or(CODE128[0]);
        let from = bars.len();
        for _ in 0..6 {
            bars.push((widths % 10) as u8);
            widths /= 10;
        }
        bars[from..].reverse();
    }
    bars.extend([2, 3, 3, 1, 1, 1, 2]);
    bars
}

/// Code values from the start to the check character.
fn code128_values(symbols: &[Code128]) -> Vec<u8> {
    let mut values = Vec::with_capacity(symbols.len() + 1);
    let mut active = CodeSet::B;
    let mut shifted = false;
    for &symbol in symbols {
        let value = match symbol {
            Code128::Set(to) => {
                let value = match (values.is_empty(), to) {
                    (true, CodeSet::A) => 103,
                    (true, CodeSet::B) => 104,
                    (true, CodeSet::C) => 105,
                    (false, CodeSet::A) => 101,
                    (false, CodeSet::B) => 100,
                    (false, CodeSet::C) => 99,
                };
                active = to;
                value
            }
            Code128::Shift => {
                shifted = true;
                98
            }
            Code128::Pair(n) => n,
            Code128::Char(b) => {
                let in_a = (active == CodeSet::A) != std::mem::take(&mut shifted);
                if in_a && b < 0x20 { b + 64 } else { b.wrapping_sub(0x20) }
            }
        };
        values.push(value);
    }
    let sum: u32 = values.iter().enumerate().map(|(i, &v)| u32::from(v) * (i.max(1) as u32)).sum();
    values.push((sum % 103) as u8);
    values
}

#[cfg(test)]
mod tests;
