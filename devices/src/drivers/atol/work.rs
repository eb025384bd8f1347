//! Doing a task.

use outlet_protocols::atol::answer::{self, LastReceipt};
use outlet_protocols::atol::buffer::TaskId;
use outlet_protocols::atol::document::kind;
use outlet_protocols::atol::errors::Class;
use outlet_protocols::atol::storage::{Shift, StorageStatus};
use outlet_protocols::atol::task::{Mode, ReceiptKind, Report, Task as Command, register};
use outlet_protocols::fiscal::{FiscalParams, Line as Printed, Money, Receipt, ShiftState, Task, TaskResult};
use serde_json::{Value, json};

use super::books::{params, sign};
use super::family::Atol;
use super::plan::{self, Step, Unfit};
use super::refusal;
use crate::driver::JobContext;
use crate::register::{Family, Line, Order, Refusal, Refused, Trouble};

impl Atol {
    pub(super) async fn work(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let task = order.task;
        if task.is_query() {
            return self.query(line, task).await;
        }
        if task.is_booked() {
            self.wire.forget_left(line).await?;
        }
        match task {
            Task::Receipt(receipt) => return self.receipt(line, receipt, order, attempt).await,
            Task::OpenShift { operator } => {
                self.enter(line, Mode::Registration).await?;
                self.steps(line, plan::operator(operator.as_ref())).await?;
                let open = Command::OpenShift(String::new());
                self.close(line, &open, attempt).await?;
                return self.shift_document(line, kind::SHIFT_OPENED).await;
            }
            Task::CloseShift { operator } => {
                self.enter(line, Mode::Closing).await?;
                self.steps(line, plan::operator(operator.as_ref())).await?;
                self.close(line, &Command::CloseShift, attempt).await?;
                return self.shift_document(line, kind::SHIFT_CLOSED).await;
            }
            Task::CashIn { sum, .. } => {
                self.enter(line, Mode::Registration).await?;
                self.close(line, &Command::CashIn(sum.minor()), attempt).await?;
                return self.cash_moved(line).await;
            }
            Task::CashOut { sum, .. } => {
                self.enter(line, Mode::Registration).await?;
                self.close(line, &Command::CashOut(sum.minor()), attempt).await?;
                return self.cash_moved(line).await;
            }
            Task::ReportX { .. } => {
                self.act(line, Some(Mode::Reports), &Command::Report(Report::X)).await?;
            }
            Task::NonFiscal { lines } => self.non_fiscal(line, lines).await?,
            Task::OpenCashDrawer => self.act(line, None, &Command::OpenDrawer).await?,
            Task::PrintLastReceiptCopy { .. } => self.act(line, None, &Command::CopyOfLast).await?,
            Task::ContinuePrint => {
                self.go_on(line).await?;
            }
            Task::SetDateTime(at) => {
                let set = Command::SetClock(*at);
                let answer = self.wire.act(line, &set).await?;
                let confirm = answer::accept(&answer).is_err_and(|error| {
                    error.code().is_some_and(|code| code.0 == CONFIRM && code.class() == Class::Clock)
                });
                match confirm {
                    true => self.act(line, None, &set).await?,
                    false => self.accept(line, &set, &answer).await?,
                }
            }
            _ => {
                let message = format!("{}: this register has no {}", line.link(), task.name());
                let refused = Refused { class: Refusal::Unsupported, message, said: Value::Null };
                return Err(Trouble::Refused(refused));
            }
        }
        Ok(TaskResult::default())
    }

    async fn receipt(
        &mut self,
        line: &mut Line<'_>,
        receipt: &Receipt,
        order: &Order<'_>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let planned = plan::receipt(receipt, &order.tag, &self.options, self.columns);
        let plan = planned.map_err(|unfit| refusal::task(line, unfit))?;
        self.enter(line, Mode::Registration).await?;
        // The closing command's id is put on disk while the items are sent, unless there are so many that one of
        // them would get it.
        let early = plan.steps.len() < EARLY;
        let id = if early { Some(self.wire.reserve(line).await?) } else { None };
        let note = async {
            match id {
                Some(id) => note_id(attempt, id, &plan.close.task).await,
                None => Ok(()),
            }
        };
        let (noted, sent) = tokio::join!(note, self.steps(line, Ok(plan.steps)));
        sent?;
        noted?;
        match id {
            Some(id) => self.close_as(line, &plan.close.task, id).await?,
            None => self.close(line, &plan.close.task, attempt).await?,
        }
        let last = Command::register(register::LAST_RECEIPT);
        let last = self.question(line, &last, LastReceipt::parse).await?;
        let shift = self.question(line, &Command::StorageShift, Shift::parse).await?;
        if Money(last.total) != receipt.total || ReceiptKind::from_code(last.kind).is_none() {
            // Not what was closed: the document itself has to say.
            return Err(line.lost(format_args!("the last receipt is number {}, another one", last.document)));
        }
        let fiscal_params = FiscalParams {
            fiscal_document_number: Some(last.document),
            fiscal_document_sign: Some(sign(last.sign)),
            fiscal_document_date_time: last.at,
            fiscal_receipt_number: Some(shift.receipts.into()),
            shift_number: Some(shift.number.into()),
            fn_number: self.identity.storage.clone(),
            total: Some(receipt.total),
        };
        Ok(TaskResult { fiscal_params: Some(fiscal_params), ..TaskResult::default() })
    }

    /// Commands that make nothing by themselves.
    async fn steps(&mut self, line: &mut Line<'_>, steps: Result<Vec<Step>, Unfit>) -> Result<(), Trouble> {
        for Step { task, at } in steps.map_err(|unfit| refusal::task(line, unfit))? {
            let done = self.act(line, None, &task).await;
            done.map_err(|trouble| match trouble {
                Trouble::Refused(refused) if !at.is_empty() => {
                    let message = format!("{at}: {}", refused.message);
                    Trouble::Refused(Refused { message, ..refused })
                }
                trouble => trouble,
            })?;
        }
        Ok(())
    }

    /// The command that makes something for good, in its mode. Its id is on disk before it leaves.
    async fn close(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
        attempt: &dyn JobContext,
    ) -> Result<(), Trouble> {
        let id = self.wire.reserve(line).await?;
        note_id(attempt, id, command).await?;
        self.close_as(line, command, id).await
    }

    async fn close_as(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
        id: Option<TaskId>,
    ) -> Result<(), Trouble> {
        let answer = self.wire.act_as(line, command, id).await?;
        self.accept(line, command, &answer).await
    }

    /// The document of a shift that was just opened or closed. It counts only where the register confirms it.
    async fn shift_document(&mut self, line: &mut Line<'_>, kind: u16) -> Result<TaskResult, Trouble> {
        let storage = self.question(line, &Command::StorageStatus, StorageStatus::parse).await?;
        let document = self.document(line, storage.last_document).await?;
        let shift = self.shift(line, None).await?;
        let opened = kind == kind::SHIFT_OPENED;
        let document = document
            .filter(|document| document.kind == kind && (shift.state == ShiftState::Opened) == opened);
        let Some(document) = document else {
            return Err(line.lost("the register does not confirm the shift"));
        };
        Ok(TaskResult {
            fiscal_params: Some(params(&document, storage.last_document)),
            shift_status: Some(shift),
            ..TaskResult::default()
        })
    }

    async fn cash_moved(&mut self, line: &mut Line<'_>) -> Result<TaskResult, Trouble> {
        Ok(TaskResult { cash_sum: Some(self.cash(line).await?), ..TaskResult::default() })
    }

    async fn non_fiscal(&mut self, line: &mut Line<'_>, lines: &[Printed]) -> Result<(), Trouble> {
        for step in non_fiscal(lines, self.columns, self.model.cutter) {
            self.act(line, None, &step.task).await?;
        }
        Ok(())
    }
}

/// Ids are counted modulo 224: with fewer steps than this none of them gets one that was taken before.
const EARLY: usize = 200;

/// Puts on disk under which id a command goes out.
async fn note_id(attempt: &dyn JobContext, id: Option<TaskId>, command: &Command) -> Result<(), Trouble> {
    let note = json!({"tid": id.map(|id| id.get()), "command": code(command)});
    attempt.note(note).await.map_err(Trouble::NotNoted)
}

/// Code 16: a date ahead of the register's is to be given again.
const CONFIRM: u8 = 0x16;

/// A command's name in notes and evidence.
pub(super) fn code(command: &Command) -> String {
    format!("{:02X}", command.command())
}

/// A document that isn't fiscal as the register's commands.
pub(super) fn non_fiscal(lines: &[Printed], columns: usize, cuts: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (index, printed) in lines.iter().enumerate() {
        let at = format!("items[{index}]");
        match printed {
            Printed::Text(text) => steps.extend(plan::lines(text, &at, columns)),
            Printed::Barcode(code) => steps.push(Step { task: Command::Qr(code.barcode.clone()), at }),
        }
    }
    steps.push(Step { task: Command::Cliche, at: String::new() });
    if cuts {
        steps.push(Step { task: Command::Cut { full: false }, at: String::new() });
    }
    steps
}
