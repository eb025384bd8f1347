//! Sensors: the temperature of a fridge, the humidity of a store.
//!
//! The sensor is asked every `poll_ms`. A value is told when it has changed by its step, and every few minutes although
//! it has not; while somebody watches, all of them are. Limits are judged with each value that was read, told
//! or not; what is beyond one for its delay is a condition such as `temperature-high`.
//!
//! What the profile says no sensor can measure, an open or shorted probe above all, is no value: twice in a row it is
//! the condition `sensor-fault`. The same is an exception that says that the device has failed, and any other one that
//! does not end. What the limits had told stands until there is a value again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::modbus::Block;
use outlet_protocols::modbus::sensor::SensorProfile;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::device::{Talk, no_jobs};
use super::fault::{Fault, Meaning};
use super::limits::{Side, Watch};
use super::values::{self, Measuring, Setup};
use super::{NoJobs, diagnose};
use crate::driver::{
    Attempt, BoxFuture, Built, Command, Description, DeviceStatus, Driver, DriverFactory, JobContext,
    Outcome, Place, Report, Request, Resolution, Settings, SettingsError,
};
use crate::error::DeviceError;
use crate::reading::{self, Reading, ReadingSink};

/// Makes drivers of sensors.
pub struct Factory;

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "sensor"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let Setup { profile, unit, values, poll, every, live_max_s } = values::read(settings)?;
        let described = |value: &Measuring| {
            let unit = value.measures.unit();
            json!({"name": value.name, "unit": unit, "min": value.limits.min, "max": value.limits.max})
        };
        let description = Description {
            kind: "sensor".to_owned(),
            driver: self.name().to_owned(),
            model: Some(profile.id.clone()),
            name: format!("sensor {}", profile.id),
            link: unit.link().to_string(),
            capabilities: vec!["live".to_owned()],
            limits: json!({
                "unit_id": unit.number(),
                "poll_ms": u64::try_from(poll.as_millis()).unwrap_or(u64::MAX),
                "live_max_s": live_max_s,
                "values": values.iter().map(described).collect::<Vec<_>>(),
            }),
        };
        let sensor = Sensor {
            talk: Talk::new(unit, report.status),
            readings: report.readings,
            profile,
            values: values.into_iter().map(Probe::new).collect(),
            poll,
            every,
            live_max_s,
            live_until: None,
            next: Instant::now(),
            exceptions: 0,
        };
        Ok(Built { driver: Box::new(sensor), check: Arc::new(NoJobs(DOES)), description })
    }

    fn place(&self, settings: &Settings) -> Option<Place> {
        values::read(settings).ok().map(|setup| setup.unit.place())
    }
}

const DOES: &str = "a sensor does no jobs: it tells its readings by itself, and answers the request status";
/// From question to question while somebody watches.
const LIVE: Duration = Duration::from_secs(1);
/// So many times in a row there must be no value before the sensor is said to be at fault.
const FAULTS: u32 = 2;
/// The same of exceptions that say that the request is wrong.
const REFUSALS: u32 = 3;
/// The same of exceptions that say that the sensor is busy.
const BUSY: u32 = 6;
/// Why a value is none.
const IMPOSSIBLE: &str = "what the sensor says can't be; check the probe and its wires";

/// A sensor.
struct Sensor {
    talk: Talk,
    readings: ReadingSink,
    profile: SensorProfile,
    values: Vec<Probe>,
    poll: Duration,
    every: Option<Duration>,
    live_max_s: u16,
    live_until: Option<Instant>,
    next: Instant,
    /// Exceptions in a row.
    exceptions: u32,
}

/// One of its values.
struct Probe {
    measuring: Measuring,
    /// What was read last.
    now: Option<Decimal>,
    /// What was told last, and when.
    told: Option<(Decimal, Instant)>,
    watch: Watch,
    /// Times in a row without a value.
    faults: u32,
}

impl Driver for Sensor {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.talk.forget();
            match self.look().await? {
                // Another device, or the wrong profile.
                Err(fault) if fault.meaning() == Some(Meaning::WrongRequest) => Err(self.talk.lost(&fault)),
                _ => Ok(()),
            }
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                sleep_until(self.next).await;
                let now = Instant::now();
                let live = self.live_until.is_some_and(|until| until > now);
                self.next = now + if live { LIVE.min(self.poll) } else { self.poll };
                if let Err(error) = self.look().await {
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
            match request {
                Request::Status => self.status().await,
                Request::Identify => Ok(self.identity()),
                Request::Test => Ok(self.test().await),
                Request::Live { for_s } => Ok(self.live(*for_s)),
                other => Err(other.not_for("a sensor")),
            }
        })
    }
}

impl Sensor {
    /// Reads all values, tells what is to be told, and shows the conditions.
    ///
    /// # Errors
    /// The sensor is lost.
    async fn look(&mut self) -> Result<Result<(), Fault>, DeviceError> {
        let mut read = Vec::new();
        for span in self.profile.spans() {
            let registers = self.talk.unit.read(span).await;
            match self.talk.heed(registers)? {
                Ok(registers) => read.push((span.address, registers)),
                Err(fault) => {
                    self.miss(&fault);
                    return Ok(Err(fault));
                }
            }
        }
        let blocks: Vec<Block<'_>> =
            read.iter().map(|(address, registers)| Block { address: *address, registers }).collect();
        let measured = self.profile.measured(&blocks).unwrap_or_default();
        self.exceptions = 0;
        self.take(&measured.iter().map(|measured| measured.value).collect::<Vec<_>>());
        self.show();
        Ok(Ok(()))
    }

    /// Takes what came instead of values. What the line did to an answer is no matter of the sensor.
    fn miss(&mut self, fault: &Fault) {
        let most = match fault.meaning() {
            Some(Meaning::Failed) => FAULTS,
            Some(Meaning::WrongRequest) => REFUSALS,
            Some(Meaning::NotNow) => BUSY,
            Some(Meaning::NotThere) | None => return,
        };
        self.exceptions = self.exceptions.saturating_add(1);
        // The last ones of them count as times without a value.
        if self.exceptions.saturating_add(FAULTS) > most {
            for probe in &mut self.values {
                probe.lose(&self.talk.unit.name(), &fault.to_string(), &self.readings);
            }
            self.show();
        }
    }

    /// Takes the values in the order of the profile.
    fn take(&mut self, values: &[Option<Decimal>]) {
        let now = Instant::now();
        let live = self.live_until.is_some_and(|until| until > now);
        for (probe, value) in self.values.iter_mut().zip(values) {
            match value.and_then(|value| value.checked_add(probe.measuring.offset)) {
                Some(value) => probe.take(value, live, self.every, &self.readings, now),
                None => probe.lose(&self.talk.unit.name(), IMPOSSIBLE, &self.readings),
            }
        }
    }

    fn show(&self) {
        self.talk.show(DeviceStatus {
            online: true,
            conditions: self.conditions(),
            ..DeviceStatus::default()
        });
    }

    fn conditions(&self) -> BTreeSet<String> {
        let beyond = self.values.iter().filter_map(|probe| {
            let side = match probe.watch.told()? {
                Side::High => "high",
                Side::Low => "low",
            };
            Some(format!("{}-{side}", probe.measuring.name))
        });
        let fault = self.values.iter().any(Probe::is_faulty).then(|| "sensor-fault".to_owned());
        beyond.chain(fault).collect()
    }

    fn live(&mut self, for_s: u16) -> Value {
        let for_s = for_s.min(self.live_max_s);
        let now = Instant::now();
        self.live_until = (for_s > 0).then(|| now + Duration::from_secs(for_s.into()));
        self.next = now;
        json!({"for_s": for_s})
    }

    async fn status(&mut self) -> Result<Value, DeviceError> {
        self.look().await?.map_err(|fault| fault.as_error(&self.talk.unit.name()))?;
        Ok(json!({
            "link": self.talk.unit.link().to_string(),
            "unit_id": self.talk.unit.number(),
            "conditions": self.conditions(),
            "values": self.seen(),
        }))
    }

    fn seen(&self) -> Vec<Value> {
        let one = |probe: &Probe| {
            json!({
                "name": probe.measuring.name,
                "value": probe.now,
                "unit": probe.measuring.measures.unit(),
                "fault": probe.now.is_none(),
            })
        };
        self.values.iter().map(one).collect()
    }

    fn identity(&self) -> Value {
        json!({
            "link": self.talk.unit.link().to_string(),
            "unit_id": self.talk.unit.number(),
            "protocol": self.talk.unit.protocol(),
            "model": self.profile.id,
            "source": self.profile.source,
        })
    }

    /// Asks many times and judges.
    async fn test(&mut self) -> Value {
        let before = self.talk.tally;
        let mut last = None;
        for _ in 0..diagnose::QUESTIONS {
            last = self.look().await.err();
            if last.is_some() {
                break;
            }
        }
        let mut verdict = diagnose::verdict(&self.talk.tally.since(&before), last.as_ref());
        // Exceptions are judged already, and say nothing of the probe.
        let faulty = self.values.iter().filter(|probe| probe.is_faulty() && self.exceptions == 0);
        for probe in faulty {
            let why = format!("what it says of {} can't be", probe.measuring.name);
            let remedy = "check the probe and its wires: it is open, shorted, or not connected";
            verdict.push(diagnose::suspicion("probe", "likely", &why, remedy));
        }
        diagnose::report(&self.talk, &before, verdict, json!({"values": self.seen()}))
    }
}

impl Probe {
    fn new(measuring: Measuring) -> Self {
        Self { measuring, now: None, told: None, watch: Watch::default(), faults: 0 }
    }

    fn is_faulty(&self) -> bool {
        self.faults >= FAULTS
    }

    fn take(
        &mut self,
        value: Decimal,
        live: bool,
        every: Option<Duration>,
        sink: &ReadingSink,
        now: Instant,
    ) {
        (self.now, self.faults) = (Some(value), 0);
        self.watch.take(value, &self.measuring.limits, now);
        let due = match self.told {
            None => true,
            Some((before, at)) => {
                let moved = (value - before).abs();
                (moved >= self.measuring.step && !moved.is_zero())
                    || every.is_some_and(|every| now.duration_since(at) >= every)
            }
        };
        if due || live {
            let unit = self.measuring.measures.unit().to_owned();
            sink.tell(Reading::Value(reading::Value { name: self.measuring.name.clone(), value, unit }));
            self.told = Some((value, now));
        }
    }

    fn lose(&mut self, place: &str, why: &str, sink: &ReadingSink) {
        self.now = None;
        self.watch.lose();
        self.faults = self.faults.saturating_add(1);
        if self.faults == FAULTS {
            let message = format!("{place}: there is no {}: {why}", self.measuring.name);
            sink.tell(Reading::unusable("sensor-fault", message));
            // The next value is told although it may be the same.
            self.told = None;
        }
    }
}
