//! The driver of one label scale.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::code::Patterns;
use outlet_protocols::label_scale::{
    Answer, Command as Message, DeviceType, Limits, Password, ScaleMode, ScaleState, Weight, weight, words,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answers::Progress;
use super::conversation::{Asking, Heard, Left, Untraced};
use super::options::{Model, Options};
use crate::driver::{
    Attempt, BoxFuture, Command, DeviceStatus, Direction, Driver, JobContext, Outcome, Report, Request,
    Resolution, StatusSink, Waiting,
};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::Exchange;
use crate::link::Link;
use crate::transport;

/// How long after a scale that can't now is asked again.
pub(super) const AGAIN: Duration = Duration::from_millis(250);

/// A label scale.
pub(super) struct LabelScale {
    pub(super) model: Model,
    pub(super) link: Link,
    pub(super) options: Options,
    pub(super) codes: Arc<Patterns>,
    pub(super) password: Password,
    pub(super) tally: Tally,
    pub(super) known: Known,
    /// The code with which the scale has refused the password. Not tried again before a person asks for it: a scale
    /// locks itself after five attempts.
    pub(super) locked: Option<u8>,
    /// The job that was broken off last, and what had come of it.
    pub(super) broken_off: Option<(String, Progress)>,
    /// The scale has no command that deletes an item altogether.
    pub(super) only_clears: bool,
    exchange: Option<Exchange>,
    left: Left,
    status: StatusSink,
}

/// What the scale has told of itself in this session.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub device: Option<DeviceType>,
    pub state: Option<ScaleState>,
    pub mode: ScaleMode,
    pub items: Option<u16>,
    pub messages: Option<u16>,
    pub message_lines: Option<u8>,
    /// The three above were asked for.
    pub limits: bool,
}

/// How commands ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// With an answer, be it a refusal.
    pub answered: u64,
    /// Datagrams that were sent again.
    pub repeated: u64,
    /// With nothing.
    pub silent: u64,
    /// With bytes that were no answer, or more than was asked for.
    pub garbled: u64,
}

impl Driver for LabelScale {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(self.open())
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                tokio::time::sleep(Duration::from_secs(self.options.watch_s.into())).await;
                if let Err(error) = self.look().await {
                    return error;
                }
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async move { self.load(&command.job, super::list_of(&command.work)?, cx).await })
    }

    fn resolve<'a>(
        &'a mut self,
        command: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async move {
            let progress = Progress::noted(&attempt.baseline);
            let loaded = progress.items;
            let known = self
                .broken_off
                .as_ref()
                .is_some_and(|(job, known)| *job == command.job && known.items >= progress.items);
            if !known {
                self.broken_off = Some((command.job.clone(), progress));
            }
            let asked = "items that are loaded twice are as those loaded once: the list goes on";
            Ok(Resolution::NotDone(json!({"asked": asked, "tried": loaded})))
        })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match request {
                Request::Status => self.report().await,
                Request::Identify => self.identify().await,
                Request::Test => Ok(self.test().await),
                other => Err(other.not_for("a label scale")),
            }
        })
    }
}

impl LabelScale {
    /// A scale that is not connected yet.
    pub fn new(
        model: Model,
        link: Link,
        options: Options,
        password: Password,
        codes: Arc<Patterns>,
        report: Report,
    ) -> Self {
        Self {
            model,
            link,
            options,
            codes,
            password,
            tally: Tally::default(),
            known: Known::default(),
            locked: None,
            broken_off: None,
            only_clears: false,
            exchange: None,
            left: Left::default(),
            status: report.status,
        }
    }

    /// Opens the link, and asks the scale who it is and how.
    async fn open(&mut self) -> Result<(), DeviceError> {
        self.exchange = None;
        self.left = Left::default();
        self.known = Known::default();
        let mut stream = match transport::open(&self.link).await {
            Ok(stream) => stream,
            Err(error) => return Err(self.lost(&error.to_string())),
        };
        stream.forget_unsent();
        self.exchange = Some(Exchange::new(stream));
        let device = self.ask(&Message::device_type(), None).await?;
        self.known.device = DeviceType::read(&device.data).filter(|_| device.error == 0);
        if let Some(device) = self.known.device.as_ref().filter(|device| !device.is_label_scale()) {
            let why = format!(
                "{:?} answers there, a device of type {}.{} and no label scale: check the address",
                device.name, device.device, device.subtype
            );
            return Err(self.lost(&why));
        }
        self.look().await?;
        if !self.known.mode.is_clearing() {
            self.learn(None).await?;
        }
        self.show();
        Ok(())
    }

    /// Opens the link unless it is open.
    pub(super) async fn ensure_open(&mut self) -> Result<(), DeviceError> {
        match self.exchange {
            Some(_) => Ok(()),
            None => self.open().await,
        }
    }

    /// Asks for the mode, and shows it.
    pub(super) async fn look(&mut self) -> Result<(), DeviceError> {
        let mode = self.ask(&Message::mode(), None).await?;
        self.known.mode = ScaleMode::read(&mode.data).filter(|_| mode.error == 0).unwrap_or_default();
        self.show();
        Ok(())
    }

    /// Asks for what the scale keeps, once in a session. A scale that does not say is taken for one that keeps all.
    ///
    /// # Errors
    /// The session is lost.
    pub(super) async fn learn(&mut self, cx: Option<&dyn JobContext>) -> Result<(), DeviceError> {
        if self.known.limits {
            return Ok(());
        }
        // Mertech's answer has other fields.
        if self.model == Model::ShtrihPrint {
            let state = self.ask(&Message::state(), cx).await?;
            // The document: data comes with these errors, too.
            self.known.state = ScaleState::read(&state.data).filter(|_| matches!(state.error, 0 | 165 | 168));
        }
        let password = self.password;
        let items = match self.ask(&Message::most_items(password), cx).await {
            Err(error) if self.locked.is_some() && error.kind == ErrorKind::Rejected => return Ok(()),
            answer => answer?,
        };
        self.known.items = items.number().filter(|most| items.error == 0 && *most > 0);
        let messages = self.ask(&Message::most_messages(password), cx).await?;
        self.known.messages = messages.number().filter(|_| messages.error == 0);
        let lines = self.ask(&Message::message_lines(password), cx).await?;
        self.known.message_lines = match lines.data[..] {
            [lines_of] if lines.error == 0 => Some(lines_of),
            _ => None,
        };
        self.known.limits = true;
        Ok(())
    }

    /// What lists are judged by.
    ///
    /// # Errors
    /// The scale has prices of other decimals than the configuration says, or neither says which: all would be wrong a
    /// hundredfold.
    pub(super) fn limits(&self) -> Result<Limits, DeviceError> {
        let state = self.known.state.as_ref();
        let decimals = match (self.options.decimals, state.map(|state| state.decimals)) {
            (Some(set), Some(told)) if set != told => {
                let message = format!(
                    "{}: the scale has prices with {told} decimals and the configuration says {set}: set the \
                     option decimals, or the scale's decimal point",
                    self.link
                );
                return Err(DeviceError::new(ErrorKind::Rejected, "wrong-decimals", message));
            }
            (Some(decimals), _) | (None, Some(decimals)) => decimals,
            (None, None) => {
                let message = format!(
                    "{}: the scale does not say how many decimals its prices have: set the option decimals as the \
                     scale is set",
                    self.link
                );
                return Err(DeviceError::new(ErrorKind::Rejected, "wrong-decimals", message));
            }
        };
        let smaller = |a: Option<u16>, b: Option<u16>| a.into_iter().chain(b).min();
        let heaviest = state.map(|state| u16::from(state.max_load_kg)).filter(|kg| *kg > 0);
        Ok(Limits {
            items: smaller(self.known.items.or(state.map(|state| state.items)), self.options.highest),
            messages: self.known.messages.or(state.map(|state| state.messages)),
            message_lines: self.known.message_lines.or(state.map(|state| state.message_lines)),
            tare_g: heaviest.map(|kg| kg.saturating_mul(100)),
            decimals,
        })
    }

    /// Sends a command and hears its answer, be it a refusal. A scale that can't now is asked again for as long as the
    /// configuration says.
    ///
    /// # Errors
    /// The session is lost, the scale can't now, or the password is wrong.
    pub(super) async fn ask(
        &mut self,
        message: &Message,
        cx: Option<&dyn JobContext>,
    ) -> Result<Answer, DeviceError> {
        if message.needs_password()
            && let Some(code) = self.locked
        {
            return Err(self.wrong_password(code));
        }
        let until = Instant::now() + self.options.patience();
        let mut waited = false;
        loop {
            let why = match self.hear(message, cx).await? {
                Heard::Answer(answer) => match weight(answer.error) {
                    Weight::NotNow => format!("{} (error {})", words(answer.error), answer.error),
                    Weight::Password => {
                        self.locked = Some(answer.error);
                        self.show();
                        return Err(self.wrong_password(answer.error));
                    }
                    _ => {
                        if let (true, Some(cx)) = (waited, cx) {
                            cx.waiting(None);
                        }
                        return Ok(answer);
                    }
                },
                Heard::NotNow(why) => why,
                Heard::Silent => return Err(self.lost("it does not answer")),
                Heard::Garbled(garbled) => return Err(self.lost(&format!("its answer is none: {garbled}"))),
                Heard::OutOfStep => return Err(self.lost("it has sent more than was asked for")),
            };
            self.wait_until(until, &why, cx).await?;
            waited = true;
        }
    }

    /// Waits a moment for a scale that can't now.
    ///
    /// # Errors
    /// Patience is over.
    pub(super) async fn wait_until(
        &mut self,
        until: Instant,
        why: &str,
        cx: Option<&dyn JobContext>,
    ) -> Result<(), DeviceError> {
        let message = format!("{}: the scale can't now: {why}", self.link);
        let now = Instant::now();
        if now >= until {
            return Err(DeviceError::new(ErrorKind::Busy, "device-busy", message));
        }
        if let Some(cx) = cx {
            cx.waiting(Some(Waiting { code: "device-busy".to_owned(), message }));
        }
        tokio::time::sleep_until(until.min(now + AGAIN)).await;
        Ok(())
    }

    /// Sends a command, and again where it is a datagram without an answer.
    ///
    /// # Errors
    /// The link is lost.
    pub(super) async fn hear(
        &mut self,
        message: &Message,
        cx: Option<&dyn JobContext>,
    ) -> Result<Heard, DeviceError> {
        let Some(exchange) = &mut self.exchange else { return Err(self.lost("there is no connection")) };
        if self.left.torn {
            return Err(self.lost("a command was sent in part"));
        }
        if let Err(broken) = exchange.forget_unread() {
            return Err(self.lost(&broken.to_string()));
        }
        let carrier = self.model.carrier();
        let bytes = message.message(carrier);
        let patience = self.options.answer(carrier);
        let mut asking =
            Asking::new(carrier, message.code(), &bytes, patience, self.options.repeats, &mut self.left);
        if let Some(cx) = cx {
            cx.trace(Direction::Sent, &message.shown(carrier));
        }
        let untraced = cx.map(Untraced);
        let cx_of_exchange = untraced.as_ref().map(|untraced| untraced as &dyn JobContext);
        let heard = exchange.run(&mut asking, cx_of_exchange).await;
        if let Some(cx) = cx.filter(|_| !asking.received.is_empty()) {
            cx.trace(Direction::Received, &asking.received);
        }
        self.tally.repeated += u64::from(asking.repeated);
        match heard {
            Ok(heard) => {
                let count = match &heard {
                    Heard::Answer(_) | Heard::NotNow(_) => &mut self.tally.answered,
                    Heard::Silent => &mut self.tally.silent,
                    Heard::Garbled(_) | Heard::OutOfStep => &mut self.tally.garbled,
                };
                *count += 1;
                Ok(heard)
            }
            Err(broken) => Err(self.lost(&broken.to_string())),
        }
    }

    /// The password is wrong, as the scale has said with this code.
    pub(super) fn wrong_password(&self, code: u8) -> DeviceError {
        let remedy = match code {
            170 => "switch the scale off and on, set the option password to its own, and ask for a test",
            _ => {
                "set the option password to the scale's own; it is not tried again before somebody asks for a test"
            }
        };
        let message = format!(
            "{}: the scale refuses the password: {} (error {code}); {remedy}",
            self.link,
            words(code)
        );
        DeviceError::new(ErrorKind::Rejected, "wrong-password", message)
    }

    /// What is the matter with the scale, in codes of the contract.
    pub(super) fn conditions(&self) -> BTreeSet<String> {
        let mode = self.known.mode;
        let all = [
            ("wrong-password", self.locked.is_some()),
            ("clearing", mode.is_clearing()),
            ("calibrating", mode.is_calibrating()),
        ];
        all.iter().filter(|(_, is)| *is).map(|(code, _)| (*code).to_owned()).collect()
    }

    /// Reports the status, while there is a session.
    pub(super) fn show(&self) {
        if self.exchange.is_some() {
            let now = DeviceStatus { online: true, conditions: self.conditions(), ..DeviceStatus::default() };
            now.tell(&self.status);
        }
    }

    /// Gives the link up.
    pub(super) fn lost(&mut self, why: &str) -> DeviceError {
        self.exchange = None;
        let link = self.link.to_string();
        let named = if why.starts_with(&link) { why.to_owned() } else { format!("{link}: {why}") };
        let problem =
            format!("{named}; check that the scale is on, its network cable, and its address and port");
        let now = DeviceStatus {
            online: false,
            conditions: self.conditions(),
            problem: Some(problem.clone()),
            ..DeviceStatus::default()
        };
        now.tell(&self.status);
        DeviceError::offline(problem)
    }
}
