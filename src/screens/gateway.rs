//! Lets a screen's MQTT through to the broker, and nothing else of it.
//!
//! The gateway reads the CONNECT itself, so that the broker never sees a screen's secret: what reaches the broker is
//! a connection of the agent's own. Every PUBLISH and SUBSCRIBE is held to what the screen may, and so is what comes
//! back: a screen that was given another station hears nothing more of the former one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_util::sync::CancellationToken;

use super::WebError;
use super::mqtt::{self, Connect, Publish, Wrong, kind, reason};
use super::registry::{Registry, Screen};
use crate::attempts::Attempts;
use crate::audit::Recorder;
use crate::broker::AgentAccess;
use crate::bus::client::{Connection, Node};
use crate::bus::contract::Topics;
use crate::lobby::{Lobby, Place};

/// Connections of screens at once.
const CONNECTIONS: usize = 300;
/// Connections at once of one address of the network that have not signed in yet.
const STRANGERS: usize = 16;
/// How long a screen may take to say who it is, and the broker to answer.
const SIGN_IN: Duration = Duration::from_secs(10);
/// How long the session of a screen that is away is kept at most, in seconds.
const SESSION_S: u32 = 3600;
/// How often a screen is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// After how long without a word a screen is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a screen, or the broker, may take to take in what is sent.
const SLOW: Duration = Duration::from_secs(20);
/// Bytes read from the broker at once.
const READ: usize = 64 << 10;
/// Bytes of the largest packet of the broker.
const FROM_BROKER: usize = 4 << 20;
/// Acknowledgements of what a screen is not shown, before they are on their way.
const WITHHELD: usize = 256;
/// How long a failed sign-in waits for its answer after many of its address.
const PENALTY: Duration = Duration::from_secs(6);

/// How the broker is reached on behalf of screens.
#[derive(Clone)]
pub struct Upstream {
    /// The broker, or the nodes of one that is a cluster.
    pub nodes: Vec<Node>,
    /// How to speak TLS, where it is spoken.
    pub tls: Option<TlsConnector>,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// What the client id of every screen begins with, before `screen-`.
    pub client_id_prefix: String,
}

/// What all connections of screens share.
pub(super) struct Gateway {
    registry: Registry,
    topics: Topics,
    upstream: Upstream,
    attempts: Attempts,
    audit: Recorder,
    stop: CancellationToken,
    /// Places for connections.
    pub(super) seats: Arc<Semaphore>,
    /// Where they wait until they have signed in.
    pub(super) lobby: Arc<Lobby>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Broker = Box<dyn Stream>;

impl Gateway {
    pub(super) fn new(
        registry: Registry,
        topics: Topics,
        upstream: Upstream,
        audit: Recorder,
        stop: CancellationToken,
    ) -> Self {
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        let lobby = Lobby::new(STRANGERS, CONNECTIONS / 2);
        Self { registry, topics, upstream, attempts: Attempts::default(), audit, stop, seats, lobby }
    }

    /// One connection of a screen, from its CONNECT to its end.
    pub(super) async fn attend<S>(
        self: Arc<Self>,
        socket: WebSocketStream<S>,
        from: SocketAddr,
        waiting: Place,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut out, mut inward) = socket.split();
        let mut buffer = BytesMut::new();
        let first = tokio::select! {
            first = tokio::time::timeout(SIGN_IN, read_packet(&mut inward, &mut buffer)) => first,
            () = self.stop.cancelled() => return,
        };
        let packet = match first {
            Ok(Ok(Some(packet))) => packet,
            Ok(Ok(None)) => return,
            Ok(Err(wrong)) => {
                tracing::warn!(%from, why = wrong.why, "what a screen says is not understood");
                return close(&mut out).await;
            }
            Err(_) => {
                tracing::debug!(%from, "nobody signed in on a screen's connection");
                return close(&mut out).await;
            }
        };
        let version = version_of(&packet);
        let connect = match Connect::read(&packet) {
            Ok(connect) => connect,
            Err(wrong) => {
                tracing::warn!(%from, why = wrong.why, "screen refused");
                drop(send(&mut out, mqtt::refusal(version, wrong.reason)).await);
                return close(&mut out).await;
            }
        };
        let (screen, broker) = match self.admit(&connect, from).await {
            Ok(admitted) => admitted,
            Err(wrong) => {
                let client = connect.client_id.as_str();
                tracing::warn!(%from, client, why = wrong.why, "screen refused");
                drop(send(&mut out, mqtt::refusal(version, wrong.reason)).await);
                return close(&mut out).await;
            }
        };
        drop(waiting);
        let signed_in = self.registry.sign_in(&screen.screen);
        tracing::info!(screen = screen.screen, name = screen.name, %from, "screen connected");
        let (from_broker, to_broker) = tokio::io::split(broker);
        let (acknowledge, acknowledgements) = mpsc::channel(WITHHELD);
        let (heard, hearing) = watch::channel(Instant::now());
        let mut changes = self.registry.changes();
        changes.mark_unchanged();
        let rights = Rights::new(&self.topics, &screen);
        let mut outward = Outward { from_broker, acknowledge, hearing };
        let mut upward = Upward { to_broker, acknowledgements, heard, version, buffer };
        let ended = tokio::select! {
            ended = upward.run(&mut inward, &rights) => ended,
            ended = outward.run(&mut out, &rights) => ended,
            wrong = self.dismissed(&screen, &mut changes, &rights) => Err(wrong),
            () = signed_in.replaced.cancelled() => {
                Err(Wrong::new(reason::TAKEN_OVER, "another connection has taken its place"))
            }
            () = self.stop.cancelled() => Err(Wrong::new(reason::SHUTTING_DOWN, "the agent ends")),
        };
        match ended {
            Ok(()) => tracing::info!(screen = screen.screen, "screen left"),
            Err(wrong) => {
                let (screen, why) = (&screen.screen, &wrong.why);
                tracing::warn!(screen, %from, why, "connection of a screen ended");
                if let Some(goodbye) = mqtt::goodbye(version, wrong.reason) {
                    drop(send(&mut out, goodbye).await);
                }
            }
        }
        drop(tokio::time::timeout(SLOW, upward.to_broker.write_all(&mqtt::leave())).await);
        close(&mut out).await;
    }

    /// Sees who it is, and connects to the broker on their behalf.
    async fn admit(&self, connect: &Connect, from: SocketAddr) -> Result<(Screen, Broker), Wrong> {
        let user = connect.user.as_deref().unwrap_or_default();
        let secret = connect.password.as_deref().unwrap_or_default();
        let screen = self.registry.screen(user).filter(|_| self.registry.verify(user, secret));
        let refused = || self.audit.not_let_in(user, &connect.client_id, &from.to_string());
        let Some(screen) = screen else {
            refused();
            self.note_failure(from).await;
            return Err(Wrong::new(reason::BAD_CREDENTIALS, format!("no screen {user:?} with this secret")));
        };
        if connect.client_id != format!("screen-{}", screen.screen) {
            refused();
            let why = format!("the client id is not screen-{}", screen.screen);
            return Err(Wrong::new(reason::BAD_CLIENT_ID, why));
        }
        let joined = tokio::time::timeout(SIGN_IN, self.upstream.join(connect)).await;
        match joined {
            Ok(Ok(broker)) => Ok((screen, broker)),
            Ok(Err(error)) => {
                Err(Wrong::new(reason::UNAVAILABLE, format!("the broker can't be reached: {error}")))
            }
            Err(_) => Err(Wrong::new(reason::UNAVAILABLE, "the broker does not answer")),
        }
    }

    /// Slows those down who guess; whoever knows the secret never waits, whatever others of the address have tried: a
    /// panel that was revoked and comes again and again keeps no other one out.
    async fn note_failure(&self, from: SocketAddr) {
        if self.attempts.failed(from.ip(), std::time::Instant::now()) {
            tracing::warn!(%from, "many failed sign-ins of screens from one address: it is answered slowly");
            tokio::time::sleep(PENALTY).await;
        }
    }

    /// Waits until the screen is admitted no more, and takes note of what else it may meanwhile.
    async fn dismissed(&self, screen: &Screen, changes: &mut watch::Receiver<u64>, rights: &Rights) -> Wrong {
        loop {
            match self.registry.screen(&screen.screen) {
                Some(now) if now.secret_hash == screen.secret_hash => rights.follow(&self.topics, &now),
                _ => return Wrong::new(reason::ADMINISTRATIVE, "it was revoked"),
            }
            if changes.changed().await.is_err() {
                return Wrong::new(reason::SHUTTING_DOWN, "the agent ends");
            }
        }
    }
}

impl Upstream {
    /// The embedded broker.
    pub fn embedded(access: &AgentAccess) -> Self {
        Self {
            nodes: vec![Node { host: access.addr.ip().to_string(), port: access.addr.port() }],
            tls: None,
            credentials: Some((access.user.clone(), access.password.clone())),
            client_id_prefix: format!("{}-", access.client_id),
        }
    }

    /// An external broker, as the agent itself connects to it.
    ///
    /// # Errors
    /// [`WebError::Broker`]: certificates that can't be used.
    pub fn external(connection: &Connection) -> Result<Self, WebError> {
        let tls = connection.tls.as_deref().map(connector).transpose()?;
        Ok(Self {
            nodes: connection.nodes.clone(),
            tls,
            credentials: connection.credentials.clone(),
            client_id_prefix: format!("{}-", connection.client_id),
        })
    }

    /// Connects to the first node that answers, and sends the screen's CONNECT with the agent's name and password in
    /// place of the screen's.
    async fn join(&self, connect: &Connect) -> std::io::Result<Broker> {
        let mut failure = std::io::Error::from(std::io::ErrorKind::NotFound);
        let share = SIGN_IN / u32::try_from(self.nodes.len()).unwrap_or(u32::MAX).max(1);
        for node in &self.nodes {
            match tokio::time::timeout(share, self.reach(node)).await {
                Ok(Ok(broker)) => return self.sign_in(broker, connect).await,
                Ok(Err(error)) => failure = error,
                Err(elapsed) => failure = elapsed.into(),
            }
        }
        Err(failure)
    }

    async fn reach(&self, node: &Node) -> std::io::Result<Broker> {
        let socket = TcpStream::connect((node.host.as_str(), node.port)).await?;
        socket.set_nodelay(true)?;
        let Some(connector) = &self.tls else { return Ok(Box::new(socket)) };
        let name = ServerName::try_from(node.host.clone()).map_err(std::io::Error::other)?;
        Ok(Box::new(connector.connect(name, socket).await?))
    }

    async fn sign_in(&self, mut broker: Broker, connect: &Connect) -> std::io::Result<Broker> {
        let (user, password) = self.credentials.clone().unzip();
        let connect = Connect {
            client_id: format!("{}{}", self.client_id_prefix, connect.client_id),
            user,
            password: password.map(Bytes::from),
            session_expiry: connect.session_expiry.min(SESSION_S),
            ..connect.clone()
        };
        broker.write_all(&connect.write()).await?;
        Ok(broker)
    }
}

/// TLS that trusts some roots, PEM.
fn connector(roots: &[u8]) -> Result<TlsConnector, WebError> {
    let wrong = |error: String| WebError::Broker(format!("[broker] ca: {error}"));
    let trusted = crate::tls::roots(roots).map_err(wrong)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// What a screen may, as it stands.
pub(super) struct Rights {
    pub(super) publish: String,
    subscribe: Mutex<Vec<String>>,
}

impl Rights {
    pub(super) fn new(topics: &Topics, screen: &Screen) -> Self {
        let publish = format!("{}/kitchen/command/{}", topics.prefix(), screen.screen);
        Self { publish, subscribe: Mutex::new(subscriptions(topics, screen)) }
    }

    fn follow(&self, topics: &Topics, screen: &Screen) {
        *self.subscribe.lock().unwrap_or_else(PoisonError::into_inner) = subscriptions(topics, screen);
    }

    /// Whether this filter is one of the screen's.
    pub(super) fn may_subscribe(&self, filter: &str) -> bool {
        self.filters().iter().any(|allowed| allowed == filter)
    }

    fn may_hear(&self, topic: &str) -> bool {
        self.filters().iter().any(|allowed| crate::broker::covers(allowed, topic))
    }

    fn filters(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.subscribe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn subscriptions(topics: &Topics, screen: &Screen) -> Vec<String> {
    let (prefix, id) = (topics.prefix(), &screen.screen);
    let mut filters = vec![
        topics.agent(),
        format!("{prefix}/kitchen/screen/{id}"),
        format!("{prefix}/kitchen/answer/{id}"),
    ];
    for station in &screen.stations {
        filters.push(format!("{prefix}/kitchen/{station}/manifest"));
        filters.push(format!("{prefix}/kitchen/{station}/ticket/+"));
    }
    filters
}

/// From the screen to the broker.
struct Upward {
    to_broker: WriteHalf<Broker>,
    acknowledgements: mpsc::Receiver<Bytes>,
    heard: watch::Sender<Instant>,
    version: u8,
    buffer: BytesMut,
}

impl Upward {
    async fn run<S>(
        &mut self,
        inward: &mut SplitStream<WebSocketStream<S>>,
        rights: &Rights,
    ) -> Result<(), Wrong>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            // What came along with the CONNECT is dealt with first.
            while let Some(packet) = mqtt::next_packet(&mut self.buffer, mqtt::LARGEST)? {
                if mqtt::kind_of(&packet) == kind::DISCONNECT {
                    return Ok(());
                }
                check(&packet, self.version, rights)?;
                self.pass(&packet).await?;
            }
            tokio::select! {
                message = inward.next() => {
                    self.heard.send_replace(Instant::now());
                    match message {
                        Some(Ok(Message::Binary(bytes))) => self.buffer.extend_from_slice(&bytes),
                        Some(Ok(Message::Text(_))) => {
                            return Err(Wrong::new(reason::MALFORMED, "text in place of MQTT"));
                        }
                        Some(Ok(Message::Close(_))) | None => return Ok(()),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(unreadable(&error)),
                    }
                }
                Some(packet) = self.acknowledgements.recv() => self.pass(&packet).await?,
            }
        }
    }

    async fn pass(&mut self, packet: &Bytes) -> Result<(), Wrong> {
        match tokio::time::timeout(SLOW, self.to_broker.write_all(packet)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(Wrong::new(reason::UNAVAILABLE, format!("the broker has ended the connection: {error}")))
            }
            Err(_) => Err(Wrong::new(reason::UNAVAILABLE, "the broker takes nothing in")),
        }
    }
}

/// Whether more can follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    More,
    Last,
}

/// From the broker to the screen.
struct Outward {
    from_broker: ReadHalf<Broker>,
    acknowledge: mpsc::Sender<Bytes>,
    hearing: watch::Receiver<Instant>,
}

impl Outward {
    async fn run<S>(
        &mut self,
        out: &mut SplitSink<WebSocketStream<S>, Message>,
        rights: &Rights,
    ) -> Result<(), Wrong>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut buffer = BytesMut::new();
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.reset();
        loop {
            buffer.reserve(READ);
            tokio::select! {
                read = self.from_broker.read_buf(&mut buffer) => {
                    if !matches!(read, Ok(1..)) {
                        return Err(Wrong::new(reason::UNAVAILABLE, "the broker has ended the connection"));
                    }
                    if self.hand_out(&mut buffer, out, rights).await? == Word::Last {
                        return Ok(());
                    }
                }
                _ = ping.tick() => {
                    if self.hearing.borrow().elapsed() > SILENCE {
                        return Err(Wrong::new(reason::KEEP_ALIVE, "nothing was heard of it for a minute"));
                    }
                    deliver(out, Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }

    /// Hands out all packets that have come whole, in one go. Returns whether the broker has ended the connection
    /// with them.
    async fn hand_out<S>(
        &mut self,
        buffer: &mut BytesMut,
        out: &mut SplitSink<WebSocketStream<S>, Message>,
        rights: &Rights,
    ) -> Result<Word, Wrong>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut word = Word::More;
        while let Some(packet) = mqtt::next_packet(buffer, FROM_BROKER)? {
            if mqtt::kind_of(&packet) == kind::PUBLISH {
                let publish = Publish::of_broker(&packet)?;
                if !rights.may_hear(&publish.topic) {
                    tracing::debug!(topic = publish.topic, "not for this screen any more");
                    if let Some(acknowledgement) = mqtt::acknowledgement(&publish)
                        && self.acknowledge.send(acknowledgement).await.is_err()
                    {
                        return Err(Wrong::new(reason::UNAVAILABLE, "the connection ends"));
                    }
                    continue;
                }
            }
            if mqtt::ends_connection(&packet) {
                word = Word::Last;
            }
            match tokio::time::timeout(SLOW, out.feed(Message::Binary(packet))).await {
                Ok(Ok(())) => {}
                _ => return Err(Wrong::new(reason::UNAVAILABLE, "it takes nothing in")),
            }
        }
        match tokio::time::timeout(SLOW, out.flush()).await {
            Ok(Ok(())) => Ok(word),
            _ => Err(Wrong::new(reason::UNAVAILABLE, "it takes nothing in")),
        }
    }
}

/// Holds a screen's packet to what it may.
pub(super) fn check(packet: &Bytes, version: u8, rights: &Rights) -> Result<(), Wrong> {
    let forbidden = |why: String| Err(Wrong::new(reason::NOT_AUTHORIZED, why));
    match mqtt::kind_of(packet) {
        kind::PUBLISH => {
            let Publish { topic, qos, retain, .. } = Publish::read(packet, version)?;
            if topic != rights.publish {
                return forbidden(format!("a publish to {topic:?}"));
            }
            if retain || qos != 1 {
                return forbidden(format!("a publish to {topic:?} that is retained or not of QoS 1"));
            }
            Ok(())
        }
        kind::SUBSCRIBE => {
            let filters = mqtt::filters(packet, version)?;
            match filters.iter().find(|(filter, _)| !rights.may_subscribe(filter)) {
                Some((filter, _)) => forbidden(format!("a subscription to {filter:?}")),
                None if filters.iter().any(|(_, qos)| *qos > 1) => {
                    forbidden("a subscription with a QoS above 1".into())
                }
                None => Ok(()),
            }
        }
        kind::UNSUBSCRIBE | kind::PUBACK | kind::PUBREC | kind::PUBREL | kind::PUBCOMP | kind::PINGREQ => {
            Ok(())
        }
        other => Err(Wrong::new(reason::PROTOCOL_ERROR, format!("a packet of type {other}"))),
    }
}

/// The version that a CONNECT asks for, if it is one; 5 otherwise.
pub(super) fn version_of(packet: &Bytes) -> u8 {
    match packet.windows(5).find(|window| window.starts_with(b"MQTT")) {
        Some([.., 4]) => 4,
        _ => 5,
    }
}

/// The first packet of a connection, or nothing where it ends before.
async fn read_packet<S>(
    inward: &mut SplitStream<WebSocketStream<S>>,
    buffer: &mut BytesMut,
) -> Result<Option<Bytes>, Wrong>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        if let Some(packet) = mqtt::next_packet(buffer, mqtt::LARGEST)? {
            return Ok(Some(packet));
        }
        match inward.next().await {
            Some(Ok(Message::Binary(bytes))) => buffer.extend_from_slice(&bytes),
            Some(Ok(Message::Text(_))) => return Err(Wrong::new(reason::MALFORMED, "text in place of MQTT")),
            Some(Ok(Message::Close(_))) | None => return Ok(None),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(unreadable(&error)),
        }
    }
}

fn unreadable(error: &WsError) -> Wrong {
    match error {
        WsError::Capacity(_) => Wrong::new(reason::TOO_LARGE, error.to_string()),
        _ => Wrong::new(reason::PROTOCOL_ERROR, error.to_string()),
    }
}

async fn deliver<S>(out: &mut SplitSink<WebSocketStream<S>, Message>, message: Message) -> Result<(), Wrong>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match tokio::time::timeout(SLOW, out.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Wrong::new(reason::UNAVAILABLE, "it takes nothing in")),
    }
}

async fn send<S>(out: &mut SplitSink<WebSocketStream<S>, Message>, packet: Bytes) -> Result<(), Wrong>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    deliver(out, Message::Binary(packet)).await
}

async fn close<S>(out: &mut SplitSink<WebSocketStream<S>, Message>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    drop(tokio::time::timeout(SIGN_IN, out.close()).await);
}
