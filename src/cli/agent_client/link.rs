//! One MQTT 5 connection: a task polls it and hands what comes to whoever watches.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, Filter, Packet, PubAckReason, Publish, PublishProperties, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, StateError};
use rumqttc::{NetworkOptions, Outgoing, TlsConfiguration, Transport};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::ClientError;
use crate::cli::connection::{Broker, Connection};

/// A broker that is there answers sooner.
const CONNECT: Duration = Duration::from_secs(3);
/// Between two attempts to connect again.
const RECONNECT: Duration = Duration::from_secs(1);
/// Job documents with byte traces are large.
const INCOMING_MAX: u32 = 16 << 20;
/// Topic and properties beside a payload.
const HEAD_ROOM: usize = 1024;

/// A message of the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its topic.
    pub(crate) topic: String,
    /// What it says.
    pub(crate) payload: Bytes,
    /// Whether the broker had kept it.
    pub(crate) retained: bool,
    /// Which question it answers.
    pub(crate) correlation: Option<Bytes>,
}

/// What a watcher learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A message came.
    Message(Message),
    /// The broker refused a message of this client.
    Refused(String),
    /// The connection is lost; it is being made anew.
    Lost(String),
    /// It is there again, with its subscriptions. What was published meanwhile is missed.
    Restored,
}

/// Follows a filter until it is dropped.
pub(crate) struct Watch {
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Watch {
    /// What comes next. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Notice {
        match self.notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }
}

/// The connection.
pub(super) struct Link {
    mqtt: AsyncClient,
    hub: Arc<Hub>,
    polling: JoinHandle<()>,
    broker: Broker,
}

impl Link {
    /// Connects.
    pub(super) async fn open(options: &Connection, name: &str) -> Result<Self, ClientError> {
        let broker = options.broker.clone();
        let (mqtt, events) = AsyncClient::new(mqtt_options(options, name)?, 64);
        let hub = Arc::new(Hub::default());
        let (connected, connecting) = oneshot::channel();
        let polling = tokio::spawn(poll(events, mqtt.clone(), Arc::clone(&hub), connected));
        let link = Self { mqtt, hub, polling, broker };
        match timeout(CONNECT, connecting).await {
            Ok(Ok(Ok(()))) => Ok(link),
            Ok(Ok(Err(error))) => Err(refusal(&link.broker, &error)),
            Ok(Err(_)) | Err(_) => {
                let cause = format!("nothing came within {} s", CONNECT.as_secs());
                Err(ClientError::NoBroker { broker: link.broker.clone(), cause })
            }
        }
    }

    /// Subscribes; when it returns, the broker has agreed.
    pub(super) async fn watch(&self, filter: &str) -> Result<Watch, ClientError> {
        let watch = self.listen(filter);
        let (agreed, agreement) = oneshot::channel();
        self.hub.lock().subscribing.push_back(agreed);
        self.mqtt.subscribe(filter, QoS::AtLeastOnce).await.map_err(|error| self.lost(error.to_string()))?;
        match timeout(CONNECT, agreement).await {
            Ok(Ok(None)) => {
                self.hub.lock().subscribed.insert(filter.to_owned());
                Ok(watch)
            }
            Ok(Ok(Some(reason))) => Err(ClientError::NotAllowed { topic: filter.to_owned(), reason }),
            Ok(Err(_)) => Err(self.lost("while subscribing".to_owned())),
            Err(_) => Err(self.lost("the broker did not answer a subscription".to_owned())),
        }
    }

    /// Follows a filter that is subscribed to already.
    pub(super) fn listen(&self, filter: &str) -> Watch {
        let (sender, notices) = mpsc::unbounded_channel();
        self.hub.lock().watchers.push(Watcher { filter: filter.to_owned(), sender });
        Watch { notices }
    }

    /// Publishes a question with QoS 1.
    pub(super) async fn publish(
        &self,
        topic: &str,
        payload: Vec<u8>,
        reply_topic: &str,
        correlation: &Bytes,
        expiry: Option<Duration>,
    ) -> Result<(), ClientError> {
        let limit = self.hub.lock().packet_max.map_or(usize::MAX, |max| max as usize);
        if payload.len().saturating_add(HEAD_ROOM) > limit {
            return Err(ClientError::TooLarge {
                bytes: payload.len(),
                limit: limit.saturating_sub(HEAD_ROOM),
            });
        }
        let properties = PublishProperties {
            response_topic: Some(reply_topic.to_owned()),
            correlation_data: Some(correlation.clone()),
            message_expiry_interval: expiry.map(|expiry| u32::try_from(expiry.as_secs()).unwrap_or(u32::MAX)),
            content_type: Some("application/json".to_owned()),
            ..PublishProperties::default()
        };
        self.mqtt
            .publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties)
            .await
            .map_err(|error| self.lost(error.to_string()))
    }

    /// Takes leave of the broker.
    pub(super) async fn close(mut self) {
        if self.mqtt.disconnect().await.is_ok() {
            let _ = timeout(RECONNECT, &mut self.polling).await;
        }
    }

    fn lost(&self, cause: String) -> ClientError {
        ClientError::Lost { broker: self.broker.clone(), cause }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

#[derive(Default)]
struct Hub(Mutex<Connected>);

#[derive(Default)]
struct Connected {
    watchers: Vec<Watcher>,
    /// What the broker has agreed to, to be asked for again after a reconnect.
    subscribed: BTreeSet<String>,
    /// Subscriptions without an answer; the broker answers in order.
    subscribing: VecDeque<oneshot::Sender<Option<String>>>,
    /// The largest packet the broker takes.
    packet_max: Option<u32>,
}

struct Watcher {
    filter: String,
    sender: mpsc::UnboundedSender<Notice>,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, Connected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self, ack: &ConnAck) {
        self.lock().packet_max = ack.properties.as_ref().and_then(|properties| properties.max_packet_size);
    }

    fn deliver(&self, publish: Publish) {
        let message = Message {
            topic: String::from_utf8_lossy(&publish.topic).into_owned(),
            payload: publish.payload,
            retained: publish.retain,
            correlation: publish.properties.and_then(|properties| properties.correlation_data),
        };
        self.lock().watchers.retain(|watcher| {
            let wanted = rumqttc::v5::mqttbytes::matches(&message.topic, &watcher.filter);
            if wanted {
                watcher.sender.send(Notice::Message(message.clone())).is_ok()
            } else {
                !watcher.sender.is_closed()
            }
        });
    }

    fn answered(&self, codes: &[SubscribeReasonCode]) {
        let refused = codes.iter().find(|code| !matches!(code, SubscribeReasonCode::Success(_)));
        if let Some(waiting) = self.lock().subscribing.pop_front() {
            let _ = waiting.send(refused.map(|code| format!("{code:?}")));
        }
    }

    fn tell(&self, notice: &Notice) {
        self.lock().watchers.retain(|watcher| watcher.sender.send(notice.clone()).is_ok());
    }

    fn lost(&self, cause: String) {
        self.lock().subscribing.clear();
        self.tell(&Notice::Lost(cause));
    }

    fn restored(&self, mqtt: &AsyncClient) {
        let filters = self.lock().subscribed.clone();
        let wanted = filters.into_iter().map(|filter| Filter::new(filter, QoS::AtLeastOnce));
        let (unheard, _) = oneshot::channel();
        if mqtt.try_subscribe_many(wanted).is_ok() {
            self.lock().subscribing.push_back(unheard);
        }
        self.tell(&Notice::Restored);
    }
}

async fn poll(
    mut events: EventLoop,
    mqtt: AsyncClient,
    hub: Arc<Hub>,
    connected: oneshot::Sender<Result<(), ConnectionError>>,
) {
    let mut connected = Some(connected);
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                hub.connected(&ack);
                match connected.take() {
                    Some(first) => drop(first.send(Ok(()))),
                    None => hub.restored(&mqtt),
                }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => hub.deliver(publish),
            Ok(Event::Incoming(Packet::SubAck(ack))) => hub.answered(&ack.return_codes),
            Ok(Event::Incoming(Packet::PubAck(ack))) => match ack.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {}
                reason => hub.tell(&Notice::Refused(format!("{reason:?}"))),
            },
            Ok(Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(error) => {
                if let Some(first) = connected.take() {
                    let _ = first.send(Err(error));
                    return;
                }
                hub.lost(error.to_string());
                sleep(RECONNECT).await;
            }
        }
    }
}

fn mqtt_options(options: &Connection, name: &str) -> Result<MqttOptions, ClientError> {
    let broker = &options.broker;
    let host = if broker.host.contains(':') { format!("[{}]", broker.host) } else { broker.host.clone() };
    let mut mqtt = MqttOptions::new(name, host, broker.port);
    mqtt.set_keep_alive(Duration::from_secs(15))
        .set_clean_start(true)
        .set_connection_timeout(CONNECT.as_secs());
    mqtt.set_max_packet_size(Some(INCOMING_MAX));
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    mqtt.set_network_options(network);
    if let Some((user, password)) =
        broker.credentials(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    {
        mqtt.set_credentials(user, password);
    }
    if broker.tls {
        let ca = certificates(options.ca.as_deref())?;
        mqtt.set_transport(Transport::tls_with_config(TlsConfiguration::Simple {
            ca,
            alpn: None,
            client_auth: None,
        }));
    }
    Ok(mqtt)
}

/// The authorities to trust: of the file given, or else of the system.
fn certificates(file: Option<&Path>) -> Result<Vec<u8>, ClientError> {
    let path = match file {
        Some(file) => file.to_owned(),
        None => outletd::tls::system_roots(),
    };
    std::fs::read(&path).map_err(|error| ClientError::Certificates {
        file: path.display().to_string(),
        cause: error.to_string(),
    })
}

/// Why the first connection was not made, and the remedy.
fn refusal(broker: &Broker, error: &ConnectionError) -> ClientError {
    let broker = broker.clone();
    let code = match error {
        ConnectionError::ConnectionRefused(code) => *code,
        ConnectionError::MqttState(StateError::ConnFail { reason }) => *reason,
        ConnectionError::Tls(error) => return ClientError::Tls { broker, cause: error.to_string() },
        ConnectionError::Io(error) => return ClientError::NoBroker { broker, cause: error.to_string() },
        ConnectionError::Timeout(_) => {
            let cause = format!("nothing came within {} s", CONNECT.as_secs());
            return ClientError::NoBroker { broker, cause };
        }
        other => return ClientError::NoBroker { broker, cause: other.to_string() },
    };
    let remedy = match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
            "Set OUTLETD_USER and OUTLETD_PASSWORD to a user of the broker"
        }
        ConnectReturnCode::RefusedProtocolVersion | ConnectReturnCode::UnsupportedProtocolVersion => {
            "It has to speak MQTT 5: update it"
        }
        _ => "See the broker's log",
    };
    ClientError::Refused { broker, cause: format!("{code:?}"), remedy }
}
