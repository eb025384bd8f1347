//! What the agent says on the bus arrives.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use std::sync::Arc;

use outletd::broker::{EmbeddedBroker, EmbeddedConfig, Handling, Inbound, PublishHook};
use outletd::bus::client::{self, Connection, Node, Protocol};
use outletd::bus::message::{Heard, Message};
use outletd::clock;
use outletd::journal::Journal;
use serde_json::json;
use support::Client;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn an_answer_given_before_there_is_a_connection_arrives_when_there_is_one() {
    for protocol in [Protocol::V5, Protocol::V311] {
        an_early_answer_arrives(protocol).await;
    }
}

async fn an_early_answer_arrives(protocol: Protocol) {
    let config = EmbeddedConfig { mqtt: "127.0.0.1:0".parse().unwrap(), ..EmbeddedConfig::default() };
    let broker = EmbeddedBroker::start(config, Arc::new(Nothing)).await.unwrap();
    let addr = broker.mqtt_addr();
    let mut till = Client::connect(addr, "pos-1").await;
    let topic = till.topics.job("01JA");

    let (bus, unsaid) = client::bus();
    bus.answer(topic.clone(), br#"{"state": "rejected"}"#.to_vec(), None);
    let folder = tempfile::tempdir().unwrap();
    let (committed, outbox) = mpsc::unbounded_channel();
    let journal = Journal::open(folder.path(), till.topics.clone(), clock::system(), committed).unwrap();
    let connection = Connection {
        nodes: vec![Node { host: addr.ip().to_string(), port: addr.port() }],
        protocol,
        tls: None,
        client_id: "agent".into(),
        credentials: None,
        will: ("outlet/v1/test/agent".into(), Vec::new()),
        passing: Vec::new(),
        filters: Vec::new(),
    };
    let hang_up = CancellationToken::new();
    let saying = unsaid.keep_saying(connection, journal, outbox, Arc::new(Nothing), hang_up.clone());
    let saying = tokio::spawn(saying);
    let (_, told) = till.next(|seen, _| seen == topic).await;
    assert_eq!(told, json!({"state": "rejected"}));
    hang_up.cancel();
    saying.await.unwrap();
}

struct Nothing;

impl PublishHook for Nothing {
    fn publish(&self, _: Inbound) -> Handling {
        Handling::route()
    }
}

impl Heard for Nothing {
    fn hear(self: Arc<Self>, _: Message) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async {})
    }
}
