//! Jobs as a person reads them.

use std::fmt::Write;

use outlet_devices::driver::{Confidence, Direction};
use outletd::bus::contract::{AttentionDocument, JobDocument, Kind, State};
use outletd::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::hexdump::{hexdump, unhex};
use crate::cli::screen::{Paint, Tone, clean};
use crate::cli::table::{Table, cell, plain};

/// A job with its attempts, as the agent answers `get`.
#[derive(Debug, Deserialize)]
pub(crate) struct JobView {
    job: JobDocument,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    number: u64,
    device: String,
    begun_at: Timestamp,
    #[serde(default)]
    baseline: Value,
    ended_at: Option<Timestamp>,
    #[serde(default)]
    outcome: Value,
    #[serde(default)]
    trace: Vec<Crossing>,
}

/// Bytes that crossed the wire.
#[derive(Debug, Deserialize)]
struct Crossing {
    at_ms: u64,
    direction: Direction,
    /// Hexadecimal.
    bytes: String,
}

/// One transition as a line.
pub(crate) fn transition(job: &JobDocument, paint: Paint) -> String {
    let state = format!("{:<10}", job.state.as_str());
    let at = paint.tone(Tone::Faint, &moment(job.at, "%H:%M:%S%.3f"));
    let line =
        format!("{at}  {} {}  {}", paint.tone(tone(job.state), &state), clean(&job.job), clean(&why(job)));
    line.trim_end().to_owned() + "\n"
}

/// Jobs as a table.
pub(crate) fn list(jobs: &[JobDocument], paint: Paint) -> String {
    if jobs.is_empty() {
        return "no such jobs\n".to_owned();
    }
    let mut table = Table::new(&["job", "device", "kind", "state", "since", "what"]);
    for job in jobs {
        table.row([
            cell(Tone::Strong, &job.job),
            plain(&job.device),
            plain(kind(job.kind)),
            cell(tone(job.state), job.state.as_str()),
            plain(moment(job.at, "%Y-%m-%d %H:%M:%S")),
            plain(why(job)),
        ]);
    }
    table.render(paint, 0)
}

/// The jobs that wait for a person, each with what can be done.
pub(crate) fn attention(document: &AttentionDocument, paint: Paint) -> String {
    let mut out = String::new();
    for notice in &document.notices {
        let title = format!("notice {}", notice.notice);
        let _ = writeln!(
            out,
            "{} since {}: {}",
            paint.tone(Tone::Bad, &title),
            moment(notice.at, "%Y-%m-%d %H:%M:%S"),
            clean(&format!("{}: {}", notice.code, notice.message)),
        );
        out.push_str(&facts(notice.evidence.as_ref(), paint));
        let _ = writeln!(out, "    outletd jobs dismiss {}", notice.notice);
    }
    if document.jobs.is_empty() {
        out.push_str("no job waits for a person\n");
    }
    for job in &document.jobs {
        let title = format!("{} on {}", job.job, job.device);
        let _ = writeln!(
            out,
            "{} {} since {}: {}",
            paint.tone(Tone::Strong, &title),
            paint.tone(tone(job.state), job.state.as_str()),
            moment(job.since, "%Y-%m-%d %H:%M:%S"),
            clean(&format!("{}: {}", job.reason.code, job.reason.message)),
        );
        out.push_str(&facts(job.evidence.as_ref(), paint));
        for exit in &job.exits {
            let _ = writeln!(out, "    {}", exit_command(&job.job, exit));
        }
    }
    out
}

/// What a person can say of an uncertain job.
pub(crate) fn exits(job: &JobDocument) -> String {
    let mut out = String::from("Look at the printer, then say what you saw:\n");
    for exit in ["printed", "not-printed", "print-again"] {
        let _ = writeln!(out, "    {}", exit_command(&job.job, exit));
    }
    out
}

/// A job with its evidence, its attempts and, if asked for, the bytes that crossed the wire.
pub(crate) fn show(view: &JobView, with_trace: bool, paint: Paint) -> String {
    let job = &view.job;
    let state = paint.tone(tone(job.state), job.state.as_str());
    let name = paint.tone(Tone::Strong, &job.job);
    let mut out = format!("{name}  {} on {}: {state}\n", kind(job.kind), clean(&job.device));
    let mut table = Table::bare();
    let mut say = |title: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            table.row([cell(Tone::Faint, title), plain(text)]);
        }
    };
    let full = |at: Timestamp| moment(at, "%Y-%m-%d %H:%M:%S%.3f");
    say("what", Some(why(job)));
    say("by", job.by.clone());
    say("accepted", job.accepted_at.map(full));
    say("deadline", job.deadline.map(full));
    say("since", Some(format!("{}, version {}", full(job.at), job.version)));
    out.push_str(&table.render(paint, 2));
    if let Some(result) = &job.result {
        out.push_str("Result\n");
        out.push_str(&facts(Some(result), paint));
    }
    if job.evidence.is_some() {
        out.push_str("Evidence\n");
        out.push_str(&facts(job.evidence.as_ref(), paint));
    }
    for attempt in &view.attempts {
        out.push_str(&attempt_text(attempt, with_trace, paint));
    }
    if job.state == State::Uncertain {
        out.push_str(&exits(job));
    }
    out
}

fn attempt_text(attempt: &Attempt, with_trace: bool, paint: Paint) -> String {
    let end = match attempt.ended_at {
        Some(end) => format!("{} ms", end.since_ms(attempt.begun_at)),
        None => "no end".to_owned(),
    };
    let title = format!("Attempt {}", attempt.number);
    let begun = moment(attempt.begun_at, "%Y-%m-%d %H:%M:%S%.3f");
    let mut out =
        format!("{} on {}, begun {begun}, {end}\n", paint.tone(Tone::Strong, &title), clean(&attempt.device));
    let mut lines = Vec::new();
    collect("baseline", &attempt.baseline, &mut lines);
    // Its evidence stands with the job.
    for fact in ["ended", "error", "reason"] {
        collect(fact, attempt.outcome.get(fact).unwrap_or_default(), &mut lines);
    }
    out.push_str(&rows(&lines, paint));
    if with_trace {
        out.push_str(&trace_text(&attempt.trace, paint));
    }
    out
}

fn trace_text(trace: &[Crossing], paint: Paint) -> String {
    if trace.is_empty() {
        return "  no bytes on record\n".to_owned();
    }
    let mut out = String::new();
    for crossing in trace {
        let (word, tone) = match crossing.direction {
            Direction::Sent => ("sent", Tone::Good),
            Direction::Received => ("received", Tone::Warning),
        };
        match unhex(&crossing.bytes) {
            Some(bytes) => {
                let head = format!("+{} ms  {word} {} bytes", crossing.at_ms, bytes.len());
                let _ = writeln!(out, "  {}", paint.tone(tone, &head));
                out.push_str(&hexdump(&bytes, 4));
            }
            None => {
                let _ = writeln!(out, "  +{} ms  {word}: {}", crossing.at_ms, clean(&crossing.bytes));
            }
        }
    }
    out
}

/// What there is to say of a state beyond its name.
fn why(job: &JobDocument) -> String {
    let mut said = Vec::new();
    if job.duplicate {
        said.push("handed in before".to_owned());
    }
    if let Some(moved) = &job.rerouted {
        said.push(format!("taken over by {} for {} ({})", moved.to, moved.from, moved.reason.message));
    }
    match job.state {
        State::Accepted => {
            let deadline = job.deadline.map(|at| format!(", to be begun by {}", moment(at, "%H:%M:%S")));
            let queue = job.rerouted.as_ref().map_or(&job.device, |rerouted| &rerouted.to);
            said.push(format!("on disk, in the queue of {queue}{}", deadline.unwrap_or_default()));
        }
        State::Running => said.push(format!("attempt {}", job.attempt)),
        State::Succeeded => said.push(confidence(job.confidence).to_owned()),
        _ => {}
    }
    if let Some(reason) = &job.reason {
        said.push(format!("{}: {}", reason.code, reason.message));
    }
    if let Some(error) = &job.error {
        said.push(format!("{}: {}", error.code, error.message));
    }
    said.join("; ")
}

fn confidence(confidence: Option<Confidence>) -> &'static str {
    match confidence {
        Some(Confidence::Sent) => "sent; this device confirms nothing",
        Some(Confidence::Confirmed) => "done, confirmed by the device",
        Some(Confidence::Shown) => "shown on a screen",
        Some(Confidence::Printed) => "printed, confirmed",
        Some(Confidence::Fiscalised) => "fiscalised",
        None => "",
    }
}

fn exit_command(job: &str, exit: &str) -> String {
    match exit {
        "release" => format!("outletd jobs release {job}        print it late, with a DELAYED line"),
        "cancel" => format!("outletd jobs cancel {job}         it is not wanted any more"),
        "printed" => format!("outletd jobs resolve {job} printed      it is on paper"),
        "not-printed" => {
            format!("outletd jobs resolve {job} not-printed  it is not, and is not wanted any more")
        }
        "print-again" => format!("outletd jobs resolve {job} print-again  print it again, marked as a copy"),
        other => format!("outletd jobs resolve {job} {}", clean(other)),
    }
}

fn kind(kind: Option<Kind>) -> String {
    kind.and_then(|kind| serde_json::to_value(kind).ok())
        .and_then(|kind| kind.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn tone(state: State) -> Tone {
    match state {
        State::Succeeded => Tone::Good,
        State::Accepted | State::Running => Tone::Plain,
        State::Waiting | State::Cancelled => Tone::Warning,
        State::Uncertain | State::Rejected | State::Failed | State::Expired => Tone::Bad,
    }
}

/// A moment in the time zone of whoever reads.
pub(crate) fn moment(at: Timestamp, format: &str) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    moment.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string()
}

fn facts(value: Option<&Value>, paint: Paint) -> String {
    let mut lines = Vec::new();
    if let Some(value) = value {
        collect("", value, &mut lines);
    }
    rows(&lines, paint)
}

fn rows(lines: &[(String, String)], paint: Paint) -> String {
    let mut table = Table::bare();
    for (name, value) in lines {
        table.row([cell(Tone::Faint, name), plain(value)]);
    }
    table.render(paint, 2)
}

/// Names and values, one a line: `device.asb`, `attempts[0].error.code`.
fn collect(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                collect(&name, value, lines);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.iter().enumerate() {
                collect(&format!("{name}[{at}]"), item, lines);
            }
        }
        other => lines.push((name.to_owned(), short(other))),
    }
}

/// A value without the quotes of JSON where it is plain.
pub(crate) fn short(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(Value::Array(items)) if !items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().map(short).collect::<Vec<_>>().join(", ")
        }
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
