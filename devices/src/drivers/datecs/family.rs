//! The family: how to look, and how commands go over the line.

use std::sync::Arc;

use outlet_protocols::datecs::answer::{Cash, Open, Transaction};
use outlet_protocols::datecs::command::Effect;
use outlet_protocols::datecs::link::{Health, Why};
use outlet_protocols::datecs::{Command, Condition, Dialect, Failure, Frame, Framing, Reply, Status, Timing};
use outlet_protocols::fiscal::{DateTime, Money, ShiftState, ShiftStatus, TaskResult};
use serde_json::{Value, json};

use super::journal::{Days, Shift, date_time};
use super::options::Config;
use super::said::heard;
use super::session::Asking;
use crate::driver::{BoxFuture, JobContext, Waiting};
use crate::register::{
    Baseline, Depth, Family, Found, Identity, Line, Look, Order, Refusal, Refused, Trouble,
};

/// A Datecs register.
pub struct Datecs {
    pub(super) config: Arc<Config>,
    pub(super) identity: Identity,
    /// What the journal told, kept from one look to the next.
    pub(super) days: Days,
    /// Of the last frame that was made.
    seq: u8,
    health: Health,
}

impl Datecs {
    /// A register that nothing was asked of yet.
    pub fn new(config: Arc<Config>) -> Self {
        let (identity, days) = (Identity::default(), Days::default());
        Self { config, identity, days, seq: Framing::FIRST_SEQ, health: Health::default() }
    }

    pub(super) fn dialect(&self) -> &Dialect {
        &self.config.dialect
    }

    pub(super) fn has(&self, status: &Status, condition: Condition) -> bool {
        status.has(self.dialect().status, condition)
    }

    /// A frame under the next sequence number.
    pub(super) fn frame(&mut self, line: &Line<'_>, command: &Command) -> Result<Frame, Trouble> {
        let framing = self.dialect().framing;
        self.seq = framing.next_seq(self.seq);
        command.frame(framing, self.seq).map_err(|error| {
            let message = format!("{}: {error}", line.link());
            let said = json!({"command": command.number});
            Trouble::Refused(Refused { class: Refusal::Task, message, said })
        })
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn ask(&mut self, line: &mut Line<'_>, command: &Command) -> Result<Reply, Trouble> {
        let frame = self.frame(line, command)?;
        self.exchange(line, frame, command.effect).await
    }

    /// Sends a command whose answer says nothing but that it was done.
    pub(super) async fn act(&mut self, line: &mut Line<'_>, command: &Command) -> Result<Status, Trouble> {
        let reply = self.ask(line, command).await?;
        heard(self.dialect(), line, self.dialect().done(command.effect, &reply))?;
        Ok(reply.status)
    }

    /// Sends a frame, again where that is safe, and waits for its answer.
    pub(super) async fn exchange(
        &mut self,
        line: &mut Line<'_>,
        frame: Frame,
        effect: Effect,
    ) -> Result<Reply, Trouble> {
        let timing = if effect == Effect::Query { self.config.asking } else { self.config.acting };
        let answered = self.run(line, frame, timing).await?;
        answered.map_err(|failure| line.lost(failure))
    }

    async fn run(
        &mut self,
        line: &mut Line<'_>,
        frame: Frame,
        timing: Timing,
    ) -> Result<Result<Reply, Failure>, Trouble> {
        let mut asking = Asking::new(frame, timing);
        let end = line.run(&mut asking).await;
        let (health, now) = (&mut self.health, asking.health());
        health.answers += now.answers;
        health.repeats += now.repeats;
        health.naks += now.naks;
        health.syns += now.syns;
        health.noise += now.noise;
        health.strays += now.strays;
        end
    }

    /// 76.
    pub(super) async fn transaction(
        &mut self,
        line: &mut Line<'_>,
    ) -> Result<(Transaction, Status), Trouble> {
        let command = self.dialect().transaction();
        let reply = self.ask(line, &command).await?;
        let transaction = heard(self.dialect(), line, self.dialect().transaction_answer(&reply))?;
        Ok((transaction, reply.status))
    }

    /// 62.
    pub(super) async fn clock(&mut self, line: &mut Line<'_>) -> Result<Option<DateTime>, Trouble> {
        let command = self.dialect().clock();
        let reply = self.ask(line, &command).await?;
        Ok(date_time(heard(self.dialect(), line, self.dialect().clock_answer(&reply))?))
    }

    /// 70 without a sum.
    pub(super) async fn cash(&mut self, line: &mut Line<'_>) -> Result<Cash, Trouble> {
        let command = self.dialect().cash();
        let reply = self.ask(line, &command).await?;
        heard(self.dialect(), line, self.dialect().cash_answer(command.effect, &reply))
    }

    /// The shift as the journal and the clock tell. A register of this family opens its shift by itself with
    /// the first receipt: while it is closed there is nothing to wait for, so nothing is told.
    pub(super) fn shift(&self, clock: Option<DateTime>, status: &Status) -> Option<ShiftStatus> {
        let (Shift::Open { at }, Some(clock)) = (self.days.shift, clock) else { return None };
        let mut shift = ShiftStatus::opened(self.days.z, at, clock);
        if self.has(status, Condition::ShiftExpired) {
            shift.state = ShiftState::Expired;
        }
        Some(shift)
    }

    /// Why nothing can be printed.
    fn obstacle(&self, status: &Status) -> Option<Waiting> {
        let obstacle =
            |code: &str, message: &str| Some(Waiting { code: code.to_owned(), message: message.to_owned() });
        if self.has(status, Condition::CoverOpen) {
            obstacle("cover-open", "the cover is open: close it")
        } else if self.has(status, Condition::PaperOut) {
            obstacle("paper-out", "out of paper: put in a new roll")
        } else if self.has(status, Condition::PrinterFault) {
            obstacle("device-fault", "the printing mechanism is out of order: switch the register off and on")
        } else {
            None
        }
    }

    fn blocked(&self, status: &Status) -> Option<String> {
        let faults = [
            Condition::MemoryFault,
            Condition::MemoryMissing,
            Condition::MemoryReadOnly,
            Condition::MemoryUnreadable,
        ];
        let fault = faults.into_iter().find(|condition| self.has(status, *condition))?;
        Some(format!("{fault}: the register's service has to look at it"))
    }

    /// P and C can't cancel a receipt once a payment was taken (*P manual* and *C manual*, command 60).
    fn is_stuck(&self, transaction: &Transaction) -> bool {
        let receipt = matches!(transaction.open, Open::Sale | Open::Storno(_));
        receipt && transaction.paid != 0 && self.dialect().framing == Framing::Narrow
    }

    async fn look_around(&mut self, line: &mut Line<'_>, depth: Depth) -> Result<Look, Trouble> {
        let status = self.act(line, &self.dialect().status()).await?;
        let clock = self.clock(line).await?;
        let has = |condition| self.has(&status, condition);
        let open = has(Condition::FiscalOpen) || has(Condition::NonFiscalOpen);
        let conditions = status.conditions(self.dialect().status);
        let conditions: Vec<String> = conditions.iter().map(Condition::to_string).collect();
        let mut look = Look {
            obstacle: self.obstacle(&status),
            paper_near_end: has(Condition::PaperNearEnd),
            document_open: open,
            blocked: self.blocked(&status),
            clock,
            storage_exhausted: has(Condition::MemoryFull) || has(Condition::JournalFull),
            storage_near_end: has(Condition::MemoryNearFull)
                || has(Condition::JournalNearFull)
                || has(Condition::JournalAlmostFull),
            exchange_behind: has(Condition::Unsent),
            said: json!({"status": status.to_string(), "conditions": conditions}),
            ..Look::default()
        };
        if open || depth == Depth::Books {
            let (transaction, _) = self.transaction(line).await?;
            look.document_open = transaction.open != Open::Nothing;
            if self.is_stuck(&transaction) {
                look.document_open = false;
                look.blocked.get_or_insert_with(|| STUCK.to_owned());
            }
            add(&mut look.said, "transaction", shown(&transaction));
            if depth == Depth::Books {
                self.look_into_books(line, &transaction, &mut look).await?;
            }
        }
        look.shift = self.shift(clock, &status);
        Ok(look)
    }

    async fn look_into_books(
        &mut self,
        line: &mut Line<'_>,
        transaction: &Transaction,
        look: &mut Look,
    ) -> Result<(), Trouble> {
        let cash = self.cash(line).await?;
        look.cash = Some(Money(cash.drawer));
        add(&mut look.said, "cash", json!({"in": cash.paid_in, "out": cash.paid_out}));
        let open = transaction.open != Open::Nothing;
        let finished = self.last_finished(line, transaction.number, open).await?;
        // An open document has its number already, and keeps it when it is cancelled.
        look.last_slip = Some(finished.saturating_add(u32::from(open)));
        if !open {
            self.learn_days(line, finished).await?;
            look.last_document = self.days.last_fiscal;
        }
        Ok(())
    }
}

const STUCK: &str = "a receipt is open that is partly paid, and this register can't cancel such a one: the \
                     job that began it goes on with it, else finish it on the register";

impl Family for Datecs {
    fn name(&self) -> &'static str {
        super::NAME
    }

    fn greet<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<Identity, Trouble>> {
        Box::pin(async move {
            // By chance the first number may be the one that the register saw last: then this brings an old
            // answer. The second question is under a number that is surely fresh.
            let frame = self.frame(line, &self.dialect().status())?;
            match self.run(line, frame, self.config.asking).await? {
                Err(failure) if !matches!(failure.why, Why::OldAnswer { .. }) => {
                    return Err(line.lost(failure));
                }
                _ => {}
            }
            let reply = self.ask(line, &self.dialect().identify()).await?;
            let who = heard(self.dialect(), line, self.dialect().identity(&reply))?;
            let firmware = Some(who.firmware).filter(|firmware| !firmware.is_empty());
            let storage = Some(who.memory).filter(|memory| !memory.is_empty());
            let identity = Identity { model: who.name, serial: who.serial, firmware, storage };
            if identity != self.identity {
                self.days = Days::default();
            }
            self.identity = identity.clone();
            Ok(identity)
        })
    }

    fn look<'a>(&'a mut self, line: &'a mut Line<'_>, depth: Depth) -> BoxFuture<'a, Result<Look, Trouble>> {
        Box::pin(self.look_around(line, depth))
    }

    /// What waits for paper is printed by the register itself when there is some.
    fn go_on<'a>(&'a mut self, _: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }

    fn cancel<'a>(&'a mut self, line: &'a mut Line<'_>) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let (transaction, _) = self.transaction(line).await?;
            let command = match transaction.open {
                Open::Nothing => return Ok(()),
                Open::Free => self.dialect().close_free(),
                _ => self.dialect().cancel_receipt(),
            };
            self.act(line, &command).await.map(drop)
        })
    }

    fn perform<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        attempt: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<TaskResult, Trouble>> {
        Box::pin(self.do_task(line, order, attempt))
    }

    fn find<'a>(
        &'a mut self,
        line: &'a mut Line<'_>,
        order: &'a Order<'a>,
        before: &'a Baseline,
        notes: &'a Value,
        now: &'a Look,
    ) -> BoxFuture<'a, Result<Found, Trouble>> {
        Box::pin(self.find_out(line, order, before, notes, now))
    }

    fn left_by(&self, before: &Baseline, receipt: &TaskResult) -> Option<Baseline> {
        let last_slip = receipt.fiscal_params.as_ref()?.fiscal_document_number;
        last_slip?;
        Some(Baseline { shift: None, last_document: None, cash: None, last_slip, ..before.clone() })
    }

    fn link_quality(&self) -> Value {
        let Health { answers, repeats, naks, syns, noise, strays } = self.health;
        json!({
            "answers": answers, "repeats": repeats, "naks": naks,
            "busy": syns, "noise": noise, "strays": strays,
        })
    }
}

/// 76 as evidence. Sums are in hundredths.
pub(super) fn shown(transaction: &Transaction) -> Value {
    json!({
        "open": format!("{:?}", transaction.open),
        "number": transaction.number,
        "items": transaction.items,
        "amount": transaction.amount,
        "paid": transaction.paid,
    })
}

fn add(said: &mut Value, key: &str, value: Value) {
    if let Value::Object(said) = said {
        said.insert(key.to_owned(), value);
    }
}
