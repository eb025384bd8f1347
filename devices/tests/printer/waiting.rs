//! A printer that stops and goes on.

use outlet_devices::driver::Confidence;
use outlet_simulators::printer::{Event, Fault, PrinterSpec, RealTime};
use serde_json::json;

use crate::bed::*;

/// Lines that can be told apart, more of them than a printer looks ahead.
fn long_ticket() -> outlet_devices::driver::Command {
    let lines: Vec<_> = (1..=40).map(|n| json!({ "type": "text", "text": format!("line {n:02}") })).collect();
    let mut blocks = lines;
    blocks.push(json!({ "type": "cut" }));
    document(json!({ "blocks": blocks }))
}

/// Every line on paper, counted over all pieces.
fn assert_each_line_once(bed: &Bed) {
    let all: String = bed.printer.papers().iter().map(|paper| paper.text.clone() + "\n").collect();
    for n in 1..=40 {
        let line = format!("line {n:02}");
        assert_eq!(all.matches(&line).count(), 1, "{line} in:\n{all}");
    }
}

#[tokio::test]
async fn paper_out_in_mid_job_waits_and_resumes_and_every_line_is_printed_once() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PaperOutAfterLines(10));
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        printer.inject(Fault::NewRoll);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_eq!(notes.told(), [Some("paper-out".to_owned()), None]);
    assert_each_line_once(&bed);
}

#[tokio::test]
async fn paper_out_in_mid_line_prints_that_line_again_and_no_other() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PaperOutMidLine(10));
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        printer.inject(Fault::NewRoll);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    let received = bed.printer.received();
    let times = received.windows(7).filter(|window| window == b"line 11").count();
    assert_eq!(times, 1, "nothing is sent again");
}

#[tokio::test]
async fn an_open_cover_in_mid_job_waits_and_resumes() {
    let spec = PrinterSpec::epson_80mm().with_speed(2400);
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", quick()).await;
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        printer.wait_received(|bytes| bytes.windows(7).any(|window| window == b"line 03")).await;
        printer.inject(Fault::CoverOpen);
        notes.wait_until_told(Some("cover-open")).await;
        printer.inject(Fault::CoverClose);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_each_line_once(&bed);
}

#[tokio::test]
async fn a_jammed_cutter_is_freed_after_its_cause_was_removed() {
    let mut bed = Bed::epson().await;
    let mut events = bed.printer.events();
    bed.printer.inject(Fault::CutterJam);
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("cutter-jam")).await;
        printer.inject(Fault::CoverOpen);
        printer.inject(Fault::CutterClear);
        printer.inject(Fault::CoverClose);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_each_line_once(&bed);
    let mut recovered = 0;
    while let Ok(event) = events.try_recv() {
        recovered += usize::from(matches!(event, Event::RealTime(RealTime::Request(1))));
    }
    assert!(recovered >= 1, "DLE ENQ 1 was sent");
}

#[tokio::test]
async fn a_printer_that_waits_after_a_new_roll_is_put_online() {
    let spec = PrinterSpec { waits_after_roll: true, ..PrinterSpec::epson_80mm() };
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", quick()).await;
    bed.printer.inject(Fault::PaperOutAfterLines(10));
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        printer.inject(Fault::NewRoll);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_each_line_once(&bed);
}

#[tokio::test]
async fn a_job_for_a_printer_without_paper_is_not_begun_before_there_is_paper() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PaperOut);
    // The driver hears of it while idle, as in the worker.
    let mut status = bed.status.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        _ = status.wait_for(|s| s.conditions.contains("paper-out")) => {}
    }
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(ticket("Tea"), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        assert!(!notes.begun(), "it can still expire or be cancelled");
        printer.inject(Fault::NewRoll);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_eq!(notes.told(), [Some("paper-out".to_owned()), None]);
}

#[tokio::test]
async fn a_waiting_job_can_be_dropped_without_a_trace() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::CoverOpen);
    let mut status = bed.status.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        _ = status.wait_for(|s| s.conditions.contains("cover-open")) => {}
    }
    let dropped = Notes::attempt(1);
    tokio::select! {
        ended = bed.print(ticket("Tea"), &dropped) => panic!("{ended:?}"),
        () = dropped.wait_until_told(Some("cover-open")) => {}
    }
    bed.printer.inject(Fault::CoverClose);
    bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
    assert!(!dropped.begun());
    let papers = bed.printer.papers();
    assert_eq!(papers.len(), 1);
    assert!(papers[0].says("Coffee") && !papers[0].says("Tea"));
}

#[tokio::test]
async fn paper_out_is_seen_by_questions_where_the_printer_does_not_report_by_itself() {
    let spec = PrinterSpec::chinese_80mm();
    let mut bed = Bed::tcp(spec, "rongta-rp80", quick()).await;
    bed.printer.inject(Fault::PaperOutAfterLines(10));
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        printer.inject(Fault::NewRoll);
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.confidence, &outcome.evidence["proof"]), (Confidence::Printed, &json!("gs-r")));
    assert_each_line_once(&bed);
}

#[tokio::test]
async fn a_slow_printer_prints_to_the_end() {
    // 1,000 bytes a second into a small buffer.
    let spec = PrinterSpec { buffer: 256, ..PrinterSpec::epson_80mm() };
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", quick()).await;
    bed.printer.inject(Fault::SlowDrain(1000));
    let outcome = bed.print(long_ticket(), &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_each_line_once(&bed);
}

#[tokio::test]
async fn a_star_without_paper_waits_and_resumes_and_is_sent_nothing_of_another_language() {
    let mut bed = Bed::pty("star-paper", PrinterSpec::star_line_80mm(), "star-tsp650ii", quick());
    bed.driver.connect().await.unwrap();
    bed.printer.inject(Fault::PaperOutAfterLines(10));
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("paper-out")).await;
        printer.inject(Fault::NewRoll);
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.confidence, &outcome.evidence["proof"]), (Confidence::Printed, &json!("etb")));
    assert_each_line_once(&bed);
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_star_with_a_jammed_cutter_waits_until_it_is_free() {
    let mut bed = Bed::pty("star-jam", PrinterSpec::star_line_80mm(), "star-tsp650ii", quick());
    bed.driver.connect().await.unwrap();
    bed.printer.inject(Fault::CutterJam);
    let notes = Notes::attempt(1);
    let printer = bed.printer.clone();
    let (outcome, ()) = tokio::join!(bed.print(long_ticket(), &notes), async {
        notes.wait_until_told(Some("cutter-jam")).await;
        printer.inject(Fault::CutterClear);
    });
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}
