//! Massa-K, protocol 1C: `A0` asks for the weight, answered by `10`, weight, division, stable; `72` sets zero (`27`).
//!
//! The weight is a signed count of divisions in four bytes, the low one first. Source: `VladStandard/WeightService`,
//! recorded from scales. Frames: `massa_frame.rs`.

use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::massa_frame::{LINE, OTHER_LINES, TIMING, count, error, frame, next_frame, weight};
use super::protocol::{Answer, Ask, Failure, Mode};
use super::reading::Reading;
use super::registry::{self, Commands, ProtocolInfo};

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "massa-k-1c",
    vendor: "Massa-K",
    models: "MK, TV, 4D, VPM and others; in the scale: protocol 1C",
    mode: Mode::Polled,
    line: LINE,
    other_lines: OTHER_LINES,
    tcp_port: Some(5001),
    timing: TIMING,
    commands: Commands { zero: true, ..Commands::NONE },
    build: |options| {
        let Options {} = registry::read("massa-k-1c", options)?;
        Ok(Box::new(Polled::new(Massa1c)))
    },
};

/// `massa-k-1c` has no options.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

#[derive(Debug)]
struct Massa1c;

impl Codec for Massa1c {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        match ask {
            Ask::Weight | Ask::Identify => Ok(frame(&[0xa0])),
            Ask::Zero => Ok(frame(&[0x72])),
            _ => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let answer = match next_frame(input) {
            Ok(answer) => answer,
            Err(event) => return event,
        };
        if let Some(event) = error(ask, INFO.name, &answer) {
            return event;
        }
        match (ask, answer.parts()) {
            (Ask::Weight | Ask::Identify, (0x10, rest)) => match (reading(rest, &answer.raw), ask) {
                (Some(_), Ask::Identify) => Event::Done(Answer::Identity("Massa-K, protocol 1C".into())),
                (Some(reading), _) => Event::Reading(reading),
                (None, _) => Event::Skipped,
            },
            (Ask::Zero, (0x27, [])) => Event::Done(Answer::Obeyed),
            _ => Event::Skipped,
        }
    }
}

fn reading(rest: &[u8], raw: &[u8]) -> Option<Reading> {
    match rest {
        [_, _, _, _, division, stable @ 0..=1] => {
            Some(Reading::weighed(weight(count(rest.get(..4))?, *division)?, *stable == 1, raw))
        }
        _ => None,
    }
}
