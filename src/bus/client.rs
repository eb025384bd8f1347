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
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Filter, LastWill, Packet, PubAckReason, Publish, PublishProperties, RetainForwardRule,
    SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{NetworkOptions, Outgoing};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::message::{Heard, Message};
use crate::broker::covers;
use crate::journal::{Journal, OutboxRow};

/// Publishes in flight, and requests queued inside the client.
const IN_FLIGHT: u16 = 100;
/// Largest packet taken in: above the payload limit, so that too large a job gets its answer.
const MAX_PACKET: u32 = 8 * 1024 * 1024;

/// How long an answer is worth sending: who asked has asked again by then.
pub const ANSWER_WORTH: Duration = Duration::from_secs(10);

/// How to reach the broker.
#[derive(Clone)]
pub struct Connection {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
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
        let mut failures = 0u32;
        loop {
            let (client, events) = AsyncClient::new(self.options(), usize::from(IN_FLIGHT));
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
            let speaking = async {
                match up.await {
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
                    drop(client.disconnect().await);
                    return;
                }
                problem = &mut polling => problem.unwrap_or_else(|error| error.to_string()),
                () = speaking => "the agent had to stop speaking".to_owned(),
            };
            polling.abort();
            self.connected.send_replace(false);
            failures += 1;
            let pause = backoff(failures);
            tracing::warn!(problem, retry_in_ms = pause.as_millis() as u64, "no connection to the broker");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    fn options(&self) -> MqttOptions {
        let connection = &self.connection;
        let mut options = MqttOptions::new(&connection.client_id, &connection.host, connection.port);
        options
            .set_clean_start(false)
            .set_session_expiry_interval(Some(7 * 24 * 3600))
            .set_keep_alive(Duration::from_secs(20))
            .set_manual_acks(true)
            .set_receive_maximum(Some(32))
            .set_max_packet_size(Some(MAX_PACKET))
            .set_outgoing_inflight_upper_limit(IN_FLIGHT)
            .set_connection_timeout(5);
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        options.set_network_options(network);
        let (topic, payload) = &connection.will;
        options.set_last_will(LastWill::new(topic.as_str(), payload.clone(), QoS::AtLeastOnce, true, None));
        if let Some((user, password)) = &connection.credentials {
            options.set_credentials(user, password);
        }
        if let Some(roots) = &connection.tls {
            options.set_transport(rumqttc::Transport::tls(roots.clone(), None, None));
        }
        options
    }

    /// Says everything once, then what is new. Ends only with the connection.
    async fn speak(&mut self, client: &AsyncClient, given: &Given) {
        let filter = |path: &String, retain_forward_rule| Filter {
            path: path.clone(),
            qos: QoS::AtLeastOnce,
            nolocal: true,
            preserve_retain: true,
            retain_forward_rule,
        };
        let Connection { filters, passing, .. } = &self.connection;
        let commands = filters.iter().map(|path| filter(path, RetainForwardRule::Never));
        let passing = passing.iter().map(|path| filter(path, RetainForwardRule::OnEverySubscribe));
        let all: Vec<Filter> = commands.chain(passing).collect();
        if !all.is_empty() && client.subscribe_many(all).await.is_err() {
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

    async fn say_stored(&self, client: &AsyncClient, given: &Given) -> Result<u64, Gone> {
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

    async fn say_retained(&self, client: &AsyncClient, given: &Given) -> Result<(), Gone> {
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
            client.publish(topic, QoS::AtLeastOnce, true, payload).await.map_err(|_| Gone)?;
        }
    }
}

/// The connection this was for has ended.
struct Gone;

fn expect(given: &Given, row: Option<u64>) {
    given.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push_back(row);
}

async fn say_row(client: &AsyncClient, given: &Given, row: OutboxRow) -> Result<(), Gone> {
    expect(given, Some(row.seq));
    client.publish(row.topic, QoS::AtLeastOnce, false, row.payload).await.map_err(|_| Gone)
}

async fn say_answer(client: &AsyncClient, given: &Given, answer: Answer) -> Result<(), Gone> {
    expect(given, None);
    let properties =
        PublishProperties { correlation_data: answer.correlation, ..PublishProperties::default() };
    client
        .publish_with_properties(answer.topic, QoS::AtLeastOnce, false, answer.payload, properties)
        .await
        .map_err(|_| Gone)?;
    if let Some(said) = answer.said {
        let _ = said.send(());
    }
    Ok(())
}

/// The task that polls, and never waits for anything else.
struct Poller {
    events: EventLoop,
    client: AsyncClient,
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
            match self.events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    if let Some(up) = self.up.take() {
                        let _ = up.send(());
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => self.hear(publish),
                Ok(Event::Incoming(Packet::PubAck(ack))) => {
                    let row = in_flight.remove(&ack.pkid);
                    match (row, ack.reason) {
                        (_, PubAckReason::Success | PubAckReason::NoMatchingSubscribers) => {
                            if let Some(row) = row {
                                let _ = self.acknowledged.send(row);
                            }
                        }
                        // It stays in the outbox and goes again with the next connection.
                        (row, reason) => tracing::error!(
                            ?reason,
                            row,
                            "the broker refuses what the agent publishes: give its user the right to publish \
                             below the outlet's prefix"
                        ),
                    }
                }
                Ok(Event::Incoming(Packet::SubAck(ack))) => {
                    let refused =
                        |code: &&SubscribeReasonCode| !matches!(code, SubscribeReasonCode::Success(_));
                    if let Some(reason) = ack.return_codes.iter().find(refused) {
                        tracing::error!(
                            ?reason,
                            "the broker refuses the agent's subscriptions: no job can come in; give its user the \
                             right to read the command topics"
                        );
                    }
                }
                Ok(Event::Incoming(Packet::Disconnect(disconnect))) => {
                    return format!("the broker ended the connection: {:?}", disconnect.reason_code);
                }
                Ok(Event::Outgoing(Outgoing::Publish(id))) => {
                    let next =
                        self.given.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop_front();
                    if let Some(Some(row)) = next {
                        in_flight.insert(id, row);
                    }
                }
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
    }

    fn hear(&self, publish: Publish) {
        let properties = publish.properties.as_ref();
        let message = Message {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload.clone(),
            retain: publish.retain,
            response_topic: properties.and_then(|p| p.response_topic.clone()),
            correlation: properties.and_then(|p| p.correlation_data.clone()),
            expiry_s: properties.and_then(|p| p.message_expiry_interval),
            client: None,
            user: None,
        };
        let client = self.client.clone();
        if self.passing.iter().any(|filter| covers(filter, &message.topic)) {
            if message.retain {
                self.retained.correct(&message.topic, &message.payload);
            }
            tokio::spawn(async move { drop(client.ack(&publish).await) });
            return;
        }
        let handled = self.heard.clone().hear(message);
        tokio::spawn(async move {
            handled.await;
            drop(client.ack(&publish).await);
        });
    }
}

/// How long to wait after some failures in a row: doubling to half a minute, with jitter so that the devices
/// of an outlet don't all come at once.
pub fn backoff(failures: u32) -> Duration {
    let full = 250u64.saturating_mul(1 << failures.saturating_sub(1).min(7));
    Duration::from_millis(full.min(30_000) * 3 / 4 + fastrand::u64(..=full.min(30_000) / 2))
}
