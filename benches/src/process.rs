//! Processes that are measured: the agent, and mosquitto to compare with.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outlet_simulators::printer::{Keep, Printer, PrinterSpec};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use crate::Result;
use crate::client::{Client, PATIENCE};

/// Prefix of the outlet's topics.
pub const PREFIX: &str = "outlet/v1/bench";

/// Simulated printers in this process, and the agent that drives them as a process of its own, with its
/// embedded broker.
pub struct Outlet {
    /// The printers, `printer-0` and so on.
    pub printers: Vec<Printer>,
    /// Where clients connect.
    pub port: u16,
    agent: PathBuf,
    folder: TempDir,
    process: Option<Child>,
}

impl Outlet {
    /// Printers and a configuration for them; the agent is not started yet.
    pub async fn new(agent: &Path, work: &Path, printers: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("outlet-").tempdir_in(work)?;
        let port = free_port()?;
        let mut toml = format!(
            "outlet = \"bench\"\ndata = {:?}\n[limits]\nmessages_per_s = 1000000\nburst = 1000000\n[embedded]\nmqtt = \"127.0.0.1:{port}\"\n",
            folder.path().join("data")
        );
        let mut all = Vec::new();
        for number in 0..printers {
            let mut spec = PrinterSpec::epson_80mm();
            spec.keep = Keep { papers: 4, received: 4096 };
            let printer = Printer::new(spec);
            let addr = printer.serve_tcp("127.0.0.1:0").await?;
            write!(
                toml,
                "[[device]]\nid = \"printer-{number}\"\ndriver = \"escpos\"\nmodel = \"epson-tm-t20iii\"\n\
                 link = \"tcp://{addr}\"\n"
            )?;
            all.push(printer);
        }
        std::fs::write(folder.path().join("outletd.toml"), toml)?;
        Ok(Self { printers: all, port, agent: agent.to_owned(), folder, process: None })
    }

    /// A configuration with other devices, given as TOML.
    pub fn with_devices(agent: &Path, work: &Path, devices: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("outlet-").tempdir_in(work)?;
        let port = free_port()?;
        let toml = format!(
            "outlet = \"bench\"\ndata = {:?}\n[limits]\nmessages_per_s = 1000000\nburst = 1000000\n[embedded]\nmqtt = \"127.0.0.1:{port}\"\n{devices}",
            folder.path().join("data")
        );
        std::fs::write(folder.path().join("outletd.toml"), toml)?;
        Ok(Self { printers: Vec::new(), port, agent: agent.to_owned(), folder, process: None })
    }

    /// Starts the agent on the data there is. Returns how long it took from the start of the process to the
    /// `READY=1` that it says to systemd.
    pub async fn start(&mut self) -> Result<Duration> {
        let socket = self.folder.path().join("notify");
        drop(std::fs::remove_file(&socket));
        let notify = UnixDatagram::bind(&socket)?;
        let began = Instant::now();
        let mut process = Command::new(&self.agent)
            .args(["run", "--log", "warn", "--config"])
            .arg(self.folder.path().join("outletd.toml"))
            .env("NOTIFY_SOCKET", &socket)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} can't be started: {error}", self.agent.display()))?;
        let mut buffer = [0; 4096];
        let ready = async {
            loop {
                let length = notify.recv(&mut buffer).await?;
                let said = buffer.get(..length).unwrap_or_default();
                if said.split(|&byte| byte == b'\n').any(|line| line == b"READY=1") {
                    return std::io::Result::Ok(began.elapsed());
                }
            }
        };
        let took = tokio::select! {
            ready = ready => ready?,
            ended = process.wait() => return Err(format!("the agent ended before it was ready: {}", ended?).into()),
            () = tokio::time::sleep(PATIENCE) => return Err("the agent did not become ready".into()),
        };
        self.process = Some(process);
        Ok(took)
    }

    /// Waits until every printer is said to be ready.
    pub async fn wait_devices(&self) -> Result<()> {
        let mut client = self.client("waiting", &["device/+/state"]).await?;
        let mut waiting = vec![true; self.printers.len()];
        while waiting.contains(&true) {
            let heard = client.next().await?;
            let device = heard.topic.split('/').rev().nth(1).unwrap_or_default();
            let number = device.trim_start_matches("printer-").parse::<usize>()?;
            if let Some(waiting) = waiting.get_mut(number) {
                *waiting = heard.value["state"] != "ready";
            }
        }
        Ok(())
    }

    /// A client that hears some topics of the outlet.
    pub async fn client(&self, name: &str, below: &[&str]) -> Result<Client> {
        let filters: Vec<String> = below.iter().map(|filter| format!("{PREFIX}/{filter}")).collect();
        let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
        Client::connect(self.port, name, &filters).await
    }

    /// Ends the agent in order.
    pub async fn stop(&mut self) -> Result<()> {
        self.end(Signal::SIGTERM).await
    }

    /// Ends the agent at once.
    pub async fn kill(&mut self) -> Result<()> {
        self.end(Signal::SIGKILL).await
    }

    async fn end(&mut self, signal: Signal) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let pid = process.id().ok_or("the agent has ended by itself")?;
        kill(Pid::from_raw(pid.cast_signed()), signal)?;
        tokio::time::timeout(PATIENCE, process.wait()).await.map_err(|_| "the agent does not end")??;
        Ok(())
    }

    /// Forgets everything the stopped agent has kept.
    pub fn forget(&self) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.data())?)
    }

    /// The agent's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A line of the agent's `/proc/PID/status` that is a size, in MiB: `VmRSS`, `VmHWM`.
    pub fn memory(&self, field: &str) -> Result<f64> {
        let pid = self.process.as_ref().and_then(Child::id).ok_or("the agent does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let kilobytes: f64 =
            line.ok_or("the kernel does not say it")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }
}

/// A mosquitto on this machine, with the setting that makes it fast; it ends when it is dropped.
pub struct Mosquitto {
    /// Where clients connect.
    pub port: u16,
    _process: Child,
    _folder: TempDir,
}

impl Mosquitto {
    /// Starts one and waits until it takes connections.
    pub async fn start(work: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("mosquitto-").tempdir_in(work)?;
        let port = free_port()?;
        let config = folder.path().join("mosquitto.conf");
        std::fs::write(
            &config,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type error\n"
            ),
        )?;
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/usr/local/sbin";
        let process = Command::new("mosquitto")
            .env("PATH", path)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("mosquitto can't be started: {error}; install the package mosquitto"))?;
        let until = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if Instant::now() > until {
                return Err("mosquitto takes no connections".into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Self { port, _process: process, _folder: folder })
    }
}

/// A port for a program that has to be told one. Below the range from which the system gives ports to outgoing
/// connections, so nobody takes it between this look and that program's start.
fn free_port() -> Result<u16> {
    let start = std::process::id() * 61 % 10_000;
    (0..10_000)
        .filter_map(|step| u16::try_from(21_000 + (start + step) % 10_000).ok())
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .ok_or_else(|| "no port is free".into())
}
