//! A journal in a folder of its own, with a clock that the test moves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outlet_devices::Confidence;
use outlet_devices::driver::{Outcome, Waiting};
use outletd::bus::contract::{ErrorBody, Kind, Stale, State, Topics};
use outletd::clock::{Clock, Timestamp};
use outletd::journal::machine::{Event, Job};
use outletd::journal::{Journal, JournalError, NewJob, OutboxRow};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

pub const DAY_MS: i64 = 24 * 3600 * 1000;

type Committed = mpsc::UnboundedReceiver<Vec<OutboxRow>>;

pub struct Shelf {
    folder: TempDir,
    now: Arc<AtomicI64>,
}

impl Shelf {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), now: Arc::new(AtomicI64::new(1_000_000)) }
    }

    /// Opens the journal; opening it again is a restart.
    pub fn open(&self) -> Journal {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<Journal, JournalError> {
        let (outbox, _) = mpsc::unbounded_channel();
        Journal::open(self.folder.path(), topics(), self.clock(), outbox)
    }

    pub fn open_and_listen(&self) -> (Journal, Committed) {
        let (outbox, committed) = mpsc::unbounded_channel();
        (Journal::open(self.folder.path(), topics(), self.clock(), outbox).unwrap(), committed)
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub fn clock(&self) -> Clock {
        let now = self.now.clone();
        Arc::new(move || Timestamp(now.load(Ordering::SeqCst)))
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    pub fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

/// Returns when all that the journal has accepted is told of.
pub async fn settled(journal: &Journal) {
    journal.write(|_| Ok(())).await.unwrap();
}

pub fn topics() -> Topics {
    Topics::new("outlet/v1/test")
}

/// A print job for the kitchen whose payload is `text`.
pub fn submission(id: &str, text: &str) -> NewJob {
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().zip(text.bytes()) {
        *place = byte;
    }
    NewJob { job: accepted(id), ttl_ms: Some(900_000), hash, payload: text.into(), begin: None }
}

fn accepted(id: &str) -> Job {
    Job {
        job: id.into(),
        seq: 0,
        device: "kitchen".into(),
        route: "kitchen".into(),
        kind: Kind::Print,
        booked: false,
        state: State::Accepted,
        version: 0,
        at: Timestamp::default(),
        attempts: 0,
        begun: None,
        priority: 5,
        copies: 1,
        stale: Stale::Expire,
        by: None,
        user: None,
        accepted_at: Timestamp::default(),
        deadline: None,
        marks: Vec::new(),
        confidence: None,
        result: None,
        error: None,
        reason: None,
        evidence: serde_json::Map::new(),
        rerouted: None,
    }
}

pub fn reason(code: &str) -> Waiting {
    Waiting { code: code.into(), message: format!("{code}: do something about it") }
}

pub fn succeed(confidence: Confidence) -> Event {
    let outcome = Outcome::new(confidence, Value::Null, json!({"process_id": "0001"}));
    Event::Succeed { outcome }
}

pub fn doubt() -> Event {
    let error = ErrorBody::new("in-doubt", "the link was cut");
    Event::Doubt { error, evidence: json!({"bytes": 120}) }
}
