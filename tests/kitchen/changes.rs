//! What later jobs do to an order.

use outletd::bus::contract::State;
use serde_json::{Value, json};

use crate::desk::{Desk, dish, line, order, states};

async fn two_courses_of_work(desk: &mut Desk) -> crate::desk::Screen {
    let screen = desk.screen("grill", "kitchen", &["grill"]).await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
    screen
}

#[tokio::test]
async fn an_add_on_stands_in_its_own_round_and_cooks_nothing_again() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "cooking").await;
    desk.bumped("grill", "A", &[], "cooking", "ready").await;
    desk.gone("grill", "A").await;
    desk.send(json!({"order": "A", "items": [dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")]}))
        .await;
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(states(&ticket), [("1".into(), "ready".into()), ("2".into(), "queued".into())].into());
    assert_eq!((&line(&ticket, "1")["round"], &line(&ticket, "2")["round"]), (&json!(1), &json!(2)));
    assert_eq!(
        (&ticket["table"], &ticket["waiter"]),
        (&json!("12"), &json!("Anna")),
        "left out, so as they were"
    );
    assert_eq!(desk.seen.path("A", "1"), ["grill:->queued", "grill:queued>cooking", "grill:cooking>ready"]);
}

#[tokio::test]
async fn the_same_order_sent_again_under_another_id_is_nothing() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let ver = desk.stands("grill", "A").await["ver"].clone();
    let again = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let done = desk.job(&again, State::Succeeded).await;
    assert_eq!(
        (&done["confidence"], &done["result"]["stations"]),
        (&json!("confirmed"), &json!({})),
        "{done}"
    );
    assert_eq!(desk.seen.ticket("grill", "A").unwrap()["lines"].as_array().unwrap().len(), 1);
    let answer = desk.bump("grill", "A", &[], "queued", "cooking").await;
    assert!(answer["ver"].as_u64() > ver.as_u64());
    desk.until("the feed", |seen| {
        (seen.path("A", "1") == ["grill:->queued", "grill:queued>cooking"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_changed_item_is_marked_with_what_it_was_until_it_is_acknowledged() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[json!({"id": "1", "name": "Steak", "place": "grill", "quantity": "2"})])).await;
    desk.stands("grill", "A").await;
    let job = desk
        .send(json!({"order": "A", "items": [{"id": "1", "name": "Steak", "place": "grill", "quantity": "3",
            "note": "rare"}]}))
        .await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["changed"] == true).await;
    let now = line(&ticket, "1");
    assert_eq!((&now["quantity"], &now["was"]["quantity"]), (&json!("3"), &json!("2")));
    assert!(now["was"]["name"].is_null() && now["ver"] == ticket["ver"], "{now}");
    assert_eq!(now["state"], "queued");
    let ver = ticket["ver"].as_u64().unwrap();
    assert!(!desk.seen.is_begun(&job), "nobody has seen it");
    // Changed again before anybody has acknowledged it: it says what the cook knows, and is to be seen again.
    let second = desk
        .send(json!({"order": "A", "items": [{"id": "1", "name": "Steak", "place": "grill", "quantity": "5",
            "note": "rare"}]}))
        .await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["quantity"] == "5").await;
    assert_eq!(line(&ticket, "1")["was"]["quantity"], "2");
    assert!(line(&ticket, "1")["ver"].as_u64() > Some(ver), "{ticket}");
    desk.settle().await;
    assert!(!desk.seen.is_begun(&second), "nobody has seen it");
    let done =
        desk.ask(json!({"op": "acknowledge", "station": "grill", "ticket": "A", "items": ["1"]})).await;
    assert_eq!(done["result"], "applied");
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["changed"].is_null()).await;
    assert!(line(&ticket, "1")["was"].is_null());
    let again = desk.ask(json!({"op": "acknowledge", "station": "grill", "ticket": "A"})).await;
    assert_eq!(again["result"], "noop");
}

#[tokio::test]
async fn what_is_ready_is_not_changed_any_more_and_the_result_says_so() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &["1"], "queued", "ready").await;
    let change = json!({"order": "A", "items": [
        {"id": "1", "name": "Steak", "place": "grill", "quantity": "9"}]});
    let job = desk.send(change).await;
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["result"]["too_late"], json!(["1"]), "{done}");
    assert_eq!(line(desk.seen.ticket("grill", "A").unwrap(), "1")["quantity"], "1");
    desk.bumped("pass", "A", &["1"], "ready", "served").await;
    let job = desk.send(json!({"order": "A", "voids": [{"item": "1"}, {"item": "none"}]})).await;
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["result"]["too_late"], json!(["1", "none"]), "{done}");
}

#[tokio::test]
async fn a_void_strikes_what_was_seen_until_it_is_acknowledged() {
    let mut desk = Desk::open().await;
    let mut screen = two_courses_of_work(&mut desk).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    screen.shows("grill", "A", ver).await;
    desk.send(json!({"order": "A", "voids": [{"item": "2", "reason": "too salty", "by": "Anna"}]})).await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "2")["state"] == "voided").await;
    let void = &line(&ticket, "2")["void"];
    assert_eq!((&void["reason"], &void["by"]), (&json!("too salty"), &json!("Anna")));
    assert!(void["at"].is_string());
    let served = desk.bump("grill", "A", &["2"], "queued", "cooking").await;
    assert_eq!(served["result"], "conflict", "{served}");
    let done =
        screen.ask(json!({"op": "acknowledge", "station": "grill", "ticket": "A", "items": ["2"]})).await;
    assert_eq!(done["result"], "applied", "{done}");
    let ticket = desk.ticket("grill", "A", |ticket| ticket["ver"] == done["ver"]).await;
    assert!(line(&ticket, "2").is_null(), "it is seen, and gone: {ticket}");
    let told = desk.seen.told("kitchen").into_iter().find(|entry| entry["to"] == "voided").unwrap();
    assert_eq!((&told["reason"], &told["job"]), (&json!("too salty"), &json!("J2")));
}

#[tokio::test]
async fn a_void_of_what_no_screen_has_shown_vanishes() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.send(json!({"order": "A", "voids": [{"item": "1"}]})).await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1").is_null()).await;
    assert_eq!(states(&ticket).len(), 1);
    desk.send(json!({"order": "A", "voids": [{"item": "2"}]})).await;
    for station in ["grill", "pass", "hall"] {
        desk.gone(station, "A").await;
    }
}

#[tokio::test]
async fn a_part_of_the_quantity_is_voided_as_a_change() {
    let mut desk = Desk::open().await;
    let mut screen = desk.screen("grill", "kitchen", &["grill"]).await;
    desk.send(order("A", &[json!({"id": "1", "name": "Beer", "place": "grill", "quantity": "3"})])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    screen.shows("grill", "A", ver).await;
    let void = |quantity: &str| json!({"order": "A", "voids": [{"item": "1", "quantity": quantity, "reason": "less"}]});
    desk.send(void("1")).await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "1")["quantity"] == "2").await;
    assert_eq!(
        (&line(&ticket, "1")["changed"], &line(&ticket, "1")["was"]["quantity"]),
        (&json!(true), &json!("3"))
    );
    desk.send(void("2")).await;
    desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "voided").await;
}

#[tokio::test]
async fn a_separate_modifier_goes_with_the_dish_and_when_the_change_has_it_no_more() {
    let mut desk = Desk::open().await;
    let with = |modifiers: Value| {
        json!({"order": "A", "items": [
        {"id": "1", "name": "Steak", "place": "grill", "modifiers": modifiers}]})
    };
    let sauce = json!([{"name": "Sauce", "separate": true, "place": "cold"}]);
    desk.send(with(sauce.clone())).await;
    desk.stands("cold", "A").await;
    desk.send(with(json!([]))).await;
    desk.gone("cold", "A").await;
    assert!(
        line(desk.seen.ticket("grill", "A").unwrap(), "1")["changed"].is_null(),
        "the dish reads as before"
    );
    desk.send(json!({"order": "B", "items": [
        {"id": "1", "name": "Steak", "place": "grill", "modifiers": sauce}]}))
        .await;
    desk.stands("cold", "B").await;
    desk.send(json!({"order": "B", "voids": [{"item": "1"}]})).await;
    desk.gone("cold", "B").await;
    desk.gone("grill", "B").await;
}

#[tokio::test]
async fn a_cancelled_order_leaves_every_station_once_it_is_acknowledged() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let mut pass = desk.screen("pass", "expediter", &["pass"]).await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Salad", "cold")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    desk.send(json!({"order": "A", "cancel": {"reason": "left", "by": "Anna"}})).await;
    desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "voided").await;
    desk.gone("cold", "A").await;
    desk.gone("hall", "A").await;
    assert_eq!(
        grill.ask(json!({"op": "acknowledge", "station": "grill", "ticket": "A"})).await["result"],
        "applied"
    );
    desk.gone("grill", "A").await;
    assert_eq!(
        pass.ask(json!({"op": "acknowledge", "station": "pass", "ticket": "A"})).await["result"],
        "applied"
    );
    desk.gone("pass", "A").await;
}

#[tokio::test]
async fn items_taken_by_another_bill_keep_their_states() {
    let mut desk = Desk::open().await;
    desk.send(order(
        "A",
        &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill"), dish("3", "Soup", "cold")],
    ))
    .await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    desk.bumped("cold", "A", &["3"], "queued", "ready").await;
    let split = json!({"order": "B", "number": "B", "take": [{"order": "A", "item": "1"},
        {"order": "A", "item": "3", "as": "soup"}]});
    desk.send(split).await;
    let ticket = desk.stands("grill", "B").await;
    assert_eq!(states(&ticket), [("1".into(), "cooking".into())].into());
    desk.ticket("grill", "A", |ticket| line(ticket, "1").is_null()).await;
    let whole = desk.stands("pass", "B").await;
    assert_eq!(states(&whole)["soup"], "ready");
    desk.send(json!({"order": "A", "take": [{"order": "B", "item": "1"}, {"order": "B", "item": "soup"}]}))
        .await;
    desk.gone("grill", "B").await;
    desk.gone("pass", "B").await;
    let ticket = desk.ticket("grill", "A", |ticket| !line(ticket, "1").is_null()).await;
    assert_eq!(states(&ticket)["1"], "cooking");
    let queued = desk.seen.path("A", "1").into_iter().filter(|step| step.ends_with(">queued")).count();
    assert_eq!(queued, 1, "cooked once");
}

#[tokio::test]
async fn what_is_not_there_can_not_be_taken_and_nothing_else_of_the_job_is_done() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let job = desk
        .send(json!({"order": "B", "items": [dish("9", "Soup", "cold")],
            "take": [{"order": "A", "item": "1"}, {"order": "A", "item": "nope"}]}))
        .await;
    let failed = desk.job(&job, State::Failed).await;
    assert!(failed["error"]["message"].as_str().unwrap().contains("nope"), "{failed}");
    desk.settle().await;
    assert!(desk.seen.ticket("cold", "B").is_none());
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap()).len(), 1);
    let twice =
        json!({"order": "C", "take": [{"order": "A", "item": "1"}, {"order": "A", "item": "1", "as": "2"}]});
    let job = desk.send(twice).await;
    desk.until("an end", |seen| {
        seen.jobs.get(&job).filter(|job| job["state"] == "failed" || job["state"] == "rejected").cloned()
    })
    .await;
    desk.settle().await;
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap()).len(), 1, "one item can't go twice");
}

#[tokio::test]
async fn a_taken_item_outlives_the_deadline_of_the_job_that_took_it() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let job = json!({"id": "take", "kind": "ticket", "ttl_s": 1, "document": {
        "order": "B", "items": [dish("9", "Soup", "cold")], "take": [{"order": "A", "item": "1"}]}});
    desk.send_job("grill", job).await;
    desk.stands("grill", "B").await;
    desk.job("take", State::Expired).await;
    desk.gone("cold", "B").await;
    desk.settle().await;
    assert_eq!(
        states(desk.seen.ticket("grill", "B").unwrap())["1"],
        "queued",
        "changes are never taken back"
    );
}

#[tokio::test]
async fn an_order_is_closed_when_all_is_served_and_an_add_on_opens_it() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.stands("pass", "A").await;
    desk.bumped("pass", "A", &[], "ready", "served").await;
    desk.gone("pass", "A").await;
    desk.gone("hall", "A").await;
    desk.send(json!({"order": "A", "items": [dish("2", "Ribs", "grill")]})).await;
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(states(&ticket)["1"], "served");
    desk.stands("hall", "A").await;
}

#[tokio::test]
async fn served_after_cancelled_and_cancelled_after_served_both_keep_what_came_first() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.send(json!({"order": "A", "cancel": {"reason": "left"}})).await;
    desk.ticket("pass", "A", |ticket| ticket["lines"][0]["state"] == "voided").await;
    for items in [&["1"][..], &[]] {
        let answer = desk.bump("pass", "A", items, "ready", "served").await;
        assert!(matches!(answer["result"].as_str(), Some("conflict" | "noop")), "{answer}");
    }
    assert_eq!(desk.seen.path("A", "1").last().unwrap(), "grill:ready>voided");

    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    desk.bumped("grill", "B", &[], "queued", "ready").await;
    desk.bumped("pass", "B", &[], "ready", "served").await;
    let job = desk.send(json!({"order": "B", "cancel": {}})).await;
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["result"]["too_late"], json!(["1"]));
    assert_eq!(desk.seen.path("B", "1").last().unwrap(), "grill:ready>served");
}
