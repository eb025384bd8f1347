//! Looking in the register for what became of a task.

use outlet_protocols::atol::answer::{self, AnswerError};
use outlet_protocols::atol::buffer::TaskId;
use outlet_protocols::atol::document::{Document, kind};
use outlet_protocols::atol::errors::{Class, Code};
use outlet_protocols::atol::storage::StorageStatus;
use outlet_protocols::atol::task::Task as Command;
use outlet_protocols::fiscal::{Money, ShiftState, Task, TaskResult};
use serde_json::{Value, json};

use super::books::params;
use super::family::Atol;
use super::wire::Recalled;
use crate::register::books::cash_moved;
use crate::register::{Baseline, Depth, Found, LONGEST_SEARCH, Line, Look, Order, Trouble};

/// What the closing command came to, as the register's buffer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// It was done.
    Done,
    /// It was refused, or never begun.
    Refused(String),
    /// The buffer has nothing of it, or its answer is no proof: the paper ended while it was printed.
    Nothing,
}

impl Atol {
    pub(super) async fn search(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        before: &Baseline,
        notes: &Value,
        now: &Look,
    ) -> Result<Found, Trouble> {
        let id = tid(notes, order.task);
        let told = self.told(line, id).await?;
        // What was being done while the look was taken may have ended since.
        let now = match told {
            Told::Nothing => now.clone(),
            _ => self.see(line, Depth::Books).await?,
        };
        let storage = self.question(line, &Command::StorageStatus, StorageStatus::parse).await?;
        let mut said = json!({
            "told": match &told {
                Told::Done => "done",
                Told::Refused(why) => why,
                Told::Nothing => "nothing",
            },
            "storage": storage.number,
            "last_document": storage.last_document,
            "documents": [],
        });
        let unknown = |why: String, said: Value| Ok(Found::Unknown(why, said));
        if before.storage.as_ref().is_some_and(|number| *number != storage.number) {
            let why = format!("the fiscal storage is {}, the task was begun with another", storage.number);
            return unknown(why, said);
        }
        let Some(first) = before.last_document else {
            return unknown("the last document before the task is not known".to_owned(), said);
        };
        if storage.last_document < first {
            let why = format!(
                "the storage has {} documents, before the task it had {first}",
                storage.last_document
            );
            return unknown(why, said);
        }
        let newer = storage.last_document - first;
        if newer > LONGEST_SEARCH {
            return unknown(format!("{newer} documents were made since: too many to look through"), said);
        }
        let mut documents = Vec::new();
        for number in first.saturating_add(1)..=storage.last_document {
            let Some(document) = self.document(line, number).await? else {
                let why = format!(
                    "document {number} can't be read from the storage; if this goes on, set \
                     options.storage_numbers"
                );
                return unknown(why, said);
            };
            documents.push((number, document));
        }
        said["documents"] = documents.iter().map(|(number, document)| shown(*number, document)).collect();
        let found = match order.task {
            Task::Receipt(receipt) => judge_receipt(order, receipt.total.minor(), &documents, &told),
            Task::OpenShift { .. } | Task::CloseShift { .. } => {
                judge_shift(order, before, &now, &documents, &told)
            }
            _ => judge_cash(order, before, &now, &documents, &told),
        };
        if let Some(id) = id {
            self.wire.forget(line, id).await?;
        }
        said["cash"] = json!({"before": before.cash, "now": now.cash});
        said["slips"] = json!({"before": before.last_slip, "now": now.last_slip});
        Ok(match found {
            Judged::Done(result) => Found::Done(*result, said),
            Judged::Nothing => Found::Nothing(said),
            Judged::Unknown(why) => Found::Unknown(why, said),
        })
    }

    /// Asks the buffer for the closing command under its id.
    async fn told(&mut self, line: &mut Line<'_>, id: Option<TaskId>) -> Result<Told, Trouble> {
        let Some(id) = id else { return Ok(Told::Nothing) };
        Ok(match self.wire.recall(line, id).await? {
            Recalled::Answer(answer) => match answer::accept(&answer) {
                Ok(_) => Told::Done,
                Err(AnswerError::Refused(code)) if prints_only(code) => Told::Nothing,
                Err(error) => Told::Refused(error.to_string()),
            },
            Recalled::Stopped => Told::Refused("it was never begun".to_owned()),
            Recalled::Nothing => Told::Nothing,
        })
    }
}

/// Whether a code says only that something is not on paper.
fn prints_only(code: Code) -> bool {
    matches!(code.class(), Class::Paper | Class::Printer)
}

enum Judged {
    Done(Box<TaskResult>),
    Nothing,
    Unknown(String),
}

type Documents = [(u32, Document)];

/// Tag 1192 of a document is the only proof that it is ours.
fn judge_receipt(order: &Order<'_>, total: i64, documents: &Documents, told: &Told) -> Judged {
    let ours: Vec<_> = documents
        .iter()
        .filter(|(_, document)| document.own().is_some_and(|own| order.tag.is_in(&own)))
        .collect();
    if let [(number, document)] = ours.as_slice() {
        if document.total() != u64::try_from(total).ok() {
            return Judged::Unknown(format!(
                "document {number} bears the mark {} and another total",
                order.tag
            ));
        }
        let fiscal_params = Some(params(document, *number));
        return Judged::Done(Box::new(TaskResult { fiscal_params, ..TaskResult::default() }));
    }
    if ours.len() > 1 {
        return Judged::Unknown(format!("{} documents bear the mark {}", ours.len(), order.tag));
    }
    if let Some((number, _)) = documents.iter().find(|(_, document)| !is_of_shift(document)) {
        return Judged::Unknown(format!(
            "document {number} was made after the task was begun and does not bear its mark {}: somebody \
             else uses the register",
            order.tag
        ));
    }
    match told {
        Told::Done => Judged::Unknown(format!(
            "the register says that it closed the receipt, and no document bears the mark {}",
            order.tag
        )),
        Told::Refused(_) | Told::Nothing => Judged::Nothing,
    }
}

/// A shift has no mark: it is ours where it is the one document since, with the next number.
fn judge_shift(
    order: &Order<'_>,
    before: &Baseline,
    now: &Look,
    documents: &Documents,
    told: &Told,
) -> Judged {
    let opens = matches!(order.task, Task::OpenShift { .. });
    let last = before.shift.and_then(|shift| shift.number);
    let (kind, number) = match opens {
        true => (kind::SHIFT_OPENED, last.map_or(Some(1), |number| number.checked_add(1))),
        false => (kind::SHIFT_CLOSED, last),
    };
    let open = now.shift.is_some_and(|shift| shift.state != ShiftState::Closed);
    match documents {
        [] if open != opens && *told != Told::Done => Judged::Nothing,
        [(at, document)] if document.kind == kind && document.shift() == number && open == opens => {
            Judged::Done(Box::new(TaskResult {
                fiscal_params: Some(params(document, *at)),
                shift_status: now.shift,
                ..TaskResult::default()
            }))
        }
        _ => Judged::Unknown(
            "the shift is not as it was, nor as the task would have left it: somebody else uses the register"
                .to_owned(),
        ),
    }
}

/// Cash put in or taken out leaves no document in the storage: sum and number have to fit exactly.
fn judge_cash(
    order: &Order<'_>,
    before: &Baseline,
    now: &Look,
    documents: &Documents,
    told: &Told,
) -> Judged {
    let (Some(was), Some(is)) = (before.cash, now.cash) else {
        return Judged::Unknown("the register does not tell its cash".to_owned());
    };
    // The first movement opens a closed shift, whose counters begin anew.
    let was_open = before.shift.is_some_and(|shift| shift.state != ShiftState::Closed);
    let opened = matches!(documents, [(_, document)] if document.kind == kind::SHIFT_OPENED);
    let slips = if opened && !was_open { Some(0) } else { before.last_slip };
    let quiet = documents.is_empty() || (opened && !was_open);
    let moved = now.last_slip.zip(slips).map(|(now, before)| i64::from(now) - i64::from(before));
    let done = is == was + cash_moved(order.task);
    match (quiet, moved, told) {
        (true, Some(1), _) | (true, None, Told::Done) if done => {
            Judged::Done(Box::new(TaskResult { cash_sum: now.cash, ..TaskResult::default() }))
        }
        (true, Some(0), Told::Nothing | Told::Refused(_)) | (true, None, Told::Refused(_)) if is == was => {
            Judged::Nothing
        }
        _ => Judged::Unknown(format!(
            "the cash in the drawer was {was} and is {is}, the counter of movements has moved by {moved:?}: \
             that is not this task alone"
        )),
    }
}

fn is_of_shift(document: &Document) -> bool {
    matches!(document.kind, kind::SHIFT_OPENED | kind::SHIFT_CLOSED)
}

fn shown(number: u32, document: &Document) -> Value {
    json!({
        "number": number,
        "kind": document.kind,
        "mark": document.own(),
        "total": document.total().and_then(|total| i64::try_from(total).ok()).map(Money),
        "at": document.at(),
    })
}

/// The id of the closing command, where it is on disk and belongs to this task.
fn tid(notes: &Value, task: &Task) -> Option<TaskId> {
    let command = match task {
        Task::Receipt(_) => "4A",
        Task::OpenShift { .. } => "9A",
        Task::CloseShift { .. } => "5A",
        Task::CashIn { .. } => "49",
        Task::CashOut { .. } => "4F",
        _ => return None,
    };
    if notes.get("command").and_then(Value::as_str) != Some(command) {
        return None;
    }
    notes.get("tid").and_then(Value::as_u64).and_then(|id| u8::try_from(id).ok()).and_then(TaskId::new)
}
