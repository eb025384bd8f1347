//! What watches the agent: `/metrics` in the text format of Prometheus, and `/health`.
//!
//! Both tell no more than how many and how long, are open to every program of this machine, and to no other.
//! Format: Prometheus, Exposition formats, "Text-based format" (version 0.0.4).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::reception::Reception;
use super::{is_this_machine, secured};
use crate::board::Board;
use crate::bus::Bus;
use crate::bus::contract::DeviceState;
use crate::clock::Timestamp;
use crate::intake::Devices;
use crate::journal::Journal;
use crate::pulse::{DRIVER_STUCK, Pulse, STALLED, STUCK};

/// Connections at once.
const CONNECTIONS: usize = 16;
/// How long the journal may take for an answer.
const JOURNAL_LIMIT: Duration = Duration::from_secs(5);

/// The table `[metrics]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where programs of this machine ask. Port 0 takes a free one.
    pub listen: SocketAddr,
}

/// Why nobody can ask.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The network could ask, too.
    #[error(
        "[metrics] listen = \"{addr}\" is reachable from the network, and this door asks nobody who they are: set \
         it to 127.0.0.1:{port}, and let a proxy or an agent of the monitoring ask there", port = addr.port()
    )]
    OpenNetwork {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// It can't be listened on.
    #[error("cannot listen on {addr} ({error}): stop what listens there, or change [metrics] listen")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

impl MetricsConfig {
    /// Checks what can be known without listening.
    ///
    /// # Errors
    /// [`MetricsError::OpenNetwork`].
    pub fn check(&self) -> Result<(), MetricsError> {
        let addr = self.listen;
        if addr.ip().is_loopback() { Ok(()) } else { Err(MetricsError::OpenNetwork { addr }) }
    }
}

/// What is told.
#[derive(Clone)]
pub struct Sources {
    /// Jobs, notices, size.
    pub journal: Journal,
    /// States of devices.
    pub board: Board,
    /// All devices.
    pub devices: std::sync::Arc<Devices>,
    /// The connection to the broker.
    pub bus: Bus,
    /// Whether the parts run.
    pub pulse: Pulse,
    /// When the agent started.
    pub started: Timestamp,
    /// Cancelled when the agent begins to end.
    pub stop: CancellationToken,
}

/// A listener that nobody is answered by yet.
pub struct Listener {
    listener: TcpListener,
    addr: SocketAddr,
}

/// Begins to listen.
///
/// # Errors
/// [`MetricsError`].
pub async fn listen(config: &MetricsConfig) -> Result<Listener, MetricsError> {
    config.check()?;
    let wrong = |error| MetricsError::Listen { addr: config.listen, error };
    let listener = TcpListener::bind(config.listen).await.map_err(wrong)?;
    let addr = listener.local_addr().map_err(wrong)?;
    Ok(Listener { listener, addr })
}

impl Listener {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers until `stop` is cancelled.
    pub async fn serve(self, sources: Sources, stop: CancellationToken) {
        let pages = Router::new()
            .route("/metrics", get(metrics))
            .route("/health", get(health))
            .with_state(sources)
            .layer(middleware::from_fn(guard));
        let pages = secured(pages);
        let reception = Reception { listener: self.listener, tls: None, seats: CONNECTIONS };
        reception.receive(pages, stop).await;
    }
}

/// No page of another machine asks, not even one whose name was made to point here.
async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(is_this_machine) || headers.contains_key(ORIGIN) {
        return (StatusCode::FORBIDDEN, "only programs of this machine are answered\n").into_response();
    }
    next.run(request).await
}

/// 200 while jobs are taken and done, 503 with the reasons otherwise. A printer without paper is no reason.
async fn health(State(sources): State<Sources>) -> Response {
    let problems = sources.problems().await;
    let (status, word) = match problems.is_empty() {
        true => (StatusCode::OK, "ok"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not-ok"),
    };
    let body = json!({"status": word, "problems": problems}).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

async fn metrics(State(sources): State<Sources>) -> Response {
    let text = sources.text().await;
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

impl Sources {
    async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.stop.is_cancelled() {
            problems.push("the agent is ending".to_owned());
        }
        if !self.journal_answers().await {
            problems.push("the journal does not answer: see the log, and the disk".to_owned());
        }
        if !self.bus.is_connected() {
            problems.push("there is no connection to the broker".to_owned());
        }
        for part in self.pulse.stalled(STALLED) {
            problems.push(format!("{part} has had no turn for {} s", STALLED.as_secs()));
        }
        for part in self.pulse.stuck() {
            problems.push(format!("{part} has not got on with its work for {} s", STUCK.as_secs()));
        }
        for device in self.pulse.stuck_drivers() {
            problems.push(format!(
                "the driver of {device} has not got on with its work for {} minutes or more, nor said what it waits \
                 for: look at the device, switch it off and on; restart the agent if that does not help",
                DRIVER_STUCK.as_secs() / 60
            ));
        }
        problems
    }

    async fn journal_answers(&self) -> bool {
        tokio::time::timeout(JOURNAL_LIMIT, self.journal.write(|_| Ok(())))
            .await
            .is_ok_and(|written| written.is_ok())
    }

    async fn text(&self) -> String {
        let mut out = Text::default();
        let now = (self.journal.clock())();
        out.family("outletd_info", "gauge", "The version, as a label.");
        out.value("outletd_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        out.family("outletd_start_time_seconds", "gauge", "When the agent started, seconds since 1970.");
        out.value("outletd_start_time_seconds", &[], self.started.0 as f64 / 1000.0);
        out.family("outletd_broker_connected", "gauge", "1 while there is a connection to the broker.");
        out.value("outletd_broker_connected", &[], f64::from(u8::from(self.bus.is_connected())));
        self.devices(&mut out, now);
        out.family(
            "outletd_jobs_total",
            "counter",
            "Jobs accepted and ended since the start, by the device they were sent to.",
        );
        for ((device, state), count) in self.journal.tally() {
            out.value("outletd_jobs_total", &[("device", &device), ("state", state.as_str())], count as f64);
        }
        out.family("outletd_attention", "gauge", "What waits for a person: jobs, and notices of the agent.");
        let jobs = self.journal.attention().await.map(|jobs| jobs.len());
        let notices = self.journal.notices().await.map(|notices| notices.len());
        for (kind, count) in [("job", jobs), ("notice", notices)] {
            if let Ok(count) = count {
                out.value("outletd_attention", &[("kind", kind)], count as f64);
            }
        }
        out.family("outletd_journal_bytes", "gauge", "Size of the journal with its log.");
        out.value("outletd_journal_bytes", &[], self.journal.bytes() as f64);
        out.family(
            "outletd_stalled_parts",
            "gauge",
            "Parts of the agent that don't get a turn, or don't get on with their work: 0 when all is well.",
        );
        let stalled: BTreeSet<String> =
            self.pulse.stalled(STALLED).into_iter().chain(self.pulse.stuck()).collect();
        out.value("outletd_stalled_parts", &[], stalled.len() as f64);
        out.family(
            "outletd_driver_stuck",
            "gauge",
            "1 while a driver does not get on with what it has in hand, nor says what it waits for.",
        );
        let stuck = self.pulse.stuck_drivers();
        for id in self.devices.keys() {
            out.value("outletd_driver_stuck", &[("device", id)], f64::from(u8::from(stuck.contains(id))));
        }
        process(&mut out);
        out.0
    }

    fn devices(&self, out: &mut Text, now: Timestamp) {
        let all: Vec<_> =
            self.devices.keys().filter_map(|id| Some((id.as_str(), self.board.state(id)?))).collect();
        out.family("outletd_device_up", "gauge", "1 while there is a session with the device.");
        for (id, state) in &all {
            let up = state.state != DeviceState::Offline;
            out.value("outletd_device_up", &[("device", id)], f64::from(u8::from(up)));
        }
        out.family(
            "outletd_device_condition",
            "gauge",
            "1 for each condition that a device reports, such as paper-out.",
        );
        for (id, state) in &all {
            for condition in &state.conditions {
                out.value("outletd_device_condition", &[("device", id), ("condition", condition)], 1.0);
            }
        }
        out.family("outletd_queue_jobs", "gauge", "Jobs of a device that have not ended.");
        for (id, state) in &all {
            out.value("outletd_queue_jobs", &[("device", id)], state.queue.depth as f64);
        }
        out.family(
            "outletd_queue_oldest_seconds",
            "gauge",
            "Age of the oldest of them, 0 where there is none.",
        );
        for (id, state) in &all {
            let age = state.queue.oldest_at.map_or(0, |at| now.since_ms(at));
            out.value("outletd_queue_oldest_seconds", &[("device", id)], age as f64 / 1000.0);
        }
    }
}

/// Of this process, under the names that client libraries of Prometheus use.
fn process(out: &mut Text) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    if let Some(kib) = resident {
        let kib: f64 = kib;
        out.family("process_resident_memory_bytes", "gauge", "Memory of the process.");
        out.value("process_resident_memory_bytes", &[], kib * 1024.0);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        out.family("process_open_fds", "gauge", "Open file descriptors.");
        out.value("process_open_fds", &[], open.count() as f64);
    }
}

/// Lines of the text format.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(label, text)| format!("{label}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_the_format_wants_it() {
        let mut out = Text::default();
        out.family("x_total", "counter", "What it counts.");
        out.value("x_total", &[("device", "a\"b\\c\nd"), ("state", "ok")], 3.0);
        out.value("y", &[], 0.25);
        assert_eq!(
            out.0,
            "# HELP x_total What it counts.\n# TYPE x_total counter\n\
             x_total{device=\"a\\\"b\\\\c\\nd\",state=\"ok\"} 3\ny 0.25\n"
        );
    }

    #[test]
    fn the_network_is_not_answered() {
        let open = MetricsConfig { listen: "0.0.0.0:9464".parse().unwrap() };
        assert!(open.check().unwrap_err().to_string().contains("127.0.0.1:9464"));
        assert!(MetricsConfig { listen: "127.0.0.1:9464".parse().unwrap() }.check().is_ok());
    }
}
