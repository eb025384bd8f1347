//! The register's own character set.
//!
//! Code page 866 with `$` and `№` in each other's place, `€` at F2 and `’` at 27. So say three
//! public programs that print on these registers (kurbatov/atol4j `ExternalCharset`, the Delphi unit
//! `dant_AtolFRDevice`, AlexObukhoff/TerminalClient `AtolCodec`). It is used in every command
//! that carries text; what the fiscal storage gives back is plain code page 866.

use thiserror::Error;

use crate::codepage::{Page, transliterate};

/// A character that the register has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the register has no character {0:?}: leave it out or write it in other letters")]
pub struct NoSuchCharacter(pub char);

/// The bytes of a text. Typography that the register lacks is written plainly (`«` as `"`).
///
/// # Errors
/// The first character that has neither a byte nor a plain stand-in; control characters are among
/// them.
pub fn encode(text: &str) -> Result<Vec<u8>, NoSuchCharacter> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        if let Some(byte) = byte(c) {
            out.push(byte);
            continue;
        }
        for stand_in in transliterate(c).ok_or(NoSuchCharacter(c))?.chars() {
            out.push(byte(stand_in).ok_or(NoSuchCharacter(c))?);
        }
    }
    Ok(out)
}

/// The text of bytes in the register's own set; U+FFFD for bytes without a meaning.
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| character(byte).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The text of bytes from the fiscal storage: code page 866.
pub fn decode_866(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| Page::Cp866.decode(byte).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn byte(c: char) -> Option<u8> {
    match c {
        '№' => Some(0x24),
        '’' => Some(0x27),
        '€' => Some(0xf2),
        '\u{2011}' => Some(0xfa),
        '$' => Some(0xfc),
        '■' => Some(0xff),
        _ => Page::Cp866.table().byte(c).filter(|&byte| byte <= 0xf1),
    }
}

fn character(byte: u8) -> Option<char> {
    match byte {
        0x24 => Some('№'),
        0x27 => Some('’'),
        0xf2 => Some('€'),
        0xfa => Some('\u{2011}'),
        0xfc => Some('$'),
        0xff => Some('■'),
        0xf3..=0xfe => None,
        _ => Page::Cp866.decode(byte),
    }
}
