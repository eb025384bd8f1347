//! Options of `[device.options]`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use outlet_protocols::card::HashKey;
use outlet_protocols::scanner::{LineEnd, LineOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::stripe::Form;
use crate::driver::SettingsError;

mod usb;

pub use usb::{NoOptions, ReportOptions, TypedCardOptions, TypedCodeOptions, TypedEnd};

/// How a scanner is set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScannerOptions {
    /// What it sends behind each code.
    pub suffix: Suffix,
    /// What it sends in front of each code and its AIM mark. A code without it was cut, and is not taken.
    pub prefix: String,
    /// Milliseconds of silence, 20 to 10000. With [`Suffix::None`] they end a code (100 when absent); otherwise
    /// a code whose end has not come by then is given up (1000 when absent).
    pub silence_ms: Option<u64>,
    /// Whether it names the symbology in front of the data.
    pub aim: Aim,
    /// Bytes of the longest code with prefix and mark, 8 to 65536.
    pub max_bytes: usize,
    /// The file with the key of card hashes.
    pub hash_key_file: Option<PathBuf>,
}

impl Default for ScannerOptions {
    fn default() -> Self {
        // More than the longest Data Matrix and half of the longest QR Code.
        let (prefix, max_bytes) = (String::new(), 4096);
        Self { suffix: Suffix::Any, prefix, silence_ms: None, aim: Aim::Auto, max_bytes, hash_key_file: None }
    }
}

impl ScannerOptions {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options: Self = read(value)?;
        silence_fits(options.silence_ms)?;
        match options.max_bytes {
            8..=65_536 => Ok(options),
            _ => Err(wrong("max_bytes", "must be 8 to 65536 bytes")),
        }
    }

    /// How long the line is quiet before a code has ended or is given up.
    pub fn silence(&self) -> Duration {
        let default = if self.suffix == Suffix::None { 100 } else { 1000 };
        Duration::from_millis(self.silence_ms.unwrap_or(default))
    }

    /// What cuts the line into codes.
    pub fn line(&self) -> LineOptions {
        LineOptions {
            end: self.suffix.end(),
            prefix: self.prefix.clone(),
            suffix: String::new(),
            most: self.max_bytes,
        }
    }
}

/// What a scanner sends behind each code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suffix {
    /// CR, LF or both.
    Any,
    /// CR.
    Cr,
    /// LF.
    Lf,
    /// CR and LF.
    #[serde(rename = "crlf")]
    CrLf,
    /// ETX, and STX in front.
    StxEtx,
    /// Nothing.
    None,
}

impl Suffix {
    fn end(self) -> LineEnd {
        match self {
            Self::Any => LineEnd::Any,
            Self::Cr => LineEnd::Cr,
            Self::Lf => LineEnd::Lf,
            Self::CrLf => LineEnd::CrLf,
            Self::StxEtx => LineEnd::StxEtx,
            Self::None => LineEnd::Silence,
        }
    }
}

/// Whether a scanner names the symbology by AIM's mark in front of the data. Written `true`, `false` or `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Aim {
    /// With each code. One without was cut.
    Always,
    /// Never. What looks like a mark is data.
    Never,
    /// What looks like a mark is one.
    Auto,
}

impl TryFrom<Value> for Aim {
    type Error = NotAim;

    fn try_from(value: Value) -> Result<Self, NotAim> {
        match value {
            Value::Bool(true) => Ok(Self::Always),
            Value::Bool(false) => Ok(Self::Never),
            Value::String(word) if word == "auto" => Ok(Self::Auto),
            _ => Err(NotAim),
        }
    }
}

impl From<Aim> for Value {
    fn from(aim: Aim) -> Self {
        match aim {
            Aim::Always => json!(true),
            Aim::Never => json!(false),
            Aim::Auto => json!("auto"),
        }
    }
}

/// A value that says nothing of AIM marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAim;

impl fmt::Display for NotAim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be true, false or \"auto\"")
    }
}

/// How a reader of magnetic stripes is set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardOptions {
    /// What a swipe is packed in.
    pub framing: Framing,
    /// Of [`Framing::Plain`]: what a line holds.
    pub lines: Lines,
    /// Of [`Framing::Plain`]: whether tracks come with their sentinels.
    pub sentinels: bool,
    /// Of [`Framing::Plain`]: whether the LRC stands behind each end sentinel.
    pub lrc: bool,
    /// The file with the key of card hashes.
    pub hash_key_file: Option<PathBuf>,
    /// Milliseconds of silence that end a swipe, 20 to 10000; 500 when absent.
    pub silence_ms: Option<u64>,
}

impl Default for CardOptions {
    fn default() -> Self {
        Self {
            framing: Framing::Plain,
            lines: Lines::Swipe,
            sentinels: true,
            lrc: false,
            hash_key_file: None,
            silence_ms: None,
        }
    }
}

impl CardOptions {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options: Self = read(value)?;
        silence_fits(options.silence_ms)?;
        if options.lrc && !options.sentinels {
            return Err(wrong(
                "lrc",
                "is found behind the end sentinel: set sentinels = true, or lrc = false",
            ));
        }
        Ok(options)
    }

    /// How the tracks come as text.
    pub(super) fn form(&self) -> Form {
        Form { lines: self.lines, sentinels: self.sentinels, lrc: self.lrc }
    }

    /// How long the line is quiet before a swipe has ended or is given up.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.silence_ms.unwrap_or(500))
    }
}

/// The key in a file. A line end behind it does not belong to it.
///
/// # Errors
/// A file that can't be read, is longer than a key (4096 bytes) or shorter (16).
pub fn hash_key(file: Option<&Path>) -> Result<Option<HashKey>, SettingsError> {
    let Some(path) = file else { return Ok(None) };
    let unusable = |why: String| wrong("hash_key_file", format!("{}: {why}", path.display()));
    let mut key = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_KEY + 1).read_to_end(&mut key))
        .map_err(|error| unusable(format!("{error}; give a file that the agent may read")))?;
    if key.len() as u64 > LONGEST_KEY {
        return Err(unusable(format!("a key has at most {LONGEST_KEY} bytes")));
    }
    let bare = key.strip_suffix(b"\n").unwrap_or(&key);
    let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
    HashKey::new(bare).map(Some).map_err(|error| unusable(error.to_string()))
}

const LONGEST_KEY: u64 = 4096;

/// What a swipe is packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// The tracks as text with a line end.
    Plain,
    /// ID TECH SecureMag.
    SecureMag,
}

/// What a line of plain tracks holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lines {
    /// All tracks of a swipe.
    Swipe,
    /// One track.
    Track,
}

/// How an RFID reader is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RfidOptions {
    /// Milliseconds of silence after which a line that has begun is given up, 20 to 10000; 1000 when absent.
    pub silence_ms: Option<u64>,
}

impl RfidOptions {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options: Self = read(value)?;
        silence_fits(options.silence_ms)?;
        Ok(options)
    }

    /// How long the line is quiet before what has begun is given up.
    pub fn silence(&self) -> Duration {
        Duration::from_millis(self.silence_ms.unwrap_or(1000))
    }
}

/// Reads options key by key, so that the key of a wrong value is known.
fn read<T: Default + DeserializeOwned + Serialize>(value: &Value) -> Result<T, SettingsError> {
    let whole = |message: String| SettingsError { key: "options".into(), message };
    let given = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map.clone(),
        _ => return Err(whole("must be a table".into())),
    };
    let defaults = json!(T::default());
    for (key, value) in &given {
        if defaults.get(key).is_none() {
            let known: Vec<&str> =
                defaults.as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect();
            let message = match known[..] {
                [] => "there is no such option: by this link there are none".to_owned(),
                _ => format!("there is no such option; there are {}", known.join(", ")),
            };
            return Err(wrong(key, message));
        }
        let one = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
        T::deserialize(one).map_err(|error| wrong(key, error.to_string()))?;
    }
    T::deserialize(Value::Object(given)).map_err(|error| whole(error.to_string()))
}

fn silence_fits(silence_ms: Option<u64>) -> Result<(), SettingsError> {
    match silence_ms {
        None | Some(20..=10_000) => Ok(()),
        Some(_) => Err(wrong("silence_ms", "must be 20 to 10000 milliseconds")),
    }
}

fn wrong(key: &str, message: impl Into<String>) -> SettingsError {
    SettingsError { key: format!("options.{key}"), message: message.into() }
}
