//! An hour of a busy evening, as fast as this machine bears it: a job a second on every device, swipes, weights,
//! tickets and what cooks press. It is cut into fifteen evenings of four minutes, a day apart, so that a week's old
//! records go while new ones come.
//!
//! `OUTLETD_AGENT` names the agent's program where it is not the one that was built with the tests. What was
//! measured stands in `target/soak.json` at the end.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "faults/disk.rs"]
#[allow(dead_code, reason = "the clock alone is wanted here")]
mod disk;
#[path = "soak/ear.rs"]
mod ear;
#[path = "soak/outlet.rs"]
mod outlet;
#[allow(dead_code, reason = "screens speak of more than is needed here")]
#[path = "screens/panel.rs"]
mod panel;
#[path = "faults/power.rs"]
#[allow(dead_code, reason = "the clock alone is wanted here")]
mod power;
#[path = "support/register.rs"]
mod register;
mod support;
#[allow(dead_code, reason = "the black box has more tools")]
#[path = "blackbox/tools.rs"]
mod tools;
#[path = "soak/work.rs"]
mod work;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use outlet::Outlet;
use serde_json::{Value, json};

/// Evenings, a day apart. Records are kept for a week: from the ninth on as much goes as comes.
const EVENINGS: usize = 15;
/// What each device does in an evening, one a second of it.
const EACH: usize = 240;
/// The first evening of those in which nothing may grow any more.
const FULL: usize = 9;

/// What an evening took.
struct Evening {
    took: Duration,
    /// From a job's publish to its end, sorted.
    jobs: Vec<Duration>,
    /// From a swipe or a weight to its reading, sorted.
    readings: Vec<Duration>,
    memory_kib: u64,
    descriptors: usize,
    journal_bytes: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: run tests/reliability/run soak"]
async fn an_hour_of_a_busy_evening_leaves_memory_descriptors_and_journal_as_they_were() {
    let mut outlet = Outlet::open().await;
    let mut evenings = Vec::new();
    for number in 0..EVENINGS {
        if number > 0 {
            outlet.next_day(number > 8).await;
        }
        let began = Instant::now();
        let done = work::evening(&mut outlet, number, EACH).await;
        let took = began.elapsed();
        let evening = Evening {
            took,
            jobs: done.jobs,
            readings: done.readings,
            memory_kib: outlet.memory_kib(),
            descriptors: outlet.descriptors(),
            journal_bytes: outlet.journal_bytes(),
        };
        say(&evening.line(number));
        evenings.push(evening);
    }
    let wrong = outlet.audit(EVENINGS * EACH).await;
    outlet.stop().await;
    let told = json!({
        "seconds_played": EVENINGS * EACH,
        "seconds": evenings.iter().map(|evening| evening.took.as_secs_f64()).sum::<f64>(),
        "jobs": evenings.iter().map(|evening| evening.jobs.len()).sum::<usize>(),
        "readings": evenings.iter().map(|evening| evening.readings.len()).sum::<usize>(),
        "wrong": wrong,
        "evenings": evenings.iter().map(Evening::json).collect::<Vec<_>>(),
    });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("soak.json");
    std::fs::write(path, format!("{told:#}\n")).unwrap();
    assert_eq!(wrong, Vec::<String>::new());
    is_flat(&evenings);
}

/// A week is full: from here on nothing grows, but for fiscal jobs, which are kept for ever.
fn is_flat(evenings: &[Evening]) {
    let (first, rest) = evenings[FULL - 1..].split_first().unwrap();
    let most = |of: fn(&Evening) -> u64| rest.iter().map(of).max().unwrap();
    let memory = most(|evening| evening.memory_kib);
    assert!(memory <= first.memory_kib * 11 / 10, "memory grew from {} to {memory} KiB", first.memory_kib);
    let descriptors = most(|evening| evening.descriptors as u64);
    assert!(
        descriptors <= first.descriptors as u64 + 2,
        "{descriptors} descriptors, not {}",
        first.descriptors
    );
    let journal = most(|evening| evening.journal_bytes);
    let fiscal = (rest.len() * EACH * outlet::FISCAL_BYTES) as u64;
    assert!(
        journal <= first.journal_bytes + fiscal + first.journal_bytes / 10,
        "the journal grew from {} to {journal} bytes",
        first.journal_bytes
    );
}

impl Evening {
    fn line(&self, number: usize) -> String {
        let mut line = format!("evening {:>2}: {:>5.1} s", number + 1, self.took.as_secs_f64());
        for (name, all) in [("jobs", &self.jobs), ("readings", &self.readings)] {
            let [p50, p95, most] = spread(all);
            write!(line, ", {} {name} p50 {p50:.1} p95 {p95:.1} most {most:.1} ms", all.len()).unwrap();
        }
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        write!(
            line,
            ", memory {:.1} MiB, {} descriptors, journal {:.1} MiB",
            mib(self.memory_kib << 10),
            self.descriptors,
            mib(self.journal_bytes)
        )
        .unwrap();
        line
    }

    fn json(&self) -> Value {
        json!({
            "seconds": self.took.as_secs_f64(), "jobs": self.jobs.len(), "jobs_ms": spread(&self.jobs),
            "readings": self.readings.len(), "readings_ms": spread(&self.readings),
            "memory_kib": self.memory_kib, "descriptors": self.descriptors, "journal_bytes": self.journal_bytes,
        })
    }
}

/// The half, 19 of 20, and all are not longer than so many milliseconds.
fn spread(sorted: &[Duration]) -> [f64; 3] {
    let at = |part: usize| sorted[(sorted.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    [at(50), at(95), at(100)]
}

/// Not captured: it is to be seen while it runs.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
