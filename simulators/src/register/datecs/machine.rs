//! The device at its link: frames in, SYN, NAK and answers out, and the rule of the sequence number.

use std::collections::VecDeque;
use std::time::Duration;

use super::dialect::Dialect;
use super::execute::{self, Job};
use super::frame::{Frame, Heard, Reader};
use super::memory::{Memory, Open};
use super::refusal::Refusal;
use super::request::{Reply, Request};
use super::status::Bits;
use super::{DatecsDialect, DatecsSpec, commas, wide};
use crate::register::device::{Action, Device, Machine};
use crate::register::paper::Line;

/// How long the device may be silent before it must say something.
const SYN_EVERY: Duration = Duration::from_millis(60);
const SYN: u8 = 0x16;
const NAK: u8 = 0x15;

/// The device: what is in its fields, but for [`Memory`], is lost when power fails.
pub struct Datecs {
    spec: DatecsSpec,
    dialect: &'static Dialect,
    reader: Reader,
    steps: VecDeque<Action>,
    pending: Option<Pending>,
    /// SEQ of the last frame, and what was answered.
    last: Option<(u8, Action)>,
    /// Kept: a copy of the ledger's own part, read when power comes.
    memory: Memory,
    ram: Ram,
}

/// What the device forgets when power fails, beside the link.
#[derive(Debug, Default)]
pub(super) struct Ram {
    /// Lines of the journal that are still to be read.
    pub reading: VecDeque<String>,
    pub wrong_passwords: u32,
}

/// A command that is received and not carried out yet.
struct Pending {
    frame: Frame,
    /// What is left of its processing time.
    left: Duration,
    /// SYN has been sent for it.
    syn: bool,
}

/// What answers are written from.
pub(super) struct Site<'a> {
    pub dialect: &'static Dialect,
    pub spec: &'a DatecsSpec,
    pub serial: &'a str,
    /// Number of the fiscal memory.
    pub memory: &'a str,
}

impl Datecs {
    pub fn new(spec: DatecsSpec) -> Self {
        let dialect = Dialect::of(spec.dialect);
        Self {
            reader: Reader::new(dialect.framing),
            spec,
            dialect,
            steps: VecDeque::new(),
            pending: None,
            last: None,
            memory: Memory::default(),
            ram: Ram::default(),
        }
    }

    fn heard(&mut self, frame: Frame, device: &mut Device) -> String {
        let name = frame.command.to_string();
        if device.refuses_frame() {
            self.steps.push_back(nak());
            return name;
        }
        match &self.last {
            Some((seq, answer)) if *seq == frame.seq => self.steps.push_back(answer.clone()),
            _ => self.pending = Some(Pending { frame, left: device.spec.processing, syn: false }),
        }
        name
    }

    /// SYN and a wait as long as the device has something else to do.
    fn still_busy(&mut self, device: &mut Device) -> bool {
        let Some(pending) = &mut self.pending else { return false };
        let wait = if device.is_busy() {
            device.busy_answered();
            SYN_EVERY
        } else {
            let wait = pending.left.min(SYN_EVERY);
            pending.left -= wait;
            wait
        };
        if wait.is_zero() {
            return false;
        }
        pending.syn = true;
        self.steps.extend([syn(), Action::Wait(wait)]);
        true
    }

    fn carry_out(&mut self, frame: &Frame, device: &mut Device) {
        let name = frame.command.to_string();
        let (data, bits) = match self.request(frame, device) {
            Ok(request) => self.run(frame.command, request, device),
            Err(refusal) => self.refused(frame.command, refusal, device),
        };
        let status = bits.bytes(self.dialect.framing.status());
        let bytes = self.dialect.framing.answer(frame.seq, frame.command, &data, &status);
        let answer = Action::answer(name.clone(), bytes);
        self.last = Some((frame.seq, answer.clone()));
        self.steps.extend([Action::Executed(name), answer]);
    }

    fn request(&self, frame: &Frame, device: &mut Device) -> Result<Request, Refusal> {
        let Some(data) = self.spec.page.decode(&frame.data) else {
            device.violation(format!("command {}: a byte that the code page doesn't have", frame.command));
            return Err(Refusal::Syntax(1));
        };
        let request = if self.dialect.wide() {
            wide::request(self.dialect, frame.command, &data)
        } else {
            commas::request(self.dialect, frame.command, &data)
        };
        if let Err(refusal) = &request
            && refusal.is_violation()
        {
            device.violation(format!("command {}: {refusal:?} in {data:?}", frame.command));
        }
        request
    }

    /// Carries out a command; one that is refused has changed nothing.
    fn run(&mut self, command: u16, request: Request, device: &mut Device) -> (Vec<u8>, Bits) {
        let before = self.memory.clone();
        let job = Job::new(self.dialect, &self.spec, &mut self.memory, &mut self.ram, device);
        match job.run(request) {
            Ok(reply) => {
                if self.memory != before {
                    self.keep(device);
                }
                let bits = self.bits(device);
                (self.reply(command, reply, bits, device), bits)
            }
            Err(refusal) => {
                self.memory = before;
                if refusal.is_violation() {
                    device.violation(format!("command {command}: {refusal:?}"));
                }
                self.refused(command, refusal, device)
            }
        }
    }

    fn keep(&self, device: &mut Device) {
        match serde_json::to_value(&self.memory) {
            Ok(own) => device.ledger.own = own,
            Err(error) => device.violation(format!("the memory can't be kept: {error}")),
        }
    }

    fn reply(&self, command: u16, reply: Reply, bits: Bits, device: &Device) -> Vec<u8> {
        let site = Site {
            dialect: self.dialect,
            spec: &self.spec,
            serial: &device.ledger.serial,
            memory: &device.ledger.storage_number,
        };
        match (&reply, self.dialect.wide()) {
            (Reply::Status, true) => {
                let status = bits.bytes(self.dialect.framing.status());
                [b"0\t", status.as_slice(), b"\t"].concat()
            }
            (Reply::Status, false) => bits.bytes(self.dialect.framing.status()),
            (_, true) => self.spec.page.encode(&wide::reply(&site, reply)),
            (_, false) => self.spec.page.encode(&commas::reply(&site, command, reply)),
        }
    }

    fn refused(&self, command: u16, refusal: Refusal, device: &Device) -> (Vec<u8>, Bits) {
        let data = if self.dialect.wide() {
            wide::refused(&self.spec, refusal)
        } else {
            let day = &self.memory.day;
            let cash = [device.ledger.cash, day.cash_in.sum, day.cash_out.sum];
            commas::refused(self.dialect, command, refusal, cash)
        };
        (data.into_bytes(), self.bits(device).and(refusal.bits(self.dialect.wide())))
    }

    /// The status bits of the device's state.
    fn bits(&self, device: &Device) -> Bits {
        let roll = &device.ledger.roll;
        let full = !device.storage_has_room();
        let receipt = self.memory.receipt();
        let storno = receipt.is_some_and(|receipt| receipt.storno.is_some());
        let name = self.dialect.name;
        [
            Bits::TAX_NUMBER_SET,
            Bits::NUMBERS_SET,
            Bits::FORMATTED,
            Bits::FISCAL_MODE,
            Bits::RATES_SET,
            Bits::CLOCK_NOT_SET.when(execute::clock_is_lost(device.now())),
            Bits::COVER_OPEN.when(roll.cover_open && name != DatecsDialect::C),
            Bits::DAY_OVER.when(name == DatecsDialect::Ro && device.shift_is_old()),
            Bits::STORNO_OPEN.when(name == DatecsDialect::P && storno),
            Bits::NO_PAPER.when(roll.out),
            Bits::NEAR_END.when(!roll.out && roll.left.is_some()),
            Bits::JOURNAL_FULL.when(full),
            Bits::MEMORY_FULL.when(full),
            Bits::FISCAL_OPEN.when(receipt.is_some()),
            Bits::PLAIN_OPEN.when(matches!(self.memory.open, Some(Open::Plain { .. }))),
        ]
        .into_iter()
        .fold(Bits::NONE, Bits::and)
    }
}

impl Machine for Datecs {
    fn connected(&mut self) {
        self.reader.reset();
    }

    fn receive(&mut self, byte: u8, gap: Duration, device: &mut Device) -> Option<String> {
        if gap > device.spec.byte_timeout {
            self.reader.reset();
        }
        match self.reader.push(byte)? {
            Heard::Frame(frame) => Some(self.heard(frame, device)),
            Heard::Broken(why) => {
                device.violation(format!("a frame is answered with NAK: {why}"));
                self.steps.push_back(nak());
                Some("?".to_owned())
            }
            Heard::Stray(byte) => {
                device.violation(format!("the byte {byte:02X} stands outside any frame"));
                None
            }
        }
    }

    fn next(&mut self, device: &mut Device) -> Option<Action> {
        if let Some(step) = self.steps.pop_front() {
            return Some(step);
        }
        let pending = self.pending.as_mut()?;
        if self.dialect.syn_first && !std::mem::replace(&mut pending.syn, true) {
            return Some(syn());
        }
        if !self.still_busy(device)
            && let Some(Pending { frame, .. }) = self.pending.take()
        {
            self.carry_out(&frame, device);
        }
        self.steps.pop_front()
    }

    fn power_off(&mut self, _device: &mut Device) {
        self.reader.reset();
        self.steps.clear();
        self.pending = None;
        self.last = None;
        self.ram = Ram::default();
    }

    fn power_on(&mut self, device: &mut Device) {
        self.memory = serde_json::from_value(device.ledger.own.clone()).unwrap_or_default();
        if self.memory.open.is_some() {
            let mark = self.dialect.words.power_drop;
            self.memory.note_lines(vec![mark.to_owned()]);
            self.keep(device);
            device.print([Line::large(mark)]);
        }
    }

    fn paper_ready(&mut self, device: &mut Device) {
        device.resume_print();
    }
}

fn syn() -> Action {
    Action::control("SYN", vec![SYN])
}

fn nak() -> Action {
    Action::control("NAK", vec![NAK])
}
