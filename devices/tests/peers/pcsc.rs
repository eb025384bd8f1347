//! The driver `rfid-reader` against pcsc-lite's pcscd, with the virtual reader of vsmartcard.
//!
//! pcscd takes its socket as systemd would give it, so that each test has its own, in a folder of its own. Its
//! client library reads the socket's name once for a process: so each test runs in a process of its own, too.
//! pcscd needs to write to /run/pcscd, and its file with its process id there is one for all: where another pcscd
//! runs on this machine, the tests refuse.

use std::ffi::CStr;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use outlet_devices::driver::{Built, DeviceStatus, Report, Request, Settings};
use outlet_devices::drivers::reader::pcsc::list;
use outlet_devices::reading::{ReadingSink, Readings};
use outlet_devices::registry;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::tools::program;

/// The facts sheet's card `Mifare[24548AAC] 1K (0004,08) 138,21540`.
const CARD: &[u8] = &[0x24, 0x54, 0x8a, 0xac];

/// A card of seven bytes, the first one NXP's (ISO/IEC 14443-3).
const LONG_CARD: &[u8] = &[0x04, 0x6b, 0x4a, 0xd2, 0x33, 0x1c, 0x80];

const LINK: &str = "pcsc://Virtual%20PCD%2000%2000";

const READER: &CStr = c"Virtual PCD 00 00";

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_card_is_told_when_it_is_held_to_the_reader_and_when_it_is_taken_away() {
    alone("a_card_is_told_when_it_is_held_to_the_reader_and_when_it_is_taken_away", async |pcscd| {
        let mut bed = Bed::connected(LINK).await;
        let card = pcscd.card(CARD);
        let came = bed.next().await;
        assert_eq!(in_short(&came), (true, Some("24548AAC")));
        assert_eq!(came["notations"]["facility_number"], "138,21540");
        drop(card);
        let went = bed.next().await;
        assert_eq!(in_short(&went), (false, Some("24548AAC")));
        assert_eq!(went["notations"], came["notations"]);
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn two_cards_one_after_the_other_and_one_of_them_again_are_each_told() {
    alone("two_cards_one_after_the_other_and_one_of_them_again_are_each_told", async |pcscd| {
        let mut bed = Bed::connected(LINK).await;
        for uid in [CARD, LONG_CARD, LONG_CARD] {
            let hex: String = uid.iter().map(|byte| format!("{byte:02X}")).collect();
            let card = pcscd.card(uid);
            assert_eq!(in_short(&bed.next().await), (true, Some(hex.as_str())));
            drop(card);
            assert_eq!(in_short(&bed.next().await), (false, Some(hex.as_str())));
        }
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_card_without_a_number_is_unusable_and_the_next_one_is_read() {
    alone("a_card_without_a_number_is_unusable_and_the_next_one_is_read", async |pcscd| {
        let mut bed = Bed::connected(LINK).await;
        // PC/SC part 3, 3.2.2.1.3: 6A 81, function not supported.
        let card = pcscd.card_answering(&[0x6a, 0x81]);
        let told = bed.next().await;
        assert_eq!((&told["type"], &told["code"]), (&json!("unusable"), &json!("unreadable")));
        assert!(told["message"].as_str().unwrap().contains("no UID"), "{told}");
        let test = bed.ask(Request::Test).await.unwrap();
        assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("card")));
        drop(card);
        let _card = pcscd.card(CARD);
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_card_that_another_program_holds_for_itself_is_read_when_it_lets_go() {
    alone("a_card_that_another_program_holds_for_itself_is_read_when_it_lets_go", async |pcscd| {
        let card = pcscd.card(CARD);
        let other = until_found();
        let held = other.connect(READER, pcsc::ShareMode::Exclusive, pcsc::Protocols::ANY).unwrap();
        let mut bed = Bed::connected(LINK).await;
        let told = bed.next().await;
        assert!(told["message"].as_str().unwrap().contains("another program"), "{told}");
        held.disconnect(pcsc::Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
        drop(card);
        assert_eq!(in_short(&bed.next().await), (false, Some("24548AAC")));
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn after_pcscd_was_killed_and_started_again_readings_go_on() {
    alone("after_pcscd_was_killed_and_started_again_readings_go_on", async |mut pcscd| {
        let mut bed = Bed::connected(LINK).await;
        let card = pcscd.card(CARD);
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
        pcscd.kill();
        let lost = bed.built.driver.idle().await.to_string();
        assert!(lost.contains("pcscd"), "{lost}");
        assert!(!bed.status.borrow().online);
        let test = bed.ask(Request::Test).await.unwrap();
        assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("pcscd")));
        let remedy = test["verdict"][0]["remedy"].as_str().unwrap();
        assert!(remedy.contains("systemctl enable --now pcscd.socket"), "{remedy}");
        drop(card);
        pcscd.start();
        // It was taken away meanwhile.
        assert_eq!(in_short(&bed.next().await), (false, Some("24548AAC")));
        let card = pcscd.card(LONG_CARD);
        assert_eq!(in_short(&bed.next().await), (true, Some("046B4AD2331C80")));
        assert!(bed.status.borrow().online);
        let status = bed.ask(Request::Status).await.unwrap();
        assert_eq!(
            (&status["card"], &status["received"]["links_lost"]),
            (&json!("046B4AD2331C80"), &json!(1))
        );
        drop(card);
        assert_eq!(in_short(&bed.next().await), (false, Some("046B4AD2331C80")));
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_card_that_stays_over_the_loss_of_pcscd_is_told_once() {
    alone("a_card_that_stays_over_the_loss_of_pcscd_is_told_once", async |mut pcscd| {
        let mut bed = Bed::connected(LINK).await;
        let card = pcscd.card(CARD);
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
        pcscd.kill();
        bed.built.driver.idle().await;
        drop(card);
        pcscd.start();
        let mut card = pcscd.card(CARD);
        // A card that lay there all the time is seen by pcscd from its start on.
        until_found();
        bed.connect().await;
        card.asked.recv().await.unwrap();
        drop(card);
        assert_eq!(in_short(&bed.next().await), (false, Some("24548AAC")));
        assert_eq!(bed.readings.len(), 0);
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_reader_that_is_not_there_is_told_so_and_used_as_soon_as_it_is() {
    alone("a_reader_that_is_not_there_is_told_so_and_used_as_soon_as_it_is", async |mut pcscd| {
        pcscd.kill();
        // vpcd's reader does not come up where its port is taken.
        let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, pcscd.port)).unwrap();
        pcscd.start();
        let mut bed = Bed::new(LINK).unwrap();
        let absent = bed.built.driver.connect().await.unwrap_err();
        assert_eq!(absent.code, "device-offline");
        assert!(absent.message.contains("there is no reader \"Virtual PCD\""), "{absent}");
        let test = bed.ask(Request::Test).await.unwrap();
        assert_eq!((&test["ok"], &test["verdict"][0]["suspect"]), (&json!(false), &json!("cable")));
        drop(taken);
        // The virtual reader comes with pcscd alone.
        pcscd.kill();
        pcscd.start();
        bed.connect().await;
        let _card = pcscd.card(CARD);
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_pcscd_that_hangs_is_told_and_used_when_it_goes_on() {
    alone("a_pcscd_that_hangs_is_told_and_used_when_it_goes_on", async |pcscd| {
        let card = pcscd.card(CARD);
        pcscd.signal("STOP");
        let mut bed = Bed::new(LINK).unwrap();
        let hangs = bed.built.driver.connect().await.unwrap_err().to_string();
        assert!(hangs.contains("does not answer") && hangs.contains("systemctl restart pcscd"), "{hangs}");
        assert_eq!(waiting_threads(), 1);
        pcscd.signal("CONT");
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
        assert_eq!(waiting_threads(), 1);
        drop(card);
        assert_eq!(in_short(&bed.next().await), (false, Some("24548AAC")));
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_name_that_fits_two_slots_is_refused_with_the_names_of_both() {
    alone("a_name_that_fits_two_slots_is_refused_with_the_names_of_both", async |_pcscd| {
        let mut bed = Bed::new("pcsc://Virtual%20PCD").unwrap();
        Bed::connected(LINK).await;
        let refused = bed.built.driver.connect().await.unwrap_err().to_string();
        assert!(refused.contains("Virtual PCD 00 00, Virtual PCD 00 01"), "{refused}");
        let listed: Vec<String> = list().into_iter().map(|reader| reader.reader).collect();
        assert_eq!(listed, ["Virtual PCD 00 00", "Virtual PCD 00 01"]);
        // The number of the reader changes with each replug; that of its slot does not.
        let mut other = Bed::connected("pcsc://Virtual%20PCD%2007%2001").await;
        let identity = other.ask(Request::Identify).await.unwrap();
        assert_eq!(identity["reader"], "Virtual PCD 00 01");
    });
}

#[test]
#[ignore = "needs pcscd and vsmartcard-vpcd"]
fn a_driver_that_is_dropped_leaves_no_thread_waiting() {
    alone("a_driver_that_is_dropped_leaves_no_thread_waiting", async |pcscd| {
        let _card = pcscd.card(CARD);
        let mut bed = Bed::connected(LINK).await;
        assert_eq!(in_short(&bed.next().await), (true, Some("24548AAC")));
        assert_eq!(waiting_threads(), 1);
        drop(bed);
        while waiting_threads() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn a_reader_of_pcsc_takes_no_options_and_no_model() {
    let with = |options| Settings { options, ..settings(LINK) };
    assert_eq!(build(&with(json!({"silence_ms": 500}))).err().unwrap().key, "options.silence_ms");
    let model = Settings { model: Some("acr122".into()), ..settings(LINK) };
    assert_eq!(build(&model).err().unwrap().key, "model");
}

fn in_short(told: &Value) -> (bool, Option<&str>) {
    assert_eq!(told["type"], "tag", "{told}");
    (told["present"].as_bool().unwrap(), told["uid"].as_str())
}

/// Waits, as another program would, until pcscd has found the card; it looks for one now and then.
fn until_found() -> pcsc::Context {
    let context = pcsc::Context::establish(pcsc::Scope::System).unwrap();
    let mut states = [pcsc::ReaderState::new(READER, pcsc::State::UNAWARE)];
    while !states[0].event_state().contains(pcsc::State::PRESENT) {
        context.get_status_change(None, &mut states).unwrap();
        states[0].sync_current_state();
    }
    context
}

fn waiting_threads() -> usize {
    let names = fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        // A thread may end while it is looked at.
        fs::read_to_string(task.ok()?.path().join("comm")).ok()
    });
    names.filter(|name| name.trim_end() == "pcsc-reader").count()
}

fn settings(link: &str) -> Settings {
    let (id, link, options) = ("reader".into(), link.to_owned(), json!({}));
    Settings { id, model: None, link, options, codes: Default::default() }
}

struct Bed {
    built: Built,
    status: watch::Receiver<DeviceStatus>,
    readings: Readings,
}

fn build(settings: &Settings) -> Result<Bed, outlet_devices::driver::SettingsError> {
    let (sink, readings) = ReadingSink::new();
    let (sender, status) = watch::channel(DeviceStatus::default());
    let report = Report { status: sender, readings: sink };
    let built = registry::find("rfid-reader").unwrap().build(settings, report)?;
    Ok(Bed { built, status, readings })
}

impl Bed {
    fn new(link: &str) -> Result<Self, outlet_devices::driver::SettingsError> {
        build(&settings(link))
    }

    async fn connected(link: &str) -> Self {
        let mut bed = Self::new(link).unwrap();
        bed.connect().await;
        bed
    }

    /// Connects as the worker does: until it succeeds.
    async fn connect(&mut self) {
        while self.built.driver.connect().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The next reading, while the driver is run as the worker runs it.
    async fn next(&mut self) -> Value {
        loop {
            tokio::select! {
                biased;
                reading = self.readings.recv() => return serde_json::to_value(reading.unwrap()).unwrap(),
                _ = self.built.driver.idle() => {}
            }
            self.connect().await;
        }
    }

    async fn ask(&mut self, request: Request) -> Result<Value, outlet_devices::DeviceError> {
        self.built.driver.request(&request).await
    }
}

/// The variable that tells pcscd's client library where the socket is.
const SOCKET: &str = "PCSCLITE_CSOCK_NAME";

/// Runs a test in a process of its own, with a pcscd of its own.
fn alone(test: &str, body: impl AsyncFnOnce(Pcscd)) {
    if let Some(socket) = std::env::var_os(SOCKET) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let body = body(Pcscd::new(socket.into()));
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(120), body).await.unwrap() });
        return;
    }
    let folder = std::env::temp_dir().join(format!("outlet-pcsc-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("pcsc::{test}"), "--ignored", "--nocapture"])
        .env(SOCKET, folder.join("comm"))
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let said = [String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)].concat();
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

/// A pcscd with a virtual reader of two slots, as vpcd has them.
struct Pcscd {
    socket: PathBuf,
    port: u16,
    running: Option<Child>,
}

impl Pcscd {
    fn new(socket: PathBuf) -> Self {
        if UnixStream::connect("/run/pcscd/pcscd.comm").is_ok() {
            panic!(
                "another pcscd runs here, and this test would overwrite its /run/pcscd/pcscd.pid: stop it for the \
                 time of the test with `systemctl stop pcscd.socket pcscd.service`"
            );
        }
        let mut pcscd = Self { socket, port: two_free_ports(), running: None };
        pcscd.configure();
        pcscd.start();
        pcscd
    }

    /// As /etc/reader.conf.d/vpcd of the package, with another port.
    fn configure(&self) {
        let driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
        assert!(fs::exists(driver).unwrap(), "vsmartcard-vpcd is not installed: run ./check");
        let folder = self.socket.with_file_name("reader.conf.d");
        fs::create_dir_all(&folder).unwrap();
        let port = self.port;
        let text = format!(
            "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {driver}\nCHANNELID 0x{port:X}\n"
        );
        fs::write(folder.join("vpcd"), text).unwrap();
    }

    /// Starts it with its socket as file 3, which is how systemd gives it (sd_listen_fds(3)).
    fn start(&mut self) {
        drop(fs::remove_file(&self.socket));
        let listener = UnixListener::bind(&self.socket).unwrap();
        let script = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
        let pcscd = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(program("pcscd"))
            .args(["--foreground", "--config"])
            .arg(self.socket.with_file_name("reader.conf.d"))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .spawn()
            .unwrap();
        self.running = Some(pcscd);
    }

    fn kill(&mut self) {
        if let Some(mut pcscd) = self.running.take() {
            pcscd.kill().unwrap();
            pcscd.wait().unwrap();
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.running.as_ref().unwrap().id().to_string();
        let done = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &pid]).status().unwrap();
        assert!(done.success());
    }

    /// Holds a card to the reader's first slot; dropped, it is taken away.
    fn card(&self, uid: &[u8]) -> Card {
        self.card_answering(&[uid, &[0x90, 0x00]].concat())
    }

    /// A card that answers so to the question for its number.
    fn card_answering(&self, answer: &[u8]) -> Card {
        Card::hold(self.port, answer.to_vec())
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn two_free_ports() -> u16 {
    loop {
        let first = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port();
        if first < u16::MAX && TcpListener::bind((Ipv4Addr::UNSPECIFIED, first + 1)).is_ok() {
            return first;
        }
    }
}

/// A virtual card, as vpcd speaks to one: each message has its length of two bytes in front, the high one first;
/// messages of one byte are orders (0 off, 1 on, 2 reset, 4 tell the ATR), others go to the card. vsmartcard,
/// *Virtual Smart Card*, "Creating a Virtual Smart Card Reader".
struct Card {
    line: TcpStream,
    thread: Option<thread::JoinHandle<()>>,
    /// Tells each time that it was asked for its number.
    asked: mpsc::UnboundedReceiver<()>,
}

/// A MIFARE Classic 1K on a reader of PC/SC: the ATR of PC/SC part 3, 3.1.3.2.3.2, with the name of its supplement.
const ATR: [u8; 20] = [
    0x3b, 0x8f, 0x80, 0x01, 0x80, 0x4f, 0x0c, 0xa0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x6a,
];

impl Card {
    fn hold(port: u16, answer: Vec<u8>) -> Self {
        let line = loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Ok(line) => break line,
                // pcscd has not started its reader yet.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("{error}"),
            }
        };
        let (tell, asked) = mpsc::unbounded_channel();
        let mut card = line.try_clone().unwrap();
        let thread = thread::spawn(move || {
            // Until it is taken away, or pcscd ends.
            while let Ok(message) = received(&mut card) {
                let is_number = message == [0xff, 0xca, 0x00, 0x00, 0x00];
                let answer = match message.as_slice() {
                    [4] => ATR.as_slice(),
                    [_] => continue,
                    _ if is_number => answer.as_slice(),
                    _ => &[0x6d, 0x00],
                };
                let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
                if card.write_all(&[&length, answer].concat()).is_err() {
                    return;
                }
                if is_number {
                    // Few tests listen.
                    let _ = tell.send(());
                }
            }
        });
        Self { line, thread: Some(thread), asked }
    }
}

fn received(card: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 2];
    card.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    card.read_exact(&mut message)?;
    Ok(message)
}

impl Drop for Card {
    fn drop(&mut self) {
        // pcscd may have hung up before.
        drop(self.line.shutdown(Shutdown::Both));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}
