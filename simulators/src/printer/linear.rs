//! One-dimensional codes besides CODE128: checks, check digits and patterns.

use super::symbols::Bars;

fn digits(data: &[u8], name: &str) -> Result<Vec<u8>, String> {
    data.iter()
        .map(|b| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            _ => Err(format!("{name}: byte {b:02X} is no digit")),
        })
        .collect()
}

/// Appends the check digit, or checks the one that came.
fn checked(mut d: Vec<u8>, payload: usize, name: &str) -> Result<Vec<u8>, String> {
    if d.len() != payload && d.len() != payload + 1 {
        return Err(format!("{name}: {} digits, needs {payload} or {}", d.len(), payload + 1));
    }
    let sum: u32 = d
        .iter()
        .take(payload)
        .rev()
        .enumerate()
        .map(|(i, &v)| u32::from(v) * if i % 2 == 0 { 3 } else { 1 })
        .sum();
    let check = ((10 - sum % 10) % 10) as u8;
    match d.get(payload) {
        Some(&given) if given != check => Err(format!("{name}: check digit {given}, should be {check}")),
        Some(_) => Ok(d),
        None => {
            d.push(check);
            Ok(d)
        }
    }
}

fn text_of(digits: &[u8]) -> String {
    digits.iter().map(|d| char::from(b'0' + d)).collect()
}

/// Number set A; set B is its mirror image, set C has the same widths starting with a bar.
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
/// Which of the left six digits of EAN-13 use set B, by the first digit.
const EAN13_B: [u8; 10] =
    [0, 0b001011, 0b001101, 0b001110, 0b010011, 0b011001, 0b011100, 0b010101, 0b010110, 0b011010];

fn ean_digit(widths: &mut Vec<u8>, digit: u8, mirrored: bool) {
    let mut pattern = EAN[usize::from(digit % 10)];
    if mirrored {
        pattern.reverse();
    }
    widths.extend(pattern);
}

fn ean_halves(left: &[u8], set_b: u8, right: &[u8]) -> Vec<u8> {
    let mut widths = vec![1, 1, 1];
    for (i, &digit) in left.iter().enumerate() {
        let bit = left.len() - 1 - i;
        ean_digit(&mut widths, digit, set_b >> bit & 1 == 1);
    }
    widths.extend([1, 1, 1, 1, 1]);
    for &digit in right {
        ean_digit(&mut widths, digit, false);
    }
    widths.extend([1, 1, 1]);
    widths
}

pub(crate) fn ean13(data: &[u8]) -> Result<Bars, String> {
    let d = checked(digits(data, "EAN13")?, 12, "EAN13")?;
    let set_b = EAN13_B[usize::from(d[0] % 10)];
    Ok(Bars { widths: ean_halves(&d[1..7], set_b, &d[7..13]), text: text_of(&d) })
}

pub(crate) fn ean8(data: &[u8]) -> Result<Bars, String> {
    let d = checked(digits(data, "EAN8")?, 7, "EAN8")?;
    Ok(Bars { widths: ean_halves(&d[..4], 0, &d[4..]), text: text_of(&d) })
}

pub(crate) fn upc_a(data: &[u8]) -> Result<Bars, String> {
    let d = checked(digits(data, "UPC-A")?, 11, "UPC-A")?;
    Ok(Bars { widths: ean_halves(&d[..6], 0, &d[6..]), text: text_of(&d) })
}

/// Set B pattern by check digit for number system 0.
const UPC_E_B: [u8; 10] =
    [0b111000, 0b110100, 0b110010, 0b110001, 0b101100, 0b100110, 0b100011, 0b101010, 0b101001, 0b100101];

pub(crate) fn upc_e(data: &[u8]) -> Result<Bars, String> {
    let d = digits(data, "UPC-E")?;
    let six: Vec<u8> = match d.len() {
        6 => d.clone(),
        7 | 8 if d[0] == 0 => d[1..7].to_vec(),
        11 | 12 if d[0] == 0 => shorten(&d).ok_or("UPC-E: this UPC-A can't be shortened")?,
        _ => return Err(format!("UPC-E: {} digits, or not number system 0", d.len())),
    };
    let full = checked(lengthen(&six), 11, "UPC-E")?;
    let check = full[11];
    let given = match d.len() {
        8 => Some(d[7]),
        12 => Some(d[11]),
        _ => None,
    };
    if given.is_some_and(|g| g != check) {
        return Err(format!("UPC-E: wrong check digit, should be {check}"));
    }
    let mut widths = vec![1, 1, 1];
    for (i, &digit) in six.iter().enumerate() {
        ean_digit(&mut widths, digit, UPC_E_B[usize::from(check)] >> (5 - i) & 1 == 1);
    }
    widths.extend([1, 1, 1, 1, 1, 1]);
    Ok(Bars { widths, text: format!("0{}{check}", text_of(&six)) })
}

/// UPC-E digits to the eleven digits of UPC-A (GS1 General Specifications, figure on UPC-E).
fn lengthen(e: &[u8]) -> Vec<u8> {
    let (a, b, c, d, f, last) = (e[0], e[1], e[2], e[3], e[4], e[5]);
    match last {
        0..=2 => vec![0, a, b, last, 0, 0, 0, 0, c, d, f],
        3 => vec![0, a, b, c, 0, 0, 0, 0, 0, d, f],
        4 => vec![0, a, b, c, d, 0, 0, 0, 0, 0, f],
        _ => vec![0, a, b, c, d, f, 0, 0, 0, 0, last],
    }
}

fn shorten(a: &[u8]) -> Option<Vec<u8>> {
    let candidates = [
        vec![a[1], a[2], a[8], a[9], a[10], a[3]],
        vec![a[1], a[2], a[3], a[9], a[10], 3],
        vec![a[1], a[2], a[3], a[4], a[10], 4],
        vec![a[1], a[2], a[3], a[4], a[5], a[10]],
    ];
    candidates.into_iter().find(|c| lengthen(c) == a[..11])
}

const CODE39: &[u8; 44] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";
const CODE39_WIDE: [u16; 44] = [
    0b000110100,
    0b100100001,
    0b001100001,
    0b101100000,
    0b000110001,
    0b100110000,
    0b001110000,
    0b000100101,
    0b100100100,
    0b001100100,
    0b100001001,
    0b001001001,
    0b101001000,
    0b000011001,
    0b100011000,
    0b001011000,
    0b000001101,
    0b100001100,
    0b001001100,
    0b000011100,
    0b100000011,
    0b001000011,
    0b101000010,
    0b000010011,
    0b100010010,
    0b001010010,
    0b000000111,
    0b100000110,
    0b001000110,
    0b000010110,
    0b110000001,
    0b011000001,
    0b111000000,
    0b010010001,
    0b110010000,
    0b011010000,
    0b010000101,
    0b110000100,
    0b011000100,
    0b010101000,
    0b010100010,
    0b010001010,
    0b000101010,
    0b010010100,
];

pub(crate) fn code39(data: &[u8]) -> Result<Bars, String> {
    let inner = data.strip_prefix(b"*").and_then(|d| d.strip_suffix(b"*")).unwrap_or(data);
    if inner.is_empty() {
        return Err("CODE39: no data".into());
    }
    let mut widths = Vec::new();
    for &c in [b"*", inner, b"*"].concat().iter() {
        let index = CODE39.iter().position(|&k| k == c);
        let at = index.ok_or_else(|| format!("CODE39: byte {c:02X} isn't in its alphabet"))?;
        for bit in (0..9).rev() {
            widths.push(if CODE39_WIDE[at] >> bit & 1 == 1 { 3 } else { 1 });
        }
        widths.push(1);
    }
    if inner.contains(&b'*') {
        return Err("CODE39: * inside the data".into());
    }
    widths.pop();
    Ok(Bars { widths, text: String::from_utf8_lossy(inner).into_owned() })
}

/// Wide elements of each digit, two of five.
const ITF_WIDE: [u8; 10] =
    [0b00110, 0b10001, 0b01001, 0b11000, 0b00101, 0b10100, 0b01100, 0b00011, 0b10010, 0b01010];

pub(crate) fn itf(data: &[u8]) -> Result<Bars, String> {
    let d = digits(data, "ITF")?;
    if d.len() < 2 || d.len() % 2 == 1 {
        return Err(format!("ITF: {} digits, needs an even number", d.len()));
    }
    let mut widths = vec![1, 1, 1, 1];
    for pair in d.chunks_exact(2) {
        for bit in (0..5).rev() {
            for &digit in pair {
                widths.push(if ITF_WIDE[usize::from(digit)] >> bit & 1 == 1 { 3 } else { 1 });
            }
        }
    }
    widths.extend([3, 1, 1]);
    Ok(Bars { widths, text: text_of(&d) })
}

const CODABAR: &[u8; 20] = b"0123456789-$:/.+ABCD";
const CODABAR_WIDE: [u8; 20] = [
    0b0000011, 0b0000110, 0b0001001, 0b1100000, 0b0010010, 0b1000010, 0b0100001, 0b0100100, 0b0110000,
    0b1001000, 0b0001100, 0b0011000, 0b1000101, 0b1010001, 0b1010100, 0b0010101, 0b0011010, 0b0101001,
    0b0001011, 0b0001110,
];

pub(crate) fn codabar(data: &[u8]) -> Result<Bars, String> {
    let upper = data.to_ascii_uppercase();
    let (Some(b'A'..=b'D'), Some(b'A'..=b'D')) = (upper.first(), upper.last()) else {
        return Err("CODABAR: needs A to D at both ends".into());
    };
    if upper.len() < 2 || upper[1..upper.len() - 1].iter().any(u8::is_ascii_alphabetic) {
        return Err("CODABAR: A to D only at the ends".into());
    }
    let mut widths = Vec::new();
    for c in &upper {
        let index = CODABAR.iter().position(|k| k == c);
        let at = index.ok_or_else(|| format!("CODABAR: byte {c:02X} isn't in its alphabet"))?;
        for bit in (0..7).rev() {
            widths.push(if CODABAR_WIDE[at] >> bit & 1 == 1 { 3 } else { 1 });
        }
        widths.push(1);
    }
    widths.pop();
    Ok(Bars { widths, text: String::from_utf8_lossy(&upper).into_owned() })
}

const CODE93: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
/// The last five are the four shift characters and start/stop.
const CODE93_WIDTHS: [&[u8; 6]; 48] = [
    b"131112", b"111213", b"111312", b"111411", b"121113", b"121212", b"121311", b"111114", b"131211",
    b"141111", b"211113", b"211212", b"211311", b"221112", b"221211", b"231111", b"112113", b"112212",
    b"112311", b"122112", b"132111", b"111123", b"111222", b"111321", b"121122", b"131121", b"212112",
    b"212211", b"211122", b"211221", b"221121", b"222111", b"112122", b"112221", b"122121", b"123111",
    b"121131", b"311112", b"311211", b"321111", b"112131", b"113121", b"211131", b"121221", b"312111",
    b"311121", b"122211", b"111141",
];

pub(crate) fn code93(data: &[u8]) -> Result<Bars, String> {
    if data.is_empty() {
        return Err("CODE93: no data".into());
    }
    let mut values: Vec<usize> = Vec::new();
    for &b in data {
        values.extend(code93_values(b).ok_or_else(|| format!("CODE93: byte {b:02X} isn't ASCII"))?);
    }
    for limit in [20, 15] {
        let sum: usize = values.iter().rev().enumerate().map(|(i, v)| v * (i % limit + 1)).sum();
        values.push(sum % 47);
    }
    let mut widths = Vec::new();
    for &value in std::iter::once(&47).chain(&values).chain(std::iter::once(&47)) {
        widths.extend(CODE93_WIDTHS[value].iter().map(|w| w - b'0'));
    }
    widths.push(1);
    Ok(Bars { widths, text: String::from_utf8_lossy(data).into_owned() })
}

/// One character, or a shift character and a letter for the rest of ASCII.
fn code93_values(b: u8) -> Option<Vec<usize>> {
    if let Some(value) = CODE93.iter().position(|&k| k == b) {
        return Some(vec![value]);
    }
    let letter = |c: u8| usize::from(c - b'A') + 10;
    Some(match b {
        0x00 => vec![44, letter(b'U')],
        0x01..=0x1A => vec![43, letter(b'A' + b - 1)],
        0x1B..=0x1F => vec![44, letter(b'A' + b - 0x1B)],
        0x21..=0x2F => vec![45, letter(b'A' + b - 0x21)],
        0x3A => vec![45, letter(b'Z')],
        0x3B..=0x3F => vec![44, letter(b'F' + b - 0x3B)],
        0x40 => vec![44, letter(b'V')],
        0x5B..=0x5F => vec![44, letter(b'K' + b - 0x5B)],
        0x60 => vec![44, letter(b'W')],
        0x61..=0x7A => vec![46, letter(b'A' + b - 0x61)],
        0x7B..=0x7F => vec![44, letter(b'P' + b - 0x7B)],
        _ => return None,
    })
}
