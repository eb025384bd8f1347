//! Adam Equipment: `P` prints, `Z` sets zero, `T` takes the tare, each with CR LF.
//!
//! What `P` brings is meant for paper and differs by model: `  1.550kg`, `GROSS   123.45 g`, `NET`, `Gross Wt 1.234 Kg`,
//! `G/W + 2.00 kg`, among lines with date, number and totals. The line of the weight is the first that is a number with
//! a unit, alone or behind one of these words. Zero and tare are not answered.
//!
//! AZextra and its relatives stay silent until there is a new weight that is not 0: whether the scale is there can't
//! be told then. No print says whether the load rested; scales print when it does, and where that is not certain
//! option `assume_stable` is turned off.
//!
//! Sources: Adam Equipment, *Highland Series* manual, pages 27 and 29; *CBC Series* manual, page 18; *CPWplus* manual,
//! page 16. From third parties: the silence, and 4800 or 9600 baud.

use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Kind, Reading};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

/// The longest line that is waited for.
const MOST_LINE: usize = 80;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "adam",
    vendor: "Adam Equipment",
    models: "AZextra, Highland, CBC, CBK, CPWplus; in the scale: label format 3 or the short one",
    mode: Mode::Polled,
    line: LineSettings::new(4800, 8, Parity::None, 1),
    other_lines: &[LineSettings::new(9600, 8, Parity::None, 1)],
    tcp_port: None,
    timing: Timing { answer_ms: 1500, command_ms: 500, quiet_ms: 100, repeats: 0 },
    commands: Commands { zero: true, tare: true, preset_tare: false },
    build: |options| {
        let options = registry::read("adam", options)?;
        Ok(Box::new(Polled::new(Adam { options })))
    },
};

/// Options of `adam`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether what the scale prints counts as a load at rest.
    pub assume_stable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { assume_stable: true }
    }
}

#[derive(Debug)]
struct Adam {
    options: Options,
}

impl Codec for Adam {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        match ask {
            Ask::Weight | Ask::Identify => Ok(b"P\r\n".to_vec()),
            Ask::Zero => Ok(b"Z\r\n".to_vec()),
            Ask::Tare => Ok(b"T\r\n".to_vec()),
            Ask::PresetTare(_) => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let bytes = input.bytes();
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            if bytes.len() > MOST_LINE {
                input.clear();
            }
            return Event::More;
        };
        let line = bytes.get(..end).unwrap_or_default().to_vec();
        match (reading(&line, self.options.assume_stable), ask) {
            (Some(reading), Ask::Weight) => {
                input.take(end + 1);
                Event::Reading(reading)
            }
            (Some(_), Ask::Identify) => {
                input.take(end + 1);
                Event::Done(Answer::Identity("a scale that prints as Adam's do".into()))
            }
            _ => {
                input.ignore(end + 1);
                Event::Skipped
            }
        }
    }

    fn silent(&self, ask: &Ask, asked: u32) -> Failure {
        match ask {
            Ask::Weight => Failure::NothingNew,
            _ => Failure::Silent { asked },
        }
    }

    fn done_by_silence(&self, ask: &Ask) -> Option<Answer> {
        (!ask.is_harmless()).then_some(Answer::Sent)
    }
}

/// Words before the number of a weight.
const WORDS: [(&[u8], Option<Kind>); 9] = [
    (b"GROSS WT.", Some(Kind::Gross)),
    (b"GROSS WT", Some(Kind::Gross)),
    (b"GROSS", Some(Kind::Gross)),
    (b"NET WT.", Some(Kind::Net)),
    (b"NET WT", Some(Kind::Net)),
    (b"NET", Some(Kind::Net)),
    (b"G/W", Some(Kind::Gross)),
    (b"N/W", Some(Kind::Net)),
    (b"", None),
];

fn reading(line: &[u8], stable: bool) -> Option<Reading> {
    let shown = line.trim_ascii();
    WORDS.iter().find_map(|(word, kind)| {
        let (head, rest) = shown.split_at_checked(word.len())?;
        if !head.eq_ignore_ascii_case(word) {
            return None;
        }
        // `.550kg` is what is left of `1.550kg` when its beginning was lost.
        let weight = text::weight(rest).filter(|_| !rest.trim_ascii().starts_with(b"."))?;
        Some(Reading { kind: *kind, ..Reading::weighed(weight, stable, line) })
    })
}
