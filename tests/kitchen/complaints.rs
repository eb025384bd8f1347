//! What people complain of in other kitchens' screens, each as a test.

use outlet_simulators::printer::{Fault, PrinterSpec};
use outletd::bus::contract::State;
use serde_json::json;

use crate::desk::{Desk, STATIONS, Screen, dish, line, order, states};
use crate::support::{PATIENCE, station};

#[tokio::test]
async fn orders_appear_only_after_a_refresh() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    grill.panel.subscribe("kitchen/grill/ticket/+").await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let heard = tokio::time::timeout(PATIENCE, grill.panel.hears("/ticket/A")).await.unwrap().1;
    assert_eq!(heard["lines"][0]["name"], "STEAK");
    desk.send(json!({"order": "A", "items": [dish("2", "Ribs", "grill")]})).await;
    let heard = tokio::time::timeout(PATIENCE, grill.panel.hears("/ticket/A")).await.unwrap().1;
    assert_eq!(heard["ver"], 2);
}

#[tokio::test]
async fn duplicates_and_losses() {
    let mut desk = Desk::open().await;
    let orders = 30;
    for n in 0..orders {
        let id = format!("A{n}");
        let job = json!({"id": id, "kind": "ticket", "document": order(&id, &[dish("1", "Steak", "grill")])});
        for _ in 0..3 {
            desk.send_job("grill", job.clone()).await;
        }
    }
    for round in 0..2 {
        desk.until("all of them", |seen| {
            let named = seen.manifests["grill"]["tickets"].as_array()?;
            (named.len() == orders && seen.tickets.keys().filter(|(at, _)| at == "grill").count() == orders)
                .then_some(())
        })
        .await;
        let one = |ticket: &serde_json::Value| ticket["lines"].as_array().unwrap().len() == 1;
        assert!(desk.seen.tickets.values().filter(|ticket| ticket["station"] == "grill").all(one));
        if round == 0 {
            desk.restart().await;
        }
    }
}

#[tokio::test]
async fn split_or_merge_of_a_bill_sends_cooked_food_again() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.bumped("pass", "A", &["1"], "ready", "served").await;
    let split = desk.send(json!({"order": "B", "take": [{"order": "A", "item": "1"}]})).await;
    let done = desk.job(&split, State::Succeeded).await;
    assert_eq!(done["confidence"], "confirmed", "{done}");
    desk.send(json!({"order": "A", "take": [{"order": "B", "item": "1"}]})).await;
    let whole = desk.ticket("pass", "A", |ticket| ticket["lines"].as_array().unwrap().len() == 2).await;
    assert_eq!(states(&whole)["1"], "served");
    desk.settle().await;
    assert!(desk.seen.ticket("grill", "A").is_none() && desk.seen.ticket("grill", "B").is_none());
}

#[tokio::test]
async fn a_cancelled_ticket_is_stuck() {
    let mut desk = Desk::open().await;
    for (id, from) in [("A", "queued"), ("B", "cooking"), ("C", "ready")] {
        desk.send(order(id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", id).await;
        if from != "queued" {
            desk.bumped("grill", id, &[], "queued", from).await;
        }
        desk.send(json!({"order": id, "cancel": {}})).await;
    }
    desk.gone("grill", "A").await;
    desk.ticket("grill", "B", |ticket| line(ticket, "1")["state"] == "voided").await;
    desk.ticket("pass", "C", |ticket| line(ticket, "1")["state"] == "voided").await;
    desk.restart().await;
    let seen = desk.ask(json!({"op": "acknowledge", "station": "grill", "ticket": "B"})).await;
    assert_eq!(seen["result"], "applied", "{seen}");
    for id in ["B", "C"] {
        assert_eq!(
            desk.ask(json!({"op": "acknowledge", "station": "pass", "ticket": id})).await["result"],
            "applied"
        );
    }
    for station in ["grill", "pass", "hall"] {
        for id in ["A", "B", "C"] {
            desk.gone(station, id).await;
        }
    }
}

#[tokio::test]
async fn the_race_of_served_and_cancelled() {
    let mut desk = Desk::open().await;
    let mut waiter = desk.screen("hall 1", "waiter", &["pass"]).await;
    for n in 0..6 {
        let id = format!("A{n}");
        desk.send(order(&id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", &id).await;
        desk.bumped("grill", &id, &[], "queued", "ready").await;
        let serve = json!({"op": "move", "station": "pass", "ticket": id, "items": ["1"], "from": "ready",
            "to": "served"});
        let (answer, job) = tokio::join!(waiter.ask(serve), desk.send(json!({"order": id, "cancel": {}})));
        let done = desk.job(&job, State::Succeeded).await;
        let late = done["result"]["too_late"] == json!(["1"]);
        assert_eq!(answer["result"] == "applied", late, "{answer} {done}");
        let last = if late { "grill:ready>served" } else { "grill:ready>voided" };
        desk.until("one end", |seen| (seen.path(&id, "1").last()? == last).then_some(())).await;
    }
}

#[tokio::test]
async fn items_without_a_route_are_silently_skipped() {
    let mut desk = Desk::open().await;
    let error =
        desk.refused(order("A", &[dish("1", "Steak", "grill"), dish("2", "Mystery", "nowhere")])).await;
    assert!(error["code"] == "no-route" && error["message"].as_str().unwrap().contains("Mystery"), "{error}");
    desk.settle().await;
    assert!(desk.seen.tickets.is_empty());
}

#[tokio::test]
async fn a_skipped_stage_vanishes_without_undo() {
    let mut desk = Desk::open().await;
    let grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let mut grill = Screen::on(&desk.outlet, &grill.id, &grill.secret).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let skip = json!({"cmd": "skip", "op": "move", "station": "grill", "ticket": "A", "from": "queued",
        "to": "ready"});
    let done = grill.ask(skip).await;
    desk.gone("grill", "A").await;
    let undo = json!({"op": "undo", "station": "grill", "ticket": "A", "of": "skip", "base": done["ver"]});
    assert_eq!(grill.ask(undo).await["result"], "applied");
    assert_eq!(states(&desk.stands("grill", "A").await)["1"], "queued");
}

#[tokio::test]
async fn a_dead_printer_freezes_send() {
    let printer = station("paper", "epson-tm-t20iii", PrinterSpec::epson_80mm()).await;
    printer.printer.inject(Fault::PowerOff);
    let toml =
        STATIONS.replacen("id = \"grill\"", "id = \"grill\"\nprinter = \"paper\"\nprint_after_s = 5", 1);
    let mut desk = Desk::with(vec![printer], &toml).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.ticket("grill", "A", |ticket| ticket["printed"] == true).await;
    for n in 0..5 {
        let id = format!("B{n}");
        desk.send(order(&id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", &id).await;
        desk.bumped("grill", &id, &[], "queued", "ready").await;
    }
    assert!(desk.seen.names("grill", "A"), "it is still to be cooked");
}

#[tokio::test]
async fn tickets_rearrange_themselves() {
    let mut desk = Desk::open().await;
    for id in ["C", "A", "B"] {
        desk.send(order(id, &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
        desk.stands("grill", id).await;
    }
    let named = |desk: &Desk| -> Vec<String> {
        let all = desk.seen.manifests["grill"]["tickets"].as_array().unwrap().clone();
        all.iter().map(|ticket| ticket[0].as_str().unwrap().to_owned()).collect()
    };
    desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    desk.send(json!({"order": "C", "items": [dish("3", "Cake", "grill")]})).await;
    desk.ticket("grill", "C", |ticket| !line(ticket, "3").is_null()).await;
    desk.send(order("D", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "D").await;
    assert_eq!(named(&desk), ["C", "A", "B", "D"]);
    desk.restart().await;
    desk.stands("grill", "D").await;
    assert_eq!(named(&desk), ["C", "A", "B", "D"]);
}

#[tokio::test]
async fn a_screen_flashes_like_a_swarm_of_bees() {
    // What has not changed is not said again: tickets of others, and what a screen says that it shows.
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    for id in ["A", "B"] {
        desk.send(order(id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", id).await;
    }
    grill.shows("grill", "A", 1).await;
    grill.shows("grill", "B", 1).await;
    desk.job("J2", State::Succeeded).await;
    desk.bumped("grill", "B", &[], "queued", "cooking").await;
    desk.ticket("grill", "B", |ticket| ticket["ver"] == 2).await;
    let rev = |desk: &Desk, id: &str| desk.seen.ticket("grill", id).unwrap()["rev"].as_u64().unwrap();
    assert!(rev(&desk, "A") < rev(&desk, "B"));
    let before = rev(&desk, "A");
    grill.shows("grill", "A", 1).await;
    desk.settle().await;
    assert_eq!(rev(&desk, "A"), before);
}
