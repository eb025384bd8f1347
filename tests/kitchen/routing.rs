//! Where items go.

use outletd::bus::contract::State;
use serde_json::json;

use crate::desk::{Desk, dish, items, order};

#[tokio::test]
async fn an_item_goes_to_its_stations_else_by_its_place_else_where_the_job_was_sent() {
    let mut desk = Desk::open().await;
    let wanted = [
        json!({"id": "named", "name": "Soup", "stations": ["cold"], "place": "grill"}),
        dish("placed", "Steak", "grill"),
        json!({"id": "sent", "name": "Chips"}),
    ];
    desk.send_to("fry", order("A", &wanted)).await;
    for (station, item) in [("cold", "named"), ("grill", "placed"), ("fry", "sent")] {
        assert_eq!(items(&desk.stands(station, "A").await), [item.to_owned()].into());
    }
    assert_eq!(items(&desk.stands("pass", "A").await).len(), 3);
}

#[tokio::test]
async fn a_place_of_several_stations_sends_the_item_to_each_of_them() {
    let mut desk = Desk::open().await;
    desk.send_to("cold", order("A", &[dish("1", "Mixed grill", "hot")])).await;
    let grill = desk.stands("grill", "A").await;
    desk.stands("fry", "A").await;
    assert_eq!(grill["also"][0]["station"], "fry");
    assert_eq!((&grill["also"][0]["name"], &grill["also"][0]["state"]), (&json!("Fry"), &json!("queued")));
    desk.settle().await;
    assert!(desk.seen.ticket("cold", "A").is_none(), "the station it was sent to only took it in");
}

#[tokio::test]
async fn an_item_without_a_route_refuses_the_whole_job_and_is_named() {
    let mut desk = Desk::open().await;
    let error = desk.refused(order("A", &[dish("1", "Steak", "grill"), dish("2", "Sushi", "raw")])).await;
    assert_eq!(error["code"], "no-route");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("items[1]") && message.contains("Sushi") && message.contains("raw"),
        "{message}"
    );
    desk.settle().await;
    assert!(desk.seen.tickets.is_empty(), "{:?}", desk.seen.tickets);

    let by_expediter = desk.send_to("pass", order("B", &[json!({"id": "1", "name": "Soup"})])).await;
    let error = desk.job(&by_expediter, State::Rejected).await["error"].clone();
    assert_eq!(error["code"], "no-route", "an expediter cooks nothing: {error}");
}

#[tokio::test]
async fn a_separate_modifier_without_a_route_refuses_the_job_too() {
    let mut desk = Desk::open().await;
    let item = json!({"id": "1", "name": "Steak", "place": "grill", "modifiers": [
        {"name": "Rare"}, {"name": "Wasabi dip", "separate": true, "place": "raw"}]});
    let error = desk.refused(order("A", &[item])).await;
    assert_eq!(error["code"], "no-route");
    assert!(error["message"].as_str().unwrap().contains("Wasabi dip"), "{error}");
}

#[tokio::test]
async fn an_unknown_station_is_named_with_those_that_are_there() {
    let mut desk = Desk::open().await;
    for station in ["oven", "pass", "hall"] {
        let item = json!({"id": "1", "name": "Soup", "stations": ["grill", station]});
        let error = desk.refused(order("A", &[item])).await;
        let message = error["message"].as_str().unwrap();
        assert_eq!(error["code"], "no-route", "{error}");
        assert!(message.contains(station) && message.contains("fry"), "{message}");
    }
}

#[tokio::test]
async fn a_board_takes_no_orders() {
    let mut desk = Desk::open().await;
    let job = desk.send_to("hall", order("A", &[dish("1", "Soup", "cold")])).await;
    let refused = desk.job(&job, State::Rejected).await;
    assert!(refused["error"]["message"].is_string(), "{refused}");
}

#[tokio::test]
async fn a_station_prints_nothing_and_a_ticket_has_one_copy() {
    let mut desk = Desk::open().await;
    let print = json!({"id": "P", "kind": "print", "document": {"blocks": [{"type": "cut"}]}});
    desk.send_job("grill", print).await;
    desk.job("P", State::Rejected).await;
    let twice = json!({"id": "T", "kind": "ticket", "copies": 2,
        "document": order("A", &[dish("1", "Soup", "cold")])});
    desk.send_job("grill", twice).await;
    desk.job("T", State::Rejected).await;
}
