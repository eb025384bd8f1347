//! The low level, version 2: a handshake of control bytes around frames.
//!
//! `ENQ` asks whether the other side is ready (`ACK`, or `NAK` when busy); `STX data ETX CRC`
//! follows, answered by `ACK` or `NAK`; `EOT` ends. Then the device calls the host in the same
//! way with its answer. In the data `DLE` and `ETX` have a `DLE` before them; the CRC is the XOR of
//! everything after `STX`, `ETX` included. Sources: `TAtolFRDevice` of A. N. Dokshin (protocol 3.1,
//! low level 2; tries and times), `Atol2FRProtocol` of AlexObukhoff/TerminalClient,
//! `TransportProtocolV2` of kurbatov/atol4j.
//!
//! The answer is in memory only: after five calls that nobody takes it is dropped.

use std::time::Duration;

use tokio::time::Instant;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const DLE: u8 = 0x10;
const NAK: u8 = 0x15;

/// How often the host is called.
const CALLS: u32 = 5;
/// How often a frame is sent.
const FRAMES: u32 = 10;
/// No task is longer.
const LONGEST: usize = 1024;

/// What the device sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Send {
    /// A control byte and its name.
    Control(&'static str, u8),
    /// The frame with the answer.
    Frame(Vec<u8>),
}

/// The device's side.
#[derive(Debug)]
pub(super) struct Link {
    /// How long the host's control byte is awaited.
    turn: Duration,
    state: State,
    due: Option<Instant>,
    out: Option<Send>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// The host may send its frame.
    Open,
    Body {
        data: Vec<u8>,
        sum: u8,
        masked: bool,
    },
    /// All but the CRC is here.
    Sum {
        data: Vec<u8>,
        sum: u8,
    },
    /// The frame is acknowledged; `EOT` is awaited, but nothing depends on it.
    Taken(Vec<u8>),
    /// The task is being done.
    Working,
    /// The host is called.
    Calling(Outgoing),
    /// The frame has been sent.
    Answering(Outgoing),
}

#[derive(Debug)]
struct Outgoing {
    frame: Vec<u8>,
    calls: u32,
    frames: u32,
}

/// A complete piece of what the host sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// A control byte.
    Control(&'static str),
    /// A frame, sound or not.
    Frame(Vec<u8>),
}

impl Link {
    pub fn new(turn: Duration) -> Self {
        Self { turn, state: State::Idle, due: None, out: None }
    }

    /// Takes one byte. `busy`: whether the device has no time; `refuse`: whether a sound frame is
    /// to be taken for a garbled one (asked once for each frame).
    pub fn receive(
        &mut self,
        byte: u8,
        late: bool,
        busy: bool,
        refuse: impl FnOnce() -> bool,
    ) -> Option<Heard> {
        if late && matches!(self.state, State::Body { .. } | State::Sum { .. }) {
            self.state = State::Open;
        }
        match (std::mem::take(&mut self.state), byte) {
            (State::Idle, ENQ) if busy => self.say("NAK", NAK),
            (State::Idle | State::Open, ENQ) => {
                self.state = State::Open;
                self.say("ACK", ACK);
            }
            (State::Open | State::Taken(_), STX) => {
                self.state = State::Body { data: Vec::new(), sum: 0, masked: false };
                return None;
            }
            (State::Body { data, sum, masked: false }, DLE) => {
                self.state = State::Body { data, sum: sum ^ DLE, masked: true };
                return None;
            }
            (State::Body { data, sum, masked: false }, ETX) => {
                self.state = State::Sum { data, sum: sum ^ ETX };
                return None;
            }
            (State::Body { mut data, sum, .. }, byte) => {
                data.push(byte);
                if data.len() <= LONGEST {
                    self.state = State::Body { data, sum: sum ^ byte, masked: false };
                }
                return None;
            }
            (State::Sum { data, sum }, byte) => {
                if sum == byte && !refuse() {
                    self.state = State::Taken(data.clone());
                    self.due = Some(Instant::now() + self.turn);
                    self.say("ACK", ACK);
                } else {
                    self.state = State::Open;
                    self.say("NAK", NAK);
                }
                return Some(Heard::Frame(data));
            }
            (State::Taken(data), EOT | ENQ) => {
                self.due = Some(Instant::now());
                self.state = State::Taken(data);
            }
            (State::Calling(mut outgoing), ACK) => {
                outgoing.frames += 1;
                self.out = Some(Send::Frame(outgoing.frame.clone()));
                self.due = Some(Instant::now() + self.turn);
                self.state = State::Answering(outgoing);
            }
            (State::Calling(outgoing), ENQ) => {
                // Both want to talk: the device insists, the host waits.
                self.say("ENQ", ENQ);
                self.state = State::Calling(outgoing);
            }
            (State::Answering(_), ACK) => self.end(),
            (State::Answering(mut outgoing), NAK) if outgoing.frames < FRAMES => {
                outgoing.frames += 1;
                self.out = Some(Send::Frame(outgoing.frame.clone()));
                self.due = Some(Instant::now() + self.turn);
                self.state = State::Answering(outgoing);
            }
            (State::Answering(_), NAK) => self.end(),
            (State::Answering(outgoing), ENQ) => self.call(outgoing),
            (State::Open, EOT) => {}
            (state, _) => self.state = state,
        }
        control(byte).map(Heard::Control)
    }

    /// What is to be sent, once.
    pub fn take_send(&mut self) -> Option<Send> {
        self.out.take()
    }

    /// The task to do, once the host has said all it had to say.
    pub fn take_task(&mut self, now: Instant) -> Option<Vec<u8>> {
        if !matches!(self.state, State::Taken(_)) || self.due.is_none_or(|due| due > now) {
            return None;
        }
        self.due = None;
        match std::mem::replace(&mut self.state, State::Working) {
            State::Taken(data) => Some(data),
            _ => None,
        }
    }

    /// The task is done: the host is called.
    pub fn answer(&mut self, data: &[u8]) {
        self.call(Outgoing { frame: encode(data), calls: 0, frames: 0 });
    }

    /// When the device does something by itself.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A time has come.
    pub fn tick(&mut self, now: Instant) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        match std::mem::take(&mut self.state) {
            State::Calling(outgoing) | State::Answering(outgoing) => self.call(outgoing),
            state => self.state = state,
        }
    }

    fn call(&mut self, mut outgoing: Outgoing) {
        if outgoing.calls >= CALLS {
            return self.end();
        }
        outgoing.calls += 1;
        self.say("ENQ", ENQ);
        self.due = Some(Instant::now() + self.turn);
        self.state = State::Calling(outgoing);
    }

    fn end(&mut self) {
        self.due = None;
        self.state = State::Idle;
        self.say("EOT", EOT);
    }

    fn say(&mut self, name: &'static str, byte: u8) {
        self.out = Some(Send::Control(name, byte));
    }
}

fn control(byte: u8) -> Option<&'static str> {
    match byte {
        ENQ => Some("ENQ"),
        ACK => Some("ACK"),
        NAK => Some("NAK"),
        EOT => Some("EOT"),
        _ => None,
    }
}

/// Wraps data.
fn encode(data: &[u8]) -> Vec<u8> {
    let mut out = vec![STX];
    for byte in data {
        if matches!(*byte, DLE | ETX) {
            out.push(DLE);
        }
        out.push(*byte);
    }
    out.push(ETX);
    let sum = out.iter().skip(1).fold(0, |sum, byte| sum ^ byte);
    out.push(sum);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the manual's section on the frame.
    const DATA: [u8; 7] = [0x1F, 0x00, 0xFF, 0x10, 0x02, 0x03, 0x1A];
    const FRAME: [u8; 12] = [0x02, 0x1F, 0x00, 0xFF, 0x10, 0x10, 0x02, 0x10, 0x03, 0x1A, 0x03, 0xE8];

    fn link() -> Link {
        Link::new(Duration::from_secs(60))
    }

    fn hear(link: &mut Link, bytes: &[u8]) -> Vec<Send> {
        let mut sent = Vec::new();
        for byte in bytes {
            link.receive(*byte, false, false, || false);
            sent.extend(link.take_send());
        }
        sent
    }

    #[test]
    fn the_example_of_the_manual_is_read_and_written_as_it_is() {
        assert_eq!(encode(&DATA), FRAME);
        let mut link = link();
        assert_eq!(hear(&mut link, &[ENQ]), [Send::Control("ACK", ACK)]);
        assert_eq!(hear(&mut link, &FRAME), [Send::Control("ACK", ACK)]);
        assert_eq!(hear(&mut link, &[EOT]), []);
        assert_eq!(link.take_task(Instant::now()), Some(DATA.to_vec()));
    }

    #[test]
    fn the_answer_is_called_sent_repeated_at_nak_and_ended() {
        let mut link = Link { state: State::Working, ..link() };
        link.answer(&DATA);
        assert_eq!(link.take_send(), Some(Send::Control("ENQ", ENQ)));
        assert_eq!(hear(&mut link, &[ACK]), [Send::Frame(FRAME.to_vec())]);
        assert_eq!(hear(&mut link, &[NAK]), [Send::Frame(FRAME.to_vec())]);
        assert_eq!(hear(&mut link, &[ACK]), [Send::Control("EOT", EOT)]);
        assert_eq!(link.due(), None);
    }

    #[test]
    fn an_answer_that_nobody_takes_is_dropped_after_five_calls() {
        let mut link = Link { state: State::Working, ..link() };
        link.answer(&DATA);
        let mut calls = 0;
        while let Some(due) = link.due() {
            assert_eq!(link.take_send(), Some(Send::Control("ENQ", ENQ)));
            calls += 1;
            link.tick(due);
        }
        assert_eq!(calls, 5);
        assert_eq!(link.take_send(), Some(Send::Control("EOT", EOT)));
        assert_eq!(hear(&mut link, &[ENQ]), [Send::Control("ACK", ACK)]);
    }

    #[test]
    fn a_garbled_frame_is_refused_and_a_repeated_one_taken_once() {
        let mut link = link();
        let mut garbled = FRAME;
        garbled[11] ^= 1;
        hear(&mut link, &[ENQ]);
        assert_eq!(hear(&mut link, &garbled), [Send::Control("NAK", NAK)]);
        assert_eq!(hear(&mut link, &FRAME), [Send::Control("ACK", ACK)]);
        assert_eq!(hear(&mut link, &FRAME), [Send::Control("ACK", ACK)], "our ACK was lost");
        hear(&mut link, &[EOT]);
        assert_eq!(link.take_task(Instant::now()), Some(DATA.to_vec()));
        assert_eq!(link.take_task(Instant::now()), None);
    }
}
