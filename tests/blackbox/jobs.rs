//! A job's way from the submission to its outcome, with every client.

use serde_json::{Value, json};

use crate::agent::{Outlet, PREFIX};
use crate::broker::Broker;
use crate::client::{Client, Dialect};

/// A print job of one line.
pub fn ticket(id: &str, text: &str) -> Value {
    json!({"id": id, "kind": "print", "document": {"blocks": [
        {"type": "text", "text": text},
        {"type": "cut"},
    ]}})
}

/// The job's documents up to its end: states in order, each version one above the last.
async fn follow(client: &mut Client, job: &str) -> Vec<Value> {
    let topic = format!("{PREFIX}/job/{job}");
    let mut story: Vec<Value> = Vec::new();
    loop {
        let document = client.next(&topic, |_| true).await.json;
        let version = document["version"].as_u64().unwrap();
        // QoS 1 may deliver one twice: consumers drop by job and version.
        if story.last().is_some_and(|last| last["version"] == version) {
            continue;
        }
        assert_eq!(version, story.len() as u64 + 1, "{document}");
        let over = document["state"] != "accepted" && document["state"] != "running";
        story.push(document);
        if over {
            return story;
        }
    }
}

fn states(story: &[Value]) -> Vec<&str> {
    story.iter().map(|document| document["state"].as_str().unwrap()).collect()
}

pub async fn a_job_is_accepted_printed_and_known_afterwards(dialect: Dialect, broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(dialect, "pos-1").await;

    let job = ticket("01J9ZK3V8Q0000000000000001", "Borscht 2 x 4.50");
    let answer = pos.submit("kitchen", &job).await;
    assert_eq!(answer["state"], "accepted", "{answer}");
    assert_eq!(answer["job"], "01J9ZK3V8Q0000000000000001");
    let story = follow(&mut pos, "01J9ZK3V8Q0000000000000001").await;
    assert_eq!(states(&story), ["accepted", "running", "succeeded"]);
    let end = &story[2];
    assert_eq!((&end["confidence"], &end["attempt"]), (&json!("printed"), &json!(1)), "{end}");
    assert!(outlet.kitchen.wait_paper(1).await.says("Borscht 2 x 4.50"));

    let again = pos.submit("kitchen", &job).await;
    assert_eq!((&again["duplicate"], &again["state"]), (&json!(true), &json!("succeeded")), "{again}");

    let other = pos.submit("kitchen", &ticket("01J9ZK3V8Q0000000000000001", "Solyanka")).await;
    assert_eq!(other["state"], "rejected", "{other}");
    assert_eq!(other["error"]["code"], "idempotency-conflict", "{other}");
    assert_eq!(other["error"]["retryable"], false);

    // A job that comes after both shows that neither was printed.
    pos.submit("kitchen", &ticket("9d2f7c1e-0000-4000-8000-000000000002", "Tea")).await;
    let story = follow(&mut pos, "9d2f7c1e-0000-4000-8000-000000000002").await;
    assert_eq!(states(&story), ["accepted", "running", "succeeded"]);
    assert!(outlet.kitchen.wait_paper(2).await.says("Tea"));
    assert_eq!(outlet.kitchen.violations(), [""; 0]);
}

macro_rules! with_every_client {
    ($($module:ident: $dialect:ident),+ $(,)?) => {
        $(mod $module {
            use super::*;

            pub(super) async fn a_job_is_accepted_printed_and_known_afterwards(broker: Broker) {
                super::a_job_is_accepted_printed_and_known_afterwards(Dialect::$dialect, broker).await;
            }
            crate::on_every_broker!(a_job_is_accepted_printed_and_known_afterwards);
        })+
    };
}

with_every_client! {
    mosquitto_3_1_1: Mosquitto311,
    mosquitto_5: Mosquitto5,
    paho_3_1_1: Paho311,
    paho_5: Paho5,
    node_over_websocket: NodeWebSocket,
}

async fn what_one_client_submits_others_hear(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho311, "pos-1").await;
    let mut waiter = outlet.client(Dialect::NodeWebSocket, "handheld-2").await;
    pos.submit("bar", &ticket("01JBAR", "Kvass 0.5")).await;
    assert_eq!(states(&follow(&mut waiter, "01JBAR").await), ["accepted", "running", "succeeded"]);
    let again = waiter.submit("bar", &ticket("01JBAR", "Kvass 0.5")).await;
    assert_eq!(again["duplicate"], true, "the id is the job's, whoever asks: {again}");
}

async fn a_job_is_still_known_after_the_agent_was_killed_and_started_again(broker: Broker) {
    let mut outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho5, "pos-1").await;
    let job = ticket("01JKILL", "Pelmeni");
    pos.submit("kitchen", &job).await;
    pos.job_in("01JKILL", &["succeeded"]).await;
    drop(pos);
    outlet.kill().await;
    outlet.start().await;
    let mut pos = outlet.client(Dialect::Mosquitto5, "pos-1").await;
    let again = pos.submit("kitchen", &job).await;
    assert_eq!((&again["duplicate"], &again["state"]), (&json!(true), &json!("succeeded")), "{again}");
    // A job that comes after it shows that it was not printed again.
    pos.submit("kitchen", &ticket("01JNEXT", "Tea")).await;
    pos.job_in("01JNEXT", &["succeeded"]).await;
    assert!(outlet.kitchen.wait_paper(2).await.says("Tea"));
}

crate::on_every_broker!(
    what_one_client_submits_others_hear,
    a_job_is_still_known_after_the_agent_was_killed_and_started_again,
);
