//! Checkout-Dialog 04 of Mettler Toledo and Bizerba; also Sharp UP-800 and others on scales of Dibal and Cely.
//!
//! `04 02 "01" 1B price 1B 03` gives the unit price (`06`, or `15`), `04 05` then brings the weighing: `02 "02" 1B`
//! status `1B` weight `1B` unit price `1B` amount `03`, with 5, 6 and 6 digits. After a `15`, `04 02 "08" 03` brings
//! `02 "09" 1B` and two digits that say why. The first byte of each question, `04`, ends the conversation before.
//!
//! Status `3` is kilograms with three decimals; `0` to `2` are pounds. Reasons: 20 in motion, 21 the load is the one of
//! the last weighing, 22 not finished, 30 less than the scale weighs (an empty pan), 31 below zero, 32 overload, 10 to
//! 13 something in the question, 01 a fault, 02 parity.
//!
//! Dialog 06 is the same with a checksum under a secret polynomial, which the scale asks for by record 11: it can't
//! be spoken openly.
//!
//! Sources: Dibal, *DPOS400 Series: test and adjustments manual*, version 1.08, section 4.37 (records and reasons);
//! Cely, *PI-100* manual, page 19; the open source `hw_dialog06_scale` of Coop IT Easy. From third parties: pounds.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::exchange::{Codec, Event, Input, Polled};
use super::protocol::{Answer, Ask, Failure, LineSettings, Mode, Parity, Timing};
use super::reading::{Reading, Unit, Weight};
use super::registry::{self, Commands, ProtocolInfo, wrong};
use super::text;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const ESC: u8 = 0x1b;
/// The longest record: number, status, weight, two prices.
const MOST: usize = 40;

pub(super) static INFO: ProtocolInfo = ProtocolInfo {
    name: "dialog-04",
    vendor: "Mettler Toledo, Bizerba",
    models: "Tiger, Viva, and scales of Dibal and Cely set to Dialog 04 or Sharp UP-800",
    mode: Mode::Polled,
    line: LineSettings::new(4800, 7, Parity::Odd, 1),
    other_lines: &[LineSettings::new(9600, 7, Parity::Odd, 1), LineSettings::new(2400, 7, Parity::Odd, 1)],
    tcp_port: None,
    timing: Timing { answer_ms: 1500, command_ms: 1500, quiet_ms: 100, repeats: 1 },
    commands: Commands::NONE,
    build: |options| {
        let options: Options = registry::read("dialog-04", options)?;
        if !(1..=999_999).contains(&options.price) {
            return Err(wrong("dialog-04", "price", "must be 1 to 999999"));
        }
        if options.pound_decimals.is_some_and(|places| places > 5) {
            return Err(wrong("dialog-04", "pound_decimals", "must be 0 to 5"));
        }
        Ok(Box::new(Polled::new(Dialog { options, stage: Stage::Price })))
    },
};

/// Options of `dialog-04`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The unit price the scale is given, six digits, since it weighs nothing without one.
    pub price: u32,
    /// How many of the five digits are decimals when the scale weighs in pounds. Without it, pounds are a fault:
    /// no document says where the point is.
    pub pound_decimals: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { price: 100, pound_decimals: None }
    }
}

#[derive(Debug)]
struct Dialog {
    options: Options,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The unit price was sent.
    Price,
    /// The result was asked for.
    Result,
    /// The reason of a NAK was asked for.
    Reason,
}

impl Codec for Dialog {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn ask(&mut self, ask: &Ask) -> Result<Vec<u8>, Failure> {
        if !ask.is_harmless() {
            return Err(Failure::Unsupported { protocol: INFO.name, ask: ask.word() });
        }
        self.stage = Stage::Price;
        let price = format!("01\x1b{:06}\x1b", self.options.price);
        Ok([&[EOT, STX], price.as_bytes(), &[ETX]].concat())
    }

    fn read(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let Some(first) = input.first() else { return Event::More };
        match (first, self.stage) {
            (ACK, Stage::Price) => {
                input.take(1);
                self.stage = Stage::Result;
                Event::Send(vec![EOT, ENQ])
            }
            (NAK, Stage::Price | Stage::Result) => {
                input.take(1);
                self.stage = Stage::Reason;
                Event::Send(vec![EOT, STX, b'0', b'8', ETX])
            }
            (STX, _) => self.record(ask, input),
            _ => skip(input),
        }
    }
}

fn skip(input: &mut Input) -> Event {
    input.ignore(1);
    Event::Skipped
}

impl Dialog {
    fn record(&mut self, ask: &Ask, input: &mut Input) -> Event {
        let bytes = input.bytes();
        let Some(end) = bytes.iter().take(MOST).position(|byte| *byte == ETX) else {
            return if bytes.len() < MOST { Event::More } else { skip(input) };
        };
        let raw = bytes.get(..=end).unwrap_or_default().to_vec();
        let fields: Vec<&[u8]> = raw.get(1..end).unwrap_or_default().split(|byte| *byte == ESC).collect();
        let event = match (&fields[..], self.stage) {
            ([b"02", status, weight, price, amount], Stage::Result) => {
                self.weighed([status, weight, price, amount], &raw)
            }
            ([b"09", reason], Stage::Reason) => refused(reason, &raw),
            ([b"11", ..], Stage::Price | Stage::Result) => Some(Event::Failed(Failure::Refused(
                "the scale asks for the checksums of Dialog 06: set it to Dialog 04".into(),
            ))),
            _ => None,
        };
        let Some(event) = event else { return skip(input) };
        input.take(end + 1);
        let event = match (ask, event) {
            (Ask::Identify, Event::Reading(_) | Event::Failed(Failure::NotNow(_))) => {
                Event::Done(Answer::Identity("a scale that speaks Dialog 04".into()))
            }
            (_, event) => event,
        };
        // Every answer of the scale is followed by EOT.
        event.after_sending([EOT])
    }

    fn weighed(&self, [status, weight, price, amount]: [&[u8]; 4], raw: &[u8]) -> Option<Event> {
        let digits = |field: &[u8], count| field.len() == count && field.iter().all(u8::is_ascii_digit);
        // Another price than the one sent: the result of another question.
        let ours = price == format!("{:06}", self.options.price).as_bytes();
        if !digits(weight, 5) || !digits(amount, 6) || !ours {
            return None;
        }
        let (unit, places) = match status {
            b"3" => (Unit::Kg, Some(3)),
            b"0" | b"1" | b"2" => (Unit::Lb, self.options.pound_decimals),
            _ => return None,
        };
        Some(Event::Reading(match places {
            Some(places) => {
                let value: Decimal = text::fixed(weight, places)?;
                Reading::weighed(Weight::new(value, unit), true, raw)
            }
            None => Reading::faulty(
                "the scale weighs in pounds: set it to kilograms, or set option `pound_decimals`",
                raw,
            ),
        }))
    }
}

fn refused(reason: &[u8], raw: &[u8]) -> Option<Event> {
    let no = |why: &str| Event::Failed(Failure::Refused(format!("{why} ({})", text::readable(reason))));
    let not_now = |why: &str| Event::Failed(Failure::NotNow(format!("{why} ({})", text::readable(reason))));
    Some(match reason {
        b"00" => not_now("the scale refused and knows no reason"),
        b"01" => Event::Reading(Reading::faulty("general error of the scale (01)", raw)),
        b"02" => {
            Event::Again(Failure::Refused("what was sent arrives broken: check the line settings".into()))
        }
        b"10" => no("the scale does not know the record"),
        b"11" => no("the scale refuses the unit price: set option `price`"),
        b"12" => no("the scale refuses the tare"),
        b"13" => no("the scale refuses the text"),
        b"20" | b"22" => Event::Reading(Reading::status(false, raw)),
        b"21" => not_now("the load is the one of the last weighing: take it off first"),
        // Neither a weight of 0 nor a fault: nothing, or too little, lies there.
        b"30" => Event::Reading(Reading::status(true, raw)),
        b"31" => Event::Reading(Reading::underloaded(raw)),
        b"32" => Event::Reading(Reading::overloaded(raw)),
        _ => return None,
    })
}
