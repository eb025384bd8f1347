//! The one model of a reading, whatever the scale speaks.

#![allow(clippy::unwrap_used)]

use std::str::FromStr;

use outlet_protocols::scale::{Kind, NotForSale, Reading, Unit, Weight};
use rust_decimal::Decimal;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

fn resting(value: &str, unit: Unit) -> Reading {
    Reading { weight: Some(Weight::new(decimal(value), unit)), stable: true, ..Reading::default() }
}

fn kilograms(value: &str, unit: Unit) -> String {
    Weight::new(decimal(value), unit).kilograms().unwrap().to_string()
}

#[test]
fn a_sale_takes_a_weight_at_rest_in_kilograms_with_the_places_of_the_scale() {
    assert_eq!(resting("1.550", Unit::Kg).for_sale().unwrap().to_string(), "1.550");
    assert_eq!(resting("1550", Unit::G).for_sale().unwrap().to_string(), "1.550");
}

#[test]
fn a_sale_takes_nothing_else_and_the_reason_is_clear() {
    let good = || resting("1.550", Unit::Kg);
    let cases = [
        (Reading { stable: false, ..good() }, NotForSale::InMotion),
        (Reading { overload: true, ..good() }, NotForSale::Overload),
        (Reading { underload: true, ..good() }, NotForSale::Underload),
        (Reading { fault: Some("no ADC".into()), ..good() }, NotForSale::Fault("no ADC".into())),
        (Reading { weight: None, ..good() }, NotForSale::NoWeight),
        (resting("0.000", Unit::Kg), NotForSale::Empty),
        (resting("-0.005", Unit::Kg), NotForSale::Negative),
    ];
    for (reading, why) in cases {
        assert_eq!(reading.for_sale(), Err(why.clone()), "{reading:?}");
        assert!(why.to_string().contains(':'), "says what to do: {why}");
    }
}

#[test]
fn the_worst_is_told_first() {
    let reading = Reading { overload: true, fault: Some("broken".into()), ..Reading::default() };
    assert_eq!(reading.for_sale(), Err(NotForSale::Fault("broken".into())));
}

#[test]
fn kilograms_are_exact_in_every_unit() {
    assert_eq!(kilograms("1.550", Unit::Kg), "1.550");
    assert_eq!(kilograms("1550", Unit::G), "1.550");
    assert_eq!(kilograms("1550.5", Unit::G), "1.5505");
    assert_eq!(kilograms("1550000", Unit::Mg), "1.550000");
    assert_eq!(kilograms("1.5", Unit::T), "1500");
    assert_eq!(kilograms("1.550", Unit::T), "1550");
    assert_eq!(kilograms("1.55055", Unit::T), "1550.55");
    // 1 lb is 0.45359237 kg by definition (International yard and pound agreement, 1959), 1 oz a sixteenth.
    assert_eq!(kilograms("1", Unit::Lb), "0.45359237");
    assert_eq!(kilograms("2.00", Unit::Lb), "0.9071847400");
    assert_eq!(kilograms("16", Unit::Oz), "0.453592370000");
    assert_eq!(kilograms("-1", Unit::Lb), "-0.45359237");
}

#[test]
fn a_weight_that_no_number_holds_exactly_is_none_and_not_for_sale() {
    let long = "1.00000000000000000000000001";
    assert_eq!(Weight::new(decimal(long), Unit::Lb).kilograms(), None);
    assert_eq!(Weight::new(Decimal::MAX, Unit::T).kilograms(), None);
    assert_eq!(resting(long, Unit::Lb).for_sale(), Err(NotForSale::TooLarge));
}

#[test]
fn what_is_published_keeps_the_places_and_leaves_out_what_is_not_known() {
    let reading = Reading { kind: Some(Kind::Net), raw: vec![1, 2], ..resting("1.550", Unit::Kg) };
    assert_eq!(
        serde_json::to_value(&reading).unwrap(),
        serde_json::json!({
            "weight": {"value": "1.550", "unit": "kg"}, "kind": "net",
            "stable": true, "zero": false, "overload": false, "underload": false,
        })
    );
    let status = serde_json::to_value(Reading::default()).unwrap();
    assert!(status.get("weight").is_none(), "a status is not a weight of 0: {status}");
}

#[test]
fn the_schema_of_a_reading_knows_its_fields_but_not_the_raw_bytes() {
    let schema = serde_json::to_value(schemars::schema_for!(Reading)).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    assert!(fields.contains_key("weight") && fields.contains_key("fault"));
    assert!(!fields.contains_key("raw"));
}
