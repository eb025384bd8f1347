//! What the fuzz target asks of the codecs, and what a test asks over the corpus.

use core::fmt;

use rust_decimal::Decimal;
use serde_json::Value;

use super::hid::{Numbering, report};
use super::{Ask, Protocol, Reading, Step, Then, indicator, protocols};

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any bytes as what a scale sends: the first chooses protocol and question, the second the size of the pieces.
/// With them go the same bytes as a HID report and as registers.
///
/// # Errors
/// The rule that was broken: a conversation that does not end, a reading of bytes that were not sent, or a weight
/// together with a sign that there is none.
pub fn any_bytes(input: &[u8]) -> Result<(), Broken> {
    let [choice, size, bytes @ ..] = input else { return Ok(()) };
    let protocols = protocols();
    let asks = [Ask::Weight, Ask::Zero, Ask::Tare, Ask::PresetTare(Decimal::new(5, 2)), Ask::Identify];
    let choice = usize::from(*choice);
    let (Some(info), Some(ask)) =
        (protocols.get(choice % protocols.len()), asks.get(choice / protocols.len() % asks.len()))
    else {
        return Ok(());
    };
    let mut protocol = (info.build)(Value::Null).map_err(|error| Broken(error.to_string()))?;
    converse(&mut *protocol, ask, bytes, usize::from(*size).max(1))?;
    for numbering in [Numbering::Plain, Numbering::Numbered(3)] {
        if let Ok(reading) = report(bytes, numbering) {
            sensible(&reading)?;
        }
    }
    indicator::any_registers(bytes).iter().try_for_each(sensible)
}

/// A question, the bytes in pieces with a time-out when they are over, until the question ends.
fn converse(protocol: &mut dyn Protocol, ask: &Ask, bytes: &[u8], size: usize) -> Result<(), Broken> {
    let mut then = check(protocol.start(ask), bytes.len())?;
    for piece in bytes.chunks(size) {
        // A line that is quiet before a question: then it is sent.
        if over(&then) {
            then = check(protocol.start(ask), bytes.len())?;
            if matches!(then, Then::ListenFor(_)) {
                check(protocol.timed_out(), bytes.len())?;
            }
        }
        then = check(protocol.received(piece), bytes.len())?;
    }
    for _ in 0..20 {
        if over(&then) {
            return Ok(());
        }
        then = check(protocol.timed_out(), bytes.len())?;
    }
    // A question that ended in the last piece leaves nothing to time out.
    if matches!(then, Then::Listen) { Ok(()) } else { Err(Broken(format!("{ask:?} does not end: {then:?}"))) }
}

fn over(then: &Then) -> bool {
    matches!(then, Then::Done(_) | Then::Failed(_))
}

fn check(step: Step, most: usize) -> Result<Then, Broken> {
    if step.send.len() > 512 {
        return Err(Broken(format!("{} bytes are sent at once", step.send.len())));
    }
    for reading in &step.readings {
        if reading.raw.len() > most {
            return Err(Broken("a reading of more bytes than came".into()));
        }
        sensible(reading)?;
    }
    Ok(step.then)
}

fn sensible(reading: &Reading) -> Result<(), Broken> {
    let invalid = reading.overload || reading.underload || reading.fault.is_some();
    if invalid && reading.weight.is_some() {
        return Err(Broken(format!("a weight together with what excludes it: {reading:?}")));
    }
    if reading.for_sale().is_ok_and(|kg| kg <= Decimal::ZERO) {
        return Err(Broken(format!("a sale of nothing: {reading:?}")));
    }
    Ok(())
}
