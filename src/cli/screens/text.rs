//! Screens as a person reads them.

use std::fmt::Write;

use outletd::clock::Timestamp;
use outletd::screens::View;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::jobs::text::moment;
use crate::cli::screen::{Paint, Tone, clean};
use crate::cli::table::{Table, cell, plain};

/// What the agent answers to `screens`.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    screens: Vec<Known>,
    pending: Vec<Pending>,
    urls: Vec<String>,
    fingerprint: Option<String>,
    plain: bool,
}

/// What the agent answers to a change.
#[derive(Debug, Deserialize)]
pub(super) struct Changed {
    pub(super) screen: Known,
}

/// A screen.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    screen: String,
    name: String,
    view: View,
    stations: Vec<String>,
    admitted_at: Timestamp,
    admitted_by: Option<String>,
    connected: bool,
    watching: bool,
}

/// A screen that shows a code.
#[derive(Debug, Deserialize)]
struct Pending {
    code: String,
    at: Timestamp,
    from: String,
    #[serde(default)]
    panel: Value,
}

/// All screens, and those that show a code.
pub(super) fn list(listed: &Listed, paint: Paint) -> String {
    let mut out = String::new();
    if listed.screens.is_empty() {
        out.push_str("no screen is admitted yet\n");
    } else {
        let mut table = Table::new(&["screen", "name", "view", "stations", "state", "admitted"]);
        for screen in &listed.screens {
            table.row(row(screen));
        }
        out.push_str(&table.render(paint, 0));
    }
    if !listed.pending.is_empty() {
        out.push_str("\nThese show a code, for 10 minutes each:\n");
        let mut table = Table::new(&["code", "since", "from", "panel"]);
        for pending in &listed.pending {
            table.row([
                cell(Tone::Strong, &pending.code),
                plain(moment(pending.at, "%H:%M:%S")),
                plain(&pending.from),
                plain(panel(&pending.panel)),
            ]);
        }
        out.push_str(&table.render(paint, 2));
        out.push_str("Admit one with `outletd screens admit CODE --view kitchen --station STATION`\n");
    }
    if listed.plain {
        let warning = "The network can read what screens show: remove [web] plain, so that TLS is spoken";
        let _ = writeln!(out, "\n{}", paint.tone(Tone::Warning, warning));
    }
    out
}

/// One screen.
pub(super) fn one(screen: &Known, paint: Paint) -> String {
    let mut table = Table::bare();
    table.row(row(screen));
    table.render(paint, 0)
}

/// That a screen is gone.
pub(super) fn revoked(screen: &Known) -> String {
    format!("{} ({}) is not admitted any more\n", clean(&screen.screen), clean(&screen.name))
}

/// The certificate authority and where it is fetched.
pub(super) fn authority(listed: &Listed, paint: Paint) -> String {
    let mut out = String::new();
    match &listed.fingerprint {
        None => out.push_str(
            "the agent has no certificate authority of its own: screens connect on this machine only, without TLS, or \
             with the certificate of [web.tls]\n",
        ),
        Some(fingerprint) => {
            let _ = writeln!(out, "SHA-256 {}", paint.tone(Tone::Strong, &clean(fingerprint)));
            for url in &listed.urls {
                let _ = writeln!(out, "    {}ca.crt", clean(url));
            }
            out.push_str("Fetch it on each panel, compare the fingerprint, and have the browser trust it.\n");
        }
    }
    out
}

fn row(screen: &Known) -> [crate::cli::table::Cell; 6] {
    let (tone, state) = match (screen.watching, screen.connected) {
        (true, _) => (Tone::Good, "watching"),
        (false, true) => (Tone::Plain, "connected"),
        (false, false) => (Tone::Warning, "away"),
    };
    let by = screen.admitted_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    [
        cell(Tone::Strong, &screen.screen),
        plain(&screen.name),
        plain(screen.view.as_str()),
        plain(screen.stations.join(", ")),
        cell(tone, state),
        plain(format!("{}{by}", moment(screen.admitted_at, "%Y-%m-%d %H:%M"))),
    ]
}

/// `1920 x 1080, 21.5 in`.
fn panel(panel: &Value) -> String {
    let (Some(width), Some(height)) = (panel["width_px"].as_u64(), panel["height_px"].as_u64()) else {
        return String::new();
    };
    match panel["diagonal_in"].as_f64() {
        Some(diagonal) => format!("{width} x {height}, {diagonal} in"),
        None => format!("{width} x {height}"),
    }
}
