//! One job of each family through an external broker, mosquitto, to which the agent speaks either version of MQTT;
//! and a second broker when the first is lost.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/register.rs"]
mod register;
mod support;
#[allow(dead_code, reason = "each test file uses its own part")]
#[path = "blackbox/tools.rs"]
mod tools;

use std::net::SocketAddr;
use std::path::Path;

use outlet_simulators::scale::{Scale, ScaleSpec};
use outletd::bus::contract::State;
use outletd::config;
use outletd::daemon::Daemon;
use register::{KINDS, Till, fiscal};
use serde_json::{Value, json};
use support::{Client, PATIENCE, ticket};
use tempfile::TempDir;
use tokio::process::Child;

const VERSIONS: [&str; 2] = ["5", "3.1.1"];

/// An agent with two brokers to choose from, and a till at the first that hears everything.
struct Counter {
    client: Client,
    daemon: Daemon,
    brokers: [(SocketAddr, Child); 2],
    folder: TempDir,
}

impl Counter {
    async fn open(version: &str, devices: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let brokers = [broker(folder.path()).await, broker(folder.path()).await];
        let client = Client::connect(brokers[0].0, "pos-1").await;
        let urls = brokers.each_ref().map(|(addr, _)| format!("mqtt://{addr}"));
        let toml = format!(
            "outlet = \"test\"\ndata = {:?}\n[rights]\nanonymous = [\"print\", \"fiscal\", \"measure\", \"kitchen\"]\n\
             [broker]\nurl = {urls:?}\nprotocol = \"{version}\"\n{devices}",
            folder.path().join("data"),
        );
        let file = folder.path().join("outletd.toml");
        std::fs::write(&file, toml).unwrap();
        let config = config::load(&file).unwrap_or_else(|errors| panic!("{errors}"));
        let daemon = Daemon::start(&config).await.unwrap();
        let mut counter = Self { client, daemon, brokers, folder };
        counter.agent_is_there().await;
        counter
    }

    /// Waits until the agent is at the client's broker: before, there is nobody whom a job would wait for.
    async fn agent_is_there(&mut self) {
        let online =
            |topic: &str, value: &Value| topic == "outlet/v1/test/agent" && value["state"] == "online";
        self.client.next(online).await;
    }

    /// Submits a job and waits for its good end; its result.
    async fn done(&mut self, device: &str, job: &Value) -> Value {
        self.client.submit(device, job).await;
        let end = self.client.end(job["id"].as_str().unwrap(), PATIENCE).await;
        assert_eq!(end.state, State::Succeeded, "{end:#?}");
        end.result.unwrap_or_default()
    }

    /// Asks a device as both versions can.
    async fn ask(&mut self, device: &str, mut request: Value) -> Value {
        let reply = self.client.topics.reply("pos-1");
        request["reply_to"] = json!(reply);
        self.client.publish(&self.client.topics.device_request(device), request.to_string()).await;
        self.client.next(|topic, value| topic == reply && value.get("ok").is_some()).await.1
    }
}

async fn broker(folder: &Path) -> (SocketAddr, Child) {
    let addr = SocketAddr::from(([127, 0, 0, 1], tools::free_port()));
    (addr, mosquitto::mosquitto(folder, addr).await)
}

#[tokio::test]
async fn a_ticket_is_printed_also_when_the_broker_is_lost_and_the_next_is_taken() {
    for version in VERSIONS {
        let kitchen = support::kitchen().await;
        let device = format!(
            "[[device]]\nid = \"kitchen\"\ndriver = \"escpos\"\nmodel = \"{}\"\nlink = \"tcp://{}\"\n",
            kitchen.model, kitchen.addr
        );
        let mut counter = Counter::open(version, &device).await;
        counter.done("kitchen", &ticket("01JA", "SOUP")).await;
        assert!(kitchen.printer.wait_paper(1).await.says("SOUP"));

        let [(_, first), (second, _)] = &mut counter.brokers;
        first.kill().await.unwrap();
        counter.client = Client::connect(*second, "pos-1").await;
        counter.agent_is_there().await;
        counter.done("kitchen", &ticket("01JB", "BREAD")).await;
        assert!(kitchen.printer.wait_paper(2).await.says("BREAD"));
        counter.daemon.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_fiscalised() {
    for version in VERSIONS {
        let till = Till::new(KINDS[0], "till").await;
        let mut counter = Counter::open(version, &till.toml()).await;
        counter.done("till", &fiscal("01JA", &json!({"type": "openShift"}))).await;
        let result = counter.done("till", &fiscal("01JB", &till.receipt())).await;
        let stored = till.receipts().pop().unwrap();
        assert_eq!(result["fiscalParams"]["fiscalDocumentNumber"], stored.number, "{result}");
        counter.daemon.drain().await;
    }
}

#[tokio::test]
async fn a_weight_is_told_and_asked_for() {
    for version in VERSIONS {
        let scale = Scale::new(ScaleSpec::cas());
        let device = format!(
            "[[device]]\nid = \"scale\"\ndriver = \"scale\"\nmodel = \"cas\"\nlink = \"tcp://{}\"\n\
             [device.options]\npoll_ms = 20\n",
            scale.serve_tcp("127.0.0.1:0").await.unwrap()
        );
        let mut counter = Counter::open(version, &device).await;
        counter.client.device("scale", "ready").await;
        scale.put(1550);
        let topic = counter.client.topics.device_reading("scale");
        let at_rest = |seen: &str, value: &Value| seen == topic && value["weight"]["value"] == "1.550";
        assert_eq!(counter.client.next(at_rest).await.1["stable"], true);
        let weighed = counter.ask("scale", json!({"op": "weigh"})).await;
        assert_eq!(weighed["result"]["kg"], "1.550", "{weighed}");
        counter.daemon.drain().await;
        let log = counter.folder.path().join("data/journal.db-wal");
        assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0, "the journal is one file");
    }
}

#[tokio::test]
async fn an_order_stands_in_the_kitchen_until_it_is_bumped() {
    for version in VERSIONS {
        let station = "[[station]]\nid = \"grill\"\nplaces = [\"grill\"]\nsteps = 1\n\
                       [web]\nlisten = \"127.0.0.1:0\"\n";
        let mut counter = Counter::open(version, station).await;
        let order =
            json!({"order": "A", "number": "A", "items": [{"id": "1", "name": "Soup", "place": "grill"}]});
        let client = &mut counter.client;
        client.submit("grill", &json!({"id": "01JA", "kind": "ticket", "document": order})).await;
        let ticket = |seen: &str| seen == "outlet/v1/test/kitchen/grill/ticket/A";
        client.next(|seen, value| ticket(seen) && value["lines"][0]["state"] == "queued").await;
        let bump = json!({"cmd": "C", "op": "move", "station": "grill", "ticket": "A", "from": "queued",
            "to": "ready"});
        client.publish("outlet/v1/test/kitchen/command/pos-1", bump.to_string()).await;
        // What is ready is cleared away.
        client.next(|seen, value| ticket(seen) && value.is_null()).await;
        counter.daemon.drain().await;
    }
}
