//! Weighing, the code of the weight, and the label: one job.

use std::sync::atomic::Ordering;

use outlet_devices::driver::Resolution;
use outlet_devices::error::ErrorKind;
use outlet_simulators::label_printer::{Fault, PrinterSpec};
use outlet_simulators::scale::{self, ScaleSpec};
use serde_json::{Value, json};

use super::bed::*;

#[tokio::test]
async fn a_dish_is_weighed_and_its_label_bears_the_code_of_its_weight() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        let (notes, scale) = Notes::with_scale("cas", ScaleSpec::cas()).await;
        scale.put(1550);
        let outcome = bed.print(&job(weighed()), &notes).await.unwrap();
        let label = bed.printer.wait_label(1).await;
        // The vector of the restaurant's code: item 12345, 1.550 kg.
        assert_eq!(scan(&label).as_deref(), Some("2012345015500"), "{model}");
        let result = &outcome.result;
        assert_eq!(
            (&result["barcode"], &result["kg"]),
            (&json!("2012345015500"), &json!("1.550")),
            "{result:#}"
        );
        // 1.550 x 189.90 = 294.345
        assert_eq!((&result["total"], &result["scale"]), (&json!("294.35"), &json!("scale")), "{result:#}");
    }
}

#[tokio::test]
async fn a_bad_weight_ends_the_job_with_its_reason_and_prints_nothing() {
    type Do = fn(&scale::Scale);
    let pos2: [(Do, &str); 5] = [
        (|scale| scale.put(0), "empty"),
        (|scale| scale.put(-250), "underload"),
        (|scale| scale.put(20_000), "overload"),
        (
            |scale| {
                scale.put(1550);
                scale.inject(scale::Fault::NeverStable);
            },
            "not-stable",
        ),
        (|scale| scale.inject(scale::Fault::Broken), "scale-fault"),
    ];
    let pos2 = pos2.map(|(load, code)| ("shtrih-pos2", ScaleSpec::shtrih_pos2(), load, code));
    // Dialog 04 refuses with a status and no weight.
    let dialog: (&str, ScaleSpec, Do, &str) = ("dialog-04", ScaleSpec::dialog_04(), |_| {}, "no-weight");
    let mut bed = Bed::new("generic-tspl", PrinterSpec::tspl(), Over::Tcp).await;
    for (protocol, spec, load, code) in pos2.into_iter().chain([dialog]) {
        let (notes, scale) = Notes::with_scale(protocol, spec).await;
        load(&scale);
        let error = bed.print(&job(weighed()), &notes).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::Rejected, code), "{error}");
        assert!(error.message.contains("nothing was printed"), "{error}");
        assert!(!notes.begun(), "{code}");
    }
    assert_eq!(bed.printer.state().labels, 0);
}

#[tokio::test]
async fn a_net_weight_below_zero_is_no_weight() {
    let mut bed = Bed::new("generic-tspl", PrinterSpec::tspl(), Over::Tcp).await;
    let (notes, scale) = Notes::with_scale("shtrih-pos2", ScaleSpec::shtrih_pos2()).await;
    scale.put(500);
    assert!(scale.press_tare());
    scale.take_away();
    let error = bed.print(&job(weighed()), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "negative"), "{error}");
    scale.put(850);
    let outcome = bed.print(&job(weighed()), &notes).await.unwrap();
    assert_eq!(outcome.result["barcode"], "2012345003507", "net: {:#}", outcome.result);
}

#[tokio::test]
async fn less_than_the_least_weight_and_more_than_the_code_holds_print_nothing() {
    let mut bed = Bed::new("generic-zpl", PrinterSpec::zpl(), Over::Tcp).await;
    let (notes, scale) = Notes::with_scale("cas", ScaleSpec::cas()).await;
    scale.put(10);
    let mut document = weighed();
    document["weigh"]["minimum"] = json!("0.050");
    let error = bed.print(&job(document), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "too-light"), "{error}");
    let mut document = weighed();
    document["weigh"]["scale"] = json!("kitchen");
    let error = bed.print(&job(document), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "unknown-device"), "{error}");
    assert!(!notes.begun());
}

#[tokio::test]
async fn a_job_that_may_be_on_paper_is_printed_again_with_the_weight_it_had() {
    let mut bed = Bed::new("generic-tspl", PrinterSpec::tspl(), Over::Tcp).await;
    let (notes, scale) = Notes::with_scale("cas", ScaleSpec::cas()).await;
    scale.put(1550);
    bed.printer.inject(Fault::CutLinkAfter(5_000));
    let command = job(weighed());
    let error = bed.print(&command, &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown, "{error}");
    // Something else lies there by the time a person says: print again, marked as a copy.
    scale.put(700);
    let mut again = command.clone();
    again.heading = vec!["COPY".into()];
    for restart in [false, true] {
        if restart {
            bed = bed.restarted().await;
        }
        bed.reconnect().await;
        let resolved = bed.driver.resolve(&command, &notes.attempt_made()).await.unwrap();
        assert!(matches!(resolved, Resolution::Unknown(_)), "{resolved:?}");
        let before = bed.printer.state().labels;
        let outcome = bed.print(&again, &notes).await.unwrap();
        let label = bed.printer.wait_label(before + 1).await;
        assert_eq!(scan(&label).as_deref(), Some("2012345015500"));
        assert_eq!(outcome.result["barcode"], "2012345015500");
    }
    assert_eq!(notes.asked.load(Ordering::SeqCst), 1, "weighed once");
    let first: Value = notes.attempt_made().baseline;
    assert_eq!(first["made"]["item"]["quantity"], "1.550");
}

#[tokio::test]
async fn more_labels_than_a_job_may_have_are_refused_before_anything_is_weighed() {
    let mut bed = Bed::new("generic-zpl", PrinterSpec::zpl(), Over::Tcp).await;
    let (notes, scale) = Notes::with_scale("cas", ScaleSpec::cas()).await;
    scale.put(1550);
    let mut document = weighed();
    document["copies"] = json!(500);
    let mut command = job(document);
    command.copies = 200;
    let error = bed.print(&command, &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "invalid-request"), "{error}");
    assert!(error.message.contains("copies"), "{error}");
    assert_eq!((notes.weighings(), notes.begun()), (0, false));
}

#[tokio::test]
async fn a_given_quantity_is_not_weighed() {
    let mut bed = Bed::new("generic-epl", PrinterSpec::epl(), Over::Tcp).await;
    let notes = Notes::new();
    let pieces = json!({"item": {"name": "Plăcintă", "code": "42", "unit": "piece", "quantity": "3"}});
    let outcome = bed.print(&job(pieces), &notes).await.unwrap();
    // The vector of the restaurant's code: item 00042, 3 pieces.
    assert_eq!(scan(&*bed.printer.wait_label(1).await).as_deref(), Some("2100042000032"));
    assert_eq!((notes.weighings(), &outcome.result["barcode"]), (0, &json!("2100042000032")));
}
