//! The pages and where their contents come from.

use std::sync::OnceLock;

use encoding_rs::Encoding;
use oem_cp::code_table as oem;
use serde::{Deserialize, Serialize};

use super::table::Table;

/// What the bytes 80 to FF of a page mean.
enum Source {
    /// A full table of the `oem_cp` crate.
    Oem(&'static [char; 128]),
    /// A table of the `oem_cp` crate with holes.
    OemPartial(&'static [Option<char>; 128]),
    /// An encoding of the WHATWG standard.
    Whatwg(&'static Encoding),
    /// 128 characters in order; U+FFFD where there is none.
    Own(&'static str),
}

macro_rules! pages {
    ($($variant:ident $name:literal $source:expr;)*) => {
        /// A code page by its canonical name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Page {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)*
        }

        impl Page {
            /// Every page known, in the order of their names.
            pub const ALL: &[Page] = &[$(Page::$variant,)*];

            /// The canonical name, as in model files and configurations.
            pub fn name(self) -> &'static str {
                match self { $(Page::$variant => $name,)* }
            }

            fn source(self) -> Source {
                match self { $(Page::$variant => $source,)* }
            }
        }
    };
}

pages! {
    Cp437 "cp437" Source::Oem(&oem::DECODING_TABLE_CP437);
    Cp720 "cp720" Source::Oem(&oem::DECODING_TABLE_CP720);
    Cp737 "cp737" Source::Oem(&oem::DECODING_TABLE_CP737);
    Cp772 "cp772" Source::Own(CP772);
    Cp774 "cp774" Source::Own(CP774);
    Cp775 "cp775" Source::Oem(&oem::DECODING_TABLE_CP775);
    Cp850 "cp850" Source::Oem(&oem::DECODING_TABLE_CP850);
    Cp852 "cp852" Source::Oem(&oem::DECODING_TABLE_CP852);
    Cp855 "cp855" Source::Oem(&oem::DECODING_TABLE_CP855);
    Cp857 "cp857" Source::OemPartial(&oem::DECODING_TABLE_CP857);
    Cp858 "cp858" Source::Oem(&oem::DECODING_TABLE_CP858);
    Cp860 "cp860" Source::Oem(&oem::DECODING_TABLE_CP860);
    Cp861 "cp861" Source::Oem(&oem::DECODING_TABLE_CP861);
    Cp862 "cp862" Source::Oem(&oem::DECODING_TABLE_CP862);
    Cp863 "cp863" Source::Oem(&oem::DECODING_TABLE_CP863);
    Cp864 "cp864" Source::OemPartial(&oem::DECODING_TABLE_CP864);
    Cp865 "cp865" Source::Oem(&oem::DECODING_TABLE_CP865);
    Cp866 "cp866" Source::Oem(&oem::DECODING_TABLE_CP866);
    Cp869 "cp869" Source::Oem(&oem::DECODING_TABLE_CP869);
    Cp874 "cp874" Source::OemPartial(&oem::DECODING_TABLE_CP874);
    Cp1125 "cp1125" Source::Own(CP1125);
    Cp1250 "cp1250" Source::Whatwg(encoding_rs::WINDOWS_1250);
    Cp1251 "cp1251" Source::Whatwg(encoding_rs::WINDOWS_1251);
    Cp1252 "cp1252" Source::Whatwg(encoding_rs::WINDOWS_1252);
    Cp1253 "cp1253" Source::Whatwg(encoding_rs::WINDOWS_1253);
    Cp1254 "cp1254" Source::Whatwg(encoding_rs::WINDOWS_1254);
    Cp1255 "cp1255" Source::Whatwg(encoding_rs::WINDOWS_1255);
    Cp1256 "cp1256" Source::Whatwg(encoding_rs::WINDOWS_1256);
    Cp1257 "cp1257" Source::Whatwg(encoding_rs::WINDOWS_1257);
    Cp1258 "cp1258" Source::Whatwg(encoding_rs::WINDOWS_1258);
    Iso88592 "iso8859-2" Source::Whatwg(encoding_rs::ISO_8859_2);
    Iso88595 "iso8859-5" Source::Whatwg(encoding_rs::ISO_8859_5);
    Iso88597 "iso8859-7" Source::Whatwg(encoding_rs::ISO_8859_7);
    Iso885915 "iso8859-15" Source::Whatwg(encoding_rs::ISO_8859_15);
    Kz1048 "kz1048" Source::Own(KZ1048);
}

impl Page {
    /// The page of a name, canonical or with the usual prefixes (`wpc1251`, `windows-1251`, `1251`).
    pub fn from_name(name: &str) -> Option<Page> {
        let name = name.trim().to_ascii_lowercase();
        let digits =
            ["windows-", "wpc", "pc", "cp"].iter().find_map(|p| name.strip_prefix(p)).unwrap_or(&name);
        Page::ALL.iter().copied().find(|p| p.name() == name || p.name().strip_prefix("cp") == Some(digits))
    }

    /// What a byte means on this page; `None` where it means nothing or a control character.
    pub fn decode(self, byte: u8) -> Option<char> {
        if byte < 0x80 {
            return (0x20..0x7f).contains(&byte).then_some(byte as char);
        }
        let at = usize::from(byte - 0x80);
        let c = match self.source() {
            Source::Oem(table) => table.get(at).copied(),
            Source::OemPartial(table) => table.get(at).copied().flatten(),
            Source::Whatwg(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(&[byte])
                .and_then(|text| text.chars().next()),
            Source::Own(text) => text.chars().nth(at),
        }?;
        (!c.is_control() && c != char::REPLACEMENT_CHARACTER).then_some(c)
    }

    /// The lookup table from characters to bytes, built at the first use of the page.
    pub fn table(self) -> &'static Table {
        static TABLES: [OnceLock<Table>; Page::ALL.len()] = [const { OnceLock::new() }; Page::ALL.len()];
        TABLES[self as usize].get_or_init(|| Table::build(|byte| self.decode(byte).filter(stands_alone)))
    }
}

/// Whether a printer shows a character rightly when its bytes come in the order of the text.
/// Scripts from right to left and combining marks need shaping: they are drawn.
fn stands_alone(c: &char) -> bool {
    let right_to_left =
        matches!(*c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    !right_to_left && unicode_width::UnicodeWidthChar::width(*c) != Some(0)
}

/// Kazakhstan standard ST RK 1048 (IANA: KZ-1048).
const KZ1048: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—\u{fffd}™љ›њқһџ\
    \u{a0}ҰұӘ¤Ө¦§Ё©Ғ«¬\u{ad}®Ү°±Ііөµ¶·ё№ғ»әҢңү\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя";

/// IBM code page 1125, Ukrainian (RST 2018-91).
const CP1125: &str = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁёҐґЄєІіЇї·√№¤■\u{a0}";

/// Lithuanian standard LST 1284: code page 772, Lithuanian and Cyrillic.
const CP772: &str = "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмноп░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    рстуфхцчшщъыьэюяЁё≥≤„“÷≈°∙·√ⁿ²■\u{a0}";

/// Lithuanian standard LST 1283: code page 774, Lithuanian.
const CP774: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
    áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤ĄČĘĖ╣║╗╝ĮŠ┐\
    └┴┬├─┼ŲŪ╚╔╩╦╠═╬Žąčęėįšųūž┘┌█▄▌▐▀\
    αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤„“÷≈°∙·√ⁿ²■\u{a0}";
