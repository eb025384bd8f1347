//! A simulated receipt printer.
//!
//! [`Printer`] is a cheap handle; clones are the same printer, with one link (TCP or pty). Its
//! tasks end with [`Printer::stop`] or when the last handle is dropped.
//!
//! Sources: Epson ESC/POS command reference (commands, notes on real-time commands, status
//! bytes), Star Line Mode command specifications (commands, appendix on the automatic status).

mod bitmap;
mod code128;
mod codepage;
mod command;
pub(crate) mod draw;
mod escpos;
mod fault;
mod form;
mod linear;
mod machine;
pub(crate) mod paper;
mod realtime;
mod serve;
pub(crate) mod spec;
mod starline;
mod status;
pub(crate) mod symbols;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::ToSocketAddrs;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use bitmap::Bitmap;
pub use fault::{Event, Fault};
pub use paper::{Marker, Paper, PaperEnd};
pub use realtime::RealTime;
pub use spec::{FontCell, Identity, Keep, Language, PrinterSpec, SecondConnection};
pub use symbols::BarcodeKind;

use crate::link::{self, Endpoint};
use machine::Machine;

/// A simulated printer.
#[derive(Clone)]
pub struct Printer {
    inner: Arc<Inner>,
    _guard: Arc<DropGuard>,
}

/// What the printer looks like from outside at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Power is on.
    pub power: bool,
    /// Neither paper, cover, error nor the wait after a new roll keeps it from printing.
    pub online: bool,
    /// A host is connected.
    pub connected: bool,
    /// Near-end sensor.
    pub near_end: bool,
    /// Paper-end sensor.
    pub paper_out: bool,
    /// Cover.
    pub cover_open: bool,
    /// Stopped by a cutter error or an unrecoverable one.
    pub error: bool,
    /// Bytes received and not yet interpreted.
    pub waiting: usize,
    /// Bytes received since the printer was made.
    pub received: u64,
    /// Papers finished since the printer was made.
    pub papers: usize,
}

impl Printer {
    /// A printer that is switched on, with paper, connected to nothing.
    pub fn new(spec: PrinterSpec) -> Self {
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            machine: Mutex::new(Machine::new(spec)),
            changed: watch::channel(()).0,
            stop: stop.clone(),
            timed: AtomicBool::new(false),
        });
        Self { inner, _guard: Arc::new(stop.drop_guard()) }
    }

    /// Listens on a TCP address, as printers do on port 9100: one host at a time. Port 0 takes a
    /// free one; the address is the answer. Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> std::io::Result<std::net::SocketAddr> {
        link::tcp(self.inner.clone(), address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. [`Fault::Unplug`] and [`Fault::Replug`] remove and recreate both.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> std::io::Result<PathBuf> {
        link::pty(self.inner.clone(), link.as_ref())
    }

    /// Ends all tasks and closes all links. The papers stay.
    pub fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.touch();
    }

    /// Hands bytes to the printer as if they had come over a link, and returns what it answers at
    /// once. For tests without a connection; what the full buffer can't take is lost.
    pub fn feed(&self, mut bytes: &[u8]) -> Vec<u8> {
        let answer = {
            let mut machine = self.inner.lock();
            if !machine.connected {
                machine.connect(false);
            }
            while !bytes.is_empty() && machine.room() > 0 && !machine.cut_link {
                let (now, later) = bytes.split_at(bytes.len().min(machine.room()));
                machine.receive(now, Instant::now());
                machine.run(Instant::now());
                bytes = later;
            }
            let answer = machine.take_tx();
            if std::mem::take(&mut machine.cut_link) {
                machine.disconnect();
            }
            answer
        };
        self.inner.touch();
        answer
    }

    /// Does something to the printer.
    pub fn inject(&self, fault: Fault) {
        {
            let mut machine = self.inner.lock();
            machine.inject(fault);
            machine.run(Instant::now());
        }
        self.inner.touch();
    }

    /// Stops interpreting: what arrives stays in the receive buffer until [`Printer::release`],
    /// and when that is full nothing more is read. Real-time commands are still answered.
    pub fn hold(&self) {
        self.inner.lock().held = true;
    }

    /// Goes on interpreting.
    pub fn release(&self) {
        {
            let mut machine = self.inner.lock();
            machine.held = false;
            machine.run(Instant::now());
        }
        self.inner.touch();
    }

    /// The finished papers that are kept, oldest first.
    pub fn papers(&self) -> Vec<Arc<Paper>> {
        self.inner.lock().papers.iter().cloned().collect()
    }

    /// Papers finished so far, kept or not.
    pub fn paper_count(&self) -> usize {
        self.inner.lock().paper_total
    }

    /// Text on the piece that hangs out of the printer, not cut yet.
    pub fn unfinished(&self) -> String {
        self.inner.lock().hanging()
    }

    /// Tears off the piece that hangs out of the printer; `None` when nothing is on it.
    pub fn flush_paper(&self) -> Option<Arc<Paper>> {
        let paper = {
            let mut machine = self.inner.lock();
            if machine.piece_is_blank() {
                return None;
            }
            machine.finish_piece(PaperEnd::Torn);
            machine.papers.back().cloned()
        };
        self.inner.touch();
        paper
    }

    /// Waits until `n` papers were finished since the printer was made, and gives the nth (from
    /// 1). If that one isn't kept any more, the oldest that is.
    pub async fn wait_paper(&self, n: usize) -> Arc<Paper> {
        self.wait(|machine| {
            let dropped = machine.paper_total.checked_sub(machine.papers.len())?;
            (machine.paper_total >= n)
                .then(|| machine.papers.get(n.saturating_sub(1).saturating_sub(dropped)).cloned())
                .flatten()
        })
        .await
    }

    /// All received bytes that are kept.
    pub fn received(&self) -> Vec<u8> {
        self.inner.lock().received.iter().copied().collect()
    }

    /// Waits until the received bytes satisfy a condition.
    pub async fn wait_received(&self, condition: impl Fn(&[u8]) -> bool) {
        self.wait(|machine| condition(machine.received.make_contiguous()).then_some(())).await;
    }

    /// Waits until so many bytes were received since the printer was made.
    pub async fn wait_received_total(&self, bytes: u64) {
        self.wait(|machine| (machine.received_total >= bytes).then_some(())).await;
    }

    /// Waits until the printer's state satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(Snapshot) -> bool) {
        self.wait(|machine| condition(snapshot(machine)).then_some(())).await;
    }

    /// The printer's state now.
    pub fn state(&self) -> Snapshot {
        snapshot(&self.inner.lock())
    }

    /// What the language doesn't allow and the printer was told all the same, oldest first.
    pub fn violations(&self) -> Vec<String> {
        self.inner.lock().violations.clone()
    }

    /// What happens from now on. A receiver that falls 4096 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.lock().events.subscribe()
    }

    /// What kind of printer it is.
    pub fn spec(&self) -> Arc<PrinterSpec> {
        self.inner.lock().spec.clone()
    }

    async fn wait<T>(&self, ready: impl Fn(&mut Machine) -> Option<T>) -> T {
        let mut changed = self.inner.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(value) = ready(&mut self.inner.lock()) {
                return value;
            }
            // The sender lives as long as this handle.
            let _ = changed.changed().await;
        }
    }
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let machine = self.inner.lock();
        f.debug_struct("Printer").field("model", &machine.spec.identity.model).finish_non_exhaustive()
    }
}

fn snapshot(machine: &Machine) -> Snapshot {
    Snapshot {
        power: machine.power,
        online: machine.power && machine.sensors.online(),
        connected: machine.connected,
        near_end: machine.sensors.near_end,
        paper_out: machine.sensors.paper_out,
        cover_open: machine.sensors.cover_open,
        error: machine.sensors.error.is_some(),
        waiting: machine.waiting(),
        received: machine.received_total,
        papers: machine.paper_total,
    }
}

/// Shared by the handles and the tasks.
struct Inner {
    machine: Mutex<Machine>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
    /// Whether the task that waits for the paper to move runs.
    timed: AtomicBool,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
