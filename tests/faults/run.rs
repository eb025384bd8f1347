//! One run: tills submit, things go wrong by the schedule, everything is healed, a person answers what is left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outlet_simulators::register::Moment;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::audit::{self, Evidence};
use crate::bed::{self, Bed};
use crate::disk::Word;
use crate::paper::{self, Papers};
use crate::register::Till;
use crate::schedule::{CableOf, Job, Schedule, Step, What, When};
use crate::wire::Wire;

/// How long everything may take to come to rest once nothing is wrong any more.
const REST: Duration = Duration::from_secs(60);
/// How long a person looks at a printer that stays in error before it is switched off and on.
const STUCK: Duration = Duration::from_secs(15);
/// How long a death that was ordered at a write or sync is waited for.
const DEATH: Duration = Duration::from_millis(1200);

/// What came of a run.
#[derive(Default)]
pub struct Report {
    pub seed: u64,
    pub schedule: String,
    /// What must not be; empty when all is well.
    pub findings: Vec<String>,
    pub log: String,
    pub tally: Tally,
    pub took: Duration,
}

/// What was done and seen.
#[derive(Default, Clone)]
pub struct Tally {
    /// How often each kind of fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// Everything else that is counted.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub fn add(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    fn struck(&mut self, step: &What) {
        *self.faults.entry(step.name()).or_default() += 1;
    }
}

/// What is done to find out whether the audit finds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fraud {
    Nothing,
    /// The disk answers syncs and does nothing.
    ForgetSyncs,
    /// Somebody prints a ticket of the kitchen once more.
    PrintAgain,
}

/// Runs a schedule.
pub async fn run(schedule: Schedule, fraud: Fraud) -> Report {
    let forgetful = fraud == Fraud::ForgetSyncs;
    let begun = Instant::now();
    let mut report = Report { seed: schedule.seed, schedule: schedule.to_string(), ..Report::default() };
    let mut bed = Bed::open(&schedule, forgetful).await;
    let wire = Arc::new(Wire::new(bed.tills.addr, "till"));
    let mut tills = JoinSet::new();
    for jobs in &schedule.tills {
        let jobs: Vec<Job> = jobs.iter().map(|job| complete(job, &bed.till)).collect();
        tills.spawn(sell(wire.clone(), jobs));
    }
    for step in &schedule.steps {
        wait_for(step.when, &bed).await;
        if strike(step, &mut bed, &mut report.tally).await {
            report.tally.struck(&step.what);
        }
        bed.look_after();
        if bed.pid().is_none() {
            bed.start().await;
        }
    }
    bed.heal().await;
    let patience = if forgetful { REST / 8 } else { REST };
    let rest = tokio::time::timeout(patience, async {
        let mut refused = Vec::new();
        while let Some(till) = tills.join_next().await {
            refused.extend(till.unwrap());
        }
        settle(&mut bed, &wire, &mut report.tally).await;
        refused
    });
    match rest.await {
        Ok(refused) => report.findings.extend(refused),
        Err(_) => {
            let health = bed.health().await;
            report.findings.push(format!("no rest: {}\nthe agent's health: {health}", unrest(&wire)));
        }
    }
    let jobs: Vec<Job> = schedule.tills.iter().flatten().map(|job| complete(job, &bed.till)).collect();
    let mut told = BTreeMap::new();
    // Nobody answers for an agent that does not start.
    for job in jobs.iter().filter(|_| bed.pid().is_some()) {
        let asked = json!({"op": "get", "job": job.id()});
        let patience = if report.findings.is_empty() { REST } else { REST / 12 };
        match tokio::time::timeout(patience, wire.ask(&asked)).await {
            Ok(answer) => drop(told.insert(job.id().to_owned(), answer)),
            Err(_) => report.findings.push(format!("{}: the agent does not answer", job.id())),
        }
    }
    bed.stop().await;
    report.findings.append(&mut bed.findings);
    if fraud == Fraud::PrintAgain {
        let first = jobs.iter().find(|job| job.device == "kitchen").unwrap();
        bed.kitchen.feed(format!("BEGIN {0}\nEND {0}\n", first.token()).as_bytes());
    }
    let documents = wire.heard().documents.clone();
    let evidence = Evidence { jobs: &jobs, told: &told, documents: &documents, bed: &bed };
    report.findings.extend(audit::audit(&evidence, &mut report.tally));
    count(&bed, &mut report.tally);
    report.log = bed.log();
    report.took = begun.elapsed();
    report
}

fn count(bed: &Bed, tally: &mut Tally) {
    tally.add("starts of the agent", u64::from(bed.starts));
    tally.add("writes", bed.felt(Word::Writes).unsigned_abs());
    tally.add("syncs", bed.felt(Word::Syncs).unsigned_abs());
    tally.add("writes that a full disk refused or did in half", {
        (bed.felt(Word::FullGiven) + bed.felt(Word::ShortGiven)).unsigned_abs()
    });
    tally.add("syncs that failed", bed.felt(Word::FailedSyncs).unsigned_abs());
    tally.add("syncs that were slow", bed.felt(Word::DelayedSyncs).unsigned_abs());
    tally.add("looks at a clock that was wrong", bed.felt(Word::ShiftedClocks).unsigned_abs());
    for lost in &bed.lost {
        tally.add("power cuts that lost something", u64::from(lost.sectors + lost.others > 0));
        tally.add("sectors lost", lost.sectors as u64);
        tally.add("writes torn", lost.torn as u64);
    }
}

/// The job with what only the run knows.
fn complete(job: &Job, till: &Till) -> Job {
    let mut job = job.clone();
    if job.kind() == "fiscal" {
        let price = f64::from(100 + job.number) / 100.0;
        job.body["document"] = json!({
            "type": "sell",
            "items": [{
                "type": "position", "name": job.token(), "price": price, "quantity": 1.0, "amount": price,
                "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": till.kind.vat},
            }],
            "payments": [{"type": "cash", "sum": price}],
            "total": price,
        });
    }
    job
}

/// What a till does. The refusals that it should not have got.
async fn sell(wire: Arc<Wire>, jobs: Vec<Job>) -> Vec<String> {
    let mut refused = Vec::new();
    for job in jobs {
        tokio::time::sleep(job.pause).await;
        for _ in 0..1 + usize::from(job.repeated) {
            let answer = wire.submit(job.device, &job.body).await;
            if answer["state"] == "rejected" {
                refused.push(format!("{} was refused: {answer}", job.id()));
            }
        }
        if job.called_off {
            // It may be too late for that.
            wire.ask(&json!({"op": "cancel", "job": job.id(), "by": "pos-1"})).await;
        }
    }
    refused
}

async fn wait_for(when: When, bed: &Bed) {
    let moment = async {
        match when {
            When::Ms(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            When::Bytes(more) => {
                bed.kitchen.wait_received_total(bed.kitchen.state().received + more).await;
            }
            When::Writes(more) => {
                let until = bed.disk.get(Word::Writes) + more;
                while bed.disk.get(Word::Writes) < until {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            When::Frames(more) => {
                let mut events = bed.till.register.events();
                for _ in 0..more {
                    drop(events.recv().await);
                }
            }
        }
    };
    match when {
        When::Ms(_) => moment.await,
        _ => drop(tokio::time::timeout(When::LIMIT, moment).await),
    }
}

/// Lets a fault strike; whether it did.
async fn strike(step: &Step, bed: &mut Bed, tally: &mut Tally) -> bool {
    let mut cut_after = false;
    match step.what {
        What::Kill { cut } => {
            bed.kill().await;
            cut_after = cut;
        }
        What::DieAtWrite { n, cut } => {
            if !dies(bed, Word::DieAtWrite, n).await {
                return false;
            }
            cut_after = cut;
        }
        What::DieAtSync { n, cut } => {
            if !dies(bed, Word::DieAtSync, n).await {
                return false;
            }
            cut_after = cut;
        }
        What::DieAfterSync { n, cut } => {
            if !dies(bed, Word::DieAfterSync, n).await {
                return false;
            }
            cut_after = cut;
        }
        What::DieAtStart { n, cut } => {
            bed.kill().await;
            bed.disk.set(Word::DieAtWrite, n);
            bed.start().await;
            if !dies(bed, Word::DieAtWrite, n).await {
                return false;
            }
            cut_after = cut;
        }
        What::Restart { cut } => {
            bed.stop().await;
            cut_after = cut;
        }
        What::KillBroker => bed.kill_broker().await,
        What::Cable { cable, cut_after, ms } => {
            let cable = if cable == CableOf::Tills { bed.tills.end() } else { bed.trunk.end() };
            match cut_after {
                Some(bytes) => cable.cut_after(bytes),
                None => cable.silence(),
            }
            later(ms, move || cable.mend());
        }
        What::DiskFull { mode, ms } => for_a_while(bed, Word::Full, mode, ms),
        What::SlowDisk { us, ms } => for_a_while(bed, Word::SyncDelayUs, us, ms),
        What::FailSyncs { n } => bed.disk.set(Word::FailSyncs, n),
        What::Clock { shift_ms } => bed.disk.set(Word::ClockShiftMs, shift_ms),
        What::Descriptors { spare, ms } => {
            bed.limit_descriptors(Some(spare)).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            bed.limit_descriptors(None).await;
        }
        What::Printer { kitchen, fault, ms } => {
            let printer = if kitchen { bed.kitchen.clone() } else { bed.bar.clone() };
            printer.inject(fault);
            later(ms, move || bed::heal_printer(&printer));
        }
        What::Register { after, fault, ms } => {
            use outlet_simulators::register::Fault;
            let register = bed.till.register.clone();
            if let Fault::PaperOutAtLine { .. } = fault {
                register.inject(fault);
                later(ms, move || register.inject(Fault::NewPaper));
            } else if matches!(fault, Fault::Silence | Fault::RefuseConnections) {
                register.inject(fault);
                later(ms, move || bed::heal_register(&register));
            } else {
                register.plan(Moment::Frame { n: register.moments() + after }, fault);
            }
        }
        What::Labels { fault, ms } => {
            let labels = bed.labels.clone();
            labels.inject(fault);
            later(ms, move || bed::heal_labels(&labels));
        }
        What::Scale { fault, ms } => {
            let scale = bed.scale.clone();
            scale.inject(fault);
            later(ms, move || bed::heal_scale(&scale));
        }
        What::Unplug { ms } => {
            let scale = bed.scale.clone();
            scale.unplug();
            later(ms, move || bed::heal_scale(&scale));
        }
    }
    if cut_after {
        let before = bed.lost.len();
        bed.cut_power();
        tally.add("power cuts", (bed.lost.len() - before) as u64);
    }
    true
}

/// Orders the agent to die, and waits for it.
async fn dies(bed: &mut Bed, word: Word, n: i64) -> bool {
    if bed.pid().is_some() && bed.disk.get(word) == 0 {
        bed.disk.set(word, n);
    }
    let died = bed.dies_within(DEATH).await;
    bed.disk.set(word, 0);
    died || {
        // Between the last look and the order's end.
        bed.look_after();
        bed.pid().is_none()
    }
}

fn for_a_while(bed: &Bed, word: Word, value: i64, ms: u64) {
    let disk = bed.disk.clone();
    disk.set(word, value);
    later(ms, move || disk.set(word, 0));
}

fn later(ms: u64, work: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        work();
    });
}

/// Waits until every job has ended, answering for a person what waits for one.
async fn settle(bed: &mut Bed, wire: &Wire, tally: &mut Tally) {
    let mut chance = fastrand::Rng::with_seed(u64::from(bed.starts));
    let mut changes = wire.changes();
    let begun = Instant::now();
    loop {
        changes.mark_unchanged();
        // A fault that was set for later may strike now.
        bed.heal().await;
        if begun.elapsed() > STUCK {
            tally.add("printers that a person had to switch off and on", bed.switch_off_what_is_stuck());
        }
        let states = ["accepted", "running", "waiting", "uncertain"];
        let asked = wire.ask(&json!({"op": "list", "states": states, "limit": 500})).await;
        let left: Vec<Value> = asked["result"]["jobs"].as_array().cloned().unwrap_or_default();
        if left.is_empty() && asked["ok"] == true {
            return;
        }
        let attention = wire.heard().attention.clone();
        for job in &left {
            let id = job["job"].as_str().unwrap();
            let held = job["state"] == "waiting" && job["reason"]["code"] == "held";
            if job["state"] == "uncertain" || held {
                let entry =
                    attention["jobs"].as_array().into_iter().flatten().find(|entry| entry["job"] == id);
                let Some(entry) = entry else { continue };
                if let Some(answer) = decide(bed, job, entry, &mut chance, tally) {
                    wire.ask(&answer).await;
                }
            }
        }
        drop(tokio::time::timeout(Duration::from_millis(300), changes.changed()).await);
    }
}

/// What a person answers who has looked at the paper or at the register's storage.
fn decide(
    bed: &mut Bed,
    job: &Value,
    entry: &Value,
    chance: &mut fastrand::Rng,
    tally: &mut Tally,
) -> Option<Value> {
    let id = job["job"].as_str()?;
    if job["state"] == "waiting" {
        tally.add("held jobs that a person decided", 1);
        let op = if chance.bool() { "release" } else { "cancel" };
        return Some(json!({"op": op, "job": id, "by": "anna"}));
    }
    if entry["state"] != "uncertain" {
        return None;
    }
    if job["evidence"].is_null() || job["error"].is_null() {
        bed.findings.push(format!("{id} is uncertain without evidence: {job}"));
    }
    let exits = if job["kind"] == "fiscal" {
        json!(["printed", "not-printed"])
    } else {
        json!(["printed", "not-printed", "print-again"])
    };
    if entry["exits"] != exits {
        bed.findings.push(format!("{id} waits for a person with other exits: {entry}"));
    }
    // Somebody who looks while it is still printing sees too little.
    let busy = |printer: &outlet_simulators::printer::Printer| {
        let state = printer.state();
        !state.online || state.waiting > 0
    };
    if busy(&bed.kitchen) || busy(&bed.bar) || bed.labels.state().remaining > 0 {
        return None;
    }
    let number = paper::number_of(&paper::journal(bed).ok()?, id)?;
    let done = Papers::of(bed).is_done(number, job);
    // A cook needs the ticket: without its paper and without a screen it would wait for one of them.
    let wanted = chance.bool() || id.starts_with("paper-");
    let answer = match (done, job["kind"] == "fiscal") {
        (true, _) => "printed",
        (false, false) if wanted => "print-again",
        _ => "not-printed",
    };
    tally.add("uncertain jobs that a person decided", 1);
    Some(json!({"op": "resolve", "job": id, "answer": answer, "by": "anna"}))
}

fn unrest(wire: &Wire) -> String {
    let heard = wire.heard();
    let last = heard.documents.values().filter_map(|all| all.last());
    let open: Vec<String> = last
        .filter(|last| {
            !matches!(last["state"].as_str(), Some("succeeded" | "failed" | "expired" | "cancelled"))
        })
        .map(Value::to_string)
        .collect();
    format!("{}\nthe till's connection: {}", open.join("\n"), heard.fate)
}
