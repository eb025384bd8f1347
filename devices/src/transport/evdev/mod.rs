//! Devices that type as a keyboard does, by the kernel's input events: scanners and card readers set to keyboard
//! emulation.
//!
//! An open device is grabbed (`EVIOCGRAB`): nobody else gets its keys, neither the desktop nor a console, until the
//! agent lets it go. So only a device that the configuration names is ever opened, by vendor, product and serial
//! number, and nothing is guessed: where several devices fit, none is taken. All nodes of the one device that type
//! are taken together; those that don't (volume keys, a wheel) are left alone. A device that is the only keyboard
//! of the box is taken like any other when it is named: on a box without a person's keyboard the scanner is just
//! that. Its slow keys are told apart by the driver, and given to nobody.
//!
//! Vendor, product and serial number are those that sysfs shows (`id/vendor`, `id/product`, `uniq`): no other device
//! is opened to look at it. Devices made by uinput have no serial number, those made by uhid may.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use outlet_protocols::scanner::KeyEvent;

use crate::link::Link;
use crate::transport::{Fault, Obstacle, TransportError};

mod decode;
pub mod fuzz;
mod nodes;
mod system;

use decode::Decoder;
pub use nodes::{Node, nodes};
pub use system::{Event, Events, InputNodes, System};

/// What comes from a device that types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Keys came faster than they were taken, and some were lost.
    Lost,
}

/// A grabbed device. Dropping it lets it go.
pub struct Keyboard {
    nodes: Vec<(Box<dyn Events>, Decoder)>,
    /// What it says it is.
    pub name: String,
}

impl Keyboard {
    /// The next input. Dropped while it waits, it loses nothing.
    ///
    /// # Errors
    /// The device was unplugged, or what else the system says.
    pub async fn next(&mut self) -> io::Result<Input> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Input>> {
        for (events, decoder) in &mut self.nodes {
            while let Poll::Ready(event) = events.poll_event(cx) {
                let event = event.map_err(|error| match error.raw_os_error() {
                    Some(libc::ENODEV) => {
                        io::Error::new(io::ErrorKind::NotConnected, "the device was unplugged")
                    }
                    _ => error,
                })?;
                if let Some(input) = decoder.take(event) {
                    return Poll::Ready(Ok(input));
                }
            }
        }
        Poll::Pending
    }
}

/// Finds the device of an `evdev://` link and grabs it.
///
/// # Errors
/// [`TransportError`] says what is in the way and what to do; nothing is held then.
pub async fn open(system: &Arc<dyn System>, link: &Link) -> Result<Keyboard, TransportError> {
    let failed = |(fault, detail)| TransportError { link: link.to_string(), fault, detail };
    let Link::Evdev { vendor, product, serial } = link.clone() else {
        return Err(failed((Fault::WrongKind, "this is no link to a device that types".to_owned())));
    };
    let system = Arc::clone(system);
    let opening = tokio::task::spawn_blocking(move || {
        let all = system.nodes();
        let chosen = choose(&all, vendor, product, serial.as_deref())?;
        let name = chosen.first().map(|node| node.name.clone()).unwrap_or_default();
        let nodes = chosen.into_iter().map(|node| Ok((system.grab(node)?, Decoder::default())));
        Ok(Keyboard { nodes: nodes.collect::<Result<_, Obstacle>>()?, name })
    });
    opening.await.unwrap_or_else(|error| Err((Fault::Other, error.to_string()))).map_err(failed)
}

/// What to do where the system forbids the use of a device.
pub fn permission_remedy(vendor: u16, product: u16) -> String {
    format!(
        "write this line to /etc/udev/rules.d/61-outletd.rules, run `udevadm control --reload`, and plug the device \
         in again: SUBSYSTEM==\"input\", KERNEL==\"event*\", ATTRS{{id/vendor}}==\"{vendor:04x}\", \
         ATTRS{{id/product}}==\"{product:04x}\", GROUP=\"outletd\", MODE=\"0660\""
    )
}

/// The nodes that type of the one device that is meant.
fn choose<'a>(
    all: &'a [Node],
    vendor: u16,
    product: u16,
    serial: Option<&str>,
) -> Result<Vec<&'a Node>, Obstacle> {
    let same: Vec<&Node> =
        all.iter().filter(|node| (node.vendor, node.product) == (vendor, product)).collect();
    if same.is_empty() {
        return Err((Fault::Missing, format!("no input device {vendor:04x}:{product:04x} is plugged in")));
    }
    let named: Vec<&Node> = match serial {
        None => same.clone(),
        Some(serial) => same.iter().copied().filter(|node| node.serial.as_deref() == Some(serial)).collect(),
    };
    let Some(first) = named.first() else {
        return Err((Fault::Missing, format!("there is {}, but not this one", names(&same))));
    };
    if named.iter().any(|node| node.device != first.device) {
        let twins =
            if serial.is_some() { ", and their serial numbers are the same: plug one out" } else { "" };
        return Err((Fault::Ambiguous, format!("there is more than one: {}{twins}", names(&named))));
    }
    let typing: Vec<&Node> = named.iter().copied().filter(|node| node.types).collect();
    if typing.is_empty() {
        let detail = "it does not type: it has no digits and no Enter; program it to keyboard emulation, or name it \
                      by hid:// or serial://";
        return Err((Fault::WrongKind, detail.to_owned()));
    }
    Ok(typing)
}

/// The devices, each once.
fn names(nodes: &[&Node]) -> String {
    let mut seen = Vec::new();
    let mut names = Vec::new();
    for node in nodes {
        if !seen.contains(&&node.device) {
            seen.push(&node.device);
            names.push(match &node.serial {
                Some(serial) => format!("{:04x}:{:04x}/{serial}", node.vendor, node.product),
                None => format!("{:04x}:{:04x} without a serial number", node.vendor, node.product),
            });
        }
    }
    names.join(", ")
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
