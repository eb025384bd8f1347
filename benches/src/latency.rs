//! How long a job takes to be accepted, and to reach its printer.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use outlet_simulators::printer::Event;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::Result;
use crate::client::{Client, PATIENCE};
use crate::process::{Mosquitto, Outlet, PREFIX};
use crate::report::{Report, Row, Table};
use crate::stats::Spread;

/// Jobs measured, one after another.
const JOBS: usize = 2000;
/// Jobs before that, not counted.
const WARM_UP: usize = 200;
/// Pause before each measurement, so that what the one before left to do is done.
pub const SETTLE: Duration = Duration::from_millis(2);
/// Bytes written before each sync: somewhat less than the journal appends to its log for a job's acceptance.
const COMMIT: usize = 32 << 10;
/// Size of the file they are written to in turn, as the journal's log is used again from its start.
const LOG: usize = 4 << 20;
/// Most that the first byte may take, in sums of a hop and a sync.
const TARGET: f64 = 1.5;

/// Measures, turn by turn so that all see the same machine: one hop between two clients over mosquitto, one
/// synced write, and one job from its publication on.
pub async fn measure(agent: &Path, work: &Path, report: &mut Report) -> Result<()> {
    let mut outlet = Outlet::new(agent, work, 1).await?;
    outlet.start().await?;
    outlet.wait_devices().await?;
    let mosquitto = Mosquitto::start(work).await?;
    let mut hop = Hop::new(mosquitto.port).await?;
    let mut disk = Disk::new(&outlet.data())?;
    let mut job = Job::new(&outlet).await?;
    let [mut hops, mut syncs, mut sums, mut accepted, mut first_bytes, mut ends] = [const { Vec::new() }; 6];
    for number in 0..WARM_UP + JOBS {
        tokio::time::sleep(SETTLE).await;
        let hop = hop.run(&job.payload(number)).await?;
        let sync = disk.run()?;
        tokio::time::sleep(SETTLE).await;
        let times = job.run(number).await?;
        if number >= WARM_UP {
            hops.push(hop);
            syncs.push(sync);
            sums.push(hop + sync);
            accepted.push(times.accepted);
            first_bytes.push(times.first_byte);
            ends.push(times.end);
        }
    }
    drop(job);
    outlet.stop().await?;
    let (sum, first_byte) = (Spread::of(sums), Spread::of(first_bytes));
    report.row(Row::at_most(
        "First byte at the printer, p50, in sums of one hop and one fdatasync",
        TARGET,
        first_byte.p50.as_secs_f64() / sum.p50.as_secs_f64(),
        "",
    ));
    let mut table = Table::new("Latency, milliseconds", &["what", "p50", "p99", "p99.9", "most"]);
    table.spread("publish to `accepted`", &Spread::of(accepted));
    table.spread("publish to the first byte at the printer", &first_byte);
    table.spread("publish to `succeeded`, the paper printed", &Spread::of(ends));
    table.spread("one QoS 1 hop over mosquitto", &Spread::of(hops));
    table.spread("one fdatasync", &Spread::of(syncs));
    table.spread("that hop and that fdatasync together", &sum);
    report.table(table);
    report.note(format!(
        "{JOBS} jobs one after another (`examples/service-ticket.json`) for a simulated printer over TCP, through \
         the embedded broker; each is on disk before its first byte leaves. Between two of them: the same payload \
         from client to client over mosquitto with `set_tcp_nodelay true`, and {} KiB written into a file of {} MiB \
         in the journal's folder and synced by fdatasync, somewhat less than a job's acceptance writes. All clients \
         are the same program, on loopback.",
        COMMIT >> 10,
        LOG >> 20
    ));
    Ok(())
}

/// Two clients of mosquitto.
pub struct Hop {
    from: Client,
    to: Client,
}

impl Hop {
    const TOPIC: &str = "bench/hop";

    /// Connects both.
    pub async fn new(port: u16) -> Result<Self> {
        let to = Client::connect(port, "to", &[Self::TOPIC]).await?;
        Ok(Self { from: Client::connect(port, "from", &[]).await?, to })
    }

    /// From the publication by one to its arrival at the other.
    pub async fn run(&mut self, payload: &str) -> Result<Duration> {
        let start = Instant::now();
        self.from.publish(Self::TOPIC, payload, None).await?;
        Ok(self.to.next().await?.at - start)
    }
}

/// A file that is written as the journal's log is.
struct Disk {
    file: File,
    at: usize,
}

impl Disk {
    fn new(folder: &Path) -> Result<Self> {
        let file = File::create(folder.join("sync-bench"))?;
        file.write_all_at(&vec![1; LOG], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    fn run(&mut self) -> Result<Duration> {
        let bytes = vec![self.at as u8; COMMIT];
        let start = Instant::now();
        self.file.write_all_at(&bytes, self.at as u64)?;
        self.file.sync_data()?;
        self.at = (self.at + COMMIT) % LOG;
        Ok(start.elapsed())
    }
}

/// A till that submits one job after another to `printer-0`.
struct Job {
    client: Client,
    printer: broadcast::Receiver<Event>,
    job: Value,
}

/// From the moment before the publication.
struct Times {
    accepted: Duration,
    first_byte: Duration,
    end: Duration,
}

impl Job {
    async fn new(outlet: &Outlet) -> Result<Self> {
        let client = outlet.client("till", &["reply/till", "job/+"]).await?;
        let printer = outlet.printers.first().ok_or("no printer")?.events();
        let job = serde_json::from_str(include_str!("../../examples/service-ticket.json"))?;
        Ok(Self { client, printer, job })
    }

    fn payload(&mut self, number: usize) -> String {
        self.job["id"] = id(number).into();
        self.job.to_string()
    }

    async fn run(&mut self, number: usize) -> Result<Times> {
        let payload = self.payload(number);
        let start = Instant::now();
        let reply = format!("{PREFIX}/reply/till");
        self.client.publish(&format!("{PREFIX}/device/printer-0/job"), payload, Some(&reply)).await?;
        let (mut accepted, mut end) = (None, None);
        while accepted.is_none() || end.is_none() {
            let heard = self.client.next().await?;
            if heard.value["job"] != id(number) {
                continue;
            }
            match heard.value["state"].as_str().unwrap_or_default() {
                "accepted" if heard.topic == reply => accepted = Some(heard.at - start),
                "accepted" | "running" => {}
                "succeeded" => end = Some(heard.at - start),
                _ => return Err(format!("a job did not succeed: {}", heard.value).into()),
            }
        }
        let first_byte = self.first_byte(start).await? - start;
        let (accepted, end) = (accepted.unwrap_or_default(), end.unwrap_or_default());
        Ok(Times { accepted, first_byte, end })
    }

    /// When the first byte of the document came that was published at `start`.
    async fn first_byte(&mut self, start: Instant) -> Result<Instant> {
        let found = async {
            loop {
                match self.printer.recv().await {
                    Ok(Event::FirstByte { at }) if at > start => return Ok(at),
                    Ok(_) => {}
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(tokio::time::timeout(PATIENCE, found).await.map_err(|_| "nothing came to the printer")??)
    }
}

fn id(number: usize) -> String {
    format!("latency-{number}")
}
