//! Characters of code pages, for the built-in fonts of displays and label printers.

use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// Whether a page such as "CP866" or "CP1251" is known here.
pub(crate) fn is_known(page: &str) -> bool {
    page == "KATAKANA"
        || windows(page).is_some()
        || number(page).is_some_and(|number| DECODING_TABLE_CP_MAP.contains_key(&number))
}

/// What a byte is in a page; `None` where the page has nothing, for control characters, and for a
/// page that isn't known here.
pub(crate) fn character(page: &str, byte: u8) -> Option<char> {
    match byte {
        0x20..=0x7E => Some(char::from(byte)),
        ..0x80 => None,
        _ if page == "KATAKANA" => {
            (0xA1..=0xDF).contains(&byte).then(|| char::from_u32(0xFF61 + u32::from(byte) - 0xA1)).flatten()
        }
        _ => match windows(page) {
            Some(encoding) => {
                let bytes = [byte];
                let (text, bad) = encoding.decode_without_bom_handling(&bytes);
                text.chars().next().filter(|character| !bad && !character.is_control())
            }
            None => DECODING_TABLE_CP_MAP.get(&number(page)?)?.decode_char_checked(byte),
        },
    }
}

fn number(page: &str) -> Option<u16> {
    page.strip_prefix("CP")?.parse().ok()
}

fn windows(page: &str) -> Option<&'static encoding_rs::Encoding> {
    use encoding_rs::{
        WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
        WINDOWS_1257, WINDOWS_1258,
    };
    Some(match number(page)? {
        1250 => WINDOWS_1250,
        1251 => WINDOWS_1251,
        1252 => WINDOWS_1252,
        1253 => WINDOWS_1253,
        1254 => WINDOWS_1254,
        1255 => WINDOWS_1255,
        1256 => WINDOWS_1256,
        1257 => WINDOWS_1257,
        1258 => WINDOWS_1258,
        _ => return None,
    })
}
