//! What sysfs says of input devices.

use std::ffi::c_ulong;
use std::fs;
use std::path::{Path, PathBuf};

/// A node of an input device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its device file, `/dev/input/event3`.
    pub path: PathBuf,
    /// `BUS_*` of `linux/input.h`: 3 USB, 5 Bluetooth, 6 virtual, 17 the keyboard of a PC.
    pub bus: u16,
    /// Vendor id.
    pub vendor: u16,
    /// Product id.
    pub product: u16,
    /// Serial number; `None` where it has none.
    pub serial: Option<String>,
    /// What it says it is.
    pub name: String,
    /// The device in sysfs that it belongs to: its USB device, or what it has in that place. Nodes of one device
    /// have the same.
    pub device: PathBuf,
    /// Whether it has the keys of digits and Enter.
    pub types: bool,
}

/// The nodes listed in `class` (`/sys/class/input`), with device files in `dev` (`/dev/input`). What can't be read is
/// not listed.
pub fn nodes(class: &Path, dev: &Path) -> Vec<Node> {
    let mut names: Vec<String> = fs::read_dir(class)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("event"))
        .collect();
    names.sort_by_key(|name| name.trim_start_matches("event").parse::<u32>().unwrap_or(u32::MAX));
    names.iter().filter_map(|name| node(&class.join(name).join("device"), dev.join(name))).collect()
}

fn node(input: &Path, path: PathBuf) -> Option<Node> {
    let text = |name: &str| fs::read_to_string(input.join(name)).map(|text| text.trim().to_owned());
    let number = |name: &str| u16::from_str_radix(&text(name).ok()?, 16).ok();
    Some(Node {
        path,
        bus: number("id/bustype")?,
        vendor: number("id/vendor")?,
        product: number("id/product")?,
        serial: text("uniq").ok().filter(|serial| !serial.is_empty()),
        name: text("name").unwrap_or_default(),
        device: device(input)?,
        types: types(&text("capabilities/key").unwrap_or_default()),
    })
}

/// The USB device above an input; where there is none, the device right above it; where there is none either, as with
/// uinput, the input itself.
fn device(input: &Path) -> Option<PathBuf> {
    let own = input.canonicalize().ok()?;
    let usb = own.ancestors().find(|folder| folder.join("idVendor").exists());
    usb.map(Path::to_owned).or_else(|| input.join("device").canonicalize().ok()).or(Some(own))
}

/// Whether a bitmap of keys has all digits (2 to 11) and Enter (28): words of the kernel's long, the lowest last.
fn types(keys: &str) -> bool {
    const NEEDED: c_ulong = 0b1_0000_0000_0000_0000_1111_1111_1100;
    let lowest =
        keys.split_ascii_whitespace().next_back().and_then(|word| c_ulong::from_str_radix(word, 16).ok());
    lowest.is_some_and(|word| word & NEEDED == NEEDED)
}
