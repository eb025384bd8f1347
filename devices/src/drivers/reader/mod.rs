//! Readers that speak by themselves: bar code scanners, readers of magnetic stripes, RFID readers. On a serial line, as
//! serial ports, USB CDC ports and serial servers over TCP have it; scanners and stripe readers also by reports
//! (`hid://`) and by keys (`evdev://`).
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
//! | `hash_key_file` | a file with a key, as below: cards that are swiped at the scanner get a hash | none |
//!
//! By `hid://`, set to HID POS (usage page 8C), it has no options. By `evdev://`, set to an American keyboard:
//!
//! | option | what | default |
//! |---|---|---|
//! | `suffix` | what it types behind a code: `any` (Enter or Tab), `enter`, `tab`, `none` | `any` |
//! | `gap_ms` | the longest pause inside a code | 50 |
//! | `min_characters` | characters of the shortest code; fewer, and slower ones, are a person's: they are counted | 4 |
//! | `prefix`, `aim`, `max_bytes`, `hash_key_file` | as on a line | |
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
//! By `hid://` (MagTek, ID TECH) it takes `hash_key_file`; by `evdev://` `lines`, `sentinels`, `gap_ms` (50) and
//! `hash_key_file`.
//!
//! # `rfid-reader`
//! IronLogic's lines (Z-2, Matrix III). `silence_ms`: after how long a line that has begun is given up; 1000.
//!
//! With a link of `pcsc://` it is a contactless reader of PC/SC, which is no line: see `pcsc`, there only with the
//! feature of this name.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::Link;
use crate::transport::hid;
use code::Codes;
use device::{Device, Language};
use options::{
    Aim, CardOptions, NoOptions, ReportOptions, RfidOptions, ScannerOptions, TypedCardOptions,
    TypedCodeOptions, hash_key,
};
use reach::{Reach, Way};
use typed::{Typed, TypedCodes};

mod code;
mod device;
pub mod options;
#[cfg(feature = "pcsc")]
pub mod pcsc;
mod reach;
mod reports;
mod rfid;
mod scanner;
mod stripe;
mod tally;
mod typed;

/// Makes drivers of bar code scanners.
pub struct Scanner;

impl DriverFactory for Scanner {
    fn name(&self) -> &'static str {
        SCANNER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let reach = Reach::new(&settings.link, SCANNER)?;
        let (language, limits) = code_language(reach.way, settings)?;
        SCANNER.build(settings, reach, report, limits, language)
    }
}

/// Makes drivers of readers of magnetic stripes.
pub struct CardReader;

impl DriverFactory for CardReader {
    fn name(&self) -> &'static str {
        CARD_READER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let reach = Reach::new(&settings.link, CARD_READER)?;
        let (language, hashes) = swipe_language(reach.way, settings)?;
        CARD_READER.build(settings, reach, report, json!({"hashes": hashes}), language)
    }
}

/// Makes drivers of RFID readers.
pub struct RfidReader;

impl DriverFactory for RfidReader {
    fn name(&self) -> &'static str {
        RFID_READER.driver
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        if let Ok(Link::Pcsc { reader }) = settings.link.parse() {
            return pcsc_reader(&reader, settings, report);
        }
        let reach = Reach::new(&settings.link, RFID_READER)?;
        let options = RfidOptions::read(&settings.options)?;
        RFID_READER.build(settings, reach, report, json!({}), Box::new(rfid::Tags::new(&options)))
    }
}

#[cfg(feature = "pcsc")]
fn pcsc_reader(reader: &str, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
    pcsc::build(RFID_READER, reader, settings, report)
}

#[cfg(not(feature = "pcsc"))]
fn pcsc_reader(_: &str, _: &Settings, _: Report) -> Result<Built, SettingsError> {
    let message = "this outletd was built without readers of PC/SC: take the Debian package, or build it with \
                   `cargo build --features pcsc`, which needs libpcsclite-dev";
    Err(SettingsError { key: "link".to_owned(), message: message.to_owned() })
}

/// What makes codes of what a scanner sends that way, and its limits.
fn code_language(way: Way, settings: &Settings) -> Result<(Box<dyn Language>, Value), SettingsError> {
    let codes = |aim, key| Codes::new(aim, settings.codes.clone(), key);
    Ok(match way {
        Way::Line => {
            let options = ScannerOptions::read(&settings.options)?;
            let key = hash_key(options.hash_key_file.as_deref())?;
            let limits = json!({"max_bytes": options.max_bytes, "hashes": key.is_some()});
            let codes = codes(options.aim, key);
            (Box::new(scanner::Lines::new(options, codes)), limits)
        }
        Way::Reports(_) => {
            NoOptions::read(&settings.options)?;
            (Box::new(reports::CodeReports::new(codes(Aim::Always, None))), json!({}))
        }
        Way::Keys => {
            let options = TypedCodeOptions::read(&settings.options)?;
            let key = hash_key(options.hash_key_file.as_deref())?;
            let limits = json!({"max_bytes": options.max_bytes, "hashes": key.is_some()});
            let wedge = options.wedge();
            let codes = TypedCodes { codes: codes(options.aim, key), prefix: options.prefix.into_bytes() };
            (Box::new(Typed::new(wedge, codes)), limits)
        }
    })
}

/// What makes swipes of what a reader sends that way, and whether bank cards get a hash.
fn swipe_language(way: Way, settings: &Settings) -> Result<(Box<dyn Language>, bool), SettingsError> {
    Ok(match way {
        Way::Line => {
            let options = CardOptions::read(&settings.options)?;
            let key = hash_key(options.hash_key_file.as_deref())?;
            let hashes = key.is_some();
            (stripe::language(&options, key), hashes)
        }
        Way::Reports(_) => {
            let options = ReportOptions::read(&settings.options)?;
            let key = hash_key(options.hash_key_file.as_deref())?;
            let hashes = key.is_some();
            (Box::new(reports::SwipeReports::new(key)), hashes)
        }
        Way::Keys => {
            let options = TypedCardOptions::read(&settings.options)?;
            let key = hash_key(options.hash_key_file.as_deref())?;
            let hashes = key.is_some();
            (Box::new(Typed::new(options.wedge(), stripe::Tracks::new(options.form(), key))), hashes)
        }
    })
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
    /// The ways that lead to it.
    ways: &'static [Way],
}

const SCANNER: Kind = Kind {
    driver: "scanner",
    title: "Bar code scanner",
    a: "a scanner",
    capability: "codes",
    try_it: "scan a code of some product",
    ways: &[Way::Line, Way::Reports(&hid::SCANNER), Way::Keys],
};

const CARD_READER: Kind = Kind {
    driver: "card-reader",
    title: "Magnetic card reader",
    a: "a card reader",
    capability: "cards",
    try_it: "swipe a card",
    ways: &[Way::Line, Way::Reports(&hid::STRIPE_READER), Way::Keys],
};

const RFID_READER: Kind = Kind {
    driver: "rfid-reader",
    title: "RFID reader",
    a: "an RFID reader",
    capability: "tags",
    try_it: "hold a card to the reader, and take it away",
    ways: &[Way::Line],
};

impl Kind {
    fn build(
        self,
        settings: &Settings,
        reach: Reach,
        report: Report,
        limits: Value,
        language: Box<dyn Language>,
    ) -> Result<Built, SettingsError> {
        if settings.model.is_some() {
            let message = format!("leave it out: for {} the options say everything", self.a);
            return Err(SettingsError { key: "model".to_owned(), message });
        }
        let description = Description {
            kind: self.driver.to_owned(),
            driver: self.driver.to_owned(),
            model: None,
            name: self.title.to_owned(),
            link: reach.link.to_string(),
            capabilities: vec![self.capability.to_owned()],
            limits,
        };
        let options = settings.options.clone();
        let driver = Device::new(self, reach, options, language, report);
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

#[cfg(test)]
mod usb_tests;
