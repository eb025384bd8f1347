//! Three nodes of RabbitMQ on this machine, with the settings that docs/contract.md recommends.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::PATIENCE;
use crate::tools::{free_port, program};

const SCRIPT: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
pub const USER: &str = "outletd";
pub const PASSWORD: &str = "secret";

struct Node {
    mqtt: u16,
    distribution: u16,
    process: Option<Child>,
}

/// A cluster that ends with this value.
pub struct Cluster {
    nodes: [Node; 3],
    names_port: u16,
    folder: TempDir,
    _names: Child,
}

impl Cluster {
    /// Starts all nodes: the first alone, and the others together, which find it and join it.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cookie = folder.path().join(".erlang.cookie");
        std::fs::write(&cookie, "CLUSTEROFATEST").unwrap();
        std::fs::set_permissions(&cookie, std::fs::Permissions::from_mode(0o400)).unwrap();
        let names_port = free_port();
        let mut names = Command::new(program("epmd"))
            .args(["-port", &names_port.to_string(), "-address", "127.0.0.1", "-d"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // A node that finds no such service starts one, which would outlive the test.
        until_said(names.stderr.take().unwrap(), "epmd running", "epmd").await;
        let node = || Node { mqtt: free_port(), distribution: free_port(), process: None };
        let nodes = [node(), node(), node()];
        let mut cluster = Self { nodes, names_port, folder, _names: names };
        cluster.nodes[0].process = Some(cluster.boot(0).await);
        let (second, third) = tokio::join!(cluster.boot(1), cluster.boot(2));
        cluster.nodes[1].process = Some(second);
        cluster.nodes[2].process = Some(third);
        cluster
    }

    /// The agent's addresses, by the numbers of nodes.
    pub fn urls(&self, order: [usize; 3]) -> Vec<String> {
        self.ports(order).iter().map(|port| format!("mqtt://127.0.0.1:{port}")).collect()
    }

    /// Ports for MQTT, by the numbers of nodes.
    pub fn ports(&self, order: [usize; 3]) -> [u16; 3] {
        order.map(|index| self.nodes[index].mqtt)
    }

    /// Ends a node with SIGKILL.
    pub async fn kill(&mut self, index: usize) {
        self.nodes[index].process.take().unwrap().kill().await.unwrap();
    }

    /// Starts a node that was killed, and waits until it is a part of the cluster.
    pub async fn start_again(&mut self, index: usize) {
        self.nodes[index].process = Some(self.boot(index).await);
    }

    async fn boot(&self, index: usize) -> Child {
        assert!(Path::new(SCRIPT).is_file(), "rabbitmq-server is not installed: run ./check");
        let home = self.folder.path();
        let own = home.join(format!("{index}"));
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("plugins"), "[rabbitmq_mqtt].\n").unwrap();
        std::fs::write(own.join("rabbitmq.conf"), self.settings(index)).unwrap();
        let mut process = Command::new(SCRIPT)
            .env_clear()
            .env("PATH", path())
            .env("HOME", home)
            // Then the script becomes the Erlang machine, instead of starting it as its child.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", name(index))
            .env("RABBITMQ_DIST_PORT", self.nodes[index].distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", own.join("data"))
            .env("RABBITMQ_LOG_BASE", own.join("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", own.join("plugins"))
            .env("RABBITMQ_CONFIG_FILE", own.join("rabbitmq"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", own.join("none.config"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        until_said(process.stdout.take().unwrap(), "Server startup complete", &name(index)).await;
        process
    }

    fn settings(&self, index: usize) -> String {
        let mut text = String::from("cluster_formation.peer_discovery_backend = classic_config\n");
        for number in 0..self.nodes.len() {
            writeln!(text, "cluster_formation.classic_config.nodes.{} = {}", number + 1, name(number))
                .unwrap();
        }
        write!(
            text,
            "cluster_partition_handling = pause_minority\n\
             mqtt.listeners.tcp.1 = 127.0.0.1:{}\n\
             mqtt.tcp_listen_options.nodelay = true\n\
             mqtt.allow_anonymous = false\n\
             mqtt.durable_queue_type = quorum\n\
             mqtt.subscription_ttl = 604800000\n\
             listeners.tcp = none\n\
             default_user = {USER}\n\
             default_pass = {PASSWORD}\n\
             log.console = true\n\
             log.console.level = info\n\
             log.file = false\n",
            self.nodes[index].mqtt,
        )
        .unwrap();
        text
    }
}

fn name(index: usize) -> String {
    format!("outlet{}@localhost", index + 1)
}

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| PathBuf::from("/usr/bin:/bin").into())
}

/// Reads what a program says until it says that it is up; goes on reading, so that it never waits for room.
async fn until_said(
    output: impl tokio::io::AsyncRead + Unpin + Send + 'static,
    sentence: &'static str,
    who: &str,
) {
    let mut lines = BufReader::new(output).lines();
    let (up, running) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut waiting = Some((up, String::new()));
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((up, mut said)) = waiting.take() {
                if line.contains(sentence) {
                    up.send(Ok(())).ok();
                } else {
                    said.push_str(&line);
                    said.push('\n');
                    waiting = Some((up, said));
                }
            }
        }
        if let Some((up, said)) = waiting {
            up.send(Err(said)).ok();
        }
    });
    match tokio::time::timeout(PATIENCE, running).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(said))) => panic!("{who} did not start:\n{said}"),
        Ok(Err(_)) | Err(_) => panic!("{who} does not get up"),
    }
}
