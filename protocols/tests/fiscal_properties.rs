//! What holds for sums of any size, and for any input.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::fiscal::{Money, PaymentType, Quantity, Receipt, Tag, Task, TaskKind, VatType};
use proptest::prelude::*;
use serde_json::{Value, json};

prop_compose! {
    /// A price in kopecks, a quantity in thousandths, a discount in per cent, whether it is for the record
    /// only, and a rate.
    fn position()(
        price in 0_i64..10_000_000,
        thousandths in 1_i64..100_000,
        percent in 0_i64..=100,
        for_the_record in any::<bool>(),
        rate in 0..VatType::ALL.len(),
    ) -> Position {
        Position { price, thousandths, percent, for_the_record, rate: VatType::ALL[rate] }
    }
}

#[derive(Debug, Clone)]
struct Position {
    price: i64,
    thousandths: i64,
    percent: i64,
    for_the_record: bool,
    rate: VatType,
}

impl Position {
    fn discount(&self) -> i64 {
        self.full() * self.percent / 100
    }

    /// Price times quantity in kopecks, rounded half up, by arithmetic of its own.
    fn full(&self) -> i64 {
        (self.price * self.thousandths + 500) / 1_000
    }

    fn amount(&self) -> i64 {
        if self.for_the_record { self.full() } else { self.full() - self.discount() }
    }

    /// As a till writes it: numbers, or strings.
    fn json(&self, numbers: bool) -> Value {
        let sum = |kopecks: i64| decimal(kopecks, 100, numbers);
        json!({
            "type": "position", "name": "Блюдо", "price": sum(self.price),
            "quantity": decimal(self.thousandths, 1_000, numbers), "amount": sum(self.amount()),
            "infoDiscountAmount": sum(self.discount()), "tax": {"type": self.rate.as_str()}
        })
    }
}

/// A decimal of so many parts, written by integer arithmetic.
fn decimal(value: i64, parts: i64, number: bool) -> Value {
    let width = parts.ilog10() as usize;
    let sign = if value < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:0width$}", value.abs() / parts, value.abs() % parts);
    if number { serde_json::from_str(&text).unwrap() } else { Value::String(text) }
}

fn task(
    kind: &str,
    positions: &[Position],
    payments: &[(PaymentType, i64)],
    total: i64,
    numbers: bool,
) -> Value {
    let items: Vec<Value> = positions.iter().map(|position| position.json(numbers)).collect();
    let payments: Vec<Value> = payments
        .iter()
        .map(|(kind, sum)| json!({"type": kind.as_str(), "sum": decimal(*sum, 100, numbers)}))
        .collect();
    json!({"type": kind, "items": items, "payments": payments, "total": decimal(total, 100, numbers)})
}

fn receipt(task: &Value) -> Result<Receipt, String> {
    match Task::parse(task) {
        Ok(Task::Receipt(receipt)) => Ok(receipt),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

proptest! {
    #[test]
    fn sums_that_add_up_are_taken_to_the_kopeck(
        positions in prop::collection::vec(position(), 1..8), change in 0_i64..100_000, numbers in any::<bool>()
    ) {
        let total: i64 = positions.iter().map(Position::amount).sum();
        let payments = [(PaymentType::Electronically, total / 3), (PaymentType::Cash, total - total / 3 + change)];
        // Cash that pays something gives change; a card that pays it all can't.
        let receipt = receipt(&task("sell", &positions, &payments, total, numbers)).unwrap();
        prop_assert_eq!(receipt.total, Money(total));
        prop_assert_eq!(receipt.change(), Money(change));
        for (read, given) in receipt.positions().zip(&positions) {
            prop_assert_eq!((read.price, read.amount), (Money(given.price), Money(given.amount())));
            prop_assert_eq!(read.quantity, Quantity(given.thousandths * 1_000));
        }
    }

    #[test]
    fn a_kopeck_too_much_or_too_little_in_the_total_is_found(
        positions in prop::collection::vec(position(), 1..8), off in prop_oneof![-1_000_i64..0, 1_i64..1_000]
    ) {
        let total: i64 = positions.iter().map(Position::amount).sum();
        prop_assume!(total + off >= 0);
        let refusal = receipt(&task("sell", &positions, &[(PaymentType::Cash, total + 1_000)], total + off, true));
        let refusal = refusal.unwrap_err();
        prop_assert!(refusal.starts_with("total: "), "{}", refusal);
    }

    #[test]
    fn a_kopeck_too_much_or_too_little_in_a_payment_without_cash_is_found(
        positions in prop::collection::vec(position(), 1..8), off in prop_oneof![-1_000_i64..0, 1_i64..1_000]
    ) {
        let total: i64 = positions.iter().map(Position::amount).sum();
        prop_assume!(total + off >= 0);
        for kind in ["sell", "sellReturn", "buy", "buyReturn"] {
            let refusal = receipt(&task(kind, &positions, &[(PaymentType::Electronically, total + off)], total, true));
            prop_assert!(refusal.unwrap_err().starts_with("payments: "));
        }
    }

    #[test]
    fn an_amount_off_by_a_kopeck_or_more_is_found(given in position(), off in 2_i64..1_000, more in any::<bool>()) {
        // Two kopecks from both readings of the discount, which may be rounded up or down.
        let amount = if more { given.full().max(given.full() - given.discount()) + off } else {
            (given.full() - given.discount()) - off
        };
        let mut task = task("sell", std::slice::from_ref(&given), &[(PaymentType::Cash, amount)], amount, true);
        task["items"][0]["amount"] = decimal(amount, 100, true);
        prop_assert!(receipt(&task).unwrap_err().starts_with("items[0].amount: "));
    }

    #[test]
    fn a_net_price_gives_the_amount_to_less_than_a_kopeck(given in position()) {
        let total = given.amount();
        let receipt = receipt(&task("sell", std::slice::from_ref(&given), &[(PaymentType::Cash, total)], total, false)).unwrap();
        let position = receipt.positions().next().unwrap();
        if let Some(price) = position.net_price() {
            let exact = i128::from(price.0) * i128::from(given.thousandths);
            prop_assert!((exact - i128::from(total) * 1_000).abs() < 1_000);
            prop_assert!(!price.is_negative());
        } else {
            prop_assert!(given.thousandths > 1_000, "a price for one piece or less is always found");
        }
    }

    #[test]
    fn the_tax_in_a_sum_is_the_rates_share_rounded(kopecks in 0_i64..1_000_000_000, rate in 0..VatType::ALL.len()) {
        let rate = VatType::ALL[rate];
        let percent = i64::from(rate.percent());
        let tax = rate.included_in(Money(kopecks)).minor();
        // tax / kopecks = percent / (100 + percent), within half a kopeck.
        prop_assert!((2 * (tax * (100 + percent) - kopecks * percent)).abs() <= 100 + percent);
    }

    #[test]
    fn no_json_makes_it_panic(value in json_of_any_form(), kind in 0..TaskKind::ALL.len()) {
        let _ = Task::parse(&value);
        if let Value::Object(mut fields) = value {
            fields.insert("type".into(), TaskKind::ALL[kind].as_str().into());
            let _ = Task::parse(&Value::Object(fields));
        }
    }

    #[test]
    fn no_marking_code_makes_it_panic(code in prop::collection::vec(any::<u8>(), 0..300), gs1 in any::<bool>()) {
        use base64::Engine;
        let mut bytes = if gs1 { b"010950110153000321".to_vec() } else { Vec::new() };
        bytes.extend(code);
        let imc = base64::prelude::BASE64_STANDARD.encode(&bytes);
        let read = Task::parse(&json!({"type": "validateMarks", "params": [{"imc": imc}]}));
        if gs1 && !bytes.contains(&0x1D) {
            prop_assert!(read.is_err(), "a code with a check group has GS");
        }
    }

    #[test]
    fn tags_differ_by_job_and_by_attempt(job in "[A-Za-z0-9-]{1,64}", other in "[A-Za-z0-9-]{1,64}", attempt in 1_u32..1_000) {
        let tag = Tag::new(&job, attempt);
        prop_assert_eq!(tag, Tag::new(&job, attempt));
        prop_assert_ne!(tag, Tag::new(&job, attempt + 1));
        if job != other {
            prop_assert_ne!(tag, Tag::new(&other, attempt));
        }
        prop_assert_eq!(tag.as_str().parse::<Tag>(), Ok(tag));
        prop_assert!(tag.as_str().len() == 16);
    }
}

fn json_of_any_form() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("type"),
        Just("items"),
        Just("payments"),
        Just("name"),
        Just("price"),
        Just("quantity"),
        Just("amount"),
        Just("tax"),
        Just("sum"),
        Just("total"),
        Just("imcParams"),
        Just("imc"),
        Just("params"),
        Just("operator"),
        Just("position"),
        Just("cash"),
        Just("vat20"),
        Just("text"),
        Just("cashSum"),
        Just("dateTime"),
        Just("2026-02-30"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,16}".prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}
