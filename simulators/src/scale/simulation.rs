//! Pan, faults and protocol together, without I/O.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::desk::{Answer, Desk};
use super::fault::{Event, Fault};
use super::mass::Mass;
use super::spec::{Protocol, ScaleSpec};
use super::{adam, cas, cas_stream, dialog, dibal, massa, nci, shtrih, sics, toledo};

/// A frame that the scale sends by itself is left out when so many bytes still wait.
const BACKLOG: usize = 4096;

/// A frame whose next byte comes later than this is dropped. Devices wait 100 ms (Shtrih POS2);
/// here longer, so that a busy machine doesn't tear frames.
const BYTE_TIMEOUT: Duration = Duration::from_millis(500);

/// A protocol: a state machine over bytes, without I/O or time.
pub(super) trait Dialect: Send {
    /// One byte of the host.
    fn receive(&mut self, byte: u8, desk: &mut Desk);

    /// How long a command that may go on, or that waits for a still weight, stays open.
    fn open_for(&self, _spec: &ScaleSpec) -> Option<Duration> {
        None
    }

    /// That time is over.
    fn settle(&mut self, _desk: &mut Desk) {}

    /// The pan is no longer as it was.
    fn pan_changed(&mut self, _desk: &mut Desk) {}

    /// Whether the scale sends weights by itself now.
    fn repeats(&self) -> bool {
        false
    }

    /// The frame that tells a weight, without any effect.
    fn weight_frame(&self, desk: &Desk) -> Answer;

    /// A frame that was begun isn't going on.
    fn drop_frame(&mut self) {}

    /// The host has gone: what it began is dropped.
    fn reset(&mut self);
}

fn dialect(protocol: Protocol) -> Box<dyn Dialect> {
    match protocol {
        Protocol::Cas(form) => Box::new(cas::Cas::new(form)),
        Protocol::CasStream { blanks } => Box::new(cas_stream::CasStream::new(blanks)),
        Protocol::Massa100 => Box::new(massa::Massa::new(massa::Kind::Protocol100)),
        Protocol::Massa1C => Box::new(massa::Massa::new(massa::Kind::OneC)),
        Protocol::MassaJ { bit6 } => Box::new(massa::MassaJ::new(bit6)),
        Protocol::ShtrihPos2 { long_channel_answer } => Box::new(shtrih::Pos2::new(long_channel_answer)),
        Protocol::Toledo8217 { bit5_always } => Box::new(toledo::Toledo::new(bit5_always)),
        Protocol::MtSics(form) => Box::new(sics::Sics::new(form)),
        Protocol::Nci(form) => Box::new(nci::Nci::new(form)),
        Protocol::Dialog04 => Box::new(dialog::Dialog::default()),
        Protocol::Adam(form) => Box::new(adam::Adam::new(form)),
        Protocol::Dibal => Box::new(dibal::Dibal::default()),
    }
}

/// The whole scale.
pub(super) struct Simulation {
    pub desk: Desk,
    dialect: Box<dyn Dialect>,
    tick_at: Option<Instant>,
    settle_at: Option<Instant>,
    heard_at: Option<Instant>,
}

impl Simulation {
    pub fn new(spec: ScaleSpec) -> Self {
        let spec = Arc::new(spec);
        Self {
            dialect: dialect(spec.protocol),
            desk: Desk::new(spec),
            tick_at: None,
            settle_at: None,
            heard_at: None,
        }
    }

    pub fn connect(&mut self) -> bool {
        if self.desk.unplugged {
            return false;
        }
        self.dialect.reset();
        self.settle_at = None;
        self.desk.connected = true;
        self.desk.tell(Event::Connected);
        self.begin_mid_frame();
        true
    }

    pub fn disconnect(&mut self) {
        self.dialect.reset();
        self.settle_at = None;
        self.desk.disconnect();
    }

    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        if self.heard_at.replace(now).is_some_and(|last| now.duration_since(last) > BYTE_TIMEOUT) {
            self.dialect.drop_frame();
        }
        self.desk.receive(bytes);
        for &byte in bytes {
            if self.desk.cut || self.desk.unplugged {
                return;
            }
            self.dialect.receive(byte, &mut self.desk);
            self.begin_mid_frame();
        }
        self.settle_at = self.dialect.open_for(&self.desk.spec).and_then(|open| now.checked_add(open));
    }

    /// What a command was waiting for doesn't come.
    pub fn settle(&mut self) {
        self.settle_at = None;
        self.dialect.settle(&mut self.desk);
    }

    /// What is to be sent now, and whether the link ends after it.
    pub fn take(&mut self) -> (Vec<u8>, bool) {
        (std::mem::take(&mut self.desk.out), self.desk.cut || self.desk.unplugged)
    }

    /// Does what time has come for, and gives the time of what comes next.
    pub fn run(&mut self, now: Instant) -> Option<Instant> {
        if self.settle_at.is_some_and(|at| at <= now) {
            self.settle();
        }
        match self.desk.spec.interval {
            Some(interval) if self.desk.connected && self.dialect.repeats() => {
                if self.tick_at.is_some_and(|at| at <= now) {
                    self.tick();
                    self.tick_at = None;
                }
                let next = now.checked_add(interval.max(Duration::from_millis(1)));
                self.tick_at = self.tick_at.or(next);
            }
            _ => self.tick_at = None,
        }
        [self.tick_at, self.settle_at].into_iter().flatten().min()
    }

    /// Sends one weight, where the protocol sends them by itself.
    pub fn tick(&mut self) -> bool {
        let sends = self.desk.connected && self.dialect.repeats() && self.desk.out.len() < BACKLOG;
        if sends {
            self.desk.ask("tick");
            let frame = self.dialect.weight_frame(&self.desk);
            self.desk.answer(frame);
        }
        sends
    }

    pub fn inject(&mut self, fault: Fault) {
        self.desk.inject(fault);
        self.begin_mid_frame();
        self.dialect.pan_changed(&mut self.desk);
    }

    pub fn put(&mut self, load: Mass) {
        self.desk.pan.put(load);
        self.dialect.pan_changed(&mut self.desk);
    }

    pub fn moving(&mut self, moving: bool) {
        self.desk.pan.moving = moving;
        self.dialect.pan_changed(&mut self.desk);
    }

    fn begin_mid_frame(&mut self) {
        if self.desk.connected && std::mem::take(&mut self.desk.mid_frame) {
            let frame = self.dialect.weight_frame(&self.desk).into_bytes();
            let (_, rear) = frame.split_at(frame.len() / 2);
            self.desk.send(rear);
        }
    }
}
