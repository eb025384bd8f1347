//! A simulated fiscal register: a **test tool**, not a fiscal device. Nothing it does or prints
//! has any meaning for a tax office.
//!
//! [`Register`] is a cheap handle; clones are the same register, with one link (TCP or pty). Its
//! tasks end with [`Register::stop`] or when the last handle is dropped.
//!
//! - **Families.** Each is a folder with its link level, commands and modes, written from vendor
//!   documents alone. Ledger, clock, paper, faults and links are common.
//! - **State** is kept on disk ([`RegisterSpec::state_file`]) or in the handle, and outlives power
//!   failures; what a device keeps in memory only is lost in one.
//! - **Moments.** Each exchange has points at which the register stops and calls observers: a
//!   frame received and not yet executed, a command executed and not yet answered, a frame sent.
//!   They are counted ([`Register::moments`]), and [`Register::plan`] lets a [`Fault`] strike at
//!   any of them, or between any two bytes.

pub mod atol;
mod clock;
pub mod datecs;
mod device;
mod engine;
mod fault;
mod ledger;
mod paper;
mod serve;
pub mod shtrih;
mod spec;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::DateTime;
use tokio::net::ToSocketAddrs;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use fault::{Event, Fault, Moment, What};
pub use ledger::{CashMovement, DocumentKind, FiscalDocument, Item, Ledger, ShiftState};
pub use paper::RegisterPaper;
pub use spec::{Family, RegisterSpec};

use crate::link::{self, Endpoint};
use device::{Device, Machine};
use engine::Engine;
use ledger::Kept;

/// A simulated register.
#[derive(Clone)]
pub struct Register {
    inner: Arc<Inner>,
    _guard: Arc<DropGuard>,
}

/// The machine of each family.
fn machine(spec: &RegisterSpec) -> Box<dyn Machine> {
    match &spec.family {
        Family::Datecs(family) => Box::new(datecs::Datecs::new(family.clone())),
        Family::Atol(family) => Box::new(atol::Atol::new(family.clone())),
        Family::Shtrih(family) => Box::new(shtrih::Shtrih::new(family.clone())),
    }
}

impl Register {
    /// A register that is switched on, with paper, connected to nothing. Its state is read from
    /// the state file if that exists; one that can't be read, or is of another register, is an
    /// error.
    pub fn open(spec: RegisterSpec) -> std::io::Result<Self> {
        let fresh = Ledger {
            serial: spec.serial.clone(),
            storage_number: spec.storage_number.clone(),
            ..Ledger::default()
        };
        let ledger = Kept::open(spec.state_file.clone(), fresh)?;
        let machine = machine(&spec);
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            engine: Mutex::new(Engine::new(Device::new(Arc::new(spec), ledger), machine)?),
            turn: Mutex::new(()),
            observers: Mutex::new(Vec::new()),
            events: broadcast::channel(4096).0,
            changed: watch::channel(()).0,
            stop: stop.clone(),
            timed: AtomicBool::new(false),
        });
        Ok(Self { inner, _guard: Arc::new(stop.drop_guard()) })
    }

    /// Listens on a TCP address: one host at a time, others wait. Port 0 takes a free one; the
    /// address is the answer. While power is off the port refuses connections; it stays the same.
    /// Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> std::io::Result<std::net::SocketAddr> {
        link::tcp(self.inner.clone(), address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. Without power the terminal stays and is silent.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> std::io::Result<PathBuf> {
        link::pty(self.inner.clone(), link.as_ref())
    }

    /// Ends all tasks and closes all links. The state stays.
    pub fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.touch();
    }

    /// Hands bytes to the register as if they had come over a link, and returns what it sends
    /// until it has nothing more to say. For tests without a connection; not to be called by an
    /// observer.
    pub fn feed(&self, bytes: &[u8]) -> Vec<u8> {
        let inner = &self.inner;
        if !inner.lock().is_connected() && !inner.lock().connect(true) {
            return Vec::new();
        }
        inner.receive(bytes);
        let mut sent = Vec::new();
        loop {
            let (bytes, _) = inner.take();
            if bytes.is_empty() {
                return sent;
            }
            sent.extend(bytes);
            inner.written();
        }
    }

    /// Does something to the register now.
    pub fn inject(&self, fault: Fault) {
        self.inner.lock().inject(fault);
        self.inner.touch();
    }

    /// Does something to the register when a moment comes.
    pub fn plan(&self, moment: Moment, fault: Fault) {
        self.inner.lock().plan(moment, fault);
    }

    /// Calls `observer` at each moment, on the thread that runs the register and before it goes
    /// on; faults planned for the moment strike after it. It may do anything to the register but
    /// feed it. One that keeps a handle keeps the register alive.
    pub fn on_moment(&self, observer: Box<dyn FnMut(&Event) + Send>) {
        self.inner.observers().push(observer);
    }

    /// Power fails: what is only in memory is gone.
    pub fn power_off(&self) {
        self.inject(Fault::PowerOff { back_after: None });
    }

    /// Power is back.
    pub fn power_on(&self) {
        self.inject(Fault::PowerOn);
    }

    /// Moments counted so far.
    pub fn moments(&self) -> u64 {
        self.inner.lock().moments
    }

    /// The moments from now on. A receiver that falls 4096 behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// Everything in the fiscal storage, oldest first.
    pub fn documents(&self) -> Vec<FiscalDocument> {
        self.inner.lock().device.ledger.documents.clone()
    }

    /// Waits until so many documents are in the fiscal storage, and gives them all.
    pub async fn wait_documents(&self, n: usize) -> Vec<FiscalDocument> {
        self.wait(|device| (device.ledger.documents.len() >= n).then(|| device.ledger.documents.clone()))
            .await
    }

    /// Cash in the drawer by the register's count, in the smallest unit.
    pub fn drawer_sum(&self) -> i64 {
        self.inner.lock().device.ledger.cash
    }

    /// Money put in and taken out without a receipt, oldest first.
    pub fn cash_movements(&self) -> Vec<CashMovement> {
        self.inner.lock().device.ledger.movements.clone()
    }

    /// The shift.
    pub fn shift(&self) -> ShiftState {
        self.inner.lock().device.ledger.shift.clone()
    }

    /// All that survives a power failure.
    pub fn ledger(&self) -> Ledger {
        self.inner.lock().device.ledger.clone()
    }

    /// How often the drawer was opened.
    pub fn drawer_openings(&self) -> u32 {
        self.inner.lock().device.drawer_openings
    }

    /// The finished papers, oldest first.
    pub fn papers(&self) -> Vec<RegisterPaper> {
        self.inner.lock().device.papers.clone()
    }

    /// Waits until `n` papers were finished since the register was made, and gives the nth (from
    /// 1).
    pub async fn wait_paper(&self, n: usize) -> RegisterPaper {
        self.wait(|device| device.papers.get(n.saturating_sub(1)).cloned()).await
    }

    /// Tears off the piece that hangs out of the register; `None` when nothing is on it.
    pub fn tear_off(&self) -> Option<RegisterPaper> {
        let paper = {
            let mut engine = self.inner.lock();
            let torn = engine.device.ledger.roll.tear_off()?;
            engine.device.came_off([torn]);
            engine.device.papers.last().cloned()
        };
        self.inner.touch();
        paper
    }

    /// What the vendor's document doesn't allow and the register was told all the same, oldest
    /// first.
    pub fn violations(&self) -> Vec<String> {
        self.inner.lock().device.violations.clone()
    }

    /// The register's clock: local time.
    pub fn clock(&self) -> DateTime {
        self.inner.lock().device.now()
    }

    /// Sets the register's clock.
    pub fn set_clock(&self, at: DateTime) {
        self.inner.lock().device.set_now(at);
    }

    /// Moves the register's clock on.
    pub fn advance_clock(&self, by: Duration) {
        self.inject(Fault::ClockShift { seconds: i64::try_from(by.as_secs()).unwrap_or(i64::MAX) });
    }

    async fn wait<T>(&self, ready: impl Fn(&Device) -> Option<T>) -> T {
        let mut changed = self.inner.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(value) = ready(&self.inner.lock().device) {
                return value;
            }
            // The sender lives as long as this handle.
            let _ = changed.changed().await;
        }
    }
}

impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let engine = self.inner.lock();
        f.debug_struct("Register").field("serial", &engine.device.ledger.serial).finish_non_exhaustive()
    }
}

type Observers = Vec<Box<dyn FnMut(&Event) + Send>>;

/// Shared by the handles and the tasks.
struct Inner {
    engine: Mutex<Engine>,
    /// Held while the engine runs, observers included.
    turn: Mutex<()>,
    observers: Mutex<Observers>,
    events: broadcast::Sender<Event>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
    /// Whether the task that waits for time to pass runs.
    timed: AtomicBool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observers(&self) -> MutexGuard<'_, Observers> {
        self.observers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
