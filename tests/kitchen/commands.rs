//! Commands as transitions: done once, or told why not.

use serde_json::json;

use crate::desk::{Desk, dish, line, order, states};

async fn cooking() -> Desk {
    let mut desk = Desk::open().await;
    desk.send(order(
        "A",
        &[dish("1", "Steak", "grill"), dish("2", "Ribs", "grill"), dish("3", "Soup", "cold")],
    ))
    .await;
    desk.stands("grill", "A").await;
    desk
}

#[tokio::test]
async fn of_two_commands_for_one_line_at_the_same_moment_one_is_done() {
    let mut desk = cooking().await;
    let mut left = desk.screen("left", "kitchen", &["grill"]).await;
    let mut right = desk.screen("right", "kitchen", &["grill"]).await;
    let bump = |from: &str, to: &str| json!({"op": "move", "station": "grill", "ticket": "A", "items": ["1"], "from": from, "to": to});
    let (one, other) =
        tokio::join!(left.ask(bump("queued", "cooking")), right.ask(bump("queued", "cooking")));
    let mut results = [one["result"].as_str().unwrap(), other["result"].as_str().unwrap()];
    results.sort_unstable();
    assert_eq!(results, ["applied", "noop"]);
    let (one, other) = tokio::join!(left.ask(bump("cooking", "ready")), right.ask(bump("cooking", "queued")));
    let mut results = [one["result"].as_str().unwrap(), other["result"].as_str().unwrap()];
    results.sort_unstable();
    assert_eq!(results, ["applied", "conflict"]);
    desk.settle().await;
    assert_eq!(desk.seen.path("A", "1").len(), 3);
}

#[tokio::test]
async fn a_line_that_is_elsewhere_is_a_conflict_and_of_several_none_moves() {
    let mut desk = cooking().await;
    let ver = desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    let answer = desk.bump("grill", "A", &["2", "1"], "queued", "ready").await;
    assert_eq!((&answer["result"], &answer["ver"]), (&json!("conflict"), &json!(ver)), "{answer}");
    let ticket = desk.ticket("grill", "A", |ticket| ticket["ver"] == ver).await;
    assert_eq!(states(&ticket)["2"], "queued");
    assert_eq!(desk.bump("grill", "A", &["1"], "queued", "cooking").await["result"], "noop");
    for (station, ticket, item) in [("grill", "A", "3"), ("grill", "A", "77"), ("grill", "Z", "1")] {
        let answer = desk.bump(station, ticket, &[item], "queued", "cooking").await;
        assert_eq!(answer["result"], "conflict", "{answer}");
    }
    let elsewhere = desk.bump("fry", "A", &[], "queued", "cooking").await;
    assert_eq!(elsewhere["result"], "conflict", "nothing of it stands there: {elsewhere}");
}

#[tokio::test]
async fn a_whole_ticket_moves_what_is_in_one_of_the_states_named() {
    let mut desk = cooking().await;
    desk.bumped("grill", "A", &["1"], "queued", "cooking").await;
    let all = json!({"op": "move", "station": "grill", "ticket": "A", "from": ["queued", "cooking"], "to": "ready"});
    assert_eq!(desk.ask(all.clone()).await["result"], "applied");
    desk.gone("grill", "A").await;
    assert_eq!(desk.ask(all).await["result"], "noop");
    let whole = desk.ticket("pass", "A", |ticket| states(ticket)["2"] == "ready").await;
    assert_eq!(states(&whole)["3"], "queued", "another station's work is its own");
    let none = desk.bump("cold", "A", &[], "cooking", "ready").await;
    assert_eq!(none["result"], "conflict", "{none}");
}

#[tokio::test]
async fn a_command_past_its_time_does_nothing() {
    let mut desk = cooking().await;
    let late = json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "cooking",
        "expires": "2026-01-01T00:00:00.000Z"});
    let answer = desk.ask_as("till", "late", late.clone()).await;
    assert_eq!(answer["result"], "expired", "{answer}");
    assert!(answer["at"].is_string() && answer["epoch"].is_u64(), "{answer}");
    let again = desk.ask_as("till", "late", late).await;
    assert_eq!((&again["result"], &again["duplicate"]), (&json!("expired"), &json!(true)));
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap())["1"], "queued");
    let soon = json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "cooking",
        "expires": "2199-01-01T00:00:00.000Z"});
    assert_eq!(desk.ask(soon).await["result"], "applied");
}

#[tokio::test]
async fn the_same_command_again_is_answered_and_not_done_again_even_after_a_restart() {
    let mut desk = cooking().await;
    let bump = json!({"op": "move", "station": "grill", "ticket": "A", "items": ["1"], "from": "queued",
        "to": "cooking"});
    let first = desk.ask_as("till", "once", bump.clone()).await;
    assert_eq!(first["result"], "applied");
    desk.bumped("grill", "A", &["1"], "cooking", "queued").await;
    let again = desk.ask_as("till", "once", bump.clone()).await;
    assert_eq!((&again["result"], &again["ver"]), (&first["result"], &first["ver"]));
    assert_eq!(again["duplicate"], true);
    desk.restart().await;
    let again = desk.ask_as("till", "once", bump.clone()).await;
    assert_eq!((&again["duplicate"], &again["ver"]), (&json!(true), &first["ver"]));
    assert_eq!(states(&desk.stands("grill", "A").await)["1"], "queued");
    let stolen = desk.ask_as("other", "once", bump).await;
    assert_eq!(stolen["result"], "invalid", "{stolen}");
}

#[tokio::test]
async fn an_undo_puts_back_what_was_and_can_itself_be_undone() {
    let mut desk = cooking().await;
    desk.bumped("cold", "A", &["3"], "queued", "ready").await;
    let since = desk.stands("grill", "A").await["since"].clone();
    let bump = json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "ready"});
    let done = desk.ask_as("till", "bump", bump).await;
    desk.gone("grill", "A").await;
    let undo = json!({"op": "undo", "station": "grill", "ticket": "A", "of": "bump", "base": done["ver"]});
    let undone = desk.ask_as("till", "undo", undo.clone()).await;
    assert_eq!(undone["result"], "applied", "{undone}");
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(states(&ticket)["1"], "queued");
    assert_eq!(ticket["since"], since, "as if it had never gone");
    let twice = desk.ask_as("till", "undo-2", undo).await;
    assert_eq!(twice["result"], "conflict", "{twice}");
    let redo = json!({"op": "undo", "station": "grill", "ticket": "A", "of": "undo", "base": undone["ver"]});
    assert_eq!(desk.ask(redo).await["result"], "applied");
    desk.gone("grill", "A").await;
    assert_eq!(states(desk.seen.ticket("pass", "A").unwrap())["3"], "ready");
}

#[tokio::test]
async fn an_undo_never_takes_back_what_somebody_else_has_done_since() {
    let mut desk = cooking().await;
    let bump = json!({"op": "move", "station": "grill", "ticket": "A", "items": ["1", "2"], "from": "queued",
        "to": "cooking"});
    let done = desk.ask_as("anna", "bump", bump).await;
    let of = |of: &str, base: &serde_json::Value| json!({"op": "undo", "station": "grill", "ticket": "A", "of": of, "base": base});
    let theirs = desk.ask_as("ion", "theirs", of("bump", &done["ver"])).await;
    assert_eq!(theirs["result"], "conflict", "only who gave it takes it back: {theirs}");
    let other = desk.bump("cold", "A", &["3"], "queued", "cooking").await;
    assert_eq!(other["result"], "applied");
    let wrong = desk.ask_as("anna", "wrong", of("bump", &other["ver"])).await;
    assert_ne!(wrong["result"], "applied", "{wrong}");
    desk.bumped("grill", "A", &["2"], "cooking", "ready").await;
    let late = desk.ask_as("anna", "undo", of("bump", &done["ver"])).await;
    assert_eq!(late["result"], "conflict", "{late}");
    let ticket = desk.ticket("grill", "A", |ticket| states(ticket)["2"] == "ready").await;
    assert_eq!(states(&ticket)["1"], "cooking");
    let none = desk.ask_as("anna", "none", of("nothing", &json!(1))).await;
    assert_eq!(none["result"], "conflict", "{none}");
}

#[tokio::test]
async fn an_undo_after_the_item_was_changed_or_voided_is_a_conflict() {
    let mut desk = cooking().await;
    let bump = json!({"op": "move", "station": "grill", "ticket": "A", "items": ["1"], "from": "queued",
        "to": "cooking"});
    let done = desk.ask_as("till", "bump", bump).await;
    desk.send(json!({"order": "A", "voids": [{"item": "1"}]})).await;
    desk.ticket("grill", "A", |ticket| line(ticket, "1")["state"] == "voided").await;
    let undo = json!({"op": "undo", "station": "grill", "ticket": "A", "of": "bump", "base": done["ver"]});
    assert_eq!(desk.ask(undo).await["result"], "conflict");
}

#[tokio::test]
async fn recall_brings_a_ticket_back_with_its_time_anew() {
    let mut desk = cooking().await;
    let first = desk.stands("grill", "A").await;
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    desk.gone("grill", "A").await;
    let recalled = desk.until("the list", |seen| seen.manifests["grill"]["recall"].get(0).cloned()).await;
    assert_eq!((&recalled["ticket"], &recalled["number"]), (&json!("A"), &json!("A")));
    assert_eq!((&recalled["table"], &recalled["items"]), (&json!("12"), &json!(2)));
    let answer = desk.ask(json!({"op": "recall", "station": "grill", "ticket": "A"})).await;
    assert_eq!(answer["result"], "applied");
    let ticket = desk.stands("grill", "A").await;
    assert_eq!(states(&ticket), [("1".into(), "queued".into()), ("2".into(), "queued".into())].into());
    assert!(ticket["since"].as_str() > first["since"].as_str(), "{ticket}");
    assert!(line(&ticket, "1")["due_at"].as_str() > line(&first, "1")["due_at"].as_str());
    let list = desk.until("an empty list", |seen| {
        seen.manifests["grill"]["recall"].as_array().filter(|list| list.is_empty()).map(|_| ())
    });
    list.await;
    assert_ne!(
        desk.ask(json!({"op": "recall", "station": "grill", "ticket": "A"})).await["result"],
        "applied"
    );
}

#[tokio::test]
async fn twenty_tickets_can_be_recalled_the_last_first() {
    let mut desk = Desk::open().await;
    for n in 0..23 {
        let id = format!("A{n}");
        desk.send(order(&id, &[dish("1", "Steak", "grill")])).await;
        desk.stands("grill", &id).await;
        desk.bumped("grill", &id, &[], "queued", "ready").await;
    }
    let list = desk
        .until("the list", |seen| {
            let list = seen.manifests["grill"]["recall"].as_array()?;
            (list.first()?["ticket"] == "A22").then(|| list.clone())
        })
        .await;
    assert_eq!(list.len(), 20);
    assert_eq!(list[19]["ticket"], "A3");
}

#[tokio::test]
async fn rush_puts_an_order_first() {
    let mut desk = cooking().await;
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    let rush = |on: bool| json!({"op": "rush", "station": "pass", "ticket": "B", "on": on});
    assert_eq!(desk.ask(rush(true)).await["result"], "applied");
    assert_eq!(desk.ask(rush(true)).await["result"], "noop");
    desk.until("first", |seen| (seen.manifests["grill"]["tickets"][0][0] == "B").then_some(())).await;
    desk.ticket("grill", "B", |ticket| ticket["rush"] == true).await;
    assert_eq!(desk.ask(rush(false)).await["result"], "applied");
    desk.until("second", |seen| (seen.manifests["grill"]["tickets"][1][0] == "B").then_some(())).await;
}

#[tokio::test]
async fn what_can_not_be_understood_is_answered_and_does_nothing() {
    let mut desk = cooking().await;
    let known = desk.seen.answers.len();
    for payload in ["{", "[]", "null", "\"move\"", "{\"cmd\":\"x\"}", "{\"cmd\":\"x\",\"op\":\"dance\"}"] {
        desk.say("till", payload).await;
    }
    desk.say("till", vec![0xff, 0xfe, 0x00]).await;
    desk.say("till", "[".repeat(100_000)).await;
    desk.settle().await;
    let answers = desk.seen.answers[known..].to_vec();
    let invalid: Vec<_> = answers.iter().filter(|answer| answer["result"] == "invalid").collect();
    assert_eq!(invalid.len(), 8, "{answers:?}");
    assert_eq!(invalid.iter().filter(|answer| answer["cmd"] == "x").count(), 2);
    assert!(invalid.iter().all(|answer| answer["message"].is_string()));
    for (command, word) in [
        (
            json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "ready", "colour": 1}),
            "colour",
        ),
        (json!({"op": "move", "station": "grill", "ticket": "A", "from": "raw", "to": "ready"}), ""),
        (json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "voided"}), ""),
        (json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued", "to": "held"}), ""),
        (json!({"op": "move", "station": "grill", "ticket": "A", "from": "queued"}), "to"),
        (json!({"op": "move", "station": "oven", "ticket": "A", "from": "queued", "to": "ready"}), "oven"),
        (json!({"op": "move", "station": "hall", "ticket": "A", "from": "queued", "to": "ready"}), "hall"),
        (json!({"op": "undo", "station": "grill", "ticket": "A", "of": "x", "base": -1}), ""),
        (json!({"op": "rush", "station": "grill", "ticket": "A", "on": "yes"}), ""),
        (json!({"op": "watch", "expires": "soon"}), ""),
    ] {
        let answer = desk.ask(command.clone()).await;
        assert_eq!(answer["result"], "invalid", "{command}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(word), "{answer}");
    }
    let long =
        desk.ask_as("till", "bad", json!({"op": "fire", "station": "grill", "ticket": "../../x"})).await;
    assert!(matches!(long["result"].as_str(), Some("conflict" | "invalid")), "{long}");
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap())["1"], "queued");
}

#[tokio::test]
async fn a_retained_command_is_ignored() {
    let mut desk = cooking().await;
    let command = json!({"cmd": "old", "op": "move", "station": "grill", "ticket": "A", "from": "queued",
        "to": "ready"});
    desk.ear
        .mqtt
        .publish(
            "outlet/v1/test/kitchen/command/till",
            rumqttc::v5::mqttbytes::QoS::AtLeastOnce,
            true,
            command.to_string(),
        )
        .await
        .unwrap();
    desk.settle().await;
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap())["1"], "queued");
    assert!(desk.seen.answers.iter().all(|answer| answer["result"] != "applied"));
}
