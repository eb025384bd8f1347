//! Exact decimals: sums in minor units, quantities in millionths.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, Neg, Sub};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A sum in minor units: kopecks, bani, stotinki.
///
/// In JSON a number or a string of at most 13 digits, a point and two digits, always in whole units of
/// the currency: `290` is 290.00. A JSON number has gone
/// through a binary float when it arrives here; what is read is its shortest decimal text, which is
/// the text that was sent as long as that has 15 significant digits at most (IEEE 754 double). Written
/// as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i64);

/// A quantity in millionths of its unit.
///
/// In JSON a number or a string of at most 9 digits, a point and 6 digits; read like [`Money`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Quantity(pub i64);

/// Why a text is no decimal of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Something other than digits, one point, and a minus in front.
    #[error("is not a decimal such as 149.90: digits, a point, digits, no spaces, no comma, no exponent")]
    Form,
    /// More decimals than the smallest unit has.
    #[error("has more than {0} decimals: round it before it is sent")]
    Decimals(u32),
    /// More digits than can be read exactly.
    #[error("has more than {0} digits before the point")]
    Digits(u32),
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    const DECIMALS: u32 = 2;
    const DIGITS: u32 = 13;

    /// Reads a decimal of up to two decimals; zeros after them are allowed.
    ///
    /// # Errors
    /// [`DecimalError`]: another form, more decimals, more than 13 digits before the point.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        decimal(text, Self::DIGITS, Self::DECIMALS).map(Self)
    }

    /// Minor units.
    pub fn minor(self) -> i64 {
        self.0
    }

    /// Less than nothing.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Exactly nothing.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The price of a quantity, rounded half away from zero to a whole minor unit; the largest sum
    /// there is when it is beyond that.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> Self {
        let exact = self.exactly_times(quantity);
        let half = if exact < 0 { -MILLIONTHS / 2 } else { MILLIONTHS / 2 };
        Self(saturated((exact + half) / MILLIONTHS))
    }

    /// The price of a quantity in millionths of a minor unit.
    pub(super) fn exactly_times(self, quantity: Quantity) -> i128 {
        i128::from(self.0) * i128::from(quantity.0)
    }
}

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1_000_000);
    const DECIMALS: u32 = 6;
    const DIGITS: u32 = 9;

    /// Reads a decimal of up to six decimals; zeros after them are allowed.
    ///
    /// # Errors
    /// [`DecimalError`]: another form, more decimals, more than 9 digits before the point.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        decimal(text, Self::DIGITS, Self::DECIMALS).map(Self)
    }

    /// Millionths.
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// In units of `10^-decimals`, such as thousandths for 3; `None` where digits would be lost.
    pub fn scaled(self, decimals: u8) -> Option<i64> {
        let unit = 10_i64.pow(Self::DECIMALS.checked_sub(u32::from(decimals))?);
        (self.0 % unit == 0).then_some(self.0 / unit)
    }

    /// How many decimals it has, 0 to 6.
    pub fn decimals(self) -> u8 {
        (0..6).find(|decimals| self.scaled(*decimals).is_some()).unwrap_or(6)
    }
}

const MILLIONTHS: i128 = 1_000_000;

fn saturated(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

fn decimal(text: &str, digits: u32, decimals: u32) -> Result<i64, DecimalError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(DecimalError::Form),
        None => (unsigned, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(DecimalError::Form);
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > digits as usize {
        return Err(DecimalError::Digits(digits));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > decimals as usize {
        return Err(DecimalError::Decimals(decimals));
    }
    let shown = whole.bytes().chain(fraction.bytes());
    let zeros = decimals as usize - fraction.len();
    let value = shown
        .chain(std::iter::repeat_n(b'0', zeros))
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Ok(if text.starts_with('-') { -value } else { value })
}

/// The shortest text that is read back as this double, without an exponent.
fn text_of(number: f64) -> String {
    number.to_string()
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", minor / 100, minor % 100))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millionths = self.0.unsigned_abs();
        let text = format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

macro_rules! read_as_decimal {
    ($type:ident, $what:literal, $pattern:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Decimal;
                impl Visitor<'_> for Decimal {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a decimal, ", $what))
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        $type::parse(text).map_err(|error| E::custom(format_args!("{text:?} {error}")))
                    }

                    fn visit_f64<E: Error>(self, number: f64) -> Result<$type, E> {
                        let text = text_of(number);
                        $type::parse(&text).map_err(|error| E::custom(format_args!("{text} {error}")))
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }
                }
                deserializer.deserialize_any(Decimal)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": ["string", "number"], "pattern": $pattern, "description": concat!("A decimal, ", $what, ".")})
            }
        }
    };
}

read_as_decimal!(Money, "a sum with at most two decimals", "^-?[0-9]{1,13}(\\.[0-9]{1,2}0*)?$");
read_as_decimal!(Quantity, "a quantity with at most six decimals", "^-?[0-9]{1,9}(\\.[0-9]{1,6}0*)?$");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_sum_is_read_to_the_minor_unit_from_numbers_and_strings() {
        for (json, minor) in [
            (json!(0.1), 10),
            (json!(149.9), 14_990),
            (json!("149.90"), 14_990),
            (json!("149.9000"), 14_990),
            (json!(1), 100),
            (json!(-3.05), -305),
            (json!(0.29), 29),
            (json!(1.15), 115),
            (json!(-0.0), 0),
            (json!("0007.5"), 750),
            (json!(9_999_999_999_999.99), 999_999_999_999_999),
        ] {
            assert_eq!(serde_json::from_value::<Money>(json.clone()).unwrap(), Money(minor), "{json}");
        }
    }

    #[test]
    fn what_is_no_exact_sum_is_refused_with_the_reason() {
        for (json, reason) in [
            (json!(1.005), "more than 2 decimals"),
            (json!("1.005"), "more than 2 decimals"),
            (json!("1,50"), "not a decimal"),
            (json!("1e3"), "not a decimal"),
            (json!(" 1"), "not a decimal"),
            (json!("+1"), "not a decimal"),
            (json!(".5"), "not a decimal"),
            (json!("5."), "not a decimal"),
            (json!("-"), "not a decimal"),
            (json!(""), "not a decimal"),
            (json!("--1"), "not a decimal"),
            (json!("١"), "not a decimal"),
            (json!(1e20), "more than 13 digits"),
            (json!(u64::MAX), "more than 13 digits"),
            (json!(0.000_000_1), "more than 2 decimals"),
            (json!(null), "invalid type"),
            (json!(true), "invalid type"),
        ] {
            let error = serde_json::from_value::<Money>(json.clone()).unwrap_err().to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn a_quantity_has_six_decimals_and_says_how_many_it_uses() {
        let read = |json: Value| serde_json::from_value::<Quantity>(json).unwrap();
        assert_eq!(read(json!(0.000_01)), Quantity(10));
        assert_eq!(read(json!("0.35")), Quantity(350_000));
        assert_eq!(read(json!(2)), Quantity(2_000_000));
        assert_eq!((read(json!(0.355)).decimals(), read(json!(12)).decimals()), (3, 0));
        assert_eq!(read(json!(0.355)).scaled(3), Some(355));
        assert_eq!(read(json!(0.3555)).scaled(3), None);
        assert_eq!(Quantity(1).scaled(7), None);
        assert!(serde_json::from_value::<Quantity>(json!(0.000_000_1)).is_err());
    }

    #[test]
    fn a_price_times_a_quantity_is_rounded_half_away_from_zero() {
        assert_eq!(Money(3_333).times(Quantity(1_500_000)), Money(5_000));
        assert_eq!(Money(101).times(Quantity(500_000)), Money(51));
        assert_eq!(Money(-101).times(Quantity(500_000)), Money(-51));
        assert_eq!(Money(99).times(Quantity(333_000)), Money(33));
        assert_eq!(Money(i64::MAX).times(Quantity(i64::MAX)), Money(i64::MAX));
        assert_eq!(Money(i64::MIN).times(Quantity(i64::MAX)), Money(i64::MIN));
    }

    #[test]
    fn sums_and_quantities_are_shown_as_people_write_them() {
        assert_eq!(Money(124_878).to_string(), "1248.78");
        assert_eq!(Money(-5).to_string(), "-0.05");
        assert_eq!(format!("{:>8}", Money(100)), "    1.00");
        assert_eq!(Quantity(250_000).to_string(), "0.25");
        assert_eq!(Quantity(10_000_000).to_string(), "10");
        assert_eq!(Quantity(-1).to_string(), "-0.000001");
    }

    proptest! {
        #[test]
        fn every_sum_survives_a_binary_float(minor in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let text = Money(minor).to_string();
            let number: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::from_value::<Money>(number).unwrap(), Money(minor));
            prop_assert_eq!(Money::parse(&text), Ok(Money(minor)));
        }

        #[test]
        fn every_quantity_survives_a_binary_float(millionths in -999_999_999_999_999_i64..=999_999_999_999_999) {
            let text = Quantity(millionths).to_string();
            let number: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::from_value::<Quantity>(number).unwrap(), Quantity(millionths));
            prop_assert_eq!(Quantity::parse(&text), Ok(Quantity(millionths)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = (Money::parse(&text), Quantity::parse(&text));
        }
    }
}
