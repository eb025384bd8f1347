//! The one thread that writes: it gathers what has come meanwhile and commits it together.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::machine::Job;
use super::store::{OutboxRow, Passed, Transaction};
use super::{JournalError, crash, recovery};
use crate::bus::contract::{State, Topics};
use crate::clock::Clock;

/// How many writes share one commit at most.
const GROUP: usize = 256;

/// One write and the way to answer it.
pub struct Write(Box<Work>);

type Work = dyn FnOnce(Result<&mut Transaction<'_>, JournalError>) -> Answer + Send;

/// Tells the caller how its write ended, once its group's fate is known.
type Answer = Box<dyn FnOnce(Option<JournalError>) + Send>;

impl Write {
    /// A write whose result goes to `answer` after the commit.
    pub fn new<T: Send + 'static>(
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, JournalError> + Send + 'static,
        answer: impl FnOnce(Result<T, JournalError>) + Send + 'static,
    ) -> Self {
        Self(Box::new(move |tx| {
            let result = tx.and_then(|tx| tx.isolated(work));
            Box::new(move |failure| {
                answer(match failure {
                    None => result,
                    Some(error) => Err(error),
                });
            })
        }))
    }
}

/// What the thread owns.
pub struct Books {
    /// The journal, for writing.
    pub connection: Connection,
    /// Where jobs are told of.
    pub topics: Topics,
    /// The time.
    pub clock: Clock,
    /// The last number given to a job.
    pub last_job: i64,
    /// Jobs whose acceptance is on disk and not yet in the outbox and the feed, in their order.
    pub untold: Vec<Job>,
}

/// How many jobs were accepted and have ended since the start, by device and state.
pub type Tally = BTreeMap<(String, State), u64>;

/// What the thread says of the file.
#[derive(Clone)]
pub struct Fate {
    path: PathBuf,
    tally: Arc<Mutex<Tally>>,
    /// Nothing can be written any more; why is in `cause`.
    broken: CancellationToken,
    cause: Arc<OnceLock<JournalError>>,
    /// The thread has closed it.
    pub closed: CancellationToken,
}

impl Fate {
    /// Of the journal at `path`.
    pub fn of(path: &Path) -> Self {
        let (broken, closed) = (CancellationToken::new(), CancellationToken::new());
        Self { path: path.to_owned(), tally: Arc::default(), broken, cause: Arc::default(), closed }
    }

    /// Waits until nothing can be written any more, and says why.
    pub async fn broken(&self) -> JournalError {
        self.broken.cancelled().await;
        self.cause.get().cloned().unwrap_or(JournalError::Closed)
    }
}

/// Notices when the thread panics: nothing is written after that.
struct Watch(Fate);

impl Drop for Watch {
    fn drop(&mut self) {
        if thread::panicking() {
            tracing::error!("the journal's thread panicked: nothing can be written any more");
            drop(self.0.cause.set(JournalError::Died));
            self.0.broken.cancel();
            self.0.closed.cancel();
        }
    }
}

impl Fate {
    /// How many jobs were accepted and have ended, by device and state.
    pub fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the agent, so that the next start saves what can be read.
    pub fn damaged(&self, found: &str) {
        if !self.broken.is_cancelled() {
            tracing::error!(found, path = %self.path.display(), "the journal's file is damaged");
            recovery::suspect(&self.path);
            drop(self.cause.set(JournalError::Corrupt(found.to_owned())));
            self.broken.cancel();
        }
    }

    fn count(&self, passed: &[Passed]) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        for Passed { device, state, .. } in passed {
            if *state == State::Accepted || state.is_final() {
                *tally.entry((device.clone(), *state)).or_default() += 1;
            }
        }
    }
}

/// Starts the thread. It ends when all senders are gone.
pub fn spawn(
    books: Books,
    outbox: mpsc::UnboundedSender<Vec<OutboxRow>>,
    fate: Fate,
) -> io::Result<mpsc::UnboundedSender<Write>> {
    let (sender, writes) = mpsc::unbounded_channel();
    let keep = move || {
        let watch = Watch(fate);
        books.keep(writes, &outbox, &watch.0);
    };
    thread::Builder::new().name("journal".into()).spawn(keep)?;
    Ok(sender)
}

/// What follows a commit.
struct Committed {
    /// To be published.
    rows: Vec<OutboxRow>,
    /// Whether there is something to be told of now.
    tell: bool,
    passed: Vec<Passed>,
}

impl Passed {
    /// A line of the log, by which a technician follows a job.
    fn log(&self) {
        let Self { job, route: device, state, why, .. } = self;
        match state {
            State::Accepted => tracing::debug!(device, job, "job accepted"),
            State::Waiting => tracing::info!(device, job, why, "job waits"),
            State::Uncertain => tracing::warn!(device, job, why, "it is not known what became of a job"),
            _ => tracing::info!(device, job, state = state.as_str(), why, "job ended"),
        }
    }
}

impl Books {
    /// Holds what a journal that was saved or put back may not know the whole truth of.
    pub fn settle(&mut self) -> Result<(), JournalError> {
        let unsettled = "SELECT EXISTS (SELECT 1 FROM notices WHERE settled = 0)";
        if !self.connection.query_row(unsettled, [], |row| row.get(0))? {
            return Ok(());
        }
        let (answer, answered) = std::sync::mpsc::channel();
        let settle = Write::new(|tx| tx.settle(), move |settled| drop(answer.send(settled)));
        let mut answers = Vec::new();
        self.commit(std::iter::once(settle), &mut answers)?;
        answers.into_iter().for_each(|answer| answer(None));
        answered.recv().map_err(|_| JournalError::Closed)?
    }

    fn keep(
        mut self,
        mut writes: mpsc::UnboundedReceiver<Write>,
        outbox: &mpsc::UnboundedSender<Vec<OutboxRow>>,
        fate: &Fate,
    ) {
        let mut group = Vec::with_capacity(GROUP);
        // What is untold is told with the next group, or at once where there is none.
        let mut tell_now = !self.untold.is_empty();
        loop {
            if tell_now {
                while group.len() < GROUP
                    && let Ok(write) = writes.try_recv()
                {
                    group.push(write);
                }
            } else if writes.blocking_recv_many(&mut group, GROUP) == 0 {
                break;
            }
            let mut answers = Vec::with_capacity(group.len());
            match self.commit(group.drain(..), &mut answers) {
                Ok(Committed { rows, tell, passed }) => {
                    fate.count(&passed);
                    // Devices first: what is told of a job can wait for its first byte.
                    answers.into_iter().for_each(|answer| answer(None));
                    if !rows.is_empty() {
                        drop(outbox.send(rows));
                    }
                    passed.iter().for_each(Passed::log);
                    tell_now = tell;
                }
                Err(error) => {
                    tracing::error!(%error, "the journal could not commit");
                    if let JournalError::Corrupt(found) = &error {
                        fate.damaged(found);
                    }
                    answers.into_iter().for_each(|answer| answer(Some(error.clone())));
                    tell_now = false;
                }
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the journal's log was not folded in at the end; the next start does it");
        }
        drop(self.connection);
        fate.closed.cancel();
    }

    /// Commits a group.
    fn commit(
        &mut self,
        group: impl Iterator<Item = Write>,
        answers: &mut Vec<Answer>,
    ) -> Result<Committed, JournalError> {
        let Self { connection, topics, clock, last_job, untold } = self;
        let connection = &*connection;
        let execute = |sql| connection.prepare_cached(sql)?.execute([]);
        if let Err(error) = execute("BEGIN IMMEDIATE") {
            let error = JournalError::from(error);
            answers.extend(group.map(|write| (write.0)(Err(error.clone()))));
            return Err(error);
        }
        let mut tx = Transaction::new(connection, topics, clock(), *last_job, untold.clone());
        let told = tx.isolated(Transaction::tell_accepted);
        if let Err(error) = &told {
            tracing::error!(%error, "accepted jobs can't be told of yet; trying again with the next write");
        }
        answers.extend(group.map(|write| (write.0)(Ok(&mut tx))));
        let committed = tx.finish().and_then(|finished| {
            crash::at(&crash::Moment::Before);
            execute("COMMIT")?;
            crash::at(&crash::Moment::After);
            Ok(finished)
        });
        if committed.is_err() && !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
        let finished = committed?;
        (*untold, *last_job) = (finished.untold, finished.last_job);
        let tell = told.is_ok() && !untold.is_empty();
        Ok(Committed { rows: finished.rows, tell, passed: finished.passed })
    }
}
