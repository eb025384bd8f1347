//! Screens of an outlet whose broker is another program: over TLS, with the agent's own name and password.

use std::sync::Arc;

use outletd::broker::{
    EmbeddedBroker, EmbeddedConfig, Handling, Inbound, Password, PublishHook, TlsFiles, User,
};
use outletd::config;
use outletd::daemon::Daemon;
use outletd::screens::authority::Authority;
use serde_json::json;

use crate::KITCHEN;
use crate::panel::{End, Panel, Way};
use crate::support::PATIENCE;

/// A broker that is nothing but a broker.
struct Plain;

impl PublishHook for Plain {
    fn publish(&self, _message: Inbound) -> Handling {
        Handling::route()
    }
}

#[tokio::test]
async fn screens_reach_an_external_broker_over_tls_as_the_agent_does() {
    let folder = tempfile::tempdir().unwrap();
    let now = outletd::clock::system()();
    let authority = Authority::open(&folder.path().join("ca"), "broker", now).unwrap();
    authority.renew(&["localhost".to_owned()].into(), now).unwrap();
    let (certificate, key) = authority.server_files();
    let user = User {
        name: "agent".into(),
        password: Some(Password::new("agent's secret")),
        publish: vec!["#".into()],
        subscribe: vec!["#".into()],
    };
    let settings = EmbeddedConfig {
        mqtt: "0.0.0.0:0".parse().unwrap(),
        tls: Some(TlsFiles { certificate, key, clients: None }),
        users: vec![user],
        ..EmbeddedConfig::default()
    };
    let broker = EmbeddedBroker::start(settings, Arc::new(Plain)).await.unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("password"), "agent's secret\n").unwrap();
    let toml = format!(
        "outlet = \"test\"\ndata = {:?}\n{KITCHEN}\n[broker]\nurl = \"mqtts://localhost:{}\"\nuser = \"agent\"\n\
         password_file = {:?}\nca = {:?}\n",
        at("data"),
        broker.mqtt_addr().port(),
        at("password"),
        at("ca/ca.crt"),
    );
    std::fs::write(at("outletd.toml"), toml).unwrap();
    let config = config::load(&at("outletd.toml")).unwrap();
    let daemon = Daemon::start(&config).await.unwrap();

    // Requests come by the broker, too; the status page is nearer here.
    let way = Way::plain(daemon.screens_addr().unwrap());
    let asked = way.post("/api/pairing", "{}").await.json();
    let page = way.get("/status").await.body;
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = format!("token={token}&code={}&view=kitchen&station=grill", asked["code"].as_str().unwrap());
    let own = format!("http://{}", way.addr);
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", own.as_str())];
    assert_eq!(way.send("POST", "/status/admit", &headers, &form).await.status, 303);
    let standing = way.standing(&asked).await;
    let (screen, secret) = (standing["screen"].as_str().unwrap(), standing["secret"].as_str().unwrap());

    let mut panel = Panel::sign_in(&way, screen, secret).await.unwrap();
    panel.subscribe("agent").await;
    let heard = tokio::time::timeout(PATIENCE, panel.hears("/agent")).await.unwrap();
    assert_eq!(heard.1["state"], "online");
    panel.say("device/grill/job", &json!({}), rumqttc::v5::mqttbytes::QoS::AtLeastOnce, false).await;
    assert!(matches!(panel.end().await, End::Disconnected(_)), "the rights are the same");

    daemon.drain().await;
    broker.stop().await;
}
