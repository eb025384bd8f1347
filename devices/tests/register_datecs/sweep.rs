//! One receipt after an equal one, struck at every boundary between two frames.

use std::time::Duration;

use outlet_devices::driver::Resolution;
use outlet_simulators::register::{Fault, Moment};

use crate::bed::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strike {
    Fault(Fault),
    /// The agent is killed; another one starts and resolves.
    Kill,
    /// Both.
    KillAndPower,
}

const STRIKES: [Strike; 5] = [
    Strike::Fault(Fault::CutLink),
    Strike::Fault(Fault::LoseAnswer),
    Strike::Fault(BLINK),
    Strike::Kill,
    Strike::KillAndPower,
];
const BLINK: Fault = Fault::PowerOff { back_after: Some(Duration::from_millis(5)) };

/// What came of one struck receipt.
#[derive(Debug, Default)]
struct Count {
    points: u64,
    done: u64,
    anew: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_boundary_of_a_receipt_on_x() {
    sweep(Set::X).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_boundary_of_a_receipt_on_romanian_firmware() {
    sweep(Set::Ro).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_boundary_of_a_receipt_on_p() {
    sweep(Set::P).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_boundary_of_a_receipt_on_c() {
    sweep(Set::C).await;
}

async fn sweep(set: Set) {
    let mut bed = before(set).await;
    let first = bed.register.moments();
    bed.done(set.dinner()).await;
    let moments = bed.register.moments() - first;
    // Without PROPTEST_CASES each boundary has its turn with one of the strikes.
    let every = if std::env::var_os("PROPTEST_CASES").is_some() { 1 } else { STRIKES.len() as u64 };
    let mut count = Count::default();
    for (turn, strike) in (0..).zip(STRIKES) {
        for n in (1..=moments).filter(|n| (n + turn) % every == 0) {
            struck(set, strike, n, &mut count).await;
        }
    }
    println!("{set:?}: {moments} boundaries, {count:?}");
    assert_eq!(count.points, moments * STRIKES.len() as u64 / every);
    assert!(count.done > 0 && count.anew > 0, "{count:?}");
}

/// A register that has just made an equal receipt.
async fn before(set: Set) -> Bed {
    let mut bed = Bed::open(set).await;
    bed.done(set.dinner()).await;
    bed
}

async fn struck(set: Set, strike: Strike, n: u64, count: &mut Count) {
    let mut bed = before(set).await;
    let at = bed.register.moments() + n;
    let place = format!("{set:?}, {strike:?} at moment {n}");
    match strike {
        Strike::Fault(fault) => bed.register.plan(Moment::Frame { n: at }, fault),
        Strike::KillAndPower => bed.register.plan(Moment::Frame { n: at }, BLINK),
        Strike::Kill => {}
    }
    let notes = bed.notes();
    let is_done = match strike {
        Strike::Fault(_) => match bed.run(set.dinner(), &notes).await {
            Ok(outcome) => Some(outcome),
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::NotSent, "{place}: {error:?}");
                None
            }
        },
        Strike::Kill | Strike::KillAndPower => {
            let mut events = bed.register.events();
            let reached = async { while events.recv().await.is_ok_and(|event| event.index < at) {} };
            let ended = tokio::select! {
                ended = bed.run(set.dinner(), &notes) => ended.ok(),
                () = reached => None,
            };
            match ended {
                Some(outcome) => Some(outcome),
                None => {
                    bed.restart();
                    bed.reconnect().await;
                    match notes.begun() {
                        false => None,
                        true => match bed.resolve(set.dinner(), &notes).await {
                            Resolution::Done(outcome) => Some(outcome),
                            Resolution::NotDone(_) => None,
                            Resolution::Unknown(why) => panic!("{place}: {why}"),
                        },
                    }
                }
            }
        }
    };
    let documents = bed.marked(&notes);
    let all = bed.register.documents().len();
    count.points += 1;
    match is_done {
        Some(outcome) => {
            count.done += 1;
            assert_eq!((documents.len(), all), (1, 2), "{place}");
            assert_dinner(set, &documents[0]);
            let params = &outcome.result["fiscalParams"];
            assert_eq!(params["fiscalDocumentNumber"], documents[0].number, "{place}");
            assert_eq!(params["fiscalDocumentSign"], documents[0].sign.as_str(), "{place}: {params}");
        }
        None => {
            count.anew += 1;
            assert_eq!((documents.len(), all), (0, 1), "{place}");
            bed.reconnect().await;
            let again = bed.notes();
            bed.run(set.dinner(), &again).await.unwrap_or_else(|error| panic!("{place}, again: {error:?}"));
            assert_eq!((bed.marked(&again).len(), bed.register.documents().len()), (1, 2), "{place}, again");
        }
    }
    assert_eq!(bed.register.drawer_sum(), 10_000 + 2 * 2750, "{place}");
}
