//! A simulated label scale with its driver, and a job's context that keeps what it is told.

use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::DeviceError;
use outlet_devices::registry;
use outlet_protocols::label_scale::ItemList;
use outlet_simulators::label_scale::{Event, LabelScale, ScaleProtocol, ScaleSpec};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

/// Both protocols with a simulated scale that speaks it.
pub fn both() -> [(&'static str, ScaleSpec); 2] {
    [("shtrih-print", ScaleSpec::shtrih_print()), ("mertech", ScaleSpec::mertech())]
}

/// Options for tests: silence is found out quickly, and no list is waited for that looks at 65535 numbers.
pub fn options() -> Value {
    json!({"answer_ms": 300, "repeats": 3, "highest": 300, "decimals": 2})
}

pub fn with(more: Value) -> Value {
    let mut options = options();
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

pub fn settings(model: Option<&str>, link: &str, options: Value) -> Settings {
    Settings {
        id: "deli".into(),
        model: model.map(str::to_owned),
        link: link.into(),
        options,
        codes: Default::default(),
    }
}

pub fn build(
    model: &str,
    link: &str,
    options: Value,
) -> Result<(Built, watch::Receiver<DeviceStatus>), SettingsError> {
    let (sink, status) = watch::channel(DeviceStatus::default());
    let settings = settings(Some(model), link, complete(model, options));
    let built = registry::find("label-scale").unwrap().build(&settings, Report::of_status(sink))?;
    Ok((built, status))
}

/// Mertech's scales have no password of their own in the driver, and don't say their decimals: the simulated one's.
fn complete(model: &str, options: Value) -> Value {
    let mut options = if options.is_null() { json!({}) } else { options };
    if let (Some(given), "mertech") = (options.as_object_mut(), model) {
        if !["password", "password_file"].iter().any(|key| given.contains_key(*key)) {
            given.insert("password".to_owned(), json!("1234"));
        }
        given.entry("decimals").or_insert(json!(2));
    }
    options
}

pub struct Bed {
    pub scale: LabelScale,
    pub driver: Box<dyn Driver>,
    pub check: Arc<dyn Check>,
    pub status: watch::Receiver<DeviceStatus>,
    pub events: broadcast::Receiver<Event>,
    pub journal: Journal,
    pub model: &'static str,
    pub link: String,
    pub options: Value,
}

impl Bed {
    /// A scale that listens and a driver that is connected to it.
    pub async fn new(model: &'static str, spec: ScaleSpec) -> Self {
        let mut bed = Self::with_options(model, spec, options()).await;
        bed.driver.connect().await.unwrap();
        bed
    }

    /// The same, not connected yet.
    pub async fn with_options(model: &'static str, spec: ScaleSpec, options: Value) -> Self {
        let protocol = spec.protocol;
        let scale = LabelScale::new(spec);
        let link = match protocol {
            ScaleProtocol::ShtrihPrint => format!("udp://{}", scale.serve_udp("127.0.0.1:0").await.unwrap()),
            ScaleProtocol::Mertech => format!("tcp://{}", scale.serve_tcp("127.0.0.1:0").await.unwrap()),
        };
        let (built, status) = build(model, &link, options.clone()).unwrap();
        let events = scale.events();
        let journal = Journal::default();
        Self {
            scale,
            driver: built.driver,
            check: built.check,
            status,
            events,
            journal,
            model,
            link,
            options,
        }
    }

    /// The agent was restarted: a driver that knows nothing, not connected yet.
    pub fn restart_agent(&mut self) {
        let (built, status) = build(self.model, &self.link, self.options.clone()).unwrap();
        self.driver = built.driver;
        self.check = built.check;
        self.status = status;
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn connect(&mut self) {
        while self.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    pub async fn load(&mut self, document: Value) -> Result<Outcome, DeviceError> {
        let command = command("01JOB", document);
        self.check.check(&command.work)?;
        self.driver.execute(&command, &self.journal).await
    }

    /// Loads a list that ends well, and gives the answer per item.
    pub async fn loaded(&mut self, document: Value) -> Value {
        let outcome = self.load(document).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(outcome.confidence, Confidence::Confirmed);
        outcome.result
    }

    pub async fn request(&mut self, op: &str) -> Result<Value, DeviceError> {
        let request: Request = serde_json::from_value(json!({"op": op})).unwrap();
        self.driver.request(&request).await
    }

    /// Numbers of the items in the scale.
    pub fn numbers(&self) -> Vec<u16> {
        self.scale.items().iter().map(|item| item.plu).collect()
    }

    /// Numbers of items that came into the scale since the last look, in their order.
    pub fn stored(&mut self) -> Vec<u16> {
        let all = std::iter::from_fn(|| self.events.try_recv().ok());
        all.filter_map(|event| if let Event::Stored(item) = event { Some(item.plu) } else { None }).collect()
    }

    #[track_caller]
    pub fn follows_the_document(&self) {
        assert_eq!(self.scale.violations(), [""; 0], "{}", self.model);
    }
}

pub fn command(job: &str, document: Value) -> Command {
    let list = ItemList::parse(&document).unwrap_or_else(|error| panic!("{error}"));
    Command { job: job.into(), work: Work::Items(Arc::new(list)), copies: 1, heading: Vec::new() }
}

pub fn item(plu: u16) -> Value {
    json!({"plu": plu, "code": 10_000 + u32::from(plu), "name": format!("Item {plu}"), "price": "12.50", "unit": "kg"})
}

/// An item that the simulated scale refuses with error 133: its tare is above a tenth of the heaviest load.
pub fn too_heavy(plu: u16) -> Value {
    let mut item = item(plu);
    item["tare"] = json!("2.000");
    item
}

pub fn whole(items: impl IntoIterator<Item = Value>) -> Value {
    json!({"mode": "whole", "items": items.into_iter().collect::<Vec<_>>()})
}

pub fn changes(items: impl IntoIterator<Item = Value>, delete: &[u16]) -> Value {
    json!({"mode": "changes", "items": items.into_iter().collect::<Vec<_>>(), "delete": delete})
}

/// A job's context that keeps all it is told.
#[derive(Default)]
pub struct Journal(Mutex<Kept>);

#[derive(Default)]
pub struct Kept {
    pub begun: Vec<Value>,
    pub baseline: Value,
    pub waits: Vec<Option<String>>,
    pub trace: Vec<u8>,
}

impl Journal {
    pub fn with<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

impl JobContext for Journal {
    fn attempt(&self) -> u64 {
        1
    }
    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.with(|kept| {
            kept.begun.push(baseline.clone());
            kept.baseline = baseline;
        });
        Box::pin(async { Ok(()) })
    }
    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.with(|kept| {
            assert!(!kept.begun.is_empty(), "nothing is noted before it is begun");
            kept.baseline.as_object_mut().unwrap().extend(note.as_object().unwrap().clone());
        });
        Box::pin(async { Ok(()) })
    }
    fn memory(&self) -> Value {
        Value::Null
    }
    fn waiting(&self, reason: Option<Waiting>) {
        self.with(|kept| kept.waits.push(reason.map(|waiting| waiting.code)));
    }
    fn trace(&self, _: Direction, bytes: &[u8]) {
        self.with(|kept| kept.trace.extend(bytes));
    }
    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
