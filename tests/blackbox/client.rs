//! MQTT clients that nobody here wrote, each driven through its own process.

use std::collections::{HashMap, VecDeque};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use crate::agent::PREFIX;
use crate::broker::Ports;
use crate::tools::{beside, installed, program};

/// How long a test waits for what must come. Never reached by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Which client, and which version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `mosquitto_sub` and a `mosquitto_pub` for each message, MQTT 3.1.1.
    Mosquitto311,
    /// The same with MQTT 5.
    Mosquitto5,
    /// `paho-mqtt` for Python, MQTT 3.1.1.
    Paho311,
    /// The same with MQTT 5.
    Paho5,
    /// `mqtt` for Node.js, MQTT 5 over WebSocket.
    NodeWebSocket,
}

impl Dialect {
    fn is_v5(self) -> bool {
        !matches!(self, Self::Mosquitto311 | Self::Paho311)
    }
}

/// A message as a client heard it.
#[derive(Clone, Debug)]
pub struct Message {
    pub topic: String,
    /// The payload, `null` when it is no JSON.
    pub json: Value,
    pub retain: bool,
    pub correlation: Option<String>,
}

/// What is published.
#[derive(Default)]
pub struct Publish<'a> {
    pub topic: &'a str,
    pub payload: &'a str,
    pub retain: bool,
    /// MQTT 5 only.
    pub response_topic: Option<&'a str>,
    /// MQTT 5 only.
    pub correlation: Option<&'a str>,
}

/// A connected client.
pub struct Client {
    pub dialect: Dialect,
    id: String,
    ports: Ports,
    commands: Option<ChildStdin>,
    heard: mpsc::UnboundedReceiver<Message>,
    /// What has come and was not asked for yet, by topic.
    kept: HashMap<String, VecDeque<Message>>,
    /// The last messages, for a failed test's report.
    last: VecDeque<String>,
    asked: u32,
    _process: Child,
}

impl Client {
    /// Connects, and returns once the subscription is acknowledged.
    pub async fn connect(dialect: Dialect, ports: Ports, id: &str, filter: &str) -> Self {
        let mut command = match dialect {
            Dialect::Mosquitto311 | Dialect::Mosquitto5 => {
                let mut command = Command::new(program("mosquitto_sub"));
                command.args(["-d", "-q", "1", "-F", "%j", "-i", id, "-t", filter]);
                command.args(mosquitto_address(dialect, ports));
                command
            }
            Dialect::Paho311 | Dialect::Paho5 => {
                let mut command = Command::new(installed("python/bin/python"));
                let version = if dialect.is_v5() { "5" } else { "311" };
                command.arg(beside("python/client.py")).args([&ports.mqtt.to_string(), version, id, filter]);
                command
            }
            Dialect::NodeWebSocket => {
                let mut command = Command::new(program("node"));
                command.current_dir(installed("node")).arg(beside("node/client.mjs")).args([
                    &ports.websocket.to_string(),
                    id,
                    filter,
                ]);
                command
            }
        };
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{dialect:?} can't be started ({error}): run ./check"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, heard) = mpsc::unbounded_channel();
        let subscribed = async {
            loop {
                let line = lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("{dialect:?} ended before it had subscribed"));
                if line.starts_with("Subscribed") {
                    return;
                }
                // What is retained may come first.
                if let Some(message) = message_of(&line) {
                    tell.send(message).ok();
                }
            }
        };
        tokio::time::timeout(PATIENCE, subscribed)
            .await
            .unwrap_or_else(|_| panic!("{dialect:?} could not subscribe"));
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(message) = message_of(&line) {
                    tell.send(message).ok();
                }
            }
        });
        Self {
            dialect,
            id: id.to_owned(),
            ports,
            commands: process.stdin.take(),
            heard,
            kept: HashMap::new(),
            last: VecDeque::new(),
            asked: 0,
            _process: process,
        }
    }

    /// Publishes with QoS 1.
    pub async fn publish(&mut self, publish: Publish<'_>) {
        if matches!(self.dialect, Dialect::Mosquitto311 | Dialect::Mosquitto5) {
            return self.mosquitto_pub(publish).await;
        }
        let mut line = json!({
            "topic": publish.topic,
            "payload": publish.payload,
            "retain": publish.retain,
            "response_topic": publish.response_topic,
            "correlation": publish.correlation,
        })
        .to_string();
        line.push('\n');
        self.commands.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
    }

    async fn mosquitto_pub(&mut self, publish: Publish<'_>) {
        let mut command = Command::new(program("mosquitto_pub"));
        command.args(["-s", "-q", "1", "-i", &format!("{}-pub", self.id), "-t", publish.topic]);
        command.args(mosquitto_address(self.dialect, self.ports));
        command.args(publish.retain.then_some("-r"));
        for (name, value) in
            [("response-topic", publish.response_topic), ("correlation-data", publish.correlation)]
        {
            if let Some(value) = value {
                command.args(["-D", "publish", name, value]);
            }
        }
        let mut process = command.stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut stdin = process.stdin.take().unwrap();
        stdin.write_all(publish.payload.as_bytes()).await.unwrap();
        drop(stdin);
        assert!(process.wait().await.unwrap().success(), "mosquitto_pub failed");
    }

    /// Publishes what may be no JSON and waits for the answer: by MQTT 5's response topic and
    /// correlation data, or where the caller has put `reply_to` into the payload, by the next
    /// message on that topic.
    pub async fn exchange(&mut self, topic: &str, payload: &str, retain: bool) -> Value {
        let reply = self.reply_topic();
        if !self.dialect.is_v5() {
            self.publish(Publish { topic, payload, retain, ..Publish::default() }).await;
            return self.next(&reply, |_| true).await.json;
        }
        self.asked += 1;
        let correlation = format!("{}-{}", self.id, self.asked);
        self.publish(Publish {
            topic,
            payload,
            retain,
            response_topic: Some(&reply),
            correlation: Some(&correlation),
        })
        .await;
        let answer = self.next(&reply, |_| true).await;
        assert_eq!(answer.correlation.as_deref(), Some(&*correlation), "the correlation data is echoed");
        assert!(!answer.retain);
        answer.json
    }

    /// Submits a job and returns the agent's answer.
    pub async fn submit(&mut self, device: &str, job: &Value) -> Value {
        let topic = format!("{PREFIX}/device/{device}/job");
        let job = self.addressed(job);
        self.exchange(&topic, &job.to_string(), false).await
    }

    /// Asks the agent and returns its answer.
    pub async fn ask(&mut self, request: &Value) -> Value {
        let request = self.addressed(request);
        self.exchange(&format!("{PREFIX}/request"), &request.to_string(), false).await
    }

    /// Asks a device and returns its answer.
    pub async fn ask_device(&mut self, device: &str, request: &Value) -> Value {
        let request = self.addressed(request);
        self.exchange(&format!("{PREFIX}/device/{device}/request"), &request.to_string(), false).await
    }

    fn addressed(&self, payload: &Value) -> Value {
        let mut payload = payload.clone();
        if !self.dialect.is_v5() {
            payload["reply_to"] = json!(self.reply_topic());
        }
        payload
    }

    fn reply_topic(&self) -> String {
        format!("{PREFIX}/reply/{}", self.id)
    }

    /// The next document of a job in one of some states.
    pub async fn job_in(&mut self, job: &str, states: &[&str]) -> Value {
        let topic = format!("{PREFIX}/job/{job}");
        self.next(&topic, |document| states.iter().any(|state| document["state"] == *state)).await.json
    }

    /// The next message of a topic that fits; earlier ones of the same topic are passed over.
    pub async fn next(&mut self, topic: &str, fits: impl Fn(&Value) -> bool) -> Message {
        let found = async {
            loop {
                while let Some(message) = self.kept.get_mut(topic).and_then(VecDeque::pop_front) {
                    if fits(&message.json) {
                        return message;
                    }
                }
                let Some(message) = self.heard.recv().await else {
                    panic!("{:?} lost its connection; it had heard:\n{}", self.dialect, report(&self.last))
                };
                self.last.push_back(format!("{} {}", message.topic, message.json));
                if self.last.len() > 12 {
                    self.last.pop_front();
                }
                self.kept.entry(message.topic.clone()).or_default().push_back(message);
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(message) => message,
            Err(_) => panic!(
                "{:?} waited in vain on {topic}; the last it heard:\n{}",
                self.dialect,
                report(&self.last)
            ),
        }
    }
}

fn report(last: &VecDeque<String>) -> String {
    last.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn mosquitto_address(dialect: Dialect, ports: Ports) -> Vec<String> {
    let version = if dialect.is_v5() { "mqttv5" } else { "mqttv311" };
    ["-h", "127.0.0.1", "-p", &ports.mqtt.to_string(), "-V", version].map(str::to_owned).to_vec()
}

/// Reads a line of a client: `mosquitto_sub -F %j` and the two scripts write the same fields.
fn message_of(line: &str) -> Option<Message> {
    let line: Value = line.starts_with('{').then(|| serde_json::from_str(line).unwrap())?;
    Some(Message {
        topic: line["topic"].as_str().unwrap().to_owned(),
        json: serde_json::from_str(line["payload"].as_str().unwrap()).unwrap_or_default(),
        retain: line["retain"] == 1,
        correlation: line["properties"]["correlation-data"].as_str().map(str::to_owned),
    })
}
