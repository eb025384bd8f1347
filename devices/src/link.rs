//! Where a device is: the one way to name a link in configuration, device documents and logs.
//!
//! | link | what |
//! |---|---|
//! | `tcp://10.0.0.20:9100` | a network printer; the port may be left out when it is 9100 |
//! | `serial:///dev/ttyUSB0?baud=9600&parity=even` | a serial port; what is left out is `9600 8N1`, no flow control |
//! | `usb://04b8:0e28/SERIAL` | a USB printer by vendor, product and serial number, never by its path |
//! | `usblp:///dev/usb/lp0` | the kernel's own printer device, for printers that have no serial number |

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

pub use serial_line::{DataBits, FlowControl, Parity, SerialLine, StopBits};

mod serial_line;

/// Where a device is. `Display` gives the canonical form, which parses back to the same link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Link {
    /// A network printer.
    Tcp {
        /// Name or address, in lower case; IPv6 without its brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A serial port.
    Serial {
        /// The tty, absolute.
        path: PathBuf,
        /// Its settings.
        line: SerialLine,
    },
    /// A USB device of the printer class.
    Usb {
        /// Vendor id.
        vendor: u16,
        /// Product id.
        product: u16,
        /// Serial number, as its string descriptor says; may be left out when only one such device is
        /// plugged in.
        serial: Option<String>,
    },
    /// The kernel's printer device.
    UsbLp {
        /// The device, absolute.
        path: PathBuf,
    },
}

/// The port of network printers.
pub const RAW_PORT: u16 = 9100;

/// Why a text is no link.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// No scheme, or one that nothing here speaks.
    #[error(
        "{0:?} is no link: write tcp://10.0.0.20:9100, serial:///dev/ttyUSB0?baud=9600, \
         usb://04b8:0e28/SERIAL or usblp:///dev/usb/lp0"
    )]
    Scheme(String),
    /// A host that is missing or impossible.
    #[error("{0:?} names no host: write tcp://10.0.0.20:9100 or tcp://printer.local")]
    Host(String),
    /// A port that is no number from 1 to 65535.
    #[error("{0:?} is no TCP port: write a number from 1 to 65535, as in tcp://10.0.0.20:9100")]
    Port(String),
    /// A relative path, or none.
    #[error("{0:?} is no device: write its whole path, as in {1}")]
    Path(String, &'static str),
    /// A setting of a serial line that is unknown, given twice or out of range.
    #[error(
        "{key:?} = {value:?} is no setting of a serial line: {remedy}, \
         as in serial:///dev/ttyUSB0?baud=9600&parity=even&data=8&stop=1&flow=none"
    )]
    Setting {
        /// The key, as written.
        key: String,
        /// The value, as written.
        value: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// USB ids that are not four hexadecimal digits each.
    #[error(
        "{0:?} names no USB device: write vendor and product as four hexadecimal digits each, and the \
         serial number, as in usb://04b8:0e28/J3XY012345 (`outletd devices` lists what is plugged in)"
    )]
    Usb(String),
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let scheme_error = || LinkError::Scheme(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(scheme_error)?;
        match scheme {
            "tcp" => tcp(rest),
            "serial" => {
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                let path = absolute(path, "serial:///dev/ttyUSB0?baud=9600")?;
                Ok(Link::Serial { path, line: query.parse()? })
            }
            "usb" => usb(rest),
            "usblp" => Ok(Link::UsbLp { path: absolute(rest, "usblp:///dev/usb/lp0")? }),
            _ => Err(scheme_error()),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Link::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Link::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Link::Serial { path, line } => write!(f, "serial://{}?{line}", path.display()),
            Link::Usb { vendor, product, serial: None } => write!(f, "usb://{vendor:04x}:{product:04x}"),
            Link::Usb { vendor, product, serial: Some(serial) } => {
                write!(f, "usb://{vendor:04x}:{product:04x}/{}", escape(serial))
            }
            Link::UsbLp { path } => write!(f, "usblp://{}", path.display()),
        }
    }
}

impl Link {
    /// What the link occupies. Symbolic links are resolved, so `/dev/serial/by-id/...` and
    /// `/dev/ttyUSB0` are found to be one port; a path that is not there now stands for itself.
    pub fn claim(&self) -> Claim {
        match self {
            Link::Tcp { host, port } => Claim::Tcp(host.clone(), *port),
            Link::Serial { path, .. } | Link::UsbLp { path } => Claim::File(resolved(path)),
            Link::Usb { vendor, product, serial } => Claim::Usb(*vendor, *product, serial.clone()),
        }
    }
}

/// What a link occupies: two devices must not claim the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Claim {
    /// A host and a port.
    Tcp(String, u16),
    /// A device file, resolved.
    File(PathBuf),
    /// Vendor, product, serial number.
    Usb(u16, u16, Option<String>),
}

impl Claim {
    /// Whether both can't be had at once. Without a serial number a USB claim takes any device of its
    /// vendor and product.
    pub fn conflicts(&self, other: &Claim) -> bool {
        match (self, other) {
            (Claim::Usb(v, p, a), Claim::Usb(w, q, b)) => {
                (v, p) == (w, q) && (a.is_none() || b.is_none() || a == b)
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::Tcp(host, port) => write!(f, "port {port} of {host}"),
            Claim::File(path) => write!(f, "{}", path.display()),
            Claim::Usb(vendor, product, None) => write!(f, "any USB device {vendor:04x}:{product:04x}"),
            Claim::Usb(vendor, product, Some(serial)) => {
                write!(f, "the USB device {vendor:04x}:{product:04x} with serial number {serial}")
            }
        }
    }
}

fn tcp(rest: &str) -> Result<Link, LinkError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let host_error = || LinkError::Host(rest.to_owned());
    let (host, port) = match rest.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']').ok_or_else(host_error)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| host_error())?;
            match after {
                "" => (host, None),
                _ => (host, Some(after.strip_prefix(':').ok_or_else(host_error)?)),
            }
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let bracketed = rest.starts_with('[');
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if host.is_empty() || !(bracketed || named) {
        return Err(host_error());
    }
    let port = match port {
        None => RAW_PORT,
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| LinkError::Port(port.to_owned()))?
        }
    };
    Ok(Link::Tcp { host: host.to_ascii_lowercase(), port })
}

fn usb(rest: &str) -> Result<Link, LinkError> {
    let error = || LinkError::Usb(rest.to_owned());
    let (ids, serial) = match rest.split_once('/') {
        Some((ids, serial)) => (ids, Some(serial)),
        None => (rest, None),
    };
    let (vendor, product) = ids.split_once(':').ok_or_else(error)?;
    let hex = |digits: &str| {
        let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        four.then(|| u16::from_str_radix(digits, 16).ok()).flatten().ok_or_else(error)
    };
    let serial = match serial {
        None | Some("") => None,
        Some(serial) => Some(unescape(serial).ok_or_else(error)?),
    };
    Ok(Link::Usb { vendor: hex(vendor)?, product: hex(product)?, serial })
}

fn absolute(path: &str, example: &'static str) -> Result<PathBuf, LinkError> {
    let printable = !path.chars().any(char::is_control);
    if path.len() > 1 && path.starts_with('/') && printable {
        Ok(PathBuf::from(path))
    } else {
        Err(LinkError::Path(path.to_owned(), example))
    }
}

fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Serial numbers are whatever the maker wrote: blanks, `%`, `/` and what is not ASCII travel as `%XX`.
fn escape(serial: &str) -> String {
    let mut out = String::with_capacity(serial.len());
    for byte in serial.bytes() {
        match byte {
            b'%' | b'/' | b'?' | b'#' | 0..=0x20 | 0x7F..=0xFF => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
