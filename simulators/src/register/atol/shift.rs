//! The shift: opening, closing, reports, money in and out, and what is counted.

use super::desk::{Desk, Reply};
use super::form;
use super::params::Params;
use super::refusal::Refusal;
use super::storage;
use crate::register::clock::from_iso;
use crate::register::device::Device;
use crate::register::ledger::{CashMovement, DocumentKind, FiscalDocument};

/// The earliest year in which such a register could work.
const FIRST_YEAR: i16 = 2017;

impl Desk {
    /// `9A flags text`. Flag 1: only check.
    pub(super) fn open_shift(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let flags = params.byte()?;
        params.rest();
        self.need_mode(1)?;
        if device.ledger.shift.open {
            return Err(Refusal::SHIFT_OPEN);
        }
        ready(device)?;
        if flags & 1 != 0 {
            return Ok(Reply::Done);
        }
        let document = begin(self, device);
        let lines = form::opened(device, &document);
        self.print(device, lines)
    }

    /// `5A`.
    pub(super) fn close_shift(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        params.end()?;
        self.need_mode(3)?;
        if self.own.receipt.is_some() {
            return Err(Refusal::RECEIPT_OPEN);
        }
        if !device.ledger.shift.open {
            return Err(Refusal::NOTHING_TO_CLOSE);
        }
        able(device)?;
        let tags = std::mem::take(&mut self.own.next_tags);
        let document = FiscalDocument { kind: DocumentKind::CloseShift, tags, ..FiscalDocument::default() };
        let document = storage::store(device, document);
        let lines = form::report(device, "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", Some(&document));
        device.ledger.shift.open = false;
        let (sales, outgoings) = (shift_total(device, &[1]), shift_total(device, &[2]));
        device.ledger.sums.retain(|name, _| !name.starts_with(IN_SHIFT));
        device.ledger.numbers.retain(|name, _| !name.starts_with(IN_SHIFT));
        device.ledger.sums.insert("last.in".to_owned(), sales);
        device.ledger.sums.insert("last.out".to_owned(), outgoings);
        self.report_answers = self.spec.report_answers;
        self.print(device, lines)
    }

    /// `67 type`: 1 the report of the day, 9 the state of settlements, a fiscal document.
    pub(super) fn report(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        let kind = params.byte()?;
        params.end()?;
        self.need_mode(2)?;
        let lines = match kind {
            1 => {
                paper(device)?;
                form::report(device, "СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", None)
            }
            9 => {
                able(device)?;
                let tags = std::mem::take(&mut self.own.next_tags);
                let document =
                    FiscalDocument { kind: DocumentKind::StateReport, tags, ..FiscalDocument::default() };
                let document = storage::store(device, document);
                form::report(device, "ОТЧЕТ О СОСТОЯНИИ РАСЧЕТОВ", Some(&document))
            }
            2..=8 => return Err(Refusal::UNSUPPORTED),
            _ => return Err(Refusal::REPORT),
        };
        self.report_answers = self.spec.report_answers;
        self.print(device, lines)
    }

    /// `49 flags sum5`.
    pub(super) fn cash_in(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        self.move_cash(params, device, 1)
    }

    /// `4F flags sum5`.
    pub(super) fn cash_out(&mut self, params: &mut Params, device: &mut Device) -> Result<Reply, Refusal> {
        self.move_cash(params, device, -1)
    }

    fn move_cash(&mut self, params: &mut Params, device: &mut Device, sign: i64) -> Result<Reply, Refusal> {
        let (flags, sum) = (params.byte()?, params.money(5)?);
        params.end()?;
        self.need_mode(1)?;
        if self.own.receipt.is_some() {
            return Err(Refusal::RECEIPT_OPEN);
        }
        if sum == 0 {
            return Err(Refusal::PRICE);
        }
        ready(device)?;
        if sign < 0 && sum > device.ledger.cash {
            return Err(Refusal::NO_CASH);
        }
        if flags & 1 != 0 {
            return Ok(Reply::Done);
        }
        open_if_closed(self, device)?;
        let number = device.ledger.movements.last().map_or(0, |last| last.number) + 1;
        let at = device.now_iso();
        device.ledger.movements.push(CashMovement { number, sum: sign * sum, at });
        device.ledger.cash += sign * sum;
        let way = if sign > 0 { "in" } else { "out" };
        *device.ledger.sums.entry(format!("{IN_SHIFT}{way}")).or_default() += sum;
        *device.ledger.numbers.entry(format!("{IN_SHIFT}{way}")).or_default() += 1;
        let lines = form::movement(device, sign * sum, number);
        self.print(device, lines)
    }
}

/// Sums and numbers with these names begin anew with each shift.
const IN_SHIFT: &str = "shift.";

/// Opens the shift when it is closed: the first receipt, payment in or payment out does.
pub(super) fn open_if_closed(desk: &mut Desk, device: &mut Device) -> Result<(), Refusal> {
    if device.ledger.shift.open {
        return Ok(());
    }
    if !desk.spec.opens_shift {
        return Err(Refusal::MODE);
    }
    let document = begin(desk, device);
    let lines = form::opened(device, &document);
    desk.print(device, lines).map(|_| ())
}

fn begin(desk: &mut Desk, device: &mut Device) -> FiscalDocument {
    let at = device.now_iso();
    let shift = &mut device.ledger.shift;
    shift.open = true;
    shift.number += 1;
    shift.opened_at = at;
    shift.receipts = 0;
    let tags: Vec<_> =
        desk.own.next_tags.iter().filter(|(tag, _)| matches!(tag, 1021 | 1203)).cloned().collect();
    storage::store(
        device,
        FiscalDocument { kind: DocumentKind::OpenShift, tags, ..FiscalDocument::default() },
    )
}

/// A document of an open, young shift can be made: clock, storage, paper.
pub(super) fn ready(device: &mut Device) -> Result<(), Refusal> {
    if device.shift_is_old() {
        return Err(Refusal::SHIFT_OLD);
    }
    able(device)
}

fn able(device: &mut Device) -> Result<(), Refusal> {
    let now = device.now();
    if now.year() < FIRST_YEAR {
        return Err(Refusal::CHECK_CLOCK);
    }
    let last = device.ledger.documents.last().and_then(|document| from_iso(&document.at));
    if last.is_some_and(|last| now < last) {
        return Err(Refusal::CLOCK_BEFORE_STORAGE);
    }
    if !device.storage_has_room() {
        return Err(Refusal::STORAGE_FULL);
    }
    paper(device)
}

/// There is paper, and nothing that was to be printed before waits for it.
pub(super) fn paper(device: &mut Device) -> Result<(), Refusal> {
    if device.ledger.roll.ready() && device.ledger.roll.has_waiting() {
        device.resume_print();
    }
    if device.ledger.roll.ready() && !device.ledger.roll.has_waiting() { Ok(()) } else { Err(Refusal::PAPER) }
}

/// Adds a closed receipt to the sums of the shift and to those that are never cleared.
pub(super) fn count(device: &mut Device, payments: &[(u8, i64)], code: u8, total: i64, change: i64) {
    for (form, sum) in payments {
        *device.ledger.sums.entry(format!("{IN_SHIFT}pay.{code}.{form}")).or_default() += sum;
    }
    if change > 0 {
        *device.ledger.sums.entry(format!("{IN_SHIFT}pay.{code}.1")).or_default() -= change;
    }
    *device.ledger.sums.entry(format!("{IN_SHIFT}total.{code}")).or_default() += total;
    *device.ledger.sums.entry(format!("ever.{code}")).or_default() += total;
    *device.ledger.numbers.entry(format!("{IN_SHIFT}count.{code}")).or_default() += 1;
}

/// What receipts of these kinds came to in the shift.
pub(super) fn shift_total(device: &Device, codes: &[u8]) -> i64 {
    codes.iter().map(|code| sum(device, &format!("total.{code}"))).sum()
}

/// A sum of the shift.
pub(super) fn sum(device: &Device, name: &str) -> i64 {
    device.ledger.sums.get(&format!("{IN_SHIFT}{name}")).copied().unwrap_or(0)
}

/// A number of the shift.
pub(super) fn number(device: &Device, name: &str) -> u64 {
    device.ledger.numbers.get(&format!("{IN_SHIFT}{name}")).copied().unwrap_or(0)
}
