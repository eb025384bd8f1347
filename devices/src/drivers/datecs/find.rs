//! What became of a task whose answer was lost.
//!
//! The register is asked first; nothing is sent again under its old number. A receipt with our mark in the
//! journal, not cancelled, is ours: the mark is printed after all items, and the register closes only what
//! is paid. A counter's advance or an equal sum proves nothing. Where P and C hold our receipt partly paid,
//! it can't be cancelled: what is left is paid and it is closed, with commands of their own numbers.

use outlet_protocols::datecs::Framing;
use outlet_protocols::datecs::answer::{Open, Transaction};
use outlet_protocols::datecs::dialect::Name;
use outlet_protocols::fiscal::{FiscalParams, Money, Receipt, Tag, Task, TaskResult};
use serde_json::{Value, json};

use super::family::{Datecs, shown};
use super::journal::Searched;
use crate::register::books::cash_moved;
use crate::register::{Baseline, Found, LONGEST_SEARCH, Line, Look, Order, Trouble};

impl Datecs {
    /// See [`Family::find`](crate::register::Family::find).
    pub(super) async fn find_out(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        before: &Baseline,
        notes: &Value,
        now: &Look,
    ) -> Result<Found, Trouble> {
        let Some(after) = before.last_slip else {
            let why = "which document was the last before the task is not known";
            return Ok(Found::Unknown(why.to_owned(), now.said.clone()));
        };
        let (mut transaction, _) = self.transaction(line).await?;
        if transaction.open != Open::Nothing {
            if let Some(unknown) = self.go_on_with(line, order, after, notes, &transaction).await? {
                return Ok(unknown);
            }
            (transaction, _) = self.transaction(line).await?;
        }
        let open = transaction.open != Open::Nothing;
        let last = self.last_finished(line, transaction.number, open).await?;
        if last < after {
            let why = format!("the journal ends with document {last}, the task began after document {after}");
            return Ok(Found::Unknown(why, now.said.clone()));
        }
        let newer = last - after;
        if newer > LONGEST_SEARCH {
            let why = format!("{newer} documents were made since: too many to look through");
            return Ok(Found::Unknown(why, now.said.clone()));
        }
        let tag = matches!(order.task, Task::Receipt(_)).then_some(order.tag);
        let found = match self.search(line, after, last, tag).await? {
            Ok(found) => found,
            Err(missing) => {
                let why = format!("the journal lacks document {missing}, which was made since");
                return Ok(Found::Unknown(why, now.said.clone()));
            }
        };
        let shown = json!({"after": after, "last": last, "found": found});
        match order.task {
            Task::Receipt(receipt) => {
                self.receipt_found(line, (receipt, order.tag), notes, &found, shown).await
            }
            Task::CashIn { .. } | Task::CashOut { .. } => {
                self.cash_found(line, order, before, &found, shown).await
            }
            Task::CloseShift { .. } => Ok(self.report_found(before, &found, shown)),
            _ => Ok(Found::Unknown("the register keeps no record of such a task".to_owned(), shown)),
        }
    }

    async fn receipt_found(
        &mut self,
        line: &mut Line<'_>,
        (receipt, tag): (&Receipt, Tag),
        notes: &Value,
        found: &Searched,
        shown: Value,
    ) -> Result<Found, Trouble> {
        if let Some(entry) = &found.ours {
            // C has one kind for sales and cancelled receipts, and Romania's kinds are not documented; nobody
            // cancels what is partly paid.
            let told = self.dialect().framing == Framing::Wide && self.dialect().name != Name::Ro;
            if !told && !entry.shows_below(tag, receipt.total) {
                let why = format!("document {} bears this task's mark, but not its sum below it", entry.slip);
                return Ok(Found::Unknown(why, shown));
            }
            let numbers = notes.get("numbers").cloned().unwrap_or_default();
            let result = self.result_of(line, entry, &numbers, receipt.total).await?;
            return Ok(Found::Done(result, shown));
        }
        // A word in a footer can look like a cancellation, but no cancelled receipt shows its sum below the mark.
        let paid = found.cancelled.iter().find(|entry| {
            self.dialect().framing == Framing::Narrow
                && entry.has(tag)
                && entry.shows_below(tag, receipt.total)
        });
        if let Some(entry) = paid.or(found.other.iter().find(|entry| entry.has(tag))) {
            let why = format!(
                "document {} bears this task's mark, and what it is can't be told for certain: look at it",
                entry.slip
            );
            return Ok(Found::Unknown(why, shown));
        }
        Ok(match found.strange.first() {
            Some(strange) => {
                let why = format!(
                    "receipt {} was made since and does not bear this task's mark: somebody else used the \
                     register",
                    strange.slip
                );
                Found::Unknown(why, shown)
            }
            None => Found::Nothing(shown),
        })
    }

    /// Cash moves without a mark: exactly one document of cash, or none, has to agree with the sum in the
    /// drawer.
    async fn cash_found(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        before: &Baseline,
        found: &Searched,
        shown: Value,
    ) -> Result<Found, Trouble> {
        let now = Money(self.cash(line).await?.drawer);
        let shown = json!({"cash": {"before": before.cash, "now": now}, "journal": shown});
        let Some(was) = before.cash else {
            return Ok(Found::Unknown("the cash before the task is not known".to_owned(), shown));
        };
        // P doesn't tell documents of cash from others that aren't fiscal.
        let moved = found.cash.len() + found.other.len();
        let quiet = found.strange.is_empty() && found.reports.is_empty();
        let result = TaskResult { cash_sum: Some(now), ..TaskResult::default() };
        Ok(match moved {
            1 if quiet && now == was + cash_moved(order.task) => Found::Done(result, shown),
            0 if quiet && now == was => Found::Nothing(shown),
            _ => {
                let why = "the documents since and the cash in the drawer don't agree with this task alone";
                Found::Unknown(why.to_owned(), shown)
            }
        })
    }

    /// A Z report bears no mark: exactly one, with nothing else that counts since the baseline, is ours.
    fn report_found(&self, before: &Baseline, found: &Searched, shown: Value) -> Found {
        let expected = before.shift.and_then(|shift| shift.number);
        let quiet = found.strange.is_empty() && found.cash.is_empty();
        match found.reports.as_slice() {
            [] if quiet => Found::Nothing(shown),
            [report] if quiet && (expected.is_none() || report.z.is_none() || report.z == expected) => {
                let params = FiscalParams {
                    fiscal_document_number: Some(report.slip),
                    fiscal_document_date_time: report.at,
                    shift_number: report.z,
                    fn_number: self.identity.storage.clone(),
                    ..FiscalParams::default()
                };
                Found::Done(TaskResult { fiscal_params: Some(params), ..TaskResult::default() }, shown)
            }
            _ => {
                let why = "the documents since the task began are not just the Z report of this shift";
                Found::Unknown(why.to_owned(), shown)
            }
        }
    }

    /// Goes on with a receipt that is partly paid, where it can only be ours. `Some`: it isn't, or that can't
    /// be told.
    async fn go_on_with(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        after: u32,
        notes: &Value,
        transaction: &Transaction,
    ) -> Result<Option<Found>, Trouble> {
        let unknown = |why: &str| {
            let why = format!("a receipt is open that is partly paid, {why}: finish it on the register");
            Ok(Some(Found::Unknown(why, json!({"transaction": shown(transaction)}))))
        };
        let Task::Receipt(receipt) = order.task else {
            return unknown("and it is not this task's");
        };
        let paying = notes.get("pays").and_then(Value::as_bool).unwrap_or_default();
        let finished = self.last_finished(line, transaction.number, true).await?;
        if !paying || finished != after {
            return unknown("and this task had not begun to pay");
        }
        let (plan, _) = self.plan(line, order, receipt)?;
        let all = plan.payments.len();
        let steps = (1..=all).find(|steps| {
            let paid: i64 = plan.payments.iter().take(*steps).map(|(_, sum)| sum).sum();
            // Whether the sum paid has the change in it is in no manual.
            transaction.paid == paid || (*steps == all && transaction.paid == plan.total)
        });
        let same = transaction.items == plan.items && transaction.amount == plan.total;
        let Some(steps) = steps.filter(|_| same) else {
            return unknown("and its items or payments are not this task's");
        };
        self.pay_and_close(line, &plan, steps).await?;
        Ok(None)
    }
}
