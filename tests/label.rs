//! Labels through the whole agent: from the job over the scale to the paper.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use outlet_devices::driver::Confidence;
use outlet_simulators::label_printer::{Fault, Label, LabelPrinter, PrinterSpec};
use outlet_simulators::scale::{Scale, ScaleSpec};
use outletd::bus::contract::State;
use rxing::BarcodeFormat;
use serde_json::{Value, json};
use support::{Client, Outlet, PATIENCE};

/// A counter with a scale and a label printer.
struct Counter {
    outlet: Outlet,
    client: Client,
    scale: Scale,
    printer: LabelPrinter,
}

async fn counter(model: &str, spec: PrinterSpec, more: &str) -> Counter {
    let (scale, printer) = (Scale::new(ScaleSpec::cas()), LabelPrinter::new(spec));
    let scale_at = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let printer_at = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let toml = format!(
        "{more}\n\
         [[device]]\nid = \"scale\"\ndriver = \"scale\"\nmodel = \"cas\"\nlink = \"tcp://{scale_at}\"\n\
         [device.options]\npoll_ms = 20\n\
         [[device]]\nid = \"labels\"\ndriver = \"label-printer\"\nmodel = {model:?}\nlink = \"tcp://{printer_at}\"\n\
         [device.options]\nlanguage = \"ru\"\npoll_ms = 50\nsettle_ms = 200\n"
    );
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let client = outlet.client().await;
    Counter { outlet, client, scale, printer }
}

fn dish() -> Value {
    json!({
        "item": {"name": "Салат «Цезарь» с курицей", "code": "12345", "price": "189.90", "currency": "lei",
                 "shelf_life": "0:1:12", "allergens": ["глютен", "яйца", "рыба"]},
        "weigh": {"scale": "scale"}
    })
}

/// What a scanner reads on a printed label.
fn scan(label: &Label) -> Option<String> {
    let (border, width, height) = (24, label.raster.width() + 48, label.raster.height() + 48);
    let dot = |at: u32| at.checked_sub(border);
    let black = |x, y| dot(x).zip(dot(y)).is_some_and(|(x, y)| label.raster.get(x, y));
    let luma = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let luma = luma.map(|(x, y)| if black(x, y) { 0 } else { 255 }).collect();
    let read = rxing::helpers::detect_in_luma(luma, width, height, Some(BarcodeFormat::EAN_13)).ok()?;
    Some(read.getText().to_owned())
}

#[tokio::test]
async fn one_job_weighs_makes_the_code_and_prints_the_label() {
    let spec = PrinterSpec::zpl();
    let Counter { outlet: _outlet, mut client, scale, printer } = counter("generic-zpl", spec, "").await;
    scale.put(1550);
    client.submit("labels", &json!({"id": "label-1", "kind": "label", "document": dish()})).await;
    let end = client.end("label-1", PATIENCE).await;
    assert_eq!((end.state, end.confidence), (State::Succeeded, Some(Confidence::Printed)), "{end:#?}");
    let result = end.result.unwrap();
    assert_eq!((&result["kg"], &result["barcode"]), (&json!("1.550"), &json!("2012345015500")));
    assert_eq!(scan(&*printer.wait_label(1).await).as_deref(), Some("2012345015500"));
    assert_eq!(printer.state().labels, 1);
    // The same job once more is the same label.
    client.submit("labels", &json!({"id": "label-1", "kind": "label", "document": dish()})).await;
    client.next(|_, value| value["job"] == "label-1" && value["duplicate"] == true).await;
    assert_eq!(printer.state().labels, 1);
}

#[tokio::test]
async fn an_empty_scale_fails_the_job_with_its_reason_and_the_next_one_prints() {
    let spec = PrinterSpec::tspl();
    let Counter { outlet: _outlet, mut client, scale, printer } = counter("generic-tspl", spec, "").await;
    client.submit("labels", &json!({"id": "label-1", "kind": "label", "document": dish()})).await;
    let end = client.end("label-1", PATIENCE).await;
    let error = end.error.unwrap();
    assert_eq!((end.state, error.code.as_str()), (State::Failed, "empty"), "{error:?}");
    assert_eq!(printer.state().labels, 0);
    scale.put(350);
    client.submit("labels", &json!({"id": "label-2", "kind": "label", "document": dish()})).await;
    assert_eq!(client.end("label-2", PATIENCE).await.state, State::Succeeded);
    assert_eq!(scan(&*printer.wait_label(1).await).as_deref(), Some("2012345003507"));
}

#[tokio::test]
async fn the_codes_of_the_outlet_make_the_barcode() {
    let codes = "[codes]\nweight_prefixes = [\"22\", \"20\"]\n";
    let Counter { outlet: _outlet, mut client, scale, printer } =
        counter("generic-epl", PrinterSpec::epl(), codes).await;
    scale.put(1550);
    let mut named = dish();
    named["pattern"] = json!("weight-20");
    for (id, document, begins) in [("label-1", dish(), "221234501550"), ("label-2", named, "2012345015500")] {
        client.submit("labels", &json!({"id": id, "kind": "label", "document": document})).await;
        let end = client.end(id, PATIENCE).await;
        let barcode = end.result.unwrap()["barcode"].as_str().unwrap().to_owned();
        assert!(barcode.starts_with(begins), "{barcode}");
    }
    assert!(scan(&*printer.wait_label(2).await).unwrap().starts_with("20"));
}

#[tokio::test]
async fn a_doubtful_label_waits_for_a_person_and_is_printed_again_with_its_weight_after_a_restart() {
    for reachable in [true, false] {
        let spec = PrinterSpec::tspl();
        let Counter { mut outlet, mut client, scale, printer } = counter("generic-tspl", spec, "").await;
        scale.put(1550);
        printer.inject(Fault::CutLinkAfter(5_000));
        client.submit("labels", &json!({"id": "label-1", "kind": "label", "document": dish()})).await;
        assert_eq!(client.end("label-1", PATIENCE).await.state, State::Uncertain);
        outlet.stop().await;
        scale.put(700);
        if !reachable {
            printer.inject(Fault::RefuseConnections);
        }
        outlet.start().await;
        let mut client = outlet.client().await;
        client.device("labels", if reachable { "ready" } else { "offline" }).await;
        let decision = json!({"op": "resolve", "job": "label-1", "answer": "print-again"});
        let answer = client.ask_agent(decision).await;
        assert_eq!(answer["ok"], true, "{answer:#}");
        printer.inject(Fault::AcceptConnections);
        let end = client.job("label-1", State::Succeeded).await;
        assert_eq!(end.result.unwrap()["barcode"], "2012345015500");
        assert_eq!(scan(&*printer.wait_label(1).await).as_deref(), Some("2012345015500"));
    }
}

#[tokio::test]
async fn what_can_not_be_printed_is_refused_before_it_is_accepted() {
    let spec = PrinterSpec::zpl();
    let Counter { outlet: _outlet, mut client, .. } = counter("generic-zpl", spec, "").await;
    let mut typed = dish();
    typed["item"]["barcode"] = json!("2012345015500");
    let mut long = dish();
    long["item"]["name"] = json!("слово ".repeat(90));
    for (id, document, place) in [("label-1", typed, "item.barcode"), ("label-2", long, "item.name")] {
        client.submit("labels", &json!({"id": id, "kind": "label", "document": document})).await;
        let end = client.end(id, PATIENCE).await;
        let error = end.error.unwrap();
        assert_eq!((end.state, error.code.as_str()), (State::Rejected, "invalid-request"), "{error:?}");
        assert!(error.message.contains(place), "{error:?}");
    }
}
