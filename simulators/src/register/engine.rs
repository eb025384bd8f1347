//! Runs a machine step by step: bytes in, bytes out, and a stop at every moment.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use jiff::civil::date;
use tokio::time::Instant;

use super::clock;
use super::device::{Action, Device, Machine, Sending};
use super::fault::{Event, Fault, Moment, What};

pub(super) struct Engine {
    pub device: Device,
    machine: Box<dyn Machine>,
    input: VecDeque<u8>,
    last_byte: Option<Instant>,
    out: Option<Out>,
    not_before: Option<Instant>,
    /// What is said to a byte that came while a command takes its time.
    aside: Option<Action>,
    plans: Vec<(Moment, Fault)>,
    pub moments: u64,
    received: u64,
    sent: u64,

    pub power: bool,
    power_at: Option<Instant>,
    connected: bool,
    network: bool,
    pub refuse: bool,
    pub unplugged: bool,
    cut: bool,
    cut_after: Option<u64>,
    silent: bool,
    lose: u32,
    halve: u32,
    garble: u32,
}

/// A frame on its way out.
struct Out {
    frame: String,
    rest: Vec<u8>,
    /// Bytes handed to the link and not yet confirmed.
    handed: usize,
}

/// What a step came to.
pub(super) enum Step {
    /// A moment has passed.
    Moment(Event),
    /// There is more to do.
    Again,
    /// Nothing to do before bytes arrive, bytes have left, or this time has come.
    Rest(Option<Instant>),
}

impl Engine {
    pub fn new(device: Device, mut machine: Box<dyn Machine>) -> io::Result<Self> {
        let mut device = device;
        machine.power_on(&mut device);
        device.ledger.save()?;
        Ok(Self {
            device,
            machine,
            input: VecDeque::new(),
            last_byte: None,
            out: None,
            not_before: None,
            aside: None,
            plans: Vec::new(),
            moments: 0,
            received: 0,
            sent: 0,
            power: true,
            power_at: None,
            connected: false,
            network: false,
            refuse: false,
            unplugged: false,
            cut: false,
            cut_after: None,
            silent: false,
            lose: 0,
            halve: 0,
            garble: 0,
        })
    }

    // The link

    pub fn connect(&mut self, network: bool) -> bool {
        self.cut = false;
        self.network = network;
        self.connected = self.power && !self.refuse && !self.unplugged;
        if self.connected {
            self.machine.connected();
        }
        self.connected
    }

    pub fn disconnect(&mut self) {
        self.hang_up();
        self.cut_after = None;
    }

    /// Nobody is there any more. What was being sent is lost, and the device doesn't know.
    fn hang_up(&mut self) {
        self.connected = false;
        self.input.clear();
        if let Some(out) = &mut self.out {
            out.rest.clear();
            out.handed = 0;
        }
    }

    pub fn is_connected(&self) -> bool {
        self.connected
    }

    pub fn receive(&mut self, bytes: &[u8]) {
        if self.power && !self.cut {
            // A terminal stays open while power is off.
            self.connected = true;
            self.input.extend(bytes);
        }
    }

    /// What is to be handed to the link, and whether the link is cut.
    pub fn take(&mut self) -> (Vec<u8>, bool) {
        let until = self.next_sent_plan();
        let sent = self.sent;
        let bytes = match &mut self.out {
            Some(out) if out.handed == 0 && !self.cut => {
                let most = until.map_or(usize::MAX, |at| usize::try_from(at - sent).unwrap_or(usize::MAX));
                out.handed = out.rest.len().min(most);
                out.rest.get(..out.handed).unwrap_or_default().to_vec()
            }
            _ => Vec::new(),
        };
        (bytes, self.cut)
    }

    /// What was taken has left.
    pub fn written(&mut self) {
        let Some(out) = &mut self.out else { return };
        let handed = std::mem::take(&mut out.handed);
        out.rest.drain(..handed.min(out.rest.len()));
        self.sent += handed as u64;
        let sent = self.sent;
        self.strike(|moment| matches!(moment, Moment::SentByte { sent: at } if *at <= sent));
    }

    fn next_sent_plan(&self) -> Option<u64> {
        let later = self.plans.iter().filter_map(|(moment, _)| match moment {
            Moment::SentByte { sent } => Some(*sent).filter(|at| *at > self.sent),
            _ => None,
        });
        later.min()
    }

    // Running

    /// Does the next thing that can be done now.
    pub fn step(&mut self, now: Instant) -> Step {
        if !self.power {
            if self.power_at.is_some_and(|at| at <= now) {
                self.power_on();
                return Step::Again;
            }
            return Step::Rest(self.power_at);
        }
        if let Some(out) = self.out.take_if(|out| out.rest.is_empty()) {
            return self.moment(What::Sent, out.frame);
        }
        if self.out.is_some() {
            return Step::Rest(None);
        }
        if let Some(Action::Send(sending)) = self.aside.take() {
            return self.send(sending);
        }
        if let Some(at) = self.not_before {
            if at > now {
                return self.meanwhile(now).unwrap_or(Step::Rest(Some(at)));
            }
            self.not_before = None;
        }
        match self.machine.next(&mut self.device) {
            Some(Action::Execute) => {
                self.wait(now, self.device.spec.processing);
                Step::Again
            }
            Some(Action::Wait(time)) => {
                self.wait(now, time);
                Step::Again
            }
            Some(Action::Executed(frame)) => {
                if let Err(error) = self.device.ledger.save() {
                    tracing::error!(%error, "simulated register can't write its state");
                    self.device.violation(format!("the state file can't be written: {error}"));
                }
                self.moment(What::Executed, frame)
            }
            Some(Action::Send(sending)) => self.send(sending),
            None => self.byte(now),
        }
    }

    /// Counts a moment and gives it to the observers; [`Engine::passed`] comes after them.
    fn moment(&mut self, what: What, frame: String) -> Step {
        self.moments += 1;
        Step::Moment(Event { index: self.moments, what, frame })
    }

    /// Lets the faults planned for a moment strike.
    pub fn passed(&mut self, event: &Event) {
        self.strike(|moment| match moment {
            Moment::Frame { n } => *n == event.index,
            Moment::Of { frame, what } => *what == event.what && *frame == event.frame,
            Moment::Byte { .. } | Moment::SentByte { .. } => false,
        });
    }

    fn strike(&mut self, due: impl Fn(&Moment) -> bool) {
        let (now, later) = std::mem::take(&mut self.plans).into_iter().partition(|(moment, _)| due(moment));
        self.plans = later;
        let now: Vec<(Moment, Fault)> = now;
        for (_, fault) in now {
            self.inject(fault);
        }
    }

    fn wait(&mut self, now: Instant, time: Duration) {
        if !time.is_zero() {
            self.not_before = Some(now + time);
        }
    }

    fn send(&mut self, sending: Sending) -> Step {
        let Sending { frame, mut bytes, answer } = sending;
        let once = |count: &mut u32| {
            let strikes = answer && *count > 0;
            *count -= u32::from(strikes);
            strikes
        };
        if once(&mut self.garble)
            && let Some(byte) = bytes.last_mut()
        {
            *byte ^= 0x01;
        }
        if once(&mut self.halve) {
            bytes.truncate(bytes.len() / 2);
        }
        if once(&mut self.lose) || self.silent || !self.connected {
            bytes.clear();
        }
        self.out = Some(Out { frame, rest: bytes, handed: 0 });
        Step::Again
    }

    fn byte(&mut self, now: Instant) -> Step {
        let Some(byte) = self.input.pop_front() else { return Step::Rest(self.machine.wake(&self.device)) };
        let last = self.last_byte.replace(now);
        let gap = last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        let name = self.machine.receive(byte, gap, &mut self.device);
        self.came_in(name)
    }

    /// A byte that is answered while a command takes its time.
    fn meanwhile(&mut self, now: Instant) -> Option<Step> {
        let (name, action) = self.machine.meanwhile(*self.input.front()?)?;
        self.input.pop_front();
        self.last_byte = Some(now);
        self.aside = Some(action);
        Some(self.came_in(Some(name)))
    }

    /// Counts a byte; lets the faults that wait for it strike.
    fn came_in(&mut self, name: Option<String>) -> Step {
        self.received += 1;
        let received = self.received;
        if let Some(left) = &mut self.cut_after {
            *left = left.saturating_sub(1);
        }
        if self.cut_after.take_if(|left| *left == 0).is_some() {
            self.inject(Fault::CutLink);
        }
        self.strike(|moment| matches!(moment, Moment::Byte { received: at } if *at <= received));
        match name {
            Some(name) if self.power => self.moment(What::Received, name),
            _ => Step::Again,
        }
    }

    // Faults

    pub fn plan(&mut self, moment: Moment, fault: Fault) {
        self.plans.push((moment, fault));
    }

    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::LoseAnswer => self.lose += 1,
            Fault::HalfFrame => self.halve += 1,
            Fault::GarbleAnswer => self.garble += 1,
            Fault::CutLink | Fault::CutLinkMidFrame { bytes: 0 } => self.cut_link(),
            Fault::CutLinkMidFrame { bytes } => self.cut_after = Some(bytes),
            Fault::PowerOff { back_after } => {
                self.power_off();
                self.power_at = back_after.map(|after| Instant::now() + after);
            }
            Fault::PowerOn => self.power_on(),
            Fault::Nak { times } => self.device.naks = times,
            Fault::Busy { answers } => self.device.busy_answers = answers,
            Fault::BusyFor(time) => self.device.busy_until = Some(Instant::now() + time),
            Fault::PaperOut | Fault::PaperOutAtLine { lines: 0 } => self.device.ledger.roll.out = true,
            Fault::PaperOutAtLine { lines } => self.device.ledger.roll.left = Some(lines),
            Fault::NewPaper => {
                let torn = self.device.ledger.roll.load();
                self.device.came_off(torn);
                self.paper_ready();
            }
            Fault::CoverOpen => self.device.ledger.roll.cover_open = true,
            Fault::DrawerClose => self.device.drawer_open = false,
            Fault::CoverClose => {
                self.device.ledger.roll.cover_open = false;
                self.paper_ready();
            }
            Fault::ClockBeyondLimits => self.device.set_now(date(2000, 1, 1).at(0, 0, 0, 0)),
            Fault::ClockShift { seconds } => self.device.ledger.clock_offset_s += seconds,
            Fault::ShiftOld => {
                let opened = self.device.now() - Duration::from_secs(25 * 3600);
                self.device.ledger.shift.opened_at = clock::iso(opened);
            }
            Fault::StorageRoom { documents } => self.device.ledger.storage_room = Some(documents),
            Fault::StorageFull => self.device.ledger.storage_room = Some(0),
            Fault::StorageEmptied => self.device.ledger.storage_room = None,
            Fault::RefuseConnections => {
                self.refuse = true;
                self.cut_link();
            }
            Fault::AcceptConnections => self.refuse = false,
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::Unplug => {
                self.unplugged = true;
                self.cut_link();
            }
            Fault::Replug => self.unplugged = false,
        }
        if let Err(error) = self.device.ledger.save() {
            self.device.violation(format!("the state file can't be written: {error}"));
        }
    }

    fn paper_ready(&mut self) {
        if self.power && self.device.ledger.roll.ready() {
            self.machine.paper_ready(&mut self.device);
        }
    }

    fn cut_link(&mut self) {
        self.cut = true;
        self.hang_up();
    }

    fn power_off(&mut self) {
        if !std::mem::replace(&mut self.power, false) {
            return;
        }
        self.machine.power_off(&mut self.device);
        self.input.clear();
        self.out = None;
        self.not_before = None;
        self.aside = None;
        self.connected = false;
        // A terminal stays when the device behind it has no power.
        self.cut = self.network;
    }

    fn power_on(&mut self) {
        self.power_at = None;
        if !std::mem::replace(&mut self.power, true) {
            self.machine.power_on(&mut self.device);
        }
    }
}
