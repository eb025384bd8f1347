//! A cable of the network that can be pulled, or carry nothing for a while.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// They come through.
    Open,
    /// They wait.
    Silent,
    /// Connections end, and there are no new ones.
    Cut,
}

/// A cable to a broker.
pub struct Cable {
    /// Where its near end is.
    pub addr: SocketAddr,
    end: End,
    accepting: JoinHandle<()>,
}

/// What changes it.
#[derive(Clone)]
pub struct End {
    way: watch::Sender<Way>,
    /// Bytes until it is cut by itself.
    left: Arc<AtomicI64>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Cable {
    /// Leads to whatever listens there.
    pub async fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let end = End { way: watch::channel(Way::Open).0, left: Arc::new(AtomicI64::new(i64::MAX)) };
        let accepting = tokio::spawn({
            let end = end.clone();
            async move {
                loop {
                    // What goes wrong with one connection is not the end of the cable.
                    if let Ok((near, _)) = listener.accept().await {
                        tokio::spawn(end.clone().connect(near, broker));
                    }
                }
            }
        });
        Self { addr, end, accepting }
    }

    /// The part of it that can be given away.
    pub fn end(&self) -> End {
        self.end.clone()
    }
}

impl End {
    /// Cuts it once so many bytes more have gone through it, in the middle of what they belong to.
    pub fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::Relaxed);
        if bytes == 0 {
            self.way.send_replace(Way::Cut);
        }
    }

    /// Lets nothing through, and ends no connection.
    pub fn silence(&self) {
        self.way.send_if_modified(|way| {
            let open = *way == Way::Open;
            if open {
                *way = Way::Silent;
            }
            open
        });
    }

    /// Mends it.
    pub fn mend(&self) {
        self.left.store(i64::MAX, Ordering::Relaxed);
        self.way.send_replace(Way::Open);
    }

    async fn connect(self, near: TcpStream, broker: SocketAddr) {
        // Both ends hear of a cut at once: what is not said then is found by no time-out.
        let _ = near.set_zero_linger();
        if *self.way.borrow() == Way::Cut {
            return;
        }
        let Ok(far) = TcpStream::connect(broker).await else { return };
        let _ = far.set_zero_linger();
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
        // One way that ends takes the other with it.
        tokio::select! {
            () = self.carry(near_read, far_write) => {}
            () = self.carry(far_read, near_write) => {}
        }
    }

    async fn carry(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut way = self.way.subscribe();
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let count = tokio::select! {
                read = from.read(&mut bytes) => read.unwrap_or(0),
                _ = way.wait_for(|way| *way == Way::Cut) => 0,
            };
            let open = way.wait_for(|way| *way != Way::Silent).await.is_ok_and(|way| *way == Way::Open);
            if count == 0 || !open {
                return;
            }
            let length = i64::try_from(count).unwrap();
            let left = self.left.fetch_sub(length, Ordering::Relaxed);
            let through = usize::try_from(left.clamp(0, length)).unwrap();
            if to.write_all(&bytes[..through]).await.is_err() {
                return;
            }
            if through < count {
                let _ = to.flush().await;
                self.way.send_replace(Way::Cut);
                return;
            }
        }
    }
}
