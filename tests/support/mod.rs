//! An outlet for tests: the real daemon in this process, simulated printers, and a client.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use outlet_simulators::printer::{Printer, PrinterSpec};
use outletd::bus::contract::{JobDocument, State, Topics};
use outletd::config;
use outletd::daemon::Daemon;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// How long a test waits for what must come. Never reached by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A printer of the outlet.
pub struct Station {
    pub id: &'static str,
    pub model: &'static str,
    pub printer: Printer,
    pub addr: SocketAddr,
    pub more: String,
}

/// A simulated printer that listens.
pub async fn station(id: &'static str, model: &'static str, spec: PrinterSpec) -> Station {
    let printer = Printer::new(spec);
    let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    Station { id, model, printer, addr, more: String::new() }
}

/// The usual kitchen printer: 80 mm, live status, process ids.
pub async fn kitchen() -> Station {
    station("kitchen", "epson-tm-t20iii", PrinterSpec::epson_80mm()).await
}

/// A second printer.
pub async fn bar() -> Station {
    station("bar", "epson-tm-t20iii", PrinterSpec::epson_80mm()).await
}

/// The daemon with its data folder, and the stations it drives.
pub struct Outlet {
    pub folder: TempDir,
    pub stations: Vec<Station>,
    pub extra: String,
    daemon: Option<Daemon>,
}

impl Outlet {
    /// Starts a daemon for some stations.
    pub async fn open(stations: Vec<Station>) -> Self {
        Self::open_with(stations, "").await
    }

    /// Starts a daemon with more configuration.
    pub async fn open_with(stations: Vec<Station>, extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut outlet = Self { folder, stations, extra: extra.into(), daemon: None };
        outlet.start().await;
        outlet
    }

    /// Starts the daemon again on the same data.
    pub async fn start(&mut self) {
        let mut toml = format!(
            "outlet = \"test\"\ndata = {:?}\n{}\n[embedded]\nmqtt = \"127.0.0.1:0\"\n",
            self.folder.path().join("data"),
            self.extra
        );
        for station in &self.stations {
            write!(
                toml,
                "[[device]]\nid = {:?}\ndriver = \"escpos\"\nmodel = {:?}\nlink = \"tcp://{}\"\n{}\n",
                station.id, station.model, station.addr, station.more
            )
            .unwrap();
        }
        let path = self.folder.path().join("outletd.toml");
        std::fs::write(&path, toml).unwrap();
        let config = config::load(&path).unwrap_or_else(|errors| panic!("{errors}"));
        self.daemon = Some(Daemon::start(&config).await.unwrap());
    }

    /// Ends the daemon in order.
    pub async fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            daemon.drain().await;
        }
    }

    /// Where MQTT clients connect.
    pub fn mqtt_addr(&self) -> SocketAddr {
        self.daemon.as_ref().unwrap().mqtt_addr().unwrap()
    }

    /// Where programs of this machine come in over HTTP.
    pub fn http_addr(&self) -> SocketAddr {
        self.daemon.as_ref().unwrap().http_addr().unwrap()
    }

    /// Where programs ask how the agent does.
    pub fn metrics_addr(&self) -> SocketAddr {
        self.daemon.as_ref().unwrap().metrics_addr().unwrap()
    }

    /// Where screens connect.
    pub fn screens_addr(&self) -> SocketAddr {
        self.daemon.as_ref().unwrap().screens_addr().unwrap()
    }

    /// The printer of a station.
    pub fn printer(&self, id: &str) -> &Printer {
        &self.stations.iter().find(|station| station.id == id).unwrap().printer
    }

    /// A client that hears everything of the outlet.
    pub async fn client(&self) -> Client {
        Client::connect(self.mqtt_addr(), "pos-1").await
    }
}

/// A POS app.
pub struct Client {
    pub mqtt: AsyncClient,
    pub topics: Topics,
    name: String,
    heard: mpsc::UnboundedReceiver<(String, Value)>,
    last: HashMap<String, JobDocument>,
}

impl Client {
    /// Connects and subscribes to everything below the outlet's prefix.
    pub async fn connect(addr: SocketAddr, name: &str) -> Self {
        Self::connect_with(MqttOptions::new(name, addr.ip().to_string(), addr.port()), name).await
    }

    /// The same as a user with a password.
    pub async fn sign_in(addr: SocketAddr, name: &str, user: &str, password: &str) -> Self {
        let mut options = MqttOptions::new(name, addr.ip().to_string(), addr.port());
        options.set_credentials(user, password);
        Self::connect_with(options, name).await
    }

    async fn connect_with(mut options: MqttOptions, name: &str) -> Self {
        options.set_max_packet_size(Some(16 << 20)).set_keep_alive(Duration::from_secs(30));
        let (mqtt, mut events) = AsyncClient::new(options, 64);
        let (tell, heard) = mpsc::unbounded_channel();
        let (subscribed_tx, subscribed) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let mut subscribed = Some(subscribed_tx);
            let mut over = false;
            loop {
                let event = if over { None } else { events.poll().await.ok() };
                over = event.is_none();
                // What came in one piece with the end of the connection: rumqttc tells of the end first.
                let Some(event) = event.or_else(|| events.state.events.pop_front()) else { return };
                match event {
                    Event::Incoming(Packet::SubAck(_)) => {
                        if let Some(subscribed) = subscribed.take() {
                            subscribed.send(()).ok();
                        }
                    }
                    Event::Incoming(Packet::Publish(publish)) => {
                        let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                        let value = serde_json::from_slice(&publish.payload).unwrap_or(Value::Null);
                        if tell.send((topic, value)).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        // An agent that is gone says nothing more: the caller sees why by other means.
        let asked = mqtt.subscribe("outlet/v1/test/#", QoS::AtLeastOnce).await;
        if asked.is_err() || subscribed.await.is_err() {
            std::future::pending::<()>().await;
        }
        Self { mqtt, topics: Topics::new("outlet/v1/test"), name: name.into(), heard, last: HashMap::new() }
    }

    /// Publishes a job.
    pub async fn submit(&self, device: &str, job: &Value) {
        self.publish(&self.topics.device_job(device), job.to_string()).await;
    }

    /// Publishes anything.
    pub async fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        if self.mqtt.publish(topic, QoS::AtLeastOnce, false, payload.into()).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Asks the agent and waits for the answer.
    pub async fn ask(&mut self, topic: &str, request: Value) -> Value {
        let reply = self.topics.reply(&self.name);
        let properties = PublishProperties { response_topic: Some(reply.clone()), ..Default::default() };
        let asked = self.mqtt.publish_with_properties(
            topic,
            QoS::AtLeastOnce,
            false,
            request.to_string(),
            properties,
        );
        if asked.await.is_err() {
            std::future::pending::<()>().await;
        }
        // A repeated job is answered there, too.
        self.next(|topic, value| topic == reply && value.get("ok").is_some()).await.1
    }

    /// Asks the agent as a whole.
    pub async fn ask_agent(&mut self, request: Value) -> Value {
        let topic = self.topics.request();
        self.ask(&topic, request).await
    }

    /// The next message that fits; others are passed over.
    pub async fn next(&mut self, fits: impl Fn(&str, &Value) -> bool) -> (String, Value) {
        let found = async {
            loop {
                let Some((topic, value)) = self.heard.recv().await else { std::future::pending().await };
                if let Some(job) = topic.strip_prefix("outlet/v1/test/job/")
                    && let Ok(document) = serde_json::from_value::<JobDocument>(value.clone())
                {
                    self.last.insert(job.to_owned(), document);
                }
                if fits(&topic, &value) {
                    return (topic, value);
                }
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => panic!("what was waited for never came; last seen: {:#?}", self.last),
        }
    }

    /// Waits until a job is in a state.
    pub async fn job(&mut self, job: &str, state: State) -> JobDocument {
        if let Some(known) = self.last.get(job).filter(|known| known.state == state) {
            return known.clone();
        }
        let topic = self.topics.job(job);
        let (_, value) = self.next(|seen, value| seen == topic && value["state"] == json!(state)).await;
        serde_json::from_value(value).unwrap()
    }

    /// The job's document once it has ended or waits for a person; `limit` is never reached by a test that
    /// passes.
    pub async fn end(&mut self, job: &str, limit: Duration) -> JobDocument {
        let over = |document: &JobDocument| document.state.is_final() || document.state == State::Uncertain;
        if let Some(known) = self.last.get(job).filter(|known| over(known)) {
            return known.clone();
        }
        let topic = self.topics.job(job);
        let found = async {
            loop {
                let Some((seen, value)) = self.heard.recv().await else { std::future::pending().await };
                let Ok(document) = serde_json::from_value::<JobDocument>(value) else { continue };
                if seen.starts_with("outlet/v1/test/job/") {
                    self.last.insert(document.job.clone(), document.clone());
                }
                if seen == topic && over(&document) {
                    return document;
                }
            }
        };
        match tokio::time::timeout(limit, found).await {
            Ok(found) => found,
            Err(_) => panic!("{job} does not end; last seen: {:#?}", self.last.get(job)),
        }
    }

    /// All states of a job up to a final one or `uncertain`.
    pub async fn life(&mut self, job: &str) -> Vec<State> {
        let topic = self.topics.job(job);
        let mut states = Vec::new();
        loop {
            let (_, value) = self.next(|seen, _| seen == topic).await;
            let document: JobDocument = serde_json::from_value(value).unwrap();
            states.push(document.state);
            if document.state.is_final() || document.state == State::Uncertain {
                return states;
            }
        }
    }

    /// Waits until a device is in a state.
    pub async fn device(&mut self, device: &str, state: &str) -> Value {
        let topic = self.topics.device_state(device);
        self.next(|seen, value| seen == topic && value["state"] == state).await.1
    }
}

/// A ticket of one line.
pub fn ticket(id: &str, text: &str) -> Value {
    json!({"id": id, "kind": "print", "document": {"blocks": [
        {"type": "text", "text": text},
        {"type": "cut"},
    ]}})
}
