//! Network devices: a TCP connection; printers listen on port 9100.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{CONNECT_TIMEOUT, Fault, Obstacle, Stream};

/// A dead peer is noticed after about 25 s of silence. There is deliberately no `TCP_USER_TIMEOUT`: it
/// would also cut off a printer that closes its window because its paper is out.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(10))
    .with_interval(Duration::from_secs(5))
    .with_retries(3);

impl Stream for TcpStream {
    fn forget_unsent(&mut self) {
        // A system that refuses it leaves the link as it was.
        let _ = SockRef::from(&*self).set_linger(Some(Duration::ZERO));
    }
}

/// Connects, trying each address of the host.
pub(super) async fn open(host: &str, port: u16) -> Result<TcpStream, Obstacle> {
    let addresses: Vec<_> = match timeout(CONNECT_TIMEOUT, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => return Err((Fault::UnknownHost, error.to_string())),
        Err(_) => return Err((Fault::UnknownHost, "the name server does not answer".into())),
    };
    let stream = match timeout(CONNECT_TIMEOUT, TcpStream::connect(&addresses[..])).await {
        Ok(connected) => connected.map_err(obstacle)?,
        Err(_) => {
            return Err((Fault::Silent, format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())));
        }
    };
    stream.set_nodelay(true).map_err(obstacle)?;
    SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE).map_err(obstacle)?;
    Ok(stream)
}

fn obstacle(error: io::Error) -> Obstacle {
    let fault = match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::Refused,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Fault::Unreachable,
        io::ErrorKind::TimedOut => Fault::Silent,
        _ => Fault::Other,
    };
    (fault, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Link;
    use crate::transport;

    #[tokio::test]
    async fn a_port_where_nothing_listens_is_refused_and_says_what_to_check() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let link: Link = format!("tcp://127.0.0.1:{port}").parse().unwrap();
        let error = transport::open(&link).await.err().expect("nothing listens there");
        assert_eq!(error.fault, Fault::Refused);
        let text = error.to_string();
        assert!(text.contains(&link.to_string()) && text.contains("check the port of the link"), "{text}");
    }

    #[tokio::test]
    async fn a_connection_does_not_hold_small_writes_back() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = open("127.0.0.1", listener.local_addr().unwrap().port()).await.unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(SockRef::from(&stream).keepalive().unwrap());
    }
}
