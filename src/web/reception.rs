//! Lets HTTP connections in: a bound on how many, TLS where it is spoken, and an end in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::lobby::Lobby;

/// How long the head of a request may take, and how long a connection may be idle.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// TLS handshakes that take longer are given up.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long open connections get to end when the agent stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// Connections at once of one address of the network; browsers open six.
const OF_ONE_ADDRESS: usize = 64;
/// Pause after the system had no file descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Who is at the other end: an extension of each request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A listener and how connections are let in.
pub(crate) struct Reception {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Connections at once.
    pub(crate) seats: usize,
}

impl Reception {
    /// Lets everybody in until `stop` is cancelled; answers that are being made are still given.
    pub(crate) async fn receive(self, pages: Router, stop: CancellationToken) {
        let seats = Arc::new(Semaphore::new(self.seats));
        let lobby = Lobby::new(OF_ONE_ADDRESS, self.seats);
        let mut visitors = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((socket, from)) => match lobby.enter(from.ip()).zip(seats.clone().try_acquire_owned().ok()) {
                        Some(places) => {
                            let visit = welcome(socket, from, self.tls.clone(), pages.clone(), stop.clone());
                            visitors.spawn(async move {
                                visit.await;
                                drop(places);
                            });
                        }
                        None => tracing::warn!(%from, "too many HTTP connections: closed"),
                    },
                    Err(error) => {
                        tracing::warn!(%error, "an HTTP connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = visitors.join_next() => {}
                () = stop.cancelled() => break,
            }
        }
        drop(self.listener);
        let all = async { while visitors.join_next().await.is_some() {} };
        drop(tokio::time::timeout(LAST_ANSWERS, all).await);
    }
}

/// Handshakes run in the task of the connection: a client that is slow at them keeps nobody else waiting.
async fn welcome(
    socket: TcpStream,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    pages: Router,
    stop: CancellationToken,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%from, %error, "TCP_NODELAY could not be set");
    }
    let Some(acceptor) = tls else { return attend(socket, from, pages, stop).await };
    match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(socket)).await {
        Ok(Ok(socket)) => attend(socket, from, pages, stop).await,
        Ok(Err(error)) => tracing::debug!(%from, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%from, "TLS handshake took too long"),
    }
}

/// One connection, from its first request to its last.
async fn attend(
    socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    from: SocketAddr,
    pages: Router,
    stop: CancellationToken,
) {
    let pages = TowerToHyperService::new(pages);
    let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(from));
        pages.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .half_close(true)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection ended early");
    }
}
