//! The cables of the machine's USB devices, pulled and plugged in, and how soon the agent knows.

use outletd::bus::contract::State;
use serde_json::{Value, json};

use crate::evening::Evening;
use crate::machine::Running;
use crate::till::{Book, Till};

/// A device on a USB port.
#[derive(Debug, Clone, Copy)]
pub struct Gadget {
    pub device: &'static str,
    /// How its link begins as `outletd devices` finds it.
    link: &'static str,
    /// Ends inside when the kernel and udev have set it up.
    set_up: &'static str,
    /// It takes jobs; else it tells by itself.
    pub jobs: bool,
}

/// All of them.
pub const GADGETS: [Gadget; 5] = [
    Gadget { device: "bar", link: "usb://04b8:0e28/BAR1", set_up: "printer found", jobs: true },
    Gadget {
        device: "till",
        link: "serial:///dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_TILL1",
        set_up: "until ls /dev/serial/by-id/*TILL1* >/dev/null 2>&1; do sleep 0.1; done",
        jobs: true,
    },
    Gadget {
        device: "scale",
        link: "serial:///dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_SCALE1",
        set_up: "until ls /dev/serial/by-id/*SCALE1* >/dev/null 2>&1; do sleep 0.1; done",
        jobs: false,
    },
    Gadget {
        device: "scanner",
        link: "evdev://0627:0001",
        set_up: "until ls /dev/input/by-id/*event-kbd >/dev/null 2>&1; do sleep 0.1; done",
        jobs: false,
    },
    Gadget {
        device: "hand-scanner",
        link: "serial:///dev/outletd/scanner-symbol-HAND1",
        set_up: "until [ -e /dev/outletd/scanner-symbol-HAND1 ]; do sleep 0.1; done",
        jobs: false,
    },
];

impl Gadget {
    /// Pulls it out or plugs it in, and looks whether `outletd devices` is right. Gives the milliseconds until the
    /// agent knew, by the machine's clock: from before it was pulled, or from when the machine had set it up.
    pub async fn moved(self, plugged: bool, machine: &mut Running, till: &Till, evening: &Evening) -> i64 {
        let mut began = now(machine).await;
        match (self.device, plugged) {
            ("bar", true) => drop(machine.run("printer plug").await),
            ("bar", false) => drop(machine.run("printer unplug").await),
            ("hand-scanner", true) => drop(machine.run("hand-scanner plug").await),
            ("hand-scanner", false) => drop(machine.run("hand-scanner unplug").await),
            (device, true) => machine.plug(device).await,
            (device, false) => machine.unplug(device).await,
        }
        if plugged {
            // How long an emulated machine takes for this is not the agent's.
            machine.run(self.set_up).await;
            began = now(machine).await;
        }
        let topic = till.topics.device_state(self.device);
        let known = |book: &Book| {
            let state = book.of(&topic);
            let online = matches!(state["state"].as_str(), Some("ready" | "busy"));
            (online == plugged).then(|| state["at"].as_str().map(str::to_owned)).flatten()
        };
        let at = evening.book.wait(&format!("{} plugged in: {plugged}", self.device), known).await;
        let told = at.parse::<jiff::Timestamp>().unwrap().as_millisecond() - began;
        let listed = machine.run("outletd devices --json").await;
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let state = &listed["devices"][self.device]["state"]["state"];
        let found = listed["found"].as_array().unwrap().iter().any(|found| {
            found["configured"] == json!(true)
                && found["link"].as_str().is_some_and(|link| link.starts_with(self.link))
        });
        assert_eq!(
            (state != "offline", found),
            (plugged, plugged),
            "{self:?}, plugged in: {plugged}: {listed:#}"
        );
        told.max(0)
    }

    /// A job that comes while it is out waits, and says for what.
    pub async fn waits(self, id: &str, till: &Till, evening: &mut Evening) {
        evening.submit(till, self.device, id).await;
        let waiting = |book: &Book| {
            let job = book.jobs.get(id).filter(|job| job.state == State::Waiting)?;
            job.reason.as_ref().map(|reason| reason.code.clone())
        };
        let reason = evening.book.wait(&format!("{id} waiting"), waiting).await;
        assert_eq!(reason, "device-offline");
    }
}

async fn now(machine: &mut Running) -> i64 {
    machine.run("date +%s%3N").await.trim().parse().unwrap()
}
