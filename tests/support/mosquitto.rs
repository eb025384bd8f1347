//! The system's mosquitto, as an external broker.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::PATIENCE;
use crate::tools::program;

/// Starts one that keeps nothing on disk, and waits until it listens. It ends with the value.
pub async fn mosquitto(folder: &Path, addr: SocketAddr) -> Child {
    let settings = folder.join("mosquitto.conf");
    let text = format!(
        "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\nlog_dest stderr\n",
        addr.port()
    );
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
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    process
}
