//! A simulated register, its driver, and a job context that keeps what the journal would.

use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::DeviceError;
use outlet_devices::registry;
use outlet_protocols::fiscal::{Tag, Task};
use outlet_simulators::register::{FiscalDocument, Register, RegisterSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

pub use outlet_devices::error::ErrorKind;

/// The command sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    X,
    Ro,
    P,
    C,
}

impl Set {
    pub const ALL: [Set; 4] = [Set::X, Set::Ro, Set::P, Set::C];
    /// Those that have storno receipts.
    pub const BULGARIAN: [Set; 3] = [Set::X, Set::P, Set::C];

    /// A register whose clock stands at half past ten.
    pub fn spec(self) -> RegisterSpec {
        let spec = match self {
            Set::X => RegisterSpec::datecs_x(),
            Set::Ro => RegisterSpec::datecs_ro(),
            Set::P => RegisterSpec::datecs_p(),
            Set::C => RegisterSpec::datecs_c(),
        };
        spec.at("2026-11-22T10:30:00".parse().unwrap())
    }

    pub fn model(self) -> &'static str {
        match self {
            Set::X => "datecs-x",
            Set::Ro => "datecs-ro",
            Set::P => "datecs-p",
            Set::C => "datecs-c",
        }
    }

    pub fn vat(self) -> &'static str {
        if self == Set::Ro { "vat21" } else { "vat20" }
    }

    /// Three items, one with a discount and one by weight, a line of text, two payments and change:
    /// 2 * 12.40 + (18.00 - 1.80) + 0.125 * 52.00 = 47.50, paid with 20.00 by card and 30.00 in cash.
    pub fn dinner(self) -> Value {
        let tax = json!({"type": self.vat()});
        json!({
            "type": "sell",
            "items": [
                {"type": "position", "name": "Supa", "price": "12.40", "quantity": 2, "amount": "24.80",
                 "tax": tax},
                {"type": "position", "name": "Salata", "price": "18.00", "quantity": 1,
                 "infoDiscountAmount": "1.80", "amount": "16.20", "tax": tax},
                {"type": "text", "text": "fara ceapa", "alignment": "center"},
                {"type": "position", "name": "Branza", "price": "52.00", "quantity": "0.125",
                 "measurementUnit": "kilogram", "amount": "6.50", "tax": tax},
            ],
            "payments": [{"type": "cash", "sum": "30.00"}, {"type": "electronically", "sum": "20.00"}],
            "total": "47.50",
        })
    }

    /// One item, paid exactly in cash.
    pub fn coffee(self) -> Value {
        json!({
            "type": "sell",
            "items": [{"type": "position", "name": "Cafea", "price": "3.20", "quantity": 1,
                       "amount": "3.20", "tax": {"type": self.vat()}}],
            "payments": [{"type": "cash", "sum": "3.20"}],
            "total": "3.20",
        })
    }
}

pub struct Bed {
    pub set: Set,
    pub register: Register,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub description: Description,
    pub status: watch::Receiver<DeviceStatus>,
    pub memory: Value,
    settings: Settings,
    attempts: u64,
}

impl Bed {
    /// A register on a TCP port and a driver that is not connected yet.
    pub async fn unconnected(set: Set, options: Value) -> Self {
        let register = Register::open(set.spec()).unwrap();
        let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
        Self::with_link(set, register, format!("tcp://{address}"), options)
    }

    /// A register on a pseudo terminal and a driver that is not connected yet.
    pub fn pty(set: Set, name: &str, options: Value) -> Self {
        let register = Register::open(set.spec()).unwrap();
        let path = std::env::temp_dir().join(format!("outlet-datecs-{name}-{}", std::process::id()));
        register.serve_pty(&path).unwrap();
        Self::with_link(set, register, format!("serial://{}", path.display()), options)
    }

    pub fn with_link(set: Set, register: Register, link: String, options: Value) -> Self {
        let settings = Settings { id: "till".into(), model: Some(set.model().into()), link, options };
        let (built, status) = build(&settings);
        let (driver, check, description) = (built.driver, built.check, built.description);
        let memory = Value::Null;
        Self { set, register, driver, check, description, status, memory, settings, attempts: 0 }
    }

    /// A connected register with 100.00 in the drawer.
    pub async fn open(set: Set) -> Self {
        let mut bed = Self::unconnected(set, quick()).await;
        bed.driver.connect().await.expect("the register is there");
        bed.done(json!({"type": "cashIn", "cashSum": "100.00"})).await;
        bed
    }

    /// The agent was killed and started again: another driver, the same journal.
    pub fn restart(&mut self) {
        let (built, status) = build(&self.settings);
        (self.driver, self.check, self.status) = (built.driver, built.check, status);
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn reconnect(&mut self) {
        while self.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    pub fn notes(&mut self) -> Notes {
        self.attempts += 1;
        Notes::new(self.attempts, self.memory.clone())
    }

    pub async fn run(&mut self, task: Value, notes: &Notes) -> Result<Outcome, DeviceError> {
        let command = command(task);
        self.check.check(&command.work)?;
        let ended = self.driver.execute(&command, notes).await;
        if let Ok(Outcome { memory: Some(memory), .. }) = &ended {
            self.memory = memory.clone();
        }
        ended
    }

    pub async fn done(&mut self, task: Value) -> Outcome {
        let notes = self.notes();
        self.run(task, &notes).await.unwrap_or_else(|error| panic!("{:?}: {error:?}", self.set))
    }

    pub async fn failed(&mut self, task: Value) -> DeviceError {
        let notes = self.notes();
        self.run(task, &notes).await.expect_err("it should have failed")
    }

    /// Asks what became of an attempt, as the worker does: until the register answers.
    pub async fn resolve(&mut self, task: Value, notes: &Notes) -> Resolution {
        let (command, attempt) = (command(task), notes.kept());
        loop {
            match self.driver.resolve(&command, &attempt).await {
                Ok(resolution) => return resolution,
                Err(_) => self.reconnect().await,
            }
        }
    }

    /// Documents that bear the mark of an attempt.
    pub fn marked(&self, notes: &Notes) -> Vec<FiscalDocument> {
        let tag = Tag::new(JOB, u32::try_from(notes.attempt).unwrap());
        let bears = |document: &FiscalDocument| document.texts.iter().any(|text| tag.is_in(text));
        self.register.documents().into_iter().filter(bears).collect()
    }

    /// What stands on all papers, and on the piece that hangs out.
    pub fn paper(&self) -> String {
        self.register.tear_off();
        self.register.papers().iter().map(|paper| paper.text()).collect::<Vec<_>>().join("\n")
    }
}

fn build(settings: &Settings) -> (Built, watch::Receiver<DeviceStatus>) {
    let (sink, status) = watch::channel(DeviceStatus::default());
    let factory = registry::find("datecs").unwrap();
    (factory.build(settings, sink).unwrap_or_else(|error| panic!("{error}")), status)
}

/// Options that make a test wait no longer than it must. What must not happen is long.
pub fn quick() -> Value {
    json!({"silence_ms": 150, "repeats": 3, "poll_ms": 100, "doubt_after_s": 30})
}

const JOB: &str = "01JD";

pub fn command(task: Value) -> Command {
    let task = Task::parse(&task).unwrap_or_else(|error| panic!("{error}"));
    Command { job: JOB.into(), work: Work::Fiscal(Arc::new(task)), copies: 1, heading: Vec::new() }
}

/// Whether the numbers of a receipt are there. P doesn't tell its shift.
pub fn assert_complete(set: Set, result: &Value) {
    for field in [
        "fiscalDocumentNumber",
        "fiscalDocumentSign",
        "fiscalDocumentDateTime",
        "fiscalReceiptNumber",
        "shiftNumber",
        "fnNumber",
        "total",
    ] {
        let known = !result["fiscalParams"][field].is_null();
        assert_eq!(known, !(set == Set::P && field == "shiftNumber"), "{set:?}: {field} of {result}");
    }
}

/// Whether a document of the storage is the dinner, and nothing else.
pub fn assert_dinner(set: Set, document: &FiscalDocument) {
    let paid: Vec<i64> = document.payments.iter().map(|(_, sum)| *sum).collect();
    let sums: Vec<i64> = document.items.iter().map(|item| item.amount).collect();
    let found = (document.total, paid.as_slice(), document.change, sums.as_slice());
    assert_eq!(found, (4750, &[2000, 3000][..], 250, &[2480, 1620, 650][..]), "{set:?}: {document:?}");
}

/// The attempt, as the journal keeps it.
pub struct Notes {
    pub attempt: u64,
    memory: Value,
    baseline: Mutex<Option<Value>>,
    /// What was noted, one by one.
    pub noted: Mutex<Vec<Value>>,
    /// The disk takes no notes.
    pub disk_full: bool,
    pub waiting: watch::Sender<Option<Waiting>>,
}

impl Notes {
    pub fn new(attempt: u64, memory: Value) -> Self {
        let waiting = watch::channel(None).0;
        let (baseline, noted) = (Mutex::default(), Mutex::default());
        Self { attempt, memory, baseline, noted, disk_full: false, waiting }
    }

    pub fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    pub fn kept(&self) -> Attempt {
        let baseline = self.baseline.lock().unwrap().clone().expect("begun");
        Attempt { number: self.attempt, baseline, evidence: Value::Null }
    }

    /// Waits until the job is said to wait for this.
    pub async fn wait_until_told(&self, code: &str) {
        let mut waiting = self.waiting.subscribe();
        waiting.wait_for(|told| told.as_ref().is_some_and(|told| told.code == code)).await.unwrap();
    }
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        self.attempt
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            *self.baseline.lock().unwrap() = Some(baseline);
            Ok(())
        })
    }

    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            if self.disk_full {
                return Err(DeviceError::new(ErrorKind::Busy, "internal", "the disk is full"));
            }
            self.noted.lock().unwrap().push(note.clone());
            if let (Some(Value::Object(kept)), Value::Object(note)) =
                (&mut *self.baseline.lock().unwrap(), note)
            {
                kept.extend(note);
            }
            Ok(())
        })
    }

    fn memory(&self) -> Value {
        self.memory.clone()
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.waiting.send_replace(reason);
    }

    fn trace(&self, _: Direction, _: &[u8]) {}

    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
