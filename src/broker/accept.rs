//! Listeners, TLS, the WebSocket handshake, and the life of one connection.

use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mqtt5::broker::client_handler::ClientHandler;
use mqtt5::broker::config::BrokerConfig;
use mqtt5::broker::resource_monitor::ResourceMonitor;
use mqtt5::broker::router::MessageRouter;
use mqtt5::broker::storage::DynamicStorage;
use mqtt5::broker::sys_topics::BrokerStats;
use mqtt5::broker::transport::BrokerTransport;
use mqtt5::broker::websocket_server::WebSocketStreamWrapper;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::task::{JoinSet, coop};
pub(super) use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{DEFAULT_VERSIONS, RootCertStore, ServerConfig};
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{self, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::link::{Conn, Did, Link, Tap, say_goodbye};
use super::retained::Retained;
use super::rights::{Access, Gate};
use super::sessions::Sessions;
use super::{BrokerError, PublishHook, TlsFiles};
use crate::lobby::{Lobby, Place};

/// What all connections share.
pub(super) struct Core {
    pub(super) seats: Arc<Semaphore>,
    /// Those of the agent and its screens.
    pub(super) own_seats: Arc<Semaphore>,
    pub(super) lobby: Arc<Lobby>,
    pub(super) origins: Vec<String>,
    pub(super) packet_bytes: usize,
    pub(super) access: Arc<Access>,
    pub(super) hook: Arc<dyn PublishHook>,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) broker: BrokerConfig,
    pub(super) router: Arc<MessageRouter>,
    pub(super) storage: Arc<DynamicStorage>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) retained: Arc<Retained>,
    pub(super) stats: Arc<BrokerStats>,
    pub(super) monitor: Arc<ResourceMonitor>,
    pub(super) shutdown: broadcast::Sender<()>,
}

/// An open listener.
pub(super) struct Door {
    listener: TcpListener,
    addr: SocketAddr,
}

impl Door {
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

/// Who comes through a listener.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Mqtt,
    WebSocket,
    AgentOnly,
}

pub(super) async fn listen(key: &'static str, addr: SocketAddr) -> Result<Door, BrokerError> {
    let wrong = |error| BrokerError::listen(key, addr, error);
    let listener = TcpListener::bind(addr).await.map_err(wrong)?;
    let addr = listener.local_addr().map_err(wrong)?;
    Ok(Door { listener, addr })
}

/// TLS and WebSocket handshakes that take longer are given up.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Pause after the system had no file descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn serve(door: Door, kind: Kind, core: Arc<Core>, mut shutdown: broadcast::Receiver<()>) {
    let mut clients = JoinSet::new();
    let secure = !door.addr.ip().is_loopback();
    loop {
        tokio::select! {
            accepted = door.listener.accept() => match accepted {
                Ok((socket, from)) => match seat(&core, kind, from) {
                    Ok((seat, waiting)) => {
                        let visitor = Visitor { socket, from, kind, secure, waiting };
                        let shutdown = core.shutdown.subscribe();
                        clients.spawn(welcome(visitor, Arc::clone(&core), shutdown, seat));
                    }
                    Err(why) => tracing::warn!(%from, why, "MQTT connection closed"),
                },
                Err(error) => {
                    tracing::warn!(%error, "an MQTT client could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = clients.join_next() => {}
            _ = shutdown.recv() => break,
        }
    }
    drop(door);
    while clients.join_next().await.is_some() {}
}

/// A place for a connection, and the one where it waits until it has signed in.
fn seat(
    core: &Core,
    kind: Kind,
    from: SocketAddr,
) -> Result<(OwnedSemaphorePermit, Option<Place>), &'static str> {
    if kind == Kind::AgentOnly {
        let seat = Arc::clone(&core.own_seats).try_acquire_owned();
        return seat.map(|seat| (seat, None)).map_err(|_| "too many screens are connected");
    }
    let place = core.lobby.enter(from.ip()).ok_or("too many of its address have not signed in")?;
    let seat = Arc::clone(&core.seats).try_acquire_owned().map_err(|_| "too many MQTT clients")?;
    Ok((seat, Some(place)))
}

struct Visitor {
    socket: TcpStream,
    from: SocketAddr,
    kind: Kind,
    secure: bool,
    waiting: Option<Place>,
}

/// Handshakes run here, in the task of the connection: a client that is slow at them keeps nobody
/// else waiting.
async fn welcome(
    visitor: Visitor,
    core: Arc<Core>,
    shutdown: broadcast::Receiver<()>,
    _seat: OwnedSemaphorePermit,
) {
    let Visitor { socket, from, kind, secure, waiting } = visitor;
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%from, %error, "TCP_NODELAY could not be set");
    }
    let acceptor = core.tls.clone().filter(|_| secure);
    let entered = tokio::time::timeout(HANDSHAKE_LIMIT, async {
        match acceptor {
            None => enter(socket, kind, None, &core).await,
            Some(acceptor) => match acceptor.accept(socket).await {
                Ok(socket) => {
                    let certified = common_name(socket.get_ref().1.peer_certificates())?;
                    enter(socket, kind, certified, &core).await
                }
                Err(error) => Err(error.to_string()),
            },
        }
    });
    match entered.await {
        Ok(Ok(entered)) => entered.run(from, kind, waiting, shutdown, core).await,
        Ok(Err(error)) => tracing::debug!(%from, error, "handshake failed"),
        Err(_) => tracing::debug!(%from, "handshake took too long"),
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

struct Entered {
    socket: Box<dyn Stream>,
    /// The common name of the certificate that was shown.
    certified: Option<String>,
}

async fn enter(
    socket: impl Stream + 'static,
    kind: Kind,
    certified: Option<String>,
    core: &Core,
) -> Result<Entered, String> {
    if kind != Kind::WebSocket {
        return Ok(Entered { socket: Box::new(socket), certified });
    }
    // A message may be larger than a packet, so that the packet's own limit is the one that speaks.
    let limits = WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .max_frame_size(Some(core.packet_bytes.saturating_mul(2)))
        .max_message_size(Some(core.packet_bytes.saturating_mul(2)));
    let doorman = Doorman { origins: core.origins.clone() };
    tokio_tungstenite::accept_hdr_async_with_config(socket, doorman, Some(limits))
        .await
        .map(|stream| Entered { socket: Box::new(WebSocketStreamWrapper::new(stream)), certified })
        .map_err(|error| error.to_string())
}

impl Entered {
    async fn run(
        self,
        from: SocketAddr,
        kind: Kind,
        waiting: Option<Place>,
        shutdown: broadcast::Receiver<()>,
        core: Arc<Core>,
    ) {
        let conn = Arc::new(Conn::default());
        let (link, back) = Link::new(self.socket, Arc::clone(&conn));
        let gate = Gate {
            access: Arc::clone(&core.access),
            conn: Arc::clone(&conn),
            hook: Arc::clone(&core.hook),
            agent_only: kind == Kind::AgentOnly,
            certified: self.certified,
            waiting: Mutex::new(waiting),
            sessions: Arc::clone(&core.sessions),
            retained: Arc::clone(&core.retained),
            claim: Mutex::new(None),
        };
        let retained = Arc::clone(&core.retained);
        let tap = Tap { hook: Arc::clone(&core.hook), conn: Arc::clone(&conn), retained };
        let (leave, left) = broadcast::channel(1);
        let broker = BrokerConfig { event_handler: Some(Arc::new(tap)), ..core.broker.clone() };
        let handler = ClientHandler::new(
            BrokerTransport::WebSocket(Box::new(link)),
            from,
            Arc::new(broker),
            Arc::clone(&core.router),
            Arc::new(gate),
            Some(Arc::clone(&core.storage)),
            Arc::clone(&core.stats),
            Arc::clone(&core.monitor),
            left,
        );
        let outcome = run_client(handler.run(), &conn, shutdown, leave).await;
        core.sessions.bound().await;
        match &outcome {
            Err(error) if !error.is_normal_disconnect() => {
                tracing::info!(%from, %error, "MQTT connection ended");
            }
            _ => tracing::debug!(%from, "MQTT connection closed"),
        }
        if let Ok(socket) = back.await {
            say_goodbye(socket, &conn, &outcome).await;
        }
        conn.finish().await;
    }
}

/// How long a client that always has something for the broker keeps it from closing.
const LAST_PACKETS: Duration = Duration::from_secs(1);

/// Runs the library's loop of a client until it ends, and tells it of the end of the broker. Told at once, it would
/// choose by chance between leaving and what had been routed to its client; so it hears of it when it has nothing left
/// but to wait for its client.
async fn run_client<T>(
    client: impl Future<Output = T>,
    conn: &Conn,
    mut shutdown: broadcast::Receiver<()>,
    leave: broadcast::Sender<()>,
) -> T {
    let mut client = pin!(client);
    tokio::select! {
        outcome = &mut client => return outcome,
        _ = shutdown.recv() => {}
    }
    let idle = poll_fn(|cx| {
        // Once more, as it may have looked for a packet and then taken what was routed, to note it on the disk before
        // it writes.
        let mut waited = false;
        // Whoever has used up its turn is told that nothing is there.
        while coop::has_budget_remaining() {
            if let Poll::Ready(outcome) = client.as_mut().poll(cx) {
                return Poll::Ready(Some(outcome));
            }
            waited = match conn.take_did() {
                Some(Did::Wait) if waited => return Poll::Ready(None),
                Some(Did::Wait) => true,
                Some(Did::Write) => false,
                None => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    if let Ok(Some(outcome)) = tokio::time::timeout(LAST_PACKETS, idle).await {
        return outcome;
    }
    leave.send(()).ok();
    client.await
}

/// Lets a WebSocket client in: the path, who serves the page (RFC 6455, section 10.2), and the
/// subprotocol (MQTT 5, section 6).
struct Doorman {
    origins: Vec<String>,
}

const PATH: &str = "/mqtt";

impl Callback for Doorman {
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        if request.uri().path() != PATH {
            return Err(refuse(StatusCode::NOT_FOUND, "MQTT is at /mqtt"));
        }
        if let Some(origin) = request.headers().get(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let listed = self.origins.iter().any(|listed| listed.eq_ignore_ascii_case(origin));
            if !listed && !is_of_this_machine(origin) {
                tracing::warn!(origin, "WebSocket refused: not in [embedded] origins");
                return Err(refuse(StatusCode::FORBIDDEN, "add the Origin to [embedded] origins"));
            }
        }
        let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL);
        let offered = offered.iter().filter_map(|value| value.to_str().ok());
        let mut offered = offered.flat_map(|value| value.split(',')).map(str::trim);
        if offered.any(|protocol| protocol == "mqtt") {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mqtt"));
        }
        Ok(response)
    }
}

fn refuse(status: StatusCode, why: &str) -> ErrorResponse {
    let mut response = http::Response::new(Some(why.to_owned()));
    *response.status_mut() = status;
    response
}

/// A page served by this machine: the status page of the agent, or a POS beside it.
fn is_of_this_machine(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => host,
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(super) fn tls_acceptor(files: &TlsFiles) -> Result<TlsAcceptor, BrokerError> {
    let wrong = |path: &Path, problem: String| BrokerError::Tls { path: path.to_owned(), problem };
    let certificate = &files.certificate;
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate, format!("is no PEM certificate chain: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "has no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| wrong(&files.key, format!("is no PEM private key: {error}")))?;
    // Named, because a second cryptography library in the build would make rustls' own choice panic.
    let provider = Arc::new(ring::default_provider());
    let clients = match &files.clients {
        Some(path) => client_verifier(path, &provider).map_err(|problem| wrong(path, problem))?,
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(DEFAULT_VERSIONS)
        .map_err(|error| error.to_string())
        .and_then(|builder| {
            let builder = builder.with_client_cert_verifier(clients);
            builder.with_single_cert(chain, key).map_err(|error| error.to_string())
        })
        .map_err(|problem| wrong(certificate, problem))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Takes certificates of these authorities, and clients that show none: they have a password.
fn client_verifier(
    path: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| format!("can't be read: {error}"))?
    {
        let certificate = certificate.map_err(|error| format!("is no PEM certificate: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("has a certificate that is no authority's: {error}"))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| error.to_string())
}

/// The common name (RFC 5280, section 4.1.2.6) of the certificate that a client has shown and that was verified.
pub(super) fn common_name(shown: Option<&[CertificateDer<'_>]>) -> Result<Option<String>, String> {
    let Some(certificate) = shown.and_then(<[_]>::first) else { return Ok(None) };
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let mut names = certificate.subject().iter_common_name();
    match (names.next().map(|name| name.as_str()), names.next()) {
        (Some(Ok(name)), None) if !name.is_empty() => Ok(Some(name.to_owned())),
        _ => {
            Err("the client's certificate has no common name, or several: make one with the user's name"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn only_pages_of_this_machine_are_its_own() {
        for origin in [
            "http://localhost",
            "https://localhost:8080",
            "http://127.0.0.1:9001",
            "http://[::1]:8080",
            "http://[::1]",
        ] {
            assert!(is_of_this_machine(origin), "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://evil.example:localhost",
            "http://192.168.1.7:8080",
            "file://localhost",
            "http://",
        ] {
            assert!(!is_of_this_machine(origin), "{origin}");
        }
    }

    /// A loop as the library's: takes what is there by chance, and waits for a disk with each message.
    async fn client(
        mut lane: mpsc::UnboundedReceiver<u8>,
        mut left: broadcast::Receiver<()>,
        conn: &Conn,
    ) -> Vec<u8> {
        let mut said = Vec::new();
        loop {
            tokio::select! {
                () = poll_fn(|_| { conn.waits(); Poll::Pending }) => {}
                Some(message) = lane.recv() => {
                    for _ in 0..3 {
                        tokio::task::yield_now().await;
                    }
                    conn.writes();
                    said.push(message);
                }
                _ = left.recv() => return said,
            }
        }
    }

    #[tokio::test]
    async fn a_client_gets_all_that_was_routed_to_it_before_it_is_told_of_the_end() {
        for _ in 0..100 {
            let conn = Conn::default();
            let (routed, lane) = mpsc::unbounded_channel();
            let (leave, left) = broadcast::channel(1);
            let (stop, shutdown) = broadcast::channel(1);
            let messages: Vec<u8> = (0..5).collect();
            assert!(messages.iter().all(|message| routed.send(*message).is_ok()) && stop.send(()).is_ok());
            assert_eq!(run_client(client(lane, left, &conn), &conn, shutdown, leave).await, messages);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_rests_is_told_all_the_same() {
        let conn = Conn::default();
        let (leave, mut left) = broadcast::channel(1);
        let (stop, shutdown) = broadcast::channel(1);
        assert!(stop.send(()).is_ok());
        let busy = async {
            while left.try_recv().is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        run_client(busy, &conn, shutdown, leave).await;
    }
}
