//! A reader on its link: opens it, listens, and hands what comes to the language of its kind.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::Kind;
use super::reach::{Came, Open, Reach, Source};
use super::tally::{Tally, verdict};
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Driver, JobContext, Outcome, Report, Request, Resolution,
};
use crate::error::DeviceError;
use crate::reading::{Reading, ReadingSink};
use crate::transport::evdev::Input;
use crate::transport::hid::Descriptor;

/// What a kind of reader makes of bytes. It keeps what has begun and not ended, and only that.
pub(super) trait Language: Send {
    /// A device that reports was opened.
    fn connected(&mut self, _: &Descriptor) {}
    /// Bytes came, cut anywhere; of a device that reports one whole report.
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>);
    /// A device that types has typed.
    fn input(&mut self, _: Input, _: &mut Told<'_>) {}
    /// The line was quiet for [`Language::silence`].
    fn quiet(&mut self, told: &mut Told<'_>);
    /// The link is lost: what has begun never ends.
    fn lost(&mut self, told: &mut Told<'_>);
    /// Whether something has begun and not ended: whether silence matters.
    fn is_waiting(&self) -> bool;
    /// How long the line has to be quiet to be called so.
    fn silence(&self) -> Duration;
}

/// Where a language tells what it has understood.
pub(super) struct Told<'a> {
    readings: &'a ReadingSink,
    /// What has been counted since the start.
    pub tally: &'a mut Tally,
}

impl Told<'_> {
    /// Something that was read.
    pub fn reading(&mut self, reading: Reading) {
        self.tally.count(&reading);
        self.readings.tell(reading);
    }

    /// So many bytes are of no use.
    pub fn unusable(&mut self, code: &str, bytes: usize, message: impl Into<String>) {
        self.tally.noise(bytes);
        self.reading(Reading::unusable(code, message));
    }
}

/// The driver of a reader.
pub(super) struct Device {
    kind: Kind,
    reach: Reach,
    options: Value,
    language: Box<dyn Language>,
    report: Report,
    tally: Tally,
    source: Option<Source>,
    /// What the device says it is.
    name: Option<String>,
    /// When the line will have been quiet for long enough.
    quiet_at: Option<Instant>,
    /// That time was over, and it was looked once more whether something waits.
    looked_again: bool,
    buffer: Box<[u8; 4096]>,
}

impl Driver for Device {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.source = None;
            self.open().await
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(self.listen())
    }

    fn execute<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(std::future::ready(Err(self.kind.no_jobs())))
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        let why = format!("{} takes no jobs and knows of none", self.kind.a);
        Box::pin(std::future::ready(Ok(Resolution::Unknown(why))))
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => {
                    self.open().await?;
                    Ok(json!({"online": true, "conditions": [], "received": self.tally}))
                }
                Request::Identify => {
                    self.open().await?;
                    Ok(json!({
                        "link": self.reach.link.to_string(),
                        "driver": self.kind.driver,
                        "options": self.options,
                        "name": self.name,
                        "note": self.name.is_none().then_some("readers on a serial line don't say what they are"),
                    }))
                }
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for(self.kind.a)),
            }
        })
    }
}

impl Device {
    pub fn new(
        kind: Kind,
        reach: Reach,
        options: Value,
        language: Box<dyn Language>,
        report: Report,
    ) -> Self {
        let (tally, buffer) = (Tally::default(), Box::new([0; 4096]));
        let (source, name, quiet_at) = (None, None, None);
        let looked_again = false;
        Self { kind, reach, options, language, report, tally, source, name, quiet_at, looked_again, buffer }
    }

    /// Opens the link, if it is not open.
    async fn open(&mut self) -> Result<(), DeviceError> {
        if self.source.is_some() {
            return Ok(());
        }
        match self.reach.open().await {
            Ok(Open { source, descriptor, name }) => {
                if let Some(descriptor) = descriptor {
                    self.language.connected(&descriptor);
                }
                (self.source, self.name) = (Some(source), name);
                self.tell_status(None);
                Ok(())
            }
            Err(error) => Err(self.offline(error.to_string())),
        }
    }

    /// Listens until the link is lost. Between a byte's arrival and its place in the language nothing is awaited:
    /// dropped anywhere, this loses nothing.
    async fn listen(&mut self) -> DeviceError {
        if self.quiet_at.is_some() {
            // Bytes may have come while nobody listened: the system is asked for them before the line is called quiet.
            tokio::task::yield_now().await;
        }
        loop {
            let Some(source) = &mut self.source else {
                let link = &self.reach.link;
                return self.offline(format!("the link {link} is not open; it is opened again by itself"));
            };
            let reading = source.next(&mut self.buffer[..]);
            let read = match self.quiet_at {
                Some(quiet_at) => timeout_at(quiet_at, reading).await.ok(),
                None => Some(reading.await),
            };
            if read.is_none() && !self.looked_again {
                // An agent that was held up finds the time over and more waiting: that was no silence.
                self.looked_again = true;
                tokio::task::yield_now().await;
                continue;
            }
            self.looked_again = false;
            let mut told = Told { readings: &self.report.readings, tally: &mut self.tally };
            match read {
                None => {
                    self.quiet_at = None;
                    self.language.quiet(&mut told);
                }
                Some(Ok(Came::Bytes(0))) => return self.lost("it was closed at the other end"),
                Some(Ok(came)) => {
                    match came {
                        Came::Bytes(count) => {
                            told.tally.bytes(count);
                            self.language.received(self.buffer.get(..count).unwrap_or_default(), &mut told);
                        }
                        Came::Input(input) => {
                            if matches!(input, Input::Key(key) if key.value == 1) {
                                told.tally.bytes(1);
                            }
                            self.language.input(input, &mut told);
                        }
                    }
                    let waits = self.language.is_waiting();
                    self.quiet_at = waits.then(|| Instant::now() + self.language.silence());
                }
                Some(Err(error)) => return self.lost(&error.to_string()),
            }
        }
    }

    fn lost(&mut self, why: &str) -> DeviceError {
        (self.source, self.quiet_at) = (None, None);
        self.tally.links_lost();
        self.language.lost(&mut Told { readings: &self.report.readings, tally: &mut self.tally });
        self.offline(format!(
            "the link {} to {} was lost: {why}; check its cable and power, it is opened again by itself",
            self.reach.link, self.kind.a
        ))
    }

    fn offline(&self, problem: String) -> DeviceError {
        self.tell_status(Some(problem.clone()));
        DeviceError::offline(problem)
    }

    fn tell_status(&self, problem: Option<String>) {
        let now = DeviceStatus { online: problem.is_none(), problem, ..DeviceStatus::default() };
        now.tell(&self.report.status);
    }

    /// What the technician gets: a reader can't be made to read, so what it has read so far is judged.
    async fn test(&mut self) -> Value {
        let problem = self.open().await.err().map(|error| error.message);
        let verdict = verdict(self.kind, self.reach.way, &self.tally, problem.as_deref());
        json!({
            "ok": verdict.is_empty(),
            "link": self.reach.link.to_string(),
            "printed": false,
            "status": {"online": problem.is_none(), "conditions": []},
            "received": self.tally,
            "try": format!("{} and test again: one more must have been read", self.kind.try_it),
            "verdict": verdict,
        })
    }
}
