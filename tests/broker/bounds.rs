//! What clients can make the broker hold, and whose client identifiers are.

use std::time::Duration;

use outletd::broker::{EmbeddedConfig, Limits};

use super::wire::{Client, Connect, PUBACK, Packet, Publish, V5, V311};
use super::{Broker, anywhere, success, user};

const TAKEN: [u8; 2] = [0x02, 0x85];

fn with_users(limits: Limits) -> EmbeddedConfig {
    let users = ["till", "tablet"].map(|name| user(name, &["#"], &["#"]));
    EmbeddedConfig { limits, users: users.into(), ..anywhere() }
}

/// A client of a user whose session outlives its connections.
fn staying<'a>(id: &'a str, user: &'a str, password: &'a str) -> Connect<'a> {
    Connect { clean: false, ..Connect::new(V5, id) }.login(user, password)
}

/// Goes without a clean end of its session, and waits until the broker has seen it.
async fn leave(mut client: Client) {
    client.send(&[0xE0, 0]).await;
    assert_eq!(client.next().await, Packet::Closed);
}

fn session_present(answer: &Packet) -> bool {
    match answer {
        Packet::ConnAck { session_present, reason: 0, .. } => *session_present,
        _ => panic!("not let in: {answer:?}"),
    }
}

fn refusal(answer: &Packet) -> u8 {
    match answer {
        Packet::ConnAck { reason, .. } => *reason,
        _ => panic!("no CONNACK: {answer:?}"),
    }
}

#[tokio::test]
async fn of_too_many_absent_sessions_the_oldest_go_of_the_user_who_has_the_most() {
    let folder = tempfile::tempdir().unwrap();
    for store in [None, Some(folder.path().join("store"))] {
        let limits = Limits { absent_sessions: 5, ..Limits::default() };
        let broker = Broker::start(EmbeddedConfig { store, ..with_users(limits) }).await;
        let till = || staying("pos-1", "till", "till-secret");
        let mut pos = Client::join(broker.addr(), till()).await;
        pos.subscribe("event").await;
        leave(pos).await;
        // A library that makes up an identifier at each start.
        let names: Vec<String> = (0..12).map(|number| format!("made-up-{number}")).collect();
        let tablet = |name| staying(name, "tablet", "tablet-secret");
        for name in &names {
            let mut client = Client::join(broker.addr(), tablet(name)).await;
            client.subscribe("event").await;
            leave(client).await;
            // Since when a client is away is known to the millisecond: two may not go in the same.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let mut manager =
            Client::join(broker.addr(), Connect::new(V5, "m").login("till", "till-secret")).await;
        manager.publish(Publish::qos1(1, "event", b"soup")).await;
        assert!(matches!(manager.next().await, Packet::Ack { kind: PUBACK, id: 1, .. }));
        let (mut pos, answer) = Client::knock(broker.addr(), till()).await;
        assert!(session_present(&answer), "the till was away the longest, and has one session alone");
        assert!(matches!(pos.next().await, Packet::Publish { .. }), "what waited for it is there");
        for (number, name) in names.iter().enumerate().rev() {
            let (client, answer) = Client::knock(broker.addr(), tablet(name)).await;
            assert_eq!(session_present(&answer), number >= 8, "{name}");
            // It leaves no session this time.
            drop(client);
            let gone = Connect::new(V5, name).login("tablet", "tablet-secret");
            leave(Client::join(broker.addr(), gone).await).await;
        }
    }
}

#[tokio::test]
async fn nobody_takes_the_client_identifier_of_another_user() {
    let broker = Broker::start(with_users(Limits::default())).await;
    for (version, taken) in [V311, V5].into_iter().zip(TAKEN) {
        let thief = || Connect::new(version, "pos-1").login("tablet", "tablet-secret");
        let till = |clean| Connect { clean, ..Connect::new(version, "pos-1") }.login("till", "till-secret");
        let mut pos = Client::join(broker.addr(), till(false)).await;
        let (_, answer) = Client::knock(broker.addr(), thief()).await;
        assert_eq!(refusal(&answer), taken, "it is connected");
        pos.ping().await;
        assert_eq!(pos.next().await, Packet::Pong, "and stays connected");
        leave(pos).await;
        let (_, answer) = Client::knock(broker.addr(), thief()).await;
        assert_eq!(refusal(&answer), taken, "its session is kept");
        let (first, answer) = Client::knock(broker.addr(), till(false)).await;
        assert!(session_present(&answer));
        // The same user may take over, as after a cable was pulled.
        let again = Client::join(broker.addr(), till(true)).await;
        drop(first);
        leave(again).await;
        let (other, answer) = Client::knock(broker.addr(), thief()).await;
        assert!(!session_present(&answer), "it is free when it is nobody's");
        leave(other).await;
    }
}

#[tokio::test]
async fn the_session_of_a_user_who_was_removed_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let config = |users| EmbeddedConfig { store: Some(folder.path().join("store")), users, ..anywhere() };
    let first = Broker::start(config(Vec::new())).await;
    let mut pos = Client::join(first.addr(), Connect { clean: false, ..Connect::new(V5, "pos-1") }).await;
    pos.subscribe("event").await;
    leave(pos).await;
    first.broker.stop().await;
    let second = Broker::start(config(vec![user("till", &["#"], &["#"])])).await;
    let (_, answer) = Client::knock(second.addr(), staying("pos-1", "till", "till-secret")).await;
    assert!(!session_present(&answer), "what was nobody's is not handed to somebody");
}

#[tokio::test]
async fn clients_together_retain_no_more_than_there_is_room_for() {
    let limits = Limits { retained_total: 10, ..Limits::default() };
    for (version, full) in [(V311, 0), (V5, 0x97)] {
        let broker = Broker::start(EmbeddedConfig { limits: limits.clone(), ..anywhere() }).await;
        let mut pos = broker.join(version, "pos").await;
        let mut screen = broker.join(version, "screen").await;
        screen.subscribe("+").await;
        let retain = |id, topic, payload| Publish { retain: true, ..Publish::qos1(id, topic, payload) };
        for (id, topic, payload, reason) in [
            (1, "a", &b"12345678"[..], 0),
            (2, "b", b"12345678", full),
            (3, "a", b"1234567890", 0),
            (4, "a", b"", 0),
            (5, "b", b"12345678", 0),
        ] {
            pos.publish(retain(id, topic, payload)).await;
            assert_eq!(pos.next().await, Packet::Ack { kind: PUBACK, id, reason }, "{topic} {id}");
        }
        for expected in ["12345678", "1234567890", "", "12345678"] {
            let Packet::Publish { payload, .. } = screen.next().await else { panic!("no publish") };
            assert_eq!(String::from_utf8(payload).unwrap(), expected, "the refused one goes to nobody");
        }
        pos.publish(Publish { qos: 0, ..retain(0, "c", b"123") }).await;
        pos.publish(Publish::qos1(6, "event", b"not retained, and of any size")).await;
        assert_eq!(pos.next().await, success(PUBACK, 6));
        let mut late = broker.join(version, "late").await;
        late.subscribe("+").await;
        let Packet::Publish { topic, .. } = late.next().await else { panic!("no publish") };
        assert_eq!(topic, "b");
        late.ping().await;
        assert_eq!(late.next().await, Packet::Pong, "nothing else was retained");
        let will = Connect { will: Some(("d", b"gone")), ..Connect::new(version, "dying") };
        let (_, answer) = Client::knock(broker.addr(), will).await;
        assert_ne!(refusal(&answer), 0, "a will would be retained, too");
    }
}
