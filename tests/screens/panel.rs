//! A panel: plain HTTP/1.1 and MQTT over WebSocket, with codecs that are not the agent's.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use outletd::bus::contract::Topics;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectReturnCode, Disconnect, Filter, LastWill, Login, Packet, PubAck, Publish, Subscribe,
};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::{Outlet, PATIENCE};

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How the door is reached.
#[derive(Clone)]
pub struct Way {
    pub addr: SocketAddr,
    pub tls: Option<(TlsConnector, String)>,
}

/// An answer of the door.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Way {
    pub fn plain(addr: SocketAddr) -> Self {
        Self { addr, tls: None }
    }

    pub async fn open(&self) -> std::io::Result<Box<dyn Stream>> {
        let socket = TcpStream::connect(self.addr).await?;
        Ok(match &self.tls {
            None => Box::new(socket),
            Some((connector, name)) => {
                let name = ServerName::try_from(name.clone()).unwrap();
                Box::new(connector.connect(name, socket).await?)
            }
        })
    }

    /// Sends a request with headers of the caller's; `Host` is set unless they have it.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str(&format!("Host: {}\r\n", self.addr));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        let mut socket = self.open().await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        // TLS keeps back what the socket did not take at once.
        socket.flush().await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("an answer");
        // A TLS server that ends a connection without a word is no failure here.
        drop(read);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, &[("Content-Type", "application/json")], body).await
    }

    /// How a pairing stands.
    pub async fn standing(&self, asked: &Value) -> Value {
        let claim = format!("Bearer {}", asked["claim"].as_str().unwrap());
        let path = format!("/api/pairing/{}", asked["pairing"].as_str().unwrap());
        self.send("GET", &path, &[("Authorization", &claim)], "").await.json()
    }
}

/// Admits a screen and returns its id and secret.
pub async fn admit(outlet: &Outlet, wanted: Value) -> (String, String) {
    admit_by(outlet, &Way::plain(outlet.screens_addr()), wanted).await
}

/// The same for a door that is reached otherwise.
pub async fn admit_by(outlet: &Outlet, way: &Way, mut wanted: Value) -> (String, String) {
    let asked = way.post("/api/pairing", "{}").await.json();
    wanted["op"] = json!("admit");
    wanted["code"] = asked["code"].clone();
    let reply = outlet.client().await.ask_agent(wanted).await;
    assert_eq!(reply["ok"], true, "{reply}");
    let standing = way.standing(&asked).await;
    let text = |key: &str| standing[key].as_str().unwrap().to_owned();
    (text("screen"), text("secret"))
}

/// MQTT 5 over WebSocket.
pub struct Panel {
    socket: WebSocketStream<Box<dyn Stream>>,
    buffer: BytesMut,
    early: VecDeque<Publish>,
    topics: Topics,
    next_id: u16,
}

/// How a connection ended.
#[derive(Debug, PartialEq)]
pub enum End {
    Refused(ConnectReturnCode),
    Disconnected(Disconnect),
    Closed,
}

impl Panel {
    /// Opens the WebSocket.
    pub async fn connect(way: &Way) -> Self {
        let socket = way.open().await.unwrap();
        let mut request = format!("ws://{}/mqtt", way.addr).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse().unwrap());
        let (socket, response) = tokio_tungstenite::client_async(request, socket).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "mqtt");
        Self {
            socket,
            buffer: BytesMut::new(),
            early: VecDeque::new(),
            topics: Topics::new("outlet/v1/test"),
            next_id: 1,
        }
    }

    /// Signs in as a screen.
    pub async fn sign_in(way: &Way, screen: &str, secret: &str) -> Result<Self, End> {
        let mut panel = Self::connect(way).await;
        panel.introduce(&format!("screen-{screen}"), screen, secret, None).await?;
        Ok(panel)
    }

    /// Sends a CONNECT and waits for its answer.
    pub async fn introduce(
        &mut self,
        client_id: &str,
        user: &str,
        secret: &str,
        will: Option<LastWill>,
    ) -> Result<(), End> {
        let connect =
            Connect { keep_alive: 30, client_id: client_id.into(), clean_start: true, properties: None };
        self.send(&Packet::Connect(connect, will, Some(Login::new(user, secret)))).await;
        match self.packet().await {
            Ok(Packet::ConnAck(ack)) if ack.code == ConnectReturnCode::Success => Ok(()),
            Ok(Packet::ConnAck(ack)) => Err(End::Refused(ack.code)),
            Ok(other) => panic!("{other:?}"),
            Err(end) => Err(end),
        }
    }

    /// Sends a packet.
    pub async fn send(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.send_bytes(bytes.freeze()).await;
    }

    /// Sends what may be no packet. A door that has closed meanwhile is seen when reading.
    pub async fn send_bytes(&mut self, bytes: Bytes) {
        drop(self.socket.send(Message::Binary(bytes)).await);
    }

    /// The next packet, or how the connection ended.
    pub async fn packet(&mut self) -> Result<Packet, End> {
        loop {
            if let Ok(packet) = Packet::read(&mut self.buffer, None) {
                return match packet {
                    Packet::Disconnect(disconnect) => Err(End::Disconnected(disconnect)),
                    other => Ok(other),
                };
            }
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("a packet") {
                Some(Ok(Message::Binary(bytes))) => self.buffer.extend_from_slice(&bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Closed),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next bytes, whatever they are.
    pub async fn raw(&mut self) -> Bytes {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("bytes") {
                Some(Ok(Message::Binary(bytes))) => return bytes,
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Whether the connection ends, whatever is said before.
    pub async fn end_raw(&mut self) -> bool {
        let ended =
            async { while matches!(self.socket.next().await, Some(Ok(message)) if !message.is_close()) {} };
        tokio::time::timeout(PATIENCE, ended).await.is_ok()
    }

    /// How the connection ends; what is heard before that is passed over.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.packet().await {
                return end;
            }
        }
    }

    fn id(&mut self) -> u16 {
        self.next_id += 1;
        self.next_id
    }

    /// Asks for a topic below the prefix.
    pub async fn ask(&mut self, filter: &str, qos: QoS) {
        let id = self.id();
        let mut subscribe =
            Subscribe::new(Filter::new(format!("{}/{filter}", self.topics.prefix()), qos), None);
        subscribe.pkid = id;
        self.send(&Packet::Subscribe(subscribe)).await;
    }

    /// Subscribes to a topic below the prefix.
    pub async fn subscribe(&mut self, filter: &str) {
        self.ask(filter, QoS::AtLeastOnce).await;
        loop {
            match self.packet().await {
                Ok(Packet::SubAck(ack)) => {
                    assert!(format!("{:?}", ack.return_codes).contains("Success"), "{filter}: {ack:?}");
                    return;
                }
                Ok(Packet::Publish(publish)) => self.early.push_back(publish),
                other => panic!("{filter}: {other:?}"),
            }
        }
    }

    /// Publishes below the prefix and waits for the acknowledgement.
    pub async fn publish(&mut self, topic: &str, value: &Value) {
        self.say(topic, value, QoS::AtLeastOnce, false).await;
        loop {
            match self.packet().await.unwrap() {
                Packet::PubAck(_) => return,
                Packet::Publish(publish) => self.early.push_back(publish),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Publishes below the prefix.
    pub async fn say(&mut self, topic: &str, value: &Value, qos: QoS, retain: bool) {
        let id = self.id();
        let topic = format!("{}/{topic}", self.topics.prefix());
        let mut publish = Publish::new(topic, qos, value.to_string(), None);
        publish.retain = retain;
        publish.pkid = if qos == QoS::AtMostOnce { 0 } else { id };
        self.send(&Packet::Publish(publish)).await;
    }

    /// The next message whose topic ends so; others are passed over.
    pub async fn hears(&mut self, end: &str) -> (String, Value) {
        loop {
            let publish = match self.early.pop_front() {
                Some(early) => Some(early),
                None => match self.packet().await.unwrap() {
                    Packet::Publish(publish) => Some(publish),
                    _ => None,
                },
            };
            if let Some(publish) = publish {
                if publish.pkid > 0 {
                    self.send(&Packet::PubAck(PubAck::new(publish.pkid, None))).await;
                }
                let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                if topic.ends_with(end) {
                    return (topic, serde_json::from_slice(&publish.payload).unwrap());
                }
            }
        }
    }
}

/// A connector that trusts one authority alone.
pub fn trusting(ca: &str) -> TlsConnector {
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore, crypto::ring};
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(DEFAULT_VERSIONS)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
