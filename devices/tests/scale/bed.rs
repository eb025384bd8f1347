//! A simulated scale with its driver, and a loop that connects again as the worker does.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use outlet_devices::driver::{Description, DeviceStatus, Driver, Report, Request, Settings, SettingsError};
use outlet_devices::error::DeviceError;
use outlet_devices::reading::{Reading, ReadingSink, Readings, Weighed};
use outlet_devices::registry;
use outlet_simulators::scale::{Scale, ScaleSpec};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Every protocol with a simulated scale that speaks it.
pub fn protocols() -> Vec<(&'static str, ScaleSpec)> {
    vec![
        ("massa-k-100", ScaleSpec::massa_k_100()),
        ("massa-k-1c", ScaleSpec::massa_k_1c()),
        ("shtrih-pos2", ScaleSpec::shtrih_pos2()),
        ("cas", ScaleSpec::cas()),
        ("dibal", ScaleSpec::dibal()),
        ("mt-sics", ScaleSpec::mt_sics()),
        ("nci", ScaleSpec::nci()),
        ("toledo-8217", ScaleSpec::toledo_8217()),
        ("dialog-04", ScaleSpec::dialog_04()),
        ("cas-stream", ScaleSpec::cas_stream().every(Duration::from_millis(10))),
        ("massa-k-j", ScaleSpec::massa_k_j()),
        ("adam", ScaleSpec::adam()),
    ]
}

/// Does the same with every protocol at once.
pub async fn for_each_protocol<F: Future<Output = ()> + Send + 'static>(
    test: impl Fn(&'static str, ScaleSpec) -> F,
) {
    let mut all = JoinSet::new();
    for (name, spec) in protocols() {
        all.spawn(test(name, spec));
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
}

/// Where a simulated scale listens.
#[derive(Debug, Clone, Copy)]
pub enum Over {
    Tcp,
    Pty,
}

/// The link to a scale that begins to listen.
pub async fn serve(scale: &Scale, over: Over) -> String {
    match over {
        Over::Tcp => format!("tcp://{}", scale.serve_tcp("127.0.0.1:0").await.unwrap()),
        Over::Pty => {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path: PathBuf =
                std::env::temp_dir().join(format!("outlet-scale-{}-{number}", std::process::id()));
            scale.serve_pty(&path).unwrap();
            format!("serial://{}", path.display())
        }
    }
}

pub fn build(
    model: Option<&str>,
    link: &str,
    options: Value,
    report: Report,
) -> Result<(Box<dyn Driver>, Description), SettingsError> {
    let settings = Settings {
        id: "counter".into(),
        model: model.map(str::to_owned),
        link: link.into(),
        options,
        codes: Default::default(),
    };
    let built = registry::find("scale").unwrap().build(&settings, report)?;
    Ok((built.driver, built.description))
}

pub struct Bed {
    pub scale: Scale,
    pub driver: Box<dyn Driver>,
    pub readings: Readings,
    pub status: watch::Receiver<DeviceStatus>,
    pub description: Description,
    /// How often the session was lost.
    pub lost: u32,
}

impl Bed {
    /// A scale that listens and a driver that is not connected yet.
    pub async fn new(name: &'static str, spec: ScaleSpec, over: Over) -> Self {
        Self::with_options(name, spec, over, json!({"poll_ms": 20})).await
    }

    pub async fn with_options(name: &'static str, spec: ScaleSpec, over: Over, options: Value) -> Self {
        let scale = Scale::new(spec);
        let link = serve(&scale, over).await;
        let (sink, readings) = ReadingSink::new();
        let (status_sink, status) = watch::channel(DeviceStatus::default());
        let report = Report { status: status_sink, readings: sink };
        let (driver, description) = build(Some(name), &link, options, report).unwrap();
        Self { scale, driver, readings, status, description, lost: 0 }
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
            self.lost += 1;
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

    /// Runs the driver until the scale was asked so many times more; Adam's at most twice, as each takes 1.5 s.
    pub async fn asked(&mut self, times: u64) {
        let silent = self.description.model.as_deref() == Some("adam");
        let times = if silent { times.min(2) } else { times };
        let scale = self.scale.clone();
        let target = scale.state().asked + times;
        self.run_until(async move { scale.wait_asked(target).await }).await;
    }

    /// The next reading that is told.
    pub async fn told(&mut self) -> Reading {
        let (_, mut taken) = ReadingSink::new();
        std::mem::swap(&mut self.readings, &mut taken);
        let reading = self.run_until(async { taken.recv().await.unwrap() }).await;
        self.readings = taken;
        reading
    }

    /// Runs the driver until it tells this weight for a sale, and gives the weights told before.
    pub async fn told_kg(&mut self, kg: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match sellable(&self.told().await) {
                Some(told) if told == kg => return before,
                told => before.extend(told),
            }
        }
    }

    /// Runs the driver until the status has these conditions.
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

    pub fn has(&self, capability: &str) -> bool {
        self.description.capabilities.iter().any(|has| has == capability)
    }
}

/// The weight in kilograms of a reading that a sale may take.
pub fn sellable(reading: &Reading) -> Option<String> {
    match reading {
        Reading::Weight(Weighed { reading, .. }) => {
            reading.for_sale().ok().map(|kg| kg.normalize().to_string())
        }
        _ => None,
    }
}
