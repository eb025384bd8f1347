//! A till's connection: it comes back by itself, repeats what is not answered, and remembers all it hears.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Topics of the outlet.
pub const PREFIX: &str = "outlet/v1/test";

/// How long an answer may take before the same is sent again.
const AGAIN: Duration = Duration::from_millis(700);

/// What was heard.
#[derive(Default)]
pub struct Heard {
    /// Every document of a job, in the order in which it came.
    pub documents: BTreeMap<String, Vec<Value>>,
    /// Jobs that wait for a person.
    pub attention: Value,
    replies: HashMap<String, Value>,
    /// What became of the connection, for whom nothing more is heard.
    pub fate: String,
}

/// The connection.
pub struct Wire {
    client: AsyncClient,
    heard: Arc<Mutex<Heard>>,
    changed: watch::Sender<()>,
    subscribed: watch::Receiver<bool>,
    asked: std::sync::atomic::AtomicU32,
    reader: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Wire {
    pub fn new(broker: SocketAddr, name: &str) -> Self {
        let mut options = MqttOptions::new(name, broker.ip().to_string(), broker.port());
        options.set_max_packet_size(Some(4 << 20)).set_keep_alive(Duration::from_secs(5));
        options.set_connection_timeout(2);
        let (client, mut events) = AsyncClient::new(options, 256);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let changed = watch::channel(()).0;
        let (up, subscribed) = watch::channel(false);
        let reader = tokio::spawn({
            let (client, heard, changed) = (client.clone(), heard.clone(), changed.clone());
            async move {
                loop {
                    match events.poll().await {
                        Ok(Event::Incoming(Packet::ConnAck(_))) => {
                            let topics =
                                ["job/+", "reply/till", "attention"].map(|topic| format!("{PREFIX}/{topic}"));
                            let filters = topics.map(|topic| Filter::new(topic, QoS::AtLeastOnce));
                            heard.lock().unwrap().fate = "connected".to_owned();
                            let client = client.clone();
                            // The queue may be full, and empties only while this goes on.
                            tokio::spawn(async move { client.subscribe_many(filters).await });
                        }
                        Ok(Event::Incoming(Packet::SubAck(_))) => {
                            heard.lock().unwrap().fate = "subscribed".to_owned();
                            up.send_replace(true);
                        }
                        Ok(Event::Incoming(Packet::Publish(publish))) => {
                            let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                            let value = serde_json::from_slice(&publish.payload).unwrap_or(Value::Null);
                            note(&heard, &topic, value);
                            changed.send_replace(());
                        }
                        Ok(_) => {}
                        Err(error) => {
                            heard.lock().unwrap().fate = format!("lost: {error}");
                            up.send_replace(false);
                            tokio::time::sleep(Duration::from_millis(40)).await;
                        }
                    }
                }
            }
        });
        Self { client, heard, changed, subscribed, asked: 0.into(), reader }
    }

    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap()
    }

    /// Wakes with the next thing that is heard.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Publishes once, when there is a connection. What comes of it nobody knows.
    async fn publish(&self, topic: String, payload: &Value) {
        let mut subscribed = self.subscribed.clone();
        if subscribed.wait_for(|up| *up).await.is_ok() {
            drop(self.client.try_publish(topic, QoS::AtLeastOnce, false, payload.to_string()));
        }
    }

    /// Submits a job until the agent has answered, as the contract asks of tills; the answer.
    pub async fn submit(&self, device: &str, job: &Value) -> Value {
        let id = job["id"].as_str().unwrap();
        let mut changes = self.changes();
        loop {
            let known = self.count(id);
            self.publish(format!("{PREFIX}/device/{device}/job"), job).await;
            let answered = async {
                loop {
                    changes.mark_unchanged();
                    if let Some(answer) = self.after(id, known) {
                        return answer;
                    }
                    changes.changed().await.unwrap();
                }
            };
            match tokio::time::timeout(AGAIN, answered).await {
                Ok(answer) if answer["error"]["retryable"] == true => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Ok(answer) => return answer,
                Err(_) => {}
            }
        }
    }

    fn count(&self, id: &str) -> usize {
        self.heard().documents.get(id).map_or(0, Vec::len)
    }

    fn after(&self, id: &str, known: usize) -> Option<Value> {
        self.heard().documents.get(id).and_then(|all| all.get(known)).cloned()
    }

    /// Asks the agent until it answers.
    pub async fn ask(&self, request: &Value) -> Value {
        let mut changes = self.changes();
        loop {
            let number = self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let correlation = format!("q{number}");
            let mut asked = request.clone();
            asked["reply_to"] = json!(format!("{PREFIX}/reply/till"));
            asked["correlation"] = json!(correlation);
            self.publish(format!("{PREFIX}/request"), &asked).await;
            let answered = async {
                loop {
                    changes.mark_unchanged();
                    if let Some(answer) = self.heard().replies.remove(&correlation) {
                        return answer;
                    }
                    changes.changed().await.unwrap();
                }
            };
            if let Ok(answer) = tokio::time::timeout(AGAIN, answered).await
                && answer["error"]["retryable"] != true
            {
                return answer;
            }
        }
    }
}

fn note(heard: &Mutex<Heard>, topic: &str, value: Value) {
    let mut heard = heard.lock().unwrap();
    let path: Vec<&str> = topic.trim_start_matches(PREFIX).trim_start_matches('/').split('/').collect();
    match path[..] {
        ["job", job] => heard.documents.entry(job.to_owned()).or_default().push(value),
        ["attention"] => heard.attention = value,
        ["reply", _] => {
            if let Some(correlation) = value["correlation"].as_str().map(str::to_owned) {
                heard.replies.insert(correlation, value);
            }
        }
        _ => {}
    }
}
