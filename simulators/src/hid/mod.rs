//! HID devices that the kernel takes for real ones, by its `uhid` driver.
//!
//! A [`HidDevice`] has a hidraw node, and an event node where it types; both come with
//! [`plug_in`](HidDevice::plug_in) and go with [`unplug`](HidDevice::unplug), as with a cable. What it
//! is, [`HidSpec`] says. Reports are bytes: those of scales come from [`hid_report`], those of readers
//! from [`reader::hid`], keys from [`type_text`].
//!
//! Needs write access to `/dev/uhid`, which only root has, and a kernel with HID: `machine/run` gives both.
//! Sources: Linux `include/uapi/linux/uhid.h` and `Documentation/hid/uhid.rst`; those of the report
//! descriptors stand with them.
//!
//! [`hid_report`]: crate::scale::hid_report
//! [`reader::hid`]: crate::reader::hid
//! [`type_text`]: crate::reader::keyboard::type_text

mod descriptor;
mod keyboard;
mod uhid;

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::reader::keyboard::KeyEvent;
use uhid::{Asked, Reply};

pub use uhid::ReportKind;

/// What a HID device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HidSpec {
    /// Its name, for people.
    pub name: String,
    /// USB vendor.
    pub vendor: u16,
    /// USB product.
    pub product: u16,
    /// Serial number; empty: it has none.
    pub serial: String,
    /// Report descriptor: what its reports are, as bytes (HID 1.11, section 6.2.2).
    pub descriptor: Vec<u8>,
    /// Feature reports that a host can ask for and set, by number, without the number; another number is
    /// answered with an error.
    pub features: BTreeMap<u8, Vec<u8>>,
}

impl HidSpec {
    /// A postal scale as Dymo's M10: report 3 is the weight.
    pub fn scale() -> Self {
        Self::new("DYMO M10 10 lb Digital Postal Scale", 0x0922, 0x8003, descriptor::SCALE)
    }

    /// A scanner of usage page 8C: report 2 is a code. Feature FE sets its mode, as in Honeywell's.
    pub fn scanner() -> Self {
        let mut spec = Self::new("Honeywell Imaging & Mobility Xenon", 0x0c2e, 0x0b67, descriptor::SCANNER);
        spec.features.insert(0xFE, vec![0]);
        spec
    }

    /// A stripe reader as MagTek's in HID mode: one report of 337 bytes is a swipe, without a number.
    pub fn stripe_reader() -> Self {
        Self::new("Mag-Tek USB Swipe Reader", 0x0801, 0x0002, descriptor::STRIPE_READER)
    }

    /// A scanner that types.
    pub fn wedge() -> Self {
        Self::new("Symbol Bar Code Scanner", 0x05e0, 0x1200, descriptor::KEYBOARD)
    }

    /// A person's keyboard.
    pub fn keyboard() -> Self {
        Self::new("Logitech USB Keyboard", 0x046d, 0xc31c, descriptor::KEYBOARD)
    }

    /// The same with a serial number.
    pub fn serial(mut self, serial: &str) -> Self {
        serial.clone_into(&mut self.serial);
        self
    }

    fn new(name: &str, vendor: u16, product: u16, descriptor: &[u8]) -> Self {
        let (name, descriptor) = (name.to_owned(), descriptor.to_vec());
        Self { name, vendor, product, serial: String::new(), descriptor, features: BTreeMap::new() }
    }
}

/// A HID device that is plugged in. Dropping it pulls its cable.
#[derive(Debug)]
pub struct HidDevice {
    uhid: File,
    shared: Arc<Shared>,
    hidraw: PathBuf,
    events: Option<PathBuf>,
}

/// How hosts use a HID device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HidState {
    /// Some program has its hidraw or event node open, or, of a keyboard, the kernel itself.
    pub open: bool,
    /// How often it was opened while nobody had it open.
    pub opened: u64,
    /// Reports that hosts have sent, the last 64.
    pub received: VecDeque<HidReport>,
    /// How often hosts have asked for a report.
    pub asked: u64,
}

/// A report of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HidReport {
    /// Which way it came.
    pub kind: ReportKind,
    /// Its number first; 0 where reports have none.
    pub bytes: Vec<u8>,
}

/// The kernel makes the nodes of a device in milliseconds.
const NODES_COME: Duration = Duration::from_secs(10);

impl HidDevice {
    /// Plugs a new device in, and waits for its nodes.
    ///
    /// # Errors
    /// `/dev/uhid` can't be opened; a name or the descriptor is too long; the kernel refuses the descriptor,
    /// which shows in its log and in the nodes that don't come.
    pub async fn plug_in(spec: &HidSpec) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = format!("outlet-simulators/{}/{number}", std::process::id());

        let mut uhid = OpenOptions::new().read(true).write(true).open("/dev/uhid").map_err(|error| {
            let told = format!("/dev/uhid: {error}; it takes root and `modprobe uhid`, or machine/run");
            io::Error::new(error.kind(), told)
        })?;
        write(&mut uhid, &uhid::create(spec, &place)?)?;
        let shared = Arc::new(Shared::new(spec.features.clone()));
        let (theirs, ours) = (uhid.try_clone()?, shared.clone());
        thread::spawn(move || answer(theirs, &ours));
        let mut device = Self { uhid, shared, hidraw: PathBuf::new(), events: None };

        let begin = Instant::now();
        loop {
            if let Some((hidraw, events)) = nodes(&place) {
                (device.hidraw, device.events) = (hidraw, events);
                return Ok(device);
            }
            if begin.elapsed() > NODES_COME {
                let told = format!("{} got no hidraw node; `dmesg` may say why", spec.name);
                return Err(io::Error::new(io::ErrorKind::TimedOut, told));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Pulls the cable. Readers of its nodes get an error, and the nodes are gone, before this returns.
    pub fn unplug(self) {}

    /// Sends an input report; its number comes first where reports have one.
    ///
    /// # Errors
    /// The report has more than 4,096 bytes.
    pub fn send(&self, report: &[u8]) -> io::Result<()> {
        write(&mut &self.uhid, &uhid::input(report)?)
    }

    /// From now on a host that asks for the input report of this number gets this one; its number comes first where
    /// reports have one. Without it, asking is refused.
    pub fn hold(&self, number: u8, report: &[u8]) {
        self.shared.lock().inputs.insert(number, report.to_vec());
    }

    /// Presses and releases keys at their times, as a keyboard's reports.
    ///
    /// # Errors
    /// As of [`send`](Self::send).
    pub async fn press(&self, events: &[KeyEvent]) -> io::Result<()> {
        let begin = Instant::now();
        for (at, report) in keyboard::reports(events) {
            tokio::time::sleep_until(begin + at).await;
            self.send(&report)?;
        }
        Ok(())
    }

    /// Its hidraw node.
    pub fn hidraw(&self) -> &Path {
        &self.hidraw
    }

    /// Its event node, where it types.
    pub fn event_node(&self) -> Option<&Path> {
        self.events.as_deref()
    }

    /// How it is used now.
    pub fn state(&self) -> HidState {
        self.shared.lock().state.clone()
    }

    /// Waits until its use satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(&HidState) -> bool) -> HidState {
        let mut changed = self.shared.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let state = self.state();
            if condition(&state) {
                return state;
            }
            // The sender lives as long as this device.
            let _ = changed.changed().await;
        }
    }
}

impl Drop for HidDevice {
    fn drop(&mut self) {
        self.shared.lock().unplugged = true;
        // The kernel has nothing to refuse here; a device that did not come to be is none to destroy.
        let _ = write(&mut self.uhid, &uhid::destroy());
    }
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Inner {
    state: HidState,
    features: BTreeMap<u8, Vec<u8>>,
    inputs: BTreeMap<u8, Vec<u8>>,
    unplugged: bool,
}

/// Reports of hosts that are kept.
const KEPT: usize = 64;

impl Shared {
    fn new(features: BTreeMap<u8, Vec<u8>>) -> Self {
        let inner = Inner { state: HidState::default(), features, inputs: BTreeMap::new(), unplugged: false };
        Self { inner: Mutex::new(inner), changed: watch::channel(()).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does as hosts ask, until the device is unplugged: the kernel then says that it has stopped.
fn answer(mut uhid: File, shared: &Shared) {
    let mut event = vec![0; uhid::EVENT_BYTES];
    while let Ok(length) = uhid.read(&mut event) {
        let asked = uhid::asked(event.get(..length).unwrap_or_default());
        let mut inner = shared.lock();
        let reply = match asked {
            Some(Asked::Stop) if inner.unplugged => return,
            Some(asked) => inner.asked(asked),
            None => None,
        };
        drop(inner);
        if reply.is_some_and(|reply| write(&mut uhid, &reply.bytes()).is_err()) {
            return;
        }
        shared.changed.send_replace(());
    }
}

impl Inner {
    fn asked(&mut self, asked: Asked) -> Option<Reply> {
        match asked {
            Asked::Open => {
                self.state.open = true;
                self.state.opened += 1;
            }
            Asked::Close => self.state.open = false,
            Asked::Stop => {}
            Asked::Output(bytes) => self.received(ReportKind::Output, bytes),
            Asked::Get { id, number, kind } => {
                let numbered = |feature: &Vec<u8>| match number {
                    0 => feature.clone(),
                    number => [&[number], feature.as_slice()].concat(),
                };
                let report = match kind {
                    ReportKind::Feature => self.features.get(&number).map(numbered),
                    ReportKind::Input => self.inputs.get(&number).cloned(),
                    ReportKind::Output => None,
                };
                self.state.asked += 1;
                return Some(Reply::Get { id, report });
            }
            Asked::Set { id, number, kind, bytes } => {
                let known = kind != ReportKind::Feature || self.features.contains_key(&number);
                if known && kind == ReportKind::Feature {
                    self.features.insert(number, bytes.get(1..).unwrap_or_default().to_vec());
                }
                self.received(kind, bytes);
                return Some(Reply::Set { id, done: known });
            }
        }
        None
    }

    fn received(&mut self, kind: ReportKind, bytes: Vec<u8>) {
        if self.state.received.len() == KEPT {
            self.state.received.pop_front();
        }
        self.state.received.push_back(HidReport { kind, bytes });
    }
}

/// One event in one call, as the driver wants it.
fn write(mut uhid: impl Write, event: &[u8]) -> io::Result<()> {
    match uhid.write(event)? {
        length if length == event.len() => Ok(()),
        length => Err(io::Error::other(format!("uhid took {length} of {} bytes", event.len()))),
    }
}

/// The hidraw and event nodes of the device that was plugged in at a place, once the kernel has made them.
/// It makes the hidraw node last.
fn nodes(place: &str) -> Option<(PathBuf, Option<PathBuf>)> {
    let is_it = |class: &PathBuf| {
        let told = fs::read_to_string(class.join("device/uevent")).unwrap_or_default();
        told.lines().any(|line| line.strip_prefix("HID_PHYS=") == Some(place))
    };
    let class = entries(Path::new("/sys/class/hidraw")).into_iter().find(is_it)?;
    let hidraw = Path::new("/dev").join(class.file_name()?);
    let inputs = entries(&class.join("device/input")).into_iter().flat_map(|input| entries(&input));
    let event = inputs
        .filter_map(|entry| Some(entry.file_name()?.to_string_lossy().into_owned()))
        .find(|name| name.starts_with("event"))
        .map(|name| Path::new("/dev/input").join(name));
    let ready = hidraw.exists() && event.as_ref().is_none_or(|node| node.exists());
    ready.then_some((hidraw, event))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
}
