//! The line: which station a request is for, and what the script does to its answer.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::fault::Fault;
use super::frame::{Framing, Front, Request, dress, front};
use super::station::Station;
use crate::peripheral::{Machine, Plug};

/// So many requests are kept.
const KEPT: usize = 1024;

/// A line with its stations.
pub(super) struct Line {
    plug: Plug,
    framing: Framing,
    stations: BTreeMap<u8, Station>,
    waiting: Vec<u8>,
    pub asked: u64,
    pub requests: VecDeque<(u8, u8, Vec<u8>)>,
    pub violations: Vec<String>,
    echo: bool,
    exceptions: (u8, u32),
    lost: u32,
    /// What strikes the next answer.
    next: Option<Fault>,
    late: Vec<u8>,
}

impl Line {
    pub fn new(framing: Framing) -> Self {
        Self {
            plug: Plug::new(),
            framing,
            stations: BTreeMap::new(),
            waiting: Vec::new(),
            asked: 0,
            requests: VecDeque::new(),
            violations: Vec::new(),
            echo: false,
            exceptions: (0, 0),
            lost: 0,
            next: None,
            late: Vec::new(),
        }
    }

    pub fn put(&mut self, unit: u8, station: Station) {
        self.stations.insert(unit, station);
    }

    pub fn station<T>(&mut self, unit: u8, look: impl FnOnce(&mut Station) -> T) -> Option<T> {
        self.stations.get_mut(&unit).map(look)
    }

    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::Unplug => self.plug.unplug(),
            Fault::Replug => self.plug.unplugged = false,
            Fault::CutLink => self.plug.cut = true,
            Fault::Silence { unit } => drop(self.station(unit, |station| station.silent = true)),
            Fault::Speak { unit } => drop(self.station(unit, |station| station.silent = false)),
            Fault::Exception { code, times } => self.exceptions = (code, times),
            Fault::LoseAnswers { times } => self.lost = times,
            Fault::Echo => self.echo = true,
            Fault::NoEcho => self.echo = false,
            other => self.next = Some(other),
        }
    }

    fn serve(&mut self, request: &Request) {
        let now = Instant::now();
        if self.echo {
            self.plug.say(request.bytes.clone());
        }
        if request.unit == 0 && self.framing == Framing::Rtu {
            // A broadcast is carried out by all and answered by nobody.
            for station in self.stations.values_mut() {
                let _ = station.answer(request.function, &request.data, now);
            }
            return;
        }
        let Some(station) = self.stations.get_mut(&request.unit).filter(|station| !station.silent) else {
            return;
        };
        self.asked += 1;
        self.requests.push_back((request.unit, request.function, request.data.clone()));
        if self.requests.len() > KEPT {
            self.requests.pop_front();
        }
        let done = match &mut self.exceptions {
            (code, times) if *times > 0 => {
                *times -= 1;
                Err(*code)
            }
            _ => station.answer(request.function, &request.data, now),
        };
        let pdu = done.unwrap_or_else(|code| vec![request.function | 0x80, code]);
        if self.lost > 0 {
            self.lost -= 1;
            return;
        }
        self.say(request, pdu);
    }

    /// Sends an answer, as the script has it.
    fn say(&mut self, request: &Request, mut pdu: Vec<u8>) {
        let (mut transaction, mut unit) = (request.transaction, request.unit);
        let fault = self.next.take();
        match fault {
            Some(Fault::OtherUnit) => unit = unit.wrapping_add(1),
            Some(Fault::OtherTransaction) => transaction = [transaction[0], transaction[1].wrapping_add(1)],
            Some(Fault::OtherFunction) => pdu = vec![17, 3, 1, 0xFF, 0x55],
            Some(Fault::OneMore) => one_more(&mut pdu),
            _ => {}
        }
        let mut frame = dress(self.framing, transaction, unit, &pdu);
        match fault {
            Some(Fault::LateAnswer) => {
                self.late = frame;
                return;
            }
            Some(Fault::HalfAnswer) => frame.truncate(frame.len() / 2),
            Some(Fault::WrongChecksum) if self.framing == Framing::Rtu => {
                if let Some(last) = frame.last_mut() {
                    *last ^= 0x5A;
                }
            }
            Some(Fault::Noise { bytes, seed }) => frame = [noise(bytes, seed), frame].concat(),
            Some(Fault::CutAtAnswer) => {
                self.plug.cut = true;
                return;
            }
            _ => {}
        }
        let late = std::mem::take(&mut self.late);
        if !late.is_empty() {
            self.plug.say(late);
        }
        self.plug.say(frame);
    }
}

impl Machine for Line {
    fn plug(&mut self) -> &mut Plug {
        &mut self.plug
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        loop {
            match front(self.framing, &self.waiting) {
                Front::Short => return,
                Front::Whole(request) => {
                    self.waiting.drain(..request.bytes.len());
                    self.serve(&request);
                }
                Front::Nothing(why) => {
                    self.violations.push(format!("{why}: {:02X?}", self.waiting));
                    self.waiting.clear();
                }
            }
        }
    }

    fn connected(&mut self) {
        self.waiting.clear();
    }

    fn disconnected(&mut self) {
        self.waiting.clear();
        self.late.clear();
    }

    fn run(&mut self, now: Instant) -> Option<Instant> {
        self.stations.values_mut().filter_map(|station| station.run(now)).min()
    }
}

/// A read's answer with one register or eight coils more.
fn one_more(pdu: &mut Vec<u8>) {
    let more: &[u8] = match pdu.first() {
        Some(1 | 2) => &[0xFF],
        Some(3 | 4) => &[0x12, 0x34],
        _ => &[],
    };
    pdu.extend_from_slice(more);
    if let Some(count) = pdu.get_mut(1).filter(|_| !more.is_empty()) {
        *count = count.wrapping_add(u8::try_from(more.len()).unwrap_or(0));
    }
}

/// Bytes that follow from a number alone (xorshift).
fn noise(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}
