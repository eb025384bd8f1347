//! One worker for each device: it alone talks to the driver and decides what comes next.
//!
//! A worker connects, resolves what an earlier run left open, then does one job after the other. While a
//! driver works or connects, the worker goes on listening: jobs are queued, called off, expire, or move to
//! the fallback device. What has begun is never dropped: it ends by what the device says.

mod context;
mod desk;
mod pending;

use std::time::Duration;

use outlet_devices::driver::{Attempt, Command, Driver, Outcome, Resolution, Waiting};
use outlet_devices::{DeviceError, ErrorKind};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bus::client::backoff;
use crate::bus::contract::{ErrorBody, State};
use crate::journal::machine::{Event, Job};
use crate::pulse::{DRIVER_SILENT, DRIVER_STUCK, Progress};
use context::Context;
pub use desk::{Desk, DeskSettings, Words};
use desk::{NotRead, Open};
use pending::Entry;

/// After a start, how long an open attempt waits for its device before it becomes uncertain.
const RESOLVE_WITHIN: Duration = Duration::from_secs(10);
/// Pause before a device that said "busy" is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause before a device that is plugged into this machine is looked for again: somebody who plugs it in
/// looks on.
const LOCAL_PAUSE: Duration = Duration::from_secs(1);

/// A session that has lasted so long without losing anything is steady: the next loss is a first one.
const STEADY: Duration = Duration::from_secs(5);
/// How often a device is asked about one attempt and may hang up instead of answering.
const ASK_AT_MOST: u8 = 2;

/// The worker of one device.
pub struct Worker {
    driver: Box<dyn Driver>,
    desk: Desk,
    /// How far the driver is with what it has in hand.
    progress: Progress,
    failures: u32,
    stop: CancellationToken,
    abort: CancellationToken,
}

/// How long a device is left alone after some failures in a row. Asking this machine costs nothing, a network does.
fn pause_before_retry(link: &str, failures: u32) -> Duration {
    let remote = ["tcp:", "udp:", "ipp:"].iter().any(|scheme| link.starts_with(scheme));
    let pause = backoff(failures);
    if remote { pause } else { pause.min(LOCAL_PAUSE) }
}

/// Lets a driver do something that may take long, and deals with what concerns the queue meanwhile.
async fn attend<T>(desk: &mut Desk, progress: &Progress, work: impl Future<Output = T>) -> T {
    let _in_hand = progress.in_hand(DRIVER_SILENT);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            tick = desk.wait() => desk.handle(tick).await,
        }
    }
}

/// Why a session ended.
enum Ended {
    Lost,
    Stopped,
}

impl Worker {
    /// A worker for a driver, which tells how far that is. `stop`: begin nothing more; `abort`: end at once.
    pub fn new(
        driver: Box<dyn Driver>,
        desk: Desk,
        progress: Progress,
        stop: CancellationToken,
        abort: CancellationToken,
    ) -> Self {
        Self { driver, desk, progress, failures: 0, stop, abort }
    }

    /// Works until told to stop.
    pub async fn run(mut self) {
        loop {
            match self.session().await {
                Ended::Stopped => return,
                Ended::Lost => {
                    self.failures += 1;
                    let until = Instant::now()
                        + pause_before_retry(&self.desk.device.description.link, self.failures);
                    if !self.pause(until).await {
                        return;
                    }
                }
            }
        }
    }

    /// From the first try to connect to the loss of the connection.
    async fn session(&mut self) -> Ended {
        let connected = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ended::Stopped,
            connected = attend(&mut self.desk, &self.progress, self.driver.connect()) => connected,
        };
        if let Err(error) = connected {
            self.desk.offline(&error).await;
            return Ended::Lost;
        }
        self.desk.online();
        loop {
            if self.stop.is_cancelled() {
                return Ended::Stopped;
            }
            if self.desk.ask_open()
                && let Ended::Lost = self.resolve_open().await
            {
                return Ended::Lost;
            }
            if let Some(entry) = self.desk.next() {
                match self.work(entry).await {
                    After::Next => self.failures = 0,
                    After::Pause => {
                        if !self.pause(Instant::now() + BUSY_PAUSE).await {
                            return Ended::Stopped;
                        }
                    }
                    After::Reconnect => return Ended::Lost,
                }
                continue;
            }
            if self.answer_request().await {
                continue;
            }
            self.desk.rest();
            let lost = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ended::Stopped,
                tick = self.desk.wait() => {
                    self.desk.handle(tick).await;
                    None
                }
                error = self.driver.idle() => Some(error),
                () = tokio::time::sleep(STEADY), if self.failures > 0 => {
                    self.failures = 0;
                    None
                }
            };
            if let Some(error) = lost {
                self.desk.offline(&error).await;
                return Ended::Lost;
            }
        }
    }

    /// Waits, listening and answering requests meanwhile. `false`: told to stop.
    async fn pause(&mut self, until: Instant) -> bool {
        while Instant::now() < until {
            if self.answer_request().await {
                continue;
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return false,
                () = tokio::time::sleep_until(until) => {}
                tick = self.desk.wait() => self.desk.handle(tick).await,
            }
        }
        !self.stop.is_cancelled()
    }

    /// Lets the driver answer one request. `false`: there is none.
    async fn answer_request(&mut self) -> bool {
        let Some((request, answer)) = self.desk.requests.pop_front() else { return false };
        tokio::select! {
            biased;
            answered = attend(&mut self.desk, &self.progress, self.driver.request(&request)) => drop(answer.send(answered)),
            () = self.stop.cancelled() => {}
        }
        true
    }

    /// Asks the device what became of attempts without an end, and of uncertain jobs.
    async fn resolve_open(&mut self) -> Ended {
        for _ in 0..self.desk.unresolved.len() {
            let Some(Open { job, asked }) = self.desk.unresolved.pop_front() else { break };
            let Some(number) = job.begun else { continue };
            let (attempt, work) = match (self.desk.attempt(number).await, self.desk.work(&job.job).await) {
                (Ok(attempt), Ok(work)) => (attempt, work),
                (Err(NotRead::ForNow(error)), _) | (_, Err(NotRead::ForNow(error))) => {
                    tracing::error!(job = job.job, %error, "what became of a job is asked later");
                    self.desk.ask_soon(Open { job, asked }).await;
                    continue;
                }
                (Err(NotRead::ForGood(error)), _) | (_, Err(NotRead::ForGood(error))) => {
                    self.desk.unresolvable(&job, &Attempt::unknown(number), &error.message).await;
                    continue;
                }
            };
            let command = self.desk.command(&job, work);
            match attend(&mut self.desk, &self.progress, self.driver.resolve(&command, &attempt)).await {
                Ok(Resolution::Done(outcome)) => self.desk.reconciled(&job, number, outcome).await,
                Ok(Resolution::NotDone(evidence)) => self.desk.not_done(&job, number, evidence).await,
                Ok(Resolution::Unknown(why)) => self.desk.unresolvable(&job, &attempt, &why).await,
                Err(error) if error.kind == ErrorKind::Busy => self.desk.ask_later(Open { job, asked }),
                Err(error) => {
                    // A device that hangs up at the question must not keep its other jobs waiting.
                    let mut open = Open { job, asked: asked.saturating_add(1) };
                    let again = open.asked < ASK_AT_MOST;
                    if !again {
                        self.desk.unresolvable(&open.job, &attempt, &error.message).await;
                        open.job.state = State::Uncertain;
                    }
                    // What holds up a register's money is asked about as long as there is no answer.
                    if again || open.job.booked {
                        self.desk.ask_later(open);
                    }
                    self.desk.offline(&error).await;
                    return Ended::Lost;
                }
            }
        }
        Ended::Stopped
    }

    /// Does one job.
    async fn work(&mut self, entry: Entry) -> After {
        let Some((job, command)) = self.desk.take_up(&entry).await else { return After::Next };
        let memory = match self.desk.memory().await {
            Ok(memory) => memory,
            Err(error) => {
                tracing::error!(job = job.job, %error, "what the device has to remember can't be read");
                self.desk.active_done();
                self.desk.reconsider(entry).await;
                return After::Pause;
            }
        };
        let (cx, mut said) = self.desk.context(&job, memory, self.progress.clone(), self.abort.clone());
        let result = {
            let _in_hand = self.progress.in_hand(DRIVER_STUCK);
            let executing = self.driver.execute(&command, &cx);
            tokio::pin!(executing);
            // The device first: the first byte may leave before the job is shown on the board.
            let mut shown = false;
            loop {
                tokio::select! {
                    biased;
                    result = &mut executing => break Some(result),
                    () = std::future::ready(()), if !shown => {
                        self.desk.publish(Some(&job.job));
                        shown = true;
                    }
                    Some(word) = said.recv() => self.desk.heard(&job.job, word).await,
                    tick = self.desk.wait() => self.desk.handle(tick).await,
                    () = self.abort.cancelled() => return After::Next,
                    () = self.stop.cancelled(), if !cx.is_begun() => break None,
                }
                // Called off, expired, marked or taken over before its first byte: the driver lets go of it.
                if !cx.is_begun() && self.desk.left_the_queue(&job.job) {
                    break None;
                }
            }
        };
        while let Ok(word) = said.try_recv() {
            self.desk.heard(&job.job, word).await;
        }
        self.desk.active_done();
        match result {
            None => After::Next,
            Some(Ok(outcome)) => self.succeeded(&job, &cx, outcome).await,
            Some(Err(error)) => self.failed(entry, &job, &cx, &command, error).await,
        }
    }

    async fn succeeded(&mut self, job: &Job, cx: &Context, outcome: Outcome) -> After {
        let event = Event::Succeed { outcome };
        if cx.is_begun() {
            self.desk.end(&job.job, cx, event).await;
        } else {
            let error = ErrorBody::new("internal", "the driver ended a job that it had not begun");
            self.desk.end(&job.job, cx, Event::Fail { error, evidence: Value::Null }).await;
        }
        After::Next
    }

    async fn failed(
        &mut self,
        entry: Entry,
        job: &Job,
        cx: &Context,
        command: &Command,
        error: DeviceError,
    ) -> After {
        tracing::warn!(device = %self.desk.device.id, job = command.job, kind = ?error.kind, %error, "job not done");
        let reason = Waiting { code: error.code.to_owned(), message: error.message.clone() };
        let body = ErrorBody::new(error.code, error.message.clone());
        match error.kind {
            ErrorKind::Rejected | ErrorKind::Unsupported => {
                self.desk.end(&job.job, cx, Event::Fail { error: body, evidence: error.evidence }).await;
                After::Next
            }
            ErrorKind::OutcomeUnknown => {
                let evidence = match error.evidence {
                    Value::Null => json!({"attempt": cx.number()}),
                    evidence => evidence,
                };
                let ended = self.desk.end(&job.job, cx, Event::Doubt { error: body, evidence }).await;
                if let Some(job) = ended {
                    self.desk.ask_later(Open { job, asked: 0 });
                }
                After::Next
            }
            ErrorKind::NotSent | ErrorKind::Busy => {
                self.desk.put_back(entry, cx, reason).await;
                if error.kind == ErrorKind::Busy {
                    return After::Pause;
                }
                self.desk.offline(&error).await;
                After::Reconnect
            }
            ErrorKind::Stopped => {
                self.desk.reconsider(entry).await;
                After::Next
            }
        }
    }
}

/// What follows a job.
enum After {
    Next,
    Pause,
    Reconnect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plugged_in_is_looked_for_each_second_however_long_it_was_away() {
        for link in
            ["usb://04b8:0e28/BAR1", "serial:///dev/ttyUSB0?baud=9600", "evdev://05e0:1200", "pcsc://ACS"]
        {
            assert!(pause_before_retry(link, 1) < LOCAL_PAUSE, "{link}: the first retry comes at once");
            assert_eq!(pause_before_retry(link, 100), LOCAL_PAUSE, "{link}");
        }
        assert!(pause_before_retry("tcp://10.0.0.20:9100", 100) > Duration::from_secs(20));
    }
}
