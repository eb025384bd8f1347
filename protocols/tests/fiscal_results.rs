//! What registers answer, in words that every family shares, and the tag that says which document is ours.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::collections::BTreeSet;

use outlet_protocols::fiscal::{
    DateTime, FiscalParams, MarkingResult, Money, ShiftState, ShiftStatus, Tag, Task, TaskKind, TaskResult,
    Warnings,
};
use schemars::schema_for;
use serde_json::json;

fn at(text: &str) -> DateTime {
    text.parse().unwrap_or_else(|_| panic!("{text} is no time"))
}

#[test]
fn a_fiscalised_receipt_is_told_in_the_words_of_the_vocabulary() {
    // The document of the facts sheet's golden FF0A answer.
    let result = TaskResult {
        fiscal_params: Some(FiscalParams {
            fiscal_document_number: Some(163),
            fiscal_document_sign: Some("0776727275".into()),
            fiscal_document_date_time: Some(at("2017-03-24T20:53:00")),
            total: Some(Money(20_000)),
            ..FiscalParams::default()
        }),
        warnings: Warnings { not_printed: true },
        ..TaskResult::default()
    };
    let told = json!({
        "fiscalParams": {"fiscalDocumentNumber": 163, "fiscalDocumentSign": "0776727275",
                         "fiscalDocumentDateTime": "2017-03-24T20:53:00", "total": "200.00"},
        "warnings": {"notPrinted": true}
    });
    assert_eq!(serde_json::to_value(&result).unwrap(), told);
    assert_eq!(serde_json::from_value::<TaskResult>(told).unwrap(), result);
    assert_eq!(serde_json::to_value(TaskResult::default()).unwrap(), json!({}));
}

#[test]
fn a_shift_expires_after_24_hours_of_the_registers_clock() {
    let opened = at("2026-05-01T09:00:00");
    let shift = ShiftStatus::opened(Some(12), opened, at("2026-05-02T09:00:00"));
    assert_eq!((shift.state, shift.expired_time), (ShiftState::Opened, Some(at("2026-05-02T09:00:00"))));
    assert_eq!(shift.seconds_left(at("2026-05-02T08:30:00")), Some(1_800));
    let late = ShiftStatus::opened(Some(12), opened, at("2026-05-02T09:00:01"));
    assert_eq!((late.state, late.seconds_left(at("2026-05-02T09:00:01"))), (ShiftState::Expired, Some(-1)));
    let closed = ShiftStatus::closed(Some(12));
    assert_eq!(closed.seconds_left(opened), None);
    assert_eq!(serde_json::to_value(closed).unwrap(), json!({"state": "closed", "number": 12}));
    assert_eq!(serde_json::to_value(shift).unwrap()["state"], "opened");
}

#[test]
fn the_bits_of_a_marking_check_are_told_apart() {
    let all = MarkingResult::from_tag_2106(0b1111);
    assert!(
        all.imc_check_flag && all.imc_check_result && all.imc_status_info && all.imc_estimated_status_correct
    );
    assert!(all.ready && !all.ecr_stand_alone_flag);
    let alone = MarkingResult::from_tag_2106(0b1_0001);
    assert!(alone.imc_check_flag && !alone.imc_check_result && alone.ecr_stand_alone_flag);
}

#[test]
fn a_tag_is_made_of_the_job_and_the_attempt() {
    // Computed apart, in Python, from the description of `Tag`.
    for (job, attempt, tag) in [
        ("01JD8Z9K3T5W7Y2A4C6E8G0H1J", 1, "G77NQ8RM97RCT2RN"),
        ("01JD8Z9K3T5W7Y2A4C6E8G0H1J", 2, "9ESM97GSXV3BMF10"),
        ("a", 1, "0PE6GK3D7S172C0V"),
        ("", 0, "GGH6YX6BM0HQ8H6Z"),
    ] {
        assert_eq!(Tag::new(job, attempt).as_str(), tag);
    }
    let tag = Tag::new("a", 1);
    assert!(tag.is_in("ЧЕК 0PE6GK3D7S172C0V "));
    assert!(!tag.is_in("0PE6GK3D7S172C0"), "a part of it is no proof");
    assert_eq!(serde_json::to_value(tag).unwrap(), "0PE6GK3D7S172C0V");
    assert!(serde_json::from_value::<Tag>(json!("0pe6gk3d7s172c0v")).is_err());
    assert!("0PE6GK3D7S172C0U".parse::<Tag>().is_err(), "U is not in the alphabet");
}

#[test]
fn the_schema_has_a_form_for_each_task() {
    let schema = schema_for!(Task);
    let forms = schema.get("oneOf").and_then(|forms| forms.as_array()).expect("one form of several");
    let named: BTreeSet<&str> =
        forms.iter().filter_map(|form| form.pointer("/properties/type/const")?.as_str()).collect();
    let all: BTreeSet<&str> = TaskKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(named, all);
    assert_eq!(schema.get("title"), Some(&json!("FiscalTask")));
}
