//! The driver of IPP printers against CUPS' `ippeveprinter`, and its files against Poppler's readers.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};
use std::sync::{Arc, Mutex};

use outlet_devices::driver::*;
use outlet_devices::error::{DeviceError, ErrorKind};
use outlet_devices::registry;
use outlet_protocols::document::Document;
use outlet_protocols::pdf::{Setting, pdf};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::tools::program;

/// An IPP printer with its message bus, which it does not start without. Both end with it.
struct Office {
    folder: PathBuf,
    programs: Vec<Child>,
    port: u16,
}

impl Office {
    /// A printer that passes each job's file to this command.
    fn new(name: &str, command: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("outlet-ipp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the spool");
        let mut bus = Program::new(program("dbus-daemon"))
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon starts");
        let mut address = String::new();
        let said = bus.stdout.take().expect("its output");
        BufReader::new(said).read_line(&mut address).expect("dbus-daemon says its address");
        let port = free_port();
        let printer = Program::new(program("ippeveprinter"))
            .args([
                "-k",
                "-f",
                "application/pdf,image/urf",
                "-c",
                command,
                "-n",
                "localhost",
                "-r",
                "off",
                "-M",
                "Acme",
                "-m",
                "A4",
            ])
            .args(["-p", &port.to_string(), "-d", &folder.display().to_string(), "Office"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", address.trim())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ippeveprinter starts");
        Self { folder, programs: vec![bus, printer], port }
    }

    /// A driver that has connected.
    async fn driver(&self) -> Box<dyn Driver> {
        let settings = Settings {
            id: "office".into(),
            model: None,
            link: format!("ipp://localhost:{}/ipp/print", self.port),
            options: json!({ "poll_ms": 50, "answer_ms": 5_000 }),
            codes: Default::default(),
        };
        let sink = watch::channel(DeviceStatus::default()).0;
        let factory = registry::find("ipp").expect("a driver");
        let mut built = factory.build(&settings, Report::of_status(sink)).expect("right settings");
        while let Err(error) = built.driver.connect().await {
            assert!(error.message.contains("refused"), "{error}");
            tokio::task::yield_now().await;
        }
        built.driver
    }

    /// The files of jobs.
    fn spooled(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.folder).expect("the spool");
        let files = files.map(|file| file.expect("a file").path());
        files.filter(|file| file.extension().is_some_and(|end| end == "pdf")).collect()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Keeps what a later question needs.
#[derive(Default)]
struct Notes {
    baseline: Mutex<Value>,
}

impl JobContext for Notes {
    fn attempt(&self) -> u64 {
        1
    }
    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        *self.baseline.lock().expect("not poisoned") = baseline;
        Box::pin(async { Ok(()) })
    }
    fn note(&self, _: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async { Ok(()) })
    }
    fn memory(&self) -> Value {
        Value::Null
    }
    fn waiting(&self, _: Option<Waiting>) {}
    fn trace(&self, _: Direction, _: &[u8]) {}
    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// An invoice of two pages.
fn invoice() -> Document {
    let rows: Vec<Value> =
        (1..=80).map(|row| json!([row.to_string(), "Mămăligă cu brânză", "450,00"])).collect();
    let document = json!({ "blocks": [
        { "type": "text", "text": "Накладная на доставку № 118", "style": { "bold": true } },
        { "type": "table", "columns": [{ "align": "right" }, { "width": "fill" }, { "align": "right" }],
          "header": ["№", "Наименование", "Сумма"], "rows": rows },
    ]});
    Document::from_value(document).expect("a document")
}

fn job(copies: u8) -> Command {
    let work = Work::Print(Arc::new(invoice()));
    Command { job: "01JD".into(), work, copies, heading: vec!["КОПИЯ".into()] }
}

/// What a program of Poppler says of a file.
fn poppler(name: &str, file: &Path, more: &[&str]) -> String {
    let output = Program::new(program(name)).arg(file).args(more).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "it finds nothing wrong: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
#[ignore = "needs ippeveprinter and poppler-utils: ./check"]
async fn ippeveprinter_completes_a_job_and_has_its_file_byte_for_byte() {
    let office = Office::new("prints", "/bin/true");
    let mut driver = office.driver().await;
    let notes = Notes::default();
    let outcome = driver.execute(&job(3), &notes).await.expect("printed");
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert_eq!(outcome.result, json!({ "pages": 2, "copies": 3 }));

    let [file] = &office.spooled()[..] else { panic!("{:?}", office.spooled()) };
    let heading = ["КОПИЯ".to_owned()];
    let expected = pdf(&invoice(), Setting { heading: &heading, copies: 1 }).expect("a file");
    assert!(std::fs::read(file).expect("the file") == expected.bytes, "it has come as it was made");

    let attempt =
        Attempt { number: 1, baseline: notes.baseline.lock().expect("kept").clone(), evidence: Value::Null };
    let Resolution::Done(found) = driver.resolve(&job(3), &attempt).await.expect("it answers") else {
        panic!("it is in the printer's list by its name")
    };
    assert_eq!(found.confidence, Confidence::Printed);
}

#[tokio::test]
#[ignore = "needs ippeveprinter and poppler-utils: ./check"]
async fn ippeveprinter_gives_up_a_job_and_it_has_not_succeeded() {
    let office = Office::new("fails", "/bin/false");
    let mut driver = office.driver().await;
    let error = driver.execute(&job(1), &Notes::default()).await.expect_err("it failed");
    assert!(matches!(error.kind, ErrorKind::Rejected | ErrorKind::OutcomeUnknown), "{error}");
    assert!(error.message.contains("gave the job up"), "{error}");
}

#[tokio::test]
#[ignore = "needs ippeveprinter and poppler-utils: ./check"]
async fn ippeveprinter_prints_the_technicians_page() {
    let office = Office::new("tests", "/bin/true");
    let mut driver = office.driver().await;
    let report = driver.request(&Request::Test).await.expect("a report");
    assert_eq!(report["ok"], true, "{report}");
    let identity = driver.request(&Request::Identify).await.expect("an answer");
    assert_eq!(identity["identity"]["name"], "Acme A4");
}

#[test]
#[ignore = "needs ippeveprinter and poppler-utils: ./check"]
fn poppler_reads_the_text_of_every_page_of_an_invoice() {
    let heading = ["КОПИЯ".to_owned()];
    let made = pdf(&invoice(), Setting { heading: &heading, copies: 2 }).expect("a file");
    let file = std::env::temp_dir().join(format!("outlet-invoice-{}.pdf", std::process::id()));
    std::fs::write(&file, &made.bytes).expect("written");
    let about = poppler("pdfinfo", &file, &[]);
    let fonts = poppler("pdffonts", &file, &[]);
    let text = poppler("pdftotext", &file, &["-layout", "-"]);
    std::fs::remove_file(&file).expect("removed");

    assert!(about.contains("Pages:           4"), "{about}");
    assert!(about.contains("(A4)"), "{about}");
    let fonts: Vec<&str> = fonts.lines().skip(2).collect();
    assert_eq!(fonts.len(), 2, "{fonts:?}");
    for font in fonts {
        // Name, type, encoding, embedded, subset, Unicode.
        assert!(font.contains("DejaVuSansMono") && font.contains("yes yes yes"), "{font}");
    }
    let pages: Vec<&str> = text.split('\u{c}').collect();
    for (page, number) in pages.iter().zip(["1/2", "2/2", "1/2", "2/2"]) {
        assert!(page.contains("КОПИЯ") && page.contains("Наименование"), "{page}");
        assert!(page.trim_end().ends_with(number), "{page}");
    }
    assert!(pages[0].contains("Накладная на доставку № 118"));
    assert!(pages[1].contains("80   Mămăligă cu brânză") || pages[1].contains("80 Mămăligă cu brânză"));
}
