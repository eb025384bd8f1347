//! An outlet in which things go wrong: the real agent on a faulty disk, its broker, simulators of its devices,
//! and a schedule of faults that is made of a seed. After each run everything is compared: what tills were
//! told, what the journal has, what is on paper and in the register's storage.
//!
//! A few seeds are tried, or those of `OUTLETD_FAULT_SEEDS=0..2000`. `OUTLETD_FAULT_SEED=1234` runs one alone
//! and shows its schedule and the agent's log. What was tried stands in `target/faults.json` at the end.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "faults/audit.rs"]
mod audit;
#[path = "faults/bed.rs"]
mod bed;
#[path = "faults/cable.rs"]
mod cable;
#[path = "faults/disk.rs"]
mod disk;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "faults/paper.rs"]
mod paper;
#[path = "faults/power.rs"]
mod power;
#[path = "support/register.rs"]
mod register;
#[path = "faults/run.rs"]
mod run;
#[path = "faults/schedule.rs"]
mod schedule;
#[path = "faults/tally.rs"]
mod tally;
#[path = "blackbox/tools.rs"]
#[allow(dead_code, reason = "the black box uses the rest")]
mod tools;
#[path = "faults/wire.rs"]
mod wire;

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use disk::{Disk, Word};
use run::{Fraud, Report, run};
use schedule::{Schedule, Step, What, When};
use tally::Total;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Seeds that every run of the tests tries.
const SAMPLE: Range<u64> = 0..48;
/// Runs at once: they wait most of the time.
const LANES: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_every_accepted_job_has_one_end_that_paper_and_storage_agree_with() {
    let alone = number("OUTLETD_FAULT_SEED");
    let mut seeds = alone.map_or_else(range, |seed| seed..seed + 1);
    let mut total = Total::default();
    let mut lanes: JoinSet<Report> = JoinSet::new();
    loop {
        while lanes.len() < LANES
            && let Some(seed) = seeds.next()
        {
            lanes.spawn(run(Schedule::of(seed), Fraud::Nothing));
        }
        let Some(report) = lanes.join_next().await else { break };
        let report = report.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        if alone.is_some() || !report.findings.is_empty() {
            say(&format!(
                "{}\n{}\n{:#?}\ntook {:?}",
                report.schedule, report.log, report.findings, report.took
            ));
        }
        total.add(report);
    }
    say(&total.to_string());
    let told = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("faults.json");
    fs::write(told, total.json()).unwrap();
    assert!(total.failed.is_empty(), "seeds with findings: {:?}", total.failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_disk_that_does_not_sync_the_audit_finds_what_is_lost() {
    let mut found = Vec::new();
    for seed in 0..20 {
        let report = run(Schedule::power_cuts(seed), Fraud::ForgetSyncs).await;
        found.extend(report.findings);
        if found.iter().any(|finding| finding.contains("the agent does not know it")) {
            return;
        }
    }
    panic!("nothing was lost: {found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_lies_there_twice_is_found() {
    let report = run(Schedule { steps: Vec::new(), ..Schedule::power_cuts(1) }, Fraud::PrintAgain).await;
    assert_eq!(report.findings.len(), 2, "{:#?}", report.findings);
    assert!(report.findings[0].contains("printed too often without a mark"), "{:#?}", report.findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_a_clock_which_jumps_lets_expire_is_not_printed() {
    let jump = What::Clock { shift_ms: 3 * 3_600_000 };
    let pass = What::Scale { fault: outlet_simulators::scale::Fault::LoseAnswer, ms: 1 };
    let steps = [(1500, jump), (400, pass.clone()), (400, pass)];
    let steps = steps.map(|(ms, what)| Step { when: When::Ms(ms), what }).to_vec();
    let report = run(Schedule { steps, ..Schedule::with_a_station(1) }, Fraud::Nothing).await;
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.tally.counts["jobs failed, expired or cancelled"] > 0, "the tickets did not expire");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_a_full_disk_does_not_take_loses_no_job() {
    use outlet_simulators::printer::Fault::RefuseConnections;
    let mut schedule = Schedule::power_cuts(1);
    schedule.tills.truncate(1);
    schedule.tills[0].truncate(1);
    let job = &mut schedule.tills[0][0];
    (job.body["ttl_s"], job.body["stale"], job.called_off) = (1.into(), "banner".into(), false);
    let off = What::Printer { kitchen: true, fault: RefuseConnections, ms: 2500 };
    let full = What::DiskFull { mode: 2, ms: 1000 };
    let pass = What::Scale { fault: outlet_simulators::scale::Fault::LoseAnswer, ms: 1 };
    let steps = [(0, off), (800, full), (1200, pass)];
    schedule.steps = steps.map(|(ms, what)| Step { when: When::Ms(ms), what }).to_vec();
    let report = run(schedule, Fraud::Nothing).await;
    assert!(report.findings.is_empty(), "{:#?}\n{}", report.findings, report.log);
    assert_eq!(report.tally.counts["jobs succeeded"], 1, "{}", report.log);
    assert!(report.tally.counts["writes that a full disk refused or did in half"] > 0, "{}", report.log);
}

#[test]
fn what_was_synced_stays_and_what_was_not_is_lost_or_torn() {
    let (mut lost, mut stayed, mut torn) = (0, 0, 0);
    for seed in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let (synced, unsynced) = (disk.data().join("synced"), disk.data().join("unsynced"));
        for (file, options) in [(&synced, "conv=fsync"), (&unsynced, "conv=notrunc")] {
            copy(&disk, "bs=2048 count=1", file, options);
        }
        copy(&disk, "bs=2048 count=1 seek=1", &synced, "conv=notrunc");
        assert!(disk.get(Word::Writes) >= 3 && disk.get(Word::Syncs) == 1, "the writes did not come by");
        disk.cut_power(&mut fastrand::Rng::with_seed(seed));
        let kept = fs::read(&synced).unwrap();
        assert!(
            kept.len() >= 2048 && kept[..2048].iter().all(|byte| *byte == b'x'),
            "a synced write is lost"
        );
        match fs::read(&unsynced) {
            Err(_) => lost += 1,
            Ok(bytes) if bytes == [b'x'; 2048] => stayed += 1,
            Ok(_) => torn += 1,
        }
    }
    assert!(lost > 0 && stayed > 0 && torn > 0, "{lost} lost, {stayed} stayed, {torn} torn");
}

#[test]
fn names_that_were_not_synced_come_back() {
    let mut back = 0;
    for seed in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let (old, new) = (disk.data().join("old"), disk.data().join("new"));
        copy(&disk, "bs=512 count=1", &old, "conv=fsync");
        let moved =
            Command::new("mv").arg("-T").arg(&old).arg(&new).envs(disk.environment()).status().unwrap();
        assert!(moved.success());
        disk.cut_power(&mut fastrand::Rng::with_seed(seed));
        assert!(old.exists() != new.exists(), "one name");
        back += usize::from(old.exists());
    }
    assert!(back > 0, "no name came back");
}

#[test]
fn what_a_failed_sync_gave_up_is_not_taken_back_by_a_cut_after_a_start_has_read_it() {
    for seed in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        assert_eq!(in_a_process(&disk, "note"), 1);
        disk.set(Word::FailSyncs, 1);
        assert_eq!(in_a_process(&disk, "note"), REFUSED);
        assert_eq!(disk.get(Word::FailedSyncs), 1);
        // It is there all the same, as long as there is power.
        assert_eq!(in_a_process(&disk, "start"), 2);
        disk.cut_power(&mut fastrand::Rng::with_seed(seed));
        assert_eq!(in_a_process(&disk, "start"), 2, "with seed {seed}");
    }
}

const REFUSED: i32 = 100;

/// How many notices a journal on a disk has, as a process finds it that starts, or notes another, and is killed.
fn in_a_process(disk: &Disk, what: &str) -> i32 {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--ignored", "--exact", "a_part_of_another_test"]).envs(disk.environment());
    process.env("OUTLETD_TEST_DATA", disk.data()).env("OUTLETD_TEST_PART", what).stdout(Stdio::null());
    process.status().unwrap().code().unwrap()
}

#[test]
#[ignore = "runs in a process of its own"]
fn a_part_of_another_test() {
    let Some(data) = std::env::var_os("OUTLETD_TEST_DATA") else { return };
    let path = Path::new(&data).join(outletd::journal::FILE);
    let open = || {
        let clock = Arc::new(outletd::clock::Timestamp::default);
        let topics = outletd::bus::contract::Topics::new("outlet/v1/test");
        outletd::journal::Journal::open(Path::new(&data), topics, clock, mpsc::unbounded_channel().0).unwrap()
    };
    let noting = std::env::var("OUTLETD_TEST_PART").unwrap() == "note";
    // What is noted needs the tables, and no start: that would fold in what the one before left.
    let journal = (!noting || !path.exists()).then(open);
    let connection = rusqlite::Connection::open(&path).unwrap();
    if noting {
        connection.execute_batch("PRAGMA synchronous = FULL").unwrap();
        let note = "INSERT INTO notices (at, code, message, evidence, settled) VALUES (0, '', '', '{}', 1)";
        if connection.execute(note, []).is_err() {
            std::process::exit(REFUSED);
        }
    }
    let count = connection.query_row("SELECT count(*) FROM notices", [], |row| row.get(0)).unwrap();
    // Nothing is closed in order.
    std::mem::forget((journal, connection));
    std::process::exit(count);
}

#[test]
fn a_full_disk_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let file = disk.data().join("file");
    disk.set(Word::Full, 2);
    let copied = dd(&disk, "bs=512 count=1", &file, "conv=notrunc").status().unwrap();
    assert!(!copied.success() && disk.get(Word::FullGiven) == 1);
    disk.heal();
    copy(&disk, "bs=512 count=1", &file, "conv=notrunc");
}

fn dd(disk: &Disk, what: &str, to: &Path, options: &str) -> Command {
    let mut dd = Command::new("sh");
    let script = format!("yes x | tr -d '\\n' | dd iflag=fullblock status=none {what} {options} of=\"$0\"");
    dd.arg("-c").arg(script).arg(to).envs(disk.environment()).stderr(Stdio::null());
    dd
}

fn copy(disk: &Disk, what: &str, to: &Path, options: &str) {
    assert!(dd(disk, what, to, options).status().unwrap().success());
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn range() -> Range<u64> {
    let Ok(text) = std::env::var("OUTLETD_FAULT_SEEDS") else { return SAMPLE };
    let (first, last) = text.split_once("..").expect("OUTLETD_FAULT_SEEDS is FIRST..LAST");
    first.parse().unwrap()..last.parse().unwrap()
}

/// Not captured: it is to be seen.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
