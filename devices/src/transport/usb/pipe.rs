//! The bytes of a USB printer: blocking transfers in two threads, seen as an async stream.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use crate::driver::BoxFuture;
use crate::transport::{PortStatus, Stream};

/// How long one transfer may take before the thread looks whether the stream was closed.
const TRANSFER_TIMEOUT: Duration = Duration::from_millis(250);
/// How long to leave a printer alone that answered with an empty packet.
const EMPTY_PAUSE: Duration = Duration::from_millis(50);
/// The most bytes handed over at once: also the most that can be in flight and unknown when it breaks.
const CHUNK: usize = 8192;

/// Blocking transfers to and from a printer; shared by both threads.
pub trait UsbPipe: Send + Sync + 'static {
    /// Bulk OUT. `Ok(n)` with `n` less than asked for, or `Timeout` for none, means: the printer is busy.
    fn write(&self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize>;
    /// Bulk IN; `NotSupported` for a printer without one.
    fn read(&self, buf: &mut [u8], timeout: Duration) -> rusb::Result<usize>;
    /// GET_PORT_STATUS.
    fn port_status(&self, timeout: Duration) -> rusb::Result<PortStatus>;
}

/// A USB printer as a stream. Dropping it ends its threads within one transfer time-out.
pub struct UsbStream {
    pipe: Arc<dyn UsbPipe>,
    closed: Arc<AtomicBool>,
    outgoing: PollSender<Outgoing>,
    incoming: mpsc::Receiver<io::Result<Vec<u8>>>,
    left: Vec<u8>,
    /// Answers when everything handed over before has been taken by the printer.
    flushed: Option<tokio::sync::oneshot::Receiver<()>>,
}

enum Outgoing {
    Bytes(Vec<u8>),
    Flush(tokio::sync::oneshot::Sender<()>),
}

impl UsbStream {
    /// Starts the threads.
    pub fn start(pipe: Arc<dyn UsbPipe>) -> Self {
        let closed = Arc::new(AtomicBool::new(false));
        let (outgoing, to_write) = mpsc::channel(1);
        let (read, incoming) = mpsc::channel(16);
        let (writing, reading) = (Arc::clone(&pipe), Arc::clone(&pipe));
        let (stop_writing, stop_reading) = (Arc::clone(&closed), Arc::clone(&closed));
        let broken = read.clone();
        std::thread::spawn(move || write_all(&*writing, to_write, &broken, &stop_writing));
        std::thread::spawn(move || read_all(&*reading, &read, &stop_reading));
        Self { pipe, closed, outgoing: PollSender::new(outgoing), incoming, left: Vec::new(), flushed: None }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, item: impl FnOnce() -> Outgoing) -> Poll<io::Result<()>> {
        ready!(self.outgoing.poll_reserve(cx)).map_err(|_| gone())?;
        Poll::Ready(self.outgoing.send_item(item()).map_err(|_| gone()))
    }
}

impl Stream for UsbStream {
    fn port_status(&mut self) -> BoxFuture<'_, Option<PortStatus>> {
        let pipe = Arc::clone(&self.pipe);
        Box::pin(async move {
            let asking = tokio::task::spawn_blocking(move || pipe.port_status(TRANSFER_TIMEOUT));
            asking.await.ok()?.ok()
        })
    }
}

impl Drop for UsbStream {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

impl AsyncRead for UsbStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left.is_empty() {
            match ready!(self.incoming.poll_recv(cx)) {
                Some(Ok(bytes)) => self.left = bytes,
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Err(gone())),
            }
        }
        let n = self.left.len().min(buf.remaining());
        buf.put_slice(&self.left[..n]);
        self.left.drain(..n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UsbStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let chunk = &buf[..buf.len().min(CHUNK)];
        ready!(self.poll_send(cx, || Outgoing::Bytes(chunk.to_vec())))?;
        Poll::Ready(Ok(chunk.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.flushed.is_none() {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            ready!(self.poll_send(cx, || Outgoing::Flush(sender)))?;
            self.flushed = Some(receiver);
        }
        if let Some(flushed) = &mut self.flushed {
            let result = ready!(Pin::new(flushed).poll(cx));
            self.flushed = None;
            return Poll::Ready(result.map_err(|_| gone()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

fn write_all(
    pipe: &dyn UsbPipe,
    mut outgoing: mpsc::Receiver<Outgoing>,
    broken: &mpsc::Sender<io::Result<Vec<u8>>>,
    closed: &AtomicBool,
) {
    while let Some(item) = outgoing.blocking_recv() {
        let bytes = match item {
            Outgoing::Bytes(bytes) => bytes,
            Outgoing::Flush(done) => {
                // Nobody waits any more when the stream was dropped meanwhile.
                let _ = done.send(());
                continue;
            }
        };
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            if closed.load(Ordering::Relaxed) {
                return;
            }
            match pipe.write(rest, TRANSFER_TIMEOUT) {
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(rusb::Error::Timeout | rusb::Error::Interrupted) => {}
                Err(error) => {
                    let _ = broken.blocking_send(Err(failure(error)));
                    return;
                }
            }
        }
    }
}

fn read_all(pipe: &dyn UsbPipe, incoming: &mpsc::Sender<io::Result<Vec<u8>>>, closed: &AtomicBool) {
    let mut buf = [0; 512];
    while !closed.load(Ordering::Relaxed) {
        let item = match pipe.read(&mut buf, TRANSFER_TIMEOUT) {
            Ok(0) => {
                std::thread::sleep(EMPTY_PAUSE);
                continue;
            }
            Ok(n) => Ok(buf.get(..n).unwrap_or_default().to_vec()),
            Err(rusb::Error::Timeout | rusb::Error::Interrupted) => continue,
            Err(rusb::Error::NotSupported) => return,
            Err(error) => Err(failure(error)),
        };
        let over = item.is_err();
        if incoming.blocking_send(item).is_err() || over {
            return;
        }
    }
}

fn failure(error: rusb::Error) -> io::Error {
    let kind = match error {
        rusb::Error::NoDevice => io::ErrorKind::NotConnected,
        _ => io::ErrorKind::BrokenPipe,
    };
    io::Error::new(kind, format!("USB: {error}"))
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the USB printer is gone")
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A printer that takes `room` bytes and no more until room is made, and may be unplugged.
    #[derive(Default)]
    struct Fake {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Default)]
    struct State {
        taken: Vec<u8>,
        room: usize,
        answers: Vec<u8>,
        unplugged: bool,
    }

    impl Fake {
        fn change(&self, f: impl FnOnce(&mut State)) {
            f(&mut self.state.lock().unwrap());
            self.changed.notify_all();
        }

        fn wait<T>(&self, timeout: Duration, mut f: impl FnMut(&mut State) -> Option<T>) -> rusb::Result<T> {
            let mut state = self.state.lock().unwrap();
            loop {
                if state.unplugged {
                    return Err(rusb::Error::NoDevice);
                }
                if let Some(result) = f(&mut state) {
                    return Ok(result);
                }
                let (next, waited) = self.changed.wait_timeout(state, timeout).unwrap();
                state = next;
                if waited.timed_out() {
                    return Err(rusb::Error::Timeout);
                }
            }
        }
    }

    impl UsbPipe for Fake {
        fn write(&self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize> {
            self.wait(timeout, |state| {
                let n = state.room.min(bytes.len());
                state.room -= n;
                state.taken.extend_from_slice(&bytes[..n]);
                (n > 0).then_some(n)
            })
        }

        fn read(&self, buf: &mut [u8], timeout: Duration) -> rusb::Result<usize> {
            self.wait(timeout, |state| {
                let n = state.answers.len().min(buf.len());
                buf[..n].copy_from_slice(&state.answers[..n]);
                state.answers.drain(..n);
                (n > 0).then_some(n)
            })
        }

        fn port_status(&self, _: Duration) -> rusb::Result<PortStatus> {
            Ok(PortStatus::from(0x38))
        }
    }

    #[tokio::test]
    async fn a_flush_ends_when_the_printer_has_taken_every_byte() {
        let fake = Arc::new(Fake::default());
        let mut stream = UsbStream::start(fake.clone());
        stream.write_all(&[7; 20]).await.unwrap();
        let room = fake.clone();
        let flushing = async {
            stream.flush().await.unwrap();
            fake.state.lock().unwrap().taken.len()
        };
        let making_room = async { room.change(|state| state.room = 20) };
        let (taken, ()) = tokio::join!(flushing, making_room);
        assert_eq!(taken, 20);
    }

    #[tokio::test]
    async fn answers_arrive_while_the_printer_takes_nothing() {
        let fake = Arc::new(Fake::default());
        let mut stream = UsbStream::start(fake.clone());
        stream.write_all(&[0; 100]).await.unwrap();
        fake.change(|state| state.answers = vec![0x12, 0x16]);
        let mut got = [0; 2];
        stream.read_exact(&mut got).await.unwrap();
        assert_eq!(got, [0x12, 0x16]);
    }

    #[tokio::test]
    async fn unplugging_ends_the_stream() {
        let fake = Arc::new(Fake::default());
        let mut stream = UsbStream::start(fake.clone());
        fake.change(|state| state.unplugged = true);
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::NotConnected);
    }

    #[tokio::test]
    async fn closing_lets_go_of_the_printer_even_while_it_takes_nothing() {
        let fake = Arc::new(Fake::default());
        let mut stream = UsbStream::start(fake.clone());
        stream.write_all(&[0; 100]).await.unwrap();
        drop(stream);
        while Arc::strong_count(&fake) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn port_status_bits_are_those_of_the_printer_class() {
        let fine = PortStatus::from(0x18);
        assert_eq!(fine, PortStatus { paper_empty: false, selected: true, error: false });
        let out = PortStatus::from(0x20);
        assert_eq!(out, PortStatus { paper_empty: true, selected: false, error: true });
    }
}
