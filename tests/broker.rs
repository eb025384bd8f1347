//! The embedded broker as clients see it.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "broker/bounds.rs"]
mod bounds;
#[path = "broker/wire.rs"]
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use outletd::broker::{
    BrokerError, EmbeddedBroker, EmbeddedConfig, Handling, Inbound, Limits, Password, PublishHook, Receipt,
    TlsFiles, User,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use wire::{Client, Connect, PATIENCE, PUBACK, PUBCOMP, PUBREC, PUBREL, Packet, Publish, V5, V311, binary};

type Seen = (Inbound, oneshot::Sender<Receipt>);

/// Everything under `job/` is consumed once the test says so; the rest goes to subscribers.
struct Desk {
    seen: mpsc::UnboundedSender<Seen>,
    finished: mpsc::UnboundedSender<Receipt>,
}

impl PublishHook for Desk {
    fn publish(&self, message: Inbound) -> Handling {
        if !message.topic.starts_with("job/") {
            return Handling::route();
        }
        let (done, wait) = oneshot::channel();
        self.seen.send((message, done)).ok();
        let finished = self.finished.clone();
        Handling::consume().after(async move {
            let receipt = wait.await.unwrap_or(Receipt::Refuse);
            finished.send(receipt).ok();
            receipt
        })
    }
}

struct Broker {
    broker: EmbeddedBroker,
    seen: Mutex<mpsc::UnboundedReceiver<Seen>>,
    finished: Mutex<mpsc::UnboundedReceiver<Receipt>>,
}

impl Broker {
    async fn start(config: EmbeddedConfig) -> Self {
        Self::try_start(config).await.unwrap()
    }

    async fn try_start(config: EmbeddedConfig) -> Result<Self, BrokerError> {
        let (seen, at_hook) = mpsc::unbounded_channel();
        let (finished, done) = mpsc::unbounded_channel();
        let broker = EmbeddedBroker::start(config, Arc::new(Desk { seen, finished })).await?;
        Ok(Self { broker, seen: Mutex::new(at_hook), finished: Mutex::new(done) })
    }

    fn addr(&self) -> SocketAddr {
        self.broker.mqtt_addr()
    }

    async fn join(&self, version: u8, id: &str) -> Client {
        Client::join(self.addr(), Connect::new(version, id)).await
    }

    /// The next publish at the hook, and what releases its acknowledgement.
    async fn hooked(&self) -> (Inbound, oneshot::Sender<Receipt>) {
        let next = async { self.seen.lock().await.recv().await.unwrap() };
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("nothing at the hook")
    }
}

fn anywhere() -> EmbeddedConfig {
    EmbeddedConfig { mqtt: loopback(), websocket: Some(loopback()), ..EmbeddedConfig::default() }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn user(name: &str, publish: &[&str], subscribe: &[&str]) -> User {
    let owned = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect();
    User {
        name: name.to_owned(),
        password: Some(Password::new(format!("{name}-secret"))),
        publish: owned(publish),
        subscribe: owned(subscribe),
    }
}

fn success(kind: u8, id: u16) -> Packet {
    Packet::Ack { kind, id, reason: 0 }
}

#[tokio::test]
async fn a_publish_is_acknowledged_only_after_the_hook_is_done() {
    let broker = Broker::start(anywhere()).await;
    for version in [V311, V5] {
        let mut pos = broker.join(version, "pos").await;
        pos.publish(Publish::qos1(7, "job/a", b"x")).await;
        pos.ping().await;
        assert_eq!(pos.next().await, Packet::Pong, "the publish was dealt with, not acknowledged");
        let (message, done) = broker.hooked().await;
        assert_eq!((&*message.topic, &*message.payload, message.qos), ("job/a", &b"x"[..], 1));
        done.send(Receipt::Acknowledge).unwrap();
        assert_eq!(pos.next().await, success(PUBACK, 7));
    }
}

#[tokio::test]
async fn a_qos_2_publish_is_received_only_after_the_hook_is_done() {
    let broker = Broker::start(anywhere()).await;
    for version in [V311, V5] {
        let mut pos = broker.join(version, "pos").await;
        pos.publish(Publish { qos: 2, ..Publish::qos1(9, "job/a", b"x") }).await;
        pos.ping().await;
        assert_eq!(pos.next().await, Packet::Pong);
        broker.hooked().await.1.send(Receipt::Acknowledge).unwrap();
        assert_eq!(pos.next().await, success(PUBREC, 9));
        pos.ack(PUBREL, 9).await;
        assert_eq!(pos.next().await, success(PUBCOMP, 9));
    }
}

#[tokio::test]
async fn publishes_of_one_client_are_at_the_hook_together_and_acknowledged_in_their_order() {
    let broker = Broker::start(anywhere()).await;
    let mut pos = broker.join(V311, "pos").await;
    let mut releases = Vec::new();
    for id in 1..=20 {
        pos.publish(Publish::qos1(id, "job/a", b"x")).await;
        releases.push(broker.hooked().await.1);
    }
    // One that the hook does not hold back waits its turn.
    pos.publish(Publish::qos1(21, "note/a", b"x")).await;
    pos.ping().await;
    assert_eq!(pos.next().await, Packet::Pong, "acknowledged before the hook was done");
    for release in releases.into_iter().rev() {
        release.send(Receipt::Acknowledge).unwrap();
    }
    for id in 1..=21 {
        assert_eq!(pos.next().await, success(PUBACK, id));
    }
}

#[tokio::test]
async fn a_qos_0_publish_reaches_the_hook() {
    let broker = Broker::start(anywhere()).await;
    let mut pos = broker.join(V311, "pos").await;
    pos.publish(Publish { qos: 0, ..Publish::qos1(0, "job/a", b"x") }).await;
    let (message, done) = broker.hooked().await;
    assert_eq!((&*message.client_id, message.qos), ("pos", 0));
    done.send(Receipt::Acknowledge).unwrap();
    pos.ping().await;
    assert_eq!(pos.next().await, Packet::Pong);
}

#[tokio::test]
async fn what_the_hook_began_is_completed_when_the_client_leaves() {
    let broker = Broker::start(anywhere()).await;
    let mut watcher = broker.join(V311, "watcher").await;
    watcher.subscribe("gone").await;
    let connect = Connect { will: Some(("gone", b"")), ..Connect::new(V5, "pos") };
    let mut pos = Client::join(broker.addr(), connect).await;
    pos.publish(Publish::qos1(1, "job/a", b"x")).await;
    let (_, done) = broker.hooked().await;
    drop(pos);
    assert!(matches!(watcher.next().await, Packet::Publish { .. }), "the broker has noticed");
    done.send(Receipt::Acknowledge).unwrap();
    let finished = async { broker.finished.lock().await.recv().await };
    let finished = tokio::time::timeout(Duration::from_secs(20), finished).await;
    assert_eq!(finished.expect("the work was dropped"), Some(Receipt::Acknowledge));
}

#[tokio::test]
async fn a_publish_the_hook_does_not_take_is_not_acknowledged_as_success() {
    let broker = Broker::start(anywhere()).await;
    let mut v5 = broker.join(V5, "v5").await;
    v5.publish(Publish::qos1(1, "job/a", b"x")).await;
    broker.hooked().await.1.send(Receipt::Refuse).unwrap();
    assert_eq!(v5.next().await, Packet::Ack { kind: PUBACK, id: 1, reason: 0x83 });

    v5.publish(Publish { qos: 2, ..Publish::qos1(2, "job/a", b"x") }).await;
    broker.hooked().await.1.send(Receipt::Refuse).unwrap();
    assert_eq!(v5.next().await, Packet::Disconnect { reason: 0x83 });

    let mut v311 = broker.join(V311, "v311").await;
    v311.publish(Publish::qos1(1, "job/a", b"x")).await;
    broker.hooked().await.1.send(Receipt::Refuse).unwrap();
    assert_eq!(v311.next().await, Packet::Closed);
}

#[tokio::test]
async fn what_the_hook_consumes_goes_to_no_subscriber_and_is_not_retained() {
    let broker = Broker::start(anywhere()).await;
    let mut watcher = broker.join(V311, "watcher").await;
    assert_eq!(watcher.subscribe("#").await, 1);
    let mut pos = broker.join(V311, "pos").await;
    pos.publish(Publish { retain: true, ..Publish::qos1(1, "job/a", b"job") }).await;
    broker.hooked().await.1.send(Receipt::Acknowledge).unwrap();
    pos.publish(Publish { retain: true, ..Publish::qos1(2, "note/a", b"note") }).await;
    let Packet::Publish { topic, .. } = watcher.next().await else { panic!("no publish") };
    assert_eq!(topic, "note/a");

    let mut late = broker.join(V311, "late").await;
    late.subscribe("#").await;
    let Packet::Publish { topic, retain, .. } = late.next().await else { panic!("no publish") };
    assert_eq!((topic.as_str(), retain), ("note/a", true));
    late.ping().await;
    assert_eq!(late.next().await, Packet::Pong, "nothing else was retained");
}

#[tokio::test]
async fn response_topic_and_correlation_data_reach_hook_and_subscriber() {
    let broker = Broker::start(anywhere()).await;
    let mut watcher = broker.join(V5, "watcher").await;
    watcher.subscribe("note/#").await;
    let mut pos = broker.join(V5, "pos").await;
    let response_topic = [&[0x08][..], &binary(b"reply/pos")].concat();
    let correlation_data = [&[0x09][..], &binary(&[0, 255, 7])].concat();
    let properties = [&*response_topic, &correlation_data].concat();
    pos.publish(Publish { properties: &properties, ..Publish::qos1(1, "job/a", b"x") }).await;
    let (message, _) = broker.hooked().await;
    assert_eq!(message.response_topic.as_deref(), Some("reply/pos"));
    assert_eq!(message.correlation_data.as_deref(), Some(&[0, 255, 7][..]));

    pos.publish(Publish { properties: &properties, ..Publish::qos1(2, "note/a", b"x") }).await;
    let Packet::Publish { properties: got, .. } = watcher.next().await else { panic!("no publish") };
    for property in [response_topic, correlation_data] {
        let found = got.windows(property.len()).any(|part| part == property);
        assert!(found, "{property:?} is not in {got:?}");
    }
}

#[tokio::test]
async fn a_will_is_published_and_retained_when_a_client_is_cut_off() {
    let broker = Broker::start(anywhere()).await;
    let mut watcher = broker.join(V311, "watcher").await;
    watcher.subscribe("screen/+").await;
    for version in [V311, V5] {
        let connect = Connect { will: Some(("screen/a", b"gone")), ..Connect::new(version, "screen") };
        drop(Client::join(broker.addr(), connect).await);
        let Packet::Publish { topic, payload, id, .. } = watcher.next().await else { panic!("no will") };
        assert_eq!((topic.as_str(), &*payload), ("screen/a", &b"gone"[..]));
        watcher.ack(PUBACK, id).await;
    }
}

#[tokio::test]
async fn users_may_use_their_topics_and_no_others() {
    let users = vec![user("pos", &["job/+"], &["reply/pos/#"]), user("screen", &[], &["kitchen/#"])];
    let broker = Broker::start(EmbeddedConfig { users, ..anywhere() }).await;
    let connect = Connect::new(V5, "pos").login("pos", "pos-secret");
    let mut pos = Client::join(broker.addr(), connect).await;
    pos.publish(Publish::qos1(1, "job/a", b"x")).await;
    let (message, done) = broker.hooked().await;
    assert_eq!(message.user.as_deref(), Some("pos"));
    done.send(Receipt::Acknowledge).unwrap();
    assert_eq!(pos.next().await, success(PUBACK, 1));
    pos.publish(Publish::qos1(2, "job/a/b", b"x")).await;
    assert_eq!(pos.next().await, Packet::Ack { kind: PUBACK, id: 2, reason: 0x87 });

    let connect = Connect::new(V311, "old-pos").login("pos", "pos-secret");
    let mut old = Client::join(broker.addr(), connect).await;
    for (qos, kind) in [(1, PUBACK), (2, PUBREC)] {
        old.publish(Publish { qos, ..Publish::qos1(3, "kitchen/a", b"x") }).await;
        assert_eq!(old.next().await, success(kind, 3), "3.1.1 knows no reason");
    }

    let connect = Connect::new(V5, "screen").login("screen", "screen-secret");
    let mut screen = Client::join(broker.addr(), connect).await;
    for (filter, reason) in [
        ("kitchen/grill/#", 1),
        ("$share/screens/kitchen/+", 1),
        ("#", 0x87),
        ("reply/pos/1", 0x87),
        ("$share/kitchen/reply/pos/1", 0x87),
    ] {
        assert_eq!(screen.subscribe(filter).await, reason, "{filter}");
    }
}

#[tokio::test]
async fn with_users_configured_nobody_else_comes_in() {
    // Made with `argon2 saltsaltsalt -id -e -t 1 -k 64 -p 1` from the password "hashed-secret".
    let mut hashed = user("hashed", &[], &[]);
    hashed.password = Some(Password::new(HASHED_SECRET));
    let users = vec![user("pos", &["job/+"], &[]), hashed];
    let broker = Broker::start(EmbeddedConfig { users, ..anywhere() }).await;
    for (connect, reason) in [
        (Connect::new(V5, "a"), 0x87),
        (Connect::new(V5, "a").login("pos", "wrong"), 0x86),
        (Connect::new(V5, "a").login("nobody", "pos-secret"), 0x86),
        (Connect::new(V5, "a").login("hashed", "wrong"), 0x86),
        (Connect::new(V5, "a").login("hashed", "hashed-secret"), 0),
        (Connect::new(V311, "a").login("pos", "wrong"), 4),
        (Connect { will: Some(("till/a", b"")), ..Connect::new(V5, "a").login("pos", "pos-secret") }, 0x87),
    ] {
        let (_, answer) = Client::knock(broker.addr(), connect).await;
        let Packet::ConnAck { reason: got, .. } = answer else { panic!("{answer:?}") };
        assert_eq!(got, reason);
    }
}

const HASHED_SECRET: &str =
    "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$b1cw0YYT9o067e9e6XA/KtEwYknMGy9+84jYpGxSh/0";

#[tokio::test]
async fn the_agents_name_topics_and_rights_are_its_own() {
    let agent_topics = vec!["agent".to_owned(), "device/+/state".to_owned()];
    let broker = Broker::start(EmbeddedConfig { agent_topics, ..anywhere() }).await;
    let access = broker.broker.agent().clone();

    let mut pos = broker.join(V5, "pos").await;
    for (id, topic, reason) in [(1, "agent", 0x87), (2, "device/bar/state", 0x87), (3, "device/bar/else", 0)]
    {
        pos.publish(Publish::qos1(id, topic, b"fake")).await;
        let Packet::Ack { reason: got, .. } = pos.next().await else { panic!("no PUBACK") };
        assert!(got == reason || (reason == 0 && got == 0x10), "{topic}: {got:#x}");
    }
    let (_, answer) = Client::knock(broker.addr(), Connect::new(V5, &access.client_id)).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0x85, .. }), "{answer:?}");
    let connect = Connect::new(V5, "thief").login(&access.user, "guess");
    let (_, answer) = Client::knock(broker.addr(), connect).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0x86, .. }), "{answer:?}");

    pos.subscribe("agent").await;
    let connect = Connect::new(V5, &access.client_id).login(&access.user, &access.password);
    let mut agent = Client::join(access.addr, connect).await;
    agent.publish(Publish::qos1(1, "agent", b"online")).await;
    assert_eq!(agent.next().await, success(PUBACK, 1));
    let Packet::Publish { payload, .. } = pos.next().await else { panic!("no publish") };
    assert_eq!(payload, b"online");
    // What the agent says itself is no inbound message.
    agent.publish(Publish::qos1(2, "job/a", b"x")).await;
    let Packet::Ack { id: 2, .. } = agent.next().await else { panic!("held back") };
}

#[tokio::test]
async fn an_address_of_the_network_needs_users_and_tls() {
    let open = SocketAddr::from(([0, 0, 0, 0], 0));
    let tls = || Some(TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into(), clients: None });
    let users = || vec![user("pos", &["#"], &["#"])];
    for (config, missing) in [
        (EmbeddedConfig { mqtt: open, ..anywhere() }, "[[embedded.users]] and [embedded.tls]"),
        (EmbeddedConfig { mqtt: open, users: users(), ..anywhere() }, "[embedded.tls]"),
        (EmbeddedConfig { mqtt: open, tls: tls(), ..anywhere() }, "[[embedded.users]]"),
        (EmbeddedConfig { websocket: Some(open), users: users(), ..anywhere() }, "[embedded.tls]"),
    ] {
        let refused = config.check().unwrap_err();
        assert!(matches!(&refused, BrokerError::OpenNetwork { addr, .. } if *addr == open), "{refused}");
        assert!(refused.to_string().contains(missing), "{refused}");
    }
    assert!(EmbeddedConfig { mqtt: open, users: users(), tls: tls(), ..anywhere() }.check().is_ok());
    assert!(EmbeddedConfig::default().mqtt.ip().is_loopback());
}

#[tokio::test]
async fn on_the_network_clients_speak_tls_and_the_agent_comes_by_loopback() {
    let network = Network::open(None, vec![user("pos", &["#"], &["#"])]).await;
    let broker = &network.broker;
    // A client that never speaks keeps nobody else from the handshake.
    let _silent = TcpStream::connect(network.addr).await.unwrap();
    let connect = Connect::new(V5, "pos").login("pos", "pos-secret");
    let (mut pos, answer) = Client::greet(network.connect(None).await.unwrap(), connect).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0, .. }), "{answer:?}");
    pos.publish(Publish::qos1(1, "note/a", b"x")).await;
    assert!(matches!(pos.next().await, Packet::Ack { kind: PUBACK, id: 1, .. }));

    let access = broker.broker.agent();
    assert!(access.addr.ip().is_loopback());
    let connect = Connect::new(V5, "pos-2").login("pos", "pos-secret");
    let (_, answer) = Client::knock(access.addr, connect).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0x87, .. }), "{answer:?}");
    let connect = Connect::new(V5, &access.client_id).login(&access.user, &access.password);
    Client::join(access.addr, connect).await;
}

#[tokio::test]
async fn who_shows_a_certificate_of_the_outlet_is_the_user_it_names_and_needs_no_password() {
    let authority = Authority::new();
    let mut till = user("till", &["note/#"], &["#"]);
    till.password = None;
    let users = vec![till, user("office", &["#"], &["#"])];
    let network = Network::open(Some(&authority), users).await;
    let shown = authority.sign("till");
    let (mut client, answer) =
        Client::greet(network.connect(Some(&shown)).await.unwrap(), Connect::new(V5, "pos-1")).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0, .. }), "{answer:?}");
    client.publish(Publish::qos1(1, "note/a", b"x")).await;
    assert_eq!(client.next().await, success(PUBACK, 1));
    client.publish(Publish::qos1(2, "other/a", b"x")).await;
    assert_eq!(client.next().await, Packet::Ack { kind: PUBACK, id: 2, reason: 0x87 });

    // With a password as before, where no certificate is shown.
    let by_password = Connect::new(V5, "pc-1").login("office", "office-secret");
    let (_, answer) = Client::greet(network.connect(None).await.unwrap(), by_password).await;
    assert!(matches!(answer, Packet::ConnAck { reason: 0, .. }), "{answer:?}");
    for (certificate, connect, reason) in [
        (None, Connect::new(V5, "a").login("till", ""), 0x86),
        (Some(&shown), Connect::new(V5, "b").login("office", "office-secret"), 0x87),
        (Some(&authority.sign("nobody")), Connect::new(V5, "c"), 0x87),
    ] {
        let socket = network.connect(certificate).await.unwrap();
        let (_, answer) = Client::greet(socket, connect).await;
        assert!(matches!(answer, Packet::ConnAck { reason: said, .. } if said == reason), "{answer:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_ends_the_handshake() {
    let (ours, other) = (Authority::new(), Authority::new());
    let network = Network::open(Some(&ours), vec![user("till", &["#"], &["#"])]).await;
    // With TLS 1.3 the client learns of it with the first byte it reads.
    if let Ok(mut socket) = network.connect(Some(&other.sign("till"))).await {
        let mut byte = [0];
        let read = tokio::io::AsyncReadExt::read(&mut socket, &mut byte).await;
        assert!(matches!(read, Err(_) | Ok(0)), "{read:?}");
    }
}

#[test]
fn a_user_without_a_password_needs_certificates_to_be_asked_for() {
    let mut till = user("till", &["#"], &["#"]);
    till.password = None;
    let refused = EmbeddedConfig { users: vec![till], ..anywhere() }.check().unwrap_err();
    assert!(refused.to_string().contains("[embedded.tls] clients"), "{refused}");
}

/// A broker on an address of the network, reached by loopback.
struct Network {
    broker: Broker,
    addr: SocketAddr,
    server: CertificateDer<'static>,
    _folder: tempfile::TempDir,
}

impl Network {
    async fn open(clients: Option<&Authority>, users: Vec<User>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["outlet".to_owned()]).unwrap();
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let files = TlsFiles {
            certificate: file("cert.pem", made.cert.pem()),
            key: file("key.pem", made.signing_key.serialize_pem()),
            clients: clients.map(|authority| file("clients.pem", authority.pem.clone())),
        };
        let mqtt = SocketAddr::from(([0, 0, 0, 0], 0));
        let broker = Broker::start(EmbeddedConfig { mqtt, tls: Some(files), users, ..anywhere() }).await;
        let addr = SocketAddr::from(([127, 0, 0, 1], broker.addr().port()));
        Self { broker, addr, server: made.cert.der().clone(), _folder: folder }
    }

    async fn connect(&self, shown: Option<&Shown>) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = tokio_rustls::rustls::RootCertStore::empty();
        roots.add(self.server.clone()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = tokio_rustls::rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            Some(shown) => {
                let key = PrivatePkcs8KeyDer::from(shown.key.clone()).into();
                config.with_client_auth_cert(vec![shown.certificate.clone()], key).unwrap()
            }
            None => config.with_no_client_auth(),
        };
        let socket = TcpStream::connect(self.addr).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect("outlet".try_into().unwrap(), socket).await
    }
}

/// An authority that signs certificates of clients.
struct Authority {
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    pem: String,
}

/// What a client shows.
struct Shown {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "clients of the outlet");
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: rcgen::Issuer::new(params, key), pem }
    }

    fn sign(&self, name: &str) -> Shown {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        Shown { certificate: signed.der().clone(), key: key.serialize_der() }
    }
}

#[tokio::test]
async fn an_address_in_use_is_named_with_the_remedy() {
    let taken = TcpListener::bind(loopback()).await.unwrap();
    let addr = taken.local_addr().unwrap();
    for (config, key) in [
        (EmbeddedConfig { mqtt: addr, ..anywhere() }, "[embedded] mqtt"),
        (EmbeddedConfig { websocket: Some(addr), ..anywhere() }, "[embedded] websocket"),
    ] {
        let Err(error) = Broker::try_start(config).await else { panic!("started on an address in use") };
        assert!(matches!(error, BrokerError::AddressInUse { addr: named, .. } if named == addr));
        let text = error.to_string();
        assert!(text.contains(&addr.to_string()) && text.contains(key) && text.contains("stop it"), "{text}");
    }
}

#[tokio::test]
async fn a_packet_above_the_limit_ends_the_connection_with_its_reason() {
    let limits = Limits { packet_bytes: 64 << 10, ..Limits::default() };
    let broker = Broker::start(EmbeddedConfig { limits, ..anywhere() }).await;
    let payload = vec![b'x'; 3 << 20];

    let mut v5 = broker.join(V5, "v5").await;
    let too_large = v5.encode(&Publish::qos1(1, "job/a", &payload));
    v5.try_send(&too_large).await.ok();
    assert_eq!(v5.next().await, Packet::Disconnect { reason: 0x95 });
    assert_eq!(v5.next().await, Packet::Closed);

    let mut v311 = broker.join(V311, "v311").await;
    let too_large = v311.encode(&Publish::qos1(1, "job/a", &payload));
    v311.try_send(&too_large).await.ok();
    assert_eq!(v311.next().await, Packet::Closed);
}

#[tokio::test]
async fn an_mqtt_5_client_is_told_the_limits() {
    let broker = Broker::start(anywhere()).await;
    let (_, answer) = Client::knock(broker.addr(), Connect::new(V5, "pos")).await;
    let Packet::ConnAck { properties, .. } = answer else { panic!("no CONNACK") };
    // Maximum Packet Size 4 MiB, Receive Maximum 256 (MQTT 5, section 3.2.2.3).
    for property in [&[0x27, 0, 0x40, 0, 0][..], &[0x21, 1, 0]] {
        assert!(properties.windows(property.len()).any(|part| part == property), "{properties:?}");
    }
}

#[tokio::test]
async fn a_job_of_two_mebibytes_reaches_the_hook() {
    let broker = Broker::start(anywhere()).await;
    let mut pos = broker.join(V311, "pos").await;
    let payload = vec![b'x'; 2 << 20];
    pos.publish(Publish::qos1(1, "job/a", &payload)).await;
    assert_eq!(broker.hooked().await.0.payload, payload);
}

#[tokio::test]
async fn a_topic_with_a_wildcard_ends_the_connection_with_its_reason() {
    let broker = Broker::start(anywhere()).await;
    for topic in ["job/+", "job/#", "job/a+b"] {
        let mut v5 = broker.join(V5, "v5").await;
        v5.publish(Publish::qos1(1, topic, b"x")).await;
        assert_eq!(v5.next().await, Packet::Disconnect { reason: 0x90 }, "{topic}");
        let mut v311 = broker.join(V311, "v311").await;
        v311.publish(Publish::qos1(1, topic, b"x")).await;
        assert_eq!(v311.next().await, Packet::Closed, "{topic}");
    }
    assert!(broker.seen.lock().await.try_recv().is_err(), "the hook saw it");
}

#[tokio::test]
async fn a_retained_message_too_many_is_refused_and_the_others_stay() {
    let limits = Limits { retained_messages: 2, retained_bytes: 8, ..Limits::default() };
    let broker = Broker::start(EmbeddedConfig { limits, ..anywhere() }).await;
    let mut pos = broker.join(V5, "pos").await;
    for (id, topic, payload, reason) in [
        (1, "a", &b"x"[..], 0x10),
        (2, "b", b"123456789", 0x97),
        (3, "b", b"x", 0x10),
        (4, "c", b"x", 0x97),
        (5, "a", b"y", 0x10),
    ] {
        pos.publish(Publish { retain: true, ..Publish::qos1(id, topic, payload) }).await;
        let Packet::Ack { reason: got, .. } = pos.next().await else { panic!("no PUBACK") };
        assert!(got == reason || (reason == 0x10 && got == 0), "{topic} {id}: {got:#x}");
    }
}

#[tokio::test]
async fn messages_for_a_subscriber_that_is_away_wait_for_it() {
    let broker = Broker::start(anywhere()).await;
    for version in [V311, V5] {
        let back = || Connect { clean: false, ..Connect::new(version, "core") };
        let mut core = Client::join(broker.addr(), back()).await;
        core.subscribe("event").await;
        core.send(&[0xE0, 0]).await;
        assert_eq!(core.next().await, Packet::Closed);
        let mut pos = broker.join(version, "pos").await;
        pos.publish(Publish::qos1(1, "event", b"1")).await;
        pos.next().await;
        let (mut core, answer) = Client::knock(broker.addr(), back()).await;
        assert!(matches!(answer, Packet::ConnAck { session_present: true, .. }), "{answer:?}");
        let Packet::Publish { payload, .. } = core.next().await else { panic!("no publish") };
        assert_eq!(payload, b"1");
        drop(Client::join(broker.addr(), Connect::new(version, "core")).await);
    }
}

#[tokio::test]
async fn with_a_store_sessions_and_retained_messages_outlive_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let config = || EmbeddedConfig { store: Some(dir.path().join("broker")), ..anywhere() };
    let back = || Connect { clean: false, ..Connect::new(V5, "core") };
    let first = Broker::start(config()).await;
    let mut core = Client::join(first.addr(), back()).await;
    core.subscribe("event").await;
    core.send(&[0xE0, 0]).await;
    assert_eq!(core.next().await, Packet::Closed);
    let mut pos = first.join(V5, "pos").await;
    pos.publish(Publish { retain: true, ..Publish::qos1(1, "event", b"1") }).await;
    assert_eq!(pos.next().await, success(PUBACK, 1));
    first.broker.stop().await;

    let second = Broker::start(config()).await;
    let (mut core, answer) = Client::knock(second.addr(), back()).await;
    assert!(matches!(answer, Packet::ConnAck { session_present: true, .. }), "{answer:?}");
    let Packet::Publish { payload, .. } = core.next().await else { panic!("no publish") };
    assert_eq!(payload, b"1");
}

#[tokio::test]
async fn clients_are_told_when_the_broker_stops() {
    let broker = Broker::start(anywhere()).await;
    let (mut v5, mut v311) = (broker.join(V5, "v5").await, broker.join(V311, "v311").await);
    let addr = broker.addr();
    broker.broker.stop().await;
    assert_eq!(v5.next().await, Packet::Disconnect { reason: 0x8B });
    assert_eq!(v311.next().await, Packet::Closed);
    TcpListener::bind(addr).await.expect("the address is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_reaches_its_subscribers_before_the_broker_stops() {
    let dir = tempfile::tempdir().unwrap();
    for store in [None, Some(dir.path().join("broker"))] {
        let broker = Broker::start(EmbeddedConfig { store, ..anywhere() }).await;
        let mut pos = broker.join(V5, "pos").await;
        let mut screens = Vec::new();
        for number in 0..50 {
            let name = format!("screen-{number}");
            let connect = Connect { clean: number % 2 == 0, ..Connect::new(V5, &name) };
            let mut screen = Client::join(broker.addr(), connect).await;
            screen.subscribe("event").await;
            screens.push(screen);
        }
        pos.publish(Publish::qos1(1, "event", b"done")).await;
        pos.publish(Publish::qos1(2, "event", b"offline")).await;
        assert_eq!(pos.next().await, success(PUBACK, 1));
        assert_eq!(pos.next().await, success(PUBACK, 2));
        broker.broker.stop().await;
        for screen in &mut screens {
            for word in [&b"done"[..], b"offline"] {
                let Packet::Publish { payload, .. } = screen.next().await else { panic!("no publish") };
                assert_eq!(payload, word);
            }
            assert_eq!(screen.next().await, Packet::Disconnect { reason: 0x8B });
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_keeps_the_broker_from_no_end() {
    let broker = Broker::start(anywhere()).await;
    let mut screen = broker.join(V5, "screen").await;
    screen.subscribe("event").await;
    let mut pos = broker.join(V5, "pos").await;
    // More than sockets hold.
    let picture = vec![0; 256 << 10];
    for id in 1..=100 {
        pos.publish(Publish::qos1(id, "event", &picture)).await;
        assert_eq!(pos.next().await, success(PUBACK, id));
    }
    tokio::time::timeout(PATIENCE, broker.broker.stop()).await.expect("it never ends");
}

#[tokio::test]
async fn a_second_client_of_the_same_name_takes_over() {
    let broker = Broker::start(anywhere()).await;
    for (version, goodbye) in [(V5, Packet::Disconnect { reason: 0x8E }), (V311, Packet::Closed)] {
        let mut first = broker.join(version, "pos").await;
        let mut second = broker.join(version, "pos").await;
        assert_eq!(first.next().await, goodbye);
        second.ping().await;
        assert_eq!(second.next().await, Packet::Pong);
    }
}

#[tokio::test]
async fn strangers_who_never_sign_in_leave_places_for_clients_and_for_the_agent() {
    let limits = Limits { clients: 4, ..Limits::default() };
    let broker = Broker::start(EmbeddedConfig { limits, ..anywhere() }).await;
    let mut till = broker.join(V311, "till").await;
    let mut strangers = Vec::new();
    for _ in 0..10 {
        strangers.push(TcpStream::connect(broker.addr()).await.unwrap());
    }
    let agent = broker.broker.agent().clone();
    let connect = Connect::new(V5, &agent.client_id).login(&agent.user, &agent.password);
    let mut agent = Client::join(agent.addr, connect).await;
    for client in [&mut till, &mut agent] {
        client.ping().await;
        assert_eq!(client.next().await, Packet::Pong);
    }
    // Half of the places is all that one address has for those who say nothing.
    for stranger in &mut strangers[2..] {
        assert_eq!(stranger.read(&mut [0]).await.unwrap_or_default(), 0, "it is closed");
    }
}

#[tokio::test]
async fn more_clients_than_allowed_are_turned_away() {
    let limits = Limits { clients: 1, ..Limits::default() };
    let broker = Broker::start(EmbeddedConfig { limits, ..anywhere() }).await;
    let mut first = broker.join(V311, "first").await;
    let (_, answer) = Client::knock(broker.addr(), Connect::new(V311, "second")).await;
    assert_eq!(answer, Packet::Closed);
    first.ping().await;
    assert_eq!(first.next().await, Packet::Pong);
}

/// Status line and headers of the answer to a WebSocket handshake.
async fn handshake(addr: SocketAddr, path: &str, headers: &str) -> String {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_browser_on_a_foreign_page_is_refused_and_others_are_not() {
    let origins = vec!["https://pos.example".to_owned()];
    let broker = Broker::start(EmbeddedConfig { origins, ..anywhere() }).await;
    let addr = broker.broker.websocket_addr().unwrap();
    // A client that never finishes its handshake keeps nobody else waiting.
    let _silent = TcpStream::connect(addr).await.unwrap();
    for (headers, status) in [
        ("", "101"),
        ("Origin: http://localhost:8080\r\n", "101"),
        ("Origin: https://POS.example\r\n", "101"),
        ("Origin: https://evil.example\r\n", "403"),
        ("Origin: https://pos.example.evil.example\r\n", "403"),
        ("Origin: null\r\n", "403"),
    ] {
        let answer = handshake(addr, "/mqtt", headers).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers}{answer}");
    }
    let answer = handshake(addr, "/mqtt", "Sec-WebSocket-Protocol: mqttv3.1, mqtt\r\n").await;
    assert!(answer.to_lowercase().contains("sec-websocket-protocol: mqtt\r\n"), "{answer}");
    assert!(handshake(addr, "/", "").await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn mqtt_over_websocket_has_the_same_hook_and_the_same_goodbye() {
    let broker = Broker::start(anywhere()).await;
    let addr = broker.broker.websocket_addr().unwrap();
    let socket = TcpStream::connect(addr).await.unwrap();
    let url = format!("ws://{addr}/mqtt");
    let (mut socket, _) = tokio_tungstenite::client_async(url, socket).await.unwrap();
    let send = |bytes: Vec<u8>| tokio_tungstenite::tungstenite::Message::Binary(bytes.into());
    let publish = |topic: &str| {
        let mut body = binary(topic.as_bytes());
        body.extend([0, 1, 0, b'x']);
        send(wire::packet(0x32, &body))
    };
    socket.send(send(Connect::new(V5, "browser").encode())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_data()[0], 0x20);
    socket.send(publish("job/a")).await.unwrap();
    broker.hooked().await.1.send(Receipt::Acknowledge).unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_data()[..4], [0x40, 2, 0, 1]);
    socket.send(publish("job/#")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_data()[..], [0xE0, 2, 0x90, 0]);
}
