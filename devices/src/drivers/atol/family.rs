//! The family: how it greets, works, and goes on.

use std::time::Duration;

use outlet_protocols::atol::answer::{
    self, AnswerError, DeviceInfo, Formats, LastError, ShortStatus, Status,
};
use outlet_protocols::atol::errors::{Class, Code};
use outlet_protocols::atol::storage;
use outlet_protocols::atol::task::{Mode, Task as Command, register};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use outlet_protocols::fiscal::TaskResult;

use super::books::prints;
use super::model::Model;
use super::options::{Ffd, Options};
use super::wire::Wire;
use super::{DEFAULT_COLUMNS, refusal};
use crate::driver::{BoxFuture, JobContext};
use crate::register::{
    Baseline, Depth, Family, Found, Identity, Line, Look, Order, Refusal, Refused, Trouble,
};

/// Register 18: columns of the paper; 1 byte (TerminalClient `AtolFRBase`).
const COLUMNS: u8 = 0x18;
/// Pause before a register that still prints is asked again.
const PRINTING: Duration = Duration::from_millis(100);

/// An ATOL register.
pub(super) struct Atol {
    pub(super) options: Options,
    pub(super) model: &'static Model,
    pub(super) wire: Wire,
    pub(super) identity: Identity,
    pub(super) columns: usize,
    /// Something may not be on paper yet.
    pub(super) unprinted: bool,
    /// Why the register and the configuration don't fit.
    pub(super) mismatch: Option<String>,
    /// The mode that it was brought into.
    entered: Option<Mode>,
}

impl Atol {
    pub(super) fn new(options: Options, model: &'static Model) -> Self {
        Self {
            wire: Wire::new(&options),
            options,
            model,
            identity: Identity::default(),
            columns: DEFAULT_COLUMNS,
            unprinted: false,
            mismatch: None,
            entered: None,
        }
    }

    /// Asks and reads the answer.
    pub(super) async fn question<T>(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
        read: impl Fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, Trouble> {
        let answer = self.wire.ask(line, command).await?;
        match read(&answer) {
            Ok(read) => Ok(read),
            Err(error) => Err(self.explain(line, command.command(), &error).await),
        }
    }

    /// The same for what not every firmware has; `None` where it refuses.
    pub(super) async fn optional<T>(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
        read: impl Fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<Option<T>, Trouble> {
        let answer = self.wire.ask(line, command).await?;
        Ok(read(&answer).ok())
    }

    /// Does something once, in a mode.
    pub(super) async fn act(
        &mut self,
        line: &mut Line<'_>,
        mode: Option<Mode>,
        command: &Command,
    ) -> Result<(), Trouble> {
        if let Some(mode) = mode {
            self.enter(line, mode).await?;
        }
        let answer = self.wire.act(line, command).await?;
        self.accept(line, command, &answer).await
    }

    /// Reads the answer of a command with an effect.
    pub(super) async fn accept(
        &mut self,
        line: &mut Line<'_>,
        command: &Command,
        answer: &[u8],
    ) -> Result<(), Trouble> {
        match answer::accept(answer) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.unprinted |=
                    error.code().is_some_and(|code| matches!(code.class(), Class::Paper | Class::Printer));
                if error.code() == Some(Code::WRONG_MODE) && self.has_left_its_mode(line).await? {
                    return Err(line.lost("the register has left its mode: it was switched off and on"));
                }
                Err(self.explain(line, command.command(), &error).await)
            }
        }
    }

    /// A refusal, with its reason where the register keeps one.
    pub(super) async fn explain(&mut self, line: &mut Line<'_>, command: u8, error: &AnswerError) -> Trouble {
        let mut reason = None;
        if error.code() == Some(Code::ASK_MORE) {
            match self.optional(line, &Command::register(register::LAST_ERROR), LastError::parse).await {
                Ok(last) => reason = last.map(|last| last.reason),
                Err(trouble) => return trouble,
            }
        }
        refusal::trouble(line, command, error, reason)
    }

    /// A power failure ends the mode, and on a serial line nothing else shows it.
    async fn has_left_its_mode(&mut self, line: &mut Line<'_>) -> Result<bool, Trouble> {
        let Some(entered) = self.entered else { return Ok(false) };
        let short = self.question(line, &Command::ShortStatus, ShortStatus::parse).await?;
        Ok(!prints(&short) && short.mode != Some(entered))
    }

    /// Brings the register into a mode. A report that is still being printed is waited for.
    pub(super) async fn enter(&mut self, line: &mut Line<'_>, mode: Mode) -> Result<(), Trouble> {
        let until = Instant::now() + self.options.work();
        let now = loop {
            let short = self.question(line, &Command::ShortStatus, ShortStatus::parse).await?;
            if !prints(&short) {
                break short.mode;
            }
            if Instant::now() >= until {
                let message = format!("{}: the register is still printing a report", line.link());
                return Err(Trouble::Refused(Refused { class: Refusal::Busy, message, said: Value::Null }));
            }
            sleep(PRINTING).await;
        };
        self.entered = None;
        if now == Some(mode) {
            self.entered = Some(mode);
            return Ok(());
        }
        if now != Some(Mode::Choice) {
            let left = self.wire.act(line, &Command::LeaveMode).await?;
            self.accept(line, &Command::LeaveMode, &left).await?;
        }
        let password = match mode {
            Mode::Registration => self.options.cashier,
            _ => self.options.administrator,
        };
        let enter = Command::EnterMode(mode, password);
        let entered = self.wire.act(line, &enter).await?;
        self.accept(line, &enter, &entered).await?;
        self.entered = Some(mode);
        Ok(())
    }

    async fn learn(&mut self, line: &mut Line<'_>) -> Result<Identity, Trouble> {
        self.wire.renew();
        // What was on its way to the paper when the line was lost may wait there.
        self.unprinted = true;
        self.entered = None;
        let info = self.question(line, &Command::DeviceInfo, DeviceInfo::parse).await?;
        let number = self.optional(line, &Command::register(register::SERIAL), answer::register).await?;
        let number = match number {
            Some(number) => number,
            None => self.question(line, &Command::Status, Status::parse).await?.serial,
        };
        let storage = self.optional(line, &Command::StorageNumber, storage::number).await?;
        let columns = self.optional(line, &Command::register(COLUMNS), answer::register).await?;
        let columns = columns.and_then(|columns| usize::try_from(columns).ok());
        self.columns = columns.filter(|columns| (16..=96).contains(columns)).unwrap_or(DEFAULT_COLUMNS);
        let formats = self.optional(line, &Command::register(register::FORMATS), Formats::parse).await?;
        self.mismatch = formats.and_then(|formats| mismatch(formats.register, self.options.ffd));
        let [major, minor, _, high, low] = info.version;
        self.identity = Identity {
            model: info.name,
            serial: format!("{number:014}"),
            firmware: Some(format!("{major:x}.{minor:x}.{high:02x}{low:02x}")),
            storage,
        };
        Ok(self.identity.clone())
    }
}

/// Where the register's format of fiscal data (tag 1209) is not that of the configuration.
fn mismatch(register: u8, configured: Ffd) -> Option<String> {
    let (name, ffd) = match register {
        2 => ("1.05", Ffd::V105),
        4 => ("1.2", Ffd::V12),
        _ => return None,
    };
    (ffd != configured)
        .then(|| format!("the register works by format of fiscal data {name}: set options.ffd = \"{name}\""))
}

impl Family for Atol {
    fn name(&self) -> &'static str {
        "atol"
    }

    fn greet<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<Identity, Trouble>> {
        Box::pin(self.learn(line))
    }

    fn look<'a>(&'a mut self, line: &'a mut Line<'_>, depth: Depth) -> BoxFuture<'a, Result<Look, Trouble>> {
        Box::pin(self.see(line, depth))
    }

    fn go_on<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async {
            let answer = self.wire.act(line, &Command::ContinuePrint).await?;
            match answer::accept(&answer) {
                Err(AnswerError::Refused(code)) if matches!(code.class(), Class::Paper | Class::Printer) => {
                    Err(Trouble::Refused(refusal::refused(
                        line,
                        Command::ContinuePrint.command(),
                        code,
                        None,
                    )))
                }
                // Any other refusal: there is nothing to go on with.
                Ok(_) | Err(AnswerError::Refused(_)) => {
                    self.unprinted = false;
                    Ok(())
                }
                Err(error) => Err(refusal::trouble(line, Command::ContinuePrint.command(), &error, None)),
            }
        })
    }

    fn cancel<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async {
            self.enter(line, Mode::Registration).await?;
            let answer = self.wire.act(line, &Command::CancelReceipt).await?;
            match answer::accept(&answer) {
                Err(AnswerError::Refused(code)) if code.class() == Class::ReceiptClosed => Ok(()),
                _ => self.accept(line, &Command::CancelReceipt, &answer).await,
            }
        })
    }

    fn perform<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        attempt: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<TaskResult, Trouble>> {
        Box::pin(self.work(line, order, attempt))
    }

    fn find<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        before: &'a Baseline,
        notes: &'a Value,
        now: &'a Look,
    ) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(self.search(line, order, before, notes, now))
    }

    fn left_by(&self, before: &Baseline, receipt: &TaskResult) -> Option<Baseline> {
        let last_document = receipt.fiscal_params.as_ref()?.fiscal_document_number;
        last_document?;
        Some(Baseline { shift: None, last_document, cash: None, last_slip: None, ..before.clone() })
    }

    fn link_quality(&self) -> Value {
        json!(self.wire.quality())
    }
}
