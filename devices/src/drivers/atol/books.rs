//! What the register tells of itself: the look, the queries, documents of the storage.

use outlet_protocols::atol::answer::{self, AnswerError, ShiftInfo, ShortStatus, Status};
use outlet_protocols::atol::document::{Document, Progress, Reader};
use outlet_protocols::atol::errors::Code;
use outlet_protocols::atol::storage::{Exchange, Shift, StorageStatus, Validity};
use outlet_protocols::atol::task::{Mode, Task as Command};
use outlet_protocols::fiscal::{
    DateTime, DeviceStatus, FiscalParams, FnStatus, Money, OfdStatus, ShiftState, ShiftStatus, Task,
    TaskResult,
};
use serde_json::json;

use super::family::Atol;
use crate::driver::Waiting;
use crate::register::{Depth, Line, Look, Refusal, Refused, Trouble};

/// Registers 08 and 09: how often cash was put in and taken out in the shift; 2 bytes. Numbers by a public
/// plug-in of a till for these registers.
const CASH_IN_COUNT: u8 = 0x08;
const CASH_OUT_COUNT: u8 = 0x09;

/// Hours that a shift may be open.
const SHIFT_S: i64 = 24 * 60 * 60;

/// Pieces of a document at most: a storage holds none longer.
const MOST_PIECES: usize = 65_536;

impl Atol {
    pub(super) async fn see(&mut self, line: &mut Line<'_>, depth: Depth) -> Result<Look, Trouble> {
        let status = self.question(line, &Command::Status, Status::parse).await?;
        let short = self.question(line, &Command::ShortStatus, ShortStatus::parse).await?;
        let shift = self.shift(line, status.clock).await?;
        let storage = self.question(line, &Command::StorageStatus, StorageStatus::parse).await?;
        let warns = |bits: u8| storage.warnings & bits != 0;
        let mut look = Look {
            obstacle: obstacle(&status, &short),
            paper_near_end: short.paper_low,
            // Which of the two bit 2 of the flags means differs between sources.
            drawer_open: None,
            printing: prints(&short),
            interrupted: self.unprinted,
            document_open: status.receipt_open(),
            blocked: self.blocked(&status, &storage),
            shift: Some(shift),
            clock: status.clock,
            storage_exhausted: warns(0x80) || storage.phase > 3,
            storage_near_end: warns(0x07),
            exchange_behind: warns(0x08),
            last_document: None,
            cash: None,
            last_slip: None,
            said: json!({
                "mode": short.mode.map(Mode::code),
                "submode": short.submode,
                "receipt": status.receipt_state,
                "receipt_sum": Money(status.receipt_sum),
                "shift": shift,
                "storage": storage.number,
                "storage_phase": storage.phase,
                "storage_warnings": storage.warnings,
                "last_document": storage.last_document,
            }),
        };
        if depth == Depth::Books {
            look.last_document = Some(storage.last_document);
            look.cash = Some(self.cash(line).await?);
            let moved = [CASH_IN_COUNT, CASH_OUT_COUNT];
            let mut slips = Some(0);
            for number in moved {
                let count = self.optional(line, &Command::register(number), answer::register).await?;
                let count = count.and_then(|count| u32::try_from(count).ok());
                slips = slips.zip(count).map(|(slips, count)| slips + count);
            }
            look.last_slip = slips;
        }
        Ok(look)
    }

    /// Answers a task that only asks.
    pub(super) async fn query(&mut self, line: &mut Line<'_>, task: &Task) -> Result<TaskResult, Trouble> {
        let mut result = TaskResult::default();
        match task {
            Task::GetShiftStatus => {
                let status = self.question(line, &Command::Status, Status::parse).await?;
                result.shift_status = Some(self.shift(line, status.clock).await?);
                result.cash_sum = Some(self.cash(line).await?);
            }
            Task::GetFnStatus => result.fn_status = Some(self.storage_status(line).await?),
            Task::GetFnDocument { number } => {
                let document = self.document(line, *number).await?;
                let Some(document) = document else {
                    let message = format!("{}: the storage has no document {number}", line.link());
                    let said = json!({"command": "A4 45", "code": "DA", "text": message});
                    return Err(Trouble::Refused(Refused { class: Refusal::Task, message, said }));
                };
                result.fiscal_params = Some(params(&document, *number));
            }
            Task::OfdExchangeStatus => {
                let exchange = self.question(line, &Command::StorageExchange, Exchange::parse).await?;
                result.ofd_status = Some(OfdStatus {
                    not_sent_count: exchange.unsent.into(),
                    not_sent_first_doc_number: (exchange.first_document != 0)
                        .then_some(exchange.first_document),
                    not_sent_first_doc_date_time: exchange.first_at,
                });
            }
            _ => result.device_status = Some(self.device_status(line).await?),
        }
        Ok(result)
    }

    async fn device_status(&mut self, line: &mut Line<'_>) -> Result<DeviceStatus, Trouble> {
        let status = self.question(line, &Command::Status, Status::parse).await?;
        let short = self.question(line, &Command::ShortStatus, ShortStatus::parse).await?;
        let shift = self.shift(line, status.clock).await?;
        let storage = self.question(line, &Command::StorageStatus, StorageStatus::parse).await?;
        Ok(DeviceStatus {
            model: self.identity.model.clone(),
            serial: self.identity.serial.clone(),
            firmware: self.identity.firmware.clone(),
            current_date_time: status.clock,
            shift: Some(shift.state),
            paper_present: Some(!short.paper_out || status.cover_open),
            paper_near_end: Some(short.paper_low),
            cover_opened: Some(status.cover_open),
            // Which of the two bit 2 of the flags means differs between sources.
            cash_drawer_opened: None,
            document_open: status.receipt_open(),
            blocked: self.blocked(&status, &storage).is_some(),
            fiscal: Some(status.registered),
            cash_sum: Some(self.cash(line).await?),
        })
    }

    async fn storage_status(&mut self, line: &mut Line<'_>) -> Result<FnStatus, Trouble> {
        let storage = self.question(line, &Command::StorageStatus, StorageStatus::parse).await?;
        let validity = self.optional(line, &Command::StorageValidity, Validity::parse).await?;
        let warns = |bits: u8| storage.warnings & bits != 0;
        Ok(FnStatus {
            fn_number: storage.number.clone(),
            last_document_number: Some(storage.last_document),
            last_document_date_time: storage.last_at,
            valid_until: validity.and_then(|validity| validity.until),
            replace_soon: warns(0x07),
            exhausted: warns(0x80) || storage.phase > 3,
            ofd_timeout: warns(0x08),
        })
    }

    /// The shift: its state by register 12, its number by the storage.
    pub(super) async fn shift(
        &mut self,
        line: &mut Line<'_>,
        now: Option<DateTime>,
    ) -> Result<ShiftStatus, Trouble> {
        let info = self.question(line, &Command::register(0x12), ShiftInfo::parse).await?;
        let storage = self.question(line, &Command::StorageShift, Shift::parse).await?;
        let number = (storage.number > 0).then_some(u32::from(storage.number));
        if info.state == 0 {
            return Ok(ShiftStatus::closed(number));
        }
        // A time that has passed while the shift is good can't be when it ends: it is when it was opened.
        let opening = info.state == 1 && info.at.zip(now).is_some_and(|(at, now)| at <= now);
        let (opened_at, expired_time) = match info.at {
            Some(at) if opening => (Some(at), at.plus_seconds(SHIFT_S)),
            Some(at) => (at.plus_seconds(-SHIFT_S), Some(at)),
            None => (None, None),
        };
        let state = if info.state == 1 { ShiftState::Opened } else { ShiftState::Expired };
        Ok(ShiftStatus { state, number, opened_at, expired_time })
    }

    pub(super) async fn cash(&mut self, line: &mut Line<'_>) -> Result<Money, Trouble> {
        self.question(line, &Command::DrawerCash, answer::drawer_cash).await.map(Money)
    }

    /// A document of the storage; `None` where it has none of this number.
    pub(super) async fn document(
        &mut self,
        line: &mut Line<'_>,
        number: u32,
    ) -> Result<Option<Document>, Trouble> {
        let begin = Command::BeginDocument(number, self.options.storage_numbers.into());
        let answer = self.wire.ask(line, &begin).await?;
        let mut reader = match Reader::begin(&answer) {
            Ok(reader) => reader,
            Err(AnswerError::Refused(Code::NO_DATA)) => return Ok(None),
            Err(error) => return Err(self.explain(line, begin.command(), &error).await),
        };
        for _ in 0..MOST_PIECES {
            // Each piece comes once: one that is lost makes the document to be read anew.
            let answer = self.wire.act(line, &Command::ReadDocument).await?;
            match reader.piece(&answer) {
                Ok(Progress::More) => {}
                Ok(Progress::Done(document)) if document.number() == Some(number) => {
                    return Ok(Some(document));
                }
                Ok(Progress::Done(document)) => {
                    let said = document.number();
                    return Err(line.lost(format_args!("asked for document {number}, told of {said:?}")));
                }
                Err(error) => return Err(self.explain(line, begin.command(), &error).await),
            }
        }
        Err(line.lost(format_args!("document {number} has no end")))
    }

    /// Why the register takes no documents at all.
    fn blocked(&self, status: &Status, storage: &StorageStatus) -> Option<String> {
        if let Some(why) = &self.mismatch {
            return Some(why.clone());
        }
        let why = match storage.phase {
            3 if !status.registered => "the register is not registered with the tax service".to_owned(),
            3 => return None,
            7 | 15 => "the fiscal storage is closed: have it replaced".to_owned(),
            phase => {
                format!("the fiscal storage is not in use (phase {phase}): have the register registered")
            }
        };
        Some(why)
    }
}

/// Whether a report is on its way to the paper: states 2.2, 3.2 and 7.1.
pub(super) fn prints(short: &ShortStatus) -> bool {
    matches!((short.mode, short.submode), (Some(Mode::Reports | Mode::Closing), 2) | (Some(Mode::Extra), 1))
}

fn obstacle(status: &Status, short: &ShortStatus) -> Option<Waiting> {
    let (code, message) = match () {
        () if status.cover_open => ("cover-open", "the cover is open: close it"),
        () if short.paper_out => ("paper-out", "there is no paper: put in a roll"),
        () if short.printer_lost => {
            ("device-fault", "the register has lost its printer: switch it off and on")
        }
        () if short.cutter_error => ("device-fault", "the cutter is jammed: clear it"),
        () if short.overheated => ("device-fault", "the print head is too hot: it goes on by itself"),
        () if short.printer_error || short.other_error => {
            ("device-fault", "the register's printer is in error: open and close the cover")
        }
        () => return None,
    };
    Some(Waiting { code: code.to_owned(), message: message.to_owned() })
}

/// What a document of the storage says of itself.
pub(super) fn params(document: &Document, number: u32) -> FiscalParams {
    FiscalParams {
        fiscal_document_number: Some(number),
        fiscal_document_sign: document.sign().map(sign),
        fiscal_document_date_time: document.at(),
        fiscal_receipt_number: document.receipt(),
        shift_number: document.shift(),
        fn_number: document.storage(),
        total: document.total().and_then(|total| i64::try_from(total).ok()).map(Money),
    }
}

/// A fiscal sign as on paper.
pub(super) fn sign(sign: u32) -> String {
    format!("{sign:010}")
}
