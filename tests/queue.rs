//! What becomes of jobs that can't be done at once: deadlines, holds, priorities, cancelling, taking over.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use outlet_simulators::printer::{Event, Fault};
use outletd::bus::contract::State::{Accepted, Cancelled, Expired, Failed, Running, Succeeded, Waiting};
use serde_json::{Value, json};
use support::{Outlet, Station, bar, kitchen, ticket};

/// A ticket with more fields.
fn with(mut job: Value, more: Value) -> Value {
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job
}

async fn dead_kitchen() -> Station {
    let station = kitchen().await;
    station.printer.inject(Fault::PowerOff);
    station
}

#[tokio::test]
async fn a_job_not_begun_by_its_deadline_expires_and_is_never_printed() {
    let outlet = Outlet::open(vec![dead_kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &with(ticket("01JA", "SOUP"), json!({"ttl_s": 1}))).await;
    let expired = pos.job("01JA", Expired).await;
    assert_eq!(expired.error.unwrap().code, "expired");
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.submit("kitchen", &ticket("01JB", "BREAD")).await;
    pos.job("01JB", Succeeded).await;
    assert!(!outlet.printer("kitchen").papers().iter().any(|paper| paper.says("SOUP")));
}

#[tokio::test]
async fn a_held_job_waits_for_a_person_and_comes_out_marked_as_delayed() {
    let outlet = Outlet::open(vec![dead_kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &with(ticket("01JA", "SOUP"), json!({"ttl_s": 1, "stale": "hold"}))).await;
    let topic = pos.topics.job("01JA");
    pos.next(|seen, value| seen == topic && value["reason"]["code"] == "held").await;
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.submit("kitchen", &ticket("01JB", "BREAD")).await;
    pos.job("01JB", Succeeded).await;
    let answer = pos.ask_agent(json!({"op": "release", "job": "01JA", "by": "anna"})).await;
    assert_eq!(answer["ok"], true, "{answer}");
    pos.job("01JA", Succeeded).await;
    let papers = outlet.printer("kitchen").papers();
    let late = papers.iter().find(|paper| paper.says("SOUP")).unwrap();
    assert!(late.says("DELAYED"), "{}", late.text);
}

#[tokio::test]
async fn a_job_with_the_banner_policy_is_printed_late_with_its_time() {
    let outlet = Outlet::open(vec![dead_kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &with(ticket("01JA", "SOUP"), json!({"ttl_s": 1, "stale": "banner"}))).await;
    let topic = pos.topics.job("01JA");
    let late = |seen: &str, value: &Value| {
        seen == topic && value["state"] == "waiting" && value["deadline"].is_null()
    };
    pos.next(late).await;
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.job("01JA", Succeeded).await;
    assert!(outlet.printer("kitchen").wait_paper(1).await.says("DELAYED"));
}

#[tokio::test]
async fn a_waiting_job_can_be_called_off_and_is_never_printed() {
    let outlet = Outlet::open(vec![dead_kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Waiting).await;
    let answer = pos.ask_agent(json!({"op": "cancel", "job": "01JA", "by": "anna"})).await;
    assert_eq!(answer["result"]["job"]["state"], "cancelled", "{answer}");
    pos.job("01JA", Cancelled).await;
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.submit("kitchen", &ticket("01JB", "BREAD")).await;
    pos.job("01JB", Succeeded).await;
    assert_eq!(outlet.printer("kitchen").paper_count(), 1);
}

#[tokio::test]
async fn a_job_in_the_printers_buffer_can_not_be_called_off() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    outlet.printer("kitchen").inject(Fault::PaperOutAfterLines(1));
    pos.submit("kitchen", &ticket("01JA", "SOUP\nBREAD\nTEA")).await;
    let waiting = pos.job("01JA", Waiting).await;
    assert!(waiting.begun);
    let answer = pos.ask_agent(json!({"op": "cancel", "job": "01JA"})).await;
    assert_eq!((&answer["ok"], &answer["error"]["code"]), (&json!(false), &json!("in-doubt")), "{answer}");
    outlet.printer("kitchen").inject(Fault::NewRoll);
    pos.job("01JA", Succeeded).await;
}

#[tokio::test]
async fn higher_priorities_are_printed_first_and_equal_ones_in_order() {
    let outlet = Outlet::open(vec![dead_kitchen().await]).await;
    let mut pos = outlet.client().await;
    for (id, text, priority) in [("01JA", "FIRST", 5), ("01JB", "SECOND", 5), ("01JC", "URGENT", 8)] {
        pos.submit("kitchen", &with(ticket(id, text), json!({"priority": priority}))).await;
        pos.job(id, Waiting).await;
    }
    outlet.printer("kitchen").inject(Fault::PowerOn);
    for id in ["01JA", "01JB", "01JC"] {
        pos.job(id, Succeeded).await;
    }
    let order: Vec<_> = outlet
        .printer("kitchen")
        .papers()
        .iter()
        .map(|paper| ["URGENT", "FIRST", "SECOND"].into_iter().find(|text| paper.says(text)).unwrap())
        .collect();
    assert_eq!(order, ["URGENT", "FIRST", "SECOND"]);
}

#[tokio::test]
async fn copies_are_printed_and_confirmed_one_by_one() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &with(ticket("01JA", "SOUP"), json!({"copies": 3}))).await;
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.evidence.unwrap()["device"]["copies_confirmed"], 3);
    assert_eq!(outlet.printer("kitchen").papers().iter().filter(|paper| paper.says("SOUP")).count(), 3);
}

#[tokio::test]
async fn a_drawer_job_opens_the_drawer_and_never_that_of_the_fallback() {
    let mut till = dead_kitchen().await;
    till.more = "fallback = \"bar\"".into();
    let outlet = Outlet::open_with(vec![till, bar().await], "[queue]\nfallback_after_s = 0\n").await;
    let mut bar_events = outlet.printer("bar").events();
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &json!({"id": "01JA", "kind": "drawer"})).await;
    pos.submit("kitchen", &ticket("01JB", "SOUP")).await;
    pos.job("01JB", Succeeded).await;
    let mut till_events = outlet.printer("kitchen").events();
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.job("01JA", Succeeded).await;
    let opened = std::iter::from_fn(|| till_events.try_recv().ok());
    assert!(opened.into_iter().any(|event| matches!(event, Event::DrawerPulse { .. })));
    let elsewhere = std::iter::from_fn(|| bar_events.try_recv().ok());
    assert!(!elsewhere.into_iter().any(|event| matches!(event, Event::DrawerPulse { .. })));
}

#[tokio::test]
async fn a_person_can_say_printed_or_not_printed() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    for (id, answer, state) in [("01JA", "printed", Succeeded), ("01JB", "not-printed", Failed)] {
        pos.device("kitchen", "ready").await;
        outlet.printer("kitchen").inject(Fault::CutLinkAfter(10));
        pos.submit("kitchen", &ticket(id, "SOUP")).await;
        pos.job(id, outletd::bus::contract::State::Uncertain).await;
        let reply = pos.ask_agent(json!({"op": "resolve", "job": id, "answer": answer, "by": "anna"})).await;
        assert_eq!(reply["ok"], true, "{reply}");
        let ended = pos.job(id, state).await;
        assert_eq!(ended.evidence.unwrap()["resolution"]["by"], "anna");
    }
}

#[tokio::test]
async fn raw_bytes_need_a_right_of_their_own() {
    let raw = json!({"id": "01JA", "kind": "raw", "document": {"data": "SEVMTE8K"}});
    let inside =
        json!({"id": "01JB", "kind": "print", "document": {"blocks": [{"type": "raw", "data": "SEVMTE8K"}]}});
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    for job in [&raw, &inside] {
        pos.submit("kitchen", job).await;
        let topic = pos.topics.job(job["id"].as_str().unwrap());
        let (_, refused) = pos.next(|seen, _| seen == topic).await;
        assert_eq!(refused["error"]["code"], "forbidden", "{refused}");
    }
    let rights = "[rights]\nanonymous = [\"print\", \"raw\"]\n";
    let outlet = Outlet::open_with(vec![kitchen().await], rights).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &raw).await;
    pos.job("01JA", Succeeded).await;
}

#[tokio::test]
async fn the_feed_tells_every_transition_and_can_be_read_again() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    let answer = pos.ask_agent(json!({"op": "replay", "from": 1})).await;
    let events = answer["result"]["events"].as_array().unwrap();
    let states: Vec<_> = events.iter().map(|event| event["job"]["state"].clone()).collect();
    assert_eq!(states, [json!(Accepted), json!(Running), json!(Succeeded)]);
    let numbers: Vec<_> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn a_job_is_shown_with_its_evidence_and_every_byte_that_crossed_the_wire() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    let answer = pos.ask_agent(json!({"op": "get", "job": "01JA", "trace": true})).await;
    let attempt = &answer["result"]["attempts"][0];
    assert_eq!(attempt["baseline"]["proof"], "process-id", "{answer}");
    let sent: String = attempt["trace"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["direction"] == "sent")
        .map(|entry| entry["bytes"].as_str().unwrap())
        .collect();
    assert!(sent.contains("534f5550"), "SOUP is in {sent}");
}

#[tokio::test]
async fn a_queue_that_is_full_says_so_and_loses_nothing() {
    let outlet = Outlet::open_with(vec![dead_kitchen().await], "[queue]\nmax_depth = 2\n").await;
    let mut pos = outlet.client().await;
    for id in ["01JA", "01JB"] {
        pos.submit("kitchen", &ticket(id, "SOUP")).await;
        pos.job(id, Waiting).await;
    }
    pos.submit("kitchen", &ticket("01JC", "SOUP")).await;
    let topic = pos.topics.job("01JC");
    let (_, refused) = pos.next(|seen, _| seen == topic).await;
    assert_eq!(refused["error"]["code"], "throttled");
    assert_eq!(refused["error"]["retryable"], true);
    outlet.printer("kitchen").inject(Fault::PowerOn);
    pos.job("01JA", Succeeded).await;
    pos.job("01JB", Succeeded).await;
}

#[tokio::test]
async fn a_late_job_that_the_printer_was_waiting_with_is_printed_with_its_banner_too() {
    let outlet = Outlet::open(vec![kitchen().await]).await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    outlet.printer("kitchen").inject(Fault::PaperOut);
    pos.device("kitchen", "attention").await;
    pos.submit("kitchen", &with(ticket("01JA", "SOUP"), json!({"ttl_s": 1, "stale": "banner"}))).await;
    let topic = pos.topics.job("01JA");
    pos.next(|seen, value| seen == topic && value["reason"]["code"] == "paper-out").await;
    pos.next(|seen, value| seen == topic && value["state"] == "waiting" && value["deadline"].is_null()).await;
    outlet.printer("kitchen").inject(Fault::NewRoll);
    pos.job("01JA", Succeeded).await;
    let papers = outlet.printer("kitchen").papers();
    let late = papers.iter().find(|paper| paper.says("SOUP")).unwrap();
    assert!(late.says("DELAYED"), "{}", late.text);
}

/// A printer that takes connections and never says a word.
async fn mute() -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.push(stream);
        }
    });
    (addr, task)
}

#[tokio::test]
async fn requests_to_a_device_that_does_not_answer_delay_neither_its_jobs_fallback_nor_other_requests() {
    let mut silent = kitchen().await;
    let (addr, _task) = mute().await;
    silent.addr = addr;
    silent.more = "fallback = \"bar\"".into();
    let outlet = Outlet::open_with(vec![silent, bar().await], "[queue]\nfallback_after_s = 1\n").await;
    let mut pos = outlet.client().await;
    let topic = pos.topics.device_request("kitchen");
    for _ in 0..20 {
        pos.publish(&topic, json!({"op": "test", "reply_to": pos.topics.reply("others")}).to_string()).await;
    }
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let reply = pos.topics.reply("others");
    let (_, refused) = pos.next(|seen, value| seen == reply && value["ok"] == false).await;
    assert_eq!(refused["error"]["code"], "device-busy", "{refused}");
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.rerouted.unwrap().to, "bar");
    let answer = pos.ask_agent(json!({"op": "list"})).await;
    assert_eq!(answer["ok"], true, "{answer}");
}

#[tokio::test]
async fn a_link_that_comes_and_goes_does_not_keep_jobs_from_the_fallback() {
    let mut flapping = kitchen().await;
    flapping.more = "fallback = \"bar\"".into();
    let printer = flapping.printer.clone();
    let outlet = Outlet::open_with(vec![flapping, bar().await], "[queue]\nfallback_after_s = 2\n").await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    let mut events = printer.events();
    let cutter = printer.clone();
    printer.inject(Fault::CutLink);
    let flap = tokio::spawn(async move {
        while let Ok(event) = events.recv().await {
            if matches!(event, Event::Connected { .. }) {
                cutter.inject(Fault::CutLink);
            }
        }
    });
    pos.device("kitchen", "offline").await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.rerouted.unwrap().to, "bar");
    flap.abort();
}

#[tokio::test]
async fn the_record_of_a_taken_over_job_names_the_real_reason() {
    let mut empty = kitchen().await;
    empty.more = "fallback = \"bar\"".into();
    let outlet = Outlet::open_with(vec![empty, bar().await], "[queue]\nfallback_after_s = 1\n").await;
    let mut pos = outlet.client().await;
    pos.device("kitchen", "ready").await;
    outlet.printer("kitchen").inject(Fault::PaperOut);
    pos.device("kitchen", "attention").await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let done = pos.job("01JA", Succeeded).await;
    assert_eq!(done.rerouted.unwrap().reason.code, "paper-out");
}
