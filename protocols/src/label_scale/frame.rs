//! Messages as they travel.

use thiserror::Error;

/// Begins a message.
const STX: u8 = 0x02;
/// Begins a message in synchronisation mode, which is not used here: it is for commands that do more when sent twice.
const STE: u8 = 0x03;
/// Ready for a command.
const ACK: u8 = 0x06;
/// Held by another host.
const BUSY: u8 = 0x0B;
/// Not a message now.
const NAK: u8 = 0x15;
/// The length that stands for all that one byte can't hold.
const LONG: u8 = 0xFF;
/// Longest message that is taken over TCP.
const LONGEST: usize = 64 << 10;

/// What carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Shtrih-Print: each in a datagram, without a checksum.
    Udp,
    /// Mertech: each behind its length in four bytes, the lowest first.
    Tcp,
}

impl Carrier {
    /// A message: STX, the length of the rest (FF when it is over 254), the rest.
    pub(super) fn message(self, body: &[u8]) -> Vec<u8> {
        let declared = u8::try_from(body.len()).unwrap_or(LONG);
        let mut message = Vec::with_capacity(body.len() + 6);
        if self == Self::Tcp {
            let length = u32::try_from(body.len() + 2).unwrap_or(u32::MAX);
            message.extend(length.to_le_bytes());
        }
        message.extend([STX, declared]);
        message.extend(body);
        message
    }
}

/// What a scale has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// An answer, not yet known to be that of a certain command.
    Answer(Vec<u8>),
    /// ACK: it waits for a command.
    Ready,
    /// NAK: it took the message for none, or waits for the end of another host's synchronisation.
    NotReady,
    /// BUSY: another host holds it by synchronisation.
    Held {
        /// The host's address, IPv4.
        address: [u8; 4],
        /// Its UDP port. Of its two bytes the document does not say which is first: the lowest, as of all numbers.
        port: u16,
    },
}

/// Bytes that are no message of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Garbled {
    /// It begins with something else.
    #[error("it begins with {0:02X}, which begins no message of a label scale")]
    Start(u8),
    /// There is less, or more, than it says.
    #[error("it says that {declared} bytes follow, and there are {there}")]
    Length {
        /// As declared.
        declared: usize,
        /// As found.
        there: usize,
    },
    /// It has no code or no result.
    #[error("it is too short for an answer")]
    Short,
    /// It answers another command.
    #[error("it answers the command {0:02X}h, which was not asked")]
    Other(u8),
}

impl Incoming {
    /// Reads a datagram.
    ///
    /// # Errors
    /// [`Garbled`], with what is wrong.
    pub fn datagram(bytes: &[u8]) -> Result<Self, Garbled> {
        match bytes {
            [ACK] => Ok(Self::Ready),
            [NAK] => Ok(Self::NotReady),
            // The document's order of the address: second, first, fourth, third byte.
            [BUSY, second, first, fourth, third, low, high] => Ok(Self::Held {
                address: [*first, *second, *third, *fourth],
                port: u16::from_le_bytes([*low, *high]),
            }),
            _ => Self::message(bytes),
        }
    }

    fn message(bytes: &[u8]) -> Result<Self, Garbled> {
        match bytes {
            [STX | STE, declared, body @ ..] => {
                if *declared != LONG && usize::from(*declared) != body.len() {
                    return Err(Garbled::Length { declared: (*declared).into(), there: body.len() });
                }
                if body.len() < 2 {
                    return Err(Garbled::Short);
                }
                Ok(Self::Answer(body.to_vec()))
            }
            [first, ..] if !matches!(first, &(STX | STE)) => Err(Garbled::Start(*first)),
            _ => Err(Garbled::Short),
        }
    }
}

/// An answer to a certain command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 0: none; see [`words`](super::words).
    pub error: u8,
    /// What follows.
    pub data: Vec<u8>,
}

impl Answer {
    /// Takes an answer apart that has to be the one to this command.
    ///
    /// # Errors
    /// [`Garbled`] where it is another's, or cut.
    pub fn to(code: &[u8], body: &[u8]) -> Result<Self, Garbled> {
        let Some(rest) = body.strip_prefix(code) else {
            return match (code, body) {
                // A scale without codes of two bytes takes FF for the whole code, and refuses it.
                ([LONG, _], [LONG, error]) if *error != 0 => Ok(Self { error: *error, data: Vec::new() }),
                (_, [first, ..]) => Err(Garbled::Other(*first)),
                (_, []) => Err(Garbled::Short),
            };
        };
        let (error, data) = rest.split_first().ok_or(Garbled::Short)?;
        Ok(Self { error: *error, data: data.to_vec() })
    }

    /// Two bytes as a number, the lowest first.
    pub fn number(&self) -> Option<u16> {
        match self.data[..] {
            [low, high] => Some(u16::from_le_bytes([low, high])),
            _ => None,
        }
    }
}

/// Parts the bytes of a TCP connection into messages.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Takes bytes as they come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes that belong to no whole message yet.
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next whole message; `None` while one is under way.
    ///
    /// The document has the length in front of commands and says nothing of answers: both are taken. A length that
    /// is none begins the message itself, as no scale answers 64 kB.
    ///
    /// # Errors
    /// [`Garbled`]: where the next message begins is not known any more.
    pub fn next_message(&mut self) -> Result<Option<Incoming>, Garbled> {
        let Some(front) = self.bytes.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*front)).unwrap_or(usize::MAX);
        let (from, to) = if length <= LONGEST {
            (4, 4 + length)
        } else {
            match front {
                [STX, declared, ..] if *declared != LONG => (0, 2 + usize::from(*declared)),
                [first, ..] => return Err(Garbled::Start(*first)),
            }
        };
        let Some(message) = self.bytes.get(from..to) else { return Ok(None) };
        let incoming = Incoming::message(message)?;
        self.bytes.drain(..to);
        Ok(Some(incoming))
    }
}
