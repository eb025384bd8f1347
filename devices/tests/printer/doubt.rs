//! What can't be known is said to be unknown.

use outlet_devices::driver::{Confidence, Resolution};
use outlet_devices::error::DeviceError;
use outlet_simulators::printer::{Fault, PrinterSpec};
use serde_json::json;

use crate::bed::*;

fn assert_in_doubt(error: &DeviceError) {
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error:?}");
    assert!(error.evidence["sent"].as_u64().unwrap() > 0, "{error:?}");
    assert!(error.evidence["reason"].is_string(), "{error:?}");
}

fn told_nothing() -> Resolution {
    Resolution::Unknown("the printer can't tell".into())
}

#[tokio::test]
async fn a_link_cut_after_some_bytes_leaves_the_job_in_doubt() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::CutLinkAfter(20));
    let error = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap_err();
    assert_in_doubt(&error);
    assert_eq!(error.evidence["copies_confirmed"], 0);
}

#[tokio::test]
async fn a_link_cut_before_the_job_means_that_nothing_was_sent() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::CutLink);
    bed.printer.wait_state(|state| !state.connected).await;
    let notes = Notes::attempt(1);
    assert_eq!(bed.driver.idle().await.kind, ErrorKind::NotSent);
    let error = bed.print(ticket("Tea"), &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent);
    assert!(!notes.begun());
}

#[tokio::test]
async fn a_lost_reply_of_a_healthy_printer_leaves_the_job_in_doubt() {
    let mut bed = Bed::epson().await;
    bed.print(ticket("Coffee"), &Notes::attempt(1)).await.unwrap();
    bed.printer.inject(Fault::LoseReplies(1));
    let error = bed.print(ticket("Tea"), &Notes::attempt(2)).await.unwrap_err();
    assert_in_doubt(&error);
    assert!(error.message.contains("did not confirm"), "{error}");
    assert!(bed.printer.wait_paper(2).await.says("Tea"), "it was printed, but nobody here can know");
}

#[tokio::test]
async fn a_printer_that_falls_silent_leaves_the_job_in_doubt() {
    let mut bed = Bed::epson().await;
    bed.print(ticket("Coffee"), &Notes::attempt(1)).await.unwrap();
    bed.printer.inject(Fault::Silence);
    let notes = Notes::attempt(2);
    let error = bed.print(ticket("Tea"), &notes).await.unwrap_err();
    assert_in_doubt(&error);
    assert_eq!(notes.told(), [Some("device-offline".to_owned()), None], "a person is told while it lasts");
}

#[tokio::test]
async fn a_power_cut_in_mid_job_leaves_it_in_doubt() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PowerOffAfter(20));
    let error = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap_err();
    assert_in_doubt(&error);
    bed.printer.inject(Fault::PowerOn);
    bed.reconnect().await;
    bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
}

#[tokio::test]
async fn with_two_copies_the_evidence_says_which_one_is_on_paper() {
    let mut bed = Bed::epson().await;
    let mut command = ticket("Tea");
    command.copies = 2;
    let notes = Notes::attempt(1);
    // The first document is some 60 bytes; the cut falls into the second.
    bed.driver.execute(&command, &notes).await.unwrap();
    let length = notes.attempt_made().baseline["bytes"].as_u64().unwrap();
    bed.printer.inject(Fault::CutLinkAfter(length - 5));
    let error = bed.driver.execute(&command, &Notes::attempt(2)).await.unwrap_err();
    assert_in_doubt(&error);
    assert_eq!(error.evidence["copies_confirmed"], 1);
    assert_eq!(error.evidence["copies"], 2);
}

#[tokio::test]
async fn after_a_reconnect_the_printer_proves_what_it_printed_while_nobody_listened() {
    let mut bed = Bed::epson().await;
    bed.printer.hold();
    let notes = Notes::attempt(9);
    let command = ticket("Tea");
    let printer = bed.printer.clone();
    let (error, ()) = tokio::join!(bed.driver.execute(&command, &notes), async {
        printer.wait_received(|bytes| bytes.windows(3).any(|window| window == b"\x1d(H")).await;
        let sent = notes.attempt_made().baseline["bytes"].as_u64().unwrap();
        printer.wait_received_total(sent).await;
        printer.inject(Fault::CutLink);
    });
    assert_in_doubt(&error.unwrap_err());
    bed.printer.wait_state(|state| !state.connected).await;
    bed.printer.release();
    bed.printer.wait_paper(1).await;
    bed.reconnect().await;
    let outcome = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
    let Resolution::Done(outcome) = outcome else { panic!("the printer kept the latest id") };
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(bed.printer.paper_count(), 1);
}

#[tokio::test]
async fn a_printer_that_was_switched_off_can_prove_nothing() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PowerOffAfter(20));
    let (command, notes) = (ticket("Tea"), Notes::attempt(9));
    bed.driver.execute(&command, &notes).await.unwrap_err();
    bed.printer.inject(Fault::PowerOn);
    bed.reconnect().await;
    assert_eq!(bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap(), told_nothing());
}

#[tokio::test]
async fn the_id_of_another_attempt_proves_nothing() {
    let mut bed = Bed::epson().await;
    let command = ticket("Tea");
    bed.driver.execute(&command, &Notes::attempt(10)).await.unwrap();
    let other = Notes::attempt(9);
    *other.baseline.lock().unwrap() = Some(json!({ "proof": "process-id", "ids": ["zzzz"] }));
    assert_eq!(bed.driver.resolve(&command, &other.attempt_made()).await.unwrap(), told_nothing());
}

#[tokio::test]
async fn half_a_picture_of_an_old_job_never_stands_on_the_next_ticket() {
    let mut bed = Bed::epson().await;
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
    let picture = document(json!({ "blocks": [
        { "type": "image", "data": png, "width": 400 },
        { "type": "cut" },
    ]}));
    let notes = Notes::attempt(1);
    bed.driver.execute(&picture, &notes).await.unwrap();
    let length = notes.attempt_made().baseline["bytes"].as_u64().unwrap();
    bed.printer.inject(Fault::CutLinkAfter(length / 2));
    assert_in_doubt(&bed.driver.execute(&picture, &Notes::attempt(2)).await.unwrap_err());
    bed.reconnect().await;
    bed.print(ticket("Coffee"), &Notes::attempt(3)).await.unwrap();
    let all: String = bed.printer.papers().iter().map(|paper| paper.text.clone()).collect();
    assert_eq!(all.matches("Coffee").count(), 1, "{all}");
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_agent_that_ends_at_once_in_mid_job_leaves_it_in_doubt() {
    let spec = PrinterSpec { buffer: 256, ..PrinterSpec::epson_80mm() };
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", quick()).await;
    bed.printer.hold();
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (error, ()) = tokio::join!(bed.print(ticket("Tea"), &notes), async {
        printer.wait_received(|bytes| bytes.windows(3).any(|window| window == b"Tea")).await;
        notes.abort.send_replace(true);
    });
    assert_in_doubt(&error.unwrap_err());
}

#[tokio::test]
async fn after_a_cut_an_answer_without_identity_is_not_taken_for_proof_of_the_next_job() {
    let mut bed = Bed::tcp(PrinterSpec::chinese_80mm(), "rongta-rp80", quick()).await;
    bed.printer.inject(Fault::CutLinkAfter(20));
    let error = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap_err();
    assert_in_doubt(&error);
    bed.reconnect().await;
    let outcome = bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Sent, "the GS r of the first job may still be answered");
}

#[tokio::test]
async fn after_a_lost_link_a_printer_with_a_jammed_cutter_still_hears_that_it_is_to_go_on() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::CutterJam);
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (error, ()) = tokio::join!(bed.print(ticket("Tea"), &notes), async {
        notes.wait_until_told(Some("cutter-jam")).await;
        printer.inject(Fault::CutLink);
    });
    assert_in_doubt(&error.unwrap_err());
    bed.printer.inject(Fault::CutterClear);
    bed.reconnect().await;
    // A buffer full of what recovers it would leave no room for the command that frees the cutter.
    assert!(bed.printer.state().waiting < 100, "{:?}", bed.printer.state());
    let asked = bed.driver.resolve(&ticket("Tea"), &notes.attempt_made()).await;
    assert_eq!(asked.unwrap_err().kind, ErrorKind::Busy);
    tokio::select! {
        lost = bed.driver.idle() => panic!("{lost:?}"),
        () = printer.wait_state(|state| !state.error) => {}
    }
    let outcome = bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    let all: String = bed.printer.papers().iter().map(|paper| paper.text.clone()).collect();
    assert_eq!((all.matches("Tea").count(), all.matches("Coffee").count()), (1, 1), "{all}");
}
