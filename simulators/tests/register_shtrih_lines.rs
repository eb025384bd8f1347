//! The simulated Shtrih-M register on TCP and on a pseudo terminal: power, cuts, time.

#![allow(clippy::unwrap_used)] // helpers of tests, too

mod common;
mod shtrih;

use std::time::Duration;

use common::hex;
use outlet_simulators::register::shtrih::ShtrihSpec;
use outlet_simulators::register::{DocumentKind, Fault, Moment, Register, RegisterSpec, What};
use shtrih::{ADMIN, close, frame_v1, item, kinds, money, open, spec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A host that doesn't wait to send small pieces together.
async fn connect(address: std::net::SocketAddr) -> TcpStream {
    let host = TcpStream::connect(address).await.unwrap();
    host.set_nodelay(true).unwrap();
    host
}

async fn read<const N: usize>(host: &mut (impl AsyncReadExt + Unpin)) -> [u8; N] {
    let mut bytes = [0; N];
    host.read_exact(&mut bytes).await.unwrap();
    bytes
}

fn register() -> Register {
    Register::open(spec(ShtrihSpec::default())).unwrap()
}

/// Commands up to the closing one, over the link.
async fn sell(host: &mut TcpStream) {
    for command in [open(0), item(1, "Tea", 1_000_000, 100, 1)] {
        host.write_all(&frame_v1(&command)).await.unwrap();
        let head: [u8; 3] = read(host).await;
        let mut rest = vec![0; usize::from(head[2]) + 1];
        host.read_exact(&mut rest).await.unwrap();
        host.write_all(&[0x06]).await.unwrap();
    }
}

#[tokio::test]
async fn a_host_talks_over_tcp() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15]);
    sell(&mut host).await;
    host.write_all(&frame_v1(&close(&[(1, 100)]))).await.unwrap();
    assert_eq!(read(&mut host).await, [0x06, 0x02]);
    assert_eq!(register.wait_documents(3).await[2].kind, DocumentKind::Sale);
    assert!(register.wait_paper(2).await.says("ИТОГ =1.00"));
}

#[tokio::test]
async fn without_power_the_port_refuses_and_afterwards_it_is_the_same() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15]);

    register.power_off();
    assert_eq!(host.read(&mut [0; 1]).await.unwrap_or(0), 0, "the connection has gone");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    register.power_on();
    let mut host = loop {
        match TcpStream::connect(address).await {
            Ok(host) => break host,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15]);
}

#[tokio::test]
async fn power_comes_back_by_itself_after_its_time() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    register.inject(Fault::PowerOff { back_after: Some(Duration::from_millis(20)) });
    let mut host = loop {
        if let Ok(mut host) = TcpStream::connect(address).await
            && host.write_all(&[0x05]).await.is_ok()
            && host.read(&mut [0; 1]).await.is_ok_and(|n| n == 1)
        {
            break host;
        }
    };
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15]);
}

#[tokio::test]
async fn a_link_cut_in_the_middle_of_a_frame_executes_nothing() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    sell(&mut host).await;
    register.inject(Fault::CutLinkMidFrame { bytes: 40 });
    host.write_all(&frame_v1(&close(&[(1, 100)]))).await.unwrap();
    assert_eq!(host.read(&mut [0; 1]).await.unwrap_or(0), 0);

    let mut host = connect(address).await;
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15], "nothing is held, the half frame is forgotten");
    assert_eq!(kinds(&register).len(), 2);
}

#[tokio::test]
async fn a_link_cut_in_the_middle_of_an_answer_leaves_it_to_be_asked_for_again() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    sell(&mut host).await;
    register.plan(Moment::SentByte { sent: 14 + 5 }, Fault::CutLink);
    host.write_all(&frame_v1(&close(&[(1, 100)]))).await.unwrap();
    let mut heard = Vec::new();
    host.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, hex("06 02 10 FF 45"));

    let mut host = connect(address).await;
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x06, 0x02, 0x10, 0xFF, 0x45, 0x00], "from its beginning");
    assert_eq!(kinds(&register).len(), 3);
}

#[tokio::test]
async fn a_link_cut_before_the_execution_doesnt_stop_it_and_the_answer_waits() {
    let register = register();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut host = connect(address).await;
    sell(&mut host).await;
    register.plan(Moment::Of { frame: "FF45".into(), what: What::Received }, Fault::CutLink);
    host.write_all(&frame_v1(&close(&[(1, 100)]))).await.unwrap();
    assert_eq!(host.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert_eq!(register.wait_documents(3).await.len(), 3);

    let mut host = connect(address).await;
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x06, 0x02, 0x10, 0xFF, 0x45, 0x00]);
}

#[tokio::test]
async fn an_observer_may_cut_the_power_at_any_moment() {
    // The closing command: received, acknowledged, executed, answered.
    for (index, sold) in [(1, false), (2, false), (3, true), (4, true)] {
        let register = register();
        let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
        let mut host = connect(address).await;
        sell(&mut host).await;
        // After two exchanges of four moments and the acknowledgement of each answer.
        let (cutter, moment) = (register.clone(), 10 + index);
        register.on_moment(Box::new(move |event| {
            if event.index == moment {
                cutter.power_off();
            }
        }));
        let _ = host.write_all(&frame_v1(&close(&[(1, 100)]))).await;
        let mut heard = Vec::new();
        let _ = host.read_to_end(&mut heard).await;
        assert_eq!(kinds(&register).last() == Some(&DocumentKind::Sale), sold, "moment {index}");
        assert_eq!(register.moments(), moment, "nothing happens without power");
        register.power_on();
        register.stop();
    }
}

#[tokio::test]
async fn power_fails_after_any_byte_of_the_answer() {
    // Two exchanges of 7 bytes come before; the answer is an acknowledgement and 19 bytes.
    for sent in 1..=20 {
        let register = register();
        let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
        let mut host = connect(address).await;
        sell(&mut host).await;
        register.plan(Moment::SentByte { sent: 14 + sent }, Fault::PowerOff { back_after: None });
        let mut heard = Vec::new();
        // The register may be gone already.
        let _ = host.write_all(&frame_v1(&close(&[(1, 100)]))).await;
        let _ = host.read_to_end(&mut heard).await;
        assert_eq!(heard.len() as u64, sent, "bytes that came");
        let sold = kinds(&register).last() == Some(&DocumentKind::Sale);
        assert_eq!(sold, sent > 1, "executed after the acknowledgement");
    }
}

#[tokio::test(start_paused = true)]
async fn an_enquiry_during_the_execution_hears_that_an_answer_is_prepared() {
    let minute = Duration::from_secs(60);
    let spec = RegisterSpec { processing: minute, ..spec(ShtrihSpec::default()) };
    let register = Register::open(spec).unwrap();
    let command = frame_v1(&[&[0x50], &ADMIN[..], &money(100)[..]].concat());
    assert_eq!(register.feed(&command), hex("06"), "accepted");
    assert_eq!(register.feed(&hex("05")), hex("06"), "not NAK: it is at work");
    assert_eq!(register.drawer_sum(), 0);
    tokio::time::advance(minute).await;
    assert_eq!(register.feed(&[]), hex("02 05 50 00 1E 01 00 4A"));
    assert_eq!(register.drawer_sum(), 100);
}

#[tokio::test]
async fn a_terminal_stays_through_a_power_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register");
    let register = register();
    register.serve_pty(&path).unwrap();
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut host = tokio::fs::File::from_std(file);
    host.write_all(&[0x05]).await.unwrap();
    assert_eq!(read(&mut host).await, [0x15]);
    register.power_off();
    register.power_on();
    host.write_all(&frame_v1(&[0xFC])).await.unwrap();
    assert_eq!(read(&mut host).await, [0x06, 0x02]);
}
