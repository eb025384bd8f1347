//! A till with MQTT 3.1.1 that keeps to the contract: it repeats each job until it is answered, asks what became of
//! those whose end it did not hear, and goes on at the next node when it loses one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rumqttc::mqttbytes::v4::{ConnAck, Packet, SubscribeFilter};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, QoS};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use crate::rabbitmq::{PASSWORD, USER};
use crate::{DEVICES, OUTLET, PATIENCE};

const NAME: &str = "till-1";
/// Jobs under way at once: what keeps both printers busy.
const UNDER_WAY: usize = 16;
/// How long it waits for an answer before it repeats, and for an end before it asks.
const REPEAT: Duration = Duration::from_secs(2);

/// What the till knows of a job.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub device: &'static str,
    pub text: String,
    pub refusal: Option<String>,
    sent: Instant,
    times_sent: u32,
    answered: Option<Instant>,
    /// The states it was told of, by version.
    told: BTreeMap<u64, String>,
    /// The state it got by asking.
    found: Option<String>,
}

impl Job {
    /// The ends that it was told of, or else found out by asking.
    pub fn ends(&self) -> Vec<&str> {
        let ends: Vec<&str> = self.told.values().map(String::as_str).filter(|state| is_end(state)).collect();
        if ends.is_empty() { self.found.iter().map(String::as_str).collect() } else { ends }
    }

    fn has_ended(&self) -> bool {
        self.told.values().any(|state| is_end(state)) || self.found.is_some()
    }

    fn submission(&self) -> String {
        json!({"id": self.id, "kind": "print", "reply_to": reply_topic(), "document": {"blocks": [
            {"type": "text", "text": self.text},
            {"type": "cut"},
        ]}})
        .to_string()
    }
}

fn is_end(state: &str) -> bool {
    ["rejected", "succeeded", "failed", "expired", "cancelled", "uncertain"].contains(&state)
}

fn reply_topic() -> String {
    format!("{OUTLET}/reply/{NAME}")
}

#[derive(Default)]
struct Book {
    jobs: BTreeMap<String, Job>,
    /// When answers came, and ends.
    answers: Vec<Instant>,
    ends: Vec<Instant>,
    contradictions: Vec<String>,
    asked: usize,
    connections: usize,
    at: usize,
}

impl Book {
    fn unanswered(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().filter(|job| job.answered.is_none())
    }

    fn under_way(&self) -> usize {
        self.jobs.values().filter(|job| !job.has_ended()).count()
    }

    fn note(&mut self, topic: &str, message: &Value) {
        let now = Instant::now();
        if let Some(ok) = message.get("ok") {
            let document = &message["result"]["job"];
            let state = document["state"].as_str().filter(|state| is_end(state));
            if let (Some(id), Some(state), true) = (document["job"].as_str(), state, *ok == json!(true))
                && let Some(job) = self.jobs.get_mut(id)
            {
                if !job.has_ended() {
                    self.ends.push(now);
                }
                job.found = Some(state.to_owned());
            }
            return;
        }
        let Some(job) = message["job"].as_str().and_then(|id| self.jobs.get_mut(id)) else { return };
        let (Some(state), Some(version)) = (message["state"].as_str(), message["version"].as_u64()) else {
            return;
        };
        if topic == reply_topic() && job.answered.is_none() {
            job.answered = Some(now);
            self.answers.push(now);
            if state == "rejected" {
                job.refusal = Some(message.to_string());
            }
        }
        if is_end(state) && !job.has_ended() {
            self.ends.push(now);
        }
        if let Some(earlier) = job.told.insert(version, state.to_owned())
            && earlier != state
        {
            self.contradictions.push(format!("{} version {version}: {earlier}, then {state}", job.id));
        }
    }
}

/// A till at one of the nodes.
pub struct Till {
    shared: Arc<Shared>,
    working: JoinHandle<()>,
}

struct Shared {
    book: Mutex<Book>,
    changed: watch::Sender<()>,
    /// There is a job to send.
    new: Notify,
    ports: [u16; 3],
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Till {
    /// A till that goes from one of these ports to the next.
    pub fn open(ports: [u16; 3]) -> Self {
        let shared = Arc::new(Shared {
            book: Mutex::default(),
            changed: watch::Sender::new(()),
            new: Notify::new(),
            ports,
        });
        let working = tokio::spawn(work(shared.clone()));
        Self { shared, working }
    }

    /// Begins to submit jobs, as many as the printers can take.
    pub fn sell(&self) -> Load {
        let (stop, mut stopped) = watch::channel(false);
        let shared = self.shared.clone();
        let selling = tokio::spawn(async move {
            let mut changes = shared.changed.subscribe();
            for number in 0.. {
                while shared.book().under_way() >= UNDER_WAY {
                    tokio::select! {
                        changed = changes.changed() => changed.unwrap(),
                        _ = stopped.changed() => return,
                    }
                }
                if *stopped.borrow() {
                    return;
                }
                let job = Job {
                    id: format!("01JCLUSTER{number:05}"),
                    device: DEVICES[number % DEVICES.len()],
                    text: format!("ORDER {number:05}"),
                    refusal: None,
                    sent: Instant::now(),
                    times_sent: 0,
                    answered: None,
                    told: BTreeMap::new(),
                    found: None,
                };
                shared.book().jobs.insert(job.id.clone(), job);
                shared.new.notify_one();
            }
        });
        Load { stop, selling }
    }

    /// Waits for so many answers more.
    pub async fn more_answers(&self, count: usize) {
        let now = self.shared.book().answers.len();
        self.until("answers", |book| book.answers.len() >= now + count).await;
    }

    /// Waits for so many answers to jobs that were first sent after a moment.
    pub async fn answers_after(&self, moment: Instant, count: usize) {
        let answered = |job: &&Job| job.answered.is_some() && job.sent > moment;
        self.until("answers", |book| book.jobs.values().filter(answered).count() >= count).await;
    }

    /// Waits until each job has been answered and has ended.
    pub async fn all_have_ended(&self) {
        self.until("ends", |book| book.unanswered().next().is_none() && book.under_way() == 0).await;
    }

    async fn until(&self, what: &str, so: impl Fn(&Book) -> bool) {
        let mut changes = self.shared.changed.subscribe();
        let waiting = async {
            while !so(&self.shared.book()) {
                changes.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            let book = self.shared.book();
            let open: Vec<&Job> =
                book.jobs.values().filter(|job| job.answered.is_none() || !job.has_ended()).collect();
            panic!(
                "the {what} never came; {} jobs, {} connections; {open:#?}",
                book.jobs.len(),
                book.connections
            );
        }
    }

    /// How often it has lost its connection, or has not got one.
    pub fn connections_lost(&self) -> usize {
        self.shared.book().at
    }

    /// All jobs that it has submitted.
    pub fn jobs(&self) -> Vec<Job> {
        let book = self.shared.book();
        assert_eq!(book.contradictions, [""; 0]);
        book.jobs.values().cloned().collect()
    }

    /// The longest times without an answer and without an end since a moment.
    pub fn pauses_since(&self, moment: Instant) -> String {
        let book = self.shared.book();
        let longest = |times: &[Instant]| {
            let mut before = moment;
            let mut longest = Duration::ZERO;
            for time in times.iter().filter(|time| **time > moment) {
                longest = longest.max(*time - before);
                before = *time;
            }
            longest.as_millis()
        };
        format!(
            "{} ms without an answer at the till, {} ms without the end of a job",
            longest(&book.answers),
            longest(&book.ends)
        )
    }

    /// What it took.
    pub fn summary(&self) -> String {
        let book = self.shared.book();
        let repeated = book.jobs.values().filter(|job| job.times_sent > 1).count();
        let asked = book.jobs.values().filter(|job| job.found.is_some()).count();
        format!(
            "{repeated} submitted more than once, {} questions, {asked} ends known by asking, {} connections",
            book.asked, book.connections
        )
    }

    /// Ends it.
    pub async fn close(self) {
        self.working.abort();
        assert!(self.working.await.unwrap_err().is_cancelled(), "the till must not have failed");
    }
}

/// Jobs being submitted.
pub struct Load {
    stop: watch::Sender<bool>,
    selling: JoinHandle<()>,
}

impl Load {
    /// Submits no more.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.selling.await.unwrap();
    }
}

async fn work(shared: Arc<Shared>) {
    loop {
        let port = {
            let book = shared.book();
            shared.ports[book.at % 3]
        };
        at_a_node(&shared, port).await;
        shared.book().at += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Works until the connection is lost.
async fn at_a_node(shared: &Shared, port: u16) {
    let mut options = MqttOptions::new(NAME, "127.0.0.1", port);
    options.set_clean_session(false).set_credentials(USER, PASSWORD).set_keep_alive(Duration::from_secs(10));
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, events) = AsyncClient::new(options, 1024);
    let (tell, mut heard) = mpsc::unbounded_channel();
    let polling = tokio::spawn(poll(events, tell));
    let mut subscribed = false;
    let mut round = tokio::time::interval(REPEAT);
    loop {
        tokio::select! {
            packet = heard.recv() => match packet {
                None => break,
                Some(Packet::ConnAck(ConnAck { .. })) => {
                    let filters = [reply_topic(), format!("{OUTLET}/job/+")];
                    let filters = filters.map(|path| SubscribeFilter::new(path, QoS::AtLeastOnce));
                    client.try_subscribe_many(filters).unwrap();
                    shared.book().connections += 1;
                }
                // Only now it is sure to hear the answers.
                Some(Packet::SubAck(_)) => {
                    subscribed = true;
                    repeat(shared, &client, Duration::ZERO);
                }
                Some(Packet::Publish(publish)) => {
                    let message = serde_json::from_slice(&publish.payload).unwrap();
                    shared.book().note(&publish.topic, &message);
                    shared.changed.send_replace(());
                }
                Some(_) => {}
            },
            () = shared.new.notified(), if subscribed => repeat(shared, &client, REPEAT),
            _ = round.tick(), if subscribed => {
                repeat(shared, &client, REPEAT);
                ask(shared, &client);
            }
        }
    }
    polling.abort();
}

async fn poll(mut events: EventLoop, tell: mpsc::UnboundedSender<Packet>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(packet) = event
            && tell.send(packet).is_err()
        {
            return;
        }
    }
}

/// Sends the jobs that were never sent, and those that have waited so long for an answer. What the client has no
/// room for comes with the next round.
fn repeat(shared: &Shared, client: &AsyncClient, waited: Duration) {
    for job in shared.book().jobs.values_mut().filter(|job| job.answered.is_none()) {
        if job.times_sent > 0 && job.sent.elapsed() < waited * job.times_sent {
            continue;
        }
        let topic = format!("{OUTLET}/device/{}/job", job.device);
        if client.try_publish(topic, QoS::AtLeastOnce, false, job.submission()).is_err() {
            return;
        }
        job.times_sent += 1;
    }
}

/// Asks what became of jobs whose end should be known by now.
fn ask(shared: &Shared, client: &AsyncClient) {
    let mut book = shared.book();
    let late = |job: &&Job| job.answered.is_some_and(|at| at.elapsed() > REPEAT * 3) && !job.has_ended();
    let ids: Vec<String> = book.jobs.values().filter(late).map(|job| job.id.clone()).collect();
    for id in ids {
        let question = json!({"op": "get", "job": id, "reply_to": reply_topic(), "correlation": id});
        let topic = format!("{OUTLET}/request");
        if client.try_publish(topic, QoS::AtLeastOnce, false, question.to_string()).is_ok() {
            book.asked += 1;
        }
    }
}
