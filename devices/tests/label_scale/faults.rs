//! Datagrams that are lost, doubled and late; scales that are silent, busy or something else.

use std::net::SocketAddr;

use outlet_devices::driver::Request;
use outlet_devices::error::ErrorKind;
use outlet_simulators::label_scale::{Fault, ScaleSpec};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use crate::bed::*;

#[tokio::test]
async fn lost_and_doubled_datagrams_change_nothing_about_who_is_refused() {
    for fault in
        [Fault::LoseCommands(2), Fault::LoseAnswers(2), Fault::DoubleCommands(50), Fault::DoubleAnswers(50)]
    {
        let mut bed = Bed::new("shtrih-print", ScaleSpec::shtrih_print()).await;
        bed.scale.inject(fault);
        let list = (1..=20).map(|plu| if plu % 5 == 0 { too_heavy(plu) } else { item(plu) });
        let answer = bed.loaded(changes(list, &[])).await;
        assert_eq!(answer["refused"][0]["plu"], json!([[5, 5], [10, 10], [15, 15], [20, 20]]), "{fault:?}");
        assert_eq!(bed.numbers().len(), 16, "{fault:?}");
        bed.follows_the_document();
    }
}

/// Between the driver and a scale: each answer is kept back until the next datagram comes, whatever it is.
async fn late_answers(scale: SocketAddr) -> SocketAddr {
    let outside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let inside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    inside.connect(scale).await.unwrap();
    let address = outside.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut held, mut buffer) = (None::<(Vec<u8>, SocketAddr)>, [0; 512]);
        loop {
            let (length, host) = outside.recv_from(&mut buffer).await.unwrap();
            inside.send(&buffer[..length]).await.unwrap();
            if let Some((answer, host)) = held.take() {
                outside.send_to(&answer, host).await.unwrap();
            }
            let length = inside.recv(&mut buffer).await.unwrap();
            held = Some((buffer[..length].to_vec(), host));
        }
    });
    address
}

#[tokio::test]
async fn an_answer_that_comes_after_the_next_question_is_not_taken_for_its_answer() {
    let bed = Bed::with_options("shtrih-print", ScaleSpec::shtrih_print(), options()).await;
    let relay = late_answers(bed.link.trim_start_matches("udp://").parse().unwrap()).await;
    let (built, _) =
        build("shtrih-print", &format!("udp://{relay}"), with(json!({"answer_ms": 30, "repeats": 20})))
            .unwrap();
    let mut late = Bed { driver: built.driver, ..bed };
    late.connect().await;
    let answer = late.loaded(changes([item(1), too_heavy(2), item(3), too_heavy(4), item(5)], &[])).await;
    assert_eq!(answer["refused"][0]["plu"], json!([[2, 2], [4, 4]]));
    assert_eq!(late.numbers(), [1, 3, 5]);
}

#[tokio::test]
async fn a_busy_scale_is_waited_for_and_the_job_says_why() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.scale.inject(Fault::Busy(2));
        bed.loaded(changes([item(1)], &[])).await;
        assert_eq!(bed.numbers(), [1], "{model}");
        let busy = Some("device-busy".to_owned());
        // The first is the look at the mode, before the job is begun.
        bed.scale.inject(Fault::PowerOff);
        bed.scale.inject(Fault::PowerOn);
        bed.connect().await;
        bed.scale.inject(Fault::Refuse { code: 123, times: 2 });
        bed.loaded(changes([item(2)], &[])).await;
        let waits = bed.journal.with(|kept| std::mem::take(&mut kept.waits));
        assert_eq!(waits.last(), Some(&None), "{model}: it goes on");
        assert!(waits.contains(&busy), "{model}: {waits:?}");
    }
}

#[tokio::test]
async fn a_scale_that_stays_busy_is_left_for_later() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"patience_s": 0}))).await;
        bed.connect().await;
        bed.scale.inject(Fault::Busy(1000));
        let error = bed.load(changes([item(1)], &[])).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::Busy, "device-busy"), "{model}");
        if model == "shtrih-print" {
            assert!(error.message.contains("held by another program, at 192.0.2.1:1024"), "{error}");
        }
        bed.scale.inject(Fault::Busy(0));
        bed.loaded(changes([item(1)], &[])).await;
    }
}

#[tokio::test]
async fn a_silent_scale_is_offline_and_back_without_a_restart() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        assert!(bed.status.borrow().online);
        bed.scale.inject(Fault::Silence);
        let error = bed.load(changes([item(1)], &[])).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"), "{model}");
        assert!(error.message.contains(&bed.link) && error.message.contains("does not answer"), "{error}");
        assert!(!bed.status.borrow().online);
        bed.scale.inject(Fault::Speak);
        bed.connect().await;
        assert!(bed.status.borrow().online);
        bed.loaded(changes([item(1)], &[])).await;
    }
}

#[tokio::test]
async fn a_scale_that_goes_away_with_nothing_to_do_is_missed() {
    for (model, spec) in both() {
        let mut bed = Bed::with_options(model, spec, with(json!({"watch_s": 1}))).await;
        bed.connect().await;
        bed.scale.inject(Fault::PowerOff);
        let error = bed.driver.idle().await;
        assert_eq!(error.code, "device-offline", "{model}");
        bed.scale.inject(Fault::PowerOn);
        bed.connect().await;
        assert!(bed.status.borrow().online);
    }
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_not_again_before_somebody_asks() {
    for (model, spec) in both() {
        let spec = ScaleSpec { password: *b"7391", ..spec };
        let mut bed = Bed::new(model, spec).await;
        assert!(bed.status.borrow().conditions.contains("wrong-password"), "{model}");
        for _ in 0..10 {
            let error = bed.load(changes([item(1)], &[])).await.unwrap_err();
            assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "wrong-password"), "{model}");
            bed.connect().await;
        }
        assert!(bed.journal.with(|kept| kept.begun.is_empty()));
        // Four attempts are left: with the right password the scale is not locked.
        bed.options["password"] = json!("7391");
        bed.restart_agent();
        bed.connect().await;
        assert!(bed.status.borrow().conditions.is_empty(), "{model}");
        bed.loaded(changes([item(1)], &[])).await;
    }
}

#[tokio::test]
async fn the_password_is_in_no_trace_error_or_status() {
    for (model, spec) in both() {
        let spec = ScaleSpec { password: *b"7391", ..spec };
        let mut bed = Bed::with_options(model, spec, with(json!({"password": "7391"}))).await;
        bed.connect().await;
        bed.loaded(whole([item(1), too_heavy(2)])).await;
        let trace = bed.journal.with(|kept| kept.trace.clone());
        assert!(trace.len() > 100 && trace.windows(4).any(|four| four == b"****"));
        assert!(!trace.windows(4).any(|four| four == b"7391"), "{model}");
        for op in ["status", "identify", "test"] {
            assert!(!bed.request(op).await.unwrap().to_string().contains("7391"), "{model} {op}");
        }
    }
}

/// A peer that answers every datagram with these bytes.
async fn answers_with(answer: &'static [u8]) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let link = format!("udp://{}", socket.local_addr().unwrap());
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((_, host)) = socket.recv_from(&mut buffer).await {
            socket.send_to(answer, host).await.unwrap();
        }
    });
    link
}

#[tokio::test]
async fn garbage_cut_answers_and_other_devices_are_no_label_scale() {
    for (answer, expected) in [
        (&b"HTTP/1.1 400\r\n\r\n"[..], "it begins with 48"),
        (b"\x02\x09\xFC\x00\x01", "it says that 9 bytes follow, and there are 3"),
        (b"\x02\x02\x57\x00", "it answers the command 57h"),
        (b"\x06", "it does not answer"),
        // A fiscal register: type 0.
        (b"\x02\x0A\xFC\x00\x00\x00\x01\x0C\x05\x00FR", "a device of type 0.0 and no label scale"),
    ] {
        let link = answers_with(answer).await;
        let options = json!({"answer_ms": 200, "repeats": 0});
        let (mut built, status) = build("shtrih-print", &link, options).unwrap();
        let error = built.driver.connect().await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::NotSent, "device-offline"));
        assert!(error.message.contains(expected), "{error}");
        assert!(!status.borrow().online);
    }
}

/// A Mertech scale of which only so much is known: it identifies itself, and answers 0 with these data to the rest.
async fn mertech_peer(answer: fn(&[u8]) -> Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut length = [0; 4];
            while stream.read_exact(&mut length).await.is_ok() {
                let mut message = vec![0; u32::from_le_bytes(length) as usize];
                stream.read_exact(&mut message).await.unwrap();
                let sent = stream.write_all(&answer(&message[2..])).await;
                if sent.is_err() {
                    break;
                }
            }
        }
    });
    link
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(body.len() + 2).unwrap().to_le_bytes().to_vec();
    bytes.extend([2, u8::try_from(body.len()).unwrap()]);
    bytes.extend(body);
    bytes
}

#[tokio::test]
async fn mertech_s_own_command_deletes_an_item_where_the_scale_has_it() {
    // Item 7 is there until FF 0F of kind 1 names it; 54h, which would leave it in the scale, is not known.
    let link = mertech_peer(|command| match command {
        [0xFC] => framed(&[0xFC, 0, 1, 1, 1, 3, 0, 0]),
        [0x12] => framed(&[0x12, 0, 0, 0, 0]),
        [0x58, _, _, _, _, 7, 0] => {
            let mut body = vec![0x58, 0, 1];
            body.resize(82, 0);
            framed(&body)
        }
        [0xFF, 0x0F, b'1', b'2', b'3', b'4', 1, 7, 0] => framed(&[0xFF, 0x0F, 0]),
        [code, ..] => framed(&[*code, 120]),
        [] => Vec::new(),
    })
    .await;
    let (mut built, _) = build("mertech", &link, options()).unwrap();
    built.driver.connect().await.unwrap();
    let outcome = built.driver.execute(&command("01", changes([], &[7])), &Journal::default()).await.unwrap();
    assert_eq!(outcome.result["removed"], json!([[7, 7]]));
}

/// A scale with the items 3 and 5, no item 2 in the words of version 1.6 (156), item 4 selected (141), and no number
/// above 6 (128).
fn with_gaps(command: &[u8]) -> Vec<u8> {
    match command {
        [0xFC] => framed(&[0xFC, 0, 1, 1, 1, 3, 0, 0]),
        [0x12] => framed(&[0x12, 0, 0, 0, 0]),
        [0x57, ..] => framed(&[0x57, 0]),
        [0x58, _, _, _, _, 3 | 5, 0] => {
            let mut body = vec![0x58, 0, 1];
            body.resize(82, 0);
            framed(&body)
        }
        [0x58, _, _, _, _, 2 | 6, 0] => framed(&[0x58, 156]),
        [0x58, _, _, _, _, 4, 0] => framed(&[0x58, 141]),
        [0x58, ..] => framed(&[0x58, 128]),
        [0xFF, 0x0F, _, _, _, _, 1, 3 | 5, 0] => framed(&[0xFF, 0x0F, 0]),
        [0xFF, 0x0F, ..] => framed(&[0xFF, 0x0F, 156]),
        [code, ..] => framed(&[*code, 120]),
        [] => Vec::new(),
    }
}

#[tokio::test]
async fn a_whole_list_is_swept_past_numbers_that_the_scale_does_not_tell_of() {
    let link = mertech_peer(with_gaps).await;
    let (mut built, _) = build("mertech", &link, options()).unwrap();
    built.driver.connect().await.unwrap();
    let list = command("01", whole([item(1)]));
    let outcome = built.driver.execute(&list, &Journal::default()).await.unwrap();
    assert_eq!(
        outcome.result["removed"],
        json!([[3, 3], [5, 5]]),
        "156 and 141 are not the end of the table"
    );
    let kept = json!([{"code": 141, "words": "the item is selected", "plu": [[4, 4]]}]);
    assert_eq!(outcome.result["not_removed"], kept, "and 128 is");
}

#[tokio::test]
async fn an_item_that_the_scale_says_by_156_it_has_not_is_absent() {
    let link = mertech_peer(with_gaps).await;
    let (mut built, _) = build("mertech", &link, options()).unwrap();
    built.driver.connect().await.unwrap();
    let list = command("01", changes([], &[2, 3]));
    let outcome = built.driver.execute(&list, &Journal::default()).await.unwrap();
    let result = &outcome.result;
    assert_eq!((&result["absent"], &result["removed"]), (&json!([[2, 2]]), &json!([[3, 3]])));
    assert_eq!(result.get("not_removed"), None);
}

/// A Shtrih-Print that tells nothing of itself but that it is a label scale.
async fn reticent() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let link = format!("udp://{}", socket.local_addr().unwrap());
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((_, host)) = socket.recv_from(&mut buffer).await {
            let body: &[u8] = match buffer[2] {
                0xFC => &[0xFC, 0, 1, 1, 1, 3, 0, 0],
                0x12 => &[0x12, 0, 0, 0, 0],
                0x57 => &[0x57, 0],
                code => &[code, 120],
            };
            let mut answer = vec![2, u8::try_from(body.len()).unwrap()];
            answer.extend(body);
            socket.send_to(&answer, host).await.unwrap();
        }
    });
    link
}

#[tokio::test]
async fn a_scale_whose_decimals_nobody_says_is_not_loaded() {
    let link = reticent().await;
    let list = command("01", changes([item(1)], &[]));
    let (mut built, _) = build("shtrih-print", &link, json!({"answer_ms": 300})).unwrap();
    built.driver.connect().await.unwrap();
    let journal = Journal::default();
    let error = built.driver.execute(&list, &journal).await.unwrap_err();
    assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "wrong-decimals"));
    assert!(error.message.contains("set the option decimals"), "{error}");
    assert!(journal.with(|kept| kept.begun.is_empty()), "nothing was sent");

    let (mut built, _) = build("shtrih-print", &link, with(json!({"decimals": 2}))).unwrap();
    built.driver.connect().await.unwrap();
    built.driver.execute(&list, &Journal::default()).await.unwrap();
}

#[tokio::test]
async fn more_than_was_asked_for_over_tcp_ends_the_connection_instead_of_shifting_the_answers() {
    let link = mertech_peer(|command| match command {
        [0xFC] => framed(&[0xFC, 0, 1, 1, 1, 3, 0, 0]),
        [0x12] => framed(&[0x12, 0, 0, 0, 0]),
        [0x57, ..] => [framed(&[0x57, 0]), framed(&[0x57, 0])].concat(),
        [code, ..] => framed(&[*code, 120]),
        [] => Vec::new(),
    })
    .await;
    let (mut built, _) = build("mertech", &link, options()).unwrap();
    built.driver.connect().await.unwrap();
    let command = command("01", changes([item(1), item(2)], &[]));
    let error = built.driver.execute(&command, &Journal::default()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotSent);
    assert!(error.message.contains("more than was asked for"), "{error}");
}

#[tokio::test]
async fn a_question_that_was_given_up_does_not_shift_the_answers_over_tcp() {
    let mut bed = Bed::new("mertech", ScaleSpec::mertech()).await;
    for stage in 1..=20u16 {
        // Given up before it is sent, while its answer is under way, and after.
        let status = Request::Status;
        let mut asked = bed.driver.request(&status);
        tokio::select! {
            biased;
            _ = &mut asked => {}
            () = async { for _ in 0..stage { tokio::task::yield_now().await } } => {}
        }
        drop(asked);
        let answer = bed.loaded(changes([item(stage), too_heavy(stage + 50)], &[])).await;
        assert_eq!(answer["refused"][0]["plu"], json!([[stage + 50, stage + 50]]));
    }
    assert!(bed.status.borrow().online);
}

#[tokio::test]
async fn a_scale_at_fault_stops_the_list_and_what_was_loaded_is_told() {
    for (model, spec) in both() {
        let mut bed = Bed::new(model, spec).await;
        bed.scale.inject(Fault::Refuse { code: 168, times: 1 });
        let error = bed.load(changes([1, 2].map(item), &[])).await.unwrap_err();
        assert_eq!((error.kind, error.code), (ErrorKind::Rejected, "scale-refuses"), "{model}");
        assert!(error.message.contains("its table of items is broken (error 168)"), "{error}");
        assert_eq!(error.evidence["not_tried"], json!([[1, 2]]));
    }
}
