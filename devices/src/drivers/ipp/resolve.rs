//! Asking the printer what became of an attempt: by the job's number and name, or by its name alone.

use serde_json::Value;

use super::answer::{Job, JobState};
use super::device::{IppPrinter, Obstacle};
use super::follow::Followed;
use super::print::{evidence, judge};
use crate::driver::{Attempt, Resolution, Waiting};
use crate::error::{DeviceError, ErrorKind};

impl IppPrinter {
    /// # Errors
    /// `NotSent` when the printer can't be asked, `Busy` when it is not done with the job: ask again later.
    pub(super) async fn ask_for(&mut self, attempt: &Attempt) -> Result<Resolution, DeviceError> {
        let baseline = &attempt.baseline;
        let Some(name) = baseline.get("name").and_then(Value::as_str) else {
            return Ok(Resolution::Unknown("the attempt's name in the printer's queue is not known".into()));
        };
        let id = baseline.get("job_id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
        let found = match self.find(id, name, None).await {
            Ok(found) => found,
            Err(failure) => return Err(self.lost(Obstacle::Failure(failure))),
        };
        let Some(job) = found else { return Ok(Resolution::Unknown(self.forgotten(baseline).await)) };
        match self.follow(job, name, None).await {
            Followed::Ended(job) => Ok(end(baseline, &job)),
            Followed::Stopped(waiting) => Err(busy(waiting)),
            Followed::Stuck(job) => {
                let message = format!("the printer's job {} does not go on: look at the printer", job.id);
                Err(DeviceError::new(ErrorKind::Busy, "device-busy", message))
            }
            Followed::Gone => Ok(Resolution::Unknown(self.forgotten(baseline).await)),
            Followed::Lost(failure) => Err(self.lost(Obstacle::Failure(failure))),
        }
    }

    /// Why there is no such job. That proves nothing: printers forget jobs, some at once.
    async fn forgotten(&mut self, baseline: &Value) -> String {
        let before = baseline.get("up_time").and_then(Value::as_i64);
        let now = match self.look(None).await {
            Ok(()) => self.status.up_time.map(i64::from),
            Err(_) => None,
        };
        match before.zip(now) {
            Some((before, now)) if now < before => {
                "the printer was switched off and on since then and has forgotten its jobs".to_owned()
            }
            _ => {
                "the printer knows no job of this name: it may have forgotten it, or never got it".to_owned()
            }
        }
    }
}

fn end(baseline: &Value, job: &Job) -> Resolution {
    let evidence = evidence(baseline, job);
    match judge(job, &evidence) {
        Ok(outcome) => Resolution::Done(outcome),
        // What a person has cancelled is not printed again by itself.
        Err(error) if error.kind == ErrorKind::Rejected && job.state == JobState::Aborted => {
            Resolution::NotDone(evidence)
        }
        Err(error) => Resolution::Unknown(error.message),
    }
}

fn busy(waiting: Waiting) -> DeviceError {
    let code = match waiting.code.as_str() {
        "paper-out" => "paper-out",
        "cover-open" => "cover-open",
        _ => "device-busy",
    };
    DeviceError::new(ErrorKind::Busy, code, waiting.message)
}
