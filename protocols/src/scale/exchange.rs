//! What all polled protocols have in common: one question at a time, bounded input, repeats, and no late answers.

use super::protocol::{Answer, Ask, Failure, Protocol, Step, Then};
use super::reading::Reading;
use super::registry::ProtocolInfo;

/// Unread bytes beyond these are dropped, the oldest first. The longest frame is far shorter.
const MOST_UNREAD: usize = 1024;
/// After so many bytes without an answer a question is given up: the other end babbles.
const MOST_HEARD: usize = 4096;
/// So many bytes are waited out before a question; then it is sent all the same.
const MOST_DRAINED: usize = 4096;
/// So many times an exchange may send something before it is given up.
const MOST_SENT: u32 = 16;

/// The part of a polled protocol that differs: what to send, and what its answers mean.
pub(super) trait Codec: Send {
    /// Its line of the list of protocols.
    fn info(&self) -> &'static ProtocolInfo;

    /// The first bytes of a question. Called again to repeat it.
    ///
    /// # Errors
    /// The protocol has no such command, or the value is out of its range.
    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure>;

    /// Takes one item off the input: a whole answer, a control character, or a piece of nothing.
    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event;

    /// After [`Event::Settle`] the line stayed quiet.
    fn settled(&mut self, _ask: &Ask, _input: &mut Input) -> Event {
        Event::More
    }

    /// The answer that silence is, for commands that have no other.
    fn done_by_silence(&self, _ask: &Ask) -> Option<Answer> {
        None
    }

    /// What silence means in the end.
    fn silent(&self, _ask: &Ask, asked: u32) -> Failure {
        Failure::Silent { asked }
    }
}

/// What came of the input.
#[derive(Debug)]
pub(super) enum Event {
    /// More bytes are needed.
    More,
    /// Something was taken off that is no answer; look again.
    Skipped,
    /// Send this and listen on.
    Send(Vec<u8>),
    /// Send this, which has no answer of its own, and look again.
    Confirm(Vec<u8>),
    /// Wait until the line is quiet: what was read is whole only when nothing more belongs to it.
    Settle,
    /// The scale did not take the question: ask again, if that was not done too often; else this is why.
    Again(Failure),
    /// The answer to [`Ask::Weight`].
    Reading(Reading),
    /// Another answer.
    Done(Answer),
    /// There will be no answer.
    Failed(Failure),
    /// As the one in it, with bytes to send before: an acknowledgement, or the end of the conversation.
    Last(Vec<u8>, Box<Event>),
}

impl Event {
    /// Acknowledges what was read.
    pub(super) fn after_sending(self, bytes: impl Into<Vec<u8>>) -> Self {
        Event::Last(bytes.into(), Box::new(self))
    }
}

/// Bytes that came and were not read yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    ignored: usize,
}

impl Input {
    /// What there is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The next byte.
    pub(super) fn first(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// Takes so many bytes off: they were read.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        self.bytes.drain(..count.min(self.bytes.len())).collect()
    }

    /// Drops so many bytes: they belong to nothing.
    pub(super) fn ignore(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.ignored = self.ignored.saturating_add(count);
        self.bytes.drain(..count);
    }

    /// Drops what stands before the first of these bytes; all, where none of them is there.
    pub(super) fn ignore_until(&mut self, any_of: &[u8]) {
        let at = self.bytes.iter().position(|byte| any_of.contains(byte));
        self.ignore(at.unwrap_or(self.bytes.len()));
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ignore(self.bytes.len().saturating_sub(MOST_UNREAD));
    }

    pub(super) fn clear(&mut self) {
        self.ignore(self.bytes.len());
    }

    /// How many bytes were dropped since the last call.
    pub(super) fn take_ignored(&mut self) -> usize {
        core::mem::take(&mut self.ignored)
    }
}

/// A [`Codec`] as a [`Protocol`].
#[derive(Debug)]
pub(super) struct Polled<C> {
    codec: C,
    input: Input,
    state: State,
    /// An answer may still come: the last question got none, or was asked more than once.
    late: bool,
}

#[derive(Debug)]
enum State {
    /// No question is open.
    Idle,
    /// The line must be quiet before this is asked.
    Draining { ask: Ask, dropped: usize },
    /// Asked.
    Open(Exchange),
}

#[derive(Debug)]
struct Exchange {
    ask: Ask,
    asked: u32,
    sent: u32,
    heard: usize,
    ignored: usize,
    settling: bool,
}

impl<C: Codec> Polled<C> {
    pub(super) fn new(codec: C) -> Self {
        Self { codec, input: Input::default(), state: State::Idle, late: false }
    }

    fn open(&mut self, ask: Ask, asked: u32, sent: u32, ignored: usize) -> Step {
        self.input.clear();
        let dropped = self.input.take_ignored();
        let timing = self.codec.info().timing;
        match self.codec.ask(&ask) {
            Ok(send) => {
                let patience = if ask.is_harmless() { timing.answer() } else { timing.command() };
                let ignored = if asked == 0 { 0 } else { ignored.saturating_add(dropped) };
                let (asked, sent) = (asked + 1, sent + 1);
                self.state = State::Open(Exchange { ask, asked, sent, heard: 0, ignored, settling: false });
                self.late = true;
                Step { send, ignored: dropped, then: Then::ListenFor(patience), ..Step::default() }
            }
            Err(failure) => {
                self.state = State::Idle;
                Step { ignored: dropped, then: Then::Failed(failure), ..Step::default() }
            }
        }
    }

    /// Reads on until more bytes are needed or the question ends.
    fn proceed(&mut self) -> Step {
        let mut step = Step::default();
        while let State::Open(exchange) = &mut self.state {
            let event = self.codec.read(&exchange.ask, &mut self.input);
            let dropped = self.input.take_ignored();
            exchange.ignored = exchange.ignored.saturating_add(dropped);
            step.ignored += dropped;
            let event = match event {
                Event::Confirm(bytes) => {
                    step.send.extend(bytes);
                    Event::Skipped
                }
                event => event,
            };
            if matches!(event, Event::Skipped) && !self.input.bytes().is_empty() {
                continue;
            }
            // What is left is read with the bytes that come next: it can't be the answer to what is sent now.
            self.apply(event, &mut step);
            break;
        }
        step
    }

    fn apply(&mut self, event: Event, step: &mut Step) {
        let State::Open(exchange) = &mut self.state else { return };
        let timing = self.codec.info().timing;
        exchange.settling = false;
        match event {
            Event::More | Event::Skipped | Event::Confirm(_) => {
                if exchange.heard > MOST_HEARD {
                    let failure = self.given_up();
                    self.end(Then::Failed(failure), step);
                }
            }
            Event::Send(bytes) if exchange.sent < MOST_SENT => {
                exchange.sent += 1;
                let harmless = exchange.ask.is_harmless();
                step.send.extend(bytes);
                step.then = Then::ListenFor(if harmless { timing.answer() } else { timing.command() });
            }
            Event::Send(_) => {
                let failure = self.given_up();
                self.end(Then::Failed(failure), step);
            }
            Event::Settle => {
                exchange.settling = true;
                step.then = Then::ListenFor(timing.quiet());
            }
            Event::Again(failure) => self.again(failure, step),
            Event::Reading(reading) => {
                self.late = exchange.asked > 1;
                step.readings.push(reading);
                self.end(Then::Done(Answer::Weighed), step);
            }
            Event::Done(answer) => {
                self.late = exchange.asked > 1;
                self.end(Then::Done(answer), step);
            }
            Event::Failed(failure) => {
                self.late = exchange.asked > 1;
                self.end(Then::Failed(failure), step);
            }
            Event::Last(bytes, event) => {
                step.send.extend(bytes);
                self.apply(*event, step);
            }
        }
    }

    fn again(&mut self, failure: Failure, step: &mut Step) {
        let State::Open(exchange) = &self.state else { return };
        let repeats = self.codec.info().timing.repeats;
        if exchange.asked > repeats || exchange.sent >= MOST_SENT {
            return self.end(Then::Failed(failure), step);
        }
        let (ask, asked, sent, ignored) =
            (exchange.ask.clone(), exchange.asked, exchange.sent, exchange.ignored);
        let next = self.open(ask, asked, sent, ignored);
        step.ignored += next.ignored;
        step.send.extend(next.send);
        step.then = next.then;
    }

    fn end(&mut self, then: Then, step: &mut Step) {
        self.state = State::Idle;
        step.then = then;
    }

    fn given_up(&self) -> Failure {
        let State::Open(exchange) = &self.state else { return Failure::Silent { asked: 0 } };
        let ignored = exchange.ignored + self.input.bytes().len();
        if ignored == 0 {
            self.codec.silent(&exchange.ask, exchange.asked)
        } else {
            Failure::Garbled { protocol: self.codec.info().name, ignored }
        }
    }
}

impl<C: Codec> Protocol for Polled<C> {
    fn start(&mut self, ask: &Ask) -> Step {
        self.input.clear();
        if !self.late {
            return self.open(ask.clone(), 0, 0, 0);
        }
        self.state = State::Draining { ask: ask.clone(), dropped: 0 };
        Step {
            ignored: self.input.take_ignored(),
            then: Then::ListenFor(self.codec.info().timing.quiet()),
            ..Step::default()
        }
    }

    fn received(&mut self, bytes: &[u8]) -> Step {
        if bytes.is_empty() {
            return Step::default();
        }
        match &mut self.state {
            State::Idle => Step { ignored: bytes.len(), ..Step::default() },
            State::Draining { dropped, .. } => {
                *dropped = dropped.saturating_add(bytes.len());
                let then = if *dropped > MOST_DRAINED {
                    Then::Listen
                } else {
                    Then::ListenFor(self.codec.info().timing.quiet())
                };
                Step { ignored: bytes.len(), then, ..Step::default() }
            }
            State::Open(exchange) => {
                exchange.heard = exchange.heard.saturating_add(bytes.len());
                self.input.push(bytes);
                self.proceed()
            }
        }
    }

    fn timed_out(&mut self) -> Step {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Step::default(),
            State::Draining { ask, .. } => self.open(ask, 0, 0, 0),
            State::Open(exchange) => {
                let mut step = Step::default();
                let settling = exchange.settling;
                let harmless = exchange.ask.is_harmless();
                let ask = exchange.ask.clone();
                self.state = State::Open(exchange);
                if settling {
                    let event = self.codec.settled(&ask, &mut self.input);
                    step.ignored = self.input.take_ignored();
                    self.apply(event, &mut step);
                    if step.then != Then::Listen {
                        return step;
                    }
                }
                if let Some(answer) = self.codec.done_by_silence(&ask) {
                    self.apply(Event::Done(answer), &mut step);
                    return step;
                }
                let failure = self.given_up();
                if harmless {
                    self.again(failure, &mut step);
                } else {
                    self.end(Then::Failed(failure), &mut step);
                }
                step
            }
        }
    }
}
