//! What a scanned code means: an item and its weight, a product, GS1 elements, a marking code, or plain text.
//!
//! Nothing is trimmed, cut or changed in case on the way: marking codes and GS1 values are bytes that
//! registers and data bases compare.

pub mod aim;
pub mod digits;
pub mod fuzz;
pub mod gs1;
pub mod item;
pub mod marking;
pub mod pattern;
pub mod patterns;

pub use aim::{Aim, Symbology};
pub use gs1::Gs1;
pub use item::{Item, Quantity};
pub use marking::Marking;
pub use pattern::{Pattern, make};
pub use patterns::{Patterns, PatternsConfig};

use schemars::JsonSchema;
use serde::Serialize;

use self::pattern::Misread;

/// What a code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Meaning {
    /// A code with a quantity, by a pattern of the outlet.
    Item(Item),
    /// GS1 element strings.
    Gs1(Gs1),
    /// A marking code of goods.
    Marking(Marking),
    /// An EAN, UPC or GTIN-14.
    Product(Product),
    /// Anything else.
    Text {
        /// The data as text; where they are not UTF-8 with a sign for what can't be shown.
        text: String,
    },
    /// A code that can't be right, and must not be taken for a weight, a price or a product.
    Wrong(Wrong),
}

/// A number of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Product {
    /// The digits as read, without those beside it.
    pub code: String,
    /// The same number with 14 digits; of UPC-E with its zeros.
    pub gtin: String,
    /// Whether a store or a country gives it its meaning: it begins with 02, 04 or 20 to 29 (GS1 General
    /// Specifications, 1.4.2), and no pattern of the outlet fits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_store: bool,
    /// Two or five digits beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_on: Option<String>,
}

/// Why a code can't be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Wrong {
    /// What to decide on.
    pub what: Fault,
    /// The pattern whose shape it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// What is wrong with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The check digit of the code, or of a number in it.
    CheckDigit,
    /// The digit that belongs to price or weight.
    PriceVerifier,
    /// Elements that are not put together by GS1's rules.
    Gs1,
}

/// A symbology, and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Identified {
    /// The symbology.
    pub symbology: Symbology,
    /// Whether it is a guess from the data alone, without a word of the scanner.
    pub guess: bool,
}

/// The symbology that the scanner names in front of the data, or else what they look like.
pub fn identify(raw: &[u8]) -> Option<Identified> {
    match aim::split(raw) {
        (Some(mark), _) => Some(Identified { symbology: mark.symbology(), guess: false }),
        (None, data) => aim::guess(data).map(|symbology| Identified { symbology, guess: true }),
    }
}

/// What a code means.
///
/// `symbology`: as the scanner names it beside the data (HID POS). Where it is `None` it may stand in front
/// of `raw` as AIM's mark. `raw` is without the scanner's own prefix, suffix and line end.
pub fn meaning(raw: &[u8], symbology: Option<Symbology>, patterns: &Patterns) -> Meaning {
    let (mark, data) = if symbology.is_some() { (None, raw) } else { aim::split(raw) };
    let symbology = symbology.or(mark.map(Aim::symbology));
    if let Some(marking) = marking::recognise(data, symbology) {
        return Meaning::Marking(marking);
    }
    let carries_gs1 = symbology.is_some_and(Symbology::carries_gs1);
    if carries_gs1 || data.contains(&GS) {
        match gs1::parse(data) {
            Ok(gs1) => return Meaning::Gs1(gs1),
            Err(error) if carries_gs1 => return Meaning::Wrong(wrong_gs1(&error)),
            Err(_) => {}
        }
    }
    let text = String::from_utf8_lossy(data).into_owned();
    match digits::all_digits(&text) {
        true => number(&text, symbology, patterns).unwrap_or(Meaning::Text { text }),
        false => Meaning::Text { text },
    }
}

const GS: u8 = 0x1d;

/// A code of digits; `None` where it is no more than digits.
fn number(text: &str, symbology: Option<Symbology>, patterns: &Patterns) -> Option<Meaning> {
    if symbology == Some(Symbology::AddOn) {
        return None;
    }
    let (code, add_on) = match symbology {
        Some(Symbology::Ean13AddOn) => text.split_at_checked(13).unwrap_or((text, "")),
        _ => (text, ""),
    };
    // In other symbologies digits need not have a check digit.
    let must_check = symbology.is_none_or(Symbology::is_ean);
    match patterns.read(code) {
        Some(Ok(item)) => return Some(Meaning::Item(item)),
        Some(Err((pattern, misread))) if must_check => {
            return Some(Meaning::Wrong(wrong(code, Some(pattern.name()), misread)));
        }
        Some(Err(_)) | None => {}
    }
    let full = match code.len() {
        8 if symbology == Some(Symbology::UpcE) => digits::upc_e_to_upc_a(code)?,
        8 if symbology.is_none() && !digits::is_checked(code) => digits::upc_e_to_upc_a(code)?,
        8 if symbology.is_none_or(Symbology::is_ean) => code.to_owned(),
        12..=14 => code.to_owned(),
        _ => return None,
    };
    if !digits::is_checked(&full) {
        let expected = digits::check_digit(full.get(..full.len() - 1)?)?;
        let certain = symbology.is_some_and(Symbology::is_ean);
        return certain.then(|| Meaning::Wrong(wrong(code, None, Misread::CheckDigit { expected })));
    }
    let gtin = format!("{full:0>14}");
    Some(Meaning::Product(Product {
        code: code.to_owned(),
        in_store: full.len() != 8 && ["002", "004", "02"].iter().any(|prefix| gtin.starts_with(prefix)),
        gtin,
        add_on: (!add_on.is_empty()).then(|| add_on.to_owned()),
    }))
}

fn wrong(code: &str, pattern: Option<&str>, misread: Misread) -> Wrong {
    let (what, message) = match misread {
        Misread::CheckDigit { expected } => (
            Fault::CheckDigit,
            format!("the check digit of {code} should be {expected}; scan it again, or key in the item"),
        ),
        Misread::Verifier { expected } => (
            Fault::PriceVerifier,
            format!(
                "the verifier digit of price or weight in {code} should be {expected}; scan it again, \
                 or weigh the item again"
            ),
        ),
    };
    Wrong { what, pattern: pattern.map(str::to_owned), message }
}

fn wrong_gs1(error: &gs1::Gs1Error) -> Wrong {
    let what = match error {
        gs1::Gs1Error::CheckDigit { .. } => Fault::CheckDigit,
        _ => Fault::Gs1,
    };
    Wrong { what, pattern: None, message: error.to_string() }
}
