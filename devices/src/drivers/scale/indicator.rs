//! A scale whose indicator has its weight in Modbus registers.
//!
//! An indicator that does not say when its load rests is watched: the same weight for [`STILL`] is a load at rest.

use std::time::Duration;

use outlet_protocols::modbus::Block;
use outlet_protocols::scale::indicator::{IndicatorOptions, IndicatorProfile};
use outlet_protocols::scale::{Answer, Ask, Commands, Failure, Mode, Reading, Weight};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep_until};

use super::conversation::Heard;
use super::source::{Facts, Source};
use crate::driver::{BoxFuture, SettingsError};
use crate::drivers::modbus::fault::{Fault, Meaning};
use crate::drivers::modbus::profile;
use crate::drivers::modbus::unit::{Unit, UnitOptions};

/// For so long a weight must be the same where the indicator does not say whether it rests.
const STILL: Duration = Duration::from_secs(1);
/// A question for the weight is put so often before it counts as unanswered.
const TIMES: u32 = 2;
/// For messages.
const INDICATOR: &str = "this indicator";

/// The indicators that are built in.
pub(super) fn names() -> Vec<String> {
    IndicatorProfile::built_in().into_iter().map(|profile| profile.id).collect()
}

/// An indicator, as it is configured. The options are those that are not every scale's.
///
/// # Errors
/// The setting that can't work.
pub(super) fn read(
    model: Option<&str>,
    link: &str,
    mut options: Map<String, Value>,
) -> Result<(Facts, Unit, ByRegisters), SettingsError> {
    let wrong = |key: String, message: String| SettingsError { key, message };
    let profile = profile::choose(
        model,
        &mut options,
        IndicatorProfile::built_in(),
        |profile| &profile.id,
        IndicatorProfile::check,
    )?;
    let unit = UnitOptions::take(&mut options)?;
    let unit = Unit::new(link, &unit, profile.unit_id)?;
    let own: IndicatorOptions = profile::own(options)?;
    let profile =
        profile.with(&own).map_err(|error| wrong(format!("options.{}", error.field), error.problem))?;
    let facts = facts(&profile, &unit);
    let still = profile.status.as_ref().is_none_or(|status| status.stable.or(status.motion).is_none());
    let source = ByRegisters { unit: unit.clone(), profile, still: still.then(Still::default) };
    Ok((facts, unit, source))
}

fn facts(profile: &IndicatorProfile, unit: &Unit) -> Facts {
    let commands = profile.commands.as_ref();
    Facts {
        name: profile.id.clone(),
        speaks: INDICATOR,
        vendor: unit.protocol().to_owned(),
        models: profile.source.clone(),
        mode: Mode::Polled,
        commands: Commands {
            zero: commands.is_some_and(|commands| commands.zero.is_some()),
            tare: commands.is_some_and(|commands| commands.tare.is_some()),
            preset_tare: commands.is_some_and(|commands| commands.preset_tare.is_some()),
        },
        answer: Duration::ZERO,
        // Both framings tell a broken answer from a whole one. Where one question does not fetch all, weight and status
        // are of different moments: the load may have been put on between them.
        confirm: if profile.spans().len() > 1 { 2 } else { 1 },
        tells_once: false,
        remedy: format!(
            "; check its unit number (asked is {}), and baud rate and parity of the line",
            unit.number()
        ),
    }
}

/// An indicator on a line.
pub(super) struct ByRegisters {
    unit: Unit,
    profile: IndicatorProfile,
    /// Of an indicator that does not say when its load rests.
    still: Option<Still>,
}

impl Source for ByRegisters {
    fn open(&mut self) -> BoxFuture<'_, Result<(), String>> {
        self.close();
        // The line is opened with the first question, by whoever asks first.
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&mut self) {
        if let Some(still) = &mut self.still {
            *still = Still::default();
        }
    }

    fn ask<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Result<Heard, String>> {
        Box::pin(async move {
            let answered = match ask {
                Ask::Weight => self.weigh().await.map(|reading| (vec![reading], Answer::Weighed)),
                Ask::Identify => {
                    Err(Trouble::Says(Failure::Unsupported { protocol: INDICATOR, ask: ask.word() }))
                }
                Ask::Zero | Ask::Tare | Ask::PresetTare(_) => {
                    self.command(ask).await.map(|()| (Vec::new(), Answer::Sent))
                }
            };
            match answered {
                Ok((readings, answer)) => Ok(Heard { readings, ignored: 0, answer: Ok(answer) }),
                Err(Trouble::Says(failure)) => {
                    Ok(Heard { readings: Vec::new(), ignored: 0, answer: Err(failure) })
                }
                Err(Trouble::Broken(why)) => Err(why),
            }
        })
    }

    fn listen(&mut self, until: Instant) -> BoxFuture<'_, Result<(Vec<Reading>, usize), String>> {
        Box::pin(async move {
            sleep_until(until).await;
            Ok((Vec::new(), 0))
        })
    }
}

impl ByRegisters {
    async fn weigh(&mut self) -> Result<Reading, Trouble> {
        let read = self.registers().await?;
        let mut reading = self
            .profile
            .reading(&blocks(&read))
            .map_err(|error| Trouble::Says(Failure::Refused(error.to_string())))?;
        if let Some(still) = &mut self.still {
            reading.stable = still.judge(reading.weight, Instant::now());
        }
        Ok(reading)
    }

    /// A command is written once: what became of it when there is no answer, nobody knows.
    async fn command(&mut self, ask: &Ask) -> Result<(), Trouble> {
        // Where the decimal places are in a register, a tare can't be written without it.
        let read = self.registers().await?;
        let writes = self.profile.writes(ask, &blocks(&read)).map_err(Trouble::Says)?;
        for write in writes {
            self.unit
                .write(write.address, &write.registers)
                .await
                .map_err(|fault| self.trouble(&fault, 1))?;
        }
        if let Some(still) = &mut self.still {
            *still = Still::default();
        }
        Ok(())
    }

    async fn registers(&self) -> Result<Vec<(u16, Vec<u16>)>, Trouble> {
        let mut read = Vec::new();
        for span in self.profile.spans() {
            let mut asked = 1;
            let registers = loop {
                match self.unit.read(span).await {
                    Ok(registers) => break registers,
                    Err(Fault::Silent { .. } | Fault::Garbled { .. } | Fault::OtherAnswer { .. })
                        if asked < TIMES =>
                    {
                        asked += 1;
                    }
                    Err(fault) => return Err(self.trouble(&fault, asked)),
                }
            };
            read.push((span.address, registers));
        }
        Ok(read)
    }

    fn trouble(&self, fault: &Fault, asked: u32) -> Trouble {
        let text = fault.to_string();
        let failure = match (fault, fault.meaning()) {
            (_, Some(Meaning::NotNow)) => Failure::NotNow(text),
            (_, Some(Meaning::Failed | Meaning::WrongRequest)) => Failure::Refused(text),
            (Fault::Unreachable(_) | Fault::Lost(_), _) => {
                return Trouble::Broken(format!("{}: {text}", self.unit.name()));
            }
            (Fault::OtherUnit { unit, heard }, _) => Failure::OtherScale { expected: *unit, heard: *heard },
            (Fault::Garbled { bytes, .. }, _) => {
                Failure::Garbled { protocol: self.unit.protocol(), ignored: *bytes }
            }
            (Fault::OtherAnswer { .. }, _) => Failure::Garbled { protocol: self.unit.protocol(), ignored: 0 },
            (Fault::Silent { .. } | Fault::Exception { .. }, _) => Failure::Silent { asked },
        };
        Trouble::Says(failure)
    }
}

enum Trouble {
    Says(Failure),
    Broken(String),
}

fn blocks(read: &[(u16, Vec<u16>)]) -> Vec<Block<'_>> {
    read.iter().map(|(address, registers)| Block { address: *address, registers }).collect()
}

/// Since when a weight is the same.
#[derive(Debug, Default)]
struct Still {
    since: Option<(Weight, Instant)>,
}

impl Still {
    fn judge(&mut self, weight: Option<Weight>, now: Instant) -> bool {
        self.since = match (weight, self.since) {
            (Some(weight), Some((before, since))) if weight == before => Some((before, since)),
            (Some(weight), _) => Some((weight, now)),
            (None, _) => None,
        };
        self.since.is_some_and(|(_, since)| now.duration_since(since) >= STILL)
    }
}

#[cfg(test)]
mod tests {
    use outlet_protocols::scale::Unit as WeightUnit;

    use super::*;

    #[test]
    fn only_a_weight_that_was_the_same_for_a_second_is_at_rest() {
        let start = Instant::now();
        let weight = |grams: i64| Some(Weight::new(grams.into(), WeightUnit::G));
        let mut still = Still::default();
        let mut judge = |ms, weight| still.judge(weight, start + Duration::from_millis(ms));
        assert!(!judge(0, weight(500)));
        assert!(!judge(999, weight(500)));
        assert!(judge(1000, weight(500)));
        assert!(!judge(1100, weight(501)));
        assert!(!judge(1200, weight(500)));
        assert!(!judge(1300, None));
        assert!(!judge(2250, weight(500)));
        assert!(judge(3250, weight(500)));
    }
}
