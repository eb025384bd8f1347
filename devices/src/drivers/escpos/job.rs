//! Printing a job: its bytes, its proof, and the waiting in between.
//!
//! Nothing here is ever sent twice. Where the printer stops, for paper, cover or cutter, its own buffer
//! resumes by itself; the session waits for that as long as the link is up.

use std::time::Duration;

use outlet_protocols::escpos::command;
use outlet_protocols::star;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::options::{Pace, Timing};
use super::printer::{Printer, Reply};
use super::recovery::Recovery;
use crate::driver::Waiting;
use crate::exchange::{Session, Step};

/// What proves that a copy was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The echo of the copy's process id.
    ProcessId,
    /// The answer to a `GS r` behind the copy.
    GsR,
    /// Star's ETB counter, which every copy advances by one.
    Etb,
    /// Nothing.
    None,
}

impl Proof {
    /// Appends what asks for the proof.
    pub fn append(self, id: [u8; 4], bytes: &mut Vec<u8>) {
        match self {
            Proof::ProcessId => bytes.extend_from_slice(&command::process_id_response(id)),
            Proof::GsR => bytes.extend_from_slice(command::PAPER_SENSOR),
            Proof::Etb => bytes.extend_from_slice(star::command::ETB),
            Proof::None => {}
        }
    }

    /// Its name in evidence.
    pub fn name(self) -> &'static str {
        match self {
            Proof::ProcessId => "process-id",
            Proof::GsR => "gs-r",
            Proof::Etb => "etb",
            Proof::None => "none",
        }
    }
}

/// Bytes of a job, made before the first of them leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// All copies, each with its proof.
    pub bytes: Vec<u8>,
    /// What proves them.
    pub proof: Proof,
    /// The copies, in order.
    pub copies: Vec<CopyMark>,
}

impl Payload {
    /// How to recognise the proof of these bytes later, as far as the bytes tell.
    pub fn baseline(&self) -> Value {
        let sha256: String = Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut baseline = json!({
            "proof": self.proof.name(),
            "bytes": self.bytes.len(),
            "sha256": sha256,
            "copies": self.copies.len(),
        });
        match self.proof {
            Proof::ProcessId => {
                baseline["ids"] = self.copies.iter().map(|copy| String::from_utf8_lossy(&copy.id)).collect();
            }
            Proof::Etb => baseline["counter_after"] = self.copies.last().map(|copy| copy.etb).into(),
            Proof::GsR | Proof::None => {}
        }
        baseline
    }
}

/// One copy of a document in a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyMark {
    /// Where it ends, its proof included.
    pub end: usize,
    /// Its process id.
    pub id: [u8; 4],
    /// What the ETB counter says when it is printed.
    pub etb: u8,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// The proof of every copy came.
    Proved,
    /// All bytes have left, and no more can be known.
    Left,
    /// The printer was switched off and on: what its buffer held is gone.
    PowerLost,
    /// The printer answers, reports nothing wrong, and the proof did not come.
    NoProof,
    /// It neither takes bytes nor answers.
    Stalled,
}

/// A healthy printer prints at least so fast; an impact printer with 40 columns makes about 6 lines a
/// second, 240 bytes.
const PER_BYTE: Duration = Duration::from_millis(5);
/// So many questions in a row without an answer, some four minutes: the printer is gone, unplugged perhaps
/// while it was out of paper.
const LAPSED: u32 = 15;
/// An offline bit without a cause is not told before it has lasted so long: it flickers while paper is fed.
const FLICKER: Duration = Duration::from_secs(1);

/// A job on its way to a printer.
pub struct Job<'a> {
    printer: &'a mut Printer,
    payload: &'a Payload,
    timing: &'a Timing,
    pace: Option<Pace>,
    /// The printer answers `DLE EOT`.
    answers: bool,
    sent: usize,
    confirmed: usize,
    flushed: bool,
    /// When the job last came nearer to its end, or a reason to wait went away.
    progress: Instant,
    /// When the current obstacle appeared.
    obstacle_since: Option<Instant>,
    recovery: Recovery,
    last_question: Option<Instant>,
    paused_until: Option<Instant>,
    burst: usize,
    /// Questions in a row without an answer.
    missed: u32,
    /// What is being written now is a real-time command, not the payload.
    real_time: bool,
    told: Option<Waiting>,
    notice: Option<Option<Waiting>>,
    end: Option<JobEnd>,
}

impl<'a> Job<'a> {
    /// A job of which nothing has left yet.
    pub fn new(
        printer: &'a mut Printer,
        payload: &'a Payload,
        timing: &'a Timing,
        pace: Option<Pace>,
        answers: bool,
        now: Instant,
    ) -> Self {
        Self {
            printer,
            payload,
            timing,
            pace,
            answers,
            sent: 0,
            confirmed: 0,
            flushed: false,
            progress: now,
            obstacle_since: None,
            recovery: Recovery::new(timing.recover),
            last_question: None,
            paused_until: None,
            burst: 0,
            missed: 0,
            real_time: false,
            told: None,
            notice: None,
            end: None,
        }
    }

    /// How many bytes have left.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// How many copies are proved to be on paper.
    pub fn confirmed(&self) -> usize {
        self.confirmed
    }

    fn all_sent(&self) -> bool {
        self.sent >= self.payload.bytes.len()
    }

    /// Real-time commands may stand between copies, not inside one: a printer would take them for a
    /// part of a picture or a barcode.
    fn between_copies(&self) -> bool {
        self.sent == 0 || self.payload.copies.iter().any(|copy| copy.end == self.sent)
    }

    /// When the next question is due: there is nothing left to send, and the printer says nothing. The
    /// longer it is silent the rarer, as the questions may pile up in front of a printer that stopped.
    fn question_due(&self) -> Option<Instant> {
        let waits = self.all_sent() && self.payload.proof != Proof::None && self.printer.asked.is_none();
        let last = self.printer.heard.map_or(self.progress, |heard| heard.max(self.progress));
        let last = self.last_question.map_or(last, |asked| asked.max(last));
        (self.answers && waits)
            .then(|| self.printer.due(last, self.timing.answer * (1 + self.missed.min(14))))
    }

    fn answer_due(&self) -> Option<Instant> {
        self.printer.asked.map(|(_, since)| self.printer.due(since, self.timing.answer))
    }

    /// When bytes that the printer does not take have waited too long to say nothing.
    fn stuck_due(&self) -> Option<Instant> {
        let writes = !self.all_sent() && self.paused_until.is_none();
        writes.then_some(self.progress + self.timing.answer)
    }

    fn silent(&self) -> bool {
        !self.all_sent() || self.missed > 0
    }

    /// When to give up. Never while the printer says what is the matter; but what it said lapses when it has
    /// not answered for long.
    fn give_up_due(&self) -> Option<Instant> {
        if self.printer.obstacle().is_some() && self.missed < LAPSED {
            return None;
        }
        let work =
            (PER_BYTE + self.printer.byte_time) * u32::try_from(self.payload.bytes.len()).unwrap_or(u32::MAX);
        let proof = self.timing.proof + work;
        let patience = if self.silent() { self.timing.stall.max(proof) } else { proof };
        Some(self.progress + patience)
    }

    /// When a stopped printer is to be helped on.
    fn recover_due(&self) -> Option<Instant> {
        let possible = self.between_copies() && self.answers && self.printer.is_escpos();
        possible.then(|| self.recovery.due(&self.printer.status)).flatten()
    }

    fn flicker_due(&self) -> Option<Instant> {
        self.obstacle_since.map(|since| since + FLICKER)
    }

    fn reason(&self, now: Instant) -> Option<Waiting> {
        if let Some(obstacle) = self.printer.obstacle() {
            let named = obstacle.code != "device-offline" || self.printer.status.unrecoverable;
            let lasting = self.flicker_due().is_some_and(|due| due <= now);
            return (named || lasting).then_some(obstacle);
        }
        let stuck = self.missed > 0 || self.stuck_due().is_some_and(|due| due <= now);
        stuck.then(|| Waiting {
            code: "device-offline".to_owned(),
            message: "the printer neither takes data nor answers: check its paper, its cover and its lamp"
                .to_owned(),
        })
    }

    fn on_reply(&mut self, reply: &Reply) {
        let sent = self.payload.copies.iter().take_while(|copy| copy.end <= self.sent);
        let confirmed = match (reply, self.payload.proof) {
            (Reply::PowerOn, _) => {
                self.end = Some(JobEnd::PowerLost);
                return;
            }
            // Only the latest id survives while the host can't listen: it stands for those before it.
            (Reply::ProcessId(id), Proof::ProcessId) => sent.enumerate().filter(|(_, c)| c.id == *id).last(),
            (Reply::Etb(count), Proof::Etb) => sent.enumerate().filter(|(_, c)| c.etb == *count).last(),
            (Reply::Sensor(_), Proof::GsR) => sent.enumerate().nth(self.confirmed),
            _ => None,
        };
        if let Some((copy, _)) = confirmed {
            self.confirmed = self.confirmed.max(copy + 1);
        }
    }
}

impl Session for Job<'_> {
    type End = JobEnd;

    fn tick(&mut self, now: Instant) {
        if self.end.is_some() {
            if self.told.take().is_some() {
                self.notice = Some(None);
            }
            return;
        }
        let obstacle = self.printer.obstacle();
        match (&obstacle, self.obstacle_since) {
            (Some(_), None) => self.obstacle_since = Some(now),
            (None, Some(_)) => {
                self.obstacle_since = None;
                self.progress = now;
            }
            _ => {}
        }
        self.recovery.see(&self.printer.status, now);
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            self.burst = 0;
        }
        if self.recover_due().is_some()
            && let Some(command) = self.recovery.take(&self.printer.status, now)
        {
            self.printer.outbox.extend_from_slice(command);
        }
        if self.answer_due().is_some_and(|due| due <= now) {
            self.printer.forget_questions();
            self.missed += 1;
        }
        if self.question_due().is_some_and(|due| due <= now) {
            self.printer.ask(now);
            self.last_question = Some(now);
        }
        let reason = self.reason(now);
        if reason != self.told {
            self.told = reason.clone();
            self.notice = Some(reason);
        }
        self.end = if self.confirmed == self.payload.copies.len() && self.payload.proof != Proof::None {
            Some(JobEnd::Proved)
        } else if self.flushed && obstacle.is_none() {
            Some(JobEnd::Left)
        } else if self.give_up_due().is_some_and(|due| due <= now) {
            Some(if self.silent() { JobEnd::Stalled } else { JobEnd::NoProof })
        } else {
            None
        };
        if self.end.is_some() && self.told.take().is_some() {
            self.notice = Some(None);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let flicker = self.flicker_due().filter(|_| self.told.is_none());
        let stuck = self.stuck_due().filter(|_| self.told.is_none());
        [
            self.question_due(),
            self.answer_due(),
            stuck,
            self.give_up_due(),
            self.recover_due(),
            flicker,
            self.paused_until,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step(&mut self) -> Step<'_, JobEnd> {
        if let Some(end) = self.end {
            return Step::End(end);
        }
        self.real_time = !self.printer.outbox.is_empty() && self.between_copies();
        if self.real_time {
            return Step::Write(&self.printer.outbox);
        }
        if !self.all_sent() {
            if self.paused_until.is_some() {
                return Step::Wait;
            }
            let room = self.pace.map_or(usize::MAX, |pace| pace.bytes.saturating_sub(self.burst));
            let end = self.sent.saturating_add(room).min(self.payload.bytes.len());
            return Step::Write(self.payload.bytes.get(self.sent..end).unwrap_or_default());
        }
        if self.payload.proof == Proof::None && !self.flushed { Step::Flush } else { Step::Wait }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) {
        self.missed = 0;
        let before = self.confirmed;
        for reply in self.printer.feed(bytes, now) {
            self.on_reply(&reply);
        }
        if self.confirmed > before {
            self.progress = now;
        }
    }

    fn written(&mut self, count: usize, now: Instant) {
        if self.real_time {
            self.printer.outbox_sent(count, now);
            return;
        }
        self.printer.sent(count, now);
        self.sent += count;
        self.burst += count;
        self.progress = now;
        if let Some(pace) = self.pace.filter(|pace| self.burst >= pace.bytes) {
            self.paused_until = Some(now + Duration::from_millis(pace.pause_ms));
        }
    }

    fn flushed(&mut self, _now: Instant) {
        self.flushed = true;
    }

    fn notice(&mut self) -> Option<Option<Waiting>> {
        self.notice.take()
    }
}

#[cfg(test)]
mod tests;
