//! Listening to a printer: at connect, while idle, and while it has to be ready for a job.

use std::time::Duration;

use tokio::time::Instant;

use super::options::Timing;
use super::printer::Printer;
use super::recovery::Recovery;
use crate::driver::Waiting;
use crate::exchange::{Session, Step};

/// When a listening session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Never, as long as the printer answers.
    Forever,
    /// When the status is known.
    Status,
    /// When the questions that were asked are answered.
    Answered,
    /// When the status is known and nothing prevents printing.
    Ready,
}

/// How a listening session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The goal is reached.
    Goal,
    /// It no longer answers, or never did.
    Silence,
}

/// How many questions in a row may stay unanswered before the session counts as lost.
const MISSED: u32 = 3;
/// How often a printer with automatic status back is asked for a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How often a printer without automatic status back is asked while a job waits for it.
const WAITING_POLL: Duration = Duration::from_secs(1);

/// A session without effects.
pub struct Listen<'a> {
    printer: &'a mut Printer,
    goal: Goal,
    timing: &'a Timing,
    /// The printer answers `DLE EOT`.
    answers: bool,
    missed: u32,
    recovery: Recovery,
    since: Instant,
    told: Option<Waiting>,
    notice: Option<Option<Waiting>>,
    end: Option<Heard>,
}

impl<'a> Listen<'a> {
    /// Begins to listen.
    pub fn new(
        printer: &'a mut Printer,
        goal: Goal,
        timing: &'a Timing,
        answers: bool,
        now: Instant,
    ) -> Self {
        let recovery = Recovery::new(timing.recover);
        Self {
            printer,
            goal,
            timing,
            answers,
            missed: 0,
            recovery,
            since: now,
            told: None,
            notice: None,
            end: None,
        }
    }

    /// `DLE ENQ` is a command of ESC/POS.
    fn recovers(&self) -> bool {
        self.answers && self.printer.is_escpos()
    }

    fn poll_interval(&self) -> Duration {
        match (self.goal, self.printer.asb) {
            (Goal::Ready, false) => WAITING_POLL.min(self.timing.poll),
            (_, false) => self.timing.poll,
            (_, true) => HEARTBEAT,
        }
    }

    /// When the next question is due, if the printer takes any.
    fn next_question(&self) -> Option<Instant> {
        if !self.answers || self.printer.asked.is_some() {
            return None;
        }
        Some(
            self.printer.confirmed.unwrap_or(self.since).max(self.printer.heard.unwrap_or(self.since))
                + self.poll_interval(),
        )
    }

    fn answer_due(&self) -> Option<Instant> {
        let (_, since) = self.printer.asked.filter(|_| self.printer.outbox.is_empty())?;
        Some(self.printer.due(since, self.timing.answer))
    }

    fn judge(&mut self, now: Instant) {
        if self.answer_due().is_some_and(|due| due <= now) {
            self.printer.forget_questions();
            self.missed += 1;
            if matches!(self.goal, Goal::Status | Goal::Answered) || self.missed >= MISSED {
                self.end = Some(Heard::Silence);
            } else {
                self.printer.ask(now);
            }
        }
        if self.next_question().is_some_and(|due| due <= now) {
            self.printer.ask(now);
        }
        let known = self.printer.fresh(now);
        match self.goal {
            Goal::Status if known => self.end = Some(Heard::Goal),
            Goal::Answered if self.printer.asked.is_none() => self.end = Some(Heard::Goal),
            Goal::Status if !self.answers && self.printer.due(self.since, self.timing.answer) <= now => {
                self.end = Some(Heard::Silence);
            }
            Goal::Ready => {
                self.recovery.see(&self.printer.status, now);
                if let Some(command) =
                    self.recovery.take(&self.printer.status, now).filter(|_| self.recovers())
                {
                    self.printer.outbox.extend_from_slice(command);
                }
                let obstacle = self.printer.obstacle();
                let answered = self.printer.asb || self.printer.asked.is_none();
                if obstacle.is_none() && self.printer.outbox.is_empty() && answered {
                    self.end = Some(Heard::Goal);
                }
                if obstacle != self.told {
                    self.told = obstacle.clone();
                    self.notice = Some(obstacle);
                }
            }
            _ => {}
        }
    }
}

impl Session for Listen<'_> {
    type End = Heard;

    fn tick(&mut self, now: Instant) {
        self.judge(now);
    }

    fn deadline(&self) -> Option<Instant> {
        let first_answer = (self.goal == Goal::Status && !self.answers)
            .then(|| self.printer.due(self.since, self.timing.answer));
        let recover =
            self.recovery.due(&self.printer.status).filter(|_| self.goal == Goal::Ready && self.recovers());
        [self.next_question(), self.answer_due(), first_answer, recover].into_iter().flatten().min()
    }

    fn step(&mut self) -> Step<'_, Heard> {
        match self.end {
            Some(end) => Step::End(end),
            None if self.printer.outbox.is_empty() => Step::Wait,
            None => Step::Write(&self.printer.outbox),
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        self.missed = 0;
        self.printer.feed(bytes, now);
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.printer.outbox_sent(count, now);
    }

    fn notice(&mut self) -> Option<Option<Waiting>> {
        self.notice.take()
    }
}
