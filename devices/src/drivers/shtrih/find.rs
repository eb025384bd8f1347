//! What became of a task whose answer was lost.
//!
//! | task | proof that it is done | proof that it is not |
//! |---|---|---|
//! | receipt | a document behind the baseline with our mark (tag 1192), our operation and our total | no receipt behind the baseline |
//! | opening, closing of a shift | one such document with the right number, and the shift as it should be | no document behind the baseline, and the shift as before |
//! | cash | the answer under its number or held; or one more document, and the cash differs by the sum | neither document nor cash has changed |
//! | receipt of a model without a storage | the answer to `85` that the register held, and one more document | no more documents |
//!
//! Everything else is for a person to judge. On level 2.0 the register is asked first for the answer under the
//! command's number. That answer is a hint for a receipt, whose document has to bear our mark all the same.

use outlet_protocols::fiscal::{FiscalParams, Money, Receipt, ShiftState, Task, TaskResult};
use outlet_protocols::shtrih::command::{CashDirection, CashMovement, FoundDocument, Request};
use outlet_protocols::shtrih::link2::Verdict;
use outlet_protocols::shtrih::tlv::has_identity;
use serde_json::{Value, json};

use super::document::{is_receipt, kind_name};
use super::family::Shtrih;
use super::talk::Desk;
use crate::register::books::cash_moved;
use crate::register::{Baseline, Found, LONGEST_SEARCH, Look, Order, Trouble};

impl Shtrih {
    /// See [`crate::register::Family::find`].
    pub(super) async fn search(
        &mut self,
        desk: &mut Desk<'_, '_>,
        order: &Order<'_>,
        before: &Baseline,
        notes: &Value,
        now: &Look,
    ) -> Result<Found, Trouble> {
        if before.storage.is_some() && before.storage != self.identity.storage {
            let why = "the fiscal storage is another one than before the task".to_owned();
            return Ok(Found::Unknown(why, json!({"before": before.storage, "now": self.identity.storage})));
        }
        let answer = self.kept_answer(order.task, notes);
        match order.task {
            Task::Receipt(receipt) if self.setup.model.storage => {
                self.find_receipt(desk, receipt, order, before, now, answer).await
            }
            Task::Receipt(receipt) => Ok(find_by_number(receipt, before, now, &answer)),
            Task::OpenShift { .. } | Task::CloseShift { .. } if !self.setup.model.storage => {
                Ok(find_shift_by_state(order.task, before, now))
            }
            Task::OpenShift { .. } => self.find_shift(desk, before, now, true).await,
            Task::CloseShift { .. } => self.find_shift(desk, before, now, false).await,
            Task::CashIn { .. } | Task::CashOut { .. } => Ok(find_cash(order.task, before, now, &answer)),
            _ => Ok(Found::Unknown("the register keeps no record of such a task".into(), now.said.clone())),
        }
    }

    async fn find_receipt(
        &mut self,
        desk: &mut Desk<'_, '_>,
        receipt: &Receipt,
        order: &Order<'_>,
        before: &Baseline,
        now: &Look,
        answer: Kept,
    ) -> Result<Found, Trouble> {
        let (first, last) = match range(before, now) {
            Ok(range) => range,
            Err(why) => return Ok(Found::Unknown(why, now.said.clone())),
        };
        let mut ours: Vec<(FoundDocument, FiscalParams)> = Vec::new();
        let mut foreign = Vec::new();
        let mut unread = Vec::new();
        for number in first..=last {
            let Some(document) = self.document(desk, number).await? else {
                unread.push(number);
                continue;
            };
            if !is_receipt(&document) {
                // A receipt may have opened the shift, or closed an old one before.
                if !matches!(document.kind, 2 | 5) {
                    foreign.push(named(&document));
                }
                continue;
            }
            if !is_alike(&document, receipt) {
                foreign.push(named(&document));
                continue;
            }
            let tags = self.tags_of(desk, number).await?;
            if has_identity(&tags.all, order.tag) {
                let params = self.params(&document, &tags.all);
                ours.push((document, params));
            } else if tags.complete {
                foreign.push(named(&document));
            } else {
                unread.push(number);
            }
        }
        let link = answer.to_json();
        let documents = json!({"from": first, "to": last, "others": foreign, "unread": unread, "link": link});
        Ok(match (ours.pop(), ours.is_empty()) {
            (Some((document, params)), true) => {
                let proof = json!({"found_by": "mark", "document": shown(&document), "link": link});
                Found::Done(TaskResult { fiscal_params: Some(params), ..TaskResult::default() }, proof)
            }
            (Some(_), false) => {
                Found::Unknown("more than one document bears the mark of this task".into(), documents)
            }
            (None, _) if !unread.is_empty() => {
                let why = format!("documents {unread:?} of the storage could not be read");
                Found::Unknown(why, documents)
            }
            (None, _) if !foreign.is_empty() => {
                let why = format!(
                    "the storage has documents since the task's beginning that don't bear its mark: {}",
                    foreign.join(", ")
                );
                Found::Unknown(why, documents)
            }
            (None, _) if matches!(answer, Kept::Done(_)) => {
                let why = "the register's answer says that the task is done, and its document is not there";
                Found::Unknown(why.into(), documents)
            }
            (None, _) => Found::Nothing(documents),
        })
    }

    async fn find_shift(
        &mut self,
        desk: &mut Desk<'_, '_>,
        before: &Baseline,
        now: &Look,
        opening: bool,
    ) -> Result<Found, Trouble> {
        let (first, last) = match range(before, now) {
            Ok(range) => range,
            Err(why) => return Ok(Found::Unknown(why, now.said.clone())),
        };
        let is_open = now.shift.map(|shift| shift.state != ShiftState::Closed);
        if last < first {
            let same = now.shift.map(|shift| shift.number) == before.shift.map(|shift| shift.number);
            return Ok(match same && is_open == Some(!opening) {
                true => Found::Nothing(json!({"last_document": last, "shift": now.shift})),
                false => {
                    let why = "the shift has changed without a document in the storage".to_owned();
                    Found::Unknown(why, json!({"before": before.shift, "now": now.shift}))
                }
            });
        }
        let wanted = before.shift.and_then(|shift| shift.number).map(|number| number + u32::from(opening));
        let kind = if opening { 2 } else { 5 };
        let document = self.document(desk, first).await?;
        let fits = |document: &FoundDocument| {
            document.kind == kind && (wanted.is_none() || document.shift.map(u32::from) == wanted)
        };
        Ok(match document {
            Some(document) if first == last && fits(&document) && is_open == Some(opening) => {
                let params = self.params(&document, &[]);
                let proof = json!({"found_by": "shift", "document": shown(&document), "shift": now.shift});
                let result = TaskResult {
                    fiscal_params: Some(params),
                    shift_status: now.shift,
                    ..TaskResult::default()
                };
                Found::Done(result, proof)
            }
            document => {
                let why = "the storage's documents are not those that the task alone would have left";
                let shown = document.as_ref().map(shown);
                Found::Unknown(
                    why.into(),
                    json!({"from": first, "to": last, "document": shown, "shift": now.shift}),
                )
            }
        })
    }

    /// The answer to the task's closing command, as the link level kept it.
    fn kept_answer(&self, task: &Task, notes: &Value) -> Kept {
        let Some(code) = closing_code(task, self.setup.model.old_items, self.setup.ffd) else {
            return Kept::None;
        };
        let command: Vec<u8> = match code.to_be_bytes() {
            [0, code] => vec![code],
            code => code.to_vec(),
        };
        let noted = notes.pointer("/link/command").and_then(Value::as_str);
        let number = notes.pointer("/link/number").and_then(Value::as_u64);
        let number = number.and_then(|number| u16::try_from(number).ok());
        if let Some(number) = number.filter(|_| noted == Some(format!("{code:02X}").as_str())) {
            return match self.wire.verdict(number, &command) {
                Some(Verdict::Answer(answer)) => kept(&answer, command.len()),
                Some(Verdict::NotExecuted) => Kept::NotExecuted,
                Some(Verdict::Restarted | Verdict::OutOfStep) | None => Kept::None,
            };
        }
        let held = self.wire.held().iter().rev().find(|answer| answer.starts_with(&command));
        held.map_or(Kept::None, |answer| kept(answer, command.len()))
    }
}

/// What the link level tells of the closing command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    /// Nothing.
    None,
    /// It was not executed.
    NotExecuted,
    /// The register has refused it.
    Refused(u8),
    /// It was done: the whole answer.
    Done(Vec<u8>),
}

impl Kept {
    fn to_json(&self) -> Value {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
        match self {
            Self::None => Value::Null,
            Self::NotExecuted => json!("not executed"),
            Self::Refused(code) => json!({"refused": format!("{code:02X}")}),
            Self::Done(answer) => json!({"answer": hex(answer)}),
        }
    }
}

fn kept(answer: &[u8], code: usize) -> Kept {
    match answer.get(code) {
        Some(0) => Kept::Done(answer.to_vec()),
        Some(&error) => Kept::Refused(error),
        None => Kept::None,
    }
}

/// The code of the command that does the task.
fn closing_code(task: &Task, old_items: bool, ffd: super::options::Ffd) -> Option<u16> {
    let sum = |direction| CashMovement { direction, sum: 0 }.code();
    Some(match task {
        Task::Receipt(_) if old_items => 0x85,
        Task::Receipt(receipt) if receipt.correction.is_some() && ffd == super::options::Ffd::V105 => 0xff4a,
        Task::Receipt(_) => 0xff45,
        Task::CashIn { .. } => sum(CashDirection::In),
        Task::CashOut { .. } => sum(CashDirection::Out),
        _ => return None,
    })
}

/// The documents behind the baseline: the first is greater than the last where there are none.
fn range(before: &Baseline, now: &Look) -> Result<(u32, u32), String> {
    let (Some(first), Some(last)) = (before.last_document, now.last_document) else {
        return Err("the number of the storage's last document is not known".to_owned());
    };
    if last < first || last - first > LONGEST_SEARCH {
        return Err(format!("the storage's last document is {last}, and was {first} before the task"));
    }
    Ok((first.saturating_add(1), last))
}

/// Whether a receipt has the operation and the total of ours, as the storage's index has them.
fn is_alike(document: &FoundDocument, receipt: &Receipt) -> bool {
    let corrects = matches!(document.kind, 31 | 41);
    document.receipt.is_some_and(|found| {
        found.operation == Some(receipt.operation)
            && found.total == receipt.total.minor()
            && corrects == receipt.correction.is_some()
    })
}

/// A document in a sentence.
fn named(document: &FoundDocument) -> String {
    let total = document.receipt.map(|receipt| format!(" of {}", Money(receipt.total)));
    format!("document {}, {}{}", document.document, kind_name(document.kind), total.unwrap_or_default())
}

fn shown(document: &FoundDocument) -> Value {
    json!({
        "document": document.document,
        "kind": kind_name(document.kind),
        "at": document.time,
        "sign": format!("{:010}", document.sign),
        "total": document.receipt.map(|receipt| receipt.total),
        "shift": document.shift,
    })
}

/// Cash: by the answer, else by the count of documents and the cash in the drawer.
fn find_cash(task: &Task, before: &Baseline, now: &Look, answer: &Kept) -> Found {
    let result = TaskResult { cash_sum: now.cash, ..TaskResult::default() };
    let shown = json!({
        "before": {"document": before.last_slip, "cash": before.cash},
        "now": {"document": now.last_slip, "cash": now.cash},
        "link": answer.to_json(),
    });
    let (Some(cash_before), Some(cash_now)) = (before.cash, now.cash) else {
        return Found::Unknown("the register does not tell its cash".into(), shown);
    };
    let (Some(slip_before), Some(slip_now)) = (before.last_slip, now.last_slip) else {
        return Found::Unknown("the register does not tell the number of its last document".into(), shown);
    };
    let moved = cash_now == cash_before + cash_moved(task);
    let still = cash_now == cash_before && slip_now == slip_before;
    match answer {
        Kept::Done(_) if moved => Found::Done(result, shown),
        Kept::NotExecuted | Kept::Refused(_) if still => Found::Nothing(shown),
        Kept::None if moved && is_next(slip_before, slip_now) => Found::Done(result, shown),
        Kept::None if still => Found::Nothing(shown),
        _ => Found::Unknown("cash and documents are not what this task alone would have left".into(), shown),
    }
}

/// A receipt of a model without a storage: it has no mark. Only the answer that the register held shows that
/// the one document more is ours.
fn find_by_number(receipt: &Receipt, before: &Baseline, now: &Look, answer: &Kept) -> Found {
    let shown = json!({
        "before": before.last_slip, "now": now.last_slip, "link": answer.to_json(), "mark": "none on this model",
    });
    let (Some(slip_before), Some(slip_now)) = (before.last_slip, now.last_slip) else {
        return Found::Unknown("the register does not tell the number of its last document".into(), shown);
    };
    match answer {
        Kept::Done(_) if is_next(slip_before, slip_now) => {
            let params = FiscalParams {
                fiscal_document_number: Some(slip_now),
                fiscal_document_date_time: now.clock,
                shift_number: now.shift.and_then(|shift| shift.number),
                total: Some(receipt.total),
                ..FiscalParams::default()
            };
            Found::Done(TaskResult { fiscal_params: Some(params), ..TaskResult::default() }, shown)
        }
        Kept::None | Kept::Refused(_) | Kept::NotExecuted if slip_now == slip_before => Found::Nothing(shown),
        _ => Found::Unknown("documents were made since, and this model keeps no mark of ours".into(), shown),
    }
}

/// A shift of a model without a storage: by its state and number alone.
fn find_shift_by_state(task: &Task, before: &Baseline, now: &Look) -> Found {
    let shown = json!({"before": before.shift, "now": now.shift});
    let (Some(was), Some(is)) = (before.shift, now.shift) else {
        return Found::Unknown("the register does not tell its shift".into(), shown);
    };
    let opening = matches!(task, Task::OpenShift { .. });
    let is_open = is.state != ShiftState::Closed;
    let wanted = was.number.map(|number| number + u32::from(opening));
    if is_open == opening && is.number == wanted {
        let params = FiscalParams { shift_number: is.number, ..FiscalParams::default() };
        Found::Done(TaskResult { fiscal_params: Some(params), ..TaskResult::default() }, shown)
    } else if is_open != opening && is.number == was.number && now.last_slip == before.last_slip {
        Found::Nothing(shown)
    } else {
        Found::Unknown("the shift is not what this task alone would have left".into(), shown)
    }
}

/// Whether a number of the register's running count follows another; after 9999 or 65535 it begins anew.
fn is_next(before: u32, now: u32) -> bool {
    now == before + 1 || (matches!(before, 9_999 | 65_535) && now <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_count_begins_anew_at_its_end() {
        assert!(is_next(7, 8) && is_next(9_999, 0) && is_next(9_999, 1) && is_next(65_535, 0));
        assert!(!is_next(7, 7) && !is_next(7, 9) && !is_next(7, 0));
    }

    #[test]
    fn a_kept_answer_says_whether_the_command_was_done() {
        assert_eq!(kept(&[0xff, 0x45, 0, 1], 2), Kept::Done(vec![0xff, 0x45, 0, 1]));
        assert_eq!(kept(&[0xff, 0x45, 0x4e], 2), Kept::Refused(0x4e));
        assert_eq!(kept(&[0x50], 1), Kept::None);
    }
}
