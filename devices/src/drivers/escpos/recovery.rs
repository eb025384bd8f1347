//! Helping a printer on when the cause of its stop was removed.

use std::time::Duration;

use outlet_protocols::escpos::command;
use outlet_protocols::escpos::status::{PaperState, Status};
use tokio::time::Instant;

/// Decides when a stopped printer gets `DLE ENQ`.
///
/// A jammed cutter needs `DLE ENQ 1`, which prints from the start of the failed line, after its cause is
/// removed; that a person did so shows in the cover being opened and closed. Where it does not show, it is
/// tried now and then, but never with the cover open: fingers may be at the knife. A printer that waits
/// after a new roll goes online by `DLE ENQ 0` (*ESC/POS Command Reference*, `DLE ENQ`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovery {
    interval: Duration,
    stopped_since: Option<Instant>,
    cover_was_open: bool,
    last: Option<Instant>,
}

impl Recovery {
    /// With the time from one attempt to the next.
    pub fn new(interval: Duration) -> Self {
        Self { interval, stopped_since: None, cover_was_open: false, last: None }
    }

    /// Looks at the printer.
    pub fn see(&mut self, status: &Status, now: Instant) {
        if status.blocked() || status.waiting {
            self.stopped_since.get_or_insert(now);
            self.cover_was_open |= status.cover_open;
        } else {
            *self = Self::new(self.interval);
        }
    }

    /// When a command is due.
    pub fn due(&self, status: &Status) -> Option<Instant> {
        command(status)?;
        let since = self.stopped_since?;
        let at_once = status.waiting && self.last.is_none();
        match self.last {
            _ if self.cover_was_open || at_once => Some(since),
            None => Some(since + self.interval),
            Some(last) => Some(last + self.interval),
        }
    }

    /// The command that is due, once.
    pub fn take(&mut self, status: &Status, now: Instant) -> Option<&'static [u8]> {
        self.due(status).filter(|due| *due <= now)?;
        self.last = Some(now);
        self.cover_was_open = false;
        command(status)
    }
}

/// What frees a stopped printer whose cover is closed and that has paper.
pub fn command(status: &Status) -> Option<&'static [u8]> {
    if status.cover_open || status.unrecoverable || status.paper == PaperState::Out {
        None
    } else if status.recoverable || status.cutter_error {
        Some(command::RECOVER_RESUME)
    } else if status.waiting {
        Some(command::GO_ONLINE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(15);

    fn jammed() -> Status {
        Status { cutter_error: true, offline: true, ..Status::default() }
    }

    #[test]
    fn a_jam_is_retried_at_once_when_the_cover_was_opened_and_closed() {
        let start = Instant::now();
        let mut recovery = Recovery::new(INTERVAL);
        recovery.see(&jammed(), start);
        let open = Status { cover_open: true, ..jammed() };
        recovery.see(&open, start);
        assert_eq!(recovery.take(&open, start + 100 * INTERVAL), None, "never with the cover open");
        recovery.see(&jammed(), start);
        assert_eq!(recovery.take(&jammed(), start), Some(command::RECOVER_RESUME));
        assert_eq!(recovery.take(&jammed(), start), None, "once");
    }

    #[test]
    fn a_jam_is_retried_now_and_then() {
        let start = Instant::now();
        let mut recovery = Recovery::new(INTERVAL);
        recovery.see(&jammed(), start);
        assert_eq!(recovery.take(&jammed(), start + INTERVAL / 2), None);
        assert_eq!(recovery.take(&jammed(), start + INTERVAL), Some(command::RECOVER_RESUME));
        assert_eq!(recovery.due(&jammed()), Some(start + 2 * INTERVAL));
    }

    #[test]
    fn a_printer_that_waits_after_a_new_roll_goes_online_only_with_paper() {
        let now = Instant::now();
        let mut recovery = Recovery::new(INTERVAL);
        let waiting = Status { waiting: true, offline: true, ..Status::default() };
        let out = Status { paper: PaperState::Out, ..waiting };
        recovery.see(&out, now);
        assert_eq!(recovery.take(&out, now), None);
        recovery.see(&waiting, now);
        assert_eq!(recovery.take(&waiting, now), Some(command::GO_ONLINE));
    }

    #[test]
    fn a_broken_or_a_healthy_printer_gets_nothing() {
        let now = Instant::now();
        let mut recovery = Recovery::new(INTERVAL);
        let broken = Status { unrecoverable: true, ..jammed() };
        recovery.see(&broken, now);
        assert_eq!(recovery.take(&broken, now + INTERVAL), None);
        let healthy = Status::default();
        recovery.see(&healthy, now);
        assert_eq!(recovery.take(&healthy, now + INTERVAL), None);
    }
}
