//! How sure a good end is.

use outlet_devices::driver::Confidence;
use outlet_simulators::printer::{Event, PrinterSpec};
use serde_json::json;

use crate::bed::*;

#[tokio::test]
async fn an_epson_confirms_each_copy_by_its_process_id() {
    let mut bed = Bed::epson().await;
    let mut events = bed.printer.events();
    let notes = Notes::attempt(7);
    let mut command = ticket("Tea 2 x 1.50");
    command.copies = 2;
    let outcome = bed.driver.execute(&command, &notes).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(outcome.evidence["proof"], "process-id");
    assert_eq!(outcome.evidence["copies_confirmed"], 2);
    assert_eq!(bed.printer.paper_count(), 2);
    for paper in bed.printer.papers() {
        assert_eq!(paper.text.matches("Tea 2 x 1.50").count(), 1, "{}", paper.text);
    }
    let mut echoed = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::ProcessId { id, .. } = event {
            echoed.push(String::from_utf8(id.to_vec()).unwrap());
        }
    }
    let ids = notes.attempt_made().baseline["ids"].clone();
    assert!(ids.as_array().unwrap().iter().all(|id| echoed.contains(&id.as_str().unwrap().to_owned())));
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_clone_without_process_ids_confirms_by_gs_r() {
    let mut bed = Bed::tcp(PrinterSpec::chinese_80mm(), "rongta-rp80", quick()).await;
    let outcome = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(outcome.evidence["proof"], "gs-r");
}

#[tokio::test]
async fn a_printer_that_answers_nothing_gets_the_confidence_sent() {
    let mut bed = Bed::tcp(PrinterSpec::one_way(), "generic-80", quick()).await;
    let outcome = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Sent);
    assert_eq!(outcome.evidence["proof"], "none");
    let paper = bed.printer.wait_paper(1).await;
    assert!(paper.says("Tea"));
}

#[tokio::test]
async fn a_silent_printer_that_should_answer_can_be_declared_one_way() {
    let mut options = quick();
    options["proof"] = json!("none");
    let mut bed = Bed::tcp(PrinterSpec::one_way(), "epson-tm-t20iii", options).await;
    let outcome = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Sent);
}

#[tokio::test]
async fn a_star_confirms_each_copy_by_its_etb_counter() {
    let mut bed = Bed::pty("star", PrinterSpec::star_line_80mm(), "star-tsp650ii", quick());
    bed.driver.connect().await.unwrap();
    let notes = Notes::attempt(1);
    let mut command = ticket("Tea");
    command.copies = 3;
    let outcome = bed.driver.execute(&command, &notes).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(outcome.evidence["proof"], "etb");
    assert_eq!(outcome.evidence["copies_confirmed"], 3);
    assert_eq!(bed.printer.paper_count(), 3);
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_intent_is_on_record_before_the_first_byte_of_the_document() {
    let mut bed = Bed::epson().await;
    let mut stopped = Notes::attempt(1);
    stopped.stop = true;
    let error = bed.print(ticket("Tea"), &stopped).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Stopped);
    assert_eq!(stopped.sent(), b"");
    // The next job finds the printer as it was.
    bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
    assert_eq!(bed.printer.paper_count(), 1);
    assert!(!bed.printer.papers()[0].says("Tea"));
}
