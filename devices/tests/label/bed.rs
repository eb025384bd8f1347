//! A simulated label printer with its driver, and a job context with a scale that can be asked.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use outlet_devices::driver::*;
use outlet_devices::error::{DeviceError, ErrorKind};
use outlet_devices::registry;
use outlet_protocols::label::LabelOrder;
use outlet_simulators::label_printer::{Label, LabelPrinter, PrinterSpec};
use outlet_simulators::scale::{Scale, ScaleSpec};
use rxing::BarcodeFormat;
use serde_json::{Value, json};
use tokio::sync::watch;

/// The languages: a model of each, and a simulated printer of it.
pub fn languages() -> [(&'static str, PrinterSpec); 3] {
    [
        ("generic-tspl", PrinterSpec::tspl()),
        ("generic-zpl", PrinterSpec::zpl()),
        ("generic-epl", PrinterSpec::epl()),
    ]
}

/// Where a simulated printer listens.
#[derive(Debug, Clone, Copy)]
pub enum Over {
    Tcp,
    Pty,
}

pub struct Bed {
    pub printer: LabelPrinter,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub status: watch::Receiver<DeviceStatus>,
    pub description: Description,
}

/// Options that make a test wait no longer than it must. What must not happen is long.
pub fn quick() -> Value {
    json!({"poll_ms": 20, "answer_ms": 400, "settle_ms": 150, "stall_ms": 5000, "doubt_ms": 1000})
}

impl Bed {
    /// A printer that listens and a driver that is connected.
    pub async fn new(model: &str, spec: PrinterSpec, over: Over) -> Self {
        let mut bed = Self::unconnected(model, spec, over, quick()).await;
        bed.driver.connect().await.unwrap();
        bed
    }

    pub async fn unconnected(model: &str, spec: PrinterSpec, over: Over, options: Value) -> Self {
        let printer = LabelPrinter::new(spec);
        let link = match over {
            Over::Tcp => format!("tcp://{}", printer.serve_tcp("127.0.0.1:0").await.unwrap()),
            Over::Pty => {
                let path = pty_path();
                printer.serve_pty(&path).unwrap();
                format!("serial://{}", path.display())
            }
        };
        Self::with_link(printer, model, &link, options)
    }

    pub fn with_link(printer: LabelPrinter, model: &str, link: &str, options: Value) -> Self {
        let (sink, status) = watch::channel(DeviceStatus::default());
        let built = build(model, link, options, Report::of_status(sink)).unwrap();
        let Built { driver, check, description } = built;
        Self { printer, driver, check, status, description }
    }

    /// A second driver for the same printer: the agent after a restart.
    pub async fn restarted(self) -> Self {
        let Self { printer, driver, description, .. } = self;
        drop(driver);
        let model = description.model.unwrap();
        let mut bed = Self::with_link(printer, &model, &description.link, quick());
        bed.reconnect().await;
        bed
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn reconnect(&mut self) {
        while self.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    pub async fn print(&mut self, command: &Command, notes: &Notes) -> Result<Outcome, DeviceError> {
        self.driver.execute(command, notes).await
    }

    /// Runs the idle driver until its status fits; a lost session is connected again.
    pub async fn until_status(&mut self, fits: impl Fn(&DeviceStatus) -> bool) {
        let mut status = self.status.clone();
        let mut happened = std::pin::pin!(status.wait_for(|now| fits(now)));
        loop {
            tokio::select! {
                biased;
                _ = &mut happened => return,
                _ = self.driver.idle() => {}
            }
            loop {
                tokio::select! {
                    biased;
                    _ = &mut happened => return,
                    connected = self.driver.connect() => match connected {
                        Ok(()) => break,
                        Err(_) => tokio::task::yield_now().await,
                    },
                }
            }
        }
    }

    pub async fn conditions(&mut self, expected: &[&str]) {
        let expected = expected.iter().map(|code| (*code).to_owned()).collect();
        self.until_status(|status| status.online && status.conditions == expected).await;
    }

    pub async fn answer(&mut self, request: Value) -> Value {
        let asked: Request = serde_json::from_value(request.clone()).unwrap();
        self.driver.request(&asked).await.unwrap_or_else(|error| panic!("{request}: {error:?}"))
    }
}

pub fn build(model: &str, link: &str, options: Value, report: Report) -> Result<Built, SettingsError> {
    let settings = Settings {
        id: "labels".into(),
        model: Some(model.into()),
        link: link.into(),
        options,
        codes: Default::default(),
    };
    registry::find("label-printer").unwrap().build(&settings, report)
}

fn pty_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("outlet-label-{}-{number}", std::process::id()))
}

/// A label with a bar over all of it, so that half a label is seen.
pub fn drawn(copies: u16) -> Value {
    json!({"label": {"width": 58, "height": 40, "copies": copies, "elements": [
        {"type": "text", "x": 2, "y": 2, "text": "Щука, știucă", "size": 4},
        {"type": "barcode", "x": 6, "y": 20, "symbology": "ean13", "data": "2012345015500", "height": 10}
    ]}})
}

/// A dish that is weighed on the scale of the context.
pub fn weighed() -> Value {
    json!({
        "item": {"name": "Салат «Цезарь»", "code": "12345", "price": "189.90", "currency": "lei",
                 "shelf_life": "0:1:12", "allergens": ["яйца", "рыба"]},
        "template": "58x40", "language": "ru", "weigh": {"scale": "scale", "timeout_ms": 500}
    })
}

pub fn job(document: Value) -> Command {
    let order = LabelOrder::from_value(document).unwrap_or_else(|error| panic!("{error}"));
    Command { job: "01JL".into(), work: Work::Label(Arc::new(order)), copies: 1, heading: Vec::new() }
}

/// What a scanner reads on a printed label.
pub fn scan(label: &Label) -> Option<String> {
    // As much white as there is around a label on a counter.
    let border = 24;
    let (width, height) = (label.raster.width() + 2 * border, label.raster.height() + 2 * border);
    let dot = |at: u32| at.checked_sub(border);
    let black = |x, y| dot(x).zip(dot(y)).is_some_and(|(x, y)| label.raster.get(x, y));
    let luma = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| if black(x, y) { 0 } else { 255 })
        .collect();
    let read = rxing::helpers::detect_in_luma(luma, width, height, Some(BarcodeFormat::EAN_13)).ok()?;
    Some(read.getText().to_owned())
}

/// What a driver did with its job context.
pub struct Notes {
    attempt: u64,
    pub baseline: Mutex<Option<Value>>,
    /// The reason to wait, as last told.
    pub waiting: watch::Sender<Option<Waiting>>,
    /// Bytes of labels that had left before `begin`.
    pub early: Mutex<Vec<u8>>,
    pub sent: Mutex<Vec<u8>>,
    /// How often the scale was asked.
    pub asked: AtomicU32,
    scale: tokio::sync::Mutex<Option<Box<dyn Driver>>>,
    pub abort: watch::Sender<bool>,
}

impl Notes {
    pub fn new() -> Self {
        Self {
            attempt: 7,
            baseline: Mutex::default(),
            waiting: watch::channel(None).0,
            early: Mutex::default(),
            sent: Mutex::default(),
            asked: AtomicU32::new(0),
            scale: tokio::sync::Mutex::default(),
            abort: watch::channel(false).0,
        }
    }

    /// With a scale named `scale` beside the printer.
    pub async fn with_scale(model: &str, spec: ScaleSpec) -> (Self, Scale) {
        let scale = Scale::new(spec);
        let link = format!("tcp://{}", scale.serve_tcp("127.0.0.1:0").await.unwrap());
        let settings = Settings {
            id: "scale".into(),
            model: Some(model.into()),
            link,
            options: json!({"poll_ms": 20}),
            codes: Default::default(),
        };
        let report = Report::of_status(watch::channel(DeviceStatus::default()).0);
        let mut driver = registry::find("scale").unwrap().build(&settings, report).unwrap().driver;
        driver.connect().await.unwrap();
        let notes = Self { scale: tokio::sync::Mutex::new(Some(driver)), ..Self::new() };
        (notes, scale)
    }

    pub fn begun(&self) -> bool {
        self.baseline.lock().unwrap().is_some()
    }

    pub fn attempt_made(&self) -> Attempt {
        let baseline = self.baseline.lock().unwrap().clone().expect("begun");
        Attempt { number: self.attempt, baseline, evidence: Value::Null }
    }

    pub async fn wait_until_told(&self, code: Option<&str>) {
        let mut waiting = self.waiting.subscribe();
        waiting.wait_for(|w| w.as_ref().map(|w| w.code.as_str()) == code).await.unwrap();
    }

    pub fn weighings(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        self.attempt
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            *self.early.lock().unwrap() = std::mem::take(&mut *self.sent.lock().unwrap());
            *self.baseline.lock().unwrap() = Some(baseline);
            Ok(())
        })
    }

    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            let mut baseline = self.baseline.lock().unwrap();
            let fields = baseline.as_mut().and_then(Value::as_object_mut).expect("begun");
            fields.extend(note.as_object().expect("fields").clone());
            Ok(())
        })
    }

    fn memory(&self) -> Value {
        Value::Null
    }

    fn earlier(&self) -> BoxFuture<'_, Result<Value, DeviceError>> {
        Box::pin(async { Ok(self.baseline.lock().unwrap().clone().unwrap_or_default()) })
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.waiting.send_replace(reason);
    }

    fn trace(&self, direction: Direction, bytes: &[u8]) {
        if direction == Direction::Sent {
            self.sent.lock().unwrap().extend_from_slice(bytes);
        }
    }

    fn ask<'a>(&'a self, device: &'a str, request: Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            match &mut *self.scale.lock().await {
                Some(scale) if device == "scale" => scale.request(&request).await,
                _ => Err(DeviceError::new(ErrorKind::Rejected, "unknown-device", format!("no {device:?}"))),
            }
        })
    }

    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let _ = self.abort.subscribe().wait_for(|abort| *abort).await;
        })
    }
}

/// A printer that takes its time, so that it is seen at work.
pub fn slow(spec: PrinterSpec) -> PrinterSpec {
    spec.with_label_time(Duration::from_millis(300))
}
