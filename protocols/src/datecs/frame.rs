//! Frames: what carries a command to the register and its answer back.

use thiserror::Error;

use super::status::Status;
use super::{narrow, wide};

/// The host asks the register to send its frame again (*X manual*, "Non-wrapped messages").
pub const NAK: u8 = 0x15;
/// The register is busy with the command; sent every 60 ms.
pub const SYN: u8 = 0x16;

pub(super) const PREAMBLE: u8 = 0x01;
pub(super) const TERMINATOR: u8 = 0x03;
pub(super) const SEPARATOR: u8 = 0x04;
pub(super) const POSTAMBLE: u8 = 0x05;

/// Which of the two frames a register speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Length and command of four digits each, eight status bytes: models X, MX and the Romanian firmware.
    Wide,
    /// Length and command of one byte each, six status bytes: models P and C.
    Narrow,
}

impl Framing {
    /// The lowest sequence number.
    pub const FIRST_SEQ: u8 = 0x20;

    /// The highest sequence number: FF, or 7F in the narrow frame.
    pub fn last_seq(self) -> u8 {
        match self {
            Framing::Wide => 0xff,
            Framing::Narrow => 0x7f,
        }
    }

    /// The sequence number after this one, whatever this one is.
    pub fn next_seq(self, seq: u8) -> u8 {
        if (Self::FIRST_SEQ..self.last_seq()).contains(&seq) { seq + 1 } else { Self::FIRST_SEQ }
    }

    /// How many status bytes an answer has.
    pub fn status_length(self) -> usize {
        match self {
            Framing::Wide => 8,
            Framing::Narrow => 6,
        }
    }

    pub(super) fn scan(self, bytes: &[u8]) -> Scan<'_> {
        match self {
            Framing::Wide => wide::scan(bytes),
            Framing::Narrow => narrow::scan(bytes),
        }
    }
}

/// Why bytes are not a frame, or can't become one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The sequence number is outside what the frame can carry.
    #[error("sequence number {seq:#04x} is outside 0x20 to {last:#04x}; take the next one of this framing")]
    Seq {
        /// The number asked for.
        seq: u8,
        /// The highest there is.
        last: u8,
    },
    /// The command's number is outside what the frame can carry.
    #[error("command {number} does not fit this framing: at most {last}; check the dialect")]
    Number {
        /// The command.
        number: u16,
        /// The highest there is.
        last: u16,
    },
    /// The data is longer than a register reads.
    #[error("{length} bytes of data do not fit a frame: at most {limit}; send less")]
    TooLong {
        /// Bytes of data.
        length: usize,
        /// Bytes a frame takes.
        limit: usize,
    },
    /// The data has a byte that means something to the frame.
    #[error("byte {byte:#04x} at {position} of the data would break the frame; remove it")]
    Byte {
        /// The byte.
        byte: u8,
        /// Where in the data, from 0.
        position: usize,
    },
    /// The bytes are no complete frame of a host.
    #[error(
        "these bytes are no whole {framing:?} frame of a host; the record is damaged or of another dialect"
    )]
    NotAFrame {
        /// What was expected.
        framing: Framing,
    },
}

/// Most bytes of data that a host sends (*X manual*, "Wrapped messages"; the same in the *P manual*).
pub const MOST_DATA: usize = 213;

/// A frame of the host, ready to be kept on disk and sent, any number of times, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    framing: Framing,
    seq: u8,
    number: u16,
    bytes: Vec<u8>,
}

impl Frame {
    /// A command under a sequence number. `data` is what stands between CMD and 05: bytes 20 to FF, TAB
    /// and LF, at most [`MOST_DATA`].
    pub fn new(framing: Framing, seq: u8, number: u16, data: &[u8]) -> Result<Self, FrameError> {
        let last = framing.last_seq();
        if !(Framing::FIRST_SEQ..=last).contains(&seq) {
            return Err(FrameError::Seq { seq, last });
        }
        if data.len() > MOST_DATA {
            return Err(FrameError::TooLong { length: data.len(), limit: MOST_DATA });
        }
        if let Some(position) = data.iter().position(|b| *b < 0x20 && !matches!(*b, b'\t' | b'\n')) {
            return Err(FrameError::Byte { byte: data[position], position });
        }
        let bytes = match framing {
            Framing::Wide => wide::encode(seq, number, data),
            Framing::Narrow => narrow::encode(seq, number, data)?,
        };
        Ok(Self { framing, seq, number, bytes })
    }

    /// The frame of bytes that [`Frame::bytes`] gave earlier.
    pub fn restore(framing: Framing, bytes: &[u8]) -> Result<Self, FrameError> {
        match framing.scan(bytes) {
            Scan::Whole { parts, length } if length == bytes.len() => {
                let frame = Self::new(framing, parts.seq, parts.number, parts.body)?;
                if frame.bytes == bytes { Ok(frame) } else { Err(FrameError::NotAFrame { framing }) }
            }
            _ => Err(FrameError::NotAFrame { framing }),
        }
    }

    /// All bytes, from 01 to 03.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The sequence number.
    pub fn seq(&self) -> u8 {
        self.seq
    }

    /// The command's number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Which frame it is.
    pub fn framing(&self) -> Framing {
        self.framing
    }
}

/// A frame of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The sequence number of the frame it answers.
    pub seq: u8,
    /// The command it answers.
    pub number: u16,
    /// What stands between CMD and 04.
    pub data: Vec<u8>,
    /// The state of the register.
    pub status: Status,
}

/// What the register sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It is busy with the command.
    Busy,
    /// It did not understand the frame.
    Nak,
    /// It answered.
    Reply(Reply),
    /// A byte that is part of nothing.
    Noise(u8),
}

/// Cuts the bytes of a register into events, in pieces of any size.
#[derive(Debug, Clone)]
pub struct Reader {
    framing: Framing,
    pending: Vec<u8>,
}

impl Reader {
    /// A reader at the start of a link.
    pub fn new(framing: Framing) -> Self {
        Self { framing, pending: Vec::new() }
    }

    /// Whether a frame has begun and not ended.
    pub fn in_frame(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes bytes as they came; calls `event` for each thing completed by them.
    pub fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Event)) {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest) = self.pending.get(at..).filter(|rest| !rest.is_empty()) {
            match self.next(rest) {
                Some((length, found)) => {
                    at += length;
                    event(found);
                }
                None => break,
            }
        }
        self.pending.drain(..at);
    }

    /// The first event in `rest`, and how many bytes it took; `None` while it is incomplete.
    fn next(&self, rest: &[u8]) -> Option<(usize, Event)> {
        let first = *rest.first()?;
        match first {
            SYN => Some((1, Event::Busy)),
            NAK => Some((1, Event::Nak)),
            PREAMBLE => match self.framing.scan(rest) {
                Scan::More => None,
                Scan::Whole { parts, length } => match self.reply(&parts) {
                    Some(reply) => Some((length, Event::Reply(reply))),
                    None => Some((1, Event::Noise(first))),
                },
                // Perhaps only this byte was noise: what follows is looked at afresh.
                Scan::Broken => Some((1, Event::Noise(first))),
            },
            _ => Some((1, Event::Noise(first))),
        }
    }

    fn reply(&self, parts: &Parts<'_>) -> Option<Reply> {
        let at = parts.body.len().checked_sub(self.framing.status_length() + 1)?;
        let (data, rest) = parts.body.split_at_checked(at)?;
        let status = match rest.split_first()? {
            (&SEPARATOR, status) => Status::new(status)?,
            _ => return None,
        };
        Some(Reply { seq: parts.seq, number: parts.number, data: data.to_vec(), status })
    }
}

/// What bytes that begin with 01 are.
pub(super) enum Scan<'a> {
    /// The beginning of a frame.
    More,
    /// A frame of `length` bytes whose checksum is right.
    Whole { parts: Parts<'a>, length: usize },
    /// No frame, whatever comes.
    Broken,
}

/// A frame taken apart.
pub(super) struct Parts<'a> {
    pub seq: u8,
    pub number: u16,
    /// Between CMD and 05.
    pub body: &'a [u8],
}

/// Most bytes between CMD and 05 that are believed; a register sends 218 and its status.
pub(super) const MOST_BODY: usize = 1024;

/// What follows the length: `head` bytes up to the end of CMD, then the body, 05, checksum, 03.
/// `until_postamble` counts the bytes from after 01 to 05, both the length field and 05 included.
pub(super) fn scan_tail(bytes: &[u8], until_postamble: usize, head: usize) -> Scan<'_> {
    let body_end = until_postamble;
    let length = until_postamble + 6;
    let Some(present) = bytes.get(head..body_end.min(bytes.len())) else { return Scan::More };
    // These begin or end something: the frame was cut short.
    if present.iter().any(|b| matches!(*b, PREAMBLE | TERMINATOR | POSTAMBLE | NAK | SYN)) {
        return Scan::Broken;
    }
    if bytes.get(body_end).is_some_and(|b| *b != POSTAMBLE) {
        return Scan::Broken;
    }
    let Some(tail) = bytes.get(body_end + 1..length) else { return Scan::More };
    let Some((digits, &[TERMINATOR])) = tail.split_at_checked(4) else { return Scan::Broken };
    let summed = bytes.get(1..=body_end).unwrap_or_default();
    if undigits(digits) != Some(sum(summed)) {
        return Scan::Broken;
    }
    Scan::Whole { parts: Parts { seq: 0, number: 0, body: present }, length }
}

/// The checksum: the sum of all bytes from LEN to 05 (*X manual*, "Wrapped messages").
pub(super) fn sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |sum, byte| sum.wrapping_add(u16::from(*byte)))
}

/// Four digits, each 30h and a nibble, so that A to F are `:` to `?`.
pub(super) fn digits(number: u16) -> [u8; 4] {
    [12, 8, 4, 0].map(|shift| 0x30 + ((number >> shift) & 0x0f) as u8)
}

/// The number of four digits.
pub(super) fn undigits(digits: &[u8]) -> Option<u16> {
    let digits: [u8; 4] = digits.try_into().ok()?;
    digits.iter().try_fold(0u16, |number, digit| {
        (0x30..=0x3f).contains(digit).then_some((number << 4) | u16::from(digit & 0x0f))
    })
}
