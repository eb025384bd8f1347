//! Numbers and texts as tasks carry them.

use encoding_rs::IBM866;

/// Binary coded decimal, the highest digits first; digits that don't fit are cut off.
pub(super) fn bcd(value: u64, bytes: usize) -> Vec<u8> {
    let mut rest = value;
    let mut out = vec![0; bytes];
    for byte in out.iter_mut().rev() {
        let pair = (rest % 100) as u8;
        *byte = ((pair / 10) << 4) | (pair % 10);
        rest /= 100;
    }
    out
}

/// Reads [`bcd`] of up to nine bytes; `None` when a half byte is no digit.
pub(super) fn from_bcd(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0u64, |value, byte| {
        let (high, low) = (byte >> 4, byte & 0x0F);
        (high < 10 && low < 10).then(|| value * 100 + u64::from(high) * 10 + u64::from(low))
    })
}

/// Text in code page 866.
pub(super) fn text(bytes: &[u8]) -> String {
    IBM866.decode_without_bom_handling(bytes).0.into_owned()
}

/// Code page 866; what it doesn't have becomes `?`.
pub(super) fn cp866(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (bytes, _, lost) = IBM866.encode(c.encode_utf8(&mut buffer));
        if lost { out.push(b'?') } else { out.extend_from_slice(&bytes) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_right_aligned_and_cut_at_the_left() {
        assert_eq!(bcd(1234, 5), [0, 0, 0, 0x12, 0x34]);
        assert_eq!(bcd(123_456, 2), [0x34, 0x56]);
        assert_eq!(from_bcd(&[0, 0x12, 0x34]), Some(1234));
        assert_eq!(from_bcd(&[0x1A]), None);
    }

    #[test]
    fn texts_are_in_code_page_866() {
        // The device's name in an answer to A5, from a public driver's protocol notes.
        let name = [0x8A, 0xA0, 0xA7, 0xAD, 0xA0, 0xE7, 0xA5, 0xA9, 0x20, 0x94, 0x80];
        assert_eq!(text(&name), "Казначей ФА");
        assert_eq!(cp866("Казначей ФА"), name);
        assert_eq!(cp866("5 €"), b"5 ?");
    }
}
