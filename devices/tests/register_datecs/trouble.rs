//! Paper, clocks, shifts, sums and serial numbers that are not as they should be.

use std::time::Duration;

use outlet_devices::driver::Request;
use outlet_simulators::register::{Fault, Moment, Register, RegisterSpec, What};
use serde_json::json;

use crate::bed::*;

#[tokio::test]
async fn without_paper_a_task_waits_and_goes_on_with_a_new_roll() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        bed.register.inject(Fault::PaperOut);
        let notes = bed.notes();
        let register = bed.register.clone();
        let help = async {
            notes.wait_until_told("paper-out").await;
            register.inject(Fault::NewPaper);
        };
        let (ended, ()) = tokio::join!(bed.run(set.dinner(), &notes), help);
        ended.unwrap_or_else(|error| panic!("{set:?}: {error:?}"));
        assert_eq!(bed.marked(&notes).len(), 1);
    }
}

#[tokio::test]
async fn paper_that_ends_within_a_receipt_makes_nothing_twice() {
    for set in Set::ALL {
        for command in ["48", "49", "54", "53"] {
            let mut bed = Bed::open(set).await;
            bed.register.plan(Moment::Of { frame: command.into(), what: What::Executed }, Fault::PaperOut);
            let notes = bed.notes();
            let register = bed.register.clone();
            let ended = {
                let help = async {
                    notes.wait_until_told("paper-out").await;
                    register.inject(Fault::NewPaper);
                };
                let (ended, ()) = tokio::join!(bed.run(set.dinner(), &notes), help);
                ended
            };
            let made = bed.marked(&notes).len();
            match ended {
                Ok(_) => assert_eq!(made, 1, "{set:?} {command}"),
                Err(error) => {
                    assert_eq!((error.kind, made), (ErrorKind::Busy, 0), "{set:?} {command}: {error:?}");
                    bed.done(set.dinner()).await;
                }
            }
            assert_eq!(bed.register.documents().len(), 1, "{set:?} {command}");
        }
    }
}

#[tokio::test]
async fn a_receipt_that_is_closed_when_the_paper_ends_says_that_it_is_not_printed() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        let lines = Fault::PaperOutAtLine { lines: 2 };
        bed.register.plan(Moment::Of { frame: "56".into(), what: What::Received }, lines);
        let outcome = bed.done(set.dinner()).await;
        assert_eq!(outcome.result["warnings"]["notPrinted"], true, "{set:?}: {}", outcome.result);
        assert_eq!(bed.register.documents().len(), 1);
        bed.register.inject(Fault::NewPaper);
        bed.done(set.coffee()).await;
        assert!(bed.paper().contains("Supa"), "the rest is printed on the new roll");
    }
}

#[tokio::test]
async fn a_shift_older_than_a_day_has_to_be_closed_first() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        bed.done(set.coffee()).await;
        bed.register.advance_clock(Duration::from_secs(25 * 3600));
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.kind, ErrorKind::Rejected, "{set:?}: {error:?}");
        assert!(error.message.contains("closeShift"), "{set:?}: {error:?}");
        if set != Set::P {
            assert_eq!(error.code, "shift-expired", "{set:?}");
            assert!(bed.status.borrow().conditions.contains("shift-expired"));
        }
        bed.done(json!({"type": "closeShift"})).await;
        bed.done(set.coffee()).await;
        assert_eq!(bed.register.documents().len(), 3);
    }
}

#[tokio::test]
async fn where_it_is_configured_an_expired_shift_is_closed_on_the_way() {
    for set in [Set::X, Set::Ro, Set::C] {
        let mut options = quick();
        options["close_expired_shift"] = json!(true);
        let mut bed = Bed::unconnected(set, options).await;
        bed.driver.connect().await.unwrap();
        bed.done(set.coffee()).await;
        bed.register.advance_clock(Duration::from_secs(25 * 3600));
        let outcome = bed.done(set.coffee()).await;
        assert_eq!(outcome.result["fiscalParams"]["shiftNumber"], 2, "{set:?}");
        assert_eq!(bed.register.documents().len(), 3);
    }
}

#[tokio::test]
async fn the_end_of_the_day_is_said_before_it_comes() {
    for set in [Set::X, Set::Ro, Set::C] {
        let mut bed = Bed::open(set).await;
        bed.done(set.coffee()).await;
        bed.register.advance_clock(Duration::from_secs(23 * 3600 + 1800));
        bed.driver.request(&Request::Status).await.unwrap();
        assert!(bed.status.borrow().conditions.contains("shift-ends-soon"), "{set:?}");
        bed.done(set.coffee()).await;
    }
}

#[tokio::test]
async fn sums_that_our_jobs_did_not_leave_stop_money_until_a_person_accepts_them() {
    for set in [Set::X, Set::Ro, Set::C] {
        let mut bed = Bed::open(set).await;
        // With the first receipt a shift begins; from the second on both sides are known.
        bed.done(set.coffee()).await;
        bed.done(set.coffee()).await;
        let memory = bed.memory.clone();
        bed.done(json!({"type": "cashIn", "cashSum": "5.00"})).await;
        bed.memory = memory;
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.code, "sums-differ", "{set:?}: {error:?}");
        assert!(error.message.contains("111.40") && error.message.contains("106.40"), "{error:?}");
        bed.driver.request(&Request::AcceptSums).await.unwrap();
        bed.done(set.coffee()).await;
        bed.done(set.coffee()).await;
    }
}

#[tokio::test]
async fn a_card_receipt_of_somebody_else_is_noticed_by_its_number_where_the_journal_tells() {
    for set in [Set::X, Set::Ro] {
        let mut bed = Bed::open(set).await;
        bed.done(set.coffee()).await;
        let memory = bed.memory.clone();
        let mut by_card = set.coffee();
        by_card["payments"][0]["type"] = json!("electronically");
        bed.done(by_card).await;
        bed.memory = memory;
        assert_eq!(bed.failed(set.coffee()).await.code, "sums-differ", "{set:?}");
    }
}

#[tokio::test]
async fn another_register_in_mid_shift_is_refused() {
    for set in [Set::X, Set::Ro, Set::C] {
        let mut bed = Bed::open(set).await;
        bed.done(set.coffee()).await;
        let spec = RegisterSpec { serial: "DT000001".into(), ..set.spec() };
        let other = Register::open(spec).unwrap();
        let address = other.serve_tcp("127.0.0.1:0").await.unwrap();
        let memory = bed.memory.clone();
        let mut bed = Bed::with_link(set, other, format!("tcp://{address}"), quick());
        bed.memory = memory;
        bed.driver.connect().await.unwrap();
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.code, "serial-changed", "{set:?}: {error:?}");
        assert!(bed.register.documents().is_empty());
    }
}

#[tokio::test]
async fn a_wrong_password_a_lost_clock_and_a_full_memory_are_told_with_what_to_do() {
    for set in Set::ALL {
        let mut options = quick();
        options["operator"] = json!({"number": 1, "password": "4321"});
        let mut bed = Bed::unconnected(set, options).await;
        bed.driver.connect().await.unwrap();
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.kind, ErrorKind::Rejected);
        assert!(error.message.contains("password"), "{set:?}: {error:?}");
        assert_eq!(error.evidence["command"], 48, "{error:?}");

        let mut bed = Bed::open(set).await;
        bed.register.inject(Fault::ClockBeyondLimits);
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.code, "clock-wrong", "{set:?}: {error:?}");

        let mut bed = Bed::open(set).await;
        bed.register.inject(Fault::StorageFull);
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.code, "storage-refused", "{set:?}: {error:?}");
        assert!(bed.status.borrow().conditions.contains("storage-exhausted"));
        assert!(bed.register.documents().is_empty());
    }
}

#[tokio::test]
async fn a_silent_register_is_offline_and_comes_back() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        bed.register.inject(Fault::Silence);
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.kind, ErrorKind::NotSent, "{set:?}: {error:?}");
        assert!(!bed.status.borrow().online);
        bed.register.inject(Fault::Speak);
        bed.reconnect().await;
        assert!(bed.status.borrow().online);
        bed.done(set.coffee()).await;
    }
}

/// A number that the register saw last, from a driver that starts anew, brings an old answer.
#[tokio::test]
async fn a_driver_that_starts_with_a_number_in_use_takes_no_old_answer_for_a_new_one() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        // Every number of the narrow frame comes by: one of these restarts meets its own.
        for _ in 0..100 {
            bed.driver.request(&Request::Identify).await.unwrap();
            bed.driver.request(&Request::Status).await.unwrap();
            bed.restart();
            bed.driver.connect().await.unwrap_or_else(|error| panic!("{set:?}: {error:?}"));
        }
        bed.done(set.coffee()).await;
        assert_eq!(bed.register.documents().len(), 1);
    }
}
