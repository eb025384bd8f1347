//! One command and its answer, as a [`Session`] over the codec's link.

use std::borrow::Cow;
use std::time::Duration;

use outlet_protocols::datecs::link::Health;
use outlet_protocols::datecs::{Action, Failure, Frame, Link, Reply, Timing, shown};
use tokio::time::Instant;

use crate::exchange::{Session, Step};

/// A frame on its way, and what comes of it.
pub struct Asking {
    link: Link,
    start: Instant,
    now: Duration,
    wake: Option<Duration>,
    end: Option<Result<Reply, Failure>>,
    silence: Duration,
}

impl Asking {
    /// Sends a frame. How often it is sent again is for `timing` to say.
    pub fn new(frame: Frame, timing: Timing) -> Self {
        let mut link = Link::new(frame.framing(), timing);
        link.send(frame);
        let (start, silence) = (Instant::now(), timing.silence);
        Self { link, start, now: Duration::ZERO, wake: None, end: None, silence }
    }

    /// What the link was like meanwhile.
    pub fn health(&self) -> Health {
        self.link.health()
    }

    fn at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }
}

impl Session for Asking {
    type End = Result<Reply, Failure>;

    fn shown(sent: &[u8]) -> Cow<'_, [u8]> {
        shown(sent)
    }

    fn tick(&mut self, now: Instant) {
        self.now = self.at(now);
        self.wake = match self.link.action(self.now) {
            Action::Wait(until) => until,
            // A link that takes no bytes is looked at again, for patience may be over.
            Action::Write(_) => Some(self.now + self.silence),
            Action::Answer(reply) => {
                self.end = Some(Ok(reply));
                None
            }
            Action::Failed(failure) => {
                self.end = Some(Err(failure));
                None
            }
        };
    }

    fn deadline(&self) -> Option<Instant> {
        self.wake.map(|wake| self.start + wake)
    }

    fn step(&mut self) -> Step<'_, Self::End> {
        if let Some(end) = self.end.take() {
            return Step::End(end);
        }
        match self.link.action(self.now) {
            Action::Write(bytes) => Step::Write(bytes),
            Action::Wait(_) => Step::Wait,
            Action::Answer(reply) => Step::End(Ok(reply)),
            Action::Failed(failure) => Step::End(Err(failure)),
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        let now = self.at(now);
        self.link.received(bytes, now);
    }

    fn written(&mut self, count: usize, now: Instant) {
        let now = self.at(now);
        self.link.written(count, now);
    }
}
