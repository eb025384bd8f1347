//! The shift, its reports, and cash without a receipt.

use super::super::ledger::{CashMovement, DocumentKind, FiscalDocument, ShiftState};
use super::code::{self, Code};
use super::command::{Answer, Commands};
use super::fields::{Fields, number};
use super::layout;
use super::memory::{Begun, Tags};

impl Commands<'_> {
    /// `E0`: opens a shift. The protocol gives the answer two bytes, `E0` and the operator; the
    /// vendor's driver reads an error byte between them, and so it stands here.
    pub fn open_shift(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        if self.device.ledger.shift.open {
            return Err(code::MODE);
        }
        self.open_new_shift()?;
        Ok(vec![self.operator])
    }

    /// A receipt needs an open shift that is younger than 24 hours; where the model does so, a
    /// new one is opened.
    pub fn needs_shift(&mut self) -> Result<(), Code> {
        if self.device.shift_is_old() {
            return Err(code::SHIFT_OLD);
        }
        if self.device.ledger.shift.open {
            return Ok(());
        }
        if !self.spec.opens_shift {
            return Err(code::SHIFT_CLOSED);
        }
        self.open_new_shift()
    }

    fn open_new_shift(&mut self) -> Result<(), Code> {
        self.storage_is_ready()?;
        let mut tags = self.begun_tags(Begun::ShiftOpening);
        tags.push((1209, vec![self.format_version()]));
        let number = self.device.ledger.shift.number + 1;
        self.device.ledger.shift =
            ShiftState { open: true, number, opened_at: self.device.now_iso(), receipts: 0 };
        self.memory.count(152);
        let kind = DocumentKind::OpenShift;
        let document = self.store(FiscalDocument { kind, tags, ..FiscalDocument::default() });
        let lines = layout::shift_opened(&document, self);
        self.print_document(lines);
        Ok(())
    }

    /// `40`: X report.
    pub fn x_report(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        self.memory.count(152);
        self.memory.count(158);
        let lines = layout::report("СУТОЧНЫЙ ОТЧЕТ БЕЗ ГАШЕНИЯ", None, self);
        self.print_document(lines);
        Ok(vec![self.operator])
    }

    /// `41`: Z report; closes the shift.
    pub fn z_report(&mut self, _fields: &mut Fields<'_>) -> Answer {
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        if !self.device.ledger.shift.open {
            return Err(code::MODE);
        }
        self.storage_is_ready()?;
        let tags = self.begun_tags(Begun::ShiftClosing);
        self.memory.count(152);
        self.memory.count(159);
        let kind = DocumentKind::CloseShift;
        let document = self.store(FiscalDocument { kind, tags, ..FiscalDocument::default() });
        let lines = layout::report("ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ", Some(&document), self);
        self.device.ledger.shift.open = false;
        self.memory.money.clear();
        for receipts in 0x90..=0x93 {
            self.memory.operations.remove(&receipts);
        }
        if self.memory.field(1, 1, 2) == [1] {
            self.device.ledger.cash = 0;
        }
        self.print_document(lines);
        Ok(vec![self.operator])
    }

    /// `50`: cash in.
    pub fn cash_in(&mut self, fields: &mut Fields<'_>) -> Answer {
        let sum = fields.number(5)?;
        self.move_cash(sum)
    }

    /// `51`: cash out.
    pub fn cash_out(&mut self, fields: &mut Fields<'_>) -> Answer {
        let sum = fields.number(5)?;
        if self.memory.receipt.is_none() && sum > self.device.ledger.cash {
            return Err(code::NO_CASH);
        }
        self.move_cash(-sum)
    }

    fn move_cash(&mut self, sum: i64) -> Answer {
        if self.memory.receipt.is_some() {
            return Err(code::RECEIPT_OPEN);
        }
        let (counter, register) = if sum < 0 { (156, 0xF3) } else { (155, 0xF2) };
        self.memory.count(counter);
        self.memory.add(register, sum.abs());
        let document = self.memory.count(152);
        self.device.ledger.cash += sum;
        let at = self.device.now_iso();
        self.device.ledger.movements.push(CashMovement { number: u32::from(document), sum, at });
        let lines = layout::cash_moved(sum, document, self);
        self.print_document(lines);
        Ok([vec![self.operator], number(i64::from(document), 2)].concat())
    }

    /// `FF40`: the shift.
    pub fn shift_parameters(&mut self, _fields: &mut Fields<'_>) -> Answer {
        let shift = &self.device.ledger.shift;
        Ok([
            vec![u8::from(shift.open)],
            number(i64::from(shift.number), 2),
            number(i64::from(shift.receipts), 2),
        ]
        .concat())
    }

    /// `FF41`: begins to open a shift; tags follow, then `E0`.
    pub fn begin_shift_opening(&mut self, _fields: &mut Fields<'_>) -> Answer {
        self.begin(Begun::ShiftOpening, !self.device.ledger.shift.open)
    }

    /// `FF42`: begins to close the shift; tags follow, then `41`.
    pub fn begin_shift_closing(&mut self, _fields: &mut Fields<'_>) -> Answer {
        self.begin(Begun::ShiftClosing, self.device.ledger.shift.open)
    }

    /// `FF35`: begins a correction; tags follow, then `FF4A`.
    pub fn begin_correction(&mut self, _fields: &mut Fields<'_>) -> Answer {
        self.needs_shift()?;
        self.begin(Begun::Correction, true)
    }

    fn begin(&mut self, begun: Begun, possible: bool) -> Answer {
        if !possible || self.memory.receipt.is_some() || self.ram.begun.is_some() {
            return Err(code::FN_STATE);
        }
        self.ram.begun = Some((begun, Vec::new()));
        Ok(Vec::new())
    }

    /// The tags that came for a document that was begun; what was begun otherwise is dropped.
    pub fn begun_tags(&mut self, wanted: Begun) -> Tags {
        match self.ram.begun.take() {
            Some((begun, tags)) if begun == wanted => tags,
            _ => Vec::new(),
        }
    }
}
