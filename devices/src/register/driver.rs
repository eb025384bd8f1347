//! The driver around a family.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use outlet_protocols::fiscal::{ShiftState, Tag, Task, TaskResult};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::books::Books;
use super::line::Line;
use super::options::{Common, Sums};
use super::settle::Noted;
use super::standing::{Intake, Standing};
use super::{Baseline, Depth, Family, Found, Identity, Look, Order, Refusal, Refused, Trouble};
use crate::driver::{
    Attempt, BoxFuture, Built, Check, Command, Confidence, Description, DeviceStatus, Driver,
    EXCHANGE_BEHIND, JobContext, Outcome, PAPER_NEAR_END, Request, Resolution, SHIFT_ENDS_SOON,
    STORAGE_NEAR_END, StatusSink, Waiting, Work,
};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::Exchange;
use crate::link::Link;
use crate::transport;

/// Pause before a register that still prints is looked at again.
pub(super) const PRINTING: Duration = Duration::from_millis(100);

/// A fiscal register.
pub struct Register<F> {
    pub(super) family: F,
    pub(super) link: Link,
    pub(super) options: Common,
    watch: StatusSink,
    pub(super) exchange: Option<Exchange>,
    pub(super) identity: Identity,
    /// A person has accepted the sums that the register has.
    accept_sums: bool,
    standing: Standing,
}

impl<F: Family> Register<F> {
    /// A register that is not connected yet.
    pub fn new(family: F, link: Link, options: Common, watch: StatusSink) -> Self {
        let identity = Identity::default();
        let standing = Standing::default();
        Self { family, link, options, watch, exchange: None, identity, accept_sums: false, standing }
    }

    /// The driver and its intake, which judges tasks by the family's `check`.
    pub fn built(self, check: impl Check + 'static, description: Description) -> Built
    where
        F: 'static,
    {
        let check = Arc::new(Intake { check, standing: self.standing.clone() });
        Built { driver: Box::new(self), check, description }
    }
}

impl<F: Family> Driver for Register<F> {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            let opened = self.open(None).await;
            opened.map_err(|trouble| self.failed(trouble))
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            loop {
                sleep(self.options.poll()).await;
                if let Err(trouble) = self.look(Depth::Panel, None).await {
                    return self.failed(trouble);
                }
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async {
            let task = task_of(&command.work)?;
            let order = Order { task: &task, tag: tag_of(command, cx.attempt()) };
            self.carry_out(&order, cx).await
        })
    }

    fn resolve<'a>(
        &'a mut self,
        command: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async {
            self.standing.forget();
            let task = task_of(&command.work)?;
            let order = Order { task: &task, tag: tag_of(command, attempt.number) };
            if task.is_query() || matches!(*task, Task::SetDateTime(_)) {
                return Ok(Resolution::NotDone(
                    json!({"asked": "the task only asked, or sets what was set"}),
                ));
            }
            let Some(before) = Baseline::from_json(&attempt.baseline) else {
                return Ok(Resolution::Unknown("nothing is known of the register before the task".into()));
            };
            match self.ask(&order, &before, &attempt.baseline, None).await {
                Ok(Found::Done(result, proof)) => {
                    Ok(Resolution::Done(self.concluded(&order, &before, result, proof)))
                }
                Ok(Found::Nothing(shown)) => Ok(Resolution::NotDone(shown)),
                Ok(Found::Unknown(why, _)) => Ok(Resolution::Unknown(why)),
                Err(trouble) => Err(self.failed(trouble)),
            }
        })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            self.standing.forget();
            match request {
                Request::Status => {
                    self.ensure_open(None).await.map_err(|trouble| self.failed(trouble))?;
                    let look = self.look(Depth::Books, None).await.map_err(|trouble| self.failed(trouble))?;
                    Ok(self.status(&look))
                }
                Request::Identify => {
                    self.ensure_open(None).await.map_err(|trouble| self.failed(trouble))?;
                    Ok(json!({"link": self.link.to_string(), "identity": self.identity}))
                }
                Request::Test => Ok(self.test().await),
                Request::AcceptSums => {
                    self.accept_sums = true;
                    Ok(json!({"accepted": "the sums that the register has at the next movement of money"}))
                }
                other => Err(other.not_for("a fiscal register")),
            }
        })
    }
}

impl<F: Family> Register<F> {
    /// Does a task once, as its module says.
    async fn carry_out(&mut self, order: &Order<'_>, cx: &dyn JobContext) -> Result<Outcome, DeviceError> {
        let task = order.task;
        self.standing.forget();
        if task.is_query() {
            return self.answer(order, cx).await;
        }
        let promised = self.standing.promised(cx.attempt());
        let look = self.until_ready(task, cx, promised.is_some()).await;
        let look = look.map_err(|trouble| self.failed(trouble))?;
        self.allow(task, &look, &cx.memory())?;
        let before = Baseline::of(order.tag, &self.identity, &look);
        cx.begin(before.to_json()).await?;
        if promised.is_some_and(|promised| !promised.agrees(&before)) {
            cx.note(before.to_json()).await?;
        }
        let noted = Noted::new(cx, before.to_json());
        match self.work(order, &look, &noted).await {
            Ok(result) => {
                let said = json!({"before": look.said});
                let left = self.family.left_by(&before, &result).filter(|_| matches!(task, Task::Receipt(_)));
                self.standing.leave(left);
                Ok(self.concluded(order, &before, result, said))
            }
            Err(trouble) => self.settle(order, &before, trouble, &noted).await,
        }
    }

    /// The outcome of a task that is done. Accepted sums have served their purpose once money has moved.
    pub(super) fn concluded(
        &mut self,
        order: &Order<'_>,
        before: &Baseline,
        result: TaskResult,
        said: Value,
    ) -> Outcome {
        if order.task.moves_money() {
            self.accept_sums = false;
        }
        outcome(order, before, result, said)
    }

    /// Asks; nothing is at stake.
    async fn answer(&mut self, order: &Order<'_>, cx: &dyn JobContext) -> Result<Outcome, DeviceError> {
        cx.begin(Value::Null).await?;
        let answered = match self.line(Some(cx)) {
            Ok((family, mut line)) => family.perform(&mut line, order, cx).await,
            Err(trouble) => Err(trouble),
        };
        match answered {
            Ok(result) => Ok(Outcome::new(Confidence::Confirmed, json!(result), Value::Null)),
            Err(trouble) => Err(self.failed(trouble)),
        }
    }

    /// Waits until the register can take the task. A task that was begun with its acceptance does not wait for
    /// a person: it goes back to the queue, where it can be called off.
    async fn until_ready(&mut self, task: &Task, cx: &dyn JobContext, begun: bool) -> Result<Look, Trouble> {
        let prints = !matches!(task, Task::OpenCashDrawer | Task::SetDateTime(_));
        let mut told: Option<Waiting> = None;
        loop {
            let look = self.look(Depth::Books, Some(cx)).await?;
            if look.printing {
                sleep(PRINTING).await;
                continue;
            }
            if let Some(obstacle) = look.obstacle.as_ref().filter(|_| prints) {
                if begun {
                    let (message, said) = (obstacle.message.clone(), look.said);
                    return Err(Trouble::Refused(Refused { class: Refusal::Busy, message, said }));
                }
                if told.as_ref() != Some(obstacle) {
                    cx.waiting(Some(obstacle.clone()));
                    told = Some(obstacle.clone());
                }
                sleep(self.options.poll().min(Duration::from_millis(500))).await;
                continue;
            }
            if look.interrupted && prints && *task != Task::ContinuePrint {
                let (family, mut line) = self.line(Some(cx))?;
                family.go_on(&mut line).await?;
                continue;
            }
            if told.is_some() {
                cx.waiting(None);
            }
            return Ok(look);
        }
    }

    /// Refuses what must not be begun with the register as it is.
    fn allow(&self, task: &Task, look: &Look, memory: &Value) -> Result<(), Refused> {
        let refuse = |class: Refusal, message: &str| {
            let message = format!("{}: {message}", self.link);
            Err(Refused { class, message, said: look.said.clone() })
        };
        if let Some(why) = look.blocked.as_ref().filter(|_| task.is_booked()) {
            return refuse(Refusal::Blocked, why);
        }
        let shift = look.shift.map(|shift| shift.state);
        match (task, shift) {
            (Task::Receipt(_), Some(ShiftState::Closed)) if !self.options.open_shift => {
                return refuse(Refusal::ShiftClosed, "the shift is closed: send openShift first");
            }
            (Task::Receipt(_), Some(ShiftState::Expired)) if !self.options.close_expired_shift => {
                return refuse(
                    Refusal::ShiftExpired,
                    "the shift is open for more than 24 hours: send closeShift, then openShift",
                );
            }
            (Task::OpenShift { .. }, Some(ShiftState::Opened | ShiftState::Expired)) => {
                return refuse(Refusal::ShiftOpen, "a shift is open: send closeShift first");
            }
            (Task::CloseShift { .. }, Some(ShiftState::Closed)) => {
                return refuse(Refusal::ShiftClosed, "the shift is closed already");
            }
            _ => {}
        }
        if !task.moves_money() {
            return Ok(());
        }
        let sums = self.options.sums == Sums::Refuse && !self.accept_sums;
        Books::remembered(memory).map_or(Ok(()), |books| books.compare(&self.identity, look, sums))
    }

    /// The task with what has to go before it.
    async fn work(
        &mut self,
        order: &Order<'_>,
        look: &Look,
        noted: &Noted<'_>,
    ) -> Result<TaskResult, Trouble> {
        let shift = look.shift.map(|shift| shift.state);
        let (family, mut line) = self.line(Some(noted))?;
        if look.document_open && !matches!(order.task, Task::ContinuePrint | Task::OpenCashDrawer) {
            family.cancel(&mut line).await?;
        }
        if let Task::Receipt(receipt) = order.task {
            let operator = receipt.operator.clone();
            let mut before: Vec<Task> = Vec::new();
            if shift == Some(ShiftState::Expired) {
                before.push(Task::CloseShift { operator: operator.clone() });
            }
            if shift != Some(ShiftState::Opened) && shift.is_some() {
                before.push(Task::OpenShift { operator });
            }
            for task in &before {
                family.perform(&mut line, &Order { task, tag: order.tag }, noted).await?;
            }
        }
        family.perform(&mut line, order, noted).await
    }

    /// Opens the line anew and learns who answers.
    pub(super) async fn open(&mut self, cx: Option<&dyn JobContext>) -> Result<(), Trouble> {
        self.exchange = None;
        self.standing.forget();
        let mut stream =
            transport::open(&self.link).await.map_err(|error| Trouble::Lost(error.to_string()))?;
        stream.forget_unsent();
        self.exchange = Some(Exchange::new(stream));
        let (family, mut line) = self.line(cx)?;
        let greeted = family.greet(&mut line).await;
        match greeted {
            Ok(identity) => self.identity = identity,
            Err(trouble) => {
                self.exchange = None;
                return Err(trouble);
            }
        }
        self.look(Depth::Panel, cx).await.map(drop)
    }

    /// Opens the line unless it is open.
    pub(super) async fn ensure_open(&mut self, cx: Option<&dyn JobContext>) -> Result<(), Trouble> {
        match self.exchange {
            Some(_) => Ok(()),
            None => self.open(cx).await,
        }
    }

    /// Looks, and shows what is seen.
    pub(super) async fn look(&mut self, depth: Depth, cx: Option<&dyn JobContext>) -> Result<Look, Trouble> {
        let (family, mut line) = self.line(cx)?;
        let look = family.look(&mut line, depth).await?;
        if look.obstacle.is_some() || look.blocked.is_some() || look.document_open {
            self.standing.forget();
        }
        self.show(&look);
        Ok(look)
    }

    /// The family and the open line, for one conversation.
    pub(super) fn line<'a>(
        &'a mut self,
        cx: Option<&'a dyn JobContext>,
    ) -> Result<(&'a mut F, Line<'a>), Trouble> {
        match &mut self.exchange {
            Some(exchange) => Ok((&mut self.family, Line::new(exchange, &self.link, cx))),
            None => Err(Trouble::Lost(format!("{}: there is no connection", self.link))),
        }
    }

    fn show(&self, look: &Look) {
        let (conditions, drawer_open) = (self.conditions(look), look.drawer_open);
        DeviceStatus { online: true, conditions, problem: None, drawer_open }.tell(&self.watch);
    }

    /// Codes of what is the matter.
    pub(super) fn conditions(&self, look: &Look) -> BTreeSet<String> {
        let shift = look.shift.map(|shift| shift.state);
        let left = look.shift.zip(look.clock).and_then(|(shift, clock)| shift.seconds_left(clock));
        let soon = i64::try_from(self.options.shift_warning_s).unwrap_or(i64::MAX);
        let mut conditions: BTreeSet<String> = [
            (look.paper_near_end, PAPER_NEAR_END),
            (shift == Some(ShiftState::Expired), "shift-expired"),
            (shift == Some(ShiftState::Opened) && left.is_some_and(|left| left <= soon), SHIFT_ENDS_SOON),
            (look.storage_exhausted, "storage-exhausted"),
            (look.storage_near_end && !look.storage_exhausted, STORAGE_NEAR_END),
            (look.exchange_behind, EXCHANGE_BEHIND),
            (look.blocked.is_some(), "register-blocked"),
        ]
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, code)| code.to_owned())
        .collect();
        conditions.extend(look.obstacle.as_ref().map(|obstacle| obstacle.code.clone()));
        conditions
    }

    /// What a failure before the first effect means for the queue; a lost line is given up.
    pub(super) fn failed(&mut self, trouble: Trouble) -> DeviceError {
        match trouble {
            Trouble::Lost(problem) => {
                self.exchange = None;
                self.standing.forget();
                let before = self.watch.borrow().clone();
                let problem_now = Some(problem.clone());
                DeviceStatus { online: false, problem: problem_now, drawer_open: None, ..before }
                    .tell(&self.watch);
                DeviceError::offline(problem)
            }
            Trouble::Refused(refused) => refused.into(),
            Trouble::Aborted => stopped(),
            Trouble::NotNoted(error) => error,
        }
    }
}

/// The outcome of a task that is done.
fn outcome(order: &Order<'_>, before: &Baseline, result: TaskResult, said: Value) -> Outcome {
    let signed = result.fiscal_params.as_ref().is_some_and(|params| params.fiscal_document_sign.is_some());
    let confidence = match order.task {
        Task::OpenCashDrawer | Task::SetDateTime(_) | Task::Marking(_) => Confidence::Confirmed,
        task if task.is_fiscal() && signed => Confidence::Fiscalised,
        task if task.is_fiscal() => Confidence::Printed,
        _ if result.warnings.not_printed => Confidence::Confirmed,
        _ => Confidence::Printed,
    };
    let books = order.task.is_booked().then(|| Books::after(before, order.task, &result).to_json());
    let evidence = json!({"tag": before.tag, "serial": before.serial, "register": said});
    Outcome { confidence, result: json!(result), evidence, memory: books }
}

/// The task of a job: a drawer job is one, too.
fn task_of(work: &Work) -> Result<std::sync::Arc<Task>, DeviceError> {
    match work {
        Work::Fiscal(task) => Ok(task.clone()),
        Work::Print(document) if super::opens_drawer_only(document) => {
            Ok(std::sync::Arc::new(Task::OpenCashDrawer))
        }
        Work::Print(_) | Work::Display(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => {
            Err(DeviceError::new(
                ErrorKind::Unsupported,
                "unsupported",
                "a register prints no documents: send a nonFiscal task, or the document to a printer",
            ))
        }
    }
}

pub(super) fn tag_of(command: &Command, attempt: u64) -> Tag {
    Tag::new(&command.job, u32::try_from(attempt).unwrap_or(u32::MAX))
}

/// The agent stopped the job, and nothing had left.
pub(super) fn stopped() -> DeviceError {
    DeviceError::new(ErrorKind::Stopped, "internal", "the agent was told to end before the first byte")
}
