//! The register's own clock: the host's local time, or a fixed one, and an offset of its own.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Zoned};

/// The local time with the offset, cut to whole seconds.
pub(crate) fn now(fixed: Option<DateTime>, offset_s: i64) -> DateTime {
    let base = fixed.unwrap_or_else(|| Zoned::now().datetime());
    whole_seconds(base.saturating_add(SignedDuration::from_secs(offset_s)))
}

/// The offset that makes the clock show `wanted`.
pub(crate) fn offset_to(fixed: Option<DateTime>, wanted: DateTime) -> i64 {
    let base = whole_seconds(fixed.unwrap_or_else(|| Zoned::now().datetime()));
    wanted.duration_since(base).as_secs()
}

/// As it stands in the ledger: `2026-11-22T09:30:00`.
pub(crate) fn iso(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Reads what [`iso`] wrote.
pub(crate) fn from_iso(text: &str) -> Option<DateTime> {
    text.parse().ok()
}

fn whole_seconds(at: DateTime) -> DateTime {
    at.with().subsec_nanosecond(0).build().unwrap_or(at)
}
