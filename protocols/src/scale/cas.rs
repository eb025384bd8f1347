//! CAS price and weighing scales (AP, AD, PD, SW, and others that follow them), asked by ENQ.
//!
//! `05` is answered by `06`, or by `15` while there is nothing to send; `11` then brings the weight, `12` the weight
//! and the prices. A message is `01`, blocks, `04`; a block is `02`, 10 characters, their XOR, `03`. The 10 of a
//! weight are `S` or `U`, a sign (` `, `-`, or `F` above the range), six digits and point, and the unit.
//!
//! Sources: CAS, *AP-1 transmission protocol*; CAS, *SW-II Series* manual, page 15; Dibal, *DPOS400 Series: test
//! and adjustments manual*, version 1.08, section 4.17 (the order of blocks differs between makers, and an
//! erroneous weight is all `F`), and page 41 (an unstable weight is all blanks). From third parties: some scales let an
//! even parity bit leak into control characters (`81` for `01`), and some send seven characters and `g`.

use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo};
use super::text;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
/// Seven bits carry everything; the eighth is a parity bit that leaks on some lines.
const SEVEN_BITS: u8 = 0x7f;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "cas",
    vendor: "CAS",
    models: "AP, AD, PD, PR, SW, ER and compatible; in the scale: ECR type 5, or the CAS/Samsung protocol of others",
    mode: Mode::Polled,
    line: LineSettings::new(9600, 8, Parity::None, 1),
    other_lines: &[
        LineSettings::new(4800, 8, Parity::None, 1),
        LineSettings::new(19200, 8, Parity::None, 1),
        LineSettings::new(2400, 8, Parity::None, 1),
        LineSettings::new(9600, 7, Parity::Even, 1),
    ],
    tcp_port: None,
    timing: Timing { answer_ms: 1000, command_ms: 1000, quiet_ms: 60, repeats: 2 },
    commands: Commands::NONE,
    build: |options| {
        Ok(Box::new(Polled::new(Cas { options: registry::read("cas", options)?, asked: false })))
    },
};

/// Options of `cas`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to ask for.
    pub request: Request,
}

/// What a CAS scale is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// `11`: the weight.
    #[default]
    Weight,
    /// `12`: the weight among the prices, for scales that know nothing else.
    Prices,
}

#[derive(Debug)]
struct Cas {
    options: Options,
    /// ENQ was answered.
    asked: bool,
}

impl Codec for Cas {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        self.asked = false;
        match ask {
            Ask::Weight | Ask::Identify => Ok(vec![ENQ]),
            _ => Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() }),
        }
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let Some(first) = input.first() else { return Event::More };
        match first & SEVEN_BITS {
            SOH => match Message::find(input.bytes()) {
                Found::Partly => Event::More,
                Found::Whole(message) => {
                    let raw = input.take(message.length);
                    match message.weight(&raw) {
                        // What comes before ENQ was answered is the end of an older question.
                        Some(reading) if self.asked => answer(ask, reading),
                        _ => Event::Skipped,
                    }
                }
                Found::Nothing => skip(input),
            },
            ACK if !self.asked => {
                input.take(1);
                self.asked = true;
                Event::Send(vec![if self.options.request == Request::Weight { 0x11 } else { 0x12 }])
            }
            NAK => {
                input.take(1);
                Event::Again(Failure::NotNow(
                    "the scale has nothing to send (NAK): some wait for a load that rests and is a new one"
                        .into(),
                ))
            }
            _ => skip(input),
        }
    }
}

fn skip(input: &mut Input) -> Event {
    input.ignore(1);
    Event::Skipped
}

fn answer(ask: &Ask, reading: Reading) -> Event {
    match ask {
        Ask::Identify => Event::Done(Answer::Identity("a scale that answers as CAS does".into())),
        _ => Event::Reading(reading),
    }
}

/// A message whose checksums are right.
struct Message {
    length: usize,
    /// Where the characters of each block are.
    blocks: Vec<(usize, usize)>,
}

enum Found {
    Whole(Message),
    Partly,
    Nothing,
}

impl Message {
    /// At the first byte, which is SOH.
    fn find(bytes: &[u8]) -> Found {
        let mut blocks = Vec::new();
        let mut at = 1;
        loop {
            match bytes.get(at).map(|byte| byte & SEVEN_BITS) {
                None => return Found::Partly,
                Some(EOT) if !blocks.is_empty() => {
                    return Found::Whole(Message { length: at + 1, blocks });
                }
                Some(STX) if blocks.len() < 3 => {}
                _ => return Found::Nothing,
            }
            let start = at + 1;
            // Weights have 10 characters, or 11 where seven are digits; prices have 8.
            let length = [10, 11, 8].into_iter().find(|length| is_block(bytes.get(start..), *length));
            let Some(length) = length else {
                let longest = 11 + 3;
                return if bytes.len() < start + longest { Found::Partly } else { Found::Nothing };
            };
            blocks.push((start, start + length));
            at = start + length + 2;
        }
    }

    fn weight(&self, raw: &[u8]) -> Option<Reading> {
        self.blocks.iter().find_map(|(start, end)| weight(raw.get(*start..*end)?, raw))
    }
}

/// Whether so many characters are followed by their XOR, ETX, and what may come behind a block.
fn is_block(rest: Option<&[u8]>, length: usize) -> bool {
    let Some(rest) = rest else { return false };
    let Some((characters, [bcc, etx, next, ..])) = rest.split_at_checked(length) else { return false };
    let xor = characters.iter().fold(0, |xor, byte| xor ^ byte);
    (xor ^ bcc) & SEVEN_BITS == 0 && etx & SEVEN_BITS == ETX && matches!(next & SEVEN_BITS, STX | EOT)
}

/// The characters of a block, when they are a weight.
fn weight(characters: &[u8], raw: &[u8]) -> Option<Reading> {
    let plain: Vec<u8> = characters.iter().map(|byte| byte & SEVEN_BITS).collect();
    let [state @ (b'S' | b'U'), sign, rest @ ..] = &plain[..] else { return None };
    if rest.len() < 8 {
        return None;
    }
    let stable = *state == b'S';
    if *sign == b'F' || rest.starts_with(b"FFFF") {
        return Some(Reading::overloaded(raw));
    }
    let (number, unit) = text::number_and_unit(rest);
    if number.is_empty() {
        return Some(Reading::status(false, raw));
    }
    let value = text::decimal(number)?;
    let value = match sign {
        b' ' | b'+' => value,
        b'-' => -value,
        _ => return None,
    };
    Some(Reading::weighed(Weight::new(value, Unit::from_ascii(unit)?), stable, raw))
}
