//! A simulated printer, its driver, and a job context that writes everything down.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::DeviceError;
use outlet_devices::registry;
use outlet_protocols::document::Document;
use outlet_simulators::printer::{Printer, PrinterSpec};
use serde_json::{Value, json};
use tokio::sync::watch;

pub struct Bed {
    pub printer: Printer,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub description: Description,
    pub status: watch::Receiver<DeviceStatus>,
}

impl Bed {
    /// A printer on a TCP port and a connected driver.
    pub async fn tcp(spec: PrinterSpec, model: &str, options: Value) -> Self {
        let mut bed = Self::unconnected(spec, model, options).await;
        bed.driver.connect().await.expect("the printer is there");
        bed
    }

    pub async fn unconnected(spec: PrinterSpec, model: &str, options: Value) -> Self {
        let printer = Printer::new(spec);
        let address = printer.serve_tcp("127.0.0.1:0").await.unwrap();
        Self::with_link(printer, &format!("tcp://{address}"), model, options)
    }

    pub fn with_link(printer: Printer, link: &str, model: &str, options: Value) -> Self {
        let settings = Settings {
            id: "kitchen".into(),
            model: Some(model.into()),
            link: link.into(),
            options,
            codes: Default::default(),
        };
        let (sink, status) = watch::channel(DeviceStatus::default());
        let factory = registry::find("escpos").unwrap();
        let built = factory.build(&settings, Report::of_status(sink)).unwrap_or_else(|e| panic!("{e}"));
        Self { printer, driver: built.driver, check: built.check, description: built.description, status }
    }

    /// A printer on a pseudo terminal and a driver that is not connected yet.
    pub fn pty(name: &str, spec: PrinterSpec, model: &str, options: Value) -> Self {
        let path = pty_path(name);
        let printer = Printer::new(spec);
        printer.serve_pty(&path).unwrap();
        Self::with_link(printer, &format!("serial://{}", path.display()), model, options)
    }

    /// An Epson with quick time-outs.
    pub async fn epson() -> Self {
        Self::tcp(PrinterSpec::epson_80mm(), "epson-tm-t20iii", quick()).await
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn reconnect(&mut self) {
        while self.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    pub async fn print(&mut self, command: Command, notes: &Notes) -> Result<Outcome, DeviceError> {
        self.driver.execute(&command, notes).await
    }
}

/// Where a test's pseudo terminal is.
pub fn pty_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("outlet-{name}-{}", std::process::id()))
}

/// Options that make a test wait no longer than it must. What has to be waited out is short, what must
/// not happen is long.
pub fn quick() -> Value {
    json!({ "answer_ms": 300, "proof_ms": 600, "stall_ms": 1200, "poll_ms": 50, "recover_ms": 50 })
}

pub fn ticket(text: &str) -> Command {
    document(json!({ "blocks": [
        { "type": "text", "text": text },
        { "type": "cut" },
    ]}))
}

pub fn document(value: Value) -> Command {
    let document: Document = serde_json::from_value(value).expect("a document");
    Command { job: "01JD".into(), work: Work::Print(Arc::new(document)), copies: 1, heading: Vec::new() }
}

/// What a driver did with its job context.
pub struct Notes {
    attempt: u64,
    pub baseline: Mutex<Option<Value>>,
    /// The reason to wait, as last told.
    pub waiting: watch::Sender<Option<Waiting>>,
    /// Every reason ever told.
    pub told: Mutex<Vec<Option<String>>>,
    pub trace: Mutex<Vec<(Direction, Vec<u8>)>>,
    /// What `begin` answers.
    pub stop: bool,
    pub abort: watch::Sender<bool>,
}

impl Notes {
    pub fn attempt(attempt: u64) -> Self {
        Self {
            attempt,
            baseline: Mutex::default(),
            waiting: watch::channel(None).0,
            told: Mutex::default(),
            trace: Mutex::default(),
            stop: false,
            abort: watch::channel(false).0,
        }
    }

    pub fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    pub fn attempt_made(&self) -> Attempt {
        Attempt {
            number: self.attempt,
            baseline: self.baseline.lock().unwrap().clone().expect("begun"),
            evidence: Value::Null,
        }
    }

    pub async fn wait_until_told(&self, code: Option<&str>) {
        let mut waiting = self.waiting.subscribe();
        waiting.wait_for(|w| w.as_ref().map(|w| w.code.as_str()) == code).await.unwrap();
    }

    pub fn told(&self) -> Vec<Option<String>> {
        self.told.lock().unwrap().clone()
    }

    pub fn sent(&self) -> Vec<u8> {
        let trace = self.trace.lock().unwrap();
        trace.iter().filter(|(d, _)| *d == Direction::Sent).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        self.attempt
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            if self.stop {
                return Err(DeviceError::new(ErrorKind::Stopped, "expired", "too late"));
            }
            *self.baseline.lock().unwrap() = Some(baseline);
            Ok(())
        })
    }

    fn note(&self, _note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async { Ok(()) })
    }

    fn memory(&self) -> Value {
        Value::Null
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.told.lock().unwrap().push(reason.as_ref().map(|w| w.code.clone()));
        self.waiting.send_replace(reason);
    }

    fn trace(&self, direction: Direction, bytes: &[u8]) {
        self.trace.lock().unwrap().push((direction, bytes.to_vec()));
    }

    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let _ = self.abort.subscribe().wait_for(|abort| *abort).await;
        })
    }
}

pub use outlet_devices::error::ErrorKind;
