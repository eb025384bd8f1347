//! Lines of RFID readers on a serial port: IronLogic's Z-2, Matrix III and alike, 9600 baud.
//!
//! A card gives `Em-Marine[5500] 126,58404` or `Mifare[24548AAC] 1K (0004,08) 138,21540`, its removal `No
//! card`. What the parts are is told by lines of such readers that are public with their cards' numbers:
//! - Em-Marine: two bytes in brackets, then facility and number, the other three of five;
//! - Mifare with four bytes: they stand in brackets as they come over the air; facility and number are the
//!   first three of them from behind;
//! - Mifare with seven bytes: in brackets stand the last four and then the first three; facility and number
//!   are those first three, of which the very first is the maker's (ISO/IEC 14443-3: 04 is NXP).

use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use super::wiegand::{Wiegand26, Wiegand34};

/// What a reader reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RfidEvent {
    /// A card was put on.
    Card(RfidCard),
    /// The card was taken away.
    Removed,
}

/// A card on a reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RfidCard {
    /// The kind of card as the reader calls it, such as `Em-Marine` or `Mifare`.
    pub family: String,
    /// What the reader says of its type, such as `1K (0004,08)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Its number.
    #[serde(flatten)]
    pub notations: Notations,
}

/// The number of a card, and how others write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Notations {
    /// All bytes in hexadecimal, the first one of the card in front: what PC/SC readers give for the same
    /// card.
    pub uid: String,
    /// Facility and number, such as `126,58404`.
    pub facility_number: String,
    /// The same 24 bits as one decimal number of 8 digits.
    pub decimal: String,
    /// The lower 32 bits as a decimal number of 10 digits, as printed on many cards.
    pub decimal_10: String,
    /// Wiegand 26 with its parity bits, in hexadecimal.
    pub wiegand_26: String,
    /// Wiegand 34 with its parity bits, in hexadecimal.
    pub wiegand_34: String,
}

/// The number of a card: 4, 5, 7 or 10 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Uid {
    bytes: Vec<u8>,
    order: Order,
}

/// Which end of a number is its highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Order {
    /// As printed: the first byte (Em-Marine).
    HighFirst,
    /// As over the air: the last one (ISO/IEC 14443).
    LowFirst,
}

impl Uid {
    /// The five bytes of a card of Em-Marine (EM4100), the highest first.
    pub fn em_marine(bytes: [u8; 5]) -> Self {
        Self { bytes: bytes.to_vec(), order: Order::HighFirst }
    }

    /// The bytes of a card of ISO/IEC 14443 as they come over the air: 4, 7 or 10 of them. `None` for other
    /// numbers.
    pub fn iso_14443(bytes: &[u8]) -> Option<Self> {
        matches!(bytes.len(), 4 | 7 | 10).then(|| Self { bytes: bytes.to_vec(), order: Order::LowFirst })
    }

    /// The bytes, the card's first one in front.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes in hexadecimal capitals.
    pub fn hex(&self) -> String {
        self.bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// The 24 bits of it that go into Wiegand 26.
    pub fn wiegand_26(&self) -> Wiegand26 {
        let [facility, high, low] = match (self.order, self.bytes.as_slice()) {
            (Order::HighFirst, [.., a, b, c]) => [*a, *b, *c],
            (Order::LowFirst, [a, b, c, _]) => [*c, *b, *a],
            (Order::LowFirst, [a, b, c, ..]) => [*a, *b, *c],
            _ => [0; 3],
        };
        Wiegand26 { facility, number: u16::from_be_bytes([high, low]) }
    }

    /// The 32 bits of it that go into Wiegand 34: the number of Wiegand 26 and the byte above it. Of numbers
    /// of 7 and 10 bytes the first four as they come.
    pub fn wiegand_34(&self) -> Wiegand34 {
        Wiegand34(u32::from_be_bytes(match (self.order, self.bytes.as_slice()) {
            (Order::HighFirst, [.., a, b, c, d]) => [*a, *b, *c, *d],
            (Order::LowFirst, [a, b, c, d]) => [*d, *c, *b, *a],
            (Order::LowFirst, [a, b, c, d, ..]) => [*a, *b, *c, *d],
            _ => [0; 4],
        }))
    }

    /// All notations at once.
    pub fn notations(&self) -> Notations {
        let (short, long) = (self.wiegand_26(), self.wiegand_34());
        Notations {
            uid: self.hex(),
            facility_number: short.to_string(),
            decimal: format!("{:08}", short.decimal()),
            decimal_10: format!("{:010}", long.0),
            wiegand_26: format!("{:07X}", short.bits()),
            wiegand_34: format!("{:09X}", long.bits()),
        }
    }
}

/// Reads a line without its line end.
///
/// # Errors
/// [`RfidError`]: it is no line of such a reader, or its parts contradict each other.
pub fn parse_line(line: &[u8]) -> Result<RfidEvent, RfidError> {
    let line = line.trim_ascii();
    let text = std::str::from_utf8(line).ok().filter(|text| text.is_ascii() && text.len() <= MOST);
    let text = text.ok_or(RfidError::Form { bytes: line.len() })?;
    if text.eq_ignore_ascii_case("no card") {
        return Ok(RfidEvent::Removed);
    }
    let form = || RfidError::Form { bytes: line.len() };
    let (family, rest) = text.split_once('[').ok_or_else(form)?;
    let (bracket, rest) = rest.split_once(']').ok_or_else(form)?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"- _".contains(&byte);
    if family.is_empty() || !family.bytes().all(is_name) {
        return Err(form());
    }
    let bracket = hex(bracket).ok_or_else(form)?;
    let (detail, decimals) = rest.trim().rsplit_once(' ').unwrap_or(("", rest.trim()));
    let said: Wiegand26 = decimals.parse().map_err(|_| form())?;
    let [high, low] = said.number.to_be_bytes();
    let uid = match *bracket.as_slice() {
        [a, b] => Uid::em_marine([a, b, said.facility, high, low]),
        [a, b, c, d] => Uid { bytes: vec![a, b, c, d], order: Order::LowFirst },
        [d, e, f, g, a, b, c] => Uid { bytes: vec![a, b, c, d, e, f, g], order: Order::LowFirst },
        _ => return Err(RfidError::Length { bytes: bracket.len() }),
    };
    if uid.wiegand_26() != said {
        return Err(RfidError::Contradiction { uid: uid.hex(), said: said.to_string() });
    }
    let detail = detail.trim();
    Ok(RfidEvent::Card(RfidCard {
        family: family.trim().to_owned(),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        notations: uid.notations(),
    }))
}

/// Why a line is none of a card.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RfidError {
    /// Another form.
    #[error(
        "a line of {bytes} bytes is not of the form Em-Marine[5500] 126,58404; check baud rate and \
         reader model"
    )]
    Form {
        /// How long it is.
        bytes: usize,
    },
    /// A number of bytes that no card has.
    #[error("the card's number has {bytes} bytes in its brackets; known are 2, 4 and 7")]
    Length {
        /// How many.
        bytes: usize,
    },
    /// The brackets and the decimals are not of one card.
    #[error("the card {uid} can't have the number {said}; hold the card to the reader again")]
    Contradiction {
        /// By the brackets.
        uid: String,
        /// By the decimals.
        said: String,
    },
}

/// The longest line that is looked at.
const MOST: usize = 128;

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    (rest.is_empty() && !pairs.is_empty())
        .then(|| pairs.iter().map(|[high, low]| (high << 4) | low).collect())
}
