//! Options of a relay: its outputs by name.

use std::collections::BTreeMap;
use std::time::Duration;

use outlet_protocols::modbus::relay::RelayProfile;
use serde::Deserialize;

use super::profile;
use super::unit::{Unit, UnitOptions};
use crate::driver::{Settings, SettingsError};

/// A bell's pulse when the options don't say.
const PULSE_MS: u32 = 500;

/// Options of `[device.options]`, beside those of every Modbus device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// The outputs by name; `1`, `2`, ... for all of the board when absent.
    outputs: BTreeMap<String, OutputOptions>,
    /// How often the state of the outputs is read, in milliseconds, 100 to 60000.
    poll_ms: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { outputs: BTreeMap::new(), poll_ms: 1000 }
    }
}

/// An output as the options have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputOptions {
    /// The relay, from 1.
    channel: u16,
    /// How long a pulse is when the request doesn't say, in milliseconds, 50 to 60000.
    pulse_ms: Option<u32>,
    /// The state to bring it to after a start of the agent.
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Rest {
    On,
    Off,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Output {
    /// The relay, from 1.
    pub channel: u16,
    /// How long a pulse is when the request doesn't say.
    pub pulse_ms: u32,
    /// The state to bring it to after a start.
    pub rest: Option<bool>,
}

/// A relay board, as it is configured.
pub(super) struct Setup {
    pub profile: RelayProfile,
    pub unit: Unit,
    pub outputs: BTreeMap<String, Output>,
    pub poll: Duration,
}

/// Reads a device's settings.
///
/// # Errors
/// The setting that can't work.
pub(super) fn read(settings: &Settings) -> Result<Setup, SettingsError> {
    let mut table = profile::table(&settings.options)?;
    let profile = profile::choose(
        settings.model.as_deref(),
        &mut table,
        RelayProfile::built_in(),
        |profile| &profile.id,
        RelayProfile::check,
    )?;
    let unit = UnitOptions::take(&mut table)?;
    let unit = Unit::new(&settings.link, &unit, profile.unit_id)?;
    let options: Options = profile::own(table)?;
    if !(100..=60_000).contains(&options.poll_ms) {
        return Err(wrong("options.poll_ms", "write 100 to 60000".to_owned()));
    }
    let outputs = outputs(&options, &profile)?;
    Ok(Setup { profile, unit, outputs, poll: Duration::from_millis(options.poll_ms.into()) })
}

fn outputs(options: &Options, profile: &RelayProfile) -> Result<BTreeMap<String, Output>, SettingsError> {
    if options.outputs.is_empty() {
        let output = |channel| Output { channel, pulse_ms: PULSE_MS, rest: None };
        return Ok((1..=profile.channels).map(|channel| (channel.to_string(), output(channel))).collect());
    }
    let mut outputs: BTreeMap<String, Output> = BTreeMap::new();
    for (name, given) in &options.outputs {
        let key = format!("options.outputs.{name}");
        if !profile::is_name(name) {
            return Err(wrong(&key, "a name is 1 to 64 of a-z 0-9 -".to_owned()));
        }
        if !(1..=profile.channels).contains(&given.channel) {
            let message = format!("{} has relays 1 to {}", profile.id, profile.channels);
            return Err(wrong(&format!("{key}.channel"), message));
        }
        if let Some((other, _)) = outputs.iter().find(|(_, output)| output.channel == given.channel) {
            let message = format!("relay {} is already {other:?}: one name for one relay", given.channel);
            return Err(wrong(&format!("{key}.channel"), message));
        }
        if given.pulse_ms.is_some_and(|time| !(50..=60_000).contains(&time)) {
            return Err(wrong(&format!("{key}.pulse_ms"), "write 50 to 60000".to_owned()));
        }
        if given.pulse_ms.is_some() && given.rest == Some(Rest::On) {
            let message = "a pulse ends with off: leave `pulse_ms` out of an output that is on at rest";
            return Err(wrong(&format!("{key}.pulse_ms"), message.to_owned()));
        }
        // What is there for pulses must not stay on for ever.
        let rest = given.rest.or(given.pulse_ms.map(|_| Rest::Off));
        let output = Output {
            channel: given.channel,
            pulse_ms: given.pulse_ms.unwrap_or(PULSE_MS),
            rest: rest.map(|rest| rest == Rest::On),
        };
        outputs.insert(name.clone(), output);
    }
    Ok(outputs)
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}
