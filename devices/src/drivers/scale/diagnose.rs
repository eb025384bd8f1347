//! The technician's questions. Nothing is changed on the scale.

use std::time::Duration;

use outlet_protocols::scale::{Answer, Ask, Failure, Mode, Reading};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::device::{Asked, Scale, Tally};
use super::told::conditions;
use crate::error::DeviceError;

/// Questions by which the link is judged.
const QUESTIONS: u32 = 10;
/// No more questions after so long.
const LONGEST: Duration = Duration::from_secs(8);

impl Scale {
    /// What the scale shows at this moment.
    pub(super) async fn report(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let (reading, said) = match self.ask_weight().await? {
            Asked::Reading(reading, _) => (Some(reading), None),
            Asked::Nothing(failure @ (Failure::NotNow(_) | Failure::NothingNew)) => {
                (None, Some(failure.to_string()))
            }
            Asked::Nothing(failure) => return Err(self.explain(&failure)),
        };
        Ok(json!({
            "link": self.link.to_string(),
            "conditions": reading.as_ref().map(conditions).unwrap_or_default(),
            "reading": reading,
            "said": said,
            "live_s": self.watched_s(),
        }))
    }

    /// What the scale says it is.
    pub(super) async fn identify(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let said = match self.ask(&Ask::Identify).await?.answer {
            Ok(Answer::Identity(said)) => Some(said),
            Ok(_) | Err(Failure::NotNow(_) | Failure::NothingNew | Failure::Refused(_)) => None,
            // Silent because there is nothing new to tell.
            Err(Failure::Silent { .. }) if self.facts.tells_once => None,
            Err(Failure::Unsupported { .. }) => None,
            Err(failure) => return Err(self.explain(&failure)),
        };
        Ok(json!({
            "link": self.link.to_string(),
            "protocol": self.facts.name,
            "vendor": self.facts.vendor,
            "models": self.facts.models,
            "said": said,
        }))
    }

    /// Asks many times and judges. Never fails: a scale that can't be reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        let since_start = self.tally;
        if let Err(error) = self.ensure_open().await {
            let remedy = "check that the scale is on, its cable, and the address or line settings; `outletd \
                          detect scale` tries protocols and settings";
            let verdict = vec![suspicion("cable", "likely", &error.message, remedy)];
            return json!({
                "ok": false,
                "link": self.link.to_string(),
                "protocol": self.facts.name,
                "scale": {"quality": since_start},
                "verdict": ranked(verdict),
            });
        }
        let before = self.tally;
        let begun = Instant::now();
        let mut times = Vec::new();
        let mut reading = None;
        let mut refusal = None;
        let mut asked = 0;
        let mut lost = None;
        while asked < QUESTIONS && begun.elapsed() < LONGEST {
            asked += 1;
            let start = Instant::now();
            match self.ask_weight().await {
                Ok(Asked::Reading(seen, _)) => {
                    times.push(start.elapsed());
                    reading = Some(seen);
                }
                Ok(Asked::Nothing(failure)) => {
                    refusal = Some(failure).filter(Failure::is_from_scale).or(refusal);
                }
                Err(error) => {
                    lost = Some(error);
                    break;
                }
            }
        }
        let quality = self.tally.since(&before);
        times.sort();
        let ms = |time: Option<&Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        let verdict = self.verdict(&quality, reading.as_ref(), refusal.as_ref(), lost.as_ref());
        json!({
            "ok": verdict.is_empty(),
            "link": self.link.to_string(),
            "protocol": self.facts.name,
            "status": {"conditions": reading.as_ref().map(conditions).unwrap_or_default()},
            "scale": {
                "reading": reading,
                "questions": asked,
                "quality": quality,
                "since_start": since_start,
                "median_ms": ms(times.get(times.len() / 2)),
                "slowest_ms": ms(times.last()),
            },
            "verdict": ranked(verdict),
        })
    }

    fn verdict(
        &self,
        quality: &Tally,
        reading: Option<&Reading>,
        refusal: Option<&Failure>,
        lost: Option<&DeviceError>,
    ) -> Vec<Value> {
        let mut list = Vec::new();
        if let Some(error) = lost {
            let remedy = "check that the scale is on, its cable, and that nobody else uses it";
            list.push(suspicion("cable", "likely", &error.message, remedy));
        }
        if let Some(fault) = reading.and_then(|reading| reading.fault.as_ref()) {
            let why = format!("the scale reports a fault: {fault}");
            list.push(suspicion(
                "fault",
                "certain",
                &why,
                "switch it off and on; if it stays, call its service",
            ));
        }
        if reading.is_some_and(|reading| reading.overload) {
            let remedy = "take the load off; if it stays, the weighing cell is bent or its lock is in";
            list.push(suspicion("overload", "certain", "more lies on it than it can weigh", remedy));
        }
        if reading.is_some_and(|reading| reading.underload) {
            let remedy = "put the pan on, or switch the scale on with an empty pan";
            list.push(suspicion("underload", "certain", "it is below zero", remedy));
        }
        if quality.other_device > 0 {
            let why = format!("{} answers came from a scale with another number", quality.other_device);
            list.push(suspicion(
                "address",
                "certain",
                &why,
                "set its number in the options, or find the cable",
            ));
        }
        if quality.garbled > 0 || quality.ignored_bytes > 0 {
            let why = format!(
                "{} questions were garbled, and {} bytes belonged to nothing",
                quality.garbled, quality.ignored_bytes
            );
            let remedy = "check baud rate, parity and the protocol set in the scale, then the cable and its \
                          shield";
            list.push(suspicion("line", "likely", &why, remedy));
        }
        if quality.silent > 0 {
            let why = format!("{} questions had no answer", quality.silent);
            list.push(suspicion("cable", "likely", &why, "check the plugs and the cable's length"));
        }
        if let (None, Some(failure)) = (reading, refusal) {
            let remedy = "look at the scale's display and its settings";
            list.push(suspicion("settings", "likely", &failure.to_string(), remedy));
        }
        if list.is_empty() && reading.is_none() && self.facts.mode == Mode::Polled {
            let why = "it told no weight: this protocol is silent until there is a new one";
            list.push(suspicion("load", "possible", why, "put something on the scale and test again"));
        }
        list
    }
}

fn suspicion(suspect: &str, likelihood: &str, why: &str, remedy: &str) -> Value {
    json!({"suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy})
}

fn ranked(mut list: Vec<Value>) -> Vec<Value> {
    for (entry, rank) in list.iter_mut().zip(1..) {
        entry["rank"] = json!(rank);
    }
    list
}
