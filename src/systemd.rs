//! Talks to systemd where it started the agent: ready, watchdog, stopping.

use std::time::Duration;

use sd_notify::NotifyState;

/// Says that the agent serves.
pub fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// How often systemd hears that a start still goes on.
const STILL_STARTING: Duration = Duration::from_secs(10);
/// How long it waits after that for the next word: far more, a disk that stalls is no reason to kill.
const NEXT_WORD_US: u32 = 120_000_000;

/// Does a part of the start that may take long: systemd does not count it as one that hangs.
pub async fn waits_for<T>(work: impl Future<Output = T>) -> T {
    saying(work, || {
        notify(&[NotifyState::ExtendTimeoutUsec(NEXT_WORD_US), NotifyState::Status("opening the journal")]);
    })
    .await
}

async fn saying<T>(work: impl Future<Output = T>, mut say: impl FnMut()) -> T {
    let mut again = tokio::time::interval(STILL_STARTING);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            _ = again.tick() => say(),
            done = &mut work => return done,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn systemd_hears_of_a_start_as_long_as_it_takes() {
        let mut words = 0;
        saying(tokio::time::sleep(Duration::from_secs(3600)), || words += 1).await;
        assert!((360..=361).contains(&words), "{words} words in an hour");
    }
}
