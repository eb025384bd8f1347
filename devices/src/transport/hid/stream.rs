//! Input reports as a stream.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use crate::transport::Stream;

/// The longest report that is taken whole; hidraw gives no longer ones (`HID_MAX_BUFFER_SIZE` of older kernels).
const LONGEST: usize = 4096;

/// The input reports of a device. **Each read gives exactly one report, whole**, with its id in front where the device
/// numbers its reports, as hidraw has it. A read whose buffer is too small for the report fails.
///
/// The kernel keeps 64 reports for a reader that is late, and drops what comes then. Unplugging is an error of the
/// next read, at once. Nothing is ever sent: writing fails.
pub struct ReportStream {
    file: AsyncFd<File>,
    report: Box<[u8; LONGEST]>,
}

impl ReportStream {
    /// Reports of an open device, which must not block.
    ///
    /// # Errors
    /// A file that can't be waited for, as a plain one.
    pub fn new(file: File) -> io::Result<Self> {
        // What took its place is unsafe, and asks for what a file gives: that it owns its descriptor. A pipe's end of
        // tokio would not do: after a short read it waits for more to come, though more reports are there.
        #[allow(deprecated)]
        let file = AsyncFd::with_interest(file, Interest::READABLE)?;
        Ok(Self { file, report: Box::new([0; LONGEST]) })
    }
}

impl Stream for ReportStream {}

impl AsyncRead for ReportStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { file, report } = &mut *self;
        loop {
            let mut ready = ready!(file.poll_read_ready(cx))?;
            match ready.try_io(|file| file.get_ref().read(&mut report[..])) {
                Ok(Ok(length)) => {
                    let report = report.get(..length).unwrap_or_default();
                    if length > buf.remaining() {
                        let message =
                            format!("a report of {length} bytes came, longer than any that is known here");
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, message)));
                    }
                    buf.put_slice(report);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(gone(error))),
                Err(_would_block) => {}
            }
        }
    }
}

/// hidraw says EIO for a device that was unplugged.
fn gone(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::EIO | libc::ENODEV) => {
            io::Error::new(io::ErrorKind::NotConnected, "the device was unplugged")
        }
        _ => error,
    }
}

impl AsyncWrite for ReportStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        let message = "nothing is sent to a HID device that reports";
        Poll::Ready(Err(io::Error::new(io::ErrorKind::Unsupported, message)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
