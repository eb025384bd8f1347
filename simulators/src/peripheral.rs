//! What simple devices have in common: a machine behind its links, and a handle on both.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::ToSocketAddrs;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::link::{self, Endpoint};

/// The inside of a device: a state machine without I/O.
pub(crate) trait Machine: Send + 'static {
    /// Its plug, which every machine has.
    fn plug(&mut self) -> &mut Plug;

    /// Bytes of the host.
    fn receive(&mut self, bytes: &[u8]);

    /// A host is there; a pseudo terminal always is one.
    fn connected(&mut self) {}

    /// The host has gone, or the cable.
    fn disconnected(&mut self) {}

    /// What was taken last has left.
    fn sent(&mut self) {}

    /// Does what can be done now; gives the time at which there is more to do.
    fn run(&mut self, _now: Instant) -> Option<Instant> {
        None
    }

    /// Bytes that can be taken now. At 0 the link isn't read.
    fn room(&self) -> usize {
        usize::MAX
    }
}

/// Something that is to leave.
#[derive(Debug)]
pub(crate) enum Part {
    /// In one write.
    Bytes(Vec<u8>),
    /// Nothing, for so long.
    Gap(Duration),
}

/// The plug and the power of a device, and what is on its way out.
#[derive(Debug)]
pub(crate) struct Plug {
    pub power: bool,
    pub unplugged: bool,
    pub refuse: bool,
    pub connected: bool,
    /// The link is a network connection, which ends when power does.
    pub network: bool,
    pub cut: bool,
    /// The link is cut once everything has left.
    last_words: bool,
    out: VecDeque<Part>,
    /// When the gap at the front of `out` is over.
    due: Option<Instant>,
}

impl Plug {
    /// Plugged in, switched on, no host.
    pub fn new() -> Self {
        Self {
            power: true,
            unplugged: false,
            refuse: false,
            connected: false,
            network: false,
            cut: false,
            last_words: false,
            out: VecDeque::new(),
            due: None,
        }
    }

    pub fn reachable(&self) -> bool {
        self.power && !self.refuse && !self.unplugged
    }

    pub fn say(&mut self, bytes: impl Into<Vec<u8>>) {
        self.push(Part::Bytes(bytes.into()));
    }

    pub fn push(&mut self, part: Part) {
        self.out.push_back(part);
    }

    /// Bytes that have not left yet.
    pub fn waiting(&self) -> usize {
        self.out.iter().map(|part| if let Part::Bytes(bytes) = part { bytes.len() } else { 0 }).sum()
    }

    /// Everything that waits, without its gaps.
    pub fn take_all(&mut self) -> Vec<u8> {
        self.due = None;
        self.out
            .drain(..)
            .flat_map(|part| if let Part::Bytes(bytes) = part { bytes } else { Vec::new() })
            .collect()
    }

    pub fn forget(&mut self) {
        self.out.clear();
        self.due = None;
    }

    pub fn unplug(&mut self) {
        self.unplugged = true;
        self.cut = true;
        self.forget();
    }

    /// A network connection is gone with the power; a serial line stays.
    pub fn power_off(&mut self) {
        self.power = false;
        self.cut = self.network;
        self.forget();
    }

    /// The same, once what is on its way has left.
    pub fn cut_when_said(&mut self) {
        self.power = false;
        self.cut = self.network && self.out.is_empty();
        self.last_words = self.network && !self.out.is_empty();
    }

    /// What may be written now, up to the next gap.
    fn take(&mut self, now: Instant) -> Vec<u8> {
        self.pass(now);
        match self.out.front_mut() {
            Some(Part::Bytes(bytes)) => {
                let bytes = std::mem::take(bytes);
                self.out.pop_front();
                bytes
            }
            _ => Vec::new(),
        }
    }

    /// Leaves gaps that are over behind; gives the end of the one that goes on.
    fn pass(&mut self, now: Instant) -> Option<Instant> {
        while let Some(Part::Gap(length)) = self.out.front() {
            let due = *self.due.get_or_insert(now + *length);
            if due > now {
                return Some(due);
            }
            self.due = None;
            self.out.pop_front();
        }
        None
    }
}

/// A handle; clones are the same device. Its tasks end with [`stop`](Self::stop) or when the last
/// handle is dropped.
pub(crate) struct Handle<M> {
    inner: Arc<Inner<M>>,
    _guard: Arc<DropGuard>,
}

impl<M> Clone for Handle<M> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), _guard: self._guard.clone() }
    }
}

impl<M: Machine> Handle<M> {
    pub fn new(machine: M) -> Self {
        let stop = CancellationToken::new();
        let inner = Arc::new(Inner {
            machine: Mutex::new(machine),
            changed: watch::channel(()).0,
            stop: stop.clone(),
            timed: AtomicBool::new(false),
        });
        Self { inner, _guard: Arc::new(stop.drop_guard()) }
    }

    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        link::tcp(self.inner.clone(), address).await
    }

    pub fn serve_pty(&self, link: &Path) -> io::Result<PathBuf> {
        link::pty(self.inner.clone(), link)
    }

    pub fn stop(&self) {
        self.inner.stop.cancel();
        self.inner.touch();
    }

    pub fn stopped(&self) -> CancellationToken {
        self.inner.stop.clone()
    }

    /// The same device for a task of its own, which must end when the device stops.
    pub fn access(&self) -> Access<M> {
        Access { inner: self.inner.clone() }
    }

    /// Looks into the machine.
    pub fn with<T>(&self, look: impl FnOnce(&mut M) -> T) -> T {
        look(&mut self.inner.lock())
    }

    /// Changes the machine, and wakes its links and everyone who waits.
    pub fn change<T>(&self, change: impl FnOnce(&mut M) -> T) -> T {
        self.inner.change(change)
    }

    /// As if the bytes had come over a link; gives what is said to them at once.
    pub fn feed(&self, mut bytes: &[u8]) -> Vec<u8> {
        self.change(|machine| {
            if !machine.plug().connected {
                machine.plug().connected = true;
                machine.connected();
            }
            while !bytes.is_empty() && machine.room() > 0 {
                let (now, later) = bytes.split_at(bytes.len().min(machine.room()));
                machine.receive(now);
                machine.run(Instant::now());
                bytes = later;
            }
            let said = machine.plug().take_all();
            if std::mem::take(&mut machine.plug().cut) {
                machine.plug().connected = false;
                machine.disconnected();
            }
            said
        })
    }

    /// Waits until there is an answer.
    pub async fn wait<T>(&self, ready: impl Fn(&mut M) -> Option<T>) -> T {
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

/// A device as a task of its own sees it; unlike a [`Handle`] it doesn't keep the device going.
pub(crate) struct Access<M> {
    inner: Arc<Inner<M>>,
}

impl<M: Machine> Access<M> {
    /// As [`Handle::change`].
    pub fn change<T>(&self, change: impl FnOnce(&mut M) -> T) -> T {
        self.inner.change(change)
    }
}

/// Shared by the handles and the tasks.
struct Inner<M> {
    machine: Mutex<M>,
    changed: watch::Sender<()>,
    stop: CancellationToken,
    timed: AtomicBool,
}

impl<M> Inner<M> {
    fn lock(&self) -> MutexGuard<'_, M> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Machine> Inner<M> {
    fn change<T>(&self, change: impl FnOnce(&mut M) -> T) -> T {
        let result = {
            let mut machine = self.lock();
            let result = change(&mut machine);
            machine.run(Instant::now());
            result
        };
        self.touch();
        result
    }
}

impl<M: Machine> Endpoint for Inner<M> {
    fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    fn unplugged(&self) -> bool {
        self.lock().plug().unplugged
    }

    fn reachable(&self) -> bool {
        self.lock().plug().reachable()
    }

    fn one_host_only(&self) -> bool {
        false
    }

    fn connect(&self, network: bool) -> bool {
        {
            let mut machine = self.lock();
            let plug = machine.plug();
            if network && !plug.reachable() {
                return false;
            }
            // On a cable, a fault may have come before the terminal was there again.
            plug.cut = !network && plug.unplugged;
            plug.connected = true;
            plug.network = network;
            machine.connected();
        }
        self.touch();
        true
    }

    fn disconnect(&self) {
        {
            let mut machine = self.lock();
            let plug = machine.plug();
            plug.connected = false;
            plug.cut = false;
            plug.last_words = false;
            plug.forget();
            machine.disconnected();
        }
        self.touch();
    }

    fn room(&self) -> usize {
        self.lock().room()
    }

    fn receive(&self, bytes: &[u8]) {
        {
            let mut machine = self.lock();
            if machine.plug().power {
                machine.receive(bytes);
                machine.run(Instant::now());
            }
        }
        self.touch();
    }

    fn take(&self) -> (Vec<u8>, bool) {
        let mut machine = self.lock();
        let plug = machine.plug();
        let bytes = if plug.cut { Vec::new() } else { plug.take(Instant::now()) };
        plug.cut |= plug.last_words && plug.out.is_empty();
        (bytes, plug.cut)
    }

    fn written(&self) {
        self.lock().sent();
        self.touch();
    }

    fn run(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut machine = self.lock();
        let next = machine.run(now);
        [next, machine.plug().pass(now)].into_iter().flatten().min()
    }

    fn touch(&self) {
        self.changed.send_replace(());
    }

    fn is_first_link(&self) -> bool {
        !self.timed.swap(true, Ordering::Relaxed)
    }
}
