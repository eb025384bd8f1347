//! A simulated scale: a **test tool**. What it shows was never weighed.
//!
//! [`Scale`] is a cheap handle; clones are the same scale, with one link (TCP or pty). Its tasks
//! end with [`Scale::stop`] or when the last handle is dropped.
//!
//! - **Protocols.** [`ScaleSpec`] has a constructor for each, and [`Protocol`] the forms in which
//!   real scales depart from the documents. Each is a file of its own, written from vendor
//!   documents; the sources stand there.
//! - **The pan.** [`put`](Scale::put) lays an exact mass on it, and the scale shows it rounded to
//!   its division. Zero and tare are taken as the protocol's document says, and refused likewise.
//! - **Faults.** [`Fault`] lists them; [`inject`](Scale::inject) lets one strike now,
//!   [`plan`](Scale::plan) at the nth question.
//! - **Time.** Nothing needs a clock: frames that a scale sends by itself come with
//!   [`tick`](Scale::tick), or at an interval when the spec has one. Over a link two things take
//!   time as on the device: the 150 ms after which a Toledo `T` is not a preset tare, and the
//!   patience of MT-SICS commands that wait for a still weight. [`feed`](Scale::feed) doesn't wait
//!   for either.
//! - **Line settings** are not simulated: speed, data bits and parity of a pty change nothing.
//!   What a host doesn't read from a pty is kept for it, by the system, about 4 kB.
//!
//! [`hid_report`] makes the reports of USB scales.

mod adam;
mod cas;
mod cas_stream;
mod chance;
mod desk;
mod dialog;
mod dibal;
mod fault;
mod hid;
mod mass;
mod massa;
mod nci;
mod pan;
mod serve;
mod shtrih;
mod sics;
mod simulation;
mod spec;
mod toledo;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::ToSocketAddrs;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use fault::{Event, Fault};
pub use hid::{HidStatus, HidUnit, hid_report};
pub use mass::{Mass, Unit};
pub use pan::Reading;
pub use spec::{AdamForm, CasForm, NciForm, Protocol, ScaleSpec, SicsForm};

use crate::link::{self, Endpoint};
use simulation::Simulation;

/// A simulated scale.
#[derive(Clone)]
pub struct Scale {
    inner: Arc<Inner>,
    _guard: Arc<DropGuard>,
}

/// What a scale looks like from outside at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// What it shows.
    pub reading: Reading,
    /// A host is connected; over a line, the cable is plugged in.
    pub connected: bool,
    /// Questions received so far, with the frames that it sent by itself; control bytes such as
    /// `ENQ` are none.
    pub asked: u64,
    /// Answers made so far, whether or not a fault let them out.
    pub answered: u64,
    /// Price of a kilogram or pound in the smallest coin: the spec's, or what a host has set.
    pub price: u32,
}

impl Scale {
    /// A scale with nothing on it, connected to nothing.
    pub fn new(spec: ScaleSpec) -> Self {
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            simulation: Mutex::new(Simulation::new(spec)),
            changed: watch::channel(()).0,
            stop: stop.clone(),
            timed: AtomicBool::new(false),
        });
        Self { inner, _guard: Arc::new(stop.drop_guard()) }
    }

    /// Listens on a TCP address: one host at a time, others wait. Port 0 takes a free one; the
    /// address is the answer, and stays the same while unplugged. Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> std::io::Result<SocketAddr> {
        link::tcp(self.inner.clone(), address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. [`unplug`](Self::unplug) removes both, [`plug_in`](Self::plug_in) brings the link
    /// back with a new terminal behind it.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> std::io::Result<PathBuf> {
        link::pty(self.inner.clone(), link.as_ref())
    }

    /// Ends all tasks and closes all links.
    pub fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.touch();
    }

    /// Hands bytes to the scale as if they had come over a link, and returns what it sends. What
    /// would wait for time to pass doesn't wait. For tests without a connection.
    pub fn feed(&self, bytes: &[u8]) -> Vec<u8> {
        self.with(|simulation| {
            if !simulation.desk.connected && !simulation.connect() {
                return Vec::new();
            }
            simulation.receive(bytes, Instant::now());
            simulation.settle();
            let (out, cut) = simulation.take();
            if cut {
                simulation.disconnect();
            }
            out
        })
    }

    /// Sends one frame where the protocol sends them by itself (CAS stream, MT-SICS after `SIR`).
    /// False: it doesn't, nobody is connected, or too much waits to be sent.
    pub fn tick(&self) -> bool {
        self.with(Simulation::tick)
    }

    /// Lays a mass on the pan instead of what lies there: grams, or a [`Mass`]. Below zero is what
    /// a pan shows that was zeroed with something on it.
    pub fn put(&self, load: impl Into<Mass>) {
        let load = load.into();
        self.with(|simulation| simulation.put(load));
    }

    /// Takes everything off the pan.
    pub fn take_away(&self) {
        self.put(Mass::ZERO);
    }

    /// The weight begins to move, or stands still from now on.
    pub fn moving(&self, moving: bool) {
        self.with(|simulation| simulation.moving(moving));
    }

    /// Somebody presses the zero key. False: refused.
    pub fn press_zero(&self) -> bool {
        self.with(|simulation| simulation.desk.pan.set_zero().is_ok())
    }

    /// Somebody presses the tare key: what lies on the pan becomes the tare, an empty pan clears
    /// it. False: refused.
    pub fn press_tare(&self) -> bool {
        self.with(|simulation| simulation.desk.pan.set_tare().is_ok())
    }

    /// Somebody keys in a price of a kilogram or pound, in the smallest coin.
    pub fn set_price(&self, price: u32) {
        self.with(|simulation| simulation.desk.pan.price = price);
    }

    /// Does something to the scale or its line now.
    pub fn inject(&self, fault: Fault) {
        self.with(|simulation| simulation.inject(fault));
    }

    /// Does something when the nth question since the scale was made has come (from 1, counted as
    /// in [`Snapshot::asked`]), before it is answered. A fault of an answer then strikes at the
    /// next one that there is.
    pub fn plan(&self, question: u64, fault: Fault) {
        self.with(|simulation| simulation.desk.plan(question, fault));
    }

    /// The cable is pulled. Pty: the path is removed and readers get an error. TCP: the connection
    /// ends and others are refused.
    pub fn unplug(&self) {
        self.with(|simulation| simulation.desk.unplugged = true);
    }

    /// The cable is plugged in again, at the same path or port.
    pub fn plug_in(&self) {
        self.with(|simulation| simulation.desk.unplugged = false);
    }

    /// What the scale shows now.
    pub fn reading(&self) -> Reading {
        self.state().reading
    }

    /// The scale's state now.
    pub fn state(&self) -> Snapshot {
        snapshot(&self.inner.lock())
    }

    /// Waits until the scale's state satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(Snapshot) -> bool) -> Snapshot {
        self.wait(|simulation| Some(snapshot(simulation)).filter(|state| condition(*state))).await
    }

    /// Waits until so many questions were received since the scale was made.
    pub async fn wait_asked(&self, times: u64) {
        self.wait_state(|state| state.asked >= times).await;
    }

    /// Names of the requests that are kept (8,192), oldest first, control bytes included: see
    /// [`Event::Asked`].
    pub fn requests(&self) -> Vec<String> {
        self.inner.lock().desk.requests.iter().cloned().collect()
    }

    /// Waits until a request of this name was received so many times.
    pub async fn wait_request(&self, name: &str, times: usize) {
        self.wait(|simulation| {
            let count = simulation.desk.requests.iter().filter(|request| *request == name).count();
            (count >= times).then_some(())
        })
        .await;
    }

    /// The received bytes that are kept (8,192).
    pub fn received(&self) -> Vec<u8> {
        self.inner.lock().desk.received.iter().copied().collect()
    }

    /// What the protocol's document doesn't allow and the scale was told all the same, oldest
    /// first.
    pub fn violations(&self) -> Vec<String> {
        self.inner.lock().desk.violations.clone()
    }

    /// What happens from now on. A receiver that falls 4096 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.lock().desk.events.subscribe()
    }

    /// What kind of scale it is.
    pub fn spec(&self) -> Arc<ScaleSpec> {
        self.inner.lock().desk.spec.clone()
    }

    fn with<T>(&self, action: impl FnOnce(&mut Simulation) -> T) -> T {
        let result = action(&mut self.inner.lock());
        self.inner.touch();
        result
    }

    async fn wait<T>(&self, ready: impl Fn(&Simulation) -> Option<T>) -> T {
        let mut changed = self.inner.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(value) = ready(&self.inner.lock()) {
                return value;
            }
            // The sender lives as long as this handle.
            let _ = changed.changed().await;
        }
    }
}

impl std::fmt::Debug for Scale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scale").field("protocol", &self.spec().protocol).finish_non_exhaustive()
    }
}

fn snapshot(simulation: &Simulation) -> Snapshot {
    let desk = &simulation.desk;
    Snapshot {
        reading: desk.pan.reading(),
        connected: desk.connected,
        asked: desk.asked,
        answered: desk.answered,
        price: desk.pan.price,
    }
}

/// Shared by the handles and the tasks.
struct Inner {
    simulation: Mutex<Simulation>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
    /// Whether the task that waits for time to pass runs.
    timed: AtomicBool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Simulation> {
        self.simulation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
