//! What a driver gets from the agent while it does one job.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use outlet_devices::driver::{BoxFuture, Direction, JobContext, Request, Waiting};
use outlet_devices::{DeviceError, ErrorKind};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::intake::Devices;
use crate::journal::machine::Job;
use crate::journal::{Journal, JournalError};
use crate::pulse::Progress;

/// Size of the trace kept for one attempt, as JSON lines: the last line says how many bytes of it were left
/// out, and nothing follows.
const TRACE_LIMIT: usize = 48 * 1024;

/// The context of one attempt.
pub struct Context {
    journal: Journal,
    devices: Arc<Devices>,
    job: String,
    route: String,
    number: u64,
    memory: Value,
    begun: AtomicBool,
    said: mpsc::UnboundedSender<Said>,
    trace: Mutex<Trace>,
    progress: Progress,
    /// The job waits for something that the driver has told.
    waits: AtomicBool,
    abort: CancellationToken,
}

/// What a driver says in passing.
pub enum Said {
    /// The job waits.
    Waits(Waiting),
    /// It goes on.
    GoesOn,
}

struct Trace {
    started: Instant,
    lines: String,
    full: bool,
}

impl Context {
    /// The context of a job that is taken up, and what its driver will say.
    pub fn new(
        journal: &Journal,
        devices: &Arc<Devices>,
        job: &Job,
        route: &str,
        memory: Value,
        progress: Progress,
        abort: CancellationToken,
    ) -> (Self, mpsc::UnboundedReceiver<Said>) {
        let (said, heard) = mpsc::unbounded_channel();
        let context = Self {
            journal: journal.clone(),
            devices: devices.clone(),
            job: job.job.clone(),
            route: route.to_owned(),
            number: job.begun.unwrap_or_else(|| journal.next_attempt()),
            memory,
            begun: AtomicBool::new(job.is_begun()),
            said,
            trace: Mutex::new(Trace { started: Instant::now(), lines: String::new(), full: false }),
            progress,
            waits: AtomicBool::new(false),
            abort,
        };
        (context, heard)
    }

    /// Whether the attempt is on disk.
    pub fn is_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// The attempt's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The attempt, if it was begun: its number and its trace, JSON lines.
    pub fn take_attempt(&self) -> Option<(u64, Vec<u8>)> {
        self.is_begun().then(|| (self.number, self.take_trace()))
    }

    /// The driver gets on. One that has said what its job waits for may wait for ever.
    fn step(&self) {
        if !self.waits.load(Ordering::Acquire) {
            self.progress.step();
        }
    }

    fn take_trace(&self) -> Vec<u8> {
        let mut trace = self.trace.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut trace.lines).into_bytes()
    }
}

impl JobContext for Context {
    fn attempt(&self) -> u64 {
        self.number
    }

    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            if self.is_begun() {
                return Ok(());
            }
            let begun = self.journal.begin(&self.job, &self.route, self.number, baseline).await;
            self.step();
            match begun {
                Ok(_) => {
                    self.begun.store(true, Ordering::Release);
                    Ok(())
                }
                Err(JournalError::Refused(refused)) => {
                    Err(DeviceError::new(ErrorKind::Stopped, "expired", refused.to_string()))
                }
                Err(error) => Err(DeviceError::new(ErrorKind::Busy, "internal", error.to_string())),
            }
        })
    }

    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async move {
            let noted = self.journal.note(self.number, note).await;
            self.step();
            noted.map_err(|error| DeviceError::new(ErrorKind::Busy, "internal", error.to_string()))
        })
    }

    fn memory(&self) -> Value {
        self.memory.clone()
    }

    fn earlier(&self) -> BoxFuture<'_, Result<Value, DeviceError>> {
        Box::pin(async move {
            let read = self.journal.job(&self.job).await;
            let found =
                read.map_err(|error| DeviceError::new(ErrorKind::Busy, "internal", error.to_string()))?;
            let attempts = found.map(|(_, attempts)| attempts).unwrap_or_default();
            let before = attempts.into_iter().filter(|attempt| attempt.number < self.number);
            Ok(before
                .max_by_key(|attempt| attempt.number)
                .map(|attempt| attempt.baseline)
                .unwrap_or_default())
        })
    }

    fn waiting(&self, reason: Option<Waiting>) {
        self.waits.store(reason.is_some(), Ordering::Release);
        match reason {
            Some(_) => self.progress.rest(),
            None => self.progress.step(),
        }
        drop(self.said.send(reason.map_or(Said::GoesOn, Said::Waits)));
    }

    fn trace(&self, direction: Direction, bytes: &[u8]) {
        self.step();
        let mut trace = self.trace.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if trace.full {
            return;
        }
        let at_ms = trace.started.elapsed().as_millis();
        let room = TRACE_LIMIT.saturating_sub(trace.lines.len()) / 2;
        let word = match direction {
            Direction::Sent => "sent",
            Direction::Received => "received",
        };
        let _ = write!(trace.lines, "{{\"at_ms\":{at_ms},\"direction\":\"{word}\",\"bytes\":\"");
        for byte in bytes.iter().take(room) {
            let _ = write!(trace.lines, "{byte:02x}");
        }
        trace.lines.push('"');
        if bytes.len() > room {
            trace.full = true;
            let _ = write!(trace.lines, ",\"left_out\":{}", bytes.len() - room);
        }
        trace.lines.push_str("}\n");
    }

    fn ask<'a>(&'a self, device: &'a str, request: Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match self.devices.get(device) {
                // Its own worker is at this very job.
                Some(known) if known.id != self.route => {
                    let answered = known.ask(request).await;
                    self.step();
                    answered
                }
                Some(_) => {
                    let message = format!("{device} can't be asked by its own job");
                    Err(DeviceError::new(ErrorKind::Rejected, "invalid-request", message))
                }
                None => {
                    let known: Vec<&str> = self.devices.keys().map(String::as_str).collect();
                    let message =
                        format!("there is no device {device:?}: configured are {}", known.join(", "));
                    Err(DeviceError::new(ErrorKind::Rejected, "unknown-device", message))
                }
            }
        })
    }

    fn aborted(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.abort.cancelled())
    }
}
