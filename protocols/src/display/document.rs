//! What a client asks a display to show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::document::strict::place;

/// Lines for a customer display.
///
/// In a line, a tab sends what is behind it to the right edge: `"Капучино\t250.00"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisplayDocument {
    /// From top to bottom; lines that are left out are blank.
    #[schemars(length(min = 1, max = 8))]
    pub lines: Vec<String>,
    /// Where lines stand that are shorter than the display.
    #[serde(default)]
    pub align: Align,
    /// What becomes of lines that are longer.
    #[serde(default)]
    pub overflow: Overflow,
    /// Brightness from 1 to 4, the brightest; as it was when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4))]
    pub brightness: Option<u8>,
}

/// Where a short line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right edge.
    Right,
}

/// What becomes of a line that is longer than the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// Its end is left out; what is behind a tab stays.
    #[default]
    Cut,
    /// It moves to the left, round and round; what is behind a tab stands still.
    Scroll,
}

/// Why a document can't be shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{problem}", if .at.is_empty() { String::new() } else { format!("{at}: ") })]
pub struct DisplayError {
    /// Path of the field such as `lines[1]`; empty for the document itself.
    pub at: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl DisplayDocument {
    /// Reads a document strictly and checks it.
    ///
    /// # Errors
    /// [`DisplayError`] with the field.
    pub fn parse(document: &Value) -> Result<Self, DisplayError> {
        let document: Self = serde_path_to_error::deserialize(document).map_err(|error| {
            let path = error.path().to_string();
            let message = place(&path, &error.into_inner().to_string());
            match message.strip_prefix('.').and_then(|rest| rest.split_once(": ")) {
                Some((at, problem)) => wrong(at, problem),
                None => wrong("", message),
            }
        })?;
        document.check()?;
        Ok(document)
    }

    fn check(&self) -> Result<(), DisplayError> {
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            return Err(wrong("lines", format!("{} lines; 1 to {MOST_LINES} are allowed", self.lines.len())));
        }
        if self.brightness.is_some_and(|brightness| !(1..=4).contains(&brightness)) {
            return Err(wrong("brightness", "must be 1 to 4"));
        }
        for (index, line) in self.lines.iter().enumerate() {
            let at = format!("lines[{index}]");
            let length = line.chars().count();
            if length > MOST_CHARACTERS {
                return Err(wrong(at, format!("{length} characters; {MOST_CHARACTERS} are the most")));
            }
            if let Some(control) = line.chars().find(|c| c.is_control() && *c != '\t') {
                return Err(wrong(
                    at,
                    format!("has {control:?}; of control characters only a tab is allowed"),
                ));
            }
            if line.matches('\t').count() > 1 {
                return Err(wrong(at, "has several tabs; one parts the line into left and right"));
            }
        }
        Ok(())
    }
}

pub(super) fn wrong(at: impl Into<String>, problem: impl Into<String>) -> DisplayError {
    DisplayError { at: at.into(), problem: problem.into() }
}

const MOST_LINES: usize = 8;
const MOST_CHARACTERS: usize = 512;
