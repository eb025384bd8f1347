//! The log as systemd's journal takes it: each line with its fields, so that `journalctl DEVICE=kitchen` finds all
//! that was said about a device, and `journalctl JOB=...` about a job.

use std::fmt::{Debug, Write as _};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::stat::fstat;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::layer::Context;

/// Where journald listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// Longer values are cut: one datagram has to take all of a line.
const LONGEST: usize = 8 * 1024;

/// How long a line may wait for a journald that is busy.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a stream leads to the journal, by the `JOURNAL_STREAM` that systemd sets: device and inode. A stream that
/// was led elsewhere since then, as by a shell, does not.
pub fn takes(stream: impl AsFd, journal_stream: &str) -> bool {
    fstat(stream).is_ok_and(|stat| journal_stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Sends every event to journald.
#[derive(Debug)]
pub struct Journald {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journald {
    /// Logs to the journald that listens there.
    ///
    /// # Errors
    /// When there is no socket to be had, or nobody listens.
    pub fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        // An empty datagram is taken and forgotten.
        socket.send_to(&[], path)?;
        Ok(Self { socket, path: path.to_owned() })
    }
}

impl<S: Subscriber> Layer<S> for Journald {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = String::new();
        let _ = DefaultFields::new().format_fields(Writer::new(&mut text), event);
        let mut line = Line::default();
        line.put("MESSAGE", &text);
        line.put("PRIORITY", priority(*event.metadata().level()));
        line.put("SYSLOG_IDENTIFIER", "outletd");
        line.put("TARGET", event.metadata().target());
        event.record(&mut line);
        if self.socket.send_to(&line.0, &self.path).is_err() {
            // systemd has led this to the journal, too, without the fields.
            eprintln!("{text}");
        }
    }
}

/// As in syslog.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

/// A line in journald's own protocol: of each field its name, the length of its value, and the value.
#[derive(Default)]
struct Line(Vec<u8>);

impl Line {
    fn put(&mut self, name: &str, value: &str) {
        let end = (0..=LONGEST.min(value.len())).rev().find(|end| value.is_char_boundary(*end));
        let value = value.get(..end.unwrap_or_default()).unwrap_or_default();
        self.0.extend(name.as_bytes());
        self.0.push(b'\n');
        self.0.extend((value.len() as u64).to_le_bytes());
        self.0.extend(value.as_bytes());
        self.0.push(b'\n');
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(name) = name(field.name()) {
            self.put(&name, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

/// A field's name in the journal. None for the message, which is there already, for names that journald has a
/// meaning of its own for, and for those it does not take.
fn name(field: &str) -> Option<String> {
    let name = field.to_ascii_uppercase().replace('.', "_");
    let own = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "TARGET"].contains(&name.as_str());
    let begins = name.starts_with(|c: char| c.is_ascii_uppercase());
    let fits =
        name.len() <= 64 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (!own && begins && fits).then_some(name)
}

#[cfg(test)]
mod tests;
