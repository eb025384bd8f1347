//! Doing a job: preflight, intent, bytes, proof.

use std::sync::PoisonError;

use serde_json::Value;
use tokio::time::Instant;

use super::device::{EscPos, SETTLING, stopped};
use super::job::{Job, JobEnd, Payload, Proof};
use super::listen::{Goal, Heard};
use super::payload::payload;
use crate::driver::{Command, Confidence, JobContext, Outcome};
use crate::error::DeviceError;
use crate::exchange::Broken;

impl EscPos {
    pub(super) async fn print(
        &mut self,
        command: &Command,
        cx: &dyn JobContext,
    ) -> Result<Outcome, DeviceError> {
        let answers = self.answers();
        let now = Instant::now();
        if answers && !self.printer.fresh(now) {
            self.printer.ask(now);
        }
        let ready = self.printer.obstacle().is_none() && (self.printer.asked.is_none() || self.printer.asb);
        if !ready {
            let stopped = self.printer.obstacle().is_some();
            if self.listen(Goal::Ready, Some(cx)).await? == Heard::Silence {
                return Err(self.lost(format!("{}: the printer no longer answers", self.link)));
            }
            if stopped && self.settled.is_some() {
                self.settled = Some(Instant::now() + SETTLING);
            }
        }
        self.recover_unless_stopped();
        if !self.printer.outbox.is_empty() && self.listen(Goal::Ready, Some(cx)).await? == Heard::Silence {
            return Err(self.lost(format!("{}: the printer no longer answers", self.link)));
        }
        let proof = self.proof_now(Instant::now());
        let etb = self.printer.etb.unwrap_or(0);
        let (payload, remarks) = match self.take_prepared(cx.attempt(), proof) {
            Some(prepared) => prepared,
            None => payload(&mut self.encoder, command, proof, cx.attempt(), etb)?,
        };
        let baseline = self.baseline(&payload);
        let Some(exchange) = &mut self.exchange else {
            return Err(DeviceError::offline(format!("{}: there is no connection", self.link)));
        };
        cx.begin(baseline.clone()).await?;
        self.unclean = true;
        let mut job =
            Job::new(&mut self.printer, &payload, &self.timing, self.options.pace, answers, Instant::now());
        let end = exchange.run(&mut job, Some(cx)).await;
        let (sent, confirmed) = (job.sent(), job.confirmed());
        let evidence = self.evidence(baseline, sent, confirmed);
        let mut outcome = self.conclude(end, sent, proof, evidence)?;
        outcome.result = remarks;
        Ok(outcome)
    }

    /// The payload made at intake, if it is this attempt's and its proof is still the best.
    fn take_prepared(&self, attempt: u64, proof: Proof) -> Option<(Payload, Value)> {
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).take();
        prepared
            .filter(|(number, payload, _)| *number == attempt && payload.proof == proof)
            .map(|(_, payload, remarks)| (payload, remarks))
    }

    /// The best proof that the printer has shown itself capable of.
    ///
    /// A counter or the answer to `GS r` does not say what it belongs to. After a session that ended
    /// inside a job, the old job's could be taken for the new one's, so for a while they prove nothing.
    pub(super) fn proof_now(&self, now: Instant) -> Proof {
        let unsettled = self.settled.is_some_and(|settled| now < settled);
        match self.proof {
            Proof::GsR | Proof::Etb if unsettled => Proof::None,
            _ if self.one_way => Proof::None,
            Proof::ProcessId if self.printer.ignores_ids(now) => Proof::GsR,
            Proof::Etb if self.printer.etb.is_none() => Proof::None,
            proof => proof,
        }
    }

    /// What is journaled before the first byte leaves: how to recognise this job's proof later.
    fn baseline(&self, payload: &Payload) -> Value {
        let mut baseline = payload.baseline();
        match payload.proof {
            Proof::ProcessId => {
                let last = self.printer.ids.last();
                baseline["last_id_before"] = last.map(|id| String::from_utf8_lossy(id)).into();
            }
            Proof::Etb => baseline["counter_before"] = self.printer.etb.into(),
            Proof::GsR | Proof::None => {}
        }
        baseline
    }

    fn evidence(&self, mut baseline: Value, sent: usize, confirmed: usize) -> Value {
        baseline["sent"] = sent.into();
        baseline["copies_confirmed"] = confirmed.into();
        baseline["status"] = self.printer.to_json();
        baseline
    }

    fn conclude(
        &mut self,
        end: Result<JobEnd, Broken>,
        sent: usize,
        proof: Proof,
        mut evidence: Value,
    ) -> Result<Outcome, DeviceError> {
        let reason = match end {
            Ok(JobEnd::Proved | JobEnd::Left) => {
                self.unclean = false;
                let confidence = if proof == Proof::None { Confidence::Sent } else { Confidence::Printed };
                return Ok(Outcome::new(confidence, Value::Null, evidence));
            }
            Ok(JobEnd::PowerLost) => {
                "the printer was switched off and on in the middle of the job".to_owned()
            }
            Ok(JobEnd::NoProof) => {
                "all bytes have left and the printer reports nothing wrong, but did not confirm".to_owned()
            }
            Ok(JobEnd::Stalled) => {
                "the printer stopped in the middle of the job and no longer answers".to_owned()
            }
            Err(Broken::Aborted) if sent == 0 => {
                self.unclean = false;
                return Err(stopped());
            }
            Err(Broken::Aborted) => "the agent was ended in the middle of the job".to_owned(),
            Err(broken) => broken.to_string(),
        };
        let lost = self.lost(format!("{}: {reason}", self.link));
        if sent == 0 {
            self.unclean = false;
            return Err(lost.with_evidence(evidence));
        }
        evidence["reason"] = reason.clone().into();
        Err(DeviceError::in_doubt(format!("{}: {reason}; look at the paper", self.link))
            .with_evidence(evidence))
    }
}
