//! The counter: scales and readers through the whole agent.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use outlet_simulators::display::{Display, DisplaySpec};
use outlet_simulators::reader::{BarcodeScanner, ScannerFormat, StripeFormat, StripeReader, Tracks};
use outlet_simulators::scale::{Scale, ScaleSpec};
use outletd::bus::contract::State;
use serde_json::{Value, json};
use support::{Client, Outlet, PATIENCE};

fn device(id: &str, driver: &str, model: Option<&str>, link: &str) -> String {
    let model = model.map(|model| format!("model = {model:?}\n")).unwrap_or_default();
    format!("[[device]]\nid = {id:?}\ndriver = {driver:?}\n{model}link = {link:?}\n")
}

async fn scale_on_tcp() -> (Scale, String) {
    let scale = Scale::new(ScaleSpec::cas());
    let addr = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let toml = device("scale", "scale", Some("cas"), &format!("tcp://{addr}"));
    (scale, format!("{toml}[device.options]\npoll_ms = 20\n"))
}

/// The next reading of a device that fits.
async fn reading(client: &mut Client, device: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let topic = client.topics.device_reading(device);
    client.next(|seen, value| seen == topic && fits(value)).await.1
}

async fn ask(client: &mut Client, device: &str, request: Value) -> Value {
    let topic = client.topics.device_request(device);
    client.ask(&topic, request).await
}

fn weighs(value: &Value, kilograms: &str) -> bool {
    value["type"] == "weight" && value["stable"] == true && value["weight"]["value"] == kilograms
}

#[tokio::test]
async fn each_new_weight_at_rest_is_published_with_a_growing_number() {
    let (scale, toml) = scale_on_tcp().await;
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    client.device("scale", "ready").await;
    scale.put(1550);
    let first = reading(&mut client, "scale", |value| weighs(value, "1.550")).await;
    scale.take_away();
    let second = reading(&mut client, "scale", |value| weighs(value, "0.000")).await;
    assert!(first["seq"].as_u64() < second["seq"].as_u64(), "{first} {second}");
    assert_eq!((&second["zero"], &first["weight"]["unit"]), (&json!(true), &json!("kg")));
}

#[tokio::test]
async fn a_till_weighs_counts_and_sets_the_tare() {
    let (scale, toml) = scale_on_tcp().await;
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    client.device("scale", "ready").await;
    scale.put(1030);
    let weighed = ask(&mut client, "scale", json!({"op": "weigh"})).await;
    assert_eq!(weighed["result"]["kg"], "1.030", "{weighed:#}");
    // A bottle of 0.48 kg that holds 0.75 l when it weighs 1.23 kg: 0.55 l are left.
    let count = json!({"op": "count", "tare": "0.480", "gross": "1.230", "in_pack": "0.75"});
    let counted = ask(&mut client, "scale", count).await;
    assert_eq!(counted["ok"], true, "{counted:#}");
    assert!(counted["result"].to_string().contains("0.55"), "{counted:#}");
    scale.moving(true);
    let refused = ask(&mut client, "scale", json!({"op": "weigh", "timeout_ms": 200})).await;
    assert_eq!(refused["error"]["code"], "not-stable", "{refused:#}");
    let wrong = ask(&mut client, "scale", json!({"op": "weigh", "timeout": 200})).await;
    assert_eq!(wrong["error"]["code"], "invalid-request", "{wrong:#}");
}

#[tokio::test]
async fn while_somebody_watches_every_reading_is_published_also_in_motion() {
    let (scale, toml) = scale_on_tcp().await;
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    client.device("scale", "ready").await;
    scale.put(700);
    scale.moving(true);
    let started = ask(&mut client, "scale", json!({"op": "live", "for_s": 60})).await;
    assert_eq!(started["ok"], true, "{started:#}");
    for _ in 0..3 {
        let live = reading(&mut client, "scale", |value| value["live"] == true).await;
        assert_eq!(live["stable"], false, "{live}");
    }
}

#[tokio::test]
async fn a_scale_that_is_unplugged_is_offline_and_goes_on_when_it_is_back() {
    let (scale, toml) = scale_on_tcp().await;
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    client.device("scale", "ready").await;
    scale.unplug();
    client.device("scale", "offline").await;
    scale.put(250);
    scale.plug_in();
    reading(&mut client, "scale", |value| weighs(value, "0.250")).await;
}

#[tokio::test]
async fn a_scanned_weight_barcode_is_told_with_its_item_by_the_outlets_prefixes() {
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let addr = scanner.line().serve_tcp("127.0.0.1:0").await.unwrap();
    let toml = device("scanner", "scanner", None, &format!("tcp://{addr}"));
    let outlet =
        Outlet::open_with(Vec::new(), &format!("[codes]\nweight_prefixes = [\"20\", \"22\"]\n{toml}")).await;
    let mut client = outlet.client().await;
    client.device("scanner", "ready").await;
    scanner.scan("2012345015500");
    let code = reading(&mut client, "scanner", |value| value["type"] == "code").await;
    assert_eq!((&code["text"], &code["meaning"]["code"]), (&json!("2012345015500"), &json!("12345")));
    assert_eq!(code["meaning"]["quantity"]["value"], "1.550", "{code:#}");
    // The same with another digit at its end.
    scanner.scan("2012345015501");
    let wrong = reading(&mut client, "scanner", |value| value["type"] == "code").await;
    assert_eq!(wrong["meaning"]["type"], "wrong", "{wrong:#}");
    assert!(wrong["meaning"].get("quantity").is_none(), "{wrong:#}");
}

#[tokio::test]
async fn a_guest_sees_what_the_till_shows() {
    let display = Display::new(DisplaySpec::cd5220());
    let addr = display.serve_tcp("127.0.0.1:0").await.unwrap();
    let toml = device("guest", "display", Some("cd5220"), &format!("tcp://{addr}"));
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    let lines = json!({"lines": ["Cappuccino\t2.50", "Total\t12.40"]});
    client.submit("guest", &json!({"id": "show-1", "kind": "display", "document": lines})).await;
    let end = client.end("show-1", PATIENCE).await;
    assert_eq!(end.state, State::Succeeded, "{end:#?}");
    display.wait_screen("Cappuccino      2.50", "Total          12.40").await;
    let wrong = json!({"lines": ["1"], "colour": "red"});
    client.submit("guest", &json!({"id": "show-2", "kind": "display", "document": wrong})).await;
    let end = client.end("show-2", PATIENCE).await;
    assert!(end.error.unwrap().message.contains("colour"));
}

/// All that the agent of this process logs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(move || writer.clone());
        subscriber.init();
        log
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_a_bank_card_is_in_no_topic_no_log_and_not_in_the_journal() {
    const NUMBER: &str = "4111111111111111";
    let log = log();
    let reader = StripeReader::new(StripeFormat::Plain { lrc: true });
    let scanner = BarcodeScanner::new(ScannerFormat::default());
    let cards = reader.line().serve_tcp("127.0.0.1:0").await.unwrap();
    let codes = scanner.line().serve_tcp("127.0.0.1:0").await.unwrap();
    let toml = [
        device("cards", "card-reader", None, &format!("tcp://{cards}")),
        device("scanner", "scanner", None, &format!("tcp://{codes}")),
    ];
    let mut outlet = Outlet::open_with(Vec::new(), &toml.concat()).await;
    let mut client = outlet.client().await;
    client.device("cards", "ready").await;
    let mut told = Vec::new();
    reader.swipe(&Tracks::new(
        &format!("%B{NUMBER}^IONOVA/ANNA^25121010000000000000?"),
        &format!(";{NUMBER}=25121010000000000000?"),
        "",
    ));
    let card = reading(&mut client, "cards", |value| value["type"] == "card").await;
    assert_eq!((&card["kind"], &card["masked"]), (&json!("bank"), &json!("411111******1111")), "{card:#}");
    told.push(card);
    // The same card through a scanner that has a stripe reader, and a number typed in the open.
    scanner.scan(format!(";{NUMBER}=25121010000000000000?"));
    told.push(reading(&mut client, "scanner", |value| value["type"] != "unusable").await);
    for device in ["cards", "scanner"] {
        for op in ["status", "identify", "test"] {
            told.push(ask(&mut client, device, json!({"op": op})).await);
        }
    }
    told.push(client.ask_agent(json!({"op": "diagnose"})).await);
    told.push(client.ask_agent(json!({"op": "replay", "from": 0})).await);
    // While the agent runs its files stay: the journal, its log, the configuration.
    assert_in_no_file(outlet.folder.path(), NUMBER.as_bytes());
    outlet.stop().await;
    let told = Value::from(told).to_string();
    assert!(!told.contains(NUMBER) && !told.contains("IONOVA"), "{told}");
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(!logged.is_empty(), "the log is not caught");
    assert!(!logged.contains(NUMBER), "the log has it");
}

fn assert_in_no_file(folder: &Path, wanted: &[u8]) {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_in_no_file(&path, wanted);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(wanted.len()).any(|part| part == wanted), "{}", path.display());
        files += 1;
    }
    assert!(files > 0, "{} is empty", folder.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technician_watches_a_scale_live_from_the_command_line() {
    let (scale, toml) = scale_on_tcp().await;
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    client.device("scale", "ready").await;
    scale.put(1550);
    let broker = format!("mqtt://{}", outlet.mqtt_addr());
    let watched = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outletd"));
        command.args(["watch", "scale", "--for", "2", "--broker", &broker, "--outlet", "test"]);
        command.stdin(Stdio::null()).output().unwrap()
    });
    let output = watched.await.unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problems}");
    assert!(shown.lines().count() > 3 && shown.contains("1.550 kg"), "{shown}\n{problems}");
}
