//! The driver of ATOL registers against the simulated register, over TCP and serial lines.

#![allow(clippy::unwrap_used)]

#[path = "register_atol/bed.rs"]
mod bed;
#[path = "register_atol/sweep.rs"]
mod sweep;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bed::*;
use outlet_devices::driver::{Confidence, Report, Request, Resolution, Settings};
use outlet_devices::registry;
use outlet_protocols::fiscal::Task;
use outlet_simulators::register::atol::{AtolSpec, ByteOrder, Ffd};
use outlet_simulators::register::{DocumentKind, Family, Fault, Moment, RegisterSpec, What};
use serde_json::{Value, json};
use tokio::sync::watch;

fn spec(family: AtolSpec) -> RegisterSpec {
    RegisterSpec { family: Family::Atol(family), ..RegisterSpec::atol_v3() }
}

fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fiscal");
    let mut examples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let job: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), job["document"].clone())
        })
        .collect();
    examples.sort_by(|one, other| one.0.cmp(&other.0));
    examples
}

/// Whether every number of a receipt is there.
fn assert_complete(name: &str, result: &Value) {
    for field in [
        "fiscalDocumentNumber",
        "fiscalDocumentSign",
        "fiscalDocumentDateTime",
        "fiscalReceiptNumber",
        "shiftNumber",
        "fnNumber",
        "total",
    ] {
        assert!(!result["fiscalParams"][field].is_null(), "{name}: {field} is missing in {result}");
    }
}

async fn try_examples(ffd: Ffd, options: Value) -> BTreeSet<String> {
    let mut refused = BTreeSet::new();
    for (name, task) in examples() {
        let mut bed = Bed::unconnected(spec(AtolSpec { ffd, ..AtolSpec::default() }), options.clone()).await;
        let work = command(task.clone()).work;
        if let Err(error) = bed.check.check(&work) {
            assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"), "{name}: {error}");
            refused.insert(name);
            continue;
        }
        bed.driver.connect().await.unwrap();
        let kind = task["type"].as_str().unwrap().to_owned();
        if !["openShift", "setDateTime"].contains(&kind.as_str()) {
            bed.done(json!({"type": "openShift"})).await;
            bed.done(json!({"type": "cashIn", "cashSum": "30000.00"})).await;
        }
        if kind == "setDateTime" {
            // The clock can't go back before the storage's last document; there is none yet.
            bed.done(task).await;
            assert_eq!(bed.register.clock().date().to_string(), "2026-11-22");
            continue;
        }
        if kind == "getFnDocument" {
            let error = bed.failed(task).await;
            assert!(error.message.contains("no document 163"), "{error}");
            let outcome = bed.done(json!({"type": kind, "fiscalDocumentNumber": 1})).await;
            assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], 1);
            continue;
        }
        if kind == "printLastReceiptCopy" {
            bed.done(tea()).await;
        }
        let notes = bed.notes();
        let outcome = bed.run(task.clone(), &notes).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let paper = bed.paper();
        match Task::parse(&task).unwrap() {
            Task::Receipt(receipt) => {
                assert_eq!(outcome.confidence, Confidence::Fiscalised, "{name}");
                assert_complete(&name, &outcome.result);
                assert_eq!(outcome.result["fiscalParams"]["total"], json!(receipt.total), "{name}");
                let [document] = &bed.marked(&notes)[..] else { panic!("{name}: not one document") };
                assert_eq!(document.total, receipt.total.minor(), "{name}");
                assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], document.number, "{name}");
                let sign = format!("{:010}", document.sign.parse::<u32>().unwrap());
                assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentSign"], sign, "{name}");
                let names: Vec<_> = document.items.iter().map(|item| item.name.clone()).collect();
                for (position, name) in receipt.positions().zip(&names) {
                    // The character set has no guillemets and no long dashes.
                    let plain = position.name.replace(['«', '»'], "\"").replace('—', "-");
                    assert_eq!(plain, *name);
                }
                if receipt.electronically {
                    assert!(!paper.contains("КАССОВЫЙ ЧЕК"), "{name}: it went on paper");
                } else {
                    assert!(paper.contains(&format!("={}", receipt.total)), "{name}: {paper}");
                    assert!(paper.contains(&names[0]), "{name}: {paper}");
                }
            }
            Task::OpenShift { .. } => {
                assert_eq!(outcome.result["shiftStatus"]["state"], "opened");
                assert_eq!(outcome.result["fiscalParams"]["shiftNumber"], 1);
                assert!(
                    paper.contains("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ") && paper.contains("Ионова А. В."),
                    "{paper}"
                );
            }
            Task::CloseShift { .. } => {
                assert_eq!(outcome.result["shiftStatus"]["state"], "closed");
                assert_eq!(outcome.result["fiscalParams"]["shiftNumber"], 1);
                assert!(paper.contains("ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ"), "{paper}");
            }
            Task::ReportX { .. } => assert!(paper.contains("БЕЗ ГАШЕНИЯ"), "{paper}"),
            Task::CashIn { .. } => assert_eq!(outcome.result["cashSum"], "35000.00"),
            Task::CashOut { .. } => {
                assert_eq!(outcome.result["cashSum"], "18000.00");
                assert_eq!(bed.register.drawer_sum(), 1_800_000);
            }
            Task::NonFiscal { .. } => {
                for text in ["ПРЕДВАРИТЕЛЬНЫЙ СЧЁТ", "Стол 12, гостей 4", "580.00"]
                {
                    assert!(paper.contains(text), "{text} is missing on\n{paper}");
                }
            }
            Task::OpenCashDrawer => assert_eq!(bed.register.drawer_openings(), 1),
            Task::PrintLastReceiptCopy { .. } => assert!(paper.contains("КОПИЯ"), "{paper}"),
            Task::GetDeviceStatus => {
                let status = &outcome.result["deviceStatus"];
                assert_eq!(status["model"], "АТОЛ 77Ф");
                assert_eq!(status["shift"], "opened");
                assert_eq!(status["paperPresent"], true);
                assert_eq!(status["cashSum"], "30000.00");
            }
            Task::GetShiftStatus => {
                let status = &outcome.result["shiftStatus"];
                assert_eq!((&status["state"], &status["number"]), (&json!("opened"), &json!(1)));
                assert!(status["expiredTime"].is_string());
            }
            Task::GetFnStatus => {
                let status = &outcome.result["fnStatus"];
                assert_eq!(status["fnNumber"], "9999078900005678");
                assert_eq!((&status["lastDocumentNumber"], &status["exhausted"]), (&json!(1), &json!(false)));
                assert_eq!(status["validUntil"], "2028-11-21");
            }
            Task::OfdExchangeStatus => {
                let status = &outcome.result["ofdStatus"];
                assert_eq!(
                    (&status["notSentCount"], &status["notSentFirstDocNumber"]),
                    (&json!(1), &json!(1))
                );
            }
            Task::ContinuePrint => assert_eq!(outcome.confidence, Confidence::Printed),
            other => panic!("{name}: nothing is asserted of {other:?}"),
        }
        assert!(bed.register.violations().is_empty(), "{name}: {:?}", bed.register.violations());
    }
    refused
}

#[tokio::test]
async fn every_example_is_done_or_refused_by_format_1_05() {
    let refused = try_examples(Ffd::V105, quick()).await;
    let expected = [
        "accept-marking-code",
        "begin-marking-code-validation",
        "buy-return-correction",
        "cancel-marking-code-validation",
        "clear-marking-code-validation-result",
        "decline-marking-code",
        "get-marking-code-validation-status",
        "sell-return-correction",
        "sell-romanian",
        "validate-marks",
    ];
    assert_eq!(refused, expected.map(str::to_owned).into_iter().collect());
}

#[tokio::test]
async fn every_example_is_done_or_refused_by_format_1_2() {
    let mut options = quick();
    options["ffd"] = json!("1.2");
    let refused = try_examples(Ffd::V12, options).await;
    assert!(refused.contains("sell-marked"), "the commands for codes of 1.2 are not public: {refused:?}");
    for name in ["sell-return-correction", "buy-return-correction", "sell-correction"] {
        assert!(!refused.contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_marking_code_by_format_1_05_is_in_tag_1162() {
    let mut bed = Bed::selling().await;
    let notes = bed.notes();
    let (_, task) = examples().into_iter().find(|(name, _)| name == "sell-marked").unwrap();
    bed.run(task, &notes).await.unwrap();
    let document = bed.marked(&notes).remove(0);
    let (number, value) = &document.items[0].tags[0];
    // 44 4D, the number 09501101530003 in six bytes, the serial 5vYh3LpQ8sT2m.
    assert_eq!(*number, 1162);
    assert_eq!(value[..8], [0x44, 0x4d, 0x08, 0xa4, 0x25, 0xc8, 0x1b, 0x93][..]);
    assert_eq!(value[8..], *b"5vYh3LpQ8sT2m");
}

#[tokio::test]
async fn signs_that_the_register_has_elsewhere_arrive_as_they_are() {
    let mut bed = Bed::selling().await;
    let mut task = tea();
    task["items"][0]["name"] = json!("№ 5 за $100, 20 €");
    let outcome = bed.done(task).await;
    let number = outcome.result["fiscalParams"]["fiscalDocumentNumber"].as_u64().unwrap();
    let document = bed.register.documents().pop().unwrap();
    assert_eq!((u64::from(document.number), document.items[0].name.as_str()), (number, "№ 5 за $100, 20 €"));
}

#[tokio::test]
async fn a_receipt_goes_over_protocol_2_too() {
    let mut bed = Bed::serial(2, "once").await;
    let notes = bed.notes();
    // The answer to the closing command is lost, called again, and read.
    bed.register.plan(Moment::Of { frame: "4A".into(), what: What::Executed }, Fault::LoseAnswer);
    let outcome = bed.run(dinner(), &notes).await.unwrap();
    assert_complete("protocol 2", &outcome.result);
    assert_eq!(bed.marked(&notes).len(), 1);
    // The link is garbage for a while; nothing is done twice.
    bed.register.inject(Fault::Nak { times: 4 });
    bed.done(tea()).await;
    let kinds: Vec<_> = bed.register.documents().iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [DocumentKind::OpenShift, DocumentKind::Sale, DocumentKind::Sale]);
}

#[tokio::test]
async fn power_lost_at_the_closing_command_over_protocol_2_is_found_out() {
    for (what, documents) in [(What::Received, 0), (What::Executed, 1)] {
        let mut bed = Bed::serial(2, &format!("power-{documents}")).await;
        let notes = bed.notes();
        let off = Fault::PowerOff { back_after: Some(Duration::from_millis(100)) };
        bed.register.plan(Moment::Of { frame: "4A".into(), what }, off);
        let ended = bed.run(tea(), &notes).await;
        assert_eq!(bed.marked(&notes).len(), documents, "{ended:?}");
        match ended {
            Ok(outcome) => assert_eq!((documents, outcome.confidence), (1, Confidence::Fiscalised)),
            Err(error) => assert_eq!((documents, error.kind), (0, ErrorKind::NotSent), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_prompt_register_and_the_other_byte_order_are_understood() {
    let family = AtolSpec { prompt: true, storage_numbers: ByteOrder::LowFirst, ..AtolSpec::default() };
    let mut options = quick();
    options["storage_numbers"] = json!("little");
    let mut bed = Bed::open(spec(family), options).await;
    let outcome = bed.done(dinner()).await;
    let number = outcome.result["fiscalParams"]["fiscalDocumentNumber"].clone();
    let read = bed.done(json!({"type": "getFnDocument", "fiscalDocumentNumber": number})).await;
    assert_eq!(read.result["fiscalParams"]["total"], "936.25");
}

#[tokio::test]
async fn a_lost_answer_after_the_commit_gives_one_document_and_its_numbers() {
    let mut bed = Bed::selling().await;
    for fault in [Fault::LoseAnswer, Fault::HalfFrame, Fault::GarbleAnswer, Fault::CutLink] {
        let notes = bed.notes();
        bed.register.plan(Moment::Of { frame: "4A".into(), what: What::Executed }, fault);
        let outcome = bed.run(tea(), &notes).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        let [document] = &bed.marked(&notes)[..] else { panic!("{fault:?}: not one document") };
        assert_complete("lost", &outcome.result);
        assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], document.number, "{fault:?}");
    }
    assert_eq!(bed.register.documents().len(), 5);
}

#[tokio::test]
async fn a_link_cut_before_the_closing_command_leaves_nothing() {
    let mut bed = Bed::selling().await;
    let notes = bed.notes();
    bed.register.plan(Moment::Of { frame: "EB".into(), what: What::Executed }, Fault::CutLink);
    let error = bed.run(dinner(), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"), "{error:?}");
    assert_eq!(bed.marked(&notes).len(), 0);
    let notes = bed.notes();
    bed.run(dinner(), &notes).await.unwrap();
    assert_eq!(bed.marked(&notes).len(), 1, "and it can be done anew");
}

#[tokio::test]
async fn a_register_that_is_gone_for_long_is_asked_by_a_later_driver() {
    let mut options = quick();
    options["doubt_after_s"] = json!(1);
    let mut bed = Bed::open(RegisterSpec::atol_v3(), options).await;
    let notes = bed.notes();
    let gone = Moment::Of { frame: "4A".into(), what: What::Executed };
    bed.register.plan(gone, Fault::PowerOff { back_after: None });
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::OutcomeUnknown, "in-doubt"), "{error:?}");
    assert!(error.evidence["attempt"]["tid"].is_u64(), "{error:?}");
    bed.register.power_on();
    bed.restart();
    let Resolution::Done(outcome) = bed.resolve(tea(), &notes).await else { panic!("it is in the storage") };
    assert_eq!(outcome.confidence, Confidence::Fiscalised);
    assert_complete("later", &outcome.result);
}

#[tokio::test]
async fn two_equal_receipts_are_never_taken_for_each_other() {
    let mut bed = Bed::selling().await;
    let first = bed.notes();
    bed.run(tea(), &first).await.unwrap();
    let second = bed.notes();
    bed.register.plan(
        Moment::Of { frame: "4A".into(), what: What::Received },
        Fault::PowerOff { back_after: Some(Duration::from_millis(50)) },
    );
    let error = bed.run(tea(), &second).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent, "the first receipt is of the same sum, and not this one");
    assert_eq!(bed.marked(&second).len(), 0);
    bed.restart();
    let resolution = bed.resolve(tea(), &second).await;
    assert!(matches!(resolution, Resolution::NotDone(_)), "{resolution:?}");
    let Resolution::Done(outcome) = bed.resolve(tea(), &first).await else { panic!("it is there") };
    assert_eq!(outcome.result["fiscalParams"]["fiscalDocumentNumber"], bed.marked(&first)[0].number);
}

#[tokio::test]
async fn a_receipt_of_somebody_else_makes_the_outcome_unknown() {
    let mut options = quick();
    options["doubt_after_s"] = json!(1);
    let mut bed = Bed::open(RegisterSpec::atol_v3(), options).await;
    let notes = bed.notes();
    let off = Fault::PowerOff { back_after: None };
    bed.register.plan(Moment::Of { frame: "EB".into(), what: What::Executed }, off);
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutcomeUnknown);
    bed.register.power_on();
    {
        let mut other = Bed::with_link(bed.register.clone(), bed.description.link.clone(), quick());
        other.reconnect().await;
        let mut foreign = other.notes();
        foreign.attempt = 99;
        other.run(tea(), &foreign).await.unwrap();
    }
    let resolution = bed.resolve(tea(), &notes).await;
    let Resolution::Unknown(why) = resolution else { panic!("{resolution:?}") };
    assert!(why.contains("document 2") && why.contains("somebody else"), "{why}");
}

#[tokio::test]
async fn paper_that_ends_in_a_document_is_not_a_second_sale() {
    let mut bed = Bed::selling().await;
    let notes = bed.notes();
    bed.register.inject(Fault::PaperOutAtLine { lines: 4 });
    let outcome = bed.run(dinner(), &notes).await.unwrap();
    assert_eq!(outcome.result["warnings"]["notPrinted"], true, "{:?}", outcome.result);
    assert_complete("paper", &outcome.result);
    assert_eq!(bed.marked(&notes).len(), 1);
    bed.register.inject(Fault::NewPaper);
    bed.done(json!({"type": "continuePrint"})).await;
    let paper = bed.paper();
    assert!(paper.contains("ИТОГ"), "{paper}");
    bed.done(tea()).await;
    assert_eq!(bed.register.documents().len(), 3);
}

#[tokio::test]
async fn without_paper_a_receipt_waits() {
    let mut bed = Bed::selling().await;
    bed.register.inject(Fault::PaperOut);
    let notes = bed.notes();
    let register = bed.register.clone();
    let (ended, ()) = tokio::join!(bed.run(tea(), &notes), async {
        notes.wait_until_told("paper-out").await;
        assert!(!notes.begun());
        register.inject(Fault::NewPaper);
    });
    ended.unwrap();
    assert_eq!(bed.marked(&notes).len(), 1);
}

#[tokio::test]
async fn a_noisy_line_and_a_busy_register_delay_and_never_double() {
    let mut bed = Bed::selling().await;
    for fault in
        [Fault::Nak { times: 3 }, Fault::Busy { answers: 6 }, Fault::BusyFor(Duration::from_millis(700))]
    {
        let notes = bed.notes();
        bed.register.plan(Moment::Of { frame: "92".into(), what: What::Executed }, fault);
        bed.run(dinner(), &notes).await.unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        assert_eq!(bed.marked(&notes).len(), 1, "{fault:?}");
    }
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert!(report["register"]["quality"]["link"]["repeats"].as_u64().unwrap() > 0, "{report}");
}

#[tokio::test]
async fn what_others_left_in_the_buffer_is_not_taken_for_ours() {
    let mut bed = Bed::unconnected(RegisterSpec::atol_v3(), quick()).await;
    // Add(need result) of another host, task 0 to 3: 45, 45, 59 that fails and stops the next, 45.
    for (id, packet) in [
        [0xc1, 1, 0, 0, 0, 0x45],
        [0xc1, 1, 1, 0, 0, 0x45],
        [0xc1, 1, 2, 0, 0, 0x59],
        [0xc1, 1, 3, 0, 0, 0x45],
    ]
    .into_iter()
    .enumerate()
    {
        bed.register.feed(&frame(id as u8, &packet));
    }
    bed.driver.connect().await.unwrap();
    bed.done(json!({"type": "openShift"})).await;
    bed.done(dinner()).await;
    assert_eq!(bed.register.documents().len(), 2);
}

/// A packet of protocol 3 without bytes to stuff: CRC-8 of polynomial 31 from FF over id and data.
fn frame(id: u8, data: &[u8]) -> Vec<u8> {
    let sum = [&[id], data].concat().iter().fold(0xffu8, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 0x31 } else { crc << 1 })
    });
    [&[0xfe, data.len() as u8, 0, id], data, &[sum]].concat()
}

#[tokio::test]
async fn shifts_are_refused_where_they_don_t_fit() {
    let mut bed = Bed::unconnected(RegisterSpec::atol_v3(), quick()).await;
    bed.driver.connect().await.unwrap();
    assert_eq!(bed.failed(tea()).await.code, "shift-closed");
    assert_eq!(bed.failed(json!({"type": "closeShift"})).await.code, "shift-closed");
    bed.done(json!({"type": "openShift"})).await;
    assert_eq!(bed.failed(json!({"type": "openShift"})).await.code, "shift-open");
    bed.register.inject(Fault::ShiftOld);
    assert_eq!(bed.failed(tea()).await.code, "shift-expired");
    assert_eq!(bed.register.documents().len(), 1);
    bed.done(json!({"type": "closeShift"})).await;
    bed.done(json!({"type": "openShift"})).await;
    bed.done(tea()).await;
}

#[tokio::test]
async fn an_expired_shift_is_changed_where_the_configuration_says_so() {
    let mut options = quick();
    options["open_shift"] = json!(true);
    options["close_expired_shift"] = json!(true);
    let mut bed = Bed::unconnected(RegisterSpec::atol_v3(), options).await;
    bed.driver.connect().await.unwrap();
    bed.done(tea()).await;
    bed.register.inject(Fault::ShiftOld);
    bed.done(tea()).await;
    let kinds: Vec<_> = bed.register.documents().iter().map(|document| document.kind).collect();
    use DocumentKind::{CloseShift, OpenShift, Sale};
    assert_eq!(kinds, [OpenShift, Sale, CloseShift, OpenShift, Sale]);
}

#[tokio::test]
async fn sums_that_jobs_don_t_explain_are_refused_until_a_person_accepts_them() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    let mut other = Bed::with_link(bed.register.clone(), bed.description.link.clone(), quick());
    // The register serves one host at a time.
    bed.restart();
    other.driver.connect().await.unwrap();
    let mut fresh = other.notes();
    fresh.attempt = 50;
    other.run(json!({"type": "cashOut", "cashSum": "50.00"}), &fresh).await.unwrap();
    drop(other);
    bed.reconnect().await;
    let error = bed.failed(tea()).await;
    assert_eq!(error.code, "sums-differ", "{error}");
    assert_eq!(bed.register.documents().len(), 2);
    bed.driver.request(&Request::AcceptSums).await.unwrap();
    bed.done(tea()).await;
}

#[tokio::test]
async fn another_register_in_mid_shift_is_refused() {
    let mut bed = Bed::selling().await;
    bed.done(tea()).await;
    let other = RegisterSpec { serial: "00106900009999".into(), ..RegisterSpec::atol_v3() };
    let mut swapped = Bed::open(other, quick()).await;
    std::mem::swap(&mut bed.driver, &mut swapped.driver);
    let error = bed.failed(tea()).await;
    assert_eq!(error.code, "serial-changed", "{error}");
    assert!(error.message.contains("00000000009999"), "{error}");
    assert_eq!(swapped.register.documents().len(), 1);
}

#[tokio::test]
async fn cash_is_moved_once_whatever_is_lost() {
    let mut bed = Bed::selling().await;
    let cases = [
        (What::Executed, Fault::LoseAnswer, true),
        (What::Executed, Fault::CutLink, true),
        (What::Executed, Fault::PowerOff { back_after: Some(Duration::from_millis(50)) }, true),
        (What::Received, Fault::PowerOff { back_after: Some(Duration::from_millis(50)) }, false),
    ];
    let mut cash = 20_000;
    for (what, fault, done) in cases {
        bed.register.plan(Moment::Of { frame: "4F".into(), what }, fault);
        let ended = bed.attempt(json!({"type": "cashOut", "cashSum": "10.00"})).await;
        cash -= if done { 1_000 } else { 0 };
        assert_eq!(bed.register.drawer_sum(), cash, "{what:?} {fault:?}");
        match ended {
            Ok(outcome) => assert!(done && outcome.confidence == Confidence::Printed, "{outcome:?}"),
            Err(error) => assert!(!done && error.kind == ErrorKind::NotSent, "{fault:?}: {error:?}"),
        }
    }
    let error = bed.failed(json!({"type": "cashOut", "cashSum": "1000.00"})).await;
    assert_eq!(error.code, "no-cash", "{error}");
    assert_eq!(
        error.evidence["found"]["refused"]["code"].as_str().or(error.evidence["code"].as_str()),
        Some("98")
    );
}

#[tokio::test]
async fn a_shift_is_opened_and_closed_once_whatever_is_lost() {
    let off = Fault::PowerOff { back_after: Some(Duration::from_millis(50)) };
    for (frame, task, earlier) in [("9A", "openShift", 0), ("5A", "closeShift", 1)] {
        for (what, fault, done) in [
            (What::Executed, Fault::LoseAnswer, true),
            (What::Executed, Fault::CutLink, true),
            (What::Executed, off, true),
            (What::Received, off, false),
        ] {
            let mut bed = Bed::unconnected(RegisterSpec::atol_v3(), quick()).await;
            bed.driver.connect().await.unwrap();
            if earlier == 1 {
                bed.done(json!({"type": "openShift"})).await;
            }
            bed.register.plan(Moment::Of { frame: frame.into(), what }, fault);
            let ended = bed.attempt(json!({"type": task})).await;
            assert_eq!(bed.register.documents().len(), earlier + usize::from(done), "{task} {fault:?}");
            match ended {
                Ok(outcome) => {
                    assert!(done, "{outcome:?}");
                    assert_eq!(outcome.confidence, Confidence::Fiscalised);
                    assert_eq!(outcome.result["fiscalParams"]["shiftNumber"], 1, "{outcome:?}");
                }
                Err(error) => assert!(!done && error.kind == ErrorKind::NotSent, "{task}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn without_a_note_on_disk_the_closing_command_is_not_sent() {
    let mut bed = Bed::selling().await;
    let mut notes = bed.notes();
    notes.disk_full = true;
    let error = bed.run(tea(), &notes).await.unwrap_err();
    assert_eq!(error.message, "the disk is full");
    assert_eq!(bed.marked(&notes).len(), 0);
    bed.done(tea()).await;
    assert_eq!(bed.register.documents().len(), 2, "the open receipt was dropped");
}

#[tokio::test]
async fn refusals_say_command_code_and_remedy() {
    let mut bed = Bed::selling().await;
    bed.register.inject(Fault::StorageFull);
    let error = bed.failed(tea()).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "storage-refused"), "{error:?}");
    assert_eq!((&error.evidence["command"], &error.evidence["code"]), (&json!("92"), &json!("D8")));
    bed.register.inject(Fault::StorageEmptied);
    let mut options = quick();
    options["vats"] = json!({"vat20": 13});
    let link = bed.description.link.clone();
    let mut wrong = Bed::with_link(bed.register.clone(), link, options);
    bed.restart();
    wrong.reconnect().await;
    let error = wrong.failed(dinner()).await;
    assert!(error.message.contains("items[0]"), "{error}");
    assert!(error.message.contains("0104: wrong number of the VAT rate"), "{error}");
}

#[tokio::test]
async fn a_wrong_format_of_fiscal_data_is_told_before_money_moves() {
    let mut options = quick();
    options["ffd"] = json!("1.2");
    let mut bed = Bed::unconnected(RegisterSpec::atol_v3(), options).await;
    bed.driver.connect().await.unwrap();
    assert!(bed.status.borrow().conditions.contains("register-blocked"));
    let error = bed.failed(json!({"type": "openShift"})).await;
    assert_eq!(error.code, "register-blocked");
    assert!(error.message.contains("options.ffd = \"1.05\""), "{error}");
}

#[tokio::test]
async fn what_can_t_be_done_is_said_at_intake_with_its_field() {
    let bed = Bed::unconnected(RegisterSpec::atol_v3(), quick()).await;
    let refused = |task: Value| bed.check.check(&command(task).work).unwrap_err();
    let mut task = tea();
    task["items"][0]["name"] = json!("Mămăligă");
    let error = refused(task);
    assert!(error.message.contains("items[0]") && error.message.contains('ă'), "{error}");
    let mut task = tea();
    task["items"][0]["tax"]["type"] = json!("vat19");
    assert!(refused(task).message.contains("items[0].tax.type"));
    let mut task = receipt("sellCorrection");
    task["correctionType"] = json!("self");
    task["correctionBaseDate"] = json!("2026-11-20");
    let item = task["items"][0].clone();
    task["items"].as_array_mut().unwrap().push(item);
    task["total"] = json!(200);
    task["payments"][0]["sum"] = json!(200);
    assert!(refused(task).message.contains("one position"));
    assert_eq!(bed.register.moments(), 0, "nothing was asked of the register");
}

#[test]
fn settings_that_can_t_work_are_refused_with_their_key() {
    let factory = registry::find("atol").unwrap();
    let fault = |link: &str, model: Option<&str>, options: Value| {
        let model = model.map(str::to_owned);
        let settings =
            Settings { id: "till".into(), model, link: link.into(), options, codes: Default::default() };
        factory
            .build(&settings, Report::of_status(watch::channel(Default::default()).0))
            .map(drop)
            .unwrap_err()
    };
    let tcp = "tcp://10.0.0.5:5555";
    assert_eq!(fault(tcp, None, json!({"protcol": 3})).key, "options.protcol");
    assert_eq!(fault(tcp, None, json!({"protocol": 2})).key, "options.protocol");
    assert_eq!(fault(tcp, None, json!({"ffd": "1.1"})).key, "options.ffd");
    assert_eq!(fault(tcp, None, json!({"poll_ms": 1})).key, "options.poll_ms");
    assert_eq!(fault(tcp, None, json!({"poll_ms": "often"})).key, "options.poll_ms");
    assert_eq!(fault(tcp, None, json!({"password": 10_000})).key, "options.password");
    assert_eq!(fault(tcp, Some("atol-1"), json!({})).key, "model");
    assert_eq!(fault("usblp:///dev/usb/lp0", None, json!({})).key, "link");
}

#[tokio::test]
async fn the_technician_s_test_moves_no_money() {
    let mut bed = Bed::selling().await;
    let before = bed.register.ledger();
    let report = bed.driver.request(&Request::Test).await.unwrap();
    assert_eq!(report["printed"], false, "{report}");
    assert_eq!(report["identity"]["model"], "АТОЛ 77Ф");
    assert_eq!(report["identity"]["storage"], "9999078900005678");
    assert_eq!(report["register"]["storage"]["fnStatus"]["fnNumber"], "9999078900005678");
    assert_eq!(report["register"]["exchange"]["ofdStatus"]["notSentCount"], 1);
    assert_eq!(bed.register.ledger().documents, before.documents);
    assert_eq!(bed.register.drawer_sum(), before.cash);
}
