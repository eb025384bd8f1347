//! Devices that take datagrams: label scales.
//!
//! Each write is one datagram and each read is one. A device that has restarted, or is not there, is noticed by its
//! silence, or by the host's word that nothing listens on the port.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{CONNECT_TIMEOUT, Fault, Obstacle, Stream};

/// Datagrams to one device and back, from a port of their own.
pub struct Datagrams {
    socket: UdpSocket,
    device: SocketAddr,
}

impl Stream for Datagrams {
    /// Takes another port of the system: answers to earlier messages go to the old one.
    fn forget_unread(&mut self) -> io::Result<()> {
        self.socket = socket(self.device)?;
        Ok(())
    }
}

impl AsyncRead for Datagrams {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            match self.socket.poll_recv(task, buffer) {
                // An empty datagram says nothing; to a reader it would be the end.
                Poll::Ready(Ok(())) if buffer.filled().len() == before => {}
                other => return other,
            }
        }
    }
}

impl AsyncWrite for Datagrams {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_send(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Takes a port for datagrams to the first address of the host. Nothing is sent.
pub(super) async fn open(host: &str, port: u16) -> Result<Datagrams, Obstacle> {
    let found = match timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((host, port))).await {
        Ok(found) => found.map_err(|error| (Fault::UnknownHost, error.to_string()))?.next(),
        Err(_) => return Err((Fault::UnknownHost, "the name server does not answer".into())),
    };
    let device = found.ok_or((Fault::UnknownHost, "the name has no address".to_owned()))?;
    let socket = socket(device).map_err(|error| {
        let unreachable =
            matches!(error.kind(), io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable);
        (if unreachable { Fault::Unreachable } else { Fault::Other }, error.to_string())
    })?;
    Ok(Datagrams { socket, device })
}

fn socket(device: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match device {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = std::net::UdpSocket::bind(any)?;
    socket.connect(device)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn device_and_link() -> (UdpSocket, Datagrams) {
        let device = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let link = open("127.0.0.1", device.local_addr().unwrap().port()).await.unwrap();
        (device, link)
    }

    #[tokio::test]
    async fn each_datagram_is_read_by_itself_and_an_empty_one_is_no_end() {
        let (device, mut link) = device_and_link().await;
        link.write_all(b"who").await.unwrap();
        let mut buffer = [0; 16];
        let (length, host) = device.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"who");
        for answer in [&b"one"[..], b"", b"two"] {
            device.send_to(answer, host).await.unwrap();
        }
        for expected in ["one", "two"] {
            let length = link.read(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], expected.as_bytes());
        }
    }

    #[tokio::test]
    async fn an_answer_to_an_earlier_message_does_not_arrive_after_it_was_forgotten() {
        let (device, mut link) = device_and_link().await;
        let mut buffer = [0; 16];
        link.write_all(b"first").await.unwrap();
        let (_, earlier) = device.recv_from(&mut buffer).await.unwrap();
        link.forget_unread().unwrap();
        link.write_all(b"second").await.unwrap();
        let (_, later) = device.recv_from(&mut buffer).await.unwrap();
        device.send_to(b"late", earlier).await.unwrap();
        device.send_to(b"in time", later).await.unwrap();
        let length = link.read(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"in time");
    }
}
