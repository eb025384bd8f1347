//! What a driver is to the agent.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use outlet_protocols::code::Patterns;
use outlet_protocols::display::DisplayDocument;
use outlet_protocols::document::Document;
use outlet_protocols::fiscal::Task;
use outlet_protocols::label::LabelOrder;
use outlet_protocols::label_scale::ItemList;
use outlet_protocols::ticket::Order;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{DeviceError, ErrorKind};
use crate::reading::ReadingSink;

/// A boxed future, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One device, owned by its worker. Every method is cancel-safe up to the first byte with an effect;
/// from [`JobContext::begin`] on, `execute` runs to its end or its own time-out.
pub trait Driver: Send {
    /// Opens the session and learns the device's status. Called until it succeeds, with back-off.
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>>;

    /// Listens while there is nothing to do, and returns only when the session is lost. Cancel-safe.
    fn idle(&mut self) -> BoxFuture<'_, DeviceError>;

    /// Does a job once. Only called while connected.
    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>>;

    /// Asks the device what became of an attempt whose end is unknown.
    fn resolve<'a>(
        &'a mut self,
        command: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>>;

    /// Answers a request that is done now and not journaled: `status`, `identify`, `test`.
    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>>;
}

/// Judges jobs at intake, before they are accepted, without touching the device.
pub trait Check: Send + Sync {
    /// Refuses what the device could never do (kinds `Rejected` and `Unsupported`).
    fn check(&self, work: &Work) -> Result<(), DeviceError>;

    /// The baseline that `execute` would give to [`JobContext::begin`] for this attempt at this moment, where the
    /// device's live status already says that it is ready. With it a job's acceptance and its first attempt
    /// reach the disk together. `None`: the device has to be asked first.
    fn baseline(&self, _command: &Command, _attempt: u64) -> Option<Value> {
        None
    }
}

/// Makes the drivers of one family.
pub trait DriverFactory: Sync {
    /// The word of the configuration: `driver = "escpos"`.
    fn name(&self) -> &'static str;
    /// Reads the options and claims, without touching the device.
    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError>;
    /// Where the device is on a line that it may share with others, such as RS-485. `None`: it needs its link for
    /// itself, or its settings can't work.
    fn place(&self, _settings: &Settings) -> Option<Place> {
        None
    }
}

/// A device's place on a line that several devices share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line and how it is spoken on: devices whose lines are equal may share a link.
    pub line: String,
    /// The device's number there, which no other one may have.
    pub unit: u8,
}

/// Where a driver tells what nobody has asked for.
#[derive(Debug, Clone)]
pub struct Report {
    /// How the device is.
    pub status: StatusSink,
    /// What it has read.
    pub readings: ReadingSink,
}

impl Report {
    /// For a device that reads nothing, or whose readings nobody wants.
    pub fn of_status(status: StatusSink) -> Self {
        Self { status, readings: ReadingSink::new().0 }
    }
}

/// A device ready to be connected.
pub struct Built {
    /// For the worker.
    pub driver: Box<dyn Driver>,
    /// For the intake.
    pub check: Arc<dyn Check>,
    /// For the retained device document.
    pub description: Description,
}

/// A device of the configuration, as its driver sees it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The device's id.
    pub id: String,
    /// Name of a file of `devices/models`.
    pub model: Option<String>,
    /// Where it is.
    pub link: String,
    /// `[device.options]`, strict by driver.
    pub options: Value,
    /// The outlet's codes with a quantity: `[codes]`.
    pub codes: Arc<Patterns>,
}

/// A setting that can't work, found before start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingsError {
    /// The key at fault, from the device's table: `link`, `model`, `options.codepage`.
    pub key: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

/// What a device is: the retained document `device/{device}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Description {
    /// `printer`, later `register`, `scale`, ...
    pub kind: String,
    /// The driver's name.
    pub driver: String,
    /// The model's id.
    pub model: Option<String>,
    /// The model's name for people.
    pub name: String,
    /// Where it is, in canonical form.
    pub link: String,
    /// Job kinds and functions it has: `print`, `drawer`, `raw`, `cut`, `qr`, ...
    pub capabilities: Vec<String>,
    /// Widths, code pages and other bounds.
    pub limits: Value,
}

/// A job as the driver gets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The client's job id.
    pub job: String,
    /// What is to be done.
    pub work: Work,
    /// How many copies, at least 1.
    pub copies: u8,
    /// Lines to be printed above the document, large: `COPY`, `DELAYED 14:02`, `FOR KITCHEN`.
    pub heading: Vec<String>,
}

/// What a job asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Print a document; drawer and raw jobs are documents of one block.
    Print(Arc<Document>),
    /// Do a task of a fiscal register.
    Fiscal(Arc<Task>),
    /// Show text to the guest.
    Display(Arc<DisplayDocument>),
    /// Print a label.
    Label(Arc<LabelOrder>),
    /// Load items into a label scale.
    Items(Arc<ItemList>),
    /// Cook an order, or change it: for stations of the kitchen, which are no devices of a driver.
    Ticket(Arc<Order>),
}

impl Work {
    /// The document, if it is one.
    pub fn document(&self) -> Option<&Arc<Document>> {
        match self {
            Self::Print(document) => Some(document),
            Self::Fiscal(_) | Self::Display(_) | Self::Label(_) | Self::Items(_) | Self::Ticket(_) => None,
        }
    }

    /// Whether the device's books change by it: it is never done twice, and not while it is unknown what
    /// became of another such job.
    pub fn is_booked(&self) -> bool {
        match self {
            Self::Print(_) | Self::Display(_) | Self::Label(_) | Self::Items(_) | Self::Ticket(_) => false,
            Self::Fiscal(task) => task.is_booked(),
        }
    }
}

/// What a driver needs of the agent while it does a job.
pub trait JobContext: Send + Sync {
    /// Number of this attempt in the whole journal: it only grows, also over restarts.
    fn attempt(&self) -> u64;

    /// Puts the attempt on disk with the device's own counters of this moment. Only after it returns `Ok`
    /// may a byte with an effect leave. `Err` (kind `Stopped`): cancelled, expired or taken elsewhere.
    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>>;

    /// Adds to the attempt on disk what a later [`Driver::resolve`] needs beside the baseline: the fields of
    /// an object, which become fields of the baseline. `Err` (kind `Busy`): it is not on disk.
    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>>;

    /// What the device's last outcome asked to be remembered, see [`Outcome::memory`]; null at first.
    fn memory(&self) -> Value;

    /// What the job's last attempt before this one gave to [`begin`](Self::begin), with what was noted since; null
    /// where there was none, as in a context without a journal. What a label says of a weighed item is in it: it is
    /// printed again as it was, whatever lies on the scale by then.
    ///
    /// # Errors
    /// Kind `Busy`: the journal can't be read.
    fn earlier(&self) -> BoxFuture<'_, Result<Value, DeviceError>> {
        Box::pin(std::future::ready(Ok(Value::Null)))
    }

    /// Says that the job waits, and why (`paper-out`, `cover-open`, ...), or with `None` that it goes on.
    fn waiting(&self, reason: Option<Waiting>);

    /// Records bytes that crossed the wire, for the byte trace of the job.
    fn trace(&self, direction: Direction, bytes: &[u8]);

    /// Asks another device of the outlet, such as the scale that a label's weight comes from.
    ///
    /// # Errors
    /// What that device answers; `unknown-device` where there is none of this id, as in a context without an agent.
    fn ask<'a>(&'a self, device: &'a str, _request: Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        let message = format!("there is no device {device:?} here");
        Box::pin(std::future::ready(Err(DeviceError::new(ErrorKind::Rejected, "unknown-device", message))))
    }

    /// Resolves when the agent is told to end at once.
    fn aborted(&self) -> BoxFuture<'_, ()>;
}

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the agent to the device.
    Sent,
    /// From the device to the agent.
    Received,
}

/// Why a job waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// A code of the contract.
    pub code: String,
    /// What is the matter and what to do.
    pub message: String,
}

/// An attempt that was begun, as the journal kept it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its number in the whole journal.
    pub number: u64,
    /// What the driver gave to [`JobContext::begin`].
    pub baseline: Value,
    /// What was learned afterwards, if anything.
    pub evidence: Value,
}

impl Attempt {
    /// An attempt of which nothing but its number is known.
    pub fn unknown(number: u64) -> Self {
        Self { number, baseline: Value::Null, evidence: Value::Null }
    }
}

/// What a device knows of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// It was done.
    Done(Outcome),
    /// It certainly was not, and leaves nothing behind: the job may be done anew. With what the device said.
    NotDone(Value),
    /// The device can't tell, and why.
    Unknown(String),
}

/// A job's good end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// How sure it is.
    pub confidence: Confidence,
    /// What the job brought: document numbers and the like.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub result: Value,
    /// What the device said that proves it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
    /// What the driver wants to be told with the device's next jobs: kept in the journal with this outcome,
    /// instead of what was kept before. `None`: that stays.
    #[serde(skip)]
    pub memory: Option<Value>,
}

impl Outcome {
    /// An outcome after which nothing is to be remembered.
    pub fn new(confidence: Confidence, result: Value, evidence: Value) -> Self {
        Self { confidence, result, evidence, memory: None }
    }
}

/// How sure a good end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The bytes left for a device that answers nothing.
    Sent,
    /// The device said that it is done; there is no paper to it.
    Confirmed,
    /// A screen has shown it.
    Shown,
    /// The printer confirmed it.
    Printed,
    /// The register gave a document number and a sign.
    Fiscalised,
}

/// A request that is done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Ask the device for its status.
    Status,
    /// Ask the device what it is: maker, model, firmware, serial number.
    Identify,
    /// Print the technician's page and judge the device. A register prints nothing and moves no money.
    Test,
    /// Take the sums that a register has now for right, although jobs of this agent don't explain them.
    AcceptSums,
    /// Weigh what lies on the scale: waits until it is at rest, and answers with the reading.
    Weigh {
        /// How long to wait, in milliseconds; 10 s when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 100, max = 60_000))]
        timeout_ms: Option<u32>,
    },
    /// Count by weight what is not sold by weight: (weight - tare) / ((gross - tare) / in_pack).
    Count {
        /// Weight of the empty packaging, in kg.
        tare: Decimal,
        /// Weight of a full pack, in kg.
        gross: Decimal,
        /// How much a full pack holds, in the item's own unit.
        in_pack: Decimal,
        /// How long to wait for the scale to be at rest, in milliseconds; 10 s when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 100, max = 60_000))]
        timeout_ms: Option<u32>,
    },
    /// Set the scale to zero.
    Zero,
    /// Take what lies on the scale for packaging.
    Tare,
    /// Set a known weight of packaging; 0 takes it away.
    PresetTare {
        /// In kg.
        tare: Decimal,
    },
    /// Publish every reading for a while, changed or not. Asked again before the time is over, it goes on.
    Live {
        /// For how many seconds; 0 ends it.
        #[schemars(range(min = 0, max = 3600))]
        for_s: u16,
    },
    /// Switch an output of a relay on or off: a lock, a light.
    Switch {
        /// Which of the device's outputs.
        output: String,
        /// On, or off.
        on: bool,
    },
    /// Switch an output of a relay on for a moment: a bell.
    Pulse {
        /// Which of the device's outputs.
        output: String,
        /// For how many milliseconds; what the device is set to when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 50, max = 60_000))]
        for_ms: Option<u32>,
    },
}

impl Request {
    /// The word of the contract.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Identify => "identify",
            Self::Test => "test",
            Self::AcceptSums => "accept-sums",
            Self::Weigh { .. } => "weigh",
            Self::Count { .. } => "count",
            Self::Zero => "zero",
            Self::Tare => "tare",
            Self::PresetTare { .. } => "preset-tare",
            Self::Live { .. } => "live",
            Self::Switch { .. } => "switch",
            Self::Pulse { .. } => "pulse",
        }
    }

    /// The answer of a device of another kind.
    pub fn not_for(&self, device: &str) -> DeviceError {
        let message = format!("{} is nothing that {device} does", self.op());
        DeviceError::new(ErrorKind::Unsupported, "unsupported", message)
    }
}

/// Where a driver reports the device's status; the agent publishes each change.
pub type StatusSink = tokio::sync::watch::Sender<DeviceStatus>;

/// What is known of a device right now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceStatus {
    /// There is a session.
    pub online: bool,
    /// Codes of what is the matter: `paper-near-end`, `paper-out`, `cover-open`, `cutter-jam`, `offline`...
    pub conditions: BTreeSet<String>,
    /// The last words on why it is offline.
    pub problem: Option<String>,
    /// Whether the cash drawer is open, where the device knows it.
    pub drawer_open: Option<bool>,
}

/// The paper ends soon.
pub const PAPER_NEAR_END: &str = "paper-near-end";
/// The toner or the ink ends soon.
pub const TONER_LOW: &str = "toner-low";
/// The shift has to be closed soon.
pub const SHIFT_ENDS_SOON: &str = "shift-ends-soon";
/// The fiscal storage has to be replaced soon.
pub const STORAGE_NEAR_END: &str = "storage-near-end";
/// The operator of fiscal data has not confirmed documents for a while.
pub const EXCHANGE_BEHIND: &str = "exchange-behind";

/// Conditions that prevent no work.
const NOTICES: [&str; 5] = [PAPER_NEAR_END, TONER_LOW, SHIFT_ENDS_SOON, STORAGE_NEAR_END, EXCHANGE_BEHIND];

impl DeviceStatus {
    /// Whether one of its conditions prevents work.
    pub fn is_hindered(&self) -> bool {
        self.conditions.iter().any(|condition| !NOTICES.contains(&condition.as_str()))
    }

    /// Reports it, unless it is what was reported last.
    pub fn tell(self, sink: &StatusSink) {
        sink.send_if_modified(|status| {
            let changed = *status != self;
            *status = self;
            changed
        });
    }
}
