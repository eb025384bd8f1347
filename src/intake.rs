//! From a published message to a job on disk, or to a refusal that says why.

pub mod fuzz;
mod payload;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests;
mod work;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use outlet_devices::driver::{Check, Command, Description, Request};
use outlet_devices::{DeviceError, ErrorKind, Work};
use outlet_protocols::fiscal::Task;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::audit::{self, Asked, Forbidden, SignIns};
use crate::broker::SCREENS_USER;
use crate::bus::Bus;
use crate::bus::contract::{
    CommandTopic, ErrorBody, EventBody, JobDocument, Kind, Reply, Stale, State, Submission, Topics,
    is_job_id, is_name,
};
use crate::bus::message::{Heard, Message};
use crate::journal::machine::Job;
use crate::journal::{self, Journal, JournalError, NewJob};
use crate::kitchen::engine::{self as kitchen, Giver};
use crate::limits::{Limits, LimitsConfig};
use crate::requests::Requests;
use crate::rights::{Right, Rights};
use crate::sequence::{Place, Sequence};
use payload::{IdOnly, check_bounds, is_heavy, misuse, parse};
pub use work::work_of;

/// Largest payload of a command, in bytes.
pub const MAX_PAYLOAD: usize = 1024 * 1024;
/// From this size on a payload is judged on a thread of its own, as is one with a picture.
const LARGE_PAYLOAD: usize = 32 * 1024;
/// How long a device may take for a request: a test tries all baud rates of a serial line.
const REQUEST_LIMIT: Duration = Duration::from_secs(120);
/// Requests answered at once.
const REQUESTS_AT_ONCE: usize = 256;

/// A device as the intake and the requests see it.
pub struct Device {
    /// The device's id.
    pub id: String,
    /// What it is.
    pub description: Description,
    /// Judges jobs before they are accepted.
    pub check: Arc<dyn Check>,
    /// The device that takes over.
    pub fallback: Option<String>,
    /// To its worker.
    pub worker: mpsc::UnboundedSender<ToWorker>,
    /// Whether its worker has nothing to do.
    pub readiness: Readiness,
    /// Jobs in its queue.
    pub depth: AtomicU64,
    /// How many jobs its queue may hold.
    pub max_depth: u64,
}

/// What a worker is told.
pub enum ToWorker {
    /// A job for its queue. `work` saves it a look into the journal.
    Job {
        /// The job as it stands in the journal.
        job: Box<Job>,
        /// What it asks for.
        work: Option<Work>,
    },
    /// A job of its queue has changed in the journal.
    Changed(Box<Job>),
    /// A request that is done now.
    Request(Request, oneshot::Sender<Result<Value, DeviceError>>),
    /// Look again whether there is something to do.
    Wake,
}

impl Device {
    /// Hands something to the worker.
    pub fn tell(&self, message: ToWorker) {
        self.readiness.busy();
        drop(self.worker.send(message));
    }

    /// Puts a request to the device and waits for its answer.
    ///
    /// # Errors
    /// What the device says; kind `Busy` where it says nothing in time.
    pub async fn ask(&self, request: Request) -> Result<Value, DeviceError> {
        let (answer, answered) = oneshot::channel();
        self.tell(ToWorker::Request(request, answer));
        let unanswered = |message: String| Err(DeviceError::new(ErrorKind::Busy, "internal", message));
        match tokio::time::timeout(REQUEST_LIMIT, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => unanswered(format!("the worker of {} was restarted meanwhile: ask again", self.id)),
            Err(_) => {
                let limit = REQUEST_LIMIT.as_secs();
                unanswered(format!("{} has not answered within {limit} s: ask again", self.id))
            }
        }
    }
}

/// Whether a worker has nothing to do, so that a job can be begun together with its acceptance. Idle is set
/// by the worker alone; one submission can claim it, and holds it until the worker has the job.
#[derive(Debug, Default)]
pub struct Readiness(AtomicU8);

const BUSY: u8 = 0;
const IDLE: u8 = 1;
const CLAIMED: u8 = 2;

impl Readiness {
    /// The worker has a session and nothing to do.
    pub fn idle(&self) {
        self.change(BUSY, IDLE);
    }

    /// The worker has something to do, or no session.
    pub fn busy(&self) {
        self.change(IDLE, BUSY);
    }

    /// Takes the worker for one job, if it is idle.
    fn claim(&self) -> bool {
        self.change(IDLE, CLAIMED)
    }

    /// Gives it back, after the job is in its inbox.
    fn give_back(&self) {
        self.change(CLAIMED, BUSY);
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

/// A worker that is taken for one job; it is given back however that ends.
struct Claimed(Arc<Device>);

impl Drop for Claimed {
    fn drop(&mut self) {
        self.0.readiness.give_back();
        drop(self.0.worker.send(ToWorker::Wake));
    }
}

/// All devices by id.
pub type Devices = BTreeMap<String, Arc<Device>>;

/// Who may ask for what, and for how much.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// For what.
    pub rights: Rights,
    /// For how much.
    pub limits: LimitsConfig,
}

/// Takes in what clients publish.
pub struct Intake {
    topics: Topics,
    journal: Journal,
    devices: Arc<Devices>,
    rights: Rights,
    requests: Requests,
    requests_at_once: Arc<Semaphore>,
    bus: Bus,
    kitchen: Option<kitchen::Door>,
    limits: Limits,
    sign_ins: SignIns,
    forbidden: Forbidden,
}

impl Asked {
    fn of(message: &Message) -> Self {
        Self { user: message.user.clone(), client: message.client.clone(), by: None }
    }
}

impl Intake {
    /// An intake that answers on `bus`.
    pub fn new(
        topics: Topics,
        journal: Journal,
        devices: Arc<Devices>,
        rules: Rules,
        requests: Requests,
        bus: Bus,
        kitchen: Option<kitchen::Door>,
    ) -> Arc<Self> {
        let requests_at_once = Arc::new(Semaphore::new(REQUESTS_AT_ONCE));
        let Rules { rights, limits } = rules;
        let (limits, sign_ins) = (Limits::new(limits), SignIns::default());
        Arc::new(Self {
            topics,
            journal,
            devices,
            rights,
            requests,
            requests_at_once,
            bus,
            kitchen,
            limits,
            sign_ins,
            forbidden: Forbidden::default(),
        })
    }

    /// Whether a topic is one of the agent's command topics.
    pub fn is_command(&self, topic: &str) -> bool {
        self.topics.command(topic).is_some()
    }

    /// Judges a submission and hands it to the journal; the future resolves when it is on disk and answered.
    fn submit(self: &Arc<Self>, device: &str, message: &Message) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let to = self.answer_to(message);
        match self.judge(device, message) {
            Err(refusal) => {
                let asked = Asked::of(message);
                self.record(audit::of_job(device, refusal.id.as_deref(), asked, &refusal.error));
                self.refuse(&to, device, refusal);
                Box::pin(async {})
            }
            Ok(judged) => self.accept(judged, to),
        }
    }

    fn judge(&self, device: &str, message: &Message) -> Result<Judged, Refusal> {
        if let Some(error) = misuse(message).or_else(|| self.flood(message)) {
            return Err(Refusal::of(message, error));
        }
        let submission = parse(&message.payload)
            .map_err(|(code, text)| Refusal::of(message, ErrorBody::new(code, text)))?;
        let judged = self.weigh(device, submission, Asker::Client(message.user.as_deref()));
        let judged = judged.map_err(|error| Refusal::of(message, error))?;
        Ok(Judged { expiry_s: message.expiry_s, ..judged })
    }

    /// Judges what was read, whichever door it came by.
    fn weigh(&self, device: &str, mut submission: Submission, asker: Asker<'_>) -> Result<Judged, ErrorBody> {
        if !is_job_id(&submission.id) {
            let text = format!("id {:?} is no job id: 1 to 64 of A-Z a-z 0-9 -", shorten(&submission.id));
            return Err(ErrorBody::new("invalid-request", text));
        }
        let Some(target) = self.devices.get(device) else {
            let known: Vec<&str> = self.devices.keys().map(String::as_str).collect();
            let text =
                format!("there is no device {:?}: configured are {}", shorten(device), known.join(", "));
            return Err(ErrorBody::new("unknown-device", text));
        };
        check_bounds(&submission).map_err(|text| ErrorBody::new("invalid-request", text))?;
        if !target.description.capabilities.iter().any(|can| can == kind_word(submission.kind)) {
            let text = format!(
                "device {device} can't do {} jobs, only: {}",
                kind_word(submission.kind),
                target.description.capabilities.join(", ")
            );
            return Err(ErrorBody::new("unsupported", text));
        }
        let reply_to = submission.reply_to.take();
        let payload = serde_json::to_vec(&submission).unwrap_or_default();
        let work = work_of(submission.kind, submission.document.take())?;
        if let Asker::Client(user) = asker {
            self.check_rights(&submission, &work, user)?;
        }
        target.check.check(&work).map_err(|error| ErrorBody::new(error.code, error.message))?;
        if target.depth.load(Ordering::Relaxed) >= target.max_depth {
            let text = format!("{} jobs already wait for {device}: try again later", target.max_depth);
            return Err(ErrorBody::retryable("throttled", text));
        }
        let device = target.clone();
        let user = match asker {
            Asker::Client(user) => user.map(str::to_owned),
            Asker::Agent => None,
        };
        Ok(Judged { submission, reply_to, payload, work, device, user, expiry_s: None, place: None })
    }

    fn check_rights(
        &self,
        submission: &Submission,
        work: &Work,
        user: Option<&str>,
    ) -> Result<(), ErrorBody> {
        let mut needed = vec![match submission.kind {
            Kind::Drawer => Right::Drawer,
            Kind::Raw => Right::Raw,
            Kind::Fiscal => Right::Fiscal,
            Kind::Items => Right::Items,
            _ => Right::Print,
        }];
        let (needs_raw, opens_drawer) = match work {
            Work::Print(document) => (document.needs_raw(), document.opens_drawer()),
            Work::Fiscal(task) => (false, **task == Task::OpenCashDrawer),
            Work::Display(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => (false, false),
        };
        if needs_raw {
            needed.push(Right::Raw);
        }
        if opens_drawer {
            needed.push(Right::Drawer);
        }
        self.rights.require(user, &needed)
    }

    /// Takes in what came by another door than the bus: submissions that belong together, for one device, to
    /// be done one after the other under ids made of `id`. All are judged before any is taken; what is taken
    /// is on disk when this returns.
    pub async fn take(
        self: &Arc<Self>,
        sequence: &Sequence,
        asked: Together,
    ) -> Result<journal::Intake, NotTaken> {
        let (intake, id) = (self.clone(), asked.id.clone());
        // A judge that panics, or takes long over a thousand items, is nobody else's business.
        let judged = tokio::task::spawn_blocking(move || intake.weigh_all(asked)).await;
        let mut judged = judged.map_err(|_| NotTaken::Refused(None, unjudged()))??;
        let taken = match judged.pop() {
            Some(alone) if judged.is_empty() => self.write(alone).await,
            Some(last) => {
                judged.push(last);
                sequence.accept(&id, judged.into_iter().map(|judged| judged.into_record().0).collect()).await
            }
            None => Ok(journal::Intake::Conflict),
        };
        Ok(taken?)
    }

    fn weigh_all(&self, asked: Together) -> Result<Vec<Judged>, NotTaken> {
        let Together { id, device, user, submissions } = asked;
        let places = Place::all(&id, submissions.len());
        let weighed = places.zip(submissions).map(|(place, submission)| {
            let submission = Submission { id: place.job(), ..submission };
            match self.weigh(&device, submission, Asker::Client(Some(&user))) {
                Ok(judged) => Ok(Judged { place: Some(place), ..judged }),
                Err(error) => {
                    let (code, message) = (&error.code, &error.message);
                    tracing::info!(device = %shorten(&device), job = place.job(), code, message, "job refused");
                    Err(NotTaken::Refused(Some(place), error))
                }
            }
        });
        weighed.collect()
    }

    fn accept(
        self: &Arc<Self>,
        mut judged: Judged,
        to: AnswerTo,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let to = to.or_payload(&self.topics, judged.reply_to.take().as_deref());
        let (id, kind, device) =
            (judged.submission.id.clone(), judged.submission.kind, judged.device.clone());
        let written = self.write(judged);
        let intake = self.clone();
        Box::pin(async move {
            let written = written.await;
            let refused = |error| Refusal { error, id: Some(id.clone()), kind: Some(kind), reply_to: None };
            match written {
                Ok(journal::Intake::New(job)) if to.wants_copy() => {
                    intake.answer(&to, &job.accepted_document());
                }
                Ok(journal::Intake::New(_)) => {}
                // The journal tells of it on the job's own topic.
                Ok(journal::Intake::Duplicate(document)) => intake.answer(&to, &document),
                Ok(journal::Intake::Conflict) => {
                    let text = format!("job {id} was submitted before with another payload: use a new id");
                    intake.refuse(&to, &device.id, refused(ErrorBody::new("idempotency-conflict", text)));
                }
                Err(error) => {
                    let error = ErrorBody::retryable("internal", error.to_string());
                    intake.refuse(&to, &device.id, refused(error));
                }
            }
        })
    }

    /// Adds an entry to the feed, unless its user fills it with what is forbidden.
    fn record(&self, entry: Option<EventBody>) {
        if let Some(entry) = entry.and_then(|entry| self.forbidden.bounded(entry, Instant::now())) {
            self.journal.record_later(entry);
        }
    }

    /// Why somebody who sends too much is not heard now: a user, whatever it calls its clients, or a client without
    /// one. External brokers don't tell who sends. Screens share a user, and don't choose what they are called.
    fn flood(&self, message: &Message) -> Option<ErrorBody> {
        let user = message.user.as_deref().filter(|user| *user != SCREENS_USER);
        let (who, name) = match (user, message.client.as_deref()) {
            (Some(user), _) => ("user", user),
            (None, Some(client)) => ("client", client),
            (None, None) => return None,
        };
        if self.limits.allow(&format!("{who} {name}"), Instant::now()) {
            return None;
        }
        let text = format!(
            "this {who} sends more than {} messages a second, [limits] allows no more: slow down and repeat",
            self.limits.messages_per_s()
        );
        Some(ErrorBody::retryable("throttled", text))
    }

    /// Records that the broker did not let somebody in.
    pub fn not_let_in(&self, user: &str, client: &str, from: &str) {
        if let Some(entry) = self.sign_ins.refused(user, client, from, Instant::now()) {
            self.journal.record_later(entry);
        }
    }

    /// Hands a job to the journal, and from there to its worker.
    fn write(
        &self,
        judged: Judged,
    ) -> impl Future<Output = Result<journal::Intake, JournalError>> + Send + 'static {
        let device = judged.device.clone();
        let (mut new, work) = judged.into_record();
        // The first job an idle worker gets is begun together with its acceptance, if the device is ready.
        let claimed = device.readiness.claim().then(|| Claimed(device.clone()));
        new.begin = claimed.as_ref().and_then(|_| self.begin_at_once(&device, &new.job, &work));
        self.journal.accept_then(new, move |written| {
            if let Ok(journal::Intake::New(job)) = written {
                device.depth.fetch_add(1, Ordering::Relaxed);
                drop(device.worker.send(ToWorker::Job { job: job.clone(), work: Some(work) }));
            }
            drop(claimed);
        })
    }

    /// Number and baseline of the first attempt, where the device is ready for it right now.
    fn begin_at_once(&self, device: &Device, job: &Job, work: &Work) -> Option<(u64, Value)> {
        let attempt = self.journal.next_attempt();
        let command =
            Command { job: job.job.clone(), work: work.clone(), copies: job.copies, heading: Vec::new() };
        Some((attempt, device.check.baseline(&command, attempt)?))
    }

    /// Judges what the agent itself wants to be printed: as what a client submits, but for the rights.
    ///
    /// # Errors
    /// Why it can't be printed.
    pub fn judge_own(
        &self,
        device: &str,
        submission: Submission,
    ) -> Result<(NewJob, Work, Arc<Device>), ErrorBody> {
        let judged = self.weigh(device, submission, Asker::Agent)?;
        let device = judged.device.clone();
        let (new, work) = judged.into_record();
        Ok((new, work, device))
    }

    /// Hands a command of a screen to the kitchen.
    fn kitchen(&self, screen: &str, message: Message) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let Some(kitchen) = self.kitchen.clone().filter(|_| is_name(screen)) else {
            tracing::info!(screen = %shorten(screen), "a command for a kitchen that is not configured");
            return Box::pin(async {});
        };
        if let Some(error) = misuse(&message).or_else(|| self.flood(&message)) {
            tracing::info!(screen, message = error.message, "a kitchen command is not taken");
            return Box::pin(async {});
        }
        // An external broker does not tell who published; its own access list keeps the topics of screens.
        let tells_who = message.client.is_some();
        let of_screen = message.user.as_deref() == Some(SCREENS_USER);
        let allowed = || self.rights.require(message.user.as_deref(), &[Right::Kitchen]).is_ok();
        let giver = match (of_screen, tells_who) {
            (true, _) => Giver::Screen,
            (false, false) => Giver::Unknown { program: allowed() },
            (false, true) if allowed() => Giver::Program,
            (false, true) => Giver::Nobody,
        };
        let asked = Asked::of(&message);
        Box::pin(kitchen.command(screen.to_owned(), giver, asked, message.payload))
    }

    /// Answers a request on a task of its own: it may take as long as a device takes.
    fn request(self: &Arc<Self>, device: Option<String>, message: Message) {
        let intake = self.clone();
        tokio::spawn(async move {
            let to = intake.answer_to(&message);
            let (reply, to) = match intake.requests_at_once.clone().try_acquire_owned() {
                Ok(_permit) => intake.reply_of(device.as_deref(), &message, to).await,
                Err(_) => {
                    let text = format!("{REQUESTS_AT_ONCE} requests are being answered: ask again later");
                    (Reply::refused(ErrorBody::retryable("throttled", text)), to)
                }
            };
            match serde_json::to_vec(&reply) {
                Ok(payload) => intake.send(&to, payload),
                Err(error) => tracing::error!(%error, "an answer could not be written"),
            }
        });
    }

    async fn reply_of(&self, device: Option<&str>, message: &Message, to: AnswerTo) -> (Reply, AnswerTo) {
        if let Some(error) = misuse(message).or_else(|| self.flood(message)) {
            return (Reply::refused(error), to);
        }
        let mut value: Value = match serde_json::from_slice(&message.payload) {
            Ok(value) => value,
            Err(error) => {
                let text = format!("the payload is no JSON: {error}");
                return (Reply::refused(ErrorBody::new("invalid-json", text)), to);
            }
        };
        let mut take = |key: &str| match value.as_object_mut().and_then(|object| object.remove(key)) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let to = to.or_payload(&self.topics, take("reply_to").as_deref());
        let correlation = take("correlation");
        let user = message.user.as_deref();
        let mut reply = match device {
            None => self.requests.agent(value.clone(), user, &self.rights).await,
            Some(device) => self.requests.device(device, value.clone(), user, &self.rights).await,
        };
        self.record(audit::of_request(&value, device, Asked::of(message), &reply));
        reply.correlation = correlation;
        (reply, to)
    }

    fn answer_to(&self, message: &Message) -> AnswerTo {
        let topic = message.response_topic.clone().filter(|topic| self.topics.is_reply(topic));
        if message.response_topic.is_some() && topic.is_none() {
            tracing::warn!(
                response_topic = message.response_topic,
                "a response topic outside reply/ is not answered"
            );
        }
        let by_client = message
            .client
            .as_deref()
            .filter(|client| is_name(client))
            .map(|client| self.topics.reply(client));
        AnswerTo { topic, correlation: message.correlation.clone(), by_client }
    }

    /// A payload that made its judge panic gets an answer too.
    fn refuse_unjudged(&self, device: &str, message: &Message) {
        self.refuse(&self.answer_to(message), device, Refusal::of(message, unjudged()));
    }

    /// Tells a refusal wherever somebody may listen for it.
    fn refuse(&self, to: &AnswerTo, device: &str, refusal: Refusal) {
        tracing::info!(
            device = %shorten(device),
            job = refusal.id.as_deref().map(shorten),
            code = refusal.error.code,
            message = refusal.error.message,
            "job refused"
        );
        let document = JobDocument {
            job: refusal.id.as_deref().map(shorten).unwrap_or_default(),
            device: shorten(device),
            kind: refusal.kind,
            state: State::Rejected,
            version: 0,
            at: (self.journal.clock())(),
            attempt: 0,
            begun: false,
            by: None,
            user: None,
            accepted_at: None,
            deadline: None,
            confidence: None,
            result: None,
            error: Some(refusal.error),
            reason: None,
            evidence: None,
            rerouted: None,
            duplicate: false,
        };
        let to = to.clone().or_payload(&self.topics, refusal.reply_to.as_deref());
        let addressed = is_job_id(&document.job);
        if to.wants_copy() {
            self.answer(&to, &document);
        } else if !addressed && let Some(topic) = to.by_client {
            self.answer(
                &AnswerTo { topic: Some(topic), correlation: to.correlation, by_client: None },
                &document,
            );
        }
        if addressed {
            self.publish(&document);
        }
    }

    fn answer(&self, to: &AnswerTo, document: &JobDocument) {
        if let Ok(payload) = serde_json::to_vec(document) {
            self.send(to, payload);
        }
    }

    fn publish(&self, document: &JobDocument) {
        if let Ok(payload) = serde_json::to_vec(document) {
            self.bus.answer(self.topics.job(&document.job), payload, None);
        }
    }

    fn send(&self, to: &AnswerTo, payload: Vec<u8>) {
        let topic = to.topic.as_ref().or(to.by_client.as_ref());
        if let Some(topic) = topic {
            self.bus.answer(topic.clone(), payload, to.correlation.clone());
        }
    }
}

impl Heard for Intake {
    fn hear(self: Arc<Self>, message: Message) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self.topics.command(&message.topic) {
            Some(CommandTopic::Job { device }) => {
                let device = device.to_owned();
                if !is_heavy(&message.payload) {
                    let judged = catch_unwind(AssertUnwindSafe(|| self.submit(&device, &message)));
                    return judged.unwrap_or_else(|_| {
                        self.refuse_unjudged(&device, &message);
                        Box::pin(async {})
                    });
                }
                Box::pin(async move {
                    let (intake, again) = (self.clone(), (device.clone(), message.clone()));
                    match tokio::task::spawn_blocking(move || intake.submit(&device, &message)).await {
                        Ok(written) => written.await,
                        Err(_) => self.refuse_unjudged(&again.0, &again.1),
                    }
                })
            }
            Some(CommandTopic::DeviceRequest { device }) => {
                let device = Some(device.to_owned());
                self.request(device, message);
                Box::pin(async {})
            }
            Some(CommandTopic::Request) => {
                self.request(None, message);
                Box::pin(async {})
            }
            Some(CommandTopic::Kitchen { screen }) => {
                let screen = screen.to_owned();
                self.kitchen(&screen, message)
            }
            None => Box::pin(async {}),
        }
    }
}

/// Who wants a job.
#[derive(Clone, Copy)]
enum Asker<'a> {
    /// A client, by its user.
    Client(Option<&'a str>),
    /// The agent itself.
    Agent,
}

struct Judged {
    /// Without its document and `reply_to`.
    submission: Submission,
    reply_to: Option<String>,
    /// The submission as it is journaled, JSON.
    payload: Vec<u8>,
    work: Work,
    device: Arc<Device>,
    user: Option<String>,
    expiry_s: Option<u32>,
    /// Its place, where it came by another door than the bus.
    place: Option<Place>,
}

impl Judged {
    /// What goes on disk, and what it asks for.
    fn into_record(self) -> (NewJob, Work) {
        let Self { submission, reply_to: _, payload, work, device, user, expiry_s, place } = self;
        let hash = hash_of(&device.id, &payload);
        let ttl_s = submission.ttl_s.or(default_ttl_s(submission.kind, &work));
        let ttl_s = match (ttl_s, expiry_s) {
            (Some(ttl), Some(expiry)) => Some(ttl.min(expiry)),
            (ttl, expiry) => ttl.or(expiry),
        };
        let mut job = new_job(&device.id, &submission, work.is_booked());
        job.user = user;
        if let Some(place) = place {
            place.mark(&mut job);
        }
        let ttl_ms = ttl_s.map(|s| i64::from(s) * 1000);
        (NewJob { job, ttl_ms, hash, payload, begin: None }, work)
    }
}

/// Submissions of another door than the bus that belong together.
pub struct Together {
    /// The id they are asked for under.
    pub id: String,
    /// The device they are for.
    pub device: String,
    /// The user whose rights count.
    pub user: String,
    /// One at least; their own ids don't count.
    pub submissions: Vec<Submission>,
}

/// Why submissions were not taken: nothing of them is kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotTaken {
    /// One of them is refused.
    #[error("{}", .1.message)]
    Refused(Option<Place>, ErrorBody),
    /// The journal could not take them.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

struct Refusal {
    id: Option<String>,
    kind: Option<Kind>,
    reply_to: Option<String>,
    error: ErrorBody,
}

impl Refusal {
    /// A refusal of a payload that may be anything.
    fn of(message: &Message, error: ErrorBody) -> Self {
        let IdOnly { id, kind, reply_to } = IdOnly::of(&message.payload);
        Self { id, kind, reply_to, error }
    }
}

/// Where an answer goes.
#[derive(Clone)]
struct AnswerTo {
    topic: Option<String>,
    correlation: Option<Bytes>,
    /// `reply/{client}`, for those who named no topic.
    by_client: Option<String>,
}

impl AnswerTo {
    /// The payload's `reply_to` counts where there is no response topic.
    fn or_payload(mut self, topics: &Topics, reply_to: Option<&str>) -> Self {
        if self.topic.is_none() {
            self.topic = reply_to.filter(|topic| topics.is_reply(topic)).map(str::to_owned);
        }
        self
    }

    fn wants_copy(&self) -> bool {
        self.topic.is_some()
    }
}

fn unjudged() -> ErrorBody {
    ErrorBody::new("internal", "the payload could not be judged: please report it")
}

fn new_job(device: &str, submission: &Submission, booked: bool) -> Job {
    Job {
        job: submission.id.clone(),
        seq: 0,
        device: device.to_owned(),
        route: device.to_owned(),
        kind: submission.kind,
        booked,
        state: State::Accepted,
        version: 0,
        at: Default::default(),
        attempts: 0,
        begun: None,
        priority: submission.priority.unwrap_or(if submission.kind == Kind::Drawer { 9 } else { 5 }),
        copies: submission.copies.unwrap_or(1),
        stale: submission.stale.unwrap_or(Stale::Expire),
        by: submission.by.clone(),
        user: None,
        accepted_at: Default::default(),
        deadline: None,
        marks: Vec::new(),
        confidence: None,
        result: None,
        error: None,
        reason: None,
        evidence: serde_json::Map::new(),
        rerouted: None,
    }
}

/// Same id, same hash: a repeat. The payload is as it was read: where the answer goes and spaces in the JSON
/// make no difference.
fn hash_of(device: &str, payload: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(device.as_bytes());
    hash.update([0]);
    hash.update(payload);
    hash.finalize().into()
}

fn default_ttl_s(kind: Kind, work: &Work) -> Option<u32> {
    match kind {
        // Later something else lies on the scale.
        Kind::Label if matches!(work, Work::Label(order) if order.weighs()) => Some(60),
        Kind::Drawer => Some(10),
        Kind::Display => Some(60),
        Kind::Fiscal => None,
        Kind::Items => Some(3600),
        Kind::Print | Kind::Label | Kind::Ticket | Kind::Raw => Some(900),
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Print => "print",
        Kind::Fiscal => "fiscal",
        Kind::Label => "label",
        Kind::Ticket => "ticket",
        Kind::Display => "display",
        Kind::Drawer => "drawer",
        Kind::Raw => "raw",
        Kind::Items => "items",
    }
}

/// A stranger's word, short enough for a message.
fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}
