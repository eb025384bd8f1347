//! Numbers of bank cards, which nobody gets to see.

use std::fmt;

use hmac::{Hmac, Mac};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sha2::Sha256;
use thiserror::Error;

/// A card number of 13 to 19 digits (ISO/IEC 7812-1). Formatted and serialised it is `411111******1111`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(String);

impl Pan {
    /// A number of 13 to 19 digits, whatever its check digit.
    pub fn new(digits: &str) -> Option<Self> {
        let is_number = (13..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(digits.to_owned()))
    }

    /// Whether the last digit is the check digit of the others.
    pub fn passes_luhn(&self) -> bool {
        luhn(&self.0)
    }

    /// Whose number it is by its first digits; `None` outside the ranges of payment systems.
    pub fn system(&self) -> Option<PaymentSystem> {
        let first =
            |count: usize| self.0.get(..count).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
        RANGES
            .iter()
            .find(|(digits, from, to, _)| (*from..=*to).contains(&first(*digits)))
            .map(|range| range.3)
    }

    /// The first 6 and last 4 digits with `*` between them.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }

    /// HMAC-SHA-256 of the digits under the outlet's key, in 64 hexadecimal digits: the same card has the
    /// same, and without the key nobody can try numbers.
    pub fn hash(&self, key: &HashKey) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key.0) else { return String::new() };
        mac.update(self.0.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A key for hashes of card numbers. It is never formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey(Vec<u8>);

impl HashKey {
    /// A key of at least 16 bytes.
    ///
    /// # Errors
    /// A shorter one: numbers could be found out by trying.
    pub fn new(key: impl Into<Vec<u8>>) -> Result<Self, ShortKey> {
        let key = key.into();
        if key.len() < 16 { Err(ShortKey { found: key.len() }) } else { Ok(Self(key)) }
    }
}

/// A key that is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the key for card hashes has {found} bytes; give at least 16 random ones")]
pub struct ShortKey {
    /// How many bytes it has.
    pub found: usize,
}

/// Payment systems, as far as their numbers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentSystem {
    /// American Express.
    AmericanExpress,
    /// Belkart.
    Belkart,
    /// Diners Club.
    DinersClub,
    /// Discover.
    Discover,
    /// Elcart, Kyrgyzstan.
    Elcart,
    /// Humo, Uzbekistan.
    Humo,
    /// JCB.
    Jcb,
    /// Maestro.
    Maestro,
    /// Mastercard.
    Mastercard,
    /// Mir.
    Mir,
    /// RuPay.
    RuPay,
    /// UnionPay.
    UnionPay,
    /// Uzcard, Uzbekistan.
    Uzcard,
    /// Visa.
    Visa,
}

/// First digits of card numbers: how many, from, to. Ranges as the payment systems publish them, the narrower
/// ones in front of the wider.
const RANGES: &[(usize, u32, u32, PaymentSystem)] = &[
    (4, 2200, 2204, PaymentSystem::Mir),
    (4, 2221, 2720, PaymentSystem::Mastercard),
    (2, 34, 34, PaymentSystem::AmericanExpress),
    (2, 37, 37, PaymentSystem::AmericanExpress),
    (4, 3528, 3589, PaymentSystem::Jcb),
    (3, 300, 305, PaymentSystem::DinersClub),
    (4, 3095, 3095, PaymentSystem::DinersClub),
    (2, 36, 36, PaymentSystem::DinersClub),
    (2, 38, 39, PaymentSystem::DinersClub),
    (1, 4, 4, PaymentSystem::Visa),
    (2, 51, 55, PaymentSystem::Mastercard),
    (2, 50, 50, PaymentSystem::Maestro),
    (2, 56, 58, PaymentSystem::Maestro),
    (4, 6011, 6011, PaymentSystem::Discover),
    (3, 644, 649, PaymentSystem::Discover),
    (2, 65, 65, PaymentSystem::Discover),
    (3, 607, 608, PaymentSystem::RuPay),
    (2, 62, 62, PaymentSystem::UnionPay),
    (2, 81, 81, PaymentSystem::UnionPay),
    (2, 60, 69, PaymentSystem::Maestro),
    (4, 8600, 8600, PaymentSystem::Uzcard),
    (4, 5614, 5614, PaymentSystem::Uzcard),
    (4, 9112, 9112, PaymentSystem::Belkart),
    (4, 9417, 9417, PaymentSystem::Elcart),
    (4, 9860, 9860, PaymentSystem::Humo),
];

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan({})", self.masked())
    }
}

impl fmt::Display for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl Serialize for Pan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(..)")
    }
}

/// Whether the last of the digits is the check digit of the others (ISO/IEC 7812-1, annex B). False where
/// there is something else among them.
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (index % 2, digit) {
            (0, digit) => digit,
            (_, digit @ 0..=4) => digit * 2,
            (_, digit) => digit * 2 - 9,
        };
    }
    !digits.is_empty() && sum % 10 == 0
}

/// Stars for all but the first 6 and last 4 characters; for all where 10 or fewer are there.
pub(super) fn mask(digits: &str) -> String {
    let count = digits.chars().count();
    let shown = |index: usize| count > 10 && (index < 6 || index >= count - 4);
    digits.chars().enumerate().map(|(index, c)| if shown(index) { c } else { '*' }).collect()
}
