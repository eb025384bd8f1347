//! Options of `[device.options]`.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use outlet_protocols::label_scale::{Carrier, Password};
use serde::Deserialize;
use serde_json::Value;

use crate::driver::SettingsError;
use crate::link::{LABEL_SCALE_PORT, Link, LinkError, RAW_PORT};

/// A family of label scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// Shtrih-M's Shtrih-Print and what speaks as it does: datagrams.
    ShtrihPrint,
    /// Mertech's M-ER 725, 727 and 828: the same messages over TCP.
    Mertech,
}

impl Model {
    const ALL: [Self; 2] = [Self::ShtrihPrint, Self::Mertech];

    pub(super) fn of(name: Option<&str>) -> Result<Self, SettingsError> {
        let wrong = |what: String| {
            let known = Self::ALL.map(Self::name).join(", ");
            wrong("model", format!("{what}: write the scale's family, one of {known}"))
        };
        let Some(name) = name else { return Err(wrong("it is missing".to_owned())) };
        let found = Self::ALL.into_iter().find(|model| model.name() == name);
        found.ok_or_else(|| wrong(format!("{name:?} is not known")))
    }

    /// The word of the configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ShtrihPrint => "shtrih-print",
            Self::Mertech => "mertech",
        }
    }

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::ShtrihPrint => "Shtrih-M Shtrih-Print",
            Self::Mertech => "Mertech M-ER 725, 727, 828",
        }
    }

    /// How its messages travel.
    pub(super) fn carrier(self) -> Carrier {
        match self {
            Self::ShtrihPrint => Carrier::Udp,
            Self::Mertech => Carrier::Tcp,
        }
    }

    /// The password that scales leave the factory with, where it is known: Shtrih-Print's stands in lsFusion's open
    /// driver.
    fn password(self) -> Option<&'static str> {
        match self {
            Self::ShtrihPrint => Some("0030"),
            Self::Mertech => None,
        }
    }

    /// Reads a link; the port may be left out.
    pub(super) fn link(self, text: &str) -> Result<Link, SettingsError> {
        let link: Link = text.parse().map_err(|error: LinkError| wrong("link", error.to_string()))?;
        match (self, link) {
            (Self::ShtrihPrint, link @ Link::Udp { .. }) => Ok(link),
            (Self::Mertech, Link::Tcp { host, port }) => {
                let named = text.trim_end_matches('/').ends_with(&format!(":{port}"));
                Ok(Link::Tcp { host, port: if port == RAW_PORT && !named { LABEL_SCALE_PORT } else { port } })
            }
            (Self::ShtrihPrint, _) => {
                Err(wrong("link", "it is reached by datagrams: write udp://10.0.0.40".to_owned()))
            }
            (Self::Mertech, _) => {
                Err(wrong("link", "it is reached by TCP: write tcp://10.0.0.40:1111".to_owned()))
            }
        }
    }
}

/// What becomes of the items that a whole list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// They are removed when the list is loaded, number by number: the scale sells all the time.
    Sweep,
    /// All items and messages are cleared before the list is loaded: the scale sells nothing meanwhile.
    Clear,
}

/// How a label scale is set up. `Debug` leaves the password out.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The administrator's password, four digits; `0030` for Shtrih-Print when absent.
    password: Option<String>,
    /// The file with the password instead.
    password_file: Option<PathBuf>,
    /// Decimal places of prices, 0 to 2; as the scale says when absent. Mertech's does not say.
    pub decimals: Option<u8>,
    /// Highest number that is loaded or removed; the highest that the scale keeps when absent.
    pub highest: Option<u16>,
    /// What becomes of the items that a whole list does not have.
    pub whole: Whole,
    /// Milliseconds until an answer is given up, 20 to 60000; 500 over UDP and 3000 over TCP when absent.
    pub answer_ms: Option<u32>,
    /// How often an unanswered datagram is sent again, 0 to 20.
    pub repeats: u32,
    /// Seconds for which a scale is waited for that can't now, 0 to 3600.
    pub patience_s: u32,
    /// Seconds between two looks at a scale with nothing to do, 1 to 3600.
    pub watch_s: u32,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("whole", &self.whole)
            .field("highest", &self.highest)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            password: None,
            password_file: None,
            decimals: None,
            highest: None,
            whole: Whole::Sweep,
            answer_ms: None,
            repeats: 4,
            patience_s: 30,
            watch_s: 10,
        }
    }
}

impl Options {
    /// Reads and checks them.
    ///
    /// # Errors
    /// An unknown key or a value that can't work, with the key. The password is not shown.
    pub fn read(value: &Value) -> Result<Self, SettingsError> {
        let options = match value {
            Value::Null => Self::default(),
            given => {
                // A password that is no text would stand in the error.
                let hidden = given.get("password").is_some_and(|password| !password.is_string());
                if hidden {
                    return Err(wrong("options.password", "is four digits in quotes: \"0030\"".to_owned()));
                }
                Self::deserialize(given).map_err(|error| wrong("options", error.to_string()))?
            }
        };
        let bounds = [
            (options.decimals.is_some_and(|places| places > 2), "decimals", "write 0 to 2"),
            (options.highest == Some(0), "highest", "write 1 to 65535"),
            (
                options.answer_ms.is_some_and(|ms| !(20..=60_000).contains(&ms)),
                "answer_ms",
                "write 20 to 60000",
            ),
            (options.repeats > 20, "repeats", "write 0 to 20"),
            (options.patience_s > 3600, "patience_s", "write 0 to 3600"),
            (!(1..=3600).contains(&options.watch_s), "watch_s", "write 1 to 3600"),
            (
                options.password.is_some() && options.password_file.is_some(),
                "password_file",
                "leave one of password and password_file out",
            ),
        ];
        match bounds.into_iter().find(|(bad, ..)| *bad) {
            Some((_, key, remedy)) => Err(wrong(&format!("options.{key}"), remedy.to_owned())),
            None => Ok(options),
        }
    }

    /// Whether the decimals of prices are known, or the scale will say them.
    ///
    /// # Errors
    /// They are missing, and the family's scales don't say them.
    pub(super) fn judge_decimals(&self, model: Model) -> Result<(), SettingsError> {
        if model == Model::Mertech && self.decimals.is_none() {
            let message = "it is missing: write how many decimals the scale's prices have, 0 to 2; it does not say that \
                           itself, and prices of other decimals would be wrong a hundredfold";
            return Err(wrong("options.decimals", message.to_owned()));
        }
        Ok(())
    }

    /// The password: given, from its file, or the model's own.
    ///
    /// # Errors
    /// A file that can't be read, and what is not four digits.
    pub(super) fn password(&self, model: Model) -> Result<Password, SettingsError> {
        if let Some(path) = &self.password_file {
            let key = "options.password_file";
            let mut text = String::new();
            // One character more than a password with its line end: a longer file is none.
            let read = File::open(path).and_then(|file| file.take(8).read_to_string(&mut text));
            read.map_err(|error| {
                wrong(key, format!("{}: {error}; give a file that the agent may read", path.display()))
            })?;
            return Password::new(text.trim_end())
                .map_err(|error| wrong(key, format!("{}: {error}", path.display())));
        }
        let digits = self.password.as_deref().or_else(|| model.password()).ok_or_else(|| {
            let message =
                "it is missing: write the administrator's password, four digits, as it is set in the scale";
            wrong("options.password", message.to_owned())
        })?;
        Password::new(digits).map_err(|error| wrong("options.password", error.to_string()))
    }

    /// How long an answer may take.
    pub(super) fn answer(&self, carrier: Carrier) -> Duration {
        let own = match carrier {
            Carrier::Udp => 500,
            Carrier::Tcp => 3000,
        };
        Duration::from_millis(self.answer_ms.unwrap_or(own).into())
    }

    /// For how long a scale is waited for that can't now.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs(self.patience_s.into())
    }
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}
