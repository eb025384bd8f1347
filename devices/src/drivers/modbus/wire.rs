//! What the Modbus library reads and writes: a link that remembers the bytes of the exchange and takes out echoes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::transport::Stream;

/// No frame is longer (*MODBUS over serial line* 1.02, section 2.5.1.1; *Messaging on TCP/IP* 1.0b, section 3.1.3).
const LONGEST: usize = 260;
/// So much of what comes is remembered: an echo, noise and an answer.
const REMEMBERED: usize = 4 * LONGEST;

/// An open link. Clones are the same one.
#[derive(Clone)]
pub(super) struct Wire(Arc<Mutex<Inner>>);

struct Inner {
    stream: Box<dyn Stream>,
    sent: Vec<u8>,
    received: Vec<u8>,
    /// What is sent comes back before the answer: so many bytes of it have.
    echoed: Option<usize>,
    /// What was read and found no room.
    left: Vec<u8>,
    took_echo: bool,
    closed: bool,
}

/// What crossed the link since [`Wire::begin`], without echoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traffic {
    pub sent: Vec<u8>,
    pub received: Vec<u8>,
    /// An echo was taken out.
    pub echoed: bool,
    /// The other side has closed the link.
    pub closed: bool,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            stream,
            sent: Vec::new(),
            received: Vec::new(),
            echoed: None,
            left: Vec::new(),
            took_echo: false,
            closed: false,
        })))
    }

    /// An exchange begins. `echo`: what is sent comes back first, and is no answer.
    pub fn begin(&self, echo: bool) {
        let mut inner = self.lock();
        inner.sent.clear();
        inner.received.clear();
        inner.left.clear();
        inner.echoed = echo.then_some(0);
        inner.took_echo = false;
    }

    pub fn traffic(&self) -> Traffic {
        let inner = self.lock();
        Traffic {
            sent: inner.sent.clone(),
            received: inner.received.clone(),
            echoed: inner.took_echo,
            closed: inner.closed,
        }
    }

    /// Reads something and drops it. 0: the link is closed.
    pub async fn skip(&self) -> io::Result<usize> {
        std::future::poll_fn(|task| self.lock().poll_skip(task)).await
    }

    /// Drops what is there already. Whether the link is still open.
    pub async fn is_open(&self) -> bool {
        std::future::poll_fn(|task| {
            loop {
                match self.lock().poll_skip(task) {
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(false),
                    Poll::Ready(Ok(_)) => {}
                    Poll::Pending => return Poll::Ready(true),
                }
            }
        })
        .await
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn poll_skip(&mut self, task: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.left.clear();
        let mut bytes = [0; LONGEST];
        let mut buf = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *self.stream).poll_read(task, &mut buf))?;
        self.closed |= buf.filled().is_empty();
        Poll::Ready(Ok(buf.filled().len()))
    }

    /// What is left of new bytes without an echo. Bytes that looked like one and are none come back.
    fn without_echo(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(before) = self.echoed else { return bytes.to_vec() };
        let rest = self.sent.get(before..).unwrap_or_default();
        let same = rest.iter().zip(bytes).take_while(|(sent, byte)| sent == byte).count();
        let echoed = before + same;
        let new = bytes.get(same..).unwrap_or_default();
        if echoed == self.sent.len() {
            (self.echoed, self.took_echo) = (None, true);
            return new.to_vec();
        }
        if new.is_empty() {
            self.echoed = Some(echoed);
            return Vec::new();
        }
        self.echoed = None;
        [self.sent.get(..echoed).unwrap_or_default(), new].concat()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        loop {
            if !inner.left.is_empty() {
                let fits = inner.left.len().min(out.remaining());
                let rest = inner.left.split_off(fits);
                out.put_slice(&std::mem::replace(&mut inner.left, rest));
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; LONGEST];
            // What turns out to be no echo should find room together with what was held back.
            let held = inner.echoed.unwrap_or(0);
            let room = out.remaining().saturating_sub(held).clamp(1, LONGEST);
            let mut buf = ReadBuf::new(bytes.get_mut(..room).unwrap_or_default());
            ready!(Pin::new(&mut *inner.stream).poll_read(task, &mut buf))?;
            if buf.filled().is_empty() {
                inner.closed = true;
                return Poll::Ready(Ok(()));
            }
            let new = inner.without_echo(buf.filled());
            let remembered = REMEMBERED.saturating_sub(inner.received.len());
            inner.received.extend(new.iter().take(remembered));
            inner.left = new;
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        let written = ready!(Pin::new(&mut *inner.stream).poll_write(task, bytes))?;
        inner.sent.extend(bytes.iter().take(written));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock().stream).poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock().stream).poll_shutdown(task)
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
