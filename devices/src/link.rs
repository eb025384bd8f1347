//! Where a device is: the one way to name a link in configuration, device documents and logs.
//!
//! | link | what |
//! |---|---|
//! | `tcp://10.0.0.20:9100` | a network device; the port may be left out when it is 9100, that of printers |
//! | `udp://10.0.0.40:1111` | a network device that takes datagrams; the port may be left out when it is 1111, that of label scales |
//! | `serial:///dev/ttyUSB0?baud=9600&parity=even` | a serial port; what is left out is `9600 8N1`, no flow control |
//! | `usb://04b8:0e28/SERIAL` | a USB printer by vendor, product and serial number, never by its path |
//! | `usblp:///dev/usb/lp0` | the kernel's own printer device, for printers that have no serial number |
//! | `hid://05e0:1200/SERIAL` | a HID device (scanner, scale, card reader); `?page=8d` names the usage page where a device has several |
//! | `evdev://05e0:1200/SERIAL` | a device that types as a keyboard does; while it is open, nobody else gets its keys |
//! | `pcsc://ACS%20ACR122U%2000%2000` | a PC/SC reader by the name PC/SC gives it |
//! | `ipp://10.0.0.30/ipp/print` | a printer's queue by IPP; the port may be left out when it is 631 |
//!
//! Serial numbers, reader names and queues may hold any character: blanks, `%`, `?`, `#`, in the first two `/`
//! too, and what is not ASCII are written as `%XX`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

pub use serial_line::{DataBits, FlowControl, Parity, SerialLine, StopBits};

mod serial_line;

/// Where a device is. `Display` gives the canonical form, which parses back to the same link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Link {
    /// A device on the network that takes plain bytes.
    Tcp {
        /// Name or address, in lower case; IPv6 without its brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A device on the network that takes datagrams.
    Udp {
        /// Name or address, in lower case; IPv6 without its brackets.
        host: String,
        /// UDP port.
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
    /// A HID device that speaks in reports, by the kernel's hidraw.
    Hid {
        /// Vendor id.
        vendor: u16,
        /// Product id.
        product: u16,
        /// Serial number; may be left out when only one such device is plugged in.
        serial: Option<String>,
        /// The usage page of the interface that is meant; what is left out the driver decides.
        page: Option<u16>,
    },
    /// A device that types, by the kernel's input events.
    Evdev {
        /// Vendor id.
        vendor: u16,
        /// Product id.
        product: u16,
        /// Serial number; may be left out when only one such device is plugged in.
        serial: Option<String>,
    },
    /// A PC/SC reader.
    Pcsc {
        /// Its name, as PC/SC lists it.
        reader: String,
    },
    /// A printer's queue by IPP.
    Ipp {
        /// Name or address, in lower case; IPv6 without its brackets.
        host: String,
        /// TCP port.
        port: u16,
        /// The queue, beginning with `/`, not escaped.
        path: String,
    },
}

/// The port of network printers.
pub const RAW_PORT: u16 = 9100;

/// The port of label scales, as Shtrih-M's driver of Shtrih-Print scales 1.5 has it.
pub const LABEL_SCALE_PORT: u16 = 1111;

/// The port of IPP where the link names none (RFC 3510).
pub const IPP_PORT: u16 = 631;

/// The queue of a printer that has one only, as PWG 5100.14 *IPP Everywhere* names it.
pub const IPP_PATH: &str = "/ipp/print";

/// Why a text is no link.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    /// No scheme, or one that nothing here speaks.
    #[error(
        "{0:?} is no link: write tcp://10.0.0.20:9100, udp://10.0.0.40:1111, serial:///dev/ttyUSB0?baud=9600, \
         usb://04b8:0e28/SERIAL, usblp:///dev/usb/lp0, hid://05e0:1200/SERIAL, evdev://05e0:1200/SERIAL, \
         pcsc://READER or ipp://10.0.0.30/ipp/print"
    )]
    Scheme(String),
    /// A host that is missing or impossible.
    #[error("{0:?} names no host: write an address or a name, as in {1}")]
    Host(String, &'static str),
    /// A port that is no number from 1 to 65535.
    #[error("{0:?} is no port: write a number from 1 to 65535, as in {1}")]
    Port(String, &'static str),
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
        "{0:?} names no device: write vendor and product as four hexadecimal digits each, and the \
         serial number, as in {1} (`outletd devices` lists what is plugged in)"
    )]
    Usb(String, &'static str),
    /// A usage page that is no hexadecimal number.
    #[error(
        "{0:?} says nothing of a HID device: behind ? there may be page=8c, as in hid://05e0:1200?page=8c"
    )]
    Page(String),
    /// No name of a reader, or one that is no text.
    #[error(
        "{0:?} names no reader: write pcsc:// and its name, a blank as %20 (`outletd devices` lists them)"
    )]
    Reader(String),
    /// A queue that is no text or has a query.
    #[error("{0:?} names no queue: write it as in ipp://10.0.0.30/ipp/print")]
    Queue(String),
}

const TCP_EXAMPLE: &str = "tcp://10.0.0.20:9100";
const UDP_EXAMPLE: &str = "udp://10.0.0.40:1111";
const IPP_EXAMPLE: &str = "ipp://10.0.0.30:631/ipp/print";

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let scheme_error = || LinkError::Scheme(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(scheme_error)?;
        match scheme {
            "tcp" => {
                let (host, port) = host(rest.strip_suffix('/').unwrap_or(rest), RAW_PORT, TCP_EXAMPLE)?;
                Ok(Link::Tcp { host, port })
            }
            "udp" => {
                let (host, port) =
                    host(rest.strip_suffix('/').unwrap_or(rest), LABEL_SCALE_PORT, UDP_EXAMPLE)?;
                Ok(Link::Udp { host, port })
            }
            "serial" => {
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                let path = absolute(path, "serial:///dev/ttyUSB0?baud=9600")?;
                Ok(Link::Serial { path, line: query.parse()? })
            }
            "usb" => {
                let (vendor, product, serial) = ids(rest, "usb://04b8:0e28/J3XY012345")?;
                Ok(Link::Usb { vendor, product, serial })
            }
            "usblp" => Ok(Link::UsbLp { path: absolute(rest, "usblp:///dev/usb/lp0")? }),
            "hid" => {
                let (named, page) = match rest.split_once('?') {
                    Some((named, query)) => (named, Some(page(query)?)),
                    None => (rest, None),
                };
                let (vendor, product, serial) = ids(named, "hid://05e0:1200/S1234")?;
                Ok(Link::Hid { vendor, product, serial, page })
            }
            "evdev" => {
                let (vendor, product, serial) = ids(rest, "evdev://05e0:1200/S1234")?;
                Ok(Link::Evdev { vendor, product, serial })
            }
            "pcsc" => {
                let reader =
                    unescape(rest).filter(|name| !name.is_empty() && !name.contains(char::is_control));
                Ok(Link::Pcsc { reader: reader.ok_or_else(|| LinkError::Reader(rest.to_owned()))? })
            }
            "ipp" => ipp(rest),
            _ => Err(scheme_error()),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Link::Tcp { host, port } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Link::Udp { host, port } => write!(f, "udp://{}:{port}", bracketed(host)),
            Link::Serial { path, line } => write!(f, "serial://{}?{line}", path.display()),
            Link::Usb { vendor, product, serial } => {
                write!(f, "usb://{}", named(*vendor, *product, serial.as_deref()))
            }
            Link::UsbLp { path } => write!(f, "usblp://{}", path.display()),
            Link::Hid { vendor, product, serial, page } => {
                write!(f, "hid://{}", named(*vendor, *product, serial.as_deref()))?;
                page.map_or(Ok(()), |page| write!(f, "?page={page:02x}"))
            }
            Link::Evdev { vendor, product, serial } => {
                write!(f, "evdev://{}", named(*vendor, *product, serial.as_deref()))
            }
            Link::Pcsc { reader } => write!(f, "pcsc://{}", escape(reader, "/")),
            Link::Ipp { host, port, path } => {
                write!(f, "ipp://{}:{port}{}", bracketed(host), escape(path, ""))
            }
        }
    }
}

impl Link {
    /// What the link occupies. Symbolic links are resolved, so `/dev/serial/by-id/...` and
    /// `/dev/ttyUSB0` are found to be one port; a path that is not there now stands for itself.
    pub fn claim(&self) -> Claim {
        match self {
            Link::Tcp { host, port } => Claim::Tcp(host.clone(), *port),
            Link::Udp { host, port } => Claim::Udp(host.clone(), *port),
            Link::Serial { path, .. } | Link::UsbLp { path } => Claim::File(resolved(path)),
            Link::Usb { vendor, product, serial } => Claim::Usb(*vendor, *product, serial.clone()),
            Link::Hid { vendor, product, serial, page } => {
                Claim::Hid(*vendor, *product, serial.clone(), *page)
            }
            Link::Evdev { vendor, product, serial } => Claim::Keys(*vendor, *product, serial.clone()),
            Link::Pcsc { reader } => Claim::Reader(reader.clone()),
            Link::Ipp { host, port, path } => Claim::Queue(host.clone(), *port, path.clone()),
        }
    }
}

/// What a link occupies: two devices must not claim the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Claim {
    /// A host and a port.
    Tcp(String, u16),
    /// A host and a port of UDP.
    Udp(String, u16),
    /// A device file, resolved.
    File(PathBuf),
    /// Vendor, product, serial number.
    Usb(u16, u16, Option<String>),
    /// Vendor, product, serial number, and the interface by its usage page.
    Hid(u16, u16, Option<String>, Option<u16>),
    /// The keys of vendor, product, serial number.
    Keys(u16, u16, Option<String>),
    /// A PC/SC reader.
    Reader(String),
    /// A queue: host, port, path.
    Queue(String, u16, String),
}

impl Claim {
    /// Whether both can't be had at once. Without a serial number a claim takes any device of its vendor and
    /// product, and without a usage page any interface of it.
    pub fn conflicts(&self, other: &Claim) -> bool {
        fn meet<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
            a.is_none() || b.is_none() || a == b
        }
        match (self, other) {
            (Claim::Usb(v, p, a), Claim::Usb(w, q, b)) | (Claim::Keys(v, p, a), Claim::Keys(w, q, b)) => {
                (v, p) == (w, q) && meet(a, b)
            }
            (Claim::Hid(v, p, a, one), Claim::Hid(w, q, b, two)) => {
                (v, p) == (w, q) && meet(a, b) && meet(one, two)
            }
            _ => self == other,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::Tcp(host, port) => write!(f, "port {port} of {host}"),
            Claim::Udp(host, port) => write!(f, "UDP port {port} of {host}"),
            Claim::File(path) => write!(f, "{}", path.display()),
            Claim::Usb(vendor, product, serial) => which(f, "USB device", *vendor, *product, serial),
            Claim::Hid(vendor, product, serial, page) => {
                which(f, "HID device", *vendor, *product, serial)?;
                page.map_or(Ok(()), |page| write!(f, ", usage page {page:02x}"))
            }
            Claim::Keys(vendor, product, serial) => {
                which(f, "keyboard-like device", *vendor, *product, serial)
            }
            Claim::Reader(reader) => write!(f, "the PC/SC reader {reader}"),
            Claim::Queue(host, port, path) => write!(f, "the queue {path} on port {port} of {host}"),
        }
    }
}

fn which(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    vendor: u16,
    product: u16,
    serial: &Option<String>,
) -> fmt::Result {
    match serial {
        None => write!(f, "any {what} {vendor:04x}:{product:04x}"),
        Some(serial) => write!(f, "the {what} {vendor:04x}:{product:04x} with serial number {serial}"),
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host(text: &str, own_port: u16, example: &'static str) -> Result<(String, u16), LinkError> {
    let host_error = || LinkError::Host(text.to_owned(), example);
    let (host, port) = match text.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']').ok_or_else(host_error)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| host_error())?;
            match after {
                "" => (host, None),
                _ => (host, Some(after.strip_prefix(':').ok_or_else(host_error)?)),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let bracketed = text.starts_with('[');
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if host.is_empty() || !(bracketed || named) {
        return Err(host_error());
    }
    let port = match port {
        None => own_port,
        Some(port) => {
            let number = port.parse().ok().filter(|port| *port != 0);
            number.ok_or_else(|| LinkError::Port(port.to_owned(), example))?
        }
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn ipp(rest: &str) -> Result<Link, LinkError> {
    let (server, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = host(server, IPP_PORT, IPP_EXAMPLE)?;
    let path = match path {
        "" => Some(IPP_PATH.to_owned()),
        _ if path.contains(['?', '#']) => None,
        _ => unescape(path).filter(|path| !path.contains(char::is_control)),
    };
    Ok(Link::Ipp { host, port, path: path.ok_or_else(|| LinkError::Queue(rest.to_owned()))? })
}

/// `VVVV:PPPP` with or without `/SERIAL`.
fn ids(rest: &str, example: &'static str) -> Result<(u16, u16, Option<String>), LinkError> {
    let error = || LinkError::Usb(rest.to_owned(), example);
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
    Ok((hex(vendor)?, hex(product)?, serial))
}

/// The query of a HID link.
fn page(query: &str) -> Result<u16, LinkError> {
    let digits = query.strip_prefix("page=").filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let page = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    page.ok_or_else(|| LinkError::Page(query.to_owned()))
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

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn named(vendor: u16, product: u16, serial: Option<&str>) -> String {
    match serial {
        None => format!("{vendor:04x}:{product:04x}"),
        Some(serial) => format!("{vendor:04x}:{product:04x}/{}", escape(serial, "/")),
    }
}

/// Names are whatever the maker wrote: blanks, `%`, `?`, `#`, what is in `also`, and what is not ASCII travel
/// as `%XX`.
fn escape(name: &str, also: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'%' | b'?' | b'#' | 0..=0x20 | 0x7F..=0xFF => out.push_str(&format!("%{byte:02X}")),
            _ if also.as_bytes().contains(&byte) => out.push_str(&format!("%{byte:02X}")),
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
