//! A receipt that follows another is begun together with its acceptance.

use outlet_devices::driver::Resolution;
use outlet_simulators::register::Fault;
use serde_json::json;

use super::bed::*;

#[tokio::test]
async fn the_baseline_of_the_next_receipt_is_known_once_one_has_ended_well() {
    for level in [1, 2] {
        let mut bed = Bed::selling_on(level).await;
        assert!(!bed.accepted(tea()).begun(), "nothing is known before the first receipt");
        bed.done(dinner()).await;
        let notes = bed.accepted(tea());
        let last = bed.register.documents().last().unwrap().number;
        let promised = notes.kept().baseline;
        assert_eq!((&promised["last_document"], &promised["tag"]), (&json!(last), &json!(notes.tag())));
        bed.run(tea(), &notes).await.unwrap();
        assert_eq!(bed.marked(&notes).len(), 1);
        assert_eq!(notes.kept().baseline["last_document"], last, "the look has nothing to correct");
    }
}

#[tokio::test]
async fn nothing_is_promised_after_anything_but_a_receipt_or_for_anything_but_one() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    assert!(!bed.accepted(json!({"type": "cashIn", "cashSum": 1})).begun());
    bed.done(json!({"type": "reportX"})).await;
    assert!(!bed.accepted(tea()).begun());
    bed.done(tea()).await;
    bed.driver.connect().await.unwrap();
    assert!(!bed.accepted(tea()).begun(), "another register may be at the other end");
}

#[tokio::test]
async fn a_promise_that_others_have_overtaken_is_corrected_on_disk_before_anything_is_sent() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    // What the other till sells is not held against this one here.
    bed.memory = json!(null);
    let notes = bed.accepted(tea());
    bed.register.inject(Fault::CutLink);
    let mut other = bed.another();
    other.reconnect().await;
    other.done(tea()).await;
    drop(other);
    let last = bed.register.documents().last().unwrap().number;
    assert_ne!(notes.kept().baseline["last_document"], last);
    bed.reconnect().await;
    bed.run(tea(), &notes).await.unwrap();
    assert_eq!(notes.kept().baseline["last_document"], last);
    assert_eq!(bed.marked(&notes).len(), 1);
}

#[tokio::test]
async fn a_receipt_that_overtakes_another_has_its_baseline_corrected() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    // The memory that the agent hands over with a job is that of the moment when it is done.
    bed.memory = json!(null);
    let later = bed.accepted(tea());
    // More urgent, and done first.
    bed.done(dinner()).await;
    let last = bed.register.documents().last().unwrap().number;
    bed.run(tea(), &later).await.unwrap();
    assert_eq!(later.kept().baseline["last_document"], last);
    assert_eq!(bed.marked(&later).len(), 1);
}

#[tokio::test]
async fn without_paper_what_was_begun_with_its_acceptance_goes_back_to_the_queue() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    let before = bed.register.documents().len();
    let notes = bed.accepted(tea());
    bed.register.inject(Fault::PaperOut);
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy, "{error:?}");
    assert_eq!(bed.register.documents().len(), before);
    assert!(!bed.accepted(tea()).begun(), "the next one waits for paper and can be called off");
}

#[tokio::test]
async fn an_attempt_that_was_only_promised_left_nothing_behind() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    let notes = bed.accepted(tea());
    bed.restart();
    bed.reconnect().await;
    let resolution = bed.resolve(tea(), &notes).await;
    assert!(matches!(resolution, Resolution::NotDone(_)), "{resolution:?}");
}
