//! An HTTP door before a real intake and journal; the test is the registers' worker.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlet_devices::driver::{Check, Description, Outcome, Waiting, Work};
use outlet_devices::{Confidence, DeviceError, ErrorKind};
use outlet_protocols::fiscal::Task;
use outletd::audit::Recorder;
use outletd::board::Board;
use outletd::bus::client;
use outletd::bus::contract::{Answer, ErrorBody, State};
use outletd::intake::{Device, Devices, Intake, Readiness, Rules, ToWorker};
use outletd::journal::Journal;
use outletd::journal::machine::{Event, Job};
use outletd::requests::Requests;
use outletd::rights::{Right, Rights};
use outletd::sequence::{Committed, Sequence, withhold};
use outletd::web::{HttpConfig, Token, atol_requests, listen};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::topics;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// A UUID as RFC 9562 has it in its appendix A.1.
pub const UUID: &str = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
/// How long a test waits for what must come. Never reached by a test that passes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What outlives a restart.
pub struct Disk(TempDir);

impl Disk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

/// The agent behind its door, with the registers `till` and `bar` and the printer `kitchen`.
pub struct Bed {
    pub addr: SocketAddr,
    pub journal: Journal,
    pub devices: Arc<Devices>,
    till: mpsc::UnboundedReceiver<ToWorker>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// How a bed differs from the usual one.
pub struct Setting {
    pub default_device: Option<&'static str>,
    pub rights: Vec<Right>,
    pub max_depth: u64,
}

impl Default for Setting {
    fn default() -> Self {
        let rights = vec![Right::Fiscal, Right::Drawer];
        Self { default_device: Some("till"), rights, max_depth: 10 }
    }
}

impl Bed {
    pub async fn open(disk: &Disk) -> Self {
        Self::open_with(disk, Setting::default()).await
    }

    pub async fn open_with(disk: &Disk, setting: Setting) -> Self {
        let (committed, from) = mpsc::unbounded_channel();
        let journal = Journal::open(disk.0.path(), topics(), outletd::clock::system(), committed).unwrap();
        let board = Board::new(journal.clock().clone());
        let (devices, till) = devices(setting.max_depth);
        let rights = Rights {
            users: [("http".to_owned(), setting.rights.into_iter().collect())].into(),
            ..Rights::default()
        };
        let requests = Requests::new(journal.clone(), devices.clone(), board.clone());
        let intake = Intake::new(
            topics(),
            journal.clone(),
            devices.clone(),
            Rules { rights, ..Rules::default() },
            requests,
            client::bus().0,
            None,
        );
        let (onward, mut outbox) = mpsc::unbounded_channel();
        let mut left = journal.unfinished().unwrap();
        let withheld = withhold(&mut left);
        for job in left {
            let device = &devices[&job.route];
            device.depth.fetch_add(1, Ordering::Relaxed);
            device.tell(ToWorker::Job { job: Box::new(job), work: None });
        }
        let committed = Committed { from, onward };
        let (sequence, sequencing) =
            Sequence::start(journal.clone(), devices.clone(), topics(), withheld, committed);
        let config = HttpConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            token: Some(Token::new(TOKEN)),
            ..HttpConfig::default()
        };
        let listener = listen(&config).await.unwrap();
        let addr = listener.addr();
        let audit = Recorder::of_http(journal.clone());
        let pages = atol_requests::pages(atol_requests::AtolRequests {
            intake,
            sequence,
            journal: journal.clone(),
            devices: devices.clone(),
            board,
            default_device: setting.default_device.map(str::to_owned),
            audit: audit.clone(),
        });
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(sequencing);
        tasks.spawn(listener.serve(pages, audit, stop.clone()));
        tasks.spawn(async move { while outbox.recv().await.is_some() {} });
        Self { addr, journal, devices, till, stop, tasks }
    }

    /// Ends without a word, as a power cut does.
    pub async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// Ends the door in order.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The next job that the worker of `till` is given.
    pub async fn next_job(&mut self) -> Job {
        let job = async {
            loop {
                if let ToWorker::Job { job, .. } = self.till.recv().await.unwrap() {
                    return *job;
                }
            }
        };
        tokio::time::timeout(PATIENCE, job).await.expect("the worker is never given the job")
    }

    /// Jobs that the worker of `till` has been given and not taken.
    pub fn waiting_jobs(&mut self) -> Vec<String> {
        let mut jobs = Vec::new();
        while let Ok(told) = self.till.try_recv() {
            if let ToWorker::Job { job, .. } = told {
                jobs.push(job.job);
            }
        }
        jobs
    }

    pub async fn state(&self, job: &str) -> State {
        self.journal.job(job).await.unwrap().unwrap().0.state
    }

    /// Waits until a job is in a state.
    pub async fn until(&self, job: &str, state: State) {
        let reached = async {
            while self.state(job).await != state {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("the job never comes into that state");
    }

    pub async fn begin(&self, job: &str) {
        let attempt = self.journal.next_attempt();
        self.journal.begin(job, "till", attempt, json!({"tag": "0"})).await.unwrap();
    }

    pub async fn apply(&self, job: &str, event: Event) {
        self.journal.apply(job, event).await.unwrap();
    }

    /// Does a job to its good end.
    pub async fn succeed(&self, job: &str, result: Value) {
        self.begin(job).await;
        let outcome = Outcome::new(Confidence::Fiscalised, result, Value::Null);
        self.apply(job, Event::Succeed { outcome }).await;
    }

    /// Lets the register refuse a job.
    pub async fn fail(&self, job: &str, code: &str) {
        self.begin(job).await;
        let error = ErrorBody::new(code, format!("tcp://10.0.0.9:5555: {code}"));
        self.apply(job, Event::Fail { error, evidence: Value::Null }).await;
    }

    /// Loses the answer to a job.
    pub async fn doubt(&self, job: &str) {
        self.begin(job).await;
        let error = ErrorBody::new("in-doubt", "the link was cut: look what the register has");
        self.apply(job, Event::Doubt { error, evidence: json!({"device": "silent"}) }).await;
    }

    /// Takes up the next job and does it to its good end.
    pub async fn do_next(&mut self, expected: &str) {
        let job = self.next_job().await;
        assert_eq!(job.job, expected);
        self.succeed(expected, Value::Null).await;
    }

    pub async fn post(&self, request: &Value) -> Reply {
        self.send("POST", "/api/v2/requests", &request.to_string()).await
    }

    pub async fn get(&self, uuid: &str) -> Reply {
        self.send("GET", &format!("/api/v2/requests/{uuid}"), "").await
    }

    pub async fn delete(&self, uuid: &str) -> Reply {
        self.send("DELETE", &format!("/api/v2/requests/{uuid}"), "").await
    }

    /// The statuses of a request's tasks.
    pub async fn statuses(&self, uuid: &str) -> Vec<String> {
        let reply = self.get(uuid).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let results = reply.body["results"].as_array().unwrap();
        results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a request with the token.
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send_with(method, path, &[("Authorization", &format!("Bearer {TOKEN}"))], body).await
    }

    /// Sends a request with these headers and no token of its own.
    pub async fn send_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text += &format!("Host: {}\r\n", self.addr);
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.send_raw(text.as_bytes()).await
    }

    /// Sends bytes and reads until the door hangs up.
    pub async fn send_raw(&self, bytes: &[u8]) -> Reply {
        let mut socket = TcpStream::connect(self.addr).await.unwrap();
        // A door that has heard enough may hang up before it has heard all.
        drop(socket.write_all(bytes).await);
        let mut answer = Vec::new();
        let read = socket.read_to_end(&mut answer);
        drop(tokio::time::timeout(PATIENCE, read).await.expect("the door neither answers nor hangs up"));
        Reply::parse(&answer)
    }
}

/// What the door answers.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Reply {
    fn parse(answer: &[u8]) -> Self {
        let answer = String::from_utf8_lossy(answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        Self { status, head: head.to_lowercase(), body }
    }

    /// What the error says.
    pub fn why(&self) -> &str {
        self.body["error"]["description"].as_str().unwrap_or_default()
    }

    /// The error's number.
    pub fn code(&self) -> u64 {
        self.body["error"]["code"].as_u64().unwrap_or_default()
    }
}

pub fn request(uuid: &str, tasks: &[Value]) -> Value {
    json!({"uuid": uuid, "request": tasks})
}

/// A receipt of one item, as ATOL's documentation writes them.
pub fn sell() -> Value {
    json!({
        "type": "sell", "taxationType": "osn", "operator": {"name": "Ионова А. В.", "vatin": "123654789507"},
        "items": [{"type": "position", "name": "Борщ", "price": 290, "quantity": 2, "amount": 580,
                   "paymentObject": "commodity", "paymentMethod": "fullPayment", "tax": {"type": "vat20"}}],
        "payments": [{"type": "cash", "sum": 1000}], "total": 580
    })
}

pub fn task(kind: &str) -> Value {
    json!({"type": kind})
}

pub fn reason(code: &str) -> Waiting {
    Waiting { code: code.into(), message: format!("{code}: do something about it") }
}

pub fn answer(answer: Answer) -> Event {
    Event::Resolve { answer, by: Some("anna".into()) }
}

pub fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("kassa:{password}")))
}

fn devices(max_depth: u64) -> (Arc<Devices>, mpsc::UnboundedReceiver<ToWorker>) {
    let (till, told) = mpsc::unbounded_channel();
    let device = |id: &str, capability: &str, worker| {
        let description = Description {
            kind: "register".into(),
            driver: "atol".into(),
            model: None,
            name: "a register".into(),
            link: "tcp://10.0.0.9:5555".into(),
            capabilities: vec![capability.into()],
            limits: Value::Null,
        };
        let device = Device {
            id: id.into(),
            description,
            check: Arc::new(Register),
            fallback: None,
            worker,
            readiness: Readiness::default(),
            depth: AtomicU64::new(0),
            max_depth,
        };
        (id.to_owned(), Arc::new(device))
    };
    let (nobody, _) = mpsc::unbounded_channel();
    let all = [
        device("till", "fiscal", till),
        device("bar", "fiscal", nobody.clone()),
        device("kitchen", "print", nobody),
    ];
    (Arc::new(all.into()), told)
}

/// Takes every task but `setDateTime`.
struct Register;

impl Check for Register {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        match work {
            Work::Fiscal(task) if !matches!(**task, Task::SetDateTime(_)) => Ok(()),
            _ => Err(DeviceError::new(ErrorKind::Unsupported, "unsupported", "this register can't do it")),
        }
    }
}
