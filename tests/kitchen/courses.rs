//! Courses, times and holding.

use outletd::clock::Timestamp;
use serde_json::{Value, json};

use crate::desk::{Desk, dish, line, order, states};

fn course(id: &str, course: u8) -> Value {
    json!({"id": id, "name": "Dish", "place": "grill", "course": course})
}

fn at(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().0
}

#[tokio::test]
async fn courses_above_the_first_are_held_until_they_are_fired() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[course("1", 1), course("2", 2), course("3", 3)])).await;
    let ticket = desk.stands("grill", "A").await;
    let expected = [("1", "queued"), ("2", "held"), ("3", "held")];
    assert_eq!(states(&ticket), expected.map(|(item, state)| (item.into(), state.into())).into());
    assert!(line(&ticket, "2")["fire_at"].is_null(), "by hand: {ticket}");
    desk.send(json!({"order": "A", "fire": [2]})).await;
    let ticket = desk.ticket("grill", "A", |ticket| states(ticket)["2"] == "queued").await;
    assert_eq!(states(&ticket)["3"], "held");
    desk.send(json!({"order": "A", "items": [course("4", 2), course("5", 3)]})).await;
    let ticket = desk.ticket("grill", "A", |ticket| !line(ticket, "4").is_null()).await;
    assert_eq!((&states(&ticket)["4"], &states(&ticket)["5"]), (&"queued".to_owned(), &"held".to_owned()));
    let fired = desk.ask(json!({"op": "fire", "station": "pass", "ticket": "A", "course": 3})).await;
    assert_eq!(fired["result"], "applied");
    desk.ticket("grill", "A", |ticket| states(ticket).values().all(|state| state == "queued")).await;
    let again = desk.ask(json!({"op": "fire", "station": "pass", "ticket": "A", "course": 3})).await;
    assert_eq!(again["result"], "noop");
}

#[tokio::test]
async fn an_order_of_later_courses_alone_begins_with_its_first() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[course("2", 2), course("5", 5)])).await;
    let ticket = desk.stands("grill", "A").await;
    assert_eq!((&states(&ticket)["2"], &states(&ticket)["5"]), (&"queued".to_owned(), &"held".to_owned()));
}

#[tokio::test]
async fn together_the_quick_dish_waits_so_that_both_are_ready_at_once() {
    let mut desk = Desk::open().await;
    let mut document = order(
        "A",
        &[
            json!({"id": "steak", "name": "Steak", "place": "grill", "cooking_s": 900}),
            json!({"id": "salad", "name": "Salad", "place": "cold", "cooking_s": 300}),
            json!({"id": "cake", "name": "Cake", "place": "cold", "cooking_s": 60, "course": 2}),
        ],
    );
    document["together"] = json!(true);
    desk.send(document).await;
    let (grill, cold) = (desk.stands("grill", "A").await, desk.stands("cold", "A").await);
    assert_eq!(line(&grill, "steak")["state"], "queued");
    let salad = line(&cold, "salad");
    assert_eq!(salad["state"], "held");
    assert_eq!(at(&salad["fire_at"]) + 300_000, at(&line(&grill, "steak")["due_at"]), "ready together");
    assert!(line(&cold, "cake")["fire_at"].is_null());
    let fired = desk.ask(json!({"op": "fire", "station": "cold", "ticket": "A", "items": ["salad"]})).await;
    assert_eq!(fired["result"], "applied");
    desk.ticket("cold", "A", |ticket| line(ticket, "salad")["state"] == "queued").await;
}

#[tokio::test]
async fn what_has_a_time_is_fired_then_by_the_timer() {
    let mut desk = Desk::open().await;
    let soon = Timestamp((outletd::clock::system())().0 + 1200).to_string();
    let item = json!({"id": "1", "name": "Steak", "place": "grill", "fire_at": soon});
    let later = json!({"id": "2", "name": "Steak", "place": "grill", "fire_at": "2199-01-01T00:00:00.000Z"});
    desk.send(order("A", &[item, later])).await;
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(
        (&line(&ticket, "1")["state"], &line(&ticket, "1")["fire_at"]),
        (&json!("held"), &json!(soon))
    );
    assert_eq!(ticket["state"], "held");
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "queued").await;
    assert!(line(&ticket, "1")["fire_at"].is_null());
    let told = desk
        .until("the feed", |seen| {
            seen.told("kitchen").into_iter().find(|told| told["from"] == "held").cloned()
        })
        .await;
    assert_eq!(told["by"], "timer");
    desk.settle().await;
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap())["2"], "held");
}

#[tokio::test]
async fn a_time_survives_a_restart() {
    let mut desk = Desk::open().await;
    let soon = Timestamp((outletd::clock::system())().0 + 800).to_string();
    desk.send(order("A", &[json!({"id": "1", "name": "Steak", "place": "grill", "fire_at": soon})])).await;
    desk.stands("grill", "A").await;
    desk.restart().await;
    desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "queued").await;
}

#[tokio::test]
async fn hold_takes_what_nobody_has_begun_out_of_the_queue_until_it_is_fired() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[course("1", 0), course("2", 0)])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &["2"], "queued", "cooking").await;
    let hold = |items: Value| json!({"op": "hold", "station": "grill", "ticket": "A", "items": items});
    assert_eq!(desk.ask(hold(json!(["2"]))).await["result"], "conflict", "it is begun");
    assert_eq!(desk.ask(hold(json!(["1", "2"]))).await["result"], "conflict");
    assert_eq!(desk.ask(hold(json!(["1"]))).await["result"], "applied");
    assert_eq!(desk.ask(hold(json!(["1"]))).await["result"], "noop");
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "held").await;
    assert!(line(&ticket, "1")["due_at"].is_null() && line(&ticket, "1")["fire_at"].is_null());
    assert_eq!(desk.bump("grill", "A", &["1"], "queued", "cooking").await["result"], "conflict");
    assert_eq!(desk.bump("grill", "A", &["1"], "held", "cooking").await["result"], "invalid");
    let fire = json!({"op": "fire", "station": "grill", "ticket": "A"});
    assert_eq!(desk.ask(fire).await["result"], "applied");
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "queued").await;
    assert!(line(&ticket, "1")["due_at"].is_string());
    let held = json!({"id": "3", "name": "Later", "place": "grill", "hold": true});
    desk.send(json!({"order": "A", "items": [held]})).await;
    let ticket = desk.ticket("grill", "A", |ticket| !line(ticket, "3").is_null()).await;
    assert_eq!(line(&ticket, "3")["state"], "held");
}

#[tokio::test]
async fn an_order_past_its_time_is_overdue_first_and_told_of_once() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let mut late = order("B", &[dish("1", "Steak", "grill")]);
    late["due"] = json!(Timestamp((outletd::clock::system())().0 + 600).to_string());
    desk.send(late).await;
    assert!(desk.stands("grill", "B").await["overdue"].is_null());
    desk.ticket("grill", "B", |ticket| ticket["overdue"] == true).await;
    desk.until("first", |seen| (seen.manifests["grill"]["tickets"][0][0] == "B").then_some(())).await;
    desk.bumped("grill", "B", &[], "queued", "cooking").await;
    desk.bumped("grill", "B", &[], "cooking", "queued").await;
    desk.bumped("grill", "B", &[], "queued", "ready").await;
    desk.settle().await;
    let overdue = desk.seen.notices("B").into_iter().filter(|notice| notice == "overdue").count();
    assert_eq!(overdue, 1);
    assert!(!desk.seen.notices("A").contains(&"overdue".to_owned()));
}
