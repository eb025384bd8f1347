//! The link of level 1: the host's side of ENQ, frame, ACK (*Протокол работы ККТ* v2.0, "Стандартный
//! нижний уровень").
//!
//! A frame is `02`, length, data, LRC: the XOR of everything behind the first byte. Before each command
//! the host asks ENQ. NAK means that the register waits for a command. ACK means that it makes or holds
//! the answer to an earlier one: that is read, acknowledged, and handed out before anything else is sent.
//!
//! [`Link1`] does no I/O. Call [`Link1::action`] until it says [`Action::Wait`] or [`Action::Idle`]; give
//! what arrives to [`Link1::received`], and call [`Link1::timeout`] when nothing has arrived for as long
//! as it said.

use core::time::Duration;
use std::collections::VecDeque;

use thiserror::Error;

use super::command::is_answer;

/// Begins a frame.
pub const STX: u8 = 0x02;
/// Asks whether the register is ready.
pub const ENQ: u8 = 0x05;
/// Yes.
pub const ACK: u8 = 0x06;
/// No.
pub const NAK: u8 = 0x15;

/// The longest data of a frame: its length has one byte.
pub const MAX_DATA: usize = 255;

/// How long to wait and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For the answer to ENQ and to a frame. The register takes at least its byte timeout (50 ms) before
    /// it answers.
    pub control: Duration,
    /// For the next byte inside a frame.
    pub byte: Duration,
    /// Without a byte, before a damaged answer is asked for again: what is left of it must not be taken
    /// for the answer to ENQ.
    pub quiet: Duration,
    /// For an answer that the register was making or holding before anything was sent, each time that it
    /// is asked.
    pub held: Duration,
    /// ENQ without an answer, one after the other.
    pub enquiries: u8,
    /// A frame that the register rejected.
    pub frames: u8,
    /// An answer that came damaged, or not in time.
    pub answers: u8,
    /// A held answer that does not come, comes damaged, or comes again after it was acknowledged.
    pub held_answers: u8,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            control: Duration::from_millis(500),
            byte: Duration::from_millis(500),
            quiet: Duration::from_millis(100),
            held: Duration::from_secs(5),
            enquiries: 10,
            frames: 5,
            answers: 5,
            held_answers: 24,
        }
    }
}

/// A command to be carried to the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// Code, password and parameters.
    pub command: &'a [u8],
    /// How long the register may take to answer.
    pub answer_within: Duration,
    /// Whether the command may be sent again when nobody knows if it was executed.
    pub repeatable: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes.
    Write(Vec<u8>),
    /// Wait for bytes, for this long at most.
    Wait(Duration),
    /// The answer to an earlier command. It is acknowledged: nobody can get it a second time. Where it was
    /// held, the command of this exchange has not been sent yet, and [`Link1::stop`] keeps it so; one to
    /// another command that came after the frame was late on its way, and the exchange goes on.
    Held {
        /// The answer.
        answer: Vec<u8>,
        /// It equals the last one that was handed out here: the register missed the ACK.
        repeated: bool,
    },
    /// The answer to the command.
    Answer(Vec<u8>),
    /// The exchange has failed.
    Failed(Failure),
    /// Nothing to do.
    Idle,
}

/// Why an exchange has failed, and what is known of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{reason}; the command {executed}")]
pub struct Failure {
    /// Why.
    pub reason: Reason,
    /// Whether the command was executed.
    pub executed: Executed,
}

/// Whether a command was executed, by the link's knowledge alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Executed {
    /// Certainly not: the register has not taken it.
    No,
    /// Perhaps.
    Unknown,
}

impl std::fmt::Display for Executed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::No => "was not executed",
            Self::Unknown => "may have been executed",
        })
    }
}

/// Why an exchange has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing answers ENQ.
    #[error("the register does not answer: check cable, address and speed")]
    Silent,
    /// Every copy of the frame was rejected.
    #[error("the register received every copy of the command damaged: check cable and speed")]
    Rejected,
    /// The register took the frame without a word, and now waits for a command.
    #[error("the register has not acknowledged the command")]
    NotAcknowledged,
    /// No answer came in time, though the register is there.
    #[error("the register is still working on the command")]
    NoAnswer,
    /// Every copy of the answer came damaged.
    #[error("every copy of the answer came damaged: check cable and speed")]
    Damaged,
    /// It sends the answer to an earlier command, whatever is acknowledged.
    #[error("the register does not let go of an earlier answer: check the line from the host to it")]
    Stuck,
    /// The register has forgotten the answer.
    #[error("the register no longer holds the answer: it may have been switched off")]
    Forgotten,
}

/// What a link can't begin.
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
}

/// The host's side of the link.
#[derive(Debug, Clone)]
pub struct Link1 {
    timing: Timing,
    state: State,
    job: Job,
    output: VecDeque<Action>,
    /// ENQs whose answers have not come, and still may: bytes arrive in order, but late.
    unanswered: u8,
    last_answer: Vec<u8>,
}

/// What the exchange is about.
#[derive(Debug, Clone, Default)]
struct Job {
    /// Data of the command; empty for asking after a held answer alone.
    command: Vec<u8>,
    answer_within: Duration,
    repeatable: bool,
    /// Copies of the frame that were sent.
    frames: u8,
    /// Answers to it that came damaged or not in time.
    answers: u8,
    /// The same of answers to earlier commands.
    held_answers: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Idle,
    /// ENQ was sent so often without an answer.
    Enquiring {
        asked: u8,
        why: Why,
    },
    /// NAK came, and answers to earlier ENQs may follow: they must not be taken for answers to the frame.
    Settling(Why),
    /// The frame was sent.
    Acknowledging,
    /// Waits for STX.
    Answering(Whose),
    /// Inside a frame.
    Receiving(Whose, Vec<u8>),
    /// The frame is damaged: waits for silence.
    Draining(Whose),
}

/// Why ENQ was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Before the command.
    Start,
    /// The register rejected the frame.
    Rejected,
    /// The register has not acknowledged the frame.
    NotAcknowledged,
    /// The answer came damaged.
    Damaged,
    /// No answer came.
    NoAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// To an earlier command.
    Held,
    /// To the command of this exchange.
    Own,
}

impl Link1 {
    /// A link on which nothing was said yet.
    pub fn new(timing: Timing) -> Self {
        Self {
            timing,
            state: State::Idle,
            job: Job::default(),
            output: VecDeque::new(),
            unanswered: 0,
            last_answer: Vec::new(),
        }
    }

    /// Begins to carry a command.
    ///
    /// # Errors
    /// Another exchange that is going on, or a command that a frame doesn't hold.
    pub fn send(&mut self, exchange: Exchange<'_>) -> Result<(), StartError> {
        match exchange.command.len() {
            _ if self.state != State::Idle || !self.output.is_empty() => Err(StartError::Busy),
            0 => Err(StartError::Empty),
            length if length > MAX_DATA => Err(StartError::TooLong(length)),
            _ => {
                self.job = Job {
                    command: exchange.command.to_vec(),
                    answer_within: exchange.answer_within,
                    repeatable: exchange.repeatable,
                    ..Job::default()
                };
                self.enquire(Why::Start, 1);
                Ok(())
            }
        }
    }

    /// Begins to ask whether the register holds an answer, and takes it: what is done first after a
    /// reconnect. Ends with [`Action::Idle`], having given out every [`Action::Held`].
    ///
    /// # Errors
    /// Another exchange that is going on.
    pub fn fetch(&mut self) -> Result<(), StartError> {
        if self.state != State::Idle || !self.output.is_empty() {
            return Err(StartError::Busy);
        }
        self.job = Job::default();
        self.enquire(Why::Start, 1);
        Ok(())
    }

    /// Ends the exchange where it is. Bytes that were not taken from [`Link1::action`] are not sent. Of a
    /// command whose frame was written nobody then knows whether it was executed.
    pub fn stop(&mut self) {
        self.state = State::Idle;
        self.output.clear();
        self.job = Job::default();
    }

    /// Begins anew on a new connection: what was on its way on the one before will not come.
    pub fn reconnected(&mut self) {
        self.stop();
        self.unanswered = 0;
    }

    /// What to do next.
    pub fn action(&mut self) -> Action {
        self.output.pop_front().unwrap_or_else(|| self.wait().map_or(Action::Idle, Action::Wait))
    }

    /// Takes bytes as they arrived.
    pub fn received(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.byte(byte));
    }

    /// Nothing has arrived for as long as [`Action::Wait`] said.
    pub fn timeout(&mut self) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Enquiring { asked, why } if asked < self.timing.enquiries => {
                self.enquire(why, asked + 1);
            }
            State::Enquiring { why, .. } => {
                let executed = if why == Why::Start { Executed::No } else { Executed::Unknown };
                self.fail(Reason::Silent, executed);
            }
            State::Settling(why) => self.ready(why),
            State::Acknowledging => self.enquire(Why::NotAcknowledged, 1),
            State::Answering(whose) => self.again(whose, Reason::NoAnswer),
            State::Receiving(whose, _) | State::Draining(whose) => {
                self.output.push_back(Action::Write(vec![NAK]));
                self.again(whose, Reason::Damaged);
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        match std::mem::replace(&mut self.state, State::Idle) {
            // A line that is at rest: noise, or the FF that USB network links send behind an ACK.
            State::Idle if byte == NAK => self.unanswered = self.unanswered.saturating_sub(1),
            State::Idle => {}
            state @ (State::Enquiring { why, .. } | State::Settling(why)) => match byte {
                NAK => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    if self.unanswered > 0 {
                        self.state = State::Settling(why);
                    } else {
                        self.ready(why);
                    }
                }
                ACK => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    self.state = State::Answering(whose(why));
                }
                STX => self.state = State::Receiving(whose(why), Vec::new()),
                _ => self.state = state,
            },
            State::Acknowledging => match byte {
                ACK => self.state = State::Answering(Whose::Own),
                STX => self.state = State::Receiving(Whose::Own, Vec::new()),
                // It may be the answer to an ENQ, and a frame that was not rejected must not be sent again.
                NAK if self.unanswered > 0 => {
                    self.unanswered -= 1;
                    self.state = State::Acknowledging;
                }
                NAK => self.enquire(Why::Rejected, 1),
                _ => self.state = State::Acknowledging,
            },
            State::Answering(whose) => match byte {
                STX => self.state = State::Receiving(whose, Vec::new()),
                NAK if whose == Whose::Held => self.ready(Why::Start),
                _ => self.state = State::Answering(whose),
            },
            State::Receiving(whose, mut frame) => {
                frame.push(byte);
                let length = frame.first().map_or(0, |&length| usize::from(length));
                if frame.len() < length + 2 {
                    self.state = State::Receiving(whose, frame);
                } else {
                    self.frame(whose, &frame);
                }
            }
            State::Draining(whose) => self.state = State::Draining(whose),
        }
    }

    /// A frame is complete: length, data, LRC.
    fn frame(&mut self, whose: Whose, frame: &[u8]) {
        let sound = frame.iter().fold(0, |lrc, byte| lrc ^ byte) == 0;
        let data = frame.get(1..frame.len().saturating_sub(1)).unwrap_or_default();
        if !sound || data.is_empty() {
            self.state = State::Draining(whose);
            return;
        }
        self.unanswered = 0;
        self.output.push_back(Action::Write(vec![ACK]));
        let repeated = data == self.last_answer;
        self.last_answer = data.to_vec();
        let answer = data.to_vec();
        // The register had nothing to hold when the command was sent, so an answer to another command
        // can only be one that was on its way.
        if whose == Whose::Own && is_answer(&self.job.command, data) {
            self.output.push_back(Action::Answer(answer));
            return self.end();
        }
        self.output.push_back(Action::Held { answer, repeated });
        match whose {
            Whose::Own => self.state = State::Answering(Whose::Own),
            Whose::Held if repeated => self.again(Whose::Held, Reason::Stuck),
            Whose::Held => self.enquire(Why::Start, 1),
        }
    }

    /// Asks for the answer once more, as often as is allowed.
    fn again(&mut self, whose: Whose, reason: Reason) {
        let (count, limit, why, executed) = match whose {
            Whose::Held => (&mut self.job.held_answers, self.timing.held_answers, Why::Start, Executed::No),
            Whose::Own => {
                let why = if reason == Reason::Damaged { Why::Damaged } else { Why::NoAnswer };
                (&mut self.job.answers, self.timing.answers, why, Executed::Unknown)
            }
        };
        *count += 1;
        if *count < limit {
            self.enquire(why, 1);
        } else {
            self.fail(reason, executed);
        }
    }

    /// The register has said that it waits for a command.
    fn ready(&mut self, why: Why) {
        match why {
            _ if self.job.command.is_empty() => self.end(),
            Why::Start => self.write_frame(),
            Why::Rejected if self.job.frames < self.timing.frames => self.write_frame(),
            Why::Rejected => self.fail(Reason::Rejected, Executed::No),
            Why::NotAcknowledged | Why::Damaged | Why::NoAnswer
                if self.job.repeatable && self.job.frames < self.timing.frames =>
            {
                self.write_frame();
            }
            Why::NotAcknowledged => self.fail(Reason::NotAcknowledged, Executed::Unknown),
            Why::Damaged | Why::NoAnswer => self.fail(Reason::Forgotten, Executed::Unknown),
        }
    }

    fn write_frame(&mut self) {
        self.job.frames += 1;
        self.output.push_back(Action::Write(frame(&self.job.command)));
        self.state = State::Acknowledging;
    }

    fn enquire(&mut self, why: Why, asked: u8) {
        self.output.push_back(Action::Write(vec![ENQ]));
        self.unanswered = self.unanswered.saturating_add(1);
        self.state = State::Enquiring { asked, why };
    }

    fn fail(&mut self, reason: Reason, executed: Executed) {
        self.output.push_back(Action::Failed(Failure { reason, executed }));
        self.end();
    }

    /// Ends the exchange; what is to be sent or told still is.
    fn end(&mut self) {
        self.state = State::Idle;
        self.job = Job::default();
    }

    fn wait(&self) -> Option<Duration> {
        match self.state {
            State::Idle => None,
            State::Enquiring { .. } | State::Settling(_) | State::Acknowledging => Some(self.timing.control),
            State::Answering(Whose::Held) => Some(self.timing.held),
            State::Answering(Whose::Own) => Some(self.job.answer_within),
            State::Receiving(..) => Some(self.timing.byte),
            State::Draining(_) => Some(self.timing.quiet),
        }
    }
}

/// A frame. Data behind the 255th byte are left out; [`Link1::send`] refuses them.
pub fn frame(data: &[u8]) -> Vec<u8> {
    let data = data.get(..MAX_DATA).unwrap_or(data);
    let mut frame = Vec::with_capacity(data.len() + 3);
    frame.extend_from_slice(&[STX, data.len() as u8]);
    frame.extend_from_slice(data);
    frame.push(frame.iter().skip(1).fold(0, |lrc, byte| lrc ^ byte));
    frame
}

fn whose(why: Why) -> Whose {
    if why == Why::Start { Whose::Held } else { Whose::Own }
}
