//! A till outside of the machine: it submits jobs, remembers all that it was told, and asks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use outletd::bus::contract::{JobDocument, State, Topics};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PublishProperties};
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long the till waits for anything. Never reached by a test that passes.
const LIMIT: Duration = Duration::from_secs(240);

/// What a till was told, over all its connections.
#[derive(Default)]
pub struct Book {
    /// The newest document of each job; it was accepted, or it would not be here.
    pub jobs: BTreeMap<String, JobDocument>,
    /// Retained documents and readings, the newest of each topic.
    pub others: BTreeMap<String, Value>,
    answers: BTreeMap<String, Value>,
    refused: Option<JobDocument>,
}

/// A book that is shared with the connections that write into it.
#[derive(Clone)]
pub struct SharedBook {
    book: Arc<Mutex<Book>>,
    changed: watch::Sender<()>,
}

/// A connected till.
pub struct Till {
    mqtt: AsyncClient,
    pub topics: Topics,
    book: SharedBook,
    poller: JoinHandle<()>,
    asked: u32,
}

impl SharedBook {
    pub fn new() -> Self {
        Self { book: Arc::default(), changed: watch::channel(()).0 }
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something stands in the book.
    pub async fn wait<T>(&self, what: &str, look: impl Fn(&Book) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let found = async {
            loop {
                changed.mark_unchanged();
                let found = self.with(|book| {
                    assert_eq!(book.refused, None, "a job was refused");
                    look(book)
                });
                if let Some(found) = found {
                    return found;
                }
                // The sender lives as long as this handle.
                let _ = changed.changed().await;
            }
        };
        match tokio::time::timeout(LIMIT, found).await {
            Ok(found) => found,
            Err(_) => self.with(|book| {
                let open: Vec<_> = book.jobs.values().filter(|job| !job.state.is_final()).collect();
                book.others.retain(|topic, _| topic.ends_with("/state") || topic.ends_with("/reading"));
                panic!("{what} never came; devices: {:#?}, jobs: {open:#?}", book.others)
            }),
        }
    }

    fn write(&self, topics: &Topics, topic: &str, value: Value) {
        self.with(|book| {
            if topic.starts_with(topics.job("").as_str()) {
                let document: JobDocument = serde_json::from_value(value).unwrap();
                if document.state == State::Rejected {
                    book.refused = Some(document);
                    return;
                }
                book.note(document);
            } else if topic.starts_with(topics.reply("").as_str()) {
                // The answer to a job is its document, and comes on the job's own topic, too.
                if let Some(number) = value["correlation"].as_str() {
                    book.answers.insert(number.to_owned(), value);
                }
            } else {
                book.others.insert(topic.to_owned(), value);
            }
        });
        self.changed.send_replace(());
    }
}

impl Book {
    /// A document of a job; what is older than what is known changes nothing.
    pub fn note(&mut self, document: JobDocument) {
        let known = self.jobs.entry(document.job.clone()).or_insert_with(|| document.clone());
        if document.version > known.version {
            *known = document;
        }
    }

    /// The newest message of a topic of a device.
    pub fn of<'a>(&'a self, topic: &str) -> &'a Value {
        self.others.get(topic).unwrap_or(&Value::Null)
    }
}

impl Till {
    /// Connects, and is told all there is below the outlet's prefix.
    pub async fn connect(addr: SocketAddr, book: &SharedBook) -> Self {
        let topics = Topics::new("outlet/v1/test");
        let mut options = MqttOptions::new("pos-1", addr.ip().to_string(), addr.port());
        options.set_max_packet_size(Some(16 << 20)).set_keep_alive(Duration::from_secs(60));
        options.set_connection_timeout(60);
        let (mqtt, mut events) = AsyncClient::new(options, 64);
        let (subscribed_tx, mut subscribed) = watch::channel(false);
        // What was told before the cut may be told no more.
        book.with(|book| book.others.clear());
        let poller = tokio::spawn({
            let (book, topics) = (book.clone(), topics.clone());
            async move {
                // Its end is that of the machine, or of this till.
                while let Ok(event) = events.poll().await {
                    match event {
                        Event::Incoming(Packet::SubAck(_)) => drop(subscribed_tx.send(true)),
                        Event::Incoming(Packet::Publish(publish)) => {
                            let topic = String::from_utf8(publish.topic.to_vec()).unwrap();
                            let value = serde_json::from_slice(&publish.payload).unwrap_or(Value::Null);
                            book.write(&topics, &topic, value);
                        }
                        _ => {}
                    }
                }
            }
        });
        mqtt.subscribe("outlet/v1/test/#", QoS::AtLeastOnce).await.unwrap();
        let came = tokio::time::timeout(LIMIT, subscribed.wait_for(|subscribed| *subscribed)).await;
        assert!(matches!(came, Ok(Ok(_))), "the agent's broker at {addr} takes no subscription");
        Self { mqtt, topics, book: book.clone(), poller, asked: 0 }
    }

    /// Publishes a job. Where there is nobody any more, it never ends.
    pub async fn submit(&self, device: &str, job: &Value) {
        let topic = self.topics.device_job(device);
        if self.mqtt.publish(topic, QoS::AtLeastOnce, false, job.to_string()).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Asks the agent, and gives the result.
    pub async fn ask(&mut self, topic: &str, mut request: Value) -> Value {
        self.asked += 1;
        let number = format!("{}-{}", self.poller.id(), self.asked);
        request["correlation"] = json!(number);
        let properties =
            PublishProperties { response_topic: Some(self.topics.reply("pos-1")), ..Default::default() };
        let payload = request.to_string();
        self.mqtt.publish_with_properties(topic, QoS::AtLeastOnce, false, payload, properties).await.unwrap();
        let answer = self.book.wait(&request.to_string(), |book| book.answers.get(&number).cloned()).await;
        assert_eq!(answer["ok"], json!(true), "{request}: {answer:#}");
        answer["result"].clone()
    }

    /// All jobs that the journal has.
    pub async fn list(&mut self) -> BTreeMap<String, JobDocument> {
        let topic = self.topics.request();
        let mut jobs = BTreeMap::new();
        let mut before = Value::Null;
        loop {
            let mut request = json!({"op": "list", "limit": 500});
            if !before.is_null() {
                request["before"] = before;
            }
            let page = self.ask(&topic, request).await;
            for job in page["jobs"].as_array().unwrap() {
                let job: JobDocument = serde_json::from_value(job.clone()).unwrap();
                assert!(!jobs.contains_key(&job.job), "{} stands twice in the journal", job.job);
                jobs.insert(job.job.clone(), job);
            }
            before = page["next"].clone();
            if before.is_null() {
                return jobs;
            }
        }
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        self.poller.abort();
    }
}
