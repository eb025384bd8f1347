//! Runs a session over a transport, with its deadlines, until it ends, the link breaks or the agent stops.
//!
//! A [`Session`] is one conversation with a device as a plain state machine: no I/O, no clock of its own.
//! [`Exchange::run`] does what it asks for. It reads while it writes, so that a printer whose buffer is
//! full can still say why.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use thiserror::Error;
use tokio::io::ReadBuf;
use tokio::time::{Instant, sleep_until};

use crate::driver::{Direction, JobContext, Waiting};
use crate::transport::{PortStatus, Stream};

/// One conversation with a device.
pub trait Session {
    /// What it ends with.
    type End;

    /// Time has passed. Called first of all, after each event, and when the deadline is over.
    fn tick(&mut self, now: Instant);
    /// When `tick` is to be called again even if nothing happens.
    fn deadline(&self) -> Option<Instant>;
    /// What is to be done now. Called after `tick`.
    fn step(&mut self) -> Step<'_, Self::End>;
    /// Bytes came.
    fn received(&mut self, bytes: &[u8], now: Instant);
    /// So many of the bytes asked for have left.
    fn written(&mut self, count: usize, now: Instant);
    /// All bytes have passed the agent's own buffers.
    fn flushed(&mut self, _now: Instant) {}
    /// What of the bytes that are sent the byte trace may show: no password.
    fn shown(sent: &[u8]) -> Cow<'_, [u8]> {
        Cow::Borrowed(sent)
    }
    /// What to tell the queue: why the job waits, or (`Some(None)`) that it goes on. Taken once.
    fn notice(&mut self) -> Option<Option<Waiting>> {
        None
    }
}

/// What a session wants next. It always reads as well.
pub enum Step<'a, E> {
    /// Send these bytes; as many as the device takes.
    Write(&'a [u8]),
    /// Wait until all bytes have passed the agent's own buffers.
    Flush,
    /// Only listen.
    Wait,
    /// It is over.
    End(E),
}

/// Why an exchange broke off.
#[derive(Debug, Error)]
pub enum Broken {
    /// The device or the network closed the link.
    #[error("the link was closed by the device")]
    Closed,
    /// The link failed.
    #[error("the link failed: {0}")]
    Failed(io::Error),
    /// The agent was told to end at once.
    #[error("the agent was told to end at once")]
    Aborted,
}

/// An open link.
pub struct Exchange {
    stream: Box<dyn Stream>,
    buf: Box<[u8; 1024]>,
}

enum Happened {
    Read(usize),
    Written(usize),
    Flushed,
    Time,
    Aborted,
}

impl Exchange {
    /// An exchange over an open stream.
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buf: Box::new([0; 1024]) }
    }

    /// The status that the port itself knows.
    pub async fn port_status(&mut self) -> Option<PortStatus> {
        self.stream.port_status().await
    }

    /// From now on, what answers an earlier message does not arrive any more: see [`Stream::forget_unread`].
    ///
    /// # Errors
    /// [`Broken::Failed`].
    pub fn forget_unread(&mut self) -> Result<(), Broken> {
        self.stream.forget_unread().map_err(Broken::Failed)
    }

    /// Runs a session to its end. Cancel-safe as far as the session is: no byte is read and lost, and
    /// what was written was reported by [`Session::written`].
    pub async fn run<S: Session>(
        &mut self,
        session: &mut S,
        cx: Option<&dyn JobContext>,
    ) -> Result<S::End, Broken> {
        let mut aborted = pin!(async {
            match cx {
                Some(cx) => cx.aborted().await,
                None => std::future::pending().await,
            }
        });
        loop {
            session.tick(Instant::now());
            if let (Some(reason), Some(cx)) = (session.notice(), cx) {
                cx.waiting(reason);
            }
            let deadline = session.deadline();
            let mut alarm = pin!(async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            });
            let step = match session.step() {
                Step::End(end) => return Ok(end),
                step => step,
            };
            let (stream, buf) = (&mut self.stream, &mut self.buf[..]);
            let happened = poll_fn(|task| {
                if aborted.as_mut().poll(task).is_ready() {
                    return Poll::Ready(Ok(Happened::Aborted));
                }
                let mut read = ReadBuf::new(buf);
                if let Poll::Ready(result) = Pin::new(&mut **stream).poll_read(task, &mut read) {
                    return Poll::Ready(result.map(|()| Happened::Read(read.filled().len())));
                }
                let sent = match &step {
                    Step::Write(bytes) => {
                        Pin::new(&mut **stream).poll_write(task, bytes).map_ok(Happened::Written)
                    }
                    Step::Flush => Pin::new(&mut **stream).poll_flush(task).map_ok(|()| Happened::Flushed),
                    Step::Wait | Step::End(_) => Poll::Pending,
                };
                if sent.is_ready() {
                    return sent;
                }
                alarm.as_mut().poll(task).map(|()| Ok(Happened::Time))
            })
            .await
            .map_err(Broken::Failed)?;
            let now = Instant::now();
            match happened {
                Happened::Read(0) => return Err(Broken::Closed),
                Happened::Read(n) => {
                    let bytes = self.buf.get(..n).unwrap_or_default();
                    trace(cx, Direction::Received, bytes);
                    session.received(bytes, now);
                }
                Happened::Written(0) => return Err(Broken::Closed),
                Happened::Written(n) => {
                    if let Step::Write(bytes) = step {
                        trace(cx, Direction::Sent, &S::shown(bytes.get(..n).unwrap_or_default()));
                    }
                    session.written(n, now);
                }
                Happened::Flushed => session.flushed(now),
                Happened::Time => {}
                Happened::Aborted => return Err(Broken::Aborted),
            }
        }
    }
}

fn trace(cx: Option<&dyn JobContext>, direction: Direction, bytes: &[u8]) {
    if let Some(cx) = cx {
        cx.trace(direction, bytes);
    }
}
