//! An outlet: simulated printers in this process, the agent as a process of its own, and a broker.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram as StdDatagram;
use std::path::PathBuf;
use std::process::Stdio;

use outlet_simulators::printer::{Printer, PrinterSpec};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use crate::broker::{Broker, Mosquitto, Ports};
use crate::client::{Client, Dialect, PATIENCE};

/// Topic prefix of the outlet.
pub const PREFIX: &str = "outlet/v1/test";

/// The printers `kitchen` and `bar`, the agent that drives them, and the broker.
pub struct Outlet {
    pub kitchen: Printer,
    pub bar: Printer,
    pub ports: Ports,
    config: PathBuf,
    folder: TempDir,
    agent: Option<Child>,
    _mosquitto: Option<Mosquitto>,
}

impl Outlet {
    /// An outlet whose agent is ready.
    pub async fn open(broker: Broker) -> Self {
        Self::open_with(broker, PrinterSpec::epson_80mm()).await
    }

    /// The same with another kitchen printer.
    pub async fn open_with(broker: Broker, kitchen: PrinterSpec) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports::free();
        let mosquitto = match broker {
            Broker::Embedded => None,
            Broker::Mosquitto | Broker::Mosquitto311 => Some(Mosquitto::start(folder.path(), ports).await),
        };
        let model = if kitchen.answers { "epson-tm-t20iii" } else { "generic-80" };
        let (kitchen, at_kitchen) = listening(kitchen).await;
        let (bar, at_bar) = listening(PrinterSpec::epson_80mm()).await;
        let mut toml = format!("outlet = \"test\"\ndata = {:?}\n", folder.path().join("data"));
        match broker {
            Broker::Embedded => write!(
                toml,
                "[embedded]\nmqtt = \"127.0.0.1:{}\"\nwebsocket = \"127.0.0.1:{}\"\n",
                ports.mqtt, ports.websocket
            ),
            Broker::Mosquitto => write!(toml, "[broker]\nurl = \"mqtt://127.0.0.1:{}\"\n", ports.mqtt),
            Broker::Mosquitto311 => {
                write!(toml, "[broker]\nurl = \"mqtt://127.0.0.1:{}\"\nprotocol = \"3.1.1\"\n", ports.mqtt)
            }
        }
        .unwrap();
        toml.push_str("[rights]\nanonymous = [\"print\", \"drawer\", \"manage\", \"technician\"]\n");
        for (id, model, at) in [("kitchen", model, at_kitchen), ("bar", "epson-tm-t20iii", at_bar)] {
            write!(
                toml,
                "[[device]]\nid = \"{id}\"\ndriver = \"escpos\"\nmodel = \"{model}\"\nlink = \"tcp://{at}\"\n"
            )
            .unwrap();
        }
        let config = folder.path().join("outletd.toml");
        std::fs::write(&config, toml).unwrap();
        let mut outlet = Self { kitchen, bar, ports, config, folder, agent: None, _mosquitto: mosquitto };
        outlet.start().await;
        outlet
    }

    /// Starts the agent on the data it left, and waits until it says to systemd that it is ready.
    pub async fn start(&mut self) {
        let socket = self.folder.path().join("notify");
        std::fs::remove_file(&socket).ok();
        let notify = StdDatagram::bind(&socket).unwrap();
        notify.set_nonblocking(true).unwrap();
        let notify = UnixDatagram::from_std(notify).unwrap();
        let mut agent = Command::new(env!("CARGO_BIN_EXE_outletd"))
            .args(["run", "--config"])
            .arg(&self.config)
            .env("NOTIFY_SOCKET", &socket)
            .env("OUTLETD_LOG", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ready = async {
            let mut buffer = [0; 4096];
            loop {
                let length = notify.recv(&mut buffer).await.unwrap();
                if buffer[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
                    return;
                }
            }
        };
        tokio::select! {
            () = ready => {}
            ended = agent.wait() => panic!("the agent ended before it was ready: {}", ended.unwrap()),
            () = tokio::time::sleep(PATIENCE) => panic!("the agent never became ready"),
        }
        self.agent = Some(agent);
    }

    /// Ends the agent with SIGKILL.
    pub async fn kill(&mut self) {
        self.agent.take().unwrap().kill().await.unwrap();
    }

    /// Tells the agent to end, and waits until it has: it must end well.
    pub async fn stop(&mut self) {
        let mut agent = self.agent.take().unwrap();
        let told = Command::new("kill").args(["-TERM", &agent.id().unwrap().to_string()]).status();
        assert!(told.await.unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, agent.wait()).await.expect("the agent goes on").unwrap();
        assert!(ended.success(), "{ended}");
    }

    /// A client that hears everything of the outlet, once it has heard that the agent is online.
    pub async fn client(&self, dialect: Dialect, id: &str) -> Client {
        let mut client = self.early_client(dialect, id).await;
        client.next(&format!("{PREFIX}/agent"), |agent| agent["state"] == "online").await;
        client
    }

    /// A client that has heard nothing yet.
    pub async fn early_client(&self, dialect: Dialect, id: &str) -> Client {
        Client::connect(dialect, self.ports, id, &format!("{PREFIX}/#")).await
    }
}

async fn listening(spec: PrinterSpec) -> (Printer, SocketAddr) {
    let printer = Printer::new(spec);
    let addr = printer.serve_tcp("127.0.0.1:0").await.unwrap();
    (printer, addr)
}
