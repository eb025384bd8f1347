//! The order document: every bound, and every error names its place.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use outlet_protocols::ticket::{Order, Quantity};
use serde_json::{Value, json};

fn order() -> Value {
    json!({"order": "A", "items": [{"id": "1", "name": "Soup"}]})
}

/// An order whose only item has one more field.
fn with(field: &str, value: Value) -> Value {
    let mut order = order();
    order["items"][0][field] = value;
    order
}

/// An order with one more field.
fn headed(field: &str, value: Value) -> Value {
    let mut order = order();
    order[field] = value;
    order
}

/// An order whose item has a modifier with one more field.
fn modified(field: &str, value: Value) -> Value {
    let mut modifier = json!({"name": "Salt"});
    modifier[field] = value;
    with("modifiers", json!([modifier]))
}

fn taken(document: &Value) -> Order {
    Order::parse(document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

fn refused(document: &Value, at: &str) -> String {
    match Order::parse(document) {
        Err(error) => {
            assert_eq!(error.at, at, "{error}");
            assert!(!error.problem.is_empty());
            error.to_string()
        }
        Ok(order) => panic!("{at}: taken: {order:?}"),
    }
}

fn long(count: usize) -> Value {
    json!("Ж".repeat(count))
}

#[test]
fn texts_are_as_long_as_they_may_be_and_no_longer() {
    for (field, most) in [("number", 16), ("table", 64), ("waiter", 64), ("guest", 64), ("note", 1000)] {
        taken(&headed(field, long(most)));
        refused(&headed(field, long(most + 1)), field);
        refused(&headed(field, json!("  ")), field);
        refused(&headed(field, json!("a\u{0}b")), field);
    }
    for (field, most) in
        [("name", 500), ("kitchen_name", 500), ("unit", 8), ("place", 64), ("mix", 64), ("note", 1000)]
    {
        taken(&with(field, long(most)));
        refused(&with(field, long(most + 1)), &format!("items[0].{field}"));
        refused(&with(field, json!("")), &format!("items[0].{field}"));
    }
    for (field, most) in [("name", 64), ("kitchen_name", 64)] {
        let mut size = json!({"name": "L"});
        size[field] = long(most);
        taken(&with("size", size.clone()));
        size[field] = long(most + 1);
        refused(&with("size", size), &format!("items[0].size.{field}"));
    }
    for (field, most) in [("name", 500), ("kitchen_name", 500)] {
        taken(&modified(field, long(most)));
        refused(&modified(field, long(most + 1)), &format!("items[0].modifiers[0].{field}"));
    }
}

#[test]
fn line_breaks_in_notes_are_welcome_and_right_to_left_pictographs_and_markup_are_text() {
    for text in ["a\nb", "مرحبا", "👨‍👩‍👧 🍕", "<script>alert(1)</script>", "\u{202e}abc"]
    {
        let order = taken(&with("note", json!(text)));
        assert_eq!(order.items[0].note.as_deref(), Some(text));
    }
}

#[test]
fn ids_are_letters_digits_and_dashes() {
    for id in ["A", "a-1", &"x".repeat(64)] {
        taken(&headed("order", json!(id)));
        taken(&with("id", json!(id)));
    }
    for id in ["", "a b", "a/b", "ä", "+", "#", &"x".repeat(65)] {
        refused(&headed("order", json!(id)), "order");
        refused(&with("id", json!(id)), "items[0].id");
        refused(&json!({"order": "A", "voids": [{"item": id}]}), "voids[0].item");
        refused(&json!({"order": "A", "take": [{"order": id, "item": "1"}]}), "take[0].order");
        refused(&json!({"order": "A", "take": [{"order": "B", "item": id}]}), "take[0].item");
        refused(&json!({"order": "A", "take": [{"order": "B", "item": "1", "as": id}]}), "take[0].as");
        let mut separate = modified("separate", json!(true));
        separate["items"][0]["modifiers"][0]["id"] = json!(id);
        refused(&separate, "items[0].modifiers[0].id");
    }
}

#[test]
fn numbers_have_bounds() {
    for (field, good, bad) in [
        ("course", [0, 99], [100, 255]),
        ("cooking_s", [0, 86_400], [86_401, 4_000_000_000]),
        ("seat", [1, 999], [0, 1000]),
    ] {
        for value in good {
            taken(&with(field, json!(value)));
        }
        for value in bad {
            let value: u64 = value;
            refused(&with(field, json!(value)), &format!("items[0].{field}"));
        }
        refused(&with(field, json!(-1)), &format!("items[0].{field}"));
        refused(&with(field, json!("1")), &format!("items[0].{field}"));
    }
    for guests in [1, 999] {
        taken(&headed("guests", json!(guests)));
    }
    for guests in [0, 1000, 70_000] {
        refused(&headed("guests", json!(guests)), "guests");
    }
    taken(&headed("fire", json!([0, 99])));
    assert!(Order::parse(&headed("fire", json!([100]))).unwrap_err().at.starts_with("fire"));
}

#[test]
fn quantities_are_decimals_in_strings() {
    for good in ["1", "0.001", "99999.999", "2.50", "3.0000"] {
        taken(&with("quantity", json!(good)));
    }
    for bad in ["-1", "1e3", "", "a", "1,5", "+1", " 1", "0.0001", "100000", "1.2.3", "١"] {
        refused(&with("quantity", json!(bad)), "items[0].quantity");
    }
    refused(&with("quantity", json!(2)), "items[0].quantity");
    refused(&with("quantity", json!("0")), "items[0].quantity");
    refused(&with("quantity", json!("0.000")), "items[0].quantity");
    taken(&modified("quantity", json!("0")));
    refused(&json!({"order": "A", "voids": [{"item": "1", "quantity": "0"}]}), "voids[0].quantity");
    assert_eq!("2.50".parse::<Quantity>().unwrap().to_string(), "2.5");
    assert_eq!("2".parse::<Quantity>().unwrap(), "2.0".parse().unwrap());
}

#[test]
fn lists_have_bounds() {
    let many = |count: usize, one: &dyn Fn(usize) -> Value| -> Value { (0..count).map(one).collect() };
    let item = |n: usize| json!({"id": n.to_string(), "name": "Soup"});
    taken(&headed("items", many(200, &item)));
    refused(&headed("items", many(201, &item)), "items");
    let void = |n: usize| json!({"item": n.to_string()});
    taken(&headed("voids", many(200, &void)));
    refused(&headed("voids", many(201, &void)), "voids");
    let take = |n: usize| json!({"order": "B", "item": n.to_string(), "as": format!("t{n}")});
    taken(&headed("take", many(200, &take)));
    refused(&headed("take", many(201, &take)), "take");
    let modifier = |n: usize| json!({"name": format!("Extra {n}")});
    taken(&with("modifiers", many(200, &modifier)));
    refused(&with("modifiers", many(201, &modifier)), "items[0].modifiers");
    let allergen = |n: usize| json!(format!("allergen {n}"));
    taken(&with("allergens", many(50, &allergen)));
    refused(&with("allergens", many(51, &allergen)), "items[0].allergens");
    refused(&with("allergens", json!(["milk", long(65)])), "items[0].allergens[1]");
    let station = |n: usize| json!(format!("s{n}"));
    taken(&with("stations", many(16, &station)));
    refused(&with("stations", many(17, &station)), "items[0].stations");
    let half = |n: usize| json!({"name": format!("Half {n}")});
    for good in [0, 2, 4] {
        taken(&with("halves", many(good, &half)));
    }
    for bad in [1, 5] {
        refused(&with("halves", many(bad, &half)), "items[0].halves");
    }
    let mut halves = with("halves", many(2, &half));
    halves["items"][0]["halves"][1]["modifiers"] = many(201, &modifier);
    refused(&halves, "items[0].halves[1].modifiers");
    halves["items"][0]["halves"][1]["modifiers"] = json!([{"name": ""}]);
    refused(&halves, "items[0].halves[1].modifiers[0].name");
}

#[test]
fn fields_of_separate_modifiers_are_for_those_alone() {
    for (field, value) in [
        ("id", json!("x")),
        ("place", json!("cold")),
        ("stations", json!(["cold"])),
        ("cooking_s", json!(60)),
    ] {
        refused(&modified(field, value.clone()), &format!("items[0].modifiers[0].{field}"));
        let mut separate = modified(field, value);
        separate["items"][0]["modifiers"][0]["separate"] = json!(true);
        taken(&separate);
    }
    let half = json!([{"name": "a", "modifiers": [{"name": "Sauce", "separate": true}]}, {"name": "b"}]);
    refused(&with("halves", half), "items[0].halves[0].modifiers[0].separate");
    refused(&modified("hide_at_default", json!(true)), "items[0].modifiers[0].hide_at_default");
}

#[test]
fn two_items_can_not_have_one_id_separate_modifiers_included() {
    let twice = json!({"order": "A", "items": [{"id": "1", "name": "Soup"}, {"id": "1", "name": "Tea"}]});
    refused(&twice, "items[1].id");
    let separate = json!({"order": "A", "items": [
        {"id": "1", "name": "Soup", "modifiers": [{"name": "Bread", "separate": true}]},
        {"id": "1-1", "name": "Tea"}]});
    refused(&separate, "items[1].id");
}

#[test]
fn an_unknown_field_is_named_with_its_place() {
    for (document, at, word) in [
        (headed("tabel", json!("12")), "", "tabel"),
        (with("plate", json!(1)), "items[0]", "plate"),
        (modified("colour", json!(1)), "items[0].modifiers[0]", "colour"),
        (with("size", json!({"name": "L", "x": 1})), "items[0].size", "x"),
        (headed("voids", json!([{"item": "1", "why": "x"}])), "voids[0]", "why"),
        (headed("type", json!("drive-in")), "type", "drive-in"),
        (json!({"order": "A", "cancel": {"why": "x"}}), "cancel", "why"),
    ] {
        let error = Order::parse(&document).unwrap_err().to_string();
        assert!(error.contains(at) && error.contains(word), "{at} {word}: {error}");
    }
    for document in [json!(null), json!([]), json!("A"), json!({}), json!({"items": []})] {
        assert!(Order::parse(&document).is_err(), "{document}");
    }
}

#[test]
fn an_order_asks_for_something_and_cancels_nothing_that_it_adds() {
    refused(&json!({"order": "A"}), "");
    refused(&json!({"order": "A", "items": [], "fire": []}), "");
    for some in [json!({"note": "x"}), json!({"rush": true}), json!({"fire": [1]}), json!({"cancel": {}})] {
        let mut document = json!({"order": "A"});
        document.as_object_mut().unwrap().extend(some.as_object().unwrap().clone());
        taken(&document);
    }
    refused(&headed("cancel", json!({})), "cancel");
    refused(&json!({"order": "A", "fire": [1], "cancel": {}}), "cancel");
    refused(&json!({"order": "A", "cancel": {"reason": "x".repeat(201)}}), "cancel.reason");
    refused(&json!({"order": "A", "cancel": {"by": "x".repeat(65)}}), "cancel.by");
    refused(&json!({"order": "A", "take": [{"order": "A", "item": "1"}]}), "take[0].order");
    refused(&json!({"order": "A", "voids": [{"item": "1", "reason": "x".repeat(201)}]}), "voids[0].reason");
    refused(&json!({"order": "A", "voids": [{"item": "1", "by": "x".repeat(65)}]}), "voids[0].by");
}

#[test]
fn what_is_read_is_written_the_same() {
    let full = json!({"order": "A", "number": "1", "type": "delivery", "guests": 2, "together": true,
        "items": [{"id": "1", "name": "Pizza", "quantity": "0.5", "unit": "kg", "halves": [
            {"name": "a", "modifiers": [{"name": "x", "quantity": "0"}]}, {"name": "b"}],
            "modifiers": [{"name": "s", "separate": true, "id": "m", "place": "cold"}]}],
        "voids": [{"item": "2", "quantity": "1"}], "take": [{"order": "B", "item": "1", "as": "b1"}], "fire": [2]});
    let order = taken(&full);
    let written = serde_json::to_value(&order).unwrap();
    assert_eq!(written, full);
    assert_eq!(taken(&written), order);
}
