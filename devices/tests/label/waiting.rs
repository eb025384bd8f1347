//! What a label printer waits for, and what its status tells.

use outlet_devices::driver::Confidence;
use outlet_simulators::label_printer::Fault;

use super::bed::*;

/// What is wrong, its code, and what makes it right.
fn troubles() -> [(Fault, &'static str, Fault); 3] {
    [
        (Fault::LabelsOut, "paper-out", Fault::NewLabels),
        (Fault::HeadOpen, "cover-open", Fault::HeadClosed),
        (Fault::Pause, "paused", Fault::Resume),
    ]
}

#[tokio::test]
async fn a_job_waits_before_its_first_byte_and_goes_on() {
    for (model, spec) in languages() {
        for (fault, code, remedy) in troubles() {
            let mut bed = Bed::new(model, spec.clone(), Over::Tcp).await;
            bed.printer.inject(fault);
            let (notes, command, printer) = (Notes::new(), job(drawn(1)), bed.printer.clone());
            let hand = async {
                notes.wait_until_told(Some(code)).await;
                assert!(!notes.begun(), "{model} {code}");
                printer.inject(remedy);
                printer.inject(Fault::Resume);
            };
            let (outcome, ()) = tokio::join!(bed.print(&command, &notes), hand);
            outcome.unwrap_or_else(|error| panic!("{model} {code}: {error:?}"));
            bed.printer.wait_label(1).await;
            assert_eq!(bed.printer.state().labels, 1, "{model} {code}");
        }
    }
}

#[tokio::test]
async fn labels_that_end_in_the_middle_of_a_job_are_waited_for_and_nothing_is_sent_twice() {
    // EPL does not tell that it prints, so it isn't followed so far.
    for (model, spec) in languages().into_iter().take(2) {
        let mut bed = Bed::new(model, slow(spec), Over::Tcp).await;
        bed.printer.inject(Fault::LabelsOutAfter(1));
        let (notes, command, printer) = (Notes::new(), job(drawn(3)), bed.printer.clone());
        let hand = async {
            notes.wait_until_told(Some("paper-out")).await;
            assert!(notes.begun(), "{model}");
            printer.inject(Fault::NewLabels);
            printer.inject(Fault::Resume);
            notes.wait_until_told(None).await;
        };
        let (outcome, ()) = tokio::join!(bed.print(&command, &notes), hand);
        let outcome = outcome.unwrap_or_else(|error| panic!("{model}: {error:?}"));
        // The half label, and the three whole ones.
        bed.printer.wait_label(4).await;
        assert_eq!(bed.printer.state().labels, 4, "{model}");
        // Only the language that counts has shown that the interrupted label came again.
        let expected = if model == "generic-zpl" { Confidence::Printed } else { Confidence::Sent };
        assert_eq!(outcome.confidence, expected, "{model}: {outcome:?}");
    }
}

#[tokio::test]
async fn ribbon_that_ends_is_told() {
    for (model, spec) in languages().into_iter().filter(|(_, spec)| spec.ribbon) {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        bed.printer.inject(Fault::RibbonOut);
        let (notes, command, printer) = (Notes::new(), job(drawn(1)), bed.printer.clone());
        let hand = async {
            notes.wait_until_told(Some("ribbon-out")).await;
            printer.inject(Fault::NewRibbon);
            printer.inject(Fault::Resume);
        };
        let (outcome, ()) = tokio::join!(bed.print(&command, &notes), hand);
        outcome.unwrap();
    }
}

#[tokio::test]
async fn conditions_come_and_go_while_there_is_nothing_to_do() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        bed.conditions(&[]).await;
        for (fault, code, remedy) in troubles() {
            bed.printer.inject(fault);
            bed.until_status(|status| status.conditions.contains(code)).await;
            bed.printer.inject(remedy);
            bed.printer.inject(Fault::Resume);
            bed.conditions(&[]).await;
        }
    }
}

#[tokio::test]
async fn a_printer_that_is_unplugged_is_offline_and_prints_when_it_is_back() {
    for over in [Over::Tcp, Over::Pty] {
        for (model, spec) in languages() {
            let mut bed = Bed::new(model, spec, over).await;
            bed.conditions(&[]).await;
            bed.printer.inject(Fault::Unplug);
            bed.until_status(|status| !status.online).await;
            bed.printer.inject(Fault::Replug);
            bed.conditions(&[]).await;
            bed.print(&job(drawn(1)), &Notes::new()).await.unwrap();
            bed.printer.wait_label(1).await;
        }
    }
}

#[tokio::test]
async fn silence_of_a_zpl_printer_asks_for_a_hand_and_not_for_a_new_connection() {
    let mut bed = Bed::new("generic-zpl", languages()[1].1.clone(), Over::Tcp).await;
    bed.printer.inject(Fault::Silence);
    bed.conditions(&["not-answering"]).await;
    let (notes, command, printer) = (Notes::new(), job(drawn(1)), bed.printer.clone());
    let hand = async {
        notes.wait_until_told(Some("not-answering")).await;
        assert!(!notes.begun());
        printer.inject(Fault::Speak);
    };
    let (outcome, ()) = tokio::join!(bed.print(&command, &notes), hand);
    assert_eq!(outcome.unwrap().confidence, Confidence::Printed);
}
