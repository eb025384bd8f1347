//! Doing a job: ready, weighed, written down, sent, followed; and asking after a doubt.

use std::time::Duration;

use outlet_protocols::label::status::State;
use outlet_protocols::label::{LabelOrder, Language, Shortened, encode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::ask::{Asked, Send};
use super::condition::{NOT_ANSWERING, busy, obstacle, silent};
use super::device::{LabelPrinter, stopped};
use super::follow::{End, Follow};
use super::made::Made;
use super::{order_of, refused};
use crate::driver::{Attempt, Command, Confidence, JobContext, Outcome, Resolution};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::Broken;

/// From one question to the next while it prints, or while a person is needed.
const AT_WORK: Duration = Duration::from_millis(100);
/// So many unreadable answers in a row are no label printer's.
const UNREADABLE_AT_MOST: u32 = 3;
/// A format that nobody goes on with for so long was left behind by a cut link.
const LEFT_BEHIND: Duration = Duration::from_secs(5);
/// Forgets a format that was begun and not ended (Zebra, *ZPL II Programming Guide*, ~JA).
const ZPL_CANCEL: &[u8] = b"~JA\r\n";

/// Labels as bytes, and what is to be told of them.
struct Payload {
    bytes: Vec<u8>,
    /// Pieces of paper.
    labels: u32,
    /// Labels of different content.
    formats: usize,
    remarks: Value,
}

impl LabelPrinter {
    pub(super) async fn print(
        &mut self,
        command: &Command,
        cx: &dyn JobContext,
    ) -> Result<Outcome, DeviceError> {
        let order = order_of(&command.work)?;
        self.ready(cx).await?;
        let made = match &**order {
            LabelOrder::Drawn(_) => None,
            LabelOrder::Item(order) => Some(match Made::before(cx).await? {
                Some(made) => made,
                None => {
                    // No reason to weigh what can't be printed.
                    self.bench.laid_out(&command.work, command.copies, &command.heading)?;
                    Made::new(order, &self.bench, cx).await?
                }
            }),
        };
        let payload = self.payload(order, made.as_ref(), command)?;
        if made.as_ref().is_some_and(|made| made.weighed.is_some()) {
            // That took a while.
            self.ready(cx).await?;
        }
        let mut result = made.as_ref().map_or_else(|| json!({}), Made::result);
        result["labels"] = json!(payload.labels);
        merge(&mut result, &payload.remarks);
        let baseline = json!({
            "language": self.model.language, "labels": payload.labels, "formats": payload.formats,
            "made": made, "result": result,
        });
        cx.begin(baseline).await?;
        self.send(&payload.bytes, cx).await?;
        // Where it can't be put on disk, a doubt stays one: what has left may not be sent again for that.
        let _ = cx.note(json!({"all_sent": true})).await;
        let end = if self.answers() { self.follow(cx).await? } else { End::Unproved };
        let evidence = json!({"seen": self.seen_words(), "end": end.words()});
        match end {
            End::Proved => {
                self.unclean = false;
                Ok(Outcome::new(Confidence::Printed, result, evidence))
            }
            End::Unproved | End::Interrupted(_) => {
                self.unclean = false;
                Ok(Outcome::new(Confidence::Sent, result, evidence))
            }
            End::Forgotten => {
                let why = "the printer fell silent and then had nothing left to print: it may have been switched off";
                Err(self.doubt(why).with_evidence(evidence))
            }
            End::Silent => {
                let why = "all bytes have left, and the printer answers nothing any more";
                let doubt = self.doubt(why).with_evidence(evidence);
                self.lost(why);
                Err(doubt)
            }
        }
    }

    /// What became of an attempt. A printer keeps no count of its labels, so only one that still prints it when
    /// it is asked can tell; from an idle one nothing follows.
    pub(super) async fn ask_for(&mut self, attempt: &Attempt) -> Result<Resolution, DeviceError> {
        let resolution = self.seen_of(attempt).await?;
        if matches!(resolution, Resolution::Unknown(_)) && !self.ended {
            // Half a command of an agent that is gone would be ended, and may be done, by the next label.
            self.end_command().await?;
        }
        Ok(resolution)
    }

    async fn seen_of(&mut self, attempt: &Attempt) -> Result<Resolution, DeviceError> {
        let cant_tell = |why: &str| Ok(Resolution::Unknown(format!("{why}: look at the paper")));
        if !self.answers() {
            return cant_tell("this printer answers nothing");
        }
        // The last format alone is seen to be at work, and another one may have been lost with the link.
        let single = attempt.baseline.get("formats").and_then(Value::as_u64) == Some(1);
        if attempt.baseline.get("all_sent") != Some(&Value::Bool(true)) {
            return cant_tell("not all of it has left, and a part of its labels may be there");
        }
        let mut at_work = false;
        let mut unread = 0;
        loop {
            let state = match self.ask(None).await? {
                Asked::State(state) => state,
                Asked::Silent | Asked::Unreadable(_) if unread >= UNREADABLE_AT_MOST => {
                    return Err(match self.may_be_silent() {
                        true => DeviceError::new(ErrorKind::Busy, NOT_ANSWERING, silent().message),
                        false => self.no_answer(),
                    });
                }
                Asked::Silent | Asked::Unreadable(_) => {
                    // It may have been switched off and on meanwhile.
                    at_work = false;
                    unread += 1;
                    continue;
                }
            };
            if let Some(error) = busy(&state) {
                self.interrupted = Some(attempt.number);
                return Err(error);
            }
            if is_partial(&state, self.model.language) {
                return cant_tell("the printer has received half a label");
            }
            if state.done() {
                break;
            }
            at_work = true;
            self.listen(Some(AT_WORK)).await?;
        }
        if self.interrupted == Some(attempt.number) && self.model.language != Language::Zpl {
            return cant_tell(
                "the printer was interrupted, and does not say whether it printed that label again",
            );
        }
        if at_work && self.torn {
            return cant_tell(
                "the printer prints, and its order may have been cut off in the number of labels",
            );
        }
        if !(at_work && single) {
            return cant_tell("the printer has nothing to print, and keeps no count of what it has printed");
        }
        self.unclean = false;
        let result = attempt.baseline.get("result").cloned().unwrap_or_default();
        let evidence =
            json!({"end": "it was still printing this job when it was asked, and has ended since"});
        Ok(Resolution::Done(Outcome::new(Confidence::Printed, result, evidence)))
    }

    /// Waits until the printer can print and has nothing else to print. Nothing has left until then.
    async fn ready(&mut self, cx: &dyn JobContext) -> Result<(), DeviceError> {
        let mut told = None;
        let mut unreadable = 0;
        let mut partial: Option<Instant> = None;
        loop {
            let reason = match self.ask(Some(cx)).await? {
                Asked::State(state) => match obstacle(&state) {
                    None if is_partial(&state, self.model.language) => {
                        if partial.get_or_insert_with(Instant::now).elapsed() >= LEFT_BEHIND {
                            partial = None;
                            self.run(&mut Send::new(ZPL_CANCEL, self.options.stall()), Some(cx)).await?;
                        }
                        None
                    }
                    None if state.done() && !state.buffer_full => {
                        if told.is_some() {
                            cx.waiting(None);
                        }
                        return Ok(());
                    }
                    reason => reason,
                },
                Asked::Silent if self.may_be_silent() => Some(silent()),
                unread => {
                    unreadable += 1;
                    if unreadable < UNREADABLE_AT_MOST {
                        continue;
                    }
                    return Err(match unread {
                        Asked::Unreadable(bytes) => self.nonsense(&bytes),
                        Asked::Silent | Asked::State(_) => self.no_answer(),
                    });
                }
            };
            unreadable = 0;
            if reason.is_some() && reason != told {
                cx.waiting(reason.clone());
                told = reason;
            }
            self.listen(Some(AT_WORK)).await?;
        }
    }

    fn payload(
        &self,
        order: &LabelOrder,
        made: Option<&Made>,
        command: &Command,
    ) -> Result<Payload, DeviceError> {
        let (printer, times, words) = (&self.bench.printer, command.copies, &command.heading[..]);
        let prepared = match (order, made) {
            (LabelOrder::Item(order), Some(made)) => {
                order.prepare(&made.item, &self.bench.setup, printer, times, words)
            }
            (LabelOrder::Drawn(order), _) => order.prepare(times, words),
            (LabelOrder::Item(_), None) => {
                return Err(DeviceError::new(ErrorKind::Rejected, "internal", "the item was not completed"));
            }
        };
        let prepared = prepared.map_err(refused)?;
        let mut payload =
            Payload { bytes: Vec::new(), labels: 0, formats: prepared.labels.len(), remarks: Value::Null };
        let mut shortened = prepared.shortened;
        let mut boxed = Vec::new();
        for label in &prepared.labels {
            let encoded = encode(label, printer).map_err(refused)?;
            payload.bytes.extend(encoded.bytes);
            payload.labels += u32::from(label.copies);
            shortened.extend(encoded.drawn.shortened);
            boxed.extend(encoded.drawn.boxed);
        }
        let texts = |one: &Shortened| json!({"field": one.at, "lost": one.lost});
        let shortened: Vec<Value> = shortened.iter().map(texts).collect();
        let boxed: String = boxed.into_iter().collect();
        payload.remarks =
            json!({"shortened": shortened, "left_out": prepared.left_out, "missing_letters": boxed});
        Ok(payload)
    }

    /// Sends all bytes.
    async fn send(&mut self, bytes: &[u8], cx: &dyn JobContext) -> Result<(), DeviceError> {
        let stall = self.options.stall();
        let mut session = Send::new(bytes, stall);
        let Some(exchange) = &mut self.exchange else { return Err(self.lost("there is no connection")) };
        let ended = exchange.run(&mut session, Some(cx)).await;
        let sent = session.sent();
        self.unclean = sent > 0;
        let why = match ended {
            Ok(true) => return Ok(()),
            Ok(false) => format!("it has taken no byte for {} s", stall.as_secs()),
            Err(Broken::Aborted) if sent == 0 => return Err(stopped()),
            Err(Broken::Aborted) => "the agent was ended in the middle of the label".to_owned(),
            Err(broken) => broken.to_string(),
        };
        let lost = self.lost(&why);
        if sent == 0 {
            return Err(lost);
        }
        Err(self.doubt(&why).with_evidence(json!({"sent": sent, "of": bytes.len()})))
    }

    /// Asks until the printer has nothing left, as far as it tells.
    async fn follow(&mut self, cx: &dyn JobContext) -> Result<End, DeviceError> {
        let counts = self.model.language == Language::Zpl;
        let mut follow = Follow::new(counts, self.options.settle(), self.options.doubt(), Instant::now());
        loop {
            let asked = match self.ask(Some(cx)).await {
                Ok(asked) => asked,
                Err(error) => {
                    let why = match error.kind {
                        ErrorKind::Stopped => {
                            "the agent was ended before the printer had told the end".to_owned()
                        }
                        _ => error.message,
                    };
                    return Err(self.doubt(&why));
                }
            };
            if let Some(end) = follow.heard(&asked, Instant::now()) {
                return Ok(end);
            }
            if let Some(reason) = follow.notice() {
                cx.waiting(reason);
            }
            if let Err(error) = self.listen(Some(AT_WORK)).await {
                return Err(self.doubt(&error.message));
            }
        }
    }

    fn doubt(&self, why: &str) -> DeviceError {
        let link = self.link.to_string();
        let why = why.strip_prefix(&format!("{link}: ")).unwrap_or(why);
        DeviceError::in_doubt(format!("{link}: {why}; look whether the label is there"))
    }
}

/// Whether a ZPL printer has received half a format and nothing else: of its counts, none says that it works.
fn is_partial(state: &State, language: Language) -> bool {
    language == Language::Zpl && state.busy && state.labels_left == Some(0) && state.jobs_waiting == Some(0)
}

/// Adds what there is to tell.
fn merge(result: &mut Value, remarks: &Value) {
    let (Some(result), Some(remarks)) = (result.as_object_mut(), remarks.as_object()) else { return };
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty) || value.as_str() == Some("");
    let told = remarks.iter().filter(|(_, value)| !is_empty(value));
    result.extend(told.map(|(key, value)| (key.clone(), value.clone())));
}
