//! Code tables of the built-in fonts: which character a byte prints.
//!
//! Numbers of pages: Epson ESC/POS command reference, `ESC t`; Star Line Mode command
//! specifications, `ESC GS t`. KZ-1048 (RK1048) and CP1125 are written as what differs from
//! windows-1251 and CP866.

use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// The upper half of a code page.
pub(crate) type Upper = [Option<char>; 128];

/// Builds the upper half (bytes 80 to FF) of the named page; `None` when it isn't known here.
pub(crate) fn upper(name: &str) -> Option<Upper> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    match name.as_str() {
        "KATAKANA" => Some(table(|b| {
            (0xA1..=0xDF).contains(&b).then(|| char::from_u32(0xFF61 + u32::from(b) - 0xA1)).flatten()
        })),
        "KZ1048" | "RK1048" => {
            let base = single_byte(encoding_rs::WINDOWS_1251);
            Some(patched(base, &KZ1048))
        }
        "CP1125" => Some(patched(oem(866)?, &CP1125)),
        "ISO88592" => Some(single_byte(encoding_rs::ISO_8859_2)),
        "ISO88595" => Some(single_byte(encoding_rs::ISO_8859_5)),
        "ISO88597" => Some(single_byte(encoding_rs::ISO_8859_7)),
        "ISO885915" => Some(single_byte(encoding_rs::ISO_8859_15)),
        _ => {
            let number: u16 = name.strip_prefix("CP")?.parse().ok()?;
            match number {
                1250 => Some(single_byte(encoding_rs::WINDOWS_1250)),
                1251 => Some(single_byte(encoding_rs::WINDOWS_1251)),
                1252 => Some(single_byte(encoding_rs::WINDOWS_1252)),
                1253 => Some(single_byte(encoding_rs::WINDOWS_1253)),
                1254 => Some(single_byte(encoding_rs::WINDOWS_1254)),
                1255 => Some(single_byte(encoding_rs::WINDOWS_1255)),
                1256 => Some(single_byte(encoding_rs::WINDOWS_1256)),
                1257 => Some(single_byte(encoding_rs::WINDOWS_1257)),
                1258 => Some(single_byte(encoding_rs::WINDOWS_1258)),
                _ => oem(number),
            }
        }
    }
}

/// A double-byte character of GB 18030 (the two-byte part, which is GBK).
pub(crate) fn double_byte(lead: u8, trail: u8) -> Option<char> {
    let bytes = [lead, trail];
    let (text, bad) = encoding_rs::GBK.decode_without_bom_handling(&bytes);
    let mut chars = text.chars();
    match (bad, chars.next(), chars.next()) {
        (false, Some(c), None) => Some(c),
        _ => None,
    }
}

/// Epson's numbers.
pub(crate) fn epson_table() -> Vec<(u8, String)> {
    named(&[
        (0, "CP437"),
        (1, "KATAKANA"),
        (2, "CP850"),
        (3, "CP860"),
        (4, "CP863"),
        (5, "CP865"),
        (11, "CP851"),
        (12, "CP853"),
        (13, "CP857"),
        (14, "CP737"),
        (15, "ISO_8859-7"),
        (16, "CP1252"),
        (17, "CP866"),
        (18, "CP852"),
        (19, "CP858"),
        (20, "THAI42"),
        (21, "THAI11"),
        (26, "THAI18"),
        (30, "TCVN-3-1"),
        (31, "TCVN-3-2"),
        (32, "CP720"),
        (33, "CP775"),
        (34, "CP855"),
        (35, "CP861"),
        (36, "CP862"),
        (37, "CP864"),
        (38, "CP869"),
        (39, "ISO_8859-2"),
        (40, "ISO_8859-15"),
        (41, "CP1098"),
        (42, "CP1118"),
        (43, "CP1119"),
        (44, "CP1125"),
        (45, "CP1250"),
        (46, "CP1251"),
        (47, "CP1253"),
        (48, "CP1254"),
        (49, "CP1255"),
        (50, "CP1256"),
        (51, "CP1257"),
        (52, "CP1258"),
        (53, "KZ-1048"),
    ])
}

/// Star's numbers.
pub(crate) fn star_table() -> Vec<(u8, String)> {
    named(&[
        (0, "CP437"),
        (1, "CP437"),
        (2, "KATAKANA"),
        (3, "CP437"),
        (4, "CP858"),
        (5, "CP852"),
        (6, "CP860"),
        (7, "CP861"),
        (8, "CP863"),
        (9, "CP865"),
        (10, "CP866"),
        (11, "CP855"),
        (12, "CP857"),
        (13, "CP862"),
        (14, "CP864"),
        (15, "CP737"),
        (16, "CP851"),
        (17, "CP869"),
        (18, "CP928"),
        (19, "CP772"),
        (20, "CP774"),
        (21, "CP874"),
        (32, "CP1252"),
        (33, "CP1250"),
        (34, "CP1251"),
    ])
}

/// The twelve positions that `ESC R` changes, in the order of [`INTERNATIONAL`].
const INTERNATIONAL_AT: [u8; 12] = *b"#$@[\\]^`{|}~";

/// Epson ESC/POS command reference, appendix "international character sets", n = 0 to 13.
const INTERNATIONAL: [&str; 14] = [
    "#$@[\\]^`{|}~",
    "#$à°ç§^`éùè¨",
    "#$§ÄÖÜ^`äöüß",
    "£$@[\\]^`{|}~",
    "#$@ÆØÅ^`æøå~",
    "#¤ÉÄÖÅÜéäöåü",
    "#$@°\\é^ùàòèì",
    "₧$@¡Ñ¿^`¨ñ}~",
    "#$@[¥]^`{|}~",
    "#¤ÉÆØÅÜéæøåü",
    "#$ÉÆØÅÜéæøåü",
    "#$á¡Ñ¿é`íñóú",
    "#$á¡Ñ¿éüíñóú",
    "#$@[₩]^`{|}~",
];

/// What byte `b` (below 80) prints under international set `n`; `None` for an unknown set.
pub(crate) fn international(n: u8, b: u8) -> Option<char> {
    let set = INTERNATIONAL.get(usize::from(n))?;
    match INTERNATIONAL_AT.iter().position(|&at| at == b) {
        Some(index) => set.chars().nth(index),
        None => Some(char::from(b)),
    }
}

const KZ1048: [(u8, char); 18] = [
    (0x8D, 'Қ'),
    (0x8E, 'Һ'),
    (0x9D, 'қ'),
    (0x9E, 'һ'),
    (0xA1, 'Ұ'),
    (0xA2, 'ұ'),
    (0xA3, 'Ә'),
    (0xA5, 'Ө'),
    (0xAA, 'Ғ'),
    (0xAF, 'Ү'),
    (0xB2, 'І'),
    (0xB3, 'і'),
    (0xB4, 'ө'),
    (0xBA, 'ғ'),
    (0xBC, 'ә'),
    (0xBD, 'Ң'),
    (0xBE, 'ң'),
    (0xBF, 'ү'),
];

const CP1125: [(u8, char); 8] =
    [(0xF2, 'Ґ'), (0xF3, 'ґ'), (0xF4, 'Є'), (0xF5, 'є'), (0xF6, 'І'), (0xF7, 'і'), (0xF8, 'Ї'), (0xF9, 'ї')];

fn named(list: &[(u8, &str)]) -> Vec<(u8, String)> {
    list.iter().map(|(n, s)| (*n, (*s).to_owned())).collect()
}

fn table(f: impl Fn(u8) -> Option<char>) -> Upper {
    std::array::from_fn(|i| f(0x80 + i as u8))
}

fn single_byte(encoding: &'static encoding_rs::Encoding) -> Upper {
    table(|b| {
        let bytes = [b];
        let (text, bad) = encoding.decode_without_bom_handling(&bytes);
        let c = text.chars().next()?;
        (!bad && !c.is_control()).then_some(c)
    })
}

fn oem(number: u16) -> Option<Upper> {
    let page = DECODING_TABLE_CP_MAP.get(&number)?;
    Some(table(|b| page.decode_char_checked(b)))
}

fn patched(mut base: Upper, changes: &[(u8, char)]) -> Upper {
    for (byte, c) in changes {
        if let Some(slot) = base.get_mut(usize::from(*byte).wrapping_sub(0x80)) {
            *slot = Some(*c);
        }
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_print_what_their_standards_say() {
        assert_eq!(upper("CP866").unwrap()[0], Some('А'));
        assert_eq!(upper("CP852").unwrap()[0xC7 - 0x80], Some('ă'));
        assert_eq!(upper("KZ-1048").unwrap()[0xA3 - 0x80], Some('Ә'));
        assert_eq!(upper("CP1125").unwrap()[0xF3 - 0x80], Some('ґ'));
        assert_eq!(upper("katakana").unwrap()[0xB1 - 0x80], Some('ｱ'));
        assert!(upper("THAI42").is_none());
    }

    #[test]
    fn double_byte_characters_are_gbk() {
        assert_eq!(double_byte(0xD6, 0xD0), Some('中'));
        assert_eq!(double_byte(0xFF, 0xFF), None);
    }

    #[test]
    fn international_set_of_britain_has_the_pound() {
        assert_eq!(international(3, b'#'), Some('£'));
        assert_eq!(international(0, b'#'), Some('#'));
        assert_eq!(international(14, b'#'), None);
    }
}
