//! Who may what.

use serde_json::{Value, json};

use crate::desk::{Desk, STATIONS, Screen, dish, order, states};
use crate::panel::{End, Panel, Way};

fn bump(station: &str, from: &str, to: &str) -> Value {
    json!({"op": "move", "station": station, "ticket": "A", "from": from, "to": to})
}

async fn kitchen() -> Desk {
    let mut desk = Desk::open().await;
    desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    desk.stands("grill", "A").await;
    desk
}

async fn result(screen: &mut Screen, command: Value) -> String {
    screen.ask(command).await["result"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_kitchen_screen_works_at_its_own_stations_and_serves_nothing() {
    let mut desk = kitchen().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    for command in [
        bump("cold", "queued", "ready"),
        bump("pass", "queued", "ready"),
        bump("grill", "queued", "served"),
        json!({"op": "rush", "station": "grill", "ticket": "A", "on": true}),
        json!({"op": "recall", "station": "cold", "ticket": "A"}),
        json!({"op": "pull", "station": "grill", "to": "cold", "on": true}),
        json!({"op": "peak", "station": "cold", "on": true}),
    ] {
        let answer = grill.ask(command.clone()).await;
        assert_eq!(answer["result"], "forbidden", "{command}: {answer}");
        assert!(answer["message"].is_string());
    }
    assert_eq!(result(&mut grill, bump("grill", "queued", "ready")).await, "applied");
    assert_eq!(
        result(&mut grill, json!({"op": "pull", "station": "cold", "to": "grill", "on": true})).await,
        "applied"
    );
    assert_eq!(result(&mut grill, json!({"op": "peak", "station": "grill", "on": true})).await, "applied");
    desk.settle().await;
    let told = desk.seen.told("kitchen").into_iter().find(|told| told["to"] == "ready").unwrap();
    assert_eq!((&told["by"], &told["screen"]), (&json!("grill"), &json!(grill.id)));
}

#[tokio::test]
async fn a_waiter_serves_what_is_ready_and_nothing_else() {
    let mut desk = kitchen().await;
    let mut waiter = desk.screen("hall 1", "waiter", &["pass"]).await;
    for command in [
        bump("grill", "queued", "cooking"),
        bump("pass", "queued", "served"),
        bump("grill", "ready", "served"),
        json!({"op": "move", "station": "pass", "ticket": "A", "from": ["queued", "ready"], "to": "served"}),
        json!({"op": "acknowledge", "station": "pass", "ticket": "A"}),
        json!({"op": "recall", "station": "pass", "ticket": "A"}),
        json!({"op": "fire", "station": "pass", "ticket": "A"}),
    ] {
        assert_eq!(result(&mut waiter, command.clone()).await, "forbidden", "{command}");
    }
    desk.bumped("grill", "A", &[], "queued", "ready").await;
    let serve = json!({"cmd": "serve", "op": "move", "station": "pass", "ticket": "A", "items": ["1"],
        "from": "ready", "to": "served"});
    let served = waiter.ask(serve).await;
    assert_eq!(served["result"], "applied", "{served}");
    let undo = json!({"op": "undo", "station": "pass", "ticket": "A", "of": "serve", "base": served["ver"]});
    assert_eq!(result(&mut waiter, undo).await, "applied");
    desk.ticket("pass", "A", |ticket| states(ticket)["1"] == "ready").await;
}

#[tokio::test]
async fn a_board_only_shows() {
    let mut desk = kitchen().await;
    let mut board = desk.screen("board", "board", &["hall"]).await;
    assert_eq!(result(&mut board, bump("grill", "queued", "ready")).await, "forbidden");
    assert_eq!(result(&mut board, bump("pass", "queued", "served")).await, "forbidden");
    assert_eq!(board.watches().await["result"], "ok");
}

#[tokio::test]
async fn an_expediter_may_everything() {
    let mut desk = kitchen().await;
    let mut pass = desk.screen("pass", "expediter", &["pass"]).await;
    assert_eq!(result(&mut pass, bump("grill", "queued", "cooking")).await, "applied");
    assert_eq!(result(&mut pass, bump("pass", "queued", "ready")).await, "applied");
    assert_eq!(result(&mut pass, bump("pass", "cooking", "ready")).await, "applied");
    assert_eq!(result(&mut pass, bump("pass", "ready", "served")).await, "applied");
    desk.gone("pass", "A").await;
    assert_eq!(result(&mut pass, json!({"op": "recall", "station": "pass", "ticket": "A"})).await, "applied");
    desk.stands("pass", "A").await;
}

#[tokio::test]
async fn a_program_can_not_speak_in_the_name_of_a_screen_nor_count_as_one() {
    let mut desk = kitchen().await;
    let grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let forged = desk.ask_as(&grill.id, "forged", bump("grill", "queued", "ready")).await;
    assert_eq!(forged["result"], "forbidden", "{forged}");
    let forged = json!({"op": "watch", "shown": {"grill": {"A": 99}}});
    assert_eq!(desk.ask_as(&grill.id, "forged-2", forged.clone()).await["result"], "forbidden");
    desk.ask_as("nobody", "seen", forged).await;
    let done = desk.bump("grill", "A", &[], "queued", "cooking").await;
    assert_eq!(done["result"], "applied");
    desk.settle().await;
    assert!(desk.seen.jobs.values().all(|job| job["state"] != "succeeded" && job["state"] != "running"));
    let cancelled = desk.agent(json!({"op": "cancel", "job": "J1", "by": "Anna"})).await;
    assert_eq!(cancelled["ok"], true, "nothing was shown: {cancelled}");
    assert_ne!(desk.seen.states["grill"]["state"], "ready");
}

#[tokio::test]
async fn a_revoked_screen_is_out_and_its_document_is_cleared() {
    let mut desk = kitchen().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    grill.watches().await;
    let id = grill.id.clone();
    desk.until("watching", |seen| (seen.screens.get(&id)?["watching"] == true).then_some(())).await;
    let revoked = desk.agent(json!({"op": "revoke", "screen": id, "by": "Anna"})).await;
    assert_eq!(revoked["ok"], true, "{revoked}");
    desk.until("cleared", |seen| seen.screens.get(&id).is_none_or(Value::is_null).then_some(())).await;
    desk.until("no screen", |seen| (seen.states["grill"]["state"] == "offline").then_some(())).await;
    let way = Way::plain(desk.outlet.screens_addr());
    let again = Panel::sign_in(&way, &id, &grill.secret).await.err();
    assert!(matches!(again, Some(End::Refused(_))), "{again:?}");
}

#[tokio::test]
async fn a_client_without_the_right_kitchen_commands_nothing() {
    let toml = format!("{STATIONS}\n[rights]\nanonymous = [\"print\", \"manage\"]\n");
    let mut desk = Desk::with(vec![], &toml).await;
    desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let answer = desk.bump("grill", "A", &[], "queued", "ready").await;
    assert_eq!(answer["result"], "forbidden", "{answer}");
    assert_eq!(states(desk.seen.ticket("grill", "A").unwrap())["1"], "queued");
    // Once this is on disk, so is what was recorded before it.
    desk.send(order("B", &[dish("1", "Soup", "grill")])).await;
    desk.stands("grill", "B").await;
    let replay = desk.agent(json!({"op": "replay", "from": 1})).await;
    let events = replay["result"]["events"].as_array().unwrap();
    let audit = events.iter().find(|event| event["event"] == "audit").unwrap();
    assert_eq!((&audit["action"], &audit["refused"]), (&json!("move"), &json!("forbidden")));
    assert!(audit["target"].is_string() && audit["client"].is_string(), "{audit}");
}
