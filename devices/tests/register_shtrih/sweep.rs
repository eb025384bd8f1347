//! One receipt, and a blow at each boundary of its exchange, on both link levels.

use std::sync::Arc;
use std::time::Duration;

use outlet_devices::driver::{Confidence, Resolution};
use outlet_simulators::register::{DocumentKind, Fault, Moment};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bed::*;

/// Boundaries before the receipt, and of it.
async fn boundaries(level: u8) -> (u64, u64) {
    let mut bed = Bed::selling_on(level).await;
    let before = bed.register.moments();
    bed.done(dinner()).await;
    (before, bed.register.moments() - before)
}

/// Runs one case for each boundary on both levels, some at a time.
async fn at_each<F: Future<Output = ()> + Send + 'static>(case: impl Fn(u8, u64) -> F) {
    let room = Arc::new(Semaphore::new(24));
    let mut cases = JoinSet::new();
    for level in [1, 2] {
        let (before, count) = boundaries(level).await;
        assert!(count > 40, "level {level}: {count} boundaries");
        println!("level {level}: {count} boundaries");
        for n in 1..=count {
            let (room, case) = (room.clone(), case(level, before + n));
            cases.spawn(async move {
                let _place = room.acquire_owned().await.unwrap();
                case.await;
            });
        }
    }
    while let Some(done) = cases.join_next().await {
        done.unwrap();
    }
}

async fn blow(level: u8, n: u64, fault: Fault) {
    let mut bed = Bed::selling_on(level).await;
    bed.register.plan(Moment::Frame { n }, fault);
    let notes = bed.notes();
    let ended = bed.run(dinner(), &notes).await;
    let shown = format!("level {level}, {fault:?} at {n}: {ended:?}");
    let documents = bed.marked(&notes).len();
    match ended {
        Ok(outcome) => {
            assert_eq!(documents, 1, "{shown}");
            assert_eq!(outcome.confidence, Confidence::Fiscalised, "{shown}");
            assert_complete(&shown, &outcome.result);
            let number = &outcome.result["fiscalParams"]["fiscalDocumentNumber"];
            assert_eq!(*number, bed.marked(&notes)[0].number, "{shown}");
        }
        Err(error) if error.kind == ErrorKind::OutcomeUnknown => {
            bed.restart();
            match bed.resolve(dinner(), &notes).await {
                Resolution::Done(_) => assert_eq!(documents, 1, "{shown}"),
                Resolution::NotDone(_) => assert_eq!(documents, 0, "{shown}"),
                Resolution::Unknown(why) => panic!("{shown}: {why}"),
            }
        }
        Err(error) => {
            assert_eq!((documents, error.kind), (0, ErrorKind::NotSent), "{shown}");
            bed.reconnect().await;
            let again = bed.notes();
            bed.run(dinner(), &again).await.unwrap_or_else(|error| panic!("{shown}, then {error:?}"));
            assert_eq!(bed.marked(&again).len(), 1, "{shown}");
        }
    }
    let documents = bed.register.documents();
    let sales = documents.iter().filter(|document| document.kind == DocumentKind::Sale).count();
    assert_eq!(sales, 1, "{shown}: one sale, at once or anew");
    assert_eq!(bed.register.drawer_sum(), 20_000 + 43_625, "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_cut_at_any_boundary_leaves_one_receipt_or_none() {
    at_each(|level, n| blow(level, n, Fault::CutLink)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_at_any_boundary_leaves_one_receipt() {
    at_each(|level, n| blow(level, n, Fault::LoseAnswer)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_answer_at_any_boundary_leaves_one_receipt() {
    at_each(|level, n| blow(level, n, Fault::HalfFrame)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_lost_at_any_boundary_leaves_one_receipt_or_none() {
    let off = Fault::PowerOff { back_after: Some(Duration::from_millis(60)) };
    at_each(|level, n| blow(level, n, off)).await;
}

/// The agent is killed at a boundary; another one asks what became of it.
async fn kill(level: u8, n: u64) {
    let mut bed = Bed::selling_on(level).await;
    let notes = bed.notes();
    let mut events = bed.register.events();
    let killed = async { while events.recv().await.unwrap().index < n {} };
    tokio::select! {
        _ = bed.run(dinner(), &notes) => {}
        () = killed => {}
    }
    bed.restart();
    let shown = format!("level {level}, killed at {n}");
    if !notes.begun() {
        assert_eq!(bed.marked(&notes).len(), 0, "{shown}");
        return;
    }
    let resolution = bed.resolve(dinner(), &notes).await;
    let documents = bed.marked(&notes).len();
    match resolution {
        Resolution::Done(outcome) => {
            assert_eq!(documents, 1, "{shown}");
            let number = &outcome.result["fiscalParams"]["fiscalDocumentNumber"];
            assert_eq!(*number, bed.marked(&notes)[0].number, "{shown}");
        }
        Resolution::NotDone(_) => {
            assert_eq!(documents, 0, "{shown}");
            bed.done(dinner()).await;
        }
        Resolution::Unknown(why) => panic!("{shown}: {why}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_killed_at_any_boundary_finds_out_when_it_is_back() {
    at_each(kill).await;
}
