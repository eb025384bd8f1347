//! Shtrih-M POS2: weighing modules and scales of Shtrih-M and Mertech.
//!
//! `05` asks whether the scale is ready: `15` ready, `06` the answer to an earlier command waits and is read first. A
//! frame is `02`, the length of what follows but for the last byte, command, data, and the XOR of all but the `02`.
//! Each side confirms each frame by `06`. Numbers have the low byte first; the password is four ASCII digits.
//!
//! | command | data | answer, after command and error code |
//! |---|---|---|
//! | `3A` weight | password | state (2), weight (4, signed), tare (2), 1 reserved |
//! | `30` zero, `31` tare | password | |
//! | `32` preset tare | password, tare (2) | |
//! | `E8` channel | its number | flags (2), point, power (signed), ranges ... |
//! | `FC` what it is | | type, subtype, version (2), model, language, name in Windows-1251 |
//!
//! Weights are counts of 10^power kg; the power is asked once. State: bit 0 the weight is held, 1 at zero, 2 channel
//! on, 3 tare set, 4 stable, 5 zero failed when switched on, 6 overload, 7 measuring failed, 8 underload, 9 the ADC
//! does not answer.
//!
//! Source: Shtrih-M, *Протокол весового модуля*, version 1.2, 2005, in the maker's own `shtrih-m/jpos_scale`. The
//! fields of the answer to `E8` are 24 bytes, its length column says 25: both are taken.

use encoding_rs::WINDOWS_1251;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Kind, Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo, wrong};

const STX: u8 = 0x02;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

const ZERO: u8 = 0x30;
const TARE: u8 = 0x31;
const PRESET_TARE: u8 = 0x32;
const WEIGHT: u8 = 0x3a;
const CHANNEL: u8 = 0xe8;
const DEVICE: u8 = 0xfc;

/// What the power is where the scale does not tell it: grams.
const GRAMS: i8 = -3;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "shtrih-pos2",
    vendor: "Shtrih-M, Mertech",
    models: "Shtrih-Slim, Shtrih VM100, Shtrih M5, Mertech M-ER; in the scale: protocol POS2",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 8, Parity::None, 1),
    other_lines: &[
        LineSettings::new(115_200, 8, Parity::None, 1),
        LineSettings::new(57600, 8, Parity::None, 1),
        LineSettings::new(38400, 8, Parity::None, 1),
        LineSettings::new(19200, 8, Parity::None, 1),
        LineSettings::new(4800, 8, Parity::None, 1),
        LineSettings::new(2400, 8, Parity::None, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 1200, command_ms: 2000, quiet_ms: 200, repeats: 2 },
    commands: Commands::ALL,
    build: |options| {
        let options: Options = registry::read("shtrih-pos2", options)?;
        if options.password.len() != 4 || !options.password.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong("shtrih-pos2", "password", "must be four digits"));
        }
        if options.power.is_some_and(|power| !(-6..=3).contains(&power)) {
            return Err(wrong("shtrih-pos2", "power", "must be -6 to 3"));
        }
        let power = options.power;
        Ok(Box::new(Polled::new(Pos2 { options, power, command: WEIGHT, stage: Stage::Asked })))
    },
};

/// Options of `shtrih-pos2`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The administrator's password: four digits. The scale counts wrong ones and locks.
    pub password: String,
    /// The weighing channel, where the scale has more than one.
    pub channel: u8,
    /// Weights are counts of 10^power kg. Without it the scale is asked.
    pub power: Option<i8>,
}

impl Default for Options {
    fn default() -> Self {
        Self { password: "0030".into(), channel: 0, power: None }
    }
}

#[derive(Debug)]
struct Pos2 {
    options: Options,
    power: Option<i8>,
    /// The command under way.
    command: u8,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// ENQ was sent.
    Asked,
    /// An older answer is read first.
    Clearing,
    /// The command was sent and not confirmed yet.
    Sent,
    /// The command was confirmed.
    Confirmed,
}

impl Codec for Pos2 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        self.command = match ask {
            Ask::Zero => ZERO,
            Ask::Tare => TARE,
            Ask::Identify => DEVICE,
            Ask::Weight | Ask::PresetTare(_) if self.power.is_none() => CHANNEL,
            Ask::Weight => WEIGHT,
            Ask::PresetTare(_) => PRESET_TARE,
        };
        self.stage = Stage::Asked;
        self.frame(ask)?;
        Ok(vec![ENQ])
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let Some(first) = input.first() else { return Event::More };
        match (self.stage, first) {
            (Stage::Asked, NAK) => {
                input.take(1);
                self.send(ask)
            }
            (Stage::Asked, ACK) => {
                input.take(1);
                self.stage = Stage::Clearing;
                Event::Skipped
            }
            (Stage::Sent, ACK) => {
                input.take(1);
                self.stage = Stage::Confirmed;
                Event::Skipped
            }
            (Stage::Sent, NAK) => {
                input.take(1);
                self.send(ask)
            }
            (_, STX) => self.read_frame(ask, input),
            _ => {
                input.ignore(1);
                Event::Skipped
            }
        }
    }
}

impl Pos2 {
    fn send(&mut self, ask: &Ask) -> Event {
        self.stage = Stage::Sent;
        self.frame(ask).map_or_else(Event::Failed, Event::Send)
    }

    /// Begins anew, after a frame was confirmed.
    fn confirm_and_ask(&mut self) -> Event {
        self.stage = Stage::Asked;
        Event::Send(vec![ACK, ENQ])
    }

    fn frame(&self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        let mut body = vec![self.command];
        match self.command {
            CHANNEL => body.push(self.options.channel),
            DEVICE => {}
            _ => body.extend(self.options.password.as_bytes()),
        }
        if let (PRESET_TARE, Ask::PresetTare(kg)) = (self.command, ask) {
            body.extend(tare(*kg, self.power.unwrap_or(GRAMS))?.to_le_bytes());
        }
        let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
        let check = body.iter().fold(length, |xor, byte| xor ^ byte);
        Ok([&[STX, length], &body[..], &[check]].concat())
    }

    fn read_frame(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let Some(length) = input.bytes().get(1).copied() else { return Event::More };
        let total = usize::from(length) + 3;
        let Some(raw) = input.bytes().get(..total) else { return Event::More };
        let good = raw.iter().skip(1).fold(0, |xor, byte| xor ^ byte) == 0;
        let raw = raw.to_vec();
        let body = raw.get(2..total - 1).unwrap_or_default();
        if self.stage == Stage::Clearing || self.stage == Stage::Asked {
            input.ignore(total);
            return self.confirm_and_ask();
        }
        if self.stage == Stage::Sent && self.frame(ask).is_ok_and(|sent| sent == raw) {
            // The line echoes.
            input.ignore(total);
            return Event::Skipped;
        }
        match (good, body) {
            (true, [command, error, data @ ..]) if *command == self.command => {
                input.take(total);
                self.answered(ask, *error, data, &raw)
            }
            // The late answer to another command.
            (true, _) => {
                input.ignore(total);
                Event::Confirm(vec![ACK])
            }
            // It is sent once more.
            (false, _) => {
                input.ignore(total);
                Event::Send(vec![NAK])
            }
        }
    }

    fn answered(&mut self, ask: &Ask, error: u8, data: &[u8], raw: &[u8]) -> Event {
        if self.command == CHANNEL {
            // A scale without this command counts grams.
            let told = (error == 0).then(|| data.get(3)).flatten().map(|power| power.cast_signed());
            self.power = Some(told.filter(|power| (-6..=3).contains(power)).unwrap_or(GRAMS));
            self.command = if *ask == Ask::Weight { WEIGHT } else { PRESET_TARE };
            return self.confirm_and_ask();
        }
        let event = match (self.command, error) {
            (WEIGHT, 0) => reading(data, self.power.unwrap_or(GRAMS), raw)
                .map_or_else(|| Event::Failed(short(raw)), Event::Reading),
            (WEIGHT, 186) => Event::Reading(Reading::faulty(text_of(186), raw)),
            (DEVICE, 0) => Event::Done(Answer::Identity(identity(data))),
            (DEVICE, error) => Event::Done(Answer::Identity(format!("Shtrih-M POS2, error {error}"))),
            (_, 0) => Event::Done(Answer::Obeyed),
            (_, error @ (123 | 150 | 151 | 152)) => Event::Failed(Failure::NotNow(text_of(error))),
            (_, error) => Event::Failed(Failure::Refused(text_of(error))),
        };
        event.after_sending([ACK])
    }
}

fn short(raw: &[u8]) -> Failure {
    Failure::Garbled { protocol: INFO.name, ignored: raw.len() }
}

fn reading(data: &[u8], power: i8, raw: &[u8]) -> Option<Reading> {
    let state = u16::from_le_bytes(data.get(..2)?.try_into().ok()?);
    let shown = i32::from_le_bytes(data.get(2..6)?.try_into().ok()?);
    let tare = u16::from_le_bytes(data.get(6..8)?.try_into().ok()?);
    let is = |bit: u8| state & (1 << bit) != 0;
    let fault = match () {
        () if is(9) => Some("the ADC does not answer: call the service"),
        () if is(7) => Some("measuring failed"),
        () if is(5) => Some("zero failed when the scale was switched on: empty it and switch it on again"),
        () if !is(2) => Some("the weighing channel is off"),
        () => None,
    };
    let mut reading = Reading {
        overload: is(6),
        underload: is(8),
        zero: is(1),
        fault: fault.map(Into::into),
        kind: Some(if is(3) { Kind::Net } else { Kind::Gross }),
        tare: Some(weight(tare.into(), power)),
        ..Reading::status(is(4), raw)
    };
    if !reading.overload && !reading.underload && reading.fault.is_none() {
        reading.weight = Some(weight(shown.into(), power));
    }
    Some(reading)
}

fn weight(count: i64, power: i8) -> Weight {
    let value = match u32::from(power.unsigned_abs()) {
        places if power <= 0 => Decimal::new(count, places),
        zeros => Decimal::from(count) * Decimal::from(10i64.pow(zeros.min(3))),
    };
    Weight::new(value, Unit::Kg)
}

fn tare(kg: Decimal, power: i8) -> Result<u16, Failure> {
    let unit = weight(1, power).value;
    let count = kg.checked_div(unit).filter(|count| count.fract().is_zero());
    count
        .and_then(|count| count.to_u16())
        .ok_or_else(|| Failure::Refused(format!("a tare of {kg} kg is not 0 to 65535 steps of {unit} kg")))
}

fn identity(data: &[u8]) -> String {
    let name = data.get(6..).unwrap_or_default();
    let (name, _) = WINDOWS_1251.decode_without_bom_handling(name);
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let version = match data {
        [_, _, major, minor, ..] => format!(", protocol {major}.{minor}"),
        _ => String::new(),
    };
    format!("{}{version}", name.trim())
}

fn text_of(error: u8) -> String {
    let text = match error {
        17 => "the tare is out of range",
        120 => "the scale does not know the command",
        121 => "the data have a wrong length",
        122 => "wrong password: set option `password`",
        123 => "not in this mode of the scale",
        124 => "a value is out of range",
        150 => "zero can't be set at this load",
        151 => "the tare can't be set at this load",
        152 => "the weight is not held",
        166 => "the memory of the scale failed: call the service",
        167 => "this interface does not carry the command",
        170 => "too many wrong passwords: the scale is locked",
        184 => "nothing can be done with this channel",
        185 => "there is no such channel: set option `channel`",
        186 => "the ADC does not answer: call the service",
        _ => "unknown error",
    };
    format!("{text} (error {error})")
}
