//! Devices that type and are not there.

use std::io;
use std::sync::Mutex;
use std::task::{Context, Poll};

use outlet_simulators::reader::keyboard::KeyEvent;
use tokio::sync::mpsc;

use super::{Event, Events, Node, System};
use crate::transport::Fault;

/// A box to plug keyboards into.
#[derive(Default)]
pub(crate) struct FakeBox(Mutex<Vec<Plugged>>);

struct Plugged {
    node: Node,
    grabbed: Option<mpsc::UnboundedSender<Event>>,
    in_the_way: Option<Fault>,
}

pub(crate) fn node(vendor: u16, product: u16, serial: Option<&str>, device: &str) -> Node {
    Node {
        path: format!("/dev/input/{device}").into(),
        bus: 3,
        vendor,
        product,
        serial: serial.map(str::to_owned),
        name: "Maker Wedge".to_owned(),
        device: device.into(),
        types: true,
    }
}

impl FakeBox {
    pub fn plug(&self, node: Node) {
        self.0.lock().unwrap().push(Plugged { node, grabbed: None, in_the_way: None });
    }

    /// The next grab of the node fails so.
    pub fn obstruct(&self, path: &str, fault: Fault) {
        let mut all = self.0.lock().unwrap();
        let plugged = all.iter_mut().find(|plugged| plugged.node.path.ends_with(path)).unwrap();
        plugged.in_the_way = Some(fault);
    }

    pub fn unplug(&self) {
        self.0.lock().unwrap().clear();
    }

    /// The paths of the nodes that somebody holds.
    pub fn grabbed(&self) -> Vec<String> {
        let all = self.0.lock().unwrap();
        let held =
            all.iter().filter(|plugged| plugged.grabbed.as_ref().is_some_and(|keys| !keys.is_closed()));
        held.map(|plugged| plugged.node.path.display().to_string()).collect()
    }

    /// All keyboards type.
    pub fn type_keys(&self, keys: &[KeyEvent]) {
        for key in keys {
            self.event(Event { kind: key.kind, code: key.code, value: key.value, at: key.at });
        }
    }

    pub fn event(&self, event: Event) {
        for plugged in &*self.0.lock().unwrap() {
            if let Some(keys) = &plugged.grabbed {
                // A device that was let go types for others.
                let _ = keys.send(event);
            }
        }
    }
}

impl System for FakeBox {
    fn nodes(&self) -> Vec<Node> {
        self.0.lock().unwrap().iter().map(|plugged| plugged.node.clone()).collect()
    }

    fn grab(&self, node: &Node) -> Result<Box<dyn Events>, (Fault, String)> {
        let mut all = self.0.lock().unwrap();
        let plugged = all.iter_mut().find(|plugged| plugged.node == *node).unwrap();
        if let Some(fault) = plugged.in_the_way.take() {
            return Err((fault, "in the way".to_owned()));
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        plugged.grabbed = Some(sender);
        Ok(Box::new(Typed(receiver)))
    }
}

struct Typed(mpsc::UnboundedReceiver<Event>);

impl Events for Typed {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let gone = || io::Error::from_raw_os_error(libc::ENODEV);
        self.0.poll_recv(cx).map(|event| event.ok_or_else(gone))
    }
}
