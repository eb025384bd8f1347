//! USB devices of the printer class, by libusb.
//!
//! A printer is named by vendor, product and serial number and is looked for anew at each opening, so a
//! replug, even into another socket, needs nothing. The class is that of *USB Printer Class 1.1*.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Fault, Obstacle};

mod bus;
mod pipe;

pub use bus::{LibUsb, Printer, SerialNumber, UsbBus};
pub use pipe::{UsbPipe, UsbStream};

/// How long the interface may still be held by a session that is being closed.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// Finds the printer and takes its interface. Blocks: USB control requests take milliseconds.
pub(super) fn open(vendor: u16, product: u16, serial: Option<&str>) -> Result<UsbStream, Obstacle> {
    let bus = LibUsb::new().map_err(|e| (Fault::Other, format!("the USB bus can't be used: {e}")))?;
    let printers = bus.printers().map_err(|e| (Fault::Other, format!("the USB bus can't be listed: {e}")))?;
    let printer = choose(&printers, vendor, product, serial)?;
    let patience = Instant::now() + RELEASE_TIMEOUT;
    let pipe = loop {
        match bus.open(printer) {
            Err(rusb::Error::Busy) if Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(obstacle(error, vendor, product)),
            Ok(pipe) => break pipe,
        }
    };
    Ok(UsbStream::start(Arc::new(pipe)))
}

/// The udev rule that lets the agent use a device.
pub fn udev_rule(vendor: u16, product: u16) -> String {
    format!(
        r#"SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor:04x}", ATTR{{idProduct}}=="{product:04x}", GROUP="lp", MODE="0660""#
    )
}

/// What to do where the system forbids the use of a device.
pub fn permission_remedy(vendor: u16, product: u16) -> String {
    format!(
        "write this line to /etc/udev/rules.d/61-outletd.rules, run `usermod -aG lp outletd` and \
         `udevadm control --reload`, and plug the printer in again: {}",
        udev_rule(vendor, product)
    )
}

/// Which of the printers on the bus is meant.
fn choose<'a>(
    printers: &'a [Printer],
    vendor: u16,
    product: u16,
    serial: Option<&str>,
) -> Result<&'a Printer, Obstacle> {
    let same: Vec<_> = printers.iter().filter(|p| (p.vendor, p.product) == (vendor, product)).collect();
    let fitting: Vec<_> = match serial {
        None => same.clone(),
        Some(serial) => same.iter().copied().filter(|p| p.serial.is(serial)).collect(),
    };
    match fitting[..] {
        [one] => Ok(one),
        [] if same.is_empty() => {
            Err((Fault::Missing, format!("no USB printer {vendor:04x}:{product:04x} is plugged in")))
        }
        [] if same.iter().any(|p| p.serial == SerialNumber::Forbidden) => Err((
            Fault::Permission(permission_remedy(vendor, product)),
            "its serial number can't be read".to_owned(),
        )),
        [] => Err((Fault::Missing, format!("there is {}, but not this one", names(&same)))),
        _ => Err((Fault::Ambiguous, format!("there is more than one: {}", names(&fitting)))),
    }
}

fn names(printers: &[&Printer]) -> String {
    let name = |p: &&Printer| match &p.serial {
        SerialNumber::Known(serial) => format!("{:04x}:{:04x}/{serial}", p.vendor, p.product),
        SerialNumber::Absent => format!("{:04x}:{:04x} without a serial number", p.vendor, p.product),
        SerialNumber::Forbidden => format!("{:04x}:{:04x} (unreadable)", p.vendor, p.product),
    };
    printers.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn obstacle(error: rusb::Error, vendor: u16, product: u16) -> Obstacle {
    let fault = match error {
        rusb::Error::Access => Fault::Permission(permission_remedy(vendor, product)),
        rusb::Error::Busy => Fault::Busy,
        rusb::Error::NoDevice | rusb::Error::NotFound => Fault::Missing,
        _ => Fault::Other,
    };
    (fault, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printer(vendor: u16, product: u16, serial: SerialNumber) -> Printer {
        Printer { serial, ..Printer::example(vendor, product) }
    }

    fn known(serial: &str) -> SerialNumber {
        SerialNumber::Known(serial.into())
    }

    #[test]
    fn a_printer_is_found_by_its_serial_number_wherever_it_is_plugged_in() {
        let mut bus = vec![printer(0x4b8, 0xe28, known("A")), printer(0x4b8, 0xe28, known("B"))];
        assert_eq!(choose(&bus, 0x4b8, 0xe28, Some("B")).unwrap().serial, known("B"));
        bus.reverse();
        bus[0].address = 77;
        assert_eq!(choose(&bus, 0x4b8, 0xe28, Some("B")).unwrap().address, 77);
    }

    #[test]
    fn the_serial_number_may_be_left_out_while_there_is_only_one() {
        let bus = [printer(0x4b8, 0xe28, SerialNumber::Absent), printer(0x519, 3, known("S"))];
        assert_eq!(choose(&bus, 0x4b8, 0xe28, None).unwrap().vendor, 0x4b8);
    }

    #[test]
    fn two_of_a_kind_without_a_serial_number_are_never_guessed_between() {
        let bus = [printer(0x4b8, 0xe28, known("A")), printer(0x4b8, 0xe28, known("B"))];
        let (fault, detail) = choose(&bus, 0x4b8, 0xe28, None).unwrap_err();
        assert_eq!(fault, Fault::Ambiguous);
        assert!(detail.contains("04b8:0e28/A, 04b8:0e28/B"), "{detail}");
    }

    #[test]
    fn another_serial_number_is_not_taken_for_the_one_asked_for() {
        let bus = [printer(0x4b8, 0xe28, known("A"))];
        let (fault, detail) = choose(&bus, 0x4b8, 0xe28, Some("B")).unwrap_err();
        assert_eq!(fault, Fault::Missing);
        assert!(detail.contains("04b8:0e28/A"), "{detail}");
        assert_eq!(choose(&bus, 0x4b8, 0xe29, Some("B")).unwrap_err().0, Fault::Missing);
    }

    #[test]
    fn a_missing_permission_is_named_with_the_rule_that_grants_it() {
        let bus = [printer(0x4b8, 0xe28, SerialNumber::Forbidden)];
        let (fault, _) = choose(&bus, 0x4b8, 0xe28, Some("B")).unwrap_err();
        let remedy = fault.remedy();
        assert!(remedy.contains(r#"ATTR{idVendor}=="04b8", ATTR{idProduct}=="0e28""#), "{remedy}");
        assert!(remedy.contains("usermod -aG lp outletd"), "{remedy}");
    }
}
