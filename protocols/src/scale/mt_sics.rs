//! MT-SICS, levels 0 and 1: lines of text that end with CR LF.
//!
//! | sent | answered |
//! |---|---|
//! | `SI` weight at once, `S` when stable | `S S   1.550 kg`, `S D ...` in motion, `S I` not now, `S +` over, `S -` under |
//! | `Z` zero, `T` tare | `Z A`, `T S   0.100 kg`; `I`, `+`, `-` as above |
//! | `TA 0.100 kg` preset tare, `TAC` no tare | `TA A   0.100 kg`, `TAC A`; `I`, `L` value refused |
//! | `I2` what it is | `I2 A "..."` |
//!
//! `ES` is an unknown command, `ET` a line that arrived broken, `EL` a command that can't be carried out.
//!
//! Sources: Mettler Toledo, *MT-SICS Reference Manual*, 11780711, sections 3.2 and 4.1 to 4.2; *AL-IC operating
//! instructions*, page 72. From third parties: some scales answer `SI` by `SI S ...`, or `ZI S` and `ZI D`, and one
//! maker writes `Kg` with fewer blanks.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

/// The longest line that is waited for.
const MOST_LINE: usize = 200;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "mt-sics",
    vendor: "Mettler Toledo",
    models: "bPlus, Viva, IND, ICS, laboratory balances, and compatible scales of Ohaus, B-TEK and others",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 8, Parity::None, 1),
    other_lines: &[
        LineSettings::new(9600, 7, Parity::Even, 1),
        LineSettings::new(2400, 7, Parity::Even, 1),
        LineSettings::new(19200, 8, Parity::None, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 1000, command_ms: 10_000, quiet_ms: 60, repeats: 2 },
    commands: Commands::ALL,
    build: |options| {
        let options = registry::read("mt-sics", options)?;
        Ok(Box::new(Polled::new(MtSics { options })))
    },
};

/// Options of `mt-sics`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The unit of tares that are sent; the scale takes only its own.
    pub tare_unit: Unit,
}

impl Default for Options {
    fn default() -> Self {
        Self { tare_unit: Unit::Kg }
    }
}

#[derive(Debug)]
struct MtSics {
    options: Options,
}

impl Codec for MtSics {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        Ok(match ask {
            Ask::Weight => b"SI\r\n".to_vec(),
            Ask::Zero => b"Z\r\n".to_vec(),
            Ask::Tare => b"T\r\n".to_vec(),
            Ask::PresetTare(kg) if kg.is_zero() => b"TAC\r\n".to_vec(),
            Ask::PresetTare(kg) => {
                let value = in_unit(*kg, self.options.tare_unit)?;
                format!("TA {value} {}\r\n", self.options.tare_unit.word()).into_bytes()
            }
            Ask::Identify => b"I2\r\n".to_vec(),
        })
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let bytes = input.bytes();
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            if bytes.len() > MOST_LINE {
                input.clear();
            }
            return Event::More;
        };
        let line = bytes.get(..=end).unwrap_or_default().to_vec();
        let event = answer(ask, &line);
        if matches!(event, Event::Skipped) {
            input.ignore(end + 1);
        } else {
            input.take(end + 1);
        }
        event
    }
}

fn answer(ask: &Ask, raw: &[u8]) -> Event {
    let line = raw.strip_suffix(b"\n").unwrap_or(raw);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (command, rest) = word(line);
    match (command, rest) {
        (b"ES", []) if *ask == Ask::Identify => return identity(""),
        (b"ES", []) => return Event::Failed(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        (b"ET", []) => {
            return Event::Again(Failure::Refused(
                "what was sent arrives broken: check the line settings".into(),
            ));
        }
        (b"EL", []) => return Event::Failed(Failure::Refused("the scale can't carry it out (EL)".into())),
        _ => {}
    }
    let (state, rest) = word(rest);
    match (ask, command, state) {
        (Ask::Weight, b"S" | b"SI", b"S" | b"D") => weight(rest, state == b"S", raw),
        (Ask::Weight, b"S" | b"SI", b"+") => Event::Reading(Reading::overloaded(raw)),
        (Ask::Weight, b"S" | b"SI", b"-") => Event::Reading(Reading::underloaded(raw)),
        (Ask::Weight, b"S" | b"SI", b"I") => not_now("the scale is busy, or did not come to rest"),
        (Ask::Zero, b"Z", b"A") | (Ask::Zero, b"ZI", b"S" | b"D") => Event::Done(Answer::Obeyed),
        (Ask::Tare, b"T" | b"TI", b"S" | b"D") => Event::Done(Answer::Obeyed),
        (Ask::PresetTare(kg), b"TAC", b"A") if kg.is_zero() => Event::Done(Answer::Obeyed),
        (Ask::PresetTare(kg), b"TA", b"A") if !kg.is_zero() => Event::Done(Answer::Obeyed),
        (Ask::Zero, b"Z" | b"ZI", state)
        | (Ask::Tare, b"T" | b"TI", state)
        | (Ask::PresetTare(_), b"TA" | b"TAC", state) => match state {
            b"I" => not_now("the scale is busy, or did not come to rest"),
            b"+" => not_now("the load is above the range of this command"),
            b"-" => not_now("the load is below the range of this command"),
            b"L" => {
                Event::Failed(Failure::Refused("the value does not suit the scale: its unit or size".into()))
            }
            _ => Event::Skipped,
        },
        (Ask::Identify, b"I2", b"A") => identity(&text::readable(rest)),
        (Ask::Identify, b"I2", b"I") => not_now("the scale is busy"),
        // The late answer to another question, or what a scale says when it is switched on.
        _ => Event::Skipped,
    }
}

fn not_now(reason: &str) -> Event {
    Event::Failed(Failure::NotNow(reason.into()))
}

fn identity(text: &str) -> Event {
    Event::Done(Answer::Identity(format!("MT-SICS: {}", text.trim().trim_matches('"'))))
}

fn weight(rest: &[u8], stable: bool, raw: &[u8]) -> Event {
    if let Some(weight) = text::weight(rest) {
        return Event::Reading(Reading::weighed(weight, stable, raw));
    }
    match rest.trim_ascii() {
        // Scales with a fault send it in the place of the weight.
        error if error.starts_with(b"Error") => Event::Reading(Reading::faulty(text::readable(error), raw)),
        _ => Event::Skipped,
    }
}

/// The first word, and what follows it without blanks in front.
fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim_ascii())
}

fn in_unit(kg: Decimal, unit: Unit) -> Result<Decimal, Failure> {
    let factor = match unit {
        Unit::Kg => Decimal::ONE,
        Unit::G => Decimal::from(1000),
        _ => return Err(Failure::Refused(format!("a tare can't be sent in {}; set kg or g", unit.word()))),
    };
    let value = kg.checked_mul(factor).filter(|value| !value.is_sign_negative());
    value.ok_or_else(|| Failure::Refused(format!("{} is no tare", Weight::new(kg, Unit::Kg))))
}
