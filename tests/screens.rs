//! The screens' door: the page, pairing, the way to the broker, certificates, and the status page.

#![allow(clippy::unwrap_used)] // helpers of tests, too

#[path = "screens/external.rs"]
mod external;
#[path = "screens/gateway.rs"]
mod gateway;
#[path = "screens/pages.rs"]
mod pages;
#[path = "screens/panel.rs"]
mod panel;
#[path = "screens/settings.rs"]
mod settings;
#[path = "screens/status.rs"]
mod status;
mod support;
#[path = "screens/tls.rs"]
mod tls;

use panel::{Panel, Way};
use serde_json::json;
use support::Outlet;

/// Two stations, the door on a free port.
const KITCHEN: &str = "
[web]
listen = \"127.0.0.1:0\"
[[station]]
id = \"grill\"
name = \"Grill\"
[[station]]
id = \"cold\"
name = \"Cold\"
[[station]]
id = \"pass\"
kind = \"expediter\"
[[station]]
id = \"hall\"
kind = \"board\"
";

async fn kitchen() -> Outlet {
    Outlet::open_with(vec![], KITCHEN).await
}

#[tokio::test]
async fn a_screen_shows_a_code_is_admitted_and_watches_its_station() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    let asked = way
        .post("/api/pairing", r#"{"panel": {"width_px": 1920, "height_px": 1080}, "language": "ru-MD"}"#)
        .await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    let asked = asked.json();
    assert_eq!(
        (&asked["expires_s"], &asked["fingerprint"], &asked["outlet"]),
        (&json!(600), &json!(null), &json!("test"))
    );
    let waiting = tokio::spawn({
        let (way, asked) = (way.clone(), asked.clone());
        async move { way.standing(&asked).await }
    });

    let mut technician = outlet.client().await;
    let listed = technician.ask_agent(json!({"op": "screens"})).await;
    assert_eq!(listed["result"]["pending"][0]["code"], asked["code"], "{listed}");
    assert_eq!(listed["result"]["pending"][0]["panel"]["width_px"], 1920);
    let code = asked["code"].as_str().unwrap().replace('-', "").to_lowercase();
    let admitted = technician
        .ask_agent(json!({"op": "admit", "code": code, "view": "kitchen", "stations": ["grill"],
            "name": "Grill left", "by": "Anna"}))
        .await;
    assert_eq!(admitted["ok"], true, "{admitted}");
    let screen = &admitted["result"]["screen"];
    assert_eq!((&screen["screen"], &screen["language"]), (&json!("grill-left"), &json!("ru")));
    let told =
        technician.next(|topic, value| topic.ends_with("/event") && value["event"] == "screen").await.1;
    assert_eq!(
        (&told["change"], &told["name"], &told["by"]),
        (&json!("admitted"), &json!("Grill left"), &json!("Anna"))
    );

    let standing = waiting.await.unwrap();
    assert_eq!((&standing["state"], &standing["screen"]), (&json!("admitted"), &json!("grill-left")));
    assert_eq!(way.standing(&asked).await, standing, "a lost answer does no harm");
    let secret = standing["secret"].as_str().unwrap();
    let mut panel = Panel::sign_in(&way, "grill-left", secret).await.unwrap();
    assert_eq!(way.standing(&asked).await, json!({"state": "expired"}), "it has signed in");
    for filter in [
        "agent",
        "kitchen/screen/grill-left",
        "kitchen/answer/grill-left",
        "kitchen/grill/manifest",
        "kitchen/grill/ticket/+",
    ] {
        panel.subscribe(filter).await;
    }
    let (topic, document) = panel.hears("agent").await;
    assert_eq!((topic.as_str(), &document["state"]), ("outlet/v1/test/agent", &json!("online")));
    panel.publish("kitchen/command/grill-left", &json!({"cmd": "1", "op": "watch", "shown": {}})).await;
    let listed = technician.ask_agent(json!({"op": "screens"})).await;
    assert_eq!(listed["result"]["screens"][0]["connected"], true, "{listed}");
    assert_eq!(listed["result"]["pending"], json!([]));
}

#[tokio::test]
async fn a_restart_keeps_screens_and_their_secrets() {
    let mut outlet = kitchen().await;
    let (screen, secret) = panel::admit(&outlet, json!({"view": "expediter"})).await;
    assert_eq!(screen, "pass");
    outlet.stop().await;
    outlet.start().await;
    let way = Way::plain(outlet.screens_addr());
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    panel.subscribe("kitchen/pass/manifest").await;
    let listed = outlet.client().await.ask_agent(json!({"op": "screens"})).await;
    assert_eq!(listed["result"]["screens"][0]["stations"], json!(["pass"]), "{listed}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_what_would() {
    let outlet = kitchen().await;
    let mut technician = outlet.client().await;
    let way = Way::plain(outlet.screens_addr());
    let code = way.post("/api/pairing", "{}").await.json()["code"].clone();
    for (request, words) in [
        (json!({"code": "XXX-XXX", "view": "kitchen"}), "10 minutes"),
        (json!({"code": code, "view": "kitchen"}), "grill, cold"),
        (json!({"code": code, "view": "kitchen", "stations": ["pass"]}), "grill, cold"),
        (json!({"code": code, "view": "waiter", "stations": ["grill"]}), "does not fit"),
        (json!({"code": code, "view": "board", "name": "\u{7}"}), "is no name"),
        (json!({"code": code, "view": "board", "language": "fr"}), "en, ro, ru"),
    ] {
        let mut request = request;
        request["op"] = json!("admit");
        let reply = technician.ask_agent(request.clone()).await;
        assert_eq!(reply["error"]["code"], "invalid-request", "{reply}");
        assert!(reply["error"]["message"].as_str().unwrap().contains(words), "{reply}");
    }
    let reply = technician.ask_agent(json!({"op": "admit", "code": code, "view": "board"})).await;
    assert_eq!(reply["result"]["screen"]["screen"], "hall", "{reply}");
    let reply = technician.ask_agent(json!({"op": "revoke", "screen": "nobody"})).await;
    assert!(reply["error"]["message"].as_str().unwrap().contains("outletd screens"), "{reply}");
}

#[tokio::test]
async fn an_outlet_without_stations_has_no_door_for_screens() {
    let outlet = Outlet::open(vec![]).await;
    let reply = outlet.client().await.ask_agent(json!({"op": "screens"})).await;
    assert_eq!(reply["error"]["code"], "unsupported", "{reply}");
    assert!(reply["error"]["message"].as_str().unwrap().contains("[[station]]"), "{reply}");
}
