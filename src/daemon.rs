//! The only wiring: what is started in which order, and ended in which.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use outlet_devices::driver::{Built, DeviceStatus, Driver, Report, Settings};
use outlet_devices::reading::{ReadingSink, Readings};
use outlet_devices::registry;
use outlet_protocols::code::Patterns;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::audit::Recorder;
use crate::backup::{self, BackupError};
use crate::board::Board;
use crate::broker::{AgentAccess, BrokerError, EmbeddedBroker, Handling, Inbound, PublishHook, Receipt};
use crate::bus::Bus;
use crate::bus::client::{self, Connection, Node, Protocol};
use crate::bus::contract::{AgentDocument, AgentState, DeviceDocument, State, Topics};
use crate::bus::message::{Heard, Message};
use crate::clock::{self, Clock};
use crate::config::{BrokerConfig, Config, DeviceConfig};
use crate::intake::{Device, Devices, Intake, Readiness, Rules, ToWorker};
use crate::journal::machine::Job;
use crate::journal::{Journal, JournalError, OutboxRow};
use crate::kitchen::engine as kitchen;
use crate::kitchen::setup::Setup;
use crate::kitchen::stations::StationConfig;
use crate::pulse::{Pulse, STALLED};
use crate::queue::{Desk, DeskSettings, Worker};
use crate::readings;
use crate::requests::Requests;
use crate::screens::door::Door as ScreensDoor;
use crate::screens::gateway::Upstream;
use crate::screens::{Registry, Sight, WebError};
use crate::sequence::{self, Committed, Place, Sequence};
use crate::supervisor::Supervised;
use crate::tidying;
use crate::web::metrics::{self, MetricsError};
use crate::web::{self, HttpError, atol_requests};

/// How long the last words may take when the agent ends.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the cause of an end may take to be known.
const A_MOMENT: Duration = Duration::from_millis(500);
/// How long the journal may take to be folded in when the agent ends.
const LAST_FOLD: Duration = Duration::from_secs(5);

/// A running agent.
pub struct Daemon {
    topics: Topics,
    bus: Bus,
    broker: Option<EmbeddedBroker>,
    http: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    screens: Option<SocketAddr>,
    journal: Journal,
    sequence: Sequence,
    agent: AgentDocument,
    workers: JoinSet<()>,
    background: JoinSet<()>,
    doors: JoinSet<()>,
    drain: Duration,
    stop: CancellationToken,
    abort: CancellationToken,
    hang_up: CancellationToken,
    lock: std::fs::File,
}

/// Why the agent could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another agent uses the folder.
    #[error("{folder} is used by another outletd: stop it, or set another data folder")]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The data folder can't be used.
    #[error(
        "the data folder {folder} can't be used: {reason}; it must exist or be creatable, and belong to this user"
    )]
    Data {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The journal can't be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A backup that waits can't be put back.
    #[error("a backup can't be put back: {0}")]
    Restore(#[from] BackupError),
    /// The embedded broker can't listen.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The HTTP door can't be opened.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Nobody can ask how the agent does.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The screens' door can't be opened.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The external broker's settings can't be used.
    #[error("[broker] {0}")]
    External(String),
    /// A device can't be built.
    #[error("device {id}: {reason}")]
    Device {
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// A worker or another part ended, which it never should.
    #[error("a part of the agent ended unexpectedly: {0}; please report it")]
    Ended(String),
}

impl Daemon {
    /// Starts an agent. When it returns, jobs are taken.
    pub async fn start(config: &Config) -> Result<Self, DaemonError> {
        let clock = clock::system();
        let topics = config.topics();
        let lock = lock(config)?;
        backup::take_waiting(&config.data, clock())?;
        let (committed_tx, committed) = mpsc::unbounded_channel();
        let (journal, lock) = open_journal(config, &clock, committed_tx, lock).await?;
        let stop = CancellationToken::new();
        let abort = CancellationToken::new();
        let hang_up = CancellationToken::new();

        let board = Board::new(clock.clone());
        let kitchen = closed_kitchen(config);
        let Equipment { devices, desks, withheld, readings, tickets } =
            build_devices(config, &journal, &board, kitchen.as_ref())?;
        let screens = open_screens(config, &journal, &topics, &clock).await?;
        let office = screens.as_ref().map(ScreensDoor::office);
        let requests = Requests::new(journal.clone(), devices.clone(), board.clone()).with_screens(office);
        let decisions = requests.clone();
        let (bus, unsaid) = client::bus();
        let rules = Rules { rights: config.rights(), limits: config.limits };
        let intake = Intake::new(
            topics.clone(),
            journal.clone(),
            devices.clone(),
            rules,
            requests,
            bus.clone(),
            kitchen.as_ref().map(kitchen::Closed::door),
        );
        let kitchen = match (kitchen, &screens) {
            (Some(closed), Some(door)) => {
                let tools = kitchen::Tools {
                    journal: journal.clone(),
                    bus: bus.clone(),
                    topics: topics.clone(),
                    clock: clock.clone(),
                    screens: door.registry().clone(),
                    intake: intake.clone(),
                    board: board.clone(),
                    audit: Recorder::of_kitchen(journal.clone()),
                };
                Some(kitchen::Engine::open(closed, tools, tickets).await?)
            }
            _ => None,
        };
        let (onward, outbox) = mpsc::unbounded_channel();
        let committed = Committed { from: committed, onward };
        let (sequence, sequencing) =
            Sequence::start(journal.clone(), devices.clone(), topics.clone(), withheld, committed);
        let metrics = match &config.metrics {
            Some(metrics) => Some(metrics::listen(metrics).await?),
            None => None,
        };
        let door = match &config.http {
            Some(http) => Some(web::listen(http).await?),
            None => None,
        };

        let mut warnings = screens.as_ref().map(ScreensDoor::warnings).unwrap_or_default();
        if config.broker.as_ref().is_some_and(BrokerConfig::is_open) {
            tracing::warn!(
                "[broker] plain = true: everybody on the network can read what goes to the broker, the password too. \
                 Write mqtts:// in [broker] url"
            );
            warnings.push(BROKER_WITHOUT_TLS.to_owned());
        }
        let agent = agent_document(&clock, warnings);
        let (broker, connection) = open_broker(config, &topics, &agent, &intake).await?;
        let screens = match (screens, &broker) {
            (Some(door), Some(broker)) => Some((door, Upstream::embedded(broker.screens()))),
            (Some(door), None) => Some((door, Upstream::external(&connection)?)),
            (None, _) => None,
        };
        let speaking =
            unsaid.keep_saying(connection, journal.clone(), outbox, intake.clone(), hang_up.clone());
        introduce(&bus, &topics, &agent, &devices);
        let pulse = Pulse::default();
        let mut workers = JoinSet::new();
        let mut background = JoinSet::new();
        if let Some(mut kitchen) = kitchen {
            // Before the first connection: what the broker has and the kitchen does not know is cleared then.
            kitchen.introduce();
            workers.spawn(pulse.clone().of("the kitchen".into(), kitchen.run(stop.clone())));
        }

        for (driver, desk) in desks {
            let part = format!("the worker of {}", desk.id());
            let progress = pulse.driver(desk.id());
            let worker = Worker::new(driver, desk, progress, stop.clone(), abort.clone());
            workers.spawn(pulse.clone().of(part, worker.run()));
        }
        background.spawn(pulse.clone().of("the client of the broker".into(), speaking));
        background.spawn(pulse.clone().of("the sequence of jobs".into(), sequencing));
        board.attention_changed();
        background.spawn(tell_stuck_drivers(pulse.clone(), board.clone()));
        let publishing = board.clone().publish(bus.clone(), topics.clone(), journal.clone());
        background.spawn(pulse.clone().of("the board of devices".into(), publishing));
        for (device, read) in readings {
            background.spawn(readings::publish(device, read, bus.clone(), topics.clone(), clock.clone()));
        }
        if let Some(interval) = crate::systemd::watchdog_interval() {
            background.spawn(feed_watchdog(interval, journal.clone(), pulse.clone()));
        }
        background.spawn(tidying::look_after(journal.clone(), board.clone(), clock.clone()));
        background.spawn(tidying::housekeep(journal.clone(), config.journal.clone(), clock.clone()));
        if broker.is_some() {
            bus.wait_connected().await;
        }
        let http = door.as_ref().map(web::Listener::addr);
        let screens_addr = screens.as_ref().map(|(door, _)| door.addr());
        let mut doors = JoinSet::new();
        if let Some((door, upstream)) = screens {
            let sight = Sight {
                board: board.clone(),
                devices: devices.clone(),
                journal: journal.clone(),
                requests: decisions,
                audit: Recorder::of_status_page(journal.clone()),
            };
            let audit = Recorder::of_screens(journal.clone());
            doors.spawn(door.serve(upstream, sight, audit, hang_up.clone())?);
        }
        let metrics_addr = metrics.as_ref().map(metrics::Listener::addr);
        if let Some(metrics) = metrics {
            let sources = metrics::Sources {
                journal: journal.clone(),
                board: board.clone(),
                devices: devices.clone(),
                bus: bus.clone(),
                pulse,
                started: agent.started_at,
                stop: stop.clone(),
            };
            doors.spawn(metrics.serve(sources, hang_up.clone()));
        }
        if let Some(door) = door {
            let default_device = config.http.as_ref().and_then(|http| http.default_device.clone());
            let sequence = sequence.clone();
            let audit = Recorder::of_http(journal.clone());
            let requests = atol_requests::AtolRequests {
                intake,
                sequence,
                journal: journal.clone(),
                devices,
                board,
                default_device,
                audit: audit.clone(),
            };
            doors.spawn(door.serve(atol_requests::pages(requests), audit, hang_up.clone()));
        }
        let drain = Duration::from_secs(u64::from(config.queue.drain_s));
        Ok(Self {
            topics,
            bus,
            broker,
            http,
            metrics: metrics_addr,
            screens: screens_addr,
            journal,
            sequence,
            agent,
            workers,
            background,
            doors,
            drain,
            stop,
            abort,
            hang_up,
            lock,
        })
    }

    /// Where MQTT clients connect, with the embedded broker.
    pub fn mqtt_addr(&self) -> Option<SocketAddr> {
        self.broker.as_ref().map(EmbeddedBroker::mqtt_addr)
    }

    /// Where WebSocket clients connect, with the embedded broker.
    pub fn websocket_addr(&self) -> Option<SocketAddr> {
        self.broker.as_ref().and_then(EmbeddedBroker::websocket_addr)
    }

    /// Where programs come in over HTTP, if they may.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where programs ask how the agent does, if they may.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Where screens connect, if they may.
    pub fn screens_addr(&self) -> Option<SocketAddr> {
        self.screens
    }

    /// The topics of this outlet.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Waits until a part of the agent ends although nobody told it to: a defect.
    pub async fn failed(&mut self) -> DaemonError {
        let (workers, background, doors) = (&mut self.workers, &mut self.background, &mut self.doors);
        let ended = tokio::select! {
            Some(ended) = workers.join_next() => ended,
            Some(ended) = background.join_next() => ended,
            Some(ended) = doors.join_next() => ended,
            why = self.journal.broken() => return DaemonError::Journal(why),
        };
        // Whoever needs the journal may end a moment before it has said what happened to it.
        if let Ok(why) = tokio::time::timeout(A_MOMENT, self.journal.broken()).await {
            return DaemonError::Journal(why);
        }
        match ended {
            Err(error) => DaemonError::Ended(error.to_string()),
            Ok(()) => DaemonError::Ended("it returned".into()),
        }
    }

    /// Ends in order: begins nothing more, lets active jobs end, says goodbye, closes.
    pub async fn drain(mut self) {
        crate::systemd::stopping();
        self.stop.cancel();
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(self.drain, all).await.is_err() {
            tracing::warn!(
                "jobs are still being done: they are resolved with their devices at the next start"
            );
            self.abort.cancel();
            self.workers.shutdown().await;
        }
        // The last outcomes before the last word.
        drop(tokio::time::timeout(LAST_WORDS, self.sequence.caught_up()).await);
        let goodbye = AgentDocument { state: AgentState::Offline, ..self.agent.clone() };
        self.bus.retain(self.topics.agent(), serde_json::to_vec(&goodbye).unwrap_or_default());
        self.bus.flush(LAST_WORDS).await;
        self.hang_up.cancel();
        while self.doors.join_next().await.is_some() {}
        if let Some(broker) = self.broker.take() {
            broker.stop().await;
        }
        self.background.shutdown().await;
        self.close().await;
    }

    /// Waits until the journal is one file: without it, the next start would take this for a cut.
    async fn close(self) {
        let closed = self.journal.closed();
        let Self { lock, journal, sequence, bus, .. } = self;
        drop((journal, sequence, bus));
        if tokio::time::timeout(LAST_FOLD, closed).await.is_err() {
            tracing::warn!("the journal's log is not folded in yet: the next start looks at every page");
        }
        drop(lock);
    }
}

/// Host, port and whether TLS is wanted, of `mqtt://host:1883` or `mqtts://host:8883`.
pub fn parse_broker_url(url: &str) -> Result<(String, u16, bool), String> {
    let wrong = || format!("{url:?} is no broker address: write mqtt://host:1883 or mqtts://host:8883");
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let (tls, default_port) = match scheme {
        "mqtt" | "tcp" => (false, 1883),
        "mqtts" | "ssl" => (true, 8883),
        _ => return Err(wrong()),
    };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (rest, default_port),
    };
    if host.is_empty() || host.contains(['/', '@', ' ']) {
        return Err(wrong());
    }
    Ok((host.trim_matches(['[', ']']).to_owned(), port, tls))
}

fn lock(config: &Config) -> Result<std::fs::File, DaemonError> {
    let failed =
        |error: std::io::Error| DaemonError::Data { folder: config.data.clone(), reason: error.to_string() };
    // What was ordered and paid is nobody else's business.
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data).map_err(failed)?;
    let file = std::fs::File::create(config.data.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DaemonError::Locked { folder: config.data.clone() }),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Opens the journal on a thread of its own: after a cut it is looked through, which takes minutes where it is large
/// and the disk slow. systemd is told to wait, and signals are heard meanwhile. The folder stays locked as long as the
/// thread works, even when nobody waits for it any more.
async fn open_journal(
    config: &Config,
    clock: &Clock,
    outbox: mpsc::UnboundedSender<Vec<OutboxRow>>,
    lock: std::fs::File,
) -> Result<(Journal, std::fs::File), DaemonError> {
    let (folder, topics, clock) = (config.data.clone(), config.topics(), clock.clone());
    let (answer, opened) = oneshot::channel();
    let open = move || drop(answer.send((Journal::open(&folder, topics, clock, outbox), lock)));
    std::thread::Builder::new()
        .name("journal-open".into())
        .spawn(open)
        .map_err(|error| DaemonError::Ended(format!("the thread that opens the journal: {error}")))?;
    match crate::systemd::waits_for(opened).await {
        Ok((journal, lock)) => Ok((journal?, lock)),
        Err(_) => Err(DaemonError::Ended("the thread that opens the journal".into())),
    }
}

/// Opens the screens' door, where there is one, for the screens that the journal knows.
async fn open_screens(
    config: &Config,
    journal: &Journal,
    topics: &Topics,
    clock: &Clock,
) -> Result<Option<ScreensDoor>, DaemonError> {
    let Some(web) = config.screens_door() else { return Ok(None) };
    let stations = config.station.iter().map(StationConfig::info).collect();
    let registry = Registry::open(journal.clone(), stations).await?;
    let door = ScreensDoor::open(&web, &config.outlet, &config.data, topics.clone(), registry, clock);
    Ok(Some(door.await?))
}

/// Code of the warning that the network can read what goes to the broker.
const BROKER_WITHOUT_TLS: &str = "broker-without-tls";

fn agent_document(clock: &Clock, warnings: Vec<String>) -> AgentDocument {
    AgentDocument {
        state: AgentState::Online,
        session: ulid::Ulid::new().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: clock(),
        warnings,
    }
}

/// All devices, each with its driver and desk.
struct Equipment {
    devices: Arc<Devices>,
    desks: Vec<(Box<dyn Driver>, Desk)>,
    /// Jobs whose turn has not come.
    withheld: Vec<Place>,
    /// What each device reads.
    readings: Vec<(String, Readings)>,
    /// Jobs of the kitchen's stations.
    tickets: Vec<Job>,
}

/// Builds every device's driver and desk, and hands each desk what the journal had left for it. Jobs whose turn
/// has not come are withheld.
fn build_devices(
    config: &Config,
    journal: &Journal,
    board: &Board,
    kitchen: Option<&kitchen::Closed>,
) -> Result<Equipment, DaemonError> {
    let mut devices = Devices::new();
    let (mut parts, mut readings) = (Vec::new(), Vec::new());
    let codes = Arc::new(config.codes.clone());
    for device in &config.device {
        let (status, watch_status) = watch::channel(DeviceStatus::default());
        let (sink, read) = ReadingSink::new();
        readings.push((device.id.clone(), read));
        let report = Report { status, readings: sink };
        let built = build(device, &codes, report.clone())?;
        let (worker, inbox) = mpsc::unbounded_channel::<ToWorker>();
        let known = Arc::new(Device {
            id: device.id.clone(),
            description: built.description,
            check: built.check,
            fallback: device.fallback.clone(),
            worker,
            readiness: Readiness::default(),
            depth: AtomicU64::new(0),
            max_depth: config.queue.max_depth,
        });
        let (again, codes) = (device.clone(), codes.clone());
        let driver = Supervised::new(built.driver, move || {
            build(&again, &codes, report.clone()).map(|built| built.driver).ok()
        });
        devices.insert(device.id.clone(), known.clone());
        parts.push((driver, known, inbox, watch_status));
    }
    for station in kitchen.into_iter().flat_map(kitchen::Closed::devices) {
        devices.insert(station.id.clone(), station.clone());
    }
    let devices = Arc::new(devices);
    let settings = DeskSettings {
        fallback_after: Duration::from_secs(u64::from(config.queue.fallback_after_s)),
        words: config.words(),
    };
    let mut left = journal.unfinished()?;
    let withheld = sequence::withhold(&mut left);
    let mut desks: Vec<(Box<dyn Driver>, Desk)> = Vec::new();
    for (driver, device, inbox, status) in parts {
        let mut desk = Desk::new(
            journal.clone(),
            device.clone(),
            devices.clone(),
            board.clone(),
            inbox,
            status,
            settings.clone(),
        );
        for job in left.extract_if(.., |job| job.route == device.id) {
            if job.state != State::Uncertain && !job.is_held() {
                device.depth.fetch_add(1, Ordering::Relaxed);
            }
            desk.resume(job);
        }
        desks.push((Box::new(driver), desk));
    }
    let stations = |job: &mut Job| config.station.iter().any(|station| station.id == job.route);
    let tickets = left.extract_if(.., stations).collect();
    for job in left {
        tracing::warn!(
            job = job.job,
            device = job.route,
            "a job waits for a device that is not configured any more"
        );
    }
    Ok(Equipment { devices, desks, withheld, readings, tickets })
}

/// The kitchen, where there is a station.
fn closed_kitchen(config: &Config) -> Option<kitchen::Closed> {
    let setup = Setup { config: config.kitchen.clone(), stations: config.station.clone() };
    (!config.station.is_empty()).then(|| kitchen::Closed::new(setup, config.queue.max_depth))
}

fn build(device: &DeviceConfig, codes: &Arc<Patterns>, report: Report) -> Result<Built, DaemonError> {
    let failed = |reason: String| DaemonError::Device { id: device.id.clone(), reason };
    let factory =
        registry::find(&device.driver).ok_or_else(|| failed(format!("unknown driver {}", device.driver)))?;
    let settings: Settings = device.settings(codes.clone());
    factory.build(&settings, report).map_err(|error| failed(error.to_string()))
}

/// Starts the embedded broker or reads how to reach the external one.
async fn open_broker(
    config: &Config,
    topics: &Topics,
    agent: &AgentDocument,
    intake: &Arc<Intake>,
) -> Result<(Option<EmbeddedBroker>, Connection), DaemonError> {
    let gone = AgentDocument { state: AgentState::Offline, ..agent.clone() };
    let will = (topics.agent(), serde_json::to_vec(&gone).unwrap_or_default());
    if let Some(external) = &config.broker {
        return Ok((None, external_connection(external, config, topics, will)?));
    }
    let mut embedded = config.embedded.clone();
    embedded.agent_client_id = format!("outletd-{}", config.outlet);
    embedded.agent_topics = topics.agent_filters();
    embedded.screens_publish = vec![format!("{}/kitchen/command/+", topics.prefix())];
    embedded.screens_subscribe = vec![format!("{}/kitchen/#", topics.prefix()), topics.agent()];
    let broker = EmbeddedBroker::start(embedded, Arc::new(Hook { intake: intake.clone() })).await?;
    let AgentAccess { addr, client_id, user, password } = broker.agent().clone();
    let connection = Connection {
        nodes: vec![Node { host: addr.ip().to_string(), port: addr.port() }],
        protocol: Protocol::V5,
        tls: None,
        client_id,
        credentials: Some((user, password)),
        will,
        filters: Vec::new(),
        passing: topics.passing_filters().to_vec(),
    };
    Ok((Some(broker), connection))
}

fn external_connection(
    broker: &BrokerConfig,
    config: &Config,
    topics: &Topics,
    will: (String, Vec<u8>),
) -> Result<Connection, DaemonError> {
    let addresses = broker.url.all().iter().map(|url| parse_broker_url(url)).collect::<Result<Vec<_>, _>>();
    let addresses = addresses.map_err(DaemonError::External)?;
    // All or none, or the configuration was refused.
    let tls = addresses.iter().any(|(_, _, tls)| *tls);
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .map_err(|error| DaemonError::External(format!("{} can't be read: {error}", path.display())))
    };
    let password = match &broker.password_file {
        Some(path) => String::from_utf8_lossy(&read(path)?).trim_end().to_owned(),
        None => String::new(),
    };
    let tls = match (&broker.ca, tls) {
        (_, false) => None,
        (Some(path), true) => Some(read(path)?),
        (None, true) => Some(read(&crate::tls::system_roots())?),
    };
    Ok(Connection {
        nodes: addresses.into_iter().map(|(host, port, _)| Node { host, port }).collect(),
        protocol: broker.protocol,
        tls,
        client_id: broker.client_id.clone().unwrap_or_else(|| format!("outletd-{}", config.outlet)),
        credentials: broker.user.clone().map(|user| (user, password)),
        will,
        filters: topics.command_filters().to_vec(),
        passing: topics.passing_filters().to_vec(),
    })
}

/// Hands what clients publish on the embedded broker to the intake, before it is acknowledged.
struct Hook {
    intake: Arc<Intake>,
}

impl PublishHook for Hook {
    fn publish(&self, inbound: Inbound) -> Handling {
        if !self.intake.is_command(&inbound.topic) {
            return Handling::route();
        }
        let message = Message {
            topic: inbound.topic.to_string(),
            // The payload shares the connection's buffer: a copy lets that go.
            payload: bytes::Bytes::copy_from_slice(&inbound.payload),
            retain: inbound.retain,
            response_topic: inbound.response_topic.map(|topic| topic.to_string()),
            correlation: inbound.correlation_data,
            expiry_s: None,
            client: Some(inbound.client_id.to_string()),
            user: inbound.user.map(|user| user.to_string()),
        };
        let heard: Pin<Box<dyn Future<Output = ()> + Send>> = self.intake.clone().hear(message);
        Handling::consume().after(async move {
            heard.await;
            Receipt::Acknowledge
        })
    }

    fn refused(&self, client: &str, user: &str, from: SocketAddr) {
        self.intake.not_let_in(user, client, &from.to_string());
    }
}

/// Retained documents of the agent and its devices.
fn introduce(bus: &Bus, topics: &Topics, agent: &AgentDocument, devices: &Devices) {
    bus.retain(topics.agent(), serde_json::to_vec(agent).unwrap_or_default());
    for device in devices.values() {
        let document = DeviceDocument {
            device: device.id.clone(),
            description: device.description.clone(),
            fallback: device.fallback.clone(),
        };
        bus.retain(topics.device(&device.id), serde_json::to_vec(&document).unwrap_or_default());
    }
}

/// An agent whose journal does not answer, or whose parts get no turn or don't get on, is not alive. One whose driver
/// does not get on is: its other devices work, and a new start might tear a receipt.
async fn feed_watchdog(interval: Duration, journal: Journal, pulse: Pulse) {
    loop {
        let (stalled, stuck) = (pulse.stalled(STALLED), pulse.stuck());
        if !stalled.is_empty() || !stuck.is_empty() {
            tracing::error!(
                stalled = stalled.join(", "),
                stuck = stuck.join(", "),
                "parts of the agent get no turn, or don't get on: the watchdog is not fed"
            );
        } else if journal.write(|_| Ok(())).await.is_ok() {
            crate::systemd::alive();
        }
        tokio::time::sleep(interval).await;
    }
}

/// How often drivers are looked at that don't get on.
const LOOK_AT_DRIVERS: Duration = Duration::from_secs(30);

/// Says on the board, and in the log once each time, which drivers don't get on.
async fn tell_stuck_drivers(pulse: Pulse, board: Board) {
    let mut known = BTreeSet::new();
    loop {
        tokio::time::sleep(LOOK_AT_DRIVERS).await;
        let stuck: BTreeSet<String> = pulse.stuck_drivers().into_iter().collect();
        if stuck != known {
            board.set_stuck(stuck.clone());
        }
        for device in stuck.difference(&known) {
            tracing::error!(
                device,
                "the driver does not get on with what it has in hand, nor says what it waits for: look at the device, \
                 switch it off and on; restart the agent if that does not help"
            );
        }
        known = stuck;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_agent_whose_journal_can_write_no_more_ends_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outletd.toml");
        let data = folder.path().join("data");
        let text = format!("outlet = \"test\"\ndata = {data:?}\n[embedded]\nmqtt = \"127.0.0.1:0\"\n");
        std::fs::write(&path, text).unwrap();
        let config = crate::config::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
        let mut daemon = Daemon::start(&config).await.unwrap();
        let journal = daemon.journal.clone();
        let defect = journal.write(|_| -> Result<(), JournalError> { panic!("a defect of a test") }).await;
        assert!(matches!(defect, Err(JournalError::Closed)), "{defect:?}");
        let why = daemon.failed().await;
        assert!(matches!(why, DaemonError::Journal(JournalError::Died)), "{why}");
        daemon.drain().await;
    }
}
