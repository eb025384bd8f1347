//! Sessions: connect, idle, status, reconnect, and the other links.

use outlet_devices::driver::{Confidence, Request};
use outlet_simulators::printer::{Fault, PrinterSpec};
use serde_json::json;

use crate::bed::*;

#[tokio::test]
async fn a_refused_connection_is_not_sent_and_a_later_one_works() {
    let mut bed = Bed::unconnected(PrinterSpec::epson_80mm(), "epson-tm-t20iii", quick()).await;
    bed.printer.inject(Fault::RefuseConnections);
    let error = loop {
        match bed.driver.connect().await {
            Err(error) => break error,
            Ok(()) => continue,
        }
    };
    assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"));
    assert!(!bed.status.borrow().online);
    assert!(bed.status.borrow().problem.is_some());
    bed.printer.inject(Fault::AcceptConnections);
    bed.reconnect().await;
    assert!(bed.status.borrow().online);
    bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
}

#[tokio::test]
async fn idle_reports_every_change_of_paper_and_cover() {
    let mut bed = Bed::epson().await;
    let (printer, mut status) = (bed.printer.clone(), bed.status.clone());
    let watch = async {
        for (fault, condition, there) in [
            (Fault::PaperNearEnd, "paper-near-end", true),
            (Fault::CoverOpen, "cover-open", true),
            (Fault::CoverClose, "cover-open", false),
            (Fault::PaperOut, "paper-out", true),
            (Fault::NewRoll, "paper-out", false),
        ] {
            printer.inject(fault);
            status.wait_for(|s| s.conditions.contains(condition) == there).await.unwrap();
        }
    };
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        () = watch => {}
    }
}

#[tokio::test]
async fn the_drawer_is_open_at_the_level_that_the_drawer_has_and_unknown_without_it() {
    for (level, open_is_high) in [("high", true), ("low", false)] {
        let mut options = quick();
        options["drawer_open"] = json!(level);
        let mut bed = Bed::tcp(PrinterSpec::epson_80mm(), "epson-tm-t20iii", options).await;
        let (printer, mut status) = (bed.printer.clone(), bed.status.clone());
        let watch = async {
            for (fault, high) in [(Fault::DrawerOpen, true), (Fault::DrawerClosed, false)] {
                printer.inject(fault);
                status.wait_for(|s| s.drawer_open == Some(high == open_is_high)).await.unwrap();
            }
            printer.inject(Fault::CutLink);
            status.wait_for(|s| !s.online && s.drawer_open.is_none()).await.unwrap();
        };
        tokio::join!(bed.driver.idle(), watch);
    }
    let mut bed = Bed::epson().await;
    assert_eq!(bed.status.borrow().drawer_open, None);
    let status = bed.driver.request(&Request::Status).await.unwrap();
    assert!(status["drawer_open"].is_null() && status["drawer_sensor_high"].is_boolean(), "{status}");
}

#[tokio::test]
async fn idle_asks_a_printer_that_does_not_report_by_itself() {
    let mut bed = Bed::tcp(PrinterSpec::chinese_80mm(), "generic-80", quick()).await;
    bed.printer.inject(Fault::CoverOpen);
    let mut status = bed.status.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        _ = status.wait_for(|s| s.conditions.contains("cover-open")) => {}
    }
}

#[tokio::test]
async fn idle_ends_when_the_link_is_cut_or_the_printer_falls_silent() {
    let mut bed = Bed::tcp(PrinterSpec::chinese_80mm(), "generic-80", quick()).await;
    bed.printer.inject(Fault::CutLink);
    assert_eq!(bed.driver.idle().await.kind, ErrorKind::NotSent);
    assert!(bed.status.borrow().conditions.contains("offline"));
    bed.reconnect().await;
    bed.printer.inject(Fault::Silence);
    assert_eq!(bed.driver.idle().await.kind, ErrorKind::NotSent);
}

#[tokio::test]
async fn a_printer_that_was_switched_off_and_on_reports_by_itself_again() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PowerOff);
    bed.driver.idle().await;
    bed.printer.inject(Fault::PowerOn);
    bed.reconnect().await;
    bed.printer.inject(Fault::CoverOpen);
    let mut status = bed.status.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        _ = status.wait_for(|s| s.conditions.contains("cover-open")) => {}
    }
}

#[tokio::test]
async fn status_is_what_the_printer_says_now() {
    let mut bed = Bed::epson().await;
    bed.printer.inject(Fault::PaperNearEnd);
    bed.printer.inject(Fault::CoverOpen);
    let status = bed.driver.request(&Request::Status).await.unwrap();
    assert_eq!(status["paper"], "near-end");
    assert_eq!(status["cover_open"], true);
    assert_eq!(status["offline"], true);
}

#[tokio::test]
async fn a_model_that_must_answer_and_is_silent_is_offline() {
    let mut bed = Bed::unconnected(PrinterSpec::one_way(), "epson-tm-t20iii", quick()).await;
    let error = bed.driver.connect().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent);
    assert!(error.message.contains(r#"proof = "none""#), "{error}");
}

#[tokio::test]
async fn a_serial_printer_is_found_again_after_a_replug_under_the_same_path() {
    let path = pty_path("replug");
    let mut bed = Bed::pty("replug", PrinterSpec::epson_80mm(), "epson-tm-t20iii", quick());
    let printer = bed.printer.clone();
    bed.driver.connect().await.unwrap();
    let outcome = bed.print(ticket("Tea"), &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);

    printer.inject(Fault::Unplug);
    assert_eq!(bed.driver.idle().await.kind, ErrorKind::NotSent);
    while path.is_symlink() {
        tokio::task::yield_now().await;
    }
    let error = bed.driver.connect().await.unwrap_err();
    assert!(error.message.contains("check its cable"), "{error}");

    printer.inject(Fault::Replug);
    bed.reconnect().await;
    let outcome = bed.print(ticket("Coffee"), &Notes::attempt(2)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(printer.paper_count(), 2);
}

#[tokio::test]
async fn a_silent_serial_line_names_cable_and_baud_rate() {
    let mut bed = Bed::pty("silent", PrinterSpec::one_way(), "generic-80", quick());
    let error = bed.driver.connect().await.unwrap_err();
    assert!(error.message.contains("cable") && error.message.contains("baud rate"), "{error}");
}
