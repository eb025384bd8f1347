//! The driver of one scale.

use std::time::Duration;

use outlet_protocols::scale::{Answer, Ask, Failure, Mode, Reading};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::conversation::Heard;
use super::options::Options;
use super::source::{Facts, Source};
use super::told::{Belief, Teller, Worth, conditions};
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Driver, JobContext, Outcome, Report, Request, Resolution,
    StatusSink,
};
use crate::error::{DeviceError, ErrorKind};
use crate::link::Link;

/// After so many questions in a row without an answer, each with the protocol's own repeats, the scale is lost.
const LOST_AFTER: u32 = 2;

/// A scale.
pub(super) struct Scale {
    pub(super) facts: Facts,
    pub(super) link: Link,
    pub(super) options: Options,
    pub(super) tally: Tally,
    source: Box<dyn Source>,
    open: bool,
    status: StatusSink,
    teller: Teller,
    belief: Belief,
    /// Questions in a row without an answer.
    unanswered: u32,
    /// When the scale is asked next while nothing else is to do.
    next: Option<Instant>,
}

/// How the questions of a session ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// With an answer, be it a refusal.
    pub answered: u64,
    /// With nothing at all.
    pub silent: u64,
    /// With bytes that were no answer: noise, a wrong checksum, another protocol.
    pub garbled: u64,
    /// With the answer of a scale of another number.
    pub other_device: u64,
    /// Bytes that belonged to nothing.
    pub ignored_bytes: u64,
}

impl Tally {
    /// What came since another moment.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(before.answered),
            silent: self.silent.saturating_sub(before.silent),
            garbled: self.garbled.saturating_sub(before.garbled),
            other_device: self.other_device.saturating_sub(before.other_device),
            ignored_bytes: self.ignored_bytes.saturating_sub(before.ignored_bytes),
        }
    }
}

/// What came of a question for the weight.
#[derive(Debug)]
pub(super) enum Asked {
    /// A reading, and what it is worth.
    Reading(Reading, Worth),
    /// None, and why. The session goes on.
    Nothing(Failure),
}

impl Driver for Scale {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                let done = match self.facts.mode {
                    Mode::Polled => self.poll().await,
                    Mode::Streams => self.listen().await,
                };
                if let Err(error) = done {
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
        Box::pin(async { Err(super::no_jobs()) })
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async { Ok(Resolution::Unknown("a scale does no jobs".to_owned())) })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => self.report().await,
                Request::Identify => self.identify().await,
                Request::Test => Ok(self.test().await),
                Request::Weigh { timeout_ms } => self.weigh(*timeout_ms).await,
                Request::Count { tare, gross, in_pack, timeout_ms } => {
                    self.count(*tare, *gross, *in_pack, *timeout_ms).await
                }
                Request::Zero => self.command(&Ask::Zero).await,
                Request::Tare => self.command(&Ask::Tare).await,
                Request::PresetTare { tare } if tare.is_sign_negative() && !tare.is_zero() => {
                    let message = format!("a tare of {tare} kg can't be: write 0 to take the tare away");
                    Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message))
                }
                Request::PresetTare { tare } => self.command(&Ask::PresetTare(*tare)).await,
                Request::Live { for_s } => Ok(self.watch(*for_s)),
                other => Err(other.not_for("a scale")),
            }
        })
    }
}

impl Scale {
    /// A scale that is not connected yet.
    pub fn new(facts: Facts, source: Box<dyn Source>, link: Link, options: Options, report: Report) -> Self {
        Self {
            teller: Teller::new(report.readings, options.publish),
            belief: Belief::new(options.confirm.unwrap_or(facts.confirm)),
            facts,
            link,
            options,
            tally: Tally::default(),
            source,
            open: false,
            status: report.status,
            unanswered: 0,
            next: None,
        }
    }

    /// Opens the link and asks until the scale answers.
    async fn open(&mut self) -> Result<(), DeviceError> {
        self.open = false;
        self.unanswered = 0;
        self.belief.forget();
        if let Err(problem) = self.source.open().await {
            return Err(self.lost(problem));
        }
        self.open = true;
        loop {
            match self.ask_weight().await? {
                Asked::Reading(..) | Asked::Nothing(Failure::NotNow(_) | Failure::NothingNew) => {
                    return Ok(());
                }
                Asked::Nothing(failure) if failure.is_from_scale() => {
                    return Err(self.lost(format!("{}: {failure}", self.link)));
                }
                Asked::Nothing(_) => {}
            }
        }
    }

    /// Opens the link unless it is open.
    pub(super) async fn ensure_open(&mut self) -> Result<(), DeviceError> {
        if self.open { Ok(()) } else { self.open().await }
    }

    /// Waits until the next question is due, and asks for the weight.
    async fn poll(&mut self) -> Result<(), DeviceError> {
        if let Some(next) = self.next {
            self.listen_until(next).await?;
        }
        self.next = Some(Instant::now() + self.options.poll());
        if let Asked::Reading(_, Worth::Unsure) = self.ask_weight().await? {
            self.next = None;
        }
        Ok(())
    }

    /// Hears what a scale sends by itself.
    async fn listen(&mut self) -> Result<(), DeviceError> {
        if self.listen_until(Instant::now() + self.facts.answer).await? {
            return Ok(());
        }
        // Nothing for a while: the protocol says what is the matter.
        self.ask_weight().await.map(drop)
    }

    /// Listens without a question. Whether readings came.
    async fn listen_until(&mut self, until: Instant) -> Result<bool, DeviceError> {
        let (readings, ignored) = match self.source.listen(until).await {
            Ok(heard) => heard,
            Err(problem) => return Err(self.lost(problem)),
        };
        self.tally.ignored_bytes = self.tally.ignored_bytes.saturating_add(ignored as u64);
        if self.facts.mode == Mode::Polled {
            return Ok(false);
        }
        for reading in &readings {
            self.unanswered = 0;
            self.tally.answered += 1;
            self.take(reading);
        }
        Ok(!readings.is_empty())
    }

    /// Asks for the weight, and tells what is to be told.
    ///
    /// # Errors
    /// The session is lost.
    pub(super) async fn ask_weight(&mut self) -> Result<Asked, DeviceError> {
        let heard = self.ask(&Ask::Weight).await?;
        match heard.answer {
            Ok(_) => {
                // A stream may tell several at once; all but the last are already past.
                let mut last = None;
                for reading in heard.readings {
                    let worth = self.take(&reading);
                    last = Some((reading, worth));
                }
                let nothing = Asked::Nothing(Failure::Silent { asked: 1 });
                Ok(last.map_or(nothing, |(reading, worth)| Asked::Reading(reading, worth)))
            }
            Err(failure) => {
                match failure {
                    Failure::NothingNew => self.teller.expect_new(),
                    // Between two answers that say the same a refusal says nothing else.
                    Failure::NotNow(_) => {}
                    _ => self.belief.forget(),
                }
                Ok(Asked::Nothing(failure))
            }
        }
    }

    /// Puts a question, and keeps count.
    ///
    /// # Errors
    /// The session is lost.
    pub(super) async fn ask(&mut self, ask: &Ask) -> Result<Heard, DeviceError> {
        let heard = match self.source.ask(ask).await {
            Ok(heard) => heard,
            Err(problem) => return Err(self.lost(problem)),
        };
        self.tally.ignored_bytes = self.tally.ignored_bytes.saturating_add(heard.ignored as u64);
        let first = self.unanswered == 0;
        match &heard.answer {
            Err(Failure::Silent { .. }) => self.tally.silent += 1,
            Err(Failure::Garbled { .. }) => self.tally.garbled += 1,
            Err(failure @ Failure::OtherScale { .. }) => {
                self.tally.other_device += 1;
                if first {
                    self.teller.unusable("other-device", format!("{}: {failure}", self.link));
                }
            }
            Err(Failure::Unsupported { .. }) => {}
            Ok(_) | Err(Failure::NotNow(_) | Failure::Refused(_) | Failure::NothingNew) => {
                self.tally.answered += 1;
                self.unanswered = 0;
            }
        }
        if let Err(
            failure @ (Failure::Silent { .. } | Failure::Garbled { .. } | Failure::OtherScale { .. }),
        ) = &heard.answer
        {
            self.unanswered += 1;
            if self.unanswered >= LOST_AFTER {
                return Err(self.lost(format!("{}: {failure}{}", self.link, self.remedy(failure))));
            }
        }
        Ok(heard)
    }

    fn remedy(&self, failure: &Failure) -> &str {
        match failure {
            Failure::OtherScale { .. } => "",
            _ => &self.facts.remedy,
        }
    }

    /// Judges a reading, shows the scale's conditions, and tells what is to be told.
    fn take(&mut self, reading: &Reading) -> Worth {
        let worth = self.belief.judge(reading);
        self.teller.take(reading, worth, Instant::now());
        if worth != Worth::Unsure {
            self.show(DeviceStatus {
                online: true,
                conditions: conditions(reading),
                ..DeviceStatus::default()
            });
        }
        worth
    }

    fn show(&self, now: DeviceStatus) {
        now.tell(&self.status);
    }

    /// Gives the link up.
    pub(super) fn lost(&mut self, problem: String) -> DeviceError {
        self.source.close();
        self.open = false;
        self.next = None;
        self.belief.forget();
        let conditions = self.status.borrow().conditions.clone();
        self.show(DeviceStatus {
            online: false,
            conditions,
            problem: Some(problem.clone()),
            ..DeviceStatus::default()
        });
        DeviceError::offline(problem)
    }

    fn watch(&mut self, for_s: u16) -> Value {
        let for_s = for_s.min(self.options.live_max_s);
        let until = Instant::now() + Duration::from_secs(for_s.into());
        self.teller.watch((for_s > 0).then_some(until));
        self.next = None;
        json!({"for_s": for_s})
    }

    /// Seconds for which all readings are still told.
    pub(super) fn watched_s(&self) -> u64 {
        let now = Instant::now();
        self.teller.watched(now).map_or(0, |until| until.duration_since(now).as_secs() + 1)
    }

    /// Has the scale do something; a dialogue that is cut off is in doubt.
    async fn command(&mut self, ask: &Ask) -> Result<Value, DeviceError> {
        let commands = self.facts.commands;
        let has = match ask {
            Ask::Zero => commands.zero,
            Ask::Tare => commands.tare,
            Ask::PresetTare(_) => commands.preset_tare,
            Ask::Weight | Ask::Identify => true,
        };
        if !has {
            return Err(self.explain(&Failure::Unsupported { protocol: self.facts.speaks, ask: ask.word() }));
        }
        self.ensure_open().await?;
        let doubt = |why: &str| {
            let message = format!(
                "{why}; whether the scale did it is not known: look at its display. Asking again does no harm"
            );
            DeviceError::in_doubt(message)
        };
        let heard = self.ask(ask).await.map_err(|error| doubt(&error.message))?;
        // What is shown from now on is another weight, even where the digits are the same.
        self.belief.forget();
        self.next = None;
        match heard.answer {
            Ok(answer) => Ok(json!({"confirmed": answer != Answer::Sent})),
            Err(failure @ (Failure::Silent { .. } | Failure::Garbled { .. })) => {
                Err(doubt(&format!("{}: {failure}", self.link)))
            }
            Err(failure) => Err(self.explain(&failure)),
        }
    }

    /// A failure as an error of the contract.
    pub(super) fn explain(&self, failure: &Failure) -> DeviceError {
        let (kind, code) = match failure {
            Failure::Silent { .. } => (ErrorKind::NotSent, "device-offline"),
            Failure::Garbled { .. } => (ErrorKind::NotSent, "garbled"),
            Failure::OtherScale { .. } => (ErrorKind::NotSent, "other-device"),
            Failure::NotNow(_) => (ErrorKind::Busy, "not-now"),
            Failure::NothingNew => (ErrorKind::Busy, "nothing-new"),
            Failure::Refused(_) => (ErrorKind::Rejected, "refused"),
            Failure::Unsupported { .. } => (ErrorKind::Unsupported, "unsupported"),
        };
        DeviceError::new(kind, code, format!("{}: {failure}", self.link))
    }
}
