//! Scales on a serial line or TCP: one driver for all protocols of [`outlet_protocols::scale::protocols`].
//!
//! `model` names the protocol. What is left out of a `serial://` link has the protocol's own line settings, and a
//! `tcp://` link without a port the protocol's own port.
//!
//! # What is told
//! While nothing else is to do the scale is asked every `poll_ms`, or listened to. A reading is told when the load
//! is at rest and shows something else than the last one told: another weight, zero, overload, underload, a fault, or
//! that there is no weight. Where a protocol has no checksum, nothing is told before a second answer says the same
//! ([`options::Options::confirm`]): a digit that was broken on the line is not told for a weight. While
//! somebody watches, all other readings are told as well, marked `live`.
//!
//! A scale of which nothing is heard twice in a row, each time after the protocol's own repeats, is lost and connected anew.

use std::sync::Arc;

use outlet_protocols::scale::{Mode, ProtocolInfo, by_name, protocols};
use serde_json::json;

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::Link;
use device::Scale;
use options::Options;

mod conversation;
mod detect;
mod device;
mod diagnose;
pub mod options;
mod told;
mod weigh;

pub use detect::{Finding, detect_scale};

/// The word of the configuration.
const NAME: &str = "scale";

/// Makes drivers of scales.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let info = protocol(settings.model.as_deref())?;
        let link = options::link(&settings.link, info)?;
        let (options, protocol) = options::read(&settings.options, info)?;
        let description = describe(info, &link, &options);
        let scale = Scale::new(info, protocol, link, options, report);
        Ok(Built { driver: Box::new(scale), check: Arc::new(NoJobs), description })
    }
}

fn protocol(name: Option<&str>) -> Result<&'static ProtocolInfo, SettingsError> {
    let wrong = |what: String| {
        let known: Vec<&str> = protocols().iter().map(|info| info.name).collect();
        let message = format!("{what}: write the scale's protocol, one of {}", known.join(", "));
        Err(SettingsError { key: "model".to_owned(), message })
    };
    let Some(name) = name else { return wrong("it is missing".to_owned()) };
    by_name(name).map_or_else(|| wrong(format!("{name:?} is not known")), Ok)
}

fn describe(info: &ProtocolInfo, link: &Link, options: &Options) -> Description {
    let commands = info.commands;
    let all = [
        ("weigh", true),
        ("count", true),
        ("live", true),
        ("zero", commands.zero),
        ("tare", commands.tare),
        ("preset-tare", commands.preset_tare),
    ];
    Description {
        kind: "scale".to_owned(),
        driver: NAME.to_owned(),
        model: Some(info.name.to_owned()),
        name: format!("{} ({})", info.vendor, info.name),
        link: link.to_string(),
        capabilities: all.iter().filter(|(_, has)| *has).map(|(word, _)| (*word).to_owned()).collect(),
        limits: json!({
            "poll_ms": options.poll_ms,
            "live_max_s": options.live_max_s,
            "streams": info.mode == Mode::Streams,
        }),
    }
}

/// A scale takes requests and no jobs.
struct NoJobs;

impl Check for NoJobs {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Err(no_jobs())
    }
}

fn no_jobs() -> DeviceError {
    let message = "a scale does no jobs: send it a request such as weigh, and print on a printer";
    DeviceError::new(ErrorKind::Unsupported, "unsupported", message)
}
