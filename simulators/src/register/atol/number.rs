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

/// Text in the set that tasks carry: code page 866, but for these. `ExternalCharset` of kurbatov/atol4j names
/// the tasks (4C, 87, 9A, 50, E8, E9, EB); `AtolCodec` of AlexObukhoff/TerminalClient and the unit
/// `dant_AtolFRDevice` have the same characters.
const OTHERWISE: [(u8, char); 6] =
    [(0x24, '№'), (0x27, '’'), (0xF2, '€'), (0xFA, '\u{2011}'), (0xFC, '$'), (0xFF, '■')];

/// Text of a task.
pub(super) fn text(bytes: &[u8]) -> String {
    let plain = |byte: u8| IBM866.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or('?');
    bytes
        .iter()
        .map(|byte| OTHERWISE.iter().find(|(code, _)| code == byte).map_or_else(|| plain(*byte), |(_, c)| *c))
        .collect()
}

/// Text as the answer to a task has it; what the set doesn't have becomes `?`.
pub(super) fn external(text: &str) -> Vec<u8> {
    let byte = |c: char| OTHERWISE.iter().find(|(_, own)| *own == c).map(|(code, _)| vec![*code]);
    text.chars().flat_map(|c| byte(c).unwrap_or_else(|| cp866(&c.to_string()))).collect()
}

/// Code page 866, as the fiscal storage has its texts; what it doesn't have becomes `?`.
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
    fn the_storage_has_texts_in_code_page_866() {
        // The device's name in an answer to A5, from a public driver's protocol notes.
        let name = [0x8A, 0xA0, 0xA7, 0xAD, 0xA0, 0xE7, 0xA5, 0xA9, 0x20, 0x94, 0x80];
        assert_eq!(text(&name), "Казначей ФА");
        assert_eq!(cp866("Казначей ФА"), name);
        assert_eq!(cp866("5 €"), b"5 ?");
    }

    #[test]
    fn tasks_have_some_signs_in_other_places() {
        assert_eq!(text(&[0x24, 0x31, 0x20, 0xFC, 0x35, 0xF2]), "№1 $5€");
        assert_eq!(external("№1 $5€ Ё"), [0x24, 0x31, 0x20, 0xFC, 0x35, 0xF2, 0x20, 0xF0]);
        assert_eq!(cp866("№1 $5"), [0xFC, 0x31, 0x20, 0x24, 0x35]);
    }
}
