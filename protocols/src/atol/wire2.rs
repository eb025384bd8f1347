//! The lower protocol, version 2: frames between ENQ, ACK, NAK and EOT, on serial lines.
//!
//! `02 | masked data | 03 | CRC`: 10 and 03 in the data are prefixed by 10; the CRC is the XOR of all
//! after the 02 up to and with the 03. The handshake and its times T1 to T7 are those of the Delphi
//! unit `dant_AtolFRDevice` and of kurbatov/atol4j (`TransportProtocolV2`, `Timeout`).

use core::time::Duration;

use thiserror::Error;

/// The most data of a frame.
pub const MAX_DATA: usize = 4096;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const DLE: u8 = 0x10;
const NAK: u8 = 0x15;

/// How long a pause between ENQ or frame and its answer may be (T1, T3, T4, T6), and how long to stand
/// back after a conflict (T7).
const SHORT: Duration = Duration::from_millis(500);
/// How long the first byte of an answer may take (T2).
const FIRST_BYTE: Duration = Duration::from_secs(2);
/// How often ENQ is repeated.
const ENQUIRIES: u8 = 5;
/// How often ENQ is repeated where both sides want to speak.
const CONFLICTS: u8 = 100;
/// How often a frame is repeated.
const FRAMES: u8 = 10;

/// A frame of these data.
///
/// # Errors
/// [`TooLong`].
pub fn encode(data: &[u8]) -> Result<Vec<u8>, TooLong> {
    if data.len() > MAX_DATA {
        return Err(TooLong(data.len()));
    }
    let mut out = vec![STX];
    for &byte in data {
        if matches!(byte, DLE | ETX) {
            out.push(DLE);
        }
        out.push(byte);
    }
    out.push(ETX);
    let crc = out.iter().skip(1).fold(0, |crc, byte| crc ^ byte);
    out.push(crc);
    Ok(out)
}

/// More data than a frame may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} bytes are more than the 4096 of a frame")]
pub struct TooLong(pub usize);

/// What the caller does next, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send these bytes.
    Transmit(Vec<u8>),
    /// Call [`Host::elapsed`] after this time. A new one takes the place of the last.
    Wait(Duration),
    /// The answer: the exchange is over.
    Answer(Vec<u8>),
    /// The exchange is over without an answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Failure {
    /// It never took our ENQ: the command has not been sent.
    #[error("the register takes no command: is it on, and is the speed of the line right?")]
    NotReady,
    /// The command was sent and never acknowledged: it may have been taken.
    #[error("the register has not acknowledged the command")]
    NotAcknowledged,
    /// It took the command and gave no answer, or none that could be read: it may be done.
    #[error("the register took the command and has not answered")]
    NoAnswer,
}

impl Failure {
    /// Whether the register may have done what it was told.
    pub fn may_have_effect(self) -> bool {
        self != Self::NotReady
    }
}

/// The host's side of a line: one command at a time. It has no clock: [`Output::Wait`] and
/// [`Host::elapsed`] are its time.
#[derive(Debug, Clone, Default)]
pub struct Host {
    step: Step,
    frame: Vec<u8>,
    answer_within: Duration,
    tries: u8,
    conflicts: u8,
    receiver: Receiver,
    answer: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Step {
    /// Nothing to do.
    #[default]
    Idle,
    /// ENQ is sent.
    Enquiring,
    /// Both spoke, or it was busy: stand back, then ENQ again.
    StandingBack,
    /// The frame is sent.
    Sent,
    /// It works; ENQ will announce the answer.
    Working,
    /// The answer was allowed.
    Answering,
    /// The answer is read and acknowledged; EOT ends it.
    Ending,
}

impl Host {
    /// Begins an exchange. `answer_within` is how long the register may work (T5; see
    /// [`super::task::Task::answer_within`]). An exchange still going on is given up. Answers don't
    /// say what they answer: bytes that came before must have been thrown away.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn send(&mut self, data: &[u8], answer_within: Duration) -> Result<Vec<Output>, TooLong> {
        let frame = encode(data)?;
        *self = Self { frame, answer_within, ..Self::default() };
        Ok(self.enquire())
    }

    /// Whether an exchange is going on.
    pub fn busy(&self) -> bool {
        self.step != Step::Idle
    }

    /// Takes bytes as they came.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Output> {
        let mut outputs = Vec::new();
        for &byte in bytes {
            for output in self.byte(byte) {
                // Only the last timer counts, and none at the end.
                if !matches!(output, Output::Transmit(_)) {
                    outputs.retain(|earlier| !matches!(earlier, Output::Wait(_)));
                }
                outputs.push(output);
            }
        }
        outputs
    }

    /// The time of the last [`Output::Wait`] is over.
    pub fn elapsed(&mut self) -> Vec<Output> {
        match self.step {
            Step::Idle => Vec::new(),
            Step::Enquiring | Step::StandingBack => self.enquire(),
            Step::Sent => self.transmit(),
            Step::Working => self.fail(Failure::NoAnswer),
            Step::Answering => self.ask_for_the_answer_again(),
            Step::Ending => self.end(),
        }
    }

    fn byte(&mut self, byte: u8) -> Vec<Output> {
        match (self.step, byte) {
            (Step::Enquiring, ACK) => {
                self.tries = 0;
                self.transmit()
            }
            (Step::Enquiring, NAK) => self.stand_back(),
            (Step::Enquiring, ENQ) => {
                // Counted apart: a register that has something to say is not a dead one.
                self.tries = self.tries.saturating_sub(1);
                self.conflicts += 1;
                if self.conflicts > CONFLICTS { self.not_ready() } else { self.stand_back() }
            }
            (Step::Sent, ACK) => {
                self.step = Step::Working;
                vec![Output::Transmit(vec![EOT]), Output::Wait(self.answer_within)]
            }
            (Step::Sent, NAK) => self.transmit(),
            // Its ACK to an earlier try was lost; it has the command and wants to answer.
            (Step::Sent, ENQ) if self.tries > 1 => self.allow_answer(),
            (Step::Working, ENQ) => self.allow_answer(),
            (Step::Answering, _) => self.answer_byte(byte),
            (Step::Ending, EOT) => self.end(),
            // It has not heard our ACK and sends the answer again.
            (Step::Ending, STX) => {
                self.step = Step::Answering;
                self.answer_byte(byte)
            }
            _ => Vec::new(),
        }
    }

    fn enquire(&mut self) -> Vec<Output> {
        if self.tries >= ENQUIRIES {
            return self.not_ready();
        }
        self.tries += 1;
        self.step = Step::Enquiring;
        vec![Output::Transmit(vec![ENQ]), Output::Wait(SHORT)]
    }

    fn stand_back(&mut self) -> Vec<Output> {
        self.step = Step::StandingBack;
        vec![Output::Wait(SHORT)]
    }

    fn not_ready(&mut self) -> Vec<Output> {
        self.step = Step::Idle;
        vec![Output::Transmit(vec![EOT]), Output::Failed(Failure::NotReady)]
    }

    fn transmit(&mut self) -> Vec<Output> {
        if self.tries >= FRAMES {
            self.step = Step::Idle;
            return vec![Output::Transmit(vec![EOT]), Output::Failed(Failure::NotAcknowledged)];
        }
        self.tries += 1;
        self.step = Step::Sent;
        vec![Output::Transmit(self.frame.clone()), Output::Wait(SHORT)]
    }

    fn allow_answer(&mut self) -> Vec<Output> {
        if self.step != Step::Answering {
            self.tries = 0;
        }
        self.step = Step::Answering;
        self.receiver = Receiver::default();
        vec![Output::Transmit(vec![ACK]), Output::Wait(FIRST_BYTE)]
    }

    fn answer_byte(&mut self, byte: u8) -> Vec<Output> {
        if byte == ENQ && !self.receiver.inside() {
            self.tries += 1;
            return if self.tries > FRAMES { self.fail(Failure::NoAnswer) } else { self.allow_answer() };
        }
        match self.receiver.byte(byte) {
            None if self.receiver.inside() => vec![Output::Wait(SHORT)],
            None => Vec::new(),
            Some(true) => {
                self.answer = Some(std::mem::take(&mut self.receiver.data));
                self.step = Step::Ending;
                vec![Output::Transmit(vec![ACK]), Output::Wait(SHORT)]
            }
            Some(false) => self.ask_for_the_answer_again(),
        }
    }

    fn ask_for_the_answer_again(&mut self) -> Vec<Output> {
        self.tries += 1;
        if self.tries > FRAMES {
            return self.fail(Failure::NoAnswer);
        }
        self.receiver = Receiver::default();
        vec![Output::Transmit(vec![NAK]), Output::Wait(FIRST_BYTE)]
    }

    fn end(&mut self) -> Vec<Output> {
        self.fail(Failure::NoAnswer)
    }

    /// Over; an answer that was read once counts, whatever came after it.
    fn fail(&mut self, failure: Failure) -> Vec<Output> {
        self.step = Step::Idle;
        vec![self.answer.take().map_or(Output::Failed(failure), Output::Answer)]
    }
}

/// Reads one frame. Bytes before the 02 are skipped.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    place: Place,
    data: Vec<u8>,
    crc: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Before,
    Data,
    Masked,
    Crc,
    After,
}

impl Receiver {
    /// Takes bytes as they came; the data of the first whole frame among them, or `Err` when its
    /// CRC is wrong or it is too long. What follows the frame is not looked at.
    pub fn received(&mut self, bytes: &[u8]) -> Option<Result<Vec<u8>, BadFrame>> {
        let whole = bytes.iter().find_map(|&byte| self.byte(byte))?;
        let data = std::mem::take(self).data;
        Some(if whole { Ok(data) } else { Err(BadFrame) })
    }

    /// `Some(true)` when the frame is whole, `Some(false)` when it is broken.
    fn byte(&mut self, byte: u8) -> Option<bool> {
        if self.place == Place::Crc {
            self.place = Place::After;
            return Some(byte == self.crc);
        }
        if !self.inside() {
            if byte == STX {
                *self = Self { place: Place::Data, ..Self::default() };
            }
            return None;
        }
        self.crc ^= byte;
        match (self.place, byte) {
            (Place::Data, DLE) => self.place = Place::Masked,
            (Place::Data, ETX) => self.place = Place::Crc,
            _ if self.data.len() >= MAX_DATA => {
                self.place = Place::After;
                return Some(false);
            }
            _ => {
                self.data.push(byte);
                self.place = Place::Data;
            }
        }
        None
    }

    fn inside(&self) -> bool {
        matches!(self.place, Place::Data | Place::Masked | Place::Crc)
    }
}

/// A frame whose CRC is wrong, or that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a frame came damaged")]
pub struct BadFrame;
