//! Byte streams to devices: TCP, UDP, serial, USB printer class, the kernel's printer device, reports of HID devices.
//!
//! [`open`] gives a [`Stream`] for a [`Link`], where bytes are what comes from it; devices that type are reached by
//! [`evdev::open`]. None of them ever blocks the runtime: what the system offers only as blocking calls runs in
//! threads of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::driver::BoxFuture;
use crate::link::Link;

pub mod evdev;
pub mod hid;
pub mod serial;
pub mod tcp;
pub mod udp;
pub mod usb;
pub mod usblp;

/// How long a connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A stream of bytes to a device and back. Dropping it closes it.
///
/// A `poll_write` that returns `n` has handed `n` bytes over: they may reach the device even when the
/// stream breaks afterwards.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    /// The status that the port itself knows, without asking the printer's language: USB printer class
    /// only, `None` elsewhere.
    fn port_status(&mut self) -> BoxFuture<'_, Option<PortStatus>> {
        Box::pin(std::future::ready(None))
    }

    /// From now on, bytes that have not reached the device when the link is dropped never do: a command of an
    /// old session must not arrive in a new one. Where the system keeps none, there is nothing to do.
    fn forget_unsent(&mut self) {}

    /// From now on, what answers an earlier message does not arrive any more: it could be taken for the answer to the
    /// next. Of datagrams only; a stream keeps its order.
    ///
    /// # Errors
    /// Those of the system, which leave the link as it was.
    fn forget_unread(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// GET_PORT_STATUS of a USB printer (USB Printer Class 1.1, section 4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortStatus {
    /// Bit 5: no paper.
    pub paper_empty: bool,
    /// Bit 4: selected, that is online.
    pub selected: bool,
    /// Bit 3 clear: there is an error.
    pub error: bool,
}

impl From<u8> for PortStatus {
    fn from(byte: u8) -> Self {
        Self { paper_empty: byte & 0x20 != 0, selected: byte & 0x10 != 0, error: byte & 0x08 == 0 }
    }
}

/// Opens a link.
///
/// # Errors
/// [`TransportError`] says what is in the way and what to do; nothing was sent.
pub async fn open(link: &Link) -> Result<Box<dyn Stream>, TransportError> {
    let fault = |(fault, detail)| TransportError { link: link.to_string(), fault, detail };
    Ok(match link {
        Link::Tcp { host, port } => Box::new(tcp::open(host, *port).await.map_err(fault)?),
        Link::Udp { host, port } => Box::new(udp::open(host, *port).await.map_err(fault)?),
        Link::Serial { path, line } => Box::new(serial::open(path, line).map_err(fault)?),
        Link::UsbLp { path } => Box::new(usblp::open(path).map_err(fault)?),
        Link::Usb { vendor, product, serial } => {
            let (vendor, product, serial) = (*vendor, *product, serial.clone());
            let opening = tokio::task::spawn_blocking(move || usb::open(vendor, product, serial.as_deref()));
            Box::new(opening.await.unwrap_or_else(|e| Err((Fault::Other, e.to_string()))).map_err(fault)?)
        }
        Link::Hid { .. } => {
            let system: Arc<dyn hid::System> = Arc::new(hid::HidRaw);
            Box::new(hid::open(&system, link, &hid::ANY).await?.stream)
        }
        Link::Evdev { .. } | Link::Pcsc { .. } | Link::Ipp { .. } => {
            return Err(fault((Fault::WrongKind, "no byte stream leads there".to_owned())));
        }
    })
}

/// Why a link can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{link}: {detail}; {}", fault.remedy())]
pub struct TransportError {
    /// The link, in canonical form.
    pub link: String,
    /// What kind of obstacle it is.
    pub fault: Fault,
    /// What was seen.
    pub detail: String,
}

/// What can be in the way of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The host is there and nothing listens on the port, or the device serves somebody else.
    Refused,
    /// No way to the host, or nobody has its address.
    Unreachable,
    /// Nobody answered in time.
    Silent,
    /// The name is unknown.
    UnknownHost,
    /// The device is not there.
    Missing,
    /// More than one device fits.
    Ambiguous,
    /// The system does not let the agent use it; holds the command or rule that changes this.
    Permission(String),
    /// Another program, or another session, has it.
    Busy,
    /// A key of it is held down.
    KeyHeld,
    /// It is there but not what the link says.
    WrongKind,
    /// Anything else the system says.
    Other,
}

impl Fault {
    /// What a person can do about it.
    pub fn remedy(&self) -> String {
        match self {
            Fault::Refused => "check the port of the link, and that no other program holds the device".into(),
            Fault::Unreachable | Fault::Silent => {
                "check that the device is on, its network cable, and its address".into()
            }
            Fault::UnknownHost => "check the name, or write the device's address".into(),
            Fault::Missing => {
                "check its cable and that it is on; `outletd devices` lists what is plugged in".into()
            }
            Fault::Ambiguous => {
                "add the serial number to the link, or ?page= where a HID device has several interfaces; `outletd \
                 devices` lists what is plugged in"
                    .into()
            }
            Fault::Permission(remedy) => remedy.clone(),
            Fault::Busy => "end the program that holds it (`fuser -v` names it for a device file)".into(),
            Fault::KeyHeld => "let its keys go: it is opened again by itself".into(),
            Fault::WrongKind => "check the link; `outletd devices` lists what is plugged in".into(),
            Fault::Other => "see the system's log (`journalctl -k`)".into(),
        }
    }
}

/// A fault and what was seen.
pub(crate) type Obstacle = (Fault, String);

/// What the system's error on opening a device file means.
pub(crate) fn file_obstacle(error: &io::Error, permission: &str) -> Obstacle {
    let fault = match error.kind() {
        io::ErrorKind::NotFound => Fault::Missing,
        io::ErrorKind::PermissionDenied => Fault::Permission(permission.to_owned()),
        io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock => Fault::Busy,
        _ if error.raw_os_error() == Some(libc::ENXIO) || error.raw_os_error() == Some(libc::ENODEV) => {
            Fault::Missing
        }
        _ => Fault::Other,
    };
    (fault, error.to_string())
}
