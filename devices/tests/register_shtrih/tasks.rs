//! Every task on a register that has no bad day.

use std::collections::BTreeSet;
use std::path::Path;

use outlet_devices::driver::{Confidence, Report, Request, Settings};
use outlet_devices::registry;
use outlet_protocols::fiscal::Task;
use outlet_simulators::register::shtrih::{Ffd, ShtrihLink, ShtrihSpec, VatBytes};
use outlet_simulators::register::{DocumentKind, Fault, RegisterSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::bed::*;

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

fn example(wanted: &str) -> Value {
    let found = examples().into_iter().find(|(name, _)| name == wanted);
    found.unwrap_or_else(|| panic!("there is no example {wanted}")).1
}

/// Runs each example on a new register with an open shift and 30,000.00; gives those that intake refused.
async fn try_examples(family: ShtrihSpec, options: Value) -> BTreeSet<String> {
    let mut refused = BTreeSet::new();
    for (name, task) in examples() {
        let mut bed = Bed::unconnected(spec(family.clone()), options.clone()).await;
        if let Err(error) = bed.check.check(&command(task.clone()).work) {
            assert_eq!((error.kind, error.code), (ErrorKind::Unsupported, "unsupported"), "{name}: {error}");
            refused.insert(name);
            continue;
        }
        bed.driver.connect().await.unwrap();
        try_example(&mut bed, &name, task).await;
        assert_eq!(bed.register.violations(), [""; 0], "{name}");
    }
    refused
}

async fn try_example(bed: &mut Bed, name: &str, task: Value) {
    let kind = task["type"].as_str().unwrap().to_owned();
    if kind == "setDateTime" {
        bed.done(task).await;
        assert_eq!(bed.register.clock().to_string(), "2026-11-22T10:00:00");
        return;
    }
    if kind != "openShift" {
        bed.done(json!({"type": "openShift"})).await;
        bed.done(json!({"type": "cashIn", "cashSum": "30000.00"})).await;
    }
    match kind.as_str() {
        "printLastReceiptCopy" => drop(bed.done(tea()).await),
        "getFnDocument" => {
            let error = bed.failed(task).await;
            assert!(error.message.contains("no document 163"), "{error}");
            let read = bed.done(json!({"type": kind, "fiscalDocumentNumber": 2})).await;
            assert_eq!(read.result["fiscalParams"]["shiftNumber"], 1);
            return;
        }
        "acceptMarkingCode" | "declineMarkingCode" | "getMarkingCodeValidationStatus" => {
            bed.done(example("begin-marking-code-validation")).await;
        }
        _ => {}
    }
    let notes = bed.notes();
    let outcome = bed.run(task.clone(), &notes).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let paper = bed.paper();
    let result = &outcome.result;
    match Task::parse(&task).unwrap() {
        Task::Receipt(receipt) => {
            assert_eq!(outcome.confidence, Confidence::Fiscalised, "{name}");
            assert_complete(name, result);
            assert_eq!(result["fiscalParams"]["total"], json!(receipt.total), "{name}");
            let [document] = &bed.marked(&notes)[..] else { panic!("{name}: not one document") };
            assert_eq!(document.total, receipt.total.minor(), "{name}");
            assert_eq!(result["fiscalParams"]["fiscalDocumentNumber"], document.number, "{name}");
            assert_eq!(result["fiscalParams"]["fiscalDocumentSign"], document.sign, "{name}");
            assert_eq!(result["fiscalParams"]["fiscalReceiptNumber"], document.receipt, "{name}");
            for (position, item) in receipt.positions().zip(&document.items) {
                assert_eq!(item.name, position.name, "{name}");
                assert_eq!(item.amount, position.amount.minor(), "{name}");
                assert_eq!(item.quantity_micro, position.quantity.millionths(), "{name}");
            }
            let printed = paper.contains(&format!("={}", receipt.total));
            assert_eq!(printed, !receipt.electronically, "{name}: {paper}");
        }
        Task::OpenShift { .. } => {
            assert_eq!(result["shiftStatus"]["state"], "opened");
            assert_eq!(result["fiscalParams"]["shiftNumber"], 1);
            assert_eq!(outcome.confidence, Confidence::Fiscalised);
            assert!(paper.contains("ОТКРЫТИИ СМЕНЫ"), "{paper}");
        }
        Task::CloseShift { .. } => {
            assert_eq!(result["shiftStatus"]["state"], "closed");
            assert_eq!(result["fiscalParams"]["shiftNumber"], 1);
            assert!(paper.contains("ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ"), "{paper}");
        }
        Task::ReportX { .. } => assert!(paper.contains("БЕЗ ГАШЕНИЯ"), "{paper}"),
        Task::CashIn { .. } => assert_eq!(result["cashSum"], "35000.00"),
        Task::CashOut { .. } => {
            assert_eq!(result["cashSum"], "18000.00");
            assert_eq!(bed.register.drawer_sum(), 1_800_000);
        }
        Task::NonFiscal { .. } => {
            for text in ["ПРЕДВАРИТЕЛЬНЫЙ СЧЁТ", "Стол 12, гостей 4", "580.00", "[QR https://salt-and-lemon"]
            {
                assert!(paper.contains(text), "{text} is missing on\n{paper}");
            }
        }
        Task::OpenCashDrawer => assert_eq!(bed.register.drawer_openings(), 1),
        Task::PrintLastReceiptCopy { .. } => assert!(paper.contains("ПОВТОР ДОКУМЕНТА"), "{paper}"),
        Task::GetDeviceStatus => {
            let status = &result["deviceStatus"];
            assert_eq!(status["model"], "РИТЕЙЛ-01Ф");
            assert_eq!(status["serial"], "0000000001012345");
            assert_eq!((&status["shift"], &status["paperPresent"]), (&json!("opened"), &json!(true)));
            assert_eq!(status["cashSum"], "30000.00");
        }
        Task::GetShiftStatus => {
            let status = &result["shiftStatus"];
            assert_eq!((&status["state"], &status["number"]), (&json!("opened"), &json!(1)));
            assert_eq!(status["openedAt"], "2026-11-22T10:30:00");
            assert_eq!(status["expiredTime"], "2026-11-23T10:30:00");
        }
        Task::GetFnStatus => {
            let status = &result["fnStatus"];
            assert_eq!(status["fnNumber"], "9999078900001234");
            assert_eq!((&status["lastDocumentNumber"], &status["exhausted"]), (&json!(2), &json!(false)));
            assert_eq!(status["validUntil"], "2027-12-31");
        }
        Task::OfdExchangeStatus => assert_eq!(result["ofdStatus"]["notSentCount"], 0),
        Task::ContinuePrint => assert_eq!(outcome.confidence, Confidence::Printed),
        Task::Marking(_) => assert_eq!(outcome.confidence, Confidence::Confirmed, "{name}"),
        other => panic!("{name}: nothing is asserted of {other:?}"),
    }
}

const MARKING: [&str; 7] = [
    "accept-marking-code",
    "begin-marking-code-validation",
    "cancel-marking-code-validation",
    "clear-marking-code-validation-result",
    "decline-marking-code",
    "get-marking-code-validation-status",
    "validate-marks",
];

#[tokio::test]
async fn every_example_is_done_or_refused_by_format_1_05() {
    let refused = try_examples(ShtrihSpec::default(), quick()).await;
    let expected = ["buy-return-correction", "sell-marked", "sell-return-correction", "sell-romanian"];
    let expected: BTreeSet<_> = expected.into_iter().chain(MARKING).map(str::to_owned).collect();
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn every_example_is_done_by_format_1_2_on_both_levels() {
    for (link, level) in [(ShtrihLink::V1, 1), (ShtrihLink::V2, 2)] {
        let family = ShtrihSpec { link, ffd: Ffd::V12, ..ShtrihSpec::default() };
        let mut options = quick();
        options["ffd"] = json!("1.2");
        options["level"] = json!(level);
        assert_eq!(try_examples(family, options).await, ["sell-romanian".to_owned()].into());
    }
}

#[tokio::test]
async fn a_receipt_bears_our_mark_the_cashier_and_what_was_paid() {
    let mut bed = Bed::selling().await;
    let notes = bed.notes();
    bed.run(dinner(), &notes).await.unwrap();
    let document = bed.marked(&notes).remove(0);
    assert_eq!(document.payments, [("cash".to_owned(), 43_625), ("electronic".to_owned(), 50_000)]);
    assert_eq!(document.change, 6_375);
    let inn = document.tags.iter().find(|(number, _)| *number == 1203).unwrap();
    assert_eq!(inn.1, b"123654789507");
    assert_eq!(document.items.iter().map(|item| item.tax.as_str()).collect::<Vec<_>>(), ["01", "01", "01"]);
    let read = bed.done(json!({"type": "getFnDocument", "fiscalDocumentNumber": document.number})).await;
    assert_eq!(read.result["fiscalParams"]["fiscalReceiptNumber"], 1);
    assert_eq!(read.result["fiscalParams"]["total"], "936.25");
}

#[tokio::test]
async fn new_rates_have_the_bytes_of_the_model() {
    for (model, vat, bytes) in [
        (None, VatBytes::Current, ["90", "CB", "CC"]),
        (Some("shtrih-nano"), VatBytes::Other, ["88", "90", "A0"]),
    ] {
        let family = ShtrihSpec { vat, ..ShtrihSpec::default() };
        let mut bed = Bed::open_as(spec(family), model, quick()).await;
        for (rate, byte) in ["vat107", "vat22", "vat122"].into_iter().zip(bytes) {
            let mut task = tea();
            task["items"][0]["tax"]["type"] = json!(rate);
            bed.done(task).await;
            assert_eq!(bed.register.documents().pop().unwrap().items[0].tax, byte, "{model:?} {rate}");
        }
    }
}

#[tokio::test]
async fn a_correction_by_format_1_05_is_one_sum_and_by_1_2_has_items() {
    for (ffd, word, items) in [(Ffd::V105, "1.05", 0), (Ffd::V12, "1.2", 1)] {
        let mut options = quick();
        options["ffd"] = json!(word);
        let family = ShtrihSpec { ffd, ..ShtrihSpec::default() };
        let mut bed = Bed::open(spec(family), options).await;
        let notes = bed.notes();
        bed.run(example("sell-correction"), &notes).await.unwrap();
        let document = bed.marked(&notes).remove(0);
        assert_eq!((document.kind, document.items.len()), (DocumentKind::SaleCorrection, items));
        assert!(document.tags.iter().any(|(number, _)| *number == 1174), "{:?}", document.tags);
        assert!(document.tags.contains(&(1173, vec![0])), "{:?}", document.tags);
    }
}

#[tokio::test]
async fn marked_goods_are_checked_accepted_and_bound() {
    let mut options = quick();
    options["ffd"] = json!("1.2");
    let family = ShtrihSpec { ffd: Ffd::V12, ..ShtrihSpec::default() };
    let mut bed = Bed::open(spec(family), options).await;
    let found = bed.done(example("validate-marks")).await;
    assert_eq!(found.result["marking"]["imcCheckResult"], true, "{}", found.result);
    let notes = bed.notes();
    bed.run(example("sell-marked"), &notes).await.unwrap();
    let document = bed.marked(&notes).remove(0);
    let bound: Vec<bool> =
        document.items.iter().map(|item| item.tags.iter().any(|(number, _)| *number == 2000)).collect();
    assert_eq!(bound, [true, true, false]);
}

#[tokio::test]
async fn a_register_with_old_commands_sells_and_its_document_bears_the_mark() {
    let family = ShtrihSpec { old_commands: true, ..ShtrihSpec::default() };
    let mut bed = Bed::open_as(spec(family), Some("shtrih-fn-old-commands"), quick()).await;
    let notes = bed.notes();
    let outcome = bed.run(dinner(), &notes).await.unwrap();
    assert_complete("old", &outcome.result);
    assert_eq!(bed.marked(&notes).len(), 1);
    let mut gram = tea();
    gram["items"][0]["quantity"] = json!("0.0001");
    gram["items"][0]["amount"] = json!("0.01");
    gram["total"] = json!("0.01");
    gram["payments"][0]["sum"] = json!("0.01");
    assert!(bed.check.check(&command(gram).work).unwrap_err().message.contains("items[0].quantity"));
}

#[tokio::test]
async fn a_serial_line_with_a_stray_byte_is_understood() {
    let family = ShtrihSpec { stray_byte: true, plain_shift_answer: true, ..ShtrihSpec::default() };
    let mut bed = Bed::pty("stray", spec(family), quick());
    bed.reconnect().await;
    bed.done(json!({"type": "openShift"})).await;
    bed.done(dinner()).await;
    assert_eq!(bed.register.documents().len(), 3);
}

#[tokio::test]
async fn shifts_are_refused_where_they_don_t_fit() {
    let mut bed = Bed::unconnected(spec(ShtrihSpec::default()), quick()).await;
    bed.driver.connect().await.unwrap();
    assert_eq!(bed.failed(tea()).await.code, "shift-closed");
    assert_eq!(bed.failed(json!({"type": "closeShift"})).await.code, "shift-closed");
    bed.done(json!({"type": "openShift"})).await;
    assert_eq!(bed.failed(json!({"type": "openShift"})).await.code, "shift-open");
    bed.register.inject(Fault::ShiftOld);
    assert_eq!(bed.failed(tea()).await.code, "shift-expired");
    assert_eq!(bed.register.documents().len(), 2);
    bed.done(json!({"type": "closeShift"})).await;
    bed.done(json!({"type": "openShift"})).await;
    bed.done(tea()).await;
}

#[tokio::test]
async fn the_drawer_is_told_open_until_somebody_pushes_it_in() {
    let mut bed = Bed::selling().await;
    let (register, mut status) = (bed.register.clone(), bed.status.clone());
    assert_eq!(status.borrow().drawer_open, Some(false));
    bed.done(json!({"type": "openCashDrawer"})).await;
    let watch = async {
        status.wait_for(|s| s.drawer_open == Some(true)).await.unwrap();
        register.inject(Fault::DrawerClose);
        status.wait_for(|s| s.drawer_open == Some(false)).await.unwrap();
        register.inject(Fault::CutLink);
        status.wait_for(|s| !s.online && s.drawer_open.is_none()).await.unwrap();
    };
    tokio::join!(bed.driver.idle(), watch);
}

#[tokio::test]
async fn an_expired_shift_is_changed_where_the_configuration_says_so() {
    use DocumentKind::{CloseShift, OpenShift, Registration, Sale};
    let mut options = quick();
    options["open_shift"] = json!(true);
    options["close_expired_shift"] = json!(true);
    let mut bed = Bed::unconnected(spec(ShtrihSpec::default()), options).await;
    bed.driver.connect().await.unwrap();
    bed.done(tea()).await;
    bed.register.inject(Fault::ShiftOld);
    bed.done(tea()).await;
    let kinds: Vec<_> = bed.register.documents().iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [Registration, OpenShift, Sale, CloseShift, OpenShift, Sale]);
}

#[tokio::test]
async fn the_end_of_the_24_hours_is_foreseen() {
    let mut bed = Bed::selling().await;
    bed.register.advance_clock(std::time::Duration::from_secs(23 * 3_600 + 600));
    let mut status = bed.status.clone();
    tokio::select! {
        error = bed.driver.idle() => panic!("{error}"),
        told = status.wait_for(|status| status.conditions.contains("shift-ends-soon")) => drop(told.unwrap()),
    }
    bed.done(tea()).await;
}

#[tokio::test]
async fn refusals_say_command_code_and_remedy() {
    let mut bed = Bed::selling().await;
    bed.register.inject(Fault::StorageFull);
    let error = bed.failed(tea()).await;
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "storage-refused"), "{error:?}");
    assert_eq!(error.evidence["command"], "8D", "{error:?}");
    bed.register.inject(Fault::StorageEmptied);
    let error = bed.failed(json!({"type": "cashOut", "cashSum": "1000.00"})).await;
    assert_eq!((error.code, &error.evidence["code"]), ("no-cash", &json!("46")), "{error:?}");
    assert!(error.message.contains("cashIn"), "{error}");
    assert_eq!(bed.register.documents().len(), 2);
}

#[tokio::test]
async fn a_wrong_password_is_told_with_its_remedy() {
    let mut options = quick();
    options["password"] = json!(4711);
    let mut bed = Bed::unconnected(spec(ShtrihSpec::default()), options).await;
    let error = bed.driver.connect().await.unwrap_err();
    assert_eq!(error.code, "register-password", "{error:?}");
    assert!(error.message.contains("table 2"), "{error}");
}

#[tokio::test]
async fn what_can_t_be_done_is_said_at_intake_with_its_field() {
    let bed = Bed::unconnected(spec(ShtrihSpec::default()), quick()).await;
    let refused = |task: Value| bed.check.check(&command(task).work).unwrap_err().message;
    let mut task = tea();
    task["items"][0]["name"] = json!("茶");
    assert!(refused(task).contains("items[0].name"));
    let mut task = tea();
    task["items"][0]["tax"]["type"] = json!("vat19");
    assert!(refused(task).contains("items[0].tax.type"));
    let mut task = tea();
    task["items"][0]["department"] = json!(17);
    assert!(refused(task).contains("items[0].department"));
    let mut task = tea();
    task["items"][0] = json!({"type": "position", "name": "Чай", "price": "0.02", "quantity": "1000",
        "infoDiscountAmount": "5.05", "amount": "14.95", "tax": {"type": "none"}});
    (task["total"], task["payments"][0]["sum"]) = (json!("14.95"), json!("14.95"));
    assert!(refused(task).contains("items[0].amount"));
    assert_eq!(bed.register.moments(), 0, "nothing was asked of the register");
}

#[test]
fn settings_that_can_t_work_are_refused_with_their_key() {
    let factory = registry::find("shtrih").unwrap();
    let fault = |link: &str, model: Option<&str>, options: Value| {
        let model = model.map(str::to_owned);
        let settings =
            Settings { id: "till".into(), model, link: link.into(), options, codes: Default::default() };
        factory
            .build(&settings, Report::of_status(watch::channel(Default::default()).0))
            .map(drop)
            .unwrap_err()
            .key
    };
    let tcp = "tcp://10.0.0.5:7778";
    assert_eq!(fault(tcp, None, json!({"levl": 2})), "options.levl");
    assert_eq!(fault(tcp, None, json!({"level": 3})), "options.level");
    assert_eq!(fault(tcp, None, json!({"ffd": "1.1"})), "options.ffd");
    assert_eq!(fault(tcp, None, json!({"poll_ms": "often"})), "options.poll_ms");
    assert_eq!(fault(tcp, None, json!({"password": 100_000_000})), "options.password");
    assert_eq!(fault(tcp, None, json!({"vat": {"vat23": 1}})), "options.vat");
    assert_eq!(fault(tcp, Some("shtrih-1"), json!({})), "model");
    assert_eq!(fault("usblp:///dev/usb/lp0", None, json!({})), "link");
}

#[tokio::test]
async fn the_technician_s_test_moves_no_money() {
    for register in [RegisterSpec::shtrih_v1(), RegisterSpec::shtrih_v2()] {
        let level = if register == RegisterSpec::shtrih_v1() { 1 } else { 2 };
        let mut options = quick();
        options["level"] = json!(level);
        let mut bed = Bed::open(register, options).await;
        let before = bed.register.ledger();
        let report = bed.driver.request(&Request::Test).await.unwrap();
        assert_eq!((&report["printed"], &report["ok"]), (&json!(false), &json!(true)), "{report}");
        assert_eq!(report["identity"]["storage"], "9999078900001234");
        assert_eq!(report["register"]["storage"]["fnStatus"]["fnNumber"], "9999078900001234");
        assert_eq!(report["register"]["quality"]["link"]["level"], level);
        assert_eq!(report["register"]["quality"]["link"]["repeats"], 0);
        assert_eq!(bed.register.ledger().documents, before.documents);
        assert_eq!(bed.register.drawer_sum(), before.cash);
    }
}
