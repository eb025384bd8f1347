//! Marking codes of goods (Chestny Znak): which code is one, and whether it came whole.
//!
//! A fiscal register needs the code byte for byte, separators included. What it asks of the code is in
//! [`crate::fiscal::MarkingCode`], whose field `imc` takes [`Marking::imc`]. Structures after the operator's
//! *Description of the structure of Data Matrix codes of the systems GIS MT and MDLP*, 1.2 of 28.01.2022, and
//! the decrees on each group of goods:
//!
//! | goods | structure |
//! |---|---|
//! | clothing, shoes, perfume, medicine, ... | `01` 14, `21` 13, GS `91` 4, GS `92` 44 or 88 |
//! | milk, water, beer and others | `01` 14, `21` 6, 7, 8 or 13, GS `93` 4; by weight also GS `3103` 6 |
//! | a block of tobacco | `01` 14, `21` 7, GS `8005` 6, GS `93` 4 |
//! | a pack of tobacco | 14, 7, 4 for the price, 4, without identifiers and separators |
//! | alcohol | 68 (PDF417) or 150 (Data Matrix) capitals and digits |

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::Serialize;

use super::aim::Symbology;
use super::digits;

/// A marking code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Marking {
    /// Its structure.
    pub structure: Structure,
    /// The number of the goods, 14 digits; alcohol has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// The serial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The code as it came, without the mark of the symbology and a GS in front, in base64: `imc` of a fiscal
    /// task.
    pub imc: String,
    /// What became of the separators.
    pub separators: Separators,
    /// What to do so that the next one comes whole; absent where this one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
}

/// What a marking code consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Structure {
    /// 01, 21, 91 and 92 with 88 characters.
    #[serde(rename = "check-88")]
    Check88,
    /// 01, 21, 91 and 92 with 44 characters.
    #[serde(rename = "check-44")]
    Check44,
    /// 01, 21 and 93 with 4 characters.
    #[serde(rename = "check-4")]
    Check4,
    /// 01, 21, 8005 and 93: a block of tobacco.
    TobaccoBlock,
    /// 29 characters without identifiers: a pack of tobacco.
    TobaccoPack,
    /// A stamp on alcohol, 68 or 150 characters.
    AlcoholStamp,
}

/// What became of the separators (GS, 1Dh) on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Separators {
    /// They are there, or the structure has none.
    Kept,
    /// They were left out: a register will refuse the code.
    Lost,
    /// Something else stands for them: a register will refuse the code.
    Replaced,
}

/// How a scanner is made to send a code whole.
pub const REMEDY: &str = "the scanner does not send the separator GS (1Dh) as it is: program it to, or \
                          connect it as a serial port (USB CDC) or as HID POS instead of a keyboard";

/// Tells whether data without the mark of the symbology are a marking code. `symbology`: where it is known.
pub fn recognise(data: &[u8], symbology: Option<Symbology>) -> Option<Marking> {
    let two_dimensional = |symbology| {
        use Symbology::{DataMatrix, Gs1DataMatrix, Gs1DotCode, Gs1Qr, Pdf417, Qr};
        matches!(symbology, DataMatrix | Gs1DataMatrix | Gs1DotCode | Gs1Qr | Pdf417 | Qr)
    };
    if symbology.is_some_and(|symbology| !two_dimensional(symbology)) {
        return None;
    }
    let data = data.strip_prefix(&[GS]).unwrap_or(data);
    let text = std::str::from_utf8(data).ok()?;
    let marking = |structure, gtin: Option<&str>, serial: Option<&str>, separators| Marking {
        structure,
        gtin: gtin.map(str::to_owned),
        serial: serial.map(str::to_owned),
        imc: BASE64_STANDARD.encode(data),
        separators,
        remedy: (separators != Separators::Kept).then_some(REMEDY),
    };
    if let Some(parts) = whole(text) {
        return Some(marking(parts.structure, Some(parts.gtin), Some(parts.serial), Separators::Kept));
    }
    if let Some(parts) = without_separators(text) {
        return Some(marking(parts.structure, Some(parts.gtin), Some(parts.serial), Separators::Lost));
    }
    let repaired =
        STAND_INS.iter().filter(|sign| text.contains(**sign)).map(|sign| text.replace(sign, "\u{1d}"));
    for repaired in repaired {
        if let Some(parts) = whole(&repaired) {
            return Some(marking(
                parts.structure,
                Some(parts.gtin),
                Some(parts.serial),
                Separators::Replaced,
            ));
        }
    }
    if let Some((gtin, serial)) = tobacco_pack(text, symbology) {
        return Some(marking(Structure::TobaccoPack, Some(gtin), Some(serial), Separators::Kept));
    }
    let stamp = matches!(text.len(), 68 | 150)
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && !digits::all_digits(text);
    stamp.then(|| marking(Structure::AlcoholStamp, None, None, Separators::Kept))
}

const GS: u8 = 0x1d;

/// What keyboards, terminals and drivers make of GS.
const STAND_INS: [&str; 8] = ["\u{241d}", "<GS>", "[GS]", "{GS}", "\\x1d", "\\u001d", "^]", "|"];

struct Parts<'a> {
    structure: Structure,
    gtin: &'a str,
    serial: &'a str,
}

/// `01`, the number, `21`, and the rest, whose separators are unknown.
fn head(text: &str) -> Option<(&str, &str)> {
    let (gtin, rest) = text.strip_prefix("01")?.split_at_checked(14)?;
    digits::all_digits(gtin).then_some((gtin, rest.strip_prefix("21")?))
}

/// A code with its separators and at least one check group.
fn whole(text: &str) -> Option<Parts<'_>> {
    let (gtin, rest) = head(text)?;
    let mut groups = rest.split('\u{1d}');
    let serial = groups.next().filter(|serial| (1..=20).contains(&serial.len()))?;
    let (mut key, mut code, mut short, mut price) = (false, 0, false, false);
    for group in groups {
        let length = group.len();
        match group.get(..2)? {
            "91" if length == 2 + 4 => key = true,
            "92" if matches!(length, 46 | 90) => code = length - 2,
            "93" if length == 2 + 4 => short = true,
            "80" if group.starts_with("8005") => price = true,
            _ => {}
        }
    }
    let structure = match (key, code, short) {
        (true, 88, _) => Structure::Check88,
        (true, 44, _) => Structure::Check44,
        (_, _, true) if price => Structure::TobaccoBlock,
        (_, _, true) => Structure::Check4,
        _ => return None,
    };
    Some(Parts { structure, gtin, serial })
}

/// A code whose separators were left out, told by where its groups must stand. With 93 alone a serial of such
/// a length that happens to end alike can't be told from it; the check digit of the number is therefore asked
/// for.
fn without_separators(text: &str) -> Option<Parts<'_>> {
    let (gtin, rest) = head(text)?;
    if rest.contains('\u{1d}') || !digits::is_checked(gtin) {
        return None;
    }
    let parts = |structure, serial: &str, lengths: &[usize]| -> Option<Parts<'_>> {
        lengths.contains(&serial.len()).then(|| Parts {
            structure,
            gtin,
            serial: rest.get(..serial.len()).unwrap_or(""),
        })
    };
    // What the code would end with: identifiers and the lengths of their values.
    for (length, structure) in [(88, Structure::Check88), (44, Structure::Check44)] {
        let found = ends_with(rest, &[("91", 4), ("92", length)])
            .and_then(|s| parts(structure, s, &[6, 7, 8, 13, 20]));
        if found.is_some() {
            return found;
        }
    }
    ends_with(rest, &[("8005", 6), ("93", 4)])
        .and_then(|serial| parts(Structure::TobaccoBlock, serial, &[7]))
        .or_else(|| {
            ends_with(rest, &[("93", 4), ("3103", 6)])
                .and_then(|serial| parts(Structure::Check4, serial, &SHORT))
        })
        .or_else(|| ends_with(rest, &[("93", 4)]).and_then(|serial| parts(Structure::Check4, serial, &SHORT)))
}

/// How long serials are in codes with 93.
const SHORT: [usize; 4] = [6, 7, 8, 13];

/// What stands in front of these groups at the end of the text.
fn ends_with<'a>(text: &'a str, groups: &[(&str, usize)]) -> Option<&'a str> {
    let mut front = text;
    for (identifier, length) in groups.iter().rev() {
        let at = front.len().checked_sub(identifier.len() + length)?;
        let (before, group) = front.split_at_checked(at)?;
        if !group.starts_with(identifier) {
            return None;
        }
        front = before;
    }
    Some(front)
}

/// Number and serial of a pack of tobacco. Where the symbology is unknown the number's check digit and a
/// letter or sign behind it are asked for, as 29 characters may be anything.
fn tobacco_pack(text: &str, symbology: Option<Symbology>) -> Option<(&str, &str)> {
    if text.len() != 29 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (gtin, rest) = text.split_at_checked(14)?;
    let sure = matches!(symbology, Some(Symbology::DataMatrix | Symbology::Gs1DataMatrix));
    let likely = digits::is_checked(gtin) && !digits::all_digits(rest);
    let numbered = digits::all_digits(gtin) && !text.starts_with("01");
    (numbered && (sure || likely)).then(|| (gtin, rest.get(..7).unwrap_or_default()))
}
