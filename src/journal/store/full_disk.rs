//! A disk that is full for a while: the write connection may make no more pages than it has.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;

use rusqlite::Connection;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::{Intake, NewJob, Transaction};
use crate::bus::contract::{Kind, Stale, State, Topics};
use crate::clock::Timestamp;
use crate::journal::machine::{Event, Job};
use crate::journal::{Journal, JournalError};

/// More than fits into what is left of a page.
const LARGE: usize = 100_000;

#[tokio::test]
async fn a_job_that_does_not_fit_is_refused_and_taken_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.accept(new_job("first", 10)).await.unwrap();
    fill(&journal).await;
    let refused = journal.accept(new_job("large", LARGE)).await;
    assert!(matches!(&refused, Err(JournalError::Storage(why)) if why.contains("full")), "{refused:?}");
    assert_eq!(jobs_on_disk(&journal), ["first"]);
    make_room(&journal).await;
    assert!(matches!(journal.accept(new_job("large", LARGE)).await, Ok(Intake::New(_))));
    assert_eq!(jobs_on_disk(&journal), ["first", "large"]);
    let seqs: Vec<u64> = journal.unfinished().unwrap().iter().map(|job| job.seq).collect();
    assert_eq!(seqs, [1, 2], "a refused job takes no place in the order");
}

#[tokio::test]
async fn of_a_group_that_met_a_full_disk_nothing_is_kept_that_was_not_answered_as_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (outbox, mut told) = mpsc::unbounded_channel();
    let journal = open_with(folder.path(), outbox);
    fill(&journal).await;
    let release = hold_the_writer(&journal).await;
    let group = ["before", "large", "after"].map(|id| {
        let size = if id == "large" { LARGE } else { 10 };
        (id, journal.accept(new_job(id, size)))
    });
    release.send(()).unwrap();
    let mut kept = Vec::new();
    for (id, taken) in group {
        if taken.await.is_ok() {
            kept.push(id.to_owned());
        }
    }
    assert!(!kept.contains(&"large".to_owned()));
    kept.sort();
    assert_eq!(jobs_on_disk(&journal), kept);
    make_room(&journal).await;
    make_room(&journal).await;
    let told = std::iter::from_fn(|| told.try_recv().ok()).flatten().count();
    assert_eq!(told, 2 * kept.len(), "only what is kept is told");
    for id in ["before", "large", "after"] {
        let again = journal.accept(new_job(id, 10)).await.unwrap();
        assert_eq!(matches!(again, Intake::New(_)), !kept.contains(&id.to_owned()), "{id}: {again:?}");
    }
}

#[tokio::test]
async fn a_transition_that_does_not_fit_leaves_the_job_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.accept(new_job("first", 10)).await.unwrap();
    fill(&journal).await;
    let baseline = Value::String("x".repeat(LARGE));
    assert!(journal.begin("first", "kitchen", journal.next_attempt(), baseline.clone()).await.is_err());
    let (job, attempts) = journal.job("first").await.unwrap().unwrap();
    assert_eq!((job.state, job.version, attempts.len()), (State::Accepted, 1, 0));
    make_room(&journal).await;
    let begun = journal.begin("first", "kitchen", journal.next_attempt(), baseline).await.unwrap();
    assert_eq!((begun.job.state, begun.job.version), (State::Running, 2));
    assert!(journal.apply("first", Event::Resume).await.is_ok());
}

fn open(folder: &Path) -> Journal {
    let (outbox, _) = mpsc::unbounded_channel();
    open_with(folder, outbox)
}

fn open_with(folder: &Path, outbox: mpsc::UnboundedSender<Vec<super::OutboxRow>>) -> Journal {
    Journal::open(folder, Topics::new("outlet/v1/test"), Arc::new(|| Timestamp(1_000_000)), outbox).unwrap()
}

/// The limit is raised to the present size of the file where it lies below.
async fn fill(journal: &Journal) {
    journal.write(|tx| max_pages(tx, 1)).await.unwrap();
}

async fn make_room(journal: &Journal) {
    journal.write(|tx| max_pages(tx, 1_000_000)).await.unwrap();
}

fn max_pages(tx: &mut Transaction<'_>, pages: i64) -> Result<(), JournalError> {
    tx.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    Ok(())
}

/// Keeps the writer busy, so that what is sent meanwhile becomes one group.
async fn hold_the_writer(journal: &Journal) -> std_mpsc::Sender<()> {
    let (release, released) = std_mpsc::channel();
    let (holding, held) = tokio::sync::oneshot::channel();
    drop(journal.send(move |_| {
        holding.send(()).map_err(|()| JournalError::Closed)?;
        released.recv().map_err(|_| JournalError::Closed)
    }));
    held.await.unwrap();
    release
}

fn jobs_on_disk(journal: &Journal) -> Vec<String> {
    let connection = Connection::open(journal.path()).unwrap();
    let mut statement = connection.prepare("SELECT job FROM jobs ORDER BY job").unwrap();
    let jobs = statement.query_map([], |row| row.get(0)).unwrap();
    jobs.map(Result::unwrap).collect()
}

fn new_job(id: &str, size: usize) -> NewJob {
    let job = Job {
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
        evidence: Map::new(),
        rerouted: None,
    };
    NewJob { job, ttl_ms: None, hash: [0; 32], payload: vec![b'x'; size], begin: None }
}
