//! A broker that is another program: what it keeps of an earlier run, and what it forgets.

use std::net::SocketAddr;
use std::path::Path;

use outletd::config;
use outletd::daemon::Daemon;
use rumqttc::v5::mqttbytes::QoS;
use serde_json::{Value, json};

use crate::desk::{STATIONS, Seen, dish, order};
use crate::mosquitto::mosquitto;
use crate::support::Client;
use crate::tools::free_port;

async fn agent(folder: &Path, broker: SocketAddr) -> Daemon {
    let toml = format!(
        "outlet = \"test\"\ndata = {:?}\n{STATIONS}\n[broker]\nurl = \"mqtt://{broker}\"\n",
        folder.join("data")
    );
    std::fs::write(folder.join("outletd.toml"), toml).unwrap();
    Daemon::start(&config::load(&folder.join("outletd.toml")).unwrap()).await.unwrap()
}

/// Listens until something is so.
async fn until(ear: &mut Client, seen: &mut Seen, so: impl Fn(&Seen) -> bool) {
    while !so(seen) {
        let (topic, value) = ear.next(|_, _| true).await;
        seen.note(&topic, value);
    }
}

fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

fn ghost(station: &str, id: &str) -> Value {
    json!({"ticket": id, "station": station, "epoch": 99, "rev": 99, "ver": 99, "number": id, "type": "bar",
        "state": "queued", "placed_at": "2026-01-01T00:00:00.000Z", "since": "2026-01-01T00:00:00.000Z",
        "lines": []})
}

#[tokio::test]
async fn tickets_of_an_earlier_run_and_forged_ones_are_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let addr = free();
    let _broker = mosquitto(folder.path(), addr).await;
    let till = Client::connect(addr, "till").await;
    for (station, id) in [("grill", "OLD"), ("oven", "OTHER")] {
        let topic = format!("outlet/v1/test/kitchen/{station}/ticket/{id}");
        till.mqtt.publish(topic, QoS::AtLeastOnce, true, ghost(station, id).to_string()).await.unwrap();
    }
    let screen = json!({"screen": "ghost", "name": "x", "view": "expediter", "stations": ["pass"]});
    let topic = "outlet/v1/test/kitchen/screen/ghost";
    till.mqtt.publish(topic, QoS::AtLeastOnce, true, screen.to_string()).await.unwrap();
    let daemon = agent(folder.path(), addr).await;
    let (mut ear, mut seen) = (Client::connect(addr, "ear").await, Seen::default());
    until(&mut ear, &mut seen, |seen| {
        seen.manifests.contains_key("grill")
            && seen.tickets.is_empty()
            && seen.screens.get("ghost").is_none_or(Value::is_null)
    })
    .await;
    ear.submit(
        "grill",
        &json!({"id": "J", "kind": "ticket", "document": order("A", &[dish("1", "Soup", "grill")])}),
    )
    .await;
    until(&mut ear, &mut seen, |seen| seen.ticket("grill", "A").is_some()).await;
    let real = seen.ticket("grill", "A").unwrap().clone();
    for id in ["A", "NEW"] {
        let topic = format!("outlet/v1/test/kitchen/grill/ticket/{id}");
        ear.mqtt.publish(topic, QoS::AtLeastOnce, true, ghost("grill", id).to_string()).await.unwrap();
    }
    until(&mut ear, &mut seen, |seen| seen.ticket("grill", "NEW").is_some()).await;
    until(&mut ear, &mut seen, |seen| {
        seen.ticket("grill", "A") == Some(&real) && seen.ticket("grill", "NEW").is_none()
    })
    .await;
    let (mut late, mut fresh) = (Client::connect(addr, "late").await, Seen::default());
    until(&mut late, &mut fresh, |seen| seen.ticket("grill", "A").is_some()).await;
    assert_eq!(fresh.ticket("grill", "A"), Some(&real));
    daemon.drain().await;
}

#[tokio::test]
async fn a_broker_that_comes_back_with_nothing_is_told_everything() {
    let folder = tempfile::tempdir().unwrap();
    let addr = free();
    let mut broker = mosquitto(folder.path(), addr).await;
    let daemon = agent(folder.path(), addr).await;
    let (mut ear, mut seen) = (Client::connect(addr, "ear").await, Seen::default());
    for id in ["A", "B"] {
        let job = json!({"id": id, "kind": "ticket", "document": order(id, &[dish("1", "Soup", "grill")])});
        ear.submit("grill", &job).await;
        until(&mut ear, &mut seen, |seen| seen.names("grill", id) && seen.ticket("grill", id).is_some())
            .await;
    }
    broker.kill().await.unwrap();
    broker = mosquitto(folder.path(), addr).await;
    let (mut ear, mut again) = (Client::connect(addr, "ear").await, Seen::default());
    until(&mut ear, &mut again, |seen| seen.names("grill", "B") && seen.tickets.len() >= 6).await;
    for (key, ticket) in &again.tickets {
        assert_eq!(seen.tickets.get(key).unwrap_or(ticket), ticket, "the same, and no newer");
    }
    let command =
        json!({"cmd": "C", "op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "ready"});
    ear.publish("outlet/v1/test/kitchen/command/till", command.to_string()).await;
    until(&mut ear, &mut again, |seen| !seen.names("grill", "A") && seen.ticket("grill", "A").is_none())
        .await;
    daemon.drain().await;
    broker.kill().await.unwrap();
}
