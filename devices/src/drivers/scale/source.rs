//! How a scale is asked: by a protocol over its own link, or by the registers of an indicator.

use std::time::Duration;

use outlet_protocols::scale::{Ask, Commands, Mode, Protocol, ProtocolInfo, Reading};
use tokio::time::Instant;

use super::conversation::{Heard, Listening, Question};
use super::options::is_sure;
use crate::driver::BoxFuture;
use crate::exchange::Exchange;
use crate::link::Link;
use crate::transport;

/// What puts questions to a scale. An error says why the link is gone.
pub(super) trait Source: Send {
    /// Opens the link anew.
    fn open(&mut self) -> BoxFuture<'_, Result<(), String>>;
    /// Gives the link up.
    fn close(&mut self);
    /// Puts a question. Given up halfway, what still comes is not taken for the answer to the next one.
    fn ask<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Result<Heard, String>>;
    /// Hears what comes without a question: readings, and how many bytes belonged to nothing. Cancel-safe.
    fn listen(&mut self, until: Instant) -> BoxFuture<'_, Result<(Vec<Reading>, usize), String>>;
}

/// What is known of a scale before it is asked.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The word of the configuration.
    pub name: String,
    /// For messages about commands: what has them, or not.
    pub speaks: &'static str,
    pub vendor: String,
    pub models: String,
    pub mode: Mode,
    pub commands: Commands,
    /// How long an answer may take.
    pub answer: Duration,
    /// So many answers in a row have to say the same, when the options don't say.
    pub confirm: u8,
    /// Silence may mean that there is no new weight.
    pub tells_once: bool,
    /// What to try when nothing answers, as the end of a sentence.
    pub remedy: String,
}

impl Facts {
    /// Of a scale that speaks a protocol.
    pub fn of_protocol(info: &'static ProtocolInfo, link: &Link) -> Self {
        let remedy = match link {
            Link::Tcp { .. } => "; check its address and port, and the converter's line settings".to_owned(),
            _ => format!(
                "; `outletd detect scale` tries other protocols and line settings (this one is {})",
                info.name
            ),
        };
        Self {
            name: info.name.to_owned(),
            speaks: info.name,
            vendor: info.vendor.to_owned(),
            models: info.models.to_owned(),
            mode: info.mode,
            commands: info.commands,
            answer: Duration::from_millis(info.timing.answer_ms.into()),
            confirm: if is_sure(info.name) { 1 } else { 2 },
            tells_once: info.name == "adam",
            remedy,
        }
    }
}

/// A scale that speaks a protocol over a link of its own.
pub(super) struct ByProtocol {
    protocol: Box<dyn Protocol>,
    link: Link,
    exchange: Option<Exchange>,
}

impl ByProtocol {
    pub fn new(protocol: Box<dyn Protocol>, link: Link) -> Self {
        Self { protocol, link, exchange: None }
    }
}

impl Source for ByProtocol {
    fn open(&mut self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.exchange = None;
            let mut stream = transport::open(&self.link).await.map_err(|error| error.to_string())?;
            stream.forget_unsent();
            self.exchange = Some(Exchange::new(stream));
            Ok(())
        })
    }

    fn close(&mut self) {
        self.exchange = None;
    }

    fn ask<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Result<Heard, String>> {
        Box::pin(async move {
            let Some(exchange) = &mut self.exchange else { return Err(self.closed()) };
            let byte_time = match &self.link {
                Link::Serial { line, .. } => line.byte_time(),
                _ => Duration::ZERO,
            };
            let mut question = Question::new(&mut *self.protocol, ask, byte_time);
            let heard = exchange.run(&mut question, None).await;
            heard.map_err(|broken| format!("{}: {broken}", self.link))
        })
    }

    fn listen(&mut self, until: Instant) -> BoxFuture<'_, Result<(Vec<Reading>, usize), String>> {
        Box::pin(async move {
            let Some(exchange) = &mut self.exchange else { return Err(self.closed()) };
            let mut listening = Listening::new(&mut *self.protocol, until);
            let heard = exchange.run(&mut listening, None).await;
            heard.map_err(|broken| format!("{}: {broken}", self.link))
        })
    }
}

impl ByProtocol {
    fn closed(&self) -> String {
        format!("{}: there is no connection", self.link)
    }
}
