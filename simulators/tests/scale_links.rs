//! The simulated scale on TCP and on a pseudo terminal.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use outlet_simulators::scale::{Fault, Scale, ScaleSpec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GOOD: &[u8] = b"\x06\x01\x02S  1.550kg\x70\x03\x04";

fn cas() -> Scale {
    let scale = Scale::new(ScaleSpec::cas());
    scale.put(1550);
    scale
}

/// Connects as soon as the port is open.
async fn connect(address: SocketAddr) -> TcpStream {
    loop {
        if let Ok(host) = TcpStream::connect(address).await {
            return host;
        }
        tokio::task::yield_now().await;
    }
}

async fn open(path: &Path) -> tokio::fs::File {
    tokio::fs::OpenOptions::new().read(true).write(true).open(path).await.expect("a scale behind the path")
}

async fn ask(
    host: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin),
    question: &[u8],
    length: usize,
) -> Vec<u8> {
    host.write_all(question).await.unwrap();
    host.flush().await.unwrap();
    let mut answer = vec![0; length];
    host.read_exact(&mut answer).await.unwrap();
    answer
}

/// What comes until the other side ends.
async fn rest(host: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A pty that is gone is an error; what came before it is kept.
    let _ = host.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn several_hosts_are_served_in_turn() {
    let scale = cas();
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    for n in 1..=3 {
        let mut host = connect(address).await;
        assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);
        assert_eq!(scale.state().asked, n);
    }
}

#[tokio::test]
async fn a_test_can_wait_for_questions() {
    let scale = cas();
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let host = tokio::spawn(async move {
        let mut host = connect(address).await;
        for _ in 0..3 {
            ask(&mut host, b"\x05\x11", GOOD.len()).await;
        }
    });
    scale.wait_asked(3).await;
    scale.wait_request("ENQ", 3).await;
    host.await.unwrap();
    scale.wait_state(|state| !state.connected).await;
}

#[tokio::test]
async fn the_port_is_closed_while_unplugged_and_the_same_afterwards() {
    let scale = cas();
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);
    scale.unplug();
    assert_eq!(rest(&mut host).await, b"");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    scale.plug_in();
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);
}

#[tokio::test]
async fn the_link_is_cut_in_the_middle_of_a_frame() {
    let scale = cas();
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    scale.inject(Fault::CutMidFrame);
    host.write_all(b"\x05\x11").await.unwrap();
    assert_eq!(rest(&mut host).await, &GOOD[..8]);
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);
}

#[tokio::test]
async fn a_connection_begins_in_the_middle_of_a_frame() {
    let scale = cas();
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    scale.inject(Fault::StartMidFrame);
    let mut host = connect(address).await;
    let said = ask(&mut host, b"\x05\x11", 8 + GOOD.len()).await;
    assert_eq!(said, [&GOOD[8..], GOOD].concat());
}

#[tokio::test]
async fn a_stream_comes_at_its_interval_and_on_demand() {
    let scale = Scale::new(ScaleSpec::cas_stream());
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    scale.wait_state(|state| state.connected).await;
    assert!(scale.tick());
    assert_eq!(ask(&mut host, b"", 22).await, b"ST,GS,1\xC5,0000.000 kg\r\n");

    let scale = Scale::new(ScaleSpec::cas_stream().every(Duration::from_millis(5)));
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"", 66).await, b"ST,GS,1\xC5,0000.000 kg\r\n".repeat(3));
}

#[tokio::test]
async fn a_command_that_waits_for_a_still_weight_is_answered_when_it_is_still() {
    let mut spec = ScaleSpec::mt_sics();
    spec.patience = Duration::from_secs(3600);
    let scale = Scale::new(spec);
    scale.put(100);
    scale.moving(true);
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    host.write_all(b"S\r\n").await.unwrap();
    scale.wait_asked(1).await;
    scale.moving(false);
    assert_eq!(ask(&mut host, b"", 19).await, b"S S      0.100 kg\r\n");
}

#[tokio::test]
async fn time_ends_a_wait_for_a_still_weight_and_a_toledo_tare() {
    let mut spec = ScaleSpec::mt_sics();
    spec.patience = Duration::from_millis(1);
    let scale = Scale::new(spec);
    scale.moving(true);
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"S\r\n", 5).await, b"S I\r\n");

    let scale = Scale::new(ScaleSpec::toledo_8217());
    scale.put(100);
    let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    assert_eq!(ask(&mut host, b"T", 4).await, b"\x02?`\r");
    assert_eq!(scale.reading().tare, 100);
}

#[tokio::test]
async fn a_pty_keeps_its_path_through_unplugging() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale");
    let scale = cas();
    assert_eq!(scale.serve_pty(&path).unwrap(), path);
    let mut host = open(&path).await;
    assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);

    scale.unplug();
    scale.wait_state(|state| !state.connected).await;
    assert!(!path.exists());
    assert_eq!(rest(&mut host).await, b"");

    scale.plug_in();
    scale.wait_state(|state| state.connected).await;
    let mut host = open(&path).await;
    assert_eq!(ask(&mut host, b"\x05\x11", GOOD.len()).await, GOOD);
    scale.stop();
}

#[tokio::test]
async fn faults_come_over_a_pty_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale");
    let scale = cas();
    scale.serve_pty(&path).unwrap();
    scale.wait_state(|state| state.connected).await;
    scale.inject(Fault::StartMidFrame);
    scale.inject(Fault::Echo);
    scale.inject(Fault::ParityLeak);
    let mut host = open(&path).await;
    let said = ask(&mut host, b"\x05", 8 + 2).await;
    assert_eq!(said, [&GOOD[8..], b"\x05\x06"].concat());
    let said = ask(&mut host, b"\x11", GOOD.len()).await;
    assert_eq!(said, [b"\x11\x81", &GOOD[2..]].concat());
    scale.inject(Fault::CutMidFrame);
    host.write_all(b"\x05\x11").await.unwrap();
    host.flush().await.unwrap();
    assert!(rest(&mut host).await.len() <= 10, "the terminal ends in the middle of the frame");
    scale.wait_state(|state| state.connected && state.asked == 2).await;
    scale.stop();
}

#[tokio::test]
async fn stop_and_drop_close_the_port() {
    for stop in [true, false] {
        let scale = cas();
        let address = scale.serve_tcp("127.0.0.1:0").await.unwrap();
        let mut host = connect(address).await;
        ask(&mut host, b"\x05", 1).await;
        if stop {
            scale.stop();
        } else {
            drop(scale);
        }
        assert_eq!(rest(&mut host).await, b"");
    }
}
