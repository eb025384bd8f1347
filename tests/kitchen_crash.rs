//! Killed at every commit of a ticket's life and started again: no ticket lost, none twice.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::net::SocketAddr;
use std::path::Path;

use process::Process;
use serde_json::{Value, json};
use support::{Client, PATIENCE};

const STATIONS: &str = "[web]\nlisten = \"127.0.0.1:0\"\n[[station]]\nid = \"grill\"\nplaces = [\"grill\"]\n\
                        [[station]]\nid = \"pass\"\nkind = \"expediter\"\n";

fn job(id: &str, items: &[&str], more: Value) -> Value {
    let items: Vec<Value> =
        items.iter().map(|item| json!({"id": item, "name": "Soup", "place": "grill"})).collect();
    let mut document = json!({"order": "A", "items": items});
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"id": id, "kind": "ticket", "document": document})
}

/// What a till and a cook do, each step repeated until it is answered: two jobs, and two bumps between them.
async fn evening(addr: SocketAddr) -> Value {
    let mut till = Client::connect(addr, "till").await;
    let first = job("J1", &["1", "2"], json!({"table": "7"}));
    accepted(&mut till, &first).await;
    command(&mut till, "C1", json!({"op": "move", "items": ["1"], "from": "queued", "to": "cooking"})).await;
    command(&mut till, "C2", json!({"op": "move", "items": ["1"], "from": "cooking", "to": "ready"})).await;
    let second = job("J2", &["1", "2", "3"], json!({"voids": [{"item": "2", "reason": "gone"}]}));
    accepted(&mut till, &second).await;
    command(&mut till, "C3", json!({"op": "move", "items": ["3"], "from": "queued", "to": "cooking"})).await;
    let mut late = Client::connect(addr, "late").await;
    late.next(|topic, value| {
        topic.ends_with("kitchen/grill/ticket/A")
            && value["lines"].as_array().is_some_and(|lines| lines.len() == 2)
    })
    .await
    .1
}

async fn accepted(till: &mut Client, job: &Value) {
    let topic = till.topics.job(job["id"].as_str().unwrap());
    till.submit("grill", job).await;
    till.next(|seen, _| seen == topic).await;
}

/// Gives a command until there is something to do it to; the same id is done once.
async fn command(till: &mut Client, cmd: &str, mut command: Value) {
    command["station"] = json!("grill");
    command["ticket"] = json!("A");
    for attempt in 0.. {
        // A conflict is remembered too: the ticket may not stand there yet.
        let id = format!("{cmd}-{attempt}");
        command["cmd"] = json!(id);
        till.publish("outlet/v1/test/kitchen/command/till", command.to_string()).await;
        let (_, answer) = till.next(|_, value| value["cmd"] == id.as_str()).await;
        match answer["result"].as_str().unwrap() {
            "applied" | "noop" => return,
            // Done already before the crash, and gone on since.
            "conflict" if answer["message"].as_str().unwrap().contains("by now") => return,
            "conflict" | "unavailable" => {}
            other => panic!("{other}: {answer}"),
        }
    }
}

/// How often each line came into each state, by the feed that survives.
fn audit(point: &str, ticket: &Value) {
    let lines: Vec<(&str, &str)> = ticket["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["item"].as_str().unwrap(), line["state"].as_str().unwrap()))
        .collect();
    assert_eq!(lines, [("1", "ready"), ("3", "cooking")], "{point}: {ticket}");
    assert_eq!(ticket["table"], "7", "{point}");
}

async fn start(folder: &Path, crash: Option<&str>) -> Option<Process> {
    Process::start(folder, STATIONS, crash).await
}

/// A till calls its ticket off, and asks until it has gone.
async fn called_off(addr: SocketAddr) {
    let mut till = Client::connect(addr, "till").await;
    accepted(&mut till, &job("J1", &["1"], json!({}))).await;
    let answer = till.ask_agent(json!({"op": "cancel", "job": "J1", "by": "pos-1"})).await;
    let ended = answer["ok"] == true || answer["error"]["code"] == "version-mismatch";
    assert!(ended, "{answer}");
    let mut late = Client::connect(addr, "late").await;
    late.next(|topic, value| topic.ends_with("kitchen/grill/manifest") && value["tickets"] == json!([]))
        .await;
}

/// Has something done by an agent that is killed before or after one of its commits, each in turn, and once more by
/// the agent that is started after it, whose work is judged.
async fn killed_at_each_commit<T>(
    least: usize,
    work: impl AsyncFn(SocketAddr) -> T,
    judge: impl Fn(&str, T),
) {
    let mut points = 0;
    for moment in ["before", "after"] {
        for number in 1.. {
            let point = format!("{moment}:{number}");
            let folder = tempfile::tempdir().unwrap();
            let mut ended = None;
            if let Some(mut agent) = start(folder.path(), Some(&point)).await {
                let addr = agent.addr;
                ended = agent.unless_it_dies(work(addr)).await;
                if ended.is_some() {
                    agent.kill().await;
                }
            }
            let again = start(folder.path(), None).await;
            let mut again = again.unwrap_or_else(|| panic!("{point}: the agent does not start again"));
            let done = tokio::time::timeout(PATIENCE, work(again.addr)).await;
            judge(&point, done.unwrap_or_else(|_| panic!("{point}")));
            again.kill().await;
            points += 1;
            if ended.is_some() {
                break;
            }
        }
    }
    assert!(points >= least, "the crash points were not reached: {points}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_was_called_off_leaves_the_screens_whenever_the_agent_is_killed() {
    killed_at_each_commit(8, called_off, |_, ()| ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_and_after_each_commit_no_ticket_is_lost_and_none_is_there_twice() {
    killed_at_each_commit(10, evening, |point, ticket| audit(point, &ticket)).await;
}
