//! The line to a register, on either link level.
//!
//! On level 1 the register holds an answer until it is acknowledged; what it holds when the line is opened
//! is taken and kept. On level 2.0 a command has a number, and the register tells the last number with its
//! answer; that is kept, too. [`super::find`] makes use of both.

use std::time::Duration;

use outlet_protocols::shtrih::command::Effect;
use outlet_protocols::shtrih::link1::{self, Link1, Reason};
use outlet_protocols::shtrih::link2::{self, FIRST, Last, Link2, Verdict, next};
use serde_json::{Value, json};

use super::session::{Conversation, End1, End2, Level1, Level2};
use crate::register::{Line, Trouble};

/// How long a register may work on one command at most, whatever it is.
const PATIENCE: Duration = Duration::from_secs(180);

/// A command as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Code, password and parameters.
    pub command: &'a [u8],
    /// How long the register may take.
    pub within: Duration,
    /// What executing it changes.
    pub effect: Effect,
    /// Its number on level 2.0, where [`Wire::reserve`] gave one.
    pub number: Option<u16>,
}

/// The line's state, which outlives connections.
pub struct Wire {
    level: u8,
    answer: Duration,
    /// The short status: a query that may be sent at any time.
    query: Vec<u8>,
    link1: Link1,
    /// Answers to commands of earlier connections, the oldest first.
    held: Vec<Vec<u8>>,
    /// The number that was executed last; `None` where that has to be asked.
    number: Option<u16>,
    /// What the register said first when it was asked for that.
    synced: Option<Last>,
    /// An exchange was begun and has not ended.
    in_flight: bool,
    repeats: u64,
    commands: u64,
}

impl Wire {
    /// A line of a level, on which nothing was said yet. `answer` is how long to wait before an answer is
    /// asked for again, `query` a command that changes nothing.
    pub fn new(level: u8, answer: Duration, query: Vec<u8>) -> Self {
        let answers = times(PATIENCE, answer);
        let timing = link1::Timing { answers, ..link1::Timing::default() };
        Self {
            level,
            answer,
            query,
            link1: Link1::new(timing),
            held: Vec::new(),
            number: None,
            synced: None,
            in_flight: false,
            repeats: 0,
            commands: 0,
        }
    }

    /// The connection is new: takes what the register still holds.
    pub async fn open(&mut self, line: &mut Line<'_>) -> Result<(), Trouble> {
        (self.repeats, self.commands) = (0, 0);
        if self.level == 2 {
            return self.sync(line).await;
        }
        self.link1.reconnected();
        self.in_flight = false;
        self.link1.fetch().map_err(|error| line.lost(error))?;
        let session = Level1::new(&mut self.link1, &mut self.held, false);
        match line.run(&mut Conversation::new(session, &mut self.repeats)).await? {
            End1::Failed(failure) => Err(lost(line, failure)),
            End1::Answer(_) | End1::Idle | End1::Foreign => Ok(()),
        }
    }

    /// The number for a command with an effect, which may then go on disk before the command is sent;
    /// `None` on level 1.
    pub async fn reserve(&mut self, line: &mut Line<'_>) -> Result<Option<u16>, Trouble> {
        if self.level == 1 {
            return Ok(None);
        }
        loop {
            if self.in_flight || self.number.is_none() {
                self.sync(line).await?;
            }
            let number = next(self.number.unwrap_or_default());
            if !FIRST.contains(&number) {
                return Ok(Some(number));
            }
            let query = self.query.clone();
            self.query_level2(line, &query, Duration::from_secs(3)).await?;
        }
    }

    /// The number that [`reserve`](Self::reserve) will give after so many exchanges, if all goes well; `None`
    /// on level 1, or where the last number is not known.
    pub fn foresee(&self, exchanges: usize) -> Option<u16> {
        let last = self.number.filter(|_| self.level == 2 && !self.in_flight)?;
        Some((0..=exchanges).fold(last, |number, _| next(number)))
    }

    /// Carries a command and gives its answer, a refusal too.
    pub async fn exchange(&mut self, line: &mut Line<'_>, sent: Sent<'_>) -> Result<Vec<u8>, Trouble> {
        self.commands += 1;
        if self.level == 1 {
            return self.exchange_level1(line, sent).await;
        }
        if sent.effect == Effect::None {
            return self.query_level2(line, sent.command, sent.within).await;
        }
        let number = match sent.number {
            Some(number) => number,
            None => self.reserve(line).await?.unwrap_or_default(),
        };
        let tries = times(sent.within, self.answer).max(3);
        match self.level2(line, number, sent.command, tries, false).await? {
            Ok(answer) => Ok(answer),
            Err(last) => {
                let what = match last.verdict(number, sent.command) {
                    Verdict::Restarted => "the register was switched off in the middle of a command",
                    _ => "the register has executed something else under the number of a command",
                };
                self.number = None;
                self.synced.get_or_insert(last);
                Err(line.lost(what))
            }
        }
    }

    /// What is known of a command with an effect that was sent under a number.
    pub fn verdict(&self, number: u16, command: &[u8]) -> Option<Verdict> {
        self.synced.as_ref().map(|last| last.verdict(number, command))
    }

    /// Answers that the register held when the line was opened.
    pub fn held(&self) -> &[Vec<u8>] {
        &self.held
    }

    /// A new task begins: what was kept for the one before is of no use any more.
    pub fn forget(&mut self) {
        self.held.clear();
        self.synced = None;
    }

    /// How the line has been since it was opened.
    pub fn quality(&self) -> Value {
        json!({"level": self.level, "commands": self.commands, "repeats": self.repeats})
    }

    async fn exchange_level1(&mut self, line: &mut Line<'_>, sent: Sent<'_>) -> Result<Vec<u8>, Trouble> {
        // An exchange that was dropped half-way leaves its answer to be taken first.
        let dropped = std::mem::replace(&mut self.in_flight, true);
        self.link1.stop();
        let repeatable = sent.effect == Effect::None;
        let exchange = link1::Exchange {
            command: sent.command,
            answer_within: sent.within.min(self.answer),
            repeatable,
        };
        self.link1.send(exchange).map_err(|error| line.lost(error))?;
        let strict = !dropped && !repeatable;
        let mut late = Vec::new();
        let kept = if dropped { &mut late } else { &mut self.held };
        let session = Level1::new(&mut self.link1, kept, strict);
        let end = line.run(&mut Conversation::new(session, &mut self.repeats)).await?;
        self.in_flight = false;
        match end {
            End1::Answer(answer) => Ok(answer),
            End1::Failed(failure) => Err(lost(line, failure)),
            End1::Idle => Err(line.lost("the link has ended an exchange without an answer")),
            End1::Foreign => {
                Err(line.lost("the register held an answer to a command that is not this agent's"))
            }
        }
    }

    async fn query_level2(
        &mut self,
        line: &mut Line<'_>,
        command: &[u8],
        within: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        if self.in_flight || self.number.is_none() {
            self.sync(line).await?;
        }
        let mut number = next(self.number.unwrap_or_default());
        let tries = times(within, self.answer).max(3);
        for _ in 0..3 {
            match self.level2(line, number, command, tries, true).await? {
                Ok(answer) => return Ok(answer),
                Err(last) => {
                    // After power on, a register waits for the number that it tells or the one behind it.
                    let waits = next(last.number);
                    number = if last.answer.is_none() && number == waits { last.number } else { waits };
                    self.synced.get_or_insert(last);
                }
            }
        }
        self.number = None;
        Err(line.lost("the register does not go along with the numbers of commands: another program uses it"))
    }

    /// One command under one number; `Err` inside is what the register has executed last instead.
    async fn level2(
        &mut self,
        line: &mut Line<'_>,
        number: u16,
        command: &[u8],
        tries: u8,
        query: bool,
    ) -> Result<Result<Vec<u8>, Last>, Trouble> {
        let mut link = Link2::new(link2::Timing { tries, ..link2::Timing::default() });
        let exchange = link2::Exchange { number, command, answer_within: self.answer, query };
        link.send(exchange).map_err(|error| line.lost(error))?;
        self.in_flight = true;
        let mut conversation = Conversation::new(Level2::new(link), &mut self.repeats);
        match line.run(&mut conversation).await? {
            End2::Answer(answer) => {
                self.in_flight = false;
                self.number = Some(number);
                Ok(Ok(answer))
            }
            End2::OutOfStep(last) | End2::Synced(last) => {
                self.in_flight = false;
                self.number = Some(last.number);
                Ok(Err(last))
            }
            End2::Failed(failure) => Err(lost(line, failure)),
        }
    }

    async fn sync(&mut self, line: &mut Line<'_>) -> Result<(), Trouble> {
        let sync = Duration::from_millis(1_000).min(self.answer);
        let tries = times(Duration::from_secs(5), sync);
        let mut link = Link2::new(link2::Timing { sync, tries });
        link.sync().map_err(|error| line.lost(error))?;
        let mut conversation = Conversation::new(Level2::new(link), &mut self.repeats);
        match line.run(&mut conversation).await? {
            End2::Synced(last) | End2::OutOfStep(last) => {
                self.number = Some(last.number);
                self.synced.get_or_insert(last);
                self.in_flight = false;
                Ok(())
            }
            End2::Failed(failure) => Err(lost(line, failure)),
            End2::Answer(_) => Err(line.lost("the register answered a command that was not asked")),
        }
    }
}

/// That an exchange failed; where nothing answers at all, with what else may be the reason.
fn lost(line: &Line<'_>, failure: link1::Failure) -> Trouble {
    match failure.reason {
        Reason::Silent => line.lost(format!(
            "{failure}; a register that was spoken to on the other link level has to be switched off and on"
        )),
        _ => line.lost(failure),
    }
}

/// How often a time goes into another, at least 1.
fn times(whole: Duration, part: Duration) -> u8 {
    let times = whole.as_millis().div_ceil(part.as_millis().max(1));
    u8::try_from(times).unwrap_or(u8::MAX).max(1)
}
