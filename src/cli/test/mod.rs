//! `outletd test`: a technician's page on paper and a ranked verdict on the screen.

use std::fmt::Write;
use std::time::Duration;

use outlet_devices::driver::{Confidence, Request};
use outletd::bus::contract::is_name;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::agent_client::AgentClient;
use super::connection::Connection;
use super::failure::{Exit, Failure};
use super::jobs::text::short;
use super::jobs::understood;
use super::screen::{Paint, Screen, Tone, clean};
use super::table::{Table, cell, plain};

/// A page at the speed of a slow printer, behind the job it may be doing.
const PAGE: Duration = Duration::from_secs(90);

/// What `test` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The device's id
    device: String,
    /// Write the verdict as JSON
    #[arg(long)]
    json: bool,
    /// Not a test: take the sums that a fiscal register has now for right, after they differed from what
    /// this agent's jobs had left
    #[arg(long)]
    accept_sums: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Has a device tested.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let device = &args.device;
    if !is_name(device) {
        return Err(Failure::usage(format!("{device:?} is no device: an id is 1 to 64 of a-z, 0-9 and -")));
    }
    let client = AgentClient::connect(&args.connection).await?;
    let topic = client.topics().device_request(device);
    if args.accept_sums {
        let reply = client.request(&topic, &Request::AcceptSums, client.patience()).await?;
        client.close().await;
        return match reply.error {
            None => screen.print(format!("{device}: its sums are accepted at the next movement of money\n")),
            Some(error) => Err(Failure::bad(format!("{device}: {}: {}", error.code, error.message))),
        };
    }
    if !args.json {
        eprintln!("testing {device}: look at its paper (a fiscal register prints nothing)");
    }
    let reply = client.request(&topic, &Request::Test, client.patience().max(PAGE)).await?;
    client.close().await;
    let refusal = reply.error.as_ref().map(|error| format!("{}: {}", error.code, error.message));
    let result = reply.result.unwrap_or_default();
    if args.json {
        screen.json(&result)?;
    } else if result.is_object() {
        let verdict: Verdict = understood(result.clone())?;
        screen.print(text(&verdict, screen.paint()))?;
    }
    match refusal {
        Some(refusal) => Err(Failure::bad(format!("{device}: {refusal}"))),
        None if reply.ok && result.get("ok") == Some(&Value::Bool(true)) => Ok(()),
        None => Err(Failure::said(Exit::Bad)),
    }
}

/// What the driver found out.
#[derive(Debug, Deserialize)]
struct Verdict {
    ok: bool,
    link: Option<String>,
    #[serde(default)]
    printed: bool,
    confidence: Option<Confidence>,
    /// How it could be told that the page was printed; nothing when none was sent.
    proof: Option<String>,
    identity: Option<Map<String, Value>>,
    status: Option<Map<String, Value>>,
    /// What only fiscal registers have: state, storage, exchange, quality of the link.
    register: Option<Map<String, Value>>,
    /// The likeliest cause first.
    #[serde(default)]
    verdict: Vec<Suspicion>,
    /// What to look for on the page.
    #[serde(default)]
    page_checks: Vec<Value>,
}

/// One possible cause.
#[derive(Debug, Deserialize)]
struct Suspicion {
    #[serde(default)]
    rank: u32,
    suspect: String,
    #[serde(default)]
    likelihood: Value,
    #[serde(default)]
    why: String,
    #[serde(default)]
    remedy: String,
}

fn text(verdict: &Verdict, paint: Paint) -> String {
    let mut out = match (verdict.ok, verdict.printed, &verdict.proof) {
        (true, _, _) => paint.tone(Tone::Good, "Nothing wrong was found."),
        (false, true, _) => paint.tone(Tone::Warning, "The page was printed, but something is wrong."),
        (false, false, Some(_)) => paint.tone(Tone::Bad, "The page was sent, but not confirmed."),
        (false, false, None) if verdict.register.is_some() => {
            paint.tone(Tone::Warning, "The register answers, but something is wrong.")
        }
        (false, false, None) => paint.tone(Tone::Bad, "The page was not printed."),
    };
    let confirmed = match verdict.confidence {
        Some(Confidence::Sent) => {
            " Whether the page was printed only the paper can tell: this device confirms nothing."
        }
        Some(Confidence::Printed | Confidence::Fiscalised | Confidence::Confirmed | Confidence::Shown) => {
            " The printer confirmed the page."
        }
        None => "",
    };
    let _ = writeln!(out, "{confirmed}");
    if let Some(link) = &verdict.link {
        let _ = writeln!(out, "Link\n  {}", clean(link));
    }
    for (title, facts) in [("Device", &verdict.identity), ("Status", &verdict.status)] {
        let mut table = Table::bare();
        let told = facts.iter().flatten().map(|(name, value)| (name, short(value)));
        for (name, value) in told.filter(|(_, value)| !value.is_empty() && value != "null") {
            table.row([cell(Tone::Faint, name.replace('_', " ")), plain(value)]);
        }
        let lines = table.render(paint, 2);
        if !lines.is_empty() {
            let _ = write!(out, "{title}\n{lines}");
        }
    }
    for (title, facts) in verdict.register.iter().flatten() {
        let mut table = Table::bare();
        flatten("", facts, &mut |name, value| {
            table.row([cell(Tone::Faint, name.replace(['_', '.'], " ")), plain(value)]);
        });
        let lines = table.render(paint, 2);
        if !lines.is_empty() {
            let _ = write!(out, "Register: {}\n{lines}", clean(title));
        }
    }
    if !verdict.verdict.is_empty() {
        out.push_str("What is likely, the likeliest first\n");
    }
    for suspicion in &verdict.verdict {
        let Suspicion { rank, suspect, likelihood, why, remedy } = suspicion;
        let likelihood =
            if likelihood.is_null() { String::new() } else { format!(" ({})", short(likelihood)) };
        let head = format!("{rank}. {}{likelihood}", clean(suspect));
        let _ = writeln!(out, "  {}: {}", paint.tone(Tone::Strong, &head), clean(why));
        for line in remedy.lines() {
            let _ = writeln!(out, "     {}", clean(line));
        }
    }
    if !verdict.page_checks.is_empty() {
        out.push_str("Look at the page\n");
    }
    for check in &verdict.page_checks {
        let _ = writeln!(out, "  - {}", clean(&check_text(check)));
    }
    out
}

/// Calls `tell` for each fact, with the names that lead to it.
fn flatten(path: &str, facts: &Value, tell: &mut impl FnMut(&str, String)) {
    match facts {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, tell);
            }
        }
        Value::Null => {}
        value => tell(path, short(value)),
    }
}

/// A check as a sentence: a string, or an object whose texts follow each other.
fn check_text(check: &Value) -> String {
    match check {
        Value::Object(fields) => fields.values().map(short).collect::<Vec<_>>().join(": "),
        other => short(other),
    }
}

#[cfg(test)]
mod tests;
