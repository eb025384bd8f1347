//! One question to a scale, and the time between two, as sessions over an open link.

use std::time::Duration;

use outlet_protocols::scale::{Answer, Ask, Failure, Protocol, Reading, Step as Told, Then};
use tokio::time::Instant;

use crate::exchange::{Session, Step};

/// So many stale bytes are dropped before a question; the codec deals with what a babbling line still brings.
const MOST_STALE: usize = 4096;
/// A link that takes no bytes for so long is as good as silent.
const WRITING: Duration = Duration::from_secs(3);

/// What a conversation brought.
#[derive(Debug)]
pub(super) struct Heard {
    /// The oldest first.
    pub readings: Vec<Reading>,
    /// Bytes that belonged to nothing.
    pub ignored: usize,
    /// How the question ended.
    pub answer: Result<Answer, Failure>,
}

/// A question. First drops what came unasked: an echo or a late answer would be taken for the answer.
///
/// Given up halfway, it leaves the protocol with an open question, after which [`Protocol::start`] waits until
/// the line is quiet.
pub(super) struct Question<'a> {
    protocol: &'a mut dyn Protocol,
    ask: &'a Ask,
    /// Time of one byte on the wire, which the system's buffers hide.
    byte_time: Duration,
    stage: Stage,
    stale: usize,
    heard: Heard,
    out: Vec<u8>,
    deadline: Option<Instant>,
    patience: Option<Duration>,
    writing_until: Option<Instant>,
}

#[derive(PartialEq)]
enum Stage {
    /// Something may still lie in the system's buffers.
    Stale,
    /// Nothing came at the last look.
    Quiet,
    Open,
    Over,
}

impl<'a> Question<'a> {
    pub fn new(protocol: &'a mut dyn Protocol, ask: &'a Ask, byte_time: Duration) -> Self {
        Self {
            protocol,
            ask,
            byte_time,
            stage: Stage::Stale,
            stale: 0,
            heard: Heard { readings: Vec::new(), ignored: 0, answer: Err(Failure::Silent { asked: 0 }) },
            out: Vec::new(),
            deadline: None,
            patience: None,
            writing_until: None,
        }
    }

    fn heed(&mut self, told: Told, now: Instant) {
        self.heard.ignored = self.heard.ignored.saturating_add(told.ignored);
        // A reading that came before the end of the question is not its answer.
        self.heard.readings = told.readings;
        if !told.send.is_empty() {
            self.out.extend(told.send);
            self.writing_until = Some(now + WRITING);
        }
        match told.then {
            Then::Listen => {}
            Then::ListenFor(patience) if self.out.is_empty() => self.deadline = Some(now + patience),
            Then::ListenFor(patience) => self.patience = Some(patience),
            Then::Done(answer) => self.end(Ok(answer)),
            Then::Failed(failure) => self.end(Err(failure)),
        }
    }

    fn end(&mut self, answer: Result<Answer, Failure>) {
        self.heard.answer = answer;
        self.stage = Stage::Over;
        (self.deadline, self.patience) = (None, None);
    }
}

impl Session for Question<'_> {
    type End = Heard;

    fn tick(&mut self, now: Instant) {
        if self.writing_until.is_some_and(|until| until <= now) && !self.out.is_empty() {
            self.out.clear();
            self.end(Err(Failure::Silent { asked: 1 }));
        }
        match self.stage {
            Stage::Stale if self.stale < MOST_STALE => {
                self.stage = Stage::Quiet;
                self.deadline = Some(now);
            }
            Stage::Stale | Stage::Quiet => {
                self.stage = Stage::Open;
                self.deadline = None;
                let mut told = self.protocol.start(self.ask);
                // What the question before had left unread is no fault of the line.
                told.ignored = 0;
                self.heed(told, now);
            }
            Stage::Open => {
                if self.deadline.is_some_and(|deadline| deadline <= now) {
                    self.deadline = None;
                    let told = self.protocol.timed_out();
                    self.heed(told, now);
                }
            }
            Stage::Over => {}
        }
    }

    fn deadline(&self) -> Option<Instant> {
        if self.out.is_empty() { self.deadline } else { self.writing_until }
    }

    fn step(&mut self) -> Step<'_, Heard> {
        if !self.out.is_empty() {
            return Step::Write(&self.out);
        }
        if self.stage != Stage::Over {
            return Step::Wait;
        }
        let answer = std::mem::replace(&mut self.heard.answer, Err(Failure::Silent { asked: 0 }));
        let readings = std::mem::take(&mut self.heard.readings);
        Step::End(Heard { readings, ignored: self.heard.ignored, answer })
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        match self.stage {
            Stage::Stale | Stage::Quiet => {
                self.stage = Stage::Stale;
                self.stale = self.stale.saturating_add(bytes.len());
                // So that a scale that streams stays in step.
                self.heard.ignored = self.heard.ignored.saturating_add(self.protocol.received(bytes).ignored);
            }
            Stage::Open => {
                let told = self.protocol.received(bytes);
                self.heed(told, now);
            }
            Stage::Over => {}
        }
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.out.drain(..count.min(self.out.len()));
        if self.out.is_empty()
            && let Some(patience) = self.patience.take()
        {
            let wire = self.byte_time * u32::try_from(count).unwrap_or(u32::MAX);
            self.deadline = Some(now + wire + patience);
        }
    }
}

/// Listens without a question, until a reading comes or the time is over.
pub(super) struct Listening<'a> {
    protocol: &'a mut dyn Protocol,
    until: Instant,
    over: bool,
    readings: Vec<Reading>,
    ignored: usize,
}

impl<'a> Listening<'a> {
    pub fn new(protocol: &'a mut dyn Protocol, until: Instant) -> Self {
        Self { protocol, until, over: false, readings: Vec::new(), ignored: 0 }
    }
}

impl Session for Listening<'_> {
    /// What came, and how many bytes belonged to nothing.
    type End = (Vec<Reading>, usize);

    fn tick(&mut self, now: Instant) {
        self.over = !self.readings.is_empty() || self.until <= now;
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }

    fn step(&mut self) -> Step<'_, Self::End> {
        if self.over { Step::End((std::mem::take(&mut self.readings), self.ignored)) } else { Step::Wait }
    }

    fn received(&mut self, bytes: &[u8], _: Instant) {
        let told = self.protocol.received(bytes);
        self.ignored = self.ignored.saturating_add(told.ignored);
        self.readings.extend(told.readings);
    }

    fn written(&mut self, _: usize, _: Instant) {}
}
