//! All tasks but receipts.

use outlet_protocols::datecs::answer::Open;
use outlet_protocols::datecs::command::Report;
use outlet_protocols::datecs::{Command, CommandError, Condition};
use outlet_protocols::fiscal::{
    DateTime, DeviceStatus, FiscalParams, FnStatus, Line as Printed, Money, ShiftStatus, Task, TaskResult,
};
use serde_json::{Value, json};

use super::check;
use super::family::Datecs;
use super::journal::{Shift, moment};
use super::plan::Fault;
use super::receipt::{write_down, wrong_task};
use super::said::heard;
use crate::driver::JobContext;
use crate::register::{Line, Order, Refusal, Refused, Trouble};

impl Datecs {
    /// See [`Family::perform`](crate::register::Family::perform).
    pub(super) async fn do_task(
        &mut self,
        line: &mut Line<'_>,
        order: &Order<'_>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        match order.task {
            Task::Receipt(receipt) => self.make_receipt(line, order, receipt, attempt).await,
            // The first receipt opens it.
            Task::OpenShift { .. } => Ok(TaskResult::default()),
            Task::CloseShift { .. } => self.close_shift(line, attempt).await,
            Task::ReportX { .. } => self.report_x(line).await,
            Task::CashIn { sum, .. } => self.move_cash(line, *sum, attempt).await,
            Task::CashOut { sum, .. } => self.move_cash(line, -*sum, attempt).await,
            Task::NonFiscal { lines } => self.print_free(line, lines).await,
            Task::OpenCashDrawer => {
                let command = self.dialect().drawer(self.config.pulse_ms);
                self.act_built(line, "pulse_ms", command).await
            }
            Task::PrintLastReceiptCopy { .. } => {
                let command = self.dialect().copy();
                self.act_built(line, "type", command).await
            }
            Task::SetDateTime(at) => {
                let command = self.dialect().set_clock(&moment(*at));
                self.act_built(line, "dateTime", command).await
            }
            Task::GetDeviceStatus => self.device_status(line).await,
            Task::GetShiftStatus => self.shift_status(line).await,
            Task::GetFnStatus => self.memory_status(line).await,
            Task::GetFnDocument { number } => self.document(line, *number).await,
            Task::ContinuePrint | Task::OfdExchangeStatus | Task::Marking(_) => {
                let message = format!("{}: this register has no {}", line.link(), order.task.name());
                let refused = Refused { class: Refusal::Unsupported, message, said: Value::Null };
                Err(Trouble::Refused(refused))
            }
        }
    }

    async fn act_built(
        &mut self,
        line: &mut Line<'_>,
        at: &str,
        command: Result<Command, CommandError>,
    ) -> Result<TaskResult, Trouble> {
        let command = command.map_err(|error| wrong_task(line, Fault::of(at, error)))?;
        self.act(line, &command).await?;
        Ok(TaskResult::default())
    }

    async fn close_shift(
        &mut self,
        line: &mut Line<'_>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let command = self.dialect().report(Report::Z);
        let frame = self.frame(line, &command)?;
        write_down(&frame, (attempt, &json!({"z": self.days.z}))).await?;
        let reply = self.exchange(line, frame, command.effect).await?;
        let report = heard(self.dialect(), line, self.dialect().report_answer(&reply))?;
        let (transaction, status) = self.transaction(line).await?;
        let slip = self.last_finished(line, transaction.number, false).await?;
        let entry = self.just_made(line, slip).await?;
        self.learn_days(line, slip).await?;
        let params = FiscalParams {
            fiscal_document_number: Some(slip),
            fiscal_document_date_time: entry.at,
            shift_number: Some(report.z),
            fn_number: self.identity.storage.clone(),
            ..FiscalParams::default()
        };
        let mut result = TaskResult { fiscal_params: Some(params), ..TaskResult::default() };
        result.warnings.not_printed = self.has(&status, Condition::PaperOut);
        Ok(result)
    }

    async fn report_x(&mut self, line: &mut Line<'_>) -> Result<TaskResult, Trouble> {
        let reply = self.ask(line, &self.dialect().report(Report::X)).await?;
        heard(self.dialect(), line, self.dialect().report_answer(&reply))?;
        let cash = self.cash(line).await?;
        let mut result = TaskResult { cash_sum: Some(Money(cash.drawer)), ..TaskResult::default() };
        result.warnings.not_printed = self.has(&reply.status, Condition::PaperOut);
        Ok(result)
    }

    async fn move_cash(
        &mut self,
        line: &mut Line<'_>,
        sum: Money,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let before = self.cash(line).await?;
        let command = match sum.is_negative() {
            true => self.dialect().cash_out((-sum).minor()),
            false => self.dialect().cash_in(sum.minor()),
        };
        let command = command.map_err(|error| wrong_task(line, Fault::of("cashSum", error)))?;
        let frame = self.frame(line, &command)?;
        let counters = json!({"drawer": before.drawer, "in": before.paid_in, "out": before.paid_out});
        write_down(&frame, (attempt, &json!({"counters": counters}))).await?;
        let reply = self.exchange(line, frame, command.effect).await?;
        let after = heard(self.dialect(), line, self.dialect().cash_answer(command.effect, &reply))?;
        if after.drawer != before.drawer.saturating_add(sum.minor()) {
            let (was, is) = (Money(before.drawer), Money(after.drawer));
            return Err(line.lost(format!("the drawer had {was} and has {is} after a movement of {sum}")));
        }
        let mut result = TaskResult { cash_sum: Some(Money(after.drawer)), ..TaskResult::default() };
        result.warnings.not_printed = self.has(&reply.status, Condition::PaperOut);
        Ok(result)
    }

    async fn print_free(&mut self, line: &mut Line<'_>, lines: &[Printed]) -> Result<TaskResult, Trouble> {
        let commands = check::free(&self.config, lines).map_err(|fault| wrong_task(line, fault))?;
        let mut result = TaskResult::default();
        for command in &commands {
            let status = self.act(line, command).await?;
            result.warnings.not_printed = self.has(&status, Condition::PaperOut);
        }
        Ok(result)
    }

    async fn device_status(&mut self, line: &mut Line<'_>) -> Result<TaskResult, Trouble> {
        let (transaction, status) = self.transaction(line).await?;
        let clock = self.clock(line).await?;
        let cash = self.cash(line).await?;
        let shift = self.current_shift(line, clock).await?;
        let has = |condition| self.has(&status, condition);
        let device = DeviceStatus {
            model: self.identity.model.clone(),
            serial: self.identity.serial.clone(),
            firmware: self.identity.firmware.clone(),
            current_date_time: clock,
            shift: shift.map(|shift| shift.state),
            paper_present: Some(!has(Condition::PaperOut)),
            paper_near_end: Some(has(Condition::PaperNearEnd)),
            cover_opened: Some(has(Condition::CoverOpen)),
            cash_drawer_opened: None,
            document_open: transaction.open != Open::Nothing,
            blocked: has(Condition::MemoryFault) || has(Condition::MemoryMissing),
            fiscal: Some(has(Condition::Fiscalised)),
            cash_sum: Some(Money(cash.drawer)),
        };
        Ok(TaskResult { device_status: Some(device), ..TaskResult::default() })
    }

    async fn shift_status(&mut self, line: &mut Line<'_>) -> Result<TaskResult, Trouble> {
        let clock = self.clock(line).await?;
        let shift_status = self.current_shift(line, clock).await?;
        Ok(TaskResult { shift_status, ..TaskResult::default() })
    }

    /// The shift, closed ones included; `None` where the register doesn't tell.
    async fn current_shift(
        &mut self,
        line: &mut Line<'_>,
        clock: Option<DateTime>,
    ) -> Result<Option<ShiftStatus>, Trouble> {
        let (transaction, status) = self.transaction(line).await?;
        if transaction.open == Open::Nothing {
            let last = self.last_finished(line, transaction.number, false).await?;
            self.learn_days(line, last).await?;
        }
        let closed = (self.days.shift == Shift::Closed).then(|| ShiftStatus::closed(self.days.z));
        Ok(self.shift(clock, &status).or(closed))
    }

    async fn memory_status(&mut self, line: &mut Line<'_>) -> Result<TaskResult, Trouble> {
        let (transaction, status) = self.transaction(line).await?;
        let open = transaction.open != Open::Nothing;
        let last = self.last_finished(line, transaction.number, open).await?;
        let entry = self.head(line, last).await?;
        let has = |condition| self.has(&status, condition);
        let memory = FnStatus {
            fn_number: self.identity.storage.clone().unwrap_or_default(),
            last_document_number: Some(last),
            last_document_date_time: entry.and_then(|entry| entry.at),
            valid_until: None,
            replace_soon: has(Condition::MemoryNearFull) || has(Condition::JournalNearFull),
            exhausted: has(Condition::MemoryFull) || has(Condition::JournalFull),
            ofd_timeout: has(Condition::Unsent),
        };
        Ok(TaskResult { fn_status: Some(memory), ..TaskResult::default() })
    }

    async fn document(&mut self, line: &mut Line<'_>, number: u32) -> Result<TaskResult, Trouble> {
        let Some(entry) = self.entry(line, number).await? else {
            let message = format!("{}: the journal has no document {number}", line.link());
            let said = json!({"document": number});
            return Err(Trouble::Refused(Refused { class: Refusal::Task, message, said }));
        };
        let params = FiscalParams {
            fiscal_document_number: Some(entry.slip),
            fiscal_document_date_time: entry.at,
            shift_number: entry.z,
            fn_number: self.identity.storage.clone(),
            ..FiscalParams::default()
        };
        Ok(TaskResult { fiscal_params: Some(params), ..TaskResult::default() })
    }
}
