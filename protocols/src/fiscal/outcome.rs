//! What a register answers, in the same words for every family.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Date, DateTime, Money};

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TaskResult {
    /// The fiscal document that was made or asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_params: Option<FiscalParams>,
    /// The shift that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift_status: Option<ShiftStatus>,
    /// The storage that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fn_status: Option<FnStatus>,
    /// The device that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_status: Option<DeviceStatus>,
    /// The exchange with the operator of fiscal data that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ofd_status: Option<OfdStatus>,
    /// What the check of a marking code found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marking: Option<MarkingResult>,
    /// Cash in the drawer, as the register counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_sum: Option<Money>,
    /// What else a person should know.
    #[serde(skip_serializing_if = "Warnings::is_empty")]
    pub warnings: Warnings,
}

/// A fiscal document. What a family doesn't have is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct FiscalParams {
    /// Number in the storage: tag 1040; for Datecs the number of the slip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_document_number: Option<u32>,
    /// Fiscal sign, ten digits: tag 1077.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_document_sign: Option<String>,
    /// When it was made, by the register's own clock: tag 1012.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_document_date_time: Option<DateTime>,
    /// Number of the receipt in the shift: tag 1042.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal_receipt_number: Option<u32>,
    /// Number of the shift: tag 1038; for Datecs the number of the Z report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift_number: Option<u32>,
    /// Number of the storage: tag 1041; for Datecs the number of the fiscal memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fn_number: Option<String>,
    /// Sum of the receipt: tag 1020.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
}

/// A register's shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ShiftStatus {
    /// Whether it is open.
    pub state: ShiftState,
    /// Its number; that of the last one while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// When it was opened, by the register's own clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<DateTime>,
    /// When it has to be closed at the latest: 24 hours after it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_time: Option<DateTime>,
}

/// Whether a shift is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ShiftState {
    /// No money moves before it is opened.
    Closed,
    /// Open, and not for longer than 24 hours.
    Opened,
    /// Open for more than 24 hours: no money moves before it is closed.
    Expired,
}

/// A register's fiscal storage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct FnStatus {
    /// Its number: tag 1041.
    pub fn_number: String,
    /// Number of the last document in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_document_number: Option<u32>,
    /// When that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_document_date_time: Option<DateTime>,
    /// The last day that it can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Date>,
    /// It has to be replaced soon.
    pub replace_soon: bool,
    /// It has to be replaced now, or is full: nothing can be fiscalised.
    pub exhausted: bool,
    /// The operator of fiscal data has not answered for too long.
    pub ofd_timeout: bool,
}

/// The device around the storage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DeviceStatus {
    /// Model, as the device names it.
    pub model: String,
    /// Serial number, as the device names it.
    pub serial: String,
    /// Version of its firmware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Its clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_date_time: Option<DateTime>,
    /// The shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftState>,
    /// There is paper; absent where the device doesn't tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper_present: Option<bool>,
    /// The paper ends soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper_near_end: Option<bool>,
    /// The cover is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover_opened: Option<bool>,
    /// The drawer is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_drawer_opened: Option<bool>,
    /// A document is open, neither closed nor cancelled.
    pub document_open: bool,
    /// It takes nothing but service: no storage, broken, blocked.
    pub blocked: bool,
    /// Whether its documents are fiscal: else it is a test device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fiscal: Option<bool>,
    /// Cash in the drawer, as the device counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_sum: Option<Money>,
}

/// The exchange with the operator of fiscal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct OfdStatus {
    /// Documents that the operator has not confirmed: tag 1097.
    pub not_sent_count: u32,
    /// Number of the first of them: tag 1098.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_sent_first_doc_number: Option<u32>,
    /// When the first of them was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_sent_first_doc_date_time: Option<DateTime>,
}

/// What the check of a marking code found: the bits of tag 2106.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MarkingResult {
    /// The check is over; else it still goes on.
    pub ready: bool,
    /// The storage has checked the code: bit 0.
    pub imc_check_flag: bool,
    /// The storage found it right: bit 1.
    pub imc_check_result: bool,
    /// The operator of the marking system has answered: bit 2.
    pub imc_status_info: bool,
    /// What is to become of the item is allowed: bit 3.
    pub imc_estimated_status_correct: bool,
    /// The register works without a connection: bit 4.
    pub ecr_stand_alone_flag: bool,
}

/// What a person should know of a task that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Warnings {
    /// Fiscalised, and not or only in part on paper: ask for `continuePrint` or a copy, never for
    /// the sale again.
    pub not_printed: bool,
}

impl Warnings {
    /// Whether there is nothing to know.
    pub fn is_empty(&self) -> bool {
        !self.not_printed
    }
}

impl ShiftStatus {
    /// A closed shift, with the number of the last one where that is known.
    pub fn closed(number: Option<u32>) -> Self {
        Self { state: ShiftState::Closed, number, opened_at: None, expired_time: None }
    }

    /// An open shift, expired if 24 hours have passed between the two times of the register's clock.
    pub fn opened(number: Option<u32>, opened_at: DateTime, now: DateTime) -> Self {
        let expired = now.seconds() - opened_at.seconds() > LIMIT;
        let state = if expired { ShiftState::Expired } else { ShiftState::Opened };
        Self { state, number, opened_at: Some(opened_at), expired_time: opened_at.plus_seconds(LIMIT) }
    }

    /// Seconds until it has to be closed, below zero when that time has passed; `None` where it isn't
    /// open or its opening isn't known.
    pub fn seconds_left(&self, now: DateTime) -> Option<i64> {
        match self.state {
            ShiftState::Closed => None,
            ShiftState::Opened | ShiftState::Expired => Some(self.expired_time?.seconds() - now.seconds()),
        }
    }
}

/// How long a shift may be open, in seconds: 24 hours.
const LIMIT: i64 = 24 * 60 * 60;

impl MarkingResult {
    /// From tag 2106 of a check that is over.
    pub fn from_tag_2106(bits: u8) -> Self {
        let bit = |number: u8| bits & (1 << number) != 0;
        Self {
            ready: true,
            imc_check_flag: bit(0),
            imc_check_result: bit(1),
            imc_status_info: bit(2),
            imc_estimated_status_correct: bit(3),
            ecr_stand_alone_flag: bit(4),
        }
    }
}
