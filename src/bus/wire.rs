//! One connection in either version of MQTT: what the bus does with it looks the same in both.
//!
//! MQTT 3.1.1 has no reasons, no properties, and no subscription that leaves out what the agent itself publishes.
//! Those who need more than that put it into the payload, as the contract says.

use std::time::Duration;

use bytes::Bytes;
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5;
use rumqttc::v5::mqttbytes::v5::{PubAckReason, PublishProperties, RetainForwardRule};
use rumqttc::{NetworkOptions, Outgoing, Transport};
use serde::Deserialize;

use super::client::{Connection, Node};
use super::message::Message;

/// Publishes in flight, and requests queued inside the client.
const IN_FLIGHT: u16 = 100;
/// Largest packet taken in: above the payload limit, so that too large a job gets its answer.
const MAX_PACKET: u32 = 8 * 1024 * 1024;
/// How long the broker keeps the session and what comes for it. In MQTT 3.1.1 the broker decides.
const SESSION_S: u32 = 7 * 24 * 3600;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const CONNECT_S: u64 = 5;

const OLDER: &str = "Where the broker is older than MQTT 5, set protocol = \"3.1.1\" in [broker]";

/// A version of MQTT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum Protocol {
    /// MQTT 5.
    #[default]
    V5,
    /// MQTT 3.1.1.
    V311,
}

impl TryFrom<String> for Protocol {
    type Error = String;

    fn try_from(version: String) -> Result<Self, String> {
        match version.as_str() {
            "5" => Ok(Self::V5),
            "3.1.1" => Ok(Self::V311),
            _ => Err(format!(
                "{version:?} is no version of MQTT that the agent speaks: write \"5\" or \"3.1.1\""
            )),
        }
    }
}

/// Makes a client; it connects when it is polled.
pub(super) fn client(connection: &Connection, node: &Node) -> (Sender, Events) {
    match connection.protocol {
        Protocol::V5 => {
            let options = options_v5(connection, node);
            let (sender, events) = rumqttc::v5::AsyncClient::new(options, usize::from(IN_FLIGHT));
            (Sender::V5(sender), Events::V5 { events: Box::new(events), answered: false })
        }
        Protocol::V311 => {
            let options = options_v311(connection, node);
            let (sender, mut events) = rumqttc::AsyncClient::new(options, usize::from(IN_FLIGHT));
            events.set_network_options(network());
            (Sender::V311(sender), Events::V311(Box::new(events)))
        }
    }
}

fn network() -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_S);
    network
}

fn options_v5(connection: &Connection, node: &Node) -> rumqttc::v5::MqttOptions {
    let mut options = rumqttc::v5::MqttOptions::new(&connection.client_id, &node.host, node.port);
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(SESSION_S))
        .set_keep_alive(KEEP_ALIVE)
        .set_manual_acks(true)
        .set_receive_maximum(Some(32))
        .set_max_packet_size(Some(MAX_PACKET))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT)
        .set_connection_timeout(CONNECT_S);
    options.set_network_options(network());
    let (topic, payload) = &connection.will;
    options.set_last_will(v5::LastWill::new(topic.as_str(), payload.clone(), QoS::AtLeastOnce, true, None));
    if let Some((user, password)) = &connection.credentials {
        options.set_credentials(user, password);
    }
    if let Some(roots) = &connection.tls {
        options.set_transport(Transport::tls(roots.clone(), None, None));
    }
    options
}

fn options_v311(connection: &Connection, node: &Node) -> rumqttc::MqttOptions {
    let max_packet = MAX_PACKET as usize;
    let mut options = rumqttc::MqttOptions::new(&connection.client_id, &node.host, node.port);
    options
        .set_clean_session(false)
        .set_keep_alive(KEEP_ALIVE)
        .set_manual_acks(true)
        .set_max_packet_size(max_packet, max_packet)
        .set_inflight(IN_FLIGHT);
    let (topic, payload) = &connection.will;
    let once = rumqttc::QoS::AtLeastOnce;
    options.set_last_will(v4::LastWill::new(topic.as_str(), payload.clone(), once, true));
    if let Some((user, password)) = &connection.credentials {
        options.set_credentials(user, password);
    }
    if let Some(roots) = &connection.tls {
        options.set_transport(Transport::tls(roots.clone(), None, None));
    }
    options
}

/// The connection this was for has ended.
pub(super) struct Gone;

/// Gives the client what it is to send. Clones share one connection.
#[derive(Clone)]
pub(super) enum Sender {
    V5(rumqttc::v5::AsyncClient),
    V311(rumqttc::AsyncClient),
}

impl Sender {
    /// Subscribes to command topics, of which nothing that the broker has kept is wanted, and to those of documents
    /// that come and go, of which all is.
    pub(super) async fn subscribe(&self, commands: &[String], passing: &[String]) -> Result<(), Gone> {
        if commands.is_empty() && passing.is_empty() {
            return Ok(());
        }
        match self {
            Self::V5(client) => {
                let filter = |path: &String, retain_forward_rule| v5::Filter {
                    path: path.clone(),
                    qos: QoS::AtLeastOnce,
                    nolocal: true,
                    preserve_retain: true,
                    retain_forward_rule,
                };
                let commands = commands.iter().map(|path| filter(path, RetainForwardRule::Never));
                let passing = passing.iter().map(|path| filter(path, RetainForwardRule::OnEverySubscribe));
                let all: Vec<v5::Filter> = commands.chain(passing).collect();
                client.subscribe_many(all).await.map_err(|_| Gone)
            }
            Self::V311(client) => {
                let all = commands.iter().chain(passing);
                let all = all
                    .map(|path| v4::SubscribeFilter::new(path.clone(), rumqttc::QoS::AtLeastOnce))
                    .collect::<Vec<_>>();
                client.subscribe_many(all).await.map_err(|_| Gone)
            }
        }
    }

    /// Publishes with QoS 1. MQTT 3.1.1 has no place for `correlation`.
    pub(super) async fn publish(
        &self,
        topic: String,
        retain: bool,
        payload: Vec<u8>,
        correlation: Option<Bytes>,
    ) -> Result<(), Gone> {
        match self {
            Self::V5(client) => {
                let qos = QoS::AtLeastOnce;
                if correlation.is_none() {
                    return client.publish(topic, qos, retain, payload).await.map_err(|_| Gone);
                }
                let properties =
                    PublishProperties { correlation_data: correlation, ..PublishProperties::default() };
                let published = client.publish_with_properties(topic, qos, retain, payload, properties);
                published.await.map_err(|_| Gone)
            }
            Self::V311(client) => {
                let qos = rumqttc::QoS::AtLeastOnce;
                client.publish(topic, qos, retain, payload).await.map_err(|_| Gone)
            }
        }
    }

    /// Acknowledges what was heard; in vain where the connection has ended.
    pub(super) async fn acknowledge(&self, receipt: &Receipt) {
        match (self, receipt) {
            (Self::V5(client), Receipt::V5(publish)) => drop(client.ack(publish).await),
            (Self::V311(client), Receipt::V311(publish)) => drop(client.ack(publish).await),
            _ => {}
        }
    }

    /// Takes leave of the broker.
    pub(super) async fn disconnect(&self) {
        match self {
            Self::V5(client) => drop(client.disconnect().await),
            Self::V311(client) => drop(client.disconnect().await),
        }
    }
}

/// What has to be acknowledged.
pub(super) enum Receipt {
    V5(Box<v5::Publish>),
    V311(Box<v4::Publish>),
}

/// What happened on the connection.
pub(super) enum Happened {
    /// The broker has accepted it.
    Connected,
    /// Somebody has published something.
    Heard(Box<Message>, Receipt),
    /// A publish left under this id.
    Left(u16),
    /// The broker has taken the publish of this id, or refuses it and says why.
    Taken(u16, Result<(), String>),
    /// The broker has taken the subscriptions, or refuses some and says why.
    Subscribed(Result<(), String>),
    /// Nothing that matters here.
    Nothing,
}

/// What comes from the connection.
pub(super) enum Events {
    V5 { events: Box<rumqttc::v5::EventLoop>, answered: bool },
    V311(Box<rumqttc::EventLoop>),
}

impl Events {
    /// Polls the connection; why it was lost, when it is.
    pub(super) async fn next(&mut self) -> Result<Happened, String> {
        match self {
            Self::V5 { events, answered } => match events.poll().await {
                Ok(rumqttc::v5::Event::Incoming(packet)) => {
                    *answered = true;
                    happened_v5(packet)
                }
                Ok(rumqttc::v5::Event::Outgoing(outgoing)) => Ok(left(&outgoing)),
                Err(error) => Err(lost_v5(&error, *answered)),
            },
            Self::V311(events) => match events.poll().await {
                Ok(rumqttc::Event::Incoming(packet)) => Ok(happened_v311(packet)),
                Ok(rumqttc::Event::Outgoing(outgoing)) => Ok(left(&outgoing)),
                Err(rumqttc::ConnectionError::ConnectionRefused(reason)) => {
                    Err(format!("the broker refuses the connection: {reason:?}"))
                }
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// Why a connection of MQTT 5 was lost, or not made: a broker that is older may just hang up.
fn lost_v5(error: &rumqttc::v5::ConnectionError, answered: bool) -> String {
    use rumqttc::v5::ConnectionError::{ConnectionRefused, MqttState};
    use v5::ConnectReturnCode::{RefusedProtocolVersion, UnsupportedProtocolVersion};
    let problem = match error {
        ConnectionRefused(reason) => format!("the broker refuses the connection: {reason:?}"),
        error => error.to_string(),
    };
    match error {
        ConnectionRefused(RefusedProtocolVersion | UnsupportedProtocolVersion) => {
            format!("{problem}. {OLDER}")
        }
        MqttState(_) if !answered => format!("{problem}, without an answer. {OLDER}"),
        _ => problem,
    }
}

fn left(outgoing: &Outgoing) -> Happened {
    match outgoing {
        Outgoing::Publish(id) => Happened::Left(*id),
        _ => Happened::Nothing,
    }
}

pub(super) fn happened_v5(packet: v5::Packet) -> Result<Happened, String> {
    Ok(match packet {
        v5::Packet::ConnAck(_) => Happened::Connected,
        v5::Packet::Publish(publish) => {
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
            Happened::Heard(Box::new(message), Receipt::V5(Box::new(publish)))
        }
        v5::Packet::PubAck(ack) => {
            let taken = match ack.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Ok(()),
                reason => Err(format!("{reason:?}")),
            };
            Happened::Taken(ack.pkid, taken)
        }
        v5::Packet::SubAck(ack) => {
            let refused =
                |code: &&v5::SubscribeReasonCode| !matches!(code, v5::SubscribeReasonCode::Success(_));
            let refused = ack.return_codes.iter().find(refused);
            Happened::Subscribed(refused.map_or(Ok(()), |reason| Err(format!("{reason:?}"))))
        }
        v5::Packet::Disconnect(disconnect) => {
            return Err(format!("the broker ended the connection: {:?}", disconnect.reason_code));
        }
        _ => Happened::Nothing,
    })
}

pub(super) fn happened_v311(packet: v4::Packet) -> Happened {
    match packet {
        v4::Packet::ConnAck(_) => Happened::Connected,
        v4::Packet::Publish(publish) => {
            let message = Message {
                topic: publish.topic.clone(),
                payload: publish.payload.clone(),
                retain: publish.retain,
                response_topic: None,
                correlation: None,
                expiry_s: None,
                client: None,
                user: None,
            };
            Happened::Heard(Box::new(message), Receipt::V311(Box::new(publish)))
        }
        v4::Packet::PubAck(ack) => Happened::Taken(ack.pkid, Ok(())),
        v4::Packet::SubAck(ack) => {
            let refused = ack.return_codes.contains(&v4::SubscribeReasonCode::Failure);
            Happened::Subscribed(if refused { Err("failure".to_owned()) } else { Ok(()) })
        }
        _ => Happened::Nothing,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Why there is no connection to a broker that answers a CONNECT with this, and hangs up.
    async fn problem_with(protocol: Protocol, answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            assert!(socket.read(&mut [0; 1024]).await.unwrap() > 0);
            socket.write_all(answer).await.unwrap();
        });
        let node = Node { host: "127.0.0.1".into(), port };
        let connection = Connection {
            nodes: vec![node.clone()],
            protocol,
            tls: None,
            client_id: "outletd-test".into(),
            credentials: None,
            will: ("gone".into(), Vec::new()),
            filters: Vec::new(),
            passing: Vec::new(),
        };
        let (_sender, mut events) = client(&connection, &node);
        events.next().await.err().unwrap()
    }

    #[tokio::test]
    async fn a_broker_that_does_not_know_mqtt_5_is_told_with_the_remedy() {
        // Hung up; an answer of MQTT 3.1.1; one of MQTT 5.
        let answers: [&[u8]; 3] = [b"", b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00"];
        for answer in answers {
            let problem = problem_with(Protocol::V5, answer).await;
            assert!(problem.contains("protocol = \"3.1.1\""), "{answer:?}: {problem}");
        }
    }

    #[tokio::test]
    async fn a_broker_that_refuses_the_password_is_told_as_it_is() {
        for (protocol, answer) in
            [(Protocol::V5, b"\x20\x03\x00\x86\x00".as_slice()), (Protocol::V311, b"\x20\x02\x00\x04")]
        {
            let problem = problem_with(protocol, answer).await;
            assert!(problem.contains("BadUserNamePassword") && !problem.contains("3.1.1"), "{problem}");
        }
    }
}
