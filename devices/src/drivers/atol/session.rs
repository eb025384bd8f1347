//! The two link levels as sessions of an exchange.

use std::time::Duration;

use outlet_protocols::atol::wire2::{self, Failure, Output};
use outlet_protocols::atol::wire3::{self, Event};
use tokio::time::Instant;

use crate::exchange::{Session, Step};

/// Sends a packet of version 3, or none, and listens until something comes or a time is over.
pub(super) struct Listen<'h> {
    host: &'h mut wire3::Host,
    out: Vec<u8>,
    written: usize,
    until: Instant,
    over: bool,
    heard: Vec<Event>,
    again: u32,
}

impl<'h> Listen<'h> {
    pub(super) fn new(host: &'h mut wire3::Host, packet: Vec<u8>, within: Duration) -> Self {
        let until = Instant::now() + within;
        Self { host, out: packet, written: 0, until, over: false, heard: Vec::new(), again: 0 }
    }

    /// How often the register asked for the packet again.
    pub(super) fn again(&self) -> u32 {
        self.again
    }
}

impl Session for Listen<'_> {
    /// What came; nothing when the time was over first.
    type End = Vec<Event>;

    fn tick(&mut self, now: Instant) {
        self.over = now >= self.until;
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }

    fn step(&mut self) -> Step<'_, Vec<Event>> {
        if !self.heard.is_empty() || self.over {
            return Step::End(std::mem::take(&mut self.heard));
        }
        match self.out.get(self.written..) {
            Some(rest) if !rest.is_empty() => Step::Write(rest),
            _ => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], _now: Instant) {
        for event in self.host.received(bytes) {
            match event {
                Event::Transmit(bytes) => {
                    self.again += 1;
                    self.out.extend(bytes);
                }
                event => self.heard.push(event),
            }
        }
    }

    fn written(&mut self, count: usize, _now: Instant) {
        self.written += count;
    }
}

/// One command and its answer over version 2.
pub(super) struct Handshake<'h> {
    host: &'h mut wire2::Host,
    out: Vec<u8>,
    written: usize,
    alarm: Option<Instant>,
    end: Option<Result<Vec<u8>, Failure>>,
    refusals: u32,
}

/// How a handshake ended.
pub(super) struct Ended {
    /// The answer, or why there is none.
    pub(super) answer: Result<Vec<u8>, Failure>,
    /// How often the register said that it has no time, or took nothing of what it was sent.
    pub(super) refusals: u32,
}

impl<'h> Handshake<'h> {
    /// `begun` is what the host said to begin with.
    pub(super) fn new(host: &'h mut wire2::Host, begun: Vec<Output>) -> Self {
        let mut session = Self { host, out: Vec::new(), written: 0, alarm: None, end: None, refusals: 0 };
        session.take(begun, Instant::now());
        session
    }

    fn take(&mut self, outputs: Vec<Output>, now: Instant) {
        for output in outputs {
            match output {
                Output::Transmit(bytes) => self.out.extend(bytes),
                Output::Wait(time) => self.alarm = Some(now + time),
                Output::Answer(answer) => self.end = Some(Ok(answer)),
                Output::Failed(failure) => self.end = Some(Err(failure)),
            }
        }
    }
}

impl Session for Handshake<'_> {
    type End = Ended;

    fn tick(&mut self, now: Instant) {
        if self.end.is_none() && self.alarm.is_some_and(|alarm| alarm <= now) {
            self.alarm = None;
            let outputs = self.host.elapsed();
            self.take(outputs, now);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.alarm
    }

    fn step(&mut self) -> Step<'_, Ended> {
        if self.written < self.out.len() {
            return Step::Write(self.out.get(self.written..).unwrap_or_default());
        }
        match self.end.take() {
            Some(answer) => Step::End(Ended { answer, refusals: self.refusals }),
            None => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        const NAK: u8 = 0x15;
        self.refusals += u32::from(bytes == [NAK]);
        let outputs = self.host.received(bytes);
        self.take(outputs, now);
    }

    fn written(&mut self, count: usize, _now: Instant) {
        self.written += count;
    }
}

/// Listens until nothing has come for a while; what comes is thrown away.
pub(super) struct Quiet {
    pause: Duration,
    quiet: Instant,
    last: Instant,
    over: bool,
}

impl Quiet {
    /// Ends after a pause, or after `most`.
    pub(super) fn new(pause: Duration, most: Duration) -> Self {
        let now = Instant::now();
        Self { pause, quiet: now + pause, last: now + most, over: false }
    }
}

impl Session for Quiet {
    type End = ();

    fn tick(&mut self, now: Instant) {
        self.over = now >= self.quiet.min(self.last);
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.quiet.min(self.last))
    }

    fn step(&mut self) -> Step<'_, ()> {
        if self.over { Step::End(()) } else { Step::Wait }
    }

    fn received(&mut self, _bytes: &[u8], now: Instant) {
        self.quiet = now + self.pause;
    }

    fn written(&mut self, _count: usize, _now: Instant) {}
}
