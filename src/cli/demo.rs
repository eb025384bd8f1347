//! `outletd demo`: the agent, simulated printers and example jobs, on this machine.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use outlet_devices::models;
use outlet_simulators::printer::{Fault, Paper, Printer};
use outletd::bus::contract::{AgentRequest, Answer, JobDocument, State};
use outletd::config;
use outletd::daemon::Daemon;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::agent_client::{AgentClient, Notice, Watch};
use super::connection::Connection;
use super::failure::Failure;
use super::jobs::text::transition;
use super::log;
use super::preview::simulated::spec;
use super::run::{Stop, failure, runtime};
use super::screen::{Screen, Tone};

/// How long an example may take before the demo says that something is wrong.
const EXAMPLE_LIMIT: Duration = Duration::from_secs(60);
/// How long the waiter of the demo takes to put in a new roll.
const NEW_ROLL_AFTER: Duration = Duration::from_secs(2);

/// What `demo` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// End after the examples: code 0 when every one ended as it should
    #[arg(long)]
    once: bool,
    /// Folder for the journal and the pictures of the papers
    #[arg(long, default_value = "demo-data")]
    data: PathBuf,
    /// Where MQTT clients connect
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// Where browsers connect
    #[arg(long, default_value = "127.0.0.1:9001")]
    websocket: SocketAddr,
    /// Where the kitchen's screens connect
    #[arg(long, default_value = "127.0.0.1:8480")]
    web: SocketAddr,
    /// What to log on standard error
    #[arg(long, default_value = "error", env = "OUTLETD_LOG")]
    log: String,
}

/// A printer of the demo.
struct Station {
    id: &'static str,
    model: &'static str,
    what: &'static str,
    /// Dots a second.
    speed: u32,
}

const STATIONS: [Station; 3] = [
    Station { id: "kitchen", model: "epson-tm-t20iii", what: "80 mm, kitchen", speed: 2400 },
    Station { id: "bar", model: "xprinter-xp-58", what: "58 mm, bar", speed: 1600 },
    Station { id: "receipt", model: "epson-tm-m30", what: "80 mm, till: fails on purpose", speed: 2400 },
];

/// What goes wrong while an example is printed, and what a person does about it.
enum Trouble {
    Nothing,
    /// The roll ends after some lines; somebody puts in a new one.
    PaperEnds(u32),
    /// The cable is pulled after some bytes; somebody looks at the paper and has it printed again.
    CablePulled(u64),
}

struct Example {
    title: &'static str,
    device: &'static str,
    job: &'static str,
    trouble: Trouble,
    /// The states it must go through, repeats left out.
    expected: &'static [State],
}

const EXAMPLES: &[Example] = &[
    Example {
        title: "A service ticket with modifiers, allergens and a MIX note",
        device: "kitchen",
        job: include_str!("../../examples/service-ticket.json"),
        trouble: Trouble::Nothing,
        expected: &[State::Accepted, State::Running, State::Succeeded],
    },
    Example {
        title: "The bar's part of the order, on narrow paper",
        device: "bar",
        job: include_str!("../../examples/bar-ticket.json"),
        trouble: Trouble::Nothing,
        expected: &[State::Accepted, State::Running, State::Succeeded],
    },
    Example {
        title: "A guest bill; the roll ends in the middle and nothing is sent twice",
        device: "receipt",
        job: include_str!("../../examples/guest-bill.json"),
        trouble: Trouble::PaperEnds(8),
        expected: &[State::Accepted, State::Running, State::Waiting, State::Running, State::Succeeded],
    },
    Example {
        title: "A receipt in four alphabets; the cable is pulled, the outcome is uncertain, a person decides",
        device: "receipt",
        job: include_str!("../../examples/receipt.json"),
        trouble: Trouble::CablePulled(1500),
        expected: &[
            State::Accepted,
            State::Running,
            State::Uncertain,
            State::Accepted,
            State::Running,
            State::Succeeded,
        ],
    },
    Example {
        title: "An order for the kitchen's screens; none is on, so each station's ticket is printed, once",
        device: "grill",
        job: include_str!("../../examples/kitchen-order.json"),
        trouble: Trouble::Nothing,
        expected: &[State::Accepted, State::Waiting, State::Running, State::Succeeded],
    },
];

/// The kitchen of the demo.
const KITCHEN: &str = r#"
[[station]]
id = "grill"
name = "Grill"
places = ["kitchen"]
printer = "kitchen"
print_after_s = 5

[[station]]
id = "cold"
name = "Cold kitchen"
places = ["cold"]
printer = "kitchen"
print_after_s = 5

[[station]]
id = "pass"
name = "Pass"
kind = "expediter"

[[station]]
id = "hall"
name = "Hall"
kind = "board"
"#;

/// Runs the demonstration.
pub(crate) fn execute(args: Args) -> Result<(), Failure> {
    log::begin(&args.log)?;
    runtime()?.block_on(demonstrate(args, Screen::stdout()))
}

async fn demonstrate(args: Args, mut screen: Screen) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    let papers = args.data.join("papers");
    std::fs::create_dir_all(&papers).map_err(|error| {
        Failure::bad(format!("{} can't be made: {error}; name another --data", papers.display()))
    })?;
    let printers = Printers::start(papers).await?;
    let path = args.data.join("outletd.toml");
    std::fs::write(&path, printers.configuration(&args))
        .map_err(|error| Failure::bad(format!("{} can't be written: {error}", path.display())))?;
    let config = config::load(&path).map_err(|errors| Failure::configuration(errors.to_string()))?;
    let mut daemon = Daemon::start(&config).await.map_err(|error| in_use(&failure(&error), &args))?;
    // Port 0 takes a free one.
    let args = Args {
        mqtt: daemon.mqtt_addr().unwrap_or(args.mqtt),
        websocket: daemon.websocket_addr().unwrap_or(args.websocket),
        web: daemon.screens_addr().unwrap_or(args.web),
        ..args
    };
    introduce(&mut screen, &args)?;
    let mut show = Show::open(&args, printers, &mut screen).await?;
    let ended = tokio::select! {
        ended = show.examples() => ended,
        () = stop.asked() => Ok(()),
        error = daemon.failed() => Err(Failure::bad(error.to_string())),
    };
    if ended.is_ok() && !args.once {
        tokio::select! {
            followed = show.follow(&args) => followed?,
            () = stop.asked() => {}
            error = daemon.failed() => return Err(Failure::bad(error.to_string())),
        }
    }
    drop(show);
    tokio::select! {
        () = daemon.drain() => ended,
        () = stop.asked() => Err(Failure::bad("ended at once by a second signal")),
    }
}

/// Says how the demo itself can avoid a port in use.
fn in_use(problem: &Failure, args: &Args) -> Failure {
    let message = problem.message().unwrap_or("the agent did not start");
    Failure::unreachable(format!(
        "{message}\n  The demo takes other ports too: outletd demo --mqtt 127.0.0.1:{} --websocket 127.0.0.1:{} --web 127.0.0.1:{}",
        args.mqtt.port().wrapping_add(1000),
        args.websocket.port().wrapping_add(1000),
        args.web.port().wrapping_add(1000)
    ))
}

fn introduce(screen: &mut Screen, args: &Args) -> Result<(), Failure> {
    let paint = screen.paint();
    screen.line(paint.tone(Tone::Strong, "outletd demo: an outlet with three simulated printers"))?;
    screen.line(format!("  MQTT       {}\n  WebSocket  ws://{}/mqtt", args.mqtt, args.websocket))?;
    screen.line(format!("  Screens    http://{}/", args.web))?;
    for station in &STATIONS {
        screen.line(format!("  {:<9}  {} ({})", station.id, station.model, station.what))?;
    }
    screen.line(format!("  Journal, configuration and pictures are in {}", args.data.display()))
}

/// The simulated printers and what comes out of them.
struct Printers {
    by_id: HashMap<&'static str, (Printer, SocketAddr)>,
    papers: mpsc::UnboundedReceiver<(&'static str, Arc<Paper>)>,
    folder: PathBuf,
    written: usize,
}

impl Printers {
    async fn start(folder: PathBuf) -> Result<Self, Failure> {
        let (told, papers) = mpsc::unbounded_channel();
        let mut by_id = HashMap::new();
        for station in &STATIONS {
            let model = models::find(station.model).map_err(|error| Failure::bad(error.to_string()))?;
            let printer = Printer::new(spec(model).with_speed(station.speed));
            let addr = printer
                .serve_tcp("127.0.0.1:0")
                .await
                .map_err(|error| Failure::bad(format!("no simulated printer: {error}")))?;
            let (told, watched) = (told.clone(), printer.clone());
            tokio::spawn(async move {
                for number in 1.. {
                    let paper = watched.wait_paper(number).await;
                    if told.send((station.id, paper)).is_err() {
                        return;
                    }
                }
            });
            by_id.insert(station.id, (printer, addr));
        }
        Ok(Self { by_id, papers, folder, written: 0 })
    }

    fn configuration(&self, args: &Args) -> String {
        let mut toml = format!(
            "# Written by `outletd demo`: the outlet it shows.\noutlet = \"demo\"\ndata = {:?}\n\n\
             [embedded]\nmqtt = \"{}\"\nwebsocket = \"{}\"\n\n[web]\nlisten = \"{}\"\n",
            args.data.join("journal").display().to_string(),
            args.mqtt,
            args.websocket,
            args.web
        );
        toml.push_str(KITCHEN);
        for station in &STATIONS {
            let Some((_, addr)) = self.by_id.get(station.id) else { continue };
            let _ = write!(
                toml,
                "\n[[device]]\nid = \"{}\"\ndriver = \"escpos\"\nmodel = \"{}\"\nlink = \"tcp://{addr}\"\n",
                station.id, station.model
            );
        }
        toml
    }

    fn inject(&self, device: &str, fault: Fault) {
        if let Some((printer, _)) = self.by_id.get(device) {
            printer.inject(fault);
        }
    }

    /// Shows a paper as text and writes it as a picture.
    fn show(&mut self, device: &str, paper: &Paper, screen: &mut Screen) -> Result<(), Failure> {
        self.written += 1;
        let path = self.folder.join(format!("{:02}-{device}.png", self.written));
        let png = paper.png().map_err(|error| Failure::bad(format!("no picture of a paper: {error}")))?;
        std::fs::write(&path, png)
            .map_err(|error| Failure::bad(format!("{} can't be written: {error}", path.display())))?;
        screen.print(framed(device, &paper.text, &path))
    }
}

/// A paper with an edge around it.
fn framed(device: &str, text: &str, picture: &Path) -> String {
    use unicode_width::UnicodeWidthStr;
    let width = text.lines().map(UnicodeWidthStr::width).max().unwrap_or(0).max(32);
    let title = format!(" {device} ");
    let mut out = format!("  ┌{title}{}┐\n", "─".repeat((width + 2).saturating_sub(title.len())));
    for line in text.lines() {
        let _ = writeln!(out, "  │ {line}{} │", " ".repeat(width - line.width()));
    }
    let _ = writeln!(out, "  └{}┘ {}", "─".repeat(width + 2), picture.display());
    out
}

/// The examples, and what is seen of them over MQTT.
struct Show<'a> {
    client: AgentClient,
    jobs: Watch,
    printers: Printers,
    screen: &'a mut Screen,
}

impl<'a> Show<'a> {
    async fn open(args: &Args, printers: Printers, screen: &'a mut Screen) -> Result<Self, Failure> {
        let client = AgentClient::connect(&Connection::local(args.mqtt, "demo")).await?;
        let jobs = client.watch(&client.topics().job("+")).await?;
        Ok(Self { client, jobs, printers, screen })
    }

    /// Runs every example and judges it.
    async fn examples(&mut self) -> Result<(), Failure> {
        let mut bad = Vec::new();
        for example in EXAMPLES {
            let paint = self.screen.paint();
            let title = format!("\n{} → {}", example.title, example.device);
            self.screen.line(paint.tone(Tone::Strong, &title))?;
            match timeout(EXAMPLE_LIMIT, self.example(example)).await {
                Ok(seen) => {
                    let seen = seen?;
                    if seen != example.expected {
                        let words = |states: &[State]| {
                            states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
                        };
                        bad.push(format!(
                            "{}: expected {}, saw {}",
                            example.title,
                            words(example.expected),
                            words(&seen)
                        ));
                    }
                }
                Err(_) => bad.push(format!("{}: no end within {} s", example.title, EXAMPLE_LIMIT.as_secs())),
            }
        }
        if bad.is_empty() {
            return Ok(());
        }
        Err(Failure::bad(format!("examples did not end as they should:\n  {}", bad.join("\n  "))))
    }

    /// Runs one example and returns the states it went through.
    async fn example(&mut self, example: &Example) -> Result<Vec<State>, Failure> {
        match example.trouble {
            Trouble::Nothing => {}
            Trouble::PaperEnds(lines) => {
                self.printers.inject(example.device, Fault::PaperOutAfterLines(lines));
            }
            Trouble::CablePulled(bytes) => {
                self.printers.inject(example.device, Fault::CutLinkAfter(bytes));
            }
        }
        let id = ulid::Ulid::new().to_string();
        let mut job: Value = serde_json::from_str(example.job)
            .map_err(|error| Failure::bad(format!("{}: {error}", example.title)))?;
        if let Some(fields) = job.as_object_mut() {
            fields.insert("id".into(), id.clone().into());
            // Another run of the demo is another order.
            if let Some(order) = fields.get_mut("document").and_then(|document| document.get_mut("order")) {
                *order = id.clone().into();
            }
        }
        let topic = self.client.topics().device_job(example.device);
        let replies = self.client.replies();
        self.client.send(&topic, job.to_string().into_bytes(), &replies, None).await?;
        let mut seen = Vec::new();
        loop {
            let Some(document) = self.next().await? else { continue };
            if document.job != id {
                continue;
            }
            seen.push(document.state);
            match (document.state, &example.trouble) {
                (State::Waiting, Trouble::PaperEnds(_)) => {
                    self.aside("  … a waiter puts in a new roll")?;
                    tokio::time::sleep(NEW_ROLL_AFTER).await;
                    self.printers.inject(example.device, Fault::NewRoll);
                }
                (State::Uncertain, Trouble::CablePulled(_)) => {
                    self.aside("  … the cashier looks at the paper and says: print again")?;
                    self.print_again(&id).await?;
                }
                (state, _) if state.is_final() || state == State::Uncertain => {
                    self.remaining_papers(example.device).await?;
                    return Ok(seen);
                }
                _ => {}
            }
        }
    }

    async fn print_again(&self, job: &str) -> Result<(), Failure> {
        let request =
            AgentRequest::Resolve { job: job.into(), answer: Answer::PrintAgain, by: Some("demo".into()) };
        let topic = self.client.topics().request();
        let reply = self.client.request(&topic, &request, self.client.patience()).await?;
        match reply.error {
            None => Ok(()),
            Some(error) => Err(Failure::bad(error.message)),
        }
    }

    /// Shows whatever comes next; a job's document if it was one.
    async fn next(&mut self) -> Result<Option<JobDocument>, Failure> {
        tokio::select! {
            biased;
            Some((device, paper)) = self.printers.papers.recv() => {
                self.printers.show(device, &paper, self.screen)?;
                Ok(None)
            }
            notice = self.jobs.next() => match notice {
                Notice::Message(message) => {
                    let Ok(document) = serde_json::from_slice::<JobDocument>(&message.payload) else {
                        return Ok(None);
                    };
                    let paint = self.screen.paint();
                    self.screen.print(format!("  {}", transition(&document, paint)))?;
                    Ok(Some(document))
                }
                Notice::Lost(cause) => Err(Failure::bad(format!("the demo lost its agent: {cause}"))),
                Notice::Refused(_) | Notice::Restored => Ok(None),
            }
        }
    }

    /// Shows what an example left: papers that were cut, and that of a printer without a cutter, torn off.
    async fn remaining_papers(&mut self, device: &str) -> Result<(), Failure> {
        if let Some((printer, _)) = self.printers.by_id.get(device) {
            printer.wait_state(|state| state.waiting == 0).await;
            printer.flush_paper();
        }
        // The watcher of each printer tells in its own time; what has been cut by now must be shown first.
        let due = self.printers.by_id.values().map(|(printer, _)| printer.paper_count()).sum::<usize>();
        while self.printers.written < due {
            let Some((device, paper)) = self.printers.papers.recv().await else { break };
            self.printers.show(device, &paper, self.screen)?;
        }
        Ok(())
    }

    /// Shows what others print, for ever.
    async fn follow(&mut self, args: &Args) -> Result<(), Failure> {
        let paint = self.screen.paint();
        self.screen.line(paint.tone(Tone::Strong, "\nPrint a ticket of your own:"))?;
        self.screen.line(format!(
            "  mosquitto_pub -h {} -p {} -q 1 -t {} \\\n    -m '{}'",
            args.mqtt.ip(),
            args.mqtt.port(),
            self.client.topics().device_job("kitchen"),
            r#"{"id":"my-ticket-'$(date +%s)'","kind":"print","document":{"blocks":[{"type":"text","text":"2 x SOUP","style":{"width":2,"height":2}},{"type":"cut"}]}}"#
        ))?;
        self.screen.line(paint.tone(Tone::Strong, "\nOpen the kitchen's screens in a browser:"))?;
        self.screen.line(format!(
            "  http://{0}/ shows a code; let it in with\n  outletd screens admit CODE --view kitchen --station grill --broker mqtt://{1}\n  \
             then send it an order: outletd submit grill examples/kitchen-order.json --broker mqtt://{1}",
            args.web, args.mqtt
        ))?;
        self.screen.line("\nRunning on; Ctrl-C ends it.")?;
        loop {
            self.next().await?;
        }
    }

    fn aside(&mut self, text: &str) -> Result<(), Failure> {
        let paint = self.screen.paint();
        self.screen.line(paint.tone(Tone::Faint, text))
    }
}
