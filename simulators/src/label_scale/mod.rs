//! Simulated label-printing scales that take lists of items.
//!
//! [`LabelScale`] is a cheap handle; clones are the same scale. Shtrih-Print speaks over UDP, Mertech
//! the same messages over TCP with their length in front. Its tasks end with [`LabelScale::stop`] or
//! when the last handle is dropped.
//!
//! Sources: "Протокол обмена весов Штрих-Принт" 1.3, document 1.10 (Shtrih-M, 2010), with what version
//! 1.6 (2017) changes in command 57h; "Весы серии M-ER 725, 727, 828. Руководство программиста" 1.0.1
//! (Mertech): the length in front, obsolete commands for items. That answers over TCP have the length
//! in front too is known from a recorded exchange.
//!
//! Not simulated: broadcast, printing, weighing, status 11h, totals; other commands are answered with
//! error 120.

mod command;
mod datagram;
mod fault;
mod fields;
mod item;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use tokio::net::{ToSocketAddrs, UdpSocket};
use tokio::sync::broadcast;
use tokio::time::Instant;

pub use fault::{Event, Fault};
pub use item::ScaleItem;

use crate::peripheral::{Handle, Machine, Plug};
use datagram::Sync;
use item::Limits;

/// Violations that are kept.
const MOST_VIOLATIONS: usize = 1000;

/// What kind of scale it is, and what is set in its menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleSpec {
    /// How messages travel.
    pub protocol: ScaleProtocol,
    /// Four digits.
    pub password: [u8; 4],
    /// Items the table holds.
    pub items: u16,
    /// Messages the table holds.
    pub messages: u16,
    /// Lines of a message.
    pub message_lines: u8,
    /// Highest load in grams; a tare may be a tenth of it.
    pub max_load: u32,
    /// Prefixes of barcodes for goods by weight, by the piece, and for a sum.
    pub prefixes: [u8; 3],
    /// Prefixes that can be set.
    pub prefix_range: RangeInclusive<u8>,
    /// Protocol 1.6: the price has three bytes, and its fourth one the preferred formats.
    pub formats: bool,
    /// Every command may be sent in synchronisation mode (STE), not only those that the document's
    /// table allows: of the commands here that is 18h alone.
    pub synchronises_all: bool,
    /// What it calls itself.
    pub name: String,
}

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScaleProtocol {
    /// A UDP datagram each.
    ShtrihPrint,
    /// Over TCP, each behind its length in four bytes, the lowest first.
    Mertech,
}

impl ScaleSpec {
    /// Shtrih-Print, protocol 1.3: 4000 items, password 0030, prefixes 20, 21 and none.
    pub fn shtrih_print() -> Self {
        Self {
            protocol: ScaleProtocol::ShtrihPrint,
            password: *b"0030",
            items: 4000,
            messages: 1000,
            message_lines: 8,
            max_load: 15_000,
            prefixes: [20, 21, 0],
            prefix_range: 20..=29,
            formats: false,
            synchronises_all: false,
            name: "Штрих-Принт".into(),
        }
    }

    /// Mertech M-ER 725: 65535 items, password 1234, any prefix.
    pub fn mertech() -> Self {
        Self {
            protocol: ScaleProtocol::Mertech,
            password: *b"1234",
            items: u16::MAX,
            messages: u16::MAX,
            prefix_range: 0..=99,
            name: "M-ER 725".into(),
            ..Self::shtrih_print()
        }
    }
}

/// A simulated label-printing scale.
#[derive(Clone)]
pub struct LabelScale {
    handle: Handle<Scale>,
    protocol: ScaleProtocol,
}

impl LabelScale {
    /// A scale that is switched on, with an empty table, connected to nothing.
    pub fn new(spec: ScaleSpec) -> Self {
        Self { protocol: spec.protocol, handle: Handle::new(Scale::new(spec)) }
    }

    /// Takes datagrams on a UDP address. Port 0 takes a free one; the address is the answer. Errors
    /// are those of binding, and that a Mertech scale has no UDP.
    pub async fn serve_udp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.must_be(ScaleProtocol::ShtrihPrint)?;
        let socket = UdpSocket::bind(address).await?;
        let address = socket.local_addr()?;
        tokio::spawn(datagram::serve(self.handle.access(), self.handle.stopped(), socket));
        Ok(address)
    }

    /// Listens on a TCP address, one host at a time. Port 0 takes a free one; the address is the
    /// answer. Errors are those of binding, and that a Shtrih-Print scale has no TCP.
    pub async fn serve_tcp(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.must_be(ScaleProtocol::Mertech)?;
        self.handle.serve_tcp(address).await
    }

    /// Ends all tasks and closes all links.
    pub fn stop(&self) {
        self.handle.stop();
    }

    /// Hands bytes to the scale as if they had come over its link (Shtrih-Print: one datagram of one
    /// and the same host), and gives what it answers, datagrams one after the other.
    pub fn feed(&self, bytes: &[u8]) -> Vec<u8> {
        match self.protocol {
            ScaleProtocol::Mertech => self.handle.feed(bytes),
            ScaleProtocol::ShtrihPrint => self.feed_from(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), bytes),
        }
    }

    /// The same with the host named, for Shtrih-Print, which knows hosts apart.
    pub fn feed_from(&self, host: SocketAddr, datagram: &[u8]) -> Vec<u8> {
        self.handle.change(|scale| scale.datagram(datagram, host, Instant::now())).concat()
    }

    /// Does something to the scale.
    pub fn inject(&self, fault: Fault) {
        self.handle.change(|scale| scale.inject(fault));
    }

    /// The items in its memory, by their numbers.
    pub fn items(&self) -> Vec<ScaleItem> {
        self.handle.with(|scale| scale.memory.items.values().cloned().collect())
    }

    /// The item of a number.
    pub fn item(&self, plu: u16) -> Option<ScaleItem> {
        self.handle.with(|scale| scale.memory.items.get(&plu).cloned())
    }

    /// Waits until the items satisfy a condition.
    pub async fn wait_items(&self, condition: impl Fn(&BTreeMap<u16, ScaleItem>) -> bool) {
        self.handle.wait(|scale| condition(&scale.memory.items).then_some(())).await;
    }

    /// A line of a message, both counted from 1.
    pub fn message(&self, message: u16, line: u8) -> Option<String> {
        self.handle.with(|scale| scale.memory.messages.get(&(message, line)).cloned())
    }

    /// Prefixes of barcodes for goods by weight, by the piece, and for a sum.
    pub fn prefixes(&self) -> [u8; 3] {
        self.handle.with(|scale| scale.memory.prefixes)
    }

    /// Commands executed since the scale was made, refused ones included.
    pub fn executed(&self) -> u64 {
        self.handle.with(|scale| scale.executed)
    }

    /// Waits until so many commands were executed since the scale was made.
    pub async fn wait_executed(&self, commands: u64) {
        self.handle.wait(|scale| (scale.executed >= commands).then_some(())).await;
    }

    /// How often it has beeped.
    pub fn beeps(&self) -> u32 {
        self.handle.with(|scale| scale.memory.beeps)
    }

    /// What the document doesn't allow and the scale was told all the same, oldest first.
    pub fn violations(&self) -> Vec<String> {
        self.handle.with(|scale| scale.violations.clone())
    }

    /// What happens from now on. A receiver that falls 4096 events behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.handle.with(|scale| scale.memory.events.subscribe())
    }

    fn must_be(&self, protocol: ScaleProtocol) -> io::Result<()> {
        if self.protocol == protocol {
            return Ok(());
        }
        let what = format!("a scale of the protocol {:?} can't be served like this", self.protocol);
        Err(io::Error::new(io::ErrorKind::InvalidInput, what))
    }
}

impl std::fmt::Debug for LabelScale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LabelScale").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// The scale: its memory, and what faults do on the way to it.
struct Scale {
    plug: Plug,
    memory: Memory,
    input: Vec<u8>,
    synchronised: Sync,
    synchronises_all: bool,
    silent: bool,
    lose_commands: u32,
    double_commands: u32,
    lose_answers: u32,
    double_answers: u32,
    busy: u32,
    off_after: Option<u32>,
    executed: u64,
    violations: Vec<String>,
}

/// What is in the scale and stays there without power.
struct Memory {
    password: [u8; 4],
    /// In a row; forgotten without power.
    wrong_passwords: u8,
    limits: Limits,
    items: BTreeMap<u16, ScaleItem>,
    messages: BTreeMap<(u16, u8), String>,
    message_lines: u8,
    prefixes: [u8; 3],
    prefix_range: RangeInclusive<u8>,
    name: String,
    beeps: u32,
    /// Error code for commands that need a password, and how many of them.
    refuse: Option<(u8, u32)>,
    events: broadcast::Sender<Event>,
}

impl Memory {
    fn emit(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

impl Scale {
    fn new(spec: ScaleSpec) -> Self {
        let limits = Limits {
            items: spec.items,
            messages: spec.messages,
            tare: u16::try_from(spec.max_load / 10).unwrap_or(u16::MAX),
            formats: spec.formats,
        };
        let memory = Memory {
            password: spec.password,
            wrong_passwords: 0,
            limits,
            items: BTreeMap::new(),
            messages: BTreeMap::new(),
            message_lines: spec.message_lines,
            prefixes: spec.prefixes,
            prefix_range: spec.prefix_range,
            name: spec.name,
            beeps: 0,
            refuse: None,
            events: broadcast::channel(4096).0,
        };
        Self {
            plug: Plug::new(),
            memory,
            input: Vec::new(),
            synchronised: Sync::Ready,
            synchronises_all: spec.synchronises_all,
            silent: false,
            lose_commands: 0,
            double_commands: 0,
            lose_answers: 0,
            double_answers: 0,
            busy: 0,
            off_after: None,
            executed: 0,
            violations: Vec::new(),
        }
    }

    /// How often a command that arrives is executed: none when it is lost.
    fn arrivals(&mut self) -> u32 {
        if !self.plug.power || self.silent || count_down(&mut self.lose_commands) {
            return 0;
        }
        if count_down(&mut self.double_commands) { 2 } else { 1 }
    }

    /// How often an answer leaves.
    fn departures(&mut self) -> u32 {
        if count_down(&mut self.lose_answers) {
            return 0;
        }
        if count_down(&mut self.double_answers) { 2 } else { 1 }
    }

    fn execute(&mut self, command: &[u8]) -> Vec<u8> {
        self.executed += 1;
        self.memory.execute(command)
    }

    /// After a command was executed and answered.
    fn answered(&mut self) {
        if let Some(left) = &mut self.off_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.power_off();
            }
        }
    }

    fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::LoseCommands(count) => self.lose_commands = count,
            Fault::DoubleCommands(count) => self.double_commands = count,
            Fault::LoseAnswers(count) => self.lose_answers = count,
            Fault::DoubleAnswers(count) => self.double_answers = count,
            Fault::Busy(count) => self.busy = count,
            Fault::Refuse { code, times } => self.memory.refuse = (times > 0).then_some((code, times)),
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::PowerOff | Fault::PowerOffAfter(0) => self.power_off(),
            Fault::PowerOffAfter(commands) => self.off_after = Some(commands),
            Fault::PowerOn => {
                if !std::mem::replace(&mut self.plug.power, true) {
                    self.memory.emit(Event::Power(true));
                }
            }
            Fault::CutLink => self.plug.cut = true,
            Fault::RefuseConnections => {
                self.plug.refuse = true;
                self.plug.cut = true;
            }
            Fault::AcceptConnections => self.plug.refuse = false,
        }
    }

    fn power_off(&mut self) {
        self.off_after = None;
        self.input.clear();
        self.synchronised = Sync::Ready;
        self.memory.wrong_passwords = 0;
        self.plug.power = false;
        // What was answered before power failed is on its way.
        self.plug.cut_when_said();
        self.memory.emit(Event::Power(false));
    }

    fn violation(&mut self, what: String) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(what);
        }
    }
}

impl Machine for Scale {
    fn plug(&mut self) -> &mut Plug {
        &mut self.plug
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.stream(bytes);
    }

    fn connected(&mut self) {
        self.input.clear();
    }

    fn disconnected(&mut self) {
        self.input.clear();
    }
}

fn count_down(left: &mut u32) -> bool {
    let was = *left;
    *left = was.saturating_sub(1);
    was > 0
}

/// An address that no host of a test has, for a scale held by somebody else.
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 1024);
