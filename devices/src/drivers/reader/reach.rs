//! The ways to a reader: a line of bytes, reports, keys.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncReadExt;

use super::Kind;
use crate::driver::SettingsError;
use crate::link::{Link, LinkError};
use crate::transport::evdev::{self, InputNodes, Keyboard};
use crate::transport::hid::{self, Descriptor, HidRaw, Purpose};
use crate::transport::{self, Stream, TransportError};

/// What comes over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Bytes, cut anywhere: `serial://`, `tcp://`.
    Line,
    /// Reports of such a device, each whole: `hid://`.
    Reports(&'static Purpose),
    /// Keys: `evdev://`.
    Keys,
}

impl Way {
    fn schemes(self) -> &'static str {
        match self {
            Self::Line => "serial:// or tcp://",
            Self::Reports(_) => "hid:// where it sends reports",
            Self::Keys => "evdev:// where it types",
        }
    }
}

/// What leads to a reader.
pub(super) struct Reach {
    pub link: Link,
    pub way: Way,
    reports: Arc<dyn hid::System>,
    keys: Arc<dyn evdev::System>,
}

impl Reach {
    /// The way that a link leads to a reader of this kind.
    ///
    /// # Errors
    /// No link, or one that does not lead to such readers.
    pub fn new(link: &str, kind: Kind) -> Result<Self, SettingsError> {
        let wrong = |message: String| SettingsError { key: "link".to_owned(), message };
        let link: Link = link.parse().map_err(|error: LinkError| wrong(error.to_string()))?;
        let leads = |way: &&Way| match way {
            Way::Line => matches!(link, Link::Tcp { .. } | Link::Serial { .. }),
            Way::Reports(_) => matches!(link, Link::Hid { .. }),
            Way::Keys => matches!(link, Link::Evdev { .. }),
        };
        match kind.ways.iter().find(leads).copied() {
            Some(way) => Ok(Self { link, way, reports: Arc::new(HidRaw), keys: Arc::new(InputNodes) }),
            None => {
                let schemes: Vec<&str> = kind.ways.iter().map(|way| way.schemes()).collect();
                Err(wrong(format!("{} of this driver is reached by {}", kind.a, schemes.join(", by "))))
            }
        }
    }

    /// The same over another system.
    #[cfg(test)]
    pub fn over(self, reports: Arc<dyn hid::System>, keys: Arc<dyn evdev::System>) -> Self {
        Self { reports, keys, ..self }
    }

    /// Opens the link.
    pub async fn open(&self) -> Result<Open, TransportError> {
        match self.way {
            Way::Line => {
                let source = Source::Bytes(transport::open(&self.link).await?);
                Ok(Open { source, descriptor: None, name: None })
            }
            Way::Reports(purpose) => {
                let opened = hid::open(&self.reports, &self.link, purpose).await?;
                Ok(Open {
                    source: Source::Bytes(Box::new(opened.stream)),
                    descriptor: Some(opened.descriptor),
                    name: Some(opened.interface.name),
                })
            }
            Way::Keys => {
                let keyboard = evdev::open(&self.keys, &self.link).await?;
                let name = Some(keyboard.name.clone());
                Ok(Open { source: Source::Keys(keyboard), descriptor: None, name })
            }
        }
    }
}

/// An open link.
pub(super) struct Open {
    pub source: Source,
    /// Of a device that reports: what it says of its reports.
    pub descriptor: Option<Descriptor>,
    /// What the device says it is.
    pub name: Option<String>,
}

/// Where things come from.
pub(super) enum Source {
    /// Bytes or reports.
    Bytes(Box<dyn Stream>),
    Keys(Keyboard),
}

/// What came.
pub(super) enum Came {
    /// So many bytes, at the beginning of the buffer; of a device that reports one report.
    Bytes(usize),
    Input(evdev::Input),
}

impl Source {
    /// The next that comes. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self, buffer: &mut [u8]) -> io::Result<Came> {
        match self {
            Self::Bytes(stream) => stream.read(buffer).await.map(Came::Bytes),
            Self::Keys(keyboard) => keyboard.next().await.map(Came::Input),
        }
    }
}
