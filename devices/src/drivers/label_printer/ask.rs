//! The conversations with a label printer: one question, bytes that are sent, and listening.

use std::time::Duration;

use outlet_protocols::label::status::{Answer, Question, Reader, State};
use tokio::time::Instant;

use crate::exchange::{Session, Step};

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// How it is.
    State(State),
    /// Nothing, or not all of an answer, in time.
    Silent,
    /// Bytes that are no answer to this question.
    Unreadable(Vec<u8>),
}

/// One question about the status.
///
/// A question whose future was dropped may still be answered. Answers come in the order of the questions, so
/// as many are awaited as are owed, and the last one counts. More of them are no answers.
pub(super) struct Ask<'a> {
    bytes: &'static [u8],
    sent: usize,
    reader: Reader,
    /// Answers that questions before this one have not had yet.
    owed: &'a mut u32,
    patience: Duration,
    since: Option<Instant>,
    last: Option<State>,
    end: Option<Asked>,
}

impl<'a> Ask<'a> {
    pub fn new(question: Question, owed: &'a mut u32, patience: Duration) -> Self {
        Self {
            bytes: question.bytes(),
            sent: 0,
            reader: Reader::new(question),
            owed,
            patience,
            since: None,
            last: None,
            end: None,
        }
    }
}

impl Session for Ask<'_> {
    type End = Asked;

    fn tick(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        if self.end.is_none() && now >= since + self.patience {
            *self.owed = 0;
            self.end = Some(self.last.take().map_or(Asked::Silent, Asked::State));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + self.patience)
    }

    fn step(&mut self) -> Step<'_, Asked> {
        match (self.end.take(), self.bytes.get(self.sent..)) {
            (Some(end), _) => Step::End(end),
            (None, Some(rest)) if !rest.is_empty() => Step::Write(rest),
            (None, _) => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], _: Instant) {
        for answer in self.reader.push(bytes) {
            let Answer::State(state) = answer else {
                if let Answer::Unreadable(bytes) = answer {
                    *self.owed = 0;
                    self.end.get_or_insert(Asked::Unreadable(bytes));
                }
                continue;
            };
            if matches!(self.end, Some(Asked::State(_))) {
                self.end = Some(Asked::Unreadable(bytes.to_vec()));
                return;
            }
            *self.owed = self.owed.saturating_sub(1);
            self.last = Some(state.clone());
            if *self.owed == 0 && self.sent == self.bytes.len() {
                self.end.get_or_insert(Asked::State(state));
            }
        }
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.sent += count;
        self.since = Some(now);
        if self.sent == self.bytes.len() {
            *self.owed += 1;
        }
    }
}

/// A question that is answered by a line of text.
pub(super) struct AskLine {
    bytes: &'static [u8],
    sent: usize,
    line: Vec<u8>,
    until: Instant,
    over: bool,
}

/// Longer than any name.
const LONGEST_LINE: usize = 200;

impl AskLine {
    pub fn new(bytes: &'static [u8], patience: Duration) -> Self {
        Self { bytes, sent: 0, line: Vec::new(), until: Instant::now() + patience, over: false }
    }
}

impl Session for AskLine {
    type End = Option<String>;

    fn tick(&mut self, now: Instant) {
        self.over |= now >= self.until;
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }

    fn step(&mut self) -> Step<'_, Option<String>> {
        let complete = self.line.contains(&b'\n') || self.line.len() > LONGEST_LINE;
        match self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            _ if complete || self.over => {
                let text = String::from_utf8_lossy(&self.line);
                let text = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
                Step::End((!text.is_empty()).then(|| text.to_owned()))
            }
            Some(rest) => Step::Write(rest),
            None => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], _: Instant) {
        self.line.extend_from_slice(bytes);
    }

    fn written(&mut self, count: usize, _: Instant) {
        self.sent += count;
    }
}

/// Bytes that are sent as fast as the printer takes them. Ends with whether it took them all.
pub(super) struct Send<'a> {
    bytes: &'a [u8],
    sent: usize,
    flushed: bool,
    stall: Duration,
    until: Option<Instant>,
    over: bool,
}

impl<'a> Send<'a> {
    pub fn new(bytes: &'a [u8], stall: Duration) -> Self {
        Self { bytes, sent: 0, flushed: false, stall, until: None, over: false }
    }

    /// How many bytes the link has taken.
    pub fn sent(&self) -> usize {
        self.sent
    }
}

impl Session for Send<'_> {
    type End = bool;

    fn tick(&mut self, now: Instant) {
        let until = *self.until.get_or_insert(now + self.stall);
        self.over |= now >= until;
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, bool> {
        match self.bytes.get(self.sent..).filter(|rest| !rest.is_empty()) {
            _ if self.flushed => Step::End(true),
            _ if self.over => Step::End(false),
            Some(rest) => Step::Write(rest),
            None => Step::Flush,
        }
    }

    fn received(&mut self, _: &[u8], _: Instant) {}

    fn written(&mut self, count: usize, now: Instant) {
        self.sent += count;
        self.until = Some(now + self.stall);
    }

    fn flushed(&mut self, _: Instant) {
        self.flushed = true;
    }
}

/// Listens for a while, or for ever. Ends with how many bytes came that nobody had asked for.
pub(super) struct Listen<'a> {
    until: Option<Instant>,
    over: bool,
    /// Answers that may still come, whose bytes are no noise.
    owed: &'a u32,
    noise: usize,
}

impl<'a> Listen<'a> {
    pub fn new(wait: Option<Duration>, owed: &'a u32) -> Self {
        Self { until: wait.map(|wait| Instant::now() + wait), over: false, owed, noise: 0 }
    }
}

impl Session for Listen<'_> {
    type End = usize;

    fn tick(&mut self, now: Instant) {
        self.over |= self.until.is_some_and(|until| now >= until);
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, usize> {
        if self.over { Step::End(self.noise) } else { Step::Wait }
    }

    fn received(&mut self, bytes: &[u8], _: Instant) {
        // Line ends behind an answer, and flow control.
        let strange = bytes.iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0x11 | 0x13));
        if *self.owed == 0 {
            self.noise += strange.count();
        }
    }

    fn written(&mut self, _: usize, _: Instant) {}
}
