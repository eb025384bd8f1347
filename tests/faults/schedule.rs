//! What happens in one run, all of it made of the seed.

use std::fmt;
use std::time::Duration;

use outlet_simulators::label_printer::{self, PrinterSpec as LabelSpec};
use outlet_simulators::printer::{self, PrinterSpec};
use outlet_simulators::register;
use outlet_simulators::scale;
use serde_json::{Value, json};

/// A run.
pub struct Schedule {
    pub seed: u64,
    /// The broker is a program of its own.
    pub external: bool,
    /// The kitchen has a station whose tickets are printed, as no screen is there.
    pub station: bool,
    /// Number of the register's kind.
    pub register: usize,
    pub bar: BarKind,
    pub labels: LabelKind,
    /// What each till submits, one after the other.
    pub tills: Vec<Vec<Job>>,
    pub steps: Vec<Step>,
}

/// The printer of the bar; the kitchen's is always an Epson with process ids.
#[derive(Debug, Clone, Copy)]
pub enum BarKind {
    Epson,
    Star,
    Chinese,
}

impl BarKind {
    pub fn spec(self) -> PrinterSpec {
        match self {
            Self::Epson => PrinterSpec::epson_80mm(),
            Self::Star => PrinterSpec::star_line_80mm(),
            Self::Chinese => PrinterSpec::chinese_80mm(),
        }
    }

    pub fn model(self) -> &'static str {
        match self {
            Self::Epson => "epson-tm-t20iii",
            Self::Star => "star-tsp650ii",
            Self::Chinese => "generic-80",
        }
    }
}

/// The label printer.
#[derive(Debug, Clone, Copy)]
pub enum LabelKind {
    Tspl,
    Zpl,
    Epl,
}

impl LabelKind {
    pub fn spec(self) -> LabelSpec {
        match self {
            Self::Tspl => LabelSpec::tspl(),
            Self::Zpl => LabelSpec::zpl(),
            Self::Epl => LabelSpec::epl(),
        }
    }

    pub fn model(self) -> &'static str {
        match self {
            Self::Tspl => "generic-tspl",
            Self::Zpl => "generic-zpl",
            Self::Epl => "generic-epl",
        }
    }
}

/// A job of a till.
#[derive(Debug, Clone)]
pub struct Job {
    pub number: u32,
    pub device: &'static str,
    pub body: Value,
    pub copies: u32,
    /// What the till waits before it submits it.
    pub pause: Duration,
    /// It is submitted once more after its answer.
    pub repeated: bool,
    /// The till calls it off after its answer.
    pub called_off: bool,
}

impl Job {
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    pub fn kind(&self) -> &str {
        self.body["kind"].as_str().unwrap()
    }

    /// What is on its paper, and on no other.
    pub fn token(&self) -> String {
        token(self.number)
    }
}

/// What is on the paper of a job.
pub fn token(number: u32) -> String {
    format!("Q{number:03}Z")
}

/// Something that happens, after something else.
#[derive(Debug, Clone)]
pub struct Step {
    pub when: When,
    pub what: What,
}

/// The moment of a step, counted from the step before. One that does not come is not waited for longer than
/// [`When::LIMIT`].
#[derive(Debug, Clone, Copy)]
pub enum When {
    Ms(u64),
    /// So many more writes to the journal.
    Writes(i64),
    /// The kitchen printer has received so many more bytes.
    Bytes(u64),
    /// The register has come to the nth boundary of its exchange from now.
    Frames(u64),
}

impl When {
    pub const LIMIT: Duration = Duration::from_millis(500);
}

/// Whose cable to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CableOf {
    Tills,
    /// Of an agent whose broker is a program of its own.
    Agent,
}

/// What happens.
#[derive(Debug, Clone)]
pub enum What {
    /// The agent is killed; with `cut` the power of the whole box fails.
    Kill {
        cut: bool,
    },
    /// It dies at its nth write to the disk from now.
    DieAtWrite {
        n: i64,
        cut: bool,
    },
    /// It dies at its nth sync, which is not done.
    DieAtSync {
        n: i64,
        cut: bool,
    },
    /// It dies when its nth sync is done.
    DieAfterSync {
        n: i64,
        cut: bool,
    },
    /// It is killed, and dies again at its nth write while it starts.
    DieAtStart {
        n: i64,
        cut: bool,
    },
    /// It is told to end, and is started again.
    Restart {
        cut: bool,
    },
    /// The broker is killed and started again.
    KillBroker,
    /// The cable between the broker and the tills, or the agent, is cut after so many bytes, or carries nothing.
    Cable {
        cable: CableOf,
        cut_after: Option<i64>,
        ms: u64,
    },
    DiskFull {
        mode: i64,
        ms: u64,
    },
    FailSyncs {
        n: i64,
    },
    SlowDisk {
        us: i64,
        ms: u64,
    },
    /// The wall clock jumps.
    Clock {
        shift_ms: i64,
    },
    /// No more than so many descriptors beside those that are open.
    Descriptors {
        spare: u64,
        ms: u64,
    },
    Printer {
        kitchen: bool,
        fault: printer::Fault,
        ms: u64,
    },
    Register {
        after: u64,
        fault: register::Fault,
        ms: u64,
    },
    Labels {
        fault: label_printer::Fault,
        ms: u64,
    },
    Scale {
        fault: scale::Fault,
        ms: u64,
    },
    Unplug {
        ms: u64,
    },
}

impl What {
    /// The kind of fault, for the tally.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kill { cut: false } => "agent killed",
            Self::Kill { cut: true } => "power cut",
            Self::DieAtWrite { cut: false, .. }
            | Self::DieAtSync { cut: false, .. }
            | Self::DieAfterSync { cut: false, .. } => "agent killed at a write or sync",
            Self::DieAtWrite { .. } | Self::DieAtSync { .. } | Self::DieAfterSync { .. } => {
                "power cut at a write or sync"
            }
            Self::DieAtStart { .. } => "agent killed while it started",
            Self::Restart { cut: false } => "agent restarted in order",
            Self::Restart { cut: true } => "power cut after the agent had ended in order",
            Self::KillBroker => "broker killed",
            Self::Cable { cable: CableOf::Tills, .. } => "tills: cable to the broker cut or silent",
            Self::Cable { cable: CableOf::Agent, .. } => "agent: cable to the broker cut or silent",
            Self::DiskFull { .. } => "disk full",
            Self::FailSyncs { .. } => "disk error at a sync",
            Self::SlowDisk { .. } => "slow disk",
            Self::Clock { .. } => "clock jump",
            Self::Descriptors { .. } => "out of file descriptors",
            Self::Printer { fault, .. } => printer_fault(*fault),
            Self::Register { fault, .. } => register_fault(*fault),
            Self::Labels { fault, .. } => label_fault(*fault),
            Self::Scale { .. } | Self::Unplug { .. } => "scale: silent, unplugged or garbled",
        }
    }
}

fn printer_fault(fault: printer::Fault) -> &'static str {
    use printer::Fault::{
        CoverOpen, CutLink, CutLinkAfter, CutterJam, PaperOut, PaperOutAfterLines, PowerOff, PowerOffAfter,
        RefuseConnections,
    };
    match fault {
        CutLink | CutLinkAfter(_) | RefuseConnections => "receipt printer: link cut",
        PaperOut | PaperOutAfterLines(_) | CoverOpen | CutterJam => "receipt printer: paper, cover or cutter",
        PowerOff | PowerOffAfter(_) => "receipt printer: power lost",
        _ => "receipt printer: silent, slow or answers lost",
    }
}

fn register_fault(fault: register::Fault) -> &'static str {
    use register::Fault::{
        CoverOpen, CutLink, CutLinkMidFrame, GarbleAnswer, HalfFrame, LoseAnswer, PaperOut, PaperOutAtLine,
        PowerOff, RefuseConnections,
    };
    match fault {
        CutLink | CutLinkMidFrame { .. } | RefuseConnections => "register: link cut",
        LoseAnswer | HalfFrame | GarbleAnswer => "register: answer lost, torn or garbled",
        PowerOff { .. } => "register: power lost",
        PaperOut | PaperOutAtLine { .. } | CoverOpen => "register: paper or cover",
        _ => "register: busy, silent or refusing frames",
    }
}

fn label_fault(fault: label_printer::Fault) -> &'static str {
    use label_printer::Fault::{CutLink, CutLinkAfter, PowerOff, PowerOffAfter, RefuseConnections};
    match fault {
        CutLink | CutLinkAfter(_) | RefuseConnections => "label printer: link cut",
        PowerOff | PowerOffAfter(_) => "label printer: power lost",
        _ => "label printer: labels, head, pause or silence",
    }
}

impl Schedule {
    pub fn of(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        let external = chance.u8(..4) == 0;
        let station = chance.u8(..4) == 0;
        let mut schedule = Self {
            seed,
            external,
            station,
            register: chance.usize(..6),
            bar: [BarKind::Epson, BarKind::Star, BarKind::Chinese][chance.usize(..3)],
            labels: [LabelKind::Tspl, LabelKind::Zpl, LabelKind::Epl][chance.usize(..3)],
            tills: Vec::new(),
            steps: Vec::new(),
        };
        let mut number = 0;
        let mut till = |device, jobs: usize, chance: &mut fastrand::Rng| {
            let jobs = (0..jobs).map(|_| {
                number += 1;
                job(number, device, chance)
            });
            jobs.collect::<Vec<Job>>()
        };
        let mut tills = vec![
            till("kitchen", 3 + chance.usize(..4), &mut chance),
            till("bar", 2 + chance.usize(..3), &mut chance),
            till("till", 2 + chance.usize(..3), &mut chance),
            till("labels", 1 + chance.usize(..3), &mut chance),
        ];
        if station {
            tills.push(till("grill", 1 + chance.usize(..2), &mut chance));
        }
        schedule.tills = tills;
        let steps = 3 + chance.usize(..5);
        schedule.steps = (0..steps).map(|_| step(external, &mut chance)).collect();
        if let Some(step) = cable(seed, external) {
            schedule.steps.insert(chance.usize(..=steps), step);
        }
        schedule
    }
}

impl Schedule {
    /// With a station of the kitchen and its own broker.
    pub fn with_a_station(seed: u64) -> Self {
        let plain = Self::power_cuts(seed);
        let jobs: usize = plain.tills.iter().map(Vec::len).sum();
        let number = u32::try_from(jobs).unwrap() + 1;
        let ticket = job(number, "grill", &mut fastrand::Rng::with_seed(seed));
        let tills = plain.tills.into_iter().chain([vec![ticket]]).collect();
        Self { station: true, tills, ..plain }
    }

    /// Nothing but cuts of power.
    pub fn power_cuts(seed: u64) -> Self {
        let mut schedule = Self::of(seed);
        for step in &mut schedule.steps {
            step.what = What::Kill { cut: true };
        }
        (schedule.external, schedule.station) = (false, false);
        schedule.tills.retain(|till| till.iter().all(|job| job.device != "grill"));
        schedule
    }
}

fn job(number: u32, device: &'static str, chance: &mut fastrand::Rng) -> Job {
    let id = format!("JOB-{number:03}");
    let token = token(number);
    let mut copies = 1;
    let mut body = match device {
        "till" => json!({"id": id, "kind": "fiscal", "document": null}),
        "labels" => {
            let weighed = chance.bool();
            let mut item = json!({"name": "Сыр", "code": label_code(number), "price": "189.90",
                "currency": "lei", "shelf_life": "0:1:12"});
            if !weighed {
                item["unit"] = json!("piece");
                item["barcode"] = json!(ean13(460_000_000_000 + u64::from(10_000 + number)));
            }
            let mut document = json!({"item": item});
            if weighed {
                document["weigh"] = json!({"scale": "scale"});
            }
            json!({"id": id, "kind": "label", "document": document})
        }
        "grill" => json!({"id": id, "kind": "ticket", "document": {
            "order": format!("O{number}"), "number": format!("{number}"),
            "items": [{"id": "1", "name": token, "place": "grill"}],
        }}),
        _ => {
            copies = if chance.u8(..4) == 0 { 2 } else { 1 };
            let middle =
                (0..chance.u32(..12)).map(|line| json!({"type": "text", "text": format!("line {line}")}));
            let blocks: Vec<Value> = [json!({"type": "text", "text": format!("BEGIN {token}")})]
                .into_iter()
                .chain(middle)
                .chain([json!({"type": "text", "text": format!("END {token}")}), json!({"type": "cut"})])
                .collect();
            let stale = ["expire", "hold", "banner"][chance.usize(..3)];
            let ttl = if chance.u8(..4) == 0 { chance.u32(1..3) } else { 900 };
            json!({"id": id, "kind": "print", "document": {"blocks": blocks}, "copies": copies,
                "stale": stale, "ttl_s": ttl, "priority": chance.u8(..10)})
        }
    };
    body["by"] = json!("pos-1");
    Job {
        number,
        device,
        body,
        copies,
        pause: Duration::from_millis(chance.u64(..250)),
        repeated: chance.u8(..3) == 0,
        called_off: chance.u8(..12) == 0,
    }
}

/// The code of the item on a job's label: in the barcode of what was weighed, and in that of what was not.
pub fn label_code(number: u32) -> String {
    format!("{}", 10_000 + number)
}

/// With its check digit.
fn ean13(digits: u64) -> String {
    let text = format!("{digits:012}");
    let sum: u32 = text
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{text}{}", (10 - sum % 10) % 10)
}

fn step(external: bool, chance: &mut fastrand::Rng) -> Step {
    let when = match chance.u8(..6) {
        0 | 1 => When::Ms(chance.u64(..400)),
        2 => When::Writes(chance.i64(1..40)),
        3 | 4 => When::Bytes(chance.u64(1..300)),
        _ => When::Frames(chance.u64(1..25)),
    };
    let cut = chance.bool();
    let what = match chance.u8(..32) {
        0..=3 => What::Kill { cut },
        4..=6 => What::DieAtWrite { n: chance.i64(1..40), cut },
        7..=9 => What::DieAtSync { n: chance.i64(1..15), cut },
        10 if chance.bool() => What::DieAtStart { n: chance.i64(1..12), cut },
        10 => What::DieAfterSync { n: chance.i64(1..15), cut },
        11 => What::Restart { cut },
        12 | 13 if external => What::KillBroker,
        12..=14 => What::DiskFull { mode: chance.i64(1..3), ms: chance.u64(100..900) },
        15 => What::FailSyncs { n: chance.i64(1..4) },
        16 => What::SlowDisk { us: chance.i64(5_000..80_000), ms: chance.u64(200..1000) },
        17 | 18 => What::Clock { shift_ms: chance.i64(-5..6) * 3_600_000 + chance.i64(0..60_000) },
        19 => What::Descriptors { spare: chance.u64(..4), ms: chance.u64(200..1000) },
        20..=24 => What::Printer {
            kitchen: chance.u8(..3) > 0,
            fault: printer_faults(chance),
            ms: chance.u64(100..900),
        },
        25..=28 => What::Register {
            after: chance.u64(1..25),
            fault: register_faults(chance),
            ms: chance.u64(100..900),
        },
        29 | 30 => What::Labels { fault: label_faults(chance), ms: chance.u64(100..900) },
        _ => scale_fault(chance),
    };
    Step { when, what }
}

/// In every other run. Of a chance of its own, so that a seed means otherwise what it has meant before.
fn cable(seed: u64, external: bool) -> Option<Step> {
    let mut chance = fastrand::Rng::with_seed(seed ^ 0xcab1_e000);
    chance.bool().then(|| {
        let cable = if external && chance.bool() { CableOf::Agent } else { CableOf::Tills };
        let cut_after = [Some(0), Some(chance.i64(1..2000)), None][chance.usize(..3)];
        let what = What::Cable { cable, cut_after, ms: chance.u64(100..900) };
        Step { when: When::Ms(chance.u64(..400)), what }
    })
}

fn printer_faults(chance: &mut fastrand::Rng) -> printer::Fault {
    use printer::Fault;
    match chance.u8(..13) {
        0 => Fault::PaperOut,
        1 => Fault::PaperOutAfterLines(chance.u32(1..12)),
        2 => Fault::CoverOpen,
        3 => Fault::CutterJam,
        4 => Fault::CutLink,
        5 | 6 => Fault::CutLinkAfter(chance.u64(1..400)),
        7 => Fault::RefuseConnections,
        8 => Fault::LoseReplies(chance.u32(1..3)),
        9 => Fault::Silence,
        10 => Fault::PowerOff,
        11 => Fault::PowerOffAfter(chance.u64(1..400)),
        _ => Fault::SlowDrain(chance.u32(100..2000)),
    }
}

fn register_faults(chance: &mut fastrand::Rng) -> register::Fault {
    use register::Fault;
    match chance.u8(..13) {
        0 | 1 => Fault::LoseAnswer,
        2 => Fault::HalfFrame,
        3 => Fault::GarbleAnswer,
        4 => Fault::CutLink,
        5 => Fault::CutLinkMidFrame { bytes: chance.u64(1..60) },
        6 | 7 => Fault::PowerOff { back_after: Some(Duration::from_millis(chance.u64(10..400))) },
        8 => Fault::Nak { times: chance.u32(1..3) },
        9 => Fault::BusyFor(Duration::from_millis(chance.u64(100..900))),
        10 => Fault::PaperOutAtLine { lines: chance.u32(..12) },
        11 => Fault::RefuseConnections,
        _ => Fault::Silence,
    }
}

fn label_faults(chance: &mut fastrand::Rng) -> label_printer::Fault {
    use label_printer::Fault;
    match chance.u8(..9) {
        0 => Fault::LabelsOut,
        1 => Fault::LabelsOutAfter(chance.u32(..2)),
        2 => Fault::HeadOpen,
        3 => Fault::Pause,
        4 => Fault::CutLink,
        5 => Fault::CutLinkAfter(chance.u64(1..9000)),
        6 => Fault::PowerOff,
        7 => Fault::Silence,
        _ => Fault::RefuseConnections,
    }
}

fn scale_fault(chance: &mut fastrand::Rng) -> What {
    use scale::Fault;
    let ms = chance.u64(100..900);
    match chance.u8(..4) {
        0 => What::Scale { fault: Fault::Silence, ms },
        1 => What::Scale { fault: Fault::HalfAnswer, ms },
        2 => What::Scale { fault: Fault::WrongChecksum, ms },
        _ => What::Unplug { ms },
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs: usize = self.tills.iter().map(Vec::len).sum();
        let Self { seed, external, station, register, bar, labels, .. } = self;
        let broker = if *external { "external" } else { "embedded" };
        writeln!(
            f,
            "seed {seed}: broker {broker}, station {station}, register {register}, bar {bar:?}, labels {labels:?}, {jobs} jobs"
        )?;
        for till in &self.tills {
            for job in till {
                writeln!(
                    f,
                    "  {:>4?} later to {}: {} x{}{}",
                    job.pause,
                    job.device,
                    job.id(),
                    job.copies,
                    if job.repeated { ", repeated" } else { "" }
                )?;
            }
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "  {:?}: {:?}", step.when, step.what))
    }
}
