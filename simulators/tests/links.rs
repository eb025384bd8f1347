//! TCP and pseudo terminal: connecting, back-pressure, refusal, unplugging.

mod common;

use std::io::ErrorKind;

use common::hex;
use outlet_simulators::printer::{Event, Fault, Printer, PrinterSpec, SecondConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn tcp(spec: PrinterSpec) -> (Printer, std::net::SocketAddr) {
    let printer = Printer::new(spec);
    let address = printer.serve_tcp("127.0.0.1:0").await.expect("a port");
    (printer, address)
}

async fn answer(host: &mut (impl AsyncReadExt + Unpin), len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    host.read_exact(&mut bytes).await.expect("an answer");
    bytes
}

/// Reads until the printer closes; a reset counts as well.
async fn closed(host: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = host.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_receipt_over_tcp_is_printed_and_confirmed() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(b"\x1b@Soup\n\x1dV\x00").await.unwrap();
    host.write_all(&hex("1D 28 48 06 00 30 30 41 30 30 31")).await.unwrap();
    assert_eq!(answer(&mut host, 7).await, hex("37 22 41 30 30 31 00"));
    assert!(printer.wait_paper(1).await.says("Soup"));
}

#[tokio::test]
async fn one_host_at_a_time_and_the_second_waits() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(&hex("10 04 01")).await.unwrap();
    answer(&mut first, 1).await;
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"second\n\x1dV\x00").await.unwrap();
    first.write_all(b"first\n\x1dV\x00").await.unwrap();
    assert!(printer.wait_paper(1).await.says("first"));
    drop(first);
    assert!(printer.wait_paper(2).await.says("second"));
}

#[tokio::test]
async fn a_second_host_can_be_refused() {
    let mut spec = PrinterSpec::epson_80mm();
    spec.second_connection = SecondConnection::Refused;
    let (printer, address) = tcp(spec).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(&hex("10 04 01")).await.unwrap();
    answer(&mut first, 1).await;
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let mut events = printer.events();
    drop(first);
    while !matches!(events.recv().await.unwrap(), Event::Disconnected { .. }) {}
}

#[tokio::test]
async fn connections_are_refused_and_accepted_again_on_the_same_port() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(&hex("10 04 01")).await.unwrap();
    answer(&mut host, 1).await;
    printer.inject(Fault::RefuseConnections);
    closed(&mut host).await;
    printer.wait_state(|s| !s.connected).await;
    while TcpStream::connect(address).await.is_ok() {
        // The port closes once the printer's task has seen the fault.
        tokio::task::yield_now().await;
    }
    printer.inject(Fault::AcceptConnections);
    let mut host = loop {
        if let Ok(host) = TcpStream::connect(address).await {
            break host;
        }
        tokio::task::yield_now().await;
    };
    host.write_all(&hex("10 04 01")).await.unwrap();
    assert_eq!(answer(&mut host, 1).await, hex("12"));
}

#[tokio::test]
async fn power_loss_closes_the_connection_and_the_next_one_begins_with_the_notice() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    printer.inject(Fault::PowerOffAfter(4));
    host.write_all(b"one\ntwo\n\x1dV\x00").await.unwrap();
    closed(&mut host).await;
    printer.wait_state(|s| !s.connected && !s.power).await;
    printer.inject(Fault::PowerOn);
    let mut host = loop {
        if let Ok(host) = TcpStream::connect(address).await {
            break host;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(answer(&mut host, 3).await, hex("3B 31 00"));
    host.write_all(b"three\n\x1dV\x00").await.unwrap();
    assert_eq!(printer.wait_paper(1).await.text, "one\nthree\n[CUT]\n");
}

#[tokio::test]
async fn the_link_is_cut_after_so_many_bytes_and_the_id_comes_to_the_next_host() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    let job = [b"Soup\n\x1dV\x00".to_vec(), hex("1D 28 48 06 00 30 30 41 30 30 31")].concat();
    printer.hold();
    printer.inject(Fault::CutLinkAfter(job.len() as u64));
    host.write_all(&job).await.unwrap();
    closed(&mut host).await;
    printer.wait_state(|s| !s.connected).await;
    printer.release();
    printer.wait_paper(1).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    assert_eq!(answer(&mut host, 7).await, hex("37 22 41 30 30 31 00"));
}

#[tokio::test]
async fn a_full_buffer_holds_the_host_back() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    printer.inject(Fault::CoverOpen);
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(64 << 10).unwrap();
    let mut host = socket.connect(address).await.unwrap();
    // More than the system's own buffers take on the way: five pictures of 2.3 MB.
    let picture = [hex("1D 76 30 00 48 00 00 80"), vec![0x55; 72 * 32768]].concat();
    let all = picture.repeat(5);
    let total = all.len() as u64;
    let writer = tokio::spawn(async move {
        host.write_all(&all).await.unwrap();
        host
    });
    printer.wait_state(|s| s.waiting == 4096).await;
    assert!(!writer.is_finished());
    printer.inject(Fault::CoverClose);
    printer.wait_received_total(total).await;
    writer.await.unwrap();
}

#[tokio::test]
async fn slow_drain_ends_with_everything_printed() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    printer.inject(Fault::SlowDrain(20_000));
    let mut host = TcpStream::connect(address).await.unwrap();
    host.write_all(&[b"Soup\n".repeat(20), b"\x1dV\x00".to_vec()].concat()).await.unwrap();
    assert_eq!(printer.wait_paper(1).await.text.matches("Soup").count(), 20);
}

#[tokio::test]
async fn paper_that_moves_slowly_still_ends_with_the_echo() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm().with_speed(20_000)).await;
    let mut host = TcpStream::connect(address).await.unwrap();
    let job = [b"Soup\n".repeat(20), b"\x1dV\x00".to_vec(), hex("1D 28 48 06 00 30 30 41 30 30 31")].concat();
    host.write_all(&job).await.unwrap();
    assert_eq!(answer(&mut host, 7).await, hex("37 22 41 30 30 31 00"));
    assert_eq!(printer.papers()[0].text.matches("Soup").count(), 20);
}

#[tokio::test]
async fn first_byte_tells_when_the_document_arrived() {
    let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
    let mut events = printer.events();
    let mut host = TcpStream::connect(address).await.unwrap();
    let before = std::time::Instant::now();
    host.write_all(b"\x1b@Soup\n\x1dV\x00").await.unwrap();
    let at = loop {
        if let Event::FirstByte { at } = events.recv().await.unwrap() {
            break at;
        }
    };
    let paper = printer.wait_paper(1).await;
    assert_eq!(paper.first_byte, at);
    assert!(at >= before && at <= paper.finished);
}

#[tokio::test]
async fn stop_and_drop_close_the_port() {
    for stop in [true, false] {
        let (printer, address) = tcp(PrinterSpec::epson_80mm()).await;
        let mut host = TcpStream::connect(address).await.unwrap();
        host.write_all(&hex("10 04 01")).await.unwrap();
        answer(&mut host, 1).await;
        if stop {
            printer.stop();
        } else {
            drop(printer);
        }
        closed(&mut host).await;
    }
}

#[tokio::test]
async fn a_pty_is_a_printer_that_can_be_unplugged_and_plugged_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("printer");
    let printer = Printer::new(PrinterSpec::epson_80mm());
    printer.serve_pty(&path).unwrap();

    let mut host = open(&path).await;
    host.write_all(b"Soup\n\x1dV\x00\x10\x04\x01").await.unwrap();
    host.flush().await.unwrap();
    assert_eq!(answer(&mut host, 1).await, hex("12"));
    assert!(printer.wait_paper(1).await.says("Soup"));

    printer.inject(Fault::Unplug);
    printer.wait_state(|s| !s.connected).await;
    assert!(!path.exists());
    let mut rest = Vec::new();
    let _ = host.read_to_end(&mut rest).await;
    assert_eq!(rest, [0u8; 0]);

    printer.inject(Fault::Replug);
    printer.wait_state(|s| s.connected).await;
    let mut host = open(&path).await;
    host.write_all(b"Tea\n\x1dV\x00").await.unwrap();
    host.flush().await.unwrap();
    assert!(printer.wait_paper(2).await.says("Tea"));
    printer.stop();
}

async fn open(path: &std::path::Path) -> tokio::fs::File {
    tokio::fs::OpenOptions::new().read(true).write(true).open(path).await.expect("a device behind the path")
}
