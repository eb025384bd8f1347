//! Text for the register, in its code page.

use std::sync::OnceLock;

use super::command::CommandError;
use crate::codepage::{Page, transliterate};

/// The bytes of a text of at most `limit` characters without control characters.
pub(super) fn encode(
    page: Page,
    field: &'static str,
    text: &str,
    limit: usize,
) -> Result<Vec<u8>, CommandError> {
    let table = page.table();
    let mut bytes = Vec::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        if character.is_control() {
            return Err(CommandError::ControlCharacter { field, position, code: character as u32 });
        }
        let same = same_letter(character);
        match table.byte(character).or_else(|| table.byte(same)) {
            Some(byte) => bytes.push(byte),
            None => match transliterate(character) {
                Some(plain) => bytes.extend_from_slice(plain.as_bytes()),
                None => {
                    return Err(CommandError::NoSuchCharacter {
                        field,
                        position,
                        character,
                        page: page.name(),
                    });
                }
            },
        }
    }
    if bytes.len() > limit {
        return Err(CommandError::TooLong { field, length: bytes.len(), limit });
    }
    Ok(bytes)
}

/// A text of the register. Bytes without a meaning become U+FFFD.
pub(super) fn decode(page: Page, bytes: &[u8]) -> String {
    static TABLES: [OnceLock<[char; 256]>; Page::ALL.len()] = [const { OnceLock::new() }; Page::ALL.len()];
    let table = TABLES[page as usize].get_or_init(|| {
        std::array::from_fn(|byte| match byte as u8 {
            byte @ (b'\t' | b'\n') => char::from(byte),
            byte => page.decode(byte).unwrap_or(char::REPLACEMENT_CHARACTER),
        })
    });
    bytes.iter().map(|byte| table[usize::from(*byte)]).collect()
}

/// Romanian letters with a comma below, which code pages have with a cedilla.
fn same_letter(character: char) -> char {
    match character {
        'Ș' => 'Ş',
        'ș' => 'ş',
        'Ț' => 'Ţ',
        'ț' => 'ţ',
        other => other,
    }
}

/// Cuts an encoded text into lines of at most `width`, at a space where the rest still fits. At most `lines`
/// of them; `None` when the text needs more.
pub(super) fn lines(mut text: &[u8], width: usize, lines: usize) -> Option<Vec<&[u8]>> {
    let mut cut = Vec::new();
    for left in (0..lines).rev() {
        if text.len() <= width {
            cut.push(text);
            return Some(cut);
        }
        let (head, tail) = text.split_at_checked(width)?;
        let space = head.iter().rposition(|b| *b == b' ').filter(|at| text.len() - at - 1 <= left * width);
        match space {
            Some(at) => {
                cut.push(&text[..at]);
                text = &text[at + 1..];
            }
            None => {
                cut.push(head);
                text = tail;
            }
        }
    }
    None
}
