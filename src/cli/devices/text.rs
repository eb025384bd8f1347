//! Devices as a technician reads them.

use std::collections::BTreeMap;
use std::fmt::Write;

use outletd::bus::contract::{DeviceState, DeviceStateDocument};

use super::{Found, Known};
use crate::cli::screen::{Paint, Tone, clean};
use crate::cli::table::{Cell, Table, cell, plain};

/// The outlet's devices, a line each, with the reasons of those that are offline below.
pub(super) fn table(devices: &BTreeMap<String, Known>, paint: Paint) -> String {
    if devices.is_empty() {
        return "no device is configured\n".to_owned();
    }
    let mut table = Table::new(&["device", "name", "model", "link", "state", "conditions", "queue"]);
    let mut problems = String::new();
    for (id, known) in devices {
        let description = known.document.as_ref().map(|document| &document.description);
        let state = known.state.as_ref();
        table.row([
            cell(Tone::Strong, id),
            plain(description.map_or("", |description| &description.name)),
            plain(description.and_then(|description| description.model.as_deref()).unwrap_or("")),
            plain(description.map_or("", |description| &description.link)),
            state_cell(state),
            conditions_cell(state),
            plain(state.map_or(String::new(), queue)),
        ]);
        if let Some(problem) = state.and_then(|state| state.problem.as_ref()) {
            let _ = writeln!(problems, "{}: {}", paint.tone(Tone::Strong, id), clean(problem));
        }
    }
    table.render(paint, 0) + &problems
}

/// What is plugged in and not configured, or configured and not usable.
pub(super) fn found(found: &[Found], paint: Paint) -> String {
    let (unusable, new): (Vec<&Found>, Vec<&Found>) = found
        .iter()
        .filter(|device| !device.configured || device.problem.is_some())
        .partition(|device| device.configured);
    let mut out = String::new();
    if !unusable.is_empty() {
        out.push_str("\nConfigured, but can't be used:\n");
        unusable.iter().for_each(|device| out.push_str(&device_text(device, paint)));
    }
    if new.is_empty() {
        out.push_str("\nNothing else is plugged in.\n");
    } else {
        out.push_str("\nPlugged in, but not configured:\n");
        new.iter().for_each(|device| out.push_str(&device_text(device, paint)));
    }
    out
}

fn device_text(device: &Found, paint: Paint) -> String {
    let mut out = format!("  {}  {}\n", paint.tone(Tone::Strong, &clean(&device.link)), clean(&device.name));
    if let Some(problem) = &device.problem {
        let _ = writeln!(out, "    {}", paint.tone(Tone::Bad, &clean(problem)));
    }
    if let Some(remedy) = &device.remedy {
        out.push_str("    remedy:\n");
        out.push_str(&lines(remedy));
    }
    if let Some(suggestion) = device.suggestion.as_ref().filter(|_| !device.configured) {
        out.push_str("    add to the configuration:\n");
        out.push_str(&lines(suggestion));
    }
    out
}

fn lines(text: &str) -> String {
    text.lines().map(|line| format!("      {}\n", clean(line))).collect()
}

fn state_cell(state: Option<&DeviceStateDocument>) -> Cell {
    match state.map(|state| state.state) {
        Some(DeviceState::Ready) => cell(Tone::Good, "ready"),
        Some(DeviceState::Busy) => cell(Tone::Good, "busy"),
        Some(DeviceState::Attention) => cell(Tone::Warning, "attention"),
        Some(DeviceState::Offline) => cell(Tone::Bad, "offline"),
        None => cell(Tone::Faint, "unknown"),
    }
}

fn conditions_cell(state: Option<&DeviceStateDocument>) -> Cell {
    let conditions = state.map_or(&[][..], |state| &state.conditions);
    let words: Vec<String> = conditions.iter().map(|code| in_words(code)).collect();
    cell(Tone::Warning, words.join(", "))
}

/// A condition's code in words.
fn in_words(code: &str) -> String {
    match code {
        "paper-near-end" => "paper nearly out".to_owned(),
        "paper-out" => "out of paper".to_owned(),
        "cover-open" => "cover open".to_owned(),
        "cutter-jam" => "cutter jammed".to_owned(),
        "printer-error" => "printer error".to_owned(),
        other => other.replace('-', " "),
    }
}

fn queue(state: &DeviceStateDocument) -> String {
    match (state.queue.depth, &state.queue.active) {
        (0, _) => "empty".to_owned(),
        (depth, Some(job)) => format!("{depth}, doing {job}"),
        (depth, None) => format!("{depth} waiting"),
    }
}
