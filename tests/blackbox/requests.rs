//! What a technician or a cashier asks the agent: look up, list, call off, resolve, replay.

use outlet_simulators::printer::Fault;
use serde_json::{Value, json};

use crate::agent::{Outlet, PREFIX};
use crate::broker::Broker;
use crate::client::Dialect;
use crate::jobs::ticket;

async fn a_job_is_looked_up_with_its_attempts_and_bytes(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    for (dialect, id) in
        [(Dialect::Mosquitto311, "01JA"), (Dialect::Paho5, "01JB"), (Dialect::NodeWebSocket, "01JC")]
    {
        let mut pos = outlet.client(dialect, "pos-1").await;
        pos.submit("kitchen", &ticket(id, "Tea 2 x 1.50")).await;
        pos.job_in(id, &["succeeded"]).await;
        let found = pos.ask(&json!({"op": "get", "job": id, "trace": true, "correlation": "17"})).await;
        assert_eq!((&found["ok"], &found["correlation"]), (&json!(true), &json!("17")), "{found}");
        assert_eq!(found["result"]["job"]["state"], "succeeded", "{found}");
        let attempts = found["result"]["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "{found}");
        let sent: String = attempts[0]["trace"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|part| part["direction"] == "sent")
            .map(|part| part["bytes"].as_str().unwrap().replace(' ', "").to_lowercase())
            .collect();
        let tea = "546561203220782031"; // "Tea 2 x 1"
        assert!(sent.contains(tea), "the trace has the bytes that were sent: {sent}");

        let brief = pos.ask(&json!({"op": "get", "job": id})).await;
        assert_eq!(brief["result"]["attempts"][0]["trace"], json!([]), "only where it is asked for");
    }
}

async fn a_waiting_job_is_called_off_and_never_printed(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho5, "pos-1").await;
    let kitchen = format!("{PREFIX}/device/kitchen/state");
    pos.next(&kitchen, |device| device["state"] == "ready").await;
    outlet.kitchen.inject(Fault::RefuseConnections);
    pos.next(&kitchen, |device| device["state"] == "offline").await;
    pos.submit("kitchen", &ticket("01JOFF", "Tea")).await;
    let answer = pos.ask(&json!({"op": "cancel", "job": "01JOFF", "by": "anna"})).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(answer["result"]["job"]["state"], "cancelled", "{answer}");
    pos.job_in("01JOFF", &["cancelled"]).await;

    let again = pos.ask(&json!({"op": "cancel", "job": "01JOFF"})).await;
    assert_eq!(
        (&again["ok"], &again["error"]["code"]),
        (&json!(false), &json!("version-mismatch")),
        "{again}"
    );

    outlet.kitchen.inject(Fault::AcceptConnections);
    pos.submit("kitchen", &ticket("01JON", "Coffee")).await;
    pos.job_in("01JON", &["succeeded"]).await;
    assert_eq!(outlet.kitchen.paper_count(), 1);
    assert!(outlet.kitchen.wait_paper(1).await.says("Coffee"));
}

/// The attention list when it names the job, or when it does not any more.
fn attends(list: &Value, job: &str) -> bool {
    list["jobs"].as_array().unwrap().iter().any(|entry| entry["job"] == job)
}

async fn an_uncertain_job_waits_for_a_person_and_does_what_the_person_says(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let attention = format!("{PREFIX}/attention");
    let kitchen = format!("{PREFIX}/device/kitchen/state");
    for (dialect, id, answer) in [
        (Dialect::Mosquitto311, "01JA", "printed"),
        (Dialect::Paho5, "01JB", "not-printed"),
        (Dialect::NodeWebSocket, "01JC", "print-again"),
    ] {
        let mut pos = outlet.client(dialect, "pos-1").await;
        pos.next(&kitchen, |device| device["state"] == "ready").await;
        outlet.kitchen.inject(Fault::CutLinkAfter(20));
        pos.submit("kitchen", &ticket(id, "Borscht")).await;
        let doubt = pos.job_in(id, &["uncertain"]).await;
        assert_eq!(doubt["error"]["code"], "in-doubt", "{doubt}");
        assert!(doubt["evidence"].is_object(), "{doubt}");
        let list = pos.next(&attention, |list| attends(list, id)).await;
        assert_eq!(list.json["jobs"][0]["exits"], json!(["printed", "not-printed", "print-again"]));

        let mut late = outlet.client(Dialect::Mosquitto5, "late").await;
        let kept = late.next(&attention, |list| attends(list, id)).await;
        assert!(kept.retain, "who comes later is told, too");

        let refused = pos.ask(&json!({"op": "cancel", "job": id})).await;
        assert_eq!((&refused["ok"], &refused["error"]["code"]), (&json!(false), &json!("in-doubt")));
        let done = pos.ask(&json!({"op": "resolve", "job": id, "answer": answer, "by": "anna"})).await;
        assert_eq!(done["ok"], true, "{done}");
        let end = pos.job_in(id, &["succeeded", "failed"]).await;
        let expected = if answer == "not-printed" { "failed" } else { "succeeded" };
        assert_eq!(end["state"], expected, "{answer}: {end}");
        assert!(end["evidence"].to_string().contains("anna"), "who said so is on record: {end}");
        pos.next(&attention, |list| !attends(list, id)).await;
    }
    let copies = outlet.kitchen.papers().iter().filter(|paper| paper.says("COPY")).count();
    assert_eq!(copies, 1, "printed again once, marked as a copy");
}

async fn jobs_are_listed_newest_first_and_page_by_page(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::NodeWebSocket, "pos-1").await;
    for number in 0..5 {
        let (device, id) = (if number % 2 == 0 { "kitchen" } else { "bar" }, format!("01JL{number}"));
        pos.submit(device, &ticket(&id, "Tea")).await;
        pos.job_in(&id, &["succeeded"]).await;
    }
    let names = |answer: &Value| -> Vec<String> {
        let jobs = answer["result"]["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["job"].as_str().unwrap().to_owned()).collect()
    };
    let first = pos.ask(&json!({"op": "list", "limit": 3})).await;
    assert_eq!(names(&first), ["01JL4", "01JL3", "01JL2"]);
    let rest = pos.ask(&json!({"op": "list", "limit": 3, "before": first["result"]["next"]})).await;
    assert_eq!(names(&rest), ["01JL1", "01JL0"]);
    let bar = pos.ask(&json!({"op": "list", "device": "bar"})).await;
    assert_eq!(names(&bar), ["01JL3", "01JL1"]);
    let none = pos.ask(&json!({"op": "list", "states": ["failed", "uncertain"]})).await;
    assert_eq!(names(&none), [""; 0]);
}

async fn the_feed_is_numbered_without_gaps_and_replays_the_same_over_a_restart(broker: Broker) {
    let mut outlet = Outlet::open(broker).await;
    let mut core = outlet.client(Dialect::Paho5, "core").await;
    let event = format!("{PREFIX}/event");
    let mut live: Vec<Value> = Vec::new();
    for id in ["01JF1", "01JF2"] {
        core.submit("kitchen", &ticket(id, "Tea")).await;
        while live.last().is_none_or(|last| last["job"]["job"] != id || last["job"]["state"] != "succeeded") {
            let next = core.next(&event, |_| true).await.json;
            if live.last().is_none_or(|last| last["seq"] != next["seq"]) {
                live.push(next);
            }
        }
    }
    let first = live[0]["seq"].as_u64().unwrap();
    for (entry, seq) in live.iter().zip(first..) {
        assert_eq!(entry["seq"], seq, "{entry}");
    }
    let states: Vec<&str> = live.iter().map(|entry| entry["job"]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["accepted", "running", "succeeded", "accepted", "running", "succeeded"]);
    drop(core);
    outlet.kill().await;
    outlet.start().await;
    let mut core = outlet.client(Dialect::Mosquitto311, "core").await;
    let replay = core.ask(&json!({"op": "replay", "from": first})).await;
    assert_eq!(replay["result"]["events"], json!(live), "{replay}");
    let tail = core.ask(&json!({"op": "replay", "from": first + 4, "limit": 1})).await;
    assert_eq!(tail["result"]["events"], json!([live[4]]));
    assert_eq!(tail["result"]["next"], first + 5);
}

async fn a_device_says_how_it_is_and_what_it_is(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho311, "pos-1").await;
    let kitchen = format!("{PREFIX}/device/kitchen/state");
    pos.next(&kitchen, |device| device["state"] == "ready").await;
    let status = pos.ask_device("kitchen", &json!({"op": "status"})).await;
    assert_eq!(status["ok"], true, "{status}");
    let identity = pos.ask_device("kitchen", &json!({"op": "identify"})).await;
    assert!(identity.to_string().contains("TM-T20III"), "{identity}");
    let all = pos.ask(&json!({"op": "diagnose"})).await;
    let devices = all["result"]["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 2, "{all}");
}

crate::on_every_broker!(
    a_job_is_looked_up_with_its_attempts_and_bytes,
    a_waiting_job_is_called_off_and_never_printed,
    an_uncertain_job_waits_for_a_person_and_does_what_the_person_says,
    jobs_are_listed_newest_first_and_page_by_page,
    the_feed_is_numbered_without_gaps_and_replays_the_same_over_a_restart,
    a_device_says_how_it_is_and_what_it_is,
);
