//! Asking a printer what became of an attempt.
//!
//! A printer can't be asked for the last process id it printed. But it works its buffer in order, and it
//! keeps the latest id whose echo it could not deliver (*ESC/POS Command Reference*, `GS ( H` function
//! 48). So another id is sent, one that belongs to no paper: when its echo comes, everything before it
//! has been worked. If the echo of the attempt's last copy came first, the attempt is on paper. If only
//! the other echo came, the printer can't tell: it may have printed and lost the echo with the old
//! connection, or lost the data with its power.
//!
//! Only the very id of the last copy counts, not one that is merely greater: after a power cut a greater
//! id would stand for a later job, and ids of another host that uses the same printer have no order with
//! ours.
//!
//! Star's counter has no identity: a counter that stands where the attempt would have left it proves the
//! attempt only as long as it was not reset, so 0, where a power cut leaves it, proves nothing.

use serde_json::{Value, json};
use tokio::time::Instant;

use outlet_protocols::escpos::command;

use super::device::{EscPos, SETTLING, stopped};
use super::payload::process_id;
use super::printer::Reply;
use super::recovery;
use super::until::{Until, Waited};
use crate::driver::{Attempt, Confidence, Outcome, Waiting};
use crate::error::{DeviceError, ErrorKind};
use crate::exchange::Broken;

impl EscPos {
    /// Whether the attempt is on paper; `None` when the printer can't tell.
    ///
    /// # Errors
    /// `NotSent` when the link is lost, `Busy` when the printer can't work its buffer now (paper out, cover
    /// open): ask again when it is ready.
    pub(super) async fn ask_for(&mut self, attempt: &Attempt) -> Result<Option<Outcome>, DeviceError> {
        let baseline = &attempt.baseline;
        self.settled = Some(Instant::now() + SETTLING);
        match baseline.get("proof").and_then(Value::as_str) {
            Some("process-id") => self.ask_for_id(attempt).await,
            Some("etb") => Ok(self.compare_counter(baseline)),
            _ => Ok(None),
        }
    }

    async fn ask_for_id(&mut self, attempt: &Attempt) -> Result<Option<Outcome>, DeviceError> {
        let ids = attempt.baseline.get("ids").and_then(Value::as_array);
        let Some(wanted) = ids.and_then(|ids| ids.last()).and_then(Value::as_str).map(str::as_bytes) else {
            return Ok(None);
        };
        if !self.recovered
            && let Some(waiting) = self.printer.obstacle()
        {
            if self.answers()
                && self.printer.is_escpos()
                && let Some(command) = recovery::command(&self.printer.status)
            {
                self.printer.outbox.extend_from_slice(command);
            }
            return Err(busy(waiting));
        }
        if !self.recovered {
            // After a restart of the agent: the session that sent the attempt was another process's.
            self.recover();
            self.printer.listen();
        }
        let fence = process_id(attempt.number, 0);
        self.printer.outbox.extend_from_slice(&command::process_id_response(fence));
        let Some(exchange) = &mut self.exchange else {
            return Err(DeviceError::offline(format!("{}: there is no connection", self.link)));
        };
        let mut session = Until::new(&mut self.printer, self.timing.proof, Instant::now(), |reply| {
            *reply == Reply::ProcessId(fence)
        });
        let end = match exchange.run(&mut session, None).await {
            Ok(end) => end,
            Err(Broken::Aborted) => return Err(stopped()),
            Err(broken) => return Err(self.lost(format!("{}: {broken}", self.link))),
        };
        if self.printer.ids.iter().any(|id| id == wanted) {
            self.unclean = false;
            let evidence = json!({ "proof": "process-id", "echoed": String::from_utf8_lossy(wanted) });
            return Ok(Some(Outcome::new(Confidence::Printed, Value::Null, evidence)));
        }
        if matches!(end, Waited::Came(_)) {
            self.unclean = false;
        }
        match self.printer.obstacle().filter(|_| end == Waited::Stopped) {
            Some(waiting) => Err(busy(waiting)),
            None => Ok(None),
        }
    }

    fn compare_counter(&self, baseline: &Value) -> Option<Outcome> {
        let after = baseline.get("counter_after").and_then(Value::as_u64)?;
        let now = self.printer.etb?;
        (after != 0 && after == u64::from(now)).then(|| {
            Outcome::new(Confidence::Printed, Value::Null, json!({ "proof": "etb", "counter": now }))
        })
    }
}

fn busy(waiting: Waiting) -> DeviceError {
    let code = match waiting.code.as_str() {
        "paper-out" => "paper-out",
        "cover-open" => "cover-open",
        "cutter-jam" => "cutter-jam",
        _ => "device-offline",
    };
    DeviceError::new(ErrorKind::Busy, code, waiting.message)
}
