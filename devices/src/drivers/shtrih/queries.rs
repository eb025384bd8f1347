//! Tasks that only ask.

use outlet_protocols::fiscal::{DeviceStatus, FnStatus, OfdStatus, TaskResult};
use outlet_protocols::shtrih::command::{
    ExchangeStatus, LongStatus, StorageExpiry, StorageStatus, Submode, Unconfirmed,
};

use super::document::is_receipt;
use super::family::{Shtrih, refuse};
use super::look::is_near_end;
use super::talk::Desk;
use crate::register::{Depth, Refusal, Trouble};

impl Shtrih {
    pub(super) async fn device_status(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let look = self.see(desk, Depth::Books).await?;
        let status = self.ask(desk, &LongStatus).await?;
        let no_paper = matches!(status.submode, Submode::NoPaper | Submode::PaperEnded);
        let device = DeviceStatus {
            model: self.identity.model.clone(),
            serial: self.identity.serial.clone(),
            firmware: self.identity.firmware.clone(),
            current_date_time: status.clock,
            shift: look.shift.map(|shift| shift.state),
            paper_present: Some(!no_paper || (status.flags.cover_open() && status.flags.receipt_paper())),
            paper_near_end: None,
            cover_opened: Some(status.flags.cover_open()),
            cash_drawer_opened: Some(status.flags.drawer_open()),
            document_open: look.document_open,
            blocked: look.blocked.is_some(),
            fiscal: None,
            cash_sum: look.cash,
        };
        Ok(TaskResult { device_status: Some(device), ..TaskResult::default() })
    }

    pub(super) async fn shift_status(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let look = self.see(desk, Depth::Books).await?;
        match look.shift {
            Some(shift) => Ok(TaskResult { shift_status: Some(shift), ..TaskResult::default() }),
            None => refuse(desk, Refusal::Unsupported, "in its mode the register has no shift"),
        }
    }

    pub(super) async fn storage_status(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let storage = self.ask(desk, &StorageStatus).await?;
        let valid_until = self.optional(desk, &StorageExpiry).await?.flatten();
        let status = FnStatus {
            fn_number: storage.number.clone(),
            last_document_number: Some(storage.last_document),
            last_document_date_time: storage.last_time,
            valid_until,
            replace_soon: is_near_end(&storage),
            exhausted: storage.phase & 4 != 0,
            ofd_timeout: storage.warnings.operator_late(),
        };
        Ok(TaskResult { fn_status: Some(status), ..TaskResult::default() })
    }

    pub(super) async fn storage_document(
        &mut self,
        desk: &mut Desk<'_, '_>,
        number: u32,
    ) -> Result<TaskResult, Trouble> {
        let Some(found) = self.document(desk, number).await? else {
            let why = format!("the storage gives out no document {number}");
            return refuse(desk, Refusal::Task, &why);
        };
        let tags = match is_receipt(&found) {
            true => self.tags_of(desk, number).await?.all,
            false => Vec::new(),
        };
        let params = self.params(&found, &tags);
        Ok(TaskResult { fiscal_params: Some(params), ..TaskResult::default() })
    }

    pub(super) async fn exchange_status(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let exchange = self.ask(desk, &ExchangeStatus).await?;
        let unconfirmed = self.optional(desk, &Unconfirmed).await?.unwrap_or(exchange.waiting);
        let first = Some(exchange.first_document).filter(|number| *number > 0);
        let status = OfdStatus {
            not_sent_count: unconfirmed.max(exchange.waiting).into(),
            not_sent_first_doc_number: first,
            not_sent_first_doc_date_time: exchange.first_time.filter(|_| first.is_some()),
        };
        Ok(TaskResult { ofd_status: Some(status), ..TaskResult::default() })
    }
}
