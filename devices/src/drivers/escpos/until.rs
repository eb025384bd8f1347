//! Asking one thing and waiting for its answer.

use std::time::Duration;

use tokio::time::Instant;

use super::printer::{Printer, Reply};
use crate::exchange::{Session, Step};

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waited {
    /// The answer.
    Came(Reply),
    /// None within the time.
    TimedOut,
    /// The printer works nothing now: paper, cover, error.
    Stopped,
}

/// Sends what is to be sent, and waits for a reply of a kind.
pub struct Until<'a, F> {
    printer: &'a mut Printer,
    wanted: F,
    since: Instant,
    patience: Duration,
    end: Option<Waited>,
}

impl<'a, F: Fn(&Reply) -> bool> Until<'a, F> {
    /// What is to be sent stands in the printer's outbox already.
    pub fn new(printer: &'a mut Printer, patience: Duration, now: Instant, wanted: F) -> Self {
        Self { printer, wanted, since: now, patience, end: None }
    }

    fn due(&self) -> Option<Instant> {
        self.printer.outbox.is_empty().then(|| self.printer.due(self.since, self.patience))
    }
}

impl<F: Fn(&Reply) -> bool> Session for Until<'_, F> {
    type End = Waited;

    fn tick(&mut self, now: Instant) {
        if self.end.is_some() {
            return;
        }
        // Nothing is worked while the printer is stopped, and that may take long: better to come back.
        if self.printer.outbox.is_empty() && self.printer.obstacle().is_some() {
            self.end = Some(Waited::Stopped);
        } else if self.due().is_some_and(|due| due <= now) {
            self.end = Some(Waited::TimedOut);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.due()
    }

    fn step(&mut self) -> Step<'_, Waited> {
        match self.end.clone() {
            Some(end) => Step::End(end),
            None if self.printer.outbox.is_empty() => Step::Wait,
            None => Step::Write(&self.printer.outbox),
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        if let Some(reply) = self.printer.feed(bytes, now).into_iter().find(|reply| (self.wanted)(reply)) {
            self.end.get_or_insert(Waited::Came(reply));
        }
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.printer.outbox_sent(count, now);
        self.since = now;
    }
}
