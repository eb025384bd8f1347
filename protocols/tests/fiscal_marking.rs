//! Marking codes: which are taken, and what a scanner does to the others.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::fiscal::Task;
use serde_json::{Value, json};

/// Clothing, as in the examples that ATOL ships with its driver 10: a check code of 44 characters.
const CLOTHING: &str =
    "014494550435306821QXYXSALGLMYQQ\u{1d}91EE06\u{1d}92YWCXbmK6SN8vvwoxZFk7WAY8WoJNMGGr6Cgtiuja04c=";
/// Water, after point 45 of the decree on it: a check code of 4 characters.
const WATER: &str = "0109501101530003215vYh3LpQ8sT2m\u{1d}93dGVz";

/// A sale of one piece with the code.
fn sale(kind: &str, code: &str) -> Value {
    json!({
        "type": "sell",
        "items": [{"type": "position", "name": "Вода", "price": 120, "quantity": 1, "amount": 120,
                   "paymentObject": "commodityWithMarking", "tax": {"type": "vat22"},
                   "imcParams": {"imcType": kind, "imc": BASE64_STANDARD.encode(code), "imcModeProcessing": 0,
                                 "itemEstimatedStatus": "itemPieceSold"}}],
        "payments": [{"type": "cash", "sum": 120}]
    })
}

fn refusal(task: &Value) -> String {
    Task::parse(task).expect_err("should be refused").to_string()
}

#[test]
fn codes_as_they_are_printed_on_goods_are_taken() {
    let eighty_eight = format!("010950110153000321QXYXSALGLMYQQ\u{1d}91EE06\u{1d}92{}", "a".repeat(88));
    for (kind, code) in [
        ("auto", CLOTHING),
        ("imcFmVerifyCode44", CLOTHING),
        ("imcVerifyCode44", CLOTHING),
        ("auto", WATER),
        ("imcVerifyCode4", WATER),
        ("auto", &eighty_eight),
        ("imcFmVerifyCode88", &eighty_eight),
        // Milk by weight, and a block of tobacco: groups of other identifiers stand between or behind.
        ("auto", "0109501101530003215w9EJp\u{1d}93abc1\u{1d}3103000432"),
        ("auto", "010950110153000321AbCdEfG\u{1d}8005123456\u{1d}93abc1"),
        ("imcShort", "0109501101530003215vYh3LpQ8sT2m"),
        // A pack of tobacco has no identifiers; stamps on alcohol neither.
        ("auto", "09501101530003AbCdEfGAAAAdGVz"),
        ("auto", &"A1".repeat(75)),
        ("auto", &"A1".repeat(34)),
        ("imcUnrecognized", "whatever the \u{1d} scanner read"),
    ] {
        let parsed = Task::parse(&sale(kind, code));
        assert!(parsed.is_ok(), "{kind} {code:?}: {parsed:?}");
    }
}

#[test]
fn gs_is_kept() {
    let Task::Receipt(receipt) = Task::parse(&sale("auto", CLOTHING)).unwrap() else { panic!() };
    let code = receipt.positions().next().unwrap().marking.clone().unwrap();
    assert_eq!(code.bytes(), CLOTHING.as_bytes());
}

#[test]
fn a_code_that_lost_gs_is_refused() {
    let whole = CLOTHING.replace('\u{1d}', "");
    // The serial of 13 and the group 91 fit into the 20 of a serial: 92 is left without its key.
    let first = CLOTHING.replacen('\u{1d}', "", 1);
    let second = CLOTHING.replace("\u{1d}92", "92");
    let water = WATER.replace('\u{1d}', "");
    let third = format!("{WATER}3103000432");
    for (kind, code, wrong) in [
        ("auto", &whole, "65 characters after 21, 20 at most: GS is missing behind the serial"),
        ("auto", &first, "91 and 92 come together, and one is missing"),
        ("auto", &second, "50 characters after 91, it has 4: GS is missing behind them"),
        ("auto", &third, "14 characters after 93, it has 4: GS is missing behind them"),
        ("auto", &water, "no GS (1Dh) and no check group (91 and 92, or 93) behind the serial"),
        ("imcVerifyCode4", &water, "no GS (1Dh) and no check group (91 and 92, or 93) behind the serial"),
    ] {
        let refusal = refusal(&sale(kind, code));
        let beginning = format!("items[0].imcParams.imc: {wrong}; let the scanner pass GS (1Dh) on");
        assert!(refusal.starts_with(&beginning), "{refusal}\nshould begin with\n{beginning}");
    }
}

#[test]
fn what_is_no_marking_code_is_refused() {
    let at = "items[0].imcParams.imc: ";
    for (kind, code, wrong) in [
        ("auto", "4006381333931", "it doesn't begin with 01, 14 digits and 21"),
        ("auto", "010950110153000X215vYh3L\u{1d}93dGVz", "it doesn't begin with 01, 14 digits and 21"),
        ("auto", "0109501101530003225vYh3L\u{1d}93dGVz", "it doesn't begin with 01, 14 digits and 21"),
        ("auto", "\u{1d}0109501101530003215vYh3L\u{1d}93dGVz", "it begins with the mark of the symbology"),
        ("auto", "]d20109501101530003215vYh3L\u{1d}93dGVz", "it begins with the mark of the symbology"),
        ("auto", "0109501101530003215vYh3L\u{1d}93dGVz\r", "the byte 0Dh is in no marking code"),
        ("auto", "01095011015300032\u{418}1", "the byte D0h is in no marking code"),
        ("auto", "010950110153000321\u{1d}93dGVz", "the serial after 21 is empty"),
        ("auto", "0109501101530003215vYh3L\u{1d}\u{1d}93dGVz", "two GS with nothing between them"),
        (
            "auto",
            "0109501101530003215vYh3L\u{1d}93dGVz\u{1d}",
            "two GS with nothing between them, or one at the end",
        ),
        ("auto", "0109501101530003215vYh3L\u{1d}91EE06", "91 and 92 come together, and one is missing"),
        ("auto", "0109501101530003215vYh3L\u{1d}91EE06\u{1d}92abc", "3 characters after 92, it has 44 or 88"),
        ("imcShort", WATER, "its check group is not that of imcShort"),
        ("imcFmVerifyCode88", CLOTHING, "its check group is not that of imcFmVerifyCode88"),
        ("imcVerifyCode4", CLOTHING, "its check group is not that of imcVerifyCode4"),
        ("imcUnrecognized", "", "0 bytes, allowed are 1 to 256"),
    ] {
        let refusal = refusal(&sale(kind, code));
        assert!(refusal.starts_with(&format!("{at}{wrong}")), "{refusal}\nshould say\n{wrong}");
    }
    let mut task = sale("auto", WATER);
    task["items"][0]["imcParams"]["imc"] = json!(WATER);
    assert!(refusal(&task).starts_with(&format!("{at}not base64: ")));
}

#[test]
fn a_code_stands_where_one_belongs() {
    let change = |field: &str, value: Value| {
        let mut task = sale("auto", WATER);
        task["items"][0][field] = value;
        task
    };
    let mut without = sale("auto", WATER);
    without["items"][0].as_object_mut().unwrap().remove("imcParams");
    assert!(
        refusal(&without)
            .starts_with("items[0].imcParams: missing: the payment object is commodityWithMarking")
    );
    let odd = refusal(&change("paymentObject", json!("commodity")));
    assert!(
        odd.starts_with("items[0].paymentObject: commodity has no marking code, and imcParams is there"),
        "{odd}"
    );

    let mut two = change("quantity", json!(2));
    two["items"][0]["amount"] = json!(240);
    two["payments"][0]["sum"] = json!(240);
    let two = refusal(&two);
    assert!(two.starts_with("items[0].imcParams.itemEstimatedStatus: itemPieceSold is one piece"), "{two}");

    let mut back = sale("auto", WATER);
    back["type"] = json!("sellReturn");
    let wrong = "items[0].imcParams.itemEstimatedStatus: itemPieceSold doesn't fit the type of the receipt";
    assert!(refusal(&back).starts_with(wrong));
    back["items"][0]["imcParams"]["itemEstimatedStatus"] = json!("itemPieceReturn");
    assert!(Task::parse(&back).is_ok());

    let mut mode = sale("auto", WATER);
    mode["items"][0]["imcParams"]["imcModeProcessing"] = json!(1);
    assert!(
        refusal(&mode).starts_with("items[0].imcParams.imcModeProcessing: 1 is not a mode of processing")
    );
}

#[test]
fn the_same_piece_is_not_sold_twice_on_a_receipt() {
    let mut task = sale("auto", WATER);
    let item = task["items"][0].clone();
    task["items"].as_array_mut().unwrap().push(item);
    task["payments"][0]["sum"] = json!(240);
    let refusal = refusal(&task);
    assert_eq!(refusal, "items[1].imcParams.imc: the code of items[0] again; scan the other piece");
}
