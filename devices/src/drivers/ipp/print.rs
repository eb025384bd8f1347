//! Doing a job: wait until the printer is ready, intent, Print-Job, follow, judge.

use std::sync::atomic::{AtomicBool, Ordering};

use ipp::model::{Operation, StatusCode};
use ipp::value::IppValue;
use outlet_protocols::document::Document;
use outlet_protocols::pdf::Pdf;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::answer::{Job, JobState};
use super::client::{Failure, Question};
use super::device::{IppPrinter, Obstacle};
use super::follow::Followed;
use super::options::Sides;
use super::{made, printable, reasons, remarks};
use crate::driver::{Command, Confidence, JobContext, Outcome};
use crate::error::{DeviceError, ErrorKind};

/// The medium asked for where the printer has it (PWG 5101.1).
const A4: &str = "iso_a4_210x297mm";
/// How often a job is looked for whose answer was lost.
const SEARCHES: u32 = 3;

/// What is printed, as the printer gets it.
pub(super) struct Order<'a> {
    pub document: &'a Document,
    pub heading: &'a [String],
    pub copies: u8,
    /// `job-name`.
    pub name: &'a str,
}

impl IppPrinter {
    pub(super) async fn print(
        &mut self,
        command: &Command,
        cx: &dyn JobContext,
    ) -> Result<Outcome, DeviceError> {
        let begun = AtomicBool::new(false);
        tokio::select! {
            biased;
            () = cx.aborted() => Err(match begun.load(Ordering::Acquire) {
                true => DeviceError::in_doubt(
                    "the agent was ended while the printer had the job; it asks for it when it is back",
                ),
                false => DeviceError::new(
                    ErrorKind::Stopped,
                    "internal",
                    "the agent was told to end before the first byte",
                ),
            }),
            done = self.print_job(command, cx, &begun) => done,
        }
    }

    async fn print_job(
        &mut self,
        command: &Command,
        cx: &dyn JobContext,
        begun: &AtomicBool,
    ) -> Result<Outcome, DeviceError> {
        let document = printable(&command.work)?;
        self.wait_until_ready(cx).await?;
        let name = job_name(&self.id, &command.job, cx.attempt());
        let order = Order { document, heading: &command.heading, copies: command.copies.max(1), name: &name };
        // Judged before the intent: what can't be made is no attempt.
        let pdf = self.file(&order, self.abilities.copies, false)?;
        let baseline = json!({ "proof": "ipp-job", "name": name, "up_time": self.status.up_time });
        cx.begin(baseline.clone()).await?;
        begun.store(true, Ordering::Release);
        let result = remarks(pdf.pages, order.copies, &pdf.report);
        let job = self.hand_over(&order, pdf, Some(cx)).await?;
        // Without it on disk the job is found by its name.
        let _ = cx.note(json!({ "job_id": job.id })).await;
        let mut outcome = match self.follow(job, &name, Some(cx)).await {
            Followed::Ended(job) => judge(&job, &evidence(&baseline, &job)),
            Followed::Stuck(job) => {
                let why = format!("the printer's job {} does not go on", job.id);
                Err(self.doubt(&why).with_evidence(evidence(&baseline, &job)))
            }
            Followed::Gone => Err(self
                .doubt("the printer has forgotten the job, maybe it was switched off")
                .with_evidence(baseline)),
            Followed::Stopped(waiting) => Err(self.doubt(&waiting.message).with_evidence(baseline)),
            Followed::Lost(failure) => {
                let why = format!("the printer no longer answers: {failure}");
                self.lost(Obstacle::Failure(failure));
                Err(self.doubt(&why).with_evidence(baseline))
            }
        }?;
        outcome.result = result;
        Ok(outcome)
    }

    async fn wait_until_ready(&mut self, cx: &dyn JobContext) -> Result<(), DeviceError> {
        let mut told = None;
        loop {
            if let Err(failure) = self.look(Some(cx)).await {
                return Err(self.lost(Obstacle::Failure(failure)));
            }
            let waits = reasons::obstacle(&self.status);
            if waits != told {
                cx.waiting(waits.clone());
            }
            if waits.is_none() {
                return Ok(());
            }
            told = waits;
            sleep(self.options.poll()).await;
        }
    }

    /// The file for a printer that makes so many copies by itself; `plain`: it is not asked for any sides.
    fn file(&self, order: &Order<'_>, by_printer: u8, plain: bool) -> Result<Pdf, DeviceError> {
        let copies = if order.copies <= by_printer { 1 } else { order.copies };
        let asked = self.sides().filter(|_| !plain);
        let sides = asked.or(self.abilities.sides_default.as_deref());
        made(order.document, order.heading, copies, sides != Some(Sides::One.keyword()))
    }

    /// The sides that are asked for: those of the options, where the printer offers them.
    fn sides(&self) -> Option<&'static str> {
        let wanted = self.options.sides.map(Sides::keyword);
        wanted.filter(|word| self.abilities.sides.iter().any(|known| known == word))
    }

    /// Sends the job, and gives it as the printer has it. A lost answer is made up for by its name.
    ///
    /// # Errors
    /// `NotSent`, `Busy`, `Rejected` or `Unsupported` where the printer certainly has no job; else `OutcomeUnknown`.
    pub(super) async fn hand_over(
        &mut self,
        order: &Order<'_>,
        pdf: Pdf,
        cx: Option<&dyn JobContext>,
    ) -> Result<Job, DeviceError> {
        let fancy = self.question(order, false, pdf.bytes).map_err(|failure| self.refused(failure))?;
        let mut answer = self.client.ask(fancy, cx).await;
        if let Err(Failure::Refused {
            status:
                StatusCode::ClientErrorAttributesOrValuesNotSupported
                | StatusCode::ClientErrorConflictingAttributes,
            ..
        }) = answer
        {
            let plain = self.file(order, 1, true)?.bytes;
            let plain = self.question(order, true, plain).map_err(|failure| self.refused(failure))?;
            answer = self.client.ask(plain, cx).await;
        }
        let lost = match answer {
            Ok(answer) => match Job::all(&answer).into_iter().next() {
                // Its name is not among what Print-Job answers.
                Some(job) => return Ok(job),
                None => "the printer took the job and did not say its number".to_owned(),
            },
            Err(failure) if is_certain(&failure) => return Err(self.refused(failure)),
            Err(failure) => failure.to_string(),
        };
        let mut last = None;
        for _ in 0..SEARCHES {
            match self.find(None, order.name, cx).await {
                Ok(Some(job)) => return Ok(job),
                Ok(None) => last = None,
                Err(failure) => last = Some(failure),
            }
            sleep(self.options.poll()).await;
        }
        if let Some(failure) = last {
            self.lost(Obstacle::Failure(failure));
        }
        let why = format!("it is not known whether the printer got the job: {lost}");
        Err(self.doubt(&why).with_evidence(json!({ "proof": "ipp-job", "name": order.name, "reason": lost })))
    }

    /// Print-Job; `plain` without anything that a printer may refuse.
    fn question(&mut self, order: &Order<'_>, plain: bool, file: Vec<u8>) -> Result<Question, Failure> {
        let offered = &self.abilities;
        let copies = (order.copies > 1 && order.copies <= offered.copies).then_some(order.copies);
        let sides = self.sides();
        let media = offered.media.iter().any(|known| known == A4).then_some(A4);
        let mut question = self
            .client
            .question(Operation::PrintJob)?
            .user()
            .name("job-name", order.name)
            .mime("document-format", "application/pdf");
        if !plain && (copies.is_some() || sides.is_some() || media.is_some()) {
            // Rather refused than printed once instead of three times.
            question = question.boolean("ipp-attribute-fidelity", true);
            if let Some(copies) = copies {
                question = question.job("copies", Ok(IppValue::Integer(copies.into())));
            }
            if let Some(sides) = sides {
                question = question.job("sides", IppValue::new_keyword(sides));
            }
            if let Some(media) = media {
                question = question.job("media", IppValue::new_keyword(media));
            }
        }
        Ok(question.document(file))
    }

    fn doubt(&self, why: &str) -> DeviceError {
        DeviceError::in_doubt(format!("{}: {why}; look at the paper", self.link))
    }

    /// The printer certainly has no job.
    fn refused(&mut self, failure: Failure) -> DeviceError {
        let link = self.link.clone();
        let error =
            |kind, code| DeviceError::new(kind, code, format!("{link}: {failure}; {}", failure.remedy()));
        match &failure {
            Failure::Http(429 | 503) => error(ErrorKind::Busy, "device-busy"),
            Failure::Http(401 | 403) => error(ErrorKind::Rejected, "forbidden"),
            Failure::Http(_) => error(ErrorKind::Rejected, "device-fault"),
            Failure::Refused { status, .. } => match status {
                StatusCode::ServerErrorBusy
                | StatusCode::ServerErrorTemporaryError
                | StatusCode::ServerErrorServiceUnavailable
                | StatusCode::ServerErrorNotAcceptingJobs
                | StatusCode::ServerErrorDeviceError => error(ErrorKind::Busy, "device-busy"),
                StatusCode::ClientErrorForbidden
                | StatusCode::ClientErrorNotAuthenticated
                | StatusCode::ClientErrorNotAuthorized => error(ErrorKind::Rejected, "forbidden"),
                StatusCode::ClientErrorDocumentFormatNotSupported
                | StatusCode::ServerErrorOperationNotSupported => {
                    error(ErrorKind::Unsupported, "unsupported")
                }
                StatusCode::ClientErrorRequestEntityTooLong => error(ErrorKind::Rejected, "too-large"),
                _ => error(ErrorKind::Rejected, "device-fault"),
            },
            Failure::NotReached(_) | Failure::Lost(_) | Failure::Nonsense(_) => {
                self.lost(Obstacle::Failure(failure))
            }
        }
    }
}

/// Whether a request that failed certainly made no job.
fn is_certain(failure: &Failure) -> bool {
    match failure {
        // The job may have been there before it was cancelled (RFC 8011, B.1.5.9).
        Failure::Refused { status: StatusCode::ServerErrorJobCanceled, .. } => false,
        Failure::NotReached(_) | Failure::Refused { .. } => true,
        Failure::Http(status) => (400..500).contains(status) || *status == 503,
        Failure::Lost(_) | Failure::Nonsense(_) => false,
    }
}

/// The name of an attempt in the printer's queue, at most 255 octets (RFC 8011, 5.1.3).
fn job_name(device: &str, job: &str, attempt: u64) -> String {
    format!("outletd {device} {job} {attempt}")
}

/// What the end of a job means.
///
/// # Errors
/// `Rejected`: the printer did not begin it, as it says itself. `OutcomeUnknown`: it may have printed a part.
pub(super) fn judge(job: &Job, evidence: &Value) -> Result<Outcome, DeviceError> {
    let said = job.message.as_deref().filter(|message| !message.is_empty());
    let why =
        said.map_or_else(|| job.reasons.join(", "), |said| format!("{}: {said}", job.reasons.join(", ")));
    let (code, end) = match job.state {
        JobState::Completed if !job.says("job-completed-with-errors") => {
            let confidence = match job.says("queued-in-device") {
                true => Confidence::Sent,
                false => Confidence::Printed,
            };
            return Ok(Outcome::new(confidence, Value::Null, evidence.clone()));
        }
        JobState::Completed => ("in-doubt", "printed the job with errors"),
        JobState::Canceled => ("cancelled", "was told to cancel the job"),
        _ => ("device-fault", "gave the job up"),
    };
    let error = match (job.state, job.impressions) {
        (JobState::Canceled | JobState::Aborted, Some(0)) if job.not_begun => {
            let message = format!("the printer {end} before it began ({why})");
            DeviceError::new(ErrorKind::Rejected, code, message)
        }
        // A printer that counts nothing may say 0 all the time.
        (_, Some(pages)) if pages > 0 => DeviceError::in_doubt(format!(
            "the printer {end} ({why}), after {pages} pages; look at the paper"
        )),
        _ => DeviceError::in_doubt(format!("the printer {end} ({why}); look at the paper")),
    };
    Err(error.with_evidence(evidence.clone()))
}

/// The baseline with what the printer says of the job.
pub(super) fn evidence(baseline: &Value, job: &Job) -> Value {
    let mut evidence = job.to_json();
    if let (Value::Object(evidence), Value::Object(baseline)) = (&mut evidence, baseline) {
        evidence.extend(baseline.clone());
    }
    evidence
}
