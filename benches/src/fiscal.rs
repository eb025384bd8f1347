//! How long a receipt takes from its publication to its fiscal sign, beside the bare exchange of the same
//! frames by a script.

use std::path::Path;
use std::time::{Duration, Instant};

use outlet_simulators::register::{Register, RegisterSpec};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Result;
use crate::client::Client;
use crate::process::{Outlet, PREFIX};
use crate::report::{Report, Row, Table};
use crate::stats::Spread;

/// Receipts measured, one after another.
const RECEIPTS: usize = 300;
/// Receipts before that, not counted.
const WARM_UP: usize = 30;
/// Pause before each, so that what the one before left to do is done.
const SETTLE: Duration = Duration::from_millis(5);
/// Most that a receipt may take, in bare exchanges.
const TARGET: f64 = 1.3;

type Kind = (&'static str, &'static str, &'static str, fn() -> RegisterSpec);

const KINDS: &[Kind] = &[
    ("shtrih-1", "shtrih", "level = 1", RegisterSpec::shtrih_v1),
    ("shtrih-2", "shtrih", "level = 2", RegisterSpec::shtrih_v2),
    ("datecs-x", "datecs", "", RegisterSpec::datecs_x),
    ("atol-3", "atol", "protocol = 3", RegisterSpec::atol_v3),
];

/// Measures each kind of register. `python` runs `scripts/registers.py`.
pub async fn measure(
    agent: &Path,
    work: &Path,
    python: &Path,
    scripts: &Path,
    report: &mut Report,
) -> Result<()> {
    let mut table = Table::new("Receipts, milliseconds", &["what", "p50", "p99", "p99.9", "most"]);
    for (name, driver, option, spec) in KINDS {
        let register = Register::open(spec())?;
        let addr = register.serve_tcp("127.0.0.1:0").await?;
        let device = format!(
            "[[device]]\nid = \"till\"\ndriver = {driver:?}\nlink = \"tcp://{addr}\"\n\
             [device.options]\n{option}\npoll_ms = 3600000\n"
        );
        let mut outlet = Outlet::with_devices(agent, work, &device)?;
        outlet.start().await?;
        let mut till = Till { client: outlet.client("till", &["job/+", "reply/till"]).await?, jobs: 0 };
        if *driver != "datecs" {
            // Datecs opens it with the first receipt.
            till.run(&json!({"type": "openShift"})).await?;
        }
        let mut ours = Vec::new();
        for number in 0..WARM_UP + RECEIPTS {
            tokio::time::sleep(SETTLE).await;
            let took = till.run(&receipt()).await?;
            if number >= WARM_UP {
                ours.push(took);
            }
        }
        let sent = till.sent().await?;
        drop(till);
        outlet.stop().await?;
        let output = Command::new(python)
            .arg(scripts.join("registers.py"))
            .args([name, &*addr.port().to_string(), &*(WARM_UP + RECEIPTS).to_string(), &sent])
            .output()
            .await?;
        if !output.status.success() {
            return Err(format!("registers.py {name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let bare: Bare = serde_json::from_slice(&output.stdout)?;
        let bare = bare.seconds.into_iter().skip(WARM_UP).map(Duration::from_secs_f64).collect();
        let (ours, bare) = (Spread::of(ours), Spread::of(bare));
        report.row(Row::at_most(
            &format!("Receipt to fiscal sign, {name}, p50, in bare exchanges of the same frames"),
            TARGET,
            ours.p50.as_secs_f64() / bare.p50.as_secs_f64(),
            "",
        ));
        table.spread(&format!("{name}: publish to the fiscal sign"), &ours);
        table.spread(&format!("{name}: the same frames by a script"), &bare);
    }
    report.table(table);
    report.note(format!(
        "{RECEIPTS} receipts of three items and two payments, one after another, on simulated registers that \
         take no time for a command, over TCP. A receipt is journaled before it is begun, before its closing \
         command, and at its end. The script (`benches/peers/registers.py`, Python) takes the frames of one such \
         receipt apart and sends the same commands under fresh numbers, with nothing around them."
    ));
    Ok(())
}

#[derive(Deserialize)]
struct Bare {
    seconds: Vec<f64>,
}

struct Till {
    client: Client,
    jobs: u32,
}

impl Till {
    async fn run(&mut self, task: &Value) -> Result<Duration> {
        self.jobs += 1;
        let id = self.id();
        let job = json!({"id": id, "kind": "fiscal", "document": task}).to_string();
        let start = Instant::now();
        self.client.publish(&format!("{PREFIX}/device/till/job"), job, None).await?;
        loop {
            let heard = self.client.next().await?;
            if heard.value["job"] != *id {
                continue;
            }
            match heard.value["state"].as_str().unwrap_or_default() {
                "accepted" | "running" | "waiting" => {}
                "succeeded" => return Ok(heard.at - start),
                _ => return Err(format!("a receipt did not succeed: {}", heard.value).into()),
            }
        }
    }

    /// All bytes that were sent for the last receipt, hexadecimal.
    async fn sent(&mut self) -> Result<String> {
        let request = json!({"op": "get", "job": self.id(), "trace": true}).to_string();
        let reply = format!("{PREFIX}/reply/till");
        self.client.publish(&format!("{PREFIX}/request"), request, Some(&reply)).await?;
        let told = loop {
            let heard = self.client.next().await?;
            if heard.topic == reply {
                break heard.value;
            }
        };
        let trace = told["result"]["attempts"][0]["trace"].as_array().ok_or("no trace")?.clone();
        let sent = trace.iter().filter(|line| line["direction"] == "sent");
        Ok(sent.filter_map(|line| line["bytes"].as_str()).collect())
    }

    fn id(&self) -> String {
        format!("receipt-{}", self.jobs)
    }
}

fn receipt() -> Value {
    let item = |name: &str, price: f64, quantity: f64, amount: f64| {
        json!({
            "type": "position", "name": name, "price": price, "quantity": quantity, "amount": amount,
            "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": "vat20"},
        })
    };
    json!({
        "type": "sell",
        "items": [item("Soup", 2.90, 2.0, 5.80), item("Bread", 0.45, 1.0, 0.45), item("Cheese", 18.90, 0.125, 2.36)],
        "payments": [{"type": "electronically", "sum": 5.00}, {"type": "cash", "sum": 3.61}],
        "total": 8.61,
    })
}
