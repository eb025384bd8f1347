//! The topic contract: topics, submissions, job documents, requests and answers.
//!
//! What stands here is what `docs/contract.md` explains and what the generated schemas are made of.

use std::fmt;

use outlet_devices::driver::{Confidence, Description, Waiting};
use outlet_devices::reading::Reading;
use outlet_protocols::ticket::Quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::kitchen::order::ItemState;
use crate::screens::View;

/// Topics below `outlet/v1/{outlet}`, or another prefix of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    prefix: String,
}

/// A topic that clients publish commands to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandTopic<'a> {
    /// `device/{device}/job`
    Job {
        /// The device's id, as given: it may be unknown or no id at all.
        device: &'a str,
    },
    /// `device/{device}/request`
    DeviceRequest {
        /// The device's id, as given.
        device: &'a str,
    },
    /// `request`
    Request,
    /// `kitchen/command/{screen}`
    Kitchen {
        /// The screen's id, as given.
        screen: &'a str,
    },
}

impl Topics {
    /// Topics below a prefix without a slash at its end.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The prefix itself.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Which command a topic carries, if it is one of this outlet's command topics.
    pub fn command<'a>(&self, topic: &'a str) -> Option<CommandTopic<'a>> {
        let rest = topic.strip_prefix(self.prefix.as_str())?.strip_prefix('/')?;
        if rest == "request" {
            return Some(CommandTopic::Request);
        }
        if let Some(screen) = rest.strip_prefix("kitchen/command/") {
            return Some(CommandTopic::Kitchen { screen });
        }
        let (device, leaf) = rest.strip_prefix("device/")?.split_once('/')?;
        match leaf {
            "job" => Some(CommandTopic::Job { device }),
            "request" => Some(CommandTopic::DeviceRequest { device }),
            _ => None,
        }
    }

    /// The filters that together match every command topic.
    pub fn command_filters(&self) -> [String; 4] {
        ["device/+/job", "device/+/request", "request", "kitchen/command/+"].map(|leaf| self.below(leaf))
    }

    /// The filters of retained documents that come and go: what an earlier run, or somebody else, has left there
    /// is cleared.
    pub fn passing_filters(&self) -> [String; 2] {
        ["kitchen/+/ticket/+", "kitchen/screen/+"].map(|leaf| self.below(leaf))
    }

    /// Whether a topic is one of a retained document that comes and goes.
    pub fn is_passing(&self, topic: &str) -> bool {
        self.passing_filters().iter().any(|filter| crate::broker::covers(filter, topic))
    }

    /// The filters that together match every topic that only the agent writes.
    pub fn agent_filters(&self) -> Vec<String> {
        let leaves = [
            "agent",
            "device/+",
            "device/+/state",
            "device/+/reading",
            "job/+",
            "attention",
            "reply/#",
            "event",
            "kitchen/+/manifest",
            "kitchen/+/ticket/+",
            "kitchen/screen/+",
            "kitchen/answer/+",
        ];
        leaves.map(|leaf| self.below(leaf)).to_vec()
    }

    /// `agent`
    pub fn agent(&self) -> String {
        self.below("agent")
    }
    /// `attention`
    pub fn attention(&self) -> String {
        self.below("attention")
    }
    /// `event`
    pub fn event(&self) -> String {
        self.below("event")
    }
    /// `request`
    pub fn request(&self) -> String {
        self.below("request")
    }
    /// `job/{job}`
    pub fn job(&self, job: &str) -> String {
        format!("{}/job/{job}", self.prefix)
    }
    /// `device/{device}`
    pub fn device(&self, device: &str) -> String {
        format!("{}/device/{device}", self.prefix)
    }
    /// `device/{device}/state`
    pub fn device_state(&self, device: &str) -> String {
        format!("{}/device/{device}/state", self.prefix)
    }
    /// `device/{device}/reading`
    pub fn device_reading(&self, device: &str) -> String {
        format!("{}/device/{device}/reading", self.prefix)
    }
    /// `device/{device}/job`
    pub fn device_job(&self, device: &str) -> String {
        format!("{}/device/{device}/job", self.prefix)
    }
    /// `device/{device}/request`
    pub fn device_request(&self, device: &str) -> String {
        format!("{}/device/{device}/request", self.prefix)
    }
    /// `reply/{client}`
    pub fn reply(&self, client: &str) -> String {
        format!("{}/reply/{client}", self.prefix)
    }

    /// `kitchen/{station}/manifest`
    pub fn kitchen_manifest(&self, station: &str) -> String {
        format!("{}/kitchen/{station}/manifest", self.prefix)
    }
    /// `kitchen/{station}/ticket/{order}`
    pub fn kitchen_ticket(&self, station: &str, order: &str) -> String {
        format!("{}/kitchen/{station}/ticket/{order}", self.prefix)
    }
    /// `kitchen/screen/{screen}`
    pub fn kitchen_screen(&self, screen: &str) -> String {
        format!("{}/kitchen/screen/{screen}", self.prefix)
    }
    /// `kitchen/answer/{screen}`
    pub fn kitchen_answer(&self, screen: &str) -> String {
        format!("{}/kitchen/answer/{screen}", self.prefix)
    }
    /// `kitchen/command/{screen}`
    pub fn kitchen_command(&self, screen: &str) -> String {
        format!("{}/kitchen/command/{screen}", self.prefix)
    }

    /// Whether an answer may be sent there: only below `reply/`, without wildcards.
    pub fn is_reply(&self, topic: &str) -> bool {
        topic.strip_prefix(self.prefix.as_str()).and_then(|rest| rest.strip_prefix("/reply/")).is_some_and(
            |client| !client.is_empty() && client.len() <= 256 && !client.contains(['+', '#', '\0']),
        )
    }

    fn below(&self, leaf: &str) -> String {
        format!("{}/{leaf}", self.prefix)
    }
}

/// Whether a name can stand for an outlet, device, station, screen or client in a topic.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether an id can stand for a job: a ULID, a UUID, or the like.
pub fn is_job_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A job as a client submits it on `device/{device}/job`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Chosen by the client, `[A-Za-z0-9-]{1,64}`: the idempotency key.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{1,64}$"))]
    pub id: String,
    /// What is asked for.
    pub kind: Kind,
    /// What to print; its shape depends on the kind. Absent for a drawer job with the usual pulse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
    /// Seconds from receipt to the deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_592_000))]
    pub ttl_s: Option<u32>,
    /// What becomes of it past the deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// 0 (last) to 9 (first); 5 when absent, 9 for a drawer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9))]
    pub priority: Option<u8>,
    /// How many copies, 1 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub copies: Option<u8>,
    /// Who asks, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub by: Option<String>,
    /// Where the answer goes, for clients without MQTT 5; below `reply/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// What a job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Print a document.
    Print,
    /// A task of a fiscal register.
    Fiscal,
    /// Print a label.
    Label,
    /// A kitchen ticket for a screen.
    Ticket,
    /// Text on a customer display.
    Display,
    /// Open the cash drawer.
    Drawer,
    /// Bytes as they are: a right of its own.
    Raw,
    /// Items for a label scale.
    Items,
}

/// What becomes of a job past its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stale {
    /// It ends as `expired`.
    #[default]
    Expire,
    /// It waits for a person to release or cancel it.
    Hold,
    /// It is printed with a line `DELAYED 14:02`.
    Banner,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Refused at intake; never journaled.
    Rejected,
    /// On disk, in the queue.
    Accepted,
    /// Being done.
    Running,
    /// Not final: out of paper, offline, held. `reason` says why.
    Waiting,
    /// Not final: bytes with an effect have left and the outcome is not known.
    Uncertain,
    /// Done.
    Succeeded,
    /// Not done, and it won't be.
    Failed,
    /// Not done in time.
    Expired,
    /// Not done because it was called off.
    Cancelled,
}

impl State {
    /// Whether nothing will follow.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Succeeded | Self::Failed | Self::Expired | Self::Cancelled)
    }

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Uncertain => "uncertain",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The whole job, published on `job/{job}` at each transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobDocument {
    /// The client's id.
    pub job: String,
    /// The device it was sent to.
    pub device: String,
    /// What was asked for; absent where a refused submission did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Where it stands.
    pub state: State,
    /// Grows by one with each transition; 0 for a refusal.
    pub version: u32,
    /// When this transition happened.
    pub at: Timestamp,
    /// How many attempts were begun.
    pub attempt: u32,
    /// Set while bytes of it may be on their way: it can't be called off now, and does not expire.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun: bool,
    /// Who asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The user that signed in, where the broker asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// Until when it is to be begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// How sure the success is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What it brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it was refused, failed, expired, or is uncertain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// Why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Waiting>,
    /// What the device said, attempts, and who decided what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Value>,
    /// Set when it was taken over by another device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerouted: Option<Rerouted>,
    /// Set in the answer to a repeated submission.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

/// What a device has read by itself, published on `device/{device}/reading`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReadingDocument {
    /// Grows by one with each reading of the device; begins at 1 when the agent starts. One that is missing was
    /// lost.
    pub seq: u64,
    /// When it was read.
    pub at: Timestamp,
    /// What was read.
    #[serde(flatten)]
    pub reading: Reading,
}

/// A job that another device took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rerouted {
    /// The device it was sent to.
    pub from: String,
    /// The device that took over.
    pub to: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: Waiting,
}

/// An error as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// A code of the contract, in kebab case.
    pub code: String,
    /// What happened, where, and the remedy.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
}

impl ErrorBody {
    /// An error that the same request would meet again.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), retryable: false }
    }

    /// An error that may pass.
    pub fn retryable(code: &str, message: impl Into<String>) -> Self {
        Self { retryable: true, ..Self::new(code, message) }
    }
}

/// A request to the agent as a whole, on `request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AgentRequest {
    /// One job, with its attempts and, if asked for, their byte traces.
    Get {
        /// The job's id.
        job: String,
        /// Whether the byte traces are wanted.
        #[serde(default)]
        trace: bool,
    },
    /// Jobs, newest first.
    List {
        /// Only this device's.
        #[serde(default)]
        device: Option<String>,
        /// Only in one of these states; all when empty.
        #[serde(default)]
        states: Vec<State>,
        /// At most this many, 1 to 500; 50 when absent.
        #[serde(default)]
        limit: Option<u16>,
        /// Only those accepted before this position, as a former answer's `next` gave it.
        #[serde(default)]
        before: Option<u64>,
    },
    /// Call a job off that was not begun.
    Cancel {
        /// The job's id.
        job: String,
        /// Who asks.
        #[serde(default)]
        by: Option<String>,
    },
    /// Let a held job go, with its `DELAYED` or `COPY` line.
    Release {
        /// The job's id.
        job: String,
        /// Who asks.
        #[serde(default)]
        by: Option<String>,
    },
    /// Take a notice off `attention`.
    Dismiss {
        /// Its number.
        notice: u64,
        /// Who asks.
        #[serde(default)]
        by: Option<String>,
    },
    /// Say what became of an uncertain job.
    Resolve {
        /// The job's id.
        job: String,
        /// What a person saw.
        answer: Answer,
        /// Who says so.
        #[serde(default)]
        by: Option<String>,
    },
    /// Read the feed again.
    Replay {
        /// The first sequence number wanted.
        from: u64,
        /// At most this many, 1 to 500; 100 when absent.
        #[serde(default)]
        limit: Option<u16>,
    },
    /// All devices with their states, and what is plugged in but not configured.
    Diagnose {},
    /// All screens, and those that show a code.
    Screens {},
    /// Admit the screen that shows a code.
    Admit {
        /// The code, with or without its dash.
        code: String,
        /// What it is to show.
        view: View,
        /// The stations that it is to watch; the only one of its kind when empty.
        #[serde(default)]
        stations: Vec<String>,
        /// Its name for people; that of its first station when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its language, where it is to have one of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// Who admits it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Change what a screen is for; what is absent stays.
    Assign {
        /// The screen's id.
        screen: String,
        /// What it is to show.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        view: Option<View>,
        /// The stations that it is to watch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stations: Option<Vec<String>>,
        /// Its name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
        /// Who changes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Admit a screen no more.
    Revoke {
        /// The screen's id.
        screen: String,
        /// Who revokes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What a person says of an uncertain job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is on paper.
    Printed,
    /// It is not on paper and is not wanted any more.
    NotPrinted,
    /// Print it again, marked as a copy.
    PrintAgain,
}

/// The answer to a request, on its response topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// Whether it was done.
    pub ok: bool,
    /// Echo of the payload's `correlation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

impl Reply {
    /// An answer with a result.
    pub fn done(result: Value) -> Self {
        Self { ok: true, correlation: None, error: None, result: Some(result) }
    }

    /// An answer with an error.
    pub fn refused(error: ErrorBody) -> Self {
        Self { ok: false, correlation: None, error: Some(error), result: None }
    }
}

/// The retained document `agent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentDocument {
    /// Whether the agent is there.
    pub state: AgentState,
    /// Made anew at each start: a will of an older session is ignored.
    pub session: String,
    /// The program's version.
    pub version: String,
    /// When this session started.
    pub started_at: Timestamp,
    /// Codes of what a person should know of how the agent is set up: `web-without-tls`, `broker-without-tls`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Whether the agent is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgentState {
    /// It is.
    Online,
    /// It is not.
    Offline,
}

/// The retained document `device/{device}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceDocument {
    /// The device's id.
    pub device: String,
    /// What it is.
    #[serde(flatten)]
    pub description: Description,
    /// The device that takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// The retained document `device/{device}/state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceStateDocument {
    /// In a word.
    pub state: DeviceState,
    /// Codes of what is the matter.
    pub conditions: Vec<String>,
    /// Why it is offline, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether its cash drawer is open, where the device knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer_open: Option<bool>,
    /// What waits for it.
    pub queue: QueueState,
    /// Grows with each change.
    pub version: u64,
    /// When it changed.
    pub at: Timestamp,
}

/// A device's state in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// Nothing to do.
    Ready,
    /// At work.
    Busy,
    /// It needs a person: paper, cover, cutter.
    Attention,
    /// No session.
    Offline,
}

/// What waits for a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueState {
    /// Jobs not yet ended, the active one included.
    pub depth: u64,
    /// The job being done.
    pub active: Option<String>,
    /// When the oldest of them was accepted.
    pub oldest_at: Option<Timestamp>,
}

/// The retained document `attention`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttentionDocument {
    /// Jobs that wait for a person.
    pub jobs: Vec<AttentionJob>,
    /// What a person should know of the agent itself, until somebody dismisses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<AttentionNotice>,
}

/// Something that has happened to the agent itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttentionNotice {
    /// Its number, for `dismiss`.
    pub notice: u64,
    /// When it was found.
    pub at: Timestamp,
    /// What: `journal-damaged`, `journal-restored`.
    pub code: String,
    /// The same for people, with what to do.
    pub message: String,
    /// What is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Value>,
}

/// A job that waits for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttentionJob {
    /// The client's id.
    pub job: String,
    /// The device it was sent to.
    pub device: String,
    /// What was asked for.
    pub kind: Kind,
    /// `uncertain` or `waiting`.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Waiting,
    /// What is known.
    pub evidence: Option<Value>,
    /// What a person can say: answers of `resolve`, `release`, `cancel`.
    pub exits: Vec<String>,
}

/// An entry of the feed, on `event`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedEvent {
    /// Grows by one with each entry.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: EventBody,
}

/// What an entry of the feed tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventBody {
    /// A job went from one state to another.
    Job {
        /// The job as it is now.
        job: Box<JobDocument>,
    },
    /// Old records were removed.
    Housekeeping {
        /// Ended jobs removed.
        jobs: u64,
        /// Feed entries removed.
        events: u64,
    },
    /// An item has come to another state at a station.
    Kitchen {
        /// The order.
        order: String,
        /// As people call it.
        number: String,
        /// The station.
        station: String,
        /// The item.
        item: String,
        /// Its name, as the kitchen reads it.
        name: String,
        /// How many.
        quantity: Quantity,
        /// What it was; absent: it was not there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<ItemState>,
        /// What it is; absent: it is not there any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ItemState>,
        /// Who or what did it: a screen's name, a job, `timer`, `printer`.
        by: String,
        /// The screen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        screen: Option<String>,
        /// The job.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<String>,
        /// Why it is not wanted any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Something has become of an order that others should know; each once.
    KitchenNotice {
        /// The order.
        order: String,
        /// As people call it.
        number: String,
        /// What.
        notice: KitchenNotice,
    },
    /// Something has become of a station.
    KitchenStation {
        /// The station.
        station: String,
        /// What: `watched`, `unwatched`, `pulled`, `released`, `peak`, `no-peak`.
        change: String,
        /// Who did it.
        by: String,
    },
    /// Somebody has decided something, or was refused.
    Audit(Audit),
    /// A screen was admitted, changed or revoked.
    Screen {
        /// Its id.
        screen: String,
        /// Its name for people.
        name: String,
        /// What became of it.
        change: ScreenChange,
        /// Who did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// Who did what: a request that changes something, one that was forbidden, or a sign-in that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// The `op` of the request, or of the command for the kitchen; `submit`: a job; `sign-in`: somebody at a door.
    pub action: String,
    /// The job, device, screen or notice; of a `sign-in` the door: `broker`, `screens`, `status-page` or `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What was said of an uncertain job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The user that signed in; absent where the broker does not tell or asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The client's id, where the broker tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Who asked, as the client says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The code of the refusal; absent where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The address, of a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How many were refused there since the last entry, where it is more than this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
}

/// What became of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenChange {
    /// It is one of the outlet's screens now.
    Admitted,
    /// It is for something else now.
    Changed,
    /// It is not admitted any more.
    Revoked,
}

/// What others should know of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KitchenNotice {
    /// The first item was begun.
    Cooking,
    /// All of it is ready.
    Ready,
    /// It is past its time.
    Overdue,
}
