//! A driver that does not get on is told of; one that says what it waits for may wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use outlet_devices::driver::{
    Attempt, BoxFuture, Check, Command, Description, DeviceStatus, Direction, Driver, JobContext, Outcome,
    Request, Resolution, Waiting, Work,
};
use outlet_devices::{DeviceError, ErrorKind};
use outletd::board::Board;
use outletd::bus::client;
use outletd::bus::contract::Topics;
use outletd::bus::message::{Heard, Message};
use outletd::intake::{Device, Devices, Intake, Readiness, Rules};
use outletd::journal::Journal;
use outletd::pulse::{DRIVER_STUCK, Pulse};
use outletd::queue::{Desk, DeskSettings, Words, Worker};
use outletd::requests::Requests;
use outletd::web::metrics::{self, MetricsConfig, Sources};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::ticket;

fn topics() -> Topics {
    Topics::new("outlet/test")
}

/// What the driver does with a job once its attempt is on disk.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    /// Never comes back.
    Nothing,
    /// Waits for paper, and goes on with the first line.
    WaitsForPaper,
    /// Prints a line now and then.
    PrintsSlowly,
}

struct Printer {
    does: Does,
    reached: mpsc::UnboundedSender<()>,
}

impl Driver for Printer {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async { Ok(()) })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(std::future::pending())
    }

    fn execute<'a>(
        &'a mut self,
        _: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async move {
            cx.begin(Value::Null).await?;
            if self.does == Does::WaitsForPaper {
                cx.waiting(Some(Waiting {
                    code: "paper-out".into(),
                    message: "no paper: put some in".into(),
                }));
                cx.trace(Direction::Received, b"still none");
            }
            self.reached.send(()).unwrap();
            if self.does != Does::PrintsSlowly {
                std::future::pending::<()>().await;
            }
            loop {
                cx.trace(Direction::Sent, b"a line");
                tokio::time::sleep(DRIVER_STUCK / 2).await;
            }
        })
    }

    fn resolve<'a>(
        &'a mut self,
        _: &'a Command,
        _: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async { Ok(Resolution::Unknown("it has no memory".into())) })
    }

    fn request<'a>(&'a mut self, _: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async { Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", "it answers nothing")) })
    }
}

struct Anything;

impl Check for Anything {
    fn check(&self, _: &Work) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// A worker whose printer has just begun a job, and who watches it.
struct Bed {
    pulse: Pulse,
    health: SocketAddr,
    _disk: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

impl Bed {
    async fn with_job_begun(does: Does) -> Self {
        let disk = tempfile::tempdir().unwrap();
        let journal =
            Journal::open(disk.path(), topics(), outletd::clock::system(), mpsc::unbounded_channel().0)
                .unwrap();
        let board = Board::new(journal.clock().clone());
        let (worker, inbox) = mpsc::unbounded_channel();
        let device = Arc::new(Device {
            id: "kitchen".into(),
            description: Description {
                kind: "printer".into(),
                driver: "escpos".into(),
                model: None,
                name: "a printer".into(),
                link: "tcp://10.0.0.9:9100".into(),
                capabilities: vec!["print".into()],
                limits: Value::Null,
            },
            check: Arc::new(Anything),
            fallback: None,
            worker,
            readiness: Readiness::default(),
            depth: AtomicU64::new(0),
            max_depth: 10,
        });
        let devices: Arc<Devices> = Arc::new([("kitchen".to_owned(), device.clone())].into());
        let (_, status) = watch::channel(DeviceStatus { online: true, ..DeviceStatus::default() });
        let words = Words { copy: "COPY".into(), delayed: "DELAYED".into(), meant_for: "FOR".into() };
        let settings = DeskSettings { fallback_after: Duration::from_secs(60), words };
        let desk =
            Desk::new(journal.clone(), device, devices.clone(), board.clone(), inbox, status, settings);
        let (pulse, stop) = (Pulse::default(), CancellationToken::new());
        let (reached, mut begun) = mpsc::unbounded_channel();
        let driver = Box::new(Printer { does, reached });
        let worker = Worker::new(driver, desk, pulse.driver("kitchen"), stop.clone(), stop.clone());
        let bus = client::bus().0;
        let listener =
            metrics::listen(&MetricsConfig { listen: "127.0.0.1:0".parse().unwrap() }).await.unwrap();
        let health = listener.addr();
        let sources = Sources {
            journal: journal.clone(),
            board: board.clone(),
            devices: devices.clone(),
            bus: bus.clone(),
            pulse: pulse.clone(),
            started: (journal.clock())(),
            stop: stop.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(pulse.clone().of("the worker of kitchen".into(), worker.run()));
        tasks.spawn(listener.serve(sources, stop));
        let requests = Requests::new(journal.clone(), devices.clone(), board);
        let intake = Intake::new(topics(), journal, devices, Rules::default(), requests, bus, None);
        let message = Message {
            topic: format!("{}/device/kitchen/job", topics().prefix()),
            payload: ticket("01JA", "SOUP").to_string().into(),
            retain: false,
            response_topic: None,
            correlation: None,
            expiry_s: None,
            client: None,
            user: None,
        };
        intake.hear(message).await;
        begun.recv().await.unwrap();
        Self { pulse, health, _disk: disk, _tasks: tasks }
    }

    /// What `/health` says of drivers and workers after a time that nobody waits for.
    async fn problems_after(&self, time: Duration) -> Vec<String> {
        tokio::time::pause();
        tokio::time::sleep(time).await;
        tokio::time::resume();
        let (_, body) = super::get(self.health, "/health", &["Host: localhost"]).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        let problems = body["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap());
        problems.filter(|problem| !problem.contains("broker")).map(str::to_owned).collect()
    }

    async fn metric(&self) -> bool {
        let (_, text) = super::get(self.health, "/metrics", &["Host: localhost"]).await;
        text.lines().any(|line| line == "outletd_driver_stuck{device=\"kitchen\"} 1")
    }
}

#[tokio::test]
async fn a_driver_that_never_comes_back_from_a_job_is_told_of_and_its_worker_is_well() {
    let bed = Bed::with_job_begun(Does::Nothing).await;
    assert_eq!(bed.problems_after(DRIVER_STUCK / 2).await, [""; 0], "a device may take its time");
    assert!(!bed.metric().await);
    let problems = bed.problems_after(DRIVER_STUCK / 2 + Duration::from_secs(1)).await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("the driver of kitchen has not got on"), "{problems:?}");
    assert!(bed.metric().await);
    assert_eq!(bed.pulse.stuck(), [""; 0], "the watchdog is fed: the outlet's other devices work");
}

#[tokio::test]
async fn a_printer_may_be_without_paper_for_the_weekend() {
    let bed = Bed::with_job_begun(Does::WaitsForPaper).await;
    assert_eq!(bed.problems_after(Duration::from_secs(3 * 24 * 3600)).await, [""; 0]);
    assert_eq!(bed.pulse.stuck(), [""; 0]);
}

#[tokio::test]
async fn a_device_that_goes_on_line_by_line_may_take_hours() {
    let bed = Bed::with_job_begun(Does::PrintsSlowly).await;
    assert_eq!(bed.problems_after(Duration::from_secs(10 * 3600)).await, [""; 0]);
}
