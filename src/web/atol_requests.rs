//! `/api/v2/requests` as ATOL's web server for registers ("Web Requests" 1.0, version 2 of its interface) has it.
//!
//! | | |
//! |---|---|
//! | `POST /api/v2/requests` `{uuid, request: [task, ...]}` | 201: on disk, and done in the background |
//! | `GET /api/v2/requests/{uuid}` | 200 `{results: [{status, error: {code, description}, result}, ...]}` |
//! | `DELETE /api/v2/requests/{uuid}` | 200: nothing of it had begun, and nothing will |
//!
//! `?deviceID=` names the register. A task is a fiscal job of this agent: the first has the uuid as its id,
//! the others `{uuid}-2`, `{uuid}-3` and so on. They are done in their order, and after a failure the rest is
//! `interrupted`. The uuid is the idempotency key, for ever: a second request under it is answered with 409,
//! and nothing is done again.
//!
//! What differs: a register that is off, or out of paper, makes a task wait instead of failing; a task that is
//! wrong in itself is refused with 400 at once, and none of its request is kept; requests are never forgotten;
//! `callbacks` are refused, as nothing is called back; between two tasks of a request the register may do
//! another till's job.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::atol_results::{TaskState, code, results};
use super::{Failure, USER, json_response};
use crate::audit::{self, Recorder};
use crate::board::Board;
use crate::bus::contract::{self, ErrorBody, Kind, Submission, is_job_id};
use crate::intake::{Device, Devices, Intake, NotTaken, ToWorker, Together};
use crate::journal::machine::{Event, Job};
use crate::journal::{self, Journal, JournalError};
use crate::sequence::{Place, Sequence};

/// Tasks of one request.
const MOST_TASKS: usize = 100;
/// What a register can do.
const FISCAL: &str = "fiscal";

/// What the interface works with.
#[derive(Clone)]
pub struct AtolRequests {
    /// Judges tasks and takes them in.
    pub intake: Arc<Intake>,
    /// Sees to the order of several.
    pub sequence: Sequence,
    /// What becomes of them.
    pub journal: Journal,
    /// The registers, and all else.
    pub devices: Arc<Devices>,
    /// Told of what was called off.
    pub board: Board,
    /// The register of requests that name none; else the only one.
    pub default_device: Option<String>,
    /// Told of tasks that are forbidden.
    pub audit: Recorder,
}

/// The pages of the interface.
pub fn pages(requests: AtolRequests) -> Router {
    Router::new()
        .route("/api/v2/requests", post(submit))
        .route("/api/v2/requests/{uuid}", get(look).delete(cancel))
        .with_state(requests)
}

/// What is posted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Posted {
    pub(super) uuid: String,
    /// A task, or a list of them.
    pub(super) request: Value,
    #[serde(default, rename = "deviceID")]
    device: Option<String>,
    #[serde(default)]
    callbacks: Option<Value>,
}

/// What a request was taken with.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    /// How many jobs are in the register's queue.
    number: u64,
    uuid: String,
    #[serde(flatten)]
    block: Block,
}

/// Whether a register's money tasks wait, because it is not known what became of one.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    is_blocked: bool,
    #[serde(rename = "blockedUUID")]
    blocked_uuid: String,
    block_reason: &'static str,
}

/// The register, in the query.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default, rename = "deviceID")]
    device: Option<String>,
}

/// The register in the query, or in a header of that name, as some programs send it.
pub(super) fn device_of(
    asked: Result<Query<Asked>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<Option<String>, Failure> {
    let header = || headers.get("deviceID").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Query(asked) = asked?;
    Ok(asked.device.or_else(header).filter(|device| !device.is_empty()))
}

async fn submit(
    State(requests): State<AtolRequests>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let Posted { uuid, request, device, callbacks } = read(&body?)?;
    let tasks = tasks(&uuid, request)?;
    if callbacks.is_some_and(|callbacks| !is_empty(&callbacks)) {
        return Err(bad("callbacks: nothing is called back: ask for the results with GET"));
    }
    let device = device_of(asked, &headers)?.or(device);
    let device = requests.register(device.as_deref())?.clone();
    for place in Place::all(&uuid, tasks.len()) {
        if requests.journal.job(&place.job()).await?.is_some() {
            return Err(known(&uuid));
        }
    }
    let asked = Together {
        id: uuid.clone(),
        device: device.id.clone(),
        user: USER.to_owned(),
        submissions: tasks.into_iter().map(submission).collect(),
    };
    match requests.intake.take(&requests.sequence, asked).await {
        Ok(journal::Intake::New(_)) => {
            // It is taken, whatever else can't be told.
            let block = requests.block(&device.id).await.unwrap_or_default();
            let number = device.depth.load(std::sync::atomic::Ordering::Relaxed);
            Ok(json_response(StatusCode::CREATED, &Taken { number, uuid, block }))
        }
        Ok(journal::Intake::Duplicate(_) | journal::Intake::Conflict) => Err(known(&uuid)),
        Err(NotTaken::Journal(JournalError::Refused(_))) => Err(known(&uuid)),
        Err(NotTaken::Journal(error)) => Err(error.into()),
        Err(NotTaken::Refused(place, error)) => {
            let job = place.as_ref().map_or(uuid, Place::job);
            let asked = audit::Asked { user: Some(USER.to_owned()), ..audit::Asked::default() };
            requests.audit.job_refused(&device.id, Some(&job), asked, &error);
            Err(refused(place, &error))
        }
    }
}

async fn look(
    State(requests): State<AtolRequests>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    uuid: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let (Path(uuid), device) = (uuid?, device_of(asked, &headers)?);
    let jobs = requests.jobs(&uuid, device.as_deref()).await?;
    let results: Vec<TaskState> = results(&jobs, &TimeZone::system());
    Ok(json_response(StatusCode::OK, &json!({"results": results})))
}

async fn cancel(
    State(requests): State<AtolRequests>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
    uuid: Result<Path<String>, PathRejection>,
) -> Result<Response, Failure> {
    let (Path(uuid), device) = (uuid?, device_of(asked, &headers)?);
    let jobs = requests.jobs(&uuid, device.as_deref()).await?;
    if !jobs.iter().all(|job| Place::of(job).is_some()) {
        let text = format!("{uuid} did not come by this door: call it off where it was submitted");
        return Err(Failure::new(StatusCode::CONFLICT, text));
    }
    let ids: Vec<String> = jobs.into_iter().map(|job| job.job).collect();
    let cancelled = requests.journal.write(move |tx| {
        let cancel = || Event::Cancel { by: Some(USER.to_owned()) };
        ids.iter().map(|id| tx.apply(id, cancel()).map(|done| done.job)).collect::<Result<Vec<Job>, _>>()
    });
    match cancelled.await {
        Ok(jobs) => {
            for job in jobs {
                if let Some(device) = requests.devices.get(&job.route) {
                    device.tell(ToWorker::Changed(Box::new(job)));
                }
            }
            requests.board.attention_changed();
            Ok(json_response(StatusCode::OK, &json!({})))
        }
        Err(JournalError::Refused(why)) => {
            let text = format!("request {uuid} can't be called off: {why}");
            Err(Failure::new(StatusCode::CONFLICT, text))
        }
        Err(error) => Err(error.into()),
    }
}

impl AtolRequests {
    /// The register that is meant.
    fn register(&self, named: Option<&str>) -> Result<&Arc<Device>, Failure> {
        let is_register =
            |device: &&Arc<Device>| device.description.capabilities.iter().any(|can| can == FISCAL);
        let mut registers = self.devices.values().filter(is_register);
        let wanted = named.or(self.default_device.as_deref());
        let found = match wanted {
            Some(id) => self.devices.get(id),
            None => registers.next().filter(|_| registers.next().is_none()),
        };
        found.ok_or_else(|| {
            let known: Vec<&str> =
                self.devices.values().filter(is_register).map(|device| device.id.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let text = match wanted {
                Some(id) => format!("there is no register {id:?}: configured are {known}"),
                None => format!(
                    "no register is named: give ?deviceID=, or set [http] default_device; configured are {known}"
                ),
            };
            Failure::new(StatusCode::NOT_FOUND, text)
        })
    }

    /// The jobs of a request, or the one fiscal job that has this id.
    async fn jobs(&self, uuid: &str, device: Option<&str>) -> Result<Vec<Job>, Failure> {
        let unknown = || Failure::new(StatusCode::NOT_FOUND, format!("there is no request {uuid:?}"));
        let Some((first, _)) = self.journal.job(uuid).await? else { return Err(unknown()) };
        let place = Place::of(&first).unwrap_or_else(|| Place::alone(uuid));
        let elsewhere = device.is_some_and(|device| device != first.device);
        if first.kind != Kind::Fiscal || place.task != 1 || elsewhere {
            return Err(unknown());
        }
        let mut jobs = vec![first];
        for place in place.siblings().skip(1) {
            let job = self.journal.job(&place.job()).await?;
            jobs.extend(job.map(|(job, _)| job));
        }
        Ok(jobs)
    }

    async fn block(&self, device: &str) -> Result<Block, JournalError> {
        let attention = self.journal.attention().await?;
        let doubted =
            attention.into_iter().find(|job| job.device == device && job.state == contract::State::Uncertain);
        Ok(doubted.map_or_else(Block::default, |doubted| {
            let request = doubted.evidence.as_ref().and_then(|evidence| evidence["request"]["id"].as_str());
            let blocked_uuid = request.unwrap_or(&doubted.job).to_owned();
            Block { is_blocked: true, blocked_uuid, block_reason: "connectionError" }
        }))
    }
}

pub(super) fn read(body: &[u8]) -> Result<Posted, Failure> {
    // A list would be taken for the fields in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(bad("a request is an object, not a list: {\"uuid\": ..., \"request\": [...]}"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let posted = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match path.as_str() {
            "." => bad(&error.into_inner().to_string()),
            path => bad(&format!("{path}: {}", error.inner())),
        }
    })?;
    deserializer.end().map_err(|error| bad(&error.to_string()))?;
    Ok(posted)
}

/// The tasks of a request, with ids that can be job ids.
pub(super) fn tasks(uuid: &str, request: Value) -> Result<Vec<Value>, Failure> {
    let tasks = match request {
        Value::Array(tasks) => tasks,
        task @ Value::Object(_) => vec![task],
        _ => return Err(bad("request: neither a task nor a list of tasks")),
    };
    if tasks.is_empty() || tasks.len() > MOST_TASKS {
        return Err(bad(&format!("request: {} tasks, give 1 to {MOST_TASKS}", tasks.len())));
    }
    if !Place::all(uuid, tasks.len()).all(|place| is_job_id(&place.job())) {
        let shown: String = uuid.chars().take(64).collect();
        return Err(bad(&format!("uuid: {shown:?} is none: letters, digits and - such as a UUID has")));
    }
    Ok(tasks)
}

fn submission(task: Value) -> Submission {
    Submission {
        id: String::new(),
        kind: Kind::Fiscal,
        document: Some(task),
        ttl_s: None,
        stale: None,
        priority: None,
        copies: None,
        by: Some(USER.to_owned()),
        reply_to: None,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_object().is_some_and(Map::is_empty)
        || value.as_array().is_some_and(Vec::is_empty)
}

/// A request that was written wrongly.
fn bad(text: &str) -> Failure {
    Failure { code: code("invalid-request"), ..Failure::new(StatusCode::BAD_REQUEST, text) }
}

fn known(uuid: &str) -> Failure {
    let text = format!(
        "there is a request {uuid} already, and this one is not taken: ask for its results with GET, or use \
         another uuid for another request"
    );
    Failure::new(StatusCode::CONFLICT, text)
}

/// A task that the intake refused.
fn refused(place: Option<Place>, error: &ErrorBody) -> Failure {
    let status = match error.code.as_str() {
        "forbidden" => StatusCode::FORBIDDEN,
        "unknown-device" => StatusCode::NOT_FOUND,
        "too-large" => StatusCode::PAYLOAD_TOO_LARGE,
        "throttled" => StatusCode::SERVICE_UNAVAILABLE,
        "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    // The document of the job is the task of the request.
    let message = error.message.strip_prefix("document: ").unwrap_or(&error.message);
    let description = match place {
        Some(place) => format!("request[{}]: {message}", place.task - 1),
        None => message.to_owned(),
    };
    Failure { status, code: code(&error.code), description }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self { code: code("internal"), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()) }
    }
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Failure {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
