//! Killed at every step of a job's life and started again: nothing lost, nothing printed twice silently.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::net::SocketAddr;
use std::path::Path;

use outlet_simulators::printer::{Fault, Printer, PrinterSpec};
use outletd::bus::contract::{JobDocument, State};
use process::Process;
use serde_json::json;
use support::{Client, PATIENCE, ticket};

/// The agent with one printer.
struct Agent {
    process: Process,
}

impl Agent {
    /// Starts it, to die at a commit of its journal if told so. `None`: it died before it was ready.
    async fn start(folder: &Path, printer: SocketAddr, crash: Option<&str>) -> Option<Self> {
        let device = format!(
            "[[device]]\nid = \"kitchen\"\ndriver = \"escpos\"\nmodel = \"epson-tm-t20iii\"\nlink = \"tcp://{printer}\"\n"
        );
        Some(Self { process: Process::start(folder, &device, crash).await? })
    }

    async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Submits until there is an answer or the agent is dead, as the contract asks of clients.
    async fn submit(&mut self, id: &str) -> Option<JobDocument> {
        let job = ticket(id, "SOUP");
        let topic = format!("outlet/v1/test/job/{id}");
        let addr = self.process.addr;
        let answered = async {
            let mut pos = Client::connect(addr, "pos-1").await;
            pos.submit("kitchen", &job).await;
            let (_, answer) = pos.next(|seen, _| seen == topic).await;
            let first: JobDocument = serde_json::from_value(answer).unwrap();
            if first.state.is_final() || first.state == State::Uncertain {
                return first;
            }
            loop {
                let (_, value) = pos.next(|seen, _| seen == topic).await;
                let document: JobDocument = serde_json::from_value(value).unwrap();
                if document.state.is_final() || document.state == State::Uncertain {
                    return document;
                }
            }
        };
        self.process.unless_it_dies(answered).await
    }
}

/// What must hold after a crash and a restart, wherever the crash was.
fn audit(point: &str, end: &JobDocument, printer: &Printer) {
    let on_paper = printed(printer);
    match end.state {
        State::Succeeded => assert_eq!(on_paper, 1, "{point}: told as printed: {end:#?}"),
        State::Uncertain => {
            assert!(on_paper <= 1, "{point}: printed twice");
            assert!(end.evidence.is_some() && end.error.is_some(), "{point}: no evidence: {end:#?}");
        }
        other => panic!("{point}: the job ended as {other}: {end:#?}"),
    }
}

fn printed(printer: &Printer) -> usize {
    let finished: usize = printer.papers().iter().map(|paper| paper.text.matches("SOUP").count()).sum();
    finished + printer.unfinished().matches("SOUP").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_and_after_each_commit_of_the_journal() {
    let mut points = 0;
    let mut uncertain = 0;
    for moment in ["before", "after"] {
        for number in 1.. {
            let point = format!("{moment}:{number}");
            let folder = tempfile::tempdir().unwrap();
            let printer = Printer::new(PrinterSpec::epson_80mm());
            let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
            let first = match Agent::start(folder.path(), addr, Some(&point)).await {
                Some(mut agent) => {
                    let end = agent.submit("01JA").await;
                    if end.is_some() {
                        agent.kill().await;
                    }
                    end
                }
                None => None,
            };
            let mut again = Agent::start(folder.path(), addr, None).await.unwrap();
            let end = tokio::time::timeout(PATIENCE, again.submit("01JA")).await.unwrap().unwrap();
            audit(&point, &end, &printer);
            again.kill().await;
            points += 1;
            uncertain += usize::from(end.state == State::Uncertain);
            if first.is_some() {
                break;
            }
        }
    }
    println!("{points} crash points, {uncertain} ended as uncertain, none lost, none printed twice");
    assert!(points >= 6, "the crash points were not reached: {points}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_bytes_are_on_their_way() {
    let whole = {
        let printer = Printer::new(PrinterSpec::epson_80mm());
        let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut agent = Agent::start(folder.path(), addr, None).await.unwrap();
        agent.submit("01JA").await.unwrap();
        agent.kill().await;
        printer.state().received
    };
    let mut uncertain = 0;
    for received in 1..=whole {
        let point = format!("killed once the printer had received {received} bytes");
        let printer = Printer::new(PrinterSpec::epson_80mm());
        printer.inject(Fault::CutLinkAfter(received));
        let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut agent = Agent::start(folder.path(), addr, None).await.unwrap();
        let pos = Client::connect(agent.process.addr, "pos-1").await;
        pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
        printer.wait_received_total(received).await;
        agent.kill().await;
        let mut again = Agent::start(folder.path(), addr, None).await.unwrap();
        let end = tokio::time::timeout(PATIENCE, again.submit("01JA")).await.unwrap().unwrap();
        audit(&point, &end, &printer);
        again.kill().await;
        uncertain += usize::from(end.state == State::Uncertain);
    }
    println!("{whole} crash points, {uncertain} ended as uncertain, none lost, none printed twice");
}

#[tokio::test]
async fn an_accepted_job_is_on_disk_before_its_answer_and_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let printer = Printer::new(PrinterSpec::epson_80mm());
    printer.inject(Fault::PowerOff);
    let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut agent = Agent::start(folder.path(), addr, None).await.unwrap();
    let mut pos = Client::connect(agent.process.addr, "pos-1").await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    let topic = pos.topics.job("01JA");
    pos.next(|seen, value| seen == topic && value["state"] == json!("accepted")).await;
    agent.kill().await;
    printer.inject(Fault::PowerOn);
    let mut again = Agent::start(folder.path(), addr, None).await.unwrap();
    let end = tokio::time::timeout(PATIENCE, again.submit("01JA")).await.unwrap().unwrap();
    assert_eq!((end.state, printed(&printer)), (State::Succeeded, 1));
    again.kill().await;
}
