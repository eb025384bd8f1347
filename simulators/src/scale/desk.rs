//! What a protocol has to work with: the pan, the way out, and the faults on it.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;

use super::chance::Chance;
use super::fault::{Event, Fault};
use super::pan::Pan;
use super::spec::ScaleSpec;

/// Bytes, requests and violations that are kept, of each so many.
const KEPT: usize = 1 << 13;

/// An answer as the protocol gives it.
pub(super) struct Answer {
    bytes: Vec<u8>,
    check: Option<usize>,
    foreign: Option<Vec<u8>>,
}

impl Answer {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), check: None, foreign: None }
    }

    /// The same with the place of its checksum, or of the first byte of it.
    pub fn check_at(mut self, index: usize) -> Self {
        self.check = Some(index);
        self
    }

    /// The same with what another device, or another question, would have brought.
    pub fn or_foreign(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.foreign = Some(bytes.into());
        self
    }

    /// As it goes out without a fault.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// The scale without its protocol.
pub(super) struct Desk {
    pub spec: Arc<ScaleSpec>,
    pub pan: Pan,
    pub connected: bool,
    pub unplugged: bool,
    /// The link ends once what is in `out` has gone.
    pub cut: bool,
    pub out: Vec<u8>,
    /// The rear half of a frame is to come first on the next connection.
    pub mid_frame: bool,
    pub asked: u64,
    pub answered: u64,
    pub requests: VecDeque<String>,
    pub received: VecDeque<u8>,
    pub violations: Vec<String>,
    pub events: broadcast::Sender<Event>,
    echo: bool,
    silent: bool,
    noise: Option<(Chance, u32)>,
    busy: u32,
    /// Faults of the next answer.
    next: Vec<Fault>,
    plans: Vec<(u64, Fault)>,
    /// Answers that come late.
    held: Vec<Vec<u8>>,
}

impl Desk {
    pub fn new(spec: Arc<ScaleSpec>) -> Self {
        Self {
            pan: Pan::new(spec.clone()),
            spec,
            connected: false,
            unplugged: false,
            cut: false,
            out: Vec::new(),
            mid_frame: false,
            asked: 0,
            answered: 0,
            requests: VecDeque::new(),
            received: VecDeque::new(),
            violations: Vec::new(),
            events: broadcast::channel(4096).0,
            echo: false,
            silent: false,
            noise: None,
            busy: 0,
            next: Vec::new(),
            plans: Vec::new(),
            held: Vec::new(),
        }
    }

    // What protocols use

    /// A request was received that is not answered with a frame, such as `ENQ`.
    pub fn note(&mut self, request: impl Into<String>) {
        let request = request.into();
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(request.clone());
        self.tell(Event::Asked { request });
    }

    /// A question was received. Faults that were planned for its number strike.
    pub fn ask(&mut self, request: impl Into<String>) {
        self.asked += 1;
        let mut due = Vec::new();
        self.plans.retain(|(n, fault)| {
            if *n == self.asked {
                due.push(*fault);
            }
            *n > self.asked
        });
        for fault in due {
            self.inject(fault);
        }
        self.note(request);
    }

    /// Whether this question is to be put off. Asked once for each.
    pub fn is_busy(&mut self) -> bool {
        let busy = self.busy > 0;
        self.busy = self.busy.saturating_sub(1);
        busy
    }

    /// A bare control byte, or an echo that the protocol has.
    pub fn say(&mut self, bytes: &[u8]) {
        if !self.silent {
            self.send(bytes);
        }
    }

    /// An answer, with the faults that are due.
    pub fn answer(&mut self, answer: Answer) {
        self.answered += 1;
        self.tell(Event::Answered { n: self.answered });
        let Answer { mut bytes, check, foreign } = answer;
        let mut before = Vec::new();
        let (mut lost, mut late, mut cut) = (false, false, false);
        for fault in std::mem::take(&mut self.next) {
            match fault {
                Fault::LoseAnswer => lost = true,
                Fault::LateAnswer => late = true,
                Fault::ForeignAnswer => {
                    if let Some(foreign) = &foreign {
                        bytes.clone_from(foreign);
                    }
                }
                Fault::WrongChecksum => {
                    if let Some(byte) = check.and_then(|at| bytes.get_mut(at)) {
                        *byte ^= 0x01;
                    }
                }
                Fault::ParityLeak => {
                    if let Some(first) = bytes.first_mut() {
                        *first |= 0x80;
                    }
                }
                Fault::ParityLeakAll => {
                    for byte in &mut bytes {
                        *byte = even_parity(*byte);
                    }
                }
                Fault::FlipBit { seed } => {
                    let mut chance = Chance::new(seed);
                    let at = chance.below(bytes.len());
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << chance.below(8);
                    }
                }
                Fault::Garbage { bytes, seed } => {
                    let mut chance = Chance::new(seed);
                    before.extend((0..bytes).map(|_| chance.byte()));
                }
                Fault::HalfAnswer => bytes.truncate(bytes.len() / 2),
                Fault::CutMidFrame => {
                    bytes.truncate(bytes.len() / 2);
                    cut = true;
                }
                _ => {}
            }
        }
        if lost || self.silent {
            return;
        }
        if late {
            self.held.push(bytes);
            return;
        }
        for held in std::mem::take(&mut self.held) {
            self.send(&held);
        }
        self.send(&before);
        self.send(&bytes);
        self.cut |= cut;
    }

    /// Notes what the vendor's document doesn't allow.
    pub fn violation(&mut self, text: impl Into<String>) {
        if self.violations.len() < KEPT {
            self.violations.push(text.into());
        }
    }

    // What the simulation uses

    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend(bytes);
        let over = self.received.len().saturating_sub(KEPT);
        self.received.drain(..over);
        if self.echo {
            self.send(bytes);
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let start = self.out.len();
        self.out.extend_from_slice(bytes);
        if let Some((chance, one_in)) = &mut self.noise {
            for byte in self.out.iter_mut().skip(start) {
                if chance.below(*one_in as usize) == 0 {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }

    pub fn disconnect(&mut self) {
        self.out.clear();
        self.held.clear();
        self.cut = false;
        if std::mem::take(&mut self.connected) {
            self.tell(Event::Disconnected);
        }
    }

    pub fn plan(&mut self, question: u64, fault: Fault) {
        self.plans.push((question, fault));
    }

    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::StartMidFrame => self.mid_frame = true,
            Fault::Echo => self.echo = true,
            Fault::NoEcho => self.echo = false,
            Fault::Noise { seed, one_in } => self.noise = Some((Chance::new(seed), one_in.max(1))),
            Fault::NoNoise => self.noise = None,
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::Busy { times } => self.busy = times,
            Fault::CutLink => self.cut = self.connected,
            Fault::NeverStable => self.pan.never_stable = true,
            Fault::StableAgain => self.pan.never_stable = false,
            Fault::Broken => self.pan.broken = true,
            Fault::Repaired => self.pan.broken = false,
            of_answer => self.next.push(of_answer),
        }
    }

    pub fn tell(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

/// The low seven bits with even parity in the eighth.
fn even_parity(byte: u8) -> u8 {
    let low = byte & 0x7F;
    if low.count_ones().is_multiple_of(2) { low } else { low | 0x80 }
}
