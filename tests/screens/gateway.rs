//! What a screen may send and hear, and what ends its connection.

use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectReturnCode, Disconnect, DisconnectReasonCode, LastWill, Packet, Publish, PublishProperties,
};
use serde_json::json;

use crate::kitchen;
use crate::panel::{End, Panel, Way, admit};
use crate::support::Outlet;

async fn grill() -> (Outlet, Way, String, String) {
    let outlet = kitchen().await;
    let (screen, secret) = admit(&outlet, json!({"view": "kitchen", "stations": ["grill"]})).await;
    let way = Way::plain(outlet.screens_addr());
    (outlet, way, screen, secret)
}

fn reason(end: End) -> DisconnectReasonCode {
    match end {
        End::Disconnected(Disconnect { reason_code, .. }) => reason_code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_secret_lets_nobody_in() {
    let (_outlet, way, screen, secret) = grill().await;
    for (user, secret) in [(screen.as_str(), "wrong"), (&screen, ""), ("nobody", &secret), ("", "")] {
        let refused = Panel::sign_in(&way, user, secret).await.err();
        assert_eq!(refused, Some(End::Refused(ConnectReturnCode::BadUserNamePassword)), "{user}");
    }
    let mut other = Panel::connect(&way).await;
    let refused = other.introduce("screen-other", &screen, &secret, None).await;
    assert_eq!(refused, Err(End::Refused(ConnectReturnCode::ClientIdentifierNotValid)));
    assert!(Panel::sign_in(&way, &screen, &secret).await.is_ok());
}

#[tokio::test]
async fn who_was_not_let_in_as_a_screen_stands_in_the_feed() {
    let (outlet, way, screen, secret) = grill().await;
    let mut till = outlet.client().await;
    assert!(Panel::sign_in(&way, &screen, "a guess").await.is_err());
    let mut other = Panel::connect(&way).await;
    assert!(other.introduce("screen-other", &screen, &secret, None).await.is_err());
    let topic = till.topics.event();
    for client in [format!("screen-{screen}"), "screen-other".to_owned()] {
        let (_, audit) = till
            .next(|seen, value| seen == topic && value["event"] == "audit" && value["action"] == "sign-in")
            .await;
        assert_eq!((&audit["target"], &audit["user"]), (&json!("screens"), &json!(screen)));
        assert_eq!((&audit["client"], &audit["refused"]), (&json!(client), &json!("forbidden")));
        assert!(audit["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{audit}");
        assert!(!audit.to_string().contains("a guess"), "{audit}");
    }
}

#[tokio::test]
async fn a_screen_that_was_revoked_and_comes_again_and_again_keeps_no_other_out() {
    let (_outlet, way, screen, secret) = grill().await;
    for _ in 0..10 {
        assert!(Panel::sign_in(&way, "revoked", "its secret").await.is_err());
    }
    // From here on it is answered slowly.
    let slow = tokio::spawn({
        let way = way.clone();
        async move { Panel::sign_in(&way, "revoked", "its secret").await.err() }
    });
    assert!(Panel::sign_in(&way, &screen, &secret).await.is_ok());
    let refused = slow.await.unwrap();
    assert_eq!(refused, Some(End::Refused(ConnectReturnCode::BadUserNamePassword)));
}

#[tokio::test]
async fn mqtt_3_1_1_is_spoken_too() {
    let (_outlet, way, screen, secret) = grill().await;
    for (secret, code) in
        [("wrong", v4::ConnectReturnCode::BadUserNamePassword), (&secret, v4::ConnectReturnCode::Success)]
    {
        let mut panel = Panel::connect(&way).await;
        let mut connect = v4::Connect::new(format!("screen-{screen}"));
        connect.set_login(&screen, secret);
        let mut bytes = BytesMut::new();
        connect.write(&mut bytes).unwrap();
        panel.send_bytes(bytes.freeze()).await;
        let mut answer = BytesMut::from(&panel.raw().await[..]);
        match v4::Packet::read(&mut answer, 1024).unwrap() {
            v4::Packet::ConnAck(ack) => assert_eq!(ack.code, code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_screen_that_is_revoked_is_cut_off_and_not_let_in_again() {
    let (outlet, way, screen, secret) = grill().await;
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    let mut technician = outlet.client().await;
    let reply = technician.ask_agent(json!({"op": "revoke", "screen": screen, "by": "Anna"})).await;
    assert_eq!(reply["ok"], true, "{reply}");
    assert_eq!(reason(panel.end().await), DisconnectReasonCode::AdministrativeAction);
    let refused = Panel::sign_in(&way, &screen, &secret).await.err();
    assert_eq!(refused, Some(End::Refused(ConnectReturnCode::BadUserNamePassword)));
    let told = technician.next(|_, value| value["event"] == "screen" && value["change"] == "revoked").await.1;
    assert_eq!((&told["screen"], &told["by"]), (&json!(screen), &json!("Anna")));
}

#[tokio::test]
async fn a_screen_subscribes_to_nothing_but_its_own() {
    let (_outlet, way, screen, secret) = grill().await;
    for filter in [
        "#",
        "kitchen/#",
        "kitchen/+/manifest",
        "kitchen/cold/manifest",
        "kitchen/grill/ticket/#",
        "kitchen/grill/+/1",
        "kitchen/screen/other",
        "kitchen/answer/+",
        "kitchen/command/grill",
        "device/grill/state",
        "event",
    ] {
        let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
        panel.ask(filter, QoS::AtLeastOnce).await;
        assert_eq!(reason(panel.end().await), DisconnectReasonCode::NotAuthorized, "{filter}");
    }
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    panel.ask("kitchen/grill/manifest", QoS::ExactlyOnce).await;
    assert_eq!(reason(panel.end().await), DisconnectReasonCode::NotAuthorized);
}

#[tokio::test]
async fn a_screen_publishes_nothing_but_its_commands() {
    let (outlet, way, screen, secret) = grill().await;
    let mut pos = outlet.client().await;
    let job = json!({"id": "1", "kind": "ticket", "document": {}});
    for (topic, qos, retain) in [
        ("device/grill/job", QoS::AtLeastOnce, false),
        ("request", QoS::AtLeastOnce, false),
        ("kitchen/command/other", QoS::AtLeastOnce, false),
        ("kitchen/grill/manifest", QoS::AtLeastOnce, true),
        ("kitchen/command/grill", QoS::AtLeastOnce, true),
        ("kitchen/command/grill", QoS::AtMostOnce, false),
        ("kitchen/command/grill", QoS::ExactlyOnce, false),
        ("kitchen/command/grill/more", QoS::AtLeastOnce, false),
    ] {
        let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
        panel.say(topic, &job, qos, retain).await;
        assert_eq!(reason(panel.end().await), DisconnectReasonCode::NotAuthorized, "{topic} {qos:?}");
    }
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    for properties in [
        PublishProperties { topic_alias: Some(1), ..PublishProperties::default() },
        PublishProperties {
            response_topic: Some("outlet/v1/test/reply/x".into()),
            ..PublishProperties::default()
        },
    ] {
        let mut publish =
            Publish::new("outlet/v1/test/kitchen/command/grill", QoS::AtLeastOnce, "{}", Some(properties));
        publish.pkid = 9;
        panel.send(&Packet::Publish(publish)).await;
        assert_eq!(reason(panel.end().await), DisconnectReasonCode::NotAuthorized);
        panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    }
    // Nothing of it has reached anybody.
    let reply = pos.ask_agent(json!({"op": "list"})).await;
    assert_eq!(reply["result"]["jobs"], json!([]));
}

#[tokio::test]
async fn a_will_is_refused() {
    let (_outlet, way, screen, secret) = grill().await;
    let will = LastWill::new("outlet/v1/test/kitchen/command/grill", "gone", QoS::AtLeastOnce, false, None);
    let mut panel = Panel::connect(&way).await;
    let refused = panel.introduce(&format!("screen-{screen}"), &screen, &secret, Some(will)).await;
    assert_eq!(refused, Err(End::Refused(ConnectReturnCode::NotAuthorized)));
}

#[tokio::test]
async fn a_second_connection_of_a_screen_takes_over() {
    let (_outlet, way, screen, secret) = grill().await;
    let mut first = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    let mut second = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    assert_eq!(reason(first.end().await), DisconnectReasonCode::SessionTakenOver);
    second.subscribe("kitchen/grill/manifest").await;
}

#[tokio::test]
async fn a_packet_that_is_too_large_ends_the_connection() {
    let (_outlet, way, screen, secret) = grill().await;
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    panel.say("kitchen/command/grill", &json!("x".repeat(300 << 10)), QoS::AtLeastOnce, false).await;
    assert_eq!(reason(panel.end().await), DisconnectReasonCode::PacketTooLarge);
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    panel.send_bytes(Bytes::from(vec![0u8; 600 << 10])).await;
    let end = panel.end().await;
    assert!(end == End::Closed || reason(end) == DisconnectReasonCode::PacketTooLarge);
}

#[tokio::test]
async fn garbage_harms_nobody_else() {
    let (_outlet, way, screen, secret) = grill().await;
    let mut good = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\n{}", "x".repeat(100));
    let mut long = BytesMut::new();
    long.put_slice(&[0x10, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for garbage in [request.as_bytes(), &[0x10, 2, 0, 99], &[0xc0, 0], &[0, 0], &long] {
        let mut panel = Panel::connect(&way).await;
        panel.send_bytes(Bytes::copy_from_slice(garbage)).await;
        let end = panel.end_raw().await;
        assert!(end, "{garbage:?}");
    }
    for garbage in [&[0x82, 3, 0, 1, 0][..], &[0x10, 0], &[0xf0, 0], &[0x32, 1, 0]] {
        let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
        panel.send_bytes(Bytes::copy_from_slice(garbage)).await;
        let reason = reason(panel.end().await);
        let expected = [DisconnectReasonCode::MalformedPacket, DisconnectReasonCode::ProtocolError];
        assert!(expected.contains(&reason), "{garbage:?}: {reason:?}");
    }
    // Each of those took the place of the first, as any connection of the screen does.
    assert_eq!(reason(good.end().await), DisconnectReasonCode::SessionTakenOver);
}

#[tokio::test]
async fn a_screen_that_is_given_another_station_hears_no_more_of_the_former() {
    let (outlet, way, screen, secret) = grill().await;
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    panel.subscribe("kitchen/grill/manifest").await;
    panel.subscribe("kitchen/grill/ticket/+").await;
    let mut technician = outlet.client().await;
    let reply = technician
        .ask_agent(json!({"op": "assign", "screen": screen, "stations": ["cold"], "name": "Cold one"}))
        .await;
    assert_eq!(reply["result"]["screen"]["stations"], json!(["cold"]), "{reply}");
    panel.subscribe("kitchen/cold/manifest").await;
    panel.ask("kitchen/grill/manifest", QoS::AtLeastOnce).await;
    assert_eq!(reason(panel.end().await), DisconnectReasonCode::NotAuthorized);
}

#[tokio::test]
async fn nobody_else_can_take_the_place_of_a_screen_at_the_broker() {
    let (outlet, way, screen, secret) = grill().await;
    let mut panel = Panel::sign_in(&way, &screen, &secret).await.unwrap();
    let mut options = rumqttc::v5::MqttOptions::new(
        format!("outletd-test-screen-{screen}"),
        "127.0.0.1",
        outlet.mqtt_addr().port(),
    );
    options.set_credentials("outletd-screens", "guessed");
    let (_client, mut events) = rumqttc::v5::AsyncClient::new(options, 4);
    assert!(events.poll().await.is_err(), "the way of screens is the agent's own");
    panel.subscribe("kitchen/grill/manifest").await;
}
