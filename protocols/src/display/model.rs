//! What must be known of a model of customer display: data, read from TOML.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use crate::codepage::Page;

/// A model of customer display.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplayModel {
    /// Name in configurations: `[a-z0-9-]{1,64}`, the file's name without `.toml`.
    pub id: String,
    /// The vendor's name of the model.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Where the figures are from: documents with section.
    pub source: String,
    /// How it is spoken to.
    pub commands: CommandSet,
    /// Characters of a line.
    #[serde(default = "twenty")]
    pub columns: u8,
    /// Lines.
    #[serde(default = "two")]
    pub rows: u8,
    /// Whether its brightness can be set, from 1 to 4.
    #[serde(default)]
    pub brightness: bool,
    /// Code pages and the bytes that select each, in hexadecimal; empty where the display always has it.
    #[serde(deserialize_with = "pages")]
    pub pages: BTreeMap<Page, Vec<u8>>,
    /// The page used without a word of the configuration.
    pub default_page: Page,
}

/// Command sets of displays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandSet {
    /// CD5220: lines as strings, `ESC Q A` and `ESC Q B`.
    Cd5220,
    /// ESC/POS for displays: the cursor is set by `US $`.
    EscPos,
    /// The same on the line of a printer: `ESC =` says which of both is meant.
    EpsonDm,
}

/// Why a text is no model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DisplayModelError {
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("the display model can't be read: {0}")]
    Syntax(String),
    /// A value that can't be right.
    #[error("display model {model:?}: {field} {problem}")]
    Value {
        /// The model's id, as written.
        model: String,
        /// The key.
        field: &'static str,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
}

impl DisplayModel {
    /// Every model that comes with the agent, in the order of their ids.
    pub fn all() -> &'static [DisplayModel] {
        static ALL: OnceLock<Vec<DisplayModel>> = OnceLock::new();
        ALL.get_or_init(|| MODELS.iter().filter_map(|text| Self::from_toml(text).ok()).collect())
    }

    /// The model of that id.
    pub fn find(id: &str) -> Option<&'static DisplayModel> {
        Self::all().iter().find(|model| model.id == id)
    }

    /// Reads a model from TOML text and checks its values.
    ///
    /// # Errors
    /// [`DisplayModelError::Syntax`] with line and column, or [`DisplayModelError::Value`] with the key.
    pub fn from_toml(text: &str) -> Result<Self, DisplayModelError> {
        let model: Self =
            toml::from_str(text).map_err(|error| DisplayModelError::Syntax(error.to_string()))?;
        model.check()?;
        Ok(model)
    }

    fn check(&self) -> Result<(), DisplayModelError> {
        let bad = |field, problem| Err(DisplayModelError::Value { model: self.id.clone(), field, problem });
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&self.id.len()) || !self.id.bytes().all(is_id) {
            return bad("id", "must be 1 to 64 of a-z, 0-9 and -");
        }
        if self.source.trim().is_empty() {
            return bad("source", "must name the document the figures are from");
        }
        if !(8..=80).contains(&self.columns) {
            return bad("columns", "must be 8 to 80");
        }
        if !(1..=8).contains(&self.rows) {
            return bad("rows", "must be 1 to 8");
        }
        if self.commands == CommandSet::Cd5220 && self.rows > 2 {
            return bad("rows", "must be 1 or 2: CD5220 has commands for an upper and a lower line");
        }
        if !self.pages.contains_key(&self.default_page) {
            return bad("default_page", "is not among the pages");
        }
        Ok(())
    }
}

const MODELS: &[&str] = &[
    include_str!("models/bematech-ldx1000.toml"),
    include_str!("models/cd5220.toml"),
    include_str!("models/epson-dm-d110.toml"),
    include_str!("models/escpos-2x20.toml"),
    include_str!("models/partner-cd5220.toml"),
    include_str!("models/posx-xp8200.toml"),
];

fn twenty() -> u8 {
    20
}

fn two() -> u8 {
    2
}

fn pages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Page, Vec<u8>>, D::Error> {
    let written = BTreeMap::<Page, String>::deserialize(deserializer)?;
    let bytes = |text: &str| {
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16)).collect::<Result<_, _>>()
    };
    written
        .into_iter()
        .map(|(page, text)| {
            let wrong = |_| {
                format!("pages.{}: {text:?} is not bytes in hexadecimal, such as \"1b 74 11\"", page.name())
            };
            Ok((page, bytes(&text).map_err(wrong).map_err(serde::de::Error::custom)?))
        })
        .collect()
}
