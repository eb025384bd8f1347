//! How this outlet handles deposits, which is for its owner to say and not for a register.
//!
//! | scheme | deposit fiscalised as an advance | as a service |
//! |---|---|---|
//! | credit | settled with a payment that isn't fiscal: not on a receipt | the same |
//! | debit | settled with `prepaid` (tag 1215) | the same as credit |
//! | mixed | forbidden | the same as credit |
//!
//! The deposit itself is taken as `advance` or `prepayment` in the first column, as an ordinary
//! position with the object `service` in the second. Corrections are not judged: they may have to set
//! right what was done under another scheme.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Item, PaymentMethod, PaymentType, Problem, Receipt};

/// What an outlet has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How deposits are taken and settled; nothing is refused for it when absent.
    pub deposits: Option<Deposits>,
}

/// How deposits are taken and settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deposits {
    /// With what they are settled.
    pub scheme: Scheme,
    /// As what they are taken.
    #[serde(rename = "as")]
    pub taken_as: TakenAs,
}

/// With what a deposit is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// With a payment that isn't fiscal.
    Credit,
    /// With a fiscal payment, `prepaid`.
    Debit,
    /// With either: allowed for services only.
    Mixed,
}

/// As what a deposit is fiscalised when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TakenAs {
    /// As `advance` or `prepayment`.
    Advance,
    /// As a service that was paid.
    Service,
}

impl Deposits {
    /// Whether the two go together: all do but mixed and advance.
    pub fn is_allowed(self) -> bool {
        !matches!((self.scheme, self.taken_as), (Scheme::Mixed, TakenAs::Advance))
    }
}

/// What of a receipt goes against the outlet's handling of deposits.
pub(super) fn problems(receipt: &Receipt, policy: &Policy) -> Vec<Problem> {
    let Some(deposits) = policy.deposits.filter(|_| receipt.correction.is_none()) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    for (index, item) in receipt.items.iter().enumerate() {
        let Item::Position(position) = item else { continue };
        let takes = matches!(position.method, PaymentMethod::Advance | PaymentMethod::Prepayment);
        if let Some((wrong, remedy)) = taking(deposits).filter(|_| takes) {
            problems.push(Problem::new(format!("items[{index}].paymentMethod"), wrong, remedy));
        }
    }
    for (index, payment) in receipt.payments.iter().enumerate() {
        let settles = payment.kind == PaymentType::Prepaid && !payment.sum.is_zero();
        if let Some((wrong, remedy)) = settling(deposits).filter(|_| settles) {
            problems.push(Problem::new(format!("payments[{index}].type"), wrong, remedy));
        }
    }
    problems
}

type Refusal = Option<(&'static str, &'static str)>;

const FORBIDDEN: Refusal = Some((
    "deposits of the mixed scheme that are fiscalised as an advance are forbidden",
    "set the deposits of this device to the credit or debit scheme, or have them fiscalised as a service",
));

/// Why a deposit can't be taken as an advance.
fn taking(deposits: Deposits) -> Refusal {
    match (deposits.scheme, deposits.taken_as) {
        (Scheme::Mixed, TakenAs::Advance) => FORBIDDEN,
        (Scheme::Credit | Scheme::Debit, TakenAs::Advance) => None,
        (_, TakenAs::Service) => Some((
            "takes a deposit as an advance, and this outlet fiscalises deposits as a service",
            "give fullPayment and the payment object service",
        )),
    }
}

/// Why a deposit can't be settled on a receipt.
fn settling(deposits: Deposits) -> Refusal {
    match (deposits.scheme, deposits.taken_as) {
        (Scheme::Mixed, TakenAs::Advance) => FORBIDDEN,
        (Scheme::Debit, TakenAs::Advance) => None,
        (Scheme::Credit, TakenAs::Advance) => Some((
            "prepaid settles a deposit on the receipt, and in this outlet's credit scheme that payment isn't fiscal",
            "leave what the deposit pays out of the receipt, or set the deposits of this device to the debit scheme",
        )),
        (_, TakenAs::Service) => Some((
            "prepaid settles a deposit that was an advance, and this outlet's deposits were fiscalised as a service",
            "leave what the deposit pays out of the receipt",
        )),
    }
}
