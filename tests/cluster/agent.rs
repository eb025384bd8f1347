//! The agent as a process of its own, at the nodes of a cluster.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use crate::PATIENCE;
use crate::rabbitmq::{PASSWORD, USER};

pub struct Agent {
    log: PathBuf,
    _folder: TempDir,
    _process: Child,
}

impl Agent {
    /// Starts it with some printers, and waits until it says that it is ready.
    pub async fn start(urls: &[String], devices: &[(&str, SocketAddr)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("password"), PASSWORD).unwrap();
        let mut toml = format!(
            "outlet = \"test\"\ndata = {:?}\n[rights]\nanonymous = [\"print\", \"manage\"]\n[broker]\nurl = {urls:?}\n\
             protocol = \"3.1.1\"\nuser = \"{USER}\"\npassword_file = {:?}\n",
            at("data"),
            at("password"),
        );
        for (id, addr) in devices {
            write!(
                toml,
                "[[device]]\nid = \"{id}\"\ndriver = \"escpos\"\nmodel = \"epson-tm-t20iii\"\nlink = \"tcp://{addr}\"\n"
            )
            .unwrap();
        }
        std::fs::write(at("outletd.toml"), toml).unwrap();
        let ready = UnixDatagram::bind(at("notify")).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_outletd"))
            .args(["run", "--log", "warn", "--config"])
            .arg(at("outletd.toml"))
            .env("NOTIFY_SOCKET", at("notify"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(at("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let up = async {
            let mut said = [0; 512];
            loop {
                let length = ready.recv(&mut said).await.unwrap();
                if said[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                    return;
                }
            }
        };
        let log = at("log");
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        tokio::select! {
            () = up => {}
            ended = process.wait() => panic!("the agent ended, {}:\n{}", ended.unwrap(), said()),
            () = tokio::time::sleep(PATIENCE) => panic!("the agent never became ready:\n{}", said()),
        }
        Self { log, _folder: folder, _process: process }
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How often it has lost its connection, or has not got one.
    pub fn connections_lost(&self) -> usize {
        self.said().matches("no connection to the broker").count()
    }
}
