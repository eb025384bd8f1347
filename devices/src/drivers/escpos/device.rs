//! A receipt printer as the worker has it: connect, idle, requests.

use std::time::Duration;

use outlet_protocols::codepage::Page;
use outlet_protocols::encode::Encoder;
use outlet_protocols::escpos::command;
use outlet_protocols::model::{Language, Model};
use serde_json::Value;
use tokio::time::Instant;

use super::job::Proof;
use super::listen::{Goal, Heard, Listen};
use super::options::{Options, ProofOption, Timing};
use super::payload::Prepared;
use super::printer::{Printer, Reply};
use super::until::{Until, Waited};
use crate::driver::{
    Attempt, BoxFuture, Command, Driver, JobContext, Outcome, Request, Resolution, StatusSink,
};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::{Broken, Exchange};
use crate::link::Link;
use crate::transport::{self, TransportError};

/// How long a printer may work on what its buffer holds, as long as nothing stops it.
pub const SETTLING: Duration = Duration::from_secs(60);

/// A receipt printer.
pub struct EscPos {
    pub(super) link: Link,
    pub(super) model: Model,
    pub(super) options: Options,
    pub(super) timing: Timing,
    pub(super) encoder: Encoder,
    pub(super) prepared: Prepared,
    pub(super) codepage: Option<Page>,
    pub(super) proof: Proof,
    pub(super) printer: Printer,
    pub(super) exchange: Option<Exchange>,
    /// Why the link could not be opened, the last time it was tried.
    pub(super) fault: Option<TransportError>,
    /// Nothing was ever heard, and nothing is waited for.
    pub(super) one_way: bool,
    /// The last session ended inside a job: half a picture may be in the printer's buffer.
    pub(super) unclean: bool,
    /// That was taken care of in this session.
    pub(super) recovered: bool,
    /// Until when the printer may still be at work on what an earlier session sent.
    pub(super) settled: Option<Instant>,
}

impl EscPos {
    /// A printer that is not connected yet.
    #[allow(clippy::too_many_arguments, reason = "its factory, the only caller, has just made them")]
    pub fn new(
        link: Link,
        model: Model,
        options: Options,
        encoder: Encoder,
        prepared: Prepared,
        codepage: Option<Page>,
        proof: Proof,
        watch: StatusSink,
    ) -> Self {
        let byte_time = match &link {
            Link::Serial { line, .. } => line.byte_time(),
            _ => Duration::ZERO,
        };
        Self {
            printer: Printer::new(watch, model.language, model.status.asb, options.drawer_open, byte_time),
            timing: options.timing(),
            link,
            model,
            options,
            encoder,
            prepared,
            codepage,
            proof,
            exchange: None,
            fault: None,
            one_way: false,
            unclean: false,
            settled: None,
            recovered: false,
        }
    }
}

impl Driver for EscPos {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            match self.listen(Goal::Forever, None).await {
                Ok(_) => {
                    let link = &self.link;
                    self.lost(format!(
                        "{link}: the printer no longer answers: check that it is on and its cable"
                    ))
                }
                Err(error) => error,
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(self.print(command, cx))
    }

    fn resolve<'a>(
        &'a mut self,
        _command: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async {
            let found = self.ask_for(attempt).await?;
            Ok(found.map_or_else(|| Resolution::Unknown("the printer can't tell".into()), Resolution::Done))
        })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => self.current_status().await,
                Request::Identify => self.identify().await,
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for("a printer")),
            }
        })
    }
}

impl EscPos {
    /// Opens the link and learns the printer's state.
    pub(super) async fn open(&mut self) -> Result<(), DeviceError> {
        self.exchange = None;
        let stream = match transport::open(&self.link).await {
            Ok(stream) => stream,
            Err(error) => {
                let lost = self.lost(error.to_string());
                self.fault = Some(error);
                return Err(lost);
            }
        };
        self.fault = None;
        let was_stopped = self.answers() && self.printer.obstacle().is_some();
        self.exchange = Some(Exchange::new(stream));
        self.printer.reconnected();
        self.one_way = false;
        self.recovered = false;
        if self.unclean {
            self.settled = Some(Instant::now() + SETTLING);
            if !was_stopped {
                self.recover();
            }
        }
        let status = self.model.status;
        if self.answers() {
            self.printer.ask(Instant::now());
        }
        self.printer.listen();
        if (status.asb || self.answers()) && self.listen(Goal::Status, None).await? == Heard::Silence {
            self.silent()?;
        }
        self.recover_unless_stopped();
        if self.options.proof == ProofOption::Auto && self.proof == Proof::ProcessId && status.gs_r {
            self.probe().await?;
        }
        self.printer.publish();
        Ok(())
    }

    /// Finds out whether process ids are echoed, and whether the printer works its buffer at all. One that
    /// answers real-time questions and not the probe may be waiting for the rest of a command that a cut
    /// link left behind: it would take the next ticket for it.
    async fn probe(&mut self) -> Result<(), DeviceError> {
        self.printer.probe();
        let patience = self.timing.answer;
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        let mut session =
            Until::new(&mut self.printer, patience, Instant::now(), |reply| *reply == Reply::Probe);
        match exchange.run(&mut session, None).await {
            Ok(Waited::TimedOut) if !self.recovered => {
                self.recover();
                self.printer.listen();
                self.printer.probe();
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(Broken::Aborted) => Err(stopped()),
            Err(broken) => Err(self.lost(format!("{}: {broken}", self.link))),
        }
    }

    /// Opens the link unless there is a session.
    pub(super) async fn ensure_open(&mut self) -> Result<(), DeviceError> {
        match self.exchange {
            Some(_) => Ok(()),
            None => self.open().await,
        }
    }

    /// Judges a printer that was opened and said nothing.
    fn silent(&mut self) -> Result<(), DeviceError> {
        let status = self.model.status;
        let serial = matches!(self.link, Link::Serial { .. });
        let may_be_one_way = !(status.asb || status.process_id || serial);
        if self.printer.noise > 0 {
            return Err(self.lost(format!(
                "{}: what the printer answers makes no sense: check baud rate and parity, and the model",
                self.link
            )));
        }
        if self.options.proof == ProofOption::None || may_be_one_way {
            self.one_way = true;
            return Ok(());
        }
        let remedy = if serial {
            "check that it is on, its cable, and baud rate and parity (a self test prints them)"
        } else {
            "check that it is on and not in its setup menu, and the model; for a printer that never answers \
             set proof = \"none\" in its options"
        };
        Err(self.lost(format!("{}: it is connected but answers nothing: {remedy}", self.link)))
    }

    /// Whether questions about the status are answered: `DLE EOT`, Star's `ESC ACK SOH`.
    pub(super) fn answers(&self) -> bool {
        let status = self.model.status;
        !self.one_way && (status.dle_eot || (status.asb && self.model.language == Language::StarLine))
    }

    /// After a session that ended inside a job: ends whatever picture the printer may be waiting for the
    /// rest of, so that the rest of an old ticket never stands on a new one.
    pub(super) fn recover(&mut self) {
        if self.model.language == Language::Escpos {
            self.printer.outbox.extend_from_slice(&[0; 8192]);
            self.printer.outbox.extend_from_slice(command::INITIALISE);
        }
        self.recovered = true;
    }

    /// A stopped printer works nothing: what recovers it would only fill its buffer, and then not even the
    /// real-time command that frees its cutter came through. It is recovered once it goes on.
    pub(super) fn recover_unless_stopped(&mut self) {
        if self.unclean && !self.recovered && self.printer.obstacle().is_none() {
            self.recover();
            self.printer.listen();
        }
    }

    pub(super) async fn listen(
        &mut self,
        goal: Goal,
        cx: Option<&dyn JobContext>,
    ) -> Result<Heard, DeviceError> {
        let answers = self.answers();
        let Some(exchange) = &mut self.exchange else {
            return Err(DeviceError::offline(format!("{}: there is no connection", self.link)));
        };
        let mut session = Listen::new(&mut self.printer, goal, &self.timing, answers, Instant::now());
        match exchange.run(&mut session, cx).await {
            Ok(heard) => Ok(heard),
            Err(Broken::Aborted) => Err(stopped()),
            Err(broken) => Err(self.lost(format!("{}: {broken}", self.link))),
        }
    }

    pub(super) fn lost(&mut self, problem: String) -> DeviceError {
        self.exchange = None;
        self.printer.lost(&problem);
        DeviceError::offline(problem)
    }
}

/// The agent stopped the job, and nothing had left.
pub fn stopped() -> DeviceError {
    DeviceError::new(ErrorKind::Stopped, "internal", "the agent was told to end before the first byte")
}
