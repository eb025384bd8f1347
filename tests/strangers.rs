//! What strangers can't do, and what is known of those who try.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "support/process.rs"]
mod process;
#[path = "support/register.rs"]
mod register;
mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use outletd::bus::contract::State::{Accepted, Rejected, Succeeded};
use process::{Options, Process};
use register::Till;
use rumqttc::v5::{AsyncClient, MqttOptions};
use serde_json::{Value, json};
use support::{Client, Outlet, PATIENCE, kitchen, ticket};

/// A till that may print, and an office that may decide.
const USERS: &str = r##"
[rights]
anonymous = []
[rights.users]
till = ["print"]
office = ["print", "manage"]
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
    office.ask(&topic, json!({"op": "test"})).await;
    let audit = audited(&mut office, "test").await;
    assert_eq!((&audit["target"], &audit["user"]), (&json!("kitchen"), &json!("office")));
    assert_eq!(audit.get("refused"), None);
    // Before the audit was asked for, nothing was recorded of what only asks.
    let reply = office.ask_agent(json!({"op": "replay", "from": 1})).await;
    let events = reply["result"]["events"].as_array().unwrap();
    let actions: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "audit").map(|event| &event["action"]).collect();
    assert_eq!(actions, ["list", "submit", "test"]);
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

    // With a password of its own, but under the id of another user's client.
    let mut options = MqttOptions::new("pc-1", addr.ip().to_string(), addr.port());
    options.set_credentials("till", "a till's password");
    let (_client, mut events) = AsyncClient::new(options, 4);
    assert!(events.poll().await.is_err(), "it is not let in");
    let audit = audited(&mut office, "sign-in").await;
    assert_eq!((&audit["user"], &audit["client"]), (&json!("till"), &json!("pc-1")));
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
        "[rights.users]\ntill = [\"fiscal\", \"manage\"]\n[http]\nlisten = \"127.0.0.1:0\"\ntoken = \"{}\"\n[[embedded.users]]\nname = \"till\"\n\
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
