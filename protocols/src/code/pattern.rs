//! Codes that hold a quantity: the pattern that says where it stands, reading by it, and making a code.
//!
//! A pattern has one sign for each digit of the code: `C` item code, `W` weight, `N` pieces, `P` price, `V`
//! price verifier digit, `K` the EAN check digit, and digits that stand for themselves. `20CCCCCWWWWWK` is
//! the restaurant's code by weight. What the prefixes 20 to 29 mean is agreed within a country (GS1 General
//! Specifications, 2.1.12.2), so nothing but patterns tells it.
//!
//! The lookup key is the code with zeros for quantity and verifier digit, and the check digit made anew, as
//! Odoo's barcode nomenclature has it (`addons/barcodes/models/barcode_nomenclature.py`, `base_code` and
//! `sanitize_ean`).

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::check::{Checked, check};
use super::digits;
use super::item::{Item, Quantity};

mod check;

pub use check::{PatternError, PatternProblem};

/// A pattern that has been checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "PatternConfig", into = "PatternConfig")]
pub struct Pattern {
    config: PatternConfig,
    slots: Vec<Slot>,
    field: Field,
    decimals: u32,
    unit: String,
}

/// A pattern as it is written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternConfig {
    /// A name for people and readings, such as `weight`: 1 to 64 of a-z, 0-9 and -.
    pub name: String,
    /// A sign for each digit: `C` item code, `W` weight, `N` pieces, `P` price, `V` price verifier digit,
    /// `K` check digit, digits for themselves. Such as `20CCCCCWWWWWK`.
    pub pattern: String,
    /// How many digits of weight or price stand behind the point. When absent 3 for weights and 2 for prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// Of a weight `kg` (when absent), `g`, `lb` or `oz`; of a price its currency, such as `RUB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Of patterns that fit the same code the one with the highest number counts.
    #[serde(default)]
    pub priority: i32,
    /// Whether UPC-A codes are tried with a 0 in front, and EAN-13 codes that begin with 0 without it.
    #[serde(default)]
    pub upc_ean: UpcEan,
}

/// How codes of 12 and 13 digits are compared with patterns of the other length. After Odoo's setting
/// *UPC/EAN Conversion*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpcEan {
    /// Both ways.
    #[default]
    Always,
    /// An EAN-13 that begins with 0 also fits patterns of 12 digits.
    EanToUpc,
    /// A UPC-A also fits patterns of 13 digits, with a 0 in front.
    UpcToEan,
    /// Neither.
    Never,
}

/// What the variable part of a code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// `W`.
    Weight,
    /// `N`.
    Pieces,
    /// `P`.
    Price,
}

/// What stands at a place of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Digit(char),
    Item,
    Field,
    Verifier,
    Check,
}

/// Why a code that has the shape of a pattern is not read by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misread {
    /// The last digit is not the check digit of the others.
    CheckDigit {
        /// What it should be.
        expected: u8,
    },
    /// The verifier digit doesn't belong to the quantity.
    Verifier {
        /// What it should be.
        expected: u8,
    },
}

/// Makes the code of a quantity of an item, with its check digit.
///
/// An item code that is shorter than its place gets zeros in front. The quantity is in the pattern's unit.
///
/// # Errors
/// [`MakeError`]: the code can't hold that item or that quantity.
pub fn make(pattern: &Pattern, item_code: &str, quantity: Decimal) -> Result<String, MakeError> {
    let place = pattern.count(Slot::Item);
    if !digits::all_digits(item_code) {
        return Err(MakeError::ItemCode { item_code: item_code.to_owned() });
    }
    if item_code.len() > place {
        return Err(MakeError::ItemCodeTooLong { item_code: item_code.to_owned(), place });
    }
    if quantity <= Decimal::ZERO {
        return Err(MakeError::Nothing { quantity });
    }
    let mut scaled = quantity.normalize();
    if scaled.scale() > pattern.decimals {
        return Err(MakeError::TooFine { quantity, decimals: pattern.decimals });
    }
    scaled.rescale(pattern.decimals);
    let width = pattern.count(Slot::Field);
    let most = pattern.most();
    if quantity > most || scaled.scale() != pattern.decimals {
        return Err(MakeError::TooMuch { quantity, most, unit: pattern.unit.clone() });
    }
    let field = format!("{:0>width$}", scaled.mantissa());
    Ok(pattern.fill(&format!("{item_code:0>place$}"), &field))
}

/// Why no code can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MakeError {
    /// Not digits.
    #[error("the item code {item_code:?} is not a number; give digits only")]
    ItemCode {
        /// As given.
        item_code: String,
    },
    /// More digits than the pattern has places.
    #[error("the item code {item_code} has {} digits; the pattern has room for {place}", .item_code.len())]
    ItemCodeTooLong {
        /// As given.
        item_code: String,
        /// How many digits fit.
        place: usize,
    },
    /// Zero, or less.
    #[error("a code for {quantity} can't be made; the quantity must be above zero")]
    Nothing {
        /// As given.
        quantity: Decimal,
    },
    /// More digits behind the point than the pattern has.
    #[error("{quantity} has more than {decimals} digits behind the point; round it first")]
    TooFine {
        /// As given.
        quantity: Decimal,
        /// How many there may be.
        decimals: u32,
    },
    /// More than the digits hold.
    #[error("{quantity} {unit} is more than the code holds; the most is {most} {unit}")]
    TooMuch {
        /// As given.
        quantity: Decimal,
        /// The largest quantity of the pattern.
        most: Decimal,
        /// The pattern's unit.
        unit: String,
    },
}

impl Pattern {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// As it was written.
    pub fn config(&self) -> &PatternConfig {
        &self.config
    }

    /// What its variable part holds.
    pub fn field(&self) -> Field {
        self.field
    }

    /// The unit of the quantity: a weight's, `pcs` for pieces, a price's currency or nothing.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The largest quantity that it holds, in its unit.
    pub fn most(&self) -> Decimal {
        let nines = 10_i128.pow(u32::try_from(self.count(Slot::Field)).unwrap_or(1)) - 1;
        Decimal::try_from_i128_with_scale(nines, self.decimals).unwrap_or(Decimal::MAX)
    }

    /// Reads a code of digits. `None` where it hasn't the pattern's shape: another length, or other digits
    /// at the places of its own.
    ///
    /// # Errors
    /// [`Misread`]: the shape is right, but a check digit is not.
    pub fn read(&self, code: &str) -> Option<Result<Item, Misread>> {
        let code = self.in_own_length(code)?;
        let fits = |(slot, digit): (&Slot, char)| match slot {
            Slot::Digit(own) => *own == digit,
            _ => digit.is_ascii_digit(),
        };
        if !self.slots.iter().zip(code.chars()).all(fits) {
            return None;
        }
        Some(self.take(&code))
    }

    /// Whether there is a code that both would read.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self.slots.as_slice(), other.slots.as_slice());
        let compatible = |a: &[Slot], b: &[Slot]| {
            a.iter().zip(b).all(|pair| !matches!(pair, (Slot::Digit(a), Slot::Digit(b)) if a != b))
        };
        match (a, b) {
            _ if a.len() == b.len() => compatible(a, b),
            (upc, [Slot::Digit('0'), ean @ ..]) | ([Slot::Digit('0'), ean @ ..], upc)
                if upc.len() == UPC_A && ean.len() == UPC_A =>
            {
                let converts = self.config.upc_ean != UpcEan::Never || other.config.upc_ean != UpcEan::Never;
                converts && compatible(upc, ean)
            }
            _ => false,
        }
    }

    /// The code with as many digits as the pattern has, where the policy allows to change it.
    fn in_own_length(&self, code: &str) -> Option<String> {
        let own = self.slots.len();
        let policy = self.config.upc_ean;
        match code.strip_prefix('0') {
            _ if code.len() == own => Some(code.to_owned()),
            _ if own == EAN_13
                && code.len() == UPC_A
                && matches!(policy, UpcEan::Always | UpcEan::UpcToEan) =>
            {
                Some(format!("0{code}"))
            }
            Some(upc)
                if own == UPC_A
                    && upc.len() == UPC_A
                    && matches!(policy, UpcEan::Always | UpcEan::EanToUpc) =>
            {
                Some(upc.to_owned())
            }
            _ => None,
        }
    }

    fn take(&self, code: &str) -> Result<Item, Misread> {
        let at = |wanted: Slot| -> String {
            self.slots
                .iter()
                .zip(code.chars())
                .filter(|(slot, _)| **slot == wanted)
                .map(|(_, digit)| digit)
                .collect()
        };
        if let Some(expected) = self.check_digit(code).filter(|check| at(Slot::Check) != check.to_string()) {
            return Err(Misread::CheckDigit { expected });
        }
        let field = at(Slot::Field);
        let verifier = at(Slot::Verifier);
        if let Some(expected) = digits::price_verifier(&field)
            && !verifier.is_empty()
            && verifier != expected.to_string()
        {
            return Err(Misread::Verifier { expected });
        }
        let item = at(Slot::Item);
        let number = field.parse::<i128>().unwrap_or(0);
        let value = Decimal::try_from_i128_with_scale(number, self.decimals).unwrap_or(Decimal::ZERO);
        let quantity = (number > 0).then(|| match self.field {
            Field::Weight => Quantity::Weight { value, unit: self.unit.clone() },
            Field::Pieces => Quantity::Pieces { value },
            Field::Price => {
                Quantity::Price { value, currency: (!self.unit.is_empty()).then(|| self.unit.clone()) }
            }
        });
        let key = self.build(&item, &"0".repeat(field.len()), "0");
        Ok(Item { pattern: self.config.name.clone(), code: item, key, barcode: code.to_owned(), quantity })
    }

    /// The code of an item and a field, both as long as their places.
    fn fill(&self, item: &str, field: &str) -> String {
        let verifier = digits::price_verifier(field).map_or(String::new(), |verifier| verifier.to_string());
        self.build(item, field, &verifier)
    }

    fn build(&self, item: &str, field: &str, verifier: &str) -> String {
        let (mut item, mut field) = (item.chars(), field.chars());
        let mut code: String = self
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Digit(own) => *own,
                Slot::Item => item.next().unwrap_or('0'),
                Slot::Field => field.next().unwrap_or('0'),
                Slot::Verifier => verifier.chars().next().unwrap_or('0'),
                Slot::Check => '0',
            })
            .collect();
        if let Some(check) = self.check_digit(&code) {
            code.pop();
            code.push(char::from(b'0' + check));
        }
        code
    }

    /// The check digit that a code of this length should have; `None` where the pattern has none.
    fn check_digit(&self, code: &str) -> Option<u8> {
        let front = code.get(..code.len().checked_sub(1)?)?;
        (self.slots.last() == Some(&Slot::Check)).then(|| digits::check_digit(front)).flatten()
    }

    fn count(&self, wanted: Slot) -> usize {
        self.slots.iter().filter(|slot| **slot == wanted).count()
    }
}

const EAN_8: usize = 8;
const UPC_A: usize = 12;
const EAN_13: usize = 13;

impl TryFrom<PatternConfig> for Pattern {
    type Error = PatternError;

    fn try_from(config: PatternConfig) -> Result<Self, PatternError> {
        check(&config)
            .map_err(|problem| PatternError { pattern: config.pattern.clone(), problem })
            .map(|Checked { slots, field, decimals, unit }| Self { config, slots, field, decimals, unit })
    }
}

impl From<Pattern> for PatternConfig {
    fn from(pattern: Pattern) -> Self {
        pattern.config
    }
}
