//! A driver on the link of a virtual device, run as the worker runs it.

use std::future::Future;
use std::time::Duration;

use outlet_devices::driver::{Built, DeviceStatus, Report, Request, Settings};
use outlet_devices::error::DeviceError;
use outlet_devices::reading::{ReadingSink, Readings};
use outlet_devices::registry;
use outlet_simulators::reader::keyboard::{GroupSeparator, KeyEvent, Speed, type_text};
use serde_json::Value;
use tokio::sync::watch;

pub struct Bed {
    pub built: Built,
    pub status: watch::Receiver<DeviceStatus>,
    readings: Readings,
}

/// A driver that is not connected.
pub fn build(driver: &str, model: Option<&str>, link: &str, options: Value) -> Bed {
    let settings = Settings {
        id: "device".into(),
        model: model.map(str::to_owned),
        link: link.into(),
        options,
        codes: Default::default(),
    };
    let (sink, readings) = ReadingSink::new();
    let (sender, status) = watch::channel(DeviceStatus::default());
    let report = Report { status: sender, readings: sink };
    let built = registry::find(driver).unwrap().build(&settings, report).unwrap();
    Bed { built, status, readings }
}

/// A driver that has connected.
pub async fn connected(driver: &str, model: Option<&str>, link: &str, options: Value) -> Bed {
    let mut bed = build(driver, model, link, options);
    bed.built.driver.connect().await.unwrap();
    bed
}

impl Bed {
    /// The next reading; where the session is lost, a new one is begun.
    pub async fn next(&mut self) -> Value {
        soon("a reading", async {
            loop {
                tokio::select! {
                    biased;
                    reading = self.readings.recv() => return serde_json::to_value(reading.unwrap()).unwrap(),
                    _ = self.built.driver.idle() => {}
                }
                self.connect().await;
            }
        })
        .await
    }

    /// The readings up to one that satisfies a condition.
    pub async fn until(&mut self, condition: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut told = vec![self.next().await];
        while told.last().is_some_and(|last| !condition(last)) {
            told.push(self.next().await);
        }
        told
    }

    /// Connects as the worker does: until it succeeds.
    pub async fn connect(&mut self) {
        soon("a session", async {
            while self.built.driver.connect().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    /// Why it can't be connected.
    pub async fn refused(&mut self) -> DeviceError {
        let error = self.built.driver.connect().await.unwrap_err();
        let status = self.status.borrow();
        assert!(!status.online && status.problem.is_some(), "{status:?}");
        error
    }

    /// Runs the driver until its session is lost, and says why.
    pub async fn lost(&mut self) -> String {
        let lost = soon("the session's end", self.built.driver.idle()).await.to_string();
        let status = self.status.borrow();
        assert!(!status.online && status.problem.as_deref() == Some(lost.as_str()), "{status:?}");
        lost
    }

    /// Runs the driver until something else has happened.
    pub async fn run_until<T>(&mut self, happened: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = happened => done,
            lost = self.built.driver.idle() => panic!("{lost}"),
        }
    }

    /// What was told and not looked at yet.
    pub fn told(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.readings.try_recv())
            .map(|reading| serde_json::to_value(reading).unwrap())
            .collect()
    }

    pub async fn ask(&mut self, request: Request) -> Value {
        self.built.driver.request(&request).await.unwrap()
    }
}

/// What ought to come in less than a second; if it doesn't in a minute, the test says what it waits for.
pub async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), event)
        .await
        .unwrap_or_else(|_| panic!("{what} does not come"))
}

/// Keys of a scanner that leaves 4 ms between them.
pub fn keys(text: &str) -> Vec<KeyEvent> {
    type_text(text, Speed::Each(Duration::from_millis(4)), GroupSeparator::ControlBracket).unwrap()
}

/// A second reader of an event node, as a desktop is one.
pub struct Desktop(evdev::Device);

impl Desktop {
    pub fn open(node: &std::path::Path) -> Self {
        let device = evdev::Device::open(node).unwrap();
        device.set_nonblocking(true).unwrap();
        Self(device)
    }

    /// Codes and values of the keys it has got since it was last asked.
    pub fn got(&mut self) -> Vec<(u16, i32)> {
        let mut got = Vec::new();
        while let Ok(events) = self.0.fetch_events() {
            let keys = events.filter(|event| event.event_type() == evdev::EventType::KEY);
            got.extend(keys.map(|event| (event.code(), event.value())));
        }
        got
    }
}

/// Codes and values of the keys in events.
pub fn strokes(events: &[KeyEvent]) -> Vec<(u16, i32)> {
    events.iter().filter(|event| event.kind == 1).map(|event| (event.code, event.value)).collect()
}
