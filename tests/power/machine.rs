//! The machine: QEMU with a disk that loses power, devices of which only the cables are inside, and a shell.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::process::{Child, Command};

use crate::disk::Disk;

/// How long a boot may take, or anything that the machine is asked to do. Never reached by a test that passes.
const LIMIT: Duration = Duration::from_secs(240);

/// Where the simulated devices are, which are outside and keep their power.
pub struct Outside {
    pub kitchen: SocketAddr,
    pub bar: SocketAddr,
    pub scale: SocketAddr,
    pub till: SocketAddr,
}

/// A box that can be switched on: its disk, and what it boots.
pub struct Machine {
    image: PathBuf,
    pub disk: Disk,
    pub outside: Outside,
    boots: u32,
}

/// A machine that runs.
pub struct Running {
    qemu: Child,
    shell: BufReader<UnixStream>,
    monitor: BufReader<UnixStream>,
    /// Where the agent's broker is reached.
    pub mqtt: SocketAddr,
    folder: TempDir,
}

impl Machine {
    /// The box that `machine/image` has made, where `OUTLETD_BOX` says.
    pub fn new(outside: Outside) -> Self {
        let image = std::env::var_os("OUTLETD_BOX").map(PathBuf::from);
        let image = image.expect("OUTLETD_BOX names the folder of the box: run machine/outlet");
        let disk = Disk::new(&image.join("disk")).unwrap();
        Self { image, disk, outside, boots: 0 }
    }

    /// Switches it on, and waits until the agent has told systemd that it is ready.
    pub async fn boot(&mut self) -> Running {
        self.boots += 1;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let shell = UnixListener::bind(path("shell")).unwrap();
        let monitor = UnixListener::bind(path("monitor")).unwrap();
        self.disk.serve(&path("disk")).unwrap();
        let mqtt = crate::process::free_address();
        // Whatever ends the test ends the machine.
        let mut qemu = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "qemu-system-x86_64"])
            .args(self.options(folder.path(), mqtt))
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(path("said")).unwrap())
            .spawn()
            .expect("QEMU (Debian package qemu-system-x86): run ./check");
        let connected = async {
            let (shell, monitor) = tokio::join!(shell.accept(), monitor.accept());
            (BufReader::new(shell.unwrap().0), BufReader::new(monitor.unwrap().0))
        };
        let (shell, monitor) = tokio::select! {
            both = connected => both,
            ended = qemu.wait() => panic!("QEMU ended at once, {}: {}", ended.unwrap(), read(&path("said"))),
        };
        let mut running = Running { qemu, shell, monitor, mqtt, folder };
        running.monitor_line().await;
        running.monitor(json!({"execute": "qmp_capabilities"})).await;
        let standing = running.run("systemctl is-active outletd; systemctl show -P NRestarts outletd").await;
        let state = running.run("journalctl --no-pager --quiet --output=cat -u outletd | tail -n 40").await;
        assert_eq!(standing, "active\n0\n", "boot {}: the agent did not start at once:\n{state}", self.boots);
        running
    }

    fn options(&self, folder: &Path, mqtt: SocketAddr) -> Vec<String> {
        let path = |name: &str| folder.join(name).display().to_string();
        let image = |name: &str| self.image.join(name).display().to_string();
        let Outside { kitchen, bar, scale, till } = self.outside;
        let serial = |id: &str, addr: SocketAddr| {
            format!("socket,id={id},host={},port={},reconnect=1", addr.ip(), addr.port())
        };
        let words = [
            "-nodefaults -no-user-config -display none -no-reboot -machine q35 -accel tcg,thread=multi -cpu max",
            "-smp 2 -m 1024 -device qemu-xhci,id=usb -device virtio-serial-pci",
        ];
        let mut options: Vec<String> =
            words.iter().flat_map(|line| line.split(' ')).map(str::to_owned).collect();
        let mut add = |option: &str, value: String| options.extend([option.to_owned(), value]);
        add("-kernel", image("kernel"));
        add("-initrd", image("initramfs"));
        add("-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off".into());
        add("-serial", format!("file:{}", path("console")));
        add("-qmp", format!("unix:{}", path("monitor")));
        // Nothing is kept back or made up between the machine and its disk.
        add(
            "-blockdev",
            format!(
                "driver=nbd,node-name=disk,server.type=unix,server.path={},cache.direct=on",
                path("disk")
            ),
        );
        add("-device", "virtio-blk-pci,drive=disk".into());
        add("-chardev", format!("socket,id=shell,path={}", path("shell")));
        add("-device", "virtserialport,chardev=shell,name=shell".into());
        add("-chardev", serial("printer", bar));
        add("-device", "virtserialport,chardev=printer,name=printer".into());
        add("-chardev", serial("scale", scale));
        add("-chardev", serial("till", till));
        for gadget in GADGETS {
            add(
                "-device",
                gadget.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","),
            );
        }
        // Leads nowhere but to the network printer, and from here to the broker.
        let net = format!(
            "user,id=net,restrict=on,hostfwd=tcp:{mqtt}-:1883,guestfwd=tcp:10.0.2.100:9100-cmd:busybox nc {} {}",
            kitchen.ip(),
            kitchen.port()
        );
        add("-netdev", net);
        add("-device", "virtio-net-pci,netdev=net,romfile=".into());
        options
    }
}

/// The devices on its USB ports, as QEMU calls their properties.
const GADGETS: [&[(&str, &str)]; 3] = [
    &[
        ("driver", "usb-serial"),
        ("id", "scale"),
        ("chardev", "scale"),
        ("serial", "SCALE1"),
        ("always-plugged", "on"),
    ],
    &[
        ("driver", "usb-serial"),
        ("id", "till"),
        ("chardev", "till"),
        ("serial", "TILL1"),
        ("always-plugged", "on"),
    ],
    &[("driver", "usb-kbd"), ("id", "scanner")],
];

impl Running {
    /// Runs a command in the machine's shell and gives what it says. It has to end well.
    pub async fn run(&mut self, command: &str) -> String {
        let line = format!("{{ {command}\n}} </dev/null; printf '\\n@%d@\\n' $?\n");
        let mut said = String::new();
        let done = async {
            self.shell.get_mut().write_all(line.as_bytes()).await?;
            loop {
                let mut next = String::new();
                if self.shell.read_line(&mut next).await? == 0 {
                    return Err(std::io::Error::other("the machine is gone"));
                }
                if let Some(code) = next.strip_prefix('@').and_then(|rest| rest.strip_suffix("@\n")) {
                    return Ok(code.to_owned());
                }
                said.push_str(&next);
            }
        };
        let code = tokio::time::timeout(LIMIT, done).await;
        if !matches!(&code, Ok(Ok(code)) if code == "0") {
            panic!("{command}: {code:?}\n{said}\nthe console:\n{}", self.console());
        }
        // The empty line in front of the code.
        said.truncate(said.trim_end_matches('\n').len());
        said.push('\n');
        said
    }

    /// Its last lines on the console.
    fn console(&self) -> String {
        let text = read(&self.folder.path().join("console"));
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Pulls a device of QEMU's out of its USB port.
    pub async fn unplug(&mut self, id: &str) {
        self.monitor(json!({"execute": "device_del", "arguments": {"id": id}})).await;
    }

    /// Plugs it in again.
    pub async fn plug(&mut self, id: &str) {
        let gadget = GADGETS.iter().find(|gadget| gadget.contains(&("id", id))).unwrap();
        let mut arguments = json!({});
        for (key, value) in gadget.iter() {
            arguments[*key] = if *value == "on" { json!(true) } else { json!(value) };
        }
        self.monitor(json!({"execute": "device_add", "arguments": arguments})).await;
    }

    /// Types six digits and Enter on its keyboard, at once: more the keyboard can't hold.
    pub async fn types(&mut self, digits: &str) {
        assert!(digits.len() <= 6, "{digits} is too long");
        let keys = digits.chars().map(String::from).chain([String::from("ret")]);
        let event = |key: &str, down: bool| json!({"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}});
        let events: Vec<Value> = keys.flat_map(|key| [event(&key, true), event(&key, false)]).collect();
        self.monitor(json!({"execute": "input-send-event", "arguments": {"events": events}})).await;
    }

    async fn monitor(&mut self, command: Value) {
        self.monitor.get_mut().write_all(format!("{command}\n").as_bytes()).await.unwrap();
        loop {
            let said = self.monitor_line().await;
            assert!(said.get("error").is_none(), "{command}: {said}");
            if said.get("return").is_some() {
                return;
            }
        }
    }

    async fn monitor_line(&mut self) -> Value {
        let mut line = String::new();
        let read = tokio::time::timeout(LIMIT, self.monitor.read_line(&mut line)).await;
        read.expect("QEMU's monitor answers").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The power is gone: nothing in it comes to do anything more.
    pub async fn power_off(mut self) {
        self.qemu.kill().await.unwrap();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
