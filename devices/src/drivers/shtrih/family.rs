//! The family as the common driver uses it.

use std::time::Duration;

use outlet_protocols::fiscal::{DateTime, MarkingResult, Operator, TaskResult};
use outlet_protocols::shtrih::command::{
    CancelDocument, CancelReceipt, Cell, CloseNonFiscal, ContinuePrint, DeviceType, FieldInfo,
    FieldInfoAnswer, FieldKind, LongStatus, ModeKind, ModelBit, ModelParameters, OpenDocument, ReadTable,
    Request, ShiftStateAnswer, ShortStatus, StorageStatus, StorageStatusAnswer, Submode, WriteTable,
};
use serde_json::Value;

use super::plan::{Features, Setup};
use super::refused;
use super::talk::Desk;
use super::wire::Wire;
use crate::driver::{BoxFuture, JobContext};
use crate::register::{Baseline, Depth, Family, Found, Identity, Line, Look, Order, Refusal, Trouble};

/// A register of Shtrih-M.
pub struct Shtrih {
    pub(super) setup: Setup,
    pub(super) wire: Wire,
    pub(super) features: Features,
    pub(super) identity: Identity,
    /// The operator whose password is sent, 1 to 30.
    pub(super) operator: u8,
    /// The operator's name as it stands in the register, and how many bytes it may have.
    pub(super) cashier: Option<(String, u8)>,
    pub(super) seen: Seen,
    pub(super) marks: Marks,
    /// The register was told not to print the next document; `None` where that has to be asked.
    pub(super) unprinted: Option<bool>,
}

/// What was seen of the register when it was last asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub storage: Option<StorageStatusAnswer>,
    pub shift: Option<ShiftStateAnswer>,
    /// A shift's number, and when it was opened.
    pub opened: Option<(u16, Option<DateTime>)>,
}

/// What was done about marking codes.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// What the last check found.
    pub last: Option<MarkingResult>,
    /// The code that was checked and neither accepted nor declined.
    pub checked: Option<Vec<u8>>,
    /// Codes that were accepted for the next receipt.
    pub accepted: Vec<Vec<u8>>,
}

impl Shtrih {
    /// A register that is not connected yet.
    pub fn new(setup: Setup, level: u8, answer: Duration) -> Self {
        let query = ShortStatus.bytes(setup.passwords).unwrap_or_default();
        Self {
            wire: Wire::new(level, answer, query),
            setup,
            features: Features::default(),
            identity: Identity::default(),
            operator: 0,
            cashier: None,
            seen: Seen::default(),
            marks: Marks::default(),
            unprinted: None,
        }
    }

    async fn learn(&mut self, desk: &mut Desk<'_, '_>) -> Result<Identity, Trouble> {
        self.wire.open(desk.line).await?;
        self.cashier = None;
        self.unprinted = None;
        self.seen = Seen::default();
        // The storage may have forgotten them with its power: they are checked anew.
        self.marks = Marks::default();
        let model = self.optional(desk, &DeviceType).await?;
        let status = self.ask(desk, &LongStatus).await?;
        self.operator = status.operator;
        if let Some(features) = self.optional(desk, &ModelParameters).await? {
            let width = usize::from(features.width_font1);
            self.features = Features {
                cash_core: features.has(ModelBit::CashCore),
                cutter: features.has(ModelBit::Cutter),
                width: if width == 0 { Features::default().width } else { width },
            };
        }
        if self.setup.model.storage {
            self.seen.storage = Some(self.ask(desk, &StorageStatus).await?);
        }
        let serial = match status.serial {
            Some(serial) => format!("{serial:016}"),
            None => String::new(),
        };
        self.identity = Identity {
            model: model.map_or_else(|| self.setup.model.name.to_owned(), |model| model.name),
            serial,
            firmware: Some(format!("{} {}", status.version, status.build)),
            storage: self.seen.storage.as_ref().map(|storage| storage.number.clone()),
        };
        Ok(self.identity.clone())
    }

    /// What an older register may not know; `None` where it refuses.
    pub(super) async fn optional<R: Request + Sync>(
        &mut self,
        desk: &mut Desk<'_, '_>,
        request: &R,
    ) -> Result<Option<R::Answer>, Trouble> {
        match self.ask(desk, request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    async fn drop_document(&mut self, desk: &mut Desk<'_, '_>) -> Result<(), Trouble> {
        let status = self.status(desk).await?;
        match status.mode.kind() {
            ModeKind::Document(OpenDocument::NonFiscal) => self.ask(desk, &CloseNonFiscal).await.map(drop)?,
            ModeKind::Document(_) => match self.ask(desk, &CancelReceipt).await {
                // A receipt of another operator.
                Err(Trouble::Refused(refused)) if !refused.class.passes() => {
                    self.ask_as_administrator(desk, &CancelReceipt).await.map(drop)?;
                }
                other => other.map(drop)?,
            },
            _ => {}
        }
        if self.setup.model.storage && self.ask(desk, &StorageStatus).await?.current_document != 0 {
            self.ask(desk, &CancelDocument).await.map(drop)?;
        }
        Ok(())
    }

    /// Whether the next receipt comes on paper: field 7 of table 17, whose value 1 holds for one document
    /// (`shtrih-m/javapos_shtrih`, `SMFiscalPrinterImpl.disablePrintOnce`). Value 2 is the owner's wish to
    /// print nothing, and stays. A 1 may be left of a receipt that was not closed.
    pub(super) async fn print_next(&mut self, desk: &mut Desk<'_, '_>, print: bool) -> Result<(), Trouble> {
        let cell = Cell { table: 17, row: 1, field: 7 };
        if self.unprinted.is_none() {
            let value = self.optional(desk, &ReadTable(cell)).await?;
            self.unprinted = Some(value == Some(vec![1]));
        }
        if self.unprinted == Some(!print) {
            return Ok(());
        }
        self.unprinted = None;
        self.ask(desk, &WriteTable { cell, value: vec![u8::from(!print)] }).await?;
        self.unprinted = Some(!print);
        Ok(())
    }

    /// Writes the operator's name into the register, where another one stands there. A longer one than its
    /// field holds is cut.
    pub(super) async fn sign_as(
        &mut self,
        desk: &mut Desk<'_, '_>,
        operator: Option<&Operator>,
    ) -> Result<(), Trouble> {
        let Some(operator) = operator else { return Ok(()) };
        let cell = Cell::operator_name(self.operator);
        if self.cashier.is_none() {
            let info = self.ask(desk, &FieldInfo { table: cell.table, field: cell.field }).await?;
            let value = self.ask(desk, &ReadTable(cell)).await?;
            self.cashier = Some((info.text(&value), info.size));
        }
        let Some((name, size)) = self.cashier.clone() else { return Ok(()) };
        let wanted: String = operator.name.chars().take(usize::from(size)).collect();
        if name == wanted.trim_end() {
            return Ok(());
        }
        let info = FieldInfoAnswer { name: String::new(), kind: FieldKind::Text, size };
        let value = info.bytes_of_text(&wanted).map_err(|error| refused::by_codec(desk.line, &error))?;
        self.cashier = None;
        self.ask(desk, &WriteTable { cell, value }).await?;
        self.cashier = Some((wanted.trim_end().to_owned(), size));
        Ok(())
    }

    /// Whether a document that is done is not, or not wholly, on paper.
    pub(super) async fn is_cut_short(&mut self, desk: &mut Desk<'_, '_>) -> Result<bool, Trouble> {
        let status = self.status(desk).await?;
        Ok(matches!(status.submode, Submode::NoPaper | Submode::PaperEnded | Submode::ContinuePrint))
    }

    /// The result of something printed that is no document of the storage.
    pub(super) async fn printed(&mut self, desk: &mut Desk<'_, '_>) -> Result<TaskResult, Trouble> {
        let mut result = TaskResult::default();
        result.warnings.not_printed = self.is_cut_short(desk).await?;
        Ok(result)
    }
}

impl Family for Shtrih {
    fn name(&self) -> &'static str {
        super::NAME
    }

    fn greet<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<Identity, Trouble>> {
        Box::pin(async move { self.learn(&mut Desk { line, cx: None }).await })
    }

    fn look<'a>(&'a mut self, line: &'a mut Line<'_>, depth: Depth) -> BoxFuture<'a, Result<Look, Trouble>> {
        Box::pin(async move { self.see(&mut Desk { line, cx: None }, depth).await })
    }

    fn go_on<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async move { self.once(&mut Desk { line, cx: None }, &ContinuePrint).await.map(drop) })
    }

    fn cancel<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async move { self.drop_document(&mut Desk { line, cx: None }).await })
    }

    fn perform<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        attempt: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<TaskResult, Trouble>> {
        Box::pin(async move {
            if !order.task.is_query() {
                self.wire.forget();
            }
            self.work(&mut Desk { line, cx: Some(attempt) }, order, attempt).await
        })
    }

    fn find<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        before: &'a Baseline,
        notes: &'a Value,
        now: &'a Look,
    ) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(async move {
            let mut desk = Desk { line, cx: None };
            self.search(&mut desk, order, before, notes, now).await
        })
    }

    fn left_by(&self, before: &Baseline, receipt: &TaskResult) -> Option<Baseline> {
        if !self.setup.model.storage {
            return None;
        }
        let last_document = receipt.fiscal_params.as_ref()?.fiscal_document_number;
        last_document?;
        Some(Baseline { shift: None, last_document, cash: None, last_slip: None, ..before.clone() })
    }

    fn link_quality(&self) -> Value {
        self.wire.quality()
    }
}

/// A refusal of the driver itself.
pub(super) fn refuse<T>(desk: &Desk<'_, '_>, class: Refusal, why: &str) -> Result<T, Trouble> {
    Err(refused::here(desk.line, class, why))
}
