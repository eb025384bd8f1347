//! The agent's own client: one connection at a time, made anew after each loss.
//!
//! One task only polls. Another says what is to be said: retained documents as they are now, rows of the
//! outbox in their order, and answers. A row is forgotten when its PUBACK comes; after each CONNACK all rows
//! still there go again, and so do the retained documents, so that a broker that lost everything is told
//! everything. The client is built anew for each connection: rumqttc 0.25 would otherwise replay its own
//! queue beside the outbox.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::message::{Heard, Message};
pub use super::wire::Protocol;
use super::wire::{self, Events, Gone, Happened, Receipt, Sender};
use crate::broker::covers;
use crate::journal::{Journal, OutboxRow};

/// How long an answer is worth sending: who asked has asked again by then.
pub const ANSWER_WORTH: Duration = Duration::from_secs(10);

/// Where a broker, or a node of one, is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// How to reach the broker.
#[derive(Clone)]
pub struct Connection {
    /// The broker, or the nodes of one that is a cluster: the agent is at one of them, whichever answers.
    pub nodes: Vec<Node>,
    /// The version of MQTT.
    pub protocol: Protocol,
    /// TLS: the roots to trust, PEM.
    pub tls: Option<Vec<u8>>,
    /// The fixed client id.
    pub client_id: String,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// The will: topic and payload, retained.
    pub will: (String, Vec<u8>),
    /// Command topics to subscribe to; none where the embedded broker hands messages over itself.
    pub filters: Vec<String>,
    /// Filters of retained documents that come and go: those that the agent did not make are cleared.
    pub passing: Vec<String>,
}

/// What the agent says on the bus. Clones share one connection.
#[derive(Clone)]
pub struct Bus {
    answers: mpsc::UnboundedSender<Answer>,
    retained: Arc<Retained>,
    connected: watch::Receiver<bool>,
}

struct Answer {
    topic: String,
    payload: Vec<u8>,
    correlation: Option<Bytes>,
    given: Instant,
    said: Option<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Retained {
    documents: Mutex<Documents>,
    changed: Notify,
}

#[derive(Default)]
struct Documents {
    all: BTreeMap<String, Vec<u8>>,
    unsaid: BTreeSet<String>,
}

impl Retained {
    fn lock(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Retained {
    /// Puts right what the broker has under a topic of the agent's: a document that comes and goes, left there by
    /// an earlier run or written by somebody else.
    fn correct(&self, topic: &str, payload: &[u8]) {
        let mut documents = self.lock();
        let ours = documents.all.get(topic).filter(|ours| !ours.is_empty());
        if ours.map_or(payload.is_empty(), |ours| ours.as_slice() == payload) {
            return;
        }
        tracing::info!(topic, "a retained document of an earlier run, or of somebody else, is put right");
        documents.all.entry(topic.to_owned()).or_default();
        documents.unsaid.insert(topic.to_owned());
        drop(documents);
        self.changed.notify_one();
    }
}

impl Bus {
    /// Sends an answer, once: a client that gets none repeats its question. One that is given while there is no
    /// connection waits for it for some seconds.
    pub fn answer(&self, topic: String, payload: Vec<u8>, correlation: Option<Bytes>) {
        self.say(topic, payload, correlation, None);
    }

    /// The same for what nobody has asked for. What is returned resolves when it has been handed to the
    /// connection, or was given up.
    pub fn tell(&self, topic: String, payload: Vec<u8>) -> oneshot::Receiver<()> {
        let (said, told) = oneshot::channel();
        self.say(topic, payload, None, Some(said));
        told
    }

    fn say(
        &self,
        topic: String,
        payload: Vec<u8>,
        correlation: Option<Bytes>,
        said: Option<oneshot::Sender<()>>,
    ) {
        drop(self.answers.send(Answer { topic, payload, correlation, given: Instant::now(), said }));
    }

    /// Sets a retained document; only the newest of each topic is sent.
    pub fn retain(&self, topic: String, payload: Vec<u8>) {
        let mut documents = self.retained.lock();
        if documents.all.get(&topic) != Some(&payload) {
            documents.unsaid.insert(topic.clone());
            documents.all.insert(topic, payload);
            self.retained.changed.notify_one();
        }
    }

    /// Takes a retained document away.
    pub fn clear(&self, topic: String) {
        self.retain(topic, Vec::new());
    }

    /// Waits until the broker has accepted the connection.
    pub async fn wait_connected(&self) {
        drop(self.connected.clone().wait_for(|connected| *connected).await);
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Waits, at most `limit`, until all retained documents have been handed to the connection.
    pub async fn flush(&self, limit: Duration) {
        let said = async {
            while *self.connected.borrow() && !self.retained.lock().unsaid.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        drop(tokio::time::timeout(limit, said).await);
    }
}

/// How long a connection may still hand over its last words once nobody speaks on it any more.
const LINGER: Duration = Duration::from_secs(1);

/// Ends a connection's task some time after the one that speaks on it: it holds the journal, which is to be closed.
struct Lingering(tokio::task::AbortHandle);

impl Drop for Lingering {
    fn drop(&mut self) {
        let polling = self.0.clone();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                tokio::time::sleep(LINGER).await;
                polling.abort();
            })),
            Err(_) => polling.abort(),
        }
    }
}

/// Makes the bus. What is said on it waits until there is a connection.
pub fn bus() -> (Bus, Unsaid) {
    let (answers, answers_rx) = mpsc::unbounded_channel();
    let (connected_tx, connected) = watch::channel(false);
    let retained = Arc::new(Retained::default());
    let bus = Bus { answers, retained: retained.clone(), connected };
    (bus, Unsaid { answers: answers_rx, retained, connected: connected_tx })
}

/// What has been said on a bus, for the task that connects it.
pub struct Unsaid {
    answers: mpsc::UnboundedReceiver<Answer>,
    retained: Arc<Retained>,
    connected: watch::Sender<bool>,
}

impl Unsaid {
    /// The answers that wait: their topics and payloads.
    #[cfg(test)]
    pub(crate) fn said(&mut self) -> Vec<(String, Vec<u8>)> {
        let answers = std::iter::from_fn(|| self.answers.try_recv().ok());
        answers.map(|answer| (answer.topic, answer.payload)).collect()
    }

    /// Keeps the bus connected until `stop` is cancelled.
    pub async fn keep_saying(
        self,
        connection: Connection,
        journal: Journal,
        outbox: mpsc::UnboundedReceiver<Vec<OutboxRow>>,
        heard: Arc<dyn Heard>,
        stop: CancellationToken,
    ) {
        let (acknowledged, acks) = mpsc::unbounded_channel();
        let forgetting = forget(acks, journal.clone());
        let Self { answers, retained, connected } = self;
        let speaker = Speaker { connection, journal, outbox, answers, retained, connected };
        tokio::join!(speaker.run(heard, acknowledged, stop), forgetting);
    }
}

/// Gathers acknowledged rows for a moment, so that they leave the journal together.
async fn forget(mut acks: mpsc::UnboundedReceiver<u64>, journal: Journal) {
    let mut rows = Vec::new();
    while acks.recv_many(&mut rows, 1024).await > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        while let Ok(row) = acks.try_recv() {
            rows.push(row);
        }
        journal.forget_outbox(std::mem::take(&mut rows));
    }
}

struct Speaker {
    connection: Connection,
    journal: Journal,
    outbox: mpsc::UnboundedReceiver<Vec<OutboxRow>>,
    answers: mpsc::UnboundedReceiver<Answer>,
    retained: Arc<Retained>,
    connected: watch::Sender<bool>,
}

/// Which outbox row, if any, each publish given to the client stands for, in the order they were given.
type Given = Arc<Mutex<VecDeque<Option<u64>>>>;

impl Speaker {
    async fn run(
        mut self,
        heard: Arc<dyn Heard>,
        acknowledged: mpsc::UnboundedSender<u64>,
        stop: CancellationToken,
    ) {
        let nodes = self.connection.nodes.clone();
        let mut failures = 0u32;
        // Whoever has lost one node tries the next first.
        for node in nodes.iter().cycle() {
            let (client, events) = wire::client(&self.connection, node);
            let given = Given::default();
            let (up_tx, up) = oneshot::channel();
            let poller = Poller {
                events,
                client: client.clone(),
                given: given.clone(),
                acknowledged: acknowledged.clone(),
                heard: heard.clone(),
                up: Some(up_tx),
                retained: self.retained.clone(),
                passing: self.connection.passing.clone(),
            };
            let mut polling = tokio::spawn(poller.run());
            let _lingering = Lingering(polling.abort_handle());
            let speaking = async {
                let up = tokio::select! {
                    biased;
                    up = up => up,
                    () = forgo(&mut self.outbox) => return,
                };
                match up {
                    Ok(()) => {
                        failures = 0;
                        self.connected.send_replace(true);
                        self.speak(&client, &given).await;
                    }
                    // The poller has ended, and says why.
                    Err(_) => std::future::pending().await,
                }
            };
            let problem = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    client.disconnect().await;
                    return;
                }
                problem = &mut polling => problem.unwrap_or_else(|error| error.to_string()),
                () = speaking => "the agent had to stop speaking".to_owned(),
            };
            polling.abort();
            self.connected.send_replace(false);
            // The pause grows when all nodes have been tried.
            let rounds = failures / u32::try_from(nodes.len()).unwrap_or(u32::MAX).max(1);
            failures = failures.saturating_add(1);
            let pause = backoff(rounds + 1);
            tracing::warn!(
                problem,
                host = node.host,
                port = node.port,
                retry_in_ms = pause.as_millis() as u64,
                "no connection to the broker"
            );
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = forgo(&mut self.outbox) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Says everything once, then what is new. Ends only with the connection.
    async fn speak(&mut self, client: &Sender, given: &Given) {
        let Connection { filters, passing, .. } = &self.connection;
        if client.subscribe(filters, passing).await.is_err() {
            return;
        }
        {
            let mut documents = self.retained.lock();
            documents.unsaid = documents.all.keys().cloned().collect();
        }
        if self.say_retained(client, given).await.is_err() {
            return;
        }
        // Rows that arrive by the channel while the stored ones are read are told apart by their number.
        let Ok(mut told) = self.say_stored(client, given).await else { return };
        loop {
            let said = tokio::select! {
                biased;
                Some(answer) = self.answers.recv() => {
                    if answer.given.elapsed() < ANSWER_WORTH {
                        say_answer(client, given, answer).await
                    } else {
                        Ok(())
                    }
                }
                Some(rows) = self.outbox.recv() => {
                    let mut said = Ok(());
                    for row in rows {
                        if row.seq > told && said.is_ok() {
                            told = row.seq;
                            said = say_row(client, given, row).await;
                        }
                    }
                    said
                }
                () = self.retained.changed.notified() => self.say_retained(client, given).await,
                else => return,
            };
            if said.is_err() {
                return;
            }
        }
    }

    async fn say_stored(&self, client: &Sender, given: &Given) -> Result<u64, Gone> {
        let mut told = 0;
        loop {
            let rows = match self.journal.outbox(told, 256).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "the outbox can't be read");
                    return Err(Gone);
                }
            };
            let Some(last) = rows.last() else { return Ok(told) };
            told = last.seq;
            for row in rows {
                say_row(client, given, row).await?;
            }
        }
    }

    async fn say_retained(&self, client: &Sender, given: &Given) -> Result<(), Gone> {
        loop {
            let next = {
                let mut documents = self.retained.lock();
                documents.unsaid.pop_first().map(|topic| {
                    let payload = match documents.all.get(&topic) {
                        Some(payload) if !payload.is_empty() => payload.clone(),
                        // Gone for good: should this get lost, the broker shows it at the next connection.
                        _ => documents.all.remove(&topic).unwrap_or_default(),
                    };
                    (topic, payload)
                })
            };
            let Some((topic, payload)) = next else { return Ok(()) };
            expect(given, None);
            client.publish(topic, true, payload, None).await?;
        }
    }
}

/// Lets go of what is committed while there is no connection, for ever: the journal has it, and all of it is read there
/// when there is one. Cancel-safe.
async fn forgo(outbox: &mut mpsc::UnboundedReceiver<Vec<OutboxRow>>) {
    while outbox.recv().await.is_some() {}
    std::future::pending().await
}

fn expect(given: &Given, row: Option<u64>) {
    given.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push_back(row);
}

async fn say_row(client: &Sender, given: &Given, row: OutboxRow) -> Result<(), Gone> {
    expect(given, Some(row.seq));
    client.publish(row.topic, false, row.payload, None).await
}

async fn say_answer(client: &Sender, given: &Given, answer: Answer) -> Result<(), Gone> {
    expect(given, None);
    client.publish(answer.topic, false, answer.payload, answer.correlation).await?;
    if let Some(said) = answer.said {
        let _ = said.send(());
    }
    Ok(())
}

/// The task that polls, and never waits for anything else.
struct Poller {
    events: Events,
    client: Sender,
    given: Given,
    acknowledged: mpsc::UnboundedSender<u64>,
    heard: Arc<dyn Heard>,
    up: Option<oneshot::Sender<()>>,
    retained: Arc<Retained>,
    passing: Vec<String>,
}

impl Poller {
    /// Polls until the connection is lost, and says why.
    async fn run(mut self) -> String {
        let mut in_flight: HashMap<u16, u64> = HashMap::new();
        loop {
            let happened = match self.events.next().await {
                Ok(happened) => happened,
                Err(problem) => return problem,
            };
            match happened {
                Happened::Connected => {
                    if let Some(up) = self.up.take() {
                        let _ = up.send(());
                    }
                }
                Happened::Heard(message, receipt) => self.hear(*message, receipt),
                Happened::Taken(id, taken) => match (in_flight.remove(&id), taken) {
                    (Some(row), Ok(())) => drop(self.acknowledged.send(row)),
                    (None, Ok(())) => {}
                    // It stays in the outbox and goes again with the next connection.
                    (row, Err(reason)) => tracing::error!(
                        reason,
                        row,
                        "the broker refuses what the agent publishes: give its user the right to publish below \
                         the outlet's prefix"
                    ),
                },
                Happened::Subscribed(Err(reason)) => tracing::error!(
                    reason,
                    "the broker refuses the agent's subscriptions: no job can come in; give its user the right to \
                     read the command topics"
                ),
                Happened::Left(id) => {
                    let next =
                        self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop_front();
                    if let Some(Some(row)) = next {
                        in_flight.insert(id, row);
                    }
                }
                Happened::Subscribed(Ok(())) | Happened::Nothing => {}
            }
        }
    }

    fn hear(&self, message: Message, receipt: Receipt) {
        let client = self.client.clone();
        if self.passing.iter().any(|filter| covers(filter, &message.topic)) {
            if message.retain {
                self.retained.correct(&message.topic, &message.payload);
            }
            tokio::spawn(async move { client.acknowledge(&receipt).await });
            return;
        }
        let handled = self.heard.clone().hear(message);
        tokio::spawn(async move {
            handled.await;
            client.acknowledge(&receipt).await;
        });
    }
}

/// How long to wait after some failures in a row: doubling to half a minute, with jitter so that the devices
/// of an outlet don't all come at once.
pub fn backoff(failures: u32) -> Duration {
    let full = 250u64.saturating_mul(1 << failures.saturating_sub(1).min(7));
    Duration::from_millis(full.min(30_000) * 3 / 4 + fastrand::u64(..=full.min(30_000) / 2))
}
