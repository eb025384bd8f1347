//! One reading of a scale, whatever the scale speaks.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a scale said at one moment.
///
/// A reading without a weight is a status and not a weight of 0: many scales tell only their status while they
/// are in motion, overloaded or below zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Reading {
    /// What it shows: net where a tare is set. Absent when the scale gave no weight that could be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// Whether the weight is net or gross, where the scale says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The tare that is set, where the scale says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tare: Option<Weight>,
    /// The load is at rest.
    pub stable: bool,
    /// At zero: the scale's own sign of it, or, where it has none, a weight of exactly 0.
    pub zero: bool,
    /// More than the scale can weigh.
    pub overload: bool,
    /// Less than the scale can weigh: below zero, or the pan is off.
    pub underload: bool,
    /// What is wrong with the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The bytes this was read from.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Reading {
    /// The weight in kilograms that a sale may take.
    ///
    /// # Errors
    /// Why a sale may not take it.
    pub fn for_sale(&self) -> Result<Decimal, NotForSale> {
        if let Some(fault) = &self.fault {
            return Err(NotForSale::Fault(fault.clone()));
        }
        if self.overload {
            return Err(NotForSale::Overload);
        }
        if self.underload {
            return Err(NotForSale::Underload);
        }
        if !self.stable {
            return Err(NotForSale::InMotion);
        }
        let weight = self.weight.ok_or(NotForSale::NoWeight)?;
        let kilograms = weight.kilograms().ok_or(NotForSale::TooLarge)?;
        match kilograms {
            kg if kg.is_zero() => Err(NotForSale::Empty),
            kg if kg.is_sign_negative() => Err(NotForSale::Negative),
            kg => Ok(kg),
        }
    }

    /// A status without a weight.
    pub(crate) fn status(stable: bool, raw: &[u8]) -> Self {
        Self { stable, raw: raw.to_vec(), ..Self::default() }
    }

    /// A weight, whose zero is told by its value.
    pub(crate) fn weighed(weight: Weight, stable: bool, raw: &[u8]) -> Self {
        Self { weight: Some(weight), zero: weight.value.is_zero(), ..Self::status(stable, raw) }
    }

    /// Overload; no weight.
    pub(crate) fn overloaded(raw: &[u8]) -> Self {
        Self { overload: true, ..Self::status(false, raw) }
    }

    /// Underload; no weight.
    pub(crate) fn underloaded(raw: &[u8]) -> Self {
        Self { underload: true, ..Self::status(false, raw) }
    }

    /// A scale that does not work; no weight.
    pub(crate) fn faulty(fault: impl Into<String>, raw: &[u8]) -> Self {
        Self { fault: Some(fault.into()), ..Self::status(false, raw) }
    }
}

/// Why a sale may not take a reading.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotForSale {
    /// [`Reading::fault`].
    #[error("the scale reports a fault: {0}")]
    Fault(String),
    /// [`Reading::overload`].
    #[error("the scale is overloaded: take something off")]
    Overload,
    /// [`Reading::underload`].
    #[error("the scale is below zero: put the pan back, or set zero")]
    Underload,
    /// Not stable.
    #[error("the load is in motion: wait until it rests")]
    InMotion,
    /// A status without a weight.
    #[error("the scale gave its status and no weight: put the goods on it")]
    NoWeight,
    /// A weight of 0.
    #[error("the scale is empty: put the goods on it")]
    Empty,
    /// A weight below 0.
    #[error("the weight is negative: clear the tare or set zero")]
    Negative,
    /// More than a decimal number can hold in kilograms.
    #[error("the weight is too large to be true")]
    TooLarge,
}

/// A mass and its unit. The decimal keeps the places the scale shows: `1.550` stays `1.550`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// How much.
    pub value: Decimal,
    /// Of what.
    pub unit: Unit,
}

impl Weight {
    /// A weight.
    pub fn new(value: Decimal, unit: Unit) -> Self {
        Self { value, unit }
    }

    /// The same mass in kilograms, exactly; `None` where 28 digits don't hold it.
    ///
    /// Grams, kilograms and tonnes keep their resolution: `1550 g` is `1.550 kg`.
    pub fn kilograms(self) -> Option<Decimal> {
        let shift = |places: u32| {
            let mut value = self.value;
            value.set_scale(value.scale() + places).ok().map(|()| value)
        };
        match self.unit {
            Unit::Mg => shift(6),
            Unit::G => shift(3),
            Unit::Kg => Some(self.value),
            Unit::T => match self.value.scale().checked_sub(3) {
                Some(places) => {
                    let mut value = self.value;
                    value.set_scale(places).ok().map(|()| value)
                }
                None => self.value.checked_mul(Decimal::from(1000)).map(|value| value.trunc()),
            },
            Unit::Lb => exact(self.value, Decimal::new(45_359_237, 8)),
            Unit::Oz => exact(self.value, Decimal::new(28_349_523_125, 12)),
            Unit::Ozt => exact(self.value, Decimal::new(311_034_768, 10)),
            Unit::Ct => exact(self.value, Decimal::new(2, 4)),
        }
    }
}

/// The product, unless digits would be lost.
fn exact(value: Decimal, factor: Decimal) -> Option<Decimal> {
    let places = value.scale() + factor.scale();
    (places <= Decimal::MAX_SCALE)
        .then(|| value.checked_mul(factor))
        .flatten()
        .filter(|product| value.is_zero() || product.scale() == places)
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit.word())
    }
}

/// A unit of mass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Milligram.
    Mg,
    /// Gram.
    G,
    /// Kilogram.
    Kg,
    /// Tonne, 1000 kg.
    T,
    /// Pound (avoirdupois), 0.45359237 kg.
    Lb,
    /// Ounce (avoirdupois), a sixteenth of a pound.
    Oz,
    /// Troy ounce, 31.1034768 g.
    Ozt,
    /// Metric carat, 0.2 g.
    Ct,
}

impl Unit {
    /// The word of the configuration and of published readings.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Mg => "mg",
            Unit::G => "g",
            Unit::Kg => "kg",
            Unit::T => "t",
            Unit::Lb => "lb",
            Unit::Oz => "oz",
            Unit::Ozt => "ozt",
            Unit::Ct => "ct",
        }
    }

    /// The unit that a scale writes so, in capitals or not.
    pub(crate) fn from_ascii(text: &[u8]) -> Option<Self> {
        const ALL: [Unit; 8] =
            [Unit::Mg, Unit::G, Unit::Kg, Unit::T, Unit::Lb, Unit::Oz, Unit::Ozt, Unit::Ct];
        ALL.into_iter().find(|unit| text.eq_ignore_ascii_case(unit.word().as_bytes()))
    }
}

/// Whether a tare was taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Without the tare.
    Net,
    /// All that lies on the scale.
    Gross,
}
