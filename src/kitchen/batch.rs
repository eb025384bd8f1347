//! What one round of the kitchen's work puts on disk: all of it in one commit, or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use outlet_devices::Work;
use outlet_devices::driver::{Outcome, Waiting};
use serde_json::Value;
use tokio::sync::oneshot;

use super::commands::{CommandAnswer, Done};
use super::order::Order;
use crate::bus::contract::{ErrorBody, EventBody};
use crate::clock::Timestamp;
use crate::intake::Device;
use crate::journal::machine::{Event, Job, Refused};
use crate::journal::{Intake, JournalError, NewJob, Transaction};

/// What a round changes.
#[derive(Default)]
pub struct Batch {
    /// Orders as they were before it; `None`: there was no such order.
    pub before: BTreeMap<String, Option<Order>>,
    /// Other things for the same commit, in their order.
    pub steps: Vec<Step>,
    /// Said when all is on disk.
    pub answers: Vec<Answer>,
    /// Stations whose manifest changes.
    pub stations: BTreeSet<String>,
    /// What is switched at stations has changed.
    pub switched: bool,
    /// Jobs of which nothing was done yet.
    pub jobs: Vec<(Job, Option<Work>)>,
}

/// An answer to a screen.
pub struct Answer {
    /// The screen.
    pub screen: String,
    /// What came of its command.
    pub answer: CommandAnswer,
    /// Resolved when it is on disk.
    pub heard: Option<oneshot::Sender<()>>,
}

/// One thing that is written.
pub enum Step {
    /// A command that was answered.
    Command(Box<Done>),
    /// An entry of the feed.
    Tell(Box<EventBody>),
    /// Something happened to a ticket job.
    Job(String, Box<Event>),
    /// A ticket job has been shown, or printed, for the first time.
    Begin {
        /// The job.
        job: String,
        /// The station it was sent to.
        route: String,
        /// The number of its attempt.
        attempt: u64,
    },
    /// A ticket job is done.
    Succeed {
        /// The job.
        job: String,
        /// How.
        outcome: Box<Outcome>,
    },
    /// A ticket is printed.
    Print {
        /// The ticket's job, which is begun by then.
        of: String,
        /// The job that prints it.
        new: Box<NewJob>,
        /// What it prints.
        work: Work,
        /// The printer.
        printer: Arc<Device>,
    },
}

/// What follows from a step once it is on disk.
pub enum Followed {
    /// A ticket job as it is now.
    Job(Box<Job>),
    /// A job for a printer's worker.
    Print(Box<Job>, Work, Arc<Device>),
}

/// When an order was closed, and its record, JSON.
pub type OrderRow = (Option<Timestamp>, String);

/// The rows of orders and other values, ready to be written.
pub struct Rows {
    /// Orders: their record, or `None` where they go.
    pub orders: Vec<(String, Option<OrderRow>)>,
    /// What is switched at stations, if that changed.
    pub switches: Option<String>,
}

impl Step {
    /// A job that waits.
    pub fn wait(job: &str, reason: Waiting) -> Self {
        Self::Job(job.to_owned(), Box::new(Event::Wait { reason }))
    }

    /// A job that can't be done.
    pub fn fail(job: &str, error: ErrorBody) -> Self {
        Self::Job(job.to_owned(), Box::new(Event::Fail { error, evidence: Value::Null }))
    }
}

/// Writes a round.
pub fn write(tx: &mut Transaction<'_>, steps: Vec<Step>, rows: Rows) -> Result<Vec<Followed>, JournalError> {
    let mut followed = Vec::new();
    for (order, record) in rows.orders {
        match record {
            Some((closed_at, record)) => tx.keep_order(&order, closed_at, &record)?,
            None => tx.forget_order(&order)?,
        }
    }
    if let Some(switches) = rows.switches {
        tx.keep_kitchen_value("switches", &switches)?;
    }
    for step in steps {
        let changed = match step {
            Step::Command(done) => {
                let record = record(&done)?;
                tx.keep_command(&done.answer.cmd, done.answer.at, &record)?;
                continue;
            }
            Step::Tell(event) => {
                tx.record(*event)?;
                continue;
            }
            Step::Print { of, new, work, printer } => {
                // A person or its deadline was faster: the round is done anew without it.
                let ticket = tx.load(&of)?;
                if !ticket.is_begun() {
                    return Err(Refused::NotNow(ticket.state).into());
                }
                if let Intake::New(job) = tx.accept(*new)? {
                    followed.push(Followed::Print(job, work, printer));
                }
                continue;
            }
            Step::Job(job, event) => tx.apply(&job, *event),
            Step::Begin { job, route, attempt } => tx.begin(&job, &route, attempt, &Value::Null),
            Step::Succeed { job, outcome } => match tx.load(&job)?.begun {
                Some(attempt) => {
                    let event = Event::Succeed { outcome: *outcome };
                    tx.end_attempt(&job, attempt, event, &[])
                }
                None => continue,
            },
        };
        match changed {
            Ok(transition) => followed.push(Followed::Job(Box::new(transition.job))),
            // A person was faster: what they decided comes to the kitchen by itself.
            Err(error @ (JournalError::Refused(_) | JournalError::UnknownJob(_))) => {
                tracing::debug!(%error, "a ticket job has gone on meanwhile");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(followed)
}

/// A record as JSON.
pub fn record(value: &impl serde::Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|error| JournalError::Damaged(error.to_string()))
}
