//! Who is let in, and what the door withstands.

use std::time::Duration;

use outletd::config;
use outletd::daemon::Daemon;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bed::{Bed, Disk, TOKEN, UUID, basic, request, sell};

const PATH: &str = "/api/v2/requests";

#[tokio::test]
async fn nobody_is_let_in_without_the_token() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    let body = request(UUID, &[sell()]).to_string();
    let (bearer, short) = (format!("Bearer {TOKEN}x"), format!("Bearer {}", &TOKEN[1..]));
    let (wrong, user) = (basic("wrong"), format!("Basic {TOKEN}"));
    for header in [None, Some(""), Some(TOKEN), Some(&bearer), Some(&short), Some(&wrong), Some(&user)] {
        let headers: Vec<(&str, &str)> = header.iter().map(|value| ("Authorization", *value)).collect();
        let reply = bed.send_with("POST", PATH, &headers, &body).await;
        assert_eq!((reply.status, reply.code()), (401, 505), "{header:?}");
        assert!(reply.head.contains("www-authenticate: basic"), "{}", reply.head);
        assert_eq!(
            bed.send_with("GET", "/no-such-page", &headers, "").await.status,
            401,
            "nor told what is there"
        );
    }
    assert!(bed.journal.job(UUID).await.unwrap().is_none());
    assert_eq!(bed.waiting_jobs(), [] as [&str; 0]);
}

#[tokio::test]
async fn the_token_may_be_a_password_under_any_name() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let headers = [("Authorization", basic(TOKEN))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let reply = bed.send_with("POST", PATH, &headers, &request(UUID, &[sell()]).to_string()).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn a_page_of_another_machine_is_not_let_in_even_with_the_token() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let bearer = format!("Bearer {TOKEN}");
    let path = format!("{PATH}/{UUID}");
    for (name, value, status) in [
        ("Host", "evil.example", 403),
        ("Host", "evil.example:16732", 403),
        ("Host", "127.0.0.1.evil.example", 403),
        ("Host", "", 403),
        ("Origin", "https://evil.example", 403),
        ("Origin", "http://127.0.0.1.evil.example", 403),
        ("Origin", "null", 403),
        ("Host", "localhost:16732", 404),
        ("Host", "[::1]:16732", 404),
        ("Origin", "http://localhost:8080", 404),
    ] {
        let reply = bed.send_with("GET", &path, &[("Authorization", &bearer), (name, value)], "").await;
        assert_eq!(reply.status, status, "{name}: {value}: {}", reply.body);
        assert!(!reply.head.contains("access-control"), "no page is allowed to read it: {}", reply.head);
    }
    let ask = [("Authorization", bearer.as_str()), ("Access-Control-Request-Method", "POST")];
    assert_eq!(bed.send_with("OPTIONS", PATH, &ask, "").await.status, 405);
    let no_host = format!("GET {path} HTTP/1.1\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n");
    assert_eq!(bed.send_raw(no_host.as_bytes()).await.status, 403);
    let two = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nAuthorization: {bearer}\r\n\
         Connection: close\r\n\r\n"
    );
    assert_eq!(bed.send_raw(two.as_bytes()).await.status, 403);
}

#[tokio::test]
async fn a_request_of_more_than_a_mebibyte_is_refused() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let fits = format!("{}{}", request(UUID, &[sell()]), " ".repeat((1 << 20) - 600));
    assert!(fits.len() <= 1 << 20);
    assert_eq!(bed.send("POST", PATH, &fits).await.status, 201);
    let large = " ".repeat((1 << 20) + 1);
    let reply = bed.send("POST", PATH, &large).await;
    assert_eq!(reply.status, 413, "{}", reply.body);
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
    let reply = bed.send_raw(format!("{head}{}0\r\n\r\n", chunk.repeat(17)).as_bytes()).await;
    assert_eq!(reply.status, 413, "its length need not be told before");
}

#[tokio::test]
async fn pages_and_methods_that_are_not_there_are_said_to_be_missing() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/api/v2/devices", 404),
        ("GET", PATH, 405),
        ("PUT", "/api/v2/requests/a", 405),
        ("GET", "/api/v2/requests/a/b", 404),
        ("GET", "/api/v2/requests/%00%ff", 400),
        ("GET", "/api/v2/requests/..%2f..%2fetc", 404),
        ("GET", "/api/v2/requests/a?deviceID=a&deviceID=b", 400),
    ] {
        let reply = bed.send(method, path, "").await;
        assert_eq!((reply.status, reply.code()), (status, 505), "{method} {path}: {}", reply.body);
    }
}

#[tokio::test]
async fn what_is_no_http_ends_its_connection_and_no_other() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    for bytes in
        [b"\x16\x03\x01\x02\x00\x01".as_slice(), b"GET\r\n\r\n", b"\0\0\0\0\r\n\r\n", &[b'A'; 1 << 20]]
    {
        let reply = bed.send_raw(bytes).await;
        assert!([0, 400, 414, 431].contains(&reply.status), "{}", reply.status);
    }
    let mut half = TcpStream::connect(bed.addr).await.unwrap();
    half.write_all(b"POST /api/v2/requests HTTP/1.1\r\nHost: loc").await.unwrap();
    assert_eq!(bed.post(&request(UUID, &[sell()])).await.status, 201);
}

#[tokio::test]
async fn a_program_that_hangs_up_before_its_answer_finds_its_request_later() {
    let disk = Disk::new();
    let mut bed = Bed::open(&disk).await;
    for (uuid, tasks) in [("alone", vec![sell()]), ("pair", vec![sell(), json!({"type": "reportX"})])] {
        let body = request(uuid, &tasks).to_string();
        let text = format!(
            "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut socket = TcpStream::connect(bed.addr).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(bed.next_job().await.job, uuid);
        drop(socket);
        assert_eq!(bed.statuses(uuid).await[0], "wait");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed_and_those_before_it_go_on() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let head =
        format!("GET {PATH}/{UUID} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut socket = TcpStream::connect(bed.addr).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0];
        socket.read_exact(&mut first).await.unwrap();
        open.push(socket);
    }
    assert_eq!(bed.get(UUID).await.status, 0, "one too many");
    drop(open.pop());
    // The seat is free once the door has seen the end of the connection.
    let seated = async {
        while bed.get(UUID).await.status == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seated).await.unwrap();
}

#[tokio::test]
async fn a_door_that_is_stopped_lets_nobody_in_any_more() {
    let disk = Disk::new();
    let bed = Bed::open(&disk).await;
    let mut idle = TcpStream::connect(bed.addr).await.unwrap();
    let head =
        format!("GET {PATH}/{UUID} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    idle.write_all(head.as_bytes()).await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    bed.stop();
    let mut rest = String::new();
    idle.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with('}'), "its answer is whole, and then the connection is closed: {rest}");
    let refused = async {
        while TcpStream::connect(bed.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused).await.unwrap();
}

#[tokio::test]
async fn the_daemon_opens_its_door_where_it_is_told_to_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outletd.toml");
    let start = async |more: &str| {
        let data = folder.path().join("data");
        let text = format!("outlet = \"test\"\ndata = {data:?}\n[embedded]\nmqtt = \"127.0.0.1:0\"\n{more}");
        std::fs::write(&file, text).unwrap();
        let config = config::load(&file).unwrap_or_else(|errors| panic!("{errors}"));
        Daemon::start(&config).await.unwrap()
    };
    let closed = start("").await;
    assert_eq!(closed.http_addr(), None);
    closed.drain().await;
    let open = start(&format!("[http]\nlisten = \"127.0.0.1:0\"\ntoken = \"{TOKEN}\"\n")).await;
    let addr = open.http_addr().unwrap();
    let ask = async |token: &str| {
        let mut socket = TcpStream::connect(addr).await.unwrap();
        let body = request(UUID, &[sell()]).to_string();
        let text = format!(
            "POST {PATH} HTTP/1.1\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(ask("a-wrong-token-of-enough-characters").await.starts_with("HTTP/1.1 401 "));
    let nowhere = ask(TOKEN).await;
    assert!(nowhere.starts_with("HTTP/1.1 404 ") && nowhere.contains("configured are none"), "{nowhere}");
    open.drain().await;
    assert!(TcpStream::connect(addr).await.is_err());
}
