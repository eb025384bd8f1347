//! The agent and a till at a broker of three nodes, RabbitMQ, of which one after the other is killed under load:
//! nothing that was accepted is lost, and nothing is printed twice.
//!
//! It needs what `./check` installs, so a plain `cargo test` passes it over. To run it alone:
//! `cargo test --test cluster -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "cluster/agent.rs"]
mod agent;
#[path = "cluster/rabbitmq.rs"]
mod rabbitmq;
#[path = "cluster/till.rs"]
mod till;
#[allow(dead_code, reason = "each test file uses its own part")]
#[path = "blackbox/tools.rs"]
mod tools;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use agent::Agent;
use outlet_simulators::printer::{Printer, PrinterSpec};
use rabbitmq::Cluster;
use till::Till;

/// How long a test waits for what must come. Never reached by a test that passes.
const PATIENCE: Duration = Duration::from_secs(180);
const OUTLET: &str = "outlet/v1/test";
const DEVICES: [&str; 2] = ["kitchen", "bar"];

/// Jobs that have been answered when a node is killed, and those that are answered after it.
const BEFORE: usize = 25;
const AFTER: usize = 40;

/// Whose node is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Nobodys,
    Agents,
    Tills,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs RabbitMQ, which ./check installs"]
async fn a_dead_node_loses_no_accepted_job_and_prints_none_twice() {
    let begun = Instant::now();
    let mut cluster = Cluster::start().await;
    println!("three nodes are up after {} s", begun.elapsed().as_secs());
    let printers = [(); 2].map(|()| Printer::new(PrinterSpec::epson_80mm()));
    let mut devices = Vec::new();
    for (id, printer) in DEVICES.into_iter().zip(&printers) {
        devices.push((id, printer.serve_tcp("127.0.0.1:0").await.unwrap()));
    }
    // Each begins at a node of its own, and goes to the third from there.
    let (agents, tills) = ([0, 2, 1], [1, 2, 0]);
    let agent = Agent::start(&cluster.urls(agents), &devices).await;
    let till = Till::open(cluster.ports(tills));
    let load = till.sell();

    for whose in [Node::Nobodys, Node::Agents, Node::Tills] {
        till.more_answers(BEFORE).await;
        // Whoever loses a connection takes the next of its list.
        let (agents_lost, tills_lost) = (agent.connections_lost(), till.connections_lost());
        let (agent_at, till_at) = (agents[agents_lost % 3], tills[tills_lost % 3]);
        let victim = match whose {
            Node::Nobodys => (0..3).find(|node| ![agent_at, till_at].contains(node)).unwrap(),
            Node::Agents => agent_at,
            Node::Tills => till_at,
        };
        let killed = Instant::now();
        cluster.kill(victim).await;
        till.answers_after(killed, AFTER).await;
        println!("{whose:?} node killed: {}", till.pauses_since(killed));
        match whose {
            Node::Nobodys => {}
            Node::Agents => assert!(agent.connections_lost() > agents_lost, "{}", agent.said()),
            Node::Tills => assert!(till.connections_lost() > tills_lost),
        }
        if whose != Node::Tills {
            let begun = Instant::now();
            cluster.start_again(victim).await;
            println!("it is back after {} s", begun.elapsed().as_secs());
        }
    }
    load.stop().await;
    till.all_have_ended().await;

    let jobs = till.jobs();
    println!("{} jobs: {}", jobs.len(), till.summary());
    // What stands on each paper, and how often.
    let printed = printers.each_ref().map(|printer| {
        let mut papers: HashMap<String, usize> = HashMap::new();
        for paper in printer.papers() {
            *papers.entry(paper.text.lines().next().unwrap_or_default().trim().to_owned()).or_default() += 1;
        }
        papers
    });
    for job in &jobs {
        assert_eq!(job.refusal, None, "{job:?}");
        assert_eq!(job.ends(), ["succeeded"], "exactly one end: {job:?}");
        for (device, papers) in DEVICES.into_iter().zip(&printed) {
            let wanted = (job.device == device).then_some(&1);
            assert_eq!(papers.get(&job.text), wanted, "{} at {device}: {job:?}", job.text);
        }
    }
    let papers: usize = printed.iter().flat_map(HashMap::values).sum();
    assert_eq!(papers, jobs.len(), "nothing else was printed");
    till.close().await;
}
