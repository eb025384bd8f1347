//! The power of a whole machine fails, and its devices are pulled out and plugged in again.
//!
//! The agent is installed from its package under systemd, on a Debian with a kernel of its own; `machine/outlet` makes
//! the box and runs these. `OUTLETD_CUTS` says how often power fails, `OUTLETD_SEED` at which moments.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "power/cables.rs"]
mod cables;
#[path = "power/disk.rs"]
mod disk;
#[path = "power/evening.rs"]
mod evening;
#[path = "power/machine.rs"]
mod machine;
#[path = "support/process.rs"]
mod process;
#[path = "support/register.rs"]
mod register;
#[path = "power/service.rs"]
mod service;
#[path = "power/till.rs"]
mod till;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use cables::GADGETS;
use disk::Disk;
use evening::Evening;
use machine::{Machine, Running};
use outlet_simulators::printer::Printer;
use serde_json::{Value, json};
use till::{Book, SharedBook, Till};

/// When power fails, from the moment on at which the jobs begin to come.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// After a while.
    After(Duration),
    /// When the kitchen's printer has got so many bytes more.
    KitchenBytes(u64),
    /// When the USB printer has.
    BarBytes(u64),
    /// When the agent has answered for so many jobs more.
    Answers(usize),
    /// In so manyth write to the disk, or within the flush that would follow it.
    DiskWrite(u64),
}

impl Moment {
    fn choose(chance: &mut fastrand::Rng) -> Self {
        match chance.u8(..6) {
            0 => Self::After(Duration::from_millis(chance.u64(300..15_000))),
            1 => Self::KitchenBytes(chance.u64(1..4000)),
            2 => Self::BarBytes(chance.u64(1..4000)),
            3 => Self::Answers(chance.usize(1..20)),
            _ => Self::DiskWrite(chance.u64(1..300)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::After(_) => "after a while",
            Self::KitchenBytes(_) => "while a network printer gets bytes",
            Self::BarBytes(_) => "while a USB printer gets bytes",
            Self::Answers(_) => "after an answer to a till",
            Self::DiskWrite(_) => "within a write to the disk or the flush after it",
        }
    }

    async fn wait(self, eyes: &Eyes) {
        let Eyes { kitchen, bar, book, disk } = eyes;
        match self {
            Self::After(time) => tokio::time::sleep(time).await,
            Self::KitchenBytes(more) => kitchen.wait_received_total(kitchen.state().received + more).await,
            Self::BarBytes(more) => bar.wait_received_total(bar.state().received + more).await,
            Self::Answers(more) => {
                let before = book.with(|book| book.jobs.len());
                let answered = |book: &Book| (book.jobs.len() >= before + more).then_some(());
                book.wait("enough answers", answered).await;
            }
            Self::DiskWrite(number) => disk.fail_at_write(disk.writes() + number).await,
        }
    }
}

/// What tells that a moment has come.
struct Eyes {
    kitchen: Printer,
    bar: Printer,
    book: SharedBook,
    disk: Disk,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(time) => write!(f, "after {} ms", time.as_millis()),
            Self::KitchenBytes(bytes) => write!(f, "{bytes} bytes into the network printer"),
            Self::BarBytes(bytes) => write!(f, "{bytes} bytes into the USB printer"),
            Self::Answers(count) => write!(f, "after answer {count}"),
            Self::DiskWrite(number) => write!(f, "in write {number} to the disk"),
        }
    }
}

/// Not captured: it is to be seen while it runs.
fn say(line: fmt::Arguments) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What was tried, for the page that is made of it.
fn note(name: &str, told: &Value) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    std::fs::write(target.join(name).with_extension("json"), format!("{told:#}\n")).unwrap();
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "boots a machine: run machine/outlet"]
async fn whenever_power_fails_each_job_that_was_accepted_is_done_once_or_waits_for_a_person() {
    let cuts = number("OUTLETD_CUTS").unwrap_or(1);
    let seed = number("OUTLETD_SEED").unwrap_or_else(|| fastrand::u64(..1 << 32));
    say(format_args!("{cuts} power cuts with OUTLETD_SEED={seed}"));
    let mut chance = fastrand::Rng::with_seed(seed);
    let (mut evening, outside) = Evening::new(chance.u64(..)).await;
    let mut machine = Machine::new(outside);
    let mut all = evening::Tally::default();
    let mut moments: BTreeMap<&str, u64> = BTreeMap::new();
    let mut with_devices = 0;
    let mut writes = disk::Cut::default();
    let (mut running, mut till) = switched_on(&mut machine, &mut evening).await;
    for cut in 1..=cuts {
        let moment = Moment::choose(&mut chance);
        let devices_too = chance.bool();
        say(format_args!("cut {cut}: {moment}{}", if devices_too { ", devices too" } else { "" }));
        let eyes = Eyes {
            kitchen: evening.kitchen.clone(),
            bar: evening.bar.clone(),
            book: evening.book.clone(),
            disk: machine.disk.clone(),
        };
        tokio::select! {
            () = moment.wait(&eyes) => {}
            () = evening.work(&till, cut) => {}
        }
        running.power_off().await;
        drop(till);
        let told = evening.book.with(|book| book.jobs.len());
        if devices_too {
            evening.power_off();
        }
        let flushes = machine.disk.flushes();
        let disk = machine.disk.cut(&mut chance);
        evening.power_on();
        (running, till) = switched_on(&mut machine, &mut evening).await;
        let tally = evening.audit(&mut till).await;
        say(format_args!(
            "cut {cut}: {told} jobs were told of, {flushes} flushes; of the writes after the last {} were kept, {} \
             torn, {} lost; {} jobs went on, {} were repeated for want of an answer, {} uncertain",
            disk.kept, disk.torn, disk.lost, tally.jobs, tally.unanswered, tally.uncertain
        ));
        *moments.entry(moment.name()).or_default() += 1;
        with_devices += u64::from(devices_too);
        writes.lost += disk.lost;
        writes.torn += disk.torn;
        writes.kept += disk.kept;
        all.jobs += tally.jobs;
        all.unanswered += tally.unanswered;
        all.uncertain += tally.uncertain;
    }
    running.power_off().await;
    let jobs = evening.book.with(|book| book.jobs.len());
    note(
        "cuts",
        &json!({
            "cuts": cuts, "seed": seed, "moments": moments, "devices_too": with_devices, "jobs": jobs,
            "cut_off": all.jobs, "unanswered": all.unanswered, "uncertain": all.uncertain,
            "writes_lost": writes.lost, "writes_torn": writes.torn, "writes_kept": writes.kept,
        }),
    );
    say(format_args!(
        "{cuts} power cuts with OUTLETD_SEED={seed}: {jobs} jobs, {} of them cut off, {} uncertain with evidence, none \
         lost, none done twice",
        all.jobs, all.uncertain
    ));
}

/// Switches the machine on. The agent has started at once, on a journal that is whole, and has all its devices.
async fn switched_on(machine: &mut Machine, evening: &mut Evening) -> (Running, Till) {
    let begin = Instant::now();
    let mut running = machine.boot().await;
    let ready = begin.elapsed();
    let whole = running.run("sqlite3 -readonly /var/lib/outletd/journal.db 'PRAGMA integrity_check'").await;
    assert_eq!(whole, "ok\n", "the journal is broken");
    let till = Till::connect(running.mqtt, &evening.book).await;
    for device in DEVICES {
        let topic = till.topics.device_state(device);
        let there =
            |book: &Book| matches!(book.of(&topic)["state"].as_str(), Some("ready" | "busy")).then_some(());
        evening.book.wait(&format!("{device} ready"), there).await;
    }
    evening.measure(&till, &mut running).await;
    say(format_args!(
        "the agent was ready after {} s, its devices after {}",
        ready.as_secs(),
        begin.elapsed().as_secs()
    ));
    (running, till)
}

/// All devices of the box.
const DEVICES: [&str; 6] = ["kitchen", "bar", "till", "scale", "scanner", "hand-scanner"];

/// What a person who plugs something in waits for, in milliseconds of the machine's clock.
const SOON: i64 = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "boots a machine: run machine/outlet"]
async fn what_is_pulled_out_and_plugged_in_again_is_known_at_once_and_its_jobs_go_on() {
    let (mut evening, outside) = Evening::new(1).await;
    let mut machine = Machine::new(outside);
    let (mut running, mut till) = switched_on(&mut machine, &mut evening).await;
    let process = running.run("systemctl show -P MainPID outletd").await;
    let mut late = Vec::new();
    let mut times = BTreeMap::new();
    for gadget in GADGETS {
        let device = gadget.device;
        let out = gadget.moved(false, &mut running, &till, &evening).await;
        let waiting = format!("{device}-out");
        if gadget.jobs {
            gadget.waits(&waiting, &till, &mut evening).await;
        }
        let other = format!("kitchen-while-{device}-is-out");
        evening.submit(&till, "kitchen", &other).await;
        evening.done(&other).await;
        let back = gadget.moved(true, &mut running, &till, &evening).await;
        if gadget.jobs {
            evening.done(&waiting).await;
        }
        evening.measure(&till, &mut running).await;
        say(format_args!("{device}: out was known after {out} ms, back after {back} ms"));
        times.insert(device, [out, back]);
        late.extend([out, back].into_iter().filter(|time| *time > SOON).map(|time| (device, time)));
    }
    let tally = evening.audit(&mut till).await;
    assert_eq!(tally.uncertain, 0);
    assert_eq!(
        running.run("systemctl show -P MainPID outletd").await,
        process,
        "the agent was started again"
    );
    running.power_off().await;
    note("cables", &json!(times));
    assert!(late.is_empty(), "known later than after {SOON} ms: {late:?}");
}
