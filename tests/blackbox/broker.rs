//! The broker between the clients and the agent: the agent's own, or mosquitto.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::PATIENCE;
use crate::tools::{free_port, program};

/// Which broker a test runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Broker {
    /// The agent's own.
    Embedded,
    /// The system's mosquitto.
    Mosquitto,
    /// The same, and the agent speaks MQTT 3.1.1 to it.
    Mosquitto311,
}

/// Where clients connect, on 127.0.0.1.
#[derive(Clone, Copy)]
pub struct Ports {
    pub mqtt: u16,
    pub websocket: u16,
}

impl Ports {
    pub fn free() -> Self {
        Self { mqtt: free_port(), websocket: free_port() }
    }
}

/// A mosquitto that ends with this value.
pub struct Mosquitto {
    _process: Child,
}

impl Mosquitto {
    /// Starts one with the settings that the documentation recommends, and waits until it listens.
    pub async fn start(folder: &Path, ports: Ports) -> Self {
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\n\
             listener {} 127.0.0.1\n\
             protocol websockets\n\
             allow_anonymous true\n\
             persistence true\n\
             persistence_location {}/\n\
             autosave_interval 5\n\
             set_tcp_nodelay true\n\
             user root\n\
             log_dest stderr\n",
            ports.mqtt,
            ports.websocket,
            folder.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new(program("mosquitto"))
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let (up_tx, up) = tokio::sync::oneshot::channel();
        // Read to its end, so that mosquitto never waits for room in the pipe.
        tokio::spawn(async move {
            let mut up = Some(up_tx);
            let mut said = String::new();
            while let Ok(Some(line)) = log.next_line().await {
                if line.ends_with(" running")
                    && let Some(up) = up.take()
                {
                    up.send(Ok(())).ok();
                }
                if up.is_some() {
                    said.push_str(&line);
                    said.push('\n');
                }
            }
            if let Some(up) = up {
                up.send(Err(said)).ok();
            }
        });
        match tokio::time::timeout(PATIENCE, up).await.expect("mosquitto says nothing").unwrap() {
            Ok(()) => Self { _process: process },
            Err(said) => panic!("mosquitto did not start:\n{said}"),
        }
    }
}
