//! HID devices that speak in reports, by the kernel's hidraw: scanners, scales, readers of magnetic stripes.
//!
//! A device is named by vendor, product and serial number and is looked for anew at each opening, so a replug,
//! even into another socket, needs nothing. Where it has several interfaces, the usage page says which one is
//! meant: that of the link (`?page=8c`), or else one that the driver understands ([`Purpose`]).
//!
//! Serial numbers are those the kernel shows as `HID_UNIQ`. The bus has to be USB, Bluetooth, I2C or SPI: others
//! are not listed by `hidapi`, so a device made by uhid has to say `BUS_USB`.
//!
//! hidraw is not exclusive: where other programs have the device open, all get every report.

use std::ops::RangeInclusive;
use std::sync::Arc;

use outlet_protocols::scanner::hid_pos;

use crate::link::Link;
use crate::transport::{Fault, Obstacle, TransportError};

pub mod descriptor;
pub mod fuzz;
mod stream;
mod system;

pub use descriptor::Descriptor;
pub use stream::ReportStream;
pub use system::{HidRaw, Interface, Node, System};

/// What a driver takes a HID device for.
#[derive(Debug, PartialEq, Eq)]
pub struct Purpose {
    /// With its article, in a sentence.
    pub a: &'static str,
    /// The usage pages that it understands, the best first.
    pub pages: &'static [RangeInclusive<u16>],
    /// What to do about a device that has none of them.
    pub remedy: &'static str,
    /// A feature report, its id in front, that is sent first where the device's descriptor has it.
    pub enable: Option<&'static [u8]>,
}

/// Codes: the bar code scanner page (USB-IF, *HID Point of Sale Usage Tables*, 1.02, section 3).
pub const SCANNER: Purpose = Purpose {
    a: "a scanner",
    pages: &[0x8c..=0x8c],
    remedy: "program the scanner to USB HID POS, or name it by evdev:// where it types",
    enable: Some(&hid_pos::ENABLE),
};

/// Weights: the scale page (the same tables, section 4).
pub const SCALE: Purpose = Purpose {
    a: "a scale",
    pages: &[0x8d..=0x8d],
    remedy: "set the scale's USB to HID; where it is a serial port by USB, name it by serial://",
    enable: None,
};

/// Swipes: the page of magnetic stripe readers, or a page of the maker's own, as MagTek's and ID TECH's have.
pub const STRIPE_READER: Purpose = Purpose {
    a: "a card reader",
    pages: &[0x8e..=0x8e, 0xff00..=0xffff],
    remedy: "set the reader to USB HID, or name it by evdev:// where it types",
    enable: None,
};

/// Any interface of the device, where it has one only.
pub(super) const ANY: Purpose = Purpose {
    a: "a HID device",
    pages: &[0..=0xffff],
    remedy: "check the usage page of the link",
    enable: None,
};

/// An open device.
pub struct Opened {
    /// Its input reports.
    pub stream: ReportStream,
    /// What it says of its reports.
    pub descriptor: Descriptor,
    /// Which of its interfaces this is.
    pub interface: Interface,
}

/// Finds the device of a `hid://` link and opens it.
///
/// # Errors
/// [`TransportError`] says what is in the way and what to do.
pub async fn open(
    system: &Arc<dyn System>,
    link: &Link,
    purpose: &'static Purpose,
) -> Result<Opened, TransportError> {
    let failed = |(fault, detail)| TransportError { link: link.to_string(), fault, detail };
    let Link::Hid { vendor, product, serial, page } = link.clone() else {
        return Err(failed((Fault::WrongKind, "this is no link to a HID device".to_owned())));
    };
    let system = Arc::clone(system);
    let opening = tokio::task::spawn_blocking(move || {
        let all = system.interfaces().map_err(|error| (Fault::Other, error))?;
        let named = Named { vendor, product, serial: serial.as_deref(), page };
        let interface = choose(&all, &named, purpose)?;
        let Node { file, descriptor } = system.open(interface)?;
        let descriptor = Descriptor::read(&descriptor);
        if let Some(report) = purpose.enable
            && report.first().is_some_and(|id| descriptor.has_feature(*id))
        {
            system.send_feature(interface, report).map_err(|error| {
                (Fault::Other, format!("it does not take the report that makes it send codes: {error}"))
            })?;
        }
        let stream = ReportStream::new(file).map_err(|error| (Fault::WrongKind, error.to_string()))?;
        Ok(Opened { stream, descriptor, interface: interface.clone() })
    });
    opening.await.unwrap_or_else(|error| Err((Fault::Other, error.to_string()))).map_err(failed)
}

/// What to do where the system forbids the use of a device. `KERNELS` is the name of the HID device, whatever bus
/// it is on.
pub fn permission_remedy(vendor: u16, product: u16) -> String {
    format!(
        "write this line to /etc/udev/rules.d/61-outletd.rules, run `udevadm control --reload`, and plug the device \
         in again: SUBSYSTEM==\"hidraw\", KERNELS==\"*:{vendor:04X}:{product:04X}.*\", GROUP=\"outletd\", \
         MODE=\"0660\""
    )
}

/// A device as a link names it.
struct Named<'a> {
    vendor: u16,
    product: u16,
    serial: Option<&'a str>,
    page: Option<u16>,
}

/// Which of the interfaces is meant.
fn choose<'a>(all: &'a [Interface], named: &Named<'_>, purpose: &Purpose) -> Result<&'a Interface, Obstacle> {
    let Named { vendor, product, serial, page } = *named;
    let same: Vec<&Interface> =
        all.iter().filter(|found| (found.vendor, found.product) == (vendor, product)).collect();
    if same.is_empty() {
        return Err((Fault::Missing, format!("no HID device {vendor:04x}:{product:04x} is plugged in")));
    }
    let of_serial: Vec<&Interface> = match serial {
        None => same.clone(),
        Some(serial) => {
            same.iter().copied().filter(|found| found.serial.as_deref() == Some(serial)).collect()
        }
    };
    let Some(first) = of_serial.first() else {
        return Err((Fault::Missing, format!("there is {}, but not this one", names(&same))));
    };
    if of_serial.iter().any(|other| other.serial != first.serial) {
        return Err((Fault::Ambiguous, format!("there is more than one: {}", names(&of_serial))));
    }
    let with = |pages: &RangeInclusive<u16>| -> Vec<&Interface> {
        of_serial
            .iter()
            .copied()
            .filter(|found| found.usages.iter().any(|(page, _)| pages.contains(page)))
            .collect()
    };
    let fitting = match page {
        Some(page) => with(&(page..=page)),
        None => purpose.pages.iter().map(with).find(|fitting| !fitting.is_empty()).unwrap_or_default(),
    };
    match fitting[..] {
        [one] => Ok(one),
        [] => {
            let detail = match page {
                Some(page) => format!("it has no usage page {page:02x}, but {}", pages(&of_serial)),
                None => format!(
                    "it is not {}: its usage pages are {}; {}",
                    purpose.a,
                    pages(&of_serial),
                    purpose.remedy
                ),
            };
            Err((Fault::WrongKind, detail))
        }
        [one, ref others @ ..] if others.iter().all(|other| other.number != one.number) => {
            let detail = format!(
                "several of its interfaces fit; name one by ?page= in the link: they have the usage pages {}",
                pages(&fitting)
            );
            Err((Fault::Ambiguous, detail))
        }
        _ => Err((Fault::Ambiguous, format!("there is more than one: {}", names(&fitting)))),
    }
}

fn names(interfaces: &[&Interface]) -> String {
    let mut names: Vec<String> = interfaces
        .iter()
        .map(|found| match &found.serial {
            Some(serial) => format!("{:04x}:{:04x}/{serial}", found.vendor, found.product),
            None => format!("{:04x}:{:04x} without a serial number", found.vendor, found.product),
        })
        .collect();
    names.dedup();
    names.join(", ")
}

fn pages(interfaces: &[&Interface]) -> String {
    let mut pages: Vec<u16> =
        interfaces.iter().flat_map(|found| found.usages.iter().map(|(page, _)| *page)).collect();
    pages.sort_unstable();
    pages.dedup();
    pages.iter().map(|page| format!("{page:02x}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;
