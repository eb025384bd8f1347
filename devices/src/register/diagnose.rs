//! The technician's questions. Nothing is printed and no money moves.

use std::time::{Duration, Instant};

use outlet_protocols::fiscal::{DateTime, ShiftState, Task};
use serde_json::{Value, json};

use super::{Depth, Family, Look, Order, Register, Trouble};
use crate::driver::Waiting;

/// Questions by which the link is judged.
const QUESTIONS: u32 = 20;
/// A clock that is off by more is told, in seconds. Operators of fiscal data refuse documents of a wrong time.
const CLOCK_OFF: i64 = 300;

impl<F: Family> Register<F> {
    /// How the register is.
    pub(super) fn status(&self, look: &Look) -> Value {
        json!({
            "link": self.link.to_string(),
            "conditions": self.conditions(look),
            "shift": look.shift,
            "document_open": look.document_open,
            "clock": look.clock,
            "cash": look.cash,
            "last_document": look.last_document,
            "said": look.said,
        })
    }

    /// Looks at everything and judges. Never fails: a register that can't be reached is a verdict too.
    pub(super) async fn test(&mut self) -> Value {
        let seen = self.examine().await;
        let (look, storage, exchange, quality) = match seen {
            Ok(seen) => seen,
            Err(trouble) => {
                let problem = self.failed(trouble);
                let verdict = suspicion(
                    "cable",
                    "likely",
                    &problem.message,
                    "check that the register is on, its cable, address, port or baud rate, and that no other \
                     program uses it",
                );
                return json!({
                    "ok": false,
                    "link": self.link.to_string(),
                    "printed": false,
                    "verdict": ranked(vec![verdict]),
                });
            }
        };
        let verdict = self.verdict(&look, &quality);
        json!({
            "ok": verdict.is_empty(),
            "link": self.link.to_string(),
            "printed": false,
            "identity": self.identity,
            "status": {"conditions": self.conditions(&look)},
            "register": {
                "state": self.status(&look),
                "storage": storage,
                "exchange": exchange,
                "quality": quality,
            },
            "verdict": ranked(verdict),
        })
    }

    async fn examine(&mut self) -> Result<(Look, Value, Value, Value), Trouble> {
        self.ensure_open(None).await?;
        let look = self.look(Depth::Books, None).await?;
        let storage = self.question(&Task::GetFnStatus).await?;
        let exchange = self.question(&Task::OfdExchangeStatus).await?;
        let mut times = Vec::new();
        for _ in 0..QUESTIONS {
            let start = Instant::now();
            self.look(Depth::Panel, None).await?;
            times.push(start.elapsed());
        }
        times.sort();
        let ms = |time: Option<&Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        let quality = json!({
            "questions": QUESTIONS,
            "median_ms": ms(times.get(times.len() / 2)),
            "slowest_ms": ms(times.last()),
            "link": self.family.link_quality(),
        });
        Ok((look, storage, exchange, quality))
    }

    /// What a query brings; null where this register has no such thing.
    async fn question(&mut self, task: &Task) -> Result<Value, Trouble> {
        let order = Order { task, tag: outlet_protocols::fiscal::Tag::new("test", 0) };
        let (family, mut line) = self.line(None)?;
        match family.perform(&mut line, &order, &NoJob).await {
            Ok(result) => Ok(json!(result)),
            Err(Trouble::Refused(refused)) => Ok(json!({"refused": refused.message})),
            Err(trouble) => Err(trouble),
        }
    }

    fn verdict(&self, look: &Look, quality: &Value) -> Vec<Value> {
        let mut list = Vec::new();
        if let Some(Waiting { code, message }) = &look.obstacle {
            list.push(suspicion(code, "certain", message, "put in paper and close the cover"));
        }
        if let Some(why) = &look.blocked {
            list.push(suspicion("fault", "certain", why, "the register's service has to look at it"));
        }
        if look.shift.is_some_and(|shift| shift.state == ShiftState::Expired) {
            let why = "the shift is open for more than 24 hours";
            list.push(suspicion("shift", "certain", why, "send closeShift, then openShift"));
        }
        if look.document_open {
            let why = "a document is open";
            list.push(suspicion("document", "certain", why, "the next job cancels it"));
        }
        let here = jiff::Zoned::now().datetime();
        if let Some(off) =
            look.clock.and_then(|clock| seconds_between(clock, here)).filter(|off| *off > CLOCK_OFF)
        {
            let why = format!("its clock is {} min off this machine's", off / 60);
            list.push(suspicion("clock", "certain", &why, "close the shift and send setDateTime"));
        }
        if look.storage_exhausted || look.storage_near_end {
            let why = "the fiscal storage is full or too old, or will be soon";
            list.push(suspicion("storage", "certain", why, "have it replaced"));
        }
        if look.exchange_behind {
            let why = "the operator of fiscal data has not confirmed documents for a long time";
            list.push(suspicion("exchange", "certain", why, "check the register's own way to the internet"));
        }
        let repeats = quality.pointer("/link/repeats").and_then(Value::as_u64).unwrap_or(0);
        if repeats > 0 {
            let why = format!("{repeats} frames had to be sent again");
            list.push(suspicion("cable", "likely", &why, "check the cable, its length, and the baud rate"));
        }
        list
    }
}

fn seconds_between(clock: DateTime, here: jiff::civil::DateTime) -> Option<i64> {
    let clock: jiff::civil::DateTime = clock.to_string().parse().ok()?;
    clock.until((jiff::Unit::Second, here)).ok().map(|span| span.get_seconds().abs())
}

fn suspicion(suspect: &str, likelihood: &str, why: &str, remedy: &str) -> Value {
    json!({"suspect": suspect, "likelihood": likelihood, "why": why, "remedy": remedy})
}

fn ranked(mut list: Vec<Value>) -> Vec<Value> {
    for (entry, rank) in list.iter_mut().zip(1..) {
        entry["rank"] = json!(rank);
    }
    list
}

/// The context of a question that belongs to no job.
struct NoJob;

impl crate::driver::JobContext for NoJob {
    fn attempt(&self) -> u64 {
        0
    }
    fn begin(&self, _: Value) -> crate::driver::BoxFuture<'_, Result<(), crate::DeviceError>> {
        Box::pin(async { Ok(()) })
    }
    fn note(&self, _: Value) -> crate::driver::BoxFuture<'_, Result<(), crate::DeviceError>> {
        Box::pin(async { Ok(()) })
    }
    fn memory(&self) -> Value {
        Value::Null
    }
    fn waiting(&self, _: Option<Waiting>) {}
    fn trace(&self, _: crate::driver::Direction, _: &[u8]) {}
    fn aborted(&self) -> crate::driver::BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}
