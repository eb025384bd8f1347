//! The journal: what was asked, what was tried, what came of it, and what is still to be told.
//!
//! One SQLite file in WAL mode with full sync. All writes go through one thread that commits in groups: while
//! one group is being synced, the next gathers. A write is answered only after its group is on disk.

mod crash;
mod kitchen;
pub mod machine;
mod recovery;
mod schema;
mod screens;
mod store;
mod understood;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use outlet_devices::driver::Attempt;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::bus::contract::{AttentionJob, AttentionNotice, EventBody, FeedEvent, State, Topics};
use crate::clock::{Clock, Timestamp};
use machine::{Event, Job, Refused};
pub use recovery::{DAMAGED, FILE, RESTORED, inspect, mark_restored, snapshot};
pub use schema::FORMAT;
pub use store::{AttemptRecord, Intake, NewJob, OutboxRow, Transaction, Transition};

/// A handle on the journal; clones share it.
#[derive(Clone)]
pub struct Journal {
    writes: mpsc::UnboundedSender<writer::Write>,
    reader: Arc<Mutex<Connection>>,
    attempts: Arc<AtomicU64>,
    clock: Clock,
    path: PathBuf,
    fate: writer::Fate,
}

/// Why the journal could not do something.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The folder or file can't be used.
    #[error("cannot open the journal {path}: {reason}; check that the folder exists and belongs to outletd")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is no journal, or it is damaged.
    #[error(
        "the journal {path} can't be read: {reason}; put a copy of it back, or move it away to start with \
         an empty one that knows no earlier job"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// It was made by a newer version.
    #[error("the journal {path} has format {found}, this outletd knows {known}: install the newer version")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A write or read failed: nothing of it was done.
    #[error("the journal could not be used: {0}; check the disk's space and health")]
    Storage(String),
    /// The file is damaged: the next start saves what can be read.
    #[error("the journal's file is damaged: {0}; the next start sets it aside and keeps what can be read")]
    Corrupt(String),
    /// The thread that writes has panicked.
    #[error("the journal's thread ended by a defect, and nothing can be written any more: please report it")]
    Died,
    /// A record can't be understood.
    #[error("a record of the journal is damaged: {0}")]
    Damaged(String),
    /// The agent is ending.
    #[error("the journal is closed")]
    Closed,
    /// No such job.
    #[error("there is no job {0} in the journal")]
    UnknownJob(String),
    /// The job is not in a state for it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        if recovery::is_damage(&error) { Self::Corrupt(text) } else { Self::Storage(text) }
    }
}

/// Jobs of the journal that have not ended, oldest first: what a start has to take up.
pub type Unfinished = Vec<Job>;

impl Journal {
    /// Opens or makes the journal in a folder. Committed outbox rows are handed to `outbox` in their order.
    pub fn open(
        folder: &Path,
        topics: Topics,
        clock: Clock,
        outbox: mpsc::UnboundedSender<Vec<OutboxRow>>,
    ) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let failed = |reason: String| JournalError::Open { path: path.clone(), reason };
        std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let connection = recovery::open(folder, clock())?;
        let reader = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(|error| failed(error.to_string()))?;
        let attempts = Arc::new(AtomicU64::new(store::last_attempt(&connection)?));
        let last_job = store::last_job(&connection)?;
        let untold = store::untold(&connection)?;
        let mut books = writer::Books { connection, topics, clock: clock.clone(), last_job, untold };
        books.settle()?;
        let fate = writer::Fate::of(&path);
        let writes = writer::spawn(books, outbox, fate.clone()).map_err(|error| failed(error.to_string()))?;
        Ok(Self { writes, reader: Arc::new(Mutex::new(reader)), attempts, clock, path, fate })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes a submission in: new, a duplicate or a conflict. Its place in the order is fixed when the call
    /// returns; when the future resolves, a new job is on disk.
    pub fn accept(&self, new: NewJob) -> impl Future<Output = Result<Intake, JournalError>> + Send + 'static {
        self.accept_then(new, |_| {})
    }

    /// The same; `then` is called on the journal's own thread before anything else is told, so it must not
    /// take long.
    pub fn accept_then(
        &self,
        new: NewJob,
        then: impl FnOnce(&Result<Intake, JournalError>) + Send + 'static,
    ) -> impl Future<Output = Result<Intake, JournalError>> + Send + 'static {
        let (answer, answered) = oneshot::channel();
        let answer = move |taken: Result<Intake, JournalError>| {
            then(&taken);
            drop(answer.send(taken));
        };
        drop(self.writes.send(writer::Write::new(move |tx| tx.accept(new), answer)));
        async move { answered.await.map_err(|_| JournalError::Closed)? }
    }

    /// Applies an event to a job. When it returns, the transition is on disk.
    pub async fn apply(&self, job: &str, event: Event) -> Result<Transition, JournalError> {
        let job = job.to_owned();
        self.write(move |tx| tx.apply(&job, event)).await
    }

    /// Begins an attempt: the job is `running` and the baseline on disk when it returns.
    pub async fn begin(
        &self,
        job: &str,
        route: &str,
        attempt: u64,
        baseline: Value,
    ) -> Result<Transition, JournalError> {
        let (job, route) = (job.to_owned(), route.to_owned());
        self.write(move |tx| tx.begin(&job, &route, attempt, &baseline)).await
    }

    /// Adds to the baseline of an attempt that has no end yet. When it returns, that is on disk.
    pub async fn note(&self, attempt: u64, note: Value) -> Result<(), JournalError> {
        self.write(move |tx| tx.note(attempt, note)).await
    }

    /// Ends an attempt and applies its event to the job, together.
    pub async fn end_attempt(
        &self,
        job: &str,
        attempt: u64,
        event: Event,
        trace: Vec<u8>,
    ) -> Result<Transition, JournalError> {
        let job = job.to_owned();
        self.write(move |tx| tx.end_attempt(&job, attempt, event, &trace)).await
    }

    /// A number for an attempt that may follow. Numbers of attempts only grow, also over restarts; one that
    /// was never begun leaves nothing behind.
    pub fn next_attempt(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Forgets outbox rows that the broker has acknowledged. Not waited for: a row told twice does no harm.
    pub fn forget_outbox(&self, rows: Vec<u64>) {
        drop(self.send(move |tx| tx.forget_outbox(&rows)));
    }

    /// Adds an entry to the feed.
    pub async fn record(&self, event: EventBody) -> Result<u64, JournalError> {
        self.write(move |tx| tx.record(event)).await
    }

    /// The same, not waited for.
    pub fn record_later(&self, event: EventBody) {
        drop(self.send(move |tx| tx.record(event)));
    }

    /// Removes ended jobs and feed entries older than their time. Returns how many of each.
    pub async fn housekeep(&self, keep_jobs_ms: i64, keep_feed_ms: i64) -> Result<(u64, u64), JournalError> {
        let now = (self.clock)();
        let (jobs_before, feed_before) = (now.plus_ms(-keep_jobs_ms), now.plus_ms(-keep_feed_ms));
        let (mut jobs, mut events) = (0, 0);
        // In portions: whoever else writes need not wait until all is gone.
        let mut from = Some(Timestamp(i64::MIN));
        while let Some(at) = from {
            let (removed, next) = self.write(move |tx| tx.remove_jobs(at, jobs_before)).await?;
            (jobs, from) = (jobs + removed, next);
        }
        loop {
            let removed = self.write(move |tx| tx.remove_events(feed_before)).await?;
            events += removed;
            if removed < store::PORTION {
                break;
            }
        }
        if jobs + events > 0 {
            self.record(EventBody::Housekeeping { jobs, events }).await?;
        }
        Ok((jobs, events))
    }

    /// When the newest entry of the feed was made.
    pub async fn last_recorded(&self) -> Result<Option<Timestamp>, JournalError> {
        self.read(store::last_recorded).await
    }

    /// Does something within the write transaction and waits until it is on disk.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        self.send(work).await.map_err(|_| JournalError::Closed)?
    }

    fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, JournalError>> {
        let (answer, answered) = oneshot::channel();
        drop(self.writes.send(writer::Write::new(work, |done| drop(answer.send(done)))));
        answered
    }

    /// All jobs that have not ended, oldest first.
    pub fn unfinished(&self) -> Result<Unfinished, JournalError> {
        store::unfinished(&self.reader())
    }

    /// What a person should know of the journal itself.
    pub async fn notices(&self) -> Result<Vec<AttentionNotice>, JournalError> {
        self.read(recovery::notices).await
    }

    /// Takes a notice off that list. `false`: there is none of this number.
    pub async fn dismiss(&self, notice: u64) -> Result<bool, JournalError> {
        self.write(move |tx| tx.dismiss(notice)).await
    }

    /// Looks at every page and row, beside what is written. Where something is damaged that nothing has met yet, a
    /// person is told, once. Returns whether that is new.
    pub async fn look_through(&self) -> Result<bool, JournalError> {
        let path = self.path.clone();
        let looked = tokio::task::spawn_blocking(move || inspect(&path).map(drop)).await;
        let damage = match looked.map_err(|_| JournalError::Closed)? {
            Err(JournalError::Corrupt(found) | JournalError::Damaged(found)) => found,
            other => return other.map(|()| false),
        };
        recovery::suspect(&self.path);
        let message = format!(
            "the journal has damaged pages ({damage}): look at the disk; with the next start of the agent what can be \
             read is kept, and the damaged file is set aside"
        );
        self.write(move |tx| tx.notify(DAMAGED, &message, &json!({"found": damage}))).await
    }

    /// Waits until nothing can be written any more, and says why: the file turned out to be damaged, and the next
    /// start saves what can be read; or the thread that writes has panicked.
    pub async fn broken(&self) -> JournalError {
        self.fate.broken().await
    }

    /// How many jobs were accepted and have ended since the start, by the device they were sent to and state.
    pub fn tally(&self) -> BTreeMap<(String, State), u64> {
        self.fate.tally()
    }

    /// Size of the file with its log.
    pub fn bytes(&self) -> u64 {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        size(&self.path) + size(&self.path.with_extension("db-wal"))
    }

    /// Resolves when the file is closed, its log folded in: after the last handle is gone.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + 'static {
        self.fate.closed.clone().cancelled_owned()
    }

    /// The jobs that wait for a person.
    pub async fn attention(&self) -> Result<Vec<AttentionJob>, JournalError> {
        self.read(store::attention).await
    }

    /// One job and its attempts.
    pub async fn job(&self, job: &str) -> Result<Option<(Job, Vec<AttemptRecord>)>, JournalError> {
        let job = job.to_owned();
        self.read(move |connection| store::job_with_attempts(connection, &job)).await
    }

    /// The newest attempt on a device with the job it was for, if it is among the last thousands of all.
    pub async fn last_exchange(&self, device: &str) -> Result<Option<(String, AttemptRecord)>, JournalError> {
        let device = device.to_owned();
        self.read(move |connection| store::last_exchange(connection, &device)).await
    }

    /// The payload that a job was submitted with.
    pub async fn payload(&self, job: &str) -> Result<Option<Vec<u8>>, JournalError> {
        let job = job.to_owned();
        self.read(move |connection| store::payload(connection, &job)).await
    }

    /// An attempt that was begun and has no end.
    pub async fn open_attempt(&self, number: u64) -> Result<Option<Attempt>, JournalError> {
        self.read(move |connection| store::open_attempt(connection, number)).await
    }

    /// What a device's driver asked to be told again; null where there is nothing.
    pub async fn memory(&self, device: &str) -> Result<Value, JournalError> {
        let device = device.to_owned();
        self.read(move |connection| store::memory(connection, &device)).await
    }

    /// Jobs, newest first, with the position to go on from.
    pub async fn list(
        &self,
        device: Option<String>,
        states: Vec<State>,
        limit: u16,
        before: Option<u64>,
    ) -> Result<(Vec<Job>, Option<u64>), JournalError> {
        self.read(move |connection| store::list(connection, device.as_deref(), &states, limit, before)).await
    }

    /// Entries of the feed from a number on, and the newest number there is.
    pub async fn feed(&self, from: u64, limit: u16) -> Result<(Vec<FeedEvent>, u64), JournalError> {
        self.read(move |connection| store::feed(connection, from, limit)).await
    }

    /// Outbox rows after a number, oldest first.
    pub async fn outbox(&self, after: u64, limit: u32) -> Result<Vec<OutboxRow>, JournalError> {
        self.read(move |connection| store::outbox(connection, after, limit)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let journal = self.clone();
        let read = tokio::task::spawn_blocking(move || work(&journal.reader())).await;
        let read = read.map_err(|_| JournalError::Closed)?;
        if let Err(JournalError::Corrupt(found)) = &read {
            self.fate.damaged(found);
        }
        read
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
