//! Where the log goes.

use std::io::{IsTerminal, stderr};
use std::path::Path;

use outletd::journald::{self, Journald};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::failure::Failure;

/// Logs as a service of systemd to the journal, with fields; else to standard error, as text.
pub(crate) fn begin(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Failure::usage(format!("--log {filter:?} is no filter: {error}")))?;
    let log = tracing_subscriber::registry().with(filter);
    match journal() {
        Some(journal) => log.with(journal).init(),
        None => log
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(stderr().is_terminal())
                    .with_target(false)
                    .with_writer(stderr),
            )
            .init(),
    }
    Ok(())
}

/// The journal, if systemd has led standard error there.
fn journal() -> Option<Journald> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    if !journald::takes(stderr(), &stream) {
        return None;
    }
    Journald::at(Path::new(journald::SOCKET)).ok()
}
