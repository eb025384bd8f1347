//! The frame of Massa-K's protocols 100 and 1C, and what both have in it.
//!
//! `F8 55 CE`, the length of the body as two bytes with the low one first, the body, and a CRC of the body with the
//! low byte first: polynomial 1021, initial value 0, without augmentation, so that a body of one byte is its own CRC.
//!
//! Sources: Massa-K, *Protocol 100*, as the open sources `VladStandard/WeightService` (frames recorded from scales)
//! and three more implementations quote it.

use rust_decimal::Decimal;

use super::exchange::{Event, Input};
use super::protocol::{Answer, Ask, Failure, LineSettings, Parity, Timing};
use super::reading::{Reading, Unit, Weight};

const HEADER: [u8; 3] = [0xf8, 0x55, 0xce];
/// The longest body that is waited for; parameters of a scale take some 100 bytes.
const MOST_BODY: usize = 256;

pub(super) const LINE: LineSettings = LineSettings::new(4800, 8, Parity::Even, 1);
pub(super) const OTHER_LINES: &[LineSettings] = &[
    LineSettings::new(19200, 8, Parity::None, 1),
    LineSettings::new(57600, 8, Parity::None, 1),
    LineSettings::new(9600, 8, Parity::None, 1),
    LineSettings::new(115_200, 8, Parity::None, 1),
];
pub(super) const TIMING: Timing = Timing { answer_ms: 1000, command_ms: 3000, quiet_ms: 60, repeats: 2 };

/// A frame around a body.
pub(super) fn frame(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&HEADER[..], &length.to_le_bytes(), body, &crc(body).to_le_bytes()].concat()
}

/// A whole frame that came.
pub(super) struct Frame {
    pub(super) raw: Vec<u8>,
    body: Vec<u8>,
}

impl Frame {
    /// The code of the answer and what follows it.
    pub(super) fn parts(&self) -> (u8, &[u8]) {
        self.body.split_first().map_or((0, &[]), |(code, rest)| (*code, rest))
    }
}

/// Takes the next frame off, and what stands before it; `Err` says what the input is otherwise.
pub(super) fn next_frame(input: &mut Input) -> Result<Frame, Event> {
    loop {
        let bytes = input.bytes();
        let header = |at: usize| HEADER.iter().zip(bytes.get(at..).unwrap_or_default()).all(|(a, b)| a == b);
        let Some(start) = (0..bytes.len()).find(|at| header(*at)) else {
            input.clear();
            return Err(Event::More);
        };
        input.ignore(start);
        let Some(Ok(length)) = input.bytes().get(3..5).map(<[u8; 2]>::try_from) else {
            return Err(Event::More);
        };
        let length = usize::from(u16::from_le_bytes(length));
        if length == 0 || length > MOST_BODY {
            input.ignore(1);
            continue;
        }
        let Some((body, sum)) =
            input.bytes().get(5..length + 7).and_then(|rest| rest.split_at_checked(length))
        else {
            return Err(Event::More);
        };
        if sum == crc(body).to_le_bytes() {
            let body = body.to_vec();
            return Ok(Frame { raw: input.take(length + 7), body });
        }
        input.ignore(1);
    }
}

fn crc(body: &[u8]) -> u16 {
    body.iter().fold(0u16, |crc, byte| {
        let shifted = (0..8)
            .fold(crc & 0xff00, |high, _| if high & 0x8000 == 0 { high << 1 } else { (high << 1) ^ 0x1021 });
        shifted ^ (crc << 8) ^ u16::from(*byte)
    })
}

/// A count of divisions as a weight: 0 is 0.1 g, 1 is 1 g, 2 is 10 g, 3 is 100 g, 4 is 1 kg.
pub(super) fn weight(count: i32, division: u8) -> Option<Weight> {
    let places = 4u32.checked_sub(division.into())?;
    Some(Weight::new(Decimal::new(count.into(), places), Unit::Kg))
}

/// The four bytes of a count, the low one first.
pub(super) fn count(bytes: Option<&[u8]>) -> Option<i32> {
    bytes?.try_into().ok().map(i32::from_le_bytes)
}

/// `28` with its code, or `F0`: the scale can't do what was asked.
pub(super) fn error(ask: &Ask, protocol: &'static str, frame: &Frame) -> Option<Event> {
    let unsupported = Failure::Unsupported { protocol, ask: ask.word() };
    let (code, rest) = frame.parts();
    let code = match (code, rest) {
        (0xf0, []) => return Some(Event::Failed(unsupported)),
        (0x28, [code, ..]) => *code,
        _ => return None,
    };
    let weighing = *ask == Ask::Weight;
    Some(match code {
        _ if *ask == Ask::Identify => Event::Done(Answer::Identity(format!("Massa-K, error {code:02X}"))),
        0x07 => Event::Failed(unsupported),
        0x08 if weighing => Event::Reading(Reading::overloaded(&frame.raw)),
        0x08 => Event::Failed(Failure::NotNow("the scale is overloaded".into())),
        0x09 => Event::Failed(Failure::NotNow("the scale is not in its weighing mode".into())),
        0x15 => Event::Failed(Failure::NotNow("zero can't be set at this load".into())),
        0x17..=0x19 if weighing => Event::Reading(Reading::faulty(fault(code), &frame.raw)),
        0x17..=0x19 => Event::Failed(Failure::Refused(fault(code).into())),
        0x0a => Event::Failed(Failure::Refused("the scale finds the data wrong (0A)".into())),
        0x0b => Event::Failed(Failure::Refused("the scale could not keep the data (0B)".into())),
        code => Event::Failed(Failure::Refused(format!("error {code:02X}"))),
    })
}

fn fault(code: u8) -> &'static str {
    match code {
        0x17 => "no link to the weighing module (17)",
        0x18 => "there was a load on the scale when it was switched on (18): empty it and switch it on again",
        _ => "the scale is broken (19): call the service",
    }
}
