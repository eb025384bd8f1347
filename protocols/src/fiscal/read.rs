//! Tasks from JSON, and back.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{
    ClientInfo, Correction, CorrectionType, Date, DateTime, Item, Line, MarkingCode, MarkingTask, Money,
    Operation, Operator, Payment, Problem, Receipt, Task, TaskError, TaskKind, TaxationType, strict,
};

/// Reads the form of a task: its fields, words and numbers, and nothing that takes two fields to
/// judge but the total and what makes a correction.
pub(super) fn task(task: &Value) -> Result<Task, TaskError> {
    let Value::Object(fields) = task else {
        return Err(TaskError::rejected(Problem::new("", "a task is an object with a `type`", "")));
    };
    let name = strict::type_of::<serde_json::Error>(fields, "sell").map_err(form)?;
    let Some(kind) = TaskKind::find(name) else {
        let known: Vec<&str> = TaskKind::ALL.iter().map(|kind| kind.as_str()).collect();
        return Err(form(strict::unknown_type("task", name, &known.join(", "))));
    };
    Ok(match kind {
        TaskKind::Sell => receipt(fields, Operation::Sell, false)?,
        TaskKind::SellReturn => receipt(fields, Operation::SellReturn, false)?,
        TaskKind::Buy => receipt(fields, Operation::Buy, false)?,
        TaskKind::BuyReturn => receipt(fields, Operation::BuyReturn, false)?,
        TaskKind::SellCorrection => receipt(fields, Operation::Sell, true)?,
        TaskKind::SellReturnCorrection => receipt(fields, Operation::SellReturn, true)?,
        TaskKind::BuyCorrection => receipt(fields, Operation::Buy, true)?,
        TaskKind::BuyReturnCorrection => receipt(fields, Operation::BuyReturn, true)?,
        TaskKind::OpenShift => Task::OpenShift { operator: read::<ByForm>(fields)?.operator },
        TaskKind::CloseShift => Task::CloseShift { operator: read::<ByForm>(fields)?.operator },
        TaskKind::ReportX => Task::ReportX { operator: read::<ByForm>(fields)?.operator },
        TaskKind::CashIn => {
            let CashForm { cash_sum, operator } = read(fields)?;
            Task::CashIn { sum: cash_sum, operator }
        }
        TaskKind::CashOut => {
            let CashForm { cash_sum, operator } = read(fields)?;
            Task::CashOut { sum: cash_sum, operator }
        }
        TaskKind::NonFiscal => Task::NonFiscal { lines: read::<LinesForm>(fields)?.items },
        TaskKind::OpenCashDrawer => bare(fields, Task::OpenCashDrawer)?,
        TaskKind::ContinuePrint => bare(fields, Task::ContinuePrint)?,
        TaskKind::PrintLastReceiptCopy => {
            Task::PrintLastReceiptCopy { operator: read::<ByForm>(fields)?.operator }
        }
        TaskKind::SetDateTime => Task::SetDateTime(read::<TimeForm>(fields)?.date_time),
        TaskKind::GetDeviceStatus => bare(fields, Task::GetDeviceStatus)?,
        TaskKind::GetShiftStatus => bare(fields, Task::GetShiftStatus)?,
        TaskKind::GetFnStatus => bare(fields, Task::GetFnStatus)?,
        TaskKind::GetFnDocument => {
            Task::GetFnDocument { number: read::<DocumentForm>(fields)?.fiscal_document_number }
        }
        TaskKind::OfdExchangeStatus => bare(fields, Task::OfdExchangeStatus)?,
        TaskKind::ValidateMarks => {
            Task::Marking(MarkingTask::Validate { codes: read::<CodesForm>(fields)?.params })
        }
        TaskKind::BeginMarkingCodeValidation => {
            Task::Marking(MarkingTask::Begin(read::<CodeForm>(fields)?.params))
        }
        TaskKind::GetMarkingCodeValidationStatus => bare(fields, Task::Marking(MarkingTask::Status))?,
        TaskKind::AcceptMarkingCode => bare(fields, Task::Marking(MarkingTask::Accept))?,
        TaskKind::DeclineMarkingCode => bare(fields, Task::Marking(MarkingTask::Decline))?,
        TaskKind::CancelMarkingCodeValidation => bare(fields, Task::Marking(MarkingTask::Cancel))?,
        TaskKind::ClearMarkingCodeValidationResult => bare(fields, Task::Marking(MarkingTask::Clear))?,
    })
}

fn read<T: for<'de> Deserialize<'de>>(fields: &Map<String, Value>) -> Result<T, TaskError> {
    strict::fields::<T, serde_json::Error>(fields).map_err(form)
}

fn bare(fields: &Map<String, Value>, task: Task) -> Result<Task, TaskError> {
    let BareForm {} = read(fields)?;
    Ok(task)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn form(error: serde_json::Error) -> TaskError {
    TaskError::from_message(&error.to_string())
}

fn receipt(fields: &Map<String, Value>, operation: Operation, corrects: bool) -> Result<Task, TaskError> {
    let form: ReceiptForm = read(fields)?;
    let correction = match (corrects, form.correction_type, form.correction_base_date) {
        (true, Some(kind), Some(base_date)) => {
            Some(Correction { kind, base_date, base_number: form.correction_base_number })
        }
        (true, None, _) => {
            let remedy = "give \"self\" or \"instruction\"";
            return Err(TaskError::rejected(Problem::new(
                "correctionType",
                "missing: this is a correction",
                remedy,
            )));
        }
        (true, Some(_), None) => {
            let remedy = "give the day of what is corrected, such as \"2026-05-01\"";
            return Err(TaskError::rejected(Problem::new(
                "correctionBaseDate",
                "missing: this is a correction",
                remedy,
            )));
        }
        (false, None, None) if form.correction_base_number.is_none() => None,
        (false, kind, date) => {
            let at = match (kind, date) {
                (Some(_), _) => "correctionType",
                (None, Some(_)) => "correctionBaseDate",
                (None, None) => "correctionBaseNumber",
            };
            let remedy = "leave it out, or make it a correction such as \"sellCorrection\"";
            return Err(TaskError::rejected(Problem::new(at, "only corrections have one", remedy)));
        }
    };
    let mut receipt = Receipt {
        operation,
        correction,
        taxation: form.taxation_type,
        electronically: form.electronically,
        operator: form.operator,
        client: form.client_info,
        items: form.items,
        payments: form.payments,
        total: Money::ZERO,
    };
    receipt.total = form.total.unwrap_or_else(|| receipt.positions().map(|position| position.amount).sum());
    Ok(Task::Receipt(receipt))
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReceiptForm {
    /// System of taxation; the register's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taxation_type: Option<TaxationType>,
    /// Nothing is printed: the client gets it by mail or message.
    #[serde(default)]
    electronically: bool,
    /// Taken and without effect: a text that can't be printed ends the task before there is a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ignore_non_fiscal_print_errors: Option<bool>,
    /// Taken and without effect: marking codes are checked wherever the register can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validate_marking_codes: Option<bool>,
    /// Who makes it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
    /// Who gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_info: Option<ClientInfo>,
    /// Of a correction only, and always: who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correction_type: Option<CorrectionType>,
    /// Of a correction only, and always: the day of what is corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correction_base_date: Option<Date>,
    /// Of a correction only, and always where the tax office asked: the number of its instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    correction_base_number: Option<String>,
    /// Positions, and texts and barcodes between them.
    #[schemars(length(min = 1))]
    items: Vec<Item>,
    /// How it is paid.
    payments: Vec<Payment>,
    /// What is to be paid: the sum of the positions, which it is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<Money>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByForm {
    /// Who asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CashForm {
    /// How much, above nothing.
    cash_sum: Money,
    /// Who moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<Operator>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinesForm {
    /// What is printed, from top to bottom.
    #[schemars(length(min = 1))]
    items: Vec<Line>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TimeForm {
    /// What the clock is to show.
    date_time: DateTime,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DocumentForm {
    /// Number of the document in the storage.
    #[schemars(range(min = 1))]
    fiscal_document_number: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodesForm {
    /// The codes.
    #[schemars(length(min = 1))]
    params: Vec<MarkingCode>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CodeForm {
    /// The code.
    params: MarkingCode,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BareForm {}

/// What a task looks like in JSON.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename = "FiscalTask")]
enum Form {
    /// A sale.
    Sell(ReceiptForm),
    /// A sale taken back.
    SellReturn(ReceiptForm),
    /// A purchase.
    Buy(ReceiptForm),
    /// A purchase taken back.
    BuyReturn(ReceiptForm),
    /// The correction of a sale.
    SellCorrection(ReceiptForm),
    /// The correction of a sale taken back.
    SellReturnCorrection(ReceiptForm),
    /// The correction of a purchase.
    BuyCorrection(ReceiptForm),
    /// The correction of a purchase taken back.
    BuyReturnCorrection(ReceiptForm),
    /// Opens the shift.
    OpenShift(ByForm),
    /// Closes the shift and prints the Z report.
    CloseShift(ByForm),
    /// Prints the sums of the shift and leaves it open.
    ReportX(ByForm),
    /// Puts cash into the drawer.
    CashIn(CashForm),
    /// Takes cash out of the drawer.
    CashOut(CashForm),
    /// Prints what isn't fiscal.
    NonFiscal(LinesForm),
    /// Opens the drawer.
    OpenCashDrawer(BareForm),
    /// Goes on with a document that the paper's end interrupted.
    ContinuePrint(BareForm),
    /// Prints the last receipt again, marked as a copy.
    PrintLastReceiptCopy(ByForm),
    /// Sets the register's clock.
    SetDateTime(TimeForm),
    /// Asks for the device's state.
    GetDeviceStatus(BareForm),
    /// Asks for the shift's state.
    GetShiftStatus(BareForm),
    /// Asks for the storage's state.
    GetFnStatus(BareForm),
    /// Asks for a document of the storage.
    GetFnDocument(DocumentForm),
    /// Asks how far the operator of fiscal data is behind.
    OfdExchangeStatus(BareForm),
    /// Checks marking codes one after the other and keeps those that may be sold.
    ValidateMarks(CodesForm),
    /// Begins the check of a marking code.
    BeginMarkingCodeValidation(CodeForm),
    /// Asks how the check of a marking code went.
    GetMarkingCodeValidationStatus(BareForm),
    /// Keeps the checked marking code for the next receipt.
    AcceptMarkingCode(BareForm),
    /// Drops the checked marking code.
    DeclineMarkingCode(BareForm),
    /// Breaks the check of a marking code off.
    CancelMarkingCodeValidation(BareForm),
    /// Drops all marking codes that were kept.
    ClearMarkingCodeValidationResult(BareForm),
}

impl From<Task> for Form {
    fn from(task: Task) -> Self {
        let bare = BareForm {};
        match task {
            Task::Receipt(receipt) => receipt.into(),
            Task::OpenShift { operator } => Self::OpenShift(ByForm { operator }),
            Task::CloseShift { operator } => Self::CloseShift(ByForm { operator }),
            Task::ReportX { operator } => Self::ReportX(ByForm { operator }),
            Task::CashIn { sum, operator } => Self::CashIn(CashForm { cash_sum: sum, operator }),
            Task::CashOut { sum, operator } => Self::CashOut(CashForm { cash_sum: sum, operator }),
            Task::NonFiscal { lines } => Self::NonFiscal(LinesForm { items: lines }),
            Task::OpenCashDrawer => Self::OpenCashDrawer(bare),
            Task::ContinuePrint => Self::ContinuePrint(bare),
            Task::PrintLastReceiptCopy { operator } => Self::PrintLastReceiptCopy(ByForm { operator }),
            Task::SetDateTime(date_time) => Self::SetDateTime(TimeForm { date_time }),
            Task::GetDeviceStatus => Self::GetDeviceStatus(bare),
            Task::GetShiftStatus => Self::GetShiftStatus(bare),
            Task::GetFnStatus => Self::GetFnStatus(bare),
            Task::GetFnDocument { number } => {
                Self::GetFnDocument(DocumentForm { fiscal_document_number: number })
            }
            Task::OfdExchangeStatus => Self::OfdExchangeStatus(bare),
            Task::Marking(MarkingTask::Validate { codes }) => {
                Self::ValidateMarks(CodesForm { params: codes })
            }
            Task::Marking(MarkingTask::Begin(code)) => {
                Self::BeginMarkingCodeValidation(CodeForm { params: code })
            }
            Task::Marking(MarkingTask::Status) => Self::GetMarkingCodeValidationStatus(bare),
            Task::Marking(MarkingTask::Accept) => Self::AcceptMarkingCode(bare),
            Task::Marking(MarkingTask::Decline) => Self::DeclineMarkingCode(bare),
            Task::Marking(MarkingTask::Cancel) => Self::CancelMarkingCodeValidation(bare),
            Task::Marking(MarkingTask::Clear) => Self::ClearMarkingCodeValidationResult(bare),
        }
    }
}

impl From<Receipt> for Form {
    fn from(receipt: Receipt) -> Self {
        let corrects = receipt.correction.is_some();
        let (kind, date, number) = match receipt.correction {
            Some(Correction { kind, base_date, base_number }) => (Some(kind), Some(base_date), base_number),
            None => (None, None, None),
        };
        let form = ReceiptForm {
            taxation_type: receipt.taxation,
            electronically: receipt.electronically,
            ignore_non_fiscal_print_errors: None,
            validate_marking_codes: None,
            operator: receipt.operator,
            client_info: receipt.client,
            correction_type: kind,
            correction_base_date: date,
            correction_base_number: number,
            items: receipt.items,
            payments: receipt.payments,
            total: Some(receipt.total),
        };
        match (receipt.operation, corrects) {
            (Operation::Sell, false) => Self::Sell(form),
            (Operation::SellReturn, false) => Self::SellReturn(form),
            (Operation::Buy, false) => Self::Buy(form),
            (Operation::BuyReturn, false) => Self::BuyReturn(form),
            (Operation::Sell, true) => Self::SellCorrection(form),
            (Operation::SellReturn, true) => Self::SellReturnCorrection(form),
            (Operation::Buy, true) => Self::BuyCorrection(form),
            (Operation::BuyReturn, true) => Self::BuyReturnCorrection(form),
        }
    }
}

impl Serialize for Task {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Task {
    fn schema_name() -> Cow<'static, str> {
        "FiscalTask".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Form::json_schema(generator)
    }
}
