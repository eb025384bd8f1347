//! A label printer as the worker has it: connect, idle, and the question how it is.

use std::time::Duration;

use outlet_protocols::label::Language;
use outlet_protocols::label::model::LabelModel;
use outlet_protocols::label::status::{Question, State};
use serde_json::Value;

use super::Bench;
use super::ask::{Ask, Asked, Listen, Send};
use super::condition::{NOT_ANSWERING, conditions};
use super::options::Options;
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Driver, JobContext, Outcome, Request, Resolution, StatusSink,
};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::{Broken, Exchange, Session};
use crate::link::Link;
use crate::transport::{self, PortStatus};

/// How long bytes that nobody asked for are waited for after the first answer.
const HUSH: Duration = Duration::from_millis(100);
/// So many bytes at most are missing to a command that a lost link cut off: the longest of each language.
const LONGEST_COMMAND: usize = 32 * 1024;
/// Neither a number nor a command, in TSPL and in EPL.
const NO_NUMBER: &[u8] = b"#";
/// So many questions in a row without an answer end a session.
const SILENT_AT_MOST: u32 = 3;

/// A label printer.
pub(super) struct LabelPrinter {
    pub link: Link,
    pub model: &'static LabelModel,
    pub bench: Bench,
    pub options: Options,
    status_question: Question,
    pub exchange: Option<Exchange>,
    /// The last session ended inside a label: the printer may wait for the rest of a command.
    pub unclean: bool,
    /// This session began with the end of a command that may have been cut off.
    pub ended: bool,
    /// The printer was not seen at work before that: what it prints since may be the cut off command.
    pub torn: bool,
    /// The attempt that was asked about while something kept the printer from printing.
    pub interrupted: Option<u64>,
    status: StatusSink,
    owed: u32,
    /// What the status last told.
    pub seen: Seen,
}

/// What is known of the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    Silence,
    State(State),
}

impl LabelPrinter {
    /// A printer that is not connected yet.
    pub fn new(
        link: Link,
        model: &'static LabelModel,
        bench: Bench,
        options: Options,
        status: StatusSink,
    ) -> Self {
        let question = match model.details {
            true => Question::TsplDetails,
            false => Question::of(model.language),
        };
        Self {
            link,
            model,
            bench,
            options,
            status_question: question,
            exchange: None,
            unclean: false,
            ended: false,
            torn: false,
            interrupted: None,
            status,
            owed: 0,
            seen: Seen::Nothing,
        }
    }
}

impl Driver for LabelPrinter {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            let mut silent = 0;
            loop {
                let tells = self.answers() || matches!(self.link, Link::Usb { .. } | Link::UsbLp { .. });
                let wait = tells.then(|| self.options.poll());
                if let Err(error) = self.listen(wait).await {
                    return error;
                }
                match self.ask(None).await {
                    Ok(Asked::State(_)) => silent = 0,
                    Ok(Asked::Silent) if self.may_be_silent() => {}
                    Ok(Asked::Silent | Asked::Unreadable(_)) => silent += 1,
                    Err(error) => return error,
                }
                if silent >= SILENT_AT_MOST {
                    return self.no_answer();
                }
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
        _: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(self.ask_for(attempt))
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => self.report().await,
                Request::Identify => self.identify().await,
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for("a label printer")),
            }
        })
    }
}

impl LabelPrinter {
    /// Whether it answers questions at all.
    pub fn answers(&self) -> bool {
        self.options.status
    }

    /// Whether silence may mean that it waits for a person: newer printers with ZPL answer nothing while labels
    /// are missing or the head is open (Zebra, *ZPL II Programming Guide*, ~HS).
    pub fn may_be_silent(&self) -> bool {
        self.model.language == Language::Zpl
    }

    /// Opens the link and learns how the printer is.
    pub async fn open(&mut self) -> Result<(), DeviceError> {
        self.greet().await?;
        self.publish();
        Ok(())
    }

    async fn greet(&mut self) -> Result<(), DeviceError> {
        self.exchange = None;
        self.owed = 0;
        self.seen = Seen::Nothing;
        (self.ended, self.torn) = (false, false);
        let mut stream = transport::open(&self.link).await.map_err(|error| self.lost(&error.to_string()))?;
        stream.forget_unsent();
        self.exchange = Some(Exchange::new(stream));
        if self.unclean {
            // TSPL alone answers without ending a line.
            let at_work = self.answers()
                && self.model.language == Language::Tspl
                && matches!(self.question(None).await?, Asked::State(state) if state.at_work());
            self.end_command().await?;
            self.torn &= !at_work;
            self.unclean = false;
        }
        if !self.answers() {
            self.question(None).await?;
            return Ok(());
        }
        let mut asked = self.question(None).await?;
        if asked == Asked::Silent && !self.may_be_silent() {
            // An agent that is gone may have left half a command behind.
            self.end_command().await?;
            asked = self.question(None).await?;
        }
        match asked {
            Asked::Silent if self.may_be_silent() => Ok(()),
            Asked::Silent => Err(self.no_answer()),
            Asked::Unreadable(bytes) => Err(self.nonsense(&bytes)),
            Asked::State(_) => match self.listen(Some(HUSH)).await? {
                0 => Ok(()),
                _ => Err(self.nonsense(&[])),
            },
        }
    }

    /// Opens the link unless there is a session.
    pub async fn ensure_open(&mut self) -> Result<(), DeviceError> {
        match self.exchange {
            Some(_) => Ok(()),
            None => self.open().await,
        }
    }

    /// Asks how the printer is, and tells the agent. A printer that answers nothing has what its port knows.
    pub async fn ask(&mut self, cx: Option<&dyn JobContext>) -> Result<Asked, DeviceError> {
        let asked = self.question(cx).await?;
        self.publish();
        Ok(asked)
    }

    async fn question(&mut self, cx: Option<&dyn JobContext>) -> Result<Asked, DeviceError> {
        let asked = if self.answers() {
            let mut session = Ask::new(self.status_question, &mut self.owed, self.options.answer());
            let asked = match &mut self.exchange {
                Some(exchange) => exchange.run(&mut session, cx).await,
                None => Err(Broken::Closed),
            };
            asked.map_err(|broken| self.broken(&broken))?
        } else {
            let port = match &mut self.exchange {
                Some(exchange) => exchange.port_status().await,
                None => None,
            };
            Asked::State(port.map(state_of_port).unwrap_or_default())
        };
        self.seen = match &asked {
            Asked::State(state) => Seen::State(state.clone()),
            Asked::Silent | Asked::Unreadable(_) => Seen::Silence,
        };
        Ok(asked)
    }

    /// Ends what a cut link may have left of a command: a graphic is filled up, and what is too much of that are
    /// empty lines. Every label begins with a clean buffer, so that no graphic of it is printed later.
    ///
    /// A number of labels that was cut off must not be taken for a smaller one: the sign before the first line
    /// end makes it no number. No document says what a printer does with that; one that overlooks the sign
    /// prints some labels of the job, which stays in doubt. An EPL printer that is asked before, as by an agent
    /// that was started anew, prints them in any case: its question begins with a line end.
    ///
    /// ZPL needs none of it: its commands end where the next one begins.
    pub async fn end_command(&mut self) -> Result<(), DeviceError> {
        if self.model.language == Language::Zpl {
            return Ok(());
        }
        (self.ended, self.torn) = (true, true);
        let mut lines = NO_NUMBER.to_vec();
        lines.extend(b"\r\n".repeat(LONGEST_COMMAND / 2));
        self.run(&mut Send::new(&lines, self.options.stall()), None).await?;
        Ok(())
    }

    /// Listens, and notices when the link is lost meanwhile. Gives how many bytes came that nobody asked for.
    pub async fn listen(&mut self, wait: Option<Duration>) -> Result<usize, DeviceError> {
        let owed = self.owed;
        self.run(&mut Listen::new(wait, &owed), None).await
    }

    pub async fn run<S: Session + std::marker::Send>(
        &mut self,
        session: &mut S,
        cx: Option<&dyn JobContext>,
    ) -> Result<S::End, DeviceError> {
        let ended = match &mut self.exchange {
            Some(exchange) => exchange.run(session, cx).await,
            None => Err(Broken::Closed),
        };
        ended.map_err(|broken| self.broken(&broken))
    }

    fn publish(&self) {
        let conditions = match &self.seen {
            Seen::State(state) => conditions(state),
            Seen::Silence => [NOT_ANSWERING.to_owned()].into(),
            Seen::Nothing => Default::default(),
        };
        DeviceStatus { online: true, conditions, ..DeviceStatus::default() }.tell(&self.status);
    }

    /// It is connected and says nothing.
    pub fn no_answer(&mut self) -> DeviceError {
        let remedy = match self.link {
            Link::Serial { .. } => {
                "check that it is on, its cable, and baud rate and parity (a self test prints them)"
            }
            _ => {
                "check that it is on and the model, that is the language it is set to; for a printer that never \
                 answers set status = false in its options"
            }
        };
        self.lost(&format!("it is connected but answers nothing: {remedy}"))
    }

    /// It says something that is no answer.
    pub fn nonsense(&mut self, bytes: &[u8]) -> DeviceError {
        let said: String = String::from_utf8_lossy(bytes).chars().take(40).collect();
        self.lost(&format!(
            "what it answers is not what a printer with {:?} says ({said:?}): check the model, that is the language \
             it is set to, and of a serial line baud rate and parity",
            self.model.language
        ))
    }

    fn broken(&mut self, broken: &Broken) -> DeviceError {
        match broken {
            Broken::Aborted => stopped(),
            broken => self.lost(&format!("{broken}: check that the label printer is on and its cable")),
        }
    }

    /// The session is gone.
    pub fn lost(&mut self, why: &str) -> DeviceError {
        self.exchange = None;
        self.seen = Seen::Nothing;
        // What the system says of a link that can't be opened names the link already.
        let link = self.link.to_string();
        let problem = if why.starts_with(&link) { why.to_owned() } else { format!("{link}: {why}") };
        let now = DeviceStatus {
            online: false,
            conditions: ["offline".to_owned()].into(),
            problem: Some(problem.clone()),
            ..DeviceStatus::default()
        };
        now.tell(&self.status);
        DeviceError::offline(problem)
    }
}

/// The agent stopped the job, and nothing had left.
pub(super) fn stopped() -> DeviceError {
    DeviceError::new(ErrorKind::Stopped, "internal", "the agent was told to end before the first byte")
}

fn state_of_port(port: PortStatus) -> State {
    State { paper_out: port.paper_empty, ..State::default() }
}
