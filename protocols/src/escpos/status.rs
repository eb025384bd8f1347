//! What an ESC/POS printer sends back.
//!
//! Replies of several commands share one byte stream and are told apart by fixed bits (Epson,
//! *ESC/POS Command Reference*, "How to identify transmitted data"). [`Parser`] takes the stream in
//! pieces of any size.

use std::collections::VecDeque;

use super::command::RealTime;

/// Cuts the stream into events. Keeps at most one incomplete reply.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    asked: VecDeque<RealTime>,
    partial: Partial,
}

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Automatic status back: the printer's whole state.
    Asb(Status),
    /// The answer to `DLE EOT`, in the order they were asked; without a question on record, `None`.
    RealTime {
        /// What was asked.
        what: Option<RealTime>,
        /// The byte, as sent.
        byte: u8,
    },
    /// One byte, the answer to `GS r` or `GS I 1` to `GS I 3`.
    Byte(u8),
    /// A text answered to `GS I`.
    Info(String),
    /// The echo of `GS ( H`: everything sent before the id is on paper.
    ProcessId([u8; 4]),
    /// The answer to `DLE DC4 8`: the buffers are empty.
    BuffersCleared,
    /// The printer was switched on: what it had not printed is gone.
    PowerOn,
    /// The printer is being switched off.
    PowerOff,
    /// Ready for more bytes (DC1).
    Xon,
    /// Stop sending (DC3).
    Xoff,
    /// Another block of the printer: its first byte, and the rest up to NUL.
    Block(u8, Vec<u8>),
    /// A byte that is part of no reply.
    Unknown(u8),
}

/// The state of a printer, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Paper.
    pub paper: PaperState,
    /// The cover is open.
    pub cover_open: bool,
    /// It takes no data.
    pub offline: bool,
    /// The cutter is jammed.
    pub cutter_error: bool,
    /// Broken: switch off and call service.
    pub unrecoverable: bool,
    /// Too hot, or the like: goes away by itself.
    pub auto_recoverable: bool,
    /// An error that a person removes and `DLE ENQ` ends.
    pub recoverable: bool,
    /// It waits for `DLE ENQ 0` or the button to go online again.
    pub waiting: bool,
    /// Level of the drawer's sensor (connector pin 3); what it means depends on the drawer.
    pub drawer_high: bool,
    /// The feed button is being pressed.
    pub feed_button: bool,
}

/// How much paper there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PaperState {
    /// Enough.
    #[default]
    Ok,
    /// The near-end sensor sees the end of the roll.
    NearEnd,
    /// None.
    Out,
}

impl Status {
    /// Brings the state up to date with an event. `true` when something changed.
    pub fn apply(&mut self, event: &Event) -> bool {
        let before = *self;
        match *event {
            Event::Asb(status) => *self = status,
            Event::RealTime { what: Some(what), byte } => self.apply_real_time(what, byte),
            Event::PowerOn => *self = Self::default(),
            Event::PowerOff => self.offline = true,
            _ => {}
        }
        before != *self
    }

    /// Whether nothing can be printed now.
    pub fn blocked(&self) -> bool {
        self.offline
            || self.cover_open
            || self.paper == PaperState::Out
            || self.cutter_error
            || self.unrecoverable
            || self.recoverable
    }

    /// Four bytes of automatic status back (*ESC/POS Command Reference*, `GS a`).
    pub fn from_asb(bytes: [u8; 4]) -> Self {
        let [first, second, third, _] = bytes;
        let on = |byte: u8, bit: u8| byte & bit != 0;
        Self {
            drawer_high: on(first, 0x04),
            offline: on(first, 0x08),
            cover_open: on(first, 0x20),
            feed_button: on(first, 0x40) || on(second, 0x02),
            waiting: on(second, 0x01),
            recoverable: on(second, 0x04),
            cutter_error: on(second, 0x08),
            unrecoverable: on(second, 0x20),
            auto_recoverable: on(second, 0x40),
            paper: if on(third, 0x0c) {
                PaperState::Out
            } else if on(third, 0x03) {
                PaperState::NearEnd
            } else {
                PaperState::Ok
            },
        }
    }

    /// A byte of `DLE EOT` (*ESC/POS Command Reference*, `DLE EOT`).
    fn apply_real_time(&mut self, what: RealTime, byte: u8) {
        let on = |bit: u8| byte & bit != 0;
        match what {
            RealTime::Printer => {
                self.drawer_high = on(0x04);
                self.offline = on(0x08);
                self.waiting = on(0x20);
                self.feed_button = on(0x40);
            }
            RealTime::Offline => {
                self.cover_open = on(0x04);
                self.feed_button = on(0x08);
                if on(0x20) {
                    self.paper = PaperState::Out;
                }
            }
            RealTime::Error => {
                self.recoverable = on(0x04);
                self.cutter_error = on(0x08);
                self.unrecoverable = on(0x20);
                self.auto_recoverable = on(0x40);
            }
            RealTime::Paper => {
                self.paper = if on(0x60) {
                    PaperState::Out
                } else if on(0x0c) {
                    PaperState::NearEnd
                } else {
                    PaperState::Ok
                };
            }
        }
    }
}

/// The paper state in an answer to `GS r 1`.
pub fn paper_sensor(byte: u8) -> PaperState {
    if byte & 0x0c != 0 {
        PaperState::Out
    } else if byte & 0x03 != 0 {
        PaperState::NearEnd
    } else {
        PaperState::Ok
    }
}

/// A reply of which a part has come.
#[derive(Debug, Clone, Default)]
enum Partial {
    #[default]
    None,
    Asb([u8; 4], usize),
    Block(u8, Vec<u8>),
}

/// The longest block kept; longer ones are noise.
const BLOCK: usize = 255;

impl Parser {
    /// Notes that `DLE EOT` was sent, so that its answer is known for what it is.
    pub fn asked(&mut self, what: RealTime) {
        self.asked.push_back(what);
    }

    /// Forgets what was asked and what came in part: after a reconnect.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes bytes as they came; calls `event` for each complete reply.
    pub fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Event)) {
        for &byte in bytes {
            self.byte(byte, &mut event);
        }
    }

    /// Takes bytes as they came; the replies completed by them.
    pub fn events(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.feed(bytes, |event| events.push(event));
        events
    }

    fn byte(&mut self, byte: u8, event: &mut impl FnMut(Event)) {
        match std::mem::take(&mut self.partial) {
            Partial::None => self.first(byte, event),
            Partial::Asb(mut bytes, have) => {
                if byte & 0x90 != 0 {
                    // Not a part of it: a real-time reply came in between, or a byte was lost.
                    if byte & 0x93 == 0x12 || byte == 0x11 || byte == 0x13 {
                        self.partial = Partial::Asb(bytes, have);
                    } else {
                        bytes[..have].iter().for_each(|&b| event(Event::Unknown(b)));
                    }
                    return self.single(byte, event);
                }
                bytes[have] = byte;
                if have == 3 {
                    event(Event::Asb(Status::from_asb(bytes)));
                } else {
                    self.partial = Partial::Asb(bytes, have + 1);
                }
            }
            Partial::Block(header, mut text) => match byte {
                0 => event(block(header, text)),
                // Flow control and real-time replies may come at any time.
                0x01..=0x1f => {
                    self.partial = Partial::Block(header, text);
                    self.single(byte, event);
                }
                _ if text.len() >= BLOCK => {
                    event(Event::Unknown(header));
                    text.iter().for_each(|&b| event(Event::Unknown(b)));
                    self.first(byte, event);
                }
                _ => {
                    text.push(byte);
                    self.partial = Partial::Block(header, text);
                }
            },
        }
    }

    /// A byte with nothing before it.
    fn first(&mut self, byte: u8, event: &mut impl FnMut(Event)) {
        match byte {
            0x35 | 0x37 | 0x3b | 0x3d | 0x5f => self.partial = Partial::Block(byte, Vec::new()),
            _ if byte & 0x93 == 0x10 => self.partial = Partial::Asb([byte, 0, 0, 0], 1),
            _ => self.single(byte, event),
        }
    }

    /// A byte that is a reply by itself, or begins one.
    fn single(&mut self, byte: u8, event: &mut impl FnMut(Event)) {
        match byte {
            0x11 => event(Event::Xon),
            0x13 => event(Event::Xoff),
            _ if byte & 0x93 == 0x12 => event(Event::RealTime { what: self.asked.pop_front(), byte }),
            _ if byte & 0x90 == 0 => event(Event::Byte(byte)),
            _ if matches!(self.partial, Partial::None) && starts(byte) => self.first(byte, event),
            _ => event(Event::Unknown(byte)),
        }
    }
}

fn starts(byte: u8) -> bool {
    matches!(byte, 0x35 | 0x37 | 0x3b | 0x3d | 0x5f) || byte & 0x93 == 0x10
}

fn block(header: u8, text: Vec<u8>) -> Event {
    match (header, text.as_slice()) {
        (0x37, &[0x22, a, b, c, d]) => Event::ProcessId([a, b, c, d]),
        (0x37, [0x25]) => Event::BuffersCleared,
        (0x3b, [0x31]) => Event::PowerOn,
        (0x3b, [0x30]) => Event::PowerOff,
        (0x5f | 0x3d, _) => Event::Info(String::from_utf8_lossy(&text).into_owned()),
        _ => Event::Block(header, text),
    }
}

#[cfg(test)]
mod tests;
