//! Following a job in the printer's queue until its end.

use ipp::model::{Operation, StatusCode};
use tokio::time::{Instant, sleep};

use super::answer::{JOB, Job, JobState};
use super::client::Failure;
use super::device::IppPrinter;
use super::reasons;
use crate::driver::{JobContext, Waiting};

/// So many questions in a row without an answer, and the printer counts as lost.
const MISSED: u32 = 3;
/// After so many questions a job that still waits for its turn is said to.
const PATIENT: u32 = 3;

/// The code of a job that waits for its turn.
const BUSY: &str = "device-busy";

/// How following ended.
pub(super) enum Followed {
    /// The printer is done with the job, one way or the other.
    Ended(Job),
    /// Nothing stops the printer, and the job does not go on.
    Stuck(Job),
    /// Something stops it; only where that is not waited out.
    Stopped(Waiting),
    /// The printer no longer knows it.
    Gone,
    /// The printer no longer answers.
    Lost(Failure),
}

impl IppPrinter {
    /// Asks for a job until it has ended. With a context, the job waits for whatever stops the printer; without
    /// one, that ends it, but for jobs of others in front of it.
    pub(super) async fn follow(&mut self, job: Job, name: &str, cx: Option<&dyn JobContext>) -> Followed {
        let mut job = job;
        let mut told: Option<Waiting> = None;
        let mut moved = Instant::now();
        let (mut missed, mut pending) = (0, 0);
        let ended = loop {
            if matches!(job.state, JobState::Canceled | JobState::Aborted | JobState::Completed) {
                break Followed::Ended(job);
            }
            if let Err(failure) = self.look(cx).await {
                missed += 1;
                if missed >= MISSED {
                    break Followed::Lost(failure);
                }
            }
            pending = if job.state == JobState::Pending { pending + 1 } else { 0 };
            let waits = self.why(&job, pending);
            if let Some(waiting) = waits.clone().filter(|waiting| cx.is_none() && waiting.code != BUSY) {
                break Followed::Stopped(waiting);
            }
            if waits != told {
                told.clone_from(&waits);
                cx.iter().for_each(|cx| cx.waiting(waits.clone()));
            }
            if told.is_some() {
                moved = Instant::now();
            } else if moved.elapsed() >= self.options.stuck() {
                break Followed::Stuck(job);
            }
            sleep(self.options.poll()).await;
            match self.find(Some(job.id), name, cx).await {
                Ok(Some(now)) => {
                    missed = 0;
                    if (now.state, now.impressions) != (job.state, job.impressions) {
                        moved = Instant::now();
                    }
                    job = now;
                }
                Ok(None) => break Followed::Gone,
                Err(failure) => {
                    missed += 1;
                    if missed >= MISSED {
                        break Followed::Lost(failure);
                    }
                }
            }
        };
        if told.is_some() {
            cx.iter().for_each(|cx| cx.waiting(None));
        }
        ended
    }

    /// Why a job does not go on, if it doesn't.
    fn why(&self, job: &Job, pending: u32) -> Option<Waiting> {
        let waiting =
            |code: &str, message: &str| Some(Waiting { code: code.to_owned(), message: message.to_owned() });
        if let Some(waiting) =
            reasons::obstacle(&self.status).filter(|waiting| waiting.code != "not-accepting")
        {
            return Some(waiting);
        }
        match job.state {
            JobState::Held => {
                let reasons = job.reasons.join(", ");
                let message = format!("the printer's queue holds the job ({reasons}): release it there");
                waiting("held-at-device", &message)
            }
            JobState::Stopped => {
                waiting("device-fault", "the printer has stopped in the middle of the job: look at its panel")
            }
            JobState::Pending if pending > PATIENT => {
                waiting(BUSY, "the printer is at other jobs, and this one waits for its turn")
            }
            _ => None,
        }
    }

    /// A job of this name: by its number, where it is known, else in the lists of the printer.
    pub(super) async fn find(
        &mut self,
        id: Option<i32>,
        name: &str,
        cx: Option<&dyn JobContext>,
    ) -> Result<Option<Job>, Failure> {
        // Printers that hide names say none; one that was switched off may give the number to another job.
        let ours = |job: &Job| job.name.as_deref().is_none_or(|own| own == name);
        if let Some(id) = id
            && let Some(job) = self.by_number(id, cx).await?.filter(ours)
        {
            return Ok(Some(job));
        }
        // A job that ends between the questions is in the second list.
        for which in ["not-completed", "completed"] {
            let question = self.client.question(Operation::GetJobs)?;
            let question = question.user().keyword("which-jobs", which).wanting(&JOB);
            match self.client.ask(question, cx).await {
                Ok(answer) => {
                    let found = Job::all(&answer).into_iter().find(|job| job.name.as_deref() == Some(name));
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Err(Failure::Refused { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }

    async fn by_number(&mut self, id: i32, cx: Option<&dyn JobContext>) -> Result<Option<Job>, Failure> {
        let question = self.client.question(Operation::GetJobAttributes)?;
        let question = question.integer("job-id", id).user().wanting(&JOB);
        match self.client.ask(question, cx).await {
            Ok(answer) => Ok(Job::all(&answer).into_iter().next()),
            Err(Failure::Refused {
                status: StatusCode::ClientErrorNotFound | StatusCode::ClientErrorGone,
                ..
            }) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
