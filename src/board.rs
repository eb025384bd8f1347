//! The board: what every device is doing, kept by the workers and published as retained documents.

use std::collections::BTreeMap;
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
    attention: bool,
}

struct Place {
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
        let state = state_of(status, &queue);
        let conditions: Vec<String> = status.conditions.iter().cloned().collect();
        let mut places = self.lock();
        let known = places.devices.get_mut(device);
        let version = match &known {
            Some(place)
                if place.document.state == state
                    && place.document.conditions == conditions
                    && place.document.problem == status.problem
                    && place.document.drawer_open == status.drawer_open
                    && place.document.queue == queue =>
            {
                return;
            }
            Some(place) => place.document.version + 1,
            None => 1,
        };
        let at = (self.inner.clock)();
        let (problem, drawer_open) = (status.problem.clone(), status.drawer_open);
        let document = DeviceStateDocument { state, conditions, problem, drawer_open, queue, version, at };
        places.devices.insert(device.to_owned(), Place { document, unsaid: true });
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
