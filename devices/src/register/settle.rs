//! What became of a task whose answer was lost, or that the register refused half-way.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use outlet_protocols::fiscal::Task;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::driver::PRINTING;
use super::{Baseline, Depth, Family, Found, Look, Order, Refusal, Refused, Register, Trouble};
use crate::driver::{BoxFuture, Direction, JobContext, Outcome, Waiting};
use crate::error::{DeviceError, ErrorKind};

/// Pause before a register that could not be reached is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// How long a register may say that it prints before it is taken for stuck.
const LONGEST_PRINT: Duration = Duration::from_secs(120);

impl<F: Family> Register<F> {
    /// Ends a task that did not end by itself.
    pub(super) async fn settle(
        &mut self,
        order: &Order<'_>,
        before: &Baseline,
        trouble: Trouble,
        noted: &Noted<'_>,
    ) -> Result<Outcome, DeviceError> {
        let mut not_noted = None;
        let (refused, why) = match trouble {
            Trouble::Refused(refused) => {
                let why = refused.message.clone();
                (Some(refused), why)
            }
            Trouble::Lost(why) => {
                self.exchange = None;
                (None, why)
            }
            Trouble::NotNoted(error) => {
                let why = error.message.clone();
                not_noted = Some(error);
                (None, why)
            }
            Trouble::Aborted => return Err(self.doubtful(before, "the agent was told to end", noted)),
        };
        let found = if order.task.is_booked() {
            self.ask_until_known(order, before, &why, noted).await
        } else if refused.is_some() {
            Found::Nothing(Value::Null)
        } else if matches!(order.task, Task::SetDateTime(_)) {
            // Setting it again to the same time is as good as once.
            return Err(self.failed(Trouble::Lost(why)));
        } else {
            Found::Unknown(why, Value::Null)
        };
        if let (Found::Nothing(_), Some(error)) = (&found, not_noted) {
            return Err(error);
        }
        match (found, refused) {
            (Found::Done(result, proof), _) => Ok(self.concluded(order, before, result, proof)),
            (Found::Nothing(_), Some(refused)) => Err(refused.into()),
            (Found::Nothing(shown), None) => Err(DeviceError::new(
                ErrorKind::NotSent,
                "device-offline",
                "the link was lost before anything was registered: it begins anew",
            )
            .with_evidence(shown)),
            (Found::Unknown(why, shown), refused) => {
                let said = refused.map(|refused| refused.said);
                let error = self.doubtful(before, &why, noted);
                let evidence = json!({"attempt": error.evidence, "found": shown, "refused": said});
                Err(error.with_evidence(evidence))
            }
        }
    }

    /// Asks the register, connecting anew where needed, until it tells or its time is over.
    async fn ask_until_known(
        &mut self,
        order: &Order<'_>,
        before: &Baseline,
        why: &str,
        noted: &Noted<'_>,
    ) -> Found {
        let until = Instant::now() + self.options.doubt_after();
        let mut told = None;
        loop {
            let trouble = match self.ask(order, before, &noted.notes(), Some(noted)).await {
                Ok(found) => {
                    if told.is_some() {
                        noted.waiting(None);
                    }
                    return found;
                }
                Err(trouble) => trouble,
            };
            let reason = match trouble {
                Trouble::Aborted => {
                    return Found::Unknown("the agent was told to end".to_owned(), Value::Null);
                }
                Trouble::NotNoted(error) => return Found::Unknown(error.message, Value::Null),
                Trouble::Lost(problem) => {
                    drop(self.failed(Trouble::Lost(problem.clone())));
                    if Instant::now() >= until {
                        return Found::Unknown(format!("{why}; since then: {problem}"), Value::Null);
                    }
                    let message = format!("{problem}; as soon as it answers it is asked what it has");
                    Waiting { code: "device-offline".to_owned(), message }
                }
                Trouble::Refused(refused) if refused.class == Refusal::Busy && Instant::now() >= until => {
                    return Found::Unknown(format!("{why}; since then: {}", refused.message), refused.said);
                }
                Trouble::Refused(refused) if refused.class.passes() => {
                    Waiting { code: refused.class.code().to_owned(), message: refused.message }
                }
                Trouble::Refused(refused) => return Found::Unknown(refused.message, refused.said),
            };
            if told.as_ref() != Some(&reason) {
                noted.waiting(Some(reason.clone()));
                told = Some(reason);
            }
            sleep(AGAIN).await;
        }
    }

    /// Asks the register once what became of a task. An open document is dropped: it is not fiscalised, and
    /// all that is known of it is in the journal.
    pub(super) async fn ask(
        &mut self,
        order: &Order<'_>,
        before: &Baseline,
        notes: &Value,
        cx: Option<&dyn JobContext>,
    ) -> Result<Found, Trouble> {
        self.ensure_open(cx).await?;
        if self.identity.serial != before.serial {
            let why = format!(
                "the register that answers has serial number {}, the task was begun on {}",
                self.identity.serial, before.serial
            );
            return Ok(Found::Unknown(why, json!({"identity": self.identity})));
        }
        let mut look = self.until_quiet(cx).await?;
        if !order.task.is_booked() {
            let why = "a register keeps no record of such a task: look at its paper";
            return Ok(Found::Unknown(why.to_owned(), look.said));
        }
        if look.document_open {
            let (family, mut line) = self.line(cx)?;
            family.cancel(&mut line).await?;
            look = self.until_quiet(cx).await?;
            if look.document_open {
                let message = format!("{}: a document is open and can't be cancelled", self.link);
                let said = look.said;
                return Err(Trouble::Refused(Refused { class: Refusal::DocumentOpen, message, said }));
            }
        }
        let (family, mut line) = self.line(cx)?;
        let mut found = family.find(&mut line, order, before, notes, &look).await?;
        if let Found::Done(result, _) = &mut found {
            result.warnings.not_printed |= look.obstacle.is_some() || look.interrupted;
        }
        Ok(found)
    }

    /// Looks until nothing is being printed. What the paper's end interrupted goes on where there is paper.
    async fn until_quiet(&mut self, cx: Option<&dyn JobContext>) -> Result<Look, Trouble> {
        let until = Instant::now() + LONGEST_PRINT;
        loop {
            let look = self.look(Depth::Books, cx).await?;
            if look.printing && look.obstacle.is_none() {
                if Instant::now() >= until {
                    let longest = LONGEST_PRINT.as_secs();
                    return Err(Trouble::Lost(format!(
                        "{}: it says that it prints, for more than {longest} s: switch it off and on",
                        self.link
                    )));
                }
                sleep(PRINTING).await;
            } else if look.interrupted && look.obstacle.is_none() {
                let (family, mut line) = self.line(cx)?;
                family.go_on(&mut line).await?;
            } else {
                return Ok(look);
            }
        }
    }

    fn doubtful(&self, before: &Baseline, why: &str, noted: &Noted<'_>) -> DeviceError {
        let message = format!(
            "{}: {why}; whether the register has the document with the mark {} is not known: look at its \
             paper and journal",
            self.link, before.tag
        );
        DeviceError::in_doubt(message).with_evidence(noted.notes())
    }
}

/// A job's context that knows what is on disk of its attempt.
pub(super) struct Noted<'a> {
    cx: &'a dyn JobContext,
    notes: Mutex<Value>,
}

impl<'a> Noted<'a> {
    pub(super) fn new(cx: &'a dyn JobContext, baseline: Value) -> Self {
        Self { cx, notes: Mutex::new(baseline) }
    }

    pub(super) fn notes(&self) -> Value {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl JobContext for Noted<'_> {
    fn attempt(&self) -> u64 {
        self.cx.attempt()
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.cx.begin(baseline)
    }

    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            self.cx.note(note.clone()).await?;
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Value::Object(notes), Value::Object(note)) = (&mut *notes, note) {
                notes.extend(note);
            }
            Ok(())
        })
    }

    fn memory(&self) -> Value {
        self.cx.memory()
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.cx.waiting(reason);
    }

    fn trace(&self, direction: Direction, bytes: &[u8]) {
        self.cx.trace(direction, bytes);
    }

    fn aborted(&self) -> BoxFuture<'_, ()> {
        self.cx.aborted()
    }
}
