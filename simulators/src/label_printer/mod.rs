//! A simulated label printer.
//!
//! [`LabelPrinter`] is a cheap handle; clones are the same printer. Its tasks end with
//! [`LabelPrinter::stop`] or when the last handle is dropped. It speaks TSPL, ZPL or EPL, draws what it
//! is told on labels, answers status questions, and takes scripted faults.
//!
//! Sources are named with each language. Not simulated, and reported as a violation when used: stored
//! formats and graphics, serial numbers, compressed dots (ZPL `:Z64:` and `:B64:`), field reversal. Data
//! Matrix and rare symbologies are a frame with their content.

mod canvas;
mod epl;
mod fault;
mod graphic;
mod label;
mod language;
mod machine;
mod status;
mod tspl;
mod zpl;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::ToSocketAddrs;
use tokio::sync::broadcast;

pub use fault::{Event, Fault};
pub use label::{Field, FieldKind, Label};
pub use language::Question;

use crate::peripheral::Handle;
use machine::Device;

/// What kind of printer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterSpec {
    /// The language it speaks.
    pub language: PrinterLanguage,
    /// What it calls itself.
    pub model: String,
    /// 203, 300 or 600.
    pub dpi: u32,
    /// Width and length of a label in dots, before the host says otherwise.
    pub label: (u32, u32),
    /// It prints with a ribbon.
    pub ribbon: bool,
    /// Its own fonts have Cyrillic letters. Few have.
    pub cyrillic: bool,
    /// Answers status questions at all.
    pub answers: bool,
    /// A label that an error interrupted is printed again (`^JZ`, `SET REPRINT`).
    pub reprints: bool,
    /// After an error it stays paused until the key is pressed.
    pub waits_for_key: bool,
    /// Time a label takes.
    pub label_time: Duration,
    /// Labels that are kept; their count goes on regardless.
    pub keep: usize,
}

/// A language of label printers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrinterLanguage {
    /// TSC's, of many makes.
    Tspl,
    /// Zebra's.
    Zpl,
    /// Eltron's, now Zebra's.
    Epl,
}

impl PrinterSpec {
    /// A TSC printer of 203 dpi with labels of 58 x 40 mm. It goes on by itself after a new roll.
    pub fn tspl() -> Self {
        Self {
            language: PrinterLanguage::Tspl,
            model: "TE200".into(),
            dpi: 203,
            label: (464, 320),
            ribbon: true,
            cyrillic: false,
            answers: true,
            reprints: true,
            waits_for_key: false,
            label_time: Duration::ZERO,
            keep: 1000,
        }
    }

    /// A Zebra printer of 203 dpi. It pauses on an error and waits for its key after that.
    pub fn zpl() -> Self {
        Self {
            language: PrinterLanguage::Zpl,
            model: "ZD420-203dpi".into(),
            waits_for_key: true,
            ..Self::tspl()
        }
    }

    /// An Eltron printer of 203 dpi.
    pub fn epl() -> Self {
        Self { language: PrinterLanguage::Epl, model: "LP2844".into(), ribbon: false, ..Self::tspl() }
    }

    /// With a time that each label takes.
    pub fn with_label_time(mut self, time: Duration) -> Self {
        self.label_time = time;
        self
    }
}

/// What the printer looks like from outside at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrinterState {
    /// Power is on.
    pub power: bool,
    /// A host is connected; a pseudo terminal always counts as one.
    pub connected: bool,
    /// The sensor sees no label.
    pub labels_out: bool,
    /// The ribbon is at its end.
    pub ribbon_out: bool,
    /// The head is open.
    pub head_open: bool,
    /// Paused, by the key, by the host or by an error.
    pub paused: bool,
    /// Labels that are still to come out, of everything received.
    pub remaining: u32,
    /// Labels that came out since the printer was made.
    pub labels: usize,
    /// Bytes received and not yet interpreted.
    pub waiting: usize,
    /// Bytes received since the printer was made.
    pub received: u64,
}

/// A simulated label printer.
#[derive(Clone)]
pub struct LabelPrinter {
    handle: Handle<Device>,
}

impl LabelPrinter {
    /// A printer that is switched on, with labels and ribbon, connected to nothing.
    pub fn new(spec: PrinterSpec) -> Self {
        Self { handle: Handle::new(Device::new(spec)) }
    }

    /// Listens on a TCP address, one host at a time. Port 0 takes a free one; the address is the
    /// answer. Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.handle.serve_tcp(address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. [`Fault::Unplug`] and [`Fault::Replug`] remove and recreate both.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> io::Result<PathBuf> {
        self.handle.serve_pty(link.as_ref())
    }

    /// Ends all tasks and closes all links. The labels stay.
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Hands bytes to the printer as if they had come over a link, and gives what it answers at once.
    pub fn feed(&self, bytes: &[u8]) -> Vec<u8> {
        self.handle.feed(bytes)
    }

    /// Does something to the printer.
    pub fn inject(&self, fault: Fault) {
        self.handle.change(|device| device.inject(fault));
    }

    /// The labels that are kept, oldest first.
    pub fn labels(&self) -> Vec<Arc<Label>> {
        self.handle.with(|device| device.labels.iter().cloned().collect())
    }

    /// Waits until `n` labels have come out since the printer was made, and gives the nth (from 1). If
    /// that one isn't kept any more, the oldest that is.
    pub async fn wait_label(&self, n: usize) -> Arc<Label> {
        self.handle
            .wait(|device| {
                let dropped = device.count.checked_sub(device.labels.len())?;
                let index = n.saturating_sub(1).saturating_sub(dropped);
                (device.count >= n).then(|| device.labels.get(index).cloned()).flatten()
            })
            .await
    }

    /// The printer's state now.
    pub fn state(&self) -> PrinterState {
        self.handle.with(|device| state(device))
    }

    /// Waits until the printer's state satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(PrinterState) -> bool) {
        self.handle.wait(|device| condition(state(device)).then_some(())).await;
    }

    /// What the language doesn't allow and the printer was told all the same, oldest first; the first
    /// thousand.
    pub fn violations(&self) -> Vec<String> {
        self.handle.with(|device| device.violations.clone())
    }

    /// What happens from now on. A receiver that falls 4096 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.handle.with(|device| device.events.subscribe())
    }
}

impl std::fmt::Debug for LabelPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LabelPrinter").field("state", &self.state()).finish_non_exhaustive()
    }
}

fn state(device: &Device) -> PrinterState {
    PrinterState {
        power: device.powered(),
        connected: device.has_host(),
        labels_out: device.sensors.labels_out,
        ribbon_out: device.sensors.ribbon_out,
        head_open: device.sensors.head_open,
        paused: device.sensors.paused,
        remaining: device.remaining(),
        labels: device.count,
        waiting: device.waiting(),
        received: device.received,
    }
}
