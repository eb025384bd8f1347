//! How many jobs a second are accepted, and whether each of them is in the journal.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Result;
use crate::client::Client;
use crate::process::{Outlet, PREFIX};
use crate::report::{Report, Row, Table};

const PRINTERS: usize = 20;
const JOBS: usize = 20_000;
/// Connections that publish at once.
const TILLS: usize = 4;
/// Jobs that a till has published and not seen accepted.
const WINDOW: usize = 256;
/// How often it is measured; the best counts.
const ROUNDS: usize = 3;
const TARGET: f64 = 2000.0;

/// Publishes jobs as fast as they are accepted, kills the agent at the last answer, and looks into the journal
/// with a new one.
pub async fn measure(agent: &Path, work: &Path, report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        "Jobs accepted, 20 printers",
        &["round", "jobs", "seconds", "accepted/s", "in the journal"],
    );
    let mut best = 0f64;
    for round in 1..=ROUNDS {
        let mut outlet = Outlet::new(agent, work, PRINTERS).await?;
        outlet.start().await?;
        outlet.wait_devices().await?;
        let start = Instant::now();
        let mut tills = JoinSet::new();
        for till in 0..TILLS {
            let name = format!("till-{till}");
            let client = outlet.client(&name, &[&format!("reply/{name}")]).await?;
            tills.spawn(sell(client, name, (till..JOBS).step_by(TILLS)));
        }
        while let Some(till) = tills.join_next().await {
            till??;
        }
        let seconds = start.elapsed().as_secs_f64();
        outlet.kill().await?;
        outlet.start().await?;
        let journaled = journaled(&outlet).await?;
        outlet.kill().await?;
        let missing = (0..JOBS).filter(|&number| !journaled.contains(&id(number))).count();
        if missing > 0 {
            return Err(format!("{missing} of {JOBS} accepted jobs are not in the journal").into());
        }
        let rate = JOBS as f64 / seconds;
        best = best.max(rate);
        let figures = [
            round.to_string(),
            JOBS.to_string(),
            format!("{seconds:.2}"),
            format!("{rate:.0}"),
            "all".into(),
        ];
        table.line(figures);
    }
    report.row(Row::at_least("Jobs accepted per second over 20 printers, all journaled", TARGET, best, ""));
    report.table(table);
    report.note(format!(
        "{TILLS} connections publish short tickets for {PRINTERS} simulated printers, which print at the same time; \
         each connection waits while {WINDOW} of its jobs have no answer. The agent is killed (SIGKILL) at the last \
         `accepted`; the one started after it is asked for all its jobs. Printers and clients share the cores with \
         the agent. The best of {ROUNDS} rounds counts."
    ));
    Ok(())
}

/// Publishes jobs and returns when each is accepted.
async fn sell(mut client: Client, name: String, numbers: impl Iterator<Item = usize>) -> Result<()> {
    let reply = format!("{PREFIX}/reply/{name}");
    let mut waiting = 0;
    for number in numbers {
        while waiting >= WINDOW {
            accepted(&mut client).await?;
            waiting -= 1;
        }
        let topic = format!("{PREFIX}/device/printer-{}/job", number % PRINTERS);
        client.publish(&topic, ticket(&id(number)), Some(&reply)).await?;
        waiting += 1;
    }
    for _ in 0..waiting {
        accepted(&mut client).await?;
    }
    Ok(())
}

async fn accepted(client: &mut Client) -> Result<()> {
    let heard = client.next().await?;
    if heard.value["state"] == "accepted" {
        return Ok(());
    }
    Err(format!("a job was not accepted: {}", heard.value).into())
}

/// The ids of all jobs that the agent knows.
async fn journaled(outlet: &Outlet) -> Result<BTreeSet<String>> {
    let mut client = outlet.client("auditor", &["reply/auditor"]).await?;
    let reply = format!("{PREFIX}/reply/auditor");
    let mut found = BTreeSet::new();
    let mut before = Value::Null;
    loop {
        let request = json!({"op": "list", "limit": 500, "before": before});
        client.publish(&format!("{PREFIX}/request"), request.to_string(), Some(&reply)).await?;
        let answer = client.next().await?.value;
        let page = answer["result"]["jobs"].as_array().ok_or_else(|| format!("no list came: {answer}"))?;
        found.extend(page.iter().filter_map(|job| job["job"].as_str().map(str::to_owned)));
        before = answer["result"]["next"].clone();
        if before.is_null() {
            return Ok(found);
        }
    }
}

/// Prints jobs over all printers until so many have ended, never more than `at_once` at a time.
pub async fn print(outlet: &Outlet, jobs: usize, at_once: usize) -> Result<()> {
    let room = Arc::new(Semaphore::new(at_once));
    let mut watcher = outlet.client("watcher", &["job/+"]).await?;
    let till = outlet.client("till", &[]).await?;
    let printers = outlet.printers.len();
    let free = room.clone();
    let selling = async {
        for number in 0..jobs {
            free.acquire().await?.forget();
            let topic = format!("{PREFIX}/device/printer-{}/job", number % printers);
            till.publish(&topic, ticket(&id(number)), None).await?;
        }
        Result::Ok(())
    };
    let watching = async {
        let mut ended = 0;
        while ended < jobs {
            match watcher.next().await?.value {
                document if document["state"] == "succeeded" => {
                    ended += 1;
                    room.add_permits(1);
                }
                document if document["state"] == "accepted" || document["state"] == "running" => {}
                document => return Err(format!("a job did not succeed: {document}").into()),
            }
        }
        Ok(())
    };
    tokio::try_join!(selling, watching)?;
    Ok(())
}

fn id(number: usize) -> String {
    format!("job-{number}")
}

fn ticket(id: &str) -> String {
    json!({"id": id, "kind": "print", "document": {"blocks": [
        {"type": "text", "text": "Стол 12", "style": {"bold": true, "height": 2}},
        {"type": "text", "text": "2 x Борщ украинский"},
        {"type": "text", "text": "   без сметаны"},
        {"type": "text", "text": "1 x Шашлык из баранины"},
        {"type": "cut"},
    ]}})
    .to_string()
}
