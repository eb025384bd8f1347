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

pub struct Bed {
    pub register: Register,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub description: Description,
    pub status: watch::Receiver<DeviceStatus>,
    settings: Settings,
    memory: Value,
    attempts: u64,
}

impl Bed {
    /// A register on a TCP port and a driver that is not connected yet.
    pub async fn unconnected(spec: RegisterSpec, options: Value) -> Self {
        let register = Register::open(spec).unwrap();
        let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
        Self::with_link(register, format!("tcp://{address}"), options)
    }

    pub fn with_link(register: Register, link: String, options: Value) -> Self {
        let settings = Settings { id: "till".into(), model: None, link, options };
        let (built, status) = build(&settings);
        Self {
            register,
            driver: built.driver,
            check: built.check,
            description: built.description,
            status,
            settings,
            memory: Value::Null,
            attempts: 0,
        }
    }

    /// A connected register with an open shift and 200.00 in the drawer.
    pub async fn open(spec: RegisterSpec, options: Value) -> Self {
        let mut bed = Self::unconnected(spec, options).await;
        bed.driver.connect().await.expect("the register is there");
        bed.done(json!({"type": "openShift"})).await;
        bed.done(json!({"type": "cashIn", "cashSum": "200.00"})).await;
        bed
    }

    /// The same on a pseudo terminal, over either protocol.
    pub async fn serial(protocol: u8, name: &str) -> Self {
        let spec = if protocol == 2 { RegisterSpec::atol_v2() } else { RegisterSpec::atol_v3() };
        let register = Register::open(spec).unwrap();
        let path = std::env::temp_dir().join(format!("outlet-atol{protocol}-{name}-{}", std::process::id()));
        register.serve_pty(&path).unwrap();
        let mut options = quick();
        options["protocol"] = json!(protocol);
        options["work_s"] = json!(2);
        let mut bed = Self::with_link(register, format!("serial://{}", path.display()), options);
        bed.reconnect().await;
        bed.done(json!({"type": "openShift"})).await;
        bed.done(json!({"type": "cashIn", "cashSum": "200.00"})).await;
        bed
    }

    pub async fn selling() -> Self {
        Self::open(RegisterSpec::atol_v3(), quick()).await
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

    /// Documents that bear the mark of an attempt.
    pub fn marked(&self, notes: &Notes) -> Vec<FiscalDocument> {
        let tag = Tag::new(JOB, u32::try_from(notes.attempt).unwrap());
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

fn build(settings: &Settings) -> (Built, watch::Receiver<DeviceStatus>) {
    let (sink, status) = watch::channel(DeviceStatus::default());
    let factory = registry::find("atol").unwrap();
    (factory.build(settings, sink).unwrap_or_else(|error| panic!("{error}")), status)
}

/// Options that make a test wait no longer than it must.
pub fn quick() -> Value {
    json!({"answer_ms": 150, "poll_ms": 100, "doubt_after_s": 60})
}

const JOB: &str = "01JD";

pub fn command(task: Value) -> Command {
    let task = Task::parse(&task).unwrap_or_else(|error| panic!("{error}"));
    Command { job: JOB.into(), work: Work::Fiscal(Arc::new(task)), copies: 1, heading: Vec::new() }
}

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

/// What a driver did with its job context.
pub struct Notes {
    pub attempt: u64,
    pub baseline: Mutex<Option<Value>>,
    pub waiting: watch::Sender<Option<Waiting>>,
    memory: Value,
    /// The disk takes no note.
    pub full: bool,
}

impl Notes {
    fn new(attempt: u64, memory: Value) -> Self {
        Self { attempt, baseline: Mutex::default(), waiting: watch::channel(None).0, memory, full: false }
    }

    pub fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    pub fn kept(&self) -> Attempt {
        let baseline = self.baseline.lock().unwrap().clone().unwrap_or_default();
        Attempt { number: self.attempt, baseline, evidence: Value::Null }
    }

    pub async fn wait_until_told(&self, code: Option<&str>) {
        let mut waiting = self.waiting.subscribe();
        waiting.wait_for(|told| told.as_ref().map(|told| told.code.as_str()) == code).await.unwrap();
    }
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        self.attempt
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        *self.baseline.lock().unwrap() = Some(baseline);
        Box::pin(async { Ok(()) })
    }

    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            if self.full {
                return Err(DeviceError::new(ErrorKind::Busy, "internal", "the disk is full"));
            }
            let mut baseline = self.baseline.lock().unwrap();
            if let (Some(Value::Object(baseline)), Value::Object(note)) = (baseline.as_mut(), note) {
                baseline.extend(note);
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
