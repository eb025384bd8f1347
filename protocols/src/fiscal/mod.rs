//! Tasks of fiscal registers, in one vocabulary for every family.
//!
//! ```json
//! {"type": "sell", "taxationType": "osn", "operator": {"name": "Ионова А. В.", "vatin": "123654789507"},
//!  "items": [{"type": "position", "name": "Борщ", "price": 290, "quantity": 2, "amount": 580,
//!             "paymentObject": "commodity", "paymentMethod": "fullPayment", "tax": {"type": "vat20"}}],
//!  "payments": [{"type": "cash", "sum": 1000}], "total": 580}
//! ```
//!
//! The words are those of ATOL's driver 10, which tills of the region write already. Tags are those
//! of the Russian format of fiscal documents (orders of the Federal Tax Service ММВ-7-20/229@ and
//! ЕД-7-20/662@). Reading is strict: a field nobody knows is an error that names it and its place.
//! A task that was read is right in itself: its sums add up, its texts are within the limits of
//! every register. [`Task::check`] then asks whether one register can do it.

mod abilities;
mod date;
mod error;
pub mod fuzz;
mod kind;
mod lines;
mod marking;
mod money;
mod outcome;
mod policy;
mod read;
mod receipt;
mod strict;
pub mod tag;
mod validate;
mod words;

use serde_json::Value;

pub use abilities::Abilities;
pub use date::{Date, DateTime, NoDate};
pub use error::{Problem, Problems, TaskError, TaskErrorKind};
pub use kind::TaskKind;
pub use lines::{Alignment, BarcodeLine, Line, TextLine, Wrap};
pub use marking::MarkingCode;
pub use money::{DecimalError, Money, Quantity};
pub use outcome::{
    DeviceStatus, FiscalParams, FnStatus, MarkingResult, OfdStatus, ShiftState, ShiftStatus, TaskResult,
    Warnings,
};
pub use policy::{Deposits, Policy, Scheme, TakenAs};
pub use receipt::{
    ClientInfo, Correction, CorrectionType, Item, Operation, Operator, Payment, Position, Receipt, Tax,
    TaxationType, VatType,
};
pub use tag::Tag;
pub use validate::limits;
pub use words::{
    BarcodeType, MarkedStatus, MarkingType, MeasurementUnit, PaymentMethod, PaymentObject, PaymentType, Unit,
};

/// What a register is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Makes out a receipt or a correction.
    Receipt(Receipt),
    /// Opens the shift.
    OpenShift {
        /// Who opens it.
        operator: Option<Operator>,
    },
    /// Closes the shift and prints the Z report.
    CloseShift {
        /// Who closes it.
        operator: Option<Operator>,
    },
    /// Prints the sums of the shift and leaves it open.
    ReportX {
        /// Who asks for it.
        operator: Option<Operator>,
    },
    /// Puts cash into the drawer.
    CashIn {
        /// How much, above nothing.
        sum: Money,
        /// Who puts it in.
        operator: Option<Operator>,
    },
    /// Takes cash out of the drawer.
    CashOut {
        /// How much, above nothing.
        sum: Money,
        /// Who takes it out.
        operator: Option<Operator>,
    },
    /// Prints what isn't fiscal.
    NonFiscal {
        /// What, from top to bottom.
        lines: Vec<Line>,
    },
    /// Opens the drawer.
    OpenCashDrawer,
    /// Goes on with a document that the paper's end interrupted.
    ContinuePrint,
    /// Prints the last receipt again, marked as a copy.
    PrintLastReceiptCopy {
        /// Who asks for it.
        operator: Option<Operator>,
    },
    /// Sets the register's clock.
    SetDateTime(DateTime),
    /// Asks for the device's state.
    GetDeviceStatus,
    /// Asks for the shift's state.
    GetShiftStatus,
    /// Asks for the storage's state.
    GetFnStatus,
    /// Asks for a document of the storage.
    GetFnDocument {
        /// Its fiscal document number, from 1.
        number: u32,
    },
    /// Asks how far the operator of fiscal data is behind.
    OfdExchangeStatus,
    /// Has to do with checking marking codes.
    Marking(MarkingTask),
}

/// A step of checking marking codes before a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkingTask {
    /// Checks codes one after the other and keeps those that may be sold: `validateMarks`.
    Validate {
        /// The codes.
        codes: Vec<MarkingCode>,
    },
    /// Begins the check of one code: `beginMarkingCodeValidation`.
    Begin(MarkingCode),
    /// Asks how it went: `getMarkingCodeValidationStatus`.
    Status,
    /// Keeps the checked code for the next receipt: `acceptMarkingCode`.
    Accept,
    /// Drops the checked code: `declineMarkingCode`.
    Decline,
    /// Breaks the check off: `cancelMarkingCodeValidation`.
    Cancel,
    /// Drops all codes that were kept: `clearMarkingCodeValidationResult`.
    Clear,
}

impl Task {
    /// Reads a task and checks that it is right in itself.
    ///
    /// # Errors
    /// [`TaskError::Rejected`]: unknown fields, words and numbers; sums that don't add up; texts and
    /// lists beyond the [`limits`]. The first problem of form, or every problem of content.
    pub fn parse(task: &Value) -> Result<Self, TaskError> {
        let task = read::task(task)?;
        task.validate()?;
        Ok(task)
    }

    /// Checks that the task is right in itself, as [`parse`](Self::parse) has done already.
    ///
    /// # Errors
    /// [`TaskError::Rejected`] with every problem of content.
    pub fn validate(&self) -> Result<(), TaskError> {
        rejected(validate::problems(self))
    }

    /// Checks everything that can be known before a byte is sent: the task in itself, then the
    /// outlet's handling of deposits, then whether this register can do it.
    ///
    /// # Errors
    /// [`TaskError::Rejected`] or [`TaskError::Unsupported`], with every problem of that kind.
    pub fn check(&self, abilities: &Abilities, policy: &Policy) -> Result<(), TaskError> {
        self.validate()?;
        if let Self::Receipt(receipt) = self {
            rejected(policy::problems(receipt, policy))?;
        }
        Problems::of(abilities::problems(self, abilities))
            .map_or(Ok(()), |all| Err(TaskError::Unsupported(all)))
    }

    /// Its kind.
    pub fn kind(&self) -> TaskKind {
        match self {
            Self::Receipt(receipt) => receipt.kind(),
            Self::OpenShift { .. } => TaskKind::OpenShift,
            Self::CloseShift { .. } => TaskKind::CloseShift,
            Self::ReportX { .. } => TaskKind::ReportX,
            Self::CashIn { .. } => TaskKind::CashIn,
            Self::CashOut { .. } => TaskKind::CashOut,
            Self::NonFiscal { .. } => TaskKind::NonFiscal,
            Self::OpenCashDrawer => TaskKind::OpenCashDrawer,
            Self::ContinuePrint => TaskKind::ContinuePrint,
            Self::PrintLastReceiptCopy { .. } => TaskKind::PrintLastReceiptCopy,
            Self::SetDateTime(_) => TaskKind::SetDateTime,
            Self::GetDeviceStatus => TaskKind::GetDeviceStatus,
            Self::GetShiftStatus => TaskKind::GetShiftStatus,
            Self::GetFnStatus => TaskKind::GetFnStatus,
            Self::GetFnDocument { .. } => TaskKind::GetFnDocument,
            Self::OfdExchangeStatus => TaskKind::OfdExchangeStatus,
            Self::Marking(MarkingTask::Validate { .. }) => TaskKind::ValidateMarks,
            Self::Marking(MarkingTask::Begin(_)) => TaskKind::BeginMarkingCodeValidation,
            Self::Marking(MarkingTask::Status) => TaskKind::GetMarkingCodeValidationStatus,
            Self::Marking(MarkingTask::Accept) => TaskKind::AcceptMarkingCode,
            Self::Marking(MarkingTask::Decline) => TaskKind::DeclineMarkingCode,
            Self::Marking(MarkingTask::Cancel) => TaskKind::CancelMarkingCodeValidation,
            Self::Marking(MarkingTask::Clear) => TaskKind::ClearMarkingCodeValidationResult,
        }
    }

    /// Its `type` in JSON.
    pub fn name(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Whether it changes the register's sums: receipts, cash in and cash out.
    pub fn moves_money(&self) -> bool {
        matches!(self, Self::Receipt(_) | Self::CashIn { .. } | Self::CashOut { .. })
    }

    /// Whether it leaves a document in the storage: receipts, the opening and closing of a shift.
    pub fn is_fiscal(&self) -> bool {
        matches!(self, Self::Receipt(_) | Self::OpenShift { .. } | Self::CloseShift { .. })
    }

    /// Whether the register's books change by it, sums or storage: it is never done twice, and its outcome can be
    /// looked for in the register.
    pub fn is_booked(&self) -> bool {
        self.moves_money() || self.is_fiscal()
    }

    /// Whether it only asks: nothing is printed and nothing changed.
    pub fn is_query(&self) -> bool {
        matches!(
            self,
            Self::GetDeviceStatus
                | Self::GetShiftStatus
                | Self::GetFnStatus
                | Self::GetFnDocument { .. }
                | Self::OfdExchangeStatus
                | Self::Marking(MarkingTask::Status)
        )
    }

    /// Who asks, where the task names a person.
    pub fn operator(&self) -> Option<&Operator> {
        match self {
            Self::Receipt(receipt) => receipt.operator.as_ref(),
            Self::OpenShift { operator }
            | Self::CloseShift { operator }
            | Self::ReportX { operator }
            | Self::CashIn { operator, .. }
            | Self::CashOut { operator, .. }
            | Self::PrintLastReceiptCopy { operator } => operator.as_ref(),
            Self::NonFiscal { .. }
            | Self::OpenCashDrawer
            | Self::ContinuePrint
            | Self::SetDateTime(_)
            | Self::GetDeviceStatus
            | Self::GetShiftStatus
            | Self::GetFnStatus
            | Self::GetFnDocument { .. }
            | Self::OfdExchangeStatus
            | Self::Marking(_) => None,
        }
    }
}

fn rejected(problems: Vec<Problem>) -> Result<(), TaskError> {
    Problems::of(problems).map_or(Ok(()), |all| Err(TaskError::Rejected(all)))
}

impl Receipt {
    /// Its kind as a task.
    pub fn kind(&self) -> TaskKind {
        match (self.operation, self.correction.is_some()) {
            (Operation::Sell, false) => TaskKind::Sell,
            (Operation::SellReturn, false) => TaskKind::SellReturn,
            (Operation::Buy, false) => TaskKind::Buy,
            (Operation::BuyReturn, false) => TaskKind::BuyReturn,
            (Operation::Sell, true) => TaskKind::SellCorrection,
            (Operation::SellReturn, true) => TaskKind::SellReturnCorrection,
            (Operation::Buy, true) => TaskKind::BuyCorrection,
            (Operation::BuyReturn, true) => TaskKind::BuyReturnCorrection,
        }
    }
}
