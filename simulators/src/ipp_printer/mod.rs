//! A simulated office printer that speaks IPP over HTTP.
//!
//! [`IppPrinter`] is a cheap handle; clones are the same printer. Its tasks end with [`IppPrinter::stop`] or when
//! the last handle is dropped. It needs no clock: a job goes on by one sheet each time that the printer is asked
//! about it (Get-Job-Attributes), as long as nothing stops the printer.
//!
//! Sources: RFC 8010 (messages, HTTP), RFC 8011 (operations, attributes, states).
//!
//! Not simulated: Create-Job and Send-Document, collections, subscriptions, TLS, authentication.

mod fault;
mod http;
mod ipp;
mod machine;
mod serve;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use fault::Fault;
use machine::Machine;

/// What kind of printer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterSpec {
    /// Maker and model (`printer-make-and-model`).
    pub name: String,
    /// Path of its URI.
    pub path: String,
    /// Media types it prints (`document-format-supported`).
    pub formats: Vec<String>,
    /// The most copies it makes by itself; `None`: it doesn't know the attribute.
    pub copies: Option<u16>,
    /// What it tells of a job's sheets.
    pub counts: Counts,
    /// It tells when it began a job (`time-at-processing`).
    pub times: bool,
    /// What it does with a job that asks for no sides (`sides-default`); `None`: it doesn't say.
    pub sides: Option<&'static str>,
    /// It passes jobs on to a printer that it knows nothing of, as print servers do: a job is `completed` with the
    /// reason `queued-in-device`.
    pub server: bool,
    /// It remembers jobs that are done.
    pub history: bool,
}

impl PrinterSpec {
    /// An office printer: PDF, 99 copies, counts, remembers.
    pub fn office() -> Self {
        Self {
            name: "Simulated Office Printer".into(),
            path: "/ipp/print".into(),
            formats: vec![
                "application/octet-stream".into(),
                "application/pdf".into(),
                "image/pwg-raster".into(),
            ],
            copies: Some(99),
            counts: Counts::Sheets,
            times: true,
            sides: Some("one-sided"),
            server: false,
            history: true,
        }
    }

    /// A small one: PDF, one copy at a time, no counts.
    pub fn plain() -> Self {
        Self {
            name: "Simulated Plain Printer".into(),
            copies: None,
            counts: Counts::Absent,
            ..Self::office()
        }
    }
}

/// What a printer tells of the sheets of a job that are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// How many there are.
    Sheets,
    /// Always 0, as CUPS does where neither filter nor backend counts.
    Zero,
    /// Nothing.
    Absent,
}

/// State of a job (RFC 8011, 5.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits for its turn.
    Pending,
    /// It is held.
    Held,
    /// It is being printed.
    Processing,
    /// The printer has stopped in it.
    Stopped,
    /// Somebody has cancelled it.
    Canceled,
    /// The printer has given it up.
    Aborted,
    /// It is done.
    Completed,
}

/// A job as the printer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: i32,
    /// `job-name`.
    pub name: String,
    /// `requesting-user-name`.
    pub user: String,
    /// `document-format`.
    pub format: String,
    /// Copies the printer makes of it.
    pub copies: u32,
    /// `sides`, if asked for.
    pub sides: Option<String>,
    /// `media`, if asked for.
    pub media: Option<String>,
    /// The document's bytes.
    pub document: Vec<u8>,
    /// Where it stands.
    pub state: JobState,
    /// The printer has begun it.
    pub begun: bool,
    /// Sheets that are done.
    pub sheets: u32,
    /// Sheets that all its copies have.
    pub sheets_wanted: u32,
}

/// A simulated printer.
#[derive(Clone)]
pub struct IppPrinter {
    shared: Arc<Shared>,
    _end: Arc<DropGuard>,
}

/// What the handle and the tasks have in common.
struct Shared {
    machine: Mutex<Machine>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
}

impl Shared {
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, how: impl FnOnce(&mut Machine) -> T) -> T {
        let result = how(&mut self.machine());
        self.changed.send_replace(());
        result
    }
}

impl IppPrinter {
    /// A printer that is on and idle, with a full tray, connected to nothing.
    pub fn new(spec: PrinterSpec) -> Self {
        let stop = CancellationToken::new();
        let end = Arc::new(stop.clone().drop_guard());
        let machine = Mutex::new(Machine::new(spec));
        Self { shared: Arc::new(Shared { machine, changed: watch::channel(()).0, stop }), _end: end }
    }

    /// Listens on a TCP address. Port 0 takes a free one; the address is the answer.
    ///
    /// # Errors
    /// Those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.shared.change(|machine| machine.uri = format!("ipp://{address}{}", machine.spec.path));
        tokio::spawn(serve::listen(self.shared.clone(), listener, address));
        Ok(address)
    }

    /// Ends all tasks and closes all connections.
    pub fn stop(&self) {
        self.shared.stop.cancel();
    }

    /// The link of the configuration to it, once it is served.
    pub fn link(&self) -> String {
        self.shared.machine().uri.clone()
    }

    /// Does something to the printer.
    pub fn inject(&self, fault: Fault) {
        self.shared.change(|machine| machine.inject(fault));
    }

    /// The jobs it knows, oldest first.
    pub fn jobs(&self) -> Vec<Job> {
        self.shared.machine().jobs.clone()
    }

    /// Sheets that have come out since the printer was made.
    pub fn sheets(&self) -> u32 {
        self.shared.machine().sheets
    }

    /// Jobs that were taken since the printer was made, forgotten ones included.
    pub fn taken(&self) -> u32 {
        self.shared.machine().taken
    }

    /// Requests that were answered since the printer was made.
    pub fn answered(&self) -> u64 {
        self.shared.machine().answered
    }

    /// What the RFCs don't allow and the printer was told all the same, oldest first.
    pub fn violations(&self) -> Vec<String> {
        self.shared.machine().violations.clone()
    }

    /// Waits until so many sheets have come out.
    pub async fn wait_sheets(&self, sheets: u32) {
        self.wait(|machine| machine.sheets >= sheets).await;
    }

    /// Waits until so many jobs were taken.
    pub async fn wait_taken(&self, jobs: u32) {
        self.wait(|machine| machine.taken >= jobs).await;
    }

    /// Waits until so many more requests were answered.
    pub async fn wait_answered(&self, more: u64) {
        let wanted = self.answered() + more;
        self.wait(|machine| machine.answered >= wanted).await;
    }

    async fn wait(&self, condition: impl Fn(&Machine) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        while !condition(&self.shared.machine()) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }
}

impl std::fmt::Debug for IppPrinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IppPrinter").field("link", &self.link()).finish_non_exhaustive()
    }
}
