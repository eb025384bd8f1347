//! Doing a task.

use outlet_protocols::fiscal::{DateTime, FiscalParams, Money, Operator, Receipt, Tag, Task, TaskResult};
use outlet_protocols::shtrih::command::{
    CashDirection, CashMovement, CloseShift, ContinuePrint, LongStatus, ModeKind, MoneyRegister, OpenDrawer,
    OpenShift, PrintCopy, SetDate, SetTime, ShiftState, StorageStatus, Submode, Subtotal, XReport,
};

use super::family::{Shtrih, refuse};
use super::plan::{self, Close, Plan};
use super::talk::{Desk, note_number};
use super::{paper, refused};
use crate::driver::JobContext;
use crate::register::{Depth, Order, Refusal, Trouble};

impl Shtrih {
    /// Does a task.
    pub(super) async fn work(
        &mut self,
        desk: &mut Desk<'_, '_>,
        order: &Order<'_>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        match order.task {
            Task::Receipt(receipt) => self.receipt(desk, receipt, order.tag, attempt).await,
            Task::OpenShift { operator } => self.open_shift(desk, operator.as_ref(), attempt).await,
            Task::CloseShift { operator } => self.close_shift(desk, operator.as_ref(), attempt).await,
            Task::ReportX { operator } => {
                self.sign_as(desk, operator.as_ref()).await?;
                self.ask(desk, &XReport).await?;
                self.printed(desk).await
            }
            Task::CashIn { sum, operator } => {
                self.move_cash(desk, CashDirection::In, *sum, operator.as_ref(), attempt).await
            }
            Task::CashOut { sum, operator } => {
                self.move_cash(desk, CashDirection::Out, *sum, operator.as_ref(), attempt).await
            }
            Task::NonFiscal { lines } => {
                let made = paper::document(lines, &self.setup, self.features);
                let made =
                    made.map_err(|unfit| refused::here(desk.line, Refusal::Task, &unfit.to_string()))?;
                for made in &made {
                    self.tell(desk, made).await?;
                }
                self.printed(desk).await
            }
            Task::OpenCashDrawer => {
                let drawer = self.setup.drawer;
                self.ask(desk, &OpenDrawer { drawer }).await?;
                Ok(TaskResult::default())
            }
            Task::ContinuePrint => self.continue_print(desk).await,
            Task::PrintLastReceiptCopy { operator } => {
                self.sign_as(desk, operator.as_ref()).await?;
                self.ask(desk, &PrintCopy).await?;
                self.printed(desk).await
            }
            Task::SetDateTime(time) => self.set_clock(desk, *time).await,
            Task::GetDeviceStatus => self.device_status(desk).await,
            Task::GetShiftStatus => self.shift_status(desk).await,
            Task::GetFnStatus => self.storage_status(desk).await,
            Task::GetFnDocument { number } => self.storage_document(desk, *number).await,
            Task::OfdExchangeStatus => self.exchange_status(desk).await,
            Task::Marking(task) => self.marking(desk, task).await,
        }
    }

    async fn receipt(
        &mut self,
        desk: &mut Desk<'_, '_>,
        receipt: &Receipt,
        tag: Tag,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        let plan = plan::plan(receipt, tag, &self.setup, self.features)
            .map_err(|unfit| refused::here(desk.line, Refusal::Task, &unfit.to_string()))?;
        self.sign_as(desk, receipt.operator.as_ref()).await?;
        for mark in &plan.marks {
            self.accept_for_sale(desk, mark).await?;
        }
        // The closing command's number is put on disk while the items are sent.
        let foreseen = self.foresee_close(receipt, &plan);
        let (noted, sent) = tokio::join!(
            note_number(attempt, foreseen, plan.close.code()),
            self.up_to_the_close(desk, receipt, &plan)
        );
        sent?;
        noted?;
        let params = match &plan.close {
            Close::Receipt(close) => {
                let closed = self.commit_noted(desk, close, attempt, foreseen).await?;
                FiscalParams {
                    fiscal_document_number: Some(closed.document),
                    fiscal_document_sign: Some(format!("{:010}", closed.sign)),
                    fiscal_document_date_time: closed.time,
                    ..FiscalParams::default()
                }
            }
            Close::Correction(close) => {
                let closed = self.commit_noted(desk, close, attempt, foreseen).await?;
                FiscalParams {
                    fiscal_document_number: Some(closed.document),
                    fiscal_document_sign: Some(format!("{:010}", closed.sign)),
                    fiscal_receipt_number: Some(closed.receipt.into()),
                    ..FiscalParams::default()
                }
            }
            Close::Old(close) => {
                self.commit_noted(desk, close, attempt, foreseen).await?;
                FiscalParams::default()
            }
        };
        self.marks = Default::default();
        self.unprinted = Some(false);
        let mut params = self.complete(desk, params).await?;
        params.total = Some(receipt.total);
        self.made(desk, params, !receipt.electronically).await
    }

    /// All of a receipt but its closing command.
    async fn up_to_the_close(
        &mut self,
        desk: &mut Desk<'_, '_>,
        receipt: &Receipt,
        plan: &Plan,
    ) -> Result<(), Trouble> {
        for made in &plan.body {
            self.tell(desk, made).await?;
        }
        if plan.is_summed_up() {
            self.compare_subtotal(desk, receipt.total).await?;
        }
        if self.announces_printing() {
            self.print_next(desk, !receipt.electronically).await?;
        }
        Ok(())
    }

    /// The number that the closing command will have, if nothing has to be asked twice.
    fn foresee_close(&self, receipt: &Receipt, plan: &Plan) -> Option<u16> {
        let announced = self.announces_printing() && self.unprinted != Some(receipt.electronically);
        let exchanges = plan.body.len() + usize::from(plan.is_summed_up()) + usize::from(announced);
        self.wire.foresee(exchanges)
    }

    /// Whether it is told before a receipt's close whether to print it.
    fn announces_printing(&self) -> bool {
        self.setup.model.storage && !self.setup.model.old_items
    }

    /// The register's own sum of the items is the receipt's total, before it becomes a fiscal document.
    async fn compare_subtotal(&mut self, desk: &mut Desk<'_, '_>, total: Money) -> Result<(), Trouble> {
        let subtotal = self.optional(desk, &Subtotal).await?.map(|subtotal| Money(subtotal.sum));
        match subtotal {
            Some(subtotal) if subtotal != total => {
                let why = format!("the register sums the items up to {subtotal}, the receipt to {total}");
                refuse(desk, Refusal::Task, &why)
            }
            _ => Ok(()),
        }
    }

    /// What the closing command did not tell of the document it made.
    async fn complete(
        &mut self,
        desk: &mut Desk<'_, '_>,
        mut params: FiscalParams,
    ) -> Result<FiscalParams, Trouble> {
        if !self.setup.model.storage {
            let status = self.ask(desk, &LongStatus).await?;
            params.fiscal_document_number = Some(status.document.into());
            params.fiscal_document_date_time = status.clock;
            params.shift_number = Some(u32::from(status.last_closed_shift) + 1);
            return Ok(params);
        }
        let document = match params.fiscal_document_number {
            Some(document) => document,
            None => self.ask(desk, &StorageStatus).await?.last_document,
        };
        if params.fiscal_document_date_time.is_none()
            && let Some(found) = self.document(desk, document).await?
        {
            params.fiscal_document_number = Some(document);
            params.fiscal_document_sign = Some(format!("{:010}", found.sign));
            params.fiscal_document_date_time = found.time;
        }
        let shift = self.ask(desk, &ShiftState).await?;
        self.seen.shift = Some(shift);
        params.shift_number = Some(shift.shift.into());
        params.fiscal_receipt_number.get_or_insert(shift.receipt.into());
        params.fn_number = self.identity.storage.clone();
        Ok(params)
    }

    async fn made(
        &mut self,
        desk: &mut Desk<'_, '_>,
        params: FiscalParams,
        paper: bool,
    ) -> Result<TaskResult, Trouble> {
        let mut result = TaskResult { fiscal_params: Some(params), ..TaskResult::default() };
        result.warnings.not_printed = paper && self.is_cut_short(desk).await?;
        Ok(result)
    }

    /// A shift counts as open when the storage says so, too: the answer to `E0` alone can be misread.
    async fn open_shift(
        &mut self,
        desk: &mut Desk<'_, '_>,
        operator: Option<&Operator>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        self.sign_as(desk, operator).await?;
        let operator = self.operator;
        self.commit(desk, &OpenShift { operator }, attempt).await?;
        self.seen.opened = None;
        if !self.setup.model.storage {
            let status = self.ask(desk, &LongStatus).await?;
            if !matches!(status.mode.kind(), ModeKind::ShiftOpen) {
                return refuse(
                    desk,
                    Refusal::Other,
                    "the shift was to be opened, and the register says it is not",
                );
            }
            let params = self.complete(desk, FiscalParams::default()).await?;
            return self.made(desk, params, true).await;
        }
        let shift = self.ask(desk, &ShiftState).await?;
        if !shift.open {
            return refuse(
                desk,
                Refusal::Other,
                "the shift was to be opened, and the storage says it is not",
            );
        }
        self.shift_document(desk).await
    }

    async fn close_shift(
        &mut self,
        desk: &mut Desk<'_, '_>,
        operator: Option<&Operator>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        self.sign_as(desk, operator).await?;
        self.commit(desk, &CloseShift, attempt).await?;
        if !self.setup.model.storage {
            let params = self.complete(desk, FiscalParams::default()).await?;
            let closed = params.shift_number.map(|number| number.saturating_sub(1));
            return self.made(desk, FiscalParams { shift_number: closed, ..params }, true).await;
        }
        self.shift_document(desk).await
    }

    /// The document that opened or closed the shift: the last one in the storage.
    async fn shift_document(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let last = self.ask(desk, &StorageStatus).await?.last_document;
        self.seen.shift = None;
        match self.document(desk, last).await? {
            Some(found) if matches!(found.kind, 2 | 5) => {
                let params = self.params(&found, &[]);
                let mut result = self.made(desk, params, true).await?;
                result.shift_status = self.see(desk, Depth::Books).await?.shift;
                Ok(result)
            }
            _ => Err(desk.line.lost("the storage's last document is not that of the shift")),
        }
    }

    async fn move_cash(
        &mut self,
        desk: &mut Desk<'_, '_>,
        direction: CashDirection,
        sum: Money,
        operator: Option<&Operator>,
        attempt: &dyn JobContext,
    ) -> Result<TaskResult, Trouble> {
        self.sign_as(desk, operator).await?;
        self.commit(desk, &CashMovement { direction, sum: sum.minor() }, attempt).await?;
        let mut result = self.printed(desk).await?;
        result.cash_sum = self.optional(desk, &MoneyRegister::CASH).await?.map(|cash| Money(cash.sum));
        Ok(result)
    }

    /// Prints what the paper's end left over; where nothing is left, all of it is on paper.
    async fn continue_print(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let status = self.status(desk).await?;
        if status.submode == Submode::ContinuePrint {
            self.once(desk, &ContinuePrint).await?;
        }
        self.printed(desk).await
    }

    /// Date and time can be set with the shift closed only. A date has to be confirmed.
    async fn set_clock(&mut self, desk: &mut Desk<'_, '_>, time: DateTime) -> Result<TaskResult, Trouble> {
        let status = self.ask(desk, &LongStatus).await?;
        let date = time.date();
        let waits = matches!(status.mode.kind(), ModeKind::ConfirmDate);
        if waits || status.clock.map(DateTime::date) != Some(date) {
            self.ask(desk, &SetDate { date, confirm: false }).await?;
            self.ask(desk, &SetDate { date, confirm: true }).await?;
        }
        self.ask(desk, &SetTime(time)).await?;
        Ok(TaskResult::default())
    }
}
