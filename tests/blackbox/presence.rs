//! Who is there: the retained documents of the agent and its devices.

use outlet_simulators::printer::Fault;
use serde_json::{Value, json};

use crate::agent::{Outlet, PREFIX};
use crate::broker::Broker;
use crate::client::{Client, Dialect};
use crate::jobs::ticket;

async fn agent(client: &mut Client, state: &str) -> (Value, bool) {
    let topic = format!("{PREFIX}/agent");
    let heard = client.next(&topic, |agent| agent["state"] == state).await;
    (heard.json, heard.retain)
}

pub async fn who_comes_later_is_told_what_is_there(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    drop(outlet.client(Dialect::Paho5, "first").await);
    for dialect in [Dialect::Mosquitto311, Dialect::Paho5, Dialect::NodeWebSocket] {
        for id in ["kitchen", "bar"] {
            let mut late = outlet.early_client(dialect, "late").await;
            let topic = format!("{PREFIX}/device/{id}");
            let device = late.next(&topic, |_| true).await;
            assert!(device.retain);
            assert_eq!(device.json["device"], id);
            assert_eq!((&device.json["kind"], &device.json["driver"]), (&json!("printer"), &json!("escpos")));
            assert!(device.json["capabilities"].as_array().unwrap().contains(&json!("print")), "{device:?}");
            assert!(device.json["limits"].is_object(), "{device:?}");
        }
        let mut late = outlet.early_client(dialect, "late").await;
        let (document, retained) = agent(&mut late, "online").await;
        assert!(retained);
        assert_eq!(document["version"], env!("CARGO_PKG_VERSION"));
        assert!(document["session"].is_string() && document["started_at"].is_string(), "{document}");
    }
}

pub async fn a_device_is_ready_offline_and_in_need_of_attention(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::NodeWebSocket, "pos-1").await;
    let topic = format!("{PREFIX}/device/kitchen/state");
    let mut version = 0;
    let story: [(Option<Fault>, &str, &str); 5] = [
        (None, "ready", ""),
        (Some(Fault::PaperOut), "attention", "paper-out"),
        (Some(Fault::NewRoll), "ready", ""),
        (Some(Fault::CoverOpen), "attention", "cover-open"),
        (Some(Fault::RefuseConnections), "offline", ""),
    ];
    for (fault, state, condition) in story {
        if let Some(fault) = fault {
            outlet.kitchen.inject(fault);
        }
        let now = pos
            .next(&topic, |device| {
                let conditions = device["conditions"].as_array().unwrap();
                device["state"] == state && (condition.is_empty() || conditions.contains(&json!(condition)))
            })
            .await;
        let newer = now.json["version"].as_u64().unwrap();
        assert!(newer > version, "{now:?}");
        version = newer;
    }
    let mut late = outlet.early_client(Dialect::Mosquitto5, "late").await;
    let kept = late.next(&topic, |_| true).await;
    assert!(kept.retain);
    assert_eq!(kept.json["state"], "offline");
}

/// Where the broker outlives the agent, its will speaks for it.
pub async fn a_killed_agent_is_offline_and_comes_back_as_a_new_session(broker: Broker) {
    let mut outlet = Outlet::open(broker).await;
    let mut pos = outlet.early_client(Dialect::Paho5, "pos-1").await;
    let (before, _) = agent(&mut pos, "online").await;
    outlet.kill().await;
    if broker != Broker::Embedded {
        let (gone, _) = agent(&mut pos, "offline").await;
        assert_eq!(gone["session"], before["session"], "the will is of the session that ended");
        let mut late = outlet.early_client(Dialect::Mosquitto311, "late").await;
        let (_, retained) = agent(&mut late, "offline").await;
        assert!(retained);
    }
    outlet.start().await;
    let mut pos = outlet.early_client(Dialect::Paho5, "pos-1").await;
    let topic = format!("{PREFIX}/agent");
    let after =
        pos.next(&topic, |agent| agent["state"] == "online" && agent["session"] != before["session"]).await;
    assert!(after.json["started_at"].as_str() > before["started_at"].as_str(), "{after:?}");
}

async fn an_agent_that_is_told_to_stop_says_goodbye_and_ends_well(broker: Broker) {
    let mut outlet = Outlet::open(broker).await;
    for (dialect, id) in [(Dialect::Mosquitto311, "01JS1"), (Dialect::Paho5, "01JS2")] {
        let mut pos = outlet.client(dialect, "pos-1").await;
        pos.submit("kitchen", &ticket(id, "Tea")).await;
        pos.job_in(id, &["succeeded"]).await;
        outlet.stop().await;
        agent(&mut pos, "offline").await;
        outlet.start().await;
    }
}

crate::on_every_broker!(
    who_comes_later_is_told_what_is_there,
    a_device_is_ready_offline_and_in_need_of_attention,
    a_killed_agent_is_offline_and_comes_back_as_a_new_session,
    an_agent_that_is_told_to_stop_says_goodbye_and_ends_well,
);
