//! What stations, boards, screens and the feed are told.

use outletd::bus::contract::State;
use serde_json::{Value, json};

use crate::desk::{Desk, NO_PASS, dish, line, order, states};

#[tokio::test]
async fn the_manifest_names_what_stands_there_oldest_first_and_grows() {
    let mut desk = Desk::open().await;
    let first = desk.seen.manifests["grill"].clone();
    assert_eq!((&first["tickets"], &first["recall"]), (&json!([]), &json!([])));
    assert_eq!(
        (&first["name"], &first["kind"], &first["cooking_s"]),
        (&json!("Grill"), &json!("kitchen"), &json!(600))
    );
    assert_eq!((&first["steps"], &first["undo_s"], &first["printer"]), (&json!(2), &json!(5), &json!(false)));
    for id in ["B", "A"] {
        desk.send(order(id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", id).await;
    }
    let manifest = &desk.seen.manifests["grill"];
    assert_eq!(manifest["tickets"], json!([["B", 1], ["A", 1]]));
    assert!(manifest["rev"].as_u64() > first["rev"].as_u64());
    let ver = desk.bumped("grill", "B", &[], "queued", "cooking").await;
    assert_eq!(ver, 2);
    let ticket = desk.ticket("grill", "B", |ticket| ticket["ver"] == 2).await;
    desk.until("the manifest", |seen| {
        (seen.manifests["grill"]["tickets"] == json!([["B", 2], ["A", 1]])).then_some(())
    })
    .await;
    assert!(ticket["rev"].as_u64() <= desk.seen.manifests["grill"]["rev"].as_u64());
    assert_eq!(ticket["epoch"], desk.seen.manifests["grill"]["epoch"]);
    assert_eq!(line(&ticket, "1")["ver"], 2);
}

#[tokio::test]
async fn after_a_restart_all_stands_there_again_with_a_later_epoch() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    desk.bumped("grill", "B", &[], "queued", "ready").await;
    let before = desk.ticket("cold", "A", |ticket| ticket["ver"] == 2).await;
    desk.restart().await;
    let after = desk.stands("cold", "A").await;
    assert!(after["epoch"].as_u64() > before["epoch"].as_u64());
    for field in ["ver", "placed_at", "since", "lines", "also"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(states(&desk.stands("grill", "A").await)["1"], "cooking");
    assert_eq!(states(&desk.stands("pass", "B").await)["1"], "ready");
    desk.stands("hall", "A").await;
    assert!(!desk.seen.names("grill", "B"));
    assert_eq!(desk.seen.manifests["grill"]["recall"][0]["ticket"], "B");
    desk.restart().await;
    assert!(desk.stands("cold", "A").await["epoch"].as_u64() > after["epoch"].as_u64());
}

#[tokio::test]
async fn a_ticket_that_somebody_forges_is_put_right() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let real = desk.stands("grill", "A").await;
    for order in ["A", "GHOST"] {
        let mut forged = real.clone();
        forged["ticket"] = json!(order);
        forged["ver"] = json!(99);
        let topic = format!("outlet/v1/test/kitchen/grill/ticket/{order}");
        desk.ear
            .mqtt
            .publish(topic, rumqttc::v5::mqttbytes::QoS::AtLeastOnce, true, forged.to_string())
            .await
            .unwrap();
    }
    desk.settle().await;
    desk.restart().await;
    desk.ticket("grill", "A", |ticket| ticket["ver"] == real["ver"]).await;
    desk.until("no ghost", |seen| seen.ticket("grill", "GHOST").is_none().then_some(())).await;
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    let late =
        desk.ear.mqtt.subscribe("outlet/v1/test/kitchen/grill/#", rumqttc::v5::mqttbytes::QoS::AtLeastOnce);
    late.await.unwrap();
    desk.settle().await;
    assert!(desk.seen.ticket("grill", "GHOST").is_none());
}

#[tokio::test]
async fn the_board_shows_numbers_and_nothing_else() {
    let mut desk = Desk::open().await;
    let mut document = order("A", &[json!({"id": "1", "name": "Steak", "place": "grill", "note": "secret"})]);
    document["guest"] = json!("Ion Popescu");
    document["note"] = json!("allergy");
    document["rush"] = json!(true);
    desk.send(document).await;
    let ticket = desk.stands("hall", "A").await;
    let mut fields: Vec<&str> = ticket.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let known = [
        "epoch",
        "lines",
        "number",
        "placed_at",
        "rev",
        "since",
        "state",
        "station",
        "ticket",
        "type",
        "ver",
    ];
    assert!(fields.iter().all(|field| known.contains(field)), "{fields:?}");
    assert!(ticket["lines"].as_array().is_none_or(Vec::is_empty));
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.ticket("hall", "A", |ticket| ticket["state"] == "ready").await;
    assert!(!desk.seen.manifests["hall"].to_string().contains("Popescu"));
}

#[tokio::test]
async fn the_expediter_sees_each_part_and_what_follows_from_them() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Mixed", "hot"), dish("2", "Soup", "cold")])).await;
    let ticket = desk.stands("pass", "A").await;
    assert_eq!(ticket["state"], "queued");
    desk.bumped("grill", "A", &["1"], "queued", "ready").await;
    let ticket = desk.ticket("pass", "A", |ticket| ticket["state"] == "cooking").await;
    let parts = line(&ticket, "1")["stations"].as_array().unwrap();
    let parts: Vec<(&Value, &Value)> = parts.iter().map(|part| (&part["station"], &part["state"])).collect();
    assert_eq!(parts, [(&json!("grill"), &json!("ready")), (&json!("fry"), &json!("queued"))]);
    assert_eq!(line(&ticket, "1")["state"], "cooking");
    let early = desk.bump("pass", "A", &["1"], "ready", "served").await;
    assert_eq!(early["result"], "conflict", "half of it is not ready");
    desk.bumped("fry", "A", &[], "queued", "ready").await;
    desk.bumped("cold", "A", &[], "queued", "ready").await;
    desk.ticket("pass", "A", |ticket| ticket["state"] == "ready").await;
    desk.bumped("pass", "A", &["1"], "ready", "served").await;
    let ticket = desk.ticket("pass", "A", |ticket| line(ticket, "1")["state"] == "served").await;
    assert_eq!(ticket["state"], "ready");
    desk.bumped("pass", "A", &["2"], "ready", "served").await;
    desk.gone("pass", "A").await;
    let manifest = &desk.seen.manifests["pass"];
    let cooks: Vec<&str> =
        manifest["stations"].as_array().unwrap().iter().map(|s| s["station"].as_str().unwrap()).collect();
    assert_eq!(cooks, ["grill", "cold", "fry"]);
    assert_eq!(
        (&manifest["stations"][0]["open"], &manifest["stations"][0]["watched"]),
        (&json!(0), &json!(false))
    );
}

#[tokio::test]
async fn without_an_expediter_ready_is_the_end() {
    let mut desk = Desk::with(vec![], NO_PASS).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    assert_eq!(desk.seen.manifests["grill"]["steps"], 1);
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.gone("grill", "A").await;
    desk.ticket("hall", "A", |ticket| ticket["state"] == "ready").await;
    assert!(desk.seen.names("hall", "A"), "guests see that it is ready");
    desk.restart().await;
    desk.ticket("hall", "A", |ticket| ticket["state"] == "ready").await;
}

#[tokio::test]
async fn every_change_is_in_the_feed_with_its_time_and_each_notice_once() {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "cooking").await;
    desk.bumped("cold", "A", &[], "queued", "cooking").await;
    desk.bumped("grill", "A", &[], "cooking", "ready").await;
    desk.bumped("cold", "A", &[], "cooking", "ready").await;
    desk.until("ready", |seen| (seen.notices("A") == ["cooking", "ready"]).then_some(())).await;
    let recall = desk.ask(json!({"op": "recall", "station": "cold", "ticket": "A"})).await;
    assert_eq!(recall["result"], "applied");
    desk.bumped("cold", "A", &[], "queued", "ready").await;
    desk.settle().await;
    assert_eq!(desk.seen.notices("A"), ["cooking", "ready"], "a recall is no news to the guest");
    desk.send(json!({"order": "A", "items": [dish("3", "Cake", "cold")]})).await;
    desk.ticket("cold", "A", |ticket| !line(ticket, "3").is_null()).await;
    desk.bumped("cold", "A", &["3"], "queued", "ready").await;
    desk.until("again", |seen| (seen.notices("A") == ["cooking", "ready", "ready"]).then_some(())).await;
    let all = desk.seen.told("kitchen");
    assert!(
        all.iter().all(|told| told["at"].is_string() && told["seq"].is_u64() && told["number"] == "A"),
        "{all:?}"
    );
    let first = all[0];
    assert_eq!(
        (&first["name"], &first["quantity"], &first["job"]),
        (&json!("STEAK"), &json!("1"), &json!("J1"))
    );
    assert!(first["by"].as_str().unwrap().contains("job"), "{first}");
    assert_eq!(
        desk.seen.path("A", "2"),
        [
            "cold:->queued",
            "cold:queued>cooking",
            "cold:cooking>ready",
            "cold:ready>queued",
            "cold:queued>ready"
        ]
    );
    let screen = all.iter().find(|told| told["to"] == "ready").unwrap();
    assert_eq!((&screen["by"], &screen["screen"]), (&json!("till"), &json!("till")));
}

#[tokio::test]
async fn a_station_without_a_screen_says_so_and_answers_what_it_is_asked() {
    let mut desk = Desk::open().await;
    desk.until("offline", |seen| {
        let state = seen.states.get("grill")?;
        (state["state"] == "offline" && state.to_string().contains("no-screen")).then_some(())
    })
    .await;
    let test = desk.station("grill", "test").await;
    assert_eq!(test["result"]["ok"], false, "{test}");
    assert!(test.to_string().contains("remedy"), "{test}");
    let mut screen = desk.screen("grill", "kitchen", &["grill"]).await;
    let answer = screen.watches().await;
    assert!(answer["at"].is_string(), "{answer}");
    desk.until("ready", |seen| (seen.states["grill"]["state"] == "ready").then_some(())).await;
    desk.until("watched", |seen| {
        seen.told("kitchen-station").iter().find(|told| told["change"] == "watched").map(|told| {
            assert_eq!((&told["station"], &told["by"]), (&json!("grill"), &json!("grill")));
        })
    })
    .await;
    for op in ["status", "identify"] {
        let status = desk.station("grill", op).await;
        assert_eq!(status["ok"], true, "{status}");
        assert!(status.to_string().contains("grill"), "{status}");
    }
    let test = desk.station("grill", "test").await;
    assert_eq!(test["result"]["ok"], true, "{test}");
}

#[tokio::test]
async fn what_a_screen_is_for_stands_on_its_topic_and_counts_on() {
    let mut desk = Desk::open().await;
    let mut screen = desk.screen("Grill left", "kitchen", &["grill", "fry"]).await;
    let id = screen.id.clone();
    let first = desk.until("the screen", |seen| seen.screens.get(&id).cloned()).await;
    assert_eq!((&first["view"], &first["stations"]), (&json!("kitchen"), &json!(["grill", "fry"])));
    assert_eq!((&first["watching"], &first["language"]), (&json!(false), &json!("en")));
    screen.watches().await;
    let second = desk
        .until("watching", |seen| seen.screens.get(&id).filter(|screen| screen["watching"] == true).cloned())
        .await;
    assert!(second["version"].as_u64() > first["version"].as_u64());
    desk.restart().await;
    let third = desk.until("the screen", |seen| seen.screens.get(&id).cloned()).await;
    assert!(third["version"].as_u64() > second["version"].as_u64(), "{third}");
    assert_eq!(third["watching"], false);
}

#[tokio::test]
async fn the_depth_of_a_station_counts_the_jobs_that_wait_to_be_shown() {
    let mut desk = Desk::open().await;
    let mut screen = desk.screen("grill", "kitchen", &["grill"]).await;
    let job = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    screen.shows("grill", "A", ver).await;
    desk.job(&job, State::Succeeded).await;
    desk.until("an empty queue", |seen| {
        let state = &seen.states["grill"];
        let depth = state["queue"]["depth"].as_u64().or(state["depth"].as_u64());
        (state["state"] == "ready" && depth == Some(0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_screen_that_says_nothing_for_fifteen_seconds_does_not_watch_any_more() {
    let mut desk = Desk::open().await;
    let mut screen = desk.screen("grill", "kitchen", &["grill"]).await;
    screen.watches().await;
    let id = screen.id.clone();
    desk.until("watching", |seen| (seen.screens.get(&id)?["watching"] == true).then_some(())).await;
    desk.until("unwatched", |seen| {
        let told = seen.told("kitchen-station");
        told.iter().any(|told| told["change"] == "unwatched" && told["station"] == "grill").then_some(())
    })
    .await;
    desk.until("not watching", |seen| (seen.screens[&id]["watching"] == false).then_some(())).await;
    desk.until("offline", |seen| (seen.states["grill"]["state"] == "offline").then_some(())).await;
    desk.until("the expediter knows", |seen| {
        (seen.manifests["pass"]["stations"][0]["watched"] == false).then_some(())
    })
    .await;
}
