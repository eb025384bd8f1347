//! The one thread that writes: it gathers what has come meanwhile and commits it together.

use std::io;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

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
        answer: oneshot::Sender<Result<T, JournalError>>,
    ) -> Self {
        Self(Box::new(move |tx| {
            let result = tx.and_then(|tx| tx.isolated(work));
            Box::new(move |failure| {
                drop(answer.send(match failure {
                    None => result,
                    Some(error) => Err(error),
                }));
            })
        }))
    }
}

/// Starts the thread. It ends when all senders are gone.
pub fn spawn(
    connection: Connection,
    topics: Topics,
    clock: Clock,
    outbox: mpsc::UnboundedSender<Vec<OutboxRow>>,
) -> io::Result<mpsc::UnboundedSender<Write>> {
    let (sender, writes) = mpsc::unbounded_channel();
    thread::Builder::new()
        .name("journal".into())
        .spawn(move || run(&connection, &topics, &clock, writes, &outbox))?;
    Ok(sender)
}

fn run(
    connection: &Connection,
    topics: &Topics,
    clock: &Clock,
    mut writes: mpsc::UnboundedReceiver<Write>,
    outbox: &mpsc::UnboundedSender<Vec<OutboxRow>>,
) {
    let mut group = Vec::with_capacity(GROUP);
    while writes.blocking_recv_many(&mut group, GROUP) > 0 {
        let mut answers = Vec::with_capacity(group.len());
        match commit(connection, topics, clock, group.drain(..), &mut answers) {
            Ok(rows) => {
                // Devices first: what is told of a job can wait for its first byte.
                answers.into_iter().for_each(|answer| answer(None));
                if !rows.is_empty() {
                    drop(outbox.send(rows));
                }
            }
            Err(error) => {
                tracing::error!(%error, "the journal could not commit");
                answers.into_iter().for_each(|answer| answer(Some(error.clone())));
            }
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the journal's log was not folded in at the end; the next start does it");
    }
}

fn commit(
    connection: &Connection,
    topics: &Topics,
    clock: &Clock,
    group: impl Iterator<Item = Write>,
    answers: &mut Vec<Answer>,
) -> Result<Vec<OutboxRow>, JournalError> {
    let execute = |sql| connection.prepare_cached(sql)?.execute([]);
    if let Err(error) = execute("BEGIN IMMEDIATE") {
        let error = JournalError::from(error);
        answers.extend(group.map(|write| (write.0)(Err(error.clone()))));
        return Err(error);
    }
    let mut tx = Transaction::new(connection, topics, clock());
    answers.extend(group.map(|write| (write.0)(Ok(&mut tx))));
    let committed = tx.finish().and_then(|rows| {
        crash::at(&crash::Moment::Before);
        execute("COMMIT")?;
        crash::at(&crash::Moment::After);
        Ok(rows)
    });
    if committed.is_err() && !connection.is_autocommit() {
        drop(connection.execute_batch("ROLLBACK"));
    }
    committed
}
