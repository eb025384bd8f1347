//! Mettler Toledo 8217 and the many scales that speak as it does (8213, checkout scanners with a scale, Ariva).
//!
//! `W` brings `02`, the weight with its point, maybe `N` for net, and CR; or, when there is no valid weight, `02 ?`, a
//! status byte and CR. Status: bit 0 in motion, 1 over capacity, 2 under zero, 3 outside the range of zero, 4 at the
//! centre of zero, 6 always 1. Bit 5 is net in one manual and always 1 in two others, so it says nothing here.
//! `Z` sets zero, `T` the tare; both bring the status. `E` makes the scale echo: `Ehello` brings `02 E CR hello`, and
//! `F` ends it.
//!
//! Sources: Mettler Toledo, *8217 service manual*; Global Industrial, *Stainless Steel Drum Scale* manual, page 25;
//! Salter Brecknell, *3700LP* manual, page 11; the open source Odoo for `E`, `F` and `T`.

use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Kind, Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

const STX: u8 = 0x02;
const CR: u8 = b'\r';
/// STX, seven of weight, `N`, CR.
const MOST: usize = 10;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "toledo-8217",
    vendor: "Mettler Toledo",
    models: "8217, 8213, Viva, Ariva, and scanners with a scale; the scale does not say its unit",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 7, Parity::Even, 1),
    other_lines: &[
        LineSettings::new(9600, 8, Parity::None, 1),
        LineSettings::new(9600, 7, Parity::Odd, 1),
        LineSettings::new(4800, 7, Parity::Even, 1),
        LineSettings::new(2400, 7, Parity::Even, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 700, command_ms: 1500, quiet_ms: 60, repeats: 2 },
    commands: Commands { zero: true, tare: true, preset_tare: false },
    build: |options| {
        let options = registry::read("toledo-8217", options)?;
        Ok(Box::new(Polled::new(Toledo { options })))
    },
};

/// Options of `toledo-8217`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The unit the scale shows, which it does not tell.
    pub unit: Unit,
}

impl Default for Options {
    fn default() -> Self {
        Self { unit: Unit::Kg }
    }
}

#[derive(Debug)]
struct Toledo {
    options: Options,
}

impl Codec for Toledo {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        match ask {
            Ask::Weight => Ok(b"W".to_vec()),
            Ask::Zero => Ok(b"Z".to_vec()),
            Ask::Tare => Ok(b"T".to_vec()),
            Ask::Identify => Ok(b"Ehello".to_vec()),
            Ask::PresetTare(_) => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        input.ignore_until(&[STX]);
        let bytes = input.bytes();
        if *ask == Ask::Identify {
            return identify(input);
        }
        let Some(end) = bytes.iter().take(MOST).position(|byte| *byte == CR) else {
            return if bytes.len() < MOST { Event::More } else { skip(input) };
        };
        match (ask, bytes.get(1..end).unwrap_or_default()) {
            (Ask::Weight, [b'?', status]) => {
                let reading = status_only(*status, bytes.get(..=end).unwrap_or_default());
                input.take(end + 1);
                Event::Reading(reading)
            }
            (Ask::Weight, shown) => {
                let raw = bytes.get(..=end).unwrap_or_default();
                match weighed(shown, self.options.unit, raw) {
                    Some(reading) => {
                        input.take(end + 1);
                        Event::Reading(reading)
                    }
                    None => skip(input),
                }
            }
            (_, [b'?', status]) => {
                let event = obeyed(ask, *status);
                input.take(end + 1);
                event
            }
            _ => skip(input),
        }
    }
}

fn skip(input: &mut Input) -> Event {
    input.ignore(1);
    Event::Skipped
}

/// An echo of `hello` can't be sent by a scale of another kind.
fn identify(input: &mut Input) -> Event {
    const ECHO: &[u8] = b"\x02E\rhello";
    let bytes = input.bytes();
    if bytes.starts_with(ECHO) {
        input.take(ECHO.len());
        return Event::Done(Answer::Identity("a scale that echoes as Mettler Toledo's 8217".into()))
            .after_sending(*b"F");
    }
    if bytes.is_empty() || ECHO.starts_with(bytes) { Event::More } else { skip(input) }
}

/// The scale sends a weight only when it is valid and at rest.
fn weighed(shown: &[u8], unit: Unit, raw: &[u8]) -> Option<Reading> {
    let (digits, net) = match shown {
        [digits @ .., b'N'] => (digits, true),
        digits => (digits, false),
    };
    if !(5..=7).contains(&digits.len()) || !digits.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let mut reading = Reading::weighed(Weight::new(text::decimal(digits)?, unit), true, raw);
    reading.kind = net.then_some(Kind::Net);
    Some(reading)
}

fn status_only(status: u8, raw: &[u8]) -> Reading {
    let is = |bit: u8| status & (1 << bit) != 0;
    Reading { overload: is(1), underload: is(2), zero: is(4), ..Reading::status(!is(0), raw) }
}

fn obeyed(ask: &Ask, status: u8) -> Event {
    let is = |bit: u8| status & (1 << bit) != 0;
    let reason = match () {
        () if is(0) => "the load is in motion",
        () if is(1) => "the scale is overloaded",
        () if is(2) && !is(4) => "the scale is under zero",
        () if *ask == Ask::Zero && is(3) && !is(4) => "the load is outside the range of zero",
        () => return Event::Done(Answer::Obeyed),
    };
    Event::Failed(Failure::NotNow(reason.into()))
}
