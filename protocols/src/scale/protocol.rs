//! What every protocol of scales offers to the one driver that runs them all, over a serial line or TCP.

use core::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::reading::Reading;

/// One side of the conversation with a scale: a plain state machine without I/O and clock.
///
/// The driver puts a question by [`Protocol::start`], sends what the step says, and then calls
/// [`Protocol::received`] for bytes and [`Protocol::timed_out`] when the time of [`Then::ListenFor`] is over, until
/// a step ends with [`Then::Done`] or [`Then::Failed`]. Bytes that come while no question is open go to `received`
/// too: a scale that [streams](Mode::Streams) tells its readings by them.
///
/// ```
/// use outlet_protocols::scale::{Answer, Ask, Then, by_name};
///
/// let info = by_name("cas").ok_or("no such protocol")?;
/// let mut scale = (info.build)(serde_json::json!({}))?;
/// assert_eq!(scale.start(&Ask::Weight).send, b"\x05");
/// assert_eq!(scale.received(b"\x06").send, b"\x11");
/// let step = scale.received(b"\x01\x02S  1.550kgp\x03\x04");
/// assert!(matches!(step.then, Then::Done(Answer::Weighed)));
/// assert_eq!(step.readings[0].for_sale().map(|kg| kg.to_string()), Ok("1.550".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Protocol: Send {
    /// Puts a question. A question still open is given up, and bytes that came before are forgotten; when the
    /// question before got no whole answer, or was repeated, the step listens until the line is quiet before it sends anything, so
    /// that a late answer is not taken for this one's.
    fn start(&mut self, ask: &Ask) -> Step;

    /// Bytes came, in pieces of any size.
    fn received(&mut self, bytes: &[u8]) -> Step;

    /// The time of the last [`Then::ListenFor`] is over.
    fn timed_out(&mut self) -> Step;
}

/// A question or a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The weight of this moment.
    Weight,
    /// Set zero.
    Zero,
    /// Take what lies on the scale for the tare.
    Tare,
    /// Set a tare that is known, in kilograms; 0 takes the tare off.
    PresetTare(Decimal),
    /// Who is there: harmless, and answered by nothing but a scale of this protocol. For detection.
    Identify,
}

impl Ask {
    /// Whether asking twice is the same as asking once.
    pub fn is_harmless(&self) -> bool {
        matches!(self, Ask::Weight | Ask::Identify)
    }

    /// The word of messages.
    pub fn word(&self) -> &'static str {
        match self {
            Ask::Weight => "weight",
            Ask::Zero => "zero",
            Ask::Tare => "tare",
            Ask::PresetTare(_) => "preset tare",
            Ask::Identify => "identify",
        }
    }
}

/// What is to be done, and what was learnt. The fields come in the order in which the driver heeds them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Readings, the oldest first. The answer to [`Ask::Weight`] is the last one of the step that ends with
    /// [`Answer::Weighed`].
    pub readings: Vec<Reading>,
    /// So many bytes belonged to nothing that this protocol knows, or to no open question.
    pub ignored: usize,
    /// Bytes to send now; also with the end of a question: an acknowledgement.
    pub send: Vec<u8>,
    /// What comes next.
    pub then: Then,
}

/// What comes after the bytes of a step were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Then {
    /// Listen on; a deadline in force stays in force.
    #[default]
    Listen,
    /// Listen so long from the moment on when the bytes of this step have left; then call
    /// [`Protocol::timed_out`]. Replaces the deadline in force.
    ListenFor(Duration),
    /// The question is answered.
    Done(Answer),
    /// There will be no answer.
    Failed(Failure),
}

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a reading, which may be a status without a weight.
    Weighed,
    /// The scale says it has done what it was told.
    Obeyed,
    /// The command was sent; this protocol has no answer to it.
    Sent,
    /// What the scale says of itself.
    Identity(String),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// Nothing came.
    #[error(
        "the scale is silent, asked {asked} times: check that it is on, the cable, and its line settings"
    )]
    Silent {
        /// How often the question was sent.
        asked: u32,
    },
    /// Bytes came, and nothing among them was an answer of this protocol.
    #[error(
        "the scale answers {ignored} bytes that are not {protocol}: check baud rate, parity and the protocol set \
         in the scale"
    )]
    Garbled {
        /// The name of the protocol.
        protocol: &'static str,
        /// How many bytes belonged to nothing.
        ignored: usize,
    },
    /// The scale can't do it at this moment; later it may.
    #[error("not now: {0}")]
    NotNow(String),
    /// The scale understood, and will not do it.
    #[error("the scale refuses: {0}")]
    Refused(String),
    /// A scale with another number answered.
    #[error(
        "a scale with number {heard} answers where {expected} was expected: set option `id` (`unit_id` on Modbus), or \
         find the cable"
    )]
    OtherScale {
        /// The number of the configuration.
        expected: u8,
        /// The number in the answer.
        heard: u8,
    },
    /// The scale stays silent until there is a new weight. Whether it is there at all can't be told.
    #[error("there is no new weight since the last one, or no scale: this protocol is silent in both cases")]
    NothingNew,
    /// The protocol has no such command.
    #[error("{protocol} has no command for {ask}")]
    Unsupported {
        /// The name of the protocol.
        protocol: &'static str,
        /// The word of the question.
        ask: &'static str,
    },
}

impl Failure {
    /// Whether something of this protocol is at the other end, though it did not do what was asked.
    pub fn is_from_scale(&self) -> bool {
        matches!(self, Failure::NotNow(_) | Failure::Refused(_) | Failure::OtherScale { .. })
    }
}

/// Who speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The scale answers questions.
    Polled,
    /// The scale sends readings all the time by itself and takes no questions.
    Streams,
}

/// Settings of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSettings {
    /// Bits per second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl LineSettings {
    /// Such as `LineSettings::new(9600, 8, Parity::None, 1)` for 9600 8N1.
    pub const fn new(baud: u32, data_bits: u8, parity: Parity, stop_bits: u8) -> Self {
        Self { baud, data_bits, parity, stop_bits }
    }
}

/// Parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parity {
    /// No parity bit.
    None,
    /// The number of ones is even.
    Even,
    /// The number of ones is odd.
    Odd,
}

/// How long a protocol waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timing {
    /// For an answer, in ms: from the last byte sent to the last byte of the answer.
    pub answer_ms: u32,
    /// For the answer to a command that the scale carries out only when the load rests, in ms.
    pub command_ms: u32,
    /// A silence so long, in ms, is the end of what was being sent.
    pub quiet_ms: u32,
    /// So often a harmless question is sent again when there was no answer.
    pub repeats: u32,
}

impl Timing {
    pub(super) fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_ms.into())
    }

    pub(super) fn command(&self) -> Duration {
        Duration::from_millis(self.command_ms.into())
    }

    pub(super) fn quiet(&self) -> Duration {
        Duration::from_millis(self.quiet_ms.into())
    }
}
