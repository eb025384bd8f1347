//! Fiscal tasks through the whole agent, on each kind of register.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/register.rs"]
mod register;
mod support;

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use outlet_protocols::fiscal::Tag;
use outlet_simulators::register::{DocumentKind, Fault, Moment, What};
use outletd::bus::contract::{JobDocument, State};
use register::{KINDS, Kind, Till, bears, fiscal, kinds};
use serde_json::{Value, json};
use support::{Client, Outlet, PATIENCE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A till, its agent and a client.
struct Counter {
    till: Till,
    client: Client,
    outlet: Outlet,
    jobs: u32,
}

impl Counter {
    async fn open(kind: Kind) -> Self {
        Self::open_with(kind, "").await
    }

    /// With more options of the device.
    async fn open_with(kind: Kind, options: &str) -> Self {
        let mut till = Till::new(kind, "till").await;
        till.more.push_str(options);
        let outlet = Outlet::open_with(Vec::new(), &till.toml()).await;
        let client = outlet.client().await;
        Self { till, client, outlet, jobs: 0 }
    }

    /// Submits a task and waits for its end.
    async fn end(&mut self, task: &Value) -> JobDocument {
        self.jobs += 1;
        let id = format!("job-{}", self.jobs);
        self.client.submit("till", &fiscal(&id, task)).await;
        self.client.end(&id, PATIENCE).await
    }

    /// The same, with a good end; its result.
    async fn done(&mut self, task: &Value) -> Value {
        let end = self.end(task).await;
        assert_eq!(end.state, State::Succeeded, "{} {task}: {end:#?}", self.till.kind.name);
        end.result.unwrap_or_default()
    }

    async fn open_shift(&mut self) {
        let end = self.end(&json!({"type": "openShift"})).await;
        // Datecs opens it with the first receipt.
        let needless = end.error.as_ref().is_some_and(|error| error.code == "unsupported");
        assert!(end.state == State::Succeeded || needless, "{}: {end:#?}", self.till.kind.name);
    }

    /// Which tasks the device document lists.
    async fn abilities(&mut self) -> Vec<String> {
        let told = self.client.ask_agent(json!({"op": "diagnose"})).await;
        let list = told["result"]["devices"][0]["description"]["capabilities"].as_array().unwrap().clone();
        list.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_answered_with_number_sign_date_shift_storage_and_total() {
    for kind in kinds() {
        let mut counter = Counter::open(kind).await;
        counter.open_shift().await;
        let receipt = counter.till.receipt();
        let end = counter.end(&receipt).await;
        assert_eq!(end.state, State::Succeeded, "{}: {end:#?}", kind.name);
        let params = &end.result.as_ref().unwrap()["fiscalParams"];
        let stored = counter.till.receipts().pop().unwrap();
        assert_eq!(params["fiscalDocumentNumber"], stored.number, "{}", kind.name);
        assert_eq!(params["total"], "8.61", "{}", kind.name);
        for field in
            ["fiscalDocumentSign", "fiscalDocumentDateTime", "fiscalReceiptNumber", "shiftNumber", "fnNumber"]
        {
            // Datecs of the series P tells no shift.
            let absent_in_family = kind.name == "datecs-p" && field == "shiftNumber";
            assert!(!params[field].is_null() || absent_in_family, "{}: no {field} in {params}", kind.name);
        }
        assert!(
            bears(&stored, &Tag::new(&end.job, attempt_of(&mut counter.client, &end.job).await)),
            "{}",
            kind.name
        );
        assert_eq!(stored.items.len(), 3);
        assert!(
            counter.till.register.violations().is_empty(),
            "{}: {:?}",
            kind.name,
            counter.till.register.violations()
        );
    }
}

async fn attempt_of(client: &mut Client, job: &str) -> u32 {
    let told = client.ask_agent(json!({"op": "get", "job": job})).await;
    told["result"]["attempts"].as_array().unwrap().last().unwrap()["number"].as_u64().unwrap() as u32
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_example_is_done_by_every_register_that_has_the_task_and_refused_as_unsupported_by_the_others() {
    let mut done = 0;
    for kind in kinds() {
        let mut counter = Counter::open(kind).await;
        let abilities = counter.abilities().await;
        let mut shift = Some(());
        for (name, example) in in_a_sensible_order(examples()) {
            let task = &example["document"];
            let word = task["type"].as_str().unwrap();
            if word != "openShift" && shift.take().is_some() {
                counter.open_shift().await;
                counter.done(&json!({"type": "cashIn", "cashSum": 100_000.00})).await;
            }
            if word == "printLastReceiptCopy" {
                // Some registers copy only what was printed right before.
                let receipt = counter.till.receipt();
                counter.done(&receipt).await;
            }
            let end = counter.end(task).await;
            let place = format!("{} {name}", kind.name);
            match end.state {
                State::Succeeded => {
                    assert!(abilities.iter().any(|able| able == word), "{place}: not in {abilities:?}");
                    done += 1;
                }
                State::Rejected => {
                    let error = end.error.unwrap();
                    // A return on Datecs has to name the receipt that it takes back; a code page has its letters.
                    let of_field = ["original's QR code", "which page cp1251 lacks"];
                    let field = of_field.iter().any(|words| error.message.contains(words));
                    assert!(error.code == "unsupported" || field, "{place}: {}", error.message);
                }
                // There is nothing to go on with, no code was checked, no such document is in a new storage.
                State::Failed if may_fail(word) => {
                    assert!(!end.error.unwrap().message.is_empty(), "{place}");
                }
                other => panic!("{place} ended as {other}: {end:#?}"),
            }
        }
        assert!(
            counter.till.register.violations().is_empty(),
            "{}: {:?}",
            kind.name,
            counter.till.register.violations()
        );
        if let Ok(folder) = std::env::var("OUTLETD_KEEP_PAPER") {
            keep_papers(&counter.till, Path::new(&folder));
        }
    }
    let _ = writeln!(std::io::stderr(), "{done} examples done on {} kinds of registers", kinds().len());
    assert!(done >= 9 * kinds().len(), "{done}");
}

fn may_fail(word: &str) -> bool {
    matches!(word, "continuePrint" | "getFnDocument") || word.contains("arking")
}

fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fiscal");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    paths.iter().map(read).collect()
}

/// The shift is opened first and closed last; the clock is set when it is closed.
fn in_a_sensible_order(mut examples: Vec<(String, Value)>) -> Vec<(String, Value)> {
    examples.sort_by_key(|(name, _)| match name.as_str() {
        "open-shift" => 0,
        "close-shift" => 2,
        "set-date-time" => 3,
        _ => 1,
    });
    // Opened by the test itself before the first other one.
    examples.retain(|(name, _)| name != "open-shift");
    examples
}

fn keep_papers(till: &Till, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (paper, number) in till.register.papers().iter().zip(1..) {
        fs::write(folder.join(format!("{}-{number:02}.txt", till.kind.name)), paper.text()).unwrap();
        fs::write(folder.join(format!("{}-{number:02}.png", till.kind.name)), paper.png().unwrap()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_without_an_open_shift_is_refused_unless_the_configuration_opens_it() {
    for kind in kinds() {
        let mut counter = Counter::open(kind).await;
        let receipt = counter.till.receipt();
        let end = counter.end(&receipt).await;
        // Some registers open it by themselves, and tell no shift before.
        if end.state != State::Succeeded {
            assert_eq!(end.error.unwrap().code, "shift-closed", "{}", kind.name);
        }
        let mut counter = Counter::open_with(kind, "open_shift = true\n").await;
        counter.done(&receipt).await;
        assert_eq!(counter.till.receipts().len(), 1, "{}", kind.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_receipt_is_in_doubt_money_waits_and_questions_are_answered() {
    for kind in kinds() {
        let mut counter = Counter::open_with(kind, "doubt_after_s = 1\n").await;
        counter.open_shift().await;
        let receipt = counter.till.receipt();
        // The register is gone after the receipt has begun, and does not come back.
        let register = counter.till.register.clone();
        let begun = Moment::Of { frame: kind.opening.to_owned(), what: What::Executed };
        register.plan(begun, Fault::PowerOff { back_after: None });
        let end = counter.end(&receipt).await;
        assert_eq!(end.state, State::Uncertain, "{}: {end:#?}", kind.name);
        assert!(end.evidence.is_some(), "{}", kind.name);
        counter.client.submit("till", &fiscal("next", &receipt)).await;
        counter.client.job("next", State::Waiting).await;
        counter.client.submit("till", &fiscal("question", &json!({"type": "getDeviceStatus"}))).await;
        // Back again, it is asked what it has: the doubt is over by itself, and the next receipt goes on.
        register.power_on();
        let question = counter.client.end("question", PATIENCE).await;
        assert_eq!(question.state, State::Succeeded, "{}: {question:#?}", kind.name);
        let next = counter.client.end("next", PATIENCE).await;
        assert_eq!(next.state, State::Succeeded, "{}: {next:#?}", kind.name);
        let first = counter.client.ask_agent(json!({"op": "get", "job": end.job})).await;
        let state = first["result"]["job"]["state"].as_str().unwrap().to_owned();
        let receipts = counter.till.receipts().len();
        match state.as_str() {
            "succeeded" => assert_eq!(receipts, 2, "{}", kind.name),
            "failed" => assert_eq!(receipts, 1, "{}", kind.name),
            other => panic!("{}: {other}: {first:#}", kind.name),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_split_over_two_registers_goes_on_at_one_while_the_other_is_dead() {
    let (bar, kitchen) = (Till::new(KINDS[0], "bar").await, Till::new(KINDS[5], "kitchen").await);
    let toml = format!("{}{}", bar.toml(), kitchen.toml());
    let outlet = Outlet::open_with(Vec::new(), &toml).await;
    let mut client = outlet.client().await;
    for device in ["bar", "kitchen"] {
        let id = format!("open-{device}");
        client.submit(device, &fiscal(&id, &json!({"type": "openShift"}))).await;
        assert_eq!(client.end(&id, PATIENCE).await.state, State::Succeeded);
    }
    bar.register.power_off();
    client.submit("bar", &fiscal("drinks", &bar.receipt())).await;
    for number in 1..=5 {
        let id = format!("dishes-{number}");
        client.submit("kitchen", &fiscal(&id, &kitchen.receipt())).await;
        assert_eq!(client.end(&id, PATIENCE).await.state, State::Succeeded);
    }
    assert_eq!((bar.receipts().len(), kitchen.receipts().len()), (0, 5));
    bar.register.power_on();
    assert_eq!(client.end("drinks", PATIENCE).await.state, State::Succeeded);
    assert_eq!((bar.receipts().len(), kitchen.receipts().len()), (1, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_refused_with_its_field_before_anything_reaches_the_register() {
    let till = Till::new(KINDS[0], "till").await;
    let outlet = Outlet::open_with(Vec::new(), &till.toml()).await;
    let mut client = outlet.client().await;
    client.device("till", "ready").await;
    let before = till.register.moments();
    let good = till.receipt();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad
    };
    let many: Vec<Value> = (0..1_001).map(|_| good["items"][1].clone()).collect();
    let cases = [
        ("total", with(&|bad| bad["total"] = json!(8.60))),
        ("payments", with(&|bad| bad["payments"][0]["sum"] = json!(9.00))),
        ("items[0].name", with(&|bad| bad["items"][0]["name"] = json!("x".repeat(129)))),
        ("items[0].tax.type", with(&|bad| bad["items"][0]["tax"]["type"] = json!("vat13"))),
        ("items[0].quantity", with(&|bad| bad["items"][0]["quantity"] = json!(-2))),
        ("items", with(&|bad| bad["items"] = json!([]))),
        ("items", with(&|bad| bad["items"] = json!(many))),
        (
            "items[0].imcParams",
            with(&|bad| {
                // 0104604060006000 21 and a serial, then 91 without the separator before it.
                bad["items"][0]["imcParams"] = json!({"imcType": "auto", "imc": "MDEwNDYwNDA2MDAwNjAwMDIxTjRONTdSU0NCVVpUUTkxMDAzQTkyZA==",
                "itemEstimatedStatus": "itemPieceSold", "imcModeProcessing": 0});
                bad["items"][0]["paymentObject"] = json!("commodityWithMarking");
            }),
        ),
    ];
    for ((field, bad), number) in cases.into_iter().zip(1..) {
        let id = format!("bad-{number}");
        client.submit("till", &fiscal(&id, &bad)).await;
        let end = client.end(&id, PATIENCE).await;
        assert_eq!(end.state, State::Rejected, "{field}: {end:#?}");
        let error = end.error.unwrap();
        assert!(error.message.contains(field), "{field}: {}", error.message);
        assert!(
            ["invalid-request", "unsupported", "too-large"].contains(&error.code.as_str()),
            "{}",
            error.code
        );
    }
    assert_eq!(till.register.moments(), before, "something reached the register");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_that_speaks_to_the_web_server_of_atol_gets_its_receipt_from_any_register() {
    for kind in kinds() {
        let till = Till::new(kind, "till").await;
        let token = "a-token-of-32-characters-at-least";
        let http =
            format!("[http]\nlisten = \"127.0.0.1:0\"\ntoken = {token:?}\ndefault_device = \"till\"\n");
        let devices = till.toml().replace(kind.options, &format!("open_shift = true\n{}", kind.options));
        let outlet = Outlet::open_with(Vec::new(), &format!("{http}{devices}")).await;
        let mut client = outlet.client().await;
        let uuid = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
        let body = json!({"uuid": uuid, "request": [till.receipt()]}).to_string();
        let posted = http_request(outlet.http_addr(), token, "POST", "/api/v2/requests", &body).await;
        assert!(posted.starts_with("HTTP/1.1 201"), "{}: {posted}", kind.name);
        assert_eq!(client.end(uuid, PATIENCE).await.state, State::Succeeded, "{}", kind.name);
        let path = format!("/api/v2/requests/{uuid}");
        let got = http_request(outlet.http_addr(), token, "GET", &path, "").await;
        let body: Value = serde_json::from_str(got.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["results"][0]["status"], "ready", "{}: {body:#}", kind.name);
        let params = &body["results"][0]["result"]["fiscalParams"];
        assert_eq!(params["fiscalDocumentNumber"], till.receipts()[0].number, "{}", kind.name);
        assert_eq!(params["total"], 8.61, "{}", kind.name);
    }
}

async fn http_request(addr: SocketAddr, token: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_technicians_test_moves_no_money_and_prints_nothing() {
    for kind in kinds() {
        let mut counter = Counter::open(kind).await;
        counter.till.register.set_clock(jiff::Zoned::now().datetime());
        counter.open_shift().await;
        let (papers, documents) =
            (counter.till.register.papers().len(), counter.till.register.documents().len());
        let topic = counter.client.topics.device_request("till");
        let told = counter.client.ask(&topic, json!({"op": "test"})).await;
        let result = &told["result"];
        assert_eq!(result["ok"], true, "{}: {told:#}", kind.name);
        // Datecs opens it with the first receipt.
        if kind.driver != "datecs" {
            assert_eq!(result["register"]["state"]["shift"]["state"], "opened", "{}: {told:#}", kind.name);
        }
        assert!(result["register"]["quality"]["median_ms"].is_number(), "{}: {told:#}", kind.name);
        assert_eq!(counter.till.register.papers().len(), papers, "{}", kind.name);
        assert_eq!(counter.till.register.documents().len(), documents, "{}", kind.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_that_somebody_else_has_moved_are_refused_until_a_person_accepts_them() {
    let mut counter = Counter::open(KINDS[0]).await;
    counter.open_shift().await;
    let receipt = counter.till.receipt();
    counter.done(&receipt).await;
    // Another program puts cash into the drawer: 50, password 1, 10.00.
    counter.outlet.stop().await;
    let cash_in = [0x02, 0x0a, 0x50, 1, 0, 0, 0, 0xe8, 0x03, 0, 0, 0];
    let lrc = cash_in[1..].iter().fold(0, |sum, byte| sum ^ byte);
    counter.till.register.feed(&[0x05]);
    counter.till.register.feed(&[&cash_in[..], &[lrc]].concat());
    counter.till.register.feed(&[0x06]);
    counter.outlet.start().await;
    counter.client = counter.outlet.client().await;
    let end = counter.end(&receipt).await;
    let error = end.error.unwrap();
    assert_eq!((end.state, error.code.as_str()), (State::Failed, "sums-differ"), "{}", error.message);
    let topic = counter.client.topics.device_request("till");
    counter.client.ask(&topic, json!({"op": "accept-sums"})).await;
    counter.done(&receipt).await;
    counter.done(&receipt).await;
    let kinds = counter.till.register.documents();
    assert_eq!(kinds.iter().filter(|document| document.kind == DocumentKind::Sale).count(), 3);
}
