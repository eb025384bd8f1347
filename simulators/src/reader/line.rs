//! The line of a device that speaks by itself.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::ToSocketAddrs;
use tokio::sync::broadcast;

use super::fault::{Event, Fault};
use crate::peripheral::{Handle, Machine, Part, Plug};

/// Bytes that may wait for a host that doesn't read; further messages are lost.
const MOST_WAITING: usize = 16 << 20;
/// Bytes of the host that are kept.
const MOST_HEARD: usize = 64 << 10;
/// How often a flood is written.
const TICK: Duration = Duration::from_millis(10);

/// The line of a reader: its links, its faults, what has been said over it.
///
/// A cheap handle; clones are the same line. Its tasks end with [`Line::stop`] or when the last
/// handle is dropped.
#[derive(Clone)]
pub struct Line {
    handle: Handle<Wire>,
}

/// What the line looks like from outside at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineState {
    /// A host is connected; a pseudo terminal always is, while it is plugged in.
    pub connected: bool,
    /// The cable is plugged in.
    pub plugged: bool,
    /// Messages said since the line was made, the lost ones included.
    pub said: u64,
    /// Messages lost because nobody was connected, or nobody read.
    pub lost: u64,
    /// Bytes on their way out.
    pub waiting: usize,
}

impl Line {
    /// A line that is plugged in and connected to nothing.
    pub fn new() -> Self {
        Self { handle: Handle::new(Wire::new()) }
    }

    /// Listens on a TCP address, as readers behind a serial server do. Port 0 takes a free one; the
    /// address is the answer. Errors are those of binding.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.handle.serve_tcp(address).await
    }

    /// Opens a pseudo terminal in raw mode and puts a symbolic link to it at `link`, replacing an
    /// old link. [`Fault::Unplug`] and [`Fault::Replug`] remove and recreate both. What is said
    /// before a host opens it waits there, unlike on a serial port.
    pub fn serve_pty(&self, link: impl AsRef<Path>) -> io::Result<PathBuf> {
        self.handle.serve_pty(link.as_ref())
    }

    /// Ends all tasks and closes all links.
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Says a message as it is, through the faults that wait for it.
    pub fn say(&self, message: impl Into<Vec<u8>>) {
        let message = message.into();
        self.handle.change(|wire| wire.say(message));
    }

    /// Says many messages at a rate, in writes of 10 ms each; the faults don't touch them. What
    /// would make more than 16 MB wait is lost. A rate of 0 counts as 1.
    pub fn flood(&self, messages: impl IntoIterator<Item = Vec<u8>>, per_second: u32) {
        let a_tick = u128::from(per_second.max(1)) * TICK.as_micros() / 1_000_000;
        self.handle.change(|wire| {
            // Slower than a message each tick: the gaps grow.
            let (burst, gap) = match usize::try_from(a_tick) {
                Ok(0) => (1, Duration::from_secs(1) / per_second.max(1)),
                Ok(burst) => (burst, TICK),
                Err(_) => (usize::MAX, TICK),
            };
            let mut messages = messages.into_iter().peekable();
            while messages.peek().is_some() {
                let burst: Vec<Vec<u8>> = messages.by_ref().take(burst).collect();
                wire.burst(burst, gap);
            }
        });
    }

    /// Does something to the line.
    pub fn inject(&self, fault: Fault) {
        self.handle.change(|wire| wire.inject(fault));
    }

    /// Bytes the host has sent, the first 64 kB.
    pub fn heard(&self) -> Vec<u8> {
        self.handle.with(|wire| wire.heard.clone())
    }

    /// The line's state now.
    pub fn state(&self) -> LineState {
        self.handle.with(|wire| wire.state())
    }

    /// Waits until the line's state satisfies a condition.
    pub async fn wait_state(&self, condition: impl Fn(LineState) -> bool) {
        self.handle.wait(|wire| condition(wire.state()).then_some(())).await;
    }

    /// What happens from now on. A receiver that falls 4096 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.handle.with(|wire| wire.events.subscribe())
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("state", &self.state()).finish_non_exhaustive()
    }
}

struct Wire {
    plug: Plug,
    said: u64,
    lost: u64,
    heard: Vec<u8>,
    /// What the next messages meet, in this order.
    faults: VecDeque<Fault>,
    /// Held back to leave together, and how many are still to come.
    joined: Option<(Vec<u8>, usize)>,
    events: broadcast::Sender<Event>,
}

impl Wire {
    fn new() -> Self {
        Self {
            plug: Plug::new(),
            said: 0,
            lost: 0,
            heard: Vec::new(),
            faults: VecDeque::new(),
            joined: None,
            events: broadcast::channel(4096).0,
        }
    }

    /// Says a message; each fault strikes one, the joining one as many as it says.
    fn say(&mut self, mut message: Vec<u8>) {
        self.said += 1;
        let fault = if self.joined.is_some() { None } else { self.faults.pop_front() };
        if let Some(Fault::Joined(count)) = fault {
            self.joined = Some((Vec::new(), count));
        }
        if let Some((held, left)) = &mut self.joined {
            held.append(&mut message);
            *left = left.saturating_sub(1);
            if *left > 0 {
                return;
            }
            message = std::mem::take(held);
            self.joined = None;
        }
        if !self.takes(&message) {
            return;
        }
        match fault {
            Some(Fault::Noise(noise)) => self.plug.say([noise, message].concat()),
            Some(Fault::SilentAfter(bytes)) => {
                message.truncate(bytes);
                self.plug.say(message);
            }
            Some(Fault::Torn { at, pause }) => {
                let rest = message.split_off(at.min(message.len()));
                self.plug.say(message);
                self.plug.push(Part::Gap(pause));
                self.plug.say(rest);
            }
            _ => self.plug.say(message),
        }
    }

    fn burst(&mut self, messages: Vec<Vec<u8>>, gap: Duration) {
        self.said += messages.len() as u64;
        let bytes: Vec<u8> = messages.concat();
        if self.takes(&bytes) {
            self.plug.say(bytes);
            self.plug.push(Part::Gap(gap));
        } else {
            self.lost += (messages.len() as u64).saturating_sub(1);
        }
    }

    /// Whether a message can leave; if not it is lost.
    fn takes(&mut self, message: &[u8]) -> bool {
        let takes = self.plug.connected && self.plug.waiting() + message.len() <= MOST_WAITING;
        if !takes {
            self.lost += 1;
            self.emit(Event::Lost(message.to_vec()));
        }
        takes
    }

    fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::CutLink => self.plug.cut = true,
            Fault::Unplug => self.plug.unplug(),
            Fault::Replug => self.plug.unplugged = false,
            Fault::RefuseConnections => {
                self.plug.refuse = true;
                self.plug.cut = self.plug.network;
            }
            Fault::AcceptConnections => self.plug.refuse = false,
            waits @ (Fault::Torn { .. } | Fault::Joined(_) | Fault::SilentAfter(_) | Fault::Noise(_)) => {
                self.faults.push_back(waits);
            }
        }
    }

    fn state(&self) -> LineState {
        LineState {
            connected: self.plug.connected,
            plugged: !self.plug.unplugged,
            said: self.said,
            lost: self.lost,
            waiting: self.plug.waiting(),
        }
    }

    fn emit(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

impl Machine for Wire {
    fn plug(&mut self) -> &mut Plug {
        &mut self.plug
    }

    fn receive(&mut self, bytes: &[u8]) {
        let room = MOST_HEARD.saturating_sub(self.heard.len());
        self.heard.extend(bytes.iter().take(room));
    }

    fn connected(&mut self) {
        self.emit(Event::Connected);
    }

    fn disconnected(&mut self) {
        self.joined = None;
        self.emit(Event::Disconnected);
    }

    fn sent(&mut self) {
        self.emit(Event::Written);
    }
}
