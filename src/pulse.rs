//! Whether the parts of the agent still run: each beats as often as its task gets a turn.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often a part beats that has nothing else to do.
const BEAT: Duration = Duration::from_secs(2);

/// The last beat of each part; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    parts: Arc<Mutex<BTreeMap<String, Instant>>>,
}

impl Pulse {
    /// Does the work of a part, and has it beat until it ends. A task that never gives its thread back, or whose
    /// thread is held by another, beats no more.
    pub async fn of<T>(self, part: String, work: impl Future<Output = T>) -> T {
        let gone = Gone { pulse: self.clone(), part: part.clone() };
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                _ = beat.tick() => drop(self.lock().insert(part.clone(), Instant::now())),
            }
        };
        drop(gone);
        done
    }

    /// Parts that have not beaten for so long.
    pub fn stalled(&self, limit: Duration) -> Vec<String> {
        let parts = self.lock();
        let silent = parts.iter().filter(|(_, beat)| beat.elapsed() > limit);
        silent.map(|(part, _)| part.clone()).collect()
    }

    /// All parts that beat.
    pub fn parts(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part that has ended, or whose task was, is waited for no more.
struct Gone {
    pulse: Pulse,
    part: String,
}

impl Drop for Gone {
    fn drop(&mut self) {
        self.pulse.lock().remove(&self.part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn a_part_that_waits_for_hours_still_beats() {
        let pulse = Pulse::default();
        let part = tokio::spawn(pulse.clone().of("kitchen".into(), std::future::pending::<()>()));
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(pulse.stalled(LIMIT), [""; 0]);
        }
        assert_eq!(pulse.parts(), ["kitchen"]);
        part.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_keeps_its_thread_is_stalled_and_is_well_when_it_gives_it_back() {
        let pulse = Pulse::default();
        let (held, mut turns) = (pulse.clone(), tokio::time::interval(Duration::from_secs(1)));
        let mut part = Box::pin(held.of("kitchen".into(), std::future::pending::<()>()));
        let turn = futures_util::poll!(&mut part);
        assert!(turn.is_pending());
        for _ in 0..30 {
            turns.tick().await;
        }
        assert_eq!(pulse.stalled(LIMIT), ["kitchen"], "nobody has given it a turn");
        assert!(futures_util::poll!(&mut part).is_pending());
        assert_eq!(pulse.stalled(LIMIT), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_has_ended_is_waited_for_no_more() {
        let pulse = Pulse::default();
        pulse.clone().of("short".into(), tokio::time::sleep(Duration::from_secs(3))).await;
        assert_eq!(pulse.parts(), [""; 0]);
        let cut = tokio::spawn(pulse.clone().of("cut".into(), std::future::pending::<()>()));
        tokio::time::sleep(Duration::from_secs(3)).await;
        cut.abort();
        assert!(cut.await.is_err());
        assert_eq!(pulse.parts(), [""; 0]);
    }
}
