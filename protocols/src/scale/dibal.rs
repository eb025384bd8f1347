//! Dibal POS scales: lines of digits that end with a checksum, CR and LF.
//!
//! `98`, five digits of unit price, checksum. The answer has 18 bytes: `99`, `0` for a good weighing or `1` for an error,
//! five digits of weight in grams, `0` or `1` for the amount, six digits of amount, checksum. The checksum is the XOR of
//! all characters before it, as a byte.
//!
//! Sources: SBZ Systems, *DIBAL POS scale: serial settings and communication protocol*, with an example of both;
//! Dibal, *DPOS400 Series: test and adjustments manual*, version 1.08, section 4.42, for the status of weight and
//! amount in the sister protocol.

use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo, wrong};
use super::text;

const LENGTH: usize = 18;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "dibal",
    vendor: "Dibal, Tisa",
    models: "DPOS, G-310, G-DPOS and compatible; in the scale: Dibal POS protocol",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 8, Parity::None, 1),
    other_lines: &[LineSettings::new(4800, 8, Parity::None, 1), LineSettings::new(19200, 8, Parity::None, 1)],
    tcp_port: None,
    timing: Timing { answer_ms: 1000, command_ms: 1000, quiet_ms: 60, repeats: 2 },
    commands: Commands::NONE,
    build: |options| {
        let options: Options = registry::read("dibal", options)?;
        if options.price > 99_999 {
            return Err(wrong("dibal", "price", "must be 0 to 99999"));
        }
        Ok(Box::new(Polled::new(Dibal { options })))
    },
};

/// Options of `dibal`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The unit price the scale is given: it shows the amount.
    pub price: u32,
}

#[derive(Debug)]
struct Dibal {
    options: Options,
}

impl Codec for Dibal {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        if !ask.is_harmless() {
            return Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() });
        }
        let mut line = format!("98{:05}", self.options.price).into_bytes();
        line.push(xor(&line));
        line.extend(b"\r\n");
        Ok(line)
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let bytes = input.bytes();
        let may_begin =
            |at: &usize| b"99".iter().zip(bytes.get(*at..).unwrap_or_default()).all(|(a, b)| a == b);
        let start = (0..bytes.len()).find(may_begin).unwrap_or(bytes.len());
        input.ignore(start);
        let Some(raw) = input.bytes().get(..LENGTH).map(<[u8]>::to_vec) else { return Event::More };
        let Some(reading) = reading(&raw) else {
            input.ignore(1);
            return Event::Skipped;
        };
        input.take(LENGTH);
        match ask {
            Ask::Identify => Event::Done(Answer::Identity("a scale that answers as Dibal does".into())),
            _ => Event::Reading(reading),
        }
    }
}

fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |xor, byte| xor ^ byte)
}

fn reading(raw: &[u8]) -> Option<Reading> {
    let (body, [check, b'\r', b'\n']) = raw.split_last_chunk::<3>()? else { return None };
    if xor(body) != *check {
        return None;
    }
    let [b'9', b'9', status @ (b'0' | b'1'), rest @ ..] = body else { return None };
    let (weight, [b'0' | b'1', amount @ ..]) = rest.split_at_checked(5)? else { return None };
    if !amount.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let value = text::fixed(weight, 3)?;
    Some(match status {
        b'0' => Reading::weighed(Weight::new(value, Unit::Kg), true, raw),
        _ => Reading::status(false, raw),
    })
}
