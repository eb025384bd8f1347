//! Lost links, lost answers, lost power: what became of the label, and never a second one by itself.

use std::time::Duration;

use outlet_devices::driver::{Confidence, Resolution};
use outlet_devices::error::ErrorKind;
use outlet_simulators::label_printer::{Event, Fault, PrinterSpec};

use serde_json::json;

use super::bed::*;

#[tokio::test]
async fn a_link_cut_in_the_middle_of_the_bytes_leaves_a_doubt_that_an_idle_printer_can_not_settle() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        bed.printer.inject(Fault::CutLinkAfter(200));
        let (notes, command) = (Notes::new(), job(drawn(1)));
        let error = bed.print(&command, &notes).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{model}: {error}");
        bed.reconnect().await;
        let resolved = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
        assert!(matches!(resolved, Resolution::Unknown(_)), "{model}: {resolved:?}");
        assert_eq!(bed.printer.state().labels, 0, "{model}");
        // The rest of the old label stands on no new one.
        let mut next = job(drawn(1));
        next.job = "01JN".into();
        bed.print(&next, &Notes::new()).await.unwrap_or_else(|error| panic!("{model}: {error:?}"));
        let label = bed.printer.wait_label(1).await;
        assert_eq!(scan(&label).as_deref(), Some("2012345015500"), "{model}");
        assert_eq!(bed.printer.state().labels, 1, "{model}");
    }
}

#[tokio::test]
async fn half_a_command_of_an_agent_that_is_gone_does_not_swallow_the_next_label() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        bed.printer.inject(Fault::CutLinkAfter(200));
        bed.print(&job(drawn(1)), &Notes::new()).await.unwrap_err();
        let mut bed = bed.restarted().await;
        bed.print(&job(drawn(1)), &Notes::new()).await.unwrap_or_else(|error| panic!("{model}: {error:?}"));
        let label = bed.printer.wait_label(1).await;
        assert_eq!(scan(&label).as_deref(), Some("2012345015500"), "{model}");
        assert_eq!(bed.printer.state().labels, 1, "{model}");
    }
}

#[tokio::test]
async fn a_printer_that_still_prints_the_label_when_it_is_asked_settles_the_doubt() {
    for (model, spec) in languages().into_iter().take(2) {
        for restart in [false, true] {
            let mut bed = Bed::new(model, slow(spec.clone()), Over::Tcp).await;
            let (notes, command, printer) = (Notes::new(), job(drawn(12)), bed.printer.clone());
            let mut events = printer.events();
            let cut = async {
                while !matches!(events.recv().await.unwrap(), Event::Label(1)) {}
                printer.inject(Fault::CutLink);
            };
            let (ended, ()) = tokio::join!(bed.print(&command, &notes), cut);
            assert_eq!(ended.unwrap_err().kind, ErrorKind::OutcomeUnknown, "{model}");
            let mut bed = if restart { bed.restarted().await } else { bed };
            bed.reconnect().await;
            let resolved = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
            let Resolution::Done(outcome) = resolved else { panic!("{model}: {resolved:?}") };
            assert_eq!(outcome.confidence, Confidence::Printed, "{model}");
            assert_eq!(outcome.result["labels"], 12, "{model}");
            assert_eq!(bed.printer.state().labels, 12, "{model}");
        }
    }
}

#[tokio::test]
async fn half_a_zpl_format_settles_nothing_and_is_forgotten_before_the_next_label() {
    let mut bed = Bed::new("generic-zpl", PrinterSpec::zpl(), Over::Tcp).await;
    bed.printer.inject(Fault::CutLinkAfter(200));
    let (notes, command) = (Notes::new(), job(drawn(1)));
    bed.print(&command, &notes).await.unwrap_err();
    bed.reconnect().await;
    // All of it has left this machine, and a part was lost with the link.
    let mut attempt = notes.attempt_made();
    attempt.baseline["all_sent"] = json!(true);
    let resolved = tokio::time::timeout(Duration::from_secs(60), bed.driver.resolve(&command, &attempt));
    let resolved = resolved.await.expect("it does not wait for the other half").unwrap();
    let Resolution::Unknown(why) = &resolved else { panic!("{resolved:?}") };
    assert!(why.contains("half a label"), "{why}");
    let next = Notes::new();
    bed.print(&job(drawn(1)), &next).await.unwrap();
    let label = bed.printer.wait_label(1).await;
    assert_eq!(scan(&label).as_deref(), Some("2012345015500"));
    assert!(next.early.lock().unwrap().windows(3).any(|bytes| bytes == b"~JA"));
    assert_eq!(bed.printer.violations(), [""; 0]);
}

#[tokio::test]
async fn a_number_of_labels_that_was_cut_off_is_no_smaller_number() {
    for (model, spec, number) in [
        ("generic-tspl", PrinterSpec::tspl(), "PRINT 1,12\r\n"),
        ("generic-epl", PrinterSpec::epl(), "\nP12\n"),
    ] {
        let whole = Notes::new();
        let command = job(drawn(12));
        Bed::new(model, spec.clone(), Over::Tcp).await.print(&command, &whole).await.unwrap();
        let (early, sent) = (whole.early.lock().unwrap().len(), whole.sent.lock().unwrap().clone());
        let at = sent.windows(number.len()).position(|bytes| bytes == number.as_bytes()).unwrap();
        let torn = number.find('2').unwrap();
        for restart in [false, true] {
            let mut bed = Bed::new(model, slow(spec.clone()), Over::Tcp).await;
            bed.printer.inject(Fault::CutLinkAfter((early + at + torn) as u64));
            let notes = Notes::new();
            let error = bed.print(&command, &notes).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{model}: {error}");
            let mut bed = if restart { bed.restarted().await } else { bed };
            bed.reconnect().await;
            let resolved = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
            assert!(matches!(resolved, Resolution::Unknown(_)), "{model} {restart}: {resolved:?}");
            bed.print(&job(drawn(1)), &Notes::new()).await.unwrap();
            bed.printer.wait_state(|state| state.labels > 0 && state.remaining == 0).await;
            // The line end before the question of EPL ends the number, and no document helps against it.
            let torn = usize::from(model == "generic-epl" && restart);
            assert_eq!(bed.printer.state().labels, 1 + torn, "{model} {restart}");
        }
    }
}

#[tokio::test]
async fn what_has_not_all_left_is_not_printed_though_the_printer_is_at_work() {
    let mut bed = Bed::new("generic-tspl", slow(PrinterSpec::tspl()), Over::Tcp).await;
    let (notes, command, printer) = (Notes::new(), job(drawn(12)), bed.printer.clone());
    let mut events = printer.events();
    let cut = async {
        while !matches!(events.recv().await.unwrap(), Event::Label(1)) {}
        printer.inject(Fault::CutLink);
    };
    let (ended, ()) = tokio::join!(bed.print(&command, &notes), cut);
    ended.unwrap_err();
    bed.reconnect().await;
    let mut attempt = notes.attempt_made();
    assert_eq!(attempt.baseline.as_object_mut().unwrap().remove("all_sent"), Some(json!(true)));
    let resolved = bed.driver.resolve(&command, &attempt).await.unwrap();
    assert!(matches!(resolved, Resolution::Unknown(_)), "{resolved:?}");
}

#[tokio::test]
async fn silence_after_the_last_byte_is_a_doubt_and_not_a_label() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, slow(spec), Over::Tcp).await;
        let (notes, command, printer) = (Notes::new(), job(drawn(3)), bed.printer.clone());
        let mut events = printer.events();
        let hush = async {
            while !matches!(events.recv().await.unwrap(), Event::Label(1)) {}
            printer.inject(Fault::Silence);
        };
        let (ended, ()) = tokio::join!(bed.print(&command, &notes), hush);
        // EPL may have been believed before: it never tells that it prints.
        match ended {
            Ok(outcome) => assert_eq!((model, outcome.confidence), ("generic-epl", Confidence::Sent)),
            Err(error) => assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{model}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_power_cut_that_the_line_does_not_show_is_a_doubt_and_not_a_label() {
    for (model, spec) in languages().into_iter().take(2) {
        let mut bed = Bed::new(model, slow(spec), Over::Pty).await;
        bed.printer.inject(Fault::PowerOffAfter(1));
        let (notes, command, printer) = (Notes::new(), job(drawn(3)), bed.printer.clone());
        let hand = async {
            notes.wait_until_told(Some("not-answering")).await;
            printer.inject(Fault::PowerOn);
        };
        let (ended, ()) = tokio::join!(bed.print(&command, &notes), hand);
        let error = ended.unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{model}: {error}");
        bed.reconnect().await;
        let resolved = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
        assert!(matches!(resolved, Resolution::Unknown(_)), "{model}: {resolved:?}");
    }
}

#[tokio::test]
async fn a_printer_that_refuses_connections_has_received_nothing() {
    let mut bed = Bed::new("generic-zpl", PrinterSpec::zpl(), Over::Tcp).await;
    bed.printer.inject(Fault::RefuseConnections);
    let notes = Notes::new();
    let error = bed.print(&job(drawn(1)), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"), "{error}");
    assert!(!notes.begun());
    assert!(bed.driver.connect().await.is_err());
    bed.printer.inject(Fault::AcceptConnections);
    bed.reconnect().await;
    bed.print(&job(drawn(1)), &Notes::new()).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_agent_before_the_first_byte_stops_and_after_it_leaves_a_doubt() {
    let mut bed = Bed::new("generic-tspl", slow(PrinterSpec::tspl()), Over::Tcp).await;
    bed.printer.inject(Fault::LabelsOut);
    let (notes, command) = (Notes::new(), job(drawn(1)));
    let end = async {
        notes.wait_until_told(Some("paper-out")).await;
        notes.abort.send_replace(true);
    };
    let (ended, ()) = tokio::join!(bed.print(&command, &notes), end);
    assert_eq!(ended.unwrap_err().kind, ErrorKind::Stopped);
    bed.printer.inject(Fault::NewLabels);
    let (notes, printer) = (Notes::new(), bed.printer.clone());
    let end = async {
        printer.wait_state(|state| state.remaining > 0).await;
        notes.abort.send_replace(true);
    };
    let (ended, ()) = tokio::join!(bed.print(&command, &notes), end);
    assert_eq!(ended.unwrap_err().kind, ErrorKind::OutcomeUnknown);
}
