//! The printer's connections.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Shared;
use super::http::{self, Incoming, Request};
use super::machine::Reply;

/// Takes connections as long as the printer is on.
pub(super) async fn listen(shared: Arc<Shared>, listener: TcpListener, address: SocketAddr) {
    let mut changed = shared.changed.subscribe();
    let mut listener = Some(listener);
    loop {
        let on = shared.machine().on;
        if !on {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = changed.changed() => {}
            accepted = accepted => {
                if let Ok((stream, _)) = accepted {
                    let shared = shared.clone();
                    tokio::spawn(async move {
                        tokio::select! {
                            () = shared.stop.cancelled() => {}
                            () = off(&shared) => {}
                            () = connection(&shared, stream) => {}
                        }
                    });
                }
            }
        }
    }
}

/// Until the printer is switched off.
async fn off(shared: &Shared) {
    let mut changed = shared.changed.subscribe();
    while shared.machine().on {
        if changed.changed().await.is_err() {
            return;
        }
    }
}

/// Answers the requests of one connection.
async fn connection(shared: &Shared, mut stream: TcpStream) {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 << 10];
    loop {
        match http::read(&bytes) {
            Incoming::Whole(request, used) => {
                bytes.drain(..used);
                if !answer(shared, &mut stream, &request).await {
                    return;
                }
                continue;
            }
            Incoming::Part(body) => {
                if shared.machine().cuts(&body) {
                    return;
                }
            }
            Incoming::Wrong(why) => {
                shared.change(|machine| machine.violations.push(why.to_owned()));
                let _ = stream.write_all(&http::answer(400, &[])).await;
                return;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend(chunk.iter().take(count)),
        }
    }
}

/// Answers one request. False: the connection is over.
async fn answer(shared: &Shared, stream: &mut TcpStream, request: &Request) -> bool {
    let reply = shared.change(|machine| machine.take(request));
    let (bytes, goes_on) = match reply {
        Reply::Answer(body) => (http::answer(200, &body), true),
        Reply::Late(after, body) => {
            tokio::time::sleep(after).await;
            (http::answer(200, &body), true)
        }
        Reply::Http(status) => (http::answer(status, &[]), true),
        Reply::Part(body) => {
            let mut bytes = http::answer(200, &body);
            bytes.truncate(bytes.len() - body.len() / 2);
            (bytes, false)
        }
        Reply::Close => (Vec::new(), false),
        Reply::Nothing => std::future::pending().await,
    };
    let written = stream.write_all(&bytes).await;
    shared.change(|machine| machine.answered += 1);
    written.is_ok() && goes_on
}
