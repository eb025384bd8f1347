//! Exact masses.

use std::ops::Neg;

/// A mass, exact: counted in units of 10 ng, of which a gram has 100,000,000 and a pound
/// (453.59237 g) 45,359,237,000. Made from whole grams with `into()`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mass(i64);

const GRAM: i64 = 100_000_000;
const THOUSANDTH_OF_POUND: i64 = 45_359_237;

impl Mass {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole grams. What is more than 92,000 t stays at that.
    pub const fn grams(grams: i64) -> Self {
        Self(grams.saturating_mul(GRAM))
    }

    /// Tenths of a gram.
    pub const fn tenths_of_gram(tenths: i64) -> Self {
        Self(tenths.saturating_mul(GRAM / 10))
    }

    /// Thousandths of a pound.
    pub const fn thousandths_of_pound(thousandths: i64) -> Self {
        Self(thousandths.saturating_mul(THOUSANDTH_OF_POUND))
    }

    /// How often `other` goes into this mass, to the nearest whole number and halves away from
    /// zero; 0 when `other` is nothing.
    pub(super) fn counted_in(self, other: Self) -> i64 {
        if other.0 == 0 {
            return 0;
        }
        let (mass, other) = (i128::from(self.0), i128::from(other.0));
        let half = if (mass < 0) == (other < 0) { other } else { -other };
        i64::try_from((2 * mass + half) / (2 * other)).unwrap_or(i64::MAX)
    }

    /// So many times this mass.
    pub(super) fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// What is left of it without `other`.
    pub(super) fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Without its sign.
    pub(super) fn size(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl Neg for Mass {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl From<i64> for Mass {
    fn from(grams: i64) -> Self {
        Self::grams(grams)
    }
}

impl From<i32> for Mass {
    fn from(grams: i32) -> Self {
        Self::grams(i64::from(grams))
    }
}

/// A unit that a scale shows weights in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// g
    Gram,
    /// kg
    Kilogram,
    /// lb
    Pound,
}

impl Unit {
    /// As scales write it, in small letters.
    pub fn text(self) -> &'static str {
        match self {
            Unit::Gram => "g",
            Unit::Kilogram => "kg",
            Unit::Pound => "lb",
        }
    }

    /// What one in the last of so many places after the point stands for; places beyond the fifth
    /// count as the fifth.
    pub(super) fn last_place(self, decimals: u8) -> Mass {
        let places = u32::from(decimals.min(5));
        let one = match self {
            Unit::Gram => GRAM,
            Unit::Kilogram => 1000 * GRAM,
            Unit::Pound => 1000 * THOUSANDTH_OF_POUND,
        };
        // A pound has no fourth decimal in units of 10 ng; what is left over is cut off.
        Mass(one / 10_i64.pow(places))
    }
}
