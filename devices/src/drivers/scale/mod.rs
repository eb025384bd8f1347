//! Scales on a serial line or TCP: one driver for all protocols of [`outlet_protocols::scale::protocols`], and for
//! indicators on Modbus by their profiles, and USB scales of the HID class (`model = "hid"`).
//!
//! `model` names the protocol or the indicator. What is left out of a `serial://` link has the protocol's own line settings, and a
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

use outlet_protocols::scale::{Mode, by_name, protocols};
use serde_json::json;

use crate::driver::{Built, Check, Description, DriverFactory, Place, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::Link;
use device::Scale;
use options::Options;
use source::{ByProtocol, Facts, Source};

mod conversation;
mod detect;
mod device;
mod diagnose;
mod hid;
mod indicator;
pub mod options;
mod source;
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
        let Setup { facts, link, options, source, place } = setup(settings)?;
        let description = describe(&facts, &link, &options, place.as_ref());
        let scale = Scale::new(facts, source, link, options, report);
        Ok(Built { driver: Box::new(scale), check: Arc::new(NoJobs), description })
    }

    fn place(&self, settings: &Settings) -> Option<Place> {
        setup(settings).ok()?.place
    }
}

/// A scale, as it is configured.
struct Setup {
    facts: Facts,
    link: Link,
    options: Options,
    source: Box<dyn Source>,
    /// Of an indicator on Modbus.
    place: Option<Place>,
}

fn setup(settings: &Settings) -> Result<Setup, SettingsError> {
    let (options, others) = options::read(&settings.options)?;
    let model = settings.model.as_deref();
    if let Some(info) = model.and_then(by_name) {
        let link = options::link(&settings.link, info)?;
        let protocol = options::protocol(others, info)?;
        let source = Box::new(ByProtocol::new(protocol, link.clone()));
        return Ok(Setup { facts: Facts::of_protocol(info, &link), link, options, source, place: None });
    }
    if model == Some(hid::MODEL) {
        let (facts, link, source) = hid::read(&settings.link, &others)?;
        return Ok(Setup { facts, link, options, source: Box::new(source), place: None });
    }
    let indicators = indicator::names();
    let is_indicator = match model {
        Some(model) => indicators.iter().any(|name| name == model),
        None => others.contains_key("profile"),
    };
    if !is_indicator {
        let what = model.map_or_else(|| "it is missing".to_owned(), |name| format!("{name:?} is not known"));
        let known: Vec<&str> = protocols().iter().map(|info| info.name).collect();
        let message = format!(
            "{what}: write the scale's protocol, one of {}, or hid for a USB scale, or its indicator on Modbus, one of {}, or describe the \
             indicator in `options.profile`",
            known.join(", "),
            indicators.join(", ")
        );
        return Err(SettingsError { key: "model".to_owned(), message });
    }
    let (facts, unit, source) = indicator::read(model, &settings.link, others)?;
    let (link, place) = (unit.link().clone(), Some(unit.place()));
    Ok(Setup { facts, link, options, source: Box::new(source), place })
}

fn describe(facts: &Facts, link: &Link, options: &Options, place: Option<&Place>) -> Description {
    let commands = facts.commands;
    let all = [
        ("weigh", true),
        ("count", true),
        ("live", true),
        ("zero", commands.zero),
        ("tare", commands.tare),
        ("preset-tare", commands.preset_tare),
    ];
    let mut limits = json!({
        "poll_ms": options.poll_ms,
        "live_max_s": options.live_max_s,
        "streams": facts.mode == Mode::Streams,
    });
    if let (Some(place), Some(limits)) = (place, limits.as_object_mut()) {
        limits.insert("unit_id".to_owned(), json!(place.unit));
    }
    Description {
        kind: "scale".to_owned(),
        driver: NAME.to_owned(),
        model: Some(facts.name.clone()),
        name: format!("{} ({})", facts.vendor, facts.name),
        link: link.to_string(),
        capabilities: all.iter().filter(|(_, has)| *has).map(|(word, _)| (*word).to_owned()).collect(),
        limits,
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
