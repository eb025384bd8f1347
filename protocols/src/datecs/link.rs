//! The host's side of a link as a plain state machine: no I/O, and the time comes from outside.
//!
//! ```
//! use core::time::Duration;
//! use outlet_protocols::datecs::{Action, Dialect, Link, Timing, dialect};
//!
//! let x: &Dialect = &dialect::X;
//! let status = x.status();
//! // The caller keeps the sequence number; the frame's bytes can be kept before they leave.
//! let frame = status.frame(x.framing, 0x24)?;
//! let mut link = Link::new(x.framing, Timing::default());
//! link.send(frame);
//! let now = Duration::ZERO; // of any clock that never goes back
//! while let Action::Write(bytes) = link.action(now) {
//!     let count = bytes.len(); // as many as the device took
//!     link.written(count, now);
//! }
//! assert!(matches!(link.action(now), Action::Wait(until) if until == Some(Duration::from_millis(500))));
//! # Ok::<(), outlet_protocols::datecs::FrameError>(())
//! ```

use core::time::Duration;
use std::fmt;

use thiserror::Error;

use super::frame::{Event, Frame, Framing, Reader, Reply};

/// How long and how often. Durations are of the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// After so much silence the identical frame is sent again. The register answers or sends SYN within 60 ms;
    /// the maker asks for 500 ms (*X manual*, "Non-wrapped messages").
    pub silence: Duration,
    /// So often a frame is sent again for silence.
    pub repeats: u32,
    /// So often a frame is sent again because the register did not understand it.
    pub naks: u32,
    /// How long one command may take altogether, SYN and repeats included.
    pub patience: Duration,
}

impl Default for Timing {
    /// 500 ms, five times each, and five minutes: a Z report waits for the tax server.
    fn default() -> Self {
        Self { silence: Duration::from_millis(500), repeats: 5, naks: 5, patience: Duration::from_secs(300) }
    }
}

/// One exchange after the other with a register. A new link is made after each reconnect.
///
/// After a reconnect a fresh sequence number is not enough to be sure of it: by chance it may be the one the
/// register saw last, and then it repeats an old answer. So the caller begins with two queries.
#[derive(Debug)]
pub struct Link {
    timing: Timing,
    reader: Reader,
    exchange: Option<Exchange>,
    health: Health,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Write these bytes, as many as the device takes, and tell [`Link::written`].
    Write(&'a [u8]),
    /// Listen until this time, then ask again; `None`: there is nothing to wait for.
    Wait(Option<Duration>),
    /// The register answered. Told once.
    Answer(Reply),
    /// There will be no answer. Told once.
    Failed(Failure),
}

/// An exchange without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("command {number} under sequence number {seq:#04x} has no answer: {why}{}", self.doubt())]
pub struct Failure {
    /// The command.
    pub number: u16,
    /// Its sequence number.
    pub seq: u8,
    /// What happened.
    pub why: Why,
    /// Whether the register may have executed it: then it is to be asked before anything else is done.
    pub may_have_run: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Nothing was heard, though the frame was sent so often.
    Silent {
        /// How often it was sent.
        sent: u32,
    },
    /// The register did not understand the frame, so often.
    NotUnderstood {
        /// How many NAK came.
        naks: u32,
    },
    /// The register was busy for longer than [`Timing::patience`].
    Busy,
    /// The register repeated its answer to an older command: the sequence number was in use.
    OldAnswer {
        /// The command of that answer.
        number: u16,
    },
}

impl Failure {
    fn doubt(&self) -> &'static str {
        if self.may_have_run { "; it may have been executed" } else { "; it was not executed" }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Silent { sent } => write!(f, "sent {sent} times and heard nothing; check power and cable"),
            Why::NotUnderstood { naks } => {
                write!(f, "refused {naks} times as unreadable; check baud rate, cable and dialect")
            }
            Why::Busy => f.write_str("the register was busy for too long"),
            Why::OldAnswer { number } => {
                write!(f, "the register repeated its answer to command {number}; take a fresh number")
            }
        }
    }
}

/// How good the link is: counts since [`Link::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Answers taken.
    pub answers: u64,
    /// Frames sent again after silence.
    pub repeats: u64,
    /// NAK received.
    pub naks: u64,
    /// SYN received.
    pub syns: u64,
    /// Bytes that were part of nothing.
    pub noise: u64,
    /// Whole answers that belonged to no question.
    pub strays: u64,
}

#[derive(Debug)]
struct Exchange {
    frame: Frame,
    state: State,
    /// Since the first byte was to leave.
    since: Option<Duration>,
    sent: u32,
    repeats: u32,
    naks: u32,
    busy: bool,
    /// NAK came too often: only a late answer is listened for.
    refused: bool,
    /// A transmission is out of which nothing is known yet.
    out: bool,
    /// An earlier transmission may have been understood.
    doubt: bool,
}

#[derive(Debug)]
enum State {
    /// So many bytes have left. An answer to an earlier transmission may have come meanwhile.
    Writing(usize, Option<Reply>),
    Waiting(Duration),
    Answered(Reply),
    Failed(Why),
}

impl Link {
    /// A link that has just been opened.
    pub fn new(framing: Framing, timing: Timing) -> Self {
        Self { timing, reader: Reader::new(framing), exchange: None, health: Health::default() }
    }

    /// Begins an exchange; an earlier one that has not ended is forgotten. The same frame again means: ask for
    /// the answer once more, without a second execution, as long as the register was not switched off.
    pub fn send(&mut self, frame: Frame) {
        self.exchange = Some(Exchange {
            frame,
            state: State::Writing(0, None),
            since: None,
            sent: 0,
            repeats: 0,
            naks: 0,
            busy: false,
            refused: false,
            out: false,
            doubt: false,
        });
    }

    /// What is to be done at this time.
    pub fn action(&mut self, now: Duration) -> Action<'_> {
        self.pass(now);
        let ended = |e: &mut Exchange| matches!(e.state, State::Answered(_) | State::Failed(_));
        if let Some(exchange) = self.exchange.take_if(ended) {
            let may_have_run = exchange.may_have_run();
            return match exchange.state {
                State::Answered(reply) => Action::Answer(reply),
                State::Failed(why) => Action::Failed(Failure {
                    number: exchange.frame.number(),
                    seq: exchange.frame.seq(),
                    why,
                    may_have_run,
                }),
                State::Writing(..) | State::Waiting(_) => Action::Wait(None),
            };
        }
        let Some(exchange) = &self.exchange else { return Action::Wait(None) };
        match exchange.state {
            State::Writing(from, _) => Action::Write(exchange.frame.bytes().get(from..).unwrap_or_default()),
            State::Waiting(until) => {
                let since = exchange.since.unwrap_or(now);
                Action::Wait(Some(until.min(since.saturating_add(self.timing.patience))))
            }
            _ => Action::Wait(None),
        }
    }

    /// So many of the bytes asked for have left.
    pub fn written(&mut self, count: usize, now: Duration) {
        let silence = self.timing.silence;
        let Some(exchange) = &mut self.exchange else { return };
        exchange.since.get_or_insert(now);
        if let State::Writing(from, early) = &mut exchange.state {
            *from = from.saturating_add(count);
            if *from >= exchange.frame.bytes().len() {
                exchange.sent += 1;
                exchange.out = true;
                exchange.state = match early.take() {
                    Some(reply) => State::Answered(reply),
                    None => State::Waiting(now.saturating_add(silence)),
                };
            }
        }
    }

    /// Bytes came.
    pub fn received(&mut self, bytes: &[u8], now: Duration) {
        let Self { reader, exchange, health, timing } = self;
        let mut heard = false;
        reader.feed(bytes, |event| {
            heard |= !matches!(event, Event::Noise(_));
            health.count(&event);
            let taken = exchange.as_mut().is_some_and(|exchange| exchange.event(&event, timing));
            match event {
                Event::Reply(_) if taken => health.answers += 1,
                Event::Reply(_) => health.strays += 1,
                _ => {}
            }
        });
        if let Some(Exchange { state: State::Waiting(until), .. }) = exchange
            && (heard || reader.in_frame())
        {
            *until = now.saturating_add(timing.silence);
        }
    }

    /// Whether the register may have executed the exchange under way: what to keep when the link breaks. `false`
    /// only when no whole frame has left, or each one was answered by NAK, or there is no exchange.
    pub fn may_have_run(&self) -> bool {
        self.exchange.as_ref().is_some_and(Exchange::may_have_run)
    }

    /// The frame of the exchange under way.
    pub fn frame(&self) -> Option<&Frame> {
        self.exchange.as_ref().map(|exchange| &exchange.frame)
    }

    /// How good the link is.
    pub fn health(&self) -> Health {
        self.health
    }

    /// Time has passed.
    fn pass(&mut self, now: Duration) {
        let Self { exchange, health, timing, .. } = self;
        let Some(exchange) = exchange else { return };
        let since = *exchange.since.get_or_insert(now);
        let impatient = now.saturating_sub(since) >= timing.patience;
        match &mut exchange.state {
            State::Writing(_, early) if impatient && early.is_some() => {
                if let Some(reply) = early.take() {
                    exchange.state = State::Answered(reply);
                }
            }
            State::Waiting(_) | State::Writing(..) if impatient => {
                let why = if exchange.busy { Why::Busy } else { Why::Silent { sent: exchange.sent } };
                exchange.state = State::Failed(why);
            }
            State::Waiting(until) if now >= *until && exchange.refused => {
                exchange.state = State::Failed(Why::NotUnderstood { naks: exchange.naks });
            }
            State::Waiting(until) if now >= *until => {
                // It may have been heard, and only the answer lost.
                exchange.doubt = true;
                if exchange.repeats < timing.repeats {
                    exchange.repeats += 1;
                    health.repeats += 1;
                    exchange.state = State::Writing(0, None);
                } else {
                    exchange.state = State::Failed(Why::Silent { sent: exchange.sent });
                }
            }
            _ => {}
        }
    }
}

impl Exchange {
    /// `true` when the event was the answer.
    fn event(&mut self, event: &Event, timing: &Timing) -> bool {
        match (event, &mut self.state) {
            (Event::Busy, State::Waiting(_) | State::Writing(..)) if self.sent > 0 => {
                self.busy = true;
                self.doubt = true;
                self.refused = false;
            }
            (Event::Nak, State::Waiting(_) | State::Writing(..)) if self.sent > 0 => {
                self.naks += 1;
                // One NAK too many was left over from before: then it is not known which frame was refused.
                self.doubt |= self.naks > self.sent;
                if matches!(self.state, State::Waiting(_)) {
                    self.out = false;
                    self.refused = self.naks > timing.naks;
                    if !self.refused {
                        self.state = State::Writing(0, None);
                    }
                }
            }
            (Event::Reply(reply), state @ (State::Waiting(_) | State::Writing(..)))
                if reply.seq == self.frame.seq() && self.sent > 0 =>
            {
                if reply.number != self.frame.number() {
                    self.state = State::Failed(Why::OldAnswer { number: reply.number });
                    return false;
                }
                match state {
                    // Half a frame must not stay on the line: it is written to its end first.
                    State::Writing(from, early) if *from > 0 => *early = Some(reply.clone()),
                    state => *state = State::Answered(reply.clone()),
                }
                return true;
            }
            _ => {}
        }
        false
    }

    fn may_have_run(&self) -> bool {
        self.out || self.doubt
    }
}

impl Health {
    fn count(&mut self, event: &Event) {
        match event {
            Event::Busy => self.syns += 1,
            Event::Nak => self.naks += 1,
            Event::Noise(_) => self.noise += 1,
            Event::Reply(_) => {}
        }
    }
}
