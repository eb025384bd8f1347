//! What the tests of all register drivers share: a simulated register, its driver, and a job context that keeps
//! what the journal would.

#![allow(dead_code, reason = "each driver's tests use their own part")]

use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::DeviceError;
use outlet_devices::registry;
use outlet_protocols::fiscal::{Tag, Task};
use outlet_simulators::register::{FiscalDocument, Register, RegisterSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

pub use outlet_devices::error::ErrorKind;

pub struct Bed {
    pub register: Register,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub description: Description,
    pub status: watch::Receiver<DeviceStatus>,
    pub memory: Value,
    pub settings: Settings,
    factory: &'static str,
    attempts: u64,
}

impl Bed {
    /// A register that listens on a link, and a driver by its name that is not connected yet.
    pub fn new(
        factory: &'static str,
        register: Register,
        link: String,
        model: Option<&str>,
        options: Value,
    ) -> Self {
        let settings = Settings {
            id: "till".into(),
            model: model.map(str::to_owned),
            link,
            options,
            codes: Default::default(),
        };
        let (built, status) = build(factory, &settings);
        let (driver, check, description) = (built.driver, built.check, built.description);
        let memory = Value::Null;
        Self { register, driver, check, description, status, memory, settings, factory, attempts: 0 }
    }

    /// The agent was killed and started again: another driver, the same journal.
    pub fn restart(&mut self) {
        let (built, status) = build(self.factory, &self.settings);
        (self.driver, self.check, self.status) = (built.driver, built.check, status);
    }

    /// Opens the shift and puts 200.00 into the drawer.
    pub async fn begin_the_day(&mut self) {
        self.done(json!({"type": "openShift"})).await;
        self.done(json!({"type": "cashIn", "cashSum": "200.00"})).await;
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

    pub async fn attempt(&mut self, task: Value) -> Result<Outcome, DeviceError> {
        let notes = self.notes();
        self.run(task, &notes).await
    }

    pub async fn done(&mut self, task: Value) -> Outcome {
        self.attempt(task).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    pub async fn failed(&mut self, task: Value) -> DeviceError {
        self.attempt(task).await.expect_err("it should have failed")
    }

    /// The notes of an attempt at the next receipt, begun with its acceptance if the intake can tell the baseline.
    pub fn accepted(&mut self, task: Value) -> Notes {
        let notes = self.notes();
        *notes.baseline.lock().unwrap() = self.check.baseline(&command(task), notes.attempt);
        notes
    }

    /// Asks what became of an attempt, as the worker does: until the register answers.
    pub async fn resolve(&mut self, task: Value, notes: &Notes) -> Resolution {
        let command = command(task);
        let attempt = notes.kept();
        for _ in 0..2_000 {
            match self.driver.resolve(&command, &attempt).await {
                Ok(resolution) => return resolution,
                Err(_) => self.reconnect().await,
            }
        }
        panic!("the register never answered");
    }

    /// Documents that bear the mark of an attempt, in tag 1192.
    pub fn marked(&self, notes: &Notes) -> Vec<FiscalDocument> {
        let tag = notes.tag();
        let bears = |document: &FiscalDocument| {
            document.tags.iter().any(|(number, value)| *number == 1192 && value == tag.as_str().as_bytes())
        };
        self.register.documents().into_iter().filter(bears).collect()
    }

    /// What stands on all papers, and on the piece that hangs out.
    pub fn paper(&self) -> String {
        self.register.tear_off();
        self.register.papers().iter().map(|paper| paper.text()).collect::<Vec<_>>().join("\n")
    }
}

/// A register on a TCP port, and its link.
pub async fn on_tcp(spec: RegisterSpec) -> (Register, String) {
    let register = Register::open(spec).unwrap();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    (register, format!("tcp://{address}"))
}

/// A register on a pseudo terminal, and its link. `name` is that of no other in this process.
pub fn on_pty(spec: RegisterSpec, name: &str) -> (Register, String) {
    let register = Register::open(spec).unwrap();
    let path = std::env::temp_dir().join(format!("outlet-{name}-{}", std::process::id()));
    register.serve_pty(&path).unwrap();
    (register, format!("serial://{}", path.display()))
}

fn build(factory: &str, settings: &Settings) -> (Built, watch::Receiver<DeviceStatus>) {
    let (sink, status) = watch::channel(DeviceStatus::default());
    let factory = registry::find(factory).unwrap();
    (factory.build(settings, Report::of_status(sink)).unwrap_or_else(|error| panic!("{error}")), status)
}

const JOB: &str = "01JD";

pub fn command(task: Value) -> Command {
    let task = Task::parse(&task).unwrap_or_else(|error| panic!("{error}"));
    Command { job: JOB.into(), work: Work::Fiscal(Arc::new(task)), copies: 1, heading: Vec::new() }
}

/// The numbers of a receipt's result.
pub const NUMBERS: [&str; 7] = [
    "fiscalDocumentNumber",
    "fiscalDocumentSign",
    "fiscalDocumentDateTime",
    "fiscalReceiptNumber",
    "shiftNumber",
    "fnNumber",
    "total",
];

/// Three items, two payments, change: 580.00 + 236.25 + 120.00 = 936.25.
pub fn dinner() -> Value {
    let item = |name: &str, price: &str, quantity: &str, amount: &str| {
        json!({"type": "position", "name": name, "price": price, "quantity": quantity, "amount": amount,
               "tax": {"type": "vat20"}})
    };
    json!({
        "type": "sell",
        "operator": {"name": "Ионова А. В.", "vatin": "123654789507"},
        "items": [
            item("Борщ", "290.00", "2", "580.00"),
            item("Сыр № 1", "1890.00", "0.125", "236.25"),
            item("Чай", "120.00", "1", "120.00"),
        ],
        "payments": [{"type": "electronically", "sum": "500.00"}, {"type": "cash", "sum": "500.00"}],
        "total": "936.25"
    })
}

/// A receipt of 100.00 in cash.
pub fn tea() -> Value {
    receipt("sell")
}

pub fn receipt(kind: &str) -> Value {
    json!({
        "type": kind,
        "items": [{"type": "position", "name": "Чай", "price": 100, "quantity": 1, "amount": 100,
                   "tax": {"type": "none"}}],
        "payments": [{"type": "cash", "sum": 100}],
        "total": 100
    })
}

/// The attempt, as the journal keeps it.
pub struct Notes {
    pub attempt: u64,
    pub baseline: Mutex<Option<Value>>,
    /// What was noted, one by one.
    pub noted: Mutex<Vec<Value>>,
    /// The disk takes no notes.
    pub disk_full: bool,
    pub waiting: watch::Sender<Option<Waiting>>,
    memory: Value,
}

impl Notes {
    pub fn new(attempt: u64, memory: Value) -> Self {
        let (baseline, noted, waiting) = (Mutex::default(), Mutex::default(), watch::channel(None).0);
        Self { attempt, baseline, noted, disk_full: false, waiting, memory }
    }

    /// The mark of the attempt's document.
    pub fn tag(&self) -> Tag {
        Tag::new(JOB, u32::try_from(self.attempt).unwrap())
    }

    pub fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    pub fn kept(&self) -> Attempt {
        let baseline = self.baseline.lock().unwrap().clone().unwrap_or_default();
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
            // Begun with its acceptance: nothing is written.
            self.baseline.lock().unwrap().get_or_insert(baseline);
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
