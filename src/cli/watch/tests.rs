use serde_json::json;

use super::text::reading;
use crate::cli::screen::Paint;

fn shown(value: serde_json::Value) -> String {
    let mut value = value;
    value["at"] = json!("2026-05-01T18:42:07.402Z");
    let line = reading(&value, Paint::OFF);
    let (time, said) = line.split_once("  ").unwrap();
    assert!(time.ends_with(":07.402"), "{line}");
    said.trim_start().to_owned()
}

#[test]
fn a_weight_is_shown_as_the_scale_shows_it() {
    let weight = json!({"value": "1.550", "unit": "kg"});
    let tare = json!({"value": "0.020", "unit": "kg"});
    let net = json!({"type": "weight", "weight": weight, "kind": "net", "tare": tare, "stable": true});
    assert_eq!(shown(net), "1.550 kg  net  tare 0.020 kg  stable");
    let moving = json!({"type": "weight", "weight": weight, "stable": false, "zero": false});
    assert_eq!(shown(moving), "1.550 kg  moving");
    let empty =
        json!({"type": "weight", "weight": {"value": "0.000", "unit": "kg"}, "zero": true, "stable": true});
    assert_eq!(shown(empty), "0.000 kg  zero  stable");
}

#[test]
fn a_status_without_a_weight_is_no_zero() {
    assert_eq!(shown(json!({"type": "weight", "stable": false})), "no weight  moving");
    assert_eq!(shown(json!({"type": "weight", "stable": true, "overload": true})), "overload");
    let fault = json!({"type": "weight", "stable": false, "fault": "the load cell"});
    assert_eq!(shown(fault), "the scale is at fault: the load cell");
}

#[test]
fn cards_tags_and_codes_are_one_line_each() {
    let card = json!({"type": "card", "kind": "bank", "masked": "411111******1111"});
    assert_eq!(shown(card), "bank card 411111******1111");
    let tag = json!({"type": "tag", "present": true, "technology": "Mifare", "uid": "24548AAC"});
    assert_eq!(shown(tag), "Mifare 24548AAC present");
    assert_eq!(shown(json!({"type": "tag", "present": false})), "taken away");
    let code = json!({"type": "code", "symbology": "ean-13", "text": "4600051000057", "meaning": {"type": "product"}});
    assert_eq!(shown(code), "ean-13 4600051000057  product");
    let item = json!({"type": "item", "code": "12345", "quantity": {"kind": "weight", "value": "1.550", "unit": "kg"}});
    let code = json!({"type": "code", "symbology": "ean-13", "text": "2012345015500", "meaning": item});
    assert_eq!(shown(code), "ean-13 2012345015500  item 12345 1.550 kg");
    let wrong = json!({"type": "wrong", "message": "the check digit is 1, not 0"});
    let code = json!({"type": "code", "text": "2012345015501", "meaning": wrong});
    assert_eq!(shown(code), "2012345015501  the check digit is 1, not 0");
    let evil = json!({"type": "unusable", "code": "unreadable", "message": "\u{1b}[2J"});
    assert_eq!(shown(evil), "unreadable: \u{241b}[2J");
}
