//! The simulated ATOL register on low level 2, and on a real link.

#[path = "register_atol/host.rs"]
#[allow(dead_code, reason = "the other file uses the rest")]
mod host;

use std::time::Duration;

use host::{TEA, clock, frame, frames, hex};
use outlet_simulators::register::atol::{AtolSpec, AtolWire};
use outlet_simulators::register::{Event, Family, Fault, Moment, Register, RegisterSpec, What};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Patient enough for any machine.
fn v2() -> Register {
    let family = AtolSpec { wire: AtolWire::V2, turn: Duration::from_secs(600), ..AtolSpec::default() };
    let spec = RegisterSpec { family: Family::Atol(family), ..RegisterSpec::atol_v2() };
    Register::open(RegisterSpec { byte_timeout: Duration::from_secs(600), ..spec.at(clock()) })
        .expect("no state file, no error")
}

/// A frame of low level 2.
fn wrap(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x02];
    for byte in data {
        if [0x10, 0x03].contains(byte) {
            out.push(0x10);
        }
        out.push(*byte);
    }
    out.push(0x03);
    out.push(out[1..].iter().fold(0, |sum, byte| sum ^ byte));
    out
}

/// Asks, sends, ends, is called and takes the answer.
fn talk(register: &Register, task: &str) -> Vec<u8> {
    try_talk(register, task).unwrap_or_else(|| panic!("{task} has no answer"))
}

/// The same; `None` when the device falls silent.
fn try_talk(register: &Register, task: &str) -> Option<Vec<u8>> {
    let data = [vec![0, 0], hex(task)].concat();
    for (said, wanted) in [(vec![0x05], [0x06]), (wrap(&data), [0x06]), (vec![0x04], [0x05])] {
        if register.feed(&said) != wanted {
            return None;
        }
    }
    take(register)
}

fn take(register: &Register) -> Option<Vec<u8>> {
    let answer = register.feed(&[0x06]);
    let (mut data, mut masked) = (Vec::new(), false);
    for byte in answer.get(1..answer.len().checked_sub(2)?)? {
        masked = !masked && *byte == 0x10;
        if !masked {
            data.push(*byte);
        }
    }
    assert_eq!(wrap(&data), answer);
    (register.feed(&[0x06]) == [0x04]).then_some(data)
}

#[test]
fn level_2_carries_the_same_tasks_one_handshake_each() {
    let register = v2();
    assert_eq!(talk(&register, "56 01 00000030"), hex("55 00 00"));
    assert_eq!(talk(&register, "92 00 01"), hex("55 00 00"));
    assert_eq!(talk(&register, "EA 00 01 00"), hex("55 00 00"));
    assert_eq!(talk(&register, TEA), hex("55 00 00"));
    assert_eq!(talk(&register, "4A 00 01 0000000000"), hex("55 00 00"));
    assert_eq!(register.documents().len(), 2);
    assert_eq!(talk(&register, "3F")[..2], hex("44 30"));
    assert_eq!(talk(&register, "A4 45 00 00 00 02")[..4], hex("55 00 00 03"), "03 is masked on the wire");
}

#[test]
fn a_garbled_frame_is_refused_and_a_busy_device_says_so() {
    let register = v2();
    register.inject(Fault::Nak { times: 1 });
    let data = hex("0000 3F");
    assert_eq!(register.feed(&[0x05]), [0x06]);
    assert_eq!(register.feed(&wrap(&data)), [0x15]);
    assert_eq!(register.feed(&wrap(&data)), [0x06]);
    assert_eq!(register.feed(&[0x04]), [0x05]);
    assert_eq!(take(&register).unwrap()[0], 0x44);
    register.inject(Fault::Busy { answers: 2 });
    assert_eq!(register.feed(&[0x05]), [0x15]);
    assert_eq!(register.feed(&[0x05]), [0x15]);
    assert_eq!(register.feed(&[0x05]), [0x06]);
}

#[test]
fn a_host_that_missed_the_answer_is_called_again_and_one_that_asks_is_answered_first() {
    let register = v2();
    assert_eq!(register.feed(&[0x05]), [0x06]);
    assert_eq!(register.feed(&wrap(&hex("0000 3F"))), [0x06]);
    assert_eq!(register.feed(&[0x04]), [0x05]);
    assert_eq!(register.feed(&[0x05]), [0x05], "both want to talk: the device first");
    register.inject(Fault::LoseAnswer);
    assert!(register.feed(&[0x06]).is_empty());
    assert_eq!(register.feed(&[0x05]), [0x05], "the host is called once more");
    assert_eq!(take(&register).unwrap()[0], 0x44);
}

#[test]
fn power_takes_the_answer_that_level_2_was_about_to_give() {
    let register = v2();
    talk(&register, "56 01 00000030");
    register.plan(
        Moment::Of { frame: "9A".to_owned(), what: What::Executed },
        Fault::PowerOff { back_after: None },
    );
    assert_eq!(register.feed(&[0x05]), [0x06]);
    assert_eq!(register.feed(&wrap(&hex("0000 9A 00"))), [0x06]);
    assert!(register.feed(&[0x04]).is_empty());
    register.power_on();
    assert_eq!(register.feed(&[0x05]), [0x06], "it doesn't remember");
    assert!(register.shift().open);
}

#[test]
fn power_lost_at_any_moment_leaves_one_document_or_none() {
    let receipt =
        ["56 01 00000030", "92 00 01", "EA 00 01 00", TEA, "99 00 02 0000010000", "4A 00 01 0000000000"];
    let register = v2();
    for task in receipt {
        talk(&register, task);
    }
    let (mut stored, mut lost) = (0, 0);
    for n in 1..=register.moments() {
        let register = v2();
        register.plan(Moment::Frame { n }, Fault::PowerOff { back_after: None });
        let all = receipt.iter().all(|task| try_talk(&register, task).is_some());
        register.power_on();
        let sales = register.documents().iter().filter(|document| document.total > 0).count();
        let open = talk(&register, "3F")[22] == 1;
        assert!(sales <= 1 && !(open && sales == 1), "at {n}: {sales}, open: {open}");
        stored += sales;
        lost += usize::from(!all && sales == 1);
    }
    assert!(stored > lost && lost > 0, "{stored} {lost}");
}

#[test]
fn control_bytes_and_frames_are_moments() {
    let register = v2();
    let mut events = register.events();
    talk(&register, "3F");
    let seen: Vec<String> = std::iter::from_fn(|| events.try_recv().ok())
        .map(|Event { what, frame, .. }| format!("{what:?} {frame}"))
        .collect();
    let wanted = [
        "Received ENQ",
        "Sent ACK",
        "Received 3F",
        "Sent ACK",
        "Received EOT",
        "Executed 3F",
        "Sent ENQ",
        "Received ACK",
        "Sent 3F",
        "Received ACK",
        "Sent EOT",
    ];
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn a_task_that_takes_its_time_is_told_of_by_itself() {
    let spec = RegisterSpec { processing: Duration::from_millis(20), ..RegisterSpec::atol_v3().at(clock()) };
    let register = Register::open(spec).unwrap();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut link = TcpStream::connect(address).await.unwrap();
    link.write_all(&frame(1, &hex("C1 01 01 0000 56 01 00000030"))).await.unwrap();
    link.write_all(&frame(2, &hex("C1 01 02 0000 9A 00"))).await.unwrap();
    let told = [(0xF0, hex("A6 01 55 00 00")), (0xF0, hex("A6 02 55 00 00"))];
    let mut got = Vec::new();
    while frames(&got).iter().filter(|frame| told.contains(frame)).count() < told.len() {
        assert_ne!(link.read_buf(&mut got).await.unwrap(), 0, "{got:02X?}");
    }
    assert_eq!(frames(&got)[0], (1, hex("A2")));
    assert_eq!(register.wait_documents(1).await.len(), 1);
    assert!(register.wait_paper(1).await.says("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ"));
}

#[tokio::test]
async fn a_task_is_finished_while_nobody_is_connected_and_its_result_kept() {
    let spec = RegisterSpec { processing: Duration::from_millis(20), ..RegisterSpec::atol_v3().at(clock()) };
    let register = Register::open(spec).unwrap();
    let address = register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut link = TcpStream::connect(address).await.unwrap();
    link.write_all(&frame(1, &hex("C1 03 01 0000 56 01 00000030"))).await.unwrap();
    link.write_all(&frame(2, &hex("C1 03 02 0000 9A 00"))).await.unwrap();
    let mut got = Vec::new();
    while !frames(&got).iter().any(|(id, _)| *id == 2) {
        assert_ne!(link.read_buf(&mut got).await.unwrap(), 0, "{got:02X?}");
    }
    drop(link);
    register.wait_documents(1).await;

    let mut link = TcpStream::connect(address).await.unwrap();
    link.write_all(&frame(3, &hex("C3 02"))).await.unwrap();
    let wanted = frame(3, &hex("A3 55 00 00"));
    let mut got = vec![0; wanted.len()];
    link.read_exact(&mut got).await.unwrap();
    assert_eq!(got, wanted);
}
