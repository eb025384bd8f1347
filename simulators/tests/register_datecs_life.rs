//! The simulated Datecs device through its days: reports, journal, paper, clock, power.

mod datecs;

use std::time::Duration;

use datecs::{Host, SYN, Wrap};
use jiff::civil::date;
use outlet_simulators::register::{DocumentKind, Fault, Moment, RegisterSpec, What};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn all() -> Vec<Host> {
    vec![Host::x(), Host::ro(), Host::p(), Host::c()]
}

// Days

#[test]
fn a_z_report_clears_the_day_and_counts_on() {
    let mut host = Host::x();
    host.tell(70, "0\t100.00\t");
    host.receipt_up_to_close();
    host.tell(56, "");
    assert!(host.register.shift().open);
    let sums = "0.00\t4.50\t0.00\t0.00\t0.00\t0.00\t0.00\t0.00\t";
    let none = "0.00\t".repeat(8);
    assert_eq!(host.tell(69, "X\t"), format!("0\t1\t{sums}{none}"));
    assert_eq!(host.tell(69, "Z\t"), format!("0\t1\t{sums}{none}"));
    assert_eq!(host.tell(69, "Z\t"), format!("0\t2\t{none}{none}"));
    assert_eq!(host.tell(70, "0\t\t"), "0\t0.00\t0.00\t0.00\t");
    assert_eq!(host.tell(123, "3"), "0\t1\t22-11-2026 10:00:00\t2\t22-11-2026 10:00:00\t");
    assert_eq!((host.register.shift().open, host.register.shift().number), (false, 2));
    let kinds: Vec<_> = host.register.documents().iter().map(|document| document.kind).collect();
    assert_eq!(kinds, [DocumentKind::Sale, DocumentKind::CloseShift, DocumentKind::CloseShift]);
    let paper = host.register.papers().swap_remove(3);
    assert!(paper.says("С НУЛИРАНЕ") && paper.says("В БРОЙ 4.50"), "{}", paper.text());
}

#[test]
fn after_24_hours_no_receipt_is_opened_before_a_z_report() {
    for mut host in all() {
        host.receipt_up_to_close();
        host.tell(56, "");
        host.register.advance_clock(Duration::from_secs(24 * 3600 + 1));
        let serial = host.register.ledger().serial;
        let (open, z) = match serial.as_str() {
            "DT577587" => ("1\t0000\t1\t\t", "Z\t"),
            "DB4600001234" => ("1\t0001\t1\t\t\t\t", "Z\t"),
            "DT278392" => ("1,0000,1", "0"),
            _ => ("1,1,1", "0"),
        };
        let answer = host.ask(48, open);
        match serial.as_str() {
            "DT577587" => assert_eq!(answer.data, "-111024\t"),
            "DB4600001234" => assert_eq!((answer.data.as_str(), answer.status[1]), ("-111024\t", 0x84)),
            _ => assert_eq!(answer.status[1], 0x82),
        }
        assert_eq!(host.ask(69, z).status[0], 0x80);
        assert_eq!(host.ask(48, open).status[2], 0x88, "{serial}: a fiscal receipt is open");
    }
}

#[test]
fn a_full_journal_takes_no_receipt_and_says_so_in_its_bits() {
    let mut host = Host::x();
    host.register.inject(Fault::StorageFull);
    let answer = host.ask(48, "1\t0000\t1\t\t");
    assert_eq!(answer.data, "-105010\t");
    assert_eq!((answer.status[2], answer.status[4]), (0x84, 0xB6));
    assert_eq!(host.tell(69, "Z\t"), "-100114\t");
    host.register.inject(Fault::StorageEmptied);
    assert_eq!(host.tell(48, "1\t0000\t1\t\t"), "0\t1\t");
}

// Journal

#[test]
fn the_x_dialect_reads_documents_line_by_line() {
    let mut host = Host::x();
    host.receipt_up_to_close();
    host.tell(54, "заявка 0042-7\t");
    host.tell(56, "");
    host.register.advance_clock(Duration::from_secs(60));
    host.tell(70, "0\t10.00\t");
    host.tell(69, "Z\t");
    assert_eq!(host.tell(124, "\t\t0\t"), "0\t22-11-26 10:00:00\t22-11-26 10:01:00\t1\t3\t");
    assert_eq!(host.tell(124, "\t\t2\t"), "0\t22-11-26 10:01:00\t22-11-26 10:01:00\t1\t1\t");
    assert_eq!(
        host.tell(124, "22-11-26 10:00:30\t22-11-26 23:59:59 DST\t\t"),
        "0\t22-11-26 10:00:30\t22-11-26 23:59:59\t2\t3\t"
    );
    assert_eq!(host.tell(125, "0\t1\t1\t"), "0\t1\t1\t22-11-26 10:00:00\t1\t1\t");
    let mut lines = Vec::new();
    loop {
        let answer = host.tell(125, "1\t");
        match answer.strip_prefix("0\t") {
            Some(line) => lines.push(line.trim_end_matches('\t').to_owned()),
            None => {
                assert_eq!(answer, "-100003\t", "no more data");
                break;
            }
        }
    }
    let text = lines.join("\n");
    for wanted in ["Ракия", "#заявка 0042-7", "4.50 Б", "В БРОЙ", "РЕСТО", "ДОКУМЕНТ 0000001"]
    {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert_eq!(host.tell(125, "0\t2\t1\t"), "-100004\t", "the second is no receipt");
    assert_eq!(host.tell(125, "0\t1\t2\t"), "0\t3\t1\t22-11-26 10:01:00\t2\t1\t", "Z by its number");
    assert_eq!(host.tell(125, "3\t1\t0\t"), "0\t");
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn long_names_stand_in_the_journal_as_on_paper() {
    let mut host = Host::x();
    let name = "Агнешко печено с картофи, джоджен и зелен лук от фурната на баба".to_owned();
    host.tell(48, "1\t0000\t1\t\t");
    host.tell(49, &format!("{name}\t2\t19.90\t1\t\t\t0\t"));
    host.tell(60, "");
    assert_eq!(host.tell(124, "\t\t8\t"), "0\t22-11-26 10:00:00\t22-11-26 10:00:00\t1\t1\t");
    host.tell(125, "0\t1\t8\t");
    let lines: Vec<String> = (0..16).map(|_| host.tell(125, "1\t")).collect();
    let lines: Vec<&str> =
        lines.iter().filter_map(|line| line.strip_prefix("0\t")?.strip_suffix('\t')).collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 42), "{lines:#?}");
    let at = lines.iter().position(|line| line.starts_with("Агнешко")).unwrap();
    assert_eq!(format!("{}{}", lines[at], lines[at + 1]), name);
}

#[test]
fn the_p_dialect_reads_documents_by_number_report_and_time() {
    let mut host = Host::p();
    host.receipt_up_to_close();
    host.tell(56, "");
    host.tell(69, "0");
    host.receipt_up_to_close();
    host.tell(60, "");
    let read = |host: &mut Host, what: &str| {
        let mut lines = vec![host.tell(119, what)];
        while lines.last().is_some_and(|line| line != "F") {
            let line = host.tell(119, "N");
            lines.push(line);
        }
        lines
    };
    let receipt = read(&mut host, "R,#A,1");
    assert_eq!(receipt[0], "P,             РЕСТОРАНТ ПРОБА");
    assert!(receipt.iter().any(|line| line.ends_with("4.50 Б")));
    assert_eq!(read(&mut host, "R,F,221126,221126"), receipt);
    assert!(read(&mut host, "R,*1").len() > receipt.len(), "the report is part of its day");
    assert_eq!(read(&mut host, "R,#Z,1"), ["F"], "the first is no report");
    assert!(host.tell(119, "I").starts_with("P,4000000000,"));
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

#[test]
fn the_c_dialect_finds_and_reads_documents() {
    let mut host = Host::c();
    host.receipt_up_to_close();
    host.tell(56, "");
    host.tell(69, "0");
    assert_eq!(host.tell(124, "D,1,221126,221126"), "P,1,1");
    assert_eq!(host.tell(124, "D,2,221126000000,221126235959"), "P,2,2");
    assert_eq!(host.tell(124, "D,7,221126,221126"), "F");
    assert_eq!(host.tell(125, "0,1,1"), "P,1,22-11-26 10:00:00,1,1");
    assert_eq!(host.tell(125, "1"), "P,             РЕСТОРАНТ ПРОБА");
    assert_eq!(host.tell(113, ""), "0000002");
}

// Paper

#[test]
fn without_paper_a_printing_command_is_rejected_and_changes_nothing() {
    for mut host in all() {
        host.receipt_up_to_close();
        host.register.inject(Fault::PaperOut);
        let state = host.register.ledger();
        let answer = host.ask(56, "");
        assert_eq!((answer.status[0], answer.status[2]), (0xA0, 0x89), "{answer:?}");
        assert_eq!(answer.data, if host.wrap == Wrap::Wide { "-112006\t" } else { "" });
        assert_eq!(host.register.ledger(), state);
        assert_ne!(host.tell(62, ""), "", "what doesn't print is done");
        host.register.inject(Fault::NewPaper);
        assert_eq!(host.ask(56, "").status[0], 0x80);
        assert_eq!(host.register.documents().len(), 1);
    }
}

#[test]
fn an_open_cover_rejects_printing_too() {
    let mut host = Host::x();
    host.register.inject(Fault::CoverOpen);
    let answer = host.ask(48, "1\t0000\t1\t\t");
    assert_eq!((answer.data.as_str(), answer.status[0]), ("-112007\t", 0xC0));
    host.register.inject(Fault::CoverClose);
    assert_eq!(host.tell(48, "1\t0000\t1\t\t"), "0\t1\t");
}

#[test]
fn paper_that_ends_within_the_close_leaves_the_document_closed_and_its_lines_waiting() {
    for mut host in all() {
        host.receipt_up_to_close();
        host.register.inject(Fault::PaperOutAtLine { lines: 2 });
        let answer = host.ask(56, "");
        assert_eq!(answer.status[2] & 0x09, 0x01, "no paper, and no receipt open: {answer:?}");
        assert_eq!(host.register.documents().len(), 1);
        host.register.inject(Fault::NewPaper);
        let papers = host.register.papers();
        assert_eq!(papers.len(), 2, "the torn piece and the rest");
        assert!(papers[1].says("0000001"), "{}", papers[1].text());
    }
}

// Clock

#[test]
fn a_lost_clock_lets_no_receipt_open_until_it_is_set() {
    let mut host = Host::x();
    host.register.inject(Fault::ClockBeyondLimits);
    let answer = host.ask(48, "1\t0000\t1\t\t");
    assert_eq!((answer.data.as_str(), answer.status[0]), ("-112004\t", 0x84));
    assert_eq!(host.tell(61, "22-11-26 11:30:00\t"), "0\t");
    assert_eq!(host.tell(62, ""), "0\t22-11-26 11:30:00\t");
    assert_eq!(host.tell(48, "1\t0000\t1\t\t"), "0\t1\t");
}

#[test]
fn the_clock_is_not_set_behind_the_last_document() {
    let mut host = Host::p();
    host.receipt_up_to_close();
    host.tell(56, "");
    assert_eq!(host.ask(61, "22-11-26 09:59:59").status[1], 0x82);
    assert_eq!(host.ask(61, "22-11-26 10:00:01").status[1], 0x80);
    assert_eq!(host.tell(62, ""), "22-11-26 10:00:01");
    host.register.set_clock(date(2026, 11, 21).at(10, 0, 0, 0));
    assert_eq!(host.ask(48, "1,0000,1").status[1], 0x82);
}

// Power

#[test]
fn an_open_receipt_outlives_a_power_failure_and_goes_on() {
    for mut host in all() {
        host.receipt_up_to_close();
        let before = host.tell(76, if host.wrap == Wrap::Wide { "" } else { "T" });
        host.register.power_off();
        host.register.power_on();
        assert_eq!(host.tell(76, if host.wrap == Wrap::Wide { "" } else { "T" }), before);
        host.tell(56, "");
        assert_eq!(host.register.documents()[0].total, 450);
        assert!(host.register.papers()[0].says("* POWER DROP *"));
    }
}

#[test]
fn an_open_receipt_is_in_the_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let spec = RegisterSpec::datecs_x().kept_in(folder.path().join("datecs.json"));
    let mut host = Host::at(spec.clone(), Wrap::Wide);
    host.receipt_up_to_close();
    drop(host);
    let mut host = Host::at(spec, Wrap::Wide);
    assert_eq!(host.tell(76, ""), "0\t1\t1\t1\t4.50\t5.00\t");
    assert_eq!(host.tell(56, ""), "0\t1\t");
    assert_eq!(host.register.documents().len(), 1);
}

#[test]
fn power_may_fail_between_any_two_bytes_of_the_close() {
    for make in [Host::x, Host::ro, Host::p, Host::c] {
        let length = make().frame(56, "").len() as u64;
        for after in 1..=length {
            let mut host = make();
            host.receipt_up_to_close();
            let frame = host.frame(56, "");
            let received = host.written + after;
            host.register.plan(Moment::Byte { received }, Fault::PowerOff { back_after: None });
            assert!(host.register.feed(&frame).is_empty(), "byte {after}");
            host.register.power_on();
            let open = host.tell(76, if host.wrap == Wrap::Wide { "" } else { "T" });
            let open = open.trim_start_matches("0\t").starts_with('1');
            assert!(open, "byte {after}: nothing was carried out");
            assert!(host.register.documents().is_empty());
        }
    }
}

#[test]
fn power_may_fail_at_any_moment_of_the_close() {
    for make in [Host::x, Host::ro, Host::p, Host::c] {
        let mut points = 0;
        for (what, closed) in [(What::Received, false), (What::Executed, true), (What::Sent, true)] {
            let mut host = make();
            host.receipt_up_to_close();
            host.register
                .plan(Moment::Of { frame: "56".to_owned(), what }, Fault::PowerOff { back_after: None });
            let frame = host.frame(56, "");
            host.register.feed(&frame);
            host.register.power_on();
            assert_eq!(host.register.documents().len(), usize::from(closed), "{what:?}");
            points += 1;
        }
        assert_eq!(points, 3);
    }
}

// Links

#[tokio::test]
async fn a_busy_device_sends_syn_until_it_is_done() {
    let mut host = Host::p();
    let address = host.register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    host.register.inject(Fault::Busy { answers: 3 });
    stream.write_all(&host.frame(62, "")).await.unwrap();
    let mut sent = Vec::new();
    while sent.last() != Some(&0x03) {
        sent.push(stream.read_u8().await.unwrap());
    }
    assert_eq!(sent.iter().take_while(|byte| **byte == SYN).count(), 3);
    assert_eq!(host.answer(&sent).data, "22-11-26 10:00:00");
}

#[tokio::test]
async fn processing_time_is_filled_with_syn() {
    let spec = RegisterSpec { processing: Duration::from_millis(150), ..RegisterSpec::datecs_p() };
    let mut host = Host::at(spec, Wrap::Byte);
    let address = host.register.serve_tcp("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&host.frame(113, "")).await.unwrap();
    let mut sent = Vec::new();
    while sent.last() != Some(&0x03) {
        sent.push(stream.read_u8().await.unwrap());
    }
    assert_eq!(sent.iter().take_while(|byte| **byte == SYN).count(), 3, "60, 60 and 30 ms");
}

#[tokio::test]
async fn the_number_of_the_last_frame_outlives_the_connection() {
    let mut host = Host::x();
    let address = host.register.serve_tcp("127.0.0.1:0").await.unwrap();
    let frame = host.frame(70, "0\t5.00\t");
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&frame).await.unwrap();
        while stream.read_u8().await.unwrap() != 0x03 {}
    }
    assert_eq!(host.register.drawer_sum(), 500);
}

#[tokio::test]
async fn a_frame_cut_off_by_the_link_is_forgotten() {
    let mut host = Host::p();
    let address = host.register.serve_tcp("127.0.0.1:0").await.unwrap();
    let frame = host.frame(70, "5.00");
    host.register.inject(Fault::CutLinkMidFrame { bytes: 6 });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&frame).await.unwrap();
    let mut rest = Vec::new();
    // The device cut the link with bytes unread: an end or a reset.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&frame).await.unwrap();
    while stream.read_u8().await.unwrap() != 0x03 {}
    assert_eq!(host.register.drawer_sum(), 500);
    assert!(host.register.violations().is_empty(), "{:?}", host.register.violations());
}

// Texts and drawer

#[test]
fn texts_are_in_the_page_of_the_country() {
    let host = Host::x();
    host.register.feed(&datecs::wrap(Wrap::Wide, 0x20, 38, b""));
    host.register.feed(&datecs::wrap(Wrap::Wide, 0x21, 42, b"\xCA\xE0\xF4\xE5\t"));
    host.register.feed(&datecs::wrap(Wrap::Wide, 0x22, 39, b""));
    assert!(host.register.papers()[0].says("Кафе"));
    assert!(host.register.violations().is_empty());
    host.register.feed(&datecs::wrap(Wrap::Wide, 0x23, 42, b"\x98\t"));
    assert_eq!(host.register.violations().len(), 1, "windows-1251 has no character 98");
}

#[test]
fn the_drawer_opens_by_command_only() {
    let mut host = Host::x();
    host.receipt_up_to_close();
    host.tell(56, "");
    assert_eq!(host.register.drawer_openings(), 0);
    assert_eq!(host.tell(106, "100\t"), "0\t");
    assert_eq!(host.register.drawer_openings(), 1);
}

#[test]
fn a_copy_of_the_last_receipt_is_printed_once() {
    let mut host = Host::p();
    host.receipt_up_to_close();
    host.tell(56, "");
    assert_eq!(host.ask(109, "1").status[1], 0x80);
    let paper = host.register.papers().swap_remove(1);
    assert!(paper.says("ДУБЛИКАТ") && paper.says("СЛУЖЕБЕН БОН"), "{}", paper.text());
    assert_eq!(host.ask(109, "1").status[1], 0x82);
    assert_eq!(host.register.documents().len(), 1);
}

#[test]
fn papers_have_a_picture() {
    let mut host = Host::x();
    host.receipt_up_to_close();
    host.tell(56, "");
    let png = host.register.papers()[0].png().unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
}
