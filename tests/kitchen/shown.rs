//! What becomes of a ticket job.

use outletd::bus::contract::State;
use serde_json::{Value, json};

use crate::desk::{Desk, dish, line, order};

fn job(id: &str, stale: &str, document: Value) -> Value {
    json!({"id": id, "kind": "ticket", "ttl_s": 1, "stale": stale, "document": document})
}

#[tokio::test]
async fn a_job_has_succeeded_when_a_screen_of_each_station_has_shown_it() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let mut cold = desk.screen("cold", "kitchen", &["cold"]).await;
    let mut pass = desk.screen("pass", "expediter", &["pass"]).await;
    let job = desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    pass.shows("pass", "A", ver).await;
    pass.shows("grill", "A", ver).await;
    grill.shows("cold", "A", ver).await;
    grill.shows("grill", "A", ver - 1).await;
    desk.settle().await;
    assert!(!desk.seen.is_begun(&job), "an older version, or a station of others");
    grill.shows("grill", "A", ver).await;
    desk.job(&job, State::Running).await;
    cold.shows("cold", "A", ver + 5).await;
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["confidence"], "shown");
    let result = &done["result"];
    assert_eq!((&result["order"], &result["too_late"]), (&json!("A"), &json!([])));
    assert_eq!(result["stations"]["grill"]["screen"], grill.id);
    assert!(result["stations"]["cold"]["shown_at"].is_string(), "{result}");
    assert!(
        desk.seen.ticket("grill", "A").is_some_and(|ticket| ticket["ver"] == ver),
        "showing changes nothing"
    );
}

#[tokio::test]
async fn the_same_id_is_the_same_job_and_with_another_order_a_conflict() {
    let mut desk = Desk::open().await;
    let first =
        json!({"id": "one", "kind": "ticket", "document": order("A", &[dish("1", "Steak", "grill")])});
    desk.send_job("grill", first.clone()).await;
    desk.stands("grill", "A").await;
    desk.send_job("grill", first.clone()).await;
    desk.until("the same answer", |seen| (seen.jobs.get("one")?["duplicate"] == true).then_some(())).await;
    let other = json!({"id": "one", "kind": "ticket", "document": order("A", &[dish("2", "Ribs", "grill")])});
    desk.send_job("grill", other).await;
    let refused = desk.until("a refusal", |seen| seen.refusals.first().cloned()).await;
    assert_eq!(refused["error"]["code"], "idempotency-conflict", "{refused}");
    assert_eq!(desk.seen.ticket("grill", "A").unwrap()["lines"].as_array().unwrap().len(), 1);
    desk.restart().await;
    desk.send_job("grill", first).await;
    desk.until("known", |seen| (seen.jobs.get("one")?["duplicate"] == true).then_some(())).await;
    assert_eq!(desk.stands("grill", "A").await["ver"], 1);
}

#[tokio::test]
async fn past_its_deadline_what_an_expired_job_brought_is_taken_off() {
    let mut desk = Desk::open().await;
    desk.send_job("grill", job("J", "expire", order("A", &[dish("1", "Steak", "grill")]))).await;
    desk.stands("grill", "A").await;
    desk.job("J", State::Expired).await;
    for station in ["grill", "pass", "hall"] {
        desk.gone(station, "A").await;
    }
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
}

#[tokio::test]
async fn an_expired_change_takes_back_neither_its_voids_nor_its_changes() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill")])).await;
    desk.stands("grill", "A").await;
    let change = json!({"order": "A", "voids": [{"item": "2"}], "items": [dish("3", "Beef", "grill"),
        {"id": "1", "name": "Steak", "place": "grill", "note": "rare"}]});
    desk.send_job("grill", job("J", "expire", change)).await;
    desk.job("J", State::Expired).await;
    let ticket = desk.ticket("grill", "A", |ticket| line(ticket, "3").is_null() && ticket["ver"] == 3).await;
    assert_eq!(line(&ticket, "1")["note"], "rare");
    assert!(line(&ticket, "2").is_null());
}

#[tokio::test]
async fn a_held_job_is_off_the_stations_until_a_person_releases_it() {
    let mut desk = Desk::open().await;
    desk.send_job("grill", job("J", "hold", order("A", &[dish("1", "Steak", "grill")]))).await;
    desk.stands("grill", "A").await;
    desk.until("held", |seen| (seen.jobs.get("J")?["reason"]["code"] == "held").then_some(())).await;
    desk.gone("grill", "A").await;
    desk.restart().await;
    desk.settle().await;
    assert!(desk.seen.ticket("grill", "A").is_none(), "still held");
    let released = desk.agent(json!({"op": "release", "job": "J", "by": "Anna"})).await;
    assert_eq!(released["ok"], true, "{released}");
    desk.ticket("grill", "A", |ticket| ticket["delayed"] == true).await;
    desk.send_job("grill", job("K", "hold", order("B", &[dish("1", "Steak", "grill")]))).await;
    desk.until("held", |seen| (seen.jobs.get("K")?["reason"]["code"] == "held").then_some(())).await;
    let cancelled = desk.agent(json!({"op": "cancel", "job": "K", "by": "Anna"})).await;
    assert_eq!(cancelled["ok"], true, "{cancelled}");
    desk.job("K", State::Cancelled).await;
    desk.gone("grill", "B").await;
}

#[tokio::test]
async fn a_delayed_order_is_marked_and_stays() {
    let mut desk = Desk::open().await;
    desk.send_job("grill", job("J", "banner", order("A", &[dish("1", "Steak", "grill")]))).await;
    assert!(desk.stands("grill", "A").await["delayed"].is_null());
    desk.ticket("grill", "A", |ticket| ticket["delayed"] == true).await;
}

#[tokio::test]
async fn an_order_whose_deadline_comes_while_it_waits_for_a_screen_is_marked_too() {
    let mut desk = Desk::open().await;
    let mut slow = job("J", "banner", order("A", &[dish("1", "Steak", "grill")]));
    slow["ttl_s"] = json!(4);
    desk.send_job("grill", slow).await;
    desk.until("no screen", |seen| (seen.jobs.get("J")?["reason"]["code"] == "no-screen").then_some(()))
        .await;
    let ticket = desk.ticket("grill", "A", |ticket| ticket["delayed"] == true).await;
    let mut screen = desk.screen("grill", "kitchen", &["grill"]).await;
    screen.shows("grill", "A", ticket["ver"].as_u64().unwrap()).await;
    desk.job("J", State::Succeeded).await;
}

#[tokio::test]
async fn a_job_can_be_cancelled_until_the_first_screen_has_shown_it() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    for id in ["A", "B"] {
        desk.send(order(id, &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
        desk.stands("grill", id).await;
    }
    let cancelled = desk.agent(json!({"op": "cancel", "job": "J1", "by": "Anna"})).await;
    assert_eq!(cancelled["ok"], true, "{cancelled}");
    desk.gone("grill", "A").await;
    desk.gone("cold", "A").await;
    let ver = desk.stands("grill", "B").await["ver"].as_u64().unwrap();
    grill.shows("grill", "B", ver).await;
    desk.job("J2", State::Running).await;
    let cancelled = desk.agent(json!({"op": "cancel", "job": "J2", "by": "Anna"})).await;
    assert_eq!(cancelled["ok"], false, "{cancelled}");
    desk.settle().await;
    assert!(desk.seen.names("grill", "B"));
}

#[tokio::test]
async fn a_job_that_was_shown_in_part_goes_on_after_a_restart() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let cold = desk.screen("cold", "kitchen", &["cold"]).await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    let ver = desk.stands("cold", "A").await["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    desk.job("J1", State::Running).await;
    desk.restart().await;
    let mut cold = crate::desk::Screen::on(&desk.outlet, &cold.id, &cold.secret).await;
    desk.stands("cold", "A").await;
    cold.shows("cold", "A", ver).await;
    let done = desk.job("J1", State::Succeeded).await;
    assert_eq!(done["result"]["stations"]["grill"]["screen"], grill.id, "{done}");
}

#[tokio::test]
async fn a_bump_says_nothing_of_an_add_on_that_was_not_shown_yet() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    let second = desk.send(json!({"order": "A", "items": [dish("2", "Ribs", "grill")]})).await;
    desk.ticket("grill", "A", |ticket| !line(ticket, "2").is_null()).await;
    let bump = json!({"op": "move", "station": "grill", "ticket": "A", "items": ["1"], "from": "queued",
        "to": "ready"});
    assert_eq!(grill.ask(bump).await["result"], "applied");
    desk.settle().await;
    assert!(!desk.seen.is_begun(&second));
    let rest = json!({"op": "move", "station": "grill", "ticket": "A", "items": ["2"], "from": "queued",
        "to": "ready"});
    assert_eq!(grill.ask(rest).await["result"], "applied");
    let done = desk.job(&second, State::Succeeded).await;
    assert_eq!(done["confidence"], "shown", "who did all of it has seen it: {done}");
}

#[tokio::test]
async fn a_note_on_the_order_has_to_be_shown_where_it_stands() {
    let mut desk = Desk::open().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    let note = desk.send(json!({"order": "A", "note": "no nuts!"})).await;
    let ticket = desk.ticket("grill", "A", |ticket| ticket["note"] == "no nuts!").await;
    desk.settle().await;
    assert!(!desk.seen.is_begun(&note));
    grill.shows("grill", "A", ticket["ver"].as_u64().unwrap()).await;
    desk.job(&note, State::Succeeded).await;
}
