//! Answers that are lost, registers that are gone, paper that ends: never a second document.

use std::time::Duration;

use outlet_devices::driver::{Confidence, Request, Resolution};
use outlet_simulators::register::shtrih::{ShtrihLink, ShtrihSpec};
use outlet_simulators::register::{DocumentKind, Fault, Moment, RegisterSpec, What};
use serde_json::json;

use crate::bed::*;

const LEVELS: [u8; 2] = [1, 2];

fn at(frame: &str, what: What) -> Moment {
    Moment::Of { frame: frame.into(), what }
}

fn off_for(ms: u64) -> Fault {
    Fault::PowerOff { back_after: Some(Duration::from_millis(ms)) }
}

#[tokio::test]
async fn a_lost_answer_after_the_commit_gives_one_document_and_its_numbers() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        for fault in [Fault::LoseAnswer, Fault::HalfFrame, Fault::GarbleAnswer, Fault::CutLink, off_for(50)] {
            let shown = format!("level {level}, {fault:?}");
            let notes = bed.notes();
            bed.register.plan(at("FF45", What::Executed), fault);
            let outcome = bed.run(tea(), &notes).await.unwrap_or_else(|error| panic!("{shown}: {error:?}"));
            let [document] = &bed.marked(&notes)[..] else { panic!("{shown}: not one document") };
            assert_complete(&shown, &outcome.result);
            assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], document.number, "{shown}");
            assert_eq!(outcome.confidence, Confidence::Fiscalised, "{shown}");
        }
        assert_eq!(bed.register.documents().len(), 7, "level {level}");
        assert_eq!(bed.register.violations(), [""; 0], "level {level}");
    }
}

/// A serial line does not tell that the register was switched off.
#[tokio::test]
async fn power_lost_at_the_closing_command_on_a_serial_line_is_found_out() {
    for level in LEVELS {
        for (what, documents) in [(What::Received, 0), (What::Executed, 1)] {
            let link = if level == 2 { ShtrihLink::V2 } else { ShtrihLink::V1 };
            let family = ShtrihSpec { link, ..ShtrihSpec::default() };
            let mut bed = Bed::pty(&format!("power-{level}-{documents}"), spec(family), on_level(level));
            bed.reconnect().await;
            bed.done(json!({"type": "openShift"})).await;
            let notes = bed.notes();
            bed.register.plan(at("FF45", what), off_for(100));
            let ended = bed.run(tea(), &notes).await;
            assert_eq!(bed.marked(&notes).len(), documents, "level {level}: {ended:?}");
            match ended {
                Ok(outcome) => assert_eq!((documents, outcome.confidence), (1, Confidence::Fiscalised)),
                Err(error) => assert_eq!((documents, error.kind), (0, ErrorKind::NotSent), "{error:?}"),
            }
        }
    }
}

/// Between two jobs, a serial line tells nothing of it either.
#[tokio::test]
async fn a_register_that_was_switched_off_between_two_receipts_goes_on() {
    for level in LEVELS {
        let link = if level == 2 { ShtrihLink::V2 } else { ShtrihLink::V1 };
        let family = ShtrihSpec { link, ..ShtrihSpec::default() };
        let mut bed = Bed::pty(&format!("between-{level}"), spec(family), on_level(level));
        bed.reconnect().await;
        bed.done(json!({"type": "openShift"})).await;
        for _ in 0..3 {
            bed.done(tea()).await;
            bed.register.power_off();
            bed.register.power_on();
        }
        bed.done(tea()).await;
        assert_eq!(bed.register.documents().len(), 6, "level {level}");
    }
}

#[tokio::test]
async fn a_receipt_by_mail_that_was_not_closed_leaves_the_next_one_its_paper() {
    let mut bed = Bed::selling().await;
    let mut by_mail = tea();
    by_mail["electronically"] = json!(true);
    by_mail["clientInfo"] = json!({"emailOrPhone": "guest@example.org"});
    bed.register.plan(at("FF45", What::Received), off_for(50));
    assert_eq!(bed.failed(by_mail).await.kind, ErrorKind::NotSent);
    bed.reconnect().await;
    bed.done(tea()).await;
    assert!(bed.paper().contains("=100.00"), "{}", bed.paper());
}

#[tokio::test]
async fn the_answer_that_the_link_kept_stands_in_the_evidence() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        let notes = bed.notes();
        bed.register.plan(at("FF45", What::Executed), Fault::CutLink);
        let outcome = bed.run(tea(), &notes).await.unwrap();
        let proof = &outcome.evidence["register"];
        assert_eq!(proof["found_by"], "mark", "{proof}");
        assert!(proof["link"]["answer"].as_str().unwrap().starts_with("FF4500"), "level {level}: {proof}");
    }
}

#[tokio::test]
async fn a_link_cut_before_the_closing_command_leaves_nothing() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        let notes = bed.notes();
        bed.register.plan(at("FF0C", What::Executed), Fault::CutLink);
        let error = bed.run(dinner(), &notes).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"), "{error:?}");
        assert_eq!(bed.marked(&notes).len(), 0);
        let notes = bed.notes();
        bed.run(dinner(), &notes).await.unwrap();
        assert_eq!(bed.marked(&notes).len(), 1, "and it can be done anew");
    }
}

#[tokio::test]
async fn a_receipt_that_the_register_cancels_at_power_on_can_be_done_anew() {
    let family = ShtrihSpec { cancels_at_power_off: true, ..ShtrihSpec::default() };
    let mut bed = Bed::open(spec(family), quick()).await;
    bed.register.plan(at("FF46", What::Executed), off_for(50));
    assert_eq!(bed.failed(dinner()).await.kind, ErrorKind::NotSent);
    bed.reconnect().await;
    bed.done(dinner()).await;
    assert_eq!(bed.register.documents().len(), 3);
}

#[tokio::test]
async fn a_register_that_is_gone_for_long_is_asked_by_a_later_driver() {
    for level in LEVELS {
        for (what, documents) in [(What::Executed, 1), (What::Received, 0)] {
            let mut options = on_level(level);
            options["doubt_after_s"] = json!(1);
            let link = if level == 2 { ShtrihLink::V2 } else { ShtrihLink::V1 };
            let mut bed = Bed::open(spec(ShtrihSpec { link, ..ShtrihSpec::default() }), options).await;
            let notes = bed.notes();
            bed.register.plan(at("FF45", what), Fault::PowerOff { back_after: None });
            let error = bed.run(tea(), &notes).await.unwrap_err();
            assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error:?}");
            if level == 2 {
                assert_eq!(error.evidence["attempt"]["link"]["command"], "FF45", "{error:?}");
            }
            bed.register.power_on();
            bed.restart();
            match (documents, bed.resolve(tea(), &notes).await) {
                (1, Resolution::Done(outcome)) => assert_complete("later", &outcome.result),
                (0, Resolution::NotDone(_)) => {}
                (_, resolution) => panic!("level {level}, {documents} documents: {resolution:?}"),
            }
            assert_eq!(bed.marked(&notes).len(), documents);
        }
    }
}

#[tokio::test]
async fn on_level_2_a_restarted_agent_gets_the_lost_answer_under_its_number() {
    let mut options = on_level(2);
    options["doubt_after_s"] = json!(1);
    let family = ShtrihSpec { link: ShtrihLink::V2, ..ShtrihSpec::default() };
    let mut bed = Bed::open(spec(family), options).await;
    let notes = bed.notes();
    bed.register.plan(at("FF45", What::Executed), Fault::RefuseConnections);
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    bed.register.inject(Fault::AcceptConnections);
    bed.restart();
    let Resolution::Done(outcome) = bed.resolve(tea(), &notes).await else { panic!("it is in the storage") };
    let answer = outcome.evidence["register"]["link"]["answer"].as_str().unwrap();
    assert!(answer.starts_with("FF4500"), "{outcome:?}");
}

#[tokio::test]
async fn two_equal_receipts_are_never_taken_for_each_other() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        let first = bed.notes();
        bed.run(tea(), &first).await.unwrap();
        let second = bed.notes();
        bed.register.plan(at("FF45", What::Received), off_for(50));
        let error = bed.run(tea(), &second).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotSent, "the first receipt is of the same sum, and not this one");
        assert_eq!(bed.marked(&second).len(), 0);
        bed.restart();
        let resolution = bed.resolve(tea(), &second).await;
        assert!(matches!(resolution, Resolution::NotDone(_)), "{resolution:?}");
        let Resolution::Done(outcome) = bed.resolve(tea(), &first).await else { panic!("it is there") };
        assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], bed.marked(&first)[0].number);
    }
}

#[tokio::test]
async fn a_receipt_of_somebody_else_makes_the_outcome_unknown() {
    let mut options = quick();
    options["doubt_after_s"] = json!(1);
    let mut bed = Bed::open(spec(ShtrihSpec::default()), options).await;
    let notes = bed.notes();
    bed.register.plan(at("FF45", What::Received), Fault::PowerOff { back_after: None });
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    bed.register.power_on();
    let mut other = bed.another();
    other.reconnect().await;
    other.run(tea(), &notes_of(99)).await.unwrap();
    drop(other);
    bed.restart();
    let resolution = bed.resolve(tea(), &notes).await;
    let Resolution::Unknown(why) = resolution else { panic!("{resolution:?}") };
    assert!(why.contains("document 3"), "{why}");
}

#[tokio::test]
async fn a_document_of_another_sum_with_our_number_is_not_ours() {
    let mut options = quick();
    options["doubt_after_s"] = json!(1);
    let mut bed = Bed::open(spec(ShtrihSpec::default()), options).await;
    let notes = bed.notes();
    bed.register.plan(at("FF45", What::Received), Fault::PowerOff { back_after: None });
    bed.run(tea(), &notes).await.unwrap_err();
    bed.register.power_on();
    let mut other = bed.another();
    other.reconnect().await;
    other.run(dinner(), &notes_of(99)).await.unwrap();
    drop(other);
    bed.restart();
    assert!(matches!(bed.resolve(tea(), &notes).await, Resolution::Unknown(_)));
}

#[tokio::test]
async fn paper_that_ends_in_a_document_is_not_a_second_sale() {
    let mut bed = Bed::selling().await;
    let notes = bed.notes();
    bed.register.inject(Fault::PaperOutAtLine { lines: 4 });
    let outcome = bed.run(dinner(), &notes).await.unwrap();
    assert_eq!(outcome.result["warnings"]["notPrinted"], true, "{:?}", outcome.result);
    assert_complete("paper", &outcome.result);
    assert_eq!(bed.marked(&notes).len(), 1);
    bed.register.inject(Fault::NewPaper);
    bed.done(json!({"type": "continuePrint"})).await;
    let paper = bed.paper();
    assert!(paper.contains("ИТОГ"), "{paper}");
    bed.done(tea()).await;
    assert_eq!(bed.register.documents().len(), 4);
}

#[tokio::test]
async fn without_paper_a_receipt_waits_before_it_is_begun() {
    let mut bed = Bed::selling().await;
    bed.register.inject(Fault::PaperOut);
    let notes = bed.notes();
    let register = bed.register.clone();
    let (ended, ()) = tokio::join!(bed.run(tea(), &notes), async {
        notes.wait_until_told("paper-out").await;
        assert!(!notes.begun());
        register.inject(Fault::NewPaper);
    });
    ended.unwrap();
    assert_eq!(bed.marked(&notes).len(), 1);
}

#[tokio::test]
async fn a_receipt_whose_paper_ends_half_way_waits_and_goes_on() {
    for level in LEVELS {
        for (fault, code) in [(Fault::PaperOut, "paper-out"), (Fault::CoverOpen, "cover-open")] {
            let mut bed = Bed::selling_on(level).await;
            let notes = bed.notes();
            bed.register.plan(at("FF0C", What::Executed), fault);
            let register = bed.register.clone();
            let (ended, ()) = tokio::join!(bed.run(dinner(), &notes), async {
                notes.wait_until_told(code).await;
                assert_eq!(register.documents().len(), 2, "not closed yet");
                register.inject(Fault::NewPaper);
                register.inject(Fault::CoverClose);
            });
            assert_eq!(ended.unwrap().confidence, Confidence::Fiscalised);
            assert_eq!((bed.marked(&notes).len(), bed.register.documents().len()), (1, 3));
        }
    }
}

#[tokio::test]
async fn cash_that_has_no_paper_is_moved_once_when_there_is_some() {
    let mut bed = Bed::selling().await;
    let task = json!({"type": "cashIn", "cashSum": "10.00"});
    bed.register.plan(at("1A", What::Executed), Fault::PaperOut);
    let error = bed.failed(task.clone()).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Busy, "paper-out"), "{error:?}");
    bed.register.inject(Fault::NewPaper);
    bed.done(task).await;
    assert_eq!(bed.register.drawer_sum(), 21_000);
}

#[tokio::test]
async fn a_noisy_line_and_a_busy_register_delay_and_never_double() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        for fault in
            [Fault::Nak { times: 3 }, Fault::Busy { answers: 6 }, Fault::BusyFor(Duration::from_millis(700))]
        {
            let notes = bed.notes();
            bed.register.plan(at("8D", What::Executed), fault);
            bed.run(dinner(), &notes).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
            assert_eq!(bed.marked(&notes).len(), 1, "{fault:?}");
        }
        let report = bed.driver.request(&Request::Test).await.unwrap();
        assert!(report["register"]["quality"]["link"]["repeats"].as_u64().unwrap() > 0, "{report}");
    }
}

#[tokio::test]
async fn a_look_that_is_dropped_half_way_harms_no_receipt() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        for _ in 0..5 {
            let mut events = bed.register.events();
            let heard = async { while events.recv().await.unwrap().what != What::Received {} };
            tokio::select! {
                error = bed.driver.idle() => panic!("{error}"),
                () = heard => {}
            }
            bed.done(tea()).await;
        }
        assert_eq!(bed.register.documents().len(), 7, "level {level}");
    }
}

#[tokio::test]
async fn cash_is_moved_once_whatever_is_lost() {
    for level in LEVELS {
        let mut bed = Bed::selling_on(level).await;
        let cases = [
            (What::Executed, Fault::LoseAnswer, true),
            (What::Executed, Fault::CutLink, true),
            (What::Executed, off_for(50), true),
            (What::Received, off_for(50), false),
        ];
        let mut cash = 20_000;
        for (what, fault, done) in cases {
            bed.register.plan(at("51", what), fault);
            let ended = bed.attempt(json!({"type": "cashOut", "cashSum": "10.00"})).await;
            cash -= if done { 1_000 } else { 0 };
            assert_eq!(bed.register.drawer_sum(), cash, "level {level}: {what:?} {fault:?}");
            match ended {
                Ok(outcome) => assert!(done && outcome.confidence == Confidence::Printed, "{outcome:?}"),
                Err(error) => assert!(!done && error.kind == ErrorKind::NotSent, "{fault:?}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn cash_that_somebody_else_moved_too_is_for_a_person() {
    let mut options = quick();
    options["doubt_after_s"] = json!(1);
    let mut bed = Bed::open(spec(ShtrihSpec::default()), options).await;
    let notes = bed.notes();
    bed.register.plan(at("50", What::Executed), Fault::PowerOff { back_after: None });
    let task = json!({"type": "cashIn", "cashSum": "10.00"});
    assert_eq!(bed.run(task.clone(), &notes).await.unwrap_err().kind, ErrorKind::OutcomeUnknown);
    bed.register.power_on();
    let mut other = bed.another();
    other.reconnect().await;
    other.run(task.clone(), &notes_of(99)).await.unwrap();
    drop(other);
    bed.restart();
    assert!(matches!(bed.resolve(task, &notes).await, Resolution::Unknown(_)));
}

#[tokio::test]
async fn a_shift_is_opened_and_closed_once_whatever_is_lost() {
    for (frame, task, earlier) in [("E0", "openShift", 1), ("41", "closeShift", 2)] {
        for (what, fault, done) in [
            (What::Executed, Fault::LoseAnswer, true),
            (What::Executed, Fault::CutLink, true),
            (What::Executed, off_for(50), true),
            (What::Received, off_for(50), false),
        ] {
            for level in LEVELS {
                let link = if level == 2 { ShtrihLink::V2 } else { ShtrihLink::V1 };
                let family = ShtrihSpec { link, ..ShtrihSpec::default() };
                let mut bed = Bed::unconnected(spec(family), on_level(level)).await;
                bed.driver.connect().await.unwrap();
                if task == "closeShift" {
                    bed.done(json!({"type": "openShift"})).await;
                }
                bed.register.plan(at(frame, what), fault);
                let ended = bed.attempt(json!({"type": task})).await;
                assert_eq!(bed.register.documents().len(), earlier + usize::from(done), "{task} {fault:?}");
                match ended {
                    Ok(outcome) => {
                        assert!(done, "{outcome:?}");
                        assert_eq!(outcome.confidence, Confidence::Fiscalised);
                        assert_eq!(outcome.result["fiscalParams"]["shiftNumber"], 1, "{outcome:?}");
                    }
                    Err(error) => assert!(!done && error.kind == ErrorKind::NotSent, "{task}: {error:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn sums_that_jobs_don_t_explain_are_refused_until_a_person_accepts_them() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    // The register serves one host at a time.
    bed.restart();
    let mut other = bed.another();
    other.reconnect().await;
    other.run(json!({"type": "cashOut", "cashSum": "50.00"}), &notes_of(50)).await.unwrap();
    drop(other);
    bed.reconnect().await;
    let error = bed.failed(tea()).await;
    assert_eq!(error.code, "sums-differ", "{error}");
    assert_eq!(bed.register.documents().len(), 3);
    bed.driver.request(&Request::AcceptSums).await.unwrap();
    bed.done(tea()).await;
}

#[tokio::test]
async fn another_register_in_mid_shift_is_refused() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    let other = RegisterSpec { serial: "0000000001099999".into(), ..spec(ShtrihSpec::default()) };
    let mut swapped = Bed::open(other, quick()).await;
    std::mem::swap(&mut bed.driver, &mut swapped.driver);
    let error = bed.failed(tea()).await;
    assert_eq!(error.code, "serial-changed", "{error}");
    assert!(error.message.contains("0000000001099999"), "{error}");
    assert_eq!(swapped.register.documents().len(), 2);
}

#[tokio::test]
async fn without_a_note_on_disk_the_closing_command_is_not_sent() {
    let mut bed = Bed::selling_on(2).await;
    let mut notes = bed.notes();
    notes.disk_full = true;
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.message, "the disk is full");
    assert_eq!(bed.marked(&notes).len(), 0);
    bed.done(tea()).await;
    let kinds: Vec<_> = bed.register.documents().iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [DocumentKind::Registration, DocumentKind::OpenShift, DocumentKind::Sale]);
}

#[tokio::test]
async fn a_model_without_a_storage_tells_a_lost_close_only_by_the_answer_it_held() {
    // The simulated register has a storage; the driver is told that it has none, and uses no command of it.
    let family = ShtrihSpec { old_commands: true, ..ShtrihSpec::default() };
    let cases: [(What, Fault, Result<(), ErrorKind>); 4] = [
        (What::Executed, Fault::LoseAnswer, Ok(())),
        (What::Executed, Fault::CutLink, Ok(())),
        (What::Executed, off_for(50), Err(ErrorKind::OutcomeUnknown)),
        // The count of documents has not moved.
        (What::Received, off_for(50), Err(ErrorKind::NotSent)),
    ];
    for (what, fault, expected) in cases {
        let mut bed = Bed::open_as(spec(family.clone()), Some("shtrih-fr-k"), quick()).await;
        bed.register.plan(at("85", what), fault);
        let ended = bed.attempt(tea()).await;
        assert_eq!(
            ended.as_ref().map(|_| ()).map_err(|error| error.kind),
            expected,
            "{what:?} {fault:?}: {ended:?}"
        );
        if let Ok(outcome) = ended {
            assert_eq!(outcome.confidence, Confidence::Printed);
            assert_eq!(outcome.result["fiscalParams"]["total"], "100.00");
        }
    }
}
