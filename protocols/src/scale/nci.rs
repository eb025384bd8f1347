//! NCI, also called Weigh-Tronix SCP-01: questions of one letter and CR.
//!
//! `W` brings LF, the weight with its unit, CR, LF, the status bytes, CR, ETX; the weight is left out, or is `^^^^^^`
//! above the range, `______` below it and `------` after a failed zero, when there is none. `S` brings the status,
//! `Z` sets zero, `T` the tare; both bring the status. `LF ? CR ETX` is an unknown command. Some scales put an `S`
//! before the status bytes.
//!
//! Status, first byte: bit 0 in motion, 1 at zero, 2 RAM error, 3 EEPROM error. Second: bit 0 under, 1 over, 2 ROM error,
//! 3 calibration lost, 6 another byte follows. Third: bit 2 net, 3 zero failed when it was switched on. Bits 4 and 5
//! are always 1, and bit 6 of the first byte always 0.
//!
//! Sources: NCI, *6702* manual, page 14; Avery Weigh-Tronix, *7821* manual, section 6.3; CAS, *CI-100A* manual,
//! page 38, and Adam, *MDW* manual, section 8.5.3, for the third byte and `T`; Mettler Toledo, *DIVA service manual*,
//! page 35, for the `S`.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Kind, Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

const LF: u8 = b'\n';
const CR: u8 = b'\r';
const ETX: u8 = 0x03;
/// The longest answer: a weight in pounds and ounces, and six status bytes.
const MOST: usize = 48;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "nci",
    vendor: "Avery Weigh-Tronix, NCI, Salter Brecknell",
    models: "6700, 7800, and scales of Adam, CAS and Mettler Toledo set to NCI, SCP-01 or ECR",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 7, Parity::Even, 1),
    other_lines: &[
        LineSettings::new(9600, 8, Parity::None, 1),
        LineSettings::new(4800, 7, Parity::Even, 1),
        LineSettings::new(2400, 7, Parity::Even, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 700, command_ms: 1500, quiet_ms: 60, repeats: 2 },
    commands: Commands { zero: true, tare: true, preset_tare: false },
    build: |options| {
        let Options {} = registry::read("nci", options)?;
        Ok(Box::new(Polled::new(Nci)))
    },
};

/// `nci` has no options.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

#[derive(Debug)]
struct Nci;

impl Codec for Nci {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        match ask {
            Ask::Weight => Ok(b"W\r".to_vec()),
            Ask::Zero => Ok(b"Z\r".to_vec()),
            Ask::Tare => Ok(b"T\r".to_vec()),
            Ask::Identify => Ok(b"S\r".to_vec()),
            Ask::PresetTare(_) => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        input.ignore_until(&[LF]);
        let bytes = input.bytes();
        let Some(end) = bytes.iter().take(MOST).position(|byte| *byte == ETX) else {
            return if bytes.len() < MOST { Event::More } else { skip(input) };
        };
        let raw = bytes.get(..=end).unwrap_or_default().to_vec();
        match Message::read(&raw) {
            Some(Message::Unknown) => {
                input.take(end + 1);
                Event::Failed(Failure::Unsupported { protocol: INFO.name, ask: ask.word() })
            }
            Some(Message::State { shown, status }) => {
                let event = answer(ask, shown, status, &raw);
                match event {
                    Event::Skipped => input.ignore(end + 1),
                    _ => drop(input.take(end + 1)),
                }
                event
            }
            None => skip(input),
        }
    }
}

fn skip(input: &mut Input) -> Event {
    input.ignore(1);
    Event::Skipped
}

fn answer(ask: &Ask, shown: Option<&[u8]>, status: Status, raw: &[u8]) -> Event {
    match (ask, shown) {
        (Ask::Weight, shown) => reading(shown, status, raw).map_or(Event::Skipped, Event::Reading),
        // With a weight it is the late answer to `W`.
        (_, Some(_)) => Event::Skipped,
        (Ask::Identify, None) => Event::Done(Answer::Identity("a scale that answers as NCI does".into())),
        (Ask::Zero, None) if !status.zero => {
            let why =
                if status.motion { "the load is in motion" } else { "the load is outside the range of zero" };
            Event::Failed(Failure::NotNow(why.into()))
        }
        (_, None) if status.motion => Event::Failed(Failure::NotNow("the load is in motion".into())),
        (_, None) => Event::Done(Answer::Obeyed),
    }
}

enum Message<'a> {
    Unknown,
    State { shown: Option<&'a [u8]>, status: Status },
}

impl<'a> Message<'a> {
    /// From the first LF to ETX. Lines that are neither weight nor status make it none.
    fn read(raw: &'a [u8]) -> Option<Self> {
        let body = raw.strip_prefix(&[LF])?.strip_suffix(&[CR, ETX])?;
        let mut lines = body.split(|byte| *byte == LF);
        let first = lines.next()?;
        let Some(second) = lines.next() else {
            return match first {
                b"?" => Some(Message::Unknown),
                _ => Some(Message::State { shown: None, status: Status::read(first)? }),
            };
        };
        if lines.next().is_some() {
            return None;
        }
        let shown = first.strip_suffix(&[CR])?;
        Some(Message::State { shown: Some(shown), status: Status::read(second)? })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Status {
    motion: bool,
    zero: bool,
    under: bool,
    over: bool,
    net: Option<bool>,
    fault: Option<&'static str>,
}

impl Status {
    fn read(bytes: &[u8]) -> Option<Self> {
        // `S` has bit 6 set, which the first status byte never has.
        let bytes = bytes.strip_prefix(b"S").unwrap_or(bytes);
        let (&[first, second], more) = bytes.split_first_chunk::<2>()?;
        let marked = |byte: u8| byte & 0b1011_0000 == 0b0011_0000;
        if first & 0x40 != 0 || !bytes.iter().all(|byte| marked(*byte)) || more.len() > 4 {
            return None;
        }
        // Each byte but the first says whether another follows.
        let mut follows = second & 0x40 != 0;
        for byte in more {
            if !follows {
                return None;
            }
            follows = byte & 0x40 != 0;
        }
        if follows {
            return None;
        }
        let bit = |byte: u8, bit: u8| byte & (1 << bit) != 0;
        let third = more.first().copied();
        let fault = match () {
            () if bit(first, 2) => Some("RAM error"),
            () if bit(first, 3) => Some("EEPROM error"),
            () if bit(second, 2) => Some("ROM error"),
            () if bit(second, 3) => Some("the calibration is lost"),
            () if third.is_some_and(|third| bit(third, 3)) => {
                Some("zero failed when the scale was switched on: empty it and switch it on again")
            }
            () => None,
        };
        Some(Self {
            motion: bit(first, 0),
            zero: bit(first, 1),
            under: bit(second, 0),
            over: bit(second, 1),
            net: third.map(|third| bit(third, 2)),
            fault,
        })
    }
}

fn reading(shown: Option<&[u8]>, status: Status, raw: &[u8]) -> Option<Reading> {
    let bars = |bar: u8| {
        let number = shown.map(|shown| text_of(shown).0).unwrap_or_default();
        !number.is_empty() && number.iter().all(|byte| *byte == bar || *byte == b' ')
    };
    let mut reading = Reading {
        overload: status.over || bars(b'^'),
        underload: status.under || bars(b'_'),
        fault: status.fault.map(Into::into),
        kind: status.net.map(|net| if net { Kind::Net } else { Kind::Gross }),
        ..Reading::status(!status.motion, raw)
    };
    if bars(b'-') {
        reading.fault.get_or_insert_with(|| "the scale can't find its zero".into());
    }
    reading.zero = status.zero;
    let invalid = reading.overload || reading.underload || reading.fault.is_some();
    match shown {
        Some(shown) if !invalid && !shown.trim_ascii().is_empty() => reading.weight = Some(weight(shown)?),
        _ => {}
    }
    Some(reading)
}

/// What stands before the unit, and the unit.
fn text_of(shown: &[u8]) -> (&[u8], &[u8]) {
    let letters = shown.iter().position(u8::is_ascii_alphabetic).unwrap_or(shown.len());
    shown.split_at(letters)
}

/// `01.550KG`, or pounds and ounces: `1LB 02.50OZ`.
fn weight(shown: &[u8]) -> Option<Weight> {
    if let Some(weight) = text::weight(shown) {
        return Some(weight);
    }
    let (pounds, rest) = text_of(shown);
    let (unit, ounces) = rest.split_at_checked(2)?;
    let ounces = text::weight(ounces).filter(|ounces| ounces.unit == Unit::Oz)?;
    if Unit::from_ascii(unit) != Some(Unit::Lb) || ounces.value.is_sign_negative() {
        return None;
    }
    let pounds_in_ounces = text::decimal(pounds)?.checked_mul(Decimal::from(16))?;
    let ounces = if pounds_in_ounces.is_sign_negative() { -ounces.value } else { ounces.value };
    Some(Weight::new(pounds_in_ounces.checked_add(ounces)?, Unit::Oz))
}
