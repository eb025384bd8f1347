//! A driver, and what it tells.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use outlet_devices::driver::*;
use outlet_devices::reading::{ReadingSink, Readings};
use outlet_devices::registry;
use outlet_simulators::reader::Line;
use serde_json::Value;
use tokio::sync::watch;

pub struct Bed {
    pub built: Built,
    pub status: watch::Receiver<DeviceStatus>,
    pub readings: Readings,
    /// What the worker got from `idle`.
    pub lost: Vec<String>,
}

pub fn settings(link: &str, options: Value) -> Settings {
    let (id, link) = ("reader".into(), link.to_owned());
    Settings { id, model: None, link, options, codes: Default::default() }
}

pub fn build(driver: &str, settings: &Settings) -> Result<Bed, SettingsError> {
    let (sink, readings) = ReadingSink::new();
    let (sender, status) = watch::channel(DeviceStatus::default());
    let report = Report { status: sender, readings: sink };
    let built = registry::find(driver).unwrap().build(settings, report)?;
    Ok(Bed { built, status, readings, lost: Vec::new() })
}

/// A path for a pseudo terminal or a file, new in each call.
pub fn path() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("outlet-reader-{}-{number}", std::process::id()))
}

pub async fn over_tcp(driver: &str, line: &Line, options: Value) -> Bed {
    let link = format!("tcp://{}", line.serve_tcp("127.0.0.1:0").await.unwrap());
    connected(driver, line, &link, options).await
}

pub async fn over_pty(driver: &str, line: &Line, options: Value) -> Bed {
    let link = format!("serial://{}", line.serve_pty(path()).unwrap().display());
    connected(driver, line, &link, options).await
}

async fn connected(driver: &str, line: &Line, link: &str, options: Value) -> Bed {
    let mut bed = build(driver, &settings(link, options)).unwrap();
    bed.connect().await;
    line.wait_state(|state| state.connected).await;
    bed
}

impl Bed {
    /// Connects as the worker does: until it succeeds.
    pub async fn connect(&mut self) {
        while self.built.driver.connect().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The next reading, while the driver is run as the worker runs it.
    pub async fn next(&mut self) -> Value {
        loop {
            tokio::select! {
                biased;
                reading = self.readings.recv() => return serde_json::to_value(reading.unwrap()).unwrap(),
                lost = self.built.driver.idle() => self.lost.push(lost.to_string()),
            }
            self.connect().await;
        }
    }

    /// The next reading, while the driver's listening is dropped again and again.
    pub async fn next_interrupted(&mut self) -> Value {
        loop {
            tokio::select! {
                biased;
                reading = self.readings.recv() => return serde_json::to_value(reading.unwrap()).unwrap(),
                lost = self.built.driver.idle() => panic!("{lost}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }

    /// Listens, without taking a reading, until this many have been counted.
    pub async fn until_counted(&mut self, what: &str, count: u64) {
        while self.ask(Request::Status).await["received"][what].as_u64().unwrap() < count {
            tokio::select! {
                lost = self.built.driver.idle() => panic!("{lost}"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }

    pub async fn ask(&mut self, request: Request) -> Value {
        self.built.driver.request(&request).await.unwrap()
    }

    /// Runs the driver until the link is lost, and returns what it says of it.
    pub async fn until_lost(&mut self) -> String {
        self.built.driver.idle().await.to_string()
    }
}
