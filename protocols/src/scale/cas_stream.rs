//! The 22 bytes that CAS indicators (CI, NT, PDS, CAS-stream mode of others) send all the time.
//!
//! `ST` stable, `US` unstable or `OL` overload; `,`; `GS` gross or `NT` net; `,`; one byte device number; one byte
//! lamps; `,`; eight characters of weight; a blank; two of unit; CR LF. Number and lamps stand side by side without
//! a comma. Lamps: bit 7 always 1, 6 stable, 5 differs by model, 4 hold, 3 printer, 2 gross, 1 tare, 0 zero.
//!
//! Sources: CAS, *CI-600D Series* manual, section 10-1; *CI-400 Series* manual, appendix 1; *NT-200 Series* manual,
//! section 14. There is no checksum: a frame counts only when every byte is where it belongs.

use serde::Deserialize;

use super::exchange::Input;
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Protocol, Step, Then, Timing};
use super::reading::{Kind, Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

const LENGTH: usize = 22;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "cas-stream",
    vendor: "CAS",
    models: "indicators CI, NT, PDS, BI and others; in the indicator: stream mode, format CAS 22 bytes",
    mode: Mode::Streams,
    line: LineSettings::new(9600, 8, Parity::None, 1),
    other_lines: &[
        LineSettings::new(4800, 8, Parity::None, 1),
        LineSettings::new(19200, 8, Parity::None, 1),
        LineSettings::new(2400, 8, Parity::None, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 2000, command_ms: 2000, quiet_ms: 60, repeats: 0 },
    commands: Commands::NONE,
    build: |options| {
        let Options { id } = registry::read("cas-stream", options)?;
        Ok(Box::new(CasStream { id, input: Input::default(), open: None }))
    },
};

/// Options of `cas-stream`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The device number set in the indicator, as its one byte: 49 (`1`) for number 1, 61 (`=`) for number 13.
    /// Without it, frames of every number are taken.
    pub id: Option<u8>,
}

#[derive(Debug)]
struct CasStream {
    id: Option<u8>,
    input: Input,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    ask: Ask,
    ignored: usize,
    other: Option<u8>,
}

impl Protocol for CasStream {
    fn start(&mut self, ask: &Ask) -> Step {
        self.input.clear();
        let ignored = self.input.take_ignored();
        if !ask.is_harmless() {
            let failure = Failure::Unsupported { protocol: INFO.name, ask: ask.word() };
            return Step { ignored, then: Then::Failed(failure), ..Step::default() };
        }
        self.open = Some(Open { ask: ask.clone(), ignored: 0, other: None });
        Step { ignored, then: Then::ListenFor(INFO.timing.answer()), ..Step::default() }
    }

    fn received(&mut self, bytes: &[u8]) -> Step {
        let mut step = Step::default();
        self.input.push(bytes);
        while let Some(frame) = next_frame(&mut self.input) {
            match (self.id, frame) {
                (Some(expected), Frame { id, .. }) if id != expected => {
                    step.ignored += LENGTH;
                    if let Some(open) = &mut self.open {
                        open.other = Some(id);
                    }
                }
                (_, Frame { reading, .. }) => step.readings.push(reading),
            }
        }
        let dropped = self.input.take_ignored();
        step.ignored += dropped;
        if let Some(open) = &mut self.open {
            open.ignored = open.ignored.saturating_add(dropped);
        }
        if !step.readings.is_empty()
            && let Some(open) = self.open.take()
        {
            step.then = Then::Done(match open.ask {
                Ask::Identify => Answer::Identity("an indicator that streams as CAS does".into()),
                _ => Answer::Weighed,
            });
        }
        step
    }

    fn timed_out(&mut self) -> Step {
        let Some(open) = self.open.take() else { return Step::default() };
        let ignored = open.ignored + self.input.bytes().len();
        let failure = match (self.id, open.other) {
            (Some(expected), Some(heard)) => Failure::OtherScale { expected, heard },
            _ if ignored > 0 => Failure::Garbled { protocol: INFO.name, ignored },
            _ => Failure::Silent { asked: 1 },
        };
        Step { then: Then::Failed(failure), ..Step::default() }
    }
}

struct Frame {
    id: u8,
    reading: Reading,
}

/// Takes the next frame off, and what stands before it.
fn next_frame(input: &mut Input) -> Option<Frame> {
    loop {
        let bytes = input.bytes();
        let start = (0..bytes.len()).find(|at| bytes.get(*at..).is_some_and(may_begin));
        input.ignore(start.unwrap_or(bytes.len()));
        let Some(raw) = input.bytes().get(..LENGTH) else {
            // All that is left may be the beginning of a frame.
            return None;
        };
        match frame(raw) {
            Some(frame) => {
                input.take(LENGTH);
                return Some(frame);
            }
            None => input.ignore(1),
        }
    }
}

/// Whether these bytes, as many as there are, stand where a frame has them.
fn may_begin(bytes: &[u8]) -> bool {
    let begins = |at: usize, words: &[&[u8; 2]]| {
        let heard = bytes.get(at..).unwrap_or_default();
        words.iter().any(|word| heard.iter().zip(word.iter()).all(|(a, b)| a == b))
    };
    let is = |at: usize, byte: u8| bytes.get(at).is_none_or(|heard| *heard == byte);
    begins(0, &[b"ST", b"US", b"OL"])
        && is(2, b',')
        && begins(3, &[b"GS", b"NT"])
        && is(5, b',')
        && bytes.get(7).is_none_or(|lamps| lamps & 0x80 != 0)
        && is(8, b',')
        && is(17, b' ')
        && is(20, b'\r')
        && is(21, b'\n')
}

fn frame(raw: &[u8]) -> Option<Frame> {
    let lamps = *raw.get(7)?;
    let mut reading = if raw.starts_with(b"OL") {
        Reading::overloaded(raw)
    } else {
        let value = text::decimal(raw.get(9..17)?)?;
        let unit = Unit::from_ascii(raw.get(18..20)?.trim_ascii())?;
        // Word and lamp should agree; where they don't, the load is taken to be in motion.
        let stable = raw.starts_with(b"ST") && lamps & 0x40 != 0;
        Reading::weighed(Weight::new(value, unit), stable, raw)
    };
    reading.kind = Some(if raw.get(3..5)? == b"NT" { Kind::Net } else { Kind::Gross });
    reading.zero = lamps & 0x01 != 0 && !reading.overload;
    Some(Frame { id: *raw.get(6)?, reading })
}
