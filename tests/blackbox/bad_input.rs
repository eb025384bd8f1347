//! What no agent should be sent: each gets an answer with its code, and delays nobody else.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::agent::{Outlet, PREFIX};
use crate::broker::Broker;
use crate::client::{Client, Dialect, PATIENCE, Publish};
use crate::jobs::ticket;

/// PNG, one white pixel.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";
/// PNG whose header says 20,000 x 20,000 pixels.
const HUGE_PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAATiAAAE4gAQAAAADLC3uUAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg==";

/// A print job of one block.
fn print(id: &str, block: Value) -> String {
    json!({"id": id, "kind": "print", "document": {"blocks": [block]}}).to_string()
}

/// The device, the payload, the code of the answer and a word that its message must have.
fn bad_jobs() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let deep = format!(
        r#"{{"id": "01JDEEP", "kind": "print", "document": {}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let wide = json!({"id": "01JWIDE", "kind": "print", "document": {"blocks": [
        {"type": "text", "text": "x".repeat(2 << 20)},
    ]}});
    let mut unknown_field = ticket("01JFIELD", "Tea");
    unknown_field["colour"] = json!("red");
    let barcode =
        |symbology: &str, data: &str| json!({"type": "barcode", "symbology": symbology, "data": data});
    vec![
        ("kitchen", r#"{"id": "01JHALF", "kind": "print", "docu"#.into(), "invalid-json", "JSON"),
        ("kitchen", "no JSON at all".into(), "invalid-json", "JSON"),
        ("kitchen", String::new(), "invalid-json", "JSON"),
        ("kitchen", "[1, 2]".into(), "invalid-request", ""),
        ("kitchen", unknown_field.to_string(), "invalid-request", "colour"),
        ("kitchen", r#"{"id": "01JNOKIND"}"#.into(), "invalid-request", "kind"),
        ("cellar", ticket("01JWHERE", "Tea").to_string(), "unknown-device", "cellar"),
        ("No Such Device", ticket("01JWHERE", "Tea").to_string(), "unknown-device", "kitchen"),
        ("kitchen", wide.to_string(), "too-large", "1048576"),
        ("kitchen", deep, "invalid-json", ""),
        ("kitchen", print("01JHUGE", json!({"type": "image", "data": HUGE_PICTURE})), "too-large", "20000"),
        ("kitchen", print("01JEAN", barcode("ean13", "not digits")), "invalid-request", ""),
        ("kitchen", print("01JSUM", barcode("ean13", "4006381333932")), "invalid-request", "check"),
        ("kitchen", print("01JITF", barcode("itf", "12A4")), "invalid-request", ""),
        ("kitchen", print("01JQR", json!({"type": "qr", "data": "x".repeat(8000)})), "too-large", ""),
        ("kitchen", ticket("no id at all!", "Tea").to_string(), "invalid-request", "id"),
        ("kitchen", ticket("", "Tea").to_string(), "invalid-request", "id"),
        ("kitchen", ticket(&"A".repeat(65), "Tea").to_string(), "invalid-request", "id"),
        ("kitchen", r#"{"id": 7, "kind": "print"}"#.into(), "invalid-request", "id"),
        ("kitchen", r#"{"id": "01JFISC", "kind": "fiscal"}"#.into(), "unsupported", "fiscal"),
        (
            "kitchen",
            r#"{"id": "01JRAW", "kind": "raw", "document": {"data": "G0A="}}"#.into(),
            "forbidden",
            "raw",
        ),
    ]
}

async fn each_bad_job_is_answered_with_its_code_while_good_ones_go_through(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut clumsy = outlet.client(Dialect::Paho5, "clumsy").await;
    let mut pos = outlet.client(Dialect::NodeWebSocket, "pos-1").await;
    let bad = async {
        for (device, payload, code, word) in bad_jobs() {
            let start: String = payload.chars().take(80).collect();
            let answer = clumsy.exchange(&format!("{PREFIX}/device/{device}/job"), &payload, false).await;
            assert_eq!(answer["state"], "rejected", "{start}: {answer}");
            assert_eq!(answer["error"]["code"], code, "{start}: {answer}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains(word), "{start}: {message:?} names {word:?}");
        }
    };
    let good = async {
        for number in 0..20 {
            let id = format!("01JGOOD{number}");
            assert_eq!(pos.submit("bar", &ticket(&id, &id)).await["state"], "accepted");
            pos.job_in(&id, &["succeeded"]).await;
        }
    };
    tokio::join!(bad, good);
    assert_eq!(outlet.bar.paper_count(), 20);
    assert_eq!(outlet.kitchen.paper_count(), 0);

    // What was refused left nothing behind.
    clumsy.submit("kitchen", &ticket("01JEAN", "Tea")).await;
    clumsy.job_in("01JEAN", &["succeeded"]).await;
    let listed = clumsy.ask(&json!({"op": "list", "device": "kitchen"})).await;
    let jobs = listed["result"]["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 1, "{listed}");
}

async fn a_3_1_1_client_hears_refusals_on_the_topic_it_asked_for(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Mosquitto311, "pos-1").await;
    let mut wrong = ticket("01JFIELD", "Tea");
    wrong["colour"] = json!("red");
    let answer = pos.submit("kitchen", &wrong).await;
    assert_eq!((&answer["state"], &answer["error"]["code"]), (&json!("rejected"), &json!("invalid-request")));
    let answer = pos.submit("kitchen", &ticket("no id!", "Tea")).await;
    assert_eq!(answer["error"]["code"], "invalid-request", "{answer}");
    let answer = pos.ask(&json!({"op": "no-such-thing"})).await;
    assert_eq!((&answer["ok"], &answer["error"]["code"]), (&json!(false), &json!("invalid-request")));
}

async fn who_names_no_topic_hears_the_refusal_on_the_job_topic(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho311, "pos-1").await;
    let mut wrong = ticket("01JFIELD", "Tea");
    wrong["colour"] = json!("red");
    let topic = format!("{PREFIX}/device/kitchen/job");
    pos.publish(Publish { topic: &topic, payload: &wrong.to_string(), ..Publish::default() }).await;
    let refusal = pos.job_in("01JFIELD", &["rejected"]).await;
    assert_eq!(refusal["error"]["code"], "invalid-request", "{refusal}");
}

async fn a_retained_job_is_refused_and_not_done_at_the_next_start_either(broker: Broker) {
    let mut outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Mosquitto5, "pos-1").await;
    let topic = format!("{PREFIX}/device/kitchen/job");
    let answer = pos.exchange(&topic, &ticket("01JKEPT", "Tea").to_string(), true).await;
    assert_eq!(answer["error"]["code"], "invalid-request", "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("retain"), "{answer}");
    drop(pos);
    outlet.stop().await;
    outlet.start().await;
    let mut pos = outlet.client(Dialect::Mosquitto5, "pos-1").await;
    pos.submit("kitchen", &ticket("01JNEXT", "Coffee")).await;
    pos.job_in("01JNEXT", &["succeeded"]).await;
    assert_eq!(outlet.kitchen.paper_count(), 1);
    assert!(outlet.kitchen.wait_paper(1).await.says("Coffee"));
}

async fn control_bytes_and_tiny_pictures_are_printed_harmlessly(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho5, "pos-1").await;
    let mut events = outlet.kitchen.events();
    // ESC @, the drawer (ESC p), a real-time drawer (DLE DC4) and a cut (GS V), as text.
    let text = "\u{1b}@\u{1b}p\u{0}\u{19}\u{19}\u{10}\u{14}\u{1}\u{0}\u{1}\u{1d}V\u{0}";
    let document = json!({"blocks": [
        {"type": "text", "text": "Tea"},
        {"type": "text", "text": text},
        {"type": "text", "text": "Coffee"},
        {"type": "cut"},
    ]});
    pos.submit("kitchen", &json!({"id": "01JCTRL", "kind": "print", "document": document})).await;
    pos.job_in("01JCTRL", &["succeeded"]).await;
    let document = json!({"blocks": [{"type": "image", "data": PIXEL}, {"type": "cut"}]});
    pos.submit("kitchen", &json!({"id": "01JDOT", "kind": "print", "document": document})).await;
    pos.job_in("01JDOT", &["succeeded"]).await;

    let paper = outlet.kitchen.wait_paper(1).await;
    assert!(paper.says("Tea") && paper.says("Coffee"), "on one paper: {}", paper.text);
    assert_eq!(outlet.kitchen.paper_count(), 2);
    assert_eq!(outlet.kitchen.violations(), [""; 0]);
    while let Ok(event) = events.try_recv() {
        let kicked = matches!(event, outlet_simulators::printer::Event::DrawerPulse { .. });
        assert!(!kicked, "text has opened the drawer");
    }
}

async fn a_bad_request_is_answered_with_its_code(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Paho5, "pos-1").await;
    let agent = format!("{PREFIX}/request");
    let device = |id: &str| format!("{PREFIX}/device/{id}/request");
    let cases = [
        (agent.clone(), "{", "invalid-json"),
        (agent.clone(), "7", "invalid-request"),
        (agent.clone(), r#"{"op": "get"}"#, "invalid-request"),
        (agent.clone(), r#"{"op": "get", "job": "01JNONE"}"#, "invalid-request"),
        (agent.clone(), r#"{"op": "cancel", "job": "01JNONE"}"#, "invalid-request"),
        (agent.clone(), r#"{"op": "get", "job": "01JNONE", "colour": 1}"#, "invalid-request"),
        (agent, r#"{"op": "replay", "from": -1}"#, "invalid-request"),
        (device("cellar"), r#"{"op": "status"}"#, "unknown-device"),
        (device("kitchen"), r#"{"op": "explode"}"#, "invalid-request"),
    ];
    for (topic, payload, code) in cases {
        let answer = pos.exchange(&topic, payload, false).await;
        assert_eq!(
            (&answer["ok"], &answer["error"]["code"]),
            (&json!(false), &json!(code)),
            "{payload}: {answer}"
        );
    }
}

/// No client library sends this, so it is written here byte by byte (MQTT 5, sections 3.1 and 3.3).
async fn a_topic_with_a_wildcard_ends_that_connection_and_no_other(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::Mosquitto5, "pos-1").await;
    let mut rude = TcpStream::connect(("127.0.0.1", outlet.ports.mqtt)).await.unwrap();
    rude.write_all(b"\x10\x11\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x04rude").await.unwrap();
    let topic = format!("{PREFIX}/device/+/job");
    let payload = ticket("01JWILD", "Tea").to_string();
    let mut body = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    body.extend(topic.as_bytes());
    body.extend([0, 1, 0]);
    body.extend(payload.as_bytes());
    assert!(body.len() > 127 && body.len() < 16_384, "two bytes of length");
    rude.write_all(&[0x32, (body.len() % 128) as u8 | 0x80, (body.len() / 128) as u8]).await.unwrap();
    rude.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, rude.read_to_end(&mut answer)).await;
    let connack = usize::from(answer[1]) + 2;
    assert_eq!(answer[..connack][3], 0, "let in");
    assert!(ended.is_ok(), "the broker ends the connection");
    if broker == Broker::Embedded {
        assert_eq!(answer[connack..][..3][0], 0xE0, "DISCONNECT");
        assert_eq!(answer[connack + 2], 0x90, "topic name invalid");
    }
    pos.submit("kitchen", &ticket("01JTAME", "Coffee")).await;
    pos.job_in("01JTAME", &["succeeded"]).await;
    assert_eq!(outlet.kitchen.paper_count() + outlet.bar.paper_count(), 1);
}

/// Hundreds of bad messages, none of them waited for: good jobs of another client still end well.
async fn a_flood_of_bad_input_does_not_stop_the_others(broker: Broker) {
    let outlet = Outlet::open(broker).await;
    let mut pos = outlet.client(Dialect::NodeWebSocket, "pos-1").await;
    let mut flood: Client = outlet.client(Dialect::Paho311, "flood").await;
    let topic = format!("{PREFIX}/device/kitchen/job");
    let pouring = async {
        for number in 0..300 {
            let payload = format!("{{\"id\": \"01JFLOOD{number}\", \"kind\": ");
            flood.publish(Publish { topic: &topic, payload: &payload, ..Publish::default() }).await;
        }
        let payload = ticket("01JAFTER", "Tea").to_string();
        flood.publish(Publish { topic: &topic, payload: &payload, ..Publish::default() }).await;
        flood.job_in("01JAFTER", &["succeeded"]).await;
    };
    let working = async {
        for number in 0..10 {
            let id = format!("01JGOOD{number}");
            pos.submit("bar", &ticket(&id, &id)).await;
            pos.job_in(&id, &["succeeded"]).await;
        }
    };
    tokio::join!(pouring, working);
    assert_eq!(outlet.bar.paper_count(), 10);
}

crate::on_every_broker!(
    each_bad_job_is_answered_with_its_code_while_good_ones_go_through,
    a_3_1_1_client_hears_refusals_on_the_topic_it_asked_for,
    who_names_no_topic_hears_the_refusal_on_the_job_topic,
    a_retained_job_is_refused_and_not_done_at_the_next_start_either,
    control_bytes_and_tiny_pictures_are_printed_harmlessly,
    a_bad_request_is_answered_with_its_code,
    a_topic_with_a_wildcard_ends_that_connection_and_no_other,
    a_flood_of_bad_input_does_not_stop_the_others,
);
