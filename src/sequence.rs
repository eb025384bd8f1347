//! Jobs that were asked for together are done one after the other, and none of them after one that failed.
//!
//! All of them are on disk before the first is begun, each with its [`Place`]. The worker gets the next one
//! when the journal has the good end of the one before; until then it is `accepted`. After a bad end the rest
//! fails with the code `interrupted`. Which is whose turn follows from the journal alone, so that a restart
//! goes on where it was.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::bus::client::backoff;
use crate::bus::contract::{ErrorBody, State, Topics};
use crate::intake::{Devices, ToWorker};
use crate::journal::machine::{Event, Job, Refused};
use crate::journal::{self, Journal, JournalError, NewJob, OutboxRow};
use crate::pulse;

/// Code of a job that was not begun because one before it came to nothing.
pub const INTERRUPTED: &str = "interrupted";
/// Where a job's evidence has its place.
const EVIDENCE: &str = "request";

/// A job's place among those that were asked for together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The id they were asked for under: that of the first job.
    pub id: String,
    /// Which of them this is, from 1.
    pub task: usize,
    /// How many they are.
    pub of: usize,
}

impl Place {
    /// The place of a job that came alone.
    pub fn alone(id: &str) -> Self {
        Self { id: id.to_owned(), task: 1, of: 1 }
    }

    /// All places of a request of so many tasks.
    pub fn all(id: &str, of: usize) -> impl Iterator<Item = Self> {
        (1..=of).map(move |task| Self { id: id.to_owned(), task, of })
    }

    /// The job's id: the request's own for the first, `{id}-2`, `{id}-3` and so on for the others.
    pub fn job(&self) -> String {
        match self.task {
            1 => self.id.clone(),
            task => format!("{}-{task}", self.id),
        }
    }

    /// The place that a job has on disk; `None` for one that came over the bus.
    pub fn of(job: &Job) -> Option<Self> {
        job.evidence.get(EVIDENCE).and_then(|place| Self::deserialize(place).ok())
    }

    /// Keeps the place with the job.
    pub fn mark(&self, job: &mut Job) {
        job.evidence.insert(EVIDENCE.to_owned(), json!(self));
    }

    /// All places of its request.
    pub fn siblings(&self) -> impl Iterator<Item = Self> {
        Self::all(&self.id, self.of)
    }
}

/// Takes out of what the journal had left the jobs whose turn has not come.
pub fn withhold(left: &mut Vec<Job>) -> Vec<Place> {
    let later = |job: &mut Job| !job.is_begun() && Place::of(job).is_some_and(|place| place.task > 1);
    left.extract_if(.., later).filter_map(|job| Place::of(&job)).collect()
}

/// Hands jobs that belong together to their workers, in their turn. Clones share one.
#[derive(Clone)]
pub struct Sequence(Arc<Inner>);

struct Inner {
    journal: Journal,
    devices: Arc<Devices>,
    topics: Topics,
    followed: Mutex<Followed>,
    news: mpsc::UnboundedSender<String>,
    catch_up: mpsc::UnboundedSender<oneshot::Sender<()>>,
}

#[derive(Default)]
struct Followed {
    requests: HashMap<String, Progress>,
    /// The request of each job.
    jobs: HashMap<String, String>,
}

/// How far a request is.
#[derive(Clone, Copy)]
struct Progress {
    of: usize,
    /// Up to this task the workers have them.
    handed: usize,
}

/// What the journal makes known as it commits, on its way to the bus.
pub struct Committed {
    /// From the journal.
    pub from: mpsc::UnboundedReceiver<Vec<OutboxRow>>,
    /// To the bus.
    pub onward: mpsc::UnboundedSender<Vec<OutboxRow>>,
}

impl Sequence {
    /// Goes on with what was withheld. The future does the work, until the journal or the bus ends.
    pub fn start(
        journal: Journal,
        devices: Arc<Devices>,
        topics: Topics,
        withheld: Vec<Place>,
        committed: Committed,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (news, heard) = mpsc::unbounded_channel();
        let (catch_up, asked) = mpsc::unbounded_channel();
        let followed = Mutex::default();
        let sequence = Self(Arc::new(Inner { journal, devices, topics, followed, news, catch_up }));
        let mut handed: HashMap<String, Progress> = HashMap::new();
        for place in withheld {
            let progress = Progress { of: place.of, handed: place.task - 1 };
            let known = handed.entry(place.id).or_insert(progress);
            known.handed = known.handed.min(progress.handed);
        }
        for (id, progress) in handed {
            sequence.follow(&id, progress);
        }
        let (watching, advancing) = (sequence.clone(), sequence.clone());
        let task = async move {
            tokio::select! {
                () = watching.watch(committed, asked) => {}
                () = advancing.advance_all(heard) => {}
            }
        };
        (sequence, task)
    }

    /// Takes in jobs that belong together, all or none: they are on disk when it returns. Not to be called
    /// for one alone. The jobs of one request go to one device.
    pub async fn accept(&self, id: &str, jobs: Vec<NewJob>) -> Result<journal::Intake, JournalError> {
        let (sequence, id) = (self.clone(), id.to_owned());
        // A task of its own: whoever asked may hang up while the disk is at it.
        let accepting = tokio::spawn(async move {
            let of = jobs.len();
            let taken = sequence.0.journal.write(move |tx| {
                let mut first = None;
                for job in jobs {
                    match (tx.accept(job)?, &first) {
                        (taken @ journal::Intake::New(_), None) => first = Some(taken),
                        (journal::Intake::New(_), Some(_)) => {}
                        (known, None) => return Ok(known),
                        // Somebody has the id of a later one. An error, so that nothing of this is kept.
                        (_, Some(_)) => return Err(Refused::NotNow(State::Accepted).into()),
                    }
                }
                Ok(first.unwrap_or(journal::Intake::Conflict))
            });
            let taken = taken.await;
            if let Ok(journal::Intake::New(_)) = taken {
                sequence.follow(&id, Progress { of, handed: 0 });
            }
            taken
        });
        accepting.await.map_err(|_| JournalError::Closed)?
    }

    fn follow(&self, id: &str, progress: Progress) {
        let mut followed = self.followed();
        for place in Place::all(id, progress.of) {
            followed.jobs.insert(place.job(), id.to_owned());
        }
        followed.requests.insert(id.to_owned(), progress);
        drop(followed);
        drop(self.0.news.send(id.to_owned()));
    }

    fn forget(&self, id: &str) {
        let mut followed = self.followed();
        if let Some(progress) = followed.requests.remove(id) {
            for place in Place::all(id, progress.of) {
                followed.jobs.remove(&place.job());
            }
        }
    }

    /// Resolves when all that was committed before is on its way to the bus.
    pub async fn caught_up(&self) {
        // The journal hands on what it has committed before it takes up the next write.
        if self.0.journal.write(|_| Ok(())).await.is_ok() {
            let (answer, answered) = oneshot::channel();
            drop(self.0.catch_up.send(answer));
            drop(answered.await);
        }
    }

    /// Lets everything on to the bus, and hears what happens to the jobs that are followed.
    async fn watch(&self, mut committed: Committed, mut asked: mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
        loop {
            let rows = tokio::select! {
                biased;
                rows = committed.from.recv() => rows,
                Some(answer) = asked.recv() => {
                    let _ = answer.send(());
                    continue;
                }
            };
            let Some(rows) = rows else { return };
            let concerned = self.concerned(&rows);
            if committed.onward.send(rows).is_err() {
                return;
            }
            concerned.into_iter().for_each(|id| drop(self.0.news.send(id)));
        }
    }

    /// The followed requests whose jobs something is told of.
    fn concerned(&self, rows: &[OutboxRow]) -> Vec<String> {
        let followed = self.followed();
        if followed.jobs.is_empty() {
            return Vec::new();
        }
        let prefix = self.0.topics.job("");
        let jobs = rows.iter().filter_map(|row| row.topic.strip_prefix(&prefix));
        jobs.filter_map(|job| followed.jobs.get(job).cloned()).collect()
    }

    async fn advance_all(&self, mut heard: mpsc::UnboundedReceiver<String>) {
        let mut failures = 0;
        loop {
            let resting = pulse::resting();
            let Some(id) = heard.recv().await else { return };
            drop(resting);
            match self.advance(&id).await {
                Ok(()) => failures = 0,
                Err(JournalError::Closed) => return,
                Err(error) => {
                    failures += 1;
                    tracing::error!(request = id, %error, "jobs that belong together can't go on; trying again");
                    tokio::time::sleep(backoff(failures)).await;
                    pulse::step();
                    drop(self.0.news.send(id));
                }
            }
        }
    }

    /// Sees whose turn it is, from the journal.
    async fn advance(&self, id: &str) -> Result<(), JournalError> {
        let Some(Progress { of, handed }) = self.followed().requests.get(id).copied() else { return Ok(()) };
        for place in Place::all(id, of) {
            let Some((job, _)) = self.0.journal.job(&place.job()).await? else {
                tracing::error!(request = id, task = place.task, "the journal lacks a job of a request");
                break;
            };
            if job.state == State::Succeeded {
                continue;
            }
            if job.state.is_final() {
                self.interrupt(&place, job.state).await?;
                break;
            }
            if place.task > handed && job.is_open() {
                self.hand_over(&place, job);
            }
            return Ok(());
        }
        self.forget(id);
        Ok(())
    }

    fn hand_over(&self, place: &Place, job: Job) {
        if let Some(progress) = self.followed().requests.get_mut(&place.id) {
            progress.handed = place.task;
        }
        let Some(device) = self.0.devices.get(&job.route) else {
            let (job, device) = (job.job, job.route);
            tracing::warn!(job, device, "a job waits for a device that is not configured any more");
            return;
        };
        device.depth.fetch_add(1, Ordering::Relaxed);
        device.tell(ToWorker::Job { job: Box::new(job), work: None });
    }

    /// Nothing that comes after this one is done.
    async fn interrupt(&self, failed: &Place, state: State) -> Result<(), JournalError> {
        for place in failed.siblings().skip(failed.task) {
            let text = format!("task {} of this request, job {}, has {state}", failed.task, failed.job());
            let event = Event::Fail { error: ErrorBody::new(INTERRUPTED, text), evidence: Value::Null };
            match self.0.journal.apply(&place.job(), event).await {
                Ok(_) | Err(JournalError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.0.followed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
