//! Codes and cards as lines of a serial port or a USB CDC port.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Data;

/// How a scanner frames what it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LineOptions {
    /// What ends a code.
    pub end: LineEnd,
    /// What the scanner is set to send in front of each code. A code without it was cut, and is not taken.
    pub prefix: String,
    /// What it is set to send behind each code, in front of the line end. A code without it is not taken.
    pub suffix: String,
    /// The longest code in bytes, with prefix and suffix.
    pub most: usize,
}

impl Default for LineOptions {
    fn default() -> Self {
        // More than the longest Data Matrix and half of the longest QR Code.
        Self { end: LineEnd::Any, prefix: String::new(), suffix: String::new(), most: 4096 }
    }
}

/// What ends a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnd {
    /// CR, LF or both.
    #[default]
    Any,
    /// CR.
    Cr,
    /// LF.
    Lf,
    /// CR and LF, together.
    CrLf,
    /// ETX, and STX begins it: what stands outside is passed over.
    StxEtx,
    /// Nothing: the line is quiet for a while ([`Receiver::elapsed`]).
    Silence,
}

/// What came of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A code, without prefix, suffix and line end.
    Line(Data),
    /// More bytes than a code has. They were dropped, up to the next line end.
    TooLong {
        /// How many there are at least.
        bytes: usize,
    },
    /// A line without the prefix or suffix that every code has: a part of it was lost.
    Cut {
        /// How many bytes came.
        bytes: usize,
    },
}

/// Cuts a stream of bytes into codes. Keeps at most one.
#[derive(Clone)]
pub struct Receiver {
    options: LineOptions,
    buffer: Vec<u8>,
    /// Bytes of a code that is too long.
    dropped: Option<usize>,
    /// Of [`LineEnd::StxEtx`]: whether STX has come.
    begun: bool,
}

impl Receiver {
    /// A receiver of an empty line.
    pub fn new(options: LineOptions) -> Self {
        Self { options, buffer: Vec::new(), dropped: None, begun: false }
    }

    /// Takes bytes in pieces of any size, and returns the codes that end in them.
    pub fn received(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            match (self.options.end, *byte) {
                (LineEnd::Any, b'\r' | b'\n') | (LineEnd::Cr, b'\r') | (LineEnd::Lf, b'\n') => {
                    events.extend(self.end());
                }
                (LineEnd::CrLf, b'\n') if self.buffer.last() == Some(&b'\r') => {
                    self.buffer.pop();
                    events.extend(self.end());
                }
                (LineEnd::StxEtx, STX) => {
                    // A second STX: the code before it was cut.
                    if self.begun {
                        events.push(Event::Cut { bytes: self.buffer.len() });
                    }
                    self.reset();
                    self.begun = true;
                }
                (LineEnd::StxEtx, ETX) if self.begun => events.extend(self.end()),
                (LineEnd::StxEtx, _) if !self.begun => {}
                (_, byte) => self.push(byte),
            }
        }
        events
    }

    /// The line was quiet for so long that a code has ended. What there is of one is returned as such, unless
    /// its scanner always sends a frame around it.
    pub fn elapsed(&mut self) -> Option<Event> {
        if self.options.end == LineEnd::StxEtx && self.begun {
            let bytes = self.buffer.len();
            self.reset();
            return Some(Event::Cut { bytes });
        }
        self.end()
    }

    /// Whether a code has begun and not ended: whether [`Receiver::elapsed`] is worth a timer.
    pub fn is_waiting(&self) -> bool {
        !self.buffer.is_empty() || self.dropped.is_some() || self.begun
    }

    fn push(&mut self, byte: u8) {
        match &mut self.dropped {
            Some(bytes) => {
                *bytes = bytes.saturating_add(1);
                // CR and LF must still be found.
                self.buffer.clear();
                self.buffer.push(byte);
            }
            None if self.buffer.len() >= self.options.most => {
                self.dropped = Some(self.buffer.len() + 1);
                self.buffer = vec![byte];
            }
            None => self.buffer.push(byte),
        }
    }

    fn end(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.buffer);
        let dropped = self.dropped;
        self.reset();
        match dropped {
            Some(bytes) => Some(Event::TooLong { bytes }),
            None if line.is_empty() => None,
            None => Some(self.framed(&line)),
        }
    }

    fn framed(&self, line: &[u8]) -> Event {
        let (prefix, suffix) = (self.options.prefix.as_bytes(), self.options.suffix.as_bytes());
        match line.strip_prefix(prefix).and_then(|line| line.strip_suffix(suffix)) {
            Some(code) => Event::Line(code.into()),
            None => Event::Cut { bytes: line.len() },
        }
    }

    fn reset(&mut self) {
        self.buffer.clear();
        self.dropped = None;
        self.begun = false;
    }
}

/// Half a card's track could not be masked: of what waits only the length is shown.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("options", &self.options)
            .field("waiting", &self.buffer.len())
            .finish()
    }
}

const STX: u8 = 2;
const ETX: u8 = 3;
