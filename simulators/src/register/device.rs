//! What a family implements, and what it has to work with.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use tokio::time::Instant;

use super::clock;
use super::ledger::Kept;
use super::paper::{Line, RegisterPaper, Torn};
use super::spec::RegisterSpec;

/// A family: its link level, its commands, its modes. Purely a state machine, without I/O, time
/// or threads; what must survive a power failure is in [`Device::ledger`], everything else is in
/// the machine and gone with [`power_off`](Self::power_off).
///
/// The core calls [`next`](Self::next) until it gives `None`, then hands over one more byte of
/// the host.
pub(crate) trait Machine: Send {
    /// A host is there. A frame that the host before began may be dropped here.
    fn connected(&mut self) {}

    /// One byte of the host, this long after the one before. When it completes a frame or is a
    /// control byte: its name. What follows from it comes with [`next`](Self::next).
    fn receive(&mut self, byte: u8, gap: Duration, device: &mut Device) -> Option<String>;

    /// The next step, or `None` when there is nothing to do before more is received.
    fn next(&mut self, device: &mut Device) -> Option<Action>;

    /// When [`next`](Self::next) will have something to do by itself, if ever.
    fn wake(&self, _device: &Device) -> Option<Instant> {
        None
    }

    /// A byte of the host that comes while a command takes its time. Gives its name and what is
    /// said to it at once; without that it waits until the command is done.
    fn meanwhile(&mut self, _byte: u8) -> Option<(String, Action)> {
        None
    }

    /// Power fails: memory is lost.
    fn power_off(&mut self, device: &mut Device);

    /// Power is back.
    fn power_on(&mut self, _device: &mut Device) {}

    /// A new roll was put in, or the cover closed.
    fn paper_ready(&mut self, _device: &mut Device) {}
}

/// A step of a [`Machine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// The next call executes a command; before it, its processing time passes.
    Execute,
    /// The last call executed the command of this name. Its state goes to disk now.
    Executed(String),
    /// Bytes leave: a whole frame or a control byte, with its name.
    Send(Sending),
    /// Nothing happens for a time.
    Wait(Duration),
}

/// Something that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sending {
    /// Name of the command answered, or of the control byte.
    pub frame: String,
    /// As on the wire.
    pub bytes: Vec<u8>,
    /// An answer to a command: what [`Fault::LoseAnswer`](super::Fault::LoseAnswer) and its like
    /// strike. Not an acknowledgement.
    pub answer: bool,
}

impl Action {
    /// An answer to a command.
    pub fn answer(frame: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::Send(Sending { frame: frame.into(), bytes, answer: true })
    }

    /// A control byte or an acknowledging frame.
    pub fn control(frame: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self::Send(Sending { frame: frame.into(), bytes, answer: false })
    }
}

/// The parts that all families have: ledger, clock, paper, drawer.
pub(crate) struct Device {
    pub spec: Arc<RegisterSpec>,
    pub ledger: Kept,
    pub papers: Vec<RegisterPaper>,
    pub violations: Vec<String>,
    pub drawer_openings: u32,
    /// The drawer has been opened and not pushed in.
    pub drawer_open: bool,
    pub(super) naks: u32,
    pub(super) busy_answers: u32,
    pub(super) busy_until: Option<Instant>,
}

impl Device {
    pub fn new(spec: Arc<RegisterSpec>, ledger: Kept) -> Self {
        Self {
            spec,
            ledger,
            papers: Vec::new(),
            violations: Vec::new(),
            drawer_openings: 0,
            drawer_open: false,
            naks: 0,
            busy_answers: 0,
            busy_until: None,
        }
    }

    /// The register's clock, local time in whole seconds.
    pub fn now(&self) -> DateTime {
        clock::now(self.spec.clock, self.ledger.clock_offset_s)
    }

    /// The same, as documents have it.
    pub fn now_iso(&self) -> String {
        clock::iso(self.now())
    }

    /// Sets the clock.
    pub fn set_now(&mut self, at: DateTime) {
        self.ledger.clock_offset_s = clock::offset_to(self.spec.clock, at);
    }

    /// Whether the open shift is older than 24 hours.
    pub fn shift_is_old(&self) -> bool {
        let shift = &self.ledger.shift;
        shift.open
            && clock::from_iso(&shift.opened_at)
                .is_some_and(|opened| self.now().duration_since(opened) > SignedDuration::from_hours(24))
    }

    /// Whether the fiscal storage takes one more document.
    pub fn storage_has_room(&self) -> bool {
        self.ledger.storage_room != Some(0)
    }

    /// Puts a document in the fiscal storage. What counts documents and sums is the family's.
    pub fn store(&mut self, document: super::ledger::FiscalDocument) {
        if let Some(room) = &mut self.ledger.storage_room {
            *room = room.saturating_sub(1);
        }
        self.ledger.documents.push(document);
    }

    /// Prints; what there is no paper for waits.
    pub fn print(&mut self, lines: impl IntoIterator<Item = Line>) {
        let torn = self.ledger.roll.print(lines);
        self.came_off(torn);
    }

    /// Prints what waits for paper.
    pub fn resume_print(&mut self) {
        let torn = self.ledger.roll.resume();
        self.came_off(torn);
    }

    /// Takes finished pieces from the mechanism.
    pub(super) fn came_off(&mut self, torn: impl IntoIterator<Item = Torn>) {
        let width = self.spec.width;
        self.papers.extend(torn.into_iter().map(|torn| torn.onto_paper(width)));
    }

    /// The drawer is opened.
    pub fn open_drawer(&mut self) {
        self.drawer_openings += 1;
        self.drawer_open = true;
    }

    /// Notes what the vendor's document doesn't allow.
    pub fn violation(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    /// Whether this frame is to be refused as garbled ([`Fault::Nak`](super::Fault::Nak)). Asked
    /// once for each frame received whole.
    pub fn refuses_frame(&mut self) -> bool {
        let refuse = self.naks > 0;
        self.naks = self.naks.saturating_sub(1);
        refuse
    }

    /// Whether the device pretends to be printing still ([`Fault::Busy`](super::Fault::Busy)).
    pub fn is_busy(&self) -> bool {
        self.busy_answers > 0 || self.busy_until.is_some_and(|until| Instant::now() < until)
    }

    /// One busy answer is being given.
    pub fn busy_answered(&mut self) {
        self.busy_answers = self.busy_answers.saturating_sub(1);
    }
}
