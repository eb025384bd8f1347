//! Work that goes to another station.

use serde_json::{Value, json};

use crate::desk::{Desk, dish, line, order, states};

fn pull(station: &str, to: &str, on: bool) -> Value {
    json!({"op": "pull", "station": station, "to": to, "on": on})
}

#[tokio::test]
async fn the_open_work_of_a_station_and_what_is_new_goes_to_another_until_it_is_released() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    desk.bumped("grill", "A", &["2"], "queued", "ready").await;
    assert_eq!(desk.ask(pull("grill", "cold", true)).await["result"], "applied");
    let ticket = desk.stands("cold", "A").await;
    assert_eq!(states(&ticket)["1"], "cooking", "as it stood");
    desk.gone("grill", "A").await;
    assert_eq!(desk.seen.manifests["grill"]["pulled_by"], "cold");
    assert_eq!(desk.ask(pull("grill", "cold", true)).await["result"], "noop");
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("cold", "B").await;
    desk.restart().await;
    assert_eq!(desk.seen.manifests["grill"]["pulled_by"], "cold");
    assert_eq!(desk.ask(pull("grill", "cold", false)).await["result"], "applied");
    desk.send(order("C", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "C").await;
    assert!(desk.seen.ticket("cold", "C").is_none() && desk.seen.names("cold", "B"));
    let changes: Vec<&Value> = desk.seen.told("kitchen-station").iter().map(|told| &told["change"]).collect();
    assert_eq!(changes, ["released"], "told once; the first was told before the restart");
}

#[tokio::test]
async fn stations_can_not_pull_in_a_circle_nor_from_themselves() {
    let mut desk = Desk::open().await;
    assert_eq!(desk.ask(pull("grill", "cold", true)).await["result"], "applied");
    assert_eq!(desk.ask(pull("cold", "fry", true)).await["result"], "applied");
    for (station, to) in [("fry", "grill"), ("cold", "grill"), ("fry", "cold")] {
        assert_eq!(desk.ask(pull(station, to, true)).await["result"], "conflict", "{station} {to}");
    }
    for (station, to) in [("fry", "fry"), ("fry", "pass"), ("pass", "fry"), ("fry", "hall"), ("fry", "oven")]
    {
        assert_eq!(desk.ask(pull(station, to, true)).await["result"], "invalid", "{station} {to}");
    }
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("fry", "A").await;
}

#[tokio::test]
async fn one_ticket_can_be_pulled_alone_and_only_to_where_something_is_cooked() {
    let mut desk = Desk::open().await;
    for id in ["A", "B"] {
        desk.send(order(id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", id).await;
    }
    for to in ["pass", "hall", "oven", "grill"] {
        let wrong = json!({"op": "pull", "station": "grill", "to": to, "on": true, "ticket": "A"});
        assert_eq!(desk.ask(wrong).await["result"], "invalid", "{to}");
    }
    let one = json!({"op": "pull", "station": "grill", "to": "cold", "on": true, "ticket": "A"});
    let pulled = desk.ask_as("till", "one", one.clone()).await;
    assert_eq!(pulled["result"], "applied");
    let undo = json!({"op": "undo", "station": "grill", "ticket": "A", "of": "one", "base": pulled["ver"]});
    assert_eq!(desk.ask(undo).await["result"], "conflict", "it is pulled back, not undone");
    desk.stands("cold", "A").await;
    desk.gone("grill", "A").await;
    assert!(desk.seen.names("grill", "B"));
    assert_ne!(desk.ask(one).await["result"], "applied");
    desk.send(json!({"order": "A", "items": [dish("2", "Ribs", "grill")]})).await;
    assert_eq!(line(&desk.stands("grill", "A").await, "2")["state"], "queued", "once");
}

#[tokio::test]
async fn in_peak_mode_what_is_new_goes_to_whichever_has_less_to_do() {
    let mut desk = Desk::open().await;
    let peak = |station: &str, on: bool| json!({"op": "peak", "station": station, "on": on});
    assert_eq!(desk.ask(peak("cold", true)).await["result"], "invalid", "nobody helps there");
    assert_eq!(desk.ask(peak("grill", true)).await["result"], "applied");
    assert_eq!(desk.ask(peak("grill", true)).await["result"], "noop");
    for n in 0..6 {
        desk.send(order(&format!("A{n}"), &[dish("1", "Steak", "grill")])).await;
        desk.ticket("pass", &format!("A{n}"), |_| true).await;
    }
    desk.settle().await;
    let at = |station: &str| desk.seen.tickets.keys().filter(|(known, _)| known == station).count();
    assert_eq!((at("grill"), at("fry")), (3, 3));
    let manifest = &desk.seen.manifests["grill"];
    assert_eq!((&manifest["peak"], &manifest["peak_to"]), (&json!(true), &json!("fry")));
    assert_eq!(desk.ask(peak("grill", false)).await["result"], "applied");
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    let changes = desk.seen.told("kitchen-station");
    assert!(changes.iter().all(|told| told["station"] == "grill" && told["by"] == "till"), "{changes:?}");
}
