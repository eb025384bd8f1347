//! The system's mosquitto, as an external broker.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::tools::program;

/// How long it may take to listen. Never reached by a test that passes.
const START: Duration = Duration::from_secs(30);

/// Starts one that keeps nothing on disk, and waits until it listens. It ends with the value.
#[allow(dead_code, reason = "each test file uses its own part")]
pub async fn mosquitto(folder: &Path, addr: SocketAddr) -> Child {
    mosquitto_with(folder, addr, "persistence false\n").await
}

/// The same, with more settings.
pub async fn mosquitto_with(folder: &Path, addr: SocketAddr, more: &str) -> Child {
    let settings = folder.join("mosquitto.conf");
    let port = addr.port();
    let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nlog_dest stderr\n{more}");
    std::fs::write(&settings, text).unwrap();
    let mut process = Command::new(program("mosquitto"))
        .arg("-c")
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let (up, running) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut up = Some(up);
        while let Ok(Some(line)) = log.next_line().await {
            if let Some(up) = up.take_if(|_| line.ends_with(" running")) {
                up.send(()).ok();
            }
        }
    });
    tokio::time::timeout(START, running).await.unwrap().unwrap();
    process
}
