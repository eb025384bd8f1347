//! The technician's questions. Nothing is loaded and nothing removed.

use std::time::Duration;

use outlet_protocols::code::digits::check_digit;
use outlet_protocols::label_scale::{Command as Message, Weight, weight, words};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::device::{LabelScale, Tally};
use crate::error::{DeviceError, ErrorKind};

/// Questions by which the link is judged.
const QUESTIONS: u32 = 20;
/// No more questions after so long.
const LONGEST: Duration = Duration::from_secs(8);

impl LabelScale {
    /// How the scale is at this moment.
    pub(super) async fn report(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        self.look().await?;
        let broken_off = self.broken_off.as_ref();
        Ok(json!({
            "link": self.link.to_string(),
            "conditions": self.conditions(),
            "mode": self.known.mode.words(),
            "password": if self.locked.is_some() { "refused" } else if self.known.limits { "accepted" } else { "not tried" },
            "goes_on": broken_off.map(|(job, progress)| json!({"job": job, "tried": progress.items})),
        }))
    }

    /// What the scale says it is.
    pub(super) async fn identify(&mut self) -> Result<Value, DeviceError> {
        self.ensure_open().await?;
        let known = &self.known;
        Ok(json!({
            "link": self.link.to_string(),
            "model": self.model.name(),
            "device": known.device,
            "state": known.state,
            "items": known.items,
            "messages": known.messages,
            "message_lines": known.message_lines,
        }))
    }

    /// Asks many times and judges. Never fails: a scale that can't be reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        // A person asks: the password may be tried once more.
        let was_locked = self.locked.take().is_some();
        let before = self.tally;
        let mut verdict = Vec::new();
        let mut times = Vec::new();
        let seen = self.examine(&mut times, was_locked).await;
        let prefixes = match &seen {
            Ok(prefixes) => *prefixes,
            Err(error) => {
                verdict.push(of_error(error));
                None
            }
        };
        let quality = self.tally.since(&before);
        if let Some(state) = self.known.state.as_ref()
            && self.limits().is_err()
        {
            let why =
                format!("its prices have {} decimals, the configuration says otherwise", state.decimals);
            let remedy = "set the option decimals, or the scale's decimal point";
            verdict.push(suspicion("decimals", "certain", &why, remedy));
        }
        if self.known.mode.is_clearing() || self.known.mode.is_calibrating() {
            let why = format!(
                "it can't be loaded now: {}",
                self.conditions().into_iter().collect::<Vec<_>>().join(", ")
            );
            verdict.push(suspicion("mode", "certain", &why, "wait, or end what is done at the scale"));
        }
        verdict.extend(self.foreign_prefixes(prefixes));
        if quality.repeated > 0 && seen.is_ok() {
            let why = format!("{} of the datagrams had to be sent again", quality.repeated);
            let remedy = "check the network cable and the switch between; by radio, move the access point";
            verdict.push(suspicion("network", "likely", &why, remedy));
        }
        times.sort();
        let ms = |time: Option<&Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        json!({
            "ok": verdict.is_empty(),
            "printed": false,
            "link": self.link.to_string(),
            "device": self.known.device,
            "prefixes": prefixes.map(|[weight, piece, total]| json!({"weight": weight, "piece": piece, "total": total})),
            "quality": quality,
            "answer_ms": {"median": ms(times.get(times.len() / 2)), "longest": ms(times.last())},
            "verdict": ranked(verdict),
        })
    }

    /// Asks for the mode many times, then by password for what the scale keeps and its prefixes.
    async fn examine(
        &mut self,
        times: &mut Vec<Duration>,
        ask_again: bool,
    ) -> Result<Option<[u8; 3]>, DeviceError> {
        self.ensure_open().await?;
        let begun = Instant::now();
        for _ in 0..QUESTIONS {
            let start = Instant::now();
            self.look().await?;
            times.push(start.elapsed());
            if begun.elapsed() > LONGEST {
                break;
            }
        }
        if self.known.mode.is_clearing() {
            return Ok(None);
        }
        if ask_again {
            self.known.limits = false;
        }
        self.learn(None).await?;
        if let Some(code) = self.locked {
            return Err(self.wrong_password(code));
        }
        self.show();
        let answer = self.ask(&Message::prefixes(self.password), None).await?;
        match answer.data[..] {
            [weight, piece, total] if answer.error == 0 => Ok(Some([weight, piece, total])),
            _ if weight(answer.error) == Weight::Scale => {
                let message = format!("{}: {} (error {})", self.link, words(answer.error), answer.error);
                Err(DeviceError::new(ErrorKind::Rejected, "scale-refuses", message))
            }
            _ => Ok(None),
        }
    }

    /// Prefixes of the scale's barcodes that no pattern of the outlet reads.
    fn foreign_prefixes(&self, prefixes: Option<[u8; 3]>) -> Vec<Value> {
        let [weight, piece, _] = match prefixes {
            Some(prefixes) => prefixes,
            None => return Vec::new(),
        };
        let unread = |prefix: u8| {
            let digits = format!("{prefix:02}1234500500");
            let code = check_digit(&digits).map(|check| format!("{digits}{check}"));
            code.is_some_and(|code| !matches!(self.codes.read(&code), Some(Ok(_))))
        };
        let told = |kind: &str, prefix: u8| {
            let why = format!(
                "its labels of items by {kind} begin with {prefix:02}, which no code of the outlet does"
            );
            suspicion(
                "prefix",
                "likely",
                &why,
                "set the prefix in the list or the scale, or add it to [codes]",
            )
        };
        [("weight", weight), ("the piece", piece)]
            .into_iter()
            .filter(|(_, prefix)| unread(*prefix))
            .map(|(kind, prefix)| told(kind, prefix))
            .collect()
    }
}

impl Tally {
    fn since(&self, before: &Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(before.answered),
            repeated: self.repeated.saturating_sub(before.repeated),
            silent: self.silent.saturating_sub(before.silent),
            garbled: self.garbled.saturating_sub(before.garbled),
        }
    }
}

fn of_error(error: &DeviceError) -> Value {
    let (suspect, likelihood, remedy) = match error.code {
        "wrong-password" => (
            "password",
            "certain",
            "set the option password to the one in the scale's menu; switch the scale off and on when no attempt is left",
        ),
        "device-busy" => ("other-program", "likely", "end the other program that loads this scale"),
        "scale-refuses" => ("scale", "certain", "switch it off and on; if it stays, call its service"),
        _ => (
            "network",
            "likely",
            "check that the scale is on, its cable, and the address and port in its menu",
        ),
    };
    suspicion(suspect, likelihood, &error.message, remedy)
}

fn ranked(verdict: Vec<Value>) -> Vec<Value> {
    let with_rank = verdict.into_iter().enumerate().map(|(index, mut suspicion)| {
        if let Value::Object(fields) = &mut suspicion {
            fields.insert("rank".to_owned(), json!(index + 1));
        }
        suspicion
    });
    with_rank.collect()
}

fn suspicion(suspect: &str, likelihood: &str, why: &str, remedy: &str) -> Value {
    json!({"suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy})
}
