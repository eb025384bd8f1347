//! Check digits of codes that are read: GS1 keys, UPC-E, and variable measure fields.
//!
//! GS1 General Specifications, section 7.9.

/// The GS1 check digit of the digits in front of it, of any number: from the right, weights 3 and 1 in turn
/// (7.9.1). `None` where there is no digit, or something else among them.
pub fn check_digit(digits: &str) -> Option<u8> {
    let mut sum = 0;
    for (index, byte) in digits.bytes().rev().enumerate() {
        let weight = if index % 2 == 0 { 3 } else { 1 };
        sum += u32::from(digit(byte)?) * weight;
    }
    let check = u8::try_from((10 - sum % 10) % 10).ok()?;
    (!digits.is_empty()).then_some(check)
}

/// Whether the last digit is the check digit of those in front of it.
pub fn is_checked(digits: &str) -> bool {
    let Some((front, last)) = digits.split_at_checked(digits.len().saturating_sub(1)) else { return false };
    last.bytes().next().and_then(digit).is_some_and(|last| check_digit(front) == Some(last))
}

/// The verifier digit of a price or measure of four or five digits (7.9.2 to 7.9.4); `None` for other
/// lengths, and for anything but digits.
pub fn price_verifier(field: &str) -> Option<u8> {
    let digits: Vec<u8> = field.bytes().map(digit).collect::<Option<_>>()?;
    match *digits.as_slice() {
        [a, b, c, d] => {
            let sum = two_minus(a) + two_minus(b) + three(c) + five_minus(d);
            Some(sum * 3 % 10)
        }
        [a, b, c, d, e] => {
            let sum = five_plus(a) + two_minus(b) + five_minus(c) + five_plus(d) + two_minus(e);
            let missing = (10 - sum % 10) % 10;
            (0..10).find(|&verifier| five_minus(verifier) == missing)
        }
        _ => None,
    }
}

/// The UPC-A number that a UPC-E of eight digits, number system and check digit included, stands for.
/// `None` for anything but eight digits, and for number systems other than 0 and 1.
///
/// The zeros that were left out are told by the last digit of the six (GS1 General Specifications, 5.2.2).
pub fn upc_e_to_upc_a(code: &str) -> Option<String> {
    let digits: Vec<u8> = code.bytes().map(digit).collect::<Option<_>>()?;
    let [system @ (0 | 1), a, b, c, d, e, f, check] = *digits.as_slice() else { return None };
    let middle = match f {
        0..=2 => [a, b, f, 0, 0, 0, 0, c, d, e],
        3 => [a, b, c, 0, 0, 0, 0, 0, d, e],
        4 => [a, b, c, d, 0, 0, 0, 0, 0, e],
        _ => [a, b, c, d, e, 0, 0, 0, 0, f],
    };
    let all = std::iter::once(system).chain(middle).chain(std::iter::once(check));
    Some(all.map(|digit| char::from(b'0' + digit)).collect())
}

/// Whether there is something, and nothing but digits.
pub fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte.wrapping_sub(b'0'))
}

/// Twice the digit, less its tens.
fn two_minus(digit: u8) -> u8 {
    (digit * 2 - digit * 2 / 10) % 10
}

fn three(digit: u8) -> u8 {
    digit * 3 % 10
}

/// Five times the digit, and its tens.
fn five_plus(digit: u8) -> u8 {
    (digit * 5 + digit * 5 / 10) % 10
}

/// Five times the digit, less its tens.
fn five_minus(digit: u8) -> u8 {
    (digit * 5 - digit * 5 / 10) % 10
}
