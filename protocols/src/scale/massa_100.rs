//! Massa-K, protocol 100: over a serial line, USB, or TCP port 5001.
//!
//! `23` asks for the weight: `24`, weight, division, stable, net, zero, tare (weights are signed counts of
//! divisions in four bytes, the low one first; the weight is net). `72` sets zero (`27`), `A3` with a count sets a
//! tare (`12`, or `15` when it can't be), `75` asks for the parameters (`76`, lines of text). Errors are `28` and a
//! code, an unknown command `F0`. Frames and sources: `massa_frame.rs`.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::massa_frame::{LINE, OTHER_LINES, TIMING, count, error, frame, next_frame, weight};
use super::protocol::{Answer, Ask, Failure, Mode};
use super::reading::{Kind, Reading};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "massa-k-100",
    vendor: "Massa-K",
    models: "MK, TV, 4D, VPM and others with RS-232, USB or Ethernet; in the scale: protocol 100",
    mode: Mode::Polled,
    line: LINE,
    other_lines: OTHER_LINES,
    tcp_port: Some(5001),
    timing: TIMING,
    commands: Commands::ALL,
    build: |options| {
        let Options {} = registry::read("massa-k-100", options)?;
        Ok(Box::new(Polled::new(Massa100 { tare_sent: false })))
    },
};

/// `massa-k-100` has no options.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

#[derive(Debug)]
struct Massa100 {
    /// A tare is counted in divisions, which the weight tells: it is asked first.
    tare_sent: bool,
}

impl Codec for Massa100 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        self.tare_sent = false;
        match ask {
            Ask::PresetTare(kg) if kg.is_sign_negative() && !kg.is_zero() => {
                Err(Failure::Refused("a tare can't be negative".into()))
            }
            Ask::Weight | Ask::Tare | Ask::PresetTare(_) => Ok(frame(&[0x23])),
            Ask::Zero => Ok(frame(&[0x72])),
            Ask::Identify => Ok(frame(&[0x75])),
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
        let state = || State::read(answer.parts(), &answer.raw);
        match (ask, answer.parts()) {
            (Ask::Weight, (0x24, _)) => state().map_or(Event::Skipped, |state| Event::Reading(state.reading)),
            (Ask::Tare | Ask::PresetTare(_), (0x24, _)) if !self.tare_sent => match state() {
                Some(state) => self.set_tare(ask, &state),
                None => Event::Skipped,
            },
            (Ask::Tare | Ask::PresetTare(_), (0x12, [])) if self.tare_sent => Event::Done(Answer::Obeyed),
            (Ask::Tare | Ask::PresetTare(_), (0x15, [])) if self.tare_sent => {
                Event::Failed(Failure::NotNow("the tare can't be set at this load".into()))
            }
            (Ask::Zero, (0x27, [])) => Event::Done(Answer::Obeyed),
            (Ask::Identify, (0x76, lines)) => Event::Done(Answer::Identity(identity(lines))),
            // The late answer to another question.
            _ => Event::Skipped,
        }
    }
}

impl Massa100 {
    fn set_tare(&mut self, ask: &Ask, state: &State) -> Event {
        let count = match ask {
            Ask::PresetTare(kg) => match divisions(*kg, state.division) {
                Some(count) => count,
                None => {
                    let refused = format!("a tare of {kg} kg is not a whole number of the scale's divisions");
                    return Event::Failed(Failure::Refused(refused));
                }
            },
            _ if !state.reading.stable => {
                return Event::Failed(Failure::NotNow("the load is in motion".into()));
            }
            // The weight is net: with the tare that is set it is all that lies there.
            _ => state.weight.saturating_add(state.tare),
        };
        self.tare_sent = true;
        let mut body = vec![0xa3];
        body.extend(count.to_le_bytes());
        Event::Send(frame(&body))
    }
}

/// What `24` carries.
struct State {
    weight: i32,
    tare: i32,
    division: u8,
    reading: Reading,
}

impl State {
    fn read((_, rest): (u8, &[u8]), raw: &[u8]) -> Option<Self> {
        let shown = count(rest.get(..4))?;
        let (division, stable, net, zero) = match rest.get(4..8)? {
            [division, stable @ 0..=1, net @ 0..=1, zero @ 0..=1] => (*division, *stable, *net, *zero),
            _ => return None,
        };
        // Scales of older revisions leave the tare out.
        let tare = match rest.get(8..) {
            Some([]) => None,
            tare => Some(count(tare)?),
        };
        let mut reading = Reading::weighed(weight(shown, division)?, stable == 1, raw);
        reading.kind = Some(if net == 1 { Kind::Net } else { Kind::Gross });
        reading.zero = zero == 1;
        reading.tare = tare.and_then(|tare| weight(tare, division));
        Some(Self { weight: shown, tare: tare.unwrap_or(0), division, reading })
    }
}

fn divisions(kg: Decimal, division: u8) -> Option<i32> {
    let places = 4u32.checked_sub(division.into())?;
    let count = kg.checked_mul(Decimal::from(10i32.checked_pow(places)?))?;
    count.fract().is_zero().then(|| count.to_i32()).flatten()
}

fn identity(lines: &[u8]) -> String {
    let lines: Vec<String> = lines
        .split(|byte| *byte == b'\n')
        .map(text::readable)
        .filter(|line| !line.trim().is_empty())
        .collect();
    format!("Massa-K: {}", lines.join(", "))
}
