//! The main job: published, journaled, printed, and its outcome known.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use outlet_devices::Confidence;
use outlet_simulators::printer::{Fault, PrinterSpec};
use outletd::bus::contract::State::{Accepted, Running, Succeeded, Uncertain};
use serde_json::json;
use support::{Outlet, bar, kitchen, station, ticket};

#[tokio::test]
async fn a_published_job_is_accepted_runs_and_is_printed() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    assert_eq!(pos.life("01JA").await, [Accepted, Running, Succeeded]);
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.confidence, Some(Confidence::Printed));
    assert!(outlet.printer("kitchen").wait_paper(1).await.says("SOUP"));
}

#[tokio::test]
async fn the_same_job_again_is_answered_with_its_stored_state_and_not_printed_again() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let topic = pos.topics.job("01JA");
    let (_, again) = pos.next(|seen, value| seen == topic && value["duplicate"] == true).await;
    assert_eq!(again["state"], "succeeded");
    pos.submit("kitchen", &ticket("01JB", "BREAD")).await;
    pos.job("01JB", Succeeded).await;
    assert_eq!(outlet.printer("kitchen").paper_count(), 2);
}

#[tokio::test]
async fn another_payload_under_a_known_id_is_a_conflict() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    pos.submit("kitchen", &ticket("01JA", "BREAD")).await;
    let topic = pos.topics.job("01JA");
    let (_, refused) = pos.next(|seen, value| seen == topic && value["state"] == "rejected").await;
    assert_eq!(refused["error"]["code"], "idempotency-conflict");
}

#[tokio::test]
async fn a_job_submitted_before_a_restart_is_a_duplicate_after_it() {
    let mut outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    outlet.stop().await;
    outlet.start().await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let topic = pos.topics.job("01JA");
    let (_, again) = pos.next(|seen, value| seen == topic && value["duplicate"] == true).await;
    assert_eq!(again["state"], "succeeded");
    assert_eq!(outlet.printer("kitchen").paper_count(), 1);
}

#[tokio::test]
async fn paper_out_in_mid_job_waits_and_goes_on_without_sending_again() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    outlet.printer("kitchen").inject(Fault::PaperOutAfterLines(2));
    let lines: Vec<_> = (1..=6)
        .map(|n| json!({"type": "text", "text": format!("line {n}")}))
        .chain([json!({"type": "cut"})])
        .collect();
    pos.submit("kitchen", &json!({"id": "01JA", "kind": "print", "document": {"blocks": lines}})).await;
    let waiting = pos.job("01JA", outletd::bus::contract::State::Waiting).await;
    assert_eq!(waiting.reason.unwrap().code, "paper-out");
    outlet.printer("kitchen").inject(Fault::NewRoll);
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!((done.confidence, done.attempt), (Some(Confidence::Printed), 1));
    let all: String = outlet.printer("kitchen").papers().iter().map(|paper| paper.text.clone()).collect();
    for n in 1..=6 {
        assert_eq!(all.matches(&format!("line {n}")).count(), 1, "{all}");
    }
}

#[tokio::test]
async fn a_link_lost_after_bytes_have_left_is_uncertain_and_waits_for_a_person() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    outlet.printer("kitchen").inject(Fault::CutLinkAfter(10));
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let doubt = pos.job("01JA", Uncertain).await;
    assert_eq!(doubt.error.unwrap().code, "in-doubt");
    let attention = pos.topics.attention();
    let (_, list) = pos.next(|topic, value| topic == attention && value["jobs"][0]["job"] == "01JA").await;
    assert_eq!(list["jobs"][0]["exits"], json!(["printed", "not-printed", "print-again"]));
    let answer =
        pos.ask_agent(json!({"op": "resolve", "job": "01JA", "answer": "print-again", "by": "anna"})).await;
    assert_eq!(answer["ok"], true, "{answer}");
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.attempt, 2);
    assert!(outlet.printer("kitchen").papers().iter().any(|paper| paper.says("COPY") && paper.says("SOUP")));
}

#[tokio::test]
async fn a_job_for_a_dead_printer_waits_and_is_printed_when_it_is_back() {
    let station = kitchen().await;
    station.printer.inject(Fault::PowerOff);
    let outlet = Outlet::open(vec![station]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let waiting = pos.job("01JA", outletd::bus::contract::State::Waiting).await;
    assert_eq!(waiting.reason.unwrap().code, "device-offline");
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.job("01JA", Succeeded).await;
}

#[tokio::test]
async fn a_dead_printer_does_not_delay_another() {
    let dead = kitchen().await;
    dead.printer.inject(Fault::PowerOff);
    let outlet = Outlet::open(vec![dead, bar().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.submit("bar", &ticket("01JB", "TEA")).await;
    pos.job("01JB", Succeeded).await;
}

#[tokio::test]
async fn the_fallback_takes_over_with_a_cross_reference_on_paper_and_in_the_record() {
    let mut dead = kitchen().await;
    dead.more = "fallback = \"bar\"".into();
    dead.printer.inject(Fault::PowerOff);
    let outlet = Outlet::open_with(vec![dead, bar().await], "[queue]\nfallback_after_s = 0\n").await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let done = pos.job("01JA", Succeeded).await;
    let rerouted = done.rerouted.unwrap();
    assert_eq!((rerouted.from.as_str(), rerouted.to.as_str()), ("kitchen", "bar"));
    let paper = outlet.printer("bar").wait_paper(1).await;
    assert!(paper.says("FOR KITCHEN") && paper.says("SOUP"), "{}", paper.text);
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.device("kitchen", "ready").await;
    assert_eq!(outlet.printer("kitchen").paper_count(), 0);
}

#[tokio::test]
async fn a_one_way_printer_gives_the_confidence_sent() {
    let outlet = Outlet::open(vec![station("kitchen", "generic-80", PrinterSpec::one_way()).await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    assert_eq!(pos.job("01JA", Succeeded).await.confidence, Some(Confidence::Sent));
}
