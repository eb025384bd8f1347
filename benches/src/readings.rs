//! How soon a weight is published, and what fifty scales and readers take.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use outlet_simulators::reader::{BarcodeScanner, ScannerFormat};
use outlet_simulators::scale::{Protocol, Scale, ScaleSpec};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::Result;
use crate::client::{Client, PATIENCE};
use crate::latency::{Hop, SETTLE};
use crate::process::{Mosquitto, Outlet};
use crate::report::{Report, Row, Table};
use crate::stats::Spread;

/// Weights measured, one after another.
const WEIGHTS: usize = 2000;
/// Weights before that, not counted.
const WARM_UP: usize = 200;
/// Weights on the scale that is asked: each waits for a question.
const POLLED: usize = 100;
/// Bytes of a frame of a CAS scale that sends by itself.
const FRAME: usize = 22;
/// Most that a reading may take, in sums of one frame read from the scale and one hop.
const TARGET_DELAY: f64 = 1.0;

/// Scales and as many scanners.
const PAIRS: usize = 25;
/// Weights and codes from each of them before memory is read.
const READINGS: usize = 200;
/// Pause before memory is read.
const QUIET: Duration = Duration::from_secs(5);
const TARGET_MEMORY: f64 = 40.0;

/// Measures both.
pub async fn measure(agent: &Path, work: &Path, report: &mut Report) -> Result<()> {
    let delays = delays(agent, work).await?;
    let memory = memory(agent, work).await?;
    let (published, sum) = (Spread::of(delays.published), Spread::of(delays.sums));
    report.row(Row::at_most(
        "Weight to published reading, p50, in sums of one frame and one hop",
        TARGET_DELAY,
        published.p50.as_secs_f64() / sum.p50.as_secs_f64(),
        "",
    ));
    report.row(Row::at_most(
        "Memory with 50 scales and scanners at work, VmRSS",
        TARGET_MEMORY,
        memory,
        " MiB",
    ));
    let mut table = Table::new("Readings, milliseconds", &["what", "p50", "p99", "p99.9", "most"]);
    table.spread("a scale sends a new weight, to the reading at a client", &published);
    table.spread("the same frame read from the scale by a bare client", &Spread::of(delays.frames));
    table.spread("one QoS 1 hop over mosquitto", &Spread::of(delays.hops));
    table.spread("that frame and that hop together", &sum);
    table.spread("a weight laid on a scale asked every 200 ms, to the reading", &Spread::of(delays.polled));
    report.table(table);
    report.note(format!(
        "{WEIGHTS} weights one after another on a simulated CAS scale that sends frames of {FRAME} bytes by itself, \
         over TCP, each believed at once (`confirm = 1`; without it a frame without a checksum waits for a second \
         one that says the same); the embedded broker, all clients on loopback. The scale that is asked is a Massa-K with the defaults, {POLLED} weights: the wait for the next question is in the \
         figure. Memory: {PAIRS} such scales, asked five times a second each, and {PAIRS} scanners, after \
         {READINGS} readings of each."
    ));
    Ok(())
}

struct Delays {
    published: Vec<Duration>,
    frames: Vec<Duration>,
    hops: Vec<Duration>,
    sums: Vec<Duration>,
    polled: Vec<Duration>,
}

/// Turn by turn, so that all see the same machine.
async fn delays(agent: &Path, work: &Path) -> Result<Delays> {
    let sending = || Scale::new(ScaleSpec::new(Protocol::CasStream { blanks: false }));
    let (streaming, bare, asked) = (sending(), sending(), Scale::new(ScaleSpec::new(Protocol::Massa100)));
    let link = streaming.serve_tcp("127.0.0.1:0").await?;
    let asked_link = asked.serve_tcp("127.0.0.1:0").await?;
    let mut bare_link = TcpStream::connect(bare.serve_tcp("127.0.0.1:0").await?).await?;
    bare_link.set_nodelay(true)?;
    let devices = format!(
        "{}options = {{ confirm = 1 }}\n{}",
        device("streaming", "scale", Some("cas-stream"), &link.to_string()),
        device("asked", "scale", Some("massa-k-100"), &asked_link.to_string()),
    );
    let mut outlet = Outlet::with_devices(agent, work, &devices)?;
    outlet.start().await?;
    let mut client = outlet.client("core", &["device/streaming/reading", "device/asked/reading"]).await?;
    let mosquitto = Mosquitto::start(work).await?;
    let mut hop = Hop::new(mosquitto.port).await?;
    streaming.wait_state(|state| state.connected).await;
    bare.wait_state(|state| state.connected).await;
    let mut delays = Delays { published: vec![], frames: vec![], hops: vec![], sums: vec![], polled: vec![] };
    let mut payload = String::from("{}");
    for number in 0..WARM_UP + WEIGHTS {
        tokio::time::sleep(SETTLE).await;
        bare.put(grams(number));
        let frame = frame(&bare, &mut bare_link).await?;
        let hop = hop.run(&payload).await?;
        tokio::time::sleep(SETTLE).await;
        streaming.put(grams(number));
        let start = Instant::now();
        streaming.tick();
        let (at, reading) = reading(&mut client, "streaming", number).await?;
        payload = reading;
        if number >= WARM_UP {
            delays.published.push(at - start);
            delays.frames.push(frame);
            delays.hops.push(hop);
            delays.sums.push(frame + hop);
        }
    }
    for number in 0..POLLED {
        let start = Instant::now();
        asked.put(grams(number));
        let (at, _) = reading(&mut client, "asked", number).await?;
        delays.polled.push(at - start);
    }
    outlet.stop().await?;
    Ok(delays)
}

/// One frame that the scale sends, until a client has read it whole.
async fn frame(scale: &Scale, link: &mut TcpStream) -> Result<Duration> {
    let mut frame = [0; FRAME];
    let start = Instant::now();
    scale.tick();
    tokio::time::timeout(PATIENCE, link.read_exact(&mut frame)).await??;
    Ok(start.elapsed())
}

/// When the reading of a weight came, and its payload.
async fn reading(client: &mut Client, device: &str, number: usize) -> Result<(Instant, String)> {
    let wanted = format!("{:.3}", f64::from(grams(number)) / 1000.0);
    let topic = format!("/device/{device}/reading");
    loop {
        let heard = client.next().await?;
        if heard.topic.ends_with(&topic) && heard.value["weight"]["value"] == wanted.as_str() {
            return Ok((heard.at, heard.value.to_string()));
        }
    }
}

/// No two in a row are the same, and none is nothing.
fn grams(number: usize) -> i32 {
    100 + i32::try_from(number % 1000).unwrap_or_default()
}

/// The agent's memory after all of them have read a while.
async fn memory(agent: &Path, work: &Path) -> Result<f64> {
    let (mut scales, mut scanners, mut devices) = (Vec::new(), Vec::new(), String::new());
    for number in 0..PAIRS {
        let scale = Scale::new(ScaleSpec::new(Protocol::Massa100));
        let link = scale.serve_tcp("127.0.0.1:0").await?;
        devices += &device(&format!("scale-{number}"), "scale", Some("massa-k-100"), &link.to_string());
        scales.push(scale);
        let scanner = BarcodeScanner::new(ScannerFormat::default());
        let link = scanner.line().serve_tcp("127.0.0.1:0").await?;
        devices += &device(&format!("scanner-{number}"), "scanner", None, &link.to_string());
        scanners.push(scanner);
    }
    let mut outlet = Outlet::with_devices(agent, work, &devices)?;
    outlet.start().await?;
    let mut client = outlet.client("core", &["device/+/reading", "device/+/state"]).await?;
    let mut offline = 2 * PAIRS;
    while offline > 0 {
        let heard = client.next().await?;
        offline -= usize::from(heard.value["state"] == "ready");
    }
    for number in 0..READINGS {
        scales.iter().for_each(|scale| scale.put(grams(number)));
        scanners.iter().for_each(|scanner| scanner.scan("2012345015500"));
        let mut left = 2 * PAIRS;
        while left > 0 {
            let heard = client.next().await?;
            let weight =
                heard.value["weight"]["value"] == format!("{:.3}", f64::from(grams(number)) / 1000.0);
            left -= usize::from(weight || heard.value["type"] == "code");
        }
    }
    tokio::time::sleep(QUIET).await;
    let memory = outlet.memory("VmRSS")?;
    outlet.stop().await?;
    Ok(memory)
}

fn device(id: &str, driver: &str, model: Option<&str>, address: &str) -> String {
    let mut toml = format!("[[device]]\nid = \"{id}\"\ndriver = \"{driver}\"\nlink = \"tcp://{address}\"\n");
    if let Some(model) = model {
        let _ = writeln!(toml, "model = \"{model}\"");
    }
    toml
}
