//! What is plugged in: USB printers, serial ports, the kernel's printer devices, HID devices, and devices that type.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use serde::Serialize;
use serialport::{SerialPortInfo, SerialPortType};

use crate::link::{Link, SerialLine};
use crate::models;
use crate::transport::evdev::{self, InputNodes, Node, System as _};
use crate::transport::hid::{self, HidRaw, Interface, System as _};
use crate::transport::usb::{LibUsb, Printer, SerialNumber, UsbBus, permission_remedy};

/// Something that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The link to write into the configuration.
    pub link: String,
    /// The driver to try first.
    pub driver: &'static str,
    /// What it says it is, for people.
    pub name: String,
    /// The model that its name points to, if one does.
    pub model: Option<String>,
    /// Why it can't be used as it is.
    pub problem: Option<String>,
    /// What to do about the problem.
    pub remedy: Option<String>,
}

impl Found {
    /// A `[[device]]` table to copy into the configuration.
    pub fn to_toml(&self, id: &str) -> String {
        let model = match (&self.model, self.driver) {
            (Some(model), _) => format!("model = \"{model}\"\n"),
            (None, "escpos") => "model = \"generic-80\"\n".to_owned(),
            (None, _) => String::new(),
        };
        let mut table = String::new();
        if let Some(problem) = &self.problem {
            // Writing to a string can't fail.
            let _ = writeln!(table, "# {problem}");
        }
        let _ = write!(
            table,
            "[[device]]\nid = \"{id}\"\ndriver = \"{}\"\n{model}link = \"{}\"\n",
            self.driver, self.link
        );
        table
    }
}

/// Everything that is plugged in. A bus that is not there, as in a container, has nothing on it.
///
/// Blocks for some milliseconds: control requests to each USB printer.
pub fn detect() -> Vec<Found> {
    let printers = LibUsb::new().and_then(|bus| bus.printers()).unwrap_or_else(|error| {
        tracing::debug!(%error, "the USB bus can't be listed");
        Vec::new()
    });
    let ports = serialport::available_ports().unwrap_or_else(|error| {
        tracing::debug!(%error, "the serial ports can't be listed");
        Vec::new()
    });
    let mut found = usb_printers(&printers);
    found.extend(ports.iter().filter_map(serial_port));
    found.extend(kernel_printers(Path::new("/dev/usb"), Path::new("/dev/outletd")));
    let interfaces = HidRaw.interfaces().unwrap_or_else(|error| {
        tracing::debug!(%error, "the HID devices can't be listed");
        Vec::new()
    });
    found.extend(hid_devices(&interfaces));
    found.extend(keyboards(&InputNodes.nodes()));
    #[cfg(feature = "pcsc")]
    found.extend(crate::drivers::reader::pcsc::list().into_iter().map(card_reader));
    found
}

#[cfg(feature = "pcsc")]
fn card_reader(listed: crate::drivers::reader::pcsc::Listed) -> Found {
    Found {
        link: Link::Pcsc { reader: listed.reader }.to_string(),
        driver: "rfid-reader",
        name: listed.name,
        model: None,
        problem: None,
        remedy: None,
    }
}

fn usb_printers(printers: &[Printer]) -> Vec<Found> {
    printers.iter().map(|printer| usb_printer(printer, printers)).collect()
}

fn usb_printer(printer: &Printer, all: &[Printer]) -> Found {
    let (vendor, product) = (printer.vendor, printer.product);
    let serial = match &printer.serial {
        SerialNumber::Known(serial) => Some(serial.clone()),
        SerialNumber::Absent | SerialNumber::Forbidden => None,
    };
    let twins = all
        .iter()
        .filter(|other| (other.vendor, other.product, &other.serial) == (vendor, product, &printer.serial));
    let (problem, remedy) = if printer.serial == SerialNumber::Forbidden {
        (Some("the agent may not use it".to_owned()), Some(permission_remedy(vendor, product)))
    } else if twins.count() > 1 {
        let problem = "there are several of it, and their serial numbers don't tell them apart";
        let remedy = "name them by the ports they are plugged into, usblp:///dev/outletd/printer-at-... below, or give \
                      them different serial numbers with the maker's tool";
        (Some(problem.to_owned()), Some(remedy.to_owned()))
    } else {
        (None, None)
    };
    let name = if printer.name.is_empty() { "USB printer".to_owned() } else { printer.name.clone() };
    Found {
        link: Link::Usb { vendor, product, serial }.to_string(),
        driver: "escpos",
        model: model_of(&name),
        name,
        problem,
        remedy,
    }
}

/// Serial ports with something behind them, and USB adapters by their lasting name.
fn serial_port(port: &SerialPortInfo) -> Option<Found> {
    let name = match &port.port_type {
        SerialPortType::UsbPort(usb) => {
            let words = [usb.manufacturer.as_deref(), usb.product.as_deref(), usb.serial_number.as_deref()];
            let words: Vec<_> = words.into_iter().flatten().collect();
            if words.is_empty() { "USB serial adapter".to_owned() } else { words.join(" ") }
        }
        SerialPortType::PciPort => "serial port (PCI)".to_owned(),
        SerialPortType::BluetoothPort => "serial port (Bluetooth)".to_owned(),
        SerialPortType::Unknown => "serial port".to_owned(),
    };
    let path =
        lasting_name(Path::new(&port.port_name), &["/dev/outletd", "/dev/serial/by-id"].map(Path::new));
    let (problem, remedy) = file_problem(&path, "dialout");
    Some(Found {
        link: Link::Serial { path, line: SerialLine::default() }.to_string(),
        driver: "escpos",
        name,
        model: None,
        problem,
        remedy,
    })
}

/// A name in one of the folders, the best first, that leads to the same device: it survives a replug, `/dev/ttyUSB0`
/// and `/dev/usb/lp0` do not.
fn lasting_name(device: &Path, folders: &[&Path]) -> PathBuf {
    let Ok(target) = device.canonicalize() else { return device.to_owned() };
    let name_in = |folder: &&Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        // A name with the device's serial number goes before that of a port, which ends otherwise.
        paths
            .filter(|path| path.canonicalize().is_ok_and(|real| real == target))
            .min_by_key(|path| (path.to_string_lossy().contains("-at-"), path.clone()))
    };
    folders.iter().find_map(name_in).unwrap_or_else(|| device.to_owned())
}

fn kernel_printers(folder: &Path, lasting: &Path) -> Vec<Found> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lp")))
        .collect();
    paths.sort();
    let found = |numbered: PathBuf| {
        let path = lasting_name(&numbered, &[lasting]);
        let (problem, remedy) = file_problem(&path, "lp");
        let name = if path == numbered {
            "USB printer of the kernel; its number changes, prefer usb:// with a serial number"
        } else if path.to_string_lossy().contains("-at-") {
            "USB printer of the kernel, whichever is plugged into this port; prefer usb:// with a serial number"
        } else {
            "USB printer of the kernel; prefer usb://"
        };
        let name = name.to_owned();
        Found { link: Link::UsbLp { path }.to_string(), driver: "escpos", name, model: None, problem, remedy }
    };
    paths.into_iter().map(found).collect()
}

/// Makers of card readers whose pages are their own, by their ids in the list of USB-IF.
const STRIPE_READERS: [u16; 2] = [0x0801, 0x0acd];

/// Scanners, scales and card readers that report. Other HID devices are nothing for an agent.
fn hid_devices(interfaces: &[Interface]) -> Vec<Found> {
    // The driver, and the best of its pages.
    let driver_of = |found: &Interface| {
        let page = |purpose: &hid::Purpose| {
            let mut pages = purpose.pages.iter();
            pages.find_map(|pages| {
                found.usages.iter().map(|(page, _)| *page).find(|page| pages.contains(page))
            })
        };
        let own = found.usages.iter().any(|(page, _)| *page >= 0xff00);
        let is_stripe_reader = !own || STRIPE_READERS.contains(&found.vendor);
        let scanner = page(&hid::SCANNER).map(|page| ("scanner", page));
        let scale = || page(&hid::SCALE).map(|page| ("scale", page));
        let stripe_reader = || page(&hid::STRIPE_READER).map(|page| ("card-reader", page));
        scanner.or_else(scale).or_else(|| stripe_reader().filter(|_| is_stripe_reader))
    };
    let made = |found: &Interface| {
        let (driver, page) = driver_of(found)?;
        let Interface { vendor, product, ref serial, number, .. } = *found;
        let key = |one: &Interface| (one.vendor, one.product, one.serial.clone(), one.number);
        let twins =
            interfaces.iter().filter(|other| key(other) == (vendor, product, serial.clone(), number)).count();
        let beside: Vec<_> = interfaces
            .iter()
            .filter(|other| (other.vendor, other.product, &other.serial) == (vendor, product, serial))
            .filter(|other| other.number != number && driver_of(other).is_some())
            .collect();
        let has_page = |other: &&Interface| other.usages.iter().any(|(theirs, _)| *theirs == page);
        let (problem, remedy) = match file_problem(&found.path, "") {
            (Some(problem), _) => (Some(problem), Some(hid::permission_remedy(vendor, product))),
            (None, _) if twins > 1 => several(),
            (None, _) if beside.iter().any(has_page) => several_interfaces(page),
            (None, _) => (None, None),
        };
        let page = (!beside.is_empty()).then_some(page);
        Some(Found {
            link: Link::Hid { vendor, product, serial: serial.clone(), page }.to_string(),
            driver,
            name: if found.name.is_empty() { "HID device".to_owned() } else { found.name.clone() },
            model: (driver == "scale").then(|| "hid".to_owned()),
            problem,
            remedy,
        })
    };
    interfaces.iter().filter_map(made).collect()
}

const BUS_USB: u16 = 3;
const BUS_BLUETOOTH: u16 = 5;

/// Devices that type, each once. A person's keyboard is among them: nothing tells it from a scanner.
fn keyboards(nodes: &[Node]) -> Vec<Found> {
    let typing: Vec<&Node> =
        nodes.iter().filter(|node| node.types && [BUS_USB, BUS_BLUETOOTH].contains(&node.bus)).collect();
    let mut found: Vec<Found> = Vec::new();
    for (index, node) in typing.iter().enumerate() {
        if typing.iter().take(index).any(|before| before.device == node.device) {
            continue;
        }
        let Node { vendor, product, ref serial, .. } = **node;
        let twin = |other: &&&Node| {
            (other.vendor, other.product, &other.serial) == (vendor, product, serial)
                && other.device != node.device
        };
        // The agent reads only.
        let (problem, remedy) = match access(&node.path, AccessFlags::R_OK) {
            Err(Errno::EACCES | Errno::EPERM) => {
                (Some("the agent may not use it".to_owned()), Some(evdev::permission_remedy(vendor, product)))
            }
            _ if typing.iter().any(|other| twin(&other)) => several(),
            _ => (None, None),
        };
        found.push(Found {
            link: Link::Evdev { vendor, product, serial: serial.clone() }.to_string(),
            driver: "scanner",
            name: format!(
                "{}, which types; only if it is a scanner or a card reader: nobody else gets its keys",
                node.name
            ),
            model: None,
            problem,
            remedy,
        });
    }
    found
}

fn several() -> (Option<String>, Option<String>) {
    let problem = "there are several of it, and their serial numbers don't tell them apart";
    let remedy = "plug in one of them only, or give them different serial numbers with the maker's tool";
    (Some(problem.to_owned()), Some(remedy.to_owned()))
}

fn several_interfaces(page: u16) -> (Option<String>, Option<String>) {
    let problem = format!("several of its interfaces have the usage page {page:02x}");
    let remedy = "where one of them has a page that the others don't have, name it by ?page= in the link; else set the \
                  device to one interface with the maker's tool";
    (Some(problem), Some(remedy.to_owned()))
}

/// Only asks the system: opening a port would move its DTR line, and a device behind it may be at work.
fn file_problem(path: &Path, group: &str) -> (Option<String>, Option<String>) {
    match access(path, AccessFlags::R_OK | AccessFlags::W_OK) {
        Err(Errno::EACCES | Errno::EPERM) => (
            Some("the agent may not use it".to_owned()),
            Some(format!("`usermod -aG {group} outletd`, then restart the agent")),
        ),
        _ => (None, None),
    }
}

/// The model whose name stands in what a device says it is: the longest such name.
fn model_of(name: &str) -> Option<String> {
    let bare = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let name = bare(name);
    models::all()
        .iter()
        .filter(|model| model.vendor != "generic" && name.contains(&bare(&model.name)))
        .max_by_key(|model| model.name.len())
        .map(|model| model.id.clone())
}

#[cfg(test)]
mod tests {
    use serialport::UsbPortInfo;

    use super::*;

    fn usb(serial: SerialNumber) -> Printer {
        Printer { serial, ..Printer::example(0x04b8, 0x0e28) }
    }

    #[test]
    fn a_usb_printer_comes_with_the_link_and_the_model_to_write() {
        let found = usb_printers(&[usb(SerialNumber::Known("J3XY".into()))]).remove(0);
        assert_eq!(found.link, "usb://04b8:0e28/J3XY");
        assert_eq!(found.problem, None);
        assert_eq!(found.model.as_deref(), Some("epson-tm-t20iii"));
        let table: toml::Table = found.to_toml("kitchen").parse().unwrap();
        let device = &table["device"][0];
        assert_eq!(device["link"].as_str(), Some("usb://04b8:0e28/J3XY"));
        assert_eq!(device["model"].as_str(), Some("epson-tm-t20iii"));
    }

    #[test]
    fn a_forbidden_usb_printer_comes_with_its_udev_rule() {
        let found = usb_printers(&[usb(SerialNumber::Forbidden)]).remove(0);
        assert!(found.problem.is_some());
        assert!(found.remedy.unwrap().contains(r#"ATTR{idVendor}=="04b8""#));
    }

    #[test]
    fn twins_that_can_not_be_told_apart_are_a_problem() {
        let twins = usb_printers(&[usb(SerialNumber::Absent), usb(SerialNumber::Absent)]);
        assert!(twins.iter().all(|found| found.problem.is_some()));
        let known = |serial: &str| usb(SerialNumber::Known(serial.into()));
        assert!(usb_printers(&[known("A"), known("B")]).iter().all(|found| found.problem.is_none()));
    }

    /// A folder with `/dev` as far as names go.
    fn dev() -> (tempfile::TempDir, [PathBuf; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let places = ["outletd", "by-id"].map(|name| folder.path().join(name));
        for place in &places {
            std::fs::create_dir(place).unwrap();
        }
        (folder, places)
    }

    fn link(name: &Path, device: &Path) -> PathBuf {
        std::os::unix::fs::symlink(device, name).unwrap();
        name.to_owned()
    }

    #[test]
    fn a_serial_adapter_is_named_by_what_lasts() {
        let (folder, [own, by_id]) = dev();
        let folders = [own.as_path(), &by_id];
        let tty = folder.path().join("ttyUSB0");
        std::fs::write(&tty, "").unwrap();
        assert_eq!(lasting_name(&tty, &folders), tty);
        let generic = link(&by_id.join("usb-FTDI-if00"), &tty);
        assert_eq!(lasting_name(&tty, &folders), generic);
        let port = link(&own.join("atol-at-pci-1"), &tty);
        assert_eq!(lasting_name(&tty, &folders), port);
        let serial = link(&own.join("atol-x00106"), &tty);
        assert_eq!(lasting_name(&tty, &folders), serial);
    }

    #[test]
    fn a_printer_of_the_kernel_is_named_by_what_lasts() {
        let (folder, [own, _]) = dev();
        let usb = folder.path().join("usb");
        std::fs::create_dir(&usb).unwrap();
        let devices = ["lp0", "lp1"].map(|name| usb.join(name));
        for device in &devices {
            std::fs::write(device, "").unwrap();
        }
        let port = link(&own.join("printer-at-pci-2"), &devices[1]);
        let found = kernel_printers(&usb, &own);
        assert_eq!(found[0].link, format!("usblp://{}", devices[0].display()));
        assert!(found[0].name.contains("its number changes"));
        assert_eq!(found[1].link, format!("usblp://{}", port.display()));
        assert!(found[1].name.contains("plugged into this port"));
    }

    #[test]
    fn a_serial_adapter_says_who_made_it() {
        let port = SerialPortInfo {
            port_name: "/dev/ttyUSB7".into(),
            port_type: SerialPortType::UsbPort(UsbPortInfo {
                vid: 0x0403,
                pid: 0x6001,
                serial_number: Some("A50285BI".into()),
                manufacturer: Some("FTDI".into()),
                product: Some("FT232R USB UART".into()),
            }),
        };
        let found = serial_port(&port).unwrap();
        assert_eq!(found.name, "FTDI FT232R USB UART A50285BI");
        assert!(found.link.starts_with("serial:///dev/ttyUSB7?baud=9600"), "{}", found.link);
    }

    #[test]
    fn hid_devices_come_with_the_driver_of_their_page_and_mice_do_not_come() {
        let one = |vendor, usages: &[(u16, u16)]| Interface {
            path: "/no/such/node".into(),
            vendor,
            product: 2,
            serial: Some("S1".into()),
            number: 0,
            name: String::new(),
            usages: usages.to_vec(),
        };
        let all = [
            one(0x0c2e, &[(0x8c, 2)]),
            one(0x0922, &[(0x8d, 0x20)]),
            one(0x0801, &[(0xff00, 1)]),
            one(0x046d, &[(0xff00, 1)]),
            one(0x046e, &[(0x01, 2)]),
        ];
        let found: Vec<_> = hid_devices(&all).into_iter().map(|found| (found.driver, found.link)).collect();
        let expected = [
            ("scanner", "hid://0c2e:0002/S1"),
            ("scale", "hid://0922:0002/S1"),
            ("card-reader", "hid://0801:0002/S1"),
        ];
        assert_eq!(found, expected.map(|(driver, link)| (driver, link.to_owned())));
        let table: toml::Table = hid_devices(&all)[1].to_toml("counter").parse().unwrap();
        assert_eq!(table["device"][0]["model"].as_str(), Some("hid"));
        let twins = hid_devices(&[all[0].clone(), all[0].clone()]);
        assert!(twins.iter().all(|found| found.problem.is_some()));
    }

    #[test]
    fn a_scanner_with_a_scale_in_it_is_two_devices_that_a_configuration_takes() {
        let one = |number, serial: &str, usages: &[(u16, u16)]| Interface {
            path: "/no/such/node".into(),
            vendor: 0x05f9,
            product: 0x2206,
            serial: Some(serial.into()),
            number,
            name: String::new(),
            usages: usages.to_vec(),
        };
        let (codes, weights, keys) = ((0x8c, 2), (0x8d, 0x20), (0x01, 6));
        let all = [
            one(0, "A", &[keys, codes]),
            one(1, "A", &[weights]),
            one(2, "A", &[keys]),
            // A scanner and a keyboard are one device to an agent.
            one(0, "B", &[codes]),
            one(1, "B", &[keys]),
        ];
        let found = hid_devices(&all);
        let links: Vec<_> = found.iter().map(|found| (found.driver, found.link.as_str())).collect();
        let expected = [
            ("scanner", "hid://05f9:2206/A?page=8c"),
            ("scale", "hid://05f9:2206/A?page=8d"),
            ("scanner", "hid://05f9:2206/B"),
        ];
        assert_eq!(links, expected);
        assert!(found.iter().all(|found| found.problem.is_none()));
        let claims: Vec<_> = found.iter().map(|found| found.link.parse::<Link>().unwrap().claim()).collect();
        assert!(!claims[0].conflicts(&claims[1]) && !claims[0].conflicts(&claims[2]));
        let alike = hid_devices(&[one(0, "A", &[codes]), one(1, "A", &[codes])]);
        assert!(alike.iter().all(|found| found.remedy.as_ref().unwrap().contains("?page=")));
    }

    #[test]
    fn a_device_that_types_is_listed_once_and_said_to_be_grabbed() {
        let node = |path: &str, bus, device: &str, types| Node {
            path: path.into(),
            bus,
            vendor: 0x0c2e,
            product: 0x0200,
            serial: None,
            name: "Maker Wedge".into(),
            device: device.into(),
            types,
        };
        let one =
            [node("/no/1", 3, "usb1", true), node("/no/2", 3, "usb1", true), node("/no/3", 0x11, "pc", true)];
        let found = keyboards(&one);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].link.as_str(), &found[0].problem), ("evdev://0c2e:0200", &None));
        assert!(found[0].name.contains("nobody else gets its keys"));
        let table: toml::Table = found[0].to_toml("till").parse().unwrap();
        assert_eq!(table["device"][0]["driver"].as_str(), Some("scanner"));
        assert_eq!(table["device"][0].get("model"), None);
        let twins = keyboards(&[node("/no/1", 3, "usb1", true), node("/no/2", 3, "usb2", true)]);
        assert!(twins.iter().all(|found| found.problem.is_some()));
    }

    #[test]
    fn a_machine_without_any_bus_has_nothing_plugged_in_and_no_error() {
        assert_eq!(kernel_printers(Path::new("/no/such/folder"), Path::new("/no/such/folder")), []);
        // Whatever this machine has: it does not fail.
        for found in detect() {
            found.link.parse::<Link>().unwrap();
        }
    }
}
