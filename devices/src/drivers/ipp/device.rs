//! An IPP printer as the worker has it: connect, idle, requests.

use ipp::model::Operation;
use ipp::prelude::Uri;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::answer::{ABILITIES, Abilities, STATE, Status};
use super::client::{Client, Failure};
use super::options::Options;
use super::reasons;
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Driver, JobContext, Outcome, Request, Resolution, StatusSink,
};
use crate::error::DeviceError;
use crate::link::Link;

/// An IPP printer.
pub struct IppPrinter {
    pub(super) id: String,
    pub(super) link: Link,
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) status: Status,
    pub(super) abilities: Abilities,
    /// Why it is not connected, as last found.
    pub(super) obstacle: Option<Obstacle>,
    pub(super) connected: bool,
    /// When the idle printer is to be asked again.
    next_look: Instant,
    sink: StatusSink,
}

/// Why a printer can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// It could not be asked.
    Failure(Failure),
    /// It prints no PDF; what it prints.
    NoPdf(Vec<String>),
}

impl IppPrinter {
    /// A printer that is not connected yet.
    pub fn new(id: String, link: Link, uri: Uri, options: Options, sink: StatusSink) -> Self {
        Self {
            id,
            link,
            client: Client::new(uri, options.answer()),
            options,
            status: Status::default(),
            abilities: Abilities::default(),
            obstacle: None,
            connected: false,
            next_look: Instant::now(),
            sink,
        }
    }
}

impl Driver for IppPrinter {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                sleep_until(self.next_look).await;
                if let Err(failure) = self.look(None).await {
                    return self.lost(Obstacle::Failure(failure));
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
                Request::Status => self.current_status().await,
                Request::Identify => self.identify().await,
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for("a printer")),
            }
        })
    }
}

impl IppPrinter {
    /// Asks the printer what it is and how it is.
    pub(super) async fn open(&mut self) -> Result<(), DeviceError> {
        self.connected = false;
        match self.learn().await {
            Ok(()) if self.abilities.prints_pdf() => {}
            Ok(()) => return Err(self.lost(Obstacle::NoPdf(self.abilities.formats.clone()))),
            Err(failure) => return Err(self.lost(Obstacle::Failure(failure))),
        }
        self.obstacle = None;
        self.connected = true;
        self.publish();
        Ok(())
    }

    async fn learn(&mut self) -> Result<(), Failure> {
        let wanted = [&STATE[..], &ABILITIES[..]].concat();
        let question = self.client.question(Operation::GetPrinterAttributes)?.user().wanting(&wanted);
        let answer = self.client.ask(question, None).await?;
        self.status = Status::of(&answer).ok_or_else(stateless)?;
        self.abilities = Abilities::of(&answer);
        self.next_look = Instant::now() + self.options.idle();
        Ok(())
    }

    /// Asks the printer how it is, and tells the agent.
    pub(super) async fn look(&mut self, cx: Option<&dyn JobContext>) -> Result<(), Failure> {
        let question = self.client.question(Operation::GetPrinterAttributes)?.user().wanting(&STATE);
        let answer = self.client.ask(question, cx).await?;
        self.status = Status::of(&answer).ok_or_else(stateless)?;
        self.next_look = Instant::now() + self.options.idle();
        self.publish();
        Ok(())
    }

    fn publish(&self) {
        let conditions = reasons::conditions(&self.status);
        DeviceStatus { online: true, conditions, ..DeviceStatus::default() }.tell(&self.sink);
    }

    /// The printer can't be used; nothing was sent, as far as this says.
    pub(super) fn lost(&mut self, obstacle: Obstacle) -> DeviceError {
        let problem = format!("{}: {}; {}", self.link, obstacle.what(), obstacle.remedy());
        self.obstacle = Some(obstacle);
        self.connected = false;
        let now = DeviceStatus {
            online: false,
            conditions: ["offline".to_owned()].into(),
            problem: Some(problem.clone()),
            drawer_open: None,
        };
        now.tell(&self.sink);
        DeviceError::offline(problem)
    }
}

impl Obstacle {
    pub fn what(&self) -> String {
        match self {
            Self::Failure(failure) => failure.to_string(),
            Self::NoPdf(formats) if formats.is_empty() => {
                "the printer does not say what it prints".to_owned()
            }
            Self::NoPdf(formats) => format!("the printer prints no PDF; it prints {}", formats.join(", ")),
        }
    }

    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Failure(failure) => failure.remedy(),
            Self::NoPdf(_) => {
                "put it behind a print server that converts PDF, such as CUPS, and link to that"
            }
        }
    }
}

fn stateless() -> Failure {
    Failure::Nonsense("it does not say in which state it is".to_owned())
}
