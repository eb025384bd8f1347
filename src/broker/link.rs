//! Between a client's socket and the library that speaks MQTT with it.
//!
//! The library awaits its publish hook inside the loop of one client, so that a client with twenty
//! publishes in flight would wait twenty times for the disk. Here the hook's work runs while the
//! library goes on, and only the acknowledgement is held back: [`Conn`] knows what is still to be
//! done, [`Link`] recognises the PUBACK or PUBREC among the library's packets and keeps it until
//! then. The link also hands the socket back when the library is through with it, so that a
//! DISCONNECT with the reason can follow where the library sends none.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use mqtt5::MqttError;
use mqtt5::broker::events::{BrokerEventHandler, ClientPublishEvent, PublishAction};
use mqtt5::broker::transport::WebSocketTransport;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::oneshot;

use super::retained::Retained;
use super::rights::AGENT_USER;
use super::{Handling, Inbound, PublishHook, Receipt, Verdict};

/// Publishes of one client that wait for the hook; told to MQTT 5 clients as Receive Maximum.
/// Above it nothing more is read from the client.
pub(super) const MAX_HELD: u16 = 256;

type Work = Pin<Box<dyn Future<Output = Receipt> + Send>>;

/// What is known of one connection beside its socket.
#[derive(Default)]
pub(super) struct Conn {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: VecDeque<Held>,
    protocol: u8,
    said_goodbye: bool,
    refused: bool,
    did: Option<Did>,
}

/// What the library did with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    /// It wrote something, whatever else.
    Write,
    /// It waited for a packet of the client.
    Wait,
}

struct Held {
    packet_id: Option<u16>,
    progress: Progress,
    /// What to send when done: empty for QoS 0, none until the library has written it.
    ack: Option<Bytes>,
}

enum Progress {
    Running(Work),
    Done(Receipt),
}

impl Conn {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The library waits for a packet of the client.
    pub(super) fn waits(&self) {
        self.state().did.get_or_insert(Did::Wait);
    }

    /// The library has written to the client.
    pub(super) fn writes(&self) {
        self.state().did = Some(Did::Write);
    }

    /// What the library did since this was last asked.
    pub(super) fn take_did(&self) -> Option<Did> {
        self.state().did.take()
    }

    pub(super) fn speaks(&self, protocol: u8) {
        self.state().protocol = protocol;
    }

    fn hold(&self, packet_id: Option<u16>, work: Work) {
        let ack = packet_id.is_none().then(Bytes::new);
        self.state().held.push_back(Held { packet_id, progress: Progress::Running(work), ack });
    }

    /// Keeps `packet` if it acknowledges a publish that is still with the hook, or one that came
    /// after such a publish.
    fn keep_ack(&self, packet: &[u8]) -> bool {
        let [PUBACK | PUBREC, 2..=0x7F, high, low, ..] = packet else { return false };
        let packet_id = Some(u16::from_be_bytes([*high, *low]));
        let held = &mut self.state().held;
        if held.is_empty() {
            return false;
        }
        let ack = Some(Bytes::copy_from_slice(packet));
        match held.iter_mut().find(|held| held.packet_id == packet_id && held.ack.is_none()) {
            Some(waiting) => waiting.ack = ack,
            None => held.push_back(Held { packet_id, progress: Progress::Done(Receipt::Acknowledge), ack }),
        }
        true
    }

    /// What of a packet to a client may be sent. The library gives a 3.1.1 client reasons and a
    /// DISCONNECT that this version doesn't have (MQTT 3.1.1, sections 3.4 to 3.7 and 3.14).
    fn as_meant<'a>(&self, packet: &'a [u8]) -> Cow<'a, [u8]> {
        let mut state = self.state();
        let three = state.protocol != 5;
        match packet {
            [DISCONNECT, ..] => {
                state.said_goodbye = true;
                if three { Cow::Borrowed(&[]) } else { Cow::Borrowed(packet) }
            }
            [kind, _, high, low, _, ..] if three && matches!(kind >> 4, 4..=7) => {
                Cow::Owned(vec![*kind, 2, *high, *low])
            }
            _ => Cow::Borrowed(packet),
        }
    }

    /// Goes on with the hook's work; what may be sent now is appended to `out`. Says whether more
    /// may be read from the client.
    fn drive(&self, cx: &mut Context<'_>, out: &mut BytesMut) -> io::Result<bool> {
        let state = &mut *self.state();
        for held in &mut state.held {
            if let Progress::Running(work) = &mut held.progress
                && let Poll::Ready(receipt) = work.as_mut().poll(cx)
            {
                held.progress = Progress::Done(receipt);
            }
        }
        while let Some(Held { progress: Progress::Done(receipt), ack: Some(ack), packet_id }) =
            state.held.front()
        {
            match (receipt, packet_id, ack.first()) {
                (Receipt::Acknowledge, ..) => out.extend_from_slice(ack),
                (Receipt::Refuse | Receipt::NoRoom, None, _) => {}
                (Receipt::NoRoom, Some(id), Some(&PUBACK)) if state.protocol == 5 => {
                    let [high, low] = id.to_be_bytes();
                    out.extend_from_slice(&[PUBACK, 3, high, low, QUOTA_EXCEEDED]);
                }
                (Receipt::NoRoom, ..) => out.extend_from_slice(ack),
                (Receipt::Refuse, Some(id), Some(&PUBACK)) if state.protocol == 5 => {
                    let [high, low] = id.to_be_bytes();
                    out.extend_from_slice(&[PUBACK, 3, high, low, IMPLEMENTATION_SPECIFIC]);
                }
                (Receipt::Refuse, ..) => {
                    state.refused = true;
                    return Err(io::Error::other("the agent did not take a publish"));
                }
            }
            state.held.pop_front();
        }
        Ok(state.held.len() < usize::from(MAX_HELD))
    }

    /// Completes what the hook began for a client that has gone.
    pub(super) async fn finish(&self) {
        loop {
            let next = self.state().held.pop_front();
            match next.map(|held| held.progress) {
                Some(Progress::Running(work)) => drop(work.await),
                Some(Progress::Done(_)) => {}
                None => return,
            }
        }
    }

    /// The DISCONNECT that tells an MQTT 5 client why the library has given up on it.
    fn farewell(&self, outcome: &Result<(), MqttError>) -> Option<[u8; 4]> {
        let state = self.state();
        let reason = match outcome {
            Err(_) if state.refused => IMPLEMENTATION_SPECIFIC,
            Err(MqttError::PacketTooLarge { .. }) => 0x95,
            Err(MqttError::InvalidTopicName(_)) => 0x90,
            Err(MqttError::InvalidTopicFilter(_)) => 0x8F,
            Err(MqttError::KeepAliveTimeout) => 0x8D,
            Err(MqttError::ProtocolError(_)) => 0x82,
            Err(MqttError::MalformedPacket(_)) => 0x81,
            _ => return None,
        };
        (state.protocol == 5 && !state.said_goodbye).then_some([DISCONNECT, 2, reason, 0])
    }
}

// First bytes of packets, MQTT 5 section 2.1.2; a reason code, section 2.4.
const CONNECT: u8 = 0x10;
const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;
const DISCONNECT: u8 = 0xE0;
const IMPLEMENTATION_SPECIFIC: u8 = 0x83;
const QUOTA_EXCEEDED: u8 = 0x97;

/// Gives the publishes of one connection to the hook.
pub(super) struct Tap {
    pub(super) hook: Arc<dyn PublishHook>,
    pub(super) conn: Arc<Conn>,
    pub(super) retained: Arc<Retained>,
}

impl BrokerEventHandler for Tap {
    fn on_client_publish<'a>(
        &'a self,
        event: ClientPublishEvent,
    ) -> Pin<Box<dyn Future<Output = PublishAction> + Send + 'a>> {
        Box::pin(async move {
            if event.user_id.as_deref() == Some(AGENT_USER) {
                return PublishAction::Continue;
            }
            let packet_id = event.packet_id;
            let no_room = event.retain && !self.retained.has_room(&event.topic, event.payload.len());
            let (client, topic) = (Arc::clone(&event.client_id), Arc::clone(&event.topic));
            let Handling { verdict, before_ack } = self.hook.publish(Inbound {
                client_id: event.client_id,
                user: event.user_id,
                topic: event.topic,
                payload: event.payload,
                qos: event.qos as u8,
                retain: event.retain,
                response_topic: event.response_topic,
                correlation_data: event.correlation_data,
            });
            if no_room && verdict == Verdict::Route {
                tracing::warn!(%client, %topic, "a message is not retained: clients have retained too much");
                self.conn.hold(packet_id, Box::pin(std::future::ready(Receipt::NoRoom)));
                return PublishAction::Handled;
            }
            if let Some(work) = before_ack {
                self.conn.hold(packet_id, work);
            }
            match verdict {
                Verdict::Route => PublishAction::Continue,
                Verdict::Consume => PublishAction::Handled,
            }
        })
    }
}

/// The socket as the library sees it.
pub(super) struct Link<S> {
    socket: Option<S>,
    home: Option<oneshot::Sender<S>>,
    conn: Arc<Conn>,
    /// Acknowledgements that may leave.
    out: BytesMut,
    between_packets: bool,
    unflushed: bool,
    before_connect: bool,
}

impl<S> Link<S> {
    /// The link, and where the socket comes back when the link is dropped.
    pub(super) fn new(socket: S, conn: Arc<Conn>) -> (Self, oneshot::Receiver<S>) {
        let (home, back) = oneshot::channel();
        let link = Self {
            socket: Some(socket),
            home: Some(home),
            conn,
            out: BytesMut::new(),
            between_packets: true,
            unflushed: false,
            before_connect: true,
        };
        (link, back)
    }
}

impl<S: AsyncWrite + Unpin> Link<S> {
    fn socket(&mut self) -> io::Result<Pin<&mut S>> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        self.socket.as_mut().map(Pin::new).ok_or_else(gone)
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let socket = self.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let written = ready!(Pin::new(socket).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(self.socket()?.poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes of a packet what the socket has room for, or keeps it back.
    fn poll_packet(&mut self, cx: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<usize>> {
        if self.between_packets {
            let meant = &*self.conn.as_meant(packet);
            if self.conn.keep_ack(meant) {
                return Poll::Ready(Ok(packet.len()));
            }
            ready!(self.poll_out(cx))?;
            if meant.len() != packet.len() {
                self.out.extend_from_slice(meant);
                return Poll::Ready(Ok(packet.len()));
            }
        }
        let written = ready!(self.socket()?.poll_write(cx, packet))?;
        self.between_packets = false;
        Poll::Ready(Ok(written))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Link<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        link.conn.waits();
        let more = link.conn.drive(cx, &mut link.out)?;
        if let Poll::Ready(Err(error)) = link.poll_out(cx) {
            return Poll::Ready(Err(error));
        }
        if !more {
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(link.socket()?.poll_read(cx, buf))?;
        if std::mem::take(&mut link.before_connect) {
            never_idle(buf.filled_mut().get_mut(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Link<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, packet: &[u8]) -> Poll<io::Result<usize>> {
        let link = self.get_mut();
        let written = link.poll_packet(cx, packet);
        if written.is_ready() {
            link.conn.writes();
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        link.between_packets = true;
        ready!(link.poll_out(cx))?;
        link.socket()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket()?.poll_shutdown(cx)
    }
}

impl<S> Drop for Link<S> {
    fn drop(&mut self) {
        if let (Some(home), Some(socket)) = (self.home.take(), self.socket.take()) {
            home.send(socket).ok();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> WebSocketTransport for Link<S> {
    fn peer_addr(&self) -> mqtt5::Result<SocketAddr> {
        Err(MqttError::InvalidState("the address is known where the socket was accepted".into()))
    }
}

/// Keep alive 0 means that the client may be silent for ever (MQTT 5, section 3.1.2.10); the
/// library would cut it after five minutes. The longest keep alive it takes is 18 hours.
pub(super) fn never_idle(connect: &mut [u8]) {
    let Some((&mut CONNECT, rest)) = connect.split_first_mut() else { return };
    let Some(length) = rest.iter().take(4).position(|byte| byte & 0x80 == 0) else { return };
    // Protocol name (6 bytes), version, flags, keep alive: section 3.1.2.
    let keep_alive = rest.get_mut(length + 1 + 8..length + 1 + 10);
    if let Some(keep_alive) = keep_alive.filter(|keep_alive| **keep_alive == [0, 0]) {
        keep_alive.fill(0xFF);
    }
}

/// How long and how much is still read from a client after the goodbye, so that it is read there
/// before the connection is reset.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 64 << 20;

/// Tells the client why, and closes.
pub(super) async fn say_goodbye<S>(mut socket: S, conn: &Conn, outcome: &Result<(), MqttError>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let close = async {
        if let Some(packet) = conn.farewell(outcome) {
            socket.write_all(&packet).await?;
            socket.flush().await?;
        }
        socket.shutdown().await?;
        let mut rest = socket.take(LINGER_BYTES);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // A client that has gone, or doesn't listen, has nothing to be told.
    let _ = tokio::time::timeout(LINGER, close).await;
}

#[cfg(test)]
mod tests {
    use super::never_idle;

    fn connect(keep_alive: [u8; 2]) -> Vec<u8> {
        let mut packet = vec![0x10, 0x10, 0, 4];
        packet.extend(b"MQTT\x05\x02");
        packet.extend(keep_alive);
        packet.extend([0, 0, 3, b'p', b'o', b's']);
        packet
    }

    #[test]
    fn a_client_without_keep_alive_gets_the_longest_there_is() {
        let mut packet = connect([0, 0]);
        never_idle(&mut packet);
        assert_eq!(packet, connect([0xFF, 0xFF]));
    }

    #[test]
    fn a_keep_alive_is_left_as_it_is_and_a_torn_connect_too() {
        let mut packet = connect([0, 60]);
        never_idle(&mut packet);
        assert_eq!(packet, connect([0, 60]));
        for length in 0..12 {
            let mut torn = connect([0, 0])[..length].to_vec();
            let before = torn.clone();
            never_idle(&mut torn);
            assert_eq!(torn, before);
        }
    }
}
