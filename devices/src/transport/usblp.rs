//! The kernel's USB printer device, `/dev/usb/lp0`.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;
use tokio::time::{Sleep, sleep};

use super::{Fault, Obstacle, Stream, file_obstacle};

/// How long to leave a printer alone that answered a read with an empty packet.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);

/// An open printer device. It reads and writes like the ends of a pipe, which is all that the runtime
/// needs to know of it.
pub struct UsbLp {
    reader: pipe::Receiver,
    writer: pipe::Sender,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Stream for UsbLp {}

/// Opens the device without blocking.
pub(super) fn open(path: &Path) -> Result<UsbLp, Obstacle> {
    let permission = "let the agent use printers: `usermod -aG lp outletd`, then restart it";
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|e| file_obstacle(&e, permission))?;
    let ends = || -> io::Result<_> {
        let reader = pipe::Receiver::from_owned_fd_unchecked(file.try_clone()?.into())?;
        Ok((reader, pipe::Sender::from_owned_fd_unchecked(file.try_clone()?.into())?))
    };
    let (reader, writer) = ends()
        .map_err(|_| (Fault::WrongKind, "this is a plain file or a folder, not a printer".to_owned()))?;
    Ok(UsbLp { reader, writer, pause: None })
}

impl AsyncRead for UsbLp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.reader).poll_read(cx, buf))?;
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            // An empty packet of a printer that has nothing to say, not the end: unplugging is an error.
            self.pause = Some(Box::pin(sleep(EMPTY_PAUSE)));
        }
    }
}

impl AsyncWrite for UsbLp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn bytes_pass_both_ways() {
        // A pseudo terminal stands for the device file: both are files that can be polled.
        let (mut printer, agent) = tokio_serial::SerialStream::pair().unwrap();
        let name = tokio_serial::SerialPort::name(&agent).unwrap();
        let mut device = open(Path::new(&name)).unwrap();
        device.write_all(&[0x10, 0x04, 0x01]).await.unwrap();
        let mut got = [0; 3];
        printer.read_exact(&mut got).await.unwrap();
        assert_eq!(got, [0x10, 0x04, 0x01]);
        printer.write_all(&[0x12]).await.unwrap();
        device.read_exact(&mut got[..1]).await.unwrap();
        assert_eq!(got[0], 0x12);
    }

    #[tokio::test]
    async fn a_plain_file_is_no_printer_and_a_missing_one_says_so() {
        let path = std::env::temp_dir().join(format!("outlet-usblp-{}", std::process::id()));
        std::fs::write(&path, "").unwrap();
        assert_eq!(open(&path).err().unwrap().0, Fault::WrongKind);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(open(&path).err().unwrap().0, Fault::Missing);
    }
}
