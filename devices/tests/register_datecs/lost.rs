//! Answers that are lost, links that are cut, power that fails: what became of the task.

use std::time::Duration;

use outlet_devices::driver::{Confidence, Resolution};
use outlet_simulators::register::{DocumentKind, Fault, Moment, What};
use serde_json::json;

use crate::bed::*;

fn when(frame: &str, what: What) -> Moment {
    Moment::Of { frame: frame.into(), what }
}

const BLINK: Fault = Fault::PowerOff { back_after: Some(Duration::from_millis(20)) };

#[tokio::test]
async fn a_lost_answer_is_asked_for_under_its_number_and_nothing_is_done_twice() {
    for set in Set::ALL {
        for command in ["48", "49", "54", "53", "56"] {
            let mut bed = Bed::open(set).await;
            bed.register.plan(when(command, What::Received), Fault::LoseAnswer);
            let notes = bed.notes();
            bed.run(set.dinner(), &notes).await.unwrap();
            let documents = bed.marked(&notes);
            assert_eq!((documents.len(), bed.register.documents().len()), (1, 1), "{set:?} {command}");
            assert_dinner(set, &documents[0]);
        }
    }
}

#[tokio::test]
async fn garbled_and_half_answers_and_naks_are_got_over() {
    for set in Set::ALL {
        for fault in
            [Fault::GarbleAnswer, Fault::HalfFrame, Fault::Nak { times: 3 }, Fault::Busy { answers: 5 }]
        {
            for command in ["49", "53", "56"] {
                let mut bed = Bed::open(set).await;
                let (before, after) = (what_before(command), What::Sent);
                bed.register.plan(when(before, after), fault);
                let notes = bed.notes();
                bed.run(set.dinner(), &notes).await.unwrap_or_else(|e| panic!("{set:?} {fault:?}: {e:?}"));
                let documents = bed.marked(&notes);
                assert_eq!((documents.len(), bed.register.documents().len()), (1, 1));
                assert_dinner(set, &documents[0]);
            }
        }
    }
}

/// The command that goes before in a receipt.
fn what_before(command: &str) -> &'static str {
    match command {
        "49" => "48",
        "53" => "76",
        _ => "53",
    }
}

#[tokio::test]
async fn a_link_cut_after_closing_ends_in_done_with_the_numbers_of_our_document() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        bed.done(set.dinner()).await;
        bed.register.plan(when("56", What::Executed), Fault::CutLink);
        let notes = bed.notes();
        let outcome = bed.run(set.dinner(), &notes).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_complete(set, &outcome.result);
        let documents = bed.marked(&notes);
        assert_eq!((documents.len(), bed.register.documents().len()), (1, 2), "{set:?}");
        assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], documents[0].number);
        assert_eq!(outcome.confidence, Confidence::Fiscalised);
    }
}

#[tokio::test]
async fn a_link_cut_before_the_first_payment_leaves_nothing_and_the_task_begins_anew() {
    for set in Set::ALL {
        for command in ["48", "49", "54"] {
            let mut bed = Bed::open(set).await;
            bed.register.plan(when(command, What::Executed), Fault::CutLink);
            let notes = bed.notes();
            let error = bed.run(set.dinner(), &notes).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotSent, "{set:?} {command}: {error:?}");
            assert!(bed.register.documents().is_empty());
            let notes = bed.notes();
            bed.run(set.dinner(), &notes).await.unwrap();
            assert_eq!((bed.marked(&notes).len(), bed.register.documents().len()), (1, 1));
        }
    }
}

/// P and C can't cancel a receipt that is partly paid.
#[tokio::test]
async fn a_receipt_that_power_left_partly_paid_is_finished_where_it_cant_be_cancelled() {
    for set in Set::ALL {
        for what in [What::Received, What::Executed, What::Sent] {
            for command in ["53", "56"] {
                let mut bed = Bed::open(set).await;
                bed.register.plan(when(command, what), BLINK);
                let notes = bed.notes();
                let ended = bed.run(set.dinner(), &notes).await;
                let all = bed.register.documents();
                match ended {
                    Ok(outcome) => {
                        let documents = bed.marked(&notes);
                        assert_eq!((documents.len(), all.len()), (1, 1), "{set:?} {command} {what:?}");
                        assert_dinner(set, &documents[0]);
                        assert_complete(set, &outcome.result);
                    }
                    Err(error) => {
                        assert_eq!(error.kind, ErrorKind::NotSent, "{set:?} {command} {what:?}: {error:?}");
                        assert!(all.is_empty());
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_partly_paid_receipt_is_finished_after_a_restart_of_the_agent_and_blocks_others_till_then() {
    for set in [Set::P, Set::C] {
        let mut bed = Bed::open(set).await;
        let notes = bed.notes();
        kill_at(&mut bed, &notes, set.dinner(), "53", What::Executed).await;
        bed.restart();
        bed.reconnect().await;
        let error = bed.failed(set.coffee()).await;
        assert_eq!(error.code, "register-blocked", "{error:?}");
        assert!(bed.register.documents().is_empty());
        let Resolution::Done(outcome) = bed.resolve(set.dinner(), &notes).await else { panic!("not done") };
        let documents = bed.marked(&notes);
        assert_eq!((documents.len(), bed.register.documents().len()), (1, 1), "{set:?}");
        assert_dinner(set, &documents[0]);
        assert_complete(set, &outcome.result);
        bed.done(set.coffee()).await;
    }
}

/// Drops the driver's work when the register comes to this point.
pub async fn kill_at(bed: &mut Bed, notes: &Notes, task: serde_json::Value, frame: &str, what: What) {
    let mut events = bed.register.events();
    let there = async {
        while let Ok(event) = events.recv().await {
            if event.frame == frame && event.what == what {
                return;
            }
        }
    };
    tokio::select! {
        ended = bed.run(task, notes) => panic!("it ended before: {ended:?}"),
        () = there => {}
    }
}

#[tokio::test]
async fn a_receipt_of_somebody_else_is_never_taken_for_ours() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        let notes = bed.notes();
        kill_at(&mut bed, &notes, set.coffee(), "48", What::Executed).await;
        bed.restart();
        bed.reconnect().await;
        // Another program sells the same thing for the same sum.
        let other = bed.notes();
        bed.run(set.coffee(), &other).await.unwrap();
        let resolution = bed.resolve(set.coffee(), &notes).await;
        let Resolution::Unknown(why) = resolution else { panic!("{set:?}: {resolution:?}") };
        assert!(why.contains("does not bear this task's mark"), "{why}");
    }
}

#[tokio::test]
async fn of_two_equal_receipts_each_is_known_by_its_mark() {
    for set in Set::ALL {
        let mut bed = Bed::open(set).await;
        let first = bed.notes();
        bed.run(set.coffee(), &first).await.unwrap();
        let second = bed.notes();
        bed.register.plan(when("56", What::Received), Fault::CutLink);
        bed.run(set.coffee(), &second).await.unwrap();
        let (one, two) = (bed.marked(&first), bed.marked(&second));
        assert_eq!((one.len(), two.len(), bed.register.documents().len()), (1, 1, 2));
        for (notes, documents) in [(first, one), (second, two)] {
            // Asked again long after, each attempt finds its own document alone; the first has another after it.
            match bed.resolve(set.coffee(), &notes).await {
                Resolution::Done(outcome) => {
                    assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], documents[0].number);
                }
                other => panic!("{set:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn cash_whose_answer_was_lost_is_known_by_its_document_and_the_sum_in_the_drawer() {
    for set in Set::ALL {
        let task = json!({"type": "cashIn", "cashSum": "25.00"});
        let mut bed = Bed::open(set).await;
        // The first 70 asks, the second puts in.
        let notes = bed.notes();
        bed.register.plan(when("70", What::Received), Fault::LoseAnswer);
        let outcome = bed.run(task.clone(), &notes).await.unwrap();
        assert_eq!((outcome.result["cashSum"].as_str(), bed.register.drawer_sum()), (Some("125.00"), 12_500));

        for what in [What::Received, What::Executed] {
            let movements = bed.register.cash_movements().len();
            let drawer = bed.register.drawer_sum();
            let notes = bed.notes();
            let register = bed.register.clone();
            let cut = async {
                // Where the note is on disk the next 70 moves the money.
                loop {
                    if !notes.noted.lock().unwrap().is_empty() {
                        return register.plan(when("70", what), BLINK);
                    }
                    tokio::task::yield_now().await;
                }
            };
            let (ended, ()) = tokio::join!(bed.run(task.clone(), &notes), cut);
            let moved = bed.register.cash_movements().len() - movements;
            match ended {
                Ok(outcome) => {
                    assert_eq!(moved, 1, "{set:?} {what:?}");
                    assert_eq!(outcome.result["cashSum"], format!("{}.00", (drawer + 2500) / 100));
                }
                Err(error) => {
                    assert_eq!((error.kind, moved), (ErrorKind::NotSent, 0), "{set:?} {what:?}: {error:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_z_report_whose_answer_was_lost_is_known_by_being_the_only_one() {
    for set in Set::ALL {
        for what in [What::Received, What::Executed] {
            let mut bed = Bed::open(set).await;
            bed.done(set.coffee()).await;
            bed.register.plan(when("69", what), BLINK);
            let notes = bed.notes();
            let ended = bed.run(json!({"type": "closeShift"}), &notes).await;
            let reports =
                bed.register.documents().iter().filter(|d| d.kind == DocumentKind::CloseShift).count();
            match ended {
                Ok(outcome) => {
                    assert_eq!(reports, 1, "{set:?} {what:?}");
                    let number = &outcome.result["fiscalParams"]["fiscalDocumentNumber"];
                    assert_eq!(*number, bed.register.documents()[1].number);
                }
                Err(error) => assert_eq!((error.kind, reports), (ErrorKind::NotSent, 0), "{error:?}"),
            }
        }
    }
}

/// On a serial line nothing shows that the register was switched off and on.
#[tokio::test]
async fn on_a_serial_line_a_command_with_an_effect_is_not_sent_again_for_silence() {
    for set in Set::ALL {
        let mut bed = Bed::pty(set, &format!("{set:?}"), quick());
        bed.driver.connect().await.unwrap();
        bed.done(json!({"type": "cashIn", "cashSum": "100.00"})).await;
        for (command, what) in [("49", What::Executed), ("53", What::Executed), ("56", What::Executed)] {
            let before = bed.register.documents().len();
            bed.register.plan(when(command, what), BLINK);
            let notes = bed.notes();
            let ended = bed.run(set.dinner(), &notes).await;
            let made = bed.register.documents().len() - before;
            match ended {
                Ok(_) => {
                    assert_eq!((made, bed.marked(&notes).len()), (1, 1), "{set:?} {command}");
                    assert_dinner(set, &bed.marked(&notes)[0]);
                }
                Err(error) => assert_eq!((error.kind, made), (ErrorKind::NotSent, 0), "{set:?}: {error:?}"),
            }
        }
        assert_eq!(bed.register.cash_movements().len(), 1);
    }
}
