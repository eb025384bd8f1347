//! Massa-K, protocol J: `4A` is answered by five bytes, without a frame and without a checksum.
//!
//! Status (bit 7: stable), division (1 is 0.1 g, 0 is 1 g, 4 is 10 g, 5 is 100 g), and three bytes of weight, the low
//! one first, whose highest bit is the sign. What bit 6 of the status means is disputed: it is not read.
//!
//! All of it is from third parties. Since nothing in an answer shows that it is whole, only five bytes between two
//! silences count.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::massa_frame::LINE;
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "massa-k-j",
    vendor: "Massa-K",
    models: "older scales; in the scale: protocol J",
    mode: Mode::Polled,
    line: LINE,
    other_lines: &[LineSettings::new(9600, 8, Parity::Even, 1), LineSettings::new(4800, 8, Parity::None, 1)],
    tcp_port: None,
    timing: Timing { answer_ms: 500, command_ms: 500, quiet_ms: 30, repeats: 2 },
    commands: Commands::NONE,
    build: |options| {
        let Options {} = registry::read("massa-k-j", options)?;
        Ok(Box::new(Polled::new(MassaJ)))
    },
};

/// `massa-k-j` has no options.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

const LENGTH: usize = 5;

#[derive(Debug)]
struct MassaJ;

impl Codec for MassaJ {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        match ask {
            Ask::Weight | Ask::Identify => Ok(vec![0x4a]),
            _ => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, _ask: &Ask, input: &mut Input) -> Event {
        match input.bytes().len() {
            LENGTH => Event::Settle,
            // More than an answer: they stay until the time is over and are dropped together.
            _ => Event::More,
        }
    }

    fn settled(&mut self, ask: &Ask, input: &mut Input) -> Event {
        match (reading(input.bytes()), ask) {
            (Some(_), Ask::Identify) => Event::Done(Answer::Identity("Massa-K, protocol J".into())),
            (Some(reading), _) => Event::Reading(reading),
            (None, _) => Event::More,
        }
    }
}

fn reading(bytes: &[u8]) -> Option<Reading> {
    let [status, division, low, middle, high] = *bytes else { return None };
    let places = match division {
        1 => 4,
        0 => 3,
        4 => 2,
        5 => 1,
        _ => return None,
    };
    let magnitude = i64::from(u32::from_le_bytes([low, middle, high & 0x7f, 0]));
    let count = if high & 0x80 == 0 { magnitude } else { -magnitude };
    let weight = Weight::new(Decimal::new(count, places), Unit::Kg);
    Some(Reading::weighed(weight, status & 0x80 != 0, bytes))
}
