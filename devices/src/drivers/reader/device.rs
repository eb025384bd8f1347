//! A reader on its link: opens it, listens, and hands what comes to the language of its kind.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::Kind;
use super::tally::{Tally, verdict};
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Driver, JobContext, Outcome, Report, Request, Resolution,
};
use crate::error::DeviceError;
use crate::link::Link;
use crate::reading::{Reading, ReadingSink};
use crate::transport::{self, Stream};

/// What a kind of reader makes of bytes. It keeps what has begun and not ended, and only that.
pub(super) trait Language: Send {
    /// Bytes came, cut anywhere.
    fn received(&mut self, bytes: &[u8], told: &mut Told<'_>);
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
    link: Link,
    options: Value,
    language: Box<dyn Language>,
    report: Report,
    tally: Tally,
    stream: Option<Box<dyn Stream>>,
    /// When the line will have been quiet for long enough.
    quiet_at: Option<Instant>,
    buffer: Box<[u8; 4096]>,
}

impl Driver for Device {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.stream = None;
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
                        "link": self.link.to_string(),
                        "driver": self.kind.driver,
                        "options": self.options,
                        "note": "readers on a serial line don't say what they are",
                    }))
                }
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for(self.kind.a)),
            }
        })
    }
}

impl Device {
    pub fn new(kind: Kind, link: Link, options: Value, language: Box<dyn Language>, report: Report) -> Self {
        let (tally, buffer) = (Tally::default(), Box::new([0; 4096]));
        Self { kind, link, options, language, report, tally, stream: None, quiet_at: None, buffer }
    }

    /// Opens the link, if it is not open.
    async fn open(&mut self) -> Result<(), DeviceError> {
        if self.stream.is_some() {
            return Ok(());
        }
        match transport::open(&self.link).await {
            Ok(stream) => {
                self.stream = Some(stream);
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
            let Some(stream) = &mut self.stream else {
                return self
                    .offline(format!("the link {} is not open; it is opened again by itself", self.link));
            };
            let reading = stream.read(&mut self.buffer[..]);
            let read = match self.quiet_at {
                Some(quiet_at) => timeout_at(quiet_at, reading).await.ok(),
                None => Some(reading.await),
            };
            let mut told = Told { readings: &self.report.readings, tally: &mut self.tally };
            match read {
                None => {
                    self.quiet_at = None;
                    self.language.quiet(&mut told);
                }
                Some(Ok(0)) => return self.lost("it was closed at the other end"),
                Some(Ok(count)) => {
                    told.tally.bytes(count);
                    self.language.received(self.buffer.get(..count).unwrap_or_default(), &mut told);
                    let waits = self.language.is_waiting();
                    self.quiet_at = waits.then(|| Instant::now() + self.language.silence());
                }
                Some(Err(error)) => return self.lost(&error.to_string()),
            }
        }
    }

    fn lost(&mut self, why: &str) -> DeviceError {
        (self.stream, self.quiet_at) = (None, None);
        self.tally.links_lost();
        self.language.lost(&mut Told { readings: &self.report.readings, tally: &mut self.tally });
        self.offline(format!(
            "the link {} to {} was lost: {why}; check its cable and power, it is opened again by itself",
            self.link, self.kind.a
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
        let verdict = verdict(self.kind, &self.tally, problem.as_deref());
        json!({
            "ok": verdict.is_empty(),
            "link": self.link.to_string(),
            "printed": false,
            "status": {"online": problem.is_none(), "conditions": []},
            "received": self.tally,
            "try": format!("{} and test again: one more must have been read", self.kind.try_it),
            "verdict": verdict,
        })
    }
}
