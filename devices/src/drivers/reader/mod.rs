//! Readers that speak by themselves on a serial line, as serial ports, USB CDC ports and serial servers over TCP
//! have it: bar code scanners, readers of magnetic stripes, RFID readers.
//!
//! All three listen and never send. Bytes are put together until the line end comes that the reader is set to,
//! or, where it sends none, until the line is quiet. What has begun and does not end is told as `unreadable`;
//! what is too long is dropped up to the next line end and told as `too-long`. The number of a bank card is
//! masked before anything is made of it: it stands in no reading, error, status or answer.
//!
//! # `scanner`
//! | option | what | default |
//! |---|---|---|
//! | `suffix` | what the scanner sends behind a code: `any` (CR, LF or both), `cr`, `lf`, `crlf`, `stx-etx` (with STX in front), `none` | `any` |
//! | `prefix` | what it is set to send in front of each code, AIM's mark not counted; a code without it is not taken | none |
//! | `silence_ms` | with `none`: how long the line is quiet behind a code; else: after how long a code that has begun is given up | 100; 1000 |
//! | `aim` | whether the scanner names the symbology by AIM's mark (`]E0`): `true` takes no code without it, `false` takes it for data, `"auto"` looks | `"auto"` |
//! | `max_bytes` | bytes of the longest code, prefix and mark included | 4096 |
//!
//! # `card-reader`
//! | option | what | default |
//! |---|---|---|
//! | `framing` | `plain` (tracks in text, a line for each swipe), `secure-mag` (ID TECH's frames) | `plain` |
//! | `lines` | of `plain`: `swipe` (a line end behind the card) or `track` (behind each track) | `swipe` |
//! | `sentinels` | of `plain`: whether the tracks come with `%`, `;` and `?`; if not, a line is track 2 | `true` |
//! | `lrc` | of `plain`: whether the LRC stands behind each end sentinel; it is checked then | `false` |
//! | `hash_key_file` | a file with a key of 16 bytes or more, a line end behind it not counted: bank cards get a hash | none |
//! | `silence_ms` | after how long without a byte a swipe has ended or is given up | 500 |
//!
//! # `rfid-reader`
//! IronLogic's lines (Z-2, Matrix III). `silence_ms`: after how long a line that has begun is given up; 1000.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::{Link, LinkError};
use device::{Device, Language};
use options::{CardOptions, RfidOptions, ScannerOptions};

mod device;
pub mod options;
mod rfid;
mod scanner;
mod stripe;
mod tally;

/// Makes drivers of bar code scanners.
pub struct Scanner;

impl DriverFactory for Scanner {
    fn name(&self) -> &'static str {
        SCANNER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let options = ScannerOptions::read(&settings.options)?;
        let limits = json!({"max_bytes": options.max_bytes});
        let language = scanner::Codes::new(options, settings.codes.clone());
        SCANNER.build(settings, report, limits, Box::new(language))
    }
}

/// Makes drivers of readers of magnetic stripes.
pub struct CardReader;

impl DriverFactory for CardReader {
    fn name(&self) -> &'static str {
        CARD_READER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let options = CardOptions::read(&settings.options)?;
        let key = options.hash_key()?;
        let limits = json!({"hashes": key.is_some()});
        CARD_READER.build(settings, report, limits, stripe::language(&options, key))
    }
}

/// Makes drivers of RFID readers.
pub struct RfidReader;

impl DriverFactory for RfidReader {
    fn name(&self) -> &'static str {
        RFID_READER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let options = RfidOptions::read(&settings.options)?;
        RFID_READER.build(settings, report, json!({}), Box::new(rfid::Tags::new(&options)))
    }
}

/// A kind of reader in words.
#[derive(Debug, Clone, Copy)]
struct Kind {
    /// The word of the configuration, and the kind of the device.
    driver: &'static str,
    /// Its name for people.
    title: &'static str,
    /// With its article, in a sentence.
    a: &'static str,
    /// What it reads.
    capability: &'static str,
    /// What the technician is asked to do, to see that it works.
    try_it: &'static str,
}

const SCANNER: Kind = Kind {
    driver: "scanner",
    title: "Bar code scanner",
    a: "a scanner",
    capability: "codes",
    try_it: "scan a code of some product",
};

const CARD_READER: Kind = Kind {
    driver: "card-reader",
    title: "Magnetic card reader",
    a: "a card reader",
    capability: "cards",
    try_it: "swipe a card",
};

const RFID_READER: Kind = Kind {
    driver: "rfid-reader",
    title: "RFID reader",
    a: "an RFID reader",
    capability: "tags",
    try_it: "hold a card to the reader, and take it away",
};

impl Kind {
    fn build(
        self,
        settings: &Settings,
        report: Report,
        limits: Value,
        language: Box<dyn Language>,
    ) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link =
            settings.link.parse().map_err(|error: LinkError| wrong("link", error.to_string()))?;
        if !matches!(link, Link::Tcp { .. } | Link::Serial { .. }) {
            return Err(wrong(
                "link",
                format!("{} of this driver is reached by serial:// or tcp://", self.a),
            ));
        }
        if settings.model.is_some() {
            return Err(wrong("model", format!("leave it out: for {} the options say everything", self.a)));
        }
        let description = Description {
            kind: self.driver.to_owned(),
            driver: self.driver.to_owned(),
            model: None,
            name: self.title.to_owned(),
            link: link.to_string(),
            capabilities: vec![self.capability.to_owned()],
            limits,
        };
        let options = settings.options.clone();
        let driver = Device::new(self, link, options, language, report);
        Ok(Built { driver: Box::new(driver), check: Arc::new(Intake(self)), description })
    }

    /// What a job for it ends with.
    fn no_jobs(self) -> DeviceError {
        let message = format!("{} takes no jobs: it tells what it reads by itself", self.a);
        DeviceError::new(ErrorKind::Unsupported, "unsupported", message)
    }
}

/// Refuses all jobs.
struct Intake(Kind);

impl Check for Intake {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Err(self.0.no_jobs())
    }
}
