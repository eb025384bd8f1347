//! Talks to systemd where it started the agent: ready, watchdog, stopping.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that the agent serves.
pub fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Says that the agent ends.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// How often the watchdog wants to be fed, if there is one: half its time.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

/// Feeds the watchdog.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "systemd could not be told");
    }
}
