//! How a receipt is made, and gone on with where its closing was interrupted.
//!
//! 48 (43 or 46 for a storno receipt) opens it; 49 and 54 bring items and texts; 76 has to tell as many items
//! and the sum that was asked for; the mark follows as a text (54), so that a document with the mark has all
//! its items; 53 takes the payments; 56 closes. While the items are sent it is put on disk that the receipt may be
//! paid from now on, with the numbers that the register gave it; nothing is paid before that is there.

use outlet_protocols::datecs::answer::{Numbers, Paid, Transaction};
use outlet_protocols::datecs::dialect::Name;
use outlet_protocols::datecs::{Command, Condition, Frame};
use outlet_protocols::fiscal::{FiscalParams, Money, Receipt, TaskResult};
use serde_json::{Value, json};

use super::family::{Datecs, shown};
use super::journal::{Entry, date_time};
use super::plan::{self, Fault, Plan};
use super::said::heard;
use crate::driver::JobContext;
use crate::error::{DeviceError, ErrorKind};
use crate::register::{Line, Order, Refusal, Refused, Trouble};

/// Where notes go, and what stands in them beside the frame.
type Notes<'a> = (&'a dyn JobContext, &'a Value);

impl Datecs {
    /// Makes a receipt from its opening to its close.
    pub(super) async fn make_receipt(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        receipt: &Receipt,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let (plan, tag) = self.plan(line, order, receipt)?;
        let reply = self.ask(line, &plan.opening).await?;
        let opened = heard(self.dialect(), line, self.dialect().numbers(&reply))?;
        let numbers = told(opened);
        let note = json!({"pays": true, "slip": opened.slip, "numbers": numbers});
        let (noted, sent) = tokio::join!(attempt.note(note), self.bring_items(line, &plan, &tag));
        sent?;
        noted.map_err(Trouble::NotNoted)?;
        self.pay_and_close(line, &plan, 0).await?;
        let slip = match opened.slip {
            Some(slip) => slip,
            None => self.last_finished(line, None, false).await?,
        };
        let entry = self.just_made(line, slip).await?;
        let mut result = self.result_of(line, &entry, &numbers, receipt.total).await?;
        let status = self.act(line, &self.dialect().status()).await?;
        result.warnings.not_printed = self.has(&status, Condition::PaperOut);
        Ok(result)
    }

    /// The items, the register's own sum of them, and the mark.
    async fn bring_items(&mut self, line: &mut Line<'_>, plan: &Plan, tag: &Command) -> Result<(), Trouble> {
        for command in &plan.body {
            self.act(line, command).await?;
        }
        let (so_far, _) = self.transaction(line).await?;
        if so_far.items != plan.items || so_far.amount != plan.total {
            return Err(counts_otherwise(line, plan, &so_far));
        }
        self.act(line, tag).await.map(drop)
    }

    /// The commands of a receipt and of its mark.
    pub(super) fn plan(
        &self,
        line: &Line<'_>,
        order: &Order<'_>,
        receipt: &Receipt,
    ) -> Result<(Plan, Command), Trouble> {
        let planned = plan::plan(&self.config, self.config.operator(order.task), receipt);
        let tag = plan::tag_line(&self.config, order.tag);
        planned.and_then(|plan| Ok((plan, tag?))).map_err(|fault| wrong_task(line, fault))
    }

    /// Takes the payments from the one with this index on, and closes. It is on disk that this may happen.
    pub(super) async fn pay_and_close(
        &mut self,
        line: &mut Line<'_>,
        plan: &Plan,
        from: usize,
    ) -> Result<(), Trouble> {
        let mut paid: i64 = plan.payments.iter().take(from).map(|(_, sum)| sum).sum();
        for (command, sum) in plan.payments.iter().skip(from) {
            let frame = self.frame(line, command)?;
            let reply = self.exchange(line, frame, command.effect).await?;
            let left = heard(self.dialect(), line, self.dialect().paid(&reply))?;
            paid += sum;
            let expected = match plan.total - paid {
                due if due >= 0 => Paid::Due(due),
                change => Paid::Change(-change),
            };
            if left != expected {
                let (so_far, _) = self.transaction(line).await?;
                return Err(counts_otherwise(line, plan, &so_far));
            }
        }
        let close = self.dialect().close_receipt();
        let frame = self.frame(line, &close)?;
        let reply = self.exchange(line, frame, close.effect).await?;
        heard(self.dialect(), line, self.dialect().done(close.effect, &reply))
    }

    /// The document that was just made, as the journal has it; on P with its text, which alone tells its time.
    pub(super) async fn just_made(&mut self, line: &mut Line<'_>, slip: u32) -> Result<Entry, Trouble> {
        let entry = match self.dialect().name {
            Name::P => self.entry(line, slip).await?,
            _ => self.head(line, slip).await?,
        };
        entry.ok_or_else(|| line.lost(format!("the journal has no document {slip}, which was just closed")))
    }

    /// What came of a receipt. `numbers` are those that the register told when it was opened.
    pub(super) async fn result_of(
        &mut self,
        line: &mut Line<'_>,
        entry: &Entry,
        numbers: &Value,
        total: Money,
    ) -> Result<TaskResult, Trouble> {
        let number = |name: &str| {
            numbers.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
        };
        let mut receipt = number("fiscal").or(number("fiscal_since_z"));
        if receipt.is_none() && matches!(self.dialect().name, Name::X | Name::Ro) {
            let reply = self.ask(line, &self.dialect().last_document()).await?;
            let last = heard(self.dialect(), line, self.dialect().last_document_answer(&reply))?;
            let same = entry.at.is_some() && last.at.and_then(date_time) == entry.at;
            receipt = last.fiscal.filter(|_| same);
        }
        let shift_number = entry.z.or(number("z"));
        let params = FiscalParams {
            fiscal_document_number: Some(entry.slip),
            fiscal_document_sign: self.sign_of(entry, shift_number, receipt, total),
            fiscal_document_date_time: entry.at,
            fiscal_receipt_number: receipt,
            shift_number,
            fn_number: self.identity.storage.clone(),
            total: Some(total),
        };
        Ok(TaskResult { fiscal_params: Some(params), ..TaskResult::default() })
    }

    /// What tells a receipt from every other. In Bulgaria the text of its QR code: number of the fiscal memory,
    /// of the document, date, time and sum (ordinance N-18, appendix 1). Romanian registers of 2017 print no
    /// code; there it is the number of the Z report and of the receipt in it.
    fn sign_of(&self, entry: &Entry, z: Option<u32>, receipt: Option<u32>, total: Money) -> Option<String> {
        if self.dialect().name == Name::Ro {
            return Some(format!("{}-{}", z?, receipt?));
        }
        let memory = self.identity.storage.as_deref()?;
        let at = entry.at?.to_string();
        let (date, time) = at.split_once('T')?;
        Some(format!("{memory}*{:07}*{date}*{time}*{total}", entry.slip))
    }
}

/// Notes what is about to be sent.
pub(super) async fn write_down(frame: &Frame, (attempt, more): Notes<'_>) -> Result<(), Trouble> {
    let hex: String = frame.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut note = json!({"sent": {"command": frame.number(), "seq": frame.seq(), "frame": hex}});
    if let (Value::Object(note), Value::Object(more)) = (&mut note, more) {
        note.extend(more.clone());
    }
    attempt.note(note).await.map_err(Trouble::NotNoted)
}

/// A task that can't be built for this register.
pub(super) fn wrong_task(line: &Line<'_>, fault: Fault) -> Trouble {
    let error = DeviceError::from(fault);
    let class = if error.kind == ErrorKind::Unsupported { Refusal::Unsupported } else { Refusal::Task };
    let message = format!("{}: {}", line.link(), error.message);
    Trouble::Refused(Refused { class, message, said: Value::Null })
}

fn counts_otherwise(line: &Line<'_>, plan: &Plan, so_far: &Transaction) -> Trouble {
    let message = format!(
        "{}: the register has {} items for {} and {} paid, the task {} items for {}: it is not closed; look \
         at the register's discounts and its tax groups",
        line.link(),
        so_far.items,
        Money(so_far.amount),
        Money(so_far.paid),
        plan.items,
        Money(plan.total)
    );
    Trouble::Refused(Refused { class: Refusal::Other, message, said: shown(so_far) })
}

/// The numbers of an opened receipt, as they are noted.
fn told(numbers: Numbers) -> Value {
    let Numbers { slip: _, z, fiscal, since_z, fiscal_since_z } = numbers;
    json!({"z": z, "fiscal": fiscal, "since_z": since_z, "fiscal_since_z": fiscal_since_z})
}
