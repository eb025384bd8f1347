//! Fiscal tasks: what is taken, what is refused, and what the refusal says.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::fiscal::{
    CorrectionType, MarkingTask, Money, Operation, PaymentType, Receipt, Task, TaskErrorKind, TaskKind,
    VatType,
};
use serde_json::{Value, json};

/// What is refused, in one line.
fn refusal(task: &Value) -> String {
    let error = Task::parse(task).expect_err("should be refused");
    assert_eq!(error.kind(), TaskErrorKind::Rejected);
    error.to_string()
}

/// A sale of one dish for 290.00, paid in cash, with changes to it.
fn sale(change: impl FnOnce(&mut Value)) -> Value {
    let mut task = json!({
        "type": "sell",
        "items": [{"type": "position", "name": "Борщ", "price": 145.00, "quantity": 2, "amount": 290.00,
                   "tax": {"type": "vat20"}}],
        "payments": [{"type": "cash", "sum": 290.00}],
        "total": 290.00
    });
    change(&mut task);
    task
}

fn receipt(task: &Value) -> Receipt {
    match Task::parse(task) {
        Ok(Task::Receipt(receipt)) => receipt,
        other => panic!("{other:?} is no receipt"),
    }
}

#[test]
fn what_clients_of_atols_server_send_without_need_is_taken() {
    let task = sale(|task| {
        task["ignoreNonFiscalPrintErrors"] = json!(false);
        task["validateMarkingCodes"] = json!(true);
    });
    assert_eq!(Task::parse(&task), Task::parse(&sale(|_| {})));
}

#[test]
fn a_receipt_is_read_with_what_it_leaves_out() {
    let receipt = receipt(&sale(|task| {
        task.as_object_mut().unwrap().remove("total");
    }));
    assert_eq!((receipt.operation, receipt.correction), (Operation::Sell, None));
    assert_eq!(receipt.total, Money(29_000));
    let position = &receipt.items[0];
    let written = serde_json::to_value(position).unwrap();
    assert_eq!(
        (&written["paymentMethod"], &written["paymentObject"]),
        (&json!("fullPayment"), &json!("commodity"))
    );
    assert_eq!(written["amount"], "290.00");
}

#[test]
fn numbers_of_tags_may_stand_for_their_words() {
    let by_number = sale(|task| {
        task["items"][0]["paymentMethod"] = json!(4);
        task["items"][0]["paymentObject"] = json!("4");
        task["items"][0]["measurementUnit"] = json!(11);
        task["payments"][0]["type"] = json!("0");
    });
    let by_word = sale(|task| {
        task["items"][0]["paymentMethod"] = json!("fullPayment");
        task["items"][0]["paymentObject"] = json!("service");
        task["items"][0]["measurementUnit"] = json!("kilogram");
    });
    assert_eq!(Task::parse(&by_number), Task::parse(&by_word));
}

#[test]
fn the_bad_input_of_tills_is_refused_with_its_field() {
    let cases: Vec<(Value, &str)> = vec![
        (
            sale(|task| task["items"][0]["amount"] = json!(280.00)),
            "items[0].amount: 280.00 isn't 2 x 145.00 = 290.00; give 290.00, or the right infoDiscountAmount",
        ),
        (
            sale(|task| {
                task["items"][0]["amount"] = json!(280.00);
                task["items"][0]["infoDiscountAmount"] = json!(5.00);
            }),
            "items[0].amount: 280.00 isn't 2 x 145.00 = 290.00, nor that less the discount of 5.00, 285.00; give 285.00",
        ),
        (
            sale(|task| task["total"] = json!(300.00)),
            "total: 300.00 isn't the sum of the positions' amounts, 290.00; give that sum",
        ),
        (
            sale(|task| task["payments"][0]["sum"] = json!(200.00)),
            "payments: 200.00 pays less than the total of 290.00; add a payment of 90.00, of type credit if it is owed",
        ),
        (
            sale(|task| task["payments"][0] = json!({"type": "electronically", "sum": 300.00})),
            "payments: 300.00 without cash for a total of 290.00, and change is given from cash only; take 10.00 off",
        ),
        (
            sale(|task| {
                task["payments"] =
                    json!([{"type": "electronically", "sum": 291.00}, {"type": "cash", "sum": 100.00}]);
            }),
            "payments: 291.00 without cash for a total of 290.00, and change is given from cash only; take 1.00 off",
        ),
        (
            sale(|task| {
                task["type"] = json!("sellReturn");
                task["payments"][0]["sum"] = json!(300.00);
            }),
            "payments: 300.00 for a total of 290.00, and a sellReturn gives no change; give 290.00",
        ),
        (
            sale(|task| task["items"][0]["name"] = json!("щ".repeat(129))),
            "items[0].name: 129 characters, 128 at most; shorten it",
        ),
        (sale(|task| task["items"][0]["name"] = json!("  ")), "items[0].name: empty"),
        (
            sale(|task| task["items"][0]["name"] = json!("Борщ\u{1b}@")),
            "items[0].name: it holds the control character '\\u{1b}'; take it out",
        ),
        (
            sale(|task| task["items"][0]["tax"]["type"] = json!("vat18")),
            "items[0].tax.type: unknown variant `vat18`, expected one of `none`, `vat0`",
        ),
        (
            sale(|task| task["items"][0]["quantity"] = json!(-2)),
            "items[0].quantity: -2 is not above nothing; what comes back is a receipt of type sellReturn",
        ),
        (sale(|task| task["items"][0]["quantity"] = json!(0)), "items[0].quantity: 0 is not above nothing"),
        (
            sale(|task| {
                task["items"][0]["price"] = json!(-145.00);
                task["items"][0]["amount"] = json!(-290.00);
            }),
            "items[0].price: -145.00 is below nothing",
        ),
        (
            sale(|task| task["items"] = json!([])),
            "items: there is no position: nothing would be sold or bought; give one at least",
        ),
        (
            sale(|task| task["items"] = json!([{"type": "text", "text": "hello"}])),
            "items: there is no position",
        ),
        (
            sale(|task| {
                let item = task["items"][0].clone();
                task["items"] = Value::Array(vec![item; 1_001]);
            }),
            "items: 1001 of them, 1000 at most; split it into several",
        ),
        (
            sale(|task| task["items"][0]["price"] = json!(145.001)),
            "items[0].price: 145.001 has more than 2 decimals: round it before it is sent",
        ),
        (
            sale(|task| task["items"][0]["quantity"] = json!("2,5")),
            "items[0].quantity: \"2,5\" is not a decimal such as 149.90",
        ),
        (
            sale(|task| task["items"][0]["price"] = json!("99999999999.99")),
            "items[0].price: 99999999999.99 is more than 9999999999.99",
        ),
        (sale(|task| task["items"][0]["department"] = json!(0)), "items[0].department: 0 is out of range"),
        (
            sale(|task| task["items"][0]["measurementUnit"] = json!(12_345)),
            "items[0].measurementUnit: there is no unit 12345 in tag 2108",
        ),
        (
            sale(|task| task["items"][0]["measurementUnit"] = json!("порция двойная, с собой")),
            "items[0].measurementUnit: 23 characters, 16 at most",
        ),
        (
            sale(|task| task["items"][0]["paymentMethod"] = json!("fulPayment")),
            "items[0].paymentMethod: \"fulPayment\" is not a payment method; there are fullPrepayment,",
        ),
        (
            sale(|task| task["items"][0]["paymentObject"] = json!(34)),
            "items[0].paymentObject: \"34\" is not a payment object",
        ),
        (
            sale(|task| task["payments"][0]["type"] = json!("card")),
            "payments[0].type: \"card\" is not a payment type; there are cash, electronically, prepaid, credit, other",
        ),
        (sale(|task| task["payments"][0]["sum"] = json!(-1)), "payments[0].sum: -1.00 is below nothing"),
        (
            sale(|task| task["payments"] = Value::Array(vec![json!({"type": "cash", "sum": 20}); 17])),
            "payments: 17 payments, 16 at most",
        ),
    ];
    for (task, beginning) in cases {
        let refusal = refusal(&task);
        assert!(refusal.starts_with(beginning), "{refusal}\nshould begin with\n{beginning}");
    }
}

#[test]
fn what_nobody_knows_is_refused_with_its_place() {
    let cases = [
        (json!([]), "a task is an object with a `type`"),
        (json!({}), "type: missing; give one such as \"sell\""),
        (json!({"type": 5}), "type: not a string"),
        (json!({"type": "sale"}), "type: there is no task \"sale\"; there are sell, sellReturn, buy,"),
        (
            json!({"type": "openShift", "operater": {}}),
            "operater: unknown field `operater`, expected `operator`",
        ),
        (
            json!({"type": "openShift", "operator": {"name": "Анна", "inn": "1"}}),
            "operator.inn: unknown field `inn`",
        ),
        (json!({"type": "continuePrint", "now": true}), "now: unknown field `now`"),
        (json!({"type": "sell", "payments": []}), "missing field `items`"),
        (sale(|task| task["totals"] = json!(1)), "totals: unknown field `totals`"),
        (sale(|task| task["items"][0]["vat"] = json!(1)), "items[0].vat: unknown field `vat`"),
        (sale(|task| task["items"][0]["tax"] = json!({})), "items[0].tax: missing field `type`"),
        (
            sale(|task| {
                task["items"][0].as_object_mut().unwrap().remove("tax");
            }),
            "items[0]: missing field `tax`",
        ),
        (
            sale(|task| task["items"][0]["type"] = json!("pozition")),
            "items[0].type: there is no item \"pozition\"; there are position, text and barcode",
        ),
        (
            sale(|task| {
                task["items"][0].as_object_mut().unwrap().remove("type");
            }),
            "items[0].type: missing; give one such as \"position\"",
        ),
        (
            sale(|task| task["taxationType"] = json!("envd")),
            "taxationType: unknown variant `envd`, expected one of `osn`",
        ),
        (
            json!({"type": "nonFiscal", "items": [{"type": "position"}]}),
            "items[0].type: there is no item \"position\"",
        ),
        (json!({"type": "getFnDocument", "fiscalDocumentNumber": -1}), "fiscalDocumentNumber: invalid value"),
    ];
    for (task, beginning) in cases {
        let refusal = refusal(&task);
        assert!(refusal.starts_with(beginning), "{refusal}\nshould begin with\n{beginning}");
    }
}

#[test]
fn every_problem_of_content_is_found_at_once() {
    let error = Task::parse(&sale(|task| {
        task["operator"] = json!({"name": "Анна", "vatin": "123"});
        task["items"][0]["amount"] = json!(280.00);
        task["items"][0]["tax"]["sum"] = json!(1.00);
        task["total"] = json!(300.00);
    }))
    .unwrap_err();
    let places: Vec<&str> = error.problems().iter().map(|problem| problem.at.as_str()).collect();
    assert_eq!(places, ["operator.vatin", "items[0].amount", "items[0].tax.sum", "total", "payments"]);
    assert!(error.to_string().ends_with(" | and 2 more"), "{error}");
}

#[test]
fn the_amount_may_be_price_times_quantity_with_the_discount_taken_off_or_not() {
    for (price, quantity, discount, amount) in [
        // The discount is for the record: the price has it taken off.
        ("2.70", "3", "0.90", "8.10"),
        ("3.00", "3", "0.90", "8.10"),
        // A surcharge.
        ("100.00", "1", "-10.00", "110.00"),
        // 0.333 kg of 99.99 is 33.29667: either neighbour will do.
        ("99.99", "0.333", "0", "33.29"),
        ("99.99", "0.333", "0", "33.30"),
        // Given for nothing.
        ("145.00", "1", "145.00", "0.00"),
    ] {
        let task = sale(|task| {
            task["items"][0]["price"] = json!(price);
            task["items"][0]["quantity"] = json!(quantity);
            task["items"][0]["infoDiscountAmount"] = json!(discount);
            task["items"][0]["amount"] = json!(amount);
            task["payments"][0]["sum"] = json!(amount);
            task["total"] = json!(amount);
        });
        assert!(Task::parse(&task).is_ok(), "{price} x {quantity} - {discount} = {amount}");
    }
    let off_by_one = sale(|task| {
        task["items"][0]["amount"] = json!(290.01);
        task["payments"][0]["sum"] = json!(290.01);
        task["total"] = json!(290.01);
    });
    assert!(
        refusal(&off_by_one).starts_with("items[0].amount: 290.01 isn't"),
        "an exact product is met exactly"
    );
}

#[test]
fn a_price_with_the_discount_taken_off_is_found_where_there_is_one() {
    let position = |quantity: &str, price: &str, discount: &str, amount: &str| {
        let receipt = receipt(&sale(|task| {
            task["items"][0]["price"] = json!(price);
            task["items"][0]["quantity"] = json!(quantity);
            task["items"][0]["infoDiscountAmount"] = json!(discount);
            task["items"][0]["amount"] = json!(amount);
            task["payments"][0]["sum"] = json!(amount);
            task["total"] = json!(amount);
        }));
        receipt.positions().next().unwrap().net_price().map(|price| price.to_string())
    };
    assert_eq!(position("2", "145.00", "0", "290.00").as_deref(), Some("145.00"));
    assert_eq!(position("2", "145.00", "29.00", "261.00").as_deref(), Some("130.50"));
    assert_eq!(position("0.5", "100.00", "5.00", "45.00").as_deref(), Some("90.00"));
    assert_eq!(position("3", "100.00", "100.00", "200.00"), None, "66.67 times 3 is a kopeck more");
}

#[test]
fn change_is_given_from_cash_when_the_guest_pays() {
    let receipt = receipt(&sale(|task| {
        task["payments"] = json!([{"type": "electronically", "sum": 90}, {"type": "cash", "sum": 150}, {"type": "cash", "sum": 100}]);
    }));
    assert_eq!(receipt.paid(PaymentType::Cash), Money(25_000));
    assert_eq!(receipt.paid(PaymentType::Credit), Money::ZERO);
    assert_eq!(receipt.change(), Money(5_000));
    let supplier = sale(|task| {
        task["type"] = json!("buyReturn");
        task["payments"][0]["sum"] = json!(300);
    });
    assert!(Task::parse(&supplier).is_ok());
}

#[test]
fn a_given_tax_is_the_one_in_the_amount_to_a_kopeck() {
    let with_tax = |kind: &str, sum: &str| {
        sale(|task| {
            task["items"][0]["tax"] = json!({"type": kind, "sum": sum});
        })
    };
    // 290.00 * 20 / 120 = 48.3333..., * 5 / 105 = 13.8095..., * 22 / 122 = 52.2950...
    for (kind, sum) in [
        ("vat20", "48.33"),
        ("vat20", "48.34"),
        ("vat20", "48.32"),
        ("vat120", "48.33"),
        ("vat5", "13.81"),
        ("vat105", "13.81"),
        ("vat22", "52.30"),
        ("vat122", "52.30"),
        ("none", "0"),
        ("vat0", "0.00"),
        ("vat10", "26.36"),
        ("vat7", "18.97"),
        ("vat107", "18.97"),
    ] {
        assert!(Task::parse(&with_tax(kind, sum)).is_ok(), "{kind} {sum}");
    }
    for (kind, sum, computed) in [
        ("vat20", "58.00", "48.33"),
        ("vat20", "48.35", "48.33"),
        ("vat10", "48.33", "26.36"),
        ("none", "0.01", "0.00"),
        ("vat0", "0.01", "0.00"),
        ("vat20", "-48.33", "48.33"),
    ] {
        let wrong = format!("items[0].tax.sum: {sum} isn't the {kind} in 290.00, {computed}; give that sum");
        assert!(refusal(&with_tax(kind, sum)).starts_with(&wrong), "{wrong}");
    }
}

#[test]
fn rates_have_their_numbers_of_tag_1199() {
    // The facts sheet's table; 11 and 12 are inferred there.
    let table = [
        (1, "vat20"),
        (2, "vat10"),
        (3, "vat120"),
        (4, "vat110"),
        (5, "vat0"),
        (6, "none"),
        (7, "vat5"),
        (8, "vat7"),
        (9, "vat105"),
        (10, "vat107"),
        (11, "vat22"),
        (12, "vat122"),
    ];
    for (number, name) in table {
        let rate: VatType = serde_json::from_value(json!(name)).unwrap();
        assert_eq!((rate.tag_1199(), rate.as_str()), (Some(number), name));
    }
    for rate in VatType::ALL {
        assert_eq!(serde_json::to_value(rate).unwrap(), rate.as_str());
        assert_eq!(rate.tag_1199().is_some(), table.iter().any(|(_, name)| *name == rate.as_str()));
    }
}

#[test]
fn a_correction_says_what_it_corrects() {
    let correction = |change: &dyn Fn(&mut Value)| {
        sale(|task| {
            task["type"] = json!("sellCorrection");
            task["correctionType"] = json!("instruction");
            task["correctionBaseDate"] = json!("2026.10.05");
            task["correctionBaseNumber"] = json!("15-08/0117");
            change(task);
        })
    };
    let read = receipt(&correction(&|_| ()));
    assert_eq!(read.kind(), TaskKind::SellCorrection);
    let corrects = read.correction.unwrap();
    assert_eq!(
        (corrects.kind, corrects.base_date.to_string()),
        (CorrectionType::Instruction, "2026-10-05".into())
    );
    let own = receipt(&correction(&|task| {
        task["correctionType"] = json!("self");
        task.as_object_mut().unwrap().remove("correctionBaseNumber");
    }));
    assert_eq!(own.correction.unwrap().base_number, None);

    let without =
        |field: &'static str| correction(&move |task| drop(task.as_object_mut().unwrap().remove(field)));
    let cases = [
        (without("correctionType"), "correctionType: missing: this is a correction; give \"self\" or"),
        (without("correctionBaseDate"), "correctionBaseDate: missing: this is a correction; give the day"),
        (without("correctionBaseNumber"), "correctionBaseNumber: missing: the correction was instructed"),
        (
            correction(&|task| task["correctionBaseDate"] = json!("05.10.2026")),
            "correctionBaseDate: \"05.10.2026\" isn't one such as 2026-05-01",
        ),
        (
            correction(&|task| task["correctionBaseNumber"] = json!("5".repeat(33))),
            "correctionBaseNumber: 33 characters, 32 at most",
        ),
        (
            correction(&|task| task["correctionType"] = json!("both")),
            "correctionType: unknown variant `both`",
        ),
        (correction(&|task| task["type"] = json!("sell")), "correctionType: only corrections have one"),
        (
            sale(|task| task["correctionBaseNumber"] = json!("1")),
            "correctionBaseNumber: only corrections have one; leave it out, or make it a correction",
        ),
        (
            correction(&|task| task["payments"][0]["sum"] = json!(300)),
            "payments: 300.00 for a total of 290.00, and a sellCorrection gives no change",
        ),
    ];
    for (task, beginning) in cases {
        let refusal = refusal(&task);
        assert!(refusal.starts_with(beginning), "{refusal}\nshould begin with\n{beginning}");
    }
}

#[test]
fn people_are_named_as_a_register_can_keep_them() {
    let by = |operator: Value| json!({"type": "closeShift", "operator": operator});
    for operator in [
        json!({"name": "Анна", "vatin": "1234567890"}),
        json!({"name": "Анна", "vatin": "123456789012"}),
        json!({"name": "Анна"}),
    ] {
        assert_eq!(Task::parse(&by(operator)).unwrap().operator().unwrap().name, "Анна");
    }
    for vatin in ["", "123", "12345678901", "12345678901a", "1234567890123"] {
        let refusal = refusal(&by(json!({"name": "Анна", "vatin": vatin})));
        assert!(refusal.starts_with("operator.vatin: not 10 or 12 digits"), "{vatin}: {refusal}");
    }
    assert!(
        refusal(&by(json!({"name": "А".repeat(65)}))).starts_with("operator.name: 65 characters, 64 at most")
    );

    let to = |client: Value| sale(|task| task["clientInfo"] = client);
    for address in ["guest@example.org", "+79161234567", "+37322123456", "иван@почта.рф"] {
        assert!(Task::parse(&to(json!({"emailOrPhone": address}))).is_ok(), "{address}");
    }
    for address in [
        "89161234567",
        "+7916123456",
        "+7 916 123-45-67",
        "guest",
        "@example.org",
        "guest@example",
        "a@b@c.org",
        "a b@c.org",
        "guest@.org",
    ] {
        let refusal = refusal(&to(json!({"emailOrPhone": address})));
        assert!(
            refusal.starts_with("clientInfo.emailOrPhone: neither a mail address nor a phone number"),
            "{refusal}"
        );
    }
    assert!(Task::parse(&to(json!({"name": "ООО «Ромашка»", "vatin": "RO12345678"}))).is_ok());
    assert!(
        refusal(&to(json!({"vatin": "ro 1"})))
            .starts_with("clientInfo.vatin: not 2 to 14 capitals and digits")
    );
    let nowhere = sale(|task| task["electronically"] = json!(true));
    assert!(refusal(&nowhere).starts_with("clientInfo.emailOrPhone: missing, and nothing is to be printed"));
}

#[test]
fn a_thousand_items_are_taken() {
    let task = sale(|task| {
        let item = task["items"][0].clone();
        task["items"] = Value::Array(vec![item; 1_000]);
        task["payments"][0]["sum"] = json!(290_000);
        task["total"] = json!(290_000);
    });
    assert_eq!(receipt(&task).positions().count(), 1_000);
}

#[test]
fn cash_is_moved_in_sums_above_nothing() {
    assert_eq!(
        Task::parse(&json!({"type": "cashIn", "cashSum": 5000})),
        Ok(Task::CashIn { sum: Money(500_000), operator: None })
    );
    for (sum, beginning) in
        [(json!(0), "cashSum: 0.00 moves nothing"), (json!(-5), "cashSum: -5.00 is below nothing")]
    {
        assert!(refusal(&json!({"type": "cashOut", "cashSum": sum})).starts_with(beginning));
    }
    assert!(refusal(&json!({"type": "cashOut"})).starts_with("missing field `cashSum`"));
}

#[test]
fn lines_that_are_not_fiscal_hold_what_can_be_printed() {
    let printing = |item: Value| json!({"type": "nonFiscal", "items": [item]});
    let barcode =
        |kind: &str, data: &str| printing(json!({"type": "barcode", "barcode": data, "barcodeType": kind}));
    for task in [
        printing(json!({"type": "text"})),
        printing(
            json!({"type": "text", "text": "a\nb", "alignment": "right", "wrap": "none", "font": 2, "doubleHeight": true}),
        ),
        barcode("EAN13", "4006381333931"),
        barcode("QR", "любой текст"),
    ] {
        assert!(Task::parse(&task).is_ok(), "{task}");
    }
    let cases = [
        (json!({"type": "nonFiscal", "items": []}), "items: empty; give one at least"),
        (
            printing(json!({"type": "text", "text": "\u{7}"})),
            "items[0].text: it holds the control character '\\u{7}'",
        ),
        (
            printing(json!({"type": "text", "text": "x".repeat(4_001)})),
            "items[0].text: 4001 characters, 4000 at most",
        ),
        (barcode("EAN13", "4006381333932"), "items[0].barcode: the check digit of 4006381333932 should be 1"),
        (barcode("QR", ""), "items[0].barcode: empty"),
        (barcode("AZTEC", "1"), "items[0].barcodeType: unknown variant `AZTEC`, expected one of `EAN8`"),
        (
            printing(json!({"type": "barcode", "barcode": "1", "barcodeType": "QR", "scale": 11})),
            "items[0].scale: 11 is out of range; allowed are 1 to 10",
        ),
    ];
    for (task, beginning) in cases {
        let refusal = refusal(&task);
        assert!(refusal.starts_with(beginning), "{refusal}\nshould begin with\n{beginning}");
    }
}

#[test]
fn each_task_says_what_it_does_to_the_register() {
    let moving = [
        TaskKind::Sell,
        TaskKind::SellReturn,
        TaskKind::Buy,
        TaskKind::BuyReturn,
        TaskKind::SellCorrection,
        TaskKind::SellReturnCorrection,
        TaskKind::BuyCorrection,
        TaskKind::BuyReturnCorrection,
        TaskKind::CashIn,
        TaskKind::CashOut,
    ];
    let asking = [
        TaskKind::GetDeviceStatus,
        TaskKind::GetShiftStatus,
        TaskKind::GetFnStatus,
        TaskKind::GetFnDocument,
        TaskKind::OfdExchangeStatus,
        TaskKind::GetMarkingCodeValidationStatus,
    ];
    let code = json!({"imcType": "imcShort", "imc": "MDEwOTUwMTEwMTUzMDAwMzIxNXZZaDNMcFE4c1QybQ=="});
    for kind in TaskKind::ALL {
        let fields = match kind {
            TaskKind::CashIn | TaskKind::CashOut => json!({"cashSum": 1}),
            TaskKind::NonFiscal => json!({"items": [{"type": "text", "text": "x"}]}),
            TaskKind::SetDateTime => json!({"dateTime": "2026.05.01 20:31:00"}),
            TaskKind::GetFnDocument => json!({"fiscalDocumentNumber": 163}),
            TaskKind::ValidateMarks => json!({"params": [code.clone()]}),
            TaskKind::BeginMarkingCodeValidation => json!({"params": code.clone()}),
            kind if moving.contains(kind) => sale(|task| {
                if kind.as_str().ends_with("Correction") {
                    task["correctionType"] = json!("self");
                    task["correctionBaseDate"] = json!("2026-05-01");
                }
            }),
            _ => json!({}),
        };
        let mut task = fields;
        task["type"] = json!(kind.as_str());
        let task = Task::parse(&task).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!((task.kind(), task.name()), (*kind, kind.as_str()));
        assert_eq!(task.moves_money(), moving.contains(kind), "{kind}");
        assert_eq!(task.is_query(), asking.contains(kind), "{kind}");
        let of_the_shift = matches!(kind, TaskKind::OpenShift | TaskKind::CloseShift);
        let of_cash = matches!(kind, TaskKind::CashIn | TaskKind::CashOut);
        assert_eq!(task.is_fiscal(), of_the_shift || moving.contains(kind) && !of_cash, "{kind}");
    }
}

#[test]
fn a_check_of_a_marking_code_may_say_how_much_is_sold() {
    let begin = |quantity: Value| {
        json!({"type": "beginMarkingCodeValidation", "params": {
            "imcType": "imcShort", "imc": "MDEwOTUwMTEwMTUzMDAwMzIxNXZZaDNMcFE4c1QybQ==",
            "itemEstimatedStatus": "itemDryForSale", "itemQuantity": quantity, "itemUnits": "liter"}})
    };
    let Task::Marking(MarkingTask::Begin(code)) = Task::parse(&begin(json!(0.5))).unwrap() else { panic!() };
    assert_eq!(code.item_quantity.unwrap().to_string(), "0.5");
    assert!(refusal(&begin(json!(0))).starts_with("params.itemQuantity: not above nothing"));
}
