//! Whether the parts of the agent still run: each beats as often as its task gets a turn, and says when it has
//! something in hand and when it gets on with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often a part beats that has nothing else to do.
const BEAT: Duration = Duration::from_secs(2);
/// A part that has had no turn for so long does not run.
pub const STALLED: Duration = Duration::from_secs(20);
/// A part that has had something in hand for so long, and did not get on with it, waits for what never comes. What it
/// may wait for of itself is the disk, and each try at it counts.
pub const STUCK: Duration = Duration::from_secs(120);
/// The same of a driver at a job. Longer than any device may take to answer; one that says why it waits may take for
/// ever.
pub const DRIVER_STUCK: Duration = Duration::from_secs(600);
/// The same of a driver that connects, answers a request or asks what became of a job. It can't say what it waits for,
/// such as the jobs of others in front of ours.
pub const DRIVER_SILENT: Duration = Duration::from_secs(3600);

tokio::task_local! {
    static OWN: Progress;
}

/// How far somebody is who has something in hand, or that nothing is; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Hand>>);

#[derive(Debug)]
struct Hand {
    /// The last step, while there is something in it.
    step: Option<Instant>,
    limit: Duration,
}

impl Default for Hand {
    fn default() -> Self {
        Self { step: None, limit: STUCK }
    }
}

impl Progress {
    /// Something is in hand, and gets on.
    pub fn step(&self) {
        self.lock().step = Some(Instant::now());
    }

    /// Nothing is in hand, or what is waits by right.
    pub fn rest(&self) {
        self.lock().step = None;
    }

    /// Something is in hand until what is returned is dropped, and may take so long for a step.
    pub fn in_hand(&self, limit: Duration) -> InHand {
        *self.lock() = Hand { step: Some(Instant::now()), limit };
        InHand(self.clone())
    }

    /// Whether something has been in hand for too long without a step.
    pub fn is_stuck(&self) -> bool {
        let hand = self.lock();
        hand.step.is_some_and(|step| step.elapsed() > hand.limit)
    }

    fn lock(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is in hand; see [`Progress::in_hand`].
#[must_use]
#[derive(Debug)]
pub struct InHand(Progress);

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.rest();
    }
}

/// The part that this task is waits by right, as for its inbox, until what is returned is dropped: from then on it
/// has something in hand.
pub fn resting() -> Resting {
    let own = OWN.try_with(Progress::clone).ok();
    own.iter().for_each(Progress::rest);
    Resting(own)
}

/// The part that this task is gets on with what it has in hand.
pub fn step() {
    let _ = OWN.try_with(Progress::step);
}

/// A part that waits by right; see [`resting`].
#[must_use]
#[derive(Debug)]
pub struct Resting(Option<Progress>);

impl Drop for Resting {
    fn drop(&mut self) {
        self.0.iter().for_each(Progress::step);
    }
}

/// The last beat of each part, and how far it is; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    parts: Arc<Mutex<BTreeMap<String, Part>>>,
    drivers: Arc<Mutex<BTreeMap<String, Progress>>>,
}

#[derive(Debug)]
struct Part {
    beat: Instant,
    progress: Progress,
}

impl Pulse {
    /// Does the work of a part, and has it beat until it ends. A task that never gives its thread back, or whose
    /// thread is held by another, beats no more. Within the work [`resting`] and [`step`] speak of this part; one that
    /// never says that it rests is asked for beats alone.
    pub async fn of<T>(self, part: String, work: impl Future<Output = T>) -> T {
        let gone = Gone { pulse: self.clone(), part: part.clone() };
        let progress = Progress::default();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let work = OWN.scope(progress.clone(), work);
        tokio::pin!(work);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                _ = beat.tick() => {
                    let now = Part { beat: Instant::now(), progress: progress.clone() };
                    drop(self.lock().insert(part.clone(), now));
                }
            }
        };
        drop(gone);
        done
    }

    /// How far the driver of a device is.
    pub fn driver(&self, device: &str) -> Progress {
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        drivers.entry(device.to_owned()).or_default().clone()
    }

    /// Devices whose driver has a job in hand and has not got on for [`DRIVER_STUCK`], or something else for
    /// [`DRIVER_SILENT`].
    pub fn stuck_drivers(&self) -> Vec<String> {
        let drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        let stuck = drivers.iter().filter(|(_, progress)| progress.is_stuck());
        stuck.map(|(device, _)| device.clone()).collect()
    }

    /// Parts that have had something in hand for [`STUCK`] and did not get on with it.
    pub fn stuck(&self) -> Vec<String> {
        let parts = self.lock();
        let stuck = parts.iter().filter(|(_, part)| part.progress.is_stuck());
        stuck.map(|(name, _)| name.clone()).collect()
    }

    /// Parts that have not beaten for so long.
    pub fn stalled(&self, limit: Duration) -> Vec<String> {
        let parts = self.lock();
        let silent = parts.iter().filter(|(_, part)| part.beat.elapsed() > limit);
        silent.map(|(name, _)| name.clone()).collect()
    }

    /// All parts that beat.
    pub fn parts(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Part>> {
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
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
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
    async fn a_part_that_waits_for_its_inbox_is_well_and_one_that_waits_with_work_in_hand_is_not() {
        let (pulse, (inbox, mut message)) = (Pulse::default(), tokio::sync::mpsc::unbounded_channel());
        let part = tokio::spawn(pulse.clone().of("kitchen".into(), async move {
            let rest = resting();
            message.recv().await;
            drop(rest);
            std::future::pending::<()>().await;
        }));
        tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!(pulse.stuck(), [""; 0], "nothing was to be done the whole day");
        inbox.send(()).unwrap();
        tokio::time::sleep(STUCK - Duration::from_secs(1)).await;
        assert_eq!(pulse.stuck(), [""; 0], "it may take a while");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(pulse.stuck(), ["kitchen"]);
        assert_eq!(pulse.stalled(LIMIT), [""; 0], "its task still gets its turns");
        part.abort();
        assert!(part.await.is_err());
        assert_eq!(pulse.stuck(), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_tries_again_and_again_gets_on() {
        let pulse = Pulse::default();
        let part = tokio::spawn(pulse.clone().of("kitchen".into(), async {
            loop {
                step();
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
        }));
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(pulse.stuck(), [""; 0]);
        }
        part.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_driver_is_stuck_only_while_something_is_in_its_hands() {
        let pulse = Pulse::default();
        let driver = pulse.driver("kitchen");
        tokio::time::sleep(DRIVER_STUCK * 2).await;
        assert_eq!(pulse.stuck_drivers(), [""; 0]);
        let job = driver.in_hand(DRIVER_STUCK);
        tokio::time::sleep(DRIVER_STUCK / 2).await;
        driver.step();
        tokio::time::sleep(DRIVER_STUCK).await;
        assert_eq!(pulse.stuck_drivers(), [""; 0], "each step counts");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(pulse.stuck_drivers(), ["kitchen"]);
        drop(job);
        assert_eq!(pulse.stuck_drivers(), [""; 0]);
        let _connecting = driver.in_hand(DRIVER_SILENT);
        tokio::time::sleep(DRIVER_SILENT).await;
        assert_eq!(pulse.stuck_drivers(), [""; 0]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(pulse.stuck_drivers(), ["kitchen"]);
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
