//! How others watch the agent: its numbers, and whether it is well.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "metrics/progress.rs"]
mod progress;
mod support;

use std::net::SocketAddr;

use outlet_simulators::printer::Fault;
use outletd::bus::contract::State::{Cancelled, Succeeded};
use serde_json::{Value, json};
use support::{Outlet, bar, kitchen, ticket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LISTEN: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";

#[tokio::test]
async fn jobs_queues_and_devices_are_counted() {
    let mut bar = bar().await;
    // Nobody listens there.
    bar.addr = "127.0.0.1:9".parse().unwrap();
    let outlet = Outlet::open_with(vec![kitchen().await, bar], LISTEN).await;
    let mut till = outlet.client().await;
    till.submit("kitchen", &ticket("01JA", "SOUP")).await;
    till.job("01JA", Succeeded).await;
    till.submit("bar", &ticket("01JB", "TEA")).await;
    till.device("bar", "offline").await;
    let text = get(outlet.metrics_addr(), "/metrics", &["Host: localhost"]).await.1;
    for line in [
        "outletd_jobs_total{device=\"kitchen\",state=\"accepted\"} 1",
        "outletd_jobs_total{device=\"kitchen\",state=\"succeeded\"} 1",
        "outletd_device_up{device=\"kitchen\"} 1",
        "outletd_device_up{device=\"bar\"} 0",
        "outletd_queue_jobs{device=\"bar\"} 1",
        "outletd_queue_jobs{device=\"kitchen\"} 0",
        "outletd_broker_connected 1",
        "outletd_stalled_parts 0",
        "outletd_attention{kind=\"job\"} 0",
        "# TYPE outletd_jobs_total counter",
    ] {
        assert!(text.lines().any(|said| said == line), "{line} is missing:\n{text}");
    }
    till.ask_agent(json!({"op": "cancel", "job": "01JB"})).await;
    till.job("01JB", Cancelled).await;
    let text = get(outlet.metrics_addr(), "/metrics", &["Host: localhost"]).await.1;
    assert!(text.contains("outletd_jobs_total{device=\"bar\",state=\"cancelled\"} 1\n"), "{text}");
}

#[tokio::test]
async fn an_agent_that_takes_and_does_jobs_is_well_whatever_its_printers_need() {
    let outlet = Outlet::open_with(vec![kitchen().await], LISTEN).await;
    outlet.printer("kitchen").inject(Fault::PaperOut);
    let mut till = outlet.client().await;
    till.device("kitchen", "attention").await;
    let (status, body) = get(outlet.metrics_addr(), "/health", &["Host: 127.0.0.1"]).await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"status": "ok", "problems": []}));
}

#[tokio::test]
async fn pages_of_other_machines_are_not_answered() {
    let outlet = Outlet::open_with(vec![kitchen().await], LISTEN).await;
    for foreign in [&["Host: evil.example"][..], &["Host: localhost", "Origin: http://evil.example"], &[]] {
        let (status, body) = get(outlet.metrics_addr(), "/metrics", foreign).await;
        assert!(status == 403 || status == 400, "{foreign:?}: {status}");
        assert!(!body.contains("outletd_"), "{body}");
    }
}

/// Status and body of a page.
async fn get(addr: SocketAddr, path: &str, headers: &[&str]) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}
