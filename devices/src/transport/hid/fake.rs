//! HID devices that are not there: each node is one end of a socket that keeps messages whole.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use socket2::{Domain, Socket, Type};

use super::{Interface, Node, System};
use crate::transport::Fault;

/// A bus to plug devices into.
#[derive(Default)]
pub(crate) struct FakeBus(Mutex<Vec<Plugged>>);

struct Plugged {
    interface: Interface,
    descriptor: Vec<u8>,
    /// The device's end of each opened node.
    open: Vec<Socket>,
    features: Vec<Vec<u8>>,
    answer: Option<Vec<u8>>,
}

pub(crate) fn interface(vendor: u16, product: u16, serial: Option<&str>, usages: &[(u16, u16)]) -> Interface {
    Interface {
        path: format!("/dev/hidraw-{vendor}-{product}").into(),
        vendor,
        product,
        serial: serial.map(str::to_owned),
        number: 0,
        name: "Maker Device".to_owned(),
        usages: usages.to_vec(),
    }
}

impl FakeBus {
    pub fn plug(&self, interface: Interface, descriptor: &[u8]) {
        let plugged = Plugged {
            interface,
            descriptor: descriptor.to_vec(),
            open: Vec::new(),
            features: Vec::new(),
            answer: None,
        };
        self.0.lock().unwrap().push(plugged);
    }

    /// Takes all devices away: who reads them gets an end.
    pub fn unplug(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The device reports.
    pub fn report(&self, report: &[u8]) {
        for plugged in &*self.0.lock().unwrap() {
            for node in &plugged.open {
                // Nobody reads a node that was closed.
                let _ = node.send(report);
            }
        }
    }

    /// What devices answer when they are asked for a report.
    pub fn answer(&self, report: &[u8]) {
        for plugged in &mut *self.0.lock().unwrap() {
            plugged.answer = Some(report.to_vec());
        }
    }

    /// The feature reports that the devices got.
    pub fn features(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().iter().flat_map(|plugged| plugged.features.clone()).collect()
    }
}

impl System for FakeBus {
    fn interfaces(&self) -> Result<Vec<Interface>, String> {
        Ok(self.0.lock().unwrap().iter().map(|plugged| plugged.interface.clone()).collect())
    }

    fn open(&self, interface: &Interface) -> Result<Node, (Fault, String)> {
        let mut all = self.0.lock().unwrap();
        let plugged = all.iter_mut().find(|plugged| plugged.interface == *interface).unwrap();
        let (device, node) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None).unwrap();
        node.set_nonblocking(true).unwrap();
        plugged.open.push(device);
        Ok(Node { file: File::from(OwnedFd::from(node)), descriptor: plugged.descriptor.clone() })
    }

    fn send_feature(&self, interface: &Interface, report: &[u8]) -> Result<(), String> {
        let mut all = self.0.lock().unwrap();
        let plugged = all.iter_mut().find(|plugged| plugged.interface == *interface).unwrap();
        plugged.features.push(report.to_vec());
        Ok(())
    }

    fn input_report(&self, interface: &Interface, _: u8) -> Result<Vec<u8>, String> {
        let all = self.0.lock().unwrap();
        let plugged = all.iter().find(|plugged| plugged.interface == *interface).ok_or("unplugged")?;
        plugged.answer.clone().ok_or_else(|| "it can't be asked".to_owned())
    }
}
