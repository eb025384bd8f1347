//! A request of several tasks: one after the other, and none after one that failed.

use std::sync::atomic::Ordering;

use outletd::bus::contract::{Answer, State};
use outletd::journal::machine::Event;
use outletd::sequence::Place;
use serde_json::{Value, json};

use crate::bed::{Bed, Disk, UUID, answer, request, sell, task};

fn three() -> Value {
    request(UUID, &[task("openShift"), sell(), task("reportX")])
}

fn id(task: usize) -> String {
    Place { id: UUID.into(), task, of: 3 }.job()
}

#[tokio::test]
async fn tasks_are_done_one_after_the_other_each_as_a_job() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    assert_eq!(bed.post(&three()).await.status, 201);
    assert_eq!([id(1), id(2), id(3)], [UUID.to_owned(), format!("{UUID}-2"), format!("{UUID}-3")]);
    for (task, statuses) in
        [(1, ["wait", "wait", "wait"]), (2, ["ready", "wait", "wait"]), (3, ["ready", "ready", "wait"])]
    {
        let job = bed.next_job().await;
        assert_eq!(job.job, id(task));
        assert_eq!(
            bed.waiting_jobs(),
            [] as [&str; 0],
            "the next one is not given before this one has ended"
        );
        assert_eq!(bed.statuses(UUID).await, statuses);
        bed.succeed(&job.job, Value::Null).await;
    }
    assert_eq!(bed.statuses(UUID).await, ["ready", "ready", "ready"]);
    assert_eq!(bed.devices["till"].depth.load(Ordering::Relaxed), 3, "each was counted once");
}

#[tokio::test]
async fn all_tasks_are_on_disk_before_the_first_is_begun() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.next_job().await;
    for task in 1..=3 {
        let (job, _) = bed.journal.job(&id(task)).await.unwrap().unwrap();
        assert_eq!(job.state, State::Accepted);
        assert_eq!(Place::of(&job), Some(Place { id: UUID.into(), task, of: 3 }));
        assert_eq!(job.document().evidence, Some(json!({"request": {"id": UUID, "task": task, "of": 3}})));
    }
}

#[tokio::test]
async fn after_a_failure_the_rest_is_interrupted() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.do_next(&id(1)).await;
    assert_eq!(bed.next_job().await.job, id(2));
    bed.fail(&id(2), "shift-expired").await;
    let results = bed.get(UUID).await.body["results"].clone();
    let told: Vec<_> =
        (0..3).map(|task| (&results[task]["status"], &results[task]["error"]["code"])).collect();
    let expected =
        [(json!("ready"), json!(0)), (json!("error"), json!(68)), (json!("interrupted"), json!(502))];
    assert_eq!(told, expected.iter().map(|(status, code)| (status, code)).collect::<Vec<_>>());
    bed.until(&id(3), State::Failed).await;
    let (last, _) = bed.journal.job(&id(3)).await.unwrap().unwrap();
    assert_eq!(last.error.unwrap().code, "interrupted");
    assert_eq!(bed.statuses(UUID).await, ["ready", "error", "interrupted"]);
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0], "it was never given to the worker");
}

#[tokio::test]
async fn while_an_outcome_is_not_known_the_rest_waits() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.do_next(&id(1)).await;
    bed.next_job().await;
    bed.doubt(&id(2)).await;
    assert_eq!(bed.statuses(UUID).await, ["ready", "blocked", "wait"]);
    let other = bed.post(&request("other", &[sell()])).await;
    assert_eq!(other.body["blockedUUID"], UUID, "the request is named, not its task");
    assert_eq!(bed.next_job().await.job, "other");
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
    bed.apply(&id(2), answer(Answer::Printed)).await;
    assert_eq!(bed.next_job().await.job, id(3));
    assert_eq!(bed.statuses(UUID).await, ["ready", "ready", "wait"]);
}

#[tokio::test]
async fn when_an_outcome_turns_out_bad_the_rest_is_interrupted() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.next_job().await;
    bed.doubt(&id(1)).await;
    bed.apply(&id(1), answer(Answer::NotPrinted)).await;
    bed.until(&id(3), State::Failed).await;
    assert_eq!(bed.statuses(UUID).await, ["error", "interrupted", "interrupted"]);
}

#[tokio::test]
async fn a_request_is_called_off_as_a_whole_or_not_at_all() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.next_job().await;
    assert_eq!(bed.delete(UUID).await.status, 200);
    assert_eq!(bed.statuses(UUID).await, ["canceled", "canceled", "canceled"]);
    let begun = request("begun", &[sell(), task("reportX")]);
    bed.post(&begun).await;
    bed.do_next("begun").await;
    bed.next_job().await;
    assert_eq!(bed.delete("begun").await.status, 409);
    assert_eq!(bed.statuses("begun").await, ["ready", "wait"], "nothing of it was called off");
}

#[tokio::test]
async fn a_task_called_off_over_the_bus_interrupts_what_follows() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.apply(&id(2), Event::Cancel { by: Some("anna".into()) }).await;
    bed.do_next(&id(1)).await;
    bed.until(&id(3), State::Failed).await;
    assert_eq!(bed.statuses(UUID).await, ["ready", "canceled", "interrupted"]);
}

#[tokio::test]
async fn only_the_request_has_results_and_not_its_later_tasks() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    assert_eq!(bed.get(&id(2)).await.status, 404);
    assert_eq!(bed.post(&request(&id(2), &[sell()])).await.status, 409, "its id is taken all the same");
}

#[tokio::test]
async fn a_request_whose_later_id_is_taken_is_not_taken_at_all() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&request(&id(3), &[sell()])).await;
    assert_eq!(bed.next_job().await.job, id(3));
    assert_eq!(bed.post(&three()).await.status, 409);
    assert!(bed.journal.job(&id(1)).await.unwrap().is_none());
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was_and_gives_no_task_before_its_turn() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    bed.post(&three()).await;
    bed.next_job().await;
    bed.kill().await;

    let mut bed = Bed::open(&disk).await;
    assert_eq!(bed.next_job().await.job, id(1), "accepted before the restart, done after it");
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
    bed.succeed(&id(1), Value::Null).await;
    assert_eq!(bed.next_job().await.job, id(2));
    bed.begin(&id(2)).await;
    bed.kill().await;

    let mut bed = Bed::open(&disk).await;
    assert_eq!(bed.next_job().await.job, id(2), "begun before the restart: asked about once");
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
    let error = outletd::bus::contract::ErrorBody::new("paper-out", "out of paper");
    bed.apply(&id(2), Event::Fail { error, evidence: Value::Null }).await;
    bed.until(&id(3), State::Failed).await;
    assert_eq!(bed.statuses(UUID).await, ["ready", "error", "interrupted"]);
}

#[tokio::test]
async fn what_ended_right_before_a_restart_is_followed_by_the_next_after_it() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    for (uuid, code) in [("good", None), ("bad", Some("shift-closed"))] {
        bed.post(&request(uuid, &[sell(), task("reportX")])).await;
        assert_eq!(bed.next_job().await.job, uuid);
        bed.begin(uuid).await;
        let journal = bed.journal.clone();
        bed.kill().await;
        // The sequence is gone before the end is on disk.
        let event = match code {
            None => crate::support::succeed(outlet_devices::Confidence::Fiscalised),
            Some(code) => Event::Fail {
                error: outletd::bus::contract::ErrorBody::new(code, "refused"),
                evidence: Value::Null,
            },
        };
        journal.apply(uuid, event).await.unwrap();
        drop(journal);
        bed = Bed::open(&disk).await;
        if code.is_none() {
            bed.do_next("good-2").await;
        } else {
            bed.until("bad-2", State::Failed).await;
        }
    }
    assert_eq!(bed.statuses("good").await, ["ready", "ready"]);
    assert_eq!(bed.statuses("bad").await, ["error", "interrupted"]);
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
}
