//! What a line says.

use std::collections::BTreeSet;

use outletd::clock::Timestamp;
use serde_json::{Value, json};

use crate::desk::{Desk, dish, items, line, order};

fn seconds(later: &Value, earlier: &Value) -> i64 {
    let at = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap().0;
    (at(later) - at(earlier)) / 1000
}

#[tokio::test]
async fn r15_each_station_of_a_mix_shows_all_of_it_with_the_places() {
    let mut desk = Desk::open().await;
    let wanted = [
        json!({"id": "1", "name": "Cheesecake", "place": "cold", "mix": "set"}),
        json!({"id": "2", "name": "Fried apple", "place": "fry", "mix": "set"}),
        dish("3", "Steak", "grill"),
    ];
    desk.send(order("A", &wanted)).await;
    let cold = desk.stands("cold", "A").await;
    assert_eq!(
        line(&cold, "1")["with"],
        json!([{"name": "FRIED APPLE", "station": "fry", "name_of_station": "Fry"}])
    );
    let fry = desk.stands("fry", "A").await;
    assert_eq!(line(&fry, "2")["with"][0]["name_of_station"], "Cold kitchen");
    assert!(line(&desk.stands("grill", "A").await, "3")["with"].as_array().is_none_or(Vec::is_empty));
}

#[tokio::test]
async fn r17_r18_a_modifier_stands_with_its_dish_and_a_separate_one_alone_without_naming_it() {
    let mut desk = Desk::open().await;
    let item = json!({"id": "1", "name": "Steak", "place": "grill", "modifiers": [
        {"name": "Pepper"},
        {"name": "Garlic sauce", "separate": true, "place": "cold", "cooking_s": 60},
        {"name": "Bread", "quantity": "0", "separate": true, "place": "cold"},
        {"name": "Salad", "id": "side", "separate": true, "stations": ["cold", "fry"], "quantity": "2"},
    ]});
    desk.send(order("A", &[item])).await;
    let grill = desk.stands("grill", "A").await;
    assert_eq!(line(&grill, "1")["modifiers"], json!([{"name": "PEPPER", "quantity": "1"}]));
    let cold = desk.stands("cold", "A").await;
    assert_eq!(items(&cold), ["1-2".to_owned(), "side".to_owned()].into());
    assert_eq!(
        (&line(&cold, "side")["quantity"], &line(&cold, "1-2")["quantity"]),
        (&json!("2"), &json!("1"))
    );
    assert!(!cold.to_string().contains("STEAK"), "{cold}");
    assert_eq!(items(&desk.stands("fry", "A").await), ["side".to_owned()].into());
}

#[tokio::test]
async fn r20_what_is_hidden_at_its_default_is_not_there_and_refused_it_shows_a_zero() {
    let mut desk = Desk::open().await;
    let hidden = |name: &str, quantity: &str, default: &str| json!({"name": name, "quantity": quantity, "default": default, "hide_at_default": true});
    let item = json!({"id": "1", "name": "Pizza", "place": "grill", "modifiers": [
        hidden("Basil", "1", "1"), hidden("Onion", "0", "1"), hidden("Olive", "2", "1.0"),
        hidden("Salt", "1.0", "1"), hidden("Chili", "0", "0"),
        {"name": "Oil", "quantity": "1", "default": "1"}, {"name": "Egg", "quantity": "0"},
    ]});
    desk.send(order("A", &[item])).await;
    let ticket = desk.stands("grill", "A").await;
    let shown = line(&ticket, "1")["modifiers"].as_array().unwrap().clone();
    let shown: Vec<(&str, &str)> =
        shown.iter().map(|m| (m["name"].as_str().unwrap(), m["quantity"].as_str().unwrap())).collect();
    assert_eq!(shown, [("ONION", "0"), ("OLIVE", "2"), ("OIL", "1"), ("EGG", "0")]);
}

#[tokio::test]
async fn r24_r25_names_and_sizes_are_the_kitchens_and_in_capitals() {
    let mut desk = Desk::open().await;
    let wanted = [
        json!({"id": "1", "name": "Pizza Margherita", "kitchen_name": "P margar", "place": "grill",
            "size": {"name": "Large", "kitchen_name": "lar"}}),
        json!({"id": "2", "name": "суп дня", "place": "grill", "size": {"name": "мала́я"}}),
        json!({"id": "3", "name": "Ciorbă țărănească", "place": "grill"}),
    ];
    desk.send(order("A", &wanted)).await;
    let ticket = desk.stands("grill", "A").await;
    let name = |item: &str| line(&ticket, item)["name"].as_str().unwrap().to_owned();
    assert_eq!((name("1").as_str(), &line(&ticket, "1")["size"]), ("P MARGAR", &json!("LAR")));
    assert_eq!((name("2").as_str(), &line(&ticket, "2")["size"]), ("СУП ДНЯ", &json!("МАЛА́Я")));
    assert_eq!(name("3"), "CIORBĂ ȚĂRĂNEASCĂ");
}

#[tokio::test]
async fn r26_allergens_notes_seats_and_units_stand_on_the_line() {
    let mut desk = Desk::open().await;
    let item = json!({"id": "1", "name": "Cod", "place": "grill", "allergens": ["fish", "milk"],
        "note": "no salt\nat all", "seat": 3, "quantity": "0.350", "unit": "kg"});
    desk.send(json!({"order": "A", "note": "birthday", "guest": "Ion", "guests": 4, "type": "delivery",
        "items": [item]}))
        .await;
    let ticket = desk.stands("grill", "A").await;
    let line = line(&ticket, "1");
    assert_eq!(line["allergens"], json!(["fish", "milk"]));
    assert_eq!((&line["note"], &line["seat"]), (&json!("no salt\nat all"), &json!(3)));
    assert_eq!((&line["quantity"], &line["unit"]), (&json!("0.35"), &json!("kg")));
    assert_eq!((&ticket["note"], &ticket["guest"]), (&json!("birthday"), &json!("Ion")));
    assert_eq!((&ticket["guests"], &ticket["type"]), (&json!(4), &json!("delivery")));
    assert_eq!(ticket["number"], "A", "the id's end");
}

#[tokio::test]
async fn r29_r30_the_course_is_the_first_and_the_cooking_time_the_stations_where_none_is_given() {
    let mut desk = Desk::open().await;
    let wanted = [
        dish("1", "Steak", "grill"),
        json!({"id": "2", "name": "Roll", "place": "grill", "cooking_s": 45}),
        dish("3", "Salad", "cold"),
    ];
    desk.send(order("A", &wanted)).await;
    let (grill, cold) = (desk.stands("grill", "A").await, desk.stands("cold", "A").await);
    let time = |line: &Value| seconds(&line["due_at"], &line["since"]);
    assert_eq!((time(line(&grill, "1")), time(line(&grill, "2")), time(line(&cold, "3"))), (600, 45, 300));
    assert_eq!(line(&grill, "1")["course"], 0);
}

#[tokio::test]
async fn r33_modifiers_of_a_half_stand_with_it_and_those_of_the_dough_with_the_whole() {
    let mut desk = Desk::open().await;
    let item = json!({"id": "1", "name": "Pizza", "place": "grill", "modifiers": [{"name": "Thin"}], "halves": [
        {"name": "Margherita", "kitchen_name": "Margar", "modifiers": [{"name": "Olive", "quantity": "2"}]},
        {"name": "Diavola", "modifiers": [{"name": "Chili", "quantity": "0"}]},
    ]});
    desk.send(order("A", &[item])).await;
    let ticket = desk.stands("grill", "A").await;
    let line = line(&ticket, "1");
    assert_eq!(line["modifiers"], json!([{"name": "THIN", "quantity": "1"}]));
    assert_eq!(
        line["halves"],
        json!([
            {"name": "MARGAR", "modifiers": [{"name": "OLIVE", "quantity": "2"}]},
            {"name": "DIAVOLA", "modifiers": [{"name": "CHILI", "quantity": "0"}]},
        ])
    );
}

#[tokio::test]
async fn two_hundred_modifiers_and_a_name_of_five_hundred_characters_are_shown_whole() {
    let mut desk = Desk::open().await;
    let modifiers: Vec<Value> = (0..200).map(|n| json!({"name": format!("Extra {n}")})).collect();
    let long = "Ж".repeat(500);
    let item = json!({"id": "1", "name": long, "place": "grill", "modifiers": modifiers});
    desk.send(order("A", std::slice::from_ref(&item))).await;
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(line(&ticket, "1")["name"].as_str().unwrap().chars().count(), 500);
    let names: BTreeSet<String> = line(&ticket, "1")["modifiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|modifier| modifier["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 200);
    let mut longer = item.clone();
    longer["name"] = json!("Ж".repeat(501));
    let error = desk.refused(order("B", &[longer])).await;
    assert!(error["message"].as_str().unwrap().contains("items[0].name"), "{error}");
    let mut more = item;
    more["modifiers"].as_array_mut().unwrap().push(json!({"name": "one too many"}));
    let error = desk.refused(order("B", &[more])).await;
    assert!(error["message"].as_str().unwrap().contains("items[0].modifiers"), "{error}");
}

#[tokio::test]
async fn right_to_left_text_pictographs_and_markup_are_text_and_stay_as_they_are() {
    let mut desk = Desk::open().await;
    let names = ["مرحبا بالعالم", "🍕👨‍👩‍👧", "<IMG SRC=X ONERROR=ALERT(1)>", "{{7*7}} ${X} %S"];
    let wanted: Vec<Value> =
        names.iter().enumerate().map(|(n, name)| dish(&n.to_string(), name, "grill")).collect();
    let mut document = order("A", &wanted);
    document["note"] = json!("<script>alert('x')</script>");
    document["guest"] = json!("O'Neil \"& co\"");
    desk.send(document).await;
    let ticket = desk.stands("grill", "A").await;
    for (n, name) in names.iter().enumerate() {
        assert_eq!(line(&ticket, &n.to_string())["name"], *name);
    }
    assert_eq!(ticket["note"], "<script>alert('x')</script>");
    assert_eq!(ticket["guest"], "O'Neil \"& co\"");
}

#[tokio::test]
async fn an_unknown_field_a_control_character_and_a_wrong_time_are_refused_with_their_place() {
    let mut desk = Desk::open().await;
    for (item, place) in [
        (json!({"id": "1", "name": "Soup", "plate": "grill"}), "items[0]"),
        (json!({"id": "1", "name": "So\u{7}up", "place": "grill"}), "items[0].name"),
        (json!({"id": "1", "name": "Soup", "place": "grill", "fire_at": "tomorrow"}), "items[0].fire_at"),
    ] {
        let error = desk.refused(order("A", &[item])).await;
        assert!(error["message"].as_str().unwrap().contains(place), "{place}: {error}");
    }
}
