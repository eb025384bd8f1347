//! What HID devices are plugged in, and how one is opened.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hidapi::{HidApi, HidDevice};

use super::permission_remedy;
use crate::transport::{Fault, Obstacle, file_obstacle};

/// Lists and opens interfaces; the tests have one without hardware.
pub trait System: Send + Sync {
    /// The interfaces that are plugged in now.
    ///
    /// # Errors
    /// What the system says.
    fn interfaces(&self) -> Result<Vec<Interface>, String>;

    /// Opens an interface for reading, without blocking.
    ///
    /// # Errors
    /// What is in the way.
    fn open(&self, interface: &Interface) -> Result<Node, (Fault, String)>;

    /// Sends a feature report, its id in front.
    ///
    /// # Errors
    /// What the system says.
    fn send_feature(&self, interface: &Interface, report: &[u8]) -> Result<(), String>;

    /// Asks for the input report of this id, 0 where reports are not numbered: as a read would give it. Blocks while
    /// the device does not answer, for seconds.
    ///
    /// # Errors
    /// What the system says; many devices can't be asked.
    fn input_report(&self, interface: &Interface, id: u8) -> Result<Vec<u8>, String>;
}

/// An interface of a HID device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its node, `/dev/hidraw0`.
    pub path: PathBuf,
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Serial number of the device; `None` where it has none.
    pub serial: Option<String>,
    /// Number of the interface in the device; -1 where there are no numbers.
    pub number: i32,
    /// What maker and product strings say; may be empty.
    pub name: String,
    /// Usage page and usage of its top-level collections, in the order of its descriptor.
    pub usages: Vec<(u16, u16)>,
}

/// An open interface.
pub struct Node {
    /// Gives one report a read, and does not block.
    pub file: File,
    /// The report descriptor.
    pub descriptor: Vec<u8>,
}

/// The kernel's hidraw. `hidapi`'s own backend for Linux keeps nothing between calls: it lists the devices from sysfs
/// anew in each context, so contexts in several threads don't disturb each other. It is used for what needs it (the
/// list, descriptors, features); reports are read from the node itself, since its own reading blocks a thread.
pub struct HidRaw;

impl System for HidRaw {
    fn interfaces(&self) -> Result<Vec<Interface>, String> {
        let api = HidApi::new().map_err(|error| format!("HID devices can't be listed: {error}"))?;
        let mut found: Vec<Interface> = Vec::new();
        for device in api.device_list() {
            let path = Path::new(std::ffi::OsStr::from_bytes(device.path().to_bytes()));
            let usage = (device.usage_page(), device.usage());
            // One entry for each top-level collection.
            if let Some(known) = found.iter_mut().find(|known| known.path == path) {
                known.usages.push(usage);
                continue;
            }
            let text = |text: Option<&str>| {
                let text = text?.trim_matches(|c: char| c.is_whitespace() || c == '\0');
                (!text.is_empty()).then(|| text.to_owned())
            };
            let words = [text(device.manufacturer_string()), text(device.product_string())];
            found.push(Interface {
                path: path.to_owned(),
                vendor: device.vendor_id(),
                product: device.product_id(),
                serial: text(device.serial_number()),
                number: device.interface_number(),
                name: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
                usages: vec![usage],
            });
        }
        Ok(found)
    }

    fn open(&self, interface: &Interface) -> Result<Node, Obstacle> {
        let permission = permission_remedy(interface.vendor, interface.product);
        // hidapi opens for writing too, and tells a missing permission by its text only.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(&interface.path)
            .map_err(|error| file_obstacle(&error, &permission))?;
        let device = by_hidapi(interface).map_err(|error| (Fault::Other, error))?;
        // The longest that HID 1.11 and the kernel (`HID_MAX_DESCRIPTOR_SIZE`) allow.
        let mut descriptor = vec![0; 4096];
        let length = device
            .get_report_descriptor(&mut descriptor)
            .map_err(|error| (Fault::Other, format!("its report descriptor can't be read: {error}")))?;
        descriptor.truncate(length);
        Ok(Node { file, descriptor })
    }

    fn send_feature(&self, interface: &Interface, report: &[u8]) -> Result<(), String> {
        by_hidapi(interface)?.send_feature_report(report).map_err(|error| error.to_string())
    }

    fn input_report(&self, interface: &Interface, id: u8) -> Result<Vec<u8>, String> {
        let mut report = vec![0; 4096];
        if let Some(first) = report.first_mut() {
            *first = id;
        }
        let length =
            by_hidapi(interface)?.get_input_report(&mut report).map_err(|error| error.to_string())?;
        report.truncate(length);
        Ok(as_read(report, id))
    }
}

/// What the kernel answers begins with the id, with a 0 where there are none; a read has no 0.
fn as_read(mut report: Vec<u8>, id: u8) -> Vec<u8> {
    if id == 0 && !report.is_empty() {
        report.remove(0);
    }
    report
}

fn by_hidapi(interface: &Interface) -> Result<HidDevice, String> {
    let path = CString::new(interface.path.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    let api = HidApi::new().map_err(|error| error.to_string())?;
    api.open_path(&path).map_err(|error| error.to_string())
}
