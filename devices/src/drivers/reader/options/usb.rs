//! Options of readers on USB: those that report, and those that type.

use std::path::PathBuf;

use outlet_protocols::scanner::WedgeOptions;
use outlet_protocols::scanner::wedge::WedgeEnd;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Aim, Lines, read, wrong};
use crate::driver::SettingsError;
use crate::drivers::reader::stripe::{self, Form};

/// A scanner that reports has no options: its reports say everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoOptions {}

impl NoOptions {
    /// Checks that there are none.
    ///
    /// # Errors
    /// There are, with the key of the first.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        read(value)
    }
}

/// How a card reader that reports is set up. Its reports say all else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportOptions {
    /// The file with the key of card hashes.
    pub hash_key_file: Option<PathBuf>,
}

impl ReportOptions {
    /// Reads them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        read(value)
    }
}

/// How a scanner that types is set up. It has to be set to an American keyboard: keys are places, and only so it is
/// known what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypedCodeOptions {
    /// What it types behind each code.
    pub suffix: TypedEnd,
    /// What it is set to type in front of each code. A code without it was cut, and is not taken.
    pub prefix: String,
    /// Milliseconds of the longest pause inside a code, 5 to 500. More than the scanner's delay between keys, less
    /// than a person needs.
    pub gap_ms: u32,
    /// Characters of the shortest code, 1 to 64. Fewer are a person's.
    pub min_characters: usize,
    /// Whether it types the mark of the symbology in front of the data.
    pub aim: Aim,
    /// Characters of the longest code with prefix and mark, 8 to 65536.
    pub max_bytes: usize,
    /// The file with the key of card hashes.
    pub hash_key_file: Option<PathBuf>,
}

impl Default for TypedCodeOptions {
    fn default() -> Self {
        let WedgeOptions { gap_ms, least, most, .. } = WedgeOptions::default();
        Self {
            suffix: TypedEnd::Any,
            prefix: String::new(),
            gap_ms,
            min_characters: least,
            aim: Aim::Auto,
            max_bytes: most,
            hash_key_file: None,
        }
    }
}

impl TypedCodeOptions {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options: Self = read(value)?;
        gap_fits(options.gap_ms)?;
        if !(1..=64).contains(&options.min_characters) {
            return Err(wrong("min_characters", "must be 1 to 64 characters"));
        }
        match options.max_bytes {
            8..=65_536 => Ok(options),
            _ => Err(wrong("max_bytes", "must be 8 to 65536 bytes")),
        }
    }

    /// What tells codes from a person.
    pub fn wedge(&self) -> WedgeOptions {
        let end = match self.suffix {
            TypedEnd::Any => WedgeEnd::EnterOrTab,
            TypedEnd::Enter => WedgeEnd::Enter,
            TypedEnd::Tab => WedgeEnd::Tab,
            TypedEnd::None => WedgeEnd::Silence,
        };
        WedgeOptions { gap_ms: self.gap_ms, least: self.min_characters, most: self.max_bytes, end }
    }
}

/// What a scanner types behind each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypedEnd {
    /// Enter or Tab.
    Any,
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Nothing: a pause ends it.
    None,
}

/// How a card reader that types is set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypedCardOptions {
    /// What stands in front of an Enter.
    pub lines: Lines,
    /// Whether tracks come with their sentinels.
    pub sentinels: bool,
    /// Milliseconds of the longest pause inside a swipe, 5 to 500.
    pub gap_ms: u32,
    /// The file with the key of card hashes.
    pub hash_key_file: Option<PathBuf>,
}

impl Default for TypedCardOptions {
    fn default() -> Self {
        let gap_ms = WedgeOptions::default().gap_ms;
        Self { lines: Lines::Swipe, sentinels: true, gap_ms, hash_key_file: None }
    }
}

impl TypedCardOptions {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options: Self = read(value)?;
        gap_fits(options.gap_ms)?;
        Ok(options)
    }

    /// What tells a swipe from a person.
    pub fn wedge(&self) -> WedgeOptions {
        WedgeOptions {
            gap_ms: self.gap_ms,
            most: stripe::MOST,
            end: WedgeEnd::Enter,
            ..WedgeOptions::default()
        }
    }

    /// How the tracks come as text. No key types the LRC's lower codes, so readers that type don't send it.
    pub(in crate::drivers::reader) fn form(&self) -> Form {
        Form { lines: self.lines, sentinels: self.sentinels, lrc: false }
    }
}

fn gap_fits(gap_ms: u32) -> Result<(), SettingsError> {
    match gap_ms {
        5..=500 => Ok(()),
        _ => Err(wrong("gap_ms", "must be 5 to 500 milliseconds")),
    }
}
