//! What no screen has shown is printed.

use outlet_simulators::printer::{Fault, PrinterSpec};
use outletd::bus::contract::State;
use serde_json::json;

use crate::desk::{Desk, dish, line, order};
use crate::support::station;

const PRINTING: &str = r#"
[[station]]
id = "grill"
name = "Grill"
places = ["grill"]
printer = "paper"
print_after_s = 5
[[station]]
id = "cold"
places = ["cold"]
[[station]]
id = "pass"
kind = "expediter"
[web]
listen = "127.0.0.1:0"
"#;

async fn kitchen() -> Desk {
    let printer = station("paper", "epson-tm-t20iii", PrinterSpec::epson_80mm()).await;
    Desk::with(vec![printer], PRINTING).await
}

fn papers(desk: &Desk) -> Vec<String> {
    desk.outlet.printer("paper").papers().into_iter().map(|paper| paper.text.clone()).collect()
}

/// Waits for the paper of a ticket to be marked on its screen.
async fn printed(desk: &mut Desk, order: &str) {
    desk.ticket("grill", order, |ticket| ticket["printed"] == true).await;
}

#[tokio::test]
async fn what_no_screen_has_shown_is_printed_once_and_marked_and_the_job_succeeds_as_the_paper_did() {
    let mut desk = kitchen().await;
    let job = desk
        .send(order(
            "A77",
            &[json!({"id": "1", "name": "Steak", "place": "grill", "note": "no salt",
            "modifiers": [{"name": "Pepper", "quantity": "0"}]})],
        ))
        .await;
    desk.until("no screen", |seen| (seen.jobs.get(&job)?["reason"]["code"] == "no-screen").then_some(()))
        .await;
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["confidence"], "printed", "{done}");
    let paper = done["result"]["stations"]["grill"]["printed"].as_str().unwrap().to_owned();
    assert_eq!(desk.job(&paper, State::Succeeded).await["device"], "paper");
    printed(&mut desk, "A77").await;
    let text = papers(&desk);
    assert_eq!(text.len(), 1, "{text:?}");
    for word in ["NOT ON SCREEN", "GRILL", "A77", "STEAK", "PEPPER", "no salt"] {
        assert!(text[0].contains(word), "{word}: {}", text[0]);
    }
    // An add-on has a paper of its own, which says nothing of what was printed before.
    let second = desk.send(json!({"order": "A77", "items": [dish("2", "Ribs", "grill")]})).await;
    desk.job(&second, State::Succeeded).await;
    let text = papers(&desk);
    assert_eq!(text.len(), 2);
    assert!(text[1].contains("RIBS") && !text[1].contains("STEAK"), "{}", text[1]);
}

#[tokio::test]
async fn what_was_shown_in_time_is_never_printed() {
    let mut desk = kitchen().await;
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let first = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let ver = desk.stands("grill", "A").await["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    desk.job(&first, State::Succeeded).await;
    let second = desk.send(order("B", &[dish("1", "Ribs", "grill")])).await;
    desk.job(&second, State::Succeeded).await;
    let text = papers(&desk);
    assert_eq!(text.len(), 1);
    assert!(text[0].contains("RIBS"));
    assert!(desk.seen.ticket("grill", "A").unwrap()["printed"].is_null());
}

#[tokio::test]
async fn what_was_voided_or_done_before_anybody_saw_it_is_not_printed() {
    let mut desk = kitchen().await;
    let voided = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    desk.send(json!({"order": "A", "voids": [{"item": "1"}]})).await;
    let moved = desk.send(order("B", &[dish("1", "Ribs", "grill")])).await;
    desk.stands("grill", "B").await;
    desk.bumped("grill", "B", &[], "queued", "ready").await;
    for job in [voided, moved] {
        desk.job(&job, State::Succeeded).await;
    }
    let last = desk.send(order("C", &[dish("1", "Cake", "grill")])).await;
    desk.job(&last, State::Succeeded).await;
    let text = papers(&desk);
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(text[0].contains("CAKE"));
}

#[tokio::test]
async fn two_jobs_of_one_order_that_wait_together_have_one_paper() {
    let mut desk = kitchen().await;
    let first = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "A").await;
    let second = desk.send(json!({"order": "A", "items": [dish("2", "Ribs", "grill")]})).await;
    desk.ticket("grill", "A", |ticket| !line(ticket, "2").is_null()).await;
    // With the restart both begin to wait at the same moment.
    desk.restart().await;
    for job in [&first, &second] {
        desk.job(job, State::Succeeded).await;
    }
    let text = papers(&desk);
    assert_eq!(text.len(), 1, "{text:?}");
    assert!(text[0].contains("STEAK") && text[0].contains("RIBS"));
}

#[tokio::test]
async fn a_restart_after_it_was_handed_to_the_printer_prints_nothing_again() {
    let mut desk = kitchen().await;
    desk.outlet.printer("paper").inject(Fault::PowerOff);
    let job = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    printed(&mut desk, "A").await;
    let running = desk.job(&job, State::Running).await;
    assert!(running["result"].is_null(), "{running}");
    desk.restart().await;
    assert_eq!(desk.stands("grill", "A").await["printed"], true);
    desk.outlet.printer("paper").inject(Fault::PowerOn);
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["confidence"], "printed");
    assert_eq!(papers(&desk).len(), 1);
}

#[tokio::test]
async fn a_printer_that_is_off_delays_nobody_and_a_screen_may_still_show_it() {
    let mut desk = kitchen().await;
    desk.outlet.printer("paper").inject(Fault::PowerOff);
    let job = desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    printed(&mut desk, "A").await;
    desk.send(order("B", &[dish("1", "Steak", "grill")])).await;
    desk.stands("grill", "B").await;
    desk.bumped("grill", "B", &[], "queued", "cooking").await;
    let mut screen = desk.screen("all", "kitchen", &["grill", "cold"]).await;
    let ver = desk.seen.ticket("grill", "A").unwrap()["ver"].as_u64().unwrap();
    let shown = json!({"op": "watch", "shown": {"grill": {"A": ver}, "cold": {"A": ver}}});
    assert_eq!(screen.ask(shown).await["result"], "ok");
    let done = desk.job(&job, State::Succeeded).await;
    assert_eq!(done["confidence"], "shown", "{done}");
}

#[tokio::test]
async fn a_ticket_whose_paper_is_called_off_says_that_nobody_has_it_and_a_screen_may_still_show_it() {
    let mut desk = kitchen().await;
    desk.outlet.printer("paper").inject(Fault::PowerOff);
    let job = desk.send(order("A", &[dish("1", "Steak", "grill")])).await;
    let paper = desk
        .until("a paper that waits", |seen| {
            let (id, _) = seen
                .jobs
                .iter()
                .find(|(_, known)| known["kind"] == "print" && known["state"] == "waiting")?;
            Some(id.clone())
        })
        .await;
    desk.agent(json!({"op": "cancel", "job": paper})).await;
    let waiting = desk
        .until("nobody has it", |seen| {
            let known = seen.jobs.get(&job)?;
            (known["reason"]["code"] == "no-paper").then(|| known.clone())
        })
        .await;
    assert_eq!(waiting["state"], "waiting");
    assert!(waiting["reason"]["message"].as_str().unwrap().contains("cancelled"), "{waiting}");
    let mut grill = desk.screen("grill", "kitchen", &["grill"]).await;
    let ver = desk.seen.ticket("grill", "A").unwrap()["ver"].as_u64().unwrap();
    grill.shows("grill", "A", ver).await;
    assert_eq!(desk.job(&job, State::Succeeded).await["confidence"], "shown");
}

#[tokio::test]
async fn a_station_without_a_printer_goes_on_waiting() {
    let mut desk = kitchen().await;
    let both = desk.send(order("A", &[dish("1", "Steak", "grill"), dish("2", "Soup", "cold")])).await;
    printed(&mut desk, "A").await;
    let alone = desk.send(order("B", &[dish("1", "Soup", "cold")])).await;
    desk.until("waiting", |seen| (seen.jobs.get(&alone)?["reason"]["code"] == "no-screen").then_some(()))
        .await;
    let known = &desk.seen.jobs[&both];
    assert_ne!(known["state"], "succeeded", "the other station has not seen it: {known}");
    let mut cold = desk.screen("cold", "kitchen", &["cold"]).await;
    let ver = desk.seen.ticket("cold", "A").unwrap()["ver"].as_u64().unwrap();
    cold.shows("cold", "A", ver).await;
    let done = desk.job(&both, State::Succeeded).await;
    assert_eq!(done["result"]["stations"]["cold"]["screen"], cold.id, "{done}");
    assert!(done["result"]["stations"]["grill"]["printed"].is_string());
    assert_eq!(done["confidence"], "printed");
}

#[tokio::test]
async fn what_a_pull_moved_away_is_printed_where_it_went_and_nowhere_else() {
    let mut desk = kitchen().await;
    let job = desk.send(order("A", &[dish("1", "Soup", "cold")])).await;
    desk.stands("cold", "A").await;
    let pulled = desk.ask(json!({"op": "pull", "station": "cold", "to": "grill", "on": true})).await;
    assert_eq!(pulled["result"], "applied");
    let done = desk.job(&job, State::Succeeded).await;
    let stations: Vec<&String> = done["result"]["stations"].as_object().unwrap().keys().collect();
    assert_eq!(stations, ["grill"], "{done}");
    assert_eq!(papers(&desk).len(), 1);
}
