//! Memory of the agent, and how soon it is ready.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::Outlet;
use crate::report::{Report, Row, Table};
use crate::throughput;

const DEVICES: usize = 10;
const JOBS: usize = 100_000;
/// Jobs that were submitted and have not ended, while the journal is filled.
const AT_ONCE: usize = 400;
/// How often each start is measured; the best counts.
const STARTS: usize = 9;
/// Pause before memory is read.
const SETTLE: Duration = Duration::from_secs(5);

const TARGET_IDLE: f64 = 25.0;
const TARGET_JOBS: f64 = 60.0;
const TARGET_EMPTY: f64 = 100.0;
const TARGET_FULL: f64 = 500.0;

/// Starts an agent with ten printers, prints 100,000 jobs, and starts it again on what they left.
pub async fn measure(agent: &Path, work: &Path, report: &mut Report) -> Result<()> {
    let mut outlet = Outlet::new(agent, work, DEVICES).await?;
    let mut empty = Vec::new();
    for _ in 0..STARTS {
        empty.push(outlet.start().await?);
        outlet.stop().await?;
        outlet.forget()?;
    }
    outlet.start().await?;
    outlet.wait_devices().await?;
    tokio::time::sleep(SETTLE).await;
    let idle = outlet.memory("VmRSS")?;

    let start = Instant::now();
    throughput::print(&outlet, JOBS, AT_ONCE).await?;
    let printing = start.elapsed().as_secs_f64();
    tokio::time::sleep(SETTLE).await;
    let (after, peak) = (outlet.memory("VmRSS")?, outlet.memory("VmHWM")?);

    let mut full = Vec::new();
    for _ in 0..STARTS {
        outlet.stop().await?;
        full.push(outlet.start().await?);
    }
    outlet.kill().await?;
    let killed = outlet.start().await?;
    outlet.stop().await?;
    let journal = std::fs::metadata(outlet.data().join("journal.db"))?.len() as f64 / f64::from(1 << 20);

    report.row(Row::at_most("Memory idle with 10 devices, VmRSS", TARGET_IDLE, idle, " MiB"));
    report.row(Row::at_most("Memory after 100,000 jobs, VmRSS", TARGET_JOBS, after, " MiB"));
    report.row(Row::at_most("Start to ready, empty journal", TARGET_EMPTY, shortest(&empty), " ms"));
    report.row(Row::at_most(
        "Start to ready, 100,000 jobs in the journal",
        TARGET_FULL,
        shortest(&full),
        " ms",
    ));
    let mut table = Table::new("Memory and start", &["what", "figure"]);
    let mut line = |what: &str, figure: String| table.line([what.to_owned(), figure]);
    line("start to ready, empty journal: shortest and longest", range(&empty));
    line("start to ready, 100,000 jobs: shortest and longest", range(&full));
    line("the same after SIGKILL, once", format!("{:.1} ms", ms(&killed)));
    line("most memory ever while 100,000 jobs were printed, VmHWM", format!("{peak:.1} MiB"));
    line(
        "jobs printed per second meanwhile, each journaled to its end",
        format!("{:.0}", JOBS as f64 / printing),
    );
    line("the journal's file after them", format!("{journal:.0} MiB"));
    report.table(table);
    report.note(format!(
        "One agent with {DEVICES} simulated printers over TCP and the embedded broker. Start to ready is from the \
         start of the process to the `READY=1` it says to systemd; {STARTS} starts each, the shortest counts. The \
         100,000 jobs were submitted over MQTT, printed, and had all ended before memory was read."
    ));
    Ok(())
}

fn shortest(times: &[Duration]) -> f64 {
    times.iter().min().map_or(f64::INFINITY, ms)
}

fn range(times: &[Duration]) -> String {
    let longest = times.iter().max().map_or(f64::INFINITY, ms);
    format!("{:.1} to {longest:.1} ms", shortest(times))
}

fn ms(time: &Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
