//! Jobs as the results of ATOL's web server.
//!
//! The numbers of errors are those of ATOL's driver 10 (`libfptr10.h`, `LIBFPTR_ERROR_*`); the shapes of
//! results are those of its JSON tasks. Sums are numbers there, and times have their offset from UTC.

use jiff::tz::TimeZone;
use outlet_protocols::fiscal::{
    DateTime, DeviceStatus, FiscalParams, FnStatus, MarkingResult, Money, OfdStatus, ShiftStatus, TaskResult,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::bus::contract::State;
use crate::journal::machine::Job;
use crate::sequence::INTERRUPTED;

/// What became of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TaskState {
    /// Where it stands.
    pub(super) status: Status,
    error: TaskFault,
    result: Value,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Status {
    /// Nothing of it has left.
    Wait,
    /// Begun.
    InProgress,
    /// Done.
    Ready,
    /// Not done, and it won't be.
    Error,
    /// Not begun, because one before it came to nothing.
    Interrupted,
    /// It is not known what became of it: never to be done again before that is known.
    Blocked,
    /// Called off before it was begun.
    Canceled,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct TaskFault {
    code: u16,
    description: String,
}

/// The results of a request's jobs, in their order. `zone`: where the registers' clocks are.
pub(super) fn results(jobs: &[Job], zone: &TimeZone) -> Vec<TaskState> {
    let mut over = false;
    jobs.iter()
        .map(|job| {
            let state = match task_state(job, zone) {
                state if over && state.status == Status::Wait => TaskState::interrupted(),
                state => state,
            };
            over |= matches!(state.status, Status::Error | Status::Interrupted | Status::Canceled);
            state
        })
        .collect()
}

fn task_state(job: &Job, zone: &TimeZone) -> TaskState {
    let status = status(job);
    let error = match status {
        // What is told with these is no error: a program that looks at the code alone has to go on asking.
        Status::Wait | Status::InProgress | Status::Ready => TaskFault::none(),
        Status::Interrupted => return TaskState::interrupted(),
        Status::Error | Status::Blocked | Status::Canceled => fault(job),
    };
    let result = match (&job.result, status) {
        (Some(result), Status::Ready) => task_result(result, zone),
        _ => Value::Null,
    };
    TaskState { status, error, result }
}

impl TaskState {
    fn interrupted() -> Self {
        let description = "a task before it came to nothing: this one was not begun".to_owned();
        let error = TaskFault { code: code(INTERRUPTED), description };
        Self { status: Status::Interrupted, error, result: Value::Null }
    }
}

/// ATOL's server calls a task `blocked` when the outcome of a fiscal operation is not known, as after a lost
/// connection: our `uncertain`.
fn status(job: &Job) -> Status {
    match job.state {
        State::Accepted => Status::Wait,
        State::Waiting if job.is_begun() => Status::InProgress,
        State::Waiting => Status::Wait,
        State::Running => Status::InProgress,
        State::Uncertain => Status::Blocked,
        State::Succeeded => Status::Ready,
        State::Failed if job.error.as_ref().is_some_and(|error| error.code == INTERRUPTED) => {
            Status::Interrupted
        }
        State::Failed | State::Rejected => Status::Error,
        State::Cancelled | State::Expired => Status::Canceled,
    }
}

impl TaskFault {
    fn none() -> Self {
        Self { code: 0, description: "Ошибок нет".to_owned() }
    }
}

fn fault(job: &Job) -> TaskFault {
    match &job.error {
        Some(error) => TaskFault { code: code(&error.code), description: error.message.clone() },
        None if job.state == State::Cancelled => {
            TaskFault { code: CANCELED, description: "called off before it was begun".to_owned() }
        }
        None => TaskFault { code: UNKNOWN, description: "no reason is known".to_owned() },
    }
}

const UNKNOWN: u16 = 15;
const CANCELED: u16 = 249;

/// The number that ATOL's driver has for one of our codes.
pub(super) fn code(code: &str) -> u16 {
    match code {
        "device-offline" => 2,
        "internal" => 6,
        "unsupported" => 11,
        "register-blocked" => 34,
        "clock-wrong" => 35,
        "paper-out" => 44,
        "cover-open" => 45,
        "device-fault" => 46,
        "device-busy" | "throttled" => 55,
        "shift-expired" => 68,
        "register-password" => 71,
        "shift-closed" => 73,
        "no-cash" => 80,
        "receipt-open" => 82,
        "shift-open" => 83,
        "serial-changed" => 87,
        "storage-refused" => 117,
        "cutter-jam" => 150,
        "sums-differ" => 207,
        "in-doubt" | "not-done" => 241,
        "expired" | "not-printed" => CANCELED,
        "invalid-request" | "invalid-json" | "too-large" => 501,
        INTERRUPTED => 502,
        _ => UNKNOWN,
    }
}

/// A result as ATOL's JSON tasks have it. One of another shape is given as it is.
fn task_result(result: &Value, zone: &TimeZone) -> Value {
    let Ok(result) = TaskResult::deserialize(result) else { return result.clone() };
    let TaskResult {
        fiscal_params,
        shift_status,
        fn_status,
        device_status,
        ofd_status,
        marking,
        cash_sum,
        warnings,
    } = result;
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| drop(out.insert(key.to_owned(), value));
    if fiscal_params.is_some() || warnings.not_printed {
        put("warnings", json!({"notPrinted": warnings.not_printed}));
    }
    if let Some(params) = fiscal_params {
        put("fiscalParams", fiscal_params_of(params, zone));
    }
    if let Some(shift) = shift_status {
        put("shiftStatus", shift_status_of(shift, zone));
    }
    if let Some(storage) = fn_status {
        put("fnStatus", fn_status_of(&storage));
    }
    if let Some(device) = device_status {
        put("deviceStatus", device_status_of(&device, zone));
    }
    if let Some(exchange) = ofd_status {
        put("status", ofd_status_of(exchange, zone));
    }
    if let Some(marking) = marking {
        let found = marking_of(marking);
        put("ready", json!(marking.ready));
        put("onlineValidation", json!({"itemInfoCheckResult": found}));
        put("itemInfoCheckResult", found);
    }
    if let Some(cash) = cash_sum {
        put("counters", json!({"cashSum": number(cash)}));
    }
    Value::Object(out)
}

fn fiscal_params_of(params: FiscalParams, zone: &TimeZone) -> Value {
    object([
        ("fiscalDocumentNumber", params.fiscal_document_number.map(Value::from)),
        ("fiscalDocumentSign", params.fiscal_document_sign.map(Value::from)),
        ("fiscalDocumentDateTime", params.fiscal_document_date_time.map(|at| moment(at, zone))),
        ("fiscalReceiptNumber", params.fiscal_receipt_number.map(Value::from)),
        ("shiftNumber", params.shift_number.map(Value::from)),
        ("fnNumber", params.fn_number.map(Value::from)),
        ("total", params.total.map(number)),
    ])
}

fn shift_status_of(shift: ShiftStatus, zone: &TimeZone) -> Value {
    object([
        ("state", Some(json!(shift.state))),
        ("number", shift.number.map(Value::from)),
        ("expiredTime", shift.expired_time.map(|at| moment(at, zone))),
    ])
}

fn fn_status_of(storage: &FnStatus) -> Value {
    let warnings = json!({
        "resourceExhausted": storage.replace_soon,
        "needReplacement": storage.exhausted,
        "ofdTimeout": storage.ofd_timeout,
    });
    object([
        ("fiscalDocumentNumber", storage.last_document_number.map(Value::from)),
        ("warnings", Some(warnings)),
    ])
}

fn device_status_of(device: &DeviceStatus, zone: &TimeZone) -> Value {
    object([
        ("currentDateTime", device.current_date_time.map(|at| moment(at, zone))),
        ("shift", device.shift.map(|shift| json!(shift))),
        ("blocked", Some(Value::from(device.blocked))),
        ("coverOpened", device.cover_opened.map(Value::from)),
        ("paperPresent", device.paper_present.map(Value::from)),
        ("cashDrawerOpened", device.cash_drawer_opened.map(Value::from)),
        ("fiscal", device.fiscal.map(Value::from)),
    ])
}

fn ofd_status_of(exchange: OfdStatus, zone: &TimeZone) -> Value {
    object([
        ("notSentCount", Some(Value::from(exchange.not_sent_count))),
        ("notSentFirstDocNumber", exchange.not_sent_first_doc_number.map(Value::from)),
        ("notSentFirstDocDateTime", exchange.not_sent_first_doc_date_time.map(|at| moment(at, zone))),
    ])
}

fn marking_of(marking: MarkingResult) -> Value {
    json!({
        "imcCheckFlag": marking.imc_check_flag,
        "imcCheckResult": marking.imc_check_result,
        "imcStatusInfo": marking.imc_status_info,
        "imcEstimatedStatusCorrect": marking.imc_estimated_status_correct,
        "ecrStandAloneFlag": marking.ecr_stand_alone_flag,
    })
}

/// The fields that there are.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let given = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(given.collect())
}

/// A sum as a number. The nearest binary float is written as the same decimal up to 15 digits.
#[expect(clippy::cast_precision_loss, reason = "sums have at most 15 digits, a float holds them")]
fn number(sum: Money) -> Value {
    json!(sum.0 as f64 / 100.0)
}

/// `2026-05-01T20:31:00+03:00`: a register's clock shows no offset, it is that of its place.
fn moment(at: DateTime, zone: &TimeZone) -> Value {
    let text = at.to_string();
    let zoned = text.parse::<jiff::civil::DateTime>().and_then(|at| at.to_zoned(zone.clone()));
    Value::from(zoned.map_or(text, |at| at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moscow() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(3))
    }

    #[test]
    fn a_receipt_has_its_numbers_as_numbers_and_its_time_with_its_offset() {
        let result = json!({"fiscalParams": {
            "fiscalDocumentNumber": 70, "fiscalDocumentSign": "0024109209",
            "fiscalDocumentDateTime": "2017-07-25T13:16:00", "fiscalReceiptNumber": 1, "shiftNumber": 12,
            "fnNumber": "9999078900000961", "total": "149.90"
        }});
        assert_eq!(
            task_result(&result, &moscow()),
            json!({
                "fiscalParams": {
                    "fiscalDocumentNumber": 70, "fiscalDocumentSign": "0024109209",
                    "fiscalDocumentDateTime": "2017-07-25T13:16:00+03:00", "fiscalReceiptNumber": 1,
                    "shiftNumber": 12, "fnNumber": "9999078900000961", "total": 149.9
                },
                "warnings": {"notPrinted": false}
            })
        );
    }

    #[test]
    fn a_sum_is_the_same_decimal_as_a_number() {
        for (minor, text) in [
            (0, "0.0"),
            (1, "0.01"),
            (58_000, "580.0"),
            (-7, "-0.07"),
            (999_999_999_999_999, "9999999999999.99"),
        ] {
            assert_eq!(number(Money(minor)).to_string(), text);
        }
    }

    #[test]
    fn what_only_the_paper_lacks_is_told_as_a_warning() {
        let result = json!({"warnings": {"notPrinted": true}});
        assert_eq!(task_result(&result, &moscow()), json!({"warnings": {"notPrinted": true}}));
    }

    #[test]
    fn answers_to_queries_have_the_names_of_atol() {
        let shift = json!({"shiftStatus": {
            "state": "opened", "number": 8, "openedAt": "2026-05-01T08:00:00", "expiredTime": "2026-05-02T08:00:00"
        }});
        assert_eq!(
            task_result(&shift, &moscow()),
            json!({"shiftStatus": {"state": "opened", "number": 8, "expiredTime": "2026-05-02T08:00:00+03:00"}})
        );
        let storage = json!({"fnStatus": {
            "fnNumber": "9999078900000961", "lastDocumentNumber": 70, "replaceSoon": true, "exhausted": false,
            "ofdTimeout": true
        }});
        assert_eq!(
            task_result(&storage, &moscow()),
            json!({"fnStatus": {
                "fiscalDocumentNumber": 70,
                "warnings": {"resourceExhausted": true, "needReplacement": false, "ofdTimeout": true}
            }})
        );
        let exchange = json!({"ofdStatus": {"notSentCount": 2, "notSentFirstDocNumber": 68}});
        assert_eq!(
            task_result(&exchange, &moscow()),
            json!({"status": {"notSentCount": 2, "notSentFirstDocNumber": 68}})
        );
        assert_eq!(
            task_result(&json!({"cashSum": "1000.00"}), &moscow()),
            json!({"counters": {"cashSum": 1000.0}})
        );
        let device = json!({"deviceStatus": {
            "model": "ATOL 25F", "serial": "00106703855955", "shift": "closed", "paperPresent": true,
            "coverOpened": false, "blocked": false, "currentDateTime": "2026-05-01T20:31:00"
        }});
        assert_eq!(
            task_result(&device, &moscow()),
            json!({"deviceStatus": {
                "currentDateTime": "2026-05-01T20:31:00+03:00", "shift": "closed", "blocked": false,
                "coverOpened": false, "paperPresent": true
            }})
        );
    }

    #[test]
    fn what_a_marking_check_found_stands_where_its_tasks_have_it() {
        let found = json!({
            "imcCheckFlag": true, "imcCheckResult": true, "imcStatusInfo": true,
            "imcEstimatedStatusCorrect": true, "ecrStandAloneFlag": false
        });
        let mut result = found.clone();
        result["ready"] = json!(true);
        assert_eq!(
            task_result(&json!({"marking": result}), &moscow()),
            json!({"ready": true, "itemInfoCheckResult": found, "onlineValidation": {"itemInfoCheckResult": found}})
        );
    }

    #[test]
    fn errors_have_the_numbers_of_the_driver() {
        // libfptr10.h: NO_CONNECTION, NO_PAPER, SHIFT_EXPIRED, DENIED_IN_CLOSED_SHIFT,
        // DENIED_IN_OPENED_SHIFT, CONNECTION_LOST, RECEIPT_PARSE_ERROR, INTERRUPTED_BY_PREVIOUS_ERRORS.
        for (ours, theirs) in [
            ("device-offline", 2),
            ("paper-out", 44),
            ("shift-expired", 68),
            ("shift-closed", 73),
            ("shift-open", 83),
            ("in-doubt", 241),
            ("invalid-request", 501),
            ("interrupted", 502),
        ] {
            assert_eq!(code(ours), theirs, "{ours}");
        }
        assert_eq!(code("register-refused"), 15, "what has no number is not told as success");
    }
}
