//! What the agent says on the bus arrives.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use outletd::broker::{EmbeddedBroker, EmbeddedConfig, Handling, Inbound, PublishHook};
use outletd::bus::client::{self, Connection, Node, Protocol};
use outletd::bus::contract::EventBody;
use outletd::bus::message::{Heard, Message};
use outletd::clock;
use outletd::journal::Journal;
use serde_json::json;
use support::Client;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
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

#[tokio::test]
async fn what_was_committed_while_the_broker_was_away_is_told_in_its_order_and_whole() {
    const AWAY: u64 = 700;
    const BACK: u64 = 300;
    let config = EmbeddedConfig { mqtt: "127.0.0.1:0".parse().unwrap(), ..EmbeddedConfig::default() };
    let broker = EmbeddedBroker::start(config, Arc::new(Nothing)).await.unwrap();
    let mut till = Client::connect(broker.mqtt_addr(), "pos-1").await;
    let mut gate = Gate::shut(broker.mqtt_addr()).await;

    let folder = tempfile::tempdir().unwrap();
    let (committed, outbox) = mpsc::unbounded_channel();
    let journal = Journal::open(folder.path(), till.topics.clone(), clock::system(), committed).unwrap();
    let connection = Connection {
        nodes: vec![Node { host: gate.addr.ip().to_string(), port: gate.addr.port() }],
        protocol: Protocol::V5,
        tls: None,
        client_id: "agent".into(),
        credentials: None,
        will: ("outlet/v1/test/agent".into(), Vec::new()),
        passing: Vec::new(),
        filters: Vec::new(),
    };
    let (hang_up, (_bus, unsaid)) = (CancellationToken::new(), client::bus());
    let saying = unsaid.keep_saying(connection, journal.clone(), outbox, Arc::new(Nothing), hang_up.clone());
    let saying = tokio::spawn(saying);
    for number in 0..AWAY {
        journal.record(EventBody::Housekeeping { jobs: number, events: 0 }).await.unwrap();
    }
    gate.knocked().await;
    gate.open.send_replace(true);
    let mut next = 0;
    while next < AWAY + BACK {
        let (_, entry) = till.next(|_, value| value["event"] == "housekeeping").await;
        assert_eq!(entry["jobs"], next, "in its order, and each once");
        // What is committed meanwhile follows what was there.
        if next < BACK {
            journal.record(EventBody::Housekeeping { jobs: AWAY + next, events: 0 }).await.unwrap();
        }
        next += 1;
    }
    hang_up.cancel();
    saying.await.unwrap();
}

/// A way to the broker that hangs up on everybody until it is opened.
struct Gate {
    addr: SocketAddr,
    open: watch::Sender<bool>,
    knocks: mpsc::UnboundedReceiver<()>,
    _tasks: JoinSet<()>,
}

impl Gate {
    async fn shut(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let ((open, opened), (knock, knocks)) = (watch::channel(false), mpsc::unbounded_channel());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut ways = JoinSet::new();
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                knock.send(()).ok();
                if *opened.borrow() {
                    ways.spawn(async move {
                        let mut to = TcpStream::connect(broker).await.unwrap();
                        copy_bidirectional(&mut from, &mut to).await.ok();
                    });
                }
            }
        });
        Self { addr, open, knocks, _tasks: tasks }
    }

    /// Waits until somebody has tried, and tried again.
    async fn knocked(&mut self) {
        for _ in 0..2 {
            self.knocks.recv().await.unwrap();
        }
    }
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
