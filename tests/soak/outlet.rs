//! The outlet of the evening: the agent as a process, and simulators of its devices.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use outlet_simulators::label_printer::{LabelPrinter, PrinterSpec as LabelSpec};
use outlet_simulators::printer::{Printer, PrinterSpec};
use outlet_simulators::reader::{StripeFormat, StripeReader};
use outlet_simulators::scale::{Scale, ScaleSpec};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};

use crate::disk::{Disk, Word};
use crate::ear::Ear;
use crate::panel::{Panel, Way};
use crate::register::{KINDS, Till};
use crate::tools::free_port;

/// What a fiscal job takes in the journal, at most: it is kept for ever.
pub const FISCAL_BYTES: usize = 12 << 10;

const DAY_MS: i64 = 24 * 3_600_000;

/// The outlet.
pub struct Outlet {
    pub kitchen: Printer,
    pub bar: Printer,
    pub till: Till,
    pub labels: LabelPrinter,
    pub scale: Scale,
    pub cards: StripeReader,
    pub ear: Ear,
    /// The cooks' screen.
    pub screen: String,
    pub panel: Panel,
    folder: TempDir,
    disk: Arc<Disk>,
    days: i64,
    agent: Child,
}

impl Outlet {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::new(folder.path()));
        let (kitchen, bar) =
            (Printer::new(PrinterSpec::epson_80mm()), Printer::new(PrinterSpec::epson_80mm()));
        let (labels, scale) = (LabelPrinter::new(LabelSpec::zpl()), Scale::new(ScaleSpec::cas()));
        let cards = StripeReader::new(StripeFormat::Plain { lrc: false });
        let mut till = Till::new(KINDS[1], "till").await;
        till.more = "open_shift = true\n".into();
        let broker = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let web = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let at = "127.0.0.1:0";
        let links = [
            kitchen.serve_tcp(at).await.unwrap(),
            bar.serve_tcp(at).await.unwrap(),
            labels.serve_tcp(at).await.unwrap(),
            scale.serve_tcp(at).await.unwrap(),
            cards.line().serve_tcp(at).await.unwrap(),
        ];
        let toml = configuration(disk.data(), broker, web, links, &till);
        std::fs::write(folder.path().join("outletd.toml"), toml).unwrap();
        let agent = start(folder.path(), &disk).await;
        let ear = Ear::connect(broker).await;
        let (screen, panel) = screen(&ear, web).await;
        Self { kitchen, bar, till, labels, scale, cards, ear, screen, panel, folder, disk, days: 0, agent }
    }

    /// A day goes by with the outlet closed. The agent removes what is older than a week, if there is any.
    pub async fn next_day(&mut self, has_old: bool) {
        let mut listener = self.ear.listen();
        self.days += 1;
        self.disk.set(Word::ClockShiftMs, self.days * DAY_MS);
        if has_old {
            listener.until(|topic, value| topic == "event" && value["event"] == "housekeeping").await;
        }
    }

    /// What is not as it has to be after so many jobs on each device.
    pub async fn audit(&self, each: usize) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |what: &str, count: usize| {
            if count != each {
                wrong.push(format!("{count} {what} instead of {each}"));
            }
        };
        expect("tickets in the kitchen", self.kitchen.state().papers);
        expect("receipts at the bar", self.bar.state().papers);
        expect("labels", self.labels.state().labels);
        expect("documents in the register", self.till.receipts().len());
        let states = ["accepted", "running", "waiting", "uncertain"];
        let open = self.ear.ask(json!({"op": "list", "states": states})).await;
        if open["result"]["jobs"] != json!([]) {
            wrong.push(format!("jobs that have not ended: {open}"));
        }
        wrong
    }

    /// Resident memory of the agent.
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    /// The journal with what is written ahead.
    pub fn journal_bytes(&self) -> u64 {
        let all = std::fs::read_dir(self.disk.data()).unwrap().map(|entry| entry.unwrap());
        let journal = all.filter(|entry| entry.file_name().to_string_lossy().starts_with("journal.db"));
        journal.map(|entry| entry.metadata().unwrap().len()).sum()
    }

    fn pid(&self) -> u32 {
        self.agent.id().expect("the agent lives")
    }

    pub async fn stop(&mut self) {
        kill(Pid::from_raw(self.pid().cast_signed()), Signal::SIGTERM).unwrap();
        let ended = self.agent.wait().await.unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        assert!(ended.success(), "the agent ended with {ended}: {log}");
    }
}

fn configuration(
    data: &Path,
    broker: SocketAddr,
    web: SocketAddr,
    links: [SocketAddr; 5],
    till: &Till,
) -> String {
    let [kitchen, bar, labels, scale, cards] = links;
    let mut toml = format!(
        "outlet = \"test\"\ndata = {data:?}\n[journal]\nkeep_days = 7\nkeep_feed_days = 7\n\
         [limits]\nmessages_per_s = 1000000\nburst = 1000000\n[embedded]\nmqtt = \"{broker}\"\n\
         [web]\nlisten = \"{web}\"\n[[station]]\nid = \"grill\"\nplaces = [\"grill\"]\nsteps = 1\n"
    );
    for (id, driver, model, link, more) in [
        ("kitchen", "escpos", "epson-tm-t20iii", kitchen, ""),
        ("bar", "escpos", "epson-tm-t20iii", bar, ""),
        (
            "labels",
            "label-printer",
            "generic-zpl",
            labels,
            "[device.options]\nlanguage = \"ru\"\npoll_ms = 20\nsettle_ms = 0\n",
        ),
        ("scale", "scale", "cas", scale, "[device.options]\npoll_ms = 20\n"),
        ("cards", "card-reader", "", cards, ""),
    ] {
        let model = if model.is_empty() { String::new() } else { format!("model = {model:?}\n") };
        write!(toml, "[[device]]\nid = {id:?}\ndriver = {driver:?}\n{model}link = \"tcp://{link}\"\n{more}")
            .unwrap();
    }
    toml.push_str(&till.toml());
    toml
}

/// Starts the agent with a clock that can be set; returns when it is ready.
async fn start(folder: &Path, disk: &Disk) -> Child {
    let notify = folder.join("notify");
    let ready = UnixDatagram::bind(&notify).unwrap();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let program = std::env::var_os("OUTLETD_AGENT").unwrap_or_else(|| env!("CARGO_BIN_EXE_outletd").into());
    let mut command = Command::new(program);
    command.args(["run", "--log", "warn,mqtt5=error", "--config"]).arg(folder.join("outletd.toml"));
    // Its files are none of the faulty disk's business.
    command.envs(disk.environment()).env("FAULTY_DISK_FOLDER", folder.join("nothing"));
    command.env("NOTIFY_SOCKET", &notify).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut agent = command.spawn().unwrap();
    let mut said = [0; 512];
    loop {
        let length = tokio::select! {
            length = ready.recv(&mut said) => length.unwrap(),
            ended = agent.wait() => panic!("{ended:?}: {}", std::fs::read_to_string(folder.join("log")).unwrap()),
        };
        if said[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1") {
            return agent;
        }
    }
}

/// A screen that is admitted and signed in.
async fn screen(ear: &Ear, web: SocketAddr) -> (String, Panel) {
    let way = Way::plain(web);
    let asked = way.post("/api/pairing", "{}").await.json();
    let wanted = json!({"op": "admit", "code": asked["code"], "view": "kitchen", "stations": ["grill"], "name": "grill"});
    let admitted = ear.ask(wanted).await;
    assert_eq!(admitted["ok"], true, "{admitted}");
    let standing = way.standing(&asked).await;
    let text = |key: &str| standing[key].as_str().unwrap().to_owned();
    let mut panel = Panel::sign_in(&way, &text("screen"), &text("secret")).await.unwrap();
    panel.subscribe(&format!("kitchen/answer/{}", text("screen"))).await;
    (text("screen"), panel)
}
