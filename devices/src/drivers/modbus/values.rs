//! Options of a sensor: what it measures, which change is told, and within which limits it is right.

use std::collections::BTreeMap;
use std::time::Duration;

use outlet_protocols::modbus::sensor::{Measure, SensorProfile};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::limits::Limits;
use super::profile;
use super::unit::{Unit, UnitOptions};
use crate::driver::{Settings, SettingsError};

/// Options of `[device.options]`, beside those of every Modbus device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    /// How often the sensor is asked, in milliseconds, 100 to 600000.
    poll_ms: u32,
    /// After so many minutes a value is told although it has not changed, 0 to 1440; 0: never.
    every_min: u32,
    /// For how many seconds a request may have all values told, at most 3600.
    live_max_s: u16,
    /// The values, by name.
    values: BTreeMap<String, ValueOptions>,
}

impl Default for Options {
    fn default() -> Self {
        Self { poll_ms: 10_000, every_min: 10, live_max_s: 600, values: BTreeMap::new() }
    }
}

/// What the options say of a value. Numbers are in the unit of the value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ValueOptions {
    /// A change of so much is told; 0: any.
    step: Option<Decimal>,
    /// Added to what the sensor says, to correct it.
    offset: Option<Decimal>,
    /// Below it is too low.
    min: Option<Decimal>,
    /// Above it is too high.
    max: Option<Decimal>,
    /// So far within the limit it must come back.
    hysteresis: Option<Decimal>,
    /// For so many seconds it must be beyond, at most 86400.
    delay_s: u32,
}

/// How a value is told and judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measuring {
    pub name: String,
    pub measures: Measure,
    pub step: Decimal,
    pub offset: Decimal,
    pub limits: Limits,
}

/// A sensor, as it is configured.
pub(super) struct Setup {
    pub profile: SensorProfile,
    pub unit: Unit,
    /// In the order of the profile.
    pub values: Vec<Measuring>,
    pub poll: Duration,
    /// `None`: only changes.
    pub every: Option<Duration>,
    pub live_max_s: u16,
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
        SensorProfile::built_in(),
        |profile| &profile.id,
        SensorProfile::check,
    )?;
    let unit = UnitOptions::take(&mut table)?;
    let unit = Unit::new(&settings.link, &unit, profile.unit_id)?;
    let options: Options = profile::own(table)?;
    if !(100..=600_000).contains(&options.poll_ms) {
        return Err(wrong("options.poll_ms", "write 100 to 600000".to_owned()));
    }
    if options.every_min > 1440 {
        return Err(wrong("options.every_min", "write 0 to 1440".to_owned()));
    }
    if options.live_max_s > 3600 {
        return Err(wrong("options.live_max_s", "write 0 to 3600".to_owned()));
    }
    let names: Vec<&str> = profile.values.iter().map(|quantity| quantity.name()).collect();
    if let Some(unknown) = options.values.keys().find(|name| !names.contains(&name.as_str())) {
        let message = format!("there is no such value: this sensor has {}", names.join(", "));
        return Err(wrong(&format!("options.values.{unknown}"), message));
    }
    let values = profile.values.iter().map(|quantity| {
        let given = options.values.get(quantity.name()).cloned().unwrap_or_default();
        measuring(quantity.name(), quantity.measures, &given)
    });
    let values = values.collect::<Result<_, _>>()?;
    Ok(Setup {
        values,
        unit,
        profile,
        poll: Duration::from_millis(options.poll_ms.into()),
        every: Some(Duration::from_secs(60) * options.every_min).filter(|every| !every.is_zero()),
        live_max_s: options.live_max_s,
    })
}

fn measuring(name: &str, measures: Measure, given: &ValueOptions) -> Result<Measuring, SettingsError> {
    let key = |leaf: &str| format!("options.values.{name}.{leaf}");
    let (step, hysteresis) = match measures {
        Measure::Temperature => (Decimal::new(2, 1), Decimal::new(5, 1)),
        Measure::Humidity => (Decimal::ONE, Decimal::TWO),
    };
    let step = given.step.unwrap_or(step);
    let hysteresis = given.hysteresis.unwrap_or(hysteresis);
    // Nothing that is measured is larger, and sums of such numbers always fit.
    let most = Decimal::from(1_000_000);
    let numbers = [
        ("step", Some(step)),
        ("offset", given.offset),
        ("min", given.min),
        ("max", given.max),
        ("hysteresis", Some(hysteresis)),
    ];
    for (leaf, number) in numbers {
        if number.is_some_and(|number| number.abs() > most) {
            return Err(wrong(&key(leaf), format!("write a number up to {most}")));
        }
    }
    if step.is_sign_negative() {
        return Err(wrong(&key("step"), "write 0 or more".to_owned()));
    }
    if hysteresis.is_sign_negative() {
        return Err(wrong(&key("hysteresis"), "write 0 or more".to_owned()));
    }
    if let (Some(min), Some(max)) = (given.min, given.max)
        && min + hysteresis >= max
    {
        let message = "it must be above `min`, by more than the hysteresis".to_owned();
        return Err(wrong(&key("max"), message));
    }
    if given.delay_s > 86_400 {
        return Err(wrong(&key("delay_s"), "write at most 86400, a day".to_owned()));
    }
    let limits = Limits {
        min: given.min,
        max: given.max,
        hysteresis,
        delay: Duration::from_secs(given.delay_s.into()),
    };
    let offset = given.offset.unwrap_or(Decimal::ZERO);
    Ok(Measuring { name: name.to_owned(), measures, step, offset, limits })
}

fn wrong(key: &str, message: String) -> SettingsError {
    SettingsError { key: key.to_owned(), message }
}
