//! What `[device.options]` of an `ipp` printer may say.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::driver::SettingsError;

/// Options of `[device.options]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Whether the sheets are printed on one side or on both; as the printer is set when absent.
    pub sides: Option<Sides>,
    /// How long an answer of the printer may take, in milliseconds, 100 to 120000.
    pub answer_ms: u32,
    /// From one question about a job to the next, in milliseconds, 10 to 10000.
    pub poll_ms: u32,
    /// From one question about the idle printer to the next, in milliseconds, 10 to 600000.
    pub idle_ms: u32,
    /// A job that goes on for so many seconds without a sheet, while nothing stops the printer, is uncertain:
    /// 1 to 3600.
    pub stuck_s: u32,
}

/// Which sides of a sheet are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// One page a sheet.
    One,
    /// Two pages a sheet, turned like a book.
    Two,
}

impl Sides {
    /// The keyword of the attribute `sides` (RFC 8011, 5.2.8).
    pub fn keyword(self) -> &'static str {
        match self {
            Self::One => "one-sided",
            Self::Two => "two-sided-long-edge",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { sides: None, answer_ms: 15_000, poll_ms: 1_000, idle_ms: 15_000, stuck_s: 600 }
    }
}

impl Options {
    /// Reads the options.
    ///
    /// # Errors
    /// An unknown key or a value out of range, with its key.
    pub fn read(given: &Value) -> Result<Self, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let options = match given {
            Value::Null => Self::default(),
            given => Self::deserialize(given).map_err(|error| wrong("options", error.to_string()))?,
        };
        let ranges = [
            ("options.answer_ms", options.answer_ms, 100..=120_000),
            ("options.poll_ms", options.poll_ms, 10..=10_000),
            ("options.idle_ms", options.idle_ms, 10..=600_000),
            ("options.stuck_s", options.stuck_s, 1..=3_600),
        ];
        for (key, value, range) in ranges {
            if !range.contains(&value) {
                return Err(wrong(key, format!("write {} to {}", range.start(), range.end())));
            }
        }
        Ok(options)
    }

    /// How long an answer of the printer may take.
    pub fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_ms.into())
    }

    /// From one question about a job to the next.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.into())
    }

    /// From one question about the idle printer to the next.
    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms.into())
    }

    /// After how long a job that does not go on is uncertain.
    pub fn stuck(&self) -> Duration {
        Duration::from_secs(self.stuck_s.into())
    }
}
