//! The mark by which a document is known to be ours.
//!
//! A receipt carries it in a field that the register keeps with the document, so that after a doubt
//! the document found can be told from another of the same sum. It is made of the job and the number
//! of the attempt alone: the agent can compute it again after a crash without having stored it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// 16 characters of `0`-`9` and `A`-`Z` without `I`, `L`, `O` and `U`: 80 bits.
///
/// The first 10 bytes of SHA-256 over `outletd fiscal tag 1`, a zero byte, the job's id in UTF-8, a zero
/// byte, and the attempt's number as 4 bytes, the highest first; in Crockford's base 32, the highest
/// bits first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(#[schemars(with = "String")] [u8; Tag::LENGTH]);

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Tag {
    /// Characters of a tag.
    pub const LENGTH: usize = 16;

    /// The tag of an attempt, counted from 1.
    pub fn new(job: &str, attempt: u32) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"outletd fiscal tag 1\0");
        hasher.update(job.as_bytes());
        hasher.update(b"\0");
        hasher.update(attempt.to_be_bytes());
        let bits = hasher.finalize().iter().take(10).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        Self(std::array::from_fn(|index| {
            let digit = bits >> (5 * (Self::LENGTH - 1 - index)) & 31;
            DIGITS.get(digit as usize).copied().unwrap_or(b'0')
        }))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether a text that a register kept holds this tag: whole, with anything around it.
    pub fn is_in(&self, text: &str) -> bool {
        text.contains(self.as_str())
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Not 16 characters of the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tag: 16 of 0-9 and A-Z without I, L, O and U")]
pub struct NoTag;

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Self, NoTag> {
        let characters: [u8; Self::LENGTH] = text.as_bytes().try_into().map_err(|_| NoTag)?;
        let known = characters.iter().all(|character| DIGITS.contains(character));
        if known { Ok(Self(characters)) } else { Err(NoTag) }
    }
}

impl TryFrom<String> for Tag {
    type Error = NoTag;

    fn try_from(text: String) -> Result<Self, NoTag> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.as_str().to_owned()
    }
}
