//! How much of clients' retained messages is kept in all.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mqtt5::broker::events::{BrokerEventHandler, RetainedSetEvent};

use super::rights::covered;

/// The sizes of what clients have retained. What the agent retains does not count.
pub(super) struct Retained {
    agent_topics: Vec<String>,
    most: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sizes: HashMap<Arc<str>, usize>,
    bytes: usize,
}

impl Retained {
    pub(super) fn new(agent_topics: Vec<String>, most: usize, most_bytes: usize) -> Self {
        Self { agent_topics, most, most_bytes, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what is kept under a topic from now on; nothing of it where `size` is 0.
    pub(super) fn set(&self, topic: &str, size: usize) {
        if covered(&self.agent_topics, topic) {
            return;
        }
        let kept = &mut *self.kept();
        let before = match size {
            0 => kept.sizes.remove(topic),
            size => kept.sizes.insert(topic.into(), size),
        };
        kept.bytes = kept.bytes.saturating_sub(before.unwrap_or(0)).saturating_add(size);
    }

    /// Whether there is room for a message of a client under a topic, instead of what is kept there.
    pub(super) fn has_room(&self, topic: &str, size: usize) -> bool {
        let kept = self.kept();
        let before = kept.sizes.get(topic).copied();
        size == 0
            || (before.is_some() || kept.sizes.len() < self.most)
                && kept.bytes.saturating_sub(before.unwrap_or(0)).saturating_add(size) <= self.most_bytes
    }
}

impl BrokerEventHandler for Retained {
    fn on_retained_set<'a>(
        &'a self,
        event: RetainedSetEvent,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        self.set(&event.topic, event.payload.len());
        Box::pin(async {})
    }
}
