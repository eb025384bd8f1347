//! The link of level 2.0: numbered frames (*Протокол работы ККТ* v2.0, "Альтернативный нижний уровень").
//!
//! A frame is `8F`, length, number, data, CRC, each number the least byte first; behind the first byte,
//! `8F` is sent as `9F 81` and `9F` as `9F 83`. The register executes a command only if its number is the
//! last one plus 1, and answers every other frame with its last answer. So a command may be sent as often
//! as needed under one number, and is executed once.
//!
//! That holds while the register has power: it keeps the number in memory and begins again at
//! [`FIRST`]. The first command after that must change nothing, and [`Link2::send`] refuses any other
//! under such a number.
//!
//! [`Link2`] does no I/O; it is driven like [`super::link1::Link1`]. Numbers belong to the caller, who
//! keeps them on disk: a command whose answer was lost is asked for again under its number.

use core::time::Duration;
use std::collections::VecDeque;

use thiserror::Error;

use super::command::is_answer;
use super::link1::{Executed, Failure, Reason};

/// Begins a frame, and stands nowhere else.
pub const STX: u8 = 0x8f;
const ESC: u8 = 0x9f;
const ESCAPED_STX: u8 = 0x81;
const ESCAPED_ESC: u8 = 0x83;

/// The longest data of a frame.
pub const MAX_DATA: usize = 65_533;

/// The empty frame that asks for the last number and its answer.
pub const SYNC: [u8; 5] = [STX, 0, 0, 0x0f, 0x1d];

/// The numbers that a register may take for its first command after power on. It begins at 1 by the
/// protocol's text, and the vendor's driver then sends 2; a register that answers a query under 2 with
/// [`Verdict::Restarted`] waits for 1.
pub const FIRST: std::ops::RangeInclusive<u16> = 1..=2;

/// The number behind a number.
pub fn next(number: u16) -> u16 {
    number.wrapping_add(1)
}

/// A frame as it is sent.
///
/// # Errors
/// No data, or more than [`MAX_DATA`].
pub fn frame(number: u16, data: &[u8]) -> Result<Vec<u8>, StartError> {
    let length = match data.len() {
        0 => return Err(StartError::Empty),
        length @ 1..=MAX_DATA => (length + 2) as u16,
        length => return Err(StartError::TooLong(length)),
    };
    let mut plain = Vec::with_capacity(data.len() + 6);
    plain.extend_from_slice(&length.to_le_bytes());
    plain.extend_from_slice(&number.to_le_bytes());
    plain.extend_from_slice(data);
    plain.extend_from_slice(&crc(&plain).to_le_bytes());
    let mut frame = Vec::with_capacity(plain.len() + 8);
    frame.push(STX);
    for byte in plain {
        match byte {
            STX => frame.extend_from_slice(&[ESC, ESCAPED_STX]),
            ESC => frame.extend_from_slice(&[ESC, ESCAPED_ESC]),
            byte => frame.push(byte),
        }
    }
    Ok(frame)
}

/// The bytes of a frame behind its start, each with its place among those that are sent.
pub(super) fn plain_bytes(frame: &[u8]) -> Vec<(usize, u8)> {
    let mut plain = Vec::with_capacity(frame.len());
    let mut sent = frame.iter().copied().enumerate().skip(1);
    while let Some((at, byte)) = sent.next() {
        let byte = match byte {
            ESC if sent.next().is_some_and(|(_, next)| next == ESCAPED_STX) => STX,
            byte => byte,
        };
        plain.push((at, byte));
    }
    plain
}

/// What can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// An exchange is going on.
    #[error("the link is busy with another command")]
    Busy,
    /// No data.
    #[error("the command is empty")]
    Empty,
    /// More data than a frame holds.
    #[error("the command has {0} bytes, a frame of this level holds {MAX_DATA}")]
    TooLong(usize),
    /// A command with an effect, under a number that the register takes again after power on.
    #[error("number {0} is one that the register begins with after power on: send a query under it first")]
    FirstNumber(u16),
}

/// A frame of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The answer to the command of this number.
    Answer {
        /// Number.
        number: u16,
        /// The answer.
        data: Vec<u8>,
    },
    /// The register has executed nothing since power on.
    Nothing {
        /// Where it begins.
        number: u16,
    },
    /// Bytes that are no frame, or a damaged one.
    Damaged,
}

/// Cuts the register's bytes into frames; pieces may be of any size.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    /// Inside a frame: its bytes without STX and stuffing.
    frame: Option<Vec<u8>>,
    escaped: bool,
}

impl Parser {
    /// Takes bytes as they came; the frames completed by them. Bytes between frames are skipped.
    pub fn frames(&mut self, bytes: &[u8]) -> Vec<Received> {
        bytes.iter().filter_map(|&byte| self.byte(byte)).collect()
    }

    /// Whether a part of a frame has come.
    pub fn inside(&self) -> bool {
        self.frame.is_some()
    }

    /// Forgets what came in part.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn byte(&mut self, byte: u8) -> Option<Received> {
        if byte == STX {
            // A new frame; what there was of the one before is damaged.
            let before = self.frame.replace(Vec::new());
            self.escaped = false;
            return before.map(|_| Received::Damaged);
        }
        let frame = self.frame.as_mut()?;
        match (std::mem::take(&mut self.escaped), byte) {
            (false, ESC) => {
                self.escaped = true;
                return None;
            }
            (true, ESCAPED_STX) => frame.push(STX),
            (true, ESCAPED_ESC) => frame.push(ESC),
            (true, _) => {
                self.frame = None;
                return Some(Received::Damaged);
            }
            (false, byte) => frame.push(byte),
        }
        let [low, high, ..] = *frame.as_slice() else { return None };
        let length = usize::from(u16::from_le_bytes([low, high]));
        if frame.len() < length + 4 {
            return None;
        }
        let frame = self.frame.take().unwrap_or_default();
        Some(open(&frame))
    }
}

/// What a complete frame without STX and stuffing says.
fn open(frame: &[u8]) -> Received {
    let Some((plain, sum)) = frame.split_last_chunk() else { return Received::Damaged };
    if crc(plain) != u16::from_le_bytes(*sum) {
        return Received::Damaged;
    }
    match *plain {
        [_, _, low, high] => Received::Nothing { number: u16::from_le_bytes([low, high]) },
        [_, _, low, high, ref data @ ..] => {
            Received::Answer { number: u16::from_le_bytes([low, high]), data: data.to_vec() }
        }
        _ => Received::Damaged,
    }
}

/// CRC-16 CCITT, polynomial 1021, beginning with FFFF.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc: u16, &byte| {
        let mut crc = crc.rotate_left(8) ^ u16::from(byte);
        crc ^= (crc & 0xff) >> 4;
        crc ^= crc << 12;
        crc ^ (crc & 0xff) << 5
    })
}

/// What the register has executed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Its number.
    pub number: u16,
    /// Its answer; `None` when nothing was executed since power on.
    pub answer: Option<Vec<u8>>,
}

/// What [`Last`] says of a command that was sent under a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This is its answer.
    Answer(Vec<u8>),
    /// It was not executed: the register waits for this very number. Send it again under it.
    NotExecuted,
    /// The register was switched off since. Whether the command was executed before that, only the
    /// register's own records can tell.
    Restarted,
    /// The numbers are somebody else's: another host talks to the register, or the number under which the
    /// command was sent is not the one that was kept. Only the register's own records can tell.
    OutOfStep,
}

impl Last {
    /// What this says of `command`, sent under `number` after the commands before it were answered.
    pub fn verdict(&self, number: u16, command: &[u8]) -> Verdict {
        match &self.answer {
            None => Verdict::Restarted,
            Some(answer) if self.number == number && is_answer(command, answer) => {
                Verdict::Answer(answer.clone())
            }
            Some(_) if next(self.number) == number => Verdict::NotExecuted,
            Some(_) => Verdict::OutOfStep,
        }
    }
}

/// How long to wait and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For the answer to [`SYNC`].
    pub sync: Duration,
    /// How often a frame is sent under its number.
    pub tries: u8,
}

impl Default for Timing {
    fn default() -> Self {
        Self { sync: Duration::from_millis(1_000), tries: 5 }
    }
}

/// A command to be carried to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// Its number.
    pub number: u16,
    /// Code, password and parameters.
    pub command: &'a [u8],
    /// How long the register may take to answer. After this the frame is sent again under its number.
    pub answer_within: Duration,
    /// Whether the command changes nothing.
    pub query: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes.
    Write(Vec<u8>),
    /// Wait for bytes, for this long at most.
    Wait(Duration),
    /// The answer to the command.
    Answer(Vec<u8>),
    /// What the register has executed last: the answer to [`Link2::sync`].
    Synced(Last),
    /// The register has answered with something else than the answer to the command. [`Last::verdict`]
    /// says what that means for it.
    OutOfStep(Last),
    /// The exchange has failed.
    Failed(Failure),
    /// Nothing to do.
    Idle,
}

/// The host's side of the link.
#[derive(Debug, Clone)]
pub struct Link2 {
    timing: Timing,
    parser: Parser,
    job: Option<Job>,
    output: VecDeque<Action>,
}

#[derive(Debug, Clone)]
struct Job {
    /// What is sent, again and again.
    frame: Vec<u8>,
    /// Number and data of the command; `None` for SYNC.
    command: Option<(u16, Vec<u8>)>,
    answer_within: Duration,
    sent: u8,
}

impl Link2 {
    /// A link on which nothing was said yet.
    pub fn new(timing: Timing) -> Self {
        Self { timing, parser: Parser::default(), job: None, output: VecDeque::new() }
    }

    /// Begins to ask for the last number and its answer: what is done first after a reconnect.
    ///
    /// # Errors
    /// Another exchange that is going on.
    pub fn sync(&mut self) -> Result<(), StartError> {
        let answer_within = self.timing.sync;
        self.start(Job { frame: SYNC.to_vec(), command: None, answer_within, sent: 0 })
    }

    /// Begins to carry a command under its number.
    ///
    /// # Errors
    /// Another exchange that is going on, a command that a frame doesn't hold, or one with an effect
    /// under a number of [`FIRST`].
    pub fn send(&mut self, exchange: Exchange<'_>) -> Result<(), StartError> {
        let Exchange { number, command, answer_within, query } = exchange;
        if !query && FIRST.contains(&number) {
            return Err(StartError::FirstNumber(number));
        }
        let frame = frame(number, command)?;
        self.start(Job { frame, command: Some((number, command.to_vec())), answer_within, sent: 0 })
    }

    /// Ends the exchange where it is. A command that was written may have been executed.
    pub fn stop(&mut self) {
        self.job = None;
        self.output.clear();
        self.parser.reset();
    }

    /// What to do next.
    pub fn action(&mut self) -> Action {
        let wait = |job: &Job| Action::Wait(job.answer_within);
        self.output.pop_front().unwrap_or_else(|| self.job.as_ref().map_or(Action::Idle, wait))
    }

    /// Takes bytes as they arrived. A damaged frame is as good as none: the command is sent again when
    /// its time is over.
    pub fn received(&mut self, bytes: &[u8]) {
        for frame in self.parser.frames(bytes) {
            match frame {
                Received::Damaged => {}
                Received::Nothing { number } => self.answered(Last { number, answer: None }),
                Received::Answer { number, data } => self.answered(Last { number, answer: Some(data) }),
            }
        }
    }

    /// Nothing has arrived for as long as [`Action::Wait`] said.
    pub fn timeout(&mut self) {
        self.parser.reset();
        match self.job.take() {
            Some(job) if job.sent < self.timing.tries => self.write(job),
            Some(job) => {
                let executed = if job.command.is_some() { Executed::Unknown } else { Executed::No };
                self.output.push_back(Action::Failed(Failure { reason: Reason::Silent, executed }));
            }
            None => {}
        }
    }

    fn start(&mut self, job: Job) -> Result<(), StartError> {
        if self.job.is_some() || !self.output.is_empty() {
            return Err(StartError::Busy);
        }
        self.write(job);
        Ok(())
    }

    fn write(&mut self, mut job: Job) {
        job.sent += 1;
        self.output.push_back(Action::Write(job.frame.clone()));
        self.job = Some(job);
    }

    fn answered(&mut self, last: Last) {
        let Some(job) = self.job.take() else { return };
        let action = match (&job.command, &last.answer) {
            (None, _) => Action::Synced(last),
            // A second copy of the answer before: the frame before was sent twice.
            (Some((number, _)), Some(_)) if next(last.number) == *number => {
                self.job = Some(job);
                return;
            }
            (Some((number, command)), Some(answer))
                if last.number == *number && is_answer(command, answer) =>
            {
                Action::Answer(answer.clone())
            }
            (Some(_), _) => Action::OutOfStep(last),
        };
        self.output.push_back(action);
    }
}
