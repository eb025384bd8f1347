//! What the agent remembers of a register's books from one job to the next.
//!
//! Before money moves, the register's own numbers must be those that the last outcome left. If they are not,
//! somebody else has used the register, or a document is not where it should be: a person has to look.

use outlet_protocols::fiscal::{Money, Operation, PaymentType, ShiftState, Task, TaskResult};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Baseline, Identity, Look, Refusal, Refused};

/// A register's books as the last outcome left them. What is not known is absent and not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Serial number of the register.
    pub serial: String,
    /// The shift that was open then.
    pub open_shift: Option<u32>,
    /// Number of the last document in the storage.
    pub last_document: Option<u32>,
    /// Cash in the drawer.
    pub cash: Option<Money>,
}

impl Books {
    /// From what was remembered; `None` where there is nothing.
    pub fn remembered(memory: &Value) -> Option<Self> {
        Self::deserialize(memory).ok()
    }

    /// What to remember.
    pub fn to_json(&self) -> Value {
        json!(self)
    }

    /// The books after a task, from those before it.
    pub fn after(before: &Baseline, task: &Task, result: &TaskResult) -> Self {
        let open = before.shift.filter(|shift| shift.state != ShiftState::Closed);
        let open_shift = open.and_then(|shift| shift.number);
        let number = result.fiscal_params.as_ref().and_then(|params| params.fiscal_document_number);
        let mut after = Self {
            serial: before.serial.clone(),
            open_shift,
            last_document: number.or(before.last_document.filter(|_| !task.is_fiscal())),
            cash: before.cash,
        };
        match task {
            Task::OpenShift { .. } => {
                after.open_shift = result.fiscal_params.as_ref().and_then(|params| params.shift_number);
                after.cash = None;
            }
            Task::CloseShift { .. } => {
                after.open_shift = None;
                after.cash = None;
            }
            Task::Receipt(_) | Task::CashIn { .. } | Task::CashOut { .. } => {
                // Whether a correction moves the cash that a register counts, its maker decides.
                let corrects = matches!(task, Task::Receipt(receipt) if receipt.correction.is_some());
                after.cash = before.cash.filter(|_| !corrects).map(|cash| cash + cash_moved(task));
                if open_shift.is_none() {
                    // The shift was opened on the way.
                    after.open_shift = result.fiscal_params.as_ref().and_then(|params| params.shift_number);
                    after.cash = None;
                }
            }
            _ => {}
        }
        after
    }

    /// Refuses where the register is another one in mid-shift, or its sums are not these.
    ///
    /// # Errors
    /// [`Refused`], with both sides.
    pub fn compare(&self, identity: &Identity, look: &Look, sums: bool) -> Result<(), Refused> {
        if self.serial != identity.serial && self.open_shift.is_some() {
            let message = format!(
                "the register is another one: serial number {} where shift {} was opened on {}; close the \
                 shift, then open a new one on this register",
                identity.serial,
                self.open_shift.unwrap_or_default(),
                self.serial
            );
            let said = json!({"remembered": self, "serial": identity.serial});
            return Err(Refused { class: Refusal::SerialChanged, message, said });
        }
        let open =
            look.shift.filter(|shift| shift.state != ShiftState::Closed).and_then(|shift| shift.number);
        let comparable = sums && self.serial == identity.serial && open.is_some() && open == self.open_shift;
        if !comparable {
            return Ok(());
        }
        let differs = |ours: Option<i64>, theirs: Option<i64>| matches!((ours, theirs), (Some(ours), Some(theirs)) if ours != theirs);
        let cash = differs(self.cash.map(Money::minor), look.cash.map(Money::minor));
        let documents = differs(self.last_document.map(i64::from), look.last_document.map(i64::from));
        if cash || documents {
            let show = |cash: Option<Money>, document: Option<u32>| {
                let cash = cash.map_or("unknown".to_owned(), |cash| cash.to_string());
                let document = document.map_or("unknown".to_owned(), |number| number.to_string());
                format!("cash {cash}, last document {document}")
            };
            let message = format!(
                "the register's sums are not what this agent's jobs have left: it has {}, expected was {}; \
                 print an X report, find out who used the register, then accept its sums \
                 (`outletd test DEVICE --accept-sums`)",
                show(look.cash, look.last_document),
                show(self.cash, self.last_document)
            );
            let said = json!({"remembered": self, "register": look.said});
            return Err(Refused { class: Refusal::SumsDiffer, message, said });
        }
        Ok(())
    }
}

/// By how much a task changes the cash in the drawer.
pub fn cash_moved(task: &Task) -> Money {
    match task {
        Task::CashIn { sum, .. } => *sum,
        Task::CashOut { sum, .. } => -*sum,
        Task::Receipt(receipt) => {
            let paid = |cash: bool| {
                let chosen =
                    receipt.payments.iter().filter(|payment| (payment.kind == PaymentType::Cash) == cash);
                chosen.fold(Money::ZERO, |sum, payment| sum + payment.sum)
            };
            // Change is given from cash alone, so the cash kept is what the other payments leave.
            let kept = (receipt.total - paid(false)).min(paid(true));
            match receipt.operation {
                Operation::Sell | Operation::BuyReturn => kept,
                Operation::SellReturn | Operation::Buy => -kept,
            }
        }
        _ => Money::ZERO,
    }
}
