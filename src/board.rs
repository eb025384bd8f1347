//! The board: what every device is doing, kept by the workers and published as retained documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use outlet_devices::driver::DeviceStatus;
use tokio::sync::Notify;

use crate::bus::Bus;
use crate::bus::contract::{AttentionDocument, DeviceState, DeviceStateDocument, QueueState, Topics};
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};

/// States change with every job; they are published at most this often.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(25);
/// The condition of a device whose driver does not get on with what it has in hand.
pub const DRIVER_STUCK: &str = "driver-stuck";

/// Shared by all workers.
#[derive(Clone)]
pub struct Board {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    places: Mutex<Places>,
    changed: Notify,
}

#[derive(Default)]
struct Places {
    devices: BTreeMap<String, Place>,
    /// Devices whose drivers don't get on.
    stuck: BTreeSet<String>,
    attention: bool,
}

struct Place {
    /// What the driver says of itself.
    status: DeviceStatus,
    document: DeviceStateDocument,
    unsaid: bool,
}

impl Board {
    /// An empty board.
    pub fn new(clock: Clock) -> Self {
        Self { inner: Arc::new(Inner { clock, places: Mutex::default(), changed: Notify::new() }) }
    }

    /// Notes how a device is and what waits for it.
    pub fn set(&self, device: &str, status: &DeviceStatus, queue: QueueState) {
        if self.lock().put(device, status.clone(), queue, &self.inner.clock) {
            self.inner.changed.notify_one();
        }
    }

    /// Notes which devices' drivers don't get on; all others do.
    pub fn set_stuck(&self, devices: BTreeSet<String>) {
        let mut places = self.lock();
        let before = std::mem::replace(&mut places.stuck, devices);
        let changed: Vec<String> = before.symmetric_difference(&places.stuck).cloned().collect();
        for device in changed {
            if let Some(place) = places.devices.get(&device) {
                let (status, queue) = (place.status.clone(), place.document.queue.clone());
                places.put(&device, status, queue, &self.inner.clock);
            }
        }
        drop(places);
        self.inner.changed.notify_one();
    }

    /// How a device is.
    pub fn state(&self, device: &str) -> Option<DeviceStateDocument> {
        self.lock().devices.get(device).map(|place| place.document.clone())
    }

    /// Says that the list of jobs that wait for a person may have changed.
    pub fn attention_changed(&self) {
        self.lock().attention = true;
        self.inner.changed.notify_one();
    }

    /// Publishes what changes, for ever.
    pub async fn publish(self, bus: Bus, topics: Topics, journal: Journal) {
        loop {
            let (states, attention) = self.take_unsaid();
            for (device, document) in states {
                if let Ok(payload) = serde_json::to_vec(&document) {
                    bus.retain(topics.device_state(&device), payload);
                }
            }
            if attention {
                match attention_document(&journal).await {
                    Ok(document) => {
                        bus.retain(topics.attention(), serde_json::to_vec(&document).unwrap_or_default());
                    }
                    Err(error) => tracing::error!(%error, "what needs attention can't be read"),
                }
            }
            let resting = crate::pulse::resting();
            self.inner.changed.notified().await;
            drop(resting);
            tokio::time::sleep(PUBLISH_INTERVAL).await;
        }
    }

    fn take_unsaid(&self) -> (Vec<(String, DeviceStateDocument)>, bool) {
        let mut places = self.lock();
        let states = places
            .devices
            .iter_mut()
            .filter_map(|(device, place)| {
                std::mem::take(&mut place.unsaid).then(|| (device.clone(), place.document.clone()))
            })
            .collect();
        (states, std::mem::take(&mut places.attention))
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.inner.places.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Places {
    /// Whether that changes the device's document.
    fn put(&mut self, device: &str, status: DeviceStatus, queue: QueueState, clock: &Clock) -> bool {
        let mut shown = status.clone();
        if self.stuck.contains(device) {
            shown.conditions.insert(DRIVER_STUCK.to_owned());
        }
        let state = state_of(&shown, &queue);
        let conditions: Vec<String> = shown.conditions.into_iter().collect();
        let known = self.devices.get_mut(device);
        let version = match known {
            Some(place)
                if place.document.state == state
                    && place.document.conditions == conditions
                    && place.document.problem == shown.problem
                    && place.document.drawer_open == shown.drawer_open
                    && place.document.queue == queue =>
            {
                place.status = status;
                return false;
            }
            Some(place) => place.document.version + 1,
            None => 1,
        };
        let (problem, drawer_open) = (shown.problem, shown.drawer_open);
        let document =
            DeviceStateDocument { state, conditions, problem, drawer_open, queue, version, at: clock() };
        self.devices.insert(device.to_owned(), Place { status, document, unsaid: true });
        true
    }
}

async fn attention_document(journal: &Journal) -> Result<AttentionDocument, JournalError> {
    Ok(AttentionDocument { jobs: journal.attention().await?, notices: journal.notices().await? })
}

fn state_of(status: &DeviceStatus, queue: &QueueState) -> DeviceState {
    if !status.online {
        DeviceState::Offline
    } else if status.is_hindered() {
        DeviceState::Attention
    } else if queue.active.is_some() {
        DeviceState::Busy
    } else {
        DeviceState::Ready
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn working() -> (DeviceStatus, QueueState) {
        let status = DeviceStatus { online: true, ..DeviceStatus::default() };
        (status, QueueState { depth: 1, active: Some("r-1".to_owned()), ..QueueState::default() })
    }

    fn board() -> Board {
        Board::new(Arc::new(Timestamp::default))
    }

    #[test]
    fn a_device_whose_driver_does_not_get_on_needs_a_person_until_it_does() {
        let board = board();
        let (status, queue) = working();
        board.set("kitchen", &status, queue.clone());
        board.set("bar", &status, queue.clone());

        board.set_stuck(BTreeSet::from(["kitchen".to_owned()]));
        let stuck = board.state("kitchen").unwrap();
        assert_eq!(
            (stuck.state, stuck.conditions),
            (DeviceState::Attention, vec!["driver-stuck".to_owned()])
        );
        assert_eq!(stuck.version, 2);
        assert_eq!(board.state("bar").unwrap().state, DeviceState::Busy);

        board.set_stuck(BTreeSet::new());
        let free = board.state("kitchen").unwrap();
        assert_eq!((free.state, free.conditions, free.version), (DeviceState::Busy, vec![], 3));
    }

    #[test]
    fn what_a_stuck_driver_says_of_its_device_takes_nothing_from_its_condition() {
        let board = board();
        let (mut status, queue) = working();
        board.set("kitchen", &status, queue.clone());
        board.set_stuck(BTreeSet::from(["kitchen".to_owned()]));
        status.conditions.insert("paper-near-end".to_owned());
        board.set("kitchen", &status, queue.clone());
        assert_eq!(board.state("kitchen").unwrap().conditions, ["driver-stuck", "paper-near-end"]);

        board.set_stuck(BTreeSet::new());
        assert_eq!(board.state("kitchen").unwrap().conditions, ["paper-near-end"]);
    }

    #[test]
    fn a_document_that_stays_the_same_gets_no_new_version() {
        let board = board();
        let (status, queue) = working();
        board.set("kitchen", &status, queue.clone());
        board.set("kitchen", &status, queue);
        board.set_stuck(BTreeSet::new());
        assert_eq!(board.state("kitchen").unwrap().version, 1);
    }
}
