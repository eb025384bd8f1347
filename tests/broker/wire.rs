//! An MQTT client that knows nothing: it sends the packets it is told to and returns those that
//! come, so that a test sees what is on the wire and in which order.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub const V311: u8 = 4;
pub const V5: u8 = 5;

/// A test that waits longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client<S = TcpStream> {
    socket: S,
    version: u8,
}

#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Packet {
    ConnAck {
        session_present: bool,
        reason: u8,
        properties: Vec<u8>,
    },
    Publish {
        topic: String,
        payload: Vec<u8>,
        qos: u8,
        retain: bool,
        id: u16,
        properties: Vec<u8>,
    },
    /// PUBACK, PUBREC, PUBREL, PUBCOMP: the type's high nibble.
    Ack {
        kind: u8,
        id: u16,
        reason: u8,
    },
    SubAck {
        reasons: Vec<u8>,
    },
    Pong,
    Disconnect {
        reason: u8,
    },
    Closed,
}

pub const PUBACK: u8 = 4;
pub const PUBREC: u8 = 5;
pub const PUBREL: u8 = 6;
pub const PUBCOMP: u8 = 7;

pub struct Connect<'a> {
    pub version: u8,
    pub id: &'a str,
    pub clean: bool,
    pub login: Option<(&'a str, &'a str)>,
    pub will: Option<(&'a str, &'a [u8])>,
}

impl<'a> Connect<'a> {
    pub fn new(version: u8, id: &'a str) -> Self {
        Self { version, id, clean: true, login: None, will: None }
    }

    pub fn login(mut self, user: &'a str, password: &'a str) -> Self {
        self.login = Some((user, password));
        self
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut flags = u8::from(self.clean) << 1;
        flags |= if self.login.is_some() { 0xC0 } else { 0 };
        // A will is QoS 1 and retained.
        flags |= if self.will.is_some() { 0x2C } else { 0 };
        let mut body = text("MQTT");
        body.extend([self.version, flags, 0, 60]);
        if self.version == V5 {
            // Session expiry: an hour, unless the start is clean.
            let expiry: u32 = if self.clean { 0 } else { 3600 };
            body.extend([5, 0x11]);
            body.extend(expiry.to_be_bytes());
        }
        body.extend(text(self.id));
        if let Some((topic, payload)) = self.will {
            body.extend((self.version == V5).then_some(0));
            body.extend(text(topic));
            body.extend(binary(payload));
        }
        if let Some((user, password)) = self.login {
            body.extend(text(user));
            body.extend(text(password));
        }
        packet(0x10, &body)
    }
}

#[derive(Clone)]
pub struct Publish<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: u8,
    pub id: u16,
    pub retain: bool,
    pub properties: &'a [u8],
}

impl<'a> Publish<'a> {
    pub fn qos1(id: u16, topic: &'a str, payload: &'a [u8]) -> Self {
        Self { topic, payload, qos: 1, id, retain: false, properties: &[] }
    }
}

impl Client {
    /// Connects and expects to be let in.
    pub async fn join(addr: SocketAddr, connect: Connect<'_>) -> Self {
        let (client, answer) = Self::knock(addr, connect).await;
        assert!(matches!(answer, Packet::ConnAck { reason: 0, .. }), "not let in: {answer:?}");
        client
    }

    /// Connects and returns the answer.
    pub async fn knock(addr: SocketAddr, connect: Connect<'_>) -> (Self, Packet) {
        let socket = TcpStream::connect(addr).await.unwrap();
        Self::greet(socket, connect).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub async fn greet(socket: S, connect: Connect<'_>) -> (Self, Packet) {
        let mut client = Self { socket, version: connect.version };
        client.send(&connect.encode()).await;
        let answer = client.next().await;
        (client, answer)
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// As [`send`](Self::send), for what the broker may stop listening to.
    pub async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    pub async fn publish(&mut self, publish: Publish<'_>) {
        let bytes = self.encode(&publish);
        self.send(&bytes).await;
    }

    pub fn encode(&self, publish: &Publish<'_>) -> Vec<u8> {
        let mut body = text(publish.topic);
        if publish.qos > 0 {
            body.extend(publish.id.to_be_bytes());
        }
        if self.version == V5 {
            body.push(u8::try_from(publish.properties.len()).unwrap());
            body.extend(publish.properties);
        }
        body.extend(publish.payload);
        packet(0x30 | publish.qos << 1 | u8::from(publish.retain), &body)
    }

    /// Subscribes with QoS 1 and returns the broker's reason; 1 is granted.
    pub async fn subscribe(&mut self, filter: &str) -> u8 {
        let mut body = vec![0, 1];
        body.extend((self.version == V5).then_some(0));
        body.extend(text(filter));
        body.push(1);
        self.send(&packet(0x82, &body)).await;
        match self.next().await {
            Packet::SubAck { reasons } => reasons[0],
            other => panic!("no SUBACK but {other:?}"),
        }
    }

    pub async fn ack(&mut self, kind: u8, id: u16) {
        let flags = if kind == PUBREL { 2 } else { 0 };
        self.send(&packet(kind << 4 | flags, &id.to_be_bytes())).await;
    }

    /// When the answer is here, the broker has dealt with all that was sent before.
    pub async fn ping(&mut self) {
        self.send(&[0xC0, 0]).await;
    }

    pub async fn next(&mut self) -> Packet {
        let read = tokio::time::timeout(PATIENCE, self.read());
        match read.await.expect("the broker says nothing") {
            Ok(packet) => packet,
            Err(_) => Packet::Closed,
        }
    }

    async fn read(&mut self) -> io::Result<Packet> {
        let first = self.socket.read_u8().await?;
        let mut length = 0usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.socket.read_u8().await?;
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await?;
        Ok(self.decode(first, &body))
    }

    fn decode(&self, first: u8, body: &[u8]) -> Packet {
        let id = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        match first >> 4 {
            2 => Packet::ConnAck {
                session_present: body[0] == 1,
                reason: body[1],
                properties: body.get(3..).unwrap_or_default().to_vec(),
            },
            3 => {
                let qos = first >> 1 & 3;
                let mut at = 2 + usize::from(id(0));
                let topic = String::from_utf8(body[2..at].to_vec()).unwrap();
                let packet_id = if qos > 0 { id(at) } else { 0 };
                at += if qos > 0 { 2 } else { 0 };
                let mut properties = Vec::new();
                if self.version == V5 {
                    let length = usize::from(body[at]);
                    properties = body[at + 1..at + 1 + length].to_vec();
                    at += 1 + length;
                }
                let payload = body[at..].to_vec();
                Packet::Publish { topic, payload, qos, retain: first & 1 == 1, id: packet_id, properties }
            }
            kind @ PUBACK..=PUBCOMP => {
                Packet::Ack { kind, id: id(0), reason: body.get(2).copied().unwrap_or(0) }
            }
            9 => {
                let at = if self.version == V5 { 3 + usize::from(body[2]) } else { 2 };
                Packet::SubAck { reasons: body[at..].to_vec() }
            }
            13 => Packet::Pong,
            14 => Packet::Disconnect { reason: body.first().copied().unwrap_or(0) },
            other => panic!("packet type {other} from a broker"),
        }
    }
}

pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length & 0x7F).unwrap();
        length >>= 7;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    binary(text.as_bytes())
}

pub fn binary(bytes: &[u8]) -> Vec<u8> {
    let mut field = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    field.extend(bytes);
    field
}
