//! The technician's questions to a unit.

use serde_json::{Value, json};

use super::device::Talk;
use super::unit::Tally;
use crate::error::DeviceError;

/// Questions by which a line is judged.
pub(super) const QUESTIONS: u32 = 10;

/// What may be the matter, the likeliest first.
pub(super) fn verdict(quality: &Tally, lost: Option<&DeviceError>) -> Vec<Value> {
    let mut list = Vec::new();
    if let Some(error) = lost {
        let remedy = "check the device's power, its unit number, the wires A and B, baud rate and parity";
        list.push(suspicion("cable", "likely", &error.message, remedy));
    }
    if quality.exceptions > 0 {
        let why = format!("{} questions were answered with a Modbus exception", quality.exceptions);
        let remedy = "check that the profile is that of this device";
        list.push(suspicion("profile", "likely", &why, remedy));
    }
    if quality.other_device > 0 {
        let why = format!("{} answers came from another unit", quality.other_device);
        list.push(suspicion("address", "certain", &why, "give each unit of the line its own number"));
    }
    if quality.garbled > 0 {
        let why = format!("{} answers were no whole frames, or answered something else", quality.garbled);
        let remedy = "check baud rate and parity, the resistors at both ends of the line, and its shield; raise \
                      `timeout_ms` if the device is slow";
        list.push(suspicion("line", "likely", &why, remedy));
    }
    if quality.silent > 0 && lost.is_none() {
        let why = format!("{} questions had no answer", quality.silent);
        list.push(suspicion("cable", "likely", &why, "check the plugs and the length of the line"));
    }
    list
}

/// The answer to `test`.
pub(super) fn report(talk: &Talk, before: &Tally, mut verdict: Vec<Value>, details: Value) -> Value {
    for (entry, rank) in verdict.iter_mut().zip(1..) {
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("rank".to_owned(), json!(rank));
        }
    }
    json!({
        "ok": verdict.is_empty(),
        "link": talk.unit.link().to_string(),
        "unit_id": talk.unit.number(),
        "protocol": talk.unit.protocol(),
        "quality": talk.tally.since(before),
        "since_start": talk.tally,
        "details": details,
        "verdict": verdict,
    })
}

pub(super) fn suspicion(suspect: &str, likelihood: &str, why: &str, remedy: &str) -> Value {
    json!({"suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy})
}
