//! The status page: who sees it, and who decides.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqtt5::broker::auth::PasswordAuthProvider;
use outlet_simulators::printer::{Fault, PrinterSpec};
use outletd::bus::contract::State;
use serde_json::json;

use crate::panel::{Panel, Reply, Way, admit, trusting};
use crate::support::{Outlet, station, ticket};
use crate::{KITCHEN, kitchen};

/// An address of this machine that is not loopback; `None` where there is none.
fn network() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: the system only says by which address it would go.
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

fn token(page: &str) -> String {
    let after = page.split("name=\"token\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_technician_admits_and_revokes_on_the_status_page() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    let asked = way.post("/api/pairing", "{}").await.json();
    let page = way.get("/status").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let code = asked["code"].as_str().unwrap();
    assert!(page.body.contains(code), "{}", page.body);
    let own = format!("http://{}", way.addr);
    let token = token(&page.body);
    let form = format!(
        "token={token}&code={code}&view=kitchen&station=grill&station=cold&name=%3Cb%3EGrill%3C%2Fb%3E"
    );
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    for (headers, form) in [
        (vec![kind], form.clone()),
        (vec![kind, ("Origin", "http://evil.example")], form.clone()),
        (vec![kind, ("Origin", own.as_str())], form.replace(&token, "guessed")),
    ] {
        assert_eq!(way.send("POST", "/status/admit", &headers, &form).await.status, 403);
    }
    let done = way.send("POST", "/status/admit", &[kind, ("Origin", &own)], &form).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/status")), "{}", done.body);
    let standing = way.standing(&asked).await;
    assert_eq!(standing["screen"], "b-grill-b");
    let page = way.get("/status").await.body;
    assert!(page.contains("&lt;b&gt;Grill&lt;/b&gt;") && !page.contains("<b>"), "{page}");

    let mut panel = Panel::sign_in(&way, "b-grill-b", standing["secret"].as_str().unwrap()).await.unwrap();
    let form = format!("token={token}&screen=b-grill-b");
    let done = way.send("POST", "/status/revoke", &[kind, ("Origin", &own)], &form).await;
    assert_eq!(done.status, 303, "{}", done.body);
    panel.end().await;
    let again = way.send("POST", "/status/revoke", &[kind, ("Origin", &own)], &form).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("there is no screen"), "{}", again.body);
}

/// An outlet whose door speaks TLS to the network, and the way there.
async fn beyond_loopback(more: &str) -> (Outlet, Way) {
    let setting = format!("listen = \"0.0.0.0:0\"\n{more}");
    let outlet = Outlet::open_with(vec![], &KITCHEN.replace("listen = \"127.0.0.1:0\"", &setting)).await;
    let ca = std::fs::read_to_string(outlet.folder.path().join("data/authority/ca.crt")).unwrap();
    let addr = ([127, 0, 0, 1], outlet.screens_addr().port()).into();
    (outlet, Way { addr, tls: Some((trusting(&ca), "localhost".to_owned())) })
}

/// The header of RFC 7617.
fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("user:{password}")))
}

async fn status(way: &Way, password: &str) -> Reply {
    way.send("GET", "/status", &[("Authorization", &basic(password))], "").await
}

#[tokio::test]
async fn the_network_sees_the_status_page_only_with_a_password() {
    let (outlet, way) = beyond_loopback("").await;
    let refused = way.get("/status").await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("[web] password"), "{}", refused.body);
    drop(outlet);

    let (_outlet, mut way) = beyond_loopback("password = \"kitchen secret\"").await;
    way.addr.set_ip(network().unwrap_or([127, 0, 0, 1].into()));
    let refused = way.get("/status").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic"));
    assert_eq!(status(&way, "wrong").await.status, 401);
    assert_eq!(status(&way, "kitchen secret").await.status, 200);
}

#[tokio::test]
async fn of_a_hundred_passwords_that_are_guessed_at_once_ten_are_looked_at() {
    let (_outlet, way) = beyond_loopback("password = \"kitchen secret\"").await;
    let guesses = (0..100).map(|_| status(&way, "wrong"));
    let answers: Vec<u16> =
        futures_util::future::join_all(guesses).await.into_iter().map(|answer| answer.status).collect();
    let looked_at = answers.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 10, "{answers:?}");
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    let late = status(&way, "kitchen secret").await;
    assert_eq!(late.status, 429, "nor is the right one, for a minute");
    assert!(late.body.contains("wait a minute"), "{}", late.body);
}

#[tokio::test]
async fn whoever_knows_the_password_may_ask_for_much_at_once_though_it_is_kept_as_a_hash() {
    let hash = PasswordAuthProvider::hash_password("kitchen secret").unwrap();
    let (_outlet, way) = beyond_loopback(&format!("password = {hash:?}")).await;
    let asked = (0..20).map(|_| status(&way, "kitchen secret"));
    let answers: Vec<u16> =
        futures_util::future::join_all(asked).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(answers, [200; 20]);
    assert_eq!(status(&way, "wrong").await.status, 401);
}

#[tokio::test]
async fn who_was_not_let_in_by_the_status_page_stands_in_the_feed() {
    let (outlet, way) = beyond_loopback("password = \"kitchen secret\"").await;
    let mut till = outlet.client().await;
    assert_eq!(way.get("/status").await.status, 401, "a browser asks like this first");
    assert_eq!(status(&way, "a guess").await.status, 401);
    let topic = till.topics.event();
    let (_, audit) = till.next(|seen, value| seen == topic && value["event"] == "audit").await;
    assert_eq!((&audit["action"], &audit["target"]), (&json!("sign-in"), &json!("status-page")));
    assert_eq!((&audit["refused"], audit.get("times")), (&json!("forbidden"), None));
    assert!(audit["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{audit}");
    assert!(!audit.to_string().contains("a guess"), "{audit}");
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_named_everywhere() {
    let setting = "listen = \"0.0.0.0:0\"\nplain = true";
    let outlet = Outlet::open_with(vec![], &KITCHEN.replace("listen = \"127.0.0.1:0\"", setting)).await;
    let way = Way::plain(([127, 0, 0, 1], outlet.screens_addr().port()).into());
    assert_eq!(way.get("/api/about").await.json()["plain"], true);
    let mut technician = outlet.client().await;
    let agent = technician.next(|topic, _| topic.ends_with("/agent")).await.1;
    assert_eq!(agent["warnings"], json!(["web-without-tls"]));
    let listed = technician.ask_agent(json!({"op": "screens"})).await;
    assert_eq!(listed["result"]["plain"], true);
    let page = way.get("/status").await;
    assert_eq!(page.status, 403, "and without TLS the status page is not shown to the network");
    let (screen, secret) = admit(&outlet, json!({"view": "board"})).await;
    assert!(Panel::sign_in(&way, &screen, &secret).await.is_ok());
}

#[tokio::test]
async fn a_technician_sees_queues_and_bytes_and_says_what_became_of_a_job() {
    let printer = station("paper", "epson-tm-t20iii", PrinterSpec::epson_80mm()).await;
    let outlet = Outlet::open_with(vec![printer], KITCHEN).await;
    let way = Way::plain(outlet.screens_addr());
    let mut till = outlet.client().await;
    till.device("paper", "ready").await;
    // The cable is pulled in mid-ticket.
    outlet.printer("paper").inject(Fault::CutLinkAfter(20));
    till.submit("paper", &ticket("01JA", "SOUP")).await;
    till.job("01JA", State::Uncertain).await;
    let page = way.get("/status").await.body;
    for word in ["01JA", "print-again", "not-printed", "exchange-paper", "SOUP"] {
        assert!(page.contains(word), "{word} is missing: {page}");
    }
    let live = way.get("/status/live").await;
    assert_eq!(live.status, 200);
    assert!(live.body.contains("01JA") && !live.body.contains("<html"), "{}", live.body);

    let own = format!("http://{}", way.addr);
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", own.as_str())];
    let form = format!("token={}&job=01JA&exit=not-printed", token(&page));
    let forged = form.replace(&token(&page), "guessed");
    assert_eq!(way.send("POST", "/status/decide", &headers, &forged).await.status, 403);
    assert_eq!(way.send("POST", "/status/decide", &headers, &form).await.status, 303);
    till.job("01JA", State::Failed).await;
    let topic = till.topics.event();
    let (_, audit) = till.next(|seen, value| seen == topic && value["event"] == "audit").await;
    assert_eq!((&audit["action"], &audit["by"]), (&json!("resolve"), &json!("status page")));
    let again = way.send("POST", "/status/decide", &headers, &form).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("the job has ended"), "{}", again.body);
}
