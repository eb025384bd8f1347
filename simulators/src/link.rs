//! The links of a simulated device: TCP and pseudo terminal, one host at a time.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Bytes read at a time.
const CHUNK: usize = 16 << 10;

/// A device as its link sees it.
pub(crate) trait Endpoint: Send + Sync + 'static {
    /// Wakes whenever the device may have something to send, or its link has changed.
    fn changed(&self) -> watch::Receiver<()>;
    /// Cancelled when the device's tasks are to end.
    fn stop(&self) -> &CancellationToken;
    /// The cable is pulled.
    fn unplugged(&self) -> bool;
    /// Takes connections: has power, and neither network nor script are against it.
    fn reachable(&self) -> bool;
    /// Refuses a second host instead of letting it wait.
    fn one_host_only(&self) -> bool;
    /// A host is there, over a network or a line. False: nobody answers it.
    fn connect(&self, network: bool) -> bool;
    /// The host has gone.
    fn disconnect(&self);
    /// Bytes that the device can take now; at 0 nothing is read.
    fn room(&self) -> usize;
    /// Bytes arrive.
    fn receive(&self, bytes: &[u8]);
    /// What is to be sent now, and whether the link is cut after that.
    fn take(&self) -> (Vec<u8>, bool);
    /// What was taken last has been handed to the system.
    fn written(&self);
    /// Does all that can be done now; gives the time at which there is more to do.
    fn run(&self) -> Option<Instant>;
    /// Wakes everyone who waits for [`changed`](Self::changed).
    fn touch(&self);
    /// Whether this is the first link: then the device gets its [`keep_time`].
    fn is_first_link(&self) -> bool;
}

/// Listens on a TCP address and serves one host after the other, until the device stops.
pub(crate) async fn tcp(device: Arc<impl Endpoint>, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
    let address = lookup_host(address)
        .await?
        .next()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no address to listen on"))?;
    let socket = bind(address)?;
    let address = socket.local_addr()?;
    let port = Port::Closed(socket).open(address)?;
    keep_time(&device);
    tokio::spawn(accept(device, port, address));
    Ok(address)
}

/// Opens a pseudo terminal, links it at `link`, and serves it until the device stops.
pub(crate) fn pty(device: Arc<impl Endpoint>, link: &Path) -> io::Result<PathBuf> {
    let first = Pty::open(link)?;
    keep_time(&device);
    tokio::spawn(plugged(device, first, link.to_owned()));
    Ok(link.to_owned())
}

/// One task per device that comes back when time has passed that something takes.
fn keep_time(device: &Arc<impl Endpoint>) {
    if !device.is_first_link() {
        return;
    }
    let device = device.clone();
    tokio::spawn(async move {
        let mut changed = device.changed();
        let mut due = false;
        loop {
            changed.mark_unchanged();
            let wake = device.run();
            if std::mem::take(&mut due) {
                device.touch();
                changed.mark_unchanged();
            }
            let timer = async {
                match wake {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = device.stop().cancelled() => return,
                _ = changed.changed() => {}
                () = timer => due = true,
            }
        }
    });
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

async fn accept(device: Arc<impl Endpoint>, mut port: Port, address: SocketAddr) {
    let mut changed = device.changed();
    loop {
        changed.mark_unchanged();
        let next = if device.reachable() { port.open(address) } else { Ok(port.close()) };
        port = match next {
            Ok(port) => port,
            Err(error) => return tracing::error!(%error, %address, "simulated device lost its port"),
        };
        let mut stream = match &port {
            Port::Closed(_) => tokio::select! {
                () = device.stop().cancelled() => return,
                _ = changed.changed() => continue,
            },
            Port::Open(listener, _) => tokio::select! {
                () = device.stop().cancelled() => return,
                _ = changed.changed() => continue,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => continue,
                },
            },
        };
        if device.one_host_only() {
            port = port.close();
        }
        serve_stream(&*device, &mut stream).await;
    }
}

async fn serve_stream(device: &impl Endpoint, stream: &mut TcpStream) {
    let _ = stream.set_nodelay(true);
    // Power or the network may have gone while the connection was on its way.
    if device.connect(true) {
        talk(device, stream).await;
        device.disconnect();
    }
}

/// Carries bytes both ways until either side ends.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(device: &impl Endpoint, stream: &mut S) {
    let mut buffer = vec![0; CHUNK];
    let mut changed = device.changed();
    loop {
        changed.mark_unchanged();
        let (out, cut) = device.take();
        if !out.is_empty() {
            tokio::select! {
                () = device.stop().cancelled() => return,
                written = stream.write_all(&out) => if written.is_err() { return },
            }
            device.written();
        }
        if cut {
            return;
        }
        if !out.is_empty() {
            continue;
        }
        let room = device.room().min(CHUNK);
        tokio::select! {
            () = device.stop().cancelled() => return,
            _ = changed.changed() => {}
            read = stream.read(&mut buffer[..room]), if room > 0 => match read {
                Ok(n) if n > 0 => device.receive(&buffer[..n]),
                _ => return,
            }
        }
    }
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

async fn plugged(device: Arc<impl Endpoint>, first: Pty, link: PathBuf) {
    let mut next = Some(first);
    let mut changed = device.changed();
    loop {
        changed.mark_unchanged();
        if device.unplugged() {
            next = None;
            tokio::select! {
                () = device.stop().cancelled() => return,
                _ = changed.changed() => continue,
            }
        }
        let mut terminal = match next.take() {
            Some(terminal) => terminal,
            None => match Pty::open(&link) {
                Ok(terminal) => terminal,
                Err(error) => return tracing::error!(%error, "simulated device can't open a pty"),
            },
        };
        // Without power the terminal stays: bytes go nowhere, as on a cable to a dead device.
        device.connect(false);
        let mut stream = tokio::io::join(&mut terminal.reader, &mut terminal.writer);
        talk(&*device, &mut stream).await;
        drop(terminal);
        device.disconnect();
        if device.stop().is_cancelled() {
            return;
        }
    }
}
