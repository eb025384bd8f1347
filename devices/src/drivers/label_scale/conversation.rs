//! One command to a label scale and its answer, as a session over an open link.

use std::time::Duration;

use outlet_protocols::label_scale::{Answer, Carrier, Frames, Garbled, Incoming};
use tokio::time::Instant;

use crate::driver::{BoxFuture, Direction, JobContext, Request, Waiting};
use crate::error::DeviceError;
use crate::exchange::{Session, Step};

/// Bytes of an answer that are kept for the trace.
const MOST_TRACED: usize = 512;

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// With its answer.
    Answer(Answer),
    /// The scale is held by another host, or does not take messages now; in words.
    NotNow(String),
    /// With nothing.
    Silent,
    /// With something else.
    Garbled(Garbled),
    /// The scale has sent more than was asked for: what answers what is not known any more.
    OutOfStep,
}

/// What earlier commands have left on a TCP connection, given up before their answers came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Left {
    /// Answers that are still to come.
    pub answers: u32,
    /// A command was sent in part.
    pub torn: bool,
}

/// A command.
pub(super) struct Asking<'a> {
    carrier: Carrier,
    code: &'a [u8],
    message: &'a [u8],
    patience: Duration,
    /// How often it is still sent again.
    repeats: u32,
    left: &'a mut Left,
    sent: usize,
    flushed: bool,
    frames: Frames,
    now: Option<Instant>,
    until: Option<Instant>,
    garbled: Option<Garbled>,
    end: Option<Heard>,
    /// What came, for the trace.
    pub received: Vec<u8>,
    /// How often it was sent again.
    pub repeated: u32,
}

impl<'a> Asking<'a> {
    pub fn new(
        carrier: Carrier,
        code: &'a [u8],
        message: &'a [u8],
        patience: Duration,
        repeats: u32,
        left: &'a mut Left,
    ) -> Self {
        Self {
            carrier,
            code,
            message,
            patience,
            repeats: if carrier == Carrier::Udp { repeats } else { 0 },
            left,
            sent: 0,
            flushed: false,
            frames: Frames::default(),
            now: None,
            until: None,
            garbled: None,
            end: None,
            received: Vec::new(),
            repeated: 0,
        }
    }

    fn datagram(&mut self, bytes: &[u8]) {
        match Incoming::datagram(bytes) {
            Ok(Incoming::Answer(body)) => match Answer::to(self.code, &body) {
                Ok(answer) => self.end = Some(Heard::Answer(answer)),
                Err(garbled) => self.garbled = Some(garbled),
            },
            Ok(Incoming::Held { address: [a, b, c, d], port }) => {
                self.end =
                    Some(Heard::NotNow(format!("it is held by another program, at {a}.{b}.{c}.{d}:{port}")));
            }
            Ok(Incoming::NotReady) => {
                let why = "it does not take commands now: another program may be loading it";
                self.end = Some(Heard::NotNow(why.to_owned()));
            }
            // It answers an enquiry, and none was made.
            Ok(Incoming::Ready) => {}
            // The answer may still come.
            Err(garbled) => self.garbled = Some(garbled),
        }
    }

    fn stream(&mut self, bytes: &[u8]) {
        self.frames.push(bytes);
        loop {
            match self.frames.next_message() {
                Ok(None) => break,
                Ok(Some(Incoming::Answer(_))) if self.left.answers > u32::from(self.is_sent()) => {
                    self.left.answers -= 1;
                }
                Ok(Some(Incoming::Answer(body))) if self.is_sent() && self.end.is_none() => {
                    self.left.answers = self.left.answers.saturating_sub(1);
                    self.end = Some(match Answer::to(self.code, &body) {
                        Ok(answer) => Heard::Answer(answer),
                        Err(garbled) => Heard::Garbled(garbled),
                    });
                }
                Ok(Some(_)) => self.end = Some(Heard::OutOfStep),
                Err(garbled) => {
                    self.end = Some(Heard::Garbled(garbled));
                    return;
                }
            }
        }
        if self.frames.left() > 0 && self.end.is_some() {
            self.end = Some(Heard::OutOfStep);
        }
    }

    fn is_sent(&self) -> bool {
        self.sent >= self.message.len()
    }
}

impl Session for Asking<'_> {
    type End = Heard;

    fn tick(&mut self, now: Instant) {
        self.now = Some(now);
        let until = *self.until.get_or_insert(now + self.patience);
        if now < until || self.end.is_some() {
            return;
        }
        if self.repeats > 0 && self.is_sent() {
            self.repeats -= 1;
            self.repeated += 1;
            self.sent = 0;
            self.flushed = false;
            self.until = Some(now + self.patience);
        } else {
            self.end = Some(self.garbled.take().map_or(Heard::Silent, Heard::Garbled));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.until
    }

    fn step(&mut self) -> Step<'_, Heard> {
        if let Some(end) = self.end.take() {
            return Step::End(end);
        }
        match self.message.get(self.sent..).filter(|rest| !rest.is_empty()) {
            // Answers to what was given up are heard first.
            Some(_) if self.carrier == Carrier::Tcp && self.left.answers > 0 && self.sent == 0 => Step::Wait,
            Some(rest) => Step::Write(rest),
            None if !self.flushed => Step::Flush,
            None => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], _: Instant) {
        let room = MOST_TRACED.saturating_sub(self.received.len());
        self.received.extend(bytes.iter().take(room));
        match self.carrier {
            Carrier::Udp => self.datagram(bytes),
            Carrier::Tcp => self.stream(bytes),
        }
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.sent += count;
        self.left.torn = !self.is_sent();
        if self.is_sent() {
            self.left.answers += u32::from(self.carrier == Carrier::Tcp);
            self.until = Some(now + self.patience);
        }
    }

    fn flushed(&mut self, _: Instant) {
        self.flushed = true;
    }
}

/// A job's context without the byte trace: a command's bytes hold the scale's password, so the driver traces them
/// itself.
pub(super) struct Untraced<'a>(pub &'a dyn JobContext);

impl JobContext for Untraced<'_> {
    fn attempt(&self) -> u64 {
        self.0.attempt()
    }

    fn begin(&self, baseline: serde_json::Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.0.begin(baseline)
    }

    fn note(&self, note: serde_json::Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.0.note(note)
    }

    fn memory(&self) -> serde_json::Value {
        self.0.memory()
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.0.waiting(reason);
    }

    fn trace(&self, _: Direction, _: &[u8]) {}

    fn ask<'a>(
        &'a self,
        device: &'a str,
        request: Request,
    ) -> BoxFuture<'a, Result<serde_json::Value, DeviceError>> {
        self.0.ask(device, request)
    }

    fn aborted(&self) -> BoxFuture<'_, ()> {
        self.0.aborted()
    }
}
