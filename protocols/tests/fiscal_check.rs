//! What one register can do, and how one outlet handles deposits.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::fiscal::{
    Abilities, BarcodeType, Deposits, Money, PaymentMethod, PaymentObject, PaymentType, Policy, Scheme,
    TakenAs, Task, TaskErrorKind, TaskKind, VatType,
};
use serde_json::{Value, json};

/// A sale that uses much of what there is.
fn sale() -> Value {
    json!({
        "type": "sell", "taxationType": "usnIncome", "electronically": true,
        "clientInfo": {"emailOrPhone": "guest@example.org", "vatin": "7707083893"},
        "items": [
            {"type": "position", "name": "Сыр с плесенью, порция", "price": 1890, "quantity": "0.1255", "amount": 237.20,
             "measurementUnit": "kilogram", "department": 9, "paymentMethod": "creditPayment", "paymentObject": "another",
             "tax": {"type": "vat7"}},
            {"type": "barcode", "barcode": "R-004217", "barcodeType": "CODE128"}
        ],
        "payments": [{"type": "other", "sum": 237.20}]
    })
}

fn task(task: &Value) -> Task {
    Task::parse(task).unwrap_or_else(|error| panic!("{error}"))
}

/// Which fields a register with these abilities can't do, and the first reason.
fn unsupported(task: &Task, change: impl FnOnce(&mut Abilities)) -> (Vec<String>, String) {
    let mut abilities = Abilities::all();
    change(&mut abilities);
    let error = task.check(&abilities, &Policy::default()).expect_err("should be unsupported");
    assert_eq!(error.kind(), TaskErrorKind::Unsupported);
    (error.problems().iter().map(|problem| problem.at.clone()).collect(), error.to_string())
}

#[test]
fn each_ability_that_is_missing_is_named_with_its_field() {
    let sale = task(&sale());
    assert_eq!(sale.check(&Abilities::all(), &Policy::default()), Ok(()));
    type Change = fn(&mut Abilities);
    let cases: [(Change, &str, &str); 18] = [
        (|able| able.tasks.retain(|kind| *kind != TaskKind::Sell), "type", "this register has no sell"),
        (
            |able| able.vats = vec![VatType::Vat20, VatType::None],
            "items[0].tax.type",
            "this register has no vat7; it has vat20, none",
        ),
        (
            |able| able.payments = vec![PaymentType::Cash],
            "payments[0].type",
            "this register has no other; it has cash",
        ),
        (
            |able| able.methods = vec![PaymentMethod::FullPayment],
            "items[0].paymentMethod",
            "has no creditPayment",
        ),
        (|able| able.objects = vec![PaymentObject::Commodity], "items[0].paymentObject", "has no another"),
        (|able| able.taxations.clear(), "taxationType", "this register has no usnIncome; leave it out"),
        (|able| able.barcodes.clear(), "items[1].barcodeType", "this register has no CODE128; leave it out"),
        (|able| able.electronic = false, "electronically", "this register prints every receipt"),
        (|able| able.client_contact = false, "clientInfo.emailOrPhone", "this register sends no receipts"),
        (|able| able.client_vatin = false, "clientInfo", "this register names no buyer"),
        (|able| able.units = false, "items[0].measurementUnit", "this register counts pieces only"),
        (|able| able.lines_in_receipt = false, "items[1]", "this register prints only positions"),
        (|able| able.max_items = 0, "items", "1 positions, this register takes 0"),
        (|able| able.max_name = 20, "items[0].name", "22 characters, this register takes 20; shorten it"),
        (|able| able.max_department = 8, "items[0].department", "department 9, this register has 8"),
        (|able| able.quantity_decimals = 3, "items[0].quantity", "0.1255 has more than 3 decimals"),
        (
            |able| able.max_sum = Money(100_000),
            "items[0].price",
            "1890.00 is more than this register takes, 1000.00",
        ),
        (|able| able.barcodes = vec![BarcodeType::Qr], "items[1].barcodeType", "has no CODE128; it has QR"),
    ];
    for (change, at, wrong) in cases {
        let (places, text) = unsupported(&sale, change);
        assert_eq!(places, [at], "{text}");
        assert!(text.contains(wrong), "{text}\nshould say\n{wrong}");
    }
}

#[test]
fn a_register_without_marking_says_so() {
    let marked = task(&json!({
        "type": "sell",
        "items": [{"type": "position", "name": "Вода", "price": 120, "quantity": 1, "amount": 120,
                   "paymentObject": "commodityWithMarking", "tax": {"type": "vat22"},
                   "imcParams": {"imc": "MDEwOTUwMTEwMTUzMDAwMzIxNXZZaDNMcFE4c1QybR05M2RHVno="}}],
        "payments": [{"type": "cash", "sum": 120}]
    }));
    let (places, _) = unsupported(&marked, |able| able.marking = false);
    assert_eq!(places, ["items[0].imcParams"]);
}

#[test]
fn every_missing_ability_of_a_receipt_is_named_at_once() {
    let (places, text) = unsupported(&task(&sale()), |able| {
        able.vats = vec![VatType::Vat20];
        able.payments = vec![PaymentType::Cash];
        able.electronic = false;
        able.max_name = 10;
    });
    assert_eq!(places, ["electronically", "items[0].name", "items[0].tax.type", "payments[0].type"]);
    assert!(text.ends_with(" | and 1 more"), "{text}");
}

#[test]
fn tasks_without_a_receipt_are_judged_too() {
    let cash = task(&json!({"type": "cashOut", "cashSum": 1000.01}));
    let (places, _) = unsupported(&cash, |able| able.max_sum = Money(100_000));
    assert_eq!(places, ["cashSum"]);
    let qr = json!({"type": "barcode", "barcode": "x", "barcodeType": "QR"});
    let slip = task(&json!({"type": "nonFiscal", "items": [{"type": "text"}, qr]}));
    let (places, _) = unsupported(&slip, |able| able.barcodes = vec![BarcodeType::Ean13]);
    assert_eq!(places, ["items[1].barcodeType"]);
    let (places, text) = unsupported(&task(&json!({"type": "ofdExchangeStatus"})), |able| able.tasks.clear());
    assert_eq!(
        (places.len(), text.as_str()),
        (1, "type: this register has no ofdExchangeStatus; send it to one that has it")
    );
}

#[test]
fn what_is_wrong_in_itself_is_rejected_before_a_register_is_asked() {
    let task = Task::CashIn { sum: Money(-1), operator: None };
    let mut abilities = Abilities::all();
    abilities.tasks.clear();
    let error = task.check(&abilities, &Policy::default()).unwrap_err();
    assert_eq!(error.kind(), TaskErrorKind::Rejected);
}

/// A deposit taken: as an advance, or as a service.
fn taking(method: &str, object: &str) -> Value {
    json!({
        "type": "sell",
        "items": [{"type": "position", "name": "Депозит", "price": 5000, "quantity": 1, "amount": 5000,
                   "paymentMethod": method, "paymentObject": object, "tax": {"type": "vat120"}}],
        "payments": [{"type": "cash", "sum": 5000}]
    })
}

/// A dinner settled with a deposit: with a fiscal payment, or without what it paid.
fn settling(prepaid: u32) -> Value {
    json!({
        "type": "sell",
        "items": [{"type": "position", "name": "Ужин", "price": 7000, "quantity": 1, "amount": 7000,
                   "tax": {"type": "vat20"}}],
        "payments": [{"type": "prepaid", "sum": prepaid}, {"type": "cash", "sum": 7000 - prepaid}]
    })
}

#[test]
fn deposits_follow_the_table_of_the_schemes() {
    use Scheme::{Credit, Debit, Mixed};
    use TakenAs::{Advance, Service};
    // Scheme, as what; whether an advance may be taken, whether `prepaid` may settle it.
    for (scheme, taken_as, advance, prepaid) in [
        (Credit, Advance, true, false),
        (Debit, Advance, true, true),
        (Mixed, Advance, false, false),
        (Credit, Service, false, false),
        (Debit, Service, false, false),
        (Mixed, Service, false, false),
    ] {
        let deposits = Deposits { scheme, taken_as };
        let policy = Policy { deposits: Some(deposits) };
        let allowed = |value: Value| match task(&value).check(&Abilities::all(), &policy) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), TaskErrorKind::Rejected);
                false
            }
        };
        assert_eq!(allowed(taking("advance", "payment")), advance, "{deposits:?}");
        assert_eq!(allowed(taking("prepayment", "commodity")), advance, "{deposits:?}");
        assert_eq!(allowed(settling(5_000)), prepaid, "{deposits:?}");
        assert!(allowed(taking("fullPayment", "service")), "{deposits:?}");
        assert!(allowed(settling(0)), "{deposits:?}");
        assert_eq!(deposits.is_allowed(), (scheme, taken_as) != (Mixed, Advance));
    }
}

#[test]
fn a_refused_deposit_says_what_the_outlet_has_decided() {
    let policy = |scheme, taken_as| Policy { deposits: Some(Deposits { scheme, taken_as }) };
    let refusal =
        |value: Value, policy| task(&value).check(&Abilities::all(), &policy).unwrap_err().to_string();
    let mixed = refusal(taking("advance", "payment"), policy(Scheme::Mixed, TakenAs::Advance));
    assert!(mixed.starts_with("items[0].paymentMethod: deposits of the mixed scheme that are fiscalised as an advance are forbidden; set the deposits of this device"), "{mixed}");
    let credit = refusal(settling(5_000), policy(Scheme::Credit, TakenAs::Advance));
    assert!(
        credit.starts_with(
            "payments[0].type: prepaid settles a deposit on the receipt, and in this outlet's credit scheme"
        ),
        "{credit}"
    );
    let service = refusal(taking("advance", "payment"), policy(Scheme::Debit, TakenAs::Service));
    assert!(service.ends_with("; give fullPayment and the payment object service"), "{service}");
}

#[test]
fn an_outlet_that_has_decided_nothing_and_corrections_are_not_judged() {
    for value in [taking("advance", "payment"), settling(5_000)] {
        assert_eq!(task(&value).check(&Abilities::all(), &Policy::default()), Ok(()));
        let mut correction = value;
        correction["type"] = json!("sellCorrection");
        correction["correctionType"] = json!("self");
        correction["correctionBaseDate"] = json!("2026-05-01");
        let forbidden =
            Policy { deposits: Some(Deposits { scheme: Scheme::Mixed, taken_as: TakenAs::Advance }) };
        assert_eq!(task(&correction).check(&Abilities::all(), &forbidden), Ok(()));
    }
}

#[test]
fn a_policy_is_read_from_two_words() {
    let policy: Policy =
        serde_json::from_value(json!({"deposits": {"scheme": "debit", "as": "advance"}})).unwrap();
    assert_eq!(
        policy,
        Policy { deposits: Some(Deposits { scheme: Scheme::Debit, taken_as: TakenAs::Advance }) }
    );
    assert!(serde_json::from_value::<Policy>(json!({"deposits": {"scheme": "debit"}})).is_err());
    assert!(serde_json::from_value::<Policy>(json!({"deposit": null})).is_err());
}
