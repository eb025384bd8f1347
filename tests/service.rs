//! The agent as a service: what systemd hears of it, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use outlet_simulators::printer::{Fault, Printer, PrinterSpec};
use outletd::bus::contract::State::{Accepted, Succeeded, Waiting};
use serde_json::json;
use support::{Client, PATIENCE, ticket};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

/// The agent as systemd starts it.
struct Service {
    child: Child,
    addr: SocketAddr,
    notices: UnixDatagram,
    folder: PathBuf,
    printer: Printer,
    _folder: tempfile::TempDir,
}

impl Service {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let printer = Printer::new(PrinterSpec::epson_80mm());
        let link = printer.serve_tcp("127.0.0.1:0").await.unwrap();
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let toml = format!(
            "outlet = \"test\"\ndata = {:?}\n[embedded]\nmqtt = \"{addr}\"\n[[device]]\nid = \"kitchen\"\n\
             driver = \"escpos\"\nmodel = \"epson-tm-t20iii\"\nlink = \"tcp://{link}\"\n\
             [[station]]\nid = \"grill\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [metrics]\nlisten = \"127.0.0.1:0\"\n",
            path.join("data")
        );
        std::fs::write(path.join("outletd.toml"), toml).unwrap();
        let notices = UnixDatagram::bind(path.join("notify")).unwrap();
        let child = agent(&path).spawn().unwrap();
        let mut service = Self { child, addr, notices, folder: path, printer, _folder: folder };
        service.hears("READY=1").await;
        service
    }

    /// Waits until systemd is told something.
    async fn hears(&mut self, word: &str) {
        listen(&self.notices, word).await;
    }

    /// A job whose bytes are in the printer waits for a new roll; the client that submitted it.
    async fn runs_out_of_paper(&self) -> Client {
        let mut pos = Client::connect(self.addr, "pos-1").await;
        pos.device("kitchen", "ready").await;
        self.printer.inject(Fault::PaperOutAfterLines(1));
        pos.submit("kitchen", &ticket("01JA", "SOUP\nBREAD\nTEA")).await;
        pos.job("01JA", Waiting).await;
        pos
    }

    fn signal(&self, name: &str) {
        send(&self.child, name);
    }

    async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }
}

fn send(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
}

/// Waits until a line that begins so is said.
async fn listen(notices: &UnixDatagram, word: &str) {
    let told = async {
        let mut buffer = [0; 512];
        loop {
            let count = notices.recv(&mut buffer).await.unwrap();
            if String::from_utf8_lossy(&buffer[..count]).lines().any(|line| line.starts_with(word)) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("{word} was never said"));
}

fn agent(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outletd"));
    command
        .args(["run", "--config"])
        .arg(folder.join("outletd.toml"))
        .env("OUTLETD_LOG", "error")
        .env("NOTIFY_SOCKET", folder.join("notify"))
        .env("WATCHDOG_USEC", "200000")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_alive_and_stopping() {
    let mut service = Service::start().await;
    service.hears("WATCHDOG=1").await;
    service.hears("WATCHDOG=1").await;
    service.signal("-TERM");
    service.hears("STOPPING=1").await;
    assert_eq!(service.ended().await.code(), Some(0));
}

#[tokio::test]
async fn told_to_stop_it_lets_the_active_job_end_and_begins_nothing_more() {
    let mut service = Service::start().await;
    let mut pos = service.runs_out_of_paper().await;
    pos.submit("kitchen", &ticket("01JB", "CAKE")).await;
    let topic = pos.topics.job("01JB");
    pos.next(|seen, value| seen == topic && value["state"] == "accepted").await;
    service.signal("-TERM");
    service.hears("STOPPING=1").await;
    service.printer.inject(Fault::NewRoll);
    pos.job("01JA", Succeeded).await;
    let agent = pos.topics.agent();
    pos.next(|seen, value| seen == agent && value["state"] == "offline").await;
    assert_eq!(service.ended().await.code(), Some(0));
    assert!(!service.printer.papers().iter().any(|paper| paper.says("CAKE")));

    service.child = agent_again(&service);
    service.hears("READY=1").await;
    let mut pos = Client::connect(service.addr, "pos-1").await;
    pos.submit("kitchen", &ticket("01JB", "CAKE")).await;
    pos.next(|seen, value| seen == topic && value["state"] == "succeeded").await;
    assert_eq!(service.printer.papers().iter().filter(|paper| paper.says("CAKE")).count(), 1);
}

#[tokio::test]
async fn a_job_that_can_not_be_read_for_the_moment_is_put_off_and_not_failed() {
    let mut service = Service::start().await;
    let mut pos = service.runs_out_of_paper().await;
    pos.submit("kitchen", &ticket("01JB", "CAKE")).await;
    pos.job("01JB", Accepted).await;
    service.signal("-TERM");
    service.hears("STOPPING=1").await;
    service.printer.inject(Fault::NewRoll);
    assert_eq!(service.ended().await.code(), Some(0));
    let journal = rusqlite::Connection::open(service.folder.join("data/journal.db")).unwrap();
    journal.execute_batch("ALTER TABLE payloads RENAME TO away").unwrap();
    service.child = agent_again(&service);
    let mut log = BufReader::new(service.child.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().unwrap().contains("a job is put off") {}
    journal.execute_batch("ALTER TABLE away RENAME TO payloads").unwrap();
    service.hears("READY=1").await;
    let mut pos = Client::connect(service.addr, "pos-1").await;
    pos.submit("kitchen", &ticket("01JB", "CAKE")).await;
    pos.job("01JB", Succeeded).await;
}

#[tokio::test]
async fn the_log_tells_of_each_job_where_it_stands_and_why() {
    let mut service = Service::start().await;
    service.signal("-TERM");
    service.ended().await;
    service.child = agent(&service.folder).env("OUTLETD_LOG", "info").spawn().unwrap();
    service.hears("READY=1").await;
    let mut log = BufReader::new(service.child.stderr.take().unwrap()).lines();
    let mut pos = service.runs_out_of_paper().await;
    service.printer.inject(Fault::NewRoll);
    pos.job("01JA", Succeeded).await;
    let mut of_job = Vec::new();
    while of_job.len() < 2 {
        let line = log.next_line().await.unwrap().unwrap();
        of_job.extend(line.contains("job=\"01JA\"").then_some(line));
    }
    assert!(of_job[0].contains("job waits device=\"kitchen\"") && of_job[0].contains("paper"), "{of_job:?}");
    assert!(of_job[1].contains("job ended") && of_job[1].contains("state=\"succeeded\""), "{of_job:?}");
}

fn agent_again(service: &Service) -> Child {
    agent(&service.folder).spawn().unwrap()
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut service = Service::start().await;
    let _pos = service.runs_out_of_paper().await;
    service.signal("-TERM");
    service.hears("STOPPING=1").await;
    service.signal("-INT");
    assert_eq!(service.ended().await.code(), Some(1));
}

#[tokio::test]
async fn while_the_journal_is_opened_systemd_is_told_to_wait_and_a_signal_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let toml = format!("outlet = \"test\"\ndata = {data:?}\n[embedded]\nmqtt = \"127.0.0.1:0\"\n");
    std::fs::write(folder.path().join("outletd.toml"), toml).unwrap();
    let notices = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    // Nothing can be read of it for now: it takes as long as with a large journal on a slow disk.
    let journal = rusqlite::Connection::open(data.join("journal.db")).unwrap();
    journal.execute_batch("CREATE TABLE taken (x); BEGIN EXCLUSIVE").unwrap();
    let mut agent = agent(folder.path()).spawn().unwrap();
    listen(&notices, "EXTEND_TIMEOUT_USEC=").await;
    send(&agent, "-TERM");
    let ended = tokio::time::timeout(PATIENCE, agent.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(0), "told to stop, it does not wait for the journal");
}

#[tokio::test]
async fn told_to_stop_it_ends_when_its_journal_is_one_file() {
    let mut service = Service::start().await;
    let mut pos = Client::connect(service.addr, "pos-1").await;
    pos.submit("kitchen", &ticket("01JA", "SOUP")).await;
    pos.job("01JA", Succeeded).await;
    let (journal, log) = ("data/journal.db", service.folder.join("data/journal.db-wal"));
    // Who reads what is in the log keeps it from being folded in.
    let reader = rusqlite::Connection::open(service.folder.join(journal)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM jobs", [], |_| Ok(())).unwrap();
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    service.signal("-TERM");
    let agent = pos.topics.agent();
    pos.next(|seen, value| seen == agent && value["state"] == "offline").await;
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(service.ended().await.code(), Some(0));
    assert_eq!(std::fs::metadata(&log).map_or(0, |log| log.len()), 0, "the next start finds a clean end");
}

#[tokio::test]
async fn a_second_agent_on_the_same_data_is_refused_with_the_remedy() {
    let service = Service::start().await;
    let output = agent(&service.folder).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("used by another outletd"), "{said}");
}

#[tokio::test]
async fn a_port_in_use_is_named_with_the_remedy() {
    let service = Service::start().await;
    let other = tempfile::tempdir().unwrap();
    let toml = json!(other.path().join("data"));
    let text = format!("outlet = \"other\"\ndata = {toml}\n[embedded]\nmqtt = \"{}\"\n", service.addr);
    std::fs::write(other.path().join("outletd.toml"), text).unwrap();
    let output = agent(other.path()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("already in use") && said.contains("[embedded] mqtt"), "{said}");
}

#[tokio::test]
async fn a_store_that_can_not_be_used_now_may_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (data, store) = (folder.path().join("data"), folder.path().join("store"));
    std::fs::write(&store, "not a folder").unwrap();
    let toml = format!(
        "outlet = \"test\"\ndata = {data:?}\n[embedded]\nmqtt = \"127.0.0.1:0\"\nstore = {store:?}\n"
    );
    std::fs::write(folder.path().join("outletd.toml"), toml).unwrap();
    let output = agent(folder.path()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("[embedded] store"), "{said}");
}

#[tokio::test]
async fn a_journal_of_a_newer_version_ends_the_start_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let journal = rusqlite::Connection::open(data.join("journal.db")).unwrap();
    journal.execute_batch("PRAGMA user_version = 99").unwrap();
    let toml = format!("outlet = \"test\"\ndata = {data:?}\n[embedded]\nmqtt = \"127.0.0.1:0\"\n");
    std::fs::write(folder.path().join("outletd.toml"), toml).unwrap();
    let output = agent(folder.path()).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "systemd must not start it again and again: {said}");
    assert!(said.contains("format 99") && said.contains("install the newer version"), "{said}");
}
