//! Input devices of the system, and how one is grabbed.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, UNIX_EPOCH};

use evdev::raw_stream::{EventStream, RawDevice};

use super::{Node, nodes, permission_remedy};
use crate::transport::{Fault, Obstacle, file_obstacle};

/// How long a key may be held down before a device is given up for now.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Lists and grabs input devices; the tests have one without hardware.
pub trait System: Send + Sync {
    /// The nodes that are there now.
    fn nodes(&self) -> Vec<Node>;

    /// Opens a node for nobody else to hear. Blocks while a key is held down, for two seconds at most.
    ///
    /// # Errors
    /// What is in the way.
    fn grab(&self, node: &Node) -> Result<Box<dyn Events>, (Fault, String)>;
}

/// Events of a grabbed node, until it is dropped.
pub trait Events: Send {
    /// The next event; an error where the device is gone.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>>;
}

/// An event of an input node (`struct input_event`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// `EV_*`.
    pub kind: u16,
    /// Which key, or what else there is of this kind.
    pub code: u16,
    /// Of a key: 0 released, 1 pressed, 2 held.
    pub value: i32,
    /// When, since 1970.
    pub at: Duration,
}

/// The kernel's input nodes, by `evdev`.
pub struct InputNodes;

impl System for InputNodes {
    fn nodes(&self) -> Vec<Node> {
        nodes(Path::new("/sys/class/input"), Path::new("/dev/input"))
    }

    fn grab(&self, node: &Node) -> Result<Box<dyn Events>, Obstacle> {
        let permission = permission_remedy(node.vendor, node.product);
        let failed = |error: io::Error| file_obstacle(&error, &permission);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
            .open(&node.path)
            .map_err(failed)?;
        let mut device = RawDevice::from_fd(file.into()).map_err(failed)?;
        let id = device.input_id();
        let serial = device.unique_name().map(str::trim).filter(|serial| !serial.is_empty());
        if (id.vendor(), id.product(), serial) != (node.vendor, node.product, node.serial.as_deref()) {
            // Its number went to another device since the list was made.
            return Err((Fault::Missing, "it was unplugged just now".to_owned()));
        }
        take(&mut device).map_err(|error| match error {
            Held::Key => (
                Fault::KeyHeld,
                "a key of it is held down, and whoever has it now would never see it released".into(),
            ),
            Held::Failed(error) => failed(error),
        })?;
        let events = device.into_event_stream().map_err(failed)?;
        Ok(Box::new(Grabbed(events)))
    }
}

enum Held {
    Key,
    Failed(io::Error),
}

/// Grabs a device while no key of it is down: whoever had it until now sees a key that is held released no more, and
/// repeats it for ever.
fn take(device: &mut RawDevice) -> Result<(), Held> {
    let patience = Instant::now() + RELEASE_TIMEOUT;
    let is_held = |device: &RawDevice| {
        device.get_key_state().map(|keys| keys.iter().next().is_some()).map_err(Held::Failed)
    };
    loop {
        if !is_held(device)? {
            device.grab().map_err(Held::Failed)?;
            if !is_held(device)? {
                return Ok(());
            }
            // Pressed between the two looks: given back at once, so that its release arrives where it belongs.
            device.ungrab().map_err(Held::Failed)?;
        }
        if Instant::now() >= patience {
            return Err(Held::Key);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Dropping it closes the node, and the kernel gives it back.
struct Grabbed(EventStream);

impl Events for Grabbed {
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Event>> {
        self.0.poll_event(cx).map_ok(|event| Event {
            kind: event.event_type().0,
            code: event.code(),
            value: event.value(),
            at: event.timestamp().duration_since(UNIX_EPOCH).unwrap_or_default(),
        })
    }
}
