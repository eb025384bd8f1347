//! An outlet with everything in it: the agent as a process on a faulty disk, its broker, and simulators that
//! outlive both.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outlet_simulators::label_printer::{Fault as LabelFault, LabelPrinter};
use outlet_simulators::printer::{Fault as PrinterFault, Printer, PrinterSpec};
use outlet_simulators::register::{Fault as RegisterFault, Register};
use outlet_simulators::scale::{Fault as ScaleFault, Scale, ScaleSpec};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixDatagram};
use tokio::process::{Child, Command};

use crate::cable::Cable;
use crate::disk::{Disk, Word};
use crate::mosquitto::mosquitto_with;
use crate::power::Lost;
use crate::register::{KINDS, Till};
use crate::schedule::Schedule;
use crate::tools::free_port;

/// How long the agent may take to be ready, and to end in order.
const PATIENCE: Duration = Duration::from_secs(20);

/// An outlet.
pub struct Bed {
    pub folder: TempDir,
    pub disk: Arc<Disk>,
    pub kitchen: Printer,
    pub bar: Printer,
    pub till: Till,
    pub labels: LabelPrinter,
    pub scale: Scale,
    pub broker: SocketAddr,
    /// Where the agent says how it is.
    health: SocketAddr,
    /// From the tills to the broker.
    pub tills: Cable,
    /// From the agent to the broker, where that is a program of its own.
    pub trunk: Cable,
    /// What went wrong with the process itself.
    pub findings: Vec<String>,
    pub starts: u32,
    /// What is planned for it later passes by itself.
    register_healed: bool,
    pub lost: Vec<Lost>,
    mosquitto: Option<Child>,
    external: bool,
    agent: Option<Child>,
    chance: fastrand::Rng,
}

impl Bed {
    /// An outlet as the schedule wants it, with a running agent.
    pub async fn open(schedule: &Schedule, forgetful: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::new(folder.path()));
        disk.set(Word::ForgetSyncs, i64::from(forgetful));
        let (kitchen, bar) = (Printer::new(PrinterSpec::epson_80mm()), Printer::new(schedule.bar.spec()));
        let (labels, scale) = (LabelPrinter::new(schedule.labels.spec()), Scale::new(ScaleSpec::cas()));
        scale.put(1550);
        // The last kind has time-outs of seconds.
        let mut till = Till::new(KINDS[schedule.register], "till").await;
        till.more = "poll_ms = 500\ndoubt_after_s = 2\nopen_shift = true\n".into();
        if till.kind.driver == "datecs" {
            till.more = "poll_ms = 500\ndoubt_after_s = 2\n".into();
        }
        let broker = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut bed = Self {
            disk,
            broker,
            health: SocketAddr::from(([127, 0, 0, 1], free_port())),
            tills: Cable::to(broker).await,
            trunk: Cable::to(broker).await,
            findings: Vec::new(),
            starts: 0,
            register_healed: false,
            lost: Vec::new(),
            mosquitto: None,
            external: schedule.external,
            agent: None,
            chance: fastrand::Rng::with_seed(schedule.seed ^ 0x9e37_79b9),
            kitchen,
            bar,
            till,
            labels,
            scale,
            folder,
        };
        bed.configure(schedule).await;
        if bed.external {
            bed.start_broker().await;
        }
        bed.revive().await;
        bed
    }

    async fn configure(&self, schedule: &Schedule) {
        let at = "127.0.0.1:0";
        let kitchen = self.kitchen.serve_tcp(at).await.unwrap();
        let bar = self.bar.serve_tcp(at).await.unwrap();
        let labels = self.labels.serve_tcp(at).await.unwrap();
        let scale = self.scale.serve_tcp(at).await.unwrap();
        let mut toml = format!("outlet = \"test\"\ndata = {:?}\n", self.disk.data());
        match self.external {
            true => write!(toml, "[broker]\nurl = \"mqtt://{}\"\n", self.trunk.addr).unwrap(),
            false => write!(toml, "[embedded]\nmqtt = \"{}\"\n", self.broker).unwrap(),
        }
        write!(toml, "[metrics]\nlisten = \"{}\"\n", self.health).unwrap();
        toml.push_str("[queue]\nfallback_after_s = 2\ndrain_s = 2\n");
        let escpos = "answer_ms = 300\nproof_ms = 1500\nstall_ms = 3000\npoll_ms = 200\nrecover_ms = 500\n";
        for (id, model, at, more) in [
            ("kitchen", "epson-tm-t20iii", kitchen, "fallback = \"bar\"\n"),
            ("bar", schedule.bar.model(), bar, ""),
        ] {
            write!(
                toml,
                "[[device]]\nid = {id:?}\ndriver = \"escpos\"\nmodel = {model:?}\nlink = \"tcp://{at}\"\n{more}[device.options]\n{escpos}"
            )
            .unwrap();
        }
        toml.push_str(&self.till.toml());
        write!(
            toml,
            "[[device]]\nid = \"labels\"\ndriver = \"label-printer\"\nmodel = {:?}\nlink = \"tcp://{labels}\"\n\
             [device.options]\nlanguage = \"ru\"\npoll_ms = 50\nanswer_ms = 300\nsettle_ms = 200\nstall_ms = 3000\n\
             doubt_ms = 3000\n\
             [[device]]\nid = \"scale\"\ndriver = \"scale\"\nmodel = \"cas\"\nlink = \"tcp://{scale}\"\n\
             [device.options]\npoll_ms = 50\n",
            schedule.labels.model()
        )
        .unwrap();
        if schedule.station {
            let web = free_port();
            write!(
                toml,
                "[[station]]\nid = \"grill\"\nplaces = [\"grill\"]\nprinter = \"kitchen\"\nprint_after_s = 5\n\
                 [web]\nlisten = \"127.0.0.1:{web}\"\n"
            )
            .unwrap();
        }
        std::fs::write(self.folder.path().join("outletd.toml"), toml).unwrap();
    }

    async fn start_broker(&mut self) {
        let folder = self.folder.path().join("broker");
        std::fs::create_dir_all(&folder).unwrap();
        let more = format!(
            "set_tcp_nodelay true\npersistence true\npersistence_location {}/\nautosave_interval 1\n\
             max_queued_messages 10000\n",
            folder.display()
        );
        let process = mosquitto_with(&folder, self.broker, &more).await;
        self.mosquitto = Some(process);
    }

    /// Kills the broker and starts it on what it had saved.
    pub async fn kill_broker(&mut self) {
        if let Some(mut process) = self.mosquitto.take() {
            process.kill().await.unwrap();
            self.start_broker().await;
        }
    }

    /// The agent's process, while it lives.
    pub fn pid(&self) -> Option<Pid> {
        self.agent.as_ref().and_then(Child::id).map(|id| Pid::from_raw(id.cast_signed()))
    }

    /// Starts the agent where it is dead, as systemd does. What keeps it from starting may pass.
    pub async fn revive(&mut self) {
        self.look_after();
        let patience = if self.disk.get(Word::ForgetSyncs) > 0 { PATIENCE / 10 } else { PATIENCE };
        let patience = tokio::time::Instant::now() + patience;
        while self.agent.is_none() {
            if tokio::time::Instant::now() > patience {
                self.findings.push(format!("the agent did not start again: {}", self.log()));
                return;
            }
            self.start().await;
        }
    }

    /// One try to start it.
    pub async fn start(&mut self) {
        self.starts += 1;
        let notify = self.folder.path().join("notify");
        drop(std::fs::remove_file(&notify));
        let ready = UnixDatagram::bind(&notify).unwrap();
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(agent());
        command
            .args(["run", "--log", "warn,mqtt5=error", "--config"])
            .arg(self.folder.path().join("outletd.toml"));
        command.env("NOTIFY_SOCKET", &notify).envs(self.disk.environment()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().unwrap();
        let up = async {
            let mut said = [0; 512];
            loop {
                let length = ready.recv(&mut said).await.unwrap();
                if said[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                    return;
                }
            }
        };
        tokio::select! {
            () = up => self.agent = Some(child),
            ended = child.wait() => {
                self.ended(ended.unwrap());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            () = tokio::time::sleep(PATIENCE) => {
                self.findings.push(format!("the agent was not ready in time: {}", self.log()));
                child.kill().await.unwrap();
            }
        }
    }

    /// Whether it died by itself, and how.
    pub fn look_after(&mut self) {
        if let Some(child) = &mut self.agent
            && let Some(status) = child.try_wait().unwrap()
        {
            self.agent = None;
            self.ended(status);
        }
    }

    /// Only a kill, an order, or a start that failed for a reason that may pass ends it.
    fn ended(&mut self, status: ExitStatus) {
        if status.signal() == Some(Signal::SIGKILL as i32) {
            return;
        }
        if status.signal().is_some() || !matches!(status.code(), Some(0 | 1 | 69)) {
            self.findings.push(format!("the agent ended with {status}: {}", self.log()));
        }
    }

    /// Kills it.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.agent.take() {
            child.kill().await.unwrap();
        }
    }

    /// Waits until it dies, but not longer than a limit. Whether it did.
    pub async fn dies_within(&mut self, limit: Duration) -> bool {
        let Some(child) = &mut self.agent else { return true };
        let Ok(ended) = tokio::time::timeout(limit, child.wait()).await else { return false };
        let ended = ended.unwrap();
        self.agent = None;
        self.ended(ended);
        true
    }

    /// Ends it in order.
    pub async fn stop(&mut self) {
        let Some(pid) = self.pid() else { return };
        // It may be dead already.
        let _ = kill(pid, Signal::SIGTERM);
        if !self.dies_within(PATIENCE).await {
            self.findings.push(format!("the agent does not end when it is told to: {}", self.log()));
            self.kill().await;
        }
    }

    /// The power of the box fails, once the agent is dead.
    pub fn cut_power(&mut self) {
        let lost = self.disk.cut_power(&mut self.chance);
        self.lost.push(lost);
    }

    /// Leaves the agent so many descriptors beside those that it has; `None`: as many as it likes.
    pub async fn limit_descriptors(&self, spare: Option<u64>) {
        let Some(pid) = self.pid() else { return };
        let limit = match spare {
            Some(spare) => {
                let open = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count) as u64;
                format!("--nofile={}:", open + spare)
            }
            None => "--nofile=1024:".to_owned(),
        };
        // The agent may have died meanwhile.
        let mut told = Command::new("prlimit");
        told.args(["--pid", &pid.to_string(), &limit]).stderr(Stdio::null());
        drop(told.status().await);
    }

    /// Ends every fault of every part; the agent and the broker run again.
    pub async fn heal(&mut self) {
        self.disk.heal();
        self.limit_descriptors(None).await;
        for printer in [&self.kitchen, &self.bar] {
            heal_printer(printer);
        }
        if !std::mem::replace(&mut self.register_healed, true) {
            heal_register(&self.till.register);
            self.till.register.inject(RegisterFault::NewPaper);
        }
        heal_labels(&self.labels);
        heal_scale(&self.scale);
        self.tills.end().mend();
        self.trunk.end().mend();
        self.revive().await;
    }

    /// Switches receipt printers off and on that stay in error although its cause is gone; how many.
    pub fn switch_off_what_is_stuck(&self) -> u64 {
        let stuck = [&self.kitchen, &self.bar].into_iter().filter(|printer| printer.state().error);
        stuck
            .map(|printer| {
                printer.inject(PrinterFault::PowerOff);
                printer.inject(PrinterFault::PowerOn);
            })
            .count() as u64
    }

    /// Syncs that a full disk or a failing one has refused, and the like: what was really felt.
    pub fn felt(&self, word: Word) -> i64 {
        self.disk.get(word)
    }

    /// What the agent says of its parts, for whom it does not come to rest.
    pub async fn health(&self) -> String {
        let asked = async {
            let mut answer = String::new();
            let mut door = TcpStream::connect(self.health).await?;
            door.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
            door.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        match tokio::time::timeout(Duration::from_secs(5), asked).await {
            Ok(answer) => answer.unwrap_or_else(|error| format!("nothing: {error}")),
            Err(_) => "nothing, for 5 s".to_owned(),
        }
    }

    /// The end of the agent's log.
    pub fn log(&self) -> String {
        tail(&self.folder.path().join("log"), 60)
    }
}

/// The agent's program: the one that was built with the tests, or the one that `OUTLETD_AGENT` names.
fn agent() -> OsString {
    std::env::var_os("OUTLETD_AGENT").unwrap_or_else(|| env!("CARGO_BIN_EXE_outletd").into())
}

pub fn heal_printer(printer: &Printer) {
    use PrinterFault::{
        AcceptConnections, CoverClose, CutterClear, FastDrain, KeepReplies, NewRoll, PowerOn, Speak,
    };
    if printer.state().paper_out {
        printer.inject(NewRoll);
    }
    for fault in [CoverClose, CutterClear, FastDrain, KeepReplies, Speak, AcceptConnections] {
        printer.inject(fault);
    }
    if !printer.state().power {
        printer.inject(PowerOn);
    }
}

pub fn heal_register(register: &Register) {
    use RegisterFault::{AcceptConnections, CoverClose, PowerOn, Speak};
    for fault in [PowerOn, CoverClose, AcceptConnections, Speak] {
        register.inject(fault);
    }
}

pub fn heal_labels(labels: &LabelPrinter) {
    use LabelFault::{AcceptConnections, HeadClosed, NewLabels, PowerOn, Resume, Speak};
    let state = labels.state();
    if state.labels_out {
        labels.inject(NewLabels);
    }
    for fault in [HeadClosed, Speak, AcceptConnections] {
        labels.inject(fault);
    }
    if !labels.state().power {
        labels.inject(PowerOn);
    }
    if labels.state().paused {
        labels.inject(Resume);
    }
}

pub fn heal_scale(scale: &Scale) {
    scale.inject(ScaleFault::Speak);
    scale.plug_in();
}

/// The last lines of a file.
fn tail(path: &Path, lines: usize) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
