//! What a pattern of the configuration may be, and what is wrong with one.

use thiserror::Error;

use super::{EAN_8, EAN_13, Field, PatternConfig, Slot, UPC_A};

/// A pattern's signs and what follows from them.
pub(super) struct Checked {
    pub slots: Vec<Slot>,
    pub field: Field,
    pub decimals: u32,
    pub unit: String,
}

/// Reads the signs of a pattern.
pub(super) fn check(config: &PatternConfig) -> Result<Checked, PatternProblem> {
    let name_ok = (1..=64).contains(&config.name.len())
        && config.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !name_ok {
        return Err(PatternProblem::Name { name: config.name.clone() });
    }
    let mut slots = Vec::new();
    let mut letter = None;
    for (index, sign) in config.pattern.chars().enumerate() {
        let slot = match sign {
            '0'..='9' => Slot::Digit(sign),
            'C' => Slot::Item,
            'V' => Slot::Verifier,
            'K' => Slot::Check,
            'W' | 'N' | 'P' => {
                if let Some(first) = letter.filter(|first| *first != sign) {
                    return Err(PatternProblem::TwoFields { first, second: sign });
                }
                letter = Some(sign);
                Slot::Field
            }
            _ => return Err(PatternProblem::Sign { sign, at: index + 1 }),
        };
        slots.push(slot);
    }
    let length = slots.len();
    let field = match letter {
        Some('W') => Field::Weight,
        Some('N') => Field::Pieces,
        Some(_) => Field::Price,
        None => return Err(PatternProblem::NoField),
    };
    let count = |wanted: Slot| slots.iter().filter(|slot| **slot == wanted).count();
    if length > MOST_DIGITS {
        return Err(PatternProblem::TooLong { length });
    }
    if count(Slot::Item) == 0 {
        return Err(PatternProblem::NoItem);
    }
    let ean = matches!(length, EAN_8 | UPC_A | EAN_13);
    match (count(Slot::Check), slots.last() == Some(&Slot::Check)) {
        (0, _) if ean => return Err(PatternProblem::NoCheckDigit { length }),
        (0, _) => {}
        (1, true) if ean => {}
        (1, true) => return Err(PatternProblem::Length { length }),
        _ => return Err(PatternProblem::CheckDigitPlace),
    }
    for (slot, sign) in [(Slot::Item, 'C'), (Slot::Field, letter.unwrap_or('W'))] {
        let first = slots.iter().position(|found| *found == slot).unwrap_or(0);
        if slots.iter().skip(first).take(count(slot)).any(|found| *found != slot) {
            return Err(PatternProblem::Apart { sign });
        }
    }
    let width = count(Slot::Field);
    if width > MOST_FIELD {
        return Err(PatternProblem::FieldTooLong { width });
    }
    match count(Slot::Verifier) {
        0 => {}
        1 if field != Field::Pieces && matches!(width, 4 | 5) => {}
        1 => return Err(PatternProblem::Verifier { width }),
        _ => return Err(PatternProblem::Verifiers),
    }
    let decimals = decimals(config, field, width)?;
    Ok(Checked { unit: unit(config, field)?, slots, field, decimals })
}

fn decimals(config: &PatternConfig, field: Field, width: usize) -> Result<u32, PatternProblem> {
    let usual = match field {
        Field::Weight if config.unit.as_deref() == Some("g") => 0,
        Field::Weight => 3,
        Field::Price => 2,
        Field::Pieces => 0,
    };
    let decimals = config.decimals.unwrap_or(usual);
    if field == Field::Pieces && decimals != 0 {
        return Err(PatternProblem::PiecesWithDecimals { decimals });
    }
    if usize::from(decimals) > width {
        return Err(PatternProblem::Decimals { decimals, width });
    }
    Ok(u32::from(decimals))
}

fn unit(config: &PatternConfig, field: Field) -> Result<String, PatternProblem> {
    let unit = config.unit.as_deref();
    let currency = |unit: &str| unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase());
    match (field, unit) {
        (Field::Weight, None) => Ok("kg".into()),
        (Field::Weight, Some(unit @ ("kg" | "g" | "lb" | "oz"))) => Ok(unit.into()),
        (Field::Pieces, None | Some("pcs")) => Ok("pcs".into()),
        (Field::Price, None) => Ok(String::new()),
        (Field::Price, Some(unit)) if currency(unit) => Ok(unit.into()),
        (_, Some(unit)) => {
            let allowed = match field {
                Field::Weight => "kg, g, lb and oz",
                Field::Pieces => "pcs",
                Field::Price => "a currency of three capitals such as RUB",
            };
            Err(PatternProblem::Unit { unit: unit.into(), allowed })
        }
    }
}

/// A pattern that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the pattern {pattern:?} {problem}")]
pub struct PatternError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong, and what to do.
    pub problem: PatternProblem,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternProblem {
    /// A sign that means nothing.
    #[error("has {sign:?} at place {at}; it takes C, W, N, P, V, K and digits")]
    Sign {
        /// The sign.
        sign: char,
        /// Its place, counted from 1.
        at: usize,
    },
    /// No name, or one that can't stand in a reading.
    #[error("has the name {name:?}; give 1 to 64 of a-z, 0-9 and -")]
    Name {
        /// The name.
        name: String,
    },
    /// Two kinds of quantity.
    #[error("has both {first} and {second}; a code holds one quantity")]
    TwoFields {
        /// The first kind.
        first: char,
        /// The other one.
        second: char,
    },
    /// No quantity.
    #[error("has no quantity; put W for weight, N for pieces or P for a price")]
    NoField,
    /// No item code.
    #[error("has no item code; put C for each of its digits")]
    NoItem,
    /// Signs of one kind with others between them.
    #[error("has its {sign} in several places; they stand together")]
    Apart {
        /// Which sign.
        sign: char,
    },
    /// An EAN or UPC length without its check digit.
    #[error("has {length} digits, as EAN and UPC have, and no K at the end; end it with K")]
    NoCheckDigit {
        /// How many digits.
        length: usize,
    },
    /// K elsewhere than at the end, or twice.
    #[error("has a K elsewhere than at the end; the check digit is the last digit")]
    CheckDigitPlace,
    /// K in a code that is no EAN or UPC.
    #[error("has {length} digits and a K; codes with a check digit have 8, 12 or 13")]
    Length {
        /// How many digits.
        length: usize,
    },
    /// Longer than codes are.
    #[error("has {length} digits; 48 are the most")]
    TooLong {
        /// How many digits.
        length: usize,
    },
    /// More digits of quantity than any has.
    #[error("has {width} digits of quantity; 12 are the most")]
    FieldTooLong {
        /// How many digits.
        width: usize,
    },
    /// A verifier digit that can't be computed.
    #[error(
        "has a V with {width} digits of quantity; there are verifier digits of prices and weights of 4 and 5"
    )]
    Verifier {
        /// How many digits of quantity.
        width: usize,
    },
    /// Several verifier digits.
    #[error("has several V; there is one verifier digit")]
    Verifiers,
    /// More digits behind the point than there are.
    #[error("has {width} digits of quantity and decimals = {decimals}; they can't be more")]
    Decimals {
        /// As written.
        decimals: u8,
        /// Digits of the quantity.
        width: usize,
    },
    /// Parts of pieces.
    #[error("counts pieces and has decimals = {decimals}; leave decimals out")]
    PiecesWithDecimals {
        /// As written.
        decimals: u8,
    },
    /// A unit of another kind of quantity.
    #[error("has the unit {unit:?}; there are {allowed}")]
    Unit {
        /// As written.
        unit: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// Two patterns of one name.
    #[error("has the name {name:?} as another one; give each its own")]
    SameName {
        /// The name.
        name: String,
    },
    /// Two patterns for the same codes.
    #[error(
        "fits the same codes as {other:?}; give them different priorities, or take one out (of \
         weight_prefixes and piece_prefixes, too)"
    )]
    Overlap {
        /// The other pattern.
        other: String,
    },
    /// A prefix that is none.
    #[error("is made of the prefix {prefix:?}; a prefix has two digits")]
    Prefix {
        /// As written.
        prefix: String,
    },
}

/// The longest code: more digits are in no barcode for people.
const MOST_DIGITS: usize = 48;
/// As many digits as any weight or price has.
const MOST_FIELD: usize = 12;
