//! The journal: what it has answered for is on disk, and stays there as long as it has to.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "journal/model.rs"]
mod model;
#[path = "journal/recovery.rs"]
mod recovery;
#[path = "journal/support.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use futures_util::future::join_all;
use outlet_devices::driver::{Check, Description, Work};
use outlet_devices::{Confidence, DeviceError};
use outletd::board::Board;
use outletd::bus::contract::{Answer, ErrorBody, EventBody, Kind, State};
use outletd::bus::message::{Heard, Message};
use outletd::intake::{Device, Devices, Intake as Gate, Readiness, Rules, ToWorker};
use outletd::journal::machine::{Event, Refused};
use outletd::journal::{Intake, Journal, JournalError};
use outletd::requests::Requests;
use rusqlite::Connection;
use serde_json::{Value, json};
use support::{DAY_MS, Shelf, doubt, settled, submission, succeed, topics};
use tokio::sync::mpsc;

#[tokio::test]
async fn a_journal_whose_thread_panics_says_so_and_keeps_what_was_on_disk() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let defect = journal.write(|_| -> Result<(), JournalError> { panic!("a defect of a test") }).await;
    assert!(matches!(defect, Err(JournalError::Closed)), "{defect:?}");
    assert!(matches!(journal.broken().await, JournalError::Died));
    let refused = journal.accept(submission("01JB", "tea")).await;
    assert!(matches!(refused, Err(JournalError::Closed)), "{refused:?}");
    drop(journal);
    let journal = shelf.open();
    assert!(journal.job("01JA").await.unwrap().is_some());
    assert!(journal.job("01JB").await.unwrap().is_none());
}

#[tokio::test]
async fn a_job_is_on_disk_before_it_is_answered() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let taken = journal.accept(submission("01JA", "soup")).await.unwrap();
    assert!(matches!(taken, Intake::New(_)));
    let other = Connection::open(journal.path()).unwrap();
    let found: (String, Vec<u8>) = other
        .query_row(
            "SELECT state, payload FROM jobs JOIN payloads USING (seq) WHERE job = '01JA'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(found, ("accepted".to_owned(), b"soup".to_vec()));
}

#[tokio::test]
async fn an_attempt_is_on_disk_with_its_baseline_before_it_may_begin() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let number = journal.next_attempt();
    journal.begin("01JA", "kitchen", number, json!({"printed": 41})).await.unwrap();
    let other = Connection::open(journal.path()).unwrap();
    let baseline: String = other
        .query_row("SELECT baseline FROM attempts WHERE number = ?1", [number as i64], |row| row.get(0))
        .unwrap();
    assert_eq!(baseline, r#"{"printed":41}"#);
    let left = shelf.open().open_attempt(number).await.unwrap().unwrap();
    assert_eq!((left.number, left.baseline), (number, json!({"printed": 41})));
}

#[tokio::test]
async fn a_job_accepted_and_begun_together_is_told_as_accepted_and_as_running() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let mut new = submission("01JA", "soup");
    new.begin = Some((journal.next_attempt(), json!({"printed": 41})));
    let Intake::New(job) = journal.accept(new).await.unwrap() else { panic!("it is new") };
    assert_eq!((job.state, job.version, job.attempts), (State::Running, 2, 1));
    let told: Vec<Value> = job_documents(&journal).await;
    assert_eq!(told.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["accepted", "running"]);
    assert_eq!(told.iter().map(|job| &job["version"]).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_job_that_came_too_late_is_accepted_but_not_begun() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let mut new = submission("01JA", "soup");
    new.ttl_ms = Some(0);
    new.begin = Some((journal.next_attempt(), Value::Null));
    let Intake::New(job) = journal.accept(new).await.unwrap() else { panic!("it is new") };
    assert_eq!((job.state, job.attempts), (State::Accepted, 0));
}

#[tokio::test]
async fn a_repeated_job_is_answered_with_its_stored_state_also_after_a_restart() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    journal.begin("01JA", "kitchen", journal.next_attempt(), Value::Null).await.unwrap();
    for journal in [journal, shelf.open()] {
        let Intake::Duplicate(stored) = journal.accept(submission("01JA", "soup")).await.unwrap() else {
            panic!("it was submitted before")
        };
        assert_eq!((stored.state, stored.version, stored.duplicate), (State::Running, 2, true));
    }
    let journal = shelf.open();
    assert_eq!(feed_numbers(&journal).await, [1, 2], "a repeat is no transition");
}

#[tokio::test]
async fn a_repeat_is_told_of_between_the_transitions_so_that_no_older_state_follows_a_newer_one() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let number = journal.next_attempt();
    // One commit for both, then one each.
    let (first, repeat) =
        tokio::join!(journal.accept(submission("01JA", "soup")), journal.accept(submission("01JA", "soup")),);
    assert!(matches!(first, Ok(Intake::New(_))) && matches!(repeat, Ok(Intake::Duplicate(_))));
    journal.begin("01JA", "kitchen", number, Value::Null).await.unwrap();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    journal.end_attempt("01JA", number, succeed(Confidence::Printed), Vec::new()).await.unwrap();
    let told: Vec<_> = job_documents(&journal)
        .await
        .iter()
        .map(|job| (job["version"].as_u64().unwrap(), job["duplicate"] == true))
        .collect();
    assert_eq!(told, [(1, false), (1, true), (2, false), (2, true), (3, false)]);
}

#[tokio::test]
async fn another_payload_under_a_known_id_is_a_conflict_and_changes_nothing() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    for journal in [journal, shelf.open()] {
        assert_eq!(journal.accept(submission("01JA", "bread")).await.unwrap(), Intake::Conflict);
        assert_eq!(journal.payload("01JA").await.unwrap().as_deref(), Some(b"soup".as_slice()));
    }
}

#[tokio::test]
async fn the_same_json_with_other_spaces_and_another_order_is_the_same_job() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let (gate, mut worker) = gate(&journal);
    let first = br#"{"id":"01JA","kind":"print","document":{"blocks":[{"type":"text","text":"SOUP"}]}}"#;
    let again = br#"{
        "kind": "print", "reply_to": "outlet/v1/test/reply/pos-2",
        "document": {"blocks": [{"text": "SOUP", "type": "text"}]}, "id": "01JA"
    }"#;
    let other = br#"{"id":"01JA","kind":"print","document":{"blocks":[{"type":"text","text":"BREAD"}]}}"#;
    for payload in [first.as_slice(), again, other] {
        gate.clone().hear(message(payload)).await;
    }
    let mut jobs = 0;
    while let Ok(told) = worker.try_recv() {
        jobs += usize::from(matches!(told, ToWorker::Job { .. }));
    }
    assert_eq!(jobs, 1, "the worker got it once");
    assert_eq!(journal.list(None, vec![], 10, None).await.unwrap().0.len(), 1);
    let kept = journal.payload("01JA").await.unwrap().unwrap();
    assert!(String::from_utf8(kept).unwrap().contains("SOUP"));
}

#[tokio::test]
async fn jobs_that_come_at_once_are_all_answered_in_the_order_they_came() {
    const JOBS: u64 = 1_000;
    let shelf = Shelf::new();
    let journal = shelf.open();
    let waiting: Vec<_> =
        (1..=JOBS).map(|number| journal.accept(submission(&format!("job-{number}"), "soup"))).collect();
    for (number, taken) in (1..=JOBS).zip(waiting) {
        let Intake::New(job) = taken.await.unwrap() else { panic!("job {number} is new") };
        assert_eq!(job.seq, number);
    }
    let other = Connection::open(journal.path()).unwrap();
    let kept: u64 =
        other.query_row("SELECT count(*) FROM jobs", [], |row| row.get::<_, i64>(0)).unwrap() as u64;
    assert_eq!(kept, JOBS);
}

#[tokio::test]
async fn a_write_that_is_refused_leaves_the_others_of_its_group_alone() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let first = journal.accept(submission("01JA", "soup"));
    let unknown = journal.apply("no-such-job", Event::Resume);
    let refused = journal.apply("01JA", Event::Resume);
    let half_done = journal.write(|tx| {
        tx.accept(submission("01JH", "half"))?;
        Err::<(), _>(JournalError::UnknownJob("half".into()))
    });
    let (unknown, refused, half_done) = tokio::join!(unknown, refused, half_done);
    assert!(matches!(unknown, Err(JournalError::UnknownJob(job)) if job == "no-such-job"));
    assert!(matches!(refused, Err(JournalError::Refused(Refused::NotNow(State::Accepted)))));
    assert!(half_done.is_err());
    assert!(matches!(first.await, Ok(Intake::New(_))));
    assert_eq!(shelf.open().job("01JH").await.unwrap(), None, "nothing of a failed write is kept");
    assert_eq!(feed_numbers(&journal).await, [1]);
}

#[tokio::test]
async fn numbers_of_attempts_only_grow_also_over_restarts() {
    let shelf = Shelf::new();
    let mut last = 0;
    for run in 0..3 {
        let journal = shelf.open();
        let id = format!("job-{run}");
        journal.accept(submission(&id, "soup")).await.unwrap();
        for _ in 0..2 {
            let number = journal.next_attempt();
            assert!(number > last, "{number} after {last}");
            last = number;
        }
        journal.begin(&id, "kitchen", last, Value::Null).await.unwrap();
    }
}

#[tokio::test]
async fn an_attempt_begins_only_in_the_queue_that_the_job_is_in() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let reason = support::reason("device-offline");
    journal.apply("01JA", Event::Reroute { to: "bar".into(), reason }).await.unwrap();
    let number = journal.next_attempt();
    assert!(journal.begin("01JA", "kitchen", number, Value::Null).await.is_err());
    assert_eq!(journal.open_attempt(number).await.unwrap(), None, "a refused attempt leaves nothing behind");
    assert!(journal.begin("01JA", "bar", number, Value::Null).await.is_ok());
}

#[tokio::test]
async fn an_earlier_attempt_can_not_end_the_one_that_runs_now() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let (first, second) = (journal.next_attempt(), journal.next_attempt());
    journal.begin("01JA", "kitchen", first, Value::Null).await.unwrap();
    journal.end_attempt("01JA", first, doubt(), Vec::new()).await.unwrap();
    let answer = Event::Resolve { answer: Answer::PrintAgain, by: None };
    journal.apply("01JA", answer).await.unwrap();
    journal.begin("01JA", "kitchen", second, Value::Null).await.unwrap();
    let late = journal.end_attempt("01JA", first, succeed(Confidence::Printed), Vec::new()).await;
    assert!(matches!(late, Err(JournalError::Refused(Refused::NotNow(State::Running)))));
}

#[tokio::test]
async fn a_job_reconciled_with_its_device_keeps_the_trace_and_the_words_of_the_doubt() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let number = journal.next_attempt();
    journal.begin("01JA", "kitchen", number, json!({"printed": 41})).await.unwrap();
    let trace = b"{\"at_ms\":1,\"direction\":\"sent\",\"bytes\":\"1b40\"}\n".to_vec();
    journal.end_attempt("01JA", number, doubt(), trace).await.unwrap();
    let asked = journal.open_attempt(number).await.unwrap().unwrap();
    assert_eq!(asked.evidence, json!({"bytes": 120}));
    journal.end_attempt("01JA", number, succeed(Confidence::Printed), Vec::new()).await.unwrap();
    let (job, attempts) = journal.job("01JA").await.unwrap().unwrap();
    assert_eq!(job.state, State::Succeeded);
    assert_eq!(attempts[0].trace, [json!({"at_ms": 1, "direction": "sent", "bytes": "1b40"})]);
    let outcome = attempts[0].outcome.as_ref().unwrap();
    assert_eq!(outcome["ended"], "succeeded");
    assert_eq!(outcome["before"]["evidence"], json!({"bytes": 120}));
}

#[tokio::test]
async fn what_the_broker_has_not_acknowledged_is_told_again_after_a_restart() {
    let shelf = Shelf::new();
    let (journal, mut committed) = shelf.open_and_listen();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    journal.accept(submission("01JB", "bread")).await.unwrap();
    let mut handed = committed.recv().await.unwrap();
    while handed.len() < 4 {
        handed.extend(committed.recv().await.unwrap());
    }
    assert_eq!(handed, journal.outbox(0, 100).await.unwrap());
    let topics_of =
        |rows: &[outletd::journal::OutboxRow]| rows.iter().map(|row| row.topic.clone()).collect::<Vec<_>>();
    let (job_a, job_b, event) = (topics().job("01JA"), topics().job("01JB"), topics().event());
    assert_eq!(topics_of(&handed), [&job_a, &event, &job_b, &event].map(String::clone));
    journal.forget_outbox(vec![handed[0].seq, handed[2].seq]);
    journal.write(|_| Ok(())).await.unwrap();
    let journal = shelf.open();
    assert_eq!(journal.outbox(0, 100).await.unwrap(), [handed[1].clone(), handed[3].clone()]);
    assert_eq!(journal.outbox(handed[1].seq, 100).await.unwrap(), [handed[3].clone()]);
    journal.accept(submission("01JC", "tea")).await.unwrap();
    settled(&journal).await;
    let newest = journal.outbox(0, 100).await.unwrap().pop().unwrap();
    assert!(newest.seq > handed[3].seq, "a number is never given twice");
}

#[tokio::test]
async fn a_job_that_was_accepted_right_before_the_end_is_told_of_after_the_restart_once() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let mut new = submission("01JA", "soup");
    new.begin = Some((journal.next_attempt(), json!({"printed": 41})));
    journal.accept(new).await.unwrap();
    settled(&journal).await;
    drop(journal);
    // As a power cut leaves it between the commit of the acceptance and the next.
    let cut = Connection::open(shelf.path()).unwrap();
    cut.execute_batch("DELETE FROM outbox; DELETE FROM feed; UPDATE jobs SET untold = 1;").unwrap();
    drop(cut);
    for _ in 0..2 {
        let journal = shelf.open();
        let told: Vec<Value> = job_documents(&journal).await;
        assert_eq!(told.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["accepted", "running"]);
        assert_eq!(journal.feed(0, 10).await.unwrap().0.len(), 2);
    }
}

#[tokio::test]
async fn what_happens_to_a_job_is_told_after_its_acceptance_also_within_one_commit() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let (accepted, cancelled) = tokio::join!(
        journal.accept(submission("01JA", "soup")),
        journal.apply("01JA", Event::Cancel { by: None })
    );
    assert!(matches!(accepted, Ok(Intake::New(_))) && cancelled.is_ok());
    let told = job_documents(&journal).await;
    assert_eq!(told.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["accepted", "cancelled"]);
}

#[tokio::test]
async fn a_journal_of_the_first_format_is_taken_over_with_all_it_has() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    settled(&journal).await;
    let feed = feed_numbers(&journal).await;
    drop(journal);
    let old = Connection::open(shelf.path()).unwrap();
    old.execute_batch(
        "ALTER TABLE jobs DROP COLUMN untold;
         DROP TABLE memories;
         DROP TABLE kitchen_orders;
         DROP TABLE kitchen_commands;
         DROP TABLE kitchen;
         DROP TABLE screens;
         DROP TABLE notices;
         UPDATE counters SET value = 7;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let journal = shelf.open();
    assert!(matches!(journal.accept(submission("01JA", "soup")).await.unwrap(), Intake::Duplicate(_)));
    assert_eq!(feed_numbers(&journal).await, feed);
    let Intake::New(next) = journal.accept(submission("01JB", "tea")).await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!((next.seq, journal.next_attempt()), (8, 8), "the numbers go on");
}

#[tokio::test]
async fn the_feed_has_no_gaps_and_can_be_read_again_from_any_number_after_a_restart() {
    let shelf = Shelf::new();
    for run in 0..3 {
        let journal = shelf.open();
        let id = format!("job-{run}");
        journal.accept(submission(&id, "soup")).await.unwrap();
        journal.apply(&id, Event::Cancel { by: None }).await.unwrap();
    }
    let journal = shelf.open();
    assert_eq!(feed_numbers(&journal).await, [1, 2, 3, 4, 5, 6]);
    let (page, newest) = journal.feed(3, 2).await.unwrap();
    assert_eq!((page.iter().map(|event| event.seq).collect::<Vec<_>>(), newest), (vec![3, 4], 6));
    let EventBody::Job { job } = &page[0].event else { panic!("a job's transition") };
    assert_eq!((job.job.as_str(), job.state), ("job-1", State::Accepted));
    assert_eq!(journal.feed(7, 10).await.unwrap(), (vec![], 6));
}

#[tokio::test]
async fn the_feed_goes_on_with_its_numbers_when_all_of_it_was_removed() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    shelf.pass(15 * DAY_MS);
    assert_eq!(journal.housekeep(14 * DAY_MS, 14 * DAY_MS).await.unwrap(), (0, 1));
    assert_eq!(feed_numbers(&journal).await, [2], "the removal itself is an entry");
    shelf.pass(15 * DAY_MS);
    assert_eq!(journal.housekeep(14 * DAY_MS, 14 * DAY_MS).await.unwrap(), (0, 1));
    let journal = shelf.open();
    journal.record(EventBody::Housekeeping { jobs: 0, events: 0 }).await.unwrap();
    assert_eq!(feed_numbers(&journal).await, [3, 4]);
}

#[tokio::test]
async fn what_is_written_while_old_records_go_need_not_wait_for_all_of_them() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let ids: Vec<String> = (0..1201).map(|number| format!("J-{number:04}")).collect();
    join_all(ids.iter().map(|id| journal.accept(submission(id, "soup")))).await;
    join_all(ids.iter().map(|id| journal.apply(id, Event::Cancel { by: None }))).await;
    shelf.pass(8 * DAY_MS);
    let between = journal.write(|tx| Ok((tx.load("J-0000").is_ok(), tx.load("J-1200").is_ok())));
    let (removed, between) = tokio::join!(biased; journal.housekeep(7 * DAY_MS, 7 * DAY_MS), between);
    assert_eq!(between.unwrap(), (false, true));
    assert_eq!(removed.unwrap(), (1201, 2 * 1201));
    assert!(matches!(journal.accept(submission("J-1200", "soup")).await, Ok(Intake::New(_))));
}

#[tokio::test]
async fn an_ended_job_is_kept_for_its_days_and_a_fiscal_one_for_ever() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    let mut sale = submission("sale", "sale");
    sale.job.kind = Kind::Fiscal;
    for new in [submission("ended", "soup"), submission("open", "bread"), sale] {
        let id = new.job.job.clone();
        journal.accept(new).await.unwrap();
        if id != "open" {
            journal.begin(&id, "kitchen", journal.next_attempt(), Value::Null).await.unwrap();
            let number = journal.job(&id).await.unwrap().unwrap().0.begun.unwrap();
            journal.end_attempt(&id, number, succeed(Confidence::Printed), vec![]).await.unwrap();
        }
    }
    shelf.pass(7 * DAY_MS);
    assert_eq!(journal.housekeep(7 * DAY_MS, 7 * DAY_MS).await.unwrap(), (0, 0));
    assert!(matches!(journal.accept(submission("ended", "soup")).await, Ok(Intake::Duplicate(_))));
    shelf.pass(1);
    assert_eq!(journal.housekeep(7 * DAY_MS, i64::MAX / 2).await.unwrap(), (1, 0));
    assert_eq!(journal.job("ended").await.unwrap(), None);
    shelf.pass(10_000 * DAY_MS);
    journal.housekeep(7 * DAY_MS, 7 * DAY_MS).await.unwrap();
    let (sale, attempts) = journal.job("sale").await.unwrap().unwrap();
    assert_eq!((sale.state, attempts.len()), (State::Succeeded, 1));
    assert_eq!(journal.job("open").await.unwrap().unwrap().0.state, State::Accepted);
    let other = Connection::open(journal.path()).unwrap();
    let attempts: i64 = other.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
    assert_eq!(attempts, 1, "a removed job's attempts go with it");
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_device_by_state_and_page_by_page() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    for number in 1..=7 {
        let mut new = submission(&format!("job-{number}"), "soup");
        new.job.route = if number % 2 == 0 { "bar" } else { "kitchen" }.into();
        journal.accept(new).await.unwrap();
    }
    for id in ["job-1", "job-2"] {
        journal.apply(id, Event::Cancel { by: None }).await.unwrap();
    }
    let ids = async |device: Option<&str>, states: &[State], limit, before| {
        let device = device.map(str::to_owned);
        let (jobs, next) = journal.list(device, states.to_vec(), limit, before).await.unwrap();
        let ids = jobs.into_iter().map(|job| job.job.replace("job-", "")).collect::<Vec<_>>().join(" ");
        (ids, next)
    };
    assert_eq!(ids(None, &[], 100, None).await.0, "7 6 5 4 3 2 1");
    assert_eq!(ids(Some("bar"), &[], 100, None).await.0, "6 4 2");
    assert_eq!(ids(None, &[State::Cancelled], 100, None).await.0, "2 1");
    assert_eq!(ids(Some("bar"), &[State::Cancelled, State::Failed], 100, None).await.0, "2");
    let (first, next) = ids(None, &[], 3, None).await;
    let (second, last) = ids(None, &[], 3, next).await;
    let (third, end) = ids(None, &[], 3, last).await;
    assert_eq!([first, second, third], ["7 6 5", "4 3 2", "1"]);
    assert_eq!(end, None);
}

#[tokio::test]
async fn after_a_restart_what_has_not_ended_is_there_in_the_order_of_acceptance() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    for id in ["zoe", "ben", "tom", "amy"] {
        journal.accept(submission(id, "soup")).await.unwrap();
    }
    journal.begin("tom", "kitchen", journal.next_attempt(), Value::Null).await.unwrap();
    journal.apply("ben", Event::Cancel { by: None }).await.unwrap();
    let left = shelf.open().unfinished().unwrap();
    let left: Vec<_> = left.iter().map(|job| (job.job.as_str(), job.state, job.is_begun())).collect();
    let accepted = |id| (id, State::Accepted, false);
    assert_eq!(left, [accepted("zoe"), ("tom", State::Running, true), accepted("amy")]);
}

#[tokio::test]
async fn the_jobs_that_wait_for_a_person_are_still_known_after_a_restart() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    journal.accept(submission("01JB", "bread")).await.unwrap();
    let number = journal.next_attempt();
    journal.begin("01JA", "kitchen", number, Value::Null).await.unwrap();
    journal.end_attempt("01JA", number, doubt(), vec![]).await.unwrap();
    journal.apply("01JB", Event::Wait { reason: support::reason("paper-out") }).await.unwrap();
    let waiting = shelf.open().attention().await.unwrap();
    assert_eq!(waiting.iter().map(|job| job.job.as_str()).collect::<Vec<_>>(), ["01JA"]);
    assert_eq!(waiting[0].evidence, Some(json!({"device": {"bytes": 120}})));
    assert_eq!(waiting[0].reason.code, "in-doubt");
}

#[tokio::test]
async fn a_journal_of_a_newer_version_is_refused_and_left_as_it_is() {
    let shelf = Shelf::new();
    let path = shelf.path();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = shelf.try_open().err().unwrap();
    assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("install the newer version"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn the_format_stands_in_the_file_itself_where_the_package_of_an_older_version_looks_for_it() {
    let shelf = Shelf::new();
    let _journal = shelf.open();
    let format = u32::try_from(outletd::journal::FORMAT).unwrap().to_be_bytes();
    assert_eq!(std::fs::read(shelf.path()).unwrap()[60..64], format);
}

#[tokio::test]
async fn a_folder_that_can_not_be_made_is_named_with_the_remedy() {
    let shelf = Shelf::new();
    let in_the_way = shelf.path();
    std::fs::write(&in_the_way, "").unwrap();
    let (outbox, _) = mpsc::unbounded_channel();
    let error = Journal::open(&in_the_way, topics(), shelf.clock(), outbox).err().unwrap();
    assert!(matches!(error, JournalError::Open { .. }), "{error}");
    assert!(error.to_string().contains("belongs to outletd"), "{error}");
}

#[tokio::test]
async fn a_damaged_record_is_named_and_never_taken_for_another() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    journal.accept(submission("01JB", "soup")).await.unwrap();
    let other = Connection::open(journal.path()).unwrap();
    other.execute("UPDATE jobs SET record = '{\"job\":' WHERE job = '01JB'", []).unwrap();
    let error = journal.unfinished().unwrap_err();
    assert!(matches!(&error, JournalError::Damaged(what) if what.contains("01JB")), "{error}");
    assert!(journal.job("01JA").await.unwrap().is_some());
    assert!(matches!(journal.accept(submission("01JB", "soup")).await, Err(JournalError::Damaged(_))));
}

#[tokio::test]
async fn an_outcome_is_kept_with_what_the_job_brought() {
    let shelf = Shelf::new();
    let journal = shelf.open();
    journal.accept(submission("01JA", "soup")).await.unwrap();
    let number = journal.next_attempt();
    journal.begin("01JA", "kitchen", number, Value::Null).await.unwrap();
    let error = ErrorBody::new("unsupported", "no such symbol");
    journal.end_attempt("01JA", number, Event::Fail { error, evidence: json!(7) }, vec![]).await.unwrap();
    let (job, attempts) = shelf.open().job("01JA").await.unwrap().unwrap();
    assert_eq!((job.state, job.evidence["device"].clone()), (State::Failed, json!(7)));
    let outcome = attempts[0].outcome.clone().unwrap();
    assert_eq!(
        (outcome["ended"].clone(), outcome["error"]["code"].clone()),
        (json!("failed"), json!("unsupported"))
    );
}

async fn job_documents(journal: &Journal) -> Vec<Value> {
    settled(journal).await;
    let rows = journal.outbox(0, 1_000).await.unwrap();
    let of_jobs = rows.iter().filter(|row| row.topic != topics().event());
    of_jobs.map(|row| serde_json::from_slice(&row.payload).unwrap()).collect()
}

async fn feed_numbers(journal: &Journal) -> Vec<u64> {
    settled(journal).await;
    journal.feed(0, 1_000).await.unwrap().0.iter().map(|event| event.seq).collect()
}

struct Anything;

impl Check for Anything {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// The intake before this journal, with one device that takes any document.
fn gate(journal: &Journal) -> (Arc<Gate>, mpsc::UnboundedReceiver<ToWorker>) {
    let (worker, told) = mpsc::unbounded_channel();
    let description = Description {
        kind: "printer".into(),
        driver: "escpos".into(),
        model: None,
        name: "a printer".into(),
        link: "tcp://127.0.0.1:9100".into(),
        capabilities: vec!["print".into()],
        limits: Value::Null,
    };
    let device = Device {
        id: "kitchen".into(),
        description,
        check: Arc::new(Anything),
        fallback: None,
        worker,
        readiness: Readiness::default(),
        depth: AtomicU64::new(0),
        max_depth: 10,
    };
    let devices: Arc<Devices> = Arc::new([("kitchen".to_owned(), Arc::new(device))].into());
    let requests = Requests::new(journal.clone(), devices.clone(), Board::new(journal.clock().clone()));
    let bus = outletd::bus::client::bus().0;
    (Gate::new(topics(), journal.clone(), devices, Rules::default(), requests, bus, None), told)
}

fn message(payload: &[u8]) -> Message {
    Message {
        topic: topics().device_job("kitchen"),
        payload: Bytes::copy_from_slice(payload),
        retain: false,
        response_topic: None,
        correlation: None,
        expiry_s: None,
        client: None,
        user: None,
    }
}
