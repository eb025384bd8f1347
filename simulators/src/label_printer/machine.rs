//! The printer: what it receives becomes labels, one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::Instant;

use super::PrinterLanguage;
use super::PrinterSpec;
use super::canvas::Canvas;
use super::epl::Epl;
use super::fault::{Event, Fault};
use super::label::Label;
use super::language::{Head, Language, Order};
use super::status::{self, Report, Sensors};
use super::tspl::Tspl;
use super::zpl::Zpl;
use crate::peripheral::{Machine, Plug};
use crate::printer::Bitmap;

/// Bytes that may wait: a whole graphic and what is around it.
const BUFFER: usize = 16 << 20;
/// Labels of different content that may wait; behind them nothing is read.
const MOST_BATCHES: usize = 32;
/// Copies of one label that are printed at most.
const MOST_COPIES: u32 = 10_000;
/// Violations that are kept.
const MOST_VIOLATIONS: usize = 1000;

/// One content, so many times.
struct Batch {
    canvas: Canvas,
    remaining: u32,
}

/// What ends after so many more whole labels, in the middle of the next one.
#[derive(Debug, Default)]
struct Ends {
    labels: Option<u32>,
    ribbon: Option<u32>,
    power: Option<u32>,
}

pub(super) struct Device {
    pub spec: Arc<PrinterSpec>,
    plug: Plug,
    language: Box<dyn Language>,
    input: Vec<u8>,
    pub received: u64,
    queue: VecDeque<Batch>,
    /// The label in print is done then.
    done: Option<Instant>,
    pub sensors: Sensors,
    ends: Ends,
    cut_after: Option<u64>,
    silent: bool,
    reprint: bool,
    was_blocked: bool,
    pub labels: VecDeque<Arc<Label>>,
    pub count: usize,
    pub violations: Vec<String>,
    pub events: broadcast::Sender<Event>,
}

impl Device {
    pub fn new(spec: PrinterSpec) -> Self {
        let head = Head { dpi: spec.dpi, size: spec.label, cyrillic: spec.cyrillic };
        let language: Box<dyn Language> = match spec.language {
            PrinterLanguage::Tspl => Box::new(Tspl::new(head)),
            PrinterLanguage::Zpl => Box::new(Zpl::new(head)),
            PrinterLanguage::Epl => Box::new(Epl::new(head)),
        };
        Self {
            reprint: spec.reprints,
            spec: Arc::new(spec),
            plug: Plug::new(),
            language,
            input: Vec::new(),
            received: 0,
            queue: VecDeque::new(),
            done: None,
            sensors: Sensors::default(),
            ends: Ends::default(),
            cut_after: None,
            silent: false,
            was_blocked: false,
            labels: VecDeque::new(),
            count: 0,
            violations: Vec::new(),
            events: broadcast::channel(4096).0,
        }
    }

    pub fn powered(&self) -> bool {
        self.plug.power
    }

    pub fn has_host(&self) -> bool {
        self.plug.connected
    }

    pub fn remaining(&self) -> u32 {
        self.queue.iter().fold(0, |sum, batch| sum.saturating_add(batch.remaining))
    }

    pub fn waiting(&self) -> usize {
        self.input.len()
    }

    // Interpreting

    fn interpret(&mut self, now: Instant) {
        while self.plug.power && self.queue.len() < MOST_BATCHES {
            let mut orders = Vec::new();
            let taken = self.language.step(&self.input, &mut orders);
            if taken == 0 && orders.is_empty() {
                return;
            }
            self.input.drain(..taken.min(self.input.len()));
            for order in orders {
                self.order(order);
            }
            self.print(now);
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Print { canvas, copies } => {
                self.violations.extend(canvas.violations.iter().take(MOST_VIOLATIONS).cloned());
                self.violations.truncate(MOST_VIOLATIONS);
                if copies > MOST_COPIES {
                    self.violation(format!("{copies} copies, {MOST_COPIES} are printed"));
                }
                if copies > 0 {
                    self.queue.push_back(Batch { canvas, remaining: copies.min(MOST_COPIES) });
                }
            }
            Order::Ask(question) => {
                self.emit(Event::Asked(question));
                let report = Report {
                    sensors: self.sensors,
                    remaining: self.queue.front().map_or(0, |batch| batch.remaining),
                    formats: self.queue.len().saturating_sub(1),
                    partial: self.language.is_partial(),
                    length: self.queue.front().map_or(self.spec.label.1, |batch| batch.canvas.bits.height()),
                    transfer: self.spec.ribbon,
                    buffer_full: self.input.len() >= BUFFER,
                    model: &self.spec.model,
                    dpi: self.spec.dpi,
                };
                let answer = status::answer(question, report);
                self.say(answer);
            }
            Order::Pause(paused) => self.sensors.paused = paused,
            Order::CancelAll => {
                self.queue.clear();
                self.done = None;
            }
            Order::Reset => {
                self.queue.clear();
                self.done = None;
                self.language.reset();
                self.reprint = self.spec.reprints;
            }
            Order::Reprint(reprint) => self.reprint = reprint,
            Order::Violation(what) => self.violation(what),
        }
    }

    fn say(&mut self, bytes: Vec<u8>) {
        if self.spec.answers && !self.silent {
            self.plug.say(bytes);
        }
    }

    fn violation(&mut self, what: String) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(what);
        }
    }

    // Printing

    /// Prints what can be printed now; gives the time at which the label in print is done.
    fn print(&mut self, now: Instant) -> Option<Instant> {
        while self.plug.power && !self.sensors.blocked() && !self.queue.is_empty() {
            if self.spec.label_time > Duration::ZERO {
                let done = *self.done.get_or_insert(now + self.spec.label_time);
                if done > now {
                    return Some(done);
                }
            }
            self.done = None;
            self.one_label();
        }
        None
    }

    fn one_label(&mut self) {
        if ends_now(&mut self.ends.power) {
            self.come_out(false);
            return self.power_off();
        }
        if ends_now(&mut self.ends.labels) {
            self.sensors.labels_out = true;
            return self.interrupted();
        }
        if self.spec.ribbon && ends_now(&mut self.ends.ribbon) {
            self.sensors.ribbon_out = true;
            return self.interrupted();
        }
        self.come_out(true);
        self.one_done();
    }

    /// An error in the middle of a label.
    fn interrupted(&mut self) {
        self.come_out(false);
        if !self.reprint {
            self.one_done();
        }
        self.sensors.paused |= self.spec.waits_for_key;
    }

    fn one_done(&mut self) {
        if let Some(batch) = self.queue.front_mut() {
            batch.remaining = batch.remaining.saturating_sub(1);
            if batch.remaining == 0 {
                self.queue.pop_front();
            }
        }
    }

    /// The first label of the queue comes out, whole or its upper half.
    fn come_out(&mut self, complete: bool) {
        let Some(batch) = self.queue.front() else { return };
        let whole = &batch.canvas.bits;
        let raster = if complete {
            whole.clone()
        } else {
            let mut half = Bitmap::new(whole.width(), whole.height() / 2);
            half.stamp(whole, 0, 0, 1, 1);
            half
        };
        self.count += 1;
        let label = Label {
            number: self.count,
            fields: batch.canvas.fields.clone(),
            raster,
            complete,
            violations: batch.canvas.violations.clone(),
        };
        self.labels.push_back(Arc::new(label));
        if self.labels.len() > self.spec.keep {
            self.labels.pop_front();
        }
        self.emit(Event::Label(self.count));
    }

    // Faults

    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::LabelsOut => {
                self.sensors.labels_out = true;
                self.sensors.paused |= self.spec.waits_for_key;
            }
            Fault::LabelsOutAfter(labels) => self.ends.labels = Some(labels),
            Fault::NewLabels => {
                self.sensors.labels_out = false;
                self.ends.labels = None;
            }
            Fault::RibbonOut => {
                self.sensors.ribbon_out = self.spec.ribbon;
                self.sensors.paused |= self.spec.waits_for_key;
            }
            Fault::RibbonOutAfter(labels) => self.ends.ribbon = Some(labels),
            Fault::NewRibbon => {
                self.sensors.ribbon_out = false;
                self.ends.ribbon = None;
            }
            Fault::HeadOpen => {
                self.sensors.head_open = true;
                self.sensors.paused |= self.spec.waits_for_key;
                // The label in print is spoilt.
                if self.done.take().is_some() {
                    self.interrupted();
                }
            }
            Fault::HeadClosed => self.sensors.head_open = false,
            Fault::Pause => self.sensors.paused = true,
            Fault::Resume => self.sensors.paused = false,
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::PowerOff => {
                if self.done.take().is_some() {
                    self.come_out(false);
                }
                self.power_off();
            }
            Fault::PowerOffAfter(labels) => self.ends.power = Some(labels),
            Fault::PowerOn => {
                if !std::mem::replace(&mut self.plug.power, true) {
                    self.emit(Event::Power(true));
                }
            }
            Fault::CutLink | Fault::CutLinkAfter(0) => self.plug.cut = true,
            Fault::CutLinkAfter(bytes) => self.cut_after = Some(bytes),
            Fault::RefuseConnections => {
                self.plug.refuse = true;
                self.plug.cut = self.plug.network;
            }
            Fault::AcceptConnections => self.plug.refuse = false,
            Fault::Unplug => self.plug.unplug(),
            Fault::Replug => self.plug.unplugged = false,
        }
    }

    fn power_off(&mut self) {
        self.plug.power_off();
        self.input.clear();
        self.queue.clear();
        self.done = None;
        self.sensors.paused = false;
        self.ends.power = None;
        self.reprint = self.spec.reprints;
        self.language.reset();
        self.emit(Event::Power(false));
    }

    fn emit(&self, event: Event) {
        // Nobody may be listening.
        let _ = self.events.send(event);
    }
}

impl Machine for Device {
    fn plug(&mut self) -> &mut Plug {
        &mut self.plug
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.plug.cut {
            return;
        }
        let mut taken = bytes;
        if let Some(left) = self.cut_after {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            taken = bytes.get(..most).unwrap_or_default();
            self.cut_after = left.checked_sub(most as u64).filter(|left| *left > 0);
            self.plug.cut = self.cut_after.is_none();
        }
        self.received += taken.len() as u64;
        self.input.extend_from_slice(taken);
        self.interpret(Instant::now());
    }

    fn connected(&mut self) {
        self.emit(Event::Connected);
    }

    fn disconnected(&mut self) {
        self.emit(Event::Disconnected);
    }

    fn run(&mut self, now: Instant) -> Option<Instant> {
        self.print(now);
        self.interpret(now);
        let wake = self.print(now);
        let blocked = self.sensors.blocked();
        if std::mem::replace(&mut self.was_blocked, blocked) != blocked {
            self.emit(Event::Blocked(blocked));
        }
        wake
    }

    fn room(&self) -> usize {
        BUFFER.saturating_sub(self.input.len())
    }
}

/// Whether it ends with the label that begins; otherwise there is one less before it does.
fn ends_now(left: &mut Option<u32>) -> bool {
    match left {
        Some(0) => {
            *left = None;
            true
        }
        Some(labels) => {
            *labels -= 1;
            false
        }
        None => false,
    }
}
