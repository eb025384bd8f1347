//! Which symbology a code was read in, as its scanner says.
//!
//! Scanners that are set up so put three characters in front: `]`, a letter for the symbology and a modifier
//! (ISO/IEC 15424; the tables are repeated in scanner manuals, such as Zebra, *DS457 Product Reference
//! Guide*, appendix B; Opticon, *Universal menu book*, figures 4.12 to 4.17; NCR, *7895 Scanner*, "AIM Code
//! Identifiers"). Which of them carry GS1 element strings: GS1 General Specifications, 5.1.3.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digits;

/// Cuts the mark of the symbology off what a scanner sent. Without one all is data.
///
/// Every mark that is well formed is cut off, also one of a symbology that is not known here.
pub fn split(raw: &[u8]) -> (Option<Aim>, &[u8]) {
    match raw {
        [b']', letter, modifier, data @ ..]
            if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            (Some(Aim { letter: *letter, modifier: *modifier }), data)
        }
        _ => (None, raw),
    }
}

/// What a code without a mark looks like. A guess: the same digits may stand in any symbology.
///
/// Only codes whose check digit is right are taken for EAN and UPC.
pub fn guess(data: &[u8]) -> Option<Symbology> {
    const GS: u8 = 0x1d;
    if data.contains(&GS) {
        return Some(Symbology::Gs1DataMatrix);
    }
    let text = std::str::from_utf8(data).ok().filter(|text| digits::all_digits(text))?;
    match text.len() {
        8 if digits::is_checked(text) => Some(Symbology::Ean8),
        8 if digits::upc_e_to_upc_a(text).is_some_and(|upc| digits::is_checked(&upc)) => {
            Some(Symbology::UpcE)
        }
        12 if digits::is_checked(text) => Some(Symbology::UpcA),
        13 if digits::is_checked(text) => Some(Symbology::Ean13),
        14 if digits::is_checked(text) => Some(Symbology::Interleaved2Of5),
        _ => None,
    }
}

/// The mark of a symbology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aim {
    letter: u8,
    modifier: u8,
}

impl Aim {
    /// The symbology, as finely as the mark tells.
    pub fn symbology(self) -> Symbology {
        match (self.letter, self.modifier) {
            (b'E', b'4') => Symbology::Ean8,
            (b'E', b'1' | b'2') => Symbology::AddOn,
            (b'E', b'3') => Symbology::Ean13AddOn,
            (b'E', _) => Symbology::Ean13,
            (b'C', b'1') => Symbology::Gs1128,
            (b'C', _) => Symbology::Code128,
            (b'e', b'1'..=b'3') => Symbology::Gs1Composite,
            (b'e', _) => Symbology::Gs1DataBar,
            (b'd', b'2' | b'5') => Symbology::Gs1DataMatrix,
            (b'd', _) => Symbology::DataMatrix,
            (b'Q', b'3' | b'4') => Symbology::Gs1Qr,
            (b'Q', _) => Symbology::Qr,
            (b'J', b'1' | b'4') => Symbology::Gs1DotCode,
            (b'J', _) => Symbology::DotCode,
            (b'A', _) => Symbology::Code39,
            (b'F', _) => Symbology::Codabar,
            (b'G', _) => Symbology::Code93,
            (b'H', _) => Symbology::Code11,
            (b'I', _) => Symbology::Interleaved2Of5,
            (b'R' | b'S', _) => Symbology::Straight2Of5,
            (b'L', _) => Symbology::Pdf417,
            (b'z', _) => Symbology::Aztec,
            (b'U', _) => Symbology::MaxiCode,
            (b'h', _) => Symbology::HanXin,
            (b'M', _) => Symbology::Msi,
            (b'P' | b'N', _) => Symbology::Plessey,
            (b'B', _) => Symbology::Telepen,
            (b'O', _) => Symbology::Codablock,
            (b'K', _) => Symbology::Code16K,
            (b'T', _) => Symbology::Code49,
            (b'o', _) => Symbology::Ocr,
            _ => Symbology::Other,
        }
    }

    /// The three characters.
    pub fn as_text(self) -> String {
        [b']', self.letter, self.modifier].map(char::from).iter().collect()
    }
}

/// A symbology, and what of it matters for the meaning of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    /// EAN-13, and UPC-A and UPC-E where the scanner writes them as 13 digits: `]E0`.
    #[serde(rename = "ean-13")]
    Ean13,
    /// EAN-8: `]E4`.
    #[serde(rename = "ean-8")]
    Ean8,
    /// UPC-A as 12 digits; only guessed or told by a HID scanner, for AIM has no mark of its own.
    UpcA,
    /// UPC-E as 8 digits; as UPC-A.
    UpcE,
    /// Two or five digits beside an EAN: `]E1`, `]E2`.
    AddOn,
    /// EAN-13 and the digits beside it: `]E3`.
    #[serde(rename = "ean-13-add-on")]
    Ean13AddOn,
    /// Code 128: `]C0`, `]C2`, `]C4`.
    #[serde(rename = "code-128")]
    Code128,
    /// GS1-128: `]C1`.
    #[serde(rename = "gs1-128")]
    Gs1128,
    /// GS1 DataBar of any form: `]e0`.
    #[serde(rename = "gs1-databar")]
    Gs1DataBar,
    /// The two-dimensional part of a GS1 composite: `]e1` to `]e3`.
    Gs1Composite,
    /// Data Matrix: `]d0`, `]d1`, `]d3`, `]d4`, `]d6`.
    DataMatrix,
    /// GS1 DataMatrix: `]d2`, and `]d5` with ECI.
    #[serde(rename = "gs1-data-matrix")]
    Gs1DataMatrix,
    /// QR Code, also Micro QR: `]Q0` to `]Q2`, `]Q5`, `]Q6`.
    Qr,
    /// GS1 QR Code: `]Q3`, and `]Q4` with ECI.
    #[serde(rename = "gs1-qr")]
    Gs1Qr,
    /// DotCode: `]J0` and others.
    DotCode,
    /// GS1 DotCode: `]J1`, and `]J4` with ECI.
    #[serde(rename = "gs1-dot-code")]
    Gs1DotCode,
    /// Code 39: `]A`.
    #[serde(rename = "code-39")]
    Code39,
    /// Codabar: `]F`.
    Codabar,
    /// Code 93: `]G`.
    #[serde(rename = "code-93")]
    Code93,
    /// Code 11: `]H`.
    #[serde(rename = "code-11")]
    Code11,
    /// Interleaved 2 of 5, ITF-14 among them: `]I`.
    #[serde(rename = "interleaved-2-of-5")]
    Interleaved2Of5,
    /// 2 of 5 with data in the bars alone: `]R`, `]S`.
    #[serde(rename = "straight-2-of-5")]
    Straight2Of5,
    /// PDF417 and MicroPDF417: `]L`.
    #[serde(rename = "pdf417")]
    Pdf417,
    /// Aztec: `]z`.
    Aztec,
    /// MaxiCode: `]U`.
    #[serde(rename = "maxicode")]
    MaxiCode,
    /// Han Xin: `]h`.
    HanXin,
    /// MSI: `]M`.
    Msi,
    /// Plessey: `]P`, `]N`.
    Plessey,
    /// Telepen: `]B`.
    Telepen,
    /// Codablock: `]O`.
    Codablock,
    /// Code 16K: `]K`.
    #[serde(rename = "code-16k")]
    Code16K,
    /// Code 49: `]T`.
    #[serde(rename = "code-49")]
    Code49,
    /// Characters read by their shapes: `]o`.
    Ocr,
    /// Another one: `]X` and all that is not known here.
    Other,
}

impl Symbology {
    /// Whether its data are GS1 element strings.
    pub fn carries_gs1(self) -> bool {
        matches!(
            self,
            Self::Gs1128
                | Self::Gs1DataBar
                | Self::Gs1Composite
                | Self::Gs1DataMatrix
                | Self::Gs1Qr
                | Self::Gs1DotCode
        )
    }

    /// Whether its data are an EAN or UPC number, which always has a check digit.
    pub fn is_ean(self) -> bool {
        matches!(self, Self::Ean13 | Self::Ean8 | Self::UpcA | Self::UpcE | Self::Ean13AddOn)
    }
}
