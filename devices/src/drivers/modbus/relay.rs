//! Relays: a bell, a lock, a light.
//!
//! The state of the outputs is read every `poll_ms`; when one changes, be it by hand, it is told as a reading: 1 is on,
//! 0 is off. What was switched is read back.
//!
//! # Pulses
//! Where the board has a command for it, it ends a pulse by itself, whatever becomes of the link. Elsewhere the
//! agent switches the output off, and goes on trying until the board says that it is off; while it can't, the
//! condition is `output-stuck`. After a start of the agent an output with a state of rest is brought to it: a bell
//! does not ring on because the agent was ended meanwhile. A pulse that the agent would have to end is refused for
//! an output that would not be off after a start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::modbus::relay::{Function, RelayProfile, RelayWrite};
use outlet_protocols::modbus::{Area, Span};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::device::{Talk, no_jobs};
use super::fault::Fault;
use super::outputs::{self, Output, Setup};
use super::{NoJobs, diagnose};
use crate::driver::{
    Attempt, BoxFuture, Built, Command, Description, DeviceStatus, Driver, DriverFactory, JobContext,
    Outcome, Place, Report, Request, Resolution, Settings, SettingsError,
};
use crate::error::{DeviceError, ErrorKind};
use crate::reading::{self, Reading, ReadingSink};

/// Makes drivers of relays.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let Setup { profile, unit, outputs, poll } = outputs::read(settings)?;
        let description = Description {
            kind: "relay".to_owned(),
            driver: self.name().to_owned(),
            model: Some(profile.id.clone()),
            name: format!("relay board {}", profile.id),
            link: unit.link().to_string(),
            capabilities: vec!["switch".to_owned(), "pulse".to_owned()],
            limits: json!({
                "unit_id": unit.number(),
                "outputs": outputs.keys().collect::<Vec<_>>(),
                "channels": profile.channels,
                "pulse_by_device": profile.pulse.is_some(),
            }),
        };
        let resting = outputs.iter().filter(|(_, output)| output.rest.is_some());
        let unrested = resting.map(|(name, _)| name.clone()).collect();
        let relay = Relay {
            talk: Talk::new(unit, report.status),
            readings: report.readings,
            profile,
            states: outputs.keys().map(|name| (name.clone(), None)).collect(),
            outputs,
            poll,
            ends: BTreeMap::new(),
            stuck: BTreeSet::new(),
            unrested,
            next: Instant::now(),
        };
        Ok(Built { driver: Box::new(relay), check: Arc::new(NoJobs(DOES)), description })
    }

    fn place(&self, settings: &Settings) -> Option<Place> {
        outputs::read(settings).ok().map(|setup| setup.unit.place())
    }
}

const DOES: &str = "a relay does no jobs: send it the request switch or pulse";

/// A relay board.
struct Relay {
    talk: Talk,
    readings: ReadingSink,
    profile: RelayProfile,
    outputs: BTreeMap<String, Output>,
    poll: Duration,
    /// What the board said last. `None`: not known.
    states: BTreeMap<String, Option<bool>>,
    /// When the agent is to end a pulse.
    ends: BTreeMap<String, Instant>,
    /// Outputs that the board refused to switch off.
    stuck: BTreeSet<String>,
    /// Outputs that are still to be brought to their state of rest.
    unrested: BTreeSet<String>,
    next: Instant,
}

impl Driver for Relay {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.talk.forget();
            self.look().await?;
            self.rest().await?;
            self.end_pulses().await?;
            self.show();
            Ok(())
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                if let Err(error) = self.tend().await {
                    return error;
                }
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async { Err(no_jobs(DOES)) })
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async { Ok(Resolution::Unknown(DOES.to_owned())) })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            // What is due does not wait for requests. A board that is lost is told by what is asked next.
            let _ = self.end_pulses().await;
            match request {
                Request::Status => self.status().await,
                Request::Identify => Ok(self.identity()),
                Request::Test => Ok(self.test().await),
                Request::Switch { output, on } => self.switch(output, *on).await,
                Request::Pulse { output, for_ms } => self.pulse(output, *for_ms).await,
                other => Err(other.not_for("a relay")),
            }
        })
    }
}

impl Relay {
    /// Waits until there is something to do, and does it.
    async fn tend(&mut self) -> Result<(), DeviceError> {
        let due = self.ends.values().copied().chain([self.next]).min().unwrap_or(self.next);
        sleep_until(due).await;
        self.end_pulses().await?;
        if self.next <= Instant::now() {
            self.next = Instant::now() + self.poll;
            self.look().await?;
            self.rest().await?;
            self.show();
        }
        Ok(())
    }

    /// Reads the state of all outputs. Whether it could be read: a board that refuses it is there all the same.
    async fn look(&mut self) -> Result<bool, DeviceError> {
        let count = self.outputs.values().map(|output| output.channel).max().unwrap_or(1);
        let address = self.profile.address;
        let read = match self.profile.write {
            Function::Coil => {
                let coils = self.talk.unit.read_coils(address, count).await;
                coils.map(|coils| coils.into_iter().map(Some).collect::<Vec<_>>())
            }
            Function::Register => {
                let span = Span { area: Area::Holding, address, count };
                let on = |value| match value {
                    value if value == self.profile.on => Some(true),
                    value if value == self.profile.off => Some(false),
                    _ => None,
                };
                let registers = self.talk.unit.read(span).await;
                registers.map(|registers| registers.into_iter().map(on).collect())
            }
        };
        // After a fault it is asked again at the next turn, until it is lost.
        let read = self.talk.heed(read)?;
        if let Ok(states) = &read {
            self.take(states);
        }
        Ok(read.is_ok())
    }

    fn take(&mut self, states: &[Option<bool>]) {
        for (name, output) in &self.outputs {
            let index = usize::from(output.channel).saturating_sub(1);
            let now = states.get(index).copied().flatten();
            let before = self.states.insert(name.clone(), now).flatten();
            if let (Some(_), Some(on)) = (before, now)
                && before != now
            {
                let value = Decimal::from(u8::from(on));
                let told = reading::Value { name: name.clone(), value, unit: String::new() };
                self.readings.tell(Reading::Value(told));
            }
        }
    }

    /// Brings outputs to their state of rest, once after a start; later the board's state is what was asked for.
    async fn rest(&mut self) -> Result<(), DeviceError> {
        if self.unrested.is_empty() {
            return Ok(());
        }
        let resting: Vec<(String, u16, bool)> = self
            .outputs
            .iter()
            .filter(|(name, _)| self.unrested.contains(*name) && !self.ends.contains_key(*name))
            .filter_map(|(name, output)| Some((name.clone(), output.channel, output.rest?)))
            .filter(|(name, _, rest)| self.states.get(name).copied().flatten() != Some(*rest))
            .collect();
        let mut refused = BTreeSet::new();
        for (name, channel, rest) in resting {
            match self.write(channel, rest).await? {
                Ok(()) => {}
                Err(fault) if fault.is_answer() && rest => drop(refused.insert(name)),
                // Tried again as the end of a pulse: it must not stay on.
                Err(fault) if fault.is_answer() => {
                    self.stuck.insert(name.clone());
                    self.ends.insert(name, Instant::now() + self.poll);
                }
                Err(fault) => return Err(self.talk.lost(&fault)),
            }
        }
        self.unrested = refused;
        self.look().await.map(drop)
    }

    /// Switches off what was on for a moment.
    async fn end_pulses(&mut self) -> Result<(), DeviceError> {
        let now = Instant::now();
        let due: Vec<String> =
            self.ends.iter().filter(|(_, due)| **due <= now).map(|(name, _)| name.clone()).collect();
        let any = !due.is_empty();
        for name in due {
            let Some(channel) = self.outputs.get(&name).map(|output| output.channel) else { continue };
            match self.write(channel, false).await? {
                Ok(()) => {
                    self.ends.remove(&name);
                    self.stuck.remove(&name);
                }
                Err(fault) if fault.is_answer() => {
                    self.stuck.insert(name.clone());
                    self.ends.insert(name, Instant::now() + self.poll);
                }
                // Due still: tried again at once, until the board is lost.
                Err(_) => {}
            }
        }
        if any {
            self.look().await?;
            self.show();
        }
        Ok(())
    }

    /// # Errors
    /// The board is lost.
    async fn write(&mut self, channel: u16, on: bool) -> Result<Result<(), Fault>, DeviceError> {
        let Some(write) = self.profile.switch(channel, on) else { return Ok(Ok(())) };
        let done = self.talk.unit.switch(write).await;
        self.talk.heed(done)
    }

    /// Writes what somebody asked for.
    ///
    /// # Errors
    /// The board is lost: nothing was sent, or it is in doubt.
    async fn send(&mut self, write: RelayWrite) -> Result<Result<(), Fault>, DeviceError> {
        let done = self.talk.unit.switch(write).await;
        let unsent = matches!(done, Err(Fault::Unreachable(_)));
        let heeded = self.talk.heed(done);
        heeded.map_err(|error| if unsent { error } else { doubt(&error.message) })
    }

    async fn switch(&mut self, name: &str, on: bool) -> Result<Value, DeviceError> {
        let channel = self.output(name)?.channel;
        self.rest().await?;
        let Some(write) = self.profile.switch(channel, on) else { return Err(self.unknown(name)) };
        let mut done = self.send(write).await?;
        if done.as_ref().is_err_and(|fault| !fault.is_answer()) {
            // Switched twice to the same is switched once.
            done = self.send(write).await.map_err(|error| doubt(&error.message))?;
        }
        done.map_err(|fault| self.refused(&fault))?;
        // Not before: a bell that could not be switched off must still come to its end.
        self.settle(name);
        let looked = self.look().await.unwrap_or(false);
        let seen = self.states.get(name).copied().flatten().filter(|_| looked);
        self.show();
        if seen == Some(!on) {
            let message = format!(
                "{}: the board confirmed, but output {name:?} is {} as before: check the board's supply and that \
                 nothing else switches it",
                self.talk.unit.name(),
                word(!on)
            );
            return Err(DeviceError::new(ErrorKind::Rejected, "not-switched", message));
        }
        Ok(json!({"output": name, "on": on, "read_back": seen.is_some()}))
    }

    async fn pulse(&mut self, name: &str, for_ms: Option<u32>) -> Result<Value, DeviceError> {
        let output = self.output(name)?;
        let (channel, rest) = (output.channel, output.rest);
        let time = Duration::from_millis(for_ms.unwrap_or(output.pulse_ms).into());
        if rest == Some(true) {
            let message =
                format!("output {name:?} is on at rest, and a pulse ends with off: switch it instead");
            return Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message));
        }
        let by_device = self.profile.pulse(channel, time).zip(self.profile.pulse);
        let write = by_device.map(|(write, _)| write).or_else(|| self.profile.switch(channel, true));
        let Some(write) = write else { return Err(self.unknown(name)) };
        let by_agent = by_device.is_none();
        if by_agent && rest != Some(false) {
            return Err(self.endless(name));
        }
        self.rest().await?;
        let before = self.ends.get(name).copied();
        if by_agent {
            // Before it is sent: whatever becomes of the answer, it is switched off again.
            self.ends.insert(name.to_owned(), Instant::now() + time);
        }
        let done = self.send(write).await;
        let certainly_not = match &done {
            Ok(Ok(())) => false,
            Ok(Err(fault)) => fault.is_refusal(),
            Err(error) => error.kind == ErrorKind::NotSent,
        };
        let end = match (&done, by_agent) {
            _ if certainly_not => before,
            (_, true) => Some(Instant::now() + time),
            (Ok(Ok(())), false) => None,
            (_, false) => before,
        };
        match end {
            Some(end) => drop(self.ends.insert(name.to_owned(), end)),
            None => self.settle(name),
        }
        done?.map_err(|fault| self.refused(&fault))?;
        // Whether the board says that it is on: a short pulse may be over already.
        let _ = self.look().await;
        self.show();
        let ms = by_device
            .map_or(time.as_millis(), |(write, pulse)| u128::from(write.value) * u128::from(pulse.unit_ms));
        let ended_by = if by_agent { "agent" } else { "device" };
        Ok(json!({"output": name, "for_ms": u64::try_from(ms).unwrap_or(u64::MAX), "ended_by": ended_by}))
    }

    /// Nothing is to be done any more to an output that is as somebody wants it.
    fn settle(&mut self, name: &str) {
        self.ends.remove(name);
        self.stuck.remove(name);
        self.unrested.remove(name);
    }

    fn output(&self, name: &str) -> Result<&Output, DeviceError> {
        self.outputs.get(name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> DeviceError {
        let known: Vec<&str> = self.outputs.keys().map(String::as_str).collect();
        let message = format!("there is no output {name:?}: there is {}", known.join(", "));
        DeviceError::new(ErrorKind::Rejected, "unknown-output", message)
    }

    /// A pulse that nobody would end when the agent is stopped during it.
    fn endless(&self, name: &str) -> DeviceError {
        let own = match self.profile.pulse {
            Some(pulse) => {
                let most = u64::from(pulse.unit_ms) * u64::from(pulse.most);
                format!("ask for at most {most} ms, which the board ends by itself")
            }
            None => "take a board that ends pulses by itself".to_owned(),
        };
        let message = format!(
            "the agent would have to end this pulse of output {name:?}, and the output would stay on if the agent was \
             stopped meanwhile: write rest = \"off\" for it in options.outputs, or {own}"
        );
        DeviceError::new(ErrorKind::Rejected, "invalid-request", message)
    }

    fn refused(&self, fault: &Fault) -> DeviceError {
        match fault {
            Fault::Exception { .. } => fault.as_error(&self.talk.unit.name()),
            fault => doubt(&format!("{}: {fault}", self.talk.unit.name())),
        }
    }

    fn show(&self) {
        let mut conditions = BTreeSet::new();
        if !self.stuck.is_empty() {
            conditions.insert("output-stuck".to_owned());
        }
        self.talk.show(DeviceStatus { online: true, conditions, ..DeviceStatus::default() });
    }

    async fn status(&mut self) -> Result<Value, DeviceError> {
        let seen = self.look().await?;
        let now = Instant::now();
        let outputs: BTreeMap<&String, Value> = self
            .outputs
            .iter()
            .map(|(name, output)| {
                let ends = self.ends.get(name).map(|at| at.saturating_duration_since(now).as_millis());
                // What was seen before is not what is now.
                let on = self.states.get(name).copied().flatten().filter(|_| seen);
                let ends = ends.and_then(|ms| u64::try_from(ms).ok());
                (name, json!({"channel": output.channel, "on": on, "ends_in_ms": ends}))
            })
            .collect();
        Ok(json!({
            "link": self.talk.unit.link().to_string(),
            "unit_id": self.talk.unit.number(),
            "outputs": outputs,
            "stuck": self.stuck,
        }))
    }

    fn identity(&self) -> Value {
        json!({
            "link": self.talk.unit.link().to_string(),
            "unit_id": self.talk.unit.number(),
            "protocol": self.talk.unit.protocol(),
            "model": self.profile.id,
            "source": self.profile.source,
            "channels": self.profile.channels,
        })
    }

    /// Asks many times and judges. Nothing is switched.
    async fn test(&mut self) -> Value {
        let before = self.talk.tally;
        let mut last = None;
        let mut seen = false;
        for _ in 0..diagnose::QUESTIONS {
            let ended = self.end_pulses().await;
            let looked = if ended.is_ok() { self.look().await } else { ended.map(|()| false) };
            seen = looked.as_ref().is_ok_and(|seen| *seen);
            last = looked.err();
            if last.is_some() {
                break;
            }
        }
        let mut verdict = diagnose::verdict(&self.talk.tally.since(&before), last.as_ref());
        if !self.stuck.is_empty() {
            let stuck: Vec<&str> = self.stuck.iter().map(String::as_str).collect();
            let why = format!("the board refused to switch off {}", stuck.join(", "));
            let remedy = "switch it off by hand or take its power, then look at the board";
            verdict.insert(0, diagnose::suspicion("relay", "certain", &why, remedy));
        }
        let states: BTreeMap<&String, Option<bool>> =
            self.states.iter().map(|(name, on)| (name, on.filter(|_| seen))).collect();
        diagnose::report(&self.talk, &before, verdict, json!({"outputs": states}))
    }
}

fn doubt(why: &str) -> DeviceError {
    DeviceError::in_doubt(format!("{why}; whether it was switched is not known: ask for the status, or look"))
}

fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
