//! What screens ask for, and the answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::order::{Effects, ItemState};
use crate::bus::contract::is_job_id;
use crate::clock::Timestamp;

/// A command, on `kitchen/command/{screen}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// Its id, `[A-Za-z0-9-]{1,64}`: the same is done once.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]{1,64}$"))]
    pub cmd: String,
    /// By the agent's clock: past it nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What is asked for.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// The screen is there, and shows these versions of tickets, by station.
    Watch {
        /// What is on the screen.
        #[serde(default)]
        shown: BTreeMap<String, BTreeMap<String, u64>>,
        /// The build of the page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        build: Option<String>,
    },
    /// Lines from one state to another.
    Move {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// The lines; all that are in `from` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<Vec<String>>,
        /// Where they stand.
        from: From,
        /// Where they go.
        to: ItemState,
    },
    /// Voids and changes were seen.
    Acknowledge {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// The lines; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<Vec<String>>,
    },
    /// Takes a command of this screen back.
    Undo {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// That command's `cmd`.
        of: String,
        /// The `ver` that it brought.
        base: u64,
    },
    /// Keeps lines out of the queue until they are fired.
    Hold {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// The lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<Vec<String>>,
        /// Or a course.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        course: Option<u8>,
    },
    /// Fires held lines.
    Fire {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// The lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items: Option<Vec<String>>,
        /// Or a course.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        course: Option<u8>,
    },
    /// First in the queue, or not any more.
    Rush {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
        /// Which.
        on: bool,
    },
    /// Back to the station.
    Recall {
        /// The station.
        station: String,
        /// The order.
        ticket: String,
    },
    /// Another station does this one's work.
    Pull {
        /// The station whose work is taken.
        station: String,
        /// The station that does it.
        to: String,
        /// Until when: until this is false.
        on: bool,
        /// This order alone, once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
    },
    /// Half of what is new goes to the station that helps.
    Peak {
        /// The station.
        station: String,
        /// Which.
        on: bool,
    },
}

/// One state, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum From {
    /// One.
    One(ItemState),
    /// Several.
    Several(Vec<ItemState>),
}

impl From {
    /// All of them.
    pub fn states(&self) -> &[ItemState] {
        match self {
            Self::One(state) => std::slice::from_ref(state),
            Self::Several(states) => states,
        }
    }
}

impl Ask {
    /// Its word, as it is sent.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Watch { .. } => "watch",
            Self::Move { .. } => "move",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Undo { .. } => "undo",
            Self::Hold { .. } => "hold",
            Self::Fire { .. } => "fire",
            Self::Rush { .. } => "rush",
            Self::Recall { .. } => "recall",
            Self::Pull { .. } => "pull",
            Self::Peak { .. } => "peak",
        }
    }

    /// The station and the order that it is about.
    pub fn target(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Self::Watch { .. } => (None, None),
            Self::Move { station, ticket, .. }
            | Self::Acknowledge { station, ticket, .. }
            | Self::Undo { station, ticket, .. }
            | Self::Hold { station, ticket, .. }
            | Self::Fire { station, ticket, .. }
            | Self::Rush { station, ticket, .. }
            | Self::Recall { station, ticket } => (Some(station), Some(ticket)),
            Self::Pull { station, ticket, .. } => (Some(station), ticket.as_deref()),
            Self::Peak { station, .. } => (Some(station), None),
        }
    }
}

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommandResult {
    /// The screen was heard.
    Ok,
    /// Done.
    Applied,
    /// It is so already.
    Noop,
    /// It is otherwise by now.
    Conflict,
    /// It came too late.
    Expired,
    /// This screen may not.
    Forbidden,
    /// It can't be understood.
    Invalid,
    /// The journal can't be written.
    Unavailable,
}

/// The answer, on `kitchen/answer/{screen}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandAnswer {
    /// The command.
    pub cmd: String,
    /// What came of it.
    pub result: CommandResult,
    /// The agent's time.
    pub at: Timestamp,
    /// Grows with each start of the agent.
    pub epoch: u64,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ver: Option<u64>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The command was known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// Of `watch`: the build of the page that the agent serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}

/// A command that was answered, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Who gave it.
    pub screen: String,
    /// What came of it.
    pub answer: CommandAnswer,
    /// What would undo it.
    #[serde(default)]
    pub effects: Effects,
}

/// Reads a command strictly.
///
/// # Errors
/// The command's id where it can be told, and what is wrong.
pub fn read(payload: &[u8]) -> Result<Command, (Option<String>, String)> {
    #[derive(Deserialize)]
    struct IdOnly {
        cmd: Option<String>,
    }
    let id = serde_json::from_slice::<IdOnly>(payload).ok().and_then(|only| only.cmd);
    let id = id.filter(|id| is_job_id(id));
    let command: Command =
        serde_json::from_slice(payload).map_err(|error| (id.clone(), format!("no command: {error}")))?;
    if !is_job_id(&command.cmd) {
        return Err((None, "`cmd` is no id: 1 to 64 of A-Z a-z 0-9 -".into()));
    }
    Ok(command)
}
