//! The links: TCP and pseudo terminal.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use tokio::time::{Instant, sleep_until};

use super::Inner;
use super::spec::SecondConnection;

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

pub(super) async fn tcp(inner: &Arc<Inner>, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
    let address = lookup_host(address)
        .await?
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on"))?;
    let socket = bind(address)?;
    let address = socket.local_addr()?;
    let port = Port::Closed(socket).open(address)?;
    start_timer(inner);
    tokio::spawn(accept(inner.clone(), port, address));
    Ok(address)
}

pub(super) fn pty(inner: &Arc<Inner>, link: &Path) -> io::Result<PathBuf> {
    let first = Pty::open(link)?;
    start_timer(inner);
    tokio::spawn(plugged(inner.clone(), first, link.to_owned()));
    Ok(link.to_owned())
}

// TCP

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Listening, or bound without listening: then the system refuses connections but nobody else
/// gets the port. A second socket is bound before the first listens: for a moment after a listener
/// was closed the system may still count its port as taken.
enum Port {
    Open(TcpListener, TcpSocket),
    Closed(TcpSocket),
}

impl Port {
    fn open(self, address: SocketAddr) -> io::Result<Self> {
        match self {
            Port::Closed(socket) => {
                let spare = bind(address)?;
                Ok(Port::Open(socket.listen(16)?, spare))
            }
            open => Ok(open),
        }
    }

    fn close(self) -> Self {
        match self {
            Port::Open(_, spare) => Port::Closed(spare),
            closed => closed,
        }
    }
}

async fn accept(inner: Arc<Inner>, mut port: Port, address: SocketAddr) {
    let mut changed = inner.changed.subscribe();
    loop {
        changed.mark_unchanged();
        let reachable = {
            let machine = inner.lock();
            machine.power && !machine.refuse && !machine.unplugged
        };
        let next = if reachable { port.open(address) } else { Ok(port.close()) };
        port = match next {
            Ok(port) => port,
            Err(error) => return tracing::error!(%error, %address, "simulated printer lost its port"),
        };
        let stream = match &port {
            Port::Closed(_) => tokio::select! {
                () = inner.stop.cancelled() => return,
                _ = changed.changed() => continue,
            },
            Port::Open(listener, _) => tokio::select! {
                () = inner.stop.cancelled() => return,
                _ = changed.changed() => continue,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => continue,
                },
            },
        };
        if inner.lock().spec.second_connection == SecondConnection::Refused {
            port = port.close();
        }
        serve_stream(&inner, stream).await;
    }
}

async fn serve_stream(inner: &Inner, mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    {
        // Power or the network may have gone while the connection was on its way.
        let mut machine = inner.lock();
        if !machine.power || machine.refuse || machine.unplugged {
            return;
        }
        machine.connect(true);
    }
    inner.touch();
    talk(inner, &mut stream).await;
    inner.lock().disconnect();
    drop(stream);
    inner.touch();
}

/// Carries bytes both ways until either side ends.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(inner: &Inner, stream: &mut S) {
    let mut buffer = vec![0; CHUNK];
    let mut changed = inner.changed.subscribe();
    loop {
        changed.mark_unchanged();
        let (room, out, cut) = {
            let mut machine = inner.lock();
            (machine.room().min(CHUNK), machine.take_tx(), machine.cut_link)
        };
        if !out.is_empty() {
            tokio::select! {
                () = inner.stop.cancelled() => return,
                written = stream.write_all(&out) => if written.is_err() { return },
            }
        }
        if cut {
            return;
        }
        tokio::select! {
            () = inner.stop.cancelled() => return,
            _ = changed.changed() => {}
            read = stream.read(&mut buffer[..room]), if room > 0 => match read {
                Ok(n) if n > 0 => {
                    {
                        let now = Instant::now();
                        let mut machine = inner.lock();
                        machine.receive(&buffer[..n], now);
                        machine.run(now);
                    }
                    inner.touch();
                }
                _ => return,
            }
        }
    }
}

// Time

/// One task per printer that comes back when the paper has moved or slow bytes are due.
fn start_timer(inner: &Arc<Inner>) {
    let mut running = inner.timer.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::replace(&mut *running, true) {
        return;
    }
    let inner = inner.clone();
    tokio::spawn(async move {
        let mut changed = inner.changed.subscribe();
        let mut due = false;
        loop {
            changed.mark_unchanged();
            let wake = inner.lock().run(Instant::now());
            if std::mem::take(&mut due) {
                inner.changed.send_replace(());
                changed.mark_unchanged();
            }
            let timer = async {
                match wake {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = inner.stop.cancelled() => return,
                _ = changed.changed() => {}
                () = timer => due = true,
            }
        }
    });
}

// Pseudo terminal

/// The device behind the link, until the cable is pulled.
struct Pty {
    reader: pipe::Receiver,
    writer: pipe::Sender,
    /// Kept open so that the master doesn't see an end when a host closes its side.
    _slave: OwnedFd,
    link: PathBuf,
}

impl Pty {
    fn open(link: &Path) -> io::Result<Self> {
        let pair = openpty(None, None)?;
        let mut settings = tcgetattr(&pair.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
        let flags = OFlag::from_bits_truncate(fcntl(&pair.master, FcntlArg::F_GETFL)?);
        fcntl(&pair.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        let path = nix::unistd::ttyname(&pair.slave)?;
        if link.is_symlink() {
            std::fs::remove_file(link)?;
        }
        std::os::unix::fs::symlink(path, link)?;
        // A pty master reads and writes like the ends of a pipe, which is all tokio needs.
        Ok(Self {
            reader: pipe::Receiver::from_owned_fd_unchecked(pair.master.try_clone()?)?,
            writer: pipe::Sender::from_owned_fd_unchecked(pair.master)?,
            _slave: pair.slave,
            link: link.to_owned(),
        })
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // The link may be gone already.
        let _ = std::fs::remove_file(&self.link);
    }
}

async fn plugged(inner: Arc<Inner>, first: Pty, link: PathBuf) {
    let mut next = Some(first);
    let mut changed = inner.changed.subscribe();
    loop {
        changed.mark_unchanged();
        if inner.lock().unplugged {
            next = None;
            tokio::select! {
                () = inner.stop.cancelled() => return,
                _ = changed.changed() => continue,
            }
        }
        let mut device = match next.take() {
            Some(device) => device,
            None => match Pty::open(&link) {
                Ok(device) => device,
                Err(error) => return tracing::error!(%error, "simulated printer can't open a pty"),
            },
        };
        inner.lock().connect(false);
        inner.touch();
        let mut stream = tokio::io::join(&mut device.reader, &mut device.writer);
        talk(&inner, &mut stream).await;
        drop(device);
        inner.lock().disconnect();
        inner.touch();
        if inner.stop.is_cancelled() {
            return;
        }
    }
}
