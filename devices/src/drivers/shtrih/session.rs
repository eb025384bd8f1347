//! The codec's links as sessions of [`crate::exchange`].

use std::borrow::Cow;
use std::time::Duration;

use outlet_protocols::shtrih::link1::{self, Failure, Link1, NAK, STX};
use outlet_protocols::shtrih::link2::{self, Last, Link2};
use outlet_protocols::shtrih::shown;
use tokio::time::Instant;

use crate::exchange::{Session, Step};

/// One exchange over a link.
pub struct Conversation<'a, L: Talk> {
    link: L,
    /// Frames that had to be sent or asked for again.
    repeats: &'a mut u64,
    out: Vec<u8>,
    sent: usize,
    wait: Option<Duration>,
    /// When something last crossed the line.
    quiet_since: Option<Instant>,
    end: Option<L::End>,
}

/// What a [`Conversation`] asks of a link.
pub trait Talk {
    /// What it ends with.
    type End;
    /// What to do next.
    fn next(&mut self) -> Move<Self::End>;
    /// Bytes came.
    fn received(&mut self, bytes: &[u8]);
    /// Nothing came for as long as [`Move::Wait`] said.
    fn timeout(&mut self);
}

/// What a link wants.
pub enum Move<E> {
    /// Send these bytes; `again` for what was sent or asked for before.
    Write {
        /// The bytes.
        bytes: Vec<u8>,
        /// A repetition.
        again: bool,
    },
    /// Wait for bytes, for this long at most.
    Wait(Duration),
    /// It is over.
    End(E),
}

impl<'a, L: Talk> Conversation<'a, L> {
    /// A conversation of which nothing was said yet.
    pub fn new(link: L, repeats: &'a mut u64) -> Self {
        Self { link, repeats, out: Vec::new(), sent: 0, wait: None, quiet_since: None, end: None }
    }
}

impl<L: Talk> Session for Conversation<'_, L> {
    type End = L::End;

    fn shown(sent: &[u8]) -> Cow<'_, [u8]> {
        shown(sent)
    }

    fn tick(&mut self, now: Instant) {
        let since = *self.quiet_since.get_or_insert(now);
        if self.out.is_empty() && self.wait.is_some_and(|wait| now >= since + wait) {
            self.wait = None;
            self.quiet_since = Some(now);
            self.link.timeout();
        }
        while self.end.is_none() {
            match self.link.next() {
                Move::Write { bytes, again } => {
                    *self.repeats += u64::from(again);
                    self.out.extend(bytes);
                }
                Move::Wait(wait) => {
                    self.wait = Some(wait);
                    return;
                }
                Move::End(end) => self.end = Some(end),
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let wait = self.wait.filter(|_| self.out.is_empty())?;
        Some(self.quiet_since? + wait)
    }

    fn step(&mut self) -> Step<'_, L::End> {
        if self.out.is_empty()
            && let Some(end) = self.end.take()
        {
            return Step::End(end);
        }
        match self.out.get(self.sent..) {
            Some(bytes) if !bytes.is_empty() => Step::Write(bytes),
            _ => Step::Wait,
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        self.quiet_since = Some(now);
        self.link.received(bytes);
    }

    fn written(&mut self, count: usize, now: Instant) {
        self.quiet_since = Some(now);
        self.sent += count;
        if self.sent >= self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
    }
}

/// A command, or the question for a held answer, over level 1.
pub struct Level1<'a> {
    link: &'a mut Link1,
    held: &'a mut Vec<Vec<u8>>,
    /// Ends where an answer is held that nobody here waits for.
    strict: bool,
    frames: u32,
}

/// How an exchange over level 1 ended.
pub enum End1 {
    /// With the answer to the command.
    Answer(Vec<u8>),
    /// Nothing is held any more.
    Idle,
    /// The register held an answer that nobody here waits for; the command was not sent.
    Foreign,
    /// It has failed.
    Failed(Failure),
}

impl<'a> Level1<'a> {
    /// An exchange that was begun on the link. Answers to earlier commands go to `held`.
    pub fn new(link: &'a mut Link1, held: &'a mut Vec<Vec<u8>>, strict: bool) -> Self {
        Self { link, held, strict, frames: 0 }
    }
}

impl Talk for Level1<'_> {
    type End = End1;

    fn next(&mut self) -> Move<End1> {
        match self.link.action() {
            link1::Action::Write(bytes) => {
                let frame = bytes.first() == Some(&STX);
                let again = (frame && self.frames > 0) || bytes == [NAK];
                self.frames += u32::from(frame);
                Move::Write { bytes, again }
            }
            link1::Action::Wait(wait) => Move::Wait(wait),
            link1::Action::Answer(answer) => Move::End(End1::Answer(answer)),
            link1::Action::Held { repeated: true, .. } => self.next(),
            link1::Action::Held { answer, .. } => {
                self.held.push(answer);
                if self.strict && self.frames == 0 {
                    self.link.stop();
                    return Move::End(End1::Foreign);
                }
                self.next()
            }
            link1::Action::Failed(failure) => Move::End(End1::Failed(failure)),
            link1::Action::Idle => Move::End(End1::Idle),
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.link.received(bytes);
    }

    fn timeout(&mut self) {
        self.link.timeout();
    }
}

/// A command, or the question for the last answer, over level 2.0.
pub struct Level2 {
    link: Link2,
    frames: u32,
}

/// How an exchange over level 2.0 ended.
pub enum End2 {
    /// With the answer to the command.
    Answer(Vec<u8>),
    /// With what was executed last: the answer to SYNC.
    Synced(Last),
    /// With the answer to something else.
    OutOfStep(Last),
    /// It has failed.
    Failed(Failure),
}

impl Level2 {
    /// An exchange that was begun on the link.
    pub fn new(link: Link2) -> Self {
        Self { link, frames: 0 }
    }
}

impl Talk for Level2 {
    type End = End2;

    fn next(&mut self) -> Move<End2> {
        match self.link.action() {
            link2::Action::Write(bytes) => {
                self.frames += 1;
                Move::Write { bytes, again: self.frames > 1 }
            }
            link2::Action::Wait(wait) => Move::Wait(wait),
            link2::Action::Answer(answer) => Move::End(End2::Answer(answer)),
            link2::Action::Synced(last) => Move::End(End2::Synced(last)),
            link2::Action::OutOfStep(last) => Move::End(End2::OutOfStep(last)),
            link2::Action::Failed(failure) => Move::End(End2::Failed(failure)),
            link2::Action::Idle => Move::Wait(Duration::from_secs(1)),
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        self.link.received(bytes);
    }

    fn timeout(&mut self) {
        self.link.timeout();
    }
}
