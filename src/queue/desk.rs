//! The worker's desk: its inbox, its queue, and every step that needs the journal but no device.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use outlet_devices::driver::{Attempt, Command, DeviceStatus, Outcome, Request, Waiting};
use outlet_devices::{DeviceError, ErrorKind, Work};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::RESOLVE_WITHIN;
use super::context::{Context, Said};
use super::pending::{Entry, Pending};
use crate::board::Board;
use crate::bus::contract::{ErrorBody, QueueState, State, Submission};
use crate::clock::Timestamp;
use crate::intake::{Device, Devices, ToWorker, work_of};
use crate::journal::machine::{Event, Job, Mark};
use crate::journal::{Journal, JournalError};
use crate::pulse::{self, Progress};

/// Pause before a job is taken up again that the journal could not be used for.
const PUT_OFF: Duration = Duration::from_millis(500);
/// How long after a deadline that could not be written it is tried again.
const EXPIRE_AGAIN_MS: i64 = 1000;
/// Requests that may wait for one device.
const REQUESTS: usize = 4;

/// Why something of a job could not be had from the journal.
#[derive(Debug)]
pub(super) enum NotRead {
    /// The journal can't be read now: it may be another time.
    ForNow(JournalError),
    /// It is not there, or makes no sense.
    ForGood(ErrorBody),
}

impl NotRead {
    fn for_good(why: String) -> Self {
        Self::ForGood(ErrorBody::new("internal", why))
    }
}

impl From<JournalError> for NotRead {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Damaged(why) => Self::for_good(why),
            error => Self::ForNow(error),
        }
    }
}

type Answer = oneshot::Sender<Result<Value, DeviceError>>;

/// What a desk needs to know beside its device.
#[derive(Clone)]
pub struct DeskSettings {
    /// How long a job waits before the fallback device takes it.
    pub fallback_after: Duration,
    /// Words printed above documents.
    pub words: Words,
}

/// Words printed above documents, in the outlet's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Above a ticket that may have been printed before.
    pub copy: String,
    /// Above a ticket that is late; the time follows.
    pub delayed: String,
    /// Above a ticket meant for another device; its id follows.
    pub meant_for: String,
}

/// The desk of one worker.
pub struct Desk {
    pub(super) journal: Journal,
    pub(super) device: Arc<Device>,
    /// Requests that wait for the driver.
    pub(super) requests: VecDeque<(Request, Answer)>,
    /// Jobs whose outcome the device may know.
    pub(super) unresolved: VecDeque<Open>,
    /// Booked jobs whose outcome is not known: no other one is begun meanwhile.
    doubts: BTreeSet<String>,
    /// What the driver wants to be told with each job.
    memory: Option<Value>,
    devices: Arc<Devices>,
    board: Board,
    inbox: mpsc::UnboundedReceiver<ToWorker>,
    status: watch::Receiver<DeviceStatus>,
    settings: DeskSettings,
    pending: Pending,
    active: Option<Active>,
    blocked_since: Option<Instant>,
    /// Why jobs could not be done, the last time one could not.
    blocked_by: Option<Waiting>,
    /// What was logged last of the session.
    logged: Option<String>,
    ask_open: bool,
    started: Instant,
}

/// What a desk waited for.
pub(super) enum Tick {
    Told(ToWorker),
    Status,
    Timer,
}

/// A job whose attempt has no end that is known.
pub(super) struct Open {
    pub(super) job: Job,
    /// How often the device was asked and did not answer.
    pub(super) asked: u8,
}

/// The job being done.
struct Active {
    entry: Entry,
    /// The driver is to let go of it.
    left: bool,
    /// It comes back to the queue as it is now.
    again: Option<Job>,
}

impl Desk {
    /// A desk with what the journal had left for its device.
    pub fn new(
        journal: Journal,
        device: Arc<Device>,
        devices: Arc<Devices>,
        board: Board,
        inbox: mpsc::UnboundedReceiver<ToWorker>,
        status: watch::Receiver<DeviceStatus>,
        settings: DeskSettings,
    ) -> Self {
        Self {
            journal,
            device,
            requests: VecDeque::new(),
            unresolved: VecDeque::new(),
            doubts: BTreeSet::new(),
            memory: None,
            devices,
            board,
            inbox,
            status,
            settings,
            pending: Pending::default(),
            active: None,
            blocked_since: Some(Instant::now()),
            blocked_by: None,
            logged: None,
            ask_open: false,
            started: Instant::now(),
        }
    }

    /// The device's id.
    pub fn id(&self) -> &str {
        &self.device.id
    }

    /// What the driver gets for a job that is taken up, and what it will say.
    pub(super) fn context(
        &self,
        job: &Job,
        memory: Value,
        progress: Progress,
        abort: CancellationToken,
    ) -> (Context, mpsc::UnboundedReceiver<Said>) {
        Context::new(&self.journal, &self.devices, job, &self.device.id, memory, progress, abort)
    }

    /// Takes up a job that the journal had left: to be done, or to be asked about.
    pub fn resume(&mut self, job: Job) {
        if job.is_begun() {
            self.doubt(&job);
            self.ask_later(Open { job, asked: 0 });
        } else {
            self.queue(job, None);
        }
    }

    /// Waits for the next thing that concerns the queue. Cancel-safe: nothing is lost.
    pub(super) async fn wait(&mut self) -> Tick {
        let _resting = pulse::resting();
        let next = self.next_timer();
        let timer = async {
            match next {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            message = self.inbox.recv() => match message {
                Some(message) => Tick::Told(message),
                None => std::future::pending().await,
            },
            Ok(()) = self.status.changed() => Tick::Status,
            () = timer => Tick::Timer,
        }
    }

    /// Deals with it. Not to be dropped half-way.
    pub(super) async fn handle(&mut self, tick: Tick) {
        match tick {
            Tick::Told(message) => self.take(message).await,
            Tick::Status => {
                self.ask_open = true;
                self.publish_current();
            }
            Tick::Timer => {
                self.expire().await;
                self.move_to_fallback().await;
                self.doubt_the_unreached().await;
            }
        }
    }

    fn next_timer(&self) -> Option<Duration> {
        let now = self.now();
        let deadline = self.next_deadline().map(|at| Duration::from_millis(at.since_ms(now)));
        let doubt = self
            .unresolved
            .iter()
            .any(|open| open.job.state != State::Uncertain)
            .then(|| RESOLVE_WITHIN.saturating_sub(self.started.elapsed()));
        [deadline, self.until_fallback(), doubt].into_iter().flatten().min()
    }

    async fn take(&mut self, message: ToWorker) {
        match message {
            ToWorker::Job { job, work } => {
                let online = self.status.borrow().online;
                let job = if online { *job } else { self.wait_offline(*job).await };
                self.queue(job, work);
                self.tell_of_doubt().await;
                // Where nothing is being done, it is taken up at once and shown then.
                if self.active.is_some() || !online {
                    self.publish_current();
                }
            }
            ToWorker::Changed(job) => {
                if job.state != State::Uncertain && self.doubts.remove(&job.job) {
                    self.memory = None;
                }
                self.changed(*job);
            }
            ToWorker::Request(request, answer) => self.take_request(request, answer),
            ToWorker::Wake => {}
        }
    }

    /// A job that comes while there is no session waits from the start. Nothing of it has left, even where it
    /// was begun together with its acceptance: the session was lost in between.
    async fn wait_offline(&self, job: Job) -> Job {
        let reason = self.blocked_reason();
        let attempt = job.begun.map(|number| (number, Vec::new()));
        self.write_unsent(&job.job, attempt, reason).await.unwrap_or(job)
    }

    /// A request waits for the driver, but not for a job that may itself wait for paper.
    fn take_request(&mut self, request: Request, answer: Answer) {
        let Some(active) = &self.active else {
            if self.requests.len() < REQUESTS {
                self.requests.push_back((request, answer));
            } else {
                let text =
                    format!("{REQUESTS} requests already wait for {}: ask again later", self.device.id);
                drop(answer.send(Err(DeviceError::new(ErrorKind::Busy, "device-busy", text))));
            }
            return;
        };
        let answered = match request {
            Request::Status => Ok(json!(self.board.state(&self.device.id))),
            _ => Err(DeviceError::new(
                ErrorKind::Busy,
                "device-busy",
                format!("{} is doing job {}: ask again when it has ended", self.device.id, active.entry.job),
            )),
        };
        drop(answer.send(answered));
    }

    fn queue(&mut self, job: Job, work: Option<Work>) {
        if !job.state.is_final() && job.state != State::Uncertain && !job.is_held() {
            self.pending.insert(Entry::new(job, work));
        }
    }

    /// A person or client changed a job of this queue.
    fn changed(&mut self, job: Job) {
        self.unresolved.retain(|open| open.job.job != job.job || job.state == State::Uncertain);
        let open = job.is_open();
        if let Some(active) = self.active.as_mut().filter(|active| active.entry.job == job.job) {
            active.left = !open;
            return;
        }
        let known = self.pending.remove(&job.job);
        match (open, known) {
            (false, None) => {}
            (false, Some(_)) => self.left_for_good(),
            (true, Some(entry)) => self.queue(job, entry.work()),
            (true, None) => {
                self.device.depth.fetch_add(1, Ordering::Relaxed);
                self.queue(job, None);
            }
        }
        self.publish_current();
    }

    /// The next job to do.
    pub(super) fn next(&mut self) -> Option<Entry> {
        self.pending.pop(!self.doubts.is_empty())
    }

    /// What the driver wants to be told, from the journal.
    pub(super) async fn memory(&mut self) -> Result<Value, JournalError> {
        if let Some(memory) = &self.memory {
            return Ok(memory.clone());
        }
        let memory = self.journal.memory(&self.device.id).await?;
        self.memory = Some(memory.clone());
        Ok(memory)
    }

    /// It is not known what became of a job.
    fn doubt(&mut self, job: &Job) {
        if job.booked {
            self.doubts.insert(job.job.clone());
        }
    }

    /// Tells booked jobs what they wait for while the outcome of another one is not known.
    async fn tell_of_doubt(&mut self) {
        let Some(doubted) = self.doubts.first() else { return };
        let message = format!(
            "it is not known what became of job {doubted} on {}: look what the register has, and resolve it",
            self.device.id
        );
        let reason = Waiting { code: "register-in-doubt".to_owned(), message };
        for job in self.pending.untold(&reason.code, |entry| entry.booked) {
            self.tell_waiting(&job, &reason).await;
        }
    }

    async fn tell_waiting(&self, job: &str, reason: &Waiting) {
        match self.journal.apply(job, Event::Wait { reason: reason.clone() }).await {
            Ok(_) | Err(JournalError::Refused(_)) => {}
            Err(error) => tracing::error!(job, %error, "a transition could not be written"),
        }
    }

    /// Fetches what a job asks for and how it stands. `None`: there is nothing to do for it any more.
    pub(super) async fn take_up(&mut self, entry: &Entry) -> Option<(Job, Command)> {
        let (job, work) = match &entry.kept {
            Some(kept) => (kept.job.clone(), kept.work.clone()),
            None => self.fetch(entry).await?,
        };
        if job.is_overdue(self.now()) {
            if let Err(error) = self.expire_one(entry.clone()).await {
                self.put_off(entry.clone(), &error).await;
            }
            return None;
        }
        let command = self.command(&job, work);
        self.active = Some(Active { entry: entry.clone(), left: false, again: None });
        Some((job, command))
    }

    /// A job stays in the queue while the journal can't be used for it, and is not tried again at once.
    async fn put_off(&mut self, entry: Entry, error: &JournalError) {
        tracing::error!(job = entry.job, %error, "a job is put off");
        tokio::time::sleep(PUT_OFF).await;
        self.pending.insert(entry);
    }

    async fn fetch(&mut self, entry: &Entry) -> Option<(Job, Work)> {
        let job = entry.job.as_str();
        let found = match self.journal.job(job).await {
            Ok(found) => found.map(|(job, _)| job),
            Err(error) => {
                self.put_off(entry.clone(), &error).await;
                return None;
            }
        };
        let found = found.filter(|job| job.is_open() && job.route == self.device.id);
        let Some(found) = found else {
            self.left_for_good();
            return None;
        };
        match self.work(job).await {
            Ok(work) => Some((found, work)),
            Err(NotRead::ForNow(error)) => {
                self.put_off(entry.clone(), &error).await;
                None
            }
            Err(NotRead::ForGood(error)) => {
                drop(self.journal.apply(job, Event::Fail { error, evidence: Value::Null }).await);
                self.left_for_good();
                None
            }
        }
    }

    /// An attempt that was begun, from the journal.
    pub(super) async fn attempt(&self, number: u64) -> Result<Attempt, NotRead> {
        let attempt = self.journal.open_attempt(number).await?;
        attempt.ok_or_else(|| NotRead::for_good(format!("the journal has no attempt {number}")))
    }

    /// What a job asks for, from the journal.
    pub(super) async fn work(&self, job: &str) -> Result<Work, NotRead> {
        let payload = self.journal.payload(job).await?;
        let payload =
            payload.ok_or_else(|| NotRead::for_good(format!("the journal has no payload of job {job}")))?;
        let submission: Submission =
            serde_json::from_slice(&payload).map_err(|error| NotRead::for_good(error.to_string()))?;
        work_of(submission.kind, submission.document).map_err(NotRead::ForGood)
    }

    /// The job as its driver gets it.
    pub(super) fn command(&self, job: &Job, work: Work) -> Command {
        let words = &self.settings.words;
        let heading = job
            .marks
            .iter()
            .map(|mark| match mark {
                Mark::Copy => words.copy.clone(),
                Mark::Delayed => format!("{} {}", words.delayed, job.accepted_at.local_hh_mm()),
                Mark::For(device) => format!("{} {}", words.meant_for, device.to_uppercase()),
            })
            .collect();
        Command { job: job.job.clone(), work, copies: job.copies, heading }
    }

    /// What a driver said in passing.
    pub(super) async fn heard(&mut self, job: &str, word: Said) {
        let event = match word {
            Said::Waits(reason) => {
                self.blocked_since.get_or_insert_with(Instant::now);
                self.blocked_by = Some(reason.clone());
                Event::Wait { reason }
            }
            Said::GoesOn => {
                self.unblocked();
                Event::Resume
            }
        };
        match self.journal.apply(job, event).await {
            // A job that waits before its first byte has nothing to resume: it begins.
            Ok(_) | Err(JournalError::Refused(_)) => {}
            Err(error) => tracing::error!(job, %error, "a transition could not be written"),
        }
    }

    /// Whether the active job was called off, expired or taken over.
    pub(super) fn left_the_queue(&self, job: &str) -> bool {
        self.active.as_ref().is_some_and(|active| active.entry.job == job && active.left)
    }

    pub(super) fn active_done(&mut self) {
        let Some(active) = self.active.take().filter(|active| active.left) else { return };
        match active.again {
            Some(job) => self.queue(job, active.entry.work()),
            None => self.left_for_good(),
        }
    }

    /// Ends an attempt, or a job that never had one. Tries until the journal has it: bytes may be on paper.
    pub(super) async fn end(&mut self, job: &str, cx: &Context, event: Event) -> Option<Job> {
        let doubt = matches!(event, Event::Doubt { .. });
        let memory = match &event {
            Event::Succeed { outcome } => outcome.memory.clone(),
            _ => None,
        };
        let ended = self.write(job, cx.take_attempt(), event).await.ok();
        self.left_for_good();
        if memory.is_some() {
            self.memory = memory.filter(|_| ended.is_some());
        }
        if let Some(ended) = ended.as_ref().filter(|_| doubt) {
            self.doubt(ended);
            self.tell_of_doubt().await;
        }
        if cx.is_begun() && !doubt {
            self.unblocked();
        }
        if doubt {
            self.board.attention_changed();
        }
        ended
    }

    /// The device may tell later what became of a job: after a reconnect, or when its status has changed.
    pub(super) fn ask_later(&mut self, open: Open) {
        self.unresolved.push_back(open);
    }

    /// The same as soon as the journal can be read again.
    pub(super) async fn ask_soon(&mut self, open: Open) {
        tokio::time::sleep(PUT_OFF).await;
        self.unresolved.push_back(open);
        self.ask_open = true;
    }

    /// Whether it is time to ask about jobs whose outcome the device may know.
    pub(super) fn ask_open(&mut self) -> bool {
        std::mem::take(&mut self.ask_open) && !self.unresolved.is_empty()
    }

    /// A job whose bytes have not left goes back to its place.
    pub(super) async fn put_back(&mut self, entry: Entry, cx: &Context, reason: Waiting) {
        match self.write_unsent(&entry.job, cx.take_attempt(), reason).await {
            Ok(job) => self.pending.insert(Entry::new(job, entry.work())),
            Err(_) => self.left_for_good(),
        }
    }

    /// Writes that a job waits and nothing of it has left, whether or not an attempt was begun.
    async fn write_unsent(
        &self,
        job: &str,
        attempt: Option<(u64, Vec<u8>)>,
        reason: Waiting,
    ) -> Result<Job, JournalError> {
        let event = if attempt.is_some() { Event::NotSent { reason } } else { Event::Wait { reason } };
        self.write(job, attempt, event).await
    }

    /// Writes a transition, with the end of its attempt if it has one. Tries until the disk takes it: bytes may
    /// be on paper. `Err`: the journal refuses it, and said so in the log.
    async fn write(
        &self,
        job: &str,
        attempt: Option<(u64, Vec<u8>)>,
        event: Event,
    ) -> Result<Job, JournalError> {
        let mut failures = 0;
        loop {
            let written = match &attempt {
                Some((number, trace)) => {
                    self.journal.end_attempt(job, *number, event.clone(), trace.clone()).await
                }
                None => self.journal.apply(job, event.clone()).await,
            };
            match written {
                Ok(transition) => return Ok(transition.job),
                Err(JournalError::Storage(error)) => {
                    failures += 1;
                    tracing::error!(job, error, "a transition could not be written; trying again");
                    tokio::time::sleep(crate::bus::client::backoff(failures)).await;
                    // A disk that is full for hours is no reason to end.
                    pulse::step();
                }
                Err(error) => {
                    tracing::warn!(job, %error, "a transition was refused by the journal");
                    return Err(error);
                }
            }
        }
    }

    /// The journal did not let a job begin: it is dropped, or queued again, as it stands now.
    pub(super) async fn reconsider(&mut self, entry: Entry) {
        match self.journal.job(&entry.job).await {
            Ok(Some((job, _))) if job.is_overdue(self.now()) => {
                if let Err(error) = self.expire_one(entry.clone()).await {
                    self.put_off(entry, &error).await;
                }
            }
            Err(error) => self.put_off(entry, &error).await,
            Ok(Some((job, _))) if job.is_open() && job.route == self.device.id => {
                self.pending.insert(Entry::new(job, entry.work()));
            }
            _ => self.left_for_good(),
        }
    }

    /// The device has told what became of an attempt.
    pub(super) async fn reconciled(&mut self, job: &Job, attempt: u64, outcome: Outcome) {
        let event = Event::Succeed { outcome };
        // A person may have been quicker: the journal then refuses it, and nothing is to be done.
        let _ = self.write(&job.job, Some((attempt, Vec::new())), event).await;
        if job.state != State::Uncertain {
            self.left_for_good();
        }
        self.doubts.remove(&job.job);
        self.memory = None;
        self.board.attention_changed();
    }

    /// The device knows that nothing came of an attempt: the job is done anew, unless it was uncertain.
    pub(super) async fn not_done(&mut self, job: &Job, attempt: u64, evidence: Value) {
        let written = self.write(&job.job, Some((attempt, Vec::new())), Event::NotDone { evidence }).await;
        self.doubts.remove(&job.job);
        match written {
            Ok(job) if job.is_open() => self.queue(job, None),
            _ if job.state != State::Uncertain => self.left_for_good(),
            _ => {}
        }
        self.board.attention_changed();
    }

    /// Nobody but a person can tell what became of an attempt.
    pub(super) async fn unresolvable(&mut self, job: &Job, attempt: &Attempt, why: &str) {
        if job.state == State::Uncertain {
            return;
        }
        let error = ErrorBody::new(
            "in-doubt",
            format!(
                "the agent was stopped in the middle of this job and the outcome is not known ({why}): look at the paper"
            ),
        );
        let evidence = json!({"attempt": attempt.number, "baseline": attempt.baseline, "asked": why});
        let event = Event::Doubt { error, evidence };
        let _ = self.write(&job.job, Some((attempt.number, Vec::new())), event).await;
        self.left_for_good();
        self.board.attention_changed();
    }

    /// Open attempts of an earlier run, whose device can't be reached, become uncertain; they are still asked
    /// about when it is back.
    async fn doubt_the_unreached(&mut self) {
        if self.started.elapsed() < RESOLVE_WITHIN {
            return;
        }
        for mut open in std::mem::take(&mut self.unresolved) {
            if open.job.state != State::Uncertain {
                let number = open.job.begun.unwrap_or_default();
                let attempt = self.attempt(number).await.unwrap_or_else(|_| Attempt::unknown(number));
                self.unresolvable(&open.job, &attempt, "the device can't be reached").await;
                open.job.state = State::Uncertain;
            }
            self.ask_later(open);
        }
    }

    async fn expire(&mut self) {
        let now = self.now();
        for job in self.pending.overdue(now) {
            let Some(mut entry) = self.pending.remove(&job) else { continue };
            if let Err(error) = self.expire_one(entry.clone()).await {
                tracing::error!(job, %error, "a deadline that has passed can't be written; trying again");
                entry.deadline = Some(now.plus_ms(EXPIRE_AGAIN_MS));
                self.pending.insert(entry);
            }
        }
        let active = self.active.as_ref().filter(|active| active.entry.deadline.is_some_and(|at| at <= now));
        if let Some(job) = active.map(|active| active.entry.job.clone()) {
            match self.journal.apply(&job, Event::Overdue).await {
                Ok(transition) => {
                    let left = transition.job.state == State::Expired || transition.job.is_held();
                    if let Some(active) = &mut self.active {
                        // A job that goes on with a line more is taken up anew, to be printed with it.
                        active.again = Some(transition.job).filter(|_| transition.changed && !left);
                        active.left = left || active.again.is_some();
                        active.entry.deadline = None;
                    }
                    self.board.attention_changed();
                }
                Err(_) => {
                    if let Some(active) = &mut self.active {
                        active.entry.deadline = None;
                    }
                }
            }
        }
    }

    /// `Err`: the journal could not be written, and nothing has changed.
    async fn expire_one(&mut self, entry: Entry) -> Result<(), JournalError> {
        match self.journal.apply(&entry.job, Event::Overdue).await {
            Ok(transition) if transition.job.state == State::Expired || transition.job.is_held() => {
                self.left_for_good();
                self.board.attention_changed();
            }
            Ok(transition) => {
                self.pending.insert(Entry::new(transition.job, None));
            }
            Err(error @ JournalError::Storage(_)) => return Err(error),
            Err(_) => self.left_for_good(),
        }
        self.publish_current();
        Ok(())
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let active = self.active.as_ref().and_then(|active| active.entry.deadline);
        [self.pending.next_deadline(), active].into_iter().flatten().min()
    }

    fn until_fallback(&self) -> Option<Duration> {
        let (_, since) = (self.device.fallback.as_ref()?, self.blocked_since?);
        let now = self.now();
        let waited = self.active_movable().into_iter().chain(self.movable_pending());
        let longest = waited.map(|entry| now.since_ms(entry.accepted_at)).max()?;
        let waited = Duration::from_millis(longest).min(since.elapsed());
        Some(self.settings.fallback_after.saturating_sub(waited))
    }

    fn movable_pending(&self) -> impl Iterator<Item = &Entry> {
        self.pending.unbegun().filter(|entry| entry.movable)
    }

    fn active_movable(&self) -> Option<&Entry> {
        self.active
            .as_ref()
            .filter(|active| !active.left && active.entry.begun.is_none() && active.entry.movable)
            .map(|active| &active.entry)
    }

    /// Hands jobs that have waited long enough, and of which nothing was sent, to the fallback device.
    async fn move_to_fallback(&mut self) {
        let Some(fallback) = self.device.fallback.as_ref().and_then(|id| self.devices.get(id)).cloned()
        else {
            return;
        };
        let after = self.settings.fallback_after;
        if self.blocked_since.is_none_or(|since| since.elapsed() < after) {
            return;
        }
        let now = self.now();
        let due = |entry: &&Entry| Duration::from_millis(now.since_ms(entry.accepted_at)) >= after;
        let moving: Vec<Entry> =
            self.active_movable().into_iter().chain(self.movable_pending()).filter(due).cloned().collect();
        let reason = self.blocked_reason();
        for mut entry in moving {
            let work = match entry.kept.take() {
                Some(kept) => Ok(kept.work),
                None => self.work(&entry.job).await,
            };
            if let Err(NotRead::ForNow(error)) = &work {
                tracing::error!(job = entry.job, %error, "a job is not moved to the fallback device yet");
                continue;
            }
            let Some(work) = work.ok().filter(|work| fallback.check.check(work).is_ok()) else {
                tracing::warn!(job = entry.job, fallback = %fallback.id, "the fallback device can't do this job");
                self.not_movable(&entry.job);
                continue;
            };
            let event = Event::Reroute { to: fallback.id.clone(), reason: reason.clone() };
            let active = self.active.as_mut().filter(|active| active.entry.job == entry.job);
            match self.journal.apply(&entry.job, event).await {
                Ok(transition) => {
                    match active {
                        Some(active) => active.left = true,
                        None => {
                            self.pending.remove(&entry.job);
                            self.left_for_good();
                        }
                    }
                    tracing::warn!(
                        job = entry.job,
                        from = %self.device.id,
                        to = %fallback.id,
                        reason = reason.code,
                        "job taken over by the fallback device"
                    );
                    fallback.depth.fetch_add(1, Ordering::Relaxed);
                    let job = Box::new(transition.job);
                    fallback.tell(ToWorker::Job { job, work: Some(work) });
                }
                // It has begun after all: its own device will tell.
                Err(JournalError::Refused(_)) => self.not_movable(&entry.job),
                Err(error) => {
                    tracing::error!(job = entry.job, %error, "a job could not be moved; trying again later");
                    self.blocked_since = Some(Instant::now());
                    return;
                }
            }
        }
    }

    /// A job stays with its own device, whatever becomes of that.
    fn not_movable(&mut self, job: &str) {
        match self.active.as_mut().filter(|active| active.entry.job == job) {
            Some(active) => active.entry.movable = false,
            None => {
                if let Some(entry) = self.pending.remove(job) {
                    self.pending.insert(Entry { movable: false, ..entry });
                }
            }
        }
    }

    fn blocked_reason(&self) -> Waiting {
        self.blocked_by.clone().unwrap_or_else(|| {
            let problem = self.status.borrow().problem.clone();
            let message = problem.unwrap_or_else(|| format!("{} is being connected to", self.device.id));
            Waiting { code: "device-offline".to_owned(), message }
        })
    }

    /// There is a session. Whether it is of use is seen when a job gets through, or nothing is left to do.
    pub(super) fn online(&mut self) {
        self.ask_open = true;
        if self.logged.take().is_some() || self.blocked_by.is_some() {
            tracing::info!(device = %self.device.id, "the device is back");
        }
        self.publish(None);
    }

    fn unblocked(&mut self) {
        self.blocked_since = None;
        self.blocked_by = None;
    }

    /// There is none: what waits is told so, once.
    pub(super) async fn offline(&mut self, error: &DeviceError) {
        self.blocked_since.get_or_insert_with(Instant::now);
        self.device.readiness.busy();
        if self.logged.as_ref() != Some(&error.message) {
            tracing::warn!(device = %self.device.id, problem = error.message, "the device is offline");
            self.logged = Some(error.message.clone());
        }
        self.publish(None);
        let reason = Waiting { code: error.code.to_owned(), message: error.message.clone() };
        self.blocked_by = Some(reason.clone());
        for job in self.pending.untold(&reason.code, |_| true) {
            self.tell_waiting(&job, &reason).await;
        }
    }

    /// Nothing is left to do: from now on a job may be begun together with its acceptance.
    pub(super) fn rest(&mut self) {
        self.unblocked();
        self.publish(None);
        if self.inbox.is_empty() && self.pending.is_empty() && self.requests.is_empty() {
            self.device.readiness.idle();
        }
    }

    /// Shows the device's state and queue.
    pub(super) fn publish(&self, active: Option<&str>) {
        let oldest = self.active.as_ref().map(|active| active.entry.accepted_at);
        let queue = QueueState {
            depth: self.pending.len() as u64 + u64::from(active.is_some()),
            active: active.map(str::to_owned),
            oldest_at: [oldest, self.pending.oldest()].into_iter().flatten().min(),
        };
        self.board.set(&self.device.id, &self.status.borrow(), queue);
    }

    fn publish_current(&self) {
        self.publish(self.active.as_ref().map(|active| active.entry.job.as_str()));
    }

    /// A job has left this queue, for another or for its end.
    fn left_for_good(&self) {
        let _ = self
            .device
            .depth
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |depth| Some(depth.saturating_sub(1)));
    }

    fn now(&self) -> Timestamp {
        (self.journal.clock())()
    }
}
