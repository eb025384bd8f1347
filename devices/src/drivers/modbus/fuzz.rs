//! What holds for any bytes of a line on which what is sent comes back: the body of the fuzz target, and of the test
//! over its corpus.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Wire;
use crate::transport::Stream;

/// The largest frame, as the library reads it.
const ROOM: usize = 260;

/// The first byte says how many bytes of what follows are sent, the second how long the pieces are that come, the third
/// how much room there is for them; its highest bit, that what is sent does not come back.
///
/// # Errors
/// The rule that was broken: bytes that are lost, or made, with an echo that is none.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [length, piece, room, bytes @ ..] = input else { return Ok(()) };
    let (sent, comes) = bytes.split_at(usize::from(*length).min(bytes.len()));
    let echo = room & 0x80 == 0;
    let room = ROOM.div_ceil(1 + usize::from(room & 0x7f));
    let line = Line(comes.chunks(1 + usize::from(*piece)).map(<[u8]>::to_vec).collect());
    let mut wire = Wire::new(Box::new(line));
    let mut task = Context::from_waker(Waker::noop());
    wire.begin(echo);
    if !matches!(Pin::new(&mut wire).poll_write(&mut task, sent), Poll::Ready(Ok(written)) if written == sent.len())
    {
        return Err("the line did not take what was sent".into());
    }
    let mut read = Vec::new();
    let mut buffer = [0; ROOM];
    loop {
        let mut out = ReadBuf::new(buffer.get_mut(..room).unwrap_or_default());
        match Pin::new(&mut wire).poll_read(&mut task, &mut out) {
            Poll::Ready(Ok(())) if !out.filled().is_empty() => read.extend_from_slice(out.filled()),
            Poll::Ready(_) => break,
            Poll::Pending => return Err("it waits on a line that is closed".into()),
        }
    }
    let expected = match comes.strip_prefix(sent) {
        Some(answer) if echo => answer,
        // It is not known yet whether there is more of the echo.
        None if echo && sent.starts_with(comes) => &[],
        _ => comes,
    };
    let traffic = wire.traffic();
    if read != expected || !read.starts_with(&traffic.received) || traffic.sent != sent {
        return Err(format!("sent {sent:?}, came {comes:?}, read {read:?}, remembered {traffic:?}"));
    }
    Ok(())
}

/// A line that gives what it has in pieces, and is closed then.
struct Line(VecDeque<Vec<u8>>);

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut piece) = self.0.pop_front() {
            let rest = piece.split_off(piece.len().min(out.remaining()));
            out.put_slice(&piece);
            if !rest.is_empty() {
                self.0.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Stream for Line {}
