//! A job's life as a pure state machine: no clock, no disk, no device.
//!
//! ```text
//! accepted ──begin──▶ running ──succeed──▶ succeeded
//!    │  ▲               │  ▲ ──fail─────▶ failed
//!    │  └─not sent──┐   │  └─resume─┐
//!    ▼              │   ▼           │
//! waiting ──────────┴─waiting ──────┘        waiting is one state: `begun` tells whether bytes may have left
//!    │                  └──doubt──▶ uncertain ──▶ succeeded | failed | accepted again as a copy
//!    ├──▶ cancelled
//!    └──▶ expired
//! ```
//!
//! From the moment `begun` is set, bytes with an effect may have left: such a job can't be cancelled, can't
//! expire and can't move to another device. It ends by what the device says, or becomes uncertain.

use outlet_devices::driver::{Confidence, Outcome, Waiting};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::bus::contract::{Answer, AttentionJob, ErrorBody, JobDocument, Kind, Rerouted, Stale, State};
use crate::clock::Timestamp;

/// A job of the journal: all that the state machine decides on and all that its document shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The client's id.
    pub job: String,
    /// Its place in the order of acceptance.
    pub seq: u64,
    /// The device it was sent to.
    pub device: String,
    /// The device whose queue it is in.
    pub route: String,
    /// What was asked for.
    pub kind: Kind,
    /// A device's books change by it: see `Work::is_booked`.
    #[serde(default)]
    pub booked: bool,
    /// Where it stands.
    pub state: State,
    /// Grows by one with each transition.
    pub version: u32,
    /// When the last transition happened.
    pub at: Timestamp,
    /// How many attempts were begun.
    pub attempts: u32,
    /// The attempt that has no end yet.
    pub begun: Option<u64>,
    /// 0 to 9, the highest first.
    pub priority: u8,
    /// How many copies.
    pub copies: u8,
    /// What becomes of it past the deadline.
    pub stale: Stale,
    /// Who asked.
    pub by: Option<String>,
    /// The user that signed in.
    #[serde(default)]
    pub user: Option<String>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Until when it is to be begun.
    pub deadline: Option<Timestamp>,
    /// Lines that go above the document.
    pub marks: Vec<Mark>,
    /// How sure the success is.
    pub confidence: Option<Confidence>,
    /// What it brought.
    pub result: Option<Value>,
    /// Why it failed, expired, or is uncertain.
    pub error: Option<ErrorBody>,
    /// Why it waits.
    pub reason: Option<Waiting>,
    /// What the device said and who decided what.
    pub evidence: Map<String, Value>,
    /// Set when another device took over.
    pub rerouted: Option<Rerouted>,
}

/// A line above the document that tells the reader what this paper is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It may have been printed before.
    Copy,
    /// It comes later than it should.
    Delayed,
    /// It was meant for another device.
    For(String),
}

/// What can happen to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The worker is about to send the first byte of attempt number `attempt`.
    Begin {
        /// The attempt's number in the whole journal.
        attempt: u64,
    },
    /// The attempt ended before any byte had left.
    NotSent {
        /// Why.
        reason: Waiting,
    },
    /// It waits for something.
    Wait {
        /// For what.
        reason: Waiting,
    },
    /// What it waited for has come.
    Resume,
    /// The device did it.
    Succeed {
        /// How it ended.
        outcome: Outcome,
    },
    /// The device or its driver refuses it.
    Fail {
        /// Why.
        error: ErrorBody,
        /// What the device said.
        evidence: Value,
    },
    /// The device knows that nothing came of the attempt: the job may be done anew, unless a person has
    /// been told already that its outcome is not known.
    NotDone {
        /// What the device said.
        evidence: Value,
    },
    /// Bytes have left and the outcome is not known.
    Doubt {
        /// Why.
        error: ErrorBody,
        /// What is known.
        evidence: Value,
    },
    /// The deadline has passed.
    Overdue,
    /// A client calls it off.
    Cancel {
        /// Who.
        by: Option<String>,
    },
    /// It may have been done although the journal does not know it: only a person lets it go.
    Hold {
        /// What the person is to look at.
        why: String,
    },
    /// A person lets a held job go.
    Release {
        /// Who.
        by: Option<String>,
    },
    /// A person says what became of an uncertain job.
    Resolve {
        /// What.
        answer: Answer,
        /// Who.
        by: Option<String>,
    },
    /// Another device takes over.
    Reroute {
        /// Which.
        to: String,
        /// Why.
        reason: Waiting,
    },
}

/// Why an event can't happen to a job now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has ended.
    #[error("the job has ended as {0}")]
    Ended(State),
    /// Bytes may have left.
    #[error("the job is {0} and bytes may have reached the device: wait for its outcome")]
    Begun(State),
    /// Its deadline has passed.
    #[error("the job's deadline has passed")]
    Overdue,
    /// It waits for a person to release it.
    #[error("the job is held: release or cancel it")]
    Held,
    /// Paper can be printed twice, a sale can't be registered twice.
    #[error("a fiscal job is never sent again: look what the register has, then say printed or not-printed")]
    Fiscal,
    /// The event does not fit its state.
    #[error("the job is {0}, where this can't happen")]
    NotNow(State),
}

/// Code of the reason of a job held past its deadline.
pub const HELD: &str = "held";
/// Code of the reason of a job held because it may have been done.
pub const MAY_BE_DONE: &str = "may-be-done";

impl Job {
    /// Applies an event. On success the job has a new version, or is unchanged where there was nothing to do
    /// (`Ok(false)`); when refused it is untouched.
    pub fn apply(&mut self, event: Event, now: Timestamp) -> Result<bool, Refused> {
        use State::{Accepted, Cancelled, Expired, Failed, Running, Succeeded, Uncertain, Waiting as Waits};
        if self.state.is_final() {
            return Err(Refused::Ended(self.state));
        }
        let before = self.state;
        let open = matches!(self.state, Accepted | Waits) && self.begun.is_none();
        let begun = matches!(self.state, Running | Waits) && self.begun.is_some();
        match event {
            Event::Begin { attempt } if open => {
                if self.is_held() {
                    return Err(Refused::Held);
                }
                if self.is_overdue(now) {
                    return Err(Refused::Overdue);
                }
                self.attempts += 1;
                self.begun = Some(attempt);
                self.enter(Running);
            }
            Event::NotSent { reason } if begun => {
                self.begun = None;
                self.enter(Waits);
                self.reason = Some(reason);
            }
            Event::Wait { reason } if begun || (open && !self.is_held()) => {
                if self.state == Waits && self.reason.as_ref() == Some(&reason) {
                    return Ok(false);
                }
                self.enter(Waits);
                self.reason = Some(reason);
            }
            Event::Resume if begun => {
                if self.state == Running {
                    return Ok(false);
                }
                self.enter(Running);
            }
            Event::Succeed { outcome } if begun || before == Uncertain => {
                self.begun = None;
                self.enter(Succeeded);
                self.confidence = Some(outcome.confidence);
                self.result = Some(outcome.result).filter(|value| !value.is_null());
                if before == Uncertain {
                    self.evidence.insert("reconciled".into(), outcome.evidence);
                } else {
                    self.learn(outcome.evidence);
                }
            }
            Event::Fail { error, evidence } if begun || (open && !self.is_held()) => {
                self.begun = None;
                self.enter(Failed);
                self.error = Some(error);
                self.learn(evidence);
            }
            Event::NotDone { .. } if begun => {
                self.begun = None;
                self.enter(Accepted);
            }
            Event::NotDone { evidence } if before == Uncertain => {
                self.begun = None;
                self.enter(Failed);
                self.error = Some(ErrorBody::new(
                    "not-done",
                    "the device knows nothing of this job: nothing was done, submit it anew if it is still wanted",
                ));
                self.evidence.insert("reconciled".into(), evidence);
            }
            Event::Doubt { error, evidence } if begun => {
                self.enter(Uncertain);
                self.error = Some(error);
                self.learn(evidence);
            }
            Event::Overdue if open => {
                if !self.is_overdue(now) || self.is_held() {
                    return Ok(false);
                }
                match self.stale {
                    Stale::Expire => {
                        self.enter(Expired);
                        self.error = Some(ErrorBody::new(
                            "expired",
                            format!("not begun by its deadline {}", self.deadline.unwrap_or(now)),
                        ));
                    }
                    Stale::Hold => {
                        self.enter(Waits);
                        let message = "its deadline passed before it could be begun: release it or cancel it";
                        self.reason = Some(Waiting { code: HELD.into(), message: message.into() });
                    }
                    Stale::Banner => {
                        self.deadline = None;
                        self.mark(Mark::Delayed);
                    }
                }
            }
            Event::Cancel { by } if open => {
                self.enter(Cancelled);
                self.evidence.insert("cancelled".into(), json!({"by": by, "at": now}));
            }
            Event::Hold { why } if open && !self.is_held() => {
                self.enter(Waits);
                self.reason = Some(Waiting { code: MAY_BE_DONE.into(), message: why });
            }
            Event::Release { by } if self.is_held() => {
                let done = self.reason.as_ref().is_some_and(|reason| reason.code == MAY_BE_DONE);
                self.enter(Accepted);
                self.deadline = None;
                self.mark(if done { Mark::Copy } else { Mark::Delayed });
                let before = self.evidence.insert("released".into(), json!({"by": by, "at": now}));
                if let Some(before) = before {
                    self.keep_for_later(json!({"released": before}));
                }
            }
            Event::Resolve { answer: Answer::PrintAgain, .. }
                if before == Uncertain && self.kind == Kind::Fiscal =>
            {
                return Err(Refused::Fiscal);
            }
            Event::Resolve { answer, by } if before == Uncertain => self.resolve(answer, by, now),
            Event::Reroute { to, reason } if open && !self.is_held() => {
                self.rerouted = Some(Rerouted { from: self.route.clone(), to: to.clone(), at: now, reason });
                self.mark(Mark::For(self.device.clone()));
                self.route = to;
                self.enter(Accepted);
            }
            Event::Begin { .. } | Event::Cancel { .. } | Event::Reroute { .. } | Event::Overdue
                if begun || before == Uncertain =>
            {
                return Err(Refused::Begun(before));
            }
            _ => return Err(Refused::NotNow(before)),
        }
        self.version += 1;
        self.at = now;
        Ok(true)
    }

    /// Whether it can be begun: nothing of it has left, and it waits for no person.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Accepted | State::Waiting) && self.begun.is_none() && !self.is_held()
    }

    /// Whether it waits for a person to release it.
    pub fn is_held(&self) -> bool {
        let waits = self.state == State::Waiting && self.begun.is_none();
        waits
            && self.reason.as_ref().is_some_and(|reason| [HELD, MAY_BE_DONE].contains(&reason.code.as_str()))
    }

    /// Whether a byte may have left for an attempt that has no end yet.
    pub fn is_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether its deadline has passed before it was begun.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.begun.is_none() && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The document that clients see.
    pub fn document(&self) -> JobDocument {
        JobDocument {
            job: self.job.clone(),
            device: self.device.clone(),
            kind: Some(self.kind),
            state: self.state,
            version: self.version,
            at: self.at,
            attempt: self.attempts,
            begun: self.begun.is_some(),
            by: self.by.clone(),
            user: self.user.clone(),
            accepted_at: Some(self.accepted_at),
            deadline: self.deadline,
            confidence: self.confidence,
            result: self.result.clone(),
            error: self.error.clone(),
            reason: self.reason.clone(),
            evidence: (!self.evidence.is_empty()).then(|| Value::Object(self.evidence.clone())),
            rerouted: self.rerouted.clone(),
            duplicate: false,
        }
    }

    /// The document of its acceptance, where nothing but the begin that came with it has happened since.
    pub fn accepted_document(&self) -> JobDocument {
        let now = self.document();
        JobDocument { state: State::Accepted, version: 1, attempt: 0, begun: false, ..now }
    }

    /// Its place on the list of jobs that wait for a person, if it does.
    pub fn attention(&self) -> Option<AttentionJob> {
        let (reason, exits): (Waiting, &[&str]) = if self.state == State::Uncertain {
            let (code, message) = match &self.error {
                Some(error) => (error.code.clone(), error.message.clone()),
                None => ("in-doubt".to_owned(), "the outcome is not known".to_owned()),
            };
            let exits: &[&str] = match self.kind {
                Kind::Fiscal => &["printed", "not-printed"],
                _ => &["printed", "not-printed", "print-again"],
            };
            (Waiting { code, message }, exits)
        } else if let Some(reason) = self.reason.clone().filter(|_| self.is_held()) {
            (reason, &["release", "cancel"])
        } else {
            return None;
        };
        Some(AttentionJob {
            job: self.job.clone(),
            device: self.device.clone(),
            kind: self.kind,
            state: self.state,
            since: self.at,
            reason,
            evidence: (!self.evidence.is_empty()).then(|| Value::Object(self.evidence.clone())),
            exits: exits.iter().map(|exit| (*exit).to_owned()).collect(),
        })
    }

    fn resolve(&mut self, answer: Answer, by: Option<String>, now: Timestamp) {
        let resolution = json!({"answer": answer, "by": by, "at": now});
        self.begun = None;
        match answer {
            Answer::Printed => {
                self.enter(State::Succeeded);
                self.confidence = Some(Confidence::Printed);
            }
            Answer::NotPrinted => {
                self.enter(State::Failed);
                self.error = Some(ErrorBody::new("not-printed", "a person says that it is not on paper"));
            }
            Answer::PrintAgain => {
                let error = self.error.take();
                self.enter(State::Accepted);
                self.deadline = None;
                self.mark(Mark::Copy);
                self.keep_for_later(json!({"error": error, "resolution": resolution}));
                return;
            }
        }
        self.evidence.insert("resolution".into(), resolution);
    }

    /// Moves what is known of the attempt that ended in doubt to the list of earlier ones.
    fn keep_for_later(&mut self, mut attempt: Value) {
        if let (Some(attempt), Some(evidence)) = (attempt.as_object_mut(), self.evidence.remove("device")) {
            attempt.insert("device".into(), evidence);
        }
        if let Value::Array(earlier) = self.evidence.entry("earlier").or_insert_with(|| json!([])) {
            earlier.push(attempt);
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.reason = None;
        self.error = None;
    }

    fn mark(&mut self, mark: Mark) {
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
    }

    fn learn(&mut self, evidence: Value) {
        if !evidence.is_null() {
            self.evidence.insert("device".into(), evidence);
        }
    }
}
