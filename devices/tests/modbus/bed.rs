//! A simulated line with one driver on it, and a loop that connects again as the worker does.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use outlet_devices::driver::{Description, DeviceStatus, Driver, Report, Request, Settings, SettingsError};
use outlet_devices::error::DeviceError;
use outlet_devices::reading::{Reading, ReadingSink, Readings};
use outlet_devices::registry;
use outlet_simulators::modbus::{Framing, Modbus};
use serde_json::{Value, json};
use tokio::sync::watch;

/// How a line is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Modbus TCP.
    Tcp,
    /// RTU over a pseudo terminal.
    Pty,
    /// RTU over TCP, as through a converter.
    Converter,
}

pub const ALL: [Over; 3] = [Over::Tcp, Over::Pty, Over::Converter];

/// An empty line whose frames are right for it.
pub fn line(over: Over) -> Modbus {
    Modbus::new(if over == Over::Tcp { Framing::Tcp } else { Framing::Rtu })
}

/// The link to a line that begins to listen.
pub async fn serve(line: &Modbus, over: Over) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    if over != Over::Pty {
        return format!("tcp://{}", line.serve_tcp("127.0.0.1:0").await.unwrap());
    }
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path: PathBuf = std::env::temp_dir().join(format!("outlet-modbus-{}-{number}", std::process::id()));
    line.serve_pty(&path).unwrap();
    format!("serial://{}", path.display())
}

pub fn settings(model: Option<&str>, link: &str, options: Value) -> Settings {
    let (id, model, link) = ("unit".into(), model.map(str::to_owned), link.into());
    Settings { id, model, link, options, codes: Default::default() }
}

pub fn refused(driver: &str, model: Option<&str>, link: &str, options: Value) -> SettingsError {
    let report = Report::of_status(watch::channel(DeviceStatus::default()).0);
    let built = registry::find(driver).unwrap().build(&settings(model, link, options), report);
    built.err().expect("it should have been refused")
}

pub struct Bed {
    pub line: Modbus,
    pub driver: Box<dyn Driver>,
    pub readings: Readings,
    pub status: watch::Receiver<DeviceStatus>,
    pub description: Description,
}

impl Bed {
    /// A driver of this line, not connected yet. Options have a short time-out, so that silence is soon noticed.
    pub async fn new(driver: &str, model: Option<&str>, line: Modbus, over: Over, options: Value) -> Self {
        let link = serve(&line, over).await;
        Self::on(driver, model, line, over, &link, options)
    }

    /// A driver of a line that listens already.
    pub fn on(
        driver: &str,
        model: Option<&str>,
        line: Modbus,
        over: Over,
        link: &str,
        mut options: Value,
    ) -> Self {
        let table = options.as_object_mut().unwrap();
        table.entry("timeout_ms").or_insert(json!(300));
        if over == Over::Converter {
            table.insert("framing".into(), json!("rtu"));
        }
        let (sink, readings) = ReadingSink::new();
        let (status_sink, status) = watch::channel(DeviceStatus::default());
        let report = Report { status: status_sink, readings: sink };
        let built = registry::find(driver).unwrap().build(&settings(model, link, options), report).unwrap();
        Self { line, driver: built.driver, readings, status, description: built.description }
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn connect(&mut self) {
        while self.driver.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    /// Runs the driver until something else has happened; a lost session is connected again.
    pub async fn run_until<T>(&mut self, happened: impl Future<Output = T>) -> T {
        let mut happened = std::pin::pin!(happened);
        loop {
            tokio::select! {
                biased;
                done = &mut happened => return done,
                _ = self.driver.idle() => {}
            }
            loop {
                tokio::select! {
                    biased;
                    done = &mut happened => return done,
                    connected = self.driver.connect() => match connected {
                        Ok(()) => break,
                        Err(_) => tokio::task::yield_now().await,
                    },
                }
            }
        }
    }

    /// Runs the driver until the line was asked so many times more.
    pub async fn asked(&mut self, times: u64) {
        let line = self.line.clone();
        let target = line.asked() + times;
        self.run_until(async move { line.wait_asked(target).await }).await;
    }

    /// The next reading that is told.
    pub async fn told(&mut self) -> Reading {
        let (_, mut taken) = ReadingSink::new();
        std::mem::swap(&mut self.readings, &mut taken);
        let reading = self.run_until(async { taken.recv().await.unwrap() }).await;
        self.readings = taken;
        reading
    }

    /// The next value that is told, as `temperature 4.5 °C`. Other readings are an error.
    pub async fn value(&mut self) -> String {
        match self.told().await {
            Reading::Value(value) => format!("{} {} {}", value.name, value.value, value.unit),
            other => panic!("no value: {other:?}"),
        }
    }

    /// Runs the driver until it tells this value, and gives the values told before.
    pub async fn told_value(&mut self, wanted: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            if let Reading::Value(value) = self.told().await {
                match format!("{} {}", value.name, value.value) {
                    text if text == wanted => return before,
                    text => before.push(text),
                }
            }
        }
    }

    /// Runs the driver until it tells this weight for a sale, and gives the weights told before.
    pub async fn told_kg(&mut self, wanted: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            if let Reading::Weight(weighed) = self.told().await
                && let Ok(kg) = weighed.reading.for_sale()
            {
                match kg.normalize().to_string() {
                    text if text == wanted => return before,
                    text => before.push(text),
                }
            }
        }
    }

    /// Runs the driver until it is there and has these conditions.
    pub async fn conditions(&mut self, expected: &[&str]) {
        let mut status = self.status.clone();
        let expected = expected.iter().map(|code| (*code).to_owned()).collect();
        self.run_until(async move {
            status.wait_for(|status| status.online && status.conditions == expected).await.map(drop).unwrap();
        })
        .await;
    }

    /// What was told and not looked at yet.
    pub fn all_told(&mut self) -> Vec<Reading> {
        std::iter::from_fn(|| self.readings.try_recv()).collect()
    }

    pub async fn request(&mut self, request: Value) -> Result<Value, DeviceError> {
        let request: Request = serde_json::from_value(request).unwrap();
        self.driver.request(&request).await
    }

    pub async fn answer(&mut self, request: Value) -> Value {
        self.request(request.clone()).await.unwrap_or_else(|error| panic!("{request}: {error:?}"))
    }

    pub async fn refusal(&mut self, request: Value) -> DeviceError {
        let answered = self.request(request.clone()).await;
        answered.err().unwrap_or_else(|| panic!("{request} should have failed"))
    }
}
