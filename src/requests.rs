//! Answers to requests: about jobs, about devices, about the agent.

use std::sync::Arc;

use outlet_devices::driver::Request;
use outlet_devices::link::Link;
use outlet_devices::{ErrorKind, detect};
use serde_json::{Value, json};

use crate::audit::{self, Asked};
use crate::board::Board;
use crate::bus::contract::{AgentRequest, ErrorBody, Reply, State};
use crate::intake::{Devices, ToWorker};
use crate::journal::machine::{Event, Job, Refused};
use crate::journal::{Journal, JournalError};
use crate::rights::{Right, Rights};
use crate::screens::office::{Office, no_screens};

/// Answers requests.
#[derive(Clone)]
pub struct Requests {
    journal: Journal,
    devices: Arc<Devices>,
    board: Board,
    screens: Option<Office>,
}

impl Requests {
    /// Answers from the journal, the devices' workers and the board of their states.
    pub fn new(journal: Journal, devices: Arc<Devices>, board: Board) -> Self {
        Self { journal, devices, board, screens: None }
    }

    /// With answers about screens.
    #[must_use]
    pub fn with_screens(self, screens: Option<Office>) -> Self {
        Self { screens, ..self }
    }

    /// Answers a request on `request`.
    pub async fn agent(&self, value: Value, user: Option<&str>, rights: &Rights) -> Reply {
        let request: AgentRequest = match serde_json::from_value(value) {
            Ok(request) => request,
            Err(error) => return Reply::refused(ErrorBody::new("invalid-request", error.to_string())),
        };
        if let Err(error) = rights.require(user, &[right_for_agent(&request)]) {
            return Reply::refused(error);
        }
        match self.answer(request, user).await {
            Ok(result) => Reply::done(result),
            Err(error) => Reply::refused(error),
        }
    }

    /// Carries out what somebody has decided at the agent's own page, who may.
    ///
    /// # Errors
    /// Why it can't be.
    pub async fn decide(&self, request: AgentRequest, by: &str) -> Result<Value, ErrorBody> {
        let asked = Asked { user: None, client: None, by: Some(by.to_owned()) };
        let value = serde_json::to_value(&request).unwrap_or_default();
        let done = self.answer(request, Some(by)).await;
        let reply = match &done {
            Ok(result) => Reply::done(result.clone()),
            Err(error) => Reply::refused(error.clone()),
        };
        if let Some(entry) = audit::of_request(&value, None, asked, &reply) {
            self.journal.record_later(entry);
        }
        done
    }

    async fn answer(&self, request: AgentRequest, user: Option<&str>) -> Result<Value, ErrorBody> {
        let who = |by: Option<String>| by.or_else(|| user.map(str::to_owned));
        match request {
            AgentRequest::Get { job, trace } => {
                let Some((found, mut attempts)) = self.journal.job(&job).await? else {
                    return Err(JournalError::UnknownJob(job).into());
                };
                if !trace {
                    attempts.iter_mut().for_each(|attempt| attempt.trace.clear());
                }
                Ok(json!({"job": found.document(), "attempts": attempts}))
            }
            AgentRequest::List { device, states, limit, before } => {
                let limit = limit.unwrap_or(50).clamp(1, 500);
                let (jobs, next) = self.journal.list(device, states, limit, before).await?;
                let jobs: Vec<_> = jobs.iter().map(Job::document).collect();
                Ok(json!({"jobs": jobs, "next": next}))
            }
            AgentRequest::Cancel { job, by } => self.change(&job, Event::Cancel { by: who(by) }).await,
            AgentRequest::Release { job, by } => self.change(&job, Event::Release { by: who(by) }).await,
            AgentRequest::Dismiss { notice, by } => self.dismiss(notice, who(by)).await,
            AgentRequest::Resolve { job, answer, by } => {
                self.change(&job, Event::Resolve { answer, by: who(by) }).await
            }
            AgentRequest::Replay { from, limit } => {
                let (events, last) = self.journal.feed(from, limit.unwrap_or(100).clamp(1, 500)).await?;
                let next = events.last().map_or(from, |event| event.seq + 1);
                Ok(json!({"events": events, "next": next, "last": last}))
            }
            AgentRequest::Diagnose {} => Ok(self.diagnose().await),
            about_screens @ (AgentRequest::Screens {}
            | AgentRequest::Admit { .. }
            | AgentRequest::Assign { .. }
            | AgentRequest::Revoke { .. }) => match &self.screens {
                Some(office) => office.answer(about_screens, user).await,
                None => Err(no_screens()),
            },
        }
    }

    /// Applies a person's decision and tells the worker whose queue the job is in.
    async fn change(&self, job: &str, event: Event) -> Result<Value, ErrorBody> {
        let transition = self.journal.apply(job, event).await?;
        self.board.attention_changed();
        let document = transition.job.document();
        if let Some(device) = self.devices.get(&transition.job.route) {
            device.tell(ToWorker::Changed(Box::new(transition.job)));
        }
        Ok(json!({"job": document}))
    }

    async fn dismiss(&self, notice: u64, by: Option<String>) -> Result<Value, ErrorBody> {
        if !self.journal.dismiss(notice).await? {
            return Err(ErrorBody::new("invalid-request", format!("there is no notice {notice}")));
        }
        tracing::info!(notice, by, "a notice is dismissed");
        self.board.attention_changed();
        Ok(json!({"notice": notice}))
    }

    async fn diagnose(&self) -> Value {
        let devices: Vec<Value> = self
            .devices
            .values()
            .map(|device| {
                json!({
                    "device": device.id,
                    "description": device.description,
                    "state": self.board.state(&device.id),
                })
            })
            .collect();
        let configured: Vec<String> =
            self.devices.values().map(|device| device.description.link.clone()).collect();
        let found = tokio::task::spawn_blocking(move || scan(&configured)).await.unwrap_or_default();
        json!({"devices": devices, "found": found})
    }

    /// Answers a request on `device/{device}/request`.
    pub async fn device(&self, device: &str, value: Value, user: Option<&str>, rights: &Rights) -> Reply {
        let Some(target) = self.devices.get(device) else {
            let known: Vec<&str> = self.devices.keys().map(String::as_str).collect();
            return Reply::refused(ErrorBody::new(
                "unknown-device",
                format!("there is no such device: configured are {}", known.join(", ")),
            ));
        };
        let request: Request = match serde_json::from_value(value) {
            Ok(request) => request,
            Err(error) => return Reply::refused(ErrorBody::new("invalid-request", error.to_string())),
        };
        if let Err(error) = rights.require(user, &[right_for_device(&request)]) {
            return Reply::refused(error);
        }
        match target.ask(request).await {
            Ok(result) => Reply::done(result),
            Err(error) => {
                let retryable = matches!(error.kind, ErrorKind::Busy | ErrorKind::NotSent);
                let body = ErrorBody { retryable, ..ErrorBody::new(error.code, error.message) };
                let result = Some(error.evidence).filter(|evidence| !evidence.is_null());
                Reply { result, ..Reply::refused(body) }
            }
        }
    }
}

fn right_for_agent(request: &AgentRequest) -> Right {
    match request {
        AgentRequest::Get { trace: true, .. }
        | AgentRequest::Diagnose {}
        | AgentRequest::Admit { .. }
        | AgentRequest::Assign { .. }
        | AgentRequest::Revoke { .. } => Right::Technician,
        AgentRequest::Get { trace: false, .. }
        | AgentRequest::List { .. }
        | AgentRequest::Cancel { .. }
        | AgentRequest::Release { .. }
        | AgentRequest::Dismiss { .. }
        | AgentRequest::Resolve { .. }
        | AgentRequest::Replay { .. }
        | AgentRequest::Screens {} => Right::Manage,
    }
}

fn right_for_device(request: &Request) -> Right {
    match request {
        Request::Status | Request::AcceptSums => Right::Manage,
        Request::Identify | Request::Test => Right::Technician,
        Request::Weigh { .. }
        | Request::Count { .. }
        | Request::Zero
        | Request::Tare
        | Request::PresetTare { .. }
        | Request::Live { .. } => Right::Measure,
        Request::Switch { .. } | Request::Pulse { .. } => Right::Switch,
    }
}

impl From<JournalError> for ErrorBody {
    fn from(error: JournalError) -> Self {
        let text = error.to_string();
        match error {
            JournalError::UnknownJob(_) => Self::new("invalid-request", text),
            JournalError::Refused(Refused::Begun(State::Running | State::Waiting | State::Uncertain)) => {
                Self::new("in-doubt", text)
            }
            JournalError::Refused(Refused::Fiscal) => Self::new("unsupported", text),
            JournalError::Refused(_) => Self::new("version-mismatch", text),
            _ => Self::retryable("internal", text),
        }
    }
}

/// An id that says what it is.
fn suggested_id(driver: &str, number: usize) -> String {
    let word = if driver == "escpos" { "printer" } else { driver };
    format!("{word}-{number}")
}

/// What is plugged in, configured or not, with the lines that would configure it. Blocks for milliseconds.
fn scan(configured: &[String]) -> Vec<Value> {
    let claims: Vec<_> = configured.iter().filter_map(|link| link.parse::<Link>().ok()).collect();
    let found = detect::detect().into_iter().enumerate().map(|(index, found)| {
        let known = found
            .link
            .parse::<Link>()
            .is_ok_and(|link| claims.iter().any(|configured| configured.claim().conflicts(&link.claim())));
        json!({
            "link": found.link,
            "name": found.name,
            "configured": known,
            "problem": found.problem,
            "remedy": found.remedy,
            "suggestion": (!known).then(|| found.to_toml(&suggested_id(found.driver, index + 1))),
        })
    });
    found.collect()
}
