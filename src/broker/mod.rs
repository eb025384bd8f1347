//! The MQTT broker inside the agent.
//!
//! [`EmbeddedBroker::start`] listens, [`PublishHook`] sees every publish before it is
//! acknowledged, [`EmbeddedBroker::agent`] says how the agent itself connects. Nothing of the
//! library underneath (crate `mqtt5`) shows in these types.
//!
//! # What a client can rely on
//! - MQTT 3.1.1 and 5 on one port, and over WebSocket (path `/mqtt`, subprotocol `mqtt`).
//! - QoS 1 and 2: the PUBACK or PUBREC leaves after the hook has said so, in the order of the
//!   publishes (MQTT 5, section 4.6). Several publishes of one client are with the hook at once.
//! - A publish that MQTT forbids, or one above the packet limit, ends the connection with a
//!   reason: 0x90 for a topic with a wildcard, 0x95 for a packet too large (MQTT 5, section
//!   3.14.2.1). A 3.1.1 client has no such packet and sees the connection close.
//! - A publish without the right to it is acknowledged with 0x87 in MQTT 5; in 3.1.1 with a plain
//!   PUBACK, as that version has no other answer.
//!
//! # What it doesn't do
//! - A will does not pass the hook: it goes to subscribers and to the retained store only.
//! - Without [`EmbeddedConfig::store`] sessions and retained messages end with the process. A
//!   subscriber with `clean_start = false` then finds no session after a restart of the agent
//!   (`session present` = 0) and has to subscribe again; messages that waited for it are gone.
//!   What the agent itself says is in its journal and is published again.
//! - A client identifier is its user's as long as one is connected under it or has a session; another user is refused
//!   with 0x85 (client identifier not valid). Of the sessions of absent clients [`Limits::absent_sessions`] are kept:
//!   above that those of the user who has the most go, the oldest first.
//! - What clients have retained is bounded together by [`Limits::retained_messages`] and [`Limits::retained_total`];
//!   more is not retained and goes to nobody: MQTT 5 with QoS 1 gets a PUBACK with 0x97 (quota exceeded), a client with
//!   such a will is not let in.
//! - A subscriber that stays away is kept [`Limits::queued_messages`] and
//!   [`Limits::queued_bytes`]; above that its oldest messages are dropped, with a warning.
//! - A subscriber that is connected but doesn't read holds up its publishers once, for at most two
//!   seconds, when 5,000 messages are on their way to it.

mod accept;
mod config;
pub mod fuzz;
mod link;
mod password;
mod retained;
mod rights;
mod sessions;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mqtt5::broker::config::BrokerConfig;
use mqtt5::broker::events::BrokerEventHandler;
use mqtt5::broker::resource_monitor::{ResourceLimits, ResourceMonitor};
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::{DynamicStorage, FileBackend, MemoryBackend, QueueLimits, StorageBackend};
use mqtt5::broker::sys_topics::BrokerStats;
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinSet;

use crate::lobby::Lobby;
use accept::{Core, Door, Kind};
pub use config::{BrokerError, EmbeddedConfig, Limits, TlsFiles};
pub use password::Password;
pub(crate) use password::Verifier;
use retained::Retained;
use rights::Access;
pub use rights::{SCREENS_USER, User, covers};
use sessions::Sessions;

/// Decides what becomes of a publish, before the broker acknowledges it.
///
/// Called once for each PUBLISH of QoS 0, 1 and 2 of every client but the agent itself, in the
/// order in which one client sent them. A repeated PUBLISH (DUP) is seen again: tell repeats apart
/// by what the payload says.
pub trait PublishHook: Send + Sync + 'static {
    /// Must not block; what takes time belongs into [`Handling::after`].
    fn publish(&self, message: Inbound) -> Handling;

    /// A client was not let in.
    fn refused(&self, _client: &str, _user: &str, _from: SocketAddr) {}
}

/// A publish as it came in.
#[derive(Clone)]
pub struct Inbound {
    /// Identifier of the client, given by it or assigned by the broker.
    pub client_id: Arc<str>,
    /// Name of the [`User`]; none for an anonymous client.
    pub user: Option<Arc<str>>,
    /// Topic, without wildcards.
    pub topic: Arc<str>,
    /// Shares its memory with the connection's read buffer: copy what is kept for long.
    pub payload: Bytes,
    /// 0, 1 or 2.
    pub qos: u8,
    /// The sender's RETAIN flag.
    pub retain: bool,
    /// MQTT 5 response topic, without wildcards.
    pub response_topic: Option<Arc<str>>,
    /// MQTT 5 correlation data.
    pub correlation_data: Option<Bytes>,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .field("topic", &self.topic)
            .field("payload_bytes", &self.payload.len())
            .field("qos", &self.qos)
            .field("retain", &self.retain)
            .finish_non_exhaustive()
    }
}

/// The hook's answer.
pub struct Handling {
    pub(crate) verdict: Verdict,
    pub(crate) before_ack: Option<Pin<Box<dyn Future<Output = Receipt> + Send>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Route,
    Consume,
}

/// Whether the sender gets its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// PUBACK or PUBREC with success.
    Acknowledge,
    /// Not taken: MQTT 5 with QoS 1 gets a PUBACK with 0x83 (implementation specific error); 3.1.1
    /// and QoS 2 lose the connection, and send again after they reconnect.
    Refuse,
    /// There is no room for it: MQTT 5 with QoS 1 gets a PUBACK with 0x97 (quota exceeded), everybody else an
    /// acknowledgement, as none of them can be told.
    NoRoom,
}

impl Handling {
    /// To subscribers and the retained store, as in any broker.
    pub fn route() -> Self {
        Self { verdict: Verdict::Route, before_ack: None }
    }

    /// Ends here: acknowledged, not retained, not given to subscribers.
    pub fn consume() -> Self {
        Self { verdict: Verdict::Consume, before_ack: None }
    }

    /// Holds the acknowledgement back until `work` is done. Messages to subscribers are not held
    /// back. `work` is completed even when the client goes away in the meantime.
    #[must_use]
    pub fn after(mut self, work: impl Future<Output = Receipt> + Send + 'static) -> Self {
        self.before_ack = Some(Box::pin(work));
        self
    }
}

/// How the agent connects to its own broker.
#[derive(Clone)]
pub struct AgentAccess {
    /// Plain TCP on loopback.
    pub addr: SocketAddr,
    /// No other client may use this identifier.
    pub client_id: String,
    /// User name with all rights.
    pub user: String,
    /// Made at random at each start.
    pub password: String,
}

impl fmt::Debug for AgentAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentAccess")
            .field("addr", &self.addr)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A running broker. Dropped without [`stop`](Self::stop), its connections are cut.
pub struct EmbeddedBroker {
    mqtt: SocketAddr,
    websocket: Option<SocketAddr>,
    agent: AgentAccess,
    screens: AgentAccess,
    core: Arc<Core>,
    tasks: JoinSet<()>,
}

impl EmbeddedBroker {
    /// Checks `config`, opens the listeners and serves clients in the background.
    ///
    /// # Errors
    /// [`BrokerError`], each with the key of `[embedded]` to change. Nothing is left listening
    /// then.
    pub async fn start(config: EmbeddedConfig, hook: Arc<dyn PublishHook>) -> Result<Self, BrokerError> {
        config.check()?;
        let tls = config.tls.as_ref().map(accept::tls_acceptor).transpose()?;
        let mqtt = accept::listen("mqtt", config.mqtt).await?;
        let mqtt_addr = mqtt.addr();
        let websocket = match config.websocket {
            Some(addr) => Some(accept::listen("websocket", addr).await?),
            None => None,
        };
        let websocket_addr = websocket.as_ref().map(Door::addr);

        let mut doors = vec![(mqtt, Kind::Mqtt)];
        doors.extend(websocket.map(|door| (door, Kind::WebSocket)));
        // A door of its own: strangers at the others take no place of the agent and its screens.
        let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let door = accept::listen("mqtt", loopback).await?;
        let agent_addr = door.addr();
        doors.push((door, Kind::AgentOnly));

        let access = Access::new(&config);
        let agent = access.agent(agent_addr);
        let screens = access.screens(agent_addr);
        let core = Arc::new(open_core(config, access, hook, tls).await?);
        let mut tasks = JoinSet::new();
        for (door, kind) in doors {
            tasks.spawn(accept::serve(door, kind, Arc::clone(&core), core.shutdown.subscribe()));
        }
        tasks.spawn(sweep(Arc::clone(&core), core.shutdown.subscribe()));
        Ok(Self { mqtt: mqtt_addr, websocket: websocket_addr, agent, screens, core, tasks })
    }

    /// The address MQTT clients connect to; the real port where the configuration said 0.
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.mqtt
    }

    /// The address of the WebSocket listener, if there is one.
    pub fn websocket_addr(&self) -> Option<SocketAddr> {
        self.websocket
    }

    /// How the agent itself connects.
    pub fn agent(&self) -> &AgentAccess {
        &self.agent
    }

    /// How the agent connects on behalf of kitchen screens.
    pub fn screens(&self) -> &AgentAccess {
        &self.screens
    }

    /// Says goodbye to every client (MQTT 5: 0x8B, server shutting down; their wills are published)
    /// and waits for at most [`STOP_LIMIT`].
    pub async fn stop(mut self) {
        self.core.shutdown.send(()).ok();
        let drained =
            tokio::time::timeout(STOP_LIMIT, async { while self.tasks.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!("clients still connected after {STOP_LIMIT:?}: cutting them");
            self.tasks.shutdown().await;
        }
        if let Err(error) = self.core.storage.shutdown().await {
            tracing::error!(%error, "the broker's store could not be closed");
        }
    }
}

/// How long [`EmbeddedBroker::stop`] waits for clients to take their leave.
pub const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Messages on their way to a connected subscriber that doesn't keep up, before they wait in its
/// queue. A publisher waits for up to two seconds for room in a full lane, so it is generous.
const LANE: usize = 5_000;

/// Connections at once of the agent and of its screens.
const OWN_CLIENTS: usize = 400;
/// Connections at once of one address of the network that have not signed in yet.
const STRANGERS: usize = 32;

/// Retained messages beside those of clients: of the agent, so that no client takes their place.
const OWN_RETAINED: usize = 10_000;

/// How often expired sessions and retained messages are removed.
const SWEEP_EVERY: Duration = Duration::from_secs(900);

async fn sweep(core: Arc<Core>, mut shutdown: broadcast::Receiver<()>) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {
                if let Err(error) = core.storage.cleanup_expired().await {
                    tracing::warn!(%error, "the broker's store could not be swept");
                }
                core.router.sweep_sessions().await;
                core.sessions.bound().await;
            }
            _ = shutdown.recv() => return,
        }
    }
}

async fn open_core(
    config: EmbeddedConfig,
    access: Access,
    hook: Arc<dyn PublishHook>,
    tls: Option<accept::TlsAcceptor>,
) -> Result<Core, BrokerError> {
    let limits = &config.limits;
    let queue = QueueLimits { max_messages: limits.queued_messages, max_bytes: limits.queued_bytes };
    let storage = Arc::new(match &config.store {
        None => DynamicStorage::Memory(MemoryBackend::with_queue_limits(queue)),
        Some(dir) => DynamicStorage::File(
            FileBackend::with_queue_limits(dir, queue)
                .await
                .map_err(|error| BrokerError::store(dir, &error))?,
        ),
    });
    let agent_topics = config.agent_topics.clone();
    let retained = Arc::new(Retained::new(agent_topics, limits.retained_messages, limits.retained_total));
    let most_retained = limits.retained_messages.saturating_add(OWN_RETAINED);
    let router = Arc::new(
        MessageRouter::with_storage(Arc::clone(&storage))
            .with_fallback_queue_limits(queue)
            .with_event_handler(Arc::clone(&retained) as Arc<dyn BrokerEventHandler>)
            .with_retained_limits(most_retained, limits.retained_bytes),
    );
    let expiry = u32::try_from(limits.session_expiry.as_secs()).unwrap_or(u32::MAX);
    if let Some(dir) = &config.store {
        router.recover_sessions(expiry).await.map_err(|error| BrokerError::store(dir, &error))?;
        router.initialize().await.map_err(|error| BrokerError::store(dir, &error))?;
        for message in router.get_retained_messages("#").await {
            retained.set(&message.topic_name, message.payload.len());
        }
    }
    let sessions = Sessions::new(Arc::clone(&router), Arc::clone(&storage), limits.absent_sessions);

    let broker = BrokerConfig {
        bind_addresses: Vec::new(),
        max_clients: limits.clients.saturating_add(OWN_CLIENTS),
        session_expiry_interval: limits.session_expiry,
        max_packet_size: limits.packet_bytes,
        topic_alias_maximum: 64,
        max_subscriptions_per_client: limits.subscriptions,
        max_retained_messages: most_retained,
        max_retained_message_size: limits.retained_bytes,
        client_channel_capacity: LANE,
        server_receive_maximum: Some(link::MAX_HELD),
        sys_topics_enabled: false,
        ..BrokerConfig::default()
    };
    // The library's own limits by address and rate would lock out a till with a bad cable; the
    // number of connections is bounded at the door.
    let monitor = ResourceMonitor::new(ResourceLimits {
        max_connections: usize::MAX,
        max_connections_per_ip: usize::MAX,
        max_message_rate_per_client: 0,
        max_bandwidth_per_client: 0,
        max_connection_rate: u32::MAX,
        rate_limit_window: Duration::from_secs(1),
    });
    Ok(Core {
        seats: Arc::new(Semaphore::new(limits.clients)),
        own_seats: Arc::new(Semaphore::new(OWN_CLIENTS)),
        lobby: Lobby::new(STRANGERS, (limits.clients / 2).max(1)),
        origins: config.origins,
        packet_bytes: limits.packet_bytes,
        access: Arc::new(access),
        hook,
        tls,
        broker,
        router,
        storage,
        sessions,
        retained,
        stats: Arc::new(BrokerStats::new()),
        monitor: Arc::new(monitor),
        shutdown: broadcast::channel(1).0,
    })
}
