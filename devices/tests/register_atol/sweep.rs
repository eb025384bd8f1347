//! One receipt, and a blow at each boundary of its exchange.

use std::sync::Arc;
use std::time::Duration;

use outlet_devices::driver::{Confidence, Resolution};
use outlet_simulators::register::{Fault, Moment};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bed::*;

/// A register that has just made an equal receipt.
async fn bed() -> Bed {
    let mut bed = Bed::selling().await;
    bed.done(dinner()).await;
    bed
}

/// The same on a serial line, which shows no power failure.
async fn serial(protocol: u8, name: String) -> Bed {
    let mut bed = Bed::serial(protocol, &name).await;
    bed.done(dinner()).await;
    bed
}

/// Boundaries before the receipt, and of it.
async fn boundaries(mut bed: Bed) -> (u64, u64) {
    let before = bed.register.moments();
    bed.done(dinner()).await;
    let count = bed.register.moments() - before;
    assert!(count > 100, "{count}");
    (before, count)
}

/// Runs one case for each boundary, some at a time, and tells how many.
async fn at_each<F: Future<Output = ()> + Send + 'static>(
    (before, count): (u64, u64),
    at_once: usize,
    case: impl Fn(u64) -> F,
) {
    let room = Arc::new(Semaphore::new(at_once));
    let mut cases = JoinSet::new();
    for n in 1..=count {
        let (room, case) = (room.clone(), case(before + n));
        cases.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            case.await;
        });
    }
    while let Some(done) = cases.join_next().await {
        done.unwrap();
    }
    println!("{count} boundaries");
}

async fn blow(mut bed: Bed, n: u64, fault: Fault) {
    bed.register.plan(Moment::Frame { n }, fault);
    let notes = bed.notes();
    let ended = bed.run(dinner(), &notes).await;
    let shown = format!("{fault:?} at {n}: {ended:?}");
    let documents = bed.marked(&notes).len();
    match ended {
        Ok(outcome) => {
            assert_eq!(documents, 1, "{shown}");
            assert_eq!(outcome.confidence, Confidence::Fiscalised, "{shown}");
            let number = &outcome.result["fiscalParams"]["fiscalDocumentNumber"];
            assert_eq!(*number, bed.marked(&notes)[0].number, "{shown}");
        }
        Err(error) if error.kind == ErrorKind::OutcomeUnknown => {
            bed.restart();
            match bed.resolve(dinner(), &notes).await {
                Resolution::Done(_) => assert_eq!(bed.marked(&notes).len(), 1, "{shown}"),
                Resolution::NotDone(_) => {
                    assert_eq!(bed.marked(&notes).len(), 0, "{shown}");
                    bed.done(dinner()).await;
                }
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
    let documents = bed.register.documents().len();
    assert_eq!(documents, 3, "{shown}: the shift, the sale before, and this one, at once or anew");
    assert_eq!(bed.register.violations(), [""; 0], "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_cut_at_any_boundary_leaves_one_receipt_or_none() {
    let boundaries = boundaries(bed().await).await;
    at_each(boundaries, 24, |n| async move { blow(bed().await, n, Fault::CutLink).await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_at_any_boundary_leaves_one_receipt() {
    let boundaries = boundaries(bed().await).await;
    at_each(boundaries, 24, |n| async move { blow(bed().await, n, Fault::LoseAnswer).await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_lost_at_any_boundary_leaves_one_receipt_or_none() {
    let off = Fault::PowerOff { back_after: Some(Duration::from_millis(60)) };
    let boundaries = boundaries(bed().await).await;
    at_each(boundaries, 24, move |n| async move { blow(bed().await, n, off).await }).await;
}

async fn power_on_a_serial_line(protocol: u8) {
    let off = Fault::PowerOff { back_after: Some(Duration::from_millis(60)) };
    let boundaries = boundaries(serial(protocol, "sweep".to_owned()).await).await;
    // A dead register behind a serial line shows by time-outs alone: a fixed sample, unless there is time.
    let every = if std::env::var_os("PROPTEST_CASES").is_some() { 1 } else { 5 };
    let case = move |n| async move {
        if n % every == 0 {
            blow(serial(protocol, format!("sweep-{n}")).await, n, off).await;
        }
    };
    at_each(boundaries, 256, case).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_lost_behind_a_serial_line_leaves_one_receipt_or_none_by_protocol_2() {
    power_on_a_serial_line(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_lost_behind_a_serial_line_leaves_one_receipt_or_none_by_protocol_3() {
    power_on_a_serial_line(3).await;
}

/// The agent is killed at a boundary; another one asks what became of it.
async fn kill(n: u64) {
    let mut bed = bed().await;
    let notes = bed.notes();
    let mut events = bed.register.events();
    let killed = async { while events.recv().await.unwrap().index < n {} };
    tokio::select! {
        _ = bed.run(dinner(), &notes) => {}
        () = killed => {}
    }
    bed.restart();
    if !notes.begun() {
        assert_eq!(bed.marked(&notes).len(), 0, "killed at {n}");
        return;
    }
    let resolution = bed.resolve(dinner(), &notes).await;
    let documents = bed.marked(&notes).len();
    match resolution {
        Resolution::Done(outcome) => {
            assert_eq!(documents, 1, "killed at {n}");
            let number = &outcome.result["fiscalParams"]["fiscalDocumentNumber"];
            assert_eq!(*number, bed.marked(&notes)[0].number, "killed at {n}");
        }
        Resolution::NotDone(_) => {
            assert_eq!(documents, 0, "killed at {n}");
            bed.done(dinner()).await;
        }
        Resolution::Unknown(why) => panic!("killed at {n}: {why}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_killed_at_any_boundary_finds_out_when_it_is_back() {
    let boundaries = boundaries(bed().await).await;
    at_each(boundaries, 24, kill).await;
}

/// A job comes while the idle register is looked at.
async fn interrupt(mut bed: Bed, n: u64) {
    let (register, mut events) = (bed.register.clone(), bed.register.events());
    let first = register.moments();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error:?}"),
        () = async { while events.recv().await.unwrap().index < first + n {} } => {}
    }
    let notes = bed.notes();
    bed.run(dinner(), &notes).await.unwrap_or_else(|error| panic!("at {n}: {error:?}"));
    assert_eq!(bed.marked(&notes).len(), 1, "at {n}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_dropped_at_any_boundary_disturbs_no_receipt() {
    // A look has five questions: of 6 boundaries each by protocol 3, of 11 by protocol 2.
    at_each((0, 30), 30, |n| async move { interrupt(bed().await, n).await }).await;
    let case = |n| async move { interrupt(serial(2, format!("look-{n}")).await, n).await };
    at_each((0, 55), 55, case).await;
}
