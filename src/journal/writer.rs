//! The one thread that writes: it gathers what has come meanwhile and commits it together.

use std::io;
use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::machine::Job;
use super::store::{OutboxRow, Transaction};
use super::{JournalError, crash};
use crate::bus::contract::Topics;
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

/// Starts the thread. It ends when all senders are gone.
pub fn spawn(
    books: Books,
    outbox: mpsc::UnboundedSender<Vec<OutboxRow>>,
) -> io::Result<mpsc::UnboundedSender<Write>> {
    let (sender, writes) = mpsc::unbounded_channel();
    thread::Builder::new().name("journal".into()).spawn(move || books.keep(writes, &outbox))?;
    Ok(sender)
}

impl Books {
    fn keep(
        mut self,
        mut writes: mpsc::UnboundedReceiver<Write>,
        outbox: &mpsc::UnboundedSender<Vec<OutboxRow>>,
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
                Ok((rows, tell)) => {
                    // Devices first: what is told of a job can wait for its first byte.
                    answers.into_iter().for_each(|answer| answer(None));
                    if !rows.is_empty() {
                        drop(outbox.send(rows));
                    }
                    tell_now = tell;
                }
                Err(error) => {
                    tracing::error!(%error, "the journal could not commit");
                    answers.into_iter().for_each(|answer| answer(Some(error.clone())));
                    tell_now = false;
                }
            }
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the journal's log was not folded in at the end; the next start does it");
        }
    }

    /// Commits a group. Returns what is to be published, and whether there is something to be told of now.
    fn commit(
        &mut self,
        group: impl Iterator<Item = Write>,
        answers: &mut Vec<Answer>,
    ) -> Result<(Vec<OutboxRow>, bool), JournalError> {
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
        Ok((finished.rows, told.is_ok() && !untold.is_empty()))
    }
}
