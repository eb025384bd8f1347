//! What is on the USB bus.

use std::time::Duration;

use rusb::{Context, DeviceHandle, Direction, TransferType, UsbContext};

use super::pipe::UsbPipe;
use crate::transport::PortStatus;

/// Lists printers; the tests have one without hardware.
pub trait UsbBus {
    /// The devices of the printer class that are plugged in now.
    fn printers(&self) -> rusb::Result<Vec<Printer>>;
}

/// A device of the printer class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    /// Bus number.
    pub bus: u8,
    /// Address on the bus; changes with each replug.
    pub address: u8,
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Its serial number.
    pub serial: SerialNumber,
    /// What maker and product strings say; empty where they can't be read.
    pub name: String,
    /// Where its bytes go.
    pub port: Port,
}

/// A serial number, as far as it can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialNumber {
    /// The device says so.
    Known(String),
    /// The device has none.
    Absent,
    /// The system does not let it be read.
    Forbidden,
}

impl SerialNumber {
    /// Whether it is this one.
    pub fn is(&self, serial: &str) -> bool {
        matches!(self, Self::Known(known) if known == serial)
    }
}

/// Interface and endpoints of a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Interface number.
    pub interface: u8,
    /// Alternate setting.
    pub setting: u8,
    /// Bulk OUT endpoint.
    pub output: u8,
    /// Bulk IN endpoint; a unidirectional printer has none.
    pub input: Option<u8>,
}

/// The bus as libusb sees it.
pub struct LibUsb {
    context: Context,
}

impl LibUsb {
    /// A context of its own, so that devices plugged in since are seen where no udev runs.
    pub fn new() -> rusb::Result<Self> {
        Ok(Self { context: Context::new()? })
    }

    /// Takes the printer's interface, from the kernel's driver if it has it; dropping the pipe gives it
    /// back.
    pub(super) fn open(&self, printer: &Printer) -> rusb::Result<LibUsbPipe> {
        let devices = self.context.devices()?;
        let device = devices
            .iter()
            .find(|d| (d.bus_number(), d.address()) == (printer.bus, printer.address))
            .ok_or(rusb::Error::NoDevice)?;
        let handle = device.open()?;
        match handle.set_auto_detach_kernel_driver(true) {
            Ok(()) | Err(rusb::Error::NotSupported) => {}
            Err(error) => return Err(error),
        }
        handle.claim_interface(printer.port.interface)?;
        let pipe = LibUsbPipe { handle, port: printer.port };
        if printer.port.setting != 0 {
            pipe.handle.set_alternate_setting(printer.port.interface, printer.port.setting)?;
        }
        Ok(pipe)
    }
}

impl UsbBus for LibUsb {
    fn printers(&self) -> rusb::Result<Vec<Printer>> {
        Ok(self.context.devices()?.iter().filter_map(|device| printer(&device)).collect())
    }
}

fn printer(device: &rusb::Device<Context>) -> Option<Printer> {
    let descriptor = device.device_descriptor().ok()?;
    let config = device.active_config_descriptor().ok()?;
    let port = config
        .interfaces()
        .flat_map(|interface| interface.descriptors())
        .find_map(|setting| port(&setting))?;
    let opened = device.open();
    let text = |index: Option<u8>| {
        let handle = opened.as_ref().ok()?;
        let text = handle.read_string_descriptor_ascii(index?).ok()?;
        Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
    };
    let serial = match (descriptor.serial_number_string_index(), &opened) {
        (None, _) => SerialNumber::Absent,
        (Some(_), Err(_)) => SerialNumber::Forbidden,
        (index, Ok(_)) => match text(index) {
            Some(serial) if !serial.is_empty() => SerialNumber::Known(serial),
            _ => SerialNumber::Absent,
        },
    };
    let words = [text(descriptor.manufacturer_string_index()), text(descriptor.product_string_index())];
    Some(Printer {
        bus: device.bus_number(),
        address: device.address(),
        vendor: descriptor.vendor_id(),
        product: descriptor.product_id(),
        serial,
        name: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
        port,
    })
}

/// A setting is usable when it is of the printer class (base class 7, subclass 1) and takes plain bytes:
/// protocol 1 (unidirectional) or 2 (bidirectional), not 3 (IEEE 1284.4) or 4 (IPP over USB).
fn port(setting: &rusb::InterfaceDescriptor<'_>) -> Option<Port> {
    let plain = matches!(setting.protocol_code(), 0..=2);
    if setting.class_code() != 7 || !plain {
        return None;
    }
    let bulk = |direction| {
        setting
            .endpoint_descriptors()
            .find(|e| e.transfer_type() == TransferType::Bulk && e.direction() == direction)
            .map(|e| e.address())
    };
    Some(Port {
        interface: setting.interface_number(),
        setting: setting.setting_number(),
        output: bulk(Direction::Out)?,
        input: bulk(Direction::In),
    })
}

/// A printer whose interface is taken.
pub(super) struct LibUsbPipe {
    handle: DeviceHandle<Context>,
    port: Port,
}

impl UsbPipe for LibUsbPipe {
    fn write(&self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize> {
        self.handle.write_bulk(self.port.output, bytes, timeout)
    }

    fn read(&self, buf: &mut [u8], timeout: Duration) -> rusb::Result<usize> {
        match self.port.input {
            Some(input) => self.handle.read_bulk(input, buf, timeout),
            None => Err(rusb::Error::NotSupported),
        }
    }

    fn port_status(&self, timeout: Duration) -> rusb::Result<PortStatus> {
        const GET_PORT_STATUS: (u8, u8) = (0xA1, 0x01);
        let mut status = [0];
        let (kind, request) = GET_PORT_STATUS;
        let index = u16::from(self.port.interface);
        match self.handle.read_control(kind, request, 0, index, &mut status, timeout)? {
            1 => Ok(PortStatus::from(status[0])),
            _ => Err(rusb::Error::BadDescriptor),
        }
    }
}

impl Drop for LibUsbPipe {
    fn drop(&mut self) {
        // Only an explicit release gives the interface back to the kernel's driver.
        if let Err(error) = self.handle.release_interface(self.port.interface) {
            tracing::debug!(%error, "the USB interface was gone before it was released");
        }
    }
}

#[cfg(test)]
impl Printer {
    pub(crate) fn example(vendor: u16, product: u16) -> Self {
        let port = Port { interface: 0, setting: 0, output: 1, input: Some(0x82) };
        Self {
            bus: 1,
            address: 5,
            vendor,
            product,
            serial: SerialNumber::Absent,
            name: "EPSON TM-T20III".into(),
            port,
        }
    }
}
