//! Fiscal registers: what all families have in common.
//!
//! A family ([`Family`]) knows its protocol: how to look at the register, how to do a task, how to look for
//! a document afterwards. [`Register`] is the driver around it: the order of steps, what is compared before
//! money moves, and what is done when an answer is lost.
//!
//! # A task with an effect
//! 1. *Look*: is it ready, which shift, which document was the last, how much cash.
//! 2. *Compare*: the register's sums and serial number with what the last outcome left (see [`books`]).
//! 3. *Begin*: the look goes on disk as the attempt's [`Baseline`], with the tag that the document will bear.
//!    A receipt that follows another is begun with its acceptance, and the look confirms its baseline
//!    (`standing`).
//! 4. *Perform*: the family sends the task; before its closing command it may add a note to the attempt.
//! 5. An answer that is lost is never asked for by doing the thing again. The register is connected to anew
//!    and asked what it has: a document with our tag is the proof, a counter's advance is none.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use outlet_protocols::document::{Block, Document};
use outlet_protocols::fiscal::{DateTime, Money, ShiftStatus, Tag, Task, TaskResult};

use crate::driver::{BoxFuture, JobContext, Waiting};
use crate::error::{DeviceError, ErrorKind};

pub mod books;
mod diagnose;
mod driver;
mod line;
pub mod options;
mod settle;
mod standing;

pub use driver::Register;
pub use line::Line;

/// More documents than this behind a baseline are not looked through: a person finds one among them sooner.
pub const LONGEST_SEARCH: u32 = 5_000;

/// A family of registers, spoken to over an open line.
///
/// Every method may be dropped at any await, or fail with [`Trouble::Lost`]; the next call, perhaps over
/// another line, begins by putting the link level right. None of them repeats a command with an effect,
/// unless the link level makes that safe.
pub trait Family: Send {
    /// The driver's name.
    fn name(&self) -> &'static str;

    /// The line is new: brings the link level into step and learns who answers. An answer that the device
    /// still holds is taken, and kept for [`find`](Self::find) where it helps.
    fn greet<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<Identity, Trouble>>;

    /// Asks how the register is. Changes nothing.
    fn look<'a>(&'a mut self, line: &'a mut Line<'_>, depth: Depth) -> BoxFuture<'a, Result<Look, Trouble>>;

    /// Goes on with a document that the paper's end interrupted.
    fn go_on<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>>;

    /// Drops the document that is open.
    fn cancel<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>>;

    /// Does a task. With [`Trouble::Refused`] a document may be left open.
    fn perform<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        attempt: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<TaskResult, Trouble>>;

    /// Looks in the register for what became of a task that leaves a document in it: a receipt, or cash in
    /// and out where the register keeps a document of it. `before` is the baseline, `notes` all that is on
    /// disk of the attempt, `now` a deep look of this moment, with no document open and nothing printing.
    fn find<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        before: &'a Baseline,
        notes: &'a Value,
        now: &'a Look,
    ) -> BoxFuture<'a, Result<Found, Trouble>>;

    /// What of a look is known once a receipt has ended well, as far as [`find`](Self::find) needs it for a
    /// receipt. `None`: a look is needed before the next.
    fn left_by(&self, _before: &Baseline, _receipt: &TaskResult) -> Option<Baseline> {
        None
    }

    /// What the link has been like since the line was opened, for a technician.
    fn link_quality(&self) -> Value {
        Value::Null
    }
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Identity {
    /// Model, as the device names it.
    pub model: String,
    /// Factory serial number.
    pub serial: String,
    /// Firmware.
    pub firmware: Option<String>,
    /// Number of the fiscal storage or memory.
    pub storage: Option<String>,
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a panel shows: paper, mode, shift.
    Panel,
    /// That, the last document and the sums.
    Books,
}

/// How a register is at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// Why nothing can be printed: `paper-out`, `cover-open`, `device-fault`.
    pub obstacle: Option<Waiting>,
    /// The paper ends soon.
    pub paper_near_end: bool,
    /// Whether the cash drawer is open, where the register knows it.
    pub drawer_open: Option<bool>,
    /// It still prints.
    pub printing: bool,
    /// It waits to be told to go on with a document that the paper's end interrupted.
    pub interrupted: bool,
    /// A document is open, neither closed nor cancelled.
    pub document_open: bool,
    /// It takes no documents at all, and why.
    pub blocked: Option<String>,
    /// The shift; absent where the device did not tell.
    pub shift: Option<ShiftStatus>,
    /// Its clock.
    pub clock: Option<DateTime>,
    /// The storage is full or too old.
    pub storage_exhausted: bool,
    /// The storage has to be replaced soon.
    pub storage_near_end: bool,
    /// Documents wait for the operator of fiscal data for too long.
    pub exchange_behind: bool,
    /// Number of the last document in the storage ([`Depth::Books`]).
    pub last_document: Option<u32>,
    /// Cash in the drawer, as the register counts it ([`Depth::Books`]).
    pub cash: Option<Money>,
    /// Number of the last document of any kind, fiscal or not ([`Depth::Books`]).
    pub last_slip: Option<u32>,
    /// What the register said, for evidence.
    pub said: Value,
}

/// A register before a task, as it is kept on disk with the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The mark that the document bears.
    pub tag: Tag,
    /// Serial number of the register.
    pub serial: String,
    /// Number of its storage.
    pub storage: Option<String>,
    /// The shift.
    pub shift: Option<ShiftStatus>,
    /// See [`Look::last_document`].
    pub last_document: Option<u32>,
    /// See [`Look::cash`].
    pub cash: Option<Money>,
    /// See [`Look::last_slip`].
    pub last_slip: Option<u32>,
}

/// A task that is to be done once.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The task.
    pub task: &'a Task,
    /// The mark by which its document is known to be ours.
    pub tag: Tag,
}

/// What a register has of a task.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one at a time")]
pub enum Found {
    /// It is done; with what proves it.
    Done(TaskResult, Value),
    /// Nothing came of it; with what shows that.
    Nothing(Value),
    /// It can't be told, and why; with what was found.
    Unknown(String, Value),
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The link broke, or an answer did not come or made no sense: what was asked last may have been done.
    Lost(String),
    /// The register refuses. Nothing was done by the command it refused.
    Refused(Refused),
    /// The agent was told to end at once.
    Aborted,
    /// The agent's disk did not take a note: what was to follow was not sent.
    NotNoted(DeviceError),
}

/// A refusal of a register.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// What can be done about it.
    pub class: Refusal,
    /// What happened, where, and the remedy.
    pub message: String,
    /// What the register said: command, code, its text.
    pub said: Value,
}

/// What a refusal means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The task itself is wrong for this register.
    Task,
    /// It has no such function.
    Unsupported,
    /// Out of paper, cover open.
    Paper,
    /// It still prints or works.
    Busy,
    /// The shift has to be opened first.
    ShiftClosed,
    /// A shift is open already.
    ShiftOpen,
    /// The shift is older than 24 hours.
    ShiftExpired,
    /// A document is open.
    DocumentOpen,
    /// Its clock is wrong or waits to be confirmed.
    Clock,
    /// The storage is full, too old, or in a wrong state.
    Storage,
    /// Password or rights within the register.
    Password,
    /// There is not so much cash in the drawer.
    NoCash,
    /// Another register stands where the shift was opened.
    SerialChanged,
    /// Its sums are not those that this agent's jobs have left.
    SumsDiffer,
    /// It takes no documents at all.
    Blocked,
    /// Anything else.
    Other,
}

impl Refusal {
    /// The code that clients see.
    pub fn code(self) -> &'static str {
        match self {
            Self::Task => "register-refused",
            Self::Unsupported => "unsupported",
            Self::Paper => "paper-out",
            Self::Busy => "device-busy",
            Self::ShiftClosed => "shift-closed",
            Self::ShiftOpen => "shift-open",
            Self::ShiftExpired => "shift-expired",
            Self::DocumentOpen => "receipt-open",
            Self::Clock => "clock-wrong",
            Self::Storage => "storage-refused",
            Self::Password => "register-password",
            Self::NoCash => "no-cash",
            Self::SerialChanged => "serial-changed",
            Self::SumsDiffer => "sums-differ",
            Self::Blocked => "register-blocked",
            Self::Other => "register-refused",
        }
    }

    /// Whether the same task may succeed later without anybody changing it.
    pub fn passes(self) -> bool {
        matches!(self, Self::Paper | Self::Busy)
    }
}

/// Whether a document is a drawer job.
fn opens_drawer_only(document: &Document) -> bool {
    matches!(document.blocks.as_slice(), [Block::Drawer(_)])
}

impl From<Refused> for DeviceError {
    fn from(refused: Refused) -> Self {
        let kind = match refused.class {
            Refusal::Unsupported => ErrorKind::Unsupported,
            class if class.passes() => ErrorKind::Busy,
            _ => ErrorKind::Rejected,
        };
        DeviceError::new(kind, refused.class.code(), refused.message).with_evidence(refused.said)
    }
}

impl Baseline {
    /// The register as it is now.
    pub fn of(tag: Tag, identity: &Identity, look: &Look) -> Self {
        Self {
            tag,
            serial: identity.serial.clone(),
            storage: identity.storage.clone(),
            shift: look.shift,
            last_document: look.last_document,
            cash: look.cash,
            last_slip: look.last_slip,
        }
    }

    /// What goes on disk.
    pub fn to_json(&self) -> Value {
        json!(self)
    }

    /// From what is on disk; `None` where it is something else.
    pub fn from_json(value: &Value) -> Option<Self> {
        Self::deserialize(value).ok()
    }
}
