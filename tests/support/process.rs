//! The agent as a process of its own.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

pub struct Process {
    pub child: Child,
    /// Where MQTT clients connect.
    pub addr: SocketAddr,
}

/// How an agent logs.
pub struct Options {
    /// What `--log` says.
    pub log: &'static str,
    /// Where to.
    pub stderr: Stdio,
}

impl Process {
    /// Starts it with some devices, given as TOML, to die at a commit of its journal if told so. Returns when it
    /// says that it is ready. `None`: it died before.
    pub async fn start(folder: &Path, devices: &str, crash: Option<&str>) -> Option<Self> {
        Self::start_with(folder, devices, crash, Options { log: "error", stderr: Stdio::null() }).await
    }

    /// The same, with a log of its own.
    pub async fn start_with(
        folder: &Path,
        devices: &str,
        crash: Option<&str>,
        options: Options,
    ) -> Option<Self> {
        let addr = free_address();
        let config = folder.join("outletd.toml");
        let toml = format!(
            "outlet = \"test\"\ndata = {:?}\n[embedded]\nmqtt = \"{addr}\"\n{devices}",
            folder.join("data")
        );
        std::fs::write(&config, toml).unwrap();
        let notify = folder.join("notify");
        drop(std::fs::remove_file(&notify));
        let ready = UnixDatagram::bind(&notify).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_outletd"));
        command.args(["run", "--log", options.log, "--config"]).arg(&config).kill_on_drop(true);
        command.env("NOTIFY_SOCKET", &notify);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(options.stderr);
        if let Some(crash) = crash {
            command.env("OUTLETD_TEST_CRASH", crash);
        }
        let mut process = Self { child: command.spawn().unwrap(), addr };
        let up = async {
            let mut said = [0; 512];
            loop {
                let length = ready.recv(&mut said).await.unwrap();
                if said[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                    return;
                }
            }
        };
        let alive = tokio::select! {
            () = up => true,
            _ = process.child.wait() => false,
        };
        alive.then_some(process)
    }

    pub fn pid(&self) -> i32 {
        self.child.id().map_or(0, |pid| pid.cast_signed())
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Something done with a client, unless the agent dies first.
    pub async fn unless_it_dies<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            _ = self.child.wait() => None,
        }
    }
}

/// An address that is free. Below the range from which the system gives ports to outgoing connections, so
/// that none of those takes it before the agent does.
pub fn free_address() -> SocketAddr {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(61);
    loop {
        let step = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let port = 12_000 + start.wrapping_add(step) % 9_000;
        let addr = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(addr).is_ok() {
            return addr;
        }
    }
}
