//! What the status page shows of devices and jobs: states, queues, what waits for a person with its ways out, and the
//! bytes of the last exchange. It is made anew for each look, and is the part of the page that stays fresh.

use std::fmt::Write;

use outlet_devices::driver::Direction;
use serde::Deserialize;
use serde_json::Value;

use super::status::{Sight, Text};
use crate::bus::contract::{AttentionJob, AttentionNotice, DeviceState};
use crate::journal::AttemptRecord;

/// Bytes of an exchange that are shown, from its start and from its end.
const SHOWN: usize = 2_048;

/// The part of the page that stays fresh; `token` stands in its forms.
pub(super) async fn fragment(sight: &Sight, token: &str) -> String {
    let mut page = String::with_capacity(8 << 10);
    match (sight.journal.notices().await, sight.journal.attention().await) {
        (Ok(notices), Ok(jobs)) => attention(&mut page, &notices, &jobs, token),
        (Err(error), _) | (_, Err(error)) => {
            let _ = writeln!(page, "<p class=\"warning\" role=\"alert\">{}</p>", Text(&error.to_string()));
        }
    }
    devices(&mut page, sight);
    exchanges(&mut page, sight).await;
    page
}

fn attention(page: &mut String, notices: &[AttentionNotice], jobs: &[AttentionJob], token: &str) {
    page.push_str("<h2>Waits for a person</h2>\n");
    for notice in notices {
        let _ = writeln!(
            page,
            "<p class=\"warning\"><code>{}</code> {} <form method=\"post\" action=\"/status/dismiss\"><input \
             type=\"hidden\" name=\"token\" value=\"{token}\"><input type=\"hidden\" name=\"notice\" \
             value=\"{}\"><button>Dismiss</button></form></p>",
            Text(&notice.code),
            Text(&notice.message),
            notice.notice,
        );
    }
    if jobs.is_empty() {
        page.push_str("<p>No job does.</p>\n");
        return;
    }
    page.push_str(
        "<table><tr><th>Job</th><th>Device</th><th>Since</th><th>Why</th><th>Say what you saw</th></tr>\n",
    );
    for job in jobs {
        let _ = write!(
            page,
            "<tr><td><code>{id}</code></td><td>{}</td><td>{}</td><td><code>{}</code> {}</td><td><form \
             method=\"post\" action=\"/status/decide\"><input type=\"hidden\" name=\"token\" value=\"{token}\"><input \
             type=\"hidden\" name=\"job\" value=\"{id}\">",
            Text(&job.device),
            job.since.local_hh_mm(),
            Text(&job.reason.code),
            Text(&job.reason.message),
            id = Text(&job.job),
        );
        for exit in &job.exits {
            let _ = write!(page, "<button name=\"exit\" value=\"{0}\">{0}</button> ", Text(exit));
        }
        page.push_str("</form></td></tr>\n");
    }
    page.push_str("</table>\n");
}

fn devices(page: &mut String, sight: &Sight) {
    page.push_str(
        "<h2>Devices</h2>\n<table><tr><th>Id</th><th>Model</th><th>State</th><th>Problem</th><th>Jobs</th><th>Being \
         done</th><th>Oldest</th></tr>\n",
    );
    for (id, device) in sight.devices.iter() {
        let known = sight.board.state(id);
        let (class, state) = match known.as_ref().map(|known| known.state) {
            Some(DeviceState::Ready) => ("good", "ready"),
            Some(DeviceState::Busy) => ("good", "busy"),
            Some(DeviceState::Attention) => ("bad", "attention"),
            Some(DeviceState::Offline) => ("bad", "offline"),
            None => ("", "unknown"),
        };
        let queue = known.as_ref().map(|known| known.queue.clone()).unwrap_or_default();
        let problem = known.map_or_else(String::new, |known| {
            known.conditions.into_iter().chain(known.problem).collect::<Vec<_>>().join("; ")
        });
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{state}</td><td>{}</td><td>{}</td><td><code>{}</code></td>\
             <td>{}</td></tr>",
            Text(id),
            Text(&device.description.name),
            Text(&problem),
            queue.depth,
            Text(&queue.active.unwrap_or_default()),
            queue.oldest_at.map(|at| at.local_hh_mm()).unwrap_or_default(),
        );
    }
    page.push_str("</table>\n");
}

async fn exchanges(page: &mut String, sight: &Sight) {
    page.push_str("<h2>Last exchange with each device</h2>\n");
    for id in sight.devices.keys() {
        let Ok(Some((job, attempt))) = sight.journal.last_exchange(id).await else { continue };
        // Stations have none, and what goes on has none yet.
        if attempt.trace.is_empty() {
            continue;
        }
        let ended = attempt.ended_at.map(|at| format!(", ended {}", at.local_hh_mm())).unwrap_or_default();
        let _ = writeln!(
            page,
            "<details id=\"exchange-{id}\"><summary>{id}: job <code>{}</code>, begun {}{ended}{}</summary>\n<pre>{}\
             </pre></details>",
            Text(&job),
            attempt.begun_at.local_hh_mm(),
            Text(&outcome(&attempt)),
            Text(&bytes(&attempt)),
            id = Text(id),
        );
    }
}

fn outcome(attempt: &AttemptRecord) -> String {
    let ended = attempt.outcome.as_ref().and_then(|outcome| outcome.get("ended"));
    ended.and_then(Value::as_str).map(|ended| format!(" as {ended}")).unwrap_or_default()
}

/// Bytes that crossed the wire.
#[derive(Deserialize)]
struct Crossing {
    at_ms: u64,
    direction: Direction,
    /// Hexadecimal.
    bytes: String,
}

/// Each crossing with its time and sixteen bytes a line; of a long exchange its start and its end.
fn bytes(attempt: &AttemptRecord) -> String {
    let crossings =
        attempt.trace.iter().filter_map(|line| serde_json::from_value::<Crossing>(line.clone()).ok());
    let mut out = String::new();
    for crossing in crossings {
        let arrow = match crossing.direction {
            Direction::Sent => "to the device",
            Direction::Received => "from the device",
        };
        let _ = writeln!(out, "{:>8} ms {arrow}", crossing.at_ms);
        for pairs in crossing.bytes.as_bytes().chunks(32) {
            let line: Vec<&str> = pairs.chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
            let readable: String = line.iter().map(|pair| readable(pair)).collect();
            let _ = writeln!(out, "            {:<47}  {readable}", line.join(" "));
        }
    }
    shortened(&out)
}

/// A byte in ASCII, or a dot.
fn readable(pair: &str) -> char {
    match u8::from_str_radix(pair, 16) {
        Ok(byte) if (0x20..0x7f).contains(&byte) => char::from(byte),
        _ => '.',
    }
}

fn shortened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let most = 2 * SHOWN / 16;
    if lines.len() <= most {
        return text.to_owned();
    }
    let (start, end) = (&lines[..most / 2], &lines[lines.len() - most / 2..]);
    format!("{}\n... {} lines ...\n{}\n", start.join("\n"), lines.len() - most, end.join("\n"))
}
