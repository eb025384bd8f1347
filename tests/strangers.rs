//! What strangers can't do, and what is known of those who try.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/process.rs"]
mod process;
#[path = "support/register.rs"]
mod register;
mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use outletd::bus::contract::State::{Accepted, Rejected, Succeeded};
use process::{Options, Process};
use register::Till;
use rumqttc::v5::{AsyncClient, MqttOptions};
use serde_json::{Value, json};
use support::{Client, Outlet, PATIENCE, kitchen, ticket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A till that may print, and an office that may decide.
const USERS: &str = r##"
[rights]
anonymous = []
[rights.users]
till = ["print"]
office = ["print", "manage"]
service = ["technician"]
[[embedded.users]]
name = "till"
password = "a till's password"
publish = ["#"]
subscribe = ["#"]
[[embedded.users]]
name = "office"
password = "an office's password"
publish = ["#"]
subscribe = ["#"]
[[embedded.users]]
name = "service"
password = "a technician's password"
publish = ["#"]
subscribe = ["#"]
"##;

#[tokio::test]
async fn a_client_that_sends_too_much_is_told_to_slow_down_and_no_other_is() {
    let limits = "[limits]\nmessages_per_s = 1\nburst = 20\n";
    let outlet = Outlet::open_with(vec![kitchen().await], limits).await;
    let mut flood = Client::connect(outlet.mqtt_addr(), "flood").await;
    for number in 0..100 {
        flood.submit("kitchen", &ticket(&format!("flood-{number}"), "SOUP")).await;
    }
    let (topic, refused) = flood.next(|_, value| value["error"]["code"] == "throttled").await;
    assert_eq!((&refused["state"], &refused["error"]["retryable"]), (&json!("rejected"), &json!(true)));
    assert!(topic.contains("/job/flood-"), "{topic}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("[limits]"), "{refused}");
    let mut till = Client::connect(outlet.mqtt_addr(), "till").await;
    till.submit("kitchen", &ticket("01JA", "TEA")).await;
    till.job("01JA", Accepted).await;
    till.job("01JA", Succeeded).await;
}

#[tokio::test]
async fn a_job_and_its_entries_of_the_feed_bear_the_user_who_signed_in() {
    let outlet = Outlet::open_with(vec![kitchen().await], USERS).await;
    let mut till = Client::sign_in(outlet.mqtt_addr(), "pos-1", "till", "a till's password").await;
    let mut job = ticket("01JA", "SOUP");
    job["by"] = json!("Anna");
    till.submit("kitchen", &job).await;
    let done = till.job("01JA", Succeeded).await;
    assert_eq!((done.user.as_deref(), done.by.as_deref()), (Some("till"), Some("Anna")));
    let mut office = Client::sign_in(outlet.mqtt_addr(), "pc-1", "office", "an office's password").await;
    let reply = office.ask_agent(json!({"op": "replay", "from": 1})).await;
    let events = reply["result"]["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["job"]["user"] == "till"), "{events:?}");
}

#[tokio::test]
async fn what_is_decided_and_what_is_forbidden_stands_in_the_feed_with_who_it_was() {
    let outlet = Outlet::open_with(vec![kitchen().await], USERS).await;
    let mut till = Client::sign_in(outlet.mqtt_addr(), "pos-1", "till", "a till's password").await;
    let reply = till.ask_agent(json!({"op": "list"})).await;
    assert_eq!(reply["error"]["code"], "forbidden");
    let audit = audited(&mut till, "list").await;
    assert_eq!((&audit["user"], &audit["client"]), (&json!("till"), &json!("pos-1")));
    assert_eq!(audit["refused"], "forbidden");

    till.submit("kitchen", &json!({"id": "01JD", "kind": "drawer"})).await;
    till.job("01JD", Rejected).await;
    let audit = audited(&mut till, "submit").await;
    assert_eq!((&audit["target"], &audit["user"]), (&json!("01JD on kitchen"), &json!("till")));

    let mut office = Client::sign_in(outlet.mqtt_addr(), "pc-1", "office", "an office's password").await;
    let topic = office.topics.device_request("kitchen");
    let mut service =
        Client::sign_in(outlet.mqtt_addr(), "laptop", "service", "a technician's password").await;
    service.ask(&topic, json!({"op": "test"})).await;
    let audit = audited(&mut office, "test").await;
    assert_eq!((&audit["target"], &audit["user"]), (&json!("kitchen"), &json!("service")));
    assert_eq!(audit.get("refused"), None);
    // Before the audit was asked for, nothing was recorded of what only asks.
    let reply = office.ask_agent(json!({"op": "replay", "from": 1})).await;
    let events = reply["result"]["events"].as_array().unwrap();
    let actions: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "audit").map(|event| &event["action"]).collect();
    assert_eq!(actions, ["list", "submit", "test"]);
}

#[tokio::test]
async fn a_manager_decides_on_jobs_and_a_technician_looks_into_devices_and_neither_does_the_others_work() {
    let outlet = Outlet::open_with(vec![kitchen().await], USERS).await;
    let mut office = Client::sign_in(outlet.mqtt_addr(), "pc-1", "office", "an office's password").await;
    let mut service =
        Client::sign_in(outlet.mqtt_addr(), "laptop", "service", "a technician's password").await;
    office.submit("kitchen", &ticket("01JA", "SOUP")).await;
    office.job("01JA", Succeeded).await;
    let of_both = [
        (json!({"op": "get", "job": "01JA"}), "manage"),
        (json!({"op": "list"}), "manage"),
        (json!({"op": "replay", "from": 1}), "manage"),
        (json!({"op": "get", "job": "01JA", "trace": true}), "technician"),
        (json!({"op": "diagnose"}), "technician"),
    ];
    for (request, right) in of_both {
        let (may, may_not) =
            if right == "manage" { (&mut office, &mut service) } else { (&mut service, &mut office) };
        let reply = may.ask_agent(request.clone()).await;
        assert_eq!(reply["ok"], true, "{request}: {reply}");
        let reply = may_not.ask_agent(request.clone()).await;
        assert_eq!(reply["error"]["code"], "forbidden", "{request}: {reply}");
        assert!(reply["error"]["message"].as_str().unwrap().contains(right), "{request}: {reply}");
    }
    let topic = office.topics.device_request("kitchen");
    assert_eq!(office.ask(&topic, json!({"op": "status"})).await["ok"], true);
    assert_eq!(office.ask(&topic, json!({"op": "identify"})).await["error"]["code"], "forbidden");
    assert_eq!(service.ask(&topic, json!({"op": "identify"})).await["ok"], true);
}

#[tokio::test]
async fn who_was_not_let_in_stands_in_the_feed() {
    let outlet = Outlet::open_with(vec![kitchen().await], USERS).await;
    let mut office = Client::sign_in(outlet.mqtt_addr(), "pc-1", "office", "an office's password").await;
    let addr = outlet.mqtt_addr();
    let mut options = MqttOptions::new("guess", addr.ip().to_string(), addr.port());
    options.set_credentials("office", "wrong");
    let (_client, mut events) = AsyncClient::new(options, 4);
    assert!(events.poll().await.is_err(), "it is not let in");
    let audit = audited(&mut office, "sign-in").await;
    assert_eq!((&audit["user"], &audit["client"]), (&json!("office"), &json!("guess")));
    assert!(audit["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{audit}");
    assert_eq!(audit["target"], "broker", "the door");

    // With a password of its own, but under the id of another user's client.
    let mut options = MqttOptions::new("pc-1", addr.ip().to_string(), addr.port());
    options.set_credentials("till", "a till's password");
    let (_client, mut events) = AsyncClient::new(options, 4);
    assert!(events.poll().await.is_err(), "it is not let in");
    let audit = audited(&mut office, "sign-in").await;
    assert_eq!((&audit["user"], &audit["client"]), (&json!("till"), &json!("pc-1")));
}

#[tokio::test]
async fn who_is_not_let_in_over_http_stands_in_the_feed_and_a_flood_of_them_does_not() {
    let outlet = Outlet::open_with(vec![kitchen().await], HTTP).await;
    let mut till = outlet.client().await;
    let addr = outlet.http_addr();
    assert_eq!(ask(addr, "/api/v2/requests/a", &["Host: localhost"]).await.status, 401);
    let guess = ["Host: localhost", "Authorization: Bearer a-wrong-guess"];
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(ask(addr, "/api/v2/requests/a", &guess).await.status);
    }
    assert_eq!((&statuses[..10], &statuses[10..]), (&[401; 10][..], &[429; 20][..]));
    let late = ask(addr, "/api/v2/requests/a", &guess).await;
    assert!(late.body.contains("[http] token") && late.body.contains("wait a minute"), "{}", late.body);
    let right = ["Host: localhost", "Authorization: Bearer Wq7-token-of-a-program"];
    let answer = ask(addr, "/api/v2/requests/a", &right).await;
    assert_eq!(answer.status, 404, "one program's mistake shuts no other out: {}", answer.body);
    assert_eq!(ask(addr, "/", &["Host: evil.example"]).await.status, 403);

    let audit = audited(&mut till, "sign-in").await;
    assert_eq!((&audit["target"], &audit["refused"]), (&json!("http"), &json!("forbidden")));
    assert!(audit["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{audit}");
    // Once this is on disk, so is what was recorded before it.
    till.submit("kitchen", &ticket("01JA", "SOUP")).await;
    till.job("01JA", Accepted).await;
    let reply = till.ask_agent(json!({"op": "replay", "from": 1})).await;
    let events = reply["result"]["events"].as_array().unwrap();
    let recorded = events.iter().filter(|event| event["action"] == "sign-in").count();
    assert_eq!(recorded, 10, "ten a minute");
    assert!(!reply.to_string().contains("a-wrong-guess"), "{reply}");
}

#[tokio::test]
async fn every_answer_of_every_door_tells_browsers_to_keep_away() {
    let outlet = Outlet::open_with(vec![kitchen().await], HTTP).await;
    let programs = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ];
    let pages = [("content-security-policy", "frame-ancestors 'none'"), ("referrer-policy", "same-origin")];
    let (here, token) = ("Host: localhost", "Authorization: Bearer Wq7-token-of-a-program");
    let (http, metrics, screens) = (outlet.http_addr(), outlet.metrics_addr(), outlet.screens_addr());
    for (addr, path, headers, status, wanted) in [
        (http, "/api/v2/requests/a", &[here, token][..], 404, &programs[..]),
        (http, "/nothing", &[here, token], 404, &programs),
        (http, "/api/v2/requests", &[here, token], 405, &programs),
        (http, "/", &[here], 401, &programs),
        (http, "/", &["Host: evil.example", token], 403, &programs),
        (metrics, "/metrics", &[here], 200, &programs),
        (metrics, "/health", &[here], 200, &programs),
        (metrics, "/nothing", &[here], 404, &programs),
        (metrics, "/metrics", &["Host: evil.example"], 403, &programs),
        (screens, "/", &[here], 200, &pages),
        (screens, "/assets/app.js", &[here], 200, &pages),
        (screens, "/nothing", &[here], 404, &pages),
        (screens, "/api/pairing", &[here], 405, &pages),
        (screens, "/", &["Host: evil.example"], 403, &pages),
        (screens, "/status", &[here], 200, &pages),
        (screens, "/status/live", &[here], 200, &pages),
    ] {
        let answer = ask(addr, path, headers).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        let always = [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")];
        for (name, value) in always.iter().chain(wanted) {
            let sent = answer.headers.get(*name).unwrap_or_else(|| panic!("{path} has no {name}"));
            assert!(sent.contains(value), "{path} has {name}: {sent}");
        }
        assert!(answer.headers.keys().all(|name| !name.starts_with("access-control")), "{path}");
    }
}

#[tokio::test]
async fn no_secret_stands_in_the_log_or_in_the_data_folder_however_much_is_logged() {
    let secrets = [
        "Wq7-password-of-a-till",
        "Wq7-token-of-a-program",
        "Wq7-a-wrong-guess",
        "Wq7-password-of-the-office",
        "86420975",
    ];
    let kind = register::KINDS.iter().find(|kind| kind.driver == "datecs").unwrap();
    let mut register = Till::new(*kind, "register").await;
    register.more = format!("[device.options.operators.Anna]\nnumber = 1\npassword = {:?}\n", secrets[4]);
    let (folder, stderr) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
    let config = format!(
        "[rights.users]\ntill = [\"fiscal\", \"technician\"]\n[http]\nlisten = \"127.0.0.1:0\"\ntoken = \"{}\"\n[[embedded.users]]\nname = \"till\"\n\
         password = \"{}\"\npublish = [\"#\"]\nsubscribe = [\"#\"]\n[web]\nlisten = \"127.0.0.1:0\"\npassword = \"{}\"\n{}",
        secrets[1],
        secrets[0],
        secrets[3],
        register.toml()
    );
    let options = Options { log: "trace", stderr: Stdio::from(stderr.reopen().unwrap()) };
    let mut agent = Process::start_with(folder.path(), &config, None, options).await.unwrap();
    let mut till = Client::sign_in(agent.addr, "pos-1", "till", secrets[0]).await;
    let _ = till.ask_agent(json!({"op": "diagnose"})).await;
    let mut receipt = register.receipt();
    receipt["operator"] = json!({"name": "Anna"});
    till.submit("register", &register::fiscal("R1", &receipt)).await;
    // The register has another one and refuses it: what is sent is the same.
    till.end("R1", PATIENCE).await;
    let told = till.ask_agent(json!({"op": "get", "job": "R1", "trace": true})).await.to_string();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(told.contains(&hex("********")), "the bytes of a sign-in at the register: {told}");
    assert!(!told.contains(&hex(secrets[4])), "{told}");
    let mut wrong = MqttOptions::new("guess", agent.addr.ip().to_string(), agent.addr.port());
    wrong.set_credentials("till", secrets[2]);
    let (_client, mut events) = AsyncClient::new(wrong, 4);
    assert!(events.poll().await.is_err());

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", agent.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "no core file either: {core}");
    agent.kill().await;

    let mut seen = BTreeMap::new();
    seen.insert("the log".to_owned(), std::fs::read(stderr.path()).unwrap());
    let log = String::from_utf8_lossy(&seen["the log"]).into_owned();
    assert!(log.contains("TRACE") && log.contains("DEBUG"), "it was told to log all: {log}");
    gather(&folder.path().join("data"), &mut seen);
    assert!(seen.keys().any(|name| name.contains("journal.db")));
    for (place, bytes) in &seen {
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}");
        }
    }
}

/// The doors that speak HTTP.
const HTTP: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
                    [http]\nlisten = \"127.0.0.1:0\"\ntoken = \"Wq7-token-of-a-program\"\n";

/// An answer over HTTP.
struct Answer {
    status: u16,
    /// By names in small letters.
    headers: BTreeMap<String, String>,
    body: String,
}

/// Asks for a page.
async fn ask(addr: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let header =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Answer { status, headers: head.lines().filter_map(header).collect(), body: body.to_owned() }
}

/// The next entry of the feed about an action.
async fn audited(client: &mut Client, action: &str) -> Value {
    let topic = client.topics.event();
    client.next(|seen, value| seen == topic && value["action"] == action).await.1
}

/// All files below a folder.
fn gather(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.is_file() {
            let mut bytes = Vec::new();
            std::fs::File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
            files.insert(path.display().to_string(), bytes);
        }
    }
}
